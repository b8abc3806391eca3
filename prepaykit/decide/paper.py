"""Paper: keyed envelopes are recorded, counted, and become orders as soon as their child is certain.

Problem: envelopes come with wrong names, wrong sums and wrong letters, and with cash that must never be lost sight of. Rule:
every envelope is recorded with its money at once; it becomes an order when its child is certain (code, student id, one exact
name in the class, a person's word, or names and class weighed together that leave no doubt) and then waits, is priced and shipped
like an online order. Until then its money is held without an order, and moves to the order by counter-entry.
A person may also say that nobody on the list is meant (`nobody`), or that it shall wait (`later`); and an envelope that is matched to a
blank card gives the card its names.

Worked case: envelope E-12 holds $38, the list says $42, the name fits nobody: a payment and a posting of $38 without order,
`envelope_unmatched`. `match={"E-12": code}`: an order for $42, the $38 on it, `underpaid`, held by the job's policy.
Known limits: one child an envelope. Money that becomes less in a later file is not taken out again (`order_changed`).
Source: domain.md 7, 19 (A16, A17).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from prepaykit.decide.orders import TYPED, tables_of
from prepaykit.decide.prices import newest_edition
from prepaykit.errors import Refused, UsageError
from prepaykit.money import show_cents
from prepaykit.rules import money_book
from prepaykit.rules.cash_up import cash_findings, follow_file, with_counts
from prepaykit.rules.choosing import brought_choices, kept_choices
from prepaykit.rules.codes import normal_code
from prepaykit.rules.double_entry import compare_entries, entered, entry_findings, marked, settled_before
from prepaykit.rules.matching.exact import match_exactly
from prepaykit.rules.naming import named_cards
from prepaykit.rules.order_entry import (
    CHILD_MAY_CHANGE,
    enter_orders,
    flawed_orders,
    listed_subjects,
    mend_orders,
    take_money,
)
from prepaykit.rules.pricing import same_items
from prepaykit.rules.standing import as_matching_wants, carried_findings, standing_findings
from prepaykit.rules.weighed import words_of_candidates
from prepaykit.rules.weighing import UNDECIDED, Weighed, needs_weighing, undecided_targets, weigh
from prepaykit.tables.catalog import empty, typed
from prepaykit.tables.findings import found, together
from prepaykit.tables.plan import Plan
from prepaykit.tables.status import WAITING

if TYPE_CHECKING:
    from prepaykit.tables.state import JobState

_KEYED = ["envelope_no", *TYPED.values(), "typed_code", "packages", "payment_method", "check_no", "payee", "parent_name", "parent_email",
          "parent_phone", "note", "bag", "differs"]  # fmt: skip


def plan_paper(
    state: JobState,
    envelopes: pd.DataFrame,
    *,
    second: pd.DataFrame | None = None,
    settle: Mapping[str, str] | None = None,
    bags: pd.DataFrame | None = None,
    findings: pd.DataFrame | None = None,
    match: Mapping[str, str] | None = None,
    choices: pd.DataFrame | None = None,
    now: pd.Timestamp,
    who: str | None = None,
    why: str = "",
) -> Plan:
    """Take in keyed envelopes: each is recorded with its money, and becomes an order once its child is certain.

    `envelopes`: one row is an envelope, as `read_paper_orders` gives them; an empty table looks again at those that are
    there. `second`: the same envelopes keyed by another person; what differs waits, `settle` says per envelope who is right (first,
    second, or none: there is no such envelope). `bags`: counts of bags, columns of `bags`. `match`: envelope number → access code, `nobody`
    or `later`, as a person (`who`, `why`) decided; it stands for later runs, until another word is given (here, or to the order by
    `codes`). `choices`: decisions to be done again, as `read_choices` gives them.
    Findings: envelope_unmatched, envelope_ambiguous, matched_by_weighing, match_in_doubt, underpaid, overpaid, package_unknown,
    order_string_unreadable, name_contradicts_code, order_doubled, order_changed, keyed_differently, keyed_once, bag_differs, bag_uncounted,
    check_number_missing, check_doubled, check_other_payee, choice_unusable, choice_superseded, choice_elsewhere.
    Raises UsageError if `match` names an envelope or a code that is not there, Refused if it names another child for an order
    that has gone on to the batch. Places nothing and deletes nothing. Source: domain.md 7.

    >>> from prepaykit.tables.state import JobState
    >>> state = JobState.new(name="maple-grove-2026", school="Maple Grove")
    >>> envelopes = pd.DataFrame({"envelope_no": ["E-12"], "packages": ["A"], "received_cents": [3800]})
    >>> plan_paper(state, envelopes, now=pd.Timestamp("2026-09-14", tz="UTC"))
    paper maple-grove-2026: 1 new envelope, $38.00 counted; 0 became orders, 1 waits for a match
      payments: 1 new
      postings: 1 new
      envelopes: 1 new
      error: 1 envelope_unmatched
    """
    first, other = _complete(envelopes), None if second is None else _complete(second)
    said_by = {"who": who, "why": why or None, "decided_at": now}
    known, off, settled = settled_before(state, choices, first, other)
    entry = entered(known, first, other, settle or {}, said_by=said_by, taken_off=off)
    rows = entry.rows
    work, changed = _recorded(marked(with_counts(state, empty("bags") if bags is None else bags), entry), rows)
    rest = None if choices is None else choices[choices["kind"] != "settle"]
    work, replayed = _with_choices(work, match or {}, rest, said_by)
    work = work.replace(subjects=named_cards(work, _cards_to_name(work)))
    work, mended = _mended(work, rows)
    seen = weigh(work) if needs_weighing(work) else None
    work, priced, reasons = _entered(work, now, seen)
    work = follow_file(_rematched(work), rows)
    seen = None if seen is None else seen.entered(work)
    own = together(empty("findings") if findings is None else findings, settled, replayed, changed, mended, priced, _lost(work, reasons, seen),
                   carried_findings(state, "paper", rows["envelope_no"]), standing_findings(work, "paper", seen=seen),
                   entry_findings(work), cash_findings(work))  # fmt: skip
    is_new = ~work.order_subjects["order_subject_id"].isin(state.order_subjects["order_subject_id"])
    result = {
        "new": int((~work.envelopes["envelope_id"].isin(state.envelopes["envelope_id"])).sum()),
        "counted_cents": int(work.payments["amount_cents"].sum() - state.payments["amount_cents"].sum()),
        "orders": len(work.orders) - len(state.orders),
        "waiting": int((work.envelopes["order_id"].isna() & work.envelopes["differs"].isna()).sum()),
        "weighed": int((work.order_subjects["matched_by"] == "weighed")[is_new].sum()),
        "unsettled": int(work.envelopes["differs"].notna().sum()),
    }
    headline = (
        f"{result['new']} new envelope{'' if result['new'] == 1 else 's'}, {show_cents(result['counted_cents'], str(state.job['currency']))} counted; "
        f"{result['orders']} became orders, {result['waiting']} {'waits' if result['waiting'] == 1 else 'wait'} for a match"
    )
    headline += f"; {result['weighed']} matched by weighing" if result["weighed"] else ""
    if result["unsettled"]:
        headline += f", {result['unsettled']} to be settled between two typists"
    tables = {**tables_of(work), "bags": work.bags, "subjects": work.subjects}
    return Plan.between(state, "paper", tables, findings=own, headline=headline, result=result)


def compare_keyed(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Every field in which two files of keyed envelopes differ, as `compare_entries` gives it. Columns as for `plan_paper`."""
    return compare_entries(_complete(first), _complete(second))


def _complete(envelopes: pd.DataFrame) -> pd.DataFrame:
    """The file's rows with the columns of `envelopes`; what was not brought is missing."""
    named = envelopes.rename(columns={**TYPED, "access_code": "typed_code"})
    rows = pd.DataFrame(
        {c: named[c].astype("str") if c in named else pd.Series(None, index=named.index, dtype="str") for c in _KEYED}
    )
    amounts = (
        named["received_cents"].astype("Int64")
        if "received_cents" in named
        else pd.Series(0, index=named.index, dtype="Int64")
    )
    rows["received_cents"] = amounts.fillna(0).clip(lower=0).astype("int64")
    rows["typed_code"] = rows["typed_code"].map(normal_code, na_action="ignore").astype("str")
    rows["payment_method"] = rows["payment_method"].mask(
        rows["payment_method"].isna() & rows["check_no"].notna(), "check"
    )
    rows["row"] = named["row"].astype("int64") if "row" in named else np.arange(2, len(named) + 2)
    return (
        rows.sort_values("row", kind="stable").drop_duplicates("envelope_no").drop(columns="row").reset_index(drop=True)
    )


# --- envelopes and their money -----------------------------------------------------------------------------------------


def _recorded(state: JobState, rows: pd.DataFrame) -> tuple[JobState, pd.DataFrame]:
    """Record new envelopes; correct those that still wait for a match; take in money that was collected later."""
    there = state.envelopes.set_index("envelope_no")
    known = rows["envelope_no"].isin(there.index)
    work = _corrected(state, rows[known])
    work, less = _more_money(work, rows[known])
    new = rows[~known]
    if len(new):
        first = work.next_id("envelopes")
        new = typed("envelopes", new.assign(envelope_id=np.arange(first, first + len(new))))
        work = work.replace(
            envelopes=pd.concat([work.envelopes, new], ignore_index=True) if len(work.envelopes) else new
        )
    asked = rows[known].set_index("envelope_no")["packages"]
    mine = there.loc[asked.index]
    flawed = flawed_orders(state, "paper")
    other = [n for n, now, then, order in zip(asked.index, asked, mine["packages"], mine["order_id"], strict=True)
             if not pd.isna(order) and n not in set(flawed) and not same_items(now, then)]  # fmt: skip
    keys = sorted({*other, *less})
    return work, found(
        "paper",
        "order_changed",
        "orders",
        keys,
        [f"envelope {n} differs in the file; the job's one stays" for n in keys],
    )


def _corrected(work: JobState, rows: pd.DataFrame) -> JobState:
    """What is keyed on an envelope without an order follows the file: that is how a wrong name is put right."""
    table = work.envelopes.copy()
    file = rows.set_index("envelope_no")
    flawed = flawed_orders(work, "paper")
    free = table["envelope_no"].isin(file.index) & (table["order_id"].isna() | table["envelope_no"].isin(flawed))
    for column in [c for c in _KEYED if c != "envelope_no"]:
        table.loc[free, column] = file[column].reindex(table.loc[free, "envelope_no"]).to_numpy()
    return work.replace(envelopes=table)


def _more_money(work: JobState, rows: pd.DataFrame) -> tuple[JobState, list[str]]:
    """An envelope with more money than before: the rest was collected. Less than before is only reported."""
    if not len(rows):
        return work, []
    table = work.envelopes.copy()
    now = table["envelope_no"].map(rows.set_index("envelope_no")["received_cents"])
    extra = (now - table["received_cents"]).fillna(0).astype("int64")
    waiting = work.orders.loc[work.orders["status"].isin(WAITING), "order_id"]
    taken = (extra > 0) & (table["order_id"].isna() | table["order_id"].isin(waiting))
    more = table[taken]
    payments = pd.DataFrame({"order_id": more["order_id"], "envelope_id": more["envelope_id"], "amount_cents": extra[taken],
                             "method": more["payment_method"].fillna("cash"), "reference": more["check_no"]})  # fmt: skip
    orders = work.orders.copy()
    added = (
        pd.Series(extra[taken].to_numpy(), index=more["order_id"]).groupby(level=0).sum()
        if len(more)
        else pd.Series(dtype="int64")
    )
    mine = orders["order_id"].isin(added.index)
    orders.loc[mine, "paid_cents"] += orders.loc[mine, "order_id"].map(added).astype("int64")
    table["received_cents"] = table["received_cents"] + extra.where(taken, 0)
    odd = table.loc[(extra < 0) | ((extra > 0) & ~taken), "envelope_no"].tolist()
    return take_money(work.replace(envelopes=table, orders=orders), payments, reason="paper: collected later"), odd


# --- children ----------------------------------------------------------------------------------------------------------


def _with_choices(
    work: JobState, match: Mapping[str, str], brought: pd.DataFrame | None, said: Mapping[str, object]
) -> tuple[JobState, pd.DataFrame]:
    """Keep what a person decided, now or in a file, as choices; returns also what is to be said about rows of the file."""

    def resolved(_kind: str, number: str, code: str) -> tuple[str, str]:
        one = _wanted_match(work, {number: code})
        _require_may_change(work, one)
        return number, one[number]

    replayed, findings = brought_choices(work, brought, "paper", resolved)
    wanted = _wanted_match(work, match)
    _require_may_change(work, wanted)
    now = pd.DataFrame({"target": sorted(wanted), "value": [wanted[n] for n in sorted(wanted)]}, dtype="str")
    now = typed("choices", now.assign(kind="match", **said)) if len(now) else empty("choices")
    new = pd.concat([part for part in (replayed, now) if len(part)] or [now]).drop_duplicates(
        ["kind", "target"], keep="last"
    )
    # A word given to the envelope is later than a code given to its order before; what a file says again is no new word.
    old = work.choices[["kind", "target", "value"]].astype("str")
    again = new.merge(old, on=["kind", "target", "value"], how="inner", validate="1:1")["target"]
    given = new.loc[~new["target"].isin(again) | new["target"].isin(wanted), "target"]
    undone = _children_of_envelopes(work, given)["order_subject_id"].astype("str")
    recoded = (work.choices["kind"] == "order_code") & work.choices["target"].isin(undone)
    book = work.choices[~recoded] if recoded.any() else work.choices
    return work.replace(choices=kept_choices(book, new)), findings


def _wanted_match(work: JobState, match: Mapping[str, str]) -> dict[str, str]:
    """Envelope number → code as the job has it, or a word of `UNDECIDED`; UsageError for an envelope or code that is not there."""
    listed = set(work.subjects["access_code"])
    wanted = {str(number): normal_code(code) for number, code in match.items()}
    wanted = {n: c.lower() if c not in listed and c.lower() in UNDECIDED else c for n, c in wanted.items()}
    nowhere = sorted(set(wanted) - set(work.envelopes["envelope_no"]))
    if nowhere:
        raise UsageError(f"there is no envelope {', '.join(nowhere)}: bring its file first, or correct the number")
    unlisted = sorted({c for c in wanted.values() if c not in listed and c not in UNDECIDED})
    if unlisted:
        raise UsageError(
            f"code {', '.join(unlisted)} is not on the names list of {work.name}: add the child (or take a blank card), or correct the code"
        )
    ordered = set(work.envelopes.loc[work.envelopes["order_id"].notna(), "envelope_no"])
    late = sorted(n for n, c in wanted.items() if c in UNDECIDED and c not in listed and n in ordered)
    if late:
        raise UsageError(
            f"envelope {', '.join(late)} is an order already: give it the code of another child, or cancel the order"
        )
    return wanted


def _cards_to_name(work: JobState) -> pd.DataFrame:
    """What is keyed on envelopes that a person matched to a card, as the names of the card; blank ones take them.

    Not while two typists differ: half a name would stay on the card for good.
    """
    rows = work.choices.loc[work.choices["kind"] == "match", ["target", "value"]]
    typed_names = {v: k for k, v in {"first_name": "typed_first", "last_name": "typed_last", "grade": "typed_grade", "teacher": "typed_teacher",
                                     "student_id": "typed_student_id"}.items()}  # fmt: skip
    settled = work.envelopes[work.envelopes["differs"].isna()]
    keyed = settled[["envelope_no", *typed_names]].rename(columns=typed_names)
    rows = rows.merge(keyed, left_on="target", right_on="envelope_no", how="inner", validate="1:1")
    return rows.rename(columns={"value": "access_code"})


def _children_of_envelopes(work: JobState, numbers: Iterable[str]) -> pd.DataFrame:
    """The children of the orders that these envelopes became: rows of order_subjects with order_no and status."""
    paper = work.orders[(work.orders["origin"] == "paper") & work.orders["order_no"].isin(list(numbers))]
    return work.order_subjects.merge(paper[["order_id", "order_no", "status"]], on="order_id", validate="m:1")


def _require_may_change(work: JobState, wanted: Mapping[str, str]) -> None:
    """Refused if one of these envelopes has gone on for another child."""
    children = _children_of_envelopes(work, wanted)
    asked = children["order_no"].map(wanted).map(work.subjects.set_index("access_code")["subject_id"])
    late = children[
        (asked.astype("Int64") != children["subject_id"]).fillna(True) & ~children["status"].isin(CHILD_MAY_CHANGE)
    ]
    if len(late):
        number, status = late[["order_no", "status"]].iloc[0]
        raise Refused(
            f"envelope {number} is matched to another child and its order is {status}: it can be matched anew while the order is in a "
            "collection or in manual revision. Cancel it, or order a reprint, instead."
        )


def _choices(work: JobState) -> pd.Series:
    """Envelope number → subject, as decided by a person."""
    rows = work.choices[work.choices["kind"] == "match"]
    subjects = work.subjects.set_index("access_code")["subject_id"]
    return pd.Series(
        subjects.reindex(rows["value"]).to_numpy(), index=rows["target"].to_numpy(), dtype="Int64"
    ).dropna()


def _entered(work: JobState, now: pd.Timestamp, seen: Weighed | None) -> tuple[JobState, pd.DataFrame, pd.Series]:
    """Make orders of the envelopes whose child is certain; returns also why the others wait (by envelope number)."""
    waiting = work.envelopes[work.envelopes["order_id"].isna() & work.envelopes["differs"].isna()]
    children = waiting.rename(columns={"typed_code": "access_code", "envelope_no": "order_no"})
    children = children[["order_no", "access_code", *TYPED.values(), "packages"]]
    matched = match_exactly(as_matching_wants(children), listed_subjects(work))
    chosen = waiting["envelope_no"].map(_choices(work)).astype("Int64")
    by_person = chosen.notna()
    # Whom a person looked for and did not find is not found by a rule either.
    put_off = waiting["envelope_no"].isin(undecided_targets(work, "match"))
    taken = (
        seen.taken("envelopes").set_index("key")
        if seen is not None
        else pd.DataFrame(columns=["subject_id", "matched_on"])
    )
    weighed = waiting["envelope_no"].map(taken["subject_id"]).astype("Int64")
    by_weight = matched["subject_id"].isna() & weighed.notna() & ~by_person
    subject = matched["subject_id"].mask(put_off).mask(by_weight, weighed)
    children["subject_id"] = chosen.where(by_person, subject).astype("Int64")
    children["matched_by"] = matched["matched_by"].mask(by_weight, "weighed").mask(by_person, "person")
    children["matched_on"] = waiting["envelope_no"].map(taken["matched_on"]).astype("str").where(by_weight)
    codes = work.subjects.set_index("subject_id")["access_code"]
    children["access_code"] = children["access_code"].mask(by_person, chosen.map(codes))
    certain = children["subject_id"].notna()
    reasons = matched["reason"].fillna("unmatched")[~certain].set_axis(waiting.loc[~certain, "envelope_no"])
    ready = waiting[certain]
    headers = ready.rename(columns={"envelope_no": "order_no", "received_cents": "paid_cents", "parent_name": "buyer_name",
                                    "parent_email": "buyer_email", "parent_phone": "buyer_phone"})  # fmt: skip
    headers = headers[["order_no", "paid_cents", "buyer_name", "buyer_email", "buyer_phone", "note"]]
    headers = headers.assign(origin="paper", shipping="batch", edition=newest_edition(work))
    work, priced = enter_orders(work, headers, children[certain], now=now, verb="paper")
    return _money_follows(work, ready), priced, reasons


def _money_follows(work: JobState, ready: pd.DataFrame) -> JobState:
    """Tie envelopes to their new orders; count the money of new envelopes; move what was held without an order."""
    paper = work.orders[work.orders["origin"] == "paper"].set_index("order_no")["order_id"]
    table = work.envelopes.copy()
    mine = table["envelope_no"].isin(ready["envelope_no"])
    table.loc[mine, "order_id"] = table.loc[mine, "envelope_no"].map(paper).astype("Int64")
    # Held without an order so far: counter-entry and entry, for the book is never rewritten.
    order_of = table.set_index("envelope_id")["order_id"]
    counted = work.payments["envelope_id"].notna()
    payments = work.payments.copy()
    owner = payments["envelope_id"].map(order_of).astype("Int64")
    moves = counted & payments["order_id"].isna() & owner.notna()
    amounts = payments.loc[moves, "amount_cents"]
    reason = "paper: matched"
    book = money_book.post(work.postings, [pd.NA] * len(amounts), -amounts, to="held", reason=reason)
    book = money_book.post(book, owner[moves], amounts, to="held", reason=reason)
    payments.loc[moves, "order_id"] = owner[moves]
    work = work.replace(envelopes=table, payments=payments, postings=book)
    new = table[~table["envelope_id"].isin(work.payments["envelope_id"].dropna())]
    brought = pd.DataFrame({"order_id": new["order_id"], "envelope_id": new["envelope_id"], "amount_cents": new["received_cents"],
                            "method": new["payment_method"].fillna("cash"), "reference": new["check_no"]})  # fmt: skip
    return take_money(work, brought, reason="paper: counted")


def _rematched(work: JobState) -> JobState:
    """A person's word also corrects an envelope that had been matched already: its slots lose the other child's frames."""
    chosen = _choices(work)
    paper = work.orders[
        (work.orders["origin"] == "paper")
        & work.orders["status"].isin(CHILD_MAY_CHANGE)
        & work.orders["order_no"].isin(chosen.index)
    ]
    wanted = work.order_subjects["order_id"].map(paper.set_index("order_id")["order_no"].map(chosen)).astype("Int64")
    wrong = wanted.notna() & ((wanted != work.order_subjects["subject_id"]).fillna(True)).astype(bool)
    # A code given to the order itself was decided later than the match of its envelope.
    recoded = work.choices.loc[work.choices["kind"] == "order_code", "target"]
    wrong &= ~work.order_subjects["order_subject_id"].astype("str").isin(recoded)
    # Whom weighing had found is a person's word now, if the person says the same.
    confirmed = wanted.notna() & ~wrong & (work.order_subjects["matched_by"] == "weighed")
    if not (wrong | confirmed).any():
        return work
    children = work.order_subjects.copy()
    children.loc[confirmed, "matched_by"] = "person"
    children.loc[confirmed, "matched_on"] = None
    children.loc[wrong, "subject_id"] = wanted[wrong]
    children.loc[wrong, "access_code"] = wanted[wrong].map(work.subjects.set_index("subject_id")["access_code"])
    children.loc[wrong, "matched_by"] = "person"
    children.loc[wrong, "matched_on"] = None
    lines = work.lines[work.lines["order_subject_id"].isin(children.loc[wrong, "order_subject_id"])]
    subject = lines.set_index("line_id")["order_subject_id"].map(children.set_index("order_subject_id")["subject_id"])
    slots = work.slots.copy()
    mine = slots["line_id"].isin(lines["line_id"])
    slots.loc[mine, "subject_id"] = slots.loc[mine, "line_id"].map(subject).astype("Int64")
    slots.loc[mine, "frame_id"] = pd.NA
    slots.loc[mine, ["filled_by", "crop", "artwork_path", "artwork_sha256"]] = None
    return work.replace(order_subjects=children, slots=slots)


# --- findings ----------------------------------------------------------------------------------------------------------


def _mended(work: JobState, rows: pd.DataFrame) -> tuple[JobState, pd.DataFrame]:
    """Envelopes whose order string could not be taken whole are priced anew with the string brought now."""
    paper = work.orders[(work.orders["origin"] == "paper") & work.orders["status"].isin(WAITING)]
    wanted = rows.rename(columns={"envelope_no": "order_no"})[["order_no", "packages"]]
    wanted = wanted[wanted["order_no"].isin(flawed_orders(work, "paper")) & wanted["order_no"].isin(paper["order_no"])]
    return mend_orders(work, wanted, paper.set_index("order_no")["order_id"], newest_edition(work), "paper")


def _lost(work: JobState, reasons: pd.Series, seen: Weighed | None) -> pd.DataFrame:
    """Envelopes without a certain child, each with the children it may be for."""
    if not len(reasons):
        return empty("findings")
    codes = work.envelopes.set_index("envelope_no")["typed_code"]
    numbers = pd.Series(reasons.index, index=reasons.index)
    near = words_of_candidates(seen or weigh(work), "envelopes", numbers)
    parts = []
    for reason in ("unmatched", "ambiguous"):
        rows = near[reasons == reason]
        details = [
            f"envelope {n}: {'code ' + codes[n] if isinstance(codes[n], str) else 'no code'}; {w}"
            for n, w in rows["words"].items()
        ]
        parts.append(
            found("paper", f"envelope_{reason}", "envelopes", rows.index, details, suggestion=rows["suggestion"])
        )
    return together(*parts)
