"""The desk: orders and names list laid out as arrays, each distinct value once, ready to be compared.

Problem: comparing 5,000 orders with 20,000 children is a hundred million pairs of texts, but only some thousand distinct names.
Rule: texts are brought to their normal form once, numbered, and compared once; everything else is looking up numbers.
Children are kept in the order of their own values, so that the order of the rows in the file changes nothing.

Source: matching.md 5 (time bar). Known limits: one school an order.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

from prepaykit.rules.code_repair import folded_code as fold_code
from prepaykit.rules.matching import forms, levels
from prepaykit.rules.matching.weights import WAYS

NAMES = (
    "student_id",
    "access_code",
    "first_name",
    "last_name",
    "middle_name",
    "grade",
    "teacher",
    "group",
    "school",
    "email",
    "phone",
)
ORDERS = (
    "access_code",
    "student_id",
    "student_first",
    "student_last",
    "grade",
    "teacher",
    "school",
    "parent_name",
    "parent_email",
    "parent_phone",
)
NOBODY = -1


@dataclass(frozen=True)
class Desk:
    """Numbers instead of texts; `order_*` has one entry an order, `child_*` one a child, `reading_*` one a reading of an order's names."""

    asked: pd.DataFrame
    listed: pd.DataFrame
    order_block: np.ndarray
    child_block: np.ndarray
    blocks: list[np.ndarray]
    reading_order: np.ndarray
    reading_first: np.ndarray
    reading_last: np.ndarray
    reading_way: np.ndarray
    first_reading: np.ndarray
    firsts: list
    lasts: list
    listed_firsts: list
    listed_lasts: list
    child_first: np.ndarray
    child_last: np.ndarray
    child_middle: np.ndarray
    first_pairs: levels.Pairs
    last_pairs: levels.Pairs
    order_class: np.ndarray
    child_class: np.ndarray
    teacher_levels: np.ndarray
    grade_levels: np.ndarray
    order_code: np.ndarray
    child_code: np.ndarray
    child_family: np.ndarray


def lay_out(orders: pd.DataFrame, names: pd.DataFrame, *, learnt: pd.DataFrame | None = None) -> Desk:
    """Bring orders and names list to the desk. Both as `match_orders` takes them; texts that are not there are missing."""
    asked, listed = _texts(orders, ORDERS), _texts(_with_extra(names), NAMES)
    listed = listed.sort_values(list(NAMES), kind="stable", ignore_index=True)
    order_block, child_block, blocks = _schools(asked["school"], listed["school"])
    readings = _readings(asked)
    firsts, reading_first = _numbered(readings["first"])
    lasts, reading_last = _numbered(readings["last"])
    listed_firsts, child_first = _numbered(_parts(listed["first_name"], forms.first_parts))
    # Middle names are compared as first names are; whoever has none has the number NOBODY.
    middles = _parts(listed["middle_name"], forms.first_parts)
    vocabulary = {v: i for i, v in enumerate(listed_firsts)}
    for m in sorted({m for m in middles if m and m not in vocabulary}):
        vocabulary[m] = len(vocabulary)
    child_middle = np.array([vocabulary[m] if m else NOBODY for m in middles], dtype=np.int64)
    listed_firsts = list(vocabulary)
    listed_lasts, child_last = _numbered(_parts(listed["last_name"], forms.last_parts))
    order_class, child_class, teacher_levels, grade_levels = _classes(asked, listed)
    reading_order = readings["order"].to_numpy(np.int64)
    return Desk(
        asked=asked, listed=listed, order_block=order_block, child_block=child_block, blocks=blocks, reading_order=reading_order,
        reading_first=reading_first, reading_last=reading_last, reading_way=np.log2(readings["way"].map(WAYS).to_numpy(float)),
        first_reading=np.searchsorted(reading_order, np.arange(len(asked) + 1)), firsts=firsts, lasts=lasts, listed_firsts=listed_firsts,
        listed_lasts=listed_lasts, child_first=child_first, child_last=child_last, child_middle=child_middle,
        first_pairs=levels.compare_firsts(firsts, listed_firsts, learnt=learnt), last_pairs=levels.compare_lasts(lasts, listed_lasts),
        order_class=order_class, child_class=child_class, teacher_levels=teacher_levels, grade_levels=grade_levels,
        order_code=_code_texts(asked["access_code"]), child_code=_code_texts(listed["access_code"]),
        child_family=pd.factorize(pd.Series(child_last).astype(str) + "|" + pd.Series(child_block).astype(str))[0],
    )  # fmt: skip


def _with_extra(names: pd.DataFrame) -> pd.DataFrame:
    """The names list with school and middle name, which may stand in `extra` (JSON of the columns that nobody knew)."""
    if "extra" not in names:
        return names
    texts = names["extra"].dropna()
    more = (
        pd.DataFrame([json.loads(t) for t in texts], index=texts.index)
        if len(texts)
        else pd.DataFrame(index=texts.index)
    )
    more.columns = [str(c).strip().lower().replace(" ", "_") for c in more.columns]
    more = more.rename(columns={"middle": "middle_name", "student_middle_name": "middle_name"})
    wanted = [c for c in ("school", "middle_name") if c in more and c not in names]
    return names.assign(**{c: more[c].reindex(names.index) for c in wanted})


def _texts(table: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """These columns as trimmed texts, empty where nothing is written."""
    kept = {c: table[c].astype("object").where(table[c].notna(), "").astype(str).str.strip().to_numpy(object) if c in table else np.full(len(table), "", dtype=object)
            for c in columns}  # fmt: skip
    return pd.DataFrame(kept)


def _each(texts: pd.Series, form) -> list:
    """A form of each text, worked out once for each distinct text."""
    known = {t: form(t) for t in texts.unique()}
    return [known[t] for t in texts]


def _parts(texts: pd.Series, form) -> list[tuple[str, ...]]:
    return _each(texts, lambda t: form(t) if t else ())


def _numbered(values: list) -> tuple[list, np.ndarray]:
    """The distinct values in their own order, and the number of each."""
    distinct = sorted(set(values))
    place = {v: i for i, v in enumerate(distinct)}
    return distinct, np.array([place[v] for v in values], dtype=np.int64)


def _readings(asked: pd.DataFrame) -> pd.DataFrame:
    pairs = list(zip(asked["student_first"], asked["student_last"], asked["parent_name"], strict=True))
    known = {p: forms.readings(*p) for p in dict.fromkeys(pairs)}
    rows = [(i, name[0], name[1], way) for i, p in enumerate(pairs) for name, way in known[p]]
    return pd.DataFrame(rows, columns=["order", "first", "last", "way"])


def _schools(asked: pd.Series, listed: pd.Series) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """The school of each order and child; an order whose school is not said or not on the list has NOBODY's."""
    there = _listed_schools(listed)
    known, child_block = _numbered(there)
    everybody = np.arange(len(listed))
    if len(known) < 2 or not asked.any():
        return np.full(len(asked), NOBODY), np.zeros(len(listed), dtype=np.int64), [everybody]
    place = {k: i for i, k in enumerate(known) if k[0]}
    order_block = np.array(_each(asked, lambda t: _same_school(*_school(t), place) if t else NOBODY), dtype=np.int64)
    return order_block, child_block, [np.flatnonzero(child_block == b) for b in range(len(known))]


def _school(text: str) -> tuple[str, str]:
    return (forms.school_form(text), forms.school_level(text)) if text else ("", "")


def _listed_schools(listed: pd.Series) -> list[tuple[str, str]]:
    """Name and level of each child's school; where only one level bears a name, a row that does not say it means that one."""
    there = _each(listed, _school)
    levels_of: dict[str, set[str]] = {}
    for form, level in set(there):
        levels_of.setdefault(form, set()).update({level} - {""})
    only = {form: next(iter(found)) for form, found in levels_of.items() if len(found) == 1}
    return [(form, level or only.get(form, "")) for form, level in there]


def _same_school(form: str, level: str, place: dict[tuple[str, str], int]) -> int:
    """The one school whose name is this, begins with this, or is one letter off; NOBODY if there is none or several.

    Lincoln Elementary is not Lincoln Middle; Lincoln alone is neither where there are both.
    """
    if level and (form, level) in place:
        return place[form, level]
    from rapidfuzz.distance import OSA

    fits = {k: i for k, i in place.items() if not level or k[1] in ("", level)}
    same = [i for k, i in fits.items() if k[0] == form]
    begins = [i for k, i in fits.items() if k[0].startswith(form + " ") or form.startswith(k[0] + " ")]
    near = [i for k, i in fits.items() if len(form) > 4 and OSA.distance(form, k[0], score_cutoff=1) <= 1]
    likely = same or begins or near
    return likely[0] if len(likely) == 1 else NOBODY


def _classes(asked: pd.DataFrame, listed: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The number of what each order says about the class and of each child's class, and the levels between them."""
    words = lambda t: forms.teacher_words(t) if t else ()  # noqa: E731
    grade = lambda t: forms.grade_form(t) if t else ""  # noqa: E731
    typed, order_class = _numbered(list(zip(_each(asked["teacher"], words), _each(asked["grade"], grade), strict=True)))
    classes, child_class = _numbered(
        list(
            zip(
                _each(listed["teacher"], words),
                _each(listed["group"], words),
                _each(listed["grade"], grade),
                strict=True,
            )
        )
    )
    teacher = levels.compare_teachers([t for t, _ in typed], [c[0] for c in classes])
    # Parents write the class where the form asks for the teacher.
    by_group = levels.compare_teachers([t for t, _ in typed], [c[1] for c in classes])
    exact = levels.TEACHER.index("exact")
    teacher = np.where(by_group == exact, exact, teacher)
    return order_class, child_class, teacher, _grade_levels([g for _, g in typed], [c[2] for c in classes])


def _grade_levels(typed: list[str], listed: list[str]) -> np.ndarray:
    one, two = np.array(typed, dtype=object)[:, None], np.array(listed, dtype=object)[None, :]
    rank_one, rank_two = (np.array([forms.grade_rank(g) for g in side]) for side in (typed, listed))
    beside = (np.abs(rank_one[:, None] - rank_two[None, :]) == 1) & (rank_one[:, None] > -9)
    names = [levels.GRADE.index(w) for w in ("missing", "exact", "beside")]
    return np.select([(one == "") | (two == ""), one == two, beside], names, levels.GRADE.index("different")).astype(
        np.int8
    )


def _code_texts(codes: pd.Series) -> np.ndarray:
    """Codes with look-alikes folded together."""
    return np.array(_each(codes, lambda t: fold_code(t) if t else ""), dtype=object)
