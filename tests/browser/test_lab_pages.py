"""JupyterLab as an operator meets it: the first notebook opens, runs, and asks nothing of the net."""

import shutil

import pytest
from playwright.sync_api import Error

from prepaykit import Studio
from prepaykit.rules.steps import NOTEBOOKS
from tests.browser.driving import (
    PANEL,
    PATIENCE,
    errors,
    open_notebook,
    outputs,
    restart_kernel,
    run_all,
    run_cell,
    said,
    start_cell,
    wait_for_idle,
    write_cell,
)


@pytest.fixture(scope="module")
def studio_folder(drawn_job, tmp_path_factory):
    """A job before its photos are read: names, prices and orders are in."""
    folder = tmp_path_factory.mktemp("lab") / "job"
    shutil.copytree(drawn_job, folder)
    with Studio.open(folder / "studio.db", actor="tester") as studio:
        job = studio.new(folder)
        job.apply(job.names(folder / "names.csv", seed=1, blanks=8))
        job.apply(job.prices(folder / "prices.csv"))
        job.apply(job.orders(folder / "orders.csv"))
    return folder


ASKS = """import urllib.request
try:
    urllib.request.urlopen('http://example.invalid/kernel')
except OSError:
    print('refused')"""


def test_the_first_notebook_runs_to_its_end_and_asks_nothing_of_the_net(lab, page):
    open_notebook(page, "00_start_here")
    run_all(page)
    assert errors(page) == []
    assert "orders" in said(page, "open")
    assert outputs(page, "history").count() == 1
    assert lab.asked == []


def test_a_page_loads_nothing_from_elsewhere(lab, page):
    asks = "() => fetch('http://example.invalid/picture').then(() => 'came', () => 'refused')"
    assert page.evaluate(asks) == "refused"
    assert lab.asked == []  # it did not get as far as the net


def test_whatever_a_browser_or_a_kernel_asks_of_the_net_is_refused_and_noted(lab, page, new_page):
    with pytest.raises(Error, match="ERR_FAILED"):
        new_page().goto("http://example.invalid/page")
    open_notebook(page, "00_start_here")
    write_cell(page, 4, ASKS)
    run_cell(page, 4)
    assert said(page, 4) == "refused"
    assert set(lab.asked) == {"http://example.invalid/page", "GET http://example.invalid/kernel HTTP/1.1"}
    lab.asked.clear()


def test_a_restarted_kernel_has_forgotten_and_can_be_run_again(lab, page):
    open_notebook(page, "00_start_here")
    run_all(page)
    restart_kernel(page)
    run_cell(page, "balance")
    assert errors(page) == ["NameError"]
    run_all(page)
    assert errors(page) == []


@pytest.mark.parametrize("asked_for", ["http://127.0.0.1", "http://localhost"])
def test_nobody_without_the_token_gets_in(lab, page, asked_for):
    answer = page.request.get(f"{lab.url.replace('http://127.0.0.1', asked_for)}/api/contents", headers={"Cookie": ""})
    assert answer.status == 403


def test_every_notebook_shows_where_the_job_stands_and_a_click_goes_to_the_next_step(lab, page):
    open_notebook(page, "00_start_here")
    run_all(page)
    bar = page.get_by_role("navigation", name="Steps of the job")
    assert bar.get_by_role("link").count() >= len(NOTEBOOKS)
    assert "0_start_here" not in bar.locator("[aria-current=page]").all_text_contents()
    bar.get_by_role("link", name="40 place").click()
    page.wait_for_function(f"() => {PANEL}.context.path === '40_place_orders.ipynb'", timeout=PATIENCE)
    run_all(page)
    here = (
        page.locator(".jp-Notebook:visible")
        .get_by_role("navigation", name="Steps of the job")
        .locator("[aria-current=page]")
    )
    assert "40 place" in here.text_content()


def test_reading_photos_draws_a_bar_that_is_gone_when_they_are_read(lab, page):
    open_notebook(page, "20_photos")
    for cell in ("parameters", "open"):
        run_cell(page, cell)
    start_cell(page, "plan")
    bar = page.get_by_role("progressbar", name="reading frames")
    bar.wait_for(state="visible", timeout=PATIENCE)
    assert "frames/s" in said(page, "plan")
    bar.wait_for(state="detached", timeout=PATIENCE)
    wait_for_idle(page)
    assert errors(page) == []
    assert said(page, "plan").startswith("photos ")


def test_a_refusal_in_a_cell_is_a_sentence_and_what_to_do(lab, page):
    open_notebook(page, "50_batch")
    write_cell(page, "parameters", 'studio = ""\njob = "no-such-job"')
    run_all(page)
    assert errors(page) == ["UsageError"]
    told = said(page, "open").splitlines()
    assert told[0].startswith("UsageError: no job no-such-job here; there are: ")
    assert told[1].startswith("What to do: ")
    assert len(told) == 3


def test_the_launcher_has_a_tile_that_opens_the_first_notebook(lab, page):
    page.evaluate(
        """async () => {
            for (const open of [...window.jupyterapp.shell.widgets('main')]) open.dispose();
            await window.jupyterapp.commands.execute('launcher:create');
        }"""
    )
    page.locator(".jp-LauncherCard", has_text="Start here").click()
    page.wait_for_function(f"() => {PANEL}?.context?.path === '00_start_here.ipynb'", timeout=PATIENCE)
    assert lab.asked == []
