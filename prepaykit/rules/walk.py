"""The walk over a camera's frames: which codes are ours, where a card stands, and which frames stand behind it.

This is the first half of `prepaykit.rules.sequence`, where problem, rule and a worked case are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from prepaykit.rules.code_repair import repaired_code
from prepaykit.rules.codes import compact, is_own_form, normal_code

CARD_NOT_READ = "card not read"
TO_NOBODY = "nobody"
"""Where a person moves a frame that is no child's: a test shot, a hand before the lens."""
NEW_DAY = pd.Timedelta(hours=6)


# --- codes -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Roster:
    """Every code of the job. `codes` (index access_code): `subject_id`, `group_id`, `kind`, `is_active`; `filed`: read → filed code."""

    codes: pd.DataFrame
    filed: dict[str, str]

    def filed_under(self, codes: pd.Series) -> pd.Series:
        """The code that a read code is filed under: another one after a relabel or a bind."""
        return codes.map(lambda c: self.filed.get(c, c)).astype("str") if self.filed else codes

    def of(self, codes: pd.Series, column: str) -> np.ndarray:
        """A column of `codes` for each access code; missing (or False) for codes not on the list."""
        return self.codes[column].reindex(codes).array


def roster_of(subjects: pd.DataFrame, groups: pd.DataFrame, choices: pd.DataFrame) -> Roster:
    people = pd.DataFrame({
        "access_code": subjects["access_code"], "subject_id": subjects["subject_id"].astype("Int64"), "group_id": pd.NA,
        "kind": subjects["kind"], "is_active": subjects["photograph"].astype("boolean"),
    })  # fmt: skip
    classes = pd.DataFrame({
        "access_code": groups["access_code"], "subject_id": pd.NA, "group_id": groups["group_id"].astype("Int64"),
        "kind": "group", "is_active": True,
    })  # fmt: skip
    parts = [
        p.astype({"subject_id": "Int64", "group_id": "Int64", "kind": "str", "is_active": "boolean"})
        for p in (people, classes)
    ]
    codes = pd.concat(parts).drop_duplicates("access_code").set_index("access_code")
    filed = {**chosen(choices, "bind"), **chosen(choices, "relabel")}
    return Roster(codes, filed)


def chosen(choices: pd.DataFrame, kind: str) -> dict[str, str]:
    rows = choices[choices["kind"] == kind]
    return dict(zip(rows["target"], rows["value"], strict=True))


def reads_of(frames: pd.DataFrame) -> pd.DataFrame:
    """One row a QR text and frame: `frame_id`, `text`; whatever column it was kept in."""
    texts = frames["codes"].fillna("") + " " + frames["foreign_codes"].fillna("")
    has = frames["codes"].notna() | frames["foreign_codes"].notna()
    lists = pd.DataFrame({"frame_id": frames.loc[has, "frame_id"], "text": texts[has].str.split()})
    return (
        lists.explode("text").dropna().drop_duplicates(ignore_index=True).astype({"frame_id": "int64", "text": "str"})
    )


def classified(reads: pd.DataFrame, roster: Roster, elsewhere: Iterable[str] = ()) -> pd.DataFrame:
    """Add `code`: the text as a code of ours; missing for what is not ours. `elsewhere`: codes of the studio's other jobs.

    A card of another school is a card all the same: what follows it must not go to the child before.
    """
    known = set(roster.codes.index) | set(roster.filed) | set(elsewhere)
    texts = reads["text"].unique()
    ours = {text: text for text in texts if text in known}
    odd = [text for text in texts if text not in known]
    if odd:  # few: listed codes are read as they were printed
        shapes = {_shape(c) for c in roster.codes.index if not is_own_form(c)}
        by_compact: dict[str, str | None] = {}
        for code in roster.codes.index:
            by_compact[compact(code)] = None if compact(code) in by_compact else code
        ours |= {text: _own_code(text, known, by_compact, shapes) for text in odd}
    return reads.assign(code=reads["text"].map(ours).astype("str"))


def _own_code(text: str, known: set[str], by_compact: dict[str, str | None], shapes: set[str]) -> str | None:
    # a card of another system may carry a web address that ends in the code
    pieces = [text, *reversed(re.split(r"[/?&=#]", text))] if "://" in text else [text]
    for piece in filter(None, pieces):
        code = normal_code(piece)
        listed = code if code in known else by_compact.get(compact(code))
        if listed:
            return listed
    code = normal_code(text)
    # A card written or printed with a slip is a card all the same: what follows it must not go to the child before.
    return code if is_own_form(code) or _shape(code) in shapes or repaired_code(code, known) else None


def _shape(code: str) -> str:
    """The look of a code: letters as A, digits as 9, the rest as it is."""
    return re.sub(r"[0-9]", "9", re.sub(r"[^\W\d_]", "A", code))


def with_codes(frames: pd.DataFrame, reads: pd.DataFrame) -> pd.DataFrame:
    """The frames with own and foreign codes each in their column."""
    return frames.assign(
        codes=frames["frame_id"]
        .map(_joined(reads.loc[reads["code"].notna(), "frame_id"], reads["code"]))
        .astype("str"),
        foreign_codes=frames["frame_id"]
        .map(_joined(reads.loc[reads["code"].isna(), "frame_id"], reads["text"]))
        .astype("str"),
    )


def _joined(frame_id: pd.Series, texts: pd.Series) -> pd.Series:
    """For each frame its texts in one, space-separated, in alphabetical order."""
    rows = (
        pd.DataFrame({"frame_id": frame_id, "text": texts[frame_id.index]})
        .drop_duplicates()
        .sort_values(["frame_id", "text"])
    )
    several = rows["frame_id"].duplicated(keep=False)  # few: most cards carry one code
    alone = rows[~several].set_index("frame_id")["text"]
    return pd.concat([alone, rows[several].groupby("frame_id")["text"].agg(" ".join)]) if several.any() else alone


# --- the walk ----------------------------------------------------------------------------------------------------------

NOBODY, UNREAD, CARD, FROM_HERE = 0, 1, 2, 3


def walk_frames(
    frames: pd.DataFrame, choices: pd.DataFrame, *, cards_after: frozenset[str] = frozenset()
) -> pd.DataFrame:
    """All frames in walking order, each with its `run`: the row of the event it stands behind.

    `cards_after`: cameras whose cards are photographed after the child; they are walked backwards, from the last frame to the
    first. `event`: NOBODY a sequence starts, UNREAD a card nobody read, CARD, FROM_HERE a person named this frame; -1 none of them.
    `run_event` is that of the run, `run_codes` its codes (space-separated), `is_card` a picture of a card, not of a person,
    `is_named` that a person said so. `moved_to`: the code to which a person moved this one frame, or `nobody`; then it does not follow its card
    any more (`follows`), and what its session is weighed by does not count it.
    """
    way = frames["sequence"].where(~frames["camera"].isin(cards_after), -frames["sequence"])
    walk = frames.assign(way=way).sort_values(["camera", "shoot_no", "way"], ignore_index=True).drop(columns="way")
    tags = {int(k): v for k, v in chosen(choices, "tag").items() if k.isdigit()}
    tag = walk["frame_id"].map(tags).astype("str")
    is_aside = walk["problem"].notna() & (walk["problem"] != CARD_NOT_READ)
    looks_like_card = (walk["codes"].notna() | (walk["problem"] == CARD_NOT_READ)) & ~is_aside
    named = tag.where(tag.notna(), walk["codes"])
    has_name = named.notna() & (named.str.strip() != "")

    is_card = (looks_like_card & has_name).to_numpy()
    from_here = (~looks_like_card & tag.notna() & has_name & ~is_aside).to_numpy()
    is_unread = (looks_like_card & ~has_name & tag.isna()).to_numpy()
    is_named = (is_card | from_here) & tag.notna().to_numpy()
    # the photographer saw that the card was bad and shot it again: the good one counts
    followed = _next_seen(is_card, is_aside.to_numpy(), walk)
    is_card = is_card | (is_unread & followed)
    is_unread = is_unread & ~followed
    event = np.select([is_card & has_name, is_unread, from_here], [CARD, UNREAD, FROM_HERE], -1)
    event = np.where((event < 0) & _starts(walk), NOBODY, event)
    run = np.maximum.accumulate(np.where(event >= 0, np.arange(len(walk)), 0))
    codes = named.where(np.isin(event, [CARD, FROM_HERE]))
    follows = pd.Series(~is_card & ~is_unread & ~is_aside.to_numpy(), index=walk.index)
    moves = {int(k): v for k, v in chosen(choices, "move").items() if k.isdigit()}
    moved_to = walk["frame_id"].map(moves).astype("str").where(follows)  # a card is a card, whatever was said of it before
    return walk.assign(
        event=event, run=run, run_event=event[run], run_codes=codes.to_numpy()[run], is_card=is_card, is_aside=is_aside,
        follows=follows & moved_to.isna(), is_named=is_named, moved_to=moved_to,
    )  # fmt: skip


def _starts(walk: pd.DataFrame) -> np.ndarray:
    """True where a new camera, a new shoot or, after a long pause, a new day begins."""
    same = (walk["camera"] == walk["camera"].shift()) & (walk["shoot_no"] == walk["shoot_no"].shift())
    return (~same | (walk["shot_at"].diff().abs() > NEW_DAY)).to_numpy()


def _next_seen(is_card: np.ndarray, is_aside: np.ndarray, walk: pd.DataFrame) -> np.ndarray:
    """For each frame: is the next sound frame of the same sequence a card?"""
    series = np.cumsum(_starts(walk))
    result = np.zeros(len(walk), dtype=bool)
    sound = np.flatnonzero(~is_aside)
    if len(sound):
        result[sound[:-1]] = is_card[sound[1:]] & (series[sound[:-1]] == series[sound[1:]])
    return result


def members_of(walk: pd.DataFrame, roster: Roster) -> pd.DataFrame:
    """One row a frame and code it belongs to: `read_code`, `access_code` it is filed under, whose that is, and its order.

    A frame that a person moved is under that code alone, and stands there by the time it was shot.
    """
    shown = walk[walk["follows"] & walk["run_codes"].notna()]
    first_shot = walk["shot_at"].to_numpy()[shown["run"].to_numpy()]
    rows = pd.DataFrame({
        "frame_id": shown["frame_id"], "read_code": shown["run_codes"].str.split(), "shoot_no": shown["shoot_no"],
        "run_at": first_shot, "camera": shown["camera"], "sequence": shown["sequence"], "run": shown["run"],
    }).explode("read_code", ignore_index=True)  # fmt: skip
    rows["read_code"] = rows["read_code"].astype("str")
    rows["access_code"] = roster.filed_under(rows["read_code"])
    moved = _moved_members(walk, roster)
    rows = pd.concat([rows, moved], ignore_index=True) if len(moved) else rows
    for column in ("subject_id", "group_id", "kind", "is_active"):
        rows[column] = roster.of(rows["access_code"], column)
    rows = rows.sort_values(["access_code", "shoot_no", "run_at", "camera", "sequence", "read_code"], ignore_index=True)
    return rows.drop_duplicates(["frame_id", "access_code"], ignore_index=True)


def _moved_members(walk: pd.DataFrame, roster: Roster) -> pd.DataFrame:
    """The frames that a person moved, as members of where they are now. Moved to the code of its own card a frame stands where it stood."""
    rows = walk[walk["moved_to"].notna() & ((walk["moved_to"] != TO_NOBODY) | (TO_NOBODY in roster.codes.index))]
    card_at = pd.Series(walk["shot_at"].to_numpy()[rows["run"].to_numpy()], index=rows.index)
    behind = roster.filed_under(rows["run_codes"].fillna("").str.split().explode())
    at_home = (behind == rows["moved_to"].reindex(behind.index)).groupby(level=0).any().reindex(rows.index).astype("bool")
    return pd.DataFrame({
        "frame_id": rows["frame_id"], "read_code": rows["moved_to"], "shoot_no": rows["shoot_no"],
        "run_at": card_at.where(at_home, rows["shot_at"]), "camera": rows["camera"], "sequence": rows["sequence"],
        "run": rows["run"], "access_code": rows["moved_to"],
    })  # fmt: skip
