"""Fixtures for a real JupyterLab in a real Chromium. A module that needs another job overrides `studio_folder`.

    def test_something(lab, page):
        open_notebook(page, "00_start_here")
        run_all(page)
        assert errors(page) == [] and lab.asked == []

One server a module (it takes ten seconds to start), a fresh browser profile a test. Whatever is asked of anything but 127.0.0.1 is
refused and noted in `lab.asked`. While a page is open, Playwright's event loop runs: papermill is for other modules.
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from prepaykit.lab import copy_notebooks, lab_command
from tests.browser.lab_server import free_port, new_lab, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-features=OptimizationHints,MediaRouter", "--proxy-server=127.0.0.1:9", "--proxy-bypass-list=127.0.0.1",
]  # fmt: skip


def pytest_collection_modifyitems(items):
    """Every test that drives a browser is slow, and is left out where there is none."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.skipif(not CHROMIUM, reason="needs chromium"))


@pytest.fixture(scope="module")
def studio_folder(finished_demo, tmp_path_factory) -> Path:
    """The folder of the studio that the lab works on: a copy of a tiny demo that went through every verb."""
    folder = tmp_path_factory.mktemp("lab") / "job"
    shutil.copytree(finished_demo, folder)
    return folder


@pytest.fixture(scope="module")
def lab(studio_folder, tmp_path_factory):
    """A JupyterLab that answers, on the working copy of the notebooks beside the studio."""
    port, notebooks, own = free_port(), studio_folder / "notebooks", tmp_path_factory.mktemp("own")
    copy_notebooks(notebooks)
    command = [*lab_command(notebooks, browser=False, port=port), "--LabApp.expose_app_in_browser=True"]
    told = new_lab(studio_folder, notebooks, own / "server.log", port)
    with serving(command, port=port, ready="/api/status", lab=told, own=own) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    """The system's Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    as_root = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *as_root])
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser, lab):
    """A function that gives a page of its own profile in the lab; call it twice for two people. Keywords go to the browser's context."""
    contexts = []

    def make(**options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = within_loopback(context, lab.asked).new_page()
        page.goto(
            f"{lab.url}/lab/workspaces/{secrets.token_hex(4)}?token={lab.token}"
        )  # its own: nobody's open notebooks
        page.wait_for_function("() => window.jupyterapp", timeout=90_000)
        page.evaluate("() => window.jupyterapp.restored.then(() => null)")
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page):
    """A page in the lab, no notebook open yet."""
    return new_page()


def within_loopback(context, asked: list[str]):
    """The context, refusing and noting everything that is not on this machine."""

    def judge(route):
        if urlsplit(route.request.url).hostname in ("127.0.0.1", None):
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    context.route("**/*", judge)
    context.on("page", lambda page: page.on("websocket", lambda socket: _note(socket.url, asked)))
    return context


def _note(url: str, asked: list[str]) -> None:
    if urlsplit(url).hostname != "127.0.0.1":
        asked.append(url)
