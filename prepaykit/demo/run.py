"""Run the demo: draw a job, then take it through every verb by its notebooks, as an operator would.

What a careful operator would do is done: suggestions that a look at the pictures confirms are taken, clean orders are released. Whatever
is unsure stays a finding, so that there is something left to try by hand. At the end every picture is held against what was drawn.
"""

from __future__ import annotations

import os
import shutil
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from prepaykit import errors
from prepaykit.demo.draw import draw_job
from prepaykit.demo.truth import looked_at, wrong_pictures
from prepaykit.errors import PrepaykitError, Refused
from prepaykit.report.text import show_balance
from prepaykit.rules.steps import NOTEBOOKS
from prepaykit.runs import RunResult, run_notebook
from prepaykit.studio import Job, Studio
from prepaykit.warm_kernel import WarmKernel

MADE = ("job.toml", "names.csv", "prices.csv", "orders.csv", "paper_orders.csv", "photos", "retake", "truth", "cards.pdf", "studio.db",
        "studio.db-wal", "studio.db-shm", "artwork", "lab", "mail", "reports", "runs", "thumbs", "sheets", ".drawing")  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One notebook to run: its verb, its parameters, and what it is for in a few words."""

    verb: str
    purpose: str
    parameters: Mapping[str, object]


def run_demo(
    folder: str | os.PathLike,
    *,
    size: str = "small",
    seed: int = 1,
    again: bool = False,
    console: Console | None = None,
) -> Path:
    """Draw a job into a folder and run it to its end; gives back the path of its report.

    Raises Refused for a folder with other things in it, and the error of the verb if one does not go through.
    """
    folder, console = Path(folder).resolve(), console or Console(stderr=True, highlight=False, soft_wrap=True)
    started = time.monotonic()
    _make_room(folder, again=again)
    _draw(folder, size, seed, console)
    with _as_demo(folder / "studio.db"), Studio.open(folder / "studio.db") as studio, WarmKernel() as warm:
        job = studio.new(folder, why="demo")
        job.apply(job.settings(status="prepay"), why="demo: open for prepaid orders")
        console.print(
            f"\nJob {job.name}, every verb through its notebook, as actor 'demo' (executed notebooks: {folder.name}/runs)\n"
        )
        _run_all(job, folder, warm, console)
        _print_end(job, folder, time.monotonic() - started, console)
        return folder / "reports" / f"{job.name}.html"


# --- the folder ------------------------------------------------------------------------------------------------------------


def _make_room(folder: Path, *, again: bool) -> None:
    there = sorted(p.name for p in folder.iterdir()) if folder.exists() else []
    if not there or there == [".drawing"]:
        return
    if not _is_demo(folder):
        raise Refused(f"{folder} is not empty and no demo job: give a new folder, such as: prepaykit demo my-demo")
    if not again:
        raise Refused(
            f"{folder} holds a demo job already: look at it with `prepaykit lab {folder.name}`, or draw it anew with --again"
        )
    for name in MADE:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _is_demo(folder: Path) -> bool:
    try:
        return "demo" in tomllib.loads((folder / "job.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def _draw(folder: Path, size: str, seed: int, console: Console) -> None:
    """Draw beside, then move in: an interrupted drawing leaves nothing that looks like a job."""
    beside = folder / ".drawing"
    shutil.rmtree(beside, ignore_errors=True)
    beside.parent.mkdir(parents=True, exist_ok=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
    )
    started = time.monotonic()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(f"Drawing a {size} job", total=None, speed="")

        def show(done: int, total: int) -> None:
            speed = done / max(time.monotonic() - started, 0.001)
            bar.update(task, completed=done, total=total, speed=f"{speed:.0f} frames/s")

        draw_job(beside, size=size, seed=seed, on_progress=show)
    for path in beside.iterdir():
        path.rename(folder / path.name)
    beside.rmdir()
    frames = sum(1 for p in folder.rglob("*.JPG"))
    seconds = time.monotonic() - started
    console.print(
        f"Drew a {size} job, all invented, into {folder.name}: {frames:,} frames in {seconds:.0f} s ({frames / seconds:.0f} frames/s)"
    )


@contextmanager
def _as_demo(studio: Path) -> Iterator[None]:
    """The environment of the notebooks: which studio, and who the journal names."""
    wanted = {"PREPAYKIT_STUDIO": str(studio), "PREPAYKIT_ACTOR": "demo"}
    hidden = [*wanted, "PREPAYKIT_JOB"]
    before = {name: os.environ.pop(name) for name in hidden if name in os.environ}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name in wanted:
            os.environ.pop(name, None)
        os.environ.update(before)


# --- the steps -------------------------------------------------------------------------------------------------------------


def _steps(job: Job, folder: Path, demo: Mapping[str, int]) -> Iterator[Step]:
    """The weeks of the job. Made one by one: what comes next depends on how the job stands."""
    yield Step("names", "the school's list", {"seed": demo["seed"], "blanks": demo["blanks"]})
    yield Step("prices", "packages and products", {})
    yield Step("orders", "the shop's export", {})
    yield Step("paper", "envelopes", {})
    yield Step("cards", "QR cards to print", {})
    yield Step("photos", "picture day", {})
    yield from _to_the_lab(job, folder, "")
    yield Step("photos", "retake day", {"folders": "retake", "shoot_no": 2})
    yield from _to_the_lab(job, folder, " after the retake")
    yield Step("sell", "open to all parents", {"send": True})
    for order_no, reason in _to_cancel(job)[:1]:
        yield Step("cancel", reason, {"orders": order_no})
    yield Step("report", "how the job stands", {})
    yield Step("reconcile", "every cent of the season", {})


def _to_the_lab(job: Job, folder: Path, when: str) -> Iterator[Step]:
    yield Step("populate", f"pictures into slots{when}", {})
    seen = {
        name: " ".join(f"{a}={b}" for a, b in found.items()) for name, found in looked_at(job.state, folder).items()
    }
    yield Step("codes", f"suggestions that a look at the pictures confirms{when}", seen)
    yield Step("place", f"ready orders go on{when}", {})
    if not when or (job.state.orders["status"] == "in_revision").any():
        yield Step("revise", f"memory mates composed{when}", {"render": True, "release": "clean"})
    for number in _open_batches(job, "school"):
        yield Step("batch", f"to the school{when}", {"number": number, "send": True})
    if _open_batches(job, "direct"):
        yield Step("batch", f"direct to homes{when}", {"send": True})


def _to_cancel(job: Job) -> list[tuple[str, str]]:
    """Orders still waiting at the end, with why: first those for a child who opted out (the finding's advice), then those without pictures."""
    state = job.state
    slots = state.findings.loc[state.findings["code"] == "opted_out", "key"]
    opted_out = state.slots.loc[state.slots["slot_id"].astype("str").isin(slots), "order_id"]
    held = state.orders[state.orders["status"] == "held"].sort_values("order_no")
    first, others = held[held["order_id"].isin(opted_out)], held[~held["order_id"].isin(opted_out)]
    return [(n, "pictures that must not be sold") for n in first["order_no"]] + [
        (n, "a child who never came") for n in others["order_no"]
    ]


def _open_batches(job: Job, kind: str) -> list[int]:
    state = job.state
    filled = state.batches["batch_id"].isin(state.orders["batch_id"].dropna())
    rows = state.batches[(state.batches["status"] == "open") & (state.batches["kind"] == kind) & filled]
    return [int(n) for n in rows["batch_id"]]


def _run_all(job: Job, folder: Path, warm: WarmKernel, console: Console) -> None:
    demo = tomllib.loads((folder / "job.toml").read_text(encoding="utf-8"))["demo"]
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=21)
        for number, step in enumerate(_steps(job, folder, demo), start=1):
            bar.update(task, description=f"{NOTEBOOKS[step.verb]}: {step.purpose}")
            given = (
                dict(step.parameters)
                if step.verb in ("report", "reconcile")
                else {**step.parameters, "apply": True, "why": f"demo: {step.purpose}"}
            )
            began = time.monotonic()
            out = folder / "runs" / f"{number:02d}_{NOTEBOOKS[step.verb]}.ipynb"
            result = run_notebook(step.verb, given, out, warm=warm, cwd=folder)
            bar.advance(task)
            bar.console.print(_line(step, result, time.monotonic() - began))
            _require_done(step, result)


def _line(step: Step, result: RunResult, seconds: float) -> str:
    look = sum(result.findings.get(severity, 0) for severity in ("error", "warn"))
    what = result.headline or result.error or step.purpose
    more = f" [yellow]· {look} to look at[/yellow]" if look else ""
    sign = "[green]✓[/green]" if result.status == "succeeded" else "[red]✗[/red]"
    return f"{sign} [bold]{NOTEBOOKS[step.verb]:<20}[/bold] {escape(what)}{more} [dim]{seconds:.1f} s[/dim]"


def _require_done(step: Step, result: RunResult) -> None:
    if result.status == "succeeded":
        return
    kinds = {k.exit_code: k for k in (errors.UsageError, errors.Refused, errors.NeighbourFailed)}
    raise kinds.get(result.exit_code, PrepaykitError)(
        f"the demo stopped at {step.verb}: {result.error} ({result.path})"
    )


def _print_end(job: Job, folder: Path, seconds: float, console: Console) -> None:
    here = Path(os.path.relpath(folder))
    state = job.state
    wrong, pictures = len(wrong_pictures(state, folder)), int(state.slots["frame_id"].notna().sum())
    left = int(job.findings()["severity"].isin(["error", "warn"]).sum())
    print(f"\n{show_balance(job.balance())}")
    print(f"Held against what was drawn: {pictures:,} pictures in slots, {wrong} of another child.")
    console.print(
        f"\n{left} findings are left for a person, {len(job.worklist())} refunds and fees to close. All in {seconds:.0f} s."
    )
    print(f"Report: {here / 'reports' / f'{job.name}.html'}")
    print(f"Every cent: {here / 'reports' / 'reconciliation' / 'reconciliation.xlsx'}")
    console.print(
        f"Next, look for yourself:\n  prepaykit lab {here}\n  prepaykit balance --studio {here}", markup=False
    )
