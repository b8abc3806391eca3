"""Find anything of a job, the deleted too; and list the money steps that are still open.

Source: the user's document, Q6 (the little magnifying glass); domain.md 4 (rows 31–33), A18.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

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
    envelopes["who"] = envelopes["typed_first"].fillna("") + " " + envelopes["typed_last"].fillna("")
    hits = [
        _hits(orders, text, ["key", "order_key", "who", "buyer_email", "buyer_phone", "children"]),
        _hits(subjects, text, ["key", "who", "student_id", "email", "phone"]),
        _hits(envelopes, text, ["key", "who", "typed_code", "parent_name", "parent_email"]),
    ]
    return pd.concat(hits, ignore_index=True)


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
