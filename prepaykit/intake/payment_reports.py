"""Reports of payments as CSV: Stripe's itemised ones, the shop's list of payments, and what prepaykit itself read from Stripe.

Problem. Stripe's reports write 42.00, its API 4200; columns are chosen when a report is ordered; yen have no decimals and dinars three. Rule. Columns are found by their
heading, amounts are read digit by digit into whole smallest units of the row's own currency, and never become floats. Every row is read or said.

Worked case: `charge,12.30,0.66,11.64,usd` in a report of balance changes is a line of 1230, 66 and 1164 and a charge of 1230.

Known limits: a time in a column `created` (not `created_utc`) is in the report's own zone, which the report does not name: `timezone` says it.
A dispute in a report has no status: it counts as open until its reversal, or the API, says otherwise. Reports are CSV in UTF-8.
Source: refunds.md section 4 (columns, CSV types, reporting categories).
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from prepaykit.errors import NeighbourFailed, UsageError
from prepaykit.intake.cells import plain_name
from prepaykit.intake.reading import Read, simple
from prepaykit.tables.account import COLUMNS, EXPONENTS, KINDS, email_hash, entries
from prepaykit.tables.findings import found, together

ORDER_KEY = "order_key"
"""Name of the metadata field that holds the order's key, unless it is said otherwise."""
LINES = {
    "id": ("balance_transaction_id",),
    "at": ("created_utc", "created"),
    "settles_at": ("available_on_utc", "available_on"),
    "currency": ("currency",),
    "amount": ("gross",),
    "fee": ("fee",),
    "net": ("net",),
    "category": ("reporting_category",),
    "source_id": ("source_id",),
    "charge_id": ("charge_id",),
    "intent_id": ("payment_intent_id",),
    "payout_id": ("automatic_payout_id",),
    "arrives": ("automatic_payout_effective_at_utc", "automatic_payout_effective_at"),
    "text": ("description",),
    "paid_amount": ("customer_facing_amount",),
    "paid_currency": ("customer_facing_currency",),
    "email": ("customer_email",),
}
"""Stripe's itemised reports: `payout_reconciliation`, `balance_change_from_activity`, `ending_balance_reconciliation`."""
PAYMENTS = {
    "id": ("charge_id", "payment_id", "transaction_id", "payment_ref", "payment_reference", "id"),
    "intent_id": ("payment_intent_id", "payment_intent", "paymentintent id"),
    "session_id": ("checkout_session_id", "session_id", "checkout id"),
    "order_key": ("order_key", "key", "order_number", "order no"),
    "at": ("paid_at", "created (utc)", "created_utc", "created", "date", "payment date"),
    "amount": ("amount", "amount_paid", "gross", "total"),
    "currency": ("currency",),
    "status": ("status",),
    "email": ("customer_email", "email", "buyer_email"),
    "text": ("description",),
}
"""A list of payments, as a shop exports it."""
PAID = ("", "succeeded", "paid", "complete", "completed", "captured", "refunded", "partially refunded", "partial refund", "disputed")
UNPAID = ("failed", "canceled", "cancelled", "incomplete", "expired", "unpaid", "declined", "blocked", "uncaptured", "requires_payment_method", "requires_action")
_AMOUNT = re.compile(r"(?P<open>\()?(?P<minus>-)?(?P<whole>\d{1,15}|\d{1,3}(?:,\d{3})+)(?:\.(?P<part>\d{1,6}))?(?P<close>\))?")


def read_payments(path: str | Path, *, order_key: str = ORDER_KEY, timezone: str = "UTC", currency: str = "USD") -> Read:
    """Read one report into entries of the account book (`prepaykit.tables.account`), with `findings` for each row that cannot be taken.

    `order_key`: the metadata field with the order's key. `timezone`: of times without one. `currency`: of a shop's list that names none.
    Findings: file_empty, file_unreadable, column_missing, row_unusable, row_doubled. Raises UsageError when there is no such file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "balance.csv"
    ...     _ = file.write_text("balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id\\n"
    ...                         "txn_1,2026-09-01 10:00:00,usd,12.30,0.66,11.64,charge,ch_1\\n")
    ...     read_payments(file).table[["kind", "id", "amount_cents", "fee_cents"]].astype(object).values.tolist()
    [['line', 'txn_1', 1230, 66], ['charge', 'ch_1', 1230, <NA>]]
    """
    file, table = plain_name(path), _text_of(Path(path))
    if isinstance(table, str):
        return Read(entries(pd.DataFrame()), found("payments", table, file, ["file"], f"{file}: not a CSV file in UTF-8 with rows under headings"))
    if {"kind", "id", "amount_cents"} <= set(table.columns):
        return Read(_own(table), together())
    heads = {simple(h): h for h in reversed(table.columns)}
    layout = LINES if "balancetransactionid" in heads else PAYMENTS
    named = {ours: next((heads[simple(n)] for n in names if simple(n) in heads), None) for ours, names in layout.items()}
    needed = ("id", "at", "currency", "amount", "fee", "net", "category") if layout is LINES else ("amount",)
    missing = [layout[c][0] for c in needed if named[c] is None]
    if layout is PAYMENTS and not any(named[c] for c in ("id", "intent_id", "session_id")):
        missing.append("charge_id")
    if missing:
        detail = [f"{file}: no heading for {c}" for c in missing]
        return Read(entries(pd.DataFrame()), found("payments", "column_missing", file, missing, detail))
    rows = pd.DataFrame({c: table[h] if h else pd.Series(None, index=table.index, dtype="str") for c, h in named.items()})
    rows = rows.mask(rows == "").assign(row=table["row"], metadata_key=_metadata(table, order_key))
    return (_lines if layout is LINES else _payments)(rows, file, timezone, currency)


def in_smallest_units(texts: pd.Series, currencies: pd.Series) -> pd.Series:
    """Amounts as a report writes them, as whole smallest units of each row's currency (`Int64`); missing where that is not exact.

    >>> in_smallest_units(pd.Series(["12.3", "-1,234.50", "500", "1.234", "0.001", ""]), pd.Series(["usd", "USD", "JPY", "KWD", "USD", "USD"])).tolist()
    [1230, -123450, 500, 1234, <NA>, <NA>]
    """
    # Amounts and currencies come again and again: each pair is read once.
    which, pairs = pd.factorize(pd.MultiIndex.from_arrays([texts.fillna("").to_numpy(), currencies.fillna("").to_numpy()]))
    pairs = pairs.to_frame(index=False, name=["text", "currency"])
    return pd.Series(_units(pairs["text"].astype("str"), pairs["currency"].astype("str")).array[which], index=texts.index, dtype="Int64")


def _units(texts: pd.Series, currencies: pd.Series) -> pd.Series:
    parts = texts.str.strip().str.extract(f"^{_AMOUNT.pattern}$")
    places = currencies.str.upper().map(EXPONENTS).fillna(2).astype("int64")
    part = parts["part"].fillna("").str.rstrip("0")
    whole = parts["whole"].str.replace(",", "")
    is_exact = whole.notna() & (part.str.len() <= places) & (parts["open"].isna() == parts["close"].isna())
    units = pd.Series(0, index=texts.index, dtype="int64")
    for count in sorted(places.unique()):
        mine = is_exact & (places == count)
        units[mine] = (whole[mine] + part[mine].str.ljust(int(count), "0")).astype("int64")
    units = units.where(parts["minus"].isna() & parts["open"].isna(), -units)
    return units.astype("Int64").mask(~is_exact)


# --- kinds of files ----------------------------------------------------------------------------------------------------


def _lines(rows: pd.DataFrame, file: str, timezone: str, _: str) -> Read:
    """An itemised report: every row is a line, and tells of a charge, a refund, a dispute or a payout as well."""
    rows, findings = _with_values(rows, ("amount", "fee", "net"), file, timezone)
    line = rows.assign(kind="line", order_key=None, text=None).rename(columns={"amount": "amount_cents", "fee": "fee_cents", "net": "net_cents"})
    category, other = rows["category"].fillna(""), rows["source_id"].fillna(rows["charge_id"])
    charge = rows[category == "charge"]
    paid = in_smallest_units(charge["paid_amount"], charge["paid_currency"].fillna(charge["currency"]))
    parts = [line, pd.DataFrame({
        "kind": "charge", "id": charge["charge_id"].fillna(charge["source_id"]), "at": charge["at"], "intent_id": charge["intent_id"],
        "amount_cents": paid.fillna(charge["amount"]), "currency": charge["paid_currency"].where(paid.notna(), charge["currency"]).str.upper(),
        "order_key": charge["metadata_key"], "text": charge["text"], "email_hash": _hashes(charge["email"]),
    })]  # fmt: skip
    for kind, categories, status in (
        ("refund", ("refund", "partial_capture_reversal"), "succeeded"), ("refund", ("refund_failure",), "failed"),
        ("dispute", ("dispute",), "open"), ("dispute", ("dispute_reversal",), "won"),
        ("payout", ("payout",), "paid"), ("payout", ("payout_reversal",), "failed"),
    ):  # fmt: skip
        mine = rows[category.isin(categories)]
        amount = mine["amount"].abs() if kind != "payout" else -mine["amount"] if status == "paid" else mine["amount"]
        told = pd.DataFrame({"kind": kind, "id": other[mine.index], "at": mine["at"], "currency": mine["currency"], "amount_cents": amount, "status": status,
                             "charge_id": None if kind == "payout" else mine["charge_id"], "settles_at": mine["settles_at"] if kind == "payout" else pd.NaT})  # fmt: skip
        parts.append(told.dropna(subset="id"))
    automatic = rows.dropna(subset="payout_id").drop_duplicates("payout_id")
    arrives = _moments(automatic["arrives"], timezone)
    parts.append(pd.DataFrame({"kind": "payout", "id": automatic["payout_id"], "category": "automatic", "currency": automatic["currency"], "settles_at": arrives}))
    return Read(_joined(parts), findings)


def _payments(rows: pd.DataFrame, file: str, timezone: str, currency: str) -> Read:
    """A shop's list: every row that was paid is a charge, known by the best number that it has."""
    rows = rows.assign(currency=rows["currency"].fillna(currency), id=rows["id"].fillna(rows["intent_id"]).fillna(rows["session_id"]))
    status = rows["status"].fillna("").str.strip().str.lower()
    # A word that nobody knows must neither become money nor disappear: the row is said.
    rows = rows.assign(id=rows["id"].mask(~status.isin((*PAID, *UNPAID))))[~status.isin(UNPAID)]
    rows, findings = _with_values(rows, ("amount",), file, timezone)
    key = rows["order_key"].fillna(rows["metadata_key"])
    told = rows.assign(kind="charge", amount_cents=rows["amount"], order_key=key, status=None, email_hash=_hashes(rows["email"]))
    return Read(_joined([told]), findings)


def _own(table: pd.DataFrame) -> pd.DataFrame:
    """What prepaykit wrote of the API: smallest units already."""
    rows = table.drop(columns="row")
    rows = rows[[c for c in rows if c in COLUMNS]].mask(lambda t: t == "")
    for column, dtype in COLUMNS.items():
        if column in rows and dtype == "Int64":
            rows[column] = pd.to_numeric(rows[column]).astype("Int64")
        elif column in rows and dtype != "str":
            rows[column] = pd.to_datetime(rows[column], utc=True, format="ISO8601")
    return entries(rows[rows["kind"].isin(KINDS)])


# --- inside ------------------------------------------------------------------------------------------------------------


def _text_of(path: Path) -> pd.DataFrame | str:
    """The file as text with a column `row`; or the code of the finding that it earns."""
    if not path.is_file():
        raise UsageError(f"there is no file {plain_name(path)}: give the path of a report as CSV")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NeighbourFailed(f"{plain_name(path)} cannot be read: {error.strerror or type(error).__name__}") from None
    try:
        table = pd.read_csv(io.BytesIO(data), dtype="str", keep_default_na=False, encoding="utf-8-sig")
    except pd.errors.EmptyDataError:
        return "file_empty"
    except (UnicodeDecodeError, pd.errors.ParserError):
        return "file_unreadable"
    table.columns = [str(c).strip() for c in table.columns]
    return table.assign(row=range(2, len(table) + 2)) if len(table) else "file_empty"


def _with_values(rows: pd.DataFrame, amounts: tuple[str, ...], file: str, timezone: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows with amounts and moments read; those that lack a number or an exact amount are left out and said."""
    values: Mapping[str, pd.Series] = {c: in_smallest_units(rows[c], rows["currency"]) for c in amounts}
    times = {c: _moments(rows[c], timezone) for c in ("at", "settles_at") if c in rows}
    rows = rows.assign(**values, **times, currency=rows["currency"].str.upper())
    unusable = rows["id"].isna() | rows["currency"].isna() | rows[list(amounts)].isna().any(axis=1)
    if "net" in amounts:  # a line without a day is in no month: no sum would miss it
        unusable |= rows["at"].isna()
    doubled = ~unusable & rows.duplicated("id")
    numbers = rows["row"]
    findings = together(
        found("payments", "row_unusable", file, [f"row {n}" for n in numbers[unusable]],
              [f"{file} row {n}: it has no number, no currency, no amount that is exact in it, no readable time, or an unknown status" for n in numbers[unusable]]),
        found("payments", "row_doubled", file, [f"row {n}" for n in numbers[doubled]], [f"{file} row {n}: its number stands above already" for n in numbers[doubled]]),
    )  # fmt: skip
    return rows[~unusable & ~doubled], findings


def _moments(texts: pd.Series, timezone: str) -> pd.Series:
    """Times in UTC; those without a zone are of this one. What cannot be read is missing."""
    times = pd.to_datetime(texts, errors="coerce", format="ISO8601", utc=True).astype("datetime64[us, UTC]")
    if timezone == "UTC":
        return times
    bare = texts.fillna("").str.fullmatch(r"[\d\- T:.]+") & times.notna()
    local = times.dt.tz_localize(None).dt.tz_localize(timezone, ambiguous=True, nonexistent="shift_forward").dt.tz_convert("UTC")
    return times.mask(bare, local)


def _metadata(table: pd.DataFrame, field: str) -> pd.Series:
    """The order's key as it stands in the metadata columns of a report: `payment_metadata[order_key]`, or `order_key (metadata)`."""
    heads = (f"payment_metadata[{field}]", f"{field} (metadata)", f"metadata[{field}]")
    head = next((h for h in heads if h in table), None)
    keys = table[head].str.strip() if head else pd.Series("", index=table.index, dtype="str")
    return keys.mask(keys == "")


def _hashes(addresses: pd.Series) -> pd.Series:
    return addresses.map(email_hash).astype("str")


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return entries(pd.concat([entries(p[[c for c in p if c in COLUMNS]]) for p in parts], ignore_index=True))
