"""Findings that stand: what is still wrong with the orders of a job, worked out from its tables each time.

Problem: findings of a file vanish when the next file is brought, but an order without a child stays one. Rule: everything
that the tables can say is said anew in every run, whatever file came; only what the tables cannot show (an order string that
could not be read) is carried over, for as long as its order waits.

Worked case: an order for a code that nobody has is reported in every run until the child is on the list or a person settles
it. Two orders for one child are said with what both ask for: the same is likely double, another may be meant. Source: domain.md 5, 7, 19 (A16, A17).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.money import show_cents
from prepaykit.rules.items import children_without_items
from prepaykit.rules.learnt import looks_short
from prepaykit.rules.matching.exact import bare, match_exactly
from prepaykit.rules.money_book import owed_back
from prepaykit.rules.order_entry import lines_sum, listed_subjects, purchases
from prepaykit.rules.weighed import weighed_findings, words_of_candidates
from prepaykit.rules.weighing import Weighed, needs_weighing, refs_of, weigh
from prepaykit.tables.findings import found, together
from prepaykit.tables.state import JobState
from prepaykit.tables.status import LIVE, WAITING

CARRIED = ("package_unknown", "order_string_unreadable", "order_changed")
STANDING = (
    *("unpaid", "underpaid", "overpaid", "amount_differs", "order_doubled", "order_unmatched", "order_ambiguous"),
    *("name_contradicts_code", "code_of_another_child", "order_code_unlisted", "matched_by_weighing", "match_in_doubt"),
)


def standing_findings(work: JobState, verb: str, *, seen: Weighed | None = None) -> pd.DataFrame:
    """Say what stands about the orders of one origin: verb `orders` for online ones, `paper` for envelopes.

    `seen`: what weighing the job found, if that is at hand. Findings about orders, key order number: address_missing, unpaid, underpaid,
    overpaid, amount_differs, order_doubled; about order_subjects: order_unmatched, order_ambiguous, name_contradicts_code,
    code_of_another_child, order_code_unlisted, matched_by_weighing, match_in_doubt. Only orders that have not left are looked at.
    """
    origin = "online" if verb == "orders" else "paper"
    orders = work.orders[(work.orders["origin"] == origin) & work.orders["status"].isin(LIVE)]
    money = _online_money(work, orders) if verb == "orders" else _paper_money(orders, str(work.job["currency"]))
    return together(
        *money,
        _without_address(orders, verb),
        _unmatched(work, orders, verb, seen),
        weighed_findings(work, orders, verb, seen),
        _contradictions(work, orders, verb),
        _doubled(work, origin, verb),
    )


def restated(state: JobState, **tables: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """What `orders` and `paper` would say once these tables are in: for `Plan.between(…, also_findings=…)`.

    Another name under a code may contradict an order that is on its way; whoever places or releases next must know.
    """
    work, result = state.replace(**tables), {}
    seen = weigh(work) if needs_weighing(work) else None
    for verb in ("orders", "paper"):
        said = state.findings[state.findings["verb"] == verb]
        result[verb] = together(said[~said["code"].isin(STANDING)], standing_findings(work, verb, seen=seen))
    return result


def carried_findings(state: JobState, verb: str, settled: pd.Series) -> pd.DataFrame:
    """What was found about orders that still wait and that this run does not speak about (`settled`: their numbers)."""
    mine = state.findings[
        (state.findings["verb"] == verb) & state.findings["code"].isin(CARRIED) & (state.findings["about"] == "orders")
    ]
    live = state.orders.loc[state.orders["status"].isin(LIVE), "order_no"]
    return mine[mine["key"].isin(live) & ~mine["key"].isin(settled)]


def as_matching_wants(children: pd.DataFrame) -> pd.DataFrame:
    """Children of orders with their typed columns named as `match_exactly` wants them."""
    names = {f"typed_{c}": c for c in ("first", "last", "grade", "teacher", "student_id")}
    return children.rename(columns=names)


def _online_money(work: JobState, orders: pd.DataFrame) -> list[pd.DataFrame]:
    unpaid = orders[orders["status"].isin(WAITING) & (orders["paid_cents"] <= 0) & (orders["total_cents"] > 0)]
    family = pd.concat(
        [orders.loc[orders["split_from_id"].notna(), "order_id"], orders["split_from_id"].dropna().astype("int64")]
    )
    whole = orders[(orders["paid_cents"] > 0) & ~orders["order_id"].isin(family)]
    due, back = lines_sum(work, whole["order_id"]), owed_back(work.postings, whole["order_id"])
    odd = whole.assign(due=due, said=[f", {b} of it owed back" if b else "" for b in back])[due != whole["paid_cents"] - back]
    return [
        found("orders", "unpaid", "orders", unpaid["order_no"], [f"order {n}: nothing was paid of {t} cents" for n, t in _pairs(unpaid, "total_cents")]),
        found("orders", "amount_differs", "orders", odd["order_no"],
              [f"order {n}: paid {p} cents{b}, its lines are {d} cents" for n, p, b, d in odd[["order_no", "paid_cents", "said", "due"]].to_numpy()]),
    ]  # fmt: skip


def _paper_money(orders: pd.DataFrame, currency: str) -> list[pd.DataFrame]:
    parts = []
    short = orders["paid_cents"] < orders["total_cents"]
    for code, rows in (
        ("underpaid", orders[short & orders["status"].isin(WAITING)]),
        ("overpaid", orders[orders["paid_cents"] > orders["total_cents"]]),
    ):
        details = [
            f"envelope {n}: {show_cents(p, currency)} received, {show_cents(t, currency)} due"
            for n, p, t in rows[["order_no", "paid_cents", "total_cents"]].to_numpy()
        ]
        parts.append(found("paper", code, "orders", rows["order_no"], details))
    return parts


def _without_address(orders: pd.DataFrame, verb: str) -> pd.DataFrame:
    """A direct order that says nowhere to go would be produced and sent to nobody."""
    rows = orders[(orders["shipping"] == "direct") & orders["ship_to"].isna() & orders["status"].isin(WAITING)]
    details = [f"order {n}: direct shipping without an address" for n in rows["order_no"]]
    return found(verb, "address_missing", "orders", rows["order_no"], details)


def _pairs(orders: pd.DataFrame, column: str) -> list[list[object]]:
    return orders[["order_no", column]].to_numpy().tolist()


def _unmatched(work: JobState, orders: pd.DataFrame, verb: str, seen: Weighed | None) -> pd.DataFrame:
    here = work.order_subjects["order_id"].isin(orders["order_id"])
    here &= ~work.order_subjects["order_subject_id"].isin(children_without_items(work))
    children = work.order_subjects[work.order_subjects["subject_id"].isna() & here]
    if not len(children):
        return together()
    reasons = match_exactly(as_matching_wants(children), listed_subjects(work))["reason"]
    keys, refs = children["order_subject_id"].astype("str"), children["order_subject_id"].map(refs_of(work))
    near = words_of_candidates(seen or weigh(work), "order_subjects", keys)
    parts = []
    for reason, code in (("unmatched", "order_unmatched"), ("ambiguous", "order_ambiguous")):
        # A child that would fit now but was not written down is said to be unmatched rather than left unsaid.
        is_so = (reasons == reason) | (reasons.isna() if reason == "unmatched" else False)
        details = [
            f"order {r}: {'code ' + c if isinstance(c, str) else 'no code'}; {w}"
            for r, c, w in zip(refs[is_so], children.loc[is_so, "access_code"], near.loc[is_so, "words"], strict=True)
        ]
        parts.append(
            found(
                verb,
                code,
                "order_subjects",
                keys[is_so],
                details,
                suggestion=near.loc[is_so, "suggestion"],
                hints=refs[is_so],
            )
        )
    return together(*parts)


def _contradictions(work: JobState, orders: pd.DataFrame, verb: str) -> pd.DataFrame:
    """A code or student id must not overrule a name: the name typed is that of another child, both names differ, or the first name does.

    The first is how a sibling's code looks, the last how a brother or sister's who is not on the list does. A nickname, a short form or a
    misspelling of one name says nothing, and neither does another surname alone.
    """
    here = work.order_subjects[work.order_subjects["order_id"].isin(orders["order_id"])]
    here = here[~here["order_subject_id"].isin(children_without_items(work))]
    numbers, refs = orders.set_index("order_id")["order_no"], refs_of(work)
    unlisted = here[
        here["matched_by"].isin(["student_id", "exact_name"])
        & here["access_code"].notna()
        & ~here["access_code"].isin(work.subjects["access_code"])
    ]
    children = here[here["matched_by"].isin(["code", "student_id"]) & here["subject_id"].notna()]
    # Of one found by its id, what was typed as code is not the child's.
    codes = work.subjects.set_index("subject_id")["access_code"]
    children = children.assign(access_code=children["subject_id"].map(codes))
    typed, named = _typed_names(children), _listed_names(work, children)
    known = typed.notna().all(axis=1) & named.notna().all(axis=1)
    differs = typed != named
    swapped = (typed["first"] == named["last"]) & (typed["last"] == named["first"])
    other = _other_child(work, typed, children)
    is_other = known & differs["first"] & other.notna() & ~swapped
    open_ = known & differs["first"] & ~swapped & ~is_other
    is_wrong = open_ & (differs["last"] | _first_names_contradict(work, children, open_))
    words = {
        True: "the name typed is not that of the child with this student id, code",
        False: "the name typed is not the name of code",
    }
    by_id = children["matched_by"] == "student_id"
    ids = is_wrong & by_id
    return together(
        found(verb, "code_of_another_child", "order_subjects", children.loc[is_other, "order_subject_id"],
              _told(children[is_other], numbers, "the name typed is that of another child, not of code"), suggestion=other[is_other],
              hints=children.loc[is_other, "order_subject_id"].map(refs)),
        *[found(verb, "name_contradicts_code", "order_subjects", children.loc[rows, "order_subject_id"],
                _told(children[rows], numbers, words[how]), hints=children.loc[rows, "order_subject_id"].map(refs))
          for how, rows in ((True, ids), (False, is_wrong & ~ids))],
        found(verb, "order_code_unlisted", "order_subjects", unlisted["order_subject_id"],
              _told(unlisted, numbers, "joined by id or name, for nobody has code")),
    )  # fmt: skip


def _first_names_contradict(work: JobState, children: pd.DataFrame, rows: pd.Series) -> pd.Series:
    """Is the first name typed quite another one than the listed one: no nickname, short form, part, initial, slip or sound of it?"""
    result = pd.Series(False, index=children.index)
    if not rows.any():
        return result
    from prepaykit.rules.matching.forms import first_parts
    from prepaykit.rules.matching.levels import FIRST, compare_firsts

    listed = children.loc[rows, "subject_id"].map(work.subjects.set_index("subject_id")["first_name"])
    sides = [[first_parts(t) for t in side] for side in (children.loc[rows, "typed_first"], listed)]
    distinct = [sorted(set(side)) for side in sides]
    at = [np.array([{v: i for i, v in enumerate(d)}[v] for v in side]) for d, side in zip(distinct, sides, strict=True)]
    quite_other = compare_firsts(*distinct).of(*at) == FIRST.index("different")
    short = [bool(a and b) and looks_short(a[0], b[0]) for a, b in zip(*sides, strict=True)]
    result[rows] = quite_other & ~np.array(short, dtype=bool)
    return result


def _typed_names(children: pd.DataFrame) -> pd.DataFrame:
    names = {"first": bare(children["typed_first"]), "last": bare(children["typed_last"])}
    return pd.DataFrame({k: pd.Series(v, index=children.index, dtype="str") for k, v in names.items()})


def _listed_names(work: JobState, children: pd.DataFrame) -> pd.DataFrame:
    people = work.subjects.set_index("subject_id")[["first_name", "last_name"]].reindex(
        children["subject_id"].astype("int64")
    )
    names = {"first": bare(people["first_name"]), "last": bare(people["last_name"])}
    return pd.DataFrame({k: pd.Series(v.to_numpy(), index=children.index, dtype="str") for k, v in names.items()})


def _other_child(work: JobState, typed: pd.DataFrame, children: pd.DataFrame) -> pd.Series:
    """For each child of an order: the code of the one person on the list who bears exactly the typed name; missing else."""
    listed = listed_subjects(work)
    listed = pd.DataFrame({
        "first": bare(listed["first_name"]), "last": bare(listed["last_name"]), "code": listed["access_code"],
    }).dropna().drop_duplicates(["first", "last"], keep=False)  # fmt: skip
    # Names are complete on both sides, so missing never meets missing.
    full = (
        typed.dropna().reset_index().merge(listed, on=["first", "last"], how="left", validate="m:1").set_index("index")
    )
    other = full["code"].reindex(typed.index).astype("str")
    return other.where(other != children["access_code"])


def _told(children: pd.DataFrame, numbers: pd.Series, words: str) -> list[str]:
    return [
        f"order {numbers[o]}: {words} {c}" for o, c in zip(children["order_id"], children["access_code"], strict=True)
    ]


def _doubled(work: JobState, origin: str, verb: str) -> pd.DataFrame:
    """Each child with several purchases: the later order is flagged, by the verb that took it in, with what both ask for.

    The same packages are likely one purchase made twice; different ones may be meant. Of several earlier purchases the one
    that asks for the same is named, else the last.
    """
    orders = work.orders[work.orders["status"].isin([*LIVE, "released"])]
    children = work.order_subjects[~work.order_subjects["order_subject_id"].isin(children_without_items(work))]
    children = children.dropna(subset=["subject_id"])[["order_id", "subject_id"]].drop_duplicates()
    rows = children.merge(orders[["order_id", "order_no", "origin", "status"]], on="order_id", validate="m:1")
    # Parts of one purchase are one purchase.
    rows["purchase"] = rows["order_id"].map(purchases(work.orders))
    rows = rows.sort_values("order_id").drop_duplicates(["subject_id", "purchase"])
    rows = rows.merge(_asked_for(work), on=["subject_id", "purchase"], how="left", validate="1:1")
    rows["asks"] = rows["asks"].fillna("nothing that could be read")
    later = rows[(rows["origin"] == origin) & rows["status"].isin(LIVE)]
    pairs = later.merge(rows, on="subject_id", suffixes=("", "_before"), validate="m:m")
    pairs = pairs[pairs["order_id_before"] < pairs["order_id"]]
    pairs["same"] = pairs["asks"] == pairs["asks_before"]
    pairs = pairs.sort_values(["order_id", "subject_id", "same", "order_id_before"]).drop_duplicates(
        ["order_id", "subject_id"], keep="last"
    )
    codes = pairs["subject_id"].map(work.subjects.set_index("subject_id")["access_code"])
    details = [
        f"{_called(origin, n)} and {_called(eo, e)} are both for code {c}: "
        + (f"the same ({a}), likely twice" if same else f"{a} after {b}, perhaps meant")
        for c, (n, e, eo, a, b, same) in zip(
            codes,
            pairs[["order_no", "order_no_before", "origin_before", "asks", "asks_before", "same"]].to_numpy(),
            strict=True,
        )
    ]
    one = pairs.assign(detail=details).groupby("order_no", sort=False)["detail"].agg("; ".join)
    return found(verb, "order_doubled", "orders", one.index, one.to_numpy())


def _asked_for(work: JobState) -> pd.DataFrame:
    """What each purchase asks for, by child, written alike for alike: `subject_id`, `purchase`, `asks` such as `A-1;B-2`."""
    child = work.order_subjects.set_index("order_subject_id")["subject_id"]
    lines = work.lines[work.lines["cancelled_at"].isna()]
    lines = lines.assign(subject_id=lines["order_subject_id"].map(child), purchase=lines["order_id"].map(purchases(work.orders)))
    lines = lines.dropna(subset=["subject_id"])
    lines["what"] = (lines["code"] + "," + lines["options"]).fillna(lines["code"])
    counted = lines.groupby(["subject_id", "purchase", "what"])["quantity"].sum().reset_index()
    counted["what"] = counted["what"] + "-" + counted["quantity"].astype("str")
    asks = counted.groupby(["subject_id", "purchase"])["what"].agg(";".join)
    return asks.rename("asks").reset_index()


def _called(origin: str, number: str) -> str:
    return f"{'order' if origin == 'online' else 'envelope'} {number}"
