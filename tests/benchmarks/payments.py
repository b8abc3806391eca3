"""How long 100,000 payments take from Stripe's report to a CSV that says whose each is: python -m tests.benchmarks.payments

Side by side in one run, with the floor: pandas reading the same report as text and writing as many rows. Memory is what the process held at its most beyond
what it held with the report's orders loaded.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from prepaykit.intake.payment_reports import read_payments
from prepaykit.report.export import write_csv
from prepaykit.rules.payment_matching import OrdersToPay, match_payments
from prepaykit.tables.account import merged

DAY = pd.Timestamp("2026-09-01", tz="UTC")


def main() -> None:
    """Print the figures."""
    given = argparse.ArgumentParser()
    given.add_argument("--payments", type=int, default=100_000)
    count = given.parse_args().payments
    with tempfile.TemporaryDirectory() as folder:
        report, out = Path(folder) / "report.csv", Path(folder) / "out.csv"
        report_of(count).to_csv(report, index=False)
        wanted = orders_of(count)
        before, begun = most_mib(), time.perf_counter()
        book, findings = merged([read_payments(report).table])
        read = time.perf_counter()
        matched = match_payments(book, wanted)
        done = time.perf_counter()
        write_csv(matched.shares, out, for_excel=False)
        end, most = time.perf_counter(), most_mib()
        pd.read_csv(report, dtype="str", keep_default_na=False).iloc[:, :8].to_csv(out, index=False)
        floor = time.perf_counter() - end
    print(f"{count:,} payments: read {read - begun:.2f} s, match {done - read:.2f} s, write {end - done:.2f} s; together {end - begun:.2f} s, {(end - begun) / floor:.1f} times pandas alone")
    print(f"memory: {most:.0f} MiB at most, {most - before:.0f} more than with the orders alone")
    print(f"matched {matched.shares['charge_id'].nunique():,}, of nobody {len(matched.strays):,}, findings {len(findings)}")


def report_of(count: int) -> pd.DataFrame:
    """An itemised report; half of the payments are known by their number, half by their key."""
    n = np.arange(count)
    at = (DAY + pd.to_timedelta(n * 20, unit="s")).strftime("%Y-%m-%d %H:%M:%S")
    return pd.DataFrame({
        "balance_transaction_id": [f"txn_{i:08d}" for i in n], "created_utc": at, "available_on_utc": at, "currency": "usd", "gross": "42.00", "fee": "1.52", "net": "40.48",
        "reporting_category": "charge", "source_id": [f"ch_{i:08d}" for i in n], "charge_id": [f"ch_{i:08d}" for i in n], "payment_intent_id": [f"pi_{i:08d}" for i in n],
        "description": "Pictures", "automatic_payout_id": [f"po_{i // 1000:05d}" for i in n], "payment_metadata[order_key]": [f"KEY-{i:08d}" if i % 2 else "" for i in n],
    })  # fmt: skip


def orders_of(count: int) -> OrdersToPay:
    """The orders of forty jobs."""
    n = np.arange(count)
    orders = pd.DataFrame({"job": [f"job-{i % 40}" for i in n], "order_id": n, "order_no": n.astype("str"), "origin": "online", "order_key": [f"KEY-{i:08d}" for i in n], "status": "open",
                           "currency": "USD", "placed_at": DAY, "email_hash": None, "expected_cents": 4200}).astype({"email_hash": "str", "placed_at": "datetime64[us, UTC]"})  # fmt: skip
    references = orders[orders["order_id"] % 2 == 0].assign(reference=[f"pi_{i:08d}" for i in n if i % 2 == 0], amount_cents=4200)
    said = pd.DataFrame({"charge_id": pd.Series(dtype="str"), "job": pd.Series(dtype="str"), "order_id": pd.Series(dtype="int64")})
    return OrdersToPay(orders, references[["job", "order_id", "reference", "amount_cents"]], said, said.rename(columns={"charge_id": "known_as"}))


def most_mib() -> float:
    """What this process held at its most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
