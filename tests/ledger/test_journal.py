"""The journal and the tables are two sources of one truth, whatever people do."""

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from prepaykit.errors import Refused
from prepaykit.ledger.store import Store
from tests.ledger.replay import journal_faults
from tests.ledger.studios import JOB, assert_same_cells, assert_same_job, names_plan, opened, post, regraded

ACTS = st.one_of(
    st.tuples(st.just("names"), st.sets(st.sampled_from(["AA", "BB", "CC", "DD"]), min_size=1)),
    st.tuples(st.just("grade"), st.tuples(st.sampled_from(["1", "2"]), st.integers(1, 4))),
    st.tuples(st.just("post"), st.integers(-500, 500)),
    st.tuples(st.just("undo"), st.none()),
    st.tuples(st.just("undo"), st.integers(1, 8)),
)


def plan_of(state, act, value):
    if act == "names":
        codes = sorted(value)
        return names_plan(state, *codes)
    return regraded(state, value[0], only=value[1]) if act == "grade" else post(state, value)


@settings(
    max_examples=8,
    deadline=None,
    phases=set(Phase) - {Phase.shrink},
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(acts=st.lists(ACTS, max_size=6))
def test_replaying_the_journal_gives_the_tables_and_undo_restores_them(tmp_path_factory, acts):
    with Store.open(tmp_path_factory.mktemp("s") / "studio.db") as store:
        opened(store)
        for act, value in acts:
            state = store.read(JOB)
            if act == "undo":
                try:
                    store.undo(JOB, value, actor="a", why="")
                except Refused:
                    assert_same_job(store.read(JOB), state)
            else:
                plan = plan_of(state, act, value)
                receipt = store.apply(plan, actor="a", why="")
                assert_same_job(store.read(JOB), state.after(plan))
                if receipt.op_no:
                    undo = store.undo(JOB, receipt.op_no, actor="a", why="")
                    assert_same_cells(store.read(JOB), state, but=("postings",))
                    store.undo(JOB, undo.op_no, actor="a", why="")
                    assert_same_cells(store.read(JOB), state.after(plan), but=("postings",))
        assert journal_faults(store, JOB) == []
