"""Assigning: where each order is for another child, who gets whom so that all together fit best.

Problem: an order's best child may be somebody else's only one. Rule: an order and a child that are each other's best by far are settled;
all that is left is weighed with all that is left, and assigned so that the sum of the bits is the greatest (Winkler 1994).

Picture orders repeat, and most children have none: for them claims are only counted softly, with second orders and brothers and
sisters (`decisions.weighed`). This is for tables where one row a child is certain, as a second list of the same school.

Worked case: `J. Park` fits Jo and Jan Park; `Jo Park` stands in another row: `J. Park` is Jan.
Known limits: among equals the first on the desk is taken; read its probability. Source: matching.md 4 (FEBRL 4 hard).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.rules.matching.scoring import PARTS, Scorer

BY_FAR = 10.0
MOST_PAIRS = 6_000_000
STEP = 400_000


def assigned(scorer: Scorer, pairs: pd.DataFrame, *, least: float = -60.0) -> pd.DataFrame:
    """Pairs with columns order and child, each at most once, and the columns of `pairs`; none that has fewer bits than `least`.

    `pairs`: the weighed candidates; `bits` without what others claim.
    """
    # Loaded when it is needed: most jobs never do.
    from scipy.optimize import linear_sum_assignment

    settled = _settled(pairs, scorer.orders, scorer.children)
    orders = np.setdiff1d(np.arange(scorer.orders), settled["order"])
    children = np.setdiff1d(np.arange(scorer.children), settled["child"])
    if not len(orders) or not len(children):
        return settled
    gain = _table(scorer, pairs, orders, children)
    row, column = linear_sum_assignment(gain, maximize=True)
    real = gain[row, column] > least
    more = scorer.weigh(orders[row[real]], children[column[real]])
    more["bits"] = more[list(PARTS)].sum(axis=1)
    return pd.concat([settled, more], ignore_index=True).sort_values("order", ignore_index=True)


# --- inside ------------------------------------------------------------------------------------------------------------


def _settled(pairs: pd.DataFrame, orders: int, children: int) -> pd.DataFrame:
    """The pairs that are by far the best of both."""
    bits = pairs["bits"].to_numpy()
    by_far = np.ones(len(pairs), dtype=bool)
    for side, size in (("order", orders), ("child", children)):
        at = pairs[side].to_numpy()
        ranked = np.lexsort([-bits, at])
        first = np.ones(len(at), dtype=bool)
        first[1:] = at[ranked][1:] != at[ranked][:-1]
        second = np.full(size, -np.inf)
        after = np.flatnonzero(~first & np.roll(first, 1))
        second[at[ranked[after]]] = bits[ranked[after]]
        best = np.zeros(len(at), dtype=bool)
        best[ranked[first]] = True
        by_far &= best & (bits - second[at] >= BY_FAR)
    return pairs[by_far]


def _table(scorer: Scorer, pairs: pd.DataFrame, orders: np.ndarray, children: np.ndarray) -> np.ndarray:
    """Bits of these orders (rows) with these children (columns); of very many only those of the candidates."""
    table = np.full((len(orders), len(children)), -1e4, dtype=np.float32)
    if table.size <= MOST_PAIRS:
        step = max(1, STEP // len(children))
        for start in range(0, len(orders), step):
            some = orders[start : start + step]
            found = scorer.weigh(np.repeat(some, len(children)), np.tile(children, len(some)))
            table[start : start + step] = found[list(PARTS)].sum(axis=1).to_numpy().reshape(len(some), -1)
        return table
    here = pairs[pairs["order"].isin(orders) & pairs["child"].isin(children)]
    table[np.searchsorted(orders, here["order"]), np.searchsorted(children, here["child"])] = here["bits"]
    return table
