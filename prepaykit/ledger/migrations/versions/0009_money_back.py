"""A refund keeps what was sent and what became of it; a fee its request; deposits; the studio's Stripe account as it was read."""

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
    op.create_table(
        "stripe_charges",
        sa.Column("charge_id", sa.Text(), nullable=False),
        sa.Column("payment_intent_id", sa.Text(), nullable=True),
        sa.Column("checkout_session_id", sa.Text(), nullable=True),
        sa.Column("order_key", sa.Text(), nullable=True),
        sa.Column("amount_cents", WHOLE, nullable=False),
        sa.Column("refunded_cents", WHOLE, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("is_disputed", sa.Integer(), nullable=False),
        sa.Column("application_fee_cents", WHOLE, nullable=True),
        sa.Column("email_hash", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.CheckConstraint("is_disputed IN (0, 1)", name="ck_stripe_charges_is_disputed"),
        sa.PrimaryKeyConstraint("charge_id", name="pk_stripe_charges"),
        sqlite_strict=True,
    )
    op.create_table(
        "stripe_cursors",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("read_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name="pk_stripe_cursors"),
        sqlite_strict=True,
    )
    op.create_table(
        "stripe_disputes",
        sa.Column("dispute_id", sa.Text(), nullable=False),
        sa.Column("charge_id", sa.Text(), nullable=True),
        sa.Column("amount_cents", WHOLE, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dispute_id", name="pk_stripe_disputes"),
        sqlite_strict=True,
    )
    op.create_table(
        "stripe_lines",
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("available_at", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("gross_cents", WHOLE, nullable=False),
        sa.Column("fee_cents", WHOLE, nullable=False),
        sa.Column("net_cents", WHOLE, nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("charge_id", sa.Text(), nullable=True),
        sa.Column("payment_intent_id", sa.Text(), nullable=True),
        sa.Column("order_key", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("payout_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("line_id", name="pk_stripe_lines"),
        sqlite_strict=True,
    )
    op.create_table(
        "stripe_payouts",
        sa.Column("payout_id", sa.Text(), nullable=False),
        sa.Column("amount_cents", WHOLE, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("is_automatic", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("arrival_at", sa.Text(), nullable=True),
        sa.CheckConstraint("is_automatic IN (0, 1)", name="ck_stripe_payouts_is_automatic"),
        sa.PrimaryKeyConstraint("payout_id", name="pk_stripe_payouts"),
        sqlite_strict=True,
    )
    op.create_table(
        "stripe_refunds",
        sa.Column("refund_id", sa.Text(), nullable=False),
        sa.Column("charge_id", sa.Text(), nullable=True),
        sa.Column("payment_intent_id", sa.Text(), nullable=True),
        sa.Column("amount_cents", WHOLE, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("refund_id", name="pk_stripe_refunds"),
        sqlite_strict=True,
    )
    op.create_table(
        "deposits",
        sa.Column("job_id", WHOLE, nullable=False),
        sa.Column("slip_no", WHOLE, nullable=False),
        sa.Column("bag", sa.Text(), nullable=False),
        sa.Column("cash_cents", WHOLE, nullable=False),
        sa.Column("checks", WHOLE, nullable=False),
        sa.Column("check_cents", WHOLE, nullable=False),
        sa.Column("deposited_at", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("version", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_deposits_job"),
        sa.PrimaryKeyConstraint("job_id", "slip_no", "bag", name="pk_deposits"),
        sqlite_strict=True,
    )
    op.add_column("jobs", sa.Column("refund_days", WHOLE, nullable=True))
    op.add_column("jobs", sa.Column("application_fee", sa.Text(), nullable=True))
    for name in ("cancelled_at", "cancel_reason"):
        op.add_column("lines", sa.Column(name, sa.Text(), nullable=True))
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
