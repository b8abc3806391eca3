"""Decisions: from bits to auto, review or none, with the reason in words.

Problem: a wrong child is worse than no child. Rule: a match is taken without a person only if its probability, over all children of
the list, a child who is not on it, and an unlisted brother or sister, is at least the threshold, and nothing stands against
it: see `VETOES`. Children who fit equally well share the probability, so ties are never broken. If several orders claim a child,
each of them is a little less likely; if they claim it under first names that do not go together, none is taken.

Worked case: an order for `Sofi Lopez` with the code of her brother: the family is certain, the child is not → review.
Known limits: a stranger with the same name in the same class looks like the child. Source: matching.md 5 (rules 4 to 8).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.rules.matching.clues import BY_ID, BY_MAIL, BY_PARENT, BY_PHONE
from prepaykit.rules.matching.desk import NOBODY, Desk
from prepaykit.rules.matching.levels import CODE, FIRST, GRADE, LAST, TEACHER, WORDS
from prepaykit.rules.matching.scoring import PARTS, Scores
from prepaykit.rules.matching.weights import WAYS, Weights

THRESHOLD = 0.999
NOBODY_FITS = 0.95
SHOWN = 5
BARS = (*PARTS, "claimed")

VETOES = {
    "other_school": "the order names another school",
    "first_name_contradicts": "the first name contradicts",
    "no_first_name": "no first name was given",
    "another_childs_code": "the code is that of another child",
    "siblings_code": "the code is that of a brother or sister",
    "another_id": "the student id is another one",
    "only_an_initial": "the first name is only an initial",
    "surname_unlike": "the surname does not agree and no code speaks for it",
    "teacher_contradicts": "the teacher contradicts and the name is not exact",
    "name_alone": "only the name agrees",
    "claimed_twice": "another order claims the same child under another first name",
}


def weighed(
    desk: Desk, scores: Scores, weights: Weights, *, one_to_one: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The candidates with their probabilities, best first, and what each order's total is made of.

    Candidates: one row is an order and child, with bars (bits) that add up to `bits`; `probability` is 2^bits over the sum.
    Totals: one row is an order: `nobody` (probability that the child is not on the list), `sum_bits` (log2 of the sum).
    """
    pairs = scores.pairs
    count = len(desk.asked)
    off = np.logaddexp2(scores.nobody, scores.sibling)
    base = np.exp2(scores.rest) + np.exp2(off)
    order, child = pairs["order"].to_numpy(), pairs["child"].to_numpy()
    bits = pairs["bits"].to_numpy()
    again = 0.002 if one_to_one else weights.second_order
    claimed = np.zeros(len(pairs))
    for _ in range(3 if one_to_one else 1):
        likely = np.exp2(bits + claimed)
        share = likely / (np.bincount(order, weights=likely, minlength=count) + base)[order]
        claims = np.bincount(child, weights=share, minlength=len(desk.listed))
        claimed = np.log2(1 - (1 - again) * np.clip(claims[child] - share, 0, 1))
    pairs = pairs.assign(claimed=claimed, bits=bits + claimed)
    likely = np.exp2(pairs["bits"].to_numpy())
    total = np.bincount(order, weights=likely, minlength=count) + base
    pairs["probability"] = likely / total[order]
    # Equal candidates stand in the order of their own values, as children do on the desk; the last digits of a sum say nothing.
    order_of = np.lexsort([child, -np.round(pairs["bits"].to_numpy(), 6), order])
    pairs = pairs.iloc[order_of]
    pairs["rank"] = pairs.groupby("order").cumcount() + 1
    totals = pd.DataFrame({"nobody": np.exp2(off) / total, "off_bits": off, "sum_bits": np.log2(total)})
    return pairs.reset_index(drop=True), totals


def decided(desk: Desk, pairs: pd.DataFrame, totals: pd.DataFrame, *, threshold: float = THRESHOLD) -> pd.DataFrame:
    """Decide each order: `decision`, `child` (NOBODY unless auto), `probability` (of the best), `reason`, `veto`."""
    best = pairs[pairs["rank"] == 1].set_index("order").reindex(range(len(desk.asked)))
    second = pairs[pairs["rank"] == 2].set_index("order")["probability"].reindex(best.index).fillna(0.0)
    has = best["child"].notna()
    known = best[has].astype({"child": "int64"})
    veto = pd.Series("", index=best.index, dtype="object")
    veto[has] = vetoes_of(desk, known)
    probability = best["probability"].fillna(0.0)
    sure = (probability >= threshold) & (veto == "") & has
    conflict = _conflicts(desk, known, sure[has])
    veto[conflict] = "claimed_twice"
    sure[conflict] = False
    nobody = (totals["nobody"] >= NOBODY_FITS) | ~has | (probability < 0.01)
    tie = (probability < threshold) & (second > 0.2 * probability)
    close = np.where(totals["nobody"] > second, "perhaps not on the list", "not certain enough")
    why_not = np.where(veto != "", veto.map(lambda v: VETOES.get(v, "")), np.where(tie, "several children fit", close))
    said = pd.Series("", index=best.index, dtype="object")
    said[has] = words_of(desk, known)
    decision = np.where(sure, "auto", np.where(nobody, "none", "review"))
    reason = np.where(sure, said, np.where(nobody, "unmatched", pd.Series(why_not, index=best.index) + ": " + said))
    return pd.DataFrame({"decision": decision, "child": np.where(sure, best["child"].fillna(NOBODY), NOBODY).astype(np.int64),
                         "probability": probability.where(has), "reason": reason, "veto": veto})  # fmt: skip


def vetoes_of(desk: Desk, pairs: pd.DataFrame) -> np.ndarray:
    """What stands against taking each pair without a person: a name of `VETOES`, or empty.

    What may still be taken, and why. No first name: a code of the child's own with the surname, as a code alone is enough where an order gives
    nothing else; not if the class contradicts. Only an initial: with the surname and the child's code or the teacher; brothers and sisters may
    share initial, grade and parents, and twins who share all of it tie. A sibling's code: it says the family, which siblings share, so the rest
    must do: both names agree (one slip at most), the class too, and nothing contradicts. Another school: with both names (one slip at
    most) and the child's code, or teacher and grade. A surname that does not agree: with the child's code, an address, the parent's surname
    and the class, or first name and teacher. Names alone are never enough, and a first name that contradicts always stops it.
    """
    first, last = _words(pairs["first_level"], FIRST), _words(pairs["last_level"], LAST)
    teacher, grade, code = (
        _words(pairs["teacher_level"], TEACHER),
        _words(pairs["grade_level"], GRADE),
        _words(pairs["code_level"], CODE),
    )
    order = np.asarray(pairs.index if pairs.index.name == "order" else pairs["order"])
    child, others = pairs["child"].to_numpy(), pairs["other_words"].to_numpy()
    said = desk.order_block[order]
    by_code, by_address = np.isin(code, ["own", "near"]), (others & (BY_ID | BY_MAIL | BY_PHONE)) > 0
    by_parent = (others & BY_PARENT) > 0
    typed_id = desk.asked["student_id"].to_numpy()[order] != ""
    listed_id = desk.listed["student_id"].to_numpy()[child] != ""
    whole, near = ["exact", "nickname", "part"], ["exact", "nickname", "part", "slip", "short_slip", "clipped"]
    exact_first, exact_last = np.isin(first, whole), np.isin(last, ["exact", "part"])
    near_first, near_last = np.isin(first, near), np.isin(last, ["exact", "part", "slip", "short_slip"])
    exact_name = exact_first & exact_last
    near_name = (exact_first & near_last) | (near_first & exact_last)
    by_teacher = np.isin(teacher, ["exact", "slip"])
    class_agrees = by_teacher | (teacher == "initial") | (grade == "exact")
    same_class = (teacher == "exact") & (grade == "exact")
    class_contradicts = (teacher == "different") | (grade == "different")
    good_first = np.isin(first, ["exact", "nickname"])
    return np.select(
        [
            (said != NOBODY) & (desk.child_block[child] != said) & ~(near_name & (by_code | same_class)),
            first == "different",
            (first == "missing") & ~(by_code & near_last & ~class_contradicts),
            np.isin(code, ["other"]),
            np.isin(code, ["siblings", "sibling_near"]) & ~(near_name & class_agrees & ~class_contradicts),
            typed_id & listed_id & ((others & BY_ID) == 0),
            (first == "initial") & ~(near_last & (by_code | by_teacher)),
            np.isin(last, ["different", "missing", "initial"])
            & ~(by_code | by_address | (by_parent & (first != "initial") & class_agrees) | (good_first & by_teacher)
                | (good_first & (last == "initial") & class_agrees)),
            (teacher == "different") & ~exact_name & ~by_code,
            ~(class_agrees | by_code | by_address),
        ],
        list(VETOES)[:10], "",
    )  # fmt: skip


def words_of(desk: Desk, pairs: pd.DataFrame) -> np.ndarray:
    """How each pair agrees, in words: levels only, never the names themselves."""
    order = np.asarray(pairs.index if pairs.index.name == "order" else pairs["order"])
    way = desk.reading_way[desk.first_reading[order] + pairs["reading"].to_numpy()]
    swapped = np.isclose(way, np.log2(WAYS["swapped"])) | np.isclose(way, np.log2(WAYS["one_field_swapped"]))
    columns = [swapped, *(pairs[c].to_numpy() for _, c, _ in _FIELDS), pairs["other_words"].to_numpy()]
    sizes = [2, *(len(levels) for _, _, levels in _FIELDS), 16]
    known, row = np.unique(
        np.ravel_multi_index([np.asarray(c, dtype=np.int64) for c in columns], sizes), return_inverse=True
    )
    texts = [_sentence(*numbers) for numbers in zip(*(p.tolist() for p in np.unravel_index(known, sizes)), strict=True)]
    result = np.empty(len(known), dtype=object)
    result[:] = texts
    return result[row]


# --- inside ------------------------------------------------------------------------------------------------------------


_FIELDS = (("first name", "first_level", FIRST), ("surname", "last_level", LAST), ("teacher", "teacher_level", TEACHER), ("grade", "grade_level", GRADE),
           ("code", "code_level", CODE))  # fmt: skip
_OTHERS = ((BY_ID, "student id agrees"), (BY_MAIL, "parent's e-mail agrees"), (BY_PHONE, "parent's phone agrees"), (BY_PARENT, "parent's surname agrees"))  # fmt: skip


def _sentence(swapped: int, *numbers: int) -> str:
    *levels, others = numbers
    said = ["fields swapped"] if swapped else []
    for (label, _, names), number in zip(_FIELDS, levels, strict=True):
        said.append(f"{label} {WORDS[names[number]] if names[number] != 'missing' else 'not given'}")
    return "; ".join([*said, *(word for bit, word in _OTHERS if others & bit)])


def _words(numbers: pd.Series, levels: tuple[str, ...]) -> np.ndarray:
    return np.array(levels, dtype=object)[numbers.to_numpy(np.int64)]


def _conflicts(desk: Desk, known: pd.DataFrame, sure: pd.Series) -> pd.Index:
    """Orders that would claim one child under first names that do not go together: all of them but those with the exact name."""
    claims = known[sure & known["child"].duplicated(keep=False)]
    several = claims["child"].map(claims["child"].value_counts()) > 1
    claims = claims[several & sure[claims.index]]
    weak = ~np.isin(_words(claims["first_level"], FIRST), ["exact", "nickname", "clipped", "part", "slip", "sound"])
    return claims.index[weak]
