"""Classes: what an order's teacher and grade say for each class of the list, in bits.

Problem: teacher and grade go together, so they are weighed as one; and a teacher's name that is a letter off says as much as the right
one, if nobody else of the school is called so. Rule: the likelihood of what is written, given a class, over that given any class of the
school, each class counted with its children. Who writes another teacher writes one of the school's. What the list lacks is left out.

Worked case: `Mrs. Hewit`, 24 classes, one Hewitt: log2(0.085 · 0.03 / (that / 24 + what errors add)) = 4.4 bits.
Known limits: teachers who changed in mid-year are other teachers. Source: matching.md 5 (write 3). No loop runs over pairs, only over schools.
"""

from __future__ import annotations

import numpy as np

from prepaykit.rules.matching.desk import Desk
from prepaykit.rules.matching.levels import GRADE, TEACHER
from prepaykit.rules.matching.weights import UNHEARD, Weights


class Classes:
    """The bits of orders with classes. `schools`: orders and children of each school; orders of none of them have no bits."""

    def __init__(self, desk: Desk, weights: Weights, schools: list[tuple[np.ndarray, np.ndarray]]):
        self.desk, self.trust = desk, np.float32(weights.trust_class)
        self._bits, self._spoken = (
            weights.class_bits().astype(np.float32),
            np.exp2(weights.teacher_bits()).astype(np.float32),
        )
        orders = len(desk.order_class)
        self._teacher_base = np.zeros(orders, dtype=np.float32)
        self._base = np.zeros((orders, 4), dtype=np.float32)
        self._row = np.zeros(orders, dtype=np.int64)
        self._tables = [self._count(rows, children) for rows, children in schools]

    def table(self, school: int, orders: np.ndarray) -> np.ndarray:
        """Bits of some orders of a school (rows) with the distinct classes of its children, in their order (columns)."""
        return self._tables[school][self._row[orders]]

    def of(self, order: np.ndarray, there: np.ndarray) -> np.ndarray:
        """Bits of pairs of an order and a class (numbers of the desk)."""
        d, said = self.desk, self.desk.order_class[order]
        teacher, grade = d.teacher_levels[said, there], d.grade_levels[said, there]
        bits = self._bits[teacher, grade] + (teacher == _OTHER) * self._teacher_base[order]
        return self.trust * (bits - self._base[order, d.said_class[said] & d.lacks_class[there]])

    def _count(self, rows: np.ndarray, children: np.ndarray) -> np.ndarray:
        """How likely anybody of the school writes these teachers, and these classes: one base for each kind of lack; the bits of all."""
        d = self.desk
        here, count = np.unique(d.child_class[children], return_counts=True)
        count = count.astype(np.float32)
        said, row_of = np.unique(d.order_class[rows], return_inverse=True)
        cells = np.ix_(said, here)
        levels, other = d.teacher_levels[cells], d.teacher_levels[cells] == _OTHER
        written = np.log2(np.where(other, 0.0, self._spoken[levels]) @ count / max(1, count.sum()) + UNHEARD)
        bits = self._bits[levels, d.grade_levels[cells]]
        bits += other * written.astype(np.float32)[:, None]
        likely = np.exp2(bits)
        # One class in fifty that writes is not on the list.
        unlisted = 0.02 * likely.min(axis=1)
        lacks, base = d.lacks_class[here], np.zeros((len(said), 4), dtype=np.float32)
        sums = np.stack([likely[:, lacks == k] @ count[lacks == k] for k in range(4)])
        counts = np.array([count[lacks == k].sum() for k in range(4)])
        for kind in range(4):
            alike = (np.arange(4)[:, None] & d.said_class[said]) == kind
            share = (sums * alike).sum(axis=0) / np.maximum((counts[:, None] * alike).sum(axis=0), 1e-9)
            base[:, kind] = np.log2(np.maximum(0.98 * share + unlisted, 1e-30))
        # Where both are lacking nothing is said.
        base[:, 3] = self._bits[TEACHER.index("missing"), GRADE.index("missing")]
        self._teacher_base[rows], self._base[rows], self._row[rows] = written[row_of], base[row_of], row_of
        for k in np.unique(lacks):
            bits[:, lacks == k] -= base[np.arange(len(said)), d.said_class[said] & k][:, None]
        bits *= self.trust
        return bits


_OTHER = TEACHER.index("different")
