"""How the catalog writes down a column and a table: SQL type, pandas dtype, meaning and allowed values in one place.

`job_table` adds what every table of a job has: `job_id` in front of the key, a `version` at the end, checks for allowed values, and
references within the same job. Text is TEXT, whole numbers 64 bits, moments ISO text in UTC: the kinds that neither SQLite nor
pandas bends (store.md 1.2).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from prepaykit.tables.status import MACHINES

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
METADATA = MetaData()

# --- columns -----------------------------------------------------------------------------------------------------------


def _column(
    name: str, sql_type: object, dtype: str, meaning: str, *, needed: bool, values: tuple[str, ...] = ()
) -> Column:
    return Column(name, sql_type, nullable=not needed, info={"dtype": dtype, "meaning": meaning, "values": values})


def whole(name: str, meaning: str, *, needed: bool = False) -> Column:
    """A whole number of 64 bits: a key, a count, cents. Missing only if not `needed`."""
    return _column(name, WHOLE, "int64" if needed else "Int64", meaning, needed=needed)


def text(name: str, meaning: str, *, needed: bool = False, values: tuple[str, ...] = ()) -> Column:
    """Text: codes and ids too, always. `values` lists what is allowed."""
    return _column(name, Text(), "str", meaning, needed=needed, values=values)


def flag(name: str, meaning: str) -> Column:
    """Yes or no, never missing."""
    return _column(name, Integer(), "bool", meaning, needed=True)


def moment(name: str, meaning: str, *, needed: bool = False) -> Column:
    """A moment in UTC."""
    return _column(name, Text(), "datetime64[us, UTC]", meaning + " (UTC)", needed=needed)


def camera_time(name: str, meaning: str) -> Column:
    """What a camera's clock said; it has no zone and is compared only within one camera."""
    return _column(name, Text(), "datetime64[us]", meaning + " (the camera's own clock, no zone)", needed=False)


def status(table: str) -> Column:
    """The status of that table's machine."""
    return text("status", "see the status machines", needed=True, values=MACHINES[table].values)


def _reference(name: str, column: str, table: str, key: tuple[str, ...]) -> ForeignKeyConstraint:
    """A column that holds the key of a row of another table (or of this one) of the same job; checked at the commit."""
    there = key[0] if table == name else METADATA.tables[table].info["key"][0]
    columns = [f"{table}.job_id", f"{table}.{there}"]
    return ForeignKeyConstraint(
        ["job_id", column], columns, name=f"fk_{name}_{column}", deferrable=True, initially="DEFERRED"
    )


def job_table(
    name: str,
    row: str,
    key: tuple[str, ...],
    *columns: Column,
    unique: tuple[tuple[str, ...], ...] = (),
    points_to: tuple[tuple[str, str], ...] = (),
    append_only: bool = False,
) -> Table:
    """One table of a job. `points_to` lists (column, table): the column holds that table's key within the same job."""
    checks = [
        CheckConstraint(f"{c.name} IN ({', '.join(repr(v) for v in c.info['values'])})", name=f"ck_{name}_{c.name}")
        for c in columns
        if c.info["values"]
    ]
    checks += [
        CheckConstraint(f"{c.name} IN (0, 1)", name=f"ck_{name}_{c.name}") for c in columns if c.info["dtype"] == "bool"
    ]
    references = [_reference(name, column, table, key) for column, table in points_to]
    return Table(
        name,
        METADATA,
        whole("job_id", "the job", needed=True),
        *columns,
        whole("version", "counts the changes of this row, from 1", needed=True),
        PrimaryKeyConstraint("job_id", *key, name=f"pk_{name}"),
        ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name=f"fk_{name}_job"),
        *references,
        *(UniqueConstraint(*cols, name=f"uq_{name}_{'_'.join(cols)}") for cols in unique),
        *checks,
        info={"row": row, "key": key, "append_only": append_only},
        sqlite_strict=True,
    )
