"""Scoring: for each order the children it may be for, each with its weight in bits, and how likely it is for nobody on the list.

Problem: the best child is not enough; what counts is how much better it is than every other child, than an unlisted child, and
than an unlisted brother or sister of a listed one. Rule: all children of the order's school are weighed (of every school if none
is said), the likelihoods are added up, and each candidate's share of the sum is its probability.

Worked case: two children fit equally well: each gets a half at most, so neither is ever taken.
Known limits: children of another school than the order says are only weighed if a code, an id, an address or both names point to them.
Source: matching.md 5 (write 3, 4). No loop runs over pairs, only over schools.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from prepaykit.rules.matching.classes import Classes
from prepaykit.rules.matching.clues import Clues
from prepaykit.rules.matching.desk import NOBODY, Desk
from prepaykit.rules.matching.levels import FIRST, GRADE, LAST, TEACHER, Pairs
from prepaykit.rules.matching.weights import Weights

if TYPE_CHECKING:
    from scipy import sparse

KEPT = 8
CELLS = 400_000
# Who writes something else, or is listed without a name, writes as anybody does.
_UNSAID_FIRST = [FIRST.index("different"), FIRST.index("missing")]
_UNSAID_LAST = [LAST.index("different"), LAST.index("missing")]
_NAMESAKE = np.array([0.0 if w in ("different", "missing", "initial", "similar", "middle") else 6.0 for w in FIRST])
PARTS = ("name", "class", "code", "other", "school", "prior")


@dataclass(frozen=True)
class Scores:
    """`pairs`: one row is an order and a child that it may be for, with its bits; `rest`, `nobody`, `sibling`: bits of all others together."""

    pairs: pd.DataFrame
    rest: np.ndarray
    nobody: np.ndarray
    sibling: np.ndarray


class Columns:
    """The distinct values of some children: `of_child` is the place of each child's, `place` that of each value (-1 if nobody has it)."""

    def __init__(self, owner: np.ndarray, width: int):
        self.values, self.of_child = np.unique(owner, return_inverse=True)
        self.place = np.full(width, -1, dtype=np.int64)
        self.place[self.values] = np.arange(len(self.values))


class School:
    """The children of a school (or of all), and the distinct names and classes among them."""

    def __init__(self, desk: Desk, children: np.ndarray, number: int):
        self.children, self.number = children, number
        self.firsts = Columns(desk.child_first[children], desk.first_pairs.width)
        self.lasts = Columns(desk.child_last[children], desk.last_pairs.width)
        self.classes = Columns(desk.child_class[children], desk.teacher_levels.shape[1])
        self.has_middle = bool((desk.child_middle[children] != NOBODY).any())


class Scorer:
    """Weighs pairs of a desk with given weights; `only`: of these orders alone."""

    def __init__(self, desk: Desk, clues: Clues, weights: Weights, *, kept: int = KEPT, only: np.ndarray | None = None):
        self.desk, self.clues, self.weights, self.kept = desk, clues, weights, kept
        self.children, self.orders = len(desk.listed), len(desk.asked)
        self._first_bits, self._last_bits = weights.first_bits(), weights.last_bits()
        self.first_base, self.last_base = desk.first_bases.of(self._first_bits), desk.last_bases.of(self._last_bits)
        self._schools = [
            (b, rows) for b, rows in self._orders_by_block(only) if len(rows) and len(self._children_of(b))
        ]
        self.classes = Classes(desk, weights, [(rows, self._children_of(b)) for b, rows in self._schools])
        self._everybody = only is None
        self.nameless = (desk.listed["first_name"] == "").to_numpy() & (desk.listed["last_name"] == "").to_numpy()
        self.alone = np.log2(
            np.maximum(
                self._sum_by_order(
                    desk.reading_way + self.first_base[desk.reading_first] + self.last_base[desk.reading_last]
                ),
                1e-300,
            )
        )
        self.name_base = self.alone.copy()

    def _sum_by_order(self, reading_bits: np.ndarray) -> np.ndarray:
        return np.bincount(self.desk.reading_order, weights=np.exp2(reading_bits), minlength=self.orders)

    # --- pairs ------------------------------------------------------------------------------------------------------------

    def _name_of(self, reading: np.ndarray, child: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Bits of the names of pairs (reading, child), and their levels."""
        d = self.desk
        u, w = d.reading_first[reading], d.reading_last[reading]
        first, extra = d.first_pairs.at(u, d.child_first[child])
        bits = self._first_bits[first] + extra + np.where(np.isin(first, _UNSAID_FIRST), self.first_base[u], 0.0)
        middle = d.child_middle[child]
        if (middle != NOBODY).any():
            by_middle = d.first_pairs.of(u, np.maximum(middle, 0))
            fits = (middle != NOBODY) & np.isin(
                by_middle, [FIRST.index(x) for x in ("exact", "nickname", "slip", "sound", "initial")]
            )
            other = (
                self._first_bits[FIRST.index("middle")]
                + self._first_bits[by_middle]
                - np.where(by_middle == FIRST.index("initial"), 2.0, 0.0)
            )
            better = fits & (other > bits)
            first, bits = np.where(better, FIRST.index("middle"), first), np.where(better, other, bits)
        last, extra = d.last_pairs.at(w, d.child_last[child])
        bits = bits + self._last_bits[last] + extra + np.where(np.isin(last, _UNSAID_LAST), self.last_base[w], 0.0)
        return bits + d.reading_way[reading], first, last

    def weigh(self, order: np.ndarray, child: np.ndarray) -> pd.DataFrame:
        """The bits and levels of these pairs, one row each."""
        d = self.desk
        best = np.full(len(order), -np.inf)
        first, last, way = (np.zeros(len(order), dtype=np.int64) for _ in range(3))
        counts = np.diff(d.first_reading)
        for k in range(int(counts.max()) if len(counts) else 0):
            has = np.flatnonzero(counts[order] > k)
            reading = d.first_reading[order[has]] + k
            bits, f, la = self._name_of(reading, child[has])
            better = bits > best[has]
            at = has[better]
            best[at], first[at], last[at], way[at] = bits[better], f[better], la[better], k
        oc, cc = d.order_class[order], d.child_class[child]
        code, code_level, other, other_words = self.clues.of(order, child)
        return pd.DataFrame({
            "order": order, "child": child, "name": self.weights.trust_name * (best - self.name_base[order]),
            "class": self.classes.of(order, d.child_class[child]),
            "code": code, "other": other, "school": self._school_bits(order, child), "prior": np.log2((1 - self.weights.unlisted) / max(1, self.children)),
            "first_level": first, "last_level": last, "reading": way, "teacher_level": d.teacher_levels[oc, cc], "grade_level": d.grade_levels[oc, cc],
            "code_level": code_level, "other_words": other_words,
        })  # fmt: skip

    def _school_bits(self, order: np.ndarray, child: np.ndarray) -> np.ndarray:
        d = self.desk
        said, size = d.order_block[order], np.array([len(b) for b in d.blocks])
        if len(size) < 2:
            return np.zeros(len(order))
        here = size[np.maximum(said, 0)]
        same = np.log2((1 - self.weights.wrong_school) * self.children / np.maximum(1, here))
        other = np.log2(self.weights.wrong_school * self.children / np.maximum(1, self.children - here))
        return np.where(said == NOBODY, 0.0, np.where(d.child_block[child] == said, same, other))

    # --- whole schools ----------------------------------------------------------------------------------------------------

    def _orders_by_block(self, only: np.ndarray | None) -> list[tuple[int, np.ndarray]]:
        rows = np.arange(self.orders) if only is None else only
        return [(int(b), rows[self.desk.order_block[rows] == b]) for b in np.unique(self.desk.order_block)]

    def _children_of(self, block: int) -> np.ndarray:
        return np.arange(self.children) if block == NOBODY else self.desk.blocks[block]

    def score(self) -> Scores:
        """Weigh every order with everybody it may be for."""
        kept_order, kept_child = [], []
        total = np.full(self.orders, -np.inf)
        sibling = np.full(self.orders, -np.inf)
        for number, (block, rows) in enumerate(self._schools):
            children = self._children_of(block)
            school = School(self.desk, children, number)
            step = max(1, CELLS // (2 * len(children)))
            for start in range(0, len(rows), step):
                part = rows[start : start + step]
                order, child = self._sweep(part, school, total, sibling)
                kept_order.append(order)
                kept_child.append(child)
        order, child = (np.concatenate(x) if x else np.empty(0, dtype=np.int64) for x in (kept_order, kept_child))
        more_order, more_child = self._from_elsewhere() if self._everybody else (np.empty(0, dtype=np.int64),) * 2
        named = ~self.nameless[child]
        order, child = order[named], child[named]
        outside = np.concatenate([np.zeros(len(order), dtype=bool), np.ones(len(more_order), dtype=bool)])
        pairs = self.weigh(np.concatenate([order, more_order]), np.concatenate([child, more_child]))
        pairs["bits"] = pairs[list(PARTS)].sum(axis=1)
        inside = np.bincount(pairs["order"][~outside], weights=np.exp2(pairs["bits"][~outside]), minlength=self.orders)
        rest = np.log2(np.maximum(np.exp2(total) - inside, 1e-30))
        # Of those who are not on the list some are brothers and sisters of children who are: they are weighed apart.
        nobody = np.log2(self.weights.unlisted * (1 - self.weights.sibling_unlisted)) + self.clues.stranger_bits
        return Scores(pairs, rest, nobody, sibling)

    def _sweep(
        self, part: np.ndarray, school: School, total: np.ndarray, sibling: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Weigh some orders with all children of a school; keep the best of each."""
        d, children = self.desk, school.children
        low, high = d.first_reading[part], d.first_reading[part + 1]
        counts = high - low
        reading = np.repeat(low - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) + np.arange(counts.sum())
        first = self._dense(d.first_pairs, d.reading_first[reading], school.firsts, self._first_bits, self.first_base)
        if school.has_middle:
            first = np.maximum(first, self._dense_middle(d.reading_first[reading], d.child_middle[children]))
        last = self._dense(d.last_pairs, d.reading_last[reading], school.lasts, self._last_bits, self.last_base)
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        straight = last[starts]
        first += last
        first += d.reading_way[reading][:, None].astype(np.float32)
        name = first[starts]
        for k in range(1, int(counts.max())):
            more = np.flatnonzero(counts > k)
            name[more] = np.maximum(name[more], first[starts[more] + k])
        name[:, self.nameless[children]] = -60.0
        self._count_together(part, name, len(children))
        name -= self.name_base[part][:, None].astype(np.float32)
        bits = name * np.float32(self.weights.trust_name)
        bits += self.classes.table(school.number, part)[:, school.classes.of_child]
        clue = self.clues.dense(part, children)
        bits += clue
        bits += np.float32(np.log2((1 - self.weights.unlisted) / max(1, self.children))) + np.float32(
            self._school_bits(part[:1], children[:1])[0]
        )
        total[part] = _sum_of_bits(bits)
        # An unlisted brother or sister of each child: the same surname, perhaps the same code and address, any first name.
        kin = self.weights.trust_name * (
            straight - self.last_base[d.reading_last[d.first_reading[part]]][:, None]
        ) + self.clues.dense_kin(part, children, clue)
        # That a brother or sister bears a name alike is unlikely.
        kin -= self._dense(
            d.first_pairs, d.reading_first[reading[starts]], school.firsts, _NAMESAKE, np.zeros(len(d.firsts))
        )
        kin += (
            np.log2(self.weights.unlisted * self.weights.sibling_unlisted / max(1, self.children))
            + self._school_bits(part[:1], children[:1])[0]
        )
        sibling[part] = _sum_of_bits(kin.astype(np.float32))
        few = min(self.kept, bits.shape[1])
        top = np.argpartition(-bits, few - 1, axis=1)[:, :few]
        return np.repeat(part, few), children[top.ravel()]

    def _count_together(self, part: np.ndarray, name: np.ndarray, size: int) -> None:
        """Names that go together are not as rare as their product: what the others on this list have is counted in."""
        likely = np.exp2(name)
        others = (likely.sum(axis=1) - likely.max(axis=1)) / max(1, size)
        both = (1 - self.weights.together) * np.exp2(self.alone[part]) + self.weights.together * others
        self.name_base[part] = np.log2(np.maximum(both, 1e-300))

    def _dense(
        self, pairs: Pairs, typed: np.ndarray, columns: Columns, bits: np.ndarray, base: np.ndarray
    ) -> np.ndarray:
        """Bits of each reading (rows) with each child (columns)."""
        rows, row_of = np.unique(typed, return_inverse=True)
        table = np.repeat((bits[pairs.default] + base[rows]).astype(np.float32)[:, None], len(columns.values), axis=1)
        row, at = pairs.of_rows(rows)
        column = columns.place[pairs.keys[at] % pairs.width]
        here = column >= 0
        at, row = at[here], row[here]
        level = pairs.levels[at]
        table[row, column[here]] = (
            bits[level] + pairs.extra[at] + np.where(level == pairs.default - 1, base[rows][row], 0.0)
        )
        return table[row_of[:, None], columns.of_child[None, :]]

    def _dense_middle(self, typed: np.ndarray, middle: np.ndarray) -> np.ndarray:
        good = np.full(len(FIRST), -60.0)
        for word in ("exact", "nickname", "slip", "sound", "initial"):
            good[FIRST.index(word)] = (
                self._first_bits[FIRST.index("middle")]
                + self._first_bits[FIRST.index(word)]
                - (2.0 if word == "initial" else 0.0)
            )
        columns = Columns(np.maximum(middle, 0), self.desk.first_pairs.width)
        table = self._dense(self.desk.first_pairs, typed, columns, good, np.zeros(len(self.desk.firsts)))
        table[:, middle == NOBODY] = -60.0
        return table

    # --- other schools ----------------------------------------------------------------------------------------------------

    def _from_elsewhere(self) -> tuple[np.ndarray, np.ndarray]:
        """Children of other schools whom a code, an address or both names point to."""
        if len(self.desk.blocks) < 2:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        by_clue_order, by_clue_child = self.clues.pointed_at()
        by_name_order, by_name_child = self._alike_anywhere(np.flatnonzero(self.desk.order_block != NOBODY))
        keys = np.unique(
            np.concatenate(
                [by_clue_order * self.children + by_clue_child, by_name_order * self.children + by_name_child]
            )
        )
        one, two = keys // max(1, self.children), keys % max(1, self.children)
        elsewhere = (self.desk.order_block[one] != NOBODY) & (self.desk.child_block[two] != self.desk.order_block[one])
        return one[elsewhere], two[elsewhere]

    def _alike_anywhere(self, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Orders and children whose first and last names both have much in common, or one of them and the class."""
        from scipy import sparse  # loaded when it is needed: one school never does

        d = self.desk
        strong_first = [FIRST.index(w) for w in ("exact", "nickname", "slip", "short_slip", "part", "clipped")]
        strong_last = [LAST.index(w) for w in ("exact", "part", "slip", "short_slip")]
        reading = np.flatnonzero(np.isin(d.reading_order, orders))
        first = _strong(d.first_pairs, strong_first, len(d.firsts))[d.reading_first[reading]] @ _bearers(
            d.child_first, d.first_pairs.width
        )
        last = _strong(d.last_pairs, strong_last, len(d.lasts))[d.reading_last[reading]] @ _bearers(
            d.child_last, d.last_pairs.width
        )
        good = [TEACHER.index("exact"), TEACHER.index("slip")]
        fits = np.isin(d.teacher_levels, good) & (d.grade_levels != GRADE.index("different"))
        taught = sparse.csr_matrix(fits.astype(np.float32))[d.order_class[d.reading_order[reading]]] @ _bearers(
            d.child_class, fits.shape[1]
        )
        found = (first.multiply(last) + (first + last).multiply(taught)).tocoo()
        return d.reading_order[reading[found.row]].astype(np.int64), found.col.astype(np.int64)


def _bearers(owner: np.ndarray, width: int) -> sparse.csr_matrix:
    """Who (columns) bears each value (rows)."""
    from scipy import sparse

    ones = np.ones(len(owner), dtype=np.float32)
    return sparse.csr_matrix((ones, (owner, np.arange(len(owner)))), shape=(width, len(owner)))


def _sum_of_bits(bits: np.ndarray) -> np.ndarray:
    """log2 of the sum of 2^bits of each row."""
    top = bits.max(axis=1)
    return top.astype(np.float64) + np.log2(np.exp2(bits - top[:, None]).sum(axis=1, dtype=np.float64))


def _strong(pairs, levels: list[int], rows: int) -> sparse.csr_matrix:
    from scipy import sparse

    at = np.isin(pairs.levels, levels)
    keys = pairs.keys[at]
    return sparse.csr_matrix(
        (np.ones(len(keys), dtype=np.float32), (keys // pairs.width, keys % pairs.width)), shape=(rows, pairs.width)
    )
