"""What a doubt about the sequence puts in danger, and where to look once more for a card.

Problem. The frames after a card that nobody could read belong to nobody, so they are on no order. But a card that is missing without a
trace leaves another child's frames in a gallery, and an order may show one of them. It must not go to the lab before a person has
looked; and the thousand other orders must not wait for it.

Rule. A card vouches for the frame next to it, and that is the one populate takes. So an order is in danger when one of its pictures is

    card_skipped          a frame of the doubted session other than the one next to its card (hidden first frames, another frame
                          chosen by hand, cards after the frames); all of the session, if the doubt begins at that frame
    long_session          the same, though nobody can say where the next child begins
    unread_card           a frame of the session just before it other than the one next to its card: a photographer who had
                          forgotten the card photographs it after the first frames. On a retake day also a picture of an earlier day, of a
                          child without frames of that day, if the job takes the latest: the unread card may be that child's
    cards_after_frames    any frame of that camera and shoot; so too cards_before_frames

or when it is a picture that is damaged inside (`frame_damaged`): who knows how that prints. It is held until the doubt is settled (`codes --tag`, `settings cards_after`) or a person takes this order as it is (`place --accept`).

Where to look. The reader is fast because it does not search every frame hard. It searches the frames where a card is expected: those
of sessions in which one may be missing (`POSSIBLE`), of sessions after which the class list expects a child who has no frames, the
first ones of a camera or a day that begin without a card, those in which something like a card was seen, and the cards that were seen
and not read.

Worked case. A's gallery is frames 2 to 6, from 4 on it is probably B. A's order shows frame 2: it goes. Frame 2 is hidden, so the order
shows frame 3: it waits. Source: photos.md 3 (step 6), 4; domain.md 19 (A9, A10).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.rules.card_habit import cards_after_of
from prepaykit.rules.missed_cards import POSSIBLE
from prepaykit.rules.sequence import Sequenced
from prepaykit.rules.walk import NOBODY, UNREAD, walk_frames
from prepaykit.tables.state import JobState

HABITS = ("cards_after_frames", "cards_before_frames")
DOUBTS = ("card_skipped", "long_session", "unread_card", *HABITS)
DAMAGED = "frame_damaged"
FIRST_FRAMES = 6
MOST_PLACES = 120  # searching hard takes a second or two a frame


# --- what is in danger ---------------------------------------------------------------------------------------------------


def orders_in_doubt(state: JobState) -> pd.DataFrame:
    """Orders with a picture that a doubt puts in danger, or that is damaged: `order_id`, `what` (the finding and its frame, such as `card_skipped/118`).

    Reads the findings of the verb photos that stand in the state. Settled and accepted ones are not left out here.

    >>> orders_in_doubt(JobState.new(name="maple-grove-2026", school="Maple Grove")).shape
    (0, 2)
    """
    doubts = state.findings[(state.findings["verb"] == "photos") & state.findings["code"].isin([*DOUBTS, DAMAGED])]
    doubts = _about_frames(state, doubts)
    nothing = pd.DataFrame({"order_id": pd.Series(dtype="int64"), "what": pd.Series(dtype="str")})
    if not len(doubts) or not len(state.slots):
        return nothing
    damaged, doubts = doubts[doubts["code"] == DAMAGED], doubts[doubts["code"] != DAMAGED]
    walk = walk_frames(
        state.frames, state.choices, cards_after=cards_after_of(state.job["cards_after"], state.frames["camera"])
    )
    slots = state.slots.loc[
        ~state.slots["is_dropped"] & state.slots["frame_id"].notna(), ["order_id", "subject_id", "frame_id", "hole"]
    ]
    slots = slots.astype({"frame_id": "int64"})
    frames = frames_in_doubt(walk, doubts)
    shown = slots.merge(frames, on="frame_id", validate="m:m")[["order_id", "what"]]
    spoilt = slots[slots["frame_id"].isin(damaged["key"].astype("int64"))]
    spoilt = spoilt[["order_id"]].assign(what=DAMAGED + "/" + spoilt["frame_id"].astype("str"))
    rows = pd.concat([nothing, shown, _older_pictures(state, slots, walk, doubts), spoilt])
    return rows.drop_duplicates(ignore_index=True)


def _about_frames(state: JobState, doubts: pd.DataFrame) -> pd.DataFrame:
    """The doubts, each with a frame as its key: a long session, which is told of a gallery, with the second frame of that gallery."""
    second = state.galleries[state.galleries["position"] == 2]
    frame = dict(zip(second["access_code"], second["frame_id"].astype("str"), strict=True))
    long = doubts["about"] == "galleries"
    doubts = doubts.assign(key=doubts["key"].where(~long, doubts["key"].map(frame)).astype("str"))
    return doubts[doubts["key"].isin(state.frames["frame_id"].astype("str"))]


def frames_in_doubt(walk: pd.DataFrame, doubts: pd.DataFrame) -> pd.DataFrame:
    """Frames that may show another child than the one they are filed under: `frame_id`, `what`. `doubts`: findings about frames."""
    at = pd.Series(walk.index, index=walk["frame_id"])
    place = doubts.assign(row=at.reindex(doubts["key"].astype("int64")).to_numpy())
    shown = walk[walk["follows"] | walk["moved_to"].notna()]
    sessions = pd.DataFrame({"run": shown["run"], "frame_id": shown["frame_id"], "is_next": ~shown["run"].duplicated()})
    moved = set(walk.loc[walk["moved_to"].notna(), "frame_id"])  # a person has said whose they are

    skipped = place[place["code"].isin(["card_skipped", "long_session"])]
    whole = sessions.loc[sessions["is_next"], "frame_id"].isin(skipped["key"].astype("int64"))
    from_start = set(sessions.loc[sessions["is_next"], "run"][whole])
    unread = place[place["code"] == "unread_card"]
    before = unread["row"].to_numpy(dtype="int64") - 1
    same = (before >= 0) & (walk["camera"].to_numpy()[before] == walk["camera"].to_numpy()[before + 1])
    same &= walk["shoot_no"].to_numpy()[before] == walk["shoot_no"].to_numpy()[before + 1]
    named = pd.DataFrame({
        "run": np.concatenate([walk["run"].to_numpy()[skipped["row"].to_numpy(dtype="int64")], walk["run"].to_numpy()[before[same]]]),
        "what": pd.Series([*(skipped["code"] + "/" + skipped["key"]), *("unread_card/" + unread["key"][same])], dtype="str"),
    })  # fmt: skip
    rows = sessions.merge(named, on="run", validate="m:m")
    rows = rows[~rows["is_next"] | (rows["run"].isin(from_start) & rows["what"].str.startswith("card_skipped/"))]

    habit = place[place["code"].isin(HABITS)]
    series = walk.loc[habit["row"], ["camera", "shoot_no"]].assign(what=(habit["code"] + "/" + habit["key"]).to_numpy())
    all_of_it = walk[["frame_id", "camera", "shoot_no"]].merge(series, on=["camera", "shoot_no"], validate="m:m")
    told = pd.concat([rows[["frame_id", "what"]], all_of_it[["frame_id", "what"]]], ignore_index=True)
    return told[~told["frame_id"].isin(moved)].reset_index(drop=True)


def _older_pictures(state: JobState, slots: pd.DataFrame, walk: pd.DataFrame, doubts: pd.DataFrame) -> pd.DataFrame:
    """Orders with a picture of an earlier day while a card of a later day is unread, if the job takes the latest picture."""
    unread = doubts[doubts["code"] == "unread_card"]
    shoot = walk.set_index("frame_id")["shoot_no"]
    unread = unread.assign(shoot_no=shoot.reindex(unread["key"].astype("int64")).to_numpy())
    last = unread[unread["shoot_no"] > 1]
    if str(state.job["retake_policy"]) != "latest" or not len(last):
        return pd.DataFrame({"order_id": pd.Series(dtype="int64"), "what": pd.Series(dtype="str")})
    came = state.galleries[["subject_id", "frame_id"]].dropna()
    came = came.assign(shoot_no=came["frame_id"].map(shoot)).groupby("subject_id")["shoot_no"].max()
    own = slots[~slots["hole"].isin(["group", "mate_group"])]
    own = own.assign(came=own["subject_id"].map(came))
    parts = [
        own.loc[own["came"] < row.shoot_no, ["order_id"]].assign(what=f"unread_card/{row.key}")
        for row in last.itertuples()
    ]
    return pd.concat(parts)


# --- where to look once more -----------------------------------------------------------------------------------------------


def places_to_look(done: Sequenced, *, most: int = MOST_PLACES) -> pd.DataFrame:
    """The frames in which a card may be that was not read: `frame_id`, `root`, `path`, `why`; the likeliest first, at most so many.

    `done`: what `sequence_frames` made of the frames. `why` is one of: unread, missed, faint (something like a card was seen), start, list.
    """
    walk, weighed = done.walk, done.weighed
    columns = ["frame_id", "root", "path", "why"]
    if walk is None or weighed is None:
        return pd.DataFrame({c: pd.Series(dtype="int64" if c == "frame_id" else "str") for c in columns})
    shown = walk[walk["follows"] & ~walk["is_named"]]
    at = shown.groupby("run").cumcount()
    runs = weighed.runs
    chance = weighed.missed.sessions["chance"]
    expected = pd.Series(False, index=runs.index)
    for shoot, order in weighed.orders.items():
        here = runs[runs["shoot_no"] == shoot]
        told = order.waiting_between(here["code"], here["next_code"])
        expected[here.index] = (told["is_ordered"] & (told["between"] > 0)).to_numpy()
    later = pd.Series(walk.index.isin(shown.index[at > 0]), walk.index)
    faint = walk["card_suspicion"].notna() if "card_suspicion" in walk else pd.Series(False, walk.index)
    asked = [
        ("unread", 2.0, walk["event"] == UNREAD),
        ("missed", 1.0, walk["run"].map(chance).ge(POSSIBLE) & later),
        ("faint", 0.8, faint & walk["follows"]),
        ("start", 0.5, walk["run_event"].eq(NOBODY) & walk.index.isin(shown.index[at < FIRST_FRAMES])),
        ("list", 0.0, walk["run"].isin(expected.index[expected]) & later),
    ]
    parts = [
        walk.loc[where.to_numpy(dtype=bool), ["frame_id", "root", "path", "run"]].assign(why=why, rank=rank)
        for why, rank, where in asked
    ]
    rows = pd.concat(parts)
    rows["rank"] += rows["run"].map(chance).fillna(0.0)
    rows = rows.sort_values(["rank", "frame_id"], ascending=[False, True]).drop_duplicates("frame_id")
    return rows.head(most)[columns].reset_index(drop=True)
