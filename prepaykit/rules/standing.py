"""Findings that stand: what is still wrong with the orders of a job, worked out from its tables each time.

Problem: findings of a file vanish when the next file is brought, but an order without a child stays one. Rule: everything
that the tables can say is said anew in every run, whatever file came; only what the tables cannot show (an order string that
could not be read) is carried over, for as long as its order waits.

Worked case: an order for a code that nobody has is reported in every run until the child is on the list or a person settles
it. Known limits: `order_doubled` looks at the child, not at what was ordered. Source: domain.md 5, 7, 19 (A16, A17).
"""

from __future__ import annotations

import pandas as pd

from prepaykit.rules.matching.exact import bare, match_exactly
from prepaykit.rules.order_entry import lines_sum, listed_subjects, purchases
from prepaykit.tables.findings import found, together
from prepaykit.tables.state import JobState

LIVE = ("open", "held", "in_revision", "in_batch")
_WAITING = ("open", "held")
CARRIED = ("package_unknown", "order_string_unreadable", "order_changed")


def standing_findings(work: JobState, verb: str) -> pd.DataFrame:
    """Say what stands about the orders of one origin: verb `orders` for online ones, `paper` for envelopes.

    Findings about orders, key order number: unpaid, underpaid, overpaid, amount_differs, order_doubled; about
    order_subjects: order_unmatched, order_ambiguous, name_contradicts_code. Only orders that have not left are looked at.
    """
    origin = "online" if verb == "orders" else "paper"
    orders = work.orders[(work.orders["origin"] == origin) & work.orders["status"].isin(LIVE)]
    money = _online_money(work, orders) if verb == "orders" else _paper_money(orders)
    return together(
        *money, _unmatched(work, orders, verb), _contradictions(work, orders, verb), _doubled(work, origin, verb)
    )


def carried_findings(state: JobState, verb: str, settled: pd.Series) -> pd.DataFrame:
    """What was found about orders that still wait and that this run does not speak about (`settled`: their numbers)."""
    mine = state.findings[
        (state.findings["verb"] == verb) & state.findings["code"].isin(CARRIED) & (state.findings["about"] == "orders")
    ]
    live = state.orders.loc[state.orders["status"].isin(LIVE), "order_no"]
    return mine[mine["key"].isin(live) & ~mine["key"].isin(settled)]


def as_matching_wants(children: pd.DataFrame) -> pd.DataFrame:
    """Children of orders with their typed columns named as `match_exactly` wants them."""
    names = {f"typed_{c}": c for c in ("first", "last", "grade", "teacher", "student_id")}
    return children.rename(columns=names)


def _online_money(work: JobState, orders: pd.DataFrame) -> list[pd.DataFrame]:
    unpaid = orders[orders["status"].isin(_WAITING) & (orders["paid_cents"] <= 0) & (orders["total_cents"] > 0)]
    family = pd.concat(
        [orders.loc[orders["split_from_id"].notna(), "order_id"], orders["split_from_id"].dropna().astype("int64")]
    )
    whole = orders[(orders["paid_cents"] > 0) & ~orders["order_id"].isin(family)]
    due = lines_sum(work, whole["order_id"])
    odd = whole.assign(due=due)[due != whole["paid_cents"]]
    return [
        found("orders", "unpaid", "orders", unpaid["order_no"], [f"order {n}: nothing was paid of {t} cents" for n, t in _pairs(unpaid, "total_cents")]),
        found("orders", "amount_differs", "orders", odd["order_no"],
              [f"order {n}: paid {p} cents, its lines are {d} cents" for n, p, d in odd[["order_no", "paid_cents", "due"]].to_numpy()]),
    ]  # fmt: skip


def _paper_money(orders: pd.DataFrame) -> list[pd.DataFrame]:
    parts = []
    short = orders["paid_cents"] < orders["total_cents"]
    for code, rows in (
        ("underpaid", orders[short & orders["status"].isin(_WAITING)]),
        ("overpaid", orders[orders["paid_cents"] > orders["total_cents"]]),
    ):
        details = [
            f"envelope {n}: {p} cents received, {t} cents due"
            for n, p, t in rows[["order_no", "paid_cents", "total_cents"]].to_numpy()
        ]
        parts.append(found("paper", code, "orders", rows["order_no"], details))
    return parts


def _pairs(orders: pd.DataFrame, column: str) -> list[list[object]]:
    return orders[["order_no", column]].to_numpy().tolist()


def _unmatched(work: JobState, orders: pd.DataFrame, verb: str) -> pd.DataFrame:
    numbers = orders.set_index("order_id")["order_no"]
    children = work.order_subjects[
        work.order_subjects["subject_id"].isna() & work.order_subjects["order_id"].isin(numbers.index)
    ]
    reasons = match_exactly(as_matching_wants(children), listed_subjects(work))["reason"]
    parts = []
    for reason, code in (("unmatched", "order_unmatched"), ("ambiguous", "order_ambiguous")):
        # A child that would fit now but was not written down is said to be unmatched rather than left unsaid.
        rows = children[(reasons == reason) | (reasons.isna() if reason == "unmatched" else False)]
        details = [
            f"order {numbers[o]}: {'code ' + c if isinstance(c, str) else 'no code'}"
            for o, c in zip(rows["order_id"], rows["access_code"], strict=True)
        ]
        parts.append(found(verb, code, "order_subjects", rows["order_subject_id"], details))
    return together(*parts)


def _contradictions(work: JobState, orders: pd.DataFrame, verb: str) -> pd.DataFrame:
    children = work.order_subjects[
        (work.order_subjects["matched_by"] == "code") & work.order_subjects["order_id"].isin(orders["order_id"])
    ]
    people = work.subjects.set_index("subject_id")[["first_name", "last_name"]]
    named = people.reindex(children["subject_id"].astype("int64"))
    typed_first, typed_last = bare(children["typed_first"]), bare(children["typed_last"])
    first, last = (
        pd.Series(bare(named[c]).to_numpy(), index=children.index, dtype="str") for c in ("first_name", "last_name")
    )
    known = typed_first.notna() & typed_last.notna() & first.notna() & last.notna()
    swapped = (typed_first == last) & (typed_last == first)
    wrong = children[known & (typed_first != first) & (typed_last != last) & ~swapped]
    numbers = orders.set_index("order_id")["order_no"]
    details = [
        f"order {numbers[o]}: the name typed is not the name of code {c}"
        for o, c in zip(wrong["order_id"], wrong["access_code"], strict=True)
    ]
    return found(verb, "name_contradicts_code", "order_subjects", wrong["order_subject_id"], details)


def _doubled(work: JobState, origin: str, verb: str) -> pd.DataFrame:
    """Each child with several purchases: the later order is flagged, by the verb that took it in."""
    orders = work.orders[work.orders["status"].isin([*LIVE, "released"])]
    children = work.order_subjects.dropna(subset=["subject_id"])[["order_id", "subject_id"]].drop_duplicates()
    rows = children.merge(orders[["order_id", "order_no", "origin", "status"]], on="order_id", validate="m:1")
    # Parts of one purchase are one purchase.
    rows["purchase"] = rows["order_id"].map(purchases(work.orders))
    rows = rows.sort_values("order_id").drop_duplicates(["subject_id", "purchase"])
    rows["earlier"] = rows.groupby("subject_id")["order_no"].shift()
    rows["earlier_origin"] = rows.groupby("subject_id")["origin"].shift()
    later = rows[rows["earlier"].notna() & (rows["origin"] == origin) & rows["status"].isin(LIVE)]
    codes = work.subjects.set_index("subject_id")["access_code"]
    details = [f"{_called(origin, n)} and {_called(eo, e)} are both for code {codes[s]}"
               for n, e, eo, s in later[["order_no", "earlier", "earlier_origin", "subject_id"]].to_numpy()]  # fmt: skip
    return found(verb, "order_doubled", "orders", later["order_no"], details)


def _called(origin: str, number: str) -> str:
    return f"{'order' if origin == 'online' else 'envelope'} {number}"
