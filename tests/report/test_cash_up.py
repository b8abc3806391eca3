"""The cash-up on screen and on paper: figures with signs, every envelope on the sheet of its bag, and no names."""

import subprocess

import pandas as pd
import pytest

from prepaykit.decide.paper import plan_paper
from prepaykit.errors import UsageError
from prepaykit.report.cash_up import draw_cash_up, is_off, show_cash_up
from prepaykit.rules.cash_up import cash_up, price_check
from tests.decide.test_orders import NOW
from tests.rules.test_cash_up import COUNTS, ROWS, job

__all__ = ["job"]


def text_of(pdf):
    try:
        return subprocess.run(
            ["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True
        ).stdout
    except FileNotFoundError:
        pytest.skip("pdftotext is not there")


def test_a_bag_is_shown_in_lines_that_say_keyed_counted_and_off(job):
    state = job.after(plan_paper(job, ROWS, bags=COUNTS.assign(cash_cents=[3150, None], envelopes=[2, 3]), now=NOW))
    shown = show_cash_up(cash_up(state), "USD").splitlines()
    assert shown[:6] == [
        "bag 1",
        "  ✗ envelopes    3 keyed, 2 counted: −1",
        "  ✗ cash         $30.00 keyed, $31.50 counted: +$1.50",
        "  ✓ checks       1 keyed, 1 counted",
        "  ✓ check money  $30.00 keyed, $30.00 counted",
        "    price        $60.00 received, $60.00 due: $0.00",
    ]
    assert shown[7:9] == [
        "  ✓ envelopes    2 keyed + 1 rejected, 3 counted",
        "  · cash         $0.00 keyed, not counted",
    ]
    assert "    $9.00 paid otherwise" in shown and shown[-6] == "(no bag)"
    assert is_off(cash_up(state))


def test_every_envelope_stands_on_the_sheet_of_its_bag_however_many_there_are(job, tmp_path):
    many = pd.DataFrame(
        {
            "envelope_no": [f"M-{i}" for i in range(70)],
            "bag": "1",
            "packages": "A",
            "received_cents": 2000,
            "parent_name": "Jo Roe",
        }
    )
    state = job.after(plan_paper(job, pd.concat([ROWS, many]), bags=COUNTS, now=NOW))
    tables = cash_up(state), price_check(state)
    one, two = (
        draw_cash_up(*tables, tmp_path / name, currency="USD", title="Maple Grove") for name in ("1.pdf", "2.pdf")
    )
    assert one.read_bytes() == two.read_bytes()
    text = text_of(one)
    assert all(text.count(f"{n} ") >= 1 for n in [*ROWS["envelope_no"], *many["envelope_no"]])
    assert "page 3 of 3" in text and "Envelopes of no bag" in text and "−$1.00" in text
    assert "Roe" not in text


def test_a_sheet_of_nothing_is_a_wrong_call(job, tmp_path):
    with pytest.raises(UsageError, match="no envelopes and no bags"):
        draw_cash_up(cash_up(job), price_check(job), tmp_path / "x.pdf", currency="USD", title="")
    with pytest.raises(UsageError, match="letter or a4"):
        draw_cash_up(cash_up(job), price_check(job), tmp_path / "x.pdf", currency="USD", title="", sheet="a3")
