"""What to do next with one refund: the rules that never give money back twice, whatever crashed before.

A refund is a wish of a person: so much of this order goes back. It has a name (`request_id`) that Stripe keeps with every refund made for it, and
what is sent is frozen before anything is sent. Whoever carries it on looks first: at the charge and at all refunds of it. So a refund that was
made although no answer came is found again, whatever killed the sender, and none is made twice.

What certainly did not happen is different from what nobody knows. A broken connection or an error of Stripe's own is `unknown`, never `failed`:

| age of an unknown one, without a trace | what is done |
|---|---|
| under 23 hours | the same request again under the same key: Stripe answers with the first result |
| 23 to 25 hours | only look: the key may lapse any moment |
| over 25 hours | once more with a new key, the first one cannot land any more; after that a person looks |

Assumed: a request lands within the hour or never; a list shows what was made; one ledger writes; the clocks of its machines are right to the hour. Left over: somebody who refunds by hand
between look and send. Stripe refuses more than was paid; two parts can both land, and are found afterwards (payments: refund of nobody's wish).
Source: refunds.md section 3.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from prepaykit.tables.gateway import REQUEST_MARK, Answer, SeenCharge, SeenRefund

OPEN = ("confirmed", "sending", "unknown", "pending")  # the engine carries these on by itself
IN_FLIGHT = ("sending", "unknown")  # money may be on its way
WITH_A_PERSON = ("review", "blocked")
SAME_KEY = pd.Timedelta(hours=23)  # Stripe keeps a key for at least 24 hours
NEW_KEY = pd.Timedelta(hours=25)
ATTEMPTS = 2
ALARM = "look at once"
"""What must never be is said with these words."""
BLOCKED_CODES = ("charge_disputed", "charge_for_pending_refund_disputed")
_BECOMES = {"succeeded": "succeeded", "pending": "pending", "requires_action": "pending", "failed": "failed", "canceled": "failed"}


@dataclass(frozen=True)
class Step:
    """What to do next. `act`: `send` (under `attempt`), `settle` (the row becomes `status`), or `wait`. `why` is for the row and for people."""

    act: str
    status: str = ""
    why: str = ""
    refund_id_stripe: str | None = None
    attempt: int = 1


def request_id(job: str, origin: str, order_no: str, refund_id: int) -> str:
    """The name of a wish, the same for ever.

    >>> request_id("maple-grove-2026", "online", "104007", 3)
    'maple-grove-2026.online.104007.3'
    """
    return f"{job}.{origin}.{order_no}.{refund_id}"


def request_key(request: str, attempt: int) -> str:
    """The idempotency key of one attempt at a wish: derived, so that whoever carries it on has the same.

    >>> request_key("maple-grove-2026.online.104007.3", 1)[:12]
    '92b10e6bc2ab'
    """
    return hashlib.sha256(f"{request}|{attempt}".encode()).hexdigest()


def frozen_request(charge_id: str, amount_cents: int, *, request: str, job: str, order_key: str | None, application_fee: str | None = None) -> str:
    """What Stripe is asked, as text that never changes again: keys of the order and the job, never a name.

    >>> frozen_request("ch_1", 1500, request="r1", job="maple-grove-2026", order_key="K7")
    '{"amount":1500,"charge":"ch_1","metadata":{"job":"maple-grove-2026","order_key":"K7","prepaykit_request":"r1"},"reason":"requested_by_customer"}'
    """
    metadata = {REQUEST_MARK: request, "job": job} | ({"order_key": order_key} if order_key else {})
    body: dict[str, object] = {"charge": charge_id, "amount": int(amount_cents), "reason": "requested_by_customer", "metadata": metadata}
    if application_fee is not None:
        body["refund_application_fee"] = application_fee == "return"
    return json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def next_step(refund: dict[str, object], seen: SeenCharge | None, *, now: pd.Timestamp, known: Collection[str], currency: str,
              accepted: Collection[str] = (), is_overtaken: bool = False) -> Step:  # fmt: skip
    """What to do with a refund that is open, knowing what Stripe says of its charge now.

    `refund`: a row of `refunds` as a dict. `known`: every wish of this ledger and what was made for it (`known_refunds`), so that a refund of none of them is somebody else's; `accepted`: such
    refunds that a person has seen. `is_overtaken`: another refund of the charge is on its way. Never raises.
    """
    status, wish = str(refund["status"]), str(refund["request_id"])
    if seen is None:
        # It was there when the refund was confirmed: another key (test or live, another account) tells nothing of the refund.
        return Step("wait", why="Stripe has no such charge under this key: is it the right one (test or live, account)?")
    mine = seen.of_request(wish)
    wrong = _made_otherwise(mine, int(refund["amount_cents"]))
    if wrong:
        return Step("wait", why=wrong) if status == "succeeded" else _to_person(status, wrong)
    if mine:
        return _adopted(status, max(mine, key=lambda r: r.takes_money))
    if status in ("pending", "succeeded"):
        return Step("wait", why=f"it was {status}, and Stripe does not list it now")
    age = now - pd.Timestamp(refund["sent_at"]) if status in IN_FLIGHT else pd.Timedelta(0)
    if SAME_KEY <= age <= NEW_KEY:
        return Step("wait", why="the first try is a day old: it is only looked for until 25 hours are over")
    why, only_time_helps = _against(seen, refund, known, accepted, currency)
    if why and status in IN_FLIGHT and age < SAME_KEY:
        return Step("wait", why=f"it may still land; and {why}")
    if why:
        return _to_person(status, why, blocked=only_time_helps)
    if is_overtaken:
        return Step("wait", why="another refund of this charge is on its way")
    attempt = int(refund["attempt"]) + (age > NEW_KEY)
    if attempt > ATTEMPTS:
        return _to_person(status, f"tried {ATTEMPTS} times under different keys without a trace")
    return Step("send", attempt=attempt)


def after_answer(refund: dict[str, object], answer: Answer) -> Step:
    """What the row becomes once Stripe has answered. `refund` is the row as it was before it was sent: it tells what was uncertain already.

    >>> after_answer({"status": "confirmed"}, Answer("unknown")).status, after_answer({"status": "confirmed"}, Answer("not_tried", code="rate_limit")).status
    ('unknown', 'confirmed')
    """
    if answer.outcome == "made":
        assert answer.refund is not None
        return _adopted("sending", answer.refund)
    if answer.outcome == "refused" and refund["status"] in IN_FLIGHT:
        # This try made nothing; an earlier one may still land, and a person who was told now would make it a second time.
        return Step("settle", "unknown", f"refused ({answer.code}), but an earlier try may still land")
    if answer.outcome == "refused":
        return _to_person("sending", f"Stripe refused it: {answer.code or 'no reason given'}", blocked=answer.code in BLOCKED_CODES)
    if answer.outcome == "not_tried" and refund["status"] == "confirmed":
        return Step("settle", "confirmed", f"not taken ({answer.code}); try again later")
    return Step("settle", "unknown", f"no certain answer ({answer.code or answer.outcome})")


def _made_otherwise(mine: Collection[SeenRefund], amount_cents: int) -> str:
    """What must never be, in words: a wish made twice, or with another amount. Empty: all is well."""
    if sum(r.takes_money for r in mine) > 1:
        return f"made {len(mine)} times: {' '.join(r.refund_id for r in mine)}; {ALARM}"
    odd = [r.refund_id for r in mine if r.amount_cents != amount_cents]
    return f"{' '.join(odd)} gave back another amount than {amount_cents}; {ALARM}" if odd else ""


def _adopted(status: str, refund: SeenRefund) -> Step:
    becomes = _BECOMES.get(refund.status, "pending")
    if becomes == status:
        return Step("wait", why=f"Stripe says {refund.status}", refund_id_stripe=refund.refund_id)
    why = f"{refund.refund_id} {refund.status}" + (f": {refund.failure}" if refund.failure else "")
    return Step("settle", becomes, why, refund.refund_id)


def _to_person(status: str, why: str, *, blocked: bool = False) -> Step:
    return Step("settle", "blocked" if blocked else "review", why)


def _against(seen: SeenCharge, refund: dict[str, object], known: Collection[str], accepted: Collection[str], currency: str) -> tuple[str, bool]:
    """Why it must not be sent now, in words (empty: nothing is against it), and whether only time helps."""
    foreign = [r.refund_id for r in seen.made_elsewhere({*known, *accepted})]
    amount = int(refund["amount_cents"])
    if seen.is_disputed:
        return "the payer disputes the charge: a refund beside a dispute pays twice", True
    if seen.currency.upper() != currency:
        return f"the charge is in {seen.currency.upper()}, the job in {currency}", False
    if foreign:
        return f"it was refunded elsewhere too: {' '.join(foreign)}", False
    if amount > seen.left_cents:
        return f"of the charge {seen.left_cents} are left, not {amount}", False
    return "", False
