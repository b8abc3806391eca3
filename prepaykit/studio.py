"""The front door for a person: a studio, its jobs, and the verbs as methods.

    from prepaykit import Studio
    job = Studio.open("studio.db").job("plainview-fall-2026")
    plan = job.populate()               # nothing has changed yet
    plan                                # a summary, the findings, the rows that would change
    job.apply(plan, why="first pass")   # one transaction, journaled; job.undo() takes it back

This is one of the few places where files, the clock, decisions and the store meet: a method reads what a verb needs, calls
the pure decision, and hands back its Plan. It decides nothing itself. Beside the store lie the studio's folders: `artwork/`
(finished memory mates), `thumbs/` (small pictures, made again if deleted), `lab/` (packages sent), `mail/` (merge files), `reports/`.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import secrets
import tomllib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from prepaykit.adapters.composer import compose_memory_mate
from prepaykit.adapters.durable import disk_errors
from prepaykit.adapters.lab.folder import write_package
from prepaykit.adapters.lab.jpeg import without_metadata
from prepaykit.adapters.mail_merge import write_merge_file
from prepaykit.decide.batch import batch_summary, plan_batch
from prepaykit.decide.cancel import plan_cancel
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
from prepaykit.errors import NeighbourFailed, Refused, UsageError
from prepaykit.intake.bag_counts import counted_bags
from prepaykit.intake.choices_file import read_choices
from prepaykit.intake.frames import read_again, read_frames
from prepaykit.intake.names_list import read_names
from prepaykit.intake.online_orders import read_orders
from prepaykit.intake.paper_orders import read_paper_orders
from prepaykit.intake.price_list import read_prices
from prepaykit.intake.sources import open_bytes
from prepaykit.ledger.outbox import drain
from prepaykit.ledger.store import Receipt, Store
from prepaykit.report.cards import draw_cards
from prepaykit.report.cash_up import draw_cash_up
from prepaykit.report.contact_sheets import write_contact_sheets
from prepaykit.report.export import unguard, write_csv, write_whole
from prepaykit.rules.albums import albums
from prepaykit.rules.balance import balance
from prepaykit.rules.cash_up import cash_up, price_check
from prepaykit.rules.choosing import choices_table
from prepaykit.rules.code_causes import code_causes
from prepaykit.rules.learnt import learnt_from
from prepaykit.rules.names_update import names_changes
from prepaykit.rules.search import find, worklist
from prepaykit.rules.told import told_of
from prepaykit.rules.weighed import match_queue
from prepaykit.tables.catalog import columns_of
from prepaykit.tables.findings import together
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState

if TYPE_CHECKING:
    from prepaykit.report.explained import Explained

ARTWORK, THUMBS = "artwork", "thumbs"
Progress = Callable[[int, int], None]
PathLike = str | os.PathLike


def utc_now() -> pd.Timestamp:
    """This moment, as the store keeps moments."""
    return pd.Timestamp.now("UTC").floor("us")


def find_studio() -> str:
    """Where the studio is if nobody says so: `PREPAYKIT_STUDIO`, else `studio.db` here or in a folder above."""
    named = os.environ.get("PREPAYKIT_STUDIO")
    if named:
        return named
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "studio.db").exists():
            return str(folder / "studio.db")
    raise UsageError(
        "no studio here: name one (--studio studio.db, or PREPAYKIT_STUDIO), or make a job with: prepaykit new FOLDER"
    )


class Studio:
    """A store with its folders. Open it, pick a job, close it (or use it as a context)."""

    def __init__(self, store: Store, home: Path, actor: str, clock: Callable[[], pd.Timestamp]) -> None:
        self.store, self.home, self.actor, self.clock = store, home, actor, clock

    @classmethod
    def open(cls, target: PathLike | None = None, *, home: PathLike | None = None, actor: str | None = None,
             clock: Callable[[], pd.Timestamp] = utc_now) -> Studio:  # fmt: skip
        """Open a studio: a SQLite file (made if it is not there), or a `postgresql://` address.

        `home` holds the studio's folders: beside the file if not given. `actor` is who the journal will name.
        """
        place = str(target) if target is not None else find_studio()
        is_server = "://" in place
        folder = Path(home) if home is not None else (Path.cwd() if is_server else Path(place).resolve().parent)
        who = actor or os.environ.get("PREPAYKIT_ACTOR") or getpass.getuser()
        return cls(Store.open(place, clock=clock), folder, who, clock)

    def close(self) -> None:
        """Give the store back."""
        self.store.close()

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"studio of {len(self.store.jobs())} jobs, as {self.actor}"

    def jobs(self) -> pd.DataFrame:
        """Every job of the studio, one row each."""
        return self.store.jobs()

    def job(self, name: str | None = None) -> Job:
        """A job by name; without a name the one of `PREPAYKIT_JOB`, else the only one there is."""
        name = name or os.environ.get("PREPAYKIT_JOB")
        names = list(self.store.jobs()["name"])
        if name is None and len(names) == 1:
            name = names[0]
        if name not in names:
            wanted = "several jobs here, name one" if name is None else f"no job {name} here"
            raise UsageError(f"{wanted}; there are: {', '.join(names) or 'none'}")
        return Job(self, str(name))

    def new(self, settings: Mapping[str, object] | PathLike, *, why: str = "") -> Job:
        """Make a job from settings, or from a `job.toml` (or the folder that holds one)."""
        if not isinstance(settings, Mapping):
            settings = read_job_file(Path(settings))
        return Job(self, self.store.add_job(settings, actor=self.actor, why=why))

    def send(self) -> pd.DataFrame:
        """Send what waits in the outbox, each thing once: `key`, `kind`, `state`, `receipt` or `error`."""
        adapters = {
            "lab_package": lambda payload, key: write_package(
                payload, key, out_dir=self.home / "lab", open_bytes=self.open_bytes
            ),
            "mail_merge": lambda payload, key: write_merge_file(payload, key, out_dir=self.home / "mail"),
        }
        return drain(self.store, adapters, now=self.clock())

    def open_bytes(self, root: str, path: str) -> bytes:
        """The bytes of a frame, or of a finished artwork (root `artwork`)."""
        return open_bytes(str(self.home / ARTWORK) if root == ARTWORK else root, path)


class Job:
    """One job of a studio. Each verb gives a Plan and changes nothing; `apply` does."""

    def __init__(self, studio: Studio, name: str) -> None:
        self.studio, self.name = studio, name

    def __repr__(self) -> str:
        state = self.state
        return f"job {self.name} ({state.job['status']}): {len(state.subjects)} names, {len(state.frames)} frames, {len(state.orders)} orders"

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
              bags: PathLike | None = None, match: Mapping[str, str] | None = None, choices: PathLike | None = None, why: str = "") -> Plan:  # fmt: skip
        """Plan to bring in paper orders, or to match envelopes by hand (envelope number → access code, `nobody` or `later`).

        `second`: the same envelopes keyed by another person; `settle` says who is right (envelope number → first, second, none).
        `bags`: a file of counted bags; without it the sheet *Bags* of the workbook is read, of the first one if there are two.
        `choices`: a file of decisions to be done again, as `choices(path)` writes it.
        """
        envelopes, findings = _no_envelopes() if source is None else _both(read_paper_orders(source))
        other, said = (None, None) if second is None else _both(read_paper_orders(second))
        counted = counted_bags(bags, source, second)
        brought, replayed = self._choices_of(choices, "paper")
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

    def cards(self, *, again: bool = False) -> Plan:
        """Plan to mark as printed the cards that are not yet; draw them with `draw_cards(plan, path)`."""
        return plan_cards(self.state, now=self.studio.clock(), again=again)

    def contact_sheets(
        self, folder: PathLike, *, plan: Plan | None = None, names: bool = False, paper: str = "letter"
    ) -> list[Path]:
        """Write the contact sheets of the job, class by class, as HTML and PDF; of the job as it will be, if a plan is given.

        `names` shows names beside the codes. Thumbnails that are not kept in `thumbs/` yet are made on the way.
        """
        state = self.state if plan is None else self.state.after(plan)
        thumbs = self.studio.home / THUMBS
        return write_contact_sheets(
            state, folder, thumbs=thumbs, open_bytes=self.studio.open_bytes, names=names, paper=paper
        )

    def draw_cards(self, plan: Plan, path: PathLike, *, sheet: str = "letter") -> Path:
        """Write the PDF of the cards that the plan names, eight to a sheet, in the order of a cut stack."""
        state = self.state
        subjects = state.subjects[state.subjects["subject_id"].isin(plan.result["subject_ids"])]
        groups = state.groups[state.groups["group_id"].isin(plan.result["group_ids"])]
        return draw_cards(
            subjects, groups, Path(path), sheet=sheet, school=str(state.job["school"]), classes=state.groups
        )

    def photos(
        self, sources: PathLike | Iterable[PathLike] = (), *, shoot_no: int = 1, on_progress: Progress | None = None,
        executor: Executor | None = None,
    ) -> Plan:
        """Plan to bring in the frames of folders or zips: cards read, galleries made, doubts as findings.

        Without sources the frames that are there are thought through anew: after a change of `cards_after`, say.
        Thumbnails go to `thumbs` beside the studio, what was read of each file to `cache`: a run that was killed goes on from there,
        and unchanged files are not read again. `executor`: where the work is spread, see `prepaykit.intake.spreading`. `on_progress(done, total)`:
        that of `prepaykit.cli.progress.frames_per_second` draws a bar with frames a second and time left.
        """
        state = self.state
        sources = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
        journal = self.studio.home / "cache" / self.name
        read = read_frames([Path(s) for s in sources], known=state.frames, executor=executor, on_progress=on_progress,
                           thumbs=self.studio.home / THUMBS, journal=journal)  # fmt: skip
        # Where a card is expected and none was read, those frames are searched again, and harder.
        places = where_to_look(state, read.table, shoot_no=shoot_no)
        rows = read.table.merge(places[["root", "path"]], on=["root", "path"], validate="1:1")["row"]
        table = (
            with_second_look(read.table, read_again(read.table, rows, executor=executor, journal=journal))
            if len(rows)
            else read.table
        )
        return plan_photos(state, table, findings=read.findings, sources=read.sources, shoot_no=shoot_no)

    def populate(self) -> Plan:
        """Plan to give every slot its picture."""
        return plan_populate(self.state)

    def codes(self, *, choices: PathLike | None = None, **corrections: object) -> Plan:
        """Plan to put codes right (`tag`, `relabel`, `order_code`, `bind`, `hide`, or `take` proposals by key), name blank cards (`name`), and
        retry those orders.

        `choices` is a file of decisions to be done again, as `choices(path)` writes it.
        """
        brought, said = self._choices_of(choices, "codes")
        return plan_codes(
            self.state, choices=brought, findings=said, who=self.studio.actor, now=self.studio.clock(), **corrections
        )

    def code_causes(self) -> pd.DataFrame:
        """Why populate cannot fill some orders, and what would put each right: see `prepaykit.rules.code_causes`."""
        return code_causes(self.state)

    def place(self, *, accept: Iterable[str] = ()) -> Plan:
        """Plan to send ready orders on and hold the others in a new collection."""
        return plan_place(self.state, now=self.studio.clock(), accept=accept)

    def revise(self, *, release: str | Iterable[str] = (), replace: Mapping[int, int] | None = None,
               artwork: Mapping[int, PathLike] | None = None, render: bool = False) -> Plan:  # fmt: skip
        """Plan to replace frames, attach artwork files (or render them), and release orders by number or all `"clean"` ones.

        A memory mate that cannot be rendered, because a picture of it is gone, changed or damaged, stays with a finding; the others go on.
        """
        state = self.state
        attached = {slot: self._keep_artwork(_read_artwork(Path(path))) for slot, path in (artwork or {}).items()}
        made, not_made = self._render(state) if render else ({}, {})
        return plan_revise(
            state,
            now=self.studio.clock(),
            release=release,
            replace=replace,
            artwork={**made, **attached},
            not_made={slot: why for slot, why in not_made.items() if slot not in attached},
        )

    def batch(self, number: int | None = None, *, next_deadline: str | None = None) -> Plan:
        """Plan to release a batch by hand, or all that are due by themselves."""
        return plan_batch(self.state, now=self.studio.clock(), number=number, next_deadline=next_deadline)

    def sell(self) -> Plan:
        """Plan to switch from Prepay to Selling."""
        return plan_sell(self.state)

    def cancel(self, order_nos: str | Iterable[str], *, why: str) -> Plan:
        """Plan to delete orders from the collection; refund and fee stay on the worklist."""
        numbers = [order_nos] if isinstance(order_nos, str) else order_nos
        return plan_cancel(self.state, numbers, now=self.studio.clock(), why=why)

    # --- doing it ----------------------------------------------------------------------------------------------------------

    def apply(self, plan: Plan, *, why: str = "", op_id: str | None = None) -> Receipt:
        """Apply a plan once: one transaction, journaled. Refused if the job has changed since the plan was made."""
        return self.studio.store.apply(plan, actor=self.studio.actor, why=why, op_id=op_id)

    def undo(self, op_no: int | None = None, *, why: str = "") -> Receipt:
        """Take back the last operation, or the one of that number; refused, naming the rows, if they were changed since."""
        return self.studio.store.undo(self.name, op_no, actor=self.studio.actor, why=why)

    # --- looking -----------------------------------------------------------------------------------------------------------

    def balance(self) -> pd.DataFrame:
        """The equations of the job, one row each."""
        return balance(self.state)

    def find(self, text: str) -> pd.DataFrame:
        """Orders, people and envelopes in which the text occurs, the deleted too."""
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

    def worklist(self) -> pd.DataFrame:
        """Refunds and service fees still to be dealt with."""
        return worklist(self.state)

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

    # --- inside ---------------------------------------------------------------------------------------------------------------

    def _planned(self, plan: Plan | None) -> JobState:
        """The job as it is, or as it will be once the plan is applied."""
        return self.state if plan is None else self.state.after(plan)

    def _choices_of(self, source: PathLike | None, verb: str) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
        """A file of choices, read: its rows, and what is to be said about them."""
        if source is None:
            return None, None
        read = read_choices(source, verb=verb)
        guarded = {
            c: read.table[c].map(unguard, na_action="ignore").astype("str") for c in ("target", "value", "who", "why")
        }
        return read.table.assign(**guarded), read.findings

    # --- artwork -----------------------------------------------------------------------------------------------------------

    def _keep_artwork(self, content: bytes) -> tuple[str, str]:
        """Store a finished artwork under its own hash (so nothing is ever overwritten): path below `artwork/`, SHA-256."""
        digest = hashlib.sha256(content).hexdigest()
        path = self.studio.home / ARTWORK / self.name / f"{digest[:32]}.jpg"
        if not path.exists():
            with disk_errors("the artwork could not be kept"):
                write_whole(path, content)
        return f"{self.name}/{path.name}", digest

    def _render(self, state: JobState) -> tuple[dict[int, tuple[str, str]], dict[int, str]]:
        """Compose every memory mate in revision that has both pictures and no artwork yet: slot → artwork, and slot → why not."""
        queue = in_revision(state)
        queue = queue[queue["lacks"] == "artwork"].merge(
            state.frames[["frame_id", "root", "path", "sha256"]], on="frame_id", validate="m:1"
        )
        pairs = queue.pivot(index="mate", columns="hole", values=["slot_id", "root", "path", "sha256"]).dropna()
        done: dict[int, tuple[str, str]] = {}
        not_made: dict[int, str] = {}
        for _, row in pairs.iterrows():
            slot = int(row["slot_id", "mate_individual"])
            try:
                own, group = (
                    self._as_read(row["root", hole], row["path", hole], row["sha256", hole])
                    for hole in ("mate_individual", "mate_group")
                )
                sheet = compose_memory_mate(own, group)
            except (NeighbourFailed, Refused) as error:  # one bad file must not stop the others
                not_made[slot] = str(error)
            else:
                done[slot] = self._keep_artwork(sheet)
        return done, not_made

    def _as_read(self, root: str, path: str, sha256: str) -> bytes:
        """The bytes of a frame, if they are still those that were read: another picture may lie under its name by now."""
        content = self.studio.open_bytes(root, path)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise Refused(f"frame {path} is not the file that was read")
        return content


def _read_artwork(path: Path) -> bytes:
    """A finished artwork as it was handed in; refused now if the lab could not print it, not on the day it is sent."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"artwork {path.name} cannot be read: {error.strerror or type(error).__name__}") from None
    try:
        without_metadata(content, path.name)
    except Exception:  # whatever a decoder says about a hostile file
        raise UsageError(f"artwork {path.name} is not a sound JPEG: export the memory mate as JPEG") from None
    return content


def read_job_file(path: Path) -> dict[str, object]:
    """Settings of a job from its `job.toml`; tables in it (such as `[demo]`) are not settings and are left out."""
    file = path / "job.toml" if path.is_dir() else path
    if not file.exists():
        raise UsageError(f"no {file.name} at {file.parent}: write one with at least name and school")
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file.name} is not TOML: {error}") from None
    except OSError as error:
        raise UsageError(f"{file.name} cannot be read: {error.strerror or type(error).__name__}") from None
    settings = {k: v for k, v in content.items() if not isinstance(v, dict)}
    unknown = sorted(set(settings) - set(columns_of("jobs")))
    if unknown:
        raise UsageError(f"{file.name}: a job has no setting {', '.join(unknown)}")
    return {k: str(v) if not isinstance(v, bool | int) else v for k, v in settings.items()}


def _both(read: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    return read.table, read.findings


def _no_envelopes() -> tuple[pd.DataFrame, None]:
    return pd.DataFrame({"envelope_no": pd.Series(dtype="str")}), None
