"""Opening a panel: which work it shows, and which verb makes the plan from what is decided in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from prepaykit.errors import UsageError
from prepaykit.panels.codes import codes_work
from prepaykit.panels.find import find_work
from prepaykit.panels.panel import Ask, Panel
from prepaykit.panels.paper import paper_work
from prepaykit.panels.photos import photos_work
from prepaykit.panels.place import place_work
from prepaykit.panels.refund import refund_work
from prepaykit.panels.revise import revise_work
from prepaykit.panels.work import Work

if TYPE_CHECKING:
    from prepaykit.job import Job


@dataclass(frozen=True)
class Kind:
    """A kind of panel. `verb` makes the plan, none if nothing is planned; `is_planned`: the work shows the job as the verb's plan without
    decisions would leave it; `looks_back`: its work also takes what asks the journal (see `Store.journal_of`)."""

    work: Callable[..., Work]
    verb: str = ""
    is_planned: bool = False
    looks_back: bool = False


KINDS = {
    "paper": Kind(paper_work, "paper", is_planned=True),
    "codes": Kind(codes_work, "codes"),
    "photos": Kind(photos_work, "codes"),
    "place": Kind(place_work, "place"),
    "revise": Kind(revise_work, "revise", is_planned=True),
    "refund": Kind(refund_work, "refund"),
    "find": Kind(find_work, looks_back=True),
}


def open_panel(
    job: Job, name: str, ask: Ask | None = None, *, file: str | Path | None = None, takes_drafts: bool | None = None
) -> Panel:
    """The panel of that name for a job. Raises UsageError for a name that is not there."""
    if name not in KINDS:
        raise UsageError(f"there is no panel {name}; there are: {', '.join(KINDS)}")
    kind = KINDS[name]
    ask = ask or (getattr(job, kind.verb) if kind.verb else None)
    past = {"past": partial(job.studio.store.journal_of, job.name)} if kind.looks_back else {}

    def make_work() -> Work:
        state = job.state
        return replace(kind.work(state.after(ask()) if kind.is_planned else state, **past), head=state.head)

    return Panel(job, make_work, ask, file=None if file is None else Path(file), takes_drafts=takes_drafts)
