"""Money is whole cents with a currency; nothing here ever makes a float.

Text comes in from files people typed (`"$1,234.50"`, `"12"`, `"1.234,50"`), cents go out; and back again for display.

>>> to_cents("$1,234.50"), to_cents("19,99"), to_cents("12"), to_cents("(3.00)")
(123450, 1999, 1200, -300)
>>> show_cents(123450, "USD")
'$1,234.50'
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

SIGNS = {"USD": "$", "CAD": "$", "EUR": "€", "GBP": "£"}

_KEPT = re.compile(r"[^\d.,\-()]")


def to_cents(text: object) -> int:
    """Read an amount as a person wrote it, exactly, as whole cents.

    The last point or comma followed by one or two digits is the decimal sign; the others group thousands.
    Raises ValueError for anything that is not an amount, or that has fractions of a cent: nothing is rounded.
    """
    raw = str(text).strip()
    kept = _KEPT.sub("", raw)
    negative = kept.startswith("-") or (kept.startswith("(") and kept.endswith(")"))
    kept = kept.strip("()-")
    cut = max(kept.rfind("."), kept.rfind(","))
    if cut >= 0 and len(kept) - cut - 1 != 3:
        whole, fraction = kept[:cut], kept[cut + 1 :]
    else:
        whole, fraction = kept, ""
    whole = whole.replace(".", "").replace(",", "")
    if not (whole or fraction) or len(fraction) > 2 or re.search(r"[A-Za-z]{4,}", raw):
        raise ValueError(f"not an amount of money: {raw!r}")
    try:
        value = Decimal(f"{whole or '0'}.{fraction or '0'}")
    except InvalidOperation:
        raise ValueError(f"not an amount of money: {raw!r}") from None
    cents = int(value * 100)
    return -cents if negative else cents


def show_cents(amount_cents: int, currency: str = "USD") -> str:
    """Cents as a person reads them: `$1,234.50`, or `1,234.50 SEK` for a currency without a sign here."""
    sign = "-" if amount_cents < 0 else ""
    whole, cents = divmod(abs(int(amount_cents)), 100)
    body = f"{whole:,}.{cents:02d}"
    return f"{sign}{SIGNS[currency]}{body}" if currency in SIGNS else f"{sign}{body} {currency}"
