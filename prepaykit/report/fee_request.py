"""The letter that claims service fees back: one for all orders that wait, with their keys, amounts and dates, and never a name."""

from __future__ import annotations

import pandas as pd

from prepaykit.money import show_cents


def fee_request(queue: pd.DataFrame, *, job: str, school: str, currency: str) -> str:
    """The text of a request for the fees that are to be claimed. `queue`: as `prepaykit.decide.fees.fee_queue` gives it; those asked for already are left out.

    >>> none = pd.DataFrame({c: [] for c in ("order_no", "order_key", "amount_cents", "status", "cancelled_at")})
    >>> fee_request(none, job="maple-grove-2026", school="Maple Grove", currency="USD")
    ''
    """
    rows = queue[queue["status"] == "to_claim"]
    if not len(rows):
        return ""
    lines = [_line(row, currency) for row in rows.itertuples()]
    total = show_cents(int(rows["amount_cents"].sum()), currency)
    orders = "order was" if len(rows) == 1 else "orders were"
    return "\n".join([
        f"Subject: Service fees of cancelled orders, job {job}",
        "",
        f"The following {orders} cancelled before production ({school}). Please credit the service fees that were charged:",
        "",
        *lines,
        "",
        f"Total: {total}",
    ])  # fmt: skip


def _line(row: object, currency: str) -> str:
    key = f" (order key {row.order_key})" if pd.notna(row.order_key) else ""
    day = f", cancelled {row.cancelled_at:%Y-%m-%d}" if pd.notna(row.cancelled_at) else ""
    return f"- order {row.order_no}{key}: {show_cents(int(row.amount_cents), currency)}{day}"
