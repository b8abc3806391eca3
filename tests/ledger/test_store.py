"""The store's promises: all or nothing, once, never over somebody else's work, and nothing lost on the way."""

import threading

import pandas as pd
import pytest
import sqlalchemy as sa

from prepaykit.errors import Refused, StalePlan, UsageError
from prepaykit.ledger.schema import OPS, SCHEMA
from prepaykit.ledger.store import Store
from prepaykit.tables.catalog import empty, typed
from prepaykit.tables.plan import Plan, effect
from tests.ledger.studios import JOB, assert_same_job, names_plan, opened, post, promising, regraded, subjects


def everything_hostile(state):
    """One row in each kind of column that drivers are known to spoil."""
    group = pd.DataFrame({"group_id": [1, 2], "name": ["KG AM", 'O\'Brien "B" 100%'], "access_code": ["001234", "1E5"]})
    people = subjects("00123", "NaN", "NULL", group_id=pd.array([1, None, 2], dtype="Int64"), grade=["K", None, ""],
                      student_id=["007", None, "∅ 名前"], card_printed_at=pd.Timestamp("2026-11-01T01:30:00.000001-04:00"))  # fmt: skip
    people = people.assign(sell=[True, False, True], first_name=["=1+1", None, "Zoë"])
    frame = pd.DataFrame({"frame_id": [1, 2], "root": "r", "path": ["a.jpg", "b.jpg"], "size_bytes": [9007199254740993, 1],
                          "width": pd.array([None, 600], dtype="Int64"), "camera": "c", "sequence": [1, 2], "shoot_no": 1, "role": "card",
                          "shot_at": [pd.Timestamp("2026-11-01T01:30:00.123456"), pd.NaT]})  # fmt: skip
    return Plan.between(state, "names", {"groups": group, "subjects": people, "frames": frame})


def test_the_store_comes_to_the_same_as_the_plan_in_memory(store):
    opened(store)
    state = store.read(JOB)
    plan = everything_hostile(state)
    store.apply(plan, actor="anna", why="")
    assert_same_job(store.read(JOB), state.after(plan))


def test_changed_and_deleted_rows_come_to_the_same_too(store):
    opened(store)
    state = store.read(JOB)
    store.apply(names_plan(state, "AA", "BB", "CC"), actor="anna", why="")
    state = store.read(JOB)
    now = state.subjects.assign(grade=["1", None, "3"], first_name=[None, "Ö", "X"]).iloc[1:]
    plan = Plan.between(state, "names", {"subjects": now, "jobs": state.jobs.assign(picture_day="2026-09-30")})
    receipt = store.apply(plan, actor="anna", why="corrected")
    assert receipt.counts["subjects"] == (0, 2, 1)
    assert_same_job(store.read(JOB), state.after(plan))


def test_two_rows_may_swap_what_is_unique(store):
    opened(store)
    store.apply(names_plan(store.read(JOB), "AA", "BB"), actor="anna", why="")
    state = store.read(JOB)
    plan = names_plan(state, "BB", "AA")
    store.apply(plan, actor="anna", why="")
    assert_same_job(store.read(JOB), state.after(plan))
    store.undo(JOB, actor="anna", why="")
    assert list(store.read(JOB).subjects["access_code"]) == ["AA", "BB"]


def test_tables_keep_their_types_when_they_are_empty(store):
    opened(store)
    for name in ("frames", "subjects", "orders", "findings"):
        pd.testing.assert_frame_equal(store.read(JOB).tables[name], empty(name))


def test_a_plan_made_before_somebody_elses_change_is_refused_and_names_them(store):
    opened(store)
    state = store.read(JOB)
    store.apply(names_plan(state, "AA"), actor="anna", why="")
    with pytest.raises(StalePlan, match=r"made at operation 1, the job is at 2\. Since then: 2 names by anna"):
        store.apply(names_plan(state, "BB"), actor="ben", why="")
    assert list(store.read(JOB).subjects["access_code"]) == ["AA"]


def test_a_row_with_another_version_refuses_the_whole_plan(store):
    opened(store)
    store.apply(names_plan(store.read(JOB), "AA", "BB"), actor="anna", why="")
    plan = regraded(store.read(JOB), "4")
    table = SCHEMA.tables["subjects"]
    with store.database.writing() as connection:  # as nobody should: past the store
        connection.execute(sa.update(table).where(table.c.subject_id == 2).values(version=9))
    with pytest.raises(StalePlan, match="1 of 2 rows of subjects"):
        store.apply(plan, actor="ben", why="")
    assert store.read(JOB).subjects["grade"].isna().all()
    assert store.read(JOB).head == 2


def test_a_double_click_acts_once_and_gives_the_same_receipt(store):
    opened(store)
    plan = names_plan(store.read(JOB), "AA")
    first = store.apply(plan, actor="anna", why="", op_id="button-1")
    assert store.apply(plan, actor="anna", why="", op_id="button-1") == first
    assert len(store.history(JOB)) == 2


def test_an_operation_id_used_for_another_plan_is_refused(store):
    opened(store)
    state = store.read(JOB)
    store.apply(names_plan(state, "AA"), actor="anna", why="", op_id="button-1")
    with pytest.raises(Refused, match="button-1 was used for something else"):
        store.apply(names_plan(state, "BB"), actor="anna", why="", op_id="button-1")


def test_an_empty_plan_writes_nothing(store):
    opened(store)
    receipt = store.apply(Plan.between(store.read(JOB), "populate", {}), actor="anna", why="")
    assert receipt.op_no is None
    assert len(store.history(JOB)) == 1


def test_an_access_code_of_another_job_is_refused_by_its_code_and_without_names(store):
    opened(store)
    opened(store, "oak-hill-2026")
    plan = names_plan(store.read("oak-hill-2026"), "AB12-CD34")
    store.apply(names_plan(store.read(JOB), "AB12-CD34"), actor="anna", why="")
    with pytest.raises(Refused, match=r"AB12-CD34 \(job maple-grove-2026\)") as refused:
        store.apply(plan, actor="ben", why="")
    assert "Zoë" not in str(refused.value)
    assert "Łuk" not in str(refused.value)
    assert store.read("oak-hill-2026").head == 1


def test_a_job_sees_the_codes_of_the_other_jobs(store):
    opened(store)
    opened(store, "oak-hill-2026")
    store.apply(names_plan(store.read(JOB), "AA", "BB"), actor="anna", why="")
    assert store.read("oak-hill-2026").other_codes.to_dict("list") == {"access_code": ["AA", "BB"], "job": [JOB, JOB]}
    assert store.read(JOB).other_codes.empty


def test_a_row_that_points_nowhere_is_refused(store):
    opened(store)
    plan = Plan.between(store.read(JOB), "names", {"subjects": subjects("AA", group_id=7)})
    with pytest.raises(Refused, match="point to a row that is not there"):
        store.apply(plan, actor="anna", why="")
    assert store.read(JOB).subjects.empty


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_text_that_a_database_cannot_hold_is_refused_without_quoting_it(store, text):
    opened(store)
    with pytest.raises(Refused, match="table subjects: a value of first_name holds"):
        store.apply(names_plan(store.read(JOB), "AA", first_name=pd.Series([text], dtype=object)), actor="anna", why="")


@pytest.mark.parametrize("verb", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}"])
@pytest.mark.parametrize(("table", "column"), [("ops", "actor"), ("journal", "seq"), ("postings", "amount_cents")])
def test_what_happened_cannot_be_rewritten(store, table, column, verb):
    opened(store)
    store.apply(post(store.read(JOB), 500), actor="anna", why="")
    with (
        pytest.raises((Refused, sa.exc.IntegrityError), match=r"append-only|never changed"),
        store.database.writing() as connection,
    ):
        connection.exec_driver_sql(verb.format(table, column))
    assert list(store.read(JOB).postings["amount_cents"]) == [500]


def test_a_second_job_of_the_same_name_is_refused(store):
    opened(store)
    with pytest.raises(Refused, match="exists already"):
        opened(store)
    with pytest.raises(Refused, match="exists already"):
        opened(store, JOB.upper())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "a b"}, "letters, digits and hyphens"),
        ({"name": "-a"}, "letters, digits and hyphens"),
        ({"name": "a-"}, "letters, digits and hyphens"),
        ({"name": "a_"}, "letters, digits and hyphens"),
        ({"name": ""}, "needs name"),
        ({"name": "a", "colour": "red"}, "no setting colour"),
        ({"name": "a", "timezone": "Maple/Grove"}, "no IANA time zone"),
        ({"name": "a", "picture_day": "9/1/2026"}, "is a date"),
        ({"name": "a", "retake_policy": "both"}, "retake_policy may be"),
        ({"name": "a" * 61}, "at most 60 characters"),
        ({"name": "CON"}, "Windows keeps that name"),
        ({"name": "a", "currency": "dollars"}, "currency is three letters"),
        ({"name": "a", "currency": "$"}, "currency is three letters"),
        ({"name": "a", "batch_deadline": "0026-10-16"}, "a date from 2000 on"),
        ({"name": "a", "batch_deadline": "9999-12-31"}, "a date from 2000 on"),
    ],
)
def test_a_job_with_a_wrong_setting_is_not_opened(store, settings, message):
    with pytest.raises(UsageError, match=message):
        store.add_job({"school": "Maple Grove", **settings}, actor="anna", why="")
    assert store.jobs().empty


def test_a_new_job_keeps_its_settings_as_a_changed_one_does(store):
    given = {"currency": "cad", "has_manual_revision": "yes", "ship_to": "", "batch_deadline": "2026-10-16"}
    store.add_job({"name": "b" * 60, "school": "Maple Grove", **given}, actor="anna", why="")
    job = store.read("b" * 60).job
    assert (job["currency"], job["has_manual_revision"], job["ship_to"]) == ("CAD", True, None)


def test_opening_a_job_is_its_first_operation_with_the_settings_in_the_journal(store):
    opened(store)
    assert store.read(JOB).head == 1
    journal = store.journal(JOB, 1).set_index("column")["after"]
    assert (journal["name"], journal["timezone"]) == (JOB, "America/New_York")


def test_a_job_keeps_its_name(store):
    opened(store)
    state = store.read(JOB)
    with pytest.raises(Refused, match="a job keeps its name"):
        store.apply(Plan.between(state, "new", {"jobs": state.jobs.assign(name="other")}), actor="anna", why="")


def test_an_unknown_job_is_told_with_those_that_are_there(store):
    opened(store)
    with pytest.raises(UsageError, match="there are: maple-grove-2026"):
        store.read("maple")


def test_history_says_who_did_what_and_why(store):
    opened(store)
    store.apply(names_plan(store.read(JOB), "AA", "BB"), actor="ben", why="list of 1 September")
    last = store.history(JOB).iloc[-1]
    assert (last["op_no"], last["actor"], last["verb"], last["why"], last["changes"]) == (
        2,
        "ben",
        "names",
        "list of 1 September",
        2,
    )
    assert last["headline"] == "2 names"
    assert str(last["at_utc"].tz) == "UTC"


def test_the_journal_holds_only_what_changed(store):
    opened(store)
    store.apply(names_plan(store.read(JOB), "AA", "BB"), actor="anna", why="")
    store.apply(regraded(store.read(JOB), "4", only=2), actor="anna", why="")
    assert store.journal(JOB, 3).to_numpy().tolist()[0][:4] == [3, "subjects", "2", "grade"]
    assert len(store.journal(JOB, 3)) == 1


def test_the_same_promise_is_one_effect_and_another_under_its_key_is_refused(store):
    opened(store)
    store.apply(names_plan(store.read(JOB), "AA"), actor="anna", why="")
    store.apply(promising(store.read(JOB)), actor="anna", why="")
    store.apply(promising(store.read(JOB), grade="6"), actor="anna", why="")
    assert len(store.outbox(JOB)) == 1
    with pytest.raises(Refused, match="was promised before with other contents"):
        store.apply(promising(store.read(JOB), payload="two", grade="7"), actor="anna", why="")
    assert list(store.read(JOB).subjects["grade"]) == ["6"]


def test_a_plan_with_only_an_effect_is_an_operation(store):
    opened(store)
    plan = Plan.between(store.read(JOB), "sell", {}, effects=effect("k", "mail_merge", {}))
    assert store.apply(plan, actor="anna", why="").op_no == 2
    assert store.read(JOB).head == 2


def test_two_who_press_at_once_one_wins_and_the_other_is_told(place):
    with Store.open(place) as store:
        opened(store)
        state = store.read(JOB)
    outcomes, start = [], threading.Barrier(4)

    def press(code):
        with Store.open(place) as mine:
            plan = names_plan(state, code)
            start.wait()
            try:
                mine.apply(plan, actor=code, why="")
                outcomes.append("won")
            except StalePlan:
                outcomes.append("told")

    threads = [threading.Thread(target=press, args=(f"P{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["told", "told", "told", "won"]
    with Store.open(place) as store:
        assert store.read(JOB).head == 2
        assert len(store.read(JOB).subjects) == 1


def test_somebody_must_have_done_it(store):
    opened(store)
    with pytest.raises(UsageError, match="actor is empty"):
        store.apply(names_plan(store.read(JOB), "AA"), actor=" ", why="")


def test_the_numbers_of_operations_have_no_gaps_after_refusals(store):
    opened(store)
    state = store.read(JOB)
    for code in ("AA", "BB"):
        with pytest.raises(Refused):
            store.apply(Plan.between(state, "names", {"subjects": subjects(code, group_id=7)}), actor="a", why="")
    store.apply(names_plan(state, "AA"), actor="anna", why="")
    with store.database.reading() as connection:
        assert connection.execute(sa.select(OPS.c.op_no).order_by(OPS.c.op_no)).scalars().all() == [1, 2]


def test_findings_are_kept_like_every_table(store):
    opened(store)
    state = store.read(JOB)
    one = pd.DataFrame([["names", "namesakes", "subjects", "1", "warn", "d", "n"]],
                       columns=["verb", "code", "about", "key", "severity", "detail", "next_move"])  # fmt: skip
    plan = Plan.between(state, "names", {}, findings=typed("findings", one))
    store.apply(plan, actor="anna", why="")
    assert_same_job(store.read(JOB), state.after(plan))
