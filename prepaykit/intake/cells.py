"""The cells of a CSV or Excel file as text, whatever it was saved with.

What a file is, its first bytes say, not its name: a JPEG called `.csv` is refused, an Excel sheet called `.csv` is read.
CSV: UTF-8 with or without a mark, UTF-16, else what charset-normalizer recognises among the encodings of old Excel; comma,
semicolon, tab or bar. Excel: python-calamine; a cell merged over several rows stands in each of them; a number loses its
`.0`, a date is written as ISO. Row numbers are those that Excel shows.
Source: domain.md 6.1 (peers' import rules).
"""

from __future__ import annotations

import csv
import datetime
import io
import os
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import python_calamine
from charset_normalizer import from_bytes

from prepaykit.errors import NeighbourFailed

MOST_BYTES = 200_000_000
MOST_UNPACKED = 1_000_000_000
MOST_SHEET_CELLS = 10_000_000
OLD_ENCODINGS = ["cp1252", "cp1250", "mac_roman"]

_PICTURES = (
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"GIF8",
    b"%PDF",
    b"RIFF",
    b"II*\x00",
    b"MM\x00*",
    b"{\\rtf",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"SQLite format 3",
)
# The last two ranges turn the direction of writing: with them a cell shows something else than it holds.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
_XLSX_CELL = re.compile(rb"""<(?:\w+:)?c\s(?:[^>]*\s)?r\s*=\s*["']([A-Z]{1,3})(\d{1,7})["'][^>]*(?<!/)>""")
_BREAKS = re.compile(r"[\t\r\n\x85\u2028\u2029]+")


class Trouble(Exception):
    """The file gives no cells. `is_unreadable`: it is not a table at all; else it is empty."""

    def __init__(self, text: str, *, is_unreadable: bool = True):
        super().__init__(text)
        self.is_unreadable = is_unreadable


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, and whether the sheet held a number or a date there."""

    text: str
    kind: str = "text"
    had_control: bool = False


_EMPTY = Cell("")


@dataclass(frozen=True)
class Grid:
    """All cells of a sheet; `numbers` are the row numbers; `broken` rows cannot be trusted; `notes` are findings
    (code, key, detail) about the file."""

    rows: list[list[Cell]]
    numbers: list[int]
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)


def plain_name(path: str | os.PathLike[str]) -> str:
    """The name of a file as it is said in findings: a byte that is no UTF-8 stands as its escape, a line end too."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in Path(path).name)


def grid_of(path: Path, score: Callable[[list[Cell]], int], *, sheet: str = "") -> Grid:
    """Read all cells of a file. `score` says how many known headings a row has: it picks the separator and the sheet.

    `sheet`: the sheet of that name is read if the workbook has one that is not empty.

    Raises Trouble when the file is empty, too large, or not a table; NeighbourFailed when the disk does not give it.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Trouble(f"the file is larger than {MOST_BYTES // 1_000_000} MB")
        data = path.read_bytes()
    except OSError as error:
        raise NeighbourFailed(
            f"{plain_name(path)} cannot be read ({error.strerror}): look at its permissions and its disk, then bring it again"
        ) from None
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise Trouble("the file is empty", is_unreadable=False)
    if data.startswith(_PICTURES):
        raise Trouble("this is a picture or a document, not a table")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _sheet(data, score, sheet)
    return _csv(data, score)


def has_sheet(path: Path, name: str) -> bool:
    """Is this a workbook with a sheet of that name? Anything that cannot be opened has none."""
    try:
        if path.stat().st_size > MOST_BYTES or not (data := path.read_bytes()).startswith(
            (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
        ):
            return False
        return _named(_book(data).sheet_names, name) is not None
    except (OSError, Trouble):
        return False


def _named(names: list[str], wanted: str) -> str | None:
    return next((n for n in names if wanted and n.strip().casefold() == wanted.casefold()), None)


# --- CSV ---------------------------------------------------------------------------------------------------------------


def _csv(data: bytes, score: Callable[[list[Cell]], int]) -> Grid:
    text, notes = _decoded(data)
    if re.match(r"\s*<(!doctype|html|table|\?xml)", text, re.IGNORECASE):
        raise Trouble("this is a web page or XML, not a table: save it as CSV or XLSX")
    odd = len(_CONTROL.findall(text))
    if odd > max(20, len(text) // 10):
        raise Trouble("this is not text: most of it is control characters")
    told = re.match(r"sep=(.)\r?\n", text)
    separators = [told[1]] if told else [",", ";", "\t", "|"]
    separator = max(separators, key=lambda s: _fit(text, s, score))
    rows, broken = _records(text, separator)
    first = 0
    if told:
        first = 1
    numbers = list(range(1 + first, len(rows) + 1))
    return Grid([[_cell(c) for c in row] for row in rows[first:]], numbers, notes, broken)


def _decoded(data: bytes) -> tuple[str, list[tuple[str, str, str]]]:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace"), []
    zeros = data[:4000].count(0)
    if zeros > len(data[:4000]) // 4:
        encoding = "utf-16-be" if data[:4000:2].count(0) > zeros // 2 else "utf-16-le"
        return data.decode(encoding, errors="replace"), [("encoding_guessed", "file", f"read as {encoding}")]
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError:
        pass
    rough = data.decode("utf-8", errors="replace")
    damaged = rough.count("\ufffd")
    if sum(ord(c) > 127 for c in rough) - damaged > damaged:
        return rough, [
            ("encoding_guessed", "file", f"read as UTF-8 with {damaged} damaged characters, shown as \ufffd")
        ]
    # Equally sound readings differ in single letters (ñ, ń): then the first of the list, the encoding of Excel on Windows.
    readings = [
        (m.chaos, OLD_ENCODINGS.index(e))
        for e in OLD_ENCODINGS
        for m in from_bytes(data, cp_isolation=[e], threshold=0.9)
    ]
    encoding = OLD_ENCODINGS[min(readings)[1]] if readings else "cp1252"
    return data.decode(encoding, errors="replace"), [("encoding_guessed", "file", f"not UTF-8; read as {encoding}")]


def _fit(text: str, separator: str, score: Callable[[list[Cell]], int]) -> tuple[int, int]:
    """How well a separator fits: known headings first, then cells in the first rows."""
    rows = _parsed(io.StringIO(text[:20_000], newline=""), separator)[:20]
    return max((score([_cell(c) for c in row]) for row in rows), default=0), max((len(row) for row in rows), default=0)


def _parsed(lines: io.StringIO, separator: str) -> list[list[str]]:
    csv.field_size_limit(MOST_BYTES)
    return list(csv.reader(lines, delimiter=separator, skipinitialspace=True))


def _records(text: str, separator: str) -> tuple[list[list[str]], dict[int, str]]:
    """All records. An open quotation mark would swallow the rest of the file: then each line is read for itself."""
    rows = _parsed(io.StringIO(text, newline=""), separator)
    widest = max((len(r) for r in rows[:20]), default=0)
    swallowed = text.count('"') % 2 or any(
        c.count("\n") > 2 and c.count(separator) > widest for row in rows for c in row
    )
    if not swallowed:
        return rows, {}
    lines = text.splitlines()
    broken = {i: "a quotation mark is not closed" for i, line in enumerate(lines, 1) if line.count('"') % 2}
    return [(_parsed(io.StringIO(line, newline=""), separator) or [[]])[0] for line in lines], broken


def _cell(text: str, kind: str = "text") -> Cell:
    plain = _CONTROL.sub("", text)
    tidy = unicodedata.normalize("NFC", _BREAKS.sub(" ", plain)).strip().strip("\ufeff").strip()
    return Cell(tidy, kind, len(plain) != len(text))


# --- Excel -------------------------------------------------------------------------------------------------------------


def _sheet(data: bytes, score: Callable[[list[Cell]], int], sheet: str) -> Grid:
    book = _book(data)
    named = _named(book.sheet_names, sheet)
    with _hostile():
        grids = [_sheet_grid(book.get_sheet_by_name(name)) for name in ([named] if named else book.sheet_names)]
    full = [g for g in grids if any(c.text for row in g.rows for c in row)]
    if not full:
        raise Trouble("the workbook is empty", is_unreadable=False)
    # max keeps the first of equals: the first sheet, when none has known headings.
    return max(full, key=lambda g: max(score(row) for row in g.rows[:20]))


@contextmanager
def _hostile() -> Iterator[None]:
    """What the libraries say about a damaged or hostile file is one Trouble, the panics of a Rust library included."""
    try:
        yield
    except (Trouble, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise Trouble("this is not an Excel workbook, or it is damaged or locked with a password") from error


def _book(data: bytes) -> python_calamine.CalamineWorkbook:
    with _hostile():
        if data.startswith(b"PK"):
            _check_size(data)
        return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))


def _check_size(data: bytes) -> None:
    """Refuse a workbook that would not fit into memory, before it is opened.

    One stray letter in the last cell of a sheet makes it 17 billion cells; the library asks for room for all of them, and the
    whole program ends. So the sheets are looked through first, in pieces.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(member.file_size for member in archive.infolist()) > MOST_UNPACKED:
            raise Trouble("the workbook is too large when unpacked; it was not opened")
        for member in archive.infolist():
            if member.filename.endswith(".xml"):
                rows, columns, last = _extent(archive, member)
                if rows * columns > MOST_SHEET_CELLS:
                    raise Trouble(
                        f"a sheet of the workbook reaches to cell {last}: delete what stands far from the list, or save the list as CSV"
                    )


def _extent(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, int, str]:
    """How many rows and columns the filled cells of a sheet span, from the first cell of the sheet, and the last cell."""
    rows, columns, widest, tail = 0, 0, b"", b""
    with archive.open(member) as file:
        while piece := file.read(2**20):
            text = tail + piece
            for letters, digits in _XLSX_CELL.findall(text):
                rows = max(rows, int(digits))
                column = _column_number(letters)
                columns, widest = max((columns, widest), (column, letters))
            tail = text[-300:]
    return rows, columns, f"{widest.decode()}{rows}"


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _sheet_grid(sheet: python_calamine.CalamineSheet) -> Grid:
    rows = [[_sheet_cell(v) for v in row] for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, right) in getattr(sheet, "merged_cell_ranges", None) or []:
        # Only downwards: a cell merged sideways is a title, and must not become two columns with one heading.
        if top < len(rows) and bottom > top and right == left and left < len(rows[top]):
            for r in range(top + 1, min(bottom, len(rows) - 1) + 1):
                rows[r][left] = rows[top][left]
    return Grid(rows, list(range(1, len(rows) + 1)))


def _sheet_cell(value: object) -> Cell:
    if value == "":
        return _EMPTY
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE")
    if isinstance(value, int | float):
        whole = isinstance(value, int) or value.is_integer()
        return Cell(str(int(value)) if whole else repr(value), "number")
    if isinstance(value, datetime.datetime):
        is_day = value.time() == datetime.time()
        return Cell(value.date().isoformat() if is_day else value.isoformat(sep=" ", timespec="seconds"), "date")
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        return Cell(value.isoformat() if not isinstance(value, datetime.timedelta) else str(value), "date")
    return _cell(str(value))
