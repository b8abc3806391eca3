"""The panel of paper orders: who waits, whom each may be for, and what is shown of it."""

import json

from prepaykit.panels.paper import paper_work
from prepaykit.panels.people import People
from prepaykit.tables.state import JobState
from tests.panels.jobs import HOSTILE


def test_the_rows_are_the_envelopes_that_wait_with_the_likeliest_child(panel):
    rows = panel.work.rows.set_index("key")
    assert set(rows.index) == {"W001", "W002", "W003", "W004"}
    assert rows.loc["W001", "best"] in ("W001-A", "W001-B")
    assert 0.4 < rows.loc["W001", "share"] < 0.5


def test_the_details_show_the_envelope_and_both_namesakes_with_what_agrees(panel):
    envelope, may_be, stopped = panel.work.details("W001")
    assert ["teacher", "Baker"] in envelope["rows"] and ["received", "$15.00"] in envelope["rows"]
    assert {item["value"] for item in may_be["items"][:2]} == {"W001-A", "W001-B"}
    assert [fact[0] for fact in may_be["items"][0]["facts"]][:2] == ["first name", "surname"]
    assert "several children fit" in stopped["text"]


def test_everything_that_goes_to_the_browser_is_plain_data(panel):
    for key in panel.work.rows["key"]:
        json.dumps(panel.work.details(key), allow_nan=False)


def test_a_hostile_name_is_kept_as_it_is_typed(panel):
    rows = panel.work.rows.set_index("key")
    assert HOSTILE in rows.loc["W004", "typed"]


def test_people_are_found_by_the_beginnings_of_words_and_the_list_says_who_has_an_order(job, panel):
    people = People(job.state)
    assert [p["value"] for p in people.suggest("ab ada")] == ["C000-A"]
    assert people.suggest("") == []
    assert people.shown("C000-A")["title"] == "Ada Abel · Class Adams"
    job.apply(panel.plan())
    assert People(job.state).shown("C000-A")["title"] == "Ada Abel · Class Adams · has an order"


def test_without_envelopes_nothing_waits():
    assert not len(paper_work(JobState.new(name="maple-grove-2026", school="Maple Grove")).rows)
