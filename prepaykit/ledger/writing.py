"""Rows into tables, with the journal of what they were: the only place where a job's tables are written.

A `Writes` is what one operation does to one table, in SQL's own values. Applying a plan and undoing an operation both come
to a list of them, so both check versions and write the journal in the same way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, UniqueConstraint, bindparam, delete, insert, update

from prepaykit.errors import StalePlan
from prepaykit.ledger.schema import JOURNAL, SCHEMA
from prepaykit.ledger.typed_sql import to_rows
from prepaykit.tables.catalog import columns_of, key_of
from prepaykit.tables.plan import Change

Row = dict[str, object]


@dataclass
class Writes:
    """New rows, deleted rows, and changed rows as (row before, row after), every row whole and with its version."""

    table: str
    inserts: list[Row] = field(default_factory=list)
    updates: list[tuple[Row, Row]] = field(default_factory=list)
    deletes: list[Row] = field(default_factory=list)

    @classmethod
    def of(cls, change: Change) -> Writes:
        """What a plan's change of one table comes to."""
        before, after = _rows(change.table, change.before), _rows(change.table, change.after)
        return cls(
            change.table,
            _rows(change.table, change.inserts),
            list(zip(before, after, strict=True)),
            _rows(change.table, change.deletes),
        )

    @property
    def counts(self) -> tuple[int, int, int]:
        """(new, changed, deleted) rows."""
        return len(self.inserts), len(self.updates), len(self.deletes)

    def journal(self) -> list[tuple[str, str, str | None, str | None]]:
        """One entry a row: table, key, before, after; only fields that differ, versions left out."""
        key = key_of(self.table)
        entries = [(self.table, as_json(_only(row, key)), None, as_json(_without_version(row))) for row in self.inserts]
        for before, after in self.updates:
            changed = changed_fields(before, after)
            entries.append(
                (self.table, as_json(_only(after, key)), as_json(_only(before, changed)), as_json(_only(after, changed)))
            )
        entries += [(self.table, as_json(_only(row, key)), as_json(_without_version(row)), None) for row in self.deletes]
        return entries


def changed_fields(before: Row, after: Row) -> tuple[str, ...]:
    """The columns in which two versions of a row differ, version aside."""
    return tuple(c for c, v in after.items() if c != "version" and v != before[c])


def write_rows(connection: Connection, job_id: int, writes: Iterable[Writes]) -> None:
    """Carry out the writes. Raises StalePlan if a row is no longer as it was seen."""
    in_order = sorted(writes, key=lambda one: _RANK[one.table])
    # A database checks what must be unique row by row, so two rows that swap codes would clash half-way. Such rows are taken
    # out and put in again; what points to them is only checked at the end of the transaction.
    moved = {one.table: [pair for pair in one.updates if _moves(one.table, *pair)] for one in in_order}
    for one in reversed(in_order):
        _delete(connection, job_id, one.table, [*one.deletes, *(before for before, _ in moved[one.table])])
    for one in in_order:
        _update(connection, job_id, one.table, [pair for pair in one.updates if not _moves(one.table, *pair)])
        new = [*one.inserts, *(after for _, after in moved[one.table])]
        if new:
            connection.execute(insert(SCHEMA.tables[one.table]), [{"job_id": job_id, **row} for row in new])


_RANK = {table.name: rank for rank, table in enumerate(SCHEMA.sorted_tables)}
_UNIQUE = {
    name: {c.name for rule in table.constraints if isinstance(rule, UniqueConstraint) for c in rule.columns}
    for name, table in SCHEMA.tables.items()
}


def _moves(table: str, before: Row, after: Row) -> bool:
    return not _UNIQUE[table].isdisjoint(changed_fields(before, after))


def write_journal(connection: Connection, job_id: int, op_no: int, writes: Iterable[Writes]) -> None:
    """Write down what the writes of an operation changed. The operation stands in `ops` already."""
    entries = [entry for one in writes for entry in one.journal()]
    rows = [
        {
            "job_id": job_id,
            "op_no": op_no,
            "seq": seq,
            "table_name": table,
            "key": key,
            "before": before,
            "after": after,
        }
        for seq, (table, key, before, after) in enumerate(entries, start=1)
    ]
    if rows:
        connection.execute(insert(JOURNAL), rows)


def _delete(connection: Connection, job_id: int, name: str, rows: list[Row]) -> None:
    if not rows:
        return
    table, key = SCHEMA.tables[name], key_of(name)
    statement = delete(table).where(table.c.job_id == job_id, *_same_row(table, key))
    _execute_exactly(connection, statement, name, [_bound(row, key) for row in rows])


def _update(connection: Connection, job_id: int, name: str, updates: list[tuple[Row, Row]]) -> None:
    table, key = SCHEMA.tables[name], key_of(name)
    by_fields: dict[tuple[str, ...], list[Row]] = {}
    for before, after in updates:
        changed = changed_fields(before, after)
        by_fields.setdefault(changed, []).append({**_bound(before, key), **_only(after, (*changed, "version"))})
    for changed, rows in by_fields.items():
        values = {c: bindparam(c) for c in (*changed, "version")}
        statement = update(table).where(table.c.job_id == job_id, *_same_row(table, key)).values(values)
        _execute_exactly(connection, statement, name, rows)


def _same_row(table: object, key: Sequence[str]) -> list:
    return [table.c[c] == bindparam(f"seen_{c}") for c in (*key, "version")]


def _bound(row: Row, key: Sequence[str]) -> Row:
    return {f"seen_{c}": row[c] for c in (*key, "version")}


def _execute_exactly(connection: Connection, statement: object, table: str, rows: list[Row]) -> None:
    touched = connection.execute(statement, rows).rowcount
    if touched != len(rows):
        raise StalePlan(
            f"{len(rows) - touched} of {len(rows)} rows of {table} are no longer as the plan saw them. "
            "Nothing was applied: make the plan again and look at it."
        )


def _rows(table: str, frame: object) -> list[Row]:
    columns = columns_of(table)
    return [dict(zip(columns, row, strict=True)) for row in to_rows(table, frame)]


def _only(row: Row, columns: Iterable[str]) -> Row:
    return {c: row[c] for c in columns}


def _without_version(row: Row) -> Row:
    return {c: v for c, v in row.items() if c != "version"}


def as_json(values: Row) -> str:
    """A row or key as the journal writes it."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
