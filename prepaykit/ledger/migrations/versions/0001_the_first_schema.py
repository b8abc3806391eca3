"""The first schema."""

import sqlalchemy as sa
from alembic import op

from prepaykit.ledger.migrations.triggers import append_only_triggers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up to this revision."""
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("picture_day", sa.Text(), nullable=True),
        sa.Column("batch_deadline", sa.Text(), nullable=True),
        sa.Column("batch_processing", sa.Text(), nullable=False),
        sa.Column("has_manual_revision", sa.Integer(), nullable=False),
        sa.Column("sibling_policy", sa.Text(), nullable=False),
        sa.Column("underpaid_policy", sa.Text(), nullable=False),
        sa.Column("retake_policy", sa.Text(), nullable=False),
        sa.Column("lab_file_names", sa.Text(), nullable=False),
        sa.Column("ship_to", sa.Text(), nullable=True),
        sa.Column("archive_date", sa.Text(), nullable=True),
        sa.Column("selling_price_list", sa.Text(), nullable=True),
        sa.Column("selling_shipping", sa.Text(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name="pk_jobs"),
        sa.UniqueConstraint("name", name="uq_jobs_name"),
        sqlite_strict=True,
    )
    op.create_table(
        "batches",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("processing", sa.Text(), nullable=False),
        sa.Column("deadline_at", sa.Text(), nullable=True),
        sa.Column("ship_to", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.Text(), nullable=False),
        sa.Column("released_at", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("kind IN ('school', 'direct')", name="ck_batches_kind"),
        sa.CheckConstraint("processing IN ('manual', 'automatic')", name="ck_batches_processing"),
        sa.CheckConstraint("status IN ('open', 'released')", name="ck_batches_status"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_batches_job"),
        sa.PrimaryKeyConstraint("job_id", "batch_id", name="pk_batches"),
        sqlite_strict=True,
    )
    op.create_table(
        "choices",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('tag', 'relabel', 'order_code', 'match', 'frame', 'hide', 'bind', 'accept')",
            name="ck_choices_kind",
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_choices_job"),
        sa.PrimaryKeyConstraint("job_id", "kind", "target", name="pk_choices"),
        sqlite_strict=True,
    )
    op.create_table(
        "collections",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("collection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("status IN ('open', 'placed')", name="ck_collections_status"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_collections_job"),
        sa.PrimaryKeyConstraint("job_id", "collection_id", name="pk_collections"),
        sqlite_strict=True,
    )
    op.create_table(
        "findings",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("next_move", sa.Text(), nullable=False),
        sa.Column("suggestion", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("severity IN ('error', 'warn', 'note')", name="ck_findings_severity"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_findings_job"),
        sa.PrimaryKeyConstraint("job_id", "verb", "code", "about", "key", name="pk_findings"),
        sqlite_strict=True,
    )
    op.create_table(
        "frames",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("frame_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("width", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("height", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("camera", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shot_at", sa.Text(), nullable=True),
        sa.Column("shoot_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("codes", sa.Text(), nullable=True),
        sa.Column("foreign_codes", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("role IN ('card', 'individual', 'group', 'unassigned', 'set_aside')", name="ck_frames_role"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_frames_job"),
        sa.PrimaryKeyConstraint("job_id", "frame_id", name="pk_frames"),
        sa.UniqueConstraint("job_id", "root", "path", name="uq_frames_job_id_root_path"),
        sqlite_strict=True,
    )
    op.create_table(
        "groups",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("teacher", sa.Text(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("access_code", sa.Text(), nullable=False),
        sa.Column("card_printed_at", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_groups_job"),
        sa.PrimaryKeyConstraint("job_id", "group_id", name="pk_groups"),
        sa.UniqueConstraint("access_code", name="uq_groups_access_code"),
        sqlite_strict=True,
    )
    op.create_table(
        "messages",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("access_codes", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("audience IN ('buyer', 'potential_buyer')", name="ck_messages_audience"),
        sa.CheckConstraint("status IN ('queued', 'sent', 'withdrawn')", name="ck_messages_status"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_messages_job"),
        sa.PrimaryKeyConstraint("job_id", "message_id", name="pk_messages"),
        sqlite_strict=True,
    )
    op.create_table(
        "ops",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("op_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("op_id", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("at_utc", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("changes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("undo_of", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("op_no > 0", name="ck_ops_op_no"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_ops_job"),
        sa.PrimaryKeyConstraint("job_id", "op_no", name="pk_ops"),
        sa.UniqueConstraint("job_id", "undo_of", name="uq_ops_job_id_undo_of"),
        sa.UniqueConstraint("op_id", name="uq_ops_op_id"),
        sqlite_strict=True,
    )
    op.create_table(
        "packages",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("package_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("price_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_packages_job"),
        sa.PrimaryKeyConstraint("job_id", "package_id", name="pk_packages"),
        sa.UniqueConstraint("job_id", "edition", "code", name="uq_packages_job_id_edition_code"),
        sqlite_strict=True,
    )
    op.create_table(
        "postings",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("posting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("account IN ('held', 'shipped', 'to_refund')", name="ck_postings_account"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_postings_job"),
        sa.PrimaryKeyConstraint("job_id", "posting_id", name="pk_postings"),
        sqlite_strict=True,
    )
    op.create_table(
        "products",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("product_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("image_kind", sa.Text(), nullable=False),
        sa.Column("size", sa.Text(), nullable=True),
        sa.Column("price_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "image_kind IN ('individual', 'group', 'memory_mate', 'digital', 'service')", name="ck_products_image_kind"
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_products_job"),
        sa.PrimaryKeyConstraint("job_id", "product_id", name="pk_products"),
        sa.UniqueConstraint("job_id", "edition", "code", name="uq_products_job_id_edition_code"),
        sqlite_strict=True,
    )
    op.create_table(
        "group_frames",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("frame_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id", "frame_id"],
            ["frames.job_id", "frames.frame_id"],
            name="fk_group_frames_frame_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["job_id", "group_id"],
            ["groups.job_id", "groups.group_id"],
            name="fk_group_frames_group_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_group_frames_job"),
        sa.PrimaryKeyConstraint("job_id", "frame_id", "group_id", name="pk_group_frames"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("group_frames", schema=None) as batch_op:
        batch_op.create_index("ix_group_frames_group_id", ["job_id", "group_id"], unique=False)

    op.create_table(
        "journal",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("op_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id", "op_no"], ["ops.job_id", "ops.op_no"], name="fk_journal_op"),
        sa.PrimaryKeyConstraint("job_id", "op_no", "seq", name="pk_journal"),
        sqlite_strict=True,
    )
    op.create_table(
        "orders",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_no", sa.Text(), nullable=False),
        sa.Column("order_key", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.Text(), nullable=True),
        sa.Column("shipping", sa.Text(), nullable=False),
        sa.Column("ship_to", sa.Text(), nullable=True),
        sa.Column("collection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("split_from_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("edition", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("total_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("paid_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("buyer_name", sa.Text(), nullable=True),
        sa.Column("buyer_email", sa.Text(), nullable=True),
        sa.Column("buyer_phone", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("cancelled_at", sa.Text(), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("origin IN ('online', 'paper')", name="ck_orders_origin"),
        sa.CheckConstraint("shipping IN ('batch', 'direct')", name="ck_orders_shipping"),
        sa.CheckConstraint(
            "status IN ('open', 'held', 'in_revision', 'in_batch', 'released', 'cancelled')", name="ck_orders_status"
        ),
        sa.ForeignKeyConstraint(
            ["job_id", "batch_id"],
            ["batches.job_id", "batches.batch_id"],
            name="fk_orders_batch_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["job_id", "collection_id"],
            ["collections.job_id", "collections.collection_id"],
            name="fk_orders_collection_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["job_id", "split_from_id"],
            ["orders.job_id", "orders.order_id"],
            name="fk_orders_split_from_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_orders_job"),
        sa.PrimaryKeyConstraint("job_id", "order_id", name="pk_orders"),
        sa.UniqueConstraint("job_id", "origin", "order_no", name="uq_orders_job_id_origin_order_no"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index("ix_orders_batch_id", ["job_id", "batch_id"], unique=False)
        batch_op.create_index("ix_orders_collection_id", ["job_id", "collection_id"], unique=False)
        batch_op.create_index("ix_orders_split_from_id", ["job_id", "split_from_id"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("op_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lease_until", sa.Text(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.Text(), nullable=True),
        sa.Column("withdrawn_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'leased', 'sent', 'withdrawn')", name="ck_outbox_state"),
        sa.ForeignKeyConstraint(["job_id", "op_no"], ["ops.job_id", "ops.op_no"], name="fk_outbox_op"),
        sa.PrimaryKeyConstraint("key", name="pk_outbox"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_state", ["state"], unique=False)

    op.create_table(
        "subjects",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("access_code", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("teacher", sa.Text(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("student_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("photograph", sa.Integer(), nullable=False),
        sa.Column("sell", sa.Integer(), nullable=False),
        sa.Column("yearbook", sa.Integer(), nullable=False),
        sa.Column("directory", sa.Integer(), nullable=False),
        sa.Column("group_ok", sa.Integer(), nullable=False),
        sa.Column("attendance", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("card_printed_at", sa.Text(), nullable=True),
        sa.Column("extra", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "attendance IN ('expected', 'photographed', 'absent', 'opted_out')", name="ck_subjects_attendance"
        ),
        sa.CheckConstraint("kind IN ('student', 'staff', 'blank')", name="ck_subjects_kind"),
        sa.CheckConstraint(
            "source IN ('names_list', 'paper_form', 'blank_card', 'by_hand')", name="ck_subjects_source"
        ),
        sa.CheckConstraint("directory IN (0, 1)", name="ck_subjects_directory"),
        sa.CheckConstraint("group_ok IN (0, 1)", name="ck_subjects_group_ok"),
        sa.CheckConstraint("photograph IN (0, 1)", name="ck_subjects_photograph"),
        sa.CheckConstraint("sell IN (0, 1)", name="ck_subjects_sell"),
        sa.CheckConstraint("yearbook IN (0, 1)", name="ck_subjects_yearbook"),
        sa.ForeignKeyConstraint(
            ["job_id", "group_id"],
            ["groups.job_id", "groups.group_id"],
            name="fk_subjects_group_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_subjects_job"),
        sa.PrimaryKeyConstraint("job_id", "subject_id", name="pk_subjects"),
        sa.UniqueConstraint("access_code", name="uq_subjects_access_code"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("subjects", schema=None) as batch_op:
        batch_op.create_index("ix_subjects_group_id", ["job_id", "group_id"], unique=False)

    op.create_table(
        "envelopes",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("envelope_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("envelope_no", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("typed_first", sa.Text(), nullable=True),
        sa.Column("typed_last", sa.Text(), nullable=True),
        sa.Column("typed_grade", sa.Text(), nullable=True),
        sa.Column("typed_teacher", sa.Text(), nullable=True),
        sa.Column("typed_student_id", sa.Text(), nullable=True),
        sa.Column("typed_code", sa.Text(), nullable=True),
        sa.Column("packages", sa.Text(), nullable=True),
        sa.Column("received_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payment_method", sa.Text(), nullable=True),
        sa.Column("check_no", sa.Text(), nullable=True),
        sa.Column("parent_name", sa.Text(), nullable=True),
        sa.Column("parent_email", sa.Text(), nullable=True),
        sa.Column("parent_phone", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id", "order_id"],
            ["orders.job_id", "orders.order_id"],
            name="fk_envelopes_order_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_envelopes_job"),
        sa.PrimaryKeyConstraint("job_id", "envelope_id", name="pk_envelopes"),
        sa.UniqueConstraint("job_id", "envelope_no", name="uq_envelopes_job_id_envelope_no"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("envelopes", schema=None) as batch_op:
        batch_op.create_index("ix_envelopes_order_id", ["job_id", "order_id"], unique=False)

    op.create_table(
        "galleries",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("frame_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("read_code", sa.Text(), nullable=False),
        sa.Column("access_code", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_active", sa.Integer(), nullable=False),
        sa.Column("is_hidden", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("is_active IN (0, 1)", name="ck_galleries_is_active"),
        sa.CheckConstraint("is_hidden IN (0, 1)", name="ck_galleries_is_hidden"),
        sa.ForeignKeyConstraint(
            ["job_id", "frame_id"],
            ["frames.job_id", "frames.frame_id"],
            name="fk_galleries_frame_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["job_id", "subject_id"],
            ["subjects.job_id", "subjects.subject_id"],
            name="fk_galleries_subject_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_galleries_job"),
        sa.PrimaryKeyConstraint("job_id", "frame_id", "read_code", name="pk_galleries"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("galleries", schema=None) as batch_op:
        batch_op.create_index("ix_galleries_subject_id", ["job_id", "subject_id"], unique=False)

    op.create_table(
        "order_subjects",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("access_code", sa.Text(), nullable=True),
        sa.Column("typed_first", sa.Text(), nullable=True),
        sa.Column("typed_last", sa.Text(), nullable=True),
        sa.Column("typed_grade", sa.Text(), nullable=True),
        sa.Column("typed_teacher", sa.Text(), nullable=True),
        sa.Column("typed_student_id", sa.Text(), nullable=True),
        sa.Column("matched_by", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "matched_by IN ('code', 'student_id', 'exact_name', 'person')", name="ck_order_subjects_matched_by"
        ),
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
    with op.batch_alter_table("order_subjects", schema=None) as batch_op:
        batch_op.create_index("ix_order_subjects_order_id", ["job_id", "order_id"], unique=False)
        batch_op.create_index("ix_order_subjects_subject_id", ["job_id", "subject_id"], unique=False)

    op.create_table(
        "payments",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("envelope_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("amount_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("received_at", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id", "order_id"],
            ["orders.job_id", "orders.order_id"],
            name="fk_payments_order_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_payments_job"),
        sa.PrimaryKeyConstraint("job_id", "payment_id", name="pk_payments"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.create_index("ix_payments_order_id", ["job_id", "order_id"], unique=False)

    op.create_table(
        "refunds",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("refund_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "status IN ('planned', 'sending', 'unknown', 'pending', 'succeeded', 'failed', 'withdrawn')",
            name="ck_refunds_status",
        ),
        sa.ForeignKeyConstraint(
            ["job_id", "order_id"],
            ["orders.job_id", "orders.order_id"],
            name="fk_refunds_order_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_refunds_job"),
        sa.PrimaryKeyConstraint("job_id", "refund_id", name="pk_refunds"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.create_index("ix_refunds_order_id", ["job_id", "order_id"], unique=False)

    op.create_table(
        "revisions",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.Text(), nullable=False),
        sa.Column("released_at", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("reason IN ('manual_revision', 'memory_mate')", name="ck_revisions_reason"),
        sa.CheckConstraint("status IN ('waiting', 'released', 'withdrawn')", name="ck_revisions_status"),
        sa.ForeignKeyConstraint(
            ["job_id", "order_id"],
            ["orders.job_id", "orders.order_id"],
            name="fk_revisions_order_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_revisions_job"),
        sa.PrimaryKeyConstraint("job_id", "revision_id", name="pk_revisions"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("revisions", schema=None) as batch_op:
        batch_op.create_index("ix_revisions_order_id", ["job_id", "order_id"], unique=False)

    op.create_table(
        "service_fees",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("service_fee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "status IN ('charged', 'to_claim', 'requested', 'credited', 'refused')", name="ck_service_fees_status"
        ),
        sa.ForeignKeyConstraint(
            ["job_id", "order_id"],
            ["orders.job_id", "orders.order_id"],
            name="fk_service_fees_order_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_service_fees_job"),
        sa.PrimaryKeyConstraint("job_id", "service_fee_id", name="pk_service_fees"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("service_fees", schema=None) as batch_op:
        batch_op.create_index("ix_service_fees_order_id", ["job_id", "order_id"], unique=False)

    op.create_table(
        "lines",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=True),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("total_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id", "order_id"],
            ["orders.job_id", "orders.order_id"],
            name="fk_lines_order_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["job_id", "order_subject_id"],
            ["order_subjects.job_id", "order_subjects.order_subject_id"],
            name="fk_lines_order_subject_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_lines_job"),
        sa.PrimaryKeyConstraint("job_id", "line_id", name="pk_lines"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("lines", schema=None) as batch_op:
        batch_op.create_index("ix_lines_order_id", ["job_id", "order_id"], unique=False)
        batch_op.create_index("ix_lines_order_subject_id", ["job_id", "order_subject_id"], unique=False)

    op.create_table(
        "slots",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("product_code", sa.Text(), nullable=False),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.Column("size", sa.Text(), nullable=True),
        sa.Column("hole", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("frame_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("filled_by", sa.Text(), nullable=True),
        sa.Column("artwork_path", sa.Text(), nullable=True),
        sa.Column("artwork_sha256", sa.Text(), nullable=True),
        sa.Column("is_dropped", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("filled_by IN ('rule', 'person')", name="ck_slots_filled_by"),
        sa.CheckConstraint(
            "hole IN ('individual', 'group', 'mate_individual', 'mate_group', 'digital')", name="ck_slots_hole"
        ),
        sa.CheckConstraint("is_dropped IN (0, 1)", name="ck_slots_is_dropped"),
        sa.ForeignKeyConstraint(
            ["job_id", "frame_id"],
            ["frames.job_id", "frames.frame_id"],
            name="fk_slots_frame_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["job_id", "line_id"],
            ["lines.job_id", "lines.line_id"],
            name="fk_slots_line_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["job_id", "order_id"],
            ["orders.job_id", "orders.order_id"],
            name="fk_slots_order_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["job_id", "subject_id"],
            ["subjects.job_id", "subjects.subject_id"],
            name="fk_slots_subject_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_slots_job"),
        sa.PrimaryKeyConstraint("job_id", "slot_id", name="pk_slots"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("slots", schema=None) as batch_op:
        batch_op.create_index("ix_slots_frame_id", ["job_id", "frame_id"], unique=False)
        batch_op.create_index("ix_slots_line_id", ["job_id", "line_id"], unique=False)
        batch_op.create_index("ix_slots_order_id", ["job_id", "order_id"], unique=False)
        batch_op.create_index("ix_slots_subject_id", ["job_id", "subject_id"], unique=False)

    for statement in append_only_triggers(op.get_bind().dialect.name, ("ops", "journal", "postings")):
        op.execute(sa.DDL(statement.replace("%", "%%")))


def downgrade() -> None:
    """A studio is never taken back; restore the copy that was made before the upgrade."""
    raise NotImplementedError("restore the copy <studio>.before-<revision>")
