"""Was a class photographed in the order of its list, and who of it was not photographed at all?

Problem. A child without frames is absent, or its card was skipped. Where a class came in the order of a list, the place of the gap
says who it is; where it came as it liked, the list says nothing, and to trust it would name the wrong child.

Rule. Two lists are tried for each class: the names list as it was brought, and by last name. Of the children photographed, the share of
cards that follow the one next on the list is counted. From `ORDERED` on, with at least `LEAST_PAIRS` pairs, the class counts as
photographed in that order. Children who must not be photographed, blank cards and staff are expected nowhere.

Worked case. A, B, D, E, F, G came in this order, C has no frames: five pairs of five follow the list, so between B and D stands C.
Source: photos.md 4 (class order against roster order).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

ORDERED, LEAST_PAIRS = 0.75, 5


@dataclass(frozen=True)
class ClassOrder:
    """`children` (index access_code, listed children only): `class_`, `place` in its class, `is_waiting` (no frames in this shoot),
    `waiting_before` (children without frames earlier in the class). `classes` (index class_): `children`, `waiting`, `is_ordered`,
    `share` of the cards that follow the list."""

    children: pd.DataFrame
    classes: pd.DataFrame

    def waiting_between(self, before: pd.Series, after: pd.Series) -> pd.DataFrame:
        """For each pair of cards (one before and one after a place, by code): `waiting`, how many of the classes shot there have no
        frames; `of`, how many children those classes have; `between`, how many stand between the two on the list; `is_ordered`."""
        a, b = self.children.reindex(before), self.children.reindex(after)
        class_a, class_b = a["class_"].to_numpy(), b["class_"].to_numpy()
        in_a, in_b = self.classes.reindex(class_a), self.classes.reindex(class_b)
        same = (class_a == class_b) & ~pd.isna(class_a)
        left, right = a["waiting_before"].to_numpy(), b["waiting_before"].to_numpy()
        rest = in_a["waiting"].to_numpy() - left  # of the class that ends here
        between = np.where(same, np.abs(right - left), np.nan_to_num(rest) + np.nan_to_num(right))
        more = [np.where(same, 0, np.nan_to_num(in_b[c].to_numpy())) for c in ("waiting", "children")]
        ordered = [np.nan_to_num(c["is_ordered"].to_numpy(dtype=float)) for c in (in_a, in_b)]
        known = [~pd.isna(class_a), ~pd.isna(class_b)]
        return pd.DataFrame({
            "waiting": np.nan_to_num(in_a["waiting"].to_numpy()) + more[0],
            "of": np.nan_to_num(in_a["children"].to_numpy()) + more[1],
            "between": between,
            "is_ordered": (known[0] | known[1]) & ((ordered[0] > 0) | ~known[0]) & ((ordered[1] > 0) | ~known[1]),
        })  # fmt: skip

    def who_waits(self, before: str | None, after: str | None) -> list[str]:
        """The children without frames of the classes shot around a place; narrowed to those between the two on the list where
        the class really came in that order. In the order of the list."""
        at, ordered, waiting = self._looked_up
        known = [(c, *at[c]) for c in (before, after) if c in at]
        classes = dict.fromkeys(class_ for _, class_, _ in known)
        rows = [(code, class_, place) for class_ in classes for code, place in waiting.get(class_, ())]
        if not rows or not all(ordered[class_] for class_ in classes):
            return [code for code, *_ in rows]
        bounds = {class_: [-np.inf, np.inf] for class_ in classes}
        for code, class_, place in known:
            bounds[class_][0 if code == before else 1] = place
        between = [code for code, class_, place in rows if min(bounds[class_]) < place < max(bounds[class_])]
        return between or [code for code, *_ in rows]

    @cached_property
    def _looked_up(self) -> tuple[dict[str, tuple[float, int]], dict[float, bool], dict[float, list[tuple[str, int]]]]:
        """Where each child stands, which classes came in order, and who waits in each class."""
        places = zip(self.children.index, self.children["class_"], self.children["place"], strict=True)
        at = {code: (class_, place) for code, class_, place in places}
        waiting: dict[float, list[tuple[str, int]]] = {}
        for code in self.children.index[self.children["is_waiting"]]:
            waiting.setdefault(at[code][0], []).append((code, at[code][1]))
        return at, self.classes["is_ordered"].to_dict(), waiting


def class_order(subjects: pd.DataFrame, cards: pd.DataFrame, seen: pd.Index) -> ClassOrder:
    """Learn from the cards of one shoot in which order each class came.

    `subjects`: the table of the catalog. `cards`: one row a card and code in walking order (`access_code`, `camera`). `seen`: codes
    of the children with frames in this shoot.

    >>> from prepaykit.tables.catalog import empty
    >>> len(class_order(empty("subjects"), pd.DataFrame({"access_code": [], "camera": []}), pd.Index([])).children)
    0
    """
    listed = subjects[(subjects["kind"] == "student") & subjects["photograph"]]
    listed = listed.sort_values(["group_id", "subject_id"]).set_index("access_code")
    # a class is the group of the list; without one the teacher stands for it
    class_ = (
        listed["group_id"].astype("float64").fillna(-1 - pd.Series(pd.factorize(listed["teacher"])[0], listed.index))
    )
    who = pd.DataFrame({"class_": class_, "is_waiting": ~listed.index.isin(seen)}, index=listed.index)
    by_list = np.arange(len(listed))
    by_name = listed[["last_name", "first_name"]].fillna("").apply(lambda c: c.str.casefold())
    names = by_name.assign(n=by_list).sort_values(["last_name", "first_name", "n"])["n"].to_numpy()
    alphabet = np.empty(len(listed), dtype=np.int64)
    alphabet[names] = np.arange(len(listed))
    shares = pd.concat(
        [_share(who.assign(place=p), cards).rename(i) for i, p in enumerate((by_list, alphabet))], axis=1
    )
    best = shares.fillna(-1.0).to_numpy().argmax(axis=1) if len(shares) else np.array([], dtype=int)
    classes = who.groupby("class_").agg(children=("is_waiting", "size"), waiting=("is_waiting", "sum"))
    classes["share"] = shares.max(axis=1).reindex(classes.index)
    classes["is_ordered"] = classes["share"].ge(ORDERED)
    takes_name = who["class_"].map(pd.Series(best, index=shares.index)).eq(1).to_numpy(dtype=bool)
    who["place"] = np.where(takes_name, alphabet, by_list)
    who = who.sort_values(["class_", "place"])
    who["waiting_before"] = who.groupby("class_")["is_waiting"].cumsum() - who["is_waiting"]
    return ClassOrder(who, classes)


def _share(who: pd.DataFrame, cards: pd.DataFrame) -> pd.Series:
    """For each class the share of its cards that follow the one next on the list (forward, or all backward); missing: too few."""
    shot = cards[cards["access_code"].isin(who.index[~who["is_waiting"]])].drop_duplicates("access_code")
    rows = who.loc[shot["access_code"], ["class_", "place"]].assign(camera=shot["camera"].to_numpy())
    rows["rank"] = rows.groupby("class_")["place"].rank()
    neighbours = (rows["class_"] == rows["class_"].shift()) & (rows["camera"] == rows["camera"].shift())
    step = rows["rank"].diff()[neighbours]
    steps = pd.DataFrame({"class_": rows.loc[neighbours, "class_"], "on": step == 1, "back": step == -1})
    told = steps.groupby("class_").agg(on=("on", "mean"), back=("back", "mean"), n=("on", "size"))
    return told[["on", "back"]].max(axis=1).where(told["n"] >= LEAST_PAIRS)
