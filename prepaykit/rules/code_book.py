"""The code book: what a person names by hand (a code, a frame, a child of an order), resolved to what the job has.

Every answer is a key or code as it is stored. What is not there raises UsageError with the nearest codes; what must not be touched (a code of
another job, an order that has gone on) raises Refused with the way out. Source: domain.md 3.3, 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from prepaykit.errors import Refused, UsageError
from prepaykit.rules.codes import compact, nearest_codes
from prepaykit.rules.order_entry import CHILD_MAY_CHANGE
from prepaykit.rules.weighing import refs_of
from prepaykit.tables.state import JobState


class CodeBook:
    """The codes of the job; every answer is a code as it is stored, or an error that says what would be right."""

    def __init__(self, state: JobState) -> None:
        self._state = state
        self._people = state.subjects.loc[state.subjects["kind"] != "blank", "access_code"]
        self._blanks = state.subjects.loc[state.subjects["kind"] == "blank", "access_code"]
        self._groups = state.groups["access_code"]
        tags = state.choices.loc[state.choices["kind"] == "tag", "value"]
        seen = pd.concat([state.frames["codes"].dropna(), tags]).str.split().explode().dropna()
        self._seen = pd.Series(seen.unique(), dtype="str")

    def listed(self, code: str) -> str:
        """A code of the names list: of a person, a blank card or a group."""
        return self._one(code, [self._people, self._blanks, self._groups], "on the names list")

    def person(self, code: str) -> str:
        """The code of a person or a blank card."""
        return self._one(code, [self._people, self._blanks], "of a person on the names list")

    def named(self, code: str) -> str:
        """The code of a person with a name."""
        return self._one(code, [self._people], "of a person on the names list")

    def blank(self, code: str) -> str:
        """The code of a blank card."""
        return self._one(code, [self._blanks], "of a blank card")

    def seen(self, code: str) -> str:
        """A code that was read on a card or named by a person."""
        return self._one(
            code, [self._seen, self._state.galleries["read_code"]], "on any card of this job", may_be_foreign=True
        )

    def subject_id(self, code: str) -> int:
        """Whose code it is."""
        return int(self._state.subjects.loc[self._state.subjects["access_code"] == code, "subject_id"].iloc[0])

    def _one(self, code: str, where: list[pd.Series], what: str, *, may_be_foreign: bool = False) -> str:
        known = dict.fromkeys(c for part in where for c in part)
        if code in known:
            return code
        alike = [c for c in known if compact(c) == compact(str(code))]
        if len(alike) == 1:
            return alike[0]
        elsewhere = self._state.other_codes
        job = elsewhere.loc[elsewhere["access_code"].map(compact) == compact(str(code)), "job"]
        if len(job) and not may_be_foreign:
            raise Refused(
                f"code {code} belongs to job {job.iloc[0]}: a picture or order of {self._state.name} cannot be filed under it"
            )
        near = nearest_codes(str(code), list(known))[:3]
        hint = f"; near to it: {', '.join(near)}" if near else ""
        raise UsageError(f"{code} is not {what} ({self._state.name}){hint}")


def frame_of(state: JobState, frame: int | str) -> int:
    if str(frame).isdigit() and int(frame) in set(state.frames["frame_id"]):
        return int(frame)
    raise UsageError(f"there is no frame {frame} in {state.name}: give the number that findings show, such as 118")


def favourites_named(state: JobState, book: CodeBook, chosen: Mapping[str, int | str]) -> list[tuple[str, str]]:
    """Code and frame of each gallery's favourite; the frame must stand in that gallery."""
    result = []
    for typed_code, typed_frame in chosen.items():
        code, frame = book.person(typed_code), frame_of(state, typed_frame)
        own = state.galleries[(state.galleries["access_code"] == code) & (state.galleries["frame_id"] == frame)]
        if not len(own):
            raise Refused(
                f"frame {frame} is not in the gallery of {code}: a favourite is one of the child's own frames"
            )
        result.append((code, str(frame)))
    return result


def tag_value(book: CodeBook, codes: str | Iterable[str]) -> str:
    codes = codes.split() if isinstance(codes, str) else list(codes)
    return " ".join(dict.fromkeys(book.listed(c) for c in codes))


def order_subject_of(state: JobState, order: int | str) -> int:
    """The row of order_subjects that is meant: by its key (a number), or by the order's number (text)."""
    rows = state.order_subjects
    if isinstance(order, str):
        named = children_named(state, order)
        order = named[0] if len(named) == 1 else order
    if isinstance(order, str):
        ids = state.orders.loc[state.orders["order_no"] == order, "order_id"]
        rows = (
            rows[rows["order_id"].isin(ids)]
            if len(ids) or not order.isdigit()
            else rows[rows["order_subject_id"] == int(order)]
        )
        if len(rows) > 1:
            keys = ", ".join(rows["order_subject_id"].astype("str"))
            raise UsageError(f"order {order} is for {len(rows)} children: say which, by one of {keys}")
    else:
        rows = rows[rows["order_subject_id"] == int(order)]
    if not len(rows):
        raise UsageError(f"there is no order {order} in {state.name}")
    row = rows.iloc[0]
    at = state.orders[state.orders["order_id"] == row["order_id"]].iloc[0]
    if at["status"] not in CHILD_MAY_CHANGE:
        raise Refused(
            f"order {at['order_no']} is {at['status']}: the child of an order is changed while the order is in a collection or in "
            "manual revision. Cancel it, or order a reprint, instead."
        )
    return int(row["order_subject_id"])


def children_named(state: JobState, order: str) -> list[int]:
    """The child of an order that is named so (`refs_of`): one key of order_subjects, or none."""
    refs = refs_of(state)
    return [int(key) for key in refs.index[refs == order]]
