"""Payments in: whose each is, by number or key and never by guess; what the orders do not say is found; nothing is counted twice."""

from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepaykit.decide.batch import plan_batch
from prepaykit.decide.cancel import plan_cancel
from prepaykit.decide.payments import plan_payments
from prepaykit.errors import Refused, UsageError
from prepaykit.intake.payment_reports import read_payments
from prepaykit.rules.balance import balance
from prepaykit.rules.payment_matching import match_payments, orders_to_pay
from prepaykit.rules.splitting import split_cents
from prepaykit.tables.account import entries, merged
from tests.jobs import NOW, placed, released
from tests.money.payments import book, confusing_season, sold
from tests.money.refunding import studio_with


def plan(state, entries_, *others, **said):
    return plan_payments(state, entries_, orders_to_pay([state, *others]), now=NOW, **said)


def found(state, entries_, *others):
    rows = plan(state, entries_, *others).findings
    return sorted(zip(rows["code"], rows["key"], strict=True))


PAID = ({"id": "ch_1001", "amount_cents": 1500}, {"id": "ch_1002", "amount_cents": 1500})


def test_payments_that_agree_say_nothing_and_change_nothing():
    result = plan(sold(), book(*PAID))
    assert (result.is_empty, result.result["matched"]) == (True, 2)


@pytest.mark.parametrize(
    "payment",
    [
        {"id": "ch_1001"},
        {"id": "ch_x", "intent_id": "ch_1001"},
        {"id": "ch_x", "session_id": "ch_1001"},
        {"id": "ch_x", "order_key": "KEY-1001"},
        {"id": "ch_x", "text": "Order KEY-1001: pictures"},
    ],
)
def test_a_payment_is_matched_by_any_of_its_numbers_or_by_the_key(payment):
    state = sold(1, references="order_key" not in payment and "text" not in payment)
    assert match_payments(book({"amount_cents": 1500, **payment}), orders_to_pay([state])).shares["order_no"].tolist() == ["1001"]


@pytest.mark.parametrize("seed", range(8))
def test_no_payment_is_ever_put_to_another_order(seed):
    entries_, wanted, truth = confusing_season(400, seed)
    matched = match_payments(entries_, wanted)
    told = {r.charge_id: (r.job, r.order_id) for r in matched.shares.itertuples()}
    assert len(told) > 200
    assert {c: told[c] for c in told if told[c] != truth[c]} == {}
    assert len(told) + len(matched.strays) == len(entries_), "none is lost"
    assert not set(told) & set(matched.strays["charge_id"])


def test_an_equal_amount_of_the_same_payer_on_that_day_is_only_a_suggestion():
    state = sold(1, references=False, keys=False)
    result = plan(state, book({"id": "ch_x", "amount_cents": 1500}))
    assert result.result["matched"] == 0
    assert result.findings[["code", "key"]].to_numpy().tolist() == [["payment_missing", "1001"], ["payment_guess", "1001"]]
    assert result.findings["suggestion"].iloc[1] == "ch_x"


def test_a_key_that_two_jobs_have_matches_nothing():
    state, other = sold(1, references=False), sold(1, references=False, name="other-2026")
    assert ("payment_two_ways", "ch_x") in found(state, book({"id": "ch_x", "amount_cents": 1500, "order_key": "KEY-1001"}), other)


def test_a_number_and_a_key_that_disagree_match_nothing_until_a_person_says_whose_it_is():
    state, entries_ = sold(), book({"id": "ch_1001", "amount_cents": 1500, "order_key": "KEY-1002"})
    assert ("payment_two_ways", "ch_1001") in found(state, entries_)
    said = plan(state, entries_, of={"ch_1001": "1001"}, why="looked")
    assert said.result["matched"] == 1
    assert state.after(said).choices[["kind", "target", "value"]].to_numpy().tolist() == [["payment", "ch_1001", "online:1001"]]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (PAID[:1], []),
        ((*PAID[:1], {"id": "ch_1002", "amount_cents": 1400}), [("payment_differs", "1002")]),
        ((*PAID, {"id": "ch_9", "amount_cents": 1500, "order_key": "KEY-1002"}), [("payment_twice", "1002")]),
        ((*PAID, {"id": "ch_9", "amount_cents": 700}), [("payment_of_nobody", "ch_9")]),
        ((*PAID, {"kind": "refund", "id": "re_1", "charge_id": "ch_1001", "amount_cents": 500, "status": "succeeded"}), [("payment_refunded", "1001")]),
        ((*PAID, {"kind": "refund", "id": "re_1", "charge_id": "ch_1001", "amount_cents": 500, "status": "failed"}), []),
        ((*PAID, {"kind": "dispute", "id": "dp_1", "charge_id": "ch_1001", "amount_cents": 1500, "status": "needs_response"}), [("payment_disputed", "1001")]),
        ((*PAID, {"kind": "dispute", "id": "dp_1", "charge_id": "ch_1001", "amount_cents": 1500, "status": "won"}), []),
        ((*PAID[:1], {"id": "ch_1002", "amount_cents": 1500, "currency": "CAD"}), [("payment_currency", "1002")]),
    ],
)  # fmt: skip
def test_what_the_orders_do_not_say_is_found(rows, expected):
    assert [f for f in found(sold(), book(*rows)) if f[0] != "payment_missing"] == expected


def test_an_order_without_a_payment_is_said_only_if_the_book_covers_its_day():
    state = sold()
    early = book(*PAID[:1])
    assert ("payment_missing", "1002") in found(state, early)
    later = early.assign(at=early["at"] + pd.Timedelta(days=9))
    assert ("payment_missing", "1002") not in found(state, later)


def test_a_cancelled_order_whose_money_was_kept_is_found_and_one_given_back_by_its_wish_is_not():
    state = sold(1)
    state = state.after(plan_cancel(state, ["1001"], now=NOW, why="left"))
    entries_ = book(*PAID[:1])
    assert found(state, entries_) == [("payment_kept", "1001")]
    state = state.replace(refunds=state.refunds.assign(request_id="w1", status="succeeded"))
    gone = book(*PAID[:1], {"kind": "refund", "id": "re_1", "charge_id": "ch_1001", "amount_cents": 1500, "status": "succeeded", "source_id": "w1"})
    assert found(state, gone) == []


def test_a_fee_that_stayed_though_the_payment_went_back_is_found():
    state = sold(1)
    state = state.replace(service_fees=pd.DataFrame({"service_fee_id": [1], "order_id": [1], "amount_cents": [105], "status": ["charged"]}))
    gone = book(*PAID[:1], {"kind": "refund", "id": "re_1", "charge_id": "ch_1001", "amount_cents": 1500, "status": "succeeded"})
    assert ("payment_fee_kept", "1001") in found(state, gone)


def test_an_order_known_by_its_key_gets_the_number_by_which_a_refund_finds_its_charge():
    state = sold(1, references=False)
    after = state.after(plan(state, book({"id": "ch_x", "amount_cents": 1500, "order_key": "KEY-1001"})))
    assert after.payments["reference"].tolist() == ["ch_x"]


def test_a_second_payment_is_counted_once_and_goes_onto_the_refund_list_with_the_batch():
    entries_ = book(*PAID, {"id": "ch_9", "amount_cents": 1500, "order_key": "KEY-1002"})
    state = sold()
    counted = state.after(plan(state, entries_, book_charges=["ch_9"]))
    assert balance(counted)["holds"].all()
    assert found(counted, entries_) == []
    with pytest.raises(Refused, match="ch_9 of order 1002 is counted"):
        plan(counted, entries_, book_charges=["ch_9"])
    gone = placed(counted)
    gone = gone.after(plan_batch(gone, now=NOW, number=1))
    assert gone.refunds["amount_cents"].tolist() == [1500]
    assert balance(gone)["holds"].all()


@pytest.mark.parametrize("end", ["released", "cancelled"])
def test_a_payment_counted_for_an_order_that_is_gone_is_owed_back_at_once(end):
    state = sold()
    state = released(placed(state)) if end == "released" else state.after(plan_cancel(state, ["1002"], now=NOW, why="left"))
    before = state.refunds["amount_cents"].sum()
    state = state.after(plan(state, book(*PAID, {"id": "ch_9", "amount_cents": 1500, "order_key": "KEY-1002"}), book_charges=["ch_9"]))
    assert state.refunds["amount_cents"].sum() - before == 1500
    assert balance(state)["holds"].all()


def test_a_payment_that_an_order_counts_already_is_never_counted_again():
    with pytest.raises(Refused, match="counted by the order already"):
        plan(sold(), book(*PAID), book_charges=["ch_1001"])
    with pytest.raises(Refused, match="or may be"):
        plan(sold(1, references=False), book({"id": "ch_x", "amount_cents": 1400, "order_key": "KEY-1001"}), book_charges=["ch_x"])


def test_a_payment_or_an_order_that_is_not_there_is_a_wrong_call():
    with pytest.raises(UsageError, match="has no payment ch_7"):
        plan(sold(), book(*PAID), of={"ch_7": "1001"})
    with pytest.raises(UsageError, match="has no order 9"):
        plan(sold(), book(*PAID), of={"ch_1001": "9"})
    with pytest.raises(UsageError, match="is no payment of an order"):
        plan(sold(), book(*PAID, {"id": "ch_8", "amount_cents": 1}), book_charges=["ch_8"])


def test_one_payment_for_several_orders_is_split_by_what_each_paid():
    state = sold(3)
    state = state.replace(payments=state.payments.assign(reference="ch_all"))
    shares = match_payments(book({"id": "ch_all", "amount_cents": 4501}), orders_to_pay([state])).shares
    assert shares["share_cents"].tolist() == [1501, 1500, 1500]


@given(st.lists(st.tuples(st.integers(-10_000, 10_000), st.lists(st.integers(0, 9_999), min_size=1, max_size=6)), min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_parts_add_up_to_the_cent_and_are_within_one_of_their_share(groups):
    rows = pd.DataFrame([(n, amount, weight) for n, (amount, weights) in enumerate(groups) for weight in weights], columns=["group", "amount", "weight"])
    rows["part"] = split_cents(rows["amount"], rows["weight"], rows["group"])
    for n, (amount, weights) in enumerate(groups):
        parts = rows.loc[rows["group"] == n, "part"].tolist()
        total = sum(weights)
        assert sum(parts) == amount
        assert all(abs(p * total - amount * w) < total for p, w in zip(parts, weights, strict=True)) or total == 0


TELLINGS = [
    {"kind": "refund", "id": "re_1", "status": "pending", "amount_cents": 500, "charge_id": "ch_1"},
    {"kind": "refund", "id": "re_1", "status": "failed", "amount_cents": 500},
    {"kind": "refund", "id": "re_1", "status": "succeeded", "source_id": "w1"},
    {"kind": "charge", "id": "ch_1", "amount_cents": 4200, "intent_id": "pi_1"},
    {"kind": "charge", "id": "pi_1", "amount_cents": 4200, "intent_id": "pi_1", "order_key": "KEY-1"},
    {"kind": "line", "id": "txn_1", "amount_cents": 4200, "fee_cents": 152},
    {"kind": "line", "id": "txn_1", "payout_id": "po_1"},
    {"kind": "dispute", "id": "dp_1", "status": "won"},
    {"kind": "dispute", "id": "dp_1", "status": "open"},
]


@given(st.permutations(TELLINGS), st.lists(st.sampled_from(TELLINGS), max_size=4))
@settings(max_examples=60, deadline=None)
def test_the_book_is_the_same_in_whatever_order_and_however_often_it_is_told(order, again):
    told = lambda rows: merged(entries(pd.DataFrame([row])) for row in rows)[0]  # noqa: E731
    expected = told(TELLINGS)
    pd.testing.assert_frame_equal(told([*order, *again]), expected)
    assert expected[["id", "status"]].fillna("").to_numpy().tolist() == [["ch_1", ""], ["dp_1", "won"], ["txn_1", ""], ["re_1", "failed"]]


def test_two_reports_that_differ_in_an_amount_are_said():
    rows = [book({"id": "ch_1", "amount_cents": 4200}), book({"id": "ch_1", "amount_cents": 42})]
    told, findings = merged(rows)
    assert (told["amount_cents"].tolist(), findings["code"].tolist()) == ([42], ["payment_contradicts"])


BALANCE = """balance_transaction_id,created_utc,available_on_utc,currency,gross,fee,net,reporting_category,source_id,charge_id,automatic_payout_id,payment_metadata[order_key]
txn_1,2026-09-30 10:00:00,2026-10-02 00:00:00,usd,15.00,0.74,14.26,charge,ch_a,ch_a,po_1,KEY-1001
txn_2,2026-09-30 11:00:00,2026-10-02 00:00:00,usd,15.00,0.74,14.26,charge,ch_b,ch_b,po_1,KEY-1002
txn_3,2026-10-01 11:00:00,2026-10-02 00:00:00,usd,-5.00,0.00,-5.00,refund,re_1,ch_b,po_1,
txn_4,2026-10-03 00:00:00,2026-10-03 00:00:00,usd,-23.52,0.00,-23.52,payout,po_1,,po_1,
txn_5,2026-10-03 00:00:00,2026-10-03 00:00:00,usd,1.234,0.00,1.23,charge,ch_c,ch_c,,
txn_1,2026-09-30 10:00:00,2026-10-02 00:00:00,usd,15.00,0.74,14.26,charge,ch_a,ch_a,po_1,KEY-1001
"""


def test_a_report_of_stripe_is_read_to_the_cent_and_rows_that_cannot_be_are_said(tmp_path):
    (tmp_path / "r.csv").write_text(BALANCE)
    read = read_payments(tmp_path / "r.csv")
    told = read.table.set_index(["kind", "id"])["amount_cents"]
    assert told.dropna().to_dict() == {
        ("line", "txn_1"): 1500, ("line", "txn_2"): 1500, ("line", "txn_3"): -500, ("line", "txn_4"): -2352,
        ("charge", "ch_a"): 1500, ("charge", "ch_b"): 1500, ("refund", "re_1"): 500, ("payout", "po_1"): 2352,
    }  # fmt: skip
    assert read.findings[["code", "key"]].to_numpy().tolist() == [["row_unusable", "row 6"], ["row_doubled", "row 7"]]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "file_empty"),
        ("charge_id,amount\n", "file_empty"),
        ("a,b\n1,2\n", "column_missing"),
        ("charge_id,amount,status\nch_1,12.00,who knows\n", "row_unusable"),
    ],
)
def test_a_report_that_cannot_be_read_is_said(tmp_path, text, code):
    (tmp_path / "r.csv").write_text(text)
    assert set(read_payments(tmp_path / "r.csv").findings["code"]) == {code}


def test_a_payment_that_failed_is_no_payment(tmp_path):
    (tmp_path / "r.csv").write_text("charge_id,amount,status\nch_1,12.00,Failed\nch_2,12.00,Refunded\n")
    assert read_payments(tmp_path / "r.csv").table["id"].tolist() == ["ch_2"]


def test_times_without_a_zone_are_of_the_zone_that_was_said(tmp_path):
    (tmp_path / "r.csv").write_text("charge_id,amount,paid_at\nch_1,12.00,2026-09-30 22:00:00\n")
    assert read_payments(tmp_path / "r.csv", timezone="America/Chicago").table["at"].iloc[0] == pd.Timestamp("2026-10-01 03:00", tz="UTC")


def test_from_a_report_to_a_counted_payment_through_the_studio(tmp_path):
    with studio_with(tmp_path / "studio.db", sold(references=False)) as studio:
        (tmp_path / "report.csv").write_text(BALANCE.replace("txn_5", "txn_9").replace("1.234", "15.00").replace("ch_c,ch_c,,", "ch_c,ch_c,,KEY-1002"))
        its = studio.job()
        first = its.payments(tmp_path / "report.csv")
        assert (first.result["matched"], "payment_twice" in set(first.findings["code"])) == (3, True)
        its.apply(its.payments(tmp_path / "report.csv", book=["ch_c"]), why="paid twice")
        again = its.payments(tmp_path / "report.csv")
        assert (again.result["matched"], set(again.findings["code"]) & {"payment_twice", "payment_not_booked"}) == (3, set())
        assert its.balance()["holds"].all()
    assert SimpleNamespace(**again.result).booked == 0


# --- a payment is of one order, counted once, whoever says so -------------------------------------------------------------


def test_a_payment_that_an_order_names_by_its_intent_is_counted_there_and_nowhere_else():
    state = sold()
    state = state.replace(payments=state.payments.assign(reference=["pi_1", "ch_1002"]))
    with pytest.raises(Refused, match="is counted by the order already"):
        plan(state, book({"id": "ch_1", "intent_id": "pi_1", "amount_cents": 1500}), of={"ch_1": "1002"}, book_charges=["ch_1"])


def test_a_payment_that_another_job_names_is_not_counted_here():
    with pytest.raises(Refused, match="is counted by the order already"):
        plan(sold(1, name="other-2026"), book({"id": "ch_1002", "amount_cents": 1500}), sold(), of={"ch_1002": "1001"}, book_charges=["ch_1002"])


def test_a_payment_that_two_jobs_claim_is_of_neither():
    here, there = sold(1, references=False, keys=False), sold(1, references=False, keys=False, name="other-2026")
    stray = book({"id": "ch_x", "amount_cents": 1400})
    there = there.after(plan(there, stray, here, of={"ch_x": "1001"}))
    assert match_payments(stray, orders_to_pay([here, there])).shares["job"].tolist() == ["other-2026"]
    result = plan(here, stray, there, of={"ch_x": "1001"})
    assert (result.result["matched"], "payment_two_ways" in set(result.findings["code"])) == (0, True)


@pytest.mark.parametrize("method", ["Check", "CASH", "cheque "])
def test_cash_and_checks_are_known_however_they_are_written(method):
    state = sold(1, references=False)
    state = state.replace(payments=state.payments.assign(method=method))
    assert found(state, book({"id": "ch_8", "amount_cents": 77})) == [("payment_of_nobody", "ch_8")]


def test_an_order_paid_in_cash_and_paid_again_by_card_can_be_counted():
    state = sold(1, references=False)
    state = state.replace(payments=state.payments.assign(method="cash"))
    paid = book({"id": "ch_x", "amount_cents": 1500, "order_key": "KEY-1001"})
    assert found(state, paid) == [("payment_not_booked", "1001")]
    assert plan(state, paid, book_charges=["ch_x"]).result["booked_cents"] == 1500


def test_what_went_back_already_is_not_counted_again():
    paid = book(*PAID, {"id": "ch_9", "amount_cents": 1500, "order_key": "KEY-1002"}, {"kind": "refund", "id": "re_1", "charge_id": "ch_9", "amount_cents": 1500, "status": "succeeded"})
    with pytest.raises(Refused, match="of ch_9 re_1 was given back already"):
        plan(sold(), paid, book_charges=["ch_9"])


def test_the_number_that_an_order_gets_is_of_a_payment_whose_money_is_still_here():
    paid = book({"id": "ch_a", "amount_cents": 1500, "order_key": "KEY-1001"}, {"id": "ch_b", "amount_cents": 1500, "order_key": "KEY-1001", "at": NOW + pd.Timedelta(hours=1)},
                {"kind": "refund", "id": "re_1", "charge_id": "ch_a", "amount_cents": 1500, "status": "succeeded"})  # fmt: skip
    state = sold(1, references=False)
    assert state.after(plan(state, paid)).payments["reference"].tolist() == ["ch_b"]


def test_a_payment_in_another_currency_gives_an_order_no_number():
    state = sold(1, references=False)
    assert state.after(plan(state, book({"id": "ch_y", "amount_cents": 1500, "currency": "JPY", "order_key": "KEY-1001"}))).payments["reference"].isna().all()
