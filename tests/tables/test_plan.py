"""A plan is the difference, nothing more; what it may not do it refuses."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prepaykit.errors import IllegalMove, StalePlan, UsageError
from prepaykit.tables.catalog import empty, key_of, typed
from prepaykit.tables.findings import REGISTER, found, together
from prepaykit.tables.plan import Change, Plan, effect
from prepaykit.tables.state import JobState
from prepaykit.tables.status import MACHINES
from tests.jobs import job, populated


def groups(*names, start=1):
    ids = range(start, start + len(names))
    return typed(
        "groups", pd.DataFrame({"group_id": list(ids), "name": list(names), "access_code": [f"C{i}" for i in ids]})
    )


def state_with(rows):
    return JobState.new(name="maple-grove-2026", school="Maple Grove").replace(groups=rows)


def test_a_plan_keeps_only_what_differs():
    plan = Plan.between(state_with(groups("1A", "2A", "3A")), "names", {"groups": groups("1A", "2B", "3A", "4A")})
    assert plan.counts() == {"groups": (1, 1, 0)}
    assert plan.preview().to_numpy().tolist()[0] == ["groups", "2", "name", "2A", "2B"]


def test_rows_that_are_gone_are_deletes():
    plan = Plan.between(state_with(groups("1A", "2A")), "names", {"groups": groups("1A")})
    assert plan.counts() == {"groups": (0, 0, 1)}


def test_missing_equals_missing():
    assert Plan.between(state_with(groups("1A")), "names", {"groups": groups("1A").assign(teacher=None)}).is_empty


def test_applied_rows_count_their_version_up():
    before = state_with(groups("1A", "2A"))
    after = before.after(Plan.between(before, "names", {"groups": groups("1A", "2B", "3A")}))
    assert after.groups[["name", "version"]].to_numpy().tolist() == [["1A", 1], ["2B", 2], ["3A", 1]]
    assert after.head == 1


def test_a_plan_of_yesterday_is_refused():
    before = state_with(groups("1A"))
    plan, other = (Plan.between(before, "names", {"groups": groups(name)}) for name in ("1B", "1C"))
    with pytest.raises(StalePlan, match=r"made at operation 0, the job is at 1\. Somebody changed the job since"):
        before.after(other).after(plan)


def test_a_plan_for_another_job_is_refused():
    plan = Plan.between(state_with(groups("1A")), "names", {"groups": groups("1B")})
    with pytest.raises(StalePlan, match="is for job maple-grove-2026, not for oak-hill"):
        JobState.new(name="oak-hill", school="Oak Hill").after(plan)


def test_a_status_goes_only_where_its_machine_allows():
    state = job(2)
    state = state.replace(orders=state.orders.assign(status="released"))
    with pytest.raises(
        IllegalMove, match="orders 1, 2: status cannot go from released to cancelled; allowed: nothing, it is final"
    ):
        Plan.between(state, "test", {"orders": state.orders.assign(status="cancelled")})


def test_the_money_book_is_only_added_to():
    state = job(1)
    with pytest.raises(IllegalMove, match="postings is append-only"):
        Plan.between(state, "test", {"postings": state.postings.assign(amount_cents=1)})


def test_findings_of_a_verb_replace_its_former_ones_and_leave_the_others():
    state = state_with(groups("1A"))
    for verb, key in (("photos", 1), ("populate", 2), ("photos", 3)):
        state = state.after(Plan.between(state, verb, {}, findings=found(verb, "unread_card", "frames", [key], "x")))
    assert state.findings[["verb", "key"]].sort_values("verb").to_numpy().tolist() == [
        ["photos", "3"],
        ["populate", "2"],
    ]


def test_effects_alone_make_a_plan_worth_applying():
    plan = Plan.between(state_with(groups("1A")), "sell", {}, effects=effect("a/1", "mail_merge", {"b": 1, "a": 2}))
    assert (plan.is_empty, plan.effects["payload"].tolist()) == (False, ['{"a":2,"b":1}'])


def test_a_plan_shows_itself_with_every_name_escaped():
    plan = Plan.between(state_with(groups("1A")), "names", {}, headline="<img src=x onerror=alert(1)>")
    assert "<img" not in plan._repr_html_()


def test_a_plan_reads_as_counts():
    plan = Plan.between(state_with(groups("1A")), "names", {"groups": groups("1A", "2A")}, headline="1 class added",
                        findings=found("names", "no_group", "subjects", [4, 5], "x"))  # fmt: skip
    assert repr(plan).splitlines() == ["names maple-grove-2026: 1 class added", "  groups: 1 new", "  warn: 2 no_group"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.integers(1, 9), st.sampled_from(["1A", "1B", None])),
    st.dictionaries(st.integers(1, 9), st.sampled_from(["1A", "1B", None])),
)
def test_a_change_applied_to_the_old_gives_the_new(old, new):
    def table_of(rows):
        frame = pd.DataFrame({"group_id": list(rows), "teacher": list(rows.values())}).assign(name="x")
        return typed(
            "groups", frame.assign(access_code=frame["group_id"].astype("str")) if len(frame) else empty("groups")
        )

    result = (
        Change.between("groups", table_of(old), table_of(new))
        .on(table_of(old))
        .sort_values("group_id", ignore_index=True)
    )
    expected = table_of(new).sort_values("group_id", ignore_index=True)
    pd.testing.assert_frame_equal(result.drop(columns="version"), expected.drop(columns="version"))


# --- catalog, findings, status -----------------------------------------------------------------------------------------


def test_a_column_that_the_catalog_does_not_know_is_a_mistake():
    with pytest.raises(UsageError, match="table groups has no column room"):
        typed("groups", groups("1A").assign(room=3))


def test_a_double_key_is_a_mistake():
    with pytest.raises(UsageError, match="1 rows repeat a key"):
        typed("groups", pd.concat([groups("1A"), groups("2A")]))


def test_a_needed_value_may_not_be_missing():
    with pytest.raises(UsageError, match="1 rows have no name"):
        typed("groups", groups("1A").assign(name=None))


def test_a_value_outside_the_allowed_ones_is_a_mistake():
    with pytest.raises(UsageError, match="kind may be student, staff, blank; got 'pupil'"):
        typed("subjects", job(1).subjects.assign(kind="pupil"))


def test_codes_and_ids_stay_text():
    rows = typed("groups", groups("1A").assign(access_code="001234", grade="1E5"))
    assert rows[["access_code", "grade"]].to_numpy().tolist() == [["001234", "1E5"]]


def test_whole_numbers_beyond_floats_are_kept():
    rows = typed("products", pd.DataFrame({"product_id": [1, 2], "edition": 1, "code": ["A", "B"], "name": "x", "image_kind": "group",
                                           "price_cents": pd.array([9007199254740993, None], dtype="Int64")}))  # fmt: skip
    assert rows["price_cents"].tolist()[0] == 9007199254740993


def test_every_table_has_a_key_and_every_column_a_meaning():
    from prepaykit.tables.catalog import METADATA, TABLES, meaning_of

    for name in TABLES:
        assert key_of(name)
        assert METADATA.tables[name].info["row"]
        for column in METADATA.tables[name].columns:
            assert meaning_of(name, column.name)


def test_every_status_can_be_reached_from_the_first():
    for name, machine in MACHINES.items():
        reached, edge = {machine.first}, [machine.first]
        while edge:
            edge = [s for s in machine.moves[edge.pop()] if s not in reached] + edge
            reached |= set(edge)
        assert reached == set(machine.values), name


def test_every_finding_says_what_to_do():
    for code, kind in REGISTER.items():
        assert kind.meaning and kind.next_move, code
        assert kind.severity in ("error", "warn", "note"), code


def test_an_unregistered_finding_is_our_bug():
    with pytest.raises(KeyError):
        found("photos", "no_such_code", "frames", [1], "x")


def test_the_same_finding_twice_is_kept_once():
    one = found("photos", "unread_card", "frames", [1], "x")
    assert len(together(one, one, found("photos", "unread_card", "frames", [2], "x"))) == 2


def test_the_state_gives_plain_values_and_none_for_what_is_not_set():
    settings_ = JobState.new(name="a", school="A").job
    assert (settings_["has_manual_revision"], settings_["ship_to"]) == (False, None)
    assert not isinstance(settings_["version"], np.integer)


def test_the_input_of_a_decision_is_untouched():
    state = job(3, absent=(2,))
    copies = {name: rows.copy() for name, rows in state.tables.items()}
    populated(state)
    for name, rows in state.tables.items():
        pd.testing.assert_frame_equal(rows, copies[name])
