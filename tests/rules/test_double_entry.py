"""Double entry: what two typists agree on goes in, what differs waits, and no envelope and no cent is lost or counted twice."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepaykit.decide.paper import compare_keyed, plan_paper
from prepaykit.decide.prices import plan_prices
from prepaykit.errors import Refused, UsageError
from prepaykit.rules.balance import balance
from prepaykit.rules.blocks import blocking_errors
from prepaykit.tables.state import JobState
from tests.decide.test_orders import NOW, PRICES, people, said
from tests.decide.test_paper import held
from tests.tables_as_text import table


@pytest.fixture
def job():
    state = JobState.new(name="maple-grove-2026", school="Maple Grove").replace(subjects=people())
    return state.after(plan_prices(state, PRICES))


def took(state, first, second=None, **options):
    return state.after(plan_paper(state, first, second=second, now=NOW, **options))


FIRST = table("""
    envelope_no  student_first  access_code  packages   received_cents  payment_method  check_no  parent_name
    E-1          Ada            X-1          A          2100            cash            -         Jo Lee
    E-2          -              X-2          B-1        3000            check           0042      -
    E-3          -              X-3          P57-2;A    3900            -               -         -
""")
SECOND = table("""
    envelope_no  student_first  access_code  packages   received_cents  payment_method  check_no  parent_name
    e-1          ADA            x-1          A-1        2100            Cash            -         jo LEE
    E-2          -              X-2          A-1        2800            cheque          0042      -
    E-3          -              X-3          a-1;p57–2  3900            cash            -         -
""")
ONE = FIRST[FIRST["envelope_no"] == "E-2"]


# --- comparing -----------------------------------------------------------------------------------------------------------


def test_what_means_the_same_is_no_difference_and_what_differs_is_shown_as_it_was_keyed():
    assert compare_keyed(FIRST, SECOND).values.tolist() == [
        ["E-2", "packages", "B-1", "A-1"],
        ["E-2", "amount_received", "30.00", "28.00"],
    ]


@pytest.mark.parametrize(
    ("column", "one", "two", "same"),
    [
        ("packages", "A-1;A-1", "A-2", True),
        ("packages", "P57,RT-1", "p57 , rt - 1", True),
        ("packages", "A-1", "A-11", False),
        ("packages", "what?", "WHAT? ", True),
        ("packages", None, "A", False),
        ("parent_phone", "(603) 555-0113", "603 555 0113", True),
        ("parent_phone", "603-555-0113", "603-555-0131", False),
        ("parent_email", "Jo@Example.org", "jo@example.org", True),
        ("student_last", "O’Brien", "o'brien", True),
        ("student_last", "Muller", "Müller", False),
        ("access_code", "wrw6a9qe", "WRW6-A9QE", True),
        ("student_id", "001234", "1234", False),
        ("payment_method", None, "cash", True),
        ("payment_method", "check", "cash", False),
        ("note", "four dollars short", "$4 short", True),
        ("bag", "a", "A ", True),
        ("payee", "Studio", "The school", False),
    ],
)
def test_each_field_is_compared_by_what_it_means(column, one, two, same):
    rows = [pd.DataFrame({"envelope_no": ["E-1"], column: pd.Series([v], dtype="str")}) for v in (one, two)]
    assert (len(compare_keyed(*rows)) == 0) is same


def test_an_envelope_that_only_one_keyed_is_shown_whichever_it_is():
    shown = compare_keyed(FIRST.head(2), FIRST.tail(2))
    assert shown.fillna("-").values.tolist() == [["E-1", "envelope", "keyed", "-"], ["E-3", "envelope", "-", "keyed"]]


def test_the_same_file_twice_has_no_difference_and_changes_as_one_file_would(job):
    assert not len(compare_keyed(FIRST, FIRST))
    twice, once = plan_paper(job, FIRST, second=FIRST, now=NOW), plan_paper(job, FIRST, now=NOW)
    assert twice.headline == once.headline and said(twice) == said(once)


# --- what differs waits --------------------------------------------------------------------------------------------------


def test_what_agrees_becomes_an_order_and_what_differs_is_recorded_with_the_smaller_amount_and_waits(job):
    plan = plan_paper(job, FIRST, second=SECOND, now=NOW)
    state = job.after(plan)
    assert state.orders["order_no"].tolist() == ["E-1", "E-3"]
    assert held(state) == {"E-1": 2100, "E-3": 3900, "-": 2800}
    row = state.envelopes.set_index("envelope_no").loc["E-2"]
    assert (row["differs"], row["received_cents"], row["typed_code"]) == ("packages amount_received", 2800, "X-2")
    assert pd.isna(row["packages"]) and pd.isna(row["order_id"])
    assert said(plan) == [("keyed_differently", "envelopes", "E-2")]
    assert plan.headline.endswith("2 became orders, 0 wait for a match, 1 to be settled between two typists")


def test_a_finding_names_the_envelope_and_the_fields_and_nothing_that_stands_in_them(job):
    other = FIRST.assign(student_first=["Bea", None, None], parent_name=["Kim Roe", None, None])
    findings = plan_paper(job, FIRST, second=other, now=NOW).findings
    finding = findings[findings["code"] == "keyed_differently"].iloc[0]
    assert finding["detail"] == "envelope E-1: student_first, parent_name differ"
    assert not any(name in " ".join(finding.dropna().astype("str")) for name in ("Ada", "Bea", "Lee", "Roe"))


def test_the_same_files_again_change_nothing_and_the_finding_stays_without_a_file_or_with_one(job):
    state = took(job, FIRST, SECOND)
    for again in (
        plan_paper(state, FIRST, second=SECOND, now=NOW),
        plan_paper(state, FIRST, now=NOW),
        plan_paper(state, SECOND, now=NOW),
        plan_paper(state, FIRST.head(0), now=NOW),
    ):
        assert again.is_empty and said(again) == [("keyed_differently", "envelopes", "E-2")]


def test_both_files_corrected_settle_it_and_the_rest_of_the_money_is_booked(job):
    state = took(took(job, FIRST, SECOND), ONE, ONE)
    assert held(state) == {"E-1": 2100, "E-2": 3000, "E-3": 3900}
    assert state.envelopes["differs"].isna().all() and state.lines["code"].tolist() == ["A", "P57", "A", "B"]
    assert plan_paper(state, ONE, second=ONE, now=NOW).is_empty


@pytest.mark.parametrize(("word", "code", "cents"), [("first", "B", 3000), ("second", "A", 2800)])
def test_a_person_says_who_is_right_and_the_files_may_come_again(job, word, code, cents):
    state = took(took(job, FIRST, SECOND), FIRST, SECOND, settle={"E-2": word})
    assert state.lines["code"].tolist()[-1] == code and held(state)["E-2"] == cents
    assert state.choices[["kind", "target"]].values.tolist() == [["settle", "E-2"]]
    assert state.choices["value"][0].startswith(f"{word} ")
    for again in ({}, {"E-2": word}):
        plan = plan_paper(state, FIRST, second=SECOND, settle=again, now=NOW)
        assert plan.is_empty and not [f for f in said(plan) if f[0].startswith("keyed")]


def test_who_is_right_may_be_said_at_once(job):
    state = took(job, FIRST, SECOND, settle={"E-2": "first"})
    assert held(state) == {"E-1": 2100, "E-2": 3000, "E-3": 3900}


def test_a_word_counts_for_just_these_rows_another_slip_is_asked_about_again(job):
    state = took(job, FIRST, SECOND, settle={"E-2": "second"})
    slip = SECOND.assign(packages=SECOND["packages"].replace("A-1", "P57"), received_cents=[2100, 900, 3900])
    slip.loc[0, "packages"] = "A"
    plan = plan_paper(state, FIRST, second=slip, now=NOW)
    assert ("keyed_differently", "orders", "E-2") in said(plan)
    after = state.after(plan)
    assert held(after) == held(state) and after.lines.equals(state.lines)


def test_one_corrected_file_settles_it_only_together_with_the_word_for_it(job):
    state = took(job, FIRST, SECOND)
    assert plan_paper(state, ONE, now=NOW).is_empty
    after = took(state, ONE, settle={"E-2": "first"})
    assert held(after)["E-2"] == 3000 and after.envelopes["differs"].isna().all()
    assert plan_paper(after, ONE, settle={"E-2": "first"}, now=NOW).is_empty


# --- keyed by one only -----------------------------------------------------------------------------------------------------


def test_a_number_keyed_wrong_by_one_books_its_money_once(job):
    """E-3 was keyed as E-8 by the second: both wait without money; the right one is settled, the other taken off."""
    slip = SECOND.assign(
        envelope_no=["E-1", "E-2", "E-8"], packages=FIRST["packages"], received_cents=FIRST["received_cents"]
    )
    plan = plan_paper(job, FIRST, second=slip, now=NOW)
    state = job.after(plan)
    assert said(plan) == [("keyed_once", "envelopes", "E-3"), ("keyed_once", "envelopes", "E-8")]
    assert plan.findings["detail"].tolist() == [
        "envelope E-3: keyed by the first only",
        "envelope E-8: keyed by the second only",
    ]
    assert [move.split("--settle ")[1].split(";")[0] for move in plan.findings["next_move"]] == [
        "E-3=first",
        "E-8=second",
    ]
    assert held(state) == {"E-1": 2100, "E-2": 3000} and len(state.envelopes) == 4
    after = took(state, FIRST, slip, settle={"E-3": "first", "E-8": "none"})
    assert held(after) == {"E-1": 2100, "E-2": 3000, "E-3": 3900}
    assert after.envelopes["envelope_no"].tolist() == ["E-1", "E-2", "E-3"]
    for files in ((FIRST, slip), (slip, None), (slip, FIRST)):
        assert "E-8" not in took(after, *files).envelopes["envelope_no"].tolist()


def test_a_number_taken_off_that_does_exist_comes_back_when_both_key_it_or_a_person_says_so(job):
    state = took(took(job, FIRST, FIRST.head(2)), FIRST.head(0), settle={"E-3": "none"})
    assert "E-3" not in state.envelopes["envelope_no"].tolist()
    back = took(state, FIRST, FIRST)
    assert held(back)["E-3"] == 3900
    dearer = FIRST.assign(received_cents=[2100, 3000, 4000])
    assert held(took(back, dearer))["E-3"] == 4000, "and then it is an envelope like any other"
    assert held(took(state, FIRST, FIRST.head(2), settle={"E-3": "first"}))["E-3"] == 3900


# --- orders that are there ---------------------------------------------------------------------------------------------------


def test_an_order_made_before_the_second_file_came_stays_as_it_is_and_is_not_placed_until_settled(job):
    state = took(job, FIRST)
    plan = plan_paper(state, FIRST, second=SECOND, now=NOW)
    after = state.after(plan)
    assert said(plan) == [("keyed_differently", "orders", "E-2")] and held(after) == held(state)
    assert set(blocking_errors(after)["what"]) == {"keyed_differently"}
    settled = took(after, FIRST, SECOND, settle={"E-2": "first"})
    assert not len(blocking_errors(settled)) and held(settled) == held(state)


# --- wrong calls -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settle", "message"),
    [
        ({"E-2": "third"}, "settled as first, second, none"),
        ({"E-9": "first"}, "the first file has no envelope E-9"),
        ({"E-8": "none"}, "there is no envelope E-8"),
        ({"E-2": "none"}, "both typists keyed envelope E-2"),
    ],
)
def test_a_word_that_cannot_be_is_a_wrong_call(job, settle, message):
    with pytest.raises(UsageError, match=message):
        plan_paper(job, FIRST, second=SECOND, settle=settle, now=NOW)


def test_an_envelope_with_money_or_an_order_is_not_taken_off(job):
    state = took(job, FIRST, SECOND)
    for number in ("E-1", "E-2"):
        with pytest.raises(Refused, match=f"envelope {number} holds money or is an order"):
            plan_paper(state, FIRST.head(0), settle={number: "none"}, now=NOW)


# --- whatever they key --------------------------------------------------------------------------------------------------------

keyed = st.lists(
    st.fixed_dictionaries({
        "envelope_no": st.sampled_from(["E-1", "E-2", "E-3"]), "access_code": st.sampled_from([None, "X-1", "X-2"]),
        "packages": st.sampled_from(["A", "P57-2", None]), "received_cents": st.sampled_from([0, 900, 2100]),
    }), max_size=3, unique_by=lambda row: row["envelope_no"],
)  # fmt: skip


@settings(max_examples=6, deadline=None)
@given(
    rounds=st.lists(
        st.tuples(keyed, st.none() | keyed, st.sampled_from(["first", "second", ""])), min_size=1, max_size=3
    )
)
def test_whatever_two_typists_key_no_envelope_and_no_cent_is_lost_or_counted_twice(rounds):
    state = JobState.new(name="maple-grove-2026", school="Maple Grove").replace(subjects=people())
    state = state.after(plan_prices(state, PRICES))
    columns = ["envelope_no", "access_code", "packages", "received_cents"]
    seen = set()
    for one, two, word in rounds:
        first, second = pd.DataFrame(one, columns=columns), None if two is None else pd.DataFrame(two, columns=columns)
        files = {"first": set(first["envelope_no"]), "second": set() if second is None else set(second["envelope_no"])}
        settle = dict.fromkeys(files.get(word, ()), word)
        before = held(state)
        state = took(state, first, second, settle=settle)
        assert plan_paper(state, first, second=second, settle=settle, now=NOW).is_empty
        seen |= files["first"] | files["second"]
        assert set(state.envelopes["envelope_no"]) == seen
        assert all(held(state).get(k, 0) >= v for k, v in before.items() if k != "-"), "no money goes away"
        waits = state.envelopes[state.envelopes["differs"].notna()]
        if second is not None:
            agreed = files["first"] & files["second"] - set(compare_keyed(first, second)["envelope_no"])
            assert not agreed & set(waits["envelope_no"])
    counted = state.envelopes["received_cents"].sum()
    assert state.payments["amount_cents"].sum() == state.postings["amount_cents"].sum() == counted
    assert balance(state).set_index("equation").loc[["money", "receipts", "orders"], "holds"].all()
