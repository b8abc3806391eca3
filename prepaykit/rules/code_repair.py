"""Code repair: which code of the list somebody probably meant, and when that is certain enough to say one name.

Problem: codes are read out, typed and handwritten. Ours are four edits apart, so after one slip only the true one is within reach; codes
from elsewhere (a lab's, last year's) may be serial numbers, of which ten are within reach of any slip. Rule: signs that look alike
(0 and O, 1 and I, 5 and S …) count as one, then at most one edit, and no other code may be as near. A code that is
correctly one of ours is not a slip, wherever it belongs. And a code never overrules a name: whoever repairs, compares the
first name as well; where that contradicts, the code is only one of several things to look at.

Worked case: the list has `WRW6-A9QE`; `WRW6-A9EQ` is repaired to it; `104233` beside `104232` and `104234` is not repaired.
Known limits: two slips are only a proposal. Source: matching.md 5.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from prepaykit.rules.codes import compact, is_own_form

FARTHEST = 2
ALIKE = str.maketrans(
    {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "J": "1", "Z": "2", "S": "5", "B": "8", "G": "6", "U": "V"}
)


def folded_code(code: str) -> str:
    """A code with look-alikes as one, for comparing only.

    >>> folded_code("wrw6-a9qe") == folded_code("WRWG A9OE")
    True
    """
    return compact(code).translate(ALIKE)


def codes_near(codes: Iterable[str], known: Iterable[str]) -> pd.DataFrame:
    """For each code, those of the list within two edits, look-alikes counted as one, the nearest first.

    One row is a pair: `code`, `access_code`, `edits` (as written; 3 for more than two), `folded` (look-alikes as one).

    >>> codes_near(["WRW6-A9EQ"], ["A7KF-MJN6", "WRW6-A9QE"]).values.tolist()
    [['WRW6-A9EQ', 'WRW6-A9QE', 1, 1]]
    """
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    asked, listed = list(dict.fromkeys(codes)), sorted(set(known))
    if not asked or not listed:
        return pd.DataFrame({"code": [], "access_code": [], "edits": [], "folded": []})
    edits, folded = (
        process.cdist([form(c) for c in asked], [form(c) for c in listed], scorer=OSA.distance, score_cutoff=FARTHEST, dtype=np.uint8)
        for form in (compact, folded_code)
    )  # fmt: skip
    one, two = np.nonzero(np.minimum(edits, folded) <= FARTHEST)
    table = pd.DataFrame({
        "code": np.array(asked, dtype=object)[one], "access_code": np.array(listed, dtype=object)[two],
        "edits": edits[one, two].astype("int64"), "folded": np.minimum(edits, folded)[one, two].astype("int64"),
    })  # fmt: skip
    order = table["code"].map({c: i for i, c in enumerate(asked)})
    return (
        table.assign(_o=order)
        .sort_values(["_o", "folded", "edits", "access_code"], ignore_index=True)
        .drop(columns="_o")
    )


def repaired_code(code: str, codes: Iterable[str]) -> str | None:
    """The one code of the list that was meant, if one edit (look-alikes as one) leads to it and to no other; else None.

    Among our own codes no second one may even be within two edits. Never says anything about a code that is correctly one of
    ours. Whoever uses it compares the first name too. Source: matching.md 5.

    >>> repaired_code("WRW6-A9EQ", ["A7KF-MJN6", "WRW6-A9QE"]), repaired_code("104233", ["104232", "104234"])
    ('WRW6-A9QE', None)
    """
    return repairs([code], codes).get(code)


def repairs(codes: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """The same for many codes at once: code → the one that was meant; those that cannot be repaired are left out."""
    known = set(known)
    near = codes_near([c for c in codes if c not in known and not is_own_form(c)], known)
    result: dict[str, str] = {}
    for code, rows in near.groupby("code"):
        within = rows.loc[rows["folded"] <= 1, "access_code"]
        # Our own alphabet holds a few look-alikes of each other (D and Q): a second code in reach as written is a doubt.
        if len(within) == 1 and (len(rows) == 1 or not is_own_form(within.iloc[0])):
            result[str(code)] = str(within.iloc[0])
    return result


def slips(code: str, meant: str) -> str:
    """How far a code is from another one, in words.

    >>> slips("WRW6-A9EQ", "WRW6-A9QE"), slips("WRWG-A9QE", "WRW6-A9QE"), slips("AAAA", "WRW6-A9QE")
    ('one slip away', 'the same but for look-alike signs', 'another code')
    """
    near = codes_near([code], [meant])
    if not len(near):
        return "another code"
    edits, alike = int(near["edits"].iloc[0]), int(near["folded"].iloc[0])
    if edits and not alike:
        return "the same but for look-alike signs"
    return "the same" if not edits else "one slip away" if alike == 1 else "two slips away"


def shape_of(code: str) -> str:
    """The form of a code from elsewhere: digits and letters in their places.

    >>> shape_of("PD-2026-K4"), shape_of("104233")
    ('AA9999A9', '999999')
    """
    return "".join("9" if c.isdigit() else "A" for c in compact(code))


def of_former_list(codes: Iterable[str], listed: Iterable[str]) -> np.ndarray:
    """For each code: is it of our form, or of the form of codes of the list, so that it comes from a list before this one?"""
    shapes = {shape_of(c) for c in listed}
    return np.array([is_own_form(c) or shape_of(c) in shapes for c in codes], dtype=bool)
