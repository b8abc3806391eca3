"""Learnt: what the decisions of people taught this job about short forms of names and about what parents call a teacher.

Problem: the analyst matches `Nessie Iyer` to Vanessa by hand, and the next parent writes Nessie again. Rule: nothing is trained and
nothing is kept apart: the rows are worked out each time from the choices that stand, so a choice that is taken back or replaced
takes its lesson with it, and the same choices teach the same. One decision teaches only what it supports:

    nickname       the surname and the class agree, and the first name as written looks like a short form of the listed one
                   (three letters in a row are of it) and is no name in its own right: no child of the list bears it, and it
                   is none of the common first names
    teacher_form   both names agree and the grade does not differ; what is written fits no other teacher or class of the list

A lesson that the job itself contradicts is shown and not used (`is_used`): one teacher form taught for two teachers, or written by
parents of children in another class.

Worked case: `Ana Lopez` is put right to Mia Lopez of the same class: the names are not alike, so nothing is learnt.
Known limits: first names in swapped fields or in one field teach nothing. Source: matching.md 5 (rule 10).
"""

from __future__ import annotations

import pandas as pd

from prepaykit.rules.order_entry import listed_subjects
from prepaykit.tables.state import JobState

LEARNT_COLUMNS = ["kind", "written", "listed", "choice", "who", "decided_at", "why", "is_used", "note"]
_TYPED = ["typed_first", "typed_last", "typed_grade", "typed_teacher"]
_KNOWN = ("exact", "nickname", "slip", "short_slip", "sound", "part", "middle", "clipped", "initial", "missing")


def learnt_from(state: JobState) -> pd.DataFrame:
    """What people's decisions taught: kind (`nickname`, `teacher_form`), written, listed, and from which choice, by whom, when, why.

    `is_used`: false for a lesson that the job contradicts, with the reason in `note`. One row a lesson: two decisions that teach the same
    are one, the first by target. Works from `choices` (match, order_code), what was typed, and the names list.

    >>> learnt_from(JobState.new(name="maple-grove-2026", school="Maple Grove")).columns.tolist()[:4]
    ['kind', 'written', 'listed', 'choice']
    """
    pairs = _decided_pairs(state)
    if not len(pairs):
        return _nothing()
    listed = listed_subjects(state)
    rows = pd.concat([_nicknames(pairs, listed), _teacher_forms(pairs, listed, state)], ignore_index=True)
    if not len(rows):
        return _nothing()
    rows = rows.sort_values(["kind", "written", "listed", "choice"], kind="stable").drop_duplicates(
        ["kind", "written", "listed"]
    )
    return rows[LEARNT_COLUMNS].reset_index(drop=True)


# --- inside ------------------------------------------------------------------------------------------------------------


def _decided_pairs(state: JobState) -> pd.DataFrame:
    """What was typed beside the child whom a person chose for it: one row a choice."""
    rows = state.choices[state.choices["kind"].isin(["match", "order_code"])]
    if not len(rows):
        return rows
    # A code given to the order itself was the later word: what was said of its envelope before teaches nothing any more.
    recoded = (
        state.order_subjects["order_subject_id"].astype("str").isin(rows.loc[rows["kind"] == "order_code", "target"])
    )
    orders = state.order_subjects.loc[recoded, "order_id"]
    paper = state.orders[(state.orders["origin"] == "paper") & state.orders["order_id"].isin(orders)]
    rows = rows[~((rows["kind"] == "match") & rows["target"].isin(paper["order_no"]))]
    numbers = state.orders.set_index("order_id")["order_no"]
    children = state.order_subjects.assign(target=state.order_subjects["order_subject_id"].astype("str"), kind="order_code",
                                           choice="order " + state.order_subjects["order_id"].map(numbers).astype("str"))  # fmt: skip
    envelopes = state.envelopes.assign(
        target=state.envelopes["envelope_no"], kind="match", choice="envelope " + state.envelopes["envelope_no"]
    )
    typed = pd.concat([t[["kind", "target", "choice", *_TYPED]] for t in (children, envelopes) if len(t)])
    rows = rows.merge(typed, on=["kind", "target"], how="inner", validate="1:1")
    people = listed_subjects(state)[["access_code", "first_name", "last_name", "grade", "teacher", "group"]]
    return rows.merge(people, left_on="value", right_on="access_code", how="inner", validate="m:1")


def _nicknames(pairs: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    from prepaykit.rules.matching import forms
    from prepaykit.rules.matching.nicknames import known_frequencies
    from prepaykit.rules.matching.taught import NICKNAME

    own_right = {p for text in listed["first_name"].dropna() for p in forms.first_parts(text)} | set(
        known_frequencies()["first"]
    )
    found = []
    for row in pairs.dropna(subset=["typed_first", "first_name"]).to_dict("records"):
        written, names = forms.first_parts(row["typed_first"]), forms.first_parts(row["first_name"])
        if len(written) != 1 or not names or written[0] in own_right or not looks_short(written[0], names[0]):
            continue
        if _level(written, names) not in _KNOWN and _surname_agrees(row) and _class_agrees(row):
            found.append(
                {**row, "kind": NICKNAME, "written": written[0], "listed": names[0], "is_used": True, "note": ""}
            )
    return _lessons(found)


def _teacher_forms(pairs: pd.DataFrame, listed: pd.DataFrame, state: JobState) -> pd.DataFrame:
    from prepaykit.rules.matching import forms
    from prepaykit.rules.matching.taught import TEACHER_FORM

    found = []
    teachers = {**dict.fromkeys(listed["teacher"].dropna()), **dict.fromkeys(listed["group"].dropna())}
    for row in pairs.dropna(subset=["typed_teacher", "teacher", "typed_first", "first_name"]).to_dict("records"):
        words = forms.teacher_words(row["typed_teacher"])
        names = forms.first_parts(row["typed_first"]), forms.first_parts(row["first_name"])
        own = {row["teacher"], row["group"]}
        if (
            not words
            or not all(names)
            or _level(*names) not in ("exact", "nickname", "part", "slip")
            or not _surname_agrees(row)
        ):
            continue
        is_known = _is_same(words, row["teacher"]) or (len(words[0]) > 1 and _fits(words, row["teacher"]))
        if _grade(row) == "differs" or is_known or any(_fits(words, t) for t in teachers if t not in own):
            continue
        found.append({**row, "kind": TEACHER_FORM, "written": row["typed_teacher"], "listed": row["teacher"]})
    rows = _lessons(found)
    if not len(rows):
        return rows
    # One form in two writings (`Mrs. K.`, `mrs k`) is one lesson.
    rows["words"] = [" ".join(forms.teacher_words(w)) for w in rows["written"]]
    taught_twice = rows.groupby("words")["listed"].transform("nunique") > 1
    elsewhere = _written_elsewhere(rows, listed, state)
    rows["is_used"] = ~taught_twice & ~elsewhere
    rows["note"] = (
        pd.Series("", index=rows.index)
        .mask(elsewhere, "parents of another class write it too")
        .mask(taught_twice, "taught for two teachers")
    )
    return rows.drop_duplicates(["words", "listed"])


def _written_elsewhere(rows: pd.DataFrame, listed: pd.DataFrame, state: JobState) -> pd.Series:
    """Does an order whose child is known say the same of a child with another teacher?"""
    from prepaykit.rules.matching.forms import teacher_words

    known = state.order_subjects.dropna(subset=["subject_id", "typed_teacher"])
    known = known.assign(words=[" ".join(teacher_words(t)) for t in known["typed_teacher"]],
                         teacher=known["subject_id"].map(listed.set_index("subject_id")["teacher"]))  # fmt: skip
    there = known.dropna(subset=["teacher"]).groupby("words")["teacher"].agg(set)
    return pd.Series(
        [bool(there.get(w, set()) - {t}) for w, t in zip(rows["words"], rows["listed"], strict=True)], index=rows.index
    )


def _level(written: tuple[str, ...], listed: tuple[str, ...]) -> str:
    import numpy as np

    from prepaykit.rules.matching.levels import FIRST, compare_firsts

    return FIRST[int(compare_firsts([written], [listed]).of(np.array([0]), np.array([0]))[0])]


def looks_short(written: str, listed: str) -> bool:
    """Does it look like a short form: are three letters in a row of the listed name?

    >>> looks_short("nessie", "vanessa"), looks_short("gabo", "gabriel"), looks_short("ana", "mia"), looks_short("vi", "vivian")
    (True, True, False, False)
    """
    return len(written) <= len(listed) + 2 and any(written[i : i + 3] in listed for i in range(len(written) - 2))


def _surname_agrees(row: dict) -> bool:
    from prepaykit.rules.matching.forms import last_parts

    if pd.isna(row["typed_last"]) or pd.isna(row["last_name"]):
        return False
    return bool(set(last_parts(row["typed_last"])) & set(last_parts(row["last_name"])))


def _class_agrees(row: dict) -> bool:
    """Teacher or grade is the listed one, and neither is another."""
    from prepaykit.rules.matching.forms import teacher_words

    teacher = "unsaid"
    if not pd.isna(row["typed_teacher"]):
        words = teacher_words(row["typed_teacher"])
        teacher = (
            "same" if any(not pd.isna(row[c]) and _is_same(words, row[c]) for c in ("teacher", "group")) else "differs"
        )
    said = {teacher, _grade(row)}
    return "same" in said and "differs" not in said


def _grade(row: dict) -> str:
    from prepaykit.rules.matching.forms import grade_form

    if pd.isna(row["typed_grade"]) or pd.isna(row["grade"]):
        return "unsaid"
    return "same" if grade_form(row["typed_grade"]) == grade_form(row["grade"]) else "differs"


def _is_same(words: tuple[str, ...], teacher: str) -> bool:
    from prepaykit.rules.matching.forms import teacher_words

    return bool(words) and words[0] in teacher_words(teacher)


def _fits(words: tuple[str, ...], teacher: str) -> bool:
    """Could what is written mean this teacher or class: the same word, one slip, or its initial?"""
    from prepaykit.rules.matching.forms import teacher_words
    from prepaykit.rules.matching.levels import TEACHER, compare_teachers

    level = TEACHER[int(compare_teachers([words], [teacher_words(teacher)])[0, 0])]
    return level in ("exact", "slip", "initial")


def _lessons(found: list[dict]) -> pd.DataFrame:
    rows = pd.DataFrame(found) if found else pd.DataFrame({c: pd.Series(dtype="str") for c in LEARNT_COLUMNS})
    return rows.reindex(columns=LEARNT_COLUMNS)


def _nothing() -> pd.DataFrame:
    rows = pd.DataFrame({c: pd.Series(dtype="str") for c in LEARNT_COLUMNS})
    return rows.astype({"decided_at": "datetime64[us, UTC]", "is_used": "bool"})
