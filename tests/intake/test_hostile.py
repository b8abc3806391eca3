"""Hostile files: each is named with its reason and set aside, odd ones stay, and no file ends the run."""

from __future__ import annotations

import io
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from prepaykit.intake.frames import read_cards, read_frames
from prepaykit.intake.one_frame import Task, read_one
from prepaykit.intake.sources import Limits
from prepaykit.intake.spreading import IsolatedReaders, ReaderLost, read_all
from tests.intake.drawn import card_and_frames, jpeg
from tests.intake.dying import die, dies_of_the_second, sleeps_over_the_second
from tests.intake.hostile import SET_ASIDE, STAYS


@pytest.mark.parametrize("name", SET_ASIDE)
def test_what_is_no_picture_is_set_aside_with_its_reason(tmp_path, name):
    content, reason = SET_ASIDE[name]
    (tmp_path / name).write_bytes(content)
    row = read_frames(tmp_path)
    assert reason in row.table["problem"][0]
    assert row.findings["code"].isin(["frame_unreadable", "frame_too_large"]).all() and len(row.findings) == 1
    assert row.table["texts"].isna().all()


@pytest.mark.parametrize("name", STAYS)
def test_an_odd_file_with_a_sound_picture_is_read(tmp_path, name):
    (tmp_path / name).write_bytes(STAYS[name])
    table = read_frames(tmp_path).table
    assert table[["texts", "problem", "damage"]].astype(object).where(table.notna(), None).values.tolist() == [
        ["ABCD-1234", None, None]
    ]


def test_data_behind_the_picture_is_one_note_a_folder(tmp_path):
    for i in range(3):
        (tmp_path / f"{i}.jpg").write_bytes(STAYS["zip_behind.jpg"] + bytes([i + 1]))
    found = read_frames(tmp_path).findings
    assert found[["code", "severity"]].values.tolist() == [["trailing_data", "note"]]
    assert found["detail"][0].startswith("3 files")


def test_all_of_them_together_end_no_run_and_every_file_has_its_row(tmp_path):
    for name, content in {**{n: c for n, (c, _) in SET_ASIDE.items()}, **STAYS}.items():
        (tmp_path / name).write_bytes(content)
    card_and_frames(tmp_path / "100CANON", "ABCD-1234")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link.jpg").symlink_to(tmp_path / "text.jpg")
    (tmp_path / "round.jpg").symlink_to(tmp_path / "round.jpg")
    with IsolatedReaders(2) as readers:
        cards = read_cards(tmp_path, executor=readers)
    assert len(cards) == len(SET_ASIDE) + len(STAYS) + 3
    assert cards["file"].is_unique
    assert (cards["role"] == "unreadable").sum() == len(SET_ASIDE)
    assert (cards["role"] == "card").sum() == len(STAYS) + 1


def test_the_originals_are_opened_for_reading_only_and_stay_as_they_were(tmp_path):
    card_and_frames(tmp_path / "day", "ABCD-1234")
    (tmp_path / "day" / "odd.jpg").write_bytes(STAYS["mpf_noise.jpg"])
    files = sorted((tmp_path / "day").iterdir())
    for file in files:
        file.chmod(0o444)
    (tmp_path / "day").chmod(0o555)
    before = [(f.read_bytes(), f.stat().st_mtime_ns, f.stat().st_size) for f in files]
    read_frames(tmp_path / "day", thumbs=tmp_path / "thumbs", journal=tmp_path / "cache")
    (tmp_path / "day").chmod(0o755)
    assert sorted((tmp_path / "day").iterdir()) == files
    assert [(f.read_bytes(), f.stat().st_mtime_ns, f.stat().st_size) for f in files] == before


# --- readers that die --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reader", "reason"), [(dies_of_the_second, "exit code -9"), (sleeps_over_the_second, "longer than 12 seconds")]
)
def test_a_reader_that_is_killed_or_hangs_costs_one_file(tmp_path, monkeypatch, reader, reason):
    card_and_frames(tmp_path, "ABCD-1234", "EFGH-5678", frames=1)
    monkeypatch.setattr("prepaykit.intake.spreading.read_one", reader)
    with IsolatedReaders(2, seconds=12) as readers:
        read = read_frames(tmp_path, executor=readers)
    problems = dict(zip(read.table["path"], read.table["problem"], strict=True))
    assert reason in problems.pop("IMG_0002.JPG")
    assert len(problems) == 3 and pd.isna(list(problems.values())).all()
    assert read.table["texts"].dropna().tolist() == ["ABCD-1234", "EFGH-5678"]
    assert read.findings["code"].tolist() == ["frame_unreadable"]


def test_a_pool_that_breaks_is_replaced_and_no_file_is_lost(tmp_path):
    card_and_frames(tmp_path, "ABCD-1234", frames=5)
    tasks = [Task(str(tmp_path), p.name, p.stat().st_size, Limits()) for p in sorted(tmp_path.iterdir())]
    with ProcessPoolExecutor(1) as pool:
        pool.submit(die)
        rows = dict(read_all(tasks, pool))
    assert sorted(rows) == list(range(6))
    assert all(row.problem is None for row in rows.values())


def test_an_error_in_an_isolated_reader_comes_back_as_itself():
    with IsolatedReaders(1) as readers:
        with pytest.raises(ZeroDivisionError):
            readers.submit(divmod, 1, 0).result()
        with pytest.raises(ReaderLost):
            readers.submit(die).result()
        assert readers.submit(divmod, 7, 2).result() == (3, 1)


def test_threads_processes_and_isolated_readers_read_the_same(tmp_path):
    card_and_frames(tmp_path, "ABCD-1234", "EFGH-5678")
    (tmp_path / "x.jpg").write_bytes(SET_ASIDE["cut_scan.jpg"][0])
    plain = read_frames(tmp_path)
    for pool in (ProcessPoolExecutor(2), IsolatedReaders(2)):
        with pool:
            other = read_frames(tmp_path, executor=pool)
        pd.testing.assert_frame_equal(other.table, plain.table)
        pd.testing.assert_frame_equal(other.findings, plain.findings)


# --- damage inside -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large() -> bytes:
    """A card before a canvas lit from one side, with grain."""
    y, x = np.mgrid[0:1:1600j, 0:1:2400j]
    light = 70 + 90 * np.sin(2.2 * x + 0.4) + 25 * y + np.random.default_rng(1).normal(0, 3, (1600, 2400))
    picture = Image.fromarray(
        np.stack([light, light * 0.8 + 20 * x, light * 0.7 + 30 * y], axis=2).clip(0, 255).astype(np.uint8)
    )
    picture.paste(Image.open(io.BytesIO(jpeg("ABCD-1234"))).crop((300, 150, 600, 450)), (1500, 1100))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=95)
    return out.getvalue()


def spoilt(content: bytes, how: str, at: float) -> bytes:
    place = int(len(content) * at)
    piece = {
        "zeros": bytes(65536),
        "ones": b"\xff" * 4096,
        "foreign sector": content[300_000:300_512],
        "noise": np.random.default_rng(2).bytes(512),
    }[how]
    return content[:place] + piece + content[place + len(piece) :]


@pytest.mark.parametrize("at", [0.3, 0.62, 0.8])
@pytest.mark.parametrize("how", ["zeros", "ones", "foreign sector", "noise"])
def test_damage_inside_a_picture_is_noticed_and_the_frame_stays(tmp_path, large, how, at):
    (tmp_path / "IMG_0001.JPG").write_bytes(spoilt(large, how, at))
    read = read_frames(tmp_path)
    assert read.table["damage"].notna().all() and read.table["problem"].isna().all()
    assert read.findings["code"].tolist() == ["frame_damaged"]
    assert "damaged inside" in read_cards(tmp_path)["problem"][0]


def test_a_sound_picture_is_not_called_damaged(tmp_path, large):
    (tmp_path / "IMG_0001.JPG").write_bytes(large)
    assert read_frames(tmp_path).findings.empty


def test_a_damaged_frame_never_shows_the_card_of_the_frame_before(tmp_path):
    """The decoder writes into memory that it used before: nothing of the former picture may be left in it."""
    card, blank = jpeg("ABCD-1234"), jpeg(seed=9)
    at = blank.index(b"\xff\xda")
    (tmp_path / "IMG_0001.JPG").write_bytes(card)
    (tmp_path / "IMG_0002.JPG").write_bytes(blank[: at + 40] + bytes(len(blank) - at - 42) + b"\xff\xd9")
    rows = [read_one(Task(str(tmp_path), f"IMG_000{i}.JPG", 9999, Limits())) for i in (1, 2, 1, 2)]
    assert [row.texts for row in rows] == ["ABCD-1234", None, "ABCD-1234", None]
