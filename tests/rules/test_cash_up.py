"""Cash-up: what was keyed from a bag is held against what was counted by hand; checks that cannot be right are said."""

import pandas as pd
import pytest

from prepaykit.decide.paper import plan_paper
from prepaykit.decide.prices import plan_prices
from prepaykit.rules.cash_up import cash_up, price_check
from prepaykit.tables.state import JobState
from tests.decide.test_orders import NOW, PRICES, people, said
from tests.tables_as_text import table

ROWS = table("""
    envelope_no  bag  access_code  packages  received_cents  payment_method  check_no  parent_name
    E-1          1    X-1          A         2100            cash            -         -
    E-2          1    X-2          B         3000            check           0042      Jo Roe
    E-3          1    X-9          P57       900             -               -         -
    E-4          2    X-3          A-2       3800            check           77        Kim Lee
    E-5          2    X-4          P57       900             card            -         -
    E-10         -    X-4          ?         500             cash            -         -
""").assign(bag=["1", "1", "1", "2", "2", None], check_no=[None, "0042", None, "77", None, None])
COUNTS = pd.DataFrame({"bag": ["1", "2"], "envelopes": [3, 3], "rejected": [None, 1], "cash_cents": [3000, 0], "checks": [1, 1],
                       "check_cents": [3000, 3800], "counted_by": ["mk", None]})  # fmt: skip


@pytest.fixture
def job():
    state = JobState.new(name="maple-grove-2026", school="Maple Grove").replace(subjects=people())
    return state.after(plan_prices(state, PRICES))


def took(state, rows=ROWS, bags=COUNTS, **options):
    return state.after(plan_paper(state, rows, bags=bags, now=NOW, **options))


def of_bags(plan):
    return plan.findings.loc[plan.findings["about"] == "bags", ["code", "key", "detail"]].values.tolist()


def test_each_bag_is_added_up_by_cash_and_checks_and_held_against_its_count(job):
    bags = cash_up(took(job))
    assert bags["bag"].fillna("-").tolist() == ["1", "2", "-"]
    shown = bags.set_index(bags["bag"].fillna("-"))
    assert shown[["envelopes", "cash_cents", "checks", "check_cents", "other_cents"]].values.tolist() == [
        [3, 3000, 1, 3000, 0],
        [2, 0, 1, 3800, 900],
        [1, 500, 0, 0, 0],
    ]
    off = ["envelopes_off", "cash_off_cents", "checks_off", "check_off_cents"]
    assert shown.loc[["1", "2"], off].eq(0).all(axis=None) and shown.loc["-", off].isna().all()
    assert bags["received_cents"].sum() == ROWS["received_cents"].sum()


def test_the_price_of_every_envelope_is_held_against_what_was_in_it_ordered_or_not(job):
    rows = price_check(took(job)).set_index("envelope_no")
    assert rows.index.tolist() == ["E-1", "E-2", "E-3", "E-4", "E-5", "E-10"]
    assert rows["due_cents"].fillna(-1).tolist() == [2100, 3000, 900, 4200, 900, 0]
    assert rows.loc[["E-3", "E-4"], "off_cents"].tolist() == [0, -400]
    assert rows.loc["E-3", "stands"] == "waits for a match"


def test_bags_that_agree_say_nothing_and_a_count_brought_again_changes_nothing(job):
    plan = plan_paper(job, ROWS, bags=COUNTS, now=NOW)
    assert of_bags(plan) == []
    assert plan_paper(job.after(plan), ROWS, bags=COUNTS, now=NOW).is_empty
    assert plan_paper(job.after(plan), ROWS, now=NOW).is_empty


def test_what_is_off_is_said_by_bag_with_both_figures_and_stands_until_the_count_is_right(job):
    wrong = COUNTS.assign(cash_cents=[3100, 0], envelopes=[4, 3], checks=[1, 2])
    plan = plan_paper(job, ROWS, bags=wrong, now=NOW)
    assert of_bags(plan) == [
        ["bag_differs", "1", "bag 1: 4 envelopes counted, 3 keyed; cash: 3100 cents counted, 3000 keyed"],
        ["bag_differs", "2", "bag 2: 2 checks counted, 1 keyed"],
    ]
    state = job.after(plan)
    assert of_bags(plan_paper(state, ROWS.head(0), now=NOW)) == of_bags(plan)
    again = plan_paper(state, ROWS.head(0), bags=COUNTS, now=NOW)
    assert of_bags(again) == [] and again.counts() == {"bags": (0, 2, 0)}


def test_a_count_may_be_completed_later_and_what_is_not_said_stays(job):
    state = took(job, bags=pd.DataFrame({"bag": ["1"], "cash_cents": [3000]}))
    state = took(state, ROWS.head(0), pd.DataFrame({"bag": ["1", "7"], "checks": [1, 0]}))
    assert state.bags[["bag", "cash_cents", "checks"]].fillna(-1).values.tolist() == [["1", 3000, 1], ["7", -1, 0]]


def test_a_bag_that_nobody_counted_is_noted_once_another_was(job):
    assert of_bags(plan_paper(job, ROWS, now=NOW)) == []
    plan = plan_paper(job, ROWS, bags=COUNTS.head(1), now=NOW)
    assert of_bags(plan) == [["bag_uncounted", "2", "bag 2: envelopes of it were keyed, but it was not counted"]]


def test_a_counted_bag_of_which_nothing_was_keyed_is_off(job):
    plan = plan_paper(job, ROWS.head(0), bags=COUNTS.head(1), now=NOW)
    assert [f[:2] for f in of_bags(plan)] == [["bag_differs", "1"]]


def test_money_collected_later_does_not_put_the_count_of_the_bag_wrong(job):
    paid = ROWS.assign(received_cents=ROWS["received_cents"].mask(ROWS["envelope_no"] == "E-4", 4200))
    state = took(job)
    plan = plan_paper(state, paid, now=NOW)
    assert of_bags(plan) == [] and ("underpaid", "orders", "E-4") not in said(plan)
    assert cash_up(state.after(plan)).set_index("bag")["later_cents"].loc["2"] == 400
    assert len(of_bags(plan_paper(state, paid, bags=COUNTS.assign(check_cents=[3000, 3900]), now=NOW))) == 1


def test_an_envelope_between_two_typists_counts_as_keyed_and_without_a_price(job):
    state = job.after(plan_paper(job, ROWS, second=ROWS.assign(packages="A"), bags=COUNTS, now=NOW))
    bags = cash_up(state).set_index("bag")
    assert bags.loc["1", ["envelopes", "unsettled", "received_cents"]].tolist() == [3, 2, 6000]
    assert price_check(state).set_index("envelope_no")["due_cents"].isna().loc[["E-2", "E-3"]].all()


# --- checks --------------------------------------------------------------------------------------------------------------


def checks(plan):
    codes = ["check_number_missing", "check_doubled", "check_other_payee"]
    return sorted(
        plan.findings.loc[plan.findings["code"].isin(codes), ["code", "key"]].itertuples(index=False, name=None)
    )


def test_a_check_without_a_number_is_said_until_its_number_is_keyed_and_then_stands_with_the_payment(job):
    bare = ROWS.assign(check_no=ROWS["check_no"].where(ROWS["check_no"] != "0042"))
    plan = plan_paper(job, bare, now=NOW)
    assert checks(plan) == [("check_number_missing", "E-2")]
    state = job.after(plan)
    mended = plan_paper(state, ROWS, now=NOW)
    assert checks(mended) == [] and mended.counts() == {"payments": (0, 1, 0), "envelopes": (0, 1, 0)}
    after = state.after(mended)
    assert after.payments.loc[after.payments["amount_cents"] == 3000, "reference"].tolist() == ["0042"]
    assert after.orders["order_no"].tolist() == state.orders["order_no"].tolist()


def test_one_check_number_of_different_payers_is_said_and_of_one_family_is_one_check(job):
    same = ROWS.assign(check_no=ROWS["check_no"].replace("77", "42"))
    plan = plan_paper(job, same, now=NOW)
    assert checks(plan) == [("check_doubled", "E-2"), ("check_doubled", "E-4")]
    assert (
        plan.findings.loc[plan.findings["code"] == "check_doubled", "detail"].tolist()[0]
        == "check 0042 stands on envelopes E-2, E-4 of different payers"
    )
    family = same.assign(parent_name="Jo ROE", bag="1")
    plan = plan_paper(job, family, now=NOW)
    assert checks(plan) == [] and cash_up(job.after(plan))["checks"].tolist() == [1]


def test_a_check_to_another_payee_is_said_only_if_the_job_says_whom_to_pay(job):
    rows = ROWS.assign(payee=[None, "The PTO", None, "bright Pictures", None, None])
    assert checks(plan_paper(job, rows, now=NOW)) == []
    paid_to = job.replace(jobs=job.jobs.assign(check_payee="Bright Pictures"))
    plan = plan_paper(paid_to, rows, now=NOW)
    assert checks(plan) == [("check_other_payee", "E-2")]
    mended = plan_paper(paid_to.after(plan), rows.assign(payee="Bright Pictures"), now=NOW)
    assert checks(mended) == [] and not mended.is_empty


def test_no_name_is_said(job):
    state = job.replace(jobs=job.jobs.assign(check_payee="Bright Pictures"))
    plan = plan_paper(state, ROWS.assign(payee="Pat Diaz", check_no="42", payment_method="check"), bags=COUNTS, now=NOW)
    assert {"check_doubled", "check_other_payee"} <= {c for c, _ in checks(plan)}
    assert not any(n in " ".join(plan.findings["detail"]) for n in ("Roe", "Lee", "Diaz", "Jo ", "Kim"))
