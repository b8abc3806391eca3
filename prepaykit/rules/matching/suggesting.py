"""Suggesting: for children of orders that nobody is certain about, who they may be, by code and never by name.

Rule: up to three children are named in the detail of the finding, with how likely each is and how it agrees; the first is the suggestion
if it is likelier than not. A suggestion is for a person to take; nothing is applied by it. Source: domain.md 7; matching.md 5.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

MENTIONED = 3
LIKELY = 0.5
WORTH_SAYING = 0.01


def suggested_children(wanted: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    """Who each row may be: `suggestion` (the access code of the likeliest child, if likelier than not) and `words`.

    `wanted`: as `match_exactly` takes it, and parent_name, parent_email, parent_phone if at hand. `subjects`: the names list with its
    access codes. Same rows and index as `wanted`; both columns are missing or empty where nobody comes near.

    >>> subjects = pd.DataFrame({"access_code": ["X-1"], "first_name": ["Zoë"], "last_name": ["Roe"], "teacher": ["Smith"]})
    >>> wanted = pd.DataFrame({"first": ["Zoey"], "last": ["Roe"], "teacher": ["Mrs. Smith"]})
    >>> suggested_children(wanted, subjects)["suggestion"].tolist()
    ['X-1']
    """
    result = pd.DataFrame(
        {
            "suggestion": pd.Series(None, index=wanted.index, dtype="str"),
            "words": pd.Series("", index=wanted.index, dtype="str"),
        }
    )
    people = subjects[
        subjects["access_code"].notna() & (subjects["first_name"].notna() | subjects["last_name"].notna())
    ]
    if not len(wanted) or not len(people):
        return result
    from prepaykit.rules.matching.in_full import match_in_full

    asked = wanted.drop(columns=[c for c in ("order_id", "order_no", "envelope_no") if c in wanted]).reset_index(
        drop=True
    )
    near = match_in_full(asked, people).candidates
    near = near[(near["probability"] >= WORTH_SAYING) & (near["rank"] <= MENTIONED)]
    at = near["order_id"].astype("int64").to_numpy()
    said = (
        near["access_code"]
        + " ("
        + (near["probability"] * 100).round().astype("int64").clip(upper=99).astype("str")
        + " %: "
        + near["evidence"]
        + ")"
    )
    words = said.groupby(at).agg(", or ".join)
    likely = near[(near["rank"] == 1) & (near["probability"] > LIKELY)]
    result.iloc[words.index.to_numpy(), 1] = words.to_numpy()
    result.iloc[np.asarray(likely["order_id"].astype("int64")), 0] = likely["access_code"].to_numpy()
    return result
