"""Adapting the weights to the list at hand: how often parents here write nicknames, slips, one of two surnames.

Rule: on large lists (300 orders and more) a sample of the orders is weighed with the shipped weights, what is seen is counted
with its probability, and the shares move towards it; the shipped ones count as 400 orders. Nothing is kept afterwards: the
next job starts from the shipped weights again. The same tables give the same sample, whatever the order of their rows.
Source: matching.md 2 (fastLink, Winkler 1994), 5 (write 3).
"""

from __future__ import annotations

import numpy as np

from prepaykit.rules.matching.clues import Clues
from prepaykit.rules.matching.decisions import weighed
from prepaykit.rules.matching.desk import ORDERS, Desk
from prepaykit.rules.matching.levels import FIRST, LAST
from prepaykit.rules.matching.scoring import Scorer
from prepaykit.rules.matching.weights import Weights, adapted

LEAST, SAMPLE = 300, 400


def learnt_weights(desk: Desk, clues: Clues, weights: Weights) -> Weights:
    """The weights after one look at a sample of the orders; unchanged if there are too few."""
    if len(desk.asked) < LEAST:
        return weights
    ordered = desk.asked[list(ORDERS)].sort_values(list(ORDERS), kind="stable").index.to_numpy()
    sample = np.sort(ordered[:: max(1, len(ordered) // SAMPLE)])
    scores = Scorer(desk, clues, weights, only=sample).score()
    pairs, totals = weighed(desk, scores, weights)
    sure = pairs[pairs["probability"] > 0.01]
    seen = {
        part: dict(
            zip(
                levels,
                np.bincount(sure[f"{part}_level"], weights=sure["probability"], minlength=len(levels)),
                strict=True,
            )
        )
        for part, levels in (("first", FIRST), ("last", LAST))
    }
    return adapted(
        weights, {**seen, "unlisted": (float(totals["nobody"].to_numpy()[sample].sum()), float(len(sample)))}
    )
