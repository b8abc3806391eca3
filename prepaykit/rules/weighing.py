"""Weighing inside a job: the children of all its orders and waiting envelopes, held against its names list at one time.

Problem: an order that carries only typed names waits for an analyst, although names, class, address and a code one symbol off
often leave no doubt. Rule: what the exact rules settle, and what a person said, stands; of the rest, that is taken of which
the matching is certain at its own threshold (`decisions.THRESHOLD`), never below it, and only while the job allows it. All children
are weighed together, so that two orders that claim one child under two names stop each other.

Never taken: who fits the exact rules several times (namesakes), whom a person has said to be nobody on the list or to be left for
later, and whoever is told from a brother, sister or namesake only by a short form that this job's people taught.

Worked case: envelope `Lupita Iyer, Mrs. Hewitt`, listed Guadalupe Iyer, no other Iyer in the class → taken, `matched_by` weighed.
Known limits: a stranger with the same name in the same class looks like the child. Source: matching.md 5; domain.md 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from prepaykit.rules.items import children_without_items
from prepaykit.rules.learnt import learnt_from
from prepaykit.rules.matching.exact import match_exactly
from prepaykit.rules.order_entry import listed_subjects, purchases
from prepaykit.tables.state import JobState

if TYPE_CHECKING:
    from prepaykit.rules.matching.in_full import Matched

NOBODY, LATER = "nobody", "later"
UNDECIDED = (NOBODY, LATER)
"""Words in place of a code, for a child whom a person looked for: nobody on the list is meant; let it wait."""

TYPED = {"student_first": "typed_first", "student_last": "typed_last", "grade": "typed_grade", "teacher": "typed_teacher",
         "student_id": "typed_student_id"}  # fmt: skip
PARENTS = {"parent_name": "buyer_name", "parent_email": "buyer_email", "parent_phone": "buyer_phone"}
_COLUMNS = ["about", "key", "number", "ref", "subject_id", "matched_by", "said", "access_code", *TYPED, *PARENTS]
_MATCH_COLUMNS = ["access_code", *TYPED, *PARENTS]


@dataclass(frozen=True)
class Weighed:
    """What weighing found. All tables have the place of a child in `asked` as their index or column `at`.

    `asked`: one row is a child of an order (about `order_subjects`, key its `order_subject_id`) or a waiting envelope (about `envelopes`, key
    its number), as `children_of` gives it. `decisions`: the same rows: decision, probability, reason, and `subject_id` where the
    child is to be taken without a person. `candidates`: at, rank, subject_id, access_code, probability, evidence.
    """

    asked: pd.DataFrame
    decisions: pd.DataFrame
    candidates: pd.DataFrame
    matched: Matched | None
    learnt: pd.DataFrame

    def taken(self, about: str) -> pd.DataFrame:
        """Who is to be taken without a person: `key`, `subject_id`, `matched_on` (probability and evidence in words)."""
        rows = self.asked[self.asked["about"] == about].join(self.decisions[["reason", "probability"]])
        rows = rows.assign(subject_id=self.decisions["subject_id"])
        rows = rows[rows["subject_id"].notna()]
        rows["matched_on"] = shown_share(rows["probability"]) + ": " + rows["reason"]
        return rows[["key", "subject_id", "matched_on"]].reset_index(drop=True)

    def entered(self, work: JobState) -> Weighed:
        """The same, with envelopes that have become orders meanwhile named as the children of these orders."""
        paper = work.orders[work.orders["origin"] == "paper"].set_index("order_id")["order_no"]
        children = work.order_subjects[work.order_subjects["order_id"].isin(paper.index)]
        keys = pd.Series(
            children["order_subject_id"].astype("str").to_numpy(),
            index=children["order_id"].map(paper).to_numpy(),
            dtype="str",
        )
        now = self.asked["number"].map(keys).where(self.asked["about"] == "envelopes")
        about = self.asked["about"].mask(now.notna(), "order_subjects")
        return replace(self, asked=self.asked.assign(about=about, key=self.asked["key"].mask(now.notna(), now)))


def weigh(work: JobState, *, more: pd.DataFrame | None = None) -> Weighed:
    """Weigh every child of the job's orders and waiting envelopes; `more` are further rows to weigh beside them (decoys).

    Nothing is weighed in a job without names list or orders. The same job gives the same answer.

    >>> found = weigh(JobState.new(name="maple-grove-2026", school="Maple Grove"))
    >>> len(found.asked), found.decisions.columns.tolist()
    (0, ['decision', 'probability', 'reason', 'subject_id'])
    """
    asked = children_of(work)
    if more is not None:
        asked = pd.concat([asked, more.reindex(columns=_COLUMNS).astype(asked.dtypes.to_dict())], ignore_index=True)
    listed = named_people(work)
    learnt = learnt_from(work)
    if not len(asked) or not len(listed):
        return Weighed(asked, _no_decisions(asked), _no_candidates(), None, learnt)
    # Only now: the matching is loaded when there is something to weigh.
    from prepaykit.rules.matching.in_full import match_in_full

    orders = asked[_MATCH_COLUMNS].assign(order_id=asked.index.astype("str"))
    used = learnt.loc[learnt["is_used"], ["kind", "written", "listed"]]
    matched = match_in_full(orders, listed, learnt=used if len(used) else None)
    plain = match_in_full(orders, listed) if len(used) else matched
    codes = work.subjects.set_index("access_code")["subject_id"]
    candidates = matched.candidates.assign(at=matched.candidates["order_id"].astype("int64")).drop(columns="order_id")
    candidates["subject_id"] = candidates["access_code"].map(codes).astype("Int64")
    decisions = matched.matches[["decision", "probability", "reason"]].set_axis(asked.index)
    chosen = matched.matches["access_code"].map(codes).astype("Int64").set_axis(asked.index)
    certain = asked["subject_id"].isna() & (decisions["decision"] == "auto")
    against = _against(work, asked, listed, certain, _rests_on_teaching(matched, plain))
    stopped, may = certain & against.notna(), certain & against.isna()
    decisions = decisions.assign(
        decision=decisions["decision"].mask(stopped, "review"),
        reason=decisions["reason"].mask(stopped, against + ": " + decisions["reason"]),
        subject_id=chosen.where(may),
    )
    columns = ["at", "rank", "subject_id", "access_code", "probability", "evidence"]
    return Weighed(asked, decisions, candidates[columns], matched, learnt)


def needs_weighing(work: JobState) -> bool:
    """Does anybody wait for a child, or was anybody taken by weighing? Else there is nothing to weigh."""
    children = children_of(work)
    return bool((children["subject_id"].isna() | (children["matched_by"] == "weighed")).any())


def children_of(work: JobState) -> pd.DataFrame:
    """One row a child of an order that is not cancelled (nor every item for the child), or an envelope that waits for its child; orders first.

    about, key, number (of the order or envelope), ref (the number; of an order for several children `NUMBER:n`), subject_id and
    matched_by (as they stand), said (`nobody` or `later`, if a person said so), access_code, student_first, student_last, grade,
    teacher, student_id, parent_name, parent_email, parent_phone.
    """
    orders = work.orders.loc[work.orders["status"] != "cancelled", ["order_id", "order_no", *PARENTS.values()]]
    children = work.order_subjects[~work.order_subjects["order_subject_id"].isin(children_without_items(work))]
    children = children.merge(orders, on="order_id", how="inner", validate="m:1")
    children["key"] = children["order_subject_id"].astype("str")
    children = children.assign(
        about="order_subjects", number=children["order_no"], said=children["key"].map(_said(work, "order_code"))
    )
    children["ref"] = children["order_subject_id"].map(refs_of(work)).astype("str")
    children = children.rename(columns={v: k for k, v in {**TYPED, **PARENTS}.items()})
    # One that two typists keyed differently is settled first: nobody knows yet what stands on it.
    waiting = work.envelopes[work.envelopes["order_id"].isna() & work.envelopes["differs"].isna()]
    waiting = waiting.assign(about="envelopes", key=waiting["envelope_no"], number=waiting["envelope_no"], ref=waiting["envelope_no"],
                             said=waiting["envelope_no"].map(_said(work, "match")), subject_id=pd.NA, matched_by=None)  # fmt: skip
    waiting = waiting.rename(columns={**{v: k for k, v in TYPED.items()}, "typed_code": "access_code"})
    # Whom a person named is claimed already, as it will be once the envelope is an order.
    waiting["access_code"] = waiting["number"].map(_matched_to(work)).astype("str").fillna(waiting["access_code"])
    both = pd.concat(
        [part[_COLUMNS] for part in (children, waiting) if len(part)] or [children[_COLUMNS]], ignore_index=True
    )
    return both.astype({"subject_id": "Int64", **{c: "str" for c in _COLUMNS if c != "subject_id"}})


def refs_of(work: JobState) -> pd.Series:
    """How a child of an order is named (index `order_subject_id`): by the order's number, with `:2` for the second of several children.

    Where an envelope and an online order have the same number, its key alone would name the wrong child: `paper:12` says which.
    """
    rows = work.order_subjects.merge(
        work.orders[["order_id", "order_no", "origin"]], on="order_id", how="left", validate="m:1"
    )
    twice = work.orders["order_no"][work.orders["order_no"].duplicated()]
    number = rows["order_no"].mask(rows["order_no"].isin(twice), rows["origin"] + ":" + rows["order_no"])
    place = (rows.groupby("order_id").cumcount() + 1).astype("str")
    several = rows["order_id"].duplicated(keep=False)
    return pd.Series(
        (number + (":" + place).where(several, "")).to_numpy(), index=rows["order_subject_id"].to_numpy(), dtype="str"
    )


def refs_as_bought(work: JobState) -> pd.Series:
    """The same by the order that was bought, wherever its parts have gone since: `104001:2` stays so when it is split off as `104001/2`."""
    if not len(work.orders):
        return refs_of(work)
    bought = work.order_subjects["order_id"].map(purchases(work.orders))
    children = work.order_subjects.assign(order_id=bought).sort_values("order_subject_id")
    return refs_of(work.replace(order_subjects=children))


def named_people(work: JobState) -> pd.DataFrame:
    """Every child on the list who has a name; a blank card without one can be nobody's, and staff are in no class."""
    listed = listed_subjects(work)
    named = listed["first_name"].notna() | listed["last_name"].notna()
    return listed[named & (listed["kind"] != "staff")].reset_index(drop=True)


def shown_share(probability: pd.Series) -> pd.Series:
    """A probability as a person reads it; never 100 %.

    >>> shown_share(pd.Series([0.99995, 0.9634, 0.2])).tolist()
    ['99.99 %', '96.34 %', '20.00 %']
    """
    floor = np.floor(probability.astype("float64").to_numpy() * 10_000) / 100
    return pd.Series([f"{p:.2f} %" for p in np.minimum(floor, 99.99)], index=probability.index, dtype="str")


def undecided_targets(work: JobState, kind: str) -> list[str]:
    """What a person said `nobody` or `later` of: envelopes (kind `match`) or children of orders (kind `order_code`)."""
    return list(_said(work, kind))


# --- inside ------------------------------------------------------------------------------------------------------------


def _said(work: JobState, kind: str) -> Mapping[str, str]:
    rows = work.choices[(work.choices["kind"] == kind) & work.choices["value"].isin(UNDECIDED)]
    # A code may be any text, so a card of the job that is called so is a card.
    rows = rows[~rows["value"].isin(work.subjects["access_code"])]
    return dict(zip(rows["target"], rows["value"], strict=True))


def _matched_to(work: JobState) -> Mapping[str, str]:
    """Envelope number → code of the card that a person matched it to."""
    rows = work.choices[(work.choices["kind"] == "match") & work.choices["value"].isin(work.subjects["access_code"])]
    return dict(zip(rows["target"], rows["value"], strict=True))


def _against(
    work: JobState, asked: pd.DataFrame, listed: pd.DataFrame, certain: pd.Series, by_teaching: pd.Series
) -> pd.Series:
    """What keeps each child for a person although weighing is `certain`: the job, a person's word, the exact rules; missing where nothing does."""
    wants = asked[certain].rename(columns={"student_first": "first", "student_last": "last"})
    ambiguous = (match_exactly(wants, listed)["reason"] == "ambiguous").reindex(asked.index, fill_value=False)
    nameless = asked["student_first"].isna() & asked["student_last"].isna()
    words = pd.Series(None, index=asked.index, dtype="str")
    for hit, said in (
        (by_teaching, "what was taught fits a brother, sister or namesake too"),
        (nameless, "no name was given"),
        (ambiguous, "several children fit exactly"),
        (asked["said"] == LATER, "a person left it for later"),
        (asked["said"] == NOBODY, "a person said that nobody on the list is meant"),
    ):
        words = words.mask(hit.to_numpy(), said)
    return words if work.job["has_automatic_matching"] else words.fillna("the job takes nobody without a person")


def _rests_on_teaching(matched: Matched, plain: Matched) -> pd.Series:
    """Certain only through taught forms, while a twin, or a brother, sister or namesake with a name alike, could be meant as well.

    A short form that one decision taught must not tell twins apart: the next parent may mean the other one by it.
    """
    if matched is plain:
        return pd.Series(False, index=range(len(matched.matches)))
    from prepaykit.rules.matching.levels import FIRST

    desk = matched.desk
    only_now = ((matched.matches["decision"] == "auto") & (plain.matches["decision"] != "auto")).to_numpy()
    rows = matched.evidence[only_now[matched.evidence["order"].to_numpy(np.int64)]]
    best = rows[rows["rank"] == 1].set_index("order")["child"].astype("int64")
    family = desk.child_last[rows["child"].to_numpy(np.int64)]
    same_family = family == desk.child_last[rows["order"].map(best).to_numpy(np.int64)]
    alike = rows[(rows["rank"] > 1) & (rows["first_level"] != FIRST.index("different")) & same_family]
    homes = pd.DataFrame({"last": desk.child_last, "class": desk.child_class, "block": desk.child_block})
    is_twin = homes.duplicated(keep=False).to_numpy()
    twins = best.index[is_twin[best.to_numpy()]]
    return pd.Series(only_now & np.isin(np.arange(len(only_now)), [*alike["order"], *twins]))


def _no_decisions(asked: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "decision": pd.Series("none", index=asked.index, dtype="str"), "probability": pd.Series(np.nan, index=asked.index),
        "reason": pd.Series("unmatched", index=asked.index, dtype="str"), "subject_id": pd.Series(pd.NA, index=asked.index, dtype="Int64"),
    })  # fmt: skip


def _no_candidates() -> pd.DataFrame:
    return pd.DataFrame({"at": pd.Series(dtype="int64"), "rank": pd.Series(dtype="int64"), "subject_id": pd.Series(dtype="Int64"),
                         "access_code": pd.Series(dtype="str"), "probability": pd.Series(dtype="float64"), "evidence": pd.Series(dtype="str")})  # fmt: skip
