"""Rebuilding a job from its journal alone, to compare with its tables: two sources that must agree."""

import json

from sqlalchemy import select

from prepaykit.ledger.schema import JOURNAL, SCHEMA
from prepaykit.tables.catalog import TABLES, columns_of, key_of


def journal_faults(store, job):
    """Where the journal and the tables differ: chain of before and after, versions, and the rows at the end."""
    with store.database.reading() as connection:
        jobs = SCHEMA.tables["jobs"]
        job_id = connection.execute(select(jobs.c.job_id).where(jobs.c.name == job)).scalar_one()
        rows, faults = {}, []
        entries = connection.execute(
            select(JOURNAL).where(JOURNAL.c.job_id == job_id).order_by(JOURNAL.c.op_no, JOURNAL.c.seq)
        )
        for entry in entries.mappings():
            where = entry["table_name"], entry["key"]
            before, after = (json.loads(entry[c]) if entry[c] else None for c in ("before", "after"))
            now = rows.get(where)
            if (before is None) != (now is None) or (before and any(now[c] != v for c, v in before.items())):
                faults.append(f"operation {entry['op_no']}: {where} was not {before}")
            if after is None:
                rows.pop(where)
            else:
                rows[where] = {**(now or {}), **after, "version": (now or {"version": 0})["version"] + 1}
        for name in TABLES:
            table, columns = SCHEMA.tables[name], columns_of(name)
            found = connection.execute(select(*(table.c[c] for c in columns)).where(table.c.job_id == job_id)).all()
            there = {
                _key(name, dict(zip(columns, row, strict=True))): dict(zip(columns, row, strict=True)) for row in found
            }
            told = {key: row for (table_name, key), row in rows.items() if table_name == name}
            if there != told:
                faults.append(f"table {name} is not what its journal comes to")
        return faults


def _key(name, row):
    return json.dumps({c: row[c] for c in key_of(name)}, ensure_ascii=False, separators=(",", ":"))
