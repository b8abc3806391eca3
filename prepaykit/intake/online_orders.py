"""Online orders as the shop exports them: one row per order and child; siblings share their order number.

`amount_paid` and `service_fee` are those of the whole order, repeated on its rows. Source: domain.md 6.6.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from prepaykit.intake.cells import plain_name
from prepaykit.intake.reading import Layout, Read, as_cents, as_moments, as_words, read_table, without_rows
from prepaykit.rules.codes import normal_code
from prepaykit.tables.findings import together

CHILD = {
    "access_code": (
        "code",
        "passcode",
        "online code",
        "gallery code",
        "gallery password",
        "subject key",
        "picture code",
    ),
    "student_first": (
        "first name",
        "first",
        "given name",
        "student first name",
        "child first name",
        "subject first name",
        "firstname",
    ),
    "student_last": (
        "last name",
        "last",
        "surname",
        "family name",
        "student last name",
        "child last name",
        "subject last name",
        "lastname",
    ),
    "grade": ("grade level", "student grade"),
    "teacher": ("teacher name", "homeroom", "home room", "homeroom teacher", "class", "coach", "group", "team"),
    "student_id": (
        "student number",
        "identifier",
        "student identifier",
        "subject id",
        "external reference",
        "id number",
    ),
    "school": ("school name", "student school", "child school"),
    "packages": ("package", "package selections", "order string", "items", "products", "packages products ordered"),
}

LAYOUT = Layout(
    verb="orders",
    columns={
        "order_no": ("order id", "order number", "order", "order #", "order nr", "number"),
        "order_key": ("key", "checkout id", "session id"),
        "placed_at": ("order date", "date", "ordered at", "created at", "placed"),
        **CHILD,
        "shipping": ("shipping type", "delivery", "shipping method"),
        "ship_to": ("shipping address", "delivery address", "address"),
        "paid_cents": ("amount paid", "paid", "amount", "total paid", "payment amount"),
        "currency": (),
        "payment_ref": ("payment reference", "payment intent", "transaction id", "payment id", "charge id"),
        "service_fee_cents": ("service fee", "fee", "platform fee"),
        "buyer_name": ("parent name", "customer", "customer name", "billing name"),
        "buyer_email": ("parent email", "email", "customer email", "email address", "billing email"),
        "buyer_phone": ("parent phone", "phone", "customer phone", "phone number"),
        "note": ("notes", "comment", "remarks", "comments"),
    },
    needed=("order_no", "packages"),
    codes=("order_no", "access_code", "student_id", "order_key", "payment_ref"),
)

SHIPPING = {
    **dict.fromkeys(("batch", "school", "bulk", "toschool", "classroom", "pickup"), "batch"),
    **dict.fromkeys(("direct", "home", "tohome", "shiptohome", "mail", "directshipping"), "direct"),
}


def read_orders(path: str | Path) -> Read:
    """Read the online orders of a file: every row once, with a finding for every row or cell that cannot be taken.

    `table`: one row is an order and child. Columns order_no, order_key, placed_at (UTC), access_code, student_first,
    student_last, grade, teacher, student_id, school, packages (order string as written), shipping (batch, direct), ship_to,
    paid_cents, currency (upper case), payment_ref, service_fee_cents, buyer_name, buyer_email, buyer_phone, note, row.
    Findings: those of `read_table`, row_unusable (no order number), value_unreadable. Prices nothing: see `plan_orders`.
    Source: domain.md 6.6.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "orders.csv"
    ...     _ = file.write_text("Order ID,Code,Packages,Amount paid\\n1001,001234,A-1,$21.00\\n")
    ...     read_orders(file).table[["order_no", "access_code", "packages", "paid_cents"]].values.tolist()
    [['1001', '001234', 'A-1', 2100]]
    """
    file, read = plain_name(path), read_table(path, LAYOUT)
    table, findings = read.table.copy(), [read.findings]
    table["access_code"] = table["access_code"].map(normal_code, na_action="ignore").astype("str")
    table["currency"] = table["currency"].str.upper()
    for column in ("paid_cents", "service_fee_cents"):
        table[column], spoken = as_cents(table, column, "orders", file)
        findings.append(spoken)
    table["placed_at"], spoken = as_moments(table, "placed_at", "orders", file)
    findings.append(spoken)
    table["shipping"], spoken = as_words(table, "shipping", SHIPPING, "batch", "orders", file)
    findings.append(spoken)
    read = without_rows(
        Read(table, together(*findings)), table["order_no"].isna(), "there is no order number", "orders", file
    )
    return Read(pd.DataFrame(read.table[[*LAYOUT.columns, "row"]]), read.findings)
