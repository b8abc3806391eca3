"""Memory mates: both pictures on the sheet, upright, cropped and never stretched, the same bytes each time."""

import io

import pytest
from PIL import Image, ImageDraw

from prepaykit.adapters.composer import GROUP_HOLE, OWN_HOLE, compose_memory_mate, srgb_profile
from prepaykit.errors import NeighbourFailed, UsageError
from tests.adapters.packages import jpeg


def round_head(size):
    """A picture with a circle in it, which shows any stretching."""
    picture, out = Image.new("RGB", size, "white"), io.BytesIO()
    middle, radius = (size[0] // 2, int(size[1] * 0.42)), min(size) // 5
    ImageDraw.Draw(picture).ellipse(
        (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius), fill="black"
    )
    picture.save(out, "JPEG", quality=95)
    return out.getvalue()


def opened(content):
    return Image.open(io.BytesIO(content))


def centre(hole):
    return hole[0] + hole[2] // 2, hole[1] + hole[3] // 2


def test_the_sheet_is_an_8x10_for_the_lab_with_both_pictures_in_their_places():
    sheet = opened(compose_memory_mate(jpeg("red"), jpeg("blue", (90, 60))))
    assert (sheet.size, sheet.info["dpi"], sheet.info["icc_profile"]) == ((2400, 3000), (300, 300), srgb_profile())
    assert sheet.getpixel(centre(OWN_HOLE))[0] > 200
    assert sheet.getpixel(centre(GROUP_HOLE))[2] > 200
    assert sheet.getpixel((20, 20)) == (255, 255, 255)
    assert not sheet.getexif()


def test_the_same_pictures_give_the_same_bytes():
    assert len({compose_memory_mate(jpeg("red"), jpeg("blue"), caption="Maple Grove 2026") for _ in range(3)}) == 1


@pytest.mark.parametrize("size", [(600, 900), (900, 600), (700, 700), (400, 1600)])
def test_nothing_is_stretched(size):
    sheet = opened(compose_memory_mate(round_head(size), jpeg("white"))).convert("L")
    left, top, width, height = OWN_HOLE
    box = sheet.crop((left, top, left + width, top + height)).point(lambda v: 255 if v < 128 else 0).getbbox()
    wide, high = box[2] - box[0], box[3] - box[1]
    if wide < width - 5 and high < height - 5:
        assert abs(wide - high) <= 4


def test_a_turned_picture_stands_upright():
    sheet = opened(compose_memory_mate(jpeg("red", (900, 600), orientation=6), jpeg("blue")))
    left, top, width, _ = OWN_HOLE
    assert sum(sheet.getpixel((left + width - 3, top + 600))) < 150  # the marked edge is on the right now


def test_a_caption_stands_beside_the_child_with_letters_of_many_languages():
    plain, written = (
        opened(compose_memory_mate(jpeg("red"), jpeg("blue"), caption=c)) for c in ("", "Łódź\nThị Zoë 2026")
    )
    beside = (1260, 1540, 2166, 2920)
    assert written.crop(beside).convert("L").getextrema()[0] < 60
    assert plain.crop((1700, 1540, 2166, 2920)).convert("L").getextrema()[0] > 240


def test_a_picture_that_cannot_be_read_is_told():
    with pytest.raises(NeighbourFailed, match="the group picture"):
        compose_memory_mate(jpeg("red"), b"no picture")


def test_another_size_is_refused():
    with pytest.raises(UsageError, match="8x10"):
        compose_memory_mate(jpeg("red"), jpeg("blue"), size="5x7")


def test_the_part_of_a_picture_that_a_person_chose_fills_its_hole_however_small_it_is():
    picture, out = Image.new("RGB", (1400, 2000), "white"), io.BytesIO()
    ImageDraw.Draw(picture).rectangle((700, 1000, 839, 1199), fill="red")
    picture.save(out, "JPEG", quality=95)
    sheet = opened(compose_memory_mate(out.getvalue(), jpeg("blue", (90, 60)), individual_crop="0.5,0.5,0.1,0.1"))
    left, top, width, height = OWN_HOLE
    corners = [(left + 30, top + 30), (left + width - 30, top + height - 30), centre(OWN_HOLE)]
    assert all(red > 200 and blue < 60 for red, _, blue in map(sheet.getpixel, corners))


def test_a_crop_is_one_of_the_upright_picture():
    sheet = opened(
        compose_memory_mate(jpeg("red", (90, 60), orientation=6), jpeg("blue", (90, 60)), individual_crop="0,0,0.5,1")
    )
    assert sheet.getpixel(centre(OWN_HOLE))[0] > 200  # the black top of the file lies at the right
