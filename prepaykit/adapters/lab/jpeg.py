"""A picture as shot, without what a camera wrote beside it: place, time, serial numbers, comments, previews.

Lossless where that is possible: the segments are cut out and the picture data stay as they are, to the byte. A picture that
the camera only marked as turned is turned and encoded again, since the mark goes with the rest; so is one that a person cropped. The colour
profile stays.
"""

from __future__ import annotations

import io

from PIL import ImageOps

from prepaykit.adapters.pictures import opened_jpeg
from prepaykit.tables.crop import parse_crop, pixel_box

ORIENTATION = 0x0112
QUALITY = 95
_EOI, _SOS = 0xD9, 0xDA
_ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length: TEM and the restarts


def without_metadata(content: bytes, name: str, *, crop: str | None = None) -> bytes:
    """The picture upright and without metadata, or the part of it that a crop (`x,y,w,h`) says.

    The same bytes and crop give the same bytes. Raises NeighbourFailed, naming it by `name`, when it is too large or damaged.
    """
    with opened_jpeg(content, name) as picture:
        if crop is None and picture.getexif().get(ORIENTATION, 1) == 1:
            return _stripped(content)
        upright = ImageOps.exif_transpose(picture)
        if crop is not None:
            upright = upright.crop(pixel_box(parse_crop(crop), *upright.size))
        profile = picture.info.get("icc_profile")
        upright.info = {}
        out = io.BytesIO()
        upright.save(out, "JPEG", quality=QUALITY, subsampling=0, icc_profile=profile)
        return out.getvalue()


def _stripped(content: bytes) -> bytes:
    """Copy the segments that make the picture and stop at its end: phones append further pictures with their own metadata."""
    out, at = bytearray(content[:2]), 2
    while True:
        while content[at] == 0xFF and content[at + 1] == 0xFF:
            at += 1  # fill bytes
        if content[at] != 0xFF:
            raise ValueError("no marker where one is due")
        marker = content[at + 1]
        if marker == _EOI:
            return bytes(out + content[at : at + 2])
        if marker in _ALONE:
            out += content[at : at + 2]
            at += 2
            continue
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4])
        if _is_kept(marker, content[at + 4 : end]):
            out += content[at:end]
        if marker == _SOS:
            start, end = end, _end_of_scan(content, end)
            out += content[start:end]
        at = end


def _is_kept(marker: int, body: bytes) -> bool:
    if marker == 0xE0:
        return body.startswith(b"JFIF\0")
    if marker == 0xE2:
        return body.startswith(b"ICC_PROFILE\0")
    if marker == 0xEE:
        return body.startswith(b"Adobe")  # says how the colours are coded
    return not (0xE0 <= marker <= 0xEF or marker == 0xFE)


def _end_of_scan(content: bytes, at: int) -> int:
    """Where the next segment begins: 0xFF in picture data is followed by 0 or is a restart."""
    while True:
        at = content.index(b"\xff", at)
        following = content[at + 1]
        if following == 0 or following in _ALONE:
            at += 2
        elif following == 0xFF:
            at += 1
        else:
            return at
