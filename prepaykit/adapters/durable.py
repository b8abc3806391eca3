"""Writing files so that they are on the disk when we say so, and are never seen half-written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prepaykit.errors import NeighbourFailed

try:
    import fcntl
except ImportError:  # Windows: one drain at a time is then up to the operator
    fcntl = None


def write_durably(path: Path, content: bytes) -> None:
    """Write a file and wait until it is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Wait until the entries of a folder are on the disk."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Be the only program that writes into a folder; others wait. A killed program leaves nothing locked."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".prepaykit.lock").open("wb") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Tell a full or missing disk as a neighbour's failure."""
    try:
        yield
    except OSError as error:
        raise NeighbourFailed(f"{what}: {error.strerror or type(error).__name__}") from None


def file_name(key: str) -> str:
    """A key of the outbox as a plain file name: letters, digits, `.`, `_` and hyphens.

    >>> file_name("maple-grove-2026/batch/7")
    'maple-grove-2026-batch-7'
    """
    name = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in key).strip(".-_")
    if not name:
        raise NeighbourFailed(f"no file name can be made of the key {key!r}")
    return name
