"""Explaining: why an order goes to a child, and why not to the next one, as bars in bits.

Problem: a probability convinces nobody. Rule: one dict holds the texts, levels, bars, totals and the verdict; sentence, table and
drawing are made from it and from nothing else, so that they cannot disagree. The bars of a candidate add up to its total; the totals of
all, with that of `not on the list`, give the probabilities.

Worked case: best child +9.1 bits, runner-up -4.0, not on the list -3.9: 2^9.1 of 2^9.1 + 2^-4.0 + 2^-3.9 is 99.98 %.
Known limits: names are one bar, for first and last name are weighed together. It shows names: for the screen of whoever decides, never
for findings or logs. Source: matching.md 5 (Explanation in the notebook).
"""

from __future__ import annotations

import math
from html import escape

import numpy as np
import pandas as pd
from rapidfuzz.distance import Levenshtein

from prepaykit.errors import UsageError
from prepaykit.rules.matching.decisions import BARS
from prepaykit.rules.matching.forms import folded_name
from prepaykit.rules.matching.in_full import Matched
from prepaykit.rules.matching.levels import CODE, FIRST, GRADE, LAST, TEACHER, WORDS

CALLED = {
    "prior": "before looking",
    "school": "school",
    "name": "names",
    "class": "class",
    "code": "code",
    "other": "id, parent",
    "claimed": "claimed by another order",
}
_FIELDS = (("first name", "student_first", "first_name", "first_level", FIRST), ("surname", "student_last", "last_name", "last_level", LAST),
           ("teacher", "teacher", "teacher", "teacher_level", TEACHER), ("grade", "grade", "grade", "grade_level", GRADE),
           ("code", "access_code", "access_code", "code_level", CODE))  # fmt: skip


def explain(matched: Matched, order_id: str) -> dict[str, object]:
    """All that is to be said about one order: best child and runner-up side by side.

    Gives `order_id`, `decision`, `reason`, `probability`, `candidates` (at most two: rank, student_id, access_code, probability, bits,
    bars: [{name, bits}], fields: [{field, typed, listed, level, marks}]), `off_bits` and `nobody` (not on the list), `other_bits`
    (everybody else), and `sentence`. `marks` are the parts of the listed text, each with whether it differs. Raises UsageError
    for an order that is not there.
    """
    rows = np.flatnonzero(matched.matches["order_id"] == str(order_id))
    if not len(rows):
        raise UsageError(f"there is no order {order_id} among those matched")
    row = int(rows[0])
    decided, totals = matched.matches.iloc[row], matched.totals.iloc[row]
    mine = matched.evidence[matched.evidence["order"] == row].sort_values("rank")
    shown = [_candidate(matched, row, c) for c in mine.head(2).to_dict("records")]
    others = max(
        2.0 ** float(totals["sum_bits"]) - sum(2.0 ** c["bits"] for c in shown) - 2.0 ** float(totals["off_bits"]), 0.0
    )
    told = {
        "order_id": str(order_id), "decision": decided["decision"], "reason": decided["reason"], "candidates": shown,
        "off_bits": float(totals["off_bits"]), "nobody": float(totals["nobody"]), "other_bits": math.log2(others) if others > 0 else -math.inf,
        "probability": shown[0]["probability"] if shown else 0.0,
    }  # fmt: skip
    return {**told, "sentence": _sentence(told)}


def as_table(told: dict) -> pd.DataFrame:
    """The bars as a table: one row a bar, one column a candidate, the sum last."""
    names = [f"{c['rank']}: {c['access_code'] or c['student_id'] or ''}" for c in told["candidates"]]
    columns = {n: [b["bits"] for b in c["bars"]] + [c["bits"]] for n, c in zip(names, told["candidates"], strict=True)}
    return pd.DataFrame(columns, index=[*[CALLED[b] for b in BARS], "total"] if names else [])


def as_html(told: dict) -> str:
    """The same as a static piece of HTML with an SVG waterfall for each candidate; needs no script and no net."""
    parts = "".join(_candidate_html(c, told) for c in told["candidates"])
    return (
        f'<section class="why"><p><b>{escape(told["decision"])}</b>: {escape(told["sentence"])}</p>'
        f'<div style="display:flex;gap:2em;flex-wrap:wrap">{parts}</div></section>'
    )


# --- inside ------------------------------------------------------------------------------------------------------------


def _candidate(matched: Matched, row: int, candidate: dict) -> dict[str, object]:
    child, asked = matched.desk.listed.iloc[int(candidate["child"])], matched.desk.asked.iloc[row]
    fields = []
    for label, typed, listed, level, levels in _FIELDS:
        word = levels[int(candidate[level])]
        fields.append(
            {
                "field": label,
                "typed": asked[typed],
                "listed": child[listed],
                "level": WORDS[word],
                "marks": _marks(asked[typed], child[listed]),
            }
        )
    bars = [{"name": b, "bits": float(candidate[b])} for b in BARS]
    return {"rank": int(candidate["rank"]), "student_id": child["student_id"], "access_code": child["access_code"], "probability": float(candidate["probability"]),
            "bits": float(sum(b["bits"] for b in bars)), "bars": bars, "fields": fields}  # fmt: skip


def _marks(typed: str, listed: str) -> list[tuple[str, bool]]:
    """The listed text in pieces, each with whether it differs from what was typed; capitals and accents do not count."""
    if not typed or not listed:
        return [(listed, bool(typed))] if listed else []
    here = [folded_name(c) or c for c in listed]
    there = [folded_name(c) or c for c in typed]
    pieces = [
        (listed[o.dest_start : o.dest_end], o.tag != "equal")
        for o in Levenshtein.opcodes(there, here)
        if o.dest_end > o.dest_start
    ]
    return [(text, differs) for text, differs in pieces if text]


def _sentence(told: dict) -> str:
    if not told["candidates"]:
        return "Nobody on the list comes near."
    best = told["candidates"][0]
    agree = ", ".join(f"{f['field']} {f['level']}" for f in best["fields"] if f["level"] != WORDS["missing"])
    second = told["candidates"][1] if len(told["candidates"]) > 1 else None
    ahead = f", {best['bits'] - second['bits']:.1f} bits ahead of the next" if second else ""
    return (f"{best['probability']:.2%} for the first child{ahead}: {agree}; not on the list {told['nobody']:.2%}. "
            f"{told['reason'].split(':')[0].capitalize() if told['decision'] != 'auto' else 'Taken without a person'}.")  # fmt: skip


def _candidate_html(candidate: dict, told: dict) -> str:
    rows = "".join(
        f"<tr><th>{escape(f['field'])}</th><td>{escape(str(f['typed']))}</td><td>{_marked(f['marks'])}</td><td>{escape(f['level'])}</td></tr>"
        for f in candidate["fields"]
    )
    return (
        f"<div><h4>{candidate['rank']}. {escape(candidate['access_code'] or candidate['student_id'] or '')} · {candidate['probability']:.2%}</h4>"
        f"<table><tr><th></th><th>typed</th><th>on the list</th><th></th></tr>{rows}</table>{_waterfall(candidate, told['off_bits'])}</div>"
    )


def _marked(pieces: list[tuple[str, bool]]) -> str:
    return "".join(f"<mark>{escape(text)}</mark>" if differs else escape(text) for text, differs in pieces)


def _waterfall(candidate: dict, off_bits: float) -> str:
    """Bars from left to right, each where the one before ended; the thin line is `not on the list`."""
    ends = np.cumsum([b["bits"] for b in candidate["bars"]])
    starts = np.concatenate([[0.0], ends[:-1]])
    low, high = min(0.0, ends.min(), off_bits) - 1, max(0.0, ends.max(), off_bits) + 1
    at = lambda bits: 110 + 260 * (bits - low) / (high - low)  # noqa: E731
    drawn = []
    rows = [*zip([CALLED[b["name"]] for b in candidate["bars"]], starts, ends, [b["bits"] for b in candidate["bars"]], strict=True),
            ("total", 0.0, candidate["bits"], candidate["bits"])]  # fmt: skip
    for i, (name, start, end, bits) in enumerate(rows):
        colour = "#555" if name == "total" else "#2a7" if bits >= 0 else "#c44"
        x, width = min(at(start), at(end)), abs(at(end) - at(start))
        drawn.append(
            f'<text x="104" y="{i * 18 + 13}" text-anchor="end" font-size="11">{escape(name)}</text>'
            f'<rect x="{x:.1f}" y="{i * 18 + 3}" width="{max(width, 0.5):.1f}" height="12" fill="{colour}" data-bits="{bits:.6f}"/>'
            f'<text x="{max(at(start), at(end)) + 4:.1f}" y="{i * 18 + 13}" font-size="10">{bits:+.1f}</text>'
        )
    height = len(rows) * 18 + 6
    line = f'<line x1="{at(off_bits):.1f}" x2="{at(off_bits):.1f}" y1="0" y2="{height}" stroke="#999" stroke-dasharray="2 2"><title>not on the list</title></line>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="420" height="{height}" role="img" aria-label="bars in bits">{"".join(drawn)}{line}</svg>'
