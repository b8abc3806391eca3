"""The balance: four equations that must hold before anything is placed or sent, and a fifth that ties money to orders.

    names   = photographed + absent + opted out
    frames  = cards + assigned + unassigned
    orders  = placed + held + in revision + cancelled
    money in = shipped + held + to refund + refunded
    money in = received for orders + received in envelopes that wait for a match

Each side is counted from its own table (people from the names list against galleries and attendance, orders against batches,
collections and revisions, payments against the money book), so an equation can really fail: a lost order, a child nobody
accounted for, a posting that was forgotten. Source: domain.md 1 (row 12), 16.5.
"""

from __future__ import annotations

import pandas as pd

from prepaykit.errors import Unbalanced
from prepaykit.money import show_cents
from prepaykit.tables.state import JobState


def balance(state: JobState) -> pd.DataFrame:
    """One row an equation: `equation`, `left`, `right`, `difference` (left − right), `holds`, `sentence`.

    Counts, except for the two money rows, which are cents.

    >>> balance(JobState.new(name="maple-grove-2026", school="Maple Grove"))["holds"].all()
    np.True_
    """
    sides = {
        "names": (_names(state), "{:,}".format),
        "frames": (_frames(state), "{:,}".format),
        "orders": (_orders(state), "{:,}".format),
        "money": (_money(state), lambda cents: show_cents(cents, str(state.job["currency"]))),
        "receipts": (_receipts(state), lambda cents: show_cents(cents, str(state.job["currency"]))),
    }
    return pd.DataFrame([_row(name, *side) for name, side in sides.items()])


def require_balance(state: JobState, verb: str) -> None:
    """Raise Unbalanced with every equation that is off, by how much, and where to look."""
    rows = balance(state)
    off = rows[~rows["holds"]]
    if len(off):
        advice = " ".join(ADVICE[name] for name in off["equation"])
        raise Unbalanced(f"{verb} {state.name} refused, the job does not balance. {' '.join(off['sentence'])} {advice}")


ADVICE = {
    "names": "Names: run photos again so that everyone is photographed, absent or opted out.",
    "frames": "Frames: run photos again; a frame is in no gallery and not set aside.",
    "orders": "Orders: an order is in no place or in two. If an undo put it into a batch or collection closed meanwhile, place brings "
    "it back; else look at history and undo the last step.",
    "money": "Money: a payment was not posted, or posted twice; look at history and undo the last step.",
    "receipts": "Receipts: what orders and envelopes say was paid is not what the payments say.",
}

Side = tuple[tuple[str, int], list[tuple[str, int]]]


def _row(name: str, side: Side, show: object) -> dict[str, object]:
    (left_word, left), parts = side
    right = sum(n for _, n in parts)
    words = " + ".join(f"{show(n)} {word}" for word, n in parts)
    difference = left - right
    verdict = (
        ""
        if not difference
        else f": off by {show(abs(difference))}, {'too few' if difference > 0 else 'too many'} on the right"
    )
    sentence = f"{show(left)} {left_word} {'=' if not difference else '≠'} {words}{verdict}."
    return {
        "equation": name,
        "left": left,
        "right": right,
        "difference": difference,
        "holds": difference == 0,
        "sentence": sentence,
    }


def _names(state: JobState) -> Side:
    people = state.subjects[state.subjects["kind"] != "blank"]
    seen = people["subject_id"].isin(state.galleries["subject_id"].dropna())
    return ("names", len(people)), [
        ("photographed", int((seen & people["photograph"]).sum())),
        ("absent", int((people["attendance"] == "absent").sum())),
        ("opted out", int((~people["photograph"]).sum())),
    ]


def _frames(state: JobState) -> Side:
    assigned = pd.concat([state.galleries["frame_id"], state.group_frames["frame_id"]]).nunique()
    role = state.frames["role"]
    return ("frames", len(role)), [
        ("cards", int((role == "card").sum())),
        ("assigned", int(assigned)),
        ("unassigned", int(role.isin(["unassigned", "set_aside"]).sum())),
    ]


def _orders(state: JobState) -> Side:
    orders = state.orders
    batch_status = orders["batch_id"].map(state.batches.set_index("batch_id")["status"])
    # An order in a batch that has gone without it is in no place, and would be forgotten.
    placed = (orders["status"] == "in_batch") & (batch_status == "open")
    placed |= (orders["status"] == "released") & (batch_status == "released")
    open_collections = state.collections.loc[state.collections["status"] == "open", "collection_id"]
    waiting = state.revisions.loc[state.revisions["status"] == "waiting", "order_id"]
    return ("orders", len(orders)), [
        ("placed", int(placed.sum())),
        ("held", int(orders["collection_id"].isin(open_collections).sum())),
        ("in revision", int(waiting.nunique())),
        ("cancelled", int((orders["status"] == "cancelled").sum())),
    ]


def _money(state: JobState) -> Side:
    book = state.postings.groupby("account")["amount_cents"].sum()
    return ("received", int(state.payments["amount_cents"].sum())), [
        ("shipped", int(book.get("shipped", 0))),
        ("held", int(book.get("held", 0))),
        ("to refund", int(book.get("to_refund", 0))),
        ("refunded", int(book.get("refunded", 0))),
    ]


def _receipts(state: JobState) -> Side:
    waiting = state.envelopes["order_id"].isna()
    return ("received", int(state.payments["amount_cents"].sum())), [
        ("for orders", int(state.orders["paid_cents"].sum())),
        ("in unmatched envelopes", int(state.envelopes.loc[waiting, "received_cents"].sum())),
    ]
