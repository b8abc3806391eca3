"""The lab: JupyterLab, opened on the operator's own copy of the notebooks, beside the studio; or Voilà, the same without code.

The shipped notebooks are copied, and a copy that somebody has worked in is never written over: what was copied is remembered by
its hash, and a file that differs from it is the operator's. The server listens on this machine only, keeps its token, asks nothing about news, and
tells every page to load nothing from anywhere else (Voilà's own page would ask a content network for its icons).
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
SETTINGS = (
    Path(__file__).parent / "lab_settings"
)  # no question about news over the first notebook; a tile in the launcher
# Pages may load what this server gives and what they made themselves (blob:, data:), and nothing else.
ONLY_HERE = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; connect-src 'self' ws://127.0.0.1:* ws://localhost:* blob: data:; "
    "frame-ancestors 'self'; object-src 'none'"
)


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


def lab_command(folder: Path, *, browser: bool = True, port: int | None = None, app: bool = False) -> list[str]:
    """The command that starts JupyterLab on the first notebook, on this machine only, without asking about news. `app`: through Voilà.

    A port that is named is taken or the start fails; without one the first free port from 8888 on is taken.
    """
    # In a container everybody is root; the server listens on loopback and asks for its token all the same.
    root = ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    first = f"/voila/render/{FIRST}" if app else f"/lab/tree/{FIRST}"
    return [
        sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", "--ServerApp.ip=127.0.0.1",
        f"--LabApp.default_url={first}", f"--ServerApp.default_url={first}", f"--ServerApp.open_browser={browser}",
        "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        f"--LabApp.app_settings_dir={SETTINGS}", f"--ServerApp.tornado_settings={{'headers': {{'Content-Security-Policy': \"{ONLY_HERE}\"}}}}",
        "--ServerApp.jpserver_extensions=jupyter_server_proxy=False",  # comes with the launcher's tiles: it would open other ports to pages
        "--VoilaConfiguration.show_tracebacks=True",  # else it hides what an error of ours tells the person to do
        *(["--ServerApp.port_retries=0", f"--ServerApp.port={port}"] if port else []),
        *root,
    ]  # fmt: skip


def lab_environment(studio: str, *, job: str = "") -> dict[str, str]:
    """What the server's environment holds beside the usual: where the studio is, which job, and our tile in the launcher."""
    named = {"PREPAYKIT_JOB": job} if job else {}
    return {"PREPAYKIT_STUDIO": studio, **named, "JUPYTER_APP_LAUNCHER_PATH": str(SETTINGS)}


def open_lab(
    studio: str, folder: Path, *, job: str = "", browser: bool = True, port: int | None = None, app: bool = False
) -> None:
    """Copy the notebooks into `folder` and open them there for this studio; comes back when the server is stopped.

    `app`: without code, through Voilà. Raises UsageError when the server does not start (a `port` that is taken) or breaks.
    """
    folder = folder.resolve()
    copied, kept = copy_notebooks(folder)
    print(
        f"{len(copied)} notebooks copied to {folder}, {len(kept)} of your own kept. Stop with Ctrl-C, twice.",
        file=sys.stderr,
    )
    command = lab_command(folder, browser=browser, port=port, app=app)
    ended = subprocess.run(command, env={**os.environ, **lab_environment(studio, job=job)}, check=False)
    if ended.returncode not in (0, -2, 130):
        raise UsageError(f"JupyterLab ended with {ended.returncode}: what it says above is why")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
