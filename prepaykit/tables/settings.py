"""Settings of a job as people write them, and as a job keeps them: one check for a new job and for a change of an old one.

A name goes onto paper, cards and lab packages and becomes a folder at the lab, so it is short and plain; amounts are of one
currency; dates are days, written 2026-10-16.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from zoneinfo import available_timezones

from prepaykit.errors import UsageError
from prepaykit.tables.catalog import METADATA, columns_of, dtypes_of
from prepaykit.tables.device_names import is_device_name

FIXED = ("name", "version")
DATES = ("picture_day", "batch_deadline", "archive_date")
YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
LONGEST_NAME = 60
FIRST_YEAR, LAST_YEAR = 2000, 9998  # the last day of 9999 has no end in zones west of Greenwich
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_CURRENCY = re.compile(r"[A-Z]{3}")


def read_settings(settings: Mapping[str, object]) -> dict[str, object]:
    """The values as a job keeps them. Raises UsageError for a setting or a value that a job cannot have.

    An empty text takes a setting off. A job keeps its name, so that is no setting here.

    >>> read_settings({"batch_deadline": "2026-10-16", "ship_to": "", "currency": "cad", "has_manual_revision": "yes"})
    {'batch_deadline': '2026-10-16', 'ship_to': None, 'currency': 'CAD', 'has_manual_revision': True}
    """
    known = [c for c in columns_of("jobs") if c not in FIXED]
    _require_known(settings, known)
    return {name: _read(name, value) for name, value in settings.items()}


def read_new_job(settings: Mapping[str, object]) -> dict[str, object]:
    """The settings of a new job, without those that are empty. Raises UsageError also when name or school is missing.

    >>> read_new_job({"name": "maple-grove-2026", "school": "Maple Grove", "ship_to": None})
    {'name': 'maple-grove-2026', 'school': 'Maple Grove'}
    """
    _require_known(settings, [c for c in columns_of("jobs") if c != "version"])
    given = {k: v for k, v in settings.items() if v is not None and str(v).strip()}
    missing = [c for c in ("name", "school") if c not in given]
    if missing:
        raise UsageError(f"a job needs {' and '.join(missing)}")
    return {k: job_name(v) if k == "name" else _read(k, v) for k, v in given.items()}


def job_name(value: object) -> str:
    """A job's name, if paper, disks and labs can carry it; else UsageError.

    >>> job_name("maple-grove-2026")
    'maple-grove-2026'
    """
    name = str(value)
    if not _NAME.fullmatch(name):
        raise UsageError(f"a job's name is letters, digits and hyphens, such as maple-grove-2026; got {name!r}")
    if len(name) > LONGEST_NAME:
        raise UsageError(f"a job's name has at most {LONGEST_NAME} characters; this one has {len(name)}")
    if is_device_name(name):
        raise UsageError(f"a job cannot be called {name}: Windows keeps that name for a device; add the year")
    return name


def _require_known(settings: Mapping[str, object], known: list[str]) -> None:
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise UsageError(f"settings: a job has no setting {', '.join(unknown)}; it has {', '.join(known)}")


def _read(name: str, value: object) -> object:
    text = "" if value is None else str(value).strip()
    if not text:
        if not METADATA.tables["jobs"].columns[name].nullable:
            raise UsageError(f"settings: {name} cannot be empty")
        return None
    if dtypes_of("jobs")[name] == "bool":
        if text.lower() not in YES + NO:
            raise UsageError(f"settings: {name} is yes or no, not {text!r}")
        return text.lower() in YES
    if dtypes_of("jobs")[name] == "Int64":
        if not text.isdecimal():
            raise UsageError(f"settings: {name} is a whole number, not {text!r}")
        return int(text)
    if name in DATES:
        return _day(name, value.strftime("%Y-%m-%d") if isinstance(value, date) else text)
    if name == "currency":
        if not _CURRENCY.fullmatch(text.upper()):
            raise UsageError(f"settings: currency is three letters such as USD, not {text!r}")
        return text.upper()
    if name == "timezone" and text not in available_timezones():
        raise UsageError(f"settings: {text!r} is no IANA time zone such as America/Chicago")
    return text


def _day(name: str, text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise UsageError(f"settings: {name} is a date such as 2026-10-16, not {text!r}")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise UsageError(f"settings: {name} is a date from {FIRST_YEAR} on, not {text!r}")
    return text
