"""One frame moved by hand goes there and nowhere else; every other frame, every card and every other child stays."""

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from prepaykit.decide.codes import plan_codes
from prepaykit.decide.photos import plan_photos
from prepaykit.errors import Refused, UsageError
from prepaykit.rules.choosing import choices_table
from prepaykit.rules.sequence import sequence_frames
from prepaykit.tables.catalog import typed
from tests.jobs import NOW, code, placed, released
from tests.jobs import job as small_job
from tests.rules.picture_day import as_frames, day, galleries, job


def shot(text="KA11 . . KB22 . . KC33 .", *codes):
    state = job(*(codes or ("KA11", "KB22", "KC33")))
    return state.after(plan_photos(state, day(text)))


def moved(state, **what):
    return state.after(plan_codes(state, who="ana", now=NOW, **what))


def test_a_moved_frame_stands_in_the_other_gallery_in_the_order_of_shooting():
    state = moved(shot(), move={3: "KB22"})
    assert galleries(state) == {"KA11": [2], "KB22": [3, 5, 6], "KC33": [8]}
    assert galleries(moved(state, move={8: "KA11"})) == {"KA11": [2, 8], "KB22": [3, 5, 6]}
    assert state.frames["role"].tolist() == ["card", "individual", "individual"] * 2 + ["card", "individual"]


def test_a_moved_frame_survives_every_reading_of_the_folder_and_a_relabelled_card():
    state = moved(shot(), move={3: "KB22"})
    again = state.after(plan_photos(state, day("KA11 . . KB22 . . KC33 .")))
    assert galleries(again) == galleries(state) and plan_photos(again, day("KA11 . . KB22 . . KC33 .")).is_empty
    relabelled = moved(state, relabel={"KA11": "KC33", "KB22": "KA11"})
    assert galleries(relabelled) == {"KA11": [5, 6], "KB22": [3], "KC33": [2, 8]}


def test_a_frame_moved_to_a_class_is_its_group_picture_and_one_moved_to_nobody_is_set_aside():
    state = moved(shot(), move={3: "G001", 6: "nobody"})
    assert state.group_frames[["frame_id", "group_id"]].values.tolist() == [[3, 1]]
    assert galleries(state) == {"KA11": [2], "KB22": [5], "KC33": [8]}
    assert state.frames.set_index("frame_id")["role"][[3, 6]].tolist() == ["group", "set_aside"]


def test_moved_home_again_a_frame_stands_where_it_stood():
    state = moved(shot("KA11 . . . KB22 . ."), move={3: "KB22"})
    assert galleries(moved(state, move={3: "KA11"})) == galleries(shot("KA11 . . . KB22 . ."))


def test_a_suspicion_about_frames_that_were_all_moved_is_settled_and_the_others_stay():
    text = "KA11 . . KB22 . . KC33 . . KA11 . . . . . . . . KD44"
    state = shot("KA11 . . KB22 . . KC33 . . KD44", "KA11", "KB22", "KC33", "KD44")
    assert "card_without_frames" in set(state.findings["code"])
    assert "card_without_frames" not in set(moved(state, move={9: "KD44"}).findings["code"])
    early = shot(". . KA11 .", "KA11", "KB22")
    assert "frames_before_first_card" in set(early.findings["code"])
    assert "frames_before_first_card" not in set(moved(early, move={1: "KB22", 2: "nobody"}).findings["code"])
    assert "frames_before_first_card" in set(moved(early, move={1: "KB22"}).findings["code"])
    long = shot(text, "KA11", "KB22", "KC33", "KD44")
    doubts = {"long_session", "card_skipped"}
    assert doubts & set(long.findings["code"])
    away = dict.fromkeys(range(13, 19), "KD44")
    assert not doubts & set(moved(long, move=away).findings["code"])


def test_a_card_a_foreign_code_and_a_frame_that_is_not_there_are_refused():
    state = shot("KA11 . ? . x")
    other = pd.DataFrame({"access_code": ["ZZ99"], "job": ["oak-hill-2026"]})
    for frame in (1, 3, 5):
        with pytest.raises(Refused, match=f"frame {frame} is a card, or a file that is set aside"):
            plan_codes(state, move={frame: "KB22"})
    with pytest.raises(UsageError, match="there is no frame 99"):
        plan_codes(state, move={99: "KB22"})
    with pytest.raises(UsageError, match="KB29 is not on the names list"):
        plan_codes(state, move={2: "KB29"})
    with pytest.raises(Refused, match="ZZ99 belongs to job oak-hill-2026"):
        plan_codes(replace(state, other_codes=other), move={2: "ZZ99"})


def test_what_was_printed_for_a_child_is_not_moved_to_another_but_what_waits_is_pulled_back():
    state = released(placed(small_job(2)))
    frame = int(state.slots["frame_id"].iloc[0])
    with pytest.raises(Refused, match="sent to production with order 1001"):
        plan_codes(state, move={frame: code(2)})
    waiting = placed(small_job(2))
    after = moved(waiting, move={frame: code(2)})
    assert after.slots.loc[0, "frame_id"] != frame


def test_a_moved_frame_on_which_a_card_is_read_later_is_a_card():
    state = moved(shot(), move={3: "KB22"})
    read = day("KA11 . KC33 KB22 . . KC33 .")
    state = state.after(plan_photos(state, read))
    assert state.frames["role"].tolist()[2] == "card" and galleries(state) == {"KA11": [2], "KB22": [5, 6], "KC33": [8]}


def test_a_move_is_in_the_file_by_the_picture_itself_and_is_done_again():
    state = moved(shot(), move={3: "KB22", 6: "nobody"})
    file = choices_table(state).assign(row=[1, 2])
    assert not set(file["target"]) & {"3", "6"} and set(file["value"]) == {"KB22", "nobody"}
    again = moved(shot(), choices=file)
    assert galleries(again) == galleries(state)
    pd.testing.assert_frame_equal(again.choices, state.choices)
    assert plan_codes(again, choices=file).is_empty
    card = file.assign(target="1")
    assert "frame 1 is a card" in plan_codes(shot(), choices=card).findings["detail"].iloc[0]


WORDS = st.lists(
    st.sampled_from([".", ".", ".", "KA11", "KB22", "KC33", "KA11+KB22", "?", "G001"]), min_size=2, max_size=14
)


def sequenced(words, moves):
    state, frames = job("KA11", "KB22", "KC33"), as_frames(day(" ".join(words)))
    rows = pd.DataFrame({"target": [str(f) for f in moves], "value": list(moves.values())}, dtype="str").assign(
        kind="move"
    )
    return sequence_frames(frames, state.subjects, state.groups, choices=typed("choices", rows))


def homes(done):
    named = done.group_frames.sort_values("position")
    return galleries(done) | ({"G001": named["frame_id"].tolist()} if len(named) else {})


@given(WORDS, st.data())
@settings(deadline=None, max_examples=25)
def test_a_move_changes_nobody_elses_gallery(words, data):
    """Whatever was shot: the frame leaves where it was and comes where it goes; all others hold the same frames in the same order."""
    frames = [i + 1 for i, word in enumerate(words) if word == "."]
    assume(frames)
    frame = data.draw(st.sampled_from(frames))
    to = data.draw(st.sampled_from(["KA11", "KB22", "KC33", "G001", "nobody"]))
    before, after = sequenced(words, {}), sequenced(words, {frame: to})
    was, now = homes(before), homes(after)
    for owner in {*was, *now}:
        assert [f for f in now.get(owner, []) if f != frame] == [f for f in was.get(owner, []) if f != frame]
        assert (frame in now.get(owner, [])) == (owner == to)
    stays = before.frames["frame_id"] != frame
    pd.testing.assert_frame_equal(after.frames[stays], before.frames[stays])
