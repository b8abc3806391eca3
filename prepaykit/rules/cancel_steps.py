"""The steps of a cancellation, in the order in which they are to be done, with what each costs and the command for it.

Problem. Deleting an order neither gives the parent's money back nor cancels the platform's service fee: three steps, at three places, and whoever
forgets one finds it on an invoice months later. Rule. First the service fee is claimed back, then the parent refunded, then the order deleted from
its collection. Here deleting comes first on the keyboard: it opens the other two, and keeps them on the worklist until each is closed.

Fees are read from the files and never computed: the service fee as the orders file states it; Stripe's own processing fee, which it keeps when a
payment is refunded, as the account book has it, and without one it is said to be unknown. A single item has no service fee of its own.

Worked case. Order 104007, $42.00 by card, service fee $2.94: claim 2.94, refund 42.00 in Stripe, delete (2 prints leave collection 1). Source:
the user's document, Q3 and Q6; domain.md 4 (rows 26, 32, 33); refunds.md section 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from prepaykit.money import show_cents
from prepaykit.rules import money_book
from prepaykit.rules.items import item_names, item_of_order, item_reason, wanted_lines, worth_of
from prepaykit.rules.search import named_orders, where_orders_are
from prepaykit.tables.state import JobState

COLUMNS = {"order_no": "str", "step": "str", "what": "str", "amount_cents": "Int64", "command": "str"}
FEE, REFUND, DELETE = "1 claim the service fee", "2 refund", "3 delete"
_FEE_SAID = {"charged": "not asked for yet", "to_claim": "not asked for yet", "requested": "asked for", "credited": "credited", "refused": "refused"}


def cancel_steps(state: JobState, order_nos: Iterable[str], *, item: str = "", kept_cents: Mapping[int, int] | None = None) -> pd.DataFrame:
    """What cancelling these orders (or one `item` of one order) comes to, three rows an order, in the order in which they are to be done.

    A row is a step (key `order_no`, `step`): `what` is to be done or was done already, `amount_cents` (of the fee; to go back; missing where it is not
    known), `command` (empty where nothing is left to do). `kept_cents`: order (key) → the processing fee that Stripe took, if the account book tells. Changes nothing; says the same before the cancellation and after it, as far as it is true.
    Raises UsageError for an order or item that is not there.

    >>> cancel_steps(JobState.new(name="maple-grove-2026", school="Maple Grove"), []).columns.tolist()
    ['order_no', 'step', 'what', 'amount_cents', 'command']
    """
    numbers = list(dict.fromkeys(str(n) for n in order_nos))
    rows = []
    for number in numbers:
        order = named_orders(state, [number], "cancel").iloc[0]
        line_id = item_of_order(state, order, item) if item else None
        steps = (_fee(state, order, number, line_id), _refund(state, order, number, line_id, kept_cents or {}), _delete(state, order, number, line_id))
        rows += [[number, step, *said] for step, said in zip((FEE, REFUND, DELETE), steps, strict=True)]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _fee(state: JobState, order: pd.Series, number: str, line_id: int | None) -> tuple[str, object, str]:
    fees = state.service_fees[state.service_fees["order_id"] == order["order_id"]]
    if not len(fees):
        return "no service fee stands in the files: look at the invoice", pd.NA, ""
    amount = int(fees["amount_cents"].sum())
    if line_id is not None:
        return "of the whole order, it stays: none is claimed for an item", amount, ""
    status = str(fees["status"].iloc[-1])
    of = fees["requested_of"].iloc[-1]
    said = _FEE_SAID[status] + (f" of {of}" if status in ("requested", "refused") and pd.notna(of) else "")
    is_open = status in ("charged", "to_claim", "requested")
    return f"as the files state it; {said}", amount, "prepaykit fees" if is_open else ""


def _refund(state: JobState, order: pd.Series, number: str, line_id: int | None, kept_cents: Mapping[int, int]) -> tuple[str, object, str]:
    amount, was_open = _to_go_back(state, order, line_id)
    if not amount:
        given = int(money_book.on_account(state.postings, "refunded").get(order["order_id"], 0))
        return ("given back already" if was_open and given else "nothing: not paid, or not beyond what is due"), 0, ""
    confirm = f" --confirm {amount // 100}.{amount % 100:02d} --apply" if _is_all_there_is(state, order, amount, was_open) else ""
    if order["origin"] == "paper":
        return "by hand: it was paid in an envelope", amount, f"prepaykit refund {number} --gateway person --hand-to NAME{confirm}"
    kept = kept_cents.get(int(order["order_id"]))
    fee = "the processing fee it keeps is not known here" if kept is None else f"it keeps the processing fee of the payment, {show_cents(kept, str(state.job['currency']))}"
    return f"Stripe (api); {fee}", amount, f"prepaykit refund {number}{confirm}"


def _is_all_there_is(state: JobState, order: pd.Series, amount: int, was_open: bool) -> bool:
    """Would the refunds that can be confirmed for the order come to this very sum? Else the command shows the sum first."""
    mine = state.refunds[(state.refunds["order_id"] == order["order_id"]) & ~state.refunds["status"].isin(["succeeded", "withdrawn"])]
    planned = int(mine["amount_cents"].sum())
    return bool((mine["status"] == "planned").all()) and planned == (amount if was_open else 0)


def _to_go_back(state: JobState, order: pd.Series, line_id: int | None) -> tuple[int, bool]:
    """Cents that would go back, or that are owed and not given back yet; and whether it was cancelled before."""
    refunds = state.refunds[(state.refunds["order_id"] == order["order_id"]) & ~state.refunds["refund_id"].isin(state.refunds["replaces_id"].dropna())]
    owed = refunds[~refunds["status"].isin(["succeeded", "withdrawn"])]
    if line_id is None:
        is_cancelled = order["status"] == "cancelled"
        held = int(money_book.held_of(state.postings, pd.Series([order["order_id"]]))[0])
        return int(owed["amount_cents"].sum()) + held, bool(is_cancelled)
    line = state.lines[state.lines["line_id"] == line_id].iloc[0]
    if pd.notna(line["cancelled_at"]):
        mine = owed["reason"] == item_reason(line["code"], line["cancel_reason"])
        return int(owed.loc[mine, "amount_cents"].sum()), True
    is_wanted = line_id in set(wanted_lines(state)["line_id"]) and order["status"] not in ("released", "cancelled")
    return (worth_of(state, order, line_id).back_cents if is_wanted else 0), False


def _delete(state: JobState, order: pd.Series, number: str, line_id: int | None) -> tuple[str, object, str]:
    name = "" if line_id is None else item_names(state, int(order["order_id"]))[line_id]
    gone_at = order["cancelled_at"] if line_id is None else state.lines.set_index("line_id").loc[line_id, "cancelled_at"]
    if pd.notna(gone_at):
        return f"done on {gone_at:%Y-%m-%d}, still found: prepaykit find {order['order_no']}", 0, ""
    if order["status"] == "released":
        return "too late: sent to production; use a complaint", 0, ""
    slots = state.slots[(state.slots["order_id"] == order["order_id"]) & ~state.slots["is_dropped"]]
    command = f'prepaykit cancel {number}{f" --item {name}" if name else ""} --why "…" --apply'
    if line_id is None:
        where = where_orders_are(state).set_index("order_id").loc[order["order_id"], "where"]
        return f"leaves {where}: {_pictures(slots)}", 0, command
    mine = slots[slots["line_id"] == line_id]
    rest = (wanted_lines(state)["order_id"] == order["order_id"]).sum() - 1
    return f"{_pictures(mine)} not made; {'1 other item goes' if rest == 1 else f'{rest} other items go'} on", 0, command


def _pictures(slots: pd.DataFrame) -> str:
    """What leaves, counted as the lab would: a memory mate is one print."""
    files = int((slots["hole"] == "digital").sum())
    prints = int((~slots["hole"].isin(["digital", "mate_group"])).sum())
    said = f"{prints} print{'' if prints == 1 else 's'}" + (f", {files} digital picture{'' if files == 1 else 's'}" if files else "")
    return f"{said} ({len(slots)} slot{'' if len(slots) == 1 else 's'})"
