"""How fast populate, place and reading a job are, and how they grow. Run it: `python tests/benchmarks/populate.py`.

Three questions, answered in one run on this machine:

1. a job of 2,400 children, 1,300 orders and 9,000 frames: populate and place, as tables (must: under 1 s together);
2. the functions alone, at sizes growing by factors up to 1,000,000 slots and 5,000,000 frames: seconds a million rows, and the
   ratio of time to rows from each size to the next (must: under 10 s at the largest, no faster growth than the rows);
   beside them the same answer by merges on text keys, as it is usually written;
3. reading the job of question 1 from a SQLite store (must: under 2 s).

It is not a test: times differ from machine to machine, ratios within a run are what counts.
"""

from __future__ import annotations

import argparse
import tempfile
import time

import numpy as np
import pandas as pd

from prepaykit.decide.place import plan_place
from prepaykit.decide.populate import plan_populate
from prepaykit.ledger.store import Store
from prepaykit.rules.slots import fill_slots
from prepaykit.tables.catalog import typed
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState

NOW = pd.Timestamp("2026-10-01 15:00", tz="UTC")


def big_job(children: int, orders: int, frames_each: int, slots_each: int, *, absent_every: int = 50) -> JobState:
    """A job of that size: classes of 25, every `absent_every`-th child absent, each order for one child."""
    ids = np.arange(1, children + 1)
    class_ = (ids - 1) // 25 + 1
    absent = ids % absent_every == 0
    codes = np.char.add("C", ids.astype(str))
    subjects = pd.DataFrame({"subject_id": ids, "access_code": codes, "first_name": "F", "last_name": codes, "group_id": class_, "kind": "student",
                             "photograph": True, "sell": True, "yearbook": True, "directory": True, "group_ok": True,
                             "attendance": np.where(absent, "absent", "photographed"), "source": "names_list"})  # fmt: skip
    groups = pd.DataFrame({"group_id": np.unique(class_)})
    groups = groups.assign(name=groups["group_id"].astype(str), access_code="G" + groups["group_id"].astype(str))
    owner = np.repeat(ids[~absent], frames_each)
    n = len(owner)
    cards = np.arange(n + 1, n + 1 + int((~absent).sum()))
    shared = np.arange(cards[-1] + 1, cards[-1] + 1 + len(groups))
    frame_id = np.concatenate([np.arange(1, n + 1), cards, shared])
    role = np.repeat(["individual", "card", "group"], [n, len(cards), len(shared)])
    frames = pd.DataFrame({"frame_id": frame_id, "root": "r", "path": frame_id.astype(str), "size_bytes": 1, "camera": "A", "sequence": frame_id,
                           "shoot_no": 1, "role": role})  # fmt: skip
    galleries = pd.DataFrame({"frame_id": np.arange(1, n + 1), "read_code": codes[owner - 1], "access_code": codes[owner - 1], "subject_id": owner,
                              "position": np.tile(np.arange(1, frames_each + 1), n // frames_each), "is_active": True, "is_hidden": False})  # fmt: skip
    group_frames = pd.DataFrame({"frame_id": shared, "group_id": groups["group_id"], "position": 1})
    order_ids = np.arange(1, orders + 1)
    child = (order_ids * 7) % children + 1
    money = {"total_cents": 1500, "paid_cents": 1500}
    orders_ = pd.DataFrame({"order_id": order_ids, "order_no": order_ids.astype(str), "origin": "online", "status": "open", "shipping": "batch",
                            "collection_id": 1, "edition": 1, **money})  # fmt: skip
    slots = pd.DataFrame({"slot_id": np.arange(1, orders * slots_each + 1), "line_id": np.repeat(order_ids, slots_each),
                          "order_id": np.repeat(order_ids, slots_each), "subject_id": np.repeat(child, slots_each), "product_code": "P",
                          "product_name": "5x7", "hole": np.tile((["individual"] * (slots_each - 1) + ["group"])[:slots_each], orders),
                          "quantity": 1, "is_dropped": False})  # fmt: skip
    tables = {
        "subjects": subjects, "groups": groups, "frames": frames, "galleries": galleries, "group_frames": group_frames, "orders": orders_, "slots": slots,
        "collections": pd.DataFrame({"collection_id": [1], "status": "open", "reason": "prepay", "opened_at": NOW}),
        "order_subjects": pd.DataFrame({"order_subject_id": order_ids, "order_id": order_ids, "subject_id": child, "access_code": codes[child - 1]}),
        "lines": pd.DataFrame({"line_id": order_ids, "order_id": order_ids, "order_subject_id": order_ids, "code": "A", "name": "A", "quantity": 1,
                               "total_cents": 1500}),
        "payments": pd.DataFrame({"payment_id": order_ids, "order_id": order_ids, "amount_cents": 1500, "method": "card"}),
        "postings": pd.DataFrame({"posting_id": order_ids, "order_id": order_ids, "account": "held", "amount_cents": 1500, "reason": "orders"}),
    }  # fmt: skip
    state = JobState.new(name="big", school="Big School")
    return JobState({**state.tables, **{name: typed(name, rows) for name, rows in tables.items()}})


def by_text_merges(state: JobState) -> pd.Series:
    """The same choice as usually written: sort, first of each code, merge on text."""
    first = state.galleries.sort_values(["access_code", "position"]).groupby("access_code", as_index=False).first()
    codes = state.slots.merge(
        state.subjects[["subject_id", "access_code"]].astype({"subject_id": "Int64"}), on="subject_id", how="left"
    )
    return codes.merge(first[["access_code", "frame_id"]], on="access_code", how="left", suffixes=("", "_found"))[
        "frame_id_found"
    ]


def timed(act: object, times: int = 3) -> tuple[float, object]:
    """The best of some runs, in seconds, and the last result."""
    best, result = float("inf"), None
    for _ in range(times):
        start = time.perf_counter()
        result = act()
        best = min(best, time.perf_counter() - start)
    return best, result


def one_job() -> None:
    state = big_job(2400, 1300, 3, 4)
    populate, plan = timed(lambda: plan_populate(state))
    populated = state.after(plan)
    place, plan = timed(lambda: plan_place(populated, now=NOW))
    print(f"job of 2,400 children, 1,300 orders, {len(state.frames):,} frames, {len(state.slots):,} slots:")
    print(f"  populate {populate:.3f} s + place {place:.3f} s = {populate + place:.3f} s (bar 1 s)   {plan.headline}")
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(f"{folder}/studio.db")
        store.add_job({"name": "big", "school": "Big School"}, actor="bench", why="")
        tables = {name: rows for name, rows in populated.after(plan).tables.items() if name not in ("jobs", "findings")}
        store.apply(Plan.between(store.read("big"), "bench", tables), actor="bench", why="")
        read, _ = timed(lambda: store.read("big"))
        store.close()
    print(f"  read from SQLite {read:.3f} s (bar 2 s)")


def growth(largest: int) -> None:
    print("functions alone (fill_slots):")
    sizes = [n for n in (10_000, 100_000, 1_000_000) if n <= largest]
    before = None
    for n in sizes:
        state = big_job(n, n // 4, 5, 4)
        args = (state.slots, state.orders, state.subjects, state.galleries, state.group_frames, state.frames)
        ours, filled = timed(lambda args=args: fill_slots(*args), 2)
        text, _ = timed(lambda state=state: by_text_merges(state), 1)
        rows = len(state.slots) + len(state.galleries)
        growth = "" if before is None else f", rows × {rows / before[0]:.1f} → time × {ours / before[1]:.1f}"
        print(f"  {len(state.slots):>9,} slots, {len(state.frames):>9,} frames: {ours:7.3f} s, merges on text {text / ours:4.1f} times as long{growth}"
              f"   ({int(filled.slots['frame_id'].isna().sum()):,} empty)")  # fmt: skip
        before = (rows, ours)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=int, default=1_000_000, help="slots of the largest size (default 1,000,000)")
    largest = parser.parse_args().largest
    one_job()
    growth(largest)
