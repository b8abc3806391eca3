"""What a person types is read one way, in commands and in notebooks; what cannot be read says what would be right."""

import pytest

from prepaykit.errors import UsageError
from prepaykit.parameters import by_number, numbers, pairs, release_choice, words


def test_codes_stay_text():
    assert pairs("001234=1E5") == {"001234": "1E5"}
    assert words("0012, 1E5;  7") == ["0012", "1E5", "7"]


def test_a_pair_of_a_command_may_hold_spaces_and_equal_signs():
    assert pairs(["ship_to=1 School Lane, Room=5"]) == {"ship_to": "1 School Lane, Room=5"}


@pytest.mark.parametrize("wrong", ["118", "=AB12-CD34", "118 = AB12"])
def test_a_word_that_is_no_pair_is_named(wrong):
    with pytest.raises(UsageError, match="--tag: write KEY=VALUE, not "):
        pairs(wrong, what="--tag")


def test_a_key_given_twice_with_two_values_is_refused_and_with_one_it_is_not():
    assert pairs("118=A 118=A") == {"118": "A"}
    with pytest.raises(UsageError, match="118 is given twice"):
        pairs("118=A 118=B")


def test_release_is_clean_or_numbers():
    assert (release_choice("clean"), release_choice(["104001", "104002"]), release_choice("")) == (
        "clean",
        ["104001", "104002"],
        [],
    )
    with pytest.raises(UsageError, match="not both"):
        release_choice("clean 104001")


def test_slots_and_frames_are_numbers_and_files_are_not():
    assert numbers({"17": "230"}, what="replace") == {17: 230}
    assert by_number({"17": "a.jpg"}, what="artwork") == {17: "a.jpg"}
    with pytest.raises(UsageError, match="replace: 'x' is not a number"):
        numbers({"17": "x"}, what="replace")
