"""Refunds through Stripe's API, in the words of `prepaykit.tables.gateway`: what it answers, and what is certain when it does not.

Source: refunds.md sections 1 and 3: how each error arrives in stripe-python 16 was tried.
"""

from __future__ import annotations

import json

import stripe

from prepaykit.errors import NeighbourFailed
from prepaykit.tables.gateway import REQUEST_MARK, Answer, SeenCharge, SeenRefund

NOT_TRIED = (stripe.RateLimitError, stripe.AuthenticationError, stripe.PermissionError)
REFUSED = (stripe.InvalidRequestError, stripe.CardError)
HARMLESS = ("won", "prevented", "charge_refunded")
"""Disputes beside which a refund pays nothing twice; of a lost one the payer has the money already. An inquiry (`warning_…`) moves no money."""


class StripeGateway:
    """A `Gateway` on Stripe's API. `client` is one of `open_client`, without retries of its own."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._v1 = client.v1

    def __repr__(self) -> str:
        return "StripeGateway()"

    def find_charge(self, reference: str) -> str | None:
        """The charge behind `ch_…`, `py_…`, or the last one of a PaymentIntent `pi_…`."""
        if not reference.startswith("pi_"):
            return reference if self._asked(lambda: self._v1.charges.retrieve(reference)) else None
        intent = self._asked(lambda: self._v1.payment_intents.retrieve(reference))
        charge = intent and intent.get("latest_charge")
        return charge["id"] if isinstance(charge, dict) else charge

    def look(self, charge_id: str) -> SeenCharge | None:
        """The charge and every refund of it, by the lists, which lag behind nothing."""
        charge = self._asked(lambda: self._v1.charges.retrieve(charge_id))
        if charge is None:
            return None
        refunds = self._listed(lambda: self._v1.refunds.list({"charge": charge_id, "limit": 100}))
        disputes = self._listed(lambda: self._v1.disputes.list({"charge": charge_id, "limit": 100}))
        is_disputed = any(_pays_back(d["status"]) for d in disputes) or bool(charge.get("disputed") and not disputes)
        return SeenCharge(charge_id, int(charge["amount_captured"]), int(charge["amount_refunded"]), charge["currency"].upper(),
                          is_disputed, tuple(seen_refund(r) for r in refunds))  # fmt: skip

    def send(self, request: str, key: str) -> Answer:
        """Make the refund of this frozen request under this key; never raises for what Stripe or the network does."""
        try:
            made = self._v1.refunds.create(json.loads(request), {"idempotency_key": key})
        except NOT_TRIED as error:
            return Answer("not_tried", code=_code(error))
        except stripe.IdempotencyError:
            return Answer("refused", code="key_reused")
        except REFUSED as error:
            return Answer("refused", code=_code(error))
        except stripe.StripeError as error:
            return Answer("unknown", code=_code(error))
        return Answer("made", seen_refund(made.to_dict()))

    def _asked(self, ask: object) -> dict | None:
        try:
            return ask().to_dict()
        except stripe.InvalidRequestError as error:
            if error.http_status == 404:
                return None
            raise failed_to_ask(error) from None
        except stripe.StripeError as error:
            raise failed_to_ask(error) from None

    def _listed(self, ask: object) -> list[dict]:
        try:
            return [row.to_dict() for row in ask().auto_paging_iter()]
        except stripe.StripeError as error:
            raise failed_to_ask(error) from None


def seen_refund(refund: dict) -> SeenRefund:
    """A refund of Stripe's, as our decisions take it.

    >>> seen_refund({"id": "re_1", "amount": 500, "status": "succeeded", "metadata": {"prepaykit_request": "w1"}}).request_id
    'w1'
    """
    wish = (refund.get("metadata") or {}).get(REQUEST_MARK)
    return SeenRefund(refund["id"], int(refund["amount"]), refund.get("status") or "pending", wish, refund.get("failure_reason"))


def _pays_back(status: str) -> bool:
    return status not in HARMLESS and not status.startswith("warning_")


def _code(error: stripe.StripeError) -> str:
    """Why, in Stripe's word. Of 409, 429 and 5xx the code stands inside `error.error`; a refund that is too large has none, only the parameter."""
    inner = getattr(error, "error", None)
    code = error.code or getattr(inner, "code", None)
    if not code and getattr(error, "param", None) == "amount":
        return "amount_too_large"
    return str(code or error.http_status or type(error).__name__)


def failed_to_ask(error: stripe.StripeError) -> NeighbourFailed:
    # Stripe's own message may quote what it was sent: only its code goes on.
    return NeighbourFailed(f"Stripe could not be asked ({_code(error)}). Nothing was sent; try again later.")
