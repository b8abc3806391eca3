"""Which refunds must not go out, and why: one finding each, with the way on.

What is looked at: that the order or the item was cancelled or the money is owed for another cause, that so much is owed at all, that the charge is there, is of the job's
currency, holds enough, is not disputed, is not too old, and that nobody refunded it elsewhere. What a parent paid in cash or by check goes back by
hand. Source: refunds.md sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from prepaykit.rules.items import item_reason
from prepaykit.rules.money_book import on_account
from prepaykit.rules.order_entry import purchases
from prepaykit.rules.refunding import request_id
from prepaykit.tables.account import EXPONENTS
from prepaykit.tables.findings import found, together
from prepaykit.tables.gateway import SeenCharge, SeenRefund
from prepaykit.tables.state import JobState

OUTSTANDING = ("planned", "confirmed", "sending", "unknown", "pending", "review", "blocked")


def refused_refunds(state: JobState, rows: pd.DataFrame, *, seen: Mapping[int, SeenCharge | None] | None, now: pd.Timestamp, gateway: str,
                    accept: Collection[str] = ()) -> pd.DataFrame:  # fmt: skip
    """`seen` None: there is no key, Stripe was not asked. Findings about those of `rows` (of `refunds`) that must wait; about a refund by its `refund_id`, the hint is its order number."""
    if not len(rows):
        return together()
    orders = state.orders.set_index("order_id")
    known = known_refunds(state)
    taken = _taken(state, rows)
    owed = on_account(state.postings, "to_refund")
    asked = state.refunds[state.refunds["status"].isin(OUTSTANDING)].groupby("order_id")["amount_cents"].sum()
    parts = []
    for row in rows.itertuples():
        order = orders.loc[row.order_id]
        charge = (seen or {}).get(row.refund_id)
        mine = charge.of_request(request_id(state.name, order["origin"], order["order_no"], row.refund_id)) if charge else ()
        said = _why_not(state, row, order, charge, mine, known, accept, gateway, now, taken)
        if seen is None and gateway == "api" and said is not None and said[0] == "refund_no_charge":
            said = "refund_not_asked", "Stripe was not asked"
        if said is None and int(asked.get(row.order_id, 0)) > int(owed.get(row.order_id, 0)):
            said = "refund_too_large", f"{asked[row.order_id]} cents would go back in all, {owed.get(row.order_id, 0)} are owed"
        if said is None and charge is not None and not mine:
            taken[charge.charge_id] = taken.get(charge.charge_id, 0) + int(row.amount_cents)  # the next of these must fit beside it
        if said is not None:
            parts.append(found("refund", said[0], "refunds", [row.refund_id], f"order {order['order_no']}: {said[1]}", hints=[order["order_no"]]))
    return together(*parts)


def _why_not(state: JobState, row: object, order: pd.Series, charge: SeenCharge | None, mine: Collection[SeenRefund], known: set[str], accept: Collection[str],
             gateway: str, now: pd.Timestamp, taken: Mapping[str, int]) -> tuple[str, str] | None:  # fmt: skip
    """The first rule that speaks against it: code and words; None: none does."""
    if _is_for_a_cancellation(row) and order["status"] != "cancelled" and not _is_of_cancelled_item(state, row):
        return "refund_not_cancelled", "it is for a cancellation, and nothing of the order is cancelled"
    if gateway == "api" and order["origin"] == "paper":
        return "refund_by_hand", "it was paid in an envelope"
    if gateway == "api" and state.job["currency"] in EXPONENTS:
        return "refund_by_hand", f"amounts in {state.job['currency']} have no hundredths, and only those are sent"
    days = state.job["refund_days"]
    if gateway == "api" and days is not None and pd.notna(order["placed_at"]) and now - order["placed_at"] > pd.Timedelta(days=int(days)):
        return "refund_too_late", f"the order is more than {days} days old"
    if charge is None and gateway == "person":
        return ("refund_not_asked", "it was for the API before, and Stripe was not asked what became of it") if pd.notna(row.request) else None
    if charge is None:
        return "refund_no_charge", "no charge is known for it"
    made = [r.refund_id for r in mine if r.takes_money]
    if gateway == "person" and set(made) - set(accept):
        return "refund_made", f"{' '.join(made)} was made for this very wish"
    if made:
        return None  # by a ledger that is lost, or by a try nobody heard of: it is found and not made again, or a person who saw it closes it by its number
    if charge.is_disputed:
        return "refund_disputed", f"charge {charge.charge_id} is disputed"
    if charge.currency.upper() != state.job["currency"]:
        return "refund_currency_differs", f"charge {charge.charge_id} is in {charge.currency.upper()}"
    foreign = [r.refund_id for r in charge.made_elsewhere({*known, *accept})]
    if foreign:
        return "refund_elsewhere", f"charge {charge.charge_id} was refunded by {' '.join(foreign)}, which is of no wish here"
    others = taken.get(charge.charge_id, 0) + sum(r.amount_cents for r in charge.made_elsewhere(known))
    if row.amount_cents > min(charge.left_cents, charge.captured_cents - others):
        return "refund_too_large", f"of charge {charge.charge_id} {charge.left_cents} cents are left, {row.amount_cents} would go back"
    return None


def known_refunds(state: JobState) -> set[str]:
    """What refunds of ours are known by at Stripe: each wish, and the number of what a person made for one."""
    return {*state.refunds["request_id"].dropna(), *state.refunds["refund_id_stripe"].dropna()}


def _is_for_a_cancellation(row: object) -> bool:
    return str(row.reason).startswith("cancel")


def _is_of_cancelled_item(state: JobState, row: object) -> bool:
    """Was the item that this refund speaks of cancelled, in its order or in a part that was split off from it?"""
    bought = purchases(state.orders)
    lines = state.lines[state.lines["cancelled_at"].notna()]
    lines = lines[lines["order_id"].map(bought) == bought[row.order_id]]
    return any(item_reason(c, w) == row.reason for c, w in zip(lines["code"], lines["cancel_reason"], strict=True))


def _taken(state: JobState, rows: pd.DataFrame) -> dict[str, int]:
    """Charge → cents that other wishes of this job have confirmed, sent or made."""
    others = state.refunds[~state.refunds["refund_id"].isin(rows["refund_id"]) & ~state.refunds["status"].isin(["failed", "withdrawn"])]
    return others.dropna(subset=["charge_id_stripe"]).groupby("charge_id_stripe")["amount_cents"].sum().to_dict()
