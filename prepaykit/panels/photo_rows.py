"""The rows of photo sorting: every frame as shot, with whose it is, what it is taken for, and what was found about it.

Order: camera, shoot, place in the camera's sequence. A session is what stands behind one card; its number is that of the frame that opens it, so
that a border shows where the next one begins. Nothing is decided here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.rules.albums import favourites
from prepaykit.rules.card_habit import cards_after_of
from prepaykit.rules.walk import CARD, FROM_HERE, UNREAD, roster_of, walk_frames
from prepaykit.tables.state import JobState

COLUMNS = [
    "key",
    "camera",
    "at",
    "word",
    "child",
    "code",
    "in_class",
    "sign",
    "session",
    "mark",
    "is_card",
    "tone",
    "also",
]
QUIET = ("foreign_code", "many_codes", "numbers_missing", "counter_rolled_over", "card_seen_again")
"""Findings about frames that leave nothing to look at."""
SIGNS = {"frame_doubled": "duplicate", "frame_resaved": "duplicate", "frames_before_first_card": "no card before", "frame_damaged": "damaged",
         "frame_unreadable": "cannot be read", "frame_too_large": "too large", "cards_of_strangers": "two families", "code_not_listed": "not on the list", "blank_card_used": "blank card without name"}  # fmt: skip


def frame_rows(state: JobState) -> pd.DataFrame:
    """One row a frame, in the order of shooting; columns of `COLUMNS`. `tone`: good for a card, warn or bad for one that is doubtful.

    >>> len(frame_rows(JobState.new(name="maple-grove-2026", school="Maple Grove")))
    0
    """
    after = cards_after_of(state.job["cards_after"], state.frames["camera"])
    if not len(state.frames):
        return pd.DataFrame({c: pd.Series(dtype="str") for c in COLUMNS})
    walk = walk_frames(state.frames, state.choices, cards_after=after)
    walk = walk.assign(session=walk["frame_id"].to_numpy()[walk["run"]])
    rows = walk.sort_values(["camera", "shoot_no", "sequence"], ignore_index=True)
    whose = _owners(state, rows)
    several = rows["shoot_no"].nunique() > 1
    is_card = rows["is_card"] | (rows["event"] == UNREAD)
    signs = _signs(findings_of_frames(state, rows), rows["frame_id"])
    read = rows["is_card"] & whose["code"].notna()
    return pd.DataFrame({
        "key": rows["frame_id"].astype("str"),
        "camera": rows["camera"] + (" · shoot " + rows["shoot_no"].astype("str") if several else ""),
        "at": rows["shot_at"].dt.strftime("%H:%M:%S").astype("str"),
        "word": _words(rows, read), "child": whose["child"], "code": whose["code"], "in_class": whose["in_class"],
        "sign": signs["sign"], "session": rows["session"], "mark": _marks(state, rows["frame_id"]), "is_card": is_card,
        "tone": signs["tone"].fillna(pd.Series(np.where(read, "good", ""), rows.index, dtype="str")), "also": rows["path"],
    })[COLUMNS]  # fmt: skip


def _owners(state: JobState, rows: pd.DataFrame) -> pd.DataFrame:
    """Of each frame: `code` it stands under (several, space-separated), `child` (names, or the class), `in_class`."""
    own = state.galleries[["frame_id", "access_code"]]
    classes = state.groups.set_index("group_id")["access_code"]
    group = state.group_frames[["frame_id"]].assign(access_code=state.group_frames["group_id"].map(classes))
    pairs = pd.concat([own, group, _codes_of_cards(state, rows)]).drop_duplicates()
    people, groups = state.subjects, state.groups
    named = (people["first_name"].fillna("") + " " + people["last_name"].fillna("")).str.strip()
    named = named.mask(named == "", "blank card")
    in_class = people["group_id"].map(groups.set_index("group_id")["name"]).astype("str")
    book = pd.DataFrame({
        "access_code": pd.concat([people["access_code"], groups["access_code"]], ignore_index=True),
        "child": pd.concat([named, "class " + groups["name"]], ignore_index=True),
        "in_class": pd.concat([in_class, groups["name"]], ignore_index=True),
    }).dropna(subset="access_code").drop_duplicates("access_code")  # fmt: skip
    pairs = pairs.dropna().merge(book, on="access_code", how="left", validate="m:1")
    pairs["child"] = pairs["child"].fillna("not on the list")
    once = pairs.drop_duplicates("frame_id").set_index("frame_id").rename(columns={"access_code": "code"})
    more = pairs[pairs["frame_id"].duplicated(keep=False)]
    if len(more):  # siblings on one card
        joined = more.groupby("frame_id").agg(code=("access_code", " ".join), child=("child", " & ".join))
        once.loc[joined.index, ["code", "child"]] = joined[["code", "child"]]
    return once[["code", "child", "in_class"]].reindex(rows["frame_id"]).astype("str").reset_index(drop=True)


def _codes_of_cards(state: JobState, rows: pd.DataFrame) -> pd.DataFrame:
    """The codes that cards stand for, as they are filed: `frame_id`, `access_code`."""
    cards = rows[(rows["event"] == CARD) & rows["run_codes"].notna()]
    read = cards.set_index("frame_id")["run_codes"].str.split().explode().astype("str")
    roster = roster_of(state.subjects, state.groups, state.choices)
    return pd.DataFrame({"frame_id": read.index, "access_code": roster.filed_under(read).to_numpy()})


def _words(rows: pd.DataFrame, read: pd.Series) -> pd.Series:
    role = rows["role"].map({"group": "class picture", "unassigned": "nobody's", "set_aside": "set aside"}).fillna("")
    begins = (rows["event"] == FROM_HERE) & (role == "")
    tests = [read, rows["event"] == UNREAD, rows["is_card"], begins]
    return pd.Series(
        np.select(tests, ["card", "card not read", "card not read", "begins here"], role), rows.index, dtype="str"
    )


def findings_of_frames(state: JobState, walk: pd.DataFrame | None = None) -> pd.DataFrame:
    """What picture day found about frames, `key` the frame; what is about a gallery stands on its first card. `walk`: as `walk_frames` gives it."""
    if walk is None:
        after = cards_after_of(state.job["cards_after"], state.frames["camera"])
        walk = walk_frames(state.frames, state.choices, cards_after=after)
    found = state.findings[state.findings["verb"] == "photos"]
    cards = _codes_of_cards(state, walk).drop_duplicates("access_code").set_index("access_code")["frame_id"]
    of_card = found[(found["about"] == "galleries") & found["key"].isin(cards.index)]
    return pd.concat([found[found["about"] == "frames"], of_card.assign(key=of_card["key"].map(cards).astype("str"))])


def _signs(found: pd.DataFrame, frame_id: pd.Series) -> pd.DataFrame:
    """What was found about each frame: `sign` in words, and its `tone` (bad, warn)."""
    found = found[~found["code"].isin(QUIET)]
    words = found["code"].map(SIGNS).fillna(found["code"].str.replace("_", " ")).astype("str")
    tone = found["severity"].map({"error": "bad"}).fillna("warn")
    each = pd.DataFrame({"key": found["key"], "sign": words, "tone": tone})
    one = each.groupby("key").agg(sign=("sign", ", ".join), tone=("tone", "min"))
    return one.reindex(frame_id.astype("str")).reset_index(drop=True).astype("str")


def _marks(state: JobState, frame_id: pd.Series) -> pd.Series:
    """`hidden`, `favourite`, or nothing."""
    hidden = state.choices[(state.choices["kind"] == "hide") & (state.choices["value"] == "hidden")]["target"]
    liked = favourites(state.choices, state.subjects).values()
    tests = [frame_id.astype("str").isin(hidden), frame_id.isin(list(liked))]
    return pd.Series(np.select(tests, ["hidden", "favourite"], ""), frame_id.index, dtype="str")
