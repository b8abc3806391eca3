"""Access codes: one slip never lands on another child, and the check sees it without a list."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prepaykit.errors import UsageError
from prepaykit.rules import codes
from prepaykit.rules.codes import ALPHABET, is_own_form, issue_codes, nearest_codes, normal_code

SOME = issue_codes(40, [], seed=3)
own_codes = st.sampled_from(SOME).map(lambda c: c.replace("-", ""))


def edits(a: str, b: str) -> int:
    """Written anew and slowly, to hold the fast one against."""
    d = {(i, 0): i for i in range(len(a) + 1)} | {(0, j): j for j in range(len(b) + 1)}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + (a[i - 1] != b[j - 1]))
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                d[i, j] = min(d[i, j], d[i - 2, j - 2] + 1)
    return d[len(a), len(b)]


def test_a_code_is_printed_in_two_groups_of_four_without_look_alikes():
    assert len(ALPHABET) == 23 and not set(ALPHABET) & set("01258BGILOSUZ")
    for code in SOME:
        assert len(code) == 9 and code[4] == "-" and set(code) - {"-"} <= set(ALPHABET) and is_own_form(code)


def test_the_same_seed_and_register_give_the_same_codes_and_another_seed_gives_others():
    assert issue_codes(5, SOME, seed=9) == issue_codes(5, list(reversed(SOME)), seed=9)
    assert not set(issue_codes(5, [], seed=1)) & set(issue_codes(5, [], seed=2))


def test_a_second_issue_with_the_same_seed_never_repeats_a_code():
    assert not set(issue_codes(40, SOME, seed=3)) & set(SOME)


@given(own_codes, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_the_check_sees_every_single_wrong_symbol(code, place, symbol):
    wrong = code[:place] + symbol + code[place + 1 :]
    assert is_own_form(wrong) == (wrong == code)


@given(own_codes)
def test_the_check_sees_every_adjacent_swap_and_every_jump_swap(code):
    for distance in (1, 2):
        for i in range(8 - distance):
            letters = list(code)
            letters[i], letters[i + distance] = letters[i + distance], letters[i]
            assert is_own_form("".join(letters)) == ("".join(letters) == code)


def test_the_check_sees_every_double_substitution():
    digits = codes._digits(SOME[0].replace("-", ""))
    for i, j in combinations(range(8), 2):
        wrong = np.tile(digits, (23 * 23, 1))
        wrong[:, i], wrong[:, j] = np.repeat(np.arange(23), 23), np.tile(np.arange(23), 23)
        passes = (wrong.sum(axis=1) % 23 == 0) & ((wrong @ codes._WEIGHTS) % 23 == 0)
        assert passes.sum() == 1 and (wrong[passes] == digits).all()


@pytest.mark.parametrize("taken", [[], ["ACDEFHJ", "1234567890", "x", "", "ACDEF-HJKMN", "naïve-3", "A" * 200]])
def test_issued_codes_are_at_least_four_edits_from_each_other_and_from_every_code_taken(taken):
    issued = issue_codes(300, taken, seed=5)
    plain = [codes.compact(c) for c in issued]
    assert min(edits(a, b) for a, b in combinations(plain[:80], 2)) >= 4
    assert all(edits(a, codes.compact(t)) >= 4 for a in plain for t in taken)
    here, there = (
        np.array([[ord(x) for x in plain[k]] for k in side]) for side in zip(*combinations(range(300), 2), strict=True)
    )
    assert codes._edits(here, there).min() >= 4


def test_a_code_within_three_edits_of_a_taken_one_is_not_issued():
    first = codes._digits(SOME[0].replace("-", ""))
    near = first.copy()
    near[[0, 1]] = near[[1, 0]]
    near[5] = (near[5] + 1) % 23
    assert codes._Near([first]).touches(near[None, :]).tolist() == [True]
    assert len(codes._apart(np.array([first, near]))) == 1


@given(st.text("ACDE", max_size=7), st.text("ACDE", max_size=7))
def test_the_fast_distance_is_the_slow_one(a, b):
    fast = codes._edits(*(np.array([[ord(c) for c in t]], dtype=np.int64).reshape(1, len(t)) for t in (a, b)))
    assert int(fast[0]) == edits(a, b)


def test_codes_from_elsewhere_stay_as_they_are():
    for text in ("001234", "1E5", "1e5", "PD-2026-K4M7Q", "12345678"):
        assert normal_code(f" {text}\u200b ") == text and not is_own_form(text)


def test_our_codes_are_written_one_way():
    plain = SOME[0].replace("-", "").lower()
    assert normal_code(plain) == normal_code(f" {plain[:4]} {plain[4:]}") == SOME[0]


def test_the_nearest_code_comes_first_and_a_far_one_does_not_come():
    wrong = SOME[1][1] + SOME[1][0] + SOME[1][2:]
    assert nearest_codes(wrong, SOME) == [SOME[1]]
    assert nearest_codes("104233", ["104232", "104332", "999999", "10423"]) == ["10423", "104232", "104332"]


def test_a_negative_count_is_a_wrong_call():
    with pytest.raises(UsageError, match="count=-1"):
        issue_codes(-1, [], seed=0)
