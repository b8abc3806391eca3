"""How well the sequence doubts itself: seeded faults told, children doubted without a cause.

    python -m tests.benchmarks.doubts [--seeds 5] [--days 20]

First the demo's jobs (small, medium, large), then school days drawn to be hard: classes that come as they like or in the order of the
list, sessions of 2 to 9 frames, pauses of log-normal length that overlap, shoelaces, weeded-out frames, absent children; of every 200 cards one was not
photographed, one was deleted, one lies in a frame where no code was seen. With the look of the pictures, and without. No picture is
read: it is the thinking that is measured, not the reading.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

from prepaykit.decide.photos import picture_tables, plan_photos
from prepaykit.rules.doubts import places_to_look
from prepaykit.tables.state import JobState
from tests.drawn_days import DOUBTING, TOLD_BY, picture_day

CLASSES, CHILDREN = 24, 25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--days", type=int, default=20)
    given = parser.parse_args()
    print(
        "demo jobs          "
        + "  ".join(f"{f:>12.12}" for f in TOLD_BY)
        + "   skipped card        doubted without a cause   suggested child"
    )
    for size in ("small", "medium", "large"):
        began = time.process_time()
        told = [picture_day(size, seed) for seed in range(1, given.seeds + 1)]
        counts = [tuple(sum(t.recall[f][i] for t in told) for i in (1, 0)) for f in TOLD_BY]
        cells = "  ".join(f"{f'{n} of {m}':>12}" for n, m in counts)
        wrong, children = sum(len(t.doubted) for t in told), sum(t.children for t in told)
        right, other = sum(t.right_child for t in told), sum(t.wrong_child for t in told)
        exact = sum(t.at_the_frame for t in told)
        print(f"{size:8}{given.seeds:3} seeds   {cells}   {exact} at the frame   {wrong} of {children} ({100 * wrong / children:.2f} %)   {right} right, {other} wrong"
              f"   {time.process_time() - began:.0f} CPU s")  # fmt: skip
    print("\nhard days          missing cards   told   at the frame   looked at again   doubted without a cause")
    for name, ordered, looks in (
        ("as they like", False, False),
        ("in list order", True, False),
        ("with looks", False, True),
        ("order, looks", True, True),
    ):
        print(f"{name:14}     " + _hard(given.days, ordered=ordered, looks=looks))


def _hard(days: int, *, ordered: bool, looks: bool) -> str:
    total = np.zeros(6, dtype=int)
    for seed in range(days):
        total += hard_day(seed, ordered=ordered, looks=looks)
    missing, told, exact, looked, wrong, children = total
    return f"{missing:13}   {told:4} ({100 * told / missing:.0f} %)   {exact:5}   {looked:10}   {wrong} of {children} ({100 * wrong / children:.2f} %)"


def hard_day(seed: int, *, ordered: bool, looks: bool) -> np.ndarray:
    """One day: missing cards, of these told, told at the right frame, with the place among those to look at again; children doubted
    without a cause, children."""
    chance = np.random.default_rng(seed)
    state = _school()
    read, truth = _shoot(chance, state, ordered=ordered, looks=looks)
    plan = plan_photos(state, read)
    after = state.after(plan)
    number = dict(zip(after.frames["path"], after.frames["frame_id"].astype("str"), strict=True))
    flagged = plan.findings[plan.findings["code"].isin(DOUBTING) & (plan.findings["code"] != "card_without_frames")]
    keys = set(flagged["key"])
    session_of = after.galleries.drop_duplicates("frame_id").set_index("frame_id")["access_code"]
    told = exact = looked = 0
    causes = set()
    _, done = picture_tables(after, after.frames, after.choices)
    places = set(places_to_look(done)["frame_id"].astype("str"))
    for path in truth:  # the first frame that is not the child's any more
        frame = number[path]
        owner = session_of.get(int(frame))
        mine = {k for k in keys if k == owner or (k.isdigit() and session_of.get(int(k)) == owner)}
        told, exact, looked = told + bool(mine), exact + (frame in mine), looked + (frame in places)
        causes |= mine
    return np.array([len(truth), told, exact, looked, len(keys - causes), CLASSES * CHILDREN])


def _school() -> JobState:
    n = CLASSES * CHILDREN
    group = np.repeat(np.arange(1, CLASSES + 1), CHILDREN)
    subjects = pd.DataFrame({
        "subject_id": np.arange(1, n + 1), "access_code": [f"K{i:04d}" for i in range(1, n + 1)], "first_name": "A", "last_name": [f"N{i % CHILDREN:02d}" for i in range(n)],
        "group_id": group, "kind": "student", "photograph": True, "sell": True, "yearbook": True, "directory": True, "group_ok": True,
        "attendance": "expected", "source": "names_list",
    })  # fmt: skip
    groups = pd.DataFrame(
        {
            "group_id": np.arange(1, CLASSES + 1),
            "name": [f"C{i}" for i in range(1, CLASSES + 1)],
            "access_code": [f"G{i:03d}" for i in range(1, CLASSES + 1)],
        }
    )
    return JobState.new(name="hard-2026", school="Hard").replace(subjects=subjects, groups=groups)


def _shoot(
    chance: np.random.Generator, state: JobState, *, ordered: bool, looks: bool
) -> tuple[pd.DataFrame, list[str]]:
    """The day as read, and the first frame of each child whose card is missing."""
    rows, truth, number, at = [], [], 0, pd.Timestamp("2026-09-01 08:00")
    backdrop = int(chance.integers(0, 2**63))

    def flips(base: int, n: int) -> int:
        for bit in chance.choice(64, size=n, replace=False):
            base ^= 1 << int(bit)
        return base

    def shot(texts: str | None, look: int | None, seconds: float) -> str:
        nonlocal number, at
        number, at = number + 1, at + pd.Timedelta(seconds=float(seconds))
        path = f"IMG_{number:04d}.JPG"
        rows.append((path, at, texts, None if look is None or not looks else f"{look:016x}"))
        return path

    for group in range(1, CLASSES + 1):
        codes = state.subjects.loc[state.subjects["group_id"] == group, "access_code"].tolist()
        shot(f"G{group:03d}", None, 200)
        for _ in range(2):
            shot(None, int(chance.integers(0, 2**63)), 20)
        for code in codes if ordered else chance.permutation(codes):
            if chance.random() < 0.03:
                continue
            face, kind = flips(backdrop, int(chance.integers(7, 16))), chance.random()
            pause = chance.lognormal(np.log(22), 0.5)
            is_first = rows[-1][2] is not None  # a card must not be missing just after a card without frames
            mark = None
            if kind < 0.005 and not is_first:  # not photographed
                mark, first_pause = "skipped", pause
            elif kind < 0.010 and not is_first:  # deleted: its number is missing
                mark, first_pause, number = "deleted", pause + chance.lognormal(np.log(7), 0.4), number + 1
            elif kind < 0.015 and not is_first:  # photographed, but no code was seen
                truth.append(shot(None, flips(face, 6), pause))
                first_pause = chance.lognormal(np.log(7), 0.4)
            else:
                shot(str(code), flips(face, 6), pause)
                first_pause = chance.lognormal(np.log(7), 0.4)
            n = int(np.clip(2 + chance.poisson(1.2), 2, 9))
            for k in range(n):
                seconds = (
                    first_pause if k == 0 else chance.lognormal(np.log(5), 0.45) + (25 if chance.random() < 0.01 else 0)
                )
                path = shot(None, flips(face, int(chance.integers(1, 6))), seconds)
                if k == 0 and mark:
                    truth.append(path)
                if chance.random() < 0.01:
                    number += 1  # a blink, deleted at once
    n = len(rows)
    path, times, texts, look = zip(*rows, strict=True)
    read = pd.DataFrame({
        "root": "day", "path": path, "sha256": path, "size_bytes": 1000, "width": pd.Series([6000] * n, dtype="Int64"), "height": pd.Series([4000] * n, dtype="Int64"),
        "camera": "R6 #1", "sequence": 0, "shot_at": pd.to_datetime(list(times)).astype("datetime64[us]"), "texts": pd.Series(texts, dtype="str"),
        "is_broken_card": False, "problem": pd.Series([None] * n, dtype="str"), "row": range(1, n + 1), "look_hash": pd.Series(look, dtype="str"),
    })  # fmt: skip
    return read, truth


if __name__ == "__main__":
    main()
