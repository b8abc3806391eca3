"""Suggestions that may be taken together are those that cannot meet each other."""

import pandas as pd

from prepaykit.rules.suggestions import suggested_corrections


def corrections(*rows):
    return suggested_corrections(pd.DataFrame(list(rows), columns=["code", "key", "suggestion"]))


def test_a_child_suggested_twice_is_left_to_a_person():
    assert corrections(("unread_card", "7", "A"), ("code_not_listed", "X", "A")) == {"tag": {}, "relabel": {}}
    assert corrections(("unread_card", "7", "A"), ("long_session", "X", "A")) == {"tag": {}, "relabel": {}}


def test_a_skipped_card_is_never_put_right_by_itself():
    assert corrections(("long_session", "X", "A")) == {"tag": {}, "relabel": {}}


def test_a_finding_without_a_suggestion_is_not_a_correction():
    assert corrections(("unread_card", "7", None), ("unread_card", "9", "B")) == {"tag": {"9": "B"}, "relabel": {}}
