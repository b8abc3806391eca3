"""Matching orders with the names list. `exact` is certain and never guesses; `match_orders` is its front door."""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.rules.matching.exact import match_exactly

__all__ = ["match_exactly", "match_orders"]


def match_orders(orders: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """Say for each order which child of the names list it is for, or that a person must decide.

    `orders`: one row is an order for one child, as `read_orders` or `read_paper_orders` gives them (order_no or
    envelope_no, access_code, student_id, student_first, student_last, grade, teacher). `names`: as `read_names` gives them.
    Returns one row for each row of `orders`, in its order: order_id, decision (`auto`; `review`: several fit; `none`: nobody
    fits), student_id, access_code, probability (1.0 when exact, else missing), reason. Works on bare tables, no store.
    Does not match names that are only alike. Source: domain.md 7.

    >>> names = pd.DataFrame({"access_code": ["X-1"], "student_id": ["007"], "first_name": ["Ada"], "last_name": ["Lee"]})
    >>> orders = pd.DataFrame({"order_no": ["1001", "1002"], "access_code": ["X-1", "X-2"]})
    >>> match_orders(orders, names)[["order_id", "decision", "student_id", "reason"]].values.tolist()
    [['1001', 'auto', '007', 'code'], ['1002', 'none', nan, 'unmatched']]
    """
    columns = ["access_code", "student_id", "first_name", "last_name", "grade", "teacher", "group"]
    listed = pd.DataFrame(
        {c: names[c].astype("str") if c in names else pd.Series(None, index=names.index, dtype="str") for c in columns}
    )
    listed = listed.reset_index(drop=True).assign(subject_id=np.arange(len(names)))
    wanted = orders.reset_index(drop=True).rename(columns={"student_first": "first", "student_last": "last"})
    matched = match_exactly(wanted, listed)
    number = next((c for c in ("order_id", "order_no", "envelope_no") if c in orders), None)
    ids = wanted[number].astype("str") if number else pd.Series(wanted.index.astype("str"), dtype="str")
    at = matched["subject_id"].fillna(-1).astype("int64")
    is_known = at >= 0
    child = listed.reindex(at)[["student_id", "access_code"]].set_axis(wanted.index)
    return pd.DataFrame({
        "order_id": ids,
        "decision": np.select([is_known, matched["reason"] == "ambiguous"], ["auto", "review"], "none"),
        "student_id": child["student_id"],
        "access_code": child["access_code"],
        "probability": np.where(is_known, 1.0, np.nan),
        "reason": matched["matched_by"].fillna(matched["reason"]),
    })  # fmt: skip
