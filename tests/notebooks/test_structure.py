"""What every shipped notebook looks like: short, without logic, without outputs."""

import ast
import importlib
import json
import re
from pathlib import Path

import nbformat
import pytest

from prepaykit.cli import listed_commands
from prepaykit.rules.steps import NOTEBOOKS
from prepaykit.runs import named_parameters, notebooks_folder

PATHS = sorted(notebooks_folder().glob("*.ipynb"))
DECIDE = Path(importlib.import_module("prepaykit.decide").__file__).parent


def cells(path, kind="code"):
    return [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == kind]


def source(cell):
    return "".join(cell["source"])


notebook = pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)


@notebook
def test_a_notebook_is_sound_and_committed_without_outputs(path):
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    assert all(c["outputs"] == [] and c["execution_count"] is None for c in cells(path))
    assert len({c.id for c in book.cells}) == len(book.cells)
    assert set(book.metadata) == {"kernelspec", "language_info"}


@notebook
def test_a_notebook_has_about_seven_cells_and_none_is_long(path):
    code = cells(path)
    assert 4 <= len(code) <= 7
    assert max(len(source(c).splitlines()) for c in code) <= 12


@notebook
def test_a_notebook_holds_no_logic(path):
    for cell in cells(path):
        nodes = list(ast.walk(ast.parse(source(cell))))
        assert not any(
            isinstance(n, ast.FunctionDef | ast.ClassDef | ast.For | ast.While | ast.Lambda | ast.Try) for n in nodes
        )


@notebook
def test_a_notebook_says_first_what_it_can_change_and_last_where_to_go(path):
    words = [source(c) for c in cells(path, "markdown")]
    assert "**What this can change:**" in words[0]
    linked = re.findall(r"\]\((\w+\.ipynb)\)", words[-1])
    assert linked
    assert all((notebooks_folder() / name).exists() for name in linked)


@notebook
def test_the_parameters_are_plain_and_change_nothing_by_default(path):
    known = named_parameters(path)
    assert all(type(value) in (str, bool, int) for value in known.values())
    assert (known["studio"], known["job"]) == ("", "")
    assert not any(value for value in known.values() if isinstance(value, bool))
    if path.stem not in ("00_start_here", NOTEBOOKS["report"], NOTEBOOKS["reconcile"]):
        assert (known["apply"], known["why"]) == (False, "")


def test_a_verb_has_one_word_in_decide_command_and_notebook():
    commands = {listed.name for listed in listed_commands()}
    modules = {p.stem for p in DECIDE.glob("[a-z]*.py")}
    assert modules <= commands
    assert modules - {"settings"} == set(NOTEBOOKS) - {"report", "reconcile"}
    assert {p.stem for p in PATHS} == {*NOTEBOOKS.values(), "00_start_here"}
    for verb in modules:
        assert callable(getattr(importlib.import_module(f"prepaykit.decide.{verb}"), f"plan_{verb}"))


def test_every_notebook_names_its_command():
    for verb, name in NOTEBOOKS.items():
        text = source(cells(notebooks_folder() / f"{name}.ipynb", "markdown")[0])
        assert f"`prepaykit {verb}" in text, name


def test_the_first_notebook_links_to_all_others():
    text = "".join(source(c) for c in cells(notebooks_folder() / "00_start_here.ipynb", "markdown"))
    assert all(f"({name}.ipynb)" in text for name in NOTEBOOKS.values())
