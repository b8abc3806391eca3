"""Spread the reading of files over workers, with little waiting in memory, and so that no file can end the run.

Any `concurrent.futures.Executor` can do the work: threads (what is taken when none is given: the decoders release the interpreter's lock,
so two threads are as fast as two processes), a ProcessPoolExecutor, or that of a cluster, for instance dask's
`Client(…).get_executor()`; what is sent is a `Task` and what comes back a `Row`, both plain values. The sources must be reachable
by the same path from every worker, and the folder of thumbnails too.

`IsolatedReaders` is an executor for files that nobody trusts: each worker is a process of its own that reads one file at a time. A file whose
reader dies, or takes longer than the limit, costs that file: its reader is replaced and the run goes on. If an executor that was handed in breaks
(one dead worker breaks a whole ProcessPoolExecutor), what it did not finish is read by `IsolatedReaders`, so that the file at fault is known.

Only a few tasks a worker are handed out ahead, so memory does not grow with the number of files.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from multiprocessing.connection import Connection

from prepaykit.intake.one_frame import Row, Task, at_fault, blank, read_one

AHEAD = 4  # tasks handed out for each worker
MOST_THREADS = 6  # by default; each needs some 60 MB
SECONDS_A_FILE, SECONDS_TO_START = 60.0, 120.0


def default_executor() -> ThreadPoolExecutor:
    """Threads, one a core, at most six: more need more memory, so they have to be asked for."""
    return ThreadPoolExecutor(min(os.cpu_count() or 2, MOST_THREADS), thread_name_prefix="reader")


def read_all(tasks: Iterable[Task], executor: Executor) -> Iterator[tuple[int, Row]]:
    """Read every task on the executor; gives (number of the task, row) as they end, each once, whatever happens to a worker."""
    waiting: dict[Future[Row], tuple[int, Task]] = {}
    todo = enumerate(tasks)
    left: list[tuple[int, Task]] = []
    most = AHEAD * (getattr(executor, "_max_workers", None) or 32)
    try:
        while True:
            while len(waiting) < most and not left and (job := next(todo, None)) is not None:
                try:
                    waiting[executor.submit(read_one, job[1])] = job
                except (BrokenExecutor, RuntimeError):
                    left.append(job)
            if not waiting:
                break
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                number, task = waiting.pop(future)
                row = _outcome(future, task)
                if row is None:
                    left.append((number, task))
                else:
                    yield number, row
    finally:
        for future in waiting:
            future.cancel()
    left += list(todo)
    if left:
        with IsolatedReaders(os.cpu_count() or 2) as own:
            for at, row in read_all([task for _, task in left], own):
                yield left[at][0], row


def _outcome(future: Future[Row], task: Task) -> Row | None:
    """The row; None if the executor broke, which says nothing about this file."""
    try:
        return future.result()
    except ReaderLost as error:
        return at_fault(blank(task), str(error))
    except BrokenExecutor:
        return None
    except Exception as error:
        return at_fault(blank(task), f"cannot be read: {type(error).__name__}")


# --- readers that may die ----------------------------------------------------------------------------------------------


class ReaderLost(Exception):
    """The process that read a file died of it, or had to be ended."""


class IsolatedReaders(Executor):
    """Workers that are processes of their own, one file at a time each; a worker that dies or takes too long costs one file.

    `workers`: how many. `seconds`: the most that one file may take. A future's `ReaderLost` says what happened.

    >>> with IsolatedReaders(1) as readers:
    ...     readers.submit(max, 3, 4).result()
    4
    """

    def __init__(self, workers: int, *, seconds: float = SECONDS_A_FILE) -> None:
        self._max_workers = max(1, workers)
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(self._max_workers, thread_name_prefix="keeper")
        self._own = threading.local()
        self._children: list[_Child] = []

    def submit(self, fn: Callable[..., object], /, *args: object, **kwargs: object) -> Future:
        """Have one call made by one of the readers."""
        return self._threads.submit(self._call, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all readers; with `wait`, when they have done what they were given."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        for child in self._children:
            child.end()

    def _call(self, fn: Callable[..., object], args: tuple, kwargs: dict) -> object:
        child = getattr(self._own, "child", None)
        if child is None or not child.is_alive():
            child = self._own.child = _Child()
            self._children.append(child)
        return child.call((fn, args, kwargs), self._seconds)


class _Child:
    """One reader process and the pipe to it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
        self._pipe, far_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(far_end,), daemon=True)
        self._process.start()
        far_end.close()
        self._is_ready = False

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def call(self, work: tuple, seconds: float) -> object:
        try:
            if not self._is_ready:  # it loads the decoders first; that is not the file's time
                self._is_ready = self._pipe.poll(SECONDS_TO_START) and self._pipe.recv()
            self._pipe.send(work)
            if not self._pipe.poll(seconds):
                raise ReaderLost(f"took longer than {seconds:g} seconds to read; it was given up")
            is_error, outcome = self._pipe.recv()
        except (EOFError, OSError):
            self._process.join(5)
            raise ReaderLost(f"ended the process that read it (exit code {self._process.exitcode})") from None
        except ReaderLost:
            self.end()
            raise
        if is_error:
            raise outcome
        return outcome

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection) -> None:
    """Do what comes down the pipe until it is closed."""
    pipe.send(True)
    while True:
        try:
            fn, args, kwargs = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            pipe.send((False, fn(*args, **kwargs)))
        except Exception as error:
            pipe.send((True, error))
