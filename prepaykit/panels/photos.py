"""Photo sorting as a panel: the frames as shot, whose they are, and keys to say whose they are instead.

One row is a frame. Cards stand out with the child they name; what was found about a frame (an unread card, a damaged picture) is a sign on it. A
press is a choice about one frame: the child it begins (`tag`), that it shows no card, the child it alone belongs to (`move`), hidden or shown, the one that
stands for its gallery (`frame`). Names of children are shown: for the screen of whoever decides. Source: the user's document, part I;
domain.md 3.3, 6.4.
"""

from __future__ import annotations

import pandas as pd

from prepaykit.errors import PrepaykitError, Refused, UsageError
from prepaykit.panels.filling import filling_blocks
from prepaykit.panels.people import People
from prepaykit.panels.photo_rows import findings_of_frames, frame_rows
from prepaykit.panels.work import CHOICE_COLUMNS, Action, Block, Column, Work, fields, frames, no_choices, picture, text
from prepaykit.rules.albums import FAVOURITE
from prepaykit.rules.choosing import NO_CARD
from prepaykit.rules.code_book import CodeBook
from prepaykit.rules.moving import Moves
from prepaykit.rules.slot_names import marked_frames
from prepaykit.rules.walk import TO_NOBODY
from prepaykit.tables.state import JobState

COLUMNS = (
    Column("key", "frame", "code", 6),
    Column("camera", "camera", "text", 14),
    Column("at", "shot", "text", 8),
    Column("word", "what", "text", 10),
    Column("child", "child", "text", 18, has_names=True),
    Column("code", "code", "code", 11),
    Column("in_class", "class", "text", 12),
    Column("sign", "to look at", "text", 18),
    Column("session", "session", "number", 6),
    Column("mark", "hidden or favourite", "text", 8),
)
ACTIONS = (
    Action("tag", "t", "Set a code", needs="text", goes_on=False),
    Action("move", "m", "Move to a child", needs="text", goes_on=False, many=True),
    Action("no_card", "c", "No card, same child", goes_on=False),
    Action("hide", "x", "Hide", goes_on=False, many=True),
    Action("show", "s", "Show", goes_on=False, many=True),
    Action("favourite", "f", "Favourite", goes_on=False),
)
LAYOUT = {
    "kind": "strip",
    "noun": "frames",
    "filters": [["camera", "every camera"], ["in_class", "every class"]],
    "drop": "move",
}


def photos_work(state: JobState) -> Work:
    """The frames of a job as shot, camera by camera.

    Takes subjects, groups, frames, galleries, group_frames, choices, findings and slots. Before picture day it has no rows.

    >>> photos_work(JobState.new(name="maple-grove-2026", school="Maple Grove")).rows.shape[0]
    0
    """
    desk = _Desk(state)
    return Work(
        name="photos",
        verb="codes",
        title="Photo sorting",
        rows=desk.rows,
        columns=COLUMNS,
        actions=ACTIONS,
        details=desk.details,
        choices=desk.choices,
        said=_said,
        suggest=desk.suggest,
        check=desk.check,
        agrees=desk.agrees,
        planned=lambda plan: filling_blocks(state, plan),
        frames=state.frames,
        layout=LAYOUT,
        nothing="No frames yet: bring them in first (20 Photos, or prepaykit photos).",
    )


class _Desk:
    """What the panel shows and takes, from one look at the job."""

    def __init__(self, state: JobState) -> None:
        self._state, self.rows, self._people = state, frame_rows(state), People(state)
        self._at = self.rows.set_index("key")
        self._marked = marked_frames(state)
        self._found = findings_of_frames(state)
        self._book = CodeBook(state)
        self._moves = Moves(state, self._book)
        self._own = state.galleries[state.galleries["subject_id"].notna()]
        named = "class picture of " + state.groups["name"]
        self._classes = pd.DataFrame({"value": state.groups["access_code"], "title": named, "note": ""})

    # --- details ---------------------------------------------------------------------------------------------------------

    def details(self, key: str) -> list[Block]:
        frame, row = int(key), self._at.loc[key]
        said = [text(f"{r.detail}. {_sentence(r.next_move)}", {"error": "bad", "warn": "warn"}.get(r.severity, ""))
                for r in self._found[self._found["key"] == key].itertuples()]  # fmt: skip
        return [picture(frame, f"frame {key}"), *said, self._told(frame, row), *self._gallery(frame, row)]

    def _told(self, frame: int, row: pd.Series) -> Block:
        file = self._state.frames.set_index("frame_id").loc[frame]
        choices = self._state.choices
        by_hand = choices[choices["kind"].isin(["tag", "move", "hide"]) & (choices["target"] == str(frame))]
        words = ", ".join(f"{r.kind} {r.value or NO_CARD} ({r.who})" for r in by_hand.itertuples())
        return fields(f"Frame {frame}", [
            ("what", row["word"]), ("child", row["child"]), ("code", row["code"]), ("class", row["in_class"]), ("read on it", file["codes"]),
            ("shot", None if pd.isna(file["shot_at"]) else f"{file['shot_at']:%Y-%m-%d %H:%M:%S}"), ("camera", row["camera"]), ("file", file["path"]), ("by hand", words), ("is", row["mark"]),
        ])  # fmt: skip

    def _gallery(self, frame: int, row: pd.Series) -> list[Block]:
        """All frames of the child, or of the session where nobody is known."""
        codes = str(row["code"]).split() if pd.notna(row["code"]) else []
        own = self._own[self._own["access_code"].isin(codes)].sort_values("position").drop_duplicates("frame_id")
        if len(own):
            rows = [
                (f, f"{f}{' hidden' if h else ''}{' ← here' if f == frame else ''}", "")
                for f, h in own[["frame_id", "is_hidden"]].to_numpy()
            ]
            return [frames(f"Gallery of {row['child'] or row['code']}", rows)]
        beside = self.rows.loc[self.rows["session"] == row["session"], "key"]
        return [
            frames(
                "Shot together", [(int(f), f"{f}{' ← here' if int(f) == frame else ''}", "") for f in beside.head(24)]
            )
        ]

    # --- what is pressed ---------------------------------------------------------------------------------------------------

    def suggest(self, typed: str) -> list[dict[str, str]]:
        """Children by name, class or code; classes by name or code; and nobody."""
        wanted = typed.strip().lower()
        hit = (self._classes["title"] + " " + self._classes["value"]).str.lower().str.contains(wanted, regex=False)
        classes = self._classes[hit].head(3).to_dict("records") if wanted else []
        nobody = (
            [{"value": TO_NOBODY, "title": "nobody", "note": "a test shot, a hand before the lens"}]
            if wanted and TO_NOBODY.startswith(wanted)
            else []
        )
        return [*nobody, *self._people.suggest(typed)[: 9 - len(nobody) - len(classes)], *classes]

    def check(self, key: str, action: str, value: str) -> None:
        frame, row = int(key), self._at.loc[key]
        if action == "move":
            self._moves.named(frame, value)
        elif action == "tag":
            for code in value.split():
                self._book.listed(code)
        elif action == "no_card" and not self._may_be_card(key, row):
            raise UsageError(f"frame {key} is taken for no card, and nobody doubts it")
        elif action == "favourite" and not len(self._codes_of(frame)):
            raise UsageError(f"frame {key} is in no child's gallery: a favourite is one of a child's own frames")
        elif action == "hide" and row["is_card"]:
            raise UsageError(f"frame {key} is a card: it is in no gallery, and is never offered")

    def agrees(self, presses: pd.DataFrame) -> None:
        """Of one frame the later press counts; but one about something else, such as a favourite after a move, is refused: it would drop the first."""
        *others, last = presses.itertuples()
        for other in others:
            if other.row_key == last.row_key and _kind(other.action) != _kind(last.action):
                raise Refused(f"frame {last.row_key} is decided ({_said(other.action, other.value)}): apply that first, or undo it")

    def _may_be_card(self, key: str, row: pd.Series) -> bool:
        """Is it taken for a card, named by a person, or doubted?"""
        named = (self._state.choices["kind"] == "tag") & (self._state.choices["target"] == key)
        return bool(row["is_card"]) or pd.notna(row["sign"]) or bool(named.any())

    def choices(self, presses: pd.DataFrame) -> pd.DataFrame:
        """Rows of choices; a favourite of a frame with several children is one for each."""
        made = [
            (at, *choice)
            for at, r in zip(presses.index, presses.itertuples(), strict=True)
            for choice in self._meant(r)
        ]
        if not made:
            return no_choices()
        return pd.DataFrame(made, columns=["at", *CHOICE_COLUMNS]).set_index("at").rename_axis(None)

    def _meant(self, press: object) -> list[tuple[str, str, str]]:
        target = self._marked.get(press.row_key, press.row_key)
        if press.action == "favourite":
            return [("frame", FAVOURITE + code, target) for code in self._codes_of(int(press.row_key))]
        value = {"no_card": NO_CARD, "hide": "hidden", "show": "shown"}.get(press.action, press.value)
        return [(_kind(press.action), target, value)]

    def _codes_of(self, frame: int) -> list[str]:
        codes = self._own.loc[self._own["frame_id"] == frame, "access_code"]
        return [code for code in codes.drop_duplicates() if self._is_person(code)]

    def _is_person(self, code: str) -> bool:
        try:
            return bool(self._book.person(code))
        except PrepaykitError:
            return False


def _kind(action: str) -> str:
    """The kind of choice that an action comes to."""
    return {"no_card": "tag", "show": "hide", "favourite": "frame"}.get(action, action)


def _said(action: str, value: str) -> str:
    words = {
        "tag": f"code {value}",
        "move": f"to {value}",
        "no_card": "no card, same child",
        "hide": "hidden",
        "show": "shown",
        "favourite": "favourite",
    }
    return words[action]


def _sentence(words: object) -> str:
    return "" if pd.isna(words) else str(words)[:1].upper() + str(words)[1:] + "."
