"""The panel of access codes without a browser: what a key comes to is what `prepaykit codes --take` keeps."""

from __future__ import annotations

import pandas as pd
import pytest

from prepaykit.decide.codes import plan_codes
from prepaykit.decide.photos import plan_photos
from prepaykit.errors import Refused, UsageError
from prepaykit.panels.codes import codes_work
from tests.decide.test_codes import photographed, pictures, with_orders
from tests.panels.jobs import HOSTILE
from tests.rules.picture_day import day, job

NOW = pd.Timestamp("2026-09-14 09:00", tz="UTC")
SIX = ("KA11", "KB22", "KC33", "KD44", "KE55", "KF66")
UNREAD = day("KA11 . KB22 . ? . . KD44 . KE55 . KF66 .")


def pressed(*presses):
    return pd.DataFrame(presses, columns=["row_key", "action", "value"], dtype="str")


def applied(state, *presses):
    """The job after these presses, each checked as a panel does, and their choices planned."""
    work = codes_work(state)
    for row, action, value in presses:
        work.check(row, action, value)
    made = work.choices(pressed(*presses))
    return state.after(
        plan_codes(
            state, choices=made.assign(row=range(1, len(made) + 1), who="ana", decided_at=NOW).reset_index(drop=True)
        )
    )


def book(state):
    return state.choices[["kind", "target", "value", "why"]].to_dict("records")


def blocks(work, key, kind):
    return [b for b in work.details(key) if b["kind"] == kind]


CASES = {
    "an unread card": (UNREAD, "tag:5=KC33"),
    "an unlisted card": (day("KA11 . KB22 . XY99 . KD44 . KE55 . KF66 ."), "relabel:XY99=KC33"),
    "a blank card": (day("KA11 . KB22 . BX01 . KD44 . KE55 . KF66 ."), "bind:BX01=KC33"),
}


@pytest.mark.parametrize("case", CASES)
def test_taking_a_proposal_keeps_what_the_command_keeps_and_fills_the_slot(case):
    frames, key = CASES[case]
    state = photographed(with_orders(job(*SIX, blanks=("BX01",)), "KC33"), frames)
    row = codes_work(state).rows.iloc[0]
    assert (row["key"], row["slots"], pictures(state)) == ("101", 1, [None])
    by_panel, by_command = applied(state, ("101", "accept", key)), state.after(plan_codes(state, take=[key], who="ana"))
    assert book(by_panel) == book(by_command)
    assert "proposed: " in book(by_panel)[0]["why"]
    assert pictures(by_panel) == pictures(by_command) == [6]
    assert not len(codes_work(by_panel).rows)


def test_hidden_frames_are_shown_again():
    state = photographed(with_orders(job("KA11"), "KA11"), day("KA11 ."))
    state = state.after(plan_codes(state, hide=[2]))
    [proposed] = blocks(codes_work(state), "101", "candidates")[0]["items"]
    assert proposed["value"] == "show:2"
    assert pictures(applied(state, ("101", "accept", "show:2"))) == [2]


def test_an_order_without_a_child_is_given_one_and_may_be_left_or_be_nobodys():
    state = photographed(with_orders(job(*SIX), "KZ99", "KB22"), UNREAD)
    children = state.order_subjects.assign(typed_first=["First02", None], typed_last=["Last02", None])
    state = state.replace(order_subjects=children)
    work = codes_work(state)
    assert work.rows["key"].tolist() == ["101"]
    first = blocks(work, "101", "candidates")[0]["items"][0]
    assert first["value"] == "order_code:101=KC33" and first["share"] is not None and first["facts"]
    after = applied(state, ("101", "accept", first["value"]))
    assert after.order_subjects["subject_id"].tolist() == [3, 2]
    for word in ("nobody", "later"):
        left = applied(state, ("101", word, ""))
        assert left.choices[["kind", "value"]].to_numpy().tolist() == [["order_code", word]]
        assert codes_work(left).rows.loc[0, "said"] == word


def test_an_order_that_has_its_child_cannot_be_left():
    work = codes_work(photographed(with_orders(job(*SIX), "KC33"), UNREAD))
    with pytest.raises(UsageError, match="101 has its child"):
        work.check("101", "later", "")


def test_another_child_or_a_session_is_found_by_what_is_typed():
    state = photographed(with_orders(job(*SIX), "KC33"), UNREAD)
    work = codes_work(state)
    assert "KA11" in [i["value"] for i in work.suggest("first00")]
    assert [i["value"] for i in work.suggest("5")] == ["tag:5"]
    assert pictures(applied(state, ("101", "other", "tag:5"))) == [6]
    assert applied(state, ("101", "other", "KA11")).order_subjects["access_code"].tolist() == ["KA11"]
    with pytest.raises(UsageError, match="no code QQ on the list"):
        work.check("101", "other", "QQ")


def test_two_presses_about_the_same_frames_or_child_are_refused_with_a_sentence():
    state = photographed(with_orders(job(*SIX), "KC33", "KD44"), day("KA11 . KB22 . ? . QQ11 . KE55 . KF66 ."))
    work = codes_work(state)
    assert len(work.rows) == 2
    with pytest.raises(Refused, match=r"102 and 101 \(frames from 5\) speak of the same frames: take one, apply it"):
        work.agrees(pressed(("101", "accept", "tag:5=KC33"), ("102", "accept", "tag:5=KD44")))
    work.agrees(pressed(("101", "accept", "tag:5=KC33"), ("102", "accept", "relabel:QQ11=KD44")))


def test_two_orders_of_one_child_may_take_the_same_proposal():
    work = codes_work(photographed(with_orders(job(*SIX), "KC33", "KC33"), UNREAD))
    both = pressed(("101", "accept", "tag:5=KC33"), ("102", "accept", "tag:5=KC33"))
    work.agrees(both)
    with pytest.raises(Refused, match="the same child"):
        work.agrees(pressed(("101", "accept", "tag:5=KC33"), ("102", "other", "tag:9")))


def test_a_proposal_that_is_not_there_any_more_is_refused():
    work = codes_work(photographed(with_orders(job(*SIX), "KC33"), UNREAD))
    with pytest.raises(UsageError, match="not proposed any more"):
        work.check("101", "accept", "tag:9=KC33")


def test_the_details_show_what_was_bought_and_the_frames_to_look_at_beside_the_class_picture():
    state = photographed(with_orders(job(*SIX), "KC33"), day("G001 . KA11 . KB22 . ? . . KD44 . KE55 . KF66 ."))
    work = codes_work(state)
    [order] = blocks(work, "101", "fields")
    assert ["ordered", "1 × Print"] in order["rows"]
    [group] = blocks(work, "101", "frames")
    assert [f["frame"] for f in group["frames"]] == [2]
    [item] = blocks(work, "101", "candidates")[0]["items"]
    assert [f["frame"] for f in item["frames"]] == [7, 8]
    assert item["sure"] == "sure"


def test_where_no_card_stands_the_frame_before_the_border_is_shown_too():
    frames = day("KA11 . . KB22 . . . . KD44 . . KE55 . . KF66 . .")
    frames.loc[6:, "shot_at"] += pd.Timedelta(seconds=20)
    [item] = blocks(codes_work(photographed(with_orders(job(*SIX), "KC33"), frames)), "101", "candidates")[0]["items"]
    assert [f["caption"] for f in item["frames"]] == ["6 before it", "7 begins here"]


def test_what_the_plan_fills_is_shown_before_it_is_applied():
    state = photographed(with_orders(job(*SIX), "KC33"), UNREAD)
    [strip] = codes_work(state).planned(plan_codes(state, take=["tag:5=KC33"]))
    assert strip["title"] == "1 prints get a picture"
    assert [(f["frame"], f["caption"]) for f in strip["frames"]] == [(6, "101 · A")]


def test_a_list_made_anew_is_a_row_that_no_press_puts_right():
    codes = [f"{c}{c}{c}{c}-2222" for c in "ACDEFGHJ"]
    shot = " ".join(f"{c[:-1]}3 ." for c in codes[:4])
    state = photographed(with_orders(job(*codes), codes[0]), day(shot))
    work = codes_work(state)
    assert work.rows["key"].iloc[0] == "names list"
    with pytest.raises(UsageError, match="prepaykit names"):
        work.check("names list", "accept", "tag:1=X")


def test_a_hostile_name_is_text_and_the_columns_without_names_do_not_hold_it():
    state = photographed(with_orders(job(*SIX), "KC33"), UNREAD)
    state = state.replace(subjects=state.subjects.assign(first_name=HOSTILE))
    work = codes_work(state)
    assert HOSTILE in work.rows["child"].iloc[0]
    plain = [c.name for c in work.columns if not c.has_names]
    assert not work.rows[plain].astype("str").apply(lambda c: c.str.contains("onerror")).any().any()


def test_an_unmatched_job_without_names_list_has_rows_and_nothing_to_propose():
    state = with_orders(job(), "KA11")
    state = state.after(plan_photos(state, day("KA11 .")))
    work = codes_work(state)
    assert work.rows["key"].tolist() == ["101"]
    assert blocks(work, "101", "candidates")[0]["items"] == []


@pytest.mark.parametrize("then", [("101", "accept", "tag:5=KC33"), ("101", "hide", "2")])
def test_a_picture_that_was_hidden_stays_so_when_something_else_is_said_of_the_order(then):
    work = codes_work(photographed(with_orders(job(*SIX), "KC33"), UNREAD))
    with pytest.raises(Refused, match=r"101 is decided \(hide frame 4\): apply that first"):
        work.agrees(pressed(("101", "hide", "4"), then))
    work.agrees(pressed(("101", "hide", "4"), ("101", "hide", "4")))


def test_an_order_is_not_given_two_children_by_two_of_its_rows():
    work = codes_work(photographed(with_orders(job(*SIX), "KC33"), UNREAD))
    with pytest.raises(Refused, match="speak of the same order"):
        work.agrees(pressed(("101", "other", "KA11"), ("101 class", "other", "KB22")))
