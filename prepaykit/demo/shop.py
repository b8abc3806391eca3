"""The shop of the demo: price list, online orders, and envelopes with paper orders.

Prices add up: what was paid is the sum of the lines, but for the few orders that were dealt another amount. Names on paper are
written as on the names list, but for the few that were misspelt.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import pandas as pd

from prepaykit.demo.mishaps import ON_PAPER, ORDERED
from prepaykit.demo.people import Person, School
from prepaykit.money import show_cents

# code, name, kind, image_kind, size, cents (None: only inside packages), items
PRICE_LIST = (
    ("S810", "8x10 portrait", "product", "individual", "8x10", 1400, None),
    ("S57", "5x7 portrait", "product", "individual", "5x7", 1000, None),
    ("S35", "3.5x5 portrait, pair", "product", "individual", "3.5x5", 900, None),
    ("W8", "8 wallets", "product", "individual", "2.5x3.5", 1200, None),
    ("MG", "Magnet", "product", "individual", "2.5x3.5", 800, None),
    ("GP", "Class picture", "product", "group", "8x10", 1500, None),
    ("MM", "Memory mate", "product", "memory_mate", "8x10", 2200, None),
    ("DD1", "Digital download", "product", "digital", None, 1800, None),
    ("RT", "Retouching", "product", "service", None, 500, None),
    ("SH", "Shipping to your home", "product", "service", None, 695, None),
    ("A", "Deluxe package", "package", None, None, 4200, "S810-1;S57-2;W8-1;GP-1"),
    ("B", "Classic package", "package", None, None, 3400, "S57-2;W8-1;GP-1"),
    ("C", "Basic package", "package", None, None, 2400, "S57-1;W8-1"),
    ("D", "Wallets only", "package", None, None, 1600, "W8-2"),
    ("E", "Everything package", "package", None, None, 6800, "S810-1;S57-2;W8-2;MM-1;DD1-1"),
)
PRICE = {row[0]: row[5] for row in PRICE_LIST}
STREETS = ("Maple", "Prairie", "Lincoln", "Cedar", "Orchard", "Mill", "Lakeview", "Hickory")

ORDER_COLUMNS = ["order_no", "order_key", "placed_at", "access_code", "student_first", "student_last", "grade", "teacher", "student_id",
                 "packages", "shipping", "ship_to", "amount_paid", "currency", "payment_ref", "service_fee", "buyer_name", "buyer_email",
                 "buyer_phone", "note"]  # fmt: skip
PAPER_COLUMNS = ["envelope_no", "student_first", "student_last", "grade", "teacher", "student_id", "access_code", "packages",
                 "amount_received", "payment_method", "check_no", "parent_name", "parent_email", "parent_phone", "note"]  # fmt: skip


@dataclass(frozen=True)
class Shop:
    """Tables as the files have them (text), and the truth: order number → keys and codes of the children meant."""

    orders: pd.DataFrame
    paper_orders: pd.DataFrame
    truth: pd.DataFrame
    faults: list[tuple[str, str, str]]


def price_table() -> pd.DataFrame:
    """The price list as its file has it."""
    rows = [(c, n, k, i, s, None if p is None else amount(p), t) for c, n, k, i, s, p, t in PRICE_LIST]
    return pd.DataFrame(rows, columns=["code", "name", "kind", "image_kind", "size", "price", "items"], dtype="str")


def amount(cents: int) -> str:
    """Cents as they stand in a file: `42.00`."""
    return show_cents(cents, "USD").replace("$", "").replace(",", "")


def total_cents(packages: str) -> int:
    """What an order string costs.

    >>> total_cents("A-1;GP-2")
    7200
    """
    parts = (item.split("-") for item in packages.split(";"))
    return sum(PRICE[code.split(",")[0]] * int(quantity) for code, quantity in parts)


def keep_shop(school: School, *, online: int, paper: int, seed: int) -> Shop:
    """Sell: who must have an order gets one, chance picks the others. Needs the access codes of the people."""
    chance = random.Random(f"shop {seed}")
    on_paper, baskets = _who_orders(school, online, paper, chance)
    return _Till(school, chance).take(baskets, on_paper)


def _who_orders(
    school: School, online: int, paper: int, chance: random.Random
) -> tuple[list[Person], list[list[Person]]]:
    """Paper: one child an envelope. Online: one basket an order; brothers, sisters and twins share one."""
    twice = [p for p in school.children if "ordered_twice" in p.notes]
    must = [p for p in school.children if p.notes & ORDERED]
    ambiguous = [p for p in must if "namesake_in_class" in p.notes][:1]
    on_paper = [p for p in must if p.notes & ON_PAPER] + ambiguous + school.late[: max(1, paper // 20)] + twice
    baskets, seen = [], {p.key for p in on_paper if p not in twice}
    for person in must:
        if person.key in seen:
            continue
        basket = [p for p in must if p.family == person.family and p.key not in seen]
        seen |= {p.key for p in basket}
        baskets.append(basket)
    others = [p for p in school.children if p.key not in seen and p.photograph]
    chance.shuffle(others)
    cut = max(0, paper - len(on_paper))
    on_paper += others[:cut]
    baskets += [[p] for p in others[cut : cut + max(0, online - len(baskets))]]
    chance.shuffle(baskets)
    chance.shuffle(on_paper)
    return on_paper[:paper] if len(on_paper) > paper else on_paper, baskets[:online]


class _Till:
    """Writes the rows; one for one shop."""

    def __init__(self, school: School, chance: random.Random) -> None:
        self.school, self.chance = school, chance
        self.truth: list[tuple[str, str, str, str]] = []
        self.faults: list[tuple[str, str, str]] = []

    def take(self, baskets: list[list[Person]], on_paper: list[Person]) -> Shop:
        rows = [row for i, basket in enumerate(baskets) for row in self._online(i, basket)]
        orders = pd.DataFrame(rows, columns=ORDER_COLUMNS, dtype="str")
        paper = pd.DataFrame([self._envelope(i, p) for i, p in enumerate(on_paper)], columns=PAPER_COLUMNS, dtype="str")
        truth = pd.DataFrame(self.truth, columns=["order_no", "origin", "keys", "access_codes"], dtype="str")
        return Shop(orders, paper, truth, self.faults)

    def _online(self, i: int, basket: list[Person]) -> list[dict[str, str | None]]:
        chance, order_no = self.chance, str(104_001 + i)
        direct = not basket[0].notes and chance.random() < 0.12
        wanted = {p.key: self._packages(p) for p in basket}
        if direct:
            wanted[basket[0].key] += ";SH-1"
        paid = sum(total_cents(packages) for packages in wanted.values())
        if any("amount_differs" in p.notes for p in basket):
            paid += 210
            self.faults.append(("amount_differs", f"orders.csv {order_no}", basket[0].key))
        parent = self._parent(basket[0])
        placed = pd.Timestamp("2026-08-24T17:00:00", tz="America/Chicago") + pd.Timedelta(
            seconds=chance.randrange(18 * 86_400)
        )
        common = {
            "order_no": order_no,
            "order_key": f"{chance.getrandbits(64):016x}",
            "placed_at": placed.isoformat(),
            "shipping": "direct" if direct else "batch",
            "ship_to": f"{parent[0]}, {chance.randrange(2, 900)} {chance.choice(STREETS)} St, Plainview, MN 55964"
            if direct
            else None,
            "amount_paid": amount(paid),
            "currency": "USD",
            "payment_ref": f"pi_demo{chance.getrandbits(72):018x}",
            "service_fee": "1.95",
            "buyer_name": parent[0],
            "buyer_email": parent[1],
            "buyer_phone": parent[2],
            "note": None,
        }
        self.truth.append(
            (order_no, "online", " ".join(p.key for p in basket), " ".join(p.access_code for p in basket))
        )
        return [
            {**common, **self._who(p), "student_id": None, "access_code": self._code(p, order_no), "packages": wanted[p.key]}
            for p in basket
        ]

    def _envelope(self, i: int, person: Person) -> dict[str, str | None]:
        chance, envelope_no = self.chance, f"P{i + 1:03d}"
        packages = self._packages(person, paper=True)
        received = total_cents(packages)
        for note, difference in (("underpaid", -400), ("overpaid", 600)):
            if note in person.notes:
                received += difference
                self.faults.append((note, f"paper_orders.csv {envelope_no}", person.key))
        who, parent = self._who(person), self._parent(person)
        exact = bool(person.notes - {"difficult_name", "ordered_twice"})
        method = chance.choice(["cash", "cash", "check"])
        if exact or chance.random() < 0.7:
            who["student_id"] = None
        if "misspelt_on_paper" in person.notes:
            who["student_last"] = _misspelt(person.last)
        for note in sorted(person.notes & {"misspelt_on_paper", "late", "ordered_twice", "namesake_in_class"}):
            fault = (
                "namesake_on_paper"
                if note == "namesake_in_class"
                else "late_child_on_paper"
                if note == "late"
                else note
            )
            self.faults.append((fault, f"paper_orders.csv {envelope_no}", person.key))
        self.truth.append((envelope_no, "paper", person.key, person.access_code))
        return {
            "envelope_no": envelope_no,
            **who,
            "access_code": person.access_code if not exact and chance.random() < 0.2 else None,
            "packages": packages,
            "amount_received": amount(received),
            "payment_method": method,
            "check_no": str(chance.randrange(1001, 9999)) if method == "check" else None,
            "parent_name": parent[0],
            "parent_email": parent[1] if chance.random() < 0.5 else None,
            "parent_phone": parent[2],
            "note": "checked in at the camera" if "late" in person.notes else None,
        }

    def _who(self, person: Person) -> dict[str, str | None]:
        room = self.school.class_of(person)
        return {"student_first": person.first, "student_last": person.last, "grade": room.grade, "teacher": room.teacher,
                "student_id": person.student_id or None}  # fmt: skip

    def _code(self, person: Person, order_no: str) -> str:
        if "wrong_code_in_order" not in person.notes:
            return person.access_code
        self.faults.append(("wrong_code_in_order", f"orders.csv {order_no}", person.key))
        code = person.access_code
        return code[:6] + ("4" if code[6] != "4" else "7") + code[7:]

    def _packages(self, person: Person, *, paper: bool = False) -> str:
        chance = self.chance
        wanted = [chance.choices("ABCDE", weights=[18, 34, 30, 12, 0 if paper else 6])[0] + "-1"]
        if chance.random() < 0.06:
            wanted = ["GP-1"]  # only the class picture
        for code, share in (
            ("W8", 0.12),
            ("S57", 0.1),
            ("MG", 0.08),
            ("DD1", 0.0 if paper else 0.12),
            ("MM", 0.06),
            ("GP", 0.04),
        ):
            if chance.random() < share and f"{code}-1" not in wanted:
                wanted.append(f"{code}-{chance.choice([1, 1, 1, 2])}" if code in ("W8", "S57") else f"{code}-1")
        if chance.random() < 0.06:
            wanted.append("RT-1")
        if person.notes & {
            "absent",
            "absent_returns",
            "skipped_card",
            "unread_card",
            "lost_card",
            "before_skipped",
        } and wanted == ["GP-1"]:
            wanted = ["B-1"]  # a class picture alone would not show that the portrait is missing
        return ";".join(wanted)

    def _parent(self, person: Person) -> tuple[str, str, str]:
        return parent_of(person)


def parent_of(person: Person) -> tuple[str, str, str]:
    """Name, e-mail and telephone of a family; the addresses and numbers are of the kind kept free for examples."""
    chance = random.Random(f"parent {person.family}")
    first = chance.choice(
        ["Alex", "Casey", "Dana", "Jordan", "Kim", "Lee", "Morgan", "Pat", "Robin", "Sam", "Taylor", "Jo"]
    )
    last = person.last.split(",")[0]
    return f"{first} {last}", f"family.{person.family.lower()}@example.com", f"507-555-01{chance.randrange(100):02d}"


def _misspelt(name: str) -> str:
    return name[:-2] + name[-1] + name[-2] if len(name) > 3 and name[-1] != name[-2] else name + "e"
