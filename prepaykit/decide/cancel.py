"""Cancel an order: it leaves the collection and its history stays. Refund and service fee are steps of their own.

What may be changed: the order becomes `cancelled` (search still finds it), its held money moves onto the refund list, its
service fee onto the list of fees to claim back. Nothing is refunded here: deleting an order does neither, which is why both
rows stay open until somebody closes them. Refused once the order was sent to production.

Source: the user's document, Q3 and Q6; domain.md 4 (rows 25, 26, 31–33), A18.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from prepaykit.decide.populate import empty_slots_after
from prepaykit.errors import Refused, UsageError
from prepaykit.money import show_cents
from prepaykit.rules import money_book
from prepaykit.rules.search import named_orders
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState


def plan_cancel(state: JobState, order_nos: Iterable[str], *, now: pd.Timestamp, why: str) -> Plan:
    """Plan to take these orders out of collection, revision or open batch, with their refund and fee put on the worklist.

    Raises UsageError for a number that the job does not have, for one that an online order and an envelope share (say
    `online:1001` or `paper:1001`) and without a reason, Refused for an order in production. An
    order cancelled before changes nothing. Result: `cancelled`, `to_refund_cents`, `fees_to_claim_cents`.
    """
    numbers = sorted({str(n) for n in order_nos})
    if not why.strip():
        raise UsageError("cancel: say why (--why): the reason stays with the order")
    chosen = named_orders(state, numbers, "cancel")
    gone = chosen.loc[chosen["status"] == "released", "order_no"]
    if len(gone):
        raise Refused(
            f"cancel: order {', '.join(gone)} was sent to production. Use a complaint (reprint or refund) instead."
        )
    chosen = chosen[chosen["status"] != "cancelled"].sort_values("order_id")
    held = money_book.held_of(state.postings, chosen["order_id"])
    postings = money_book.post(
        state.postings, chosen["order_id"], held, taken_from="held", to="to_refund", reason="cancel"
    )
    fees = state.service_fees
    claim = fees["order_id"].isin(chosen["order_id"]) & (fees["status"] == "charged")
    leaving = state.revisions["order_id"].isin(chosen["order_id"]) & (state.revisions["status"] == "waiting")
    tables = {
        "orders": _cancelled(state.orders, chosen["order_id"], now, why),
        "revisions": state.revisions.assign(status=state.revisions["status"].mask(leaving, "withdrawn")),
        "postings": postings,
        "refunds": money_book.owe_back(state.refunds, chosen["order_id"], held, reason=f"cancel: {why}"),
        "service_fees": fees.assign(status=fees["status"].mask(claim, "to_claim")),
    }
    fee_cents = int(fees.loc[claim, "amount_cents"].sum())
    result = {"cancelled": len(chosen), "to_refund_cents": int(held.sum()), "fees_to_claim_cents": fee_cents}
    currency = str(state.job["currency"])
    headline = (f"{len(chosen)} cancelled, still found by search; to do: claim back {show_cents(fee_cents, currency)} of service fees, "
                f"refund {show_cents(int(held.sum()), currency)}")  # fmt: skip
    also = {**_settled(state, chosen), **empty_slots_after(state, tables)}
    return Plan.between(state, "cancel", tables, also_findings=also, headline=headline, result=result)


def _settled(state: JobState, orders: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Findings of other verbs without those about these orders and their children: with the order they are settled."""
    children = state.order_subjects.loc[state.order_subjects["order_id"].isin(orders["order_id"]), "order_subject_id"]
    rows = state.findings
    # What was said of a number that another order bears too is kept: that order may still be here.
    others = state.orders.loc[~state.orders["order_id"].isin(orders["order_id"]), "order_no"]
    gone = (rows["about"] == "orders") & rows["key"].isin(orders["order_no"]) & ~rows["key"].isin(others)
    gone |= (rows["about"] == "order_subjects") & rows["key"].isin(children.astype("str"))
    return {str(verb): rows[(rows["verb"] == verb) & ~gone] for verb in rows.loc[gone, "verb"].unique()}


def _cancelled(orders: pd.DataFrame, order_ids: pd.Series, now: pd.Timestamp, why: str) -> pd.DataFrame:
    chosen = orders["order_id"].isin(order_ids)
    return orders.assign(
        status=orders["status"].mask(chosen, "cancelled"),
        collection_id=orders["collection_id"].mask(chosen),
        batch_id=orders["batch_id"].mask(chosen),
        cancelled_at=orders["cancelled_at"].mask(chosen, now),
        cancel_reason=orders["cancel_reason"].mask(chosen, why),
    )
