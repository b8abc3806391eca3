"""Text views: an operator acts on these words, so they are asserted."""

import pandas as pd

from prepaykit.report.text import show_balance, show_findings, show_plan, show_table
from prepaykit.rules.balance import balance
from prepaykit.tables.findings import REGISTER
from tests.jobs import NOW, job, placed, plan_place, populated


def test_a_plan_says_what_would_happen_and_what_to_do_about_what_is_held():
    text = show_plan(plan_place(populated(job(10, absent=(3,))), now=NOW))
    assert text == (
        "place maple-grove-2026: 9 to batch 1, 0 to manual revision, 1 waiting in a collection, 0 lost\n"
        "  orders: 10 changed\n"
        "  collections: 1 new, 1 changed\n"
        "  batches: 1 new\n"
        "\n"
        "Findings: 1 warn\n"
        "  warn  1 × held_no_picture: the order waits in a new collection: a picture is missing\n"
        "         orders: 1003\n"
        "         next: retake day, then populate and place again"
    )


def test_a_balance_that_holds_says_so_in_words_and_not_only_with_a_sign():
    text = show_balance(balance(placed(job(10, absent=(3,)))))
    assert "✓ holds  10 orders = 9 placed + 1 held + 0 in revision + 0 cancelled." in text
    assert text.endswith("The job balances.")


def test_a_balance_that_is_off_says_which_equation_by_how_much_and_what_to_do():
    state = placed(job(10))
    text = show_balance(balance(state.replace(postings=state.postings.iloc[1:])))
    assert (
        "✗ OFF    $150.00 received ≠ $0.00 shipped + $135.00 held + $0.00 to refund + $0.00 refunded: off by $15.00, too few on the right."
        in text
    )
    assert "The job does NOT balance: money. place and batch refuse until it does." in text
    assert "Money: a payment was not posted, or posted twice" in text


def test_findings_stand_errors_first_with_count_meaning_and_next_move():
    state = placed(job(9, absent=(1, 2, 3, 4, 5, 6, 7)))
    text = show_findings(state.findings)
    assert text.startswith("Findings: 7 error, 7 warn")
    assert text.index("no_gallery_for_code") < text.index("held_no_picture")
    assert f"7 × no_gallery_for_code: {REGISTER['no_gallery_for_code'].meaning}" in text
    assert "slots: 1, 2, 3, 4, 5 and 2 more" in text


def test_several_findings_of_one_code_show_the_command_with_key_where_the_key_goes():
    rows = placed(job(2)).findings
    one = {"verb": "paper", "about": "envelopes", "severity": "error", "detail": "", "code": "envelope_unmatched"}
    rows = pd.DataFrame(
        [
            {**one, "key": "E1", "next_move": "prepaykit paper --match E1=CODE"},
            {**one, "key": "E2", "next_move": "prepaykit paper --match E2=CODE"},
        ]
    )
    assert "next: prepaykit paper --match KEY=CODE" in show_findings(rows)
    assert "next: prepaykit paper --match E1=CODE" in show_findings(rows.head(1))


def test_a_long_table_says_how_many_rows_more_there_are():
    text = show_table(pd.DataFrame({"n": range(1234)}), rows=2, title="frames")
    assert text == "frames\nn\n0\n1\n… 1,232 more rows"


def test_an_empty_table_says_that_it_has_no_rows():
    assert show_table(pd.DataFrame({"order_no": []})) == "order_no\n(no rows)"


def test_wide_characters_keep_the_columns_aligned():
    text = show_table(pd.DataFrame({"name": ["李小龍", "Ann"], "n": [1, 2]}))
    assert text.splitlines()[1:] == ["李小龍  1", "Ann     2"]


def test_a_name_with_terminal_codes_cannot_clear_the_screen():
    text = show_table(pd.DataFrame({"name": ["\x1b[2J\x07Eve\nAdam\u202e"]}))
    assert text == "name\n·[2J·Eve·Adam·"


def test_missing_values_are_blank_and_flags_are_words():
    frame = pd.DataFrame({"code": ["A", None], "sold": [True, False], "cents": pd.array([5, None], dtype="Int64")})
    assert show_table(frame).splitlines()[1:] == ["A     yes       5", "      no"]
