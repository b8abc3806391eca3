"""A whole demo job in memory, without a picture: its tables after picture day, and what really happened. Made for measuring."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from prepaykit.decide.names import plan_names
from prepaykit.decide.orders import plan_orders
from prepaykit.decide.paper import plan_paper
from prepaykit.decide.photos import plan_photos
from prepaykit.decide.populate import plan_populate
from prepaykit.decide.prices import plan_prices
from prepaykit.demo.shoot import CAMERAS
from prepaykit.demo.tables import JOB, NOW, Invented, invent, write_tables
from prepaykit.intake.names_list import read_names
from prepaykit.intake.online_orders import read_orders
from prepaykit.intake.paper_orders import read_paper_orders
from prepaykit.intake.price_list import read_prices
from prepaykit.tables.state import JobState

NO_FILES = ("thumbs",)


@dataclass(frozen=True)
class Demo:
    """`state` after picture day and populate; `owner`: frame → access codes of who is truly in it; `meant`: order → codes truly meant."""

    state: JobState
    owner: dict[int, list[str]]
    meant: dict[str, list[str]]
    invented: Invented


def demo_in_memory(
    size: str = "small",
    seed: int = 1,
    *,
    retake: bool = False,
    change: Callable[[Invented, pd.DataFrame], pd.DataFrame] | None = None,
    other_codes: pd.DataFrame | None = None,
) -> Demo:
    """Draw a job's tables and take them through names, prices, orders, paper, photos and populate, all in memory.

    `change(invented, shots)` may alter what was shot (order, codes on cards) before it is read. `other_codes`: those of the season's other jobs.
    """
    invented = invent(size, seed)
    state = JobState.new(**JOB)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tables(invented, folder)
        read = {k: r(folder / f"{k}.csv") for k, r in READERS.items()}
    names, prices, orders, paper = (read[k] for k in READERS)
    state = state.after(
        plan_names(state, names.table, seed=seed, findings=names.findings, blanks=invented.blanks, now=NOW)
    )
    if (
        other_codes is not None
    ):  # only now: a season's register changes which codes are issued, and the cards are drawn already
        state = replace(state, other_codes=other_codes)
    state = state.after(plan_prices(state, prices.table, findings=prices.findings))
    state = state.after(plan_orders(state, orders.table, findings=orders.findings, now=NOW))
    state = state.after(plan_paper(state, paper.table, findings=paper.findings, match={}, now=NOW))
    shots = pd.DataFrame([vars(s) for s in invented.day.shots if s.kind not in NO_FILES])
    shots = shots if retake else shots[shots["root"] == "photos"]
    shots = shots if change is None else change(invented, shots)
    for number, root in enumerate(("photos", "retake"), start=1):
        part = shots[shots["root"] == root]
        if len(part):
            state = state.after(plan_photos(state, as_read(part), shoot_no=number))
    state = state.after(plan_populate(state))
    return Demo(state, _owners(state, invented, shots), _meant(invented), invented)


READERS = {"names": read_names, "prices": read_prices, "orders": read_orders, "paper_orders": read_paper_orders}


def as_read(shots: pd.DataFrame) -> pd.DataFrame:
    """Shots as the reader of picture files would give them, had they been drawn and read without a slip."""
    is_card = shots["kind"].isin(["card", "group_card"])
    unread = is_card & (shots["damage"] != "")
    is_bad = shots["kind"].isin(["zero_bytes", "text"])
    texts = shots["codes"].map("\n".join).where(is_card & ~unread)
    texts = texts.mask(shots["damage"] == "poster", "https://example.com/poster")
    body = [CAMERAS[c] for c in shots["camera"]]
    return pd.DataFrame({
        "root": shots["root"].to_numpy(), "path": shots["path"].to_numpy(),
        "sha256": [f"{n:064x}" for n in shots["number"]], "size_bytes": 1000,
        "width": pd.Series(3000, index=range(len(shots)), dtype="Int64"), "height": pd.Series(2000, index=range(len(shots)), dtype="Int64"),
        "camera": [f"{b.model} {b.serial or b.card}" for b in body], "sequence": range(1, len(shots) + 1),
        "shot_at": pd.to_datetime(shots["shot_at"]).dt.as_unit("us").to_numpy(),
        "texts": texts.astype("str").to_numpy(), "is_broken_card": unread.to_numpy(),
        "problem": pd.Series(["not a JPEG" if b else None for b in is_bad], dtype="str"), "row": range(1, len(shots) + 1),
    })  # fmt: skip


def _owners(state: JobState, invented: Invented, shots: pd.DataFrame) -> dict[int, list[str]]:
    code_of = {p.key: p.access_code or p.blank_code for p in invented.school.everybody}
    keys = {
        f"{r}/{p}": [code_of[k] for k in who] for r, p, who in shots[["root", "path", "keys"]].itertuples(index=False)
    }
    places = state.frames["root"] + "/" + state.frames["path"]
    return {int(f): keys[p] for f, p in zip(state.frames["frame_id"], places, strict=True)}


def _meant(invented: Invented) -> dict[str, list[str]]:
    truth = invented.shop.truth
    return {no: codes.split() for no, codes in zip(truth["order_no"], truth["access_codes"], strict=True)}
