"""A photographer may show the card after the child; a frame keeps what it looks like."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up to this revision. Columns are only added: no table is rewritten, no trigger is lost."""
    op.add_column("jobs", sa.Column("cards_after", sa.Text(), nullable=True))
    op.add_column("frames", sa.Column("look_hash", sa.Text(), nullable=True))


def downgrade() -> None:
    """A studio is never taken back; restore the copy that was made before the upgrade."""
    raise NotImplementedError("restore the copy <studio>.before-<revision>")
