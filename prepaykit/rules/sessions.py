"""Sessions: who stood before which camera, one after the other, and which sessions are not yet known to be anybody's.

Problem. A gallery says which frames a code has; it does not say between whom they were shot. But that is what tells a person whose
frames without a name probably are. Rule. A session is what follows one card (or one unread card, one frame that a person named, or
the start of a camera). Each has a place in its camera's order, so it has neighbours: the class that was being shot, and the children
before and after.

A session **strays** if nobody of the list owns its frames for certain: its code is not on the list, its card is blank or unread, it
stands before any card, it is a listed child's second session, or it is so long that a card was probably skipped in it. A listed
child's only session never strays: it is somebody's own.

Worked case. `K1 . . XY . . K3 . .`: the session under XY strays, between K1 and K3 of class 3A.
Known limits: a second session of a child may simply be that child again; what is said here is a place to look.
Source: domain.md 6.4; photos.md 4; matching.md 5.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.rules.card_habit import cards_after_of
from prepaykit.rules.walk import CARD, FROM_HERE, UNREAD, roster_of, walk_frames
from prepaykit.tables.state import JobState

STRAYS = ("unlisted", "blank", "unread", "nobody", "second", "long")
LONG_FACTOR, LONG_MORE, CLEAR_GAP = 2, 1, 1.2


def sessions_of(state: JobState) -> pd.DataFrame:
    """Every session of the job's frames, in walking order; empty before picture day.

    One row is a session: `session` (number), `camera`, `shoot_no`, `event`, `read_code` (missing if no card was read, or several),
    `access_code` it is filed under, `kind` (listed, group, several, and those of `STRAYS` but second and long), `subject_id`, `group_id`
    (class of the child, or the group itself), `card_frame` (the frame that opens it), `first_frame`, `frames` (how many follow), `at`
    (the camera's time), and the children around it: `before`, `after` (subject_id), `class_before`, `class_after` (group_id).

    >>> len(sessions_of(JobState.new(name="maple-grove-2026", school="Maple Grove")))
    0
    """
    if not len(state.frames):
        return pd.DataFrame(columns=["session", "kind", "frames"])
    walk = _walk(state)
    follows = walk[walk["follows"]]
    count = follows.groupby("run")["frame_id"].agg(["size", "first"])
    runs = walk.loc[np.unique(walk["run"])]
    codes = runs["run_codes"].fillna("").str.split()
    single = codes.str.len() == 1
    rows = pd.DataFrame({
        "row": runs.index, "camera": runs["camera"], "shoot_no": runs["shoot_no"], "event": runs["event"],
        "read_code": codes.str[0].where(single).astype("str"), "card_frame": runs["frame_id"], "at": runs["shot_at"],
        "frames": count["size"].reindex(runs.index).fillna(0).astype("int64"),
        "first_frame": count["first"].reindex(runs.index).astype("Int64"),
    })  # fmt: skip
    rows = _with_owner(rows, codes.str.len(), state).reset_index(drop=True)
    rows["session"] = np.arange(len(rows))
    return _with_neighbours(rows)


def strays_of(sessions: pd.DataFrame, state: JobState) -> pd.DataFrame:
    """The sessions with frames that nobody of the list owns for certain, and where a frame inside one is to be named.

    Columns of `sessions_of` and `stray` (number), `from_frame` (the frame from which on they are somebody else's), `of` (whose card
    or session it is in, subject_id), `is_clear` (False where the border inside a long session is only counted), `uses` (how many sessions with frames the
    read code has). Galleries that are wholly hidden, and sessions that a person named, do not stray.
    """
    if not len(sessions):
        return sessions.assign(stray=0)
    shown = sessions[(sessions["frames"] > 0) & (sessions["event"] != FROM_HERE)]
    uses = shown["read_code"].map(shown["read_code"].value_counts())
    tagged = _tagged(state)
    plain = shown[shown["kind"].isin(STRAYS)].assign(of=pd.NA, is_clear=True)
    plain["from_frame"] = plain["card_frame"]
    second = _second_sessions(shown[~shown["card_frame"].isin(tagged)])
    long = _long_sessions(shown[~shown["session"].isin(second["session"])], state)
    parts = [p for p in (plain, second, long) if len(p)]
    rows = pd.concat(parts) if parts else plain
    rows = rows.assign(uses=uses.reindex(rows.index)).sort_values(["session", "from_frame"])
    rows["of"] = rows["of"].astype("Int64")
    return rows.reset_index(drop=True).assign(stray=np.arange(len(rows)))


# --- inside ------------------------------------------------------------------------------------------------------------


def _walk(state: JobState) -> pd.DataFrame:
    after = cards_after_of(state.job["cards_after"], state.frames["camera"])
    return walk_frames(state.frames, state.choices, cards_after=after)


def _tagged(state: JobState) -> set[int]:
    """Frames that a person has named: what somebody looked at is not doubted again."""
    targets = state.choices.loc[state.choices["kind"] == "tag", "target"]
    return set(targets[targets.str.isdigit()].astype("int64"))


def _with_owner(rows: pd.DataFrame, codes: pd.Series, state: JobState) -> pd.DataFrame:
    roster = roster_of(state.subjects, state.groups, state.choices)
    filed = roster.filed_under(rows["read_code"]).where(rows["read_code"].notna())
    kind = pd.Series(roster.of(filed, "kind"), index=rows.index, dtype="str")
    subject = pd.Series(roster.of(filed, "subject_id"), index=rows.index, dtype="Int64")
    own_class = subject.map(state.subjects.set_index("subject_id")["group_id"]).astype("Int64")
    group = pd.Series(roster.of(filed, "group_id"), index=rows.index, dtype="Int64")
    is_card = rows["event"].isin([CARD, FROM_HERE])
    words = np.select(
        [rows["event"] == UNREAD, ~is_card, codes.to_numpy() > 1, kind.isna(), kind == "blank", kind == "group"],
        ["unread", "nobody", "several", "unlisted", "blank", "group"],
        "listed",
    )
    return rows.assign(access_code=filed, kind=words, subject_id=subject, group_id=group.fillna(own_class))


def _with_neighbours(rows: pd.DataFrame) -> pd.DataFrame:
    """The listed child, or the group card, before and the listed child after each session, on the same camera and shoot.

    A group card before says that its class begins here; a group card after says that the class before has ended.
    """
    known = rows["kind"].isin(["listed", "group"])
    keys = [rows["camera"], rows["shoot_no"]]
    mark = rows["session"].where(known).astype("Float64")
    before = mark.groupby(keys).transform(lambda s: s.shift().ffill())
    after = mark.groupby(keys).transform(lambda s: s.shift(-1).bfill())
    look = rows.set_index("session")

    def of(where: pd.Series, column: str) -> pd.Series:
        return where.map(look[column]).astype("Int64")

    ended = after.map(look["kind"]) == "group"
    return rows.assign(
        before=of(before, "subject_id"), class_before=of(before, "group_id"),
        after=of(after, "subject_id"), class_after=of(after, "group_id").mask(ended),
    )  # fmt: skip


def _second_sessions(shown: pd.DataFrame) -> pd.DataFrame:
    """Of listed children with several sessions on one day: those away from their class, else all but the first."""
    rows = shown[shown["kind"] == "listed"]
    rows = rows[rows.duplicated(["subject_id", "shoot_no"], keep=False)]
    at_home = ((rows["class_before"] == rows["group_id"]) | (rows["class_after"] == rows["group_id"])).fillna(False)
    keys = [rows["subject_id"], rows["shoot_no"]]
    some_home = at_home.groupby(keys).transform("any")
    first_home = at_home & ~(at_home.groupby(keys).cumsum() > 1)
    own = first_home | (~some_home & ~rows.duplicated(["subject_id", "shoot_no"]))
    rows = rows[~own.astype("bool")]
    return rows.assign(kind="second", of=rows["subject_id"], from_frame=rows["card_frame"], is_clear=True)


def _long_sessions(shown: pd.DataFrame, state: JobState) -> pd.DataFrame:
    """Sessions twice as long as usual: the later part may be the next child's, whose card was skipped.

    The border is the longest pause between two frames; where no pause stands out, as many frames as usual are left to the first child.
    """
    people = shown[shown["kind"] == "listed"]
    usual = people["frames"].median() if len(people) else 0
    rows = people[(people["frames"] >= LONG_FACTOR * usual) & (people["frames"] > usual + LONG_MORE)]
    if not len(rows):
        return rows.assign(of=pd.NA, from_frame=0, is_clear=True)
    walk = _walk(state)
    found = [_border(walk, row, max(int(usual), 1)) for row in rows["row"]]
    return rows.assign(
        kind="long",
        of=rows["subject_id"],
        from_frame=[frame for frame, _, _ in found],
        first_frame=[frame for frame, _, _ in found],
        frames=[left for _, left, _ in found],
        is_clear=[clear for _, _, clear in found],
        before=rows["subject_id"],
        class_before=rows["group_id"],
    )


def _border(walk: pd.DataFrame, row: int, usual: int) -> tuple[int, int, bool]:
    """The frame from which on a long session is probably another child's, how many frames that are, and whether a pause shows it."""
    frames = walk[(walk["run"] == row) & walk["follows"]]
    # Where cards come after the child, the walk goes back in time.
    pauses = frames["shot_at"].diff().dt.total_seconds().abs().fillna(0).to_numpy()[1:]
    longest, rest = int(np.argmax(pauses)), np.sort(pauses)[-2] if len(pauses) > 1 else 0.0
    clear = bool(pauses[longest] > CLEAR_GAP * rest > 0)
    at = longest + 1 if clear else min(usual, len(frames) - 1)
    return int(frames["frame_id"].iloc[at]), len(frames) - at, clear
