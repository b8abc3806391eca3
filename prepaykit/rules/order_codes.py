"""Order codes: whose code an order should carry, when the one it carries leads to nobody.

Problem: a code that is one slip beside a child's looks like that child's, but a brother's code is a code too, and serial numbers are all
one slip apart. Rule: the children are ranked by everything the order says (names, class, code, addresses) by the matching
engine; the code alone ranks nobody. `sure` needs the code to be one slip from exactly one code of the list and of every other job,
and the first name to agree with that very child, who must be the likeliest one. A child whose first name contradicts is
never more than possible. Where nobody of the list fits, blank cards used in the class are shown: late children hold them.

Worked case: an order for Ada Lee, teacher Hewitt, code one slip from hers: sure. The same code, first name Ben: possible only.
Known limits: see `rules.matching`. Source: matching.md 5; domain.md 5, 6.2.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.rules.code_repair import repairs, slips
from prepaykit.rules.codes import normal_code
from prepaykit.rules.order_entry import listed_subjects
from prepaykit.rules.stray_claims import LIKELY, POSSIBLE, SURE
from prepaykit.tables.state import JobState

WORTH_SAYING, SURE_FROM, LIKELY_FROM = 0.01, 0.9, 0.9
AGREES = ("exact", "nickname", "part", "clipped", "slip", "sound")
COLUMNS = ["order_subject_id", "to", "rank", "sure", "evidence", "look"]


def code_candidates(state: JobState, children: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
    """The children that orders without a child may be for, the likeliest first.

    `children`: rows of `order_subjects`. One row is a candidate: `order_subject_id`, `to` (the child's code, or a blank card's), `rank`
    (equal candidates share one), `sure` (sure, likely, possible), `evidence` (how names, class and code agree; never the names), `look`
    (the first frame under that code).
    """
    named = _by_everything(state, children)
    blanks = _blank_cards(state, children[~children["order_subject_id"].isin(named["order_subject_id"])], sessions)
    parts = [p for p in (named, blanks) if len(p)]
    rows = pd.concat(parts)[[c for c in COLUMNS if c != "look"]] if parts else pd.DataFrame(columns=COLUMNS[:-1])
    first = state.galleries.sort_values("position").drop_duplicates("access_code").set_index("access_code")["frame_id"]
    return rows.assign(look=rows["to"].map(first).astype("Int64").astype("str")).reset_index(drop=True)


def _by_everything(state: JobState, children: pd.DataFrame) -> pd.DataFrame:
    from prepaykit.rules.matching.in_full import match_in_full
    from prepaykit.rules.matching.levels import FIRST

    people = listed_subjects(state)
    people = people[(people["kind"] != "blank") & (people["first_name"].notna() | people["last_name"].notna())]
    if not len(children) or not len(people):
        return pd.DataFrame(columns=COLUMNS)
    asked = _asked(children, state.orders.set_index("order_id"))
    found = match_in_full(asked, people)
    pairs = found.evidence[found.evidence["rank"] <= 5] if len(found.evidence) else found.evidence
    if not len(pairs):
        return pd.DataFrame(columns=COLUMNS)
    code = found.desk.listed["access_code"].to_numpy()[pairs["child"]]
    rows = found.candidates.assign(to=code, first=np.array(FIRST, dtype=object)[pairs["first_level"].to_numpy()])
    rows = rows[rows["probability"] >= WORTH_SAYING]
    rows["order_subject_id"] = rows["order_id"].astype("int64")
    rows["rank"] = (
        rows["probability"].round(4).groupby(rows["order_id"]).rank(method="dense", ascending=False).astype("int64")
    )
    typed = rows["order_subject_id"].map(children.set_index("order_subject_id")["access_code"]).astype("str")
    everywhere = [*state.subjects["access_code"], *state.groups["access_code"], *state.other_codes["access_code"]]
    meant = typed.map(repairs(map(normal_code, typed.dropna().unique()), everywhere))
    alone = rows.groupby(["order_id", "rank"])["to"].transform("size") == 1
    agrees = rows["first"].isin(AGREES)
    best = (rows["rank"] == 1) & alone
    sure = best & (meant == rows["to"]).fillna(False) & agrees & (rows["probability"] >= SURE_FROM)
    likely = best & agrees & (rows["probability"] >= LIKELY_FROM)
    words = [f"{e}; the code is {slips(t, c)}" if isinstance(t, str) and slips(t, c) != "another code" else e
             for e, t, c in zip(rows["evidence"], typed, rows["to"], strict=True)]  # fmt: skip
    return rows.assign(sure=np.select([sure, likely], [SURE, LIKELY], POSSIBLE), evidence=words)


def _asked(children: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Children of orders as the matching engine wants them."""
    return pd.DataFrame({
        "order_id": children["order_subject_id"].astype("str"), "access_code": children["access_code"],
        "student_first": children["typed_first"], "student_last": children["typed_last"], "student_id": children["typed_student_id"],
        "grade": children["typed_grade"], "teacher": children["typed_teacher"],
        "parent_name": children["order_id"].map(orders["buyer_name"]), "parent_email": children["order_id"].map(orders["buyer_email"]),
        "parent_phone": children["order_id"].map(orders["buyer_phone"]),
    })  # fmt: skip


def _blank_cards(state: JobState, children: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
    """Blank cards used where the order's class was shot, and that no order and no child has yet."""
    if not len(children) or not len(sessions):
        return pd.DataFrame(columns=COLUMNS)
    used = sessions[(sessions["kind"] == "blank") & (sessions["frames"] > 0)].drop_duplicates("access_code")
    used = used[~used["subject_id"].isin(state.order_subjects["subject_id"].dropna())]
    used = used.assign(group_id=used["class_before"].fillna(used["class_after"]))
    typed = children[["order_subject_id"]].assign(
        teacher=_plain(children["typed_teacher"]), grade=_plain(children["typed_grade"])
    )
    classes = state.groups[["group_id"]].assign(
        teacher=_plain(state.groups["teacher"]), grade=_plain(state.groups["grade"])
    )
    pairs = typed.dropna(subset="teacher").merge(
        classes.dropna(subset="teacher"), on="teacher", suffixes=("", "_of"), validate="m:m"
    )
    pairs = pairs[(pairs["grade"] == pairs["grade_of"]) | pairs["grade"].isna() | pairs["grade_of"].isna()]
    pairs = pairs.merge(used[["group_id", "access_code", "frames"]], on="group_id", validate="m:m")
    words = (
        "nobody of the list fits; blank card "
        + pairs["access_code"]
        + " was used in this class, with "
        + pairs["frames"].astype("str")
        + " frames"
    )
    return pairs.assign(to=pairs["access_code"], rank=1, sure=POSSIBLE, evidence=words)


def _plain(texts: pd.Series) -> pd.Series:
    return texts.astype("str").str.casefold().str.strip()
