"""Orders found, placed and revised in a real browser: one accepted, a frame replaced, a print cropped by keys, one released and then all clean ones."""

import os
import re
from pathlib import Path

import pytest

from prepaykit import Studio
from tests.browser.driving import errors, open_notebook, run_cell, save
from tests.panels.demo import copied, populated

PICTURES = os.environ.get("PREPAYKIT_TEST_PICTURES")
ACCEPTED = "P001"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def studio_folder(drawn_job, tmp_path_factory):
    folder = copied(drawn_job, tmp_path_factory.mktemp("revision") / "job")
    populated(folder).close()
    return folder


def opened(page, notebook, *cells):
    """The panel of a notebook, all cells up to it run."""
    open_notebook(page, notebook)
    for cell in cells:
        run_cell(page, cell)
    assert errors(page) == []
    panel = page.locator(".pk[data-ready=yes]")
    panel.wait_for(timeout=30_000)
    panel.scroll_into_view_if_needed()
    panel.locator(".pk-grid").focus()
    return panel


def rested(page, panel):
    """Everything pressed is kept and drawn."""
    page.wait_for_timeout(700)
    page.wait_for_function("() => document.querySelector('.pk').dataset.unkept === '0'", timeout=30_000)


def planned(page, panel):
    page.keyboard.press("p")
    panel.locator(".pk-apply").wait_for(timeout=60_000)
    return panel.locator(".pk-plan").inner_text()


def applied(page, panel):
    page.keyboard.press("Control+Enter")
    panel.locator(".pk-say", has_text="operation").wait_for(timeout=60_000)


def picture(page, name):
    if PICTURES:
        page.wait_for_timeout(900)
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def go_to(page, panel, key):
    """Look at one row by typing its key in the filter."""
    panel.locator("input[type=search]").fill(key)
    panel.locator(f".pk-detail[data-of='{key}']").wait_for(timeout=30_000)
    panel.locator(".pk-grid").focus()


def theme(page, name):
    page.evaluate("name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)


def test_an_order_that_is_short_of_money_is_accepted_and_placed(lab, page, studio_folder):
    panel = opened(page, "40_place_orders", "parameters", "open", "panel")
    assert panel.locator(".pk-row").first.is_visible()
    picture(page, "place")
    go_to(page, panel, ACCEPTED)
    assert "2000 cents received, 2400 cents due" in panel.locator(".pk-detail").inner_text()
    picture(page, "place-in-the-way")
    page.keyboard.press("a")
    rested(page, panel)
    assert panel.get_attribute("data-decided") == "1"
    panel.locator("input[type=search]").fill("")
    panel.locator(".pk-grid").focus()
    page.keyboard.press("Home")
    page.keyboard.press("a")  # a picture is missing: nothing to accept, and no cell of the notebook is inserted
    assert "there is nothing to accept" in panel.locator(".pk-say").inner_text()
    assert re.search(r"[1-9]\d* to manual revision", planned(page, panel))
    picture(page, "place-planned")
    applied(page, panel)
    with Studio.open(studio_folder / "studio.db") as studio:
        state = studio.job().state
    assert state.orders.set_index("order_no").loc[ACCEPTED, "status"] == "in_revision"
    assert state.choices[["kind", "target", "value"]].to_numpy().tolist() == [["accept", ACCEPTED, "underpaid"]]


def test_a_frame_is_replaced_a_print_cropped_one_order_released_then_all_clean_ones(lab, page, studio_folder):
    with Studio.open(studio_folder / "studio.db") as studio:
        job = studio.job()
        job.apply(job.place())
        before = job.state.slots.set_index("slot_id")
    panel = opened(page, "45_manual_revision", "parameters", "open", "ask", "panel")
    go_to(page, panel, "104001")
    picture(page, "revise")
    page.keyboard.press("2")  # the first print, with the second frame
    page.keyboard.press("]")  # the next print …
    for key in ["+", "-", "-", "-", "-", "ArrowUp", "ArrowUp", "ArrowRight"]:
        page.keyboard.press(key)
    rested(page, panel)
    assert "2 changed" in panel.locator(".pk-row.pk-here").inner_text()
    picture(page, "revise-changed")
    page.keyboard.press("Enter")
    rested(page, panel)
    assert panel.get_attribute("data-decided") == "1"
    panel.locator("input[type=search]").fill("")
    panel.locator(".pk-grid").focus()
    page.keyboard.press("Shift+C")
    picture(page, "revise-all-clean")
    page.keyboard.press("Enter")
    rested(page, panel)
    assert int(panel.get_attribute("data-decided")) > 5
    picture(page, "revise-released")
    assert "frames replaced" in planned(page, panel)
    picture(page, "revise-planned")
    applied(page, panel)
    with Studio.open(studio_folder / "studio.db") as studio:
        job = studio.job()
        state, prints = job.state, job.batch_summary(1)
    order = state.orders.set_index("order_no").loc["104001"]
    slots = state.slots[state.slots["order_id"] == order["order_id"]].set_index("slot_id")
    assert order["status"] == "in_batch"
    assert (slots["frame_id"] != before.loc[slots.index, "frame_id"]).tolist() == [True, False, False]
    assert slots["crop"].notna().tolist() == [False, True, False]
    assert len(prints) and (state.orders["status"] == "in_batch").sum() > 5


def test_a_cancelled_order_is_found_with_what_happened_to_it(lab, page, studio_folder):
    with Studio.open(studio_folder / "studio.db", actor="bo") as studio:
        job = studio.job()
        job.apply(job.cancel("104008", why="moved away"))
    panel = opened(page, "00_start_here", "parameters", "open", "find")
    go_to(page, panel, "order 104008")
    told = panel.locator(".pk-detail").inner_text()
    assert "moved away" in told and "cancel by bo" in told and "80 Cancel and refund" in told
    picture(page, "find")
    panel.locator("input[type=search]").fill("kindergarten am")
    picture(page, "find-class")
    save(page)
    assert lab.asked == []
