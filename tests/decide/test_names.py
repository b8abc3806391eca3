"""Names: people and classes get codes once; an update never loses a printed code, a person, or a refused permission."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepaykit.decide.names import plan_names
from prepaykit.decide.orders import plan_orders
from prepaykit.rules.codes import is_own_form, issue_codes
from prepaykit.tables.state import JobState
from tests.tables_as_text import table

NOW = pd.Timestamp("2026-09-14 12:00", tz="UTC")
OWN = issue_codes(6, [], seed=99)


def rows(text):
    return table(text)


def job(**kept):
    return JobState.new(name="maple-grove-2026", school="Maple Grove").replace(**kept)


def taken_in(names, state=None, **options):
    state = state or job()
    return state.after(plan_names(state, names, **{"seed": 1, "now": NOW, **options}))


def codes_of(plan):
    return plan.findings.groupby("code")["key"].apply(list).to_dict()


THREE = rows("""
    first_name  last_name  group  teacher  student_id
    Ada         Lee        3A     Hewitt   001
    Bo          Ng         3A     Hewitt   002
    Cy          Roe        3B     Smith    003
""")


def test_every_person_and_every_class_gets_a_code_of_its_own():
    state = taken_in(THREE)
    codes = [*state.subjects["access_code"], *state.groups["access_code"]]
    assert len(set(codes)) == 5 and all(is_own_form(c) for c in codes)
    assert state.groups[["name", "teacher"]].values.tolist() == [["3A", "Hewitt"], ["3B", "Smith"]]
    assert state.subjects["group_id"].tolist() == [1, 1, 2]
    assert state.subjects["attendance"].tolist() == ["expected"] * 3


def test_the_same_list_twice_changes_nothing():
    state = taken_in(THREE, blanks=2)
    assert plan_names(state, THREE, seed=1, blanks=2, now=NOW).is_empty
    assert plan_names(state, THREE, seed=2, blanks=2, now=NOW).is_empty


def test_two_teachers_smith_and_kindergarten_am_and_pm_stay_apart():
    state = taken_in(
        rows("""
        first_name  last_name  group            teacher  grade
        A           A          3A               Smith    3
        B           B          5C               Smith    5
        C           C          Kindergarten AM  Jones    K
        D           D          Kindergarten PM  Jones    K
        E           E          -                Smith    1
        F           F          -                Smith    2
    """)
    )
    assert state.subjects["group_id"].nunique() == 6
    assert state.groups["name"].tolist()[4:] == ["Smith (1)", "Smith (2)"]


def test_a_row_without_teacher_belongs_to_the_only_class_of_its_name():
    state = taken_in(
        rows("""
        first_name  last_name  group  teacher
        A           A          3A     -
        B           B          3A     Hewitt
    """)
    )
    assert len(state.groups) == 1 and state.groups["teacher"].tolist() == ["Hewitt"]


def test_a13_a_code_of_another_job_is_refused_with_the_reason_and_the_others_go_on():
    names = THREE.assign(access_code=[OWN[0], OWN[1].lower().replace("-", ""), None], row=[2, 3, 4])
    state = job()
    state = JobState(state.tables, 0, pd.DataFrame({"access_code": [OWN[1]], "job": ["oak-hill-2026"]}, dtype="str"))
    plan = plan_names(state, names, seed=1, now=NOW)
    after = state.after(plan)
    assert codes_of(plan) == {"code_of_other_job": ["row 3"]}
    assert plan.findings["detail"].tolist() == [f"row 3: code {OWN[1]} belongs to job oak-hill-2026"]
    assert (
        after.subjects["first_name"].tolist() == ["Ada", "Cy"] and after.subjects["access_code"].tolist()[0] == OWN[0]
    )
    assert after.other_codes.equals(state.other_codes)


def test_a_code_that_stands_twice_stays_with_its_first_row_and_the_other_gets_its_own_for_good():
    names = THREE.assign(access_code=["X-1", "X-1", "X-3"], row=[2, 3, 4])
    state = job()
    plan = plan_names(state, names, seed=1, now=NOW)
    after = state.after(plan)
    assert codes_of(plan) == {"code_doubled": ["row 3"]}
    assert after.subjects["access_code"].tolist()[::2] == ["X-1", "X-3"] and is_own_form(
        after.subjects["access_code"][1]
    )
    assert plan_names(after, names, seed=5, now=NOW).is_empty


def test_codes_from_elsewhere_are_kept_as_text():
    state = taken_in(THREE.assign(access_code=["001234", "1E5", "NA"]))
    assert state.subjects["access_code"].tolist() == ["001234", "1E5", "NA"]


def test_student_ids_as_codes_are_warned_of():
    plan = plan_names(job(), THREE.assign(access_code=THREE["student_id"]), seed=1, now=NOW)
    assert codes_of(plan) == {"code_is_student_id": ["access_code"]} and "3 rows" in plan.findings["detail"][0]


def test_a_printed_code_never_changes():
    state = taken_in(THREE)
    printed = state.replace(subjects=state.subjects.assign(card_printed_at=NOW))
    plan = plan_names(printed, THREE.assign(access_code=["N-1", "N-2", "N-3"]), seed=1, now=NOW)
    assert codes_of(plan)["code_kept"] == ["row 2", "row 3", "row 4"] and not plan.counts()
    unprinted = state.after(plan_names(state, THREE.assign(access_code=["N-1", "N-2", "N-3"]), seed=1, now=NOW))
    assert unprinted.subjects["access_code"].tolist() == ["N-1", "N-2", "N-3"]


def test_an_update_adds_and_corrects_and_reports_but_takes_nobody_off():
    state = taken_in(THREE)
    second = rows("""
        first_name  last_name  group  teacher  student_id
        Boris       Ng         3B     Smith    002
        Cy          Roe        3B     Smith    003
        Di          Poe        3B     Smith    004
    """)
    plan = plan_names(state, second, seed=1, now=NOW)
    after = state.after(plan)
    assert after.subjects["first_name"].tolist() == ["Ada", "Boris", "Cy", "Di"]
    assert after.subjects["group_id"].tolist() == [1, 2, 2, 2]
    assert after.subjects["access_code"].tolist()[:3] == state.subjects["access_code"].tolist()
    assert codes_of(plan) == {"subject_missing": ["1"]}
    assert plan.result["new"] == 1 and plan.result["changed"] == 1


def test_people_without_code_and_id_are_known_by_name_and_class():
    names = THREE.drop(columns="student_id")
    state = taken_in(names)
    assert plan_names(state, names, seed=4, now=NOW).is_empty


def test_a_child_with_one_name_only_is_the_same_child_when_the_list_comes_again():
    names = pd.DataFrame({"first_name": ["Cher", None], "last_name": [None, "Bo"], "group": ["3A", "3A"]})
    assert plan_names(taken_in(names), names, seed=4, now=NOW).is_empty


def test_a_missing_student_id_never_meets_a_missing_student_id():
    first = THREE.assign(student_id=pd.Series([None] * 3, dtype="str"))
    state = taken_in(first)
    after = state.after(
        plan_names(
            state,
            rows("""
        first_name  last_name  group  student_id
        Zed         Other      3A     -
    """),
            seed=1,
            now=NOW,
        )
    )
    assert after.subjects["first_name"].tolist() == ["Ada", "Bo", "Cy", "Zed"]


def test_namesakes_are_reported_and_stay_two_people():
    twins = rows("""
        first_name  last_name  group
        Ada         Lee        3A
        ADA         Lee        3A
        Ada         Lee        3B
    """)
    plan = plan_names(job(), twins, seed=1, now=NOW)
    assert codes_of(plan) == {"namesakes": ["1", "2"]}
    exact = pd.concat([twins.iloc[[0]], twins.iloc[[0]]], ignore_index=True)
    state = taken_in(exact)
    assert len(state.subjects) == 2 and plan_names(state, exact, seed=7, now=NOW).is_empty


def test_blanks_are_the_total_wanted_not_added_each_time():
    state = taken_in(THREE, blanks=3)
    assert (state.subjects["kind"] == "blank").sum() == 3
    more = plan_names(state, THREE.head(0), seed=1, blanks=5, now=NOW)
    assert more.counts() == {"subjects": (2, 0, 0)}
    assert plan_names(state, THREE, seed=1, blanks=2, now=NOW).is_empty


def test_blank_rows_of_the_file_are_blank_cards_once():
    names = rows("""
        first_name  last_name  kind
        -           -          blank
        -           -          blank
    """)
    state = taken_in(names, blanks=3)
    assert (state.subjects["kind"] == "blank").sum() == 3 and plan_names(
        state, names, seed=1, blanks=3, now=NOW
    ).is_empty


def test_only_adding_blanks_keeps_what_was_found_in_the_last_list():
    twins = pd.concat([THREE.iloc[[0]]] * 2, ignore_index=True).assign(student_id=pd.Series([None, None], dtype="str"))
    state = taken_in(twins)
    plan = plan_names(state, twins.head(0), seed=1, blanks=1, now=NOW)
    assert codes_of(plan) == {"namesakes": ["1", "2"]}


def test_new_people_after_picture_day_are_absent_and_opted_out_children_are_opted_out():
    frames = pd.DataFrame({"frame_id": [1], "root": ["day1"], "path": ["a.jpg"], "size_bytes": [1], "camera": ["c"], "sequence": [1],
                           "shoot_no": [1], "role": ["unassigned"]})  # fmt: skip
    state = taken_in(THREE.assign(photograph=[True, False, True]), job(frames=frames))
    assert state.subjects["attendance"].tolist() == ["absent", "opted_out", "absent"]


def test_a_file_that_does_not_say_never_gives_back_a_refused_permission():
    state = taken_in(THREE.assign(photograph=[True, False, True], sell=[False, True, True]))
    assert plan_names(state, THREE, seed=1, now=NOW).is_empty
    again = state.after(plan_names(state, THREE.assign(photograph=[True, True, True]), seed=1, now=NOW))
    assert again.subjects["attendance"].tolist() == ["expected"] * 3 and again.subjects["sell"].tolist() == [
        False,
        True,
        True,
    ]


def test_a25_names_with_accents_apostrophes_right_to_left_and_emoji_stay_as_they_are():
    names = rows("""
        first_name  last_name   group
        Zoë         O’Brien     3A
        محمد        عبد الله    3A
        李          王,小       3A
        Null        NA          3A
        🦊          d'Arcy-Íñ   3A
    """)
    state = taken_in(names)
    assert state.subjects[["first_name", "last_name"]].equals(names[["first_name", "last_name"]])


def test_no_finding_speaks_a_name():
    names = THREE.assign(access_code=["X-1", "X-1", "X-3"], group=None, teacher=None)
    twice = pd.concat([names, names.assign(student_id=None, access_code=None)], ignore_index=True)
    spoken = plan_names(job(), twice, seed=1, now=NOW).findings
    said = " ".join(spoken[["detail", "key", "next_move"]].fillna("").agg(" ".join, axis=1))
    assert len(spoken) > 3 and not any(n in said.split() for n in ["Ada", "Lee", "Bo", "Ng", "Cy", "Roe"])


@pytest.mark.parametrize("missing", ["group", "teacher", "student_id"])
def test_only_first_and_last_name_are_needed(missing):
    state = taken_in(THREE[["first_name", "last_name"]] if missing == "group" else THREE.drop(columns=missing))
    assert len(state.subjects) == 3


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(4)))
def test_the_order_of_the_table_changes_nothing(order):
    names = pd.concat([THREE, THREE.iloc[[0]].assign(student_id="009")], ignore_index=True).assign(row=[2, 3, 4, 5])
    straight, mixed = (plan_names(job(), n, seed=1, blanks=1, now=NOW) for n in (names, names.iloc[list(order)]))
    for name, change in straight.changes.items():
        pd.testing.assert_frame_equal(change.inserts, mixed.changes[name].inserts)


def seen(names=THREE, **cards):
    """The list taken in and its cards printed."""
    state = taken_in(names, **cards)
    return state.replace(subjects=state.subjects.assign(card_printed_at=NOW))


def who(state):
    return state.subjects[["access_code", "first_name", "group_id"]].to_numpy().tolist()


@pytest.mark.parametrize("ids", [["001", "002", "003"], [None, None, None]])
def test_a_list_with_exchanged_codes_puts_no_name_under_another_childs_card(ids):
    names = THREE.assign(student_id=pd.Series(ids, dtype="str"))
    state = seen(names)
    codes = state.subjects["access_code"].tolist()
    exchanged = names.assign(access_code=[codes[1], codes[0], codes[2]])
    plan = plan_names(state, exchanged, seed=2, now=NOW)
    assert who(state.after(plan)) == who(state)
    assert codes_of(plan)["code_kept"] == ["row 2", "row 3"]


def test_a_code_given_to_a_new_child_stays_with_the_child_of_its_card():
    state = seen()
    code = state.subjects["access_code"].iloc[0]
    new = pd.concat([THREE.assign(access_code=None), pd.DataFrame({"first_name": ["Di"], "last_name": ["Poe"], "group": ["3A"],
                     "teacher": ["Hewitt"], "access_code": [code]})])  # fmt: skip
    plan = plan_names(state, new.reset_index(drop=True), seed=2, now=NOW)
    after = state.after(plan)
    assert who(after)[:3] == who(state) and after.subjects["first_name"].tolist()[3] == "Di"
    assert after.subjects["access_code"].is_unique and codes_of(plan)["code_doubled"] == ["row 5"]


def test_a_name_corrected_under_a_printed_code_is_taken_over_and_contradicting_orders_are_said():
    state = seen()
    code = state.subjects["access_code"].iloc[0]
    order = pd.DataFrame(
        {
            "order_no": ["1001"],
            "access_code": [code],
            "student_first": ["Ada"],
            "student_last": ["Lee"],
            "packages": ["P57"],
        }
    )
    state = state.after(plan_orders(state, order, now=NOW))
    new = THREE.assign(
        access_code=state.subjects["access_code"], first_name=["Zed", "Bo", "Cy"], last_name=["Moe", "Ng", "Roe"]
    )
    plan = plan_names(state, new, seed=2, now=NOW)
    after = state.after(plan)
    assert after.subjects["first_name"].tolist() == ["Zed", "Bo", "Cy"]
    said = after.findings[after.findings["verb"] == "orders"]
    assert "name_contradicts_code" in said["code"].tolist()
    assert "package_unknown" in said["code"].tolist(), "what the tables cannot show stays"
