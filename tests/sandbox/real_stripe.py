"""The same checks against a real sandbox of Stripe, run by hand before a release; no test runs it and no live key is taken.

    PREPAYKIT_STRIPE_KEY=sk_test_… python -m tests.sandbox.real_stripe

It makes charges with Stripe's test cards (so the key must be one that may write PaymentIntents), refunds parts of them through our gateway, and says line by line
whether Stripe did what the stand-in does: key replayed, other request refused, found by its wish, too large refused, all refunded refused,
pending then succeeded, succeeded then failed, disputed, the account read and read on. Ends with 1 if one differs. Takes about a minute.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid

import pandas as pd

from prepaykit.adapters.stripe.account import read_account
from prepaykit.adapters.stripe.client import find_key, is_live, open_client
from prepaykit.adapters.stripe.refunds import StripeGateway
from prepaykit.rules.refunding import frozen_request
from prepaykit.tables.account import entries

CARDS = {"plain": "pm_card_visa", "pending": "pm_card_pendingRefund", "failing": "pm_card_refundFail", "disputed": "pm_card_createDispute"}


class Sandbox:
    """A client, our gateway on it, and what was found."""

    def __init__(self, key: str) -> None:
        self.client = open_client(key)
        self.gateway, self.differs = StripeGateway(self.client), 0

    def charge(self, card: str) -> str:
        """A captured charge of 15.00."""
        asked = {"amount": 1500, "currency": "usd", "payment_method": CARDS[card], "confirm": True,
                 "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}  # fmt: skip
        intent = self.client.v1.payment_intents.create(asked, {"idempotency_key": uuid.uuid4().hex})
        found = self.gateway.find_charge(intent.id)
        assert found is not None
        return found

    def check(self, what: str, is_so: bool) -> None:
        """Say it."""
        self.differs += not is_so
        print(f"{'as expected' if is_so else 'DIFFERS    '}  {what}")

    def plain(self) -> None:
        """Keys, parts, and the ends of a charge."""
        charge, wish = self.charge("plain"), uuid.uuid4().hex
        asked = frozen_request(charge, 500, request=wish, job="sandbox", order_key=None)
        first, again = self.gateway.send(asked, wish), self.gateway.send(asked, wish)
        self.check("a refund is made", first.outcome == "made")
        self.check("the same key gives the same refund", first.refund is not None and again.refund is not None and first.refund.refund_id == again.refund.refund_id)
        other = json.dumps({**json.loads(asked), "amount": 600})
        self.check("another request under the key is refused", self.gateway.send(other, wish).code == "key_reused")
        seen = self.gateway.look(charge)
        self.check("it is found by its wish, and 10.00 are left", seen is not None and len(seen.of_request(wish)) == 1 and seen.left_cents == 1000)
        large = frozen_request(charge, 1001, request="large", job="sandbox", order_key=None)
        self.check("more than is left is refused", self.gateway.send(large, uuid.uuid4().hex).outcome == "refused")
        self.gateway.send(frozen_request(charge, 1000, request="rest", job="sandbox", order_key=None), uuid.uuid4().hex)
        code = self.gateway.send(asked, uuid.uuid4().hex).code
        self.check(f"of a charge given back whole nothing more ({code})", code == "charge_already_refunded")

    def settles(self, card: str, first: str, last: str) -> None:
        """A refund that becomes something else by itself."""
        charge, wish = self.charge(card), uuid.uuid4().hex
        answer = self.gateway.send(frozen_request(charge, 1500, request=wish, job="sandbox", order_key=None), wish)
        self.check(f"{card}: first {first}", answer.refund is not None and answer.refund.status == first)
        for _ in range(10):
            seen = self.gateway.look(charge)
            if seen is not None and seen.of_request(wish)[0].status == last:
                break
            time.sleep(3)
        self.check(f"{card}: then {last}", seen is not None and seen.of_request(wish)[0].status == last)

    def disputed(self) -> None:
        """A dispute is seen before anything is sent."""
        charge = self.charge("disputed")
        time.sleep(5)
        seen = self.gateway.look(charge)
        self.check("a dispute is seen", seen is not None and seen.is_disputed)

    def account(self) -> None:
        """The account is read, and what came since is read after it."""
        charge = self.charge("plain")
        told = read_account(self.client, entries(pd.DataFrame()), is_live=False, since=pd.Timestamp.now("UTC") - pd.Timedelta(hours=1))
        self.check("a payment is read, with its line", {charge} <= set(told.entries["id"]) and (told.entries["charge_id"] == charge).any())
        later = self.charge("plain")
        again = read_account(self.client, told.entries, is_live=False)
        self.check("what came since is read by the next reading", later in set(again.entries["id"]))


if __name__ == "__main__":
    key = find_key(os.environ)
    if key is None or is_live(key):
        sys.exit("set PREPAYKIT_STRIPE_KEY to a test key; a live one is not taken")
    sandbox = Sandbox(key)
    sandbox.plain()
    sandbox.settles("pending", "pending", "succeeded")
    sandbox.settles("failing", "succeeded", "failed")
    sandbox.disputed()
    sandbox.account()
    sys.exit(min(sandbox.differs, 1))
