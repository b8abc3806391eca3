"""The command line: what goes where, how it ends, and a whole job by commands alone."""

import io
import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from typer.testing import CliRunner

from prepaykit import Studio
from prepaykit.cli import app, listed_commands
from tests.jobs import job as job_of_ten

COMMANDS = listed_commands()


def run(*args, code=0):
    """Run a command; its exit code must be as said. Gives stdout and stderr."""
    result = CliRunner().invoke(app, [str(a) for a in args])
    assert result.exit_code == code, (args, result.exit_code, result.stdout, result.stderr)
    return result.stdout, result.stderr


@pytest.fixture
def folder(drawn_job, tmp_path, monkeypatch):
    """A folder with the four files of a job, and its job made; commands find it by themselves."""
    for name in ("job.toml", "names.csv", "prices.csv", "orders.csv", "paper_orders.csv"):
        shutil.copy(drawn_job / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    run("new", tmp_path)
    return tmp_path


# --- help ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listed", COMMANDS, ids=lambda c: c.name)
def test_every_command_explains_itself_with_an_example(listed):
    shown, _ = run(listed.name, "--help")
    assert f"Example: {listed.example}" in " ".join(shown.split())
    assert listed.example.startswith(f"prepaykit {listed.name}")
    assert listed.promise.endswith(".")


def test_help_is_quick_because_it_loads_no_tables():
    code = "import sys; from prepaykit.cli import app; sys.exit('pandas' in sys.modules or 'sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_example_parses():
    """An example with an option that the command does not have would end in a usage error about the option."""
    import shlex

    for listed in COMMANDS:
        words = shlex.split(listed.example)[1:]
        shown = CliRunner().invoke(app, [*words, "--help"])
        assert shown.exit_code == 0, listed.example


# --- plans -----------------------------------------------------------------------------------------------------------------------


def test_nothing_changes_without_apply(folder):
    shown, said = run("names", "names.csv")
    assert shown.startswith("names plainview-fall-2026: ")
    assert "Dry run: nothing has changed. Next: the same command with --apply" in said
    with Studio.open("studio.db") as studio:
        assert len(studio.job().state.subjects) == 0


def test_with_apply_it_is_done_journaled_and_then_there_is_nothing_to_do(folder):
    _, said = run("names", "names.csv", "--blanks", 8, "--apply", "--why", "list of September", "--actor", "anna")
    assert "Done: operation 2 names" in said
    assert "Next: prepaykit prices" in said
    shown, _ = run("history", "--csv")
    last = pd.read_csv(io.StringIO(shown)).iloc[-1]
    assert (last["actor"], last["why"]) == ("anna", "list of September")
    _, said = run("names", "names.csv", "--blanks", 8, "--apply")
    assert "Nothing to do" in said


def test_findings_that_remain_end_with_one_and_name_the_next_move(folder):
    for verb in ("names", "prices", "orders"):
        CliRunner().invoke(app, [verb, f"{verb}.csv", "--apply"])
    shown, _ = run("populate", code=1)
    assert "no_gallery_for_code: no frames under the code" in shown
    assert "next: " in shown


def test_a_pipe_gets_the_findings_as_csv_and_nothing_else(folder):
    for verb in ("names", "prices", "orders"):
        CliRunner().invoke(app, [verb, f"{verb}.csv", "--apply"])
    shown, said = run("populate", "--csv", code=1)
    findings = pd.read_csv(io.StringIO(shown), dtype="str")
    assert set(findings["verb"]) == {"populate"}
    assert "populate plainview-fall-2026" in said


def test_undo_shows_first_what_it_would_take_back(folder):
    run("names", "names.csv", "--apply")
    shown, said = run("undo")
    assert "names" in shown
    assert "Dry run" in said
    run("undo", "--apply", "--why", "wrong list")
    with Studio.open("studio.db") as studio:
        assert len(studio.job().state.subjects) == 0


def test_undo_after_an_undo_shows_the_operation_that_it_will_take_back(folder):
    run("names", "names.csv", "--apply")
    run("prices", "prices.csv", "--apply")
    run("undo", "--apply", "--why", "old prices")
    shown, _ = run("undo")
    assert ("names" in shown, "prices" in shown, "undo " in shown) == (True, False, False)
    run("undo", "--apply", "--why", "old list")
    with Studio.open("studio.db") as studio:
        assert len(studio.job().state.subjects) == 0


# --- how it ends -------------------------------------------------------------------------------------------------------------------


def test_a_wrong_call_ends_with_two(folder):
    for wrong in (
        ["settings", "colour=blue"],
        ["settings", "colour"],
        ["nonsense"],
        ["names"],
        ["codes", "--tag", "118"],
        ["undo", "99"],
    ):
        result = CliRunner().invoke(app, wrong)
        assert result.exit_code == (3 if wrong[0] == "undo" else 2), wrong
        assert result.stdout == ""


def test_a_mistyped_studio_is_not_made_anew(tmp_path):
    _, said = run("balance", "--studio", tmp_path / "stduio.db", code=2)
    assert "no studio at" in said
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_ends_with_three_and_says_the_way_out(folder):
    _, said = run("sell", "--apply", code=3)
    assert said.startswith("prepaykit: sell plainview-fall-2026 refused by its preflight")
    assert "prepaykit photos first" in said


def test_a_demo_in_a_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    _, said = run("demo", tmp_path, code=3)
    assert "not empty and no demo job" in said


def test_something_unexpected_is_one_plain_sentence_and_the_traceback_is_for_debug(folder, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("row of Ada Lovelace")

    monkeypatch.setattr("prepaykit.job.Job.populate", broken)
    _, said = run("populate", code=70)
    assert said.count("\n") == 1
    assert "RuntimeError" in said
    assert "Ada" not in said
    _, said = run("populate", "--debug", code=70)
    assert "Traceback" in said


def test_an_unbalanced_job_ends_with_one(folder, monkeypatch):
    state = job_of_ten()
    monkeypatch.setattr(
        "prepaykit.job.Job.state", property(lambda _: state.replace(payments=state.payments.head(3)))
    )
    shown, _ = run("balance", code=1)
    assert "OFF" in shown


# --- without a studio ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("orders", "end"), [("orders.csv", 0), ("paper_orders.csv", 1)])
def test_match_says_for_each_order_whose_it_is(drawn_job, tmp_path, monkeypatch, orders, end):
    monkeypatch.chdir(tmp_path)
    shown, _ = run(
        "match",
        "--names",
        drawn_job / "names.csv",
        "--orders",
        drawn_job / orders,
        "--out",
        "m.csv",
        "--candidates",
        "c.csv",
        code=end,
    )
    matches, candidates = pd.read_csv("m.csv", dtype="str"), pd.read_csv("c.csv", dtype="str")
    assert list(matches) == ["order_id", "decision", "student_id", "access_code", "probability", "reason"]
    assert list(candidates) == ["order_id", "rank", "student_id", "access_code", "probability", "evidence"]
    assert len(matches) == len(pd.read_csv(drawn_job / orders))
    assert f"match: {len(matches)} orders, {(matches['decision'] == 'auto').sum()} auto" in shown


def test_read_cards_lists_every_file(drawn_job, tmp_path):
    run("read-cards", drawn_job / "retake", "--out", tmp_path / "frames.csv")
    table = pd.read_csv(tmp_path / "frames.csv", dtype="str")
    assert list(table) == [
        "file",
        "camera",
        "sequence",
        "shot_at",
        "codes",
        "role",
        "width",
        "height",
        "sha256",
        "problem",
    ]
    assert len(table) == len(list((drawn_job / "retake").rglob("*.JPG")))
    assert (table["role"] == "card").any()
    _, said = run("read-cards", tmp_path / "nowhere", code=2)
    assert "no folder or zip" in said


# --- a whole job ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_job_goes_its_whole_way_by_commands_and_every_way_to_end_is_seen(drawn_job, folder):
    shutil.copytree(drawn_job / "photos", folder / "photos")
    ends = {}

    def go(*args):
        result = CliRunner().invoke(app, [*map(str, args), "--apply"])
        ends.setdefault(result.exit_code, result)
        return result

    for args in (
        ["names", "names.csv", "--seed", 1, "--blanks", 8],  # the cards in the pictures carry the codes of this seed
        ["prices", "prices.csv"],
        ["orders", "orders.csv"],
        ["paper", "paper_orders.csv"],
        ["cards", "cards.pdf"],
        ["photos", "photos"],
        ["populate"],
        ["place"],
    ):
        result = go(*args)
        assert result.exit_code in (0, 1), (args, result.stderr)
    assert "money: " in result.stdout
    assert (folder / "cards.pdf").read_bytes().startswith(b"%PDF")
    assert go("revise", "--render", "--release", "clean").exit_code == 0
    assert "to production" in go("batch", 1).stdout
    (folder / "lab").write_text("a file where the lab's folder should be")
    failed = go("send")
    assert (failed.exit_code, "They stay in the outbox" in failed.stderr) == (4, True)
    (folder / "lab").unlink()
    assert go("send").exit_code == 0
    assert go("batch", 1).exit_code == 3
    assert go("settings", "colour=blue").exit_code == 2
    assert set(ends) == {0, 1, 2, 3, 4}
    run("balance")
    shown, _ = run("report", "report.html")
    assert shown.strip() == "report.html"
    assert "<html" in (folder / "report.html").read_text(encoding="utf-8")[:500]


@pytest.mark.slow
def test_run_checks_parameters_and_ends_as_the_notebook_did(folder):
    run("names", "names.csv", "--apply")
    _, said = run("run", "populate", "-p", "aply=yes", code=2)
    assert "did you mean apply?" in said
    shown, said = run("run", "prices", "-p", "apply=yes", "-p", "why=first pass")
    assert shown.startswith("prices succeeded: ")
    assert (folder / "runs" / "12_prices.ipynb").exists()
    shown, _ = run("run", "batch", "-p", "number=7", code=2)
    assert "batch 7" in shown


@pytest.mark.slow
def test_the_installed_program_separates_data_from_talk(finished_demo):
    env = {**os.environ, "PREPAYKIT_STUDIO": str(finished_demo), "NO_COLOR": "1"}
    program = [sys.executable, "-c", "from prepaykit.cli import main; main()"]
    done = subprocess.run([*program, "history", "--csv"], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(pd.read_csv(io.StringIO(done.stdout))["actor"]) == {"demo"}
    done = subprocess.run([*program, "batch", "1"], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("prepaykit: batch 1 of plainview-fall-2026 was released")


# --- codes and a corrected list ----------------------------------------------------------------------------------------------------


def test_codes_without_options_says_why_and_takes_a_named_proposal(tmp_path, monkeypatch):
    from prepaykit.tables.plan import Plan
    from tests.decide.test_codes import two_unknown

    monkeypatch.chdir(tmp_path)
    with Studio.open("studio.db") as studio:
        job = studio.new({"name": "maple-grove-2026", "school": "Maple Grove"})
        state, wanted = job.state, two_unknown()
        tables = {name: rows for name, rows in wanted.tables.items() if name not in ("jobs", "findings") and len(rows)}
        populate = wanted.findings[wanted.findings["verb"] == "populate"]
        job.apply(Plan.between(state, "populate", tables, findings=populate), why="as it was")
    shown, said = run("codes", code=1)
    assert shown.startswith("codes maple-grove-2026: 2 orders and children cannot be filled")
    assert "1. sure: tag:5=KC33" in shown and "codes --take KEY --apply" in said
    table = pd.read_csv(io.StringIO(run("codes", "--causes", "--csv", code=1)[0]), dtype="str")
    first = table[table["rank"] == "1"]
    assert first["key"].tolist() == ["tag:5=KC33", "tag:11=KF66"] and set(table["cause"]) == {"unread_card"}
    run("codes", "--take", "tag:5=KC33", "--apply", "--why", "looked")
    run("codes", "--take", "tag:5=KC33", code=2)
    table = pd.read_csv(io.StringIO(run("codes", "--csv", code=1)[0]), dtype="str")
    assert table["key"].tolist() == ["tag:11=KF66"]


def test_a_corrected_list_is_previewed_counts_first(folder):
    run("names", "names.csv", "--seed", 1, "--apply")
    names = pd.read_csv("names.csv", dtype="str", keep_default_na=False)
    names.loc[0, "phone"] = "507-555-0199"
    names.loc[1, ["first_name", "student_id"]] = [names.loc[1, "first_name"] + "a", ""]
    names.to_csv("corrected.csv", index=False)
    shown, _ = run("names", "corrected.csv", code=1)
    assert shown.index("rows wait") < shown.index("What would change")
    assert "507-555-0199" in shown and "perhaps the same child" in shown
    with Studio.open("studio.db") as studio:
        (hint,) = studio.job().names("corrected.csv").findings.query("code == 'perhaps_same_child'")["suggestion"]
    _, said = run("names", "corrected.csv", "--same", f"3={hint}", "--apply")
    assert "Done" in said
