"""Manual revision: look, replace a frame, attach the finished memory mate, release one order or all clean ones.

What may be changed: the chosen frame or artwork of slots, and whether an order leaves revision for its batch (direct orders:
for a batch of their own). Rule. A replaced frame must be a picture of the same child (or of the child's group): a picture of
another child is refused, whoever asks. A memory mate leaves only with artwork; another frame takes the old artwork off.

Source: the user's document, II (Manual Revision) and Q5; domain.md 4 (rows 14, 29, 30), A8.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from prepaykit.errors import Refused, UsageError
from prepaykit.rules.batching import assign_batches
from prepaykit.rules.slots import mate_numbers, own_frames, without_artwork
from prepaykit.tables.catalog import typed
from prepaykit.tables.findings import found, together
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState
from prepaykit.tables.status import SETTLED

GONE = "the order has been sent to production or was cancelled; make a reprint instead"


def plan_revise(
    state: JobState,
    *,
    now: pd.Timestamp,
    release: str | Iterable[str] = (),
    replace: Mapping[int, int] | None = None,
    artwork: Mapping[int, tuple[str, str]] | None = None,
    not_made: Mapping[int, str] | None = None,
) -> Plan:
    """Plan to replace frames (slot → frame), attach artwork (mate slot → path and SHA-256), and release orders.

    `not_made` (mate slot → why) are memory mates that could not be composed: they stay, with a finding (artwork_not_made).

    `release` is a list of order numbers, or `"clean"` for every order in revision that has all it needs. An order named that
    is not ready is refused with the reason; with `"clean"` it gets a finding instead (artwork_missing) and stays.
    Result: `released`, `waiting`, `replaced`, `attached`.
    """
    slots, choices = _replace(state, dict(replace or {}))
    slots = _attach(state.replace(slots=slots), dict(artwork or {}))
    work = state.replace(slots=slots, choices=choices)
    lacking = _lacking(work, dict(not_made or {}))
    chosen = _chosen(work, release, lacking)
    assigned = assign_batches(work.orders, work.batches, chosen, work.job, now)
    left = work.revisions["order_id"].isin(chosen) & (work.revisions["status"] == "waiting")
    revisions = work.revisions.assign(
        status=work.revisions["status"].mask(left, "released"),
        released_at=work.revisions["released_at"].mask(left, now),
    )
    waiting = int((assigned.orders["status"] == "in_revision").sum())
    result = {
        "released": len(chosen),
        "waiting": waiting,
        "replaced": len(replace or {}),
        "attached": len(artwork or {}),
        "not_made": len(not_made or {}),
    }
    headline = f"{len(chosen)} released, {waiting} still in revision, {len(replace or {})} frames replaced, {len(artwork or {})} artworks attached"
    if not_made:
        headline += f", {len(not_made)} could not be made"
    tables = {
        "slots": slots,
        "choices": choices,
        "orders": assigned.orders,
        "batches": assigned.batches,
        "revisions": revisions,
    }
    return Plan.between(
        state, "revise", tables, findings=_findings(work, assigned.orders, lacking), headline=headline, result=result
    )


def in_revision(state: JobState) -> pd.DataFrame:
    """The queue: one row a slot of an order in manual revision, with what it `lacks` (`""`, `picture` or `artwork`).

    `mate` numbers the memory mates: the two holes of one print share it; 0 for any other slot.
    """
    waiting = state.orders.loc[state.orders["status"] == "in_revision", ["order_id", "order_no"]]
    slots = state.slots[~state.slots["is_dropped"]].merge(waiting, on="order_id", validate="m:1")
    needs_art = slots["hole"].str.startswith("mate_") & slots["artwork_path"].isna()
    lacks = np.select([slots["frame_id"].isna(), needs_art], ["picture", "artwork"], default="")
    return slots.assign(lacks=lacks, mate=mate_numbers(slots)).sort_values(["order_id", "slot_id"], ignore_index=True)


def _lacking(state: JobState, not_made: dict[int, str]) -> pd.DataFrame:
    """Slots of the queue that lack something; `why` on both holes of a memory mate that could not be made."""
    queue = in_revision(state)
    why = queue.loc[queue["slot_id"].isin(not_made), ["mate", "slot_id"]].set_index("mate")["slot_id"].map(not_made)
    queue = queue.assign(why=queue["mate"].map(why).astype("str"), is_told=queue["slot_id"].isin(not_made))
    columns = ["order_id", "order_no", "slot_id", "product_code", "lacks", "why", "is_told"]
    return queue.loc[queue["lacks"] != "", columns]


def _chosen(state: JobState, release: str | Iterable[str], lacking: pd.DataFrame) -> pd.Series:
    here = state.orders[state.orders["status"] == "in_revision"]
    if isinstance(release, str) and release == "clean":
        return here.loc[~here["order_id"].isin(lacking["order_id"]), "order_id"]
    wanted = [release] if isinstance(release, str) else [str(n) for n in release]
    unknown = sorted(set(wanted) - set(here["order_no"]))
    if unknown:
        raise UsageError(f"revise --release: not in manual revision of {state.name}: {', '.join(unknown)}")
    chosen = here.loc[here["order_no"].isin(wanted), "order_id"]
    unready = lacking[lacking["order_id"].isin(chosen)]
    if len(unready):
        row = unready.iloc[0]
        why = f" ({row['why']})" if pd.notna(row["why"]) else ""
        raise Refused(
            f"revise {state.name}: order {row['order_no']} cannot be released, print {row['product_code']} (slot {row['slot_id']}) has no "
            f"{row['lacks']}{why}. Attach or render it first: prepaykit revise --render"
        )
    return chosen


def _replace(state: JobState, replaced: dict[int, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Slots with the frames a person chose; refused unless the frame is the child's own (or the child's group's)."""
    if not replaced:
        return state.slots, state.choices
    known = state.slots["slot_id"].isin(replaced)
    if known.sum() != len(replaced):
        raise UsageError(f"revise --replace: unknown slot {sorted(set(replaced) - set(state.slots['slot_id']))}")
    settled = state.orders.loc[state.orders["status"].isin(SETTLED), "order_id"]
    if state.slots.loc[known, "order_id"].isin(settled).any():
        raise Refused(f"revise --replace: {GONE}")
    frame = state.slots["slot_id"].map(replaced).astype("Int64")
    differs = known & (frame != state.slots["frame_id"]).fillna(True)
    slots = state.slots.assign(frame_id=state.slots["frame_id"].where(~known, frame))
    foreign = known.to_numpy() & ~own_frames(slots, state.subjects, state.galleries, state.group_frames)
    if foreign.any():
        ids = ", ".join(str(i) for i in slots.loc[foreign, "slot_id"])
        raise Refused(f"revise --replace: slot {ids}: the frame is not in the gallery of this order's child. Relabel the gallery first "
                      "(prepaykit codes --relabel) if it really is.")  # fmt: skip
    slots = slots.assign(filled_by=slots["filled_by"].mask(known, "person"))
    slots = without_artwork(slots, differs.to_numpy(dtype=bool))
    new = pd.DataFrame({"target": [str(s) for s in replaced], "value": [str(f) for f in replaced.values()]}).assign(
        kind="frame"
    )
    others = state.choices[~((state.choices["kind"] == "frame") & state.choices["target"].isin(new["target"]))]
    return slots, typed("choices", pd.concat([others, typed("choices", new)]))


def _attach(state: JobState, artwork: dict[int, tuple[str, str]]) -> pd.DataFrame:
    """Slots with finished artwork on both holes of each memory mate named by one of its slots."""
    slots = state.slots
    mate = mate_numbers(slots) if artwork else None
    settled = slots["order_id"].isin(state.orders.loc[state.orders["status"].isin(SETTLED), "order_id"])
    for slot_id, (path, sha256) in artwork.items():
        row = (slots["slot_id"] == slot_id).to_numpy()
        if not row.any() or not mate[row][0]:
            raise UsageError(f"revise --artwork: slot {slot_id} is not a hole of a memory mate")
        pair = mate == mate[row][0]
        if settled[pair].any():
            raise Refused(f"revise --artwork: slot {slot_id}: {GONE}")
        if slots.loc[pair, "frame_id"].isna().any():
            raise Refused(f"revise --artwork: slot {slot_id}: a hole of this memory mate has no picture yet")
        slots = slots.assign(
            artwork_path=slots["artwork_path"].mask(pair, path),
            artwork_sha256=slots["artwork_sha256"].mask(pair, sha256),
        )
    return slots


def _findings(state: JobState, orders: pd.DataFrame, lacking: pd.DataFrame) -> pd.DataFrame:
    still = orders.loc[orders["status"] == "in_revision", "order_id"]
    lacking = lacking[lacking["order_id"].isin(still) & (lacking["lacks"] == "artwork")]
    rows = lacking[lacking["why"].isna()].drop_duplicates(["order_id", "product_code"])
    detail = "order " + rows["order_no"] + ", print " + rows["product_code"] + ": no finished artwork"
    failed = lacking[lacking["is_told"]]
    slot = ", print " + failed["product_code"] + ", slot " + failed["slot_id"].astype("str")
    return together(
        found("revise", "artwork_missing", "slots", rows["slot_id"], detail),
        found(
            "revise",
            "artwork_not_made",
            "slots",
            failed["slot_id"],
            "order " + failed["order_no"] + slot + ": " + failed["why"],
        ),
    )
