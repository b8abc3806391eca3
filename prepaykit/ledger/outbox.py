"""The outbox: what was promised to neighbours in the same transaction as the change, sent afterwards, one effect a key.

A lab package or a mailing cannot be in a database transaction. So the change writes a row here, and `drain` sends: it takes
one row under a lease, calls the adapter with the payload and the key, and marks the row sent. If it is killed in between,
the lease runs out and the row is sent again; the adapter knows by the key that it did it already. At least once here, once
per key there: together, once.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pandas as pd
from sqlalchemy import Connection, and_, insert, or_, select, update

from prepaykit.errors import PrepaykitError, Refused
from prepaykit.ledger.schema import OUTBOX
from prepaykit.ledger.typed_sql import moment_text

if TYPE_CHECKING:
    from prepaykit.ledger.store import Store

Adapter = Callable[[dict, str], str]
LEASE = pd.Timedelta(minutes=10)
DRAINED_COLUMNS = ["key", "kind", "state", "receipt", "error"]


def promise(connection: Connection, job_id: int, op_no: int, effects: pd.DataFrame) -> None:
    """Write down effects. The same key with the same payload is one effect; with another payload it is refused.

    A withdrawn key may be promised anew, with whatever payload: nothing of it has left the house.
    """
    for key, kind, payload in effects[["key", "kind", "payload"]].itertuples(index=False):
        known = connection.execute(select(OUTBOX).where(OUTBOX.c.key == key).with_for_update()).mappings().first()
        row = {"job_id": job_id, "op_no": op_no, "kind": kind, "payload": payload, "state": "pending", "attempts": 0}
        if known is None:
            connection.execute(insert(OUTBOX), {"key": key, **row})
        elif known["state"] == "withdrawn":
            connection.execute(
                update(OUTBOX).where(OUTBOX.c.key == key).values(**row, withdrawn_by=None, error=None, lease_until=None)
            )
        elif (known["kind"], known["payload"]) != (kind, payload):
            raise Refused(f"{key} was promised before with other contents ({known['state']}). Nothing was applied.")


def drain(
    store: Store, adapters: Mapping[str, Adapter], *, now: pd.Timestamp, lease: pd.Timedelta = LEASE
) -> pd.DataFrame:
    """Send everything that is waiting, each key once, and say what became of it.

    `adapters` are per kind a function (payload, key) → receipt text, which must do nothing new when it sees a key again. One
    that fails does not stop the others: its row waits again, with the error; the caller decides whether that is an alarm.
    Comes back with one row for each waiting row: key, kind, state (sent, pending, leased), receipt, error. Rows without an
    adapter stay pending; a leased row is in another drain's hands until its lease runs out.
    """
    started, report, tried = time.monotonic(), [], []

    def clock() -> pd.Timestamp:
        return now + pd.Timedelta(seconds=time.monotonic() - started)

    while (row := _claim(store, list(adapters), tried, clock(), lease)) is not None:
        key, kind, payload, until = row
        tried.append(key)
        try:
            receipt = adapters[kind](json.loads(payload), key)
        except Exception as error:
            text = _said_safely(error)
            _settle(store, key, until, state="pending", lease_until=None, error=text)
            report.append((key, kind, "pending", None, text))
        except BaseException:
            _settle(store, key, until, state="pending", lease_until=None, error="broken off")
            raise
        else:
            _settle(
                store,
                key,
                until,
                state="sent",
                lease_until=None,
                error=None,
                receipt=str(receipt),
                sent_at=moment_text(clock()),
            )
            report.append((key, kind, "sent", str(receipt), None))
    report += _left_waiting(store, tried)
    return pd.DataFrame(report, columns=DRAINED_COLUMNS).astype("str")


def _claim(
    store: Store, kinds: list[str], tried: list[str], now: pd.Timestamp, lease: pd.Timedelta
) -> tuple[str, str, str, str] | None:
    """Take the oldest waiting row for ourselves until `now + lease`. Another drain passes over it."""
    waiting = or_(
        OUTBOX.c.state == "pending", and_(OUTBOX.c.state == "leased", OUTBOX.c.lease_until < moment_text(now))
    )
    statement = (
        select(OUTBOX.c.key, OUTBOX.c.kind, OUTBOX.c.payload)
        .where(waiting, OUTBOX.c.kind.in_(kinds), OUTBOX.c.key.not_in(tried))
        .order_by(OUTBOX.c.job_id, OUTBOX.c.op_no, OUTBOX.c.key)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    until = moment_text(now + lease)
    with store.database.writing() as connection:
        row = connection.execute(statement).first()
        if row is None:
            return None
        values = {"state": "leased", "lease_until": until, "attempts": OUTBOX.c.attempts + 1}
        connection.execute(update(OUTBOX).where(OUTBOX.c.key == row.key).values(values))
        return row.key, row.kind, row.payload, until


def _settle(store: Store, key: str, until: str, **values: object) -> None:
    """Write the outcome, unless our lease ran out and another drain has the row now: then that one will."""
    ours = and_(OUTBOX.c.key == key, OUTBOX.c.state == "leased", OUTBOX.c.lease_until == until)
    with store.database.writing() as connection:
        connection.execute(update(OUTBOX).where(ours).values(**values))


def _left_waiting(store: Store, tried: list[str]) -> list[tuple]:
    rows = store.outbox()
    left = rows[rows["state"].isin(["pending", "leased"]) & ~rows["key"].isin(tried)]
    why = {
        "pending": "nobody here sends this kind",
        "leased": "being sent by another run, or broken off: sent again once its lease ends",
    }
    return [(r.key, r.kind, r.state, None, why[r.state]) for r in left.itertuples()]


def _said_safely(error: Exception) -> str:
    # A foreign library's message may quote what it was given, and with it a name; our own errors never do.
    return (
        str(error)
        if isinstance(error, PrepaykitError)
        else f"{type(error).__name__} (message withheld: it may hold names)"
    )
