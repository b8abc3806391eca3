"""Envelopes come in bags that are counted, and wait where two typists differ; checks have a payee."""

import sqlalchemy as sa
from alembic import op

from prepaykit.ledger.migrations.triggers import append_only_triggers

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KINDS = "kind IN ('tag', 'relabel', 'order_code', 'match', 'frame', 'hide', 'bind', 'accept', 'settle')"


def upgrade() -> None:
    """Bring the schema up to this revision."""
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "bags",
        sa.Column("job_id", whole, nullable=False),
        sa.Column("bag", sa.Text(), nullable=False),
        sa.Column("envelopes", whole, nullable=True),
        sa.Column("rejected", whole, nullable=True),
        sa.Column("cash_cents", whole, nullable=True),
        sa.Column("checks", whole, nullable=True),
        sa.Column("check_cents", whole, nullable=True),
        sa.Column("counted_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", whole, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_bags_job"),
        sa.PrimaryKeyConstraint("job_id", "bag", name="pk_bags"),
        sqlite_strict=True,
    )
    for column in ("payee", "bag", "differs"):
        op.add_column("envelopes", sa.Column(column, sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("check_payee", sa.Text(), nullable=True))
    with op.batch_alter_table("choices", table_kwargs={"sqlite_strict": True}) as choices:
        choices.drop_constraint("ck_choices_kind", type_="check")
        choices.create_check_constraint("ck_choices_kind", KINDS)
    for statement in append_only_triggers(op.get_bind().dialect.name, ("ops", "journal", "postings")):
        op.execute(sa.DDL(statement.replace("%", "%%")))


def downgrade() -> None:
    """A studio is never taken back; restore the copy that was made before the upgrade."""
    raise NotImplementedError("restore the copy <studio>.before-<revision>")
