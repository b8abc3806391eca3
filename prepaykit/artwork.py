"""Finished memory mates: rendered from their two frames, or handed in as files, and kept in the studio's folder `artwork/`.

An artwork lies under its own hash, so nothing is ever overwritten, and a plan that names it names these very bytes. A frame that is not the
file that was read (another picture may lie under its name by now) is refused; one bad file does not stop the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from prepaykit.adapters.composer import compose_memory_mate
from prepaykit.adapters.durable import disk_errors
from prepaykit.adapters.lab.jpeg import ORIENTATION, without_metadata
from prepaykit.adapters.pictures import opened_jpeg
from prepaykit.decide.revise import in_revision
from prepaykit.errors import NeighbourFailed, PrepaykitError, Refused, UsageError
from prepaykit.report.export import write_whole
from prepaykit.tables.state import JobState

OpenBytes = Callable[[str, str], bytes]
QUARTER_TURNS = (5, 6, 7, 8)  # of the EXIF orientation


def read_artwork(path: Path) -> bytes:
    """A finished artwork as it was handed in; refused now if the lab could not print it, not on the day it is sent."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"artwork {path.name} cannot be read: {error.strerror or type(error).__name__}") from None
    try:
        without_metadata(content, path.name)
    except Exception:  # whatever a decoder says about a hostile file
        raise UsageError(f"artwork {path.name} is not a sound JPEG: export the memory mate as JPEG") from None
    return content


def keep_artwork(folder: Path, job: str, content: bytes) -> tuple[str, str]:
    """Store a finished artwork under its own hash (so nothing is ever overwritten): path below the folder `artwork`, SHA-256."""
    digest = hashlib.sha256(content).hexdigest()
    path = folder / job / f"{digest[:32]}.jpg"
    if not path.exists():
        with disk_errors("the artwork could not be kept"):
            write_whole(path, content)
    return f"{job}/{path.name}", digest


def render_artwork(
    state: JobState,
    folder: Path,
    open_bytes: OpenBytes,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[dict[int, tuple[str, str]], dict[int, str]]:
    """Compose every memory mate in revision that has both pictures and no artwork yet: slot → artwork, and slot → why not."""
    queue = in_revision(state)
    queue = queue[queue["lacks"] == "artwork"].merge(
        state.frames[["frame_id", "root", "path", "sha256"]], on="frame_id", validate="m:1"
    )
    queue = queue.assign(crop=queue["crop"].fillna(""))  # without one, nothing is lacking
    pairs = queue.pivot(index="mate", columns="hole", values=["slot_id", "root", "path", "sha256", "crop"]).dropna()
    done: dict[int, tuple[str, str]] = {}
    not_made: dict[int, str] = {}
    for tried, (_, row) in enumerate(pairs.iterrows(), start=1):
        slot = int(row["slot_id", "mate_individual"])
        try:
            own, group = (
                _as_read(open_bytes, row["root", hole], row["path", hole], row["sha256", hole])
                for hole in ("mate_individual", "mate_group")
            )
            crops = tuple(row["crop", hole] or None for hole in ("mate_individual", "mate_group"))
            done[slot] = _composed(folder, state.name, own, group, crops)
        except (NeighbourFailed, Refused) as error:  # one bad file must not stop the others
            not_made[slot] = str(error)
        if on_progress is not None:
            on_progress(tried, len(pairs))
    return done, not_made


_COMPOSED: dict[tuple, tuple[str, str]] = {}
"""What this process has composed, by folder, job, pictures and crops: a panel makes its plan again and again, of the same memory mates."""


def _composed(folder: Path, job: str, own: bytes, group: bytes, crops: tuple[str | None, ...]) -> tuple[str, str]:
    key = (folder, job, hashlib.sha256(own).digest(), hashlib.sha256(group).digest(), *crops)
    if key not in _COMPOSED or not (folder / _COMPOSED[key][0]).exists():
        sheet = compose_memory_mate(own, group, individual_crop=crops[0], group_crop=crops[1])
        _COMPOSED[key] = keep_artwork(folder, job, sheet)
    return _COMPOSED[key]


def turned_frames(state: JobState, frame_ids: Iterable[int], open_bytes: OpenBytes) -> set[int]:
    """Of these frames those that the camera marked as turned by a quarter: their file is as wide as the picture is high.

    A frame that cannot be opened is taken as it lies; the lab will not take it either.
    """
    turned = set()
    for frame in state.frames[state.frames["frame_id"].isin(list(frame_ids))].itertuples():
        with suppress(PrepaykitError), opened_jpeg(open_bytes(frame.root, frame.path), frame.path) as picture:
            if picture.getexif().get(ORIENTATION, 1) in QUARTER_TURNS:
                turned.add(int(frame.frame_id))
    return turned


def _as_read(open_bytes: OpenBytes, root: str, path: str, sha256: str) -> bytes:
    """The bytes of a frame, if they are still those that were read: another picture may lie under its name by now."""
    content = open_bytes(root, path)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Refused(f"frame {path} is not the file that was read")
    return content
