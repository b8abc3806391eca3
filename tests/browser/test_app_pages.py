"""The desk without code: the same notebooks through Voilà, in a real Chromium, with the net refused."""

from urllib.parse import urlsplit

import pytest

from prepaykit.lab import ONLY_HERE, copy_notebooks, lab_command
from tests.browser.conftest import within_loopback
from tests.browser.driving import PATIENCE
from tests.browser.lab_server import free_port, new_lab, serving


@pytest.fixture(scope="module")
def lab(studio_folder, tmp_path_factory):
    """The server as `prepaykit lab --app` starts it."""
    port, notebooks, own = free_port(), studio_folder / "notebooks", tmp_path_factory.mktemp("own")
    copy_notebooks(notebooks)
    told = new_lab(studio_folder, notebooks, own / "server.log", port)
    command = lab_command(notebooks, browser=False, port=port, app=True)
    with serving(command, port=port, ready="/api/status", lab=told, own=own) as running:
        yield running


@pytest.fixture
def page(browser, lab):
    """The page that the browser is opened on."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = within_loopback(context, lab.asked).new_page()
    page.goto(f"{lab.url}/?token={lab.token}", timeout=PATIENCE)
    yield page
    context.close()


def bar_of(page):
    return page.get_by_role("navigation", name="Steps of the job")


def test_the_app_starts_on_the_first_notebook_shows_the_job_and_asks_nothing_of_the_net(lab, page):
    bar_of(page).wait_for(timeout=PATIENCE)
    assert urlsplit(page.url).path == "/voila/render/00_start_here.ipynb"
    page.get_by_text("The job balances.").wait_for(timeout=PATIENCE)
    assert page.locator(".jp-CodeMirrorEditor, .highlight pre").count() == 0  # no code
    page.wait_for_timeout(1000)  # whatever would still ask
    assert lab.asked == []


def test_a_link_of_the_bar_goes_to_that_notebook_which_knows_that_it_is_at_hand(lab, page):
    bar_of(page).wait_for(timeout=PATIENCE)
    with page.context.expect_page() as opened:  # Voilà opens links in a tab of their own
        bar_of(page).get_by_role("link", name="40 place").click()
    there = opened.value
    bar_of(there).locator("[aria-current=page]").wait_for(timeout=PATIENCE)
    assert there.url.endswith("/voila/render/40_place_orders.ipynb")
    assert "40 place" in bar_of(there).locator("[aria-current=page]").text_content()


def test_nobody_without_the_token_gets_in(lab, browser):
    context = browser.new_context()
    answer = context.request.get(f"{lab.url}/voila/render/00_start_here.ipynb")
    assert "/login" in answer.url
    assert "Password or token" in answer.text()
    context.close()


def test_pages_are_told_to_load_nothing_from_elsewhere(lab, page):
    answer = page.request.get(f"{lab.url}/voila/render/00_start_here.ipynb")
    assert answer.headers["content-security-policy"] == ONLY_HERE
    assert "cdn." in answer.text()  # it would ask, if it might


def test_a_refusal_is_shown_with_what_to_do(lab, page):
    book = lab.notebooks / "other.ipynb"
    book.write_text((lab.notebooks / "50_batch.ipynb").read_text().replace('job = \\"\\"', 'job = \\"no-such-job\\"'))
    page.goto(f"{lab.url}/voila/render/{book.name}", timeout=PATIENCE)
    page.get_by_text("UsageError: no job no-such-job here").first.wait_for(timeout=PATIENCE)
    assert page.get_by_text("What to do: ").count() >= 1
