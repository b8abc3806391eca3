"""Stripe's lists, as the stand-in answers them: newest first, filtered, expanded, by pages."""

from __future__ import annotations

import random

from tests.stand_in.stripe_account import Account, Refusal


def rows_of(account: Account) -> dict[str, list[dict]]:
    """Every list of the account by its path, oldest first."""
    balance = account.balance
    return {
        "balance_transactions": balance.lines, "charges": list(account.charges.values()), "checkout/sessions": balance.sessions, "disputes": account.disputes,
        "events": balance.events, "payment_intents": balance.intents, "payouts": balance.payouts, "refunds": account.refunds,
    }  # fmt: skip


def page(account: Account, name: str, rows: list[dict], asked: dict) -> dict:
    """One page of a list, as it was asked for."""
    rows = [r for r in sorted(rows, key=lambda r: r["created"]) if _is_wanted(account, r, asked)][::-1]
    if name == "events" and account.mixed_events:
        rows = random.Random(7).sample([*rows, *rows], 2 * len(rows))
    after = asked.get("starting_after")
    places = [n + 1 for n, r in enumerate(rows) if r["id"] == after]
    if after and not places:
        raise Refusal(400, "invalid_request_error", "resource_missing", "starting_after")
    start, limit = places[-1] if after else 0, int(asked.get("limit", 10))
    told = rows[start : start + limit]
    if "data.source" in asked.get("expand", {}).values():
        told = [{**r, "source": account.find(r["source"])} for r in told]
    return {"object": "list", "url": f"/v1/{name}", "data": told, "has_more": len(rows) > start + limit}


def _is_wanted(account: Account, row: dict, asked: dict) -> bool:
    if "payout" in asked and account.balance.paid_out.get(row["id"]) != asked["payout"]:
        return False
    if "types" in asked and row["type"] not in asked["types"].values():
        return False
    if row["created"] < int(asked.get("created", {}).get("gte", 0)):
        return False
    return all(asked.get(c) in (None, row.get(c)) for c in ("charge", "payment_intent"))
