"""What a person decided in an afternoon, written into a file, makes the same of a job made anew at night: slots, galleries, revisions.

Two real studios with real pictures. The second gets the folders and the orders in another order, so that every key is another one.
"""

from __future__ import annotations

import hashlib
import io

import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from prepaykit.adapters.composer import compose_memory_mate
from prepaykit.adapters.lab.jpeg import ORIENTATION
from prepaykit.cli import app
from prepaykit.rules.choosing import KINDS_OF_VERB, choices_table
from prepaykit.rules.slot_names import marked_frames, slot_names
from prepaykit.tables.catalog import CHOICE_KINDS
from tests.acceptance.school import PAPER, School
from tests.intake.drawn import jpeg

PORTRAIT, FIVE_BY_SEVEN = (800, 1200), "0,0.0333333,1,0.9333333"
FIRST = (
    PAPER
    + "E1,First0,Last0,3,Adams,KA01,P57-1,4.00,cash\nE2,Some,Body,3,Adams,,P57-1,10.00,cash\nE3,First2,Last2,3,Adams,,P57-1,10.00,cash\n"
)
SECOND = FIRST.replace("First2,Last2", "First3,Last3")
ORDERS = [
    "1001 KA01 P57-1 10.00",
    "1002 KB02 MM-1 22.00",
    "1003 KC03 P57-2 20.00",
    "1004 KX99 P57-1 10.00",
    "1005 KE05 P57-1 10.00",
]


def draw(folder, shots, *, minute):
    """One file a word: `.` a person, anything else the code on a card; ten seconds apart."""
    folder.mkdir()
    for i, word in enumerate(shots):
        at = f"2026:09:01 08:{minute + i // 6:02d}:{i % 6 * 10:02d}"
        code = None if word == "." else word
        size = (900, 600) if code else PORTRAIT
        (folder / f"IMG_{minute * 100 + i:04d}.JPG").write_bytes(jpeg(code, size=size, shot=at, seed=minute * 100 + i))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    first = School(tmp_path_factory.mktemp("codes"), children=5)
    first.names((first.folder / "names.csv").read_text(encoding="utf-8"), blanks=1)
    people = first.job.state.subjects
    blank = people.loc[people["kind"] == "blank", "access_code"].iloc[0]
    draw(folder / "a", [first.group_code(), ".", "KA01", ".", ".", "KB02", ".", ".", "."], minute=10)
    draw(folder / "b", ["KC33", ".", ".", ".", ".", blank, ".", "."], minute=40)
    return folder


def made(folder, pictures, *, turned):
    """The job with everything brought in, before anybody decides; `turned`: folders and orders come the other way round."""
    school = School(folder, children=5, has_manual_revision=True)
    school.names((folder / "names.csv").read_text(encoding="utf-8"), blanks=1)
    for row in reversed(ORDERS) if turned else ORDERS:
        school.orders(row)
    for name in "ba" if turned else "ab":
        school.apply(school.job.photos(pictures / name))
    return school, (school.file("first.csv", FIRST), school.file("second.csv", SECOND))


def frame(school, name):
    frames = school.job.state.frames
    return int(frames.loc[frames["path"].str.endswith(f"IMG_{name}.JPG"), "frame_id"].iloc[0])


def slot(school, name):
    names = slot_names(school.job.state)
    return int(names.index[names == name][0])


def afternoon(school, keyed):
    """Somebody decides something of every kind."""
    people = school.job.state.subjects
    blank = people.loc[people["kind"] == "blank", "access_code"].iloc[0]
    school.apply(school.job.paper(keyed[0], second=keyed[1], settle={"E3": "first"}, match={"E2": "KD04"}, why="asked"))
    school.apply(school.job.codes(
        relabel={"KC33": "KC03"}, tag={frame(school, "4003"): "KD04"}, bind={blank: "KE05"}, order_code={"1004": "KD04"},
        hide=[frame(school, "1006")], move={frame(school, "1008"): "KA01"}, why="looked",
    ))  # fmt: skip
    school.apply(school.job.codes(favourite={"KC03": frame(school, "4002")}, tag={frame(school, "4001"): ""}))
    school.populate()
    school.place(accept=["E1"], why="the rest comes tomorrow")
    school.apply(school.job.revise(
        replace={slot(school, "1001/P57/individual/1"): frame(school, "1008")},
        crop={slot(school, "1001/P57/individual/1"): FIVE_BY_SEVEN, slot(school, "1002/MM/mate_individual/1"): "0,0,1,0.952381"},
        render=True, why="hair",
    ))  # fmt: skip
    school.apply(school.job.revise(release=["1001", "1002", "E1"]))


def night(school, keyed, file):
    """The same verbs with the file: what each would change."""
    job = school.job
    steps = [lambda: job.paper(keyed[0], second=keyed[1], choices=file), lambda: job.codes(choices=file), job.populate,
             lambda: job.place(choices=file), lambda: job.revise(render=True, choices=file)]  # fmt: skip
    plans = []
    for step in steps:
        plans.append(step())
        school.apply(plans[-1])
    return plans


def changed(plan):
    """Every field that a plan would change, and what it says of the file."""
    said = plan.findings.loc[plan.findings["code"].isin(["choice_unusable", "choice_superseded"]), "detail"]
    return [*plan.preview().itertuples(index=False, name=None), *said]


def as_people_see_it(school):
    """Slots, galleries, revisions and decisions without a key that belongs to one studio."""
    state = school.job.state
    mark = marked_frames(state).str.replace(r"^\d+#", "", regex=True)
    slots = state.slots.assign(
        name=state.slots["slot_id"].map(slot_names(state)), shown=state.slots["frame_id"].astype("str").map(mark)
    )
    own = state.galleries.assign(shown=state.galleries["frame_id"].astype("str").map(mark))
    numbers = state.orders.set_index("order_id")["order_no"]
    said = choices_table(state).drop(columns="decided_at")
    for column in ("target", "value"):
        said[column] = said[column].str.replace(r"\d+#", "#", regex=True)
    tables = {
        "slots": slots[["name", "shown", "filled_by", "crop", "artwork_sha256", "quantity"]],
        "galleries": own[["access_code", "position", "shown", "is_hidden", "is_active"]],
        "revisions": state.revisions.assign(order=state.revisions["order_id"].map(numbers))[
            ["order", "status", "reason"]
        ],
        "orders": state.orders[["order_no", "status", "paid_cents"]],
        "choices": said,
    }
    return {name: rows.sort_values(list(rows.columns)).reset_index(drop=True) for name, rows in tables.items()}


def test_a_job_made_anew_with_the_file_gets_the_same_slots_galleries_and_revisions(tmp_path, pictures):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    school, keyed = made(tmp_path / "one", pictures, turned=False)
    afternoon(school, keyed)
    written = CliRunner().invoke(app, ["choices", "--csv", "--studio", str(tmp_path / "one" / "studio.db")])
    file = school.file("choices.csv", written.stdout)
    wanted = as_people_see_it(school)
    assert {k for kinds in KINDS_OF_VERB.values() for k in kinds} == set(CHOICE_KINDS)
    # Refunds and payments are no part of a nightly file's work: they are tested with the money (tests/money/test_refunds.py, test_payments.py).
    assert set(wanted["choices"]["kind"]) == set(CHOICE_KINDS) - {"refund", "payment"}
    assert wanted["orders"].set_index("order_no").loc[["1001", "1002", "E1"], "status"].tolist() == ["in_batch"] * 3
    assert wanted["slots"]["crop"].notna().sum() == 2 and wanted["slots"]["artwork_sha256"].notna().sum() == 2

    anew, keyed_anew = made(tmp_path / "two", pictures, turned=True)
    plans = night(anew, keyed_anew, file)
    for plan in plans:
        assert not set(plan.findings["code"]) & {"choice_unusable", "choice_superseded"}, plan.findings[
            "detail"
        ].tolist()
    now = as_people_see_it(anew)
    for name, rows in wanted.items():
        pd.testing.assert_frame_equal(now[name], rows, obj=name)
    assert [changed(plan) for plan in night(anew, keyed_anew, file)] == [[]] * 5, "the next night changes nothing"
    assert [changed(plan) for plan in night(school, keyed, file)] == [[]] * 5, "nor does it where it was decided"


def test_a_table_as_a_panel_makes_it_does_what_the_file_does_with_the_same_findings(tmp_path, pictures):
    school, keyed = made(tmp_path, pictures, turned=False)
    table = pd.DataFrame([
        ("match", "E2", "KD04"), ("tag", f"{frame(school, '4003')}", "KD04"), ("move", "77777", "KA01"), ("accept", "9999", "unpaid"),
        ("release", "1001", "yes"), ("dance", "1001", "yes"), ("hide", None, "hidden"),
    ], columns=["kind", "target", "value"])  # fmt: skip
    file = school.file("panel.csv", table.to_csv(index=False))
    job = school.job
    for plan in (lambda c: job.paper(keyed[0], choices=c), lambda c: job.codes(choices=c), lambda c: job.place(choices=c), lambda c: job.revise(choices=c)):  # fmt: skip
        by_table, by_file = plan(table), plan(file)
        pd.testing.assert_frame_equal(by_table.preview(), by_file.preview())
        told = [p.findings.loc[p.findings["about"] == "choices file", "code"].tolist() for p in (by_table, by_file)]
        assert told[0] == told[1] and "choice_unusable" in told[0]
        assert "row_unusable" in set(by_table.findings["code"]) & set(by_file.findings["code"])


def test_a_crop_a_move_and_a_release_are_journaled_and_taken_back_one_by_one(tmp_path, pictures):
    school, _ = made(tmp_path, pictures, turned=False)
    school.populate()
    school.place()
    start = school.job.state
    school.apply(school.job.codes(move={frame(school, "1008"): "KA01"}))
    school.apply(school.job.revise(crop={slot(school, "1001/P57/individual/1"): FIVE_BY_SEVEN}))
    school.apply(school.job.revise(release=["1001"]))
    fields = school.job.journal()
    assert {"crop", "access_code"} <= set(fields["column"]) | {"access_code"} and "release" in str(
        fields["key"].tolist()
    )
    for _ in range(3):
        school.job.undo()
    for name in ("slots", "galleries", "choices", "orders", "revisions", "frames", "findings"):
        rows, was = school.job.state.tables[name], start.tables[name]
        key = [c for c in was.columns if c != "version"]
        left, right = (t[key].sort_values(key[:4]).reset_index(drop=True) for t in (rows, was))
        pd.testing.assert_frame_equal(left, right, obj=name)


def test_the_lab_gets_the_picture_as_it_was_cropped_also_of_a_camera_that_marks_it_as_turned(tmp_path, pictures):
    (tmp_path / "studio").mkdir()
    turned = tmp_path / "turned"
    draw(turned, ["KA01", "."], minute=10)
    shot = turned / "IMG_1001.JPG"
    with Image.open(shot) as picture:
        exif = picture.getexif()
        exif[ORIENTATION] = 6
        lying, out = picture.transpose(Image.Transpose.ROTATE_90), io.BytesIO()
        lying.save(out, "JPEG", quality=95, exif=exif)
    shot.write_bytes(out.getvalue())
    school = School(tmp_path / "studio", children=1, has_manual_revision=True)
    school.orders("1001 KA01 P57-1 10.00")
    school.apply(school.job.photos(turned))
    school.populate()
    school.place()
    school.apply(school.job.revise(crop={1: FIVE_BY_SEVEN}, release="clean"))
    school.apply(school.job.batch(1))
    school.studio.send()
    (sent,) = (tmp_path / "studio" / "lab").rglob("*.jpg")
    with Image.open(sent) as picture:
        assert picture.size == (800, 1120) and not picture.getexif()
    manifest = next((tmp_path / "studio" / "lab").rglob("manifest.json")).read_text(encoding="utf-8")
    assert f'"crop": "{FIVE_BY_SEVEN}"' in manifest


def test_a_memory_mate_is_composed_of_the_frame_and_crop_that_the_same_plan_chooses(tmp_path, pictures):
    school, _ = made(tmp_path, pictures, turned=False)
    school.populate()
    school.place()
    mate = slot(school, "1002/MM/mate_individual/1")
    school.apply(school.job.revise(replace={mate: frame(school, "1007")}, crop={mate: "0,0,1,0.952381"}, render=True))
    own, group = (((pictures / "a") / f"IMG_{name}.JPG").read_bytes() for name in ("1007", "1001"))
    wanted = hashlib.sha256(compose_memory_mate(own, group, individual_crop="0,0,1,0.952381")).hexdigest()
    assert set(school.job.state.slots["artwork_sha256"].dropna()) == {wanted}
    assert wanted != hashlib.sha256(compose_memory_mate(own, group)).hexdigest()
