"""The store: read a job, apply a plan once, see what happened, take it back.

Everything that ever changes a job goes through `Store.apply` and `Store.undo`: one transaction each, with a row in `ops`
(who, when, why), a row in `journal` for each row changed, and the effects promised in `outbox`, all or nothing. A plan is
refused if the job has moved on since the plan was made.

>>> import tempfile
>>> from prepaykit.tables.plan import Plan
>>> folder = tempfile.TemporaryDirectory()
>>> store = Store.open(f"{folder.name}/studio.db")
>>> name = store.add_job({"name": "maple-grove-2026", "school": "Maple Grove"}, actor="anna", why="contract signed")
>>> state = store.read(name)
>>> plan = Plan.between(state, "names", {"groups": pd.DataFrame({"group_id": [1], "name": ["3A"], "access_code": ["AB12-CD34"]})})
>>> store.apply(plan, actor="anna", why="list of 1 September")
operation 2 names maple-grove-2026: groups 1 new
>>> store.undo(name, actor="anna", why="wrong list")
operation 3 undo maple-grove-2026 (of operation 2): groups 1 deleted
>>> store.close(); folder.cleanup()
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection, and_, func, insert, or_, select, union_all
from sqlalchemy.exc import DBAPIError, IntegrityError

from prepaykit.errors import Refused, StalePlan, UsageError
from prepaykit.ledger import history as _history
from prepaykit.ledger.clashes import explain
from prepaykit.ledger.database import RETRIES, Database, engine_for, must_retry
from prepaykit.ledger.migrations import bring_up_to_date
from prepaykit.ledger.outbox import promise
from prepaykit.ledger.schema import OPS, SCHEMA
from prepaykit.ledger.typed_sql import from_rows, moment_text, to_rows
from prepaykit.ledger.undo import last_standing, plan_undo
from prepaykit.ledger.writing import Writes, write_journal, write_rows
from prepaykit.tables.catalog import JOB_TABLES, columns_of, key_of
from prepaykit.tables.plan import Plan, no_effects
from prepaykit.tables.settings import read_new_job
from prepaykit.tables.state import JobState


@dataclass(frozen=True)
class Receipt:
    """What was done: number of the operation (None: nothing was to be done), the rows as table → (new, changed, deleted)."""

    job: str
    verb: str
    op_no: int | None
    op_id: str
    at_utc: str
    counts: Mapping[str, tuple[int, int, int]]
    headline: str = ""
    undo_of: int | None = None

    def __repr__(self) -> str:
        if self.op_no is None:
            return f"{self.verb} {self.job}: nothing to do, nothing written"
        rows = [
            f"{table} "
            + ", ".join(f"{n} {word}" for n, word in zip(counts, ("new", "changed", "deleted"), strict=True) if n)
            for table, counts in self.counts.items()
            if table != "findings"
        ]
        of = f" (of operation {self.undo_of})" if self.undo_of else ""
        return f"operation {self.op_no} {self.verb} {self.job}{of}: {'; '.join(rows) or 'findings only'}"


@dataclass(frozen=True)
class _Operation:
    """What is to be written as one operation."""

    job: str
    verb: str
    actor: str
    why: str
    op_id: str
    writes: Sequence[Writes]
    effects: pd.DataFrame
    headline: str = ""
    undo_of: int | None = None

    @property
    def digest(self) -> str:
        asked = {
            "job": self.job,
            "verb": self.verb,
            "undo_of": self.undo_of,
            "journal": [entry for one in self.writes for entry in one.journal()],
            "effects": self.effects.sort_values("key").to_numpy().tolist(),
        }
        return hashlib.sha256(json.dumps(asked, ensure_ascii=False).encode()).hexdigest()

    @property
    def counts(self) -> dict[str, tuple[int, int, int]]:
        return {one.table: one.counts for one in self.writes}


def _utc_now() -> pd.Timestamp:
    return pd.Timestamp.now(tz="UTC")


class Store:
    """All jobs of a studio, in one SQLite file or one PostgreSQL schema. Open it with `Store.open`."""

    def __init__(self, database: Database, clock: Callable[[], pd.Timestamp] = _utc_now) -> None:
        self.database = database
        self.clock = clock

    @classmethod
    def open(cls, place: str | Path, *, clock: Callable[[], pd.Timestamp] = _utc_now) -> Store:
        """Open a studio: a path (SQLite) or `postgresql://…`. A new one is created, an old schema is brought up to date.

        An existing file is copied aside before its schema is changed. Refuses a studio made by a newer prepaykit.
        """
        database = Database(engine_for(place))
        try:
            bring_up_to_date(database)
        except BaseException:
            database.close()
            raise
        return cls(database, clock)

    def close(self) -> None:
        """Close the studio's connections."""
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- looking ---------------------------------------------------------------------------------------------------------

    def jobs(self) -> pd.DataFrame:
        """Every job with its settings, by name."""
        with self.database.reading() as connection:
            return _read_table(connection, "jobs", None)

    def read(self, job: str) -> JobState:
        """One job as it is at this moment, all tables of the same moment, rows in the order of their keys."""
        with self.database.reading() as connection:
            job_id = job_id_of(connection, job)
            tables = {"jobs": _read_table(connection, "jobs", job_id)}
            tables |= {name: _read_table(connection, name, job_id) for name in JOB_TABLES}
            return JobState(tables, _head(connection, job_id), _codes_of_others(connection, job_id))

    def head(self, job: str) -> int:
        """Number of the last operation of a job."""
        with self.database.reading() as connection:
            return _head(connection, job_id_of(connection, job))

    def history(self, job: str) -> pd.DataFrame:
        """Every operation of a job: op_no, at_utc, actor, verb, why, changes, undone_by, undo_of, headline."""
        with self.database.reading() as connection:
            return _history.history(connection, job_id_of(connection, job))

    def next_to_undo(self, job: str) -> int | None:
        """The operation that `undo` without a number would take back: the last that stands and is not itself an undo."""
        rows = self.history(job)
        undo_of = {
            int(no): None if pd.isna(of) else int(of) for no, of in zip(rows["op_no"], rows["undo_of"], strict=True)
        }
        return last_standing(undo_of, {of: no for no, of in undo_of.items() if of is not None})

    def journal(self, job: str, op_no: int | None = None) -> pd.DataFrame:
        """Every field that was changed: op_no, table, key, column, before, after; new and deleted rows field by field."""
        with self.database.reading() as connection:
            return _history.journal(connection, job_id_of(connection, job), op_no)

    def journal_of(self, job: str, rows: Mapping[str, Iterable[int]]) -> pd.DataFrame:
        """The journal of some rows alone (table → keys), with `at_utc`, `actor` and `verb` of each operation: what happened to an order."""
        with self.database.reading() as connection:
            job_id = job_id_of(connection, job)
            fields, ops = _history.journal(connection, job_id, of=rows), _history.history(connection, job_id)
        return fields.merge(ops[["op_no", "at_utc", "actor", "verb"]], on="op_no", validate="m:1")

    def outbox(self, job: str | None = None) -> pd.DataFrame:
        """What was promised to neighbours: key, job, op_no, kind, state, attempts, lease_until, receipt, error, sent_at, payload."""
        with self.database.reading() as connection:
            return _history.outbox(connection, None if job is None else job_id_of(connection, job))

    # --- changing --------------------------------------------------------------------------------------------------------

    def add_job(self, settings: Mapping[str, object], *, actor: str, why: str, op_id: str | None = None) -> str:
        """Open a new job; `settings` are columns of `jobs`, `name` and `school` are needed. Returns its name.

        Refuses a name that exists. This is operation 1 of the job, with the settings in the journal.
        """
        settings = read_new_job(settings)
        name = str(settings["name"])
        row = JobState.new(**settings).jobs
        writes = Writes("jobs", inserts=[dict(zip(columns_of("jobs"), to_rows("jobs", row)[0], strict=True))])
        operation = _Operation(
            name, "new", actor, why, op_id or _new_id(), [writes], no_effects(), f"job {name} opened"
        )
        self._carry_out(operation, None)
        return name

    def apply(self, plan: Plan, *, actor: str, why: str, op_id: str | None = None) -> Receipt:
        """Do what the plan says, all of it or nothing, once.

        `op_id` names the press of the button: the same id with the same plan gives the first receipt again and does
        nothing; with another plan it is refused. Refuses a plan made before somebody else changed the job (StalePlan), and
        says who. An empty plan writes nothing.
        """
        op_id = op_id or _new_id()
        if plan.is_empty:
            return Receipt(plan.job, plan.verb, None, op_id, moment_text(self.clock()), {}, plan.headline)
        if len(plan.changes["jobs"].inserts if "jobs" in plan.changes else ()):
            raise Refused("a job keeps its name: paper, cards and lab packages carry it")
        writes = [Writes.of(change) for change in plan.changes.values()]
        operation = _Operation(plan.job, plan.verb, actor, why, op_id, writes, plan.effects, plan.headline)
        return self._carry_out(operation, plan.basis)

    def undo(self, job: str, op_no: int | None = None, *, actor: str, why: str, op_id: str | None = None) -> Receipt:
        """Take an operation back, by default the last one that still stands; press again to walk further back.

        Every cell gets the value it had before; postings are never deleted but countered. What was only promised to a
        neighbour is withdrawn. Refuses, and names the rows, if one was changed since, or if something was sent already:
        then cancel, remake or refund instead. Undoing an undo brings the operation back.
        """
        op_id = op_id or _new_id()
        return self._retried(lambda: self._undo(job, op_no, actor, why, op_id))

    def _undo(self, job: str, op_no: int | None, actor: str, why: str, op_id: str) -> Receipt:
        with self._explained(job, "undo", ()), self.database.writing() as connection:
            job_id = job_id_of(connection, job, lock=True)
            if (done := _done_before(connection, job, op_id)) is not None:
                if done.verb != "undo" or (op_no is not None and done.undo_of != op_no):
                    raise Refused(_other_plan(op_id))
                return done
            undone = plan_undo(connection, job_id, op_no)
            headline = f"took back operation {undone.op_no} ({undone.verb})"
            operation = _Operation(job, "undo", actor, why, op_id, undone.writes, no_effects(), headline, undone.op_no)
            head = _head(connection, job_id)
            receipt = self._write(connection, job_id, head + 1, operation)
            undone.settle_outbox(connection, job_id, head + 1)
        return receipt

    def _carry_out(self, operation: _Operation, basis: int | None) -> Receipt:
        return self._retried(lambda: self._carry_out_once(operation, basis))

    def _carry_out_once(self, operation: _Operation, basis: int | None) -> Receipt:
        with self._explained(operation.job, operation.verb, operation.writes), self.database.writing() as connection:
            done = _done_before(connection, operation.job, operation.op_id, operation.digest)
            if done is not None:
                return done
            if basis is None:
                return self._write(connection, _next_job(connection, operation), 1, operation)
            job_id = job_id_of(connection, operation.job, lock=True)
            head = _head(connection, job_id)
            if head != basis:
                raise StalePlan(_who_moved_it(connection, job_id, operation, basis, head))
            return self._write(connection, job_id, head + 1, operation)

    @contextmanager
    def _explained(self, job: str, verb: str, writes: Sequence[Writes]) -> Iterator[None]:
        """Say in keys what clashed; a driver's own message would quote the row."""
        try:
            yield
        except IntegrityError as error:
            with self.database.reading() as connection:
                refusal = explain(connection, error, job, verb, writes)
            raise refusal from None

    def _write(self, connection: Connection, job_id: int, op_no: int, operation: _Operation) -> Receipt:
        if not operation.actor.strip():
            raise UsageError("say who does it: actor is empty")
        at_utc = moment_text(self.clock())
        write_rows(connection, job_id, operation.writes)
        connection.execute(
            insert(OPS),
            {
                "job_id": job_id,
                "op_no": op_no,
                "op_id": operation.op_id,
                "verb": operation.verb,
                "actor": operation.actor,
                "why": operation.why,
                "headline": operation.headline,
                "at_utc": at_utc,
                "digest": operation.digest,
                "counts": json.dumps(operation.counts),
                "changes": sum(sum(c) for c in operation.counts.values()),
                "undo_of": operation.undo_of,
            },
        )
        write_journal(connection, job_id, op_no, operation.writes)
        promise(connection, job_id, op_no, operation.effects)
        return Receipt(
            operation.job,
            operation.verb,
            op_no,
            operation.op_id,
            at_utc,
            operation.counts,
            operation.headline,
            operation.undo_of,
        )

    def _retried(self, act: Callable[[], Receipt]) -> Receipt:
        """Do it again when PostgreSQL asks for it (deadlock); everything was rolled back, so this is safe."""
        for attempt in range(RETRIES):
            try:
                return act()
            except DBAPIError as error:
                if not must_retry(error) or attempt == RETRIES - 1:
                    raise
                time.sleep(0.05 * 2**attempt)
        raise AssertionError("not reached")


# --- reading -------------------------------------------------------------------------------------------------------------


def _read_table(connection: Connection, name: str, job_id: int | None) -> pd.DataFrame:
    table = SCHEMA.tables[name]
    order = [c.collate("C") if c.type.python_type is str and connection.dialect.name == "postgresql" else c
             for c in (table.c[k] for k in key_of(name))]  # fmt: skip
    statement = select(*(table.c[c] for c in columns_of(name))).order_by(*order)
    if job_id is not None:
        statement = statement.where(table.c.job_id == job_id)
    return from_rows(name, connection.execute(statement).fetchall())


def job_id_of(connection: Connection, job: str, *, lock: bool = False) -> int:
    jobs = SCHEMA.tables["jobs"]
    statement = select(jobs.c.job_id).where(jobs.c.name == job)
    if lock:
        statement = statement.with_for_update(
            key_share=True
        )  # one writer a job on PostgreSQL; SQLite has one writer anyway
    job_id = connection.execute(statement).scalar()
    if job_id is None:
        names = connection.execute(select(jobs.c.name).order_by(jobs.c.name)).scalars().all()
        raise UsageError(f"no job {job!r} in this studio; there are: {', '.join(names) or 'none yet'}")
    return job_id


def _head(connection: Connection, job_id: int) -> int:
    return connection.execute(select(func.max(OPS.c.op_no)).where(OPS.c.job_id == job_id)).scalar() or 0


def _codes_of_others(connection: Connection, job_id: int) -> pd.DataFrame:
    jobs, parts = SCHEMA.tables["jobs"], []
    for name in ("subjects", "groups"):
        table = SCHEMA.tables[name]
        parts.append(
            select(table.c.access_code, jobs.c.name)
            .join(jobs, jobs.c.job_id == table.c.job_id)
            .where(table.c.job_id != job_id)
        )
    rows = sorted(tuple(row) for row in connection.execute(union_all(*parts)).fetchall())
    return pd.DataFrame(rows, columns=["access_code", "job"]).astype("str")


# --- refusing ------------------------------------------------------------------------------------------------------------


def _done_before(connection: Connection, job: str, op_id: str, digest: str | None = None) -> Receipt | None:
    row = connection.execute(select(OPS).where(OPS.c.op_id == op_id)).mappings().first()
    if row is None:
        return None
    if digest is not None and row["digest"] != digest:
        raise Refused(_other_plan(op_id))
    counts = {table: tuple(n) for table, n in json.loads(row["counts"]).items()}
    return Receipt(job, row["verb"], row["op_no"], op_id, row["at_utc"], counts, row["headline"], row["undo_of"])


def _other_plan(op_id: str) -> str:
    return (
        f"operation id {op_id} was used for something else already. Nothing was applied: take a new id for a new plan."
    )


def _who_moved_it(connection: Connection, job_id: int, operation: _Operation, basis: int, head: int) -> str:
    since = connection.execute(
        select(OPS).where(and_(OPS.c.job_id == job_id, OPS.c.op_no > basis)).order_by(OPS.c.op_no)
    ).mappings()
    who = [f"{row['op_no']} {row['verb']} by {row['actor']} at {row['at_utc'][:16]}Z" for row in since]
    shown = "; ".join(who[-3:]) or "nothing: the plan is from another studio"
    return (
        f"{operation.verb} {operation.job}: the plan was made at operation {basis}, the job is at {head}. "
        f"Since then: {shown}. Nothing was applied: make the plan again and look at it."
    )


# --- a new job -----------------------------------------------------------------------------------------------------------


def _next_job(connection: Connection, operation: _Operation) -> int:
    jobs = SCHEMA.tables["jobs"]
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "LOCK TABLE jobs IN SHARE ROW EXCLUSIVE MODE"
        )  # two new jobs must not count the same
    if connection.execute(
        select(jobs.c.name).where(or_(jobs.c.name == operation.job, func.lower(jobs.c.name) == operation.job.lower()))
    ).first():
        raise Refused(f"job {operation.job} exists already; choose another name")
    return (connection.execute(select(func.max(jobs.c.job_id))).scalar() or 0) + 1


def _new_id() -> str:
    return uuid.uuid4().hex
