"""The workbook for typists: one line an envelope, with the children, packages and prices of this very job to choose from.

Problem. Eighty envelopes in parents' handwriting are keyed by somebody in a hurry, on a sheet that knows nothing of the job. Rule. The class is chosen
from a list, then the child from the list of that class: this gives the access code, and with it certainty. How many of each package
and product goes into a column of its own; an order string is only for options. What is due and what is wrong about the money
stands beside it at once, and an envelope number that stands twice is marked.

Sheets: *Envelopes* (to be filled in), *Bags* (counted by hand, held against what was keyed), *Class lists*, *Price list*, *How to*. Codes and numbers
are text cells, so that 001234 and 1E5 stay what they are. Formulas, headings and lists are locked, without a password. No macros. Whatever starts
like a formula is guarded. `read_paper_orders` and `read_bags` read it back. Source: domain.md 7.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import pandas as pd
from openpyxl import Workbook
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from prepaykit.errors import Refused
from prepaykit.intake import bag_counts, paper_orders
from prepaykit.intake.cells import has_sheet
from prepaykit.report.export import write_whole
from prepaykit.report.paper_lists import class_lists, how_to, lists, price_list
from prepaykit.report.sheet_cells import (
    AMBER,
    HEAD,
    RED,
    above,
    heading,
    protect,
    set_up_page,
    title_of,
    to_fill_in,
)
from prepaykit.rules.capture_order import natural_rank
from prepaykit.rules.order_entry import listed_subjects
from prepaykit.tables.state import JobState

BAGS = 20
METHODS = "cash,check,online,card"
MOST_QUANTITY_COLUMNS = 40
LISTS = "Lists"


def write_paper_workbook(state: JobState, path: str | os.PathLike[str], *, lines: int | None = None) -> Path:
    """Write the fill-in workbook of a job: XLSX, all of the file or nothing. Gives its path.

    `lines`: how many envelopes it has room for; else half as many again as children, at least 200. Prices are those of the newest price list.
    It holds the names of children: keep it as you keep the names list. Raises Refused when a file lies there that is not such a workbook without
    envelopes: what somebody keyed is never written over.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_paper_workbook(JobState.new(name="maple-grove-2026", school="Maple Grove"), Path(folder, "paper.xlsx")).name
    'paper.xlsx'
    """
    _require_free(Path(path))
    children, items = _children(state), _items(state)
    room = lines if lines is not None else min(max(200, len(children) * 3 // 2), 3000)
    book = Workbook()
    sheet = book.active
    sheet.title = paper_orders.SHEET
    title = f"{state.job['school']} · {state.name}"
    place = _envelopes(sheet, title, items, children, room)
    _bags(book.create_sheet(bag_counts.SHEET), title, place, room)
    class_lists(book.create_sheet("Class lists"), title, children)
    price_list(book.create_sheet("Price list"), title, items)
    how_to(book.create_sheet("How to"), title)
    lists(book.create_sheet(LISTS), children, items)
    book.properties.creator, book.properties.title = "prepaykit", "Paper orders"
    content = io.BytesIO()
    book.save(content)
    write_whole(Path(path), content.getvalue())
    return Path(path)


def _require_free(path: Path) -> None:
    if not path.exists():
        return
    if not has_sheet(path, paper_orders.SHEET):
        raise Refused(f"{path.name} is there already and is no workbook for paper orders: give another name")
    if len(paper_orders.read_paper_orders(path).table) or len(bag_counts.read_bags(path).table):
        raise Refused(f"{path.name} was filled in already and is not written over: give another name")


# --- what the job has --------------------------------------------------------------------------------------------------


def _children(state: JobState) -> pd.DataFrame:
    """Everybody whom an envelope may be for, class by class: class, last, first, code, student_id, teacher, grade, entry (of the list)."""
    people = listed_subjects(state)
    text = {
        c: people[c].astype("str").fillna("")
        for c in ("last_name", "first_name", "teacher", "grade", "student_id", "group")
    }
    is_blank = people["kind"] == "blank"
    where = text["group"].where(text["group"] != "", text["teacher"])
    where = where.mask((where == "") & ~is_blank, "(no class)").mask((where == "") & is_blank, "(blank cards)")
    rows = pd.DataFrame({
        "class": where, "last": text["last_name"], "first": text["first_name"], "code": people["access_code"],
        "student_id": text["student_id"], "teacher": text["teacher"], "grade": text["grade"], "is_blank": is_blank,
    })  # fmt: skip
    name = (rows["last"] + ", " + rows["first"]).str.strip(", ").mask(is_blank & (rows["last"] == ""), "blank card")
    rows["entry"] = name.str.replace(paper_orders.CHILD_PART, " ", regex=False) + paper_orders.CHILD_PART + rows["code"]
    rows["rank"] = natural_rank(rows["class"]) if len(rows) else pd.Series(dtype="int64")
    by_name = rows.assign(l=rows["last"].str.casefold(), f=rows["first"].str.casefold())
    return rows.loc[by_name.sort_values(["is_blank", "rank", "l", "f", "code"]).index].reset_index(drop=True)


def _items(state: JobState) -> pd.DataFrame:
    """Packages, then products sold alone, of the newest price list: code, name, price_cents, items."""
    edition = max([*state.products["edition"], *state.packages["edition"]], default=0)
    columns = ["code", "name", "price_cents", "items"]
    packages = state.packages[state.packages["edition"] == edition].reindex(columns=columns)
    products = state.products[(state.products["edition"] == edition) & state.products["price_cents"].notna()].reindex(
        columns=columns
    )
    return pd.concat(
        [p.astype({"items": "str", "price_cents": "Int64"}) for p in (packages, products)], ignore_index=True
    )


# --- Envelopes ---------------------------------------------------------------------------------------------------------


def _envelopes(sheet: Worksheet, title: str, items: pd.DataFrame, children: pd.DataFrame, room: int) -> dict[str, str]:
    """Fill the sheet; gives the column letter of each heading."""
    asked = items.head(MOST_QUANTITY_COLUMNS)
    quantities = [f"qty {code}" for code in asked["code"]]
    heads = {
        "Envelope no": 13, "Bag": 8, "Class": 18, "Child or code": 34, **dict.fromkeys(quantities, 7), "Order string": 17, "Due": 11,
        "Amount received": 11, "Differs": 10, "Payment method": 11, "Check no": 11, "Payee": 17, "Parent name": 20, "Parent email": 24,
        "Parent phone": 15, "First name": 14, "Last name": 16, "Student id": 12, "Note": 30,
    }  # fmt: skip
    place = {head: get_column_letter(at) for at, head in enumerate(heads, 1)}
    first, last = HEAD + 1, HEAD + room
    title_of(
        sheet,
        title,
        "One line an envelope: choose class and child, type how many of each package. First and last name only for a child who is not on the list.",
    )
    for head, width in heads.items():
        sheet.column_dimensions[place[head]].width = width
        heading(sheet[f"{place[head]}{HEAD}"], head)
    for head, (_, item) in zip(quantities, asked.iterrows(), strict=True):
        above(sheet[f"{place[head]}{HEAD - 2}"], str(item["name"]), rotated=True)
        above(sheet[f"{place[head]}{HEAD - 1}"], int(item["price_cents"]) / 100)
    sheet.merge_cells(f"A{HEAD - 2}:D{HEAD - 2}")
    sheet[f"A{HEAD - 2}"].alignment = Alignment(wrap_text=True, vertical="top")
    sheet.row_dimensions[HEAD - 2].height = 96
    sheet.row_dimensions[HEAD].height = 32
    as_text = {"Envelope no", "Bag", "Class", "Child or code", "Order string", "Check no", "Student id", "Parent phone"}
    for row in range(first, last + 1):
        for head, letter in place.items():
            cell = sheet[f"{letter}{row}"]
            is_formula = head in ("Due", "Differs")
            number = (
                "#,##0.00"
                if head in ("Due", "Amount received")
                else "+#,##0.00;-#,##0.00"
                if head == "Differs"
                else "General"
            )
            to_fill_in(cell, "@" if head in as_text else number, locked=is_formula)
        _reckon(sheet, place, quantities, row)
    _choices(sheet, place, quantities, children, items, f"{first}:{{0}}{last}", first)
    _marks(sheet, place, first, last)
    sheet.freeze_panes = f"{place['Child or code']}{first}"
    sheet.auto_filter.ref = f"A{HEAD}:{get_column_letter(len(heads))}{last}"
    protect(sheet)
    set_up_page(sheet, landscape=True)
    return place


def _reckon(sheet: Worksheet, place: dict[str, str], quantities: list[str], row: int) -> None:
    due, received, string = (f"{place[h]}{row}" for h in ("Due", "Amount received", "Order string"))
    if quantities:
        start, end = place[quantities[0]], place[quantities[-1]]
        line, prices = f"${start}{row}:${end}{row}", f"${start}${HEAD - 1}:${end}${HEAD - 1}"
        sum_of = f'IF(COUNT({line})=0,"",SUMPRODUCT({line},{prices}))'
    else:
        sum_of = '""'
    # A string may hold options; what it costs is reckoned when the file is brought.
    sheet[due] = f'=IF({string}<>"","at import",{sum_of})'
    off = f"ROUND({received}-{due},2)"
    sheet[f"{place['Differs']}{row}"] = (
        f'=IF(OR(NOT(ISNUMBER({due})),NOT(ISNUMBER({received}))),"",IF({off}=0,"",{off}))'
    )


def _choices(
    sheet: Worksheet, place: dict[str, str], quantities: list[str], children: pd.DataFrame, items: pd.DataFrame, rows: str, first: int
) -> None:  # fmt: skip
    """The drop-downs. A child who is not on the list, or an order string, may still be typed."""
    hidden = f"{LISTS}!"
    classes, people, codes = max(children["class"].nunique(), 1) + 1, max(len(children), 1) + 1, max(len(items), 1) + 1
    mine, where = f"${place['Class']}{first}", f"{hidden}$B$1:$B${people}"
    of_class = f"OFFSET({hidden}$C$1,MATCH({mine},{where},0)-1,0,COUNTIF({where},{mine}),1)"
    _validate(
        sheet,
        place["Class"],
        rows,
        f"={hidden}$A$2:$A${classes}",
        style="warning",
        said="This class is not on the names list.",
    )
    _validate(sheet, place["Child or code"], rows, f'=IF({mine}="",{hidden}$C$2:$C${people},{of_class})', style="warning",
              said="Not on the list of this class. Choose from the list, type an access code, or give first and last name instead.")  # fmt: skip
    _validate(sheet, place["Order string"], rows, f"={hidden}$D$2:$D${codes}", style="none")
    _validate(sheet, place["Bag"], rows, f"={bag_counts.SHEET}!$A${HEAD + 1}:$A${HEAD + BAGS}", style="none")
    _validate(sheet, place["Payment method"], rows, f'"{METHODS}"', said="cash, check, online or card")
    for head in quantities:
        _validate(sheet, place[head], rows, "0", kind="whole", most="999", said="How many: a whole number.")
    _validate(sheet, place["Amount received"], rows, "0", kind="decimal", most="100000", said="An amount such as 38.00")


def _validate(sheet: Worksheet, letter: str, rows: str, formula: str, *, kind: str = "list", most: str | None = None, style: str = "stop",
              said: str = "") -> None:  # fmt: skip
    first, last = rows.format(letter).split(":")
    rule = DataValidation(
        type=kind, formula1=formula, formula2=most, operator="between" if most else None, allow_blank=True
    )
    rule.showErrorMessage, rule.errorStyle = style != "none", "stop" if style == "none" else style
    rule.errorTitle, rule.error = "Please look", said or None
    rule.add(f"{letter}{first}:{last}")
    sheet.add_data_validation(rule)


def _marks(sheet: Worksheet, place: dict[str, str], first: int, last: int) -> None:
    """Colours: an envelope number that stands twice, money that is short, money that is over, a line without a number."""
    number, differs = place["Envelope no"], place["Differs"]
    all_numbers = f"${number}${first}:${number}${last}"
    red, amber = PatternFill(bgColor=RED), PatternFill(bgColor=AMBER)
    twice = f'AND(${number}{first}<>"",SUMPRODUCT(--({all_numbers}=${number}{first}))>1)'
    no_number = f'AND(${number}{first}="",COUNTA(${place["Class"]}{first}:${place["Order string"]}{first})>0)'
    rules = {
        number: [(twice, red), (no_number, red)],
        differs: [(f"AND(ISNUMBER(${differs}{first}),${differs}{first}<0)", red), (f"AND(ISNUMBER(${differs}{first}),${differs}{first}>0)", amber)],
        place["Check no"]: [(f'AND(${place["Payment method"]}{first}="check",${place["Check no"]}{first}="")', amber)],
    }  # fmt: skip
    for letter, mine in rules.items():
        for formula, fill in mine:
            sheet.conditional_formatting.add(
                f"{letter}{first}:{letter}{last}", FormulaRule(formula=[formula], fill=fill)
            )


# --- the other sheets --------------------------------------------------------------------------------------------------


_COUNTED = {"Bag": (12, "@"), "Envelopes received": (12, "0"), "Envelopes rejected": (12, "0"), "Cash counted": (13, "#,##0.00"),
            "Checks counted": (12, "0"), "Check money": (13, "#,##0.00"), "Counted by": (16, "@"), "Note": (30, "@")}  # fmt: skip
_OFF = {  # what is off → (counted, keyed)
    "Envelopes off": ("Envelopes received", "Envelopes keyed"),
    "Cash off": ("Cash counted", "Cash keyed"),
    "Checks off": ("Checks counted", "Checks keyed"),
    "Check money off": ("Check money", "Check money keyed"),
}


def _bags(sheet: Worksheet, title: str, place: dict[str, str], room: int) -> None:
    """Counted by hand on the left, what was keyed on the right, and what is off."""
    title_of(
        sheet,
        title,
        "Count each bag when it is opened, before anybody keys it. Off = counted − keyed. The right half is reckoned from the sheet Envelopes.",
    )
    reckoned = [head for off, (_, keyed) in _OFF.items() for head in (keyed, off)]
    letter = {head: get_column_letter(at) for at, head in enumerate([*_COUNTED, *reckoned], 1)}
    for head, at in letter.items():
        sheet.column_dimensions[at].width = _COUNTED.get(head, (12, ""))[0]
        heading(sheet[f"{at}{HEAD}"], head)
    sheet.row_dimensions[HEAD].height = 32
    columns = {h: f"{paper_orders.SHEET}!${c}${HEAD + 1}:${c}${HEAD + room}" for h, c in place.items()}
    for row in range(HEAD + 1, HEAD + BAGS + 1):
        for head, (_, number_format) in _COUNTED.items():
            to_fill_in(sheet[f"{letter[head]}{row}"], number_format)
        for head, formula in _bag_formulas(columns, letter, row).items():
            is_money = "oney" in head or "Cash" in head
            number_format = "#,##0.00" if is_money else "0"
            to_fill_in(
                sheet[f"{letter[head]}{row}"],
                f"+{number_format};-{number_format};{number_format}" if head in _OFF else number_format,
                locked=True,
            )
            sheet[f"{letter[head]}{row}"] = formula
    for head in _OFF:
        at = f"{letter[head]}{HEAD + 1}"
        rule = FormulaRule(formula=[f"AND(ISNUMBER({at}),{at}<>0)"], fill=PatternFill(bgColor=RED))
        sheet.conditional_formatting.add(f"{at}:{letter[head]}{HEAD + BAGS}", rule)
    sheet.freeze_panes = f"B{HEAD + 1}"
    protect(sheet)
    set_up_page(sheet, landscape=True)


def _bag_formulas(columns: dict[str, str], letter: dict[str, str], row: int) -> dict[str, str]:
    """What was keyed from a bag, as the sheet Envelopes has it. A method that is not chosen is cash, as when the file is read."""
    name, method, amount = f"$A{row}", columns["Payment method"], columns["Amount received"]
    # Compared as text: COUNTIF would take bag 01 for bag 1.
    mine, is_check = f'--({columns["Bag"]}={name}&"")', f'--({method}="check")'
    is_cash = ",".join(f'--({method}<>"{other}")' for other in METHODS.split(",")[1:])
    keyed = {
        "Envelopes keyed": f'SUMPRODUCT({mine},--({columns["Envelope no"]}<>""))',
        "Cash keyed": f"SUMPRODUCT({mine},{is_cash},{amount})",
        "Checks keyed": f"SUMPRODUCT({mine},{is_check})",
        "Check money keyed": f"SUMPRODUCT({mine},{is_check},{amount})",
    }
    formulas = {head: f'=IF({name}="","",{formula})' for head, formula in keyed.items()}
    for head, (told, reckoned) in _OFF.items():
        counted = f"{letter[told]}{row}"
        less = f"-N({letter['Envelopes rejected']}{row})" if head == "Envelopes off" else ""
        formulas[head] = f'=IF(OR({name}="",{counted}=""),"",ROUND({counted}-{letter[reckoned]}{row}{less},2))'
    return formulas
