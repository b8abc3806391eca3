"""The schema's revisions, and bringing a studio up to the newest one.

A new studio and an old one take the same path: every revision in turn, in one transaction. A new revision is written after
a change of the catalog by

    python -m prepaykit.ledger.migrations "what changes for the user"

and then read and corrected by a person. Adding a column to a table that has rows needs a default. On SQLite Alembic rewrites
a table to change it, which drops its triggers: every revision ends by making those of append-only tables again.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from prepaykit.errors import Refused
from prepaykit.ledger.schema import REVISION

if TYPE_CHECKING:
    from prepaykit.ledger.database import Database

FOLDER = Path(__file__).parent
_LOCK = 7_234_110_926  # any number of our own: PostgreSQL's advisory lock while a schema is made


def bring_up_to_date(database: Database) -> None:
    """Create the schema in a new studio, upgrade an old one, refuse one that a newer prepaykit made.

    An existing SQLite file is copied first, to `<file>.before-<revision>`.
    """
    with database.reading() as connection:
        found = revision_of(connection)
    if found == REVISION:
        return
    from prepaykit.ledger.migrations.running import known_revisions, upgrade

    if found is not None:
        if found not in known_revisions():
            raise Refused(
                f"the studio was made by a newer prepaykit (schema {found}; this one knows {REVISION}). Upgrade prepaykit."
            )
        _copy_aside(database)
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if revision_of(connection) != REVISION:
            upgrade(connection)


def revision_of(connection: Connection) -> str | None:
    """The schema's revision; None in an empty database. Refuses a database that holds something else."""
    names = inspect(connection).get_table_names()
    if "alembic_version" not in names:
        # A schema of PostgreSQL may hold tables of its extensions; a file of our own holds nothing else.
        if "jobs" in names or "ops" in names or (names and connection.dialect.name == "sqlite"):
            raise Refused("this database has tables of another program; give the studio a file or a schema of its own")
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _copy_aside(database: Database) -> None:
    if database.path is None:
        return
    copy = database.path.with_name(f"{database.path.name}.before-{REVISION}")
    if copy.exists():
        return
    driver = database.engine.raw_connection()
    try:
        driver.cursor().execute("VACUUM INTO ?", (str(copy),))
    finally:
        driver.close()
