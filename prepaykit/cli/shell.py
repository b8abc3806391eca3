"""What all commands share: the job they open, the options, what they print, how they end.

`@plans` makes a command of a function that gives a Plan: it shows the plan, applies it with `--apply`, and ends with 1 while
findings remain. `@looks` makes one of a function that gives a table. Both add the common options, so a command states its own only.
"""

import inspect
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from prepaykit.errors import PrepaykitError, UsageError

OUR_MISTAKE = 70
KEYWORD = inspect.Parameter.KEYWORD_ONLY


class Commands(TyperGroup):
    """The group of all commands. It turns every error into one plain sentence and the exit code of its class."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take `--debug` wherever it stands."""
        ctx.meta["debug"] = "--debug" in args
        return super().parse_args(ctx, [a for a in args if a != "--debug"])

    def invoke(self, ctx: Any) -> Any:
        """Run the command; errors end it with their own exit code."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except PrepaykitError as error:
            _say_error(str(error), ctx.meta["debug"])
            raise typer.Exit(error.exit_code) from None
        except BrokenPipeError:  # `prepaykit history | head`: the reader has had enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except Exception as error:
            if hasattr(
                error, "show"
            ):  # the command line's own errors (a missing argument) show themselves and end with 2
                raise
            # The message of a foreign error may quote a row, and with it a name: it is for --debug only.
            _say_error(
                f"something unexpected went wrong ({type(error).__name__}); nothing more was done. "
                "Run it again with --debug and report what it prints.",
                ctx.meta["debug"],
            )
            raise typer.Exit(OUR_MISTAKE) from None


def _say_error(text: str, with_traceback: bool) -> None:
    if with_traceback:
        talk(traceback.format_exc())
    talk(f"prepaykit: {text}")


app = typer.Typer(
    name="prepaykit",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Fulfil prepay orders in school photography, and never lose one. Every verb shows what it would do; add --apply to do it.",
    epilog="Start here: prepaykit demo",
)


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Options for every command."""


def main() -> None:
    """Run the command line."""
    app()


# --- talking -----------------------------------------------------------------------------------------------------------


def out(text: str) -> None:
    """Data: to stdout."""
    typer.echo(text)


def talk(text: str) -> None:
    """Talk: to stderr."""
    typer.echo(text, err=True)


def out_table(frame: Any, *, csv: bool, rows: int = 50) -> None:
    """A table to stdout: as CSV, or aligned for reading."""
    from prepaykit.report.export import csv_text
    from prepaykit.report.text import show_table

    typer.echo(csv_text(frame) if csv else show_table(frame, rows=rows), nl=not csv)


# --- options -----------------------------------------------------------------------------------------------------------


def _option(name: str, annotation: object, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, KEYWORD, annotation=annotation, default=default)


STUDIO = _option("studio", Annotated[str | None, typer.Option("--studio", envvar="PREPAYKIT_STUDIO", metavar="FILE|URL", show_envvar=False,
                 help="studio.db or postgresql://…; else PREPAYKIT_STUDIO, else studio.db here or above.")], None)  # fmt: skip
JOB = _option("job", Annotated[str | None, typer.Option("--job", envvar="PREPAYKIT_JOB", show_envvar=False,
              help="Name of the job; not needed if there is one only.")], None)  # fmt: skip
ACTOR = _option("actor", Annotated[str | None, typer.Option("--actor", help="Who the journal names; else PREPAYKIT_ACTOR, else your login.")], None)  # fmt: skip
APPLY = _option("apply", Annotated[bool, typer.Option("--apply", help="Do it. Without this nothing changes.")], False)
WHY = _option("why", Annotated[str, typer.Option("--why", help="The reason, for the journal.")], "")
CSV = _option("csv", Annotated[bool, typer.Option("--csv", help="CSV to stdout (of a verb: its findings).")], False)


def studio_address(studio: str | None) -> str:
    """Where the studio is, as given or found; it must be there: a mistyped path is an error, not a new empty studio."""
    from prepaykit.studio import find_studio

    place = studio or find_studio()
    if "://" in place:
        return place
    file = Path(place) / "studio.db" if Path(place).is_dir() else Path(place)
    if not file.exists():
        raise UsageError(f"no studio at {file}; make a job with: prepaykit new FOLDER")
    return str(file.resolve())


@contextmanager
def opened(studio: str | None, actor: str | None = None) -> Iterator[Any]:
    """The studio, opened; closed at the end."""
    from prepaykit.studio import Studio

    with Studio.open(studio_address(studio), actor=actor) as found:
        yield found


# --- commands ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listed:
    """A command as the README lists it."""

    name: str
    promise: str
    example: str
    panel: str


_LISTED: list[Listed] = []


def listed_commands() -> list[Listed]:
    """Every command in the order of `prepaykit --help`: name, its promise (first line), an example, its panel."""
    return list(_LISTED)


def command(name: str, *, panel: str, example: str) -> Callable[[Callable], Callable]:
    """Register a function as a command, with its example in the help."""

    def register(function: Callable) -> Callable:
        promise = (inspect.getdoc(function) or "").split("\n")[0]
        _LISTED.append(Listed(name, promise, example, panel))
        app.command(name, rich_help_panel=panel, epilog=f"Example: {example}")(function)
        return function

    return register


@dataclass(frozen=True)
class Looked:
    """What a verb shows when nothing was asked of it: a table (for `--csv`), the same as text, and what to do next."""

    table: Any
    text: str
    next_move: str

    def end(self, *, csv: bool) -> None:
        """Print it; end with 1 if there is anything to do."""
        (talk if csv else out)(self.text)
        if csv:
            out_table(self.table, csv=True)
        talk(self.next_move)
        if len(self.table):
            raise typer.Exit(1)


def plans(name: str, *, panel: str, example: str) -> Callable[[Callable], Callable]:
    """Make a command of `function(job, …) -> Plan`, or → (Plan, what to do just before it is applied, a table or text of what it
    would change), or → Looked, or → None: it only looked.

    A function that asks for `why`, `csv` or `apply` is given what the common options say.
    """

    def register(function: Callable) -> Callable:
        own = list(inspect.signature(function).parameters.values())[1:]
        common = {p.name for p in own} & {"why", "csv", "apply"}

        def run(
            *, studio: str | None, job: str | None, actor: str | None, apply: bool, why: str, csv: bool, **choices: Any
        ) -> None:
            with opened(studio, actor) as place:
                this_job = place.job(job)
                said = {"why": why, "csv": csv, "apply": apply}
                planned = function(this_job, **choices, **{name: said[name] for name in common})
                if planned is None:
                    return
                if isinstance(planned, Looked):
                    planned.end(csv=csv)
                    return
                plan, first, preview = (
                    (*planned, None, None)[:3] if isinstance(planned, tuple) else (planned, None, None)
                )
                settle(this_job, plan, apply=apply, why=why, csv=csv, first=first, preview=preview)

        _dress(run, function, [*(p for p in own if p.name not in common), APPLY, WHY, JOB, STUDIO, ACTOR, CSV])
        return command(name, panel=panel, example=example)(run)

    return register


def looks(name: str, *, panel: str, example: str) -> Callable[[Callable], Callable]:
    """Make a command of `function(job, …) -> table`, which it prints."""

    def register(function: Callable) -> Callable:
        own = list(inspect.signature(function).parameters.values())[1:]

        def run(*, studio: str | None, job: str | None, csv: bool, **choices: Any) -> None:
            with opened(studio) as place:
                out_table(function(place.job(job), **choices), csv=csv)

        _dress(run, function, [*own, JOB, STUDIO, CSV])
        return command(name, panel=panel, example=example)(run)

    return register


def _dress(run: Callable, function: Callable, parameters: list[inspect.Parameter]) -> None:
    """Give the command the words of its function, and a signature of keywords (then their order is free)."""
    run.__name__, run.__doc__ = function.__name__, function.__doc__
    run.__signature__ = inspect.Signature([p.replace(kind=KEYWORD) for p in parameters])
    run.__annotations__ = {p.name: p.annotation for p in parameters}


# --- a plan, shown and applied ---------------------------------------------------------------------------------------------

MONEY_MOVES = ("orders", "paper", "place", "batch", "cancel", "refund_evidence", "payments")
NEXT = {
    "settings": "prepaykit names NAMES.csv",
    "names": "prepaykit prices PRICES.csv",
    "prices": "prepaykit orders ORDERS.csv",
    "orders": "prepaykit paper PAPER_ORDERS.csv, or prepaykit cards CARDS.pdf",
    "paper": "prepaykit cards CARDS.pdf",
    "cards": "print, cut, picture day; then: prepaykit photos FOLDER",
    "photos": "prepaykit populate",
    "populate": "prepaykit place; or first what the findings say (prepaykit codes)",
    "codes": "prepaykit place",
    "place": "prepaykit revise --render --release clean, if orders are in revision; else prepaykit batch NUMBER",
    "revise": "prepaykit batch NUMBER",
    "batch": "prepaykit send",
    "sell": "prepaykit send",
    "cancel": "claim the service fee, refund the parent: prepaykit balance --todo",
    "payments": "what the findings say; prepaykit balance --todo",
    "fees": "prepaykit fees",
    "refund": "prepaykit send --apply, or what the findings say",
    "refund_evidence": "prepaykit balance --todo",
}


def settle(
    job: Any,
    plan: Any,
    *,
    apply: bool,
    why: str,
    csv: bool = False,
    first: Callable[[], object] | None = None,
    preview: Any = None,
) -> None:
    """Show a plan; apply it if asked; end with 1 while findings remain."""
    from prepaykit.report.text import show_plan, show_table

    after = job.state.after(plan) if plan.verb in MONEY_MOVES else None
    say = talk if csv else out
    say(show_plan(plan) + (f"\n{_money(after)}" if after is not None else ""))
    if preview is not None and len(preview):
        say("\n" + (preview if isinstance(preview, str) else show_table(preview, rows=60, title="What would change")))
    if csv:
        out_table(plan.findings, csv=True)
    if plan.is_empty:
        talk(f"Nothing to do. Next: {NEXT[plan.verb]}")
    elif not apply:
        talk("Dry run: nothing has changed. Next: the same command with --apply")
    else:
        if first is not None:
            talk(f"wrote {first()}")
        back = "It is not undone." if plan.result.get("is_final") else "To take it back: prepaykit undo"
        talk(f"Done: {job.apply(plan, why=why)!r}. {back}\nNext: {NEXT[plan.verb]}")
    if remain(plan.findings):
        raise typer.Exit(1)


def remain(findings: Any) -> bool:
    """Is there anything that a person must look at? A note is for the record only."""
    return bool(findings["severity"].isin(["error", "warn"]).any())


def _money(state: Any) -> str:
    from prepaykit.rules.balance import balance

    rows = balance(state).set_index("equation")
    return f"money: {rows.loc['money', 'sentence']}"
