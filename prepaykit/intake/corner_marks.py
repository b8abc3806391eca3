"""Find the corner marks of QR symbols, to notice the card that the reader did not see at all.

Problem. A thumb or a lamp's reflection over one of the three corner marks, and the QR reader reports nothing: no text, no broken
symbol. The card would pass for a frame, and a child's pictures would go to the child before.

Rule. A corner mark is a dark square in a light ring in a dark ring: along any line through its middle dark and light follow each
other as 1:1:3:1:1. Two scales of the grey picture are scanned along some of their rows for that ratio, each hit is compared
with the whole mark (9 × 9 modules, its light surround included), and hits on one mark are taken together. A picture without
a symbol has hardly ever one mark, and next to never two of one size: those make the frame suspicious.

Known limits: symbols narrower than about 4 % of the frame, blurred by more than half a module or bent strongly, are not seen.
Nothing is decoded here. Source: photos.md 3 (silent misses).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

# a scale is scanned for marks whose module is this many pixels there
LEAST_MODULE, MOST_MODULE = 1.6, 14.0
FINE = 1500  # pixels along the long edge, of the finer scale
STEP = 4  # every fourth row is scanned; the coarser scale is four times coarser
CELLS = (
    32,
    14,
)  # dark is what is darker than its surroundings: so many pixels, and again fewer, for a card half in the shade
LIKE_A_LINE, LIKE_A_MARK = 0.7, 0.75  # correlation with the drawing

_AXIS = np.arange(-4, 5)
_RING = np.maximum(np.abs(_AXIS)[:, None], np.abs(_AXIS)[None, :])
_MARK = np.where((_RING <= 1) | (_RING == 3), -1.0, 1.0)
_RATIO = np.array([1, 1, 3, 1, 1])[:, None]
_ANGLES = np.deg2rad(np.arange(-45, 45, 15))  # a mark looks the same after a quarter turn
_SHIFTS = np.array([-1.2, -0.6, 0.0, 0.6, 1.2])
_HEIGHTS = np.array([0.7, 0.85, 1.0, 1.2, 1.45])  # of a module, over its width: a card tipped away is lower
_DARKER = [max(0, round(v * 0.92 - 3)) for v in range(256)]


@dataclass(frozen=True)
class Mark:
    """A corner mark: its middle and the width of a module in pixels of the picture given, and how like a mark it is (0 to 1)."""

    x: float
    y: float
    module: float
    likeness: float


def corner_marks(grey: np.ndarray) -> list[Mark]:
    """The corner marks of QR symbols in a grey picture (height × width of uint8), the likest first.

    >>> corner_marks(np.full((480, 640), 200, dtype=np.uint8))
    []
    """
    factor = max(1, round(max(grey.shape) / FINE))
    if min(grey.shape) // factor < CELLS[0]:
        return []
    rows = _scanned(grey, factor)
    coarse = Image.fromarray(rows).reduce((STEP, 1))  # as high as it has rows: the picture, 4 times coarser again
    whole = np.asarray(coarse)
    fine = [_ratios(dark, STEP) * factor for dark in _darker(rows, coarse, 1 / STEP)]
    broad = [_ratios(dark, 1) * (factor * STEP) for dark in _darker(whole, coarse, 1)]
    return _distinct(_compared(grey, *np.concatenate(fine + broad, axis=1)))


# --- along the rows ----------------------------------------------------------------------------------------------------


def _scanned(grey: np.ndarray, factor: int) -> np.ndarray:
    """Every fourth row of the picture made `factor` times smaller, each point the mean of four of its pixels."""
    high, wide = grey.shape[0] // (factor * STEP) * factor * STEP, grey.shape[1] // (factor * STEP) * factor * STEP
    if factor == 1:
        return np.ascontiguousarray(grey[:high:STEP, :wide])
    both = (grey[: high : factor * STEP, :wide] >> 1) + (grey[factor // 2 : high : factor * STEP, :wide] >> 1)
    return (both[:, ::factor] >> 1) + (both[:, factor // 2 :: factor] >> 1)


def _darker(points: np.ndarray, coarse: Image.Image, scale: float) -> Iterator[np.ndarray]:
    """Which scanned points are dark: a little darker than the mean around them, for each size of surroundings."""
    high, wide = points.shape
    repeats = 4 if wide % 4 == 0 else 1
    for cell in CELLS:
        mean = coarse.reduce(max(1, round(cell * scale))).point(_DARKER)
        mean = np.asarray(mean.resize((wide // repeats, high), Image.Resampling.BILINEAR))
        if repeats == 4:  # each four times, side by side
            mean = (mean * np.uint32(0x01010101)).view(np.uint8)
        yield points < mean


def _ratios(dark: np.ndarray, step: int) -> np.ndarray:
    """Where dark and light follow each other as 1:1:3:1:1 along a row: middle x, y and module."""
    wide = dark.shape[1]
    dark[:, 0] = dark[:, -1] = False
    flat = dark.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1  # at even places dark begins; both ends of a row are light
    if len(edges) < 6:
        return np.empty((3, 0))
    run = np.diff(edges)
    first = np.arange(0, len(run) - 4, 2)
    parts = np.stack([run[first + i] for i in range(5)])
    module = parts.sum(0) / 7
    is_mark = (np.abs(parts - _RATIO * module) <= np.maximum(0.55 * module, 1.0) * np.sqrt(_RATIO)).all(0)
    is_mark &= (module >= LEAST_MODULE) & (module <= MOST_MODULE)
    start, module = edges[first[is_mark]], module[is_mark]
    return np.stack([start % wide + module * 3.5, start // wide * step + 0.5, module])


# --- the whole mark ----------------------------------------------------------------------------------------------------


def _compared(grey: np.ndarray, x: np.ndarray, y: np.ndarray, module: np.ndarray) -> list[Mark]:
    """Of the hits along rows those that look like a mark in both directions, and then as a whole."""
    if not len(x):
        return []
    high = (module[:, None] * _HEIGHTS)[:, None, :]  # hit × shift × height
    middle = y[:, None, None] + _SHIFTS[:, None] * high
    likeness = _likeness(grey, x[:, None, None, None], middle[..., None] + high[..., None] * _AXIS, _MARK[4])
    best = likeness.reshape(len(x), -1).argmax(1)
    keep = likeness.reshape(len(x), -1).max(1) > LIKE_A_LINE
    pick = np.arange(len(x)), best
    y, tall = (
        middle.reshape(len(x), -1)[pick][keep],
        np.broadcast_to(high, middle.shape).reshape(len(x), -1)[pick][keep],
    )
    x, module = x[keep], module[keep]

    across = (
        x[:, None] + _SHIFTS * module[:, None] / 2
    )  # the row hit was not through the middle: look again along one that is
    likeness = _likeness(grey, across[..., None] + module[:, None, None] * _AXIS, y[:, None, None], _MARK[4])
    x = across[np.arange(len(x)), likeness.argmax(1)] if len(x) else x

    u, v = np.tile(_AXIS, 9), np.repeat(_AXIS, 9)
    cos, sin = np.cos(_ANGLES)[:, None], np.sin(_ANGLES)[:, None]
    turned_x, turned_y = (
        cos * (cos * u - sin * v),
        cos * (sin * u + cos * v),
    )  # a line through a turned mark is longer by 1 / cos
    likeness = _likeness(grey, x[:, None, None] + module[:, None, None] * turned_x,
                         y[:, None, None] + tall[:, None, None] * turned_y, _MARK.ravel())  # fmt: skip
    likeness = likeness.max(1, initial=0)
    rows = zip(x, y, (module + tall) / 2, likeness, strict=True)
    return [Mark(*map(float, row)) for row in rows if row[3] > LIKE_A_MARK]


def _likeness(grey: np.ndarray, x: np.ndarray, y: np.ndarray, drawing: np.ndarray) -> np.ndarray:
    """How alike the picture at these points and the drawing are, whatever the light: 1 the same, 0 unlike or without contrast."""
    rows = np.clip(y.astype(np.intp), 0, grey.shape[0] - 1)
    columns = np.clip(x.astype(np.intp), 0, grey.shape[1] - 1)
    points = grey[rows, columns].astype(np.float32)
    points -= points.mean(-1, keepdims=True)
    drawing = (drawing - drawing.mean()).astype(np.float32)
    drawing /= np.sqrt((drawing**2).sum())
    spread = np.sqrt((points**2).sum(-1))
    return (points @ drawing) / np.maximum(spread, 6.0 * np.sqrt(points.shape[-1]))


def _distinct(marks: list[Mark]) -> list[Mark]:
    """Each mark once: the likest of all hits within it."""
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda m: -m.likeness):
        if all(max(abs(mark.x - k.x), abs(mark.y - k.y)) > 3.5 * max(k.module, mark.module) for k in kept):
            kept.append(mark)
    return kept
