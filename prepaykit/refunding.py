"""Carrying refunds out: look, decide, write, send, write. Killed anywhere and run again, each wish comes to one refund.

Here the rules of `prepaykit.rules.refunding` meet the store and a gateway. Every status is a Plan of its own, committed before the next thing is
done: nothing is sent before `sending` is committed, and what comes back is written before anything else is begun. If somebody changed the job
meanwhile, the row is read again and thought through again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from prepaykit.decide.refund import accepted_of, plan_step
from prepaykit.errors import IllegalMove, NeighbourFailed, PrepaykitError, Refused, StalePlan, UsageError
from prepaykit.rules.payment_matching import root_orders, said_orders
from prepaykit.rules.refunding import ALARM, IN_FLIGHT, OPEN, Step, after_answer, next_step, request_key
from prepaykit.rules.refusing import known_refunds
from prepaykit.tables.gateway import Gateway, SeenCharge
from prepaykit.tables.state import JobState

if TYPE_CHECKING:
    from prepaykit.studio import Studio

TRIES = 20  # how often a refund is thought through anew because the job was changed meanwhile
WATCHED = pd.Timedelta(days=45)  # a refund that succeeded may still fail for so long
SETTLED_COLUMNS = ["job", "refund_id", "status", "said", "is_alarm"]


def send_refund(studio: Studio, gateway: Gateway, payload: dict) -> str:
    """The outbox's way to make one refund: carries it on until it is closed, pending or with a person, and says so as its receipt.

    Raises NeighbourFailed while it is uncertain or must wait: then it stays in the outbox and the next `prepaykit send` carries it on.
    """
    job, refund_id = str(payload["job"]), int(payload["refund_id"])
    step = carry_on(studio, gateway, job, refund_id)
    row = _row(studio.store.read(job), refund_id)
    if row["gateway"] == "person":
        return f"{row['status']} {step.why}"
    if row["status"] in ("confirmed", *IN_FLIGHT):
        raise NeighbourFailed(f"refund {row['request_id']} is {row['status']}: {step.why or row['evidence']}. Nothing is lost; run prepaykit send again later.")
    return " ".join(str(w) for w in (row["status"], row["refund_id_stripe"] or step.why) if w)


def carry_on(studio: Studio, gateway: Gateway, job: str, refund_id: int) -> Step:
    """Take one refund as far as it goes now; comes back with the last step. Sends at most once."""
    for _ in range(TRIES):
        state = studio.store.read(job)
        row = _row(state, refund_id)
        if row["status"] not in OPEN and row["status"] != "succeeded":
            return Step("wait", why=str(row["evidence"] or row["status"]))
        if row["gateway"] != "api":
            return Step("wait", why=f"not for the API: {row['handed_to']} makes it")
        charge = gateway.look(str(row["charge_id_stripe"]))
        step = _decided(state, row, charge, studio.clock())
        if step.act == "wait":
            return step
        if not _written(studio, state, refund_id, step):
            continue
        if step.act == "settle":
            return step
        answer = gateway.send(str(row["request"]), request_key(str(row["request_id"]), step.attempt))
        last = after_answer(row, answer)
        if answer.outcome == "refused":
            last = _made_after_all(studio, gateway, job, refund_id) or last
        _write_until_written(studio, job, refund_id, last)
        return last
    raise NeighbourFailed(f"refund {refund_id} of {job}: the job was changed {TRIES} times meanwhile; run prepaykit send again")


def poll(studio: Studio, gateway: Gateway, jobs: list[str] | None = None) -> pd.DataFrame:
    """Ask what became of refunds that are pending or succeeded lately: `job`, `refund_id`, `status`, `said`, `is_alarm` (somebody must look), of those that are not as they were.

    A refund that Stripe took back (`failed`) is owed again: a person confirms a new one. One that cannot be asked about now is `not_asked`. Sends nothing.
    """
    rows = []
    for job in jobs or list(studio.store.jobs()["name"]):
        for refund_id in _watched(studio.store.read(job), studio.clock()):
            try:
                step = _polled(studio, gateway, job, refund_id)
            except PrepaykitError as error:  # one that cannot be asked now keeps no other back
                rows.append((job, refund_id, "not_asked", str(error), True))
                continue
            if step.act == "settle" or ALARM in step.why:
                rows.append((job, refund_id, step.status or "succeeded", step.why, ALARM in step.why or step.status not in ("succeeded", "pending")))
    return pd.DataFrame(rows, columns=SETTLED_COLUMNS)


def look_at(studio: Studio, job: str, gateway: Gateway | None) -> dict[int, SeenCharge | None] | None:
    """Refund → its charge as Stripe tells it now, for every refund of the job that is not closed; sends nothing. Without a gateway: None."""
    if gateway is None:
        return None
    state = studio.store.read(job)
    rows = state.refunds[state.refunds["status"].isin(["planned", "review", "blocked", "failed"])]
    references, bought = _references(state), root_orders(state.orders)
    said = said_orders(state).set_index("charge_id")["order_id"].to_dict()
    looked: dict[str, SeenCharge | None] = {}
    found: dict[int, SeenCharge | None] = {}
    under_way = state.refunds[state.refunds["status"].isin(["confirmed", *IN_FLIGHT])]
    spoken_for = under_way.groupby("charge_id_stripe")["amount_cents"].sum().to_dict()
    for row in rows.sort_values("refund_id").itertuples():
        charges = [row.charge_id_stripe] if pd.notna(row.charge_id_stripe) else [gateway.find_charge(r) for r in references.get(row.order_id, [])]
        charges = [c for c in charges if c and said.get(c, bought[row.order_id]) == bought[row.order_id]]
        for charge in dict.fromkeys(charges):
            looked.setdefault(charge, None)
            looked[charge] = looked[charge] or gateway.look(charge)
        one = _the_one(int(row.amount_cents), [looked[c] for c in dict.fromkeys(charges)], spoken_for)
        found[int(row.refund_id)] = one
        if one is not None:
            spoken_for[one.charge_id] = spoken_for.get(one.charge_id, 0) + int(row.amount_cents)
    return found


# --- inside ------------------------------------------------------------------------------------------------------------


def _row(state: JobState, refund_id: int) -> dict[str, object]:
    rows = state.refunds[state.refunds["refund_id"] == refund_id]
    if not len(rows):
        raise UsageError(f"{state.name} has no refund {refund_id}")
    return {k: None if pd.isna(v) else v for k, v in rows.iloc[0].items()}


def _decided(state: JobState, row: dict[str, object], charge: SeenCharge | None, now: pd.Timestamp) -> Step:
    others = state.refunds[(state.refunds["refund_id"] != row["refund_id"]) & state.refunds["status"].isin(IN_FLIGHT)]
    return next_step(row, charge, now=now, known=known_refunds(state), currency=str(state.job["currency"]),
                     accepted=accepted_of(row["evidence"]), is_overtaken=bool((others["charge_id_stripe"] == row["charge_id_stripe"]).any()))  # fmt: skip


def _written(studio: Studio, state: JobState, refund_id: int, step: Step) -> bool:
    """The step is committed; False if somebody changed the job meanwhile, or another refund of the charge went first."""
    plan = plan_step(state, refund_id, step, now=studio.clock())
    try:
        studio.store.apply(plan, actor=studio.actor, why="refund")
    except StalePlan:
        return False
    except IllegalMove:
        raise
    except Refused as error:
        # The database's own rule: two refunds of one charge are never on their way at once, of whichever job.
        raise NeighbourFailed(f"refund {refund_id} of {state.name}: another refund of its charge is on its way; run prepaykit send again later") from error
    return True


def _write_until_written(studio: Studio, job: str, refund_id: int, step: Step) -> None:
    for _ in range(TRIES):
        state = studio.store.read(job)
        status = _row(state, refund_id)["status"]
        if status not in IN_FLIGHT or (status == "unknown" and step.status == "confirmed"):
            return  # another run of the same wish was here meanwhile, and knows more, or less for certain
        if _written(studio, state, refund_id, step):
            return
    raise NeighbourFailed(f"refund {refund_id} of {job}: its answer could not be written, the job was changed {TRIES} times meanwhile; run prepaykit send again")


def _made_after_all(studio: Studio, gateway: Gateway, job: str, refund_id: int) -> Step | None:
    """Refused may mean: made already, by a try that nobody heard of. Then that is what became of it."""
    state = studio.store.read(job)
    row = _row(state, refund_id)
    charge = gateway.look(str(row["charge_id_stripe"]))
    return _decided(state, row, charge, studio.clock()) if charge and charge.of_request(str(row["request_id"])) else None


def _watched(state: JobState, now: pd.Timestamp) -> list[int]:
    rows = state.refunds[state.refunds["gateway"] == "api"]
    lately = (rows["status"] == "succeeded") & (now - rows["closed_at"] <= WATCHED)
    return [int(i) for i in rows.loc[lately | (rows["status"] == "pending"), "refund_id"]]


def _polled(studio: Studio, gateway: Gateway, job: str, refund_id: int) -> Step:
    for _ in range(TRIES):
        state = studio.store.read(job)
        row = _row(state, refund_id)
        step = _decided(state, row, gateway.look(str(row["charge_id_stripe"])), studio.clock())
        if step.act != "settle" or _written(studio, state, refund_id, step):
            return step
    return Step("wait", why="the job was changed meanwhile")


def _references(state: JobState) -> dict[int, list[str]]:
    """Order → the payment references that Stripe may know, newest last."""
    rows = state.payments.dropna(subset=["order_id", "reference"])
    rows = rows[rows["reference"].str.match(r"(?:ch|py|pi)_")]
    return rows.groupby("order_id")["reference"].agg(list).to_dict()


def _the_one(amount_cents: int, charges: list[SeenCharge | None], spoken_for: Mapping[str, int]) -> SeenCharge | None:
    """Of the charges of an order the one that holds enough beside what other refunds take of it; the one with most left, if none does."""
    known = [c for c in charges if c is not None]
    enough = [c for c in known if c.left_cents - spoken_for.get(c.charge_id, 0) >= amount_cents]
    return (enough or sorted(known, key=lambda c: -c.left_cents) or [None])[0]


