"""Whose a payment is can be a choice."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KINDS = (
    "kind IN ('tag', 'relabel', 'order_code', 'match', 'frame', 'hide', 'bind', 'accept', 'settle', "
    "'move', 'crop', 'release', 'refund', 'payment')"
)


def upgrade() -> None:
    """Bring the schema up to this revision."""
    with op.batch_alter_table("choices", table_kwargs={"sqlite_strict": True}) as choices:
        choices.drop_constraint("ck_choices_kind", type_="check")
        choices.create_check_constraint("ck_choices_kind", KINDS)


def downgrade() -> None:
    """A studio is never taken back; restore the copy that was made before the upgrade."""
    raise NotImplementedError("restore the copy <studio>.before-<revision>")
