"""Folders and zips: members are listed and read; nothing outside the root ever is."""

from __future__ import annotations

import os
import zipfile

import pytest

from prepaykit.errors import NeighbourFailed, Refused, UsageError
from prepaykit.intake.frames import read_cards, read_frames
from prepaykit.intake.sources import Limits, list_pictures, natural_key, open_bytes
from tests.intake.drawn import jpeg


def zipped(path, members: dict[str, bytes]):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_zip_is_read_like_a_folder_and_never_unpacked(tmp_path):
    source = zipped(tmp_path / "day.zip", {"100CANON/IMG_0001.JPG": jpeg("ABCD-1234"), "100CANON/IMG_0002.JPG": jpeg()})
    before = sorted(tmp_path.rglob("*"))
    read = read_frames(source)
    assert read.table["texts"].dropna().tolist() == ["ABCD-1234"]
    assert read.table["root"].unique().tolist() == [str(source)]
    assert sorted(tmp_path.rglob("*")) == before
    assert open_bytes(source, "100CANON/IMG_0002.JPG") == jpeg()


UNSAFE = ["../out.jpg", "/abs.jpg", "C:/drive.jpg", "a\\b.jpg", "a/../../b.jpg", "img_0001.jpg", "line\nbreak.jpg"]


def test_unsafe_members_are_refused_and_the_rest_goes_on(tmp_path):
    source = zipped(tmp_path / "day.zip", {"IMG_0001.JPG": b"1", **dict.fromkeys(UNSAFE, b"x"), "IMG_0002.JPG": b"2"})
    listing = list_pictures(source)
    assert [m.path for m in listing.members] == ["IMG_0001.JPG", "IMG_0002.JPG"]
    assert listing.findings["code"].tolist() == ["zip_member_unsafe"] * len(UNSAFE)
    assert listing.findings["detail"].str.startswith("member ").all()


def test_read_cards_keeps_silent_about_no_file(tmp_path):
    path = zipped(tmp_path / "day.zip", {"a.jpg": jpeg(), "../b.jpg": jpeg()})
    assert read_cards(path)[["file", "role"]].values.tolist() == [
        [f"{tmp_path.name}/day.zip, member 2", "unreadable"],
        ["a.jpg", "frame"],
    ]
    path.write_bytes(path.read_bytes()[:100])
    cards = read_cards(path)
    assert (
        cards["file"].tolist() == [f"{tmp_path.name}/day.zip"]
        and cards["problem"].str.contains("cannot be opened").all()
    )


def test_links_in_a_zip_are_refused(tmp_path):
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "day.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    listing = list_pictures(tmp_path / "day.zip")
    assert listing.members == []
    assert listing.findings["code"].tolist() == ["zip_member_unsafe"]


def test_a_bomb_is_refused_by_its_ratio_and_a_flood_by_its_number(tmp_path):
    source = zipped(tmp_path / "day.zip", {"bomb.jpg": bytes(5_000_000), "IMG_0001.JPG": b"1"})
    listing = list_pictures(source)
    assert [m.path for m in listing.members] == ["IMG_0001.JPG"]
    assert "grow" in listing.findings["detail"].iloc[0]
    flood = zipped(tmp_path / "flood.zip", {f"IMG_{i:04d}.JPG": b"x" for i in range(20)})
    listing = list_pictures(flood, limits=Limits(most_zip_members=10))
    assert len(listing.members) == 10
    assert listing.findings["code"].tolist() == ["zip_member_unsafe"]


def test_a_damaged_zip_and_a_damaged_member_are_findings(tmp_path):
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 nothing")
    assert list_pictures(tmp_path / "broken.zip").findings["code"].tolist() == ["source_unreadable"]
    source = zipped(tmp_path / "day.zip", {"IMG_0001.JPG": jpeg(), "IMG_0002.JPG": jpeg("ABCD-1234")})
    content = bytearray(source.read_bytes())
    content[3000:3400] = bytes(400)
    source.write_bytes(content)
    read = read_frames(source)
    assert read.table["problem"].notna().tolist() == [True, False]
    assert read.findings["code"].tolist() == ["frame_unreadable"]


@pytest.mark.parametrize("path", ["../secret.jpg", "/etc/passwd", "a\\..\\b", "", "a//b", "C:x"])
def test_bytes_outside_the_root_are_refused(tmp_path, path):
    (tmp_path / "root").mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    with pytest.raises(Refused):
        open_bytes(tmp_path / "root", path)


def test_links_are_neither_listed_nor_opened(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.jpg").write_bytes(b"secret")
    (tmp_path / "root" / "link.jpg").symlink_to(tmp_path / "elsewhere" / "x.jpg")
    (tmp_path / "root" / "folder").symlink_to(tmp_path / "elsewhere")
    assert list_pictures(tmp_path / "root").members == []
    for path in ("link.jpg", "folder/x.jpg"):
        with pytest.raises(Refused):
            open_bytes(tmp_path / "root", path)


def test_a_file_that_is_gone_is_the_disks_failure(tmp_path):
    with pytest.raises(NeighbourFailed, match=r"gone\.jpg"):
        open_bytes(tmp_path, "gone.jpg")


def test_a_source_that_is_not_there_is_a_wrong_call(tmp_path):
    with pytest.raises(UsageError):
        list_pictures(tmp_path / "nowhere")


def test_names_sort_as_a_person_would():
    names = ["DSC_10.JPG", "DSC_9.JPG", "a2/x.jpg", "a10/x.jpg", "dsc_11.jpg"]
    assert sorted(names, key=natural_key) == ["a2/x.jpg", "a10/x.jpg", "DSC_9.JPG", "DSC_10.JPG", "dsc_11.jpg"]


def test_other_files_are_counted_by_kind(tmp_path):
    for name in ("a.txt", "b.txt", "Thumbs.db", "._IMG_0001.JPG"):
        (tmp_path / name).write_bytes(b"x")
    listing = list_pictures(tmp_path)
    assert listing.members == []
    assert sorted(listing.findings["key"].str.split(", ").str[1]) == [".db", ".jpg", ".txt"]


def test_a_picture_with_a_name_nobody_can_keep_is_named_not_dropped(tmp_path):
    (tmp_path / "line\nbreak.jpg").write_bytes(b"x")
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"x")
    listing = list_pictures(tmp_path)
    assert listing.members == []
    assert listing.findings["code"].tolist() == ["picture_name_odd"] * 2
    assert all(detail.isprintable() for detail in listing.findings["detail"])


def test_a_folder_with_a_name_nobody_can_keep_is_said_and_the_others_are_read(tmp_path):
    for name in ("caf\udce9", "day"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "IMG_0001.JPG").write_bytes(b"x")
    listing = list_pictures([tmp_path / "caf\udce9", tmp_path / "day"])
    assert [m.path for m in listing.members] == ["IMG_0001.JPG"]
    assert listing.findings[["code", "key"]].values.tolist() == [["source_unreadable", rf"{tmp_path.name}/caf\udce9"]]


def test_a_folder_named_beside_the_one_it_lies_in_is_read_once(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "IMG_0001.JPG").write_bytes(b"x")
    assert len(list_pictures([tmp_path, tmp_path / "a"]).members) == 1
