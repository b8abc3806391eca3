"""Fees: claim the platform's service fee of a cancelled order back, as a request that stays on the list until it is closed.

Cancelling an order gives its service fee to nobody, and refunding the parent does not either. The fee is read from the files, never computed. A request is drafted
(`prepaykit.report.fee_request`), sent by a person, and written down here with whom it was asked of; it is closed as credited or refused by what proves it.
Source: domain.md 4 (row 33); refunds.md section 5.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from prepaykit.errors import Refused, UsageError
from prepaykit.money import show_cents
from prepaykit.rules.search import named_orders
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState

CLOSING = ("credited", "refused")
FROM = {"requested": ("to_claim", "refused"), "credited": ("to_claim", "requested"), "refused": ("requested",)}
"""What a fee may become → what it must be before. A refused one may be asked for again."""


def fee_queue(state: JobState) -> pd.DataFrame:
    """Fees that are not closed: `order_no`, `order_key`, `amount_cents`, `status`, `cancelled_at`, `requested_at`, `requested_of`. Keys, never names.

    >>> fee_queue(JobState.new(name="maple-grove-2026", school="Maple Grove")).shape
    (0, 7)
    """
    rows = state.service_fees[state.service_fees["status"].isin(["to_claim", "requested"])]
    orders = state.orders[["order_id", "order_no", "order_key", "cancelled_at"]]
    rows = rows.merge(orders, on="order_id", how="left", validate="m:1").sort_values(["status", "order_no"], ascending=[False, True], ignore_index=True)
    return rows[["order_no", "order_key", "amount_cents", "status", "cancelled_at", "requested_at", "requested_of"]]


def plan_fees(state: JobState, order_nos: Iterable[str] = (), *, becomes: str = "requested", said: str, now: pd.Timestamp) -> Plan:
    """Plan to write down what became of the fees of these orders (none named: of all that are in turn).

    `becomes`: requested (`said`: of whom, or by what: an address, a ticket), credited or refused (`said`: what proves it: an invoice, a letter).
    Raises UsageError without `said` or for an unknown order, Refused for a named order whose fee is not in turn. Result: `fees`, `amount_cents`.
    """
    if becomes not in FROM:
        raise UsageError(f"fees: a fee becomes {', '.join(FROM)}, not {becomes!r}")
    if not said.strip():
        raise UsageError("fees: say of whom it is asked (--requested-of), or what proves the end of it (--evidence)")
    numbers = sorted({str(n) for n in order_nos})
    fees = state.service_fees
    chosen = fees["status"].isin(FROM[becomes] if numbers else FROM[becomes][:1] if becomes == "requested" else ("requested",))
    if numbers:
        named = named_orders(state, numbers, "fees")
        mine = fees["order_id"].isin(named["order_id"])
        other = fees[mine & ~chosen & (fees["status"] != becomes)]
        none = named[~named["order_id"].isin(fees["order_id"])]
        if len(other) or len(none):
            rows = ", ".join([*(f"{n} ({s})" for n, s in zip(_numbers(state, other), other["status"], strict=True)), *(none["order_no"] + " (no fee)")])
            raise Refused(f"fees: cannot become {becomes}: order {rows}; a fee is claimed of a cancelled order, asked for, then closed")
        chosen &= mine
    asked = {"requested_at": now, "requested_of": said.strip(), "closed_at": pd.NaT, "evidence": None}
    values = asked if becomes == "requested" else {"closed_at": now, "evidence": said.strip()}
    table = fees.assign(status=fees["status"].mask(chosen, becomes), **{c: fees[c].mask(chosen, v) for c, v in values.items()})
    cents = int(fees.loc[chosen, "amount_cents"].sum())
    headline = f"{int(chosen.sum())} service fees {becomes}, {show_cents(cents, str(state.job['currency']))}"
    return Plan.between(state, "fees", {"service_fees": table}, headline=headline, result={"fees": int(chosen.sum()), "amount_cents": cents})


def _numbers(state: JobState, fees: pd.DataFrame) -> list[str]:
    return fees["order_id"].map(state.orders.set_index("order_id")["order_no"]).tolist()
