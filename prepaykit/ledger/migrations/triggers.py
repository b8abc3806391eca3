"""Triggers that keep tables append-only, on both databases."""

from __future__ import annotations

from collections.abc import Iterable

_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_FUNCTION = """
CREATE OR REPLACE FUNCTION prepaykit_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'raise_exception'; END $$
"""
_POSTGRESQL = """
CREATE OR REPLACE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION prepaykit_append_only()
"""


def append_only_triggers(dialect: str, tables: Iterable[str]) -> list[str]:
    """The statements that make tables refuse every change of a row that is there."""
    if dialect == "sqlite":
        return [_SQLITE.format(table=t, verb=v) for t in tables for v in ("UPDATE", "DELETE")]
    return [_FUNCTION, *(_POSTGRESQL.format(table=t, verb=v) for t in tables for v in ("UPDATE", "DELETE", "TRUNCATE"))]
