"""Photos: take the frames of picture day into the job, file them under their cards, and say who was there.

What may be changed: `frames`, `galleries`, `group_frames`, `attendance` of `subjects`, and of `slots` the crop, and the artwork of
memory mates, that were made of a file which has other bytes now. The whole sequence is worked out anew from all
frames of the job and what people decided, so the order of uploads makes no difference and nothing is ever filed twice. A
frame that is in the job stays in the job. Source: the user's document, part I; domain.md 3.3, 6.4.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from prepaykit.rules.capture_order import natural_rank
from prepaykit.rules.doubts import places_to_look
from prepaykit.rules.sequence import CARD_NOT_READ, Sequenced, sequence_frames
from prepaykit.rules.slots import with_other_pictures
from prepaykit.tables.catalog import columns_of, empty, typed
from prepaykit.tables.findings import found, together
from prepaykit.tables.plan import Plan
from prepaykit.tables.source_names import file_name, is_about, source_name
from prepaykit.tables.state import JobState
from prepaykit.tables.status import SETTLED

READ_COLUMNS = [
    "root",
    "path",
    "sha256",
    "size_bytes",
    "width",
    "height",
    "camera",
    "shot_at",
    "codes",
    "foreign_codes",
    "problem",
    "card_suspicion",
    "look_hash",
    "damage",
]
OF_A_FILE = ("frame_unreadable", "frame_too_large", "frame_damaged")


def plan_photos(
    state: JobState,
    frames_read: pd.DataFrame,
    *,
    findings: pd.DataFrame | None = None,
    sources: Iterable[str] | None = None,
    shoot_no: int = 1,
) -> Plan:
    """Plan to take in frames: who is in which, which galleries open, who was absent. Trouble is findings, never a refusal.

    `frames_read`, `findings` and `sources` (the folders and zips that were looked into; those of the frames if not given) come from
    `prepaykit.intake.frames.read_frames`; what was found in other sources before stays. A file already in the job (same place, or the same bytes under the same path of a folder that has moved) keeps its
    key and its shoot. `shoot_no`: 1 picture day, 2 first retake day, and so on, for the new files.

    Finding codes: those of `sequence_frames` and of the reader. Result: `frames`, `new`, `cards`, `individual`, `group`, `unassigned`,
    `set_aside`, `photographed`, `absent`.

    >>> from prepaykit.tables.catalog import empty
    >>> none = empty("frames").assign(texts="", is_broken_card=False)
    >>> plan_photos(JobState.new(name="maple-grove-2026", school="Maple Grove"), none).is_empty
    True
    """
    frames = _merged(state.frames, _folded(frames_read), shoot_no)
    tables, pictures = picture_tables(state, frames, state.choices)
    tables["slots"] = _without_stale_artwork(state, frames)
    sources = frames_read["root"].astype("str").unique() if sources is None else sources
    reader = _reader_findings(state, frames_read, findings, [source_name(root) for root in sources])
    result = _counts(state, tables)
    headline = (f"{result['frames']} frames ({result['new']} new): {result['cards']} cards, {result['individual']} individual, {result['group']} group, "
                f"{result['unassigned']} unassigned, {result['set_aside']} set aside; {result['photographed']} people photographed, {result['absent']} absent")  # fmt: skip
    return Plan.between(
        state, "photos", tables, findings=together(reader, pictures.findings), headline=headline, result=result
    )


def where_to_look(state: JobState, frames_read: pd.DataFrame, *, shoot_no: int = 1) -> pd.DataFrame:
    """The files just read in which a card may be that was not read: `root`, `path`, `why` (see `prepaykit.rules.doubts`).

    Only files that are new to the job: what was searched once is not searched again, and what a person has named needs no search.
    """
    frames = _merged(state.frames, _folded(frames_read), shoot_no)
    _, pictures = picture_tables(state, frames, state.choices)
    places = places_to_look(pictures)
    return places.loc[~places["frame_id"].isin(state.frames["frame_id"]), ["root", "path", "why"]].reset_index(
        drop=True
    )


def with_second_look(frames_read: pd.DataFrame, again: pd.DataFrame) -> pd.DataFrame:
    """What was read, with what a second, harder look at some frames has found: codes, or a card that still cannot be read.

    `again` (`row` of `frames_read`, `newly_read`, and the columns of the reader) is what `prepaykit.intake.frames.read_again` gives. An alarm of the
    first look is taken back only by a code; a look at other bytes (the file was changed in between) says nothing.
    """
    result = frames_read.set_index("row", drop=False)
    again = again.set_index("row")
    # a file that was changed between the two looks is another picture
    again = again[(again["sha256"] == result["sha256"].reindex(again.index)).fillna(False)]
    found = again[again["newly_read"].notna() | again["is_broken_card"].astype("bool")]
    for column in [c for c in ("texts", "is_broken_card", "card_suspicion") if c in result and c in found]:
        result.loc[found.index, column] = found[column].astype(result[column].dtype)
    return result.reset_index(drop=True)


def picture_tables(
    state: JobState, frames: pd.DataFrame, choices: pd.DataFrame
) -> tuple[dict[str, pd.DataFrame], Sequenced]:
    """Work the whole sequence out: the four tables of picture day as they should be, and what was found on the way."""
    done = sequence_frames(
        frames, state.subjects, state.groups, choices=choices, other_codes=state.other_codes,
        cards_after=state.job["cards_after"],
    )  # fmt: skip
    subjects = _attendance(state.subjects, done, has_frames=len(frames) > 0)
    return {
        "frames": done.frames,
        "galleries": done.galleries,
        "group_frames": done.group_frames,
        "subjects": subjects,
    }, done


# --- frames ------------------------------------------------------------------------------------------------------------


def _folded(frames_read: pd.DataFrame) -> pd.DataFrame:
    """What was read, in the columns that the catalog keeps: QR texts as codes, an unread card as a problem."""
    texts = frames_read["texts"].astype("str").str.replace(r"[^\S\n]", "%20", regex=True).str.replace("\n", " ")
    problem = frames_read["problem"].astype("str")
    rows = frames_read.assign(
        codes=texts,
        foreign_codes=pd.Series(None, index=frames_read.index, dtype="str"),
        problem=problem.mask(frames_read["is_broken_card"].astype("bool") & problem.isna(), CARD_NOT_READ),
    )
    return rows.reindex(columns=READ_COLUMNS)


def _place(frames: pd.DataFrame) -> pd.Series:
    """Where a file is, whichever part of the way was called its root: a folder read again from above is the same folder."""
    return frames["root"].astype("str") + "/" + frames["path"].astype("str")


def _merged(known: pd.DataFrame, read: pd.DataFrame, shoot_no: int) -> pd.DataFrame:
    """The job's frames with what was read now: known files keep key, shoot and place, new ones follow in natural order."""
    read = read.assign(place=_place(read)).drop_duplicates("place", ignore_index=True)
    where = _whereabouts(known, read)
    again, new = read[where >= 0], read[where < 0]
    new = new.iloc[np.argsort(natural_rank(new["place"]), kind="stable")]
    first = int(known["frame_id"].max()) + 1 if len(known) else 1
    new = new.assign(frame_id=np.arange(first, first + len(new)), shoot_no=shoot_no, sequence=0, role="unassigned")
    kept = _refreshed(known, again, where[where >= 0])
    columns = [c for c in columns_of("frames") if c != "version"]
    new = typed("frames", new[columns])
    return typed("frames", pd.concat([kept[columns], new[columns]]) if len(new) else kept[columns])


def _whereabouts(known: pd.DataFrame, read: pd.DataFrame) -> np.ndarray:
    """The row of the known frame that each file is, or -1: the one at its place, else one of the same bytes under the same path whose folder
    has moved (a studio copied to another disk). Of the files of a moved folder none becomes a second frame."""
    where = pd.Index(_place(known)).get_indexer(pd.Index(read["place"]))
    free = np.setdiff1d(np.arange(len(known)), where)
    mark = [frames["path"].astype("str") + "\n" + frames["sha256"].astype("str") for frames in (known.iloc[free], read)]
    former = pd.Series(free, index=mark[0].to_numpy())[known["sha256"].notna().to_numpy()[free]]
    former = former[~former.index.duplicated(keep=False)]
    moved = mark[1].map(former).where(where < 0)
    moved = moved.mask(moved.duplicated(keep=False))
    return np.where(where < 0, moved.fillna(-1).to_numpy(dtype="int64"), where)


def _refreshed(known: pd.DataFrame, again: pd.DataFrame, where: np.ndarray) -> pd.DataFrame:
    """Known frames with what was read of them now. A file that was sound and is damaged now keeps what it was."""
    now_damaged = ~_is_sound(again["problem"]).to_numpy()
    was_sound = known["sha256"].notna().to_numpy()[where] & known["width"].notna().to_numpy()[where]
    take = ~(now_damaged & was_sound)
    result = known.copy()
    moved = (_place(again).to_numpy() != _place(known).to_numpy()[where]) & (again["path"].to_numpy() == known["path"].to_numpy()[where])
    root = known["root"].astype("str").to_numpy().copy()
    root[where[moved]] = again["root"].astype("str").to_numpy()[moved]
    result = result.assign(root=root)
    for column in [c for c in READ_COLUMNS if c not in ("root", "path")]:
        values = result[column].array.copy()
        values[where[take]] = again[column].astype(result[column].dtype).array[take]
        result[column] = values
    return result


def _without_stale_artwork(state: JobState, frames: pd.DataFrame) -> pd.DataFrame:
    """The slots without crops and finished memory mates of a file as it was: the same name holds other bytes now."""
    both = state.frames[["frame_id", "sha256"]].merge(frames[["frame_id", "sha256"]], on="frame_id", validate="1:1")
    other = both.loc[both["sha256_x"].fillna("") != both["sha256_y"].fillna(""), "frame_id"]
    settled = state.orders.loc[state.orders["status"].isin(SETTLED), "order_id"]
    stale = state.slots["frame_id"].isin(other) & ~state.slots["order_id"].isin(settled)
    return with_other_pictures(state.slots, stale.to_numpy(dtype=bool))


# --- people ------------------------------------------------------------------------------------------------------------


def _attendance(subjects: pd.DataFrame, done: Sequenced, *, has_frames: bool) -> pd.DataFrame:
    """Who was photographed, absent or opted out; before any frame is there, everybody is expected."""
    if not has_frames:
        return subjects
    seen = subjects["subject_id"].isin(done.galleries["subject_id"].dropna())
    is_blank = subjects["kind"] == "blank"
    used_blank = is_blank & subjects["access_code"].isin(done.used_codes)
    attendance = np.select(
        [used_blank, is_blank, ~subjects["photograph"], seen],
        ["photographed", "expected", "opted_out", "photographed"],
        "absent",
    )
    return subjects.assign(attendance=attendance)


# --- findings ----------------------------------------------------------------------------------------------------------


def _reader_findings(
    state: JobState, frames_read: pd.DataFrame, findings: pd.DataFrame | None, sources: list[str]
) -> pd.DataFrame:
    """What the reader found now, and what it found before in sources that were not read this time.

    What it says of a file that is set aside is said by its frame instead (`sequence_frames`), which stays as long as that does.
    """
    findings = empty("findings") if findings is None else findings
    former = state.findings[(state.findings["verb"] == "photos") & (state.findings["about"] == "files")]
    damaged, seen = _damaged_since(state.frames, frames_read)
    again = [key in seen or any(is_about(key, source) for source in sources) for key in former["key"]]
    return together(findings[~findings["code"].isin(OF_A_FILE)], damaged, former[~np.array(again, dtype=bool)])


def _damaged_since(known: pd.DataFrame, read: pd.DataFrame) -> tuple[pd.DataFrame, set[str]]:
    """Files that were sound when they came in and are damaged now (their frames keep what was read of them then), as findings;
    and the names of all known files that were read again.
    """
    read = read.assign(place=_place(read)).drop_duplicates("place")
    where = pd.Index(_place(known)).get_indexer(pd.Index(read["place"]))
    known, now = known.iloc[where[where >= 0]], read.loc[where >= 0, "problem"]
    names = np.array([file_name(r, p) for r, p in zip(known["root"], known["path"], strict=True)], dtype=object)
    was_sound = known["sha256"].notna() & known["width"].notna() & _is_sound(known["problem"])
    damaged = was_sound.to_numpy() & ~_is_sound(now).to_numpy()
    details = [f"{n}: {what}; the job keeps what it was" for n, what in zip(names[damaged], now[damaged], strict=True)]
    return found("photos", "frame_unreadable", "files", names[damaged], details), set(names)


def _is_sound(problem: pd.Series) -> pd.Series:
    """A card that nobody could read is a sound picture."""
    return problem.isna() | (problem == CARD_NOT_READ)


def _counts(state: JobState, tables: dict[str, pd.DataFrame]) -> dict[str, int]:
    roles = tables["frames"]["role"].value_counts()
    attendance = tables["subjects"]["attendance"].value_counts()
    return {
        "frames": len(tables["frames"]),
        "new": len(tables["frames"]) - len(state.frames),
        "cards": int(roles.get("card", 0)),
        "individual": int(roles.get("individual", 0)),
        "group": int(roles.get("group", 0)),
        "unassigned": int(roles.get("unassigned", 0)),
        "set_aside": int(roles.get("set_aside", 0)),
        "photographed": int(attendance.get("photographed", 0)),
        "absent": int(attendance.get("absent", 0)),
    }
