"""Place orders: those with pictures go on, those without wait in a new order collection. Nothing is lost.

What may be changed: where each order is (collection, manual revision, batch), and with the sibling policies `split` and
`ship_partial` also its parts and its money. Nothing goes to the lab here: the open batch is released by `batch`.

Rule. An order is ready when each of its slots has a picture and nothing blocks it (no unsettled error on the order, paid in
full unless the job ships underpaid ones, or a person accepted it). Ready orders go to manual revision if the job has it, or
if they hold a memory mate that needs artwork; otherwise to the open batch, direct ones each to a batch of their own. Orders
that are not ready leave the collection that is being placed for a new one that names its parent. An order already on its way
that has lost a picture (its gallery was relabelled), or on which an error has come to stand, is pulled back and held; one in the
batch whose memory mate lost its artwork goes back to manual revision. An order that an undo put back into a batch or collection
closed meanwhile is placed like any other. An order for siblings of whom one has pictures:

    hold_whole     the whole order waits (default)
    split          the missing child's lines become an order of their own, number with `/2`, which waits with its share of the money
    ship_partial   the order goes without the missing child's prints; their share of what was paid is to be refunded

A share is the missing child's part of the list price, taken of what was paid: coupons and tax are shared as well. An item that was
cancelled is not waited for, and the child's other items go without it.

Worked case. 10 orders, one child absent: 9 to batch 1, 1 held in collection 2 (parent 1). Again: nothing changes.

Known limits. Whether a missing sibling is worth waiting for is a policy of the job, not of the order (domain.md marks it as a
GAP). Source: the user's document, II.3, Q2, Q5; domain.md 4 (rows 12, 24, 30), A1–A3, A6, A8, A17.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from prepaykit.decide.populate import empty_slots_after
from prepaykit.rules import money_book
from prepaykit.rules.balance import require_balance
from prepaykit.rules.batching import assign_batches
from prepaykit.rules.blocks import blocking_errors, damaged_frames, doubted_frames, with_acceptance
from prepaykit.rules.items import left_behind, wanted_lines
from prepaykit.rules.slots import MATE_HOLES
from prepaykit.tables.catalog import empty, typed
from prepaykit.tables.findings import found, together
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState
from prepaykit.tables.status import LIVE, ON_ITS_WAY, SETTLED, WAITING


def plan_place(
    state: JobState,
    *,
    now: pd.Timestamp,
    accept: Iterable[str] = (),
    choices: pd.DataFrame | None = None,
    findings: pd.DataFrame | None = None,
    who: str | None = None,
    why: str = "",
) -> Plan:
    """Plan to send every ready order on and to hold the others in a new collection.

    `accept` are order numbers whose errors of this moment (such as an underpaid envelope) a person takes as they are; they are
    kept as a choice (with `who` and `why`), which says nothing of errors found later. `choices`: acceptances to be done again, as `read_choices` gives them, each only
    if nothing else stands on the order by now (findings choice_unusable, choice_elsewhere; `findings` are what its reader found). Refuses (Unbalanced) when the books do not balance. Finding codes: held_no_picture, held_unpaid,
    held_finding, held_in_doubt, held_damaged, part_dropped. Result: `placed`, `to_revision`, `held`, `pulled_back`, `lost` (always 0, counted).
    """
    work = _found_again(state, now)
    require_balance(work, "place")
    said_by = {"who": who, "why": why or None, "decided_at": now}
    book, replayed = with_acceptance(work, sorted({str(a) for a in accept}), brought=choices, said_by=said_by)
    work = _siblings(work.replace(choices=book))
    verdict = _verdicts(work)
    on = verdict[verdict["ready"]]
    to_revision = on["needs_revision"] & (on["status"].isin(WAITING) | on["lost_artwork"])
    to_batch = ~on["needs_revision"] & on["status"].isin(WAITING)
    orders, revisions = _enter_revision(work, on.loc[to_revision], now)
    assigned = assign_batches(orders, work.batches, on.loc[to_batch, "order_id"], work.job, now)
    held = _hold(
        work.replace(orders=assigned.orders, revisions=revisions),
        verdict[~verdict["ready"]],
        bool(len(on[to_revision | to_batch])),
        now,
    )
    told = together(empty("findings") if findings is None else findings, replayed, _held_findings(verdict), _dropped_findings(work))
    result = _result(state, held.orders, int(to_batch.sum()), int(to_revision.sum()))
    tables = {
        "orders": held.orders,
        "collections": held.collections,
        "batches": assigned.batches,
        "revisions": held.revisions,
        "choices": book,
        **{name: work.tables[name] for name in ("order_subjects", "lines", "slots", "postings", "refunds")},
    }
    headline = _headline(result, assigned.batches)
    also = empty_slots_after(state, tables)
    return Plan.between(state, "place", tables, findings=told, also_findings=also, headline=headline, result=result)


# --- who is ready ------------------------------------------------------------------------------------------------------


def verdicts(state: JobState) -> pd.DataFrame:
    """What place would find, sibling policy and all: one row an order that is still here, the parts split off too.

    Columns order_id, order_no, status, collection_id; ready, and why not: no_picture, unpaid, blocked, doubted and damaged (a frame, or missing);
    needs_revision, lost_artwork, in_part (a child's prints stay behind).

    >>> verdicts(JobState.new(name="maple-grove-2026", school="Maple Grove")).shape[0]
    0
    """
    work = _siblings(state)
    left = _orders_in_part(work)
    parents = work.orders["split_from_id"][~work.orders["order_id"].isin(state.orders["order_id"])]
    verdict = _verdicts(work)
    return verdict.assign(in_part=verdict["order_id"].isin(left) | verdict["order_id"].isin(parents))


def _verdicts(state: JobState) -> pd.DataFrame:
    """One row for each order that is still here: ready or not, why not, and whether it needs a human look."""
    orders = state.orders[~state.orders["status"].isin(SETTLED)]
    verdict = orders[["order_id", "order_no", "status", "collection_id"]].reset_index(drop=True)
    live = state.slots[~state.slots["is_dropped"]]
    empty = live.loc[live["frame_id"].isna(), "order_id"]
    mates = live[live["hole"].isin(MATE_HOLES)]
    blocks = blocking_errors(state)
    verdict["no_picture"] = verdict["order_id"].isin(empty)
    verdict["unpaid"] = verdict["order_id"].isin(blocks.loc[blocks["is_money"], "order_id"])
    verdict["blocked"] = verdict["order_id"].isin(blocks.loc[~blocks["is_money"], "order_id"])
    verdict["doubted"] = verdict["order_id"].map(doubted_frames(blocks)).astype("str")
    verdict["damaged"] = verdict["order_id"].map(damaged_frames(blocks)).astype("str")
    verdict["ready"] = ~(verdict["no_picture"] | verdict["unpaid"] | verdict["blocked"])
    verdict["needs_revision"] = verdict["order_id"].isin(mates["order_id"]) | bool(state.job["has_manual_revision"])
    bare = verdict["order_id"].isin(mates.loc[mates["artwork_path"].isna(), "order_id"])
    verdict["lost_artwork"] = bare & (verdict["status"] == "in_batch")
    return verdict


def _found_again(state: JobState, now: pd.Timestamp) -> JobState:
    """Orders in a batch that has gone without them, or in a closed collection, wait in a new one: an undo can put them there."""
    gone = state.batches.loc[state.batches["status"] == "released", "batch_id"]
    closed = state.collections.loc[state.collections["status"] == "placed", "collection_id"]
    orders = state.orders
    stranded = (orders["status"] == "in_batch") & orders["batch_id"].isin(gone)
    stranded |= orders["status"].isin(WAITING) & orders["collection_id"].isin(closed)
    if not stranded.any():
        return state
    number = state.next_id("collections")
    new = pd.DataFrame({"collection_id": [number], "status": "open", "reason": "orders put back", "opened_at": [now]})
    orders = orders.assign(
        status=orders["status"].mask(stranded, "held"),
        collection_id=orders["collection_id"].mask(stranded, number),
        batch_id=orders["batch_id"].mask(stranded),
    )
    return state.replace(orders=orders, collections=pd.concat([state.collections, typed("collections", new)]))


# --- siblings ----------------------------------------------------------------------------------------------------------


def _siblings(state: JobState) -> JobState:
    """Apply the job's sibling policy to orders of which some children have all their pictures and others do not."""
    policy = state.job["sibling_policy"]
    if policy == "hold_whole":
        return state
    missing = _missing_children(state)
    if not len(missing):
        return state
    return _split(state, missing) if policy == "split" else _drop(state, missing)


def _missing_children(state: JobState) -> pd.DataFrame:
    """Children without all their pictures, in orders where another child has all of theirs: `lines` of them.

    Orders on their way count too, or what is pulled back now would be another matter at the next run.
    """
    here = state.orders.loc[state.orders["status"].isin(LIVE), "order_id"]
    slots = state.slots[state.slots["order_id"].isin(here) & ~state.slots["is_dropped"]]
    empty_lines = slots.loc[slots["frame_id"].isna(), "line_id"]
    # A child dropped before is neither missing nor a reason to go on: its price is on the refund list already.
    # An item cancelled before is not missed either; the child's others are looked at without it.
    wanted = wanted_lines(state)
    lines = wanted[wanted["order_id"].isin(here)].copy()
    lines["is_missing"] = lines["line_id"].isin(empty_lines)
    lines["child_missing"] = lines.groupby("order_subject_id")["is_missing"].transform("any")
    some = lines.groupby("order_id")["child_missing"].transform("any")
    every = lines.groupby("order_id")["child_missing"].transform("all")
    blocked = lines["order_id"].isin(blocking_errors(state)["order_id"])
    return lines[lines["child_missing"] & some & ~every & ~blocked]


def _orders_in_part(state: JobState) -> pd.Series:
    """Orders that go on without the prints of a child left behind; a single cancelled item is no such thing."""
    return state.lines.loc[state.lines["order_subject_id"].isin(left_behind(state)), "order_id"]


def _shares(state: JobState, missing: pd.DataFrame) -> pd.DataFrame:
    """The missing children's part of each order (index `order_id`): of what is due, and of what was paid, by list price.

    What is owed back for items left out before is nobody's part any more, and neither are these items.
    """
    price = missing.groupby("order_id")["total_cents"].sum()
    whole = wanted_lines(state).groupby("order_id")["total_cents"].sum().reindex(price.index).clip(lower=1)
    orders = state.orders.set_index("order_id").loc[price.index]
    owed = pd.Series(money_book.owed_back(state.postings, pd.Series(price.index)), index=price.index)
    return pd.DataFrame({c: (orders[c] - owed).clip(lower=0) * price // whole for c in ("total_cents", "paid_cents")})


def _drop(state: JobState, missing: pd.DataFrame) -> JobState:
    """ship_partial: the missing prints are dropped, their share moves from held to to_refund and onto the refund list."""
    share = _shares(state, missing)
    ids = pd.Series(share.index)
    amount = np.minimum(share.min(axis=1).to_numpy(), money_book.held_of(state.postings, ids))
    reason = "place: shipped without a missing child's prints"
    slots = state.slots.assign(is_dropped=state.slots["is_dropped"] | state.slots["line_id"].isin(missing["line_id"]))
    postings = money_book.post(state.postings, ids, amount, taken_from="held", to="to_refund", reason=reason)
    refunds = money_book.owe_back(state.refunds, ids, amount, reason=reason)
    return state.replace(slots=slots, postings=postings, refunds=refunds)


def _split(state: JobState, missing: pd.DataFrame) -> JobState:
    """split: the missing children's lines become an order of their own, with their share of the money."""
    share = _shares(state, missing)
    parents = state.orders.set_index("order_id").loc[share.index].reset_index()
    first = state.next_id("orders")
    new_id = pd.Series(np.arange(first, first + len(parents)), index=parents["order_id"])
    parts = parents["order_no"].map(lambda no: _part_number(no, state.orders["order_no"]))
    children = parents.assign(order_id=new_id.to_numpy(), order_no=parts, split_from_id=parents["order_id"].to_numpy(),
                              **{c: share[c].to_numpy() for c in share}, version=1)  # fmt: skip
    orders = state.orders.copy()
    mine = orders["order_id"].isin(parents["order_id"]).to_numpy()
    for column in share:
        orders.loc[mine, column] -= share.loc[orders.loc[mine, "order_id"], column].to_numpy()
    paid = share["paid_cents"].to_numpy()
    book = money_book.post(state.postings, parents["order_id"], -paid, to="held", reason="place: split")
    book = money_book.post(book, new_id, paid, to="held", reason="place: split")
    return state.replace(
        orders=pd.concat([orders, typed("orders", children)]), postings=book, **_moved(state, missing, new_id)
    )


def _moved(state: JobState, missing: pd.DataFrame, new_id: pd.Series) -> dict[str, pd.DataFrame]:
    """order_subjects, lines (cancelled ones too) and slots with the missing children's rows pointing to the new order."""
    lines = state.lines.loc[state.lines["order_subject_id"].isin(missing["order_subject_id"]), "line_id"]

    def moved(table: str, column: str, keys: pd.Series) -> pd.DataFrame:
        rows = state.tables[table]
        goes = rows[column].isin(keys)
        return rows.assign(order_id=rows["order_id"].where(~goes, rows["order_id"].map(new_id)).astype("int64"))

    return {
        "order_subjects": moved("order_subjects", "order_subject_id", missing["order_subject_id"]),
        "lines": moved("lines", "line_id", lines),
        "slots": moved("slots", "line_id", lines),
    }


def _part_number(order_no: str, taken: pd.Series) -> str:
    part = 2
    while f"{order_no}/{part}" in set(taken):
        part += 1
    return f"{order_no}/{part}"


# --- moving ------------------------------------------------------------------------------------------------------------


def _enter_revision(state: JobState, going: pd.DataFrame, now: pd.Timestamp) -> tuple[pd.DataFrame, pd.DataFrame]:
    orders = state.orders
    chosen = orders["order_id"].isin(going["order_id"])
    orders = orders.assign(
        status=orders["status"].mask(chosen, "in_revision"),
        collection_id=orders["collection_id"].mask(chosen),
        batch_id=orders["batch_id"].mask(chosen),
    )
    first = state.next_id("revisions")
    reason = "manual_revision" if state.job["has_manual_revision"] else "memory_mate"
    going = going.sort_values("order_id")
    new = pd.DataFrame({"revision_id": np.arange(first, first + len(going)), "order_id": going["order_id"].to_numpy()})
    new = new.assign(reason=reason, status="waiting", entered_at=now)
    return orders, typed(
        "revisions", pd.concat([state.revisions, typed("revisions", new)]) if len(new) else state.revisions
    )


@dataclass(frozen=True)
class _Held:
    orders: pd.DataFrame
    collections: pd.DataFrame
    revisions: pd.DataFrame


def _hold(state: JobState, waiting: pd.DataFrame, some_went_on: bool, now: pd.Timestamp) -> _Held:
    """Move what is not ready out of the collections being placed, and pull back what lost its picture on the way, or is in doubt."""
    split_off = waiting[(waiting["status"] == "open") & some_went_on]
    pulled = waiting[waiting["status"].isin(ON_ITS_WAY) & (waiting["no_picture"] | waiting["blocked"])]
    first, parts = state.next_id("collections"), []
    orders = state.orders
    for parent, rows in [*split_off.groupby("collection_id"), *([(pd.NA, pulled)] if len(pulled) else [])]:
        number = first + len(parts)
        why = "orders without pictures" if rows["no_picture"].all() else "orders not ready"
        parts.append({"collection_id": number, "status": "open", "parent_id": parent, "reason": why, "opened_at": now})
        chosen = orders["order_id"].isin(rows["order_id"])
        orders = orders.assign(
            status=orders["status"].mask(chosen, "held"),
            collection_id=orders["collection_id"].mask(chosen, number),
            batch_id=orders["batch_id"].mask(chosen),
        )
    withdrawn = state.revisions["order_id"].isin(pulled["order_id"]) & (state.revisions["status"] == "waiting")
    revisions = state.revisions.assign(status=state.revisions["status"].mask(withdrawn, "withdrawn"))
    collections = (
        pd.concat([state.collections, typed("collections", pd.DataFrame(parts))]) if parts else state.collections
    )
    return _Held(orders, _closed_where_empty(typed("collections", collections), orders), revisions)


def _closed_where_empty(collections: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """A collection that nothing waits in any more is placed; one that never held anything stays open for what comes."""
    ever_used = collections["parent_id"].notna() | (len(orders) > 0)
    is_empty = ~collections["collection_id"].isin(orders["collection_id"].dropna())
    return collections.assign(status=collections["status"].mask(ever_used & is_empty, "placed"))


# --- what to say -------------------------------------------------------------------------------------------------------


def _held_findings(verdict: pd.DataFrame) -> pd.DataFrame:
    waiting = verdict[~verdict["ready"]]
    other = waiting[~waiting["no_picture"] & ~waiting["unpaid"]]
    parts = []
    for code, rows, words in (
        ("held_no_picture", waiting[waiting["no_picture"]], "a picture is missing"),
        ("held_unpaid", waiting[~waiting["no_picture"] & waiting["unpaid"]], "not paid in full"),
        ("held_finding", other[other["doubted"].isna() & other["damaged"].isna()], "an error stands on it"),
    ):
        parts.append(found("place", code, "orders", rows["order_no"], "order " + rows["order_no"] + ": " + words))
    rows = other[other["doubted"].notna()]
    detail = "order " + rows["order_no"] + ": its picture may show another child, see frame " + rows["doubted"]
    parts.append(found("place", "held_in_doubt", "orders", rows["order_no"], detail, hints=rows["doubted"]))
    rows = other[other["doubted"].isna() & other["damaged"].notna()]
    detail = "order " + rows["order_no"] + ": its picture is damaged inside, see frame " + rows["damaged"]
    return together(*parts, found("place", "held_damaged", "orders", rows["order_no"], detail, hints=rows["damaged"]))


def _dropped_findings(state: JobState) -> pd.DataFrame:
    here = state.orders["order_id"].isin(_orders_in_part(state)) & ~state.orders["status"].isin(SETTLED)
    numbers = state.orders.loc[here, "order_no"]
    return found(
        "place",
        "part_dropped",
        "orders",
        numbers,
        "order " + numbers + ": goes without the prints of a child without pictures",
    )


def _result(state: JobState, orders: pd.DataFrame, placed: int, to_revision: int) -> dict[str, object]:
    before = state.orders.set_index("order_id")["status"]
    after = orders.set_index("order_id")["status"]
    was = before.reindex(after.index)
    return {
        "placed": placed,
        "to_revision": to_revision,
        "held": int(after.isin(WAITING).sum()),
        "pulled_back": int((was.isin(ON_ITS_WAY) & (after == "held")).sum()),
        "lost": len(set(before.index) - set(after.index)),
    }


def _headline(result: dict[str, object], batches: pd.DataFrame) -> str:
    school = batches.loc[(batches["kind"] == "school") & (batches["status"] == "open"), "batch_id"]
    where = f"batch {int(school.min())}" if len(school) else "the batch"
    pulled = f", {result['pulled_back']} pulled back" if result["pulled_back"] else ""
    return (f"{result['placed']} to {where}, {result['to_revision']} to manual revision, "
            f"{result['held']} waiting in a collection{pulled}, {result['lost']} lost")  # fmt: skip
