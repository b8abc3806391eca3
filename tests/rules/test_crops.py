"""Crops: the shape of the print, inside the frame, the same at any size; and what a lab cuts if nobody says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prepaykit.adapters.composer import DPI, GROUP_HOLE, OWN_HOLE
from prepaykit.errors import UsageError
from prepaykit.rules.crops import (
    MATE_INCHES,
    Crop,
    default_crop,
    dots_per_inch,
    fitted_crop,
    format_crop,
    lost_percent,
    parse_crop,
    pixel_box,
    print_inches,
    wrong_shape,
)

sides = st.integers(300, 9000)
inches = st.sampled_from([1, 2, 2.5, 3, 3.5, 4, 5, 7, 8, 10, 11, 14])
parts = st.tuples(*[st.floats(0.0, 0.6)] * 2, *[st.floats(0.1, 0.4)] * 2).map(lambda p: Crop(*p))


@given(sides, sides, inches, inches, st.booleans())
def test_what_a_lab_keeps_lies_inside_touches_two_edges_and_has_the_shape_of_the_print(w, h, pw, ph, fixed):
    crop = default_crop(w, h, pw, ph, fixed=fixed)
    assert min(crop) >= 0 and crop.x + crop.w <= 1 + 1e-9 and crop.y + crop.h <= 1 + 1e-9
    assert max(crop.w, crop.h) == pytest.approx(1)
    assert wrong_shape(crop, w, h, pw, ph, fixed=fixed) == ""
    assert crop.x + crop.w / 2 == pytest.approx(0.5) and crop.y + crop.h / 2 == pytest.approx(0.5)


@given(sides, sides, inches, inches)
def test_turning_frame_or_print_changes_neither_what_is_lost_nor_how_fine_it_prints(w, h, pw, ph):
    upright, lying = default_crop(w, h, pw, ph), default_crop(h, w, pw, ph)
    assert lost_percent(upright) == pytest.approx(lost_percent(lying))
    assert lost_percent(default_crop(w, h, ph, pw)) == pytest.approx(lost_percent(upright))
    assert dots_per_inch(upright, w, h, pw, ph) == pytest.approx(dots_per_inch(lying, h, w, ph, pw))


@given(parts, sides, sides, inches, inches)
def test_the_crop_that_a_refusal_offers_is_inside_the_one_refused_and_is_taken(crop, w, h, pw, ph):
    why = wrong_shape(crop, w, h, pw, ph)
    if why:
        offered = parse_crop(why.rsplit(": ", 1)[1].removesuffix(" would fit"))
        assert wrong_shape(offered, w, h, pw, ph) == ""
        assert offered.x >= crop.x - 1e-6 and offered.x + offered.w <= crop.x + crop.w + 1e-6
        assert offered.w * offered.h == pytest.approx(_area(fitted_crop(crop, w, h, pw, ph)), rel=1e-3)


def _area(crop):
    return crop.w * crop.h


@given(parts, sides, sides)
def test_written_and_read_again_a_crop_is_the_same_to_the_pixel_and_never_leaves_the_picture(crop, w, h):
    again = parse_crop(format_crop(crop))
    assert format_crop(again) == format_crop(crop)
    left, top, right, bottom = pixel_box(again, w, h)
    assert 0 <= left < right <= w and 0 <= top < bottom <= h
    assert abs(left - crop.x * w) <= 1 and abs(right - (crop.x + crop.w) * w) <= 1


@pytest.mark.parametrize("text", ["", "0,0,1", "0,0,1,1,1", "0,0,0,1", "-0.1,0,1,1", "0.5,0,0.6,1", "0,0,nan,1", "0,0,1e3,1", "a,b,c,d", "0,0,inf,1"])  # fmt: skip
def test_what_is_no_part_of_a_frame_is_refused(text):
    with pytest.raises(UsageError, match="crop"):
        parse_crop(text)


def test_a_refusal_names_the_figures_and_a_crop_that_fits():
    said = wrong_shape(Crop(0, 0, 1, 1), 4000, 6000, 5, 7)
    assert said == "it is 4000 x 6000 pixels, 0.6667 to 1; a print of 5x7 is 0.7143 to 1: 0,0.0333333,1,0.9333333 would fit"  # fmt: skip


def test_a_hole_of_a_memory_mate_cannot_be_turned_and_is_as_large_as_the_composer_leaves_it():
    assert wrong_shape(Crop(0, 0, 1, 1), 4600, 3220, *MATE_INCHES["mate_individual"], fixed=True)
    for hole, box in (("mate_individual", OWN_HOLE), ("mate_group", GROUP_HOLE)):
        assert [side * DPI for side in MATE_INCHES[hole]] == pytest.approx(box[2:])


def test_sizes_of_price_lists_are_read_and_what_does_not_say_is_not_guessed():
    read = [print_inches(size) for size in ("5x7", "8 × 10 in", "wallets 2x3 (8)", "3.5X5")]
    assert read == [(5, 7), (8, 10), (2, 3), (3.5, 5)]
    assert print_inches("4x6x8") is not None  # the first two of a block; a lab never sees it
    assert print_inches(None) is print_inches("wallet") is print_inches("0x5") is print_inches("5x7", "digital") is None
