"""Causes as text: why orders stay without pictures, counts first, then order by order with its proposals.

The same table and the same words on the command line and in the notebook; nothing is decided here.
"""

from __future__ import annotations

import pandas as pd

from prepaykit.report.text import one_line
from prepaykit.rules.code_causes import CAUSES

TO_LOOK = "  nothing is taken by itself; look at the frames of a proposal before you take it"


def show_causes(causes: pd.DataFrame, job: str = "") -> str:
    """What `code_causes` found, for reading.

    >>> print(show_causes(pd.DataFrame(columns=["order_no", "cause"]), "maple-grove-2026"))
    codes maple-grove-2026: populate can fill every order
    """
    orders = causes[causes["order_no"].notna()]
    head = f"codes {job}".strip()
    if not len(causes):
        return f"{head}: populate can fill every order"
    each = orders.drop_duplicates(["order_no", "order_subject_id", "finding"])
    counts = each["cause"].value_counts().sort_index()
    counts = counts.sort_values(ascending=False, kind="stable")
    first = orders[(orders["rank"] == 1) & orders["key"].notna()]
    lines = [f"{head}: {len(each)} orders and children cannot be filled; {first['key'].nunique()} first proposals"]
    lines += [f"  {n:,} × {cause}: {CAUSES[cause]}" for cause, n in counts.items()]
    lines += [f"  {row.cause}: {row.evidence}" for row in causes[causes["order_no"].isna()].itertuples()]
    lines += [TO_LOOK] * bool(len(first))
    for _, rows in orders.groupby(["order_no", "order_subject_id", "finding"], sort=False):
        lines += ["", *_of_one(rows)]
    return "\n".join(one_line(line) for line in lines)


def _of_one(rows: pd.DataFrame) -> list[str]:
    top = rows.iloc[0]
    code = "" if pd.isna(top["access_code"]) else f", code {top['access_code']}"
    lines = [f"order {top['order_no']}{code}, {top['slots']} slot{'' if top['slots'] == 1 else 's'}: {top['cause']}"]
    for row in rows.itertuples():
        if pd.isna(row.key):
            lines.append(f"    {row.evidence}")
        else:
            look = "" if pd.isna(row.look) else f" [look at {row.look}]"
            lines += [f"  {row.rank}. {row.sure}: {row.key}", f"       {row.evidence}{look}"]
    return lines
