"""Suggestions among the findings that are safe to take as they are.

Problem: a card printed anew carries a code that nobody listed, and the sequence names the child whose card it likely is. Rule:
a suggestion is taken only if it is the only one for that child, so that two galleries are never put together by a machine.
Everything else stays a finding. Source: the user's document, part II; domain.md 8.
"""

from __future__ import annotations

import pandas as pd


def suggested_relabels(findings: pd.DataFrame) -> dict[str, str]:
    """Galleries to relabel: code on the card → likely code of the names list, from `code_not_listed` findings.

    Uses `code`, `key` and `suggestion` of the findings; a child suggested for two galleries is left out, both times.

    >>> rows = [("code_not_listed", "AAAA-0001", "AAAA-0002"), ("code_not_listed", "AAAA-0003", None), ("unread_card", "7", None)]
    >>> suggested_relabels(pd.DataFrame(rows, columns=["code", "key", "suggestion"]))
    {'AAAA-0001': 'AAAA-0002'}
    """
    rows = findings[(findings["code"] == "code_not_listed") & findings["suggestion"].notna()]
    rows = rows.drop_duplicates("suggestion", keep=False).sort_values("key")
    return dict(zip(rows["key"], rows["suggestion"], strict=True))
