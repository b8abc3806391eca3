"""Measures: what two distinct names have in common, for all pairs that are worth comparing, each pair once.

Problem: levels ask many questions of each pair of names (same, one slip, same sound, a part in common). Rule: names are met if they are
one slip apart, as written or as an eye or an ear takes them, begin alike, sound alike, share a part or a nickname; a typed name near to
nothing is measured against everything. Each question is then asked of all pairs at once.

Known limits: what only ends alike is met by sound alone. Source: matching.md 5 (time bar: blocking). No loop runs over pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler, Prefix

from prepaykit.rules.matching.forms import by_ear, by_eye, by_spelling, clipped
from prepaykit.rules.matching.near import distinct, far_pairs, meet, near_pairs


class Side:
    """The distinct values of one side: parts, joined text, and arrays of both."""

    def __init__(self, values: list[tuple[str, ...]]):
        self.values = values
        self.joined = ["".join(v) for v in values]
        self.firsts = [v[0] if v else "" for v in values]
        self.text = _texts(self.joined)
        self.size = np.array([len(t) for t in self.joined], dtype=np.int64)
        self.count = np.array([len(v) for v in values], dtype=np.int64)

    @cached_property
    def eye(self) -> np.ndarray:
        return _texts(by_eye(self.joined))

    @cached_property
    def spelling(self) -> np.ndarray:
        return _texts(by_spelling(self.joined))

    @cached_property
    def sound(self) -> np.ndarray:
        return _texts(by_ear(self.joined))

    @cached_property
    def clip(self) -> np.ndarray:
        return _texts(clipped(self.joined))

    @cached_property
    def clip_size(self) -> np.ndarray:
        return np.array([len(t) for t in self.clip], dtype=np.int64)

    @cached_property
    def parts(self) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Every part of two letters or more (a single letter only beside others): whose it is, the how manieth, and its text."""
        owner = np.repeat(np.arange(len(self.values)), self.count)
        texts = [p for v in self.values for p in v]
        place = np.arange(len(owner)) - np.repeat(np.cumsum(self.count) - self.count, self.count)
        kept = (np.array([len(t) for t in texts], dtype=np.int64) > 1) | (self.count[owner] > 1)
        return owner[kept], place[kept], [t for t, k in zip(texts, kept.tolist(), strict=True) if k]


@dataclass
class Measured:
    """The pairs that were met, one entry each: what they have in common."""

    key: np.ndarray
    left: np.ndarray
    right: np.ndarray
    shorter: np.ndarray
    same: np.ndarray
    slip: np.ndarray
    mistaken: np.ndarray
    heard: np.ndarray
    two_slips: np.ndarray
    alike: np.ndarray
    sound: np.ndarray
    part: np.ndarray
    several: np.ndarray
    clipped: np.ndarray
    initial: np.ndarray
    same_head: np.ndarray


def shared(left: pd.DataFrame, right: pd.DataFrame, a: Side, b: Side) -> np.ndarray:
    """Keys of the pairs that share a key text of two letters or more; both tables have columns `at` and `key`."""
    left, right = ((s.size[t["at"].to_numpy()] > 1, t) for s, t in ((a, left), (b, right)))
    at_left, at_right = (t["at"].to_numpy(np.int64)[ok] for ok, t in (left, right))
    both = _numbered(left[1]["key"].to_numpy(object)[left[0]], right[1]["key"].to_numpy(object)[right[0]], least=2)
    return distinct(meet(both[0], at_left, both[1], at_right, max(1, len(b.values))))


def measured(a: Side, b: Side, *more: np.ndarray, closely: np.ndarray | None = None) -> Measured:
    """Meet the pairs and measure them. `more`: keys of further pairs; `closely`: which values of `a` may be measured with all of `b`."""
    width = max(1, len(b.values))
    keys = _met(a, b, more)
    edits = _edits(a.text[keys // width], b.text[keys % width], 2)
    lonely = np.ones(len(a.values), dtype=bool)
    lonely[(keys // width)[edits <= 1]] = False
    lonely &= a.size >= 4
    if closely is not None:
        lonely &= closely
    far = far_pairs(a.joined, np.flatnonzero(lonely), b.joined)
    far = far[~_within(far, keys)]
    keys = np.concatenate([keys, far])
    left, right = keys // width, keys % width
    edits = np.concatenate([edits, np.full(len(far), 2, dtype=np.uint8)])
    return _ask(a, b, keys, left, right, edits)


def part_slips(a: Side, b: Side, m: Measured) -> np.ndarray:
    """Is one part of a double surname one letter off?"""
    result = np.zeros(len(m.left), dtype=bool)
    rows = np.flatnonzero(((a.count[m.left] > 1) | (b.count[m.right] > 1)) & ~m.part)
    if not len(rows):
        return result
    theirs = [_part_texts(b, k) for k in range(2)]
    for one, long_one in (_part_texts(a, k) for k in range(2)):
        for two, long_two in theirs:
            at = rows[long_one[m.left[rows]] & long_two[m.right[rows]]]
            result[at] |= _edits(one[m.left[at]], two[m.right[at]], 1) <= 1
    return result


# --- inside ------------------------------------------------------------------------------------------------------------


def _within(some: np.ndarray, in_order: np.ndarray) -> np.ndarray:
    if not len(in_order):
        return np.zeros(len(some), dtype=bool)
    return in_order[np.minimum(np.searchsorted(in_order, some), len(in_order) - 1)] == some


def _texts(texts: list[str]) -> np.ndarray:
    result = np.empty(len(texts), dtype=object)
    result[:] = texts
    return result


def _edits(one: np.ndarray, two: np.ndarray, most: int) -> np.ndarray:
    if not len(one):
        return np.empty(0, dtype=np.uint8)
    return process.cpdist(one, two, scorer=OSA.distance, score_cutoff=most, dtype=np.uint8)


def _numbered(left, right, *, least: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """One number for each distinct text of both; texts shorter than `least` have numbers that meet nothing."""
    both, known = pd.factorize(np.concatenate([np.asarray(left, dtype=object), np.asarray(right, dtype=object)]))
    if len(known):
        both = np.where(np.array([len(k) for k in known])[both] >= least, both, -1)
    one, two = both[: len(left)], both[len(left) :]
    return one, np.where(two < 0, -2, two)


def _met(a: Side, b: Side, more: tuple[np.ndarray, ...]) -> np.ndarray:
    """Keys of the pairs that are worth comparing."""
    width = max(1, len(b.values))
    if not a.values or not b.values:
        return np.empty(0, dtype=np.int64)
    found = [
        near_pairs(a.joined, b.joined),
        near_pairs(a.eye.tolist(), b.eye.tolist()),
        near_pairs(a.spelling.tolist(), b.spelling.tolist()),
        *more,
    ]
    (owner_a, _, parts_a), (owner_b, _, parts_b) = a.parts, b.parts
    for left, right in (
        (parts_a, parts_b),
        ([p[:3] for p in parts_a], [p[:3] for p in parts_b]),
        (by_ear(parts_a), by_ear(parts_b)),
    ):
        one, two = _numbered(left, right)
        found.append(meet(one, owner_a, two, owner_b, width))
    if max(a.count.max(), b.count.max()) > 1:
        found.append(_near_parts(a, b, width))
    # A single letter meets every name that begins with it.
    heads_a, heads_b = _numbered([t[:1] for t in a.joined], [t[:1] for t in b.joined])
    for at_a, at_b in (
        (np.flatnonzero(a.size == 1), np.arange(len(b.values))),
        (np.arange(len(a.values)), np.flatnonzero(b.size == 1)),
    ):
        found.append(meet(heads_a[at_a], at_a, heads_b[at_b], at_b, width))
    return distinct(np.concatenate(found))


def _near_parts(a: Side, b: Side, width: int) -> np.ndarray:
    """Pairs of which one has several parts, and one part is a letter off."""
    (owner_a, _, parts_a), (owner_b, _, parts_b) = a.parts, b.parts
    known_a, known_b = list(dict.fromkeys(parts_a)), list(dict.fromkeys(parts_b))
    near = near_pairs(known_a, known_b)
    place_a, place_b = ({p: i for i, p in enumerate(k)} for k in (known_a, known_b))
    at_a, at_b = np.array([place_a[p] for p in parts_a]), np.array([place_b[p] for p in parts_b])
    one, two = near // max(1, len(known_b)), near % max(1, len(known_b))
    # From parts to their owners: first the pairs of owners of the left part, then those of the right one.
    half = distinct(meet(at_a, owner_a, one, two, max(1, len(known_b))))
    left, right_part = half // max(1, len(known_b)), half % max(1, len(known_b))
    keys = distinct(meet(right_part, left, at_b, owner_b, width))
    return keys[(a.count[keys // width] > 1) | (b.count[keys % width] > 1)]


def _ask(a: Side, b: Side, keys: np.ndarray, left: np.ndarray, right: np.ndarray, edits: np.ndarray) -> Measured:
    one, two = a.text[left], b.text[right]
    shorter, longer = np.minimum(a.size[left], b.size[right]), np.maximum(a.size[left], b.size[right])
    heads_a, heads_b = _numbered([t[:1] for t in a.joined], [t[:1] for t in b.joined])
    same_head = (heads_a[left] == heads_b[right]) & (shorter > 0)
    eye, spelled = (np.full(len(keys), 9, dtype=np.uint8) for _ in range(2))
    open_ = np.flatnonzero((edits > 0) & (longer - shorter <= 3) & (shorter >= 3))
    eye[open_] = _edits(a.eye[left[open_]], b.eye[right[open_]], 1)
    spelled[open_] = _edits(a.spelling[left[open_]], b.spelling[right[open_]], 1)
    mistaken = (eye == 0) | (spelled == 0)
    slip = (edits == 1) | mistaken
    two_slips = ~slip & (((edits == 2) & (shorter >= 5)) | (((eye <= 1) | (spelled <= 1)) & (shorter >= 4)))
    by_sound = _numbered(a.sound, b.sound)
    same_sound = by_sound[0][left] == by_sound[1][right]
    alike = ((edits <= 2) & (shorter >= 6)) | ((edits <= 1) & (shorter >= 3))
    ask = np.flatnonzero(~alike & ~slip & (shorter >= 4))
    if len(ask):
        alike[ask] = (
            process.cpdist(one[ask], two[ask], scorer=JaroWinkler.similarity, score_cutoff=0.88, dtype=np.float32)
            >= 0.88
        )
    several = (a.count[left] > 1) | (b.count[right] > 1)
    return Measured(
        key=keys, left=left, right=right, shorter=shorter, same=(edits == 0) & (shorter > 0), slip=slip, mistaken=mistaken, heard=spelled == 0, two_slips=two_slips,
        alike=alike, sound=same_sound & (((longer - shorter <= 3) & same_head) | (shorter >= 5)), part=_share_a_part(a, b, left, right) & (shorter > 1),
        several=several, clipped=_begins(b, right, a, left) | _begins(a, left, b, right),
        initial=(shorter == 1) & same_head, same_head=same_head,
    )  # fmt: skip


def _begins(one: Side, at: np.ndarray, other: Side, there: np.ndarray) -> np.ndarray:
    """Is the other a pet form of the one: does the one begin with its stem of three letters or more, and is it longer than the stem?"""
    long, stem, whole = one.size[at], other.clip_size[there], other.size[there]
    ask = np.flatnonzero((stem >= 3) & (long > stem) & ((long > whole) | (whole > stem)))
    result = np.zeros(len(at), dtype=bool)
    if len(ask):
        met = process.cpdist(one.text[at[ask]], other.clip[there[ask]], scorer=Prefix.similarity, dtype=np.uint8)
        result[ask] = met == stem[ask]
    return result


def _share_a_part(a: Side, b: Side, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Have the two a part in common? Only the pairs of which one has several parts are asked; the rest are the same or have none."""
    shared_ = np.zeros(len(left), dtype=bool)
    rows = np.flatnonzero((a.count[left] > 1) | (b.count[right] > 1))
    if not len(rows):
        return shared_
    one, two = _part_numbers(a, b)
    for i in range(one.shape[1]):
        for k in range(two.shape[1]):
            shared_[rows] |= one[left[rows], i] == two[right[rows], k]
    return shared_


def _part_numbers(a: Side, b: Side, width: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """A number for each of the first parts of each name, the same for the same text; what is not there meets nothing."""
    (owner_a, place_a, parts_a), (owner_b, place_b, parts_b) = a.parts, b.parts
    tables = []
    for side, owner, place, number in zip(
        (a, b), (owner_a, owner_b), (place_a, place_b), _numbered(parts_a, parts_b, least=2), strict=True
    ):
        empty = -1 if side is a else -2
        table = np.full((len(side.values), width), empty, dtype=np.int64)
        kept = place < width
        table[owner[kept], place[kept]] = number[kept]
        tables.append(table)
    return tables[0], tables[1]


def _part_texts(side: Side, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k-th part of each name, and whether it is long enough for a slip to be seen."""
    owner, place, parts = side.parts
    texts, long = np.full(len(side.values), "", dtype=object), np.zeros(len(side.values), dtype=bool)
    at = np.flatnonzero(place == k)
    texts[owner[at]] = [parts[i] for i in at]
    long[owner[at]] = [len(parts[i]) >= 4 for i in at]
    return texts, long
