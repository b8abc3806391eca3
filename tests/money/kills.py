"""Kill real processes with SIGKILL while they refund, go on, and count what came back. Run by test_kills.py, in a process of its own.

    python -m tests.money.kills matrix PLACE HALF     every write point × every fault × key fresh or 26 hours old × whole, part, two parts;
                                                      HALF 1 or 2 of them, 0: all
    python -m tests.money.kills random PLACE ROUNDS SEED   killed at random moments

Prints one JSON line: scenarios, killed, and for each thing that must never be how often it was (double, over, lost, unrecorded, unbalanced).
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from collections import Counter
from contextlib import closing
from itertools import product
from pathlib import Path

import pandas as pd

from prepaykit.adapters.stripe.client import open_client
from prepaykit.adapters.stripe.refunds import StripeGateway
from prepaykit.ledger.store import Store
from prepaykit.rules.balance import balance
from prepaykit.studio import Studio
from tests.money.refunding import cancelled_studio, confirm_all
from tests.stand_in.process import KEY, Running, stand_in

FAULTS = ("none", "lost_before", "lost_after", "500_before", "500_after", "429", "409", "slow", "late")
POINTS = ("none", "before look", "after look", "after sending", "after answer", "after writing", "before settling")
SHAPES = {"whole": [1500], "part": [500], "two parts": [500, 400]}
HOURS = (0, 26)
START = pd.Timestamp("2026-10-01 15:00", tz="UTC")
ROUNDS_HOURS = (0.3, 1, 3, 12, 8, 2, 3, 20, 26, 26)  # how time goes on between runs: over four days


class Hooked:
    """The real gateway and the real store, which tell each point that they pass."""

    def __init__(self, inner: object, passed: object) -> None:
        self._inner, self._passed = inner, passed

    def look(self, charge_id):
        """Look, and say so."""
        self._passed("before look")
        seen = self._inner.look(charge_id)
        self._passed("after look")
        return seen

    def send(self, request, key):
        """Send, and say so."""
        self._passed("after sending")
        answer = self._inner.send(request, key)
        self._passed("after answer")
        return answer


class Walk:
    """One stand-in, templates of studios, and a clock for both."""

    def __init__(self, place: Path, running: Running) -> None:
        self.place, self.running, self.now = place, running, START
        self.gateway = StripeGateway(open_client(KEY, base=running.base))
        self.found: Counter[str] = Counter()
        for shape, cents in SHAPES.items():
            self._template(shape, cents)

    def _template(self, shape: str, cents: list[int]) -> None:
        studio, bank = cancelled_studio(self.place / f"{shape}.db", children=1)
        for amount in cents:
            if amount == 1500:
                confirm_all(studio, bank)
            else:
                planned = studio.job().state.refunds
                target = f"online.1001.{int(planned.loc[planned['status'] == 'planned', 'refund_id'].iloc[0])}"
                choice = pd.DataFrame({"kind": ["refund"], "target": [target], "value": [f"{amount / 100:.2f}"]})
                studio.job().apply(studio.job().refund(choices=choice, through=bank))
        studio.close()

    def begin(self, shape: str, faults: list[str]) -> Path:
        """A fresh studio whose refunds are confirmed, a fresh account, and the faults that wait."""
        work = self.place / "work.db"
        for old in self.place.glob("work.db*"):
            old.unlink()
        shutil.copy(self.place / f"{shape}.db", work)
        self.running.say("reset")
        self.running.say("charge", id="ch_1001", amount=1500)
        self.running.say("faults", faults=faults)
        self.now = START
        return work

    def move(self, hours: float) -> None:
        """Time goes on, here and there."""
        self.running.say("move", seconds=int(hours * 3600))
        self.now += pd.Timedelta(hours=hours)

    def run(self, work: Path, passed=lambda point: None) -> None:
        """One `prepaykit send`."""
        store = Store.open(work, clock=lambda: self.now)
        studio = Studio(store, self.place, "anna", lambda: self.now)
        apply = store.apply

        def applied(*given, **named):
            done = apply(*given, **named)
            passed("after writing")
            return done

        store.apply = applied
        studio.send(through=Hooked(self.gateway, passed))
        passed("before settling")
        studio.close()

    def in_child(self, work: Path, passed, *, after_s: float | None = None) -> bool:
        """The same in a process of its own; True if it was killed. `after_s`: from outside, after so long."""
        pid = os.fork()
        if pid == 0:
            try:
                self.run(work, passed)
            finally:
                os._exit(0)
        if after_s is not None:
            time.sleep(after_s)
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        return os.WIFSIGNALED(status)

    def carry_on(self, work: Path) -> None:
        """The same command again and again, while days go by, until nothing is on its way; then what was late lands."""
        for hours in ROUNDS_HOURS:
            self.move(hours)
            self.run(work)
            if not _on_their_way(work):
                break
        self.move(2)

    def judge(self, work: Path, shape: str, told: str) -> None:
        """Count what must never be; what is waiting after four days counts as lost."""
        with Store.open(work) as store:
            state = store.read("maple-grove-2026")
        rows = state.refunds[state.refunds["request_id"].notna()]
        made = Counter(r["metadata"]["prepaykit_request"] for r in self.running.say("state")["refunds"])
        wrong = {
            "double": sum(n - 1 for n in made.values()),
            "over": int(sum(r["amount"] for r in self.running.say("state")["refunds"]) > sum(SHAPES[shape])),
            "lost": int((~rows["status"].isin(["succeeded", "review"])).sum()),
            "unrecorded": int((rows["status"].eq("succeeded") != rows["request_id"].isin(made)).sum()),
            "to a person": int((rows["status"] == "review").sum()),
            "unbalanced": int(not balance(state)["holds"].all()),
        }
        self.found.update({"scenarios": 1, **wrong})
        if any(n for what, n in wrong.items() if what != "to a person"):
            print(f"{told}: {wrong} {rows[['status', 'evidence']].to_numpy().tolist()}", file=sys.stderr)


def _on_their_way(work: Path) -> int:
    with closing(sqlite3.connect(work)) as file:
        return file.execute("SELECT count(*) FROM refunds WHERE status IN ('confirmed', 'sending', 'unknown', 'pending')").fetchone()[0]


def kill_at(point: str):
    """SIGKILL this process when it passes that point for the first time."""

    def passed(here: str) -> None:
        if here == point:
            os.kill(os.getpid(), signal.SIGKILL)

    return passed


def matrix(walk: Walk, half: int = 0) -> None:
    """Every scenario once."""
    for number, (point, fault, hours, shape) in enumerate(product(POINTS, FAULTS, HOURS, SHAPES)):
        if half and number % 2 != half - 1:
            continue
        work = walk.begin(shape, [fault])
        walk.found["killed"] += walk.in_child(work, kill_at(point))
        walk.move(hours)
        walk.carry_on(work)
        walk.judge(work, shape, f"{point}, {fault}, {hours} h, {shape}")


def at_random(walk: Walk, rounds: int, seed: int) -> None:
    """Killed from outside at any moment, with any faults, twice in a row sometimes."""
    chance = random.Random(seed)
    for number in range(rounds):
        shape = chance.choice(list(SHAPES))
        work = walk.begin(shape, [chance.choice(FAULTS) for _ in range(chance.randint(1, 3))])
        for _ in range(chance.randint(1, 2)):
            walk.found["killed"] += walk.in_child(work, lambda point: None, after_s=chance.uniform(0, 0.16))
            walk.move(chance.choice([0.2, 1, 22, 26]))
        walk.carry_on(work)
        walk.judge(work, shape, f"random {number}")


if __name__ == "__main__":
    kind, place, number = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    with stand_in() as running:
        walk = Walk(place, running)
        matrix(walk, number) if kind == "matrix" else at_random(walk, number, seed=int(sys.argv[4]))
    print(json.dumps(walk.found))
