"""Folders and zips as one thing: a list of members, and the bytes of each.

Problem. Pictures come as a folder copied from camera cards, or as a zip somebody sent. A zip is hostile until shown
otherwise: members called `../x`, absolute names, links, and bombs that unpack to terabytes.

Rule. A folder is walked without following links; what a link hides is not read. A zip is never unpacked onto the disk: its
members are read one by one, straight from the archive, and a member that could leave its folder, or that would grow beyond
the limits, is refused with a finding while the rest goes on. The bytes of a member are only ever had through `open_bytes`,
which checks anew that the path stays within its root.

Nothing here writes. Source: photos.md 5.
"""

from __future__ import annotations

import lzma
import os
import re
import stat
import threading
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pandas as pd

from prepaykit.errors import NeighbourFailed, Refused, UsageError
from prepaykit.tables.findings import found, together
from prepaykit.tables.source_names import source_name

PICTURE_ENDINGS = (".jpg", ".jpeg")

# what Python's zip reader raises over damaged, encrypted or unknown members
DAMAGES = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, NotImplementedError, EOFError)

_DIGITS = re.compile(r"\d+")
_DRIVE = re.compile(r"^[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Limits:
    """What is still taken for a picture of a school shoot. Anything larger is set aside before it is decoded."""

    most_pixels: int = 120_000_000
    most_bytes: int = 80 * 2**20
    most_zip_members: int = 100_000
    most_zip_bytes: int = 400 * 2**30
    most_zip_ratio: int = 50


@dataclass(frozen=True)
class Member:
    """One file of a source: `path` within `root`, with / between folders."""

    root: str
    path: str
    size_bytes: int


@dataclass(frozen=True)
class Listing:
    """`members`: files that claim to be pictures, in natural order. `findings`: what was skipped or refused. `sources`: all roots."""

    members: list[Member]
    findings: pd.DataFrame = field(default_factory=together)
    sources: tuple[str, ...] = ()


def natural_key(path: str) -> str:
    """A text that sorts as a person would: DSC_9 before DSC_10, capitals beside small letters.

    >>> sorted(["b/IMG_10.jpg", "a/IMG_9.jpg", "b/IMG_2.jpg"], key=natural_key)
    ['a/IMG_9.jpg', 'b/IMG_2.jpg', 'b/IMG_10.jpg']
    """
    return _DIGITS.sub(lambda digits: digits.group().lstrip("0").zfill(20), path.casefold()) + "\0" + path


def list_pictures(
    sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], *, limits: Limits | None = None
) -> Listing:
    """List every file of the folders and zips that claims to be a picture, and say what was left out.

    `sources` is one folder or zip, or several. Files of other kinds are counted in one `file_skipped` a kind; members of a zip
    that are unsafe become `zip_member_unsafe`. Links are never followed. Raises UsageError for a source that is not there.
    Finding codes: file_skipped, zip_member_unsafe, source_unreadable, picture_name_odd.
    """
    limits = limits or Limits()
    if isinstance(sources, (str, os.PathLike)):
        sources = [sources]
    members: dict[str, Member] = {}
    findings = []
    roots = dict.fromkeys(Path(s).resolve() for s in sources)
    for root in roots:
        listing = _unnamed(root) or (_list_zip(root, limits) if root.is_file() else _list_folder(root))
        findings.append(listing.findings)
        for member in listing.members:  # a folder named beside the one it lies in is not read twice
            members.setdefault(f"{member.root}/{member.path}", member)
    return Listing(list(members.values()), together(*findings), tuple(str(root) for root in roots))


def open_bytes(root: str | os.PathLike[str], path: str, *, most_bytes: int | None = None) -> bytes:
    """Give the bytes of one file of a folder or zip; never of anything outside it.

    Raises Refused when the path would leave its root or is a link, NeighbourFailed when the file cannot be read (gone, damaged).
    """
    with Opened(root) as opened:
        return opened.read(path, most_bytes=most_bytes)


class Opened:
    """A folder or zip held open, for reading many of its files; a zip's directory is parsed once. Threads may share it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Opened(folder) as opened:
    ...     _ = Path(folder, "a.jpg").write_bytes(b"x")
    ...     opened.read("a.jpg")
    b'x'
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root)
        self._archive: zipfile.ZipFile | None = None

    def __enter__(self) -> Opened:
        try:
            self._archive = zipfile.ZipFile(self.root) if self.root.is_file() else None
        except (OSError, zipfile.BadZipFile) as error:
            raise NeighbourFailed(f"{self.root.name} cannot be opened as a zip: {type(error).__name__}") from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._archive is not None:
            self._archive.close()

    def read(self, path: str, *, most_bytes: int | None = None) -> bytes:
        """The bytes of one file, at most `most_bytes` + 1 of them. Raises like `open_bytes`."""
        why = unsafe_name(path)
        if why:
            raise Refused(f"a file within {self.root.name} was asked for by a name that {why}; nothing was read")
        try:
            if self._archive is not None:
                return _zip_bytes(self._archive, path, most_bytes)
            return _folder_bytes(self.root, path, most_bytes)
        except (*DAMAGES, OSError) as error:
            raise NeighbourFailed(f"{self.root.name}/{path} cannot be read: {type(error).__name__}") from None


def opened_here(root: str) -> Opened:
    """The folder or zip held open in this process, for whoever reads many of its files; a zip that was written anew is opened anew.

    A reader in another process is sent only the name: it opens the source there, once. `close_all` gives everything back.
    """
    status = Path(root).stat() if Path(root).exists() else None
    stamp = (status.st_mtime_ns, status.st_size) if status and Path(root).is_file() else None
    with _OPENING:
        if _opened.get(root, (None, "never"))[1] != stamp:
            if root in _opened:
                _opened.pop(root)[0].__exit__()
            _opened[root] = Opened(root).__enter__(), stamp
        return _opened[root][0]


def close_all(roots: Iterable[str]) -> None:
    """Give back what `opened_here` holds open of these sources."""
    with _OPENING:
        for root in roots:
            if root in _opened:
                _opened.pop(root)[0].__exit__()


_OPENING = threading.Lock()
_opened: dict[str, tuple[Opened, tuple[int, int] | None]] = {}


def unsafe_name(path: str) -> str | None:
    """Why a member's name must not be trusted, as the end of a sentence; None for a sound one.

    >>> unsafe_name("100CANON/IMG_0001.JPG"), unsafe_name("../../etc/passwd.jpg")
    (None, 'climbs out of its folder')
    """
    if not path or _CONTROL.search(path):
        return "is empty or holds control characters"
    if "\\" in path:
        return "holds a backslash"
    if path.startswith("/") or _DRIVE.match(path):
        return "is absolute"
    if any(part in ("..", ".", "") for part in path.rstrip("/").split("/")):
        return "climbs out of its folder"
    return None


def claims_picture(path: str) -> bool:
    """True for a name that ends like a JPEG, in any case; the little shadow files of macOS (`._x.jpg`) do not count."""
    name = PurePosixPath(path).name
    return name.lower().endswith(PICTURE_ENDINGS) and not name.startswith("._") and "__MACOSX/" not in path


def _unnamed(root: Path) -> Listing | None:
    """The finding for a folder or zip whose way is not UTF-8: no table could say where its pictures lie."""
    if _is_unicode(str(root)):
        return None
    shown = ascii(source_name(str(root)))[1:-1]
    what = f"{shown}: the name of the folder, or of one above it, is not Unicode; rename it and read it again"
    return Listing([], found("photos", "source_unreadable", "files", [shown], what))


# --- folders -----------------------------------------------------------------------------------------------------------


def _list_folder(root: Path) -> Listing:
    if not root.is_dir():
        raise UsageError(f"{root.name} is neither a folder nor a zip: give the folder of picture day, or a .zip of it")
    members, others, odd, closed = [], [], [], []
    for folder, below, files in os.walk(root, followlinks=False, onerror=lambda error: closed.append(error.filename)):
        links = [name for name in below if Path(folder, name).is_symlink()]
        below[:] = [name for name in below if name not in links]
        others += ["links"] * len(links)
        for name in files:
            full = Path(folder, name)
            path = full.relative_to(root).as_posix()
            if full.is_symlink():
                others.append("links")
            elif not claims_picture(path) or not full.is_file():
                others.append(path)
            elif unsafe_name(path) or not _is_unicode(path):
                odd.append(path)
            else:
                members.append(Member(str(root), path, full.stat().st_size))
    members.sort(key=lambda m: natural_key(m.path))
    findings = together(_skipped(root, others), _odd_names(root, odd), _closed(root, closed))
    return Listing(members, findings)


def _is_unicode(path: str) -> bool:
    """False for a name whose bytes are not UTF-8: no table, no database and no lab would take it."""
    return not any("\ud800" <= c <= "\udfff" for c in path)


def _odd_names(root: Path, odd: list[str]) -> pd.DataFrame:
    shown = [f"{source_name(str(root))}, {ascii(path)[1:-1]}" for path in sorted(odd)]
    return found("photos", "picture_name_odd", "files", shown, [f"{s}: the name cannot be kept" for s in shown])


def _closed(root: Path, closed: list[str]) -> pd.DataFrame:
    shown = [f"{source_name(str(root))}, {ascii(Path(path).name)[1:-1]}" for path in sorted(closed)]
    return found("photos", "source_unreadable", "files", shown, [f"{s}: the folder cannot be opened" for s in shown])


def _folder_bytes(root: Path, path: str, most_bytes: int | None) -> bytes:
    full = root.joinpath(*path.split("/"))
    if not full.resolve().is_relative_to(root.resolve()) or full.is_symlink():
        raise Refused(f"{root.name}/{path} is a link that leaves its folder; nothing was read")
    with full.open("rb") as file:
        return file.read() if most_bytes is None else file.read(most_bytes + 1)


# --- zips --------------------------------------------------------------------------------------------------------------


def _list_zip(root: Path, limits: Limits) -> Listing:
    try:
        with zipfile.ZipFile(root) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        what = f"{root.name} cannot be opened as a zip: {type(error).__name__}"
        return Listing([], found("photos", "source_unreadable", "files", [source_name(str(root))], what))
    members, others, refused = [], [], []
    seen: set[str] = set()
    total = 0
    for number, entry in enumerate(entries, start=1):
        # orig_filename is what the archive really says: ZipFile itself already cuts at NUL and turns \ round on Windows
        name = entry.orig_filename
        total += entry.file_size
        why = _unsafe_entry(entry, name, seen, limits)
        if number > limits.most_zip_members or total > limits.most_zip_bytes:
            refused.append((number, name, "and all after it are beyond the limits of one zip (members, size)"))
            break
        if why:
            refused.append((number, name, why))
        elif not entry.is_dir():
            seen.add(name.casefold())
            if claims_picture(name):
                members.append(Member(str(root), name, entry.file_size))
            else:
                others.append(name)
    members.sort(key=lambda m: natural_key(m.path))
    keys = [f"{source_name(str(root))}, member {number}" for number, _, _ in refused]
    details = [f"member {number} of {root.name} {why}; it was not read" for number, _, why in refused]
    return Listing(
        members, together(_skipped(root, others), found("photos", "zip_member_unsafe", "files", keys, details))
    )


def _unsafe_entry(entry: zipfile.ZipInfo, name: str, seen: set[str], limits: Limits) -> str | None:
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    if name.casefold() in seen:
        return "has the same name as another member, but for case"
    if entry.file_size > limits.most_bytes and claims_picture(name):
        return f"would unpack to {entry.file_size // 2**20} MB"
    # a JPEG hardly shrinks; only a file made of nothing shrinks by this much
    if entry.file_size > 2**20 and entry.file_size > limits.most_zip_ratio * max(entry.compress_size, 1):
        return f"would grow {entry.file_size // max(entry.compress_size, 1)}-fold when unpacked"
    return unsafe_name(name)


def _zip_bytes(archive: zipfile.ZipFile, path: str, most_bytes: int | None) -> bytes:
    try:
        entry = archive.getinfo(path)
    except KeyError:
        raise FileNotFoundError(path) from None
    most = entry.file_size if most_bytes is None else most_bytes
    with archive.open(entry) as file:
        return file.read(most + 1)  # never more than the archive itself declared


def _skipped(root: Path, others: list[str]) -> pd.DataFrame:
    """One note for each kind of file that was left out: thousands of thumbnails must not bury the rest."""
    by_ending: dict[str, list[str]] = {}
    for path in sorted(others, key=natural_key):
        ending = ascii(PurePosixPath(path).suffix.lower())[1:-1] or (path if path == "links" else "no ending")
        by_ending.setdefault(ending, []).append(path)
    keys = [f"{source_name(str(root))}, {ending}" for ending in sorted(by_ending)]
    details = [f"{len(by_ending[e])} files ({e}) in {root.name} are not JPEG pictures" for e in sorted(by_ending)]
    return found("photos", "file_skipped", "files", keys, details)
