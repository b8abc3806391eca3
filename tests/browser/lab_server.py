"""A real JupyterLab (or Voilà) for the browser tests: its own port, token, home and folders; nothing of the person who tests is touched.

What the server or a kernel asks of the net goes to a proxy that is no proxy: it notes the first line of the request and hangs up.
"""

from __future__ import annotations

import os
import secrets
import socket
import socketserver
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from prepaykit.lab import lab_environment

STARTS_WITHIN = 120  # seconds; the machine may be busy
NOBODY_LISTENS = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Lab:
    """A server that answers. `asked` is what anybody (pages, server, kernels) asked of the net: it must stay empty."""

    url: str
    token: str
    home: Path  # the folder of the studio
    notebooks: Path  # the working copies
    log: Path
    asked: list[str] = field(default_factory=list)

    @property
    def studio(self) -> str:
        """Where the studio is, to look into it from the test."""
        return str(self.home / "studio.db")


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def no_way_out(asked: list[str]) -> Iterator[str]:
    """A proxy address that notes what is asked of it in `asked`, and gives nothing."""

    class Note(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked.append(self.rfile.readline(300).decode("latin-1").strip())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Note) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def serving(command: list[str], *, port: int, ready: str, lab: Lab, own: Path) -> Iterator[Lab]:
    """Run the command until the block ends; begins when `ready` (a path) answers. `own` becomes its home and its Jupyter folders."""
    with no_way_out(lab.asked) as proxy, lab.log.open("wb") as log:
        env = _environment(own, proxy, lab)
        process = subprocess.Popen(command, env=env, cwd=lab.home, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(process, f"http://127.0.0.1:{port}{ready}?token={lab.token}", lab.log)
            yield lab
        finally:
            _stop(process)


def new_lab(home: Path, notebooks: Path, log: Path, port: int) -> Lab:
    """The facts of a server that is about to be started."""
    return Lab(f"http://127.0.0.1:{port}", secrets.token_hex(8), home, notebooks, log)


def _environment(own: Path, proxy: str, lab: Lab) -> dict[str, str]:
    folders = {
        name: str(own / name.lower())
        for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "XDG_CACHE_HOME")
    }  # fmt: skip
    for folder in folders.values():
        Path(folder).mkdir(parents=True, exist_ok=True)
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), proxy)
    ours = {
        **lab_environment(lab.studio),
        "JUPYTER_TOKEN": lab.token,
        "PREPAYKIT_ACTOR": "tester",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
    return {**os.environ, **folders, **proxies, **ours}


def _wait(process: subprocess.Popen, url: str, log: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with NOBODY_LISTENS.open(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the server does not answer: {log.read_text(errors='replace')[-3000:]}")


def _stop(process: subprocess.Popen) -> None:
    process.terminate()  # it stops its kernels first
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
