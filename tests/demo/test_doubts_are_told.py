"""The mistakes planted on picture day are told, and hardly anybody is doubted without a cause (`python -m tests.benchmarks.doubts` prints it)."""

from __future__ import annotations

import pytest

from tests.benchmarks.doubts import hard_day
from tests.drawn_days import picture_day


@pytest.mark.parametrize(("size", "seed"), [("small", 1), ("small", 5), ("medium", 1), ("large", 1)])
def test_every_planted_fault_of_the_sequence_is_told_and_at_most_one_child_in_a_hundred_doubted_without_a_cause(
    size, seed
):
    told = picture_day(size, seed)
    assert {fault: n for fault, n in told.recall.items() if n[0] != n[1]} == {}
    assert told.recall["skipped_card"][0] > 0
    assert len(told.doubted) <= told.children / 100
    assert told.wrong_child == 0


def test_a_hard_day_is_thought_through_as_well():
    missing, told, exact, looked, wrong, children = hard_day(1, ordered=True, looks=True)
    assert missing >= 5
    assert told >= 0.8 * missing
    assert exact >= 0.8 * told
    assert looked >= 0.9 * missing
    assert wrong <= children / 100
