"""What each piece of evidence says, and what it never decides alone."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from prepaykit.rules.matching import match_in_full, match_orders
from prepaykit.rules.matching.forms import parents_surname, readings
from prepaykit.rules.matching.levels import FIRST, LAST, compare_firsts, compare_lasts
from prepaykit.rules.matching.near import near_pairs
from tests.rules.matching.test_in_full import LIST
from tests.tables_as_text import table

names = st.lists(st.text("abc", min_size=1, max_size=6), min_size=1, max_size=8)


def _longer(names_list):
    """The same list among 300 other children of other names and classes."""
    others = pd.DataFrame({"first_name": [f"{a}{b}" for a in ("Wil", "Bern", "Oth", "Gus", "Tor") for b in ("mund", "hard", "win", "ric", "bert", "ger")],
                           "last_name": "Quillon", "grade": "5", "teacher": "Ms. Ferro"})  # fmt: skip
    many = pd.concat(
        [
            others.assign(last_name=f"{n}strand")
            for n in ("Lind", "Berg", "Holm", "Ek", "Sand", "Fors", "Ny", "Dahl", "Ros", "Ljung")
        ]
    )
    return pd.concat([names_list, many], ignore_index=True)


def level_of(typed, listed, compare=compare_firsts, levels=FIRST):
    pairs = compare([(typed,)], [(listed,)])
    return levels[int(pairs.of(np.array([0]), np.array([0]))[0])]


@settings(max_examples=60, deadline=None)
@given(names, names)
def test_names_one_slip_apart_always_meet(left, right):
    found = set(near_pairs(left, right).tolist())
    near = {i * len(right) + k for i, a in enumerate(left) for k, b in enumerate(right) if OSA.distance(a, b) <= 1}
    assert near <= found


def test_a_slip_in_the_middle_of_a_short_name_is_seen():
    assert level_of("akan", "alan") == "short_slip"
    assert level_of("iar", "ian") == "short_slip"


def test_what_eye_or_ear_mistakes_is_one_slip_whatever_the_number_of_letters():
    assert level_of("carnila", "camila") == "slip"
    assert level_of("naclia", "nadia") == "slip"
    assert level_of("hawlie", "hawley", compare_lasts, LAST) == "slip"


def test_a_first_letter_is_only_another_if_an_ear_explains_it():
    assert level_of("khance", "chance") == "similar"
    assert level_of("kandace", "candace") == "slip"
    assert level_of("pandace", "candace") == "similar"


def test_two_slips_are_not_one():
    assert level_of("cednic", "cedric") == "slip"
    assert level_of("cednik", "cedrin") == "two_slips"
    assert level_of("mala", "mona") == "different"


def test_a_pet_form_may_be_as_long_as_the_name():
    assert level_of("jaxie", "jaxon") == "clipped"
    assert level_of("jaxon", "jaxie") == "clipped"
    assert level_of("jax", "jon") == "different"


def test_half_of_a_double_surname_says_more_where_such_names_are_rare():
    typed, listed = [("garcia",)], [("garcia", "lopez"), ("park",)]
    rare = compare_lasts(typed, listed, bearers=np.array([1, 99]))
    common = compare_lasts(typed, listed, bearers=np.array([50, 50]))
    assert rare.extra[0] > common.extra[0] > 0


def test_a_form_that_few_names_have_says_more_than_one_of_ten():
    few, many = compare_firsts([("mateusz",), ("bill",)], [("matt",)]), compare_firsts([("bill",)], [("william",)])
    assert level_of("bill", "william") == "nickname"
    assert many.extra[0] < 0
    assert len(few.keys) <= 2


def test_a_parents_surname_speaks_where_the_order_gives_none():
    orders = table("""
        order_no  student_first  student_last  grade  teacher   parent_name
        1         Priya          -             2      -         -
        2         Priya          -             2      -         Anand Iyer
        3         Priya          -             2      -         Anand Rossi
    """)
    found = match_in_full(orders, LIST.assign(grade="2", teacher=None))
    best = found.evidence[found.evidence["rank"] == 1].set_index("order")["bits"]
    assert best[1] > best[0] > best[2]
    assert "parent's surname agrees" in found.candidates.set_index(["order_id", "rank"]).loc[("2", 1), "evidence"]


def test_a_parents_surname_like_the_childs_says_nothing_new():
    orders = table("""
        order_no  student_first  student_last  teacher  parent_name
        1         Priya          Iyer          Yeo      Anand Iyer
    """)
    assert (match_in_full(orders, LIST).evidence["other"] == 0).all()


def test_a_parents_surname_alone_decides_nothing():
    orders = table("""
        order_no  student_first  student_last  parent_name
        1         Priya          -             Anand Iyer
        2         -              -             Anand Iyer
    """)
    assert "auto" not in set(match_orders(orders, LIST)["decision"])


def test_parents_names_are_read_as_they_are_written():
    assert [parents_surname(t) for t in ("Ana María Ruiz", "Ruiz, Ana", "Mrs. Ruiz", "ana", "")] == [
        ("maria", "ruiz"),
        ("ruiz",),
        ("ruiz",),
        (),
        (),
    ]


def test_a_field_with_two_words_may_be_two_first_names():
    assert ((("nicole", "ernesto"), ()), "no_surname") in readings("Nicole Ernesto", "")


def test_a_teacher_one_letter_off_speaks_for_the_class_nearly_as_much_as_the_right_one():
    orders = table("""
        order_no  student_first  student_last  teacher
        1         Priya          Iyer          Yeo
        2         Sofia          Cerda         Hewit
        3         Sofia          Cerda         Hewitt
    """)
    bits = match_in_full(orders, LIST).evidence.query("rank == 1").set_index("order")["class"]
    assert bits[1] > 0.8 * bits[2] > 0


def test_an_initial_with_the_surname_needs_the_teacher_or_a_code_beside_the_grade():
    orders = table("""
        order_no  student_first  student_last  grade  teacher  access_code
        1         P.             Iyer          2      -        -
        2         P.             Iyer          2      Yeo      -
        3         P.             Iyer          -      -        XN4M-E7QD
    """)
    each = [match_orders(orders[orders["order_no"] == n], _longer(LIST)).iloc[0] for n in ("1", "2", "3")]
    assert [r["decision"] for r in each] == ["review", "auto", "auto"]
    assert each[0]["reason"].startswith("the first name is only an initial")


def test_a_siblings_code_never_decides_on_what_siblings_share():
    orders = table("""
        order_no  student_first  student_last  grade  teacher  access_code
        1         -              Cerda         -      -        A7KF-MJN6
        2         Sofia          Cerda         -      -        A7KF-MJN6
        3         Sofia          Cerda         5      Okafor   A7KF-MJN6
        4         Sofia          Cerda         3      Hewitt   A7KF-MJN6
        5         Sufio          Cerdo         3      Hewitt   A7KF-MJN6
    """)
    result = match_orders(orders, LIST).set_index("order_id")
    assert result.loc[["2", "3", "5"], "decision"].tolist() == ["review"] * 3
    assert result.loc["4", ["decision", "student_id"]].tolist() == ["auto", "001"]
    assert result.loc["1", "student_id"] != "001"


def test_a_code_without_a_first_name_is_not_taken_against_the_class():
    orders = table("""
        order_no  student_first  student_last  grade  teacher  access_code
        1         -              Iyer          2      Yeo      XN4M-E7QD
        2         -              Iyer          5      Okafor   XN4M-E7QD
    """)
    sure = match_in_full(orders, _longer(LIST)).matches
    assert sure["decision"][0] == "auto"
    assert sure["decision"][1] != "auto"


def test_another_school_is_only_overruled_by_code_or_class_with_the_name():
    orders = table("""
        order_no  student_first  student_last  grade  teacher  school   access_code
        1         Priya          Iyer          -      -        Lincoln  -
        2         Pryia          Iyer          -      -        Lincoln  XN4M-E7QD
        3         Priya          Iyer          2      Yeo      Lincoln  -
        4         P.             Iyer          2      Yeo      Lincoln  -
    """)
    assert match_orders(orders, LIST)["decision"].tolist() == ["review", "auto", "auto", "review"]


def test_second_orders_for_a_child_are_legal_and_other_first_names_for_it_are_not():
    orders = table("""
        order_no  student_first  student_last  grade  teacher  access_code
        1         Priya          Iyer          2      Yeo      XN4M-E7QD
        2         Priya          Iyer          2      Yeo      XN4M-E7QD
        3         Ravi           Iyer          2      Yeo      XN4M-E7QD
    """)
    assert match_orders(orders, LIST)["decision"].tolist() == ["auto", "auto", "review"]


def test_where_every_row_is_another_child_they_are_assigned_together():
    children = pd.DataFrame(
        {"student_id": ["1", "2"], "first_name": ["Jo", "Jan"], "last_name": "Park", "teacher": "Yeo"}
    )
    rows = pd.DataFrame(
        {"order_no": ["a", "b"], "student_first": ["J.", "Jo"], "student_last": "Park", "teacher": "Yeo"}
    )
    alone = match_in_full(rows.head(1), children).candidates
    assert alone["probability"].head(2).round(6).nunique() == 1
    together = match_in_full(rows, children, one_to_one=True)
    assert together.candidates.query("rank == 1").set_index("order_id")["student_id"].to_dict() == {"a": "2", "b": "1"}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, len(LIST) - 1), min_size=1, max_size=len(LIST), unique=True))
def test_assigned_children_are_each_others_and_none_is_given_twice(chosen):
    rows = LIST.iloc[chosen].rename(columns={"first_name": "student_first", "last_name": "student_last"})
    rows = rows.drop(columns=["access_code", "student_id"]).assign(order_no=[str(i) for i in range(len(rows))])
    best = match_in_full(rows, LIST, one_to_one=True).candidates.query("rank == 1")
    assert best["student_id"].is_unique
    assert len(best) == len(rows)
