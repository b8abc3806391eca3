"""The panel of refunds: what is owed, and the amount typed beside it, which is the confirmation."""

from functools import partial

import pytest

from prepaykit.errors import UsageError
from prepaykit.panels.opening import open_panel
from tests.money.refunding import cancelled_studio


@pytest.fixture
def panel_and_bank(tmp_path):
    studio, bank = cancelled_studio(tmp_path / "studio.db")
    its = studio.job()
    yield open_panel(its, "refund", partial(its.refund, through=bank), takes_drafts=True), bank
    studio.close()


def test_the_panel_shows_what_is_owed_and_why(panel_and_bank):
    panel, _ = panel_and_bank
    assert panel.work.rows[["key", "owed", "way", "reason"]].to_numpy().tolist() == [
        ["online.1001.1", "$15.00", "card", "cancel: not photographed"], ["online.1002.2", "$15.00", "card", "cancel: not photographed"]]  # fmt: skip


def test_the_amount_typed_is_what_goes_back(panel_and_bank):
    panel, bank = panel_and_bank
    panel.press("online.1001.1", "give_back", "15.00")
    plan = panel.plan()
    assert plan.result == {"refund_ids": [1], "to_refund_cents": 1500, "confirmed": True, "is_final": False}
    panel.apply(plan)
    panel.job.studio.send(through=bank)
    assert [r.amount_cents for r in bank.refunds()] == [1500]
    assert panel.work.rows["key"].tolist() == ["online.1002.2"]


def test_more_than_is_owed_is_refused_at_the_key(panel_and_bank):
    panel, _ = panel_and_bank
    with pytest.raises(UsageError, match=r"\$15.01 cannot go back: \$15.00 are owed"):
        panel.press("online.1001.1", "give_back", "15.01")


def test_nothing_typed_gives_nothing_back(panel_and_bank):
    panel, bank = panel_and_bank
    panel.apply(panel.plan())
    panel.job.studio.send(through=bank)
    assert bank.sent == []
