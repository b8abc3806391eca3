"""Whose is each refund? Of the order whose wish it answers; one that somebody else made is of each order that the payment was for, by what it paid.

Worked case: a payment of 60.00 for two orders of 30.00; a refund of 20.00 for the wish of the first is of the first alone, one of 20.00 made in Stripe's pages is 10.00 and 10.00.
Source: refunds.md sections 3, 4.
"""

from __future__ import annotations

import pandas as pd

from prepaykit.rules.splitting import split_cents
from prepaykit.tables.account import of_kind

GONE = ("failed", "canceled")
"""What a refund is when its money stayed here."""


def refund_shares(book: pd.DataFrame, wishes: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """One row a refund and order: `refund`, `charge_id`, `job`, `order_id`, `status`, `at`, `share_cents`, `is_foreign` (no wish of any job).

    `wishes`: known_as (request, or Stripe's number), job, order_id. `shares`: charge_id, job, order_id, share_cents of each payment.
    Refunds of payments of nobody are not in it; failed ones are. The parts of a refund add up to it.

    >>> from prepaykit.tables.account import entries
    >>> book = entries(pd.DataFrame({"kind": ["refund"], "id": ["re_1"], "charge_id": ["ch_1"], "amount_cents": [2000]}))
    >>> shares = pd.DataFrame({"charge_id": ["ch_1", "ch_1"], "job": "a", "order_id": [1, 2], "share_cents": [3000, 3000]})
    >>> wishes = pd.DataFrame({"known_as": ["re_1"], "job": ["a"], "order_id": [1]})
    >>> refund_shares(book, wishes, shares)["share_cents"].tolist(), refund_shares(book, wishes.head(0), shares)["share_cents"].tolist()
    ([2000, 0], [1000, 1000])
    """
    refunds = of_kind(book, "refund").rename(columns={"id": "refund"})[["refund", "charge_id", "amount_cents", "source_id", "status", "at"]]
    wishes = wishes.drop_duplicates("known_as").set_index("known_as")
    known_as = refunds["source_id"].where(refunds["source_id"].isin(wishes.index), refunds["refund"])
    refunds = refunds.assign(wish_job=known_as.map(wishes["job"]), wish=known_as.map(wishes["order_id"]))
    rows = shares[["charge_id", "job", "order_id", "share_cents"]].merge(refunds, on="charge_id", validate="m:m")
    answers = (rows["order_id"] == rows["wish"]) & (rows["job"] == rows["wish_job"])
    is_foreign = ~answers.groupby(rows["refund"]).transform("any")
    weight = rows["share_cents"].clip(lower=0).where(is_foreign, answers)
    part = split_cents(rows["amount_cents"].fillna(0), weight.astype("int64"), rows["refund"])
    rows = rows.assign(share_cents=part, is_foreign=is_foreign)
    return rows[["refund", "charge_id", "job", "order_id", "status", "at", "share_cents", "is_foreign"]]
