"""A bar that tells how much is done, how fast it goes and how long it will take; gone when the work is done.

In a terminal it is drawn on stderr, in a notebook as HTML of the browser's own (`<progress>`): nothing from the net, no widget left in the
saved notebook, the same in Voilà. Work that is over in a moment shows none.
"""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

Told = Callable[[int, int], None]
A_MOMENT = 0.3  # seconds
BETWEEN = 0.25  # seconds between two pictures of the bar in a notebook


class PerSecond(ProgressColumn):
    """So many a second, over the last seconds."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: Task) -> Text:
        """The number, or a dash until there is one."""
        return Text(f"{task.speed:.1f} {self.unit}/s" if task.speed else f"– {self.unit}/s")


@contextmanager
def progress(what: str, unit: str = "frames", *, console: Console | None = None) -> Iterator[Told]:
    """A bar for as long as the block runs, in a notebook too; gives the function to be called with (done, total).

    >>> with progress("reading", console=Console(quiet=True)) as told:
    ...     told(1, 2)
    """
    if console is None and Console().is_jupyter:
        with _in_a_notebook(what, unit) as told:
            yield told
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        PerSecond(unit),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console or Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def _in_a_notebook(what: str, unit: str) -> Iterator[Told]:
    from IPython.display import DisplayHandle

    shown, begun = DisplayHandle(), time.monotonic()
    last = 0.0

    def told(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - begun < A_MOMENT or now - last < BETWEEN:
            return
        draw = shown.update if last else shown.display
        draw(_drawn(what, unit, done, total, now - begun), raw=True)
        last = now

    try:
        yield told
    finally:
        if last:
            shown.update({"text/plain": "", "text/html": ""}, raw=True)


def _drawn(what: str, unit: str, done: int, total: int, seconds: float) -> dict[str, str]:
    """The bar as text and as HTML. Speed and time left are over the whole run so far.

    >>> _drawn("reading", "frames", 50, 200, 10.0)["text/plain"]
    'reading: 50 of 200 frames, 5.0 frames/s, 0:30 left'
    """
    speed = done / seconds if seconds else 0.0
    minutes, rest = divmod(round((total - done) / speed), 60) if speed else (0, 0)
    left = f", {speed:.1f} {unit}/s, {minutes}:{rest:02d} left" if speed else ""
    words = f"{what}: {done:,} of {total:,} {unit}{left}"
    bar = f'<progress value="{done}" max="{max(total, 1)}" aria-label="{html.escape(what)}" style="width:16em"></progress>'
    return {"text/plain": words, "text/html": f'<div class="prepaykit-progress">{bar} {html.escape(words)}</div>'}
