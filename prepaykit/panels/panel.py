"""Panel: what people decide about the rows of a Work, kept press by press, and the plan that comes of it.

A press is checked, kept in the studio (see `prepaykit.ledger.drafts`) and only then said to be kept: a kernel that is restarted loses
nothing. What was decided is a table of choices, the same as a choices file; the verb makes its plan from it, and `apply` applies that plan
and closes the drafts that went into it. A scheduled run sees only the file it was given: it never takes up somebody's half-done work.

Without a browser a panel is used as it is: `panel.press("P005", "accept", "X7KD-92MP")`, `panel.choices`, `panel.plan()`.
"""

from __future__ import annotations

import hashlib
import html
import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from prepaykit.errors import UsageError
from prepaykit.intake.reading import Read
from prepaykit.ledger.drafts import UNDO, Press, close_drafts, keep_draft, read_drafts, standing
from prepaykit.panels.work import CHOICE_COLUMNS, Work, no_choices
from prepaykit.report.export import write_csv
from prepaykit.report.small_pictures import LARGE, SMALL, small_pictures
from prepaykit.rules.choosing import FILE_COLUMNS
from prepaykit.runs import RUN
from prepaykit.tables.plan import Plan

if TYPE_CHECKING:
    from prepaykit.job import Job
    from prepaykit.ledger.store import Receipt

THUMBS = "thumbs"
Ask = Callable[..., Plan]
SHOWN = 25


def is_watched() -> bool:
    """Does a person sit before it? Yes in a kernel that JupyterLab, Voilà or VS Code started; not in a scheduled run, by papermill or nbval.

    Unsure means no: a run must never take up what somebody is still deciding.
    """
    said = os.environ
    by_hand = bool(said.get("JPY_SESSION_NAME") or said.get("VSCODE_PID") or said.get("SERVER_SOFTWARE", "").startswith("voila"))
    return by_hand and not said.get(RUN) and _has_kernel()


def _has_kernel() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


class Panel:
    """The decisions of one panel of one job. Made by `Job.panel`."""

    def __init__(
        self,
        job: Job,
        make_work: Callable[[], Work],
        ask: Ask | None,
        *,
        file: Path | None = None,
        takes_drafts: bool | None = None,
    ) -> None:
        self.job, self._make_work, self._ask, self._file = job, make_work, ask, file
        self.takes_drafts = is_watched() if takes_drafts is None else takes_drafts
        self.session = uuid.uuid4().hex
        self._made: tuple[Plan, list[int]] | None = None
        self.refresh()

    def refresh(self) -> None:
        """Look at the job anew: what waits now. Decisions that are not applied yet stay."""
        self.work = self._make_work()

    @property
    def scope(self) -> str:
        """Tells this panel of this very job from every other, also from one made anew under its name; without a name in it."""
        store = self.job.studio.store
        began = store.history(self.job.name)["op_id"].iloc[0]
        place = store.database.engine.url.render_as_string(hide_password=True)
        return f"{hashlib.sha256(f'{place} {began}'.encode()).hexdigest()[:24]}.{self.work.name}"

    # --- deciding ------------------------------------------------------------------------------------------------------------

    def press(
        self, row: str, action: str, value: str = "", *, seen: int | None = None, draft_id: str = "", session: str = ""
    ) -> int:
        """Decide about a row; `undo` takes back what was said of it. Kept when this returns the number of the draft.

        Raises UsageError for a row, action or value that is not there, and Overtaken if somebody else decided about the row meanwhile.
        """
        mine = self.drafts
        about = mine["row_key"] == row
        if not (mine["draft_id"] == draft_id).any():
            value = value or self._shown(row, action)
            self._check(row, action, value, mine)
        if seen is None:
            seen = int(mine.loc[about, "draft_no"].max()) if about.any() else 0
        press = Press(draft_id or uuid.uuid4().hex, row, action, value, seen)
        studio = self.job.studio
        return keep_draft(studio.store, self.job.name, self.work.name, press, who=studio.actor, session=session or self.session,
                          now=studio.clock(), basis=self.work.head)  # fmt: skip

    def _shown(self, row: str, action: str) -> str:
        """What stands in the row where the action says that this is the value."""
        column = next((a.needs for a in self.work.actions if a.name == action), "")
        here = self.work.rows.loc[self.work.rows["key"] == row, column] if column in self.work.rows else []
        return str(here.iloc[0]) if len(here) else ""

    def _check(self, row: str, action: str, value: str, drafts: pd.DataFrame) -> None:
        if action == UNDO and (drafts["row_key"] == row).any():
            return
        if row not in set(self.work.rows["key"]) and row not in self.work.parts:
            raise UsageError(f"{row} does not wait in {self.work.title.lower()} any more: look at the panel anew")
        if action == UNDO:
            return
        known = {a.name: a for a in self.work.actions if not a.every}
        if action not in known:
            raise UsageError(f"{self.work.name}: there is no action {action}; there are: {', '.join(known)}, {UNDO}")
        if known[action].needs and not value:
            raise UsageError(f"{row}: {action} needs a {known[action].needs}")
        self.work.check(row, action, value)
        if self.work.agrees is not None:
            press = pd.DataFrame([[row, action, value]], columns=["row_key", "action", "value"], dtype="str")
            self.work.agrees(pd.concat([standing(drafts)[list(press)], press], ignore_index=True))

    # --- what was decided ----------------------------------------------------------------------------------------------------

    @property
    def drafts(self) -> pd.DataFrame:
        """Every press that waits, in order, of everybody; none in a scheduled run."""
        drafts = read_drafts(self.job.studio.store, self.job.name, self.work.name)
        return drafts if self.takes_drafts else drafts.head(0)

    @property
    def choices(self) -> pd.DataFrame:
        """What was decided, as a choices file has it (kind, target, value, who, why, decided_at, row): of the file given, then of the panel."""
        own = self._choices_of(self.drafts)
        return own if self._file is None else self._with_file(own).table

    def save(self, path: Path | str) -> Path:
        """Write what was decided as a choices file, to be brought again with `choices=`."""
        write_csv(self.choices[FILE_COLUMNS], Path(path), for_excel=False)
        return Path(path)

    def _choices_of(self, drafts: pd.DataFrame) -> pd.DataFrame:
        presses = standing(drafts)
        made = self.work.choices(presses) if len(presses) else no_choices()
        of = presses.reindex(made.index)
        said = {"who": of["who"], "why": made["why"] if "why" in made else pd.Series(None, made.index, dtype="str"), "row": of["row_key"],
                "decided_at": pd.to_datetime(of["at_utc"], utc=True, format="ISO8601")}  # fmt: skip
        return made[CHOICE_COLUMNS].assign(**said).reset_index(drop=True)

    def _with_file(self, own: pd.DataFrame) -> Read:
        """What the file says and what was decided here, with what the reader of the file has to say."""
        table, findings = self.job.read_choices(self._file, self.work.verb)
        brought = table[list(own)].assign(row=table["row"].astype("str") + " of the file")  # row 5 of it is not envelope 5
        return Read(pd.concat([brought, own]).reset_index(drop=True) if len(own) else brought, findings)

    # --- doing it ------------------------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        """The verb's plan with what was decided so far. Nothing has changed yet."""
        if self._ask is None:
            raise UsageError(f"{self.work.title} is for looking: nothing is planned here")
        drafts = self.drafts
        own = self._choices_of(drafts)
        decided = self._file if not len(own) else own if self._file is None else self._with_file(own)
        plan = self._ask() if decided is None else self._ask(choices=decided)
        self._made = (plan, drafts["draft_no"].tolist())
        return plan

    def apply(self, plan: Plan | None = None, *, why: str = "") -> Receipt:
        """Apply the plan once, and close the drafts that went into it; one that could not be used goes on waiting, with its finding.

        `plan` is the one that `plan()` gave last; without it a new one is made. Raises UsageError for another plan.
        """
        plan = self.plan() if plan is None else plan
        made, numbers = self._made or (None, [])
        if plan is not made:
            raise UsageError("this plan is not the last one of the panel: make it again with plan(), and look at it")
        stuck = set(self.unusable(plan)["row"])
        drafts = self.drafts
        done = self.job.apply(plan, why=why)
        went = drafts.loc[drafts["draft_no"].isin(numbers) & ~drafts["row_key"].isin(stuck), "draft_no"].tolist()
        close_drafts(self.job.studio.store, self.job.name, went, op_no=done.op_no or plan.basis)
        self.refresh()
        return done

    def unusable(self, plan: Plan) -> pd.DataFrame:
        """What was decided and the plan could not use, or what means nothing by now: `row` (key of the row) and `detail`."""
        said = plan.findings[plan.findings["code"].isin(["choice_unusable", "choice_superseded"])]
        rows = pd.DataFrame({"row": said["key"].str.removeprefix("row "), "detail": said["detail"]})
        drafts = self.drafts
        rows, mine = rows[rows["row"].isin(drafts["row_key"])], standing(drafts)
        idle = mine.loc[~mine["row_key"].isin(self._choices_of(drafts)["row"]), "row_key"]
        told = pd.DataFrame({"row": idle, "detail": idle + ": what was decided means nothing in the job as it is by now"})
        return pd.concat([rows, told]).reset_index(drop=True)

    def pictures(self, frames: list[int], *, is_large: bool = False) -> dict[int, bytes]:
        """Small JPEGs of frames that this work shows, by their keys; one that cannot be shown is left out. `is_large`: twice as wide."""
        studio, rows = self.job.studio, self.work.frames
        found = small_pictures(
            rows[rows["frame_id"].isin(frames)],
            thumbs=studio.home / THUMBS,
            open_bytes=studio.open_bytes,
            fit=LARGE if is_large else SMALL,
        )
        return {number: small.content for number, small in found.items()}

    # --- showing -------------------------------------------------------------------------------------------------------------

    def table(self) -> pd.DataFrame:
        """The rows with what was decided (`decided`); without columns that may show names."""
        columns = [c.name for c in self.work.columns if not c.has_names]
        last = standing(self.drafts)
        said = {r.row_key: self.work.said(r.action, r.value) for r in last.itertuples()}
        return self.work.rows[["key", *[c for c in columns if c != "key"]]].assign(
            decided=self.work.rows["key"].map(said).astype("str")
        )

    def __repr__(self) -> str:
        decided = len(self.choices)
        return f"{self.work.title} of {self.job.name}: {len(self.work.rows)} rows, {decided} choices not applied yet"

    def _repr_html_(self) -> str:
        rows = self.table()
        more = f"<p>… {len(rows) - SHOWN} more</p>" if len(rows) > SHOWN else ""
        body = (
            rows.head(SHOWN).to_html(index=False, na_rep="", border=0)
            if len(rows)
            else f"<p>{html.escape(self.work.nothing)}</p>"
        )
        return f'<div class="tex2jax_ignore mathjax_ignore"><p><strong>{html.escape(repr(self))}</strong></p>{body}{more}</div>'

    def _repr_mimebundle_(self, **given: object) -> dict[str, object] | tuple:
        if not self.takes_drafts or not is_watched():
            return {"text/plain": repr(self), "text/html": self._repr_html_()}
        from prepaykit.panels.grid import ReviewGrid

        self._grid = ReviewGrid(self)
        return self._grid._repr_mimebundle_(**given)
