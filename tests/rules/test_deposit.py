"""Deposit: what goes to the bank is keyed, in a bag and certain; all else stands apart with its reason; nothing is lost between them."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepaykit.decide.paper import plan_paper
from prepaykit.errors import UsageError
from prepaykit.rules.cash_up import money_kind
from prepaykit.rules.deposit import deposit
from prepaykit.tables.catalog import typed
from prepaykit.tables.state import JobState
from tests.decide.test_orders import NOW
from tests.rules.test_cash_up import COUNTS, ROWS, job, took
from tests.tables_as_text import table

__all__ = ["job"]

FAMILY = table("""
    envelope_no  bag  packages  received_cents  payment_method  check_no  parent_name
    E-1          b1   A         2100            check           0042      Jo Roe
    E-2          b2   A         3900            check           42        Jo Roe
    E-3          b1   A         2100            check           42        Kim Lee
    E-4          b1   A         500             cash            -         -
""").assign(check_no=["0042", "42", "42", None])


def texts(rows, *columns):
    return rows[list(columns)].astype("object").where(rows[list(columns)].notna(), "-").values.tolist()


def paid_to_studio(state):
    return state.replace(jobs=state.jobs.assign(check_payee="Bright Pictures"))


def keyed(rows):
    """A job that has just these envelopes."""
    state = JobState.new(name="maple-grove-2026", school="Maple Grove")
    rows = rows.assign(envelope_id=range(1, len(rows) + 1))
    return state.replace(envelopes=typed("envelopes", rows.astype({"received_cents": "int64"})))


# --- what goes -----------------------------------------------------------------------------------------------------------


def test_cash_goes_in_one_sum_and_every_check_by_itself(job):
    slip = deposit(took(job))
    assert slip.cash_cents == 3000
    assert texts(slip.checks, "check_no", "envelope_no", "bag", "amount_cents", "note") == [
        ["0042", "E-2", "1", 3000, "-"],
        ["77", "E-4", "2", 3800, "-"],
    ]
    assert (slip.check_cents, slip.total_cents, slip.received_cents) == (6800, 9800, 10300)


def test_a_job_that_names_no_bags_deposits_all_that_is_keyed():
    slip = deposit(keyed(FAMILY.assign(bag=None)))
    assert (slip.cash_cents, slip.check_cents, len(slip.left_out)) == (500, 8100, 0)
    assert slip.bags["deposit_cents"].tolist() == [8600]


def test_money_of_an_envelope_that_waits_for_its_child_goes_too(job):
    assert "E-3" not in deposit(took(job)).left_out["envelope_no"].tolist()


def test_cards_and_online_are_no_money_for_the_bank(job):
    slip = deposit(took(job))
    assert slip.other_cents == 900 and "E-5" not in slip.left_out["envelope_no"].tolist()


def test_one_check_of_a_family_is_one_line_and_the_same_number_of_another_payer_is_another():
    slip = deposit(keyed(FAMILY))
    assert texts(slip.checks, "check_no", "envelope_no", "bag", "amount_cents", "note") == [
        ["0042", "E-1, E-2", "b1, b2", 6000, "number of two payers"],
        ["42", "E-3", "b1", 2100, "number of two payers"],
    ]


def test_a_check_without_a_number_goes_and_says_so():
    slip = deposit(keyed(FAMILY.assign(check_no=None)))
    assert texts(slip.checks, "check_no", "envelope_no", "note") == [
        ["-", "E-1", "no number"],
        ["-", "E-3", "no number"],
        ["-", "E-2", "no number"],
    ]


def test_a_check_of_a_cancelled_order_goes_and_says_so(job):
    state = took(job)
    mine = state.orders["order_no"] == "E-2"
    state = state.replace(orders=state.orders.assign(status=state.orders["status"].mask(mine, "cancelled")))
    assert texts(deposit(state).checks, "envelope_no", "note") == [["E-2", "order cancelled"], ["E-4", "-"]]


def test_a_check_of_which_a_part_was_booked_later_says_how_much(job):
    state = took(job)
    paid = ROWS.assign(received_cents=ROWS["received_cents"].mask(ROWS["envelope_no"] == "E-4", 4200))
    slip = deposit(took(state, paid, None))
    assert texts(slip.checks, "envelope_no", "amount_cents", "later_cents") == [["E-2", 3000, 0], ["E-4", 4200, 400]]
    assert not slip.is_clean


# --- what stays, and why -------------------------------------------------------------------------------------------------


def test_an_envelope_of_no_bag_stays(job):
    assert texts(deposit(took(job)).left_out, "envelope_no", "bag", "kind", "amount_cents", "reason") == [
        ["E-10", "-", "cash", 500, "in no bag"]
    ]


def test_a_check_to_another_payee_stays_if_the_job_says_whom_to_pay(job):
    rows = ROWS.assign(payee=[None, "The PTO", None, "bright Pictures", None, None])
    assert len(deposit(took(job, rows)).checks) == 2
    slip = deposit(took(paid_to_studio(job), rows))
    assert slip.checks["envelope_no"].tolist() == ["E-4"]
    assert texts(slip.left_out, "envelope_no", "check_no", "amount_cents", "reason")[0] == [
        "E-2",
        "0042",
        3000,
        "made out to another payee",
    ]


def test_cash_is_made_out_to_nobody(job):
    slip = deposit(took(paid_to_studio(job), ROWS.assign(payee="The PTO")))
    assert slip.cash_cents == 3000 and slip.checks.empty


def test_an_envelope_that_two_typists_keyed_differently_stays_whatever_else_is_wrong_with_it(job):
    other = ROWS.assign(received_cents=[2100, 2900, 900, 3800, 900, 400])
    slip = deposit(job.after(plan_paper(job, ROWS, second=other, now=NOW)))
    assert texts(slip.left_out, "envelope_no", "amount_cents", "reason") == [
        ["E-2", 2900, "to be settled between two typists"],
        ["E-10", 400, "to be settled between two typists"],
    ]
    assert slip.bags["unsettled"].tolist() == [1, 0]


def test_an_envelope_that_only_one_of_two_keyed_is_listed_though_it_holds_no_money(job):
    slip = deposit(job.after(plan_paper(job, ROWS, second=ROWS[ROWS["envelope_no"] != "E-1"], now=NOW)))
    assert ["E-1", 0, "to be settled between two typists"] in texts(
        slip.left_out, "envelope_no", "amount_cents", "reason"
    )


def test_a_check_is_deposited_whole_or_not_at_all():
    slip = deposit(keyed(FAMILY.assign(differs=[None, "packages", None, None])))
    assert texts(slip.left_out, "envelope_no", "reason") == [
        ["E-1", "one check with E-2, not deposited now"],
        ["E-2", "to be settled between two typists"],
    ]
    assert slip.checks["envelope_no"].tolist() == ["E-3"]


# --- bags ----------------------------------------------------------------------------------------------------------------


def test_each_bag_says_what_was_counted_keyed_and_deposited(job):
    slip = deposit(took(job, bags=COUNTS.assign(cash_cents=[3150, None])))
    columns = ["bag", "rejected", "cash_cents", "cash_counted_cents", "cash_off_cents", "check_off_cents", "deposit_cents"]  # fmt: skip
    assert texts(slip.bags, *columns) == [["1", 0, 3000, 3150, 150, 0, 6000], ["2", 1, 0, "-", "-", 0, 3800]]
    assert slip.cash_cents == 3000


def test_only_the_named_bags_go_and_no_bag_is_listed_in_any_case(job):
    slip = deposit(took(job), ["2"])
    assert (slip.cash_cents, slip.checks["envelope_no"].tolist(), slip.bags["bag"].tolist()) == (0, ["E-4"], ["2"])
    assert slip.left_out["envelope_no"].tolist() == ["E-10"] and slip.received_cents == 3800 + 500


def test_a_check_over_two_bags_stays_until_both_go():
    slip = deposit(keyed(FAMILY), ["b1"])
    assert texts(slip.left_out, "envelope_no", "reason") == [
        ["E-1", "one check with E-2, not deposited now"]
    ]


def test_a_bag_that_is_not_there_is_a_wrong_call(job):
    with pytest.raises(UsageError, match="there is no bag 7: the bags are 1, 2"):
        deposit(took(job), ["1", "7"])
    with pytest.raises(UsageError, match="there is no bag 7: the job has none yet"):
        deposit(job, ["7"])


@pytest.mark.parametrize(
    ("bags", "rows", "clean"),
    [
        (COUNTS.assign(rejected=[0, 0], envelopes=[3, 2]), ROWS.head(5), True),
        (COUNTS.assign(rejected=[0, 0], envelopes=[3, 2]), ROWS, False),
        (COUNTS, ROWS.head(5), False),
        (COUNTS.assign(rejected=[0, 0], envelopes=[3, 2], check_cents=[3000, 3700]), ROWS.head(5), False),
        (COUNTS.assign(rejected=[0, 0], envelopes=[3, 2]), ROWS.head(5).assign(check_no=None), False),
    ],
    ids=["all_agrees", "one_left_out", "one_rejected", "a_bag_is_off", "a_check_without_number"],
)
def test_a_deposit_is_clean_only_if_there_is_nothing_to_look_at(job, bags, rows, clean):
    assert deposit(took(job, rows, bags)).is_clean is clean


# --- whatever comes ------------------------------------------------------------------------------------------------------

ENVELOPES = st.lists(
    st.fixed_dictionaries({
        "bag": st.sampled_from([None, "1", "2", "2b"]),
        "received_cents": st.one_of(st.just(0), st.integers(0, 10**12)),
        "payment_method": st.sampled_from([None, "cash", "check", "card", "Cheque"]),
        "check_no": st.sampled_from([None, "1", "01", "2", "000", "1 / a"]),
        "payee": st.sampled_from([None, "Bright Pictures", "The PTO"]),
        "parent_name": st.sampled_from([None, "Jo Roe", "Kim Lee"]),
        "differs": st.sampled_from([None, None, None, "packages", "keyed by the first only"]),
    }),
    max_size=12,
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(ENVELOPES, st.booleans(), st.booleans(), st.randoms(use_true_random=False))
def test_cash_and_checks_and_what_is_left_out_are_all_that_came(rows, has_payee, has_one_bag, random):
    columns = ["bag", "received_cents", "payment_method", "check_no", "payee", "parent_name", "differs"]
    rows = pd.DataFrame(rows, columns=columns).astype({"received_cents": "int64"})
    rows = rows.assign(envelope_no=[f"E-{i}" for i in range(len(rows))])
    state = keyed(rows)
    state = paid_to_studio(state) if has_payee else state
    bags = ["2"] if has_one_bag and "2" in rows["bag"].tolist() else []
    slip = deposit(state, bags)
    scope = rows[rows["bag"].isna() | rows["bag"].isin(bags or ["1", "2", "2b"])]
    kind = money_kind(scope["payment_method"].astype("str"), scope["check_no"].astype("str"))
    came = int(scope.loc[kind != "other", "received_cents"].sum())
    left = int(slip.left_out["amount_cents"].sum())
    assert slip.cash_cents + int(slip.checks["amount_cents"].sum()) + left == came == slip.received_cents
    assert int(slip.bags["deposit_cents"].sum()) == slip.total_cents
    assert slip.other_cents == int(scope.loc[kind == "other", "received_cents"].sum())
    there = [n for cell in slip.checks["envelope_no"] for n in cell.split(", ")] + slip.left_out["envelope_no"].tolist()
    assert len(there) == len(set(there))
    waits = scope["differs"].notna() & (kind != "other")
    assert set(scope.loc[waits, "envelope_no"]) <= set(slip.left_out["envelope_no"])
    again = deposit(state.replace(envelopes=state.envelopes.sample(frac=1, random_state=random.randrange(99))), bags)
    assert (again.cash_cents, again.check_cents) == (slip.cash_cents, slip.check_cents)
    assert texts(again.left_out, "envelope_no", "reason") == texts(slip.left_out, "envelope_no", "reason")
