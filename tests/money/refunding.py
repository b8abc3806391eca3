"""A studio with cancelled orders paid by card, for tests of refunds."""

from __future__ import annotations

import pandas as pd

from prepaykit.decide.cancel import plan_cancel
from prepaykit.ledger.store import Store
from prepaykit.studio import Studio
from prepaykit.tables.catalog import JOB_TABLES
from prepaykit.tables.plan import Plan
from tests.jobs import NOW, job
from tests.money.bank import Bank

JOB = "maple-grove-2026"
HOUR = pd.Timedelta(hours=1)


class Clock:
    """A clock that a test moves, together with the bank's."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    def __call__(self) -> pd.Timestamp:
        return self.bank.now


def paid_by_card(children: int = 2, **settings: object):
    """A job in which every order was paid by the charge `ch_<order number>`."""
    state = job(children, **settings)
    numbers = state.payments["order_id"].map(state.orders.set_index("order_id")["order_no"])
    return state.replace(payments=state.payments.assign(method="card", reference="ch_" + numbers))


def studio_with(place, state, *, clock=lambda: NOW) -> Studio:
    """A studio whose only job has these tables."""
    store = Store.open(place, clock=clock)
    settings = {k: v for k, v in state.job.items() if k not in ("job_id", "version") and v is not None}
    store.add_job(settings, actor="anna", why="contract")
    new = Plan.between(store.read(state.name), "orders", {n: state.tables[n] for n in JOB_TABLES if n != "findings"})
    store.apply(new, actor="anna", why="as it was")
    return Studio(store, place.parent if hasattr(place, "parent") else None, "anna", clock)


def cancelled_studio(place, *, children: int = 2, cents: int = 1500):
    """A studio with all orders cancelled, and the bank that took their money."""
    bank = Bank(NOW)
    state = paid_by_card(children)
    for number in state.orders["order_no"]:
        bank.charge(f"ch_{number}", cents)
    studio = studio_with(place, state, clock=Clock(bank))
    its = studio.job()
    its.apply(plan_cancel(its.state, state.orders["order_no"], now=NOW, why="not photographed"))
    return studio, bank


def confirm_all(studio, bank, numbers=()):
    """Somebody looks at the sum and types it."""
    its = studio.job()
    cents = its.refund(numbers, through=bank).result["to_refund_cents"]
    plan = its.refund(numbers, through=bank, confirm=f"{cents // 100}.{cents % 100:02d}")
    its.apply(plan, why="parents asked")
    return plan


def statuses(studio) -> list[str]:
    """How far each refund of the studio's only job is."""
    return studio.job().state.refunds["status"].tolist()
