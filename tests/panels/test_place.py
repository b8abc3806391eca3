"""The panel of review and create: what happens to each order, what is in its way, and what is accepted."""

import json

import pandas as pd
import pytest

from prepaykit.decide.place import plan_place
from prepaykit.errors import UsageError
from prepaykit.panels.place import place_work
from prepaykit.tables.findings import found
from prepaykit.tables.state import JobState
from tests.jobs import NOW, job, placed, populated, with_orders


def with_findings(state, *parts):
    return state.replace(findings=pd.concat([state.findings, *parts]))


@pytest.fixture
def state():
    """1001 is fine, 1002 is doubted for money and whose child it is, 1003 was absent."""
    state = populated(job(3, absent=(3,)))
    return with_findings(
        state,
        found("orders", "unpaid", "orders", ["1002"], "order 1002: 0 of 1500 cents"),
        found("orders", "code_of_another_child", "order_subjects", [2], "order 1002: another child's code"),
    )


@pytest.fixture
def work(state):
    return place_work(state)


def row(work, key):
    return work.rows.set_index("key").loc[key]


def words(work, key):
    return " ".join(w for b in work.details(key) if b["kind"] == "notes" for w, _ in b["notes"])


def test_a_row_says_what_happens_to_the_order_and_what_is_in_its_way(work):
    assert work.rows["key"].tolist() == ["1002", "1003", "1001"]  # those in the way first
    told = work.rows.set_index("key")[["verdict", "in_the_way", "tone"]].to_numpy().tolist()
    assert told == [
        ["held", "code of another child, unpaid", "bad"],
        ["held", "picture missing", "bad"],
        ["to the batch", "", ""],
    ]


def test_the_errors_that_would_be_accepted_stand_in_the_row_as_a_file_names_them(work):
    assert row(work, "1002")["stands"] == "code_of_another_child/1002 unpaid"
    assert (row(work, "1001")["stands"], row(work, "1003")["stands"]) == ("", "")


def test_the_details_say_in_full_what_is_accepted_and_show_what_was_ordered(work):
    assert "order 1002: 0 of 1500 cents" in words(work, "1002") and "just these 2 errors" in words(work, "1002")
    assert "cannot be accepted" in words(work, "1003")
    bought = next(b for b in work.details("1003") if b["kind"] == "products")
    assert bought["items"][0]["tiles"] == [{"frame": None, "caption": "5x7 · picture missing", "tone": "bad"}]
    for key in work.rows["key"]:
        json.dumps(work.details(key), allow_nan=False)


def test_an_acceptance_is_a_choice_of_just_these_errors_and_the_verb_does_it(state, work):
    presses = pd.DataFrame({"row_key": ["1002"], "action": ["accept"], "value": [row(work, "1002")["stands"]]})
    brought = work.choices(presses).assign(who="ana", why=None, decided_at=NOW, row="1002")
    after = state.after(plan_place(state, now=NOW, choices=brought))
    assert after.orders.set_index("order_no").loc["1002", "status"] == "in_batch"


def test_what_stands_there_by_now_must_be_what_was_seen(work):
    work.check("1002", "accept", row(work, "1002")["stands"])
    with pytest.raises(UsageError, match="something else stands on it by now"):
        work.check("1002", "accept", "unpaid")


def test_an_accepted_error_is_still_told_and_nothing_is_left_to_accept(state):
    after = state.replace(choices=state.after(plan_place(state, now=NOW, accept=["1002"])).choices)
    work = place_work(after)
    assert (row(work, "1002")["verdict"], row(work, "1002")["stands"]) == ("to the batch", "")
    assert "Accepted" in words(work, "1002")


def test_an_order_on_its_way_that_lost_its_picture_is_there_too():
    state = placed(job(2))
    state = state.replace(slots=state.slots.assign(frame_id=state.slots["frame_id"].mask(state.slots["order_id"] == 1)))
    assert place_work(state).rows[["key", "verdict"]].to_numpy().tolist() == [["1001", "pulled back, held"]]


@pytest.mark.parametrize(
    ("policy", "told"),
    [("hold_whole", "held"), ("split", "to the batch, in part"), ("ship_partial", "to the batch, in part")],
)
def test_the_policy_for_siblings_is_told(policy, told):
    state = job(3, absent=(3,), sibling_policy=policy)
    state = populated(with_orders(state, [("2001", [1, 3])]))
    assert row(place_work(state), "2001")["verdict"] == told


def test_every_order_of_the_collection_goes_as_the_panel_says(state, work):
    after = state.after(plan_place(state, now=NOW)).orders.set_index("order_no")["status"]
    goes = work.rows.set_index("key")["verdict"].map({"held": "held", "to the batch": "in_batch"})
    assert after[goes.index].tolist() == goes.tolist()


def test_without_orders_nothing_waits():
    assert not len(place_work(JobState.new(name="maple-grove-2026", school="Maple Grove")).rows)
