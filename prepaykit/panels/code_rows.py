"""The rows of the panel of access codes: orders that lack pictures or a child, and the corrections proposed for each, the likeliest first.

A row is named by the order as it was bought (`104001`, `104001:2`); where the class picture is missing beside, `104001 class`. Proposals of
`code_causes` and the candidates of the match queue stand in one table: what is sure or likely first, then by how likely the child is.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.panels.proposals import read_proposal, words_of
from prepaykit.rules.code_causes import code_causes
from prepaykit.rules.stray_claims import LIKELY, POSSIBLE, SURE
from prepaykit.rules.weighed import match_queue
from prepaykit.rules.weighing import needs_weighing, refs_as_bought, refs_of, shown_share, weigh
from prepaykit.tables.state import JobState

OF_CLASS = " class"
"""What follows the name of the child where the row is about the class picture."""
THE_LIST = "names list"
FIRMNESS = (SURE, LIKELY, POSSIBLE)
PROPOSED = ["row", "value", "to", "rank", "sure", "share", "evidence", "look", "cause"]


class CodeRows:
    """`rows` of the panel (key, columns, tone, also, cause, evidence), and what is known of each.

    `children` (index: key of the row): the row of `order_subjects`. `seen`: what weighing gave, None where nobody waits.
    """

    def __init__(self, state: JobState) -> None:
        self._state = state
        self._ref = refs_as_bought(state)
        self.seen = weigh(state) if needs_weighing(state) else None
        causes = code_causes(state)
        self._anew = causes[causes["order_no"].isna()]
        self._causes = causes[causes["order_no"].notna()].assign(
            row=lambda t: self._named(t["order_subject_id"], t["finding"])
        )
        self._queue = self._waiting()
        self._proposed = self._proposals()
        self.children = self._children()
        self.rows = self._rows()

    # --- looking up --------------------------------------------------------------------------------------------------------

    def of(self, key: str) -> pd.DataFrame:
        """The proposals of a row, in order."""
        return self._proposed[self._proposed["row"] == key]

    def waits(self, key: str) -> bool:
        """Does the order wait for a child?"""
        return pd.isna(self.children.loc[key, "subject_id"])

    def number(self, key: str) -> str:
        """The order's child as it is named now, wherever the order has gone."""
        return str(refs_of(self._state)[self.children.loc[key, "order_subject_id"]])

    def owner(self, key: str) -> str | None:
        """Whose code the frames of this row would stand under: the child's, or that of the class; None if nobody is known."""
        if key not in self.children.index:
            return None
        code = self.children.loc[key, "class_code" if key.endswith(OF_CLASS) else "own_code"]
        return None if pd.isna(code) else str(code)

    def group(self, key: str) -> int | None:
        """The class of the child."""
        group = self.children.loc[key, "group_id"]
        return None if pd.isna(group) else int(group)

    def evidence(self, key: str, value: str) -> str | None:
        """Why a proposal is made, as it is kept with the choice; None for a press that was not proposed by `code_causes`."""
        rows = self.of(key)
        rows = rows[(rows["value"] == value) & rows["sure"].notna()]
        return None if not len(rows) else "(proposed: {cause}, {sure}: {evidence})".format(**rows.iloc[0])

    # --- inside --------------------------------------------------------------------------------------------------------------

    def _named(self, child: pd.Series, finding: pd.Series) -> pd.Series:
        return child.map(self._ref).astype("str") + np.where(finding == "no_group_photo", OF_CLASS, "")

    def _waiting(self) -> pd.DataFrame:
        """Candidates of the match queue for online orders, by row; one without a code where nobody fits."""
        queue = match_queue(self._state, self.seen)
        queue = queue[queue["kind"] == "order"]
        child = queue["number"].map(pd.Series({ref: key for key, ref in refs_of(self._state).items()}))
        return queue.assign(row=child.map(self._ref).astype("str"), child=child)

    def _proposals(self) -> pd.DataFrame:
        named = self._causes[self._causes["key"].notna()].rename(columns={"key": "value"}).assign(share=np.nan)
        near = self._queue[self._queue["access_code"].notna()]
        near = near.assign(
            value="order_code:" + near["number"] + "=" + near["access_code"],
            to=near["access_code"],
            share=near["probability"],
        )
        shares = near.set_index(["row", "to"])["share"]
        shares = shares[~shares.index.duplicated()]
        both = pd.MultiIndex.from_frame(named[["row", "to"]])
        named["share"] = shares.reindex(both).to_numpy() if len(shares) else np.nan
        more = near[~pd.MultiIndex.from_frame(near[["row", "to"]]).isin(both)]
        parts = [p.reindex(columns=PROPOSED) for p in (named, more) if len(p)]
        rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=PROPOSED)
        firm = rows["sure"].map({SURE: 0, LIKELY: 1}).fillna(2)
        rows = rows.assign(_firm=firm, _share=-rows["share"].astype("float64").fillna(0.0))
        return rows.sort_values(["row", "_firm", "_share", "rank"], kind="stable", ignore_index=True)[PROPOSED]

    def _children(self) -> pd.DataFrame:
        state = self._state
        pairs = pd.concat([
            self._causes[["row", "order_subject_id"]],
            self._queue[["row", "child"]].rename(columns={"child": "order_subject_id"}),
        ]).drop_duplicates("row")  # fmt: skip
        pairs = pairs.astype({"order_subject_id": "int64"})
        rows = pairs.merge(
            state.order_subjects.drop(columns="version"), on="order_subject_id", how="left", validate="m:1"
        )
        people, groups = state.subjects.set_index("subject_id"), state.groups.set_index("group_id")
        # As text also where nobody is on the list yet: pandas makes numbers of a map that is empty.
        rows = rows.assign(
            own_code=rows["subject_id"].map(people["access_code"]).astype("str"),
            group_id=rows["subject_id"].map(people["group_id"]),
        )
        return rows.assign(class_code=rows["group_id"].map(groups["access_code"]).astype("str")).set_index("row")

    def _rows(self) -> pd.DataFrame:
        state, people = self._state, self._state.subjects.set_index("subject_id")
        children, groups = self.children, self._state.groups.set_index("group_id")["name"]
        cause = self._causes.drop_duplicates("row").set_index("row")
        said = self._queue.drop_duplicates("row").set_index("row")["said"]
        best = self._proposed.drop_duplicates("row").set_index("row").reindex(children.index)
        listed = (people["first_name"].fillna("") + " " + people["last_name"].fillna("")).str.strip()
        typed = (children["typed_first"].fillna("") + " " + children["typed_last"].fillna("")).str.strip()
        as_typed = (children["typed_teacher"].fillna("") + " " + children["typed_grade"].fillna("")).str.strip()
        orders = state.orders.set_index("order_id")
        rows = pd.DataFrame({
            "child": children["subject_id"].map(listed).astype("str").replace("", None).fillna(typed),
            "in_class": children["group_id"].map(groups).astype("str").fillna(as_typed),
            "slots": cause["slots"].reindex(children.index).astype("Int64"),
            "why": cause["cause"].reindex(children.index).astype("str").str.replace("_", " ").fillna("no child yet"),
            "best": self._best_words(best),
            "sure": self._how_sure(best),
            "said": said.reindex(children.index).astype("str"),
            "also": children["order_id"].map(orders["buyer_name"]).astype("str").fillna("") + " " + children["access_code"].fillna("")
            + " " + children["own_code"].fillna(""),
            "cause": cause["cause"].reindex(children.index).astype("str").fillna(""),
            "evidence": cause["evidence"].reindex(children.index).astype("str").fillna(""),
        }, index=children.index)  # fmt: skip
        firm = best["sure"].map({word: n for n, word in enumerate(FIRMNESS)})
        firm = firm.mask(firm.isna() & best["value"].notna(), 2).fillna(3)
        rows = (
            rows.assign(_firm=firm, _share=-best["share"].astype("float64").fillna(0.0))
            .rename_axis("key")
            .reset_index()
        )
        rows = rows.sort_values(["_firm", "_share", "why"], kind="stable").drop(columns=["_firm", "_share"])
        return self._with_list(rows).reset_index(drop=True)

    def _best_words(self, best: pd.DataFrame) -> pd.Series:
        def words(value: str) -> str:
            meant = read_proposal(value)
            return words_of(meant if meant.verb == "order_code" else meant._replace(to=""))

        return best["value"].map(words, na_action="ignore").astype("str")

    def _how_sure(self, best: pd.DataFrame) -> pd.Series:
        """`sure`, `likely`, `possible`; of several that are as good, how many; of a candidate of the queue its share."""
        first = self._proposed[self._proposed["rank"] == 1].groupby("row").size().reindex(best.index).fillna(1)
        share = shown_share(best["share"].fillna(0.0).astype("float64")).where(best["share"].notna())
        word = best["sure"].astype("str").fillna(share)
        several = (best["sure"] == POSSIBLE) & (first > 1)
        return word.mask(several, "one of " + first.astype("int64").astype("str"))

    def _with_list(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The row that says that the list was made anew comes first: it explains many others."""
        if not len(self._anew):
            return rows.assign(tone="")
        told = self._anew.iloc[[0]][["slots", "cause", "evidence"]].assign(
            key=THE_LIST, why="list made anew", tone="warn", also=""
        )
        return pd.concat([told.reindex(columns=[*rows.columns, "tone"]), rows.assign(tone="")])
