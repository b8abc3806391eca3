"""Any table that a person brings, read as text: nothing is guessed, nothing is lost, every doubt is a finding.

Problem: lists come as CSV in four encodings, with commas, semicolons or tabs, or as Excel sheets with a title above the
headings, merged cells, dates and codes that the sheet turned into numbers. Libraries that guess types turn `001234` into
1234, `1E5` into 100000 and a child called Null into nothing. Rule: every cell is text, exactly as written, trimmed and in
Unicode NFC; headings are found by synonyms in any order and case; a column nobody knows is kept as JSON in `extra`.

Worked case: `names.csv` with a row of nine cells under eight headings: that row is left out, the finding `row_unusable`
says `names.csv row 17`, the other rows go on. Findings name file and row, never what stands in the row.

Known limits: one sheet is read, the one that the layout names, else the one with the most known headings; `.ods` is read like Excel.
Source: domain.md 6.1, 6.6.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from prepaykit.errors import UsageError
from prepaykit.intake.cells import Cell, Grid, Trouble, grid_of, plain_name
from prepaykit.money import to_cents
from prepaykit.tables.findings import found, together

MOST_TITLE_ROWS = 20
MOST_CENTS = 100_000_000  # of one amount: a million dollars; with two digits slipped in, sums would run over

YES = {"yes", "y", "true", "t", "1", "1.0", "x", "✓", "✔", "ok", "ja", "oui", "si", "sí"}
NO = {"no", "n", "false", "f", "0", "0.0", "-", "none", "nein", "non"}


@dataclass(frozen=True)
class Read:
    """What every reader returns: `table` with the documented columns and `row` (row number in the file), and `findings`.

    `sources`: the folders and zips that were looked into, for a reader of several.
    """

    table: pd.DataFrame
    findings: pd.DataFrame
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """What a kind of file looks like: `columns` maps each column to its synonyms, `needed` must be there,
    `codes` are columns whose leading zeros count. `sheet` is read if a workbook has one of that name. Headings that match `quiet`
    are kept in `extra` without a word: the reader of that file knows them."""

    verb: str
    columns: Mapping[str, tuple[str, ...]]
    needed: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    sheet: str = ""
    quiet: re.Pattern[str] = re.compile(r"(?!)")

    def known(self) -> dict[str, str]:
        """Every heading that is understood, simplified, and the column it means."""
        return {simple(s): column for column, synonyms in self.columns.items() for s in (column, *synonyms)}


def simple(heading: object) -> str:
    """A heading as it is compared: letters and digits only, lower case, without accents.

    >>> simple("Student ID*"), simple("First_Name")
    ('studentid', 'firstname')
    """
    plain = unicodedata.normalize("NFKD", str(heading)).casefold()
    return "".join(c for c in plain if c.isalnum())


def read_table(path: str | Path, layout: Layout) -> Read:
    """Read one file into text columns, with a finding for everything that could not be taken as it is.

    `table`: one row is a row of the file; the columns of `layout` as text (missing where a cell is empty), `extra` (JSON
    text of the columns nobody knows), `row`. Findings: file_empty, file_unreadable, column_missing, column_doubled,
    column_unknown, row_unusable, row_doubled, formula_text, encoding_guessed, number_as_code, control_characters,
    value_unreadable. Raises UsageError when there is no such file, NeighbourFailed when it cannot be opened. Does not judge any value: see the reader of that file.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"there is no file {plain_name(path)}: give the path of a CSV or Excel file")
    say = _Voice(layout.verb, plain_name(path))
    known = layout.known()
    try:
        grid = grid_of(
            path, lambda row: len({known[simple(c.text)] for c in row if simple(c.text) in known}), sheet=layout.sheet
        )
    except Trouble as trouble:
        return Read(
            _without_rows(layout),
            say("file_unreadable" if trouble.is_unreadable else "file_empty", "file", str(trouble)),
        )
    findings = [say.all(grid.notes)]
    at = _heading_row(grid, known)
    if at is None:
        return Read(_without_rows(layout), together(*findings, say("file_empty", "file", "the file is empty")))
    place, unknown, spoken = _columns(grid.rows[at], known, layout, say)
    missing = [c for c in layout.needed if c not in place]
    if missing:
        heads = f"row {grid.numbers[at]} was taken for the headings"
        findings += [say("column_missing", c, f"no heading for {c}; {heads}") for c in missing]
        return Read(_without_rows(layout), together(*findings))
    # Only now: in a file without headings the "unknown headings" would be the first child's name and address.
    return _body(grid, at, place, unknown, layout, [*findings, *spoken], say)


# --- values ------------------------------------------------------------------------------------------------------------


def as_cents(table: pd.DataFrame, column: str, verb: str, file: str) -> tuple[pd.Series, pd.DataFrame]:
    """Amounts as whole cents; what is not an amount, less than nothing or more than `MOST_CENTS` is missing and becomes the
    finding value_unreadable."""
    return _read_each(table, column, verb, file, "an amount of money such as 42.00", _amount, "Int64")


def as_counts(table: pd.DataFrame, column: str, verb: str, file: str) -> tuple[pd.Series, pd.DataFrame]:
    """Whole numbers from 0 on; what is none is missing and becomes the finding value_unreadable."""
    return _read_each(table, column, verb, file, "a whole number such as 30", _count, "Int64")


def as_flags(table: pd.DataFrame, column: str, verb: str, file: str) -> tuple[pd.Series, pd.DataFrame]:
    """Yes and no as `boolean`; an empty cell is missing. A word that is neither counts as no, and is a finding.

    No, because these columns are permissions: what a parent meant by an unreadable word must not become a yes.
    """
    flags, findings = _read_each(table, column, verb, file, "yes or no; no is taken until then", _yes_or_no, "boolean")
    return flags.mask(flags.isna() & table[column].notna(), False), findings


def as_moments(table: pd.DataFrame, column: str, verb: str, file: str) -> tuple[pd.Series, pd.DataFrame]:
    """Dates and times as UTC; a time without a zone is taken as UTC. Only forms that cannot be misread are read."""
    return _read_each(
        table, column, verb, file, "a date and time such as 2026-09-14 08:30", _moment, "datetime64[us, UTC]"
    )


def as_words(table: pd.DataFrame, column: str, words: Mapping[str, str], default: str, verb: str, file: str):
    """One of a few words; an empty cell is `default`, any other word becomes a finding and `default`."""
    values, findings = _read_each(table, column, verb, file, f"one of {', '.join(sorted(set(words.values())))}",
                                  lambda text: words[simple(text)], "str")  # fmt: skip
    return values.fillna(default), findings


def _read_each(
    table: pd.DataFrame, column: str, verb: str, file: str, expected: str, read: Callable[[str], object], dtype: str
) -> tuple[pd.Series, pd.DataFrame]:
    values: list[object] = []
    wrong: list[int] = []
    for row, text in zip(table["row"], table[column], strict=True):
        try:
            values.append(None if pd.isna(text) else read(text))
        except (ValueError, KeyError, OverflowError):
            values.append(None)
            wrong.append(row)
    findings = found(verb, "value_unreadable", file, [f"row {r} {column}" for r in wrong],
                     [f"{file} row {r}: {column} should be {expected}" for r in wrong])  # fmt: skip
    return pd.Series(values, index=table.index, dtype=dtype), findings


def _amount(text: str) -> int:
    cents = to_cents(text)
    if not 0 <= cents <= MOST_CENTS:
        raise ValueError("an amount that nobody takes in at a school")
    return cents


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise ValueError("not a count")
    return int(text)


def _yes_or_no(text: str) -> bool:
    word = text.casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    raise ValueError(word)


def _moment(text: str) -> pd.Timestamp:
    if not re.match(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError(text)
    moment = pd.Timestamp(text)
    return moment.tz_localize("UTC") if moment.tz is None else moment.tz_convert("UTC")


def without_rows(read: Read, unusable: pd.Series, why: str, verb: str, file: str) -> Read:
    """Leave out the rows that lack what they need, with the finding row_unusable for each."""
    rows = read.table.loc[unusable, "row"]
    spoken = found(verb, "row_unusable", file, [f"row {r}" for r in rows], [f"{file} row {r}: {why}" for r in rows])
    return Read(read.table[~unusable].reset_index(drop=True), together(read.findings, spoken))


# --- inside ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Voice:
    """Speaks findings about one file."""

    verb: str
    file: str

    def __call__(self, code: str, key: str, detail: str) -> pd.DataFrame:
        return self.all([(code, key, detail)])

    def all(self, spoken: list[tuple[str, str, str]]) -> pd.DataFrame:
        """Many findings (code, key, detail), made one code at a time: thousands of formulas must not cost a second each."""
        parts = []
        for code in dict.fromkeys(c for c, _, _ in spoken):
            rows = [
                (key, f"{self.file}{'' if key == 'file' else ' ' + key}: {detail}")
                for c, key, detail in spoken
                if c == code
            ]
            parts.append(found(self.verb, code, self.file, [k for k, _ in rows], [d for _, d in rows]))
        return together(*parts)


def _without_rows(layout: Layout) -> pd.DataFrame:
    table = pd.DataFrame({c: pd.Series(dtype="str") for c in (*layout.columns, "extra")})
    return table.assign(row=pd.Series(dtype="int64"))


def _heading_row(grid: Grid, known: Mapping[str, str]) -> int | None:
    """The row with the most known headings among the first ones; titles and blank rows stand above it."""
    best, best_score = None, -1
    for i, row in enumerate(grid.rows[:MOST_TITLE_ROWS]):
        if any(c.text for c in row):
            score = len({known[simple(c.text)] for c in row if simple(c.text) in known})
            if score > best_score:
                best, best_score = i, score
    return best


def _columns(
    heads: list[Cell], known: Mapping[str, str], layout: Layout, say: _Voice
) -> tuple[dict[str, int], dict[int, str], list[pd.DataFrame]]:
    """Which column of the file is which of ours, which are nobody's, and what is to be said about them."""
    place: dict[str, int] = {}
    unknown: dict[int, str] = {}
    findings = []
    # A heading that is the column's own name wins over a synonym, whatever the order of the columns.
    for exact in (True, False):
        for i, cell in enumerate(heads):
            column = known.get(simple(cell.text))
            if column is None or (simple(cell.text) == simple(column)) != exact:
                continue
            if column in place:
                unknown[i] = cell.text
                findings.append(
                    say(
                        "column_doubled",
                        f"column {i + 1}",
                        f"{cell.text} means {column}, which column {place[column] + 1} is too",
                    )
                )
            else:
                place[column] = i
    for i, cell in enumerate(heads):
        if cell.text and simple(cell.text) not in known:
            unknown[i] = cell.text
            if layout.quiet.fullmatch(cell.text):
                continue
            findings.append(say("column_unknown", f"column {i + 1}", f"{cell.text} is kept as it is"))
    return place, _distinct(unknown), findings


def _distinct(headings: dict[int, str]) -> dict[int, str]:
    """Equal headings get their column number, so that no value overwrites another."""
    texts = list(headings.values())
    return {i: t if texts.count(t) == 1 else f"{t} (column {i + 1})" for i, t in sorted(headings.items())}


def _body(
    grid: Grid, at: int, place: dict[str, int], unknown: dict[int, str], layout: Layout, findings: list[pd.DataFrame],
    say: _Voice,
) -> Read:  # fmt: skip
    heads = [c.text for c in grid.rows[at]]
    columns: dict[str, list[str | None]] = {c: [] for c in layout.columns}
    extras: list[str | None] = []
    numbers: list[int] = []
    spoken: list[tuple[str, str, str]] = []
    for row, number in zip(grid.rows[at + 1 :], grid.numbers[at + 1 :], strict=True):
        texts = [c.text for c in row]
        if not any(texts):
            continue
        if texts[: len(heads)] == heads:
            spoken.append(("row_doubled", f"row {number}", "the headings stand here again; left out"))
        elif number in grid.broken:
            spoken.append(("row_unusable", f"row {number}", grid.broken[number]))
        elif any(texts[len(heads) :]):
            detail = f"{len(texts)} cells under {len(heads)} headings: put a cell that holds the separator in quotes"
            spoken.append(("row_unusable", f"row {number}", detail))
        else:
            cells = [*row, *[Cell("")] * (len(heads) - len(row))]
            for column in layout.columns:
                columns[column].append(cells[place[column]].text or None if column in place else None)
            kept = {name: cells[i].text for i, name in unknown.items() if cells[i].text}
            extras.append(json.dumps(kept, ensure_ascii=False, sort_keys=True) if kept else None)
            numbers.append(number)
            spoken += _doubts(cells, number, place, heads, layout)
    table = pd.DataFrame({c: pd.Series(v, dtype="str") for c, v in columns.items()})
    table["extra"] = pd.Series(extras, dtype="str")
    table["row"] = pd.Series(numbers, dtype="int64")
    if not len(table) and not spoken:
        findings.append(say("file_empty", "file", "there are headings but no rows"))
    return Read(table, together(*findings, say.all(spoken)))


def _doubts(
    cells: list[Cell], number: int, place: dict[str, int], heads: list[str], layout: Layout
) -> Iterable[tuple[str, str, str]]:
    """What is odd about the cells of one row, column names only."""
    mine = {i: c for c, i in place.items()}
    for i, cell in enumerate(cells[: len(heads)]):
        key, column = f"row {number} {mine.get(i, f'column {i + 1}')}", mine.get(i)
        if re.match(r"[=@]|[+\-][^\d\s.,(]*\(", cell.text):
            yield "formula_text", key, "the cell starts like a formula; it is kept as text"
        if cell.had_control:
            yield "control_characters", key, "invisible control characters were taken out"
        if cell.kind == "number" and column in layout.codes:
            yield "number_as_code", key, "the sheet holds a number here; leading zeros may be lost"
        if cell.kind == "date" and (
            column in layout.codes or column in ("group", "grade", "teacher", "packages", "first_name", "last_name")
        ):
            yield "value_unreadable", key, "the sheet turned this text into a date; format the column as text"
