"""Packing order and deadlines."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prepaykit.rules.batching import PACKING, deadline_moment, due_batches, pack
from prepaykit.rules.search import find, where_orders_are, worklist
from prepaykit.tables.catalog import typed
from tests.jobs import NOW, job, placed
from tests.tables_as_text import table


def prints(text):
    rows = table(text)
    missing = [c for c in PACKING if c not in rows]
    return rows.assign(**dict.fromkeys(missing, ""))


def test_prints_are_packed_by_teacher_then_class_then_child():
    rows = prints("""
        teacher  group_name  last_name  order_no
        Smith    5B          Adams      1
        Lee      KG PM       Young      2
        Lee      KG AM       Zorn       3
        Lee      KG AM       berg       4
        -        -           Any        5
    """)
    packed = pack(rows)
    assert packed["order_no"].tolist() == ["4", "3", "2", "1", "5"]
    assert packed["print_no"].tolist() == [1, 2, 3, 4, 5]


@given(st.permutations(range(6)))
def test_packing_does_not_depend_on_the_order_of_the_rows(order):
    rows = prints("""
        teacher  group_name  last_name  order_no
        Smith    5B          Adams      1
        Lee      KG PM       Young      2
        Lee      KG AM       Young      3
        Lee      KG AM       Young      4
        -        -           Any        5
        Smith    3A          Any        6
    """)
    assert pack(rows.iloc[list(order)])["order_no"].tolist() == pack(rows)["order_no"].tolist()


@pytest.mark.parametrize(
    ("date", "zone", "utc"),
    [("2026-10-16", "America/Chicago", "2026-10-17 04:59:59"), ("2026-11-01", "America/New_York", "2026-11-02 04:59:59"),
     ("2026-10-16", "Europe/Berlin", "2026-10-16 21:59:59")],
)  # fmt: skip
def test_a_deadline_is_the_last_second_of_the_day_at_the_school(date, zone, utc):
    assert deadline_moment(date, zone) == pd.Timestamp(utc, tz="UTC")


def test_only_automatic_batches_past_their_deadline_and_direct_orders_are_due():
    rows = table("""
        batch_id  kind    status    processing  deadline_at
        1         school  open      automatic   2026-10-01T14:59:59
        2         school  open      automatic   2026-10-01T15:00:00
        3         school  open      manual      2026-09-01T00:00:00
        4         direct  open      automatic   -
        5         school  released  automatic   2026-09-01T00:00:00
    """)
    batches = typed("batches", rows.assign(opened_at=NOW))
    assert due_batches(batches, NOW) == [1, 4]


def test_where_each_order_is_in_words():
    state = placed(job(3, absent=(2,)))
    assert where_orders_are(state)["where"].tolist() == ["batch 1", "collection 2", "batch 1"]


def test_find_looks_at_orders_people_and_addresses_in_any_case():
    state = job(3)
    assert find(state, "PARENT1002@")[["kind", "key"]].to_numpy().tolist() == [["order", "1002"]]
    assert find(state, "last3")[["kind", "key"]].to_numpy().tolist() == [["student", "AAAA-0003"]]
    assert sorted(find(state, "aaaa-0001")["kind"]) == ["order", "student"]


def test_a_search_text_is_not_a_pattern():
    assert len(find(job(3), ".*")) == 0


def test_nothing_to_do_is_an_empty_worklist():
    assert len(worklist(job(2))) == 0
