"""Jobs at random: children with and without frames, siblings, every kind of print, every policy. Small, so that failures read well."""

from __future__ import annotations

import pandas as pd
from hypothesis import strategies as st

from prepaykit.tables.state import JobState
from tests.jobs import code, job, with_frames, with_orders

POLICIES = st.fixed_dictionaries({
    "sibling_policy": st.sampled_from(["hold_whole", "split", "ship_partial"]),
    "has_manual_revision": st.booleans(),
    "retake_policy": st.sampled_from(["latest", "first"]),
})  # fmt: skip


@st.composite
def jobs(draw: st.DrawFn) -> JobState:
    """A job of up to six children, some absent, some retaken, some not for sale, and up to six orders of any shape."""
    children = draw(st.integers(1, 6))
    absent = draw(st.sets(st.integers(1, children)))
    state = job(children, absent=tuple(sorted(absent)), **draw(POLICIES))
    state = state.replace(
        **{t: state.tables[t].iloc[:0] for t in ("orders", "order_subjects", "lines", "slots", "payments", "postings")}
    )
    for number in range(draw(st.integers(0, 6))):
        who = draw(st.lists(st.integers(1, children), min_size=1, max_size=3, unique=True))
        kind = draw(st.sampled_from(["individual", "group", "mate", "digital"]))
        state = with_orders(
            state, [(str(3000 + number), who)], kind, shipping=draw(st.sampled_from(["batch", "direct"]))
        )
    unmatched = draw(st.sets(st.integers(1, max(len(state.order_subjects), 1)), max_size=1))
    lost = state.order_subjects["order_subject_id"].isin(unmatched)
    lines = state.lines.loc[state.lines["order_subject_id"].isin(unmatched), "line_id"]
    state = state.replace(
        order_subjects=state.order_subjects.assign(subject_id=state.order_subjects["subject_id"].mask(lost)),
        slots=state.slots.assign(subject_id=state.slots["subject_id"].mask(state.slots["line_id"].isin(lines))),
    )
    if draw(st.booleans()):
        state = with_frames(state, {"ZZZZ-0001": 1})
    retaken = sorted(draw(st.sets(st.integers(1, children), max_size=2)) - absent)
    state = with_frames(state, {code(i): 1 for i in retaken}, shoot_no=2)
    not_for_sale = draw(st.sets(st.integers(1, children), max_size=1))
    state = state.replace(subjects=state.subjects.assign(sell=~state.subjects["subject_id"].isin(not_for_sale)))
    if draw(st.booleans()):
        state = state.replace(
            group_frames=state.group_frames.iloc[:0], frames=state.frames[state.frames["role"] != "group"]
        )
    return state


def shuffled(state: JobState, seed: int) -> JobState:
    """The same job with the rows of every table in another order."""
    return state.replace(
        **{name: rows.sample(frac=1, random_state=seed) for name, rows in state.tables.items() if name != "jobs"}
    )


def as_set(rows: pd.DataFrame) -> list[tuple]:
    """Rows without their order, for comparing."""
    return sorted(map(tuple, rows.astype("object").where(rows.notna(), None).astype("str").to_numpy().tolist()))
