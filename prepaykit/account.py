"""The account book on the disk: reports of payments are kept in the studio's folder `payments/`, as they came, and read from there.

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
from prepaykit.report.export import write_whole
from prepaykit.tables.account import merged
from prepaykit.tables.findings import together

FOLDER = "payments"


def account_book(home: Path, reports: Iterable[str | os.PathLike] = (), **how: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The entries of all reports that are kept, and of these; with what was found in reading them. `how`: as `read_payments` takes it.

    >>> account_book(Path("nowhere"))[0].empty
    True
    """
    kept = sorted((home / FOLDER).glob("*.csv"))
    here = {_mark(path) for path in kept}
    new = [path for path in map(Path, reports) if not path.is_file() or _mark(path) not in here]
    reads = [read_payments(path, **how) for path in (*kept, *new)]
    book, contradictions = merged(read.table for read in reads)
    return book, together(*(read.findings for read in reads), contradictions)


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


def _mark(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]
