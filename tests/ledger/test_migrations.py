"""The schema on disk is the one the package was made for, or the studio is not opened."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

from prepaykit.errors import Refused, UsageError
from prepaykit.ledger import migrations
from prepaykit.ledger.database import Database, OldSQLite, engine_for, sqlite_library
from prepaykit.ledger.migrations.running import known_revisions, upgrade
from prepaykit.ledger.schema import REVISION, SCHEMA
from prepaykit.ledger.store import Store
from tests.ledger.studios import JOB, assert_same_job, names_plan, opened


def test_the_revisions_come_to_exactly_the_catalog(store):
    with store.database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SCHEMA) == []


def test_the_package_knows_its_newest_revision():
    assert known_revisions()[0] == REVISION


def test_a_studio_of_the_first_schema_is_brought_up_to_date_with_every_row(place):
    """Made at revision 0001, with a choice and an envelope in it; the new kind of choice is then allowed, others still are not."""
    database = Database(engine_for(place))
    job = dict.fromkeys(
        ("timezone", "currency", "batch_processing", "sibling_policy", "underpaid_policy", "retake_policy")
    )
    job |= {"timezone": "UTC", "currency": "USD", "batch_processing": "manual", "sibling_policy": "split", "underpaid_policy": "hold",
            "retake_policy": "latest", "lab_file_names": "code", "job_id": 1, "name": JOB, "school": "Maple Grove", "status": "prepay",
            "has_manual_revision": 0, "version": 1}  # fmt: skip
    rows = {
        "jobs": job,
        "ops": {"job_id": 1, "op_no": 1, "op_id": "x", "verb": "new", "actor": "anna", "why": "", "headline": "", "digest": "",
                "at_utc": "2026-09-01T12:00:00.000000Z", "counts": "{}", "changes": 1},
        "choices": {"job_id": 1, "kind": "match", "target": "E-1", "value": "X-1", "version": 1},
        "envelopes": {"job_id": 1, "envelope_id": 1, "envelope_no": "E-1", "received_cents": 3800, "version": 1},
    }  # fmt: skip
    with database.writing() as connection:
        upgrade(connection, "0001")
        for table, row in rows.items():
            connection.execute(sa.text(f"INSERT INTO {table} ({', '.join(row)}) VALUES (:{', :'.join(row)})"), row)
    database.close()
    with Store.open(place) as store:
        state = store.read(JOB)
        assert state.choices[["kind", "target", "value"]].values.tolist() == [["match", "E-1", "X-1"]]
        assert state.envelopes[["envelope_no", "received_cents"]].values.tolist() == [["E-1", 3800]]
        assert state.envelopes[["bag", "payee", "differs"]].isna().all(axis=None) and not len(state.bags)
        settle = "INSERT INTO choices (job_id, kind, target, value, version) VALUES (1, :kind, 'E-2', 'first', 1)"
        with store.database.writing() as connection:
            for kind in ("settle", "move", "crop", "release"):
                connection.execute(sa.text(settle), {"kind": kind})
        with pytest.raises(IntegrityError), store.database.writing() as connection:
            connection.execute(sa.text(settle), {"kind": "guess"})


def test_tables_on_sqlite_are_strict(store):
    if store.database.is_sqlite:
        with store.database.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT name FROM pragma_table_list WHERE type='table' AND NOT strict"
            ).scalars()
            assert {r for r in rows if not r.startswith("sqlite_")} == {"alembic_version"}


def test_every_check_of_the_catalog_is_in_the_database(store):
    with store.database.reading() as connection:
        there = sa.inspect(connection)
        for name, table in SCHEMA.tables.items():
            wanted = {c.name for c in table.constraints if isinstance(c, sa.CheckConstraint)}
            assert {c["name"] for c in there.get_check_constraints(name)} == wanted


def test_opening_again_changes_nothing(place):
    with Store.open(place) as store:
        opened(store)
    with Store.open(place) as store:
        assert store.read(JOB).head == 1


def test_a_studio_of_a_newer_program_is_refused(place):
    with Store.open(place) as store, store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Refused, match="made by a newer prepaykit"):
        Store.open(place)


@pytest.mark.parametrize(
    "content", [b"Dear parents,", b"first_name,last_name\n" * 500, b"\xff\xd8\xff\xe0" + bytes(9000)]
)
def test_a_file_that_is_no_studio_is_told_by_its_name_and_left_as_it_is(tmp_path, content):
    file = tmp_path / "parents.db"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"parents\.db is not a studio file"):
        Store.open(file)
    assert file.read_bytes() == content


@pytest.mark.parametrize(("start", "end"), [(4096 * 3, 4096 * 6), (100, 4096), (4096 * 20, None)])
def test_a_damaged_studio_file_is_told_by_its_name_with_the_way_out(tmp_path, start, end):
    file = tmp_path / "studio.db"
    with Store.open(file) as store:
        opened(store)
    content = file.read_bytes()
    file.write_bytes(content[:start] if end is None else content[:start] + b"\xaa" * (end - start) + content[end:])
    with (
        pytest.raises(UsageError, match=r"studio\.db is damaged: put its backup in its place"),
        Store.open(file) as store,
    ):
        store.read(JOB)


def test_a_file_with_tables_of_another_program_gets_none_of_ours(tmp_path):
    connection = sqlite_library().connect(str(tmp_path / "cookies.db"))
    connection.execute("CREATE TABLE cookies (value TEXT)")
    connection.commit()
    with pytest.raises(Refused, match="tables of another program"):
        Store.open(tmp_path / "cookies.db")
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("cookies",)]
    connection.close()


def test_a_database_of_another_program_is_refused(tmp_path):
    library = sqlite_library()
    connection = library.connect(str(tmp_path / "other.db"))
    connection.execute("CREATE TABLE jobs (title TEXT)")
    connection.close()
    with pytest.raises(Refused, match="another program"):
        Store.open(tmp_path / "other.db")


def test_an_old_studio_is_copied_aside_before_it_is_brought_up_to_date(tmp_path, monkeypatch):
    place = tmp_path / "studio.db"
    with Store.open(place) as store:
        opened(store)
        store.apply(names_plan(store.read(JOB), "AA"), actor="anna", why="")
        before = store.read(JOB)
    done = []
    monkeypatch.setattr(migrations, "REVISION", "9999")
    monkeypatch.setattr("prepaykit.ledger.migrations.running.upgrade", lambda connection: done.append(connection))
    Store.open(place).close()
    monkeypatch.undo()
    assert len(done) == 1
    with Store.open(tmp_path / "studio.db.before-9999") as copy:
        assert_same_job(copy.read(JOB), before)


def test_a_failed_upgrade_leaves_the_old_schema(tmp_path, monkeypatch):
    def breaks(connection):
        connection.exec_driver_sql("DROP TABLE outbox")
        raise RuntimeError("broken off")

    place = tmp_path / "studio.db"
    Store.open(place).close()
    monkeypatch.setattr(migrations, "REVISION", "9999")
    monkeypatch.setattr("prepaykit.ledger.migrations.running.upgrade", breaks)
    with pytest.raises(RuntimeError):
        Store.open(place)
    monkeypatch.undo()
    with Store.open(place) as store:
        assert store.outbox().empty


@pytest.mark.parametrize("place", ["", ":memory:", "mysql://u:secret@h/x", "no/such/folder/studio.db"])
def test_a_place_that_is_no_studio_is_told_without_its_password(place):
    with pytest.raises(UsageError) as error:
        Store.open(place)
    assert "secret" not in str(error.value)


def test_an_old_sqlite_warns_loudly(monkeypatch):
    monkeypatch.setattr(sqlite_library(), "sqlite_version_info", (3, 40, 1))
    with pytest.warns(OldSQLite, match="can damage a studio file"):
        sqlite_library()


def test_a_store_carried_into_another_process_is_refused(store, monkeypatch):
    monkeypatch.setattr("os.getpid", lambda: -1)
    with pytest.raises(UsageError, match="opened by another process"):
        store.jobs()


def test_a_studio_of_the_first_schema_is_brought_up_to_date_with_its_jobs(tmp_path):
    from prepaykit.ledger.database import Database, engine_for
    from prepaykit.ledger.migrations.running import upgrade

    place = tmp_path / "studio.db"
    database = Database(engine_for(str(place)))
    with database.writing() as connection:
        upgrade(connection, "0001")
        columns = "job_id, name, school, status, timezone, currency, batch_processing, has_manual_revision, sibling_policy, underpaid_policy, retake_policy, lab_file_names, version"
        values = "1, 'oak-hill-2026', 'Oak Hill', 'planning', 'America/Chicago', 'USD', 'manual', 0, 'hold_whole', 'hold', 'latest', 'code', 1"
        connection.exec_driver_sql(f"INSERT INTO jobs ({columns}) VALUES ({values})")
    database.close()
    with Store.open(place) as store:
        assert store.read("oak-hill-2026").job["student_ids_as_codes"] is False
    assert (tmp_path / f"studio.db.before-{REVISION}").exists()
