"""The steps of a job: what is done, what waits for a person, and which is next."""

import pandas as pd

from prepaykit.decide.cancel import plan_cancel
from prepaykit.rules.steps import COLUMNS, NOTEBOOKS, steps
from prepaykit.tables.findings import found
from prepaykit.tables.state import JobState
from tests.jobs import NOW, code, job, placed, populated, released, with_frames

EMPTY = JobState.new(name="maple-grove-2026", school="Maple Grove")


def told(state, verb):
    row = steps(state).set_index("verb").loc[verb]
    return row["state"], row["waits"], row["said"]


def next_of(state):
    rows = steps(state)
    return "".join(rows.loc[rows["state"] == "next", "verb"])


def test_a_job_has_one_row_a_notebook_and_at_most_one_step_is_next():
    for state in (EMPTY, job(5), populated(job(5)), placed(job(5, absent=(2,))), released(placed(job(5)))):
        rows = steps(state)
        assert list(rows.columns) == COLUMNS
        assert rows["verb"].tolist() == list(NOTEBOOKS)
        assert (rows["state"] == "next").sum() <= 1
        assert rows["state"].isin(["done", "waits", "next", "not yet"]).all()
        assert (rows["said"] != "").all()


def test_the_next_step_follows_the_work():
    assert next_of(EMPTY) == "names"
    assert next_of(with_prices(job(5))) == "populate"
    assert next_of(with_prices(populated(job(5)))) == "place"
    assert next_of(with_prices(placed(job(5)))) == "batch"
    assert next_of(with_prices(released(placed(job(5))))) == "sell"


def test_an_absent_child_waits_at_codes_and_at_place_while_the_batch_is_next():
    state = with_prices(placed(job(15, absent=(2, 4, 9))))
    assert told(state, "populate") == ("done", 0, "12 of 15 pictures in place")
    assert told(state, "codes") == ("waits", 3, "3 orders without a picture")
    assert told(state, "place") == ("waits", 3, "12 of 15 orders placed, 3 held")
    assert told(state, "batch") == ("next", 0, "12 in the open batch")


def test_pictures_of_a_retake_day_make_populate_the_next_step_again():
    state = with_prices(released(placed(job(5, absent=(2,)))))
    again = with_frames(state, {code(2): 2}, shoot_no=2)
    assert told(again, "populate") == ("next", 0, "4 of 5 pictures in place, 1 more could be")
    assert told(populated(again), "place") == ("next", 1, "4 of 5 orders placed, 1 held, 1 ready")


def test_an_order_that_an_error_blocks_is_not_ready():
    state = with_prices(populated(job(2)))
    assert told(state, "place")[2] == "0 of 2 orders placed, 2 ready"
    blocked = state.replace(findings=found("orders", "unpaid", "orders", ["1001"], "order 1001"))
    assert told(blocked, "place")[2] == "0 of 2 orders placed, 1 ready"
    assert told(blocked, "orders") == ("waits", 1, "2 online orders, 1 to look at")


def test_orders_in_revision_wait_for_a_look_before_the_batch():
    state = with_prices(placed(job(3, has_manual_revision=True)))
    assert told(state, "revise") == ("next", 3, "3 orders to look at")
    assert told(state, "batch") == ("not yet", 0, "nothing to release")


def test_an_envelope_without_an_order_waits():
    envelopes = pd.DataFrame({"envelope_id": [1], "envelope_no": ["E1"], "packages": ["A-1"], "received_cents": [1500]})
    assert told(populated(job(2)).replace(envelopes=envelopes), "paper") == (
        "waits",
        1,
        "1 envelope, 1 without an order",
    )


def test_a_refund_to_be_made_waits_at_refund():
    state = placed(job(3))
    state = state.after(plan_cancel(state, ["1001"], now=NOW, why="left the school"))
    assert told(state, "cancel") == ("done", 0, "1 order cancelled")
    assert told(state, "refund") == ("waits", 1, "nothing given back, 1 to settle")


def test_before_picture_day_nobody_is_missing_from_the_books():
    before = job(2).replace(frames=EMPTY.frames, galleries=EMPTY.galleries, group_frames=EMPTY.group_frames)
    assert told(before, "report") == ("done", 0, "the job balances")


def test_books_that_do_not_balance_wait_at_the_report():
    state = placed(job(3))
    assert told(state, "report") == ("done", 0, "the job balances")
    lost = state.replace(payments=state.payments.iloc[1:])
    assert told(lost, "report")[0] == "waits"
    assert "does NOT balance: " in told(lost, "report")[2]


def with_prices(state):
    """A job of tests.jobs has no price list and no printed cards: give it both, so that the step after them is seen."""
    products = pd.DataFrame(
        {
            "product_id": [1],
            "edition": [1],
            "code": ["P5"],
            "name": ["5x7"],
            "image_kind": ["individual"],
            "price_cents": [1500],
        }
    )
    return state.replace(products=products)
