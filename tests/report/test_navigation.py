"""The navigation bar under `this_job`: links, states in words, and nothing a page could stumble over."""

import re
from html.parser import HTMLParser

from prepaykit import Studio
from prepaykit.report.navigation import navigation, notebook_at_hand
from prepaykit.rules.steps import NOTEBOOKS
from prepaykit.tables.state import JobState
from tests.jobs import job, placed

STATE = placed(job(15, absent=(2, 4, 9)))


def links_of(page):
    return re.findall(r'<li class="([a-z-]+)"><a class="step" href="([^"]+)"', page)


def test_every_step_is_a_relative_link_in_the_order_of_the_notebooks():
    assert [href for _, href in links_of(navigation(STATE, "job"))] == [f"{name}.ipynb" for name in NOTEBOOKS.values()]


def test_the_bar_says_what_waits_and_links_to_the_next_step():
    page = navigation(STATE, "job")
    assert 'Next: <a class="step" href="12_prices.ipynb">' in page  # jobs of the tests have no price list
    assert "codes: 3 orders without a picture; place: 12 of 15 orders placed, 3 held" in page
    assert ": waits, 3 to decide, 12 of 15 orders placed, 3 held</span>" in page


def test_the_notebook_at_hand_is_marked_once_and_no_other():
    page = navigation(STATE, "job", here="40_place_orders").split("</style>")[1]
    assert page.count('aria-current="page"') == 1
    assert 'href="40_place_orders.ipynb" title="12 of 15 orders placed, 3 held" aria-current="page"' in page
    assert "aria-current" not in navigation(STATE, "job").split("</style>")[1]


def test_the_notebook_at_hand_is_told_by_jupyterlab_or_by_voila():
    assert notebook_at_hand({"JPY_SESSION_NAME": "30_populate.ipynb"}) == "30_populate"
    assert notebook_at_hand({"SCRIPT_NAME": "/voila/render/50_batch.ipynb"}) == "50_batch"
    assert notebook_at_hand({"JPY_SESSION_NAME": "Console 1"}) == ""


def test_a_job_whose_name_is_markup_is_shown_as_text():
    state = JobState.new(name="x", school="y")
    assert "<b>" not in navigation(state, "job <b>bold</b>")


def test_the_bar_is_well_formed_and_names_itself_to_screen_readers():
    class Tags(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open_tags = []

        def handle_starttag(self, tag, attrs):
            if tag not in ("path", "circle"):
                self.open_tags.append(tag)

        def handle_endtag(self, tag):
            assert self.open_tags.pop() == tag

    page = str(navigation(STATE, "job"))
    reader = Tags()
    reader.feed(page.replace("/>", ">"))
    assert reader.open_tags == []
    assert '<nav class="prepaykit-week tex2jax_ignore mathjax_ignore" aria-label="Steps of the job">' in page
    assert "http" not in page
    assert "<script" not in page


def test_a_notebook_gets_line_and_bar_from_one_reading(tmp_path, monkeypatch):
    with Studio.open(tmp_path / "studio.db") as studio:
        made = studio.new({"name": "maple-grove-2026", "school": "Maple Grove"})
        read, reads = studio.store.read, []
        monkeypatch.setattr(studio.store, "read", lambda name: reads.append(name) or read(name))
        shown = made._repr_mimebundle_()
        assert len(reads) == 1
        assert shown["text/plain"] == repr(made) == "job maple-grove-2026 (planning): 0 names, 0 frames, 0 orders"
        assert "Next: " in shown["text/html"]
        assert made.steps()["verb"].tolist() == list(NOTEBOOKS)
