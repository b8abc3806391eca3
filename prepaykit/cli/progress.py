"""A bar on stderr that tells how many frames are done, how many a second, and how long it will take; gone when it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


class PerSecond(ProgressColumn):
    """Frames a second, over the last seconds."""

    def render(self, task: Task) -> Text:
        """The number, or a dash until there is one."""
        return Text(f"{task.speed:.1f} frames/s" if task.speed else "– frames/s")


@contextmanager
def frames_per_second(what: str, *, console: Console | None = None) -> Iterator[Callable[[int, int], None]]:
    """A bar for as long as the block runs, in a notebook too; gives the function to be called with (done, total).

    >>> with frames_per_second("reading", console=Console(quiet=True)) as told:
    ...     told(1, 2)
    """
    here = Console()
    console = console or (here if here.is_jupyter else Console(stderr=True))
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        PerSecond(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
