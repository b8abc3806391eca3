"""The tools that need no studio, so that they can be tried on any files: match, read-cards."""

from pathlib import Path
from typing import Annotated

import typer

from prepaykit.cli.shell import command, out, out_table, talk
from prepaykit.errors import UsageError

PANEL = "On any files, without a studio"


@command("match", panel=PANEL, example="prepaykit match --names names.csv --orders paper_orders.csv --out matches.csv")
def match(
    names: Annotated[Path, typer.Option(help="The names list.", show_default=False)],
    orders: Annotated[Path, typer.Option(help="Online or paper orders.", show_default=False)],
    to: Annotated[Path, typer.Option("--out", help="CSV: one row per order.", show_default=False)],
    candidates: Annotated[
        Path | None, typer.Option(help="CSV: the children an order may be for.", show_default=False)
    ] = None,
) -> None:
    """Say for each order which child of a names list it is for: auto, review or none."""
    from prepaykit.intake.names_list import read_names
    from prepaykit.report.export import write_csv
    from prepaykit.report.text import show_findings
    from prepaykit.rules.matching import match_in_full
    from prepaykit.tables.findings import together

    listed, asked = read_names(names), _read_any_orders(orders)
    found = match_in_full(asked.table, listed.table[listed.table["kind"] != "staff"])
    matches = found.matches
    write_csv(matches, to, for_excel=False)
    if candidates is not None:
        write_csv(found.candidates, candidates, for_excel=False)
    findings = together(listed.findings, asked.findings)
    counts = matches["decision"].value_counts()
    talk(show_findings(findings))
    out(
        f"match: {len(matches)} orders, "
        + ", ".join(f"{int(counts.get(word, 0))} {word}" for word in ("auto", "review", "none"))
    )
    if findings["severity"].isin(["error", "warn"]).any() or len(matches) != counts.get("auto", 0):
        raise typer.Exit(1)


def _read_any_orders(path: Path):
    """Orders of either kind of file: the reader that knows most of its headings."""
    from prepaykit.intake.online_orders import read_orders
    from prepaykit.intake.paper_orders import read_paper_orders

    reads = read_orders(path), read_paper_orders(path)
    return min(reads, key=lambda read: sum(_strangers(read, code) for code in ("column_missing", "column_unknown")))


def _strangers(read, code: str) -> int:
    return int((read.findings["code"] == code).sum())


@command("read-cards", panel=PANEL, example="prepaykit read-cards photos --out frames.csv")
def read_cards(
    folder: Annotated[Path, typer.Argument(help="A folder or a zip with frames.", show_default=False)],
    to: Annotated[
        Path | None, typer.Option("--out", help="CSV: one row per file; else to stdout.", show_default=False)
    ] = None,
    workers: Annotated[int, typer.Option(help="Readers, each a process of its own; 0: one a core.", min=0, max=64)] = 0,
) -> None:
    """Read the QR cards of a folder of frames: file, camera, order of shooting, codes, role. No file can end the run."""
    import os

    from prepaykit.intake.frames import read_cards as read
    from prepaykit.intake.spreading import IsolatedReaders
    from prepaykit.progress import progress
    from prepaykit.report.export import write_csv

    if not folder.exists():
        raise UsageError(f"no folder or zip {folder}")
    with IsolatedReaders(workers or os.cpu_count() or 2) as readers, progress("reading cards") as told:
        table = read(folder, executor=readers, on_progress=told)
    if to is None:
        out_table(table, csv=True)
    else:
        write_csv(table, to, for_excel=False)
    roles = table["role"].value_counts()
    talk(
        f"read-cards: {len(table)} files, "
        + ", ".join(f"{int(roles.get(role, 0))} {role}" for role in ("card", "frame", "unreadable"))
    )
    if roles.get("unreadable", 0):
        raise typer.Exit(1)
