"""Code repair: one slip is put right, never into another child's code, and a code alone never speaks for a name."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepaykit.rules.code_repair import codes_near, folded_code, of_former_list, repaired_code, repairs, slips
from prepaykit.rules.codes import ALPHABET, compact, is_own_form, issue_codes, nearest_codes, normal_code
from tests.rules.test_codes import edits

MANY = issue_codes(2_000, [], seed=31)
LOOKS = {
    "O": "DQ",
    "0": "DQ",
    "I": "1",
    "1": "J",
    "5": "S",
    "S": "5",
    "8": "B",
    "6": "G",
    "G": "6",
    "U": "V",
    "2": "Z",
    "L": "1",
}
ANY = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def damaged(code, chance):
    """A copy with one or two slips of a hand: a wrong, lost, doubled or look-alike symbol, or two neighbours exchanged."""
    text = list(compact(code))
    for _ in range(1 if chance.random() < 0.9 else 2):
        i, kind = chance.randrange(len(text) - 1), chance.randrange(5)
        if kind == 0:
            text[i] = chance.choice(ANY)
        elif kind == 1:
            del text[i]
        elif kind == 2:
            text.insert(i, text[i])
        elif kind == 3:
            text[i], text[i + 1] = text[i + 1], text[i]
        else:
            alike = [k for k, v in LOOKS.items() if text[i] in v]
            text[i] = chance.choice(alike or [text[i]])
    return "".join(text)


def test_of_three_thousand_damaged_copies_none_is_another_childs_code_and_no_repair_is_wrong():
    chance, listed = random.Random(12), {compact(c) for c in MANY}
    meant = {}
    for code in chance.choices(MANY, k=3_000):
        copy = damaged(code, chance)
        if copy != compact(code):
            assert copy not in listed, "silently another child's code"
            assert not is_own_form(copy) or edits(copy, compact(code)) > 2, "not seen without the list"
            meant[copy] = code
    put_right = repairs(meant, MANY)
    assert all(meant[copy] == code for copy, code in put_right.items())
    assert len(put_right) > 0.85 * len(meant)
    for copy in list(meant)[:40]:
        near = nearest_codes(copy, MANY, most_edits=1)
        assert near in ([], [meant[copy]])


@pytest.mark.parametrize("code", MANY[:40])
def test_every_adjacent_swap_jump_swap_and_double_substitution_is_seen_and_never_repaired_wrongly(code):
    plain = compact(code)
    wrong = set()
    for distance in (1, 2):
        for i in range(8 - distance):
            t = list(plain)
            t[i], t[i + distance] = t[i + distance], t[i]
            wrong.add("".join(t))
    chance = random.Random(plain)
    for i in range(8):
        for j in range(i + 1, 8):
            t = list(plain)
            t[i], t[j] = chance.choice(ALPHABET), chance.choice(ALPHABET)
            wrong.add("".join(t))
    wrong.discard(plain)
    assert not any(is_own_form(w) for w in wrong)
    assert set(repairs(wrong, MANY[:200]).values()) <= {code}


def test_a_code_that_is_correctly_one_of_ours_is_not_a_slip_wherever_it_belongs():
    assert repaired_code(MANY[0], MANY[1:]) is None


@pytest.mark.parametrize(
    ("typed", "listed", "meant"),
    [
        ("1O4233", ["104233", "990001"], "104233"),
        ("PD-2O26-K4M7Q", ["PD-2026-K4M7Q", "PD-2026-K4M7R"], None),
        ("104333", ["104233", "104433"], None),
        ("10423", ["104233"], "104233"),
        ("204333", ["104233"], None),
    ],
)
def test_a_code_from_elsewhere_is_repaired_only_if_one_slip_leads_to_one_code(typed, listed, meant):
    assert repaired_code(typed, listed) == meant


@given(
    st.lists(st.text(ANY, min_size=4, max_size=9), min_size=1, max_size=12, unique=True),
    st.text(ANY, min_size=3, max_size=10),
)
@settings(deadline=None)
def test_a_repair_is_a_code_of_the_list_one_folded_edit_away_and_the_only_one(listed, typed):
    meant = repaired_code(typed, listed)
    within = [
        c for c in listed if edits(folded_code(c), folded_code(typed)) <= 1 or edits(compact(c), compact(typed)) <= 1
    ]
    if meant is not None:
        assert within == [meant]
    elif typed not in listed and not is_own_form(typed):
        assert len(within) != 1 or is_own_form(within[0])


@given(st.text(ANY + "-", min_size=1, max_size=12))
def test_codes_from_elsewhere_are_kept_as_they_are(text):
    assert is_own_form(text) or normal_code(text) == text.strip()


def test_the_nearest_stand_first_and_are_told_in_words():
    near = codes_near(["WRWG-A9QE"], ["WRW6-A9QE", "WRW7-A9QE", "AAAA-AAAA"])
    assert near[["access_code", "edits", "folded"]].to_numpy().tolist() == [["WRW6-A9QE", 1, 0], ["WRW7-A9QE", 1, 1]]
    assert slips("WRW6-A9", "WRW6-A9QE") == "two slips away"


def test_codes_of_a_former_list_are_known_by_their_form():
    assert of_former_list([MANY[0], "104999", "K-12"], ["104233"]).tolist() == [True, True, False]
