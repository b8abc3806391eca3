"""Money is whole cents with a currency; nothing here ever makes a float.

Text comes in from files people typed (`"$1,234.50"`, `"12"`, `"1.234,50"`), cents go out; and back again for display.

>>> to_cents("$1,234.50"), to_cents("19,99"), to_cents("12"), to_cents("(3.00)")
(123450, 1999, 1200, -300)
>>> show_cents(123450, "USD")
'$1,234.50'
"""

from __future__ import annotations

import re

SIGNS = {"USD": "$", "CAD": "$", "EUR": "€", "GBP": "£"}

_CURRENCY = r"(?:[$€£]|[A-Za-z]{3}\b)?"
_AMOUNT = re.compile(
    rf"""(?P<open>\()? \s* (?P<minus>-)? \s* {_CURRENCY} \s* (?P<minus_after>-)? \s*
    (?P<whole> \d{{1,3}}(?:,\d{{3}})+ (?!,\d) | \d{{1,3}}(?:\.\d{{3}})+ (?!\.\d) | \d* )
    (?: [.,] (?P<fraction>\d{{1,2}}) )? \s* {_CURRENCY} \s* (?P<close>\))?""",
    re.VERBOSE,
)


def to_cents(text: object) -> int:
    """Read an amount as a person wrote it, exactly, as whole cents.

    A point or comma followed by one or two last digits is the decimal sign; groups of three digits are thousands. A currency
    sign or three-letter code may stand before or after it; brackets or a minus make it negative. Raises ValueError for
    anything else: nothing is rounded and nothing is guessed.
    """
    raw = str(text).strip()
    found = _AMOUNT.fullmatch(raw)
    if not found or not (found["whole"] or found["fraction"]) or bool(found["open"]) != bool(found["close"]):
        raise ValueError(f"not an amount of money: {raw!r}")
    whole = found["whole"].replace(",", "").replace(".", "")
    cents = int(whole or 0) * 100 + int((found["fraction"] or "0").ljust(2, "0"))
    return -cents if found["open"] or found["minus"] or found["minus_after"] else cents


def show_cents(amount_cents: int, currency: str = "USD") -> str:
    """Cents as a person reads them: `$1,234.50`, or `1,234.50 SEK` for a currency without a sign here."""
    sign = "-" if amount_cents < 0 else ""
    whole, cents = divmod(abs(int(amount_cents)), 100)
    body = f"{whole:,}.{cents:02d}"
    return f"{sign}{SIGNS[currency]}{body}" if currency in SIGNS else f"{sign}{body} {currency}"
