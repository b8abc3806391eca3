"""Order strings and prices: what was ordered, what it costs, and which pictures it needs.

Problem: a package letter with a quantity stands for several prints of several kinds, each of which needs a picture of its
own kind. Rule: an order string is `CODE-QTY;CODE,OPTION-QTY`; a code is a package or a product of the edition under which
the order was bought; a package is opened into its products; each product makes one slot (a memory mate two, a service
none) with all its copies.

Worked case: package A = `P57-2;MM-1` ordered as `A-2` is one line with 4 copies of the 5x7 and 2 memory mates: slots
individual × 4, mate_individual × 2, mate_group × 2. Known limits: an option must be on the price list too, because a
free-text option has no price and no lab knows it; packages do not contain packages.
Source: domain.md 6.5, 6.6 (b).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from prepaykit.tables.catalog import typed
from prepaykit.tables.findings import found, together

HOLES = {
    "individual": ("individual",),
    "group": ("group",),
    "memory_mate": ("mate_individual", "mate_group"),
    "digital": ("digital",),
    "service": (),
}
MOST_COPIES = 999
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"  # what a spreadsheet or a phone makes of a hyphen
_PLAIN = str.maketrans({**dict.fromkeys(DASHES, "-"), "；": ";", "，": ",", "\xa0": " "})


@dataclass(frozen=True)
class Item:
    """One entry of an order string."""

    code: str
    options: tuple[str, ...]
    quantity: int


@dataclass(frozen=True)
class Priced:
    """`lines` and `slots` as in the catalog, `findings` about the orders whose strings could not be taken whole."""

    lines: pd.DataFrame
    slots: pd.DataFrame
    findings: pd.DataFrame


def parse_items(text: str) -> list[Item]:
    """Read an order string: codes of letters and digits, options after commas, a quantity of 1 to 999 after a hyphen.

    Blanks do not count, and any dash is a hyphen. Capitals are kept as written: the price list is asked without them. Raises ValueError that says at which place what was expected. Source: domain.md 6.6 (b).

    >>> parse_items("A-1;B1-2;DD1MP,AA-1")[2]
    Item(code='DD1MP', options=('AA',), quantity=1)
    >>> parse_items("A-1;-2")
    Traceback (most recent call last):
    ValueError: position 5: expected a package or product code, got '-2'
    """
    items, at = [], 0
    for part in str(text).translate(_PLAIN).split(";"):
        entry = part.strip()
        if entry:
            items.append(_item(entry, at + part.index(entry) + 1))
        at += len(part) + 1
    if not items:
        raise ValueError("position 1: expected a package or product code, got nothing")
    return items


def _item(entry: str, position: int) -> Item:
    names, hyphen, amount = entry.partition("-")
    codes = [c.strip() for c in names.split(",")]
    for n, code in enumerate(codes):
        if not re.fullmatch(r"[A-Za-z0-9]+", code):
            what = "an option code" if n else "a package or product code"
            raise ValueError(f"position {position}: expected {what}, got {entry[:20]!r}")
    if hyphen and not re.fullmatch(r"\s*0*[1-9]\d{0,2}\s*", amount, re.ASCII):
        raise ValueError(
            f"position {position + len(names) + 1}: expected a quantity from 1 to {MOST_COPIES}, got {amount[:20]!r}"
        )
    return Item(codes[0], tuple(codes[1:]), int(amount) if hyphen else 1)


def price_lines(
    wanted: pd.DataFrame, products: pd.DataFrame, packages: pd.DataFrame, *, first_line_id: int = 1, first_slot_id: int = 1,
    verb: str = "orders",
) -> Priced:  # fmt: skip
    """Turn order strings into priced lines and the slots that they need.

    `wanted`: one row is a child of an order; columns order_id, order_subject_id, subject_id, packages, ref (the order's
    number for people). `products`, `packages`: one edition of the price list. Ids count from `first_line_id` and
    `first_slot_id` in the order of `wanted`. Money is whole cents. Findings, about orders, key ref: package_unknown (a code
    is not on the list, or is sold only inside packages; that line is left out) and order_string_unreadable (no line at
    all). Does not look at what was paid. Source: domain.md 6.5, 6.6.

    >>> products = pd.DataFrame({"code": ["P57"], "name": ["5x7"], "image_kind": ["individual"], "size": ["5x7"], "price_cents": [900]})
    >>> packages = pd.DataFrame({"code": ["A"], "name": ["Basic"], "items": ["P57-2"], "price_cents": [2100]})
    >>> wanted = pd.DataFrame({"order_id": [1], "order_subject_id": [1], "subject_id": [5], "packages": ["A-1;P57"], "ref": ["1001"]})
    >>> priced = price_lines(wanted, products, packages)
    >>> priced.lines["total_cents"].tolist(), priced.slots[["product_code", "quantity"]].values.tolist()
    ([2100, 900], [['P57', 2], ['P57', 1]])
    """
    prices = _PriceList(products, packages)
    lines: list[dict[str, object]] = []
    slots: list[dict[str, object]] = []
    said: dict[tuple[str, str], list[str]] = {}
    for row in wanted[["order_id", "order_subject_id", "subject_id", "packages", "ref"]].itertuples(index=False):
        try:
            items = parse_items("" if pd.isna(row.packages) else row.packages)
        except ValueError as error:
            said.setdefault(("order_string_unreadable", row.ref), []).append(str(error))
            continue
        for item in items:
            unknown = prices.unknown(item)
            if unknown:
                said.setdefault(("package_unknown", row.ref), []).append(unknown)
                continue
            line = prices.line(item) | {"order_id": row.order_id, "order_subject_id": row.order_subject_id}
            lines.append(line | {"line_id": first_line_id + len(lines)})
            for slot in prices.slots(item):
                slots.append(
                    slot | {"line_id": lines[-1]["line_id"], "order_id": row.order_id, "subject_id": row.subject_id}
                )
    called = "envelope" if verb == "paper" else "order"
    parts = [
        found(verb, code, "orders", [ref], f"{called} {ref}: {'; '.join(dict.fromkeys(details))}")
        for (code, ref), details in said.items()
    ]
    table = pd.DataFrame(slots)
    if slots:
        table = table.assign(slot_id=np.arange(first_slot_id, first_slot_id + len(slots)), is_dropped=False)
        table["subject_id"] = table["subject_id"].astype("Int64")
    return Priced(typed("lines", pd.DataFrame(lines)), typed("slots", table), together(*parts))


def same_items(one: object, other: object) -> bool:
    """True if two order strings ask for the same, in whatever order and writing.

    >>> same_items("A-1; b1-2", "B1-2;A")
    True
    """
    return counted_items(one) == counted_items(other)


def counted_items(text: object) -> tuple[object, ...]:
    """What an order string asks for in a form that can be compared; an unreadable string stands for itself."""
    try:
        items = parse_items("" if pd.isna(text) else str(text))
    except ValueError:
        return (str(text),)
    return tuple(sorted((i.code.upper(), tuple(o.upper() for o in i.options), i.quantity) for i in items))


class _PriceList:
    """One edition, ready to look codes up: as written, else in upper case."""

    def __init__(self, products: pd.DataFrame, packages: pd.DataFrame):
        self._products = {p["code"]: p for p in products.to_dict("records")}
        self._packages = {p["code"]: p for p in packages.to_dict("records")}
        self._upper = {c.upper(): c for c in reversed([*self._packages, *self._products])}
        self._contents = {code: self._contents_of(p["items"]) for code, p in self._packages.items()}

    def _own(self, code: str) -> str | None:
        if code in self._packages or code in self._products:
            return code
        return self._upper.get(code.upper())

    def _contents_of(self, items: str) -> list[Item] | None:
        try:
            content = parse_items(items)
        except ValueError:
            return None
        return content if all(c in self._products for i in content for c in (i.code, *i.options)) else None

    def unknown(self, item: Item) -> str:
        """Why the item cannot be sold, or nothing."""
        code = self._own(item.code)
        if code is None:
            return f"{item.code} is not on the price list"
        if code in self._packages:
            if self._contents[code] is None:
                return f"package {code} contains something that is not on the price list"
        elif pd.isna(self._products[code]["price_cents"]):
            return f"{code} is sold only inside packages"
        for option in item.options:
            own = self._own(option)
            if own not in self._products or pd.isna(self._products[own]["price_cents"]):
                return f"option {option} is not on the price list"
        return ""

    def line(self, item: Item) -> dict[str, object]:
        code = self._own(item.code)
        sold = self._packages.get(code) or self._products[code]
        options = [self._products[self._own(o)] for o in item.options]
        each = int(sold["price_cents"]) + sum(int(o["price_cents"]) for o in options)
        return {"code": code, "name": sold["name"], "options": ",".join(o["code"] for o in options) or None,
                "quantity": item.quantity, "total_cents": each * item.quantity}  # fmt: skip

    def slots(self, item: Item) -> Iterator[dict[str, object]]:
        code = self._own(item.code)
        parts = self._contents.get(code) or [Item(code, (), 1)]
        for part in [*parts, *(Item(self._own(o), (), 1) for o in item.options)]:
            for product_code in (part.code, *part.options):
                product = self._products[product_code]
                for hole in HOLES[product["image_kind"]]:
                    yield {"product_code": product_code, "product_name": product["name"], "size": product["size"],
                           "hole": hole, "quantity": part.quantity * item.quantity}  # fmt: skip
