"""What was seen of a frame beside its codes: a symbol not read, damage inside."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COLUMNS = ("card_suspicion", "damage")


def upgrade() -> None:
    """Bring the schema up to this revision."""
    for name in COLUMNS:
        op.add_column("frames", sa.Column(name, sa.Text(), nullable=True))


def downgrade() -> None:
    """A studio is never taken back; restore the copy that was made before the upgrade."""
    raise NotImplementedError("restore the copy <studio>.before-<revision>")
