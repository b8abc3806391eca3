"""The schema of a studio's database: the catalog's tables, and the ledger's own five.

`SCHEMA` holds both. The ledger's tables: `ops` (one row is an operation that somebody applied), `journal` (one row is a row
that an operation changed), `outbox` (one row is something promised to a neighbour), `drafts` (one row is a press in a panel, not
applied yet), and Alembic's own version table.
`ops`, `journal` and `postings` are append-only by trigger on both databases: not even our own bug can rewrite what happened.

>>> sorted(set(SCHEMA.tables) - set(METADATA.tables))
['drafts', 'journal', 'ops', 'outbox']
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from prepaykit.tables.catalog import METADATA
from prepaykit.tables.columns import WHOLE

REVISION = "0011"
"""The schema this package was made for: the newest revision under `migrations/versions` (a test holds the two together)."""

APPEND_ONLY = ("ops", "journal", "postings")
OUTBOX_STATES = ("pending", "leased", "sent", "withdrawn")

SCHEMA = MetaData()
for _table in METADATA.tables.values():
    _table.to_metadata(SCHEMA).info.clear()
# Without an index on what points to a row, a database reads the whole pointing table for each row that is deleted: undoing
# a picture day then takes minutes.
for _table in SCHEMA.tables.values():
    for _rule in sorted(_table.foreign_key_constraints, key=lambda rule: rule.name):
        _pointing = [c.name for c in _rule.columns]
        if [c.name for c in _table.primary_key.columns][: len(_pointing)] != _pointing:
            Index(f"ix_{_table.name}_{_pointing[-1]}", *(_table.c[c] for c in _pointing))

# Two refunds of one charge are never on their way at once: the second would be reckoned with money that the first is taking.
IN_FLIGHT = text("status IN ('sending', 'unknown') AND charge_id_stripe IS NOT NULL")
Index(
    "uq_refunds_in_flight",
    SCHEMA.tables["refunds"].c.charge_id_stripe,
    unique=True,
    sqlite_where=IN_FLIGHT,
    postgresql_where=IN_FLIGHT,
)


def _column(name: str, sql_type: object, meaning: str, *, needed: bool = True) -> Column:
    return Column(name, sql_type, nullable=not needed, info={"meaning": meaning})


OPS = Table(
    "ops",
    SCHEMA,
    _column("job_id", WHOLE, "the job"),
    _column("op_no", WHOLE, "number of the operation within the job, from 1, without gaps"),
    _column("op_id", Text(), "idempotency key: the same id never acts twice"),
    _column("verb", Text(), "which verb"),
    _column("actor", Text(), "who"),
    _column("why", Text(), "the reason given"),
    _column("headline", Text(), "what it came to, in words"),
    _column("at_utc", Text(), "when, UTC"),
    _column("digest", Text(), "SHA-256 of what was asked for: tells a repeat from another plan under the same id"),
    _column("counts", Text(), "JSON: table → [new, changed, deleted]"),
    _column("changes", WHOLE, "rows changed"),
    _column("undo_of", WHOLE, "the operation that this one took back", needed=False),
    PrimaryKeyConstraint("job_id", "op_no", name="pk_ops"),
    UniqueConstraint("op_id", name="uq_ops_op_id"),
    UniqueConstraint("job_id", "undo_of", name="uq_ops_job_id_undo_of"),
    ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_ops_job"),
    CheckConstraint("op_no > 0", name="ck_ops_op_no"),
    sqlite_strict=True,
)

JOURNAL = Table(
    "journal",
    SCHEMA,
    _column("job_id", WHOLE, "the job"),
    _column("op_no", WHOLE, "the operation"),
    _column("seq", WHOLE, "order within the operation, from 1"),
    _column("table_name", Text(), "which table"),
    _column("key", Text(), "JSON: the key of the row"),
    _column(
        "before",
        Text(),
        "JSON: the changed fields as they were, a deleted row as a whole; missing for a new row",
        needed=False,
    ),
    _column(
        "after",
        Text(),
        "JSON: the changed fields as they became, a new row as a whole; missing for a deleted row",
        needed=False,
    ),
    PrimaryKeyConstraint("job_id", "op_no", "seq", name="pk_journal"),
    ForeignKeyConstraint(["job_id", "op_no"], ["ops.job_id", "ops.op_no"], name="fk_journal_op"),
    sqlite_strict=True,
)

OUTBOX = Table(
    "outbox",
    SCHEMA,
    _column("key", Text(), "derived from the row it belongs to: one effect for ever"),
    _column("job_id", WHOLE, "the job"),
    _column("op_no", WHOLE, "the operation that promised it"),
    _column("kind", Text(), "which adapter sends it"),
    _column("payload", Text(), "JSON, frozen when it was promised"),
    _column("state", Text(), "pending, leased (being sent), sent, withdrawn (the operation was undone)"),
    _column("attempts", WHOLE, "how often sending was begun"),
    _column("lease_until", Text(), "a leased row may be taken up again after this moment", needed=False),
    _column("receipt", Text(), "what the neighbour answered", needed=False),
    _column("error", Text(), "why the last attempt failed", needed=False),
    _column("sent_at", Text(), "when it was done, UTC", needed=False),
    _column("withdrawn_by", WHOLE, "the operation that took it back", needed=False),
    PrimaryKeyConstraint("key", name="pk_outbox"),
    ForeignKeyConstraint(["job_id", "op_no"], ["ops.job_id", "ops.op_no"], name="fk_outbox_op"),
    CheckConstraint(f"state IN ({', '.join(repr(s) for s in OUTBOX_STATES)})", name="ck_outbox_state"),
    Index("ix_outbox_state", "state"),
    sqlite_strict=True,
)

DRAFTS = Table(
    "drafts",
    SCHEMA,
    _column("job_id", WHOLE, "the job"),
    _column("draft_no", WHOLE, "order within the job, from 1: a later one about the same row counts"),
    _column("draft_id", Text(), "idempotency key, made where the key was pressed: the same press is kept once"),
    _column("panel", Text(), "where it was decided"),
    _column("row_key", Text(), "about what"),
    _column("action", Text(), "what was pressed; `undo` takes back what was said of the row"),
    _column("value", Text(), "with what value"),
    _column("who", Text(), "who pressed it"),
    _column("session", Text(), "which open panel it came from"),
    _column("at_utc", Text(), "when, UTC"),
    _column("op_no", WHOLE, "the operation that it went into; missing while it waits", needed=False),
    PrimaryKeyConstraint("job_id", "draft_no", name="pk_drafts"),
    UniqueConstraint("draft_id", name="uq_drafts_draft_id"),
    ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_drafts_job"),
    Index("ix_drafts_panel", "job_id", "panel"),
    sqlite_strict=True,
)
