"""Why, inside a job: the explanation of every child of an order, or of an envelope, with how it stands in the job.

The children are weighed together with all others of the job, as when they are decided; so what is shown is what decided. What a
parent typed is shown as typed, also where this job's people taught what it means. Source: matching.md 5.
"""

from __future__ import annotations

import pandas as pd

from prepaykit.errors import UsageError
from prepaykit.rules.weighing import Weighed, weigh
from prepaykit.tables.state import JobState

_BY = {
    "code": "by its access code",
    "student_id": "by its student id",
    "exact_name": "by the one exact name in the class",
    "weighed": "by weighing, without a person",
    "person": "by a person",
}


def told_of(state: JobState, number: str, seen: Weighed | None = None) -> list[dict[str, object]]:
    """What `explain` tells of each child of this order or envelope, with `title` and `stands` (how the job has decided it).

    `number`: of an order or an envelope, or `NUMBER:2` for one child of an order. Raises UsageError for a number that is not there, that is
    of a cancelled order, or if there is no names list. `seen`: what weighing the job gave, if it is known.
    """
    seen = seen or weigh(state)
    rows = seen.asked[(seen.asked["number"] == str(number)) | (seen.asked["ref"] == str(number))]
    if not len(rows):
        gone = state.orders.loc[state.orders["status"] == "cancelled", "order_no"]
        raise UsageError(
            f"order {number} is cancelled: nothing is to be decided"
            if number in set(gone)
            else f"{state.name} has no order or envelope {number}"
        )
    if seen.matched is None:
        raise UsageError(f"{state.name} has no names list yet: bring it first, prepaykit names NAMES.csv")
    return [_told(state, seen, int(at)) for at in rows.index]


def _told(state: JobState, seen: Weighed, at: int) -> dict[str, object]:
    from prepaykit.rules.matching.explaining import explain, sentence_of

    told, row = explain(seen.matched, str(at)), seen.asked.loc[at]
    for candidate in told["candidates"]:
        for field in candidate["fields"]:
            if (
                field["field"] == "teacher"
                and isinstance(row["teacher"], str)
                and field["typed"] != row["teacher"].strip()
            ):
                field.update(
                    typed=row["teacher"],
                    typed_marks=[(row["teacher"], False)],
                    level=field["level"] + " (as taught by a decision)",
                )
    kind = "Order" if row["about"] == "order_subjects" else "Envelope"
    decided = seen.decisions.loc[at]
    told |= {
        "decision": decided["decision"],
        "reason": decided["reason"],
        "veto": told["veto"] or _stopped_by(decided["reason"], told["reason"]),
    }
    return {
        **told,
        "order_id": row["ref"],
        "title": f"{kind} {row['ref']}",
        "sentence": sentence_of(told),
        "stands": _stands(state, row),
    }


def _stands(state: JobState, row: pd.Series) -> str:
    if pd.isna(row["subject_id"]):
        said = {"nobody": "A person said: nobody on the list.", "later": "A person left it for later."}.get(
            row["said"], ""
        )
        off = (
            ""
            if state.job["has_automatic_matching"]
            else " The job takes nobody without a person (has_automatic_matching)."
        )
        return (said or "In the job it waits.") + off
    code = state.subjects.loc[state.subjects["subject_id"] == row["subject_id"], "access_code"].iloc[0]
    return f"In the job it is for code {code}, found {_BY.get(row['matched_by'], 'in another way')}."


def _stopped_by(reason: str, of_matching: str) -> str:
    """What the job put before the reason of the matching."""
    return reason.removesuffix(f": {of_matching}") if reason != of_matching else ""
