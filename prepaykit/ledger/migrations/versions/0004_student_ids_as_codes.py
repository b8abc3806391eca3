"""A job says whether student ids may be access codes: a setting, off for every job that is there."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up to this revision."""
    # The default is for the jobs that are there; a new job always says it.
    op.add_column("jobs", sa.Column("student_ids_as_codes", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """A studio is never taken back; restore the copy that was made before the upgrade."""
    raise NotImplementedError("restore the copy <studio>.before-<revision>")
