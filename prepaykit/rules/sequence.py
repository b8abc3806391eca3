"""Cards and frames: who is in which frame, worked out from the order of shooting.

Problem. A child's card is photographed, then the child. The card is the only thing that says whose frames follow.

Rule. Each camera and shoot is walked in capture order. A frame with codes of ours is a card: the frames after it belong to every
code on it, until the next card. A code seen again opens its gallery again. Frames after a group's card are pictures of that
group. Where it is not known whose frames these are, they belong to nobody: before the first card, after a card that could not be
read, and after a pause of more than six hours (a new day). They stay `unassigned` until a person names a code.

What a person decided stands above what was read (`choices`): `tag` a frame with codes (a card is read so; any other frame opens
the gallery from itself on), or with nothing (it is no card); `relabel` a read code to another one, `bind` a blank card to a
name; `hide` a frame.

Worked case. Card A, two frames, card B that nobody could read, two frames, card C, one frame. A has two frames and C one; the two
after B are unassigned, and the finding `unread_card` names B's frame. They would never be given to A.

A code is ours when it is on the names list, when it is of the form we issue, or when it looks like the codes of the list (as
many letters and digits in the same places). Ours but not on the list: its frames are kept under it, and the child is suggested
whose code is within two edits, or who is the only one of the class still without frames where it was shot.

Limits: a skipped card shows only as a long session and an absent child. Source: domain.md 3.3, 6.4, 8; photos.md 3, 4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from prepaykit.rules.capture_order import capture_order
from prepaykit.rules.codes import compact, is_own_form, nearest_codes, normal_code
from prepaykit.tables.catalog import columns_of, empty, typed
from prepaykit.tables.findings import found, together

CARD_NOT_READ = "card not read"
NEW_DAY = pd.Timedelta(hours=6)
LONG_FACTOR, LONG_LEAST = 2.5, 4


@dataclass(frozen=True)
class Sequenced:
    """`frames`: all of the input, once, in its order, with `sequence`, `codes`, `foreign_codes` and `role`. `galleries` and
    `group_frames` as the catalog has them. `used_codes`: codes read on cards that have frames. `findings` of the verb photos."""

    frames: pd.DataFrame
    galleries: pd.DataFrame
    group_frames: pd.DataFrame
    findings: pd.DataFrame
    used_codes: frozenset[str]


def sequence_frames(
    frames: pd.DataFrame,
    subjects: pd.DataFrame,
    groups: pd.DataFrame,
    *,
    choices: pd.DataFrame | None = None,
    other_codes: pd.DataFrame | None = None,
) -> Sequenced:
    """File every frame under the card before it; say which frames belong to nobody yet, and why.

    `frames`, `subjects`, `groups`, `choices` are tables of the catalog. Of `frames`: what was read stands in `codes` and `foreign_codes`
    (which is which is decided anew here), `problem` is missing, `card not read`, or why the file is set aside. `other_codes`
    (`access_code`, `job`): codes of the store's other jobs. The order of the rows makes no difference.

    Finding codes: unread_card, code_not_listed, foreign_code, card_without_frames, frames_before_first_card, long_session,
    camera_clock, many_codes, blank_card_used, opted_out_photographed, frame_doubled.

    >>> from prepaykit.tables.catalog import empty
    >>> sequence_frames(empty("frames"), empty("subjects"), empty("groups")).galleries.shape
    (0, 8)
    """
    if not len(frames):
        return Sequenced(frames, empty("galleries"), empty("group_frames"), empty("findings"), frozenset())
    choices = empty("choices") if choices is None else choices
    roster = _roster(subjects, groups, choices)
    order = capture_order(frames)
    frames = frames.assign(sequence=order["sequence"])
    reads = _classified(_reads(frames), roster)
    frames = _written(frames, reads)

    walk = _walk(frames, reads, choices)
    members = _members(walk, roster)
    galleries = _galleries(members, _choice(choices, "hide"))
    group_frames = _group_frames(members)
    result = frames.assign(role=_roles(frames, walk, galleries, group_frames))
    findings = together(
        _unread(walk),
        _unlisted(walk, members, roster, subjects, other_codes),
        _foreign(reads, frames),
        _cards_alone(walk, roster),
        _before_first_card(walk),
        _long_sessions(walk, roster),
        _clock_jumps(frames, order["is_clock_jump"]),
        _several_codes(walk),
        _blanks(members, roster),
        _opted_out(members, subjects),
        _doubled(frames),
    )
    used = frozenset(members["read_code"])
    return Sequenced(typed("frames", result), galleries, group_frames, findings, used)


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


def _roster(subjects: pd.DataFrame, groups: pd.DataFrame, choices: pd.DataFrame) -> Roster:
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
    filed = {**_choice(choices, "bind"), **_choice(choices, "relabel")}
    return Roster(codes, filed)


def _choice(choices: pd.DataFrame, kind: str) -> dict[str, str]:
    rows = choices[choices["kind"] == kind]
    return dict(zip(rows["target"], rows["value"], strict=True))


def _reads(frames: pd.DataFrame) -> pd.DataFrame:
    """One row a QR text and frame: `frame_id`, `text`; whatever column it was kept in."""
    texts = frames["codes"].fillna("") + " " + frames["foreign_codes"].fillna("")
    has = frames["codes"].notna() | frames["foreign_codes"].notna()
    lists = pd.DataFrame({"frame_id": frames.loc[has, "frame_id"], "text": texts[has].str.split()})
    return (
        lists.explode("text").dropna().drop_duplicates(ignore_index=True).astype({"frame_id": "int64", "text": "str"})
    )


def _classified(reads: pd.DataFrame, roster: Roster) -> pd.DataFrame:
    """Add `code`: the text as a code of ours; missing for what is not ours."""
    known = set(roster.codes.index) | set(roster.filed)
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
    return code if is_own_form(code) or _shape(code) in shapes else None


def _shape(code: str) -> str:
    """The look of a code: letters as A, digits as 9, the rest as it is."""
    return re.sub(r"[0-9]", "9", re.sub(r"[^\W\d_]", "A", code))


def _written(frames: pd.DataFrame, reads: pd.DataFrame) -> pd.DataFrame:
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


def _walk(frames: pd.DataFrame, reads: pd.DataFrame, choices: pd.DataFrame) -> pd.DataFrame:
    """All frames in walking order, each with its `run`: the row of the event it stands behind.

    `event`: NOBODY a sequence starts, UNREAD a card nobody read, CARD, FROM_HERE a person named this frame; -1 none of them.
    `run_event` is that of the run, `run_codes` its codes (space-separated), `is_card` a picture of a card, not of a person.
    """
    walk = frames.sort_values(["camera", "shoot_no", "sequence"], ignore_index=True)
    tags = {int(k): v for k, v in _choice(choices, "tag").items() if k.isdigit()}
    tag = walk["frame_id"].map(tags).astype("str")
    is_aside = walk["problem"].notna() & (walk["problem"] != CARD_NOT_READ)
    looks_like_card = (walk["codes"].notna() | (walk["problem"] == CARD_NOT_READ)) & ~is_aside
    named = tag.where(tag.notna(), walk["codes"])
    has_name = named.notna() & (named.str.strip() != "")

    is_card = (looks_like_card & has_name).to_numpy()
    from_here = (~looks_like_card & tag.notna() & has_name & ~is_aside).to_numpy()
    is_unread = (looks_like_card & ~has_name & tag.isna()).to_numpy()
    # the photographer saw that the card was bad and shot it again: the good one counts
    followed = _next_seen(is_card, is_aside.to_numpy(), walk)
    is_card = is_card | (is_unread & followed)
    is_unread = is_unread & ~followed
    event = np.select([is_card & has_name, is_unread, from_here], [CARD, UNREAD, FROM_HERE], -1)
    event = np.where((event < 0) & _starts(walk), NOBODY, event)
    run = np.maximum.accumulate(np.where(event >= 0, np.arange(len(walk)), 0))
    codes = named.where(np.isin(event, [CARD, FROM_HERE]))
    return walk.assign(
        event=event, run=run, run_event=event[run], run_codes=codes.to_numpy()[run], is_card=is_card, is_aside=is_aside,
        follows=~is_card & ~is_unread & ~is_aside.to_numpy(),
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


def _members(walk: pd.DataFrame, roster: Roster) -> pd.DataFrame:
    """One row a frame and code it belongs to: `read_code`, `access_code` it is filed under, whose that is, and its order."""
    shown = walk[walk["follows"] & walk["run_codes"].notna()]
    first_shot = walk["shot_at"].to_numpy()[shown["run"].to_numpy()]
    rows = pd.DataFrame({
        "frame_id": shown["frame_id"], "read_code": shown["run_codes"].str.split(), "shoot_no": shown["shoot_no"],
        "run_at": first_shot, "camera": shown["camera"], "sequence": shown["sequence"], "run": shown["run"],
    }).explode("read_code", ignore_index=True)  # fmt: skip
    rows["read_code"] = rows["read_code"].astype("str")
    rows["access_code"] = roster.filed_under(rows["read_code"])
    for column in ("subject_id", "group_id", "kind", "is_active"):
        rows[column] = roster.of(rows["access_code"], column)
    rows = rows.sort_values(["access_code", "shoot_no", "run_at", "camera", "sequence", "read_code"], ignore_index=True)
    return rows.drop_duplicates(["frame_id", "access_code"], ignore_index=True)


def _galleries(members: pd.DataFrame, hidden: dict[str, str]) -> pd.DataFrame:
    own = members[members["group_id"].isna()]
    hidden_ids = [int(k) for k, v in hidden.items() if v == "hidden" and k.isdigit()]
    rows = own.assign(
        position=own.groupby("access_code").cumcount() + 1,
        is_active=own["is_active"].fillna(False).astype("bool"),
        is_hidden=own["frame_id"].isin(hidden_ids),
    )
    return typed("galleries", rows[[c for c in columns_of("galleries") if c in rows]])


def _group_frames(members: pd.DataFrame) -> pd.DataFrame:
    rows = members[members["group_id"].notna()].drop_duplicates(["frame_id", "group_id"])
    rows = rows.assign(position=rows.groupby("group_id").cumcount() + 1)
    return typed("group_frames", rows[["frame_id", "group_id", "position"]])


def _roles(frames: pd.DataFrame, walk: pd.DataFrame, galleries: pd.DataFrame, group_frames: pd.DataFrame) -> pd.Series:
    frame_id = frames["frame_id"]
    tests = [
        frame_id.isin(walk.loc[walk["is_aside"], "frame_id"]),
        frame_id.isin(walk.loc[walk["is_card"], "frame_id"]),
        frame_id.isin(galleries["frame_id"]),
        frame_id.isin(group_frames["frame_id"]),
    ]
    return pd.Series(np.select(tests, ["set_aside", "card", "individual", "group"], "unassigned"), index=frames.index)


# --- findings ----------------------------------------------------------------------------------------------------------


def _label(rows: pd.DataFrame) -> pd.Series:
    """A frame as a person finds it: number and file."""
    return "frame " + rows["frame_id"].astype("str") + " (" + rows["path"].str.replace(r"^.*/", "", regex=True) + ")"


def _runs(walk: pd.DataFrame) -> pd.DataFrame:
    """One row a run: the row of its event, with `n`: how many frames follow."""
    n = walk["follows"].groupby(walk["run"]).sum()
    runs = walk.loc[n.index]
    return runs.assign(n=n)


def _unread(walk: pd.DataFrame) -> pd.DataFrame:
    runs = _runs(walk)
    rows = runs[runs["event"] == UNREAD]
    detail = (
        _label(rows)
        + " shows a card that cannot be read; "
        + rows["n"].astype("str")
        + " frames after it are unassigned"
    )
    return found("photos", "unread_card", "frames", rows["frame_id"], detail)


def _before_first_card(walk: pd.DataFrame) -> pd.DataFrame:
    rows = walk[walk["follows"] & (walk["run_event"] == NOBODY)]
    n = rows.groupby("run")["frame_id"].transform("size")
    first = ~rows["run"].duplicated()
    detail = (
        _label(rows) + " and " + (n - 1).astype("str") + " after it stand before the first card of " + rows["camera"]
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
    detail = _label(rows) + " shows a QR code that is not one of ours; it is seen on " + n.astype("str") + " frames"
    return found("photos", "foreign_code", "frames", rows.loc[first, "frame_id"], detail[first])


def _several_codes(walk: pd.DataFrame) -> pd.DataFrame:
    rows = walk[(walk["event"] >= CARD) & walk["run_codes"].str.contains(r"\S\s+\S", na=False)]
    detail = _label(rows) + " shows several codes (" + rows["run_codes"] + "): the frames after it are in each gallery"
    return found("photos", "many_codes", "frames", rows["frame_id"], detail)


def _card_runs(walk: pd.DataFrame, roster: Roster) -> pd.DataFrame:
    """One row a card run and code: `access_code` it is filed under, `kind`, `n` frames."""
    runs = _runs(walk)
    runs = runs[runs["event"] >= CARD]
    rows = runs.assign(read_code=runs["run_codes"].str.split()).explode("read_code", ignore_index=True)
    rows["access_code"] = roster.filed_under(rows["read_code"].astype("str"))
    rows["kind"] = roster.of(rows["access_code"], "kind")
    return rows


def _cards_alone(walk: pd.DataFrame, roster: Roster) -> pd.DataFrame:
    rows = _card_runs(walk, roster)
    n = rows.groupby(["access_code", "shoot_no"])["n"].transform("sum")
    rows = rows[n == 0].drop_duplicates("access_code")
    return found("photos", "card_without_frames", "galleries", rows["access_code"], _label(rows) + " shows the card " + rows["access_code"] + "; nobody was photographed after it")  # fmt: skip


def _long_sessions(walk: pd.DataFrame, roster: Roster) -> pd.DataFrame:
    rows = _card_runs(walk, roster)
    rows = rows[(rows["n"] > 0) & (rows["kind"].fillna("") != "group")]
    usual = rows["n"].median()
    rows = rows[(rows["n"] > LONG_FACTOR * usual) & (rows["n"] >= usual + LONG_LEAST)]
    detail = rows["access_code"] + " has " + rows["n"].astype("str") + f" frames after {{}}, the usual is {usual:g}"
    detail = [d.format(label) for d, label in zip(detail, _label(rows), strict=True)]
    return found("photos", "long_session", "galleries", rows["access_code"], detail)


def _clock_jumps(frames: pd.DataFrame, is_jump: pd.Series) -> pd.DataFrame:
    rows = frames[is_jump].sort_values(["camera", "shoot_no", "sequence"])
    n = rows.groupby("camera")["frame_id"].transform("size")
    first = ~rows["camera"].duplicated()
    detail = (
        rows["camera"]
        + ": the time falls at "
        + _label(rows)
        + " while the file number rises, "
        + n.astype("str")
        + " times in all"
    )
    return found("photos", "camera_clock", "frames", rows.loc[first, "frame_id"], detail[first])


def _blanks(members: pd.DataFrame, roster: Roster) -> pd.DataFrame:
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


def _doubled(frames: pd.DataFrame) -> pd.DataFrame:
    rows = frames[frames["sha256"].notna()].sort_values("frame_id")
    first = rows.groupby("sha256")["frame_id"].transform("min")
    rows = rows.assign(first=first)[first != rows["frame_id"]]
    return found(
        "photos",
        "frame_doubled",
        "frames",
        rows["frame_id"],
        _label(rows) + " has the same bytes as frame " + rows["first"].astype("str"),
    )


# --- codes that are not on the list -------------------------------------------------------------------------------------


def _unlisted(walk: pd.DataFrame, members: pd.DataFrame, roster: Roster, subjects: pd.DataFrame,
              other_codes: pd.DataFrame | None) -> pd.DataFrame:  # fmt: skip
    """Codes of ours that nobody on the list has, each with the child it probably is."""
    runs = _card_runs(walk, roster)
    lost = runs[runs["kind"].isna()].drop_duplicates("access_code")
    if not len(lost):
        return empty("findings")
    waiting = subjects[
        ~subjects["subject_id"].isin(members["subject_id"].dropna())
        & subjects["photograph"]
        & (subjects["kind"] != "blank")
    ]
    n = members.groupby("access_code").size()
    elsewhere = {} if other_codes is None else dict(zip(other_codes["access_code"], other_codes["job"], strict=True))
    details, likely = [], []
    for at, code in zip(lost.index, lost["access_code"], strict=True):
        where = f"it belongs to job {elsewhere[code]}" if code in elsewhere else "it is not on the names list"
        details.append(f"code {code}: {where}; {n.get(code, 0)} frames are kept under it")
        likely.append(None if code in elsewhere else _nearest(code, waiting) or _by_place(at, runs, subjects, waiting))
    return found("photos", "code_not_listed", "galleries", lost["access_code"], details, suggestion=likely)


def _nearest(code: str, waiting: pd.DataFrame) -> str | None:
    near = nearest_codes(code, waiting["access_code"], most_edits=2)
    return near[0] if len(near) == 1 else None


def _by_place(at: int, runs: pd.DataFrame, subjects: pd.DataFrame, waiting: pd.DataFrame) -> str | None:
    """The only child without frames who stands, on the class list, between the children shot before and after."""
    here = runs.loc[at]
    same = runs[
        (runs["camera"] == here["camera"])
        & (runs["shoot_no"] == here["shoot_no"])
        & runs["access_code"].isin(subjects["access_code"])
    ]
    around = [
        part["access_code"].iloc[i]
        for part, i in ((same[same.index < at], -1), (same[same.index > at], 0))
        if len(part)
    ]
    listed = subjects[subjects["kind"] != "blank"].sort_values(
        ["group_id", "last_name", "first_name", "subject_id"], ignore_index=True
    )
    places = listed.index[listed["access_code"].isin(around)]
    if not len(places) or listed.loc[places, "group_id"].isna().any():
        return None
    classes = set(listed.loc[places, "group_id"])
    left = listed[listed["access_code"].isin(waiting["access_code"]) & listed["group_id"].isin(classes)]
    between = left[(left.index > places.min()) & (left.index < places.max())]
    for candidates in (between, left):
        if len(candidates) == 1:
            return str(candidates["access_code"].iloc[0])
    return None
