"""Photos: frames come into the job once, are filed under their cards, and nobody is forgotten."""

from __future__ import annotations

import pandas as pd

from prepaykit.decide.photos import plan_photos
from prepaykit.intake.frames import read_frames
from prepaykit.tables.findings import found
from tests.decide.test_codes import with_orders
from tests.intake.drawn import card_and_frames
from tests.rules.picture_day import day, findings_of, galleries, job


def test_picture_day_opens_galleries_and_says_who_was_absent():
    plan = plan_photos(
        job("K001", "K002", "K003", blanks=("B001", "B002"), opted_out=("K003",)), day("K001 . . G001 . B001 .")
    )
    state = job("K001", "K002", "K003", blanks=("B001", "B002"), opted_out=("K003",)).after(plan)
    assert galleries(state) == {"B001": [7], "K001": [2, 3]}
    assert state.group_frames["frame_id"].tolist() == [5]
    assert state.subjects["attendance"].tolist() == ["photographed", "absent", "opted_out", "photographed", "expected"]
    assert plan.result["individual"] == 3
    assert (
        plan.headline
        == "7 frames (7 new): 3 cards, 3 individual, 1 group, 0 unassigned, 0 set aside; 2 people photographed, 1 absent"
    )


def test_the_same_folder_twice_changes_nothing():
    state = job("K001", "K002")
    read = day("K001 . ? x . K002 . https://shirt.example ZZ99 .")
    findings = found("photos", "file_skipped", "files", ["day, .db"], "1 files (.db) in day are not JPEG pictures")
    state = state.after(plan_photos(state, read, findings=findings))
    assert plan_photos(state, read, findings=findings).is_empty
    assert plan_photos(state, read.sample(frac=1, random_state=1), findings=findings).is_empty


def test_a_folder_read_again_from_above_is_the_same_folder():
    state = job("K001")
    read = day("K001 .", root="/card/100CANON")
    state = state.after(plan_photos(state, read))
    from_above = read.assign(root="/card", path="100CANON/" + read["path"])
    assert plan_photos(state, from_above).is_empty


def test_uploads_may_come_in_any_order():
    one, two = day("K001 . .", root="a"), day("K002 .", camera="R6 #2", root="b")
    first = job("K001", "K002")
    first = first.after(plan_photos(first, one))
    first = first.after(plan_photos(first, two))
    other = job("K001", "K002")
    other = other.after(plan_photos(other, two))
    other = other.after(plan_photos(other, one))
    for state in (first, other):
        names = state.galleries.merge(state.frames, on="frame_id", validate="m:1")
        assert sorted(zip(names["access_code"], names["root"], names["path"], strict=True)) == [
            ("K001", "a", "IMG_0002.JPG"), ("K001", "a", "IMG_0003.JPG"), ("K002", "b", "IMG_0002.JPG"),
        ]  # fmt: skip


def test_a3_a_retake_under_the_same_card_keeps_every_frame_of_picture_day():
    state = job("K001", "K002")
    state = state.after(plan_photos(state, day("K001 . . K002")))
    assert findings_of(state.findings) == [("card_without_frames", "K002")]
    before = state.galleries
    state = state.after(plan_photos(state, day("K002 . K001 .", start="2026-10-05 08:00", root="retake"), shoot_no=2))
    kept = state.galleries.merge(
        before[["frame_id", "read_code", "position"]],
        on=["frame_id", "read_code"],
        suffixes=("", "_before"),
        validate="1:1",
    )
    assert len(kept) == len(before)
    assert (kept["position"] == kept["position_before"]).all()
    assert galleries(state) == {"K001": [2, 3, 8], "K002": [6]}
    assert state.frames["shoot_no"].tolist() == [1] * 4 + [2] * 4
    assert state.subjects["attendance"].tolist() == ["photographed", "photographed"]


def test_a_file_that_is_damaged_now_keeps_what_it_was():
    state = job("K001")
    read = day("K001 .")
    state = state.after(plan_photos(state, read))
    damaged = read.assign(problem=[None, "damaged JPEG (OSError)"], sha256=[read["sha256"][0], "other"]).astype(
        {"problem": "str"}
    )
    assert plan_photos(state, damaged).is_empty


def test_files_of_a_source_that_was_not_read_again_keep_their_findings():
    state = job("K001")
    lost = found("photos", "frame_unreadable", "files", ["a/IMG_0009.JPG"], "a/IMG_0009.JPG: the file is empty")
    state = state.after(plan_photos(state, day("K001 .", root="a"), findings=lost))
    state = state.after(plan_photos(state, day("K001 .", root="b", camera="R6 #2")))
    assert ("frame_unreadable", "a/IMG_0009.JPG") in findings_of(state.findings)
    state = state.after(plan_photos(state, day("K001 .", root="a")))
    assert ("frame_unreadable", "a/IMG_0009.JPG") not in findings_of(state.findings)


def test_set_aside_files_stay_in_the_count():
    state = job("K001")
    plan = plan_photos(state, day("K001 . x ."))
    assert galleries(state.after(plan)) == {"K001": [2, 4]}
    assert plan.result["set_aside"] == 1


def test_from_real_files_to_galleries_and_back_without_a_second_look(tmp_path):
    card_and_frames(tmp_path / "100CANON", "K001", "K002")
    state = job("K001", "K002")
    read = read_frames(tmp_path)
    state = state.after(plan_photos(state, read.table, findings=read.findings))
    assert galleries(state) == {"K001": [2, 3], "K002": [5, 6]}
    again = read_frames(tmp_path, known=state.frames)
    assert plan_photos(state, again.table, findings=again.findings).is_empty


def test_artwork_made_of_a_file_that_has_other_bytes_now_is_taken_off():
    state, read = job("K001"), day("G001 . K001 . .")
    state = with_orders(state.after(plan_photos(state, read)), "K001")
    mate = [
        state.slots.assign(slot_id=n, hole=hole, frame_id=frame)
        for n, hole, frame in ((1, "mate_individual", 4), (2, "mate_group", 2))
    ]
    state = state.replace(slots=pd.concat(mate).assign(artwork_path="art.jpg", artwork_sha256="ff"))
    other = read.assign(sha256=read["sha256"].mask(read["path"] == "IMG_0005.JPG", "other"))
    assert state.after(plan_photos(state, other)).slots["artwork_path"].notna().all(), (
        "that frame is not in the artwork"
    )
    other = read.assign(sha256=read["sha256"].mask(read["path"] == "IMG_0002.JPG", "other"))
    assert state.after(plan_photos(state, other)).slots["artwork_path"].isna().all()
