"""The money side of the stand-in's account: movements of the balance, payouts, events, PaymentIntents and Checkout Sessions.

Shapes and rules as Stripe has them (refunds.md sections 1, 3, 4): a fee of 2.9 % + 30 on charges that a refund does not bring back, money available two days later, an automatic
payout of all that is available, itemised only once it has arrived; a refund, dispute or payout that fails is a movement back. Whole units of the currency's smallest coin.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

DAY_S = 24 * 3600


@dataclass
class Balance:
    """Movements, payouts and events of one account, oldest first."""

    is_live: bool = False
    lines: list[dict] = field(default_factory=list)
    payouts: list[dict] = field(default_factory=list)
    events: list[dict] = field(default_factory=list)
    intents: list[dict] = field(default_factory=list)
    sessions: list[dict] = field(default_factory=list)
    paid_out: dict[str, str] = field(default_factory=dict)

    def line(self, number: str, source: str | None, now: int, amount: int, *, kind: str, category: str, currency: str, fee: int = 0, days: int = 2) -> None:
        """A movement of the balance."""
        self.lines.append({
            "id": number, "object": "balance_transaction", "amount": amount, "fee": fee, "net": amount - fee, "currency": currency, "created": now,
            "available_on": now + days * DAY_S, "type": kind, "reporting_category": category, "source": source, "status": "pending" if days else "available",
            "description": None, "exchange_rate": None, "fee_details": [{"amount": fee, "application": None, "currency": currency, "description": None, "type": "stripe_fee"}] * bool(fee),
        })  # fmt: skip

    def event(self, kind: str, told: dict, now: int) -> None:
        """Something happened; the thing as it was then."""
        self.events.append({"id": f"evt_{len(self.events) + 1:06d}", "object": "event", "api_version": None, "created": now, "livemode": self.is_live, "type": kind,
                            "data": {"object": copy.deepcopy(told)}, "pending_webhooks": 0, "request": None})  # fmt: skip

    def paid(self, charge: dict, now: int, *, intent_metadata: dict[str, str], session_id: str | None) -> None:
        """A charge succeeded: its PaymentIntent, its movement, and the Checkout Session it came by."""
        self.intents.append({
            "id": charge["payment_intent"], "object": "payment_intent", "amount": charge["amount"], "currency": charge["currency"], "latest_charge": charge["id"],
            "status": "succeeded", "created": now - 60, "livemode": self.is_live, "capture_method": "automatic", "confirmation_method": "automatic",
            "payment_method_types": ["card"], "metadata": intent_metadata,
        })  # fmt: skip
        if session_id:
            self.sessions.append({
                "id": session_id, "object": "checkout.session", "created": now - 300, "expires_at": now + DAY_S, "livemode": self.is_live, "mode": "payment", "metadata": {},
                "payment_intent": charge["payment_intent"], "payment_method_types": ["card"], "payment_status": "paid", "status": "complete", "custom_fields": [],
                "custom_text": {}, "automatic_tax": {"enabled": False, "status": None}, "shipping_options": [], "success_url": "https://example.org/thanks",
            })  # fmt: skip
        fee = charge["amount"] * 29 // 1000 + 30
        self.line(f"txn_{charge['id']}", charge["id"], now, charge["amount"], kind="charge", category="charge", currency=charge["currency"], fee=fee)

    def refunded(self, refund: dict, charge: dict, now: int) -> None:
        """A refund was made; one that waits has taken nothing from the balance yet."""
        if refund["status"] != "pending":
            self._taken(refund, now)
        self.event("charge.refunded", charge, now)
        self.event("refund.created", refund, now)

    def refund_moved(self, refund: dict, now: int) -> None:
        """A refund got another status; a failed one brings the money back."""
        if refund["status"] == "succeeded":
            self._taken(refund, now)
        if refund["status"] == "failed" and refund["balance_transaction"]:
            number = f"txn_back_{refund['id']}"
            refund["failure_balance_transaction"] = number
            self.line(number, refund["id"], now, refund["amount"], kind="refund_failure", category="refund_failure", currency=refund["currency"], days=0)
        if refund["status"] == "failed":
            self.event("refund.failed", refund, now)
        self.event("refund.updated", refund, now)

    def _taken(self, refund: dict, now: int) -> None:
        refund["balance_transaction"] = f"txn_{refund['id']}"
        self.line(refund["balance_transaction"], refund["id"], now, -refund["amount"], kind="refund", category="refund", currency=refund["currency"], days=0)

    def disputed(self, dispute: dict, now: int) -> None:
        """A dispute came; an inquiry moves no money."""
        if not dispute["status"].startswith("warning_"):
            self.line(f"txn_{dispute['id']}", dispute["id"], now, -dispute["amount"], kind="adjustment", category="dispute", currency=dispute["currency"], fee=1500, days=0)
        self.event("charge.dispute.created", dispute, now)

    def dispute_moved(self, dispute: dict, status: str, now: int) -> None:
        """A dispute got another status; a won one brings the money back."""
        dispute["status"] = status
        if status == "won":
            self.line(f"txn_back_{dispute['id']}", dispute["id"], now, dispute["amount"], kind="adjustment", category="dispute_reversal", currency=dispute["currency"], days=0)
        self.event("charge.dispute.closed" if status in ("won", "lost") else "charge.dispute.updated", dispute, now)

    def pay_out(self, now: int, *, automatic: bool = True) -> None:
        """All that is available goes to the bank."""
        due = [x for x in self.lines if x["id"] not in self.paid_out and x["available_on"] <= now and x["type"] not in ("payout", "payout_failure")]
        amount, number = sum(x["net"] for x in due), f"po_{len(self.payouts) + 1}"
        self.payouts.append({
            "id": number, "object": "payout", "amount": amount, "currency": "usd", "arrival_date": now + 2 * DAY_S, "automatic": automatic, "created": now,
            "livemode": self.is_live, "method": "standard", "reconciliation_status": "in_progress" if automatic else "not_applicable", "source_type": "card",
            "status": "in_transit", "type": "bank_account", "balance_transaction": f"txn_{number}", "metadata": {}, "description": None,
        })  # fmt: skip
        self.line(f"txn_{number}", number, now, -amount, kind="payout", category="payout", currency="usd", days=0)
        if automatic:
            self.paid_out |= dict.fromkeys([*(x["id"] for x in due), f"txn_{number}"], number)

    def payout_moved(self, status: str, now: int) -> None:
        """The last payout arrived, or came back."""
        payout = self.payouts[-1]
        payout["status"] = status
        payout["reconciliation_status"] = "completed" if payout["automatic"] else "not_applicable"
        if status == "failed":
            self.line(f"txn_back_{payout['id']}", payout["id"], now, payout["amount"], kind="payout_failure", category="payout_reversal", currency="usd", days=0)
        self.event(f"payout.{status}", payout, now)
