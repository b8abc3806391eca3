"""Stripe's objects as rows of the account book: amounts as they are, no name, an address only as its hash.

Columns in: objects of the API as dicts, each once, with `source` of a balance transaction expanded. Columns out: those of `prepaykit.tables.account`. Both tell a thing as
Stripe's CSV reports do (`prepaykit.intake.payment_reports`), so that a report and the API of the same days make one book.

Of a description only the words with a digit are kept, which is where an order's key can be; a child's name has none. A payment counts with what was captured of it.
Known limits: a key of letters alone in a description is not seen; put it into the metadata.
Source: refunds.md sections 1 and 3.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import pandas as pd

from prepaykit.tables.account import email_hash, entries
from prepaykit.tables.gateway import REQUEST_MARK

_WORD = re.compile(r"(?<!\S)(?=\S*\d)[^\s@]{1,80}(?!\S)")


def entries_of(objects: Collection[dict], *, order_key: str = "order_key", payout_of: dict[str, str] | None = None) -> pd.DataFrame:
    """Entries of the account book, one a thing. `order_key`: the metadata field with the order's key. `payout_of`: balance transaction → payout that it was paid out with.

    A balance transaction is a line; what is expanded in it is a thing of its own, to be given beside it. What was not paid is no charge.

    >>> line = {"object": "balance_transaction", "id": "txn_1", "created": 0, "available_on": 0, "currency": "usd", "amount": 1500, "fee": 74, "net": 1426,
    ...         "reporting_category": "fee", "source": None}
    >>> entries_of([line], payout_of={"txn_1": "po_1"})[["kind", "amount_cents", "net_cents", "payout_id"]].to_numpy().tolist()
    [['line', 1500, 1426, 'po_1']]
    """
    lines = [told for told in objects if told["object"] == "balance_transaction"]
    things = [_ROWS[told["object"]](told, order_key) for told in objects if told["object"] in _ROWS]
    rows = [*(_line(told, payout_of or {}) for told in lines), *(row for row in things if row)]
    return entries(_table(rows))


def _table(rows: list[dict]) -> pd.DataFrame:
    table = pd.DataFrame(rows)
    for column in table.columns.intersection(["at", "settles_at"]):
        table[column] = pd.to_datetime(table[column], unit="s", utc=True)
    for column in table.columns.intersection(["amount_cents", "fee_cents", "net_cents"]):
        table[column] = table[column].astype("Int64")
    return table


def _line(told: dict, payout_of: dict[str, str]) -> dict:
    source = told["source"]
    full = source if isinstance(source, dict) else {}
    number = full.get("id") or source
    charge = number if full.get("object") == "charge" else id_of(full.get("charge"))
    payout = number if full.get("object") == "payout" and full.get("automatic") else None
    return {"kind": "line", "id": told["id"], "at": told["created"], "settles_at": told["available_on"], "currency": told["currency"].upper(),
            "amount_cents": told["amount"], "fee_cents": told["fee"], "net_cents": told["net"], "category": told["reporting_category"], "source_id": number,
            "charge_id": charge, "payout_id": payout_of.get(told["id"], payout)}  # fmt: skip


def _charge(told: dict, order_key: str) -> dict | None:
    if not told["paid"] or told["amount_captured"] <= 0:
        return None
    address = (told.get("billing_details") or {}).get("email") or told.get("receipt_email")
    return {**_common("charge", told), "amount_cents": told["amount_captured"], "intent_id": id_of(told.get("payment_intent")), "order_key": key_of(told, order_key),
            "email_hash": email_hash(address), "text": key_words(told.get("description"))}  # fmt: skip


def _refund(told: dict, _: str) -> dict:
    wish = (told.get("metadata") or {}).get(REQUEST_MARK)
    return {**_common("refund", told), **_of_payment(told), "status": told.get("status") or "pending", "category": told.get("failure_reason"), "source_id": wish}


def _dispute(told: dict, _: str) -> dict:
    return {**_common("dispute", told), "amount_cents": abs(told["amount"]), **_of_payment(told), "status": told["status"], "category": told["reason"]}


def _payout(told: dict, _: str) -> dict:
    way = "automatic" if told["automatic"] else "manual"
    return {**_common("payout", told), "settles_at": told["arrival_date"], "status": told["status"], "category": way}


def _common(kind: str, told: dict) -> dict:
    return {"kind": kind, "id": told["id"], "at": told["created"], "currency": told["currency"].upper(), "amount_cents": told["amount"]}


def _of_payment(told: dict) -> dict:
    return {"charge_id": id_of(told.get("charge")), "intent_id": id_of(told.get("payment_intent"))}


_ROWS = {"charge": _charge, "refund": _refund, "dispute": _dispute, "payout": _payout}


def id_of(told: object) -> str | None:
    """The number of an object, expanded or not.

    >>> id_of("ch_1"), id_of({"id": "ch_1"}), id_of(None)
    ('ch_1', 'ch_1', None)
    """
    return told.get("id") if isinstance(told, dict) else told


def key_of(told: dict, order_key: str) -> str | None:
    """The order's key in the metadata.

    >>> key_of({"metadata": {"order_key": " K-104007 "}}, "order_key")
    'K-104007'
    """
    return str((told.get("metadata") or {}).get(order_key) or "").strip() or None


def key_words(text: str | None) -> str | None:
    """The words of a description that can be a key: those with a digit that are no address.

    >>> key_words("Pictures of Ann, order K-104007; ann2@example.org"), key_words("For Ann")
    ('K-104007;', None)
    """
    return " ".join(_WORD.findall(text or "")) or None
