"""populate: every slot gets the first frame after the card, or exactly one finding."""

import pandas as pd

from prepaykit.decide.populate import plan_populate
from prepaykit.decide.revise import plan_revise
from tests.jobs import NOW, code, job, placed, populated, with_frames, with_orders
from tests.tables_as_text import table


def frames_of(state, subject):
    return state.galleries.loc[state.galleries["subject_id"] == subject].sort_values("position")["frame_id"].tolist()


def test_each_slot_gets_the_first_frame_after_its_childs_card():
    state = populated(job(3))
    assert state.slots["frame_id"].tolist() == [frames_of(state, i)[0] for i in (1, 2, 3)]
    assert set(state.slots["filled_by"]) == {"rule"}


def test_a_child_without_frames_leaves_an_empty_slot_and_one_finding():
    state = populated(job(3, absent=(2,)))
    expected = table("""
        code                 about  key  detail
        no_gallery_for_code  slots  2    order 1002, print P5, code AAAA-0002
    """).astype({"key": "str"})
    assert state.findings[["code", "about", "key", "detail"]].equals(expected)
    assert state.slots["frame_id"].isna().tolist() == [False, True, False]


def test_group_prints_get_the_group_picture_not_the_first_frame():
    state = populated(job(2, products="group"))
    assert set(state.slots["frame_id"]) == set(state.group_frames["frame_id"])


def test_without_a_group_picture_the_group_print_says_so():
    state = job(1, products="group")
    state = populated(state.replace(group_frames=state.group_frames.iloc[:0]))
    assert state.findings["code"].tolist() == ["no_group_photo"]


def test_a_memory_mate_takes_one_individual_and_one_group_picture():
    state = populated(job(1, products="mate"))
    assert state.slots["frame_id"].tolist() == [frames_of(state, 1)[0], state.group_frames["frame_id"].iloc[0]]


def test_a_retake_takes_precedence_when_the_job_says_latest():
    state = with_frames(job(1), {code(1): 2}, shoot_no=2)
    assert populated(state).slots["frame_id"].tolist() == [frames_of(state, 1)[2]]


def test_a_retake_is_ignored_when_the_job_says_first():
    state = with_frames(job(1, retake_policy="first"), {code(1): 2}, shoot_no=2)
    assert populated(state).slots["frame_id"].tolist() == [frames_of(state, 1)[0]]


def test_a_hidden_frame_is_passed_over():
    state = job(1)
    first, second = frames_of(state, 1)
    hidden = state.galleries.assign(is_hidden=state.galleries["frame_id"] == first)
    assert populated(state.replace(galleries=hidden)).slots["frame_id"].tolist() == [second]


def test_a_gallery_with_all_frames_hidden_is_empty():
    state = job(1)
    state = populated(state.replace(galleries=state.galleries.assign(is_hidden=True)))
    assert state.findings["code"].tolist() == ["gallery_empty"]


def test_a_gallery_that_is_not_active_is_not_used():
    state = job(1)
    state = populated(state.replace(galleries=state.galleries.assign(is_active=False)))
    assert (state.findings["code"].tolist(), state.slots["frame_id"].isna().all()) == (["gallery_not_activated"], True)


def test_pictures_of_an_opted_out_child_are_not_sold():
    state = job(2)
    state = populated(state.replace(subjects=state.subjects.assign(sell=state.subjects["subject_id"] != 2)))
    assert state.findings[["code", "key"]].to_numpy().tolist() == [["opted_out", "2"]]


def test_what_a_person_chose_stays():
    state = job(1)
    second = frames_of(state, 1)[1]
    chosen = state.replace(slots=state.slots.assign(frame_id=second, filled_by="person"))
    assert plan_populate(chosen).is_empty


def test_a_chosen_frame_that_is_no_longer_the_childs_is_replaced():
    state = job(2)
    foreign = frames_of(state, 2)[0]
    wrong = state.replace(slots=state.slots.assign(frame_id=foreign, filled_by="person"))
    assert populated(wrong).slots["frame_id"].tolist() == [frames_of(state, 1)[0], foreign]


def test_slots_without_a_child_never_meet_galleries_without_a_child():
    """pandas joins missing to missing: a gallery of an unlisted code must not fill an unmatched order."""
    state = with_frames(job(2), {"XXXX-9999": 2})
    state = state.replace(
        slots=state.slots.assign(subject_id=None), order_subjects=state.order_subjects.assign(subject_id=None)
    )
    state = populated(state)
    assert state.slots["frame_id"].isna().all()
    assert state.findings["code"].tolist() == ["code_unknown", "code_unknown"]


def test_another_picture_takes_the_old_artwork_off():
    state = populated(job(1, products="mate"))
    state = state.replace(slots=state.slots.assign(artwork_path="a.jpg", artwork_sha256="ff"))
    after = populated(with_frames(state, {code(1): 1}, shoot_no=2))
    assert after.slots["artwork_path"].isna().all()


def test_orders_sent_to_production_are_not_touched():
    state = populated(job(2))
    state = state.replace(orders=state.orders.assign(status="released", batch_id=None, collection_id=None))
    assert plan_populate(with_frames(state, {code(1): 1}, shoot_no=2)).is_empty


def test_an_order_on_its_way_keeps_its_frame_when_a_retake_comes():
    state = populated(job(1))
    state = state.replace(orders=state.orders.assign(status="in_revision", collection_id=None))
    assert plan_populate(with_frames(state, {code(1): 1}, shoot_no=2)).is_empty


def test_a_likely_gallery_is_suggested_for_a_child_without_one():
    state = job(2, absent=(2,))
    twin = state.subjects.iloc[[1]].assign(subject_id=3, access_code=code(3))
    state = state.replace(subjects=pd.concat([state.subjects, twin]))
    state = populated(with_frames(state, {code(3): 1}))
    assert state.findings["suggestion"].tolist() == [code(3)]


def test_populate_counts_what_is_complete_and_what_waits():
    state = with_orders(job(3, absent=(3,)), [("2000", [1, 3])])
    assert dict(plan_populate(state).result) == {
        "slots": 5,
        "filled": 3,
        "empty": 2,
        "orders_complete": 2,
        "orders_waiting": 2,
    }


def test_a_frame_hidden_since_the_order_was_placed_is_not_sent():
    state = placed(job(1))
    hidden = state.galleries["frame_id"] == state.slots["frame_id"].iloc[0]
    state = populated(state.replace(galleries=state.galleries.assign(is_hidden=hidden)))
    assert state.slots["frame_id"].tolist() == state.galleries.loc[~hidden, "frame_id"].tolist()


def test_a_hidden_frame_that_a_person_chose_for_a_slot_stays_there():
    state = placed(job(1, has_manual_revision=True))
    state = state.replace(galleries=state.galleries.assign(is_hidden=state.galleries["position"] == 2))
    chosen = int(state.galleries["frame_id"].iloc[1])
    state = state.after(plan_revise(state, now=NOW, replace={1: chosen}))
    assert populated(state).slots["frame_id"].tolist() == [chosen]


def test_a_file_set_aside_is_not_taken_though_it_stands_in_a_gallery():
    state = job(1)
    first = int(state.galleries["frame_id"].min())
    frames = state.frames.assign(role=state.frames["role"].mask(state.frames["frame_id"] == first, "set_aside"))
    assert populated(state.replace(frames=frames)).slots["frame_id"].tolist() == [first + 1]
