"""Codes: put right by hand whose picture is whose, and try again to fill the slots.

What may be changed: `choices` (what the person decided, kept and replayed for ever), then everything that follows from them: the
frames, galleries and group pictures of the sequence, the child of an order, and the slots. Nothing is re-uploaded and no file is
touched: `read_code` keeps what stood on the card. Only orders whose children gain or lose frames are retried; every other slot stays as it
is. Source: the user's document, part II ("change the access code under photo
management, then retry"); domain.md 3.3, 8, 19 (A4, A5, A10).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pandas as pd

from prepaykit.decide.photos import picture_tables
from prepaykit.decide.populate import refill_some, was_populated
from prepaykit.errors import Refused, UsageError
from prepaykit.rules.albums import FAVOURITE, favourites
from prepaykit.rules.choosing import brought_choices, frame_of_file, kept_choices
from prepaykit.rules.code_causes import code_causes
from prepaykit.rules.codes import compact, nearest_codes
from prepaykit.rules.naming import named_cards, read_names_of_cards
from prepaykit.rules.order_entry import CHILD_MAY_CHANGE
from prepaykit.rules.slots import Filled
from prepaykit.rules.standing import restated
from prepaykit.rules.weighing import UNDECIDED, refs_as_bought, refs_of
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
    offered (or frame → True, False). `favourite`: code → the frame that stands for the gallery instead of the first one. `name`: blank card →
    `First|Last|Class` of a child who is not on the list. `take`: keys of first proposals of
    `code_causes`, each looked at and named by a person; the evidence is kept with the decision. `choices`: decisions to be done
    again, as `read_choices` gives them (findings choice_unusable, choice_superseded, choice_elsewhere, choice_by_hand; `findings` are what its reader found). `who`, `why` and `now` are kept with each.

    Raises Refused for a code of another job, for an order that has gone on to the batch, for a proposal that is not the first one, and for
    two that speak of the same frames or child; UsageError for a frame, order, code or proposal that is not there. Result: `choices`, `frames_moved`, `slots_changed`, `slots_empty`.

    >>> plan_codes(JobState.new(name="maple-grove-2026", school="Maple Grove")).is_empty
    True
    """
    before = state
    state, said = _with_names_of_cards(state, name or {}), {"why": why or None, "who": who, "decided_at": now}
    book = _CodeBook(state)
    hide = hide if isinstance(hide, Mapping) else dict.fromkeys(hide or (), True)
    taken = _taken(state, take)
    tag, relabel, bind = (
        {**(given or {}), **taken.of(verb)} for verb, given in (("tag", tag), ("relabel", relabel), ("bind", bind))
    )
    order_code, hide = (
        {**(order_code or {}), **taken.of("order_code")},
        {**hide, **dict.fromkeys(taken.of("show"), False)},
    )
    decided = [
        *[("tag", str(_frame(state, f)), _tag_value(book, codes)) for f, codes in tag.items()],
        *[("relabel", book.seen(read), book.listed(code)) for read, code in relabel.items()],
        *[("bind", book.blank(code), book.named(to)) for code, to in bind.items()],
        *[("hide", str(_frame(state, f)), "hidden" if is_hidden else "shown") for f, is_hidden in hide.items()],
    ]
    decided += [("frame", FAVOURITE + code, frame) for code, frame in _favourites(state, book, favourite or {})]
    decided += [
        ("order_code", str(_order_subject(state, order)), _child(book, code)) for order, code in order_code.items()
    ]
    brought, replayed = brought_choices(state, choices, "codes", lambda *row: _resolved(state, book, *row))
    new = pd.concat([t for t in (brought, _as_choices(decided, said)) if len(t)] or [brought]).drop_duplicates(
        ["kind", "target"], keep="last"
    )
    children = {int(t): v for k, t, v in new[["kind", "target", "value"]].to_numpy() if k == "order_code"}
    children = {key: code for key, code in children.items() if not _stands(state, key, code)}

    choices = taken.explained(kept_choices(state.choices, new))
    state = state.replace(subjects=named_cards(state, _typed_names(state, children)))
    tables, pictures = picture_tables(state, state.frames, choices)
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
        named = _named(state, order)
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


def _named(state: JobState, order: str) -> list[int]:
    """The child of an order that is named so (`refs_of`): one key of order_subjects, or none."""
    refs = refs_of(state)
    return [int(key) for key in refs.index[refs == order]]


class _Taken:
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


def _taken(state: JobState, keys: Iterable[str]) -> _Taken:
    keys = list(dict.fromkeys(keys))
    if not keys:
        return _Taken(pd.DataFrame(columns=["verb", "from", "to", "order_subject_id", "cause", "sure", "evidence"]))
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
    return _Taken(rows)


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


# --- what follows ------------------------------------------------------------------------------------------------------


def _as_choices(decided: list[tuple[str, str, str]], said: Mapping[str, object]) -> pd.DataFrame:
    """Decisions of this moment as rows of choices."""
    new = pd.DataFrame(decided, columns=["kind", "target", "value"], dtype="str")
    return (
        typed("choices", new.drop_duplicates(["kind", "target"], keep="last").assign(**said))
        if len(new)
        else typed("choices", new)
    )


def _resolved(state: JobState, book: _CodeBook, kind: str, target: str, value: str) -> tuple[str, str]:
    """A choice of a file as the job keeps it: what is not there, or must not be changed, raises."""
    if kind == "tag":
        return _file_frame(state, target), _tag_value(book, value)
    if kind == "relabel":
        return book.seen(target), book.listed(value)
    if kind == "bind":
        return book.blank(target), book.named(value)
    if kind == "hide":
        if value not in ("hidden", "shown"):
            raise UsageError(f"hide {target}: the value is hidden or shown, not {value}")
        return _file_frame(state, target), value
    if kind == "frame":
        [(code, frame)] = _favourites(state, book, {target.removeprefix(FAVOURITE): _file_frame(state, value)})
        return FAVOURITE + code, frame
    code = _child(book, value)
    said = state.choices.loc[state.choices["kind"].eq("order_code") & state.choices["value"].eq(code), "target"]
    # By its name alone: the key of a child in one studio is another child's in the next.
    refs = refs_as_bought(state)
    named = list(refs.index[refs == target]) or _named(state, target)
    if len(named) != 1:
        near = ", ".join(refs[refs.str.contains(rf"(?:^|:){re.escape(target)}(?:$|:)", regex=True)])
        raise UsageError(
            f"there is no child of an order named {target} in {state.name}"
            + (f": say which, by {near}" if near else "")
        )
    # Said already: it may stand although the order has gone on since.
    return (str(named[0]) if str(named[0]) in set(said) else str(_order_subject(state, int(named[0])))), code


def _file_frame(state: JobState, text: str) -> str:
    frame = frame_of_file(state, text)
    if frame is None:
        raise UsageError(
            f"there is no frame {text} in {state.name}: its picture has not been read, or stands there several times"
        )
    return str(frame)


def _child(book: _CodeBook, code: str) -> str:
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
    book = _CodeBook(state)
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


def _recoded(state: JobState, children: dict[int, str], book: _CodeBook) -> dict[str, pd.DataFrame]:
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
        **{c: state.slots[c].mask(lost) for c in ("filled_by", "artwork_path", "artwork_sha256")},
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
