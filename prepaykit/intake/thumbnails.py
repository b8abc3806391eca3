"""Small upright pictures of the frames, kept beside the studio, and a fingerprint of how a frame looks.

A thumbnail is named by the SHA-256 of its frame (`thumbs/ab/ab12….jpg`), so it never shows another picture, two files of the same bytes share
one, and a picture that was made is never made again. It is 512 pixels along the long edge, upright, and carries no metadata: neither
names nor places leave with it. It is written beside its place and moved there, so a half-written one is never seen.

The fingerprint (`look_hash`) is a 64-bit difference hash of the upright picture: two frames of which at most a few bits differ look the same.
Compare with `prepaykit.rules.looks.look_distance`. Source: photos.md 3.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

EDGE = 512
_SHA256 = re.compile(r"[0-9a-f]{64}")

_UPRIGHT = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,), 3: (Image.Transpose.ROTATE_180,), 4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,), 6: (Image.Transpose.ROTATE_270,), 7: (Image.Transpose.TRANSVERSE,), 8: (Image.Transpose.ROTATE_90,),
}  # fmt: skip


def thumbnail_path(folder: str | os.PathLike[str], sha256: str) -> Path:
    """Where the thumbnail of the frame with these bytes lies (or would lie) in the folder of thumbnails.

    >>> thumbnail_path("thumbs", "ab" * 32).as_posix()[:14]
    'thumbs/ab/abab'
    """
    if not _SHA256.fullmatch(sha256):
        raise ValueError("a SHA-256 is 64 hexadecimal digits in small letters")
    return Path(folder, sha256[:2], f"{sha256}.jpg")


def upright(picture: Image.Image, orientation: int) -> Image.Image:
    """The picture turned as EXIF orientation says."""
    for turn in _UPRIGHT.get(orientation, ()):
        picture = picture.transpose(turn)
    return picture


def small_upright(picture: Image.Image, orientation: int, *, every: int = 1) -> Image.Image:
    """The picture at most 512 pixels along the long edge, upright, in RGB or grey. `every`: only every so manyth of its rows is in `picture`."""
    wide, high = picture.width, picture.height * every
    factor = max(1, max(wide, high) // EDGE)
    small = picture.reduce((factor, max(1, factor // every))) if factor > 1 else picture
    small = small.convert("RGB") if small.mode in ("RGBA", "RGBX") else small
    scale = min(1.0, EDGE / max(wide, high))
    size = max(1, round(wide * scale)), max(1, round(high * scale))
    return upright(small.resize(size, Image.Resampling.BILINEAR) if size != small.size else small, orientation)


def write_thumbnail(folder: str | os.PathLike[str], sha256: str, small: Image.Image) -> Path:
    """Write the thumbnail if it is not there; whole or not at all. Gives its path."""
    path = thumbnail_path(folder, sha256)
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            small.save(file, "JPEG", quality=82)
        Path(made).replace(path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise
    return path


def look_hash(small: Image.Image) -> str:
    """How a picture looks, as 16 hexadecimal digits: whether each of 64 places is darker than the one to its right.

    >>> look_hash(Image.new("RGB", (512, 341), "grey"))
    '0000000000000000'
    """
    grey = np.asarray(small.convert("L").resize((9, 8), Image.Resampling.BOX))
    return np.packbits(grey[:, 1:] > grey[:, :-1]).tobytes().hex()
