"""What is pressed in a panel is kept before it is shown, once, and never overwritten unseen."""

import uuid

import pandas as pd
import pytest

from prepaykit.errors import Overtaken, UsageError
from prepaykit.ledger.drafts import Press, close_drafts, keep_draft, read_drafts, standing
from prepaykit.ledger.store import Store
from tests.ledger.studios import JOB, opened

NOW = pd.Timestamp("2026-09-14 10:30", tz="UTC")


@pytest.fixture
def keep(store):
    """Press something as somebody; returns its number."""
    opened(store)

    def press(row, action, value="", *, who="ana", seen=0, draft_id=None, panel="paper"):
        made = Press(draft_id or uuid.uuid4().hex, row, action, value, seen)
        return keep_draft(store, JOB, panel, made, who=who, session=who, now=NOW)

    return press


def rows(store, panel="paper", **given):
    return read_drafts(store, JOB, panel, **given)[["row_key", "action", "value", "who"]].values.tolist()


def test_a_press_is_there_for_whoever_opens_the_studio_next(place):
    with Store.open(place) as store:
        opened(store)
        keep_draft(store, JOB, "paper", Press("d1", "P-1", "accept", "001234"), who="ana", session="s", now=NOW)
    with Store.open(place) as store:
        assert rows(store) == [["P-1", "accept", "001234", "ana"]]


def test_the_same_press_sent_twice_is_kept_once(store, keep):
    assert keep("P-1", "accept", "X-1", draft_id="d1") == keep("P-1", "accept", "X-1", draft_id="d1") == 1
    assert len(rows(store)) == 1


def test_a_later_press_counts_and_undo_takes_back(store, keep):
    keep("P-1", "accept", "X-1")
    keep("P-1", "accept", "X-2")
    keep("P-2", "later")
    keep("P-2", "undo")
    assert standing(read_drafts(store, JOB, "paper"))[["row_key", "value"]].values.tolist() == [["P-1", "X-2"]]


def test_somebody_who_has_not_seen_the_others_decision_is_told_and_overwrites_nothing(store, keep):
    number = keep("P-1", "accept", "X-1", who="ana")
    with pytest.raises(Overtaken, match=r"P-1: ana decided accept X-1 at 10:30 UTC"):
        keep("P-1", "accept", "X-2", who="bo")
    assert rows(store) == [["P-1", "accept", "X-1", "ana"]]
    keep("P-1", "accept", "X-2", who="bo", seen=number)
    assert rows(store)[-1] == ["P-1", "accept", "X-2", "bo"]


def test_what_somebody_decided_and_applied_meanwhile_is_not_overruled_unseen(store, keep):
    close_drafts(store, JOB, [keep("P-1", "accept", "X-1", who="ana")], op_no=7)
    bo = Press("d2", "P-1", "accept", "X-2")
    with pytest.raises(Overtaken, match="ana decided accept X-1"):
        keep_draft(store, JOB, "paper", bo, who="bo", session="bo", now=NOW, basis=6)
    assert rows(store) == []
    assert keep_draft(store, JOB, "paper", bo, who="bo", session="bo", now=NOW, basis=7) == 2  # he has looked anew


def test_the_news_are_what_came_after_a_number(store, keep):
    keep("P-1", "accept", "X-1")
    assert rows(store, after=keep("P-2", "later")) == []
    keep("P-3", "later", who="bo")
    assert rows(store, after=2) == [["P-3", "later", "", "bo"]]


def test_panels_do_not_mix_and_closed_drafts_wait_no_more(store, keep):
    keep("P-1", "accept", "X-1")
    keep("118", "hide", panel="codes")
    later = keep("P-2", "later")
    keep("P-3", "later")
    close_drafts(store, JOB, [1, later], op_no=7)
    assert rows(store) == [["P-3", "later", "", "ana"]]
    assert rows(store, "codes") == [["118", "hide", "", "ana"]]


def test_a_draft_of_a_job_that_is_not_there_is_a_usage_error(store):
    with pytest.raises(UsageError, match="no job"):
        keep_draft(store, "nowhere", "paper", Press("d", "P", "later"), who="a", session="s", now=NOW)
