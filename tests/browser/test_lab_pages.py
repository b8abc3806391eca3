"""JupyterLab as an operator meets it: the first notebook opens, runs, and asks nothing of the net."""

import pytest

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
    write_cell,
)

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


def test_whatever_a_page_or_a_kernel_asks_of_the_net_is_refused_and_noted(lab, page):
    open_notebook(page, "00_start_here")
    assert (
        page.evaluate("() => fetch('http://example.invalid/picture').then(() => 'came', () => 'refused')") == "refused"
    )
    write_cell(page, 4, ASKS)
    run_cell(page, 4)
    assert said(page, 4) == "refused"
    assert lab.asked == ["http://example.invalid/picture", "GET http://example.invalid/kernel HTTP/1.1"]
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
