"""Opening a database, one way for SQLite and PostgreSQL: whole transactions, waiting instead of failing, safe messages.

A studio file is opened by one SQLite library only, the one bundled with pysqlite3 where there is one: two libraries in a
process break each other's file locks, and versions before 3.51.3 have a rare fault when several processes write. Writing
transactions take the lock at their beginning (`BEGIN IMMEDIATE`), so that they wait for each other instead of failing
half-way; a commit is on the disk when it is acknowledged (`synchronous=FULL`).
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from prepaykit.errors import NeighbourFailed, Refused, UsageError

GOOD_SQLITE = (3, 51, 3)
WAIT_SECONDS = 30
RETRIES = 5
_RETRIED = ("40001", "40P01")  # serialization failure, deadlock


class OldSQLite(UserWarning):
    """This SQLite has a known fault when several processes write to one studio file. Install pysqlite3."""


def sqlite_library() -> object:
    """The one SQLite library that opens studio files: pysqlite3's own copy, else Python's, with a warning if it is old."""
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        from sqlite3 import dbapi2
    if dbapi2.sqlite_version_info < GOOD_SQLITE:
        warnings.warn(
            f"SQLite {dbapi2.sqlite_version} can damage a studio file when two programs write to it at once; "
            "3.51.3 or newer does not. Install pysqlite3, or let one program at a time open the studio.",
            OldSQLite,
            stacklevel=3,
        )
    return dbapi2


def engine_for(place: str | Path) -> Engine:
    """An engine for a path (SQLite) or a `postgresql://` address."""
    text = str(place)
    if text.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
        return create_engine(make_url(text).set(drivername="postgresql+psycopg"), hide_parameters=True)
    path = text.removeprefix("sqlite:///")
    if path in ("", ":memory:") or "://" in path:
        raise UsageError(f"a studio is a path, or postgresql://…; got {_without_password(text)!r}")
    if not Path(path).expanduser().parent.is_dir():
        raise UsageError(f"the folder of {path} is not there")
    return _sqlite_engine(Path(path).expanduser())


def _without_password(text: str) -> str:
    return text.split("://", 1)[0] + "://…" if "://" in text else text


def _sqlite_engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        module=sqlite_library(),
        hide_parameters=True,
        connect_args={"timeout": WAIT_SECONDS, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: object, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={WAIT_SECONDS * 1000}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # Left alone, the driver begins late and upgrades a reader to a writer, which fails at once when two try.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")

    return engine


class Database:
    """An engine and the two ways to use it: `reading()` one moment, `writing()` all or nothing."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._process = os.getpid()

    @property
    def path(self) -> Path | None:
        """The studio file; None on PostgreSQL."""
        return Path(self.engine.url.database) if self.is_sqlite else None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent moment of the whole database. Keep it short."""
        self._check_process()
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with (
            _neighbour_errors(self.path),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: everything in the block is there afterwards, or nothing."""
        self._check_process()
        with (
            _neighbour_errors(self.path),
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose(close=self._process == os.getpid())

    def _check_process(self) -> None:
        # A SQLite connection carried over a fork breaks the file's locks.
        if os.getpid() != self._process:
            raise UsageError("this store was opened by another process; open it again in this one")


@contextmanager
def _neighbour_errors(path: Path | None) -> Iterator[None]:
    """Let no driver's message out: it may quote the values of a row, and with them a child's name."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        if must_retry(error):
            raise
        raise _said_safely(error, path) from None


def must_retry(error: DBAPIError) -> bool:
    """True if the database asks for the whole transaction once more."""
    return getattr(error.orig, "sqlstate", None) in _RETRIED


def _said_safely(error: DBAPIError, path: Path | None) -> Exception:
    kind = type(error.orig).__name__
    text = str(error.orig)
    if path is not None and "not a database" in text:
        return UsageError(
            f"{path} is not a studio file: name the studio, or put its backup in its place if this was one; nothing was changed"
        )
    if path is not None and any(word in text for word in ("malformed", "Could not decode")):
        return UsageError(f"the studio file {path} is damaged: put its backup in its place; nothing was changed")
    if "locked" in text:
        return NeighbourFailed(f"the studio file was busy for {WAIT_SECONDS} seconds; nothing was changed, try again")
    if "append-only" in text:
        return Refused("rows of ops, journal and postings are never changed or deleted: write a counter-entry")
    if isinstance(error, OperationalError) and any(w in text for w in ("disk", "full", "unable to open", "readonly")):
        return NeighbourFailed(f"the studio file cannot be used: {text}")
    return NeighbourFailed(
        f"the database refused a statement ({kind} {getattr(error.orig, 'sqlstate', '') or ''}); nothing was changed"
    )


def violated(error: IntegrityError) -> tuple[str, tuple[str, ...]]:
    """Which table and columns (or rule) an IntegrityError is about, without any value of a row."""
    diag = getattr(error.orig, "diag", None)
    if diag is not None:
        from prepaykit.ledger.schema import SCHEMA

        table = diag.table_name or ""
        if error.orig.sqlstate == "23503":
            return table, ("FOREIGN KEY",)
        for constraint in SCHEMA.tables[table].constraints if table in SCHEMA.tables else ():
            if constraint.name == diag.constraint_name:
                return table, tuple(c.name for c in getattr(constraint, "columns", ()))
        return table, (diag.constraint_name or "",)
    kind, _, detail = str(error.orig).partition(" constraint failed: ")
    if not detail:
        return "", (kind,)
    parts = [part.strip().split(".") for part in detail.split(",")]
    if all(len(p) == 2 for p in parts):
        return parts[0][0], tuple(p[1] for p in parts)
    return "", (detail,)
