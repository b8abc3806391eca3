"""Manual revision as a panel: each order that stopped here, its prints as they will be, another frame or crop for a print, and its release.

Rows are the orders in manual revision. A press about an order releases it; a press about one of its prints (a part, named as `slot_names` names
the slot) takes another frame (`118#5f0c9e77a1b2`) or cuts it (`x,y,w,h@118#…`, `none@118#…`). The crop says on which frame it was drawn, so the last
press about a print says all there is to say of it. Choices are of the kinds `release`, `frame`, `crop`. Details show names and pictures of children.
Source: the user's document, II (Manual Revision); domain.md 4 (rows 14, 29).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.adapters.composer import GROUP_HOLE, HEADS_AT, OWN_HOLE, SHEET
from prepaykit.decide.revise import in_revision
from prepaykit.errors import UsageError
from prepaykit.panels.orders import HOLES, Orders
from prepaykit.panels.work import Action, Block, Column, Work, no_choices, notes, prints
from prepaykit.rules.blocks import standing_errors
from prepaykit.rules.crops import is_fixed, parse_crop, print_inches
from prepaykit.rules.revising import NO_CROP, coarse_crops
from prepaykit.rules.slot_names import marked_frames, slot_names
from prepaykit.tables.state import JobState

COLUMNS = (
    Column("key", "order", "code", 11),
    Column("child", "child", "text", 19, has_names=True),
    Column("in_class", "class", "text", 17),
    Column("prints", "prints", "number", 9),
    Column("lacks", "lacks", "text", 17),
    Column("reason", "why here", "text", 16),
)
ACTIONS = (
    Action("release", "Enter", "Release"),
    Action("release_clean", "C", "Release all clean", every="release"),
    Action("frame", "1–9", "Another frame for the print", needs="frame", goes_on=False),
    Action("crop", "[ ]", "Mark a print, crop it", needs="crop", goes_on=False),
)
REASONS = {"manual_revision": "every order", "memory_mate": "memory mate"}
WHERE = {"mate_group": GROUP_HOLE, "mate_individual": OWN_HOLE}


def revise_work(state: JobState) -> Work:
    """The orders of a job that are in manual revision.

    Takes everything of the job. Without orders in revision it has no rows. `is_ready`: nothing is lacking. Frames with a negative key are finished
    artworks, by slot.

    >>> revise_work(JobState.new(name="maple-grove-2026", school="Maple Grove")).rows.shape[0]
    0
    """
    orders, queue = Orders(state), in_revision(state)
    queue = queue.assign(part=queue["slot_id"].map(slot_names(state)).astype("str"))
    rows = _rows(state, orders, queue)
    parts = dict(zip(queue["part"], queue["order_id"].map(orders.numbers), strict=True))
    order_ids = dict(zip(rows["key"], queue["order_id"].drop_duplicates(), strict=True))
    look = Look(state, queue)
    return Work(
        name="revise",
        verb="revise",
        title="Manual revision",
        rows=rows,
        parts=parts,
        columns=COLUMNS,
        actions=ACTIONS,
        details=lambda key: _details(orders, look, order_ids[key]),
        choices=lambda presses: _choices(queue, presses),
        said=_said,
        check=lambda key, action, value: _check(look, key, action, value),
        frames=pd.concat([look.frames, look.artworks]) if len(look.artworks) else look.frames,
        layout={"kind": "pictures"},
        nothing="No order is in manual revision.",
    )


def _rows(state: JobState, orders: Orders, queue: pd.DataFrame) -> pd.DataFrame:
    first = queue.drop_duplicates("order_id")
    table = orders.table.loc[first["order_id"]]
    one_each = queue[queue["hole"] != "mate_group"]
    lacks = {
        word: queue[queue["lacks"] == word].drop_duplicates(["order_id", "mate", "slot_id"] if word == "picture" else ["order_id", "mate"])
        .groupby("order_id").size().reindex(first["order_id"], fill_value=0).to_numpy()
        for word in ("picture", "artwork")
    }  # fmt: skip
    stays = state.revisions[state.revisions["order_id"].isin(first["order_id"])].sort_values("revision_id")
    reason = stays.drop_duplicates("order_id", keep="last").set_index("order_id")["reason"].map(REASONS)
    again = stays.groupby("order_id").size().reindex(first["order_id"]).to_numpy() > 1
    coarse = queue.loc[queue["slot_id"].astype("str").isin(coarse_crops(state, queue)["key"]), "order_id"]
    warned = first["order_id"].isin([*standing_errors(state)["order_id"], *coarse]).to_numpy()
    is_ready = (lacks["picture"] + lacks["artwork"]) == 0
    return pd.DataFrame(
        {
            "key": table["number"].to_numpy(),
            "child": table["child"].fillna("").to_numpy(),
            "in_class": table["in_class"].fillna("").to_numpy(),
            "prints": one_each.groupby("order_id")["quantity"]
            .sum()
            .reindex(first["order_id"], fill_value=0)
            .to_numpy(),
            "lacks": _lacking_words(lacks["picture"], lacks["artwork"]),
            "reason": (first["order_id"].map(reason).astype("str") + np.where(again, ", again", "")).to_numpy(),
            "is_ready": is_ready,
            "tone": np.where(lacks["picture"] > 0, "bad", np.where((lacks["artwork"] > 0) | warned, "warn", "")),
            "also": table["also"].fillna("").to_numpy(),
        }
    )


def _lacking_words(pictures: np.ndarray, artworks: np.ndarray) -> np.ndarray:
    some = pd.Series(pictures).astype("str") + np.where(pictures == 1, " picture", " pictures")
    art = pd.Series(artworks).astype("str") + np.where(artworks == 1, " artwork", " artworks")
    words = (
        some.where(pictures > 0, "") + np.where((pictures > 0) & (artworks > 0), ", ", "") + art.where(artworks > 0, "")
    )
    return words.to_numpy()


class Look:
    """What can be seen and chosen for the prints in revision: their frames, their children's other frames, finished artworks."""

    def __init__(self, state: JobState, queue: pd.DataFrame) -> None:
        self.queue, self.marked = queue, marked_frames(state)
        self.group_of = state.subjects.set_index("subject_id")["group_id"]
        own = state.galleries[
            state.galleries["subject_id"].isin(queue["subject_id"].dropna()) & ~state.galleries["is_hidden"]
        ]
        self.own = own.sort_values(["subject_id", "position"])
        self.shared = state.group_frames[state.group_frames["group_id"].isin(self.group_of)].sort_values(
            ["group_id", "position"]
        )
        wanted = [*queue["frame_id"].dropna(), *self.own["frame_id"], *self.shared["frame_id"]]
        self.frames = state.frames[state.frames["frame_id"].isin(wanted)]
        self.rows = self.frames.set_index("frame_id")
        self.artworks = _artworks(queue)
        made = queue.loc[queue["lacks"] == "artwork", ["part", "mate"]]
        self.lacks_artwork = dict(made.to_numpy())
        self.by_order = queue.groupby("order_id").indices

    def strip_of(self, slot: object) -> str:
        """The name of the strip of frames that may stand in a slot."""
        if pd.isna(slot.subject_id):
            return "nobody"
        if slot.hole not in ("group", "mate_group"):
            return f"child {slot.subject_id}"
        group = self.group_of.get(slot.subject_id)
        return "nobody" if pd.isna(group) else f"class {group}"

    def strip(self, name: str) -> list[dict[str, object]]:
        """The frames of a strip, in the order of the gallery."""
        kind, _, key = name.partition(" ")
        if kind == "nobody":
            return []
        rows = (
            self.own[self.own["subject_id"] == int(key)]
            if kind == "child"
            else self.shared[self.shared["group_id"] == int(key)]
        )
        return [self.shown(int(frame)) for frame in dict.fromkeys(rows["frame_id"])]

    def shown(self, frame: int) -> dict[str, object]:
        """A frame to choose: how a choice names it, what is said below it, its pixels as stored."""
        row = self.rows.loc[frame]
        time = "" if pd.isna(row["shot_at"]) else f" · {row['shot_at']:%H:%M}"
        flag = " · damaged" if pd.notna(row["damage"]) else " · retake" if row["shoot_no"] > 1 else ""
        sides = {c: 0 if pd.isna(row[c]) else int(row[c]) for c in ("width", "height")}
        return {
            "frame": frame,
            "mark": self.marked[str(frame)],
            "caption": f"{frame}{time}{flag}",
            "tone": "bad" if "damaged" in flag else "",
            **sides,
        }


def _artworks(queue: pd.DataFrame) -> pd.DataFrame:
    """Finished memory mates as frames that can be shown, by the negative key of their child's slot."""
    made = queue[(queue["hole"] == "mate_individual") & queue["artwork_path"].notna()]
    return pd.DataFrame({
        "frame_id": -made["slot_id"], "root": "artwork", "path": made["artwork_path"], "sha256": made["artwork_sha256"], "width": SHEET[0], "height": SHEET[1],
    })  # fmt: skip


# --- details -----------------------------------------------------------------------------------------------------------


def _details(orders: Orders, look: Look, order_id: int) -> list[Block]:
    slots = look.queue.iloc[look.by_order[order_id]]
    told = [(f"{orders.error_words(order_id, what)}.", "warn") for what in _errors(orders.state, order_id)]
    strips = {name: look.strip(name) for name in {look.strip_of(slot) for slot in slots.itertuples()}}
    known = {f["frame"] for strip in strips.values() for f in strip}
    strays = {int(f) for f in slots["frame_id"].dropna()} - known  # shown, though no gallery has it any more
    strips["shown"] = [look.shown(f) for f in sorted(strays)]
    return [
        notes("", [(orders.line(order_id), ""), *told]),
        prints("Prints as they will be", _sheets(look, slots), strips),
    ]


def _errors(state: JobState, order_id: int) -> list[str]:
    rows = standing_errors(state)
    return sorted(rows.loc[rows["order_id"] == order_id, "what"])


def _sheets(look: Look, slots: pd.DataFrame) -> list[dict[str, object]]:
    """One entry a print: a picture by itself, or the two holes of a memory mate on their sheet."""
    sheets = []
    for slot in slots[slots["mate"] == 0].itertuples():
        copies = f"{slot.quantity} × " if slot.quantity > 1 else ""
        lacks = ("no picture", "bad") if slot.lacks else ("", "")
        sheets.append(
            {"title": copies + slot.product_name, "note": lacks[0], "tone": lacks[1], "slots": [_slot(look, slot)]}
        )
    for _, pair in slots[slots["mate"] > 0].groupby("mate", sort=False):
        first = pair.iloc[0]
        made = pair["artwork_path"].notna().all()
        note, tone = ("finished", "good") if made else ("as it will be composed; not made yet", "warn")
        own = pair.loc[pair["hole"] == "mate_individual", "slot_id"]
        sheets.append({
            "title": (f"{first['quantity']} × " if first["quantity"] > 1 else "") + str(first["product_name"]), "note": note, "tone": tone, "size": list(SHEET),
            "artwork": -int(own.iloc[0]) if made and len(own) else None, "slots": [_slot(look, slot) for slot in pair.itertuples()],
        })  # fmt: skip
    return sheets


def _slot(look: Look, slot: object) -> dict[str, object]:
    inches = print_inches(slot.size, slot.hole)
    box = WHERE.get(slot.hole)
    words = [slot.product_name, HOLES[slot.hole], f"{inches[0]:g} × {inches[1]:g} in" if inches else "whole"]
    return {
        "part": slot.part, "label": ", ".join(w for w in words if w), "width": inches[0] if inches else None, "height": inches[1] if inches else None,
        "is_fixed": is_fixed(slot.hole), "centre": HEADS_AT if box else 0.5,
        "box": [box[0] / SHEET[0], box[1] / SHEET[1], box[2] / SHEET[0], box[3] / SHEET[1]] if box else None,
        "frame": None if pd.isna(slot.frame_id) else int(slot.frame_id), "crop": slot.crop if isinstance(slot.crop, str) else None,
        "strip": look.strip_of(slot),
    }  # fmt: skip


# --- presses -----------------------------------------------------------------------------------------------------------


def _choices(queue: pd.DataFrame, presses: pd.DataFrame) -> pd.DataFrame:
    """Rows of a choices file. A crop drawn on another frame than the slot has is two: the frame, and its crop."""
    frame_now = queue.set_index("part")["frame_id"]
    action, crop = presses["action"], presses["value"].str.partition("@")
    on = crop[2].str.partition("#")[0]
    is_other = (action == "crop") & (on != presses["row_key"].map(frame_now).astype("str"))
    frame = presses["value"].where(action == "frame", crop[2])
    has_crop = (action == "crop") & ~(is_other & (crop[0] == NO_CROP))
    parts = [
        pd.DataFrame({"kind": "frame", "target": presses["row_key"], "value": frame})[(action == "frame") | is_other],
        pd.DataFrame({"kind": "crop", "target": presses["row_key"], "value": presses["value"]})[has_crop],
        pd.DataFrame({"kind": "release", "target": presses["row_key"], "value": "yes"})[action == "release"],
    ]
    return pd.concat(parts) if len(presses) else no_choices()


def _said(action: str, value: str) -> str:
    if action == "frame":
        return f"frame {value.partition('#')[0]}"
    if action == "crop":
        return "as the lab cuts" if value.startswith(NO_CROP) else "cropped"
    return "release"


def _check(look: Look, key: str, action: str, value: str) -> None:
    """Refuse what can mean nothing; whether a crop fits its print is looked at by the plan."""
    slots = look.queue[look.queue["part"] == key]
    if action == "release":
        if len(slots):
            raise UsageError(f"{key} is a print: an order is released by its number")
        return
    if not len(slots):
        raise UsageError(f"{key}: {action} is said of a print, such as {look.queue['part'].iloc[0]}")
    text_of_crop, _, mark = ("", "", value) if action == "frame" else value.partition("@")
    if action == "crop" and text_of_crop != NO_CROP:
        parse_crop(text_of_crop)
    slot = next(slots.itertuples())
    may = {f["mark"] for f in look.strip(look.strip_of(slot))} | {look.marked.get(str(slot.frame_id))}
    if mark not in may:
        raise UsageError(
            f"{key}: frame {mark or 'of the crop'} is not one that may stand there; there are: {', '.join(sorted(m for m in may if m))}"
        )
