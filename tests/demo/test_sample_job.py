"""The sample job that is kept with the package can be read from end to end."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd

from prepaykit.decide.names import plan_names
from prepaykit.decide.orders import plan_orders
from prepaykit.decide.paper import plan_paper
from prepaykit.decide.prices import plan_prices
from prepaykit.intake.names_list import read_names
from prepaykit.intake.online_orders import read_orders
from prepaykit.intake.paper_orders import read_paper_orders
from prepaykit.intake.price_list import read_prices
from prepaykit.tables.state import JobState

SAMPLE = Path(__file__).parents[2] / "data" / "jobs" / "maple-grove-2026"
NOW = pd.Timestamp("2026-09-20T12:00:00Z")


def test_the_sample_job_comes_in_with_two_known_remarks_only():
    state = JobState.new(**tomllib.loads((SAMPLE / "job.toml").read_text(encoding="utf-8")))
    names, prices = read_names(SAMPLE / "names.csv"), read_prices(SAMPLE / "prices.csv")
    orders, paper = read_orders(SAMPLE / "orders.csv"), read_paper_orders(SAMPLE / "paper_orders.csv")
    state = state.after(plan_names(state, names.table, seed=1, findings=names.findings, now=NOW))
    state = state.after(plan_prices(state, prices.table, findings=prices.findings))
    state = state.after(plan_orders(state, orders.table, findings=orders.findings, now=NOW))
    state = state.after(plan_paper(state, paper.table, findings=paper.findings, now=NOW))
    assert (len(state.subjects), len(state.groups), len(state.orders)) == (12, 2, 9)
    assert set(state.subjects["access_code"]) == set(names.table["access_code"])
    assert state.order_subjects["subject_id"].notna().all()
    assert state.findings["code"].tolist() == ["underpaid"]
