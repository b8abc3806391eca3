"""A crop as it is written: the part of an upright frame that is printed. What shape it must have: `prepaykit.rules.crops`."""

from __future__ import annotations

import re
from typing import NamedTuple

from prepaykit.errors import UsageError

DECIMALS = 7


class Crop(NamedTuple):
    """A part of the upright frame, in fractions of its width and height."""

    x: float
    y: float
    w: float
    h: float


WHOLE = Crop(0.0, 0.0, 1.0, 1.0)


def parse_crop(text: str) -> Crop:
    """Read `x,y,w,h`. Raises UsageError unless they are four fractions whose rectangle lies inside the frame.

    >>> parse_crop("0, 0.1, 1, 0.8")
    Crop(x=0.0, y=0.1, w=1.0, h=0.8)
    """
    parts = [part.strip() for part in str(text).split(",")]
    if len(parts) != 4 or not all(re.fullmatch(r"\d*\.?\d+(?:[eE]-\d+)?", part) for part in parts):
        raise UsageError(f"a crop is x,y,w,h as fractions of the upright frame, such as 0,0.1,1,0.8; got {text!r}")
    crop = Crop(*map(float, parts))
    hair = 10**-DECIMALS * 2
    if crop.w <= 0 or crop.h <= 0 or crop.x + crop.w > 1 + hair or crop.y + crop.h > 1 + hair:
        raise UsageError(f"crop {text}: it is no part of the frame; x + w and y + h are at most 1, w and h more than 0")
    return Crop(crop.x, crop.y, min(crop.w, 1 - crop.x), min(crop.h, 1 - crop.y))


def format_crop(crop: Crop) -> str:
    """Write a crop the one way it is stored.

    >>> format_crop(Crop(0, 1 / 30, 1, 14 / 15))
    '0,0.0333333,1,0.9333333'
    """
    return ",".join(f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".") or "0" for value in crop)


def pixel_box(crop: Crop, frame_w: int, frame_h: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a crop in pixels of the upright frame: never empty, never outside.

    >>> pixel_box(Crop(0, 1 / 30, 1, 14 / 15), 4000, 6000)
    (0, 200, 4000, 5800)
    """
    left, right = _edges(crop.x, crop.w, frame_w)
    top, bottom = _edges(crop.y, crop.h, frame_h)
    return left, top, right, bottom


def _edges(start: float, length: float, size: int) -> tuple[int, int]:
    low = min(round(start * size), size - 1)
    return low, min(max(round((start + length) * size), low + 1), size)
