"""The README is the manual: what it shows is run, what it names exists, what is generated is fresh."""

import doctest
import re
import shlex
from pathlib import Path

import pytest
import typer

from prepaykit.cli import app, listed_commands
from prepaykit.report.reference import PARTS, refreshed
from prepaykit.tables.catalog import columns_of

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BY_HAND = re.sub(r"<!-- generated: \w+ -->.*?<!-- end -->", "", TEXT, flags=re.S)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.S | re.M)


def commands_shown() -> list[str]:
    lines = [line for block in blocks("sh") for line in block.splitlines() if "prepaykit " in line]
    return [line[line.index("prepaykit ") :] for line in lines]


@pytest.mark.slow
def test_the_five_minutes_run_as_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    story = "\n".join(blocks("pycon"))
    assert story.count(">>> ") > 20
    test = doctest.DocTestParser().get_doctest(story, {}, "README", "README.md", 0)
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=said.append)
    assert result.failed == 0, "".join(said)


@pytest.mark.parametrize("line", commands_shown())
def test_every_command_shown_is_one_that_the_command_line_takes(line):
    _, name, *arguments = shlex.split(line)
    command = typer.main.get_command(app).commands[name]
    command.make_context(name, arguments, resilient_parsing=False).close()


def test_every_command_is_explained_by_hand_and_not_only_listed():
    missing = [c.name for c in listed_commands() if f"prepaykit {c.name}" not in BY_HAND]
    assert not missing


def test_every_option_named_in_the_text_exists():
    known = {
        o for c in typer.main.get_command(app).commands.values() for p in c.params for o in (*p.opts, *p.secondary_opts)
    }
    for script in (ROOT / "tests/benchmarks").glob("*.py"):
        known |= set(re.findall(r"\"(--[a-z][a-z-]+)\"", script.read_text(encoding="utf-8")))
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", BY_HAND)) - {"--write", "--group"}  # of the reference, and of uv
    assert named and named <= known


def test_every_notebook_has_its_place_in_the_week():
    shown = [p.name for p in (ROOT / "notebooks").glob("*.ipynb") if not re.search(rf"\b{p.name[:2]} [A-Z]", BY_HAND)]
    assert not shown


def test_every_setting_named_in_the_text_exists():
    for name in re.findall(r"`(\w+_(?:policy|revision|deadline|names))\b", BY_HAND):
        assert name in columns_of("jobs")


def test_every_file_and_link_of_the_readme_is_there():
    targets = re.findall(r"\]\(([^)#]+)\)", TEXT) + re.findall(r"^\d+\. `([^`]+)`", TEXT, flags=re.M)
    assert len(targets) > 6
    assert [t for t in targets if not (ROOT / t).exists()] == []
    headings = {
        re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in re.findall(r"^#+ (.*)$", TEXT, flags=re.M)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= headings


def test_the_pictures_are_of_modest_size():
    assert all(p.stat().st_size <= 300_000 for p in (ROOT / "data" / "pictures").iterdir())


def test_the_generated_parts_are_fresh():
    assert set(re.findall(r"<!-- generated: (\w+) -->", TEXT)) == set(PARTS)
    assert refreshed(TEXT) == TEXT, "run: python -m prepaykit.report.reference --write README.md"
