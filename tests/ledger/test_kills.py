"""Killed with SIGKILL at any moment: nothing torn, nothing lost that was acknowledged, nothing sent twice."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="SIGKILL and fork")]


def kills(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "tests.ledger.kills", *map(str, arguments)], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_killed_at_random_moments_nothing_is_torn_and_nothing_acknowledged_is_lost(place):
    result = kills("random", place, 50)
    assert (result["torn"], result["lost"]) == ([], 0)
    assert result["kills"] == 50
    assert result["acknowledged"] >= 50


def test_killed_at_every_statement_of_an_operation_it_is_there_whole_or_not_at_all_and_once(place):
    result = kills("apply", place, 0)
    assert result["torn"] == []
    assert result["heads"] == [2, 3]
    assert result["points"] > 15


def test_killed_at_every_step_of_sending_each_promise_is_kept_once(place, tmp_path):
    result = kills("drain", place, 0, tmp_path)
    assert result["faults"] == []
    assert result["points"] > 10


def test_of_four_processes_with_plans_of_one_basis_exactly_one_wins(place):
    result = kills("race", place, 10)
    assert result["outcomes"] == [["told", "told", "told", "won"]] * 10
    assert result["torn"] == []
