"""Picture days of drawn jobs, sequenced without a picture: what was planted, what was told, who was doubted without a cause."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from prepaykit.decide.names import plan_names
from prepaykit.decide.photos import plan_photos
from prepaykit.demo.perfect_reader import frames_as_read
from prepaykit.demo.tables import JOB, NOW, invent, write_csv
from prepaykit.intake.names_list import read_names
from prepaykit.tables.state import JobState

# planted fault → the finding that must tell it, and whether its key is the planted frame
TOLD_BY = {
    "skipped_card": ("card_skipped", False),
    "unread_card": ("unread_card", True),
    "two_cards_in_one_picture": ("many_codes", True),
    "frame_before_first_card": ("frames_before_first_card", False),
    "clock_set_back": ("camera_clock", False),
    "counter_rolled_over": ("counter_rolled_over", False),
    "zero_bytes": ("frame_unreadable", True),
    "text_file_called_jpg": ("frame_unreadable", True),
    "foreign_qr": ("foreign_code", False),
}
DOUBTING = (
    "card_skipped",
    "long_session",
    "cards_after_frames",
    "cards_of_strangers",
    "cameras_mixed",
    "card_without_frames",
)


@dataclass(frozen=True)
class Told:
    """`state` after picture day; `recall`: fault → (planted, told); `at_the_frame`: skipped cards told at the very frame; `children`: on the list; `doubted`: codes doubted without a cause;
    `right_child`, `wrong_child`: suggestions beside skipped cards."""

    state: JobState
    recall: dict[str, tuple[int, int]]
    at_the_frame: int
    children: int
    doubted: list[str]
    right_child: int
    wrong_child: int


def named_job(size: str, seed: int) -> tuple[JobState, dict[str, pd.DataFrame]]:
    """A drawn job after its names list was brought, and its tables."""
    invented = invent(size, seed)
    tables = invented.tables()
    with tempfile.TemporaryDirectory() as folder:
        write_csv(tables["names"], Path(folder, "names.csv"))
        read = read_names(Path(folder, "names.csv"))
    state = JobState.new(**JOB)
    plan = plan_names(state, read.table, seed=seed, findings=read.findings, blanks=invented.blanks, now=NOW)
    return state.after(plan), tables


def picture_day(size: str, seed: int) -> Told:
    """Sequence the picture day of a drawn job, and hold what was told against what was planted."""
    state, tables = named_job(size, seed)
    state = state.after(plan_photos(state, frames_as_read(tables, root="photos")))
    place = state.frames["root"] + "/" + state.frames["path"]
    number = pd.Series(state.frames["frame_id"].astype("str").to_numpy(), index=place)
    faults = tables["faults"][~tables["faults"]["where"].str.startswith("retake")]
    recall = {}
    for fault, (code, is_exact) in TOLD_BY.items():
        rows = faults[faults["fault"] == fault]
        keys = set(state.findings.loc[state.findings["code"] == code, "key"])
        hits = [number.get(where) in keys if is_exact else bool(keys) for where in rows["where"]]
        recall[fault] = (len(rows), sum(hits))
    gallery = _gallery_of(state)
    skipped = number.reindex(faults.loc[faults["fault"] == "skipped_card", "where"])
    found = state.findings.loc[state.findings["code"].isin(["card_skipped", "long_session"]), "key"]
    recall["skipped_card"] = (len(skipped), int(skipped.map(gallery).isin(found.map(gallery)).sum()))
    children = int((state.subjects["kind"] != "blank").sum())
    return Told(
        state, recall, int(skipped.isin(found).sum()), children, *_doubted(state, tables, set(skipped.map(gallery)))
    )


def _gallery_of(state: JobState) -> dict[str, str]:
    """Frame (as text) or code → the code of its gallery."""
    own = dict(zip(state.galleries["frame_id"].astype("str"), state.galleries["access_code"], strict=True))
    return {**own, **{code: code for code in own.values()}}


def _doubted(state: JobState, tables: dict[str, pd.DataFrame], causes: set[str]) -> tuple[list[str], int, int]:
    truth = tables["truth_frames"].set_index("path")
    place = dict(
        zip(state.frames["frame_id"].astype("str"), state.frames["root"] + "/" + state.frames["path"], strict=True)
    )
    gallery = _gallery_of(state)
    rows = state.findings[state.findings["code"].isin(DOUBTING)]
    wrong = [r.key for r in rows.itertuples() if gallery.get(r.key) not in causes]
    told = rows[(rows["code"] == "card_skipped") & rows["suggestion"].notna()]
    right = [truth.loc[place[r.key], "access_codes"] == r.suggestion for r in told.itertuples()]
    return wrong, int(np.sum(right)), len(right) - int(np.sum(right))
