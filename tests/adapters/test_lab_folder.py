"""The lab's folder: a valid bag, packed by teacher and class, the same bytes each time, without the camera's secrets."""

import csv
import errno
import hashlib
import io
import json
import os
import threading
from pathlib import Path

import pytest
from PIL import Image

from prepaykit.adapters.composer import srgb_profile
from prepaykit.adapters.lab import bag
from prepaykit.adapters.lab.folder import write_package
from prepaykit.adapters.lab.layout import class_folders
from prepaykit.errors import NeighbourFailed
from tests.adapters.packages import KEY, Card, jpeg, released


@pytest.fixture
def card():
    return Card()


@pytest.fixture
def out(tmp_path):
    return tmp_path / "lab"


def send(card, out, **changes):
    write_package(released(card, **changes), KEY, out_dir=out, open_bytes=card.open_bytes)
    return out / "maple-grove-2026-batch-1"


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def order(folder):
    return list(csv.DictReader(io.StringIO((folder / "data/order.csv").read_text(encoding="utf-8"))))


def test_the_folder_is_a_complete_and_valid_bag(card, out):
    files = contents(send(card, out))
    assert files["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    listed = dict(reversed(line.split("  ")) for line in files["manifest-sha256.txt"].decode().splitlines())
    assert set(listed) == {name for name in files if name.startswith("data/")}
    assert all(hashlib.sha256(files[name]).hexdigest() == digest for name, digest in listed.items())
    size = sum(len(content) for name, content in files.items() if name.startswith("data/"))
    assert f"Payload-Oxum: {size}.{len(listed)}\n".encode() in files["bag-info.txt"]
    tags = dict(reversed(line.split("  ")) for line in files["tagmanifest-sha256.txt"].decode().splitlines())
    assert set(tags) == {"bagit.txt", "bag-info.txt", "manifest-sha256.txt"}


def test_each_picture_is_stored_once_a_class_and_every_print_names_its_file(card, out):
    folder = send(card, out)
    assert [row["file"] for row in order(folder)] == [
        "images/Ms-Adams-4B/00001_AB12-CD34.jpg",
        "images/Ms-Adams-4B/00001_AB12-CD34.jpg",
        "images/Ms-Adams-4B/00003_group.jpg",
        "images/Ms-Adams-4B/00003_group.jpg",
        "images/no-class/00005_JK90-LM12.jpg",
    ]
    for row in order(folder):
        assert hashlib.sha256((folder / "data" / row["file"]).read_bytes()).hexdigest() == row["file_sha256"]
    assert len(list((folder / "data/images").rglob("*.jpg"))) == 3


def test_files_carry_names_only_if_the_job_says_so(card, out, tmp_path):
    assert not any("Luk" in name for name in contents(send(card, out)))
    named = contents(send(card, tmp_path / "other", file_names="name"))
    assert "data/images/Ms-Adams-4B/00001_Luk-Zoe_AB12-CD34.jpg" in named


def test_the_same_release_gives_the_same_bytes_anywhere(card, out, tmp_path):
    assert contents(send(card, out)) == contents(send(card, tmp_path / "other"))


def test_what_the_camera_wrote_beside_the_picture_stays_at_home(card, out):
    card.files["b.jpg"] = jpeg("blue", orientation=6)
    for name, content in contents(send(card, out)).items():
        if name.endswith(".jpg"):
            assert b"SECRET" not in content, name
            assert not Image.open(io.BytesIO(content)).getexif(), name


def test_a_picture_that_lies_right_keeps_every_pixel_and_its_colour_profile(card, out):
    card.files["b.jpg"] = jpeg("blue", icc=srgb_profile()) + b"a phone appends SECRET things"
    sent = Image.open(send(card, out) / "data/images/no-class/00005_JK90-LM12.jpg")
    assert sent.tobytes() == Image.open(io.BytesIO(card.files["b.jpg"])).tobytes()
    assert sent.info["icc_profile"] == srgb_profile()


def test_a_turned_picture_is_sent_upright(card, out):
    card.files["b.jpg"] = jpeg("blue", size=(60, 90), orientation=6)
    sent = Image.open(send(card, out) / "data/images/no-class/00005_JK90-LM12.jpg")
    assert sent.size == (90, 60)
    assert sum(sent.getpixel((88, 30))) < 60  # the black top has turned to the right


def cropped(card, crops):
    """The release with crops: print number → crop."""
    return [{**one, "crop": crops.get(one["print_no"])} for one in released(card)["prints"]]


def test_a_cropped_picture_is_sent_as_it_was_cropped_upright_and_with_its_colour_profile(card, out):
    card.files["b.jpg"] = jpeg("blue", size=(60, 90), orientation=6, icc=srgb_profile())
    folder = send(card, out, prints=cropped(card, {5: "0.5,0,0.5,1"}))
    content = (folder / "data/images/no-class/00005_JK90-LM12.jpg").read_bytes()
    sent = Image.open(io.BytesIO(content))
    assert sent.size == (45, 60) and not sent.getexif()
    assert sum(sent.getpixel((43, 30))) < 60  # the right half: the black top has turned there
    assert sent.info["icc_profile"] == srgb_profile() and b"SECRET" not in content
    manifest = json.loads((folder / "data/manifest.json").read_text(encoding="utf-8"))
    assert [(i["print_nos"], i.get("crop")) for i in manifest["images"]] == [
        ([1, 2], None),
        ([3, 4], None),
        ([5], "0.5,0,0.5,1"),
    ]


def test_prints_of_one_frame_that_are_cropped_otherwise_have_a_file_each_and_the_same_release_the_same_bytes(
    card, out, tmp_path
):
    prints = cropped(card, {2: "0,0,1,0.5"})
    folder = send(card, out, prints=prints)
    rows = json.loads((folder / "data/order.json").read_text(encoding="utf-8"))["prints"]
    assert rows[0]["file"] != rows[1]["file"] and all("crop" not in row for row in rows), "a lab would cut twice"
    sizes = [Image.open(io.BytesIO((folder / "data" / row["file"]).read_bytes())).size for row in rows[:2]]
    assert sizes == [(60, 90), (60, 45)]
    assert contents(folder) == contents(send(card, tmp_path / "other", prints=prints))


def test_a_file_that_is_no_picture_stops_the_package(card, out):
    card.files["b.jpg"] = b"\xff\xd8 not a picture"
    with pytest.raises(NeighbourFailed, match=r"b\.jpg is not a sound JPEG"):
        send(card, out)
    assert [p.name for p in out.iterdir() if not p.name.startswith(".prepaykit")] == []


def test_the_order_file_is_safe_in_a_spreadsheet_and_says_nothing_of_the_studios_disk(card, out):
    folder = send(card, out)
    assert [row["first_name"] for row in order(folder)][3] == "'=Bob"
    told = json.loads((folder / "data/order.json").read_text(encoding="utf-8"))
    assert "root" not in told["prints"][0]
    assert told["prints"][3]["first_name"] == "=Bob"
    assert [line["code"] for line in told["lines"]] == ["A", "D"]


def test_packing_lists_run_by_teacher_and_class_with_every_envelope_once(card, out):
    folder = send(card, out)
    page = (folder / "data/packing/all.html").read_text(encoding="utf-8")
    assert (
        page.index("Ms. Ádams · 4B") < page.index("AB12-CD34") < page.index("EF56-GH78") < page.index("Without a class")
    )
    assert page.count('class="box" role') == 3
    assert "2 × Print 5x7 (5x7)" in page
    assert "Bought: 1 × Package A (MP)" in page
    assert "107 / NP34-QR56 (1 × Digital)" in page
    assert "&lt;b&gt;Ray&lt;/b&gt;" in page
    assert "<b>Ray" not in page
    own = (folder / "data/packing/class_Ms-Adams-4B.html").read_text(encoding="utf-8")
    assert "AB12-CD34" in own
    assert "JK90-LM12" not in own


@pytest.fixture
def with_digital(card):
    """The release with one digital picture of the first child and one of a child who bought nothing else."""
    prints = released(card)["prints"]
    first = {**prints[0], "print_no": 6, "delivery": "digital", "product_name": "Digital download", "size": None}
    alone = {
        **first,
        "print_no": 7,
        "order_no": "107",
        "access_code": "NP34-QR56",
        "first_name": "Ida",
        "last_name": "Orr",
    }
    return [*prints, first, alone]


def test_digital_pictures_lie_apart_in_a_list_of_their_own_and_nobody_prints_them(card, out, with_digital):
    plain = contents(send(card, out.with_name("plain")))
    folder = send(card, out, prints=with_digital)
    files = contents(folder)
    assert files["data/order.csv"] == plain["data/order.csv"]
    rows = list(csv.DictReader(io.StringIO((folder / "data/digital.csv").read_text(encoding="utf-8"))))
    assert [(r["picture_no"], r["order_no"], r["file"]) for r in rows] == [
        ("6", "104", "digital/Ms-Adams-4B/00006_group.jpg"),
        ("7", "107", "digital/Ms-Adams-4B/00006_group.jpg"),
    ]
    assert files["data/digital/Ms-Adams-4B/00006_group.jpg"] == files["data/images/Ms-Adams-4B/00001_AB12-CD34.jpg"]
    told = json.loads(files["data/order.json"])
    assert (len(told["prints"]), [one["picture_no"] for one in told["digital"]]) == (5, [6, 7])
    assert "data/digital.csv" not in plain


def test_no_envelope_holds_a_digital_picture(card, out, with_digital):
    folder = send(card, out, prints=with_digital)
    page = (folder / "data/packing/all.html").read_text(encoding="utf-8")
    assert "Digital download" not in page
    assert "107 / NP34-QR56 (1 × Digital)" in page  # bought, and nothing to pack
    assert page.count('class="box" role') == 3
    assert "2 envelopes, 5 prints" in page
    assert "Digital download" not in (folder / "data/packing/packing.csv").read_text(encoding="utf-8")


def test_two_classes_that_would_share_a_folder_get_their_own():
    prints = [
        {"teacher": "Smith", "group": "KG/AM"},
        {"teacher": "Smith", "group": "KG AM"},
        {"teacher": "smith", "group": "kg am"},
    ]
    assert list(class_folders(prints).values()) == ["Smith-KG-AM", "Smith-KG-AM-2", "smith-kg-am-3"]


@pytest.mark.parametrize("name", ["CON", "aux", "Nul", "PRN", "COM1", "lpt9"])
def test_a_class_called_like_a_device_of_windows_gets_a_folder_that_windows_can_make(name):
    prints = [{"teacher": name}, {"group": name}, {"teacher": f"class {name}"}]
    folders = list(class_folders(prints).values())
    assert folders == [f"class-{name}", f"class-{name}-2", f"class-{name}-3"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: (f / "data/order.csv").write_text("x"),
        lambda f: (f / "data/order.csv").unlink(),
        lambda f: (f / "data/extra.txt").write_text("x"),
        lambda f: (f / "manifest-sha256.txt").write_text(""),
        lambda f: (f / "bag-info.txt").unlink(),
    ],
)
def test_a_folder_that_somebody_changed_is_not_taken_for_sent(card, out, spoil):
    spoil(send(card, out))
    with pytest.raises(NeighbourFailed):
        send(card, out)


def test_a_full_disk_leaves_nothing_behind(card, out, monkeypatch):
    real = os.fsync

    def full(handle):
        if len(list(out.rglob("*.jpg"))) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NeighbourFailed, match="No space left on device"):
        send(card, out)
    assert [p.name for p in out.iterdir() if not p.name.startswith(".prepaykit")] == []


def test_leftovers_of_a_killed_run_are_swept(card, out):
    (out / ".tmp-old/data").mkdir(parents=True)
    (out / ".tmp-old/data/half.jpg").write_bytes(b"x")
    send(card, out)
    assert not (out / ".tmp-old").exists()


def test_two_who_send_at_once_make_one_folder(card, out):
    failed = []

    def one():
        try:
            send(card, out)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    bag.check(Path(out / "maple-grove-2026-batch-1"))
