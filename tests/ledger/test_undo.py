"""Taking back: exact cells, never over later work, never what has left the house."""

import pandas as pd
import pytest

from prepaykit.errors import Refused
from prepaykit.ledger.outbox import drain
from tests.ledger.studios import JOB, MORNING, assert_same_cells, names_plan, opened, post, promising, regraded


@pytest.fixture
def named(store):
    opened(store)
    store.apply(names_plan(store.read(JOB), "AA", "BB", "CC"), actor="anna", why="")
    return store


def undo(store, op_no=None):
    return store.undo(JOB, op_no, actor="ben", why="mistake")


def test_undo_restores_the_exact_cells_of_changed_rows(named):
    before = named.read(JOB)
    state = named.read(JOB)
    changed = state.subjects.assign(
        grade=["1", None, "3"], first_name=None, sell=[True, False, True], card_printed_at=MORNING
    ).iloc[:2]
    from prepaykit.tables.plan import Plan

    named.apply(Plan.between(state, "names", {"subjects": changed}), actor="anna", why="")
    receipt = undo(named)
    assert receipt.counts["subjects"] == (1, 2, 0)
    assert_same_cells(named.read(JOB), before)


def test_undo_takes_new_rows_away(store):
    opened(store)
    before = store.read(JOB)
    store.apply(names_plan(before, "AA"), actor="anna", why="")
    undo(store)
    assert_same_cells(store.read(JOB), before)


def test_undo_pressed_again_walks_further_back(named):
    states = [named.read(JOB)]
    for grade in ("1", "2"):
        named.apply(regraded(named.read(JOB), grade), actor="anna", why="")
        states.append(named.read(JOB))
    assert undo(named).undo_of == 4
    assert_same_cells(named.read(JOB), states[1])
    assert undo(named).undo_of == 3
    assert_same_cells(named.read(JOB), states[0])
    assert undo(named).undo_of == 2
    assert named.read(JOB).subjects.empty
    with pytest.raises(Refused, match="a job is not taken back"):
        undo(named)


def test_undoing_an_undo_brings_the_operation_back_and_it_can_be_undone_again(named):
    named.apply(regraded(named.read(JOB), "1"), actor="anna", why="")
    done = named.read(JOB)
    undo(named)
    undo(named, 4)
    assert_same_cells(named.read(JOB), done)
    assert undo(named).undo_of == 5
    assert named.read(JOB).subjects["grade"].isna().all()


def test_an_operation_is_undone_once(named):
    undo(named, 2)
    with pytest.raises(Refused, match="was undone by operation 3"):
        undo(named, 2)


def test_undo_is_refused_when_a_row_was_changed_since_and_names_it(named):
    named.apply(regraded(named.read(JOB), "1"), actor="anna", why="")
    named.apply(regraded(named.read(JOB), "2", only=2, verb="paper"), actor="carl", why="")
    with pytest.raises(
        Refused, match=r"1 of its rows were changed since, last by operation 4 \(paper by carl\): subjects 2"
    ):
        undo(named, 3)
    assert list(named.read(JOB).subjects["grade"]) == ["1", "2", "1"]


def test_an_older_operation_can_be_undone_while_later_ones_touched_other_rows(named):
    named.apply(regraded(named.read(JOB), "1", only=1), actor="anna", why="")
    named.apply(regraded(named.read(JOB), "2", only=2), actor="anna", why="")
    undo(named, 3)
    assert named.read(JOB).subjects["grade"].fillna("-").tolist() == ["-", "2", "-"]


def test_the_money_book_is_countered_never_shortened(store):
    opened(store)
    store.apply(post(store.read(JOB), 500, -200), actor="anna", why="")
    undo(store)
    assert list(store.read(JOB).postings["amount_cents"]) == [500, -200, -500, 200]
    undo(store, 3)
    postings = store.read(JOB).postings
    assert list(postings["amount_cents"]) == [500, -200, -500, 200, 500, -200]
    assert postings["reason"].iloc[-1] == "undo of operation 3"


def test_what_waits_in_the_outbox_is_withdrawn_and_can_be_promised_anew(named):
    named.apply(promising(named.read(JOB), payload="one"), actor="anna", why="")
    undo(named)
    assert list(named.outbox(JOB)["state"]) == ["withdrawn"]
    assert drain(named, {"lab_package": lambda payload, key: "sent"}, now=MORNING).empty
    named.apply(promising(named.read(JOB), payload="two"), actor="anna", why="")
    sent = []
    drain(named, {"lab_package": lambda payload, key: sent.append(payload["text"]) or "ok"}, now=MORNING)
    assert sent == ["two"]


def test_an_undone_undo_promises_again(named):
    named.apply(promising(named.read(JOB)), actor="anna", why="")
    undo(named)
    undo(named, 4)
    assert list(named.outbox(JOB)["state"]) == ["pending"]
    undo(named)
    assert list(named.outbox(JOB)["state"]) == ["withdrawn"]


def test_what_was_sent_cannot_be_taken_back(named):
    named.apply(promising(named.read(JOB)), actor="anna", why="")
    drain(named, {"lab_package": lambda payload, key: "ok"}, now=MORNING)
    with pytest.raises(Refused, match="maple/batch/1 was sent already"):
        undo(named)


def test_what_may_have_been_sent_cannot_be_taken_back_either(named):
    named.apply(promising(named.read(JOB)), actor="anna", why="")
    seen = []

    def killed_in_the_middle(payload, key):
        with pytest.raises(Refused, match="is being sent"):
            undo(named)
        seen.append(key)
        return "ok"

    drain(named, {"lab_package": killed_in_the_middle}, now=MORNING)
    assert seen == ["maple/batch/1"]


def test_a_row_changed_outside_of_the_program_is_not_overwritten(named):
    named.apply(regraded(named.read(JOB), "1"), actor="anna", why="")
    with named.database.writing() as connection:
        connection.exec_driver_sql("UPDATE subjects SET grade = '9' WHERE subject_id = 2")
    with pytest.raises(Refused, match="subjects 2 is not as its journal says"):
        undo(named)


def test_a_double_click_on_undo_takes_back_one_operation(named):
    named.apply(regraded(named.read(JOB), "1"), actor="anna", why="")
    first = named.undo(JOB, actor="ben", why="", op_id="button")
    assert named.undo(JOB, actor="ben", why="", op_id="button") == first
    assert len(named.read(JOB).subjects) == 3


def test_history_shows_both_sides_of_an_undo(named):
    named.apply(regraded(named.read(JOB), "1"), actor="anna", why="")
    undo(named)
    history = named.history(JOB).set_index("op_no")
    assert history.loc[3, "undone_by"] == 4
    assert history.loc[4, "undo_of"] == 3
    assert pd.isna(history.loc[4, "undone_by"])


def test_an_operation_that_is_not_there_is_told(named):
    with pytest.raises(Refused, match="there is no operation 99; the job's last is 2"):
        undo(named, 99)
