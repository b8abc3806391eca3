"""What decisions teach: only what they support, readable, gone with the decision, and never enough to tell twins apart."""

import pandas as pd

from prepaykit.decide.codes import plan_codes
from prepaykit.rules.learnt import learnt_from
from prepaykit.rules.weighed import match_queue
from tests.decide.school import NAMES, NOW, envelopes, job, matches, online, orders, paper

LESSON = envelopes("""
    envelope_no  student_first  student_last  grade  teacher
    E-1          Doruschka      Boone         4      Ms. Kowalski
""")
NEXT = envelopes("""
    envelope_no  student_first  student_last  grade  teacher
    E-2          Doruschka      Boone         4      Kowalski
""")


def lessons(state):
    return learnt_from(state)[["kind", "written", "listed", "is_used"]].values.tolist()


def test_a_corrected_nickname_is_learnt_with_its_choice_and_decides_the_next_order():
    untaught = paper(job(), NEXT)
    assert matches(untaught) == {}
    state = paper(job(), LESSON, match={"E-1": "X-10"}, who="ana", why="her mother says so")
    assert lessons(state) == [["nickname", "doruschka", "theodora", True]]
    (row,) = learnt_from(state).to_dict("records")
    assert (row["choice"], row["who"], row["why"], row["decided_at"]) == (
        "envelope E-1",
        "ana",
        "her mother says so",
        NOW,
    )
    assert matches(paper(state, NEXT))["E-2"] == ("X-10", "weighed")


def test_the_same_job_teaches_the_same_and_nothing_is_kept_apart():
    state = paper(job(), LESSON, match={"E-1": "X-10"}, who="ana")
    pd.testing.assert_frame_equal(learnt_from(state), learnt_from(paper(state)))
    corrected = paper(state, match={"E-1": "X-9"}, who="bo")
    assert lessons(corrected) == []
    recoded = state.after(plan_codes(state, order_code={"E-1": "X-9"}, who="bo", now=NOW))
    assert lessons(recoded) == []


def test_a_wrong_person_put_right_teaches_nothing():
    rows = envelopes("""
        envelope_no  student_first  student_last  grade  teacher
        E-1          Mia            Boone         4      Ms. Kowalski
        E-2          Doruschka      Quigley       4      Ms. Kowalski
        E-3          Doruschka      Boone         2      Mr. Yeo
        E-4          Priya          Boone         4      Ms. Kowalski
        E-5          Doruschka      -             4      Ms. Kowalski
    """)
    state = paper(job(), rows, match={f"E-{n}": "X-10" for n in range(1, 6)}, who="ana")
    assert lessons(state) == []


def test_a_name_of_its_own_is_never_a_short_form():
    """Maria may be Mariana's sister."""
    names = pd.concat(
        [NAMES, NAMES.head(1).assign(access_code="X-20", first_name="Mariabella", last_name="Boone")], ignore_index=True
    )
    rows = envelopes("""
        envelope_no  student_first  student_last  grade  teacher
        E-1          Bella          Boone         3      Mrs. Hewitt
    """)
    assert lessons(paper(job(names), rows, match={"E-1": "X-20"})) == []


def test_a_teacher_form_of_this_school_is_learnt_and_read_as_the_teacher():
    rows = orders("""
        order_no  student_first  student_last  grade  teacher
        1001      Theodora       Boone         -      Room Sunflower
    """)
    more = orders("""
        order_no  student_first  student_last  grade  teacher
        1002      Prya           Natarajan     -      room sunflower
    """)
    assert matches(online(job(), more)) == {"1002": ("", "")}
    state = online(job(), rows)
    state = state.after(plan_codes(state, order_code={"1001": "X-10"}, who="ana", now=NOW))
    assert lessons(state) == [["teacher_form", "Room Sunflower", "Ms. Kowalski", True]]
    assert matches(online(state, more))["1002"] == ("X-11", "weighed")


def test_a_teacher_form_that_fits_another_teacher_or_class_is_not_learnt():
    names = pd.concat(
        [NAMES, NAMES.tail(1).assign(access_code="X-20", first_name="Ana", teacher="Mr. Kim")], ignore_index=True
    )
    rows = envelopes("""
        envelope_no  student_first  student_last  grade  teacher
        E-1          Theodora       Boone         4      Ms. K.
        E-2          Vanessa        Quigley       4      Mr. Adeyemi
        E-3          Priya          Natarajan     2      Mr. Bob
        E-4          Priya          Natarajan     4      Ms. Kowalsky
    """)
    state = paper(job(names), rows, match={"E-1": "X-10", "E-2": "X-9", "E-3": "X-11", "E-4": "X-11"}, who="ana")
    assert lessons(state) == []
    alone = paper(job(), rows.head(1), match={"E-1": "X-10"})
    assert lessons(alone) == [["teacher_form", "Ms. K.", "Ms. Kowalski", True]]


def test_a_form_taught_for_two_teachers_is_shown_and_not_used():
    rows = envelopes("""
        envelope_no  student_first  student_last  grade  teacher
        E-1          Theodora       Boone         4      Room Sunflower
        E-2          Owen           Castillo      4      Room Sunflower
    """)
    state = paper(job(), rows, match={"E-1": "X-10", "E-2": "X-12"}, who="ana")
    assert lessons(state) == [
        ["teacher_form", "Room Sunflower", "Mr. Adeyemi", False],
        ["teacher_form", "Room Sunflower", "Ms. Kowalski", False],
    ]
    assert set(learnt_from(state)["note"]) == {"taught for two teachers"}


def test_a_form_that_parents_of_another_class_write_is_not_used():
    rows = envelopes("""
        envelope_no  student_first  student_last  grade  teacher         access_code
        E-1          Theodora       Boone         4      Room Sunflower  -
        E-2          Owen           Castillo      4      Room Sunflower  X-12
    """)
    state = paper(job(), rows, match={"E-1": "X-10"}, who="ana")
    assert learnt_from(state)["note"].tolist() == ["parents of another class write it too"]


def test_a_learnt_pair_never_tells_twins_apart():
    twins = NAMES.head(2).assign(
        access_code=["T-1", "T-2"], first_name=["Theodora", "Cordelia"], last_name="Marlowe", email=None
    )
    lesson = envelopes("""
        envelope_no  student_first  student_last  grade  teacher
        E-1          Doruschka      Marlowe       3      Mrs. Hewitt
    """)
    again = lesson.assign(envelope_no="E-2")
    for children, taken in ((twins.head(1), True), (twins, False)):
        names = pd.concat([NAMES, children], ignore_index=True)
        state = paper(job(names), lesson, match={"E-1": "T-1"}, who="ana")
        assert lessons(state) == [["nickname", "doruschka", "theodora", True]]
        state = paper(state, again)
        assert ("E-2" in matches(state)) == taken
    queue = match_queue(state).set_index("number")
    assert queue["reason"].iloc[0].startswith("what was taught fits a brother, sister or namesake too")
