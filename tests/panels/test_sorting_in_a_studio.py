"""Access codes and photo sorting as somebody without a browser uses them: press, choices, plan, apply; and the same again from a file."""

from __future__ import annotations

import shutil

import pytest

from prepaykit import Studio
from prepaykit.decide.photos import plan_photos
from prepaykit.errors import Refused
from prepaykit.panels.opening import open_panel
from tests.rules.picture_day import day

CODES = ("KA11-X", "KB22-X", "KC33-X", "KD44-X", "KE55-X")
SHOT = "KA11-X . KB22-X . ? . . QQ11-X . KE55-X ."  # nobody could read the third card; the fourth is not on the list


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sorting") / "job"
    folder.mkdir()
    (folder / "job.toml").write_text('name = "sorting-2026"\nschool = "Maple Grove"\nship_to = "1 School Lane"\n')
    names = "\n".join(f"{code},Ada,Lee{n},3A" for n, code in enumerate(CODES))
    (folder / "names.csv").write_text(f"access_code,first_name,last_name,group\n{names}\n")
    (folder / "prices.csv").write_text("code,name,kind,image_kind,size,price\nP5,5x7,product,individual,5x7,10.00\n")
    bought = "\n".join(f"10{n},{code},P5-1,10.00" for n, code in ((1, "KC33-X"), (2, "KD44-X")))
    (folder / "orders.csv").write_text(f"order_no,access_code,packages,amount_paid\n{bought}\n")
    with Studio.open(folder / "studio.db", actor="ana") as studio:
        job = studio.new(folder)
        job.apply(job.names(folder / "names.csv", seed=1))
        job.apply(job.prices(folder / "prices.csv"))
        job.apply(job.orders(folder / "orders.csv"))
        job.apply(plan_photos(job.state, day(SHOT)))
        job.apply(job.populate())
    return folder


@pytest.fixture
def job(made_once, tmp_path):
    folder = shutil.copytree(made_once, tmp_path / "job")
    with Studio.open(folder / "studio.db", actor="ana") as studio:
        yield studio.job()


def frames_of(job):
    slots = job.state.slots.sort_values("slot_id")["frame_id"]
    return [None if missing else int(frame) for frame, missing in zip(slots, slots.isna(), strict=True)]


def first_of(panel, row):
    [block] = [b for b in panel.work.details(row) if b["kind"] == "candidates"]
    return block["items"][0]["value"]


def test_a_proposal_taken_is_kept_planned_and_applied_and_the_row_is_gone(job):
    panel = open_panel(job, "codes", takes_drafts=True)
    assert frames_of(job) == [None, None]
    panel.press("101", "accept", "tag:5=KC33-X")
    assert panel.choices.loc[0, "why"].startswith("(proposed: ")
    plan = panel.plan()
    assert frames_of(job) == [None, None]
    done = panel.apply(plan, why="looked at the frames")
    assert frames_of(job.studio.job()) == [6, None]
    assert done.op_no and "101" not in set(panel.work.rows["key"])
    assert not len(panel.choices)


def test_a_press_that_contradicts_another_is_not_kept(job):
    panel = open_panel(job, "codes", takes_drafts=True)
    panel.press("101", "accept", "tag:5=KC33-X")
    with pytest.raises(Refused, match="speak of the same frames"):
        panel.press("102", "other", "tag:5")
    assert panel.drafts["row_key"].tolist() == ["101"]
    panel.press("101", "undo")
    panel.press("102", "other", "tag:5")
    assert panel.choices["value"].tolist() == ["KD44-X"]


def test_what_was_decided_in_both_panels_is_done_again_from_their_files(job, made_once, tmp_path):
    codes, photos = (open_panel(job, name, takes_drafts=True) for name in ("codes", "photos"))
    codes.press("101", "accept", "tag:5=KC33-X")
    photos.press("9", "move", "KD44-X")
    for panel in (codes, photos):
        panel.save(tmp_path / f"{panel.work.name}.csv")
        panel.apply()
    by_hand = job.studio.job()
    assert frames_of(by_hand) == [6, 9]

    with Studio.open(shutil.copytree(made_once, tmp_path / "again") / "studio.db", actor="night") as studio:
        again = studio.job()
        assert frames_of(again) == [None, None]
        for name in ("codes", "photos"):
            again.apply(again.codes(choices=tmp_path / f"{name}.csv"))
        columns = ["kind", "target", "value", "who", "why"]
        assert again.choices()[columns].fillna("").equals(by_hand.choices()[columns].fillna(""))
        assert frames_of(again) == [6, 9]


def test_a_scheduled_run_takes_up_nothing_that_is_half_done(job):
    open_panel(job, "photos", takes_drafts=True).press("9", "hide")
    assert not len(open_panel(job, "photos", takes_drafts=False).choices)


def test_the_plain_table_of_photo_sorting_shows_no_names(job):
    page = open_panel(job, "photos", takes_drafts=False)._repr_html_()
    assert "card not read" in page and "KA11-X" in page
    assert "Ada" not in page
