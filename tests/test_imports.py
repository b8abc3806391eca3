"""Imports point inwards, and the inner layers touch nothing but their arguments."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import prepaykit

PACKAGE = Path(prepaykit.__file__).parent
INNER = {"errors", "money"}
ALLOWED = {
    "tables": {"tables", *INNER},
    "rules": {"tables", "rules", *INNER},
    "decide": {"tables", "rules", "decide", *INNER},
    "intake": {"tables", "intake", "rules.codes", "rules.capture_order", *INNER},
    "ledger": {"tables", "ledger", *INNER},
    "adapters": {"tables", "adapters", *INNER},
}
WORLDLY = {"os", "pathlib", "io", "sqlite3", "sqlalchemy", "socket", "requests", "logging", "random", "secrets", "time", "shutil",
           "tempfile", "subprocess", "PIL", "zxingcpp", "stripe", "threading", "concurrent"}  # fmt: skip
WORLDLY_CALLS = {"now", "today", "open", "print", "utcnow"}


def modules(layer: str) -> list[Path]:
    return sorted((PACKAGE / layer).rglob("*.py"))


def imports_of(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
    return found


@pytest.mark.parametrize("layer", ALLOWED)
def test_imports_point_inwards(layer):
    """A layer imports only the layers it may: tables ← rules ← decide, tables ← intake, tables ← ledger."""
    wrong = []
    for path in modules(layer):
        for name in imports_of(path):
            if name.startswith("prepaykit."):
                inner = name.removeprefix("prepaykit.")
                if not any(inner == ok or inner.startswith(f"{ok}.") for ok in ALLOWED[layer]):
                    wrong.append(f"{path.relative_to(PACKAGE)} imports {name}")
    assert not wrong


@pytest.mark.parametrize("layer", ["tables", "rules", "decide"])
def test_the_core_imports_nothing_of_the_world(layer):
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in modules(layer)
        for name in imports_of(path)
        if name.split(".")[0] in WORLDLY and not (path.name in ("catalog.py", "columns.py") and name == "sqlalchemy")
    ]
    assert not wrong


@pytest.mark.parametrize("layer", ["rules", "decide"])
def test_the_core_has_no_clock_no_file_and_no_print(layer):
    wrong = []
    for path in modules(layer):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in WORLDLY_CALLS:
                    wrong.append(f"{path.relative_to(PACKAGE)}:{node.lineno} calls {name}()")
    assert not wrong


def test_only_one_module_reads_and_writes_sql_tables():
    wrong = [
        str(p.relative_to(PACKAGE))
        for p in PACKAGE.rglob("*.py")
        if "read_sql" in (t := p.read_text(encoding="utf-8")) or ".to_sql(" in t
    ]
    assert [w for w in wrong if "typed_sql" not in w] == []


def test_every_name_of_the_front_door_can_be_imported():
    for name in prepaykit.__all__:
        assert getattr(prepaykit, name) is not None


def test_the_front_door_lists_what_it_promises():
    assert {"Studio", "Job", "Plan", "fill_slots", "match_orders", "read_cards", "balance"} <= set(prepaykit.__all__)
    with pytest.raises(AttributeError):
        prepaykit.fill_slot  # noqa: B018


def test_the_rules_load_without_store_notebook_or_reader():
    """`import prepaykit.rules.slots` must not drag in a database driver, a picture decoder or Jupyter."""
    code = "import sys, prepaykit.rules.slots as s; print([m for m in ('PIL', 'zxingcpp', 'papermill', 'stripe', 'alembic') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_module_says_what_it_is_for():
    silent = [
        str(p.relative_to(PACKAGE))
        for p in PACKAGE.rglob("*.py")
        if p.read_text(encoding="utf-8").strip() and not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_modules_load():
    for path in [*modules("rules"), *modules("decide"), *modules("tables")]:
        importlib.import_module(
            ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        )
