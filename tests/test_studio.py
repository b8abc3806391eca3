"""The front door: what a person hands in is looked at before anything is planned."""

import hashlib

import pytest
from PIL import Image

from prepaykit.errors import NeighbourFailed, UsageError
from prepaykit.tables.plan import Plan
from tests.acceptance.school import School


@pytest.fixture
def school(tmp_path):
    s = School(tmp_path, 2)
    yield s
    s.studio.close()


@pytest.fixture
def mate(school):
    """A school with one memory mate that waits for its artwork."""
    school.orders("1001 KA01 MM-1 22.00")
    school.photographed(school.everybody())
    school.populate(), school.place()
    return school


def on_disk(school, root, *, damaged=()):
    """Write the pictures of the day, as they were read."""
    root.mkdir()
    state, digests = school.job.state, []
    for path in state.frames["path"]:
        Image.new("RGB", (120, 180), "teal").save(root / path)
        if path in damaged:
            (root / path).write_bytes(b"cut off")
        digests.append(hashlib.sha256((root / path).read_bytes()).hexdigest())
    school.apply(Plan.between(state, "test", {"frames": state.frames.assign(root=str(root), sha256=digests)}))


def test_an_envelope_is_matched_by_hand_without_any_file(school):
    school.paper("E-1,Nobody,Here,3,Adams,,B-1,24.00,cash")
    school.apply(school.job.paper(match={"E-1": "KA01"}))
    assert school.status() == {"E-1": "open"}


@pytest.mark.parametrize("content", [None, b"", b"no picture", b"\xff\xd8\xff\xe0cut short"])
def test_an_artwork_that_the_lab_could_not_print_is_refused_when_it_is_handed_in(mate, tmp_path, content):
    path = tmp_path / "mate.jpg"
    if content is not None:
        path.write_bytes(content)
    slot = int(mate.job.revision_queue()["slot_id"].iloc[0])
    with pytest.raises(UsageError, match=r"artwork mate\.jpg (cannot be read|is not a sound JPEG)"):
        mate.job.revise(artwork={slot: path})
    assert not list(tmp_path.glob("artwork/*/*"))


def test_a_full_disk_leaves_no_half_of_an_artwork(mate, tmp_path, monkeypatch):
    def full(path, content):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content[:10])
        raise OSError(28, "No space left on device")

    Image.new("RGB", (64, 80), "teal").save(tmp_path / "mate.jpg")
    monkeypatch.setattr("prepaykit.report.export.write_durably", full)
    with pytest.raises(NeighbourFailed, match="jpg could not be written: No space left on device"):
        mate.job.revise(artwork={int(mate.job.revision_queue()["slot_id"].iloc[0]): tmp_path / "mate.jpg"})
    assert not list(tmp_path.glob("artwork/*/*"))


@pytest.mark.parametrize("spoil", [lambda f: f.unlink(), lambda f: f.write_bytes(b"other bytes")])
def test_one_missing_or_changed_picture_does_not_stop_the_other_memory_mates(school, tmp_path, spoil):
    school.orders("1001 KA01 MM-1 22.00", "1002 KB02 MM-1 22.00")
    school.photographed(school.everybody())
    on_disk(school, tmp_path / "shoot1")
    school.populate(), school.place()
    slots = school.job.state.slots.set_index("slot_id")
    lost = school.job.state.frames.set_index("frame_id").loc[slots.loc[1, "frame_id"], "path"]
    spoil(tmp_path / "shoot1" / lost)
    plan = school.job.revise(render=True, release="clean")
    assert plan.findings[["code", "key"]].to_numpy().tolist() == [["artwork_not_made", "1"]]
    assert plan.findings["detail"].str.contains(f"^order 1001, print MM, slot 1: .*{lost}", regex=True).all()
    school.apply(plan)
    assert school.status() == {"1001": "in_revision", "1002": "in_batch"}


def test_a_damaged_picture_does_not_stop_the_other_memory_mates(school, tmp_path):
    school.orders("1001 KA01 MM-1 22.00", "1002 KB02 MM-1 22.00")
    school.photographed(school.everybody())
    on_disk(school, tmp_path / "shoot1", damaged=("IMG_0004.JPG",))
    school.populate(), school.place()
    school.apply(school.job.revise(render=True, release="clean"))
    assert school.status() == {"1001": "in_revision", "1002": "in_batch"}
    (told,) = school.job.findings("revise")["detail"]
    assert told == "order 1001, print MM, slot 1: the individual picture of the memory mate is not a sound JPEG"


def test_a_job_file_that_cannot_be_opened_is_a_wrong_call(school, tmp_path):
    (tmp_path / "job.toml").mkdir()
    with pytest.raises(UsageError, match=r"job\.toml cannot be read"):
        school.studio.new(tmp_path)
