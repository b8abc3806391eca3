"""The general tools that the matching is measured beside, each in the best set-up we could write, with the same fields.

Each takes a population (`orders`, `names`) and gives the candidates of each order (order_id, student_id, score, rank) and what it would
decide by itself at a threshold that nobody chose by looking: 0.999, or 90 of 100 for ratios. Ties are decided by nobody.
For FEBRL 4 the fields are those of the set, as in the tools' own examples.

Needs `uv sync --group bench`; prepaykit itself never imports any of it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

SURE = float(np.log2(0.999 / 0.001))
MARGIN = 10.0
KEPT = 5
Found = tuple[pd.DataFrame, pd.DataFrame]


def prepaykit(drawn) -> Found:
    """Ours, defaults untouched."""
    from prepaykit.rules.matching import match_in_full

    found = match_in_full(drawn.orders, drawn.names)
    ranked = found.candidates.rename(columns={"probability": "score"})[["order_id", "student_id", "score", "rank"]]
    return ranked, found.matches[found.matches["decision"] == "auto"][["order_id", "student_id"]]


def exact(drawn) -> Found:
    """Both names as they are written, capitals apart; decided if one child bears them."""
    key = lambda f, la: (f.fillna("") + "|" + la.fillna("")).str.casefold()  # noqa: E731
    left = drawn.orders[["order_id"]].assign(key=key(drawn.orders["student_first"], drawn.orders["student_last"]))
    right = drawn.names[["student_id"]].assign(key=key(drawn.names["first_name"], drawn.names["last_name"]))
    pairs = left.merge(right, on="key", validate="m:m")
    return ranked(pairs.assign(score=1.0), 1.0)


def rapidfuzz(drawn) -> Found:
    """token_sort_ratio of both names together, every order with every child."""
    from rapidfuzz import fuzz, process, utils

    whole = lambda t, f, la: (t[f].fillna("") + " " + t[la].fillna("")).map(utils.default_process).tolist()  # noqa: E731
    left, right = whole(drawn.orders, "student_first", "student_last"), whole(drawn.names, "first_name", "last_name")
    parts = []
    for start in range(0, len(left), 500):
        scores = process.cdist(left[start : start + 500], right, scorer=fuzz.token_sort_ratio, dtype=np.uint8)
        top = np.argpartition(-scores.astype(np.int16), KEPT, axis=1)[:, :KEPT]
        at = np.repeat(np.arange(start, start + len(scores)), KEPT)
        score = np.take_along_axis(scores, top, 1).ravel()
        parts.append(pd.DataFrame({"order": at, "child": top.ravel(), "score": score}))
    pairs = pd.concat(parts)
    pairs["order_id"] = drawn.orders["order_id"].to_numpy()[pairs["order"]]
    pairs["student_id"] = drawn.names["student_id"].to_numpy()[pairs["child"]]
    return ranked(pairs, 90)


def recordlinkage(drawn) -> Found:
    """The ECM classifier over Jaro-Winkler and exact comparisons, blocked on names and code."""
    left, right = (t.set_index("unique_id") for t in _plain(drawn))
    cut = {"first3": ("first", 3), "first1": ("first", 1), "last3": ("last", 3), "last1": ("last", 1)}
    left, right = (
        t.assign(**{c: t[of].map(lambda v, n=n: v[:n], na_action="ignore") for c, (of, n) in cut.items()})
        for t in (left, right)
    )
    # Not by class: ECM then takes "of the same class" for what it shall find.
    blocks = [["first"], ["last"], ["code"], ["first3", "last1", "school"], ["last3", "first1", "school"]]
    return ranked(_ecm(left, right, blocks, ["first", "last", "teacher", "code"], ["grade", "school"]), 0.999)


def recordlinkage_febrl(drawn, hard: bool) -> Found:
    """The same on the fields of FEBRL 4."""
    left, right = drawn.left, drawn.right
    if hard:
        return ranked(
            _ecm(
                left, right, [["given_name"], ["surname"], ["suburb"]], ["given_name", "surname", "suburb"], ["state"]
            ),
            0.999,
        )
    blocks = [["given_name"], ["surname"], ["soc_sec_id"], ["date_of_birth"]]
    return ranked(
        _ecm(
            left,
            right,
            blocks,
            ["given_name", "surname", "suburb", "address_1"],
            ["state", "date_of_birth", "soc_sec_id", "postcode"],
        ),
        0.999,
    )


def splink(drawn) -> dict[str, Found]:
    """Splink, "rich": names apart and swapped, nickname and part arrays, initials, term frequencies, class, code, school, parent's surname.

    `splink +margin`: the same, deciding only with ten bits to the runner-up, which Splink itself does not have.
    """
    pairs = _splink_pairs(drawn)
    return {"splink": _decided_by_splink(pairs, 0.0), "splink +margin": _decided_by_splink(pairs, MARGIN)}


def splink_febrl(drawn, hard: bool) -> Found:
    """Splink on the fields of FEBRL 4, after its own example; `hard`: names, suburb and state alone."""
    import splink.comparison_library as cl
    from splink import block_on

    left, right = (t.reset_index(names="unique_id") for t in (drawn.left, drawn.right))
    comparisons = [cl.NameComparison("given_name"), cl.NameComparison("surname")]
    if hard:
        comparisons += [cl.JaroWinklerAtThresholds("suburb", [0.95, 0.88]), cl.ExactMatch("state")]
        comparisons[2] = comparisons[2].configure(term_frequency_adjustments=True)
        blocks = [
            block_on("given_name"),
            block_on("surname"),
            block_on("suburb"),
            block_on("substr(surname,1,3)", "substr(given_name,1,1)"),
        ]
        training = [block_on("suburb"), block_on("given_name", "surname")]
        sure = [block_on("given_name", "surname", "suburb")]
    else:
        comparisons += [cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]), cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
                        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]), cl.ExactMatch("street_number").configure(term_frequency_adjustments=True)]  # fmt: skip
        blocks = [block_on("given_name", "surname"), block_on("soc_sec_id"), block_on("postcode", "surname"),
                  block_on("given_name", "postcode"), block_on("date_of_birth"), block_on("street_number", "postcode"),
                  block_on("address_1"), block_on("surname", "suburb"), "l.given_name = r.surname and l.surname = r.given_name"]  # fmt: skip
        training = [block_on("date_of_birth"), block_on("postcode", "surname"), block_on("given_name", "surname")]
        sure = [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")]
    pairs = _predicted(left, right, comparisons, blocks, training, sure)
    return _decided_by_splink(pairs, 0.0)


def ranked(pairs: pd.DataFrame, at_least: float) -> Found:
    """The best candidates of each order, and those that are decided: at least this good, and better than the next."""
    pairs = pairs.sort_values(["order_id", "score"], ascending=[True, False], kind="stable")
    pairs = pairs.assign(rank=pairs.groupby("order_id").cumcount() + 1)
    best = pairs[pairs["rank"] == 1]
    second = pairs[pairs["rank"] == 2].set_index("order_id")["score"]
    best = best[(best["score"] >= at_least) & (best["score"] > best["order_id"].map(second).fillna(-np.inf))]
    return pairs[["order_id", "student_id", "score", "rank"]], best[["order_id", "student_id"]]


def assigned(found: pd.DataFrame) -> pd.DataFrame:
    """One child an order and one order a child, so that the sum of the scores is the greatest: the same help for every tool."""
    from scipy.optimize import linear_sum_assignment

    orders, row = np.unique(found["order_id"], return_inverse=True)
    children, column = np.unique(found["student_id"], return_inverse=True)
    least = float(found["score"].min()) - 1.0
    table = np.full((len(orders), len(children)), least, dtype=np.float32)
    table[row, column] = found["score"]
    one, two = linear_sum_assignment(table - least, maximize=True)
    real = table[one, two] > least
    return pd.DataFrame(
        {
            "order_id": orders[one[real]],
            "student_id": children[two[real]],
            "score": table[one[real], two[real]],
            "rank": 1,
        }
    )


METHODS = {f.__name__: f for f in (prepaykit, exact, rapidfuzz, recordlinkage, splink)}


# --- inside ------------------------------------------------------------------------------------------------------------


def _plain(drawn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables with the same plain columns, as one would prepare them for a general tool; the forms are ours, which can only help it."""
    from prepaykit.rules.matching.forms import (
        first_parts,
        folded_name,
        grade_form,
        last_parts,
        parents_surname,
        readings,
        school_form,
        teacher_words,
    )

    none = lambda f: lambda t: (f(t) or None) if isinstance(t, str) else None  # noqa: E731

    def plain(table: pd.DataFrame, first: str, last: str) -> pd.DataFrame:
        said = table[[first, last]].astype("object").where(table[[first, last]].notna(), "")
        # A full name in one field is split, as anybody would who looks at the file.
        names = [
            readings(f, la)[0][0] if not f or not la else (first_parts(f), last_parts(la))
            for f, la in said.itertuples(index=False)
        ]
        out = pd.DataFrame({
            "first": ["".join(n[0]) or None for n in names], "last": [" ".join(n[1]) or None for n in names],
            "firsts": [list(n[0]) for n in names], "parts": [list(n[1]) for n in names],
            "grade": table["grade"].map(none(grade_form)), "teacher": table["teacher"].map(none(lambda t: (teacher_words(t) or ("",))[0])),
            "code": table["access_code"].map(none(lambda t: folded_name(t).replace(" ", ""))),
            "school": table["school"].map(none(school_form)) if "school" in table else "one",
            "parent": table["parent_name"].map(none(lambda t: " ".join(parents_surname(t)))) if "parent_name" in table else None,
        })  # fmt: skip
        return out.astype("object").where(out.notna(), None)

    left, right = plain(drawn.orders, "student_first", "student_last"), plain(drawn.names, "first_name", "last_name")
    return left.assign(unique_id=drawn.orders["order_id"].to_numpy()), right.assign(
        unique_id=drawn.names["student_id"].to_numpy()
    )


def _ecm(
    left: pd.DataFrame, right: pd.DataFrame, blocks: list[list[str]], alike: list[str], same: list[str]
) -> pd.DataFrame:
    import recordlinkage as rl

    index = rl.Index()
    for columns in blocks:
        index.block(columns, columns)
    columns = sorted({*alike, *same, *(c for b in blocks for c in b)})
    left, right = (t[columns].astype("object").where(t[columns].notna(), np.nan) for t in (left, right))
    pairs = index.index(left, right)
    compare = rl.Compare()
    for column in alike:
        compare.string(column, column, method="jarowinkler", threshold=0.88, label=column)
    for column in same:
        compare.exact(column, column, label=column)
    features = compare.compute(pairs, left, right)
    ecm = rl.ECMClassifier()
    ecm.fit_predict(features)
    values = {
        "order_id": features.index.get_level_values(0),
        "student_id": features.index.get_level_values(1),
        "score": np.asarray(ecm.prob(features)),
    }
    return pd.DataFrame(values)


def _splink_pairs(drawn) -> pd.DataFrame:
    import splink.comparison_library as cl
    from splink import block_on

    from prepaykit.rules.matching.nicknames import forms_of

    left, right = _plain(drawn)
    for table in (left, right):
        keys = forms_of(["" if t is None else t for t in table["first"]])
        table["nicks"] = keys.groupby("at")["key"].apply(list).reindex(range(len(table))).tolist()
    blocks = [block_on("first"), block_on("last"), block_on("code"), block_on("substr(first,1,3)", "substr(last,1,1)"),
              block_on("substr(last,1,3)", "substr(first,1,1)"), block_on("school", "teacher", "grade"), block_on("parts[1]", "school"),
              block_on("substr(first,1,2)", "school", "grade"), "l.first = r.last and l.last = r.first", "l.parent = r.last"]  # fmt: skip
    # Names are in both name comparisons (fields swapped), so they are trained where code or class agree, all else where names do.
    training = [block_on("code"), block_on("school", "teacher", "grade"), block_on("first", "last")]
    sure = [block_on("first", "last", "school"), block_on("code", "first")]
    alike = ("first_l is null or list_has_any(nicks_l, nicks_r) or jaro_winkler_similarity(first_l, first_r) >= 0.8 or length(first_l) = 1 "
             "or first_l = last_r")  # fmt: skip
    comparisons = [
        cl.CustomComparison(output_column_name="first", comparison_levels=[
            {"sql_condition": "first_l is null or first_r is null", "label_for_charts": "null", "is_null_level": True},
            {"sql_condition": "first_l = first_r", "label_for_charts": "exact", "tf_adjustment_column": "first"},
            {"sql_condition": "list_has_any(nicks_l, nicks_r)", "label_for_charts": "nickname"},
            {"sql_condition": "list_has_any(firsts_l, firsts_r)", "label_for_charts": "part"},
            {"sql_condition": "first_l = last_r and last_l = first_r", "label_for_charts": "swapped"},
            {"sql_condition": "damerau_levenshtein(first_l, first_r) <= 1 and length(first_l) > 3", "label_for_charts": "one slip"},
            {"sql_condition": "jaro_winkler_similarity(first_l, first_r) >= 0.88", "label_for_charts": "alike"},
            {"sql_condition": "length(first_l) <= 4 and length(first_l) > 1 and starts_with(first_r, first_l)", "label_for_charts": "clipped"},
            {"sql_condition": "(length(first_l) = 1 or length(first_r) = 1) and substr(first_l,1,1) = substr(first_r,1,1)", "label_for_charts": "initial"},
            {"sql_condition": "ELSE", "label_for_charts": "else"}]),
        cl.CustomComparison(output_column_name="last", comparison_levels=[
            # Swapped fields are one piece of evidence, counted with the first name.
            {"sql_condition": "last_l is null or last_r is null or (first_l = last_r and last_l = first_r)", "label_for_charts": "null", "is_null_level": True},
            {"sql_condition": "last_l = last_r", "label_for_charts": "exact", "tf_adjustment_column": "last"},
            {"sql_condition": "list_has_any(parts_l, parts_r)", "label_for_charts": "part"},
            {"sql_condition": "damerau_levenshtein(last_l, last_r) <= 1 and length(last_l) > 3", "label_for_charts": "one slip"},
            {"sql_condition": "jaro_winkler_similarity(last_l, last_r) >= 0.88", "label_for_charts": "alike"},
            {"sql_condition": "parent_l = last_r or parent_r = last_l", "label_for_charts": "parent's"},
            {"sql_condition": "(length(last_l) = 1 or length(last_r) = 1) and substr(last_l,1,1) = substr(last_r,1,1)", "label_for_charts": "initial"},
            {"sql_condition": "ELSE", "label_for_charts": "else"}]),
        cl.CustomComparison(output_column_name="teacher", comparison_levels=[
            {"sql_condition": "teacher_l is null or teacher_r is null", "label_for_charts": "null", "is_null_level": True},
            {"sql_condition": "teacher_l = teacher_r", "label_for_charts": "exact", "tf_adjustment_column": "teacher"},
            {"sql_condition": "jaro_winkler_similarity(teacher_l, teacher_r) >= 0.88", "label_for_charts": "alike"},
            {"sql_condition": "(length(teacher_l) = 1 or length(teacher_r) = 1) and substr(teacher_l,1,1) = substr(teacher_r,1,1)", "label_for_charts": "initial"},
            {"sql_condition": "ELSE", "label_for_charts": "else"}]),
        # A code speaks for the child only if the first name does not speak against it: else it is a sibling's.
        cl.CustomComparison(output_column_name="code", comparison_levels=[
            {"sql_condition": "code_l is null or code_r is null", "label_for_charts": "null", "is_null_level": True},
            {"sql_condition": f"code_l = code_r and ({alike})", "label_for_charts": "exact, first name fits"},
            {"sql_condition": f"damerau_levenshtein(code_l, code_r) <= 1 and ({alike})", "label_for_charts": "one slip, first name fits"},
            {"sql_condition": "code_l = code_r", "label_for_charts": "exact, another first name"},
            {"sql_condition": "ELSE", "label_for_charts": "else"}]),
        cl.ExactMatch("grade"),
    ]  # fmt: skip
    if left["school"].nunique() > 1:
        comparisons.append(cl.ExactMatch("school"))
    return _predicted(left, right, comparisons, blocks, training, sure)


def _predicted(
    left: pd.DataFrame, right: pd.DataFrame, comparisons: list, blocks: list, training: list, sure: list
) -> pd.DataFrame:
    """Train Splink as its guide says (u by random sampling, m by EM from several blocks) and let it score the pairs."""
    from splink import DuckDBAPI, Linker, SettingsCreator

    db = DuckDBAPI()
    settings = SettingsCreator(link_type="link_only", blocking_rules_to_generate_predictions=blocks, comparisons=comparisons,
                               retain_intermediate_calculation_columns=False)  # fmt: skip
    linker = Linker(
        [db.register(left, dataset_display_name="orders"), db.register(right, dataset_display_name="names")], settings
    )
    linker.training.estimate_probability_two_random_records_match(sure, recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=4e6, seed=1)
    for rule in training:
        linker.training.estimate_parameters_using_expectation_maximisation(rule, estimate_without_term_frequencies=True)
    pairs = linker.inference.predict(threshold_match_probability=0.0001).as_pandas_dataframe()
    is_order = pairs["source_dataset_l"] == "orders"
    return pd.DataFrame({"order_id": pairs["unique_id_l"].where(is_order, pairs["unique_id_r"]), "student_id": pairs["unique_id_r"].where(is_order, pairs["unique_id_l"]),
                         "score": pairs["match_weight"]})  # fmt: skip


def _decided_by_splink(pairs: pd.DataFrame, margin: float) -> Found:
    best, sure = ranked(pairs, SURE)
    if margin:
        one, two = (best[best["rank"] == k].set_index("order_id")["score"] for k in (1, 2))
        ahead = one - two.reindex(one.index).fillna(-np.inf)
        sure = sure[sure["order_id"].isin(ahead.index[ahead >= margin])]
    return best, sure
