"""Codes: what a person puts right stays right, and the slots follow."""

from __future__ import annotations

import pandas as pd
import pytest

from prepaykit.decide.codes import plan_codes
from prepaykit.decide.photos import plan_photos
from prepaykit.decide.populate import plan_populate
from prepaykit.errors import Refused, UsageError
from prepaykit.rules.balance import balance
from prepaykit.tables.findings import found, together
from tests.rules.picture_day import day, findings_of, galleries, job


def with_orders(state, *children, status="open"):
    """One order with one individual print for each of the children (access codes)."""
    n = range(1, len(children) + 1)
    ids = [
        int(state.subjects.loc[state.subjects["access_code"] == c, "subject_id"].iloc[0])
        if c in set(state.subjects["access_code"])
        else None
        for c in children
    ]
    moment = pd.Timestamp("2026-08-01", tz="UTC")
    return state.replace(
        collections=pd.DataFrame({"collection_id": [1], "status": "open", "reason": "prepay", "opened_at": moment}),
        orders=pd.DataFrame({"order_id": n, "order_no": [f"10{i}" for i in n], "origin": "online", "status": status, "shipping": "batch",
                             "collection_id": 1, "edition": 1, "total_cents": 1900, "paid_cents": 1900}),
        order_subjects=pd.DataFrame({"order_subject_id": n, "order_id": n, "subject_id": pd.array(ids, dtype="Int64"), "access_code": children}),
        lines=pd.DataFrame({"line_id": n, "order_id": n, "order_subject_id": n, "code": "A", "name": "Print", "quantity": 1, "total_cents": 1900}),
        slots=pd.DataFrame({"slot_id": n, "line_id": n, "order_id": n, "subject_id": pd.array(ids, dtype="Int64"), "product_code": "A",
                            "product_name": "Print", "hole": "individual", "quantity": 1, "is_dropped": False}),
    )  # fmt: skip


def photographed(state, *days):
    for d in days:
        state = state.after(plan_photos(state, d))
    return state.after(plan_populate(state))


def pictures(state):
    return state.slots["frame_id"].astype("object").where(state.slots["frame_id"].notna(), None).tolist()


def test_a4_a_gallery_under_a_code_that_is_gone_is_hinted_at_relabelled_and_fills_the_slot():
    state = photographed(with_orders(job("KA11", "KB22", "KC33"), "KB22"), day("KA11 . XY99 . KC33 ."))
    assert pictures(state) == [None]
    hint = state.findings[state.findings["code"] == "no_gallery_for_code"].iloc[0]
    assert hint["suggestion"] == "XY99"
    plan = plan_codes(state, relabel={"XY99": "KB22"}, why="card was printed anew")
    state = state.after(plan)
    assert pictures(state) == [4]
    assert galleries(state)["KB22"] == [4]
    assert not len(state.findings)
    assert state.subjects["attendance"].tolist() == ["photographed"] * 3
    assert plan_codes(state, relabel={"XY99": "KB22"}, why="card was printed anew").is_empty


def test_a_decision_survives_the_next_upload():
    state = photographed(job("KA11", "KB22"), day("KA11 . ? ."))
    state = state.after(plan_codes(state, tag={3: "KB22"}))
    state = state.after(plan_photos(state, day("KA11 . ? . .")))
    assert galleries(state) == {"KA11": [2], "KB22": [4, 5]}


def test_a5_a_blank_card_bound_to_a_name_gives_its_frames_to_the_child():
    state = photographed(with_orders(job("KA11", "KB22", blanks=("BX01",)), "KB22"), day("KA11 . BX01 . ."))
    assert findings_of(state.findings)[0] == ("blank_card_used", "BX01")
    state = state.after(plan_codes(state, bind={"BX01": "KB22"}))
    assert pictures(state) == [4]
    assert galleries(state) == {"KA11": [2], "KB22": [4, 5]}
    assert state.subjects["attendance"].tolist() == ["photographed"] * 3
    assert not len(state.findings)


def test_a_corrected_order_gets_the_picture_of_its_child():
    state = with_orders(job("KA11", "KB22"), "KA11", "none")
    state = state.replace(
        findings=together(found("orders", "order_unmatched", "orders", ["102"], "order 102 fits nobody"))
    )
    state = photographed(state, day("KA11 . KB22 ."))
    assert pictures(state) == [2, None]
    plan = plan_codes(state, order_code={"102": "KB22"}, why="parent called")
    state = state.after(plan)
    assert pictures(state) == [2, 4]
    assert state.order_subjects[["access_code", "matched_by"]].iloc[1].tolist() == ["KB22", "person"]
    assert not len(state.findings)
    assert plan.result == {"choices": 1, "frames_moved": 0, "slots_changed": 1, "slots_empty": 0}


def test_hidden_frames_are_not_taken_for_slots():
    state = photographed(with_orders(job("KA11"), "KA11"), day("KA11 . ."))
    assert pictures(state.after(plan_codes(state, hide=[2]))) == [3]
    back = state.after(plan_codes(state, hide={2: True}))
    assert pictures(back.after(plan_codes(back, hide={2: False}))) == [2]


def test_slots_are_left_alone_before_the_first_populate():
    state = with_orders(job("KA11"), "KA11")
    state = state.after(plan_photos(state, day("? .")))
    plan = plan_codes(state, tag={1: "KA11"})
    assert "slots" not in plan.changes
    assert galleries(state.after(plan)) == {"KA11": [2]}


def test_a_later_decision_replaces_an_earlier_one():
    state = photographed(job("KA11", "KB22"), day("? ."))
    state = state.after(plan_codes(state, tag={1: "KA11"}))
    state = state.after(plan_codes(state, tag={1: "KB22"}))
    assert len(state.choices) == 1
    assert galleries(state) == {"KB22": [2]}


def test_codes_are_taken_as_a_person_types_them():
    state = photographed(job("KA11-X", "KB22-X"), day("? ."))
    assert galleries(state.after(plan_codes(state, tag={"1": "ka11x kb22x"}))) == {"KA11-X": [2], "KB22-X": [2]}


def test_the_code_of_another_job_is_refused():
    state = photographed(job("KA11"), day("KA11 . ? ."))
    object.__setattr__(state, "other_codes", pd.DataFrame({"access_code": ["XY99"], "job": ["oak-hill-2026"]}))
    for wish in ({"tag": {3: "XY99"}}, {"relabel": {"KA11": "XY99"}}):
        with pytest.raises(Refused, match="oak-hill-2026"):
            plan_codes(state, **wish)


def test_an_order_that_has_gone_on_is_refused():
    state = photographed(with_orders(job("KA11", "KB22"), "KA11", status="released"), day("KA11 . KB22 ."))
    with pytest.raises(Refused, match="order 101 is released"):
        plan_codes(state, order_code={"101": "KB22"})


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"tag": {99: "KA11"}}, "no frame 99"),
        ({"tag": {1: "KA12"}}, "near to it: KA11"),
        ({"relabel": {"QQ77": "KA11"}}, "not on any card"),
        ({"bind": {"KA11": "KB22"}}, "not of a blank card"),
        ({"order_code": {"555": "KA11"}}, "no order 555"),
    ],
)
def test_what_is_not_there_is_a_wrong_call_that_says_what_would_be_right(wish, words):
    state = photographed(job("KA11", "KB22"), day("KA11 ."))
    with pytest.raises(UsageError, match=words):
        plan_codes(state, **wish)


def test_a_hidden_group_picture_is_set_aside_and_the_next_one_is_taken():
    state = photographed(job("K001"), day("G001 . . K001 ."))
    state = state.after(plan_codes(state, hide=[2]))
    assert state.group_frames["frame_id"].tolist() == [3]
    assert state.frames.set_index("frame_id")["role"].loc[[2, 3]].tolist() == ["set_aside", "group"]
    assert balance(state)["holds"].all()
    assert state.after(plan_codes(state, hide={2: False})).group_frames.sort_values("position")[
        "frame_id"
    ].tolist() == [2, 3]


# --- taking a proposal -------------------------------------------------------------------------------------------------

EIGHT = ("KA11", "KB22", "KC33", "KD44", "KE55", "KF66", "KG77", "KH88")


def two_unknown():
    """Eight children with an order each; the cards of KC33 and KF66 could not be read."""
    return photographed(with_orders(job(*EIGHT), *EIGHT), day("KA11 . KB22 . ? . KD44 . KE55 . ? . KG77 . KH88 ."))


def test_a_proposal_named_by_its_key_is_taken_with_its_evidence_and_only_its_order_is_retried():
    state = two_unknown()
    stale = state.replace(slots=state.slots.assign(frame_id=state.slots["frame_id"].mask(state.slots["slot_id"] == 1)))
    plan = plan_codes(stale, take=["tag:5=KC33"], why="looked at both frames")
    after = stale.after(plan)
    assert after.choices[["kind", "target", "value"]].to_numpy().tolist() == [["tag", "5", "KC33"]]
    assert after.choices["why"].iloc[0].startswith("looked at both frames (proposed: unread_card, sure: ")
    assert plan.changes["slots"].after["slot_id"].tolist() == [3], "slot 1 could be filled too, but nobody asked for it"
    assert pictures(after)[2] == 6
    gone, kept = (t.findings[t.findings["verb"] == "populate"]["key"].tolist() for t in (stale, after))
    assert sorted(set(gone) - set(kept)) == ["3"] and not set(kept) - set(gone)
    assert plan_codes(after, take=[]).is_empty


def test_the_child_who_loses_frames_is_retried_with_the_child_who_gets_them():
    frames = day("KA11 . . KB22 . . . . KD44 . . KE55 . . KF66 . . KG77 . .")
    frames.loc[6:, "shot_at"] += pd.Timedelta(seconds=20)
    state = photographed(with_orders(job(*EIGHT[:7]), "KB22", "KC33"), frames)
    state = state.replace(slots=state.slots.assign(frame_id=[7, None], filled_by=["person", None]))
    after = state.after(plan_codes(state, take=["tag:7=KC33"], why="looked"))
    assert pictures(after) == [5, 7], "the frame that a person had chosen for KB22 shows KC33"


def test_only_a_first_proposal_can_be_taken_and_the_way_out_is_said():
    state = photographed(
        with_orders(job(*EIGHT[:6], blanks=("BX01",)), "KC33"), day("KA11 . KB22 . ? . BX01 . KD44 . KE55 . KF66 .")
    )
    with pytest.raises(Refused, match=r"not the first proposal for order 101.*prepaykit codes --bind BX01=KC33"):
        plan_codes(state, take=["bind:BX01=KC33"])
    with pytest.raises(UsageError, match="no proposal tag:5=KA11"):
        plan_codes(state, take=["tag:5=KA11"])


def test_two_proposals_about_the_same_frames_are_refused():
    state = photographed(with_orders(job(*EIGHT), "KC33", "KD44"), day("KA11 . KB22 . ? . KE55 . KF66 . KG77 . KH88 ."))
    with pytest.raises(Refused, match="the same frames"):
        plan_codes(state, take=["tag:5=KC33", "tag:5=KD44"])


def test_a_proposal_with_the_code_of_another_job_or_for_an_order_in_a_batch_is_refused():
    state = two_unknown()
    object.__setattr__(state, "other_codes", pd.DataFrame({"access_code": ["XY99"], "job": ["oak-hill-2026"]}))
    with pytest.raises(Refused, match="oak-hill-2026"):
        plan_codes(state, take=["tag:5=XY99"])
    gone = state.replace(orders=state.orders.assign(status="in_batch"))
    with pytest.raises(Refused, match="is in_batch"):
        plan_codes(gone, take=["tag:5=KC33"])


def test_taking_one_proposal_of_a_whole_demo_changes_no_other_order():
    from prepaykit.rules.code_causes import code_causes
    from tests.demo_in_memory import demo_in_memory

    demo = demo_in_memory("small", 1)
    causes = code_causes(demo.state)
    row = causes[causes["sure"] == "sure"].iloc[0]
    plan = plan_codes(demo.state, take=[row["key"]], why="looked")
    after = demo.state.after(plan)
    mine = after.orders.loc[after.orders["order_no"] == row["order_no"], "order_id"]
    changed = plan.changes["slots"].after
    assert set(changed["order_id"]) == set(mine) and len(changed) == row["slots"]
    assert all(row["to"] in demo.owner[int(f)] for f in changed["frame_id"])
