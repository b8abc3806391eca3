"""Which picture goes into which slot: the heart of prepay fulfilment.

Problem. An order was bought before there were pictures. Each slot of it names a child and which picture it needs: an
individual one, the group picture of the child's class, or one of the two holes of a memory mate.

Rule. An individual hole takes the first frame after the child's card: the gallery's lowest position, of the latest shoot
if the child came to a retake day (`retake_policy`). A frame that stands under several codes (siblings, or a second card that only lay
there) is taken only if the child has no other; a frame that a person chose for the gallery (`favourites`) before all others. A group hole takes the first group picture of the child's group. What a
person chose stays, as long as it is a picture of that very child or group. A slot of an order already on its way keeps its
frame, unless the frame no longer belongs to the child (its gallery was relabelled) or was hidden since: then it is emptied
and filled anew. A hidden frame stays only where a person chose it for that very slot.

Promise. Every slot is filled or has exactly one finding that says why not; no slot ever holds a frame of another code.

Worked case. Codes A and B; B's card was seen, nobody followed. A's slots get A's first frame; B's slots stay empty with
`no_gallery_for_code`, and if an unlisted code stands where B should be in the row, it is suggested.

Method. Children, groups and frames have integer keys, so each step is array indexing, not a merge on text: 1,000,000 slots
over 5,000,000 frames take seconds (`python tests/benchmarks/populate.py` prints them). A missing child is key 0, which no
child has: missing never meets missing.

Does not choose between several frames by quality, and does not crop (`prepaykit.rules.crops`). Source: domain.md 4 (rows 6–11, 28, 29) and 18.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from prepaykit.tables.findings import found, together
from prepaykit.tables.status import ON_ITS_WAY, SETTLED

MATE_HOLES = ("mate_individual", "mate_group")
NOTHING = 0


@dataclass(frozen=True)
class Filled:
    """`slots`: all slots of the input, once, in their order. `findings`: one row for each slot that stays empty."""

    slots: pd.DataFrame
    findings: pd.DataFrame


@dataclass(frozen=True)
class Choice:
    """For every child or group key: the frame the rule takes (0: none), and whether it has any row and any active row."""

    frame: np.ndarray
    has_rows: np.ndarray
    has_active: np.ndarray


def fill_slots(
    slots: pd.DataFrame,
    orders: pd.DataFrame,
    subjects: pd.DataFrame,
    galleries: pd.DataFrame,
    group_frames: pd.DataFrame,
    frames: pd.DataFrame,
    *,
    retake_policy: str = "latest",
    likely_codes: dict[str, str] | None = None,
    favourites: dict[int, int] | None = None,
) -> Filled:
    """Give every slot the first individual frame after the child's card, or the group picture of the child's group.

    The tables are those of the catalog: one row of `slots` is a picture that an order line needs (uses `subject_id`, `hole`,
    `order_id`, `frame_id`, `filled_by`, `is_dropped`), of `galleries` a frame under a code, of `group_frames` a group picture.
    Slots of released and cancelled orders, and dropped slots, are left as they are and not reported. When a memory mate
    gets another picture, its finished artwork is taken off: it would show the old one. So is the crop of a slot that gets another picture.

    `retake_policy`: `latest` shoot or `first`. `likely_codes` (child's code → code of an unlisted gallery) become suggestions. `favourites`: child (key) → frame
    that a person chose for the gallery; taken while it stands there and is not hidden.
    Finding codes: code_unknown, opted_out, no_gallery_for_code, gallery_not_activated, gallery_empty,
    no_group_photo.

    >>> from prepaykit.tables.state import JobState
    >>> empty = JobState.new(name="maple-grove-2026", school="Maple Grove")
    >>> fill_slots(empty.slots, empty.orders, empty.subjects, empty.galleries, empty.group_frames, empty.frames).slots.shape[0]
    0
    """
    own = _first_individual(galleries, frames, retake_policy, favourites)
    group = _first_of_group(group_frames, frames)
    child = _keys(slots["subject_id"])
    group_of_child = _keys_by(subjects["subject_id"], subjects["group_id"])
    class_ = _at(group_of_child, child)
    is_group_hole = slots["hole"].isin(["group", "mate_group"]).to_numpy()
    may_sell = _flags_by(subjects["subject_id"], subjects["photograph"] & subjects["sell"])

    by_rule = np.where(is_group_hole, _at(group.frame, class_), _at(own.frame, child))
    by_rule = np.where(_at(may_sell, child), by_rule, NOTHING)
    now = _keys(slots["frame_id"])
    may_stay = _belongs(now, child, class_, is_group_hole, galleries, group_frames) & _at(may_sell, child)
    may_stay &= ~_hidden(now, child, galleries) | (slots["filled_by"] == "person").to_numpy()
    now = np.where(may_stay, now, NOTHING)
    live, stays = _which_may_change(slots, orders, now)
    frame = np.where(stays, now, by_rule)
    frame = np.where(live, frame, _keys(slots["frame_id"]))

    result = _write(slots, frame, live & stays & (now > 0))
    empty = live & (frame == NOTHING)
    reasons = _reasons(empty, child, is_group_hole, may_sell, own)
    return Filled(result, _findings(slots, orders, subjects, reasons, likely_codes or {}))


# --- which frame -------------------------------------------------------------------------------------------------------


def _first_individual(
    galleries: pd.DataFrame, frames: pd.DataFrame, retake_policy: str, favourites: dict[int, int] | None
) -> Choice:
    """The frame of each child: lowest position of the latest (or first) shoot among active, shown, individual frames."""
    child, frame = _keys(galleries["subject_id"]), galleries["frame_id"].to_numpy()
    is_individual = _flags_by(frames["frame_id"], frames["role"] == "individual")
    shoot = _at(_keys_by(frames["frame_id"], frames["shoot_no"]), frame)
    shoot = -shoot if retake_policy == "latest" else shoot
    is_active = galleries["is_active"].to_numpy() & (child > 0)
    offered = is_active & ~galleries["is_hidden"].to_numpy() & _at(is_individual, frame)
    is_shared = np.bincount(frame)[frame] > 1 if len(frame) else np.zeros(0, dtype=bool)
    rank = (is_shared.astype(np.int64) << 60) + (shoot << 40) + galleries["position"].to_numpy()
    if favourites:
        chosen = _pairs(np.array(list(favourites)), np.array(list(favourites.values())))
        rank = np.where(np.isin(_pairs(child, frame), chosen), np.iinfo(np.int64).min, rank)
    return Choice(
        _lowest(child[offered], rank[offered], frame[offered]),
        _seen(child),
        _seen(child[is_active]),
    )


def _first_of_group(group_frames: pd.DataFrame, frames: pd.DataFrame) -> Choice:
    group, frame = group_frames["group_id"].to_numpy(), group_frames["frame_id"].to_numpy()
    is_group = _at(_flags_by(frames["frame_id"], frames["role"] == "group"), frame)
    seen = _seen(group[is_group])
    return Choice(_lowest(group[is_group], group_frames["position"].to_numpy()[is_group], frame[is_group]), seen, seen)


def _lowest(owner: np.ndarray, rank: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """For each owner the frame of lowest rank; of equal ranks the lowest frame key, so that row order never decides."""
    size = int(owner.max(initial=0)) + 1
    best = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(best, owner, rank)
    first = rank == best[owner]
    chosen = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(chosen, owner[first], frame[first])
    return np.where(chosen == np.iinfo(np.int64).max, NOTHING, chosen)


# --- what may change ---------------------------------------------------------------------------------------------------


def _which_may_change(slots: pd.DataFrame, orders: pd.DataFrame, now: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`live`: the slot is ours to fill or report. `stays`: it keeps the frame it has, which is its own child's."""
    order = slots["order_id"].to_numpy()
    settled = _at(_flags_by(orders["order_id"], orders["status"].isin(SETTLED)), order)
    on_its_way = _at(_flags_by(orders["order_id"], orders["status"].isin(ON_ITS_WAY)), order)
    live = ~settled & ~slots["is_dropped"].to_numpy()
    by_person = (slots["filled_by"] == "person").to_numpy()
    return live, (now > 0) & (by_person | on_its_way)


def _belongs(frame: np.ndarray, child: np.ndarray, class_: np.ndarray, is_group_hole: np.ndarray,
             galleries: pd.DataFrame, group_frames: pd.DataFrame) -> np.ndarray:  # fmt: skip
    """True where the frame is an active one of that child, or one of that group."""
    result = np.zeros(len(frame), dtype=bool)
    has = frame > 0
    if not has.any():
        return result
    active = galleries["is_active"].to_numpy() & galleries["subject_id"].notna().to_numpy()
    own = _pairs(_keys(galleries["subject_id"])[active], galleries["frame_id"].to_numpy()[active])
    shared = _pairs(group_frames["group_id"].to_numpy(), group_frames["frame_id"].to_numpy())
    mine = np.isin(_pairs(child[has], frame[has]), own)
    ours = np.isin(_pairs(class_[has], frame[has]), shared)
    result[has] = np.where(is_group_hole[has], ours, mine)
    return result


def _hidden(frame: np.ndarray, child: np.ndarray, galleries: pd.DataFrame) -> np.ndarray:
    """True where the frame is not offered in that child's gallery."""
    hidden = galleries[galleries["is_hidden"] & galleries["subject_id"].notna()]
    return np.isin(_pairs(child, frame), _pairs(_keys(hidden["subject_id"]), hidden["frame_id"].to_numpy()))


def own_frames(
    slots: pd.DataFrame, subjects: pd.DataFrame, galleries: pd.DataFrame, group_frames: pd.DataFrame
) -> np.ndarray:
    """For each slot: may its frame be sent? It must be the child's own, or the child's group's, and the child's pictures for sale.

    False for an empty slot. The release of a batch and a person's choice of a frame both ask this, so neither trusts populate.
    """
    child = _keys(slots["subject_id"])
    may_sell = _flags_by(subjects["subject_id"], subjects["photograph"] & subjects["sell"])
    class_ = _at(_keys_by(subjects["subject_id"], subjects["group_id"]), child)
    is_group_hole = slots["hole"].isin(["group", "mate_group"]).to_numpy()
    return _belongs(_keys(slots["frame_id"]), child, class_, is_group_hole, galleries, group_frames) & _at(
        may_sell, child
    )


def _write(slots: pd.DataFrame, frame: np.ndarray, kept: np.ndarray) -> pd.DataFrame:
    changed = frame != _keys(slots["frame_id"])
    by = slots["filled_by"].where(kept | ~changed, "rule").where(frame > 0)
    result = slots.assign(frame_id=pd.array(np.where(frame > 0, frame, 0), dtype="Int64"), filled_by=by.astype("str"))
    result["frame_id"] = result["frame_id"].where(frame > 0)
    return with_other_pictures(result, changed)


# --- memory mates --------------------------------------------------------------------------------------------------------


def mate_numbers(slots: pd.DataFrame) -> np.ndarray:
    """Which memory mate each slot is a hole of: the two holes of one print share a number; 0 for any other slot.

    A package may hold the same memory mate twice: its first individual hole goes with its first group hole, and so on.
    """
    holes = slots.loc[slots["hole"].isin(MATE_HOLES), ["line_id", "product_code", "hole", "slot_id"]]
    holes = holes.sort_values("slot_id")
    holes["place"] = holes.groupby(["line_id", "product_code", "hole"]).cumcount()
    number = holes.groupby(["line_id", "product_code", "place"]).ngroup() + 1
    return number.reindex(slots.index, fill_value=NOTHING).to_numpy()


def with_other_pictures(slots: pd.DataFrame, changed: np.ndarray) -> pd.DataFrame:
    """The slots of which the `changed` ones show another picture: its crop is gone, and the artwork that showed the old one."""
    if not changed.any():
        return slots
    return without_artwork(slots.assign(crop=slots["crop"].mask(changed)), changed)


def without_artwork(slots: pd.DataFrame, changed: np.ndarray) -> pd.DataFrame:
    """The slots without the artwork of every memory mate of which a hole is among the `changed` ones: it shows what was there."""
    is_mate = slots["hole"].isin(MATE_HOLES).to_numpy()
    if not (changed & is_mate).any():
        return slots
    mate = mate_numbers(slots)
    stale = is_mate & np.isin(mate, mate[changed & is_mate])
    return slots.assign(
        artwork_path=slots["artwork_path"].mask(stale), artwork_sha256=slots["artwork_sha256"].mask(stale)
    )


# --- why a slot stays empty ----------------------------------------------------------------------------------------------


def _reasons(empty: np.ndarray, child: np.ndarray, is_group_hole: np.ndarray, may_sell: np.ndarray, own: Choice) -> np.ndarray:  # fmt: skip
    """One code for each slot; an empty text where there is nothing to say. The first cause that holds is the one."""
    causes = [
        (child == NOTHING, "code_unknown"),
        (~_at(may_sell, child), "opted_out"),
        (is_group_hole, "no_group_photo"),
        (~_at(own.has_rows, child), "no_gallery_for_code"),
        (~_at(own.has_active, child), "gallery_not_activated"),
        (np.ones(len(child), dtype=bool), "gallery_empty"),
    ]
    reason = np.select([c for c, _ in causes], [code for _, code in causes], default="")
    return np.where(empty, reason, "")


def _findings(slots: pd.DataFrame, orders: pd.DataFrame, subjects: pd.DataFrame, reasons: np.ndarray,
              likely_codes: dict[str, str]) -> pd.DataFrame:  # fmt: skip
    empty = slots[reasons != ""]
    if not len(empty):
        return together()
    rows = empty[["slot_id", "order_id", "subject_id", "line_id", "product_code"]].assign(code=reasons[reasons != ""])
    rows["order_no"] = rows["order_id"].map(orders.set_index("order_id")["order_no"])
    # As text also where nobody is on the list yet: pandas makes numbers of a map that is empty.
    rows["access_code"] = rows["subject_id"].map(subjects.set_index("subject_id")["access_code"]).astype("str")
    rows["likely"] = rows["access_code"].map(likely_codes)
    rows["detail"] = ("order " + rows["order_no"] + ", print " + rows["product_code"]
                      + np.where(rows["access_code"].notna(), ", code " + rows["access_code"].fillna(""), ", no child joined"))  # fmt: skip
    parts = []
    for code, part in rows.groupby("code", sort=True):
        parts.append(found("populate", code, "slots", part["slot_id"], part["detail"],
                           suggestion=part["likely"] if code == "no_gallery_for_code" else None, hints=part["order_no"]))  # fmt: skip
    return together(*parts)


# --- arrays by key -----------------------------------------------------------------------------------------------------


def _keys(values: pd.Series) -> np.ndarray:
    """Integer keys as an array; missing is 0, a key that no row has."""
    return values.to_numpy(dtype=np.int64, na_value=NOTHING) if values.hasnans else values.to_numpy(dtype=np.int64)


def _keys_by(key: pd.Series, value: pd.Series) -> np.ndarray:
    """An array that answers value[key]; 0 for keys that are not there."""
    out = np.zeros(int(key.max()) + 1 if len(key) else 1, dtype=np.int64)
    out[key.to_numpy()] = _keys(value)
    return out


def _flags_by(key: pd.Series, flag: pd.Series) -> np.ndarray:
    out = np.zeros(int(key.max()) + 1 if len(key) else 1, dtype=bool)
    out[key.to_numpy()] = flag.to_numpy(dtype=bool)
    return out


def _seen(keys: np.ndarray) -> np.ndarray:
    out = np.zeros(int(keys.max(initial=0)) + 1, dtype=bool)
    out[keys] = True
    out[NOTHING] = False
    return out


def _at(values: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """values[keys], and the type's zero where a key lies beyond the array."""
    inside = keys < len(values)
    out = values[np.where(inside, keys, 0)]
    return np.where(inside, out, np.zeros(1, dtype=values.dtype)[0])


def _pairs(owner: np.ndarray, frame: np.ndarray) -> np.ndarray:
    return (owner.astype(np.int64) << 32) + frame.astype(np.int64)
