"""Exact matches: code, else student id, else one exact name in the class; never a guess."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from prepaykit.rules.matching import match_exactly, match_orders
from tests.tables_as_text import table

LIST = table("""
    subject_id  access_code  student_id  first_name  last_name  grade  teacher  group
    11          X-1          001         Ada         Lee        3      Hewitt   3A
    12          X-2          002         Bo          Ng         3      Hewitt   3A
    13          X-3          002         Bo          Ng         5      Smith    5C
    14          X-4          -           Zoë         Roe        5      Smith    5C
    15          X-5          -           -           -          -      -        -
""")


def matched(text):
    result = match_exactly(table(text), LIST)
    return [
        how if pd.notna(how) else why for how, why in zip(result["matched_by"], result["reason"], strict=True)
    ], result["subject_id"].fillna(0).tolist()


def test_the_code_comes_first_then_the_id_then_the_name_in_the_class():
    assert matched("""
        access_code  student_id  first  last  grade  teacher
        X-3          001         Ada    Lee   3      Hewitt
        X-9          001         -      -     -      -
        X-9          999         -      -     -      -
        -            -           ada    LEE   -      Hewitt
        -            -           Bo     Ng    5      -
        -            -           Bo     Ng    -      3A
    """) == (["code", "student_id", "unmatched", "exact_name", "exact_name", "exact_name"], [13, 11, 0, 11, 13, 12])


def test_a_name_alone_or_in_another_class_or_only_alike_is_no_match():
    assert (
        matched("""
        first  last  grade  teacher  student_id
        Ada    Lee   -      -        -
        Ada    Lee   3      Smith    -
        Ada    Lee   4      Hewitt   -
        Zoe    Roe   5      Smith    -
        Ada    Lee   3      Hewitt   555
        Ada    -     3      Hewitt   -
    """)[0]
        == ["unmatched"] * 6
    )


def test_an_id_that_two_children_have_is_ambiguous():
    assert matched("""
        student_id  first  last
        002         Bo     Ng
    """) == (["ambiguous"], [0])


def test_leading_zeros_count():
    assert matched("""
        student_id  access_code
        1           -
        01          -
    """)[0] == ["unmatched", "unmatched"]


def test_missing_never_meets_missing():
    nobody = pd.DataFrame(
        {"access_code": [None, None], "student_id": [None, None], "first": [None, None], "last": [None, None]}
    )
    blanks = LIST.assign(access_code=None, student_id=None, first_name=None, last_name=None)
    assert match_exactly(nobody, blanks)["subject_id"].isna().all()


def test_empty_tables_match_nothing():
    assert len(match_exactly(LIST.head(0), LIST)) == 0
    assert match_exactly(LIST, LIST.head(0))["reason"].tolist() == ["unmatched"] * 5


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(5)), st.permutations(range(5)))
def test_the_order_of_both_tables_changes_nothing(one, other):
    wanted = LIST.rename(columns={"first_name": "first", "last_name": "last"}).assign(
        access_code=["X-1", None, None, "X-9", None]
    )
    straight = match_exactly(wanted, LIST)
    mixed = match_exactly(wanted.iloc[list(one)], LIST.iloc[list(other)])
    pd.testing.assert_frame_equal(mixed.sort_index(), straight)


def test_the_front_door_gives_one_row_an_order_with_its_decision_on_bare_tables():
    orders = table("""
        order_no  access_code  student_id  student_first  student_last  teacher
        1         X-2          -           -              -             -
        2         -            002         -              -             -
        3         -            -           Zoe            Roe           Smith
        4         -            -           Zoë            Roe           5C
    """)
    result = match_orders(orders, LIST.drop(columns="subject_id"))
    shown = result[["order_id", "decision", "student_id", "access_code"]]
    assert shown.astype("object").where(shown.notna(), "-").values.tolist() == [
        ["1", "auto", "002", "X-2"],
        ["2", "review", "-", "-"],
        ["3", "auto", "-", "X-4"],
        ["4", "auto", "-", "X-4"],
    ]
    assert result["reason"].tolist()[:2] == ["code", "ambiguous"]
    paper = orders.rename(columns={"order_no": "envelope_no"})
    assert match_orders(paper, LIST)["order_id"].tolist() == ["1", "2", "3", "4"]
