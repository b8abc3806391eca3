"""fees: asked for with keys and never names, on the list until they are closed."""

import pandas as pd
import pytest

from prepaykit.decide.cancel import plan_cancel
from prepaykit.decide.fees import fee_queue, plan_fees
from prepaykit.errors import Refused, UsageError
from prepaykit.report.fee_request import fee_request
from prepaykit.rules.search import worklist
from tests.jobs import NOW, job


@pytest.fixture
def state():
    fees = {"service_fee_id": [1, 2], "order_id": [1, 2], "amount_cents": [105, 98], "status": "charged"}
    state = job(2)
    state = state.replace(service_fees=pd.DataFrame(fees), orders=state.orders.assign(order_key=["K-1", None]))
    return state.after(plan_cancel(state, ["1001", "1002"], now=NOW, why="left"))


def test_the_request_names_orders_keys_amounts_and_no_person(state):
    text = fee_request(fee_queue(state), job=state.name, school="Maple Grove", currency="USD")
    assert "- order 1001 (order key K-1): $1.05, cancelled 2026-10-01\n- order 1002: $0.98, cancelled 2026-10-01" in text
    assert text.endswith("Total: $2.03")
    assert not any(name in text for name in [*state.subjects["last_name"], *state.orders["buyer_name"]])


def test_a_fee_stays_on_the_list_until_it_is_closed(state):
    asked = state.after(plan_fees(state, said="ticket 4711", now=NOW))
    assert fee_queue(asked)[["status", "requested_of"]].to_numpy().tolist() == [["requested", "ticket 4711"]] * 2
    credited = asked.after(plan_fees(asked, ["1001"], becomes="credited", said="invoice 88", now=NOW))
    refused = credited.after(plan_fees(credited, ["1002"], becomes="refused", said="their letter", now=NOW))
    assert (worklist(refused)["step"] == "claim service fee").sum() == 0
    assert refused.service_fees["evidence"].tolist() == ["invoice 88", "their letter"]


def test_a_refused_fee_can_be_asked_for_again(state):
    asked = state.after(plan_fees(state, said="ticket 4711", now=NOW))
    refused = asked.after(plan_fees(asked, ["1001"], becomes="refused", said="their letter", now=NOW))
    again = refused.after(plan_fees(refused, ["1001"], said="a manager", now=NOW))
    assert again.service_fees["status"].tolist() == ["requested", "requested"]
    assert again.service_fees[["closed_at", "evidence"]].isna().all().all(), "what is open has no end and no proof of one"


def test_an_order_without_a_fee_is_said_even_beside_one_that_has_one(state):
    state = state.replace(service_fees=state.service_fees[state.service_fees["order_id"] == 1])
    with pytest.raises(Refused, match=r"1002 \(no fee\)"):
        plan_fees(state, ["1001", "1002"], said="ticket", now=NOW)


def test_a_fee_of_an_order_that_was_not_cancelled_is_not_claimed():
    state = job(1)
    state = state.replace(service_fees=pd.DataFrame({"service_fee_id": [1], "order_id": [1], "amount_cents": [105], "status": ["charged"]}))
    with pytest.raises(Refused, match=r"order 1001 \(charged\)"):
        plan_fees(state, ["1001"], said="ticket", now=NOW)


def test_nothing_is_closed_without_what_proves_it(state):
    with pytest.raises(UsageError, match="what proves"):
        plan_fees(state, becomes="credited", said=" ", now=NOW)


def test_asking_twice_changes_nothing(state):
    asked = state.after(plan_fees(state, said="ticket 4711", now=NOW))
    assert plan_fees(asked, said="ticket 4711", now=NOW).is_empty
