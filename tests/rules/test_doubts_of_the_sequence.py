"""The sequence doubts itself: missed cards, habits, bodies, clocks; and it never moves a frame by a doubt."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from prepaykit.rules.bodies import bodies_apart
from prepaykit.rules.capture_order import capture_order
from prepaykit.rules.doubts import places_to_look
from prepaykit.rules.missed_cards import missed_cards
from prepaykit.rules.sequence import sequence_frames
from prepaykit.tables.catalog import typed
from tests.rules.picture_day import as_frames, day, findings_of, galleries, job

CODES = tuple(f"K{i:02d}" for i in range(1, 31))


def shot(
    *sessions: str,
    pause: int = 20,
    step: int = 5,
    root: str = "day",
    camera: str = "R6 #1",
    start: str = "2026-09-01 08:00",
) -> pd.DataFrame:
    """Sessions as text, `step` seconds between frames, `pause` before each session; `|` within one is such a pause without a card,
    `~` a file number that is missing."""
    words, at, now, number, numbers = [], [], pd.Timestamp(start), 0, []
    for session in sessions:
        now += pd.Timedelta(seconds=pause - step)
        for word in session.split():
            if word == "|":
                now += pd.Timedelta(seconds=pause - step)
            elif word == "~":
                number += 1
            else:
                now, number = now + pd.Timedelta(seconds=step), number + 1
                words.append(word)
                at.append(now)
                numbers.append(number)
    read = day(" ".join(words), root=root, camera=camera)
    return read.assign(shot_at=pd.to_datetime(at).as_unit("us"), path=[f"IMG_{n:04d}.JPG" for n in numbers])


def told(read, state=None, *, choices=(), **kw):
    state = state or job(*CODES)
    table = typed("choices", pd.DataFrame(list(choices), columns=["kind", "target", "value"]))
    return sequence_frames(as_frames(read), state.subjects, state.groups, choices=table, **kw)


def usual(*, without: tuple[str, ...] = (), frames: int = 2) -> dict[str, str]:
    return {c: f"{c} {' '.join('.' * frames)}" for c in CODES if c not in without}


def doubts(result, *codes):
    rows = result.findings[result.findings["code"].isin(codes or ["card_skipped", "no_card_seen", "long_session"])]
    return list(zip(rows["code"], rows["key"], rows["suggestion"].fillna("-"), strict=True))


# --- a missed card -----------------------------------------------------------------------------------------------------


def test_a9_a_skipped_card_is_told_at_the_frame_where_the_next_child_begins_and_both_children_are_named():
    days = usual(without=("K08",)) | {"K07": "K07 . . | . ."}
    result = told(shot(*days.values()))
    assert doubts(result) == [("card_skipped", "22", "K08"), ("no_card_seen", "K08", "-")]
    row = result.findings.set_index("code").loc["card_skipped"]
    assert "not K07 any more (frames 3 to 4 after frame 19" in row["detail"]
    assert row["next_move"].endswith(
        "a new child: prepaykit codes --tag 22=CODE, the same child: prepaykit codes --tag 22="
    )
    assert galleries(result)["K07"] == [20, 21, 22, 23], "no frame is moved by a doubt"


@pytest.mark.parametrize(
    ("seventh", "absent", "why"),
    [
        ("K07 . . . .", (), "the class is complete, and there is no pause"),
        ("K07 . | .", ("K20",), "the usual number of frames: a shoelace"),
        ("K07 . . .", ("K08",), "one frame more while the neighbour is absent"),
    ],
)
def test_one_sign_alone_doubts_nobody(seventh, absent, why):
    assert doubts(told(shot(*(usual(without=absent) | {"K07": seventh}).values()))) == [], why


def test_a_card_that_lies_unseen_among_the_frames_is_told_at_its_own_frame():
    days = usual(without=("K08",)) | {"K07": "K07 . . | . . ."}
    assert doubts(told(shot(*days.values())))[0] == ("card_skipped", "22", "K08")


def test_a_deleted_card_shows_by_its_missing_number_where_no_other_is_missing():
    days = usual(without=("K08",)) | {"K07": "K07 . . ~ . ."}
    result = told(shot(*days.values(), pause=5))  # no pause anywhere: time says nothing
    assert ("card_skipped", "22", "K08") in doubts(result)
    assert "missing or unreadable files" in result.findings.set_index("code").loc["card_skipped", "detail"]


def test_a_file_that_was_set_aside_may_have_been_the_card():
    days = usual(without=("K08",)) | {"K07": "K07 . . x . ."}
    result = told(shot(*days.values(), pause=5))  # no pause anywhere: time says nothing
    assert ("card_skipped", "23", "K08") in doubts(result)
    assert "missing or unreadable files" in result.findings.set_index("code").loc["card_skipped", "detail"]


def test_two_skipped_cards_in_a_row_are_two_doubts():
    days = usual(without=("K08", "K09")) | {"K07": "K07 . . | . . | . ."}
    assert [key for code, key, _ in doubts(told(shot(*days.values()))) if code == "card_skipped"] == ["22", "24"]


def test_the_child_is_suggested_by_the_list_only_where_the_class_came_in_its_order():
    days = usual(without=("K08", "K15", "K21")) | {"K07": "K07 . . | . ."}
    in_order = told(shot(*days.values()))
    assert doubts(in_order)[0] == ("card_skipped", "22", "K08")
    mixed = [days[c] for c in sorted(days, key=lambda c: (c[::-1] != "70K", c[::-1]))]
    as_they_like = told(shot(*mixed))
    row = as_they_like.findings.set_index("code").loc["card_skipped"]
    assert pd.isna(row["suggestion"])
    assert "without frames: K08 or K15 or K21" in row["detail"]


def test_the_first_child_after_the_group_picture_may_be_skipped_too():
    days = usual(without=("K01",))
    result = told(shot("G001 . . | . .", *days.values()))
    # one group picture more would say nothing; a class list that begins with a child without frames does
    assert {code for code, *_ in doubts(result)} <= {"card_skipped", "no_card_seen"}


def test_what_a_person_says_of_a_doubt_settles_it():
    days = usual(without=("K08",)) | {"K07": "K07 . . | . ."}
    same_child = told(shot(*days.values()), choices=[("tag", "22", "")])
    assert doubts(same_child, "card_skipped", "no_card_seen") == []
    assert galleries(same_child)["K07"] == [20, 21, 22, 23]
    other_child = told(shot(*days.values()), choices=[("tag", "22", "K08")])
    assert doubts(other_child) == []
    assert (galleries(other_child)["K07"], galleries(other_child)["K08"]) == ([20, 21], [22, 23])


def test_another_look_is_a_sign_where_pictures_were_looked_at():
    days = usual(without=("K08",)) | {"K07": "K07 . . ."}  # one frame more and no pause; the neighbour is absent
    read = shot(*days.values(), pause=5)
    frames, state = as_frames(read), job(*CODES)

    def chance(new_face_at: int | None) -> float:
        person = read["texts"].notna().cumsum()
        person = person if new_face_at is None else person.where(read.index < new_face_at - 1, person + 1)
        look = person.map(lambda n: f"{n * 0x9E3779B97F4A7C15 % 2**64:016x}").astype("str")
        result = sequence_frames(frames.assign(look_hash=look.to_numpy()), state.subjects, state.groups)
        return result.weighed.missed.sessions["chance"].loc[18]

    unseen = sequence_frames(frames, state.subjects, state.groups).weighed.missed.sessions["chance"].loc[18]
    assert chance(None) < unseen / 2 < unseen * 2 < chance(22)


# --- habits, cards, bodies -------------------------------------------------------------------------------------------------


def after_day(codes=("K01", "K02", "K03", "K04", "K05")):
    """Two frames, then the card, of each child."""
    return shot(*(f". . {c}" for c in codes))


def test_cards_that_seem_to_come_after_the_frames_are_told_and_nothing_is_turned_round():
    result = told(after_day())
    assert doubts(result, "cards_after_frames") == [("cards_after_frames", "3", "-")]
    assert galleries(result)["K01"] == [4, 5]
    assert 'settings cards_after="R6 #1"' in result.findings.set_index("code").loc["cards_after_frames", "next_move"]


@pytest.mark.parametrize("setting", ["all", "R6 #1", "r6 #1; R6 #9"])
def test_a_photographer_who_shows_the_card_after_the_child_is_a_setting(setting):
    result = told(after_day(), cards_after=setting)
    assert galleries(result) == {"K01": [1, 2], "K02": [4, 5], "K03": [7, 8], "K04": [10, 11], "K05": [13, 14]}
    assert findings_of(result.findings) == []


def test_with_the_card_after_the_frames_an_unread_one_leaves_the_frames_before_it_to_nobody():
    result = told(shot(". . K01", ". . ?", ". . K03"), cards_after="all")
    assert galleries(result) == {"K01": [1, 2], "K03": [7, 8]}
    assert findings_of(result.findings) == [("unread_card", "6")]


def test_none_says_that_the_cards_come_first_whatever_it_looks_like():
    assert doubts(told(after_day(), cards_after="none"), "cards_after_frames") == []


def test_a_misspelt_camera_settles_nothing():
    assert doubts(told(after_day(), cards_after="R6 #7"), "cards_after_frames") == [("cards_after_frames", "3", "-")]


def test_test_frames_and_a_last_card_without_anybody_are_no_habit():
    days = [*usual().values()]
    assert doubts(told(shot(". .", *days[:6], "K07")), "cards_after_frames") == []


def test_two_bodies_read_as_one_are_told_apart_by_their_numbers():
    read = pd.concat([
        day("K01 . . K02 . .", camera="R6 in day", first=101),
        day("K03 . . K04 . .", camera="R6 in day", first=5301, start="2026-09-01 08:00:03"),
    ], ignore_index=True)  # fmt: skip
    result = told(read)
    assert galleries(result) == {"K01": [2, 3], "K02": [5, 6], "K03": [8, 9], "K04": [11, 12]}
    assert [code for code, _ in findings_of(result.findings)] == ["cameras_mixed"]
    again = bodies_apart(result.frames)
    assert again.tolist() == result.frames["camera"].tolist()


def test_a_counter_that_was_reset_once_stays_one_body():
    read = pd.concat(
        [
            day("K01 . .", camera="R6 in day", first=5301),
            day("K02 . .", camera="R6 in day", first=1, start="2026-09-01 09:00"),
        ],
        ignore_index=True,
    )
    assert told(read).frames["camera"].unique().tolist() == ["R6 in day"]


def test_a_card_seen_again_after_others_is_noted_and_appended():
    result = told(shot("K01 . .", "K02 . .", "K01 ."))
    assert galleries(result)["K01"] == [2, 3, 8]
    assert doubts(result, "card_seen_again") == [("card_seen_again", "K01", "-")]
    near = told(shot("K01 . .", "K01 ."))
    assert doubts(near, "card_seen_again") == []


def test_the_card_of_another_family_that_lay_in_the_picture_is_told_and_a_word_settles_it():
    read = shot("K01+K02 . .", "K02 . .")
    assert ("cards_of_strangers", "1", "-") in doubts(told(read), "cards_of_strangers")
    assert doubts(told(read, choices=[("tag", "1", "K01")]), "cards_of_strangers") == []
    kin = job(*CODES)
    kin = kin.replace(subjects=kin.subjects.assign(email="home@example.org"))
    assert doubts(told(read, kin), "cards_of_strangers") == []


# --- clocks and numbers ------------------------------------------------------------------------------------------------


def test_an_hour_forward_within_a_session_is_no_new_child_and_no_other_order():
    read = day("K01 . . K02 . .")
    later = read["shot_at"] + pd.to_timedelta([0, 0, 3600, 3600, 3600, 3600], unit="s")
    result = told(read.assign(shot_at=later.astype("datetime64[us]")))
    assert galleries(result) == {"K01": [2, 3], "K02": [5, 6]}
    assert findings_of(result.findings) == []


def test_an_hour_back_within_a_session_is_told_and_the_file_numbers_are_believed():
    read = day("K01 . . K02 . .")
    back = read["shot_at"] - pd.to_timedelta([0, 0, 3600, 3600, 3600, 3600], unit="s")
    result = told(read.assign(shot_at=back.astype("datetime64[us]")))
    assert galleries(result) == {"K01": [2, 3], "K02": [5, 6]}
    assert findings_of(result.findings) == [("camera_clock", "3")]


def test_a_clock_set_back_between_two_folders_of_the_camera_does_not_mix_them():
    read = day("K01 . . K02 . .")
    path = [f"100CANON/IMG_{9997 + i:04d}.JPG" for i in range(3)] + [f"101CANON/IMG_{1 + i:04d}.JPG" for i in range(3)]
    at = pd.to_datetime(["2026-09-01 10:00:00", "2026-09-01 10:00:10", "2026-09-01 10:00:20",
                         "2026-09-01 10:00:05", "2026-09-01 10:00:15", "2026-09-01 10:00:25"]).as_unit("us")  # fmt: skip
    frames = read.assign(path=path, shot_at=at)
    assert capture_order(frames.assign(shoot_no=1))["sequence"].tolist() == [1, 2, 3, 4, 5, 6]
    assert galleries(told(frames)) == {"K01": [2, 3], "K02": [5, 6]}


def test_folders_sorted_by_hand_may_overlap_in_time():
    read = day("K01 . . K02 . .").assign(
        path=[f"{f}/IMG_{n:04d}.JPG" for f, n in zip("bbbaaa", (1, 2, 3, 4, 5, 6), strict=True)]
    )
    assert galleries(told(read)) == {"K01": [2, 3], "K02": [5, 6]}


def test_deleted_frames_are_one_note_a_camera():
    result = told(shot("K01 . ~ .", "K02 . ~ ~ ."))
    row = result.findings.set_index("code").loc["numbers_missing"]
    assert "3 file numbers are missing in 2 places, first before frame 3" in row["detail"]


# --- where to look once more -----------------------------------------------------------------------------------------------


def test_frames_where_a_card_is_expected_are_searched_again_and_not_the_thousand_others():
    days = usual(without=("K08", "K20")) | {"K07": "K07 . . | . . .", "K19": "K19 . ."}
    read = shot(". .", *days.values(), "? .")
    places = places_to_look(told(read))
    why = places.groupby("why")["frame_id"].apply(list).to_dict()
    assert why["start"] == [1, 2]
    assert 24 in why["missed"], "the unseen card itself"
    assert why["unread"] == [len(read) - 1]
    assert why["list"], "the class list expects K20 after K19"
    assert len(places) <= 15
    assert places_to_look(told(read), most=3)["why"].tolist() == ["unread", "missed", "missed"]


def test_something_like_a_card_in_a_frame_is_looked_at_again_and_is_a_sign():
    days = usual(without=("K08",)) | {"K07": "K07 . . . . ."}  # no pause
    result = told(shot(*days.values(), pause=5))
    plain = result.weighed.missed
    walk = result.walk.assign(card_suspicion=pd.Series({21: "corner marks"}, dtype="str"))
    seen = missed_cards(walk, result.weighed.runs, result.weighed.orders, set())
    assert walk.loc[seen.places["row"], "frame_id"].tolist() == [22]
    assert "something like a card" in seen.places["because"].iloc[0]
    assert seen.sessions["chance"].loc[18] > plain.sessions["chance"].loc[18]
    quiet = told(shot(*usual().values()))
    quiet = replace(quiet, walk=quiet.walk.assign(card_suspicion=pd.Series({40: "one corner mark"}, dtype="str")))
    assert places_to_look(quiet)[["frame_id", "why"]].values.tolist() == [[41, "faint"]]


def test_an_empty_job_has_no_places():
    state = job("K01")
    assert len(places_to_look(sequence_frames(typed("frames", pd.DataFrame()), state.subjects, state.groups))) == 0
