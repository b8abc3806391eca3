"""The tables of a job that are about money, one function each: where it is, how long it has been held, what went out unpaid, the cash-up.

Amounts are cents, moments UTC; keys, never names. Source: domain.md 9 (what a reconciliation must print).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.rules.money_book import cents_of, due_now, owed_back
from prepaykit.tables.state import JobState

AGES = ((7, "up to 7 days"), (30, "8 to 30 days"), (60, "31 to 60 days"), (None, "more than 60 days"))
UNKNOWN_AGE = "date not known"
UNMATCHED = "in envelopes without a match"


def money_accounts(state: JobState) -> pd.DataFrame:
    """Where the money is: `account` (received, shipped, held, to_refund, refunded), `amount_cents`, `meaning`. The last four make the first."""
    book = state.postings.groupby("account")["amount_cents"].sum()
    amounts = {
        "received": (int(state.payments["amount_cents"].sum()), "came in for this job"),
        "shipped": (int(book.get("shipped", 0)), "earned: sent to production"),
        "held": (int(book.get("held", 0)), "paid, not shipped yet"),
        "to_refund": (int(book.get("to_refund", 0)), "owed back to parents"),
        "refunded": (int(book.get("refunded", 0)), "given back to parents"),
    }
    rows = [[account, amount, meaning] for account, (amount, meaning) in amounts.items()]
    return pd.DataFrame(rows, columns=["account", "amount_cents", "meaning"])


def held_money_by_age(state: JobState, now: pd.Timestamp) -> pd.DataFrame:
    """Paid and not shipped, by the days since the order was made: `age`, `orders`, `amount_cents`. Adds up to what is held.

    Money in envelopes that are no order yet is a row of its own.
    """
    book = state.postings[state.postings["account"] == "held"].groupby("order_id")["amount_cents"].sum()
    held = state.orders[["order_id", "placed_at"]].merge(
        book.rename("held").reset_index(), on="order_id", validate="1:1"
    )
    held = held[held["held"] != 0]
    days = (now - held["placed_at"]).dt.days
    limits = [limit for limit, _ in AGES if limit is not None]
    words = np.array([word for _, word in AGES])[np.searchsorted(limits, days.fillna(0).to_numpy(), side="left")]
    age = pd.Series(words, index=held.index, dtype="str").where(days.notna(), UNKNOWN_AGE)
    rows = held.groupby(age.rename("age")).agg(orders=("order_id", "size"), amount_cents=("held", "sum"))
    order = [word for _, word in AGES] + [UNKNOWN_AGE]
    rows = rows.reindex([word for word in order if word in rows.index]).rename_axis("age").reset_index()
    waiting = state.postings[(state.postings["account"] == "held") & state.postings["order_id"].isna()][
        "amount_cents"
    ].sum()
    if waiting:
        rows.loc[len(rows)] = [UNMATCHED, 0, int(waiting)]
    return rows


def shipped_not_paid(state: JobState) -> pd.DataFrame:
    """Orders sent to production that were paid less than due: `order_no`, `due_cents`, `paid_cents`, `missing_cents`.

    Both as the money book has them: due is the order without what is owed or given back for it; paid is what was kept for it. A refund
    that failed, and the one that stands for it, are one debt there.

    >>> shipped_not_paid(JobState.new(name="maple-grove-2026", school="Maple Grove")).shape
    (0, 4)
    """
    orders = state.orders[state.orders["status"] == "released"]
    back = owed_back(state.postings, orders["order_id"])
    rows = orders.assign(due_cents=orders["total_cents"] - back, paid_cents=cents_of(state.postings, orders["order_id"], "shipped", "held"))
    rows = rows.assign(missing_cents=rows["due_cents"] - rows["paid_cents"]).query("missing_cents > 0")
    return rows[["order_no", "due_cents", "paid_cents", "missing_cents"]].reset_index(drop=True)


def paper_cash(state: JobState) -> pd.DataFrame:
    """The cash-up of paper orders, one row a way of paying: `method`, `envelopes`, `waiting` (no match), `received_cents`, `due_cents`.

    `due_cents` counts the orders made from envelopes, without items that were cancelled; an envelope that waits has none yet.
    """
    due = orders_due(state)[["order_id", "total_cents"]].astype({"order_id": "Int64"})
    rows = state.envelopes.dropna(subset="order_id").merge(due, on="order_id", how="left", validate="m:1")
    rows = pd.concat([rows, state.envelopes[state.envelopes["order_id"].isna()]])
    rows = rows.assign(method=rows["payment_method"].fillna("not said"), waiting=rows["order_id"].isna())
    if "total_cents" not in rows:
        rows["total_cents"] = 0
    table = rows.groupby("method", as_index=False).agg(
        envelopes=("envelope_id", "size"), waiting=("waiting", "sum"), received_cents=("received_cents", "sum"),
        due_cents=("total_cents", "sum"),
    )  # fmt: skip
    return table.astype({"waiting": "int64", "received_cents": "int64", "due_cents": "int64"})


def by_day(state: JobState) -> pd.DataFrame:
    """Ordered against paid, one row a day at the school: `day`, `orders`, `ordered_cents`, `payments`, `received_cents`.

    Orders and payments without a date are left out of this table (they are in all others); an item that was cancelled is not ordered any more.
    """
    zone = str(state.job["timezone"])
    ordered = orders_due(state).dropna(subset="placed_at")
    paid = state.payments.dropna(subset="received_at")
    left = ordered.groupby(_day(ordered["placed_at"], zone)).agg(
        orders=("order_id", "size"), ordered_cents=("total_cents", "sum")
    )
    right = paid.groupby(_day(paid["received_at"], zone)).agg(
        payments=("payment_id", "size"), received_cents=("amount_cents", "sum")
    )
    return left.join(right, how="outer").fillna(0).astype("int64").rename_axis("day").sort_index().reset_index()


def orders_due(state: JobState) -> pd.DataFrame:
    """The orders with what is due now as `total_cents`: without items left out. An order cancelled as a whole keeps what it was."""
    orders = state.orders
    gone = (orders["status"] == "cancelled").to_numpy()
    return orders.assign(total_cents=np.where(gone, orders["total_cents"], due_now(orders, state.postings)))


def _day(moments: pd.Series, zone: str) -> pd.Series:
    return moments.dt.tz_convert(zone).dt.strftime("%Y-%m-%d")
