"""Payments: hold the account book against the orders of a job, say what does not agree, and count what came in beside them.

What may be changed: findings; the reference of a payment whose charge was found by the order's key (a refund then finds it); choices of kind `payment` (whose a payment is);
and, only for the payments that somebody names, money: a payment that no order counts becomes one of the order it is of. For an order in production or cancelled it is owed
back at once. Nothing is booked twice: what was booked is known by its number.

Worked case: order 104007 of $42 was paid twice. The second payment is a finding; `--book ch_2` counts it, place and batch then find $42 too much and put it on the refund list.
Source: refunds.md section 4; domain.md 9.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

import numpy as np
import pandas as pd

from prepaykit.errors import Refused, UsageError
from prepaykit.money import show_cents
from prepaykit.rules import money_book
from prepaykit.rules.choosing import brought_choices, kept_choices
from prepaykit.rules.payment_findings import payment_findings, stray_findings
from prepaykit.rules.payment_matching import (
    Matched,
    OrdersToPay,
    is_by_hand,
    match_payments,
    named_charges,
    orders_to_pay,
    root_orders,
)
from prepaykit.rules.search import named_orders
from prepaykit.tables.account import of_kind
from prepaykit.tables.catalog import typed
from prepaykit.tables.findings import together
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState


def plan_payments(state: JobState, book: pd.DataFrame, wanted: OrdersToPay, *, of: Mapping[str, str] | None = None, book_charges: Collection[str] = (), now: pd.Timestamp,
                  who: str = "", why: str = "", choices: pd.DataFrame | None = None, findings: pd.DataFrame | None = None) -> Plan:  # fmt: skip
    """Plan what the account book means for this job.

    `book`: entries (`prepaykit.tables.account`). `wanted`: the orders of every job of the studio, this one among them: a payment must not be taken for ours that is another job's.
    `of`: payment → order number of this job. `book_charges`: payments to be counted. `choices`: decisions of kind `payment`, to be done again. `findings`: of reading the reports.
    Findings: those of `payment_findings` and `stray_findings`. Raises UsageError for a payment or order that is not there, Refused for one that is counted already, or is another order's.
    Result: `matched`, `orders`, `of_nobody`, `booked`, `booked_cents`.
    """
    charges = of_kind(book, "charge")
    brought, said = brought_choices(state, choices, "payments", partial(_chosen, state, set(charges["id"])))
    new = [_chosen(state, set(charges["id"]), "payment", charge, number) for charge, number in (of or {}).items()]
    told = pd.DataFrame(new, columns=["target", "value"]).assign(kind="payment", who=who or None, why=why or None, decided_at=now) if new else brought.head(0)
    kept = kept_choices(state.choices, typed("choices", pd.concat([brought, typed("choices", told)])))
    work = state.replace(choices=kept)
    matched = match_payments(book, _with_new_choices(work, wanted))
    work = _with_references(work, matched)
    named = named_charges(book, _with_new_choices(work, wanted)) if book_charges else set()
    work, cents = _booked(work, matched, named, sorted(set(book_charges)))
    anew = _with_new_choices(work, wanted)
    matched = match_payments(book, anew)
    mine = matched.shares[matched.shares["job"] == state.name]
    spoken = together(payment_findings(work, anew, matched), stray_findings(matched), said, *([] if findings is None else [findings]))
    result = {"matched": mine["charge_id"].nunique(), "orders": mine["order_id"].nunique(), "of_nobody": int(matched.strays["job"].isna().sum()),
              "booked": len(set(book_charges)), "booked_cents": cents}  # fmt: skip
    currency = str(state.job["currency"])
    headline = f"{result['matched']:,} payments of {result['orders']:,} orders, {show_cents(int(_of_job(state, matched)['share_cents'].sum()), currency)}; {result['of_nobody']:,} of no order here"
    headline += f"; counts {result['booked']} more, {show_cents(cents, currency)}" if cents else ""
    tables = {n: work.tables[n] for n in ("choices", "payments", "orders", "postings", "refunds")}
    return Plan.between(state, "payments", tables, findings=spoken, headline=headline, result=result)


def _chosen(state: JobState, charges: set[str], kind: str, target: str, value: str) -> tuple[str, str]:
    """A choice with the order it names, checked: both must be there."""
    if target not in charges:
        raise UsageError(f"payments: the account book has no payment {target}")
    order = named_orders(state, [value], "payments").iloc[0]
    number = str(state.orders.set_index("order_id")["order_no"][root_orders(state.orders)[order["order_id"]]])
    return target, f"{order['origin']}:{number}"


def _with_new_choices(state: JobState, wanted: OrdersToPay) -> OrdersToPay:
    """The orders of all jobs, with those of this one as they are now."""
    here = orders_to_pay([state])
    parts = ((getattr(wanted, t), getattr(here, t)) for t in ("orders", "references", "said", "wishes"))
    return OrdersToPay(*(pd.concat([old[old["job"] != state.name], new], ignore_index=True) for old, new in parts))


def _with_references(state: JobState, matched: Matched) -> JobState:
    """The one payment of an order that names no charge gets the first that was found for it with the very amount; sooner one whose money is still here."""
    pays = state.payments
    root = pays["order_id"].map(root_orders(state.orders)).astype("Int64")
    bare = pays["reference"].isna() & ~is_by_hand(pays) & root.notna() & ~root.duplicated(keep=False)
    mine = _of_job(state, matched)
    mine = mine[mine["matched_by"] != "reference"]
    mine = mine.assign(is_gone=mine["charge_id"].map(matched.given_back.groupby("charge_id")["share_cents"].sum()).fillna(0) >= mine["share_cents"])
    paid = pd.DataFrame({"order_id": root[bare].astype("int64"), "share_cents": pays.loc[bare, "amount_cents"]})
    first = mine.merge(paid, on=["order_id", "share_cents"]).sort_values(["is_gone", "at", "charge_id"]).drop_duplicates("order_id").set_index("order_id")["charge_id"]
    return state.replace(payments=pays.assign(reference=pays["reference"].mask(bare, root.map(first)).astype("str")))


def _of_job(state: JobState, matched: Matched) -> pd.DataFrame:
    """The payments of this job, in its currency."""
    return matched.shares[(matched.shares["job"] == state.name) & (matched.shares["currency"] == str(state.job["currency"]))]


def _booked(state: JobState, matched: Matched, named: set[str], wanted: list[str]) -> tuple[JobState, int]:
    """Count these payments for the orders they are of; what comes for an order that is gone is owed back."""
    if not wanted:
        return state, 0
    mine = matched.shares[(matched.shares["job"] == state.name) & matched.shares["charge_id"].isin(wanted)]
    lost = sorted(set(wanted) - set(mine["charge_id"]))
    if lost:
        raise UsageError(f"payments: {', '.join(lost)} is no payment of an order of {state.name}; say whose it is: prepaykit payments --of {lost[0]}=ORDER")
    foreign = mine["currency"] != str(state.job["currency"])
    if foreign.any():
        raise Refused(f"payments: {mine.loc[foreign, 'charge_id'].iloc[0]} is in another currency than {state.name}; its money is not counted here")
    _require_not_counted(state, named, mine)
    back = matched.given_back[matched.given_back["charge_id"].isin(wanted)]
    if len(back):
        raise Refused(f"payments: of {back['charge_id'].iloc[0]} {back['refund'].iloc[0]} was given back already; what went back is not counted again")
    rows = mine.sort_values("charge_id")
    ids, cents = rows["order_id"].to_numpy(), rows["share_cents"].to_numpy()
    first = state.next_id("payments")
    new = pd.DataFrame({"payment_id": np.arange(first, first + len(rows)), "order_id": ids, "amount_cents": cents, "method": "card", "reference": rows["charge_id"], "received_at": rows["at"]})
    book = money_book.post(state.postings, ids, cents, to="held", reason="payments: counted")
    more = rows.groupby("order_id")["share_cents"].sum()
    orders = state.orders.assign(paid_cents=state.orders["paid_cents"] + state.orders["order_id"].map(more).fillna(0).astype("int64"))
    gone = rows["order_id"].isin(orders.loc[orders["status"].isin(["released", "cancelled"]), "order_id"]).to_numpy()
    reason = "payments: paid beside the order"
    book = money_book.post(book, ids[gone], cents[gone], taken_from="held", to="to_refund", reason=reason)
    refunds = money_book.owe_back(state.refunds, ids[gone], cents[gone], reason=reason)
    return state.replace(payments=pd.concat([state.payments, typed("payments", new)]), postings=book, orders=orders, refunds=refunds), int(cents.sum())


def _require_not_counted(state: JobState, named: set[str], mine: pd.DataFrame) -> None:
    """Refuse a payment that an order names, or that the order's own figure may stand for: it would be counted twice."""
    pays = state.payments[state.payments["order_id"].notna() & ~is_by_hand(state.payments)]
    root = pays["order_id"].astype("int64").map(root_orders(state.orders))
    bare = set(root[pays["reference"].isna()])
    again = mine[mine["charge_id"].isin(named) | mine["order_id"].isin(bare)]
    if len(again):
        raise Refused(f"payments: {', '.join(again['charge_id'])} of order {', '.join(again['order_no'])} is counted by the order already, or may be; look at it: prepaykit find {again['order_no'].iloc[0]}")
