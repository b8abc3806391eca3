"""Read the QR codes of a grey picture, and notice the card that could not be read.

One look with zxing-cpp finds nearly every card. With `return_errors` it also reports a symbol that it saw but could not
read; only then a short ladder of other scales and filters is climbed, so that the thousands of frames without a card cost
nothing more. A symbol that stays unread is an alarm: an unread card is the worst failure there is, because a child's
frames would go to the child before. Source: photos.md 1 and 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import zxingcpp
from PIL import Image, ImageFilter, ImageOps

SMALL_EDGE = 1200


@dataclass(frozen=True)
class Symbols:
    """`texts`: what was read, each once, from top to bottom. `is_broken`: a symbol was seen and none could be read."""

    texts: tuple[str, ...]
    is_broken: bool


def read_symbols(grey: Image.Image) -> Symbols:
    """Read every QR code of a grey picture; say whether one was seen that cannot be read.

    >>> read_symbols(Image.new("L", (64, 64), 255))
    Symbols(texts=(), is_broken=False)
    """
    texts, saw_broken = _look(grey)
    for view in _ladder(grey) if saw_broken else ():
        more, still_broken = _look(view)
        texts = tuple(dict.fromkeys((*texts, *more)))
        if texts and not still_broken:
            break
    # of two codes on one card, one may stay broken: what was read counts
    return Symbols(texts, saw_broken and not texts)


def _look(grey: Image.Image) -> tuple[tuple[str, ...], bool]:
    symbols = zxingcpp.read_barcodes(
        grey, formats=zxingcpp.BarcodeFormat.QRCode, text_mode=zxingcpp.TextMode.Plain, return_errors=True
    )
    read = [(s.position.top_left.y, s.position.top_left.x, s.text) for s in symbols if s.valid and s.text.strip()]
    return tuple(dict.fromkeys(text for *_, text in sorted(read))), any(not s.valid for s in symbols)


def _ladder(grey: Image.Image) -> Iterator[Image.Image]:
    """Other views of the same picture, cheap ones first."""
    small = grey.copy()
    small.thumbnail((SMALL_EDGE, SMALL_EDGE))
    yield small
    yield ImageOps.autocontrast(small, cutoff=2)
    yield grey.filter(ImageFilter.GaussianBlur(1.5))
    yield grey.filter(ImageFilter.UnsharpMask(radius=3, percent=200, threshold=2))
    yield ImageOps.autocontrast(grey, cutoff=2)
    yield small.resize((small.width * 2, small.height * 2), Image.Resampling.BICUBIC)
