"""Choices as a file has them: what people decided about envelopes, orders, cards and frames, to be done again.

Source: matching.md 5 (rule 10: decisions of a person become fixed rows).
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

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
    layout = Layout(verb=verb, columns=COLUMNS, needed=("kind", "target", "value"), codes=("target", "value"))
    file, read = plain_name(path), read_table(path, layout)
    table = read.table.copy()
    table["kind"] = table["kind"].str.lower()
    table["decided_at"], spoken = as_moments(table, "decided_at", verb, file)
    read = Read(table, together(read.findings, spoken))
    lacks = table[["kind", "target", "value"]].isna().any(axis=1)
    read = without_rows(read, lacks, "a choice needs kind, target and value", verb, file)
    return Read(pd.DataFrame(read.table[[*COLUMNS, "row"]]), read.findings)
