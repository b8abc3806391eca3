"""The deposit slip on screen and on paper: sums, every check, what stays and why, every bag, and no names."""

import pandas as pd
import pytest

from prepaykit.errors import UsageError
from prepaykit.report.deposit_slip import draw_deposit_slip, show_deposit
from prepaykit.rules.deposit import deposit
from tests.report.test_cash_up import text_of
from tests.rules.test_cash_up import COUNTS, ROWS, job, took
from tests.rules.test_deposit import FAMILY, keyed

__all__ = ["job"]


def drawn(slip, path, **options):
    return draw_deposit_slip(slip, path, currency="USD", title="Maple Grove", **options)


def test_the_deposit_is_shown_in_lines_that_add_up(job):
    state = took(job, bags=COUNTS.assign(cash_cents=[3150, None]))
    assert show_deposit(deposit(state), "USD").splitlines() == [
        "to the bank    $98.00",
        "  cash         $30.00",
        "  2 checks     $68.00",
        "    0042       $30.00  envelope E-2, bag 1",
        "    77         $38.00  envelope E-4, bag 2",
        "left out        $5.00",
        "    E-10        $5.00  cash: in no bag",
        "card, online    $9.00",
        "✗ bag 1: $60.00 to the bank; cash $30.00 keyed, $31.50 counted (+$1.50); checks $30.00 keyed, $30.00 counted",
        "✓ bag 2: $38.00 to the bank; cash $0.00 keyed, not counted; checks $38.00 keyed, $38.00 counted; "
        "1 rejected, nothing of them deposited",
    ]


def test_a_bag_that_was_not_counted_is_marked_so(job):
    assert "\n· bag 1: " in show_deposit(deposit(took(job, bags=None)), "USD")


def test_what_is_to_be_looked_at_stands_beside_the_check(job):
    paid = ROWS.assign(received_cents=ROWS["received_cents"].mask(ROWS["envelope_no"] == "E-4", 4200), check_no=None)
    shown = show_deposit(deposit(took(took(job, ROWS.assign(check_no=None)), paid)), "USD")
    assert "?           $42.00  envelope E-4, bag 2, no number, of it $4.00 booked later: look at the check" in shown


def test_everything_stands_on_the_slip_over_as_many_pages_as_it_takes_with_lines_to_sign(job, tmp_path):
    many = pd.DataFrame({"envelope_no": [f"M-{i}" for i in range(90)], "bag": "1", "packages": "A", "received_cents": 2000,
                         "payment_method": "check", "check_no": [f"9{i:03}" for i in range(90)], "parent_name": "Jo Roe"})  # fmt: skip
    slip = deposit(took(job, pd.concat([ROWS, many])))
    one, two = (drawn(slip, tmp_path / name) for name in ("1.pdf", "2.pdf"))
    assert one.read_bytes() == two.read_bytes()
    text = text_of(one)
    assert all(text.count(f" {n} ") == 1 for n in many["envelope_no"]) and text.count("Check no") >= 3
    assert text.count("made up by") == 1 and "page 3 of 3" in text
    assert "$1,898.00 to the bank + $5.00 left out = $1,903.00 received in cash and by check" in text
    assert "1 rejected" in text and "in no bag" in text
    assert "Roe" not in text


def test_a_slip_fits_a4_too(job, tmp_path):
    assert b"/MediaBox [ 0 0 595.2756 841.8898 ]" in drawn(deposit(took(job)), tmp_path / "a4.pdf", sheet="a4").read_bytes()  # fmt: skip


def test_a_slip_of_nothing_is_a_wrong_call(job, tmp_path):
    with pytest.raises(UsageError, match="nothing goes to the bank"):
        drawn(deposit(job), tmp_path / "x.pdf")
    with pytest.raises(UsageError, match="letter or a4"):
        drawn(deposit(took(job)), tmp_path / "x.pdf", sheet="a3")


def test_a_job_without_bags_says_so_beside_each_check():
    slip = deposit(keyed(FAMILY.assign(bag=None)))
    shown = show_deposit(slip, "USD")
    assert ("nan" in shown, "(no bag)" in shown) == (False, True)
