"""Bars as inline SVG: no net, no script, text stays text, colours follow the page's light or dark theme.

Widths are percentages of the space there is, heights are pixels, so that a bar is sharp on a phone, a screen and paper, and its
letters keep their size. Each has a title that a screen reader reads. Colours are the page's `--bar-…` variables, with a
fallback, so that a plot also works alone in a notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

COLOURS = {
    "sent": "#1b7f5a",
    "batch": "#2f6fb5",
    "revision": "#7a55b3",
    "open": "#7d93ab",
    "held": "#c77d0a",
    "refund": "#b8443a",
    "gone": "#9a9a94",
}
LABEL_FROM = 6.0  # per cent: a narrower piece has no room for its number


@dataclass(frozen=True)
class Piece:
    """One piece of a bar: what it is, how much, and which of COLOURS."""

    label: str
    amount: int
    colour: str


def bar(pieces: Sequence[Piece], title: str, *, show: Callable[[int], str] = "{:,}".format, height: int = 34,
        whole: int | None = None) -> Markup:  # fmt: skip
    """One bar divided in proportion, a number in each piece that has room for it. `whole` is what the full width stands for.

    >>> "<title>orders: placed 9, held 1</title>" in bar([Piece("placed", 9, "batch"), Piece("held", 1, "held")], "orders")
    True
    """
    whole = max(1, sum(max(0, p.amount) for p in pieces) if whole is None else whole)
    words = f"{title}: " + ", ".join(f"{p.label} {show(p.amount)}" for p in pieces)
    parts, at = [], 0.0
    for piece in pieces:
        share = 100 * max(0, piece.amount) / whole
        if share:
            parts.append(_piece(piece, at, share, height, show))
        at += share
    frame = Markup(
        '<rect class="bar-ground" width="100%" height="{}" rx="4" style="fill:var(--bar-ground,#0000000f)"/>'
    ).format(height)
    return _svg(words, height, frame + Markup("").join(parts))


def columns(values: Sequence[int], title: str, *, labels: Sequence[str], colour: str = "batch", height: int = 90,
            show: Callable[[int], str] = "{:,}".format) -> Markup:  # fmt: skip
    """One column a value, side by side; each says its label and value when pointed at or read aloud.

    >>> columns([1, 3], "orders a day", labels=["1 Sept", "2 Sept"]).count("<rect")
    2
    """
    most, wide = max([1, *values]), 100 / max(1, len(values))
    parts = []
    for i, (value, label) in enumerate(zip(values, labels, strict=True)):
        tall = (height - 2) * value / most
        parts.append(
            Markup(
                '<rect x="{:.3f}%" y="{:.1f}" width="{:.3f}%" height="{:.1f}" style="{}"><title>{}: {}</title></rect>'
            ).format(i * wide + wide * 0.08, height - tall, wide * 0.84, tall, _fill(colour), label, show(value))
        )
    return _svg(f"{title}, highest {show(most)}", height, Markup("").join(parts))


def legend(pieces: Sequence[Piece], *, show: Callable[[int], str] = "{:,}".format) -> Markup:
    """The pieces as a list with a patch of colour, the amount and the word: the bar's numbers, readable without colour."""
    items = [
        Markup('<li><span class="patch" style="background:var(--bar-{},{})"></span><b>{}</b> {}</li>').format(
            p.colour, COLOURS[p.colour], show(p.amount), p.label
        )
        for p in pieces
    ]
    return Markup('<ul class="legend">') + Markup("").join(items) + Markup("</ul>")


def _piece(piece: Piece, at: float, share: float, height: int, show: Callable[[int], str]) -> Markup:
    rect = Markup('<rect x="{:.3f}%" width="{:.3f}%" height="{}" style="{}"><title>{}: {}</title></rect>').format(
        at, share, height, _fill(piece.colour), piece.label, show(piece.amount)
    )
    text = show(piece.amount)
    if height < 20 or share < LABEL_FROM + 0.9 * len(text):
        return rect
    return rect + Markup(
        '<text x="{:.3f}%" y="{}" text-anchor="middle" aria-hidden="true" class="bar-text" style="fill:#fff">{}</text>'
    ).format(at + share / 2, height / 2 + 5, text)


def _fill(colour: str) -> str:
    return f"fill:var(--bar-{colour},{COLOURS[colour]})"


def _svg(words: str, height: int, inside: Markup) -> Markup:
    opening = Markup(
        '<svg class="bar" role="img" width="100%" height="{0}" aria-label="{1}"><title>{1}</title>'
    ).format(height, escape(words))
    return opening + inside + Markup("</svg>")
