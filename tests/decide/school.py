"""A small school for tests of matching inside a job: a family, twins, namesakes, and a class of others."""

from __future__ import annotations

import pandas as pd

from prepaykit.decide.names import plan_names
from prepaykit.decide.orders import plan_orders
from prepaykit.decide.paper import plan_paper
from prepaykit.decide.prices import plan_prices
from prepaykit.tables.state import JobState
from tests.tables_as_text import table

NOW = pd.Timestamp("2026-09-14", tz="UTC")
NAMES = table("""
    access_code  first_name  last_name  grade  teacher        email
    X-1          Guadalupe   Iyer       3      Mrs. Hewitt    iyer@example.org
    X-2          Björn       Farrow     3      Mrs. Hewitt    farrow@example.org
    X-3          Sofía       Cerda      3      Mrs. Hewitt    cerda@example.org
    X-4          Mateo       Cerda      5      Mr. Okafor     cerda@example.org
    X-5          Emma        Lowe       1      Ms. Birch      lowe@example.org
    X-6          Ella        Lowe       1      Ms. Birch      lowe@example.org
    X-7          Jordan      Park       2      Mr. Yeo        park.one@example.org
    X-8          Jordan      Park       2      Mr. Yeo        park.two@example.org
    X-9          Vanessa     Quigley    4      Ms. Kowalski   quigley@example.org
    X-10         Theodora    Boone      4      Ms. Kowalski   boone@example.org
    X-11         Priya       Natarajan  4      Ms. Kowalski   natarajan@example.org
    X-12         Owen        Castillo   4      Mr. Adeyemi    castillo@example.org
    X-13         Iris        Sandoval   2      Mr. Yeo        sandoval@example.org
""")
PRICES = pd.DataFrame({"code": ["P57"], "name": ["5x7"], "kind": ["product"], "image_kind": ["individual"], "size": ["5x7"],
                       "price_cents": [900], "items": [None]})  # fmt: skip


def job(names: pd.DataFrame = NAMES, *, blanks: int = 2, **settings: object) -> JobState:
    """The school's job with its names list, blank cards and one price."""
    state = JobState.new(name="maple-grove-2026", school="Maple Grove", **settings)
    state = state.after(plan_names(state, names, seed=1, blanks=blanks, now=NOW))
    return state.after(plan_prices(state, PRICES))


def blank(state: JobState, n: int = 0) -> str:
    """The code of the n-th blank card."""
    return state.subjects.loc[state.subjects["kind"] == "blank", "access_code"].iloc[n]


def envelopes(text: str) -> pd.DataFrame:
    """Envelopes with $9.00 in each, for one 5x7."""
    return table(text).assign(received_cents=900, packages="P57-1")


def orders(text: str) -> pd.DataFrame:
    """Paid orders for one 5x7."""
    return table(text).assign(paid_cents=900, packages="P57-1")


def paper(state: JobState, rows: pd.DataFrame | None = None, **options: object) -> JobState:
    """The job after these envelopes."""
    rows = envelopes("envelope_no").head(0) if rows is None else rows
    return state.after(plan_paper(state, rows, now=NOW, **options))


def online(state: JobState, rows: pd.DataFrame) -> JobState:
    """The job after these orders."""
    return state.after(plan_orders(state, rows, now=NOW))


def matches(state: JobState) -> dict[str, tuple[str, str]]:
    """Order number → access code and how it was found; waiting children are empty."""
    codes = state.subjects.set_index("subject_id")["access_code"]
    numbers = state.orders.set_index("order_id")["order_no"]
    rows = state.order_subjects
    return {
        numbers[o]: (codes.get(s, ""), by if isinstance(by, str) else "")
        for o, s, by in zip(rows["order_id"], rows["subject_id"], rows["matched_by"], strict=True)
    }


def said(state: JobState, code: str) -> pd.DataFrame:
    """The findings of one code, by key."""
    return state.findings[state.findings["code"] == code].set_index("key")
