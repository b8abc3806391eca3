"""Batch: release the orders of a batch to the lab, once.

What may be changed: the batch and its orders become `released`, their money moves from held to shipped, and one effect a batch
waits in the outbox with everything frozen: which file (by SHA-256), which print or digital picture, how many, for whom, in packing order. Sending
it is `prepaykit send`, and its key is the batch, so it leaves once however often anything is clicked.

Rule. A batch goes by hand, or by itself once its deadline (23:59:59 at the school) has passed and it is automatic; direct
orders go one by one as soon as anybody runs this. Refused when the books do not balance, when the batch was released before,
when any print lacks a picture of its own child or its artwork, and when an error has come to stand on one of its orders. A next
batch with a deadline is only opened if a next deadline is given.

Worked case. Batch 1 automatic, deadline 2026-10-16: `plan_batch` at 23:59:59 local gives an empty plan, one second later it
releases. Source: the user's document, III; domain.md 3.5, 6.7, A19, A20, A29.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.errors import Refused, UsageError
from prepaykit.money import show_cents
from prepaykit.rules import money_book
from prepaykit.rules.balance import require_balance
from prepaykit.rules.batching import deadline_moment, due_batches, pack
from prepaykit.rules.blocks import blocking_errors
from prepaykit.rules.items import wanted_lines
from prepaykit.rules.slots import own_frames
from prepaykit.tables.plan import Plan, effect, no_effects
from prepaykit.tables.settings import read_settings
from prepaykit.tables.state import JobState

PRINT_COLUMNS = ["print_no", "order_no", "access_code", "first_name", "last_name", "group", "teacher", "grade", "product_code",
                 "product_name", "size", "quantity", "delivery", "root", "path", "sha256", "crop"]  # fmt: skip
LINE_COLUMNS = ["order_no", "access_code", "code", "name", "options", "quantity"]


def plan_batch(
    state: JobState, *, now: pd.Timestamp, number: int | None = None, next_deadline: str | None = None
) -> Plan:
    """Plan to release batch `number` by hand; without a number, every batch that is due by itself at `now`.

    Nothing due is an empty plan. Raises UsageError for a batch that is not there, Refused for one that was released before, is
    empty, or holds a print without its own child's picture or an order in doubt; Unbalanced when the books do not balance. `next_deadline`
    (YYYY-MM-DD, to come) becomes the job's batch deadline, which the next batch takes. Result: `batches`, `orders`, `prints`, `digital`
    (pictures that go as files), `amount_cents`.
    """
    numbers = _due(state, now) if number is None else [_by_hand(state, number)]
    jobs = (
        state.jobs if next_deadline is None else state.jobs.assign(batch_deadline=_to_come(state, next_deadline, now))
    )
    if not numbers:
        return Plan.between(
            state,
            "batch",
            {"jobs": jobs},
            headline="no batch is due",
            result=_counts([], 0, prints=0, digital=0, amount_cents=0),
        )
    require_balance(state, "batch")
    _require_no_errors(state, numbers)
    orders = state.orders[state.orders["batch_id"].isin(numbers)].sort_values("order_id")
    prints = batch_prints(state, numbers)
    amount, postings, refunds = _ship(state, orders)
    gone = state.batches["batch_id"].isin(numbers)
    tables = {
        "jobs": jobs,
        "batches": state.batches.assign(
            status=state.batches["status"].mask(gone, "released"),
            released_at=state.batches["released_at"].mask(gone, now),
        ),
        "orders": state.orders.assign(
            status=state.orders["status"].mask(state.orders["order_id"].isin(orders["order_id"]), "released")
        ),
        "postings": postings,
        "refunds": refunds,
    }
    files = int((prints["delivery"] == "digital").sum())
    result = _counts(numbers, len(orders), prints=len(prints) - files, digital=files, amount_cents=amount)
    headline = (f"batch{'' if len(numbers) == 1 else 'es'} {_ranges(numbers)} to production: {len(orders)} orders, {_pictures(len(prints) - files, files)}, "
                f"{show_cents(amount, str(state.job['currency']))}; then: prepaykit send")  # fmt: skip
    return Plan.between(
        state, "batch", tables, effects=_effects(state, numbers, prints), headline=headline, result=result
    )


def batch_summary(state: JobState, number: int) -> pd.DataFrame:
    """What a person looks at before the release: one row a class with orders, prints, copies and digital pictures, in packing order."""
    prints = batch_prints(state, [number])
    keys, is_file = ["teacher", "group_name"], prints["delivery"] == "digital"
    prints = prints.assign(print=~is_file, copies=prints["quantity"].where(~is_file, 0), file=is_file)
    rows = prints.groupby(keys, sort=False, dropna=False).agg(
        orders=("order_no", "nunique"), prints=("print", "sum"), copies=("copies", "sum"), digital=("file", "sum")
    )
    return rows.reset_index().rename(columns={"group_name": "group"})


def batch_prints(state: JobState, numbers: list[int]) -> pd.DataFrame:
    """Every print of these batches in packing order, then every digital picture, one row each; refused if one is not what it must be.

    A memory mate is one print, of its artwork; slots dropped by the sibling policy or with a cancelled item are left out. `delivery` says how the picture
    goes: `print` or `digital`.
    """
    orders = state.orders.loc[state.orders["batch_id"].isin(numbers), ["order_id", "order_no", "batch_id"]]
    slots = state.slots[state.slots["order_id"].isin(orders["order_id"]) & ~state.slots["is_dropped"]]
    _require_own_pictures(state, slots, orders)
    slots = slots[slots["hole"] != "mate_group"]
    prints = slots.merge(orders, on="order_id", validate="m:1").merge(_people(state), on="subject_id", validate="m:1")
    prints = prints.merge(state.frames[["frame_id", "root", "path", "sha256"]], on="frame_id", validate="m:1")
    is_mate = prints["hole"] == "mate_individual"
    prints = prints.assign(
        root=prints["root"].mask(is_mate, "artwork"),
        path=prints["path"].mask(is_mate, prints["artwork_path"]),
        sha256=prints["sha256"].mask(is_mate, prints["artwork_sha256"]),
        crop=prints["crop"].mask(is_mate),  # it is in the artwork
        delivery=np.where(prints["hole"] == "digital", "digital", "print"),
    )
    packed = pack(prints)
    packed = packed.sort_values("delivery", key=lambda d: d == "digital", kind="stable", ignore_index=True)
    return packed.assign(print_no=np.arange(1, len(packed) + 1))


def _to_come(state: JobState, day: str, now: pd.Timestamp) -> object:
    """The deadline of the next batch; one that has passed would never release anything."""
    deadline = read_settings({"batch_deadline": day})["batch_deadline"]
    if deadline is not None and deadline_moment(deadline, str(state.job["timezone"])) <= now:
        raise UsageError(f"batch: the next deadline {deadline} has passed already; give one that is to come")
    return deadline


def _due(state: JobState, now: pd.Timestamp) -> list[int]:
    """Batches that go by themselves. One whose orders were all cancelled or pulled back has nothing to send, and stays open."""
    return [n for n in due_batches(state.batches, now) if (state.orders["batch_id"] == n).any()]


def _by_hand(state: JobState, number: int) -> int:
    row = state.batches[state.batches["batch_id"] == number]
    if not len(row):
        raise UsageError(
            f"batch {number}: {state.name} has batches {_ranges(list(state.batches['batch_id'])) or 'none'}"
        )
    if row["status"].iloc[0] == "released":
        when = row["released_at"].iloc[0].strftime("%Y-%m-%d %H:%M UTC")
        raise Refused(
            f"batch {number} of {state.name} was released on {when}. A batch goes once; for a reprint enter a new order."
        )
    if not (state.orders["batch_id"] == number).any():
        raise Refused(f"batch {number} of {state.name} has no orders: place some first")
    return int(number)


def _people(state: JobState) -> pd.DataFrame:
    groups = state.groups[["group_id", "name"]].rename(columns={"name": "group_name"})
    people = state.subjects[["subject_id", "access_code", "first_name", "last_name", "teacher", "grade", "group_id"]]
    # Missing group keys are taken out first: pandas joins missing to missing.
    grouped = people.dropna(subset="group_id").merge(groups, on="group_id", how="left", validate="m:1")
    alone = people[people["group_id"].isna()].assign(group_name=None)
    return pd.concat([grouped, alone]).drop(columns="group_id") if len(alone) else grouped.drop(columns="group_id")


def _require_no_errors(state: JobState, numbers: list[int]) -> None:
    """What was found since an order was placed, such as a code that is another child's, stops it. Debts were settled at `place`."""
    errors = blocking_errors(state)
    orders = state.orders[state.orders["batch_id"].isin(numbers)]
    wrong = orders.loc[orders["order_id"].isin(errors.loc[~errors["is_money"], "order_id"]), "order_no"]
    if len(wrong):
        raise Refused(
            f"batch of {state.name}: an error stands on {len(wrong)} orders: {', '.join(wrong.head(5))}. "
            "Settle it, then place; or place now: such orders are pulled back and held."
        )


def _require_own_pictures(state: JobState, slots: pd.DataFrame, orders: pd.DataFrame) -> None:
    own = own_frames(slots, state.subjects, state.galleries, state.group_frames)
    child_of_line = state.lines.set_index("line_id")["order_subject_id"]
    ordered_for = state.order_subjects.set_index("order_subject_id")["subject_id"]
    own &= (
        (slots["subject_id"] == slots["line_id"].map(child_of_line).map(ordered_for)).fillna(False).to_numpy(dtype=bool)
    )
    no_art = (slots["hole"].str.startswith("mate_") & slots["artwork_path"].isna()).to_numpy()
    wrong = slots[~own | no_art]
    if len(wrong):
        numbers = orders.loc[orders["order_id"].isin(wrong["order_id"]), "order_no"]
        shown = ", ".join(numbers.head(5))
        raise Refused(
            f"batch of {state.name}: {len(wrong)} prints of {len(numbers)} orders have no picture of their own child, or no artwork: {shown}. "
            "Run populate, then place: such orders are pulled back and held."
        )


def _ship(state: JobState, orders: pd.DataFrame) -> tuple[int, pd.DataFrame, pd.DataFrame]:
    """What is due moves from held to shipped; what was paid beyond it goes onto the refund list."""
    held = money_book.held_of(state.postings, orders["order_id"])
    owed = money_book.owed_back(state.postings, orders["order_id"])
    due = np.minimum(held, np.maximum(orders["total_cents"].to_numpy() - owed, 0))
    reason = "batch: sent to production"
    postings = money_book.post(state.postings, orders["order_id"], due, taken_from="held", to="shipped", reason=reason)
    surplus = "batch: paid more than due"
    postings = money_book.post(
        postings, orders["order_id"], held - due, taken_from="held", to="to_refund", reason=surplus
    )
    return int(due.sum()), postings, money_book.owe_back(state.refunds, orders["order_id"], held - due, reason=surplus)


def _effects(state: JobState, numbers: list[int], prints: pd.DataFrame) -> pd.DataFrame:
    batches = state.batches.set_index("batch_id")
    parts = [no_effects()]
    for number in numbers:
        batch, mine = batches.loc[number], prints[prints["batch_id"] == number].rename(columns={"group_name": "group"})
        mine = mine.assign(print_no=np.arange(1, len(mine) + 1))
        payload = {
            "job": state.name,
            "school": state.job["school"],
            "batch": number,
            "kind": batch["kind"],
            "ship_to": _plain(batch["ship_to"]),
            "file_names": state.job["lab_file_names"],
            "lines": _records(_lines(state, number)),
            "prints": _records(mine[PRINT_COLUMNS]),
        }
        parts.append(effect(f"{state.name}/batch/{number}", "lab_package", payload))
    return pd.concat(parts, ignore_index=True)


def _lines(state: JobState, number: int) -> pd.DataFrame:
    """What the parents bought, for the packing lists: digital and service lines, which have no print, are on it too."""
    orders = state.orders.loc[state.orders["batch_id"] == number, ["order_id", "order_no"]]
    children = state.order_subjects[["order_subject_id", "subject_id"]].merge(
        state.subjects[["subject_id", "access_code"]].astype({"subject_id": "Int64"}),
        on="subject_id",
        how="left",
        validate="m:1",
    )
    lines = state.lines.merge(orders, on="order_id", validate="m:1").merge(
        children, on="order_subject_id", validate="m:1"
    )
    # A child is left behind as a whole: what it ordered beside its prints is on the refund list as well. A cancelled item is one line.
    return lines[lines["line_id"].isin(wanted_lines(state)["line_id"])].sort_values("line_id")[LINE_COLUMNS]


def _records(rows: pd.DataFrame) -> list[dict[str, object]]:
    return [{k: _plain(v) for k, v in row.items()} for row in rows.to_dict("records")]


def _plain(value: object) -> object:
    return None if pd.isna(value) else getattr(value, "item", lambda: value)()


def _ranges(numbers: list[int]) -> str:
    """Batches for people, runs of three and more as ranges: `1, 4–6, 9`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(", ".join(map(str, run)) if len(run) < 3 else f"{run[0]}–{run[-1]}" for run in runs)


def _pictures(prints: int, digital: int) -> str:
    """How many of each, for people: `44 prints, 3 digital pictures`."""
    return f"{prints} prints" + (f", {digital} digital picture{'' if digital == 1 else 's'}" if digital else "")


def _counts(numbers: list[int], orders: int, *, prints: int, digital: int, amount_cents: int) -> dict[str, object]:
    return {"batches": numbers, "orders": orders, "prints": prints, "digital": digital, "amount_cents": amount_cents}
