"""Reading a Stripe account into entries of the account book: all of it once, then only what has changed.

Problem. A season has a hundred thousand payments, and Stripe forgets what happened after 30 days; yet a refund fails, a dispute opens and a payout returns weeks later. Rule. The first
time everything is listed. Later only the balance since the last time, the events since then, and what the book has as not finished (refunds on their way, open disputes, payouts that
have not arrived) are read; of an event only the number counts: the thing itself is read anew, so order and repetition of events are of no account. After a pause of 29 days
refunds, disputes and payouts are listed as a whole again. Each automatic payout that was paid is itemised once.

Rows in: the account book as it is (`prepaykit.tables.account`), and Stripe. Rows out: entries, with one of kind `cursor`: `stripe-test` or `stripe-live`, read up to `at`,
by Stripe's own clock. Whatever was begun and not ended is read again: only the whole reading is handed on.

Worked case: 1,000 payments and 20 refunds of a day are 11 pages of the balance and one each of events, payouts, refunds and disputes; a payout that arrived that day with 1,000 lines
is 10 or 11 more: each line is read when it was made and when it was paid out, and a page has 100.

Known limits: a metadata field that was changed after the payment is not seen; read anew with `since`. Connected accounts are not read. Two accounts of one studio are not told apart.
Source: refunds.md sections 1, 3 and 4.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

import pandas as pd
import stripe

from prepaykit.adapters.stripe.objects import entries_of, id_of, key_of
from prepaykit.adapters.stripe.pages import LIMIT, Pages
from prepaykit.errors import NeighbourFailed, Refused
from prepaykit.tables.account import entries, of_kind

EVENTS = ("refund.created", "refund.updated", "refund.failed", "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
          "payout.paid", "payout.failed", "payout.updated", "charge.refunded")  # fmt: skip
OVERLAP = pd.Timedelta(hours=1)
"""What is read twice: requests that were on their way at the last reading, and Stripe's clocks among each other."""
EVENTS_LAST = pd.Timedelta(days=29)
BEFORE = pd.Timedelta(days=1)
"""A PaymentIntent or Checkout Session is made before its charge: so much earlier ones are looked through."""
UNFINISHED = {
    "refund": ("pending", "requires_action"),
    "dispute": ("open", "needs_response", "under_review", "warning_needs_response", "warning_under_review"),
    "payout": ("pending", "in_transit"),
}


@dataclass(frozen=True)
class Told:
    """A reading: `entries` of the account book, how many requests it took (of these, to itemise payouts), and up to when it reaches."""

    entries: pd.DataFrame
    requests: int
    requests_of_payouts: int
    up_to: pd.Timestamp


def read_account(client: stripe.StripeClient, book: pd.DataFrame, *, is_live: bool, since: pd.Timestamp | None = None, order_key: str = "order_key",
                 sessions: Collection[str] = (), pause: Callable[[float], object] = time.sleep) -> Told:  # fmt: skip
    """Read what the book does not have yet. `since`: from then on, everything anew. `sessions`: Checkout Sessions that orders name. `pause`: how to wait when Stripe is busy.

    Raises Refused if the book holds the other kind of money, NeighbourFailed if Stripe cannot be asked; then nothing was read.

    >>> from prepaykit.adapters.stripe.client import open_client
    >>> live = entries(pd.DataFrame({"kind": ["cursor"], "id": ["stripe-live"], "category": ["live"]}))
    >>> read_account(open_client("rk_test_1"), live, is_live=False)
    Traceback (most recent call last):
    prepaykit.errors.Refused: payments/ holds what was read with a live key; a test key is not mixed with it. Use a studio of its own for trying things
    """
    cursor = _cursor(book, is_live)
    reading = _Reading(Pages(client, is_live=is_live, pause=pause), book, order_key)
    if cursor is not None:
        reading.what_changed(cursor)
    if cursor is None or since is not None:
        reading.everything(since)
    before = reading.pages.requests
    reading.itemise()
    of_payouts = reading.pages.requests - before
    reading.keys()
    reading.sessions_of(sessions)
    up_to = reading.pages.now
    if up_to is None:
        raise NeighbourFailed("Stripe's answers did not say what time it is; nothing was read.")
    mode = "live" if is_live else "test"
    row = pd.DataFrame({"kind": ["cursor"], "id": [f"stripe-{mode}"], "at": [up_to], "category": [mode]})
    return Told(pd.concat([reading.entries(), entries(row)], ignore_index=True), reading.pages.requests, of_payouts, up_to)


def _cursor(book: pd.DataFrame, is_live: bool) -> pd.Timestamp | None:
    """Up to when the account was read; Refused if it was the other kind of money."""
    cursors = of_kind(book, "cursor")
    mine, other = ("live", "test") if is_live else ("test", "live")
    if (cursors["category"] == other).any():
        raise Refused(f"payments/ holds what was read with a {other} key; a {mine} key is not mixed with it. Use a studio of its own for trying things")
    return cursors["at"].max() if len(cursors) else None


class _Reading:
    """What was read so far, by number: the last that was read of a thing counts."""

    def __init__(self, pages: Pages, book: pd.DataFrame, order_key: str) -> None:
        self.pages, self.book, self.order_key = pages, book, order_key
        self.asks_keys_since = 0
        self.lines: dict[str, dict] = {}
        self.things: dict[str, dict] = {}
        self.payout_of: dict[str, str] = {}
        self.ways: list[dict] = []
        v1 = pages.v1
        self.lists = {"refund": v1.refunds, "dispute": v1.disputes, "payout": v1.payouts}

    def entries(self) -> pd.DataFrame:
        """All of it as entries."""
        parts = [entries_of([*self.lines.values(), *self.things.values()], order_key=self.order_key, payout_of=self.payout_of), entries(pd.DataFrame(self.ways))]
        return pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)

    def everything(self, since: pd.Timestamp | None) -> None:
        """The whole account, or what was made since."""
        self.asks_keys_since = 0
        for name in self.lists:
            self._list_things(name, since)
        self._list_lines(since)

    def what_changed(self, cursor: pd.Timestamp) -> None:
        """The balance and the events since the cursor, and what the book has as not finished."""
        start = cursor - OVERLAP
        self.asks_keys_since = start.timestamp()
        events = self.pages.listed(self.pages.v1.events.list, types=list(EVENTS), **_made(start))
        # Whatever is read from here on is at least as new as these events.
        if self.pages.now is not None and self.pages.now - cursor > EVENTS_LAST:
            for name in self.lists:
                self._list_things(name, None)
            self._list_lines(start)
            return
        self._list_lines(start)
        # Payouts are few: one list from the oldest that has not arrived.
        self._list_things("payout", min([start, *(pd.Timestamp(at, unit="s", tz="UTC") for at in self._unfinished("payout").values())]))
        changed = {e["id"]: e["data"]["object"] for e in events}.values()
        for name in self.lists:
            self._read_anew(name, {o["id"]: o["created"] for o in changed if o["object"] == name} | self._unfinished(name))
        self._refunds_of([o for o in changed if o["object"] == "charge"])

    def itemise(self) -> None:
        """The lines of each automatic payout that was paid (or came back since), if they are not known."""
        known, read = set(self._known_charges().dropna(subset="amount_cents")["id"]), set(self.things)
        for payout in [t for t in self.things.values() if t["object"] == "payout" and t["automatic"] and t["status"] in ("paid", "failed")]:
            if payout.get("reconciliation_status") == "completed" and not self._is_known(payout):
                lines = self.pages.listed(self.pages.v1.balance_transactions.list, payout=payout["id"], expand=["data.source"])
                self._take(lines)
                self.payout_of |= {line["id"]: payout["id"] for line in lines}
        # A payment that the book has and that was only met again here need not be written down once more.
        self.things = {number: told for number, told in self.things.items() if number in read or number not in known}

    def keys(self) -> None:
        """The order's key of those new payments that do not carry it, from their PaymentIntents."""
        known = self._known_charges()
        told_already, has_key = set(known["id"]), set(known.dropna(subset="order_key")["id"])
        bare = [c for c in self._charges() if key_of(c, self.order_key) is None and c.get("payment_intent") and c["id"] not in has_key]
        wanted = {id_of(c["payment_intent"]): c for c in bare if c["id"] not in told_already or c["created"] >= self.asks_keys_since}
        if not wanted:
            return
        start = min(c["created"] for c in wanted.values())
        intents = self.pages.v1.payment_intents
        told: list[dict] = []
        if len(wanted) > 1 + len(self._charges()) // LIMIT:
            told = self.pages.listed(intents.list, **_made(pd.Timestamp(start, unit="s", tz="UTC") - BEFORE))
        for number in sorted(set(wanted) - {i["id"] for i in told}):
            told += self.pages.one(intents.retrieve, number)
        for intent in told:
            key = key_of(intent, self.order_key)
            if key and intent["id"] in wanted:
                self.ways.append({"kind": "charge", "id": wanted[intent["id"]]["id"], "order_key": key})

    def sessions_of(self, names: Collection[str]) -> None:
        """The charges of Checkout Sessions that orders name and the book does not know."""
        known = self._known_charges()
        wanted = set(names) - set(known["session_id"].dropna())
        charge_of = known.dropna(subset="intent_id").set_index("intent_id")["id"].to_dict() | {id_of(c["payment_intent"]): c["id"] for c in self._charges() if c.get("payment_intent")}
        api = self.pages.v1.checkout.sessions
        if len(wanted) > 1 + len(charge_of) // LIMIT:
            # This list takes no time: it is left at the first one that is older than every payment.
            oldest = min([*known["at"].dropna().map(pd.Timestamp.timestamp), *(c["created"] for c in self._charges())], default=0) - BEFORE.total_seconds()
            told = self.pages.listed(api.list, until=lambda session: session["created"] < oldest)
        else:
            told = [s for name in sorted(wanted) for s in self.pages.one(api.retrieve, name)]
        self.ways += [{"kind": "charge", "id": charge_of[id_of(s["payment_intent"])], "session_id": s["id"], "order_key": key_of(s, self.order_key)}
                      for s in told if s["id"] in wanted and id_of(s.get("payment_intent")) in charge_of]  # fmt: skip

    # --- parts ----------------------------------------------------------------------------------------------------------

    def _known_charges(self) -> pd.DataFrame:
        return of_kind(self.book, "charge")

    def _charges(self) -> list[dict]:
        return [t for t in self.things.values() if t["object"] == "charge"]

    def _take(self, objects: list[dict]) -> None:
        for told in objects:
            if told["object"] == "balance_transaction":
                self.lines[told["id"]] = told
                told = told["source"] if isinstance(told["source"], dict) else None
            if told:
                self.things[told["id"]] = told

    def _list_lines(self, since: pd.Timestamp | None) -> None:
        self._take(self.pages.listed(self.pages.v1.balance_transactions.list, expand=["data.source"], **_made(since)))

    def _list_things(self, name: str, since: pd.Timestamp | None) -> None:
        self._take(self.pages.listed(self.lists[name].list, **_made(since)))

    def _unfinished(self, name: str) -> dict[str, int]:
        """Number → when it was made, of what the book has as not finished; of payouts also those whose lines it lacks."""
        rows = of_kind(self.book, name).dropna(subset="at")
        is_open = rows["status"].isin(UNFINISHED[name])
        if name == "payout":
            sums = _sums(self.book)
            is_open |= (rows["category"] == "automatic") & rows["status"].isin(["paid", "failed"]) & (rows["id"].map(sums).fillna(0) != rows["amount_cents"].fillna(0))
        return {number: int(at.timestamp()) for number, at in zip(rows.loc[is_open, "id"], rows.loc[is_open, "at"], strict=True)}

    def _read_anew(self, name: str, numbers: dict[str, int]) -> None:
        """Read these that were not read yet: one by one, or as a list back to the oldest, whatever takes fewer requests."""
        left = {n: at for n, at in numbers.items() if n not in self.things}
        if not left:
            return
        start = pd.Timestamp(min(left.values()), unit="s", tz="UTC")
        since = int((of_kind(self.book, name)["at"] >= start).sum()) + len(left)
        if len(left) > 1 + since // LIMIT:
            self._list_things(name, start)
        for number in sorted(set(left) - set(self.things)):
            self._take(self.pages.one(self.lists[name].retrieve, number))

    def _refunds_of(self, charges: list[dict]) -> None:
        """The refunds of charges that an event calls refunded, unless every one of them was read: what was read comes to what the charge says."""
        read = Counter()
        for told in self.things.values():
            if told["object"] == "refund":
                read[id_of(told.get("charge"))] += told["amount"]
        for charge in sorted({c["id"] for c in charges if c["id"] not in read or read[c["id"]] < c["amount_refunded"]}):
            self._take(self.pages.listed(self.pages.v1.refunds.list, charge=charge))

    def _is_known(self, payout: dict) -> bool:
        return int(_sums(self.book).get(payout["id"], 0)) == payout["amount"]


def _made(since: pd.Timestamp | None) -> dict:
    return {} if since is None else {"created": {"gte": int(since.timestamp())}}


def _sums(book: pd.DataFrame) -> pd.Series:
    """Payout → sum of the net of its lines in the book, as `prepaykit.rules.payouts` counts them."""
    lines = of_kind(book, "line").dropna(subset="payout_id")
    own = (lines["category"] == "payout_reversal") & (lines["source_id"] == lines["payout_id"])
    return lines[~own & (lines["category"] != "payout")].groupby("payout_id")["net_cents"].sum()
