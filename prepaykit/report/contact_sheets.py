"""Contact sheets: every picture of the job on paper or screen, class by class, so that a person sees in minutes what no rule can.

For each class one HTML file that needs nothing else (its pictures are inside), an `index.html` that says where to look first, and one
PDF of all of it. Doubts come first: a strip of the frames as shot around each. Codes only, unless names are asked for: sheets are printed,
mailed and forgotten. Whatever stands in the tables is escaped. Made from the studio's thumbnails (`prepaykit.report.small_pictures`).
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from prepaykit.errors import UsageError
from prepaykit.report.export import write_whole
from prepaykit.report.sheet_pdf import PAPER, draw_sheets
from prepaykit.report.sheet_tables import SheetTables, sheet_tables
from prepaykit.report.small_pictures import Small, small_pictures
from prepaykit.report.text import one_line
from prepaykit.tables.state import JobState

PDF, INDEX = "contact_sheets.pdf", "index.html"
SIGN = "· contact sheet</title>".encode()
MARK_WORDS = {
    "favourite": "★ chosen",
    "hidden": "hidden",
    "doubt": "doubt",
    "several": "several codes",
    "here": "▼",
}
KIND_WORDS = {"card": "card", "unread": "unread card", "aside": "set aside"}


def write_contact_sheets(
    state: JobState,
    folder: str | os.PathLike[str],
    *,
    thumbs: str | os.PathLike[str],
    open_bytes: Callable[[str, str], bytes],
    names: bool = False,
    paper: str = "letter",
    executor: Executor | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write the contact sheets of a job into a folder: `index.html`, one HTML a class, `contact_sheets.pdf`. Gives their paths.

    `thumbs`: the studio's cache of thumbnails. `open_bytes(root, path)` gives a frame's file, for thumbnails that are not there yet. `names` shows
    the children's names beside their codes. `paper`: `letter` or `a4`. `on_progress(done, total)` counts the frames. Sheets of an earlier look that no longer exist are taken away.
    Raises UsageError for another paper, NeighbourFailed when the disk does not take them.
    """
    if paper not in PAPER:
        raise UsageError(f"paper may be {' or '.join(PAPER)}; got {paper!r}")
    folder = Path(folder)
    sheets = sheet_tables(state, names=names)
    shown = state.frames[state.frames["frame_id"].isin(sheets.tiles["frame_id"])]
    pictures = small_pictures(
        shown, thumbs=Path(thumbs), open_bytes=open_bytes, executor=executor, on_progress=on_progress
    )
    school, job = str(state.job["school"]), state.name
    files = {sheet: f"{n:03d}-{_slug(sheet)}.html" for n, sheet in enumerate(sheets.blocks["sheet"].unique())}
    page = _environment()
    common = {"school": school, "job": job, "names": names, "marks": MARK_WORDS, "kinds": KIND_WORDS}
    written = {}
    order = list(files)
    for n, (sheet, file) in enumerate(files.items()):
        near = {
            "before": files[order[n - 1]] if n else None,
            "after": files[order[n + 1]] if n + 1 < len(order) else None,
        }
        blocks = _blocks(sheets, sheet, pictures)
        subtitle = sheets.subtitles.get(sheet, "")
        written[file] = page.get_template("contact_sheet.html.j2").render(
            sheet=sheet, subtitle=subtitle, blocks=blocks, **near, **common
        )
    written[INDEX] = page.get_template("contact_index.html.j2").render(rows=_index(sheets, files), pdf=PDF, **common)
    for old in folder.glob("[0-9][0-9][0-9]-*.html"):
        if old.name not in written and SIGN in old.read_bytes()[:2000]:  # never another's file
            old.unlink()
    for name, text in written.items():
        write_whole(folder / name, text.encode("utf-8", "replace"))
    write_whole(folder / PDF, draw_sheets(sheets, pictures, school=school, job=job, paper=paper))
    return [folder / INDEX, folder / PDF, *(folder / f for f in files.values())]


def _environment() -> Environment:
    loader = PackageLoader("prepaykit.report", "templates")
    page = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page.filters["text"] = lambda value: one_line(str(value))
    return page


def _slug(sheet: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", sheet).strip("-").lower()[:40] or "class"


def _blocks(sheets: SheetTables, sheet: str, pictures: dict[int, Small]) -> list[dict[str, object]]:
    mine = sheets.tiles[sheets.tiles["sheet"] == sheet]
    tiles: dict[int, list[dict[str, object]]] = {}
    for tile in mine.to_dict("records"):
        picture = pictures.get(tile["frame_id"])
        inside = None if picture is None else {
            "data": base64.b64encode(picture.content).decode(), "width": picture.width, "height": picture.height}  # fmt: skip
        tiles.setdefault(tile["block"], []).append({**tile, "marks": tile["marks"].split(), "picture": inside})
    blocks = sheets.blocks[sheets.blocks["sheet"] == sheet].fillna("").to_dict("records")
    return [{**block, "tiles": tiles.get(block["block"], [])} for block in blocks]


def _index(sheets: SheetTables, files: dict[str, str]) -> list[dict[str, object]]:
    """One row a sheet: file, title, teachers, how many galleries and frames, how many are worth a look."""
    blocks = sheets.blocks.groupby("sheet", sort=False).agg(blocks=("block", "size"), look=("is_worth_a_look", "sum"))
    blocks["empty"] = sheets.blocks["flags"].str.contains("no frames").groupby(sheets.blocks["sheet"]).sum()
    is_frame = sheets.tiles["kind"].isin(["frame", "group"])
    frames = pd.Series(is_frame.groupby(sheets.tiles["sheet"]).sum(), dtype="int64").reindex(blocks.index, fill_value=0)
    return [
        {"file": files[str(sheet)], "title": sheet, "subtitle": sheets.subtitles.get(str(sheet), ""), "blocks": int(row.blocks),
         "look": int(row.look), "empty": int(row.empty), "frames": int(frames[sheet])}
        for sheet, row in zip(blocks.index, blocks.itertuples(), strict=True)
    ]  # fmt: skip
