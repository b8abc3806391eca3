"""Bags (RFC 8493): a folder whose manifest says which files belong to it and what is in them.

`data/` holds the payload, `manifest-sha256.txt` its checksums, `tagmanifest-sha256.txt` those of the files about the bag. A
bag is complete if every listed file is there and no other, and valid if every checksum holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from prepaykit.adapters.durable import sync_folder, write_durably
from prepaykit.errors import NeighbourFailed

MANIFEST, TAG_MANIFEST, INFO, DECLARATION = "manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt", "bagit.txt"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(folder: Path, info: Mapping[str, str]) -> None:
    """Turn a folder with `data/` into a bag and wait until all of it is on the disk."""
    files = sorted(p for p in (folder / "data").rglob("*") if p.is_file())
    size = sum(p.stat().st_size for p in files)
    _write(folder, DECLARATION, "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    lines = {**info, "Payload-Oxum": f"{size}.{len(files)}"}
    _write(folder, INFO, "".join(f"{k}: {' '.join(str(v).split())}\n" for k, v in lines.items()))
    _write(folder, MANIFEST, _manifest(folder, files))
    _write(folder, TAG_MANIFEST, _manifest(folder, [folder / name for name in (INFO, DECLARATION, MANIFEST)]))
    for inner in sorted(p for p in folder.rglob("*") if p.is_dir()):
        sync_folder(inner)
    sync_folder(folder)


def check(folder: Path) -> None:
    """Raise NeighbourFailed unless the bag is complete and valid; the message names the first file that is not as written."""
    for manifest in (TAG_MANIFEST, MANIFEST):
        for path, digest in read_manifest(folder, manifest).items():
            if not (folder / path).is_file():
                raise NeighbourFailed(f"package {folder.name}: {path} is missing")
            if sha256_of(folder / path) != digest:
                raise NeighbourFailed(f"package {folder.name}: {path} is not as it was written")
    there = {p.relative_to(folder).as_posix() for p in (folder / "data").rglob("*") if p.is_file()}
    if extra := sorted(there - set(read_manifest(folder, MANIFEST))):
        raise NeighbourFailed(f"package {folder.name}: {extra[0]} does not belong to it")


def read_manifest(folder: Path, name: str = MANIFEST) -> dict[str, str]:
    """Path in the bag → SHA-256."""
    try:
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        return {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
    except (OSError, ValueError):
        raise NeighbourFailed(f"package {folder.name}: {name} is missing or unreadable") from None


def read_info(folder: Path) -> dict[str, str]:
    """The lines of `bag-info.txt`."""
    try:
        lines = (folder / INFO).read_text(encoding="utf-8").splitlines()
    except OSError:
        raise NeighbourFailed(f"package {folder.name}: {INFO} is missing") from None
    return {k: v for k, _, v in (line.partition(": ") for line in lines)}


def _manifest(folder: Path, files: list[Path]) -> str:
    return "".join(f"{sha256_of(p)}  {p.relative_to(folder).as_posix()}\n" for p in files)


def _write(folder: Path, name: str, text: str) -> None:
    write_durably(folder / name, text.encode())
