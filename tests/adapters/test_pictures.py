"""Pictures that the lab must not get, and that must not bring the program down: too large, damaged, of another kind."""

import io
import struct

import pytest
from PIL import Image

from prepaykit.adapters.composer import compose_memory_mate
from prepaykit.adapters.lab.jpeg import without_metadata
from prepaykit.adapters.pictures import MOST_PIXELS, opened_jpeg
from prepaykit.errors import NeighbourFailed
from prepaykit.intake.sources import Limits
from tests.adapters.packages import jpeg


def claiming(width, height):
    """A small JPEG whose header claims another size."""
    content = bytearray(jpeg("red"))
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def other_kind(kind):
    out = io.BytesIO()
    Image.new("RGB", (60, 90)).save(out, kind)
    return out.getvalue()


BOMB = claiming(60_000, 60_000)
LARGE = claiming(12_000, 12_000)  # Pillow alone would only warn
HOSTILE = [
    BOMB,
    LARGE,
    jpeg("red")[:200],
    b"",
    b"\xff\xd8\xff",
    other_kind("PNG"),
    other_kind("TIFF"),
    other_kind("GIF"),
]


@pytest.mark.parametrize("content", HOSTILE)
def test_a_picture_that_cannot_be_sent_is_told_by_its_path(content):
    with pytest.raises(NeighbourFailed, match=r"^A/IMG_0001\.JPG is "):
        without_metadata(content, "A/IMG_0001.JPG")


@pytest.mark.parametrize("content", HOSTILE)
def test_a_memory_mate_is_not_made_of_such_a_picture(content):
    with pytest.raises(NeighbourFailed, match=r"^the individual picture of the memory mate is "):
        compose_memory_mate(content, jpeg("blue"))


def test_the_lab_gets_what_picture_day_takes_in():
    assert Limits().most_pixels == MOST_PIXELS
    with opened_jpeg(claiming(11_000, 9_000), "A/IMG_0001.JPG") as picture:  # more than Pillow likes
        assert picture.size == (11_000, 9_000)


def test_a_refusal_of_our_own_goes_through():
    with pytest.raises(NeighbourFailed, match="ours"), opened_jpeg(jpeg("red"), "A/IMG_0001.JPG"):
        raise NeighbourFailed("ours")
