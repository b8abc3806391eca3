"""What the sequence doubts, told as findings: a card that is probably missing, cards after the frames, bodies that were read as one.

The third part of `prepaykit.rules.sequence`. `missed_cards` does the weighing; here it is prepared (who has no frames, in which order
a class came) and put into words: frames and codes, never names, and what to do about it. Source: photos.md 4; domain.md 5, 19.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from prepaykit.rules.capture_order import rolled_over
from prepaykit.rules.card_habit import other_habit
from prepaykit.rules.class_order import ClassOrder, class_order
from prepaykit.rules.missed_cards import Missed, missed_cards
from prepaykit.rules.picture_findings import Absent, label, only, told
from prepaykit.rules.walk import chosen
from prepaykit.tables.findings import found, together

KIN = ("last_name", "email", "phone")  # one family: all of them have one of these in common


@dataclass(frozen=True)
class Weighed:
    """`missed`: where cards are probably missing. `runs`: the sessions weighed. `orders`: shoot → in which order each class came.
    `looked_at`: sessions of which a person said of some frame that nobody new begins there."""

    missed: Missed
    runs: pd.DataFrame
    orders: dict[int, ClassOrder]
    looked_at: frozenset[int] = frozenset()


def weighed(
    walk: pd.DataFrame, cards: pd.DataFrame, subjects: pd.DataFrame, members: pd.DataFrame, choices: pd.DataFrame
) -> Weighed:
    """Weigh every session of the walk. `cards`: one row a card run and code (`prepaykit.rules.picture_findings.card_runs`)."""
    runs = _sessions(cards)
    orders = {}
    for shoot in runs["shoot_no"].unique()[:1]:  # on a retake day nearly everybody is missing: the list says nothing
        seen = pd.Index(members.loc[members["shoot_no"] == shoot, "access_code"].unique())
        orders[int(shoot)] = class_order(subjects, cards[cards["shoot_no"] == shoot], seen)
    settled = {int(frame) for frame, codes in chosen(choices, "tag").items() if frame.isdigit() and not codes.strip()}
    looked_at = walk.loc[walk["frame_id"].isin(settled) & walk["follows"], "run"]
    return Weighed(missed_cards(walk, runs, orders, settled), runs, orders, frozenset(looked_at))


def _sessions(cards: pd.DataFrame) -> pd.DataFrame:
    """One row a card run (index: its row of the walk), in walking order: its first code, the code of the next card of that series."""
    rows = cards.sort_values("row").drop_duplicates("row").set_index("row")
    same = (rows["camera"] == rows["camera"].shift(-1)) & (rows["shoot_no"] == rows["shoot_no"].shift(-1))
    runs = pd.DataFrame({
        "n": rows["n"].astype("int64"), "code": rows["access_code"], "next_code": rows["access_code"].shift(-1).where(same),
        "is_group": rows["kind"].fillna("").eq("group"), "shoot_no": rows["shoot_no"], "camera": rows["camera"],
    })  # fmt: skip
    return runs.sort_values("shoot_no", kind="stable")


def doubt_findings(
    frames: pd.DataFrame,
    walk: pd.DataFrame,
    cards: pd.DataFrame,
    absent: Absent,
    subjects: pd.DataFrame,
    done: Weighed,
    *,
    habit_known: frozenset[str],
    turned: frozenset[str] = frozenset(),
) -> pd.DataFrame:
    """The doubts of the sequence as findings of the verb photos. Finding codes: card_skipped, no_card_seen, cards_after_frames,
    cards_before_frames, cameras_mixed, cards_of_strangers, card_seen_again, counter_rolled_over, numbers_missing."""
    skipped, places = _skipped(walk, done, absent)
    return together(
        skipped,
        _without_card(places),
        _cards_after(walk, habit_known),
        _cards_before(walk, turned),
        _mixed(frames),
        _strangers(walk, cards, subjects),
        _seen_again(cards, done.runs),
        _rolled_over(frames),
        _numbers_missing(walk),
    )


def _skipped(walk: pd.DataFrame, done: Weighed, absent: Absent) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Where a card is probably missing: from which frame on, out of how many, why, and who it may be."""
    places = done.missed.places
    rows = walk.loc[places["row"]].reset_index(drop=True)
    card = walk.loc[places["run"]].reset_index(drop=True)
    n = done.runs["n"].reindex(places["run"]).to_numpy()
    likely = [absent.around(row) for row in places["row"]]
    detail = ("from " + label(rows) + " on it is probably not " + card["run_codes"].str.replace(" ", " or ") + " any more (frames "
              + (places["before"] + 1).astype("str") + " to " + pd.Series(n).astype("str") + " after " + label(card) + "): "
              + places["because"] + "; " + (100 * places["chance"]).clip(upper=99).round().astype("int64").astype("str") + " in 100")  # fmt: skip
    detail = [d + told(codes) for d, codes in zip(detail, likely, strict=True)]
    places = places.assign(
        frame_id=rows["frame_id"], likely=pd.Series([only(codes) for codes in likely], index=places.index, dtype="str")
    )
    return found(
        "photos", "card_skipped", "frames", rows["frame_id"], detail, suggestion=list(places["likely"])
    ), places


def _without_card(places: pd.DataFrame) -> pd.DataFrame:
    rows = places[places["likely"].notna()]
    detail = (
        rows["likely"]
        + " has no frames and no card; probably frame "
        + rows["frame_id"].astype("str")
        + " and those after it"
    )
    return found("photos", "no_card_seen", "subjects", rows["likely"], detail)


def _cards_after(walk: pd.DataFrame, habit_known: frozenset[str]) -> pd.DataFrame:
    rows = other_habit(walk)
    rows = rows[~rows["camera"].isin(habit_known)]
    first = walk.loc[rows["row"]]
    detail = (rows["camera"].astype("str") + ": its " + rows["cards"].astype("str") + " cards seem to come after the frames, from "
              + label(first).to_numpy() + " on; then each child has the frames of the next one") if len(rows) else []  # fmt: skip
    return found("photos", "cards_after_frames", "frames", first["frame_id"], list(detail), hints=list(rows["camera"]))


def _cards_before(walk: pd.DataFrame, turned: frozenset[str]) -> pd.DataFrame:
    """Series that the setting turns round though their cards come first: it was made for another day of that camera, or for others."""
    rows = other_habit(walk)
    rows = rows[rows["camera"].isin(turned)]
    first = walk.loc[rows["row"]]
    detail = [
        f"{camera}: the setting cards_after has its cards after the frames, but in shoot {shoot} its {n} cards seem to come first; "
        "then each child has the frames of the one before"
        for camera, shoot, n in zip(rows["camera"], rows["shoot_no"], rows["cards"], strict=True)
    ]
    return found("photos", "cards_before_frames", "frames", first["frame_id"], detail, hints=list(rows["camera"]))


def _mixed(frames: pd.DataFrame) -> pd.DataFrame:
    rows = frames[frames["camera"].str.contains(r" \(body \d+\)$", regex=True)].sort_values(["camera", "sequence"])
    n = rows.groupby("camera")["frame_id"].transform("size").astype("str")
    first = ~rows["camera"].duplicated()
    detail = (
        label(rows) + " and " + n + " frames in all have numbers of their own: they are taken for " + rows["camera"]
    )
    return found("photos", "cameras_mixed", "frames", rows.loc[first, "frame_id"], detail[first])


def _strangers(walk: pd.DataFrame, cards: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    """Two cards in one picture of children of two families, of whom one has a session of its own just before or after: that one's
    card may only have lain there. A person's word settles it. Populate takes a child's own frames before such ones.
    """
    rows = cards.sort_values("row").assign(place=lambda c: c["row"].ne(c["row"].shift()).cumsum())
    several = rows[rows["row"].duplicated(keep=False)]
    if not len(several):
        return together()
    several = several[~walk["is_named"].reindex(several["row"]).to_numpy(dtype=bool)]
    beside = [several["place"] + step for step in (-1, 1)]
    own = set(zip(rows["access_code"], rows["place"], rows["camera"], strict=True))
    has_own = [
        any((code, int(p), camera) in own for p in places)
        for code, camera, *places in zip(several["access_code"], several["camera"], *beside, strict=True)
    ]
    people = subjects.set_index("access_code")[["subject_id", *KIN]]
    table = several.assign(has_own=has_own).join(people, on="access_code")
    table["last_name"] = table["last_name"].str.casefold().str.strip()
    group = table.groupby("row")
    size = group["access_code"].size()
    kin = pd.concat([group[c].nunique().eq(1) & group[c].count().eq(size) for c in KIN], axis=1).any(axis=1)
    at = size.index[~kin & group["subject_id"].count().eq(size) & group["has_own"].any()]
    first = walk.loc[at]
    detail = (
        label(first)
        + " shows the cards of two families ("
        + first["run_codes"]
        + "): one of them may only have lain in the picture"
    )
    return found("photos", "cards_of_strangers", "frames", first["frame_id"], detail, hints=first["run_codes"])


def _seen_again(cards: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """A card that opens its gallery again after cards of others, in the same shoot."""
    alone = cards[
        ~cards["row"].duplicated(keep=False)
        & cards["row"].isin(runs.index)
        & (cards["kind"].fillna("") != "group")
        & (cards["n"] > 0)
    ]
    alone = alone.sort_values(["shoot_no", "row"])
    near = alone["access_code"].eq(alone["access_code"].shift()) & alone["camera"].eq(alone["camera"].shift())
    again = alone.duplicated(["shoot_no", "access_code"]) & ~near
    rows = alone[again].drop_duplicates(["access_code"])
    detail = (
        rows["access_code"]
        + " is photographed again after others, from "
        + label(rows)
        + " on: "
        + rows["n"].astype("str")
        + " frames are added to the gallery"
    )
    return found("photos", "card_seen_again", "galleries", rows["access_code"], detail)


def _rolled_over(frames: pd.DataFrame) -> pd.DataFrame:
    rows = frames[rolled_over(frames)]
    detail = (
        rows["camera"]
        + ": the file numbers begin again at "
        + label(rows)
        + "; sorted by name alone these frames would come first"
    )
    return found("photos", "counter_rolled_over", "frames", rows["frame_id"], detail)


def _numbers_missing(walk: pd.DataFrame) -> pd.DataFrame:
    """Deleted frames, one note a camera: how many numbers, in how many places. A deleted card is weighed by `missed_cards`."""
    rows = walk[walk["missing"] > 0]
    sums = rows.groupby("camera")["missing"].agg(["sum", "size"])
    first = rows.drop_duplicates("camera")
    sums = sums.loc[first["camera"]]
    detail = (first["camera"] + ": " + sums["sum"].astype("str").to_numpy() + " file numbers are missing in "
              + sums["size"].astype("str").to_numpy() + " places, first before " + label(first))  # fmt: skip
    return found("photos", "numbers_missing", "frames", first["frame_id"], detail)
