"""Find anything of a job, the deleted too; and list the money steps that are still open.

Source: the user's document, Q6 (the little magnifying glass); domain.md 4 (rows 31–33), A18.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.errors import UsageError
from prepaykit.tables.state import JobState

FOUND_COLUMNS = ["kind", "key", "status", "where", "who"]


def find(state: JobState, text: str) -> pd.DataFrame:
    """Orders, people, envelopes in which the text occurs: numbers, keys, codes, names, addresses; in any case.

    Cancelled orders are found as well. One row a hit: `kind`, `key`, `status`, `where`, `who`.

    >>> find(JobState.new(name="maple-grove-2026", school="Maple Grove"), "nobody").shape
    (0, 5)
    """
    places = where_orders_are(state)
    children = _children_of_orders(state)
    orders = state.orders.merge(places, on="order_id", validate="1:1").merge(
        children, on="order_id", how="left", validate="1:1"
    )
    orders = orders.rename(columns={"order_no": "key", "buyer_name": "who"}).assign(kind="order")
    subjects = state.subjects.assign(
        kind=state.subjects["kind"], key=state.subjects["access_code"], status=state.subjects["attendance"]
    )
    subjects["who"] = subjects["first_name"].fillna("") + " " + subjects["last_name"].fillna("")
    subjects["where"] = (
        "class " + subjects["group_id"].map(state.groups.set_index("group_id")["name"]).astype("str")
    ).fillna("no class")
    envelopes = state.envelopes.assign(kind="envelope", key=state.envelopes["envelope_no"])
    envelopes["status"] = envelopes["order_id"].notna().map({True: "ordered", False: "waiting"})
    envelopes["where"] = envelopes["status"].map({"ordered": "among the orders", "waiting": "waits for a match"})
    envelopes["where"] = envelopes["where"].mask(envelopes["differs"].notna(), "waits to be settled between two typists")
    envelopes["who"] = envelopes["typed_first"].fillna("") + " " + envelopes["typed_last"].fillna("")
    hits = [
        _hits(orders, text, ["key", "order_key", "who", "buyer_email", "buyer_phone", "children"]),
        _hits(subjects, text, ["key", "who", "student_id", "email", "phone"]),
        _hits(envelopes, text, ["key", "who", "typed_code", "parent_name", "parent_email"]),
    ]
    return pd.concat(hits, ignore_index=True)


def numbered(orders: pd.DataFrame, number: str) -> pd.DataFrame:
    """The orders of that number; `online:1001` and `paper:1001` mean one of them where shop and envelopes count alike."""
    origin, _, bare = number.partition(":")
    return orders[(orders["order_no"] == number) | ((orders["origin"] == origin) & (orders["order_no"] == bare))]


def named_orders(state: JobState, numbers: list[str], verb: str) -> pd.DataFrame:
    """Exactly one order for each of these numbers. Raises UsageError for one that is not there, or that two orders bear.

    >>> named_orders(JobState.new(name="maple-grove-2026", school="Maple Grove"), [], "cancel").shape[0]
    0
    """
    rows = {number: numbered(state.orders, number) for number in numbers}
    unknown = [n for n, found in rows.items() if not len(found)]
    if unknown:
        raise UsageError(f"{verb}: {state.name} has no order {', '.join(unknown)}")
    twice = [n for n, found in rows.items() if len(found) > 1]
    if twice:
        ways = ", ".join(f"{origin}:{n}" for n in twice for origin in rows[n]["origin"].sort_values())
        raise UsageError(
            f"{verb}: an online order and an envelope have the number {', '.join(twice)}: say which, by {ways}"
        )
    return pd.concat([state.orders.head(0), *rows.values()]).drop_duplicates("order_id")


def worklist(state: JobState) -> pd.DataFrame:
    """Refunds and service fees that are not closed yet: `step`, `order_no`, `amount_cents`, `status`, `reason`.

    Fees stand before refunds: the fee is claimed back first (domain.md 4, row 33).
    """
    numbers = state.orders.set_index("order_id")["order_no"]
    fees = state.service_fees[state.service_fees["status"].isin(["to_claim", "requested"])]
    fees = fees.assign(step="claim service fee", reason="order cancelled")
    refunds = state.refunds[~state.refunds["status"].isin(["succeeded", "withdrawn"])].assign(step="refund")
    rows = pd.concat([part[["step", "order_id", "amount_cents", "status", "reason"]] for part in (fees, refunds)])
    rows = rows.assign(order_no=rows["order_id"].map(numbers).astype("str"))
    return rows[["step", "order_no", "amount_cents", "status", "reason"]].reset_index(drop=True)


def where_orders_are(state: JobState) -> pd.DataFrame:
    """One row an order: `order_id` and `where`, such as "batch 1" or "collection 2".

    >>> where_orders_are(JobState.new(name="maple-grove-2026", school="Maple Grove")).columns.tolist()
    ['order_id', 'where']
    """
    orders = state.orders
    batch, collection = (
        "batch " + orders["batch_id"].astype("str"),
        "collection " + orders["collection_id"].astype("str"),
    )
    status = orders["status"]
    where = np.select(
        [status == "cancelled", status == "released", status == "in_batch", status == "in_revision"],
        [
            pd.Series("cancelled", index=orders.index),
            "sent to production with " + batch,
            batch,
            pd.Series("manual revision", index=orders.index),
        ],
        default=collection,
    )
    return pd.DataFrame({"order_id": orders["order_id"], "where": pd.Series(where, index=orders.index, dtype="str")})


def _children_of_orders(state: JobState) -> pd.DataFrame:
    rows = state.order_subjects
    words = [rows[c].fillna("") for c in ("access_code", "typed_first", "typed_last", "typed_student_id")]
    text = words[0].str.cat(words[1:], sep=" ")
    return text.groupby(rows["order_id"]).agg(" ".join).rename("children").rename_axis("order_id").reset_index()


def _hits(rows: pd.DataFrame, text: str, columns: list[str]) -> pd.DataFrame:
    words = rows[columns].fillna("").astype("str").apply(lambda column: column.str.casefold())
    hit = pd.Series(False, index=rows.index)
    for column in columns:
        hit |= words[column].str.contains(text.strip().casefold(), regex=False)
    return rows.loc[hit, FOUND_COLUMNS].astype("str")
