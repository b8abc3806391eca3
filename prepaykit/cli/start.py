"""Beginning: the demo, the lab, a new job, and notebooks run without a person."""

import os
from pathlib import Path
from typing import Annotated

import typer

from prepaykit.cli.shell import ACTOR, JOB, STUDIO, command, opened, out, studio_address, talk

PANEL = "Begin"
Studio, JobName, Actor = (p.annotation for p in (STUDIO, JOB, ACTOR))


@command("demo", panel=PANEL, example="prepaykit demo --size small")
def demo(
    folder: Annotated[Path, typer.Argument(help="Where the job is drawn.")] = Path("demo-job"),
    size: Annotated[str, typer.Option(help="tiny, small, medium or large")] = "small",
    seed: Annotated[int, typer.Option(help="The same seed draws the same job.")] = 1,
    again: Annotated[bool, typer.Option("--again", help="Replace a demo job that is there already.")] = False,
) -> None:
    """Draw an invented job, run it from its names list to a released batch, and show what happened."""
    from prepaykit.demo.run import run_demo

    run_demo(folder, size=size, seed=seed, again=again)


@command("lab", panel=PANEL, example="prepaykit lab demo-job --port 8890 --no-browser")
def lab(
    folder: Annotated[Path | None, typer.Argument(help="The folder of the studio.", show_default=False)] = None,
    job: JobName = None,
    directory: Annotated[
        Path | None, typer.Option("--dir", help="Where your notebooks lie.", show_default="notebooks beside the studio")
    ] = None,
    studio: Studio = None,
    app: Annotated[bool, typer.Option("--app", help="Without code: the same notebooks through Voilà.")] = False,
    port: Annotated[
        int | None, typer.Option(help="The port to listen on.", show_default="the first free one", min=1, max=65535)
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
) -> None:
    """Open JupyterLab on the notebooks: a copy of your own, beside the studio. Reached from this machine only."""
    from prepaykit.lab import open_lab

    address = studio_address(str(folder) if folder else studio)
    with opened(address) as place:
        name = place.job(job).name if job else ""
        to = directory or place.home / "notebooks"
    open_lab(address, to, job=name, browser=browser, port=port, app=app)


@command("new", panel=PANEL, example="prepaykit new fall-job --studio studio.db")
def new(
    source: Annotated[Path, typer.Argument(help="A job.toml, or the folder that holds one.", show_default=False)],
    why: Annotated[str, typer.Option("--why", help="The reason, for the journal.")] = "",
    studio: Studio = None,
    actor: Actor = None,
) -> None:
    """Make a job from its job.toml, and the studio too if there is none yet."""
    from prepaykit.studio import Studio as Place

    target = studio or str((source if source.is_dir() else source.parent) / "studio.db")
    with Place.open(target, actor=actor) as place:
        job = place.new(source, why=why)
        out(repr(job))
    talk(f"Made in {target}. Next: prepaykit names NAMES.csv --studio {target}")


@command("run", panel=PANEL, example='prepaykit run populate -p apply=yes -p why="first pass"')
def run(
    notebook: Annotated[str, typer.Argument(help="A verb, a notebook's name, or a path.", show_default=False)],
    parameters: Annotated[
        list[str] | None, typer.Option("-p", "--parameter", metavar="NAME=VALUE", help="A parameter; codes stay text.")
    ] = None,
    to: Annotated[Path, typer.Option("--out", help="Folder for the notebook that was run, and its result.")] = Path(
        "runs"
    ),
    job: JobName = None,
    studio: Studio = None,
) -> None:
    """Run a notebook by papermill, with its parameters checked first."""
    from prepaykit.parameters import pairs
    from prepaykit.runs import named_parameters, run_notebook

    given: dict[str, object] = dict(pairs(parameters or [], what="-p"))
    known = named_parameters(notebook)
    for name, value in (("job", job), ("studio", studio)):
        if value and name in known and name not in given:
            given[name] = value if name == "job" or "://" in value else str(Path(value).resolve())
    if "://" in str(
        given.get("studio", "")
    ):  # an address may hold a password: it goes by the environment, not into a file
        os.environ["PREPAYKIT_STUDIO"] = str(given.pop("studio"))
    result = run_notebook(notebook, given, to)
    out(f"{result.verb or result.notebook} {result.status}: {result.headline or result.error}")
    talk(f"Written: {result.path}")
    if result.exit_code:
        raise typer.Exit(result.exit_code)
