"""Cards: which QR cards are to be printed, and the note that they were.

Problem: once a card is printed, parents and photographers carry its code about. Rule: a card is printed once; from then on
the code is fixed (see `plan_names`). A child who must not be photographed gets no card.

Worked case: 24 children, 1 class, 10 blanks: 35 cards. After three late entries: 3 cards, unless all are asked for again.
Known limits: nothing is drawn here; the report draws the PDF from the result. Source: domain.md 6.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from prepaykit.tables.plan import Plan

if TYPE_CHECKING:
    from prepaykit.tables.state import JobState


def plan_cards(state: JobState, *, now: pd.Timestamp, again: bool = False) -> Plan:
    """Note the cards that are to be printed now: those never printed, or with `again` all of them.

    `now`: the moment written down for cards that are printed for the first time; the moment of a first print stays. The
    result lists `subject_ids` (class by class, by name within it, blank cards last) and `group_ids` to print. No findings.
    Source: domain.md 6.3.

    >>> from prepaykit.tables.state import JobState
    >>> state = JobState.new(name="maple-grove-2026", school="Maple Grove")
    >>> group = pd.DataFrame({"group_id": [1], "name": ["3A"], "access_code": ["WRW6-A9QE"]})
    >>> plan = plan_cards(state.replace(groups=group), now=pd.Timestamp("2026-09-01", tz="UTC"))
    >>> plan.headline, plan.result["group_ids"]
    ('1 card to print: 0 people, 1 class, 0 blank', [1])
    """
    subjects, groups = state.subjects, state.groups
    carded = subjects["photograph"] & (subjects["attendance"] != "opted_out")
    first = carded & subjects["card_printed_at"].isna()
    first_groups = groups["card_printed_at"].isna()
    moment = pd.Timestamp(now).as_unit("us")
    tables = {
        "subjects": subjects.assign(card_printed_at=subjects["card_printed_at"].mask(first, moment)),
        "groups": groups.assign(card_printed_at=groups["card_printed_at"].mask(first_groups, moment)),
    }
    people = subjects[carded if again else first]
    people = people.assign(is_blank=people["kind"] == "blank").sort_values(
        ["is_blank", "group_id", "last_name", "first_name", "subject_id"]
    )
    group_ids = groups.loc[first_groups | again, "group_id"].sort_values().tolist()
    blanks, total = int(people["is_blank"].sum()), len(people) + len(group_ids)
    headline = (
        f"{total} card{'' if total == 1 else 's'} to print: {len(people) - blanks} people, "
        f"{len(group_ids)} class{'' if len(group_ids) == 1 else 'es'}, {blanks} blank"
    )
    return Plan.between(state, "cards", tables, headline=headline,
                        result={"subject_ids": people["subject_id"].tolist(), "group_ids": group_ids})  # fmt: skip
