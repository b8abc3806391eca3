"""Cards and frames: who is in which frame, worked out from the order of shooting.

Problem. A child's card is photographed, then the child. The card is the only thing that says whose frames follow.

Rule. Each camera and shoot is walked in capture order. A frame with codes of ours is a card: the frames after it belong to every
code on it, until the next card. A code seen again opens its gallery again. Frames after a group's card are pictures of that
group. Where it is not known whose frames these are, they belong to nobody: before the first card, after a card that could not be
read, and after a pause of more than six hours (a new day). They stay `unassigned` until a person names a code.

What a person decided stands above what was read (`choices`): `tag` a frame with codes (a card is read so; any other frame opens
the gallery from itself on), or with nothing (it is no card); `relabel` a read code to another one, `bind` a blank card to a
name; `hide` a frame; `move` one frame to another code, or to nobody: the cards and all other frames stay where they are.

Worked case. Card A, two frames, card B that nobody could read, two frames, card C, one frame. A has two frames and C one; the two
after B are unassigned, and the finding `unread_card` names B's frame. They would never be given to A.

A code is ours when it is on the names list of this or another job, when it is of the form we issue, or when it looks like the
codes of the list (as many letters and digits in the same places). Ours but not on the list: its frames are kept under it, and the child is suggested
whose code is within two edits, or who is the only one of the class still without frames where it was shot.

It doubts itself: `missed_cards` weighs for every session whether the next child's card is missing in it, `card_habit` whether a
photographer shows the card after the child, `bodies` whether two cameras were read as one. What is doubted is told and holds orders
back (`prepaykit.rules.doubts`); no frame is ever moved by a doubt. Source: domain.md 3.3, 6.4, 8; photos.md 3, 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from prepaykit.rules.bodies import bodies_apart
from prepaykit.rules.capture_order import capture_order
from prepaykit.rules.card_habit import cards_after_of, habit_known_of
from prepaykit.rules.doubt_findings import Weighed, doubt_findings, weighed
from prepaykit.rules.picture_findings import Absent, card_runs, picture_findings, runs_of
from prepaykit.rules.walk import (
    CARD_NOT_READ,
    chosen,
    classified,
    members_of,
    reads_of,
    roster_of,
    walk_frames,
    with_codes,
)
from prepaykit.tables.catalog import columns_of, empty, typed
from prepaykit.tables.findings import together

__all__ = ["CARD_NOT_READ", "Sequenced", "sequence_frames"]


@dataclass(frozen=True)
class Sequenced:
    """`frames`: all of the input, once, in its order, with `sequence`, `codes`, `foreign_codes` and `role`. `galleries` and
    `group_frames` as the catalog has them. `used_codes`: codes read on cards that have frames. `findings` of the verb photos.
    `walk`: the frames in walking order (`prepaykit.rules.walk`). `weighed`: what speaks for a missed card, session by session."""

    frames: pd.DataFrame
    galleries: pd.DataFrame
    group_frames: pd.DataFrame
    findings: pd.DataFrame
    used_codes: frozenset[str]
    walk: pd.DataFrame | None = None
    weighed: Weighed | None = None


def sequence_frames(
    frames: pd.DataFrame,
    subjects: pd.DataFrame,
    groups: pd.DataFrame,
    *,
    choices: pd.DataFrame | None = None,
    other_codes: pd.DataFrame | None = None,
    cards_after: str | None = None,
) -> Sequenced:
    """File every frame under the card before it; say which frames belong to nobody yet, and why.

    `frames`, `subjects`, `groups`, `choices` are tables of the catalog. Of `frames`: what was read stands in `codes` and `foreign_codes`
    (which is which is decided anew here), `problem` is missing, `card not read`, or why the file is set aside. `other_codes`
    (`access_code`, `job`): codes of the store's other jobs. `cards_after`: the job's setting of that name. The order of the rows makes no
    difference.

    Finding codes: unread_card, code_not_listed, foreign_code, card_without_frames, frames_before_first_card, long_session,
    card_skipped, no_card_seen, cards_after_frames, cards_before_frames, cameras_mixed, cards_of_strangers, card_seen_again, camera_clock, counter_rolled_over,
    numbers_missing, many_codes, blank_card_used, opted_out_photographed, frame_doubled, frame_resaved, frame_unreadable, frame_too_large, frame_damaged.

    >>> from prepaykit.tables.catalog import empty
    >>> sequence_frames(empty("frames"), empty("subjects"), empty("groups")).galleries.shape
    (0, 8)
    """
    if not len(frames):
        return Sequenced(frames, empty("galleries"), empty("group_frames"), empty("findings"), frozenset())
    choices = empty("choices") if choices is None else choices
    roster = roster_of(subjects, groups, choices)
    frames = frames.assign(camera=bodies_apart(frames))
    order = capture_order(frames)
    frames = frames.assign(sequence=order["sequence"])
    elsewhere = () if other_codes is None else other_codes["access_code"]
    reads = classified(reads_of(frames), roster, elsewhere)
    frames = with_codes(frames, reads)

    numbered = frames.assign(missing=order["missing"])
    turned = cards_after_of(cards_after, frames["camera"])
    walk = walk_frames(numbered, choices, cards_after=turned)
    members = members_of(walk, roster)
    galleries = _galleries(members, chosen(choices, "hide"))
    group_frames = _group_frames(members, chosen(choices, "hide"))
    result = frames.assign(role=_roles(frames, walk, members, galleries, group_frames))
    runs = runs_of(walk)
    cards = card_runs(runs, roster)
    absent = Absent(walk, cards, members, subjects)
    done = weighed(walk, cards, subjects, members, choices)
    findings = together(
        picture_findings(
            result, walk, reads, members, runs, cards, absent, subjects, done,
            is_clock_jump=order["is_clock_jump"], other_codes=other_codes,
        ),
        doubt_findings(
            result, walk, cards, absent, subjects, done,
            habit_known=habit_known_of(cards_after, frames["camera"]), turned=turned,
        ),
    )  # fmt: skip
    used = frozenset(members["read_code"])
    return Sequenced(typed("frames", result), galleries, group_frames, findings, used, walk, done)


# --- tables -----------------------------------------------------------------------------------------------------------


def _galleries(members: pd.DataFrame, hidden: dict[str, str]) -> pd.DataFrame:
    own = members[members["group_id"].isna()]
    rows = own.assign(
        position=own.groupby("access_code").cumcount() + 1,
        is_active=own["is_active"].fillna(False).astype("bool"),
        is_hidden=own["frame_id"].isin(_hidden(hidden)),
    )
    return typed("galleries", rows[[c for c in columns_of("galleries") if c in rows]])


def _hidden(choices: dict[str, str]) -> list[int]:
    return [int(k) for k, v in choices.items() if v == "hidden" and k.isdigit()]


def _group_frames(members: pd.DataFrame, hidden: dict[str, str]) -> pd.DataFrame:
    """The group pictures. A hidden one is set aside: nobody may be given it."""
    rows = members[members["group_id"].notna() & ~members["frame_id"].isin(_hidden(hidden))]
    rows = rows.drop_duplicates(["frame_id", "group_id"])
    rows = rows.assign(position=rows.groupby("group_id").cumcount() + 1)
    return typed("group_frames", rows[["frame_id", "group_id", "position"]])


def _roles(frames: pd.DataFrame, walk: pd.DataFrame, members: pd.DataFrame, galleries: pd.DataFrame,
           group_frames: pd.DataFrame) -> pd.Series:  # fmt: skip
    frame_id = frames["frame_id"]
    tests = [
        frame_id.isin(walk.loc[walk["is_aside"], "frame_id"]),
        frame_id.isin(walk.loc[walk["is_card"], "frame_id"]),
        frame_id.isin(galleries["frame_id"]),
        frame_id.isin(group_frames["frame_id"]),
        frame_id.isin(members["frame_id"]),  # a hidden group picture
        frame_id.isin(walk.loc[walk["moved_to"].notna(), "frame_id"]),  # nobody's
    ]
    roles = ["set_aside", "card", "individual", "group", "set_aside", "set_aside"]
    return pd.Series(np.select(tests, roles, "unassigned"), index=frames.index)
