"""What two people, two keys, two ledgers or two payments of an order could give back twice, or to the wrong parent, and do not."""

from dataclasses import replace

import pytest

from prepaykit.decide.cancel import plan_cancel
from prepaykit.decide.payments import plan_payments
from prepaykit.decide.refund import plan_refund
from prepaykit.errors import NeighbourFailed, Refused
from prepaykit.refunding import send_refund
from prepaykit.rules.payment_matching import orders_to_pay
from prepaykit.tables.gateway import SeenRefund
from tests.jobs import NOW
from tests.money.bank import Bank
from tests.money.payments import book
from tests.money.refunding import HOUR, JOB, cancelled_studio, confirm_all, paid_by_card, statuses, studio_with


def of_one_charge(place, cents):
    """Two cancelled orders that one charge of so many cents paid."""
    bank = Bank(NOW)
    bank.charge("ch_1", cents)
    state = paid_by_card(2)
    state = state.replace(payments=state.payments.assign(reference="ch_1"))
    state = state.after(plan_cancel(state, ["1001", "1002"], now=NOW, why="left"))
    return studio_with(place, state, clock=lambda: bank.now), bank


def by_ben(studio, bank, number="1001", **how):
    return studio.job().refund([number], gateway="person", hand_to="Ben", through=bank, confirm="15.00", **how)


def test_a_person_is_not_handed_what_stripe_made_for_a_ledger_that_was_lost(tmp_path):
    studio, bank = cancelled_studio(tmp_path / "first.db")
    confirm_all(studio, bank, ["1001"])
    studio.send(through=bank)
    restored, _ = cancelled_studio(tmp_path / "restored.db")
    plan = by_ben(restored, bank)
    assert (plan.result["refund_ids"], plan.findings["code"].tolist()) == ([], ["refund_made"])
    assert by_ben(restored, bank, accept=["re_1"]).result["confirmed"]
    studio.close()
    restored.close()


@pytest.mark.parametrize("fault", ["late", "pending"])
def test_a_key_of_another_account_leaves_every_refund_as_it_was(studio_and_bank, fault):
    studio, bank = studio_and_bank
    confirm_all(studio, bank, ["1001"])
    bank.faults = [fault]
    studio.send(through=bank)
    before = statuses(studio)
    studio.send(through=Bank(bank.now))
    assert statuses(studio) == before
    bank.move(2 * HOUR)
    studio.send(through=bank)
    assert [r.amount_cents for r in bank.refunds()] == [1500]


def test_a_person_is_not_handed_what_was_for_the_api_while_stripe_is_not_asked(studio_and_bank):
    studio, bank = studio_and_bank
    confirm_all(studio, bank, ["1001"])
    bank.charges["ch_1001"] = replace(bank.charges["ch_1001"], is_disputed=True)
    studio.send(through=bank)
    assert statuses(studio)[0] == "blocked"
    plan = by_ben(studio, Bank(bank.now))
    assert (plan.result["refund_ids"], plan.findings["code"].tolist()) == ([], ["refund_not_asked"])


def test_a_refund_made_twice_is_said_by_every_send(studio_and_bank):
    studio, bank = studio_and_bank
    confirm_all(studio, bank, ["1001"])
    studio.send(through=bank)
    made = bank.charges["ch_1001"].refunds[0]
    bank.charges["ch_1001"] = replace(bank.charges["ch_1001"], refunds=(made, replace(made, refund_id="re_twin")))
    for _ in range(2):
        rows = studio.send(through=bank)
        assert (rows["state"].tolist(), rows["error"].str.contains("made 2 times: re_1 re_twin; look at once").tolist()) == (["followed"], [True])


def test_one_charge_that_cannot_be_asked_keeps_no_other_refund_from_being_followed(studio_and_bank, monkeypatch):
    studio, bank = studio_and_bank
    confirm_all(studio, bank)
    bank.faults = ["pending", "pending"]
    studio.send(through=bank)
    bank.settle("failed")
    look = bank.look
    monkeypatch.setattr(bank, "look", lambda charge: _away() if charge == "ch_1001" else look(charge))
    rows = studio.send(through=bank)
    assert statuses(studio) == ["pending", "failed"]
    assert rows["error"].notna().tolist() == [True, True]


def _away():
    raise NeighbourFailed("Stripe cannot be asked (timeout). Nothing was sent; try again later.")


def test_the_failed_refund_of_a_lost_ledger_is_found_failed(tmp_path):
    studio, bank = cancelled_studio(tmp_path / "first.db")
    confirm_all(studio, bank, ["1001"])
    bank.faults = ["pending"]
    studio.send(through=bank)
    bank.settle("failed")
    restored, _ = cancelled_studio(tmp_path / "restored.db")
    confirm_all(restored, bank, ["1001"])
    bank.charges["ch_1001"] = replace(bank.charges["ch_1001"], is_disputed=False)
    restored.send(through=bank)
    assert statuses(restored)[0] == "failed"
    studio.close()
    restored.close()


def test_what_a_person_made_on_a_shared_charge_is_known_there(tmp_path):
    studio, bank = of_one_charge(tmp_path / "shared.db", 3000)
    its = studio.job()
    its.apply(by_ben(studio, bank))
    bank.charges["ch_1"] = replace(bank.charges["ch_1"], refunds=(SeenRefund("re_77", 1500, "succeeded"),), refunded_cents=1500)
    its.apply(its.refund_evidence({"1": "re_77"}))
    confirm_all(studio, bank, ["1002"])
    studio.send(through=bank)
    assert statuses(studio) == ["succeeded", "succeeded"]
    assert sum(r.amount_cents for r in bank.refunds()) == 3000
    studio.close()


def test_one_proof_closes_one_refund(studio_and_bank):
    studio, bank = studio_and_bank
    its = studio.job()
    its.apply(its.refund(gateway="person", hand_to="Ben", through=bank, confirm="30.00"))
    with pytest.raises(Refused, match="re_77 proves refund 1 already"):
        its.refund_evidence({"1": "re_77", "2": "re_77"})
    its.apply(its.refund_evidence({"1": "re_77"}))
    with pytest.raises(Refused, match="re_77 proves refund 1 already"):
        its.refund_evidence({"2": "re_77"})


def test_a_key_that_is_none_keeps_nothing_else_back(studio_and_bank, monkeypatch):
    studio, bank = studio_and_bank
    confirm_all(studio, bank)
    monkeypatch.setenv("PREPAYKIT_STRIPE_KEY", "pk_live_abc")
    rows = studio.send()
    assert rows["state"].tolist() == ["pending", "pending"]
    assert rows["error"].str.contains("begins with rk_test_").all()


def test_a_payment_that_was_put_right_is_not_given_back_to_the_order_it_was_wrongly_put_to(tmp_path):
    bank = Bank(NOW)
    bank.charge("ch_x", 1500)
    state = paid_by_card(2)
    state = state.replace(payments=state.payments.assign(reference=None))
    paid = book({"id": "ch_x", "amount_cents": 1500})
    for number in ("1001", "1002"):
        state = state.after(plan_payments(state, paid, orders_to_pay([state]), of={"ch_x": number}, now=NOW))
    assert state.payments["reference"].tolist() == ["ch_x", "ch_x"]
    state = state.after(plan_cancel(state, ["1001", "1002"], now=NOW, why="left"))
    studio = studio_with(tmp_path / "put_right.db", state, clock=lambda: bank.now)
    plan = studio.job().refund(through=bank)
    assert (plan.findings["code"].tolist(), plan.findings["detail"].str.contains("order 1001").tolist()) == (["refund_no_charge"], [True])
    assert plan.result["to_refund_cents"] == 1500
    studio.close()


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_money_without_hundredths_is_not_sent_by_the_api(currency):
    bank = Bank(NOW)
    bank.charge("ch_1001", 15000, currency)
    state = paid_by_card(1, currency=currency)
    state = state.after(plan_cancel(state, ["1001"], now=NOW, why="left"))
    plan = plan_refund(state, seen={1: bank.look("ch_1001")}, now=NOW, confirm="15.00")
    assert (plan.findings["code"].tolist(), len(plan.effects)) == (["refund_by_hand"], 0)


def test_two_refunds_of_an_order_that_was_paid_twice_are_one_of_each_payment(tmp_path):
    bank = Bank(NOW)
    for charge in ("ch_1001", "ch_again"):
        bank.charge(charge, 1500)
    state = paid_by_card(1)
    state = state.after(plan_cancel(state, ["1001"], now=NOW, why="left"))
    paid = book({"id": "ch_1001", "amount_cents": 1500}, {"id": "ch_again", "amount_cents": 1500})
    state = state.after(plan_payments(state, paid, orders_to_pay([state]), of={"ch_again": "1001"}, book_charges=["ch_again"], now=NOW))
    studio = studio_with(tmp_path / "twice.db", state, clock=lambda: bank.now)
    confirm_all(studio, bank, ["1001"])
    studio.send(through=bank)
    assert (statuses(studio), {c.charge_id: c.left_cents for c in bank.charges.values()}) == (["succeeded"] * 2, {"ch_1001": 0, "ch_again": 0})
    studio.close()


def test_refunds_that_do_not_fit_into_one_charge_together_do_not_go_together(tmp_path):
    studio, bank = of_one_charge(tmp_path / "short.db", 2000)
    plan = studio.job().refund(through=bank)
    assert (plan.result["to_refund_cents"], plan.findings["code"].tolist()) == (1500, ["refund_too_large"])
    studio.close()


def test_a_promise_of_the_api_that_a_person_took_over_is_settled_with_the_outbox(studio_and_bank):
    studio, bank = studio_and_bank
    its = studio.job()
    its.apply(its.refund(["1001"], gateway="person", hand_to="Ben", through=bank, confirm="15.00"))
    assert send_refund(studio, bank, {"job": JOB, "refund_id": 1}) == "sending not for the API: Ben makes it"
    assert bank.sent == []
