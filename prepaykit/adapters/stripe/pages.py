"""Asking Stripe's lists page by page: counted, patient when it is busy, and stopped at once when it speaks of other money than was asked for.

Problem. A season is a thousand pages; Stripe answers 429 when it is asked too fast, its library does not try that again, and a walk that was begun anew would never end.
Rule. A page is asked for until it comes, with longer and longer waits; the walk goes on after the last row that came. Reading twice harms nobody, so a lost connection and an
error of Stripe's own are tried again as well. Everything that has `livemode` must say what the key says.

Source: refunds.md section 1 (429 is not retried, `.to_dict()` at the boundary, lists lag behind nothing).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

import pandas as pd
import stripe

from prepaykit.adapters.stripe.refunds import failed_to_ask
from prepaykit.errors import Refused

LIMIT = 100
WAITS_S = (0.5, 1, 2, 4, 8, 16, 32)
"""How long to wait before each further try of one page."""
AGAIN = (stripe.RateLimitError, stripe.APIConnectionError, stripe.APIError)


class Pages:
    """Stripe's lists. `client` is one of `open_client`; `requests` counts every try; `now` is what time Stripe said it was at the first answer."""

    def __init__(self, client: stripe.StripeClient, *, is_live: bool, pause: Callable[[float], object] = time.sleep) -> None:
        self.v1, self._is_live, self._pause = client.v1, is_live, pause
        self.requests, self.now = 0, None

    def __repr__(self) -> str:
        return f"Pages({self.requests} requests)"

    def listed(self, ask: Callable, until: Callable[[dict], bool] | None = None, **params: object) -> list[dict]:
        """All rows of a list, newest first as Stripe gives them; no further page once `until` is true of a row."""
        rows: list[dict] = []
        page: dict = {"has_more": True}
        while page["has_more"] and not (until and rows and until(rows[-1])):
            after = {"starting_after": rows[-1]["id"]} if rows else {}
            page = self._asked(lambda after=after: ask({"limit": LIMIT, **params, **after}))
            rows += page["data"]
        self._require_same_money(rows)
        return rows

    def one(self, ask: Callable, number: str) -> list[dict]:
        """The object of this number; none if Stripe has none."""
        try:
            row = self._asked(lambda: ask(number))
        except stripe.InvalidRequestError as error:
            if error.http_status == 404:
                return []
            raise failed_to_ask(error) from None
        self._require_same_money([row])
        return [row]

    def _asked(self, ask: Callable) -> dict:
        for wait in (*WAITS_S, None):
            self.requests += 1
            try:
                answer = ask()
            except AGAIN as error:
                if wait is None:
                    raise failed_to_ask(error) from None
                self._pause(wait)
            except stripe.InvalidRequestError as error:
                if error.http_status == 404:
                    raise
                raise failed_to_ask(error) from None
            except stripe.StripeError as error:
                raise failed_to_ask(error) from None
            else:
                self.now = self.now or _moment_of(getattr(answer.last_response, "headers", None) or {})
                return answer.to_dict()
        raise AssertionError("the last try ends the walk")

    def _require_same_money(self, rows: list[dict]) -> None:
        if any(row.get("livemode", self._is_live) is not self._is_live for row in rows):
            said = "test" if self._is_live else "live"
            raise Refused(f"Stripe answered a {'live' if self._is_live else 'test'} key with {said} objects; nothing was kept. Look at the key")


def _moment_of(headers: Mapping[str, str]) -> pd.Timestamp | None:
    """Stripe's own clock: the `Date` of an answer.

    >>> _moment_of({"Date": "Fri, 02 Oct 2026 08:00:00 GMT"})
    Timestamp('2026-10-02 08:00:00+0000', tz='UTC')
    """
    said = headers.get("Date") or headers.get("date")
    return pd.Timestamp(parsedate_to_datetime(said)).tz_convert("UTC") if said else None
