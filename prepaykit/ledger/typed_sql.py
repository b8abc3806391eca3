"""The one place where values pass between DataFrames and SQL; nothing else calls read_sql or to_sql.

Drivers and pandas disagree quietly: cents with a gap come back as floats, zones are dropped, `np.int64` is stored as a
blob, NaN becomes the text 'NaN'. So every column is converted by its dtype in the catalog, both ways:

| catalog dtype | in SQL |
|---|---|
| `str` | text; missing ↔ NULL |
| `int64`, `Int64` | whole number; missing ↔ NULL |
| `bool` | 0, 1 |
| `datetime64[us, UTC]` | `2026-09-01T23:59:59.000000Z` |
| `datetime64[us]` (a camera's clock) | `2026-09-01T08:00:05.000000` |

>>> from prepaykit.tables.catalog import empty
>>> to_rows("groups", from_rows("groups", [(1, "3A", None, "3", "AAAA-AAAA", "2026-08-01T12:00:00.000000Z", 1)]))
[(1, '3A', None, '3', 'AAAA-AAAA', '2026-08-01T12:00:00.000000Z', 1)]
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from prepaykit.errors import Refused
from prepaykit.tables.catalog import dtypes_of


def moment_text(moment: pd.Timestamp) -> str:
    """A moment as it stands in SQL. It must have a zone."""
    assert moment.tzinfo is not None, "a moment without a zone"
    return moment.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_rows(name: str, rows: Sequence[Sequence[object]]) -> pd.DataFrame:
    """Rows of SQL, columns in the catalog's order, as a table with the catalog's dtypes."""
    dtypes = dtypes_of(name)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(dtypes)
    return pd.DataFrame({c: _from_sql(list(v), d) for (c, d), v in zip(dtypes.items(), columns, strict=True)})


def to_rows(name: str, frame: pd.DataFrame) -> list[tuple]:
    """A table of the catalog as rows for SQL, columns in the catalog's order.

    Raises Refused for text that a database cannot hold (a NUL, half of a character): SQLite would store a NUL and then
    not see what follows it, PostgreSQL refuses it.
    """
    columns = [_to_sql(name, column, frame[column], dtype) for column, dtype in dtypes_of(name).items()]
    return list(zip(*columns, strict=True))


def _from_sql(values: list, dtype: str) -> pd.Series:
    if dtype == "bool":
        return pd.Series(np.array(values, dtype="int64") == 1, dtype="bool")
    if dtype == "datetime64[us, UTC]":
        return _moments([v and v.removesuffix("Z") for v in values]).dt.tz_localize("UTC")
    if dtype == "datetime64[us]":
        return _moments(values)
    return pd.Series(values, dtype=dtype)


def _moments(texts: list) -> pd.Series:
    return pd.Series(np.array([t or "NaT" for t in texts], dtype="datetime64[us]"))


def _to_sql(table: str, column: str, values: pd.Series, dtype: str) -> list:
    missing = values.isna().to_numpy()
    if dtype in ("int64", "bool"):
        return values.astype("int64").tolist()
    if dtype == "Int64":
        out = values.to_numpy(dtype=object, na_value=None).tolist()
        return [None if v is None else int(v) for v in out]
    if dtype == "str":
        out = values.to_numpy(dtype=object).copy()
        out[missing] = None
        texts = out.tolist()
        _refuse_unstorable(table, column, texts)
        return texts
    zone = "Z" if dtype.endswith("UTC]") else ""
    plain = values.dt.tz_convert("UTC").dt.tz_localize(None) if zone else values
    texts = np.datetime_as_string(plain.to_numpy(dtype="datetime64[us]"), unit="us").tolist()
    return [None if gap else text + zone for text, gap in zip(texts, missing, strict=True)]


def _refuse_unstorable(table: str, column: str, texts: list) -> None:
    whole = "".join(text for text in texts if text is not None)
    try:
        whole.encode()
    except UnicodeEncodeError:
        raise Refused(
            f"table {table}: a value of {column} holds half of a character (a lone surrogate); correct it in the file"
        ) from None
    if "\0" in whole:
        raise Refused(f"table {table}: a value of {column} holds a NUL character; correct it in the file")
