"""Read the QR codes of a grey picture, and notice the card that could not be read.

One look with zxing-cpp finds nearly every card and reports symbols that it saw but could not read. What it did not see at all is
looked for by the corner marks (`corner_marks`). Only where there is either does the work go on: the place is cut out,
brought to a few scales, its light evened out, and, where a thumb or a reflection hides the third corner mark, that mark is drawn in
(the data under it are not touched: the code's own error correction and its check symbols decide); then the whole picture is tried at other
scales and filters. So the thousands of frames without a card cost nothing more.

What stays unread is an alarm: an unread card is the worst failure there is, because a child's frames would go to the child
before. `suspicion` says what was seen. Source: photos.md 1 and 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from prepaykit.intake.corner_marks import Mark, corner_marks

SMALL_EDGE = 1200
MODULE_SIZES = (5.0, 3.2, 8.0)  # pixels that a module is given in a cut-out
SURE = 0.9  # one corner mark alone raises the alarm when it is so like a mark; else it is only noted

# what `suspicion` can say
BROKEN, TWO_MARKS, ONE_MARK, ANOTHER = "symbol not read", "corner marks", "one corner mark", "another symbol not read"


@dataclass(frozen=True)
class Symbols:
    """`texts`: what was read, each once, from top to bottom. `is_broken`: a symbol was seen and none could be read (the alarm).
    `suspicion`: what was seen and not read, or None; with nothing read and no alarm it is a faint one."""

    texts: tuple[str, ...]
    is_broken: bool
    suspicion: str | None = None


@dataclass(frozen=True)
class Seen:
    """One look: texts, the outlines of symbols that were read (left, top, right, bottom), and whether others are broken."""

    texts: tuple[str, ...]
    outlines: tuple[tuple[int, int, int, int], ...]
    is_broken: bool


def read_symbols(grey: np.ndarray, *, every_rung: bool = False) -> Symbols:
    """Read every QR code of a grey picture (height × width of uint8); say what was seen that cannot be read.

    `every_rung`: try all scales and filters although nothing is suspicious; takes some twenty times as long.

    >>> read_symbols(np.full((64, 64), 255, dtype=np.uint8))
    Symbols(texts=(), is_broken=False, suspicion=None)
    """
    seen = look(grey)
    marks = [m for m in corner_marks(grey) if not any(_within(m, outline) for outline in seen.outlines)]
    groups = _groups(marks)
    is_suspicious = seen.is_broken or bool(groups)
    texts = seen.texts
    if is_suspicious or every_rung:
        found = _climb(
            grey,
            groups,
            every_rung=every_rung,
            whole=every_rung or (not texts and (seen.is_broken or any(len(g) > 1 for g in groups))),
        )
        texts = tuple(dict.fromkeys((*texts, *found)))
    new = len(texts) > len(seen.texts)
    if texts:
        is_left = not new and (seen.is_broken or any(len(g) > 1 for g in groups))
        return Symbols(texts, False, ANOTHER if is_left else None)
    # print and checkerboards look broken to the reader now and then, but have no corner marks: those are only noted
    is_alarm = any(seen.is_broken or len(g) > 1 or g[0].likeness >= SURE for g in groups)
    return Symbols((), is_alarm, _suspicion(seen, groups))


def look(picture: np.ndarray | Image.Image) -> Seen:
    """One look of zxing-cpp at a grey picture."""
    symbols = zxingcpp.read_barcodes(
        picture, formats=zxingcpp.BarcodeFormat.QRCode, text_mode=zxingcpp.TextMode.Plain, return_errors=True
    )
    read = [s for s in symbols if s.valid and s.text.strip()]
    in_order = sorted((s.position.top_left.y, s.position.top_left.x, s.text) for s in read)
    return Seen(
        tuple(dict.fromkeys(text for *_, text in in_order)),
        tuple(_outline(s.position) for s in read),
        any(not s.valid for s in symbols),
    )


def _suspicion(seen: Seen, groups: list[list[Mark]]) -> str | None:
    if seen.is_broken:
        return BROKEN
    if not groups:
        return None
    return TWO_MARKS if any(len(group) > 1 for group in groups) else ONE_MARK


# --- corner marks of one symbol ----------------------------------------------------------------------------------------


def _outline(position: zxingcpp.Position) -> tuple[int, int, int, int]:
    points = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    xs, ys = [p.x for p in points], [p.y for p in points]
    return min(xs), min(ys), max(xs), max(ys)


def _within(mark: Mark, outline: tuple[int, int, int, int]) -> bool:
    left, top, right, bottom = outline
    slack = 2 * mark.module
    return left - slack <= mark.x <= right + slack and top - slack <= mark.y <= bottom + slack


def _groups(marks: list[Mark]) -> list[list[Mark]]:
    """Marks that can be of one symbol: of one size, and as far apart as corners are."""
    groups: list[list[Mark]] = []
    for mark in marks[:30]:
        for group in groups:
            first = group[0]
            apart = np.hypot(mark.x - first.x, mark.y - first.y) / max(mark.module, first.module)
            if max(mark.module, first.module) < 1.6 * min(mark.module, first.module) and 7 < apart < 60:
                group.append(mark)
                break
        else:
            groups.append([mark])
    return sorted(groups, key=len, reverse=True)[:4]


# --- the ladder --------------------------------------------------------------------------------------------------------


def _climb(grey: np.ndarray, groups: list[list[Mark]], *, every_rung: bool, whole: bool) -> list[str]:
    """Rung by rung until something is read: the suspicious places first, then the whole picture."""
    found: list[str] = []
    for group in groups:
        for view in _cut_outs(grey, group):
            seen = look(view)
            found += seen.texts
            if seen.texts:
                break
    if whole and (every_rung or not found):
        for view in _ladder(Image.fromarray(grey)):
            seen = look(view)
            found += seen.texts
            if found and not seen.is_broken and not every_rung:
                break
    return found


def _ladder(grey: Image.Image) -> Iterator[Image.Image]:
    """Other views of the whole picture, cheap ones first."""
    small = grey.copy()
    small.thumbnail((SMALL_EDGE, SMALL_EDGE))
    yield small
    yield ImageOps.autocontrast(small, cutoff=2)
    yield _even_light(small, 60)
    yield grey.filter(ImageFilter.GaussianBlur(1.5))
    yield grey.filter(ImageFilter.UnsharpMask(radius=3, percent=200, threshold=2))
    yield ImageOps.autocontrast(grey, cutoff=2)
    yield small.resize((small.width * 2, small.height * 2), Image.Resampling.BICUBIC)


def _cut_outs(grey: np.ndarray, group: list[Mark]) -> Iterator[Image.Image]:
    """The place of one symbol at a few scales: as it is, in even light, sharper and softer, and with its hidden mark drawn in."""
    module = float(np.median([m.module for m in group]))
    reach = 48 * module if len(group) == 1 else 20 * module
    left, top = (int(max(0, min(v) - reach)) for v in ([m.x for m in group], [m.y for m in group]))
    right, bottom = int(max(m.x for m in group) + reach), int(max(m.y for m in group) + reach)
    place = Image.fromarray(np.ascontiguousarray(grey[top:bottom, left:right]))
    for size in MODULE_SIZES:
        scale = size / module
        view = place.resize((max(1, round(place.width * scale)), max(1, round(place.height * scale))), Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)  # fmt: skip
        even = _even_light(view, round(size * 7))
        yield view
        yield even
        yield even.filter(ImageFilter.UnsharpMask(radius=size / 2, percent=250, threshold=0))
        yield even.filter(ImageFilter.GaussianBlur(size / 4))
        corners = [((m.x - left) * scale, (m.y - top) * scale) for m in group]
        for third, turn in _hidden_corners(corners, size):
            yield _with_mark(even, third, turn, size)


def _even_light(grey: Image.Image, radius: int) -> Image.Image:
    """The picture with every place brought to the same range of dark and light: a shadow across a card goes."""
    pixels = np.asarray(grey, dtype=np.float32)
    around = np.asarray(grey.filter(ImageFilter.BoxBlur(radius)), dtype=np.float32)
    apart = np.asarray(
        Image.fromarray(np.abs(pixels - around).astype(np.uint8)).filter(ImageFilter.BoxBlur(radius)), dtype=np.float32
    )
    return Image.fromarray(np.clip(128 + (pixels - around) / np.maximum(apart, 4) * 64, 0, 255).astype(np.uint8))


def _hidden_corners(corners: list[tuple[float, float]], module: float) -> Iterator[tuple[tuple[float, float], float]]:
    """Where the third mark may be when two are seen: the other corners of the squares that two corners can belong to."""
    for one, other in list(combinations(corners, 2))[:3]:
        a, b = complex(*one), complex(*other)
        side = b - a
        if abs(side) < 9 * module:
            continue
        turn = float(np.angle(side))
        for corner in (a + side * 1j, b + side * 1j, a - side * 1j, b - side * 1j):  # the two are neighbours
            yield (corner.real, corner.imag), turn
        for corner in ((a + b) / 2 + side / 2 * 1j, (a + b) / 2 - side / 2 * 1j):  # the two lie across
            yield (corner.real, corner.imag), turn + np.pi / 4


def _with_mark(grey: Image.Image, middle: tuple[float, float], turn: float, module: float) -> Image.Image:
    drawn = grey.copy()
    pen = ImageDraw.Draw(drawn)
    for half, shade in ((4.5, 230), (3.5, 25), (2.5, 230), (1.5, 25)):
        corners = [half * module * np.sqrt(2) * np.exp(1j * (turn + np.pi / 4 + i * np.pi / 2)) for i in range(4)]
        pen.polygon([(middle[0] + c.real, middle[1] + c.imag) for c in corners], fill=shade)
    return drawn
