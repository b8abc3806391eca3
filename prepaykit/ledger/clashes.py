"""Saying what clashed when a database refuses a row, in codes and numbers and never in names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from prepaykit.errors import Refused
from prepaykit.ledger.database import violated
from prepaykit.ledger.schema import SCHEMA
from prepaykit.ledger.writing import Writes

SAYABLE = ("access_code", "order_no", "envelope_no", "code")
"""Columns whose values may stand in a message: they are keys that people know, not names."""


def explain(connection: Connection, error: IntegrityError, job: str, verb: str, writes: Iterable[Writes]) -> Refused:
    """The refusal to show instead of a database's own message."""
    table, columns = violated(error)
    what = (
        f"a rule of table {table} ({', '.join(columns)})" if table else f"a rule of the tables ({', '.join(columns)})"
    )
    if any("FOREIGN KEY" in c for c in columns):
        what = "a row would point to a row that is not there"
    for column in SAYABLE:
        if column in columns:
            what = _taken(connection, table, column, writes)
    return Refused(f"{verb} {job}: {what}. Nothing was applied: make the plan again and look at it.")


def _taken(connection: Connection, table: str, column: str, writes: Iterable[Writes]) -> str:
    wanted = [
        row[column]
        for one in writes
        if one.table == table
        for row in (*one.inserts, *(after for _, after in one.updates))
    ]
    owners = _owners(connection, table, column, wanted)
    twice = sorted({v for v in wanted if wanted.count(v) > 1 and v not in owners}) if len(wanted) < 1000 else []
    shown = [f"{value} (job {owner})" for value, owner in sorted(owners.items())[:5]] + [
        f"{v} (twice in this plan)" for v in twice[:5]
    ]
    return f"{column} of {table} is taken already: {', '.join(shown) or 'see the plan'}"


def _owners(connection: Connection, table: str, column: str, wanted: Sequence[object]) -> dict[str, str]:
    rows, jobs = SCHEMA.tables[table], SCHEMA.tables["jobs"]
    statement = select(rows.c[column], jobs.c.name).join(jobs, jobs.c.job_id == rows.c.job_id)
    owners: dict[str, str] = {}
    for start in range(0, len(wanted), 500):
        found = connection.execute(statement.where(rows.c[column].in_(list(wanted[start : start + 500]))))
        owners |= {str(value): owner for value, owner in found}
    return owners
