"""Work: what lies on a panel, as data. Rows to decide about, the actions there are, what to show of a row, what a press means as a choice.

A module of a verb (`prepaykit.panels.paper`, …) makes a Work from the tables of a job; the panel and the grid know nothing of orders or codes.
Everything in it is plain text and numbers: the browser writes it as text, so whatever a file held is shown and never run.

A detail is a list of blocks, each a dict with `kind`: see `fields`, `candidates`, `frames`, `picture`, `notes`, `products`, `prints`, `text`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from prepaykit.tables.catalog import empty
from prepaykit.tables.plan import Plan

CHOICE_COLUMNS = ["kind", "target", "value"]
Block = dict[str, object]


@dataclass(frozen=True)
class Column:
    """A column of the grid. `kind`: text, code, number, share (0 to 1, shown in percent), flag. `width` in characters.

    `has_names`: it may show a person's name, so a scheduled run leaves it out.
    """

    name: str
    title: str
    kind: str = "text"
    width: int = 12
    has_names: bool = False


@dataclass(frozen=True)
class Action:
    """What can be pressed. `key` as the browser calls it (`Enter`, `n`); `needs`: what the value is.

    `needs` is empty (no value), `candidate` (one of the row's candidates: the first by this key, the others by 1 to 9), `text` (typed, with
    suggestions), `frame` (a frame of the details that is chosen), `crop` (of a print of the details), or a column of the rows: then the value is
    what stands there, so that what was on the screen is what was decided on. `goes_on`: the next waiting row comes up afterwards.
    `many`: where several rows are selected it is pressed for each of them; others are about one row. `every`: the name of another action, which
    this one presses on each row in sight that is undecided and `is_ready`, after asking once.
    """

    name: str
    key: str
    label: str
    needs: str = ""
    goes_on: bool = True
    many: bool = False
    every: str = ""


@dataclass(frozen=True)
class Work:
    """The work of one panel.

    `rows`: one row is something to decide about; `key` (text, unique), the columns, and if wanted `tone` (good, warn, bad) and `also` (more
    text in which the filter looks) and `is_ready`. `parts`: what else can be pressed about, such as a print of an order → the key of its row.
    `details(key)` gives blocks. `choices(presses)` turns presses (`row_key`, `action`, `value`) into rows of choices (`kind`, `target`,
    `value`, and `why` if there is evidence) with the presses' index, possibly several a press. `said(action, value)` is what stands beside a
    decided row. `suggest(text)` gives what a typed text may mean: [{value, title, note}]. `check(key, action, value)` raises UsageError for
    a press that can mean nothing; `agrees(presses)` raises Refused if the last of these presses contradicts another one. `planned(plan)` gives
    blocks: what the plan would do, shown before it is applied.
    """

    name: str
    title: str
    rows: pd.DataFrame
    columns: tuple[Column, ...]
    actions: tuple[Action, ...] = ()
    details: Callable[[str], list[Block]] = lambda key: []
    choices: Callable[[pd.DataFrame], pd.DataFrame] = lambda presses: no_choices()
    said: Callable[[str, str], str] = lambda action, value: f"{action} {value}".strip()
    suggest: Callable[[str], list[dict[str, str]]] | None = None
    check: Callable[[str, str, str], None] = lambda key, action, value: None
    agrees: Callable[[pd.DataFrame], None] | None = None
    planned: Callable[[Plan], list[Block]] = lambda plan: []
    parts: Mapping[str, str] = field(default_factory=dict)
    verb: str = ""  # the verb that takes the choices; none: nothing is planned here
    head: int = 0  # the job was at this operation when it was looked at
    frames: pd.DataFrame = field(default_factory=lambda: empty("frames"))  # those that it may show
    layout: Mapping[str, object] = field(default_factory=lambda: {"kind": "table"})
    nothing: str = "Nothing waits here."


def no_choices() -> pd.DataFrame:
    """Choices without rows."""
    return pd.DataFrame({c: pd.Series(dtype="str") for c in CHOICE_COLUMNS})


def fields(title: str, rows: Iterable[tuple[str, object]], *, is_wide: bool = False) -> Block:
    """Labels and values; those without a value are left out. `is_wide`: in a line of its own.

    >>> fields("Envelope", [("bag", "3"), ("note", None)])["rows"]
    [['bag', '3']]
    """
    return {"kind": "fields", "title": title, "is_wide": is_wide, "rows": [[k, str(v)] for k, v in rows if not _is_missing(v)]}


def text(words: str, tone: str = "") -> Block:
    """A sentence; `tone` is good, warn or bad."""
    return {"kind": "text", "text": words, "tone": tone}


def notes(title: str, rows: Iterable[tuple[str, str]]) -> Block:
    """Sentences one below the other, each with its tone (good, warn, bad or none)."""
    return {"kind": "notes", "title": title, "notes": [list(row) for row in rows]}


def candidates(title: str, items: Iterable[Mapping[str, object]], *, nobody: str) -> Block:
    """What a row may be, best first, chosen by 1 to 9.

    Each item: `value`, `title`, `note`, `share` (0 to 1, or None) or `sure` (a word), `frames` (keys of frames to show), `facts`: [[field, one side, other side, how they
    agree]], where a side is a text or pieces [text, differs]. `nobody` is said if there is none.
    """
    return {"kind": "candidates", "title": title, "items": list(items)[:9], "nobody": nobody}


def frames(title: str, rows: Iterable[tuple[int, str, str]]) -> Block:
    """Pictures in a strip: (frame, caption, tone)."""
    return {
        "kind": "frames",
        "title": title,
        "frames": [{"frame": int(f), "caption": c, "tone": t} for f, c, t in rows],
    }


def picture(frame: int, caption: str) -> Block:
    """One frame, as large as there is room."""
    return {"kind": "picture", "frame": int(frame), "caption": caption}


def products(title: str, items: Iterable[tuple[str, Iterable[tuple[int | None, str, str]]]]) -> Block:
    """What was bought, each with its pictures: (words, [(frame or None, caption, tone)])."""
    tiles = [
        {"title": words, "tiles": [{"frame": None if f is None else int(f), "caption": c, "tone": t} for f, c, t in rows]}
        for words, rows in items
    ]
    return {"kind": "products", "title": title, "items": tiles}


def prints(title: str, sheets: Iterable[Mapping[str, object]], strips: Mapping[str, list[Mapping[str, object]]]) -> Block:
    """Prints as they will be, to choose another frame for and to crop.

    Each sheet: `title`, `note`, `tone`, `artwork` (a frame that shows the finished one, or None), `size` ([width, height]; of a sheet with holes)
    and `slots`: `part` (what a press is about), `label`, `width`, `height` (inches; None: any shape), `is_fixed` (it cannot be turned), `centre` (from the top,
    of what is kept if nobody says), `box` (left, top, width, height in the sheet, as fractions; None: all of it), `frame`, `crop`, `strip`. `strips`: name → frames
    that may be taken: `frame`, `mark` (how a choice names it), `caption`, `tone`, `width`, `height`.
    """
    return {"kind": "prints", "title": title, "sheets": list(sheets), "strips": dict(strips)}


def _is_missing(value: object) -> bool:
    return value is None or value == "" or (not isinstance(value, str) and pd.isna(value))
