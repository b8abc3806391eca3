"""The panel that finds: everything of a job, the deleted too, with its place, pictures, money and history."""

import json

import pandas as pd
import pytest

from prepaykit.decide.cancel import plan_cancel
from prepaykit.errors import UsageError
from prepaykit.panels.find import find_work
from prepaykit.panels.opening import open_panel
from prepaykit.tables.state import JobState
from tests.jobs import NOW, placed, with_frames
from tests.jobs import job as small_job
from tests.panels.jobs import HOSTILE


@pytest.fixture
def state():
    state = placed(small_job(2))
    return state.after(plan_cancel(state, ["1002"], now=NOW, why="moved away"))


def fields_of(work, key):
    return {k: v for b in work.details(key) if b["kind"] == "fields" for k, v in b["rows"]}


def test_orders_people_and_classes_are_rows_and_the_cancelled_is_there(state):
    rows = find_work(state).rows
    assert rows[["kind", "number"]].to_numpy().tolist()[:2] == [["order", "1001"], ["order", "1002"]]
    assert set(rows["kind"]) == {"order", "student", "class"}
    assert rows.set_index("key").loc["order 1002", ["status", "tone"]].tolist() == ["cancelled", "bad"]
    assert rows["key"].is_unique


def test_a_card_whose_code_is_on_no_list_is_found(state):
    state = with_frames(state, {"ZZZZ-9999": 1})
    work = find_work(state)
    assert work.rows.set_index("key").loc["code ZZZZ-9999", ["status", "where"]].tolist() == ["on no list", "1 frames"]
    assert work.details("code ZZZZ-9999")[-1]["kind"] == "frames"


def test_the_details_of_an_order_say_where_it_is_what_it_cost_and_which_notebook_deals_with_it(state):
    work = find_work(state)
    told = fields_of(work, "order 1002")
    assert (told["where"], told["why"], told["to refund"]) == ("cancelled", "moved away", "$15.00")
    assert work.details("order 1002")[0]["text"] == "Dealt with in 80 Cancel and refund."
    assert fields_of(work, "order 1001")["where"] == "batch 1"
    for key in work.rows["key"]:
        json.dumps(work.details(key), allow_nan=False)


def test_a_child_is_shown_with_its_gallery_and_orders(state):
    work = find_work(state)
    assert fields_of(work, "student AAAA-0001")["orders"] == "1001 (in batch)"
    assert [f["frame"] for f in work.details("student AAAA-0001")[-1]["frames"]] == [2, 3]


def test_the_history_tells_operations_states_and_fields_but_no_value_that_could_be_a_name(state):
    def past(rows):
        assert rows["orders"] == [1]
        changes = [(4, "orders", "1", "status", "open", "in_batch"), (4, "orders", "1", "buyer_name", HOSTILE, "Ann"),
                   (2, "orders", "1", "order_id", None, "1"), (2, "orders", "1", "buyer_name", None, "Ann")]  # fmt: skip
        table = pd.DataFrame(changes, columns=["op_no", "table", "key", "column", "before", "after"])
        return table.assign(at_utc=NOW, actor="ana", verb="place")

    told = fields_of(find_work(state, past), "order 1001")
    assert told["operation 4, 2026-10-01 15:00 UTC"] == "place by ana: orders: status open → in_batch, buyer_name"
    assert told["operation 2, 2026-10-01 15:00 UTC"] == "place by ana: 1 new in orders"


def test_the_journal_of_an_order_comes_from_the_studio(job, folder):
    job.apply(job.paper(folder / "paper_orders.csv"))
    panel = open_panel(job, "find")
    told = fields_of(panel.work, "envelope C001")
    assert any(value.startswith("paper by ana: 1 new in envelopes") for value in told.values())


def test_nothing_is_planned_there(job):
    with pytest.raises(UsageError, match="for looking"):
        open_panel(job, "find").plan()


def test_names_stay_out_of_the_table_of_a_scheduled_run(job):
    panel = open_panel(job, "find")
    assert HOSTILE in " ".join(panel.work.rows["who"]) and "who" not in panel.table()
    assert HOSTILE not in panel._repr_html_()


def test_an_empty_job_has_nothing():
    assert not len(find_work(JobState.new(name="maple-grove-2026", school="Maple Grove")).rows)
