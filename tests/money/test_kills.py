"""Whatever is killed, and whatever Stripe answers: no refund is made twice, none is lost, and the ledger says what was made."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="SIGKILL and fork")]
NEVER = ("double", "over", "lost", "unrecorded", "unbalanced")


def walked(place, *arguments):
    told = subprocess.run([sys.executable, "-m", "tests.money.kills", arguments[0], str(place), *arguments[1:]],
                          capture_output=True, text=True, timeout=900, check=False)  # fmt: skip
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout.splitlines()[-1]), told.stderr


@pytest.mark.parametrize("half", ["1", "2"])
def test_killed_at_every_point_under_every_fault_each_wish_comes_to_one_refund(tmp_path, half):
    found, said = walked(tmp_path, "matrix", half)
    assert found["scenarios"] == 189
    assert found["killed"] >= 100
    assert [found[what] for what in NEVER] == [0] * 5, said


@pytest.mark.parametrize("seed", ["7", "8"])
def test_killed_at_random_each_wish_comes_to_one_refund(tmp_path, seed):
    found, said = walked(tmp_path, "random", "200", seed)
    assert found["scenarios"] == 200
    assert found["killed"] >= 100
    assert [found[what] for what in NEVER] == [0] * 5, said
