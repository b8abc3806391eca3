"""Write a new revision from the difference between the newest schema and the catalog: for developers."""

from __future__ import annotations

import sys
import tempfile

import alembic.command

from prepaykit.ledger.database import Database, engine_for
from prepaykit.ledger.migrations.running import config, known_revisions, upgrade


def write_revision(message: str) -> None:
    """Upgrade an empty database, compare it with the catalog and write the difference under `versions/`."""
    number = len(known_revisions()) + 1
    with tempfile.TemporaryDirectory() as folder:
        database = Database(engine_for(f"{folder}/new.db"))
        with database.writing() as connection:
            if number > 1:
                upgrade(connection, f"{number - 1:04d}")
            alembic.command.revision(config(connection), message, autogenerate=True, rev_id=f"{number:04d}")
        database.close()


if __name__ == "__main__":
    write_revision(" ".join(sys.argv[1:]) or sys.exit("say what changes for the user"))
