"""Orders placed, revised and found in a real browser: one accepted; a frame replaced, a print cropped, one released, then all clean ones; a deleted one found."""

import shutil

import pytest
from playwright.sync_api import expect

from prepaykit import Studio
from tests.browser.driving import errors, restart_kernel, run_all, write_cell
from tests.browser.panels import applied, into, kept, open_panel, picture, planned, press
from tests.panels.demo import copied, populated

PLACE, REVISE, FIND = "40_place_orders", "45_manual_revision", "00_start_here"
SHORT_OF_MONEY = "P001"


@pytest.fixture(scope="module")
def new_job(drawn_job, tmp_path_factory):
    folder = copied(drawn_job, tmp_path_factory.mktemp("made") / "job")
    populated(folder).close()
    return folder


@pytest.fixture(scope="module")
def studio_folder(new_job, tmp_path_factory):
    return shutil.copytree(new_job, tmp_path_factory.mktemp("revision") / "job")


@pytest.fixture(autouse=True)
def begin_anew(lab, new_job, studio_folder):
    """Each test begins with orders that have their pictures and wait in the collection."""
    for name in ("studio.db", "studio.db-wal", "studio.db-shm"):
        (studio_folder / name).unlink(missing_ok=True)
    shutil.copy(new_job / "studio.db", studio_folder)


@pytest.fixture
def job(studio_folder):
    with Studio.open(studio_folder / "studio.db", actor="bo") as studio:
        yield studio.job()


@pytest.fixture
def in_revision(job):
    job.apply(job.place())
    return job


def look_at(panel, words, key=None):
    """The one row that fits the words, its details on the screen, the keyboard in the rows."""
    panel.get_by_label("Filter the rows").fill(words)
    expect(panel.locator(".pk-detail")).to_have_attribute("data-of", key or words)
    panel.locator(".pk-grid").focus()


def zoomed(new_page):
    """A page as a browser shows it at 125 %."""
    return new_page(viewport={"width": 1024, "height": 720}, device_scale_factor=1.25)


def dark(page):
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")


def test_an_order_that_is_short_of_money_is_accepted_for_just_that_and_placed(lab, page, job):
    panel = open_panel(page, PLACE)
    press(page, "Home", "a")  # a picture is missing there: nothing to accept, and no cell comes into the notebook
    expect(panel.locator(".pk-say")).to_contain_text("there is nothing to accept")
    look_at(panel, SHORT_OF_MONEY)
    expect(panel.locator(".pk-detail")).to_contain_text("$20.00 received, $24.00 due")
    press(page, "a")
    kept(panel, 1)
    panel.get_by_label("Which rows").select_option("flagged")
    panel.get_by_label("Filter the rows").fill("")
    expect(panel.locator(".pk-row")).to_have_count(4)
    panel.locator(".pk-grid").focus()
    picture(page, "review-and-create-panel")
    assert "0 to the batch, 13 to manual revision, 3 waiting" in planned(page, panel)
    assert "place" in applied(page, panel)
    state = job.state
    assert state.orders.set_index("order_no").loc[SHORT_OF_MONEY, "status"] == "in_revision"
    assert state.choices[["kind", "target", "value"]].to_numpy().tolist() == [["accept", SHORT_OF_MONEY, "underpaid"]]
    assert (errors(page), lab.asked) == ([], [])


def test_a_frame_is_replaced_and_a_print_cropped_by_keys_and_the_order_released(page, in_revision):
    before = in_revision.state.slots.set_index("slot_id")["frame_id"]
    panel = open_panel(page, REVISE)
    look_at(panel, "104001")
    press(page, "2", "]", "+", "-", "-", "-", "ArrowUp", "ArrowUp", "ArrowRight")
    expect(panel.locator(".pk-editor-words")).to_contain_text("2 of 3 · 8 wallets")
    expect(panel.locator(".pk-editor-words")).to_contain_text("changed, kept")
    expect(panel.locator(".pk-row")).to_contain_text("2 changed")
    picture(page, "manual-revision-panel")
    press(page, "Enter")
    kept(panel, 1)
    assert "1 released" in planned(page, panel)
    applied(page, panel)
    state = in_revision.state
    order = state.orders.set_index("order_no").loc["104001"]
    slots = state.slots[state.slots["order_id"] == order["order_id"]].set_index("slot_id")
    assert order["status"] == "in_batch"
    assert (slots["frame_id"] != before[slots.index]).tolist() == [True, False, False]
    assert slots["crop"].notna().tolist() == [False, True, False]
    assert set(state.choices["kind"]) == {"frame", "crop", "release"}
    assert int(in_revision.batch_summary(int(order["batch_id"]))["copies"].sum()) == 4


def test_all_clean_ones_are_released_by_one_key_after_asking_once(page, in_revision):
    panel = open_panel(page, REVISE)
    press(page, "C")
    expect(panel.locator(".pk-typing")).to_contain_text("11 of 12 in sight")  # one lacks its artwork
    press(page, "Escape")
    expect(panel).to_have_attribute("data-decided", "0")
    press(page, "C", "Enter")
    kept(panel, 11)
    assert "11 released, 1 still in revision" in planned(page, panel)
    applied(page, panel)
    assert (in_revision.state.orders["status"] == "in_batch").sum() == 11
    assert set(in_revision.choices()["kind"]) == {"release"}


def test_a_crop_drawn_with_the_mouse_has_the_shape_of_the_print_and_undo_brings_the_one_before_back(page, in_revision):
    panel = open_panel(page, REVISE)
    look_at(panel, "104001")
    corner = panel.locator(".pk-corner.pk-se")
    corner.wait_for()
    panel.locator(".pk-editor").scroll_into_view_if_needed()
    box = corner.bounding_box()
    page.mouse.move(box["x"] + 7, box["y"] + 7)
    page.mouse.down()
    page.mouse.move(box["x"] - 60, box["y"] - 60, steps=5)
    page.mouse.up()
    expect(panel.locator(".pk-editor-words")).to_contain_text("changed, kept")
    first = drafts(in_revision)
    w, h = map(float, first[-1].partition("@")[0].split(",")[2:])
    assert abs(w * 1200 / (h * 1800) - 5 / 7) < 0.001 and w < 1
    press(page, "-")
    expect(panel.locator(".pk-editor-words")).to_contain_text("changed, kept")
    page.wait_for_timeout(800)  # the hand rests
    press(page, "u")
    kept(panel, 0)
    assert drafts(in_revision)[-1] == first[-1]
    press(page, "u")
    expect(panel.locator(".pk-editor-words")).to_contain_text("cut as the lab does")


def test_a_memory_mate_is_shown_as_it_was_made_and_made_anew_when_a_hole_is_cut_otherwise(page, in_revision):
    panel = open_panel(page, REVISE)
    look_at(panel, "104006")
    expect(panel.locator(".pk-sheet", has_text="Memory mate")).to_contain_text("not made yet")
    press(page, "Enter")  # kept, and told by the plan: it lacks its artwork
    kept(panel, 1)
    assert "has no artwork" in planned(page, panel)
    press(page, "u")
    in_revision.apply(in_revision.revise(render=True))
    made = set(in_revision.state.slots["artwork_sha256"].dropna())
    write_cell(
        page,
        "parameters",
        "render, release, replace, crop, artwork, choices, studio, job, apply, why = True, '', '', '', '', '', '', '', False, ''",
    )
    run_all(page)
    panel = into(page, page.locator(".pk[data-ready=yes]"))
    look_at(panel, "104006")
    sheet = panel.locator(".pk-sheet", has_text="Memory mate")
    expect(sheet.locator("img.pk-artwork")).to_have_count(1)
    press(page, "]", "]", "]", "]", "]", "-", "-")
    expect(panel.locator(".pk-editor-words")).to_contain_text("Memory mate")
    expect(sheet).to_contain_text("made anew")
    picture(page, "memory-mate-changed")
    press(page, "Enter")
    kept(panel, 1)
    assert "1 released" in planned(page, panel)
    applied(page, panel)
    state = in_revision.state
    assert state.orders.set_index("order_no").loc["104006", "status"] == "in_batch"
    assert len(made) == 1 and set(state.slots["artwork_sha256"].dropna()).isdisjoint(made)


def test_changes_of_prints_outlive_the_kernel(page, in_revision):
    panel = open_panel(page, REVISE)
    look_at(panel, "104001")
    press(page, "2")
    expect(panel.locator(".pk-row")).to_contain_text("1 changed")
    kept(panel, 0)
    restart_kernel(page)
    run_all(page)
    panel = into(page, page.locator(".pk[data-ready=yes]"))
    expect(panel.locator(".pk-row[data-key='104001']")).to_contain_text("1 changed")


def test_a_deleted_order_is_found_with_what_happened_to_it(lab, page, job):
    job.apply(job.cancel("104008", why="moved away"))
    panel = open_panel(page, FIND)
    look_at(panel, "order 104008")
    told = panel.locator(".pk-detail").inner_text()
    assert "moved away" in told and "cancel by bo" in told and "80 Cancel and refund" in told
    picture(page, "find-panel")
    assert panel.locator(".pk-acts button").count() == 0
    assert (errors(page), lab.asked) == ([], [])


@pytest.mark.parametrize("name", [PLACE, REVISE, FIND])
def test_a_panel_is_readable_in_the_dark_and_at_125_percent(new_page, in_revision, name):
    page = zoomed(new_page)
    dark(page)
    panel = open_panel(page, name)
    panel.locator(".pk-detail[data-of]").wait_for()
    page.wait_for_timeout(500)
    picture(page, f"{name}-dark-125")
    grid, wide = (
        panel.locator(".pk-body").evaluate("e => [e.scrollWidth, e.clientWidth]"),
        panel.evaluate("e => [e.scrollWidth, e.clientWidth]"),
    )
    assert grid[0] <= grid[1] and wide[0] <= wide[1]  # nothing is out of sight to the right


def drafts(job):
    """What was said of prints, in order."""
    from prepaykit.ledger.drafts import read_drafts

    return read_drafts(job.studio.store, job.name, "revise")["value"].tolist()
