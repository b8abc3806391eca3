"""Decoys: made-up children who are not on the list, sent through the matching to see how many it would have accepted.

Problem: nobody knows the truth of a real job, so nobody knows how often the matching is wrong. Rule: for each decoy a child of the
list is taken, and its first name exchanged for that of another child, so that surname, class and school are right and the
child is not on the list: an unlisted brother or sister, the hardest there is. Every second decoy also gets the surname of a third
child: a new pupil of the class. None carries a code. None should be accepted.

Known limits: decoys have the names of this list, so a rare name is never new. Source: matching.md 2 (Robach et al.), 5 (rule 9).
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def draw_decoys(names: pd.DataFrame, count: int, *, seed: int) -> pd.DataFrame:
    """Orders for `count` made-up children of these classes: student_first, student_last, grade, teacher, school, order_no.

    No decoy has both names of a child on the list. The same list and seed give the same decoys, whatever the order of the rows.
    """
    columns = [
        c for c in ("first_name", "last_name", "grade", "teacher", "school", "student_id", "access_code") if c in names
    ]
    pool = (
        names[columns]
        .dropna(subset=["first_name", "last_name"])
        .sort_values(columns, kind="stable")
        .reset_index(drop=True)
    )
    if not len(pool) or not count:
        return pd.DataFrame({c: pd.Series(dtype="str") for c in ("order_no", "student_first", "student_last")})
    random = np.random.default_rng(seed)
    home, given, family = (random.integers(len(pool), size=4 * count) for _ in range(3))
    is_new = np.arange(4 * count) % 2 == 1
    last = np.where(is_new, pool["last_name"].to_numpy(object)[family], pool["last_name"].to_numpy(object)[home])
    made = pd.DataFrame({"student_first": pool["first_name"].to_numpy(object)[given], "student_last": last})
    for column in ("grade", "teacher", "school"):
        if column in pool:
            made[column] = pool[column].to_numpy(object)[home]
    real = pd.MultiIndex.from_frame(pool[["first_name", "last_name"]].apply(lambda c: c.str.casefold()))
    both = pd.MultiIndex.from_frame(
        made[["student_first", "student_last"]].apply(lambda c: c.astype("str").str.casefold())
    )
    made = made[~both.isin(real)].head(count).reset_index(drop=True)
    return made.assign(order_no=[f"decoy {n}" for n in range(1, len(made) + 1)])


def decoy_report(orders: pd.DataFrame, names: pd.DataFrame, *, seed: int, count: int = 500) -> dict[str, object]:
    """Run decoys beside the orders of a job and say how many would have been accepted.

    Gives `decoys`, `accepted` and `sentence`. The orders themselves are not decided here.

    >>> names = pd.DataFrame({"first_name": ["Ada", "Bo"], "last_name": ["Lee", "Ng"], "teacher": ["Hewitt", "Hewitt"]})
    >>> decoy_report(pd.DataFrame({"order_no": []}), names, seed=1, count=2)["sentence"]
    'Of 2 made-up children who are not on the list, 0 would have been accepted.'
    """
    from prepaykit.rules.matching.in_full import match_in_full

    decoys = draw_decoys(names, count, seed=seed)
    number = next((c for c in ("order_id", "order_no", "envelope_no") if c in orders), "order_no")
    decoys = decoys.rename(columns={"order_no": number})
    together = (
        pd.concat([orders.astype("object"), decoys.astype("object")], ignore_index=True) if len(orders) else decoys
    )
    matches = match_in_full(together, names).matches.tail(len(decoys))
    accepted = int((matches["decision"] == "auto").sum())
    return {
        "decoys": len(decoys),
        "accepted": accepted,
        "sentence": f"Of {len(decoys)} made-up children who are not on the list, {accepted} would have been accepted.",
    }
