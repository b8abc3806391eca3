"""A trial of the matching on this very job: made-up children who are not on the list, sent through it beside the real orders.

Problem: nobody knows the truth of a real job, so nobody knows how often a child was taken wrongly. Rule: unlisted brothers and
sisters and new pupils of the job's own classes (`matching.decoys`) go the way of every order: the exact rules, then the weighing
with all that this job's people taught. None should be taken. The trial is the same for the same job.

Worked case: 200 decoys, 1 taken: about one unlisted child in two hundred who orders would get another child's pictures.
Known limits: decoys bear the names of this list and give neither code nor address. Source: matching.md 2 (Robach et al.), 5 (rule 9).
"""

from __future__ import annotations

from zlib import crc32

from prepaykit.rules.matching.exact import match_exactly
from prepaykit.rules.weighing import named_people, weigh
from prepaykit.tables.state import JobState

DECOYS = 200


def decoy_trial(state: JobState, *, count: int = DECOYS) -> dict[str, object]:
    """How many of `count` made-up children of this job would have been taken: `decoys`, `accepted`, `sentence`; seeded by the job's name.

    A job that takes nobody without a person (`has_automatic_matching`) is tried as if it did.

    >>> decoy_trial(JobState.new(name="maple-grove-2026", school="Maple Grove"))["sentence"]
    'No made-up children were tried: there is no names list yet.'
    """
    from prepaykit.rules.matching.decoys import draw_decoys

    listed = named_people(state)
    decoys = draw_decoys(listed, count, seed=crc32(state.name.encode()))
    if not len(decoys):
        return {"decoys": 0, "accepted": 0, "sentence": "No made-up children were tried: there is no names list yet."}
    decoys = decoys.assign(about="decoys", key=decoys["order_no"], number=decoys["order_no"], ref=decoys["order_no"])
    tried = state.replace(jobs=state.jobs.assign(has_automatic_matching=True))
    seen = weigh(tried, more=decoys)
    mine = seen.asked["about"] == "decoys"
    wants = seen.asked[mine].rename(columns={"student_first": "first", "student_last": "last"})
    taken = match_exactly(wants, listed)["subject_id"].notna() | seen.decisions.loc[mine, "subject_id"].notna()
    number, accepted = len(decoys), int(taken.sum())
    sentence = f"Of {number:,} made-up children who are not on the list, {accepted:,} would have been accepted."
    return {"decoys": number, "accepted": accepted, "sentence": sentence}
