"""A single line of an order can be cancelled; it stays, with when and why."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up to this revision."""
    # Slots point to lines: a column is added to the table as it is, for a table made anew would break what points to it.
    op.add_column("lines", sa.Column("cancelled_at", sa.Text(), nullable=True))
    op.add_column("lines", sa.Column("cancel_reason", sa.Text(), nullable=True))


def downgrade() -> None:
    """A studio is never taken back; restore the copy that was made before the upgrade."""
    raise NotImplementedError("restore the copy <studio>.before-<revision>")
