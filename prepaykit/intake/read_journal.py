"""What was read of each file, written down as it is read: a run that was killed goes on, and no unchanged file is decoded twice.

One line of JSON a file in `reads.jsonl`, added as soon as its row is there; a last line that a kill cut short is passed over. Rows are found by
the SHA-256 of the bytes. A file whose bytes need not even be read is one of which path, size, modification time and change time are the
same as when it was read, both times more than two seconds before that reading began: a file changed within the tick of a coarse clock, or
put back with an old date, has another change time and is read again. For a member of a zip the times and the size are those of the zip.

Rows of another version of the reader are passed over. Files that were set aside are always read again. The journal holds nothing that cannot be had anew:
delete it at will.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, fields
from pathlib import Path

import pandas as pd

from prepaykit.intake.one_frame import Row

READER = 1  # counts up when the reader finds more than it did: then everything is read again
SETTLED_NS = 2 * 10**9
_FIELDS = {f.name for f in fields(Row)}

Stamp = tuple[int, int, int]


class ReadJournal:
    """The journal in one folder. Use it as a context: it is closed, and made short when half of it is out of date.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with ReadJournal(folder) as journal:
    ...         journal.add(Row("day", "a.jpg", 5, "ab" * 32), stamp=None)
    ...     with ReadJournal(folder) as journal:
    ...         journal.of_bytes("day", "a.jpg")[0].size_bytes
    5
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.path = Path(folder) / "reads.jsonl"
        self._by_place: dict[tuple[str, str], tuple[Row, Stamp | None]] = {}
        self._by_size: dict[int, dict[str, Row]] = {}
        self._lines = 0
        self._load()

    def __enter__(self) -> ReadJournal:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("a", encoding="utf-8")
        if self._is_cut_short:
            self._file.write("\n")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if self._lines > 2 * len(self._by_place) + 100:
            self._shorten()

    def unchanged(self, root: str, path: str, size_bytes: int, stamp: Stamp | None) -> Row | None:
        """The row of a file that is certainly as it was when it was read; None if its bytes must be looked at."""
        row, former = self._by_place.get((root, path), (None, None))
        if row is None or stamp is None or former != stamp or row.size_bytes != size_bytes or row.problem is not None:
            return None
        return row

    def of_bytes(self, root: str, path: str) -> tuple[Row, ...]:
        """What was read at this place; to be believed only for the same SHA-256."""
        row, _ = self._by_place.get((root, path), (None, None))
        return () if row is None else (row,)

    def of_size(self, size_bytes: int) -> tuple[Row, ...]:
        """What was read of files of this size, wherever they lay; to be believed only for the same SHA-256."""
        return tuple(self._by_size.get(size_bytes, {}).values())

    def add(self, row: Row, *, stamp: Stamp | None) -> None:
        """Write down what was read. `stamp`: of the file before it was read, if it may be believed later."""
        line = json.dumps({"reader": READER, "stamp": stamp, **_plain(row)}, ensure_ascii=False)
        self._file.write(line + "\n")
        self._file.flush()
        self._take(row, stamp)
        self._lines += 1

    def _load(self) -> None:
        self._is_cut_short = False
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for raw in file:
                self._lines += 1
                self._is_cut_short = not raw.endswith(b"\n")
                try:
                    noted = json.loads(raw)
                    if noted.pop("reader") != READER or not set(noted) <= _FIELDS | {"stamp"}:
                        continue
                    stamp = noted.pop("stamp")
                    shot_at = noted["shot_at"]
                    noted["shot_at"] = None if shot_at is None else pd.Timestamp(shot_at).as_unit("us")
                    self._take(Row(**noted), None if stamp is None else tuple(stamp))
                except (ValueError, KeyError, TypeError, AttributeError):
                    continue  # half a line, or none of ours

    def _take(self, row: Row, stamp: Stamp | None) -> None:
        self._by_place[(row.root, row.path)] = row, stamp
        if row.sha256 is not None:
            self._by_size.setdefault(row.size_bytes, {})[row.sha256] = row

    def _shorten(self) -> None:
        short = self.path.with_suffix(f".{os.getpid()}.tmp")
        with short.open("w", encoding="utf-8") as file:
            for row, stamp in self._by_place.values():
                file.write(json.dumps({"reader": READER, "stamp": stamp, **_plain(row)}, ensure_ascii=False) + "\n")
        short.replace(self.path)


def stamp_of(root: str, path: str) -> Stamp | None:
    """Size and times of a file, if they are settled: older than two seconds. Taken before the file is read."""
    place = Path(root)
    try:
        status = (place if place.is_file() else place / path).stat()
    except OSError:
        return None
    if max(status.st_mtime_ns, status.st_ctime_ns) > time.time_ns() - SETTLED_NS:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _plain(row: Row) -> dict[str, object]:
    noted = asdict(row)
    noted["shot_at"] = None if row.shot_at is None else row.shot_at.isoformat()
    return noted
