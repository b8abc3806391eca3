"""Envelopes reconciled in a real browser, by keyboard: quick, and no decision is ever lost."""

import shutil

import pytest
from playwright.sync_api import expect

from prepaykit import Studio
from tests.browser.driving import errors, open_notebook, restart_kernel, run_all
from tests.browser.panels import applied, begin_anew, into, kept, open_panel, picture, planned, press, row_here
from tests.panels.conftest import paper_panel
from tests.panels.jobs import HOSTILE, studio_with, surnames, write_files

CERTAIN, WAITING = 60, 20
NOTEBOOK = "60_paper_orders"
EVERY_KEY = [*"abcdefghijklmnopqrstuvwxyz", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ", *"0123456789", "Enter", "Backspace", "Delete", "ArrowDown", "Home", "End"]


@pytest.fixture(scope="module")
def new_job(tmp_path_factory):
    folder = write_files(tmp_path_factory.mktemp("made") / "job", certain=CERTAIN, waiting=WAITING)
    studio_with(folder).close()
    return folder


@pytest.fixture(scope="module")
def studio_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("panel") / "job"


@pytest.fixture(autouse=True)
def a_job_whose_envelopes_have_not_been_brought_in(lab, new_job):
    begin_anew(lab, new_job)


@pytest.fixture
def job(studio_folder):
    with Studio.open(studio_folder / "studio.db", actor="looker") as studio:
        yield studio.job()


def drafts(job):
    from prepaykit.ledger.drafts import read_drafts

    return read_drafts(job.studio.store, job.name, "paper")


def test_eighty_envelopes_of_which_sixty_are_certain_take_fewer_than_ninety_keys(lab, page, job):
    panel = open_panel(page, NOTEBOOK)
    keys = ["1"] * 17 + ["2", "n", "l"]
    for key in keys:
        row = row_here(panel)
        expect(panel.locator(".pk-detail")).to_have_attribute("data-of", row)  # a person looks before deciding
        press(page, key)
    kept(panel, WAITING)
    assert "80 new envelopes, $1,200.00 counted; 78 became orders, 2 wait" in planned(page, panel)
    picture(page, "paper-orders-panel")
    assert "operation 4 paper" in applied(page, panel)
    assert len(keys) + 2 < 90
    assert errors(page) == []
    assert len(job.state.orders) == 78
    values = job.choices()["value"]
    assert values.str.endswith("-A").sum() + values.str.endswith("-B").sum() == 18
    assert set(values[~values.str.contains("-")]) == {"nobody", "later"}
    assert lab.asked == []


def test_a_hundred_keys_as_fast_as_they_go_lose_no_decision(page, job):
    panel = open_panel(page, NOTEBOOK)
    order = page.eval_on_selector_all(".pk-row", "rows => rows.map(r => r.dataset.key)")
    for _ in range(5):
        press(page, "Home", *["n", "l"] * (WAITING // 2))
    kept(panel, WAITING)
    rows = drafts(job)
    assert len(rows) == 5 * WAITING
    assert rows["action"].tolist()[:WAITING] == ["nobody", "later"] * (WAITING // 2)
    assert rows["row_key"].tolist()[: len(order)] == order[: len(rows)]
    assert rows["draft_no"].is_monotonic_increasing


def test_a_plan_asked_for_right_behind_fast_keys_holds_all_of_them(page, job):
    panel = open_panel(page, NOTEBOOK)
    press(page, "Home", *["1"] * 10)
    kept(panel, 10)
    assert "70 became orders, 10 wait" in planned(page, panel)
    applied(page, panel)
    assert len(job.choices()) == 10


def test_a_kernel_that_is_restarted_in_the_middle_loses_no_decision(page, job):
    panel = open_panel(page, NOTEBOOK)
    press(page, "Home", "1", "n", "l")
    kept(panel, 3)
    restart_kernel(page)
    panel.locator(".pk-grid").focus()
    press(page, "n", "n")  # nobody hears these: the panel is still on the screen, its kernel is not
    expect(panel).to_have_attribute("data-unkept", "2")
    assert len(drafts(job)) == 3
    run_all(page)
    panel = into(page, page.locator(".pk[data-ready=yes]"))
    kept(panel, 5)
    assert drafts(job)["action"].tolist() == ["accept", "nobody", "later", "nobody", "nobody"]
    assert "had not reached the kernel; they are sent again" in panel.locator(".pk-say").inner_text()


def test_two_browsers_on_one_job_the_second_is_told_and_nothing_is_overwritten(new_page, job, studio_folder):
    first, second = new_page(), new_page()
    ours = open_panel(first, NOTEBOOK)
    other = studio_folder / "notebooks" / "bo.ipynb"
    shutil.copy(studio_folder / "notebooks" / f"{NOTEBOOK}.ipynb", other)
    theirs = open_panel(second, "bo")
    second.evaluate("Object.defineProperty(document, 'visibilityState', {value: 'hidden'})")  # so that it does not hear of it before
    row = row_here(ours)
    assert row == row_here(theirs)
    press(first, "n")
    kept(ours, 1)
    press(second, "l")
    expect(theirs.locator(".pk-say")).to_contain_text("decided nobody")
    expect(theirs.locator(f".pk-row[data-key={row}] .pk-decision")).to_contain_text("not on the list")
    assert drafts(job)[["row_key", "action"]].values.tolist() == [[row, "nobody"]]
    planned(second, theirs)
    planned(first, ours)
    applied(first, ours)
    theirs.locator(".pk-grid").focus()
    press(second, "Control+Enter")
    expect(theirs.locator(".pk-say")).to_contain_text("Nothing was applied", timeout=30_000)


def test_names_are_text_whatever_a_file_held(page):
    panel = open_panel(page, NOTEBOOK)
    panel.get_by_label("Filter the rows").fill("onerror")
    expect(panel.locator(".pk-row")).to_have_count(1)
    expect(panel.locator(".pk-detail")).to_contain_text(HOSTILE)
    assert page.evaluate("window.hurt") is None
    assert panel.locator("img").count() == 0


def test_no_key_pressed_in_the_panel_reaches_the_notebook(page, job):
    panel = open_panel(page, NOTEBOOK)
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    source = page.evaluate("window.jupyterapp.shell.currentWidget.content.model.sharedModel.getSource()['cells'].map(c => c.source)")
    for key in EVERY_KEY:
        press(page, key)
        if page.evaluate("document.activeElement.closest('.pk-typing') !== null"):
            press(page, "Escape")
        panel.locator(".pk-grid").focus()
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    assert page.evaluate("window.jupyterapp.shell.currentWidget.content.model.sharedModel.getSource()['cells'].map(c => c.source)") == source
    panel.get_by_label("Filter the rows").focus()
    press(page, *"abxdd")
    assert panel.get_by_label("Filter the rows").input_value() == "abxdd"
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells


def test_another_child_is_found_by_typing_and_undo_takes_it_back(page, job):
    panel = open_panel(page, NOTEBOOK)
    row = row_here(panel)
    press(page, "o")
    page.keyboard.type("abel ada")
    expect(panel.locator(".pk-suggestions [role=option]").first).to_contain_text("Ada Abel")  # the teacher of others is called Adams: they fit too, behind her
    press(page, "Enter")
    kept(panel, 1)
    expect(panel.locator(f".pk-row[data-key={row}] .pk-decision")).to_contain_text("for C000-A")
    press(page, "u")
    kept(panel, 0)
    assert drafts(job)["action"].tolist() == ["other", "undo"]
    assert row_here(panel) == row


def test_rows_are_sorted_filtered_and_told_to_a_screen_reader(page):
    panel = open_panel(page, NOTEBOOK)
    grid = panel.get_by_role("grid", name="Paper orders")
    expect(grid).to_have_attribute("aria-rowcount", str(WAITING + 1))
    panel.get_by_role("button", name="envelope").click()
    expect(panel.get_by_role("columnheader", name="envelope")).to_have_attribute("aria-sort", "ascending")
    grid.focus()
    press(page, "Home")
    assert row_here(panel) == "W001"
    active = grid.get_attribute("aria-activedescendant")
    assert panel.locator(f"#{active}").get_attribute("aria-selected") == "true"
    press(page, "/", *"W01", "Enter")
    expect(grid).to_have_attribute("aria-rowcount", "11")
    names = [b.inner_text() for b in panel.get_by_role("toolbar").get_by_role("button").all()]
    assert names == ["↵ Take the first", "o Another child", "n Not on the list", "l Later", "u Undo", "p Plan"]


def test_a_scheduled_run_with_the_file_of_a_person_does_what_the_person_did(page, job, new_job, studio_folder, tmp_path):
    panel = open_panel(page, NOTEBOOK)
    press(page, "Home", "1", "2", "n", "l")
    kept(panel, 4)
    file = paper_panel(job, studio_folder).save(tmp_path / "choices.csv")
    planned(page, panel)
    applied(page, panel)
    by_hand = job.state
    night = tmp_path / "night"
    shutil.copytree(new_job, night)
    shutil.copy(file, night / "choices.csv")
    done = run_apart(night)
    assert done["status"] == "succeeded" and done["exit_code"] == 1  # 16 envelopes wait
    with Studio.open(night / "studio.db") as studio:
        again = studio.job().state
        for table, columns in (("orders", ["order_no", "total_cents"]), ("order_subjects", ["order_subject_id", "subject_id", "matched_by"]),
                               ("envelopes", ["envelope_no", "order_id"]), ("choices", ["kind", "target", "value", "who"])):  # fmt: skip
            assert again.tables[table][columns].equals(by_hand.tables[table][columns]), table


def run_apart(folder):
    """The notebook run by papermill in a process of its own: Playwright's loop runs in this one."""
    import json
    import subprocess
    import sys

    code = (f"from prepaykit.runs import run_notebook; import sys; sys.exit(run_notebook({NOTEBOOK!r}, "
            f"{{'studio': {str(folder / 'studio.db')!r}, 'choices': 'choices.csv', 'apply': True}}, {str(folder / 'runs')!r}).exit_code)")  # fmt: skip
    subprocess.run([sys.executable, "-c", code], check=False, timeout=120)
    return json.loads((folder / "runs" / f"{NOTEBOOK}.result.json").read_text())


def test_the_notebook_that_is_saved_holds_no_names(page, studio_folder):
    from tests.browser.driving import save

    open_notebook(page, NOTEBOOK)
    run_all(page)
    into(page, page.locator(".pk[data-ready=yes]"))
    page.evaluate(
        "const c = window.jupyterapp.shell.currentWidget.content.widgets.find(w => w.model.id === 'plan'); c.model.sharedModel.setOutputs([])"
    )  # the drawing of one envelope shows names on purpose
    save(page)
    page.wait_for_timeout(500)
    text = (studio_folder / "notebooks" / f"{NOTEBOOK}.ipynb").read_text(encoding="utf-8")
    assert "widget-view" in text
    assert not any(name in text for name in surnames(studio_folder))
