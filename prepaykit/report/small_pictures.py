"""Small pictures of frames for pages that show hundreds: from the studio's thumbnails, made on the fly where there are none.

A thumbnail (512 pixels) that is not there yet is made from the file as shot and kept, so that the next look is quick. A frame that cannot
be shown, because its file is gone, changed or damaged, has no picture; the page goes on.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from PIL import ExifTags, Image

from prepaykit.errors import PrepaykitError
from prepaykit.intake.thumbnails import EDGE, small_upright, thumbnail_path, write_thumbnail

SMALL = (
    256,
    172,
)  # width and height in which a tile must fit; half a thumbnail, so that the decoder itself makes it small
LARGE = (512, 512)
QUALITY = 72


@dataclass(frozen=True)
class Small:
    """A JPEG of a few kilobytes."""

    content: bytes
    width: int
    height: int


def small_pictures(
    frames: pd.DataFrame,
    *,
    thumbs: Path,
    open_bytes: Callable[[str, str], bytes],
    executor: Executor | None = None,
    fit: tuple[int, int] = SMALL,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[int, Small]:
    """The small picture of each frame that has one, by its key. `frames`: rows of the catalog's table. `thumbs`: folder of the cache.

    `fit`: width and height in which it must fit, at most those of a thumbnail. `on_progress(done, total)` is called in this thread as
    pictures are made.
    """
    rows = frames.loc[frames["sha256"].notna() & frames["width"].notna(), ["frame_id", "root", "path", "sha256"]]

    def one(row: tuple[int, str, str, str]) -> tuple[int, Small | None]:
        number, root, path, sha256 = row
        return number, _small(thumbs, root, path, sha256, open_bytes, fit)

    with ExitStack() as stack:
        executor = executor or stack.enter_context(ThreadPoolExecutor(os.cpu_count() or 2))
        made = {}
        for done, (number, small) in enumerate(executor.map(one, rows.itertuples(index=False, name=None)), start=1):
            made[number] = small
            if on_progress is not None:
                on_progress(done, len(rows))
    return {number: small for number, small in made.items() if small is not None}


def _small(
    thumbs: Path, root: str, path: str, sha256: str, open_bytes: Callable[[str, str], bytes], fit: tuple[int, int]
) -> Small | None:
    try:
        kept = thumbnail_path(thumbs, sha256)
        if not kept.exists():
            _make(thumbs, sha256, open_bytes(root, path))
        with Image.open(kept, formats=["JPEG"]) as picture:
            picture.draft("RGB", fit)
            small = picture.convert("RGB")
    except (PrepaykitError, OSError, ValueError, Image.DecompressionBombError):
        return None
    small.thumbnail(fit, reducing_gap=2.0)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=QUALITY)
    return Small(out.getvalue(), *small.size)


def _make(thumbs: Path, sha256: str, content: bytes) -> None:
    """Keep the thumbnail of a file as shot; one that holds other bytes than were read gives none."""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError("the file has other bytes than were read")
    with Image.open(io.BytesIO(content), formats=["JPEG"]) as picture:
        orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)
        picture.draft("RGB", (EDGE, EDGE))
        write_thumbnail(thumbs, sha256, small_upright(picture.convert("RGB"), orientation))
