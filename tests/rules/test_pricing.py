"""Order strings and prices: what is asked for is what is charged and what is printed, or it is said why not."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prepaykit.rules.pricing import DASHES, Item, counted_items, parse_items, price_lines, same_items
from tests.decide.test_orders import PRICES

PRODUCTS, PACKAGES = PRICES[PRICES["kind"] == "product"], PRICES[PRICES["kind"] == "package"]


def priced(*strings):
    wanted = pd.DataFrame({"order_id": range(1, len(strings) + 1), "order_subject_id": range(1, len(strings) + 1), "subject_id": 7,
                           "packages": strings, "ref": [f"10{i}" for i in range(len(strings))]})  # fmt: skip
    return price_lines(wanted, PRODUCTS, PACKAGES, first_line_id=5, first_slot_id=50)


def test_an_order_string_is_items_options_and_quantities():
    assert parse_items(" A-1; B1-2 ;DD1MP,AA-1;C; ") == [
        Item("A", (), 1),
        Item("B1", (), 2),
        Item("DD1MP", ("AA",), 1),
        Item("C", (), 1),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "position 1: expected a package or product code, got nothing"),
        ("A-1;;-2", "position 6: expected a package or product code, got '-2'"),
        ("A-", "position 3: expected a quantity from 1 to 999, got ''"),
        ("A-0", "position 3: expected a quantity from 1 to 999, got '0'"),
        ("A-1000", "position 3: expected a quantity from 1 to 999, got '1000'"),
        ("A,-1", "position 1: expected an option code"),
        ("A x-1", "position 1: expected a package or product code, got 'A x-1'"),
        ("A--1", "position 3: expected a quantity from 1 to 999, got '-1'"),
        ("A-1.5", "position 3: expected a quantity"),
        ("A-١", "position 3: expected a quantity"),
    ],
)
def test_a_wrong_string_says_where_and_what_was_expected(text, message):
    with pytest.raises(ValueError, match="position") as error:
        parse_items(text)
    assert message in str(error.value)


@given(st.text("A1-;, ", max_size=12))
def test_a_string_is_read_or_refused_and_nothing_else(text):
    try:
        items = parse_items(text)
    except ValueError:
        return
    again = ";".join(",".join((i.code, *i.options)) + f"-{i.quantity}" for i in items)
    assert parse_items(again) == items and same_items(text, again)


def test_a_package_opens_into_slots_with_all_its_copies():
    result = priced("A-2", "B;GRP-3")
    assert result.lines[["line_id", "code", "quantity", "total_cents"]].values.tolist() == [
        [5, "A", 2, 4200],
        [6, "B", 1, 3000],
        [7, "GRP", 3, 3600],
    ]
    assert result.slots[["slot_id", "line_id", "product_code", "hole", "quantity"]].values.tolist() == [
        [50, 5, "P57", "individual", 4],
        [51, 5, "GRP", "group", 2],
        [52, 6, "P57", "individual", 1],
        [53, 6, "MM", "mate_individual", 1],
        [54, 6, "MM", "mate_group", 1],
        [55, 7, "GRP", "group", 3],
    ]


def test_a_digital_picture_has_a_hole_of_its_own_and_a_service_has_none():
    result = priced("DL", "RT")
    assert result.slots["hole"].tolist() == ["digital"] and result.lines["total_cents"].tolist() == [1500, 500]


def test_what_is_sold_only_in_packages_or_is_unknown_is_left_out_and_said_with_the_orders_number():
    result = priced("MM;P57", "A,NO", "Z-1")
    assert result.findings[["code", "about", "key"]].values.tolist() == [
        ["package_unknown", "orders", k] for k in ("100", "101", "102")
    ]
    assert result.findings["detail"].tolist() == ["order 100: MM is sold only inside packages", "order 101: option NO is not on the price list",
                                                  "order 102: Z is not on the price list"]  # fmt: skip
    assert result.lines["code"].tolist() == ["P57"]


def test_lower_case_letters_keyed_from_an_envelope_are_understood():
    assert priced("a-1;p57").lines["code"].tolist() == ["A", "P57"]


@pytest.mark.parametrize("dash", [*DASHES, " - ", "-0"])
def test_whatever_a_spreadsheet_makes_of_a_hyphen_is_one(dash):
    assert parse_items(f"A{dash}1；DD1MP，AA{dash}2") == [Item("A", (), 1), Item("DD1MP", ("AA",), 2)]


@given(st.lists(st.tuples(st.sampled_from(["A", "B", "P57", "GRP", "DL"]), st.integers(1, 9)), min_size=1, max_size=5))
def test_the_total_is_the_sum_of_quantity_times_price(items):
    price = dict(zip(PRICES["code"], PRICES["price_cents"], strict=True))
    assert priced(";".join(f"{c}-{q}" for c, q in items)).lines["total_cents"].sum() == sum(
        int(price[c]) * q for c, q in items
    )


def test_two_strings_are_the_same_if_they_ask_for_the_same():
    assert same_items("A-1;B", "b-1; A") and not same_items("A-1", "A-2") and not same_items("A", None)
    assert counted_items("??") == ("??",)
