"""One contract for every lab, the real one and the fake: once per key, only what was released, nothing half."""

from functools import partial

import pytest

from prepaykit.adapters.lab.folder import write_package
from prepaykit.adapters.lab.memory import MemoryLab
from prepaykit.errors import NeighbourFailed
from tests.adapters.packages import KEY, Card, jpeg, released


@pytest.fixture
def card():
    return Card()


@pytest.fixture(params=["folder", "memory"])
def lab(request, card, tmp_path):
    """(send, count of packages that the lab has)."""
    if request.param == "memory":
        fake = MemoryLab(card.open_bytes)
        return fake, lambda: len(fake.packages)
    send = partial(write_package, out_dir=tmp_path / "lab", open_bytes=card.open_bytes)
    return send, lambda: len([p for p in (tmp_path / "lab").glob("*") if p.name[0] != "."])


def test_a_package_sent_again_is_one_package_with_the_same_receipt(lab, card):
    send, count = lab
    first = send(released(card), KEY)
    assert [send(released(card), KEY) for _ in range(3)] == [first] * 3
    assert count() == 1
    assert "5 prints" in first


def test_the_receipt_counts_digital_pictures_apart(lab, card):
    send, _ = lab
    payload = released(card)
    payload["prints"][4]["delivery"] = "digital"
    assert "4 prints, 1 digital picture," in send(payload, KEY)


def test_other_contents_under_the_same_key_are_refused(lab, card):
    send, count = lab
    send(released(card), KEY)
    with pytest.raises(NeighbourFailed, match="with other contents"):
        send(released(card, ship_to="elsewhere"), KEY)
    assert count() == 1


def test_two_keys_are_two_packages(lab, card):
    send, count = lab
    assert send(released(card), KEY) != send(released(card, batch=2), "maple-grove-2026/batch/2")
    assert count() == 2


def test_a_picture_that_changed_since_the_release_stops_the_package_and_is_named(lab, card):
    send, count = lab
    payload = released(card)
    card.files["b.jpg"] = jpeg("yellow")
    with pytest.raises(NeighbourFailed, match=r"frame b\.jpg has changed"):
        send(payload, KEY)
    assert count() == 0


def test_a_picture_that_is_gone_stops_the_package_and_it_can_be_sent_later(lab, card):
    send, count = lab
    payload = released(card)
    kept = card.files.pop("b.jpg")
    with pytest.raises(NeighbourFailed, match=r"b\.jpg is gone"):
        send(payload, KEY)
    assert count() == 0
    card.files["b.jpg"] = kept
    send(payload, KEY)
    assert count() == 1
