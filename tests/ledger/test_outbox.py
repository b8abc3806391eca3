"""Sending: each key once, one failure does not stop the others, a broken-off row is taken up again."""

import pandas as pd
import pytest

from prepaykit.errors import NeighbourFailed
from prepaykit.ledger.outbox import LEASE, drain
from prepaykit.tables.plan import Plan, effect
from tests.ledger.studios import JOB, MORNING, opened


@pytest.fixture
def promised(store):
    """A studio with three promises: a, b and c."""
    opened(store)
    effects = pd.concat([effect(key, "lab_package", {"text": key}) for key in "abc"])
    store.apply(Plan.between(store.read(JOB), "batch", {}, effects=effects), actor="anna", why="")
    return store


def lab(sent, fails=()):
    def send(payload, key):
        if key in fails:
            raise fails[key]
        sent.append(key)
        return f"got {payload['text']}"

    return {"lab_package": send}


def test_everything_that_waits_is_sent_once(promised):
    sent = []
    report = drain(promised, lab(sent), now=MORNING)
    assert sent == ["a", "b", "c"]
    assert report["receipt"].tolist() == ["got a", "got b", "got c"]
    assert drain(promised, lab(sent), now=MORNING).empty
    assert sent == ["a", "b", "c"]
    row = promised.outbox(JOB).iloc[0]
    assert (row["state"], row["attempts"], row["receipt"]) == ("sent", 1, "got a")


def test_a_failure_is_reported_and_the_others_go_on(promised):
    sent = []
    report = drain(promised, lab(sent, {"b": NeighbourFailed("the lab's disk is full")}), now=MORNING).set_index("key")
    assert sent == ["a", "c"]
    assert report.loc["b", ["state", "error"]].tolist() == ["pending", "the lab's disk is full"]
    assert promised.outbox(JOB).set_index("key").loc["b", "error"] == "the lab's disk is full"
    drain(promised, lab(sent), now=MORNING)
    assert sent == ["a", "c", "b"]
    assert promised.outbox(JOB).set_index("key").loc["b", "attempts"] == 2


def test_a_foreign_error_is_kept_without_its_words_which_may_hold_names(promised):
    report = drain(promised, lab([], {"a": ValueError("Zoë Łuk has no picture")}), now=MORNING).set_index("key")
    assert report.loc["a", "error"].startswith("ValueError")
    assert "Zoë" not in promised.outbox(JOB).to_csv()


def test_a_kind_that_nobody_sends_stays_and_is_reported(promised):
    report = drain(promised, {}, now=MORNING)
    assert report["error"].tolist() == ["nobody here sends this kind"] * 3
    assert promised.outbox(JOB)["attempts"].tolist() == [0, 0, 0]


def test_a_row_in_another_drains_hands_is_left_to_it(promised):
    sent, inner = [], []

    def slow(payload, key):
        if key == "a":
            inner.append(drain(promised, lab(sent), now=MORNING).set_index("key"))
        sent.append(key)
        return "ok"

    drain(promised, {"lab_package": slow}, now=MORNING)
    assert sorted(sent) == ["a", "b", "c"]
    assert inner[0].loc["a", "state"] == "leased"


def test_a_broken_off_row_is_sent_again_once_its_lease_ends(promised):
    sent = []
    with promised.database.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE outbox SET state='leased', attempts=1, lease_until='2026-09-01T12:10:00.000000Z' WHERE key='a'"
        )
    drain(promised, lab(sent), now=MORNING)
    assert sent == ["b", "c"]
    drain(promised, lab(sent), now=MORNING + LEASE + pd.Timedelta(seconds=1))
    assert sent == ["b", "c", "a"]


def test_an_interrupted_send_waits_again_at_once(promised):
    with pytest.raises(KeyboardInterrupt):
        drain(promised, lab([], {"a": KeyboardInterrupt()}), now=MORNING)
    assert promised.outbox(JOB)["state"].tolist() == ["pending"] * 3


def test_a_drain_that_lost_its_lease_does_not_overwrite_the_other_ones_receipt(promised):
    def too_slow(payload, key):
        if key == "a":
            drain(promised, {"lab_package": lambda payload, key: "second"}, now=MORNING + LEASE * 2)
        return "first"

    drain(promised, {"lab_package": too_slow}, now=MORNING)
    assert promised.outbox(JOB).set_index("key").loc["a", "receipt"] == "second"
