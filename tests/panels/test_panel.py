"""A panel: each press is kept, a plan comes of what was decided, and nothing decided is lost or done twice."""

from dataclasses import replace

import pandas as pd
import pytest

from prepaykit import Studio
from prepaykit.errors import Overtaken, StalePlan, UsageError
from prepaykit.panels.opening import open_panel
from prepaykit.panels.panel import is_watched
from tests.panels.conftest import paper_panel
from tests.panels.jobs import surnames

DECIDED = ["kind", "target", "value", "who"]


def test_a_press_changes_nothing_of_the_job(job, panel):
    head = job.state.head
    panel.press("W001", "accept", "W001-A")
    assert job.state.head == head
    assert not len(job.choices())
    assert panel.choices[DECIDED].values.tolist() == [["match", "W001", "W001-A", "ana"]]


def test_the_plan_of_a_panel_does_what_was_decided_and_applying_it_closes_the_drafts(job, panel):
    panel.press("W001", "accept", "W001-A")
    panel.press("W002", "nobody")
    plan = panel.plan()
    assert plan.headline.startswith("7 new envelopes, $105.00 counted; 4 became orders, 3 wait")
    panel.apply(plan, why="by hand")
    assert job.choices()[DECIDED].values.tolist() == [["match", "W001", "W001-A", "ana"], ["match", "W002", "nobody", "ana"]]
    assert not len(panel.drafts)
    assert "W001" not in set(panel.work.rows["key"])
    assert panel.work.rows.set_index("key").loc["W002", "said"] == "nobody"


def test_whoever_opens_the_studio_next_finds_the_decisions(job, panel, folder):
    panel.press("W001", "accept", "W001-A")
    with Studio.open(folder / "studio.db", actor="bo") as studio:
        other = paper_panel(studio.job(), folder)
        assert other.choices[DECIDED].values.tolist() == [["match", "W001", "W001-A", "ana"]]
        assert other.table().set_index("key").loc["W001", "decided"] == "for W001-A"


def test_undo_takes_back_and_a_later_press_counts(panel):
    panel.press("W001", "accept", "W001-A")
    panel.press("W001", "undo")
    panel.press("W002", "nobody")
    panel.press("W002", "later")
    assert panel.choices[["target", "value"]].values.tolist() == [["W002", "later"]]


def test_two_people_at_one_job_overwrite_nothing_of_each_other(job, panel, folder):
    with Studio.open(folder / "studio.db", actor="bo") as studio:
        other = paper_panel(studio.job(), folder)
        panel.press("W001", "accept", "W001-A", seen=0)
        with pytest.raises(Overtaken, match="W001: ana decided accept W001-A"):
            other.press("W001", "accept", "W001-B", seen=0)
        other.press("W002", "later", seen=0)
    assert panel.choices[["target", "value"]].values.tolist() == [["W001", "W001-A"], ["W002", "later"]]


def test_a_plan_that_somebody_overtook_is_refused_and_the_decisions_stay(job, panel, folder):
    panel.press("W001", "accept", "W001-A")
    plan = panel.plan()
    job.apply(job.settings(batch_deadline="2026-10-16"))
    with pytest.raises(StalePlan):
        panel.apply(plan)
    assert len(panel.drafts) == 1
    panel.apply(panel.plan())
    assert not len(panel.drafts)


def test_what_is_pressed_after_the_plan_was_made_waits_for_the_next_one(job, panel):
    panel.press("W001", "accept", "W001-A")
    plan = panel.plan()
    panel.press("W002", "accept", "W002-A")
    panel.apply(plan)
    assert panel.drafts["row_key"].tolist() == ["W002"]


def test_only_the_plan_that_was_looked_at_is_applied(panel):
    plan = panel.plan()
    panel.plan()
    with pytest.raises(UsageError, match="not the last one"):
        panel.apply(plan)


@pytest.mark.parametrize(
    "press, why",
    [
        (("W999", "later"), "does not wait in paper orders any more"),
        (("W001", "guess"), "there is no action guess"),
        (("W001", "accept"), "needs a candidate"),
        (("W001", "other", "ZZZZ"), "no code ZZZZ on the list"),
    ],
)
def test_a_press_that_can_mean_nothing_is_refused(panel, press, why):
    with pytest.raises(UsageError, match=why):
        panel.press(*press)
    assert not len(panel.drafts)


def test_a_decision_that_cannot_be_used_any_more_stays_is_told_and_can_be_dropped(job, panel, folder):
    panel.press("W001", "accept", "W001-A")
    panel.press("W002", "accept", "W002-A")
    job.apply(job.paper(folder / "paper_orders.csv", match={"W001": "W001-B"}), why="at the counter, later")
    plan = panel.plan()
    assert panel.unusable(plan)["row"].tolist() == ["W001"]
    panel.apply(plan)
    assert job.choices().set_index("target")["value"].to_dict() == {"W001": "W001-B", "W002": "W002-A"}
    assert panel.drafts["row_key"].tolist() == ["W001"]
    panel.press("W001", "undo")
    assert not len(panel.unusable(panel.plan()))
    panel.apply()
    assert not len(panel.drafts)


def test_a_scheduled_run_takes_the_file_and_never_somebodys_half_done_work(job, panel, folder, tmp_path):
    panel.press("W001", "accept", "W001-B")
    file = panel.save(tmp_path / "choices.csv")
    panel.press("W002", "accept", "W002-A")
    run = paper_panel(job, folder, takes_drafts=False, file=file)
    assert run.choices[["kind", "target", "value"]].values.tolist() == [["match", "W001", "W001-B"]]
    run.apply(run.plan(), why="at night")
    assert job.choices()[["target", "value", "who"]].values.tolist() == [["W001", "W001-B", "ana"]]
    assert set(panel.drafts["row_key"]) == {"W001", "W002"}


def test_a_saved_file_done_again_in_a_job_made_anew_gives_the_same_orders(job, panel, folder, tmp_path):
    for row, action, value in (("W001", "accept", "W001-B"), ("W002", "other", "C001-A"), ("W003", "nobody", ""), ("W004", "later", "")):
        panel.press(row, action, value)
    file = panel.save(tmp_path / "choices.csv")
    panel.apply()
    anew = tmp_path / "anew"
    anew.mkdir()
    with Studio.open(anew / "studio.db") as studio:
        again = studio.new(folder)
        again.apply(again.names(folder / "names.csv", seed=1))
        again.apply(again.prices(folder / "prices.csv"))
        run = paper_panel(again, folder, takes_drafts=False, file=file)
        run.apply(run.plan())
        for table in ("orders", "order_subjects", "envelopes", "choices"):
            pd.testing.assert_frame_equal(again.state.tables[table].drop(columns=_moments(again, table)), job.state.tables[table].drop(columns=_moments(job, table)))


def _moments(job, table):
    return [c for c, kind in job.state.tables[table].dtypes.items() if "datetime" in str(kind) and c != "decided_at"]


def test_a_panel_that_is_not_there_is_a_usage_error(job):
    with pytest.raises(UsageError, match="there is no panel papper"):
        open_panel(job, "papper")


def test_a_panel_as_text_and_table_shows_no_names(panel, folder):
    panel.press("W001", "accept", "W001-A")
    shown = panel._repr_html_() + repr(panel)
    assert "W001" in shown and "for W001-A" in shown
    assert not any(name in shown for name in surnames(folder)) and "img src" not in shown


def test_what_the_reader_says_of_a_file_is_told_beside_presses_too(job, folder, tmp_path):
    file = tmp_path / "choices.csv"
    file.write_text("kind,target,value\nmatch,W001,W001-A\nmatch,,W002-A\n")
    panel = paper_panel(job, folder, file=file)
    panel.press("W003", "later")
    plan = panel.plan()
    assert panel.choices[["target", "value"]].values.tolist() == [["W001", "W001-A"], ["W003", "later"]]
    assert "row_unusable" in set(plan.findings["code"])


def test_what_a_browser_keeps_belongs_to_one_job_even_if_another_is_made_anew_under_its_name(job, panel, folder, tmp_path):
    assert paper_panel(job, folder).scope == panel.scope
    (tmp_path / "anew").mkdir()
    with Studio.open(tmp_path / "anew" / "studio.db") as studio:
        again = studio.new(folder)
        assert paper_panel(again, folder).scope != panel.scope
    assert job.name not in panel.scope and panel.scope.endswith(".paper")


@pytest.mark.parametrize(
    "environment, watched",
    [({}, False), ({"JPY_SESSION_NAME": "60.ipynb"}, True), ({"SERVER_SOFTWARE": "voila/0.5.13"}, True), ({"JPY_SESSION_NAME": "60.ipynb", "PREPAYKIT_RUN": "60"}, False)],
)
def test_only_a_kernel_that_a_person_opened_shows_widgets_and_takes_drafts(environment, watched, monkeypatch):
    for name in ("JPY_SESSION_NAME", "SERVER_SOFTWARE", "VSCODE_PID", "PREPAYKIT_RUN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("prepaykit.panels.panel._has_kernel", lambda: True)
    assert is_watched() is watched


def test_a_decision_of_which_nothing_comes_any_more_is_told_and_waits(job, panel):
    panel.press("W001", "accept", "W001-A")
    panel.press("W002", "accept", "W002-A")
    made = panel.work.choices
    panel.work = replace(panel.work, choices=lambda presses: made(presses[presses["row_key"] != "W001"]))
    plan = panel.plan()
    assert panel.unusable(plan)["row"].tolist() == ["W001"]
    panel.apply(plan)
    assert panel.drafts["row_key"].tolist() == ["W001"]


def test_a_file_brought_beside_presses_is_read_as_it_is_alone(job, panel, folder, tmp_path):
    file = tmp_path / "choices.csv"
    file.write_text("kind,target,value,who,why\nmatch,W001,W001-B,ana,'=a reason\nmatch,nowhere,W001-A,ana,\n")
    alone = paper_panel(job, folder, file=file).plan()
    panel.press("W002", "later")
    beside = paper_panel(job, folder, file=file)
    plan = beside.plan()
    whys = [p.changes["choices"].inserts.set_index("target").loc["W001", "why"] for p in (alone, plan)]
    assert whys == ["=a reason", "=a reason"]
    assert plan.findings.loc[plan.findings["code"] == "choice_unusable", "key"].tolist() == ["row 3 of the file"]
