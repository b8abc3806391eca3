"""Paper orders by command and by notebook: the workbook, two typists, bags, and taking it all back to the cell."""

import io

import pandas as pd
import pytest

from prepaykit import Studio
from prepaykit.runs import run_notebook
from tests.acceptance.school import School
from tests.report.test_paper_workbook import filled
from tests.test_cli import run

FIRST = [
    {"Envelope no": "E1", "Bag": "1", "child": 2, "qty A": 1, "Amount received": 42, "Payment method": "cash"},
    {"Envelope no": "E2", "Bag": "1", "child": 3, "qty B": 1, "Amount received": 24, "Payment method": "check", "Check no": "0042"},
    {"Envelope no": "E3", "Bag": "1", "Class": "3A", "First name": "Zed", "Last name": "Nobody", "qty B": 1, "Amount received": 20},
]  # fmt: skip
SECOND = [FIRST[0], {**FIRST[1], "qty B": None, "qty A": 1, "Amount received": 42}, FIRST[2]]
BAG = [("1", 3, 0, 62, 1, 24, "mk")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    School(tmp_path, 4).studio.close()
    monkeypatch.chdir(tmp_path)
    _, said = run("paper", "--workbook", "envelopes.xlsx")
    assert "wrote envelopes.xlsx" in said and "prepaykit paper envelopes.xlsx" in said
    filled(tmp_path / "envelopes.xlsx", FIRST, BAG, to="first.xlsx")
    filled(tmp_path / "envelopes.xlsx", SECOND, to="second.xlsx")
    return tmp_path


def state_of(folder):
    with Studio.open(folder / "studio.db") as studio:
        return studio.job().state


def test_two_typists_by_command_are_compared_settled_cashed_up_and_taken_back(folder):
    before = state_of(folder)
    shown, said = run("paper", "first.xlsx", "--second", "second.xlsx", "--differences", "d.csv", "--apply", code=1)
    assert "The two typists differ on 1 envelope:" in said and "42.00" in said
    assert "1 × keyed_differently" in shown and "--settle E2=first" in shown
    assert pd.read_csv("d.csv", dtype="str")["field"].tolist() == ["packages", "amount_received"]
    shown, _ = run("paper", "--cash-up")
    assert "1 to be settled between two typists" in shown and "✓ check money" in shown
    run("paper", "first.xlsx", "--second", "second.xlsx", "--settle", "E2=second", "--apply", code=1)
    shown, said = run("paper", "--cash-up", "--sheet", "cash.pdf", code=1)
    assert "✗ check money  $42.00 keyed, $24.00 counted: −$18.00" in shown
    assert (folder / "cash.pdf").read_bytes().startswith(b"%PDF")
    (folder / "bags.csv").write_text("bag,check amount\n1,42.00\n")
    shown, _ = run("paper", "--bags", "bags.csv", "--apply", code=1)
    assert "bag_differs" not in shown
    run("paper", "--cash-up")
    shown, _ = run("paper", "--price-check", "--csv")
    assert pd.read_csv(io.StringIO(shown))["off_cents"].tolist() == [0, 0, -400]
    for _ in range(3):
        run("undo", "--apply")
    after = state_of(folder)
    for name, rows in after.tables.items():
        if name != "postings":
            pd.testing.assert_frame_equal(
                rows.drop(columns="version"), before.tables[name].drop(columns="version"), obj=name
            )
    assert after.postings["amount_cents"].sum() == 0


def test_the_deposit_slip_is_written_and_shown_and_ends_with_1_while_something_is_left_out(folder):
    run("paper", "first.xlsx", "--second", "second.xlsx", "--apply", code=1)
    shown, said = run("paper", "--deposit-slip", "slip.pdf", code=1)
    assert "to be settled between two typists" in shown and "wrote slip.pdf" in said
    assert (folder / "slip.pdf").read_bytes().startswith(b"%PDF")
    run("paper", "first.xlsx", "--second", "first.xlsx", "--apply", code=1)
    shown, _ = run("paper", "--deposit-slip", "slip.pdf", "--deposit-bag", "1")
    assert "to the bank    $86.00" in shown
    _, said = run("paper", "--deposit-slip", "slip.pdf", "--deposit-bag", "7", code=2)
    assert "there is no bag 7" in said


def test_bags_of_a_deposit_without_a_slip_are_a_wrong_call(folder):
    _, said = run("paper", "--deposit-bag", "1", code=2)
    assert "--deposit-slip" in said


def test_a_second_file_without_a_first_is_a_wrong_call(folder):
    _, said = run("paper", "--second", "second.xlsx", code=2)
    assert "give the first file too" in said
    _, said = run("paper", "first.xlsx", "--differences", "d.csv", code=2)
    assert "give the other file with --second" in said
    _, said = run("paper", "first.xlsx", "--settle", "E2=him", code=2)
    assert "settled as first, second, none" in said


def test_the_notebook_does_the_same(folder):
    result = run_notebook(
        "paper",
        {"studio": str(folder / "studio.db"), "source": "first.xlsx", "second": "second.xlsx", "settle": "E2=first", "workbook": "again.xlsx",
         "apply": True},
        folder / "runs",
    )  # fmt: skip
    assert (result.status, result.exit_code) == ("succeeded", 1)
    assert result.counts["orders"] == 2 and result.counts["unsettled"] == 0
    assert (folder / "again.xlsx").exists() and len(state_of(folder).bags) == 1
