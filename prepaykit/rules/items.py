"""Items of an order: which are still wanted, how a person names one, and what leaving one out comes to.

Problem. A child was never photographed, and its class picture is printed all the same: one line of an order is cancelled, the others go on. The line
stays in the order with when and why; its slots are dropped. Rule. A line is still wanted if it was not cancelled and its child was not left behind
as a whole (sibling policy ship_partial, whose slots are dropped without a cancelled line). Sums, packing lists and what a child is said to have ordered
count wanted lines only.

Money. An item is worth its part, by list price, of what is due for the wanted lines (so coupons and tax are shared). Of that goes back only what was paid
beyond what is due for the rest, and never more than is held. The part that was never paid lowers the order's total; the part that goes back stays in
the total, as everywhere where money is owed back (`money_book.due_now`).

| due, paid | item | goes back | total after |
|---|---|---|---|
| 30.00, 30.00 | 15.00 | 15.00 | 30.00, of it 15.00 owed back |
| 30.00, 20.00 | 15.00 | 5.00 | 20.00, of it 5.00 owed back |
| 30.00, nothing | 15.00 | nothing | 15.00 |

Known limits. A line is cancelled whole: not one of three prints, nor one print of a package. Source: domain.md 8 (no photo at all; cancellation is per item).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from prepaykit.errors import Refused, UsageError
from prepaykit.rules import money_book
from prepaykit.tables.state import JobState

ITEM = "cancel item"


def left_behind(state: JobState) -> pd.Series:
    """Children (keys of `order_subjects`) whose prints the policy ship_partial left out, each once.

    A dropped slot of a cancelled line says nothing of the child's other lines.
    """
    dropped = state.slots.loc[state.slots["is_dropped"], "line_id"]
    lines = state.lines[state.lines["cancelled_at"].isna()]
    return lines.loc[lines["line_id"].isin(dropped), "order_subject_id"].drop_duplicates()


def wanted_lines(state: JobState) -> pd.DataFrame:
    """The rows of `lines` that are still wanted: neither cancelled nor of a child left behind.

    >>> wanted_lines(JobState.new(name="maple-grove-2026", school="Maple Grove")).shape[0]
    0
    """
    return state.lines[state.lines["cancelled_at"].isna() & ~state.lines["order_subject_id"].isin(left_behind(state))]


def children_without_items(state: JobState) -> pd.Series:
    """Children (keys of `order_subjects`) of whom every line was cancelled, each once: nothing of the order is for them any more."""
    lines = state.lines
    gone = lines.loc[lines["cancelled_at"].notna(), "order_subject_id"]
    return gone[~gone.isin(lines.loc[lines["cancelled_at"].isna(), "order_subject_id"])].drop_duplicates()


def item_reason(code: str, why: str) -> str:
    """What the refund of a cancelled item says: `cancel item P57: absent`. It is how the two are held together."""
    return f"{ITEM} {code}: {why}"


# --- names -------------------------------------------------------------------------------------------------------------


def item_names(state: JobState, order_id: int) -> pd.Series:
    """How each line of an order is named (index `line_id`), cancelled ones too: as short as it can be, and no two alike.

    The code (`P57`), with options as in the order string (`P57,LUSTRE`); of several children with the child's access code (`P57@KA01`; without one
    `P57@2`, the second child); of lines that are still alike with its place among them (`P57@KA01#2`).
    """
    rows = _lines_named(state, order_id)
    name = rows["item"]
    twice = name.duplicated(keep=False)
    name = name.where(~twice | (rows["order_subject_id"].nunique() == 1), name + "@" + rows["child"])
    twice = name.duplicated(keep=False)
    name = name.where(~twice, name + "#" + (name.groupby(name).cumcount() + 1).astype("str"))
    return pd.Series(name.to_numpy(), index=rows["line_id"].to_numpy(), dtype="str")


def item_of_order(state: JobState, order: pd.Series, text: str) -> int:
    """The line (key) that a person means by such a name, in any case; more may be said than is needed, less only if it stays clear.

    `order`: the row of `orders`. Raises UsageError for one that is not there or that several lines could be, with the names to choose from.
    """
    rest, _, place = text.strip().casefold().partition("#")
    item, _, child = rest.partition("@")
    rows = _lines_named(state, int(order["order_id"]))
    is_child = (rows["child"].str.casefold() == child) | (rows["place"] == child) | (rows["typed"].str.casefold() == child)
    plain, full = rows["code"].str.casefold() == item, rows["item"].str.casefold() == item
    hits = rows[(plain | full) & (is_child | (child == ""))]
    if place:
        hits = hits[hits.groupby(["item", "order_subject_id"]).cumcount().add(1).astype("str") == place]
    if len(hits) == 1:
        return int(hits["line_id"].iloc[0])
    names = item_names(state, int(order["order_id"]))
    if not len(hits):
        raise UsageError(f"cancel: order {order['order_no']} has no item {text.strip()}; it has {', '.join(names)}")
    several = ", ".join(names[hits["line_id"]])
    raise UsageError(f"cancel: item {text.strip()} of order {order['order_no']} may be {several}: say which")


def _lines_named(state: JobState, order_id: int) -> pd.DataFrame:
    """The lines of an order with the parts of their names: `item`, `child` (access code or place), `typed`, `place`."""
    rows = state.lines[state.lines["order_id"] == order_id].sort_values("line_id", ignore_index=True)
    children = state.order_subjects[state.order_subjects["order_id"] == order_id].sort_values("order_subject_id")
    place = pd.Series(range(1, len(children) + 1), index=children["order_subject_id"], dtype="int64").astype("str")
    listed = children.set_index("order_subject_id")["subject_id"].map(state.subjects.set_index("subject_id")["access_code"]).astype("str")
    typed = children.set_index("order_subject_id")["access_code"]
    name = listed.fillna(typed).fillna(place)
    child = rows["order_subject_id"]
    return rows.assign(
        item=(rows["code"] + "," + rows["options"]).fillna(rows["code"]), child=child.map(name).astype("str"),
        typed=child.map(typed).astype("str").fillna(""), place=child.map(place).astype("str"),
    )  # fmt: skip


# --- what it comes to --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Worth:
    """What leaving an item out comes to, in whole cents: `share_cents` of what is due, of it `back_cents` go back to the parent."""

    share_cents: int
    back_cents: int


def require_wanted(state: JobState, order: pd.Series, line_id: int) -> None:
    """Raise Refused unless this line may be left out: of an order not in production, still wanted, and not its last one."""
    number, status = order["order_no"], order["status"]
    if status == "released":
        raise Refused(f"cancel: order {number} was sent to production. Use a complaint (reprint or refund) instead.")
    if status == "cancelled":
        raise Refused(f"cancel: order {number} is cancelled as a whole already; its money is on the worklist")
    name, wanted = item_names(state, int(order["order_id"]))[line_id], wanted_lines(state)
    if line_id not in set(wanted["line_id"]):
        was_cancelled = state.lines.loc[state.lines["line_id"] == line_id, "cancelled_at"].notna().any()
        how = "was cancelled already" if was_cancelled else "is left out already with its child's prints (part_dropped)"
        raise Refused(f"cancel: item {name} of order {number} {how}; its money is on the worklist")
    if (wanted["order_id"] == order["order_id"]).sum() == 1:
        raise Refused(f"cancel: item {name} is the last one of order {number}: cancel the order, prepaykit cancel {number}")


def worth_of(state: JobState, order: pd.Series, line_id: int) -> Worth:
    """What leaving this wanted line out comes to (see the table above).

    What goes back never is more than its part of what is due, of what was paid, or than what is held.
    """
    wanted = wanted_lines(state)
    wanted = wanted[wanted["order_id"] == order["order_id"]]
    price = int(wanted.loc[wanted["line_id"] == line_id, "total_cents"].iloc[0])
    ids = pd.Series([order["order_id"]])
    owed, held = int(money_book.owed_back(state.postings, ids)[0]), int(money_book.held_of(state.postings, ids)[0])
    due = max(int(order["total_cents"]) - owed, 0)
    share = due * price // max(int(wanted["total_cents"].sum()), 1)
    return Worth(share, int(np.clip(held - (due - share), 0, share)))
