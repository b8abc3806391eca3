"""Every table once: what one row is, its key, its columns with unit and meaning.

One SQLAlchemy metadata makes the schema on SQLite and PostgreSQL, the dtypes of the DataFrames, and the reference in
the README. A **job table** has `job_id` in front of its key in the store; in a `JobState`, which is one job, that column
is left out. Keys are integers counted within the job. Codes and ids that people know are text, always. Money is whole
cents. Moments are UTC; what a camera wrote is the camera's own time and has no zone.

>>> key_of("galleries")
('frame_id', 'read_code')
>>> empty("lines").dtypes["total_cents"]
dtype('int64')
"""

from __future__ import annotations

import pandas as pd
from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint

from prepaykit.errors import UsageError
from prepaykit.tables.columns import METADATA, camera_time, flag, job_table, moment, status, text, whole

# --- the job -----------------------------------------------------------------------------------------------------------

SIBLING_POLICIES = ("hold_whole", "split", "ship_partial")

Table(
    "jobs",
    METADATA,
    whole("job_id", "the job, counted by the store", needed=True),
    text("name", "internal name: letters, digits and hyphens, as on the lab's paperwork", needed=True),
    text("school", "the school or league, as shown to people", needed=True),
    status("jobs"),
    text("timezone", "IANA zone of the school; deadlines are 23:59:59 there", needed=True),
    text("currency", "ISO 4217, of every amount of the job", needed=True),
    text("picture_day", "date, YYYY-MM-DD"),
    text("batch_deadline", "date on which the open batch closes at 23:59:59 local, YYYY-MM-DD"),
    text("batch_processing", "who releases the batch at its deadline", needed=True, values=("manual", "automatic")),
    flag("has_manual_revision", "every order is looked at before it joins the batch"),
    flag(
        "has_automatic_matching",
        "a child that weighing names, class and codes is certain of is taken without a person; no: it is only proposed",
    ),
    flag(
        "student_ids_as_codes",
        "the names list may bring student ids as access codes; next year's list would take them over",
    ),
    text("sibling_policy", "an order with one child photographed and one not", needed=True, values=SIBLING_POLICIES),
    text("underpaid_policy", "an order paid less than due", needed=True, values=("hold", "ship")),
    text("check_payee", "whom checks must be made out to; none: not looked at"),
    whole("refund_days", "for how many days after an order its payment can be given back; missing: not looked at"),
    text("application_fee", "what a refund says of the platform's fee; missing: nothing, as on a studio's own account", values=("keep", "return")),
    text("retake_policy", "which shoot fills a slot when a child has two", needed=True, values=("latest", "first")),
    text("cards_after", "whose cards are photographed after the child's frames: all, none, or cameras parted by semicolons; not set: cards come first, and it is watched"),
    text("lab_file_names", "print files named by code only, or with the child's name", needed=True, values=("code", "name")),
    text("ship_to", "address of batch deliveries, one line"),
    text("archive_date", "date, YYYY-MM-DD; needed before selling"),
    text("selling_price_list", "name of the price list for proofing; needed before selling"),
    text("selling_shipping", "shipping profile for proofing; needed before selling"),
    text("campaign", "communication profile whose triggers fire on the switch to selling; none: nothing is sent"),
    whole("version", "counts the changes of this row, from 1", needed=True),
    PrimaryKeyConstraint("job_id", name="pk_jobs"),
    UniqueConstraint("name", name="uq_jobs_name"),
    info={"row": "one school and one shoot", "key": ("name",), "append_only": False},
    sqlite_strict=True,
)

job_table(
    "groups", "a class, team or staff group", ("group_id",),
    whole("group_id", "the group", needed=True),
    text("name", "class or team as the school writes it, AM/PM included", needed=True),
    text("teacher", "the teacher"),
    text("grade", "the grade"),
    text("access_code", "code on the group card", needed=True),
    moment("card_printed_at", "when its card was printed"),
    unique=(("access_code",),),
)  # fmt: skip

job_table(
    "subjects", "a person on the names list; a blank card is a row without a name", ("subject_id",),
    whole("subject_id", "the person", needed=True),
    text("access_code", "on the QR card; unique over all jobs of the store, for ever", needed=True),
    text("first_name", "missing on a blank card"),
    text("last_name", "missing on a blank card"),
    whole("group_id", "class"),
    text("teacher", "as on the names list"),
    text("grade", "as on the names list"),
    text("student_id", "text: leading zeros count"),
    text("kind", "who it is", needed=True, values=("student", "staff", "blank")),
    text("email", "contact of the parents"),
    text("phone", "contact of the parents"),
    flag("photograph", "may be photographed"),
    flag("sell", "pictures may be sold"),
    flag("yearbook", "may appear in the yearbook"),
    flag("directory", "may appear in the directory"),
    flag("group_ok", "may appear in group pictures"),
    text("attendance", "what picture day said of them", needed=True,
          values=("expected", "photographed", "absent", "opted_out")),
    text("source", "where the row came from", needed=True, values=("names_list", "paper_form", "blank_card", "by_hand")),
    moment("card_printed_at", "when the card was printed; its code is never changed after that"),
    text("extra", "unknown columns of the names list, kept as JSON"),
    points_to=(("group_id", "groups"),),
    unique=(("access_code",),),
)  # fmt: skip

# --- picture day -------------------------------------------------------------------------------------------------------

FRAME_ROLES = ("card", "individual", "group", "unassigned", "set_aside")

job_table(
    "frames", "a file as shot, cards included", ("frame_id",),
    whole("frame_id", "the frame", needed=True),
    text("root", "folder or zip that the file was read from", needed=True),
    text("path", "file within the root, with / between folders", needed=True),
    text("sha256", "of the bytes as shot; missing if the file could not be read"),
    whole("size_bytes", "of the file", needed=True),
    whole("width", "pixels, as stored"),
    whole("height", "pixels, as stored"),
    text("camera", "one camera body (make, model, serial; else the folder): sequences never cross it", needed=True),
    whole("sequence", "place in the order of that camera, from 1", needed=True),
    camera_time("shot_at", "when it was shot"),
    whole("shoot_no", "1 picture day, 2 first retake day, …", needed=True),
    text("codes", "own codes read on the frame, space-separated"),
    text("foreign_codes", "other QR texts read on the frame, space-separated"),
    text("role", "what it is taken for", needed=True, values=FRAME_ROLES),
    text("problem", "why it was set aside or doubted"),
    text("card_suspicion", "what was seen of a QR symbol on the frame and not read; missing: nothing"),
    text("look_hash", "how it looks, 64 bits as 16 hexadecimal digits: few bits differ between frames that look the same"),
    text("damage", "what is damaged inside the picture, which stays all the same; missing: it is sound"),
    unique=(("job_id", "root", "path"),),
)  # fmt: skip

job_table(
    "galleries", "a frame in the gallery of an access code", ("frame_id", "read_code"),
    whole("frame_id", "the frame", needed=True),
    text("read_code", "the code on the card, as shot", needed=True),
    text("access_code", "the code it is filed under now; differs from read_code after a relabel", needed=True),
    whole("subject_id", "whose code that is; missing while the code is not on the names list"),
    whole("position", "order within the gallery, from 1", needed=True),
    flag("is_active", "the gallery is open to orders"),
    flag("is_hidden", "not offered"),
    points_to=(("frame_id", "frames"), ("subject_id", "subjects")),
)  # fmt: skip

job_table(
    "group_frames", "a group picture of a group", ("frame_id", "group_id"),
    whole("frame_id", "the frame", needed=True),
    whole("group_id", "the group", needed=True),
    whole("position", "order within the group, from 1", needed=True),
    points_to=(("frame_id", "frames"), ("group_id", "groups")),
)  # fmt: skip

# --- the price list ----------------------------------------------------------------------------------------------------

IMAGE_KINDS = ("individual", "group", "memory_mate", "digital", "service")

job_table(
    "products", "a product of one edition of the price list", ("product_id",),
    whole("product_id", "the product in this edition", needed=True),
    whole("edition", "price list edition, from 1; an order keeps the one it was bought under", needed=True),
    text("code", "code in order strings", needed=True),
    text("name", "as shown", needed=True),
    text("image_kind", "which picture it takes", needed=True, values=IMAGE_KINDS),
    text("size", "such as 5x7"),
    whole("price_cents", "alone; missing if sold only inside packages"),
    unique=(("job_id", "edition", "code"),),
)  # fmt: skip

job_table(
    "packages", "a package of one edition of the price list", ("package_id",),
    whole("package_id", "the package in this edition", needed=True),
    whole("edition", "price list edition", needed=True),
    text("code", "package letter", needed=True),
    text("name", "as shown", needed=True),
    text("items", "contents as an order string: CODE-QTY;CODE-QTY", needed=True),
    whole("price_cents", "of one package", needed=True),
    unique=(("job_id", "edition", "code"),),
)  # fmt: skip

# --- orders ------------------------------------------------------------------------------------------------------------

job_table(
    "collections", "an order collection: orders waiting to be placed", ("collection_id",),
    whole("collection_id", "the collection; its number for people too", needed=True),
    status("collections"),
    whole("parent_id", "the collection it was split off from"),
    text("reason", "why it was opened", needed=True),
    moment("opened_at", "when", needed=True),
)  # fmt: skip

job_table(
    "batches", "orders that go to the lab together", ("batch_id",),
    whole("batch_id", "the batch; its number for people too", needed=True),
    text("kind", "for the school, or one order straight to a home", needed=True, values=("school", "direct")),
    status("batches"),
    text("processing", "who releases it", needed=True, values=("manual", "automatic")),
    moment("deadline_at", "the batch closes; missing: by hand only"),
    text("ship_to", "address"),
    moment("opened_at", "when", needed=True),
    moment("released_at", "when it was sent to production"),
)  # fmt: skip

job_table(
    "orders", "one purchase", ("order_id",),
    whole("order_id", "the order", needed=True),
    text("order_no", "number as the shop or the envelope has it", needed=True),
    text("order_key", "key by which the shop and Stripe know it"),
    text("origin", "how it came", needed=True, values=("online", "paper")),
    status("orders"),
    moment("placed_at", "when the parent ordered"),
    text("shipping", "with the batch to school, or direct", needed=True, values=("batch", "direct")),
    text("ship_to", "address of a direct order"),
    whole("collection_id", "the order collection it waits in; missing once placed or cancelled"),
    whole("batch_id", "the batch it goes with; missing until placed"),
    whole("split_from_id", "the order that this part was split from"),
    whole("edition", "price list edition it was bought under", needed=True),
    whole("total_cents", "due, with what was paid and is owed back for items left out", needed=True),
    whole("paid_cents", "received for it", needed=True),
    text("buyer_name", "the parent"),
    text("buyer_email", "the parent"),
    text("buyer_phone", "the parent"),
    text("note", "remarks from the file"),
    moment("cancelled_at", "when it was deleted from the collection; it is still found"),
    text("cancel_reason", "why"),
    points_to=(("collection_id", "collections"), ("batch_id", "batches"), ("split_from_id", "orders")),
    unique=(("job_id", "origin", "order_no"),),
)  # fmt: skip

job_table(
    "order_subjects", "a child that an order is for; siblings are several rows", ("order_subject_id",),
    whole("order_subject_id", "the child within the order", needed=True),
    whole("order_id", "the order", needed=True),
    whole("subject_id", "the person on the names list; missing until matched"),
    text("access_code", "as it stands in the order"),
    text("typed_first", "as typed"),
    text("typed_last", "as typed"),
    text("typed_grade", "as typed"),
    text("typed_teacher", "as typed"),
    text("typed_student_id", "as typed"),
    text("matched_by", "what joined them", values=("code", "student_id", "exact_name", "weighed", "person")),
    text("matched_on", "of a weighed match: how certain it was and how names, class and codes agreed, in words; never names"),
    points_to=(("order_id", "orders"), ("subject_id", "subjects")),
)  # fmt: skip

job_table(
    "lines", "a package or product ordered for one child", ("line_id",),
    whole("line_id", "the line", needed=True),
    whole("order_id", "the order", needed=True),
    whole("order_subject_id", "for which child of the order", needed=True),
    text("code", "package or product code", needed=True),
    text("name", "as shown when it was bought", needed=True),
    text("options", "option codes, comma-separated"),
    whole("quantity", "how many", needed=True),
    whole("total_cents", "for all of them", needed=True),
    moment("cancelled_at", "when this item was cancelled; it stays in its order"),
    text("cancel_reason", "why"),
    points_to=(("order_id", "orders"), ("order_subject_id", "order_subjects")),
)  # fmt: skip

job_table(
    "slots", "a picture that an order line needs", ("slot_id",),
    whole("slot_id", "the slot", needed=True),
    whole("line_id", "the line", needed=True),
    whole("order_id", "the order", needed=True),
    whole("subject_id", "whose picture; missing until the order is matched"),
    text("product_code", "the print", needed=True),
    text("product_name", "as shown when it was bought", needed=True),
    text("size", "of the print"),
    text("hole", "which picture goes here", needed=True,
          values=("individual", "group", "mate_individual", "mate_group", "digital")),
    whole("quantity", "copies", needed=True),
    whole("frame_id", "the picture; missing while empty"),
    text("filled_by", "who chose the frame", values=("rule", "person")),
    text("crop", "the part of the upright frame that is printed, as a person chose it: x,y,w,h as fractions of it; missing: the lab cuts what does not fit"),
    text("artwork_path", "finished memory mate, in the studio's artwork folder"),
    text("artwork_sha256", "of that file"),
    flag("is_dropped", "left out of what is shipped (sibling policy ship_partial, or its line was cancelled)"),
    points_to=(("line_id", "lines"), ("order_id", "orders"), ("subject_id", "subjects"), ("frame_id", "frames")),
)  # fmt: skip

job_table(
    "revisions", "a stay of an order in manual revision", ("revision_id",),
    whole("revision_id", "the stay", needed=True),
    whole("order_id", "the order", needed=True),
    text("reason", "why it stopped here", needed=True, values=("manual_revision", "memory_mate")),
    status("revisions"),
    moment("entered_at", "when it came", needed=True),
    moment("released_at", "when it went on"),
    points_to=(("order_id", "orders"),),
)  # fmt: skip

job_table(
    "envelopes", "a paper order as it was keyed", ("envelope_id",),
    whole("envelope_id", "the envelope", needed=True),
    text("envelope_no", "number on it", needed=True),
    whole("order_id", "the order made from it; missing while it waits for a match"),
    text("typed_first", "as keyed"),
    text("typed_last", "as keyed"),
    text("typed_grade", "as keyed"),
    text("typed_teacher", "as keyed"),
    text("typed_student_id", "as keyed"),
    text("typed_code", "access code as keyed"),
    text("packages", "order string as keyed"),
    whole("received_cents", "money found inside", needed=True),
    text("payment_method", "cash, check, online, …"),
    text("check_no", "number of the check"),
    text("payee", "whom the check is made out to, if that is keyed"),
    text("parent_name", "as keyed"),
    text("parent_email", "as keyed"),
    text("parent_phone", "as keyed"),
    text("note", "as keyed"),
    text("bag", "the bag or box it was handed in with; missing: none named"),
    text("differs", "why it waits to be settled: the columns that two typists keyed differently, or `keyed by … only`; missing: nothing"),
    points_to=(("order_id", "orders"),),
    unique=(("job_id", "envelope_no"),),
)  # fmt: skip

job_table(
    "bags", "a bag of envelopes as it was counted by hand; a figure that is missing was not counted", ("bag",),
    text("bag", "name or number of the bag", needed=True),
    whole("envelopes", "envelopes that were in it"),
    whole("rejected", "of them not keyed: empty, for another school, given back"),
    whole("cash_cents", "coins and notes, counted"),
    whole("checks", "number of checks, counted"),
    whole("check_cents", "sum of the checks, counted"),
    text("counted_by", "who counted"),
    text("note", "remarks"),
)  # fmt: skip

# --- money -------------------------------------------------------------------------------------------------------------

ACCOUNTS = ("held", "shipped", "to_refund", "refunded")

job_table(
    "payments", "money received for an order", ("payment_id",),
    whole("payment_id", "the payment", needed=True),
    whole("order_id", "the order; missing for an envelope that is not an order yet"),
    whole("envelope_id", "the envelope it came in"),
    whole("amount_cents", "received", needed=True),
    text("method", "card, cash, check, …", needed=True),
    text("reference", "payment reference or check number"),
    moment("received_at", "when, if known"),
    points_to=(("order_id", "orders"),),
)  # fmt: skip

job_table(
    "postings", "the money book: an amount moved onto an account of an order", ("posting_id",),
    whole("posting_id", "the posting", needed=True),
    whole("order_id", "the order; missing for an unmatched envelope's money"),
    text("account", "held: paid, not shipped; shipped: earned; to_refund: owed back; refunded: given back", needed=True, values=ACCOUNTS),
    whole("amount_cents", "signed", needed=True),
    text("reason", "the verb and its cause", needed=True),
    append_only=True,
)  # fmt: skip

GATEWAYS = ("api", "person")

job_table(
    "refunds", "a wish to give money back to a parent, and what became of it", ("refund_id",),
    whole("refund_id", "the refund", needed=True),
    whole("order_id", "the order", needed=True),
    whole("amount_cents", "to give back", needed=True),
    status("refunds"),
    text("reason", "why", needed=True),
    text("gateway", "who makes it: Stripe's API, or a person; missing until confirmed", values=GATEWAYS),
    text("request_id", "the wish, known to Stripe under this name; missing until confirmed"),
    text("charge_id_stripe", "the charge it goes back to; missing for cash, checks and what a person does"),
    text("request", "what is sent, frozen as JSON when it was confirmed"),
    text("request_key", "idempotency key of the attempt, derived from request and attempt"),
    whole("attempt", "how often a new key was needed, from 1"),
    moment("sent_at", "when this attempt was first sent, or handed to a person"),
    text("handed_to", "the person who makes it (gateway person)"),
    text("refund_id_stripe", "the refund as Stripe knows it"),
    text("evidence", "what closed it, or why it waits: a report row, a receipt, Stripe's word"),
    moment("closed_at", "when it succeeded, failed or was withdrawn"),
    whole("replaces_id", "the failed refund that this new wish stands for"),
    points_to=(("order_id", "orders"), ("replaces_id", "refunds")),
    unique=(("request_id",), ("request_key",)),
)  # fmt: skip

job_table(
    "service_fees", "the platform's fee for an order", ("service_fee_id",),
    whole("service_fee_id", "the fee", needed=True),
    whole("order_id", "the order", needed=True),
    whole("amount_cents", "as the file states it, never computed", needed=True),
    status("service_fees"),
    moment("requested_at", "when the request to give it back was sent"),
    text("requested_of", "to whom, or how: an address, a ticket number"),
    moment("closed_at", "when it was credited or refused"),
    text("evidence", "what closed it: an invoice, a letter"),
    points_to=(("order_id", "orders"),),
)  # fmt: skip

# --- people's decisions, messages, findings ----------------------------------------------------------------------------

CHOICE_KINDS = ("tag", "relabel", "order_code", "match", "frame", "hide", "bind", "accept", "settle", "move", "crop", "release", "refund", "payment")

job_table(
    "choices", "what a person decided; a later choice replaces an earlier one, the journal keeps both", ("kind", "target"),
    text("kind", "tag: frame → codes; relabel: read code → code; order_code: order_subject → code; match: envelope → code (both also: nobody, later);"
          " frame: slot → frame, or `code:` and an access code → the frame that stands for its gallery; hide: frame; bind: blank code → name row;"
          " accept: order → the errors that are all right; settle: envelope → the typist who is right; move: frame → the code it is filed under, or nobody;"
          " crop: slot → x,y,w,h and the frame it was drawn on, or none; release: order → yes, it may leave manual revision; refund: refund, named by its order → the amount that goes back, as it was typed; payment: charge → the order it is of", needed=True, values=CHOICE_KINDS),
    text("target", "key of what was decided on", needed=True),
    text("value", "the decision", needed=True),
    text("why", "the person's reason"),
    text("who", "who decided; missing where only the journal says it"),
    moment("decided_at", "when it was decided"),
)  # fmt: skip

job_table(
    "messages", "a message to a parent, queued", ("message_id",),
    whole("message_id", "the message", needed=True),
    text("campaign", "communication profile", needed=True),
    text("audience", "who gets it", needed=True, values=("buyer", "potential_buyer")),
    text("address", "e-mail address", needed=True),
    text("access_codes", "galleries it invites to, space-separated", needed=True),
    status("messages"),
)  # fmt: skip

job_table(
    "findings", "something a person should look at", ("verb", "code", "about", "key"),
    text("verb", "which step found it", needed=True),
    text("code", "see the register of findings", needed=True),
    text("about", "what it is about: a table, or a file", needed=True),
    text("key", "which one", needed=True),
    text("severity", "error: blocks that row; warn: look; note: for the record", needed=True, values=("error", "warn", "note")),
    text("detail", "what, which rows: keys, never names", needed=True),
    text("next_move", "what to do", needed=True),
    text("suggestion", "a likely right value, such as an access code"),
)  # fmt: skip

JOB_TABLES: tuple[str, ...] = tuple(t for t in METADATA.tables if t != "jobs")
TABLES: tuple[str, ...] = ("jobs", *JOB_TABLES)

# --- asking the catalog ------------------------------------------------------------------------------------------------


def key_of(name: str) -> tuple[str, ...]:
    """The key columns of a table within one job."""
    return METADATA.tables[name].info["key"]


def columns_of(name: str) -> list[str]:
    """The columns of a table in a `JobState` (without `job_id`), `version` last."""
    return [c.name for c in METADATA.tables[name].columns if c.name != "job_id"]


def dtypes_of(name: str) -> dict[str, str]:
    """Column → pandas dtype. Text is `str` (missing = NaN), whole numbers that may be missing are `Int64`."""
    table = METADATA.tables[name]
    return {c: table.columns[c].info["dtype"] for c in columns_of(name)}


def empty(name: str) -> pd.DataFrame:
    """A table of that name without rows, with its dtypes."""
    return pd.DataFrame({c: pd.Series(dtype=d) for c, d in dtypes_of(name).items()})


def typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows with exactly the catalog's columns and dtypes; a missing `version` becomes 1, other columns missing.

    Raises UsageError for a column that the catalog does not know, a missing value where one is needed, a double key,
    or a value outside the allowed ones: these are our own tables, so that is a mistake of the caller, not of the data.
    """
    dtypes = dtypes_of(name)
    unknown = [c for c in frame.columns if c not in dtypes]
    if unknown:
        raise UsageError(f"table {name} has no column {', '.join(map(str, unknown))}; it has {', '.join(dtypes)}")
    if list(frame.columns) == list(dtypes) and [str(d) for d in frame.dtypes] == list(dtypes.values()):
        result = frame.reset_index(drop=True)
        _check(name, result)
        return result
    out = {}
    for column, dtype in dtypes.items():
        if column == "version":
            versions = frame[column] if column in frame.columns else pd.Series(1, index=frame.index)
            out[column] = versions.fillna(1).astype(dtype)
        elif column in frame.columns:
            out[column] = _cast(frame[column], dtype)
        elif dtype in ("int64", "bool"):
            if len(frame):
                raise UsageError(f"table {name} needs column {column}: {meaning_of(name, column)}")
            out[column] = pd.Series(dtype=dtype)
        else:
            out[column] = pd.Series(pd.NA if dtype == "Int64" else None, index=frame.index, dtype=dtype)
    result = pd.DataFrame(out, index=frame.index).reset_index(drop=True)
    _check(name, result)
    return result


def _cast(values: pd.Series, dtype: str) -> pd.Series:
    """Values as that dtype; a moment without a zone is UTC already (an all-missing column has none)."""
    if dtype == "datetime64[us, UTC]" and values.dtype != dtype:
        return pd.to_datetime(values, utc=True).astype(dtype)
    return values.astype(dtype)


def _check(name: str, frame: pd.DataFrame) -> None:
    table = METADATA.tables[name]
    for column in frame.columns:
        spec = table.columns[column]
        if not spec.nullable and frame[column].isna().any():
            raise UsageError(f"table {name}: {int(frame[column].isna().sum())} rows have no {column}")
        allowed = spec.info["values"]
        if allowed:
            wrong = frame[column].notna() & ~frame[column].isin(allowed)
            if wrong.any():
                raise UsageError(f"table {name}: {column} may be {', '.join(allowed)}; got {frame.loc[wrong, column].iloc[0]!r}")
    doubled = frame.duplicated(list(key_of(name)))
    if doubled.any():
        raise UsageError(f"table {name}: {int(doubled.sum())} rows repeat a key {key_of(name)}")


def meaning_of(name: str, column: str) -> str:
    """What a column says, in words."""
    return METADATA.tables[name].columns[column].info["meaning"]
