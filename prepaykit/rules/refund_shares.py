"""Whose is each refund? Of the order whose wish it answers; one that somebody else made is of each order that the payment was for, by what it paid.

Worked case: a payment of 60.00 for two orders of 30.00; a refund of 20.00 for the wish of the first is of the first alone, one of 20.00 made in Stripe's pages is 10.00 and 10.00.
Source: refunds.md sections 3, 4.
"""

from __future__ import annotations

import pandas as pd

from prepaykit.rules.payment_matching import Matched, OrdersToPay
from prepaykit.rules.splitting import split_cents
from prepaykit.tables.account import of_kind

GONE = ("failed", "canceled")
"""What a refund is when its money stayed here."""


def refund_shares(book: pd.DataFrame, wanted: OrdersToPay, matched: Matched) -> pd.DataFrame:
    """One row a refund and order: `refund`, `charge_id`, `job`, `order_id`, `status`, `at`, `share_cents`, `is_foreign` (no wish of any job).

    Refunds of payments of nobody are not in it; failed ones are. The parts of a refund add up to it.

    >>> from prepaykit.rules.payment_matching import match_payments, orders_to_pay
    >>> from prepaykit.tables.account import entries
    >>> from prepaykit.tables.state import JobState
    >>> wanted = orders_to_pay([JobState.new(name="maple-grove-2026", school="Maple Grove")])
    >>> refund_shares(entries(pd.DataFrame()), wanted, match_payments(entries(pd.DataFrame()), wanted)).shape
    (0, 8)
    """
    refunds = of_kind(book, "refund").rename(columns={"id": "refund"})[["refund", "charge_id", "amount_cents", "source_id", "status", "at"]]
    wishes = wanted.wishes.drop_duplicates("known_as").set_index("known_as")
    known_as = refunds["source_id"].where(refunds["source_id"].isin(wishes.index), refunds["refund"])
    refunds = refunds.assign(wish_job=known_as.map(wishes["job"]), wish=known_as.map(wishes["order_id"]))
    rows = matched.shares[["charge_id", "job", "order_id", "share_cents"]].merge(refunds, on="charge_id", validate="m:m")
    answers = (rows["order_id"] == rows["wish"]) & (rows["job"] == rows["wish_job"])
    is_foreign = ~answers.groupby(rows["refund"]).transform("any")
    weight = rows["share_cents"].clip(lower=0).where(is_foreign, answers)
    part = split_cents(rows["amount_cents"].fillna(0), weight.astype("int64"), rows["refund"])
    rows = rows.assign(share_cents=part, is_foreign=is_foreign)
    return rows[["refund", "charge_id", "job", "order_id", "status", "at", "share_cents", "is_foreign"]]
