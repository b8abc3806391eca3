"""The contact sheets as one PDF: blocks flow over the pages like words, a tile is a picture an inch high.

Nothing is decoded here: the small pictures go into the PDF as the JPEGs they are. Letters are those of the cards (`prepaykit.report.cards`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pandas as pd
from reportlab import rl_config
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from prepaykit.report.cards import BOLD, FONT, drawable, visual
from prepaykit.report.sheet_tables import DOUBT_SHEET, SheetTables
from prepaykit.report.small_pictures import Small

PAPER = {"letter": LETTER, "a4": A4}
MARGIN, HEAD, FOOT = 10 * mm, 12 * mm, 7 * mm
TILE, WIDEST = 20 * mm, 28 * mm
GAP, BLOCK_GAP, LINE = 0.9 * mm, 3.2 * mm, 3.6 * mm
CAPTION = 2.4 * mm
INK, SOFT = (0.08, 0.09, 0.1), (0.4, 0.42, 0.45)
RED, AMBER, BLUE, GREY = (0.72, 0.13, 0.1), (0.62, 0.38, 0.0), (0.13, 0.38, 0.68), (0.55, 0.56, 0.58)
SIGNS = {"favourite": "★", "several": "⚭", "hidden": "∅", "here": "▼"}


def draw_sheets(
    sheets: SheetTables, pictures: Mapping[int, Small], *, school: str, job: str, paper: str = "letter"
) -> bytes:
    """The PDF of all sheets in their order, each on pages of its own. The same tables give the same bytes."""
    with _pictures_as_they_are():
        return _drawn(sheets, pictures, school, job, paper)


@contextmanager
def _pictures_as_they_are() -> Iterator[None]:
    """The JPEGs go in as bytes: as ASCII 85, which reportlab makes in Python by default, two thousand take ten seconds."""
    before, rl_config.useA85 = rl_config.useA85, 0
    try:
        yield
    finally:
        rl_config.useA85 = before


def _drawn(sheets: SheetTables, pictures: Mapping[int, Small], school: str, job: str, paper: str) -> bytes:
    drawable("")  # registers the letters
    canvas = Canvas(io.BytesIO(), pagesize=PAPER[paper], invariant=1, pageCompression=1)
    canvas.setTitle(f"Contact sheets {job}")
    canvas.setAuthor("prepaykit")
    tiles = dict(iter(sheets.tiles.groupby(["sheet", "block"], sort=False)))
    for name, blocks in sheets.blocks.groupby("sheet", sort=False):
        page = _Page(canvas, str(name), sheets.subtitles.get(str(name), ""), school, job)
        for block in blocks.itertuples():
            page.put(block, tiles.get((name, block.block)), pictures)
        page.end()
    if not len(sheets.blocks):
        page = _Page(canvas, "Nothing yet", "no names and no frames", school, job)
        page.end()
    return canvas.getpdfdata()


class _Page:
    """One sheet being drawn: where the next block goes, and a new page when it is full."""

    def __init__(self, canvas: Canvas, title: str, subtitle: str, school: str, job: str) -> None:
        self.canvas, self.title, self.subtitle, self.school, self.job = canvas, title, subtitle, school, job
        self.width, self.height = canvas._pagesize
        self.number = 0
        canvas.bookmarkPage(title)
        canvas.addOutlineEntry(drawable(title) or "sheet", title, level=0)
        self._begin()

    def put(self, block: object, tiles: pd.DataFrame | None, pictures: Mapping[int, Small]) -> None:
        """Draw one block at the next free place; a block wider than the page is broken into lines."""
        rows = [] if tiles is None else [(t, *_size(pictures.get(t.frame_id))) for t in tiles.itertuples()]
        room = self.width - 2 * MARGIN
        lines = _lines(rows, room)
        label = _label(block)
        text = _wrapped(str(block.text), room, 6.5) if block.text else []
        wide = bool(text) or len(lines) > 1
        width = (
            room
            if wide
            else max(
                sum(w + GAP for _, w, _ in lines[0]) - GAP if lines else 0,
                min(room, _width(label, BOLD, 7.5) + 1 * mm),
                24 * mm,
            )
        )
        height = (
            LINE * (1 + len(text)) + max(1, len(lines)) * (TILE + CAPTION) if rows else LINE * (1 + len(text)) + 1 * mm
        )
        self._make_room(width, height)
        self._draw(block, label, text, lines, pictures, width)
        self.x += width + BLOCK_GAP
        self.row_height = max(self.row_height, height)

    def end(self) -> None:
        """Finish the page."""
        _text(
            self.canvas,
            f"{self.school}  ·  {self.job}  ·  page {self.number}",
            MARGIN,
            MARGIN - 2.5 * mm,
            FONT,
            6,
            self.width - 2 * MARGIN,
            SOFT,
        )
        self.canvas.showPage()

    def _begin(self) -> None:
        self.number += 1
        self.x, self.y, self.row_height = MARGIN, self.height - MARGIN - HEAD, 0.0
        more = " (continued)" if self.number > 1 else ""
        room = self.width - 2 * MARGIN
        title = self.title + more
        _text(self.canvas, title, MARGIN, self.height - MARGIN - 4.5 * mm, BOLD, 14, room * 0.7, INK)
        if self.subtitle:
            at = MARGIN + min(_width(visual(drawable(title)), BOLD, 14), room * 0.7) + 3 * mm
            _text(
                self.canvas,
                self.subtitle,
                at,
                self.height - MARGIN - 4.5 * mm,
                FONT,
                10,
                self.width - MARGIN - at,
                SOFT,
            )
        self.canvas.setStrokeColorRGB(*GREY)
        self.canvas.setLineWidth(0.5)
        self.canvas.line(MARGIN, self.height - MARGIN - 7.5 * mm, self.width - MARGIN, self.height - MARGIN - 7.5 * mm)

    def _make_room(self, width: float, height: float) -> None:
        if self.x > MARGIN and self.x + width > self.width - MARGIN + 0.1:
            self.x, self.y, self.row_height = MARGIN, self.y - self.row_height - BLOCK_GAP, 0.0
        if self.y - height < MARGIN + FOOT and self.y < self.height - MARGIN - HEAD:
            self.end()
            self._begin()

    def _draw(
        self, block: object, label: str, text: list[str], lines: list, pictures: Mapping[int, Small], width: float
    ) -> None:
        y = self.y - LINE + 1 * mm
        colour = RED if block.is_worth_a_look else INK
        _text(self.canvas, label, self.x, y, BOLD, 7.5, width, colour)
        for line in text:
            y -= LINE * 0.85
            _text(self.canvas, line, self.x, y, FONT, 6.5, width, SOFT)
        y -= 1.2 * mm
        for line in lines:
            x = self.x
            for tile, wide, high in line:
                _tile(self.canvas, tile, pictures.get(tile.frame_id), x, y - TILE, wide, high, begins=x > self.x)
                x += wide + GAP
            y -= TILE + CAPTION


def _label(block: object) -> str:
    parts = [str(block.title)]
    if block.code and block.code != block.title:
        parts.append(("maybe " if block.sheet == DOUBT_SHEET else "") + str(block.code))
    return "  ·  ".join([*parts, str(block.flags)] if block.flags else parts)


def _size(picture: Small | None) -> tuple[float, float]:
    if picture is None:
        return TILE * 0.7, TILE
    wide = TILE * picture.width / picture.height
    return (wide, TILE) if wide <= WIDEST else (WIDEST, WIDEST * picture.height / picture.width)


def _lines(rows: list, room: float) -> list[list]:
    lines: list[list] = []
    used = room + 1
    for row in rows:
        if used + row[1] > room:
            lines.append([])
            used = 0.0
        lines[-1].append(row)
        used += row[1] + GAP
    return lines


def _tile(
    canvas: Canvas, tile: object, picture: Small | None, x: float, y: float, wide: float, high: float, *, begins: bool
) -> None:
    marks = tile.marks.split()
    bottom = y + TILE - high
    if picture is None:
        canvas.setFillColorRGB(0.93, 0.93, 0.92)
        canvas.rect(x, bottom, wide, high, stroke=0, fill=1)
        _text(canvas, "no picture", x + 1 * mm, bottom + high / 2, FONT, 5.5, wide - 2 * mm, SOFT)
    else:
        canvas.drawImage(ImageReader(io.BytesIO(picture.content)), x, bottom, wide, high)
    if "hidden" in marks:
        canvas.saveState()
        canvas.setFillColorRGB(1, 1, 1)
        canvas.setFillAlpha(0.55)
        canvas.rect(x, bottom, wide, high, stroke=0, fill=1)
        canvas.restoreState()
    colour = (
        RED
        if tile.kind == "unread" or "here" in marks
        else AMBER
        if "doubt" in marks
        else BLUE
        if "several" in marks
        else None
    )
    if colour or tile.kind == "card":
        canvas.setStrokeColorRGB(*(colour or GREY))
        canvas.setLineWidth(1.4 if colour else 0.5)
        canvas.rect(x, bottom, wide, high, stroke=1, fill=0)
    if tile.begins and begins:  # a session begins: a bar before the tile
        canvas.setFillColorRGB(*INK)
        canvas.rect(x - GAP * 0.75, y - CAPTION * 0.6, 0.5 * mm, TILE + CAPTION * 0.6, stroke=0, fill=1)
    signs = " ".join(SIGNS[m] for m in marks if m in SIGNS)
    words = {"unread": "unread", "card": "card", "aside": "set aside"}.get(
        tile.kind, "doubt" if "doubt" in marks else ""
    )
    caption = " ".join(filter(None, [str(tile.frame_id), signs, words]))
    _text(canvas, caption, x, y - 1.9 * mm, FONT, 5, wide, colour or SOFT)


# --- letters -----------------------------------------------------------------------------------------------------------


def _text(
    canvas: Canvas,
    text: str,
    x: float,
    y: float,
    font: str,
    size: float,
    room: float,
    colour: tuple[float, float, float],
) -> None:
    """One line, cut with an ellipsis where it is too long."""
    text = visual(drawable(text))
    if _width(text, font, size) > room:
        while text and _width(text + "…", font, size) > room:
            text = text[:-1].rstrip()
        text += "…"
    canvas.setFillColorRGB(*colour)
    canvas.setFont(font, size)
    canvas.drawString(x, y, text)


def _wrapped(text: str, room: float, size: float) -> list[str]:
    lines = [""]
    for word in drawable(text).split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _width(longer, FONT, size) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _width(text: str, font: str, size: float) -> float:
    return pdfmetrics.stringWidth(text, font, size)
