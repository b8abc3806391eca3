"""Access codes as a panel: each order that could not be populated, why, what would put it right, and one key to do so.

Rows are orders (and children) of `code_causes`, and online orders that wait for a child; what is surest comes first. `Enter` takes the first
proposal: the choice that `prepaykit codes --take KEY` keeps, with its evidence as the reason; the plan fills the order again. The details show
names of children: for the screen of whoever decides. Source: the user's document, part II; domain.md 4, 8; matching.md 5.
"""

from __future__ import annotations

import pandas as pd

from prepaykit.errors import Refused, UsageError
from prepaykit.panels.code_rows import OF_CLASS, CodeRows
from prepaykit.panels.filling import filling_blocks
from prepaykit.panels.people import People
from prepaykit.panels.proposals import Proposal, choice_of, contradiction, read_proposal, words_of
from prepaykit.panels.work import (
    CHOICE_COLUMNS,
    Action,
    Block,
    Column,
    Work,
    candidates,
    fields,
    frames,
    no_choices,
    text,
)
from prepaykit.rules.code_causes import CAUSES
from prepaykit.rules.codes import compact
from prepaykit.rules.sessions import sessions_of, strays_of
from prepaykit.rules.slot_names import marked_frames
from prepaykit.rules.told import told_of
from prepaykit.rules.walk import CARD_NOT_READ
from prepaykit.rules.weighing import LATER, NOBODY, UNDECIDED
from prepaykit.tables.state import JobState

COLUMNS = (
    Column("key", "order", "code", 10),
    Column("child", "child", "text", 15, has_names=True),
    Column("in_class", "class", "text", 11),
    Column("slots", "prints", "number", 8),
    Column("why", "why", "text", 13),
    Column("best", "likeliest", "text", 18),
    Column("sure", "how sure", "text", 11),
    Column("said", "left before", "text", 9),
)
ACTIONS = (
    Action("accept", "Enter", "Take the first", needs="candidate"),
    Action("other", "o", "Another child or card", needs="text"),
    Action(NOBODY, "n", "Not on the list"),
    Action(LATER, "l", "Later"),
    Action("hide", "x", "Hide the chosen picture", needs="frame", goes_on=False),
)


def codes_work(state: JobState) -> Work:
    """The orders of a job that lack pictures or a child.

    Takes all tables but envelopes. In a job where every order is filled it has no rows.

    >>> codes_work(JobState.new(name="maple-grove-2026", school="Maple Grove")).rows.shape[0]
    0
    """
    desk = _Desk(state)
    return Work(
        name="codes",
        verb="codes",
        title="Access codes",
        rows=desk.there.rows,
        columns=tuple(c for c in COLUMNS if c.name != "said" or desk.there.rows["said"].notna().any()),
        actions=ACTIONS,
        details=desk.details,
        choices=desk.choices,
        said=_said,
        suggest=desk.suggest,
        check=desk.check,
        agrees=desk.agrees,
        planned=lambda plan: filling_blocks(state, plan),
        frames=state.frames,
        layout={"kind": "table", "filters": [["why", "every reason"], ["in_class", "every class"]]},
        nothing="Every order has its child and its pictures.",
    )


class _Desk:
    """What the panel shows and takes, from one look at the job."""

    def __init__(self, state: JobState) -> None:
        self._state, self._people, self.there = state, People(state), CodeRows(state)
        self._marked = marked_frames(state)
        self._groups = state.groups.set_index("group_id")
        pictures = state.group_frames.sort_values("position").drop_duplicates("group_id")
        self._class_frame = pictures.set_index("group_id")["frame_id"]
        self._class_frames = set(state.group_frames["frame_id"])
        self._shot = state.frames.set_index("frame_id")

    # --- details ---------------------------------------------------------------------------------------------------------

    def details(self, key: str) -> list[Block]:
        row = self.there.rows.set_index("key").loc[key]
        if key not in self.there.children.index:
            return [text(f"{CAUSES[row['cause']]}: {row['evidence']}.", "warn"),
                    text("Bring the list that the cards were printed from: prepaykit names NAMES.csv.")]  # fmt: skip
        mine = self.there.of(key)
        told = self._told(key)
        facts = {c["access_code"]: c["fields"] for c in told["candidates"]} if told else {}
        items = [self._item(key, p, facts) for p in mine.itertuples()]
        stop = (
            [text(f"Not taken by itself: {told['veto'] or told['reason']}.", "warn")]
            if told and told["candidates"]
            else []
        )
        why = text(
            f"{CAUSES[row['cause']]}." if row["cause"] else "The order waits for its child.", "" if items else "warn"
        )
        said = [] if items or not row["evidence"] else [text(f"{row['evidence']}.")]
        return [why, *said, self._bought(key), *self._class_picture(key),
                candidates("What would put it right", items, nobody="Nothing to propose: look at the frames in photo sorting."), *stop]  # fmt: skip

    def _told(self, key: str) -> dict | None:
        if not self.there.waits(key) or self.there.seen is None or self.there.seen.matched is None:
            return None
        return told_of(self._state, self.there.number(key), self.there.seen)[0]

    def _bought(self, key: str) -> Block:
        state, child = self._state, self.there.children.loc[key]
        order = state.orders[state.orders["order_id"] == child["order_id"]].iloc[0]
        lines = state.lines[(state.lines["order_subject_id"] == child["order_subject_id"]) & state.lines["cancelled_at"].isna()]
        bought = ", ".join(f"{r.quantity} × {r.name}" for r in lines[["quantity", "name"]].itertuples(index=False))
        parent = " · ".join(str(order[c]) for c in ("buyer_name", "buyer_email", "buyer_phone") if pd.notna(order[c]))
        typed = " ".join(str(child[c]) for c in ("typed_first", "typed_last") if pd.notna(child[c]))
        return fields("Order " + str(order["order_no"]), [
            ("child as typed", typed), ("teacher", child["typed_teacher"]), ("grade", child["typed_grade"]),
            ("student id", child["typed_student_id"]), ("code typed", child["access_code"]), ("code on the list", self.there.owner(key)),
            ("ordered", bought), ("parent", parent), ("status", str(order["status"]).replace("_", " ")), ("note", order["note"]),
        ])  # fmt: skip

    def _class_picture(self, key: str) -> list[Block]:
        group = self.there.group(key)
        if group is None or group not in self._class_frame.index:
            return []
        return [frames(f"Class {self._groups['name'][group]}", [(self._class_frame[group], "class picture", "")])]

    def _item(self, key: str, proposal: object, facts: dict[str, list]) -> dict[str, object]:
        meant = read_proposal(proposal.value)
        shown = self._people.shown(meant.to)
        title = shown["title"] if meant.verb == "order_code" else words_of(meant._replace(to=""))
        look = [int(f) for f in str(proposal.look).split()] if pd.notna(proposal.look) else []
        look = [f for f in look if f != self._class_frame.get(self.there.group(key))]
        before = [self._before(look[0])] if look and meant.verb == "tag" and not self._is_card(look[0]) else []
        strip = [*before, *(self._looked_at(f, n) for n, f in enumerate(look))] or shown["frames"]
        levels = [
            [f["field"], f["typed_marks"], f["marks"], f["level"]]
            for f in facts.get(meant.to, [])
            if f["typed"] or f["listed"]
        ]
        share = None if pd.isna(proposal.share) else float(proposal.share)
        return {"value": proposal.value, "code": meant.to, "title": title, "share": share,
                "sure": "" if pd.isna(proposal.sure) else proposal.sure, "frames": strip, "facts": levels,
                "note": "" if levels or pd.isna(proposal.evidence) else proposal.evidence}  # fmt: skip

    def _is_card(self, frame: int) -> bool:
        """A card, read or not; else the border stands between two people."""
        row = self._shot.loc[frame]
        return row["role"] == "card" or row["problem"] == CARD_NOT_READ

    def _before(self, frame: int) -> dict[str, object]:
        """The last frame of whoever stood there before."""
        here = self._shot.loc[frame]
        same = self._shot[(self._shot["camera"] == here["camera"]) & (self._shot["shoot_no"] == here["shoot_no"])]
        earlier = same[same["sequence"] < here["sequence"]]["sequence"]
        last = int(earlier.idxmax()) if len(earlier) else frame
        return {"frame": last, "caption": f"{last} before it", "tone": ""}

    def _looked_at(self, frame: int, place: int) -> dict[str, object]:
        if frame in self._class_frames:
            return {"frame": frame, "caption": f"{frame} class picture", "tone": ""}
        if self._shot.loc[frame, "role"] == "card":
            return {"frame": frame, "caption": f"{frame}", "tone": "good"}
        return {"frame": frame, "caption": f"{frame} {'begins here' if place == 0 else 'first after it'}", "tone": ""}

    # --- what is pressed ---------------------------------------------------------------------------------------------------

    def suggest(self, typed: str) -> list[dict[str, str]]:
        """Children by name, class or code; and sessions that are nobody's, by the number of a frame or the code on their card."""
        return [*self._people.suggest(typed), *self._strays(typed)]

    def _strays(self, typed: str) -> list[dict[str, str]]:
        wanted = compact(typed)
        if not wanted:
            return []
        rows = strays_of(sessions_of(self._state), self._state)
        is_card = rows["kind"].isin(["unlisted", "blank"]) & (rows.get("uses", 0) <= 1) if len(rows) else []
        rows = (
            rows.assign(verb=rows["kind"].map({"blank": "bind"}).fillna("relabel").where(is_card, "tag"))
            if len(rows)
            else rows
        )
        items = []
        for r in rows.itertuples():
            origin = str(r.from_frame) if r.verb == "tag" else r.read_code
            if wanted in compact(origin) or str(r.from_frame).startswith(typed.strip()):
                items.append({"value": f"{r.verb}:{origin}", "title": words_of(Proposal(r.verb, origin, "")), "code": "",
                              "note": f"{r.frames} frames from {r.from_frame}"})  # fmt: skip
        return items

    def _meant(self, key: str, action: str, value: str) -> tuple[str, str, str] | None:
        """The choice that a press comes to: kind, target, value; None for one that can mean nothing."""
        ref = key.removesuffix(OF_CLASS)
        if action == "hide":
            return "hide", self._marked.get(value, value), "hidden"
        if action in UNDECIDED:
            return "order_code", ref, action
        if action == "other" and value in self._people.codes:
            return "order_code", ref, value
        proposal = read_proposal(value) or read_proposal(f"{value}={self.there.owner(key) or ''}")
        return None if proposal is None else choice_of(proposal, ref, self._marked)

    def choices(self, presses: pd.DataFrame) -> pd.DataFrame:
        """Rows of choices; the evidence of a proposal stands as its reason."""
        made = {
            at: self._meant(r.row_key, r.action, r.value)
            for at, r in zip(presses.index, presses.itertuples(), strict=True)
        }
        made = {at: choice for at, choice in made.items() if choice is not None}
        if not made:
            return no_choices()
        why = [self.there.evidence(presses.at[at, "row_key"], presses.at[at, "value"]) for at in made]
        return pd.DataFrame(list(made.values()), columns=CHOICE_COLUMNS, index=list(made)).assign(
            why=pd.array(why, dtype="str")
        )

    def check(self, key: str, action: str, value: str) -> None:
        if key not in self.there.children.index:
            raise UsageError(
                f"{key}: no press puts the list right; bring the list that the cards were printed from (prepaykit names)"
            )
        if action in UNDECIDED and not self.there.waits(key):
            raise UsageError(f"{key} has its child; only an order that waits for one can be left, or be nobody's")
        if action == "hide" and value not in self._marked.index:
            raise UsageError(f"{key}: there is no frame {value}")
        if action == "accept" and value not in set(self.there.of(key)["value"]):
            raise UsageError(f"{key}: {value} is not proposed any more; look at the panel anew")
        if action == "other" and value not in self._people.codes:
            proposal = read_proposal(f"{value}={self.there.owner(key) or ''}")
            if proposal is None:
                raise UsageError(f"{key}: there is no code {value} on the list")
            if not proposal.to:
                raise UsageError(f"{key} has no child yet: say first whose the order is, then whose the frames are")

    def agrees(self, presses: pd.DataFrame) -> None:
        """Two presses about the same frames, or that give one child two sessions, are refused: what follows from the first is to be seen first.

        Of one order the later press counts; but no press about a picture drops a correction, or what was said of another picture.
        """
        *others, last = presses.itertuples()
        mine = self._meant(last.row_key, last.action, last.value)
        for other in others if mine else ():
            if other.row_key == last.row_key:
                if "hide" in (last.action, other.action) and mine != self._meant(other.row_key, other.action, other.value):
                    raise Refused(
                        f"{last.row_key} is decided ({_said(other.action, other.value)}): apply that first, or undo it; pictures can be hidden in photo sorting, too"
                    )
                continue
            theirs = self._meant(other.row_key, other.action, other.value)
            if theirs and (what := contradiction(mine, theirs)):
                raise Refused(f"{last.row_key} and {other.row_key} ({_said(other.action, other.value)}) speak of {what}: "
                              "take one, apply it and look at what follows, then the other")  # fmt: skip


def _said(action: str, value: str) -> str:
    if action in UNDECIDED:
        return {NOBODY: "not on the list", LATER: "later"}[action]
    if action == "hide":
        return f"hide frame {value}"
    proposal = read_proposal(value) or read_proposal(f"{value}=")
    if proposal is None:
        return f"for {value}"
    return words_of(proposal if proposal.verb == "order_code" else proposal._replace(to=""))
