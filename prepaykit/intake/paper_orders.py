"""Paper orders as they were keyed from the envelopes: one row per envelope.

Any list with known headings is read, and the workbook that `prepaykit paper --workbook` makes: its sheet *Envelopes*, in which a column `qty A`
holds how many packages A are wanted. Its formulas and its empty rows are not looked at. Source: domain.md 7.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd

from prepaykit.intake.cells import plain_name
from prepaykit.intake.online_orders import CHILD
from prepaykit.intake.reading import Layout, Read, as_cents, read_table, without_rows
from prepaykit.tables.findings import found, together

SHEET = "Envelopes"
CHILD_PART = " · "  # between name and code in the workbook's list of children
QUANTITY = re.compile(r"(?:qty|quantity)[\s.:]*(?:of\s+)?([A-Za-z0-9]+)", re.IGNORECASE)
_FORMULAS = re.compile(r"due|differs", re.IGNORECASE)  # columns that the workbook reckons for the typist

LAYOUT = Layout(
    verb="paper",
    columns={
        "envelope_no": (
            "order id",
            "envelope",
            "envelope number",
            "envelope #",
            "order no",
            "order number",
            "form no",
            "number",
        ),
        **CHILD,
        "access_code": (*CHILD["access_code"], "child or code"),
        "bag": ("bag no", "bag number", "box", "pouch"),
        "received_cents": ("amount received", "received", "amount", "amount paid", "paid", "cash", "money"),
        "payment_method": ("method", "payment", "paid by", "payment type"),
        "check_no": ("check number", "check #", "cheque no", "cheque number", "check"),
        "payee": ("made out to", "payable to", "check payee"),
        "parent_name": ("parent", "buyer name", "guardian"),
        "parent_email": ("email", "buyer email", "email address"),
        "parent_phone": ("phone", "buyer phone", "phone number"),
        "note": ("notes", "comment", "remarks", "comments"),
    },
    needed=("envelope_no", "packages"),
    codes=("envelope_no", "access_code", "student_id", "check_no"),
    sheet=SHEET,
    quiet=re.compile(f"{QUANTITY.pattern}|{_FORMULAS.pattern}", re.IGNORECASE),
)


def read_paper_orders(path: str | Path) -> Read:
    """Read the keyed envelopes of a file: every envelope once, with a finding for every row or cell that cannot be taken.

    `table`: one row is an envelope. Columns envelope_no, student_first, student_last, grade, teacher, student_id,
    school, access_code (as keyed), packages (order string as keyed, with what stands in columns `qty CODE`), bag, received_cents (0 where nothing is written), payment_method,
    check_no, payee, parent_name, parent_email, parent_phone, note, row. Findings: those of `read_table`, row_unusable (no
    number), row_doubled (the first of two rows with one number is used), value_unreadable. Prices and matches nothing: see
    `plan_paper`. Source: domain.md 7.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "paper.csv"
    ...     _ = file.write_text("order_id,First name,Last name,Package,Cash\\nE-12,Ada,Lee,A,38\\n")
    ...     read_paper_orders(file).table[["envelope_no", "student_first", "packages", "received_cents"]].values.tolist()
    [['E-12', 'Ada', 'A', 3800]]
    """
    file, read = plain_name(path), _with_quantities(read_table(path, LAYOUT))
    table = read.table.copy()
    table["received_cents"], spoken = as_cents(table, "received_cents", "paper", file)
    unread = table["received_cents"].isna() & read.table["received_cents"].notna()
    read = Read(table, together(read.findings, spoken))
    # An envelope whose amount cannot be read is not taken in as empty: its money would be missing from the book.
    read = without_rows(
        read,
        table["envelope_no"].isna() | unread,
        "the envelope's number is missing or its amount cannot be read",
        "paper",
        file,
    )
    table = read.table.assign(received_cents=read.table["received_cents"].fillna(0).astype("Int64"))
    twice = table.duplicated("envelope_no")
    spoken = found("paper", "row_doubled", file, [f"row {r}" for r in table.loc[twice, "row"]],
                   [f"{file} row {r}: envelope {n} stands above already; its money is not counted twice"
                    for r, n in table.loc[twice, ["row", "envelope_no"]].to_numpy()])  # fmt: skip
    return Read(
        pd.DataFrame(table.loc[~twice, [*LAYOUT.columns, "row"]]).reset_index(drop=True),
        together(read.findings, spoken),
    )


def _with_quantities(read: Read) -> Read:
    """What was typed under `qty A` joins the order string as `A-2`; rows in which only formulas stand are no envelopes.

    Nothing is made of a quantity that is no number: it stands in the order string, and pricing says so.
    """
    table = read.table.copy()
    table["access_code"] = (
        table["access_code"].map(lambda t: t.rsplit(CHILD_PART, 1)[-1].strip(), na_action="ignore").astype("str")
    )
    typed = table["extra"].map(_quantities, na_action="ignore").astype("str")
    typed = typed.where(typed != "")
    both = table["packages"].str.rstrip("; ") + ";" + typed
    table["packages"] = both.fillna(table["packages"]).fillna(typed).astype("str")
    filled = table[list(LAYOUT.columns)].notna().any(axis=1)
    return Read(table[filled].reset_index(drop=True), read.findings)


def _quantities(extra: str) -> str:
    cells = ((QUANTITY.fullmatch(heading), str(value).strip()) for heading, value in json.loads(extra).items())
    return ";".join(f"{head[1]}-{value}" for head, value in cells if head and value.strip("0 "))
