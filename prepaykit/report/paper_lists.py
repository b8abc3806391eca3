"""What a typist looks up in the workbook for paper orders: class lists, price list, how to, and the hidden lists of the drop-downs."""

from __future__ import annotations

import pandas as pd
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from prepaykit.report.sheet_cells import BAND, HEAD, PAPER, font, heading, protect, set_up_page, title_of, write


def class_lists(sheet: Worksheet, title: str, children: pd.DataFrame) -> None:
    """Every child with its code, class by class. `children`: class, last, first, code, student_id, teacher, grade."""
    title_of(sheet, title, "To look up by eye: each class on a page of its own when printed.")
    heads = {"class": ("Class", 20), "last": ("Last name", 22), "first": ("First name", 20), "code": ("Access code", 15),
             "student_id": ("Student id", 14), "teacher": ("Teacher", 20), "grade": ("Grade", 8)}  # fmt: skip
    for at, (head, width) in enumerate(heads.values(), 1):
        sheet.column_dimensions[get_column_letter(at)].width = width
        heading(sheet.cell(HEAD, at), head)
    changes = children["class"] != children["class"].shift()
    band = (changes.cumsum() % 2).astype(bool)
    for row, (values, is_new, shaded) in enumerate(
        zip(children[list(heads)].to_numpy(), changes, band, strict=True), HEAD + 1
    ):
        for at, value in enumerate(values, 1):
            write(sheet.cell(row, at), value, ground=BAND if shaded else PAPER)
        if is_new and row > HEAD + 1:
            sheet.row_breaks.append(Break(id=row - 1))
    sheet.freeze_panes = f"A{HEAD + 1}"
    sheet.auto_filter.ref = f"A{HEAD}:{get_column_letter(len(heads))}{HEAD + max(len(children), 1)}"
    protect(sheet)
    set_up_page(sheet, landscape=False)


def price_list(sheet: Worksheet, title: str, items: pd.DataFrame) -> None:
    """What is sold. `items`: code, name, price_cents, items."""
    title_of(sheet, title, "The newest price list: packages, then what is sold alone.")
    for at, (head, width) in enumerate((("Code", 12), ("Name", 34), ("Price", 12), ("Contents", 50)), 1):
        sheet.column_dimensions[get_column_letter(at)].width = width
        heading(sheet.cell(HEAD, at), head)
    for row, item in enumerate(items.to_dict("records"), HEAD + 1):
        contents = "" if pd.isna(item["items"]) else item["items"]
        for at, value in enumerate((item["code"], item["name"], int(item["price_cents"]) / 100, contents), 1):
            write(sheet.cell(row, at), value)
        sheet.cell(row, 3).number_format = "#,##0.00"
    sheet.freeze_panes = f"A{HEAD + 1}"
    protect(sheet)
    set_up_page(sheet, landscape=False)


_STEPS = (
    ("Before keying", "Count each bag when it is opened and write what you counted into the sheet Bags."),
    (
        "Envelope no",
        "The number on the envelope. Number them yourself if they have none. Red: it stands twice, or is missing.",
    ),
    (
        "Class, child",
        "Choose the class, then the child: the list shows that class only. An access code may be typed instead.",
    ),
    (
        "Not on the list",
        "Leave the child empty; type first and last name, and the class. The envelope waits until somebody matches it.",
    ),
    ("How many", "Type the quantity under each package or product. The price stands above it."),
    (
        "Order string",
        "Only for options: CODE-QTY;CODE,OPTION-QTY such as A-1;DD1MP,AA-1. It is priced when the file is brought.",
    ),
    (
        "Money",
        "Type what was in the envelope, not what should have been. Red: too little. Yellow: too much. Leave it empty if nothing was in.",
    ),
    ("Checks", "Number, and the payee if it is not the usual one."),
    (
        "Two typists",
        "Each fills in a copy of this workbook, alone. What differs is shown and waits until it is settled.",
    ),
    ("When done", "Save as XLSX. Then: prepaykit paper FILE.xlsx, or prepaykit paper FIRST.xlsx --second SECOND.xlsx"),
)


def how_to(sheet: Worksheet, title: str) -> None:
    """What a typist must know, a line each."""
    title_of(sheet, title, "How to key paper orders")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 18, 96
    for row, (head, words) in enumerate(_STEPS, HEAD):
        write(sheet.cell(row, 1), head)
        sheet.cell(row, 1).font, sheet.cell(row, 1).alignment = font(bold=True), Alignment(vertical="top")
        write(sheet.cell(row, 2), words)
        sheet.cell(row, 2).alignment = Alignment(wrap_text=True, vertical="top")
        sheet.row_dimensions[row].height = 32
    protect(sheet)
    set_up_page(sheet, landscape=True)


def lists(sheet: Worksheet, children: pd.DataFrame, items: pd.DataFrame) -> None:
    """What the drop-downs show: A classes, B class of each child, C each child, D codes of the price list."""
    columns = {
        "A": children["class"].drop_duplicates(),
        "B": children["class"],
        "C": children["entry"],
        "D": items["code"],
    }
    for letter, values in columns.items():
        write(sheet[f"{letter}1"], {"A": "classes", "B": "class", "C": "child", "D": "code"}[letter])
        for row, value in enumerate(values, 2):
            write(sheet[f"{letter}{row}"], value)
    sheet.sheet_state = "hidden"
    protect(sheet)
