"""Weighing what is only alike: certain or not at all, ties never broken, and every bit accounted for."""

import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepaykit.errors import UsageError
from prepaykit.report.explained import as_html
from prepaykit.rules.matching import decoy_report, explain, match_in_full, match_orders
from prepaykit.rules.matching.explaining import as_table
from prepaykit.rules.matching.forms import school_form
from tests.tables_as_text import table

LIST = table("""
    access_code  student_id  first_name     last_name     grade  teacher        school
    WRW6-A9QE    001         Sofía          Cerda         3      Mrs. Hewitt    Lincoln Elementary School
    A7KF-MJN6    002         Mateo          Cerda         5      Mr. Okafor     Lincoln Elementary School
    C4EX-TWPF    003         Guadalupe      De La Cruz    3      Mrs. Hewitt    Lincoln Elementary School
    HT7Q-3XVD    004         Emma           Lowe          1      Ms. Birch      Lincoln Elementary School
    KM9R-VV4A    005         Ella           Lowe          1      Ms. Birch      Lincoln Elementary School
    PXJ3-6MTC    006         William        Garcia-Lopez  K      Ms. Quigley    Maple Grove School
    QD4N-YRH7    007         Kate           O'Brien       K      Ms. Quigley    Maple Grove School
    TJ6V-94KE    008         Jordan         Park          2      Mr. Yeo        Maple Grove School
    VAH9-RCX3    009         Jordan         Park          2      Mr. Yeo        Maple Grove School
    XN4M-E7QD    010         Priya          Iyer          2      Mr. Yeo        Maple Grove School
""")

ORDERS = table("""
    order_no  student_first  student_last    grade  teacher      access_code  school
    1         Sofia          CERDA           3rd    Hewitt       -            Lincoln
    2         Lupita         de la cruz      3      Mrs. Hewitt  -            Lincoln Elem.
    3         Lopez          Bill            K      Quigley      PXJ3-6MTC    Maple Grove
    4         -              O'Brien, Katie  KG     Mrs Quigly   QD4N-YRH7    Maple Grove
    5         Jordan         Park            2      Yeo          -            Maple Grove
    6         Sofia          Cerda           3      Hewitt       A7KF-MJN6    Lincoln
    7         Mateo          Cerda           3      Hewitt       WRW6-A9QE    Lincoln
    8         Priya          Iyer            -      -            -            -
    9         Zebediah       Quux            4      Strange      -            Lincoln
    10        E.             Lowe            1      Birch        HT7Q-3XVD    Lincoln
    11        Diego          Cerda           3      Hewitt       WRW6-A9QE    Lincoln
""")


def decisions(orders=ORDERS, names=LIST):
    result = match_orders(orders, names)
    return {
        n: (d, i if d == "auto" else "")
        for n, d, i in zip(result["order_id"], result["decision"], result["student_id"], strict=True)
    }


def test_accents_nicknames_swapped_fields_and_one_field_are_decided_where_class_or_code_agrees():
    said = decisions()
    assert said["1"] == ("auto", "001")
    assert said["2"] == ("auto", "003")
    assert said["3"] == ("auto", "006")
    assert said["4"] == ("auto", "007")


def test_namesakes_in_one_class_are_never_chosen_between():
    found = match_in_full(ORDERS, LIST)
    two = found.candidates[found.candidates["order_id"] == "5"].head(2)
    assert sorted(two["student_id"]) == ["008", "009"]
    assert two["probability"].iloc[0] == pytest.approx(two["probability"].iloc[1])
    assert decisions()["5"][0] == "review"


def test_a_code_never_overrules_a_contradicting_first_name():
    said = decisions()
    assert said["7"] != ("auto", "001")
    assert said["11"][0] == "review"
    assert "first name contradicts" in match_orders(ORDERS, LIST).set_index("order_id").loc["11", "reason"]


def test_a_name_alone_is_never_enough_and_nobody_is_nobody():
    said = decisions()
    assert said["8"][0] == "review"
    assert said["9"][0] in ("none", "review")
    assert match_orders(ORDERS, LIST).set_index("order_id").loc["8", "reason"].startswith("only the name agrees")


def test_twins_are_not_told_apart_by_an_initial_that_both_share():
    assert decisions(ORDERS.assign(access_code=None))["10"][0] == "review"


def test_a_code_that_belongs_to_another_child_is_said_so():
    orders = table("""
        order_no  student_first  student_last  grade  teacher      access_code
        1         Priya          Iyer          2      Yeo          C4EX-TWPF
    """)
    result = match_orders(orders, LIST)
    assert result["decision"].tolist() == ["review"]
    assert "code is that of another child" in result["reason"][0]


def test_one_wrong_symbol_in_a_code_helps_and_two_do_not():
    orders = table("""
        order_no  student_first  student_last  access_code
        1         Priya          Iyer          XN4M-E7QK
        2         Priya          Iyer          XN4M-E9QK
    """)
    found = match_in_full(orders, LIST)
    assert found.matches["decision"].tolist() == ["auto", "review"]
    assert "one symbol off" in found.matches["reason"][0]


def test_schools_are_the_same_without_the_words_that_all_schools_bear():
    assert len({school_form(t) for t in ("Lincoln", "LINCOLN Elem.", "Lincoln Elementary School", "lincoln es")}) == 1


def test_a_child_of_another_school_than_the_order_names_is_for_a_person():
    orders = ORDERS[ORDERS["order_no"] == "1"].assign(school="Maple Grove", teacher=None)
    assert match_orders(orders, LIST)["decision"].tolist() == ["review"]
    assert match_orders(orders.assign(school="Lincoln"), LIST)["decision"].tolist() == ["auto"]


def test_up_to_five_candidates_and_none_without_names():
    found = match_in_full(ORDERS, pd.concat([LIST, pd.DataFrame({"access_code": ["BLANK-1"]})], ignore_index=True))
    assert found.candidates.groupby("order_id").size().max() <= 5
    assert "BLANK-1" not in set(found.candidates["access_code"])
    assert (found.candidates.groupby("order_id")["rank"].min() == 1).all()


def test_empty_tables_give_empty_answers():
    assert len(match_orders(ORDERS.head(0), LIST)) == 0
    assert set(match_orders(ORDERS, LIST.head(0))["decision"]) == {"none"}


def test_reasons_hold_no_names():
    found = match_in_full(ORDERS, LIST)
    said = " ".join([*found.matches["reason"], *found.candidates["evidence"]]).lower()
    assert not [
        n
        for n in [*LIST["first_name"], *LIST["last_name"], *ORDERS["student_first"].dropna()]
        if re.search(rf"\b{n.lower()}\b", said)
    ]


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(len(ORDERS))), st.permutations(range(len(LIST))))
def test_the_order_of_both_tables_changes_nothing(one, other):
    straight = match_in_full(ORDERS, LIST)
    mixed = match_in_full(ORDERS.iloc[list(one)], LIST.iloc[list(other)])
    keys = ["order_id", "rank"]
    pd.testing.assert_frame_equal(
        mixed.matches.sort_values("order_id", ignore_index=True),
        straight.matches.sort_values("order_id", ignore_index=True),
    )
    pd.testing.assert_frame_equal(
        mixed.candidates.sort_values(keys, ignore_index=True), straight.candidates.sort_values(keys, ignore_index=True)
    )


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(LIST["first_name"].tolist()),
            st.sampled_from(LIST["last_name"].tolist()),
            st.sampled_from(LIST["access_code"].tolist()),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_no_automatic_match_has_another_first_name_or_an_equal_rival(rows):
    orders = pd.DataFrame(rows, columns=["student_first", "student_last", "access_code"]).assign(
        order_no=[str(i) for i in range(len(rows))]
    )
    found = match_in_full(orders, LIST)
    first = LIST.set_index("student_id")["first_name"]
    sure = found.matches[found.matches["decision"] == "auto"]
    typed = orders.set_index("order_no")["student_first"].reindex(sure["order_id"])
    assert (first.reindex(sure["student_id"]).to_numpy() == typed.to_numpy()).all()
    assert (found.candidates[found.candidates["rank"] == 2]["probability"] <= 0.5).all()


def test_probabilities_of_an_order_add_up_to_one_with_not_on_the_list():
    found = match_in_full(ORDERS, LIST)
    sums = (
        found.candidates.groupby("order_id")["probability"].sum().reindex(ORDERS["order_no"]).to_numpy()
        + found.totals["nobody"].to_numpy()
    )
    assert (sums <= 1 + 1e-9).all()
    assert sums.min() > 0.9


def test_bars_add_up_and_totals_give_the_probability():
    told = explain(match_in_full(ORDERS, LIST), "6")
    for candidate in told["candidates"]:
        assert sum(b["bits"] for b in candidate["bars"]) == pytest.approx(candidate["bits"])
    everything = [c["bits"] for c in told["candidates"]] + [told["off_bits"], told["other_bits"]]
    best = told["candidates"][0]
    assert 2 ** best["bits"] / sum(2**b for b in everything) == pytest.approx(best["probability"])
    assert f"{best['probability']:.2%}" in told["sentence"]
    shown = as_table(told)
    assert shown.iloc[:-1, 0].sum() == pytest.approx(shown.iloc[-1, 0])
    drawn = [float(b) for b in re.findall(r'data-bits="([-0-9.]+)"', as_html(told))]
    assert drawn[: len(shown)] == pytest.approx(shown.iloc[:, 0].tolist(), abs=1e-5)


def test_differing_letters_are_marked_and_markup_in_names_is_harmless():
    names = LIST.assign(last_name=LIST["last_name"].replace("Iyer", "Iyer<script>"))
    orders = table("""
        order_no  student_first  student_last  teacher
        1         Priyo          Iyer          Yeo
    """)
    html = as_html(explain(match_in_full(orders, names), "1"))
    assert "Priy<mark>a</mark>" in html
    assert "<script>" not in html


def test_an_order_that_is_not_there_cannot_be_explained():
    with pytest.raises(UsageError, match="no order 99"):
        explain(match_in_full(ORDERS, LIST), "99")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_decoys_are_never_accepted(seed):
    report = decoy_report(ORDERS, LIST, seed=seed, count=60)
    assert report["accepted"] == 0
    assert report["sentence"].startswith(f"Of {report['decoys']} made-up children")


def test_what_people_taught_is_used_for_that_job_alone():
    orders = table("""
        order_no  student_first  student_last  grade  teacher
        1         Nessie         Iyer          2      Yeo
    """)
    learnt = pd.DataFrame({"name": ["priya"], "short_form": ["nessie"], "source": ["decided by a person"]})
    assert match_orders(orders, LIST)["decision"].tolist() == ["review"]
    assert match_orders(orders, LIST, learnt=learnt)["decision"].tolist() == ["auto"]
    assert match_orders(orders, LIST)["decision"].tolist() == ["review"]
