"""Cards and frames: frames belong to the card before them, or to nobody."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepaykit.rules.sequence import sequence_frames
from prepaykit.tables.catalog import typed
from tests.rules.picture_day import as_frames, day, findings_of, galleries, job


def sequenced(state, *days, **decided):
    frames = as_frames(pd.concat(days, ignore_index=True))
    choices = typed(
        "choices",
        pd.DataFrame(
            [(k, str(t), v) for k, d in decided.items() for t, v in d.items()], columns=["kind", "target", "value"]
        ),
    )
    return sequence_frames(frames, state.subjects, state.groups, choices=choices, other_codes=state.other_codes)


def roles(result):
    return result.frames.sort_values("frame_id")["role"].tolist()


def test_frames_belong_to_the_card_before_them():
    result = sequenced(job("K001", "K002"), day("K001 . . K002 ."))
    assert galleries(result) == {"K001": [2, 3], "K002": [5]}
    assert roles(result) == ["card", "individual", "individual", "card", "individual"]
    assert not len(result.findings)


def test_a_code_seen_again_opens_its_gallery_again():
    assert galleries(sequenced(job("K001", "K002"), day("K001 . K002 . K001 ."))) == {"K001": [2, 6], "K002": [4]}


def test_a22_a_picture_of_two_cards_puts_the_frames_into_both_galleries():
    result = sequenced(job("K001", "K002"), day("K001+K002 . ."))
    assert galleries(result) == {"K001": [2, 3], "K002": [2, 3]}
    assert findings_of(result.findings) == [("many_codes", "1")]


def test_frames_after_a_group_card_are_pictures_of_the_group():
    result = sequenced(job("K001"), day("K001 . G001 . . K001 ."))
    assert result.group_frames[["frame_id", "group_id", "position"]].to_numpy().tolist() == [[4, 1, 1], [5, 1, 2]]
    assert galleries(result) == {"K001": [2, 7]}
    assert roles(result)[3:5] == ["group", "group"]


def test_frames_after_an_unread_card_never_go_to_the_child_before():
    result = sequenced(job("K001", "K002", "K003"), day("K001 . ? . . K003 ."))
    assert galleries(result) == {"K001": [2], "K003": [7]}
    assert roles(result)[2:5] == ["unassigned"] * 3
    assert findings_of(result.findings) == [("unread_card", "3")]
    assert result.findings["next_move"].iloc[0] == "name its code: prepaykit codes --tag 3=CODE"


def test_an_unread_card_named_by_a_person_is_a_card():
    result = sequenced(job("K001", "K002"), day("K001 . ? . ."), tag={3: "K002"})
    assert galleries(result) == {"K001": [2], "K002": [4, 5]}
    assert roles(result)[2] == "card"
    assert not len(result.findings)


def test_a_person_may_say_that_it_was_no_card():
    result = sequenced(job("K001"), day("K001 . ? ."), tag={3: ""})
    assert galleries(result) == {"K001": [2, 3, 4]}
    assert not len(result.findings)


def test_a_card_that_was_shot_again_at_once_needs_nobody():
    result = sequenced(job("K001", "K002"), day("K001 . ? K002 ."))
    assert galleries(result) == {"K001": [2], "K002": [5]}
    assert not len(result.findings)


def test_a_skipped_card_is_put_right_by_naming_the_first_frame_of_the_child():
    result = sequenced(job("K001", "K002"), day("K001 . . ."), tag={3: "K002"})
    assert galleries(result) == {"K001": [2], "K002": [3, 4]}


def test_frames_before_the_first_card_are_unassigned():
    result = sequenced(job("K001"), day(". . K001 ."))
    assert roles(result)[:2] == ["unassigned", "unassigned"]
    assert findings_of(result.findings) == [("frames_before_first_card", "1")]


def test_a_new_day_begins_with_nobody():
    result = sequenced(job("K001"), day("K001 ."), day(".", start="2026-09-02 08:00", first=3))
    assert galleries(result) == {"K001": [2]}
    assert findings_of(result.findings) == [("frames_before_first_card", "3")]


def test_cameras_with_the_same_file_names_do_not_mix():
    result = sequenced(job("K001", "K002"), day("K001 . .", root="a"), day("K002 . .", camera="R6 #2", root="b"))
    assert galleries(result) == {"K001": [2, 3], "K002": [5, 6]}


def test_a_code_of_our_form_that_is_not_listed_keeps_its_frames_and_names_the_nearest_child():
    result = sequenced(job("AB001", "KX002"), day("AB001 . KX022 ."))
    assert galleries(result) == {"AB001": [2], "KX022": [4]}
    row = result.galleries[result.galleries["read_code"] == "KX022"].iloc[0]
    assert pd.isna(row["subject_id"])
    assert not row["is_active"]
    assert findings_of(result.findings) == [("code_not_listed", "KX022")]
    assert result.findings["suggestion"].tolist() == ["KX002"]


def test_a4_a_regenerated_card_is_recognised_when_one_child_of_the_class_is_left():
    state = job("KA11", "KB22", "KC33", "KD44")
    result = sequenced(state, day("KA11 . XY99 . KC33 . KD44 ."))
    hint = result.findings[result.findings["code"] == "code_not_listed"].iloc[0]
    assert (hint["key"], hint["suggestion"]) == ("XY99", "KB22")


@pytest.mark.parametrize("text", ["KA11 . XY99 . KD44 .", "KA11 . ? . KD44 ."])
def test_two_children_who_may_have_been_meant_are_both_told_and_none_is_chosen(text):
    """A class is not always shot in the order of its list: the child between the neighbours of the list need not be the one."""
    result = sequenced(job("KA11", "KB22", "KC33", "KD44"), day(text))
    assert result.findings["suggestion"].isna().all()
    assert "KB22 or KC33" in result.findings["detail"].str.cat()


def test_the_code_of_another_job_is_called_that():
    state = job("KA11", "KB22")
    other = pd.DataFrame({"access_code": ["XY99"], "job": ["oak-hill-2026"]})
    result = sequence_frames(as_frames(day("KA11 . XY99 .")), state.subjects, state.groups, other_codes=other)
    assert result.findings["detail"].tolist() == [
        "code XY99: it belongs to job oak-hill-2026; 1 frames are kept under it"
    ]


def test_a_card_of_another_job_in_another_form_ends_the_gallery_before_it_all_the_same():
    state = job("KA11", "KB22")
    other = pd.DataFrame({"access_code": ["OAK-1"], "job": ["oak-hill-2026"]})
    result = sequence_frames(as_frames(day("KA11 . OAK-1 .")), state.subjects, state.groups, other_codes=other)
    assert result.galleries["access_code"].tolist() == ["KA11", "OAK-1"]
    assert result.findings["code"].tolist() == ["code_not_listed"]


def test_a_relabelled_gallery_belongs_to_its_new_code():
    result = sequenced(job("KA11", "KB22"), day("XY99 . ."), relabel={"XY99": "KB22"})
    assert galleries(result) == {"KB22": [2, 3]}
    assert result.galleries["read_code"].unique().tolist() == ["XY99"]
    assert result.galleries["subject_id"].tolist() == [2, 2]
    assert not len(result.findings)


def test_a_foreign_code_on_a_shirt_is_no_card():
    result = sequenced(job("K001"), day("K001 . https://shirt.example/x ."))
    assert galleries(result) == {"K001": [2, 3, 4]}
    assert findings_of(result.findings) == [("foreign_code", "3")]
    assert result.frames["foreign_codes"].dropna().tolist() == ["https://shirt.example/x"]
    assert "shirt" not in result.findings["detail"].iloc[0]


def test_a_web_address_that_ends_in_a_listed_code_is_a_card():
    assert galleries(sequenced(job("K001"), day("https://shop.example/g?code=K001 ."))) == {"K001": [2]}


def test_a_card_without_frames_is_found():
    result = sequenced(job("K001", "K002"), day("K001 . K002 K001 ."))
    assert findings_of(result.findings) == [("card_without_frames", "K002")]


def test_a_session_far_longer_than_usual_is_found():
    result = sequenced(job("K001", "K002", "K003"), day("K001 . . K002 . . K003 . . . . . ."))
    assert findings_of(result.findings) == [("long_session", "K003")]


def test_a9_a_skipped_card_shows_as_a_double_session_beside_a_child_without_frames():
    result = sequenced(job("KA11", "KB22", "KC33", "KD44"), day("KA11 . . . . KC33 . . KD44 . ."))
    hint = result.findings[result.findings["code"] == "long_session"].iloc[0]
    assert (hint["key"], hint["suggestion"]) == ("KA11", "KB22")
    assert "without frames: KB22" in hint["detail"]
    twice_as_many_but_nobody_is_missing = sequenced(job("KA11", "KC33", "KD44"), day("KA11 . . . . KC33 . . KD44 . ."))
    assert not len(twice_as_many_but_nobody_is_missing.findings)


def test_an_unread_card_suggests_the_child_who_is_missing_there():
    result = sequenced(job("KA11", "KB22", "KC33"), day("KA11 . ? . KC33 ."))
    assert result.findings["suggestion"].tolist() == ["KB22"]


def test_frames_of_a_camera_never_follow_a_card_of_another_camera_or_shoot():
    first = day("K001 .", root="a")
    result = sequenced(job("K001", "K002"), first, day(". K002 .", camera="R6 #2", root="b", start="2026-09-01 08:01"))
    assert galleries(result) == {"K001": [2], "K002": [5]}
    frames = as_frames(pd.concat([first, day(". .", root="b", start="2026-09-01 08:01")], ignore_index=True))
    retake = frames.assign(shoot_no=[1, 1, 2, 2])
    state = job("K001")
    assert galleries(sequence_frames(retake, state.subjects, state.groups)) == {"K001": [2]}


def test_children_of_another_camera_are_no_neighbours():
    state = job("KA11", "KB22")
    result = sequenced(state, day("KA11 .", root="a"), day("? .", camera="R6 #2", root="b"))
    assert result.findings["suggestion"].isna().all()


def test_an_opted_out_child_in_front_of_the_camera_is_found_and_not_offered():
    result = sequenced(job("K001", opted_out=("K001",)), day("K001 ."))
    assert findings_of(result.findings) == [("opted_out_photographed", "K001")]
    assert not result.galleries["is_active"].any()


def test_a_used_blank_card_asks_for_its_name():
    result = sequenced(job("K001", blanks=("B001",)), day("B001 . K001 ."))
    assert findings_of(result.findings) == [("blank_card_used", "B001")]


def test_hidden_frames_stay_in_the_gallery():
    result = sequenced(job("K001"), day("K001 . ."), hide={2: "hidden"})
    assert result.galleries.sort_values("position")["is_hidden"].tolist() == [True, False]


def test_an_unlisted_code_belongs_to_nobody_on_the_list_and_missing_never_meets_missing():
    state = job("K001")
    nameless = state.subjects.assign(student_id=None)
    result = sequence_frames(as_frames(day("ZZ99X .")), nameless, state.groups)
    assert not len(result.galleries)
    assert result.frames["role"].tolist() == ["unassigned", "unassigned"]


def test_cards_that_come_last_on_two_cameras_are_told_of_each():
    words = ". K001 K001 K999 K999"
    read = pd.concat([day(words, root="a"), day(words, camera="R6 #2", root="b")], ignore_index=True)
    state = job("K001", "K002", "K003", blanks=("B001",))
    found = sequence_frames(as_frames(read), state.subjects, state.groups).findings
    told = found.loc[found["code"] == "cards_after_frames", "detail"]
    assert told.str.extract(r"^(R6 #\d): its \d cards")[0].tolist() == ["R6 #1", "R6 #2"]


WORDS = st.lists(
    st.sampled_from([".", ".", ".", "?", "x", "K001", "K002", "K003", "K001+K002", "G001", "B001", "K999", "hello!"]),
    min_size=1,
    max_size=40,
)


@settings(max_examples=25, deadline=None)
@given(WORDS, WORDS, st.data())
def test_every_frame_is_accounted_for_whatever_the_day_brought(one, two, data):
    state = job("K001", "K002", "K003", blanks=("B001",))
    read = pd.concat([day(" ".join(one), root="a"), day(" ".join(two), camera="R6 #2", root="b")], ignore_index=True)
    n = len(read)
    tag = data.draw(st.dictionaries(st.integers(1, n), st.sampled_from(["", "K002", "K001 K003"]), max_size=3))
    frames = as_frames(read)
    choices = typed(
        "choices", pd.DataFrame([("tag", str(t), v) for t, v in tag.items()], columns=["kind", "target", "value"])
    )
    result = sequence_frames(frames, state.subjects, state.groups, choices=choices)

    assigned = set(result.galleries["frame_id"]) | set(result.group_frames["frame_id"])
    by_role = {role: set(rows) for role, rows in result.frames.groupby("role")["frame_id"]}
    assert by_role.get("individual", set()) | by_role.get("group", set()) == assigned
    assert sum(map(len, by_role.values())) == n
    assert sorted(result.frames["frame_id"]) == list(range(1, n + 1))

    named = {c for words in (one, two) for w in words for c in w.split("+")} | {
        c for v in tag.values() for c in v.split()
    }
    assert set(result.galleries["read_code"]) <= named

    shuffled = frames.sample(frac=1, random_state=data.draw(st.integers(0, 99)))
    again = sequence_frames(shuffled, state.subjects.iloc[::-1], state.groups, choices=choices.iloc[::-1])
    pd.testing.assert_frame_equal(again.galleries, result.galleries)
    pd.testing.assert_frame_equal(again.group_frames, result.group_frames)
    pd.testing.assert_frame_equal(again.frames.sort_values("frame_id", ignore_index=True), result.frames)
    assert sorted(map(tuple, again.findings.astype("str").to_numpy())) == sorted(
        map(tuple, result.findings.astype("str").to_numpy())
    )


@pytest.mark.parametrize(
    "names", [["DSC_9.JPG", "DSC_10.JPG"], ["IMG_9999.JPG", "IMG_0001.JPG"], ["IMG_0007.JPG", "IMG_0007_1.JPG"]]
)
def test_files_without_a_time_go_by_their_names(names):
    read = day("K001 .").assign(path=names, shot_at=pd.NaT)
    assert galleries(sequenced(job("K001"), read)) == {"K001": [2]}


def test_a_clock_set_back_is_reported_and_the_file_numbers_are_believed():
    early, late = day("K001 . K002", first=10), day(". .", start="2026-09-01 07:30", first=13)
    result = sequenced(job("K001", "K002"), early, late)
    assert galleries(result) == {"K001": [2], "K002": [4, 5]}
    assert findings_of(result.findings) == [("camera_clock", "4")]


def test_a_counter_that_rolls_over_within_a_second_keeps_its_order():
    read = day("K001 .").assign(path=["IMG_9999.JPG", "IMG_0001.JPG"], shot_at=pd.Timestamp("2026-09-01 08:00:00"))
    result = sequenced(job("K001"), read)
    assert galleries(result) == {"K001": [2]}
    assert findings_of(result.findings) == [("counter_rolled_over", "2")]


def test_a_counter_that_rolls_over_during_the_day_is_no_clock_jump():
    read = day("K001 . K002 .").assign(path=["IMG_9998.JPG", "IMG_9999.JPG", "IMG_0001.JPG", "IMG_0002.JPG"])
    result = sequenced(job("K001", "K002"), read)
    assert galleries(result) == {"K001": [2], "K002": [4]}
    assert findings_of(result.findings) == [("counter_rolled_over", "3")]


def test_sub_seconds_decide_within_a_second():
    times = pd.to_datetime(["2026-09-01 08:00:00.500", "2026-09-01 08:00:00.050"]).as_unit("us")
    read = day(". K001").assign(path=["b.JPG", "a.JPG"], shot_at=times)
    assert galleries(sequenced(job("K001"), read)) == {"K001": [1]}
