"""What a refund gateway is asked and what it answers, in our words: the only shapes that pass between Stripe and the decisions.

A gateway has three things. `find_charge(reference)` says which charge a payment reference (`ch_…`, `pi_…`) stands for; `look(charge_id)`
says what is known of a charge and of every refund of it, whoever made it; `send(request, key)` makes one refund and says what is
certain afterwards. Amounts are in the currency's smallest unit.

An `Answer` is one of four:

| outcome | what is certain |
|---|---|
| `made` | Stripe has the refund: `refund` tells it |
| `refused` | Stripe has looked at it and made nothing: `code` says why (400, 402, 404, another request under this key) |
| `not_tried` | it never came to be looked at: 429, 401, 403; the same key may be used again |
| `unknown` | nothing is certain: a broken connection, a time-out, 409 in use, any 5xx. Never taken for a failure |
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

OUTCOMES = ("made", "refused", "not_tried", "unknown")
REQUEST_MARK = "prepaykit_request"  # the metadata field by which a refund of ours is known again


@dataclass(frozen=True)
class SeenRefund:
    """A refund as Stripe tells it: `request_id` is the wish of ours that it answers, None if it was made elsewhere."""

    refund_id: str
    amount_cents: int
    status: str
    request_id: str | None = None
    failure: str | None = None

    @property
    def takes_money(self) -> bool:
        """It has taken money from the charge, or will."""
        return self.status not in ("failed", "canceled")


@dataclass(frozen=True)
class SeenCharge:
    """A charge as Stripe tells it, with every refund of it."""

    charge_id: str
    captured_cents: int
    refunded_cents: int
    currency: str
    is_disputed: bool
    refunds: tuple[SeenRefund, ...] = ()

    @property
    def left_cents(self) -> int:
        """What can still be given back. A stand-in, and Stripe for a pending refund, may be late in either figure."""
        return self.captured_cents - max(self.refunded_cents, sum(r.amount_cents for r in self.refunds if r.takes_money))

    def of_request(self, request_id: str) -> tuple[SeenRefund, ...]:
        """The refunds that answer this wish."""
        return tuple(r for r in self.refunds if r.request_id == request_id)

    def made_elsewhere(self, known: Collection[str]) -> tuple[SeenRefund, ...]:
        """The refunds that took money and answer none of these wishes, nor are one of them by their own number."""
        return tuple(r for r in self.refunds if r.takes_money and r.request_id not in known and r.refund_id not in known)


@dataclass(frozen=True)
class Answer:
    """What is certain after a request was sent."""

    outcome: str
    refund: SeenRefund | None = None
    code: str = ""


class Gateway(Protocol):
    """Stripe's API, or something that behaves like it."""

    def find_charge(self, reference: str) -> str | None:
        """The charge behind `ch_…`, `py_…` or `pi_…`; None if Stripe has none. NeighbourFailed if it cannot be asked."""

    def look(self, charge_id: str) -> SeenCharge | None:
        """The charge and all its refunds, or None if Stripe has none. NeighbourFailed if it cannot be asked."""

    def send(self, request: str, key: str) -> Answer:
        """Make the refund of this frozen request (JSON text) under this idempotency key. Never raises for what the network does."""
