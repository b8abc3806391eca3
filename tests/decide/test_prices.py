"""Prices: a changed list is a new edition, the same list changes nothing."""

import pandas as pd

from prepaykit.decide.prices import plan_prices
from prepaykit.tables.state import JobState
from tests.decide.test_orders import PRICES

STATE = JobState.new(name="maple-grove-2026", school="Maple Grove")


def test_the_first_list_is_edition_one_and_the_same_list_in_any_order_changes_nothing():
    state = STATE.after(plan_prices(STATE, PRICES))
    assert state.products["edition"].unique().tolist() == [1] and state.packages["code"].tolist() == ["A", "B"]
    assert plan_prices(state, PRICES.iloc[::-1]).is_empty


def test_a_changed_list_is_a_new_edition_and_the_former_one_stays():
    state = STATE.after(plan_prices(STATE, PRICES))
    after = state.after(plan_prices(state, PRICES.assign(price_cents=PRICES["price_cents"] + 1)))
    assert after.packages[["edition", "code", "price_cents"]].values.tolist() == [
        [1, "A", 2100],
        [1, "B", 3000],
        [2, "A", 2101],
        [2, "B", 3001],
    ]
    assert len(after.products) == 10


def test_a_package_with_an_unknown_or_unreadable_item_is_found():
    plan = plan_prices(STATE, PRICES.assign(items=[None] * 5 + ["P57-2;NO1", "P57--"]))
    assert plan.findings[["code", "about", "key"]].values.tolist() == [
        ["price_item_unknown", "packages", "A"],
        ["price_item_unknown", "packages", "B"],
    ]
    assert plan.findings["detail"][0] == "package A contains NO1, which is not a product of the list"


def test_without_a_list_nothing_changes_and_the_findings_stay():
    state = STATE.after(plan_prices(STATE, PRICES.assign(items=[None] * 5 + ["NO1", "P57"])))
    plan = plan_prices(state, pd.DataFrame(columns=PRICES.columns))
    assert plan.is_empty and plan.findings["key"].tolist() == ["A"]
