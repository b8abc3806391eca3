"""A refund keeps what was sent and what became of it; a service fee its request."""

import sqlalchemy as sa
from alembic import op

from prepaykit.ledger.migrations.triggers import append_only_triggers

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STRICT = {"sqlite_strict": True}
KINDS = (
    "kind IN ('tag', 'relabel', 'order_code', 'match', 'frame', 'hide', 'bind', 'accept', 'settle', "
    "'move', 'crop', 'release', 'refund')"
)
STATUSES = "status IN ('planned', 'confirmed', 'sending', 'unknown', 'pending', 'review', 'blocked', 'succeeded', 'failed', 'withdrawn')"
ACCOUNTS = "account IN ('held', 'shipped', 'to_refund', 'refunded')"
IN_FLIGHT = sa.text("status IN ('sending', 'unknown') AND charge_id_stripe IS NOT NULL")


def upgrade() -> None:
    """Bring the schema up to this revision."""
    op.add_column("jobs", sa.Column("refund_days", WHOLE, nullable=True))
    op.add_column("jobs", sa.Column("application_fee", sa.Text(), nullable=True))
    for name in ("requested_at", "requested_of", "closed_at", "evidence"):
        op.add_column("service_fees", sa.Column(name, sa.Text(), nullable=True))
    with op.batch_alter_table("choices", table_kwargs=STRICT) as choices:
        choices.drop_constraint("ck_choices_kind", type_="check")
        choices.create_check_constraint("ck_choices_kind", KINDS)
    with op.batch_alter_table("postings", table_kwargs=STRICT) as postings:
        postings.drop_constraint("ck_postings_account", type_="check")
        postings.create_check_constraint("ck_postings_account", ACCOUNTS)
    _refunds()
    for statement in append_only_triggers(op.get_bind().dialect.name, ("ops", "journal", "postings")):
        op.execute(sa.DDL(statement.replace("%", "%%")))


def _refunds() -> None:
    """More statuses, what was sent, what became of it; and never two refunds of one charge on their way at once."""
    texts = (
        "gateway",
        "request_id",
        "charge_id_stripe",
        "request",
        "request_key",
        "sent_at",
        "handed_to",
        "refund_id_stripe",
        "evidence",
        "closed_at",
    )
    with op.batch_alter_table("refunds", table_kwargs=STRICT) as refunds:
        for name in texts:
            refunds.add_column(sa.Column(name, sa.Text(), nullable=True))
        for name in ("attempt", "replaces_id"):
            refunds.add_column(sa.Column(name, WHOLE, nullable=True))
        refunds.drop_constraint("ck_refunds_status", type_="check")
        refunds.create_check_constraint("ck_refunds_status", STATUSES)
        refunds.create_check_constraint("ck_refunds_gateway", "gateway IN ('api', 'person')")
        refunds.create_unique_constraint("uq_refunds_request_id", ["request_id"])
        refunds.create_unique_constraint("uq_refunds_request_key", ["request_key"])
        refunds.create_foreign_key(
            "fk_refunds_replaces_id",
            "refunds",
            ["job_id", "replaces_id"],
            ["job_id", "refund_id"],
            initially="DEFERRED",
            deferrable=True,
        )
    op.create_index("ix_refunds_replaces_id", "refunds", ["job_id", "replaces_id"])
    op.create_index(
        "uq_refunds_in_flight",
        "refunds",
        ["charge_id_stripe"],
        unique=True,
        sqlite_where=IN_FLIGHT,
        postgresql_where=IN_FLIGHT,
    )


def downgrade() -> None:
    """A studio is never taken back; restore the copy that was made before the upgrade."""
    raise NotImplementedError("restore the copy <studio>.before-<revision>")
