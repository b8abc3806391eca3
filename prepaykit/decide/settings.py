"""Settings of a job: policies, deadlines, addresses. A plan like any other, so a change is previewed, journaled and undone.

What may be changed: columns of `jobs` other than its name and status (the status is `sell`'s business, but a job in planning
may be opened for prepay here). Source: domain.md 3.2.
"""

from __future__ import annotations

from zoneinfo import available_timezones

import pandas as pd

from prepaykit.errors import UsageError
from prepaykit.tables.catalog import columns_of, dtypes_of
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState

FIXED = ("name", "version")
DATES = ("picture_day", "batch_deadline", "archive_date")
YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def plan_settings(state: JobState, settings: dict[str, object]) -> Plan:
    """Plan to change these settings. Raises UsageError for a setting or a value that a job cannot have.

    >>> plan_settings(JobState.new(name="maple-grove-2026", school="Maple Grove"), {"has_manual_revision": "yes"}).headline
    'has_manual_revision False → True'
    """
    values = read_settings(settings)
    if "status" in values and (state.job["status"], values["status"]) not in [
        ("planning", "prepay"),
        ("prepay", "planning"),
    ]:
        raise UsageError("settings: status goes planning ↔ prepay here; to selling with: prepaykit sell")
    jobs = state.jobs.assign(**values)
    changed = [n for n in values if state.job[n] != values[n]]
    headline = ", ".join(f"{n} {state.job[n]} → {values[n]}" for n in changed) or "nothing to do"
    return Plan.between(state, "settings", {"jobs": jobs}, headline=headline, result={"changed": changed})


def read_settings(settings: dict[str, object]) -> dict[str, object]:
    """The values as a job keeps them. Raises UsageError for a setting or a value that a job cannot have.

    >>> read_settings({"batch_deadline": "2026-10-16", "ship_to": ""})
    {'batch_deadline': '2026-10-16', 'ship_to': None}
    """
    return {name: _read(name, value) for name, value in settings.items()}


def _read(name: str, value: object) -> object:
    known = [c for c in columns_of("jobs") if c not in FIXED]
    if name not in known:
        raise UsageError(f"settings: a job has no setting {name}; it has {', '.join(known)}")
    if value is None or value == "":
        return None
    if dtypes_of("jobs")[name] == "bool":
        word = str(value).strip().lower()
        if word not in YES + NO:
            raise UsageError(f"settings: {name} is yes or no, not {value!r}")
        return word in YES
    if name in DATES:
        try:
            return pd.Timestamp(str(value)).strftime("%Y-%m-%d")
        except ValueError:
            raise UsageError(f"settings: {name} is a date such as 2026-10-16, not {value!r}") from None
    if name == "timezone" and value not in available_timezones():
        raise UsageError(f"settings: {value!r} is no IANA time zone such as America/Chicago")
    return str(value)
