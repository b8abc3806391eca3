"""Children found by weighing are said so; a decision says who made it and when."""

import sqlalchemy as sa
from alembic import op

from prepaykit.ledger.migrations.triggers import append_only_triggers

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MATCHED_BY = "matched_by IN ('code', 'student_id', 'exact_name', 'weighed', 'person')"
TEXTS = ("access_code", "typed_first", "typed_last", "typed_grade", "typed_teacher", "typed_student_id", "matched_by")


def upgrade() -> None:
    """Bring the schema up to this revision."""
    dialect = op.get_bind().dialect.name
    op.add_column("jobs", sa.Column("has_automatic_matching", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("choices", sa.Column("who", sa.Text(), nullable=True))
    op.add_column("choices", sa.Column("decided_at", sa.Text(), nullable=True))
    if dialect == "sqlite":
        _order_subjects_anew()
    else:
        op.drop_constraint("ck_order_subjects_matched_by", "order_subjects", type_="check")
        op.create_check_constraint("ck_order_subjects_matched_by", "order_subjects", MATCHED_BY)
        op.add_column("order_subjects", sa.Column("matched_on", sa.Text(), nullable=True))
    for statement in append_only_triggers(dialect, ("ops", "journal", "postings")):
        op.execute(sa.DDL(statement.replace("%", "%%")))


def _order_subjects_anew() -> None:
    """SQLite cannot change a check: the table is made again. Its rows go back under its own name, because `lines` points to them.

    Put into a copy that is renamed afterwards, they would count as gone until the commit, and the commit would fail.
    """
    op.execute("CREATE TEMP TABLE kept AS SELECT * FROM order_subjects")
    op.drop_table("order_subjects")
    op.create_table(
        "order_subjects",
        sa.Column("job_id", WHOLE, nullable=False),
        sa.Column("order_subject_id", WHOLE, nullable=False),
        sa.Column("order_id", WHOLE, nullable=False),
        sa.Column("subject_id", WHOLE, nullable=True),
        *(sa.Column(name, sa.Text(), nullable=True) for name in (*TEXTS, "matched_on")),
        sa.Column("version", WHOLE, nullable=False),
        sa.CheckConstraint(MATCHED_BY, name="ck_order_subjects_matched_by"),
        sa.ForeignKeyConstraint(
            ["job_id", "order_id"],
            ["orders.job_id", "orders.order_id"],
            name="fk_order_subjects_order_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["job_id", "subject_id"],
            ["subjects.job_id", "subjects.subject_id"],
            name="fk_order_subjects_subject_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_order_subjects_job"),
        sa.PrimaryKeyConstraint("job_id", "order_subject_id", name="pk_order_subjects"),
        sqlite_strict=True,
    )
    for name in ("order_id", "subject_id"):
        op.create_index(f"ix_order_subjects_{name}", "order_subjects", ["job_id", name], unique=False)
    columns = ", ".join(("job_id", "order_subject_id", "order_id", "subject_id", *TEXTS, "version"))
    op.execute(f"INSERT INTO order_subjects ({columns}) SELECT {columns} FROM kept")
    op.execute("DROP TABLE kept")


def downgrade() -> None:
    """A studio is never taken back; restore the copy that was made before the upgrade."""
    raise NotImplementedError("restore the copy <studio>.before-<revision>")
