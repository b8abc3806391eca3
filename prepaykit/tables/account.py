"""The account book: what Stripe and the shop say happened to the money, one row a thing, of no job.

Problem. The same payment is told several times: by the API today, by a report next month, by the shop's own list. Later tellings know more (a refund
that was pending has failed), earlier ones must not undo that. Rule. A thing is one row, known by `kind` and `id`; what one telling leaves open another fills in; a status only
moves on (`RANKS`), a cursor to the latest moment. So the book is the same in whatever order, and however often, its parts are read. Amounts, currency and charge of a thing never change:
tellings that differ there are a finding, and the lower amount stands.

| kind | what | `category` |
|---|---|---|
| charge | a payment | |
| refund | money given back; `source_id` is the wish of ours that it answers | why it failed |
| dispute | the payer disputes a payment | its reason |
| line | a movement of the balance: gross, fee, net, of `source_id` | Stripe's reporting category |
| payout | money sent to the bank | automatic or manual |
| cursor | the account was read up to this moment | live or test |

Amounts are whole numbers of the currency's smallest unit, signed as the balance sees them for lines, positive for everything else; a payout below 0 is money that was
taken from the bank.
Source: refunds.md sections 1, 3, 4.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import pandas as pd

from prepaykit.errors import UsageError
from prepaykit.tables.findings import found, together

KINDS = ("charge", "refund", "dispute", "line", "payout", "cursor")
TEXTS = ("kind", "id", "currency", "status", "category", "source_id", "charge_id", "intent_id", "session_id", "payout_id", "order_key", "email_hash", "text")
COLUMNS = {
    **dict.fromkeys(TEXTS[:2], "str"),
    "at": "datetime64[us, UTC]",
    "settles_at": "datetime64[us, UTC]",
    **dict.fromkeys(("amount_cents", "fee_cents", "net_cents"), "Int64"),
    **dict.fromkeys(TEXTS[2:], "str"),
}
"""Column → dtype. `settles_at`: when a line becomes available, when a payout arrives. `text`: Stripe's description, never shown."""
RANKS = {
    status: rank
    for rank, together_ in enumerate((
        ("pending", "requires_action", "warning_needs_response"),
        ("in_transit", "warning_under_review"),
        ("warning_closed",),
        ("succeeded", "paid", "open", "needs_response"),
        ("under_review",),
        ("failed", "canceled", "won", "lost", "prevented", "charge_refunded"),
    ), start=1)
    for status in together_
}  # fmt: skip
"""How far a status is along its way: a telling with a lower one is an older telling."""
FIXED = ("amount_cents", "currency", "charge_id")
EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3),
}
"""Decimal places of currencies that have not two."""


def entries(frame: pd.DataFrame) -> pd.DataFrame:
    """These rows with exactly the columns and dtypes of the account book; what is not told is missing.

    >>> entries(pd.DataFrame({"kind": ["charge"], "id": ["ch_1"], "amount_cents": [4200]}))[["kind", "amount_cents"]].to_numpy().tolist()
    [['charge', 4200]]
    """
    unknown = sorted(set(frame.columns) - set(COLUMNS))
    if unknown:
        raise UsageError(f"the account book has no column {', '.join(unknown)}")
    size = range(len(frame))
    out = {c: _cast(frame[c], d).array if c in frame else pd.Series(pd.NA if d == "Int64" else None, index=size, dtype=d).array for c, d in COLUMNS.items()}
    return pd.DataFrame(out)


def merged(parts: Iterable[pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One book of several tellings, the same in any order: (book sorted by kind and id, findings).

    Findings: payment_contradicts. A payment that the shop knows by its PaymentIntent only (`pi_…`, `cs_…`) becomes one with the charge of it.

    >>> pending = entries(pd.DataFrame({"kind": ["refund"], "id": ["re_1"], "status": ["pending"], "amount_cents": [500]}))
    >>> merged([pending.assign(status="failed"), pending])[0]["status"].tolist()
    ['failed']
    """
    rows = [p for p in parts if len(p)]
    book = pd.concat(rows, ignore_index=True) if rows else entries(pd.DataFrame())
    book = _as_charges(book)
    cursors = of_kind(book, "cursor").sort_values("at", kind="stable").drop_duplicates("id", keep="last")
    book = pd.concat([book[(book["kind"] != "cursor").to_numpy()], cursors])
    twice = book.duplicated(["kind", "id"], keep=False)
    contradictions = together()
    if twice.any():
        several = book[twice]
        contradictions = _contradictions(several)
        rank = several["status"].map(RANKS).fillna(0)
        several = several.assign(_rank=-rank).sort_values(["kind", "id", "_rank", "amount_cents", "at", *TEXTS[2:]], kind="stable").drop(columns="_rank")
        book = pd.concat([book[~twice], several.groupby(["kind", "id"], as_index=False).first()[list(COLUMNS)]])
    return entries(book.sort_values(["kind", "id"], kind="stable")), contradictions


def email_hash(address: object) -> str | None:
    """An e-mail address as it is compared, and never read: SHA-256 of it in lower case.

    >>> email_hash(" Ann@Example.org ") == email_hash("ann@example.org"), email_hash(None)
    (True, None)
    """
    if not isinstance(address, str) or not address.strip():
        return None
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()


def of_kind(book: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The rows of one kind."""
    return book[(book["kind"] == kind).to_numpy()]


def _cast(values: pd.Series, dtype: str) -> pd.Series:
    return pd.to_datetime(values, utc=True).astype(dtype) if dtype.startswith("datetime64") and values.dtype != dtype else values.astype(dtype)


def _as_charges(book: pd.DataFrame) -> pd.DataFrame:
    """Payments known by intent or session alone, under the id of the charge that another telling has of them."""
    charges = (book["kind"] == "charge").to_numpy()
    weak = charges & book["id"].str.startswith(("pi_", "cs_")).to_numpy(dtype=bool)
    if not weak.any():
        return book
    known = book[charges & ~weak]
    ways = pd.concat([known[[c, "id"]].dropna().rename(columns={c: "way", "id": "charge"}) for c in ("intent_id", "session_id")]).drop_duplicates()
    # An intent with two charges (a failed card, then a good one) stays what it is: which of them it was is not known.
    ways = ways[~ways.duplicated("way", keep=False)].set_index("way")["charge"]
    better = book["id"].map(ways).where(weak)
    return book.assign(id=book["id"].where(better.isna(), better))


def _contradictions(several: pd.DataFrame) -> pd.DataFrame:
    told = several.groupby(["kind", "id"])[list(FIXED)].nunique()
    off = told[(told > 1).any(axis=1)]
    what = np.where(off["amount_cents"] > 1, "amounts", np.where(off["currency"] > 1, "currencies", "charges"))
    ids = off.index.get_level_values("id")
    return found("payments", "payment_contradicts", "account", list(ids), [f"{i} is told with different {w}" for i, w in zip(ids, what, strict=True)])
