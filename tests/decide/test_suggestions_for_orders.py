"""Orders and envelopes that nobody is certain about: they wait, and say by code whose they may be."""

import pandas as pd

from prepaykit.decide.names import plan_names
from prepaykit.decide.orders import plan_orders
from prepaykit.decide.paper import plan_paper
from prepaykit.tables.state import JobState
from tests.tables_as_text import table

NOW = pd.Timestamp("2026-09-14", tz="UTC")
NAMES = table("""
    access_code  first_name  last_name  grade  teacher
    X-1          Guadalupe   Iyer       3      Hewitt
    X-2          Björn       Farrow     3      Hewitt
""")


def job() -> JobState:
    """A job that takes nobody without a person: what weighing is certain of is proposed."""
    state = JobState.new(name="maple-grove-2026", school="Maple Grove", has_automatic_matching=False)
    return state.after(plan_names(state, NAMES, seed=1, now=NOW))


def test_a_misspelt_envelope_waits_with_its_likeliest_child_as_suggestion():
    envelopes = table("""
        envelope_no  student_first  student_last  grade  teacher
        E-1          Lupita         Iyer          3rd    Mrs. Hewitt
        E-2          Zebediah       Quux          -      -
    """)
    plan = plan_paper(job(), envelopes.assign(received_cents=3800), now=NOW)
    lost = plan.findings[plan.findings["code"] == "envelope_unmatched"].set_index("key")
    assert lost.loc["E-1", "suggestion"] == "X-1"
    assert "nickname or variant" in lost.loc["E-1", "detail"]
    assert pd.isna(lost.loc["E-2", "suggestion"])
    assert plan.result["orders"] == 0


def test_findings_never_hold_the_names_of_children():
    orders = table("""
        order_no  student_first  student_last  grade  teacher
        1001      Bjorn          Farow         3      Hewitt
    """)
    plan = plan_orders(job(), orders.assign(packages="A-1", paid_cents=0), now=NOW)
    lost = plan.findings[plan.findings["code"] == "order_unmatched"]
    assert lost["suggestion"].tolist() == ["X-2"]
    said = " ".join([*plan.findings["detail"], *plan.findings["next_move"]]).lower()
    assert not [n for n in ("björn", "bjorn", "farrow", "farow") if n in said]


def test_taking_the_suggestion_makes_the_order():
    envelopes = table("""
        envelope_no  student_first  student_last  grade  teacher
        E-1          Lupita         Iyer          3rd    Mrs. Hewitt
    """).assign(received_cents=3800)
    state = job()
    suggestion = (
        plan_paper(state, envelopes, now=NOW).findings.query("code == 'envelope_unmatched'")["suggestion"].iloc[0]
    )
    plan = plan_paper(state, envelopes, match={"E-1": suggestion}, now=NOW)
    assert plan.result["orders"] == 1
