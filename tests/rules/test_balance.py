"""Each equation of the balance is counted from two sides and can fail."""

import pytest

from prepaykit.errors import Unbalanced
from prepaykit.rules.balance import balance, require_balance
from tests.jobs import job, placed


def off(state):
    rows = balance(state)
    return rows.loc[~rows["holds"], ["equation", "difference"]].to_numpy().tolist()


def test_a_sound_job_balances():
    assert off(placed(job(3, absent=(2,)))) == []


def test_a_child_that_nobody_accounted_for_is_missed():
    state = job(3)
    assert off(state.replace(galleries=state.galleries[state.galleries["subject_id"] != 2])) == [
        ["names", 1],
        ["frames", 2],
    ]


def test_a_frame_that_is_nowhere_is_missed():
    state = job(2)
    assert off(state.replace(group_frames=state.group_frames.iloc[:0])) == [["frames", 1]]


def test_an_order_that_is_nowhere_is_missed():
    state = placed(job(2))
    assert off(state.replace(orders=state.orders.assign(batch_id=[1, None]))) == [["orders", 1]]


def test_an_order_in_two_places_is_seen():
    state = placed(job(2))
    both = state.replace(
        orders=state.orders.assign(collection_id=[1, None]), collections=state.collections.assign(status="open")
    )
    assert off(both) == [["orders", -1]]


def test_a_payment_that_was_not_posted_is_seen_to_the_cent():
    state = job(2)
    assert off(state.replace(postings=state.postings.iloc[:1])) == [["money", 1500]]


def test_an_order_that_says_another_amount_than_its_payment_is_seen():
    state = job(2)
    assert off(state.replace(orders=state.orders.assign(paid_cents=[1500, 1499]))) == [["receipts", 1]]


def test_the_refusal_names_every_equation_and_where_to_look():
    state = job(2)
    broken = state.replace(postings=state.postings.iloc[:1], group_frames=state.group_frames.iloc[:0])
    with pytest.raises(Unbalanced) as refusal:
        require_balance(broken, "place")
    text = str(refusal.value)
    assert "7 frames ≠ 2 cards + 4 assigned + 0 unassigned: off by 1, too few on the right." in text
    assert "$30.00 received ≠ $0.00 shipped + $15.00 held + $0.00 to refund + $0.00 refunded: off by $15.00" in text
    assert "run photos again" in text
