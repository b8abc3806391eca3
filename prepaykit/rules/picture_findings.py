"""What a person should look at after picture day: cards unread or alone, codes nobody has, sessions far too long.

This is the second half of `prepaykit.rules.sequence`. Where a code is unknown, unread or was never shot, the child is looked for whom
it probably belongs to: the only child still without frames in the class of the children shot before and after. With two or three of
them all are told and none is chosen, for a suggestion that is wrong would put one child's pictures on another's order. It is a place
to look, never a decision: nobody takes it but a person. Details hold frames, files and codes, never names. Source: photos.md 4; domain.md 5, 19 (A4, A9, A10).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from prepaykit.rules.class_order import class_order
from prepaykit.rules.duplicates import same_bytes, saved_anew
from prepaykit.rules.missed_cards import POSSIBLE
from prepaykit.rules.walk import CARD, CARD_NOT_READ, NOBODY, UNREAD, Roster
from prepaykit.tables.findings import found, together
from prepaykit.tables.source_names import TOO_LARGE, file_name

if TYPE_CHECKING:
    from prepaykit.rules.doubt_findings import Weighed

LONG_FACTOR, LONG_LEAST = 2.5, 4
DOUBLE = 2
MOST_TOLD = 3


def picture_findings(
    frames: pd.DataFrame,
    walk: pd.DataFrame,
    reads: pd.DataFrame,
    members: pd.DataFrame,
    runs: pd.DataFrame,
    cards: pd.DataFrame,
    absent: Absent,
    subjects: pd.DataFrame,
    weighed: Weighed,
    *,
    is_clock_jump: pd.Series,
    other_codes: pd.DataFrame | None,
) -> pd.DataFrame:
    """Everything a person should look at after picture day, as findings of the verb photos.

    `frames` and `subjects` are tables of the catalog, the others those of `prepaykit.rules.walk` and of here. Finding codes: see
    `sequence_frames`.
    """
    return together(
        _unsound(frames),
        _damaged(frames),
        _unread(runs, absent),
        _unlisted(cards, members, absent, other_codes),
        _foreign(reads, frames),
        _cards_alone(cards, walk),
        _before_first_card(walk),
        _long_sessions(cards, absent, weighed),
        _clock_jumps(frames, is_clock_jump),
        _several_codes(walk),
        _blanks(members),
        _opted_out(members, subjects),
        same_bytes(frames),
        saved_anew(frames),
    )


def label(rows: pd.DataFrame) -> pd.Series:
    """A frame as a person finds it: number and file."""
    return "frame " + rows["frame_id"].astype("str") + " (" + rows["path"].str.replace(r"^.*/", "", regex=True) + ")"


def runs_of(walk: pd.DataFrame) -> pd.DataFrame:
    """One row a run: the row of its event, with `n`: how many frames follow."""
    n = walk["follows"].groupby(walk["run"]).sum()
    runs = walk.loc[n.index]
    return runs.assign(n=n)


def _unsound(frames: pd.DataFrame) -> pd.DataFrame:
    """Files that are set aside, each by its frame: two camera cards hold files of the same name."""
    rows = frames[frames["problem"].notna() & (frames["problem"] != CARD_NOT_READ)]
    places = [file_name(root, path) for root, path in zip(rows["root"], rows["path"], strict=True)]
    detail = (
        "frame "
        + rows["frame_id"].astype("str")
        + " ("
        + pd.Series(places, rows.index, "str")
        + "): "
        + rows["problem"]
    )
    large = rows["problem"].str.startswith(TOO_LARGE)
    return together(
        found("photos", "frame_unreadable", "frames", rows.loc[~large, "frame_id"], detail[~large]),
        found("photos", "frame_too_large", "frames", rows.loc[large, "frame_id"], detail[large]),
    )


def _damaged(frames: pd.DataFrame) -> pd.DataFrame:
    """Pictures that stay although they are damaged inside: told as long as the frame is in the job, wherever its file is.

    A card whose code was read is no loss: it is never printed.
    """
    if "damage" not in frames:
        return found("photos", "frame_damaged", "frames", [], [])
    rows = frames[frames["damage"].notna() & (frames["problem"].isna() | (frames["problem"] == CARD_NOT_READ))]
    rows = rows[rows["role"] != "card"]
    return found("photos", "frame_damaged", "frames", rows["frame_id"], label(rows) + ": " + rows["damage"])


def _unread(runs: pd.DataFrame, absent: Absent) -> pd.DataFrame:
    rows = runs[runs["event"] == UNREAD]
    likely = [absent.around(row) for row in rows.index]
    n = rows["n"].astype("str")
    detail = label(rows) + " shows a card that cannot be read; " + n + " frames after it are unassigned"
    detail = [d + told(codes) for d, codes in zip(detail, likely, strict=True)]
    return found(
        "photos", "unread_card", "frames", rows["frame_id"], detail, suggestion=[only(codes) for codes in likely]
    )


def _before_first_card(walk: pd.DataFrame) -> pd.DataFrame:
    rows = walk[walk["follows"] & (walk["run_event"] == NOBODY)]
    n = rows.groupby("run")["frame_id"].transform("size")
    first = ~rows["run"].duplicated()
    detail = (
        label(rows) + " and " + (n - 1).astype("str") + " after it stand before the first card of " + rows["camera"]
    )
    return found("photos", "frames_before_first_card", "frames", rows.loc[first, "frame_id"], detail[first])


def _foreign(reads: pd.DataFrame, frames: pd.DataFrame) -> pd.DataFrame:
    """One note a foreign text, at its first frame: a poster in the hall stands in a hundred frames. The text itself is not told."""
    rows = (
        reads[reads["code"].isna()]
        .merge(frames[["frame_id", "path"]], on="frame_id", validate="m:1")
        .sort_values("frame_id")
    )
    n = rows.groupby("text")["frame_id"].transform("size")
    first = ~rows["text"].duplicated()
    detail = label(rows) + " shows a QR code that is not one of ours; it is seen on " + n.astype("str") + " frames"
    return found("photos", "foreign_code", "frames", rows.loc[first, "frame_id"], detail[first])


def _several_codes(walk: pd.DataFrame) -> pd.DataFrame:
    rows = walk[(walk["event"] >= CARD) & walk["run_codes"].str.contains(r"\S\s+\S", na=False)]
    detail = label(rows) + " shows several codes (" + rows["run_codes"] + "): the frames after it are in each gallery"
    return found("photos", "many_codes", "frames", rows["frame_id"], detail)


def card_runs(runs: pd.DataFrame, roster: Roster) -> pd.DataFrame:
    """One row a card run and code: `row` of the walk, `access_code` it is filed under, `kind`, `n` frames."""
    runs = runs[runs["event"] >= CARD]
    rows = runs.assign(row=runs.index, read_code=runs["run_codes"].str.split()).explode("read_code", ignore_index=True)
    rows["access_code"] = roster.filed_under(rows["read_code"].astype("str"))
    rows["kind"] = roster.of(rows["access_code"], "kind")
    return rows


def _cards_alone(cards: pd.DataFrame, walk: pd.DataFrame) -> pd.DataFrame:
    n = cards.groupby(["access_code", "shoot_no"])["n"].transform("sum")
    # a frame that a person moved there is one, wherever it was shot
    rows = cards[(n == 0) & ~cards["access_code"].isin(walk["moved_to"])].drop_duplicates("access_code")
    detail = label(rows) + " shows the card " + rows["access_code"] + "; nobody was photographed after it"
    return found("photos", "card_without_frames", "galleries", rows["access_code"], detail)


def _long_sessions(cards: pd.DataFrame, absent: Absent, weighed: Weighed) -> pd.DataFrame:
    """A child with far more frames than usual; or with twice as many, while a child of the same class has none.

    Where the job is large enough to be learned from, only sessions that all signs together do not speak against; and none that
    is told as `card_skipped` already, or in which a person has settled a doubt.
    """
    rows = cards[(cards["n"] > 0) & (cards["kind"].fillna("") != "group")]
    usual = rows["n"].median()
    rows = rows[(rows["n"] >= DOUBLE * usual) & (rows["n"] > usual + 1)]
    rows = rows[~rows["row"].isin(weighed.missed.places["run"]) & ~rows["row"].isin(weighed.looked_at)]
    if weighed.missed.is_sure:
        rows = rows[weighed.missed.sessions["chance"].reindex(rows["row"]).to_numpy() >= POSSIBLE]
    likely = pd.Series([absent.around(row) for row in rows["row"]], index=rows.index, dtype="object")
    is_far = (rows["n"] > LONG_FACTOR * usual) & (rows["n"] >= usual + LONG_LEAST)
    rows = rows[is_far | likely.map(bool).astype("bool")]
    likely = likely[rows.index]
    detail = (
        rows["access_code"]
        + " has "
        + rows["n"].astype("str")
        + " frames after "
        + label(rows)
        + f", the usual is {usual:g}"
    )
    detail = [d + told(codes) for d, codes in zip(detail, likely, strict=True)]
    return found("photos", "long_session", "galleries", rows["access_code"], detail, suggestion=likely.map(only))


def _clock_jumps(frames: pd.DataFrame, is_jump: pd.Series) -> pd.DataFrame:
    rows = frames[is_jump].sort_values(["camera", "shoot_no", "sequence"])
    n = rows.groupby("camera")["frame_id"].transform("size")
    first = ~rows["camera"].duplicated()
    detail = (
        rows["camera"]
        + ": the time falls at "
        + label(rows)
        + " while the file number rises, "
        + n.astype("str")
        + " times in all"
    )
    return found("photos", "camera_clock", "frames", rows.loc[first, "frame_id"], detail[first])


def _blanks(members: pd.DataFrame) -> pd.DataFrame:
    rows = members[members["kind"] == "blank"]
    n = rows.groupby("access_code")["frame_id"].transform("size").astype("str")
    return found(
        "photos",
        "blank_card_used",
        "subjects",
        rows["access_code"],
        "blank card " + rows["access_code"] + " has " + n + " frames and no name",
    )


def _opted_out(members: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    rows = members[members["subject_id"].isin(subjects.loc[~subjects["photograph"], "subject_id"])]
    n = rows.groupby("access_code")["frame_id"].transform("size").astype("str")
    detail = n + " frames stand under " + rows["access_code"] + ", who must not be photographed"
    return found("photos", "opted_out_photographed", "subjects", rows["access_code"], detail)


# --- whose it probably is -----------------------------------------------------------------------------------------------


def _unlisted(
    cards: pd.DataFrame, members: pd.DataFrame, absent: Absent, other_codes: pd.DataFrame | None
) -> pd.DataFrame:
    """Codes of ours that nobody on the list has, each with the child it probably is."""
    lost = cards[cards["kind"].isna()].drop_duplicates("access_code")
    n = members.groupby("access_code").size()
    elsewhere = {} if other_codes is None else dict(zip(other_codes["access_code"], other_codes["job"], strict=True))
    details, likely = [], []
    for row, code in zip(lost["row"], lost["access_code"], strict=True):
        if code in elsewhere:
            where, codes = f"it belongs to job {elsewhere[code]}", []
        else:
            where, codes = "it is not on the names list", absent.around(row)
        details.append(f"code {code}: {where}; {n.get(code, 0)} frames are kept under it{told(codes)}")
        likely.append(only(codes))
    return found("photos", "code_not_listed", "galleries", lost["access_code"], details, suggestion=likely)


def only(codes: list[str]) -> str | None:
    return codes[0] if len(codes) == 1 else None


def told(codes: list[str]) -> str:
    return f"; without frames: {' or '.join(codes)}" if codes else ""


class Absent:
    """The children on the list who have no frames, by class."""

    def __init__(self, walk: pd.DataFrame, cards: pd.DataFrame, members: pd.DataFrame, subjects: pd.DataFrame) -> None:
        self._walk = walk
        listed = subjects[subjects["kind"] != "blank"]
        self._shot = cards[cards["access_code"].isin(listed["access_code"])]
        with_frames = pd.Index(listed.loc[listed["subject_id"].isin(members["subject_id"].dropna()), "access_code"])
        first = self._shot[self._shot["shoot_no"] == self._shot["shoot_no"].min()]
        self._order = class_order(subjects, first, with_frames)

    def around(self, row: int) -> list[str]:
        """Children without frames of the class that was being shot at this row of the walk: at most three, else none is told.

        Narrowed by the order of the class list only where the class really came in that order: else it would name the wrong child.
        """
        before, after = self._neighbours(row)
        codes = self._order.who_waits(before, after)
        return sorted(codes) if len(codes) <= MOST_TOLD else []

    def _neighbours(self, row: int) -> tuple[str | None, str | None]:
        """Codes of the listed children whose cards come at or before, and after, a row, on the same camera."""
        at = self._shot["row"].searchsorted(row, side="right")
        around = self._shot.iloc[max(at - 1, 0) : at + 1]
        here = self._walk.loc[row]
        same = (around["camera"] == here["camera"]) & (around["shoot_no"] == here["shoot_no"])
        near = around[same]
        before, after = near.loc[near["row"] <= row, "access_code"], near.loc[near["row"] > row, "access_code"]
        return (before.iloc[-1] if len(before) else None), (after.iloc[0] if len(after) else None)
