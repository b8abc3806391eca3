"""Find as a panel: every order, person, class, envelope and code of a job, the deleted too, with all that is known of it. Nothing is decided here.

Rows are those of `prepaykit.rules.search.everything`. Details tell state and place, pictures, money, and from the journal what happened to it: which
operation, when, by whom, which fields; values only of states and places, so never a name. They say which notebook deals with it.
Source: the user's document, Q6 (the little magnifying glass); domain.md 4 (rows 31–33), A18.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import pandas as pd

from prepaykit.money import show_cents
from prepaykit.panels.orders import Orders
from prepaykit.panels.work import Block, Column, Work, fields, frames, notes, text
from prepaykit.rules.search import everything
from prepaykit.tables.catalog import key_of
from prepaykit.tables.state import JobState

COLUMNS = (
    Column("number", "number or code", "code", 12),
    Column("kind", "what", "text", 9),
    Column("status", "state", "text", 12),
    Column("where", "where", "text", 24),
    Column("who", "who", "text", 20, has_names=True),
)
Past = Callable[[Mapping[str, Iterable[int]]], pd.DataFrame]
PLAIN = ("status", "collection_id", "batch_id", "frame_id", "subject_id", "filled_by")
"""Columns whose values the history shows: states and keys. Of any other only that it was changed."""
DEALT_WITH = {
    "open": "40 Place orders", "held": "35 Access codes, 30 Populate or 40 Place orders", "in_revision": "45 Manual revision", "in_batch": "50 Batch",
    "released": "50 Batch; it has been sent to production", "cancelled": "80 Cancel and refund",
    "ordered": "60 Paper orders, then as its order", "waiting": "60 Paper orders", "student": "10 Names list; pictures: 20 Photos and 35 Access codes",
    "staff": "10 Names list", "blank": "35 Access codes", "class": "10 Names list; its picture: 20 Photos", "code": "35 Access codes",
}  # fmt: skip


def find_work(state: JobState, past: Past | None = None) -> Work:
    """Everything of a job that can be found. `past`: table → keys of rows gives their journal (`Store.journal_of`); without it no history is told.

    >>> find_work(JobState.new(name="maple-grove-2026", school="Maple Grove")).rows.shape[0]
    0
    """
    rows = everything(state).rename(columns={"key": "number"})
    named = rows["kind"] + " " + rows["number"]
    twice = named.duplicated(keep=False)
    rows = rows.assign(key=named.mask(twice, named + " #" + rows["row_id"].astype("str")), also=rows["text"])
    at = rows.set_index("key")
    shown = Shown(state, past)
    return Work(
        name="find",
        title="Find",
        rows=rows[["key", "number", "kind", "where", "who", "also"]].assign(
            status=rows["status"].map(_said), tone=_tones(rows["status"])
        ),
        columns=COLUMNS,
        details=lambda key: shown.details(at.loc[key]),
        frames=state.frames,
        layout={"kind": "pictures"},
        nothing="The job has nothing yet.",
    )


def _tones(status: pd.Series) -> pd.Series:
    bad, warn = status.isin(["cancelled", "on no list"]), status.isin(["held", "waiting", "absent"])
    return pd.Series("", status.index, dtype="str").mask(warn, "warn").mask(bad, "bad")


class Shown:
    """The details of what was found."""

    def __init__(self, state: JobState, past: Past | None) -> None:
        self.state, self.past, self.orders = state, past, Orders(state)

    def details(self, row: pd.Series) -> list[Block]:
        """All that is known of one row of `everything`."""
        tell = {"order": self._order, "envelope": self._envelope, "class": self._class, "code": self._code}.get(
            row["kind"], self._person
        )
        place = DEALT_WITH.get(row["status"]) or DEALT_WITH.get(row["kind"], "")
        where = [text(f"Dealt with in {place}.")] if place else []
        return [*where, *tell(row)]

    def _order(self, row: pd.Series) -> list[Block]:
        state, order_id = self.state, int(row["row_id"])
        order = state.orders.set_index("order_id").loc[order_id]
        cancelled = [("deleted", _moment(order["cancelled_at"])), ("why", order["cancel_reason"])]
        head = self.orders.fields(order_id, ("state", _said(row["status"])), *cancelled, ("came", order["origin"]), ("key", order["order_key"]),
                                  ("ordered at", _moment(order["placed_at"])), ("part of", self._number(order["split_from_id"])))  # fmt: skip
        told = self.orders.findings(order_id)
        said = [notes("To be said of it", told)] if told else []
        keys = {t: state.tables[t].loc[state.tables[t]["order_id"] == order_id, c].tolist()
                for t, c in (("orders", "order_id"), ("order_subjects", "order_subject_id"), ("slots", "slot_id"), ("refunds", "refund_id"))}  # fmt: skip
        return [head, self._money(order_id), *said, self.orders.bought(order_id), *self._history(keys)]

    def _number(self, order_id: object) -> str | None:
        return None if pd.isna(order_id) else str(self.orders.numbers[order_id])

    def _money(self, order_id: int) -> Block:
        state = self.state
        mine = {
            t: state.tables[t][state.tables[t]["order_id"] == order_id]
            for t in ("payments", "postings", "refunds", "service_fees")
        }
        book = mine["postings"].groupby("account")["amount_cents"].sum()
        words = [("received", f"{self._cents(r.amount_cents)} {r.method}") for r in mine["payments"].itertuples()]
        words += [(_said(account), self._cents(cents)) for account, cents in book.items() if cents]
        words += [("refund", f"{self._cents(r.amount_cents)} {_said(r.status)}") for r in mine["refunds"].itertuples()]
        words += [
            ("service fee", f"{self._cents(r.amount_cents)} {_said(r.status)}")
            for r in mine["service_fees"].itertuples()
        ]
        return fields("Money", words)

    def _cents(self, cents: int) -> str:
        return show_cents(int(cents), str(self.state.job["currency"]))

    def _envelope(self, row: pd.Series) -> list[Block]:
        envelope = self.state.envelopes.set_index("envelope_id").loc[int(row["row_id"])]
        head = fields(f"Envelope {row['number']}", [
            ("child", row["who"].strip()), ("teacher", envelope["typed_teacher"]), ("grade", envelope["typed_grade"]), ("code", envelope["typed_code"]),
            ("ordered", envelope["packages"]), ("received", f"{self._cents(envelope['received_cents'])} {_or_none(envelope['payment_method'])}"),
            ("bag", envelope["bag"]), ("where", row["where"]), ("order", self._number(envelope["order_id"])), ("note", envelope["note"]),
        ])  # fmt: skip
        return [head, *self._history({"envelopes": [int(row["row_id"])]})]

    def _person(self, row: pd.Series) -> list[Block]:
        state, subject_id = self.state, int(row["row_id"])
        person = state.subjects.set_index("subject_id").loc[subject_id]
        may = [c for c in ("photograph", "sell", "yearbook", "directory", "group_ok") if not person[c]]
        mine = state.order_subjects.loc[state.order_subjects["subject_id"] == subject_id, "order_id"].drop_duplicates()
        numbers = ", ".join(
            f"{self.orders.numbers[o]} ({_said(s)})"
            for o, s in zip(mine, mine.map(state.orders.set_index("order_id")["status"]), strict=True)
        )
        head = fields(f"{row['kind'].capitalize()} {row['number']}", [
            ("name", row["who"].strip()), ("where", row["where"]), ("teacher", person["teacher"]), ("student id", person["student_id"]), ("picture day", row["status"]),
            ("not allowed", ", ".join(may)), ("e-mail", person["email"]), ("card printed", _moment(person["card_printed_at"])), ("orders", numbers or "none"),
        ])  # fmt: skip
        own = state.galleries[state.galleries["subject_id"] == subject_id].sort_values("position")
        return [head, *_gallery(own), *self._history({"subjects": [subject_id]})]

    def _class(self, row: pd.Series) -> list[Block]:
        state, group_id = self.state, int(row["row_id"])
        there = state.subjects[state.subjects["group_id"] == group_id]
        own = state.group_frames[state.group_frames["group_id"] == group_id].sort_values("position")
        head = fields(row["where"].replace("class", "Class", 1), [("code", row["number"]), ("teacher", row["who"]), ("people", str(len(there))),
                                                  ("photographed", str((there["attendance"] == "photographed").sum()))])  # fmt: skip
        return [head, *_gallery(own.assign(is_hidden=False)), *self._history({"groups": [group_id]})]

    def _code(self, row: pd.Series) -> list[Block]:
        own = self.state.galleries[self.state.galleries["read_code"] == row["number"]].sort_values("position")
        return [fields(f"Code {row['number']}", [("state", row["status"]), ("where", row["where"])]), *_gallery(own)]

    def _history(self, rows: Mapping[str, Iterable[int]]) -> list[Block]:
        """What happened, one line an operation: number, when, who, verb, and what it changed."""
        if self.past is None:
            return []
        changes = self.past(rows)
        told = [(f"operation {op}, {part['at_utc'].iloc[0]:%Y-%m-%d %H:%M} UTC", f"{part['verb'].iloc[0]} by {part['actor'].iloc[0]}: {_changed(part)}")
                for op, part in changes.groupby("op_no")]  # fmt: skip
        return [fields("What happened", told, is_wide=True)] if told else []


def _changed(part: pd.DataFrame) -> str:
    """The changes of one operation in words: rows that are new or gone, states and keys with their values, other fields by name only."""
    words = []
    for table, rows in part.groupby("table", sort=False):
        name, whole = (
            table.replace("_", " "),
            rows["column"] == key_of(table)[0],
        )  # a key is in the journal of a whole row only
        words += [
            f"{n} {what} in {name}"
            for what, n in (
                ("new", (whole & rows["before"].isna()).sum()),
                ("gone", (whole & rows["after"].isna()).sum()),
            )
            if n
        ]
        old = rows[~rows["key"].isin(rows.loc[whole, "key"])]
        told = [f"{r.column.removesuffix('_id')} {_or_none(r.before) or 'none'} → {_or_none(r.after) or 'none'}"
                if r.column in PLAIN else r.column for r in old.itertuples()]  # fmt: skip
        words += [f"{name}: {', '.join(dict.fromkeys(told))}"] if told else []
    return "; ".join(words)


def _gallery(own: pd.DataFrame) -> list[Block]:
    rows = [
        (int(r.frame_id), f"{r.frame_id}{' · hidden' if r.is_hidden else ''}", "warn" if r.is_hidden else "")
        for r in own.itertuples()
    ]
    return [frames("Gallery", rows)] if rows else [text("No picture.", "warn")]


def _said(status: str) -> str:
    """A status as people say it."""
    return status.replace("_", " ")


def _moment(when: object) -> str | None:
    return None if pd.isna(when) else f"{when:%Y-%m-%d %H:%M} UTC"


def _or_none(value: object) -> str:
    return "" if pd.isna(value) else str(value)
