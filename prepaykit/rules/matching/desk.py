"""The desk: orders and names list laid out as arrays, each distinct value once, ready to be compared.

Problem: comparing 5,000 orders with 20,000 children is a hundred million pairs of texts, but only some thousand distinct names.
Rule: texts are brought to their normal form once, numbered, and compared once; everything else is looking up numbers.
Children are kept in the order of their own values, so that the order of the rows in the file changes nothing.

Source: matching.md 5 (time bar). Known limits: one school an order.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from prepaykit.rules.code_repair import ALIKE
from prepaykit.rules.code_repair import folded_code as fold_code
from prepaykit.rules.matching import forms, levels
from prepaykit.rules.matching.weights import WAYS, Bases

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
    order_parent: np.ndarray
    first_pairs: levels.Pairs
    last_pairs: levels.Pairs
    order_class: np.ndarray
    child_class: np.ndarray
    teacher_levels: np.ndarray
    grade_levels: np.ndarray
    order_code: np.ndarray
    child_code: np.ndarray
    child_family: np.ndarray

    @cached_property
    def said_class(self) -> np.ndarray:
        """What each text about the class says: grade (1), teacher (2), both (3) or nothing (0)."""
        return _filled(self.asked, self.order_class, len(self.teacher_levels))

    @cached_property
    def lacks_class(self) -> np.ndarray:
        """What the list lacks for each class: grade (1), teacher (2), both (3) or nothing (0)."""
        return 3 - _filled(self.listed, self.child_class, self.teacher_levels.shape[1])

    @cached_property
    def first_bases(self) -> Bases:
        """How likely anybody writes each first name."""
        return Bases(self.first_pairs, self.firsts, self.listed_firsts, self.child_first, "first")

    @cached_property
    def last_bases(self) -> Bases:
        """How likely anybody writes each surname."""
        return Bases(self.last_pairs, self.lasts, self.listed_lasts, self.child_last, "last")


def lay_out(
    orders: pd.DataFrame, names: pd.DataFrame, *, learnt: pd.DataFrame | None = None, two_lists: bool = False
) -> Desk:
    """Bring orders and names list to the desk. Both as `match_orders` takes them; texts that are not there are missing.

    `two_lists`: the orders are a second list of the same children.
    """
    asked, listed = _texts(orders, ORDERS), _texts(_with_extra(names), NAMES)
    listed = listed.sort_values(list(NAMES), kind="stable", ignore_index=True)
    order_block, child_block, blocks = _schools(asked["school"], listed["school"])
    readings = _readings(asked)
    firsts, reading_first = _numbered(readings["first"])
    parents = _each(asked["parent_name"], forms.parents_surname)
    lasts, numbers = _numbered([*readings["last"], *parents])
    reading_last, order_parent = numbers[: len(readings)], numbers[len(readings) :]
    listed_firsts, child_first = _numbered_forms(listed["first_name"], forms.first_parts)
    # Middle names are compared as first names are; whoever has none has the number NOBODY.
    middles, middle = _numbered_forms(listed["middle_name"], forms.first_parts)
    vocabulary = {v: i for i, v in enumerate(listed_firsts)}
    for m in filter(None, middles):
        vocabulary.setdefault(m, len(vocabulary))
    child_middle = np.array([vocabulary[m] if m else NOBODY for m in middles], dtype=np.int64)[middle]
    listed_firsts = list(vocabulary)
    listed_lasts, child_last = _numbered_forms(listed["last_name"], forms.last_parts)
    order_class, child_class, teacher_levels, grade_levels = _classes(asked, listed)
    reading_order = readings["order"].to_numpy(np.int64)
    return Desk(
        asked=asked, listed=listed, order_block=order_block, child_block=child_block, blocks=blocks, reading_order=reading_order,
        reading_first=reading_first, reading_last=reading_last, reading_way=np.log2(readings["way"].map(WAYS).to_numpy(float)),
        first_reading=np.searchsorted(reading_order, np.arange(len(asked) + 1)), firsts=firsts, lasts=lasts, listed_firsts=listed_firsts,
        listed_lasts=listed_lasts, child_first=child_first, child_last=child_last, child_middle=child_middle,
        order_parent=np.where([bool(p) for p in parents], order_parent, NOBODY),
        first_pairs=levels.compare_firsts(firsts, listed_firsts, learnt=learnt, bearers=np.bincount(child_first, minlength=len(listed_firsts)),
                                          two_lists=two_lists,
            closely=_straight(readings, reading_first, len(firsts))),
        last_pairs=levels.compare_lasts(lasts, listed_lasts, bearers=np.bincount(child_last, minlength=len(listed_lasts)),
                                        two_lists=two_lists,
            closely=_straight(readings, reading_last, len(lasts))),
        order_class=order_class, child_class=child_class, teacher_levels=teacher_levels, grade_levels=grade_levels,
        order_code=_code_texts(asked["access_code"]), child_code=_code_texts(listed["access_code"]),
        child_family=pd.factorize(child_last * (len(blocks) + 1) + child_block)[0],
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
    kept = {}
    for column in columns:
        texts = np.full(len(table), "", dtype=object)
        if column in table:
            there = table[column].notna().to_numpy()
            texts[there] = [str(t).strip() for t in table[column].to_numpy(object)[there]]
        kept[column] = texts
    return pd.DataFrame(kept, dtype="object")


def _each(texts: pd.Series, form) -> list:
    """A form of each text, worked out once for each distinct text."""
    place, distinct = pd.factorize(texts.to_numpy(object))
    known = [form(t) for t in distinct]
    return [known[i] for i in place.tolist()]


def _numbered(values: list) -> tuple[list, np.ndarray]:
    """The distinct values in their own order, and the number of each."""
    distinct = sorted(set(values))
    place = {v: i for i, v in enumerate(distinct)}
    return distinct, np.array([place[v] for v in values], dtype=np.int64)


def _numbered_forms(texts: pd.Series, form) -> tuple[list, np.ndarray]:
    """The distinct forms of texts in their own order, and the number of each text's; an empty text has the form of nothing."""
    place, known = pd.factorize(texts.to_numpy(object))
    distinct, number = _numbered([form(t) if t else form("")[:0] for t in known])
    return distinct, number[place] if len(place) else place.astype(np.int64)


def _readings(asked: pd.DataFrame) -> pd.DataFrame:
    pairs = list(zip(asked["student_first"], asked["student_last"], asked["parent_name"], strict=True))
    known = {p: forms.readings(*p) for p in dict.fromkeys(pairs)}
    rows = [(i, name[0], name[1], way) for i, p in enumerate(pairs) for name, way in known[p]]
    return pd.DataFrame(rows, columns=["order", "first", "last", "way"])


def _straight(readings: pd.DataFrame, number: np.ndarray, count: int) -> np.ndarray:
    """Which distinct names are read as they are written, or from one field: those are worth a second look."""
    found = np.zeros(count, dtype=bool)
    found[number[readings["way"].isin(["as_written", "one_field"]).to_numpy()]] = True
    return found


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
    said, order_class = _together(asked, {"teacher": forms.teacher_words, "grade": forms.grade_form})
    there, child_class = _together(
        listed, {"teacher": forms.teacher_words, "group": forms.teacher_words, "grade": forms.grade_form}
    )
    (teachers, teacher), (grades, grade) = said["teacher"], said["grade"]
    known, known_at = there["teacher"]
    found = levels.compare_teachers(teachers, known)[teacher][:, known_at]
    # Parents write the class where the form asks for the teacher.
    groups, group_at = there["group"]
    if any(groups):
        exact = levels.TEACHER.index("exact")
        by_group = levels.compare_teachers(teachers, groups)[teacher][:, group_at]
        found = np.where(by_group == exact, np.int8(exact), found)
    known, known_at = there["grade"]
    return order_class, child_class, found, _grade_levels(grades, known)[grade][:, known_at]


def _together(table: pd.DataFrame, form_of: dict) -> tuple[dict[str, tuple[list, np.ndarray]], np.ndarray]:
    """The distinct rows of some columns: for each column its distinct forms and which of them each distinct row has; each row's number."""
    forms_, numbers = {}, []
    for column, form in form_of.items():
        forms_[column], number = _numbered_forms(table[column], form)
        numbers.append(number)
    sizes = [max(1, len(f)) for f in forms_.values()]
    keys, row = np.unique(
        np.ravel_multi_index(numbers, sizes) if len(table) else np.empty(0, dtype=np.int64), return_inverse=True
    )
    parts = np.unravel_index(keys, sizes)
    return {c: (f, p) for (c, f), p in zip(forms_.items(), parts, strict=True)}, row


def _filled(table: pd.DataFrame, number: np.ndarray, count: int) -> np.ndarray:
    """For each distinct class of a table: 1 if it has a grade, and 2 if it has a teacher."""
    result = np.zeros(count, dtype=np.int64)
    for bit, column in ((1, "grade"), (2, "teacher")):
        has = np.zeros(count, dtype=bool)
        has[number[(table[column] != "").to_numpy()]] = True
        result += bit * has
    return result


def _grade_levels(typed: list[str], listed: list[str]) -> np.ndarray:
    one, two = np.array(typed, dtype=object)[:, None], np.array(listed, dtype=object)[None, :]
    rank_one, rank_two = (np.array([forms.grade_rank(g) for g in side], dtype=np.int64) for side in (typed, listed))
    beside = (np.abs(rank_one[:, None] - rank_two[None, :]) == 1) & (rank_one[:, None] > -9)
    names = [levels.GRADE.index(w) for w in ("missing", "exact", "beside")]
    return np.select([(one == "") | (two == ""), one == two, beside], names, levels.GRADE.index("different")).astype(
        np.int8
    )


def _code_texts(codes: pd.Series) -> np.ndarray:
    """Codes with look-alikes folded together."""
    texts = codes.to_numpy(object)
    plain = "\n".join(texts)
    if (
        not plain.isascii()
        or plain.count("\n") >= max(1, len(texts))
        or any(c in plain for c in "\r\v\f\x1c\x1d\x1e\x1f")
    ):
        return np.array(_each(codes, lambda t: fold_code(t) if t else ""), dtype=object)
    # All codes in one go: each stands on a line of its own.
    result = np.empty(len(texts), dtype=object)
    result[:] = plain.upper().translate(_FOLDED_LINES).split("\n") if len(texts) else []
    return result


_FOLDED_LINES = {**ALIKE, **{n: None for n in range(33) if chr(n) != "\n"}, ord("-"): None, 127: None}
