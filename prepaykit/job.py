"""One job and its verbs as methods: each gives a Plan and changes nothing; `apply` does, once, and `undo` takes it back.

A method reads what its verb needs (files, the clock, who asks), calls the pure decision, and hands back its Plan. It decides nothing itself.
What it shows and writes beside plans (queue, explanation, contact sheets, cash-up, deposit) is worked out from the job's tables as they are, or, with a
plan, as they will be.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from prepaykit.artwork import keep_artwork, read_artwork, render_artwork, turned_frames
from prepaykit.decide.batch import batch_summary, plan_batch
from prepaykit.decide.cards import plan_cards
from prepaykit.decide.codes import plan_codes
from prepaykit.decide.names import plan_names
from prepaykit.decide.orders import plan_orders
from prepaykit.decide.paper import compare_keyed, plan_paper
from prepaykit.decide.photos import plan_photos, where_to_look, with_second_look
from prepaykit.decide.place import plan_place
from prepaykit.decide.populate import plan_populate
from prepaykit.decide.prices import plan_prices
from prepaykit.decide.revise import in_revision, plan_revise
from prepaykit.decide.sell import plan_sell
from prepaykit.decide.settings import plan_settings
from prepaykit.intake.bag_counts import counted_bags
from prepaykit.intake.choices_file import read_choices, take_choices
from prepaykit.intake.frames import read_again, read_frames
from prepaykit.intake.names_list import read_names
from prepaykit.intake.online_orders import read_orders
from prepaykit.intake.paper_orders import read_paper_orders
from prepaykit.intake.price_list import read_prices
from prepaykit.intake.reading import Read
from prepaykit.job_money import MoneyVerbs
from prepaykit.ledger.store import Receipt
from prepaykit.report.cards import draw_cards
from prepaykit.report.cash_up import draw_cash_up
from prepaykit.report.contact_sheets import write_contact_sheets
from prepaykit.report.deposit_slip import draw_deposit_slip
from prepaykit.report.export import unguard, write_csv
from prepaykit.report.navigation import navigation, notebook_at_hand
from prepaykit.rules.albums import albums
from prepaykit.rules.balance import balance
from prepaykit.rules.cash_up import cash_up, price_check
from prepaykit.rules.choosing import choices_table
from prepaykit.rules.code_causes import code_causes
from prepaykit.rules.deposit import Deposit, deposit
from prepaykit.rules.learnt import learnt_from
from prepaykit.rules.names_update import names_changes
from prepaykit.rules.revising import CropLike, frames_to_crop
from prepaykit.rules.search import find
from prepaykit.rules.steps import steps
from prepaykit.rules.told import told_of
from prepaykit.rules.weighed import match_queue
from prepaykit.tables.findings import together
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState

if TYPE_CHECKING:
    from prepaykit.panels.panel import Panel
    from prepaykit.report.explained import Explained
    from prepaykit.studio import Studio

ARTWORK, THUMBS = "artwork", "thumbs"
Progress = Callable[[int, int], None]
PathLike = str | os.PathLike
Choices = PathLike | pd.DataFrame | Read


class Job(MoneyVerbs):
    """One job of a studio. Each verb gives a Plan and changes nothing; `apply` does."""

    def __init__(self, studio: Studio, name: str) -> None:
        self.studio, self.name = studio, name

    def __repr__(self) -> str:
        return _in_a_line(self.state)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """The line for a terminal and the navigation bar for a notebook, from one reading of the job."""
        state = self.state
        line = _in_a_line(state)
        return {"text/plain": line, "text/html": navigation(state, line, here=notebook_at_hand(os.environ))}

    @property
    def state(self) -> JobState:
        """All tables of the job as they are now."""
        return self.studio.store.read(self.name)

    # --- making plans ----------------------------------------------------------------------------------------------------

    def settings(self, **settings: object) -> Plan:
        """Plan to change settings of the job."""
        return plan_settings(self.state, settings)

    def names(
        self, source: PathLike, *, blanks: int = 0, seed: int | None = None, same: Mapping[str, str] | None = None
    ) -> Plan:
        """Plan to bring in a names list (CSV or Excel) and to have so many blank cards. `seed` repeats a run's codes.

        `same` (row → code, or `new`) says of rows that may be a missing child whether they are.
        """
        read = read_names(source)
        seed = secrets.randbits(63) if seed is None else seed
        return plan_names(
            self.state, read.table, seed=seed, findings=read.findings, blanks=blanks, now=self.studio.clock(), same=same
        )

    def names_changes(self, plan: Plan) -> pd.DataFrame:
        """What a plan of `names` would change, field by field, for the eyes of whoever brings the list: it shows names."""
        return names_changes(self.state, plan)

    def prices(self, source: PathLike) -> Plan:
        """Plan to bring in a price list; a changed one is a new edition for orders to come."""
        read = read_prices(source)
        return plan_prices(self.state, read.table, findings=read.findings)

    def orders(self, source: PathLike) -> Plan:
        """Plan to bring in online orders."""
        read = read_orders(source)
        return plan_orders(self.state, read.table, findings=read.findings, now=self.studio.clock())

    def paper(self, source: PathLike | None = None, *, second: PathLike | None = None, settle: Mapping[str, str] | None = None,
              bags: PathLike | None = None, match: Mapping[str, str] | None = None, choices: Choices | None = None, why: str = "") -> Plan:  # fmt: skip
        """Plan to bring in paper orders, or to match envelopes by hand (envelope number → access code, `nobody` or `later`).

        `second`: the same envelopes keyed by another person; `settle` says who is right (envelope number → first, second, none).
        `bags`: a file of counted bags; without it the sheet *Bags* of the workbook is read, of the first one if there are two.
        `choices`: decisions to be done again, a file as `choices(path)` writes it or a table as a panel makes it.
        """
        envelopes, findings = _no_envelopes() if source is None else _both(read_paper_orders(source))
        other, said = (None, None) if second is None else _both(read_paper_orders(second))
        counted = counted_bags(bags, source, second)
        brought, replayed = self.read_choices(choices, "paper")
        found = [f for f in (findings, said, counted and counted.findings, replayed) if f is not None]
        return plan_paper(
            self.state,
            envelopes,
            second=other,
            settle=dict(settle or {}),
            bags=counted.table if counted else None,
            findings=together(*found),
            match=dict(match or {}),
            choices=brought,
            now=self.studio.clock(),
            who=self.studio.actor,
            why=why,
        )

    def compare_entries(self, first: PathLike, second: PathLike) -> pd.DataFrame:
        """Every field in which two typists differ: `envelope_no`, `field`, `first`, `second`. Shows names: not for the journal."""
        return compare_keyed(read_paper_orders(first).table, read_paper_orders(second).table)

    def paper_workbook(self, path: PathLike, *, lines: int | None = None) -> Path:
        """Write the workbook in which typists key paper orders, made for this job (XLSX); never over one that was filled in."""
        from prepaykit.report.paper_workbook import write_paper_workbook

        return write_paper_workbook(self.state, path, lines=lines)

    def cash_up(self, plan: Plan | None = None) -> pd.DataFrame:
        """What was keyed from each bag, what was counted, what is off; with a plan, as it will be once that is applied."""
        return cash_up(self.state if plan is None else self.state.after(plan))

    def price_check(self, plan: Plan | None = None) -> pd.DataFrame:
        """What is due of each envelope and what was in it; with a plan, as it will be once that is applied."""
        return price_check(self.state if plan is None else self.state.after(plan))

    def draw_cash_up(self, path: PathLike, *, plan: Plan | None = None, sheet: str = "letter") -> Path:
        """Write the cash-up as a PDF to print and sign, each bag on pages of its own."""
        state = self.state if plan is None else self.state.after(plan)
        title = f"{state.job['school']} · {state.name}"
        return draw_cash_up(
            cash_up(state), price_check(state), path, currency=str(state.job["currency"]), title=title, sheet=sheet
        )

    def deposit(self, bags: Iterable[str] = (), *, plan: Plan | None = None) -> Deposit:
        """What of the paper envelopes goes to the bank and what does not, of all bags or only these; with a plan, as it will be."""
        return deposit(self.state if plan is None else self.state.after(plan), bags)

    def draw_deposit_slip(
        self, path: PathLike, bags: Iterable[str] = (), *, plan: Plan | None = None, sheet: str = "letter"
    ) -> Path:
        """Write the deposit slip as a PDF to print, sign and take to the bank."""
        state = self.state if plan is None else self.state.after(plan)
        title = f"{state.job['school']} · {state.name}"
        return draw_deposit_slip(
            deposit(state, bags), path, currency=str(state.job["currency"]), title=title, sheet=sheet
        )

    def cards(self, *, again: bool = False) -> Plan:
        """Plan to mark as printed the cards that are not yet; draw them with `draw_cards(plan, path)`."""
        return plan_cards(self.state, now=self.studio.clock(), again=again)

    def contact_sheets(
        self,
        folder: PathLike,
        *,
        plan: Plan | None = None,
        names: bool = False,
        paper: str = "letter",
        on_progress: Progress | None = None,
    ) -> list[Path]:
        """Write the contact sheets of the job, class by class, as HTML and PDF; of the job as it will be, if a plan is given.

        `names` shows names beside the codes. Thumbnails that are not kept in `thumbs/` yet are made on the way.
        """
        state = self.state if plan is None else self.state.after(plan)
        known = {"thumbs": self.studio.home / THUMBS, "open_bytes": self.studio.open_bytes}
        return write_contact_sheets(state, folder, names=names, paper=paper, on_progress=on_progress, **known)

    def draw_cards(self, plan: Plan, path: PathLike, *, sheet: str = "letter") -> Path:
        """Write the PDF of the cards that the plan names, eight to a sheet, in the order of a cut stack."""
        state = self.state
        subjects = state.subjects[state.subjects["subject_id"].isin(plan.result["subject_ids"])]
        groups = state.groups[state.groups["group_id"].isin(plan.result["group_ids"])]
        return draw_cards(
            subjects, groups, Path(path), sheet=sheet, school=str(state.job["school"]), classes=state.groups
        )

    def photos(
        self,
        sources: PathLike | Iterable[PathLike] = (),
        *,
        shoot_no: int = 1,
        on_progress: Progress | None = None,
        executor: Executor | None = None,
    ) -> Plan:
        """Plan to bring in the frames of folders or zips: cards read, galleries made, doubts as findings.

        Without sources the frames that are there are thought through anew: after a change of `cards_after`, say.
        Thumbnails go to `thumbs` beside the studio, what was read of each file to `cache`: a run that was killed goes on from there,
        and unchanged files are not read again. `executor`: where the work is spread, see `prepaykit.intake.spreading`. `on_progress(done, total)`:
        that of `prepaykit.progress.progress` draws a bar with frames a second and time left.
        """
        state = self.state
        sources = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
        journal = self.studio.home / "cache" / self.name
        read = read_frames([Path(s) for s in sources], known=state.frames, executor=executor, on_progress=on_progress,
                           thumbs=self.studio.home / THUMBS, journal=journal)  # fmt: skip
        # Where a card is expected and none was read, those frames are searched again, and harder.
        places = where_to_look(state, read.table, shoot_no=shoot_no)
        rows = read.table.merge(places[["root", "path"]], on=["root", "path"], validate="1:1")["row"]
        table = read.table
        if len(rows):
            table = with_second_look(table, read_again(table, rows, executor=executor, journal=journal))
        return plan_photos(state, table, findings=read.findings, sources=read.sources, shoot_no=shoot_no)

    def populate(self) -> Plan:
        """Plan to give every slot its picture."""
        return plan_populate(self.state)

    def codes(self, *, choices: Choices | None = None, **corrections: object) -> Plan:
        """Plan to put codes right (`tag`, `relabel`, `order_code`, `bind`, `hide`, `move` of single frames, or `take` proposals by key), name blank
        cards (`name`), and retry those orders.

        `choices`: decisions to be done again, a file as `choices(path)` writes it or a table as a panel makes it.
        """
        brought, said = self.read_choices(choices, "codes")
        return plan_codes(
            self.state, choices=brought, findings=said, who=self.studio.actor, now=self.studio.clock(), **corrections
        )

    def code_causes(self) -> pd.DataFrame:
        """Why populate cannot fill some orders, and what would put each right: see `prepaykit.rules.code_causes`."""
        return code_causes(self.state)

    def place(self, *, accept: Iterable[str] = (), choices: Choices | None = None, why: str = "") -> Plan:
        """Plan to send ready orders on and hold the others in a new collection. `choices`: acceptances to be done again."""
        brought, said = self.read_choices(choices, "place")
        known = {"now": self.studio.clock(), "who": self.studio.actor, "why": why}
        return plan_place(self.state, accept=accept, choices=brought, findings=said, **known)

    def revise(self, *, release: str | Iterable[str] = (), replace: Mapping[int, int] | None = None, crop: Mapping[int, CropLike] | None = None,
               artwork: Mapping[int, PathLike] | None = None, render: bool = False, choices: Choices | None = None, why: str = "",
               on_progress: Progress | None = None) -> Plan:  # fmt: skip
        """Plan to replace frames, crop them, attach artwork files (or render them), and release orders by number or all `"clean"` ones.

        A memory mate that cannot be rendered, because a picture of it is gone, changed or damaged, stays with a finding; the others go on.
        It is rendered with the frames and crops of this very plan. `choices`: frames, crops and releases to be done again.
        """
        state, folder = self.state, self.studio.home / ARTWORK
        brought, said = self.read_choices(choices, "revise")
        drawn_on = frames_to_crop(state, crop or {}, replace or {}, brought)
        known = {"now": self.studio.clock(), "who": self.studio.actor, "why": why, "choices": brought, "findings": said}
        pictures = {**known, "replace": replace, "crop": crop, "turned": turned_frames(state, drawn_on, self.studio.open_bytes)}
        attached = {
            slot: keep_artwork(folder, self.name, read_artwork(Path(path))) for slot, path in (artwork or {}).items()
        }
        shown = state.after(plan_revise(state, **pictures)) if render else state
        made, not_made = render_artwork(shown, folder, self.studio.open_bytes, on_progress) if render else ({}, {})
        return plan_revise(
            state,
            **pictures,
            release=release,
            artwork={**made, **attached},
            not_made={slot: why for slot, why in not_made.items() if slot not in attached},
        )

    def batch(self, number: int | None = None, *, next_deadline: str | None = None) -> Plan:
        """Plan to release a batch by hand, or all that are due by themselves."""
        return plan_batch(self.state, now=self.studio.clock(), number=number, next_deadline=next_deadline)

    def sell(self) -> Plan:
        """Plan to switch from Prepay to Selling."""
        return plan_sell(self.state)

    # --- doing it ----------------------------------------------------------------------------------------------------------

    def apply(self, plan: Plan, *, why: str = "", op_id: str | None = None) -> Receipt:
        """Apply a plan once: one transaction, journaled. Refused if the job has changed since the plan was made."""
        return self.studio.store.apply(plan, actor=self.studio.actor, why=why, op_id=op_id)

    def undo(self, op_no: int | None = None, *, why: str = "") -> Receipt:
        """Take back the last operation, or the one of that number; refused, naming the rows, if they were changed since."""
        return self.studio.store.undo(self.name, op_no, actor=self.studio.actor, why=why)

    # --- looking -----------------------------------------------------------------------------------------------------------

    def steps(self) -> pd.DataFrame:
        """The steps of the job's weeks: which are done, what waits for a person, which is next."""
        return steps(self.state)

    def balance(self) -> pd.DataFrame:
        """The equations of the job, one row each."""
        return balance(self.state)

    def find(self, text: str) -> pd.DataFrame:
        """Orders, people, classes, codes and envelopes in which the text occurs, the deleted too."""
        return find(self.state, text)

    def findings(self, verb: str | None = None) -> pd.DataFrame:
        """What a person should look at now, of one verb or all."""
        rows = self.state.findings
        return rows if verb is None else rows[rows["verb"] == verb].reset_index(drop=True)

    def match_queue(self, plan: Plan | None = None) -> pd.DataFrame:
        """Children whom nobody is certain about, with those they may be, best first: one row a waiting child and candidate, by code.

        With a plan: as it will be once that is applied.
        """
        return match_queue(self._planned(plan))

    def explain(self, number: str = "", plan: Plan | None = None) -> Explained:
        """Why an order or envelope is, or may be, for a child: best and next side by side. It shows names.

        Without a number: the first of the queue. With a plan: as it will be once that is applied.
        """
        from prepaykit.report.explained import Explained  # loads the whole matching

        state = self._planned(plan)
        first = "" if number else "".join(match_queue(state)["number"].head(1))
        wanted = str(number) or first
        return Explained(told_of(state, wanted) if wanted else [])

    def learnt(self) -> pd.DataFrame:
        """What people's decisions taught this job: short forms of names and forms of teachers, each with the choice it comes from."""
        return learnt_from(self.state)

    def choices(self, path: PathLike | None = None) -> pd.DataFrame:
        """What people decided, with who, when and why; with a path also written as CSV, to be brought again with `choices=`."""
        table = choices_table(self.state)
        if path is not None:
            write_csv(table, Path(path), for_excel=False)
        return table

    def albums(self, *, by: str = "group") -> pd.DataFrame:
        """The galleries in the order of the names list, in albums by `group` or `teacher`, each with its frame; siblings in their own."""
        return albums(self.state, by=by)

    def revision_queue(self) -> pd.DataFrame:
        """Slots of orders in manual revision, with what each lacks."""
        return in_revision(self.state)

    def batch_summary(self, number: int) -> pd.DataFrame:
        """Orders, prints and copies by class of a batch, before its release."""
        return batch_summary(self.state, number)

    def history(self) -> pd.DataFrame:
        """Every operation: who, when, what, why, whether it was undone."""
        return self.studio.store.history(self.name)

    def journal(self, op_no: int | None = None) -> pd.DataFrame:
        """Every changed field of one operation, or of all."""
        return self.studio.store.journal(self.name, op_no)

    def panel(self, name: str, ask: Callable[..., Plan] | None = None, *, choices: PathLike | None = None) -> Panel:
        """A panel to decide in, or to look in: `paper`, `place`, `revise`, `find`, … (`prepaykit.panels`). In a notebook a widget, in a scheduled run a table; both make plans from choices.

        `ask(choices=…)` makes the plan of the verb: the verb itself if not given, such as `functools.partial(job.paper, "paper.csv")`. `choices` is a file
        of decisions to be done again. Raises UsageError for a panel that is not there.
        """
        from prepaykit.panels.opening import open_panel  # loads the widgets' world

        return open_panel(self, name, ask, file=choices)

    def read_choices(self, source: Choices | None, verb: str) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
        """A file or table of choices, read as this verb takes it: its rows, and what is to be said about them."""
        if source is None:
            return None, None
        if isinstance(source, Read):
            read = take_choices(source.table, verb=verb)
            return read.table, together(source.findings, read.findings)
        if isinstance(source, pd.DataFrame):
            return _both(take_choices(source, verb=verb))
        read = read_choices(source, verb=verb)
        guarded = {
            c: read.table[c].map(unguard, na_action="ignore").astype("str") for c in ("target", "value", "who", "why")
        }
        return read.table.assign(**guarded), read.findings

    # --- inside ---------------------------------------------------------------------------------------------------------------

    def _planned(self, plan: Plan | None) -> JobState:
        """The job as it is, or as it will be once the plan is applied."""
        return self.state if plan is None else self.state.after(plan)


def _in_a_line(state: JobState) -> str:
    return f"job {state.name} ({state.job['status']}): {len(state.subjects)} names, {len(state.frames)} frames, {len(state.orders)} orders"


def _both(read: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    return read.table, read.findings


def _no_envelopes() -> tuple[pd.DataFrame, None]:
    return pd.DataFrame({"envelope_no": pd.Series(dtype="str")}), None
