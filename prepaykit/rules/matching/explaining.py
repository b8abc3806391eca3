"""Explaining: why an order goes to a child, and why not to the next one, as bars in bits.

Problem: a probability convinces nobody. Rule: one dict holds the texts, levels, bars, totals and the verdict; sentence, table and
drawing (`prepaykit.report.explained`) are made from it and from nothing else, so that they cannot disagree. The bars of a candidate
add up to its total; the totals of all, with that of `not on the list`, give the probabilities.

Worked case: best child +9.1 bits, runner-up -4.0, not on the list -3.9: 2^9.1 of 2^9.1 + 2^-4.0 + 2^-3.9 is 99.98 %.
Known limits: names are one bar, for first and last name are weighed together. It shows names: for the screen of whoever decides, never
for findings or logs. Source: matching.md 5 (Explanation in the notebook).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from rapidfuzz.distance import Levenshtein

from prepaykit.errors import UsageError
from prepaykit.rules.codes import compact
from prepaykit.rules.matching.decisions import BARS, THRESHOLD, VETOES
from prepaykit.rules.matching.desk import Desk
from prepaykit.rules.matching.forms import folded_name
from prepaykit.rules.matching.in_full import Matched
from prepaykit.rules.matching.levels import CODE, FIRST, GRADE, LAST, TEACHER, WORDS
from prepaykit.rules.matching.weights import WAYS

CALLED = {
    "prior": "before looking",
    "school": "school",
    "name": "names",
    "class": "class",
    "code": "code",
    "other": "id, parent",
    "claimed": "claimed by another order",
}
ALWAYS = ("prior", "name", "class", "code")
_READ = {
    "swapped": "first and last name swapped",
    "one_field": "full name in one field",
    "one_field_swapped": "full name in one field, last name first",
    "parents_surname": "surname of the parent",
}
_FIELDS = (("first name", "student_first", "first_name", "first_level", FIRST), ("surname", "student_last", "last_name", "last_level", LAST),
           ("teacher", "teacher", "teacher", "teacher_level", TEACHER), ("grade", "grade", "grade", "grade_level", GRADE),
           ("code", "access_code", "access_code", "code_level", CODE))  # fmt: skip
_OTHER_WORDS = (
    (1, "student id agrees"),
    (2, "parent's e-mail agrees"),
    (4, "parent's phone agrees"),
    (8, "another student id"),
)


def explain(matched: Matched, order_id: str) -> dict[str, object]:
    """All that is to be said about one order: best child and runner-up side by side.

    Gives `order_id`, `decision`, `reason`, `veto` (what stopped it, in words, or empty), `probability`, `candidates` (at most two:
    rank, student_id, access_code, probability, bits, bars: [{name, called, bits, detail}], how_read, others, fields: [{field,
    typed, listed, level, typed_marks, marks}]), `off_bits` and `nobody` (not on the list), `other_bits` and `others` (everybody else), `needed_bits`
    (from where the best would be certain), and `sentence`. Marks are the parts of a text, each with whether it differs from the other side.
    Raises UsageError for an order that is not there.
    """
    rows = np.flatnonzero(matched.matches["order_id"] == str(order_id))
    if not len(rows):
        raise UsageError(f"there is no order {order_id} among those matched")
    row = int(rows[0])
    decided, totals = matched.matches.iloc[row], matched.totals.iloc[row]
    mine = matched.evidence[matched.evidence["order"] == row].sort_values("rank").head(2).to_dict("records")
    named = [b for b in BARS if b in ALWAYS or any(abs(float(c[b])) > 1e-9 for c in mine)]
    shown = [_candidate(matched, row, c, named) for c in mine]
    everything, off = 2.0 ** float(totals["sum_bits"]), 2.0 ** float(totals["off_bits"])
    others = max(everything - sum(2.0 ** c["bits"] for c in shown) - off, 0.0)
    against = everything - 2.0 ** shown[0]["bits"] if shown else everything
    told = {
        "order_id": str(order_id), "decision": decided["decision"], "reason": decided["reason"], "veto": _veto(decided), "candidates": shown,
        "off_bits": float(totals["off_bits"]), "nobody": float(totals["nobody"]), "other_bits": math.log2(others) if others > 0 else -math.inf,
        "others": others / everything if everything else 0.0, "probability": shown[0]["probability"] if shown else 0.0,
        "needed_bits": math.log2(max(against, 1e-300) * THRESHOLD / (1 - THRESHOLD)),
    }  # fmt: skip
    return {**told, "sentence": sentence_of(told)}


def as_table(told: dict) -> pd.DataFrame:
    """The bars as a table: one row a bar, one column a candidate, the sum last."""
    names = [f"{c['rank']}: {called(c)}" for c in told["candidates"]]
    columns = {n: [b["bits"] for b in c["bars"]] + [c["bits"]] for n, c in zip(names, told["candidates"], strict=True)}
    bars = [b["called"] for b in told["candidates"][0]["bars"]] if names else []
    return pd.DataFrame(columns, index=[*bars, "total"] if names else [])


def called(candidate: dict) -> str:
    """The key of a candidate: its access code, else its student id."""
    return candidate["access_code"] or candidate["student_id"] or "no code"


def sentence_of(told: dict) -> str:
    """The verdict in a sentence or two, by code and level, without names.

    >>> sentence_of({"candidates": [], "nobody": 1.0})
    'Nobody on the list comes near.'
    """
    if not told["candidates"]:
        return "Nobody on the list comes near."
    best = told["candidates"][0]
    agree = ", ".join(
        f"{f['field']} {f['level']}" for f in best["fields"] if not f["level"].startswith(WORDS["missing"])
    )
    agree = "; ".join(w for w in (best["how_read"], agree, ", ".join(best["others"])) if w)
    second = told["candidates"][1] if len(told["candidates"]) > 1 else None
    ahead = f", {best['bits'] - second['bits']:.1f} bits ahead of the next" if second else ""
    verdict = {"auto": "Certain enough to be taken without a person.", "none": "Nobody on the list fits."}.get(
        told["decision"], f"For a person: {told['veto'] or told['reason'].split(':')[0]}."
    )
    return f"{share(best['probability'])} for code {called(best)}{ahead}: {agree}. Not on the list: {share(told['nobody'])}. {verdict}"


def share(probability: float) -> str:
    """A probability as a person reads it: nothing is quite certain, and nothing quite impossible.

    >>> share(0.99999), share(0.9634), share(0.0000001)
    ('over 99.99%', '96.34%', 'under 0.01%')
    """
    return "over 99.99%" if probability > 0.9999 else "under 0.01%" if probability < 0.0001 else f"{probability:.2%}"


def marked(typed: str, listed: str, form: Callable[[str], str] = folded_name) -> tuple[list, list]:
    """Both texts in pieces, each with whether it differs from the other; what `form` leaves out (signs, blanks) never differs.

    >>> marked("Priyo", "Príya")
    ([('Priy', False), ('o', True)], [('Príy', False), ('a', True)])
    """
    left, right = [(c, form(c)) for c in typed], [(c, form(c)) for c in listed]
    one, two = [k for _, k in left if k], [k for _, k in right if k]
    differs: tuple[set[int], set[int]] = (set(), set())
    for step in Levenshtein.opcodes(one, two):
        if step.tag != "equal":
            differs[0].update(range(step.src_start, step.src_end))
            differs[1].update(range(step.dest_start, step.dest_end))
    return _pieces(left, differs[0]), _pieces(right, differs[1])


# --- inside ------------------------------------------------------------------------------------------------------------


def _pieces(letters: list[tuple[str, str]], differs: set[int]) -> list[tuple[str, bool]]:
    pieces: list[tuple[str, bool]] = []
    place = 0
    for letter, key in letters:
        is_other = bool(key) and place in differs
        place += bool(key)
        if pieces and pieces[-1][1] == is_other:
            pieces[-1] = (pieces[-1][0] + letter, is_other)
        else:
            pieces.append((letter, is_other))
    return pieces


def _veto(decided: pd.Series) -> str:
    """The veto that stopped an order: the words before the evidence, if they are those of a veto."""
    words = str(decided["reason"]).split(": ")[0]
    return words if words in VETOES.values() else ""


def _candidate(matched: Matched, row: int, candidate: dict, named: list[str]) -> dict[str, object]:
    desk, at = matched.desk, int(candidate["child"])
    child, asked = desk.listed.iloc[at], desk.asked.iloc[row]
    reading = int(desk.first_reading[row]) + int(candidate["reading"])
    way = next(
        (w for w, share in WAYS.items() if np.isclose(2.0 ** float(desk.reading_way[reading]), share)), "as_written"
    )
    as_read = {**asked, **_names_as_read(desk, asked, reading, way)}
    fields = [
        _field(label, as_read[typed], child[listed], levels[int(candidate[level])])
        for label, typed, listed, level, levels in _FIELDS
    ]
    for field, owner in ((fields[0], desk.child_first), (fields[1], desk.child_last)):
        alike = field["listed"] and field["level"] not in (WORDS["different"], WORDS["missing"])
        field["level"] += _crowd(int((owner == owner[at]).sum()) - 1) if alike else ""
    others = [word for bit, word in _OTHER_WORDS if int(candidate["other_words"]) & bit]
    told = {f["field"]: f"{f['field']} {f['level']}" for f in fields}
    detail = {"name": f"{told['first name']}; {told['surname']}", "class": f"{told['teacher']}; {told['grade']}", "code": told["code"],
              "other": ", ".join(others), "prior": f"one of {len(desk.listed):,} children of the list"}  # fmt: skip
    bars = [{"name": b, "called": CALLED[b], "bits": float(candidate[b]), "detail": detail.get(b, "")} for b in named]
    return {"rank": int(candidate["rank"]), "student_id": child["student_id"], "access_code": child["access_code"], "probability": float(candidate["probability"]),
            "bits": float(sum(b["bits"] for b in bars)), "bars": bars, "how_read": _READ.get(way, ""), "others": others, "fields": fields}  # fmt: skip


def _names_as_read(desk: Desk, asked: pd.Series, reading: int, way: str) -> dict[str, str]:
    """What was taken for first and last name: as typed where a field is one of them, else the words that were read."""
    if way == "as_written":
        return {}
    if way == "swapped":
        return {"student_first": asked["student_last"], "student_last": asked["student_first"]}
    return {
        "student_first": " ".join(desk.firsts[desk.reading_first[reading]]),
        "student_last": " ".join(desk.lasts[desk.reading_last[reading]]),
    }


def _field(label: str, typed: str, listed: str, word: str) -> dict[str, object]:
    form = compact if label == "code" else folded_name
    plain = word in ("exact", "own", "missing") or not typed or not listed
    marks = ([(typed, False)] * bool(typed), [(listed, False)] * bool(listed)) if plain else marked(typed, listed, form)
    return {
        "field": label,
        "typed": typed,
        "listed": listed,
        "level": WORDS[word],
        "typed_marks": marks[0],
        "marks": marks[1],
    }


def _crowd(others: int) -> str:
    return f" ({others:,} {'other' if others == 1 else 'others'} on the list)" if others else ""
