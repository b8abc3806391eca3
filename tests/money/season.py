"""A whole season as Stripe's itemised report and as jobs: refunds, disputes, fees, payments for two families, payouts of all kinds, two currencies. Every sum is known beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from prepaykit.decide.cancel import plan_cancel
from prepaykit.intake.payment_reports import read_payments
from prepaykit.rules import money_book
from prepaykit.rules.reconciling import Season
from prepaykit.tables.account import merged
from prepaykit.tables.catalog import typed
from prepaykit.tables.state import JobState
from tests.jobs import NOW, job

BEGIN = pd.Timestamp("2026-08-25", tz="UTC")
CHILDREN = 10
PRICE, FEE = 1500, 74


@dataclass
class Told:
    """The rows of the report, and what they come to: (currency, what) → cents."""

    rows: list[dict] = field(default_factory=list)
    truth: dict[tuple[str, str], int] = field(default_factory=dict)

    def line(self, category: str, gross: int, fee: int = 0, *, at: pd.Timestamp, currency: str = "USD", **more: object) -> None:
        """One movement of the balance; known as the number of its row."""
        self.rows.append({"balance_transaction_id": f"txn_{len(self.rows):06d}", "created_utc": at, "currency": currency.lower(), "gross": gross, "fee": fee, "net": gross - fee,
                          "reporting_category": category, **more})  # fmt: skip
        for what, cents in ((category, gross), ("fees", -fee), *([] if category == "payout" else [("net", gross - fee)])):
            self.truth[currency, what] = self.truth.get((currency, what), 0) + cents


def season(jobs: int = 40, seed: int = 0) -> tuple[list[JobState], pd.DataFrame, dict[tuple[str, str], int]]:
    """The jobs, the report's rows (amounts in cents), and the truth."""
    rng, told = np.random.default_rng(seed), Told()
    states = [_sold(n, "CAD" if n > jobs - 3 else "USD") for n in range(1, jobs + 1)]
    for pair in range(1, jobs - 3, 5):  # one payment for an order in each of two jobs
        states[pair] = _named(states[pair], 1, _charge(pair, 1))
    states = [_paid(told, rng, state, n) for n, state in enumerate(states, start=1)]
    told.line("fee", -1250, at=BEGIN + pd.Timedelta(days=40))
    rows = pd.DataFrame(told.rows).sort_values("created_utc", kind="stable", ignore_index=True)
    return states, pd.concat([rows, *_payouts(rows)], ignore_index=True), told.truth


def as_season(states: list[JobState], rows: pd.DataFrame, folder) -> tuple[Season, pd.DataFrame]:
    """The season of these rows, through a report in major units; and what was found in reading it."""
    cents = {c: [f"{'-' if v < 0 else ''}{abs(v) // 100}.{abs(v) % 100:02d}" for v in rows[c]] for c in ("gross", "fee", "net")}
    times = rows["created_utc"].dt.strftime("%Y-%m-%d %H:%M:%S")
    rows.assign(**cents, created_utc=times, available_on_utc=times).to_csv(folder / "report.csv", index=False)
    read = read_payments(folder / "report.csv")
    book, contradictions = merged([read.table])
    return Season.of(states, book), pd.concat([read.findings, contradictions])


# --- one job -----------------------------------------------------------------------------------------------------------


def _charge(number: int, order: int) -> str:
    return f"ch_{number:02d}_{order:02d}"


def _sold(number: int, currency: str) -> JobState:
    """Ten orders; every third is known by its key alone."""
    state = job(CHILDREN, name=f"school-{number:02d}", currency=currency, check_payee="")
    ids = state.orders["order_id"]
    orders = state.orders.assign(placed_at=BEGIN + pd.to_timedelta(ids + number, unit="D"), order_key=[f"KEY-{number:02d}-{i:02d}" for i in ids])
    fees = typed("service_fees", pd.DataFrame({"service_fee_id": ids, "order_id": ids, "amount_cents": 105, "status": "charged"}))
    names = [_charge(number, i) if i % 3 else None for i in state.payments["order_id"]]
    return state.replace(orders=orders, payments=state.payments.assign(reference=names), service_fees=fees)


def _named(state: JobState, order: int, charge: str) -> JobState:
    return state.replace(payments=state.payments.assign(reference=state.payments["reference"].mask(state.payments["order_id"] == order, charge)))


def _paid(told: Told, rng: np.random.Generator, state: JobState, number: int) -> JobState:
    """The job's payments as lines; and what became of some of them."""
    currency = str(state.job["currency"])
    for i, reference, at in zip(state.orders["order_id"], state.payments["reference"], state.orders["placed_at"], strict=True):
        if isinstance(reference, str) and reference != _charge(number, i):
            continue  # paid with an order of the job before
        shared = i == 1 and number % 5 == 1 and currency == "USD" and number < 37
        gross, fee = (2 * PRICE, FEE + 44) if shared else (PRICE, FEE)
        # Now and then the fee is an odd cent, so that halves of it are not whole.
        told.line("charge", gross, fee + (i + number) % 2, at=at, currency=currency, source_id=_charge(number, i), charge_id=_charge(number, i),
                  payment_intent_id=f"pi_{number:02d}_{i:02d}", **{"payment_metadata[order_key]": f"KEY-{number:02d}-{i:02d}" if not i % 3 else ""})  # fmt: skip
    for order, fate in zip(rng.choice(np.arange(2, CHILDREN + 1), 5, replace=False), ("full", "part", "failed", "lost", "won"), strict=True):
        state = _fate(told, state, number, int(order), fate, currency)
    return state


def _fate(told: Told, state: JobState, number: int, order: int, fate: str, currency: str) -> JobState:
    charge, at = _charge(number, order), BEGIN + pd.Timedelta(days=order + number + 3)
    of = {"charge_id": charge, "currency": currency}
    refund = f"re_{number:02d}_{order:02d}"
    if fate in ("lost", "won"):
        told.line("dispute", -PRICE, 1500, at=at, source_id=f"dp_{number:02d}_{order:02d}", **of)
        if fate == "won":
            told.line("dispute_reversal", PRICE, at=at + pd.Timedelta(days=9), source_id=f"dp_{number:02d}_{order:02d}", **of)
        return state
    cents = 500 if fate == "part" else PRICE
    told.line("refund", -cents, at=at, source_id=refund, **of)
    if fate == "failed":
        told.line("refund_failure", cents, at=at + pd.Timedelta(days=5), source_id=refund, **of)
    return _given_back(state, order, cents, fate, refund, charge, at)


def _given_back(state: JobState, order: int, cents: int, fate: str, refund: str, charge: str, at: pd.Timestamp) -> JobState:
    """The job with this refund as its ledger has it: by a cancellation, or a part of an order that stays."""
    if fate == "part":
        book = money_book.post(state.postings, [order], [cents], taken_from="held", to="to_refund", reason="complaint")
        state = state.replace(postings=book, refunds=money_book.owe_back(state.refunds, [order], [cents], reason="complaint"))
    else:
        state = state.after(plan_cancel(state, [state.orders.set_index("order_id")["order_no"][order]], now=NOW, why="moved away"))
    mine = state.refunds["order_id"] == order
    end = {"status": "failed" if fate == "failed" else "succeeded", "gateway": "api", "request_id": f"{state.name}/{order}", "charge_id_stripe": charge, "refund_id_stripe": refund,
           "sent_at": at, "closed_at": at}  # fmt: skip
    state = state.replace(refunds=typed("refunds", state.refunds.assign(**{c: state.refunds[c].mask(mine, v) for c, v in end.items()})))
    return state if fate == "failed" else state.replace(postings=money_book.post(state.postings, [order], [cents], taken_from="to_refund", to="refunded", reason="refund"))


# --- payouts -----------------------------------------------------------------------------------------------------------


def _payouts(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """A payout a week and currency of what came in before, written onto the lines; the last weeks stay in the balance. One fails and is paid with the next; one is made by hand."""
    last = BEGIN + pd.Timedelta(days=49)
    for currency in ("usd", "cad"):
        carried = 0
        for week in range(1, 8):
            at, name = BEGIN + pd.Timedelta(days=7 * week), f"po_{currency}_{week}"
            mine = (rows["currency"] == currency) & (rows["created_utc"] < at) & (rows["created_utc"] >= at - pd.Timedelta(days=7))
            rows.loc[mine, "automatic_payout_id"] = name
            total = int(rows.loc[mine, "net"].sum()) + carried
            if not total:
                continue
            yield _moved("payout", -total, at, currency, name)
            if carried:
                yield _moved("payout_reversal", carried, at - pd.Timedelta(days=2), currency, f"po_{currency}_{week - 1}", name)
            carried = total if (currency, week) == ("usd", 3) else 0
    yield _moved("payout", -10_000, last + pd.Timedelta(days=2), "usd", "po_by_hand")


def _moved(category: str, cents: int, at: pd.Timestamp, currency: str, payout: str, within: str | None = None) -> pd.DataFrame:
    return pd.DataFrame([{"balance_transaction_id": f"txn_{payout}_{category}", "created_utc": at, "currency": currency, "gross": cents, "fee": 0, "net": cents, "reporting_category": category,
                          "source_id": payout, "automatic_payout_id": within}])  # fmt: skip
