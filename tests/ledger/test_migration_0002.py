"""A studio of the first schema is brought up to date: nothing is lost, and what it could not say before it can say now."""

import sqlalchemy as sa

from prepaykit.ledger.database import Database, engine_for
from prepaykit.ledger.migrations.running import upgrade
from prepaykit.ledger.store import Store

JOB = "maple-grove-2026"
OLD = (
    "INSERT INTO jobs (job_id, name, school, status, timezone, currency, batch_processing, has_manual_revision, sibling_policy,"
    " underpaid_policy, retake_policy, lab_file_names, version) VALUES (1, 'maple-grove-2026', 'Maple Grove', 'prepay', 'America/Chicago',"
    " 'USD', 'manual', 0, 'hold_whole', 'hold', 'latest', 'code', 1)",
    "INSERT INTO collections (job_id, collection_id, status, reason, opened_at, version)"
    " VALUES (1, 1, 'open', 'prepay', '2026-09-01T00:00:00.000000Z', 1)",
    "INSERT INTO orders (job_id, order_id, order_no, origin, status, shipping, collection_id, edition, total_cents, paid_cents, version)"
    " VALUES (1, 1, '1001', 'online', 'open', 'batch', 1, 1, 900, 900, 1)",
    "INSERT INTO order_subjects (job_id, order_subject_id, order_id, access_code, typed_first, version)"
    " VALUES (1, 1, 1, '001234', 'Ada', 3)",
    "INSERT INTO lines (job_id, line_id, order_id, order_subject_id, code, name, quantity, total_cents, version)"
    " VALUES (1, 1, 1, 1, 'P57', '5x7', 1, 900, 1)",
    "INSERT INTO choices (job_id, kind, target, value, why, version) VALUES (1, 'order_code', '1', 'X-1', 'asked the parent', 1)",
)


def old_studio(place):
    database = Database(engine_for(place))
    with database.writing() as connection:
        upgrade(connection, "0001")
        for statement in OLD:
            connection.execute(sa.text(statement.replace(":00", r"\:00")))
    database.close()


def test_an_old_studio_keeps_its_rows_and_takes_what_is_weighed(place):
    old_studio(place)
    with Store.open(place) as store:
        state = store.read(JOB)
        assert state.job["has_automatic_matching"] is True
        child = state.order_subjects.iloc[0]
        assert (child["access_code"], child["typed_first"], child["version"]) == ("001234", "Ada", 3)
        assert state.lines["order_subject_id"].tolist() == [1]
        assert state.choices[["why", "who"]].fillna("").values.tolist() == [["asked the parent", ""]]
        with store.database.writing() as connection:
            connection.execute(
                sa.text("UPDATE order_subjects SET matched_by = 'weighed', matched_on = 'surname exact'")
            )
        assert store.read(JOB).order_subjects["matched_on"].tolist() == ["surname exact"]


def test_an_old_studio_still_refuses_a_line_of_a_child_that_is_not_there(place):
    old_studio(place)
    with Store.open(place) as store:
        tables = sa.inspect(store.database.engine)
        assert {f["name"] for f in tables.get_foreign_keys("lines")} >= {"fk_lines_order_subject_id"}
        assert {i["name"] for i in tables.get_indexes("order_subjects")} == {
            "ix_order_subjects_order_id",
            "ix_order_subjects_subject_id",
        }
