"""Paper: every envelope is recorded with its money; it becomes an order when its child is certain; cash is never lost."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepaykit.decide.codes import plan_codes
from prepaykit.decide.orders import plan_orders
from prepaykit.decide.paper import plan_paper
from prepaykit.decide.prices import plan_prices
from prepaykit.errors import Refused, UsageError
from prepaykit.tables.state import JobState
from tests.decide.test_orders import NOW, PRICES, TWO, people, said
from tests.tables_as_text import table


def rows(text):
    return table(text)


@pytest.fixture
def job():
    state = JobState.new(name="maple-grove-2026", school="Maple Grove").replace(subjects=people())
    return state.after(plan_prices(state, PRICES))


def took(state, envelopes, **options):
    return state.after(plan_paper(state, envelopes, now=NOW, **options))


def held(state):
    """Cents held by order number; under `-` what is held without an order."""
    numbers = state.orders.set_index("order_id")["order_no"]
    owner = state.postings["order_id"].map(numbers).astype("str").fillna("-")
    return {k: v for k, v in state.postings["amount_cents"].groupby(owner).sum().items() if v}


ENVELOPES = rows("""
    envelope_no  student_first  student_last  teacher  access_code  packages  received_cents  payment_method  check_no
    E-1          -              -             -        X-1          A         2100            cash            -
    E-2          cy             ROE           Smith    -            B         3000            check           1187
    E-3          Nobody         Here          Smith    -            P57       900             cash            -
""")


def test_an_envelope_with_a_certain_child_becomes_an_order_in_the_same_collection_as_online_orders(job):
    state = took(job.after(plan_orders(job, TWO.tail(1), now=NOW)), ENVELOPES)
    paper = state.orders[state.orders["origin"] == "paper"]
    assert paper[["order_no", "collection_id", "total_cents", "paid_cents"]].values.tolist() == [
        ["E-1", 1, 2100, 2100],
        ["E-2", 1, 3000, 3000],
    ]
    assert state.order_subjects["matched_by"].tolist() == ["code", "code", "exact_name"]
    assert state.slots[state.slots["order_id"] == 3]["hole"].tolist() == ["individual", "mate_individual", "mate_group"]


def test_an_unmatched_envelope_is_recorded_with_its_money_and_nothing_is_lost(job):
    plan = plan_paper(job, ENVELOPES, now=NOW)
    state = job.after(plan)
    assert said(plan) == [("envelope_unmatched", "envelopes", "E-3")]
    assert len(state.envelopes) == 3 and held(state) == {"-": 900, "E-1": 2100, "E-2": 3000}
    assert state.payments["amount_cents"].sum() == state.postings["amount_cents"].sum() == 6000


def test_the_same_envelopes_again_change_nothing_and_the_finding_stays_without_a_file(job):
    state = took(job, ENVELOPES)
    assert plan_paper(state, ENVELOPES, now=NOW).is_empty
    again = plan_paper(state, ENVELOPES.head(0), now=NOW)
    assert again.is_empty and said(again) == [("envelope_unmatched", "envelopes", "E-3")]


def test_a_persons_match_makes_the_order_and_moves_the_money_by_counter_entry(job):
    state = took(job, ENVELOPES)
    plan = plan_paper(state, ENVELOPES.head(0), match={"E-3": "X-4"}, now=NOW)
    after = state.after(plan)
    assert held(after) == {"E-1": 2100, "E-2": 3000, "E-3": 900} and after.payments["order_id"].notna().all()
    assert after.postings["amount_cents"].tolist() == [2100, 3000, 900, -900, 900]
    assert after.choices[["kind", "target", "value"]].values.tolist() == [["match", "E-3", "X-4"]]
    assert after.order_subjects[["subject_id", "matched_by", "access_code"]].values.tolist()[-1] == [4, "person", "X-4"]
    assert said(plan) == [("order_doubled", "orders", "E-3")]
    assert (
        plan_paper(after, ENVELOPES, match={"E-3": "X-4"}, now=NOW).is_empty
        and plan_paper(after, ENVELOPES, now=NOW).is_empty
    )


def test_a_persons_match_corrects_an_envelope_that_went_to_another_child(job):
    state = took(job, ENVELOPES)
    after = took(state, ENVELOPES.head(0), match={"E-1": "X-3"})
    assert after.order_subjects["subject_id"].tolist() == [3, 4]
    assert after.slots.loc[after.slots["order_id"] == 1, "subject_id"].unique().tolist() == [3]


def test_a_match_with_an_unknown_envelope_or_code_is_a_wrong_call(job):
    state = took(job, ENVELOPES)
    with pytest.raises(UsageError, match="no envelope E-9"):
        plan_paper(state, ENVELOPES, match={"E-9": "X-1"}, now=NOW)
    with pytest.raises(UsageError, match="X-77 is not on the names list"):
        plan_paper(state, ENVELOPES, match={"E-3": "X-77"}, now=NOW)


def test_an_envelope_is_matched_once_its_name_is_corrected_or_its_child_is_listed(job):
    state = took(job, ENVELOPES)
    corrected = ENVELOPES.assign(
        student_first=[None, "cy", "Ada"], student_last=[None, "ROE", "Lee"], teacher=[None, "Smith", "Hewitt"]
    )
    after = took(state, corrected)
    assert after.envelopes["order_id"].tolist() == [1, 2, 3] and "-" not in held(after)


def test_a16_a_child_with_an_online_and_a_paper_order_is_flagged_and_nothing_is_deleted(job):
    state = job.after(plan_orders(job, TWO, now=NOW))
    plan = plan_paper(state, ENVELOPES.head(1), now=NOW)
    assert said(plan) == [("order_doubled", "orders", "E-1")]
    assert plan.findings["detail"].tolist() == [
        "envelope E-1 and order 1001 are both for code X-1: the same (A-1), likely twice"
    ]
    assert state.after(plan).orders["status"].tolist() == ["open"] * 3


def test_a17_38_dollars_received_42_due_is_underpaid_and_blocks_the_order(job):
    dear = rows("""
        envelope_no  access_code  packages  received_cents
        E-1          X-1          A-2       3800
    """)
    plan = plan_paper(job, dear, now=NOW)
    assert said(plan) == [("underpaid", "orders", "E-1")] and plan.findings["severity"].tolist() == ["error"]
    assert plan.findings["detail"].tolist() == ["envelope E-1: $38.00 received, $42.00 due"]
    state = job.after(plan)
    paid = plan_paper(state, dear.assign(received_cents=4200), now=NOW)
    after = state.after(paid)
    assert said(paid) == [] and after.payments["amount_cents"].tolist() == [3800, 400] and held(after) == {"E-1": 4200}
    assert plan_paper(after, dear.assign(received_cents=4200), now=NOW).is_empty


def test_more_money_than_due_is_held_and_said(job):
    plan = plan_paper(job, ENVELOPES.head(1).assign(received_cents=2500), now=NOW)
    assert said(plan) == [("overpaid", "orders", "E-1")] and held(job.after(plan)) == {"E-1": 2500}


def test_less_money_or_another_package_in_a_later_file_is_only_reported(job):
    state = took(job, ENVELOPES)
    plan = plan_paper(state, ENVELOPES.assign(received_cents=[100, 3000, 900], packages=["A", "A", "P57"]), now=NOW)
    assert not plan.counts() and [f for f in said(plan) if f[0] == "order_changed"] == [
        ("order_changed", "orders", "E-1"),
        ("order_changed", "orders", "E-2"),
    ]


def test_an_unreadable_package_letter_keeps_envelope_and_money_and_is_mended_by_the_corrected_file(job):
    plan = plan_paper(job, ENVELOPES.head(1).assign(packages="A--1?"), now=NOW)
    state = job.after(plan)
    assert ("order_string_unreadable", "orders", "E-1") in said(plan) and held(state) == {"E-1": 2100}
    after = took(state, ENVELOPES.head(1))
    assert after.lines["code"].tolist() == ["A"] and after.envelopes["packages"].tolist() == ["A"]
    assert (
        plan_paper(after, ENVELOPES.head(1), now=NOW).is_empty
        and len(plan_paper(after, ENVELOPES.head(1), now=NOW).findings) == 0
    )


def test_no_finding_speaks_a_name(job):
    plan = plan_paper(job, ENVELOPES, now=NOW)
    assert not any(n in " ".join(plan.findings["detail"]) for n in ["Nobody", "Here", "cy", "ROE"])


def test_a_code_given_to_the_order_later_stands_above_the_match_of_its_envelope(job):
    state = took(took(job, ENVELOPES), ENVELOPES, match={"E-1": "X-3"})
    recoded = state.order_subjects["subject_id"].mask(state.order_subjects["order_subject_id"] == 1, 2)
    choices = pd.concat(
        [state.choices, pd.DataFrame({"kind": ["order_code"], "target": ["1"], "value": ["X-2"], "version": [1]})]
    )
    state = state.replace(order_subjects=state.order_subjects.assign(subject_id=recoded), choices=choices)
    assert plan_paper(state, ENVELOPES, now=NOW).is_empty


file_rows = st.lists(
    st.fixed_dictionaries({
        "envelope_no": st.sampled_from(["E-1", "E-2", "E-3"]), "access_code": st.sampled_from([None, "X-1", "X-2", "X-9"]),
        "packages": st.sampled_from(["A", "P57-2", "Q", "??", None]), "received_cents": st.sampled_from([0, 900, 2100, 5000]),
    }), max_size=4,
)  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(files=st.lists(file_rows, min_size=1, max_size=3), chosen=st.sampled_from([None, "X-3"]))
def test_whatever_is_keyed_and_corrected_every_cent_is_held_once_and_nothing_happens_twice(files, chosen):
    state = JobState.new(name="maple-grove-2026", school="Maple Grove").replace(subjects=people())
    state = state.after(plan_prices(state, PRICES))
    columns = ["envelope_no", "access_code", "packages", "received_cents"]
    for one in files:
        envelopes = pd.DataFrame(one, columns=columns)
        match = {envelopes["envelope_no"][0]: chosen} if chosen and len(envelopes) else None
        state = took(state, envelopes, match=match)
        again = plan_paper(state, envelopes, now=NOW)
        # How near a child comes is weighed with the orders of the job; a file that corrects one of them may be worth a word more, and no more than that.
        assert set(again.changes) <= {"findings"} and sum(len(c.inserts) + len(c.deletes) for c in again.changes.values()) == 0
        assert plan_paper(state.after(again), envelopes, now=NOW).is_empty
    counted = state.envelopes["received_cents"].sum()
    assert state.payments["amount_cents"].sum() == state.postings["amount_cents"].sum() == counted
    by_order = state.orders.set_index("order_no")["paid_cents"]
    assert {k: v for k, v in held(state).items() if k != "-"} == by_order[by_order != 0].to_dict()
    assert set(state.envelopes.dropna(subset=["order_id"])["envelope_no"]) == set(state.orders["order_no"])


def test_an_envelope_whose_order_went_on_is_not_matched_to_another_child_in_silence(job):
    state = took(job, ENVELOPES.head(1))
    gone = state.replace(orders=state.orders.assign(status="in_batch"))
    with pytest.raises(Refused, match="envelope E-1 is matched to another child and its order is in_batch"):
        plan_paper(gone, ENVELOPES.head(0), match={"E-1": "X-2"}, now=NOW)
    assert plan_paper(gone, ENVELOPES.head(0), match={"E-1": "X-1"}, now=NOW).result["orders"] == 0, (
        "the same child is no change"
    )
    revised = state.replace(orders=state.orders.assign(status="in_revision"))
    assert took(revised, ENVELOPES.head(0), match={"E-1": "X-2"}).slots["subject_id"].unique().tolist() == [2]


def test_a_match_given_after_a_code_was_given_to_the_order_stands(job):
    state = took(job, ENVELOPES.head(1))
    state = state.after(plan_codes(state, order_code={"E-1": "X-2"}))
    assert state.order_subjects["subject_id"].tolist() == [2]
    state = took(state, ENVELOPES.head(0), match={"E-1": "X-1"})
    assert state.order_subjects["subject_id"].tolist() == [1]
    assert took(state, ENVELOPES.head(1)).order_subjects["subject_id"].tolist() == [1]


# --- two orders for one child ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("packages", "words"),
    [
        ("a – 1", "the same (A-1), likely twice"),
        ("P57;P57", "P57-2 after A-1, perhaps meant"),
        ("A;P57,RT", "A-1;P57,RT-1 after A-1, perhaps meant"),
        ("??", "nothing that could be read after A-1, perhaps meant"),
    ],
)
def test_a_second_order_for_a_child_is_said_with_what_both_ask_for(job, packages, words):
    state = job.after(plan_orders(job, TWO.head(1), now=NOW))
    plan = plan_paper(state, ENVELOPES.head(1).assign(packages=packages), now=NOW)
    doubled = plan.findings[plan.findings["code"] == "order_doubled"]
    assert doubled["detail"].tolist() == [f"envelope E-1 and order 1001 are both for code X-1: {words}"]
    assert doubled["next_move"].tolist() == ["ask the parent; if one is too many: prepaykit cancel E-1 --why double"]


def test_of_several_earlier_orders_the_one_that_asks_for_the_same_is_named(job):
    envelopes = rows("""
        envelope_no  access_code  packages  received_cents
        E-1          X-1          A         2100
        E-2          X-1          P57       900
        E-3          X-1          A         2100
    """)
    plan = plan_paper(job, envelopes, now=NOW)
    assert plan.findings["detail"].tolist() == [
        "envelope E-2 and envelope E-1 are both for code X-1: P57-1 after A-1, perhaps meant",
        "envelope E-3 and envelope E-1 are both for code X-1: the same (A-1), likely twice",
    ]


def test_envelopes_of_siblings_are_no_doubles(job):
    siblings = ENVELOPES.head(2).assign(access_code=["X-1", "X-2"], student_first=None, student_last=None)
    assert said(plan_paper(job, siblings, now=NOW)) == []


# --- what is wrong with an order string is said by envelope and piece, and the next move works ---------------------------------


@pytest.mark.parametrize(
    ("packages", "code", "detail"),
    [
        ("A-1;Q-2", "package_unknown", "envelope E-1: Q is not on the price list"),
        ("A;P57,ZZ", "package_unknown", "envelope E-1: option ZZ is not on the price list"),
        ("A;MM", "package_unknown", "envelope E-1: MM is sold only inside packages"),
        ("A-0", "order_string_unreadable", "envelope E-1: position 3: expected a quantity from 1 to 999, got '0'"),
        (
            "A;P57—1000",
            "order_string_unreadable",
            "envelope E-1: position 7: expected a quantity from 1 to 999, got '1000'",
        ),
        (
            "A+P57",
            "order_string_unreadable",
            "envelope E-1: position 1: expected a package or product code, got 'A+P57'",
        ),
        (None, "order_string_unreadable", "envelope E-1: position 1: expected a package or product code, got nothing"),
    ],
)
def test_a_wrong_piece_is_named_with_its_envelope_and_the_corrected_file_mends_it(job, packages, code, detail):
    plan = plan_paper(job, ENVELOPES.head(1).assign(packages=packages), now=NOW)
    mine = plan.findings[plan.findings["code"] == code]
    assert mine[["key", "detail"]].values.tolist() == [["E-1", detail]]
    mended = plan_paper(job.after(plan), ENVELOPES.head(1), now=NOW)
    assert not len(mended.findings) and job.after(plan).after(mended).orders["total_cents"].tolist() == [2100]


def test_the_money_an_envelope_lacks_is_settled_by_a_person_or_by_the_rest(job):
    from prepaykit.rules.blocks import blocking_errors, with_acceptance

    state = took(job, ENVELOPES.head(1).assign(received_cents=2000))
    assert blocking_errors(state)["what"].tolist() == ["underpaid"]
    accepted = state.replace(choices=with_acceptance(state, ["E-1"])[0])
    assert not len(blocking_errors(accepted))
    assert not len(blocking_errors(took(state, ENVELOPES.head(1))))
