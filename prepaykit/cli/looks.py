"""Looking, and the two things that are no plan of a verb: taking back, and sending what was promised."""

from pathlib import Path
from typing import Annotated, Any

import typer

from prepaykit.cli.shell import ACTOR, APPLY, CSV, JOB, STUDIO, WHY, command, looks, opened, out, out_table, talk
from prepaykit.errors import NeighbourFailed, Refused

PANEL = "Look, take back, send"
Studio, JobName, Actor, Apply, Why, Csv = (p.annotation for p in (STUDIO, JOB, ACTOR, APPLY, WHY, CSV))


@looks("find", panel=PANEL, example="prepaykit find 104007")
def find(job: Any, text: Annotated[str, typer.Argument(help="Number, code, name or address.", show_default=False)]):
    """Find orders, people, classes, codes and envelopes, the cancelled too."""
    return job.find(text)


@command("balance", panel=PANEL, example="prepaykit balance")
def balance(
    todo: Annotated[bool, typer.Option("--todo", help="Refunds and service fees still open.")] = False,
    job: JobName = None,
    studio: Studio = None,
    csv: Csv = False,
) -> None:
    """The equations that must hold: names, frames, orders, money. Ends with 1 if one is off."""
    from prepaykit.report.text import show_balance

    with opened(studio) as place:
        this_job = place.job(job)
        rows = this_job.worklist() if todo else this_job.balance()
        if csv or todo:
            out_table(rows, csv=csv)
        else:
            out(show_balance(rows))
    if not todo and not rows["holds"].all():
        raise typer.Exit(1)


@looks("history", panel=PANEL, example="prepaykit history --operation 4")
def history(
    job: Any,
    operation: Annotated[
        int | None, typer.Option(help="Every field that this operation changed.", show_default=False)
    ] = None,
):
    """Every operation: who, when, what, why."""
    return job.history().drop(columns="op_id") if operation is None else job.journal(operation)


@command("undo", panel=PANEL, example='prepaykit undo 4 --why "wrong list" --apply')
def undo(
    operation: Annotated[int | None, typer.Argument(help="Its number; else the last one.", show_default=False)] = None,
    apply: Apply = False,
    why: Why = "",
    job: JobName = None,
    studio: Studio = None,
    actor: Actor = None,
) -> None:
    """Take back an operation; refused, naming the rows, if they were changed since."""
    with opened(studio, actor) as place:
        this_job = place.job(job)
        number = operation if operation is not None else place.store.next_to_undo(this_job.name)
        rows = this_job.history().drop(columns="op_id")
        rows = rows[rows["op_no"] == number]
        if not len(rows):
            raise Refused(f"{this_job.name} has no operation {number or 'to take back'}: see prepaykit history")
        out_table(rows, csv=False)
        if not apply:
            talk("Dry run: nothing has changed. Next: the same command with --apply")
        else:
            talk(f"Done: {this_job.undo(operation, why=why)!r}\nNext: prepaykit balance")


@command("report", panel=PANEL, example="prepaykit report report.html")
def report(
    path: Annotated[
        Path | None, typer.Argument(help="The HTML file to write.", show_default="reports/JOB.html beside the studio")
    ] = None,
    job: JobName = None,
    studio: Studio = None,
) -> None:
    """Write the report of a job: one HTML file that needs no net."""
    from prepaykit.report.job_report import write_report

    with opened(studio) as place:
        this_job = place.job(job)
        out(str(write_report(this_job, path or place.home / "reports" / f"{this_job.name}.html")))


@command("reconcile", panel=PANEL, example="prepaykit reconcile --out september")
def reconcile(
    reports: Annotated[list[Path] | None, typer.Argument(metavar="REPORT...", help="More reports of payments, beside those kept in payments/.", show_default=False)] = None,
    out_folder: Annotated[Path | None, typer.Option("--out", help="The folder to write.", show_default="reports/reconciliation beside the studio")] = None,
    job: Annotated[str | None, typer.Option(help="Only this job; else the whole season.", show_default=False)] = None,
    order_key: Annotated[str, typer.Option(metavar="FIELD", help="The metadata field with the order's key.")] = "order_key",
    timezone: Annotated[str, typer.Option(help="Where days and months begin.")] = "UTC",
    studio: Studio = None,
) -> None:
    """Account for every cent, per job and season: a workbook and CSVs. Ends with 1 if a sum is off or something is to be looked at."""
    from prepaykit.report.season_workbook import write_season

    with opened(studio) as place:
        tables = place.reconcile(reports or [], job=job, order_key=order_key, timezone=timezone)
        folder = out_folder or place.home / "reports" / f"reconciliation{'-' + job if job else ''}"
        currencies = place.jobs().set_index("name")["currency"]
        files = write_season(tables, folder, title=f"Reconciliation of {job or 'the season'}", currencies=currencies, now=place.clock())
    sums, left = tables["Equations"], tables["Exceptions"]
    off = sums[sums["difference_cents"] != 0]
    if len(off):
        out_table(off, csv=False)
    out(str(files[0]))
    talk(f"{len(sums)} sums, {len(off)} off; {len(left)} exceptions in {left['code'].nunique()} kinds; {len(files) - 1} CSVs beside the workbook.")
    if len(off) or len(left):
        raise typer.Exit(1)


@command("send", panel=PANEL, example="prepaykit send --apply")
def send(
    apply: Apply = False,
    live: Annotated[bool, typer.Option("--live", help="A live key of Stripe may be used.")] = False,
    studio: Studio = None,
    actor: Actor = None,
    csv: Csv = False,
) -> None:
    """Send what waits in the outbox (lab packages, mail files, refunds), each thing once; say what became of earlier refunds.

    Ends with 1 if a refund is with a person now, or must be looked at.
    """
    from prepaykit.studio import FOLLOWED

    with opened(studio, actor) as place:
        if not apply:
            waiting = place.store.outbox()
            waiting = waiting[waiting["state"].isin(["pending", "leased"])]
            out_table(waiting[["key", "kind", "state"]], csv=csv)
            talk(f"{len(waiting)} would be sent. Next: prepaykit send --apply" if len(waiting) else "Nothing waits.")
            return
        sent = place.send(live=live)
        out_table(sent, csv=csv)
    failed = sent[sent["error"].notna()]
    waits, seen = failed[failed["state"] != FOLLOWED], failed[failed["state"] == FOLLOWED]
    with_person = sent[sent["receipt"].fillna("").str.contains(r"^(?:review|blocked|failed)\b")]
    talk(f"{int((sent['state'] == 'sent').sum()) - len(with_person)} sent, {len(waits)} still waiting" + (f", {len(with_person)} with a person now" if len(with_person) else "") + ".")
    if len(seen):
        talk(f"Look at {len(seen)} refunds that went out earlier: {', '.join(seen['key'].head(5))}.")
    if len(waits):
        raise NeighbourFailed(
            f"not sent: {', '.join(waits['key'].head(5))}. They stay in the outbox; put the cause right and send again."
        )
    if len(seen) or len(with_person):
        raise typer.Exit(1)
