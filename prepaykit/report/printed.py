"""What the printed sheets about money share: paper sizes, words for amounts, and text, rules and lines to sign on a page.

Nothing here knows what a sheet is about; `prepaykit.report.cash_up` and `prepaykit.report.deposit_slip` draw with it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import pandas as pd
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from prepaykit.errors import UsageError
from prepaykit.money import show_cents
from prepaykit.report.cards import FONT, drawable
from prepaykit.report.text import one_line

SHEETS = {"letter": LETTER, "a4": A4}
MARGIN = 16 * mm
NO_BAG = "(no bag)"


def bag_name(bag: object, before: str = "") -> str:
    """The bag as it is shown, with this word before it; an envelope may be of none.

    >>> bag_name("2", "bag "), bag_name(float("nan"), "bag ")
    ('bag 2', '(no bag)')
    """
    return f"{before}{bag}" if isinstance(bag, str) and bag else NO_BAG

Money = Callable[[object], str]


def sheet_size(sheet: str) -> tuple[float, float]:
    """Width and height of a sheet of paper, in points. Raises UsageError for one that is not printed on.

    >>> [round(side / 72, 2) for side in sheet_size("letter")]
    [8.5, 11.0]
    """
    if sheet not in SHEETS:
        raise UsageError(f"sheet may be {' or '.join(SHEETS)}; got {sheet!r}")
    return SHEETS[sheet]


def money_words(currency: str) -> Money:
    """What says cents as an amount of this currency, and nothing for what is missing.

    >>> money_words("USD")(1250), money_words("USD")(pd.NA)
    ('$12.50', '')
    """
    return lambda cents: "" if pd.isna(cents) else show_cents(int(cents), currency)


def signed(value: object, show: Callable[[object], str]) -> str:
    """A difference with its sign, as it is said on screen and paper; nothing for what is missing.

    >>> signed(-400, money_words("USD")), signed(2, str), signed(0, str)
    ('−$4.00', '+2', '0')
    """
    if pd.isna(value):
        return ""
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{show(abs(int(value)))}"


def new_canvas(title: str, size: tuple[float, float]) -> Canvas:
    """A document without a page yet; the same drawing gives the same bytes.

    >>> new_canvas("Cash-up", sheet_size("a4")).getPageNumber()
    1
    """
    drawable("")  # brings the type
    canvas = Canvas(io.BytesIO(), pagesize=size, invariant=1, pageCompression=1)
    canvas.setTitle(title)
    canvas.setAuthor("prepaykit")
    return canvas


def say(canvas: Canvas, text: str, x: float, y: float, face: str, size: float, *, align: str = "left", grey: float = 0.0,
        room: float | None = None) -> None:  # fmt: skip
    """Write one line of text at x, y (`align`: which end stands at x), cut with `…` where it is wider than `room`."""
    text = drawable(one_line(str(text)))
    while room and text and canvas.stringWidth(text, face, size) > room:
        text = text[:-2].rstrip() + "…"
    canvas.setFillGray(grey)
    canvas.setFont(face, size)
    (canvas.drawRightString if align == "right" else canvas.drawString)(x, y, text)


def rule(canvas: Canvas, y: float, width: float) -> None:
    """Draw a strong line from margin to margin."""
    canvas.setStrokeGray(0.2)
    canvas.setLineWidth(0.8)
    canvas.line(MARGIN, y, width - MARGIN, y)


def sign_here(canvas: Canvas, lines: Mapping[str, str], y: float) -> None:
    """Draw up to three lines to sign on, side by side, each with what it is for under it and what is known already on it."""
    for at, (label, words) in enumerate(lines.items()):
        x = MARGIN + at * 62 * mm
        canvas.setStrokeGray(0.4)
        canvas.line(x, y, x + 52 * mm, y)
        say(canvas, label, x, y - 4 * mm, FONT, 7.5, grey=0.35)
        say(canvas, words, x, y + 1.4 * mm, FONT, 10, room=52 * mm)
