"""Weights: how much each agreement says, in bits, learnt from drawn populations and adapted to the list at hand.

Problem: that `Garcia` agrees says little where every tenth child is called so, and much elsewhere. Rule (Fellegi and Sunter):
the weight of a value is log2 of how likely the parent of that child writes it, over how likely anybody's parent does; the
second is counted on this very list, over everybody who could have been meant with what is written, nicknames and slips
included. A stranger's weight is 0.

`SHIPPED` says how often parents write what (`share`), and over how many spellings a level spreads (`spread`): trained on drawn
populations (tests/benchmarks), never on the user's data. On large lists `adapted` moves the shares towards what is seen
(expectation maximisation, with the shipped ones counting as 400 orders).

Worked case: `Sofi` for Sofía, 3 of 600 children on the list have a name that Sofi may stand for: log2(0.07 / (3/600 · 0.07)) = 7.6 bits.
Source: matching.md 2 (Newcombe; Winkler), 5 (write 3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from prepaykit.rules.matching.levels import FIRST, GRADE, LAST, TEACHER, Pairs
from prepaykit.rules.matching.nicknames import known_frequencies

WAYS = {
    "as_written": 0.93,
    "swapped": 0.02,
    "one_field": 0.05,
    "one_field_swapped": 0.01,
    "parents_surname": 0.3,
    "no_surname": 0.002,
}
# How likely anybody writes a certain text for the teacher that is like none of the school's.
UNHEARD = 1e-4
# How many parents bear the surname of their child.
SAME_SURNAME = 0.8
STRENGTH = 400.0


@dataclass(frozen=True)
class Weights:
    """Shares and spreads of the levels, and how far the fields depend on each other (`trust`: 1 = not at all)."""

    first: dict[str, float]
    last: dict[str, float]
    class_: dict[tuple[str, str], float]
    spread_first: dict[str, float]
    spread_last: dict[str, float]
    spread_teacher: dict[str, float]
    spread_grade: dict[str, float]
    code: dict[str, float]
    unlisted: float
    sibling_unlisted: float
    wrong_school: float
    second_order: float
    trust_name: float
    trust_class: float
    trust_code: float
    together: float

    def first_bits(self) -> np.ndarray:
        """log2 of share × spread for each level of FIRST."""
        return np.log2([self.first[w] * self.spread_first[w] for w in FIRST])

    def last_bits(self) -> np.ndarray:
        """log2 of share × spread for each level of LAST."""
        return np.log2([self.last[w] * self.spread_last[w] for w in LAST])

    def teacher_bits(self) -> np.ndarray:
        """log2 of share × spread for each level of TEACHER alone."""
        return np.log2([self.class_[t, "missing"] * self.spread_teacher[t] for t in TEACHER])

    def class_bits(self) -> np.ndarray:
        """log2 of share × spread for each pair of a level of TEACHER (rows) and of GRADE (columns)."""
        return np.log2(
            [[self.class_[t, g] * self.spread_teacher[t] * self.spread_grade[g] for g in GRADE] for t in TEACHER]
        )


SHIPPED = Weights(
    first={"exact": 0.73, "nickname": 0.05, "slip": 0.07, "short_slip": 0.02, "sound": 0.012, "part": 0.018, "middle": 0.02, "clipped": 0.03,
           "two_slips": 0.006, "similar": 0.002, "initial": 0.025, "missing": 1.0, "different": 0.03},
    last={"exact": 0.80, "part": 0.06, "slip": 0.07, "short_slip": 0.016, "sound": 0.005, "part_slip": 0.002, "two_slips": 0.006, "similar": 0.001,
          "initial": 0.01, "missing": 1.0, "different": 0.02},
    class_={(t, g): a * b for t, a in {"exact": 0.82, "slip": 0.085, "initial": 0.048, "missing": 1.0, "different": 0.05}.items()
            for g, b in {"exact": 0.955, "beside": 0.03, "missing": 1.0, "different": 0.01}.items()},
    spread_first={"exact": 1, "nickname": 0.25, "slip": 0.02, "short_slip": 0.02, "sound": 0.05, "part": 0.5, "middle": 1, "clipped": 0.4,
                  "two_slips": 0.001, "similar": 0.001, "initial": 1, "missing": 1, "different": 1},
    spread_last={"exact": 1, "part": 0.5, "slip": 0.02, "short_slip": 0.02, "sound": 0.05, "part_slip": 0.02, "two_slips": 0.001, "similar": 0.001,
                 "initial": 1, "missing": 1, "different": 1},
    spread_teacher={"exact": 1, "slip": 0.03, "initial": 1, "missing": 1, "different": 1},
    spread_grade={"exact": 1, "beside": 0.5, "missing": 1, "different": 0.3},
    # Bits beside those that the number of codes gives: what a parent of that child writes against what a stranger does.
    code={"own": 4.2, "near": 2.7, "siblings": 1.2, "sibling_near": -1.5, "other": -4.0, "unknown": -0.8, "missing": -0.3},
    unlisted=0.05, sibling_unlisted=0.4, wrong_school=0.015, second_order=0.25, trust_name=1.0, trust_class=1.12, trust_code=0.9, together=0.1,
)  # fmt: skip


def both_typed(weights: Weights) -> Weights:
    """The weights for two lists of the same children: nobody is missing, and a slip may be on either side, so that it is seldom chance."""
    slips = {"slip": 0.7, "short_slip": 0.7, "sound": 0.35, "two_slips": 0.3, "similar": 0.1}
    return replace(
        weights, unlisted=0.001, spread_first={**weights.spread_first, **slips}, spread_last={**weights.spread_last, **slips, "part_slip": 0.7},
        spread_teacher={**weights.spread_teacher, "slip": 0.7},
    )  # fmt: skip


def shares_of(names: list[str], counts: np.ndarray, part: str) -> np.ndarray:
    """How likely a random child bears each listed name: counted on this list, evened out with public frequencies.

    A name that one child of a short list bears is rarer than one in the length of the list: 0.7 of each count is not believed.
    """
    known = known_frequencies()[part]
    public = np.array([known.get(n, RARE) for n in names]) / 1e6
    return (np.maximum(counts - 0.7, 0.0) + PUBLIC * public) / (counts.sum() + PUBLIC)


RARE = 5.0
PUBLIC = 2000.0


class Bases:
    """How likely anybody's parent writes each typed name, over everybody who could be meant: counted once, asked for any weights.

    `owner`: the number of the name of each child; `part`: first or last.
    """

    def __init__(self, pairs: Pairs, typed: list, listed: list, owner: np.ndarray, part: str):
        share = shares_of(["".join(v) for v in listed], np.bincount(owner, minlength=len(listed)).astype(float), part)
        # Who has no name on the list says nothing about how names are spread.
        named = np.array([bool(v) for v in listed], dtype=bool)
        ok = named[pairs.keys % pairs.width] & (pairs.levels != pairs.default - 1)
        self._row, self._level = pairs.keys[ok] // pairs.width, pairs.levels[ok]
        self._share = share[pairs.keys[ok] % pairs.width] * np.exp2(pairs.extra[ok])
        self._off = off_list_share(["".join(v) for v in typed], part)
        self._empty = np.array([not v for v in typed], dtype=bool)

    def of(self, bits: np.ndarray) -> np.ndarray:
        """log2 of how likely each typed name is; `bits`: share × spread of the levels."""
        likely = np.bincount(self._row, weights=self._share * np.exp2(bits)[self._level], minlength=len(self._off))
        likely = likely + self._off * np.exp2(bits[0])
        return np.log2(np.where(self._empty, 1.0, likely))


def off_list_share(names: list[str], part: str) -> np.ndarray:
    """How likely a child who is not on the list bears each typed name, whatever the list says."""
    known = known_frequencies()[part]
    return np.array([known.get(n, RARE * 0.2) for n in names]) / 1e6


def adapted(weights: Weights, seen: dict[str, dict]) -> Weights:
    """Move the shares of levels towards those seen: `seen` has for `first`, `last`, `class_` the expected number of each level.

    Levels `missing` say nothing and stay; `unlisted` counts (not listed, all).

    >>> more = adapted(SHIPPED, {"first": {"exact": 1000.0}, "last": {}, "class_": {}, "unlisted": (50.0, 1000.0)})
    >>> more.first["exact"] > SHIPPED.first["exact"], round(more.unlisted, 3)
    (True, 0.05)
    """
    parts = {}
    for name in ("first", "last"):
        old, new = getattr(weights, name), seen.get(name, {})
        levels = [w for w in old if w != "missing"]
        total = STRENGTH + sum(new.get(w, 0.0) for w in levels)
        parts[name] = {
            **old,
            **{w: (STRENGTH * old[w] / sum(old[v] for v in levels) + new.get(w, 0.0)) / total for w in levels},
        }
    off, all_ = seen["unlisted"]
    return replace(weights, **parts, unlisted=(STRENGTH * weights.unlisted + off) / (STRENGTH + all_))
