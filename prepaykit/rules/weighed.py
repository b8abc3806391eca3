"""What weighing has to say: whom it took and on what, whom it would not take any more, and whom a waiting child may be.

Rule: a child that was taken without a person is told, with the evidence in words, so that anybody can look. It is weighed anew each
time something changes: if another child now fits better, if something now stands against it, or if little speaks for it any
more, the order stops until a person says whose it is. Names never stand here: codes, levels and shares do.

Worked case: envelope P003 was taken for Ella's only Lowe; the corrected list brings Emma Lowe of the same class, whose name
is exactly what was typed: `match_in_doubt`. Known limits: at most five children are named. Source: matching.md 5 (rules 5 to 8).
"""

from __future__ import annotations

import pandas as pd

from prepaykit.rules.items import children_without_items
from prepaykit.rules.weighing import LATER, NOBODY, Weighed, children_of, refs_of, shown_share, weigh
from prepaykit.tables.findings import found, together
from prepaykit.tables.state import JobState

LIKELY = 0.5  # of a suggestion: likelier than not
WORTH_SAYING = 0.01
STILL_LIKELY = 0.95  # below this a match that was taken is looked at again
QUEUE_COLUMNS = ["number", "kind", "decision", "reason", "rank", "access_code", "probability", "evidence", "said"]
_SAID = {NOBODY: "a person said: nobody on the list", LATER: "a person left it for later"}


def words_of_candidates(seen: Weighed, about: str, keys: pd.Series) -> pd.DataFrame:
    """Whom waiting children may be (`keys` of `about`, same index): `words`, and `suggestion`, the code of a child likelier than not.

    Up to five children, the likeliest first, each with its share and how it agrees. A person's `nobody` has no suggestion.
    """
    rows = seen.asked[seen.asked["about"] == about]
    at = keys.map(pd.Series(rows.index, index=rows["key"].to_numpy()))
    near = seen.candidates[seen.candidates["probability"] >= WORTH_SAYING]
    told = near["access_code"].astype("str") + " (" + shown_share(near["probability"]) + ": " + near["evidence"] + ")"
    listed = told.groupby(near["at"]).agg(", or ".join)
    likely = near[(near["rank"] == 1) & (near["probability"] > LIKELY)].set_index("at")["access_code"]
    said = at.map(seen.asked["said"])
    decision = at.map(seen.decisions["decision"])
    perhaps = ("perhaps " + at.map(listed).astype("str")).fillna("")
    nobody = "nobody on the list comes near: give the child a blank card"
    words = perhaps.mask((decision == "none") | (perhaps == ""), nobody)
    words = words.mask((decision == "none") & (perhaps != ""), nobody + "; " + perhaps)
    words = (said.map(_SAID) + "; " + words).fillna(words)
    return pd.DataFrame(
        {"words": words, "suggestion": at.map(likely).mask(said == NOBODY).astype("str")}, index=keys.index
    )


def weighed_findings(work: JobState, orders: pd.DataFrame, verb: str, seen: Weighed | None = None) -> pd.DataFrame:
    """Children of these orders that were taken by weighing: matched_by_weighing, or match_in_doubt if they would not be any more."""
    mine = (work.order_subjects["matched_by"] == "weighed") & work.order_subjects["order_id"].isin(orders["order_id"])
    children = work.order_subjects[mine & ~work.order_subjects["order_subject_id"].isin(children_without_items(work))]
    if not len(children):
        return together()
    codes = children["subject_id"].map(work.subjects.set_index("subject_id")["access_code"])
    refs = children["order_subject_id"].map(refs_of(work))
    doubt = _doubts(children, seen or weigh(work))
    parts = []
    for code, rows, words in (
        ("match_in_doubt", doubt.notna(), doubt),
        ("matched_by_weighing", doubt.isna(), children["matched_on"]),
    ):
        details = [
            f"order {r} was taken for code {c}: {w}"
            for r, c, w in zip(refs[rows], codes[rows], words[rows], strict=True)
        ]
        parts.append(
            found(verb, code, "order_subjects", children.loc[rows, "order_subject_id"], details, hints=refs[rows])
        )
    return together(*parts)


def match_queue(state: JobState, seen: Weighed | None = None) -> pd.DataFrame:
    """The desk of the analyst: one row a waiting child and a child it may be, best first; who fits nobody is one row without a code.

    number (of the order, `NUMBER:n` for one of several children, or of the envelope), kind (`order`, `envelope`), decision (`auto`: the job
    may not take it, see has_automatic_matching; `review`; `none`), reason, rank, access_code, probability, evidence, said (`nobody` or `later`,
    if a person said so). Likeliest decisions first, so that the quick ones are done first. `seen`: what weighing the job gave, if it is known.

    >>> match_queue(JobState.new(name="maple-grove-2026", school="Maple Grove")).columns.tolist()[:2]
    ['number', 'kind']
    """
    waiting = children_of(state)
    if not waiting["subject_id"].isna().any():
        return pd.DataFrame(
            {c: pd.Series(dtype={"rank": "Int64", "probability": "float64"}.get(c, "str")) for c in QUEUE_COLUMNS}
        )
    seen = seen or weigh(state)
    asked = seen.asked[seen.asked["subject_id"].isna()].join(seen.decisions[["decision", "reason"]])
    asked = asked.assign(
        kind=asked["about"].map({"order_subjects": "order", "envelopes": "envelope"}), number=asked["ref"]
    )
    near = seen.candidates[seen.candidates["probability"] >= WORTH_SAYING / 100].drop(columns="subject_id")
    rows = (
        asked.rename_axis("at")
        .reset_index()[["at", "number", "kind", "decision", "reason", "said"]]
        .merge(near, on="at", how="left", validate="1:m")
    )
    best = rows.groupby("at")["probability"].transform("max").fillna(0)
    rows = rows.assign(_best=-best).sort_values(["_best", "at", "rank"], ignore_index=True)
    return rows.astype({"rank": "Int64"})[QUEUE_COLUMNS]


def _doubts(children: pd.DataFrame, seen: Weighed) -> pd.Series:
    """Why a match that was taken would not be taken now, in words; missing where it still would."""
    from prepaykit.rules.matching.decisions import VETOES

    rows = seen.asked[seen.asked["about"] == "order_subjects"]
    at = children["order_subject_id"].astype("str").map(pd.Series(rows.index, index=rows["key"].to_numpy()))
    best = seen.candidates[seen.candidates["rank"] == 1].set_index("at")
    own = seen.candidates.merge(
        pd.DataFrame({"at": at, "subject_id": children["subject_id"]}), on=["at", "subject_id"], validate="1:1"
    ).set_index("at")
    is_best = (at.map(best["subject_id"]) == children["subject_id"]).fillna(False)
    share = at.map(own["probability"]).fillna(0.0)
    against = at.map(seen.decisions["reason"]).str.split(": ").str[0]
    against = against.where(against.isin([*VETOES.values(), "several children fit"]))
    why = against.copy()
    why = why.mask(why.isna() & (share < STILL_LIKELY), "only " + shown_share(share) + " speak for it now")
    other = "code " + at.map(best["access_code"]).astype("str") + " fits better now"
    return why.mask(~is_best & at.map(best["access_code"]).notna(), other).astype("str")
