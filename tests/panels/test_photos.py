"""Photo sorting without a browser: the frames as shot, and what a key comes to."""

from __future__ import annotations

import pandas as pd
import pytest

from prepaykit.decide.codes import plan_codes
from prepaykit.decide.photos import plan_photos
from prepaykit.errors import Refused, UsageError
from prepaykit.panels.photos import photos_work
from tests.decide.test_codes import photographed, pictures, with_orders
from tests.panels.jobs import HOSTILE
from tests.rules.picture_day import day, galleries, job

NOW = pd.Timestamp("2026-09-14 09:00", tz="UTC")
THREE = ("KA11", "KB22", "KC33")
PLAIN = day("G001 . KA11 . . KB22 . KC33 .")


def pressed(*presses):
    return pd.DataFrame(presses, columns=["row_key", "action", "value"], dtype="str")


def applied(state, *presses):
    """The job after these presses, each checked as a panel does, and their choices planned."""
    work = photos_work(state)
    for row, action, value in presses:
        work.check(row, action, value)
    made = work.choices(pressed(*presses))
    made = made.assign(row=range(1, len(made) + 1), who="ana", why=None, decided_at=NOW).reset_index(drop=True)
    plan = plan_codes(state, choices=made)
    assert not plan.findings["code"].isin(["choice_unusable", "choice_superseded"]).any()
    return state.after(plan)


def shown(state, *columns):
    return photos_work(state).rows[list(columns)].to_numpy().tolist()


def test_frames_stand_as_shot_with_their_cards_children_and_borders():
    rows = photos_work(photographed(with_orders(job(*THREE), "KB22"), PLAIN)).rows
    assert rows["key"].tolist() == [str(n) for n in range(1, 10)]
    assert rows["word"].tolist() == ["card", "class picture", "card", "", "", "card", "", "card", ""]
    assert rows["code"].tolist() == ["G001", "G001", "KA11", "KA11", "KA11", "KB22", "KB22", "KC33", "KC33"]
    assert rows["session"].tolist() == [1, 1, 3, 3, 3, 6, 6, 8, 8]
    assert rows.loc[rows["word"] == "card", "tone"].unique().tolist() == ["good"]
    assert rows["child"].tolist()[:3] == ["class 3A", "class 3A", "First00 Last00"]


def test_cameras_stand_apart_each_in_its_own_order():
    state = job(*THREE).after(plan_photos(job(*THREE), pd.concat([day("KB22 .", camera="B"), day("KA11 .", camera="A", root="a")], ignore_index=True).assign(row=range(4))))  # fmt: skip
    assert shown(state, "camera", "code") == [["A", "KA11"], ["A", "KA11"], ["B", "KB22"], ["B", "KB22"]]


def test_what_was_found_about_a_frame_is_a_sign_with_a_word():
    state = photographed(with_orders(job(*THREE), "KB22"), day(". KA11 . ? . x XY99 . KC33 ."))
    rows = photos_work(state).rows.set_index("key")
    assert rows.loc["1", "sign"] == "no card before"
    assert (rows.loc["4", "word"], rows.loc["4", "sign"], rows.loc["4", "tone"]) == (
        "card not read",
        "unread card",
        "bad",
    )
    assert rows.loc["6", "sign"] == "cannot be read"
    assert (rows.loc["7", "sign"], rows.loc["7", "tone"], rows.loc["7", "child"]) == (
        "not on the list",
        "warn",
        "not on the list",
    )
    assert rows["sign"].dropna().index.tolist() == ["1", "4", "6", "7"]


def test_a_code_set_by_hand_opens_the_gallery_and_fills_the_slot():
    state = photographed(with_orders(job(*THREE), "KB22"), day("KA11 . ? . KC33 ."))
    after = applied(state, ("3", "tag", "KB22"))
    assert pictures(state) == [None] and pictures(after) == [4]
    assert after.choices[["kind", "target", "value", "who"]].to_numpy().tolist() == [["tag", "3", "KB22", "ana"]]
    assert shown(after, "key", "word", "code")[2:4] == [["3", "card", "KB22"], ["4", "", "KB22"]]


def test_moved_frames_go_alone_and_the_cards_stay():
    state = photographed(with_orders(job(*THREE), "KB22"), PLAIN)
    after = applied(state, ("5", "move", "KB22"), ("4", "move", "nobody"))
    assert galleries(after) == {"KB22": [7, 5], "KC33": [9]} or galleries(after) == {"KB22": [5, 7], "KC33": [9]}
    assert shown(after, "key", "child")[3][1] != shown(state, "key", "child")[3][1]


def test_a_card_can_be_taken_for_none_and_so_can_a_doubt_but_no_plain_frame():
    state = photographed(with_orders(job(*THREE), "KB22"), PLAIN)
    after = applied(state, ("6", "no_card", ""))
    assert galleries(after)["KA11"] == [4, 5, 6, 7]
    with pytest.raises(UsageError, match="frame 5 is taken for no card, and nobody doubts it"):
        photos_work(state).check("5", "no_card", "")
    photos_work(after).check("6", "no_card", "")


def test_hidden_frames_are_marked_and_shown_again():
    state = photographed(with_orders(job(*THREE), "KA11"), PLAIN)
    hidden = applied(state, ("4", "hide", ""))
    assert pictures(state) == [4] and pictures(hidden) == [5]
    assert ["4", "hidden"] in shown(hidden, "key", "mark")
    book = hidden.choices.assign(decided_at=NOW - pd.Timedelta(hours=1))
    assert pictures(applied(hidden.replace(choices=book), ("4", "show", ""))) == [4]


def test_a_favourite_stands_for_the_gallery_and_is_marked():
    state = photographed(with_orders(job(*THREE), "KA11"), PLAIN)
    after = applied(state, ("5", "favourite", ""))
    assert pictures(after) == [5]
    assert ["5", "favourite"] in shown(after, "key", "mark")


def test_a_favourite_of_siblings_on_one_card_is_one_for_each():
    state = photographed(with_orders(job(*THREE), "KA11"), day("KA11+KB22 . . KC33 ."))
    assert shown(state, "code", "child")[1] == ["KA11 KB22", "First00 Last00 & First01 Last01"]
    made = photos_work(state).choices(pressed(("3", "favourite", "")))
    assert made["target"].tolist() == ["code:KA11", "code:KB22"]
    assert made.index.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("press", "error", "words"),
    [
        (("3", "move", "KB22"), Refused, "frame 3 is a card"),
        (("4", "move", "KA11 KB22"), UsageError, "not on the names list"),
        (("4", "move", "QQ99"), UsageError, "QQ99 is not on the names list"),
        (("4", "tag", "QQ99"), UsageError, "QQ99 is not on the names list"),
        (("3", "favourite", ""), UsageError, "frame 3 is in no child's gallery"),
        (("3", "hide", ""), UsageError, "frame 3 is a card"),
    ],
)
def test_a_press_that_can_mean_nothing_is_refused_with_a_sentence(press, error, words):
    with pytest.raises(error, match=words):
        photos_work(photographed(with_orders(job(*THREE), "KB22"), PLAIN)).check(*press)


def test_children_classes_and_nobody_are_found_by_what_is_typed():
    work = photos_work(photographed(with_orders(job(*THREE), "KB22"), PLAIN))
    assert [i["value"] for i in work.suggest("first01")] == ["KB22"]
    assert [i["value"] for i in work.suggest("class picture")] == ["G001"]
    assert work.suggest("nob")[0]["value"] == "nobody"
    assert work.suggest("") == []


def test_the_details_show_the_frame_its_findings_with_their_next_move_and_its_gallery():
    state = photographed(with_orders(job(*THREE), "KB22"), day("KA11 . . ? . KC33 ."))
    first, found, *_ = photos_work(state).details("4")
    assert (first["kind"], first["frame"]) == ("picture", 4)
    assert "cannot be read" in found["text"] and "prepaykit codes --tag 4=CODE" in found["text"]
    strip = photos_work(state).details("2")[-1]
    assert strip["title"] == "Gallery of First00 Last00" and [f["frame"] for f in strip["frames"]] == [2, 3]


def test_a_name_that_is_html_is_text_and_the_columns_without_names_do_not_hold_it():
    state = photographed(with_orders(job(*THREE), "KB22"), PLAIN)
    work = photos_work(state.replace(subjects=state.subjects.assign(first_name=HOSTILE)))
    assert work.rows["child"].str.contains(HOSTILE, regex=False).any()
    plain = [c.name for c in work.columns if not c.has_names]
    assert not work.rows[plain].astype("str").apply(lambda c: c.str.contains("onerror")).any().any()


@pytest.mark.parametrize("first, then", [(("4", "move", "KB22"), ("4", "favourite", "")), (("4", "tag", "KB22"), ("4", "hide", ""))])
def test_a_press_about_something_else_of_the_same_frame_does_not_drop_the_first(first, then):
    work = photos_work(photographed(with_orders(job(*THREE), "KA11"), PLAIN))
    with pytest.raises(Refused, match=r"frame 4 is decided .*: apply that first, or undo it"):
        work.agrees(pressed(first, then))
    work.agrees(pressed(first, (first[0], first[1], "KC33")))
