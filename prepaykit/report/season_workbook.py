"""The reconciliation as files: a workbook, and each of its sheets as CSV.

In the workbook amounts stand as finance reads them (42.00), in the CSVs as whole numbers of the currency's smallest unit, to be added up by a program. Text is text: nothing in a cell
is a formula or a link. Sheets have a heading that stays, a filter, and moments in UTC. A table longer than a sheet can be stands in its CSV alone, and the sheet says so.

Speed: written row by row, a sheet is never held whole; 100,000 payments of 40 jobs, 3.1 million cells in all, take 17 s with their CSVs, and 10 MiB beyond the tables
(`python -m tests.benchmarks.reconcile`).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from prepaykit.adapters.durable import disk_errors
from prepaykit.report.export import write_csv, write_whole
from prepaykit.tables.account import EXPONENTS
from prepaykit.tables.findings import REGISTER

WORKBOOK = "reconciliation.xlsx"
MOST_ROWS = 1_000_000
EPOCH = pd.Timestamp("1899-12-30", tz="UTC")
ABOUT = {
    "Equations": "what must be equal, each side made for itself; a difference is a line, a payment or a refund that is not here",
    "Jobs": "one row a job; the row without a job is what no order names",
    "Payments": "one row a payment and order, as the account book has it",
    "Refunds": "refunds as the jobs have them, beside what Stripe says",
    "Payouts": "what went to the bank, held against its lines",
    "Exceptions": "what somebody must look at, with the next move",
    "Roll-forward": "each month: start + what came in - fees - payouts = end, and the end counted a second time",
    "Paid not shipped": "orders whose money is held",
    "Shipped not paid": "orders in production that were paid less than due",
    "Held by age": "the same money by the days since the order was placed",
    "Fees to claim": "service fees of cancelled orders, still to be asked for or answered",
    "Duplicates": "paid twice, or ordered twice",
    "Orders placed": "by the day of the order",
    "Orders paid": "by the day of the payment",
}


def write_season(tables: Mapping[str, pd.DataFrame], folder: str | os.PathLike, *, title: str, currencies: Mapping[str, str], now: pd.Timestamp) -> list[Path]:
    """Write the workbook and one CSV a table into this folder, each whole or not at all. Gives the paths, the workbook first.

    `tables`: as `season_tables` gives them. `currencies`: job → currency, for tables that name none.

    >>> with tempfile.TemporaryDirectory() as place:
    ...     [p.name for p in write_season({"Jobs": pd.DataFrame({"job": ["a"], "currency": ["USD"], "net_cents": [4200]})}, place, title="Fall", currencies={"a": "USD"}, now=pd.Timestamp("2026-11-01", tz="UTC"))]
    ['reconciliation.xlsx', 'jobs.csv']
    """
    folder = Path(folder)
    with disk_errors(f"{folder.name} could not be made"):
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        part = Path(place, WORKBOOK)
        _workbook(part, tables, title, currencies, now)
        write_whole(folder / WORKBOOK, part.read_bytes())
    return [folder / WORKBOOK, *(write_csv(table, folder / f"{name.lower().replace(' ', '_').replace('-', '_')}.csv") for name, table in tables.items())]


def _workbook(path: Path, tables: Mapping[str, pd.DataFrame], title: str, currencies: Mapping[str, str], now: pd.Timestamp) -> None:
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "tmpdir": str(path.parent)})
    book.set_properties({"title": title, "author": "prepaykit", "created": now.to_pydatetime().replace(tzinfo=None)})
    styles = {
        "head": book.add_format({"bold": True, "bg_color": "#E8EDF2", "bottom": 1, "text_wrap": True, "valign": "top"}),
        "number": book.add_format({"bold": True, "bg_color": "#E8EDF2", "bottom": 1, "text_wrap": True, "valign": "top", "align": "right"}),
        "bold": book.add_format({"bold": True}), "title": book.add_format({"bold": True, "font_size": 15}), "grey": book.add_format({"font_color": "#5A6570"}),
        "alarm": book.add_format({"bg_color": "#F9D6D2", "bold": True}), "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        **{places: book.add_format({"num_format": "#,##0" + ("." + "0" * places if places else "") + ";[Red]-#,##0" + ("." + "0" * places if places else "")}) for places in (0, 2, 3)},
        "count": book.add_format({"num_format": "#,##0"}),
    }  # fmt: skip
    _summary(book.add_worksheet("Summary"), tables, title, now, styles)
    for name, table in tables.items():
        _sheet(book.add_worksheet(name), _with_totals(table) if name == "Jobs" else table, currencies, styles)
    with disk_errors(f"{path.name} could not be written"):
        book.close()


def _summary(sheet: Worksheet, tables: Mapping[str, pd.DataFrame], title: str, now: pd.Timestamp, styles: Mapping[object, object]) -> None:
    """The first page: does everything add up, what is to be looked at, and what each sheet is."""
    _page(sheet)
    off = int((tables["Equations"]["difference_cents"] != 0).sum()) if "Equations" in tables else 0
    rows = len(tables.get("Equations", ()))
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 12)
    sheet.set_column(2, 2, 110)
    sheet.write_string(0, 0, title, styles["title"])
    sheet.write_string(1, 0, f"made {now:%Y-%m-%d %H:%M} UTC", styles["grey"])
    verdict = f"{off} of {rows} sums do not agree: see Equations" if off else f"All {rows} sums agree: difference 0"
    sheet.write_string(3, 0, verdict, styles["alarm" if off else "bold"])
    at = 5
    found = tables.get("Exceptions", pd.DataFrame({"code": []}))
    for code, count in found["code"].value_counts().sort_index().items():
        sheet.write_string(at, 0, str(code))
        sheet.write_number(at, 1, int(count), styles["count"])
        sheet.write_string(at, 2, REGISTER[str(code)].meaning)
        at += 1
    at += 1
    for column, head in enumerate(("Sheet", "Rows", "What it is")):
        sheet.write_string(at, column, head, styles["head"])
    for name, table in tables.items():
        at += 1
        sheet.write_string(at, 0, name)
        sheet.write_number(at, 1, len(table), styles["count"])
        sheet.write_string(at, 2, ABOUT.get(name, ""))


def _sheet(sheet: Worksheet, table: pd.DataFrame, currencies: Mapping[str, str], styles: Mapping[object, object]) -> None:
    if len(table) > MOST_ROWS:
        sheet.write_string(0, 0, f"{len(table):,} rows are more than a sheet holds: they stand in the CSV of this name")
        return
    places = _places(table, currencies)
    columns = [_cells(table[name], places, styles) for name in table]
    for number, name in enumerate(table):
        sheet.set_column(number, number, _width(name, columns[number][0]))
        sheet.write_string(0, number, _head(str(name), set(table)), styles["head" if columns[number][1] else "number"])
    _page(sheet)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, max(len(table), 1), max(table.shape[1] - 1, 0))
    if "difference_cents" in table:
        at = list(table).index("difference_cents")
        sheet.conditional_format(1, at, max(len(table), 1), at, {"type": "cell", "criteria": "!=", "value": 0, "format": styles["alarm"]})
    for row, values in enumerate(zip(*(c[0] for c in columns), strict=True), start=1):
        for number, value in enumerate(values):
            if value is None:
                continue
            _, is_text, style = columns[number]
            if is_text:
                sheet.write_string(row, number, value)
            else:
                sheet.write_number(row, number, value, style if isinstance(style, xlsxwriter.format.Format) else style[row - 1])


def _with_totals(jobs: pd.DataFrame) -> pd.DataFrame:
    """The jobs, and below them what they come to in each currency."""
    sums = jobs.groupby("currency", as_index=False).sum(numeric_only=True)
    words = jobs.assign(job=jobs["job"].astype("str").fillna("(no order here)"))
    return pd.concat([words, sums.assign(job="all")[list(jobs)]], ignore_index=True) if len(jobs) > 1 else words


def _page(sheet: Worksheet) -> None:
    """Printed across, as wide as the table."""
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer("&L&A&R&P / &N")


def _cells(values: pd.Series, places: np.ndarray, styles: Mapping[object, object]) -> tuple[list, bool, object]:
    """The cells of a column, None for a missing one; whether they are text; their style, or one a row."""
    missing = values.isna()
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        days = (values - EPOCH) / pd.Timedelta(days=1)
        return _with_none(days, missing), False, styles["moment"]
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.map({True: "yes", False: "no"}).tolist(), True, None
    if pd.api.types.is_numeric_dtype(values.dtype):
        if not str(values.name).endswith("_cents"):
            return _with_none(values, missing), False, styles["count"]
        shown = values.astype("float64") / 10.0**places
        kinds = set(places.tolist())
        return _with_none(shown, missing), False, styles[kinds.pop()] if len(kinds) == 1 else [styles[p] for p in places.tolist()] if kinds else styles[2]
    return _with_none(values.astype("str").str.slice(0, 32_000), missing), True, None


def _with_none(values: pd.Series, missing: pd.Series) -> list:
    return values.astype(object).where(~missing, None).tolist()


def _places(table: pd.DataFrame, currencies: Mapping[str, str]) -> np.ndarray:
    """Decimal places of each row's currency."""
    own = table["currency"] if "currency" in table else table["job"].map(dict(currencies)) if "job" in table else pd.Series(None, index=table.index, dtype="str")
    return own.map(EXPONENTS).fillna(2).to_numpy(dtype="int64")


def _head(name: str, names: Collection[str] = ()) -> str:
    """A column's name as a person reads it, among these.

    >>> _head("paid_by_card_cents"), _head("order_no"), _head("lines_cents", {"lines", "lines_cents"})
    ('Paid by card', 'Order no', 'Lines amount')
    """
    bare = name.removesuffix("_cents")
    words = bare.replace("_", " ") + (" amount" if bare != name and bare in names else "")
    return words[:1].upper() + words[1:]


def _width(name: object, cells: list) -> int:
    longest = max((len(c) for c in cells[:500] if isinstance(c, str)), default=0)
    return min(max(longest, len(str(name)) // 2 + 4, 12 if not longest else 8) + 2, 70)
