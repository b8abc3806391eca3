"""Cancel an order, or one item of it: it leaves the collection and its history stays. Refund and service fee are steps of their own.

What may be changed: the order becomes `cancelled` (search still finds it), its held money moves onto the refund list, its
service fee onto the list of fees to claim back. Nothing is refunded here: deleting an order does neither, which is why both
rows stay open until somebody closes them. Refused once the order was sent to production.

An item is one line. Its slots are dropped, the order's other lines go on, and what was paid for it is owed back (`prepaykit.rules.items` says how
much); the service fee is of the whole order and stays. Worked case: a child was never photographed, and ordered a 5x7 and the class picture. The
5x7 is cancelled: the order goes with the class picture, and the 5x7's part of what was paid goes onto the refund list, once.

Source: the user's document, Q3 and Q6; domain.md 4 (rows 25, 26, 31–33) and 8, A18.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from prepaykit.decide.populate import empty_slots_after
from prepaykit.errors import Refused, UsageError
from prepaykit.money import show_cents
from prepaykit.rules import money_book
from prepaykit.rules.cancel_steps import cancel_steps
from prepaykit.rules.items import item_names, item_of_order, item_reason, require_wanted, worth_of
from prepaykit.rules.search import named_orders
from prepaykit.rules.standing import restated
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState


def plan_cancel(state: JobState, order_nos: Iterable[str], *, now: pd.Timestamp, why: str, kept_cents: Mapping[int, int] | None = None) -> Plan:
    """Plan to take these orders out of collection, revision or open batch, with their refund and fee put on the worklist.

    Raises UsageError for a number that the job does not have, for one that an online order and an envelope share (say
    `online:1001` or `paper:1001`) and without a reason, Refused for an order in production. An
    order cancelled before changes nothing. Result: `cancelled`, `to_refund_cents`, `fees_to_claim_cents`, `steps` (as `cancel_steps` gives them,
    which also says what `kept_cents` is).
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
    result = {"cancelled": len(chosen), "to_refund_cents": int(held.sum()), "fees_to_claim_cents": fee_cents, "steps": _steps(state, numbers, kept_cents=kept_cents)}
    currency = str(state.job["currency"])
    headline = (f"{len(chosen)} cancelled, still found by search; to do: claim back {show_cents(fee_cents, currency)} of service fees, "
                f"refund {show_cents(int(held.sum()), currency)}")  # fmt: skip
    also = {**_settled(state, chosen), **empty_slots_after(state, tables)}
    return Plan.between(state, "cancel", tables, also_findings=also, headline=headline, result=result)


def plan_cancel_item(state: JobState, order_no: str, item: str, *, now: pd.Timestamp, why: str, kept_cents: Mapping[int, int] | None = None) -> Plan:
    """Plan to leave one item out of an order: its slots are dropped, the other items go on, what was paid for it is owed back.

    `item`: the line, as `item_names` names it: `P57`, with options `P57,LUSTRE`, of siblings `P57@KA01`. Changes `lines` (`cancelled_at`, `cancel_reason`),
    `slots` (`is_dropped`), `orders` (`total_cents`: without what was never paid), `postings`, `refunds`, and what is said of the order. Raises UsageError for an
    order or item that is not there or not clear, or without a reason; Refused for an order in production or cancelled, an item left out already, and the last one.
    Result: `cancelled` (0 orders), `items`, `to_refund_cents`, `fees_to_claim_cents` (0), `steps`.
    """
    if not why.strip():
        raise UsageError("cancel: say why (--why): the reason stays with the item")
    order = named_orders(state, [order_no], "cancel").iloc[0]
    line_id = item_of_order(state, order, item)
    require_wanted(state, order, line_id)
    name, worth = item_names(state, int(order["order_id"]))[line_id], worth_of(state, order, line_id)
    line = state.lines["line_id"] == line_id
    reason = item_reason(str(state.lines.loc[line, "code"].iloc[0]), why)
    ids, back = [order["order_id"]], [worth.back_cents]
    never_paid = (worth.share_cents - worth.back_cents) * (state.orders["order_id"] == order["order_id"])
    tables = {
        "lines": state.lines.assign(cancelled_at=state.lines["cancelled_at"].mask(line, now), cancel_reason=state.lines["cancel_reason"].mask(line, why)),
        "slots": state.slots.assign(is_dropped=state.slots["is_dropped"] | (state.slots["line_id"] == line_id)),
        "orders": state.orders.assign(total_cents=state.orders["total_cents"] - never_paid),
        "postings": money_book.post(state.postings, ids, back, taken_from="held", to="to_refund", reason="cancel item"),
        "refunds": money_book.owe_back(state.refunds, ids, back, reason=reason),
    }  # fmt: skip
    result = {"cancelled": 0, "items": 1, "to_refund_cents": worth.back_cents, "fees_to_claim_cents": 0, "steps": _steps(state, [order_no], item, kept_cents)}
    headline = (f"item {name} of order {order['order_no']} is left out, the others go on; to do: "
                f"refund {show_cents(worth.back_cents, str(state.job['currency']))}")  # fmt: skip
    also = {**restated(state, **tables), **empty_slots_after(state, tables)}
    return Plan.between(state, "cancel", tables, also_findings=also, headline=headline, result=result)


def _steps(state: JobState, numbers: list[str], item: str = "", kept_cents: Mapping[int, int] | None = None) -> list[dict[str, object]]:
    rows = cancel_steps(state, numbers, item=item, kept_cents=kept_cents)
    return rows.astype("object").where(rows.notna(), None).to_dict("records")


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
