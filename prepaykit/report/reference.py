"""The README's reference, made from the code it describes: commands, settings, tables, status machines, findings, environment.

`python -m prepaykit.report.reference --write README.md` puts the parts between their marks (`<!-- generated: tables -->` …
`<!-- end -->`); a test fails when they are stale. Nothing is written by hand that a catalog, a register or the command line
already says.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from prepaykit.report.export import write_whole
from prepaykit.tables.catalog import METADATA, TABLES, columns_of, key_of
from prepaykit.tables.findings import REGISTER
from prepaykit.tables.state import DEFAULT_JOB
from prepaykit.tables.status import MACHINES

ENVIRONMENT = {
    "PREPAYKIT_STUDIO": "which studio: a path such as `studio.db`, or a `postgresql://` address. Used when no `--studio` is given",
    "PREPAYKIT_JOB": "which job, when no `--job` is given and the studio has several",
    "PREPAYKIT_ACTOR": "who the journal names; your login if it is not set",
    "PREPAYKIT_TRACEBACK": "set to anything: in notebooks, errors that are for you show their traceback too",
    "PREPAYKIT_STRIPE_KEY": "the key of Stripe, to refund and to read payments; a restricted one is enough",
    "PREPAYKIT_STRIPE_BASE": "another address than Stripe's own, on this machine only: for tests",
    "PREPAYKIT_RUN": "set by `prepaykit run`: nobody sits before the notebook, so panels show plain tables",
}
SECTIONS = {  # the first code of each group of the register, in its order
    "file_empty": "Files that people bring",
    "code_doubled": "Names list",
    "price_item_unknown": "Prices and orders",
    "frame_unreadable": "Picture day",
    "code_unknown": "Populate",
    "held_no_picture": "Place, revise, batch",
    "sell_setting_missing": "Sell",
    "refund_no_charge": "Refunds",
    "payment_missing": "Payments",
}
MARK = re.compile(r"<!-- generated: (\w+) -->\n.*?<!-- end -->", re.S)


def commands() -> str:
    """Every command, by panel of `prepaykit --help`: what it does and an example."""
    from prepaykit.cli import listed_commands

    listed = listed_commands()
    panels = list(dict.fromkeys(c.panel for c in listed))
    lines = []
    for panel, rows in groupby(sorted(listed, key=lambda c: panels.index(c.panel)), key=lambda c: c.panel):
        lines += [f"**{panel}**", "", "| command | what it does | example |", "|---|---|---|"]
        lines += [f"| `{c.name}` | {_cell(c.promise)} | `{_cell(c.example)}` |" for c in rows]
        lines.append("")
    return "\n".join(lines).rstrip()


def settings() -> str:
    """The settings of a job: name, default, allowed values, meaning."""
    lines = ["| setting | default | meaning |", "|---|---|---|"]
    columns = METADATA.tables["jobs"].columns
    for name in columns_of("jobs"):
        if name == "version":
            continue
        default = DEFAULT_JOB.get(name)
        shown = "" if default is None else {True: "yes", False: "no"}.get(default, f"`{default}`")
        lines.append(f"| `{name}` | {shown} | {_meaning(columns[name])} |")
    return "\n".join(lines)


def tables() -> str:
    """Every table: one line, then its columns in a part that opens."""
    return "\n".join(_table(name) for name in TABLES)


def statuses() -> str:
    """Which status may follow which."""
    lines = ["| table | from | to |", "|---|---|---|"]
    for table, machine in MACHINES.items():
        for status, after in machine.moves.items():
            first = " (first)" if status == machine.first else ""
            lines.append(f"| {table} | {status}{first} | {', '.join(after) or 'nothing: final'} |")
    return "\n".join(lines)


def findings() -> str:
    """Every finding code: severity, meaning, next move."""
    lines, open_section = [], False
    for code, kind in REGISTER.items():
        if code in SECTIONS or not open_section:
            lines += [
                "",
                f"**{SECTIONS.get(code, 'Findings')}**",
                "",
                "| code | severity | meaning | next move |",
                "|---|---|---|---|",
            ]
            open_section = True
        move = kind.next_move.replace("{key}", "KEY").replace("{hint}", "KEY")
        lines.append(f"| `{code}` | {kind.severity} | {_cell(kind.meaning)} | {_cell(move)} |")
    return "\n".join(lines).strip()


def environment() -> str:
    """The environment variables that prepaykit reads."""
    lines = ["| variable | meaning |", "|---|---|"]
    return "\n".join(lines + [f"| `{name}` | {meaning} |" for name, meaning in ENVIRONMENT.items()])


PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "settings": settings,
    "tables": tables,
    "statuses": statuses,
    "findings": findings,
    "environment": environment,
}


def refreshed(text: str) -> str:
    """The text with every generated part made anew. Raises KeyError for a mark that no part is made for.

    >>> "PREPAYKIT_JOB" in refreshed("<!-- generated: environment -->\\nold\\n<!-- end -->")
    True
    """
    return MARK.sub(lambda m: f"<!-- generated: {m[1]} -->\n{PARTS[m[1]]()}\n<!-- end -->", text)


def main(arguments: list[str] | None = None) -> int:
    """Print the parts, or put them into a file; 1 if `--check` finds the file stale."""
    parser = argparse.ArgumentParser(prog="python -m prepaykit.report.reference", description=__doc__.split("\n")[0])
    parser.add_argument("--write", metavar="FILE", type=Path, help="refresh the generated parts of this file")
    parser.add_argument("--check", metavar="FILE", type=Path, help="end with 1 if its generated parts are stale")
    chosen = parser.parse_args(arguments)
    if chosen.write:
        write_whole(chosen.write, refreshed(chosen.write.read_text(encoding="utf-8")).encode())
    elif chosen.check:
        text = chosen.check.read_text(encoding="utf-8")
        return int(refreshed(text) != text)
    else:
        sys.stdout.write("\n\n".join(f"## {name}\n\n{part()}" for name, part in PARTS.items()) + "\n")
    return 0


def _table(name: str) -> str:
    table = METADATA.tables[name]
    key = ", ".join(f"`{c}`" for c in key_of(name))
    rows = [f"| `{c}` | {_type(table.columns[c])} | {_meaning(table.columns[c])} |" for c in columns_of(name)]
    note = " Rows are only ever added." if table.info["append_only"] else ""
    head = f"<summary><code>{name}</code>: one row is {table.info['row']}</summary>"
    return "\n".join(
        [
            "<details>",
            head,
            "",
            f"Key: {key}.{note}",
            "",
            "| column | type | meaning |",
            "|---|---|---|",
            *rows,
            "",
            "</details>",
        ]
    )


def _type(column: object) -> str:
    words = {
        "str": "text",
        "int64": "whole",
        "Int64": "whole",
        "bool": "flag",
        "datetime64[us, UTC]": "moment, UTC",
        "datetime64[us]": "camera time",
    }
    return words[column.info["dtype"]] + ("" if not column.nullable else ", may be missing")


def _meaning(column: object) -> str:
    values = column.info["values"]
    allowed = f" One of: {', '.join(f'`{v}`' for v in values)}." if values else ""
    return _cell(column.info["meaning"]) + ("." + allowed if allowed else "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    raise SystemExit(main())
