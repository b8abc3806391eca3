"""Bags as they were counted by hand: one row per bag, in a file of its own or in the sheet *Bags* of the workbook for paper orders.

Source: domain.md 7 (cash-up sheet per bag).
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from prepaykit.intake.cells import has_sheet, plain_name
from prepaykit.intake.reading import Layout, Read, as_cents, as_counts, read_table, without_rows
from prepaykit.tables.findings import found, together

SHEET = "Bags"
LAYOUT = Layout(
    verb="paper",
    columns={
        "bag": ("bag no", "bag number", "box", "pouch"),
        "envelopes": ("envelopes received", "envelopes counted", "number of envelopes", "envelopes in it"),
        "rejected": ("envelopes rejected", "not keyed", "rejects"),
        "cash_cents": ("cash", "cash counted", "coins and notes", "cash amount"),
        "checks": ("checks counted", "number of checks", "check count", "cheques"),
        "check_cents": (
            "check money",
            "check amount",
            "check total",
            "sum of checks",
            "checks amount",
            "cheque amount",
        ),
        "counted_by": ("by", "counter", "who"),
        "note": ("notes", "comment", "remarks"),
    },
    needed=("bag",),
    sheet=SHEET,
    quiet=re.compile(r".*\b(?:keyed|off)", re.IGNORECASE),
)
_COUNTED = ("envelopes", "rejected", "cash_cents", "checks", "check_cents")


def read_bags(path: str | Path) -> Read:
    """Read the counts of bags: every bag once, with a finding for every cell that cannot be taken.

    `table`: one row is a bag in which something was counted. Columns bag, envelopes, rejected, checks (`Int64`), cash_cents, check_cents
    (`Int64`, whole cents), counted_by, note; a figure that is not there is missing. Findings: those of `read_table`,
    row_unusable (no name of the bag), row_doubled (the first of two rows for one bag is used), value_unreadable.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "bags.csv"
    ...     _ = file.write_text("Bag,Envelopes,Cash,Checks,Check money\\n1,30,412.00,5,190\\n2,,,,\\n")
    ...     read_bags(file).table[["bag", "envelopes", "cash_cents", "checks", "check_cents"]].values.tolist()
    [['1', 30, 41200, 5, 19000]]
    """
    file, read = plain_name(path), read_table(path, LAYOUT)
    table, spoken = read.table.copy(), []
    for column in _COUNTED:
        read_column = as_cents if column.endswith("_cents") else as_counts
        table[column], said = read_column(table, column, "paper", file)
        spoken.append(said)
    table = table[read.table[list(_COUNTED)].notna().any(axis=1)].reset_index(drop=True)
    read = without_rows(
        Read(table, together(read.findings, *spoken)), table["bag"].isna(), "the bag has no name", "paper", file
    )
    twice = read.table.duplicated("bag")
    rows = read.table.loc[twice, ["row", "bag"]].to_numpy()
    said = found(
        "paper",
        "row_doubled",
        file,
        [f"row {r}" for r, _ in rows],
        [f"{file} row {r}: bag {b} stands above already" for r, b in rows],
    )
    columns = list(LAYOUT.columns)
    return Read(pd.DataFrame(read.table.loc[~twice, columns]).reset_index(drop=True), together(read.findings, said))


def has_bags(path: str | Path) -> bool:
    """Is this a workbook with a sheet of counted bags?"""
    return has_sheet(Path(path), SHEET)


def counted_bags(bags: str | Path | None, *workbooks: str | Path | None) -> Read | None:
    """The counts of a file of their own, else of the first workbook in whose sheet something was counted; None if there are none."""
    if bags is not None:
        return read_bags(bags)
    for workbook in workbooks:
        if workbook is not None and has_bags(workbook) and len((read := read_bags(workbook)).table):
            return read
    return None
