"""Choices: what people decided, with who, when and why; kept, brought again from a file or a panel, and written into one.

Problem: an analyst's decisions of an afternoon must come out the same when the job is made anew at night, and a nightly run must not
take back what somebody decided this morning. Rule: a choice that says what stands already changes nothing, whenever it comes; one
brought from a file never replaces a later one. A file names children of orders by their order as it was bought (`104001`, `104001:2`),
slots by what was bought (`104001/P57/individual/1`) and frames with the end of the picture's SHA-256 (`118#5f0c9e77a1b2`): a key alone is
another child, slot or frame in a job made anew (`prepaykit.rules.slot_names`). Each verb takes its own kinds (`KINDS_OF_VERB`).

Worked case: the file says P005 is for X-1 (Monday), the job says X-2 (Tuesday, by Ana): X-2 stays, and a finding says so.
Known limits: a row without `decided_at` is older than any choice with another value; finished artwork that was attached as a file is no
choice. Source: matching.md 5 (rule 10).
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from prepaykit.errors import Refused, UsageError
from prepaykit.rules.albums import FAVOURITE
from prepaykit.rules.slot_names import errors_named, marked_frames, refs_by_text, slot_names
from prepaykit.tables.catalog import empty, typed
from prepaykit.tables.findings import found, together
from prepaykit.tables.state import JobState

KINDS_OF_VERB = {
    "paper": ("match", "settle"),
    "codes": ("tag", "relabel", "order_code", "bind", "hide", "move"),
    "place": ("accept",),
    "revise": ("frame", "crop", "release"),
    "refund": ("refund",),
    "payments": ("payment",),
}
"""The verb that does each kind again. A `frame` that stands for a gallery (target `code:…`) is of the verb codes."""
ADDING = ("accept",)
"""Kinds of which a later word never takes back an earlier one: what was accepted before stays so."""
NO_CARD = "none"
"""How a file says that a frame shows no card: a value that is empty would be taken for one that was forgotten."""
FILE_COLUMNS = ["kind", "target", "value", "who", "why", "decided_at"]
_SAID = ["why", "who", "decided_at"]


def kept_choices(choices: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """The book of choices with the new ones; a later decision about the same thing replaces the earlier one.

    `new`: kind, target, value, and why, who, decided_at where known. One that says the same as before, for the same reason or for
    none, leaves the row that is there: who decided first stays.

    >>> day = pd.Timestamp("2026-09-14", tz="UTC")
    >>> first = kept_choices(empty("choices"), pd.DataFrame({"kind": ["match"], "target": ["E-1"], "value": ["X-1"], "who": ["ana"], "decided_at": [day]}))
    >>> again = kept_choices(first, pd.DataFrame({"kind": ["match"], "target": ["E-1"], "value": ["X-1"], "who": ["bo"]}))
    >>> again["who"].tolist()
    ['ana']
    """
    if not len(new):
        return choices
    new = typed("choices", new).drop_duplicates(["kind", "target"], keep="last")
    old = new.merge(choices, on=["kind", "target"], how="left", suffixes=("", "_old"), validate="1:1")
    same = (old["value"] == old["value_old"]) & (old["why"].isna() | (old["why"] == old["why_old"]))
    new = new[~same.to_numpy()]
    if not len(new):
        return choices
    both = pd.concat([choices, new]) if len(choices) else new
    return typed("choices", both.drop_duplicates(["kind", "target"], keep="last"))


def choices_table(state: JobState) -> pd.DataFrame:
    """The choices of a job as a file has them: kind, target, value, who, why, decided_at.

    Children of orders, slots and frames are named so that the file can be brought to the same job made anew (`prepaykit.rules.slot_names`).
    Left out is what is about a slot that is gone, and a crop of a picture that the slot does not show any more.
    """
    refs = refs_by_text(state)
    marked, rows = marked_frames(state), state.choices
    slots = slot_names(state)
    slots.index = slots.index.astype("str")
    kind, target, value, favourite = rows["kind"], rows["target"], rows["value"], is_favourite(rows)
    of_slot = (kind == "crop") | ((kind == "frame") & ~favourite)
    target = target.mask(kind == "order_code", target.map(refs).astype("str")).mask(of_slot, target.map(slots).astype("str"))
    value = value.mask((kind == "tag") & (value.str.strip() == ""), NO_CARD)
    target = target.mask(kind.isin(["tag", "hide", "move"]), target.map(marked).astype("str").fillna(target))
    value = value.mask(kind == "frame", value.map(marked).astype("str").fillna(value))
    accepted = [errors_named(v, marked, refs) if k == "accept" else v for k, v in zip(kind, value, strict=True)]
    value = pd.Series(accepted, rows.index, dtype="str")
    crop, _, drawn_on = (value.str.partition("@")[n] for n in range(3)) if len(rows) else (value, value, value)
    is_drawn = (kind == "crop") & (drawn_on.fillna("") != "")
    value = value.mask(is_drawn, crop + "@" + drawn_on.map(marked).astype("str").fillna(drawn_on))
    now = rows["target"].map(_frames_of_slots(state))
    stale = is_drawn & (drawn_on.astype("str") != now.astype("str"))
    rows = rows.assign(target=target, value=value)[~stale.to_numpy(dtype=bool)]
    return rows.dropna(subset="target").sort_values(["kind", "target"], ignore_index=True)[FILE_COLUMNS]


def brought_choices(
    state: JobState, brought: pd.DataFrame | None, verb: str, resolve: Callable[[str, str, str], tuple[str, str] | None]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The choices of a file that this verb takes, each resolved to key and value of the job; and the findings about the others.

    `brought`: as `read_choices` gives it. `resolve(kind, target, value)` gives the target and value as the job keeps them, None if
    nothing is left to be done, or raises UsageError or Refused; such a row is left out. Of two rows about the same thing the later one counts.
    Findings, key file row: choice_unusable, choice_superseded, choice_elsewhere.
    """
    if brought is None or not len(brought):
        return empty("choices"), empty("findings")
    verbs = _verb_of(brought)
    taken, wrong, late = [], [], []
    in_turn = brought[verbs == verb].sort_values("decided_at", na_position="first", kind="stable")
    for row in in_turn.to_dict("records"):
        try:
            resolved = resolve(row["kind"], row["target"], row["value"])
        except (UsageError, Refused) as error:
            wrong.append((row["row"], f"row {row['row']}: {error}"))
            continue
        if resolved is None:
            continue
        target, value = resolved
        later = None if row["kind"] in ADDING else _later(state, row, target, value)
        if later is None:
            taken.append({**row, "target": target, "value": value})
        else:
            late.append((row["row"], later))
    unknown = brought[verbs.isna()]
    wrong += [(r, f"row {r}: {k} is no kind of choice that can be brought") for r, k in unknown[["row", "kind"]].to_numpy()]
    new = pd.DataFrame(taken, columns=[*brought.columns]) if taken else brought.head(0)
    new = new[FILE_COLUMNS].drop_duplicates(["kind", "target"], keep="last")
    said = [_said(verb, "choice_unusable", wrong), _said(verb, "choice_superseded", late), _said_elsewhere(verb, brought, verbs)]
    return typed("choices", new), together(*said)


def _said(verb: str, code: str, rows: list[tuple[int, str]]) -> pd.DataFrame:
    return found(verb, code, "choices file", [f"row {number}" for number, _ in rows], [detail for _, detail in rows])


def _said_elsewhere(verb: str, brought: pd.DataFrame, verbs: pd.Series) -> pd.DataFrame:
    other = brought.assign(verb=verbs)[verbs.notna() & (verbs != verb)]
    named = "row " + other["row"].astype("str")
    return found(verb, "choice_elsewhere", "choices file", named, list(named + ": " + other["kind"] + " " + other["target"]), hints=list(other["verb"]))  # fmt: skip


def _verb_of(brought: pd.DataFrame) -> pd.Series:
    """The verb that takes each row of a file; missing for a kind that no file brings."""
    verb_of = {kind: verb for verb, kinds in KINDS_OF_VERB.items() for kind in kinds}
    return brought["kind"].map(verb_of).astype("str").mask(is_favourite(brought), "codes")


def is_favourite(rows: pd.DataFrame) -> pd.Series:
    """Is a row about the frame that stands for a gallery, not about one for a slot?"""
    return (rows["kind"] == "frame") & rows["target"].str.startswith(FAVOURITE).fillna(False).astype("bool")


def _frames_of_slots(state: JobState) -> pd.Series:
    """The frame in each slot, both as text."""
    slots = state.slots[["slot_id", "frame_id"]].astype("str")
    return slots.set_index("slot_id")["frame_id"]


def _later(state: JobState, row: dict, target: str, value: str) -> str | None:
    """Why this row of a file does not count any more: the job has a later choice about the same thing."""
    keys = [row["kind"], target, value]
    if (state.choices[["kind", "target", "value"]] == keys).all(axis=1).any():
        return None  # it stands
    about = pd.MultiIndex.from_tuples([(row["kind"], target), *_same_child(state, row["kind"], target)])
    there = state.choices[pd.MultiIndex.from_frame(state.choices[["kind", "target"]]).isin(about)]
    there = there[there["value"] != value].sort_values("decided_at", na_position="first")
    if not len(there):
        return None
    old = there.iloc[-1]
    if pd.notna(row["decided_at"]) and (pd.isna(old["decided_at"]) or row["decided_at"] > old["decided_at"]):
        return None
    when = "" if pd.isna(old["decided_at"]) else f" on {old['decided_at']:%Y-%m-%d %H:%M} UTC"
    return f"row {row['row']}: {row['kind']} {row['target']} was decided otherwise in the job{when}; the job's decision stays"


def _same_child(state: JobState, kind: str, target: str) -> list[tuple[str, str]]:
    """The other choices that decide about the same child: of an envelope the one about its order, and the other way round."""
    paper = state.orders[state.orders["origin"] == "paper"]
    children = state.order_subjects.merge(paper[["order_id", "order_no"]], on="order_id", how="inner", validate="m:1")
    keys = children["order_subject_id"].astype("str")
    if kind == "match":
        return [("order_code", k) for k in keys[children["order_no"] == target]]
    return [("match", n) for n in children.loc[keys == target, "order_no"]] if kind == "order_code" else []
