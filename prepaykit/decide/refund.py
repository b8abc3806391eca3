"""Refund: give back what is owed, exactly once. What would go back is shown; it is promised when the sum is typed; then it is sent.

Three decisions, each a Plan. `plan_refund` freezes what will be asked of Stripe (or hands it to a person) once somebody typed the sum that goes back.
`plan_step` writes what the rules say of one refund: that it is being sent now, or what became of it. `plan_evidence` closes what a person
made, by evidence and never by a tick. Money moves from `to_refund` onto `refunded` when a refund has succeeded, and back if it fails later.

Worked case: order 104007 was cancelled, $42.00 are owed. `prepaykit refund` shows it, `prepaykit refund --confirm 42.00 --apply` promises it,
`prepaykit send` makes it. Killed at any point, `prepaykit send` again goes on with it.

Known limits: a payment that came as cash or check is given back by a person. Source: refunds.md section 3; domain.md 4 (rows 25, 26, 31–33).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from prepaykit.errors import Refused, UsageError
from prepaykit.money import show_cents, to_cents
from prepaykit.rules import money_book
from prepaykit.rules.choosing import brought_choices, kept_choices
from prepaykit.rules.refunding import WITH_A_PERSON, Step, frozen_request, request_id, request_key
from prepaykit.rules.refusing import refused_refunds
from prepaykit.rules.search import named_orders
from prepaykit.tables.catalog import typed
from prepaykit.tables.findings import together
from prepaykit.tables.gateway import SeenCharge
from prepaykit.tables.plan import Plan, effect, no_effects
from prepaykit.tables.state import JobState

CONFIRMABLE = ("planned", *WITH_A_PERSON)


def plan_refund(state: JobState, order_nos: Iterable[str] = (), *, seen: Mapping[int, SeenCharge | None] | None, now: pd.Timestamp, gateway: str = "api",
                hand_to: str = "", confirm: str = "", parts: Mapping[str, object] | None = None, accept: Collection[str] = (),
                choices: pd.DataFrame | None = None, findings: pd.DataFrame | None = None) -> Plan:  # fmt: skip
    """Plan to give back what is owed for these orders (none named: for all), once `confirm` is the very sum that goes back.

    `seen`: refund_id → its charge as Stripe tells it now, None where there is none; None at all: Stripe was not asked. `parts`: order number → amount, to give back only so much of
    it now; the rest stays planned. `hand_to`: the person who makes it (gateway `person`). `accept`: refunds made elsewhere that were looked at.
    `choices`: refunds that somebody chose one by one, each with the amount typed beside it (kind `refund`): then only these, and what was typed is the
    confirmation. `findings`: what was said when they were read.
    Without the right `confirm` nothing changes: the headline says which sum to type. Result: `refund_ids`, `to_refund_cents`, `confirmed`.
    Findings: refund_not_asked, refund_no_charge, refund_by_hand, refund_disputed, refund_made, refund_elsewhere, refund_too_large, refund_too_late, refund_not_cancelled,
    refund_currency_differs. Raises UsageError for an unknown order, gateway or amount, and Refused when another sum is confirmed.
    """
    if gateway not in ("api", "person"):
        raise UsageError(f"refund: the gateway is api or person, not {gateway!r}")
    if gateway == "person" and not hand_to.strip():
        raise UsageError("refund: say who makes it (--hand-to NAME)")
    chosen, said_of_choices = brought_choices(state, choices, "refund", partial(_chosen, state))
    typed_cents = {int(t.rpartition(".")[2]): _cents(v) for t, v in zip(chosen["target"], chosen["value"], strict=True)}
    work = _again_after_failure(_in_parts(state, _by_refund(state, parts or {}) | typed_cents), order_nos)
    rows = _wanted(work, order_nos, state)
    if choices is not None:
        rows = rows[rows["refund_id"].isin(typed_cents)]
    if seen is not None:
        seen = dict(seen) | {r.refund_id: seen.get(r.replaces_id) for r in rows.dropna(subset=["replaces_id"]).itertuples()}
    refused = together(refused_refunds(work, rows, seen=seen, now=now, gateway=gateway, accept=accept), said_of_choices, *([] if findings is None else [findings]))
    going = rows[~rows["refund_id"].astype("str").isin(refused.loc[refused["about"] == "refunds", "key"])]
    if choices is not None:
        confirm = _sum_of(going, typed_cents)
    total, currency = int(going["amount_cents"].sum()), str(state.job["currency"])
    said = f"{_counted(len(going))}, {show_cents(total, currency)}, {_way(gateway, hand_to)}; {len(refused)} to look at"
    result: dict[str, object] = {"refund_ids": going["refund_id"].tolist(), "to_refund_cents": total, "confirmed": False}
    if not len(going) or not confirm.strip():
        todo = f"; to do it: --confirm {total // 100}.{total % 100:02d}" if len(going) else ""
        return Plan.between(state, "refund", {}, findings=refused, headline=f"would give back: {said}{todo}", result=result)
    _require_sum(confirm, total, currency)
    table = _confirmed(work, going, seen or {}, gateway, hand_to.strip(), now, accept)
    effects = _promised(state, going) if gateway == "api" else no_effects()
    return Plan.between(state, "refund", {"refunds": table, "choices": kept_choices(state.choices, chosen)}, findings=refused, effects=effects, headline=f"gives back: {said}", result=result | {"confirmed": True, "is_final": gateway == "person"})  # fmt: skip


def plan_step(state: JobState, refund_id: int, step: Step, *, now: pd.Timestamp) -> Plan:
    """Plan to write what the rules say of one refund: it is being sent, or what became of it. `wait` changes nothing.

    Money follows: onto `refunded` when it succeeded, back to `to_refund` if it fails after that. Nothing is promised here.
    """
    row = state.refunds.loc[state.refunds["refund_id"] == refund_id].iloc[0]
    before, after = str(row["status"]), "sending" if step.act == "send" else step.status
    headline = f"refund {row['request_id'] or refund_id}: {before} → {after}" + (f" ({step.why})" if step.why else "")
    if step.act == "wait":
        return Plan.between(state, "refund_step", {}, headline=headline)
    values: dict[str, Any] = {"status": after, "evidence": step.why or row["evidence"]}
    if step.refund_id_stripe:
        values["refund_id_stripe"] = step.refund_id_stripe
    # The hours of a try count from where it was begun: one that a person confirmed anew is a new try, whose request may yet land late.
    if step.act == "send" and (before == "confirmed" or step.attempt != row["attempt"]):
        values |= {"sent_at": now, "attempt": step.attempt, "request_key": request_key(str(row["request_id"]), step.attempt)}
    if after == "confirmed":
        values["sent_at"] = pd.NaT
    if after in ("succeeded", "failed"):
        values["closed_at"] = now
    tables = {"refunds": _with(state.refunds, refund_id, values), "postings": _money(state, row, before, after)}
    return Plan.between(state, "refund_step", tables, headline=headline, result={"status": after})


def plan_evidence(state: JobState, evidence: Mapping[int, str], *, now: pd.Timestamp, stripe_ids: Mapping[int, str] | None = None) -> Plan:
    """Plan to close refunds that a person made: refund_id → what proves it (a report row, a receipt, a check number).

    `stripe_ids` names the refund in Stripe where there is one. Raises UsageError without evidence or for a refund that is not there, Refused for one
    that was not handed to a person (what the API sends is closed by Stripe's own word), and where Stripe's refund closed another one. One that has succeeded already changes nothing.
    """
    work, ids, closed = state, dict(stripe_ids or {}), 0
    for refund_id, proof in sorted(evidence.items()):
        rows = work.refunds[work.refunds["refund_id"] == refund_id]
        if not len(rows):
            raise UsageError(f"refund: {state.name} has no refund {refund_id}")
        row = rows.iloc[0]
        if not str(proof).strip():
            raise UsageError(f"refund {refund_id}: say what proves it: a refund id of Stripe, a receipt, a check number")
        if row["status"] == "succeeded":
            continue
        if row["gateway"] != "person" or row["status"] not in ("sending", *WITH_A_PERSON):
            raise Refused(f"refund {refund_id} is {row['status']} and was not handed to a person; hand it over first: prepaykit refund --gateway person")
        _require_own_proof(work, refund_id, ids.get(refund_id))
        values = {"status": "succeeded", "evidence": str(proof).strip(), "closed_at": now, "refund_id_stripe": ids.get(refund_id)}
        work = work.replace(refunds=_with(work.refunds, refund_id, values), postings=_money(work, row, str(row["status"]), "succeeded"))
        closed += 1
    tables = {"refunds": work.refunds, "postings": work.postings}
    return Plan.between(state, "refund_evidence", tables, headline=f"{_counted(closed)} closed by evidence", result={"closed": closed, "is_final": True})


# --- inside ------------------------------------------------------------------------------------------------------------


def _require_own_proof(state: JobState, refund_id: int, stripe_id: str | None) -> None:
    """A refund in Stripe is one refund here: else the second would be said to be given back, and is not."""
    others = state.refunds[(state.refunds["refund_id"] != refund_id) & (state.refunds["refund_id_stripe"] == stripe_id)] if stripe_id else state.refunds.head(0)
    if len(others):
        raise Refused(f"refund {refund_id}: {stripe_id} proves refund {others['refund_id'].iloc[0]} already; each refund has its own proof")


def _wanted(state: JobState, order_nos: Iterable[str], before: JobState) -> pd.DataFrame:
    """The refunds that could be confirmed now, of these orders or of all; not what was split off `before` for later."""
    rows = state.refunds[state.refunds["status"].isin(CONFIRMABLE)]
    rows = rows[rows["refund_id"].isin(before.refunds["refund_id"]) | rows["replaces_id"].notna()]
    numbers = sorted({str(n) for n in order_nos})
    if numbers:
        rows = rows[rows["order_id"].isin(named_orders(state, numbers, "refund")["order_id"])]
    else:
        rows = rows[rows["status"] == "planned"]
    return rows.sort_values("refund_id")


def _again_after_failure(state: JobState, order_nos: Iterable[str]) -> JobState:
    """A failed refund of an order that is named needs a new wish, which stands for it: a row of its own."""
    numbers = sorted({str(n) for n in order_nos})
    if not numbers:
        return state
    mine = state.refunds["order_id"].isin(named_orders(state, numbers, "refund")["order_id"])
    failed = state.refunds[mine & (state.refunds["status"] == "failed") & ~state.refunds["refund_id"].isin(state.refunds["replaces_id"].dropna())]
    if not len(failed):
        return state
    first = state.next_id("refunds")
    again = failed[["order_id", "amount_cents", "reason"]].assign(refund_id=range(first, first + len(failed)), status="planned", replaces_id=failed["refund_id"])
    return state.replace(refunds=pd.concat([state.refunds, typed("refunds", again)]))


def _in_parts(state: JobState, parts: Mapping[int, int]) -> JobState:
    """Planned refunds as two each: so many cents now, the rest later."""
    work = state
    for refund_id, cents in sorted(parts.items()):
        rows = work.refunds[work.refunds["refund_id"] == refund_id]
        owed = int(rows["amount_cents"].iloc[0])
        if not 0 < cents <= owed:
            raise UsageError(f"refund {refund_id}: {owed} cents are owed; {cents} cannot be taken of it")
        if cents < owed and rows["status"].iloc[0] != "planned":
            raise UsageError(f"refund {refund_id} was confirmed with {owed} cents before: it goes back whole or not at all")
        if cents < owed:
            table = _with(work.refunds, refund_id, {"amount_cents": cents})
            later = rows[["order_id", "status", "reason"]].assign(refund_id=work.next_id("refunds"), amount_cents=owed - cents)
            work = work.replace(refunds=pd.concat([table, typed("refunds", later)]))
    return work


def _by_refund(state: JobState, parts: Mapping[str, object]) -> dict[int, int]:
    """Order number → amount, as planned refund → cents."""
    found: dict[int, int] = {}
    for number, amount in parts.items():
        order_id = named_orders(state, [number], "refund")["order_id"].iloc[0]
        rows = state.refunds[(state.refunds["order_id"] == order_id) & (state.refunds["status"] == "planned")]
        if len(rows) != 1:
            raise UsageError(f"refund: order {number} has {len(rows)} planned refunds; a part is taken of exactly one")
        found[int(rows["refund_id"].iloc[0])] = amount if isinstance(amount, int) else _cents(str(amount))
    return found


def _chosen(state: JobState, kind: str, target: str, value: str) -> tuple[str, str] | None:
    """A choice about a refund that could still be confirmed, its amount read; None if it went out already."""
    row = state.refunds[refund_names(state) == target]
    if not len(row):
        raise UsageError(f"the job has no refund {target}")
    if row["status"].iloc[0] not in CONFIRMABLE:
        return None
    cents = _cents(value)
    if not 0 < cents <= int(row["amount_cents"].iloc[0]):
        raise UsageError(f"of refund {target} {row['amount_cents'].iloc[0]} cents are owed, not {cents}")
    return target, value


def _sum_of(going: pd.DataFrame, typed_cents: Mapping[int, int]) -> str:
    """What was typed beside the refunds that go, as the one sum that confirms them."""
    cents = sum(typed_cents[i] for i in going["refund_id"])
    return f"{cents // 100}.{cents % 100:02d}" if len(going) else ""


def _cents(text: str) -> int:
    try:
        return to_cents(text)
    except ValueError as error:
        raise UsageError(f"refund: {error}") from None


def _require_sum(confirm: str, total: int, currency: str) -> None:
    if _cents(confirm) != total:
        raise Refused(f"refund: {confirm} was confirmed, but {show_cents(total, currency)} would go back. Nothing was promised: look at the plan again.")


def _confirmed(state: JobState, going: pd.DataFrame, seen: Mapping[int, SeenCharge | None], gateway: str, hand_to: str, now: pd.Timestamp,
               accept: Collection[str]) -> pd.DataFrame:  # fmt: skip
    orders, table = state.orders.set_index("order_id"), state.refunds
    for row in going.itertuples():
        order, charge = orders.loc[row.order_id], seen.get(row.refund_id)
        wish = request_id(state.name, order["origin"], order["order_no"], row.refund_id)
        values: dict[str, object] = {"gateway": gateway, "request_id": wish, "charge_id_stripe": charge.charge_id if charge else None,
                                     "evidence": _looked_at(accept), "attempt": 1}  # fmt: skip
        if gateway == "api":
            assert charge is not None
            key = None if pd.isna(order["order_key"]) else str(order["order_key"])
            fee = state.job["application_fee"]
            text = frozen_request(charge.charge_id, row.amount_cents, request=wish, job=state.name, order_key=key, application_fee=None if fee is None else str(fee))  # fmt: skip
            # A wish that was sent before keeps its bytes and its key: only then is a second try the same try.
            values |= {"status": "confirmed", "request": text, "request_key": request_key(wish, 1)} if row.status == "planned" else {"status": "confirmed", "attempt": row.attempt}
        else:
            values |= {"status": "sending", "handed_to": hand_to, "sent_at": now}
        table = _with(table, row.refund_id, values)
    return table


def _looked_at(accept: Collection[str]) -> str | None:
    return f"looked at: {' '.join(sorted(accept))}" if accept else None


def refund_names(state: JobState) -> pd.Series:
    """How people and choices name each refund: `online.104007.3`, its order and its number; indexed as `refunds`."""
    orders = state.orders.set_index("order_id")
    at = state.refunds["order_id"]
    return at.map(orders["origin"]).astype("str") + "." + at.map(orders["order_no"]).astype("str") + "." + state.refunds["refund_id"].astype("str")


def accepted_of(evidence: object) -> list[str]:
    """The refunds made elsewhere that a person had looked at when this one was confirmed.

    >>> accepted_of("looked at: re_1 re_2"), accepted_of(None)
    (['re_1', 're_2'], [])
    """
    text = evidence if isinstance(evidence, str) else ""
    return text.removeprefix("looked at: ").split() if text.startswith("looked at: ") else []


def _promised(state: JobState, going: pd.DataFrame) -> pd.DataFrame:
    """One effect a refund. Its key counts the confirmation: what a person confirmed anew is looked at anew; the wish keeps its one key at Stripe."""
    orders = state.orders.set_index("order_id")
    parts = [
        effect(f"refund/{request_id(state.name, orders.loc[r.order_id, 'origin'], orders.loc[r.order_id, 'order_no'], r.refund_id)}/{state.head + 1}",
               "refund", {"job": state.name, "refund_id": r.refund_id})
        for r in going.itertuples()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _with(table: pd.DataFrame, refund_id: int, values: Mapping[str, object]) -> pd.DataFrame:
    """The table with some values of one row changed."""
    chosen = table["refund_id"] == refund_id
    return typed("refunds", table.assign(**{column: table[column].mask(chosen, value) for column, value in values.items()}))


def _money(state: JobState, row: pd.Series, before: str, after: str) -> pd.DataFrame:
    moves = {(False, True): ("to_refund", "refunded"), (True, False): ("refunded", "to_refund")}
    move = moves.get((before == "succeeded", after == "succeeded"))
    if move is None:
        return state.postings
    reason = f"refund {row['refund_id']} {after}"
    return money_book.post(state.postings, [row["order_id"]], [row["amount_cents"]], taken_from=move[0], to=move[1], reason=reason)


def _counted(n: int) -> str:
    return f"{n} refund{'' if n == 1 else 's'}"


def _way(gateway: str, hand_to: str) -> str:
    return "in Stripe" if gateway == "api" else f"by {hand_to.strip()}"
