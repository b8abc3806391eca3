"""Suggestions among the findings of photos, as corrections that a person can take all at once, after looking.

Problem: a card that nobody could read, or one printed anew under a code that nobody listed, is followed by the frames of a child; the
sequence names that child where only one can be meant. Rule: a suggestion counts only if it is the only one for that child
among all findings, so that two galleries are never put together by a machine; everything else stays a finding. A skipped card
(`long_session`) is never taken: which frame is the first of the next child, only a person sees.

Source: the user's document, part II; domain.md 8.
"""

from __future__ import annotations

import pandas as pd

CORRECTION_OF = {"unread_card": "tag", "code_not_listed": "relabel"}


def suggested_corrections(findings: pd.DataFrame) -> dict[str, dict[str, str]]:
    """What `plan_codes` can be told: `tag` (frame of an unread card → code) and `relabel` (code on a card → code of the list).

    Uses `code`, `key` and `suggestion` of the findings of photos; a child suggested twice is left out, both times.

    >>> rows = [("code_not_listed", "AAAA-0001", "AAAA-0002"), ("unread_card", "7", "AAAA-0005"), ("unread_card", "9", None)]
    >>> suggested_corrections(pd.DataFrame(rows, columns=["code", "key", "suggestion"]))
    {'tag': {'7': 'AAAA-0005'}, 'relabel': {'AAAA-0001': 'AAAA-0002'}}
    """
    told = findings[findings["suggestion"].notna()].drop_duplicates("suggestion", keep=False).sort_values("key")
    corrections: dict[str, dict[str, str]] = {}
    for code, name in CORRECTION_OF.items():
        rows = told[told["code"] == code]
        corrections[name] = dict(zip(rows["key"], rows["suggestion"], strict=True))
    return corrections
