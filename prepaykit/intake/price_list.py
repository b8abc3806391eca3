"""The price list: packages and products, what they cost and which picture they take.

A row with `items` is a package, any other a product. A package's items are an order string of products.
Source: domain.md 6.5, 6.6 (b).
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from prepaykit.intake.cells import plain_name
from prepaykit.intake.reading import Layout, Read, as_cents, as_words, read_table, simple, without_rows
from prepaykit.tables.catalog import IMAGE_KINDS
from prepaykit.tables.findings import found, together

LAYOUT = Layout(
    verb="prices",
    columns={
        "code": ("package code", "product code", "sku", "letter", "package letter"),
        "name": ("product name", "package name", "description", "title", "public name"),
        "kind": ("type",),
        "image_kind": ("image type", "picture kind", "photo kind", "image", "category", "product category"),
        "size": ("format", "print size", "dimensions"),
        "price_cents": ("price", "amount", "unit price", "retail price"),
        "items": ("contents", "content", "includes", "products"),
    },
    needed=("code", "price_cents"),
    codes=("code",),
)

_IMAGE_WORDS = {
    **{simple(k): k for k in IMAGE_KINDS},
    **dict.fromkeys(("portrait", "single", "student"), "individual"),
    **dict.fromkeys(("class", "team", "groupphoto", "classphoto"), "group"),
    **dict.fromkeys(("composite", "mate"), "memory_mate"),
    **dict.fromkeys(("download", "file", "digitalfile"), "digital"),
    **dict.fromkeys(("fee", "retouch", "retouching"), "service"),
}
_KINDS = {
    "package": "package",
    "bundle": "package",
    "set": "package",
    "product": "product",
    "print": "product",
    "option": "product",
}


def read_prices(path: str | Path) -> Read:
    """Read a price list: every package and product once, with a finding for every row that cannot be sold as written.

    `table`: one row is a package or product. Columns code, name (the code where none is given), kind (package, product),
    image_kind (of a product; individual where none is given), size, price_cents (`Int64`, whole cents; may be missing for a
    product sold only in packages), items, row. Findings: those of `read_table`, row_unusable (no code, a package without
    price or contents, an image kind nobody knows), row_doubled (the first of two rows with one code is used).
    Does not look whether the items are on the list: see `plan_prices`. Source: domain.md 6.5.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "prices.csv"
    ...     _ = file.write_text("Code,Name,Price,Items\\nP57,5x7,$9.00,\\nA,Basic,21,P57-2\\n")
    ...     read_prices(file).table[["code", "kind", "image_kind", "price_cents"]].values.tolist()
    [['P57', 'product', 'individual', 900], ['A', 'package', nan, 2100]]
    """
    file, read = plain_name(path), read_table(path, LAYOUT)
    table = read.table.copy()
    raw_image, raw_price = table["image_kind"], table["price_cents"]
    table["price_cents"], spoken_price = as_cents(table, "price_cents", "prices", file)
    table["image_kind"] = raw_image.map(lambda t: _IMAGE_WORDS.get(simple(t)), na_action="ignore").astype("str")
    stated, spoken_kind = as_words(table, "kind", _KINDS, "", "prices", file)
    inferred = pd.Series("product", index=table.index).mask(table["items"].notna(), "package")
    table["kind"] = stated.where(stated != "", inferred).astype("str")
    table["name"] = table["name"].where(table["name"].notna(), table["code"])
    package = table["kind"] == "package"
    read = Read(table, together(read.findings, spoken_price, spoken_kind))
    wrong = table["price_cents"].notna() & (table["price_cents"] < 0).fillna(False)
    unsure = (
        (raw_image.notna() & table["image_kind"].isna() & ~package)
        | (raw_price.notna() & table["price_cents"].isna())
        | wrong
    )
    lacking = table["code"].isna() | (package & (table["items"].isna() | table["price_cents"].isna()))
    read = without_rows(
        read, lacking | unsure, "code, price, contents or image kind is missing or cannot be read", "prices", file
    )
    return _once(read, file)


def _once(read: Read, file: str) -> Read:
    table = read.table.copy()
    table["image_kind"] = table["image_kind"].fillna("individual").where(table["kind"] == "product").astype("str")
    twice = table.duplicated("code")
    spoken = found("prices", "row_doubled", file, [f"row {r}" for r in table.loc[twice, "row"]],
                   [f"{file} row {r}: code {c} stands above already" for r, c in table.loc[twice, ["row", "code"]].to_numpy()])  # fmt: skip
    columns = ["code", "name", "kind", "image_kind", "size", "price_cents", "items", "row"]
    return Read(table.loc[~twice, columns].reset_index(drop=True), together(read.findings, spoken))
