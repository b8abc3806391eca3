"""Cells and sheets of the workbooks that people fill in: how they look, what is locked, and that nothing typed by anybody is ever run.

Text is guarded and stored as text; what is to be filled in is light yellow and open, what is reckoned is grey and locked.
"""

from __future__ import annotations

from functools import lru_cache

from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.worksheet import Worksheet

from prepaykit.adapters.csv_cells import RUNS
from prepaykit.report.export import guard
from prepaykit.report.text import one_line

INK, PAPER, INPUT, LOCKED, BAND = "1F2933", "FFFFFF", "FFFDF3", "EEF2F6", "DCE6F0"
HEAD = 4  # row of the headings; title and what to know stand above it
RED, AMBER = "F8D7DA", "FFE8B3"
_LINE = Side(style="thin", color="C5CED8")
_GRID = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_OPEN, _SHUT = Protection(locked=False), Protection(locked=True)


@lru_cache
def fill(colour: str) -> PatternFill:
    """A cell's ground. Shared: thousands of cells must not make thousands of looks."""
    return PatternFill("solid", fgColor=colour)


@lru_cache
def font(*, bold: bool = False, italic: bool = False, size: int = 11, color: str = INK) -> Font:
    """The one type of our sheets."""
    return Font(name="Calibri", size=size, bold=bold, italic=italic, color=color)


def write(cell: Cell, value: object, *, ground: str = PAPER) -> None:
    """A value that is never run: text is guarded and stored as text."""
    if isinstance(value, str):
        text = one_line(value)
        cell.value = guard(text)
        cell.data_type = "s"
        cell.quotePrefix = bool(RUNS.match(text))
        cell.number_format = "@"
    else:
        cell.value = value
    cell.border, cell.font = _GRID, font()
    cell.fill = fill(ground)


def title_of(sheet: Worksheet, title: str, words: str) -> None:
    """The title in row 1, and what to know in row 2."""
    for row, text, look in ((1, title, font(bold=True, size=14)), (2, words, font(italic=True, color="52606D"))):
        cell = sheet.cell(row, 1, guard(one_line(text)))
        cell.data_type, cell.font = "s", look
        cell.alignment = Alignment(vertical="top")


def heading(cell: Cell, text: str) -> None:
    """One heading, white on dark."""
    write(cell, text)
    cell.font, cell.fill = font(bold=True, color="FFFFFF"), fill("334E68")
    cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")


def above(cell: Cell, value: object, *, rotated: bool = False) -> None:
    """Name and price over a column of quantities."""
    write(cell, value, ground=LOCKED)
    cell.alignment = Alignment(
        text_rotation=90 if rotated else 0, horizontal="center", vertical="bottom", wrap_text=rotated
    )
    if not rotated:
        cell.number_format = "#,##0.00"


def to_fill_in(cell: Cell, number_format: str, *, locked: bool = False) -> None:
    """How a cell of the body looks, and whether it may be typed into."""
    cell.number_format, cell.border, cell.font = number_format, _GRID, font()
    cell.fill = fill(LOCKED if locked else INPUT)
    cell.protection = _SHUT if locked else _OPEN


def protect(sheet: Worksheet) -> None:
    """Locked against slips, not against people: no password; columns may be widened, rows sorted and filtered."""
    sheet.protection.sheet = True
    for allowed in ("formatColumns", "formatRows", "autoFilter", "sort"):
        setattr(sheet.protection, allowed, False)


def set_up_page(sheet: Worksheet, *, landscape: bool) -> None:
    """One page wide, the headings on each page, pages numbered."""
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{HEAD}:{HEAD}"
    sheet.oddFooter.center.text = "&P of &N"
