"""Pictures chosen by hand for single prints: another frame, a crop; and decisions of a file about them, done again.

Problem. Whoever looks at a print in manual revision may take another frame of the child, or cut it otherwise. Neither may ever bring another
child's picture into a slot, nor a crop onto a picture that it was not drawn on. Rule. A frame must stand in the gallery of the slot's
child, or be a picture of its group (`own_frames`). A crop has the shape of the print (`prepaykit.rules.crops`) and belongs to the frame
it was drawn on: another frame drops it. Either takes the finished artwork of a memory mate off. From a file all this is the same, slot by
slot: a row that cannot be done is a finding, and its order is not released by the same file.

Worked case. The file says `104001/P57/individual/1` shows 118, and is cropped as drawn on 118. Tonight 118 is not in the child's gallery: both
rows are findings, the slot keeps what the rule gave it. Source: the user's document, II (Manual Revision); domain.md 4 (rows 14, 29), A8.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from prepaykit.errors import PrepaykitError, Refused, UsageError
from prepaykit.rules.choosing import brought_choices, kept_choices
from prepaykit.rules.crops import (
    LEAST_DPI,
    Crop,
    dots_per_inch,
    format_crop,
    is_fixed,
    parse_crop,
    print_inches,
    wrong_shape,
)
from prepaykit.rules.slot_names import frame_named, slot_of_name, slots_named
from prepaykit.rules.slots import own_frames, with_other_pictures, without_artwork
from prepaykit.tables.catalog import typed
from prepaykit.tables.findings import found, together
from prepaykit.tables.state import JobState
from prepaykit.tables.status import SETTLED

GONE = "the order has been sent to production or was cancelled; make a reprint instead"
NO_CROP = "none"
CropLike = str | tuple[float, float, float, float] | None


# --- by hand -----------------------------------------------------------------------------------------------------------


def with_frames(state: JobState, chosen: Mapping[int, int], said_by: Mapping[str, object]) -> JobState:
    """The job with the frames a person chose (slot → frame), kept as choices; refused unless each is the child's own (or its group's)."""
    if not chosen:
        return state
    known = state.slots["slot_id"].isin(chosen)
    if known.sum() != len(chosen):
        raise UsageError(f"revise --replace: unknown slot {sorted(set(chosen) - set(state.slots['slot_id']))}")
    if (known & _is_settled(state)).any():
        raise Refused(f"revise --replace: {GONE}")
    wanted = state.slots.assign(frame_id=state.slots["frame_id"].mask(known, state.slots["slot_id"].map(chosen)))
    foreign = known.to_numpy() & ~own_frames(wanted, state.subjects, state.galleries, state.group_frames)
    if foreign.any():
        ids = ", ".join(str(i) for i in wanted.loc[foreign, "slot_id"])
        raise Refused(f"revise --replace: slot {ids}: the frame is not in the gallery of this order's child. Relabel the gallery first "
                      "(prepaykit codes --relabel) if it really is.")  # fmt: skip
    rows = pd.DataFrame({"target": [str(s) for s in chosen], "value": [str(f) for f in chosen.values()]})
    book = kept_choices(state.choices, typed("choices", rows.assign(kind="frame", **said_by)))
    return _showing(state.replace(choices=book), chosen)


def with_crops(
    state: JobState, chosen: Mapping[int, CropLike], turned: Collection[int], said_by: Mapping[str, object]
) -> JobState:
    """The job with the crops a person chose (slot → crop, None or `none` for none), kept as choices.

    `turned`: frames that the camera marked as turned by a quarter: they are as high as their file is wide. Raises UsageError for a slot that is not
    there or what is no crop, Refused where nothing can be cropped, or if the crop has not the shape of the print.
    """
    if not chosen:
        return state
    crops = {slot: _checked_crop(state, slot, crop, turned) for slot, crop in chosen.items()}
    now = dict(zip(state.slots["slot_id"], state.slots["crop"], strict=True))
    crops = {slot: crop for slot, crop in crops.items() if crop is not None or isinstance(now[slot], str)}
    frames = dict(zip(state.slots["slot_id"], state.slots["frame_id"], strict=True))
    values = [NO_CROP if crop is None else f"{crop}@{frames[slot]}" for slot, crop in crops.items()]
    rows = pd.DataFrame({"target": [str(s) for s in crops], "value": values}, dtype="str").assign(kind="crop", **said_by)
    book = kept_choices(state.choices, typed("choices", rows)) if crops else state.choices
    return _cut(state.replace(choices=book), crops)


def frames_to_crop(
    state: JobState, chosen: Mapping[int, CropLike], replaced: Mapping[int, int], brought: pd.DataFrame | None
) -> set[int]:
    """The frames on which crops are drawn: whoever plans looks into their files whether the camera marked them as turned."""
    frames = dict(zip(state.slots["slot_id"], state.slots["frame_id"], strict=True)) | dict(replaced)
    wanted = {frames.get(slot) for slot in chosen}
    rows = pd.DataFrame(columns=["target", "value"]) if brought is None else brought[brought["kind"] == "crop"]
    named = slots_named(state) if len(rows) else {}
    for target, value in zip(rows["target"], rows["value"], strict=True):
        try:
            wanted.add(frame_named(state, value.partition("@")[2]) if "@" in value else frames.get(named.get(target)))
        except UsageError:
            continue  # told where the crop itself is read
    return {int(frame) for frame in wanted if frame is not None and not pd.isna(frame)}


# --- again -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Redone:
    """`state`: the job with what could be done. `findings`: about the rows that could not. `undone`: their orders."""

    state: JobState
    findings: pd.DataFrame
    undone: frozenset[int]


def frames_and_crops_again(state: JobState, brought: pd.DataFrame | None, turned: Collection[int]) -> Redone:
    """Do the rows `frame` and `crop` of a file or panel again, frames first; the rows `release` are not looked at here.

    A slot is named as `slot_names` names it, a frame as `118#5f0c9e77a1b2`, a crop `x,y,w,h@FRAME`; without a frame it is meant for the one that is
    there. Findings: those of `brought_choices`.
    """
    if brought is None or not len(brought):
        return Redone(state, together(), frozenset())
    named, undone = slots_named(state), set()

    def watched(resolve: object) -> object:
        def resolved(kind: str, target: str, value: str) -> tuple[str, str]:
            try:
                return resolve(target, value)
            except PrepaykitError:
                undone.update(_orders_named(state, named, target))
                raise

        return resolved

    is_crop = brought["kind"] == "crop"
    frames = _Frames(state, named, brought[brought["kind"] == "frame"])
    rest = brought[~is_crop & (brought["kind"] != "release")]
    taken, said = brought_choices(state, rest, "revise", watched(frames.named))
    work = _showing(state.replace(choices=kept_choices(state.choices, taken)), frames.new(taken))
    crops, told = brought_choices(work, brought[is_crop], "revise", watched(lambda t, v: _crop_named(work, named, turned, t, v)))
    work = work.replace(choices=kept_choices(work.choices, crops))
    cuts = {int(t): None if v == NO_CROP else v.partition("@")[0] for t, v in crops[["target", "value"]].to_numpy()}
    return Redone(_cut(work, cuts), together(said, told), frozenset(undone))


class _Frames:
    """The frames that a file chooses for slots, each held against the galleries at once: thousands must not cost a second each."""

    def __init__(self, state: JobState, named: dict[str, int], rows: pd.DataFrame) -> None:
        self._state, self._named = state, named
        book = state.choices[state.choices["kind"] == "frame"]
        self._stands = set(zip(book["target"], book["value"], strict=True))
        self._settled = set(state.slots.loc[_is_settled(state), "slot_id"])
        pairs = [(named.get(t.strip()), _frame_or_none(state, v)) for t, v in rows[["target", "value"]].to_numpy()]
        pairs = pd.DataFrame(pairs, columns=["slot_id", "frame_id"]).dropna().astype("int64")
        asked = pairs.merge(state.slots.drop(columns="frame_id"), on="slot_id", validate="m:1").astype({"frame_id": "Int64"})
        asked = asked[own_frames(asked, state.subjects, state.galleries, state.group_frames)]
        self._own = set(zip(asked["slot_id"], asked["frame_id"], strict=True))

    def named(self, target: str, value: str) -> tuple[str, str]:
        slot, frame = slot_of_name(self._named, target), frame_named(self._state, value)
        if (str(slot), str(frame)) in self._stands:
            return str(slot), str(frame)
        if slot in self._settled:
            raise Refused(f"frame {target}: {GONE}")
        if (slot, frame) not in self._own:
            raise Refused(f"frame {target}: frame {frame} is not in the gallery of this order's child")
        return str(slot), str(frame)

    def new(self, taken: pd.DataFrame) -> dict[int, int]:
        """Slot → frame of the rows that are not decided so already: what stands is left alone, whatever the slot shows by now."""
        pairs = zip(taken["target"], taken["value"], strict=True)
        return {int(slot): int(frame) for slot, frame in pairs if (slot, frame) not in self._stands}


def _crop_named(state: JobState, named: dict[str, int], turned: Collection[int], target: str, value: str) -> tuple[str, str] | None:
    slot = slot_of_name(named, target)
    text, _, drawn_on = value.partition("@")
    row = state.slots[state.slots["slot_id"] == slot].iloc[0]
    frame = frame_named(state, drawn_on) if drawn_on else row["frame_id"]
    if text.strip().lower() == NO_CROP:
        return (str(slot), NO_CROP) if isinstance(row["crop"], str) else None
    kept = f"{format_crop(parse_crop(text))}@{frame}"
    if row["crop"] == kept.partition("@")[0] and row["frame_id"] == frame:
        return str(slot), kept  # it stands, whether or not the order has gone on
    if pd.isna(row["frame_id"]) or row["frame_id"] != frame:
        shown = "is empty" if pd.isna(row["frame_id"]) else f"shows frame {row['frame_id']}"
        raise Refused(f"crop {target}: it was drawn on frame {frame}, and the slot {shown}")
    return str(slot), f"{_checked_crop(state, slot, text, turned)}@{frame}"


# --- what to say -------------------------------------------------------------------------------------------------------


def coarse_crops(state: JobState, slots: pd.DataFrame) -> pd.DataFrame:
    """Finding low_resolution for each of these slots whose crop leaves fewer than `LEAST_DPI` pixels per inch. `slots`: with `order_no`."""
    rows = slots[slots["crop"].notna()].merge(state.frames[["frame_id", "width", "height"]], on="frame_id", validate="m:1")
    dpi = []
    for row in rows[["size", "hole", "crop", "width", "height"]].itertuples():
        inches = print_inches(row.size, row.hole)
        known = inches and not pd.isna(row.width)
        dpi.append(dots_per_inch(parse_crop(row.crop), row.width, row.height, *inches) if known else LEAST_DPI)
    rows = rows.assign(dpi=pd.Series(dpi, rows.index, dtype="float64"))
    rows = rows[rows["dpi"] < LEAST_DPI]
    detail = ("order " + rows["order_no"] + ", print " + rows["product_code"] + ", slot " + rows["slot_id"].astype("str") + ": "
              + rows["dpi"].astype("int64").astype("str") + f" pixels per inch, {LEAST_DPI} are needed")  # fmt: skip
    return found("revise", "low_resolution", "slots", rows["slot_id"], list(detail))


# --- inside ------------------------------------------------------------------------------------------------------------


def _is_settled(state: JobState) -> pd.Series:
    return state.slots["order_id"].isin(state.orders.loc[state.orders["status"].isin(SETTLED), "order_id"])


def _showing(state: JobState, chosen: Mapping[int, int]) -> JobState:
    """The job with these frames in the slots, by a person's hand. A slot that gets another picture has no crop, and its decision is gone."""
    known = state.slots["slot_id"].isin(chosen)
    frame = state.slots["frame_id"].mask(known, state.slots["slot_id"].map(chosen)).astype("Int64")
    differs = (known & (frame != state.slots["frame_id"]).fillna(True)).to_numpy(dtype=bool)
    slots = state.slots.assign(frame_id=frame, filled_by=state.slots["filled_by"].mask(known, "person"))
    other = state.slots.loc[differs, "slot_id"].astype("str")
    stale = (state.choices["kind"] == "crop") & state.choices["target"].isin(other)
    return state.replace(slots=with_other_pictures(slots, differs), choices=state.choices[~stale] if stale.any() else state.choices)


def _cut(state: JobState, crops: Mapping[int, str | None]) -> JobState:
    """The job with these crops of slots; a memory mate that is cut otherwise has no artwork any more."""
    mine = state.slots["slot_id"].isin(crops)
    crop = state.slots["crop"].mask(mine, state.slots["slot_id"].map(crops).astype("str"))
    changed = (crop.fillna("") != state.slots["crop"].fillna("")).to_numpy(dtype=bool)
    return state.replace(slots=without_artwork(state.slots.assign(crop=crop), changed)) if changed.any() else state


def _checked_crop(state: JobState, slot: int, crop: CropLike, turned: Collection[int]) -> str | None:
    """A crop for a slot as it is stored, or None for none; refused with the figures where it does not fit."""
    rows = state.slots[state.slots["slot_id"] == slot]
    if not len(rows):
        raise UsageError(f"revise --crop: there is no slot {slot}")
    if _is_settled(state)[rows.index].any():
        raise Refused(f"revise --crop: slot {slot}: {GONE}")
    text = "" if crop is None else crop if isinstance(crop, str) else format_crop(Crop(*crop))
    if text.strip().lower() in ("", NO_CROP):
        return None
    cut, row = parse_crop(text), rows.iloc[0]
    frame = state.frames[state.frames["frame_id"] == row["frame_id"]] if pd.notna(row["frame_id"]) else state.frames.head(0)
    if not len(frame) or frame[["width", "height"]].isna().any(axis=None):
        raise Refused(f"revise --crop: slot {slot} has no picture that could be cropped")
    size = [int(frame["width"].iloc[0]), int(frame["height"].iloc[0])]
    size = size[::-1] if int(row["frame_id"]) in turned else size
    inches = print_inches(row["size"], row["hole"])
    why = wrong_shape(cut, *size, *inches, fixed=is_fixed(row["hole"])) if inches else ""
    if why:
        raise Refused(f"revise --crop: slot {slot}, crop {text} of frame {row['frame_id']}: {why}")
    return format_crop(cut)


def _frame_or_none(state: JobState, text: str) -> int | None:
    try:
        return frame_named(state, text)
    except UsageError:
        return None


def _orders_named(state: JobState, named: dict[str, int], target: str) -> set[int]:
    """The orders of the child whose slot a row of a file means, whether there is such a slot or not."""
    child = target.strip().rsplit("/", 3)[0]
    mine = [slot for name, slot in named.items() if name.startswith(f"{child}/")]
    return set(state.slots.loc[state.slots["slot_id"].isin(mine), "order_id"])
