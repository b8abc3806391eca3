"""The deposit slip for people: a few lines for the terminal, and a sheet to print, sign and take to the bank.

Cash in one sum, every check on a line of its own, the total; what stays behind with its reason; and each bag, counted against keyed. Numbers of
envelopes, bags and checks only: no names. Source: domain.md 7.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
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
from prepaykit.rules.deposit import Deposit

_STEP, _FOOT = 5.6 * mm, 34 * mm


def show_deposit(slip: Deposit, currency: str) -> str:
    """The deposit in lines: the sums, each check, what is left out and why, and each bag that is not as it was counted.

    `slip`: as `prepaykit.rules.deposit.deposit` gives it. ✓ the bag agrees with its count, ✗ does not, · was not counted.

    >>> from prepaykit.rules.deposit import deposit
    >>> from prepaykit.tables.state import JobState
    >>> print(show_deposit(deposit(JobState.new(name="maple-grove-2026", school="Maple Grove")), "USD"))
    to the bank    $0.00
      cash         $0.00
      0 checks     $0.00
    left out       $0.00
    """
    money = money_words(currency)
    sums = [("to the bank", slip.total_cents), ("  cash", slip.cash_cents), (f"  {_checks_word(len(slip.checks))}", slip.check_cents)]
    width = max(len(money(cents)) for _, cents in [*sums, ("", slip.left_out_cents)])
    lines = [f"{what:<13}  {money(cents):>{width}}" for what, cents in sums]
    for row in slip.checks.to_dict("records"):
        words = [f"envelope {row['envelope_no']}", bag_name(row["bag"], "bag "), *_check_notes(row, money)]
        lines.append(f"    {_number(row['check_no']):<10} {money(row['amount_cents']):>{width}}  {', '.join(words)}")
    lines.append(f"{'left out':<13}  {money(slip.left_out_cents):>{width}}")
    for row in slip.left_out.to_dict("records"):
        what = f"check {_number(row['check_no'])}" if row["kind"] == "check" else row["kind"]
        lines.append(f"    {row['envelope_no']:<10} {money(row['amount_cents']):>{width}}  {what}: {row['reason']}")
    lines += [f"{'card, online':<13}  {money(slip.other_cents):>{width}}"] * bool(slip.other_cents)
    lines += [f"{_mark(row)} {bag_name(row['bag'], 'bag ')}: {_bag_words(row, money)}" for row in slip.bags.to_dict("records")]
    return "\n".join(map(one_line, lines))


def draw_deposit_slip(slip: Deposit, path: str | os.PathLike[str], *, currency: str, title: str, sheet: str = "letter") -> Path:  # fmt: skip
    """Write the deposit slip as a PDF with lines to sign. Gives its path.

    `slip`: as `prepaykit.rules.deposit.deposit` gives it. `title` stands at the head of each page. The same slip gives the same bytes.
    Raises UsageError when there is no envelope with money and no bag.
    """
    size = sheet_size(sheet)
    if not (len(slip.bags) or len(slip.left_out) or slip.received_cents):
        raise UsageError("there are no envelopes with cash or checks and no bags: nothing goes to the bank")
    canvas = new_canvas("Deposit slip", size)
    pages = _pages(list(_parts(slip, money_words(currency))), int((size[1] - MARGIN - 14 * mm - _FOOT) / _STEP))
    for number, lines in enumerate(pages, 1):
        _draw_page(canvas, lines, title, f"page {number} of {len(pages)}", size, is_last=number == len(pages))
    write_whole(Path(path), canvas.getpdfdata())
    return Path(path)


# --- words -------------------------------------------------------------------------------------------------------------


def _checks_word(n: int) -> str:
    return f"{n:,} check{'' if n == 1 else 's'}"


def _number(check_no: object) -> str:
    return "?" if pd.isna(check_no) else str(check_no)


def _check_notes(row: dict, money: Money) -> list[str]:
    notes = [row["note"]] * pd.notna(row["note"])
    return notes + [f"of it {money(row['later_cents'])} booked later: look at the check"] * bool(row["later_cents"])


def _mark(row: dict) -> str:
    off = [row[c] for c in ("envelopes_off", "cash_off_cents", "checks_off", "check_off_cents")]
    if all(pd.isna(v) for v in off):
        return "·"
    return "✗" if any(pd.notna(v) and v != 0 for v in off) else "✓"


def _against(counted: object, keyed: object, off: object, show: Money) -> str:
    if pd.isna(counted):
        return f"{show(keyed)} keyed, not counted"
    return f"{show(keyed)} keyed, {show(counted)} counted" + (f" ({signed(off, show)})" if off else "")


def _bag_words(row: dict, money: Money) -> str:
    cash = _against(row["cash_counted_cents"], row["cash_cents"], row["cash_off_cents"], money)
    checks = _against(row["check_counted_cents"], row["check_cents"], row["check_off_cents"], money)
    return "; ".join([f"{money(row['deposit_cents'])} to the bank", f"cash {cash}", f"checks {checks}", *_bag_notes(row, money)])


def _bag_notes(row: dict, money: Money) -> list[str]:
    """What else is to be said about a bag: envelopes that are missing, rejected or unsettled, and the number of checks."""
    notes = []
    if pd.notna(row["envelopes_off"]) and row["envelopes_off"]:
        notes.append(f"envelopes: {row['envelopes_counted']} counted, {row['envelopes']} keyed")
    if pd.notna(row["checks_off"]) and row["checks_off"]:
        notes.append(f"number of checks: {row['checks_counted']} counted, {row['checks']} keyed")
    notes += [f"{row['rejected']} rejected, nothing of them deposited"] * bool(row["rejected"])
    notes += [f"{row['unsettled']} to be settled"] * bool(row["unsettled"])
    return notes + [f"{money(row['later_cents'])} booked later"] * bool(row["later_cents"])


# --- the printed sheet -------------------------------------------------------------------------------------------------

Column = tuple[str, float, str, float]  # heading, where (mm from the margin), which end stands there, room (mm)
_SUMS: list[Column] = [("To the bank", 0, "left", 120), ("", 178, "right", 50)]
_CHECKS: list[Column] = [("Check no", 0, "left", 28), ("Envelope", 30, "left", 40), ("Bag", 72, "left", 16), ("Note", 90, "left", 62),
                         ("Amount", 178, "right", 25)]  # fmt: skip
_LEFT: list[Column] = [("Left out: envelope", 0, "left", 30), ("Bag", 32, "left", 14), ("Paid by", 48, "left", 13), ("Check no", 63, "left", 20),
                       ("Why", 85, "left", 70), ("Amount", 178, "right", 22)]  # fmt: skip
_BAGS: list[Column] = [("Bag", 0, "left", 20), ("Cash keyed", 42, "right", 20), ("counted", 63, "right", 20), ("off", 82, "right", 18),
                       ("Checks keyed", 110, "right", 22), ("counted", 131, "right", 20), ("off", 150, "right", 18),
                       ("To the bank", 178, "right", 24)]  # fmt: skip
_WIDE: list[Column] = [("", 6, "left", 170)]


@dataclass(frozen=True)
class _Line:
    """One line of the sheet: its cells in their columns. `head`: the heading that stands above it again on a new page."""

    columns: list[Column]
    cells: list[str]
    style: str = "plain"  # plain, strong, heading, note, gap
    head: _Line | None = None


def _parts(slip: Deposit, money: Money) -> Iterator[_Line]:
    """All lines of the slip, in order, from the sums down to the bags."""
    yield _Line(_SUMS, ["To the bank", ""], "heading")
    yield _Line(_SUMS, ["Cash", money(slip.cash_cents)])
    yield _Line(_SUMS, [_checks_word(len(slip.checks)), money(slip.check_cents)])
    yield _Line(_SUMS, ["Deposit", money(slip.total_cents)], "strong")
    checks = [[_number(r["check_no"]), r["envelope_no"], bag_name(r["bag"]), ", ".join(_check_notes(r, money)), money(r["amount_cents"])]
              for r in slip.checks.to_dict("records")]  # fmt: skip
    yield from _section(_CHECKS, checks)
    left = [[r["envelope_no"], bag_name(r["bag"]), r["kind"], "" if pd.isna(r["check_no"]) else r["check_no"], r["reason"],
             money(r["amount_cents"])] for r in slip.left_out.to_dict("records")]  # fmt: skip
    yield from _section(_LEFT, left)
    yield from _bag_section(slip, money)
    yield _Line(_WIDE, [], "gap")
    words = f"{money(slip.total_cents)} to the bank + {money(slip.left_out_cents)} left out = {money(slip.received_cents)} received in cash and by check"
    words += f"; beside it {money(slip.other_cents)} by card or online" if slip.other_cents else ""
    yield _Line([("", 0, "left", 178)], [words])


def _section(columns: list[Column], rows: list[list[str]]) -> Iterator[_Line]:
    if rows:
        head = _Line(columns, [c[0] for c in columns], "heading")
        yield _Line(columns, [], "gap")
        yield head
        yield from (_Line(columns, cells, head=head) for cells in rows)


def _bag_section(slip: Deposit, money: Money) -> Iterator[_Line]:
    head = _Line(_BAGS, [c[0] for c in _BAGS], "heading")
    for at, row in enumerate(slip.bags.to_dict("records")):
        if not at:
            yield _Line(_BAGS, [], "gap")
            yield head
        cells = [bag_name(row["bag"])]
        for kind in ("cash", "check"):
            off = row[f"{kind}_off_cents"]
            cells += [money(row[f"{kind}_cents"]), money(row[f"{kind}_counted_cents"]) or "not counted", signed(off, money) if pd.notna(off) and off else ""]  # fmt: skip
        yield _Line(_BAGS, [*cells, money(row["deposit_cents"])], head=head)
        yield from (_Line(_WIDE, [note], "note", head=head) for note in _bag_notes(row, money))


def _pages(lines: list[_Line], room: int) -> list[list[_Line]]:
    """The lines page by page; a part that goes on has its heading again, and no heading stands alone at the end of a page."""
    pages: list[list[_Line]] = [[]]
    for at, line in enumerate(lines):
        needs = 2 if line.style == "heading" else 3 if line.style == "gap" and at + 2 < len(lines) else 1
        if len(pages[-1]) + needs > room:
            pages.append([line.head] if line.head else [])
        if line.style != "gap" or pages[-1]:
            pages[-1].append(line)
    return pages


def _draw_page(canvas: Canvas, lines: list[_Line], title: str, page: str, size: tuple[float, float], *, is_last: bool) -> None:
    y = size[1] - MARGIN
    say(canvas, "Deposit slip", MARGIN, y, BOLD, 15)
    say(canvas, title, MARGIN, y - 6 * mm, FONT, 9, grey=0.35)
    say(canvas, page, size[0] - MARGIN, y, FONT, 9, align="right", grey=0.35)
    y -= 14 * mm
    for line in lines:
        _draw_line(canvas, line, y)
        y -= _STEP
    if is_last:
        sign_here(canvas, {"made up by": "", "taken to the bank by": "", "date": ""}, 24 * mm)
    canvas.showPage()


def _draw_line(canvas: Canvas, line: _Line, y: float) -> None:
    face = BOLD if line.style in ("strong", "heading") else FONT
    size = {"heading": 8.5, "strong": 11, "note": 8.5}.get(line.style, 9)
    for text, (_, x, align, room) in zip(line.cells, line.columns, strict=False):
        grey = 0.35 if line.style == "note" else 0.0
        say(canvas, text, MARGIN + x * mm, y, face, size, align=align, room=room * mm, grey=grey)
    if line.style == "heading":
        rule(canvas, y - 1.8 * mm, 178 * mm + 2 * MARGIN)
    elif line.style in ("plain", "strong"):
        canvas.setStrokeGray(0.88)
        canvas.setLineWidth(0.4)
        canvas.line(MARGIN, y - 1.7 * mm, MARGIN + 178 * mm, y - 1.7 * mm)
