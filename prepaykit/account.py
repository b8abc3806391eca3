"""The account book on the disk: reports of payments, and what was read from Stripe, are kept in the studio's folder `payments/`, and read from there.

Nothing of them is kept anywhere else: a file taken out of the folder is forgotten, one brought twice counts once, and the order in which they came is of no
account (`prepaykit.tables.account`). Their names end with the start of their SHA-256.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from prepaykit.adapters.durable import disk_errors
from prepaykit.intake.payment_reports import read_payments
from prepaykit.report.export import csv_text, unguard, write_whole
from prepaykit.tables.account import merged, of_kind
from prepaykit.tables.findings import together

FOLDER = "payments"


def account_book(home: Path, reports: Iterable[str | os.PathLike] = (), *, read: pd.DataFrame | None = None, **how: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The entries of all reports that are kept, of these, and of what was `read` from Stripe just now; with what was found. `how`: as `read_payments` takes it.

    >>> account_book(Path("nowhere"))[0].empty
    True
    """
    kept = sorted((home / FOLDER).glob("*.csv"))
    here = {_mark(path) for path in kept}
    new = [path for path in map(Path, reports) if not path.is_file() or _mark(path) not in here]
    reads = [read_payments(path, **how) for path in (*kept, *new)]
    book, contradictions = merged([*(_unguarded(r.table) for r in reads), *([] if read is None else [read])])
    return book, together(*(r.findings for r in reads), contradictions)


def keep_reports(home: Path, reports: Iterable[str | os.PathLike]) -> list[Path]:
    """Copy reports into the folder, each once; those that are there already are left as they are. Returns where they are."""
    kept = []
    for path in map(Path, reports):
        with disk_errors(f"{path.name} could not be kept"):
            (home / FOLDER).mkdir(exist_ok=True)
            to = next((home / FOLDER).glob(f"*-{_mark(path)}.csv"), home / FOLDER / f"{path.stem}-{_mark(path)}.csv")
            if not to.exists():
                write_whole(to, path.read_bytes())
        kept.append(to)
    return kept


def keep_read(home: Path, read: pd.DataFrame) -> Path:
    """Keep what was read from Stripe as a file of its own, whole or not at all: `stripe-<up to when>-<mark>.csv`. Returns where it is.

    `read`: entries with the cursor. Amounts are whole smallest units; the file is read as any other of the folder.

    >>> import tempfile
    >>> from prepaykit.tables.account import entries
    >>> rows = pd.DataFrame({"kind": ["cursor"], "id": ["stripe-test"], "at": [pd.Timestamp("2026-10-02 08:00", tz="UTC")], "category": ["test"], "amount_cents": [None]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = keep_read(Path(folder), entries(rows))
    ...     path.name[:23], account_book(Path(folder))[0]["at"].iloc[0] == rows["at"].iloc[0]
    ('stripe-20261002T080000Z', True)
    """
    content = csv_text(read.assign(**{c: read[c].map(pd.Timestamp.isoformat, na_action="ignore").astype("str") for c in ("at", "settles_at")})).encode()
    up_to = of_kind(read, "cursor")["at"].max()
    path = home / FOLDER / f"stripe-{up_to:%Y%m%dT%H%M%SZ}-{hashlib.sha256(content).hexdigest()[:12]}.csv"
    with disk_errors(f"{path.name} could not be kept"):
        path.parent.mkdir(exist_ok=True)
    write_whole(path, content)
    return path


def _unguarded(table: pd.DataFrame) -> pd.DataFrame:
    """Texts of our own files as they were: an apostrophe stands before what a spreadsheet would run."""
    if not (table["kind"] == "cursor").any():
        return table
    return table.assign(**{c: table[c].map(unguard, na_action="ignore").astype("str") for c in ("order_key", "text")})


def _mark(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]
