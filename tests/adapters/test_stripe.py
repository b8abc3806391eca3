"""The real client of Stripe against the stand-in: what is certain after every fault, and what is never shown. The bank in memory keeps the same contract."""

import json
import os

import pandas as pd
import pytest

from prepaykit.adapters.stripe.client import find_key, open_client
from prepaykit.adapters.stripe.refunds import StripeGateway
from prepaykit.errors import NeighbourFailed, Refused, UsageError
from prepaykit.rules.refunding import frozen_request
from tests.money.bank import Bank
from tests.stand_in.process import KEY, stand_in

ASKED = frozen_request("ch_1", 500, request="w1", job="maple-grove-2026", order_key="K7")


@pytest.fixture(scope="module")
def running():
    with stand_in() as process:
        yield process


class OnStandIn:
    """The real gateway, and the words that tests say to the other side."""

    def __init__(self, running):
        running.say("reset")
        running.say("charge", id="ch_1", amount=1500)
        self.running, self.gateway = running, StripeGateway(open_client(KEY, base=running.base))

    def faults(self, *faults):
        self.running.say("faults", faults=faults)

    def move(self, hours):
        self.running.say("move", seconds=hours * 3600)


class InMemory:
    """The bank in memory."""

    def __init__(self):
        self.gateway = Bank(pd.Timestamp("2026-10-01", tz="UTC"))
        self.gateway.charge("ch_1", 1500)

    def faults(self, *faults):
        self.gateway.faults = list(faults)

    def move(self, hours):
        self.gateway.move(pd.Timedelta(hours=hours))


@pytest.fixture(params=["stripe's client", "in memory"])
def other_side(request, running):
    return OnStandIn(running) if request.param == "stripe's client" else InMemory()


def test_a_refund_is_made_and_found_by_its_wish(other_side):
    answer = other_side.gateway.send(ASKED, "k1")
    assert (answer.outcome, answer.refund.amount_cents, answer.refund.status) == ("made", 500, "succeeded")
    seen = other_side.gateway.look("ch_1")
    assert (seen.captured_cents, seen.refunded_cents, seen.left_cents, seen.currency) == (1500, 500, 1000, "USD")
    assert [r.refund_id for r in seen.of_request("w1")] == [answer.refund.refund_id]


def test_the_same_key_gives_the_same_refund_again(other_side):
    first, second = (other_side.gateway.send(ASKED, "k1") for _ in range(2))
    assert first.refund.refund_id == second.refund.refund_id
    assert len(other_side.gateway.look("ch_1").refunds) == 1


def test_a_key_that_lapsed_acts_anew(other_side):
    other_side.gateway.send(ASKED, "k1")
    other_side.move(25)
    other_side.gateway.send(ASKED, "k1")
    assert len(other_side.gateway.look("ch_1").refunds) == 2


def test_another_request_under_a_key_is_refused(other_side):
    other_side.gateway.send(ASKED, "k1")
    answer = other_side.gateway.send(ASKED.replace("500", "600"), "k1")
    assert (answer.outcome, answer.code) == ("refused", "key_reused")


@pytest.mark.parametrize(
    ("fault", "outcome", "made"),
    [
        ("lost_before", "unknown", 0),
        ("lost_after", "unknown", 1),
        ("500_before", "unknown", 0),
        ("500_after", "unknown", 1),
        ("429", "not_tried", 0),
        ("409", "unknown", 0),
        ("late", "unknown", 0),
        ("pending", "made", 1),
    ],
)
def test_what_is_certain_after_a_fault(other_side, fault, outcome, made):
    other_side.faults(fault)
    answer = other_side.gateway.send(ASKED, "k1")
    assert answer.outcome == outcome
    assert len(other_side.gateway.look("ch_1").refunds) == made
    other_side.move(1)
    assert len(other_side.gateway.look("ch_1").refunds) == (1 if fault == "late" else made)


def test_more_than_is_left_is_refused_with_its_reason(other_side):
    answer = other_side.gateway.send(ASKED.replace("500", "1501"), "k1")
    assert (answer.outcome, answer.code) == ("refused", "amount_too_large")


def test_what_was_given_back_whole_is_refused(other_side):
    other_side.gateway.send(ASKED.replace("500", "1500"), "k1")
    assert other_side.gateway.send(ASKED, "k2").code == "charge_already_refunded"


def test_a_charge_that_is_not_there_is_none(other_side):
    assert other_side.gateway.look("ch_9") is None
    assert other_side.gateway.find_charge("ch_9") is None


def test_a_payment_intent_leads_to_its_charge(running):
    assert OnStandIn(running).gateway.find_charge("pi_1") == "ch_1"


@pytest.mark.parametrize(("status", "is_disputed"), [("needs_response", True), ("lost", True), ("won", False), ("warning_needs_response", False)])
def test_a_dispute_that_could_pay_twice_is_seen(running, status, is_disputed):
    side = OnStandIn(running)
    running.say("dispute", charge="ch_1", status=status)
    assert side.gateway.look("ch_1").is_disputed is is_disputed


def test_stripe_out_of_reach_is_a_neighbour_that_failed():
    gateway = StripeGateway(open_client(KEY, base="http://127.0.0.1:9"))
    with pytest.raises(NeighbourFailed, match="could not be asked"):
        gateway.look("ch_1")
    assert gateway.send(ASKED, "k1").outcome == "unknown"


# --- the key -----------------------------------------------------------------------------------------------------------


def test_a_live_key_is_refused_unless_it_is_asked_for():
    with pytest.raises(Refused, match="real money would move") as refusal:
        open_client("rk_live_51Secret")
    assert "Secret" not in str(refusal.value)
    assert open_client("rk_live_51Secret", live=True)


def test_what_is_no_secret_key_is_told_without_showing_it():
    with pytest.raises(UsageError, match="not one that begins with") as error:
        open_client("pk_test_51Open")
    assert "51Open" not in str(error.value)


def test_another_address_than_stripes_is_only_this_machine():
    with pytest.raises(Refused, match="only name this machine"):
        open_client(KEY, base="https://stripe.example.org")


def test_the_key_is_in_no_repr():
    assert KEY not in repr(StripeGateway(open_client(KEY)))


def test_the_key_comes_from_the_environment():
    assert find_key({"PREPAYKIT_STRIPE_KEY": "rk_test_1\n"}) == "rk_test_1"


def test_no_telemetry_is_written(running, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    OnStandIn(running).gateway.look("ch_1")
    assert [f for _, _, files in os.walk(tmp_path) for f in files] == []


def test_what_is_sent_arrives_as_it_was_frozen(running):
    side = OnStandIn(running)
    side.gateway.send(ASKED, "k1")
    refund = running.say("state")["refunds"][0]
    assert refund["metadata"] == json.loads(ASKED)["metadata"]
