"""What `prepaykit paper` shows and writes beside its plan: differences of two typists, the workbook, the cash-up, the deposit slip, the price check."""

from __future__ import annotations

from collections.abc import Sequence
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
    job: Any,
    plan: Any,
    *,
    workbook: Path | None,
    cash_up: bool,
    price_check: bool,
    sheet: Path | None,
    csv: bool,
    deposit_slip: Path | None = None,
    deposit_bags: Sequence[str] = (),
) -> None:
    """Write and show what was asked for; without a plan, ends with 1 if a bag is not what was counted or a deposit leaves something out."""
    from prepaykit.report.cash_up import is_off, show_cash_up

    if workbook is not None:
        talk(f"wrote {job.paper_workbook(workbook)}\nNext: key the envelopes in it, then prepaykit paper {workbook}")
    if price_check:
        out_table(job.price_check(plan), csv=csv, rows=10_000)
    if sheet is not None:
        talk(f"wrote {job.draw_cash_up(sheet, plan=plan)}")
    is_clean = deposit_slip is None or _deposited(job, plan, deposit_slip, deposit_bags, csv=csv)
    if cash_up:
        bags = job.cash_up(plan)
        if csv:
            out_table(bags, csv=True)
        else:
            out(show_cash_up(bags, str(job.state.job["currency"])))
        is_clean = is_clean and not is_off(bags)
    if plan is None and not is_clean:
        raise typer.Exit(1)


def _deposited(job: Any, plan: Any, path: Path, bags: Sequence[str], *, csv: bool) -> bool:
    """Write the deposit slip and show it (its checks, as CSV); is there nothing to look at?"""
    from prepaykit.report.deposit_slip import show_deposit

    slip = job.deposit(bags, plan=plan)
    talk(f"wrote {job.draw_deposit_slip(path, bags, plan=plan)}")
    if csv:
        out_table(slip.checks, csv=True, rows=10_000)
    else:
        out(show_deposit(slip, str(job.state.job["currency"])))
    return slip.is_clean
