"""The tables of a job report, one function each: how the job stands, counted from its own tables.

They are what `write_report` draws and what a notebook shows. Amounts are cents, moments UTC; people's names appear only with
`names=True`. Teachers stand in the table of classes, as they do on the packing lists.

Source: domain.md 9 (what a reconciliation must print), 16.5.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.ledger.history import HISTORY_COLUMNS
from prepaykit.report.money_tables import (
    by_day,
    held_money_by_age,
    money_accounts,
    orders_due,
    paper_cash,
    shipped_not_paid,
)
from prepaykit.report.text import findings_by_code
from prepaykit.rules.albums import albums
from prepaykit.rules.balance import balance
from prepaykit.rules.search import worklist
from prepaykit.rules.trial import decoy_trial
from prepaykit.tables.findings import REGISTER
from prepaykit.tables.state import JobState
from prepaykit.tables.status import MACHINES, WAITING

HELD_REASONS = {
    "held_no_picture": "a picture is missing",
    "held_unpaid": "not paid in full",
    "held_finding": "an error stands on it",
    "held_in_doubt": "its picture may show another child",
    "held_damaged": "its picture is damaged inside",
}
WAYS = {
    "code": "the access code is on the list",
    "student_id": "the student id is on the list, once",
    "exact_name": "the one exact name in the class",
    "weighed": "names, class, codes and addresses weighed: certain without a person",
    "person": "a person said so",
    "waiting": "nobody is certain yet: prepaykit queue",
}


def job_tables(state: JobState, history: pd.DataFrame | None = None, *, now: pd.Timestamp, names: bool = False,
               outbox: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Every table of the report by name, in the order of the report.

    `history` and `outbox` are the store's; without them the report has no history and does not know what was sent.

    >>> state = JobState.new(name="maple-grove-2026", school="Maple Grove")
    >>> list(job_tables(state, now=pd.Timestamp("2026-10-01", tz="UTC")))[:4]
    ['balance', 'orders', 'held', 'matching']
    """
    return {
        "balance": balance(state),
        "orders": orders_by_place(state),
        "held": held_orders(state, names=names),
        "matching": matching(state),
        "decoys": pd.DataFrame([decoy_trial(state)])
        if len(state.order_subjects) + len(state.envelopes)
        else pd.DataFrame(),
        "money": money_accounts(state),
        "held_money_by_age": held_money_by_age(state, now),
        "worklist": worklist(state),
        "shipped_not_paid": shipped_not_paid(state),
        "paper_cash": paper_cash(state),
        "by_day": by_day(state),
        "findings": findings_by_code(state.findings),
        "batches": batches(state, outbox),
        "classes": classes(state),
        "albums": album_counts(state),
        "history": _no_history() if history is None else history,
    }


def orders_by_place(state: JobState) -> pd.DataFrame:
    """One row a place where orders are, along a usual life: `status`, `place`, `orders`, `prints`, `digital`, `due_cents`,
    `paid_cents`.

    The direct batches of one status, which hold an order each, are one row. Due is without items left out; paid is all that came in.
    """
    orders = orders_due(state).merge(_prints(state), on="order_id", how="left", validate="1:1")
    batch, collection = orders["batch_id"].astype("str"), orders["collection_id"].astype("str")
    direct = (orders["shipping"] == "direct") & orders["batch_id"].notna()
    status = orders["status"]
    place = np.select(
        [status == "cancelled", status == "in_revision", direct, orders["batch_id"].notna()],
        ["cancelled", "manual revision", "direct batches", "batch " + batch.fillna("")],
        default=("collection " + collection).fillna("in no collection"),
    )
    orders = orders.assign(place=pd.Series(place, index=orders.index, dtype="str")).fillna({"prints": 0, "digital": 0})
    rows = orders.groupby(["status", "place"], as_index=False).agg(
        orders=("order_id", "size"),
        prints=("prints", "sum"),
        digital=("digital", "sum"),
        due_cents=("total_cents", "sum"),
        paid_cents=("paid_cents", "sum"),
    )
    rows = rows.astype({"prints": "int64", "digital": "int64"})
    life = {s: i for i, s in enumerate(MACHINES["orders"].values)}
    return rows.assign(_s=rows["status"].map(life)).sort_values(["_s", "place"], ignore_index=True).drop(columns="_s")


def held_orders(state: JobState, *, names: bool = False) -> pd.DataFrame:
    """Orders that wait, one row each: `order_no`, `access_codes`, `class`, `reason`, `suggestion`, `paid_cents`, `placed_at`.

    An order that was not placed yet stands here only if something is in its way. `suggestion` is the likely right access code.
    With `names` also `children` and `buyer`.
    """
    why = _why_held(state)
    orders = state.orders[state.orders["status"].isin(WAITING)]
    orders = orders[(orders["status"] == "held") | orders["order_id"].isin(why["order_id"])]
    rows = orders.merge(why, on="order_id", how="left", validate="1:1").merge(
        _children(state), on="order_id", how="left", validate="1:1"
    )
    rows["reason"] = rows["reason"].fillna("waits to be placed again").astype("str")
    rows = rows.rename(columns={"buyer_name": "buyer"}).sort_values("order_id", ignore_index=True)
    people = ["children", "buyer"] if names else []
    return rows[["order_no", "access_codes", "class", *people, "reason", "suggestion", "paid_cents", "placed_at"]]


def matching(state: JobState) -> pd.DataFrame:
    """How the children of orders were found, one row a way: `way`, `children`, `orders` (cancelled ones left out), `meaning`.

    Waiting children of orders and envelopes that are no order yet are the last row.
    """
    orders = state.orders.loc[state.orders["status"] != "cancelled", "order_id"]
    rows = state.order_subjects[state.order_subjects["order_id"].isin(orders)]
    found = (
        rows.dropna(subset="subject_id")
        .groupby("matched_by")
        .agg(children=("order_id", "size"), orders=("order_id", "nunique"))
    )
    lost = rows[rows["subject_id"].isna()]
    envelopes = int(state.envelopes["order_id"].isna().sum())
    table = found.reindex([way for way in WAYS if way in found.index]).rename_axis("way").reset_index()
    if len(lost) or envelopes:
        table.loc[len(table)] = ["waiting", len(lost) + envelopes, lost["order_id"].nunique() + envelopes]
    return table.astype({"way": "str", "children": "int64", "orders": "int64"}).assign(
        meaning=table["way"].map(WAYS).astype("str")
    )


def batches(state: JobState, outbox: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row a batch: `batch`, `kind`, `status`, `processing`, `deadline_at`, `released_at`, `orders`, `prints`, `digital`,
    `due_cents` (without items left out), `lab`.

    `lab` is what the outbox says of its package: waiting, sent with the receipt, or the error; empty while nothing was promised.
    """
    orders = orders_due(state).dropna(subset="batch_id")
    orders = orders.merge(_prints(state), on="order_id", how="left", validate="1:1")
    counts = orders.groupby("batch_id").agg(
        orders=("order_id", "size"),
        prints=("prints", "sum"),
        digital=("digital", "sum"),
        due_cents=("total_cents", "sum"),
    )
    rows = state.batches.join(counts, on="batch_id")
    numbers = ["orders", "prints", "digital", "due_cents"]
    rows[numbers] = rows[numbers].fillna(0).astype("int64")
    rows["lab"] = (
        (state.name + "/batch/" + rows["batch_id"].astype("str")).map(_lab_news(outbox)).astype("str").fillna("")
    )
    columns = [
        "batch",
        "kind",
        "status",
        "processing",
        "deadline_at",
        "released_at",
        "orders",
        "prints",
        "digital",
        "due_cents",
        "lab",
    ]
    return rows.rename(columns={"batch_id": "batch"})[columns].reset_index(drop=True)


def classes(state: JobState) -> pd.DataFrame:
    """One row a class: `group`, `teacher`, `people`, `photographed`, `absent`, `opted_out`, `orders`, `placed`, `waiting`, `in_revision`, `cancelled`.

    People and orders without a class are the last row. An order for siblings counts in the class of each.
    """
    people = state.subjects[state.subjects["kind"] != "blank"]
    seen = people["subject_id"].isin(state.galleries["subject_id"].dropna())
    people = people.assign(
        photographed=seen & people["photograph"],
        absent=people["attendance"] == "absent",
        opted_out=~people["photograph"],
        group_id=people["group_id"].fillna(0),
    )
    counts = people.groupby("group_id").agg(
        people=("subject_id", "size"),
        photographed=("photographed", "sum"),
        absent=("absent", "sum"),
        opted_out=("opted_out", "sum"),
    )
    orders = _orders_by_class(state)
    columns = [
        "people",
        "photographed",
        "absent",
        "opted_out",
        "orders",
        "placed",
        "waiting",
        "in_revision",
        "cancelled",
    ]
    groups = (
        state.groups[["group_id", "name", "teacher"]].rename(columns={"name": "group"}).astype({"group_id": "Int64"})
    )
    nobody = pd.DataFrame({"group_id": pd.Series([0], dtype="Int64"), "group": ["no class"], "teacher": [None]})
    rows = pd.concat([groups, nobody]).join(counts, on="group_id").join(orders, on="group_id")
    rows[columns] = rows[columns].fillna(0).astype("int64")
    rows = rows[(rows["group_id"] != 0) | (rows["people"] + rows["orders"] > 0)]
    rows = rows.assign(_last=rows["group_id"] == 0).sort_values(["_last", "group", "group_id"], ignore_index=True)
    return rows[["group", "teacher", *columns]]


def album_counts(state: JobState) -> pd.DataFrame:
    """One row an album, in order: `album`, `galleries`, `with_frames`, `frames` offered, `hidden`, `shared` (with several codes),
    `chosen` (galleries whose frame a person chose)."""
    rows = albums(state)
    rows = rows.assign(with_frames=rows["frames"] > 0, chosen=rows["chosen_by"] == "person")
    told = rows.groupby("album", sort=False).agg(
        galleries=("place", "size"), with_frames=("with_frames", "sum"), frames=("frames", "sum"), hidden=("hidden", "sum"),
        shared=("shared", "sum"), chosen=("chosen", "sum"),
    )  # fmt: skip
    return told.astype("int64").reset_index()


# --- counting ----------------------------------------------------------------------------------------------------------


def _prints(state: JobState) -> pd.DataFrame:
    """Prints and digital pictures of each order, as `batch` counts them: dropped slots are left out, a memory mate is one print."""
    slots = state.slots[~state.slots["is_dropped"] & (state.slots["hole"] != "mate_group")]
    is_file = slots["hole"] == "digital"
    slots = slots[["order_id"]].assign(prints=~is_file, digital=is_file)
    return slots.groupby("order_id", as_index=False)[["prints", "digital"]].sum()


def _why_held(state: JobState) -> pd.DataFrame:
    """One row an order that something stands in the way of: `order_id`, `reason`, `suggestion`."""
    numbers = state.orders[["order_id", "order_no"]]
    place = state.findings[(state.findings["verb"] == "place") & state.findings["code"].isin(HELD_REASONS)]
    by_place = place.merge(numbers, left_on="key", right_on="order_no", validate="m:m")
    by_place["reason"] = by_place["code"].map(HELD_REASONS)
    errors = state.findings[(state.findings["severity"] == "error") & (state.findings["verb"] != "place")]
    children = state.order_subjects[["order_subject_id", "order_id"]].assign(
        key=state.order_subjects["order_subject_id"].astype("str")
    )
    slots = state.slots[["slot_id", "order_id"]].assign(key=state.slots["slot_id"].astype("str"))
    causes = [
        errors[errors["about"] == "orders"].merge(numbers, left_on="key", right_on="order_no", validate="m:m"),
        errors[errors["about"] == "order_subjects"].merge(children, on="key", validate="m:1"),
        errors[errors["about"] == "slots"].merge(slots, on="key", validate="m:1"),
    ]
    causes = pd.concat([part[["order_id", "code", "suggestion"]] for part in causes])
    causes["reason"] = causes["code"].map({code: kind.meaning for code, kind in REGISTER.items()})
    rows = pd.concat([by_place[["order_id", "reason", "suggestion"]], causes[["order_id", "reason", "suggestion"]]])
    rows = rows.astype({"reason": "str", "suggestion": "str"})
    told = rows.groupby("order_id").agg(reason=("reason", _joined), suggestion=("suggestion", _joined))
    return told.reset_index()


def _joined(words: pd.Series) -> str:
    return "; ".join(words.dropna().drop_duplicates())


def _children(state: JobState) -> pd.DataFrame:
    """One row an order: its children's `access_codes`, `class` and `children` (names), in the order of the order."""
    known = state.subjects[["subject_id", "access_code", "first_name", "last_name", "group_id"]].astype(
        {"subject_id": "Int64"}
    )
    known = known.assign(group=known["group_id"].map(state.groups.set_index("group_id")["name"]))
    rows = state.order_subjects[
        ["order_id", "order_subject_id", "subject_id", "access_code", "typed_first", "typed_last"]
    ]
    matched = rows.dropna(subset="subject_id").merge(
        known, on="subject_id", how="left", suffixes=("_typed", ""), validate="m:1"
    )
    alone = rows[rows["subject_id"].isna()].rename(columns={"typed_first": "first_name", "typed_last": "last_name"})
    rows = pd.concat([matched, alone]).sort_values("order_subject_id")
    rows["children"] = (rows["first_name"].fillna("") + " " + rows["last_name"].fillna("")).str.strip()
    rows = rows.astype({"access_code": "str", "group": "str", "children": "str"})
    told = rows.groupby("order_id").agg(
        access_codes=("access_code", _comma), **{"class": ("group", _comma)}, children=("children", _comma)
    )
    return told.reset_index()


def _comma(words: pd.Series) -> str:
    return ", ".join(words[words.notna() & (words != "")].drop_duplicates())


def _orders_by_class(state: JobState) -> pd.DataFrame:
    group = state.subjects.set_index("subject_id")["group_id"]
    rows = state.order_subjects[["order_id", "subject_id"]]
    rows = rows.assign(group_id=rows["subject_id"].map(group).astype("Int64").fillna(0)).drop_duplicates(
        ["order_id", "group_id"]
    )
    orders = state.orders[["order_id", "status"]].assign(
        placed=state.orders["batch_id"].notna(),
        waiting=state.orders["status"].isin(WAITING),
        in_revision=state.orders["status"] == "in_revision",
        cancelled=state.orders["status"] == "cancelled",
    )
    rows = rows.merge(orders, on="order_id", validate="m:1")
    return rows.groupby("group_id").agg(
        orders=("order_id", "size"),
        placed=("placed", "sum"),
        waiting=("waiting", "sum"),
        in_revision=("in_revision", "sum"),
        cancelled=("cancelled", "sum"),
    )


def _lab_news(outbox: pd.DataFrame | None) -> dict[str, str]:
    if outbox is None:
        return {}
    news = {}
    for row in outbox.itertuples():
        told = row.receipt if row.state == "sent" else row.error
        news[row.key] = f"{row.state}: {told}" if isinstance(told, str) and told else row.state
    return news


def _no_history() -> pd.DataFrame:
    return pd.DataFrame({c: pd.Series(dtype=d) for c, d in HISTORY_COLUMNS.items()})
