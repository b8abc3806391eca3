"""Codes: put right by hand whose picture is whose, and try again to fill the slots.

What may be changed: `choices` (what the person decided, kept and replayed for ever), then everything that follows from them: the
frames, galleries and group pictures of the sequence, the child of an order, and the slots. Nothing is re-uploaded and no file is
touched: `read_code` keeps what stood on the card. Source: the user's document, part II ("change the access code under photo
management, then retry"); domain.md 3.3, 8, 19 (A4, A5, A10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from prepaykit.decide.photos import picture_tables
from prepaykit.decide.populate import refill
from prepaykit.errors import Refused, UsageError
from prepaykit.rules.albums import FAVOURITE
from prepaykit.rules.codes import compact, nearest_codes
from prepaykit.rules.order_entry import CHILD_MAY_CHANGE
from prepaykit.tables.catalog import typed
from prepaykit.tables.findings import together
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState

SETTLED_BY_ORDER_CODE = (
    "order_unmatched",
    "order_ambiguous",
    "name_contradicts_code",
    "code_of_another_child",
    "order_code_unlisted",
    "code_unknown",
)


def plan_codes(
    state: JobState,
    *,
    tag: Mapping[int | str, str | Iterable[str]] | None = None,
    relabel: Mapping[str, str] | None = None,
    order_code: Mapping[int | str, str] | None = None,
    bind: Mapping[str, str] | None = None,
    hide: Mapping[int | str, bool] | Iterable[int | str] | None = None,
    favourite: Mapping[str, int | str] | None = None,
    why: str = "",
) -> Plan:
    """Plan to correct codes, and fill the slots again with what follows from it.

    `tag`: frame → the codes it stands for (a card nobody could read, or the first frame of a child whose card was skipped); an
    empty text says that it is no card and the child before goes on. `relabel`: the code on the card → the code its frames are filed
    under. `order_code`: order (its number as text if it is for one child, else the key in `order_subjects`) → the child's code. `bind`: blank card →
    code of the named child. `hide`: frames not to be offered (or frame → True, False). `favourite`: code → the frame
    that stands for the gallery instead of the first one.

    Raises Refused for a code of another job, and for an order that has gone on to the batch; UsageError for a frame, order or code
    that is not there. Result: `choices`, `frames_moved`, `slots_changed`, `slots_empty`.

    >>> plan_codes(JobState.new(name="maple-grove-2026", school="Maple Grove")).is_empty
    True
    """
    book = _CodeBook(state)
    hide = hide if isinstance(hide, Mapping) else dict.fromkeys(hide or (), True)
    decided = [
        *[("tag", str(_frame(state, f)), _tag_value(book, codes)) for f, codes in (tag or {}).items()],
        *[("relabel", book.seen(read), book.listed(code)) for read, code in (relabel or {}).items()],
        *[("bind", book.blank(code), book.named(to)) for code, to in (bind or {}).items()],
        *[("hide", str(_frame(state, f)), "hidden" if is_hidden else "shown") for f, is_hidden in hide.items()],
    ]
    decided += [("frame", FAVOURITE + code, frame) for code, frame in _favourites(state, book, favourite or {})]
    children = {_order_subject(state, order): book.person(code) for order, code in (order_code or {}).items()}
    decided += [("order_code", str(key), code) for key, code in children.items()]

    choices = _chosen(state.choices, decided, why)
    tables, pictures = picture_tables(state, state.frames, choices)
    order_tables = _recoded(state, children, book) if children else {}
    photos = together(pictures.findings, _of_files(state.findings))
    step = state.replace(
        **tables, **order_tables, choices=choices, findings=_replaced(state.findings, "photos", photos)
    )
    filled = refill(step)
    result = {
        "choices": len(decided),
        "frames_moved": _moved(state, step),
        "slots_changed": int(
            (filled.slots["frame_id"].fillna(0).array != step.slots["frame_id"].fillna(0).array).sum()
        ),
        "slots_empty": len(filled.findings),
    }
    headline = (f"{result['choices']} decisions, {result['frames_moved']} frames filed anew; "
                f"{result['slots_changed']} slots got another picture, {result['slots_empty']} stay empty")  # fmt: skip
    populated = (state.findings["verb"] == "populate").any() or state.slots["frame_id"].notna().any()
    also = {"photos": photos, **_settled(state.findings, children, state)}
    changed = {**tables, **order_tables, "choices": choices}
    if populated:  # before the first populate nothing is filled behind anybody's back
        changed["slots"] = filled.slots
        also["populate"] = filled.findings
    return Plan.between(state, "codes", changed, also_findings=also, headline=headline, result=result)


# --- what was asked for ------------------------------------------------------------------------------------------------


class _CodeBook:
    """The codes of the job; every answer is a code as it is stored, or an error that says what would be right."""

    def __init__(self, state: JobState) -> None:
        self._state = state
        self._people = state.subjects.loc[state.subjects["kind"] != "blank", "access_code"]
        self._blanks = state.subjects.loc[state.subjects["kind"] == "blank", "access_code"]
        self._groups = state.groups["access_code"]
        self._seen = pd.Series(state.frames["codes"].dropna().str.split().explode().unique(), dtype="str")

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


def _frame(state: JobState, frame: int | str) -> int:
    if str(frame).isdigit() and int(frame) in set(state.frames["frame_id"]):
        return int(frame)
    raise UsageError(f"there is no frame {frame} in {state.name}: give the number that findings show, such as 118")


def _favourites(state: JobState, book: _CodeBook, chosen: Mapping[str, int | str]) -> list[tuple[str, str]]:
    """Code and frame of each gallery's favourite; the frame must stand in that gallery."""
    result = []
    for typed_code, typed_frame in chosen.items():
        code, frame = book.person(typed_code), _frame(state, typed_frame)
        own = state.galleries[(state.galleries["access_code"] == code) & (state.galleries["frame_id"] == frame)]
        if not len(own):
            raise Refused(
                f"frame {frame} is not in the gallery of {code}: a favourite is one of the child's own frames"
            )
        result.append((code, str(frame)))
    return result


def _tag_value(book: _CodeBook, codes: str | Iterable[str]) -> str:
    codes = codes.split() if isinstance(codes, str) else list(codes)
    return " ".join(dict.fromkeys(book.listed(c) for c in codes))


def _order_subject(state: JobState, order: int | str) -> int:
    """The row of order_subjects that is meant: by its key (a number), or by the order's number (text)."""
    rows = state.order_subjects
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


# --- what follows ------------------------------------------------------------------------------------------------------


def _chosen(choices: pd.DataFrame, decided: list[tuple[str, str, str]], why: str) -> pd.DataFrame:
    """The book of choices with the new ones; a later decision about the same thing replaces the earlier one."""
    if not decided:
        return choices
    new = pd.DataFrame(decided, columns=["kind", "target", "value"]).drop_duplicates(["kind", "target"], keep="last")
    new = typed("choices", new.assign(why=why or None))
    both = pd.concat([choices, new]) if len(choices) else new
    return typed("choices", both.drop_duplicates(["kind", "target"], keep="last"))


def _recoded(state: JobState, children: dict[int, str], book: _CodeBook) -> dict[str, pd.DataFrame]:
    """order_subjects with their new child, and the slots that are for it."""
    code = state.order_subjects["order_subject_id"].map(children).astype("str")
    subject = pd.Series(code.map({c: book.subject_id(c) for c in set(children.values())}), dtype="Int64")
    order_subjects = state.order_subjects.assign(
        access_code=code.fillna(state.order_subjects["access_code"]),
        subject_id=subject.fillna(state.order_subjects["subject_id"]),
        matched_by=state.order_subjects["matched_by"].mask(code.notna(), "person"),
    )
    of_line = state.lines.set_index("line_id")["order_subject_id"]
    slot_subject = (
        state.slots["line_id"].map(of_line).map(dict(zip(order_subjects["order_subject_id"], subject, strict=True)))
    )
    slots = state.slots.assign(subject_id=slot_subject.astype("Int64").fillna(state.slots["subject_id"]))
    return {"order_subjects": order_subjects, "slots": slots}


def _moved(before: JobState, after: JobState) -> int:
    """How many frames are filed elsewhere than before."""
    parts = []
    for state in (before, after):
        own = state.galleries[["frame_id", "access_code"]].rename(columns={"access_code": "home"})
        group = state.group_frames.assign(home="group " + state.group_frames["group_id"].astype("str"))[
            ["frame_id", "home"]
        ]
        parts.append(set(pd.concat([own, group]).itertuples(index=False, name=None)))
    return len({frame for frame, _ in parts[0] ^ parts[1]})


def _of_files(findings: pd.DataFrame) -> pd.DataFrame:
    """What the reader said about files: no choice changes that."""
    return findings[(findings["verb"] == "photos") & (findings["about"] == "files")]


def _replaced(findings: pd.DataFrame, verb: str, new: pd.DataFrame) -> pd.DataFrame:
    return together(findings[findings["verb"] != verb], new)


def _settled(findings: pd.DataFrame, children: dict[int, str], state: JobState) -> dict[str, pd.DataFrame]:
    """Findings about who an order is for, without those that the person has settled now."""
    if not children:
        return {}
    rows = state.order_subjects[state.order_subjects["order_subject_id"].isin(list(children))]
    numbers = state.orders.loc[state.orders["order_id"].isin(rows["order_id"]), "order_no"]
    keys = {"order_subjects": set(map(str, children)), "orders": set(numbers) | set(rows["order_id"].astype("str"))}
    done = findings["code"].isin(SETTLED_BY_ORDER_CODE) & pd.Series(
        [key in keys.get(about, ()) for about, key in zip(findings["about"], findings["key"], strict=True)],
        index=findings.index,
        dtype="bool",
    )
    verbs = findings.loc[done, "verb"].unique()
    return {verb: findings[(findings["verb"] == verb) & ~done] for verb in verbs if verb not in ("photos", "populate")}
