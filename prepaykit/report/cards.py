"""QR cards as a PDF: eight on a sheet, in an order that survives the paper cutter.

Problem. A thousand cards are printed, cut and rubber-banded by class in an evening. If the sheets were simply filled row by row, a
cut stack would have to be dealt out by hand.

Rule. The cards are laid in cut-stack order: all sheets are cut at once into eight piles, the piles are put one on the other, first to
last, and the cards are in sequence. That sequence is class by class (group, teacher), the group's card first, then the children by last name;
blank cards come at the end.

On a card: the QR code twice, so that a finger or a reflection on one leaves the other, the code in large letters, name, class and
teacher, a line for notes by hand and a box to tick for a retake. The QR holds the code and nothing else: no name, no number of
the school. Level Q with four modules of white around it, each code one path, so that no hairlines run between its modules.

Names are drawn with the bundled DejaVu Sans (Latin, Greek, Cyrillic, Arabic, Armenian, Georgian and more). A sign it does not
have is drawn as its plain form; a name that is left with nothing is not drawn: the code says who it is. Source: photos.md 4 and 6, domain.md 6.3.
"""

from __future__ import annotations

import io
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd
import segno
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from prepaykit.errors import UsageError
from prepaykit.report.export import write_whole
from prepaykit.rules.capture_order import natural_rank

SHEETS = {"letter": LETTER, "a4": A4}
COLUMNS, ROWS = 2, 4
PER_SHEET = COLUMNS * ROWS
QUIET_MODULES = 4

FONT, BOLD = "PrepaykitSans", "PrepaykitSans-Bold"
FONTS = Path(__file__).parent / "fonts"

INK, SOFT, FAINT = 0.0, 0.38, 0.6
MARGIN = 5 * mm
LABELS = {"group": "GROUP PICTURE", "staff": "STAFF", "blank": "BLANK CARD"}


@dataclass(frozen=True)
class Card:
    """What stands on one card."""

    access_code: str
    title: str
    below: tuple[str, ...]
    kind: str


def draw_cards(
    subjects: pd.DataFrame,
    groups: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    classes: pd.DataFrame | None = None,
    sheet: str = "letter",
    school: str = "",
) -> Path:
    """Draw a QR card for every person and group as a PDF, ready to be cut: eight on a sheet, class by class, blanks last.

    `subjects` and `groups` are tables of the catalog: those to print. `classes`: all groups of the job, for the name of a child's class when
    its group card is not printed again. `sheet`: `letter` or `a4`. `school` stands small on each card. The same tables give
    the same bytes. Gives the path of the PDF. Raises UsageError for another sheet, or when there is nothing to print.

    >>> import tempfile
    >>> from prepaykit.tables.catalog import empty
    >>> class_ = pd.DataFrame({"group_id": [1], "name": ["3A"], "teacher": ["Hewitt"], "access_code": ["WRW6-A9QE"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_cards(empty("subjects"), class_, Path(folder, "cards.pdf")).name
    'cards.pdf'
    """
    if sheet not in SHEETS:
        raise UsageError(f"sheet may be {' or '.join(SHEETS)}; got {sheet!r}")
    cards = cards_in_order(subjects, groups, classes=classes)
    if not cards:
        raise UsageError("there are no cards to print")
    _use_fonts()
    width, height = SHEETS[sheet]
    canvas = Canvas(io.BytesIO(), pagesize=(width, height), invariant=1, pageCompression=1)
    canvas.setTitle("QR cards")
    canvas.setAuthor("prepaykit")
    for page in cut_stack(len(cards)):
        _cut_marks(canvas, width, height)
        for place, number in enumerate(page):
            if number is not None:
                column, row = place % COLUMNS, place // COLUMNS
                card_width, card_height = width / COLUMNS, height / ROWS
                canvas.saveState()
                canvas.translate(column * card_width, height - (row + 1) * card_height)
                _draw_card(canvas, cards[number], card_width, card_height, school, f"{number + 1} of {len(cards)}")
                canvas.restoreState()
        canvas.showPage()
    write_whole(Path(path), canvas.getpdfdata())
    return Path(path)


def cards_in_order(subjects: pd.DataFrame, groups: pd.DataFrame, *, classes: pd.DataFrame | None = None) -> list[Card]:
    """The cards in the order of the finished stack: class by class with the group's card first, blank cards at the end."""
    classes = groups if classes is None else classes
    people = subjects[["access_code", "first_name", "last_name", "group_id", "teacher", "grade", "kind"]].reset_index(
        drop=True
    )
    names = people["group_id"].map(dict(zip(classes["group_id"], classes["name"], strict=True)))
    people = people.assign(name=names.astype("str"), is_person=True)
    shots = groups.reindex(columns=["access_code", "name", "teacher", "grade"]).assign(kind="group", is_person=False)
    rows = pd.concat([part for part in (shots, people) if len(part)] or [people])
    rows = rows.reset_index(drop=True)
    text = rows.reindex(columns=["name", "teacher", "grade", "first_name", "last_name"]).astype("str").fillna("")
    order = pd.DataFrame({
        "at_end": rows["kind"] == "blank", "no_class": text["name"] == "", "class": natural_rank(text["name"]), "is_person": rows["is_person"],
        "teacher": text["teacher"].where(text["name"] == "", ""),
        "last": text["last_name"].str.casefold(), "first": text["first_name"].str.casefold(), "code": rows["access_code"],
    }).sort_values(["at_end", "no_class", "class", "is_person", "teacher", "last", "first", "code"])  # fmt: skip
    title = (text["first_name"] + " " + text["last_name"]).str.strip().where(rows["is_person"], text["name"])
    below = text["name"].where(rows["is_person"], ""), text["teacher"], text["grade"].where(text["name"] == "", "")
    return [
        Card(rows["access_code"][i], title[i], tuple(dict.fromkeys(b[i] for b in below if b[i])), rows["kind"][i])
        for i in order.index
    ]


def cut_stack(count: int) -> list[list[int | None]]:
    """Which card stands where: for each sheet the card numbers of its eight places, None for an empty one.

    Place p of all sheets is one pile after cutting, and pile p comes before pile p + 1.

    >>> cut_stack(10)
    [[0, 2, 4, 6, 8, None, None, None], [1, 3, 5, 7, 9, None, None, None]]
    """
    sheets = -(-count // PER_SHEET)
    return [[n if (n := place * sheets + at) < count else None for place in range(PER_SHEET)] for at in range(sheets)]


# --- drawing -----------------------------------------------------------------------------------------------------------


def _draw_card(canvas: Canvas, card: Card, width: float, height: float, school: str, number: str) -> None:
    """One card, its lower left corner at the origin."""
    big, small = height * 0.64, height * 0.37
    white = _quiet_part(card.access_code)
    left, right = max(MARGIN, big * white), width - max(MARGIN, small * white)
    _draw_qr(canvas, card.access_code, left - big * white, height - big, big)
    _draw_qr(canvas, card.access_code, right - small * (1 - white), MARGIN - small * white + 1 * mm, small)

    x = left + big * (1 - white)
    room = width - MARGIN - x
    y = height - MARGIN - 3.4 * mm
    if card.kind != "group":
        _tick_box(canvas, width - MARGIN - 13.2 * mm, y - 0.4 * mm, "retake")
    if card.kind in LABELS:
        _label(canvas, LABELS[card.kind], x, y - 0.4 * mm)
    y -= 10 * mm
    if card.kind == "blank":
        for label in ("name", "class"):
            _hand_line(canvas, x, y, room, label)
            y -= 10 * mm
    else:
        y = _title(canvas, card.title, x, y, room)
        for line in card.below:
            _text(canvas, line, x, y, FONT, 9.5, room, SOFT)
            y -= 4.6 * mm

    room = right - small * (1 - white) - left
    _text(canvas, card.access_code, left, MARGIN + 14.5 * mm, BOLD, 19, room, INK)
    _hand_line(canvas, left, MARGIN + 6.2 * mm, room - 4 * mm, "notes")
    foot = f"{school}  ·  {number}" if school else number
    _text(canvas, foot, left, MARGIN - 0.6 * mm, FONT, 6, room - 4 * mm, SOFT)


def _title(canvas: Canvas, title: str, x: float, y: float, room: float) -> float:
    """The name, large: on one line if it fits, else broken at a space. Gives the height of the next line."""
    words = drawable(title).split()
    lines = [words]
    if len(words) > 1 and _width(" ".join(words), BOLD, 15) > room:
        cut = min(
            range(1, len(words)), key=lambda i: max(_width(" ".join(w), BOLD, 15) for w in (words[:i], words[i:]))
        )
        lines = [words[:cut], words[cut:]]
    for line in filter(None, lines):
        _text(canvas, " ".join(line), x, y, BOLD, 15, room, INK)
        y -= 6 * mm
    return y


def _text(canvas: Canvas, text: str, x: float, y: float, font: str, size: float, room: float, grey: float) -> None:
    """One line, made smaller until it fits; never below half its size, rather cut with an ellipsis."""
    text = visual(drawable(text))
    width = _width(text, font, size)
    if width > room:
        size = max(size * room / width, size / 2)
    if _width(text, font, size) > room + 0.01:
        while text and _width(text + "…", font, size) > room:
            text = text[:-1].rstrip()
        text += "…"
    canvas.setFillGray(grey)
    canvas.setFont(font, size)
    canvas.drawString(x, y, text)


def _label(canvas: Canvas, text: str, x: float, y: float) -> None:
    """White letters on a dark tag: tells the few other cards from the many of children."""
    width = _width(text, BOLD, 7) + 3.6 * mm
    canvas.setFillGray(0.15)
    canvas.roundRect(x, y, width, 4.2 * mm, 1 * mm, stroke=0, fill=1)
    _text(canvas, text, x + 1.8 * mm, y + 1.25 * mm, BOLD, 7, width, 1.0)


def _hand_line(canvas: Canvas, x: float, y: float, length: float, label: str) -> None:
    canvas.setStrokeGray(FAINT)
    canvas.setLineWidth(0.6)
    canvas.line(x, y, x + length, y)
    _text(canvas, label, x, y - 2.4 * mm, FONT, 5.5, length, SOFT)


def _tick_box(canvas: Canvas, x: float, y: float, label: str) -> None:
    canvas.setStrokeGray(SOFT)
    canvas.setLineWidth(0.8)
    canvas.rect(x, y, 3.4 * mm, 3.4 * mm)
    _text(canvas, label, x + 4.6 * mm, y + 0.7 * mm, FONT, 7.5, 12 * mm, SOFT)


def _cut_marks(canvas: Canvas, width: float, height: float) -> None:
    """Short ticks at the edges and small crosses where four cards meet: no line runs through a card's white."""
    canvas.setStrokeGray(SOFT)
    canvas.setLineWidth(0.4)
    for column in range(1, COLUMNS):
        x = width * column / COLUMNS
        canvas.line(x, height, x, height - 4 * mm)
        canvas.line(x, 0, x, 4 * mm)
        for row in range(1, ROWS):
            y = height * row / ROWS
            canvas.line(x - 2 * mm, y, x + 2 * mm, y)
            canvas.line(x, y - 2 * mm, x, y + 2 * mm)
    for row in range(1, ROWS):
        y = height * row / ROWS
        canvas.line(0, y, 4 * mm, y)
        canvas.line(width - 4 * mm, y, width, y)


def _draw_qr(canvas: Canvas, code: str, x: float, y: float, edge: float) -> None:
    """The QR of a code in a square of that edge, its white margin included; all dark modules are one path."""
    rows = _modules(code)
    module = edge / (len(rows) + 2 * QUIET_MODULES)
    path = canvas.beginPath()
    for r, row in enumerate(rows):
        bottom = y + edge - (QUIET_MODULES + r + 1) * module
        for start, length in row:
            path.rect(x + (QUIET_MODULES + start) * module, bottom, length * module, module)
    canvas.setFillGray(INK)
    canvas.drawPath(path, stroke=0, fill=1)


def _quiet_part(code: str) -> float:
    """The share of the square's edge that is white on each side."""
    return QUIET_MODULES / (len(_modules(code)) + 2 * QUIET_MODULES)


@lru_cache(maxsize=16)
def _modules(code: str) -> list[list[tuple[int, int]]]:
    """The dark modules of each row as runs (start, length). Level Q, the code and nothing else."""
    return [_dark_runs(row) for row in segno.make_qr(code, error="q", boost_error=False).matrix]


def _dark_runs(row: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for at, dark in enumerate(row):
        if dark and runs and sum(runs[-1]) == at:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((at, 1))
    return runs


# --- letters -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _use_fonts() -> None:
    for name, file in ((FONT, "DejaVuSansCondensed.ttf"), (BOLD, "DejaVuSansCondensed-Bold.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(FONTS / file)))


def _width(text: str, font: str, size: float) -> float:
    return pdfmetrics.stringWidth(text, font, size)


def drawable(text: str) -> str:
    """The text in signs that the bundled font has: others in their plain form, or left out. Never a question mark.

    >>> drawable("Zoë Łukasz Thị"), drawable("𝓐nna 🎈")
    ('Zoë Łukasz Thị', 'Anna')
    """
    _use_fonts()
    has = pdfmetrics.getFont(BOLD).face.charToGlyph
    kept = "".join(_sign(c, has) for c in unicodedata.normalize("NFC", text))
    return " ".join(kept.split())


def _sign(sign: str, has: dict[int, int]) -> str:
    if ord(sign) in has:
        return sign
    if sign.isspace():
        return " "
    return "".join(c for c in unicodedata.normalize("NFKD", sign) if ord(c) in has and not unicodedata.combining(c))


def visual(text: str) -> str:
    """The text in the order and the letter forms of the printed line: PDF draws from left to right and joins nothing.

    Arabic letters take the form of their place in the word, words written from right to left are turned round. Enough for
    names; numbers within such a line stay as they are.

    >>> visual("Mia Smith"), visual("דן")
    ('Mia Smith', 'ןד')
    """
    if not any(_is_rtl(c) for c in text):
        return text
    words = [_joined(w)[::-1] if any(map(_is_rtl, w)) else w for w in text.split(" ")]
    return " ".join(reversed(words))


def _is_rtl(sign: str) -> bool:
    return unicodedata.bidirectional(sign) in ("R", "AL")


@lru_cache(maxsize=1)
def _arabic_forms() -> dict[str, dict[str, str]]:
    """Letter → its initial, medial, final and isolated form, as Unicode itself lists them."""
    forms: dict[str, dict[str, str]] = {}
    for point in (*range(0xFB50, 0xFC00), *range(0xFE80, 0xFEF5)):
        kind, _, letter = unicodedata.decomposition(chr(point)).partition("> ")
        if letter and " " not in letter:
            forms.setdefault(chr(int(letter, 16)), {})[kind.strip("<")] = chr(point)
    return forms


def _joined(word: str) -> str:
    forms = _arabic_forms()
    out = []
    for i, sign in enumerate(word):
        mine = forms.get(sign, {})
        joins_before = i > 0 and "initial" in forms.get(word[i - 1], {}) and "final" in mine
        joins_after = i + 1 < len(word) and "initial" in mine and "final" in forms.get(word[i + 1], {})
        form = {(True, True): "medial", (True, False): "final", (False, True): "initial"}.get(
            (joins_before, joins_after), "isolated"
        )
        out.append(mine.get(form, sign))
    return "".join(out)
