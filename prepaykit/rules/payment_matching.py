"""Whose is each payment? By its number, then by the order's key; anything else is a suggestion for a person.

Problem. The account book has payments, the jobs have orders; families share names, pay equal amounts on one day, pay twice. Money that is put to a wrong order is then given back to
a wrong parent. Rule, in this order:

| `matched_by` | when |
|---|---|
| person | somebody said so (choice `payment`) |
| reference | an order names the charge, its PaymentIntent or its Checkout Session; of several orders each has its part |
| order_key | the payment carries the key of exactly one order: as metadata, or as a word of its description |

A payment whose number and key point to different orders, whose key two orders bear, or that people of two jobs said to be theirs, is of nobody until a person says so. Amounts, days, names and addresses never match anything:
an equal amount on the day of the order, of the same payer, is a suggestion, if it is the only one both ways.

Worked case: `ch_7` with metadata `order_key: K-104007` is of the order with that key, whatever it amounts to; that is judged later.
Known limits: a key in a description must have six characters at least, and be a word of its own. Parts of a split order are one order here, the one that the parent bought.
Source: refunds.md section 4 (match order).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from prepaykit.rules.refund_shares import GONE, refund_shares
from prepaykit.rules.splitting import split_cents
from prepaykit.tables.account import email_hash, of_kind
from prepaykit.tables.state import JobState

LEAST_KEY = 6
OPEN_DISPUTES = ("open", "needs_response", "under_review", "warning_needs_response", "warning_under_review")
SEVERAL = "several orders could be meant"
"""Why a payment is of nobody: its number and its key, two orders' keys, or people in two jobs say different things."""
BY_HAND = ("cash", "check", "cheque")
ORDER_COLUMNS = ["job", "order_id", "order_no", "origin", "order_key", "status", "currency", "placed_at", "email_hash", "expected_cents"]
SHARE_COLUMNS = ["charge_id", "job", "order_id", "order_no", "matched_by", "share_cents", "at", "currency"]
STRAY_COLUMNS = ["charge_id", "at", "amount_cents", "currency", "why", "job", "order_id", "order_no"]


@dataclass(frozen=True)
class OrdersToPay:
    """What payments are matched to, of one job or many: `orders` (ORDER_COLUMNS), `references` (job, order_id, reference, amount_cents), `said`
    (charge_id, job, order_id: what people decided), `wishes` (known_as, job, order_id: refunds of ours, by their request and by Stripe's number)."""

    orders: pd.DataFrame
    references: pd.DataFrame
    said: pd.DataFrame
    wishes: pd.DataFrame


@dataclass(frozen=True)
class Matched:
    """`shares`: one row a payment and order (SHARE_COLUMNS), a payment's parts add up to it. `strays`: payments of nobody (STRAY_COLUMNS); the order, if
    there is one, is a suggestion. `refunds`: what went back of each share (`refund_shares`). `disputed`: payments that are disputed now. `first_at`, `last_at`: between them
    the account book knows."""

    shares: pd.DataFrame
    strays: pd.DataFrame
    refunds: pd.DataFrame
    disputed: frozenset[str]
    first_at: pd.Timestamp
    last_at: pd.Timestamp

    @property
    def given_back(self) -> pd.DataFrame:
        """Of `refunds` those whose money went, or is on its way."""
        return self.refunds[~self.refunds["status"].isin(GONE)]


def orders_to_pay(states: Iterable[JobState]) -> OrdersToPay:
    """What these jobs' orders say of payments that did not come in an envelope. Orders that were split are one order.

    >>> orders_to_pay([JobState.new(name="maple-grove-2026", school="Maple Grove")]).orders.columns.tolist() == ORDER_COLUMNS
    True
    """
    parts = [_of_job(state) for state in states]
    return OrdersToPay(*(pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True)))


def match_payments(book: pd.DataFrame, wanted: OrdersToPay) -> Matched:
    """Match every payment of the account book. Nothing but the three ways above gives a share.

    >>> from prepaykit.tables.account import entries
    >>> match_payments(entries(pd.DataFrame()), orders_to_pay([JobState.new(name="maple-grove-2026", school="Maple Grove")])).shares.shape
    (0, 8)
    """
    charges = _charges(book)
    charges = charges.assign(amount_cents=charges["amount_cents"].fillna(0).astype("int64"))
    by_person = wanted.said.merge(wanted.orders[["job", "order_id", "expected_cents"]], on=["job", "order_id"], validate="m:1")
    by_person = by_person.rename(columns={"charge_id": "charge", "expected_cents": "weight"}).assign(matched_by="person")
    claimed = set(by_person.loc[by_person.duplicated("charge", keep=False), "charge"])
    by_person = by_person[~by_person["charge"].isin(claimed)]
    by_number = _by_number(charges, wanted.references).assign(matched_by="reference")
    by_key = _by_key(charges, wanted.orders).assign(matched_by="order_key", weight=1)
    unclear = _unclear(by_number, by_key) | claimed
    columns = ["charge", "job", "order_id", "matched_by", "weight"]
    by_number, by_key = (w[~w["charge"].isin({*unclear, *by_person["charge"]})] for w in (by_number, by_key))
    by_key = by_key[~by_key["charge"].isin(by_number["charge"])]
    found = pd.concat([w[columns] for w in (by_person, by_number, by_key)], ignore_index=True)
    found = found.merge(charges[["charge", "at", "currency", "amount_cents"]], on="charge", validate="m:1")
    found["share_cents"] = split_cents(found["amount_cents"], found["weight"], found["charge"])
    shares = found.merge(wanted.orders[["job", "order_id", "order_no"]], on=["job", "order_id"], validate="m:1")
    shares = shares.rename(columns={"charge": "charge_id"})[SHARE_COLUMNS].sort_values(["charge_id", "job", "order_id"], ignore_index=True)
    disputes = of_kind(book, "dispute")
    disputed = frozenset(disputes.loc[disputes["status"].isin(OPEN_DISPUTES), "charge_id"].dropna())
    strays = _strays(charges, shares, unclear, wanted.orders)
    return Matched(shares, strays, refund_shares(book, wanted.wishes, shares), disputed, charges["at"].min(), charges["at"].max())


def named_charges(book: pd.DataFrame, wanted: OrdersToPay) -> set[str]:
    """The payments that an order of any job names by number: each is counted by its order already, whatever a person said later.

    >>> from prepaykit.tables.account import entries
    >>> book = entries(pd.DataFrame({"kind": ["charge"], "id": ["ch_1"], "intent_id": ["pi_1"]}))
    >>> wanted = orders_to_pay([JobState.new(name="maple-grove-2026", school="Maple Grove")])
    >>> named_charges(book, wanted)
    set()
    """
    return set(_by_number(_charges(book), wanted.references)["charge"])


def said_orders(state: JobState) -> pd.DataFrame:
    """What people decided in this job: `charge_id`, `order_id` (as the parent bought it); a payment is no other order's then, whatever number that bears.

    >>> said_orders(JobState.new(name="maple-grove-2026", school="Maple Grove")).columns.tolist()
    ['charge_id', 'order_id']
    """
    said, bought = state.choices[state.choices["kind"] == "payment"], state.orders[state.orders["split_from_id"].isna()]
    numbers = pd.concat([bought.set_index("order_no")["order_id"], bought.set_index(bought["origin"] + ":" + bought["order_no"])["order_id"]])
    found = pd.DataFrame({"charge_id": said["target"], "order_id": said["value"].map(numbers[~numbers.index.duplicated()])})
    return found.dropna().astype({"order_id": "int64"})


def is_by_hand(payments: pd.DataFrame) -> pd.Series:
    """Did the payment come in an envelope, or as cash or check, however it was written?

    >>> is_by_hand(pd.DataFrame({"envelope_id": [1, None, None], "method": ["card", "Cash", "card"]})).tolist()
    [True, True, False]
    """
    return payments["envelope_id"].notna() | payments["method"].astype("str").str.strip().str.casefold().isin(BY_HAND)


def root_orders(orders: pd.DataFrame) -> pd.Series:
    """The order that the parent bought, for each order: itself, or what it was split from (index: order_id).

    >>> root_orders(pd.DataFrame({"order_id": [1, 2, 3], "split_from_id": pd.array([None, 1, 2], dtype="Int64")})).tolist()
    [1, 1, 1]
    """
    ids = orders["order_id"].to_numpy()
    parent = pd.Series(orders["split_from_id"].fillna(orders["order_id"]).to_numpy(dtype="int64"), index=ids)
    while not (step := parent.map(parent)).equals(parent):
        parent = step
    return parent


# --- the ways ----------------------------------------------------------------------------------------------------------


def _charges(book: pd.DataFrame) -> pd.DataFrame:
    return of_kind(book, "charge").drop(columns="charge_id").rename(columns={"id": "charge"})


def _by_number(charges: pd.DataFrame, references: pd.DataFrame) -> pd.DataFrame:
    """Payments that an order names: `charge`, `job`, `order_id`, `weight` (what the order says it paid by it)."""
    names = pd.concat([charges[[c, "charge"]].dropna().set_axis(["reference", "charge"], axis=1) for c in ("charge", "intent_id", "session_id")]) \
        if len(charges) else pd.DataFrame({"reference": [], "charge": []}, dtype="str")  # fmt: skip
    hits = references.merge(names.drop_duplicates(), on="reference", validate="m:m")
    return hits.groupby(["charge", "job", "order_id"], as_index=False).agg(weight=("amount_cents", "sum"))


def _by_key(charges: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Payments that carry the key of an order: `charge`, `job`, `order_id`; several rows for one that several orders could mean."""
    keys = orders.dropna(subset="order_key")[["order_key", "job", "order_id"]]
    told = charges[["charge", "order_key"]].dropna()
    rest = charges[charges["order_key"].isna() & charges["text"].notna()]
    words = rest["text"].str.findall(rf"[\w][\w\-:./#]{{{LEAST_KEY - 1},}}").explode()
    words = pd.DataFrame({"charge": rest["charge"].reindex(words.index), "order_key": words.astype("str")}).dropna().drop_duplicates()
    words["order_key"] = words["order_key"].str.rstrip(":./#-")
    return pd.concat([told, words]).merge(keys, on="order_key", validate="m:m").drop_duplicates(["charge", "job", "order_id"])


def _unclear(by_number: pd.DataFrame, by_key: pd.DataFrame) -> set[str]:
    """Payments whose key means several orders, or another one than their number does."""
    several = by_key.loc[by_key.duplicated("charge", keep=False) & ~by_key["charge"].isin(by_number["charge"]), "charge"]
    both = by_key[by_key["charge"].isin(by_number["charge"])].merge(by_number[["charge", "job", "order_id"]].assign(agrees=True), on=["charge", "job", "order_id"], how="left")
    agrees = both["agrees"].eq(True).groupby(both["charge"]).any()
    return {*several, *agrees.index[~agrees]}


def _strays(charges: pd.DataFrame, shares: pd.DataFrame, unclear: set[str], orders: pd.DataFrame) -> pd.DataFrame:
    strays = charges[~charges["charge"].isin(shares["charge_id"])]
    strays = strays.assign(why=np.where(strays["charge"].isin(unclear), SEVERAL, "no order names it"))
    paid = pd.MultiIndex.from_frame(shares[["job", "order_id"]])
    open_orders = orders[~pd.MultiIndex.from_frame(orders[["job", "order_id"]]).isin(paid) & (orders["expected_cents"] > 0)]
    day = [frame.assign(day=frame[c].dt.floor("D")) for frame, c in ((strays[strays["why"] == "no order names it"], "at"), (open_orders, "placed_at"))]
    pairs = day[0].merge(day[1][["job", "order_id", "order_no", "email_hash", "expected_cents", "currency", "day"]], left_on=["amount_cents", "currency", "day"],
                         right_on=["expected_cents", "currency", "day"], suffixes=("", "_order"), validate="m:m")  # fmt: skip
    pairs = pairs[pairs["email_hash"].isna() | pairs["email_hash_order"].isna() | (pairs["email_hash"] == pairs["email_hash_order"])]
    pairs = pairs[~pairs.duplicated("charge", keep=False) & ~pairs.duplicated(["job", "order_id"], keep=False)]
    strays = strays.merge(pairs[["charge", "job", "order_id", "order_no"]], on="charge", how="left", validate="1:1")
    return strays.assign(order_id=strays["order_id"].astype("Int64")).rename(columns={"charge": "charge_id"})[STRAY_COLUMNS].sort_values("charge_id", ignore_index=True)


# --- one job -----------------------------------------------------------------------------------------------------------


def _of_job(state: JobState) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    root = root_orders(state.orders)
    payments = state.payments.dropna(subset="order_id")
    by_card = payments[~is_by_hand(payments)]
    by_card = by_card.assign(root=by_card["order_id"].astype("int64").map(root))
    expected = by_card.groupby("root")["amount_cents"].sum()
    bought = state.orders[state.orders["split_from_id"].isna()]
    orders = bought.assign(job=state.name, currency=str(state.job["currency"]), email_hash=bought["buyer_email"].map(email_hash).astype("str"),
                           expected_cents=bought["order_id"].map(expected).fillna(0).astype("int64"))  # fmt: skip
    references = by_card.dropna(subset="reference").assign(job=state.name)[["job", "root", "reference", "amount_cents"]].rename(columns={"root": "order_id"})
    said = said_orders(state).assign(job=state.name)[["charge_id", "job", "order_id"]]
    wishes = pd.concat([state.refunds[[c, "order_id"]].dropna().set_axis(["known_as", "order_id"], axis=1) for c in ("request_id", "refund_id_stripe")])
    wishes = pd.DataFrame({"known_as": wishes["known_as"], "job": state.name, "order_id": wishes["order_id"].map(root)}).astype({"order_id": "int64"})
    return orders[ORDER_COLUMNS], references.astype({"order_id": "int64"}), said, wishes
