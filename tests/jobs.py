"""Small jobs for tests, made of rows a person can read; and the whole way of a job in memory, without any store."""

from __future__ import annotations

import pandas as pd

from prepaykit.decide.batch import plan_batch
from prepaykit.decide.place import plan_place
from prepaykit.decide.populate import plan_populate
from prepaykit.tables.state import JobState

NOW = pd.Timestamp("2026-10-01 15:00", tz="UTC")
PERMITTED = {"photograph": True, "sell": True, "yearbook": True, "directory": True, "group_ok": True}


def code(n: int) -> str:
    """A made-up access code: `AAAA-000n`."""
    return f"AAAA-{n:04d}"


def job(
    children: int = 10, *, absent: tuple[int, ...] = (), products: str = "individual", **settings: object
) -> JobState:
    """A job with one class, `children` children of whom some are absent, and one paid order of 15.00 for each child.

    Child n has code(n), card and two frames; the class has a group picture. Each order has one line: `individual`,
    `group`, `mate` or `digital` picture.
    """
    state = JobState.new(
        **{
            "name": "maple-grove-2026",
            "school": "Maple Grove",
            "status": "prepay",
            "ship_to": "1 School Lane",
            **settings,
        }
    )
    ids = range(1, children + 1)
    here = [i for i in ids if i not in absent]
    subjects = pd.DataFrame({"subject_id": list(ids)}).assign(
        access_code=[code(i) for i in ids], first_name=[f"First{i}" for i in ids], last_name=[f"Last{i}" for i in ids], group_id=1,
        teacher="Adams", grade="3", kind="student", source="names_list", email=[f"home{i}@example.org" for i in ids], **PERMITTED,
        attendance=["absent" if i in absent else "photographed" for i in ids],
    )  # fmt: skip
    groups = pd.DataFrame(
        {"group_id": [1], "name": ["3A"], "teacher": ["Adams"], "grade": ["3"], "access_code": ["GGGG-0001"]}
    )
    state = state.replace(groups=groups, subjects=subjects)
    state = with_frames(state, {code(i): 2 for i in here}, group_frames=1)
    return with_orders(state, [(f"10{i:02d}", [i]) for i in ids], products)


def with_frames(state: JobState, counts: dict[str, int], *, group_frames: int = 0, shoot_no: int = 1) -> JobState:
    """The state with a card and so many frames for each code (in this order), under camera A of that shoot."""
    first, rows, galleries, shared = state.next_id("frames"), [], [], []
    owner = dict(zip(state.subjects["access_code"], state.subjects["subject_id"], strict=True))
    at = pd.Timestamp("2026-09-20 08:00")

    def shoot(role: str, codes: str | None) -> int:
        number = first + len(rows)
        rows.append({"frame_id": number, "root": f"shoot{shoot_no}", "path": f"A/IMG_{number:04d}.JPG", "sha256": f"{number:064x}",
                     "size_bytes": 1000, "width": 4000, "height": 6000, "camera": "A", "sequence": len(rows) + 1,
                     "shot_at": at + pd.Timedelta(seconds=6 * len(rows)), "shoot_no": shoot_no, "codes": codes, "role": role})  # fmt: skip
        return number

    for access_code, count in counts.items():
        shoot("card", access_code)
        known = state.galleries[state.galleries["access_code"] == access_code]
        for n in range(count):
            galleries.append({"frame_id": shoot("individual", None), "read_code": access_code, "access_code": access_code,
                              "subject_id": owner.get(access_code), "position": len(known) + n + 1,
                              "is_active": access_code in owner, "is_hidden": False})  # fmt: skip
    for n in range(group_frames):
        shared.append({"frame_id": shoot("group", None), "group_id": 1, "position": n + 1})
    return state.replace(
        frames=pd.concat([state.frames, pd.DataFrame(rows)]) if rows else state.frames,
        galleries=pd.concat([state.galleries, pd.DataFrame(galleries)]) if galleries else state.galleries,
        group_frames=pd.concat([state.group_frames, pd.DataFrame(shared)]) if shared else state.group_frames,
    )


HOLES = {
    "individual": ["individual"],
    "group": ["group"],
    "mate": ["mate_individual", "mate_group"],
    "digital": ["digital"],
}


def with_orders(state: JobState, orders: list[tuple[str, list[int]]], products: str = "individual", *, price: int = 1500,
                shipping: str = "batch") -> JobState:  # fmt: skip
    """The state with these orders (number, children), each child one line of `products` for `price` cents, all paid."""
    collections = state.collections
    if not len(collections):
        collections = pd.DataFrame([{"collection_id": 1, "status": "open", "reason": "prepay", "opened_at": NOW}])
    order, child, line, slot, pay, post = (
        state.next_id(t) for t in ("orders", "order_subjects", "lines", "slots", "payments", "postings")
    )
    rows: dict[str, list[dict]] = {
        t: [] for t in ("orders", "order_subjects", "lines", "slots", "payments", "postings")
    }
    for number, children in orders:
        total = price * len(children)
        rows["orders"].append({"order_id": order, "order_no": number, "origin": "online", "status": "open", "shipping": shipping,
                               "collection_id": 1, "edition": 1, "total_cents": total, "paid_cents": total,
                               "ship_to": "9 Home St" if shipping == "direct" else None,
                               "buyer_name": f"Parent {number}", "buyer_email": f"parent{number}@example.org"})  # fmt: skip
        rows["payments"].append({"payment_id": pay, "order_id": order, "amount_cents": total, "method": "card"})
        rows["postings"].append(
            {"posting_id": post, "order_id": order, "account": "held", "amount_cents": total, "reason": "orders"}
        )
        for subject in children:
            rows["order_subjects"].append({"order_subject_id": child, "order_id": order, "subject_id": subject,
                                           "access_code": code(subject), "matched_by": "code"})  # fmt: skip
            rows["lines"].append({"line_id": line, "order_id": order, "order_subject_id": child, "code": "A", "name": "Package A",
                                  "quantity": 1, "total_cents": price})  # fmt: skip
            for hole in HOLES[products]:
                rows["slots"].append({"slot_id": slot, "line_id": line, "order_id": order, "subject_id": subject, "product_code": "P5",
                                      "product_name": "5x7", "size": "5x7", "hole": hole, "quantity": 1, "is_dropped": False})  # fmt: skip
                slot += 1
            child, line = child + 1, line + 1
        order, pay, post = order + 1, pay + 1, post + 1
    added = {t: pd.concat([state.tables[t], pd.DataFrame(r)]) for t, r in rows.items()}
    return state.replace(collections=collections, **added)


def populated(state: JobState) -> JobState:
    """The job after populate."""
    return state.after(plan_populate(state))


def placed(state: JobState, **choices: object) -> JobState:
    """The job after populate and place."""
    state = populated(state)
    return state.after(plan_place(state, now=NOW, **choices))


def released(state: JobState, number: int = 1) -> JobState:
    """The job after the release of a batch by hand."""
    return state.after(plan_batch(state, now=NOW, number=number))
