"""Manual revision: look, replace a frame, crop it, attach the finished memory mate, release one order or all clean ones.

What may be changed: the chosen frame, crop or artwork of slots, and whether an order leaves revision for its batch (direct orders:
for a batch of their own). Rule. A replaced frame must be a picture of the same child (or of the child's group): a picture of
another child is refused, whoever asks. A crop has the shape of the print. A memory mate leaves only with artwork; another frame or crop takes the old artwork off.

Source: the user's document, II (Manual Revision) and Q5; domain.md 4 (rows 14, 29, 30), A8.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np
import pandas as pd

from prepaykit.errors import Refused, UsageError
from prepaykit.rules.batching import assign_batches
from prepaykit.rules.choosing import brought_choices
from prepaykit.rules.crops import default_crop, lost_percent, parse_crop, print_inches
from prepaykit.rules.revising import GONE, CropLike, coarse_crops, frames_and_crops_again, with_crops, with_frames
from prepaykit.rules.search import named_orders
from prepaykit.rules.slots import mate_numbers
from prepaykit.tables.catalog import empty, typed
from prepaykit.tables.findings import found, together
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState
from prepaykit.tables.status import SETTLED


def plan_revise(
    state: JobState,
    *,
    now: pd.Timestamp,
    release: str | Iterable[str] = (),
    replace: Mapping[int, int] | None = None,
    crop: Mapping[int, CropLike] | None = None,
    artwork: Mapping[int, tuple[str, str]] | None = None,
    not_made: Mapping[int, str] | None = None,
    choices: pd.DataFrame | None = None,
    findings: pd.DataFrame | None = None,
    turned: Collection[int] = (),
    who: str | None = None,
    why: str = "",
) -> Plan:
    """Plan to replace frames (slot → frame), crop them (slot → `x,y,w,h`, or None), attach artwork (mate slot → path and SHA-256), and
    release orders. Each is kept as a choice, with `who` and `why`, but for artwork.

    `not_made` (mate slot → why) are memory mates that could not be composed: they stay, with a finding (artwork_not_made). `turned`: frames that
    the camera marked as turned by a quarter (a crop is one of the upright frame).

    `release` is a list of order numbers, or `"clean"` for every order in revision that has all it needs. An order named that
    is not ready is refused with the reason; with `"clean"` it gets a finding instead (artwork_missing) and stays.
    `choices`: frames, crops and releases to be done again, as `read_choices` gives them. There an order that is not ready stays with a finding, and so does one of
    which another row could not be done, and one that came back to revision after it was decided; one released already is no change. Findings: choice_unusable,
    choice_superseded, choice_elsewhere (`findings` are what its reader found), low_resolution.
    Result: `released`, `waiting`, `replaced`, `cropped`, `attached`, `not_made`.
    """
    said_by = {"who": who, "why": why or None, "decided_at": now}
    again = frames_and_crops_again(state, choices, turned)
    work = with_crops(with_frames(again.state, dict(replace or {}), said_by), dict(crop or {}), turned, said_by)
    work = work.replace(slots=_attach(work, dict(artwork or {})))
    lacking = _lacking(work, dict(not_made or {}))
    named, kept, told = _released_again(work, choices, lacking, again.undone)
    chosen = pd.concat([_chosen(work, release, lacking), named]).drop_duplicates()
    work = work.replace(choices=_with_releases(work, chosen, kept, said_by))
    assigned = assign_batches(work.orders, work.batches, chosen, work.job, now)
    left = work.revisions["order_id"].isin(chosen) & (work.revisions["status"] == "waiting")
    revisions = work.revisions.assign(
        status=work.revisions["status"].mask(left, "released"),
        released_at=work.revisions["released_at"].mask(left, now),
    )
    before, after = state.slots.set_index("slot_id"), work.slots.set_index("slot_id")
    result = {
        "released": len(chosen),
        "waiting": int((assigned.orders["status"] == "in_revision").sum()),
        "replaced": int((before["frame_id"].fillna(0) != after["frame_id"].fillna(0)).sum()),
        "cropped": int((after["crop"].notna() & (before["crop"].fillna("") != after["crop"].fillna(""))).sum()),
        "attached": len(artwork or {}),
        "not_made": len(not_made or {}),
    }
    tables = {
        "slots": work.slots,
        "choices": work.choices,
        "orders": assigned.orders,
        "batches": assigned.batches,
        "revisions": revisions,
    }
    own = empty("findings") if findings is None else findings
    own = together(own, again.findings, told, _findings(work, assigned.orders, lacking))
    return Plan.between(state, "revise", tables, findings=own, headline=_headline(result), result=result)


def _headline(result: Mapping[str, int]) -> str:
    text = f"{result['released']} released, {result['waiting']} still in revision, {result['replaced']} frames replaced, "
    text += f"{result['cropped']} cropped, " if result["cropped"] else ""
    text += f"{result['attached']} artworks attached"
    return text + (f", {result['not_made']} could not be made" if result["not_made"] else "")


def in_revision(state: JobState) -> pd.DataFrame:
    """The queue: one row a slot of an order in manual revision, with what it `lacks` (`""`, `picture` or `artwork`).

    `mate` numbers the memory mates: the two holes of one print share it; 0 for any other slot. `cut_percent`: how much of the picture is not on the
    print, by its `crop`, or else because the lab cuts what does not fit (the composer does, of a memory mate); missing where the size does not say.
    """
    waiting = state.orders.loc[state.orders["status"] == "in_revision", ["order_id", "order_no"]]
    slots = state.slots[~state.slots["is_dropped"]].merge(waiting, on="order_id", validate="m:1")
    needs_art = slots["hole"].str.startswith("mate_") & slots["artwork_path"].isna()
    lacks = np.select([slots["frame_id"].isna(), needs_art], ["picture", "artwork"], default="")
    slots = slots.assign(lacks=lacks, mate=mate_numbers(slots), cut_percent=_cut_percent(state, slots))
    return slots.sort_values(["order_id", "slot_id"], ignore_index=True)


def _cut_percent(state: JobState, slots: pd.DataFrame) -> pd.Series:
    frames = state.frames.set_index("frame_id")[["width", "height"]]
    sizes = slots[["size", "hole", "crop"]].assign(**{c: slots["frame_id"].map(frames[c]) for c in frames})
    cut = []
    for row in sizes.itertuples():
        inches = print_inches(row.size, row.hole)
        if pd.isna(row.width) or pd.isna(row.height) or (inches is None and not isinstance(row.crop, str)):
            cut.append(None)
        else:
            own = isinstance(row.crop, str)
            cut.append(lost_percent(parse_crop(row.crop) if own else default_crop(row.width, row.height, *inches)))
    return pd.Series(cut, index=slots.index, dtype="float64").round(1)


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
    _require_ready(state, lacking[lacking["order_id"].isin(chosen)])
    return chosen


def _require_ready(state: JobState, lacking: pd.DataFrame) -> None:
    if len(lacking):
        row = lacking.iloc[0]
        why = f" ({row['why']})" if pd.notna(row["why"]) else ""
        raise Refused(
            f"revise {state.name}: order {row['order_no']} cannot be released, print {row['product_code']} (slot {row['slot_id']}) has no "
            f"{row['lacks']}{why}. Attach or render it first: prepaykit revise --render"
        )


def _released_again(
    state: JobState, brought: pd.DataFrame | None, lacking: pd.DataFrame, undone: Collection[int]
) -> tuple[pd.Series, pd.DataFrame, pd.DataFrame]:
    """Orders that a file releases, the choices of it, and what is to be said of those that stay. `undone`: orders of which a row could not be done."""
    rows = brought[brought["kind"] == "release"] if brought is not None and len(brought) else None
    nothing = pd.Series(dtype="int64")
    if rows is None or not len(rows):
        return nothing, empty("choices"), empty("findings")
    said_at = rows.groupby("target")["decided_at"].max()

    def resolved(_kind: str, number: str, value: str) -> tuple[str, str] | None:
        if value.strip().lower() != "yes":
            raise UsageError(f"release {number}: the value is yes, not {value}")
        order = named_orders(state, [number], "release").iloc[0]
        if order["status"] in ("in_batch", "released"):
            return None
        _require_releasable(state, order, lacking, undone, said_at[number])
        return number, "yes"

    taken, told = brought_choices(state, rows, "revise", resolved)
    chosen = named_orders(state, taken["target"].tolist(), "release")["order_id"] if len(taken) else nothing
    return chosen, taken, told


def _require_releasable(
    state: JobState, order: pd.Series, lacking: pd.DataFrame, undone: Collection[int], said_at: pd.Timestamp
) -> None:
    """Refused if a word given before does not hold for this order as it is now."""
    number, order_id = order["order_no"], order["order_id"]
    if order["status"] != "in_revision":
        raise Refused(f"release {number}: it is {order['status']}, not in manual revision; place it first")
    _require_ready(state, lacking[lacking["order_id"] == order_id])
    if order_id in undone:
        raise Refused(f"release {number}: another choice about it could not be done, so it is not what was looked at")
    stays = state.revisions[state.revisions["order_id"] == order_id]
    entered = stays.loc[stays["status"] == "waiting", "entered_at"].max()
    if len(stays) > 1 and not (pd.notna(said_at) and said_at >= entered):
        raise Refused(f"release {number}: it came back to manual revision after that; look at it again")


def _with_releases(
    state: JobState, chosen: pd.Series, kept: pd.DataFrame, said_by: Mapping[str, object]
) -> pd.DataFrame:
    """The choices with one `release` for each of these orders: of a file as it said, else of this moment. It replaces that of an earlier stay."""
    if not len(chosen):
        return state.choices
    orders = state.orders[state.orders["order_id"].isin(chosen)]
    twice = state.orders["order_no"][state.orders["order_no"].duplicated()]
    number = orders["order_no"].mask(orders["order_no"].isin(twice), orders["origin"] + ":" + orders["order_no"])
    told = named_orders(state, kept["target"].tolist(), "release")["order_id"] if len(kept) else []
    new = pd.DataFrame({"target": number[~orders["order_id"].isin(told)]}).assign(kind="release", value="yes", **said_by)
    new = pd.concat([part for part in (kept, typed("choices", new)) if len(part)])
    gone = (state.choices["kind"] == "release") & state.choices["target"].isin(new["target"])
    others = state.choices[~gone]
    return typed("choices", pd.concat([others, new]) if len(others) else new)


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
    queue = in_revision(state)
    return together(
        coarse_crops(state, queue[queue["order_id"].isin(still)]),
        found("revise", "artwork_missing", "slots", rows["slot_id"], detail),
        found(
            "revise",
            "artwork_not_made",
            "slots",
            failed["slot_id"],
            "order " + failed["order_no"] + slot + ": " + failed["why"],
        ),
    )
