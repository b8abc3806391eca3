"""A small job to try the store on, and plans that change it."""

import pandas as pd

from prepaykit.tables.catalog import TABLES, key_of, typed
from prepaykit.tables.plan import Plan, effect
from tests.tables_as_text import table

JOB = "maple-grove-2026"
MORNING = pd.Timestamp("2026-09-01T12:00:00Z")


def rows(text):
    return table(text)


def opened(store, name=JOB):
    return store.add_job({"name": name, "school": "Maple Grove"}, actor="anna", why="contract")


def subjects(*codes, **columns):
    numbers = range(1, len(codes) + 1)
    fixed = {
        "kind": "student",
        "attendance": "expected",
        "source": "names_list",
        "first_name": "Zoë",
        "last_name": "Łuk",
    }
    flags = dict.fromkeys(("photograph", "sell", "yearbook", "directory", "group_ok"), True)
    return typed(
        "subjects",
        pd.DataFrame({"subject_id": list(numbers), "access_code": list(codes)}).assign(**fixed | flags | columns),
    )


def names_plan(state, *codes, **columns):
    return Plan.between(state, "names", {"subjects": subjects(*codes, **columns)}, headline=f"{len(codes)} names")


def regraded(state, grade, verb="names", only=None):
    """Change the grade of all subjects, or of one."""
    old = state.subjects
    chosen = old["subject_id"] == only if only else old["subject_id"] > 0
    return Plan.between(state, verb, {"subjects": old.assign(grade=old["grade"].mask(chosen, grade))})


def post(state, *cents, verb="orders"):
    """Post amounts onto order 1."""
    first = state.next_id("postings")
    new = pd.DataFrame({"posting_id": range(first, first + len(cents)), "order_id": 1, "amount_cents": list(cents)})
    new = typed("postings", new.assign(account="held", reason="paid"))
    return Plan.between(state, verb, {"postings": pd.concat([state.postings, new])})


def promising(state, key="maple/batch/1", payload="one", grade="5"):
    """A plan that changes a grade and promises something to a lab."""
    plan = regraded(state, grade, verb="batch")
    return Plan.between(
        state,
        "batch",
        {n: c.on(state.tables[n]) for n, c in plan.changes.items()},
        effects=effect(key, "lab_package", {"text": payload}),
    )


def assert_same_job(one, other):
    """Every cell of every table alike; rows in the order of their keys."""
    for name in TABLES:
        key = list(key_of(name))
        pd.testing.assert_frame_equal(
            one.tables[name].sort_values(key).reset_index(drop=True),
            other.tables[name].sort_values(key).reset_index(drop=True),
            obj=name,
        )
    assert one.head == other.head


def cells(state):
    """All tables without versions and findings, for comparing before and after an undo."""
    return {
        n: state.tables[n].drop(columns="version").sort_values(list(key_of(n))).reset_index(drop=True) for n in TABLES
    }


def assert_same_cells(one, other, but=()):
    for name, frame in cells(one).items():
        if name not in but:
            pd.testing.assert_frame_equal(frame, cells(other)[name], obj=name)
