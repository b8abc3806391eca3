"""Choices as a file or a panel has them: what people decided about envelopes, orders, cards, frames and prints, to be done again.

Source: matching.md 5 (rule 10: decisions of a person become fixed rows).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from prepaykit.errors import UsageError
from prepaykit.intake.cells import plain_name
from prepaykit.intake.reading import Layout, Read, as_moments, read_table, without_rows
from prepaykit.tables.findings import together

COLUMNS = {
    "kind": ("what", "decision"),
    "target": ("about", "key"),
    "value": ("decided", "choice"),
    "who": ("by", "actor"),
    "why": ("reason", "note"),
    "decided_at": ("when", "date"),
}
NEEDED = ("kind", "target", "value")


def read_choices(path: str | Path, *, verb: str = "paper") -> Read:
    """Read the choices of a file, as `Job.choices` writes it or a person does: one row is a decision.

    `table`: kind, target, value, who, why, decided_at (UTC), row. Findings, of the verb that brings it: those of `read_table`,
    row_unusable (kind, target or value is missing), value_unreadable. Whether a choice can be made is not looked at here.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "choices.csv"
    ...     _ = file.write_text("kind,target,value,who\\nmatch,0012,001234,ana\\nmatch,,X-1,bo\\n")
    ...     read = read_choices(file)
    >>> read.table[["kind", "target", "value", "who"]].values.tolist(), read.findings["code"].tolist()
    ([['match', '0012', '001234', 'ana']], ['row_unusable'])
    """
    layout = Layout(verb=verb, columns=COLUMNS, needed=NEEDED, codes=("target", "value"))
    file, read = plain_name(path), read_table(path, layout)
    return _complete(read.table.copy(), verb, file, read.findings)


def take_choices(table: pd.DataFrame, *, verb: str = "paper") -> Read:
    """The choices of a table, as a panel hands them over: the same columns, the same rows and findings as from a file of them.

    Columns kind, target, value are needed (UsageError), who, why, decided_at may be there; rows count from 1, or as `row` says.

    >>> take_choices(pd.DataFrame({"kind": ["hide"], "target": [118], "value": ["hidden"]})).table["target"].tolist()
    ['118']
    """
    missing = [column for column in NEEDED if column not in table.columns]
    if missing:
        raise UsageError(f"a table of choices has the columns {', '.join(COLUMNS)}; {', '.join(missing)} is not there")
    texts = {c: table[c].astype("str").str.strip() for c in COLUMNS if c in table.columns and c != "decided_at"}
    rows = pd.DataFrame(texts, index=table.index).reindex(columns=list(COLUMNS))
    rows = rows.astype(dict.fromkeys(COLUMNS, "str"))
    rows = rows.mask(rows == "")
    if "decided_at" in table.columns:
        rows["decided_at"] = table["decided_at"].astype("str").mask(table["decided_at"].isna())
    number = table["row"].to_numpy() if "row" in table.columns else np.arange(1, len(table) + 1)
    return _complete(rows.assign(row=number).reset_index(drop=True), verb, "choices", together())


def _complete(table: pd.DataFrame, verb: str, file: str, findings: pd.DataFrame) -> Read:
    table["kind"] = table["kind"].str.lower()
    table["decided_at"], spoken = as_moments(table, "decided_at", verb, file)
    read = Read(table, together(findings, spoken))
    lacks = table[list(NEEDED)].isna().any(axis=1)
    read = without_rows(read, lacks, "a choice needs kind, target and value", verb, file)
    return Read(pd.DataFrame(read.table[[*COLUMNS, "row"]]), read.findings)
