"""Stripe's client with its traps kept out, and the key, which nobody ever sees.

The key comes from the environment or the keyring, never from a cell, a parameter or a file of ours. Traps (refunds.md section 1): telemetry writes a file at the first
call, so it is off before any; a client retries nothing and waits 80 seconds unless told; a refund is sent without retries of the library,
because whoever sends it looks first and knows what to do when no answer comes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import stripe

from prepaykit.errors import Refused, UsageError

stripe.enable_telemetry = False

KEY = "PREPAYKIT_STRIPE_KEY"
"""The variable of the environment, and the name in the keyring, of the key, to refund and to read payments."""
BASE = "PREPAYKIT_STRIPE_BASE"
"""Another address than Stripe's own, on this machine only: for tests."""
KEYRING = "prepaykit-stripe"
TIMEOUT_S = (5, 30)
_KEY = re.compile(r"(?:sk|rk)_(test|live)_\w+")
_OWN_MACHINE = re.compile(r"https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?/?")


def find_key(environ: Mapping[str, str]) -> str | None:
    """The key: from the environment, else from the keyring where that is installed; None if there is none.

    >>> find_key({"PREPAYKIT_STRIPE_KEY": " rk_test_1 "})
    'rk_test_1'
    """
    if environ.get(KEY, "").strip():
        return environ[KEY].strip()
    try:
        import keyring
    except ImportError:
        return None
    try:
        found = keyring.get_password(KEYRING, KEY)
    except keyring.errors.KeyringError:
        return None  # a machine without a place for keys: there is none
    return found.strip() if found else None


def is_live(key: str) -> bool:
    """Does real money move with this key? UsageError, without the key in it, for what is no secret or restricted key."""
    form = _KEY.fullmatch(key)
    if form is None:
        raise UsageError("the key of Stripe is not one that begins with rk_test_, rk_live_, sk_test_ or sk_live_; a restricted key (rk_) is enough")
    return form[1] == "live"


def open_client(key: str, *, live: bool = False, base: str | None = None, retries: int = 0) -> stripe.StripeClient:
    """A client for this key. Raises Refused for a live key unless `live`, and for a `base` that is not on this machine.

    `retries`: how often the library tries a call again by itself; none for what refunds.
    """
    if is_live(key) and not live:
        raise Refused("the key of Stripe is a live one: real money would move. Say so (--live), or use a test key")
    address = {}
    if base:
        if not _OWN_MACHINE.fullmatch(base):
            raise Refused(f"{BASE} may only name this machine; unset it to use Stripe's own address")
        address = {"base_addresses": {"api": base}}
    return stripe.StripeClient(key, max_network_retries=retries, http_client=stripe.RequestsClient(timeout=TIMEOUT_S), **address)
