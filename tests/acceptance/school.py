"""A small real studio on disk for the acceptance scenarios: real files in, a real SQLite store, picture day as text."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from prepaykit.decide.photos import plan_photos
from prepaykit.ledger.store import Receipt
from prepaykit.studio import Job, Studio
from tests.rules.picture_day import day

NOW = pd.Timestamp("2026-10-01 15:00", tz="UTC")
PRICES = """code,name,kind,image_kind,size,price,items
P57,5x7 portrait,product,individual,5x7,10.00,
GP,Class picture,product,group,8x10,15.00,
MM,Memory mate,product,memory_mate,8x10,22.00,
A,Deluxe,package,,,42.00,P57-2;GP-1
B,Basic,package,,,24.00,P57-1
"""
NAMES = "first_name,last_name,group,teacher,grade,student_id,email,access_code\n"
ORDERS = "order_no,order_key,access_code,student_first,student_last,packages,shipping,amount_paid,currency,service_fee,buyer_name,buyer_email\n"
PAPER = "envelope_no,student_first,student_last,grade,teacher,access_code,packages,amount_received,payment_method\n"


class School:
    """A studio with one job, `KA01`, `KB02`, … as codes. Each method is a step of the week, applied at once."""

    def __init__(self, folder: Path, children: int = 10, *, names: str = "", **settings: object) -> None:
        self.folder = folder
        self.now = NOW
        self.studio = Studio.open(folder / "studio.db", actor="analyst", clock=lambda: self.now)
        self.job: Job = self.studio.new(
            {"name": "maple-grove-2026", "school": "Maple Grove", "status": "prepay", **settings}
        )
        self.codes = [f"K{chr(65 + i)}{i + 1:02d}" for i in range(children)]
        rows = [f"First{i},Last{i},3A,Adams,3,{i:06d},home{i}@example.org,{code}" for i, code in enumerate(self.codes)]
        self.names(names or NAMES + "\n".join(rows) + "\n")
        self.apply(self.job.prices(self.file("prices.csv", PRICES)))

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def apply(self, plan: object, why: str = "test") -> Receipt:
        return self.job.apply(plan, why=why)

    def names(self, text: str, **options: object) -> Receipt:
        return self.apply(self.job.names(self.file("names.csv", text), seed=7, **options))

    def orders(self, *rows: str) -> Receipt:
        """Rows: `number code packages paid`, such as `1001 KA01 B-1 24.00`."""
        text = ORDERS + "".join(f"{no},key{no},{code},,,{packages},batch,{paid},USD,1.95,Parent {no},p{no}@example.org\n"
                                for no, code, packages, paid in (r.split() for r in rows))  # fmt: skip
        return self.apply(self.job.orders(self.file("orders.csv", text)))

    def one_order_each(self, packages: str = "B-1", paid: str = "24.00") -> Receipt:
        return self.orders(*(f"{1001 + i} {code} {packages} {paid}" for i, code in enumerate(self.codes)))

    def paper(self, *rows: str) -> Receipt:
        return self.apply(self.job.paper(self.file("paper_orders.csv", PAPER + "\n".join(rows) + "\n")))

    def two_typists(self) -> Receipt:
        """Envelope E1 keyed alike, E2 differently and settled, E3 by one of them only; their bag counted."""
        one = "E1,First0,Last0,3,Adams,,B-1,24.00,cash\nE2,First1,Last1,3,Adams,,B-1,24.00,cash\nE3,First2,Last2,3,Adams,,B-1,24.00,cash\n"
        two = one.split("E3")[0].replace("E2,First1,Last1,3,Adams,,B-1", "E2,First1,Last1,3,Adams,,A-1")
        first, second = self.file("first.csv", PAPER + one), self.file("second.csv", PAPER + two)
        bags = self.file("bags.csv", "bag,envelopes,cash\n1,3,72.00\n")
        return self.apply(self.job.paper(first, second=second, settle={"E2": "first"}, bags=bags))

    def photographed(self, text: str, *, shoot_no: int = 1, **where: object) -> Receipt:
        """A day of pictures, as `tests.rules.picture_day.day` writes it."""
        return self.apply(plan_photos(self.job.state, day(text, root=f"shoot{shoot_no}", **where), shoot_no=shoot_no))

    def group_code(self) -> str:
        return self.job.state.groups["access_code"].iloc[0]

    def everybody(self, *, absent: tuple[str, ...] = ()) -> str:
        """The text of a day on which everybody but these was photographed, and the class too."""
        return " ".join([f"{self.group_code()} ."] + [f"{c} . ." for c in self.codes if c not in absent])

    def populate(self) -> Receipt:
        return self.apply(self.job.populate())

    def place(self, **options: object) -> Receipt:
        return self.apply(self.job.place(**options))

    def status(self) -> dict[str, str]:
        state = self.job.state
        return dict(zip(state.orders["order_no"], state.orders["status"], strict=True))

    def codes_found(self, *verbs: str) -> list[str]:
        rows = self.job.findings()
        return sorted(rows.loc[rows["verb"].isin(verbs), "code"])
