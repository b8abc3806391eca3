"""The analyst's day in a real browser: from the first notebook down the week, by keyboard, with the studio looked at after each step.

`PREPAYKIT_TEST_PICTURES=DIR` keeps the pictures of the README.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from prepaykit import Studio
from prepaykit.panels.photos import photos_work
from tests.browser.driving import PANEL, errors, number_of, open_notebook, outputs, run_all, said, write_cell
from tests.browser.panels import applied, into, kept, open_panel, picture, planned, press, row_here
from tests.panels.demo import copied, populated
from tests.panels.jobs import studio_with, write_files

TEN = 10


@pytest.fixture(scope="module")
def studio_folder(drawn_job, tmp_path_factory):
    """A drawn picture day whose orders all go through revision; beside it, in `envelopes/`, a job of which ten envelopes wait for their child."""
    folder = copied(drawn_job, tmp_path_factory.mktemp("day") / "job")
    populated(folder).close()
    studio_with(write_files(folder / "envelopes", certain=5, waiting=TEN)).close()
    return folder


@pytest.fixture
def job(studio_folder):
    """The job, read again by `job.state`: what the notebooks made of it."""
    with Studio.open(studio_folder / "studio.db", actor="bo") as studio:
        yield studio.job()


def set_parameters(page, **values):
    """Another value for some of the parameters, as a person types it into their cell."""
    source = page.evaluate(
        f"n => {PANEL}.content.widgets[n].model.sharedModel.getSource()", number_of(page, "parameters")
    )
    write_cell(page, "parameters", "\n".join([source, *(f"{name} = {value!r}" for name, value in values.items())]))


def filtered(panel, words):
    """The one row that fits the words, its details on the screen, the keyboard in the rows."""
    panel.get_by_label("Filter the rows").fill(words)
    expect(panel.locator(".pk-detail")).to_have_attribute("data-of", words)
    panel.locator(".pk-grid").focus()


def status_of(job, order_no):
    return job.state.orders.set_index("order_no").loc[order_no, "status"]


def in_batch(job):
    return int((job.state.orders["status"] == "in_batch").sum())


def test_the_day_of_an_analyst_from_the_first_notebook_to_the_batch(lab, page, job, studio_folder):
    the_job_is_seen_at_a_glance(page)
    ten_envelopes_find_their_children_by_one_key_each(page, studio_folder / "envelopes")
    a_favourite_is_chosen_in_the_strip(page, job)
    order_no = a_skipped_card_is_named_by_one_key(page, job)
    what_has_pictures_is_placed(page, job, order_no)
    an_order_is_released_from_revision(page, job, order_no)
    the_batch_holds_that_order_and_stays_until_somebody_releases_it(page, job)
    assert lab.asked == []


def the_job_is_seen_at_a_glance(page):
    open_notebook(page, "00_start_here")
    run_all(page)
    outputs(page, "open").scroll_into_view_if_needed()
    bar = page.get_by_role("navigation", name="Steps of the job")
    expect(bar.get_by_role("link", name="20 photos")).to_be_visible()
    picture(page, "start-here")
    assert errors(page) == []


def ten_envelopes_find_their_children_by_one_key_each(page, folder):
    open_notebook(page, "60_paper_orders")
    set_parameters(page, studio=str(folder / "studio.db"))
    run_all(page)
    panel = into(page, page.locator(".pk[data-ready=yes]"))
    expect(panel.locator(".pk-detail")).to_have_attribute("data-of", row_here(panel))
    picture(page, "paper-orders-panel")
    press(page, *["1"] * TEN)
    kept(panel, TEN)
    assert f"{TEN + 5} new envelopes" in planned(page, panel)
    applied(page, panel)
    with Studio.open(folder / "studio.db") as studio:
        state = studio.job().state
        assert len(state.orders) == TEN + 5
        assert (state.choices["kind"] == "match").sum() == TEN
    assert errors(page) == []


def a_favourite_is_chosen_in_the_strip(page, job):
    rows = photos_work(job.state).rows
    frame = rows.loc[(rows["word"] == "") & (rows["mark"] == ""), "key"].iloc[1]
    panel = open_panel(page, "20_photos")
    press(page, "Home")
    panel.locator(f'.pk-frame[data-key="{frame}"]').click()
    panel.locator(".pk-detail img").first.wait_for()
    picture(page, "photo-sorting-panel")
    press(page, "f")
    kept(panel, 1)
    planned(page, panel)
    applied(page, panel)
    rows = photos_work(job.state).rows.set_index("key")
    assert rows.loc[frame, "mark"] == "favourite"
    assert errors(page) == []


def a_skipped_card_is_named_by_one_key(page, job):
    causes = job.code_causes()
    first = causes[(causes["cause"] == "skipped_card") & (causes["sure"] == "likely")].iloc[0]
    panel = open_panel(page, "35_access_codes")
    panel.locator(f'.pk-row[data-key="{first["order_no"]}"]').click()
    expect(panel.locator(".pk-detail img").first).to_be_visible()
    picture(page, "access-codes-panel")
    press(page, "Enter")
    kept(panel, 1)
    assert f"{first['slots']} prints get a picture" in planned(page, panel)
    applied(page, panel)
    state = job.state
    [order_id] = state.orders.loc[state.orders["order_no"] == first["order_no"], "order_id"]
    assert state.slots.loc[state.slots["order_id"] == order_id, "frame_id"].notna().all()
    return first["order_no"]


def what_has_pictures_is_placed(page, job, order_no):
    panel = open_panel(page, "40_place_orders")
    assert "to manual revision" in planned(page, panel)
    applied(page, panel)
    assert status_of(job, order_no) == "in_revision"
    assert in_batch(job) == 0


def an_order_is_released_from_revision(page, job, order_no):
    panel = open_panel(page, "45_manual_revision")
    filtered(panel, order_no)
    panel.locator(".pk-sheet img").first.wait_for()
    picture(page, "revision-panel")
    press(page, "Enter")
    kept(panel, 1)
    assert "1 released" in planned(page, panel)
    applied(page, panel)
    assert (status_of(job, order_no), in_batch(job)) == ("in_batch", 1)


def the_batch_holds_that_order_and_stays_until_somebody_releases_it(page, job):
    open_notebook(page, "50_batch")
    set_parameters(page, number=1)
    run_all(page)
    assert "1 orders" in said(page, "plan") and "dry run" in said(page, "receipt")
    assert job.state.batches["released_at"].isna().all()
    assert errors(page) == []
