"""Comparison levels: in which way two values agree, in words that a person would use.

Problem: "alike" is no reason. Rule: each pair of values is on exactly one level (exact, nickname, one slip, sounds alike, only an
initial, …), the strongest that holds. Names are compared once for each pair of distinct values that have anything in common
(one slip, beginning, sound, a part, a nickname; see `measures`); everything else is `different`. No loop runs over pairs.
Within a level some pairs say more than others: `extra` bits. A form that few others share says more than one of ten; what an eye or an
ear mistakes (`rn` and `m`, `ph` and `f`) is likelier than any other slip; half of a double name is common among those who bear one.

Worked case: `sofi` and `sofia` share their beginning → short form; `sara` and `zara` are one letter apart in a short name
and begin differently → only `similar`.
Known limits: two slips in a name of four letters are `different`, unless an eye or an ear explains one of them. Source: matching.md 5 (write 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from prepaykit.rules.matching import measures
from prepaykit.rules.matching.forms import by_eye, by_spelling
from prepaykit.rules.matching.near import distinct
from prepaykit.rules.matching.nicknames import forms_of

FIRST = (
    "exact",
    "nickname",
    "slip",
    "short_slip",
    "sound",
    "part",
    "middle",
    "clipped",
    "two_slips",
    "similar",
    "initial",
    "missing",
    "different",
)
LAST = (
    "exact",
    "part",
    "slip",
    "short_slip",
    "sound",
    "part_slip",
    "two_slips",
    "similar",
    "initial",
    "missing",
    "different",
)
TEACHER = ("exact", "slip", "initial", "missing", "different")
GRADE = ("exact", "beside", "missing", "different")
CODE = ("missing", "own", "near", "siblings", "sibling_near", "other", "unknown")

WORDS = {
    "exact": "exact", "nickname": "nickname or variant", "slip": "one letter off", "short_slip": "one letter off in a short name",
    "sound": "sounds the same", "two_slips": "two letters off", "part": "one part of it", "part_slip": "one part of it, one letter off", "middle": "the middle name",
    "clipped": "short form", "similar": "similar", "initial": "only an initial", "missing": "not given", "different": "different",
    "beside": "one grade off", "own": "exact", "near": "one symbol off", "siblings": "that of a sibling", "sibling_near": "near a sibling's",
    "other": "that of another child", "unknown": "on nobody's card",
}  # fmt: skip

Parts = tuple[str, ...]
# How many other forms the shipped spread of a nickname stands for, and how far bits of single pairs may go.
USUAL_FORMS = 4.0
MISTAKEN = 1.5
MORE_PARTS = -3.0
MOST_HALF_FIRST, MOST_HALF_LAST = 4.9, 3.7
MOST_LACKING = 5.0


@dataclass(frozen=True)
class Pairs:
    """Levels of the pairs of distinct values that have something in common: sorted keys `left * width + right`, level numbers, extra bits."""

    keys: np.ndarray
    levels: np.ndarray
    extra: np.ndarray
    width: int
    default: int

    @cached_property
    def first_key(self) -> np.ndarray:
        """Where the pairs of each left value begin, and the end of all."""
        rows = int(self.keys[-1] // self.width) + 1 if len(self.keys) else 0
        return np.searchsorted(self.keys, np.arange(rows + 1) * self.width)

    def of_rows(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which of `rows` and which pair, for all pairs of these left values."""
        last = len(self.first_key) - 1
        low, high = self.first_key[np.minimum(rows, last)], self.first_key[np.minimum(rows + 1, last)]
        counts = high - low
        row = np.repeat(np.arange(len(rows)), counts)
        return row, np.arange(len(row)) + np.repeat(low - np.cumsum(counts) + counts, counts)

    def at(self, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The level of each pair (left, right), and its extra bits."""
        if not len(self.keys):
            shape = np.broadcast(left, right).shape
            return np.full(shape, self.default, dtype=np.int8), np.zeros(shape, dtype=np.float32)
        wanted = left.astype(np.int64) * self.width + right
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        hit = self.keys[at] == wanted
        return np.where(hit, self.levels[at], self.default).astype(np.int8), np.where(hit, self.extra[at], 0.0)

    def of(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """The level of each pair (left, right)."""
        return self.at(left, right)[0]


def compare_firsts(
    typed: list[Parts],
    listed: list[Parts],
    *,
    learnt: pd.DataFrame | None = None,
    bearers: np.ndarray | None = None,
    closely: np.ndarray | None = None,
    two_lists: bool = False,
) -> Pairs:
    """Compare the distinct first names of orders with those of the list.

    `bearers`: how many children bear each listed name (else one each); `closely`: the typed names to measure against everything if nothing
    is near (else all); `two_lists`: both sides are lists of the same children, so that what both lack says something.
    """
    a, b = measures.Side(typed), measures.Side(listed)
    keys_a, keys_b = forms_of(a.joined, learnt), forms_of(b.joined, learnt)
    family = measures.shared(keys_a, keys_b, a, b)
    heads = measures.shared(forms_of(a.firsts, learnt), forms_of(b.firsts, learnt), a, b)
    m = measures.measured(a, b, family, heads, closely=closely)
    is_family, half = np.isin(m.key, family), m.part | (np.isin(m.key, heads) & m.several)
    # An ear may mistake the first letter, a hand seldom does.
    same_head = m.same_head | m.heard
    level = np.select(
        [m.same, is_family, m.slip & same_head & (m.shorter >= 5), m.slip & same_head & (m.shorter >= 3),
         half, m.clipped, m.sound & (m.shorter >= 3), m.two_slips & m.same_head, m.initial, m.alike],
        [_no(FIRST, w) for w in ("exact", "nickname", "slip", "short_slip", "part", "clipped", "sound", "two_slips", "initial", "similar")],
        default=_no(FIRST, "different"),
    )  # fmt: skip
    forms = np.bincount(keys_b["at"], minlength=len(listed))[m.right] - 1
    rare = np.log2(USUAL_FORMS / np.clip(forms, 1.5, 16.0))
    extra = np.where(is_family, rare, _half_bits(a, b, m, bearers, MOST_HALF_FIRST))
    return _missing(_pairs(m, level, extra, FIRST), a, b, FIRST, _lacking_bits(b, bearers) if two_lists else 0.0)


def compare_lasts(
    typed: list[Parts],
    listed: list[Parts],
    *,
    bearers: np.ndarray | None = None,
    closely: np.ndarray | None = None,
    two_lists: bool = False,
) -> Pairs:
    """Compare the distinct surnames of orders with those of the list; the options are as for first names."""
    a, b = measures.Side(typed), measures.Side(listed)
    m = measures.measured(a, b, closely=closely)
    level = np.select(
        [m.same, m.part, m.slip & (m.shorter >= 5), m.slip & (m.shorter >= 3), m.sound & (m.shorter >= 3), measures.part_slips(a, b, m),
         m.two_slips, m.initial, m.alike],
        [_no(LAST, w) for w in ("exact", "part", "slip", "short_slip", "sound", "part_slip", "two_slips", "initial", "similar")],
        default=_no(LAST, "different"),
    )  # fmt: skip
    half = _half_bits(a, b, m, bearers, MOST_HALF_LAST)
    return _missing(_pairs(m, level, half, LAST), a, b, LAST, _lacking_bits(b, bearers) if two_lists else 0.0)


def compare_teachers(typed: list[Parts], listed: list[Parts]) -> np.ndarray:
    """Levels of every distinct teacher text of the orders (rows) with every one of the list (columns)."""
    result = np.full((len(typed), len(listed)), _no(TEACHER, "different"), dtype=np.int8)
    if not typed or not listed:
        return result
    words = sorted({w for t in typed for w in t[:1]} | {""})
    other = sorted({w for t in listed for w in t} | {""})
    edits = process.cdist(words, other, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8)
    alike = process.cdist(words, other, scorer=JaroWinkler.similarity, score_cutoff=0.9, dtype=np.float32)
    misread = np.zeros(edits.shape, dtype=bool)
    for fold in (by_eye, by_spelling):
        misread |= process.cdist(fold(words), fold(other), scorer=OSA.distance, score_cutoff=1, dtype=np.uint8) <= 1
    size = np.array([len(w) for w in words])
    head_a, head_b = np.array([w[:1] for w in words]), np.array([w[:1] for w in other])
    is_slip = (
        ((edits == 1) & (size[:, None] >= 4))
        | (((alike >= 0.93) | misread) & (size[:, None] >= 5))
        | (misread & (edits <= 2) & (size[:, None] >= 3))
    )
    word_level = np.select(
        [edits == 0, is_slip, (size[:, None] == 1) & (head_a[:, None] == head_b[None, :])],
        [_no(TEACHER, w) for w in ("exact", "slip", "initial")], _no(TEACHER, "different"),
    ).astype(np.int8)  # fmt: skip
    word_level[size == 0], word_level[:, [i for i, w in enumerate(other) if not w]] = (
        _no(TEACHER, "missing"),
        _no(TEACHER, "different"),
    )
    place, there = {w: i for i, w in enumerate(words)}, {w: i for i, w in enumerate(other)}
    rows = np.array([place[t[0] if t else ""] for t in typed])
    columns = np.array([[there[w] for w in (*t, "", "", "")[:3]] for t in listed])
    for k in range(3):
        level = word_level[rows][:, columns[:, k]]
        # Only a surname has initials: `Mrs. A.` is not Anna Hewitt.
        if k:
            level = np.where(level == _no(TEACHER, "initial"), _no(TEACHER, "different"), level)
        result = np.minimum(result, level)
    result[[i for i, t in enumerate(typed) if not t]] = _no(TEACHER, "missing")
    result[:, [i for i, t in enumerate(listed) if not t]] = _no(TEACHER, "missing")
    return result


# --- inside ------------------------------------------------------------------------------------------------------------


def _no(levels: tuple[str, ...], word: str) -> int:
    return levels.index(word)


def _half_bits(
    a: measures.Side, b: measures.Side, m: measures.Measured, bearers: np.ndarray | None, most: float
) -> np.ndarray:
    """Extra bits of a pair: for half of a double name as many as such names are rare on this list; for what eye or ear mistakes a few."""
    bears = np.ones(len(b.values)) if bearers is None else bearers[: len(b.values)].astype(float)
    double = float(bears[b.count[: len(bears)] > 1].sum() / max(1.0, bears.sum()))
    half = min(most, -np.log2(max(double, 2.0**-most)))
    one, other = a.count[m.left], b.count[m.right]
    by_count = np.select([(other > 1) & (one < other), one > other], [half, MORE_PARTS], 0.0)
    return np.select([m.same, m.part, m.slip & m.mistaken], [0.0, by_count, MISTAKEN], 0.0)


def _pairs(m: measures.Measured, level: np.ndarray, extra: np.ndarray, levels: tuple[str, ...]) -> tuple:
    different = _no(levels, "different")
    kept = level != different
    return m.key[kept], level[kept].astype(np.int8), extra[kept].astype(np.float32), different


def _lacking_bits(b: measures.Side, bearers: np.ndarray | None) -> float:
    """What it says that both lists lack a name: as much as that is rare on the list."""
    bears = np.ones(len(b.values)) if bearers is None else bearers[: len(b.values)].astype(float)
    lacking = float(bears[b.size[: len(bears)] == 0].sum() / max(1.0, bears.sum()))
    return min(MOST_LACKING, -np.log2(max(lacking, 2.0**-MOST_LACKING)))


def _missing(found: tuple, a: measures.Side, b: measures.Side, levels: tuple[str, ...], both: float) -> Pairs:
    """Names that are not there are on the level `missing` with everybody; `both`: extra bits where neither is there."""
    keys, level, extra, different = found
    width = max(1, len(b.values))
    gone_a, gone_b = np.flatnonzero(a.size == 0), np.flatnonzero(b.size == 0)
    more = distinct(
        np.concatenate(
            [
                (gone_a[:, None] * width + np.arange(len(b.values))).ravel(),
                (np.arange(len(a.values))[:, None] * width + gone_b).ravel(),
            ]
        )
    )
    keys = np.concatenate([keys, more])
    level = np.concatenate([level, np.full(len(more), _no(levels, "missing"), dtype=np.int8)])
    neither = np.isin(more // width, gone_a) & np.isin(more % width, gone_b)
    extra = np.concatenate([extra, np.where(neither, both, 0.0).astype(np.float32)])
    order = np.argsort(keys, kind="stable")
    return Pairs(keys[order], level[order], extra[order], width, different)
