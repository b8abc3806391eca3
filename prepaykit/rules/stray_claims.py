"""Stray claims: which child without frames a stray session may be, how sure that is, and on what evidence.

Problem. A child has an order and no frames; some sessions of picture day are nobody's for certain (`rules.sessions`). Whose are they?
A wrong answer is one child's picture on another child's order. Rule. Each stray session is held against each waiting child (on the list,
to be photographed, without frames) by evidence that has nothing to do with how anybody looks:

- the child's own order carries the very code of the stray card; or the two codes are one slip apart and no other code is;
- the class that was being shot: children of the class before and after, or on one side only;
- the place within the class, if this class was shot in the order of its list (or of its cut cards): between the two neighbours;
- nobody else of the class is without frames; no other session strays there.

Points only order the candidates; equal points are one rank, for **ties are never broken**. `sure` needs evidence of three kinds that
agree: class on both sides, the very place, and as many stray sessions in the class as children without frames. A blank card is never
sure, for children who are not on the list hold blank cards; neither is a part of a long session, for its border is a guess.

Worked case. Class in list order, K2 without frames, an unread card between K1 and K3: sure. K2 and K3 without frames, one unread
card between K1 and K4: both are possible, at one rank.
Known limits: a class that was shot in no order has only the class as evidence. Source: domain.md 5, 8; matching.md 5; photos.md 4.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.rules.code_repair import repairs
from prepaykit.rules.codes import is_own_form
from prepaykit.tables.state import JobState

SURE, LIKELY, POSSIBLE = "sure", "likely", "possible"
IN_ORDER, LEAST_IN_ORDER = 0.85, 5
POINTS = {
    "ordered": 90,
    "near": 60,
    "place": 30,
    "gap": 12,
    "off_place": -15,
    "amid": 20,
    "beside": 10,
    "only_child": 8,
    "only_stray": 4,
}
KIND_POINTS = {"unlisted": 4, "unread": 4, "second": 4, "long": 2, "blank": 1, "nobody": 0}


def waiting_children(state: JobState) -> pd.DataFrame:
    """Children of the list who may be photographed and have no frames: `subject_id`, `access_code`, `group_id`."""
    people = state.subjects[(state.subjects["kind"] != "blank") & state.subjects["photograph"]]
    has = people["subject_id"].isin(state.galleries["subject_id"].dropna())
    return people.loc[~has, ["subject_id", "access_code", "group_id"]].reset_index(drop=True)


def stray_claims(state: JobState, sessions: pd.DataFrame, strays: pd.DataFrame) -> pd.DataFrame:
    """Every stray session and waiting child that have some evidence in common, the best first.

    One row is a pair: `stray`, `subject_id`, the evidence (`ordered`, `near`, `place`, `gap`, `off_place`, `amid`, `beside`, `only_child`,
    `only_stray`, all yes or no), `points`, `rank` among the sessions of that child (equal points share one), and `sure`, one of sure, likely, possible.
    """
    waiting = waiting_children(state)
    if not len(waiting) or not len(strays):
        return pd.DataFrame(columns=["stray", "subject_id", "rank", "sure", "points"])
    strays = strays.assign(**_context(strays))
    pairs = pd.concat([_by_class(strays, waiting), _by_code(state, strays, waiting)])
    pairs = pairs.groupby(["stray", "subject_id"], as_index=False).agg({"ordered": "any", "near": "any"})
    if not len(pairs):
        return pd.DataFrame(columns=["stray", "subject_id", "rank", "sure", "points"])
    pairs = pairs.merge(strays.drop(columns="subject_id"), on="stray", validate="m:1", suffixes=("", "_stray"))
    pairs = pairs.merge(
        waiting.rename(columns={"group_id": "class_of"}), on="subject_id", validate="m:1", suffixes=("_stray", "")
    )
    before, after = (
        (pairs[c] == pairs["class_of"]).fillna(False).astype("bool") for c in ("class_before", "class_after")
    )
    pairs["amid"], pairs["beside"] = before & after, before ^ after
    # Where a class has no picture yet, the first session before its children may be the class picture behind a bad group card.
    pairs["may_be_group"] = ~before & after & ~pairs["class_of"].isin(state.group_frames["group_id"])
    pairs["only_child"] = (pairs["class_of"].map(waiting["group_id"].value_counts()) == 1).fillna(False).astype("bool")
    pairs["only_stray"] = (pairs["context"].map(strays["context"].value_counts()) == 1).fillna(False).astype("bool") & (
        pairs["amid"] | pairs["beside"]
    )
    pairs = _with_places(pairs, _places(state, sessions))
    # A blank card out of place is a late child's: it is no sign of this one.
    pairs = pairs[~((pairs["kind"] == "blank") & pairs["off_place"])].copy()
    pairs["points"] = (
        sum(pairs[e] * p for e, p in POINTS.items()) + pairs["kind"].map(KIND_POINTS) + pairs["is_clear"] * 1
    )
    pairs["sure"] = _how_sure(pairs, strays, waiting)
    pairs["rank"] = pairs.groupby("subject_id")["points"].rank(method="dense", ascending=False).astype("int64")
    pairs["sure"] = _ties_are_doubts(pairs)
    return pairs.sort_values(["subject_id", "rank", "stray"], ignore_index=True)


# --- pairs -------------------------------------------------------------------------------------------------------------


def _context(strays: pd.DataFrame) -> dict[str, pd.Series]:
    """The class in which each session was shot: that of the child before, else of the child after."""
    return {"context": strays["class_before"].fillna(strays["class_after"]).astype("Int64")}


def _by_class(strays: pd.DataFrame, waiting: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for column in ("class_before", "class_after"):
        left = strays[["stray", column]].dropna().rename(columns={column: "group_id"})
        parts.append(
            left.merge(waiting[["subject_id", "group_id"]].dropna(), on="group_id", validate="m:m")[
                ["stray", "subject_id"]
            ]
        )
    return pd.concat(parts).assign(ordered=False, near=False)


def _by_code(state: JobState, strays: pd.DataFrame, waiting: pd.DataFrame) -> pd.DataFrame:
    """Sessions whose card carries the code that stands in the child's own order, or one slip beside the child's code."""
    unlisted = strays.loc[(strays["kind"] == "unlisted") & strays["read_code"].notna(), ["stray", "read_code"]]
    listed = [*state.subjects["access_code"], *state.groups["access_code"]]
    near = unlisted.assign(
        access_code=unlisted["read_code"].map(repairs(unlisted["read_code"].unique(), listed)).astype("str")
    ).dropna()
    near = near.merge(waiting[["subject_id", "access_code"]], on="access_code", validate="m:1")
    orders = state.order_subjects[["access_code", "subject_id"]].dropna().drop_duplicates()
    orders = orders[~orders["access_code"].duplicated(keep=False)]
    asked = unlisted.merge(orders, left_on="read_code", right_on="access_code", validate="m:1")
    asked = asked[asked["subject_id"].isin(waiting["subject_id"])]
    columns = ["stray", "subject_id"]
    return pd.concat([near[columns].assign(ordered=False, near=True), asked[columns].assign(ordered=True, near=False)])


# --- the place within a class ------------------------------------------------------------------------------------------


def _places(state: JobState, sessions: pd.DataFrame) -> pd.DataFrame:
    """The rank of each child in the order in which its class was shot, as far as it was shot in one: `subject_id`, `at`.

    Two orders are tried, the names list and the cut stack of cards; a class that was shot in neither has no places.
    """
    people = state.subjects[state.subjects["group_id"].notna()]
    orders = {
        "list": people.sort_values(["group_id", "subject_id"]),
        "cards": people.sort_values(["group_id", "last_name", "first_name", "subject_id"]),
    }
    shot = sessions[(sessions["kind"] == "listed") & (sessions["shoot_no"] == 1)].drop_duplicates("subject_id")
    best = pd.DataFrame({"share": [], "group_id": []})
    ranks = []
    for name, people_in_order in orders.items():
        rank = people_in_order.groupby("group_id").cumcount()
        rank.index = people_in_order["subject_id"]
        rows = shot.assign(at=shot["subject_id"].map(rank)).dropna(subset=["at", "group_id"]).sort_values("session")
        steps = rows.groupby(["group_id", "camera"])["at"].diff().dropna()
        share = (steps > 0).groupby(rows.loc[steps.index, "group_id"]).agg(["mean", "size"])
        good = share[(share["mean"] >= IN_ORDER) & (share["size"] + 1 >= LEAST_IN_ORDER)]
        ranks.append(rank.rename("at").reset_index().assign(order=name))
        best = pd.concat(
            [
                best,
                good.reset_index().rename(columns={"mean": "share"}).assign(order=name)[["share", "group_id", "order"]],
            ]
        )
    best = best.sort_values("share", ascending=False, kind="stable").drop_duplicates("group_id")
    all_ranks = pd.concat(ranks).merge(people[["subject_id", "group_id"]], on="subject_id", validate="m:1")
    return all_ranks.merge(best[["group_id", "order"]], on=["group_id", "order"], validate="m:1")[["subject_id", "at"]]


def _with_places(pairs: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Add `place` (the very place), `gap` (between the neighbours, with others), `off_place` (elsewhere in the order of its class)."""
    at = places.set_index("subject_id")["at"].astype("float64")
    mine = pairs["subject_id"].map(at).astype("float64")
    before = (
        pairs["before"]
        .map(at)
        .astype("float64")
        .where((pairs["class_before"] == pairs["class_of"]).fillna(False).astype("bool"), -1.0)
    )
    after = (
        pairs["after"]
        .map(at)
        .astype("float64")
        .where((pairs["class_after"] == pairs["class_of"]).fillna(False).astype("bool"), np.inf)
    )
    known = mine.notna() & before.notna() & after.notna() & (pairs["amid"] | pairs["beside"]) & (pairs["shoot_no"] == 1)
    fits = known & (before < mine) & (mine < after)
    gap = pairs["class_of"].astype("str") + "/" + before.astype("str") + "/" + after.astype("str")
    inside = pairs[fits].assign(gap=gap[fits], mine=mine[fits])
    strays_there = inside.groupby("gap")["stray"].transform("nunique")
    children_there = inside.groupby("gap")["subject_id"].transform("nunique")
    # As many sessions as children: both in their order, so each has its place.
    nth_stray = inside.groupby("gap")["session"].rank(method="dense")
    nth_child = inside.groupby("gap")["mine"].rank(method="dense")
    exact = (strays_there == children_there) & (nth_stray == nth_child)
    place = exact.reindex(pairs.index, fill_value=False)
    crossed = (strays_there == children_there).reindex(pairs.index, fill_value=False) & ~place
    return pairs.assign(place=place, gap=fits & ~place & ~crossed, off_place=(known & ~fits) | crossed)


# --- how sure ----------------------------------------------------------------------------------------------------------


def _how_sure(pairs: pd.DataFrame, strays: pd.DataFrame, waiting: pd.DataFrame) -> np.ndarray:
    in_class = strays.groupby("context")["stray"].nunique()
    balanced = (
        (pairs["class_of"].map(in_class) == pairs["class_of"].map(waiting["group_id"].value_counts()))
        .fillna(False)
        .astype("bool")
    )
    in_its_class = pairs["amid"] | pairs["beside"]
    never = (
        pairs["may_be_group"]
        | pairs["kind"].isin(["blank", "long", "nobody", "second"])
        | (pairs["uses"].fillna(1) > 1)
    )
    # One slip beside a serial number is another child's number: there the place must speak as well.
    is_ours = pairs["access_code"].map(is_own_form).astype("bool")
    by_code = ((pairs["near"] & (is_ours | pairs["place"])) | pairs["ordered"]) & in_its_class & ~pairs["off_place"]
    by_place = pairs["place"] & pairs["amid"] & balanced
    alone = pairs["only_child"] & pairs["only_stray"] & ~pairs["off_place"] & (pairs["shoot_no"] == 1)
    at_the_end = alone & pairs["place"] & pairs["kind"].isin(["unread", "unlisted"])
    likely = (
        by_code
        | pairs["near"]
        | pairs["ordered"]
        | (pairs["place"] & pairs["amid"])
        | (alone & pairs["amid"])
        | at_the_end
    )
    likely &= ~pairs["may_be_group"]
    likely &= ~((pairs["kind"] == "long") & ~pairs["is_clear"]) & (pairs["kind"] != "nobody")
    return np.select([(by_code | by_place) & ~never, likely], [SURE, LIKELY], POSSIBLE)


def _ties_are_doubts(pairs: pd.DataFrame) -> np.ndarray:
    """Two sessions for one child, or two children for one session, equally good: each is possible only."""
    best_of_child = pairs["points"] == pairs.groupby("subject_id")["points"].transform("max")
    best_of_stray = pairs["points"] == pairs.groupby("stray")["points"].transform("max")
    alone = (best_of_child.groupby(pairs["subject_id"]).transform("sum") == 1) & (
        best_of_stray.groupby(pairs["stray"]).transform("sum") == 1
    )
    mutual = best_of_child & best_of_stray & alone
    return np.where(mutual, pairs["sure"], POSSIBLE)
