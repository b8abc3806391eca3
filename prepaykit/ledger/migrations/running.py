"""Running Alembic over our own connection, without an ini file. Imported only when a schema is made or changed."""

from __future__ import annotations

import alembic.command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from prepaykit.ledger.migrations import FOLDER
from prepaykit.ledger.schema import REVISION


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings for our revisions, working on `connection`."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def known_revisions() -> list[str]:
    """All revisions of this package, newest first."""
    return [script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()]


def upgrade(connection: Connection, revision: str = REVISION) -> None:
    """Bring the schema up to a revision, within the connection's transaction."""
    alembic.command.upgrade(config(connection), revision)
