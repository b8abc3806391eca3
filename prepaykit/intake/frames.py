"""Picture day's files → one row a frame: identity, size, camera, time, and the QR codes in the picture.

Problem. Thousands of files of 5 to 12 MB, most of them sound, a few of them not what they claim to be. Reading them must be
fast, must end with every file accounted for, and must never end with an exception.

Rule. `one_frame` says what is done with one file; here the files are listed, the work is spread over an executor, what is read is written
down as it comes (so that a killed run goes on where it was), and rows become a table with findings. A file whose SHA-256 is known is not
decoded again; one that is certainly unchanged is not even opened. Trouble is a `problem` on the row and a finding, and the row stays in the count.

How fast, on two shared cores, is measured by tests/benchmarks/photos.py. Source: photos.md 2 to 5.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from prepaykit.intake.cameras import shot_at
from prepaykit.intake.one_frame import Row, Task, read_one
from prepaykit.intake.read_journal import ReadJournal, Stamp, stamp_of
from prepaykit.intake.reading import Read
from prepaykit.intake.sources import Limits, Member, close_all, list_pictures
from prepaykit.intake.spreading import default_executor, read_all
from prepaykit.intake.thumbnails import thumbnail_path
from prepaykit.rules.capture_order import capture_order
from prepaykit.tables.findings import found, together
from prepaykit.tables.source_names import file_name, source_name

__all__ = ["Limits", "read_again", "read_cards", "read_frames", "read_one", "shot_at"]

# a frame that looks like a card nobody could read; the same words as in `prepaykit.rules.sequence`
CARD_NOT_READ = "card not read"

DTYPES = {
    "root": "str", "path": "str", "sha256": "str", "size_bytes": "int64", "width": "Int64", "height": "Int64", "camera": "str",
    "sequence": "int64", "shot_at": "datetime64[us]", "texts": "str", "is_broken_card": "bool", "card_suspicion": "str", "look_hash": "str",
    "damage": "str", "problem": "str", "row": "int64",
}  # fmt: skip

UNOPENED = ("source_unreadable", "zip_member_unsafe", "picture_name_odd")


# --- the three doors ---------------------------------------------------------------------------------------------------


def read_frames(
    sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    known: pd.DataFrame | None = None,
    executor: Executor | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    limits: Limits | None = None,
    thumbs: str | os.PathLike[str] | None = None,
    journal: str | os.PathLike[str] | None = None,
) -> Read:
    """Read every picture of the folders and zips: one row a file, nothing left out, nothing raised for a bad file.

    `sources`: a folder or zip, or several. `known`: the job's `frames`; files whose place, size and SHA-256 stand there are not decoded
    again. `executor`: where the work is spread (threads, one a core, unless handed in; see `prepaykit.intake.spreading`).
    `on_progress(done, total)` is called in this thread as files are done. `thumbs`: a folder for small upright pictures (see
    `prepaykit.intake.thumbnails`). `journal`: a folder where what was read is written down file by file: the next run goes on from there, after a
    kill too, and does not open files that are certainly unchanged.

    Gives a `Read` with one row a file: `root`, `path`, `sha256`, `size_bytes`, `width`, `height`, `camera`, `sequence`,
    `shot_at`, `texts` (QR texts, one a line), `is_broken_card` (a card is seen, nothing read: the alarm), `card_suspicion` (what was seen of a symbol and
    not read: `symbol not read`, `corner marks`, `one corner mark`, `another symbol not read`; without the alarm it is a faint one),
    `look_hash` (how it looks: see `prepaykit.rules.looks.look_distance`), `damage` (inside the picture; the frame stays), `problem` (why it is set aside; missing: it
    is not; one of size begins with `too large`), `row`. Its `sources` are the folders and zips.

    Does not decide what a code means: see `prepaykit.rules.sequence`.
    Finding codes: frame_unreadable, frame_too_large, frame_damaged, trailing_data, file_skipped, zip_member_unsafe, source_unreadable, picture_name_odd.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "IMG_0001.JPG").write_bytes(b"")
    ...     read_frames(folder).table["problem"].tolist()
    ['the file is empty']
    """
    limits = limits or Limits()
    listing = list_pictures(sources, limits=limits)
    with ExitStack() as stack:
        book = None if journal is None else stack.enter_context(ReadJournal(journal))
        stack.callback(close_all, {m.root for m in listing.members})
        if executor is None:
            executor = stack.enter_context(default_executor())
        members = _not_ours(listing.members, thumbs)
        rows = _rows(
            members, _former(known), book, executor, on_progress, limits, None if thumbs is None else os.fspath(thumbs)
        )
    table = _table(rows)
    return Read(table, together(listing.findings, _findings(rows)), listing.sources)


def read_cards(
    folder: str | os.PathLike[str],
    *,
    executor: Executor | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    limits: Limits | None = None,
) -> pd.DataFrame:
    """Read the QR cards of a folder or zip, without any studio or job: one row a file, in the order each camera shot them.

    Columns: `file`, `camera`, `sequence`, `shot_at`, `codes` (QR texts, space-separated), `role` (card: a code was read; unreadable: not
    a sound picture, or a card that nobody could read; else frame), `width`, `height`, `sha256`, `problem` (of a picture that stays: what a person should look at).
    What was not even opened (an unsafe member of a zip, a damaged zip, a name nobody can keep) stands there as well, unreadable, with sequence 0.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (64, 48)).save(Path(folder, "IMG_0001.JPG"))
    ...     read_cards(folder)[["file", "role", "width"]].to_dict("list")
    {'file': ['IMG_0001.JPG'], 'role': ['frame'], 'width': [64]}
    """
    read = read_frames(folder, executor=executor, on_progress=on_progress, limits=limits)
    table = read.table
    unreadable = table["problem"].notna() | table["is_broken_card"]
    codes = table["texts"].str.replace(r"[^\S\n]", "%20", regex=True).str.replace("\n", " ")
    doubt = ("a card? " + table["card_suspicion"]).where(~table["is_broken_card"], CARD_NOT_READ)
    cards = pd.DataFrame({
        "file": table["path"],
        "camera": table["camera"],
        "sequence": table["sequence"],
        "shot_at": table["shot_at"],
        "codes": codes,
        "role": np.select([unreadable, codes.notna()], ["unreadable", "card"], "frame"),
        "width": table["width"],
        "height": table["height"],
        "sha256": table["sha256"],
        "problem": table["problem"].fillna(table["damage"].str.cat(doubt, sep="; ")).fillna(table["damage"]).fillna(doubt),
    })  # fmt: skip
    return pd.concat([_unopened(read.findings, cards), cards.sort_values(["camera", "sequence"])], ignore_index=True)


def read_again(
    table: pd.DataFrame,
    keys: Iterable[Hashable],
    *,
    executor: Executor | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    limits: Limits | None = None,
    journal: str | os.PathLike[str] | None = None,
) -> pd.DataFrame:
    """Search some frames harder for a card: every rung of the ladder, at half and at full scale. Takes a second or two a frame.

    `table`: frames of the catalog (then `keys` are `frame_id`) or a table of `read_frames` (then they are `row`). Where a card is expected is not
    decided here. Gives one row for each key, in the order of `keys` without repeats, with the columns of `read_frames`, the key's
    own column, and `newly_read` (texts that `table` did not have, one a line; missing: nothing new). `sequence` is that of `table`.
    With `journal` what was read is written down, so that the next `read_frames` with that journal knows it.
    Raises KeyError for a key that is not in `table`.

    >>> none = pd.DataFrame({"row": [1], "root": ["/nowhere"], "path": ["a.jpg"], "size_bytes": [9], "sequence": [1], "texts": [None]})
    >>> read_again(none, [1])[["row", "newly_read", "problem"]].values.tolist()
    [[1, nan, 'cannot be read from its folder or zip']]
    """
    key = "frame_id" if "frame_id" in table else "row"
    asked = table.set_index(key, drop=False).loc[list(dict.fromkeys(keys))]
    tasks = [
        Task(str(root), str(path), int(size), limits or Limits(), every_rung=True)
        for root, path, size in zip(asked["root"], asked["path"], asked["size_bytes"], strict=True)
    ]
    stamps = [stamp_of(task.root, task.path) for task in tasks]
    with ExitStack() as stack:
        stack.callback(close_all, {t.root for t in tasks})
        rows = _collected(tasks, executor or stack.enter_context(default_executor()), on_progress)
        rows = [_both_looks(row, before) for row, before in zip(rows, asked.to_dict("records"), strict=True)]
        if journal is not None:
            book = stack.enter_context(ReadJournal(journal))
            for row, stamp in zip(rows, stamps, strict=True):
                if row.problem is None:
                    book.add(row, stamp=stamp)
    read = _table(rows).assign(**{key: asked[key].to_numpy(), "sequence": asked["sequence"].to_numpy()})
    fresh = [
        "\n".join(t for t in (row.texts or "").split("\n") if t and _kept_form(t) not in _texts_before(before)) or None
        for row, before in zip(rows, asked.to_dict("records"), strict=True)
    ]
    return read.assign(newly_read=pd.Series(fresh, index=read.index, dtype="str"))


def _kept_form(text: str) -> str:
    """A QR text as the catalog keeps it: without white space."""
    return re.sub(r"\s", "%20", text)


def _texts_before(before: dict[str, object]) -> dict[str, str]:
    """What the first look read: as the catalog keeps it → as it was read (in the catalog itself that is the same)."""
    has = {c: str(before[c]) for c in ("texts", "codes", "foreign_codes") if c in before and not pd.isna(before[c])}
    texts = has["texts"].split("\n") if "texts" in has else [t for v in has.values() for t in v.split()]
    return {_kept_form(t): t for t in texts if t}


def _both_looks(row: Row, before: dict[str, object]) -> Row:
    """What both looks at the same bytes saw together: a second look adds to the first, and takes back no alarm but by a code."""

    def first(column: str) -> object:
        return None if column not in before or pd.isna(before[column]) else before[column]

    if row.problem is not None or (first("sha256") is not None and first("sha256") != row.sha256):
        return row
    texts = _texts_before(before)
    texts = [*texts.values(), *(t for t in (row.texts or "").split("\n") if t and _kept_form(t) not in texts)]
    is_broken = row.is_broken_card or bool(first("is_broken_card")) or first("problem") == CARD_NOT_READ
    suspicion = row.card_suspicion if texts else row.card_suspicion or first("card_suspicion")
    damage = first("damage") or row.damage
    return replace(
        row, texts="\n".join(texts) or None, is_broken_card=is_broken and not texts, card_suspicion=suspicion,
        look_hash=first("look_hash") or row.look_hash, damage=damage, finding="frame_damaged" if damage else row.finding,
    )  # fmt: skip


def _unopened(findings: pd.DataFrame, cards: pd.DataFrame) -> pd.DataFrame:
    """What could not be opened, as rows of `read_cards`: a list of files must not keep silent about some."""
    rows = findings[findings["code"].isin(UNOPENED)]
    lost = pd.DataFrame(
        {"file": rows["key"], "camera": "", "sequence": 0, "role": "unreadable", "problem": rows["detail"]}
    )
    return lost.reindex(columns=cards.columns).astype(cards.dtypes)


# --- what is read, and what is known -----------------------------------------------------------------------------------


def _rows(members: list[Member], former: dict[tuple[str, str], Row], book: ReadJournal | None, executor: Executor,
          on_progress: Callable[[int, int], None] | None, limits: Limits, thumbs: str | None) -> list[Row]:  # fmt: skip
    """A row for each member, in their order: those certainly unchanged from the journal, the others read."""
    rows: list[Row | None] = [None] * len(members)
    stamps: dict[int, Stamp | None] = {}
    todo = []
    for i, m in enumerate(members):
        if book is not None:
            stamps[i] = stamp_of(m.root, m.path)
            rows[i] = book.unchanged(m.root, m.path, m.size_bytes, stamps[i])
            if rows[i] is not None and not _has_thumbnail(rows[i], thumbs):
                rows[i] = None
        if rows[i] is None:
            todo.append(i)
    if on_progress is not None and len(todo) < len(members):
        on_progress(len(members) - len(todo), len(members))

    def task(i: int) -> Task:
        m = members[i]
        noted = () if book is None else (*book.of_bytes(m.root, m.path), *book.of_size(m.size_bytes))
        in_job = former.get((m.root, m.path))
        return Task(m.root, m.path, m.size_bytes, limits, noted + (() if in_job is None else (in_job,)), thumbs)

    done = len(members) - len(todo)
    with closing(read_all(map(task, todo), executor)) as ended:
        for at, row in ended:
            i = todo[at]
            rows[i], done = row, done + 1
            if book is not None and row.sha256 is not None:
                book.add(row, stamp=stamps[i])
            if on_progress is not None:
                on_progress(done, len(members))
    return [row for row in rows if row is not None]


def _not_ours(members: list[Member], thumbs: str | os.PathLike[str] | None) -> list[Member]:
    """Without our own thumbnails: a studio may lie in the folder that is read."""
    if thumbs is None:
        return members
    ours = Path(thumbs).resolve()
    return [m for m in members if not Path(m.root, m.path).is_relative_to(ours)]


def _collected(tasks: Sequence[Task], executor: Executor, on_progress: Callable[[int, int], None] | None) -> list[Row]:
    rows: dict[int, Row] = {}
    for at, row in _counted(read_all(tasks, executor), len(tasks), on_progress):
        rows[at] = row
    return [rows[at] for at in range(len(tasks))]


def _counted(
    ended: Iterator[tuple[int, Row]], total: int, on_progress: Callable[[int, int], None] | None
) -> Iterator[tuple[int, Row]]:
    for done, pair in enumerate(ended, start=1):
        yield pair
        if on_progress is not None:
            on_progress(done, total)


def _has_thumbnail(row: Row, thumbs: str | None) -> bool:
    return thumbs is None or row.sha256 is None or thumbnail_path(thumbs, row.sha256).exists()


def _former(known: pd.DataFrame | None) -> dict[tuple[str, str], Row]:
    """The rows of files already in the job, by place."""
    if known is None or not len(known):
        return {}
    known = known[known["sha256"].notna() & known["width"].notna()]
    texts = (
        (known["codes"].fillna("") + " " + known["foreign_codes"].fillna(""))
        .str.strip()
        .str.replace(r"\s+", "\n", regex=True)
    )
    rows = {}
    for r, found_texts in zip(known.to_dict("records"), texts, strict=True):
        is_broken = r["problem"] == CARD_NOT_READ
        row = Row(
            r["root"], r["path"], int(r["size_bytes"]), r["sha256"], int(r["width"]), int(r["height"]), r["camera"],
            None if pd.isna(r["shot_at"]) else r["shot_at"], found_texts or None, is_broken,
            problem=None if is_broken or pd.isna(r["problem"]) else r["problem"],
        )  # fmt: skip
        doubts = {c: r[c] for c in ("card_suspicion", "look_hash", "damage") if c in r and not pd.isna(r[c])}
        if "damage" in doubts:
            doubts["finding"] = "frame_damaged"
        rows[(r["root"], r["path"])] = replace(row, **doubts)
    return rows


# --- rows to tables ----------------------------------------------------------------------------------------------------


def _table(rows: list[Row]) -> pd.DataFrame:
    columns = {c: [getattr(row, c) for row in rows] for c in DTYPES if c not in ("sequence", "row")}
    table = pd.DataFrame({c: pd.Series(v, dtype=DTYPES[c]) for c, v in columns.items()})
    table["sequence"] = capture_order(table)["sequence"]
    table["row"] = np.arange(1, len(table) + 1)
    return table[list(DTYPES)].astype(DTYPES)


def _findings(rows: list[Row]) -> pd.DataFrame:
    parts = []
    for code in ("frame_unreadable", "frame_too_large", "frame_damaged"):
        part = [row for row in rows if row.finding == code]
        keys = [file_name(row.root, row.path) for row in part]
        details = [f"{key}: {row.problem or row.damage}" for key, row in zip(keys, part, strict=True)]
        parts.append(found("photos", code, "files", keys, details))
    trailing: dict[str, int] = {}
    for row in rows:
        if row.trailing:
            trailing[row.root] = trailing.get(row.root, 0) + 1
    keys = [f"{source_name(root)}, data after the picture" for root in trailing]
    parts.append(
        found(
            "photos",
            "trailing_data",
            "files",
            keys,
            [f"{n} files carry data after the end of the picture" for n in trailing.values()],
        )
    )
    return together(*parts)
