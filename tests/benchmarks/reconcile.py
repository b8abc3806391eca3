"""How long the reconciliation of 100,000 payments of forty jobs takes, from the account book to the workbook: python -m tests.benchmarks.reconcile

Side by side in one run: the tables, the workbook with its CSVs, and one of its sheets as pandas and openpyxl write it, for a tenth of the rows.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import pandas as pd

from prepaykit.intake.payment_reports import read_payments
from prepaykit.report.season_tables import season_tables
from prepaykit.report.season_workbook import write_season
from prepaykit.rules.reconciling import Season
from prepaykit.tables.account import merged
from prepaykit.tables.state import JobState
from tests.benchmarks.payments import DAY, most_mib, report_of
from tests.jobs import NOW, job

JOBS = 40


def main() -> None:
    """Print the figures."""
    given = argparse.ArgumentParser()
    given.add_argument("--payments", type=int, default=100_000)
    count = given.parse_args().payments
    states = jobs_of(count)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.csv"
        report_of(count).to_csv(report, index=False)
        book, _ = merged([read_payments(report).table])
        before, begun = most_mib(), time.perf_counter()
        tables = season_tables(Season.of(states, book), now=NOW)
        made, held = time.perf_counter(), most_mib()
        write_season(tables, folder, title="Season", currencies={}, now=NOW)
        done, most = time.perf_counter(), most_mib()
        few = tables["Payments"].head(count // 10)
        few.assign(paid_at=few["paid_at"].dt.tz_localize(None)).to_excel(Path(folder) / "floor.xlsx", index=False, engine="openpyxl")
        floor = time.perf_counter() - done
    cells = sum(table.size for table in tables.values())
    print(f"{count:,} payments of {JOBS} jobs: tables {made - begun:.1f} s, workbook and CSVs {done - made:.1f} s ({cells:,} cells); together {done - begun:.1f} s")
    print(f"{cells / (done - made) / 1e3:.0f} thousand cells a second, both files; openpyxl, workbook alone: {few.size / floor / 1e3:.0f} thousand")
    print(f"memory: {before:.0f} MiB before, {held:.0f} with the tables, {most:.0f} at most")
    print(f"differences: {tables['Equations']['difference_cents'].abs().sum()} cents in {len(tables['Equations'])} sums; exceptions {len(tables['Exceptions'])}")


def jobs_of(count: int) -> list[JobState]:
    """Forty jobs, whose orders the report of the benchmark of payments is about."""
    one = job(count // JOBS)
    return [_renumbered(one, n, count // JOBS) for n in range(JOBS)]


def _renumbered(state: JobState, number: int, size: int) -> JobState:
    at = state.orders["order_id"] - 1 + number * size
    references = [f"pi_{i:08d}" if i % 2 == 0 else None for i in at]
    jobs = state.tables["jobs"].assign(name=f"job-{number}")
    cents = {"amount_cents": 4200}
    return state.replace(jobs=jobs, orders=state.orders.assign(order_key=[f"KEY-{i:08d}" for i in at], placed_at=DAY, total_cents=4200, paid_cents=4200),
                         payments=state.payments.assign(reference=pd.Series(references, dtype="str"), **cents), postings=state.postings.assign(**cents))  # fmt: skip


if __name__ == "__main__":
    main()
