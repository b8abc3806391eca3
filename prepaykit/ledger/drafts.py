"""Drafts: what people decide in panels, kept press by press before it is applied, so that no crash and no second browser loses one.

Problem: between the key that is pressed and the plan that is applied lie minutes or hours, a kernel that is restarted, and another
analyst at the same job. Rule: each press is a row, kept before the next screen is shown; the same press (`draft_id`) is kept once, however
often a browser sends it; a later press about a row counts; and a press of somebody who has not seen the latest one about that row is refused
and says whose it is. A draft changes nothing of the job: a plan made from them does, and then they are closed with its operation.

Worked case. Ana says P-012 is X-1 (draft 1). Bo, who has not seen it, says X-2: refused, "ana decided accept X-1 a minute ago". Bo sees it now, says
X-2 again, with `seen=1`: kept as draft 2, and it counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, func, insert, or_, select, update

from prepaykit.errors import Overtaken
from prepaykit.ledger.schema import DRAFTS
from prepaykit.ledger.store import Store, job_id_of
from prepaykit.ledger.typed_sql import moment_text

UNDO = "undo"
DRAFT_COLUMNS = ["draft_no", "draft_id", "row_key", "action", "value", "who", "session", "at_utc"]


@dataclass(frozen=True)
class Press:
    """One press in a panel: `draft_id` tells it from all others, `seen` is the number of the last draft about this row that was on the screen."""

    draft_id: str
    row_key: str
    action: str
    value: str = ""
    seen: int = 0


def keep_draft(
    store: Store, job: str, panel: str, press: Press, *, who: str, session: str, now: pd.Timestamp, basis: int | None = None
) -> int:
    """Keep a press; it is on the disk when this returns its number. The same `draft_id` again gives the same number and keeps nothing.

    `basis` is the operation at which this window looked at the job. Raises Overtaken, naming who and what, if another session decided about
    the row after what this one has seen; also if that was applied since.
    """
    with store.database.writing() as connection:
        job_id = job_id_of(connection, job, lock=True)
        known = connection.scalar(select(DRAFTS.c.draft_no).where(DRAFTS.c.draft_id == press.draft_id))
        if known is not None:
            return int(known)
        last = _last_about(connection, job_id, panel, press.row_key, basis)
        if last is not None and last.draft_no > press.seen and last.session != session:
            raise Overtaken(
                f"{press.row_key}: {last.who} decided {f'{last.action} {last.value}'.strip()} at {last.at_utc[11:16]} UTC, in another window. "
                "Nothing was overwritten; look at it, and press again to decide otherwise."
            )
        number = 1 + (connection.scalar(select(func.max(DRAFTS.c.draft_no)).where(DRAFTS.c.job_id == job_id)) or 0)
        row = {"draft_id": press.draft_id, "row_key": press.row_key, "action": press.action, "value": press.value}
        said = {"panel": panel, "who": who, "session": session, "at_utc": moment_text(now)}
        connection.execute(insert(DRAFTS), {"job_id": job_id, "draft_no": number, **row, **said})
        return number


def read_drafts(store: Store, job: str, panel: str, *, after: int = 0) -> pd.DataFrame:
    """Every press that waits, in order: draft_no, draft_id, row_key, action, value, who, session, at_utc; those after number `after`."""
    with store.database.reading() as connection:
        job_id = job_id_of(connection, job)
        statement = (
            select(*(DRAFTS.c[c] for c in DRAFT_COLUMNS))
            .where(
                DRAFTS.c.job_id == job_id, DRAFTS.c.panel == panel, DRAFTS.c.op_no.is_(None), DRAFTS.c.draft_no > after
            )
            .order_by(DRAFTS.c.draft_no)
        )
        rows = connection.execute(statement).all()
    frame = pd.DataFrame(rows, columns=DRAFT_COLUMNS)
    return frame.astype({"draft_no": "int64", **dict.fromkeys(DRAFT_COLUMNS[1:], "str")})


def standing(drafts: pd.DataFrame) -> pd.DataFrame:
    """The last press about each row, in the order in which they were made, without rows whose decision was taken back.

    >>> rows = [(1, "a", "P-1", "accept", "X-1"), (2, "b", "P-2", "later", ""), (3, "c", "P-1", "undo", "")]
    >>> standing(pd.DataFrame(rows, columns=["draft_no", "draft_id", "row_key", "action", "value"]))["row_key"].tolist()
    ['P-2']
    """
    last = drafts.drop_duplicates("row_key", keep="last")
    return last[last["action"] != UNDO].reset_index(drop=True)


def close_drafts(store: Store, job: str, numbers: Sequence[int], *, op_no: int) -> None:
    """Close these drafts: they went into operation `op_no`, and wait no more."""
    with store.database.writing() as connection:
        mine = (DRAFTS.c.job_id == job_id_of(connection, job, lock=True), DRAFTS.c.op_no.is_(None))
        for start in range(0, len(numbers), 500):  # a statement takes only so many values
            some = DRAFTS.c.draft_no.in_(numbers[start : start + 500])
            connection.execute(update(DRAFTS).where(*mine, some).values(op_no=op_no))


def _last_about(connection: Connection, job_id: int, panel: str, row_key: str, basis: int | None) -> object | None:
    about = (DRAFTS.c.job_id == job_id, DRAFTS.c.panel == panel, DRAFTS.c.row_key == row_key)
    waits = DRAFTS.c.op_no.is_(None)
    fresh = waits if basis is None else or_(waits, DRAFTS.c.op_no > basis)
    return connection.execute(select(DRAFTS).where(*about, fresh).order_by(DRAFTS.c.draft_no.desc()).limit(1)).first()
