"""Whatever people do in whatever order: no child's picture on another child's order, no order lost, no cent counted twice.

`PREPAYKIT_TEST_WALKS=500` walks longer than the suite does.
"""

import os

import pandas as pd
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from prepaykit.decide.batch import plan_batch
from prepaykit.decide.place import plan_place
from prepaykit.rules.balance import balance
from prepaykit.rules.order_entry import purchases
from tests.invariants.walking import STEPS, Walk, begin, made_of

WALKS = int(os.environ.get("PREPAYKIT_TEST_WALKS", "6"))
# Each walk is some thirty plans on a small job; shrinking one would take minutes, and its steps are told in the failure.
ENOUGH = settings(max_examples=WALKS, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
                  phases=[Phase.explicit, Phase.reuse, Phase.generate])  # fmt: skip


@ENOUGH
@given(st.data())
def test_whatever_people_do_pictures_orders_and_money_stay_where_they_belong(data):
    walk = begin(data)
    numbers = set(walk.state.orders["order_no"])
    for step in data.draw(st.lists(st.sampled_from(STEPS), min_size=8, max_size=14)):
        walk.done.append(step.__name__)
        before, sent = walk.state, len(walk.sent)
        step(walk, data)
        for payload in walk.sent[sent:]:
            what_was_sent_is_right(before, payload, walk)
        the_books_are_right(walk, numbers)
    nothing_is_stuck(walk, data)
    event(f"{len(walk.sent)} sent")


def what_was_sent_is_right(state, payload, walk):
    """Each print against the galleries of that moment, found by merges on text and not by the code under test."""
    files = state.frames.assign(where=state.frames["root"] + "/" + state.frames["path"]).set_index("where")
    people = state.subjects.set_index("access_code")
    orders = state.orders.loc[state.orders["batch_id"] == payload["batch"]]
    assert len(orders), walk.done
    slots = state.slots[state.slots["order_id"].isin(orders["order_id"]) & ~state.slots["is_dropped"]]
    assert len(payload["prints"]) == (slots["hole"] != "mate_group").sum(), walk.done
    digests = slots["frame_id"].map(state.frames.set_index("frame_id")["sha256"])
    mates = slots[slots["hole"].str.startswith("mate_")].assign(digest=digests).sort_values("slot_id")
    mates = mates.assign(nth=mates.groupby(["line_id", "product_code", "hole"]).cumcount())
    art = {made_of(rows["digest"]) for _, rows in mates.groupby(["line_id", "product_code", "nth"])}
    for one in payload["prints"]:
        child = people.loc[one["access_code"]]
        assert child["sell"] and child["photograph"], walk.done
        if one["root"] == "artwork":
            assert one["path"] in art, ("stale artwork", walk.done)
            continue
        frame = files.loc[f"{one['root']}/{one['path']}"]
        owners = set(state.galleries.loc[state.galleries["frame_id"] == frame["frame_id"], "access_code"])
        groups = set(state.group_frames.loc[state.group_frames["frame_id"] == frame["frame_id"], "group_id"])
        product_is_group = one["product_code"] == "GP"
        assert (child["group_id"] in groups) if product_is_group else (one["access_code"] in owners), walk.done
        assert one["sha256"] == frame["sha256"], walk.done
    # Whoever the order names is whoever the print is for.
    typed = state.order_subjects[state.order_subjects["order_id"].isin(orders["order_id"])]
    assert {p["access_code"] for p in payload["prints"]} <= set(
        state.subjects.set_index("subject_id").loc[typed["subject_id"].dropna(), "access_code"]
    ), walk.done


def the_books_are_right(walk, numbers):
    state, told = walk.state, walk.done
    orders = state.orders
    assert numbers <= set(orders["order_no"]), ("an order is lost", told)
    numbers |= set(orders["order_no"])
    batch = orders["batch_id"].map(state.batches.set_index("batch_id")["status"])
    collection = orders["collection_id"].map(state.collections.set_index("collection_id")["status"])
    revision = orders["order_id"].isin(state.revisions.loc[state.revisions["status"] == "waiting", "order_id"])
    right = {
        "open": (collection == "open") & batch.isna() & ~revision,
        "held": (collection == "open") & batch.isna() & ~revision,
        "in_revision": revision & collection.isna() & batch.isna(),
        "in_batch": (batch == "open") & collection.isna() & ~revision,
        "released": (batch == "released") & collection.isna() & ~revision,
        "cancelled": collection.isna() & batch.isna() & ~revision,
    }
    for status, is_right in right.items():
        assert is_right[orders["status"] == status].all(), (status, told)
    assert balance(state)["holds"].all(), (balance(state)["sentence"].tolist(), told)

    sums = state.postings.pivot_table(
        index="order_id", columns="account", values="amount_cents", aggfunc="sum", fill_value=0
    )
    assert (sums >= 0).all(axis=None), ("an account fell below nothing", told)
    assert state.postings["amount_cents"].sum() == state.payments["amount_cents"].sum(), told
    owed = state.postings.loc[state.postings["account"] == "to_refund", "amount_cents"].sum()
    assert owed == state.refunds["amount_cents"].sum(), ("refunds and the money book differ", told)
    bought_as = purchases(orders)
    paid = (
        state.payments.dropna(subset="order_id")
        .groupby(state.payments["order_id"].map(bought_as))["amount_cents"]
        .sum()
    )
    booked = (
        state.postings.dropna(subset="order_id")
        .groupby(state.postings["order_id"].map(bought_as))["amount_cents"]
        .sum()
    )
    assert booked[booked != 0].to_dict() == paid[paid != 0].to_dict(), ("a purchase holds another's money", told)
    assert (orders["paid_cents"] >= 0).all() and (orders["total_cents"] >= 0).all(), told
    released = orders.loc[orders["status"].isin(["released", "cancelled"]), "order_id"]
    held = sums["held"].reindex(released).fillna(0) if "held" in sums else pd.Series(dtype="int64")
    assert (held == 0).all(), ("money of a finished order is still held", told)

    batches = [p["batch"] for p in walk.sent]
    assert len(batches) == len(set(batches)), ("a batch was sent twice", told)
    assert set(batches) == set(state.batches.loc[state.batches["status"] == "released", "batch_id"]), told


def nothing_is_stuck(walk: Walk, data):
    """After populate and place every batch can go: nothing that happened stops a job for good."""
    walk.populate(data)
    walk.apply(plan_place(walk.state, now=walk.now), lambda: plan_place(walk.state, now=walk.now))
    for number in walk.state.batches.loc[walk.state.batches["status"] == "open", "batch_id"]:
        if (walk.state.orders["batch_id"] == number).any():
            before = walk.state
            plan = plan_batch(before, now=walk.now, number=int(number))
            walk.apply(plan)
            what_was_sent_is_right(before, walk.sent[-1], walk)
    the_books_are_right(walk, set())
