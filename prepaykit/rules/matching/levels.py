"""Comparison levels: in which way two values agree, in words that a person would use.

Problem: "alike" is no reason. Rule: each pair of values is on exactly one level (exact, nickname, one slip, sounds alike, only an
initial, …), the strongest that holds. Names are compared once for each pair of distinct values that have anything in common
(beginning, end, sound, a part, a nickname); everything else is `different`. No loop runs over pairs.

Worked case: `sofi` and `sofia` share their beginning → short form; `sara` and `zara` are one letter apart in a short name
and begin differently → only `similar`.
Known limits: two slips in a name of four letters are `different`. Source: matching.md 5 (write 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler, Prefix

from prepaykit.rules.matching.forms import by_ear, clipped
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
    "similar",
    "initial",
    "missing",
    "different",
)
LAST = ("exact", "part", "slip", "short_slip", "sound", "part_slip", "similar", "initial", "missing", "different")
TEACHER = ("exact", "slip", "initial", "missing", "different")
GRADE = ("exact", "beside", "missing", "different")
CODE = ("missing", "own", "near", "siblings", "sibling_near", "other", "unknown")

WORDS = {
    "exact": "exact", "nickname": "nickname or variant", "slip": "one letter off", "short_slip": "one letter off in a short name",
    "sound": "sounds the same", "part": "one part of it", "part_slip": "one part of it, one letter off", "middle": "the middle name",
    "clipped": "short form", "similar": "similar", "initial": "only an initial", "missing": "not given", "different": "different",
    "beside": "one grade off", "own": "exact", "near": "one symbol off", "siblings": "that of a sibling", "sibling_near": "near a sibling's",
    "other": "that of another child", "unknown": "on nobody's card",
}  # fmt: skip

Parts = tuple[str, ...]


@dataclass(frozen=True)
class Pairs:
    """Levels of the pairs of distinct values that have something in common: sorted keys `left * width + right`, and level numbers."""

    keys: np.ndarray
    levels: np.ndarray
    width: int
    default: int

    def of(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """The level of each pair (left, right)."""
        if not len(self.keys):
            return np.full(np.broadcast(left, right).shape, self.default, dtype=np.int8)
        wanted = left.astype(np.int64) * self.width + right
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.where(self.keys[at] == wanted, self.levels[at], self.default).astype(np.int8)


def compare_firsts(typed: list[Parts], listed: list[Parts], *, learnt: pd.DataFrame | None = None) -> Pairs:
    """Compare the distinct first names of orders with those of the list."""
    a, b = _Side(typed), _Side(listed)
    family = _shared(forms_of(a.joined, learnt), forms_of(b.joined, learnt), a, b)
    heads = _shared(_heads(forms_of, a, learnt), _heads(forms_of, b, learnt), a, b)
    left, right = _candidates(a, b, family, heads)
    m = _measures(a, b, left, right)
    is_family = np.isin(m.key, family)
    level = np.select(
        [m.same, is_family, m.one_edit & m.same_head & (m.shorter >= 5), m.one_edit & m.same_head & (m.shorter >= 3), m.sound & (m.shorter >= 3),
         m.part | (np.isin(m.key, heads) & m.several), m.is_clipped, m.initial, m.alike],
        [_no(FIRST, w) for w in ("exact", "nickname", "slip", "short_slip", "sound", "part", "clipped", "initial", "similar")],
        default=_no(FIRST, "different"),
    )  # fmt: skip
    return _missing(_pairs(m, level, FIRST), a, b, FIRST)


def compare_lasts(typed: list[Parts], listed: list[Parts]) -> Pairs:
    """Compare the distinct surnames of orders with those of the list."""
    a, b = _Side(typed), _Side(listed)
    left, right = _candidates(a, b)
    m = _measures(a, b, left, right)
    part_slip = _part_slips(a, b, m)
    level = np.select(
        [
            m.same,
            m.part,
            m.one_edit & (m.shorter >= 5),
            m.one_edit & (m.shorter >= 3),
            m.sound & (m.shorter >= 3),
            part_slip,
            m.initial,
            m.alike,
        ],
        [_no(LAST, w) for w in ("exact", "part", "slip", "short_slip", "sound", "part_slip", "initial", "similar")],
        default=_no(LAST, "different"),
    )
    return _missing(_pairs(m, level, LAST), a, b, LAST)


def compare_teachers(typed: list[Parts], listed: list[Parts]) -> np.ndarray:
    """Levels of every distinct teacher text of the orders (rows) with every one of the list (columns)."""
    result = np.full((len(typed), len(listed)), _no(TEACHER, "different"), dtype=np.int8)
    if not typed or not listed:
        return result
    words = sorted({w for t in typed for w in t[:1]} | {""})
    other = sorted({w for t in listed for w in t} | {""})
    edits = process.cdist(words, other, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8)
    alike = process.cdist(words, other, scorer=JaroWinkler.similarity, score_cutoff=0.9, dtype=np.float32)
    size = np.array([len(w) for w in words])
    head_a, head_b = np.array([w[:1] for w in words]), np.array([w[:1] for w in other])
    is_slip = ((edits == 1) & (size[:, None] >= 4)) | ((alike >= 0.93) & (size[:, None] >= 5))
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


class _Side:
    """The distinct values of one side: parts, joined text, and arrays of both."""

    def __init__(self, values: list[Parts]):
        self.values = values
        self.joined = ["".join(v) for v in values]
        self.text = np.array(self.joined, dtype=object) if values else np.empty(0, dtype=object)
        self.size = np.array([len(t) for t in self.joined], dtype=np.int64)
        self.sound = np.array([by_ear(t) for t in self.joined], dtype=object)
        self.clip = np.array([clipped(t) for t in self.joined], dtype=object)
        self.clip_size = np.array([len(t) for t in self.clip], dtype=np.int64)
        self.head = np.array([t[:1] for t in self.joined], dtype=object)
        self.count = np.array([len(v) for v in values], dtype=np.int64)


def _heads(forms, side: _Side, learnt) -> pd.DataFrame:
    """Keys of the first part of names of several parts, so that Lupita is Guadalupe Maria."""
    return forms([v[0] if v else "" for v in side.values], learnt)


def _no(levels: tuple[str, ...], word: str) -> int:
    return levels.index(word)


def _keys_of(side: _Side, keys: pd.DataFrame) -> pd.DataFrame:
    keys = keys[keys["key"].str.len() > 1]
    return keys[side.size[keys["at"].to_numpy()] > 1] if len(keys) else keys


def _shared(left: pd.DataFrame, right: pd.DataFrame, a: _Side, b: _Side) -> np.ndarray:
    """Keys of the pairs that share a key text."""
    left, right = _keys_of(a, left), _keys_of(b, right)
    pairs = left.merge(right, on="key", suffixes=("", "_listed"), validate="m:m")
    return np.unique(pairs["at"].to_numpy(np.int64) * max(1, len(b.values)) + pairs["at_listed"].to_numpy(np.int64))


def _blocks(side: _Side) -> list[pd.Series]:
    """Texts of which two names must share one to be compared at all."""
    at = np.arange(len(side.values))
    parts = [(i, p) for i, v in enumerate(side.values) for p in v if len(v) > 1 or len(p) > 1]
    owner, part = (np.array([p[0] for p in parts], dtype=np.int64), [p[1] for p in parts])
    return [
        pd.Series(["^" + p[:3] for p in part], index=owner),
        pd.Series(["$" + p[-3:] for p in part], index=owner),
        pd.Series(["~" + by_ear(p) for p in part], index=owner),
        pd.Series(["=" + t for t in side.joined], index=at),
        pd.Series(["|" + p[:2] + p[-1:] for p in part], index=owner),
    ]


def _candidates(a: _Side, b: _Side, *more: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    width = max(1, len(b.values))
    found = list(more)
    for left, right in zip(_blocks(a), _blocks(b), strict=True):
        both, _ = pd.factorize(np.concatenate([left.to_numpy(object), right.to_numpy(object)]))
        found.append(_meet(both[: len(left)], left.index.to_numpy(), both[len(left) :], right.index.to_numpy(), width))
    # A single letter meets every name that begins with it.
    for one, other, swap in ((a, b, False), (b, a, True)):
        at = np.flatnonzero(one.size == 1)
        if len(at):
            rows, columns = np.nonzero(one.head[at][:, None] == other.head[None, :])
            found.append((columns * width + at[rows]) if swap else (at[rows] * width + columns))
    keys = (
        np.unique(np.concatenate([np.asarray(k, dtype=np.int64) for k in found]))
        if found
        else np.empty(0, dtype=np.int64)
    )
    return keys // width, keys % width


def _meet(
    left: np.ndarray, owner_left: np.ndarray, right: np.ndarray, owner_right: np.ndarray, width: int
) -> np.ndarray:
    """Keys of the pairs of owners whose numbers are equal."""
    order = np.argsort(right, kind="stable")
    sorted_right = right[order]
    low, high = np.searchsorted(sorted_right, left, "left"), np.searchsorted(sorted_right, left, "right")
    counts = high - low
    starts = np.repeat(low - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) if len(left) else low
    at = np.arange(int(counts.sum())) + starts
    return np.repeat(owner_left, counts).astype(np.int64) * width + owner_right[order[at]]


@dataclass
class _Measured:
    key: np.ndarray
    left: np.ndarray
    right: np.ndarray
    shorter: np.ndarray
    same: np.ndarray
    one_edit: np.ndarray
    alike: np.ndarray
    sound: np.ndarray
    part: np.ndarray
    several: np.ndarray
    is_clipped: np.ndarray
    initial: np.ndarray
    same_head: np.ndarray


def _measures(a: _Side, b: _Side, left: np.ndarray, right: np.ndarray) -> _Measured:
    one, two = a.text[left], b.text[right]
    shorter, longer = np.minimum(a.size[left], b.size[right]), np.maximum(a.size[left], b.size[right])
    edits = process.cpdist(one, two, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8) if len(left) else np.empty(0)
    jw = (
        process.cpdist(one, two, scorer=JaroWinkler.similarity, score_cutoff=0.8, dtype=np.float32)
        if len(left)
        else np.empty(0)
    )
    same_head = a.head[left] == b.head[right]
    part = _share_a_part(a, b, left, right)
    return _Measured(
        key=left * max(1, len(b.values)) + right, left=left, right=right, shorter=shorter, same=(edits == 0) & (shorter > 0), one_edit=edits == 1,
        alike=((jw >= 0.88) & (shorter >= 4)) | ((edits <= 2) & (shorter >= 6)) | ((edits <= 1) & (shorter >= 3)),
        sound=(a.sound[left] == b.sound[right]) & (np.abs(longer - shorter) <= 3) & same_head | ((a.sound[left] == b.sound[right]) & (shorter >= 5)),
        part=part & (shorter > 1), several=(a.count[left] > 1) | (b.count[right] > 1),
        is_clipped=(shorter < longer) & (_begins(one, b.clip[right], b.clip_size[right]) | _begins(two, a.clip[left], a.clip_size[left])),
        initial=(shorter == 1) & same_head, same_head=same_head,
    )  # fmt: skip


def _begins(long: np.ndarray, stem: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Does the long text begin with the stem (three letters or more) of the other?"""
    if not len(long):
        return np.empty(0, dtype=bool)
    return (sizes >= 3) & (process.cpdist(long, stem, scorer=Prefix.similarity, dtype=np.uint8) == sizes)


def _part_numbers(sides: tuple[_Side, _Side], width: int = 3) -> tuple[np.ndarray, np.ndarray]:
    numbers: dict[str, int] = {}
    tables = []
    for empty, side in enumerate(sides):
        table = np.full((len(side.values), width), -1 - empty, dtype=np.int64)
        for i, v in enumerate(side.values):
            if len(v) > 1 or (v and len(v[0]) > 1):
                for k, p in enumerate(v[:width]):
                    table[i, k] = numbers.setdefault(p, len(numbers)) if len(p) > 1 else -1 - empty
        tables.append(table)
    return tables[0], tables[1]


def _share_a_part(a: _Side, b: _Side, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    one, two = _part_numbers((a, b))
    shared = np.zeros(len(left), dtype=bool)
    for i in range(one.shape[1]):
        for k in range(two.shape[1]):
            shared |= one[left, i] == two[right, k]
    return shared


def _part_slips(a: _Side, b: _Side, m: _Measured) -> np.ndarray:
    """Is one part of a double surname one letter off?"""
    result = np.zeros(len(m.left), dtype=bool)
    rows = np.flatnonzero(((a.count[m.left] > 1) | (b.count[m.right] > 1)) & ~m.part)
    if not len(rows):
        return result
    for i in range(2):
        one, long_one = _part_texts(a, i)
        for k in range(2):
            two, long_two = _part_texts(b, k)
            at = rows[long_one[m.left[rows]] & long_two[m.right[rows]]]
            if len(at):
                edits = process.cpdist(
                    one[m.left[at]], two[m.right[at]], scorer=OSA.distance, score_cutoff=1, dtype=np.uint8
                )
                result[at] |= edits <= 1
    return result


def _part_texts(side: _Side, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k-th part of each name, and whether it is long enough for a slip to be seen."""
    texts = [v[k] if len(v) > k else "" for v in side.values]
    return np.array(texts, dtype=object), np.array([len(t) >= 4 for t in texts], dtype=bool)


def _pairs(m: _Measured, level: np.ndarray, levels: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, int]:
    different = _no(levels, "different")
    kept = level != different
    return m.key[kept], level[kept].astype(np.int8), different


def _missing(found: tuple[np.ndarray, np.ndarray, int], a: _Side, b: _Side, levels: tuple[str, ...]) -> Pairs:
    """Names that are not there are on the level `missing` with everybody."""
    keys, level, different = found
    width = max(1, len(b.values))
    gone_a, gone_b = np.flatnonzero(a.size == 0), np.flatnonzero(b.size == 0)
    more = np.concatenate(
        [
            (gone_a[:, None] * width + np.arange(len(b.values))).ravel(),
            (np.arange(len(a.values))[:, None] * width + gone_b).ravel(),
        ]
    )
    more = np.unique(more)
    keys, level = (
        np.concatenate([keys, more]),
        np.concatenate([level, np.full(len(more), _no(levels, "missing"), dtype=np.int8)]),
    )
    order = np.argsort(keys, kind="stable")
    return Pairs(keys[order], level[order], width, different)
