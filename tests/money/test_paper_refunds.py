"""Money that came in an envelope goes back by hand: nothing is ever asked of Stripe, and only evidence closes it, once."""

import pandas as pd
import pytest

from prepaykit.decide.cancel import plan_cancel
from prepaykit.decide.paper import plan_paper
from prepaykit.decide.prices import plan_prices
from prepaykit.decide.refund import plan_evidence, plan_refund
from prepaykit.rules.balance import balance
from prepaykit.rules.money_book import on_account
from prepaykit.tables.state import JobState
from tests.decide.test_paper import NOW, PRICES, people

ENVELOPE = pd.DataFrame({"envelope_no": ["E-1"], "access_code": ["X-1"], "packages": ["A"], "received_cents": [2100], "payment_method": ["check"], "check_no": ["88"]})


@pytest.fixture
def cancelled():
    """A job whose only order came in an envelope and was cancelled."""
    state = JobState.new(name="maple-grove-2026", school="Maple Grove").replace(subjects=people())
    state = state.after(plan_prices(state, PRICES))
    state = state.after(plan_paper(state, ENVELOPE, now=NOW))
    return state.after(plan_cancel(state, ["E-1"], now=NOW, why="moved away"))


def handed(state):
    return state.after(plan_refund(state, ["E-1"], seen=None, now=NOW, gateway="person", hand_to="Ben", confirm="21.00"))


def test_stripe_is_not_asked_for_money_of_an_envelope(cancelled):
    plan = plan_refund(cancelled, seen={1: None}, now=NOW)
    assert plan.findings["code"].tolist() == ["refund_by_hand"]
    assert (plan.is_empty or plan.result["refund_ids"] == [], len(plan.effects)) == (True, 0)


def test_a_refund_by_hand_is_handed_over_and_sends_nothing(cancelled):
    plan = plan_refund(cancelled, ["E-1"], seen=None, now=NOW, gateway="person", hand_to="Ben", confirm="21.00")
    rows = cancelled.after(plan).refunds
    assert (rows["status"].tolist(), rows["handed_to"].tolist(), len(plan.effects)) == (["sending"], ["Ben"], 0)


def test_only_evidence_closes_it_and_the_books_balance(cancelled):
    state = handed(cancelled)
    assert on_account(state.postings, "to_refund").sum() == 2100
    state = state.after(plan_evidence(state, {1: "check 4711"}, now=NOW))
    assert state.refunds[["status", "evidence"]].to_numpy().tolist() == [["succeeded", "check 4711"]]
    assert (on_account(state.postings, "to_refund").sum(), on_account(state.postings, "refunded").sum()) == (0, 2100)
    assert balance(state).set_index("equation").loc["money", "holds"]


def test_it_goes_back_once_whatever_is_confirmed_again(cancelled):
    state = handed(cancelled)
    assert plan_refund(state, ["E-1"], seen=None, now=NOW, gateway="person", hand_to="Ann", confirm="21.00").is_empty
    state = state.after(plan_evidence(state, {1: "check 4711"}, now=NOW))
    assert plan_evidence(state, {1: "check 4712"}, now=NOW).is_empty
    assert len(state.refunds) == 1
