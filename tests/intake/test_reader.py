"""The reader: nothing is decoded twice, a killed run goes on, thumbnails are right, and a card that was not seen is doubted."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import ExifTags, Image, ImageChops, ImageDraw

from prepaykit.intake import frames, one_frame
from prepaykit.intake.corner_marks import corner_marks
from prepaykit.intake.damage import step_row
from prepaykit.intake.frames import read_again, read_cards, read_frames
from prepaykit.intake.jpeg_header import header_of, previews_of
from prepaykit.intake.qr import read_symbols
from prepaykit.intake.sources import Opened
from prepaykit.intake.thumbnails import thumbnail_path
from prepaykit.rules.looks import look_distance
from tests.benchmarks.without_cards import picture_without_card
from tests.intake.drawn import card_and_frames, jpeg


@pytest.fixture
def counted(monkeypatch):
    """How many files were opened, and how many decoded."""
    counts = {"opened": 0, "decoded": 0}
    read, decoded = Opened.read, one_frame.decoded

    def counting_read(self, path, **how):
        counts["opened"] += 1
        return read(self, path, **how)

    def counting_decode(*a, **how):
        counts["decoded"] += 1
        return decoded(*a, **how)

    monkeypatch.setattr(Opened, "read", counting_read)
    monkeypatch.setattr(one_frame, "decoded", counting_decode)
    return counts


def aged(folder: Path) -> None:
    """As if copied an hour ago: waiting is the only way to an older change time."""
    for file in folder.rglob("*.JPG"):
        os.utime(file, (time.time() - 3600, time.time() - 3600))
    time.sleep(2.2)


# --- the journal -------------------------------------------------------------------------------------------------------


def test_an_unchanged_file_is_not_even_opened_again(tmp_path, counted):
    card_and_frames(tmp_path / "day", "ABCD-1234")
    aged(tmp_path / "day")
    first = read_frames(tmp_path / "day", journal=tmp_path / "cache")
    assert counted == {"opened": 3, "decoded": 3}
    again = read_frames(tmp_path / "day", journal=tmp_path / "cache")
    assert counted == {"opened": 3, "decoded": 3}
    pd.testing.assert_frame_equal(again.table, first.table)


def test_a_file_put_back_with_its_old_date_and_size_is_read_again(tmp_path, counted):
    card_and_frames(tmp_path / "day", "ABCD-1234", frames=0)
    file = tmp_path / "day" / "IMG_0001.JPG"
    aged(tmp_path / "day")
    read_frames(tmp_path / "day", journal=tmp_path / "cache")
    old, other = file.stat(), jpeg("EFGH-5678", shot="2026:09:01 08:00:00", seed=1)
    file.write_bytes(other[: old.st_size] + bytes(max(0, old.st_size - len(other))))
    os.utime(file, ns=(old.st_atime_ns, old.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (old.st_size, old.st_mtime_ns)
    read_frames(tmp_path / "day", journal=tmp_path / "cache")
    assert counted["opened"] == 2


def test_a_file_that_is_just_being_copied_is_looked_at_again_but_not_decoded(tmp_path, counted):
    card_and_frames(tmp_path / "day", "ABCD-1234", frames=0)
    for _ in range(2):
        read_frames(tmp_path / "day", journal=tmp_path / "cache")
    assert counted == {"opened": 2, "decoded": 1}


def test_a_file_moved_to_another_folder_is_known_by_its_bytes_and_has_the_camera_of_its_folder(tmp_path, counted):
    (tmp_path / "anna").mkdir()
    (tmp_path / "anna" / "IMG_0001.JPG").write_bytes(jpeg("ABCD-1234", serial=None))
    read_frames(tmp_path / "anna", journal=tmp_path / "cache")
    (tmp_path / "anna").rename(tmp_path / "bert")
    row = read_frames(tmp_path / "bert", journal=tmp_path / "cache").table.iloc[0]
    assert counted["decoded"] == 1
    assert row["texts"] == "ABCD-1234" and "bert" in row["camera"]


KILLED = """
import os, sys
from prepaykit.intake.frames import read_frames
read_frames(sys.argv[1], journal=sys.argv[2], on_progress=lambda done, total: done == 4 and os.kill(os.getpid(), 9))
"""


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path, counted):
    card_and_frames(tmp_path / "day", "ABCD-1234", "EFGH-5678", frames=4)
    out = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "day", tmp_path / "cache"], check=False)
    assert out.returncode == -9
    journal = tmp_path / "cache" / "reads.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"reader": 1, "root": "half a li')
    table = read_frames(tmp_path / "day", journal=tmp_path / "cache").table
    assert counted["decoded"] <= 6
    assert table["texts"].dropna().tolist() == ["ABCD-1234", "EFGH-5678"] and len(table) == 10
    read_frames(tmp_path / "day", journal=tmp_path / "cache")
    assert counted["decoded"] <= 6


# --- thumbnails and looks ----------------------------------------------------------------------------------------------


def scene(*, turned: int = 1, bright: int = 0) -> bytes:
    picture = Image.new("RGB", (1800, 1200), (60 + bright, 90 + bright, 120))
    pen = ImageDraw.Draw(picture)
    pen.ellipse([200, 100, 900, 800], fill=(200, 160, 130))
    pen.rectangle([0, 900, 1800, 1200], fill=(30, 40, 50))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation], exif[ExifTags.Base.Artist] = turned, "A Photographer"
    if turned == 6:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90, exif=exif)
    return out.getvalue()


def test_thumbnails_are_small_upright_in_colour_and_carry_nothing_else(tmp_path):
    (tmp_path / "a.jpg").write_bytes(scene())
    (tmp_path / "b.jpg").write_bytes(scene(turned=6))
    table = read_frames(tmp_path, thumbs=tmp_path / "thumbs").table
    assert len(table) == 2
    for sha in table["sha256"]:
        with Image.open(thumbnail_path(tmp_path / "thumbs", sha)) as small:
            assert small.size == (512, 341) and small.mode == "RGB"
            assert not small.getexif() and "A Photographer" not in repr(small.info)
            assert np.abs(np.array(small.getpixel((150, 120))) - (200, 160, 130)).max() < 12
    again = read_frames(tmp_path, thumbs=tmp_path / "thumbs").table
    assert len(again) == 2, "our own thumbnails are no frames"
    assert not list((tmp_path / "thumbs").rglob("*.tmp"))


def test_a_picture_of_one_line_or_of_odd_size_has_its_thumbnail_too(tmp_path):
    for wide, high in ((3000, 1), (1, 3000), (3001, 2047)):
        Image.new("RGB", (wide, high), (180, 90, 40)).save(tmp_path / f"{wide}x{high}.jpg")
    table = read_frames(tmp_path, thumbs=tmp_path / "thumbs").table.set_index("path")
    assert table["problem"].isna().all() and table["damage"].isna().all()
    sizes = [
        Image.open(io.BytesIO(thumbnail_path(tmp_path / "thumbs", sha).read_bytes())).size for sha in table["sha256"]
    ]
    assert dict(zip(table.index, sizes, strict=True)) == {
        "3000x1.jpg": (512, 1),
        "1x3000.jpg": (1, 512),
        "3001x2047.jpg": (512, 349),
    }


def test_frames_that_look_the_same_have_nearly_the_same_look_hash(tmp_path):
    for name, content in (("a", scene()), ("b", scene(turned=6)), ("c", scene(bright=6)), ("d", jpeg("ABCD-1234"))):
        (tmp_path / f"{name}.jpg").write_bytes(content)
    looks = read_frames(tmp_path).table["look_hash"]
    turned, brighter, another = look_distance(looks.iloc[[0, 0, 0]], looks.iloc[[1, 2, 3]])
    assert turned <= 2 and brighter <= 4 and another > 8


# --- cards that are not seen -------------------------------------------------------------------------------------------


def covered(what: tuple[float, float, float, float]) -> np.ndarray:
    """A card of which a thumb covers a part (in parts of the symbol)."""
    picture = Image.open(io.BytesIO(jpeg("ABCD-1234", size=(1200, 800)))).convert("L")
    left, top, width = 341, 191, 217  # of the symbol within `drawn.jpeg`
    box = [left + what[0] * width, top + what[1] * width, left + what[2] * width, top + what[3] * width]
    ImageDraw.Draw(picture).rectangle(box, fill=150)
    return np.asarray(picture)


def test_a_thumb_over_one_corner_mark_and_the_card_is_read_all_the_same():
    symbols = read_symbols(covered((0.72, -0.05, 1.05, 0.28)))
    assert symbols.texts == ("ABCD-1234",) and not symbols.is_broken


def test_a_card_that_cannot_be_read_any_more_raises_the_alarm_though_the_reader_sees_no_symbol():
    symbols = read_symbols(covered((0.36, -0.05, 1.05, 1.05)))
    assert symbols.texts == () and symbols.is_broken and symbols.suspicion is not None


def test_two_cards_of_which_one_is_unreadable_say_so():
    grey = np.concatenate([covered((2, 2, 2, 2)), covered((0.36, -0.05, 1.05, 1.05))], axis=1)
    symbols = read_symbols(grey)
    assert symbols.texts == ("ABCD-1234",) and not symbols.is_broken and symbols.suspicion == "another symbol not read"


@pytest.mark.parametrize("turn", [0, 20, 45, 70, 90])
def test_corner_marks_are_found_however_the_card_is_turned(turn):
    picture = Image.fromarray(covered((2, 2, 2, 2))).rotate(turn, Image.Resampling.BICUBIC, expand=True)
    assert len(corner_marks(np.asarray(picture))) == 3


def test_pictures_without_a_card_raise_no_alarm():
    looked = [(kind, read_symbols(grey)) for kind, grey in map(picture_without_card, range(60))]
    assert [kind for kind, symbols in looked if symbols.is_broken] == []
    assert [s.texts for kind, s in looked if kind != "foreign QR codes" and s.texts] == []


def test_read_again_tries_every_rung_on_the_frames_that_are_named_and_says_what_is_new(tmp_path, counted):
    card_and_frames(tmp_path, "ABCD-1234", frames=2)
    table = read_frames(tmp_path).table.assign(texts=None)
    counted["opened"] = 0
    read = read_again(table, [3, 1])
    assert counted["opened"] == 2
    assert read["row"].tolist() == [3, 1] and read["sequence"].tolist() == [3, 1]
    assert read["newly_read"].tolist()[1] == "ABCD-1234" and pd.isna(read["newly_read"][0])
    assert read_again(read_frames(tmp_path).table, [1])["newly_read"].isna().all()
    with pytest.raises(KeyError):
        read_again(table, [99])


def test_what_was_read_again_is_known_to_the_next_run(tmp_path, monkeypatch):
    card_and_frames(tmp_path / "day", "ABCD-1234", frames=0)
    real = one_frame.read_symbols
    blind = lambda grey, *, every_rung=False: real(grey if every_rung else np.zeros((64, 64), np.uint8))  # noqa: E731
    monkeypatch.setattr(one_frame, "read_symbols", blind)
    table = read_frames(tmp_path / "day", journal=tmp_path / "cache").table
    assert table["texts"].isna().all()
    assert read_again(table, [1], journal=tmp_path / "cache")["newly_read"].tolist() == ["ABCD-1234"]
    assert read_frames(tmp_path / "day", journal=tmp_path / "cache").table["texts"].tolist() == ["ABCD-1234"]


def test_a_second_look_that_sees_less_takes_nothing_back_neither_now_nor_in_the_next_run(tmp_path, monkeypatch):
    card_and_frames(tmp_path / "day", "ABCD-1234", "EFGH-5678", frames=0)
    (tmp_path / "day" / "IMG_0002.JPG").write_bytes(jpeg("EFGH-5678", spoil=True))
    real, cache = one_frame.read_symbols, tmp_path / "cache"
    monkeypatch.setattr(
        one_frame, "_damage", lambda pixels: "damaged inside (drawn)" if pixels.colour is not None else None
    )
    aged(tmp_path / "day")
    first = read_frames(tmp_path / "day", journal=cache, thumbs=tmp_path / "thumbs").table
    assert first["is_broken_card"].tolist() == [False, True] and first["damage"].notna().all()
    monkeypatch.setattr(one_frame, "read_symbols", lambda grey, *, every_rung=False: real(np.zeros((64, 64), np.uint8)))
    again = read_again(first, [1, 2], journal=cache)
    next_run = read_frames(tmp_path / "day", journal=cache, thumbs=tmp_path / "thumbs")
    for table in (again, next_run.table):
        assert table["texts"].fillna("-").tolist() == ["ABCD-1234", "-"]
        assert table["is_broken_card"].tolist() == [False, True] and table["card_suspicion"].notna().tolist() == [
            False,
            True,
        ]
        assert table["damage"].tolist() == ["damaged inside (drawn)"] * 2
        assert table["look_hash"].tolist() == first["look_hash"].tolist()
    assert next_run.findings["code"].tolist() == ["frame_damaged"] * 2


def test_a_file_that_is_changed_while_others_are_looked_at_again_is_not_known_by_its_new_time(tmp_path, monkeypatch):
    card_and_frames(tmp_path / "day", "ABCD-1234", frames=0)
    aged(tmp_path / "day")
    file, real = tmp_path / "day" / "IMG_0001.JPG", frames._collected

    def collected(*a):
        rows = real(*a)
        file.write_bytes(jpeg("EFGH-5678").ljust(file.stat().st_size, b"\0"))
        aged(tmp_path / "day")
        return rows

    monkeypatch.setattr(frames, "_collected", collected)
    first = read_frames(tmp_path / "day", journal=tmp_path / "cache").table
    read_again(first, [1], journal=tmp_path / "cache")
    assert read_frames(tmp_path / "day", journal=tmp_path / "cache").table["texts"].tolist() == ["EFGH-5678"]


# --- previews inside the file ------------------------------------------------------------------------------------------


def with_preview(main: Image.Image, preview: Image.Image) -> bytes:
    out = io.BytesIO()
    main.save(out, "MPO", save_all=True, append_images=[preview], quality=90)
    return out.getvalue()


@pytest.mark.parametrize(("is_same", "texts"), [(True, "ABCD-1234"), (False, None)])
def test_a_preview_is_believed_only_if_it_shows_the_same_picture(tmp_path, is_same, texts):
    sound = Image.open(io.BytesIO(jpeg("ABCD-1234"))).convert("RGB").resize((1800, 1200))
    spoilt = Image.open(io.BytesIO(jpeg("ABCD-1234", spoil=True))).convert("RGB").resize((1800, 1200))
    other = ImageChops.offset(Image.open(io.BytesIO(jpeg("ABCD-1234"))).convert("RGB"), 250, 100).resize((1800, 1200))
    preview = (sound if is_same else other).resize((1200, 800))
    content = with_preview(spoilt, preview)
    assert len(previews_of(content, header_of(content))) == 1
    (tmp_path / "a.jpg").write_bytes(content)
    row = read_frames(tmp_path).table.iloc[0]
    assert (row["texts"] if pd.notna(row["texts"]) else None) == texts
    assert row["is_broken_card"] == (texts is None)


# --- damage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [-40, -8, 8, 90])
@pytest.mark.parametrize("begins", [0, 0.4, 0.95])
def test_a_step_that_runs_on_to_the_end_is_noticed_wherever_it_begins(amount, begins):
    y, x = np.mgrid[0:1:400j, 0:1:900j]
    picture = 90 + 60 * np.sin(3 * x) + 30 * y + np.random.default_rng(5).normal(0, 2, y.shape)
    picture[200:] += amount
    picture[192:200, int(900 * begins) :] += amount
    grey = Image.fromarray(picture.clip(0, 255).astype(np.uint8))
    assert step_row(grey, 8) in (192, 200)


@pytest.mark.parametrize("tilt", [0.01, 0.1, 0.5])
def test_a_real_edge_is_no_damage(tilt):
    y, x = np.mgrid[0:400, 0:900]
    picture = np.where(y > 200 + tilt * x, 160, 90) + np.random.default_rng(5).normal(0, 2, y.shape)
    assert step_row(Image.fromarray(picture.clip(0, 255).astype(np.uint8)), 8) is None


# --- the command -------------------------------------------------------------------------------------------------------


def test_up_to_five_codes_in_one_frame_are_read(tmp_path):
    picture = Image.new("RGB", (2000, 1400), "grey")
    codes = [f"ABCD-123{i}" for i in range(5)]
    for i, code in enumerate(codes):
        picture.paste(
            Image.open(io.BytesIO(jpeg(code))).crop((300, 150, 600, 450)), (60 + i % 3 * 640, 60 + i // 3 * 700)
        )
    picture.save(tmp_path / "five.jpg", quality=90)
    assert sorted(read_cards(tmp_path)["codes"][0].split()) == codes


@pytest.mark.slow
def test_the_benchmark_runs_and_says_what_was_noticed():
    root = Path(__file__).parents[2]
    call = [sys.executable, root / "tests/benchmarks/photos.py", "--quick", "--part", "without", "--part", "damage"]
    out = subprocess.run(
        call, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True, check=True
    )
    assert "codes accepted as ours: 0" in out.stdout
    noticed = {line[:34].strip(): line.split()[-1] for line in out.stdout.splitlines() if line.strip()}
    assert (noticed["nothing (must be 0)"], noticed["64 KiB of zeros"], noticed["4 KiB of 0xFF"]) == ("0", "1", "1")
