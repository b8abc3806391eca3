"""Clues that point at a single child or family: access codes, student ids, the parents' e-mail and phone.

Problem: a code is strong evidence, but parents type a sibling's, last year's, or one wrong symbol. Rule: a code on the list
points at its child, weakly at that child's brothers and sisters, and away from everybody else; a code one symbol off points less
strongly, and only if no other code of the list is as near. Codes are evidence beside the name, they never replace it.

Worked case: serial codes: `1041` is one symbol off `1040`, `1042` and twenty others → it points at none of them.
Known limits: two wrong symbols point at nobody. Source: matching.md 5 (Access codes); domain.md 5.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from rapidfuzz import process
from rapidfuzz.distance import OSA

from prepaykit.rules.matching import forms
from prepaykit.rules.matching.desk import Desk
from prepaykit.rules.matching.levels import CODE
from prepaykit.rules.matching.near import near_pairs
from prepaykit.rules.matching.weights import Weights

MAIL_BITS, PHONE_BITS, ID_BITS = 5.0, 4.5, 7.0


class Clues:
    """The pairs that codes, ids and addresses point at, with their bits; every other pair gets the order's `default`."""

    def __init__(self, desk: Desk, weights: Weights):
        self.desk, self.weights = desk, weights
        self.orders, self.children = len(desk.asked), len(desk.listed)
        code = self._codes()
        other = self._addresses()
        table = pd.concat([code, other], ignore_index=True)
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
        """Code bits, code level, other bits and other words (bits of a mask: 1 id, 2 e-mail, 4 phone, 8 another id) of pairs."""
        default, level = self.default[order], self.default_level[order]
        if not len(self._keys):
            return default, level, np.zeros(len(order)), np.zeros(len(order), dtype=np.int64)
        key = order.astype(np.int64) * self.children + child
        at = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        hit = self._keys[at] == key
        has_code = hit & (self._level[at] > 0)
        return (np.where(has_code, self._code[at], default), np.where(has_code, self._level[at], level), np.where(hit, self._other[at], 0.0),
                np.where(hit, self._words[at], 0))  # fmt: skip

    def dense(self, part: np.ndarray, children: np.ndarray) -> np.ndarray:
        """Bits of all clues of some orders (rows) with these children (columns)."""
        result = np.repeat(self.default[part].astype(np.float32)[:, None], len(children), axis=1)
        row, at, column = self._hits(part, children)
        code = np.where(self._level[at] > 0, self._code[at], self.default[part[row]])
        result[row, column] = code + self._other[at]
        return result

    def dense_kin(self, part: np.ndarray, children: np.ndarray, clue: np.ndarray) -> np.ndarray:
        """The same for an unlisted brother or sister of each child: a child's own code is what such parents have."""
        result = np.zeros((len(part), len(children)), dtype=np.float32) + self.stranger_bits[part][:, None].astype(
            np.float32
        )
        row, at, column = self._hits(part, children)
        own = np.isin(self._level[at], [CODE.index("own"), CODE.index("near")])
        result[row, column] = np.where(own, self._code[at] - 1.0, 0.0) + np.where(
            self._words[at] & 6, self._other[at], 0.0
        )
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
        typed = pd.DataFrame({"order": np.arange(self.orders), "code": d.order_code})
        typed = typed[typed["code"] != ""]
        listed = pd.DataFrame({"child": np.arange(self.children), "code": d.child_code})
        listed = listed[listed["code"] != ""]
        # A code that two children carry points at neither.
        listed = listed[~listed["code"].duplicated(keep=False)]
        exact = typed.merge(listed, on="code", validate="m:1")[["order", "child"]]
        near = _one_edit(typed[~typed["order"].isin(exact["order"])], listed)
        kin = pd.DataFrame({"child": np.arange(self.children), "family": d.child_family})
        rows = []
        for found, own, theirs in ((exact, "own", "siblings"), (near, "near", "sibling_near")):
            crowd = found.groupby("order")["child"].transform("size").to_numpy()
            strong = trust * (size + bits[own]) - np.log2(crowd)
            rows.append(found.assign(level=CODE.index(own), code=strong))
            family = found.merge(kin, on="child", validate="m:1").merge(
                kin, on="family", suffixes=("", "_kin"), validate="m:m"
            )
            family = family[family["child"] != family["child_kin"]]
            members = family.groupby(["order", "child"])["child_kin"].transform("size").to_numpy()
            weak = trust * (size + bits[theirs]) - np.log2(np.maximum(1, members))
            rows.append(
                pd.DataFrame(
                    {"order": family["order"], "child": family["child_kin"], "level": CODE.index(theirs), "code": weak}
                )
            )
        self.default_level = np.zeros(self.orders, dtype=np.int64)
        self.default_level[typed["order"]] = CODE.index("unknown")
        self.default_level[exact["order"]] = CODE.index("other")
        self.default = np.array([bits.get(w, 0.0) for w in CODE])[self.default_level]
        self.default[near["order"]] = -2.0
        self.stranger_bits = np.zeros(self.orders)
        table = (
            pd.concat(rows, ignore_index=True)
            .sort_values(["order", "child", "code"])
            .drop_duplicates(["order", "child"], keep="last")
        )
        return table.assign(other=0.0, words=0)

    # --- ids and addresses -------------------------------------------------------------------------------------------------

    def _addresses(self) -> pd.DataFrame:
        d, size = self.desk, np.log2(max(2, self.children))
        parts = []
        for asked, listed, form, strength, word in (
            ("student_id", "student_id", forms.folded_name, ID_BITS, 1), ("parent_email", "email", forms.mail_form, MAIL_BITS, 2),
            ("parent_phone", "phone", forms.phone_form, PHONE_BITS, 4),
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


def _one_edit(typed: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Every pair of a typed code and a code of the list that are one edit apart."""
    if not len(typed) or not len(listed):
        return pd.DataFrame({"order": pd.Series(dtype="int64"), "child": pd.Series(dtype="int64")})
    keys = near_pairs(typed["code"].tolist(), listed["code"].tolist())
    one, two = keys // len(listed), keys % len(listed)
    edits = process.cpdist(
        typed["code"].to_numpy(object)[one], listed["code"].to_numpy(object)[two], scorer=OSA.distance, score_cutoff=1, dtype=np.uint8
    ) if len(keys) else np.empty(0)  # fmt: skip
    near = edits <= 1
    return pd.DataFrame({"order": typed["order"].to_numpy()[one[near]], "child": listed["child"].to_numpy()[two[near]]})
