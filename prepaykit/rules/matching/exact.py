"""Which child an order is for, when the order says so exactly.

Problem: a parent types a code, an id or a name; a wrong child is worse than no child. Rule, in this order: the access code
is on the list; else the student id is on the list, once; else first and last name and the class are those of exactly one
child. Capitals and spaces do not count, everything else does. A name alone is never enough.

Worked case: code unknown, no id, `ada LEE`, teacher `Hewitt`: one Ada Lee with Hewitt → `exact_name`; two → `ambiguous`.
Known limits: `Zoe` is not `Zoë`, `3rd` is not `3`: what is only alike is for a person.
Source: domain.md 6.6 (e), 7; matching.md 5 (rules 5 and 6).
"""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

from prepaykit.rules.codes import normal_code

WANTED = ["access_code", "student_id", "first", "last", "grade", "teacher"]


def match_exactly(wanted: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    """Find the child of each order, by code, else student id, else one exact name in the class; never by guessing.

    `wanted`: one row is a child of an order; columns access_code, student_id, first, last, grade, teacher, each may be
    missing. `subjects`: the names list; columns subject_id, access_code, student_id, first_name, last_name, grade, teacher,
    and `group` (the name of the class) if at hand. Returns the rows and index of `wanted` with subject_id (`Int64`),
    matched_by (code, student_id, exact_name) and reason (missing, `unmatched` or `ambiguous`). A missing value never meets
    a missing value. Source: domain.md 7.

    >>> subjects = pd.DataFrame({"subject_id": [1], "access_code": ["X-1"], "student_id": ["007"], "first_name": ["Ada"],
    ...     "last_name": ["Lee"], "grade": ["3"], "teacher": ["Hewitt"]})
    >>> wanted = pd.DataFrame({"access_code": [None], "first": ["ADA"], "last": ["Lee"], "teacher": ["Hewitt"]})
    >>> match_exactly(wanted, subjects).values.tolist()
    [[1, 'exact_name', nan]]
    """
    asked = _asked(wanted)
    listed = _listed(subjects)
    result = pd.DataFrame({
        "subject_id": pd.Series(pd.NA, index=wanted.index, dtype="Int64"),
        "matched_by": pd.Series(None, index=wanted.index, dtype="str"),
        "reason": pd.Series("unmatched", index=wanted.index, dtype="str"),
    })  # fmt: skip
    for how, column in (("code", "access_code"), ("student_id", "student_id")):
        open_rows = result["subject_id"].isna() & (result["reason"] == "unmatched")
        _settle(result, _by_value(asked.loc[open_rows, column], listed[["subject_id", column]].dropna()), how)
    open_rows = result["subject_id"].isna() & (result["reason"] == "unmatched")
    _settle(result, _by_name(asked[open_rows], listed), "exact_name")
    return result


def folded(texts: pd.Series) -> pd.Series:
    """Texts as they are compared: lower case, single spaces."""
    return (
        texts.astype("str")
        .map(lambda t: re.sub(r"\s+", " ", unicodedata.normalize("NFC", t).casefold()).strip(), na_action="ignore")
        .astype("str")
    )


def bare(texts: pd.Series) -> pd.Series:
    """Texts without capitals, accents and signs: for seeing whether two names contradict, never for matching.

    >>> bare(pd.Series(["Zoë-Marie O’Brien"])).tolist()
    ['zoemarieobrien']
    """
    fold = lambda t: "".join(c for c in unicodedata.normalize("NFKD", t.casefold()) if c.isalnum())  # noqa: E731
    return texts.astype("str").map(fold, na_action="ignore").astype("str")


def _asked(wanted: pd.DataFrame) -> pd.DataFrame:
    asked = pd.DataFrame(
        {
            c: wanted[c].astype("str") if c in wanted else pd.Series(None, index=wanted.index, dtype="str")
            for c in WANTED
        }
    )
    asked["access_code"] = asked["access_code"].map(normal_code, na_action="ignore").astype("str")
    return asked.assign(**{c: folded(asked[c]) for c in ("first", "last", "grade", "teacher")})


def _listed(subjects: pd.DataFrame) -> pd.DataFrame:
    listed = subjects[["subject_id", "access_code", "student_id"]].copy()
    for ours, theirs in (
        ("first", "first_name"),
        ("last", "last_name"),
        ("grade", "grade"),
        ("teacher", "teacher"),
        ("group", "group"),
    ):
        listed[ours] = (
            folded(subjects[theirs]) if theirs in subjects else pd.Series(None, index=subjects.index, dtype="str")
        )
    return listed


def _by_value(asked: pd.Series, listed: pd.DataFrame) -> pd.DataFrame:
    """Every pair of an asked row (`at`) and a subject with the same value."""
    left = pd.DataFrame({"at": asked.index, "value": asked.to_numpy()}).dropna()
    right = listed.set_axis(["subject_id", "value"], axis=1)
    return left.merge(right, on="value", validate="m:m")[["at", "subject_id"]]


def _by_name(asked: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Every pair with the same names whose class agrees and whose ids do not contradict."""
    left = asked.dropna(subset=["first", "last"]).rename_axis("at").reset_index()
    pairs = left.merge(
        listed.dropna(subset=["first", "last"]), on=["first", "last"], suffixes=("", "_listed"), validate="m:m"
    )
    agrees = pd.Series(False, index=pairs.index)
    contradicts = (
        pairs["student_id"].notna()
        & pairs["student_id_listed"].notna()
        & (pairs["student_id"] != pairs["student_id_listed"])
    )
    for column in ("grade", "teacher"):
        typed, listed_value = pairs[column], pairs[f"{column}_listed"]
        # Parents write the class where the form asks for the teacher or the grade.
        same = (typed == listed_value) | (typed == pairs["group"])
        agrees |= same & typed.notna()
        contradicts |= ~same & typed.notna() & listed_value.notna()
    return pairs.loc[agrees & ~contradicts, ["at", "subject_id"]]


def _settle(result: pd.DataFrame, pairs: pd.DataFrame, how: str) -> None:
    """Write down the rows with exactly one child, and mark those with several."""
    pairs = pairs.drop_duplicates()
    once = pairs[~pairs["at"].duplicated(keep=False)]
    result.loc[once["at"], "subject_id"] = once["subject_id"].astype("Int64").to_numpy()
    result.loc[once["at"], "matched_by"] = how
    result.loc[once["at"], "reason"] = None
    result.loc[pairs.loc[pairs["at"].duplicated(), "at"].unique(), "reason"] = "ambiguous"
