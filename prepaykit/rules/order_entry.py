"""Order entry: how orders, their children, lines, slots and money come into the tables of a job.

Online orders and envelopes go the same way, so that a paper order waits, is priced, counted and shipped exactly like an
online one. Money that came in is posted as held; an order waits in the job's open order collection.
Each function takes a job and gives the job as it would be; nothing here decides what comes in.
Source: the user's document ("Is it possible to include paper orders"); domain.md 6.6, 7, 9.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.rules import money_book
from prepaykit.rules.items import wanted_lines
from prepaykit.rules.pricing import price_lines
from prepaykit.tables.catalog import typed
from prepaykit.tables.findings import together
from prepaykit.tables.state import JobState
from prepaykit.tables.status import WAITING

CHILD_MAY_CHANGE = (*WAITING, "in_revision")
MENDABLE = ("package_unknown", "order_string_unreadable")


def open_collection(work: JobState, now: pd.Timestamp) -> tuple[JobState, int]:
    """The job's order collection for new orders (the open one without a parent), opened if there is none, and its number."""
    collections = work.collections
    there = collections[(collections["status"] == "open") & collections["parent_id"].isna()]
    if len(there):
        return work, int(there["collection_id"].min())
    number = work.next_id("collections")
    new = pd.DataFrame(
        {
            "collection_id": [number],
            "status": "open",
            "reason": "prepay",
            "opened_at": pd.Series([now]).dt.as_unit("us"),
        }
    )
    return work.replace(collections=_added("collections", collections, new)), number


def enter_orders(
    work: JobState, headers: pd.DataFrame, children: pd.DataFrame, *, now: pd.Timestamp, verb: str
) -> tuple[JobState, pd.DataFrame]:
    """Add new orders with their children, lines and slots to the open collection; returns the job and the findings.

    `headers`: one row is an order: order_no, origin, edition, paid_cents, and any other column of `orders` that is known.
    `children`: one row is a child of an order: order_no, subject_id, matched_by, access_code, typed_…, packages. Both in the
    order in which keys are to be given. The total due is the price of the lines; of an online order that was paid, what was
    paid, since the shop has already reckoned with coupons, tax and shipping.
    """
    if not len(headers):
        return work, price_lines(_wanted(children), work.products.head(0), work.packages.head(0)).findings
    work, collection = open_collection(work, now)
    headers = headers.assign(order_id=np.arange(work.next_id("orders"), work.next_id("orders") + len(headers)), status="open",
                             collection_id=collection, total_cents=headers["paid_cents"])  # fmt: skip
    ids = headers.set_index("order_no")["order_id"]
    children = children.assign(order_id=children["order_no"].map(ids),
                               order_subject_id=np.arange(work.next_id("order_subjects"), work.next_id("order_subjects") + len(children)))  # fmt: skip
    kept = [c for c in children.columns if c in work.order_subjects.columns]
    work = work.replace(orders=_added("orders", work.orders, headers),
                        order_subjects=_added("order_subjects", work.order_subjects, children[kept]))  # fmt: skip
    return price_orders(work, children, verb=verb)


def price_orders(work: JobState, children: pd.DataFrame, *, verb: str) -> tuple[JobState, pd.DataFrame]:
    """Make the lines and slots of these children anew, each order at its own edition, and set what is due.

    `children`: order_id, order_subject_id, subject_id, packages, order_no. A cancelled line stays as it is, with its slots; what the string says
    of the same item is not made a second time.
    """
    gone = children["order_id"]
    again = work.lines["order_id"].isin(gone) & work.lines["cancelled_at"].isna()
    lines, slots = work.lines[~again], work.slots[~work.slots["line_id"].isin(work.lines.loc[again, "line_id"])]
    cancelled = lines[lines["order_id"].isin(gone)]
    edition = children["order_id"].map(work.orders.set_index("order_id")["edition"])
    findings, first_line, first_slot = [], work.next_id("lines"), work.next_id("slots")
    for number in sorted(edition.unique()):
        priced = price_lines(
            _wanted(children[edition == number]), work.products[work.products["edition"] == number],
            work.packages[work.packages["edition"] == number], first_line_id=first_line, first_slot_id=first_slot, verb=verb,
        )  # fmt: skip
        first_line, first_slot = first_line + len(priced.lines), first_slot + len(priced.slots)
        fresh = _not_cancelled(priced.lines, cancelled)
        lines = _added("lines", lines, fresh)
        slots = _added("slots", slots, priced.slots[priced.slots["line_id"].isin(fresh["line_id"])])
        findings.append(priced.findings)
    work = work.replace(lines=lines, slots=slots)
    work = work.replace(orders=_with_totals(work, gone.unique()))
    return work, together(*findings)


def _not_cancelled(made: pd.DataFrame, cancelled: pd.DataFrame) -> pd.DataFrame:
    """The lines made now without those of items that were cancelled before: the same code and options for the same child, one for one."""

    def keys(lines: pd.DataFrame) -> pd.MultiIndex:
        item = lines[["order_subject_id", "code"]].assign(options=lines["options"].fillna(""))
        return pd.MultiIndex.from_frame(item.assign(place=item.groupby(["order_subject_id", "code", "options"]).cumcount()))

    return made[~keys(made).isin(keys(cancelled))] if len(cancelled) and len(made) else made


def flawed_orders(work: JobState, verb: str) -> pd.Series:
    """Numbers of the orders whose string could not be taken whole when they came."""
    return work.findings.loc[(work.findings["verb"] == verb) & work.findings["code"].isin(MENDABLE), "key"]


def mend_orders(
    work: JobState, rows: pd.DataFrame, ids: pd.Series, edition: int, verb: str
) -> tuple[JobState, pd.DataFrame]:
    """Price flawed orders anew with the strings brought now, at this edition; returns the job and what is still wrong.

    `rows`: order_no, packages, one row a child in the order of the file; `ids`: order_no → order_id. An order for which
    nothing has become better is left exactly as it is, so that bringing the same file again changes nothing.
    """
    if not len(rows):
        return work, work.findings.head(0)
    children = work.order_subjects.assign(place=work.order_subjects.groupby("order_id").cumcount())
    wanted = rows.assign(order_id=rows["order_no"].map(ids), place=rows.groupby("order_no").cumcount())
    wanted = wanted.merge(
        children[["order_id", "place", "order_subject_id", "subject_id"]],
        on=["order_id", "place"],
        how="left",
        validate="1:1",
    )
    # Another number of children is another order: it stays as it is, its finding with it.
    whole = wanted.groupby("order_id")["order_subject_id"].transform(lambda s: s.notna().all()).astype(bool)
    other = (
        work.findings["key"].isin(wanted.loc[~whole, "order_no"])
        & work.findings["code"].isin(MENDABLE)
        & (work.findings["verb"] == verb)
    )
    wanted = wanted[whole].astype({"order_subject_id": "int64"})
    products, packages = (t[t["edition"] == edition] for t in (work.products, work.packages))
    tried = price_lines(_wanted(wanted), products, packages, verb=verb).findings
    said = ["code", "key", "detail"]
    same = tried.merge(
        work.findings.loc[work.findings["verb"] == verb, said].drop_duplicates(), on=said, validate="m:1"
    )["key"]
    better = wanted[~wanted["order_no"].isin(same)]
    if not len(better):
        return work, together(tried, work.findings[other])
    orders = work.orders.copy()
    orders.loc[orders["order_id"].isin(better["order_id"]), "edition"] = edition
    return price_orders(work.replace(orders=orders), better, verb=verb)[0], together(tried, work.findings[other])


def lines_sum(work: JobState, order_ids: pd.Series) -> pd.Series:
    """Cents of all lines of each of these orders that are still wanted (index as given)."""
    sums = wanted_lines(work).groupby("order_id")["total_cents"].sum()
    return order_ids.map(sums).fillna(0).astype("int64")


def take_money(work: JobState, payments: pd.DataFrame, *, reason: str) -> JobState:
    """Record money that came in and hold it: a payment and a posting for each row with an amount.

    `payments`: order_id (missing for an envelope that is not an order yet), amount_cents, method, and as known reference,
    envelope_id, received_at. Sets nothing on the order.
    """
    payments = payments[payments["amount_cents"] > 0]
    if not len(payments):
        return work
    first = work.next_id("payments")
    payments = payments.assign(payment_id=np.arange(first, first + len(payments)))
    book = money_book.post(work.postings, payments["order_id"], payments["amount_cents"], to="held", reason=reason)
    return work.replace(payments=_added("payments", work.payments, payments), postings=book)


def settle_subjects(work: JobState, matched: pd.DataFrame) -> JobState:
    """Write down whom children of orders were found to be: on the child and on its slots.

    `matched`: order_subject_id, subject_id, matched_by, and matched_on of a weighed match. Slots that a frame is in already are not touched.
    """
    if not len(matched):
        return work
    found = matched.set_index("order_subject_id")
    children = work.order_subjects.copy()
    new = children["order_subject_id"].isin(found.index)
    children.loc[new, "subject_id"] = children.loc[new, "order_subject_id"].map(found["subject_id"]).astype("Int64")
    children.loc[new, "matched_by"] = children.loc[new, "order_subject_id"].map(found["matched_by"])
    if "matched_on" in found:
        children.loc[new, "matched_on"] = children.loc[new, "order_subject_id"].map(found["matched_on"])
    child_of_line = work.lines.set_index("line_id")["order_subject_id"]
    slots = work.slots.copy()
    child = slots["line_id"].map(child_of_line)
    follow = child.isin(found.index) & slots["subject_id"].isna()
    slots.loc[follow, "subject_id"] = child[follow].map(found["subject_id"]).astype("Int64")
    return work.replace(order_subjects=children, slots=slots)


def purchases(orders: pd.DataFrame) -> pd.Series:
    """The order that each order was bought as (index `order_id`): itself, or the one that it was split off from, however often."""
    parent = orders.set_index("order_id")["split_from_id"]
    root = parent.fillna(pd.Series(parent.index, index=parent.index)).astype("int64")
    while not (root.map(root) == root).all():
        root = root.map(root)
    return root


def listed_subjects(state: JobState) -> pd.DataFrame:
    """The names list as matching wants it: subjects with the name of their class as `group`."""
    return state.subjects.assign(
        group=state.subjects["group_id"].map(state.groups.set_index("group_id")["name"]).astype("str")
    )


def _wanted(children: pd.DataFrame) -> pd.DataFrame:
    columns = ["order_id", "order_subject_id", "subject_id", "packages"]
    return children.reindex(columns=columns).assign(ref=children["order_no"])


def _with_totals(work: JobState, order_ids: np.ndarray) -> pd.DataFrame:
    orders = work.orders.copy()
    mine = orders["order_id"].isin(order_ids)
    # What was paid and is owed back for items left out stays in the total.
    due = lines_sum(work, orders["order_id"]) + money_book.owed_back(work.postings, orders["order_id"])
    paid_online = (orders["origin"] == "online") & (orders["paid_cents"] > 0)
    orders.loc[mine, "total_cents"] = due.where(~paid_online, orders["paid_cents"])[mine]
    return orders


def _added(name: str, table: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """The table with further rows; each part is typed first, so that nothing becomes a float on the way."""
    if not len(new):
        return table
    new = typed(name, new)
    return pd.concat([table, new], ignore_index=True) if len(table) else new
