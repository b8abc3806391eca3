"""cancel: gone from the collection, still found, money steps open. sell: only after a clean preflight."""

import json

import pandas as pd
import pytest

from prepaykit.decide.cancel import plan_cancel
from prepaykit.decide.sell import plan_sell, preflight
from prepaykit.decide.settings import plan_settings
from prepaykit.errors import Refused, UsageError
from prepaykit.rules.balance import balance
from prepaykit.rules.search import find, worklist
from tests.jobs import NOW, code, job, placed, populated, released

READY = {
    "archive_date": "2027-06-01",
    "selling_price_list": "fall",
    "selling_shipping": "usual",
    "campaign": "fall-proofs",
}


def cancelled(state, *numbers):
    return state.after(plan_cancel(state, numbers, now=NOW, why="not photographed"))


def test_a_cancelled_order_leaves_the_collection_and_is_still_found():
    state = cancelled(job(2), "1002")
    assert state.orders["collection_id"].isna().tolist() == [False, True]
    assert find(state, "1002")[["kind", "key", "status"]].to_numpy().tolist() == [["order", "1002", "cancelled"]]


def test_refund_and_fee_stay_on_the_worklist_fee_first():
    state = job(1)
    fees = {"service_fee_id": [1], "order_id": [1], "amount_cents": [105], "status": ["charged"]}
    state = cancelled(state.replace(service_fees=pd.DataFrame(fees)), "1001")
    assert worklist(state)[["step", "order_no", "amount_cents", "status"]].to_numpy().tolist() == [
        ["claim service fee", "1001", 105, "to_claim"], ["refund", "1001", 1500, "planned"]]  # fmt: skip
    assert balance(state)["holds"].all()


def test_an_order_in_production_is_not_cancelled():
    with pytest.raises(Refused, match="order 1001 was sent to production"):
        cancelled(released(placed(job(1))), "1001")


def test_cancelling_twice_owes_once():
    state = cancelled(job(1), "1001")
    assert plan_cancel(state, ["1001"], now=NOW, why="again").is_empty


def test_a_reason_is_needed():
    with pytest.raises(UsageError, match="say why"):
        plan_cancel(job(1), ["1001"], now=NOW, why=" ")


def test_an_order_in_revision_leaves_it():
    state = cancelled(placed(job(1, has_manual_revision=True)), "1001")
    assert state.revisions["status"].tolist() == ["withdrawn"]
    assert balance(state)["holds"].all()


def test_selling_is_refused_until_its_settings_are_there():
    with pytest.raises(
        Refused, match=r"maple-grove-2026 has no archive_date → set it: prepaykit settings archive_date=VALUE"
    ):
        plan_sell(placed(job(1)))


def test_selling_without_any_gallery_is_refused():
    with pytest.raises(Refused, match="no gallery is open"):
        plan_sell(job(1, absent=(1,), **READY))


def test_the_switch_queues_one_message_an_address():
    plan = plan_sell(released(placed(job(2, **READY))))
    rows = json.loads(plan.effects["payload"].iloc[0])["rows"]
    assert [(r["audience"], r["address"]) for r in rows] == [
        ("potential_buyer", "home1@example.org"), ("potential_buyer", "home2@example.org"),
        ("buyer", "parent1001@example.org"), ("buyer", "parent1002@example.org")]  # fmt: skip


def test_orders_still_waiting_are_pointed_out_not_refused():
    assert preflight(populated(job(2, **READY)))["code"].tolist() == ["sell_orders_waiting"]


def test_without_a_campaign_nothing_is_sent():
    plan = plan_sell(populated(job(1, **{**READY, "campaign": None})))
    assert (len(plan.effects), "sell_no_campaign" in set(plan.findings["code"])) == (0, True)


@pytest.mark.parametrize("address", [
    "a@example.org, b@example.org", "a@example.org;b@example.org", "a@example.org b@example.org", "a@b@example.org", "Anna <a@example.org>",
    "a@example", "none", "a@example.org\u00a0x", "a\u200b@example.org", "a@example.org\nBcc: b@example.org", "@example.org", "a@.org", "x" * 250 + "@a.org",
])  # fmt: skip
def test_an_address_that_is_not_one_plain_address_is_left_out_and_told_without_saying_it(address):
    state = populated(job(2, **READY))
    state = state.replace(
        subjects=state.subjects.assign(email=[address, "home2@example.org"]),
        orders=state.orders.assign(buyer_email=["parent1001@example.org", address]),
    )
    plan = plan_sell(state)
    rows = json.loads(plan.effects["payload"].iloc[0])["rows"]
    assert [r["address"] for r in rows] == ["home2@example.org", "parent1001@example.org"]
    told = plan.findings[plan.findings["code"] == "address_unusable"]
    assert told[["about", "key", "severity"]].to_numpy().tolist() == [
        ["orders", "1002", "warn"],
        ["subjects", code(1), "warn"],
    ]
    assert not plan.findings["detail"].str.contains(address, regex=False).any()
    assert plan_sell(state.after(plan)).is_empty


def test_addresses_are_not_looked_at_when_no_campaign_is_set():
    state = populated(job(1, **{**READY, "campaign": None}))
    state = state.replace(subjects=state.subjects.assign(email="none"))
    assert "address_unusable" not in set(preflight(state)["code"])


def test_switching_twice_sends_once():
    state = populated(job(1, **READY))
    assert plan_sell(state.after(plan_sell(state))).is_empty


def test_children_whose_pictures_are_not_sold_get_no_message():
    state = populated(job(1, **READY))
    state = state.replace(subjects=state.subjects.assign(sell=False))
    assert len(plan_sell(state).effects) == 0


def test_a_setting_is_changed_by_a_plan():
    state = job(1)
    plan = plan_settings(state, {"sibling_policy": "split"})
    assert plan.preview().to_numpy().tolist() == [["jobs", "maple-grove-2026", "sibling_policy", "hold_whole", "split"]]


def test_a_currency_is_kept_in_capitals():
    plan = plan_settings(job(1), {"currency": "eur"})
    assert plan.headline == "currency USD → EUR"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"siblings": "split"}, "no setting siblings"),
        ({"sibling_policy": "maybe"}, "may be hold_whole, split, ship_partial"),
        ({"archive_date": "soon"}, "a date such as"),
        ({"timezone": "Mars/Base"}, "no IANA time zone"),
        ({"has_manual_revision": "perhaps"}, "yes or no"),
        ({"status": "selling"}, "prepaykit sell"),
        ({"name": "other"}, "no setting name"),
        ({"currency": "US"}, "three letters"),
        ({"currency": ""}, "currency cannot be empty"),
        ({"batch_deadline": "1999-12-31"}, "a date from 2000 on"),
        ({"batch_deadline": "9999-12-31"}, "a date from 2000 on"),
        ({"batch_deadline": "10/16/2026"}, "a date such as 2026-10-16"),
    ],
)
def test_a_setting_that_a_job_cannot_have_is_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        plan_settings(job(1), settings)


def test_an_online_order_and_an_envelope_of_one_number_are_not_cancelled_together():
    state = populated(job(2))
    state = state.replace(orders=state.orders.assign(order_no="1001", origin=["online", "paper"]))
    with pytest.raises(UsageError, match="say which, by online:1001, paper:1001"):
        cancelled(state, "1001")
    assert cancelled(state, "paper:1001").orders["status"].tolist() == ["open", "cancelled"]
