"""The cash-up for people: a few lines a bag for the terminal, and a sheet a bag to print, sign and put into the bag.

What a bag should hold stands beside what was counted; the sheet lists its envelopes with what is due, received and off, and has
boxes for a count that was not made yet. Numbers of envelopes and checks only: no names. Source: domain.md 7.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from prepaykit.errors import UsageError
from prepaykit.report.cards import BOLD, FONT
from prepaykit.report.export import write_whole
from prepaykit.report.printed import (
    MARGIN,
    Money,
    bag_name,
    money_words,
    new_canvas,
    rule,
    say,
    sheet_size,
    sign_here,
    signed,
)
from prepaykit.report.text import one_line

LINES = 28  # envelopes on a page


def is_off(bags: pd.DataFrame) -> bool:
    """Is any figure of any bag not what was counted?"""
    return bool(
        (bags[["envelopes_off", "cash_off_cents", "checks_off", "check_off_cents"]].fillna(0) != 0).any(axis=None)
    )


def show_cash_up(bags: pd.DataFrame, currency: str) -> str:
    """Each bag in a few lines: envelopes, cash, checks, and what is due against what was received.

    `bags`: as `prepaykit.rules.cash_up.cash_up` gives them. ✓ agrees with the count, ✗ does not, · was not counted.

    >>> show_cash_up(pd.DataFrame(), "USD")
    'No envelopes and no bags.'
    """
    if not len(bags):
        return "No envelopes and no bags."
    money = money_words(currency)
    return "\n".join(one_line(line) for row in bags.to_dict("records") for line in _bag_lines(row, money))


def draw_cash_up(bags: pd.DataFrame, envelopes: pd.DataFrame, path: str | os.PathLike[str], *, currency: str, title: str,
                 sheet: str = "letter") -> Path:  # fmt: skip
    """Write the cash-up sheets as a PDF, each bag on pages of its own. Gives its path.

    `bags`: as `cash_up`, `envelopes`: as `price_check` gives them. `title` stands at the head of each page. The same tables give
    the same bytes. Raises UsageError when there is nothing to print.
    """
    size = sheet_size(sheet)
    if not len(bags):
        raise UsageError("there are no envelopes and no bags to cash up")
    canvas = new_canvas("Cash-up", size)
    mine = envelopes["bag"].fillna("")
    for row in bags.to_dict("records"):
        name = "" if pd.isna(row["bag"]) else row["bag"]
        _draw_bag(canvas, row, envelopes[mine == name].to_dict("records"), money_words(currency), title, size)
    write_whole(Path(path), canvas.getpdfdata())
    return Path(path)


# --- lines -------------------------------------------------------------------------------------------------------------


def _price_words(row: dict, money: Money) -> str:
    which = "due without those to be settled" if row["unsettled"] else "due"
    return f"{money(row['due_cents'])} {which}: {signed(row['price_off_cents'], money)}"


def _figures(row: dict, money: Money) -> list[tuple[str, str, str, str]]:
    """What, keyed, counted, off: the lines of a bag that are held against the count."""
    number = lambda n: "" if pd.isna(n) else f"{int(n):,}"  # noqa: E731
    lines = [("envelopes", row["envelopes"], row["envelopes_counted"], row["envelopes_off"], number),
             ("cash", row["cash_cents"], row["cash_counted_cents"], row["cash_off_cents"], money),
             ("checks", row["checks"], row["checks_counted"], row["checks_off"], number),
             ("check money", row["check_cents"], row["check_counted_cents"], row["check_off_cents"], money)]  # fmt: skip
    return [(what, show(keyed), show(counted), signed(off, show)) for what, keyed, counted, off, show in lines]


def _bag_lines(row: dict, money: Money) -> list[str]:
    lines = [bag_name(row["bag"], "bag ")]
    for what, keyed, counted, off in _figures(row, money):
        mark = "·" if not counted else "✓" if off in ("0", money(0)) else "✗"
        rejected = f" + {row['rejected']} rejected" if what == "envelopes" and row["rejected"] else ""
        verdict = "not counted" if not counted else f"{counted} counted" + ("" if mark == "✓" else f": {off}")
        lines.append(f"  {mark} {what:<12} {keyed} keyed{rejected}, {verdict}")
    lines.append(f"    {'price':<12} {money(row['received_cents'])} received, {_price_words(row, money)}")
    extra = [f"{money(row['other_cents'])} paid otherwise"] * bool(row["other_cents"])
    extra += [f"{money(row['later_cents'])} taken in later"] * bool(row["later_cents"])
    extra += [f"{row['unsettled']} to be settled between two typists"] * bool(row["unsettled"])
    return lines + [f"    {', '.join(extra)}"] * bool(extra)


# --- the printed sheet -------------------------------------------------------------------------------------------------

_COLUMNS = (("Envelope", 0, "left"), ("Due", 52, "right"), ("Received", 78, "right"), ("Off", 102, "right"), ("Paid by", 107, "left"),
            ("Check no", 124, "left"), ("Stands", 150, "left"))  # fmt: skip
_STEP = 5.4 * mm


def _draw_bag(
    canvas: Canvas, row: dict, envelopes: list[dict], money: Money, title: str, size: tuple[float, float]
) -> None:
    pages = [envelopes[at : at + LINES] for at in range(0, max(len(envelopes), 1), LINES)]
    for number, part in enumerate(pages, 1):
        y = size[1] - MARGIN
        name = f"Bag {row['bag']}" if pd.notna(row["bag"]) else "Envelopes of no bag"
        say(canvas, f"Cash-up · {name}", MARGIN, y, BOLD, 15)
        say(canvas, title, MARGIN, y - 6 * mm, FONT, 9, grey=0.35)
        say(canvas, f"page {number} of {len(pages)}", size[0] - MARGIN, y, FONT, 9, align="right", grey=0.35)
        y -= 14 * mm
        if number == 1:
            y = _draw_figures(canvas, row, money, y, size[0])
        y = _draw_envelopes(canvas, part, money, y, size[0])
        if number == len(pages):
            _draw_foot(canvas, row, y)
        canvas.showPage()


def _draw_figures(canvas: Canvas, row: dict, money: Money, y: float, width: float) -> float:
    """The box that is signed: keyed, counted (a line to write on where nothing was), off."""
    at = {"Keyed": 62 * mm, "Counted": 100 * mm, "Off": 132 * mm}
    for head, x in at.items():
        say(canvas, head, MARGIN + x, y, BOLD, 9, align="right")
    rule(canvas, y - 1.8 * mm, width)
    for what, keyed, counted, off in _figures(row, money):
        y -= 6.4 * mm
        say(canvas, what[0].upper() + what[1:], MARGIN, y, FONT, 10)
        say(canvas, keyed, MARGIN + at["Keyed"], y, FONT, 10, align="right")
        if counted:
            say(canvas, counted, MARGIN + at["Counted"], y, FONT, 10, align="right")
            say(canvas, off, MARGIN + at["Off"], y, FONT if off in ("0", money(0)) else BOLD, 10, align="right")
        else:
            canvas.setStrokeGray(0.5)
            canvas.setLineWidth(0.5)
            canvas.line(MARGIN + at["Counted"] - 26 * mm, y - 0.8 * mm, MARGIN + at["Counted"], y - 0.8 * mm)
        if what == "envelopes" and row["rejected"]:
            say(canvas, f"and {row['rejected']} rejected", MARGIN + at["Off"] + 6 * mm, y, FONT, 9, grey=0.35)
    y -= 7 * mm
    words = f"{money(row['received_cents'])} received, {_price_words(row, money)}"
    words += f", of it {money(row['other_cents'])} not in the bag (card, online)" if row["other_cents"] else ""
    words += f", {money(row['later_cents'])} taken in later" if row["later_cents"] else ""
    say(canvas, words, MARGIN, y, FONT, 9)
    return y - 10 * mm


def _draw_envelopes(canvas: Canvas, envelopes: list[dict], money: Money, y: float, width: float) -> float:
    for head, x, align in _COLUMNS:
        say(canvas, head, MARGIN + x * mm, y, BOLD, 8.5, align=align)
    rule(canvas, y - 1.8 * mm, width)
    y -= 1.2 * mm
    for one in envelopes:
        y -= _STEP
        off = one["off_cents"]
        is_even = pd.notna(off) and off == 0
        due = "?" if pd.isna(one["due_cents"]) else money(one["due_cents"])
        check_no = "" if pd.isna(one["check_no"]) else one["check_no"]
        stands = "" if one["stands"] == "ordered" else one["stands"]
        values = (
            one["envelope_no"],
            due,
            money(one["received_cents"]),
            "" if is_even else signed(off, money),
            one["kind"],
            check_no,
            stands,
        )
        for value, (head, x, align) in zip(values, _COLUMNS, strict=True):
            room = {"Envelope": 34, "Check no": 24, "Stands": 36}.get(head, 30) * mm
            say(canvas, value, MARGIN + x * mm, y, BOLD if head == "Off" else FONT, 9, align=align, room=room)
        canvas.setStrokeGray(0.88)
        canvas.setLineWidth(0.4)
        canvas.line(MARGIN, y - 1.6 * mm, width - MARGIN, y - 1.6 * mm)
    return y - 4 * mm


def _draw_foot(canvas: Canvas, row: dict, y: float) -> None:
    counted = "" if pd.isna(row["counted_by"]) else row["counted_by"]
    y = min(y - 10 * mm, 30 * mm)
    sign_here(canvas, {"counted by": counted, "keyed by": "", "date": ""}, y)
