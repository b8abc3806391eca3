"""Draw a whole invented job: the files that people bring, the folders of picture day, and what really happened."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import groupby
from pathlib import Path

from prepaykit.demo.pictures import Job, Sitter, draw_files
from prepaykit.demo.shoot import Shot
from prepaykit.demo.tables import Invented, draw_tables, invent, write_tables
from prepaykit.errors import Refused

__all__ = ["draw_job", "draw_tables"]


def draw_job(
    folder: str | Path,
    *,
    size: str = "small",
    seed: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
    workers: int | None = None,
) -> Path:
    """Draw a school job into an empty folder, ready for the verbs; gives the folder back.

    `job.toml` (settings, and `[demo]` with the seed and the number of blank cards that the names verb must be given), `names.csv`,
    `prices.csv`, `orders.csv`, `paper_orders.csv`, `photos/` (picture day, one folder a memory card), `retake/` (retake day) and `truth/`:
    `frames.csv` (file → who is truly in it), `orders.csv` (order → the children meant), `faults.csv` (which mistakes were planted, where).
    `size`: small (120 children), medium (600), large (2,400), or tiny (24, for tests). `on_progress(done, total)` counts pictures.
    Raises Refused when the folder has anything in it.
    """
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()):
        raise Refused(f"{folder} is not empty; give a new folder to draw the demo into")
    invented = invent(size, seed)
    write_tables(invented, folder)
    sittings = list(_sittings(invented, folder))
    done, total = 0, len(invented.day.shots)
    for count in _drawn(sittings, workers or min(os.cpu_count() or 1, 8)):
        done += count
        if on_progress is not None:
            on_progress(done, total)
    return folder


def _drawn(sittings: list[Job], workers: int) -> Iterator[int]:
    if workers == 1:
        yield from map(draw_files, sittings)
        return
    # Started anew rather than forked: a fork of a process with threads (a notebook's kernel) can hang.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for future in as_completed([pool.submit(draw_files, job) for job in sittings]):
            yield future.result()


def _sittings(invented: Invented, folder: Path) -> Iterator[Job]:
    """Shots of the same people, one after the other, go to one worker, which then paints their faces once."""
    school = invented.school
    sitters = {p.key: Sitter(p.key, p.family, p.name, p.kind == "staff") for p in school.everybody}
    group_names = {c.key: c.name for c in school.classes}
    teachers = {c.key: next((t.key for t in school.staff if t.last == c.teacher), None) for c in school.classes}
    for _, group in groupby(invented.day.shots, key=lambda s: (s.camera, s.root, s.keys or s.class_key)):
        shots = tuple(group)
        wanted = {k for s in shots for k in s.keys} | {teachers.get(s.class_key) for s in shots if s.kind == "group"}
        yield Job(str(folder), invented.seed, shots, {k: v for k, v in sitters.items() if k in wanted}, group_names)


def sitting_of(invented: Invented, folder: Path, shot: Shot) -> Job:
    """The sitting that a shot belongs to."""
    return next(job for job in _sittings(invented, folder) if shot in job.shots)
