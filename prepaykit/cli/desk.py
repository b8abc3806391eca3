"""The analyst's desk: who waits for a child and whom it may be, why, what was decided, and what that taught."""

from pathlib import Path
from typing import Annotated, Any

import typer

from prepaykit.cli.shell import JOB, STUDIO, command, looks, opened, out, talk

PANEL = "Match by hand"
Studio, JobName = (p.annotation for p in (STUDIO, JOB))


@looks("queue", panel=PANEL, example="prepaykit queue --csv")
def queue(job: Any):
    """Orders and envelopes that nobody is certain about, with the children they may be for, best first."""
    return job.match_queue()


@command("why", panel=PANEL, example="prepaykit why P005 --html why.html")
def why(
    number: Annotated[str, typer.Argument(help="Order or envelope.", show_default=False)],
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it as a page with drawings.", show_default=False)
    ] = None,
    job: JobName = None,
    studio: Studio = None,
) -> None:
    """Say why an order or envelope is for a child, and not for the next one."""
    from prepaykit.report.export import write_whole

    with opened(studio) as place:
        told = place.job(job).explain(number)
    out(repr(told))
    if html is not None:
        write_whole(html, told.page().encode("utf-8", "replace"))
        talk(f"wrote {html.name}: it shows names of children")


@looks("choices", panel=PANEL, example="prepaykit choices --csv > choices.csv")
def choices(job: Any):
    """What people decided, with who, when and why; `--choices` of paper, codes, place and revise does it again."""
    return job.choices()


@looks("learnt", panel=PANEL, example="prepaykit learnt")
def learnt(job: Any):
    """What those decisions taught: short forms of names, and what parents call a teacher."""
    return job.learnt()
