"""The demo's pictures: cards that are read, cards that must not be, EXIF, and no child's picture on another's order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from prepaykit.decide.names import plan_names
from prepaykit.decide.orders import plan_orders
from prepaykit.decide.paper import plan_paper
from prepaykit.decide.photos import plan_photos
from prepaykit.decide.populate import plan_populate
from prepaykit.decide.prices import plan_prices
from prepaykit.demo.draw import draw_job, sitting_of
from prepaykit.demo.pictures import file_of
from prepaykit.demo.tables import JOB, NOW, invent
from prepaykit.errors import Refused
from prepaykit.intake.frames import read_frames
from prepaykit.intake.names_list import read_names
from prepaykit.intake.online_orders import read_orders
from prepaykit.intake.paper_orders import read_paper_orders
from prepaykit.intake.price_list import read_prices
from prepaykit.intake.qr import read_symbols
from prepaykit.tables.state import JobState

PROGRESS: list[tuple[int, int]] = []


@pytest.fixture(scope="module")
def job(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "job"
    return draw_job(folder, size="tiny", seed=1, on_progress=lambda done, total: PROGRESS.append((done, total)))


@pytest.fixture(scope="module")
def truth(job) -> pd.DataFrame:
    return pd.read_csv(job / "truth" / "frames.csv", dtype="str", keep_default_na=False)


def half(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.draft("L", (image.width // 2, image.height // 2))
        return image.convert("L")


def test_every_file_of_the_truth_is_there_and_no_other(job, truth):
    there = {
        p.relative_to(job).as_posix() for root in ("photos", "retake") for p in (job / root).rglob("*") if p.is_file()
    }
    assert there == set(truth["path"])


def test_progress_counts_up_to_every_file(job, truth):
    done = [d for d, _ in PROGRESS]
    assert done == sorted(done) and PROGRESS[-1] == (len(truth), len(truth))


def test_cards_are_read_and_show_the_codes_of_the_truth(job, truth):
    cards = truth[truth["kind"].isin(["card", "group_card"]) & (truth["damage"] == "")]
    read = [sorted(read_symbols(np.asarray(half(job / path))).texts) for path in cards["path"]]
    right = [found == sorted(codes.split()) for found, codes in zip(read, cards["card_codes"], strict=True)]
    assert sum(right) >= 0.95 * len(cards)
    assert any(len(found) == 2 for found in read)


def test_a_damaged_card_is_not_read_but_gives_an_alarm(job, truth):
    damaged = truth.loc[truth["damage"] != "", "path"]
    assert len(damaged) >= 2
    for path in damaged:
        symbols = read_symbols(np.asarray(half(job / path)))
        assert symbols.texts == () and symbols.is_broken


def test_frames_carry_the_exif_of_real_cameras(job, truth):
    bodies = {}
    for path in truth.loc[truth["kind"].isin(["portrait", "group", "card"]), "path"]:
        with Image.open(job / path) as image:
            exif = image.getexif()
            details = exif.get_ifd(0x8769)
        assert exif[0x0112] in (1, 6) and len(details[0x9003]) == 19 and details[0x9291].isdigit()
        bodies.setdefault((exif[0x010F], exif[0x0110]), set()).add(details.get(0xA431))
    assert bodies == {("Lumio", "Lumio L7"): {"7001234"}, ("Kestrel", "Kestrel K2"): {None}}


def test_an_upright_portrait_is_two_by_three_however_the_camera_stored_it(job, truth):
    for path in truth.loc[truth["kind"] == "portrait", "path"]:
        with Image.open(job / path) as image:
            assert image.size == ((1800, 1200) if image.getexif()[0x0112] == 6 else (1200, 1800))


def test_the_same_shot_gives_the_same_bytes(job):
    invented = invent("tiny", 1)
    for kind in ("portrait", "card", "group"):
        shot = next(s for s in invented.day.shots if s.kind == kind)
        assert file_of(shot, sitting_of(invented, job, shot)) == (job / shot.root / shot.path).read_bytes()


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(Refused, match="not empty"):
        draw_job(tmp_path, size="tiny")
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_no_childs_picture_ends_on_anothers_order(job, truth):
    state = JobState.new(**JOB)
    names, prices = read_names(job / "names.csv"), read_prices(job / "prices.csv")
    orders, paper = read_orders(job / "orders.csv"), read_paper_orders(job / "paper_orders.csv")
    state = state.after(plan_names(state, names.table, seed=1, blanks=invent("tiny", 1).blanks, now=NOW))
    state = state.after(plan_prices(state, prices.table))
    state = state.after(plan_orders(state, orders.table, now=NOW))
    state = state.after(plan_paper(state, paper.table, now=NOW))
    for shoot_no, root in enumerate(("photos", "retake"), start=1):
        read = read_frames([job / root])
        state = state.after(plan_photos(state, read.table, findings=read.findings, shoot_no=shoot_no))
        state = state.after(plan_populate(state))
    of_frame = truth.set_index("path")
    filled = state.slots[state.slots["frame_id"].notna()]
    assert len(filled) > 20
    for slot in filled.itertuples():
        frame = state.frames.set_index("frame_id").loc[slot.frame_id]
        true = of_frame.loc[f"{Path(frame['root']).name}/{frame['path']}"]
        subject = state.subjects.set_index("subject_id").loc[slot.subject_id]
        if slot.hole in ("group", "mate_group"):
            group = state.groups.set_index("group_id").loc[subject["group_id"], "name"]
            assert (true["kind"], true["group"]) == ("group", group)
        else:
            assert true["kind"] == "portrait" and subject["access_code"] in true["access_codes"].split()
    # And the order is truly for that child.
    meant = pd.read_csv(job / "truth" / "orders.csv", dtype="str").set_index(["origin", "order_no"])["access_codes"]
    for line in state.order_subjects.dropna(subset=["subject_id"]).itertuples():
        order = state.orders.set_index("order_id").loc[line.order_id]
        code = state.subjects.set_index("subject_id").loc[line.subject_id, "access_code"]
        assert code in meant.loc[(order["origin"], order["order_no"])].split()
