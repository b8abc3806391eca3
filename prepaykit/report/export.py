"""CSV files for people: the one function that writes them, so that every one is guarded and none is ever half there.

A cell that a spreadsheet would take for a formula gets an apostrophe in front; `unguard` takes it off again, and gives back
exactly what was there (the rule is that of the lab's files: `prepaykit.adapters.csv_cells`). The file starts with a byte order
mark: without it Excel reads UTF-8 as the local code page and `Müller` comes out broken; our own readers, pandas and
LibreOffice skip it. Text is written as it is, so `001234` keeps its zeros in the file. Excel drops them when the file is
opened by a double click: import it, with that column as text.

>>> guard("=HYPERLINK(1)"), guard("'t Hooft"), unguard(guard("=1")), unguard(guard("'=1"))
("'=HYPERLINK(1)", "'t Hooft", '=1', "'=1")
"""

from __future__ import annotations

import io
import os
from contextlib import suppress
from pathlib import Path

import pandas as pd

from prepaykit.adapters.csv_cells import RUNS, guard, unguard
from prepaykit.adapters.durable import disk_errors, write_durably

__all__ = ["csv_text", "guard", "unguard", "write_csv", "write_whole"]

BOM = b"\xef\xbb\xbf"


def write_csv(frame: pd.DataFrame, path: str | os.PathLike, *, for_excel: bool = True) -> Path:
    """Write a table as CSV for people: UTF-8, text guarded against formulas, all of the file or nothing. Returns the path.

    Text and headings are guarded; numbers stay numbers (-5 is not a formula), flags become yes and no, moments are written as
    `2026-10-17 03:59:59+00:00`, a missing value is an empty cell. The index is not written. `for_excel=False` leaves out the
    byte order mark and ends lines with a line feed only, for files that another program reads.
    """
    path = Path(path)
    write_whole(path, _csv(frame, "\r\n", BOM) if for_excel else _csv(frame, "\n"))
    return path


def csv_text(frame: pd.DataFrame) -> str:
    """The same as text, for a terminal or a pipe: guarded, one line feed a line, no byte order mark.

    >>> csv_text(pd.DataFrame({"code": ["001234", "=1"], "sold": [True, False]}))
    "code,sold\\n001234,yes\\n'=1,no\\n"
    """
    return _csv(frame, "\n").decode()


def _csv(frame: pd.DataFrame, line_end: str, start: bytes = b"") -> bytes:
    shown = pd.DataFrame({i: _cells(frame.iloc[:, i]) for i in range(frame.shape[1])}, index=frame.index)
    shown.columns = [guard(str(c)) for c in frame.columns]
    # Half a surrogate pair cannot be written as UTF-8; a file with one mark in it is better than no file.
    content = io.BytesIO(start)
    content.seek(len(start))
    shown.to_csv(content, index=False, lineterminator=line_end, encoding="utf-8", errors="replace")
    return content.getvalue()


def write_whole(path: Path, content: bytes) -> None:
    """Put these bytes at the path in one step: a reader sees the old file or the new one, never a part.

    Raises NeighbourFailed when the disk does not do it: full, read-only, no such name.
    """
    part = path.with_name(f".{os.getpid()}.{path.name[-40:]}.part")
    with disk_errors(f"{path.name} could not be written"):
        try:
            write_durably(part, content)
            part.replace(path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def _cells(values: pd.Series) -> pd.Series:
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.map({True: "yes", False: "no"})
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values
    text = values.astype("str")
    runs = text.drop_duplicates().dropna().loc[lambda t: t.str.match(RUNS.pattern)]
    return text.where(~text.isin(runs), "'" + text) if len(runs) else text
