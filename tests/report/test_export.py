"""CSV for people: nothing a spreadsheet would run, nothing lost, never half a file."""

import csv
import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prepaykit.errors import NeighbourFailed
from prepaykit.report.export import guard, unguard, write_csv


def read_back(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\u200b=1", "\ufeff=1", "\u00a0@x",
                                  "＝1", "＋1", "－1", "＠x", "'=1", "\x09x"])  # fmt: skip
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert guard(text) == "'" + text


@pytest.mark.parametrize(
    "text", ["", "Ann", "'t Hooft", "a=1", "001234", "1E5", "Smith-Jones", "x@example.org", " Ann"]
)
def test_other_text_is_left_alone(text):
    assert guard(text) == text


@given(st.text(alphabet=st.sampled_from("'=+-@\t\r\n \u200b＝ab1")))
def test_the_guard_can_always_be_taken_off_again(text):
    assert unguard(guard(text)) == text


def test_no_guarded_text_starts_with_what_runs():
    assert not any(guard(text)[:1] in "=+-@\t\r" for text in ["=1", "+1", "\t1", "'=1"])


def test_codes_stay_text_and_numbers_stay_numbers(tmp_path):
    frame = pd.DataFrame({"code": ["001234", "1E5", None], "cents": [-5, 7, 0], "paid": [True, False, True]})
    assert read_back(write_csv(frame, tmp_path / "out.csv")) == [
        ["code", "cents", "paid"], ["001234", "-5", "yes"], ["1E5", "7", "no"], ["", "0", "yes"],
    ]  # fmt: skip


def test_cells_and_headings_are_guarded_in_the_file(tmp_path):
    frame = pd.DataFrame({"=cmd": ["=HYPERLINK(1)", "+1 555 0100", "'t Hooft"]})
    assert read_back(write_csv(frame, tmp_path / "out.csv")) == [
        ["'=cmd"],
        ["'=HYPERLINK(1)"],
        ["'+1 555 0100"],
        ["'t Hooft"],
    ]


def test_excel_is_told_that_the_file_is_utf_8(tmp_path):
    path = write_csv(pd.DataFrame({"name": ["Müller 李"]}), tmp_path / "out.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert read_back(path)[1] == ["Müller 李"]


def test_a_file_for_another_program_has_no_mark_before_its_first_heading(tmp_path):
    path = write_csv(pd.DataFrame({"order_id": ["1"]}), tmp_path / "out.csv", for_excel=False)
    assert path.read_bytes() == b"order_id\n1\n"


def test_line_ends_within_a_cell_stay_as_they_are(tmp_path):
    path = write_csv(pd.DataFrame({"note": ["a\nb", "c\r\nd"]}), tmp_path / "out.csv")
    assert read_back(path)[1:] == [["a\nb"], ["c\r\nd"]]


def test_two_columns_of_one_name_are_both_written(tmp_path):
    frame = pd.DataFrame([["=1", "b"]], columns=["x", "x"])
    assert read_back(write_csv(frame, tmp_path / "out.csv")) == [["x", "x"], ["'=1", "b"]]


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path, monkeypatch):
    path = write_csv(pd.DataFrame({"a": [1]}), tmp_path / "out.csv")
    before = path.read_bytes()

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(NeighbourFailed, match="No space"):
        write_csv(pd.DataFrame({"a": [2]}), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_a_path_that_cannot_be_written_is_the_disks_failure_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(NeighbourFailed, match=r"names\.csv could not be written"):
        write_csv(pd.DataFrame({"a": ["1"]}), tmp_path / "file" / "names.csv")
    with pytest.raises(NeighbourFailed, match="could not be written: File name too long"):
        write_csv(pd.DataFrame({"a": ["1"]}), tmp_path / ("n" * 300))
