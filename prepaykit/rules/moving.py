"""Moving one frame by hand: to the gallery of another child, to a class, or to nobody.

Problem. A tag names a card, and moves all frames behind it; but often it is one frame that is not the child's: a sister who stepped in, the
next child a second too early, a test shot. Rule. `move` files that one frame under the code and nowhere else; cards, and all other frames,
stay where they are, whatever is read later. It stands in its new gallery by the time it was shot. Refused for a card (that is named: `tag`), for a file that is
set aside, and for a frame that went to the lab for somebody else: what was printed cannot be moved.

Worked case. `A 2 3 B 5`: frame 3 is moved to B. A has 2, B has 3 and 5. Moved to nobody: B has 5, and frame 3 is set aside.
Source: the user's document, part I (photo sorting); domain.md 3.3.
"""

from __future__ import annotations

from functools import cached_property

import pandas as pd

from prepaykit.errors import Refused, UsageError
from prepaykit.rules.card_habit import cards_after_of
from prepaykit.rules.code_book import CodeBook
from prepaykit.rules.walk import TO_NOBODY, walk_frames
from prepaykit.tables.state import JobState


class Moves:
    """Where frames of a job may be moved; every answer is a target and value as they are kept, or an error that says what would be right."""

    def __init__(self, state: JobState, book: CodeBook) -> None:
        self._state, self._book = state, book

    def named(self, frame: int, code: str) -> tuple[str, str]:
        """The move of this frame to that code, or to `nobody`."""
        value = self._code(code)
        choices = self._state.choices
        stands = (choices["kind"] == "move") & (choices["target"] == str(frame)) & (choices["value"] == value)
        if not stands.any():
            self._require_may_move(frame, value)
        return str(frame), value

    def _code(self, code: str) -> str:
        word = str(code).strip().lower()
        if word != TO_NOBODY:
            return self._book.listed(code)
        try:
            return self._book.listed(code)
        except UsageError:
            return word

    def _require_may_move(self, frame: int, code: str) -> None:
        if frame not in self._movable:
            raise Refused(
                f"frame {frame} is a card, or a file that is set aside: it is in no gallery. To say whose card it is: prepaykit codes --tag {frame}=CODE"
            )
        gone = self._released[self._released["frame_id"] == frame]
        if len(gone) and code not in set(gone["access_code"]):
            raise Refused(
                f"frame {frame} was sent to production with order {gone['order_no'].iloc[0]}: it stays where it is. Order a reprint instead."
            )

    @cached_property
    def _movable(self) -> set[int]:
        """Frames that follow a card, or did before a person moved them."""
        after = cards_after_of(self._state.job["cards_after"], self._state.frames["camera"])
        walk = walk_frames(self._state.frames, self._state.choices, cards_after=after)
        return set(walk.loc[walk["follows"] | walk["moved_to"].notna(), "frame_id"])

    @cached_property
    def _released(self) -> pd.DataFrame:
        """Frames that went to the lab: `frame_id`, `order_no`, `access_code` of the child or class they were printed for."""
        state = self._state
        gone = state.orders.loc[state.orders["status"] == "released", ["order_id", "order_no"]]
        slots = state.slots[state.slots["frame_id"].notna() & ~state.slots["is_dropped"]]
        rows = slots[["order_id", "subject_id", "frame_id", "hole"]].merge(gone, on="order_id", validate="m:1")
        people = state.subjects.set_index("subject_id")
        classes = rows["subject_id"].map(people["group_id"]).map(state.groups.set_index("group_id")["access_code"])
        own = rows["subject_id"].map(people["access_code"])
        return rows.assign(access_code=own.astype("str").mask(rows["hole"].isin(["group", "mate_group"]), classes))
