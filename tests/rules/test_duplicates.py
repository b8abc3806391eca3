"""The same picture twice: bytes are told one by one, pictures saved anew once for each pair of folders, bursts never."""

from __future__ import annotations

import pandas as pd

from prepaykit.rules.duplicates import same_bytes, saved_anew
from tests.rules.picture_day import as_frames, day


def looked(*reads: pd.DataFrame, looks: list[str]) -> pd.DataFrame:
    frames = as_frames(pd.concat(reads, ignore_index=True))
    return frames.assign(look_hash=pd.Series(looks, dtype="str"))


LOOKS = ["0123456789abcdef", "fedcba9876543210", "00ff00ff00ff00ff"]


def test_the_same_bytes_are_told_for_each_copy():
    frames = as_frames(pd.concat([day(". ."), day(". .", root="copy")], ignore_index=True))
    frames["sha256"] = ["a", "b", "a", "b"]
    assert same_bytes(frames)["key"].tolist() == ["3", "4"]


def test_pictures_saved_anew_into_another_folder_are_one_finding():
    near = ["0123456789abcdee", "fedcba9876543213", "00ff00ff00ff00ff"]
    told = saved_anew(looked(day(". . ."), day(". . .", root="edited"), looks=LOOKS + near))
    assert told["key"].tolist() == ["4"]
    assert told["detail"].tolist() == ["frame 4 shows what frame 1 shows, saved anew; so do 3 pictures of its folder"]
    assert told["severity"].tolist() == ["note"]


def test_a_burst_of_one_child_is_no_duplicate():
    assert not len(saved_anew(looked(day(". . ."), looks=[LOOKS[0]] * 3)))


def test_two_cameras_that_shot_at_the_same_second_are_no_duplicates_unless_the_pictures_are():
    assert not len(
        saved_anew(
            looked(day(". ."), day(". .", root="b", camera="R6 #2"), looks=[*LOOKS[:2], LOOKS[2], "1234123412341234"])
        )
    )


def test_the_same_number_on_another_day_is_no_duplicate_even_before_the_same_backdrop():
    assert not len(saved_anew(looked(day("."), day(".", root="b", start="2026-09-03 08:00"), looks=[LOOKS[0]] * 2)))


def test_a_picture_that_lost_its_time_is_found_by_its_number():
    edited = day(".", root="edited").assign(shot_at=pd.NaT)
    assert saved_anew(looked(day("."), edited, looks=[LOOKS[0]] * 2))["key"].tolist() == ["2"]


def test_without_looks_nothing_is_said():
    assert not len(saved_anew(as_frames(day(". ."))))
