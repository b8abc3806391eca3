"""The steps of a job's weeks: which are done, where something waits for a person, which comes next.

Problem. A job is worked on for weeks, by several people; whoever opens a notebook must see where it stands without asking.
Rule. One row a verb, in the order of the notebooks. What a step has done and has left to do is counted from the tables, not remembered, so that it
is true after an undo as well. `next` is the first step that could be done now; if there is none, the first at which something waits.

Worked case. 15 orders are filled, 12 placed, 3 held because a child was absent: `place` waits with 3, `codes` waits with 3, and `batch` is next.
Known limits. A warning counts as waiting until its cause is gone: nobody can tick it off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from prepaykit.rules.balance import balance
from prepaykit.rules.blocks import blocking_errors
from prepaykit.rules.search import worklist
from prepaykit.rules.slots import fill_slots
from prepaykit.tables.state import JobState
from prepaykit.tables.status import LIVE, ON_ITS_WAY, WAITING

NOTEBOOKS = {
    "names": "10_names_list",
    "prices": "12_prices",
    "orders": "15_orders",
    "cards": "17_cards",
    "photos": "20_photos",
    "populate": "30_populate",
    "codes": "35_access_codes",
    "place": "40_place_orders",
    "revise": "45_manual_revision",
    "batch": "50_batch",
    "paper": "60_paper_orders",
    "sell": "70_selling",
    "payments": "80_cancel_refund",
    "cancel": "80_cancel_refund",
    "fees": "80_cancel_refund",
    "refund": "80_cancel_refund",
    "report": "90_job_report",
    "reconcile": "95_season_report",
}  # fmt: skip
COLUMNS = ["verb", "notebook", "state", "waits", "said"]


@dataclass(frozen=True)
class Step:
    """What is to be said of one step. `can`: something could be done now; `has`: something was done; `waits`: things a person must decide."""

    said: str
    has: bool = False
    can: bool = False
    waits: int = 0


def steps(state: JobState) -> pd.DataFrame:
    """One row a step of the job: `verb`, `notebook`, `state` (done, waits, next, not yet), `waits` (how many things wait there for a
    person), `said` (in words).

    At most one step is `next`; it may have something waiting too. A step whose turn comes later, or that nobody needed, is `not yet`.

    >>> rows = steps(JobState.new(name="maple-grove-2026", school="Maple Grove"))
    >>> rows.loc[rows["state"] == "next", ["verb", "said"]].values.tolist()
    [['names', 'no names list yet']]
    """
    told = {verb: STEPS[verb](state) for verb in NOTEBOOKS}
    first = next((v for v, s in told.items() if s.can), next((v for v, s in told.items() if s.waits), None))
    rows = [
        [verb, NOTEBOOKS[verb], "next" if verb == first else _state(step), step.waits, step.said]
        for verb, step in told.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _state(step: Step) -> str:
    return "waits" if step.waits else "done" if step.has and not step.can else "not yet"


# --- before picture day --------------------------------------------------------------------------------------------------


def _names(state: JobState) -> Step:
    people, blanks = int((state.subjects["kind"] != "blank").sum()), int((state.subjects["kind"] == "blank").sum())
    said = _counted(people, "name") + (f", {_counted(blanks, 'blank card')}" if blanks else "")
    return _with_findings(state, "names", Step(said if people else "no names list yet", people > 0, not people))


def _prices(state: JobState) -> Step:
    here = state.products["code"].nunique() + state.packages["code"].nunique()
    said = f"{_counted(here, 'product')} and packages" if here else "no price list yet"
    return _with_findings(state, "prices", Step(said, here > 0, not here))


def _orders(state: JobState) -> Step:
    here = int((state.orders["origin"] == "online").sum())
    said = _counted(here, "online order") if here else "no online orders yet"
    can = not len(state.orders) and len(state.products) > 0
    return _with_findings(state, "orders", Step(said, here > 0, can))


def _cards(state: JobState) -> Step:
    cards = pd.concat([state.subjects["card_printed_at"], state.groups["card_printed_at"]])
    printed = int(cards.notna().sum())
    said = f"{printed:,} of {_counted(len(cards), 'card')} printed" if len(cards) else "no names, no cards"
    return Step(said, printed > 0, printed < len(cards) and not len(state.frames))


# --- pictures ------------------------------------------------------------------------------------------------------------


def _photos(state: JobState) -> Step:
    here = len(state.frames)
    said = _counted(here, "frame") if here else "no photos yet"
    return _with_findings(state, "photos", Step(said, here > 0, not here and len(state.subjects) > 0))


def _populate(state: JobState) -> Step:
    slots = _slots_of(state, (*LIVE, "released"))
    empty = slots.loc[slots["frame_id"].isna(), "slot_id"]
    could = _could_be_filled(state, empty) if len(empty) and len(state.frames) else 0
    said = f"{len(slots) - len(empty):,} of {len(slots):,} pictures in place"
    said += f", {could:,} more could be" if could else ""
    tried = len(empty) < len(slots) or bool((state.findings["verb"] == "populate").any())
    can = len(state.frames) > 0 and (could > 0 or (len(slots) > 0 and not tried))
    return Step(said if len(slots) else "no orders to fill", tried and len(slots) > 0, can)


def _codes(state: JobState) -> Step:
    if not (state.findings["verb"] == "populate").any():
        filled = state.slots["frame_id"].notna().any()
        return Step("every order has its pictures" if filled else "populate comes first", bool(filled))
    slots = _slots_of(state, LIVE)
    without = slots.loc[slots["frame_id"].isna(), "order_id"].nunique()
    return Step(f"{_counted(without, 'order')} without a picture", True, False, without)


# --- on the way to the lab -------------------------------------------------------------------------------------------------


def _place(state: JobState) -> Step:
    orders = state.orders[state.orders["status"] != "cancelled"]
    waiting = orders[orders["status"].isin(WAITING)]
    went, held = len(orders) - len(waiting), int((waiting["status"] == "held").sum())
    ready = len(_ready(state, waiting))
    parts = [f"{went:,} of {_counted(len(orders), 'order')} placed"]
    parts += [f"{held:,} held"] if held else []
    parts += [f"{ready:,} ready"] if ready else []
    return Step(", ".join(parts) if len(orders) else "no orders to place", went > 0, ready > 0, held)


def _revise(state: JobState) -> Step:
    waiting = int((state.revisions["status"] == "waiting").sum())
    released = int((state.revisions["status"] == "released").sum())
    said = f"{_counted(waiting, 'order')} to look at" if waiting else "nothing to look at"
    return Step(said, released > 0, waiting > 0, waiting)


def _batch(state: JobState) -> Step:
    inside = int((state.orders["status"] == "in_batch").sum())
    sent = int((state.orders["status"] == "released").sum())
    parts = [f"{_counted(sent, 'order')} released"] if sent else []
    parts += [f"{inside:,} in the open batch"] if inside else []
    return Step(", ".join(parts) or "nothing to release", sent > 0, inside > 0)


def _paper(state: JobState) -> Step:
    here = len(state.envelopes)
    waiting = int(state.envelopes["order_id"].isna().sum())
    asked = _to_look_at(state, "paper")
    said = _counted(here, "envelope") + (f", {waiting:,} without an order" if waiting else "")
    said += f", {asked:,} to look at" if asked > waiting else ""
    return Step(said if here else "no envelopes", here > 0, False, max(waiting, asked))


def _sell(state: JobState) -> Step:
    status = str(state.job["status"])
    can = (
        status == "prepay"
        and (state.orders["status"] == "released").any()
        and not (state.orders["status"].isin(ON_ITS_WAY)).any()
    )
    words = {"selling": "open to all parents", "archived": "archived"}
    return Step(words.get(status, "not open yet"), status in words, bool(can))


def _payments(state: JobState) -> Step:
    """What the account book says was found when it was last held against the orders."""
    tried = bool((state.findings["verb"] == "payments").any() or (state.choices["kind"] == "payment").any())
    return _with_findings(state, "payments", Step("held against the account book" if tried else "no account book yet", tried))


def _cancel(state: JobState) -> Step:
    gone = int((state.orders["status"] == "cancelled").sum())
    return Step(f"{_counted(gone, 'order')} cancelled" if gone else "nothing cancelled", gone > 0)


def _fees(state: JobState) -> Step:
    left, back = int((worklist(state)["step"] != "refund").sum()), int((state.service_fees["status"] == "credited").sum())
    said = f"{_counted(back, 'service fee')} credited" if back else "no service fee claimed back"
    return Step(said + (f", {left:,} open" if left else ""), back > 0, False, left)


def _refund(state: JobState) -> Step:
    left = int((worklist(state)["step"] == "refund").sum())
    made = int((state.refunds["status"] == "succeeded").sum())
    said = f"{_counted(made, 'refund')} made" if made else "nothing given back"
    return Step(said + (f", {left:,} to settle" if left else ""), made > 0, False, left)


def _report(state: JobState) -> Step:
    rows = balance(state)
    # Nobody can be photographed or absent before picture day.
    counted = rows["holds"] | ((rows["equation"] == "names") & state.frames.empty)
    off = list(rows.loc[~counted, "equation"])
    said = f"does NOT balance: {', '.join(off)}" if off else "the job balances"
    return Step(said if len(state.orders) else "nothing to report yet", len(state.orders) > 0, False, len(off))


def _reconcile(state: JobState) -> Step:
    payments = state.payments["amount_cents"]
    return Step(f"{_counted(len(payments), 'payment')} to account for" if len(payments) else "no payments yet", len(payments) > 0, False)


STEPS: dict[str, Callable[[JobState], Step]] = {
    "names": _names, "prices": _prices, "orders": _orders, "cards": _cards, "photos": _photos, "populate": _populate, "codes": _codes,
    "place": _place, "revise": _revise, "batch": _batch, "paper": _paper, "sell": _sell, "payments": _payments, "cancel": _cancel, "fees": _fees, "refund": _refund, "report": _report, "reconcile": _reconcile,
}  # fmt: skip


# --- counting ------------------------------------------------------------------------------------------------------------


def _counted(n: int, word: str) -> str:
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def _with_findings(state: JobState, verb: str, step: Step) -> Step:
    """The step with the findings of its verb that ask for a person, counted and said."""
    asked = _to_look_at(state, verb)
    return replace(step, waits=asked, said=f"{step.said}, {asked:,} to look at") if asked else step


def _to_look_at(state: JobState, verb: str) -> int:
    return int(((state.findings["verb"] == verb) & state.findings["severity"].isin(["error", "warn"])).sum())


def _slots_of(state: JobState, statuses: tuple[str, ...]) -> pd.DataFrame:
    orders = state.orders.loc[state.orders["status"].isin(statuses), "order_id"]
    return state.slots[state.slots["order_id"].isin(orders) & ~state.slots["is_dropped"]]


def _could_be_filled(state: JobState, empty: pd.Series) -> int:
    filled = fill_slots(
        state.slots, state.orders, state.subjects, state.galleries, state.group_frames, state.frames
    ).slots
    return int((filled["slot_id"].isin(empty) & filled["frame_id"].notna()).sum())


def _ready(state: JobState, waiting: pd.DataFrame) -> pd.DataFrame:
    """Orders that `place` would send on: every picture is there and nothing blocks them."""
    slots = state.slots[~state.slots["is_dropped"]]
    empty = slots.loc[slots["frame_id"].isna(), "order_id"]
    waiting = waiting[~waiting["order_id"].isin(empty)]
    return waiting[~waiting["order_id"].isin(blocking_errors(state)["order_id"])] if len(waiting) else waiting
