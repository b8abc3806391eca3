"""Choices: what people decided, with who, when and why; kept, brought again from a file, and written into one.

Problem: an analyst's decisions of an afternoon must come out the same when the job is made anew at night, and a nightly run must not
take back what somebody decided this morning. Rule: a choice that says what stands already changes nothing, whenever it comes; one
brought from a file never replaces a later one. A file names children of orders by their order as it was bought (`104001`, `104001:2`), and
frames with the end of the picture's SHA-256 (`118#5f0c9e77a1b2`): a key alone is another child or frame in a job made anew.
What a person accepted at `place`, and a frame chosen for one print, is about one moment of one job: it is in the file, and done by hand.

Worked case: the file says P005 is for X-1 (Monday), the job says X-2 (Tuesday, by Ana): X-2 stays, and a finding says so.
Known limits: a row without `decided_at` is older than any choice with another value. Source: matching.md 5 (rule 10).
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from prepaykit.errors import Refused, UsageError
from prepaykit.rules.albums import FAVOURITE
from prepaykit.rules.weighing import refs_as_bought
from prepaykit.tables.catalog import empty, typed
from prepaykit.tables.findings import found, together
from prepaykit.tables.state import JobState

KIND_OF_VERB = {"paper": ("match", "settle"), "codes": ("tag", "relabel", "order_code", "bind", "hide")}
BY_HAND = {"accept": "place --accept {target}", "frame": "revise --replace {target}={value}"}
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

    A child of an order is named by its order's number (`refs_as_bought`), a frame by number and mark, so that the file can be brought to the
    same job made anew.
    """
    refs = refs_as_bought(state)
    refs.index = refs.index.astype("str")
    marked, rows = _marked_frames(state), state.choices
    target, value = rows["target"], rows["value"]
    by_frame, favourite = rows["kind"].isin(["tag", "hide"]), _is_favourite(rows)
    target = target.mask(rows["kind"] == "order_code", target.map(refs).astype("str"))
    target = target.mask(by_frame, target.map(marked).astype("str").fillna(target))
    rows = rows.assign(target=target, value=value.mask(favourite, value.map(marked).astype("str").fillna(value)))
    return rows.dropna(subset="target").sort_values(["kind", "target"], ignore_index=True)[FILE_COLUMNS]


def frame_of_file(state: JobState, text: str) -> int | None:
    """The frame that a file means by `118#5f0c9e77a1b2`: the one with these bytes; by a number alone, the one of that number."""
    number, _, mark = text.strip().partition("#")
    frames = state.frames[["frame_id", "sha256"]]
    if not mark:
        ids = frames.loc[frames["frame_id"].astype("str") == number, "frame_id"]
    else:
        ids = frames.loc[frames["sha256"].str.endswith(mark).fillna(False).astype("bool"), "frame_id"]
        ids = ids[ids.astype("str") == number] if (ids.astype("str") == number).any() else ids
    return int(ids.iloc[0]) if len(ids) == 1 else None


def brought_choices(
    state: JobState, brought: pd.DataFrame | None, verb: str, resolve: Callable[[str, str, str], tuple[str, str]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The choices of a file that this verb takes, each resolved to key and value of the job; and the findings about the others.

    `brought`: as `read_choices` gives it. `resolve(kind, target, value)` gives the target and value as the job keeps them, or raises
    UsageError or Refused; such a row is left out. Of two rows about the same thing the later one counts.
    Findings, key file row: choice_unusable, choice_superseded, choice_elsewhere, choice_by_hand.
    """
    if brought is None or not len(brought):
        return empty("choices"), empty("findings")
    verbs = _verb_of(brought)
    mine = verbs == verb
    elsewhere = brought[~mine & verbs.notna()]
    by_hand = brought[verbs.isna() & brought["kind"].isin(BY_HAND)]
    unknown = brought[verbs.isna() & ~brought["kind"].isin(BY_HAND)]
    taken, wrong, late = [], [], []
    in_turn = brought[mine].sort_values("decided_at", na_position="first", kind="stable")
    for row in in_turn.to_dict("records"):
        try:
            target, value = resolve(row["kind"], row["target"], row["value"])
        except (UsageError, Refused) as error:
            wrong.append((row["row"], f"row {row['row']}: {error}"))
            continue
        later = _later(state, row, target, value)
        if later is None:
            taken.append({**row, "target": target, "value": value})
        else:
            late.append((row["row"], later))
    wrong += [
        (r, f"row {r}: {k} is no kind of choice that can be brought") for r, k in unknown[["row", "kind"]].to_numpy()
    ]
    moved = [(r, f"row {r}: {k} {t}") for r, k, t in elsewhere[["row", "kind", "target"]].to_numpy()]
    others = [v for v in KIND_OF_VERB if v != verb]
    parts = [
        (code, rows)
        for code, rows in (("choice_unusable", wrong), ("choice_superseded", late), ("choice_elsewhere", moved))
        if rows
    ]
    said = [
        found(verb, code, "choices file", [f"row {r}" for r, _ in rows], [d for _, d in rows], hints=others * len(rows))
        for code, rows in parts
    ]
    said.append(_said_by_hand(verb, by_hand))
    new = (
        pd.DataFrame(taken).drop(columns="row")
        if taken
        else pd.DataFrame({c: pd.Series(dtype="str") for c in FILE_COLUMNS})
    )
    new = new[FILE_COLUMNS].drop_duplicates(["kind", "target"], keep="last")
    return typed("choices", new), together(*said)


def _verb_of(brought: pd.DataFrame) -> pd.Series:
    """The verb that takes each row of a file; missing for a kind that no file brings. The favourite of a gallery is the codes verb's."""
    verb_of = {kind: verb for verb, kinds in KIND_OF_VERB.items() for kind in kinds}
    return brought["kind"].map(verb_of).astype("str").mask(_is_favourite(brought), "codes")


def _is_favourite(rows: pd.DataFrame) -> pd.Series:
    return (rows["kind"] == "frame") & rows["target"].str.startswith(FAVOURITE).fillna(False).astype("bool")


def _marked_frames(state: JobState) -> pd.Series:
    """Each frame (index: its key as text) as a file names it: the key, and the end of the SHA-256 where it is known."""
    numbers = state.frames["frame_id"].astype("str")
    named = (numbers + "#" + state.frames["sha256"].str[-12:]).fillna(numbers)
    return pd.Series(named.to_numpy(), index=numbers.to_numpy(), dtype="str")


def _said_by_hand(verb: str, rows: pd.DataFrame) -> pd.DataFrame:
    said = rows[["row", "kind", "target", "value"]].to_dict("records")
    return found(verb, "choice_by_hand", "choices file", [f"row {r['row']}" for r in said], [f"row {r['row']}: {r['kind']} {r['target']}" for r in said],
                 hints=[BY_HAND[r["kind"]].format(**r) for r in said])  # fmt: skip


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
