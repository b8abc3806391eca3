"""What holds an order back: errors that stand on it or on one of its children, unless a person took just these as they are.

Problem. A person accepts an envelope that is a dollar short. Weeks later the names list says that the order's code is another
child's: the order must stop, whatever was accepted before. Rule. An acceptance names the errors that stood on the order when it
was given (`underpaid`, `name_contradicts_code/7` for the child with key 7 in `order_subjects`, or `card_skipped/118` for a picture of the
session in which a card is missing before frame 118, or `frame_damaged/118`: see `prepaykit.rules.doubts`) and covers these only. Parts that
were split off from the order are covered with it. Brought again from a file it counts only while nothing else stands on the order: whoever
accepted did not see the other.

Worked case. Envelope E-2 is accepted as underpaid and goes to the batch; then `code_of_another_child` is found on it: it is blocked.
Source: domain.md 5, 7, A17.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from prepaykit.errors import Refused
from prepaykit.rules.choosing import brought_choices, kept_choices
from prepaykit.rules.doubts import DAMAGED, DOUBTS, orders_in_doubt
from prepaykit.rules.order_entry import purchases
from prepaykit.rules.search import named_orders, numbered
from prepaykit.rules.slot_names import errors_named, errors_of_file, marked_frames, refs_by_text
from prepaykit.tables.catalog import typed
from prepaykit.tables.state import JobState

MONEY_CODES = ("unpaid", "underpaid")
ORIGIN_OF = {"orders": "online", "paper": "paper"}


def standing_errors(state: JobState) -> pd.DataFrame:
    """Errors on orders, their children and their pictures, accepted or not: `order_id`, `what` (as an acceptance names it), `is_money`.

    What `place` said itself does not count: that an order waits is no reason to wait.
    """
    errors = state.findings[(state.findings["severity"] == "error") & (state.findings["verb"] != "place")]
    orders = state.orders[["order_no", "order_id", "origin"]]
    by_no = errors[errors["about"] == "orders"].merge(orders, left_on="key", right_on="order_no", validate="m:m")
    # The shop and the envelopes may count alike: what was said of envelope 12 is not about order 12.
    asked = by_no["verb"].map(ORIGIN_OF)
    by_no = by_no[asked.isna() | (asked == by_no["origin"])]
    children = state.order_subjects[["order_subject_id", "order_id"]]
    children = children.assign(key=children["order_subject_id"].astype("str"))
    by_child = errors[errors["about"] == "order_subjects"].merge(children, on="key", validate="m:1")
    rows = pd.concat([
        by_no[["order_id", "code"]].assign(what=by_no["code"]),
        by_child[["order_id", "code"]].assign(what=by_child["code"] + "/" + by_child["key"]),
    ])  # fmt: skip
    rows = rows.assign(is_money=rows["code"].isin(MONEY_CODES)).drop(columns="code")
    doubted = orders_in_doubt(state).assign(is_money=False)
    return (pd.concat([rows, doubted]) if len(doubted) else rows).drop_duplicates(ignore_index=True)


def blocking_errors(state: JobState) -> pd.DataFrame:
    """Errors that hold an order, in the columns of `standing_errors`: not accepted, and not a debt that the job ships anyway.

    >>> from prepaykit.tables.state import JobState
    >>> blocking_errors(JobState.new(name="maple-grove-2026", school="Maple Grove")).shape
    (0, 3)
    """
    rows = standing_errors(state)
    if state.job["underpaid_policy"] == "ship":
        rows = rows[~rows["is_money"]]
    accepted = _accepted(state)
    if not accepted:
        return rows
    bought_as = rows["order_id"].map(purchases(state.orders))
    is_accepted = [
        (o, w) in accepted or (b, w) in accepted
        for o, b, w in zip(rows["order_id"], bought_as, rows["what"], strict=True)
    ]
    return rows[~pd.Series(is_accepted, index=rows.index, dtype="bool")]


def doubted_frames(blocks: pd.DataFrame) -> dict[int, str]:
    """Of blocking errors those about whose picture it is: order → the frame at which the doubt stands (the first of several)."""
    return _frames_of(blocks, DOUBTS)


def damaged_frames(blocks: pd.DataFrame) -> dict[int, str]:
    """Of blocking errors those about a damaged picture: order → that frame (the first of several)."""
    return _frames_of(blocks, (DAMAGED,))


def _frames_of(blocks: pd.DataFrame, codes: tuple[str, ...]) -> dict[int, str]:
    what = blocks["what"].str.partition("/")
    rows = blocks.assign(frame=what[2])[what[0].isin(codes)] if len(blocks) else blocks.assign(frame="")
    return rows.drop_duplicates("order_id").set_index("order_id")["frame"].to_dict()


def with_acceptance(
    state: JobState,
    numbers: list[str],
    *,
    brought: pd.DataFrame | None = None,
    said_by: Mapping[str, object] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The choices, in which a person takes what stands on these orders now as it is; what was accepted before stays so.

    An order on which nothing stands is left alone: there is nothing to accept. `brought`: acceptances of a file or panel to be done again, each only
    if nothing else stands on the order than what was accepted then; findings, the second part of the answer, say of the others what is new.
    `said_by`: who, why, decided_at. Raises UsageError for a number that is not there.
    """
    named_orders(state, numbers, "place --accept")
    said = {t: v for k, t, v in state.choices[["kind", "target", "value"]].itertuples(index=False) if k == "accept"}
    errors = standing_errors(state)

    def standing(number: str) -> list[str]:
        return errors.loc[errors["order_id"].isin(numbered(state.orders, number)["order_id"]), "what"].tolist()

    def again(_kind: str, number: str, value: str) -> tuple[str, str] | None:
        named_orders(state, [number], "accept")
        before, then, now = said.get(number, "").split(), errors_of_file(state, value), standing(number)
        if new := sorted({*now} - {*then, *before}):
            names = errors_named(" ".join(new), marked_frames(state), refs_by_text(state))
            raise Refused(
                f"accept {number}: it is not accepted, for what nobody has accepted stands on it as well: {names}. Look, then: prepaykit place --accept {number}"
            )
        both = sorted({*before, *({*then} & {*now})})
        return (number, " ".join(both)) if both and set(both) != set(before) else None

    taken, findings = brought_choices(state, brought, "place", again)
    said |= dict(zip(taken["target"], taken["value"], strict=True))
    new = {number: " ".join(sorted({*said.get(number, "").split(), *standing(number)})) for number in numbers}
    new = {number: value for number, value in new.items() if value}
    rows = pd.DataFrame({"target": list(new), "value": list(new.values())}, dtype="str").assign(
        kind="accept", **(said_by or {})
    )
    book = kept_choices(state.choices, taken)
    return kept_choices(book, typed("choices", rows)) if len(rows) else book, findings


def _accepted(state: JobState) -> set[tuple[int, str]]:
    """Each accepted error as (order, what)."""
    choices = state.choices[state.choices["kind"] == "accept"]
    return {
        (int(order_id), what)
        for number, value in zip(choices["target"], choices["value"], strict=True)
        for order_id in numbered(state.orders, number)["order_id"]
        for what in value.split()
    }
