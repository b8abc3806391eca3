"""Names: people and classes get codes once; an update never loses a printed code, a person, or a refused permission."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepaykit.decide.names import plan_names
from prepaykit.decide.orders import plan_orders
from prepaykit.errors import Refused, UsageError
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


# --- student ids -------------------------------------------------------------------------------------------------------


def test_student_ids_are_not_taken_as_codes_and_the_list_may_come_again():
    names = THREE.assign(access_code=["001", "2", "X-3"])
    plan = plan_names(job(), names, seed=1, now=NOW)
    after = job().after(plan)
    assert [is_own_form(c) for c in after.subjects["access_code"]] == [True, True, False], (
        "2 is the id 002 without its zeros"
    )
    assert "2 rows have a student id as access code; they are not taken" in plan.findings["detail"].iloc[0]
    assert plan_names(after, names, seed=9, now=NOW).is_empty


def test_a_job_may_be_set_to_take_student_ids_and_those_in_a_job_stay():
    names = THREE.assign(access_code=THREE["student_id"])
    allowed = JobState.new(name="maple-grove-2026", school="Maple Grove", student_ids_as_codes=True)
    plan = plan_names(allowed, names, seed=1, now=NOW)
    after = allowed.after(plan)
    assert after.subjects["access_code"].tolist() == ["001", "002", "003"]
    assert "as the setting student_ids_as_codes says" in plan.findings["detail"].iloc[0]
    off = after.replace(jobs=after.jobs.assign(student_ids_as_codes=False))
    plan = plan_names(off, names, seed=1, now=NOW)
    assert not plan.counts() and codes_of(plan) == {}


# --- a corrected list --------------------------------------------------------------------------------------------------

CLASS = rows("""
    first_name  last_name  group  teacher  email
    Zoe         Martin     3A     Hewitt   m@example.org
    Bo          Ng         3A     Hewitt   n@example.org
    Cy          Roe        3B     Smith    -
    Maria       Santos     3A     Hewitt   s@example.org
""")


def corrected(**changes):
    """The class as the school sends it again: `bo={"last_name": "Nguyen"}` changes the row of Bo."""
    names = CLASS.copy()
    for first, fields in changes.items():
        for column, value in fields.items():
            names.loc[CLASS["first_name"].str.lower() == first, column] = value
    return names.assign(row=range(2, len(names) + 2))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"zoe": {"first_name": "Zoey"}}, "first name"),
        ({"maria": {"last_name": "Lindqvist", "email": None}}, "first name exact, surname different, the same class"),
        ({"zoe": {"first_name": "Martin", "last_name": "Zoe"}}, "exchanged"),
        ({"zoe": {"group": "4C", "teacher": "Birch"}}, "first name exact, surname exact, another class"),
        (
            {"maria": {"first_name": "Mariah", "last_name": "Olsen", "group": "4C", "teacher": "Birch"}},
            "address agrees",
        ),
    ],
)
def test_a_new_row_that_may_be_a_missing_child_waits_until_a_person_says_so(changes, words):
    state = seen(CLASS)
    code = dict(zip(state.subjects["first_name"], state.subjects["access_code"], strict=True))
    (first,) = changes
    row = {"zoe": 2, "maria": 5}[first]
    names = corrected(**changes)
    plan = plan_names(state, names, seed=3, now=NOW)
    (pair,) = plan.findings[plan.findings["code"] == "perhaps_same_child"].itertuples()
    assert (pair.key, pair.suggestion) == (f"row {row}", code[first.title()]) and words in pair.detail
    assert f"--same {row}={code[first.title()]} --apply" in pair.next_move
    assert plan.result["waiting"] == 1 and "subjects" not in plan.changes and "subject_missing" not in codes_of(plan)
    as_said = state.after(plan_names(state, names, seed=3, now=NOW, same={str(row): pair.suggestion}))
    assert as_said.subjects["access_code"].tolist() == state.subjects["access_code"].tolist()
    assert as_said.subjects["first_name"].tolist() == names["first_name"].tolist()
    assert plan_names(as_said, names, seed=3, now=NOW, same={str(row): pair.suggestion}).is_empty
    apart = state.after(plan_names(state, names, seed=3, now=NOW, same={str(row): "new"}))
    assert len(apart.subjects) == 5 and apart.subjects["access_code"].is_unique
    assert plan_names(apart, names, seed=3, now=NOW).is_empty


def test_a_sister_in_the_class_and_a_child_of_another_id_are_not_taken_for_the_missing_one():
    sister = corrected(zoe={"first_name": "Beatriz"})
    assert codes_of(plan_names(seen(CLASS), sister, seed=3, now=NOW)).keys() == {"subject_missing"}
    ids = CLASS.assign(student_id=["1", "2", "3", "4"])
    other = corrected(zoe={"first_name": "Zoey"}).assign(student_id=["9", "2", "3", "4"])
    assert "perhaps_same_child" not in codes_of(plan_names(seen(ids), other, seed=3, now=NOW))


def test_what_is_said_of_a_row_is_checked():
    state, names = seen(CLASS), corrected(zoe={"first_name": "Zoey"})
    with pytest.raises(UsageError, match="no row 99"):
        plan_names(state, names, seed=3, now=NOW, same={"99": "new"})
    with pytest.raises(UsageError, match="NOPE is no code of a child"):
        plan_names(state, names, seed=3, now=NOW, same={"2": "NOPE"})
    with pytest.raises(Refused, match="row 3 is another child"):
        plan_names(state, names, seed=3, now=NOW, same={"3": state.subjects["access_code"].iloc[0]})
    with pytest.raises(Refused, match="row 3 is that child"):
        plan_names(state, names, seed=3, now=NOW, same={"2": state.subjects["access_code"].iloc[1]})


def test_two_rows_with_one_id_are_one_child_if_their_names_agree_and_else_two_who_are_told():
    names = rows("""
        first_name  last_name  group  student_id
        Sofia       Lopez      3A     7
        Sofía       Lopez      3B     7
        Ben         Kim        3A     8
        Tariq       Haddad     3A     8
    """)
    plan = plan_names(job(), names, seed=1, now=NOW)
    assert codes_of(plan) == {"row_doubled": ["row 3"], "student_id_doubled": ["row 5"]}
    after = job().after(plan)
    assert after.subjects["first_name"].tolist() == ["Sofia", "Ben", "Tariq"]
    assert plan_names(after, names, seed=2, now=NOW).is_empty


def test_two_rows_with_one_code_and_one_name_are_one_child():
    names = rows("""
        first_name  last_name  group  access_code
        Ada         Lee        3A     X-1
        Ada         Lee        3B     X-1
    """)
    plan = plan_names(job(), names, seed=1, now=NOW)
    assert codes_of(plan) == {"row_doubled": ["row 3"]} and plan.result["people"] == 1


def test_a_list_whose_codes_and_ids_were_all_made_anew_keeps_the_printed_codes():
    state = seen()
    anew = THREE.assign(
        access_code=issue_codes(3, state.subjects["access_code"], seed=4), student_id=["901", "902", "903"]
    )
    plan = plan_names(state, anew, seed=2, now=NOW)
    after = state.after(plan)
    assert after.subjects["access_code"].tolist() == state.subjects["access_code"].tolist() and len(after.subjects) == 3
    assert len(codes_of(plan)["code_kept"]) == 3


def test_a_child_who_left_keeps_the_paid_order_and_it_is_said():
    from tests.jobs import job as job_of_orders

    state = job_of_orders(3)
    state = state.replace(subjects=state.subjects.assign(student_id=["1", "2", "3"]))
    names = state.subjects[["first_name", "last_name", "student_id", "teacher", "grade"]].assign(group="3A").iloc[:2]
    plan = plan_names(state, names.reset_index(drop=True), seed=1, now=NOW)
    assert codes_of(plan) == {"subject_missing": ["3"], "missing_has_orders": ["1003"]}
    assert "orders" not in plan.changes and len(state.after(plan).subjects) == 3


def test_a_child_who_moved_gets_the_picture_of_the_new_class_and_no_other_order_is_touched():
    from tests.jobs import job as job_of_orders
    from tests.jobs import populated

    state = job_of_orders(3, products="group")
    state = state.replace(subjects=state.subjects.assign(student_id=["1", "2", "3"]))
    other = pd.DataFrame(
        {"group_id": [2], "name": ["3B"], "teacher": ["Adams"], "grade": ["3"], "access_code": ["GGGG-0002"]}
    )
    state = state.replace(groups=pd.concat([state.groups, other]))
    frame = int(state.group_frames["frame_id"].iloc[0])
    more = state.frames[state.frames["frame_id"] == frame].assign(frame_id=99, path="A/IMG_0099.JPG", sequence=99)
    state = populated(state.replace(frames=pd.concat([state.frames, more]),
                                    group_frames=pd.concat([state.group_frames, pd.DataFrame({"frame_id": [99], "group_id": [2], "position": [1]})])))  # fmt: skip
    names = state.subjects[["first_name", "last_name", "student_id", "teacher", "grade"]].assign(
        group=["3A", "3B", "3A"]
    )
    plan = plan_names(state, names, seed=1, now=NOW)
    assert plan.result["moved"] == 1 and "1 moved to another class" in plan.headline
    assert state.after(plan).slots["frame_id"].tolist() == [frame, 99, frame]
    assert plan.changes["slots"].after["slot_id"].tolist() == [2]
    from prepaykit.decide.populate import plan_populate

    assert plan_populate(state.after(plan)).is_empty, "populate by itself comes to the same"


def test_the_preview_shows_every_field_that_would_change():
    from prepaykit.rules.names_update import names_changes

    state = seen(CLASS.assign(student_id=["1", "2", "3", "4"]))
    codes = state.subjects["access_code"].tolist()
    names = corrected(bo={"last_name": "Nguyen"}, cy={"group": "3A", "teacher": "Hewitt"}).assign(
        student_id=["1", "2", "3", None]
    )
    names.loc[3, ["first_name", "last_name", "email"]] = ["Dev", "Patel", None]
    shown = names_changes(state, plan_names(state, names, seed=3, now=NOW))
    assert shown.drop(columns="before").to_numpy().tolist() == [
        ["moved", codes[2], "class", "3A"],
        ["changed", codes[1], "last_name", "Nguyen"],
        ["changed", codes[2], "teacher", "Hewitt"],
        ["missing", codes[3], "stays", None],
        ["new", shown["who"].iloc[-1], "person", "Dev Patel, 3A"],
    ]


def test_an_update_is_taken_back_to_the_cell(tmp_path):
    from prepaykit import Studio

    (tmp_path / "one.csv").write_text(CLASS.to_csv(index=False), encoding="utf-8")
    (tmp_path / "two.csv").write_text(
        corrected(zoe={"first_name": "Zoey"}, cy={"group": "3A", "teacher": "Hewitt"})
        .drop(columns="row")
        .to_csv(index=False),
        encoding="utf-8",
    )
    with Studio.open(tmp_path / "studio.db", actor="anna") as studio:
        job_ = studio.new({"name": "maple-grove-2026", "school": "Maple Grove"})
        job_.apply(job_.names(tmp_path / "one.csv", seed=1))
        before = job_.state
        code = before.subjects["access_code"].iloc[0]
        job_.apply(job_.names(tmp_path / "two.csv", seed=2, same={"2": code}), why="corrected list")
        assert job_.state.subjects["first_name"].tolist()[0] == "Zoey"
        job_.undo(why="wrong file")
        for table in ("subjects", "groups", "findings"):
            new, old = (s.tables[table].drop(columns="version").reset_index(drop=True) for s in (job_.state, before))
            pd.testing.assert_frame_equal(new, old)
