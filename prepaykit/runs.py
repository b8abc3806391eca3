"""Runs: a notebook executed by papermill, strictly. Parameters are checked before, the outcome is known after.

Papermill by itself turns the code `001234` into a number, only warns of a misspelt parameter, and calls a killed run "running".
Here a parameter must stand in the notebook's parameters cell and has the type of its default there; a value that looks like a
secret is refused (it would be stored in the output twice); a run has succeeded only if it came to its end without an exception;
and its exit code is that of the exception class that was raised inside. Beside the executed notebook lies `NAME.result.json`.

A fresh kernel takes seconds to start. `WarmKernel` keeps one for many notebooks: between two of them everything is forgotten.
"""

from __future__ import annotations

import ast
import difflib
import json
import logging
import os
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prepaykit import errors
from prepaykit.errors import UsageError
from prepaykit.report.receipt import RECEIPT
from prepaykit.rules.steps import NOTEBOOKS

if TYPE_CHECKING:
    from prepaykit.warm_kernel import WarmKernel

OUR_MISTAKE = 70
RUN = "PREPAYKIT_RUN"
"""Set for the kernel of a run: there is nobody to decide in a panel."""
YES, NO = ("true", "yes", "1", "on"), ("false", "no", "0", "off")
SECRET = re.compile(r"\b(?:sk|rk|pk)_(?:live|test)?_?\w*|\bwhsec_|passw(?:or)?d|://[^/\s@]+:[^/\s@]+@", re.IGNORECASE)


@dataclass(frozen=True)
class RunResult:
    """How a run ended. `counts` are the figures of its receipt; `exit_code` is what the command line would have ended with."""

    notebook: str
    status: str  # succeeded, or failed
    exit_code: int
    verb: str = ""
    job: str = ""
    headline: str = ""
    counts: Mapping[str, object] = field(default_factory=dict)
    findings: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    started: str = ""
    ended: str = ""
    path: Path = Path()


# --- finding a notebook and its parameters -----------------------------------------------------------------------------------


def notebooks_folder() -> Path:
    """Where the shipped notebooks are: in the installed package, or in a checkout beside it."""
    package = Path(__file__).resolve().parent
    for folder in (package / "_notebooks", package.parent / "notebooks"):
        if folder.is_dir():
            return folder
    raise UsageError("the notebooks are not installed with this prepaykit")


def find_notebook(name_or_path: str | Path) -> Path:
    """A notebook by its path, its name (`30_populate`) or its verb (`populate`)."""
    given = Path(name_or_path)
    if given.suffix == ".ipynb" and given.exists():
        return given
    folder = notebooks_folder()
    path = folder / f"{NOTEBOOKS.get(str(name_or_path), given.stem)}.ipynb"
    if not path.exists():
        known = [*NOTEBOOKS, *(p.stem for p in sorted(folder.glob("*.ipynb")))]
        raise UsageError(
            f"no notebook {name_or_path}{_near(str(name_or_path), known)}; there are: {', '.join(NOTEBOOKS)}"
        )
    return path


def named_parameters(name_or_path: str | Path) -> dict[str, object]:
    """The parameters of a notebook with their defaults, from its cell tagged `parameters`."""
    path = find_notebook(name_or_path)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    tagged = [c for c in cells if "parameters" in c.get("metadata", {}).get("tags", [])]
    if len(tagged) != 1:
        raise UsageError(f"{path.name} has {len(tagged)} cells tagged `parameters`; it needs one")
    found = {}
    for statement in ast.parse("".join(tagged[0]["source"])).body:
        if (
            not isinstance(statement, ast.Assign)
            or len(statement.targets) != 1
            or not isinstance(statement.targets[0], ast.Name)
        ):
            raise UsageError(f"{path.name}: the parameters cell may hold plain assignments only")
        found[statement.targets[0].id] = ast.literal_eval(statement.value)
    return found


def checked(
    given: Mapping[str, object], known: Mapping[str, object], *, notebook: str = "the notebook"
) -> dict[str, object]:
    """The given parameters, each of the type of its default. Raises UsageError for an unknown name or a value that does not fit.

    >>> checked({"code": "001234", "apply": "yes", "number": "2"}, {"code": "", "apply": False, "number": 0})
    {'code': '001234', 'apply': True, 'number': 2}
    """
    values = {}
    for name, value in given.items():
        if name not in known:
            raise UsageError(f"{notebook} has no parameter {name}{_near(name, known)}; it has: {', '.join(known)}")
        if SECRET.search(f"{name}={value}"):
            raise UsageError(f"parameter {name} looks like a secret: parameters are stored in the output. Put it into the environment "
                             "(a studio's address: PREPAYKIT_STUDIO).")  # fmt: skip
        values[name] = _cast(name, value, known[name])
    return values


def _cast(name: str, value: object, default: object) -> object:
    kind = type(default)
    if kind is str and isinstance(value, os.PathLike):
        return str(value)
    if type(value) is kind:
        return value
    text = value.strip() if isinstance(value, str) else None
    if kind is bool and text is not None and text.lower() in YES + NO:
        return text.lower() in YES
    if kind is int and text is not None and re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    if kind is float and isinstance(value, int | str) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    wanted = {
        bool: "yes or no",
        int: "a whole number",
        float: "a number",
        str: "text (codes are quoted: '001234')",
    }.get(kind, kind.__name__)
    raise UsageError(f"parameter {name} is {wanted}, not {value!r}")


def _near(name: str, known: Mapping[str, object] | list[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


# --- running -----------------------------------------------------------------------------------------------------------------


def run_notebook(
    name_or_path: str | Path,
    parameters: Mapping[str, object] | None = None,
    out: str | Path = "runs",
    *,
    warm: WarmKernel | None = None,
    cwd: str | Path | None = None,
) -> RunResult:
    """Execute a notebook and say how it ended. A failure inside is a result, not an exception; a wrong call raises UsageError.

    `out` is a folder (the notebook keeps its name) or a path ending in `.ipynb`. `cwd` is where the notebook's relative paths
    begin: the present folder if not given. `warm` is a kernel kept from an earlier run; without it a fresh one is started.
    """
    import papermill

    from prepaykit.warm_kernel import ENGINE, QUIET

    path = find_notebook(name_or_path)
    values = checked(parameters or {}, named_parameters(path), notebook=path.name)
    target = Path(out) if str(out).endswith(".ipynb") else Path(out) / path.name
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    _forget(target)
    engine: dict[str, Any] = {"extra_arguments": QUIET} if warm is None else {"engine_name": ENGINE, "warm": warm}
    logging.getLogger("papermill").setLevel(logging.ERROR)
    broken: Exception | None = None
    watched_before = os.environ.get(RUN)
    os.environ[RUN] = path.stem  # the kernel inherits it: nobody sits before this notebook
    try:
        papermill.execute_notebook(
            str(path.resolve()), str(target), values, progress_bar=False, cwd=str(cwd or Path.cwd()), **engine
        )
    except Exception as error:  # the notebook's own, a dead kernel, a time-out: each is this run's result
        broken = error
    finally:
        os.environ.pop(RUN) if watched_before is None else os.environ.update({RUN: watched_before})
    result = _result(path.stem, target, broken)
    _write_result(target, result)
    return result


def run_many(
    runs: Iterable[tuple[str | Path, Mapping[str, object], str | Path]], *, executor: Executor | None = None
) -> list[RunResult]:
    """Execute several notebooks, each (notebook, parameters, out); one that fails does not stop the others. Results in their order.

    Without an executor one after the other, in one warm kernel. With a ProcessPoolExecutor several at a time, each in a fresh kernel;
    not with threads, because the working directory belongs to the process. The parameters of all are checked before the first starts.
    """
    wanted = [(name, checked(given, named_parameters(name), notebook=str(name)), out) for name, given, out in runs]
    if executor is not None:
        return list(executor.map(_run_one, wanted))
    from prepaykit.warm_kernel import WarmKernel

    with WarmKernel() as warm:
        return [run_notebook(name, given, out, warm=warm) for name, given, out in wanted]


def _run_one(run: tuple[str | Path, Mapping[str, object], str | Path]) -> RunResult:
    return run_notebook(*run)


def _forget(target: Path) -> None:
    """An earlier run's files must not pass for this one's."""
    for old in (target, _result_file(target)):
        old.unlink(missing_ok=True)


def _result_file(target: Path) -> Path:
    return target.with_suffix(".result.json")


def _write_result(target: Path, result: RunResult) -> None:
    data = {**asdict(result), "path": target.name}
    part = _result_file(target).with_suffix(".part")
    part.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(_result_file(target))


def _result(notebook: str, target: Path, broken: Exception | None) -> RunResult:
    """Read the outcome from the executed notebook: its metadata, and the receipt among its outputs."""
    written = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {"cells": [], "metadata": {}}
    meta = written["metadata"].get("papermill", {})
    came_to_its_end = bool(meta.get("end_time")) and meta.get("exception") in (None, False) and broken is None
    data = _receipt_of(written["cells"])
    remaining = sum(int(data.get("findings", {}).get(severity, 0)) for severity in ("error", "warn"))
    code, message = (1 if remaining else 0, "") if came_to_its_end else _why(broken)
    return RunResult(
        notebook=notebook,
        status="succeeded" if came_to_its_end else "failed",
        exit_code=code,
        verb=data.get("verb", ""),
        job=data.get("job", ""),
        headline=data.get("headline", ""),
        counts=data.get("result", {}),
        findings=data.get("findings", {}),
        error=message,
        started=meta.get("start_time") or "",
        ended=meta.get("end_time") or "",
        path=target,
    )


def _receipt_of(cells: list[dict]) -> dict[str, Any]:
    found = [o["data"][RECEIPT] for c in cells for o in c.get("outputs", []) if RECEIPT in o.get("data", {})]
    return found[-1] if found else {}


def _why(broken: Exception | None) -> tuple[int, str]:
    """Exit code and sentence of a failed run: the class raised inside the notebook knows its code."""
    name = str(getattr(broken, "ename", "") or type(broken).__name__)
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, errors.PrepaykitError):
        return kind.exit_code, str(getattr(broken, "evalue", broken))
    # A foreign error's message may quote a row, and with it a name: it is in the executed notebook, not here.
    return OUR_MISTAKE, f"{name}: see the executed notebook"
