"""Populate photos: propose a picture for every slot of every order that has not gone to the lab.

What may be changed: `slots` (frame, who chose it, stale artwork). Nothing is ordered, nothing is sent. Run it as often as
you like: it overwrites its own proposals, never a person's. Source: the user's document, part II step 2; domain.md 4, rows 6–11.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from prepaykit.rules.albums import favourites
from prepaykit.rules.slots import Filled, fill_slots
from prepaykit.tables.catalog import typed
from prepaykit.tables.findings import together
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState
from prepaykit.tables.status import SETTLED


def plan_populate(state: JobState) -> Plan:
    """Plan to give every open slot its picture; each slot that stays empty has exactly one finding with the likely gallery.

    Finding codes: code_unknown, opted_out, no_gallery_for_code, gallery_not_activated, gallery_empty,
    no_group_photo. Result: `slots`, `filled`, `empty`, `orders_complete`, `orders_waiting`.

    >>> plan_populate(JobState.new(name="maple-grove-2026", school="Maple Grove")).headline
    '0 of 0 slots filled, 0 empty; 0 orders complete, 0 waiting'
    """
    filled = refill(state)
    live = state.orders.loc[~state.orders["status"].isin(SETTLED), "order_id"]
    slots = filled.slots[filled.slots["order_id"].isin(live) & ~filled.slots["is_dropped"]]
    empty = slots["frame_id"].isna()
    waiting = slots.loc[empty, "order_id"].nunique()
    result = {
        "slots": len(slots),
        "filled": int((~empty).sum()),
        "empty": int(empty.sum()),
        "orders_complete": len(live) - waiting,
        "orders_waiting": waiting,
    }
    headline = (f"{result['filled']} of {result['slots']} slots filled, {result['empty']} empty; "
                f"{result['orders_complete']} orders complete, {result['orders_waiting']} waiting")  # fmt: skip
    return Plan.between(
        state, "populate", {"slots": filled.slots}, findings=filled.findings, headline=headline, result=result
    )


def refill(state: JobState) -> Filled:
    """The slots of a job filled anew, with the findings of the empty ones."""
    return fill_slots(
        state.slots,
        state.orders,
        state.subjects,
        state.galleries,
        state.group_frames,
        state.frames,
        retake_policy=str(state.job["retake_policy"]),
        likely_codes=likely_codes(state),
        favourites=favourites(state.choices, state.subjects),
    )


def refill_some(before: JobState, after: JobState, orders: Iterable[int]) -> Filled:
    """The slots of these orders filled anew, with their findings; all others, and what was found about them, as they were."""
    slots = after.slots
    retried = slots["order_id"].isin(set(orders)).to_numpy()
    filled = refill(after)
    mixed = pd.concat([filled.slots[retried], slots[~retried]]).sort_index() if len(slots) else filled.slots
    keys = set(slots.loc[retried, "slot_id"].astype("str"))
    old = before.findings[before.findings["verb"] == "populate"]
    new = filled.findings[filled.findings["key"].isin(keys)]
    return Filled(typed("slots", mixed), together(old[~old["key"].isin(keys)], new))


def was_populated(state: JobState) -> bool:
    """Has populate run? Before, nothing is filled behind anybody's back."""
    return bool((state.findings["verb"] == "populate").any() or state.slots["frame_id"].notna().any())


def empty_slots_after(state: JobState, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """What populate will say of empty slots once these tables are in: for `Plan.between(…, also_findings=…)`.

    A verb that moves, splits or cancels orders settles findings of populate with them; whoever looks next must not see old ones.
    """
    return {"populate": refill(state.replace(**tables)).findings}


def likely_codes(state: JobState) -> dict[str, str]:
    """Child's code → code under which that child's frames probably stand.

    Two kinds of evidence, in this order: an unlisted gallery for which picture day already named the child (the finding
    `code_not_listed` with its suggestion), and a person of the very same name and class who does have frames.
    """
    return {**_by_same_name(state.subjects, state.galleries), **_by_unlisted_gallery(state.findings)}


def _by_unlisted_gallery(findings: pd.DataFrame) -> dict[str, str]:
    hints = findings[(findings["code"] == "code_not_listed") & findings["suggestion"].notna()]
    hints = hints.drop_duplicates("suggestion", keep=False)
    return dict(zip(hints["suggestion"], hints["key"], strict=True))


def _by_same_name(subjects: pd.DataFrame, galleries: pd.DataFrame) -> dict[str, str]:
    named = subjects[subjects["first_name"].notna() & subjects["last_name"].notna()]
    has_frames = named["subject_id"].isin(galleries["subject_id"].dropna())
    who = ["first_name", "last_name", "grade"]
    given, wanted = (
        named[has_frames].drop_duplicates(who, keep=False),
        named[~has_frames].drop_duplicates(who, keep=False),
    )
    pairs = wanted.merge(given, on=who, suffixes=("", "_given"), validate="1:1")
    return dict(zip(pairs["access_code"], pairs["access_code_given"], strict=True))
