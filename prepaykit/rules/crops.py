"""Crops: which part of a frame is printed, and what a lab cuts off if nobody says.

Problem. A frame is 2:3, a 5x7 is 5:7 and an 8x10 is 4:5: something of the picture is always lost, and a lab cuts it from both sides
alike, through a raised hand if it is there. Rule. A crop is a rectangle of the **upright** frame (as the camera meant it), `x,y,w,h` as
fractions of its width and height, from its left upper corner; so it means the same at any size of the picture. It lies inside the
frame and has the shape of the print, upright or lying, within `TOLERANCE`; the hole of a memory mate cannot be turned. Fewer than
`LEAST_DPI` pixels per inch on the print is told, not refused: the picture may be wanted all the same. Without a crop, `default_crop`
says what the lab would keep: as much as fits, from the middle. A print whose size is not told as two numbers takes any shape.

Worked case. A frame of 4000 x 6000 pixels for a 5x7: 6000 rows of 4000 are 2:3, the print is 5:7, so 400 rows go: `0,0.0333333,1,0.9333333`.
Known limits: a crop is not turned by degrees. Source: domain.md 4 (rows 14, 29).
"""

from __future__ import annotations

import math
import re

from prepaykit.tables.crop import WHOLE, Crop, format_crop, parse_crop, pixel_box

__all__ = [
    "LEAST_DPI", "MATE_INCHES", "WHOLE", "Crop", "default_crop", "dots_per_inch", "fitted_crop", "format_crop", "is_fixed", "lost_percent",
    "parse_crop", "pixel_box", "print_inches", "wrong_shape",
]  # fmt: skip

LEAST_DPI, TOLERANCE = 200, 0.01
MATE_INCHES = {"mate_individual": (3.22, 4.6), "mate_group": (6.44, 4.6)}
"""The holes of the 8x10 memory mate as the composer leaves them: 3.5x5 and 7x5 at 92 %."""
_SIZE = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)\s*[x×X]\s*(\d+(?:\.\d+)?)(?![\d.])")


def print_inches(size: str | None, hole: str = "individual") -> tuple[float, float] | None:
    """Width and height of a print in inches, as it stands in the price list; None if that does not say.

    >>> print_inches("5x7"), print_inches("wallets 2 x 3 (8)"), print_inches("large"), print_inches("8x10", "mate_group")
    ((5.0, 7.0), (2.0, 3.0), None, (6.44, 4.6))
    """
    if hole in MATE_INCHES:
        return MATE_INCHES[hole]
    found = _SIZE.search(size) if isinstance(size, str) and hole != "digital" else None
    sides = (float(found[1]), float(found[2])) if found else (0.0, 0.0)
    return sides if min(sides) > 0 else None


def is_fixed(hole: str) -> bool:
    """Can the print not be turned? The holes of a memory mate cannot."""
    return hole in MATE_INCHES


def default_crop(frame_w: int, frame_h: int, print_w: float, print_h: float, *, fixed: bool = False) -> Crop:
    """What a lab keeps of an upright frame if nobody says: as much as fits, from the middle. `fixed`: the print is not turned.

    >>> format_crop(default_crop(4000, 6000, 7, 5)), format_crop(default_crop(6000, 4000, 8, 10))
    ('0,0.0333333,1,0.9333333', '0.0833333,0,0.8333333,1')
    """
    return fitted_crop(WHOLE, frame_w, frame_h, print_w, print_h, fixed=fixed)


def fitted_crop(crop: Crop, frame_w: int, frame_h: int, print_w: float, print_h: float, *, fixed: bool = False) -> Crop:
    """The largest part of a crop that has the shape of the print, from its middle."""
    width, height = crop.w * frame_w, crop.h * frame_h
    wanted = _shape(width, height, print_w, print_h, fixed=fixed)
    w = crop.w * min(1.0, wanted * height / width)
    h = crop.h * min(1.0, width / height / wanted)
    return Crop(crop.x + (crop.w - w) / 2, crop.y + (crop.h - h) / 2, w, h)


def lost_percent(crop: Crop) -> float:
    """How much of the frame is outside, in percent.

    >>> round(lost_percent(default_crop(4000, 6000, 8, 10)), 1)
    16.7
    """
    return 100 * max(0.0, 1 - crop.w * crop.h)


def wrong_shape(crop: Crop, frame_w: int, frame_h: int, print_w: float, print_h: float, *, fixed: bool = False) -> str:
    """Why a crop does not have the shape of the print, with one that has; an empty text if it has.

    >>> wrong_shape(Crop(0, 0, 1, 0.5), 4000, 6000, 5, 7)
    'it is 4000 x 3000 pixels, 1.333 to 1; a print of 5x7 is 1.4 to 1: 0,0.0119048,1,0.4761905 would fit'
    """
    width, height = crop.w * frame_w, crop.h * frame_h
    wanted = _shape(width, height, print_w, print_h, fixed=fixed)
    if abs(math.log(width / height / wanted)) <= TOLERANCE:
        return ""
    near = format_crop(fitted_crop(crop, frame_w, frame_h, print_w, print_h, fixed=fixed))
    return (f"it is {width:.0f} x {height:.0f} pixels, {width / height:.4g} to 1; a print of {print_w:g}x{print_h:g} "
            f"is {wanted:.4g} to 1: {near} would fit")  # fmt: skip


def dots_per_inch(crop: Crop, frame_w: int, frame_h: int, print_w: float, print_h: float) -> float:
    """Pixels per inch on the print, whichever way the frame and the print are turned.

    >>> round(dots_per_inch(default_crop(4000, 6000, 5, 7), 4000, 6000, 5, 7))
    800
    """
    return math.sqrt(crop.w * frame_w * crop.h * frame_h / (print_w * print_h))


def _shape(width: float, height: float, print_w: float, print_h: float, *, fixed: bool) -> float:
    """Width to height of the print, turned as the picture lies."""
    as_told, turned = print_w / print_h, print_h / print_w
    return as_told if fixed or (width >= height) == (as_told >= 1) else turned
