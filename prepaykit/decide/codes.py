"""Codes: put right by hand whose picture is whose, and try again to fill the slots.

What may be changed: `choices` (what the person decided, kept and replayed for ever), then everything that follows from them: the
frames, galleries and group pictures of the sequence, the child of an order, and the slots. Nothing is re-uploaded and no file is
touched: `read_code` keeps what stood on the card. Only orders whose children gain or lose frames are retried; every other slot stays as it
is. Source: the user's document, part II ("change the access code under photo
management, then retry"); domain.md 3.3, 8, 19 (A4, A5, A10).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from prepaykit.decide.photos import picture_tables
from prepaykit.decide.populate import refill_some, was_populated
from prepaykit.errors import UsageError
from prepaykit.rules.albums import FAVOURITE, favourites
from prepaykit.rules.choosing import NO_CARD, brought_choices, is_favourite, kept_choices
from prepaykit.rules.code_book import CodeBook, children_named, favourites_named, frame_of, order_subject_of, tag_value
from prepaykit.rules.moving import Moves
from prepaykit.rules.naming import named_cards, read_names_of_cards
from prepaykit.rules.slot_names import frame_named
from prepaykit.rules.slots import Filled
from prepaykit.rules.standing import restated
from prepaykit.rules.taken_proposals import taken_proposals
from prepaykit.rules.weighing import UNDECIDED, refs_as_bought
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
    "matched_by_weighing",
    "match_in_doubt",
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
    move: Mapping[int | str, str] | None = None,
    name: Mapping[str, str] | None = None,
    choices: pd.DataFrame | None = None,
    findings: pd.DataFrame | None = None,
    take: Iterable[str] = (),
    favourite: Mapping[str, int | str] | None = None,
    why: str = "",
    who: str | None = None,
    now: pd.Timestamp | None = None,
) -> Plan:
    """Plan to correct codes, and fill the slots again with what follows from it.

    `tag`: frame → the codes it stands for (a card nobody could read, or the first frame of a child whose card was skipped); an
    empty text says that it is no card and the child before goes on. `relabel`: the code on the card → the code its frames are filed
    under. `order_code`: order (its number as text, `NUMBER:2` for the second of several children, or the key in `order_subjects`) → the child's
    code, `nobody` or `later`; a blank card takes the names typed in the order. `bind`: blank card → code of the named child. `hide`: frames not to be
    offered (or frame → True, False). `move`: frame → the code of the child or class it is filed under alone, or `nobody`
    (`prepaykit.rules.moving`). `favourite`: code → the frame that stands for the gallery instead of the first one. `name`: blank card →
    `First|Last|Class` of a child who is not on the list. `take`: keys of first proposals of
    `code_causes`, each looked at and named by a person; the evidence is kept with the decision. `choices`: decisions to be done
    again, as `read_choices` gives them (findings choice_unusable, choice_superseded, choice_elsewhere; `findings` are what its reader found). `who`, `why` and `now` are kept with each.

    Raises Refused for a code of another job, for an order that has gone on to the batch, for a card or a printed frame that would be moved, for a proposal that is not the first one, and for
    two that speak of the same frames or child; UsageError for a frame, order, code or proposal that is not there. Result: `choices`, `frames_moved`, `slots_changed`, `slots_empty`.

    >>> plan_codes(JobState.new(name="maple-grove-2026", school="Maple Grove")).is_empty
    True
    """
    before = state
    state, said = _with_names_of_cards(state, name or {}), {"why": why or None, "who": who, "decided_at": now}
    book = CodeBook(state)
    hide = hide if isinstance(hide, Mapping) else dict.fromkeys(hide or (), True)
    taken = taken_proposals(state, take)
    tag, relabel, bind = (
        {**(given or {}), **taken.of(verb)} for verb, given in (("tag", tag), ("relabel", relabel), ("bind", bind))
    )
    order_code, hide = (
        {**(order_code or {}), **taken.of("order_code")},
        {**hide, **dict.fromkeys(taken.of("show"), False)},
    )
    decided = [
        *[("tag", str(frame_of(state, f)), tag_value(book, codes)) for f, codes in tag.items()],
        *[("bind", book.blank(code), book.named(to)) for code, to in bind.items()],
        *[("hide", str(frame_of(state, f)), "hidden" if is_hidden else "shown") for f, is_hidden in hide.items()],
        *[("order_code", str(order_subject_of(state, o)), _child(book, code)) for o, code in order_code.items()],
    ]
    rows = _in_turn(choices)
    new, replayed = _taken(state, decided, rows[0], lambda *row: _resolved(state, book, *row), said)
    # A code may have been seen, and a frame be no card any more, by what was decided just now.
    work = state.replace(choices=kept_choices(state.choices, new))
    tagged, moves = CodeBook(work), Moves(work, book)
    decided = [("relabel", tagged.seen(read), book.listed(code)) for read, code in relabel.items()]
    decided += [("move", *moves.named(frame_of(state, frame), code)) for frame, code in (move or {}).items()]
    late, told = _taken(work, decided, rows[1], lambda *row: _resolved_late(work, tagged, moves, *row), said)
    new, replayed = _both(new, late), together(replayed, told)
    children = {int(t): v for k, t, v in new[["kind", "target", "value"]].to_numpy() if k == "order_code"}
    children = {key: code for key, code in children.items() if not _stands(state, key, code)}

    state = state.replace(subjects=named_cards(state, _typed_names(state, children)))
    tables, pictures = picture_tables(state, state.frames, kept_choices(state.choices, new))
    # A favourite is one of the gallery as it is by now.
    shelved = work.replace(galleries=tables["galleries"])
    decided = [("frame", FAVOURITE + code, frame) for code, frame in favourites_named(shelved, book, favourite or {})]
    liked, told = _taken(work, decided, rows[2], lambda *row: _resolved_favourite(shelved, book, *row), said)
    new, replayed = _both(new, liked), together(replayed, told)
    choices = taken.explained(kept_choices(state.choices, new))
    order_tables = _recoded(state, children, book) if children else {}
    photos = together(pictures.findings, _of_files(state.findings))
    step = state.replace(
        **tables, **order_tables, choices=choices, findings=_replaced(state.findings, "photos", photos)
    )
    filled = _retried(state, step, children)
    result = {
        "choices": len(new),
        "frames_moved": _moved(state, step),
        "slots_changed": int(
            (filled.slots["frame_id"].fillna(0).array != step.slots["frame_id"].fillna(0).array).sum()
        ),
        "slots_empty": len(filled.findings),
    }
    headline = (f"{result['choices']} decisions, {result['frames_moved']} frames filed anew; "
                f"{result['slots_changed']} slots got another picture, {result['slots_empty']} stay empty")  # fmt: skip
    changed = {**tables, **order_tables, "choices": choices}
    also = {"photos": photos, **_settled(state.findings, children, state)}
    if children or name:  # another child may now be ordered for twice, or be told by name from this one
        also |= restated(state, **changed)
    if was_populated(state):  # before the first populate nothing is filled behind anybody's back
        changed["slots"] = filled.slots
        also["populate"] = filled.findings
    return Plan.between(
        before,
        "codes",
        changed,
        findings=together(replayed, *([] if findings is None else [findings])),
        also_findings=also,
        headline=headline,
        result=result,
    )


# --- what follows ------------------------------------------------------------------------------------------------------


LATE = ("relabel", "move")


def _in_turn(choices: pd.DataFrame | None) -> tuple[pd.DataFrame | None, ...]:
    """The rows of a file in the turns in which they are done: those that rest on the files alone (and all of other verbs), those that rest
    on what was decided of cards, and the favourites, which rest on the galleries."""
    if choices is None:
        return None, None, None
    turn = np.select([choices["kind"].isin(LATE), is_favourite(choices)], [1, 2], 0)
    return tuple(choices[turn == number] for number in range(3))


def _taken(
    state: JobState,
    decided: list[tuple[str, str, str]],
    brought: pd.DataFrame | None,
    resolve: Callable[[str, str, str], tuple[str, str]],
    said: Mapping[str, object],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Choices of a file and those of this moment, which count where both speak of the same; and findings about the file."""
    replayed, findings = brought_choices(state, brought, "codes", resolve)
    now = typed("choices", pd.DataFrame(decided, columns=["kind", "target", "value"], dtype="str").assign(**said))
    return _both(replayed, now), findings


def _both(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    rows = pd.concat([part for part in (first, second) if len(part)] or [first])
    return rows.drop_duplicates(["kind", "target"], keep="last")


def _resolved(state: JobState, book: CodeBook, kind: str, target: str, value: str) -> tuple[str, str]:
    """A choice of a file as the job keeps it: what is not there, or must not be changed, raises."""
    if kind == "tag":
        return str(frame_named(state, target)), "" if value.lower() == NO_CARD else tag_value(book, value)
    if kind == "bind":
        return book.blank(target), book.named(value)
    if kind == "hide":
        if value not in ("hidden", "shown"):
            raise UsageError(f"hide {target}: the value is hidden or shown, not {value}")
        return str(frame_named(state, target)), value
    code = _child(book, value)
    said = state.choices.loc[state.choices["kind"].eq("order_code") & state.choices["value"].eq(code), "target"]
    # By its name alone: the key of a child in one studio is another child's in the next.
    refs = refs_as_bought(state)
    named = list(refs.index[refs == target]) or children_named(state, target)
    if len(named) != 1:
        near = ", ".join(refs[refs.str.contains(rf"(?:^|:){re.escape(target)}(?:$|:)", regex=True)])
        raise UsageError(
            f"there is no child of an order named {target} in {state.name}"
            + (f": say which, by {near}" if near else "")
        )
    # Said already: it may stand although the order has gone on since.
    return (str(named[0]) if str(named[0]) in set(said) else str(order_subject_of(state, int(named[0])))), code


def _resolved_late(
    state: JobState, book: CodeBook, moves: Moves, kind: str, target: str, value: str
) -> tuple[str, str]:
    if kind == "move":
        return moves.named(frame_named(state, target), value)
    return book.seen(target), book.listed(value)


def _resolved_favourite(state: JobState, book: CodeBook, _kind: str, target: str, value: str) -> tuple[str, str]:
    frame = frame_named(state, value)
    [(code, kept)] = favourites_named(state, book, {target.removeprefix(FAVOURITE): frame})
    return FAVOURITE + code, kept


def _child(book: CodeBook, code: str) -> str:
    """The code of a person or blank card, or a word of `UNDECIDED`."""
    word = str(code).strip().lower()
    if word in UNDECIDED:
        try:
            return book.person(code)
        except UsageError:
            return word
    return book.person(code)


def _stands(state: JobState, key: int, code: str) -> bool:
    """Is this child of an order the person of that code already, by a person's word?"""
    row = state.order_subjects[state.order_subjects["order_subject_id"] == key].iloc[0]
    subject = state.subjects.loc[state.subjects["access_code"] == code, "subject_id"]
    wanted = int(subject.iloc[0]) if len(subject) else None
    here = None if pd.isna(row["subject_id"]) else int(row["subject_id"])
    return here == wanted and (row["matched_by"] == "person" or wanted is None)


def _with_names_of_cards(state: JobState, name: Mapping[str, str]) -> JobState:
    """The job in which these blank cards have the names that a person gave them."""
    if not name:
        return state
    book = CodeBook(state)
    return state.replace(
        subjects=named_cards(state, read_names_of_cards(state, {book.blank(c): t for c, t in name.items()}))
    )


def _typed_names(state: JobState, children: Mapping[int, str]) -> pd.DataFrame:
    """What was typed for these children of orders, as the names of the cards that they get."""
    rows = state.order_subjects[state.order_subjects["order_subject_id"].isin(list(children))]
    columns = {
        f"typed_{c.removesuffix('_name')}": c for c in ("first_name", "last_name", "grade", "teacher", "student_id")
    }
    return rows[[*columns]].rename(columns=columns).assign(access_code=rows["order_subject_id"].map(dict(children)))


def _recoded(state: JobState, children: dict[int, str], book: CodeBook) -> dict[str, pd.DataFrame]:
    """order_subjects with their new child, and the slots that are for it."""
    said = state.order_subjects["order_subject_id"].map(children).astype("str")
    is_nobody = said.isin(UNDECIDED) & ~said.isin(state.subjects["access_code"])
    code = said.mask(is_nobody)
    subject = pd.Series(code.map({c: book.subject_id(c) for c in code.dropna().unique()}), dtype="Int64")
    old = state.order_subjects
    order_subjects = old.assign(
        access_code=code.fillna(old["access_code"]),
        subject_id=subject.fillna(old["subject_id"]).mask(is_nobody),
        matched_by=old["matched_by"].mask(code.notna(), "person").mask(is_nobody),
        matched_on=old["matched_on"].mask(said.notna()),
    )
    of_line = state.lines.set_index("line_id")["order_subject_id"]
    child = state.slots["line_id"].map(of_line)
    now = child.map(order_subjects.set_index("order_subject_id")["subject_id"]).astype("Int64")
    mine = child.isin(order_subjects.loc[said.notna(), "order_subject_id"])
    # No picture stays in a slot that is nobody's.
    lost = child.isin(order_subjects.loc[is_nobody, "order_subject_id"])
    slots = state.slots.assign(
        subject_id=state.slots["subject_id"].mask(mine, now),
        frame_id=state.slots["frame_id"].mask(lost),
        **{c: state.slots[c].mask(lost) for c in ("filled_by", "crop", "artwork_path", "artwork_sha256")},
    )
    return {"order_subjects": order_subjects, "slots": slots}


def _retried(before: JobState, after: JobState, children: Iterable[int]) -> Filled:
    """Slots filled anew, and their findings, for the orders whose children or groups gain or lose frames or get another favourite; all
    others as they were."""
    people = _changed(
        before.galleries, after.galleries, ["frame_id", "subject_id", "is_active", "is_hidden"], "subject_id"
    )
    groups = _changed(before.group_frames, after.group_frames, ["frame_id", "group_id", "position"], "group_id")
    in_groups = after.subjects.loc[after.subjects["group_id"].isin(groups), "subject_id"]
    liked = (favourites(state.choices, state.subjects).items() for state in (before, after))
    chosen = {child for child, _ in set.symmetric_difference(*map(set, liked))}
    lines = after.lines.loc[after.lines["order_subject_id"].isin(list(children)), "line_id"]
    slots = after.slots
    touched = slots["subject_id"].isin({*people, *in_groups, *chosen}) | slots["line_id"].isin(lines)
    return refill_some(before, after, slots.loc[touched, "order_id"])


def _changed(before: pd.DataFrame, after: pd.DataFrame, columns: list[str], owner: str) -> set[int]:
    """Whose rows are not the same in both tables."""
    both = pd.concat([before[columns], after[columns]])
    return set(both.loc[~both.duplicated(keep=False), owner].dropna())


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
