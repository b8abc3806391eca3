"""Matching in full: each order decided, its candidates ranked, and the evidence for each.

Problem: half of what parents write differs from the names list. Rule: names, class, codes and addresses are weighed together over
all children of the school, a child who is not on the list, and an unlisted brother or sister; what is certain is decided, the rest is
ranked for a person. Worked case: `SOFI CERDA, 3rd, Mrs. Hewitt` with her brother's code: she comes first, a person decides.
Known limits: see the modules that it puts together (`forms`, `levels`, `weights`, `clues`, `scoring`, `decisions`).
Source: matching.md 5; domain.md 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from prepaykit.rules.matching.assigning import assigned
from prepaykit.rules.matching.clues import Clues
from prepaykit.rules.matching.decisions import SHOWN, THRESHOLD, decided, weighed, words_of
from prepaykit.rules.matching.desk import NOBODY, Desk, lay_out
from prepaykit.rules.matching.exact import match_exactly
from prepaykit.rules.matching.learning import learnt_weights
from prepaykit.rules.matching.scoring import Scorer
from prepaykit.rules.matching.taught import as_taught
from prepaykit.rules.matching.weights import SHIPPED, Weights, both_typed


@dataclass(frozen=True)
class Matched:
    """What matching found.

    `matches`: one row is an order, as `match_orders` gives it. `candidates`: up to five rows an order: order_id, rank, student_id,
    access_code, probability, evidence. `evidence`: one row is a candidate, with `order` (place in the orders) and
    `child` (place on the desk), the level of each field, a bar in bits for each of `decisions.BARS`, their sum `bits`; `totals`: one row is an order:
    nobody (how likely it is that the child is not on the list), off_bits, sum_bits.
    """

    matches: pd.DataFrame
    candidates: pd.DataFrame
    evidence: pd.DataFrame
    totals: pd.DataFrame
    desk: Desk


def match_orders(
    orders: pd.DataFrame, names: pd.DataFrame, *, threshold: float = THRESHOLD, learnt: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Say for each order which child of the names list it is for, or that a person must decide.

    `orders`: one row is an order for one child, as `read_orders` or `read_paper_orders` gives them (order_no or
    envelope_no, access_code, student_id, student_first, student_last, grade, teacher; if there: school, parent_name, parent_email, parent_phone).
    `names`: as `read_names` gives them. Returns one row for each row of `orders`, in its order: order_id, decision (`auto`: less than
    one in a thousand is wrong; `review`: a person decides; `none`: nobody fits), student_id, access_code (both only
    if auto), probability (of the best child), reason. `learnt`: what people's decisions taught, see `taught.as_taught`. Works on bare
    tables, no store; the order of rows changes nothing. Source: domain.md 7; matching.md 5.

    >>> names = pd.DataFrame({"access_code": ["X-1"], "student_id": ["007"], "first_name": ["Ada"], "last_name": ["Lee"]})
    >>> orders = pd.DataFrame({"order_no": ["1001", "1002"], "access_code": ["X-1", "X-2"]})
    >>> match_orders(orders, names)[["order_id", "decision", "student_id", "reason"]].values.tolist()
    [['1001', 'auto', '007', 'code'], ['1002', 'none', nan, 'unmatched']]
    """
    return match_in_full(orders, names, threshold=threshold, learnt=learnt).matches


def match_in_full(
    orders: pd.DataFrame, names: pd.DataFrame, *, threshold: float = THRESHOLD, learnt: pd.DataFrame | None = None,
    one_to_one: bool = False, weights: Weights = SHIPPED,
) -> Matched:  # fmt: skip
    """The same as `match_orders`, with the candidates of each order and the evidence for each.

    `one_to_one`: every order is for another child of the list (not so with picture orders: for linking two lists of the same children);
    then the child that an order gets when all are assigned together is its first candidate.
    """
    orders, names = _asked(orders), names.reset_index(drop=True)
    orders, learnt = as_taught(orders, learnt)
    desk = lay_out(orders, names, learnt=learnt, two_lists=one_to_one)
    if not len(orders) or not len(names):
        return _nothing(desk, _ids(orders))
    clues = Clues(desk, weights)
    if one_to_one:
        weights = both_typed(weights)
    weights = learnt_weights(desk, clues, weights)
    scorer = Scorer(desk, clues, weights)
    scores = scorer.score()
    pairs, totals = weighed(desk, scores, weights, one_to_one=one_to_one)
    if one_to_one:
        pairs = _assigned_first(pairs, assigned(scorer, scores.pairs), totals)
    pairs = pairs[pairs["rank"] <= SHOWN]
    result = decided(desk, pairs, totals, threshold=threshold)
    ids = _ids(orders)
    result = _without_names(result, orders, desk)
    return Matched(_matches(result, ids, desk), _candidates(pairs, ids, desk), pairs, totals, desk)


def _assigned_first(pairs: pd.DataFrame, chosen: pd.DataFrame, totals: pd.DataFrame) -> pd.DataFrame:
    """The candidates with the one that was assigned to each order before all others."""
    both = pairs.merge(
        chosen[["order", "child"]].assign(is_chosen=True), on=["order", "child"], how="left", validate="1:1"
    )
    both["is_chosen"] = both["is_chosen"].eq(True)
    known = pd.MultiIndex.from_frame(pairs[["order", "child"]])
    more = chosen[~pd.MultiIndex.from_frame(chosen[["order", "child"]]).isin(known)]
    likely = np.exp2(more["bits"].to_numpy() - totals["sum_bits"].to_numpy()[more["order"]])
    more = more.assign(claimed=0.0, probability=likely, rank=len(pairs), is_chosen=True)
    both = pd.concat([both, more], ignore_index=True)
    both = both.sort_values(["order", "is_chosen", "rank"], ascending=[True, False, True], ignore_index=True)
    both["rank"] = both.groupby("order").cumcount() + 1
    return both.drop(columns="is_chosen")


def _nothing(desk: Desk, ids: pd.Series) -> Matched:
    """The answer where one of the tables is empty."""
    count = len(ids)
    result = pd.DataFrame({"decision": ["none"] * count, "child": NOBODY, "probability": np.nan, "reason": "unmatched"})
    pairs = pd.DataFrame({c: pd.Series(dtype="int64") for c in ("order", "child", "rank")}).assign(
        probability=pd.Series(dtype="float64")
    )
    words = pd.Series(dtype="str")
    child = _children(desk, pairs["child"].to_numpy())
    candidates = pd.DataFrame({"order_id": words, "rank": pairs["rank"], "student_id": child["student_id"], "access_code": child["access_code"],
                               "probability": pairs["probability"], "evidence": words})  # fmt: skip
    totals = pd.DataFrame({"nobody": 1.0, "off_bits": 0.0, "sum_bits": 0.0}, index=range(count))
    return Matched(_matches(result, ids, desk), candidates, pairs, totals, desk)


def _asked(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders with the column names of paper orders."""
    named = {
        "buyer_name": "parent_name",
        "buyer_email": "parent_email",
        "buyer_phone": "parent_phone",
        "first": "student_first",
        "last": "student_last",
    }
    return orders.reset_index(drop=True).rename(columns={k: v for k, v in named.items() if v not in orders})


def _ids(orders: pd.DataFrame) -> pd.Series:
    number = next((c for c in ("order_id", "order_no", "envelope_no") if c in orders), None)
    return orders[number].astype("str") if number else pd.Series(orders.index.astype("str"), dtype="str")


def _without_names(result: pd.DataFrame, orders: pd.DataFrame, desk: Desk) -> pd.DataFrame:
    """An order that only gives a code or an id is what `match_exactly` says it is."""
    silent = (desk.asked["student_first"] == "") & (desk.asked["student_last"] == "")
    if not silent.any():
        return result
    listed = desk.listed[["access_code", "student_id"]].replace("", None).assign(subject_id=np.arange(len(desk.listed)))
    wanted = orders[silent.to_numpy()].rename(columns={"student_first": "first", "student_last": "last"})
    exact = match_exactly(wanted, listed)
    child = exact["subject_id"].fillna(NOBODY).astype("int64")
    found = child >= 0
    result = result.copy()
    result.loc[silent, "decision"] = np.select([found, exact["reason"] == "ambiguous"], ["auto", "review"], "none")
    result.loc[silent, "child"] = child
    result.loc[silent, "probability"] = np.where(found, 1.0, np.nan)
    result.loc[silent, "reason"] = exact["matched_by"].fillna(exact["reason"]).astype("object")
    return result


def _matches(result: pd.DataFrame, ids: pd.Series, desk: Desk) -> pd.DataFrame:
    child = _children(desk, result["child"].to_numpy())
    return pd.DataFrame({
        "order_id": ids.to_numpy(), "decision": result["decision"].to_numpy(), "student_id": child["student_id"].to_numpy(),
        "access_code": child["access_code"].to_numpy(), "probability": result["probability"].to_numpy(), "reason": result["reason"].to_numpy(),
    }).astype({"order_id": "str", "decision": "str", "student_id": "str", "access_code": "str", "reason": "str"})  # fmt: skip


def _candidates(pairs: pd.DataFrame, ids: pd.Series, desk: Desk) -> pd.DataFrame:
    child = _children(desk, pairs["child"].to_numpy())
    return pd.DataFrame({
        "order_id": ids.to_numpy()[pairs["order"]], "rank": pairs["rank"].to_numpy(), "student_id": child["student_id"].to_numpy(),
        "access_code": child["access_code"].to_numpy(), "probability": pairs["probability"].to_numpy(), "evidence": words_of(desk, pairs),
    }).astype({"order_id": "str", "student_id": "str", "access_code": "str", "evidence": "str"})  # fmt: skip


def _children(desk: Desk, rows: np.ndarray) -> pd.DataFrame:
    """Ids and codes of children; missing where there is no child."""
    listed = desk.listed[["student_id", "access_code"]].replace("", None).astype("str")
    return listed.reindex(pd.Index(rows)).reset_index(drop=True)
