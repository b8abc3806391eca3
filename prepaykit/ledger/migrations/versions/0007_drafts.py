"""What was decided in a panel and not applied yet."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NEEDED = ("draft_id", "panel", "row_key", "action", "value", "who", "session", "at_utc")


def upgrade() -> None:
    """Bring the schema up to this revision."""
    op.create_table(
        "drafts",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("draft_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        *[sa.Column(name, sa.Text(), nullable=False) for name in NEEDED],
        sa.Column("op_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("job_id", "draft_no", name="pk_drafts"),
        sa.UniqueConstraint("draft_id", name="uq_drafts_draft_id"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_drafts_job"),
        sqlite_strict=True,
    )
    op.create_index("ix_drafts_panel", "drafts", ["job_id", "panel"])


def downgrade() -> None:
    """A studio is never taken back; restore the copy that was made before the upgrade."""
    raise NotImplementedError("restore the copy <studio>.before-<revision>")
