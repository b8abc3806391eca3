"""Access codes and photo sorting in a real browser, by keyboard and mouse, on a drawn picture day."""

import os
import shutil
import tomllib
from pathlib import Path

import pytest

from prepaykit import Studio
from tests.browser.driving import PANEL, errors, open_notebook, run_all

PICTURES = os.environ.get("PREPAYKIT_TEST_PICTURES")
KEYS = "abcdefghijklmnoqrstvwxyzABCDEFG0123456789"


@pytest.fixture(scope="module")
def studio_folder(drawn_job, tmp_path_factory):
    """A drawn picture day, brought in and populated, with codes that are wrong."""
    folder = tmp_path_factory.mktemp("sorting") / "job"
    shutil.copytree(drawn_job, folder)
    with Studio.open(folder / "studio.db", actor="ana") as studio:
        job = studio.new(folder)
        demo = tomllib.loads((folder / "job.toml").read_text())["demo"]
        job.apply(job.names(folder / "names.csv", seed=demo["seed"], blanks=demo["blanks"]))
        job.apply(job.prices(folder / "prices.csv"))
        job.apply(job.orders(folder / "orders.csv"))
        job.apply(job.photos(folder / "photos"))
        job.apply(job.populate())
    return folder


def panel_of(page, notebook):
    open_notebook(page, notebook)
    run_all(page)
    assert errors(page) == []
    panel = page.locator(".pk[data-ready=yes]")
    panel.wait_for(timeout=60_000)
    panel.scroll_into_view_if_needed()
    panel.locator(".pk-grid").focus()
    return panel


def shot(page, name):
    if PICTURES:
        page.wait_for_timeout(900)
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def test_look(lab, new_page, studio_folder):
    page = new_page()
    panel = panel_of(page, "35_access_codes")
    shot(page, "codes-1")
    page.keyboard.press("ArrowDown")
    shot(page, "codes-2")
    page.keyboard.press("Enter")
    page.keyboard.press("p")
    page.locator(".pk[data-plan=there]").wait_for(timeout=30_000)
    shot(page, "codes-3")
    page.keyboard.press("o")
    page.keyboard.type("88")
    shot(page, "codes-4")
    page.keyboard.press("Escape")
    page = new_page()
    panel = panel_of(page, "20_photos")
    shot(page, "photos-1")
    page.keyboard.press("g")
    shot(page, "photos-2")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("m")
    page.keyboard.type("iyer")
    shot(page, "photos-3")
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("x")
    shot(page, "photos-4")
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    shot(page, "photos-dark")
    page.set_viewport_size({"width": 1024, "height": 720})
    shot(page, "photos-dark-125")
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})")
    shot(page, "photos-125")
