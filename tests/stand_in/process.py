"""The stand-in as a process of its own, and what a test says to it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

KEY = "rk_test_51StandIn"


class Running:
    """A running stand-in."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"

    def say(self, what: str, **said: object) -> dict:
        """Tell it something; comes back with its refunds, how many were asked for, and its time."""
        request = urllib.request.Request(f"{self.base}/control/{what}", json.dumps(said).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())


@contextmanager
def stand_in() -> Iterator[Running]:
    """Start it, and end it; an AssertionError if anything that was asked or answered is against Stripe's contract."""
    with subprocess.Popen([sys.executable, "-m", "tests.stand_in.server"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            running = Running(int(process.stdout.readline()))
            yield running
            against = running.say("state")["against_the_contract"]
            assert not against, against[:5]
        finally:
            process.terminate()
