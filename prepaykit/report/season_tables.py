"""The lists of a reconciliation, one function each, over all jobs of a season: what finance reads, and what somebody must still do.

Two lists stand apart because they answer two questions: orders by the day they were placed, and payments by the day they were paid. Amounts are whole numbers of the currency's
smallest unit, moments UTC; keys, never names. Source: domain.md 9.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.decide.fees import fee_queue
from prepaykit.report.money_tables import held_money_by_age, shipped_not_paid
from prepaykit.rules.money_book import held_of
from prepaykit.rules.payment_findings import payment_findings, stray_findings
from prepaykit.rules.payouts import payout_findings, payouts, roll_forward
from prepaykit.rules.reconciling import Season, book_of_job, by_job, equations, line_parts
from prepaykit.tables.account import of_kind
from prepaykit.tables.findings import REGISTER, together

DOUBLES = ("payment_twice", "order_doubled")


def season_tables(season: Season, *, now: pd.Timestamp, job: str | None = None, timezone: str = "UTC", findings: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    """Every table of the reconciliation by its name, in the order of the workbook; of one job if it is named. `findings`: of reading the reports.

    Payments are matched to the orders of the whole season in any case. The roll-forward of one job is that of its part of each line.

    >>> from prepaykit.tables.account import entries
    >>> from prepaykit.tables.state import JobState
    >>> season = Season.of([JobState.new(name="maple-grove-2026", school="Maple Grove")], entries(pd.DataFrame()))
    >>> list(season_tables(season, now=pd.Timestamp("2026-11-01", tz="UTC")))[:4]
    ['Equations', 'Jobs', 'Payments', 'Refunds']
    """
    parts = line_parts(season)
    found = exceptions(season, timezone=timezone, findings=findings)
    sums = equations(season, parts, timezone=timezone)
    jobs = by_job(season, parts)
    jobs["exceptions"] = jobs["job"].fillna("").map(found.groupby(found["job"].fillna("")).size()).fillna(0).astype("int64")
    tables = {
        "Equations": sums,
        "Jobs": jobs,
        "Payments": payments(season, parts),
        "Refunds": refunds(season),
        "Payouts": payouts(season.book),
        "Exceptions": found,
        "Roll-forward": roll_forward(season.book, timezone=timezone),
        "Paid not shipped": paid_not_shipped(season, now),
        "Shipped not paid": _each(season, shipped_not_paid),
        "Held by age": _each(season, lambda state: held_money_by_age(state, now)),
        "Fees to claim": _each(season, fee_queue),
        "Duplicates": found[found["code"].isin(DOUBLES)].reset_index(drop=True),
        "Orders placed": orders_placed(season, timezone),
        "Orders paid": orders_paid(season, timezone),
    }
    return tables if job is None else _of_one(tables, job, season, parts, timezone)


def payments(season: Season, parts: pd.DataFrame) -> pd.DataFrame:
    """One row a payment of the account book and order: `charge_id`, `job`, `order_no`, `matched_by`, `paid_at`, `currency`, `share_cents`, `refunded_cents`, `disputed_cents`, `fees_cents`, `net_cents`, `payout_id`.

    Payments of nobody have no job. All but the first amount is from the lines of the balance, and 0 if there are none; `payout_id` is that of the payment itself.
    """
    strays = season.matched.strays.assign(share_cents=season.matched.strays["amount_cents"], matched_by=None, job=None, order_no=None, order_id=pd.NA)
    columns = ["charge_id", "job", "order_id", "order_no", "matched_by", "at", "currency", "share_cents"]
    rows = pd.concat([season.matched.shares[columns], strays[columns].astype({"share_cents": "int64", "order_id": "Int64"})], ignore_index=True)
    refund, dispute = parts["category"].isin(["refund", "refund_failure", "partial_capture_reversal"]), parts["category"].isin(["dispute", "dispute_reversal"])
    sums = parts.assign(refunded_cents=parts["amount_cents"].where(refund, 0), disputed_cents=parts["amount_cents"].where(dispute, 0), fees_cents=-parts["fee_cents"],
                        own_payout=parts["payout_id"].where(parts["category"] == "charge"))  # fmt: skip
    keys = ["charge_id", "job", "order_id"]
    joined = {k: v.fillna("" if k == "job" else 0) for k, v in (("job", sums["job"]), ("order_id", sums["order_id"]))}
    sums = sums.assign(**joined).dropna(subset="charge_id").groupby(keys).agg(
        refunded_cents=("refunded_cents", "sum"), disputed_cents=("disputed_cents", "sum"), fees_cents=("fees_cents", "sum"), net_cents=("net_cents", "sum"), payout_id=("own_payout", "first"),
    )  # fmt: skip
    at = pd.MultiIndex.from_arrays([rows["charge_id"], rows["job"].fillna(""), rows["order_id"].fillna(0).astype("int64")])
    more = sums.reindex(at).reset_index(drop=True)
    cents = {c: more[c].fillna(0).astype("int64") for c in more if c.endswith("_cents")}
    rows = rows.assign(**cents, payout_id=more["payout_id"]).rename(columns={"at": "paid_at"})
    return rows.drop(columns="order_id").sort_values(["paid_at", "charge_id"], ignore_index=True)


def refunds(season: Season) -> pd.DataFrame:
    """Refunds as the jobs have them, beside what the account book says: one row a refund of a job, then those that no job made.

    `job`, `order_no`, `refund_id`, `reason`, `amount_cents`, `status`, `gateway`, `sent_at`, `refund_id_stripe`, `stripe_cents`, `stripe_status`, `stripe_at`.
    """
    mine = [s.refunds.assign(job=s.name, order_no=s.refunds["order_id"].map(s.orders.set_index("order_id")["order_no"])) for s in season.states]
    wishes = pd.concat(mine, ignore_index=True)
    told = of_kind(season.book, "refund")[["id", "amount_cents", "status", "at", "source_id"]].set_axis(["id", "stripe_cents", "stripe_status", "stripe_at", "wish"], axis=1)
    by_wish = wishes["request_id"].map(told.dropna(subset="wish").drop_duplicates("wish").set_index("wish")["id"])
    wishes["refund_id_stripe"] = wishes["refund_id_stripe"].fillna(by_wish)
    shares = season.matched.refunds
    numbers = season.wanted.orders[["job", "order_id", "order_no"]]
    foreign = shares[~shares["refund"].isin(wishes["refund_id_stripe"])].merge(numbers, on=["job", "order_id"], how="left", validate="m:1")
    foreign = foreign.rename(columns={"refund": "refund_id_stripe", "share_cents": "amount_cents"})[["job", "order_no", "refund_id_stripe", "amount_cents"]]
    unknown = told.loc[~told["id"].isin([*shares["refund"], *wishes["refund_id_stripe"].dropna()]), ["id", "stripe_cents"]].set_axis(["refund_id_stripe", "amount_cents"], axis=1)
    rows = pd.concat([wishes, foreign.assign(reason="made by somebody else"), unknown.assign(reason="of a payment of nobody")], ignore_index=True)
    rows = rows.merge(told.rename(columns={"id": "refund_id_stripe"}).drop(columns="wish"), on="refund_id_stripe", how="left", validate="m:1")
    return rows[["job", "order_no", "refund_id", "reason", "amount_cents", "status", "gateway", "sent_at", "refund_id_stripe", "stripe_cents", "stripe_status", "stripe_at"]]


def exceptions(season: Season, *, timezone: str = "UTC", findings: pd.DataFrame | None = None) -> pd.DataFrame:
    """What somebody must look at: `job` (missing: the account), `code`, `severity`, `key`, `detail`, `next_move`.

    What the account book says of each job's orders, payments of nobody, payouts and months that do not add up, refunds that wait for a person, and orders that may stand twice.
    """
    parts = []
    for state in season.states:
        found = payment_findings(state, season.wanted, season.matched) if len(season.book) else state.findings.head(0)
        parts.append(together(found, state.findings[state.findings["code"].isin([*DOUBLES, *(c for c in REGISTER if c.startswith("refund_"))])]).assign(job=state.name))
    account = together(stray_findings(season.matched), payout_findings(season.book, timezone=timezone), *([] if findings is None else [findings]))
    rows = pd.concat([*parts, account.assign(job=None)], ignore_index=True).astype({"job": "str"})
    return rows[["job", "code", "severity", "key", "detail", "next_move"]]


def paid_not_shipped(season: Season, now: pd.Timestamp) -> pd.DataFrame:
    """Orders whose money is held: `job`, `order_no`, `status`, `placed_at`, `days`, `held_cents`. `days` since the order was placed."""

    def of_job(state: object) -> pd.DataFrame:
        rows = state.orders.assign(held_cents=held_of(state.postings, state.orders["order_id"])).query("held_cents != 0")
        return rows.assign(days=(now - rows["placed_at"]).dt.days.astype("Int64"))[["order_no", "status", "placed_at", "days", "held_cents"]]

    return _each(season, of_job)


def orders_placed(season: Season, timezone: str) -> pd.DataFrame:
    """Every order by the day it was placed: `day`, `job`, `order_no`, `origin`, `status`, `total_cents`, `paid_cents`. Those without a day stand last."""
    rows = _each(season, lambda state: state.orders[["placed_at", "order_no", "origin", "status", "total_cents", "paid_cents"]])
    return _by_day(rows, "placed_at", timezone)


def orders_paid(season: Season, timezone: str) -> pd.DataFrame:
    """Every payment of an order by the day it was paid: `day`, `job`, `order_no`, `method`, `reference`, `amount_cents`.

    The day is that of the account book, if the payment is in it; an envelope's money that is no order's yet has no number.
    """
    days = of_kind(season.book, "charge").set_index("id")["at"]

    def of_job(state: object) -> pd.DataFrame:
        pays = state.payments
        numbers = state.orders.set_index("order_id")["order_no"]
        return pays.assign(received_at=days.reindex(pays["reference"]).set_axis(pays.index).fillna(pays["received_at"]), order_no=pays["order_id"].map(numbers).astype("str"))[
            ["received_at", "order_no", "method", "reference", "amount_cents"]]  # fmt: skip

    return _by_day(_each(season, of_job), "received_at", timezone)


def _of_one(tables: dict[str, pd.DataFrame], job: str, season: Season, parts: pd.DataFrame, timezone: str) -> dict[str, pd.DataFrame]:
    """What of these tables is this job's: its rows, the payouts that its lines are in, the roll-forward of its parts."""
    mine = parts[parts["job"] == job]
    paid = tables["Payouts"]
    months = roll_forward(book_of_job(season.book, mine), timezone=timezone)
    own = {name: table[table["job"] == job].reset_index(drop=True) for name, table in tables.items() if "job" in table}
    rest = {"Payouts": paid[paid["payout_id"].isin(mine["payout_id"])].reset_index(drop=True), "Roll-forward": months}
    return {name: own[name] if name in own else rest[name] for name in tables}


def _each(season: Season, table: object) -> pd.DataFrame:
    """This table of every job, with the job in front."""
    parts = [table(state) for state in season.states]
    for part, state in zip(parts, season.states, strict=True):
        part.insert(0, "job", np.repeat(state.name, len(part)) if len(part) else pd.Series(dtype="str"))
    full = [p for p in parts if len(p)]
    return pd.concat(full or parts[:1], ignore_index=True)


def _by_day(rows: pd.DataFrame, moment: str, timezone: str) -> pd.DataFrame:
    day = rows[moment].dt.tz_convert(timezone).dt.strftime("%Y-%m-%d")
    rows = rows.drop(columns=moment)
    rows.insert(0, "day", day)
    return rows.sort_values(["day", "job", "order_no"], ignore_index=True)
