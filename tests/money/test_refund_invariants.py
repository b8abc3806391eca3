"""Whatever happens in whatever order: the promises of refunds.md section 3 (I1 to I11) hold. And each wrong engine is caught.

The account and the ledger are in memory, so that many histories are tried: runs, faults, time, disputes, second confirmations, refunds settled or failed later.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from functools import cache
from hashlib import sha256

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from prepaykit import refunding
from prepaykit.decide.cancel import plan_cancel
from prepaykit.decide.refund import plan_refund
from prepaykit.errors import IllegalMove, NeighbourFailed, PrepaykitError
from prepaykit.refunding import carry_on, look_at, poll
from prepaykit.rules.balance import balance
from prepaykit.rules.refunding import IN_FLIGHT, OPEN
from prepaykit.tables.gateway import Answer
from tests.jobs import NOW
from tests.money.bank import FAULTS, Bank
from tests.money.refunding import JOB, paid_by_card

SHAPES = {"whole": [1500, 1500], "one part": [400], "parts of one": [400, 300], "part and whole": [1000, 1500]}


class Ledger:
    """A store of one job in memory."""

    def __init__(self, state):
        self.state = state
        self.history = [state]

    def read(self, job):
        return self.state

    def jobs(self):
        return pd.DataFrame({"name": [JOB]})

    def apply(self, plan, *, actor, why):
        self.state = self.state.after(plan)
        self.history.append(self.state)


class Desk:
    """A studio as far as refunds need one."""

    def __init__(self, ledger, bank):
        self.store, self.bank, self.actor = ledger, bank, "anna"

    def clock(self):
        return self.bank.now


@cache
def begun(shape):
    """A job with two orders cancelled, both paid by one charge (a split payment); refunds of this shape are confirmed."""
    state = paid_by_card(2)
    state = state.replace(payments=state.payments.assign(reference="ch_1"))
    state = state.after(plan_cancel(state, ["1001", "1002"], now=NOW, why="left"))
    for number, cents in zip(["1001", "1001"] if shape == "parts of one" else ["1001", "1002"], SHAPES[shape], strict=False):
        state = state.after(confirmed(state, number, cents, banked()))
    return state


def banked():
    bank = Bank(NOW)
    bank.charge("ch_1", 3000)
    return bank


def confirmed(state, number, cents, bank):
    """The plan of somebody who gives back so much of an order, and types it."""
    seen = look_at(Desk(Ledger(state), bank), JOB, bank)
    owed = plan_refund(state, [number], seen=seen, now=bank.now).result["to_refund_cents"]
    parts = {number: cents} if cents < owed else None
    return plan_refund(state, [number], seen=seen, now=bank.now, parts=parts, confirm=f"{min(cents, owed) / 100:.2f}")


class Refunds(RuleBasedStateMachine):
    """People confirm, runs are broken off, Stripe fails, time goes on."""

    through = staticmethod(lambda bank: bank)

    def __init__(self):
        super().__init__()
        self.bank = banked()
        self.gateway = self.through(self.bank)
        self.desk = Desk(Ledger(begun("whole")), self.bank)

    @initialize(shape=st.sampled_from(list(SHAPES)))
    def people_confirmed(self, shape):
        self.desk = Desk(Ledger(begun(shape)), self.bank)

    @property
    def rows(self):
        return self.desk.store.state.refunds

    @precondition(lambda self: self.rows["status"].isin(["planned", "failed", "review", "blocked"]).any())
    @rule(order=st.sampled_from(["1001", "1002"]), cents=st.sampled_from([1500, 400]))
    def somebody_confirms(self, order, cents):
        try:
            plan = confirmed(self.desk.store.state, order, cents, self.bank)
        except PrepaykitError:
            return  # the rules refuse it, and say why
        self.desk.store.apply(plan, actor="anna", why="")

    @rule(faults=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=3))
    def stripe_will_fail(self, faults):
        self.bank.faults = list(faults)

    @rule()
    def a_run(self):
        for refund_id in self.rows.loc[self.rows["status"].isin(OPEN), "refund_id"]:
            with suppress(NeighbourFailed):
                carry_on(self.desk, self.gateway, JOB, int(refund_id))
        poll(self.desk, self.bank)

    @rule(where=st.sampled_from(["look", "send", "answer"]))
    def a_run_is_killed(self, where):
        for refund_id in self.rows.loc[self.rows["status"].isin(OPEN), "refund_id"]:
            try:
                carry_on(self.desk, Killed(self.gateway, where), JOB, int(refund_id))
            except (Sigkill, NeighbourFailed):
                return

    @rule(hours=st.sampled_from([0.5, 1, 22, 24, 26]))
    def time_goes_on(self, hours):
        self.bank.move(pd.Timedelta(hours=hours))

    @rule(status=st.sampled_from(["succeeded", "failed"]))
    def what_is_pending_settles(self, status):
        self.bank.settle(status)

    @rule(is_disputed=st.booleans())
    def a_dispute_comes_or_ends(self, is_disputed):
        self.bank.charges["ch_1"] = replace(self.bank.charges["ch_1"], is_disputed=is_disputed)

    # --- the promises --------------------------------------------------------------------------------------------------------

    @invariant()
    def a_wish_has_at_most_one_refund(self):  # I1
        made = Counter(r.request_id for r in self.bank.refunds() if r.takes_money)
        assert max(made.values(), default=0) <= 1, made

    @invariant()
    def no_more_goes_back_than_was_wished_or_paid(self):  # I2
        given = sum(r.amount_cents for r in self.bank.refunds() if r.takes_money)
        assert given <= 3000
        wished = self.rows[self.rows["request_id"].notna() & (self.rows["status"] != "failed")]
        assert given <= wished["amount_cents"].sum()

    @invariant()
    def the_ledger_says_succeeded_only_of_what_is_there(self):  # I3
        made = {r.request_id for r in self.bank.refunds()}
        assert set(self.rows.loc[self.rows["status"] == "succeeded", "request_id"]) <= made

    @invariant()
    def nothing_is_sent_without_sending_having_been_committed(self):  # I5
        committed = {k for state in self.desk.store.history for k in state.refunds.loc[state.refunds["status"].isin(IN_FLIGHT), "request_key"]}
        assert {key for key, _ in self.bank.sent} <= committed

    @invariant()
    def one_key_is_one_request(self):  # I6
        assert len({key for key, _ in self.bank.sent}) == len(set(self.bank.sent))

    def money_balances_in_whole_cents(self):  # I11
        state = self.desk.store.state
        assert balance(state)["holds"].all()
        assert str(state.refunds["amount_cents"].dtype) == "int64"

    def teardown(self):
        """Faults gone, no dispute: after some days nothing is on its way, and everything is recorded (I3, I9)."""
        self.bank.faults = []
        self.bank.charges["ch_1"] = replace(self.bank.charges["ch_1"], is_disputed=False)
        for hours in (2, 8, 14, 26, 26):
            self.bank.move(pd.Timedelta(hours=hours))
            self.bank.settle("succeeded")
            self.a_run()
        self.a_wish_has_at_most_one_refund()
        self.money_balances_in_whole_cents()
        assert not self.rows["status"].isin(OPEN).any(), self.rows[["status", "evidence"]]
        taking = {r.request_id for r in self.bank.refunds() if r.takes_money}
        assert taking == set(self.rows.loc[self.rows["status"] == "succeeded", "request_id"])


class Sigkill(BaseException):
    """The process is gone."""


class Killed:
    """A gateway whose caller is killed before or after it answers."""

    def __init__(self, inner, where):
        self.inner, self.where = inner, where

    def look(self, charge_id):
        if self.where == "look":
            raise Sigkill
        return self.inner.look(charge_id)

    def send(self, request, key):
        if self.where == "send":
            raise Sigkill
        answer = self.inner.send(request, key)
        if self.where == "answer":
            raise Sigkill
        return answer


HISTORIES = settings(max_examples=250, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
FEW = settings(HISTORIES, max_examples=200, derandomize=True, phases=[Phase.generate], report_multiple_bugs=False)


@pytest.mark.slow
@pytest.mark.parametrize("half", [1, 2])
def test_every_promise_holds_in_every_history(half):
    run_state_machine_as_test(type(f"Refunds{half}", (Refunds,), {}), settings=HISTORIES)


# --- wrong engines, each of which must be caught ---------------------------------------------------------------------------


class Blind:
    """Looks, and sees no refund."""

    def __init__(self, bank):
        self.bank = bank

    def look(self, charge_id):
        return replace(self.bank.look(charge_id), refunds=(), refunded_cents=0)

    def send(self, request, key):
        return self.bank.send(request, key)


class KeyOnly(Blind):
    """Trusts the key alone: never looks, and sends a wish under one key for ever."""

    def send(self, request, key):
        return self.bank.send(request, sha256(request.encode()).hexdigest())


class Keyless(Blind):
    """Looks, and sends each time under another key."""

    count = 0

    def look(self, charge_id):
        return self.bank.look(charge_id)

    def send(self, request, key):
        Keyless.count += 1
        return self.bank.send(request, f"{key}{Keyless.count}")


class Sure(Blind):
    """Takes an error of Stripe's own for a failure, as others do."""

    def look(self, charge_id):
        return self.bank.look(charge_id)

    def send(self, request, key):
        answer = self.bank.send(request, key)
        return Answer("refused", code=answer.code) if answer.outcome == "unknown" and answer.code.startswith("500") else answer


def resend_pending(monkeypatch):
    honest = refunding.next_step
    monkeypatch.setattr(refunding, "next_step", lambda row, seen, **known: honest(
        row | {"status": "confirmed", "request_id": str(row["request_id"]) + "+"} if row["status"] == "pending" else row, seen, **known))  # fmt: skip


@pytest.mark.parametrize("wrong", [Blind, KeyOnly, Keyless, Sure, "pending resent"])
def test_a_wrong_engine_is_caught(wrong, monkeypatch):
    machine = type("Wrong", (Refunds,), {"through": staticmethod(lambda bank: wrong(bank) if isinstance(wrong, type) else bank)})
    if wrong is Sure:
        monkeypatch.setattr(refunding, "_made_after_all", lambda *_: None)
    if wrong == "pending resent":
        resend_pending(monkeypatch)
    with pytest.raises((AssertionError, IllegalMove)):
        run_state_machine_as_test(machine, settings=FEW)
