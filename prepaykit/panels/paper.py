"""Paper orders as a panel: each envelope that waits, whom it may be for, and one key to say so.

Rows are the envelopes of the match queue, the likeliest decisions first. A press is a choice of kind `match`: a child's access code, `nobody`
(not on the list), or `later`. The details show names of children: for the screen of whoever decides. Online orders without a child are in
the panel of access codes. Source: domain.md 4 and 12; matching.md 5.
"""

from __future__ import annotations

import pandas as pd

from prepaykit.errors import UsageError
from prepaykit.money import show_cents
from prepaykit.panels.people import People
from prepaykit.panels.work import Action, Block, Column, Work, candidates, fields, text
from prepaykit.rules.told import told_of
from prepaykit.rules.weighed import match_queue
from prepaykit.rules.weighing import LATER, NOBODY, Weighed, weigh
from prepaykit.tables.state import JobState

COLUMNS = (
    Column("key", "envelope", "code", 9),
    Column("typed", "child as keyed", "text", 20, has_names=True),
    Column("in_class", "class as keyed", "text", 14),
    Column("best", "likeliest", "code", 11),
    Column("share", "how sure", "share", 9),
    Column("said", "left before", "text", 10),
)
ACTIONS = (
    Action("accept", "Enter", "Take the first", needs="candidate"),
    Action("other", "o", "Another child", needs="text"),
    Action(NOBODY, "n", "Not on the list"),
    Action(LATER, "l", "Later"),
)


def paper_work(state: JobState) -> Work:
    """The envelopes of a job that wait for their child.

    Takes subjects, groups, envelopes, orders, order_subjects, choices and galleries of the job. Without waiting envelopes it has no rows.

    >>> paper_work(JobState.new(name="maple-grove-2026", school="Maple Grove")).rows.shape[0]
    0
    """
    seen = weigh(state)
    queue = match_queue(state, seen)
    queue = queue[queue["kind"] == "envelope"]
    people = People(state)
    frames = state.frames[state.frames["frame_id"].isin(people.first_frame.to_numpy())]
    return Work(
        name="paper",
        verb="paper",
        title="Paper orders",
        rows=_rows(state, queue),
        columns=COLUMNS,
        actions=ACTIONS,
        details=lambda key: _details(state, seen, queue, people, key),
        choices=_choices,
        said=_said,
        suggest=people.suggest,
        check=lambda key, action, value: _check(people, key, action, value),
        frames=frames,
        nothing="No envelope waits: each has its child.",
    )


def _rows(state: JobState, queue: pd.DataFrame) -> pd.DataFrame:
    first = queue.drop_duplicates("number")
    envelopes = state.envelopes.set_index("envelope_no").reindex(first["number"])
    joined = {
        c: envelopes[c].fillna("").astype("str") for c in envelopes if c.startswith("typed_") or c == "parent_name"
    }
    return pd.DataFrame(
        {
            "key": first["number"].to_numpy(),
            "typed": (joined["typed_first"] + " " + joined["typed_last"]).str.strip().to_numpy(),
            "in_class": (joined["typed_teacher"] + " " + joined["typed_grade"]).str.strip().to_numpy(),
            "best": first["access_code"].to_numpy(),
            "share": first["probability"].to_numpy(),
            "said": first["said"].to_numpy(),
            "also": (joined["typed_student_id"] + " " + joined["typed_code"] + " " + joined["parent_name"]).to_numpy(),
        }
    )


def _details(state: JobState, seen: Weighed, queue: pd.DataFrame, people: People, key: str) -> list[Block]:
    row = state.envelopes[state.envelopes["envelope_no"] == key].iloc[0]
    told = told_of(state, key, seen)[0]
    money = show_cents(int(row["received_cents"]), str(state.job["currency"]))
    parent = " · ".join(str(v) for v in (row["parent_name"], row["parent_email"], row["parent_phone"]) if pd.notna(v))
    typed = fields("Envelope " + key, [
        ("child", f"{_said_or_none(row['typed_first'])} {_said_or_none(row['typed_last'])}".strip()),
        ("teacher", row["typed_teacher"]), ("grade", row["typed_grade"]), ("student id", row["typed_student_id"]), ("code", row["typed_code"]),
        ("parent", parent), ("ordered", row["packages"]), ("received", money), ("note", row["note"]), ("bag", row["bag"]),
    ])  # fmt: skip
    stop = [text(f"Not taken by itself: {told['veto'] or told['reason']}.", "warn")] if told["candidates"] else []
    facts = {c["access_code"]: _facts(c) for c in told["candidates"]}
    mine = queue[(queue["number"] == key) & queue["access_code"].notna()]
    items = [
        {**people.shown(r.access_code), "share": float(r.probability), "note": r.evidence if r.access_code not in facts else "",
         "facts": facts.get(r.access_code, [])}
        for r in mine.itertuples()
    ]  # fmt: skip
    return [typed, candidates("May be for", items, nobody="Nobody on the list comes near."), *stop]


def _facts(candidate: dict) -> list[list]:
    return [
        [f["field"], f["typed_marks"], f["marks"], f["level"]] for f in candidate["fields"] if f["typed"] or f["listed"]
    ]


def _said_or_none(value: object) -> str:
    return "" if pd.isna(value) else str(value)


def _choices(presses: pd.DataFrame) -> pd.DataFrame:
    is_code = presses["action"].isin(["accept", "other"])
    return pd.DataFrame(
        {"kind": "match", "target": presses["row_key"], "value": presses["value"].where(is_code, presses["action"])}
    )


def _said(action: str, value: str) -> str:
    return {NOBODY: "not on the list", LATER: "later"}.get(action, f"for {value}")


def _check(people: People, key: str, action: str, value: str) -> None:
    if action in ("accept", "other") and value not in people.codes:
        raise UsageError(f"{key}: there is no code {value} on the list")
