"""Kill real processes with SIGKILL while they write, and look at what is left. Run by test_kills.py, in a process of its own.

    python -m tests.ledger.kills random PLACE ROUNDS     at random moments of a run of operations
    python -m tests.ledger.kills apply PLACE 0           before and after every statement of one operation
    python -m tests.ledger.kills drain PLACE 0           before and after every step of sending
    python -m tests.ledger.kills race PLACE ROUNDS       nobody is killed: four processes apply plans of one basis at once

Forks, so that a round does not pay for importing pandas; no connection is open over a fork.
"""

import itertools
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from prepaykit.errors import StalePlan
from prepaykit.ledger.outbox import drain
from prepaykit.ledger.store import Store
from prepaykit.tables.plan import Plan, effect
from tests.ledger.replay import journal_faults
from tests.ledger.studios import JOB, MORNING, names_plan, opened, post, promising

CODES = [f"C{n:03d}" for n in range(200)]


def step(state):
    """One operation that touches every row of a table, adds a posting and promises something."""
    number = state.head
    tables = {
        "subjects": state.subjects.assign(grade=str(number)),
        "postings": post(state, number).changes["postings"].on(state.postings),
    }
    return Plan.between(state, "names", tables, effects=effect(f"op/{number}", "lab_package", {"n": number}))


def torn(store):
    """What is wrong with the job as it was left; nothing, if every operation is there whole or not at all."""
    state = store.read(JOB)
    steps, faults = state.head - 2, journal_faults(store, JOB)
    if steps and set(state.subjects["grade"]) != {str(state.head - 1)}:
        faults.append("subjects of several operations")
    if len(state.postings) != steps or len(store.outbox(JOB)) != steps:
        faults.append("postings or promises are not those of the operations")
    return faults


def in_child(act):
    """Run in a forked process; its pid and the end of a pipe that it writes acknowledgements to."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            act(writing)
            os._exit(0)
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
            os._exit(1)
    os.close(writing)
    return pid, reading


def all_of(reading):
    with os.fdopen(reading, "rb") as pipe:
        return pipe.read()


def random_kills(place, rounds):
    def work(writing):
        with Store.open(place) as store:
            for _ in range(10_000):
                receipt = store.apply(step(store.read(JOB)), actor="worker", why="")
                os.write(writing, f"{receipt.op_no}\n".encode())

    chance, faults, lost, acknowledged, killed = random.Random(1), [], 0, 0, 0
    for _ in range(rounds):
        pid, reading = in_child(work)
        first = os.read(reading, 1)  # it is at work
        time.sleep(chance.uniform(0, 0.15))
        os.kill(pid, signal.SIGKILL)
        killed += os.waitpid(pid, 0)[1] == signal.SIGKILL
        told = (first + all_of(reading)).decode().rpartition("\n")[0].split()
        acknowledged += len(told)
        with Store.open(place) as store:
            lost += bool(told) and store.read(JOB).head < int(told[-1])
            faults += torn(store)
    return {"kills": killed, "torn": faults, "lost": lost, "acknowledged": acknowledged}


def dying_at(store, point):
    """Let the process die at the point-th moment before or after a statement or a commit."""
    points = itertools.count(1)

    def step_on(*_args):
        if next(points) == point:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("begin", "before_cursor_execute", "after_cursor_execute", "commit"):
        sa.event.listen(store.database.engine, name, step_on)
    return step_on


def apply_kills(place):
    with Store.open(place) as store:
        plan = step(store.read(JOB))
    faults, seen = [], []
    for point in itertools.count(1):

        def work(_writing, point=point):
            with Store.open(place) as store:
                dying_at(store, point)
                store.apply(plan, actor="worker", why="", op_id="the button")

        pid, reading = in_child(work)
        code = os.waitpid(pid, 0)[1]
        all_of(reading)
        with Store.open(place) as store:
            seen.append(store.read(JOB).head)
            faults += torn(store)
        if code == 0:
            return {"points": point - 1, "torn": faults, "heads": sorted(set(seen)), "operations": seen[-1]}
        assert code == signal.SIGKILL, code
    raise AssertionError("not reached")


def drain_kills(place):
    folder = Path(sys.argv[4])
    now, faults = MORNING, []
    for point in itertools.count(1):
        promised = f"round/{point}"
        with Store.open(place) as store:
            store.apply(promising(store.read(JOB), key=promised, grade=str(point)), actor="worker", why="")

        def work(_writing, point=point, now=now):
            with Store.open(place) as store:
                step_on = dying_at(store, point)

                def adapter(payload, key):
                    step_on()
                    (folder / key.replace("/", "-")).open("a").close()  # the effect, the same however often
                    step_on()
                    return "done"

                drain(store, {"lab_package": adapter}, now=now)

        pid, reading = in_child(work)
        code = os.waitpid(pid, 0)[1]
        all_of(reading)
        now += pd.Timedelta(hours=1)
        with Store.open(place) as store:
            drain(
                store,
                {"lab_package": lambda payload, key: (folder / key.replace("/", "-")).open("a").close() or "done"},
                now=now,
            )
            row = store.outbox(JOB).set_index("key").loc[promised]
            if row["state"] != "sent" or not (folder / promised.replace("/", "-")).exists() or row["attempts"] > 2:
                faults.append(f"{promised} {row['state']} {row['attempts']}")
        if code == 0:
            return {"points": point - 1, "faults": faults}
        assert code == signal.SIGKILL, code
    raise AssertionError("not reached")


def race(place, rounds):
    outcomes = []
    for _ in range(rounds):
        with Store.open(place) as store:
            plan = step(store.read(JOB))
        go = time.monotonic() + 0.15

        def work(writing, plan=plan, go=go):
            with Store.open(place) as store:
                time.sleep(max(0, go - time.monotonic()))
                try:
                    store.apply(plan, actor="worker", why="")
                    os.write(writing, b"won")
                except StalePlan:
                    os.write(writing, b"told")

        children = [in_child(work) for _ in range(4)]
        outcomes.append(sorted(all_of(reading).decode() for _, reading in children))
        for pid, _ in children:
            os.waitpid(pid, 0)
    with Store.open(place) as store:
        return {"outcomes": outcomes, "torn": torn(store)}


if __name__ == "__main__":
    how, where, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with Store.open(where) as fresh:
        opened(fresh)
        fresh.apply(names_plan(fresh.read(JOB), *CODES), actor="anna", why="")
    result = {
        "random": lambda: random_kills(where, count),
        "apply": lambda: apply_kills(where),
        "drain": lambda: drain_kills(where),
        "race": lambda: race(where, count),
    }[how]()
    print(json.dumps(result))
