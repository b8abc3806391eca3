"""Review and create as a panel: each order of the collection that would be placed, what stands in its way, and one key to take it as it is.

Rows are the orders that wait in a collection, and those on their way that would be pulled back. A press is a choice of kind `accept` whose value
is exactly the errors that stood there on the screen: what is found later is not accepted with it. A missing picture cannot be accepted. Details
show names and pictures of children. Source: the user's document, II.3; domain.md 4 (rows 12, 24, 30), 5, 7.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.decide.place import verdicts
from prepaykit.errors import UsageError
from prepaykit.panels.orders import Orders
from prepaykit.panels.work import Action, Block, Column, Work, frames, notes
from prepaykit.rules.blocks import blocking_errors, standing_errors
from prepaykit.rules.doubts import DAMAGED, DOUBTS
from prepaykit.rules.slot_names import errors_named, marked_frames, refs_by_text
from prepaykit.tables.state import JobState
from prepaykit.tables.status import WAITING

COLUMNS = (
    Column("key", "order", "code", 13),
    Column("child", "child", "text", 16, has_names=True),
    Column("in_class", "class", "text", 14),
    Column("prints", "prints", "number", 9),
    Column("verdict", "outcome", "text", 14),
    Column("in_the_way", "in the way", "text", 20),
    Column("paid", "paid", "text", 20),
)
ACTIONS = (Action("accept", "a", "Accept what stands in the way", needs="stands"),)


def place_work(state: JobState) -> Work:
    """The orders of a job that place would look at.

    Takes everything of the job. Without orders it has no rows. `stands`: the errors that would be accepted, as a choices file names them.

    >>> place_work(JobState.new(name="maple-grove-2026", school="Maple Grove")).rows.shape[0]
    0
    """
    orders = Orders(state)
    verdict = _looked_at(state)
    errors = standing_errors(state)
    rows = _rows(state, orders, verdict, errors)
    shown = pd.concat([state.slots["frame_id"].dropna().astype("str"), errors["what"].str.partition("/")[2]]) if len(errors) else state.slots["frame_id"].dropna().astype("str")  # fmt: skip
    order_ids = dict(zip(rows["key"], verdict["order_id"], strict=True))
    return Work(
        name="place",
        verb="place",
        title="Review and create",
        rows=rows,
        columns=COLUMNS,
        actions=ACTIONS,
        details=lambda key: _details(orders, verdict, errors, order_ids[key]),
        choices=lambda presses: pd.DataFrame(
            {"kind": "accept", "target": presses["row_key"], "value": presses["value"]}
        ),
        said=lambda action, value: "accepted: " + ", ".join(_short(w) for w in value.split()),
        check=lambda key, action, value: _check(rows, key, value),
        frames=state.frames[state.frames["frame_id"].astype("str").isin(shown)],
        layout={"kind": "pictures"},
        nothing="No order waits to be placed.",
    )


def _looked_at(state: JobState) -> pd.DataFrame:
    """The verdicts about orders that wait, and about those on their way that would be pulled back; those in the way first."""
    verdict = verdicts(state)
    verdict = verdict[verdict["order_id"].isin(state.orders["order_id"])]
    waits = verdict["status"].isin(WAITING)
    pulled = ~waits & (verdict["no_picture"] | verdict["blocked"])
    verdict = verdict.assign(pulled=pulled)[waits | pulled | verdict["lost_artwork"]]
    return verdict.sort_values(["ready", "order_id"], ignore_index=True)


def _rows(state: JobState, orders: Orders, verdict: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    table = orders.table.loc[verdict["order_id"]]
    marked, refs = marked_frames(state), refs_by_text(state)
    blocked = errors[errors["order_id"].isin(blocking_errors(state)["order_id"])].sort_values("what")
    stands = blocked.groupby("order_id")["what"].agg(lambda all_of: errors_named(" ".join(all_of), marked, refs))
    short = blocked.groupby("order_id")["what"].agg(lambda all_of: ", ".join(dict.fromkeys(_short(w) for w in all_of)))
    owes = (table["paid"] < table["due"]).to_numpy()
    way = verdict["order_id"].map(short).astype("str").fillna("")
    missing = pd.Series(np.where(verdict["no_picture"], "picture missing", ""), verdict.index, dtype="str")
    way = (missing + np.where((missing != "") & (way != ""), ", ", "") + way).mask(
        (way == "") & (missing == "") & owes, "paid less than due"
    )
    return pd.DataFrame(
        {
            "key": table["number"].to_numpy(),
            "child": table["child"].fillna("").to_numpy(),
            "in_class": table["in_class"].fillna("").to_numpy(),
            "prints": table["prints"].to_numpy(),
            "verdict": _verdict_words(verdict).to_numpy(),
            "in_the_way": way.to_numpy(),
            "paid": orders.owing().loc[verdict["order_id"]].to_numpy(),
            "stands": verdict["order_id"].map(stands).astype("str").fillna("").to_numpy(),
            "tone": np.where(~verdict["ready"], "bad", np.where(verdict["in_part"] | owes, "warn", "")),
            "also": table["also"].fillna("").to_numpy(),
        }
    )


def _verdict_words(verdict: pd.DataFrame) -> pd.Series:
    goes = np.where(verdict["needs_revision"], "to revision", "to the batch")
    words = np.select([verdict["pulled"], ~verdict["ready"]], ["pulled back, held", "held"], default=goes)
    return pd.Series(words, verdict.index, dtype="str") + np.where(
        verdict["in_part"] & verdict["ready"], ", in part", ""
    )


def _details(orders: Orders, verdict: pd.DataFrame, errors: pd.DataFrame, order_id: int) -> list[Block]:
    mine = verdict[verdict["order_id"] == order_id]
    row = mine.iloc[0]
    words = f"{_verdict_words(mine).iloc[0]}".capitalize()
    stands = sorted(errors.loc[errors["order_id"] == order_id, "what"])
    open_ones = blocking_errors(orders.state)
    open_ones = set(open_ones.loc[open_ones["order_id"] == order_id, "what"])
    said = [(f"{words}.", "good" if row["ready"] else "bad")]
    if row["no_picture"]:
        said.append(
            (
                "A picture is missing. That cannot be accepted: see 30 Populate and 35 Access codes, or wait for the retake.",
                "bad",
            )
        )
    for what in stands:
        told = orders.error_words(order_id, what)
        said.append(
            (f"{told}.", "bad") if what in open_ones else (f"Accepted, or shipped by a setting: {told}.", "warn")
        )
    if open_ones:
        said.append((f"Key a accepts {_counted(len(stands))}, and nothing that is found later.", "warn"))
    return [orders.fields(order_id), notes("What happens", said), *_in_doubt(stands), orders.bought(order_id)]


def _in_doubt(stands: list[str]) -> list[Block]:
    """The frames at which a doubt stands, to look at."""
    named = [w.partition("/") for w in stands]
    rows = [
        (int(about), f"frame {about} · {_short(code)}", "warn")
        for code, _, about in named
        if code in (*DOUBTS, DAMAGED)
    ]
    return [frames("In doubt from here", rows)] if rows else []


def _counted(number: int) -> str:
    return "just this" if number == 1 else f"just these {number} errors"


def _short(what: str) -> str:
    """An error in a few words: its code without underscores."""
    return what.partition("/")[0].replace("_", " ")


def _check(rows: pd.DataFrame, key: str, value: str) -> None:
    now = rows.loc[rows["key"] == key, "stands"].iloc[0]
    if value != now:
        raise UsageError(f"{key}: something else stands on it by now ({now or 'nothing'}): look at it again")
