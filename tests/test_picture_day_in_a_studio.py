"""Picture day through the store: sheets, albums, the habit of a photographer, a favourite; and all of it taken back."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from prepaykit import Studio
from prepaykit.cli import app
from prepaykit.report.job_report import report_tables, write_report
from tests.intake.drawn import card_and_frames
from tests.rules.picture_day import galleries

NAMES = "first_name,last_name,group,access_code\nAda,Kim,3A,K001\nBen,Lee,3A,K002\n"


@pytest.fixture
def job(tmp_path):
    card_and_frames(tmp_path / "photos" / "100CANON", "K001", "K002")
    (tmp_path / "names.csv").write_text(NAMES, encoding="utf-8")
    with Studio.open(tmp_path / "studio.db", actor="anna") as studio:
        job = studio.new({"name": "maple-grove-2026", "school": "Maple Grove"})
        job.apply(job.names(tmp_path / "names.csv"))
        yield job


def test_the_plan_can_be_looked_at_on_contact_sheets_before_it_is_applied(job, tmp_path):
    plan = job.photos(tmp_path / "photos")
    _, _, *pages = job.contact_sheets(tmp_path / "sheets", plan=plan)
    assert pages[-1].read_text(encoding="utf-8").count("<img ") == 6
    assert len(list((tmp_path / "thumbs").rglob("*.jpg"))) == 6
    assert not len(job.state.frames), "to look changes nothing"


def test_a_habit_set_later_turns_the_sequence_round_without_reading_a_file_and_can_be_taken_back(job, tmp_path):
    job.apply(job.photos(tmp_path / "photos"))
    assert galleries(job.state) == {"K001": [2, 3], "K002": [5, 6]}
    job.apply(job.settings(cards_after="all"))
    assert galleries(job.state) == {"K002": [2, 3]}, "no order may go on with the picture of before"
    assert job.photos().is_empty
    job.undo()
    assert job.state.job["cards_after"] is None
    assert galleries(job.state) == {"K001": [2, 3], "K002": [5, 6]}


def test_a_favourite_stays_through_a_new_reading_and_an_undo_takes_it_back(job, tmp_path):
    job.apply(job.photos(tmp_path / "photos"))
    job.apply(job.codes(favourite={"K001": 3}), why="eyes open")
    assert job.photos(tmp_path / "photos").is_empty
    assert job.albums().set_index("access_code")["default_frame_id"]["K001"] == 3
    job.undo()
    assert job.albums().set_index("access_code")["default_frame_id"]["K001"] == 2


def test_the_command_writes_sheets_of_what_the_plan_comes_to_and_says_where(job, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["photos", "photos", "--sheets", "sheets"])
    assert done.exit_code == 0
    assert "wrote 1 contact sheets: sheets/index.html, contact_sheets.pdf" in done.stderr.replace("\\", "/")
    assert "Ada Kim" not in (tmp_path / "sheets" / "000-3a.html").read_text(encoding="utf-8")
    assert not len(job.state.frames)
    again = CliRunner().invoke(app, ["photos", "--sheets", "sheets", "--names"])
    assert again.exit_code == 0 and "Nothing to do" in again.stderr
    assert "Ada Kim" in (tmp_path / "sheets" / "000-3a.html").read_text(encoding="utf-8")


def test_a_favourite_and_its_album_stand_in_the_report(job, tmp_path):
    job.apply(job.photos(tmp_path / "photos"))
    job.apply(job.codes(favourite={"K002": 6}))
    rows = report_tables(job)["albums"]
    assert rows.to_dict("records") == [
        {"album": "3A", "galleries": 2, "with_frames": 2, "frames": 4, "hidden": 0, "shared": 0, "chosen": 1}
    ]
    assert "Albums and their galleries" in write_report(job, tmp_path / "report.html").read_text(encoding="utf-8")
