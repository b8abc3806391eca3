"""Photos: frames come into the job once, are filed under their cards, and nobody is forgotten."""

from __future__ import annotations

import zipfile

import pandas as pd
import pytest

from prepaykit.decide.photos import plan_photos, where_to_look, with_second_look
from prepaykit.intake.frames import read_frames
from prepaykit.intake.sources import Limits
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


def test_a_studio_that_was_copied_to_another_disk_has_no_frame_twice():
    state = job("A1B2", "C3D4")
    before = day("A1B2 . . C3D4 . .", root="/old/photos")
    state = state.after(plan_photos(state, before))
    plan = plan_photos(state, before.assign(root="/new/photos"))
    assert (plan.result["frames"], plan.result["new"]) == (6, 0)
    after = state.after(plan)
    assert set(after.frames["root"]) == {"/new/photos"}
    pd.testing.assert_frame_equal(after.galleries, state.galleries)
    assert plan_photos(after, before.assign(root="/new/photos")).is_empty


def test_the_same_picture_in_two_folders_that_are_both_there_is_two_frames_and_told():
    state = job("A1B2")
    both = pd.concat([day("A1B2 . .", root="/one"), day("A1B2 . .", root="/two")]).assign(sha256=["a", "b", "c"] * 2, row=range(1, 7))
    state = state.after(plan_photos(state, both))
    assert len(state.frames) == 6
    assert plan_photos(state, both).is_empty


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
    plan = plan_photos(state, damaged)
    assert list(plan.changes) == ["findings"]
    state = state.after(plan)
    assert ("frame_unreadable", "day/IMG_0002.JPG") in findings_of(state.findings)
    assert plan_photos(state, damaged).is_empty
    state = state.after(plan_photos(state, day("K001 .", root="b", camera="R6 #2")))
    assert ("frame_unreadable", "day/IMG_0002.JPG") in findings_of(state.findings)
    state = state.after(plan_photos(state, read))
    assert "frame_unreadable" not in set(state.findings["code"])


def test_damaged_files_of_one_name_are_two_findings_and_stay_while_they_are_set_aside():
    state = job("K001")
    a, b = day("x", root="/p/A/DCIM"), day("x", root="/p/B/DCIM", camera="R6 #2")
    both = state.after(plan_photos(state, pd.concat([a, b], ignore_index=True)))
    assert findings_of(both.findings) == [("frame_unreadable", "1"), ("frame_unreadable", "2")]
    assert both.findings["detail"].tolist() == [
        "frame 1 (A/DCIM/IMG_0001.JPG): damaged JPEG",
        "frame 2 (B/DCIM/IMG_0001.JPG): damaged JPEG",
    ]
    later = both.after(plan_photos(both, day("K001 .", root="/p/C/DCIM", camera="R6 #3")))
    assert [key for code, key in findings_of(later.findings) if code == "frame_unreadable"] == ["1", "2"]
    copied = later.after(plan_photos(later, b.assign(problem=pd.Series([None], dtype="str"))))
    assert [key for code, key in findings_of(copied.findings) if code == "frame_unreadable"] == ["1"]


def test_two_empty_files_of_two_camera_cards_are_both_told(tmp_path):
    for card in "AB":
        (tmp_path / card / "DCIM").mkdir(parents=True)
        (tmp_path / card / "DCIM" / "IMG_0001.JPG").write_bytes(b"")
        (tmp_path / card / "DCIM" / "thumbs.db").write_bytes(b"")
    state = job("K001")
    for sources in ([tmp_path / "A/DCIM", tmp_path / "B/DCIM"], [tmp_path / "B/DCIM"]):
        read = read_frames(sources, known=state.frames)
        plan = plan_photos(state, read.table, findings=read.findings, sources=read.sources)
        state = state.after(plan)
        assert findings_of(state.findings) == [
            ("file_skipped", "A/DCIM, .db"), ("file_skipped", "B/DCIM, .db"), ("frame_unreadable", "1"), ("frame_unreadable", "2")]  # fmt: skip


def test_a_file_that_is_too_large_says_so_by_its_frame(tmp_path):
    card_and_frames(tmp_path / "100CANON", "K001", "K002")
    read = read_frames(tmp_path, limits=Limits(most_bytes=1000))
    plan = plan_photos(job("K001"), read.table, findings=read.findings, sources=read.sources)
    assert set(plan.findings["code"]) == {"frame_too_large"}
    assert plan.findings["key"].tolist() == [str(n) for n in range(1, len(read.table) + 1)]


@pytest.mark.parametrize("name", ["retake.zip", "Smith, retake.zip"])
@pytest.mark.parametrize("content", ["IMG_0001.JPG", "only.txt"])
def test_a_zip_that_could_not_be_opened_and_is_replaced_is_no_longer_told(tmp_path, name, content):
    def again(state, source):
        read = read_frames([source], known=state.frames)
        return state.after(plan_photos(state, read.table, findings=read.findings, sources=read.sources))

    broken = tmp_path / name
    broken.write_bytes(b"cut off")
    state = again(job("K001"), broken)
    assert state.findings["code"].tolist() == ["source_unreadable"]
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr(content, b"")
    assert "source_unreadable" not in set(again(state, broken).findings["code"])
    (tmp_path / name.removesuffix(".zip")).mkdir()
    assert "source_unreadable" not in set(again(state, tmp_path / name.removesuffix(".zip")).findings["code"])


def test_files_of_a_source_that_was_not_read_again_keep_their_findings():
    state = job("K001")
    lost = found("photos", "picture_name_odd", "files", ["a, IMG.JPG"], "a, IMG.JPG: the name cannot be kept")
    state = state.after(plan_photos(state, day("K001 .", root="a"), findings=lost))
    state = state.after(plan_photos(state, day("K001 .", root="b", camera="R6 #2")))
    assert ("picture_name_odd", "a, IMG.JPG") in findings_of(state.findings)
    state = state.after(plan_photos(state, day("K001 .", root="a")))
    assert ("picture_name_odd", "a, IMG.JPG") not in findings_of(state.findings)


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


def test_a_second_look_adds_what_it_read_and_takes_no_alarm_back_without_a_code():
    read = day("K001 . . ? .").assign(row=[11, 12, 13, 14, 15])
    again = pd.DataFrame({
        "row": [13, 14, 15], "newly_read": ["K002", None, None], "texts": ["K002", None, None], "is_broken_card": [False, False, True],
        "sha256": read["sha256"].iloc[2:].to_list(),
    })  # fmt: skip
    both = with_second_look(read, again)
    assert both["texts"].fillna("-").tolist() == ["K001", "-", "K002", "-", "-"]
    assert both["is_broken_card"].tolist() == [False, False, False, True, True]
    assert galleries(job("K001", "K002").after(plan_photos(job("K001", "K002"), both))) == {"K001": [2]}
    pd.testing.assert_frame_equal(read, day("K001 . . ? .").assign(row=[11, 12, 13, 14, 15]))


def test_a_second_look_at_a_file_that_was_changed_in_between_says_nothing():
    read = day("K001 . .").assign(row=[1, 2, 3])
    again = pd.DataFrame(
        {"row": [3], "newly_read": ["K002"], "texts": ["K002"], "is_broken_card": [False], "sha256": ["other"]}
    )
    pd.testing.assert_frame_equal(with_second_look(read, again), read)


def test_only_files_that_are_new_to_the_job_are_looked_at_again():
    state, read = job("K001", "K002"), day(". K001 . ? .")
    assert where_to_look(state, read)[["path", "why"]].values.tolist() == [
        ["IMG_0004.JPG", "unread"],
        ["IMG_0001.JPG", "start"],
    ]
    state = state.after(plan_photos(state, read))
    assert not len(where_to_look(state, read))


def test_without_sources_the_frames_are_thought_through_anew_after_a_change_of_the_setting():
    state = job("K001", "K002")
    state = state.after(plan_photos(state, day(". . K001 . . K002")))
    nothing = day("").assign(texts=pd.Series(dtype="str"))
    assert plan_photos(state, nothing, sources=[]).is_empty
    turned = state.replace(jobs=state.jobs.assign(cards_after="all"))
    assert galleries(turned.after(plan_photos(turned, nothing, sources=[]))) == {"K001": [1, 2], "K002": [4, 5]}
