"""Orders: the shop's file becomes orders that wait in the job's order collection, each with its child, lines, slots, money.

Problem: the same export is brought every day, longer each time, and some orders of it are wrong. Rule: an order number that
the job has is the same order; what is new is added; nothing that is there is overwritten. Two things are made good from a
later file, because the findings ask for it: an order that was not paid and now is, and an order whose string could not be
taken whole. Anything else that differs is `order_changed`, and the job's order stays.

Worked case: 10 orders yesterday, 12 in today's file: 2 are added; yesterday's unpaid one is paid now: its money is taken in.
Known limits: one payment an order. `amount_paid` is of the whole order, repeated on the rows of siblings; if each row's own
adds up to the price, or the amounts differ, they are added. Source: domain.md 6.6, 7, 19 (A16, A21).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from prepaykit.decide.prices import newest_edition
from prepaykit.money import show_cents
from prepaykit.rules.codes import normal_code
from prepaykit.rules.matching.exact import match_exactly
from prepaykit.rules.order_entry import (
    enter_orders,
    flawed_orders,
    listed_subjects,
    mend_orders,
    purchases,
    settle_subjects,
    take_money,
)
from prepaykit.rules.pricing import counted_items, price_lines
from prepaykit.rules.standing import as_matching_wants, carried_findings, standing_findings
from prepaykit.rules.weighing import Weighed, needs_weighing, undecided_targets, weigh
from prepaykit.tables.catalog import empty, typed
from prepaykit.tables.findings import found, together
from prepaykit.tables.plan import Plan
from prepaykit.tables.status import WAITING

if TYPE_CHECKING:
    from prepaykit.tables.state import JobState

_TEXTS = ["order_no", "order_key", "access_code", "student_first", "student_last", "grade", "teacher", "student_id", "packages",
          "shipping", "ship_to", "currency", "payment_ref", "buyer_name", "buyer_email", "buyer_phone", "note"]  # fmt: skip
TYPED = {"student_first": "typed_first", "student_last": "typed_last", "grade": "typed_grade", "teacher": "typed_teacher",
         "student_id": "typed_student_id"}  # fmt: skip


def plan_orders(
    state: JobState, orders: pd.DataFrame, *, findings: pd.DataFrame | None = None, now: pd.Timestamp
) -> Plan:
    """Take in the shop's orders: new ones are matched, priced at the newest price list, and wait in the order collection.

    Who is not settled by code, id or exact name is weighed, and taken if that leaves no doubt (`matched_by` weighed).

    `orders`: one row is an order and child, as `read_orders` gives them. `findings`: what the reader found. An empty table
    looks again at the orders that are there. Findings: order_unmatched, order_ambiguous, name_contradicts_code,
    matched_by_weighing, match_in_doubt, package_unknown, order_string_unreadable, unpaid, amount_differs, order_doubled,
    order_changed, row_doubled, row_unusable (another currency). Fills no slot: see `plan_populate`. Source: domain.md 6.6.

    >>> from prepaykit.decide.prices import plan_prices
    >>> from prepaykit.tables.state import JobState
    >>> state = JobState.new(name="maple-grove-2026", school="Maple Grove")
    >>> prices = pd.DataFrame({"code": ["P57"], "name": ["5x7"], "kind": ["product"], "image_kind": ["individual"], "size": ["5x7"],
    ...     "price_cents": [900], "items": [None]})
    >>> state = state.after(plan_prices(state, prices))
    >>> orders = pd.DataFrame({"order_no": ["1001"], "access_code": ["X-1"], "packages": ["P57-2"], "paid_cents": [1800]})
    >>> plan = plan_orders(state, orders, now=pd.Timestamp("2026-09-10", tz="UTC"))
    >>> plan.headline, plan.findings["code"].tolist()
    ('1 new order, $18.00 taken in; 0 were there already', ['order_unmatched'])
    """
    rows, spoken = _usable(state, _complete(orders))
    known = rows["order_no"].isin(state.orders.loc[state.orders["origin"] == "online", "order_no"])
    work = _matched_again(state)
    work, changed, mended = _known_orders(work, rows[known])
    fresh = rows[~known]
    work, priced = _entered(work, fresh, now)
    seen = weigh(work) if needs_weighing(work) else None
    work, weighed = _weighed(work, seen)
    work = _paid(work, fresh)
    said = together(*spoken, empty("findings") if findings is None else findings, changed, mended, priced)
    carried = carried_findings(state, "orders", rows["order_no"])
    own = together(said, carried, standing_findings(work, "orders", seen=seen))
    number, taken = (
        fresh["order_no"].nunique(),
        int(work.payments["amount_cents"].sum()) - int(state.payments["amount_cents"].sum()),
    )
    headline = f"{number} new order{'' if number == 1 else 's'}, {_money(state, taken)} taken in; {rows.loc[known, 'order_no'].nunique()} were there already"
    headline += f"; {weighed} matched by weighing" if weighed else ""
    return Plan.between(state, "orders", tables_of(work), findings=own, headline=headline,
                        result={"new": number, "taken_in_cents": taken, "known": rows.loc[known, "order_no"].nunique(), "weighed": weighed})  # fmt: skip


def tables_of(work: JobState) -> dict[str, pd.DataFrame]:
    """The tables that taking in orders may change."""
    names = (
        "collections",
        "orders",
        "order_subjects",
        "lines",
        "slots",
        "payments",
        "postings",
        "service_fees",
        "envelopes",
        "choices",
    )
    return {name: work.tables[name] for name in names}


def _money(state: JobState, cents: int) -> str:
    return show_cents(cents, str(state.job["currency"]))


# --- rows of the file --------------------------------------------------------------------------------------------------


def _complete(orders: pd.DataFrame) -> pd.DataFrame:
    """The columns of an orders file, in the order of the file; those that were not brought are missing."""
    rows = pd.DataFrame(
        {
            c: orders[c].astype("str") if c in orders else pd.Series(None, index=orders.index, dtype="str")
            for c in _TEXTS
        }
    )
    for column in ("paid_cents", "service_fee_cents"):
        rows[column] = (
            orders[column].astype("Int64") if column in orders else pd.Series(pd.NA, index=orders.index, dtype="Int64")
        )
    placed = orders["placed_at"] if "placed_at" in orders else pd.Series(pd.NaT, index=orders.index)
    rows["placed_at"] = pd.to_datetime(placed, utc=True).dt.as_unit("us")
    rows["row"] = orders["row"].astype("int64") if "row" in orders else np.arange(2, len(orders) + 2)
    rows["access_code"] = rows["access_code"].map(normal_code, na_action="ignore").astype("str")
    rows["shipping"] = rows["shipping"].fillna("batch")
    return rows.sort_values("row", kind="stable").reset_index(drop=True)


def _usable(state: JobState, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Leave out orders in another currency and rows that stand twice."""
    currency = str(state.job["currency"])
    foreign = rows["order_no"].isin(rows.loc[rows["currency"].notna() & (rows["currency"] != currency), "order_no"])
    details = [f"row {r}: order {n} is not in {currency}" for r, n in rows.loc[foreign, ["row", "order_no"]].to_numpy()]
    spoken = [found("orders", "row_unusable", "orders file", [f"row {r}" for r in rows.loc[foreign, "row"]], details)]
    rows = rows[~foreign]
    twice = rows.duplicated(["order_no", "access_code", *TYPED, "packages"])
    details = [
        f"row {r}: order {n} stands twice for the same child; one is used"
        for r, n in rows.loc[twice, ["row", "order_no"]].to_numpy()
    ]
    spoken.append(found("orders", "row_doubled", "orders file", [f"row {r}" for r in rows.loc[twice, "row"]], details))
    return rows[~twice].reset_index(drop=True), spoken


def _paid_of(rows: pd.DataFrame, price_cents: pd.Series) -> pd.DataFrame:
    """What was paid and the fee of each order: stated once, repeated on each row, or each row's own."""
    by_order = rows.groupby("order_no", sort=False)
    paid, fee = by_order["paid_cents"], by_order["service_fee_cents"]
    total = paid.sum(min_count=1)
    own_amounts = (paid.nunique() > 1) | ((paid.count() > 1) & (total == price_cents.reindex(total.index)))
    once = paid.first()
    result = pd.DataFrame(
        {
            "paid_cents": once.mask(own_amounts, total),
            "fee_cents": fee.first().mask(fee.nunique() > 1, fee.sum(min_count=1)),
        }
    )
    result["paid_cents"] = result["paid_cents"].fillna(0).clip(lower=0).astype("int64")
    return result


def _prices_of(work: JobState, rows: pd.DataFrame, edition: int) -> pd.Series:
    """What the strings of each order cost at one edition."""
    numbers = pd.Series(pd.factorize(rows["order_no"])[0], index=rows.index)
    wanted = pd.DataFrame(
        {
            "order_id": numbers,
            "order_subject_id": numbers,
            "subject_id": pd.NA,
            "packages": rows["packages"],
            "ref": rows["order_no"],
        }
    )
    lines = price_lines(
        wanted, work.products[work.products["edition"] == edition], work.packages[work.packages["edition"] == edition]
    ).lines
    sums = lines.groupby("order_id")["total_cents"].sum()
    return pd.Series(sums.reindex(range(rows["order_no"].nunique())).to_numpy(), index=rows["order_no"].unique())


# --- new orders --------------------------------------------------------------------------------------------------------


def _children(work: JobState, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows as children of orders, matched with the names list."""
    children = rows.rename(columns=TYPED)[["order_no", "access_code", *TYPED.values(), "packages"]]
    matched = match_exactly(as_matching_wants(children), listed_subjects(work))
    return children.assign(subject_id=matched["subject_id"], matched_by=matched["matched_by"])


def _entered(work: JobState, rows: pd.DataFrame, now: pd.Timestamp) -> tuple[JobState, pd.DataFrame]:
    if not len(rows):
        return work, empty("findings")
    edition = newest_edition(work)
    headers = rows.drop_duplicates("order_no")[
        [
            "order_no",
            "order_key",
            "placed_at",
            "shipping",
            "ship_to",
            "buyer_name",
            "buyer_email",
            "buyer_phone",
            "note",
        ]
    ]
    paid = _paid_of(rows, _prices_of(work, rows, edition)).reindex(headers["order_no"])
    headers = headers.assign(origin="online", edition=edition, paid_cents=paid["paid_cents"].to_numpy())
    return enter_orders(work, headers, _children(work, rows), now=now, verb="orders")


def _paid(work: JobState, rows: pd.DataFrame) -> JobState:
    """Money and service fees of the new orders."""
    if not len(rows):
        return work
    ids = work.orders[work.orders["origin"] == "online"].set_index("order_no")
    heads = rows.drop_duplicates("order_no").set_index("order_no")
    new = ids.loc[heads.index]
    payments = pd.DataFrame({
        "order_id": new["order_id"].astype("Int64").to_numpy(), "amount_cents": new["paid_cents"].to_numpy(), "method": "card",
        "reference": heads["payment_ref"].to_numpy(), "received_at": heads["placed_at"].to_numpy(),
    })  # fmt: skip
    payments["received_at"] = pd.to_datetime(payments["received_at"], utc=True).dt.as_unit("us")
    work = take_money(work, payments, reason="orders: paid online")
    fees = _paid_of(rows, pd.Series(dtype="float64"))["fee_cents"].reindex(heads.index)
    charged = pd.DataFrame(
        {
            "order_id": new["order_id"].to_numpy(),
            "amount_cents": fees.fillna(0).astype("int64").to_numpy(),
            "status": "charged",
        }
    )
    charged = charged[charged["amount_cents"] > 0]
    if not len(charged):
        return work
    charged["service_fee_id"] = np.arange(work.next_id("service_fees"), work.next_id("service_fees") + len(charged))
    return work.replace(
        service_fees=pd.concat([work.service_fees, typed("service_fees", charged)])
        if len(work.service_fees)
        else charged
    )


# --- orders that are there ---------------------------------------------------------------------------------------------


def _matched_again(state: JobState) -> JobState:
    """Children that nobody was found for are looked for again: the names list may have grown."""
    online = state.orders[(state.orders["origin"] == "online") & state.orders["status"].isin(WAITING)]
    lost = state.order_subjects[
        state.order_subjects["subject_id"].isna() & state.order_subjects["order_id"].isin(online["order_id"])
    ]
    lost = lost[~lost["order_subject_id"].astype("str").isin(undecided_targets(state, "order_code"))]
    matched = match_exactly(as_matching_wants(lost), listed_subjects(state)).assign(
        order_subject_id=lost["order_subject_id"]
    )
    return settle_subjects(state, matched[matched["subject_id"].notna()])


def _weighed(work: JobState, seen: Weighed | None) -> tuple[JobState, int]:
    """The children of waiting online orders that weighing is certain of are taken; returns how many."""
    if seen is None:
        return work, 0
    online = work.orders[(work.orders["origin"] == "online") & work.orders["status"].isin(WAITING)]
    here = work.order_subjects.loc[work.order_subjects["order_id"].isin(online["order_id"]), "order_subject_id"]
    taken = seen.taken("order_subjects")
    taken = taken.assign(order_subject_id=taken["key"].astype("int64"), matched_by="weighed")
    taken = taken[taken["order_subject_id"].isin(here)]
    return settle_subjects(work, taken), len(taken)


def _known_orders(work: JobState, rows: pd.DataFrame) -> tuple[JobState, pd.DataFrame, pd.DataFrame]:
    """Compare with the orders of the job: take in a payment that was missing, mend a string, report what else differs."""
    if not len(rows):
        return work, empty("findings"), empty("findings")
    online = work.orders[work.orders["origin"] == "online"].set_index("order_no")
    here = online.loc[rows["order_no"].unique()]
    waiting = here["status"].isin(WAITING)
    broken = pd.Series(here.index.isin(flawed_orders(work, "orders")), index=here.index)
    work, mended = mend_orders(
        work,
        rows[rows["order_no"].isin(here.index[broken & waiting])],
        here["order_id"],
        newest_edition(work),
        "orders",
    )
    prices = _prices_at_own(work, rows, here)
    stated = _paid_of(rows, prices)["paid_cents"].reindex(here.index)
    received = _family_sum(work, here, work.payments.dropna(subset=["order_id"]), "amount_cents")
    late = waiting & (received == 0) & (stated > 0)
    work = _late_payments(work, rows, here[late], stated[late])
    differs = _contents(rows) != _contents_there(work, here)
    differs &= ~broken & here["status"].ne("cancelled")
    # Money that is paid for a cancelled order is said too: somebody has to give it back.
    keys = here.index[differs | ((stated != received) & ~late & (stated > 0))]
    changed = found(
        "orders",
        "order_changed",
        "orders",
        keys,
        [f"order {n} differs in the file; the job's order stays" for n in keys],
    )
    return work, changed, mended


def _prices_at_own(work: JobState, rows: pd.DataFrame, here: pd.DataFrame) -> pd.Series:
    edition = rows["order_no"].map(work.orders[work.orders["origin"] == "online"].set_index("order_no")["edition"])
    return pd.concat([_prices_of(work, part, int(number)) for number, part in rows.groupby(edition)]).reindex(
        here.index
    )


def _family_sum(work: JobState, here: pd.DataFrame, table: pd.DataFrame, column: str) -> pd.Series:
    """A sum over each order and the parts that were split off from it."""
    root = purchases(work.orders)
    sums = table[column].groupby(table["order_id"].astype("int64").map(root)).sum()
    return here["order_id"].map(sums).fillna(0).astype("int64")


def _contents(rows: pd.DataFrame) -> pd.Series:
    """What each order of the file asks for, all children together, as one comparable value."""
    counted = rows["packages"].map(counted_items)
    return counted.groupby(rows["order_no"], sort=False).agg(
        lambda parts: repr(sorted(str(i) for p in parts for i in p))
    )


def _contents_there(work: JobState, here: pd.DataFrame) -> pd.Series:
    root = purchases(work.orders)
    lines = work.lines.assign(root=work.lines["order_id"].map(root))
    lines = lines[lines["root"].isin(here["order_id"])]
    options = lines["options"].fillna("").map(lambda t: tuple(o.upper() for o in t.split(",") if o))
    items = pd.Series(
        [str((c.upper(), o, int(q))) for c, o, q in zip(lines["code"], options, lines["quantity"], strict=True)],
        index=lines.index,
        dtype="object",
    )
    texts = items.groupby(lines["root"]).agg(lambda parts: repr(sorted(parts)))
    return here["order_id"].map(texts).fillna(repr([]))


def _late_payments(work: JobState, rows: pd.DataFrame, late: pd.DataFrame, stated: pd.Series) -> JobState:
    """Take in the money of orders that had not been paid when they came."""
    if not len(late):
        return work
    heads = rows.drop_duplicates("order_no").set_index("order_no").loc[late.index]
    payments = pd.DataFrame({"order_id": late["order_id"].astype("Int64").to_numpy(), "amount_cents": stated.to_numpy(), "method": "card",
                             "reference": heads["payment_ref"].to_numpy()})  # fmt: skip
    orders = work.orders.copy()
    mine = orders["order_id"].isin(late["order_id"])
    amount = orders["order_no"].map(stated)
    orders.loc[mine, ["paid_cents", "total_cents"]] = np.column_stack([amount[mine].astype("int64")] * 2)
    return take_money(work.replace(orders=orders), payments, reason="orders: paid online")
