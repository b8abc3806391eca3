"""The README's reference is made from the code, and knows all of it."""

import re
from pathlib import Path

import prepaykit
from prepaykit.report import reference
from prepaykit.tables.catalog import TABLES, columns_of
from prepaykit.tables.findings import REGISTER
from prepaykit.tables.status import MACHINES

PACKAGE = Path(prepaykit.__file__).parent


def test_every_table_and_column_is_described():
    text = reference.tables()
    for name in TABLES:
        part = text.split(f"<code>{name}</code>")[1].split("</details>")[0]
        assert all(f"| `{column}` |" in part for column in columns_of(name))


def test_every_finding_code_and_status_is_listed():
    assert all(f"| `{code}` |" in reference.findings() for code in REGISTER)
    assert all(f"| {table} | {status}" in reference.statuses() for table, m in MACHINES.items() for status in m.values)


def test_the_sections_of_the_findings_begin_with_codes_that_exist():
    assert set(reference.SECTIONS) <= set(REGISTER)


def test_every_environment_variable_that_is_read_is_listed():
    read = set()
    for path in PACKAGE.rglob("*.py"):
        read |= set(re.findall(r"PREPAYKIT_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8")))
    assert read == set(reference.ENVIRONMENT)


def test_stale_parts_are_found_and_made_anew(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- generated: environment -->\nold\n<!-- end -->\nafter\n", encoding="utf-8")
    assert reference.main(["--check", str(page)]) == 1
    assert reference.main(["--write", str(page)]) == 0
    assert reference.main(["--check", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n") and text.endswith("<!-- end -->\nafter\n") and "old" not in text
