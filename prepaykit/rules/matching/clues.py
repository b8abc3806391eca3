"""Clues that point at a single child or family: access codes, student ids, the parents' surname, e-mail and phone.

Problem: a code is strong evidence, but parents type a sibling's, last year's, or one wrong symbol. Rule: a code on the list
points at its child, weakly at that child's brothers and sisters, and away from everybody else; a code one symbol off points less
strongly, and only if no other code of the list is as near. Codes are evidence beside the name, they never replace it. A parent's surname
points at the children who bear it, where the order gives none for the child or one that is unlike; where both are alike it says nothing new.

Worked case: serial codes: `1041` is one symbol off `1040`, `1042` and twenty others → it points at none of them.
Known limits: two wrong symbols point at nobody. Source: matching.md 5 (Access codes); domain.md 5.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from prepaykit.rules.matching import forms
from prepaykit.rules.matching.desk import NOBODY, Desk
from prepaykit.rules.matching.levels import CODE, LAST
from prepaykit.rules.matching.near import meet, near_pairs
from prepaykit.rules.matching.weights import SAME_SURNAME, Weights

MAIL_BITS, PHONE_BITS, ID_BITS = 5.0, 4.5, 7.0
BY_ID, BY_MAIL, BY_PHONE, BY_PARENT = 1, 2, 4, 8
FAMILYS = BY_MAIL | BY_PHONE | BY_PARENT


class Clues:
    """The pairs that codes, ids and addresses point at, with their bits; every other pair gets the order's `default`."""

    def __init__(self, desk: Desk, weights: Weights):
        self.desk, self.weights = desk, weights
        self.orders, self.children = len(desk.asked), len(desk.listed)
        code = self._codes()
        table = pd.concat([code, self._addresses(), self._parents()], ignore_index=True)
        key = table["order"].to_numpy(np.int64) * max(1, self.children) + table["child"].to_numpy(np.int64)
        self._keys, at = np.unique(key, return_inverse=True)
        size = len(self._keys)
        self._code = np.bincount(at, weights=table["code"], minlength=size)
        self._other = np.bincount(at, weights=table["other"], minlength=size)
        self._level = np.zeros(size, dtype=np.int64)
        np.maximum.at(self._level, at, table["level"].to_numpy(np.int64))
        self._words = np.zeros(size, dtype=np.int64)
        np.bitwise_or.at(self._words, at, table["words"].to_numpy(np.int64))
        self._order, self._child = self._keys // max(1, self.children), self._keys % max(1, self.children)
        self._low = np.searchsorted(self._order, np.arange(self.orders + 1))

    # --- asking ------------------------------------------------------------------------------------------------------------

    def of(self, order: np.ndarray, child: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Code bits, code level, other bits and other words (BY_ID, BY_MAIL, BY_PHONE, BY_PARENT in a mask) of pairs."""
        default, level = self.default[order], self.default_level[order]
        if not len(self._keys):
            return default, level, self.other_default[order], np.zeros(len(order), dtype=np.int64)
        key = order.astype(np.int64) * self.children + child
        at = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        hit = self._keys[at] == key
        has_code = hit & (self._level[at] > 0)
        return (np.where(has_code, self._code[at], default), np.where(has_code, self._level[at], level), np.where(hit & (self._words[at] > 0), self._other[at], self.other_default[order]),
                np.where(hit, self._words[at], 0))  # fmt: skip

    def dense(self, part: np.ndarray, children: np.ndarray) -> np.ndarray:
        """Bits of all clues of some orders (rows) with these children (columns)."""
        result = np.repeat((self.default + self.other_default)[part].astype(np.float32)[:, None], len(children), axis=1)
        row, at, column = self._hits(part, children)
        code = np.where(self._level[at] > 0, self._code[at], self.default[part[row]])
        result[row, column] = code + np.where(self._words[at] > 0, self._other[at], self.other_default[part[row]])
        return result

    def dense_kin(self, part: np.ndarray, children: np.ndarray, clue: np.ndarray) -> np.ndarray:
        """The same for an unlisted brother or sister of each child: a child's own code is what such parents have."""
        default = (self.stranger_bits + self.other_default)[part].astype(np.float32)
        result = np.repeat(default[:, None], len(children), axis=1)
        row, at, column = self._hits(part, children)
        own = np.isin(self._level[at], [CODE.index("own"), CODE.index("near")])
        familys = np.where(self._words[at] & FAMILYS, self._other[at], self.other_default[part[row]])
        result[row, column] = np.where(own, self._code[at] - 1.0, self.stranger_bits[part[row]]) + familys
        return result

    def pointed_at(self) -> tuple[np.ndarray, np.ndarray]:
        """Orders and the children their clues point at."""
        positive = (self._code + self._other) > 0
        return self._order[positive], self._child[positive]

    def _hits(self, part: np.ndarray, children: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        local = np.full(self.children, -1, dtype=np.int64)
        local[children] = np.arange(len(children))
        low, high = self._low[part], self._low[part + 1]
        counts = high - low
        at = np.repeat(low - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) + np.arange(counts.sum())
        row = np.repeat(np.arange(len(part)), counts)
        column = local[self._child[at]] if len(at) else at
        here = column >= 0
        return row[here], at[here], column[here]

    # --- codes -------------------------------------------------------------------------------------------------------------

    def _codes(self) -> pd.DataFrame:
        d, bits = self.desk, self.weights.code
        trust, size = self.weights.trust_code, np.log2(max(2, self.children))
        typed, listed = (np.flatnonzero(c != "") for c in (d.order_code, d.child_code))
        # A code that two children carry points at neither.
        listed = listed[~pd.Series(d.child_code[listed], dtype="object").duplicated(keep=False).to_numpy()]
        exact = _same(d.order_code, typed, d.child_code, listed)
        near = _one_edit(d.order_code, np.setdiff1d(typed, exact[0]), d.child_code, listed)
        rows = []
        for (order, child), own, theirs in ((exact, "own", "siblings"), (near, "near", "sibling_near")):
            crowd = np.bincount(order, minlength=self.orders)[order]
            rows.append((order, child, CODE.index(own), trust * (size + bits[own]) - np.log2(crowd)))
            at, kin = np.divmod(
                meet(
                    d.child_family[child],
                    np.arange(len(child)),
                    d.child_family,
                    np.arange(self.children),
                    self.children,
                ),
                self.children,
            )
            at, kin = at[kin != child[at]], kin[kin != child[at]]
            members = np.bincount(at, minlength=len(child))[at]
            rows.append(
                (order[at], kin, CODE.index(theirs), trust * (size + bits[theirs]) - np.log2(np.maximum(1, members)))
            )
        self.default_level = np.zeros(self.orders, dtype=np.int64)
        self.default_level[typed] = CODE.index("unknown")
        self.default_level[exact[0]] = CODE.index("other")
        self.default = np.array([bits.get(w, 0.0) for w in CODE])[self.default_level]
        self.default[near[0]] = -2.0
        self.stranger_bits = np.zeros(self.orders)
        table = pd.DataFrame(
            {
                c: np.concatenate([np.broadcast_to(r[k], len(r[0])) for r in rows])
                for k, c in enumerate(("order", "child", "level", "code"))
            }
        )
        # Whom two codes of the same order point at, the stronger one points at.
        best = np.lexsort([-table["code"], table["child"], table["order"]])
        table = table.iloc[best].drop_duplicates(["order", "child"])
        return table.assign(other=0.0, words=0)

    # --- ids and addresses -------------------------------------------------------------------------------------------------

    def _addresses(self) -> pd.DataFrame:
        d, size = self.desk, np.log2(max(2, self.children))
        parts = []
        for asked, listed, form, strength, word in (
            ("student_id", "student_id", forms.folded_name, ID_BITS, BY_ID), ("parent_email", "email", forms.mail_form, MAIL_BITS, BY_MAIL),
            ("parent_phone", "phone", forms.phone_form, PHONE_BITS, BY_PHONE),
        ):  # fmt: skip
            if not d.asked[asked].any() or not d.listed[listed].any():
                continue
            left = pd.DataFrame({"order": np.arange(self.orders), "value": d.asked[asked].map(form)})
            right = pd.DataFrame({"child": np.arange(self.children), "value": d.listed[listed].map(form)})
            right = right[right["value"] != ""]
            right["crowd"] = right.groupby("value")["child"].transform("size")
            pairs = left[left["value"] != ""].merge(right, on="value", validate="m:m")
            weight = np.maximum(0.0, np.minimum(size, 14.0) - np.log2(pairs["crowd"]) - 2.0 + strength / 5)
            parts.append(pairs[["order", "child"]].assign(level=0, code=0.0, other=weight, words=word))
        columns = ["order", "child", "level", "code", "other", "words"]
        return (
            pd.concat(parts, ignore_index=True)
            if parts
            else pd.DataFrame({c: pd.Series(dtype="float64") for c in columns})
        )

    # --- the parent's surname ------------------------------------------------------------------------------------------------

    def _parents(self) -> pd.DataFrame:
        """Pairs of orders and the children of their school who bear the surname of the parent, with the bits that this says."""
        d, strong = self.desk, [LAST.index(w) for w in ("exact", "part", "slip")]
        self.other_default = np.zeros(self.orders)
        silent, unlike = _unlike(d)
        asked = np.flatnonzero((d.order_parent != NOBODY) & (silent | unlike))
        columns = ["order", "child", "level", "code", "other", "words"]
        if not len(asked) or not self.children:
            return pd.DataFrame({c: pd.Series(dtype="float64") for c in columns})
        self.other_default[asked[silent[asked]]] = np.log2(1 - SAME_SURNAME)
        pairs, bits = d.last_pairs, self.weights.last_bits()
        base = d.last_bases.of(bits)
        kept = np.flatnonzero(np.isin(pairs.levels, strong))
        surname = pairs.keys[kept] // pairs.width
        met = meet(d.order_parent[asked], asked, surname, kept, len(pairs.keys))
        order, at = met // len(pairs.keys), met % len(pairs.keys)
        ratio = np.exp2(bits[pairs.levels[at]] + pairs.extra[at] - base[pairs.keys[at] // pairs.width])
        said = np.where(
            silent[order], SAME_SURNAME * ratio + 1 - SAME_SURNAME, 1 + SAME_SURNAME / (1 - SAME_SURNAME) * ratio
        )
        row_child = meet(
            pairs.keys[at] % pairs.width, np.arange(len(at)), d.child_last, np.arange(self.children), self.children
        )
        row, child = row_child // self.children, row_child % self.children
        here = (d.order_block[order[row]] == NOBODY) | (d.order_block[order[row]] == d.child_block[child])
        row, child = row[here], child[here]
        return pd.DataFrame(
            {
                "order": order[row],
                "child": child,
                "level": 0,
                "code": 0.0,
                "other": np.log2(said)[row],
                "words": BY_PARENT,
            }
        )


def _unlike(d: Desk) -> tuple[np.ndarray, np.ndarray]:
    """For each order: does it give no surname of the child, and is the one it gives unlike the parent's in every reading?"""
    orders = len(d.asked)
    texts = np.array(["".join(v) for v in d.lasts], dtype=object)
    empty = np.array([not v for v in d.lasts], dtype=bool)
    silent = empty[d.reading_last[d.first_reading[:-1]]]
    has = d.order_parent[d.reading_order] != NOBODY
    one, two = d.reading_last[has], d.order_parent[d.reading_order[has]]
    is_like = np.zeros(orders, dtype=bool)
    if len(one):
        alike = process.cpdist(texts[one], texts[two], scorer=JaroWinkler.similarity, dtype=np.float32) >= 0.8
        words = [set(d.lasts[a]) & set(d.lasts[b]) != set() for a, b in zip(one, two, strict=True)]
        is_like[d.reading_order[has][alike | np.array(words)]] = True
    return silent, ~is_like & ~silent


def _same(
    typed: np.ndarray, orders: np.ndarray, listed: np.ndarray, children: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Orders and children with the same code; the code of no child is there twice."""
    owner = dict(zip(listed[children].tolist(), children.tolist(), strict=True))
    child = np.array([owner.get(c, NOBODY) for c in typed[orders].tolist()], dtype=np.int64)
    return orders[child != NOBODY], child[child != NOBODY]


def _one_edit(
    typed: np.ndarray, orders: np.ndarray, listed: np.ndarray, children: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Orders and children whose codes are at most one edit apart."""
    keys = near_pairs(typed[orders].tolist(), listed[children].tolist())
    order, child = orders[keys // max(1, len(children))], children[keys % max(1, len(children))]
    if not len(keys):
        return order, child
    near = process.cpdist(typed[order], listed[child], scorer=OSA.distance, score_cutoff=1, dtype=np.uint8) <= 1
    return order[near], child[near]
