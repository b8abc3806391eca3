"""Readers that one file kills or stops, for tests: in a module of little weight, for each process has to load it."""

from __future__ import annotations

import os
import signal
import time

from prepaykit.intake.one_frame import Task, read_one


def die(_: object = None) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dies_of_the_second(task: Task) -> object:
    """A decoder that one file kills."""
    return die() if task.path.endswith("0002.JPG") else read_one(task)


def sleeps_over_the_second(task: Task) -> object:
    return time.sleep(60) if task.path.endswith("0002.JPG") else read_one(task)
