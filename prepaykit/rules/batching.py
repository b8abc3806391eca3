"""Batches and the order in which prints are packed.

A school batch is open until its deadline, 23:59:59 in the job's zone, and collects the orders placed meanwhile; a direct order
is a batch of its own, due at once. Inside a batch prints are sorted the way boxes are packed: by teacher and class, then by
child, then by order, so that each teacher's box is one run of the list. Two teachers of one name, and the morning and the
afternoon kindergarten, are different groups and so different runs.

Source: the user's document, part III; domain.md 3.5, 6.7, A19, A20, A26.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from prepaykit.tables.catalog import typed


@dataclass(frozen=True)
class Assigned:
    """`orders` with their `batch_id`, and all `batches` including those opened for them."""

    orders: pd.DataFrame
    batches: pd.DataFrame


def deadline_moment(date: object, timezone: str) -> pd.Timestamp:
    """The last second of a day at the school, as UTC; NaT without a date.

    >>> deadline_moment("2026-10-16", "America/New_York")
    Timestamp('2026-10-17 03:59:59+0000', tz='UTC')
    """
    if date is None or pd.isna(date):
        return pd.NaT
    return pd.Timestamp(f"{date} 23:59:59").tz_localize(timezone).tz_convert("UTC")


def assign_batches(
    orders: pd.DataFrame, batches: pd.DataFrame, order_ids: pd.Series, job: dict[str, object], now: pd.Timestamp
) -> Assigned:
    """Put these orders into the job's open school batch (opened if there is none); each direct order into one of its own.

    A new school batch takes the job's batch deadline if that is still to come, else it has none and is released by hand.
    The orders become `in_batch` and leave their collection.
    """
    chosen = orders["order_id"].isin(order_ids)
    direct = orders.loc[chosen & (orders["shipping"] == "direct")].sort_values("order_id")
    for_school = chosen & (orders["shipping"] == "batch")
    batch_of = pd.Series(pd.NA, index=orders.index, dtype="Int64")
    next_id = int(batches["batch_id"].max()) + 1 if len(batches) else 1
    if for_school.any():
        is_open = batches.loc[(batches["status"] == "open") & (batches["kind"] == "school"), "batch_id"]
        if len(is_open):
            batch_of[for_school] = int(is_open.min())
        else:
            batches, batch_of[for_school], next_id = (
                _opened(batches, [next_id], "school", job, now, [job["ship_to"]]),
                next_id,
                next_id + 1,
            )
    if len(direct):
        ids = np.arange(next_id, next_id + len(direct))
        batches = _opened(batches, ids, "direct", job, now, direct["ship_to"])
        batch_of[direct.index] = ids
    orders = orders.assign(
        batch_id=orders["batch_id"].where(~chosen, batch_of),
        collection_id=orders["collection_id"].mask(chosen),
        status=orders["status"].mask(chosen, "in_batch"),
    )
    return Assigned(typed("orders", orders), batches)


def _opened(
    batches: pd.DataFrame, ids: object, kind: str, job: dict[str, object], now: pd.Timestamp, ship_to: object
) -> pd.DataFrame:
    deadline = deadline_moment(job["batch_deadline"], str(job["timezone"]))
    if kind == "direct" or pd.isna(deadline) or deadline <= now:
        deadline = pd.NaT
    new = pd.DataFrame({"batch_id": list(ids), "ship_to": list(ship_to)})
    new = new.assign(
        kind=kind,
        status="open",
        processing="automatic" if kind == "direct" else job["batch_processing"],
        deadline_at=deadline,
        opened_at=now,
    )
    return typed("batches", pd.concat([batches, typed("batches", new)]))


def due_batches(batches: pd.DataFrame, now: pd.Timestamp) -> list[int]:
    """Open batches that go by themselves now: automatic ones whose deadline has passed, and direct orders at once."""
    is_open = batches["status"] == "open"
    passed = (batches["processing"] == "automatic") & batches["deadline_at"].notna() & (batches["deadline_at"] < now)
    return [int(i) for i in batches.loc[is_open & (passed | (batches["kind"] == "direct")), "batch_id"].sort_values()]


PACKING = [
    "group_name",
    "teacher",
    "grade",
    "last_name",
    "first_name",
    "access_code",
    "order_no",
    "product_code",
    "slot_id",
]


def pack(prints: pd.DataFrame) -> pd.DataFrame:
    """Sort prints into packing order and number them from 1 (`print_no`).

    One row is a print; uses the columns of `PACKING`. Teacher comes first, then class, so that each box is one run; staff
    and children without a class stand at the end. Upper and lower case sort alike.

    >>> rows = pd.DataFrame([["KG PM", "Smith"], ["KG AM", "Smith"], [None, None], ["4B", "Adams"]], columns=["group_name", "teacher"])
    >>> pack(rows.assign(**{c: "" for c in PACKING[2:]}))["group_name"].tolist()
    ['4B', 'KG AM', 'KG PM', nan]
    """
    by = ["teacher", "group_name", *PACKING[2:]]
    keys = pd.DataFrame({c: prints[c].astype("str").str.casefold() if c != "slot_id" else prints[c] for c in by})
    keys["_none"] = prints["group_name"].isna() & prints["teacher"].isna()
    order = keys.sort_values(["_none", *by], na_position="last", kind="stable").index
    packed = prints.loc[order].reset_index(drop=True)
    packed["group_name"] = packed["group_name"].astype("str")
    return packed.assign(print_no=np.arange(1, len(packed) + 1))
