"""A Stripe in memory, quick enough for thousands of runs: charges, refunds, idempotency keys that lapse, and every way to fail.

It is a `Gateway`; `tests/adapters` holds it against the stand-in and the real client by one contract. Faults wait in `faults`, one is used up by each
send: none, lost_before, lost_after, 500_before, 500_after, 429, 409, late, pending.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import pandas as pd

from prepaykit.errors import NeighbourFailed
from prepaykit.tables.gateway import REQUEST_MARK, Answer, SeenCharge, SeenRefund

FAULTS = ("none", "lost_before", "lost_after", "500_before", "500_after", "429", "409", "late", "pending")
KEY_LASTS = pd.Timedelta(hours=24)
LATE = pd.Timedelta(minutes=30)


@dataclass
class Bank:
    """Charges by id, in cents; `now` is moved by the test."""

    now: pd.Timestamp
    charges: dict[str, SeenCharge] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    keys: dict[str, tuple[pd.Timestamp, str, Answer]] = field(default_factory=dict)
    late: list[tuple[pd.Timestamp, str, str]] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    is_away: bool = False

    def charge(self, charge_id: str, cents: int, currency: str = "USD") -> None:
        """A charge that was captured."""
        self.charges[charge_id] = SeenCharge(charge_id, cents, 0, currency, False)

    def refunds(self) -> list[SeenRefund]:
        """All refunds of all charges."""
        return [r for c in self.charges.values() for r in c.refunds]

    def move(self, by: pd.Timedelta) -> None:
        """Time goes on; what was late lands."""
        until = self.now + by
        due = sorted(row for row in self.late if row[0] <= until)
        self.late = [row for row in self.late if row[0] > until]
        for self.now, request, key in due:  # each at its own time: its key is as old as it is then
            self._act(request, key)
        self.now = until

    def settle(self, status: str) -> None:
        """What is pending becomes `succeeded` or `failed`."""
        for charge_id, charge in self.charges.items():
            done = tuple(replace(r, status=status) if r.status == "pending" else r for r in charge.refunds)
            self.charges[charge_id] = replace(charge, refunds=done)

    # --- the gateway -------------------------------------------------------------------------------------------------------

    def find_charge(self, reference: str) -> str | None:
        """Here every payment is known by its charge."""
        return reference if reference in self.charges else None

    def look(self, charge_id: str) -> SeenCharge | None:
        """The charge as it is."""
        if self.is_away:
            raise NeighbourFailed("Stripe cannot be reached")
        return self.charges.get(charge_id)

    def send(self, request: str, key: str) -> Answer:
        """Make the refund, or fail as the next fault says."""
        self.sent.append((key, request))
        fault = self.faults.pop(0) if self.faults else "none"
        if fault in ("429", "lost_before", "500_before", "409", "late"):
            if fault == "late":
                self.late.append((self.now + LATE, request, key))
            if fault == "500_before":
                self.keys.setdefault(key, (self.now, request, Answer("unknown", code="500")))
            return Answer("not_tried", code="rate_limit") if fault == "429" else Answer("unknown", code=fault)
        answer = self._act(request, key, pending=fault == "pending")
        if fault == "500_after":
            self.keys[key] = (self.keys[key][0], request, Answer("unknown", code="500"))
        return Answer("unknown", code=fault) if fault in ("lost_after", "500_after") else answer

    def _act(self, request: str, key: str, *, pending: bool = False) -> Answer:
        saved = self.keys.get(key)
        if saved and self.now - saved[0] < KEY_LASTS:
            return saved[2] if saved[1] == request else Answer("refused", code="key_reused")
        body = json.loads(request)
        charge = self.charges.get(body["charge"])
        if charge is None:
            return Answer("refused", code="resource_missing")
        if charge.is_disputed:
            return Answer("refused", code="charge_disputed")
        if body["amount"] > charge.left_cents:
            return Answer("refused", code="charge_already_refunded" if not charge.left_cents else "amount_too_large")
        made = SeenRefund(f"re_{len(self.refunds()) + 1}", body["amount"], "pending" if pending else "succeeded", body["metadata"].get(REQUEST_MARK))
        self.charges[body["charge"]] = replace(charge, refunds=(*charge.refunds, made), refunded_cents=charge.refunded_cents + (0 if pending else made.amount_cents))  # fmt: skip
        answer = Answer("made", made)
        self.keys[key] = (self.now, request, answer)
        return answer
