"""What the stand-in keeps: charges, refunds, disputes and idempotency keys of one account, with a clock that a test moves.

Rules as refunds.md section 3 has them: the first result under a key is kept for 24 hours, an error of the server's own too; other parameters under it are an
error; what failed to be valid, 429 and 401 are not kept. Whole units of the currency's smallest coin.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections import Counter
from dataclasses import dataclass, field

from tests.stand_in.stripe_balance import Balance

KEY_LASTS_S = 24 * 3600
LATE_S = 1800
KNOWN = {"charge", "payment_intent", "amount", "reason", "metadata", "refund_application_fee", "expand"}


class Refusal(Exception):
    """An error that Stripe answers: HTTP status, type, code, parameter."""

    def __init__(self, status: int, kind: str, code: str | None = None, param: str | None = None) -> None:
        super().__init__(code or param or kind)
        self.status, self.body = status, {"error": {k: v for k, v in (("type", kind), ("code", code), ("param", param), ("message", "no")) if v}}


@dataclass
class Account:
    """One account. `faults`: what the next refunds.create meet, `read_faults` the next reads, one each. `mixed_events`: events come twice and in no order."""

    now: int = 1_790_000_000
    charges: dict[str, dict] = field(default_factory=dict)
    refunds: list[dict] = field(default_factory=list)
    disputes: list[dict] = field(default_factory=list)
    keys: dict[str, tuple[int, dict, int, dict]] = field(default_factory=dict)
    balance: Balance = field(default_factory=Balance)
    faults: list[str] = field(default_factory=list)
    read_faults: list[str] = field(default_factory=list)
    mixed_events: bool = False
    asked: Counter = field(default_factory=Counter)
    late: list[tuple[int, dict, str | None]] = field(default_factory=list)
    posts: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)
    ids: itertools.count = field(default_factory=lambda: itertools.count(1))

    def charge(self, charge_id: str, amount: int, currency: str = "usd", *, order_key: str | None = None, intent_key: str | None = None, session_id: str | None = None,
               email: str | None = None, description: str | None = None) -> None:  # fmt: skip
        """A captured charge with its PaymentIntent (`pi_` instead of `ch_`); the order's key in the metadata of the charge, of the intent, or nowhere."""
        self.charges[charge_id] = {
            "id": charge_id, "object": "charge", "amount": amount, "amount_captured": amount, "amount_refunded": 0, "currency": currency,
            "captured": True, "paid": True, "refunded": False, "disputed": False, "status": "succeeded", "created": self.now, "livemode": self.balance.is_live,
            "metadata": {"order_key": order_key} if order_key else {}, "payment_intent": "pi_" + charge_id.removeprefix("ch_"),
            "billing_details": {"address": None, "email": email, "name": "Ann Example" if email else None, "phone": None, "tax_id": None},
            "application_fee": None, "description": description, "balance_transaction": "txn_" + charge_id,
        }  # fmt: skip
        self.balance.paid(self.charges[charge_id], self.now, intent_metadata={"order_key": intent_key} if intent_key else {}, session_id=session_id)

    def season(self, payments: int, days: int, *, first: int = 1, refunds: int = 0, disputes: int = 0, seed: int = 1) -> None:
        """Payments over some days, with the key in the charge; some refunded, some disputed; money goes to the bank each day."""
        chance = random.Random(seed)
        bad = chance.sample(range(payments), refunds + disputes)
        for n in range(payments):
            self.charge(f"ch_{first + n}", chance.choice([1500, 4200, 2999]), order_key=f"KEY-{first + n:06d}", email=f"parent{n}@example.org")
            if n in bad[:refunds]:
                self.create({"charge": f"ch_{first + n}", "amount": "500", "metadata": {"prepaykit_request": f"w{n}"}}, None, pending=chance.random() < 0.3)
            elif n in bad:
                self.dispute(f"ch_{first + n}", chance.choice(["needs_response", "warning_needs_response"]))
            self.move(days * 24 * 3600 // payments)
            if (n + 1) * days % payments < days:
                if self.balance.payouts and self.balance.payouts[-1]["status"] == "in_transit":
                    self.balance.payout_moved("paid", self.now)
                self.balance.pay_out(self.now)

    def find(self, number: str | None) -> dict | None:
        """A charge, refund, dispute or payout by its number."""
        rows = [*self.refunds, *self.disputes, *self.balance.payouts] if number not in self.charges else [self.charges[number]]
        return next((r for r in rows if r["id"] == number), None)

    def dispute(self, charge_id: str, status: str) -> None:
        """The payer disputes a charge."""
        charge = self.charges[charge_id]
        charge["disputed"] = True
        self.disputes.append({
            "id": f"dp_{len(self.disputes) + 1}", "object": "dispute", "charge": charge_id, "payment_intent": charge["payment_intent"], "status": status, "amount": charge["amount"],
            "currency": charge["currency"], "created": self.now, "reason": "general", "livemode": self.balance.is_live, "metadata": {}, "balance_transactions": [],
            "is_charge_refundable": status.startswith("warning_"), "evidence": {}, "evidence_details": {},
        })  # fmt: skip
        self.balance.disputed(self.disputes[-1], self.now)

    def move(self, seconds: int) -> None:
        """Time goes on; requests that were late land."""
        self.now += seconds
        due = [row for row in self.late if row[0] <= self.now]
        self.late = [row for row in self.late if row[0] > self.now]
        for _, body, key in due:
            self.create(body, key)

    def settle(self, status: str, refund_id: str | None = None) -> None:
        """What is pending, or this one refund, becomes `succeeded` or `failed`."""
        for refund in self.refunds:
            if refund["id"] == refund_id or (refund_id is None and refund["status"] == "pending"):
                refund["status"] = status
                if status == "failed":
                    refund["failure_reason"] = "expired_or_canceled_card"
                    self.charges[refund["charge"]]["amount_refunded"] -= refund["amount"]
                self.balance.refund_moved(refund, self.now)

    def create(self, body: dict, key: str | None, *, pending: bool = False, broken: bool = False) -> tuple[int, dict]:
        """POST /v1/refunds: status and answer. `broken`: the refund is made, and the answer is an error of the server's own."""
        with self.lock:
            kept = self.keys.get(key or "")
            if kept and self.now - kept[0] < KEY_LASTS_S:
                if kept[1] != body:
                    raise Refusal(400, "idempotency_error")
                return kept[2], kept[3]
            answer = self._made(body, pending)
            result = (500, {"error": {"type": "api_error", "message": "no"}}) if broken else (200, dict(answer))
            if key:
                self.keys[key] = (self.now, body, *result)
            return result

    def fail_under(self, body: dict, key: str | None) -> tuple[int, dict]:
        """An error of the server's own before anything was made; it is kept under the key."""
        result = (500, {"error": {"type": "api_error", "message": "no"}})
        if key:
            self.keys.setdefault(key, (self.now, body, *result))
        return result

    def _made(self, body: dict, pending: bool) -> dict:
        unknown = sorted(set(body) - KNOWN)
        if unknown:
            raise Refusal(400, "invalid_request_error", "parameter_unknown", unknown[0])
        charge = self.charges.get(str(body.get("charge")))
        if charge is None:
            raise Refusal(404, "invalid_request_error", "resource_missing", "charge")
        if any(d["charge"] == charge["id"] and d["status"] not in ("won",) for d in self.disputes):
            raise Refusal(400, "invalid_request_error", "charge_disputed")
        left = charge["amount_captured"] - charge["amount_refunded"]
        amount = int(body.get("amount", left))
        if left <= 0:
            raise Refusal(400, "invalid_request_error", "charge_already_refunded")
        if not 0 < amount <= left:
            raise Refusal(400, "invalid_request_error", param="amount")
        if len(body.get("metadata", {})) > 50 or any(len(k) > 40 or len(v) > 500 for k, v in body.get("metadata", {}).items()):
            raise Refusal(400, "invalid_request_error", param="metadata")
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
        refund = {
            "id": f"re_{next(self.ids):06d}", "object": "refund", "amount": amount, "charge": charge["id"], "payment_intent": charge["payment_intent"],
            "currency": charge["currency"], "created": self.now, "metadata": body.get("metadata", {}), "reason": body.get("reason"),
            "status": "pending" if pending else "succeeded", "balance_transaction": None, "receipt_number": None,
            "source_transfer_reversal": None, "transfer_reversal": None,
        }  # fmt: skip
        self.refunds.append(refund)
        self.balance.refunded(refund, charge, self.now)
        return refund
