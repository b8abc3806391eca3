"""Naming a blank card: the child who is not on the names list gets a card of the pile that has a code and no name.

Problem: a child comes on picture day, or an envelope does, and the school's list does not know it. Rule: a blank card takes the
names and the class, keeps its code, and is a person of the job from then on; a card that has a name keeps it. The class is one of
the job: none is made here, because it would need a group card.

Worked case: envelope P012, `Zoë Roe, Mrs. Hewitt`, matched to blank card 9F7E-KYXM: the card is Zoë Roe's of the class of Hewitt.
Known limits: a teacher with two classes is no class. Source: the user's document (blank QR cards); domain.md 2, 7.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from prepaykit.errors import UsageError
from prepaykit.tables.state import JobState

NAMED = ["first_name", "last_name", "teacher", "grade", "student_id"]


def named_cards(state: JobState, given: pd.DataFrame) -> pd.DataFrame:
    """The subjects, in which these blank cards have become children; cards that have a name already stay as they are.

    `given`: one row is a card: access_code, first_name, last_name, and where known group, teacher, grade, student_id. A row without
    any name names nobody. The class is found by its name, else as the only one of that teacher (and grade, if given).

    >>> named_cards(JobState.new(name="maple-grove-2026", school="Maple Grove"), pd.DataFrame({"access_code": []})).shape[0]
    0
    """
    subjects = state.subjects
    if not len(given):
        return subjects
    given = given.reindex(columns=["access_code", *NAMED, "group"]).astype("str").drop_duplicates("access_code")
    given = given[given["first_name"].notna() | given["last_name"].notna()].set_index("access_code")
    free = (subjects["kind"] == "blank") & subjects["first_name"].isna() & subjects["last_name"].isna()
    mine = free & subjects["access_code"].isin(given.index)
    if not mine.any():
        return subjects
    rows = given.reindex(subjects.loc[mine, "access_code"])
    subjects = subjects.copy()
    for column in NAMED:
        subjects.loc[mine, column] = rows[column].to_numpy()
    subjects.loc[mine, "group_id"] = _classes(state.groups, rows).to_numpy()
    subjects.loc[mine, "kind"] = "student"
    groups = state.groups.set_index("group_id")
    for column in ("teacher", "grade"):
        known = subjects.loc[mine, "group_id"].map(groups[column])
        subjects.loc[mine, column] = known.fillna(subjects.loc[mine, column]).astype("str")
    return subjects


def read_names_of_cards(state: JobState, given: Mapping[str, str]) -> pd.DataFrame:
    """`CODE=First|Last|Class` as `named_cards` takes it; the class may be left out.

    Raises UsageError for a text without a last name, and for a class that the job does not have.
    """
    rows = []
    for code, text in given.items():
        parts = [p.strip() for p in str(text).split("|")]
        if not 2 <= len(parts) <= 3 or not parts[1]:
            raise UsageError(f"--name {code}: write CODE=First|Last|Class, such as {code}=Ada|Lee|3A")
        rows.append(
            {
                "access_code": code,
                "first_name": parts[0] or None,
                "last_name": parts[1],
                "group": parts[2] if len(parts) == 3 and parts[2] else None,
            }
        )
    table = pd.DataFrame(rows, columns=["access_code", "first_name", "last_name", "group"]).astype("str")
    table["teacher"] = table["group"]
    lost = table[table["group"].notna() & _classes(state.groups, table.reindex(columns=[*NAMED, "group"])).isna()]
    if len(lost):
        there = ", ".join(sorted(state.groups["name"])[:12])
        raise UsageError(f"--name {lost['access_code'].iloc[0]}: the job has no such class; it has: {there or 'none'}")
    return table


def _classes(groups: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """The class of each row (key of `groups`): by its name, else the only one of that teacher and grade; missing if there is none or several."""
    from prepaykit.rules.matching.forms import folded_name, grade_form, teacher_words

    found: list[object] = []
    known = groups[["group_id", "name", "teacher", "grade"]].to_dict("records")
    for row in rows.to_dict("records"):
        said, teacher, grade = row["group"], row["teacher"], row["grade"]
        named = [g["group_id"] for g in known if any(_same(t, g["name"], folded_name) for t in (said, teacher))]
        taught = [
            g["group_id"]
            for g in known
            if _same(teacher, g["teacher"], teacher_words)
            and (pd.isna(grade) or pd.isna(g["grade"]) or _same(grade, g["grade"], grade_form))
        ]
        one = named if len(named) == 1 else taught
        found.append(one[0] if len(one) == 1 else pd.NA)
    return pd.Series(found, index=rows.index, dtype="Int64")


def _same(one: object, other: object, form: object) -> bool:
    """Do both mean the same? Missing never equals missing."""
    if pd.isna(one) or pd.isna(other):
        return False
    one, other = form(str(one)), form(str(other))
    if isinstance(one, tuple):
        return bool(one) and bool(other) and (one[0] in other or other[0] in one)
    return bool(one) and one == other
