"""Picture day's files → one row a frame: identity, size, camera, time, and the QR codes in the picture.

Problem. Thousands of files of 5 to 12 MB, most of them sound, a few of them not what they claim to be. Reading them must be
fast, must end with every file accounted for, and must never end with an exception.

Rule, for each file: bytes once, and their SHA-256 is the file's identity; size before header, header before pixels (a picture
of 900 megapixels is never unpacked); then one decode, grey and (above 16 megapixels) at half scale, and the QR reader looks at that. A file whose
path, size and SHA-256 are known already is not decoded again. Damage is a `problem` on the row and a finding, and the row
stays in the count.

A camera is make, model and serial number. Most bodies do not write the serial: then the source folder and the letters of
the file name stand in, so that two bodies of one model are not taken for one. Source: photos.md 2 to 5.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from PIL import ExifTags, Image, UnidentifiedImageError

from prepaykit.errors import NeighbourFailed, Refused
from prepaykit.intake.qr import read_symbols
from prepaykit.intake.reading import Read
from prepaykit.intake.sources import Limits, Member, Opened, list_pictures
from prepaykit.rules.capture_order import capture_order
from prepaykit.tables.findings import found, together
from prepaykit.tables.source_names import TOO_LARGE, file_name

__all__ = ["Limits", "read_cards", "read_frames"]

# a frame that looks like a card nobody could read; the same words as in `prepaykit.rules.sequence`
CARD_NOT_READ = "card not read"

DTYPES = {
    "root": "str", "path": "str", "sha256": "str", "size_bytes": "int64", "width": "Int64", "height": "Int64", "camera": "str",
    "sequence": "int64", "shot_at": "datetime64[us]", "texts": "str", "is_broken_card": "bool", "problem": "str", "row": "int64",
}  # fmt: skip

# above this many pixels half the scale shows a card as well; a small picture is looked at as it is
FULL_UP_TO = 16_000_000

_DCF_NAME = re.compile(r"^([A-Z0-9_]{4})\d{4}$")
_DCF_FOLDER = re.compile(r"^(\d{3}[A-Z0-9_]{5}|DCIM)$", re.IGNORECASE)
_LONGEST_TEXT = 300

UNOPENED = ("source_unreadable", "zip_member_unsafe", "picture_name_odd")


@dataclass
class Row:
    """One file, as far as it could be read."""

    root: str
    path: str
    size_bytes: int
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    camera: str = ""
    shot_at: pd.Timestamp | None = None
    texts: str | None = None
    is_broken_card: bool = False
    problem: str | None = None
    finding: str | None = None


# --- the two doors -----------------------------------------------------------------------------------------------------


def read_frames(
    sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    known: pd.DataFrame | None = None,
    executor: Executor | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    limits: Limits | None = None,
) -> Read:
    """Read every picture of the folders and zips: one row a file, nothing left out, nothing raised for a bad file.

    `sources`: a folder or zip, or several. `known`: the job's `frames`; files whose place, size and SHA-256 stand there are not decoded
    again. `executor`: where the work is spread (threads, one a core, unless handed in). `on_progress(done, total)` is called as files
    are done. Gives a `Read` with one row a file: `root`, `path`, `sha256`, `size_bytes`, `width`, `height`, `camera`, `sequence`,
    `shot_at`, `texts` (QR texts, one a line), `is_broken_card` (a card is seen, nothing read), `problem` (missing: none; one of size begins with `too large`), `row`. Its `sources`
    are the folders and zips.

    Does not decide what a code means: see `prepaykit.rules.sequence`.
    Finding codes: frame_unreadable, frame_too_large, file_skipped, zip_member_unsafe, source_unreadable, picture_name_odd.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "IMG_0001.JPG").write_bytes(b"")
    ...     read_frames(folder).table["problem"].tolist()
    ['the file is empty']
    """
    limits = limits or Limits()
    listing = list_pictures(sources, limits=limits)
    former = _former(known)
    with ExitStack() as stack:
        opened = {root: stack.enter_context(Opened(root)) for root in dict.fromkeys(m.root for m in listing.members)}
        if executor is None:
            executor = stack.enter_context(ThreadPoolExecutor(os.cpu_count() or 2))
        # Pillow warns of odd EXIF and of size; the limits here are ours. Set once: the filters are shared by all threads.
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        rows = _spread(listing.members, opened, former, executor, on_progress, limits)
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
    a sound picture, or a card that nobody could read; else frame), `width`, `height`, `sha256`, `problem`. What was not even opened
    (an unsafe member of a zip, a damaged zip, a name nobody can keep) stands there as well, unreadable, with sequence 0.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (64, 48)).save(Path(folder, "IMG_0001.JPG"))
    ...     read_cards(folder)[["file", "role", "width"]].to_dict("list")
    {'file': ['IMG_0001.JPG'], 'role': ['frame'], 'width': [64]}
    """
    read = read_frames(folder, executor=executor, on_progress=on_progress, limits=limits)
    table = read.table
    unreadable = table["problem"].notna() | table["is_broken_card"]
    codes = table["texts"].str.replace(r"[^\S\n]", "%20", regex=True).str.replace("\n", " ")
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
        "problem": table["problem"].where(~table["is_broken_card"], CARD_NOT_READ),
    })  # fmt: skip
    return pd.concat([_unopened(read.findings, cards), cards.sort_values(["camera", "sequence"])], ignore_index=True)


def _unopened(findings: pd.DataFrame, cards: pd.DataFrame) -> pd.DataFrame:
    """What could not be opened, as rows of `read_cards`: a list of files must not keep silent about some."""
    rows = findings[findings["code"].isin(UNOPENED)]
    lost = pd.DataFrame(
        {"file": rows["key"], "camera": "", "sequence": 0, "role": "unreadable", "problem": rows["detail"]}
    )
    return lost.reindex(columns=cards.columns).astype(cards.dtypes)


# --- spreading the work ------------------------------------------------------------------------------------------------


def _spread(members: list[Member], opened: dict[str, Opened], former: dict[tuple[str, str], Row], executor: Executor,
            on_progress: Callable[[int, int], None] | None, limits: Limits) -> list[Row]:  # fmt: skip
    """Read all members on the executor; progress counts files as they end, results keep the order of the members."""
    done, lock = 0, threading.Lock()

    def told(_: object) -> None:
        nonlocal done
        with lock:
            done += 1
            on_progress(done, len(members))

    futures = []
    for member in members:
        future = executor.submit(_read_one, member, opened[member.root], former.get((member.root, member.path)), limits)
        if on_progress is not None:
            future.add_done_callback(told)
        futures.append(future)
    return [future.result() for future in futures]


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
        rows[(r["root"], r["path"])] = Row(
            r["root"], r["path"], int(r["size_bytes"]), r["sha256"], int(r["width"]), int(r["height"]), r["camera"],
            None if pd.isna(r["shot_at"]) else r["shot_at"], found_texts or None, is_broken,
            None if is_broken or pd.isna(r["problem"]) else r["problem"],
        )  # fmt: skip
    return rows


# --- one file ----------------------------------------------------------------------------------------------------------


def _read_one(member: Member, opened: Opened, former: Row | None, limits: Limits) -> Row:
    """One file, whatever it is, to one row."""
    row = Row(member.root, member.path, member.size_bytes, camera=_camera("", "", "", member.root, member.path))
    if member.size_bytes == 0:
        return _at_fault(row, "frame_unreadable", "the file is empty")
    if member.size_bytes > limits.most_bytes:
        return _at_fault(
            row, "frame_too_large", f"{member.size_bytes // 2**20} MB, more than {limits.most_bytes // 2**20} MB"
        )
    try:
        content = opened.read(member.path, most_bytes=limits.most_bytes)
    except (NeighbourFailed, Refused):
        return _at_fault(row, "frame_unreadable", "cannot be read from its folder or zip")
    row.size_bytes, row.sha256 = len(content), hashlib.sha256(content).hexdigest()
    if (
        former is not None
        and (former.size_bytes, former.sha256) == (row.size_bytes, row.sha256)
        and former.problem is None
    ):
        return former
    try:
        return _decode(row, content, limits)
    except MemoryError:
        return _at_fault(row, "frame_too_large", "needs more memory than there is")
    except Exception as error:  # whatever a decoder says about a hostile file, the other files go on
        return _at_fault(row, "frame_unreadable", f"damaged JPEG ({type(error).__name__})")


def _decode(row: Row, content: bytes, limits: Limits) -> Row:
    try:
        picture = Image.open(io.BytesIO(content), formats=["JPEG"])
    except UnidentifiedImageError:
        return _at_fault(row, "frame_unreadable", "not a JPEG, whatever its name says")
    except Image.DecompressionBombError:
        return _at_fault(row, "frame_too_large", f"more than {limits.most_pixels // 10**6} megapixels")
    with picture:
        row.width, row.height = picture.size
        _read_exif(row, picture)
        if row.width * row.height > limits.most_pixels:
            return _at_fault(
                row,
                "frame_too_large",
                f"{row.width * row.height // 10**6} megapixels, more than {limits.most_pixels // 10**6}",
            )
        is_large = row.width * row.height > FULL_UP_TO
        symbols = read_symbols(_grey(picture, 2 if is_large else 1))
    if is_large and symbols.is_broken:  # rare: worth a second decode, of all pixels
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as whole:
            symbols = read_symbols(_grey(whole, 1))
    row.texts = "\n".join(filter(None, (_shown(t)[:_LONGEST_TEXT] for t in symbols.texts))) or None
    row.is_broken_card = symbols.is_broken
    return row


def _grey(picture: Image.Image, scale: int) -> Image.Image:
    """The picture in grey at full or half scale, straight from the decoder: no colours are ever unpacked."""
    picture.draft("L", (picture.width // scale, picture.height // scale))
    picture.load()
    return picture if picture.mode == "L" else picture.convert("L")


def _at_fault(row: Row, code: str, problem: str) -> Row:
    row.problem, row.finding = f"{TOO_LARGE}: {problem}" if code == "frame_too_large" else problem, code
    return row


# --- camera and time ---------------------------------------------------------------------------------------------------


def _read_exif(row: Row, picture: Image.Image) -> None:
    try:
        exif = picture.getexif()
        detail = exif.get_ifd(ExifTags.IFD.Exif)
    except Exception:  # damaged EXIF says nothing about the picture
        return
    row.camera = _camera(_plain(exif.get(ExifTags.Base.Make)), _plain(exif.get(ExifTags.Base.Model)),
                         _plain(detail.get(ExifTags.Base.BodySerialNumber)), row.root, row.path)  # fmt: skip
    row.shot_at = shot_at(
        _plain(detail.get(ExifTags.Base.DateTimeOriginal)), _plain(detail.get(ExifTags.Base.SubsecTimeOriginal))
    )


def shot_at(text: str, sub_seconds: str = "") -> pd.Timestamp | None:
    """The camera's own time, or None. Sub-seconds are a decimal fraction: '5' is half a second, '05' a twentieth.

    >>> shot_at("2026:09:01 08:15:00", "05")
    Timestamp('2026-09-01 08:15:00.050000')
    """
    match = re.fullmatch(r"(\d{4})[:\-/](\d\d)[:\-/](\d\d)[ T](\d\d):(\d\d):(\d\d).*", text)
    if not match:
        return None
    digits = re.match(r"\d*", sub_seconds).group()[:6]
    try:
        return pd.Timestamp(*map(int, match.groups()), int(digits.ljust(6, "0") or 0)).as_unit("us")
    except ValueError:
        return None


def _camera(make: str, model: str, serial: str, root: str, path: str) -> str:
    """One text for one camera body, or for what we must take for one."""
    body = model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()
    if body and serial:
        return f"{body} #{serial}"
    folders = [*Path(root).parts[-2:], *PurePosixPath(path).parts[:-1]]
    place = "/".join(p for p in folders if p not in ("/", os.sep) and not _DCF_FOLDER.match(p)) or "."
    name = _DCF_NAME.match(PurePosixPath(path).stem)
    letters = name.group(1).rstrip("0123456789") if name else ""
    return f"{body or 'unknown camera'} in {place}{' ' + letters if letters else ''}"


def _plain(value: object) -> str:
    """An EXIF text without padding, control characters or excess length: it is shown to people."""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return _shown("" if value is None else str(value))[:60]


def _shown(text: str) -> str:
    """The text on one line without control characters: a stranger's QR code may hold anything, and no database takes a NUL."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


# --- rows to tables ----------------------------------------------------------------------------------------------------


def _table(rows: list[Row]) -> pd.DataFrame:
    columns = {c: [getattr(row, c) for row in rows] for c in DTYPES if c not in ("sequence", "row")}
    table = pd.DataFrame({c: pd.Series(v, dtype=DTYPES[c]) for c, v in columns.items()})
    table["sequence"] = capture_order(table)["sequence"]
    table["row"] = np.arange(1, len(table) + 1)
    return table[list(DTYPES)].astype(DTYPES)


def _findings(rows: list[Row]) -> pd.DataFrame:
    faults = [asdict(row) for row in rows if row.finding]
    parts = []
    for code in ("frame_unreadable", "frame_too_large"):
        part = [f for f in faults if f["finding"] == code]
        keys = [file_name(f["root"], f["path"]) for f in part]
        parts.append(
            found("photos", code, "files", keys, [f"{k}: {f['problem']}" for k, f in zip(keys, part, strict=True)])
        )
    return together(*parts)
