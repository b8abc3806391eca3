"""Prices: a price list becomes an edition of the job; orders keep the edition under which they were bought.

Problem: a price list is changed while orders are coming in. Rule: a list that differs in anything is a new edition, numbered
on; the former editions stay, and an order refers to its own. The list of the newest edition brought again changes nothing.

Worked case: package A costs $30 in edition 1 and $32 in edition 2: an order of last week still says $30.
Known limits: going back to an earlier list makes a further edition. Source: domain.md 6.5, 19 (A21).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from prepaykit.rules.pricing import parse_items
from prepaykit.tables.catalog import empty
from prepaykit.tables.findings import found, together
from prepaykit.tables.plan import Plan

if TYPE_CHECKING:
    from prepaykit.tables.state import JobState

_PRODUCT = ["code", "name", "image_kind", "size", "price_cents"]
_PACKAGE = ["code", "name", "items", "price_cents"]


def plan_prices(state: JobState, prices: pd.DataFrame, *, findings: pd.DataFrame | None = None) -> Plan:
    """Take in a price list as a new edition, if it differs from the newest one.

    `prices`: one row is a package or product, as `read_prices` gives them (code, name, kind, image_kind, size, price_cents,
    items). `findings`: what the reader found. Findings: price_item_unknown (a package holds a code that is no product of
    the list, or its items cannot be read; nobody can order it). Changes no order. Source: domain.md 6.5, 19 (A21).

    >>> from prepaykit.tables.state import JobState
    >>> state = JobState.new(name="maple-grove-2026", school="Maple Grove")
    >>> prices = pd.DataFrame({"code": ["P57", "A"], "name": ["5x7", "Basic"], "kind": ["product", "package"],
    ...     "image_kind": ["individual", None], "size": ["5x7", None], "price_cents": [900, 2100], "items": [None, "P57-2"]})
    >>> plan_prices(state, prices)
    prices maple-grove-2026: edition 1: 1 package, 1 product
      products: 1 new
      packages: 1 new
    """
    read = empty("findings") if findings is None else findings
    if not len(prices):
        kept = read if len(read) else state.findings[state.findings["verb"] == "prices"]
        return Plan.between(state, "prices", {}, findings=kept, headline="no price list was brought")
    rows = prices.sort_values("row", kind="stable") if "row" in prices else prices
    rows = rows.reset_index(drop=True)
    products, packages = rows.loc[rows["kind"] == "product", _PRODUCT], rows.loc[rows["kind"] == "package", _PACKAGE]
    newest = newest_edition(state)
    own = together(read, _unknown_items(products, packages))
    if (
        newest
        and _same(state.products, newest, products, _PRODUCT)
        and _same(state.packages, newest, packages, _PACKAGE)
    ):
        return Plan.between(
            state,
            "prices",
            {},
            findings=own,
            headline=f"edition {newest} is this list already",
            result={"edition": newest},
        )
    edition = newest + 1
    tables = {
        "products": _added(state, "products", "product_id", products, edition),
        "packages": _added(state, "packages", "package_id", packages, edition),
    }
    count = [
        f"{len(t)} {word}{'' if len(t) == 1 else 's'}" for t, word in ((packages, "package"), (products, "product"))
    ]
    return Plan.between(state, "prices", tables, findings=own, headline=f"edition {edition}: {', '.join(count)}",
                        result={"edition": edition, "products": len(products), "packages": len(packages)})  # fmt: skip


def newest_edition(state: JobState) -> int:
    """The number of the newest edition of the price list; 0 before the first one."""
    numbers = [*state.products["edition"], *state.packages["edition"]]
    return int(max(numbers)) if numbers else 0


def _same(table: pd.DataFrame, edition: int, rows: pd.DataFrame, columns: list[str]) -> bool:
    def plain(frame: pd.DataFrame) -> list[tuple[object, ...]]:
        text = frame[columns].astype("str").fillna("").sort_values("code")
        return list(text.itertuples(index=False, name=None))

    return plain(table[table["edition"] == edition]) == plain(rows.astype({"price_cents": "Int64"}))


def _added(state: JobState, name: str, key: str, rows: pd.DataFrame, edition: int) -> pd.DataFrame:
    table = state.tables[name]
    if not len(rows):
        return table
    first = state.next_id(name)
    new = rows.assign(**{key: np.arange(first, first + len(rows)), "edition": edition, "version": 1})
    return pd.concat([table, new.astype({"price_cents": "Int64"})], ignore_index=True) if len(table) else new


def _unknown_items(products: pd.DataFrame, packages: pd.DataFrame) -> pd.DataFrame:
    known = set(products["code"])
    keys, details = [], []
    for code, items in packages[["code", "items"]].itertuples(index=False):
        try:
            wrong = sorted({c for i in parse_items(items) for c in (i.code, *i.options)} - known)
            detail = f"package {code} contains {', '.join(wrong)}, which is not a product of the list" if wrong else ""
        except ValueError as error:
            detail = f"the items of package {code} cannot be read: {error}"
        if detail:
            keys.append(code)
            details.append(detail)
    return found("prices", "price_item_unknown", "packages", keys, details)
