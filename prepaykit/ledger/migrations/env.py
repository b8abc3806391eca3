"""What Alembic runs to upgrade or to compare: always on the connection it is given."""

from alembic import context

from prepaykit.ledger.schema import SCHEMA

if hasattr(context, "config"):  # not when somebody only imports this file, as a doctest collector does
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection, target_metadata=SCHEMA, render_as_batch=connection.dialect.name == "sqlite"
    )
    context.run_migrations()
