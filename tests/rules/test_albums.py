"""Albums: galleries in the order of the names list, cards in none, and each with the frame that stands for it."""

from __future__ import annotations

import pandas as pd
import pytest

from prepaykit.decide.codes import plan_codes
from prepaykit.decide.photos import plan_photos
from prepaykit.errors import UsageError
from prepaykit.rules.albums import BUDDIES, UNLISTED, albums
from tests.rules.picture_day import day, job


def two_classes():
    state = job("K001", "K002", "K003", "K004", blanks=("B001",))
    groups = pd.DataFrame(
        {"group_id": [1, 2], "name": ["10A", "9B"], "teacher": ["Adams", "Zimmer"], "access_code": ["G001", "G002"]}
    )
    return state.replace(
        groups=groups,
        subjects=state.subjects.assign(group_id=[2, 1, 2, 1, None], teacher=[None, None, "Quigley", None, None]),
    )


def shown(table):
    return [
        f"{r.album} {r.place} {r.access_code} {r.frames} {'' if pd.isna(r.default_frame_id) else r.default_frame_id}".strip()
        for r in table.itertuples()
    ]


def shot(text, state=None):
    state = state or two_classes()
    return state.after(plan_photos(state, day(text)))


def test_galleries_stand_in_albums_by_class_in_the_order_of_the_names_list():
    state = shot("G002 . K003 . . K001 . G001 . . K002 . B001 .")
    assert shown(albums(state)) == [
        "9B 1 G002 1 2", "9B 2 K001 1 7", "9B 3 K003 2 4", "10A 1 G001 2 9", "10A 2 K002 1 12", "10A 3 K004 0", "Blank cards 1 B001 1 14",
    ]  # fmt: skip
    cards = set(state.frames.loc[state.frames["role"] == "card", "frame_id"])
    assert not cards & set(albums(state)["default_frame_id"].dropna())


def test_by_teacher_the_class_is_only_the_second_key():
    names = albums(shot("K001 . K002 ."), by="teacher")["album"].drop_duplicates().tolist()
    assert names == ["Adams", "Quigley", "Zimmer"]
    with pytest.raises(UsageError, match="by group or by teacher"):
        albums(two_classes(), by="shoe size")


def test_a22_frames_with_several_codes_stand_in_each_gallery_and_in_the_album_of_buddies_and_siblings():
    table = albums(shot("K001+K002 . . K001 ."))
    assert "9B 1 K001 3 5" in shown(table), "one that is the child's alone stands for the gallery"
    assert "10A 1 K002 2 2" in shown(table)
    assert shown(table[table["album"] == BUDDIES]) == [f"{BUDDIES} 1 K001 K002 2 2"]
    assert table.set_index("access_code")["shared"][["K001", "K002"]].tolist() == [2, 2]


def test_a_frame_chosen_by_hand_stays_whatever_is_shot_later():
    state = shot("K001 . . .")
    state = state.after(plan_codes(state, favourite={"K001": 3}))
    row = albums(state).set_index("access_code").loc["K001"]
    assert (row["default_frame_id"], row["chosen_by"]) == (3, "person")
    state = state.after(plan_photos(state, day("K001 .", root="retake", start="2026-10-01 08:00"), shoot_no=2))
    assert albums(state).set_index("access_code")["default_frame_id"]["K001"] == 3


def test_the_latest_shoot_stands_for_a_gallery_unless_the_job_says_first():
    state = shot("K001 . .")
    state = state.after(plan_photos(state, day("K001 .", root="retake", start="2026-10-01 08:00"), shoot_no=2))
    assert albums(state).set_index("access_code")["default_frame_id"]["K001"] == 5
    first = state.replace(jobs=state.jobs.assign(retake_policy="first"))
    assert albums(first).set_index("access_code")["default_frame_id"]["K001"] == 2


def test_hidden_frames_are_counted_and_stand_for_nothing():
    state = shot("K001 . .")
    state = state.after(plan_codes(state, hide=[2]))
    row = albums(state).set_index("access_code").loc["K001"]
    assert (row["frames"], row["hidden"], row["default_frame_id"]) == (1, 1, 3)


def test_codes_that_are_not_on_the_list_have_an_album_of_their_own():
    assert shown(albums(shot("K001 . K999 . .")))[-1] == f"{UNLISTED} 1 K999 2 4"
