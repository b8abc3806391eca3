"""The lab: JupyterLab, opened on the operator's own copy of the notebooks, beside the studio.

The shipped notebooks are copied, and a copy that somebody has worked in is never written over: what was copied is remembered by
its hash, and a file that differs from it is the operator's. JupyterLab listens on this machine only and asks nothing about news.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from prepaykit.errors import UsageError
from prepaykit.runs import notebooks_folder

FIRST = "00_start_here.ipynb"
MEMORY = ".copied.json"
SETTINGS = Path(__file__).parent / "lab_settings"  # without it the first start asks about news, over the notebook


def copy_notebooks(to: Path) -> tuple[list[str], list[str]]:
    """Copy the shipped notebooks into a folder: new ones, and newer ones of those nobody has touched. Returns (copied, kept)."""
    to.mkdir(parents=True, exist_ok=True)
    memory = to / MEMORY
    known = json.loads(memory.read_text(encoding="utf-8")) if memory.exists() else {}
    copied, kept = [], []
    for source in sorted(notebooks_folder().glob("*.ipynb")):
        content, target = source.read_bytes(), to / source.name
        there = target.read_bytes() if target.exists() else None
        if there is not None and there != content and _digest(there) != known.get(source.name):
            kept.append(source.name)
            continue
        if there != content:
            target.write_bytes(content)
            copied.append(source.name)
        known[source.name] = _digest(content)
    memory.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return copied, kept


def lab_command(folder: Path, *, browser: bool = True, port: int | None = None) -> list[str]:
    """The command that starts JupyterLab on the first notebook, on this machine only, without asking about news.

    A port that is named is taken or the start fails; without one the first free port from 8888 on is taken.
    """
    # In a container everybody is root; the server listens on loopback and asks for its token all the same.
    root = ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    return [
        sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", "--ServerApp.ip=127.0.0.1",
        f"--LabApp.default_url=/lab/tree/{FIRST}", f"--ServerApp.default_url=/lab/tree/{FIRST}", f"--ServerApp.open_browser={browser}",
        "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        f"--LabApp.app_settings_dir={SETTINGS}",
        *(["--ServerApp.port_retries=0", f"--ServerApp.port={port}"] if port else []),
        *root,
    ]  # fmt: skip


def open_lab(studio: str, folder: Path, *, job: str = "", browser: bool = True) -> None:
    """Copy the notebooks into `folder` and open JupyterLab there for this studio; comes back when it is stopped."""
    folder = folder.resolve()
    copied, kept = copy_notebooks(folder)
    print(
        f"{len(copied)} notebooks copied to {folder}, {len(kept)} of your own kept. Stop with Ctrl-C, twice.",
        file=sys.stderr,
    )
    env = {**os.environ, "PREPAYKIT_STUDIO": studio, **({"PREPAYKIT_JOB": job} if job else {})}
    ended = subprocess.run(lab_command(folder, browser=browser), env=env, check=False)
    if ended.returncode not in (0, -2, 130):
        raise UsageError(f"JupyterLab ended with {ended.returncode}: what it says above is why")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
