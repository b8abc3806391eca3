"""Near: which distinct texts of two sides are worth comparing at all, found without comparing each with each.

Problem: 5,000 typed names against 8,000 listed ones are forty million pairs, of which some thousand are a letter apart. Rule: two
texts that are one slip apart (a letter more, less, other, or two exchanged) are the same once one letter at most is taken out
of each; what is left is met as numbers. What nothing is met with is measured against everything.

Worked case: `akan` and `alan` both leave `aan`. Known limits: pairs that are met are not always near, who asks measures them.
No loop runs over texts.
"""

from __future__ import annotations

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

_STEP = np.uint64(0x9E3779B97F4A7C15)


def near_pairs(left: list[str], right: list[str]) -> np.ndarray:
    """Keys `left * len(right) + right` of all pairs that are at most one slip apart, and of a few that are not.

    >>> near_pairs(["akan"], ["bob", "alan"]).tolist()
    [1]
    """
    if not left or not right:
        return np.empty(0, dtype=np.int64)
    return distinct(meet(*_numbers(left), *_numbers(right), len(right)))


def far_pairs(left: list[str], at: np.ndarray, right: list[str], *, slips: int = 2) -> np.ndarray:
    """Keys of the pairs of the texts `at` with all others that are at most `slips` apart, all measured."""
    if not len(at) or not right:
        return np.empty(0, dtype=np.int64)
    edits = process.cdist([left[i] for i in at], right, scorer=OSA.distance, score_cutoff=slips, dtype=np.uint8)
    row, column = np.nonzero(edits <= slips)
    return at[row].astype(np.int64) * len(right) + column


def meet(
    left: np.ndarray, owner_left: np.ndarray, right: np.ndarray, owner_right: np.ndarray, width: int
) -> np.ndarray:
    """Keys `owner_left * width + owner_right` of the pairs whose numbers are equal, perhaps several times."""
    order = np.argsort(right, kind="stable")
    in_order = right[order]
    low, high = np.searchsorted(in_order, left, "left"), np.searchsorted(in_order, left, "right")
    met = np.flatnonzero(high > low)
    low, counts = low[met], (high - low)[met]
    at = np.repeat(low - np.cumsum(counts) + counts, counts)
    at += np.arange(len(at))
    return np.repeat(owner_left[met], counts).astype(np.int64) * width + owner_right[order[at]]


def distinct(keys: np.ndarray) -> np.ndarray:
    """The distinct numbers, sorted: for many of them faster than numpy's own."""
    keys = np.sort(keys)
    new = np.ones(len(keys), dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    return keys[new]


def _numbers(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """A number for each text whole and for what is left of it without each of its letters, with the place of its text."""
    fixed = np.array(texts, dtype=np.str_)
    width = max(1, fixed.dtype.itemsize // 4)
    table, size = fixed.view(np.uint32).reshape(len(texts), width).astype(np.uint64), np.char.str_len(fixed)
    powers = np.cumprod(np.full(width, _STEP, dtype=np.uint64))
    before = np.cumsum(table * powers, axis=1, dtype=np.uint64)
    # What comes after the letter taken out moves one place to the front.
    moved = np.zeros_like(before)
    moved[:, :-1] = np.cumsum((table[:, 1:] * powers[:-1])[:, ::-1], axis=1, dtype=np.uint64)[:, ::-1]
    without = moved
    without[:, 1:] += before[:, :-1]
    row, place = np.nonzero(np.arange(width) < size[:, None])
    number = np.concatenate([before[:, -1], without[row, place]])
    return number, np.concatenate([np.arange(len(texts)), row])
