"""The galleries in the order of the names list, in albums by class and teacher, each with the frame that stands for it.

Rule. An album is a class (or a teacher), its galleries in the order of the names list, the group pictures before them. Cards are in no
album. The frame that stands for a gallery is the one populate takes: the first individual frame after the card, of the latest shoot if the
job says so, one that is the child's alone before one with several codes; a frame that a person chose (`codes --favourite`) stays.
Frames with several codes stand in each child's gallery, and once more in the album of buddies and siblings. Children without frames are
listed too, with 0. Staff, blank cards and codes that are not on the list have albums of their own, at the end.

Worked case. A (frames 2, 3), B (frame 5), and frame 7 after the cards of both: album 3A has A with three frames and B with two,
the album of buddies and siblings has `A B` with one. Source: the user's document, part I; domain.md 3.3 (G9, G10), 4 (rows 2–4), A22.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.errors import UsageError
from prepaykit.rules.capture_order import natural_rank
from prepaykit.tables.state import JobState

FAVOURITE = "code:"
BUDDIES, NO_CLASS, STAFF, BLANKS, UNLISTED = (
    "Buddies and siblings",
    "No class",
    "Staff",
    "Blank cards",
    "Codes not on the list",
)
COLUMNS = [
    "album",
    "teacher",
    "kind",
    "place",
    "access_code",
    "subject_id",
    "frames",
    "hidden",
    "shared",
    "default_frame_id",
    "chosen_by",
    "is_active",
]
_AT_END = {"class": 0, "no class": 1, "staff": 2, "siblings": 3, "blank": 4, "unlisted": 5}


def favourites(choices: pd.DataFrame, subjects: pd.DataFrame) -> dict[int, int]:
    """Child (key) → the frame that a person chose to stand for the gallery."""
    rows = choices[(choices["kind"] == "frame") & choices["target"].str.startswith(FAVOURITE)]
    if not len(rows):
        return {}
    owner = dict(zip(subjects["access_code"], subjects["subject_id"], strict=True))
    codes = rows["target"].str.removeprefix(FAVOURITE)
    return {int(owner[c]): int(f) for c, f in zip(codes, rows["value"], strict=True) if c in owner and f.isdigit()}


def albums(state: JobState, *, by: str = "group") -> pd.DataFrame:
    """One row a gallery of an album, in order.

    `album` (class or teacher), `teacher`, `kind` (group, student, staff, siblings, blank, unlisted), `place` in the album from 1,
    `access_code` (of siblings: all of them, space-separated), `subject_id`, `frames` offered, `hidden` ones, `shared` (offered frames with several
    codes), `default_frame_id`, `chosen_by` (rule, person; missing without frames), `is_active`. `by`: `group` or `teacher`.

    >>> albums(JobState.new(name="maple-grove-2026", school="Maple Grove")).shape
    (0, 12)
    """
    if by not in ("group", "teacher"):
        raise UsageError(f"albums are by group or by teacher, not by {by!r}")
    galleries = _gallery_rows(state)
    people = _people(state)
    rows = people.merge(_counted(state, galleries), on="access_code", how="left", validate="1:1")
    rows = pd.concat([rows, _unlisted(state, galleries, people), _siblings(state, galleries), _group_pictures(state)])
    rows = rows.astype({"teacher": "str", "group": "str"})
    counts = ["frames", "hidden", "shared"]
    rows[counts] = rows[counts].fillna(0).astype("int64")
    named = rows["section"].isin(["class"])
    first = rows["group"] if by == "group" else rows["teacher"].fillna("")
    other = rows["group"].fillna("")
    rows["album"] = rows["group"].where(~named | (by == "group"), rows["teacher"].fillna(rows["group"]))
    rows = rows.assign(
        _at=rows["section"].map(_AT_END), _bare=first.fillna("").eq(""), _first=natural_rank(first.fillna("")), _other=natural_rank(other),
        _people=rows["kind"] != "group", _id=rows["subject_id"].fillna(np.iinfo(np.int64).max),
    ).sort_values(["_at", "_bare", "_first", "_other", "_people", "_id", "access_code"])  # fmt: skip
    rows["place"] = rows.groupby("album").cumcount() + 1
    rows["is_active"] = rows["is_active"].fillna(False).astype("bool")
    types = {
        "subject_id": "Int64",
        "default_frame_id": "Int64",
        "chosen_by": "str",
        "album": "str",
        "access_code": "str",
    }
    return rows[COLUMNS].astype(types).reset_index(drop=True)


# --- parts -------------------------------------------------------------------------------------------------------------


def _people(state: JobState) -> pd.DataFrame:
    people = state.subjects[["subject_id", "access_code", "kind", "group_id", "teacher"]]
    used = people["access_code"].isin(state.galleries["access_code"])
    people = people[(people["kind"] != "blank") | used]
    groups = state.groups.set_index("group_id")
    name, teacher = people["group_id"].map(groups["name"]), people["group_id"].map(groups["teacher"])
    is_blank, has_class = people["kind"] == "blank", name.notna()
    has_no_class = np.where(people["kind"] == "staff", STAFF, np.where(is_blank, BLANKS, NO_CLASS))
    section = np.select(
        [has_class & ~is_blank, is_blank, people["kind"] == "staff"], ["class", "blank", "staff"], "no class"
    )
    rows = people.assign(
        group=name.astype("str").where(has_class & ~is_blank, pd.Series(has_no_class, people.index)), section=section
    )
    return rows.assign(teacher=people["teacher"].fillna(teacher.astype("str"))).drop(columns="group_id")


def _gallery_rows(state: JobState) -> pd.DataFrame:
    """The galleries with shoot, whether a frame stands under several codes, and its rank as populate ranks it."""
    rows = state.galleries.merge(state.frames[["frame_id", "shoot_no"]], on="frame_id", validate="m:1")
    rows["is_shared"] = rows["frame_id"].duplicated(keep=False)
    way = -1 if str(state.job["retake_policy"]) == "latest" else 1
    chosen = favourites(state.choices, state.subjects)
    picked = rows["subject_id"].map(chosen).eq(rows["frame_id"]).fillna(False)
    rows = rows.assign(is_picked=picked.astype("bool"), shoot=way * rows["shoot_no"])
    return rows.sort_values(["access_code", "is_picked", "is_shared", "shoot", "position", "frame_id"],
                            ascending=[True, False, True, True, True, True])  # fmt: skip


def _counted(state: JobState, rows: pd.DataFrame) -> pd.DataFrame:
    shown = rows[~rows["is_hidden"]]
    first = shown.drop_duplicates("access_code").set_index("access_code")
    told = rows.groupby("access_code").agg(hidden=("is_hidden", "sum"), is_active=("is_active", "any"))
    offered = shown.groupby("access_code").agg(frames=("frame_id", "size"), shared=("is_shared", "sum"))
    told = told.join(offered).assign(
        default_frame_id=first["frame_id"], chosen_by=first["is_picked"].map({True: "person", False: "rule"})
    )
    return told.reset_index()


def _unlisted(state: JobState, rows: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    lost = rows[~rows["access_code"].isin(people["access_code"])]
    return _counted(state, lost).assign(
        group=UNLISTED, section="unlisted", kind="unlisted", teacher=None, subject_id=pd.NA
    )


def _siblings(state: JobState, rows: pd.DataFrame) -> pd.DataFrame:
    """Each set of codes that stands together on frames: one gallery of the album of buddies and siblings."""
    shared = rows[rows["is_shared"]].sort_values(["frame_id", "access_code"])
    together = shared.groupby("frame_id").agg(
        access_code=("access_code", " ".join), is_hidden=("is_hidden", "any"), is_active=("is_active", "any")
    )
    together = together.reset_index().sort_values("frame_id")
    shown = together[~together["is_hidden"]]
    told = together.groupby("access_code").agg(hidden=("is_hidden", "sum"), is_active=("is_active", "any"))
    told = told.assign(
        frames=shown.groupby("access_code").size(), default_frame_id=shown.groupby("access_code")["frame_id"].first()
    )
    told = told.assign(shared=told["frames"], chosen_by=np.where(told["frames"].notna(), "rule", None))
    return told.reset_index().assign(group=BUDDIES, section="siblings", kind="siblings", teacher=None, subject_id=pd.NA)


def _group_pictures(state: JobState) -> pd.DataFrame:
    rows = state.group_frames.sort_values(["group_id", "position"])
    told = (
        rows.groupby("group_id").agg(frames=("frame_id", "size"), default_frame_id=("frame_id", "first")).reset_index()
    )
    groups = state.groups[["group_id", "name", "teacher", "access_code"]].rename(columns={"name": "group"})
    told = told.merge(groups, on="group_id", validate="1:1")
    return told.assign(section="class", kind="group", chosen_by="rule", is_active=True, subject_id=pd.NA).drop(
        columns="group_id"
    )
