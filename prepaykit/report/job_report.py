"""The job report: one HTML file that says how a job stands, for the owner of the studio, the school's file, or next year.

Self-contained: style and plots are inside, there is no script, and its own content policy forbids the browser to load
anything. It prints on paper, follows the light or dark theme and fits a phone. Whatever stands in the tables is escaped.
Names of children and parents are left out unless asked for; teachers stand with their classes, as on the packing lists, and
the reasons that people typed into the history stand as typed.

`report_of` is pure: the same job, history and moment give the same text. `write_report` is its shell.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from prepaykit.money import show_cents
from prepaykit.report.export import write_whole
from prepaykit.report.job_tables import job_tables
from prepaykit.report.money_tables import by_day
from prepaykit.report.plots import Piece, bar, columns, legend
from prepaykit.report.text import SEVERITIES, one_line
from prepaykit.rules.balance import ADVICE
from prepaykit.tables.state import JobState
from prepaykit.tables.status import LIVE

if TYPE_CHECKING:
    from prepaykit.studio import Job

MOST_ROWS = 100  # of one finding's rows; more are counted
PLACES = {  # status of an order → words and colour, along a usual life
    "open": ("not placed yet", "open"),
    "held": ("held", "held"),
    "in_revision": ("in manual revision", "revision"),
    "in_batch": ("in an open batch", "batch"),
    "released": ("sent to production", "sent"),
    "cancelled": ("cancelled", "gone"),
}
ACCOUNTS = {"shipped": "sent", "held": "held", "to_refund": "refund", "refunded": "gone"}
SEVERITY_WORDS = {
    "error": "errors: each blocks the row it is about",
    "warn": "warnings: worth a look",
    "note": "notes: for the record",
}


def report_tables(job: Job, *, names: bool = False) -> dict[str, pd.DataFrame]:
    """The tables of the job report by name, for a notebook; see `prepaykit.report.job_tables` for what a row is."""
    store = job.studio.store
    return job_tables(
        job.state, store.history(job.name), now=job.studio.clock(), names=names, outbox=store.outbox(job.name)
    )


def write_report(job: Job, path: str | os.PathLike, *, names: bool = False) -> Path:
    """Write the report of a job as one HTML file; into a folder it is called after the job. Returns where it is.

    `names` shows children and parents in the list of held orders. The file is there whole or not at all.
    """
    path, store = Path(path), job.studio.store
    if path.is_dir():
        path = path / f"{job.name}.html"
    text = report_of(
        job.state, store.history(job.name), now=job.studio.clock(), names=names, outbox=store.outbox(job.name)
    )
    write_whole(path, text.encode("utf-8", "replace"))
    return path


def report_of(state: JobState, history: pd.DataFrame | None = None, *, now: pd.Timestamp, names: bool = False,
              outbox: pd.DataFrame | None = None) -> str:  # fmt: skip
    """The report of a job as HTML text.

    >>> text = report_of(JobState.new(name="maple-grove-2026", school="Maple <Grove>"), now=pd.Timestamp("2026-10-01", tz="UTC"))
    >>> "Maple &lt;Grove&gt;" in text, "<script" in text
    (True, False)
    """
    tables = job_tables(state, history, now=now, names=names, outbox=outbox)
    zone, currency = str(state.job["timezone"]), str(state.job["currency"])

    def money(cents: object) -> str:
        return "" if pd.isna(cents) else show_cents(int(cents), currency)

    def when(moment: object) -> str:
        return "" if pd.isna(moment) else pd.Timestamp(moment).tz_convert(zone).strftime("%Y-%m-%d %H:%M")

    page = _environment()
    page.filters |= {
        "money": money,
        "when": when,
        "count": lambda n: f"{int(n):,}",
        "text": _text,
        "short": _short,
        "plural": _plural,
    }
    return page.get_template("job_report.html.j2").render(
        job=state.job,
        now=now,
        names=names,
        zone=now.tz_convert(zone).strftime("%Z"),
        verdict=_verdict(state, tables, money),
        equations=[_equation(row) for _, row in tables["balance"].iterrows()],
        plots=_plots(state, tables, money),
        findings=_findings(state, tables["findings"]),
        tables={name: table.to_dict("records") for name, table in tables.items()},
        facts=_facts(state),
        places=PLACES,
        account_colours=ACCOUNTS,
        totals={"orders": len(state.orders), "findings": len(state.findings)},
    )


def _environment() -> Environment:
    loader = PackageLoader("prepaykit.report", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _text(value: object) -> str:
    return "" if value is None or pd.isna(value) else one_line(str(value))


def _short(text: str) -> str:
    """A receipt with its long hashes cut to what the eye can compare; the whole is in the outbox."""
    return re.sub(r"(sha256:[0-9a-f]{8})[0-9a-f]+", r"\1…", text)


def _plural(n: int, one: str, many: str | None = None) -> str:
    return f"{int(n):,} {one if n == 1 else many or one + 's'}"


# --- what the page says ------------------------------------------------------------------------------------------------


def _verdict(state: JobState, tables: dict[str, pd.DataFrame], money: object) -> list[dict[str, str]]:
    """The few sentences at the top: `mark` (ok, off, do), `text`, `link`."""
    orders = tables["orders"].groupby("status")["orders"].sum()
    total, gone = int(orders.sum()), int(orders.get("released", 0))
    said = [_balance_verdict(state, tables["balance"])]
    if total:
        mark = "ok" if gone == total else "do"
        said.append(_say(mark, f"{gone:,} of {_plural(total, 'order')} sent to production.", "orders"))
    for status in LIVE:
        if orders.get(status, 0):
            link = "held" if status == "held" else "orders"
            said.append(_say("do", f"{_plural(orders[status], 'order')} {PLACES[status][0]}.", link))
    steps = tables["worklist"]
    if len(steps):
        amount = money(steps["amount_cents"].sum())
        said.append(_say("do", f"{_plural(len(steps), 'money step')} still to do, {amount}.", "money"))
    errors = tables["findings"].query("severity == 'error'")["count"].sum()
    if errors:
        said.append(_say("do", f"{_plural(errors, 'finding')} of severity error.", "findings"))
    return said


def _balance_verdict(state: JobState, rows: pd.DataFrame) -> dict[str, str]:
    off = list(rows.loc[~rows["holds"], "equation"])
    if not off:
        return _say("ok", "Everything balances: nothing is lost.", "balance")
    if off == ["names"] and not len(state.frames):
        return _say("do", "Picture day has not come in yet: nobody is photographed or absent so far.", "balance")
    refusal = "Nothing can be placed or released until it does."
    return _say("off", f"The job does not balance: {', '.join(off)}. {refusal}", "balance")


def _say(mark: str, text: str, link: str) -> dict[str, str]:
    return {"mark": mark, "text": text, "link": link}


def _equation(row: pd.Series) -> dict[str, object]:
    """A balance sentence taken apart for large type: amount and word of each term."""
    left, _, right = row["sentence"].partition(" = " if row["holds"] else " ≠ ")
    right = right.removesuffix(".").partition(": off by ")
    terms = [term.partition(" ")[::2] for term in right[0].split(" + ")]
    return {
        "name": row["equation"],
        "holds": bool(row["holds"]),
        "left": left.partition(" ")[::2],
        "terms": terms,
        "off": right[2],
        "advice": ADVICE.get(row["equation"], ""),
        "sentence": row["sentence"],
    }


def _facts(state: JobState) -> list[tuple[str, str]]:
    job, people = state.job, state.subjects
    facts = [
        ("Picture day", job["picture_day"]),
        ("Batch deadline", f"{job['batch_deadline']}, {job['batch_processing']}" if job["batch_deadline"] else None),
        ("Archive", job["archive_date"]),
        ("Names", f"{int((people['kind'] != 'blank').sum()):,}"),
        ("Classes", f"{len(state.groups):,}"),
        ("Frames", f"{len(state.frames):,}"),
        ("Orders", f"{len(state.orders):,}"),
    ]
    return [(word, str(value)) for word, value in facts if value is not None]


def _plots(state: JobState, tables: dict[str, pd.DataFrame], money: object) -> dict[str, Markup]:
    counts = tables["orders"].groupby("status")["orders"].sum()
    orders = [Piece(words, int(counts.get(s, 0)), colour) for s, (words, colour) in PLACES.items() if counts.get(s, 0)]
    amounts = tables["money"].set_index("account")["amount_cents"]
    accounts = [Piece(name.replace("_", " "), int(amounts[name]), colour) for name, colour in ACCOUNTS.items()]
    days = by_day(state)
    return {
        "orders": bar(orders, "Where the orders are", height=40) + legend(orders),
        "money": bar(accounts, "Where the money is", show=money, height=40),
        "days": columns(
            days["orders"].tolist(), "Orders a day", labels=days["day"].tolist(), show="{:,} orders".format
        ),
        "classes": Markup("") if not len(tables["classes"]) else _class_rows(tables["classes"]),
    }


def _class_rows(rows: pd.DataFrame) -> list[dict[str, object]]:
    most_people, most_orders = max(1, int(rows["people"].max())), max(1, int(rows["orders"].max()))
    out = []
    for row in rows.to_dict("records"):
        word = str(row["group"])
        people = [
            Piece("photographed", row["photographed"], "sent"),
            Piece("absent", row["absent"], "held"),
            Piece("opted out", row["opted_out"], "gone"),
        ]
        orders = [
            Piece("placed", row["placed"], "batch"),
            Piece("in revision", row["in_revision"], "revision"),
            Piece("waiting", row["waiting"], "held"),
            Piece("cancelled", row["cancelled"], "gone"),
        ]
        out.append({
            **row,
            "people_bar": bar(people, f"{word}, people", height=12, whole=most_people),
            "orders_bar": bar(orders, f"{word}, orders", height=12, whole=most_orders),
        })  # fmt: skip
    return out


def _findings(state: JobState, by_code: pd.DataFrame) -> list[dict[str, object]]:
    """The findings by severity, each code with its first rows."""
    groups = []
    for severity in SEVERITIES:
        codes = by_code[by_code["severity"] == severity].to_dict("records")
        for row in codes:
            rows = state.findings[state.findings["code"] == row["code"]]
            row["rows"] = rows.head(MOST_ROWS).to_dict("records")
            row["more"] = max(0, len(rows) - MOST_ROWS)
        if codes:
            groups.append({"severity": severity, "words": SEVERITY_WORDS[severity], "codes": codes})
    return groups
