"""Why an order stays without its picture: one cause, ranked proposals, and never a sure one that is wrong."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from prepaykit.decide.photos import plan_photos
from prepaykit.rules.code_causes import CAUSES, code_causes
from prepaykit.rules.codes import issue_codes
from tests.benchmarks.code_causes import measure
from tests.decide.test_codes import with_orders
from tests.rules.picture_day import day, job

SIX = ("KA11", "KB22", "KC33", "KD44", "KE55", "KF66")


def causes_of(state, *days):
    for d in days:
        state = state.after(plan_photos(state, d))
    return code_causes(state)


def told(rows):
    """What stands in the rows: cause, key, rank, sure."""
    shown = rows[["cause", "key", "rank", "sure"]].astype("object")
    return [tuple(row) for row in shown.where(shown.notna(), None).to_numpy()]


def other_jobs(state, *codes):
    return replace(state, other_codes=pd.DataFrame({"access_code": list(codes), "job": "oak-hill-2026"}).astype("str"))


def without_child(state, code, first="Nobody", last="Known", **typed):
    """The state with its first order's child not found, and these words in the order."""
    child = state.order_subjects.assign(access_code=code, typed_first=first, typed_last=last, **typed)
    nobody = pd.array([None] * len(state.slots), dtype="Int64")
    return state.replace(order_subjects=child.assign(subject_id=nobody), slots=state.slots.assign(subject_id=nobody))


def test_an_unlisted_card_in_the_childs_own_place_is_sure():
    rows = causes_of(with_orders(job(*SIX), "KC33"), day("KA11 . KB22 . XY99 . KD44 . KE55 . KF66 ."))
    assert told(rows) == [("unlisted_card", "relabel:XY99=KC33", 1, "sure")]
    assert rows["look"].iloc[0] == "5 6" and "between children of 3A (KB22 and KD44)" in rows["evidence"].iloc[0]


def test_an_unread_card_is_to_be_tagged():
    rows = causes_of(with_orders(job(*SIX), "KC33"), day("KA11 . KB22 . ? . . KD44 . KE55 . KF66 ."))
    assert told(rows) == [("unread_card", "tag:5=KC33", 1, "sure")]


def test_a_blank_card_is_to_be_bound_and_is_never_sure():
    rows = causes_of(with_orders(job(*SIX, blanks=("BX01",)), "KC33"), day("KA11 . KB22 . BX01 . KD44 . KE55 . KF66 ."))
    assert told(rows) == [("blank_card", "bind:BX01=KC33", 1, "likely")]


def test_a_card_of_another_job_is_named():
    state = other_jobs(with_orders(job(*SIX), "KC33"), "XY99")
    rows = causes_of(state, day("KA11 . KB22 . XY99 . KD44 . KE55 . KF66 ."))
    assert told(rows)[0][:2] == ("other_jobs_card", "relabel:XY99=KC33")
    assert "a code of job oak-hill-2026" in rows["evidence"].iloc[0]


def test_a_skipped_card_shows_as_the_later_part_of_a_long_session_after_the_longest_pause():
    frames = day("KA11 . . KB22 . . . . KD44 . . KE55 . . KF66 . .")
    frames.loc[6:, "shot_at"] += pd.Timedelta(seconds=20)
    rows = causes_of(with_orders(job(*SIX), "KC33"), frames)
    assert told(rows) == [("skipped_card", "tag:7=KC33", 1, "likely")]


def test_a_border_that_no_pause_shows_is_only_possible():
    rows = causes_of(with_orders(job(*SIX), "KC33"), day("KA11 . . KB22 . . . . KD44 . . KE55 . . KF66 . ."))
    assert (
        told(rows) == [("unclear", "tag:7=KC33", 1, "possible")] and "border only counted" in rows["evidence"].iloc[0]
    )


def test_a_brothers_card_held_up_twice_is_his_second_session():
    rows = causes_of(with_orders(job(*SIX), "KE55"), day("KA11 . KB22 . KC33 . KD44 . KB22 . KF66 ."))
    assert told(rows) == [("siblings_card", "tag:9=KE55", 1, "likely")]


def test_a_childs_only_session_is_never_proposed_for_another_child():
    rows = causes_of(with_orders(job(*SIX), "KF66"), day("KA11 . KB22 . KC33 . KD44 . KE55 ."))
    assert told(rows) == [("absent", None, None, None)]
    assert rows["evidence"].iloc[0] == "no frames under the child's code; 5 of 6 of 3A were photographed"


def test_a_code_one_slip_beside_the_childs_is_a_card_and_is_told_apart():
    codes = issue_codes(6, [], seed=5)
    wrong = codes[2][:8] + ("4" if codes[2][8] != "4" else "7")
    rows = causes_of(
        with_orders(job(*codes), codes[2]),
        day(f"{codes[5]} . {wrong} . {codes[0]} . {codes[4]} . {codes[1]} . {codes[3]} ."),
    )
    assert told(rows) == [("near_card", f"relabel:{wrong}={codes[2]}", 1, "sure")]
    assert "one slip away from the child's code, and from no other" in rows["evidence"].iloc[0]


def test_the_code_of_the_childs_own_order_on_a_card_is_evidence_in_any_order_of_shooting():
    state = with_orders(job(*SIX), "KC33")
    state = state.replace(order_subjects=state.order_subjects.assign(access_code="XY99", matched_by="exact_name"))
    rows = causes_of(state, day("KF66 . KB22 . XY99 . KD44 . KA11 . QQ77 . KE55 ."))
    assert told(rows)[0] == ("unlisted_card", "relabel:XY99=KC33", 1, "sure")


def test_ties_are_never_broken():
    rows = causes_of(with_orders(job(*SIX), "KC33", "KD44"), day("KA11 . KB22 . ? . KE55 . KF66 ."))
    assert {(k, r, s) for _, k, r, s in told(rows)} == {("tag:5=KC33", 1, "possible"), ("tag:5=KD44", 1, "possible")}


def test_as_many_cards_as_children_stand_in_their_order():
    rows = causes_of(
        with_orders(job(*SIX, "KG77", "KH88"), "KC33", "KD44"),
        day("KA11 . KB22 . ? . XY99 . KE55 . KF66 . KG77 . KH88 ."),
    )
    assert [t for t in told(rows) if t[2] == 1] == [
        ("unread_card", "tag:5=KC33", 1, "sure"),
        ("unlisted_card", "relabel:XY99=KD44", 1, "sure"),
    ]


def test_a_code_over_two_sessions_is_never_relabelled_as_a_whole():
    rows = causes_of(with_orders(job(*SIX), "KC33"), day("KA11 . KB22 . XY99 . KD44 . KE55 . KF66 . XY99 ."))
    assert "relabel" not in set(rows["verb"].dropna()) and rows["key"].iloc[0] == "tag:5=KC33"
    assert "sure" not in set(rows["sure"])


def test_a_card_with_nobody_after_it_a_class_without_pictures_and_hidden_frames_are_said():
    assert told(causes_of(with_orders(job("KA11", "KB22"), "KA11"), day("KA11 KB22 .")))[0][0] == "card_alone"
    assert told(causes_of(with_orders(job("KA11"), "KA11"), day("BX99 .")))[0][0] in ("class_absent", "unclear")
    state = with_orders(job("KA11", "KB22"), "KA11")
    state = state.after(plan_photos(state, day("KA11 . KB22 .")))
    state = state.replace(galleries=state.galleries.assign(is_hidden=True))
    assert told(code_causes(state)) == [("all_hidden", "show:2", 1, "possible")]


def test_a_missing_class_picture_may_stand_after_an_unread_group_card():
    state = with_orders(job(*SIX), "KC33")
    state = state.replace(slots=state.slots.assign(hole="group"))
    whole = day("? . . KA11 . KB22 . KC33 . KD44 . KE55 . KF66 .")
    assert told(causes_of(state, whole))[0] == ("group_card_unread", "tag:1=G001", 1, "likely")
    assert told(causes_of(state, day("KA11 . KB22 . KC33 .")))[0][0] == "no_group_picture"
    lone = state.replace(subjects=state.subjects.assign(group_id=pd.array([None] * 6, dtype="Int64")))
    assert told(causes_of(lone, day("KA11 . KC33 .")))[0][0] == "no_class"


def test_a_first_card_that_may_be_the_groups_or_the_first_childs_is_only_possible_for_either():
    frames = day("? . . KB22 . KC33 . KD44 . KE55 . KF66 .")
    state = with_orders(job(*SIX), "KA11")
    assert told(causes_of(state, frames)) == [("unclear", "tag:1=KA11", 1, "possible")]
    group = state.replace(slots=state.slots.assign(hole="group"))
    assert told(causes_of(group, frames)) == [("group_card_unread", "tag:1=G001", 1, "possible")]


def test_a_serial_number_one_slip_beside_a_childs_is_not_sure_by_that_alone():
    state = with_orders(job("1111", "2222", "3333", "4444", "5555", "6666"), "3333")
    rows = causes_of(state, day("6666 . 2222 . 3339 . 4444 . 1111 . 5555 ."))
    assert told(rows) == [("near_card", "relabel:3339=3333", 1, "likely")]


def named(state):
    people = state.subjects.assign(
        first_name=["Ada", "Bo", "Cy", "Di", "Eva", "Finn"], last_name=["Lee", "Ng", "Roe", "Poe", "Moe", "Hay"]
    )
    return state.replace(subjects=people)


def test_a_code_typed_wrong_is_sure_only_if_the_first_name_agrees():
    codes = issue_codes(6, [], seed=5)
    wrong = codes[0][1] + codes[0][0] + codes[0][2:]
    state = with_orders(named(job(*codes)), codes[0])
    right = code_causes(without_child(state, wrong, "Ada", "Lee"))
    assert told(right)[0] == ("typed_wrong", f"order_code:101={codes[0]}", 1, "sure")
    contradicts = code_causes(without_child(state, wrong, "Zacharias", "Lee"))
    assert "sure" not in set(contradicts["sure"].dropna()) and "likely" not in set(contradicts["sure"].dropna())


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("XY99-4", "unknown_code"),
        (None, "no_code"),
        ("G001", "class_code"),
        (issue_codes(1, [], seed=99)[0], "former_code"),
        ("OAK1", "code_of_other_job"),
    ],
)
def test_every_wrong_code_has_its_cause(code, cause):
    state = other_jobs(with_orders(named(job(*issue_codes(6, [], seed=5))), "none"), "OAK1")
    rows = code_causes(without_child(state, code))
    assert set(rows["cause"]) == {cause}
    assert ("one of job oak-hill-2026" in rows["evidence"].iloc[0]) == (cause == "code_of_other_job")


def test_a_list_made_anew_is_said_once_with_its_count():
    codes, old = issue_codes(6, [], seed=5), issue_codes(6, [], seed=8)
    rows = causes_of(with_orders(job(*codes), *codes[:3]), day(" . ".join(old) + " ."))
    anew = rows[rows["cause"] == "list_made_anew"]
    assert len(anew) == 1 and anew["slots"].iloc[0] == 6 and pd.isna(anew["order_no"].iloc[0])


def test_no_evidence_speaks_a_name_and_every_cause_is_registered():
    codes = issue_codes(6, [], seed=5)
    state = with_orders(named(job(*codes)), codes[0])
    rows = pd.concat(
        [
            code_causes(without_child(state, codes[0][:8] + "Y", "Ada", "Lee")),
            causes_of(state, day(f"{codes[1]} . ? .")),
        ]
    )
    assert len(rows) > 1 and set(rows["cause"]) <= set(CAUSES)
    assert not any(name in " ".join(rows["evidence"]) for name in ("Ada", "Lee", "Bo", "Ng"))


@pytest.mark.parametrize("rough", [False, True])
def test_on_the_demo_no_sure_proposal_is_wrong_and_the_right_one_is_among_five(rough):
    score = measure("small", 1, rough=rough)
    assert score.children >= 8 and score.sure >= 2
    assert (score.sure_wrong, score.likely_wrong) == (0, 0)
    if not rough:
        assert score.causes == score.children and score.among_five == score.fillable
    assert score.seconds < 5
