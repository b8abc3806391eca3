"""A fresh studio for each test: on SQLite, and on PostgreSQL too when PREPAYKIT_TEST_POSTGRES names a server."""

import os
import uuid

import pytest
import sqlalchemy as sa

from prepaykit.ledger.store import Store

SERVER = os.environ.get("PREPAYKIT_TEST_POSTGRES")


@pytest.fixture(params=["sqlite", *(["postgresql"] if SERVER else [])])
def place(request, tmp_path):
    """Where a studio may be made that nobody else uses."""
    if request.param == "sqlite":
        yield str(tmp_path / "studio.db")
        return
    url = sa.make_url(SERVER)
    schema = f"t_{uuid.uuid4().hex}"
    admin = sa.create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.schema.CreateSchema(schema))
    yield url.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(sa.schema.DropSchema(schema, cascade=True))
    admin.dispose()


@pytest.fixture
def store(place):
    with Store.open(place) as opened:
        yield opened
