"""Group causes: why a class picture is missing, and after which card it probably stands.

Problem: the group card is photographed once a class; if it cannot be read, nobody of the class has a class picture. Rule: a session of
nobody (an unread card, or one that is not on the list) right before the first child of a class without a class picture is probably that
class's. If a child of the class has no frames either, it may as well be that child's card, and both are only possible.
Worked case: `? . . K1 . K2 .` of class 3A, nobody missing: the unread card is 3A's.
Known limits: a class picture taken after the children, under a card that could not be read, is not found. Source: domain.md 4 (rows 28, 29).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.rules.stray_claims import LIKELY, POSSIBLE, waiting_children
from prepaykit.tables.state import JobState


def group_causes(state: JobState, empty: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
    """Class pictures that are missing: nobody's frames just before the first child of the class, or none at all."""
    if not len(empty):
        return empty
    rows = empty.assign(
        group_id=empty["subject_id"].map(state.subjects.set_index("subject_id")["group_id"]).astype("Int64")
    )
    cards = _group_card_candidates(state, sessions)
    code, name = (state.groups.set_index("group_id")[c] for c in ("access_code", "name"))
    merged = rows.merge(cards, on="group_id", how="left", validate="m:m")
    has = merged["card_frame"].notna()
    relabel = has & (merged["kind"] == "unlisted")
    verb = np.select([relabel, has], ["relabel", "tag"], None)
    origin = merged["read_code"].where(relabel, merged["card_frame"].astype("Int64").astype("str")).where(has)
    to = merged["group_id"].map(code).astype("str").where(has)
    cause = np.select([merged["group_id"].isna(), has], ["no_class", "group_card_unread"], "no_group_picture")
    words = np.select(
        [merged["group_id"].isna(), has],
        ["the names list gives the child neither class nor teacher", merged["frames"].astype("Int64").astype("str") + " frames from frame "
         + merged["card_frame"].astype("Int64").astype("str") + " stand just before the first child of " + merged["group_id"].map(name).astype("str")],
        "no frames stand under the card of " + merged["group_id"].map(name).astype("str"),
    )  # fmt: skip
    look = (
        merged["card_frame"].astype("Int64").astype("str") + " " + merged["first_frame"].astype("Int64").astype("str")
    )
    # Where a child of the class has no frames either, the card may have been that child's: a portrait is no class picture.
    doubted = merged["group_id"].isin(waiting_children(state)["group_id"].dropna())
    tied = merged.groupby(["order_subject_id", "finding"])["card_frame"].transform("size") > 1
    return merged.assign(cause=cause, verb=verb, to=to, key=(pd.Series(verb, merged.index) + ":" + origin + "=" + to), evidence=words,
                         rank=has.astype("Int64").where(has), sure=np.where(tied | doubted, POSSIBLE, LIKELY), look=look.where(has),
                         **{"from": origin}).assign(sure=lambda t: t["sure"].where(has))  # fmt: skip


def _group_card_candidates(state: JobState, sessions: pd.DataFrame) -> pd.DataFrame:
    """Sessions of nobody that stand right before the first child of a class without a class picture: `group_id` and the session."""
    columns = ["group_id", "kind", "read_code", "card_frame", "first_frame", "frames"]
    if not len(sessions):
        return pd.DataFrame(columns=columns)
    without = ~state.groups["group_id"].isin(state.group_frames["group_id"])
    rows = sessions[
        sessions["kind"].isin(["unread", "unlisted"]) & (sessions["frames"] > 0) & (sessions["shoot_no"] == 1)
    ]
    following = sessions.groupby(["camera", "shoot_no"])["kind"].shift(-1)
    begins = (following.reindex(rows.index) == "listed") & (rows["class_before"] != rows["class_after"]).fillna(True)
    rows = rows[begins.astype("bool") & rows["class_after"].isin(state.groups.loc[without, "group_id"])]
    return rows.assign(group_id=rows["class_after"])[columns]
