"""A drawn demo job in a studio, taken as far as the panels of revision and placing need it; every order is to be looked at, one is
short of money, one has a memory mate and a digital file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from prepaykit import Studio


def copied(drawn: Path, folder: Path) -> Path:
    """A copy of a drawn job whose orders all go through manual revision. The first envelope holds four dollars less than is due; 104006 is an
    everything package, with a memory mate.
    """
    shutil.copytree(drawn, folder)
    settings = folder / "job.toml"
    settings.write_text(settings.read_text().replace("has_manual_revision = false", "has_manual_revision = true"))
    orders = pd.read_csv(folder / "orders.csv", dtype="str", keep_default_na=False)
    orders.loc[orders["order_no"] == "104006", ["packages", "amount_paid"]] = ["E-1", "68.00"]
    orders.to_csv(folder / "orders.csv", index=False)
    envelopes = pd.read_csv(folder / "paper_orders.csv", dtype="str")
    envelopes.loc[0, "amount_received"] = f"{float(envelopes.loc[0, 'amount_received']) - 4:.2f}"
    envelopes.to_csv(folder / "paper_orders.csv", index=False)
    return folder


def populated(folder: Path, *, actor: str = "ana") -> Studio:
    """The studio of these files, up to populate: what waits in the collection has its pictures, as far as there are any."""
    studio = Studio.open(folder / "studio.db", actor=actor)
    job = studio.new(folder)
    for plan in (
        lambda: job.settings(status="prepay"),
        lambda: job.names(folder / "names.csv", seed=1, blanks=8),
        lambda: job.prices(folder / "prices.csv"),
        lambda: job.orders(folder / "orders.csv"),
        lambda: job.paper(folder / "paper_orders.csv"),
        lambda: job.photos(folder / "photos"),
        job.populate,
    ):
        job.apply(plan())
    return studio


def in_revision(folder: Path, *, actor: str = "ana") -> Studio:
    """The studio after place: what is ready is in manual revision."""
    studio = populated(folder, actor=actor)
    job = studio.job()
    job.apply(job.place())
    return studio
