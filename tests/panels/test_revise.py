"""The panel of manual revision: prints as they will be, another frame or crop for one of them, and the release."""

import json

import pandas as pd
import pytest

from prepaykit.decide.revise import plan_revise
from prepaykit.errors import UsageError
from prepaykit.panels.revise import revise_work
from prepaykit.tables.state import JobState
from tests.jobs import NOW, job, placed, with_orders

PRINT = "1001/P5/individual/1"
CHILD, CLASS = "1001/P5/mate_individual/1", "1001/P5/mate_group/1"


def pressed(work, *rows):
    """The choices that come of (row, action, value)."""
    return work.choices(pd.DataFrame(rows, columns=["row_key", "action", "value"]))


def block(work, key):
    return next(b for b in work.details(key) if b["kind"] == "prints")


def marks(work, key="1001"):
    """How choices name the frames of the child."""
    return [f["mark"] for f in next(iter(block(work, key)["strips"].values()))]


@pytest.fixture
def state():
    return placed(job(3, has_manual_revision=True))


@pytest.fixture
def work(state):
    return revise_work(state)


def test_a_row_is_an_order_in_revision_with_what_it_lacks(work):
    assert work.rows["key"].tolist() == ["1001", "1002", "1003"]
    assert work.rows["child"].tolist() == ["First1 Last1", "First2 Last2", "First3 Last3"]
    assert (work.rows["lacks"] == "").all() and work.rows["is_ready"].all()


def test_a_memory_mate_without_artwork_is_not_clean_and_says_so():
    work = revise_work(placed(job(1, products="mate")))
    row = work.rows.iloc[0]
    assert (row["lacks"], bool(row["is_ready"]), row["tone"], row["prints"]) == ("1 artwork", False, "warn", 1)


def test_an_order_that_came_back_says_again(state):
    gone = state.after(plan_revise(state, now=NOW, release="clean"))
    stay = gone.revisions.head(1).assign(revision_id=gone.next_id("revisions"), status="waiting", released_at=pd.NaT)
    back = gone.replace(
        revisions=pd.concat([gone.revisions, stay]),
        orders=gone.orders.assign(status=gone.orders["status"].mask(gone.orders["order_no"] == "1001", "in_revision")),
    )
    assert revise_work(back).rows["reason"].tolist() == ["every order, again"]


def test_the_details_hold_each_print_in_its_size_and_the_other_frames_of_the_child(work):
    prints = block(work, "1001")
    [slot] = prints["sheets"][0]["slots"]
    assert (slot["part"], slot["width"], slot["height"], slot["is_fixed"]) == (PRINT, 5.0, 7.0, False)
    assert [f["frame"] for f in prints["strips"][slot["strip"]]] == [2, 3]
    json.dumps(work.details("1001"), allow_nan=False)


def test_a_memory_mate_stands_on_its_sheet_with_two_holes_that_cannot_be_turned():
    work = revise_work(placed(job(1, products="mate")))
    [sheet] = block(work, "1001")["sheets"]
    assert (sheet["size"], sheet["artwork"]) == ([2400, 3000], None)
    assert {s["part"] for s in sheet["slots"]} == {CHILD, CLASS} and all(
        s["is_fixed"] and s["box"] for s in sheet["slots"]
    )
    assert [s["strip"] for s in sheet["slots"]] == ["child 1", "class 1"]


def test_a_finished_memory_mate_is_shown_as_it_is():
    state = placed(job(1, products="mate"))
    slot = int(state.slots["slot_id"].iloc[0])
    state = state.after(plan_revise(state, now=NOW, artwork={slot: ("job/made.jpg", "ab" * 32)}))
    work = revise_work(state)
    [sheet] = block(work, "1001")["sheets"]
    assert (sheet["note"], sheet["artwork"]) == ("finished", -slot)
    assert work.frames.set_index("frame_id").loc[-slot, ["root", "path"]].tolist() == ["artwork", "job/made.jpg"]
    assert work.rows["is_ready"].tolist() == [True]


def test_presses_become_choices_of_frame_crop_and_release(work):
    first, second = marks(work)
    made = pressed(work, (PRINT, "frame", second), ("1001", "release", ""), ("1002", "release", ""))
    assert made[["kind", "target", "value"]].to_numpy().tolist() == [
        ["frame", PRINT, second], ["release", "1001", "yes"], ["release", "1002", "yes"],
    ]  # fmt: skip
    assert pressed(work, (PRINT, "crop", f"0,0.1,1,0.9@{first}"))["kind"].tolist() == ["crop"]


def test_a_crop_drawn_on_another_frame_says_the_frame_too(work):
    second = marks(work)[1]
    made = pressed(work, (PRINT, "crop", f"0,0.1,1,0.9@{second}"))
    assert made[["kind", "value"]].to_numpy().tolist() == [["frame", second], ["crop", f"0,0.1,1,0.9@{second}"]]
    assert pressed(work, (PRINT, "crop", f"none@{second}"))["kind"].tolist() == ["frame"]


def test_what_is_pressed_is_what_the_verb_does(state, work):
    second = marks(work)[1]
    crop = "0,0.0333333,1,0.9333333"
    brought = pressed(work, (PRINT, "crop", f"{crop}@{second}"), ("1001", "release", "")).assign(
        who="ana", why=None, decided_at=NOW, row=["1001", "1001", "1001"]
    )
    after = state.after(plan_revise(state, now=NOW, choices=brought))
    slot = after.slots.set_index("order_id").loc[1]
    assert (slot["frame_id"], slot["crop"], slot["filled_by"]) == (3, crop, "person")
    assert after.orders.set_index("order_no")["status"].to_dict() == {
        "1001": "in_batch",
        "1002": "in_revision",
        "1003": "in_revision",
    }


@pytest.mark.parametrize(
    ("key", "action", "value", "told"),
    [
        (PRINT, "frame", "5#0000000000aa", "is not one that may stand there"),
        (PRINT, "crop", "0,0,2,1@MARK", "no part of the frame"),
        (PRINT, "crop", "0,0,1,1", "frame of the crop is not one"),
        (PRINT, "release", "", "an order is released by its number"),
        ("1001", "frame", "MARK", "is said of a print, such as"),
    ],
)
def test_a_press_that_can_mean_nothing_is_refused(work, key, action, value, told):
    with pytest.raises(UsageError, match=told):
        work.check(key, action, value.replace("MARK", marks(work)[0]))


def test_two_orders_of_one_number_are_told_apart():
    state = with_orders(job(1, has_manual_revision=True), [("P1", [1])])
    paper = state.orders.tail(1).assign(order_id=9, order_no="1001", origin="paper")
    state = placed(state.replace(orders=pd.concat([state.orders[state.orders["order_no"] != "P1"], paper]),
                                 **{t: state.tables[t].assign(order_id=state.tables[t]["order_id"].replace(2, 9))
                                    for t in ("order_subjects", "lines", "slots", "payments", "postings")}))  # fmt: skip
    work = revise_work(state)
    assert work.rows["key"].tolist() == ["online:1001", "paper:1001"]
    made = pressed(work, ("paper:1001", "release", "")).assign(who="ana", why=None, decided_at=NOW, row="x")
    after = state.after(plan_revise(state, now=NOW, choices=made))
    assert after.orders.set_index("origin")["status"].to_dict() == {"online": "in_revision", "paper": "in_batch"}


def test_without_orders_in_revision_nothing_waits():
    assert not len(revise_work(JobState.new(name="maple-grove-2026", school="Maple Grove")).rows)
