"""Money is read exactly or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prepaykit.money import show_cents, to_cents


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("19.99", 1999), ("19,99", 1999), ("$1,234.50", 123450), ("1.234,50 €", 123450), ("12", 1200), ("12.5", 1250), ("1,234", 123400),
        ("(3.00)", -300), ("-3", -300), ("0", 0), (".50", 50), ("USD 12.00", 1200), (" 7.00 ", 700),
    ],
)  # fmt: skip
def test_amounts_as_people_write_them(text, cents):
    assert to_cents(text) == cents


@pytest.mark.parametrize("text", ["", "nine", "12.345.6", "1.2.3,", "twenty dollars", "-", "12,34,5.678x"])
def test_what_is_not_an_amount_is_not_guessed(text):
    with pytest.raises(ValueError, match="not an amount"):
        to_cents(text)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["USD", "EUR", "GBP", "SEK"]))
def test_cents_shown_are_cents_read(cents, currency):
    assert to_cents(show_cents(cents, currency)) == cents
