"""Split an amount into parts that add up to it to the cent: the largest remainder gets the cent that is left.

Problem. One payment of 20.00 for three children, its fee of 0.88: thirds of a cent do not exist, and rounding each part loses or makes one. Rule. Each part
is rounded down, the cents that are left go one each to the largest remainders; where remainders are equal, to the first. Whole numbers only, no floats.

Worked case: 100 cents over 3 equal parts are 34, 33, 33. Known limits: weights below zero are not taken. Source: refunds.md section 4.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.errors import UsageError


def split_cents(amounts: pd.Series, weights: pd.Series, groups: pd.Series) -> pd.Series:
    """The part of each row in the amount of its group, by weight; the parts of a group add up to its amount exactly.

    `amounts`: the group's amount, repeated on its rows; may be negative. Weights that are all 0 count as equal.

    >>> rows = pd.DataFrame({"amount": [100, 100, 100, -7, -7], "weight": [1, 1, 1, 1500, 500], "charge": list("aaabb")})
    >>> split_cents(rows["amount"], rows["weight"], rows["charge"]).tolist()
    [34, 33, 33, -5, -2]
    """
    weight, amount = weights.to_numpy(dtype="int64"), amounts.to_numpy(dtype="int64")
    if (weight < 0).any():
        raise UsageError("split: a weight is less than nothing")
    group = pd.factorize(groups)[0]
    nothing = pd.Series(weight).groupby(group).transform("sum").to_numpy() == 0
    weight = np.where(nothing, 1, weight)
    total = pd.Series(weight).groupby(group).transform("sum").to_numpy()
    size = np.abs(amount)
    part, remainder = size * weight // total, size * weight % total
    left = size - pd.Series(part).groupby(group).transform("sum").to_numpy()
    order = np.lexsort((np.arange(len(group)), -remainder, group))
    place = np.empty(len(group), dtype="int64")
    place[order] = pd.Series(group[order]).groupby(group[order]).cumcount().to_numpy()
    return pd.Series(np.sign(amount) * (part + (place < left)), index=amounts.index, dtype="int64")
