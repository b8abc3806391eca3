"""Proposals of `code_causes` that a person took, each named by its key after a look: what they come to, and when they are refused.

Only a first proposal can be taken, no two about the same frames or the same child, none for an order that has gone on to its batch. The evidence is
kept with the decision. Source: matching.md 5 (a code never overrules a contradicting name); domain.md 8.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from prepaykit.errors import Refused, UsageError
from prepaykit.rules.code_causes import code_causes
from prepaykit.rules.codes import compact
from prepaykit.rules.order_entry import CHILD_MAY_CHANGE
from prepaykit.tables.state import JobState


class Taken:
    """Proposals that a person took: each a first one, no two about the same frames or the same child."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self._rows = rows

    def of(self, verb: str) -> dict[int | str, str]:
        """What they come to, as if it had been typed."""
        rows = self._rows[self._rows["verb"] == verb]
        origin = rows["order_subject_id"].astype("int64") if verb == "order_code" else rows["from"]
        return dict(zip(origin, rows["to"], strict=True))

    def explained(self, choices: pd.DataFrame) -> pd.DataFrame:
        """The choices, those that were taken with the evidence behind the person's own reason."""
        rows = self._rows
        kind = rows["verb"].replace("show", "hide")
        target = rows["from"].where(kind != "order_code", rows["order_subject_id"].astype("str"))
        said = dict(
            zip(
                zip(kind, target, strict=True),
                rows["cause"] + ", " + rows["sure"] + ": " + rows["evidence"],
                strict=True,
            )
        )
        more = pd.Series(
            [said.get(key) for key in zip(choices["kind"], choices["target"], strict=True)], choices.index, dtype="str"
        )
        why = (choices["why"].fillna("") + " (proposed: " + more + ")").str.strip()
        return choices.assign(why=why.where(more.notna(), choices["why"]))


def taken_proposals(state: JobState, keys: Iterable[str]) -> Taken:
    keys = list(dict.fromkeys(keys))
    if not keys:
        return Taken(pd.DataFrame(columns=["verb", "from", "to", "order_subject_id", "cause", "sure", "evidence"]))
    known = code_causes(state)
    known = known[known["key"].isin(keys)].sort_values("rank")
    for key in keys:
        if key not in set(known["key"]):
            _refuse_other_job(state, key)
            raise UsageError(f"there is no proposal {key} for {state.name} now: see them with `prepaykit codes`")
    later = known[known.groupby("key")["rank"].transform("min") > 1]
    if len(later):
        row = later.iloc[0]
        raise Refused(
            f"{row['key']} is not the first proposal for order {row['order_no']}. If a look at frames {row['look']} shows that it is right: "
            f"prepaykit codes --{row['verb'].replace('_', '-')} {row['key'].split(':', 1)[1]}"
        )
    _require_waiting(state, known)
    rows = known.drop_duplicates("key")
    for column, what in (("from", "the same frames"), ("to", "the same child")):
        twice = rows[rows.duplicated(column, keep=False) & (rows["verb"] != "order_code")]
        if len(twice):
            raise Refused(
                f"{' and '.join(twice['key'])} speak of {what}: take one, look at what follows, then the other"
            )
    return Taken(rows)


def _refuse_other_job(state: JobState, key: str) -> None:
    to = compact(key.rpartition("=")[2])
    job = state.other_codes.loc[state.other_codes["access_code"].map(compact) == to, "job"]
    if len(job):
        raise Refused(f"{key}: that code belongs to job {job.iloc[0]}; nothing of {state.name} can be filed under it")


def _require_waiting(state: JobState, rows: pd.DataFrame) -> None:
    order = rows["order_subject_id"].map(state.order_subjects.set_index("order_subject_id")["order_id"])
    status = order.map(state.orders.set_index("order_id")["status"])
    gone = rows[~status.isin(CHILD_MAY_CHANGE)]
    if len(gone):
        at = gone.iloc[0]
        raise Refused(
            f"order {at['order_no']} is {status[gone.index[0]]}: take it out of the batch first (prepaykit undo), or correct by hand"
        )
