"""Access codes and photo sorting in a real browser, by keyboard and mouse, on a drawn picture day."""

import string

import pytest
from playwright.sync_api import expect

from prepaykit import Studio
from prepaykit.ledger.drafts import close_drafts, read_drafts
from prepaykit.panels.photos import photos_work
from tests.browser.driving import PANEL, errors, save
from tests.browser.panels import applied, into, kept, open_panel, picture, planned, press, row_here
from tests.panels.demo import copied, populated

EVERY_KEY = [*string.ascii_letters, *string.digits, "Delete", "Backspace", " ", "Tab", "Escape"]


@pytest.fixture(scope="module")
def studio_folder(drawn_job, tmp_path_factory):
    folder = copied(drawn_job, tmp_path_factory.mktemp("sorting") / "job")
    populated(folder).close()
    return folder


@pytest.fixture(autouse=True)
def job(studio_folder):
    """The job, with nothing decided that is not applied: the tests come in any order."""
    with Studio.open(studio_folder / "studio.db") as studio:
        job = studio.job()
        for name in ("codes", "photos"):
            left = read_drafts(studio.store, job.name, name)["draft_no"].tolist()
            close_drafts(studio.store, job.name, left, op_no=job.state.head)
        yield job


def choices_of(job):
    return job.state.choices[["kind", "target", "value"]].to_numpy().tolist()


def empty_slots(job, order_no):
    orders = job.state.orders
    mine = job.state.slots["order_id"].isin(orders.loc[orders["order_no"] == order_no, "order_id"])
    return int(job.state.slots.loc[mine, "frame_id"].isna().sum())


def tile(panel, frame):
    return panel.locator(f'.pk-frame[data-key="{frame}"]')


def go_to(page, panel, frame):
    """Along what is to look at, until that frame is reached."""
    press(page, "Home")
    for _ in range(20):
        if row_here(panel) == str(frame):
            return
        press(page, "g")
    raise AssertionError(f"frame {frame} is not to be looked at")


def two_frames_and_the_next_card(job):
    """Two frames of the first child with several, the card after them, and its code."""
    rows = photos_work(job.state).rows
    cards = rows.index[(rows["word"] == "card") & ~rows["code"].str.contains(" ", na=True)]
    at = next(i for i in cards if i > 2 and (rows.loc[[i - 2, i - 1], "word"] == "").all())
    return rows.loc[at - 2, "key"], rows.loc[at - 1, "key"], rows.loc[at, "key"], rows.loc[at, "code"]


def test_a_skipped_card_is_put_right_by_one_key_and_the_order_is_filled(page, job):
    causes = job.code_causes()
    [first] = causes[(causes["cause"] == "skipped_card") & (causes["sure"] == "likely")].to_dict("records")
    panel = open_panel(page, "35_access_codes")
    assert errors(page) == []
    panel.locator(f'.pk-row[data-key="{first["order_no"]}"]').click()
    expect(panel.locator(".pk-detail img").first).to_be_visible()
    picture(page, "codes-panel")
    assert empty_slots(job, first["order_no"]) == first["slots"]
    press(page, "Enter")
    words = planned(page, panel)
    assert f"{first['slots']} prints get a picture" in words
    expect(panel.locator(".pk-plan img")).to_have_count(panel.locator(".pk-plan figure").count())
    picture(page, "codes-plan")
    applied(page, panel)
    job = job.studio.job()
    assert empty_slots(job, first["order_no"]) == 0
    assert [first["verb"], first["from"], first["to"]] in choices_of(job)
    assert job.state.choices["why"].str.contains("(proposed: skipped_card, likely", regex=False).any()
    expect(panel.locator(f'.pk-row[data-key="{first["order_no"]}"]')).to_have_count(0)
    save(page)


def test_frames_are_named_by_hand_moved_by_dragging_and_taken_back_together(page, job):
    frames = job.state.frames
    unread = int(job.findings("photos").query("code == 'unread_card'")["key"].iloc[0])
    child = job.state.subjects.loc[~job.state.subjects["subject_id"].isin(job.state.galleries["subject_id"])].iloc[0]
    panel = open_panel(page, "20_photos")
    assert errors(page) == []
    go_to(page, panel, unread)
    press(page, "t")
    page.keyboard.type(str(child["access_code"]))
    press(page, "Enter")
    kept(panel, 1)
    picture(page, "photos-panel")

    first, second, card, code = two_frames_and_the_next_card(job)
    press(page, "Home")
    tile(panel, first).click()
    press(page, "Shift+ArrowRight")
    tile(panel, first).drag_to(tile(panel, card))
    kept(panel, 3)
    expect(tile(panel, second)).to_contain_text(f"to {code}")
    picture(page, "photos-dragged")
    press(page, "u")
    kept(panel, 1)
    tile(panel, card).click()
    tile(panel, second).drag_to(tile(panel, card))
    kept(panel, 2)

    assert "frames filed anew" in planned(page, panel)
    applied(page, panel)
    made = choices_of(job.studio.job())
    assert ["tag", str(unread), child["access_code"]] in made
    assert ["move", second, code] in made and ["move", first, code] not in made
    assert len(frames) == len(job.studio.job().state.frames)
    save(page)


def test_shift_selects_a_run_and_arrows_move_in_two_dimensions(page, job):
    panel = open_panel(page, "20_photos")
    columns = int(panel.locator(".pk-grid").get_attribute("aria-colcount"))
    press(page, "Home", "ArrowRight")
    first = panel.locator(".pk-here").get_attribute("data-at")
    press(page, "ArrowDown")
    assert panel.locator(".pk-here").get_attribute("data-at") == str(int(first) + columns)
    press(page, "Shift+ArrowRight", "Shift+ArrowRight")
    expect(panel.locator(".pk-frame[aria-selected=true]")).to_have_count(3)
    press(page, "t")
    expect(panel.locator(".pk-say")).to_contain_text("3 are selected")
    press(page, "Escape")
    expect(panel.locator(".pk-frame[aria-selected=true]")).to_have_count(1)
    tile_at = panel.locator(f'[data-at="{int(first) + columns}"]')
    tile_at.click(modifiers=["Shift"])
    expect(panel.locator(".pk-frame[aria-selected=true]")).to_have_count(3)
    press(page, "End", "PageUp", "Home")
    assert panel.locator(".pk-here").get_attribute("data-at") == "0"
    save(page)


@pytest.mark.parametrize("notebook", ["35_access_codes", "20_photos"])
def test_no_key_inserts_or_cuts_a_cell(page, notebook):
    panel = open_panel(page, notebook)
    cells = page.evaluate(f"() => {PANEL}.content.widgets.map(w => w.model.id)")
    for key in EVERY_KEY:
        press(page, key)
        if page.evaluate("() => !document.activeElement.closest('.pk')"):
            into(page, panel)
    press(page, "Escape")
    into(page, panel)
    press(page, *EVERY_KEY[:20])
    assert page.evaluate(f"() => {PANEL}.content.widgets.map(w => w.model.id)") == cells
    save(page)
