"""Orders as panels show them: their children and classes, what was bought with its pictures, the money, and what is to be said of them.

The rows are worked out for all orders at once; the details for one order, when it is looked at. They show names: for the screen of whoever decides.
"""

from __future__ import annotations

import pandas as pd

from prepaykit.money import show_cents
from prepaykit.panels.work import Block, fields, products
from prepaykit.rules.search import where_orders_are
from prepaykit.tables.findings import REGISTER
from prepaykit.tables.state import JobState

HOLES = {
    "individual": "",
    "group": "",
    "mate_individual": "child",
    "mate_group": "class",
    "digital": "digital file",
}
TONES = {"error": "bad", "warn": "warn", "note": ""}


class Orders:
    """The orders of a job, for rows and details of panels. `table`: by `order_id`: number, child, in_class, prints, due, paid, also."""

    def __init__(self, state: JobState) -> None:
        self.state, self.currency = state, str(state.job["currency"])
        orders = state.orders.set_index("order_id")
        twice = orders["order_no"].duplicated(keep=False)
        self.numbers = orders["order_no"].mask(twice, orders["origin"] + ":" + orders["order_no"])
        self.children = _children(state)
        by_order = self.children.groupby("order_id")
        slots = state.slots[~state.slots["is_dropped"] & (state.slots["hole"] != "mate_group")]
        self.table = pd.DataFrame({
            "number": self.numbers,
            "child": by_order["name"].agg(", ".join),
            "in_class": by_order["in_class"].agg(lambda names: ", ".join(dict.fromkeys(names))),
            "prints": slots.groupby("order_id")["quantity"].sum().astype("Int64"),
            "due": orders["total_cents"], "paid": orders["paid_cents"],
            "also": by_order["access_code"].agg(" ".join) + " " + orders["order_key"].fillna("") + " " + orders["buyer_name"].fillna(""),
        }, index=orders.index)  # fmt: skip

    def money(self, order_id: int) -> str:
        """What was paid of what is due."""
        row = self.table.loc[order_id]
        return f"{show_cents(row['paid'], self.currency)} of {show_cents(row['due'], self.currency)}"

    def owing(self) -> pd.Series:
        """What was paid for every order, and of how much if that is not the same; as text, for a column."""
        rows = self.table[["paid", "due"]].itertuples(index=False)
        words = [
            show_cents(paid, self.currency) + (f" of {show_cents(due, self.currency)}" if paid != due else "")
            for paid, due in rows
        ]
        return pd.Series(words, self.table.index, dtype="str")

    def fields(self, order_id: int, *more: tuple[str, object]) -> Block:
        """The order in labels and values."""
        order = self.state.orders.set_index("order_id").loc[order_id]
        mine = self.children[self.children["order_id"] == order_id]
        who = [f"{r.name} · {r.in_class} · {r.access_code or 'no code'}" for r in mine.itertuples(index=False)]
        return fields(f"Order {self.numbers[order_id]}", [
            *[("child", words) for words in who], ("where", where_orders_are(self.state).set_index("order_id").loc[order_id, "where"]),
            *more, ("paid", self.money(order_id)),
            ("delivery", "with the batch" if order["shipping"] == "batch" else "direct"), ("buyer", order["buyer_name"]), ("note", order["note"]),
        ])  # fmt: skip

    def line(self, order_id: int) -> str:
        """The order in one line: its children with class and code, and the money."""
        mine = self.children[self.children["order_id"] == order_id]
        who = "; ".join(f"{r.name} · {r.in_class} · {r.access_code or 'no code'}" for r in mine.itertuples(index=False))
        order = self.state.orders.set_index("order_id").loc[order_id]
        note = f" · note: {order['note']}" if pd.notna(order["note"]) else ""
        return f"{self.numbers[order_id]}: {who} · paid {self.owing()[order_id]}{' · direct' if order['shipping'] == 'direct' else ''}{note}"

    def bought(self, order_id: int) -> Block:
        """What was ordered, as it was ordered: under each product its pictures, copies and flags."""
        state, items = self.state, []
        names = self.children.set_index("order_subject_id")["name"]
        several = (self.children["order_id"] == order_id).sum() > 1
        damaged = set(state.frames.loc[state.frames["damage"].notna(), "frame_id"])
        for line in state.lines[state.lines["order_id"] == order_id].itertuples():
            child = f" · {names[line.order_subject_id]}" if several else ""
            slots = state.slots[state.slots["line_id"] == line.line_id]
            tiles = [_tile(slot, damaged) for slot in slots.itertuples()]
            gone = "" if pd.isna(line.cancelled_at) else " · cancelled"
            items.append((f"{line.quantity} × {line.name} ({line.code}){child}{gone}", tiles))
        return products("As ordered", items)

    def findings(self, order_id: int) -> list[tuple[str, str]]:
        """What stands on the order, its children and its prints, in words."""
        rows = self._findings(order_id)
        severity = rows["severity"].map({"error": 0, "warn": 1, "note": 2})
        rows = rows.assign(rank=severity).sort_values("rank", kind="stable")
        return [(_finding_words(r), TONES[r.severity]) for r in rows.itertuples()]

    def error_words(self, order_id: int, what: str) -> str:
        """An error as an acceptance names it (`underpaid`, `card_skipped/118`), in words."""
        code, _, about = what.partition("/")
        number = self.state.orders.set_index("order_id").loc[order_id, "order_no"]
        rows = self.state.findings[self.state.findings["code"] == code]
        rows = rows[rows["key"] == (about or number)]
        said = f": {rows['detail'].iloc[0]}" if len(rows) else f", see frame {about}" if about else ""
        meaning = REGISTER[code].meaning
        return f"{meaning[:1].upper()}{meaning[1:]}{said}"

    def _findings(self, order_id: int) -> pd.DataFrame:
        state = self.state
        keys = {
            "orders": [state.orders.set_index("order_id").loc[order_id, "order_no"]],
            "order_subjects": self.children.loc[self.children["order_id"] == order_id, "order_subject_id"].astype(
                "str"
            ),
            "slots": state.slots.loc[state.slots["order_id"] == order_id, "slot_id"].astype("str"),
            "lines": state.lines.loc[state.lines["order_id"] == order_id, "line_id"].astype("str"),
        }
        found = state.findings
        hit = pd.Series(False, found.index)
        for about, which in keys.items():
            hit |= (found["about"] == about) & found["key"].isin(which)
        return found[hit]


def _children(state: JobState) -> pd.DataFrame:
    """One row a child of an order: name and class as on the list, or as typed while nobody is matched."""
    people = state.subjects[["subject_id", "access_code", "first_name", "last_name", "group_id"]]
    rows = state.order_subjects.merge(people, on="subject_id", how="left", suffixes=("", "_listed"), validate="m:1")
    first, last = rows["first_name"].fillna(rows["typed_first"]), rows["last_name"].fillna(rows["typed_last"])
    group = rows["group_id"].map(state.groups.set_index("group_id")["name"]).astype("str")
    return rows[["order_subject_id", "order_id", "subject_id"]].assign(
        access_code=rows["access_code_listed"].fillna(rows["access_code"]).fillna(""),
        name=(first.fillna("") + " " + last.fillna("")).str.strip().replace("", "no name"),
        in_class=group.fillna(rows["typed_teacher"]).fillna("no class"),
    )


def _tile(slot: object, damaged: set[int]) -> tuple[int | None, str, str]:
    is_empty = pd.isna(slot.frame_id)
    hole = HOLES[slot.hole]
    flag = (
        "left out"
        if slot.is_dropped
        else "picture missing"
        if is_empty
        else "damaged"
        if slot.frame_id in damaged
        else ""
    )
    words = [slot.product_name, hole, f"{slot.quantity} copies" if slot.quantity > 1 else "", flag]
    caption = " · ".join(w for w in words if w)
    return (None if is_empty else int(slot.frame_id)), caption, "bad" if flag else ""


def _finding_words(row: object) -> str:
    sign = {"error": "Error", "warn": "Look", "note": "Note"}[row.severity]
    return f"{sign}: {REGISTER[row.code].meaning} ({row.detail}). Next: {row.next_move}."
