"""What must never break, whatever the job looks like."""

import pandas as pd
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from prepaykit.decide.batch import plan_batch
from prepaykit.decide.cancel import plan_cancel
from prepaykit.decide.place import plan_place
from prepaykit.decide.populate import plan_populate
from prepaykit.decide.revise import in_revision, plan_revise
from prepaykit.rules.balance import balance
from tests.invariants.jobs_at_random import as_set, jobs, shuffled
from tests.jobs import NOW

# Small jobs already, and each step is a dozen pandas calls: shrinking would take minutes and gain little.
ENOUGH = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow],
                  phases=[Phase.explicit, Phase.reuse, Phase.generate])  # fmt: skip


def whole_day(state):
    """Populate, place, render and release what is in revision, release every batch: the states after each step."""
    state = state.after(plan_populate(state))
    yield state
    state = state.after(plan_place(state, now=NOW))
    yield state
    mates = in_revision(state)
    mates = mates[mates["hole"] == "mate_individual"]
    state = state.after(
        plan_revise(state, now=NOW, artwork={int(i): (f"{i}.jpg", "ff") for i in mates["slot_id"]}, release="clean")
    )
    yield state
    for number in state.batches.loc[state.batches["status"] == "open", "batch_id"]:
        state = state.after(plan_batch(state, now=NOW, number=int(number)))
        yield state


@ENOUGH
@given(jobs())
def test_every_slot_is_filled_or_has_exactly_one_finding(state):
    state = state.after(plan_populate(state))
    empty = set(state.slots.loc[state.slots["frame_id"].isna(), "slot_id"].astype("str"))
    findings = state.findings[state.findings["verb"] == "populate"]
    assert sorted(findings["key"]) == sorted(empty)


@ENOUGH
@given(jobs())
def test_no_slot_ever_holds_a_frame_of_another_code(state):
    for now in whole_day(state):
        filled = now.slots.dropna(subset=["frame_id"])
        for slot in filled.itertuples():
            if slot.hole in ("group", "mate_group"):
                group = now.subjects.set_index("subject_id").loc[slot.subject_id, "group_id"]
                owners = set(now.group_frames.loc[now.group_frames["frame_id"] == slot.frame_id, "group_id"])
                assert group in owners
            else:
                code = now.subjects.set_index("subject_id").loc[slot.subject_id, "access_code"]
                assert code in set(now.galleries.loc[now.galleries["frame_id"] == slot.frame_id, "access_code"])


@ENOUGH
@given(jobs())
def test_every_order_is_in_exactly_one_place(state):
    numbers = set(state.orders["order_no"])
    for now in whole_day(state):
        places = pd.DataFrame({
            "collection": now.orders["collection_id"].notna(),
            "batch": now.orders["batch_id"].notna(),
            "revision": now.orders["order_id"].isin(now.revisions.loc[now.revisions["status"] == "waiting", "order_id"]),
            "cancelled": now.orders["status"] == "cancelled",
        })  # fmt: skip
        assert (places.sum(axis=1) == 1).all()
        assert numbers <= set(now.orders["order_no"]), "no order is ever lost"


@ENOUGH
@given(jobs())
def test_the_job_balances_after_every_step(state):
    for now in whole_day(state):
        assert balance(now)["holds"].all(), balance(now)["sentence"].tolist()


@ENOUGH
@given(jobs())
def test_the_same_plan_twice_changes_nothing(state):
    for now in whole_day(state):
        assert plan_populate(now).is_empty
    populated = state.after(plan_populate(state))
    placed = populated.after(plan_place(populated, now=NOW))
    assert plan_place(placed, now=NOW).is_empty


@ENOUGH
@given(jobs(), st.integers(0, 5))
def test_row_order_changes_nothing(state, seed):
    for a, b in zip(whole_day(state), whole_day(shuffled(state, seed)), strict=True):
        for name in a.tables:
            assert as_set(a.tables[name]) == as_set(b.tables[name]), name


@ENOUGH
@given(jobs())
def test_a_line_is_sent_to_production_at_most_once(state):
    sent = []
    *_, last = whole_day(state)
    for number in last.batches["batch_id"]:
        sent += last.orders.loc[last.orders["batch_id"] == number, "order_id"].tolist()
    assert len(sent) == len(set(sent))
    assert set(last.orders.loc[last.orders["status"] == "released", "order_id"]) == set(sent)


@ENOUGH
@given(jobs(), st.data())
def test_money_in_never_changes_and_cancelled_money_is_owed_back(state, data):
    state = state.after(plan_populate(state))
    came_in = state.payments["amount_cents"].sum()
    if len(state.orders):
        number = data.draw(st.sampled_from(sorted(state.orders["order_no"])))
        state = state.after(plan_cancel(state, [number], now=NOW, why="test"))
        assert (
            state.refunds["amount_cents"].sum()
            == state.orders.loc[state.orders["order_no"] == number, "paid_cents"].iloc[0]
        )
    for now in whole_day(state):
        assert now.postings["amount_cents"].sum() == came_in
        owed = now.postings.loc[now.postings["account"] == "to_refund", "amount_cents"].sum()
        assert owed == now.refunds["amount_cents"].sum(), "the refund list and the money book say the same"
