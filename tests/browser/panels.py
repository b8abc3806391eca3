"""What a person does with a panel in a real browser, as functions of a page."""

from __future__ import annotations

import json
import os
import shutil
import urllib.request
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from prepaykit.lab import copy_notebooks
from tests.browser.driving import open_notebook, run_all, wait_for_idle
from tests.browser.lab_server import NOBODY_LISTENS, Lab

PATIENCE = 60_000


def open_panel(page: Page, notebook: str) -> Locator:
    """Open a notebook, run it, and put the keyboard into its panel."""
    open_notebook(page, notebook)
    run_all(page)
    return into(page, page.locator(".pk[data-ready=yes]"))


def begin_anew(lab: Lab, made: Path) -> None:
    """The studio and the notebooks as they were made: kernels of an earlier test are ended, what it wrote is gone."""
    for session in _asked(lab, "GET", "/api/sessions"):
        _asked(lab, "DELETE", f"/api/sessions/{session['id']}")
    for left in (*lab.home.glob("studio.db*"), lab.notebooks):
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    copy_notebooks(lab.notebooks)
    shutil.copytree(made, lab.home, dirs_exist_ok=True)


def _asked(lab: Lab, method: str, path: str) -> object:
    request = urllib.request.Request(f"{lab.url}{path}", method=method, headers={"Authorization": f"token {lab.token}"})
    with NOBODY_LISTENS.open(request, timeout=60) as answer:
        return json.loads(answer.read() or "null")


def into(page: Page, panel: Locator) -> Locator:
    """The keyboard goes into the rows of a panel, once it is there."""
    panel.wait_for(timeout=PATIENCE)
    panel.locator(".pk-grid").focus()
    panel.scroll_into_view_if_needed()
    return panel


def press(page: Page, *keys: str) -> None:
    """Press keys one after the other, as fast as they go."""
    for key in keys:
        page.keyboard.press(key)


def kept(panel: Locator, decided: int) -> None:
    """Wait until so many rows are decided and each decision is said to be kept."""
    expect(panel).to_have_attribute("data-decided", str(decided), timeout=PATIENCE)
    expect(panel).to_have_attribute("data-unkept", "0", timeout=PATIENCE)


def planned(page: Page, panel: Locator) -> str:
    """Make the plan and say what it comes to."""
    press(page, "p")
    expect(panel).to_have_attribute("data-plan", "there", timeout=PATIENCE)
    return panel.locator(".pk-plan").inner_text()


def applied(page: Page, panel: Locator) -> str:
    """Apply the plan that is shown and give the receipt."""
    press(page, "Control+Enter")
    expect(panel.locator(".pk-say")).to_contain_text("operation", timeout=PATIENCE)
    wait_for_idle(page)
    return panel.locator(".pk-say").inner_text()


def row_here(panel: Locator) -> str:
    """The key of the row that is looked at."""
    return panel.locator(".pk-here").get_attribute("data-key")


def picture(page: Page, name: str) -> None:
    """Keep a screenshot if `PREPAYKIT_TEST_PICTURES` names a folder: the README's pictures are made so."""
    folder = os.environ.get("PREPAYKIT_TEST_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")
