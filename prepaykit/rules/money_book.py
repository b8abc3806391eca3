"""The money book: where the money of each order is now.

Money that came in is `held` until the order is sent to production, then `shipped`; what goes back is `to_refund`, then `refunded`. A move is
two postings that add up to nothing, so the book as a whole always shows what was received. Postings are never changed or
deleted: what was wrong is countered. `payments` says independently what came in, so the two can be held against each other.

Whole cents throughout. Source: domain.md 9; refunds.md section 4.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.tables.catalog import typed


def on_account(postings: pd.DataFrame, account: str) -> pd.Series:
    """Cents per order on one account (index `order_id`; orders without a posting are not in it).

    >>> book = post(typed("postings", pd.DataFrame()), [7], [4200], to="held", reason="orders")
    >>> on_account(book, "held").to_dict()
    {7: 4200}
    """
    rows = postings[(postings["account"] == account) & postings["order_id"].notna()]
    return rows.groupby(rows["order_id"].astype("int64"))["amount_cents"].sum()


def cents_of(postings: pd.DataFrame, order_ids: pd.Series, *accounts: str) -> np.ndarray:
    """Cents of each of these orders on these accounts together; 0 for an order without a posting.

    >>> book = post(typed("postings", pd.DataFrame()), [7], [4200], to="held", reason="orders")
    >>> cents_of(book, pd.Series([7, 8]), "held", "shipped").tolist()
    [4200, 0]
    """
    return sum(on_account(postings, account).reindex(order_ids).fillna(0).astype("int64").to_numpy() for account in accounts)


def held_of(postings: pd.DataFrame, order_ids: pd.Series) -> np.ndarray:
    """Cents held for each of these orders; 0 for an order without money."""
    return cents_of(postings, order_ids, "held")


def owed_back(postings: pd.DataFrame, order_ids: pd.Series) -> np.ndarray:
    """Cents of each of these orders that are not the studio's: still to go back, or given back already.

    >>> book = post(typed("postings", pd.DataFrame()), [7], [4200], to="held", reason="orders")
    >>> book = post(book, [7, 7], [500, 300], taken_from="held", to="to_refund", reason="place")
    >>> owed_back(post(book, [7], [300], taken_from="to_refund", to="refunded", reason="refund"), pd.Series([7, 8])).tolist()
    [800, 0]
    """
    return cents_of(postings, order_ids, "to_refund", "refunded")


def due_now(orders: pd.DataFrame, postings: pd.DataFrame) -> np.ndarray:
    """Cents due of each of these orders without what is owed or given back for it; never less than what was earned with it.

    A row of `orders` is an order (columns `order_id`, `total_cents`): its total counts what was paid and goes back for items left out.

    >>> book = post(typed("postings", pd.DataFrame()), [7], [4200], to="held", reason="orders")
    >>> book = post(book, [7], [1200], taken_from="held", to="to_refund", reason="cancel item P57")
    >>> due_now(pd.DataFrame({"order_id": [7, 8], "total_cents": [4200, 900]}), book).tolist()
    [3000, 900]
    """
    earned = np.maximum(cents_of(postings, orders["order_id"], "shipped"), 0)
    return np.maximum(orders["total_cents"].to_numpy() - owed_back(postings, orders["order_id"]), earned)


def post(postings: pd.DataFrame, order_ids: object, amounts_cents: object, *, to: str, reason: str,
         taken_from: str | None = None) -> pd.DataFrame:  # fmt: skip
    """The book with these amounts posted onto account `to`, and taken from `taken_from` if that is given.

    One amount an order; amounts of 0 are not posted. New postings are numbered in the order given.
    """
    rows = pd.DataFrame({
        "order_id": pd.array(list(order_ids), dtype="Int64"),
        "amount_cents": np.asarray(list(amounts_cents), dtype=np.int64),
    })  # fmt: skip
    rows = rows[rows["amount_cents"] != 0].assign(account=to)
    if taken_from is not None:
        counter = rows.assign(account=taken_from, amount_cents=-rows["amount_cents"])
        rows = pd.concat([counter, rows]).sort_index(kind="stable")
    first = int(postings["posting_id"].max()) + 1 if len(postings) else 1
    rows = rows.assign(posting_id=np.arange(first, first + len(rows)), reason=reason)
    return typed("postings", pd.concat([postings, typed("postings", rows)]) if len(rows) else postings)


def owe_back(refunds: pd.DataFrame, order_ids: object, amounts_cents: object, *, reason: str) -> pd.DataFrame:
    """The refunds with one more planned row for each order and amount; amounts of 0 are left out."""
    rows = pd.DataFrame({"order_id": list(order_ids), "amount_cents": list(amounts_cents)}).astype("int64")
    rows = rows[rows["amount_cents"] > 0]
    if not len(rows):
        return refunds
    first = int(refunds["refund_id"].max()) + 1 if len(refunds) else 1
    rows = rows.assign(refund_id=np.arange(first, first + len(rows)), status="planned", reason=reason)
    return typed("refunds", pd.concat([refunds, typed("refunds", rows)]))
