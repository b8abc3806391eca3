"""Frames: every file becomes one row, whatever it is; cards are read; cameras and times are those of the EXIF."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from PIL import Image

from prepaykit.intake import frames as module
from prepaykit.intake import one_frame
from prepaykit.intake.frames import Limits, read_cards, read_frames, shot_at
from prepaykit.rules import sequence
from prepaykit.tables.catalog import typed
from tests.intake.drawn import bomb, card_and_frames, jpeg


def test_cards_are_read_and_frames_come_in_the_order_of_shooting(tmp_path):
    card_and_frames(tmp_path / "100CANON", "ABCD-1234", "EFGH-5678")
    cards = read_cards(tmp_path)
    assert list(cards) == [
        "file",
        "camera",
        "sequence",
        "shot_at",
        "codes",
        "role",
        "width",
        "height",
        "sha256",
        "problem",
    ]
    assert cards["role"].tolist() == ["card", "frame", "frame", "card", "frame", "frame"]
    assert cards["codes"].dropna().tolist() == ["ABCD-1234", "EFGH-5678"]
    assert cards["sequence"].tolist() == [1, 2, 3, 4, 5, 6]
    assert cards["camera"].unique().tolist() == ["Canon EOS R6 #012"]
    assert cards["problem"].isna().all()


def test_a22_two_cards_in_one_frame_are_both_read(tmp_path):
    picture = Image.new("RGB", (1600, 700), "grey")
    for x, code in ((50, "ABCD-1234"), (900, "EFGH-5678")):
        picture.paste(Image.open(io.BytesIO(jpeg(code))).crop((300, 150, 600, 450)), (x, 100))
    picture.save(tmp_path / "both.jpg", quality=90)
    assert set(read_frames(tmp_path).table["texts"].iloc[0].split("\n")) == {"ABCD-1234", "EFGH-5678"}


def test_a_card_that_is_seen_and_cannot_be_read_raises_the_alarm(tmp_path):
    (tmp_path / "IMG_0001.JPG").write_bytes(jpeg("ABCD-1234", spoil=True))
    assert read_frames(tmp_path).table["is_broken_card"].tolist() == [True]
    cards = read_cards(tmp_path)
    assert cards["role"].tolist() == ["unreadable"]
    assert cards["problem"].tolist() == ["card not read"]


def test_a_large_picture_is_read_at_half_scale_and_looked_at_again_if_a_card_stays_unread(tmp_path, monkeypatch):
    Image.open(io.BytesIO(jpeg("ABCD-1234"))).resize((5100, 3400)).save(tmp_path / "card.jpg", quality=50)
    Image.open(io.BytesIO(jpeg("ABCD-1234", spoil=True))).resize((5100, 3400)).save(tmp_path / "spoilt.jpg", quality=50)
    looks = []
    look = one_frame.read_symbols
    monkeypatch.setattr(one_frame, "read_symbols", lambda grey, **how: looks.append(grey.shape[1]) or look(grey, **how))
    table = read_frames(tmp_path).table
    assert table["texts"].tolist()[:1] == ["ABCD-1234"]
    assert table["is_broken_card"].tolist() == [False, True]
    assert sorted(looks) == [2550, 2550, 5100]


HOSTILE = {
    "empty.jpg": (b"", "frame_unreadable"),
    "text.JPEG": (b"this is not a picture\n" * 50, "frame_unreadable"),
    "cut.jpg": (jpeg("ABCD-1234")[:9000], "frame_unreadable"),
    "bomb.jpg": (bomb(), "frame_too_large"),
}


def test_hostile_files_become_rows_with_a_problem_and_the_rest_goes_on(tmp_path):
    for name, (content, _) in HOSTILE.items():
        (tmp_path / name).write_bytes(content)
    png = io.BytesIO()
    Image.new("RGB", (40, 40)).save(png, "PNG")
    (tmp_path / "png.jpg").write_bytes(png.getvalue())
    (tmp_path / "IMG_0001.JPG").write_bytes(jpeg("ABCD-1234"))
    (tmp_path / "Thumbs.db").write_bytes(b"x")
    read = read_frames(tmp_path)
    assert len(read.table) == len(HOSTILE) + 2
    sound = read.table[read.table["problem"].isna()]
    assert sound["path"].tolist() == ["IMG_0001.JPG"]
    codes = dict(zip(read.findings["key"].str.split("/").str[-1], read.findings["code"], strict=True))
    expected = {name: code for name, (_, code) in HOSTILE.items()} | {"png.jpg": "frame_unreadable"}
    assert {k: v for k, v in codes.items() if v != "file_skipped"} == expected
    assert "file_skipped" in codes.values()


def test_limits_are_checked_before_pixels_are_decoded(tmp_path, monkeypatch):
    (tmp_path / "IMG_0001.JPG").write_bytes(jpeg(size=(900, 600)))
    monkeypatch.setattr(one_frame, "read_symbols", lambda grey, **how: pytest.fail("decoded"))
    assert read_frames(tmp_path, limits=Limits(most_pixels=500_000)).findings["code"].tolist() == ["frame_too_large"]
    assert read_frames(tmp_path, limits=Limits(most_bytes=1000)).findings["code"].tolist() == ["frame_too_large"]


def test_a_known_file_is_not_decoded_again_and_a_changed_one_is(tmp_path, monkeypatch):
    card_and_frames(tmp_path, "ABCD-1234", frames=1)
    first = read_frames(tmp_path).table
    known = typed("frames", pd.DataFrame({
        "frame_id": [1, 2], **{c: first[c] for c in ("root", "path", "sha256", "size_bytes", "width", "height", "camera", "sequence", "shot_at", "look_hash")},
        "shoot_no": 1, "codes": first["texts"], "role": ["card", "individual"],
    }))  # fmt: skip
    decoded = []
    look = one_frame.read_symbols
    monkeypatch.setattr(one_frame, "read_symbols", lambda grey, **how: decoded.append(1) or look(grey, **how))
    pd.testing.assert_frame_equal(read_frames(tmp_path, known=known).table, first)
    assert not decoded
    (tmp_path / "IMG_0002.JPG").write_bytes(jpeg("EFGH-5678"))
    assert read_frames(tmp_path, known=known).table["texts"].tolist() == ["ABCD-1234", "EFGH-5678"]
    assert len(decoded) == 1


def test_progress_counts_every_file_once_and_the_executor_is_the_callers(tmp_path):
    card_and_frames(tmp_path, "ABCD-1234", frames=4)
    told = []
    with ThreadPoolExecutor(3) as pool:
        read_frames(tmp_path, executor=pool, on_progress=lambda done, total: told.append((done, total)))
    assert sorted(told) == [(i, 5) for i in range(1, 6)]


def test_two_bodies_without_serial_numbers_in_two_folders_are_two_cameras(tmp_path):
    for folder in ("anna", "bert"):
        (tmp_path / folder / "DCIM" / "100CANON").mkdir(parents=True)
        (tmp_path / folder / "DCIM" / "100CANON" / "IMG_0001.JPG").write_bytes(jpeg(serial=None))
    assert read_frames(tmp_path).table["camera"].nunique() == 2


def test_a_body_that_starts_a_new_folder_of_its_card_stays_one_camera(tmp_path):
    for folder in ("100CANON", "101CANON"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "IMG_0001.JPG").write_bytes(jpeg(serial=None))
    assert read_frames(tmp_path).table["camera"].nunique() == 1


@pytest.mark.parametrize("text", ["AB\x00CD", "\x1b[2JAB\u202eCD", "AB\nCD"])
def test_whatever_a_strangers_qr_code_holds_it_is_one_line_that_a_table_can_keep(tmp_path, text):
    (tmp_path / "IMG_0001.JPG").write_bytes(jpeg(text))
    read = read_frames(tmp_path).table["texts"][0]
    assert read.isprintable() and read.startswith(("AB", "[2JAB")) and read.endswith("CD")


def test_control_characters_of_exif_never_reach_a_table(tmp_path):
    (tmp_path / "a.jpg").write_bytes(jpeg(model="R6\x1b[2J\n\n  =cmd", serial="9\t8"))
    assert read_frames(tmp_path).table["camera"].tolist() == ["Canon R6 [2J =cmd #9 8"]


@pytest.mark.parametrize(
    ("subsec", "micros"), [("5", 500_000), ("05", 50_000), ("50 ", 500_000), ("", 0), ("x", 0), ("1234567", 123_456)]
)
def test_sub_seconds_are_a_decimal_fraction(subsec, micros):
    assert shot_at("2026:09:01 08:15:00", subsec).microsecond == micros


@pytest.mark.parametrize("text", ["", "0000:00:00 00:00:00", "2026:13:40 08:15:00", "    :  :     :  :  "])
def test_a_time_that_is_none_is_missing(text):
    assert shot_at(text) is None


def test_a_folder_without_pictures_gives_an_empty_table_of_the_same_columns(tmp_path):
    assert list(read_frames(tmp_path).table) == list(module.DTYPES)
    assert not len(read_cards(tmp_path))


def test_the_reader_and_the_sequence_say_the_same_of_an_unread_card():
    assert module.CARD_NOT_READ == sequence.CARD_NOT_READ
