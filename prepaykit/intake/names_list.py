"""The names list as the school, the studio or another product wrote it.

Headings in any order and case, with the synonyms of other products; only first and last name are required. Names are kept
as they are written: Unicode NFC and trimmed, nothing else. Unknown columns stay in `extra` as JSON.
Source: domain.md 6.1.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from prepaykit.intake.cells import plain_name
from prepaykit.intake.reading import Layout, Read, as_flags, as_words, read_table, without_rows
from prepaykit.rules.codes import normal_code
from prepaykit.tables.findings import together

PERMISSIONS = ("photograph", "sell", "yearbook", "directory", "group_ok")

LAYOUT = Layout(
    verb="names",
    columns={
        "access_code": (
            "code",
            "passcode",
            "online code",
            "subject key",
            "qr code",
            "gallery code",
            "gallery password",
            "picture code",
        ),
        "first_name": (
            "firstname",
            "first",
            "given name",
            "forename",
            "subject first name",
            "student first name",
            "student first",
        ),
        "last_name": (
            "lastname",
            "last",
            "surname",
            "family name",
            "subject last name",
            "student last name",
            "student last",
        ),
        "group": ("class", "class name", "team", "homeroom", "home room", "room", "album", "group name", "team name"),
        "teacher": ("teacher name", "homeroom teacher", "leader", "instructor", "coach", "coach name"),
        "grade": ("grade level", "year group", "grades", "age group", "division"),
        "student_id": (
            "student number",
            "student identifier",
            "identifier",
            "id",
            "subject id",
            "external reference",
            "id number",
            "sis id",
        ),
        "kind": ("type", "role", "subject type"),
        "email": ("email address", "e-mail", "parent email", "email 1", "parents email", "mail"),
        "phone": ("phone number", "mobile phone", "parent phone", "home phone", "mobile", "sms", "cell"),
        "photograph": ("may photograph", "photo permission", "photo ok"),
        "sell": ("may sell", "sale ok"),
        "yearbook": ("yearbook ok", "in yearbook"),
        "directory": ("directory ok", "in directory"),
        "group_ok": ("group photo", "group photo ok", "class photo ok"),
        "school": ("school name", "actual school", "organization", "league"),
    },
    needed=("first_name", "last_name"),
    codes=("access_code", "student_id"),
)

KINDS = {
    **dict.fromkeys(("student", "child", "pupil", "player", "kid"), "student"),
    **dict.fromkeys(("staff", "teacher", "faculty", "coach", "administrator", "aide", "employee"), "staff"),
    **dict.fromkeys(("blank", "blankcard"), "blank"),
}


def read_names(path: str | Path) -> Read:
    """Read a names list: every person of the file once, with a finding for every row or cell that cannot be taken.

    `table`: one row is a person of the list. Columns access_code, first_name, last_name, group, teacher, grade, student_id,
    kind (student, staff, blank), email, phone, photograph, sell, yearbook, directory, group_ok (`boolean`; missing: the
    file does not say, which means yes for a new person and no change for a known one), school, extra (JSON), row.
    Findings: those of `read_table`, row_unusable (neither first nor last name), value_unreadable (a permission that is
    neither yes nor no counts as no). Does not issue codes or compare with the job: see `plan_names`. Source: domain.md 6.1.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "names.csv"
    ...     _ = file.write_text("Surname;Given name;Homeroom;Student ID\\nMüller;Null;3A;001234\\n", encoding="utf-8")
    ...     read = read_names(file)
    >>> read.table[["first_name", "last_name", "group", "student_id", "row"]].values.tolist()
    [['Null', 'Müller', '3A', '001234', 2]]
    """
    file, read = plain_name(path), read_table(path, LAYOUT)
    table, findings = read.table.copy(), [read.findings]
    table["access_code"] = table["access_code"].map(normal_code, na_action="ignore").astype("str")
    table["kind"], spoken = as_words(table, "kind", KINDS, "student", "names", file)
    findings.append(spoken)
    table["extra"] = _with_school(table)
    for permission in PERMISSIONS:
        table[permission], spoken = as_flags(table, permission, "names", file)
        findings.append(spoken)
    nameless = table["first_name"].isna() & table["last_name"].isna() & (table["kind"] != "blank")
    return without_rows(
        Read(table, together(*findings)), nameless, "there is neither a first nor a last name", "names", file
    )


def _with_school(names: pd.DataFrame) -> pd.Series:
    """The unknown columns and the school of each row as one JSON text: subjects have no column for it."""
    texts = []
    for school, extra in zip(names["school"], names["extra"], strict=True):
        kept = {} if pd.isna(extra) else json.loads(extra)
        if not pd.isna(school):
            kept["school"] = school
        texts.append(json.dumps(kept, ensure_ascii=False, sort_keys=True) if kept else None)
    return pd.Series(texts, index=names.index, dtype="str")
