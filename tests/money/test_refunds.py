"""Refunds: shown, confirmed by their sum, sent once; whatever Stripe answers, or does not."""

import json

import pandas as pd
import pytest

from prepaykit.decide.refund import plan_evidence, plan_refund
from prepaykit.errors import Refused, UsageError
from prepaykit.rules.balance import balance
from prepaykit.tables.gateway import SeenRefund
from prepaykit.tables.plan import Plan
from tests.jobs import NOW
from tests.money.bank import FAULTS
from tests.money.refunding import HOUR, JOB, cancelled_studio, confirm_all, statuses


def test_looking_at_refunds_changes_nothing_and_sends_nothing(studio_and_bank):
    studio, bank = studio_and_bank
    plan = studio.job().refund(through=bank)
    assert plan.is_empty
    assert "2 refunds, $30.00, in Stripe; 0 to look at; to do it: --confirm 30.00" in plan.headline
    assert bank.sent == []


def test_another_sum_than_goes_back_is_refused(studio_and_bank):
    studio, bank = studio_and_bank
    with pytest.raises(Refused, match=r"30\.01 was confirmed, but \$30\.00 would go back"):
        studio.job().refund(through=bank, confirm="30.01")


def test_what_is_confirmed_is_sent_once_and_booked(studio_and_bank):
    studio, bank = studio_and_bank
    confirm_all(studio, bank)
    assert bank.sent == []
    studio.send(through=bank)
    assert (statuses(studio), [r.amount_cents for r in bank.refunds()]) == (["succeeded"] * 2, [1500, 1500])
    rows = balance(studio.job().state).set_index("equation")
    assert rows["holds"].all()
    assert rows.loc["money", "sentence"].endswith("$0.00 to refund + $30.00 refunded.")


def test_sending_again_and_confirming_again_gives_nothing_back_twice(studio_and_bank):
    studio, bank = studio_and_bank
    confirm_all(studio, bank)
    studio.send(through=bank)
    studio.send(through=bank)
    assert studio.job().refund(through=bank, confirm="30.00").is_empty
    assert len(bank.sent) == 2


def test_what_is_sent_says_the_order_and_no_name(studio_and_bank):
    studio, bank = studio_and_bank
    confirm_all(studio, bank)
    studio.send(through=bank)
    body = json.loads(bank.sent[0][1])
    assert body == {"amount": 1500, "charge": "ch_1001", "reason": "requested_by_customer",
                    "metadata": {"job": JOB, "prepaykit_request": f"{JOB}.online.1001.1"}}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_ends_in_one_refund(studio_and_bank, fault):
    studio, bank = studio_and_bank
    confirm_all(studio, bank, ["1001"])
    bank.faults = [fault]
    for _ in range(16):
        studio.send(through=bank)
        bank.move(2 * HOUR)
        bank.settle("succeeded")
    assert len(bank.refunds()) == 1
    assert statuses(studio) == ["succeeded", "planned"]


def test_an_error_of_stripe_is_unknown_and_never_failed(studio_and_bank):
    studio, bank = studio_and_bank
    confirm_all(studio, bank, ["1001"])
    bank.faults = ["500_after"]
    report = studio.send(through=bank)
    # It was made all the same: the next look finds it.
    assert report["state"].tolist() == ["pending"]
    assert statuses(studio)[0] == "unknown"
    studio.send(through=bank)
    assert (statuses(studio)[0], len(bank.sent)) == ("succeeded", 1)


def test_a_pending_refund_is_not_sent_again_and_is_followed(studio_and_bank):
    studio, bank = studio_and_bank
    confirm_all(studio, bank, ["1001"])
    bank.faults = ["pending"]
    studio.send(through=bank)
    bank.move(50 * HOUR)
    studio.send(through=bank)
    assert (statuses(studio)[0], len(bank.sent)) == ("pending", 1)
    bank.settle("failed")
    studio.send(through=bank)
    assert statuses(studio)[0] == "failed"
    assert balance(studio.job().state)["holds"].all()


def test_a_failed_refund_needs_a_new_wish_that_stands_for_it(studio_and_bank):
    studio, bank = studio_and_bank
    confirm_all(studio, bank, ["1001"])
    bank.faults = ["pending"]
    studio.send(through=bank)
    bank.settle("failed")
    studio.send(through=bank)
    assert studio.job().refund(through=bank).result["refund_ids"] == [2]
    confirm_all(studio, bank, ["1001"])
    studio.send(through=bank)
    rows = studio.job().state.refunds
    assert rows["status"].tolist() == ["failed", "planned", "succeeded"]
    assert rows["replaces_id"].tolist()[2] == 1
    assert balance(studio.job().state)["holds"].all()


def test_a_succeeded_refund_that_fails_later_is_owed_again(studio_and_bank):
    studio, bank = studio_and_bank
    confirm_all(studio, bank, ["1001"])
    studio.send(through=bank)
    charge = bank.charges["ch_1001"]
    lost = tuple(SeenRefund(r.refund_id, r.amount_cents, "failed", r.request_id, "expired_or_canceled_card") for r in charge.refunds)
    bank.charges["ch_1001"] = type(charge)("ch_1001", 1500, 0, "USD", False, lost)
    studio.send(through=bank)
    state = studio.job().state
    assert state.refunds["status"].tolist()[0] == "failed"
    assert balance(state).set_index("equation").loc["money", "sentence"].endswith("$30.00 to refund + $0.00 refunded.")


def test_a_disputed_charge_is_not_refunded(studio_and_bank):
    studio, bank = studio_and_bank
    bank.charges["ch_1001"] = type(bank.charges["ch_1001"])("ch_1001", 1500, 0, "USD", True)
    plan = studio.job().refund(through=bank)
    assert plan.result["refund_ids"] == [2]
    assert plan.findings[["code", "key"]].to_numpy().tolist() == [["refund_disputed", "1"]]


def test_a_dispute_that_came_after_the_confirmation_blocks_it(studio_and_bank):
    studio, bank = studio_and_bank
    confirm_all(studio, bank, ["1001"])
    bank.charges["ch_1001"] = type(bank.charges["ch_1001"])("ch_1001", 1500, 0, "USD", True)
    studio.send(through=bank)
    assert (statuses(studio)[0], bank.sent) == ("blocked", [])


def test_a_refund_made_elsewhere_goes_to_a_person_until_it_was_looked_at(studio_and_bank):
    studio, bank = studio_and_bank
    charge = bank.charges["ch_1001"]
    bank.charges["ch_1001"] = type(charge)("ch_1001", 4500, 1500, "USD", False, (SeenRefund("re_9", 1500, "succeeded"),))
    plan = studio.job().refund(["1001"], through=bank)
    assert plan.findings["code"].tolist() == ["refund_elsewhere"]
    studio.job().apply(studio.job().refund(["1001"], through=bank, accept=["re_9"], confirm="15.00"))
    studio.send(through=bank)
    assert statuses(studio)[0] == "succeeded"


def test_more_than_is_left_of_the_charge_is_refused(studio_and_bank):
    studio, bank = studio_and_bank
    bank.charges["ch_1001"] = type(bank.charges["ch_1001"])("ch_1001", 1000, 0, "USD", False)
    assert studio.job().refund(through=bank).findings["code"].tolist() == ["refund_too_large"]


def test_part_of_it_goes_back_and_the_rest_stays_planned(studio_and_bank):
    studio, bank = studio_and_bank
    its = studio.job()
    its.apply(its.refund(["1001"], through=bank, parts={"1001": "5.00"}, confirm="5.00"))
    studio.send(through=bank)
    rows = its.state.refunds
    assert rows[["amount_cents", "status"]].to_numpy().tolist() == [[500, "succeeded"], [1500, "planned"], [1000, "planned"]]


def test_a_confirmation_can_be_undone_until_it_is_sent_and_not_after(studio_and_bank):
    studio, bank = studio_and_bank
    confirm_all(studio, bank)
    studio.job().undo()
    assert studio.send(through=bank).empty
    assert bank.sent == []
    confirm_all(studio, bank)
    studio.send(through=bank)
    with pytest.raises(Refused, match="cannot be undone"):
        studio.job().undo()


def test_a_second_person_who_looked_before_cannot_confirm_it_again(studio_and_bank):
    studio, bank = studio_and_bank
    second = studio.job().refund(through=bank, confirm="30.00")
    confirm_all(studio, bank)
    with pytest.raises(Refused, match="made at operation"):
        studio.job().apply(second)


def test_a_person_makes_it_and_only_evidence_closes_it(studio_and_bank):
    studio, bank = studio_and_bank
    its = studio.job()
    its.apply(its.refund(["1001"], gateway="person", hand_to="Ben", confirm="15.00", through=bank))
    assert statuses(studio)[0] == "sending"
    with pytest.raises(UsageError, match="say what proves it"):
        plan_evidence(its.state, {1: " "}, now=NOW)
    its.apply(its.refund_evidence({"1": "re_77"}))
    row = its.state.refunds.iloc[0]
    assert (row["status"], row["handed_to"], row["refund_id_stripe"]) == ("succeeded", "Ben", "re_77")
    assert balance(its.state)["holds"].all()
    assert bank.sent == []


def test_what_a_person_makes_is_not_sent_by_the_api_too(studio_and_bank):
    studio, bank = studio_and_bank
    its = studio.job()
    its.apply(its.refund(["1001"], gateway="person", hand_to="Ben", confirm="15.00", through=bank))
    assert its.refund(["1001"], through=bank).result["refund_ids"] == []
    assert studio.send(through=bank).empty


def test_money_of_an_order_that_was_not_cancelled_stays(studio_and_bank):
    studio, bank = studio_and_bank
    state = studio.job().state
    state = state.replace(orders=state.orders.assign(status="open", collection_id=None))
    plan = plan_refund(state, seen=dict.fromkeys([1, 2], bank.charges["ch_1001"]), now=NOW)
    assert set(plan.findings["code"]) == {"refund_not_cancelled"}


def test_stripe_out_of_reach_leaves_everything_waiting(studio_and_bank):
    studio, bank = studio_and_bank
    confirm_all(studio, bank)
    bank.is_away = True
    report = studio.send(through=bank)
    assert report["state"].tolist() == ["pending", "pending"]
    bank.is_away = False
    studio.send(through=bank)
    assert statuses(studio) == ["succeeded"] * 2


def test_choices_with_their_typed_amounts_are_the_confirmation(studio_and_bank):
    studio, bank = studio_and_bank
    chosen = pd.DataFrame({"kind": "refund", "target": ["online.1001.1", "online.1002.2"], "value": ["15.00", "4.00"]})
    its = studio.job()
    plan = its.refund(choices=chosen, through=bank)
    assert plan.result == {"refund_ids": [1, 2], "to_refund_cents": 1900, "confirmed": True, "is_final": False}
    its.apply(plan)
    studio.send(through=bank)
    assert sorted(r.amount_cents for r in bank.refunds()) == [400, 1500]
    assert its.choices()["value"].tolist() == ["15.00", "4.00"]
    assert its.refund(choices=chosen, through=bank).is_empty


def test_a_choice_of_more_than_is_owed_is_a_finding(studio_and_bank):
    studio, bank = studio_and_bank
    chosen = pd.DataFrame({"kind": ["refund"], "target": ["online.1001.1"], "value": ["15.01"]})
    plan = studio.job().refund(choices=chosen, through=bank)
    assert plan.findings["code"].tolist() == ["choice_unusable"]
    assert "refunds" not in plan.counts()


def test_without_a_key_a_refund_waits_and_says_what_is_missing(studio_and_bank, monkeypatch):
    studio, bank = studio_and_bank
    monkeypatch.delenv("PREPAYKIT_STRIPE_KEY", raising=False)
    confirm_all(studio, bank, ["1001"])
    assert studio.send()["error"].tolist() == ["no key of Stripe is here: set PREPAYKIT_STRIPE_KEY"]
    assert statuses(studio)[0] == "confirmed"


def test_a_live_key_that_was_not_asked_for_sends_no_refund_and_keeps_nothing_else_back(studio_and_bank, monkeypatch):
    studio, bank = studio_and_bank
    monkeypatch.setenv("PREPAYKIT_STRIPE_KEY", "rk_live_51Secret")
    confirm_all(studio, bank, ["1001"])
    (error,) = studio.send()["error"]
    assert "real money would move" in error
    assert "51Secret" not in error


def test_two_refunds_of_one_charge_are_never_on_their_way_at_once(tmp_path):
    studio, bank = cancelled_studio(tmp_path / "studio.db")
    its = studio.job()
    confirm_all(studio, bank)
    state = its.state
    refunds = state.refunds.assign(status="sending", charge_id_stripe="ch_1001", sent_at=NOW)
    with pytest.raises(Refused, match="refund"):
        its.apply(Plan.between(state, "refund_step", {"refunds": refunds}))
    studio.close()


def test_what_was_confirmed_anew_days_later_is_not_sent_under_two_keys_within_the_hour(studio_and_bank):
    studio, bank = studio_and_bank
    confirm_all(studio, bank, ["1001"])
    bank.faults = ["lost_before"]
    studio.send(through=bank)
    bank.move(30 * HOUR)
    bank.charges["ch_1001"] = type(bank.charges["ch_1001"])("ch_1001", 1500, 0, "USD", True)
    studio.send(through=bank)
    assert statuses(studio)[0] == "blocked"
    bank.charges["ch_1001"] = type(bank.charges["ch_1001"])("ch_1001", 3000, 0, "USD", False)
    confirm_all(studio, bank, ["1001"])
    bank.faults = ["late"]
    studio.send(through=bank)
    studio.send(through=bank)
    bank.move(HOUR)
    studio.send(through=bank)
    assert [r.amount_cents for r in bank.refunds()] == [1500]
    assert statuses(studio)[0] == "succeeded"


def test_a_refusal_after_an_uncertain_try_goes_to_a_person_only_when_the_first_can_land_no_more(studio_and_bank):
    studio, bank = studio_and_bank
    confirm_all(studio, bank, ["1001"])
    bank.faults = ["late"]
    studio.send(through=bank)
    bank.keys[bank.sent[0][0]] = (bank.now, "another request", None)
    studio.send(through=bank)
    assert statuses(studio)[0] == "unknown"
    bank.keys.clear()
    bank.move(HOUR)
    studio.send(through=bank)
    assert (statuses(studio)[0], len(bank.refunds())) == ("succeeded", 1)


def test_a_job_made_anew_with_the_file_of_choices_finds_the_refund_and_makes_none(tmp_path):
    (tmp_path / "anew").mkdir()
    studio, bank = cancelled_studio(tmp_path / "studio.db")
    chosen = pd.DataFrame({"kind": ["refund"], "target": ["online.1001.1"], "value": ["15.00"]})
    studio.job().apply(studio.job().refund(choices=chosen, through=bank))
    studio.send(through=bank)
    studio.job().choices(tmp_path / "choices.csv")
    studio.close()
    anew, _ = cancelled_studio(tmp_path / "anew" / "studio.db")
    its = anew.job()
    plan = its.refund(choices=tmp_path / "choices.csv", through=bank)
    its.apply(plan)
    anew.send(through=bank)
    assert (len(bank.sent), statuses(anew)[0]) == (1, "succeeded")
    anew.close()
