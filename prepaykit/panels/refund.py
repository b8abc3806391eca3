"""Refunds as a panel: what is owed to whom and why; whoever gives it back types the amount, and that is the confirmation.

Rows are the refunds that nobody has sent yet, and those that wait for a person. A press is a choice of kind `refund` whose value is the amount as it was
typed; less than is owed leaves the rest planned, more is refused. Nothing is asked of Stripe here and nothing is sent: the plan looks at the charges,
`apply` promises, `prepaykit send` makes it. Details show names. Source: refunds.md section 3; domain.md 4 (rows 25, 26, 31–33).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from prepaykit.decide.refund import CONFIRMABLE, refund_names
from prepaykit.errors import UsageError
from prepaykit.money import show_cents, to_cents
from prepaykit.panels.orders import Orders
from prepaykit.panels.work import Action, Block, Column, Work, notes
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState

COLUMNS = (
    Column("key", "refund", "code", 30),
    Column("child", "child", "text", 16, has_names=True),
    Column("owed", "owed", "text", 10),
    Column("way", "how it was paid", "text", 14),
    Column("state", "state", "text", 12),
    Column("reason", "why", "text", 30),
)
ACTIONS = (Action("give_back", "g", "Give back: type the amount", needs="text"),)
SAID = {"planned": "owed", "review": "look at it", "blocked": "blocked"}


def refund_work(state: JobState) -> Work:
    """The refunds of a job that somebody could confirm now.

    >>> refund_work(JobState.new(name="maple-grove-2026", school="Maple Grove")).rows.shape[0]
    0
    """
    orders, currency = Orders(state), str(state.job["currency"])
    rows = state.refunds.assign(key=refund_names(state))
    rows = rows[rows["status"].isin(CONFIRMABLE)].sort_values("refund_id", ignore_index=True)
    at = rows.set_index("key")
    return Work(
        name="refund",
        verb="refund",
        title="Refunds",
        rows=_rows(state, rows, orders, currency),
        columns=COLUMNS,
        actions=ACTIONS,
        details=lambda key: _details(orders, at.loc[key], currency),
        choices=lambda presses: pd.DataFrame({"kind": "refund", "target": presses["row_key"], "value": presses["value"]}),
        said=lambda action, value: f"gives back {value}",
        check=lambda key, action, value: _check(at.loc[key], value, currency),
        planned=lambda plan: _planned(plan, currency),
        frames=state.frames,
        nothing="Nothing is owed back.",
    )


def _rows(state: JobState, rows: pd.DataFrame, orders: Orders, currency: str) -> pd.DataFrame:
    table = orders.table.reindex(rows["order_id"])
    first = state.payments.dropna(subset=["order_id"]).drop_duplicates("order_id").set_index("order_id")["method"]
    return pd.DataFrame(
        {
            "key": rows["key"],
            "child": table["child"].fillna("").to_numpy(),
            "owed": [show_cents(c, currency) for c in rows["amount_cents"]],
            "way": rows["order_id"].map(first).fillna("").astype("str").to_numpy(),
            "state": rows["status"].map(SAID).to_numpy(),
            "reason": rows["reason"],
            "tone": np.where(rows["status"] == "planned", "", "warn"),
            "also": table["also"].fillna("").to_numpy(),
        }
    )


def _details(orders: Orders, row: pd.Series, currency: str) -> list[Block]:
    said = [
        (f"{show_cents(row['amount_cents'], currency)} are owed: {row['reason']}.", ""),
        ("Press g and type the amount as it stands here; less leaves the rest for later.", ""),
    ]
    if row["status"] != "planned" and pd.notna(row["evidence"]):
        said.append((f"It waits: {row['evidence']}.", "bad"))
    return [orders.fields(row["order_id"]), notes("What would go back", said), orders.bought(row["order_id"])]


def _check(row: pd.Series, value: str, currency: str) -> None:
    try:
        cents = to_cents(value)
    except ValueError as error:
        raise UsageError(f"{error}: type it as {show_cents(row['amount_cents'], currency)}") from None
    if not 0 < cents <= row["amount_cents"]:
        raise UsageError(f"{show_cents(cents, currency)} cannot go back: {show_cents(row['amount_cents'], currency)} are owed")


def _planned(plan: Plan, currency: str) -> list[Block]:
    result: Mapping[str, object] = plan.result
    words = f"{len(result['refund_ids'])} of the refunds, {show_cents(int(str(result['to_refund_cents'])), currency)}, would be promised; prepaykit send makes them."
    waits = [(f"{r.detail}: {r.next_move}", "bad" if r.severity == "error" else "warn") for r in plan.findings.itertuples()]
    return [notes("What the plan would do", [(words, "good"), *waits])]
