"""What was decided at place and in manual revision is done again from a file: exactly that, never more, and never a second time."""

import pandas as pd
import pytest

from prepaykit.decide.codes import plan_codes
from prepaykit.decide.place import plan_place
from prepaykit.decide.populate import plan_populate
from prepaykit.decide.revise import in_revision, plan_revise
from prepaykit.errors import Refused, UsageError
from prepaykit.rules.choosing import choices_table
from prepaykit.rules.slot_names import slot_names
from prepaykit.tables.findings import found, together
from tests.jobs import NOW, code, job, placed, released, with_orders
from tests.tables_as_text import table

LATER = NOW + pd.Timedelta(days=1)
FIVE_BY_SEVEN = "0,0.0333333,1,0.9333333"


def brought(text):
    rows = table(text).astype({"target": "str", "value": "str"})
    rows["decided_at"] = pd.to_datetime(rows["decided_at"], utc=True) if "decided_at" in rows else pd.NaT
    rows = rows.reindex(columns=["kind", "target", "value", "who", "why", "decided_at"])
    return rows.assign(row=range(1, len(rows) + 1))


def file_of(state):
    table_of = choices_table(state)
    return table_of.assign(row=range(1, len(table_of) + 1))


def revised(state, **what):
    return state.after(plan_revise(state, now=NOW, who="ana", **what))


def place(state, **what):
    return state.after(plan_place(state, now=NOW, who="ana", **what))


def in_queue(children=2, products="individual"):
    return placed(job(children, products=products, has_manual_revision=True))


def second_frame(state, subject):
    rows = state.galleries[state.galleries["subject_id"] == subject]
    return int(rows.sort_values("position")["frame_id"].iloc[1])


def turned_keys(state):
    """The same job with other keys of slots and frames, as when it is made anew of files in another order."""
    slots = dict(zip(state.slots["slot_id"], state.slots["slot_id"] + 100, strict=True))
    frames = {f: len(state.frames) + 1 - f for f in state.frames["frame_id"]}
    tables = {t: state.tables[t].assign(frame_id=state.tables[t]["frame_id"].map(frames)) for t in ("frames", "galleries", "group_frames")}  # fmt: skip
    return state.replace(**tables, slots=state.slots.assign(slot_id=state.slots["slot_id"].map(slots)))


def detail(plan, finding="choice_unusable"):
    return plan.findings.loc[plan.findings["code"] == finding, "detail"].tolist()


# --- frames and crops --------------------------------------------------------------------------------------------------


def test_a_frame_and_a_crop_of_one_print_are_done_again_where_all_keys_are_others():
    by_hand = revised(
        in_queue(), replace={1: second_frame(in_queue(), 1)}, crop={1: FIVE_BY_SEVEN, 2: (0, 0, 1, 14 / 15)}
    )
    file = file_of(by_hand)
    assert file["target"].tolist() == ["1001/P5/individual/1", "1002/P5/individual/1", "1001/P5/individual/1"]
    anew = turned_keys(job(2, has_manual_revision=True))
    anew = placed(anew)
    again = revised(anew, choices=file)
    assert again.slots["crop"].tolist() == [FIVE_BY_SEVEN, "0,0,1,0.9333333"]
    assert again.slots["filled_by"].tolist() == ["person", "rule"]
    assert again.slots["frame_id"].iloc[0] == second_frame(anew, 1)
    assert again.choices["who"].tolist() == ["ana"] * 3 and not len(again.findings)
    assert plan_revise(again, now=LATER, choices=file).is_empty


def test_no_file_puts_another_childs_picture_into_a_slot_or_a_crop_on_another_picture():
    state = in_queue()
    other = second_frame(state, 2)
    file = brought(f"""
        kind   target                value
        frame  1001/P5/individual/1  {other}
        crop   1002/P5/individual/1  0,0,1,0.9333333@{other}
        frame  1001/P5/individual/9  {other}
        frame  1002/P5/individual/1  {other}#0000deadbeef
    """)
    plan = plan_revise(state, now=NOW, choices=file)
    assert [c for c in plan.changes if c != "findings"] == []
    said = detail(plan)
    assert "is not in the gallery of this order's child" in said[0]
    assert "there is no slot 1001/P5/individual/9" in said[1] and "1001/P5/individual/1" in said[1]
    assert "its picture has not been read" in said[2]
    assert f"was drawn on frame {other}, and the slot shows frame" in said[3]


def test_a_frame_of_an_order_that_is_gone_stays_and_one_that_stands_is_no_trouble():
    state = revised(in_queue(1), replace={1: second_frame(in_queue(1), 1)}, crop={1: FIVE_BY_SEVEN})
    file = file_of(state)
    gone = released(revised(state, release="clean"))
    assert plan_revise(gone, now=LATER, choices=file).is_empty
    bare = released(revised(in_queue(1), release="clean"))
    said = detail(plan_revise(bare, now=LATER, choices=file[file["kind"] == "frame"]))
    assert said and "make a reprint" in said[0]


def test_another_frame_drops_the_crop_and_the_decision_about_it():
    state = revised(in_queue(1), crop={1: FIVE_BY_SEVEN})
    assert state.choices["value"].tolist() == [f"{FIVE_BY_SEVEN}@{int(state.slots['frame_id'].iloc[0])}"]
    other = revised(state, replace={1: second_frame(state, 1)})
    assert other.slots["crop"].isna().all() and set(other.choices["kind"]) == {"frame"}
    moved = state.after(plan_codes(state, hide=[int(state.slots["frame_id"].iloc[0])], now=NOW))
    assert moved.slots["crop"].isna().all() and "crop" not in set(choices_table(moved)["kind"])


def test_a_crop_is_taken_off_again_and_that_is_a_decision_too():
    state = revised(in_queue(1), crop={1: FIVE_BY_SEVEN})
    state = revised(state, crop={1: "none"})
    assert state.slots["crop"].isna().all() and state.choices["value"].tolist() == ["none"]
    assert plan_revise(in_queue(1), now=NOW, crop={1: None}).is_empty
    assert plan_revise(in_queue(1), now=NOW, choices=file_of(state)).is_empty


def test_a_crop_of_the_wrong_shape_is_refused_with_one_that_fits():
    state = in_queue(1)
    with pytest.raises(
        Refused, match=r"slot 1, crop 0,0,1,1 of frame 2: it is 4000 x 6000 pixels.* 0,0.0333333,1,0.9333333 would fit"
    ):
        plan_revise(state, now=NOW, crop={1: "0,0,1,1"})
    with pytest.raises(Refused, match="it is 6000 x 3733 pixels"):
        plan_revise(state, now=NOW, crop={1: FIVE_BY_SEVEN}, turned={2})
    plan_revise(state, now=NOW, crop={1: "0.0333333,0,0.9333333,1"}, turned={2})
    with pytest.raises(UsageError, match="there is no slot 9"):
        plan_revise(state, now=NOW, crop={9: FIVE_BY_SEVEN})
    empty = placed(job(1, absent=(1,), has_manual_revision=True))
    with pytest.raises(Refused, match="slot 1 has no picture that could be cropped"):
        plan_revise(empty, now=NOW, crop={1: FIVE_BY_SEVEN})
    with pytest.raises(Refused, match="make a reprint"):
        plan_revise(released(revised(state, release="clean")), now=NOW, crop={1: FIVE_BY_SEVEN})


def test_a_crop_that_leaves_too_few_pixels_is_told_with_the_figure_until_the_order_goes_on():
    small = "0.4,0.4,0.2,0.1866667"
    state = revised(in_queue(1), crop={1: small})
    said = state.findings[state.findings["code"] == "low_resolution"]
    assert said["detail"].tolist() == ["order 1001, print P5, slot 1: 160 pixels per inch, 200 are needed"]
    assert not len(revised(state, crop={1: FIVE_BY_SEVEN}).findings)
    assert not len(revised(state, release="clean").findings)


def test_a_memory_mate_that_is_cropped_anew_has_no_artwork_any_more():
    state = revised(in_queue(1, "mate"), artwork={1: ("art.jpg", "ff" * 32)})
    assert state.slots["artwork_path"].notna().all()
    cut = revised(state, crop={2: "0,0.1,1,0.4761905"})
    assert cut.slots["artwork_path"].isna().all()
    with pytest.raises(Refused, match=r"3\.22x4\.6 is 0\.7 to 1"):
        plan_revise(state, now=NOW, crop={1: "0,0.1,1,0.4761905"})  # lying, in an upright hole


def test_the_queue_says_how_much_of_each_picture_is_not_on_its_print():
    state = in_queue(1)
    assert in_revision(state)["cut_percent"].tolist() == [6.7]
    assert in_revision(revised(state, crop={1: "0.25,0.25,0.5,0.4666667"}))["cut_percent"].tolist() == [76.7]
    digital = placed(job(1, products="digital", has_manual_revision=True))
    assert in_revision(digital)["cut_percent"].isna().all()


def test_slots_are_named_by_what_was_bought():
    assert slot_names(with_orders(job(1, products="mate"), [("2000", [1, 1])])).tolist() == [
        "1001/P5/mate_individual/1", "1001/P5/mate_group/1", "2000:1/P5/individual/1", "2000:2/P5/individual/1",
    ]  # fmt: skip


# --- releases ----------------------------------------------------------------------------------------------------------


def test_a_release_is_done_again_and_an_order_that_is_not_ready_stays_with_a_finding():
    by_hand = revised(in_queue(3), release=["1001", "1003"])
    file = file_of(by_hand)
    assert file[["kind", "target", "value"]].values.tolist() == [["release", "1001", "yes"], ["release", "1003", "yes"]]
    again = revised(in_queue(3), choices=file)
    assert again.orders["status"].tolist() == by_hand.orders["status"].tolist()
    pd.testing.assert_frame_equal(again.choices, by_hand.choices)
    assert plan_revise(again, now=LATER, choices=file).is_empty
    bare = placed(job(3, products="mate", has_manual_revision=True))
    plan = plan_revise(bare, now=NOW, choices=file)
    assert plan.result["released"] == 0 and "has no artwork" in detail(plan)[0]
    waiting = job(3, has_manual_revision=True)
    assert "not in manual revision; place it first" in detail(plan_revise(waiting, now=NOW, choices=file))[0]


def test_all_clean_ones_released_at_once_are_each_a_choice():
    state = revised(in_queue(2), release="clean")
    assert choices_table(state)["target"].tolist() == ["1001", "1002"] and set(state.choices["who"]) == {"ana"}


def test_an_order_of_which_another_choice_could_not_be_done_is_not_released_by_the_same_file():
    state = in_queue(2)
    file = brought(f"""
        kind     target                value
        frame    1001/P5/individual/1  {second_frame(state, 2)}
        release  1001                  yes
        release  1002                  yes
        release  9999                  yes
        release  1002x                 no
    """)
    plan = plan_revise(state, now=NOW, choices=file)
    assert state.after(plan).orders["status"].tolist() == ["in_revision", "in_batch"]
    assert any("another choice about it could not be done" in d for d in detail(plan))
    assert any("has no order 9999" in d for d in detail(plan)) and any(
        "the value is yes, not no" in d for d in detail(plan)
    )


def test_an_order_that_came_back_to_revision_is_looked_at_again():
    state = revised(in_queue(1), release="clean")
    file = file_of(state)
    held = state.replace(slots=state.slots.assign(frame_id=pd.NA), galleries=state.galleries.assign(is_hidden=True))
    held = place(held)
    back = held.replace(galleries=held.galleries.assign(is_hidden=False))
    back = back.after(plan_populate(back))
    back = back.after(plan_place(back, now=LATER))
    assert back.orders["status"].tolist() == ["in_revision"] and len(back.revisions) == 2
    assert "came back to manual revision" in detail(plan_revise(back, now=LATER, choices=file))[0]
    newer = file.assign(decided_at=LATER + pd.Timedelta(hours=1))
    assert plan_revise(back, now=LATER, choices=newer).result["released"] == 1


# --- acceptances -------------------------------------------------------------------------------------------------------


def owing(*others, children=2):
    """A job whose first order is unpaid, with further errors (code, about, key) found on it."""
    state = job(children)
    said = [found("orders", "unpaid", "orders", ["1001"], "order 1001: unpaid")]
    said += [found("orders", finding, about, [key], "told") for finding, about, key in others]
    return state.after(plan_populate(state)).replace(findings=together(*said))


def test_an_acceptance_is_done_again_for_exactly_what_stands_there():
    contradicts = ("name_contradicts_code", "order_subjects", "1")
    by_hand = place(owing(contradicts), accept=["1001"])
    file = file_of(by_hand)
    assert file["value"].tolist() == ["name_contradicts_code/1001 unpaid"]
    assert by_hand.orders["status"].tolist() == ["in_batch", "in_batch"]
    again = place(owing(contradicts), choices=file)
    pd.testing.assert_frame_equal(again.choices, by_hand.choices)
    assert again.orders["status"].tolist() == by_hand.orders["status"].tolist()
    assert plan_place(again, now=LATER, choices=file).is_empty


def test_a_later_other_error_is_not_accepted_with_it_and_the_finding_says_which():
    file = file_of(place(owing(), accept=["1001"]))
    later = owing(("code_of_another_child", "order_subjects", "1"))
    plan = plan_place(later, now=NOW, choices=file)
    assert later.after(plan).orders["status"].tolist() == ["held", "in_batch"]
    assert "choices" not in plan.changes
    assert "what nobody has accepted stands on it as well: code_of_another_child/1001" in detail(plan)[0]


def test_of_what_was_accepted_only_what_stands_is_accepted_again():
    both = place(owing(("name_contradicts_code", "order_subjects", "1")), accept=["1001"])
    again = place(owing(), choices=file_of(both))
    assert again.choices["value"].tolist() == ["unpaid"] and again.orders["status"].tolist() == ["in_batch", "in_batch"]
    assert plan_place(again, now=LATER, choices=file_of(both)).is_empty
    nothing = plan_place(job(2), now=NOW, choices=file_of(both))
    assert "choices" not in nothing.changes and not len(detail(nothing))


def test_an_acceptance_names_children_and_frames_so_that_they_hold_in_a_job_made_anew():
    state = placed(job(2))
    frame = int(state.slots["frame_id"].iloc[0])
    damaged = state.replace(findings=found("photos", "frame_damaged", "frames", [frame], "damaged"))
    file = file_of(place(damaged, accept=["1001"]))
    mark = state.frames.set_index("frame_id").loc[frame, "sha256"][-12:]
    assert file["value"].tolist() == [f"frame_damaged/{frame}#{mark}"]
    gone = file.assign(value="frame_damaged/2#0000deadbeef")
    assert "there is no frame 2#0000deadbeef" in detail(plan_place(damaged, now=NOW, choices=gone))[0]
    nobody = file.assign(value="name_contradicts_code/1001:7", target="1001")
    assert "no child of an order named 1001:7" in detail(plan_place(damaged, now=NOW, choices=nobody))[0]


def test_each_verb_says_which_command_takes_the_other_rows():
    file = brought("""
        kind     target                value
        match    E-1                   X-1
        move     2                     nobody
        accept   1001                  unpaid
        release  1001                  yes
        dance    1001                  yes
    """)
    told = plan_place(owing(), now=NOW, choices=file).findings
    moves = told.loc[told["code"] == "choice_elsewhere", "next_move"].tolist()
    assert [m.split("prepaykit ")[1] for m in moves] == [
        "paper --choices FILE",
        "codes --choices FILE",
        "revise --choices FILE",
    ]
    assert "dance is no kind of choice" in detail(plan_place(owing(), now=NOW, choices=file))[0]
    assert code(1) not in " ".join(told["detail"])
