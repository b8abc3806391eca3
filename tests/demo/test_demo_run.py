"""The demo goes through every verb and leaves a job that a person can look at."""

import json

import pytest

from prepaykit import Studio
from prepaykit.demo.run import run_demo
from prepaykit.demo.truth import wrong_pictures
from prepaykit.errors import Refused
from prepaykit.rules.steps import NOTEBOOKS


@pytest.mark.slow
def test_the_demo_runs_every_verb_and_the_job_balances(finished_demo):
    results = [json.loads(p.read_text()) for p in sorted((finished_demo / "runs").glob("*.result.json"))]
    assert {r["status"] for r in results} == {"succeeded"}
    assert {r["notebook"] for r in results} == set(NOTEBOOKS.values())
    with Studio.open(finished_demo / "studio.db") as studio:
        job = studio.job()
        assert job.balance()["holds"].all()
        assert set(job.history()["actor"]) == {"demo"}
        state = job.state
        assert (state.orders["status"] == "released").any()
        assert (studio.store.outbox()["state"] == "sent").all()


@pytest.mark.slow
def test_the_demo_leaves_cards_packages_and_a_report(finished_demo):
    assert (finished_demo / "cards.pdf").read_bytes().startswith(b"%PDF")
    assert list((finished_demo / "lab").rglob("*.csv"))
    (report,) = (finished_demo / "reports").glob("*.html")
    assert "plainview-fall-2026" in report.read_text(encoding="utf-8")
    assert (finished_demo / "reports" / "reconciliation" / "reconciliation.xlsx").read_bytes().startswith(b"PK")


@pytest.mark.slow
def test_what_a_look_confirms_is_put_right_and_what_is_unsure_stays_a_finding(finished_demo):
    with Studio.open(finished_demo / "studio.db") as studio:
        state = studio.job().state
    assert set(state.choices["kind"]) <= {"tag", "relabel", "bind"}
    assert {"blank_card_used", "frames_before_first_card"} & set(state.findings["code"])


@pytest.mark.slow
def test_no_picture_of_another_child_is_in_any_slot(finished_demo):
    """Held against what was drawn, not against what the toolkit believes."""
    with Studio.open(finished_demo / "studio.db") as studio:
        state = studio.job().state
    assert state.slots["frame_id"].notna().sum() > 20
    assert wrong_pictures(state, finished_demo).to_dict("records") == []
    swapped = state.replace(slots=state.slots.assign(frame_id=state.slots["frame_id"].iloc[::-1].to_numpy()))
    assert len(wrong_pictures(swapped, finished_demo)) > 0, "the check can fail"


def test_a_folder_with_other_things_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    for again in (False, True):
        with pytest.raises(Refused, match="not empty and no demo job"):
            run_demo(tmp_path, size="tiny", again=again)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_demo_job_is_replaced_only_if_asked(tmp_path):
    (tmp_path / "job.toml").write_text('name = "x"\n[demo]\nseed = 1\n')
    with pytest.raises(Refused, match="--again"):
        run_demo(tmp_path, size="tiny")
