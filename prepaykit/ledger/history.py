"""What happened to a job: operations, changed fields, promises to neighbours, as tables for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import pandas as pd
from sqlalchemy import ColumnElement, Connection, and_, false, or_, select

from prepaykit.ledger.schema import JOURNAL, OPS, OUTBOX, SCHEMA
from prepaykit.ledger.writing import as_json
from prepaykit.tables.catalog import key_of

HISTORY_COLUMNS = {
    "op_no": "int64",
    "at_utc": "datetime64[us, UTC]",
    "actor": "str",
    "verb": "str",
    "why": "str",
    "changes": "int64",
    "undone_by": "Int64",
    "undo_of": "Int64",
    "headline": "str",
    "op_id": "str",
}
JOURNAL_COLUMNS = ["op_no", "table", "key", "column", "before", "after"]
OUTBOX_COLUMNS = {
    "key": "str",
    "job": "str",
    "op_no": "int64",
    "kind": "str",
    "state": "str",
    "attempts": "int64",
    "lease_until": "datetime64[us, UTC]",
    "receipt": "str",
    "error": "str",
    "sent_at": "datetime64[us, UTC]",
    "payload": "str",
}


def history(connection: Connection, job_id: int) -> pd.DataFrame:
    """One row an operation, oldest first. `undone_by` is the operation that took it back."""
    rows = connection.execute(select(OPS).where(OPS.c.job_id == job_id).order_by(OPS.c.op_no)).mappings().all()
    undone_by = {row["undo_of"]: row["op_no"] for row in rows if row["undo_of"] is not None}
    return _table([{**row, "undone_by": undone_by.get(row["op_no"])} for row in rows], HISTORY_COLUMNS)


def journal(
    connection: Connection, job_id: int, op_no: int | None = None, *, of: Mapping[str, Iterable[int]] | None = None
) -> pd.DataFrame:
    """One row a changed field, in the order written. Values as text; a missing value is missing.

    Of one operation, or of some rows: `of` has a table → the keys of its rows (whole numbers), for tables with a key of one column.
    """
    statement = select(JOURNAL).where(JOURNAL.c.job_id == job_id).order_by(JOURNAL.c.op_no, JOURNAL.c.seq)
    if op_no is not None:
        statement = statement.where(JOURNAL.c.op_no == op_no)
    if of is not None:
        statement = statement.where(or_(false(), *(_are_rows(table, keys) for table, keys in of.items())))
    parts = []
    for row in connection.execute(statement).mappings():
        key = " / ".join(str(v) for v in json.loads(row["key"]).values())
        before, after = json.loads(row["before"] or "{}"), json.loads(row["after"] or "{}")
        parts += [
            (row["op_no"], row["table_name"], key, c, _text(before.get(c)), _text(after.get(c))) for c in before | after
        ]
    return pd.DataFrame(parts, columns=JOURNAL_COLUMNS).astype(
        {"op_no": "int64", **dict.fromkeys(JOURNAL_COLUMNS[1:], "str")}
    )


def _are_rows(table: str, keys: Iterable[int]) -> ColumnElement[bool]:
    (column,) = key_of(table)
    return and_(JOURNAL.c.table_name == table, JOURNAL.c.key.in_([as_json({column: int(key)}) for key in keys]))


def outbox(connection: Connection, job_id: int | None) -> pd.DataFrame:
    """One row a promise, in the order they were made."""
    jobs = SCHEMA.tables["jobs"]
    statement = select(OUTBOX, jobs.c.name.label("job")).join(jobs, jobs.c.job_id == OUTBOX.c.job_id)
    if job_id is not None:
        statement = statement.where(OUTBOX.c.job_id == job_id)
    rows = connection.execute(statement.order_by(OUTBOX.c.job_id, OUTBOX.c.op_no, OUTBOX.c.key)).mappings().all()
    return _table(rows, OUTBOX_COLUMNS)


def _table(rows: list, columns: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({
        c: pd.to_datetime(pd.Series([row[c] for row in rows], dtype="str"), utc=True, format="ISO8601").astype(d)
        if d.startswith("datetime")
        else pd.Series([row[c] for row in rows], dtype=d)
        for c, d in columns.items()
    })  # fmt: skip


def _text(value: object) -> str | None:
    return None if value is None else str(value)
