"""Names that hold in a job made anew: of a slot, of what stands on an order, of a frame.

Problem. Keys are counted as rows come in: slot 17 of tonight's job may be another child's print than slot 17 of this afternoon. Rule. A
slot is named by what was bought: the child of the order as bought, the print, which picture goes there, and the how-manieth of these it
is: `104001:2/P57/individual/1`. A frame is named by its number and the end of the SHA-256 of its bytes: `118#5f0c9e77a1b2`. What was
accepted on an order names children and frames so, too: `name_contradicts_code/104001:2`, `card_skipped/118#5f0c9e77a1b2`.

Worked case. Order 104001 has two memory mates: four slots, `104001/MM/mate_individual/1`, `…/mate_group/1`, `…/mate_individual/2`, `…`.
Known limits: an order that was priced anew has other slots; they bear the same names as far as the same was bought.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

import pandas as pd

from prepaykit.errors import UsageError
from prepaykit.rules.doubts import DAMAGED, DOUBTS
from prepaykit.rules.weighing import refs_as_bought
from prepaykit.tables.state import JobState

OF_A_FRAME = (*DOUBTS, DAMAGED)


def slot_names(state: JobState) -> pd.Series:
    """The name of each slot (index `slot_id`).

    >>> slot_names(JobState.new(name="maple-grove-2026", school="Maple Grove")).tolist()
    []
    """
    rows = state.slots[["slot_id", "line_id", "product_code", "hole"]].sort_values("slot_id")
    child = rows["line_id"].map(state.lines.set_index("line_id")["order_subject_id"])
    rows = rows.assign(ref=child.map(refs_as_bought(state)).astype("str"))
    number = rows.groupby(["ref", "product_code", "hole"]).cumcount() + 1
    names = rows["ref"] + "/" + rows["product_code"] + "/" + rows["hole"] + "/" + number.astype("str")
    return pd.Series(names.to_numpy(), index=rows["slot_id"].to_numpy(), dtype="str")


def slots_named(state: JobState) -> dict[str, int]:
    """The slot of each name."""
    names = slot_names(state)
    return dict(zip(names, names.index, strict=True))


def slot_of_name(named: dict[str, int], text: str) -> int:
    """The slot that a choice means. Raises UsageError for one that is not there, with those of the same child."""
    text = text.strip()
    if text in named:
        return int(named[text])
    child = text.rsplit("/", 3)[0]
    near = [name for name in named if name.startswith(f"{child}/")][:6]
    raise UsageError(
        f"there is no slot {text}: name it ORDER/PRINT/HOLE/NUMBER" + (f", such as {', '.join(near)}" if near else "")
    )


def marked_frames(state: JobState) -> pd.Series:
    """Each frame (index: its key as text) as a file names it: the key, and the end of the SHA-256 where it is known."""
    numbers = state.frames["frame_id"].astype("str")
    named = (numbers + "#" + state.frames["sha256"].str[-12:]).fillna(numbers)
    return pd.Series(named.to_numpy(), index=numbers.to_numpy(), dtype="str")


def frame_of_file(state: JobState, text: str) -> int | None:
    """The frame that a file means by `118#5f0c9e77a1b2`: the one with these bytes; by a number alone, the one of that number."""
    number, _, mark = text.strip().partition("#")
    frames = state.frames[["frame_id", "sha256"]]
    of_number = frames[frames["frame_id"] == int(number)] if number.isascii() and number.isdecimal() else frames.head(0)
    if len(of_number) and (not mark or str(of_number["sha256"].iloc[0]).endswith(mark)):
        return int(of_number["frame_id"].iloc[0])
    ids = frames.loc[frames["sha256"].str.endswith(mark).fillna(False).astype("bool"), "frame_id"] if mark else ()
    return int(ids.iloc[0]) if len(ids) == 1 else None


def frame_named(state: JobState, text: str) -> int:
    """The frame that a choice means. Raises UsageError if it is not there."""
    frame = frame_of_file(state, text)
    if frame is None:
        raise UsageError(
            f"there is no frame {text} in {state.name}: its picture has not been read, or stands there several times"
        )
    return frame


def refs_by_text(state: JobState) -> pd.Series:
    """The name of each child of an order as it was bought, by its key as choices have it: as text."""
    refs = refs_as_bought(state)
    return refs.set_axis(refs.index.astype("str"))


def errors_named(errors: str, marked: pd.Series, refs: pd.Series) -> str:
    """What an acceptance covers, with names in place of keys. `marked`: `marked_frames`; `refs`: names of children by key as text."""
    return " ".join(_renamed(what, marked, refs) for what in errors.split())


def errors_of_file(state: JobState, text: str) -> list[str]:
    """What an acceptance of a file covers, as the job names it. Raises UsageError for a child or frame that is not there."""
    keys = {ref: str(key) for key, ref in refs_as_bought(state).items()}
    result = []
    for what in text.split():
        code, _, about = what.partition("/")
        if not about:
            result.append(code)
        elif code in OF_A_FRAME:
            result.append(f"{code}/{frame_named(state, about)}")
        elif unquote(about) in keys:
            result.append(f"{code}/{keys[unquote(about)]}")
        else:
            raise UsageError(f"there is no child of an order named {unquote(about)} in {state.name}")
    return result


def _renamed(what: str, marked: pd.Series, refs: pd.Series) -> str:
    code, _, key = what.partition("/")
    if not key:
        return what
    # Order numbers may hold spaces, and a space parts one error from the next.
    return f"{code}/{marked.get(key, key) if code in OF_A_FRAME else quote(refs.get(key, key), safe=':/')}"
