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
    """Orders, people, classes, codes, envelopes in which the text occurs: numbers, keys, codes, names, addresses; in any case.

    Cancelled orders are found as well, and codes of cards that are on no list. One row a hit: `kind`, `key`, `status`, `where`, `who`.

    >>> find(JobState.new(name="maple-grove-2026", school="Maple Grove"), "nobody").shape
    (0, 5)
    """
    rows = everything(state)
    hit = rows["text"].str.contains(text.strip().casefold(), regex=False)
    return rows.loc[hit.astype("bool"), FOUND_COLUMNS].reset_index(drop=True)


def everything(state: JobState) -> pd.DataFrame:
    """All that can be found: one row an order, person, class, code or envelope, in the columns of `find`, and `row_id` (its key in its table;
    missing for a code) and `text` (what is searched, in small letters).
    """
    parts = [
        (_orders(state), ["key", "order_key", "who", "buyer_email", "buyer_phone", "children"]),
        (_people(state), ["key", "who", "student_id", "email", "phone"]),
        (_envelopes(state), ["key", "who", "typed_code", "parent_name", "parent_email"]),
        (_classes(state), ["key", "name", "teacher"]),
        (_stray_codes(state), ["key"]),
    ]
    return pd.concat([_told(rows, columns) for rows, columns in parts], ignore_index=True)


def _orders(state: JobState) -> pd.DataFrame:
    orders = state.orders.merge(where_orders_are(state), on="order_id", validate="1:1")
    orders = orders.merge(_children_of_orders(state), on="order_id", how="left", validate="1:1")
    return orders.rename(columns={"order_no": "key", "buyer_name": "who", "order_id": "row_id"}).assign(kind="order")


def _people(state: JobState) -> pd.DataFrame:
    people = state.subjects
    classes = people["group_id"].map(state.groups.set_index("group_id")["name"]).astype("str")
    return people.assign(
        row_id=people["subject_id"],
        key=people["access_code"],
        status=people["attendance"],
        who=people["first_name"].fillna("") + " " + people["last_name"].fillna(""),
        where=("class " + classes).fillna("no class"),
    )


def _envelopes(state: JobState) -> pd.DataFrame:
    rows = state.envelopes
    status = rows["order_id"].notna().map({True: "ordered", False: "waiting"})
    where = status.map({"ordered": "among the orders", "waiting": "waits for a match"})
    return rows.assign(
        row_id=rows["envelope_id"],
        kind="envelope",
        key=rows["envelope_no"],
        status=status,
        where=where.mask(rows["differs"].notna(), "waits to be settled between two typists"),
        who=rows["typed_first"].fillna("") + " " + rows["typed_last"].fillna(""),
    )


def _classes(state: JobState) -> pd.DataFrame:
    rows = state.groups
    return rows.assign(
        row_id=rows["group_id"], kind="class", key=rows["access_code"], status="listed", where="class " + rows["name"], who=rows["teacher"]
    )  # fmt: skip


def _stray_codes(state: JobState) -> pd.DataFrame:
    """Codes of cards that were photographed and are on no list: filed under another code, or nobody's."""
    listed = [*state.subjects["access_code"], *state.groups["access_code"]]
    stray = state.galleries[~state.galleries["read_code"].isin(listed)]
    rows = stray.groupby("read_code", as_index=False).agg(code=("access_code", "first"), frames=("frame_id", "size"))
    filed = rows["code"] != rows["read_code"]
    return pd.DataFrame({
        "row_id": pd.array([pd.NA] * len(rows), dtype="Int64"), "kind": "code", "key": rows["read_code"], "who": "",
        "status": ("filed under " + rows["code"]).where(filed, "on no list"), "where": rows["frames"].astype("str") + " frames",
    })  # fmt: skip


def _told(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Rows as they are found: what is searched in one text, a line a column, so that no hit goes over two of them."""
    words = [rows[c].fillna("").astype("str").str.casefold() for c in columns]
    text = words[0].str.cat(words[1:], sep="\n") if len(words) > 1 else words[0]
    plain = rows[FOUND_COLUMNS].astype("str").reset_index(drop=True)
    return plain.assign(row_id=rows["row_id"].astype("Int64").to_numpy(), text=text.to_numpy())


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
    replaced = state.refunds["refund_id"].isin(state.refunds["replaces_id"].dropna())
    refunds = state.refunds[~state.refunds["status"].isin(["succeeded", "withdrawn"]) & ~replaced].assign(step="refund")
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
