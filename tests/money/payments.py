"""Account books and paid jobs as small tables, and a season of families that are easily confused, whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.rules.payment_matching import OrdersToPay, email_hash
from prepaykit.tables.account import entries
from tests.jobs import NOW, job


def book(*rows: dict) -> pd.DataFrame:
    """An account book of these rows; of now, in dollars, unless they say otherwise."""
    return entries(pd.DataFrame([{"kind": "charge", "at": NOW, "currency": "USD", **row} for row in rows]))


def sold(children: int = 2, *, references: bool = True, keys: bool = True, **settings: object):
    """A job whose orders were bought now for $15 each, with `ch_<number>` and `KEY-<number>`."""
    state = job(children, **settings)
    numbers = state.payments["order_id"].map(state.orders.set_index("order_id")["order_no"])
    orders = state.orders.assign(placed_at=NOW, order_key="KEY-" + state.orders["order_no"] if keys else None)
    return state.replace(orders=orders, payments=state.payments.assign(reference="ch_" + numbers if references else None))


def confusing_season(families: int, seed: int) -> tuple[pd.DataFrame, OrdersToPay, dict[str, tuple[str, int]]]:
    """Families that share names and addresses, pay equal amounts on one day, pay twice, or without any key; in three jobs. And whose each payment is."""
    rng = np.random.default_rng(seed)
    rows, orders, references, truth = [], [], [], {}
    for n in range(1, families + 1):
        name = f"job-{rng.integers(3)}"
        amount, way = int(rng.choice([1500, 1500, 4200])), rng.choice(["number", "intent", "key", "words", "nothing", "twice", "short"])
        mail = email_hash(f"parent{rng.integers(families // 2 + 1)}@example.org")
        key = f"K{n}" if way == "short" else f"KEY-{n:06d}"
        at = NOW + pd.Timedelta(hours=int(rng.integers(0, 48)))
        orders.append({"job": name, "order_id": n, "order_no": str(1000 + n), "origin": "online", "order_key": key, "status": "open", "currency": "USD", "placed_at": at,
                       "email_hash": mail, "expected_cents": amount})  # fmt: skip
        if way in ("number", "intent", "twice"):
            references.append({"job": name, "order_id": n, "reference": f"pi_{n}" if way == "intent" else f"ch_{n}", "amount_cents": amount})
        row = {"id": f"ch_{n}", "intent_id": f"pi_{n}", "amount_cents": amount, "at": at, "email_hash": mail,
               "order_key": key if way in ("key", "twice") else None, "text": f"Pictures {key}, thank you" if way in ("words", "short") else "Pictures of Ann, grade 3"}  # fmt: skip
        rows += [row, {**row, "id": f"ch_again_{n}", "intent_id": None}] if way == "twice" else [row]
        truth |= {r["id"]: (name, n) for r in rows[-2:] if r["id"].endswith(f"_{n}")}
    said = pd.DataFrame({"charge_id": pd.Series(dtype="str"), "job": pd.Series(dtype="str"), "order_id": pd.Series(dtype="int64")})
    table = pd.DataFrame(orders).astype({"placed_at": "datetime64[us, UTC]"})
    wishes = said.rename(columns={"charge_id": "known_as"})
    return book(*rows), OrdersToPay(table, pd.DataFrame(references, columns=["job", "order_id", "reference", "amount_cents"]), said, wishes), truth
