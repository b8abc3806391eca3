"""Envelopes reconciled in a real browser, by keyboard."""

import os
from pathlib import Path

import pytest

from prepaykit import Studio
from tests.browser.driving import errors, open_notebook, run_all, run_cell
from tests.panels.jobs import studio_with, write_files

PICTURES = os.environ.get("PREPAYKIT_TEST_PICTURES")


@pytest.fixture(scope="module")
def studio_folder(tmp_path_factory):
    folder = write_files(tmp_path_factory.mktemp("panel") / "job", certain=60, waiting=20)
    studio_with(folder).close()
    return folder


def panel_of(page):
    run_all(page)
    panel = page.locator(".pk[data-ready=yes]")
    panel.wait_for(timeout=30_000)
    return panel


def picture(page, name):
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def test_look(lab, page, studio_folder):
    open_notebook(page, "60_paper_orders")
    panel = panel_of(page)
    assert errors(page) == []
    panel.locator(".pk-grid").focus()
    panel.scroll_into_view_if_needed()
    page.wait_for_timeout(800)
    picture(page, "paper-panel")
    page.keyboard.press("Enter")
    page.keyboard.press("2")
    page.keyboard.press("n")
    page.keyboard.press("l")
    page.wait_for_timeout(800)
    picture(page, "paper-panel-2")
    page.keyboard.press("o")
    page.keyboard.type("ada ab")
    page.wait_for_timeout(600)
    picture(page, "paper-panel-3")
    page.keyboard.press("Enter")
    page.wait_for_timeout(600)
    page.keyboard.press("p")
    page.wait_for_timeout(3000)
    picture(page, "paper-panel-4")
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(4000)
    picture(page, "paper-panel-5")
    with Studio.open(studio_folder / "studio.db") as studio:
        print(studio.job().choices())
        print(studio.job().history())
