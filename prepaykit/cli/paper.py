"""What `prepaykit paper` shows and writes beside its plan: differences of two typists, the workbook, the cash-up, the price check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from prepaykit.cli.shell import out, out_table, talk


def show_differences(table: Any, path: Path | None) -> None:
    """Say where two typists differ, field by field, to stderr; and as CSV into a file if one is named."""
    from prepaykit.report.export import write_csv
    from prepaykit.report.text import show_table

    if path is not None:
        talk(f"wrote {write_csv(table, path)}")
    numbers = table["envelope_no"].nunique()
    talk(show_table(table, rows=50, title=f"The two typists differ on {numbers} envelope{'' if numbers == 1 else 's'}:") if numbers
         else "The two typists agree on every envelope.")  # fmt: skip


def looked(
    job: Any, plan: Any, *, workbook: Path | None, cash_up: bool, price_check: bool, sheet: Path | None, csv: bool
) -> None:
    """Write and show what was asked for; without a plan, ends with 1 if a bag is not what was counted."""
    from prepaykit.report.cash_up import is_off, show_cash_up

    if workbook is not None:
        talk(f"wrote {job.paper_workbook(workbook)}\nNext: key the envelopes in it, then prepaykit paper {workbook}")
    if price_check:
        out_table(job.price_check(plan), csv=csv, rows=10_000)
    if sheet is not None:
        talk(f"wrote {job.draw_cash_up(sheet, plan=plan)}")
    if cash_up:
        bags = job.cash_up(plan)
        if csv:
            out_table(bags, csv=True)
        else:
            out(show_cash_up(bags, str(job.state.job["currency"])))
        if plan is None and is_off(bags):
            raise typer.Exit(1)
