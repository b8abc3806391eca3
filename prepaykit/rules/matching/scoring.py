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

import numpy as np
import pandas as pd
from scipy import sparse

from prepaykit.rules.matching.clues import Clues
from prepaykit.rules.matching.desk import NOBODY, Desk
from prepaykit.rules.matching.levels import FIRST, GRADE, LAST, TEACHER
from prepaykit.rules.matching.weights import Weights, off_list_share, shares_of

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


class Scorer:
    """Weighs pairs of a desk with given weights."""

    def __init__(self, desk: Desk, clues: Clues, weights: Weights, *, kept: int = KEPT):
        self.desk, self.clues, self.weights, self.kept = desk, clues, weights, kept
        self.children, self.orders = len(desk.listed), len(desk.asked)
        self._first_bits, self._last_bits = weights.first_bits(), weights.last_bits()
        self.first_base = self._base(
            desk.first_pairs, desk.firsts, desk.listed_firsts, desk.child_first, self._first_bits, "first"
        )
        self.last_base = self._base(
            desk.last_pairs, desk.lasts, desk.listed_lasts, desk.child_last, self._last_bits, "last"
        )
        self.class_bits = self._class_table()
        self._class_bases = self._work_out_class_bases()
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

    # --- tables of distinct values ---------------------------------------------------------------------------------------

    def _base(self, pairs, typed, listed, owner, bits, part) -> np.ndarray:
        """log2 of how likely anybody's parent writes each typed name, over everybody who could be meant."""
        names = ["".join(v) for v in listed]
        share = shares_of(names, np.bincount(owner, minlength=len(listed)).astype(float), part)
        rows, columns = pairs.keys // pairs.width, pairs.keys % pairs.width
        # Who has no name on the list says nothing about how names are spread.
        ok = np.array([bool(v) for v in listed], dtype=bool)[columns] if len(columns) else np.empty(0, dtype=bool)
        ok &= pairs.levels != pairs.default - 1
        likely = np.bincount(
            rows[ok], weights=share[columns[ok]] * np.exp2(bits[pairs.levels[ok]]), minlength=len(typed)
        ).astype(float)
        likely += off_list_share(["".join(v) for v in typed], part) * np.exp2(bits[0])
        likely[[i for i, v in enumerate(typed) if not v]] = 1.0
        return np.log2(likely)

    def _class_table(self) -> np.ndarray:
        """Bits of each pair of what orders say about the class and a class, before what anybody's parent writes is taken off.

        `_class_kind` says what both sides have: teacher and grade (0), what the list lacks being left out: teacher (1), grade (2), nothing (3).
        """
        d, bits = self.desk, self.weights.class_bits()
        no_teacher, no_grade = TEACHER.index("missing"), GRADE.index("missing")
        typed = (
            d.asked[["teacher", "grade"]]
            .ne("")
            .groupby(d.order_class)
            .first()
            .reindex(range(len(d.teacher_levels)), fill_value=False)
        )
        lacks_teacher = (d.teacher_levels == no_teacher) & typed["teacher"].to_numpy()[:, None]
        lacks_grade = (d.grade_levels == no_grade) & typed["grade"].to_numpy()[:, None]
        self._class_kind = lacks_grade.astype(np.int8) + 2 * lacks_teacher.astype(np.int8)
        return bits[d.teacher_levels, d.grade_levels].astype(np.float32)

    def _sum_by_order(self, reading_bits: np.ndarray) -> np.ndarray:
        return np.bincount(self.desk.reading_order, weights=np.exp2(reading_bits), minlength=self.orders)

    # --- pairs ------------------------------------------------------------------------------------------------------------

    def _name_of(self, reading: np.ndarray, child: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Bits of the names of pairs (reading, child), and their levels."""
        d = self.desk
        u, w = d.reading_first[reading], d.reading_last[reading]
        first = d.first_pairs.of(u, d.child_first[child])
        bits = self._first_bits[first] + np.where(np.isin(first, _UNSAID_FIRST), self.first_base[u], 0.0)
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
        last = d.last_pairs.of(w, d.child_last[child])
        bits = bits + self._last_bits[last] + np.where(np.isin(last, _UNSAID_LAST), self.last_base[w], 0.0)
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
            "class": self._class_of(order, child),
            "code": code, "other": other, "school": self._school_bits(order, child), "prior": np.log2((1 - self.weights.unlisted) / max(1, self.children)),
            "first_level": first, "last_level": last, "reading": way, "teacher_level": d.teacher_levels[oc, cc], "grade_level": d.grade_levels[oc, cc],
            "code_level": code_level, "other_words": other_words,
        })  # fmt: skip

    def _class_of(self, order: np.ndarray, child: np.ndarray) -> np.ndarray:
        """Bits of the classes of pairs, what anybody of the school writes taken off."""
        said, there = self.desk.order_class[order], self.desk.child_class[child]
        return self.weights.trust_class * (
            self.class_bits[said, there] - self._class_bases[order, self._class_kind[said, there]]
        )

    def _work_out_class_bases(self) -> np.ndarray:
        """log2 of how likely anybody of the school writes this about the class: one column for each kind of class."""
        d, result = self.desk, np.zeros((self.orders, 4), dtype=np.float32)
        table = np.exp2(self.class_bits)
        for block, rows in self._orders_by_block():
            count = np.bincount(d.child_class[self._children_of(block)], minlength=table.shape[1]).astype(float)
            said, row_of = np.unique(d.order_class[rows], return_inverse=True)
            for kind in range(3):
                share = count * (self._class_kind[said] == kind)
                total = np.maximum(share.sum(axis=1), 1e-9)
                # One class in fifty that writes is not on the list.
                likely = 0.98 * (table[said] * share).sum(axis=1) / total + 0.02 * table[said].min(axis=1)
                result[rows, kind] = np.log2(likely)[row_of]
        return result

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

    def _orders_by_block(self) -> list[tuple[int, np.ndarray]]:
        return [(int(b), np.flatnonzero(self.desk.order_block == b)) for b in np.unique(self.desk.order_block)]

    def _children_of(self, block: int) -> np.ndarray:
        return np.arange(self.children) if block == NOBODY else self.desk.blocks[block]

    def score(self, sample: np.ndarray | None = None) -> Scores:
        """Weigh every order (or those of a sample) with everybody it may be for."""
        kept_order, kept_child = [], []
        total = np.full(self.orders, -np.inf)
        sibling = np.full(self.orders, -np.inf)
        for block, rows in self._orders_by_block():
            children = self._children_of(block)
            rows = rows if sample is None else np.intersect1d(rows, sample, assume_unique=True)
            if not len(children) or not len(rows):
                continue
            step = max(1, CELLS // (2 * len(children)))
            for start in range(0, len(rows), step):
                part = rows[start : start + step]
                order, child = self._sweep(part, children, total, sibling)
                kept_order.append(order)
                kept_child.append(child)
        order, child = (np.concatenate(x) if x else np.empty(0, dtype=np.int64) for x in (kept_order, kept_child))
        more_order, more_child = self._from_elsewhere() if sample is None else (np.empty(0, dtype=np.int64),) * 2
        named = ~self.nameless[child]
        order, child = order[named], child[named]
        outside = np.concatenate([np.zeros(len(order), dtype=bool), np.ones(len(more_order), dtype=bool)])
        pairs = self.weigh(np.concatenate([order, more_order]), np.concatenate([child, more_child]))
        pairs["bits"] = pairs[list(PARTS)].sum(axis=1)
        inside = np.bincount(pairs["order"][~outside], weights=np.exp2(pairs["bits"][~outside]), minlength=self.orders)
        rest = np.log2(np.maximum(np.exp2(total) - inside, 1e-30))
        nobody = np.log2(self.weights.unlisted) + self.clues.stranger_bits
        return Scores(pairs, rest, nobody, sibling)

    def _sweep(
        self, part: np.ndarray, children: np.ndarray, total: np.ndarray, sibling: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Weigh some orders with all these children; keep the best of each."""
        d = self.desk
        low, high = d.first_reading[part], d.first_reading[part + 1]
        counts = high - low
        reading = np.repeat(low - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) + np.arange(counts.sum())
        first = self._dense(
            d.first_pairs, d.reading_first[reading], d.child_first[children], self._first_bits, self.first_base
        )
        if (d.child_middle[children] != NOBODY).any():
            first = np.maximum(first, self._dense_middle(d.reading_first[reading], d.child_middle[children]))
        last = self._dense(
            d.last_pairs, d.reading_last[reading], d.child_last[children], self._last_bits, self.last_base
        )
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        straight = last[starts]
        first += last
        first += d.reading_way[reading][:, None].astype(np.float32)
        name = np.maximum.reduceat(first, starts, axis=0)
        name[:, self.nameless[children]] = -60.0
        self._count_together(part, name, len(children))
        name -= self.name_base[part][:, None].astype(np.float32)
        bits = name * np.float32(self.weights.trust_name)
        bits += self._class_of(part[:, None], children[None, :]).astype(np.float32)
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
            d.first_pairs, d.reading_first[reading[starts]], d.child_first[children], _NAMESAKE, np.zeros(len(d.firsts))
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

    def _dense(self, pairs, typed: np.ndarray, owner: np.ndarray, bits: np.ndarray, base: np.ndarray) -> np.ndarray:
        """Bits of each reading (rows) with each child (columns)."""
        rows, row_of = np.unique(typed, return_inverse=True)
        columns, column_of = np.unique(owner, return_inverse=True)
        table = np.repeat((bits[pairs.default] + base[rows]).astype(np.float32)[:, None], len(columns), axis=1)
        local = np.full(pairs.width, -1, dtype=np.int64)
        local[columns] = np.arange(len(columns))
        low, high = (
            np.searchsorted(pairs.keys, rows * pairs.width),
            np.searchsorted(pairs.keys, (rows + 1) * pairs.width),
        )
        counts = high - low
        at = np.repeat(low - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) + np.arange(counts.sum())
        column = local[pairs.keys[at] % pairs.width]
        here = column >= 0
        row, level = np.repeat(np.arange(len(rows)), counts)[here], pairs.levels[at[here]]
        table[row, column[here]] = bits[level] + np.where(level == pairs.default - 1, base[rows][row], 0.0)
        return table[row_of][:, column_of]

    def _dense_middle(self, typed: np.ndarray, middle: np.ndarray) -> np.ndarray:
        good = np.full(len(FIRST), -60.0)
        for word in ("exact", "nickname", "slip", "sound", "initial"):
            good[FIRST.index(word)] = (
                self._first_bits[FIRST.index("middle")]
                + self._first_bits[FIRST.index(word)]
                - (2.0 if word == "initial" else 0.0)
            )
        table = self._dense(self.desk.first_pairs, typed, np.maximum(middle, 0), good, np.zeros(len(self.desk.firsts)))
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
        """Orders and children whose first and last names both have much in common."""
        d = self.desk
        def bearers(owner, width):
            return sparse.csr_matrix(
                    (np.ones(len(owner), dtype=np.float32), (owner, np.arange(len(owner)))), shape=(width, len(owner))
                )
        strong_first = [FIRST.index(w) for w in ("exact", "nickname", "slip", "short_slip", "part", "clipped")]
        strong_last = [LAST.index(w) for w in ("exact", "part", "slip", "short_slip")]
        reading = np.flatnonzero(np.isin(d.reading_order, orders))
        first = _strong(d.first_pairs, strong_first, len(d.firsts))[d.reading_first[reading]] @ bearers(
            d.child_first, d.first_pairs.width
        )
        last = _strong(d.last_pairs, strong_last, len(d.lasts))[d.reading_last[reading]] @ bearers(
            d.child_last, d.last_pairs.width
        )
        both = first.multiply(last).tocoo()
        return d.reading_order[reading[both.row]].astype(np.int64), both.col.astype(np.int64)


def _sum_of_bits(bits: np.ndarray) -> np.ndarray:
    """log2 of the sum of 2^bits of each row."""
    top = bits.max(axis=1)
    return top.astype(np.float64) + np.log2(np.exp2(bits - top[:, None]).sum(axis=1, dtype=np.float64))


def _strong(pairs, levels: list[int], rows: int) -> sparse.csr_matrix:
    at = np.isin(pairs.levels, levels)
    keys = pairs.keys[at]
    return sparse.csr_matrix(
        (np.ones(len(keys), dtype=np.float32), (keys // pairs.width, keys % pairs.width)), shape=(rows, pairs.width)
    )
