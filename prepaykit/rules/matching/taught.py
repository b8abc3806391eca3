"""What people's decisions taught, brought to the desk: short forms of names, and what parents of this school call a teacher.

Problem: a parent writes `Mrs. K.` and everybody at the school knows who that is. Rule: taught rows are a table that anybody can
read: `kind` (`nickname` or `teacher_form`), `written` (by the parent), `listed` (on the names list). A nickname is used beside the
shipped ones (`nicknames`); a teacher form is read as the teacher of the list before anything is compared. Nothing else of the
matching changes, and whoever leaves the rows out gets what they got before.

Worked case: taught `Mrs. K.` = `Ms. Kowalski`: an order that says `mrs k` is read as one that says `Ms. Kowalski`.
Known limits: titles do not count, so `Mr. K.` is `Mrs. K.`; see `prepaykit.rules.learnt` for when a form is not taught.
Source: matching.md 5 (rule 10).
"""

from __future__ import annotations

import pandas as pd

from prepaykit.rules.matching.forms import teacher_words

NICKNAME, TEACHER_FORM = "nickname", "teacher_form"


def as_taught(orders: pd.DataFrame, learnt: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The orders with taught teacher forms written as on the list, and the taught nicknames as `forms_of` takes them.

    `orders`: as `match_in_full` takes them. `learnt`: kind, written, listed; or rows of name and short_form, which are given back
    as they are.

    >>> orders = pd.DataFrame({"teacher": ["mrs. K", "Hewitt", None]})
    >>> learnt = pd.DataFrame({"kind": ["teacher_form", "nickname"], "written": ["Mrs. K.", "nessie"], "listed": ["Ms. Kowalski", "vanessa"]})
    >>> asked, short = as_taught(orders, learnt)
    >>> asked["teacher"].tolist()[:2], short.values.tolist()
    (['Ms. Kowalski', 'Hewitt'], [['vanessa', 'nessie']])
    """
    if learnt is None or "kind" not in learnt:
        return orders, learnt
    names = learnt[learnt["kind"] == NICKNAME]
    short = pd.DataFrame({"name": names["listed"].to_numpy(), "short_form": names["written"].to_numpy()}, dtype="str")
    taught = learnt[learnt["kind"] == TEACHER_FORM]
    meant = {teacher_words(w): t for w, t in zip(taught["written"], taught["listed"], strict=True)}
    if not meant or "teacher" not in orders:
        return orders, short
    read = {t: meant.get(teacher_words(t), t) for t in orders["teacher"].dropna().unique()}
    return orders.assign(teacher=orders["teacher"].map(read).astype("str")), short
