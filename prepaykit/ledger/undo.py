"""Taking an operation back: the values before it are written again, as a new operation.

Nothing is erased: the undo is an operation of its own, with its journal, and can itself be undone. An operation is taken
back only while every row it touched is as it left it; a row that was changed afterwards and then changed back by an undo
counts as it left it. The money book is append-only, so its entries are countered. What was promised to a neighbour and not
yet sent is withdrawn; what was sent cannot be taken back here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, func, select, update

from prepaykit.errors import Refused
from prepaykit.ledger.schema import APPEND_ONLY, JOURNAL, OPS, OUTBOX, SCHEMA
from prepaykit.ledger.writing import Row, Writes
from prepaykit.tables.catalog import columns_of, key_of

TOLD = ("sending", "unknown", "pending", "succeeded", "failed", "review", "blocked")  # statuses of a refund that left the house


@dataclass
class Undone:
    """The operation to take back and the writes that do it."""

    op_no: int
    verb: str
    writes: list[Writes]
    withdraw: list[str] = field(default_factory=list)
    queue_again: list[str] = field(default_factory=list)

    def settle_outbox(self, connection: Connection, job_id: int, op_no: int) -> None:
        """Withdraw what the undone operation promised; promise again what an undone undo had withdrawn."""
        if self.withdraw:
            connection.execute(
                update(OUTBOX).where(OUTBOX.c.key.in_(self.withdraw)).values(state="withdrawn", withdrawn_by=op_no)
            )
        if self.queue_again:
            connection.execute(
                update(OUTBOX)
                .where(OUTBOX.c.key.in_(self.queue_again))
                .values(state="pending", withdrawn_by=None, job_id=job_id, op_no=op_no, attempts=0, error=None)
            )


def plan_undo(connection: Connection, job_id: int, op_no: int | None) -> Undone:
    """Find the operation and what takes it back. Raises Refused, naming operation and rows, when that is not safe."""
    ops = connection.execute(select(OPS).where(OPS.c.job_id == job_id).order_by(OPS.c.op_no)).mappings().all()
    undo_of = {op["op_no"]: op["undo_of"] for op in ops}
    undone_by = {of: no for no, of in undo_of.items() if of is not None}
    target = last_standing(undo_of, undone_by) if op_no is None else op_no
    if target is None or target == 1:
        raise Refused(
            "nothing to undo: a job is not taken back, archive it"
            if target == 1 or op_no is None
            else f"no operation {op_no}"
        )
    if target not in undo_of:
        raise Refused(f"there is no operation {target}; the job's last is {max(undo_of)}")
    if target in undone_by:
        raise Refused(f"operation {target} was undone by operation {undone_by[target]}; undo that one to bring it back")
    verb = next(op["verb"] for op in ops if op["op_no"] == target)
    entries = _entries(connection, job_id, target)
    _refuse_told_to_stripe(target, entries)
    _refuse_changed_since(connection, job_id, target, entries, _cancelled(undo_of, target))
    withdraw, queue_again = _outbox_of(connection, job_id, target, is_undo=undo_of[target] is not None)
    return Undone(target, verb, _writes(connection, job_id, target, entries), withdraw, queue_again)


def last_standing(undo_of: dict[int, int | None], undone_by: dict[int, int]) -> int | None:
    """The last operation that still stands and is not itself an undo; an undone undo (a redo) counts as an operation."""
    for no in sorted(undo_of, reverse=True):
        if no not in undone_by and _depth(undo_of, no) % 2 == 0:
            return no
    return None


def _depth(undo_of: dict[int, int | None], no: int) -> int:
    depth, of = 0, undo_of[no]
    while of is not None:
        depth, of = depth + 1, undo_of[of]
    return depth


def _cancelled(undo_of: dict[int, int | None], target: int) -> set[int]:
    """The operations after `target` that cancel out: of each chain operation, undo, undo of the undo, … an even number."""

    def root(no: int) -> int:
        return no if undo_of[no] is None else root(undo_of[no])

    later = [no for no in undo_of if no > target]
    members = Counter(root(no) for no in later)
    return {no for no in later if members[root(no)] % 2 == 0}


def _entries(connection: Connection, job_id: int, op_no: int) -> list[tuple[str, str, Row | None, Row | None]]:
    statement = select(JOURNAL.c.table_name, JOURNAL.c.key, JOURNAL.c.before, JOURNAL.c.after)
    rows = connection.execute(
        statement.where(JOURNAL.c.job_id == job_id, JOURNAL.c.op_no == op_no).order_by(JOURNAL.c.seq)
    )
    return [(t, key, before and json.loads(before), after and json.loads(after)) for t, key, before, after in rows]


def _refuse_told_to_stripe(target: int, entries: list) -> None:
    """A refund that was sent, or of which something was learnt, happened: its row says so for ever."""
    told = [
        key
        for table, key, before, after in entries
        if table == "refunds" and {(before or {}).get("status"), (after or {}).get("status")} & set(TOLD)
    ]
    if told:
        rows = ", ".join(_said("refunds", key) for key in told[:5])
        raise Refused(
            f"operation {target} cannot be undone: it says what became of refund {rows}, and what Stripe or a person did "
            "is not undone here. To send the money again, plan a new refund."
        )


def _refuse_changed_since(connection: Connection, job_id: int, target: int, entries: list, cancelled: set[int]) -> None:
    touched = {(table, key) for table, key, _, _ in entries if table not in APPEND_ONLY}
    later = connection.execute(
        select(JOURNAL.c.table_name, JOURNAL.c.key, JOURNAL.c.op_no, OPS.c.verb, OPS.c.actor)
        .join(OPS, and_(OPS.c.job_id == JOURNAL.c.job_id, OPS.c.op_no == JOURNAL.c.op_no))
        .where(JOURNAL.c.job_id == job_id, JOURNAL.c.op_no > target)
        .order_by(JOURNAL.c.op_no, JOURNAL.c.seq)
    ).all()
    changed: dict[tuple[str, str], str] = {}
    for table, key, no, verb, actor in later:
        if no not in cancelled and (table, key) in touched:
            changed[table, key] = f"operation {no} ({verb} by {actor})"
    if changed:
        rows = [f"{table} {_said(table, key)}" for table, key in changed]
        raise Refused(
            f"operation {target} cannot be undone: {len(changed)} of its rows were changed since, "
            f"last by {list(changed.values())[-1]}: {', '.join(rows[:5])}{' …' if len(rows) > 5 else ''}. Undo the later operation first."
        )


def _outbox_of(connection: Connection, job_id: int, target: int, *, is_undo: bool) -> tuple[list[str], list[str]]:
    mine = select(OUTBOX.c.key, OUTBOX.c.state).where(OUTBOX.c.job_id == job_id)
    promised = connection.execute(mine.where(OUTBOX.c.op_no == target).with_for_update()).all()
    gone = [key for key, state in promised if state == "sent"]
    if gone:
        raise Refused(
            f"operation {target} cannot be undone: {', '.join(gone[:5])} was sent already. Cancel, remake or refund instead."
        )
    leased = [key for key, state in promised if state == "leased"]
    if leased:
        raise Refused(
            f"operation {target} cannot be undone: {', '.join(leased[:5])} is being sent, or its sending was broken off. "
            "Send again (prepaykit send) to learn what became of it."
        )
    withdrawn = (
        connection.execute(mine.where(OUTBOX.c.withdrawn_by == target, OUTBOX.c.state == "withdrawn")).all()
        if is_undo
        else []
    )
    return [key for key, state in promised if state == "pending"], [key for key, _ in withdrawn]


def _writes(connection: Connection, job_id: int, target: int, entries: list) -> list[Writes]:
    by_table: dict[str, list] = {}
    for table, key, before, after in entries:
        by_table.setdefault(table, []).append((key, before, after))
    return [
        _counter_entries(connection, job_id, target, table, rows)
        if table in APPEND_ONLY
        else _restored(_current(connection, job_id, table), table, rows)
        for table, rows in by_table.items()
    ]


def _restored(row_of: Callable[[str], Row], table: str, rows: list) -> Writes:
    writes = Writes(table)
    for key, before, after in rows:
        if after is None:
            writes.inserts.append({**before, "version": 1})
            continue
        row = row_of(key)
        if any(row[c] != v for c, v in after.items()):
            raise Refused(
                f"{table} {_said(table, key)} is not as its journal says; it was changed outside of this program"
            )
        if before is None:
            writes.deletes.append(row)
        else:
            writes.updates.append((row, {**row, **before, "version": row["version"] + 1}))
    return writes


def _current(connection: Connection, job_id: int, name: str) -> Callable[[str], Row]:
    """Asks for a row of a table as it is now, by the journal's key."""
    table, columns, key = SCHEMA.tables[name], columns_of(name), key_of(name)
    found = connection.execute(select(*(table.c[c] for c in columns)).where(table.c.job_id == job_id)).all()
    rows = {tuple(row[columns.index(c)] for c in key): dict(zip(columns, row, strict=True)) for row in found}

    def row_of(text: str) -> Row:
        values = tuple(json.loads(text).values())
        if values not in rows:
            raise Refused(f"{name} {_said(name, text)} is gone; it was deleted outside of this program")
        return rows[values]

    return row_of


def _counter_entries(connection: Connection, job_id: int, target: int, name: str, rows: list) -> Writes:
    assert name == "postings", f"no counter-entry is known for {name}"
    table = SCHEMA.tables[name]
    last = connection.execute(select(func.max(table.c.posting_id)).where(table.c.job_id == job_id)).scalar() or 0
    return Writes(
        name,
        inserts=[
            {
                **after,
                "posting_id": last + n,
                "amount_cents": -after["amount_cents"],
                "reason": f"undo of operation {target}",
                "version": 1,
            }
            for n, (_, _, after) in enumerate(rows, start=1)
        ],
    )


def _said(table: str, key: str) -> str:
    """The key of a row for a message; a finding's key may quote a file, so only its verb and code are said."""
    values = json.loads(key)
    return "/".join(str(v) for v in (list(values.values())[:2] if table == "findings" else values.values()))
