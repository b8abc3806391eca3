"""Cards: each card is printed once, class by class, blanks last; who opted out gets none."""

import pandas as pd

from prepaykit.decide.cards import plan_cards
from prepaykit.decide.names import plan_names
from prepaykit.tables.state import JobState
from tests.tables_as_text import table

FIRST, LATER = (pd.Timestamp(t, tz="UTC") for t in ("2026-09-01 08:00", "2026-09-08 08:00"))
NAMES = table("""
    first_name  last_name  group  photograph
    Cy          Roe        3B     True
    Ada         Zorn       3A     True
    Bo          Ng         3A     True
    Di          Poe        3B     False
""")


def job():
    state = JobState.new(name="maple-grove-2026", school="Maple Grove")
    return state.after(plan_names(state, NAMES, seed=1, blanks=1))


def test_cards_come_class_by_class_with_blanks_last_and_none_for_who_opted_out():
    plan = plan_cards(job(), now=FIRST)
    assert plan.result["subject_ids"] == [1, 3, 2, 5] and plan.result["group_ids"] == [1, 2]
    assert plan.headline == "6 cards to print: 3 people, 2 classes, 1 blank"


def test_a_printed_card_is_not_printed_again_unless_asked_and_keeps_its_first_moment():
    state = job()
    state = state.after(plan_cards(state, now=FIRST))
    assert plan_cards(state, now=LATER).is_empty and plan_cards(state, now=LATER).result["subject_ids"] == []
    again = plan_cards(state, now=LATER, again=True)
    assert again.is_empty and again.result["subject_ids"] == [1, 3, 2, 5]


def test_a_late_entry_gets_its_card_alone():
    state = job()
    state = state.after(plan_cards(state, now=FIRST))
    late = pd.concat([NAMES, NAMES.head(1).assign(first_name="Ed")], ignore_index=True)
    state = state.after(plan_names(state, late, seed=1))
    assert plan_cards(state, now=LATER).result["subject_ids"] == [6]
