"""JobState: all tables of one job at one moment, and nothing that can change them.

Rules and decisions take a JobState and give a Plan; `state.after(plan)` is what the job will be once the plan is applied,
worked out in memory. The store must come to the same (a test holds the two together), so that decisions can be chained,
previewed and tested without any database.

>>> state = JobState.new(name="maple-grove-2026", school="Maple Grove")
>>> state.job["status"], len(state.orders), state.head
('planning', 0, 0)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd

from prepaykit.tables.catalog import JOB_TABLES, TABLES, empty, key_of, typed

if TYPE_CHECKING:
    from prepaykit.tables.plan import Plan

DEFAULT_JOB = {
    "status": "planning",
    "timezone": "America/New_York",
    "currency": "USD",
    "batch_processing": "manual",
    "has_manual_revision": False,
    "has_automatic_matching": True,
    "student_ids_as_codes": False,
    "sibling_policy": "hold_whole",
    "underpaid_policy": "hold",
    "retake_policy": "latest",
    "lab_file_names": "code",
}


def _no_other_codes() -> pd.DataFrame:
    return pd.DataFrame({"access_code": pd.Series(dtype="str"), "job": pd.Series(dtype="str")})


@dataclass(frozen=True)
class JobState:
    """One job. `tables` holds every table of the catalog by name (also as attributes: `state.slots`), without `job_id`.

    `head` is the number of the last operation applied to the job; a plan remembers it, and a store refuses the plan
    if it has moved. `other_codes` (access_code, job) are the codes of every other job of the store: the season's register.
    """

    tables: Mapping[str, pd.DataFrame]
    head: int = 0
    other_codes: pd.DataFrame = field(default_factory=_no_other_codes)

    @classmethod
    def new(cls, **settings: object) -> JobState:
        """A job without rows. `settings` are columns of `jobs`; `name` and `school` are needed, the rest has defaults."""
        jobs = pd.DataFrame([{**DEFAULT_JOB, **settings}])
        return cls({"jobs": typed("jobs", jobs), **{name: empty(name) for name in JOB_TABLES}})

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name in TABLES:
            return self.tables[name]
        raise AttributeError(name)

    def __repr__(self) -> str:
        rows = ", ".join(f"{len(t)} {n}" for n, t in self.tables.items() if n != "jobs" and len(t))
        return f"JobState({self.name} at operation {self.head}: {rows or 'no rows'})"

    @property
    def job(self) -> dict[str, object]:
        """The job's settings; what is not set is None."""
        row = self.tables["jobs"].iloc[0]
        return {k: None if pd.isna(v) else getattr(v, "item", lambda v=v: v)() for k, v in row.items()}

    @property
    def name(self) -> str:
        """The job's internal name."""
        return str(self.tables["jobs"]["name"].iloc[0])

    def replace(self, **tables: pd.DataFrame) -> JobState:
        """The same moment with other rows in some tables (for tests and for chaining rules); versions are not counted."""
        new = {n: typed(n, t) for n, t in tables.items() if t is not self.tables[n]}
        return replace(self, tables={**self.tables, **new})

    def next_id(self, table: str) -> int:
        """The first free key of a table with an integer key. Two plans that take the same one cannot both be applied."""
        (column,) = key_of(table)
        keys = self.tables[table][column]
        return int(keys.max()) + 1 if len(keys) else 1

    def after(self, plan: Plan) -> JobState:
        """The job as it will be once the plan is applied: changed rows count one version up, new ones start at 1."""
        plan.check_basis(self)
        if plan.is_empty:
            return self
        changed = {name: change.on(self.tables[name]) for name, change in plan.changes.items()}
        return replace(self, tables={**self.tables, **changed}, head=self.head + 1)
