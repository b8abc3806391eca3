"""revise: replace, attach, release; never another child's picture, never a memory mate without artwork."""

import pandas as pd
import pytest

from prepaykit.decide.revise import in_revision, plan_revise
from prepaykit.errors import Refused, UsageError
from tests.jobs import NOW, job, placed, populated, released, with_orders


def revised(state, **what):
    return state.after(plan_revise(state, now=NOW, **what))


def frames_of(state, subject):
    return state.galleries.loc[state.galleries["subject_id"] == subject].sort_values("position")["frame_id"].tolist()


def test_a_named_order_goes_on_to_the_batch_and_the_others_stay():
    state = revised(placed(job(3, has_manual_revision=True)), release=["1002"])
    assert state.orders["status"].tolist() == ["in_revision", "in_batch", "in_revision"]
    assert state.revisions["status"].tolist() == ["waiting", "released", "waiting"]


def test_all_clean_orders_are_released_and_the_rest_says_what_it_lacks():
    state = placed(with_orders(job(1, has_manual_revision=True), [("2000", [1])], "mate"))
    state = revised(state, release="clean")
    assert state.orders["status"].tolist() == ["in_batch", "in_revision"]
    assert state.findings.loc[state.findings["verb"] == "revise", "code"].tolist() == ["artwork_missing"]


def test_a_memory_mate_without_artwork_is_refused_by_name():
    state = placed(job(1, products="mate"))
    with pytest.raises(Refused, match=r"order 1001 cannot be released, print P5 .* has no artwork"):
        plan_revise(state, now=NOW, release=["1001"])


def test_a_memory_mate_that_could_not_be_made_says_why_and_the_others_go_on():
    state = placed(job(3, products="mate"))
    plan = plan_revise(state, now=NOW, artwork={1: ("a.jpg", "ff"), 5: ("c.jpg", "ff")}, not_made={3: "frame x.jpg is gone"}, release="clean")  # fmt: skip
    assert plan.findings[["code", "key", "detail"]].to_numpy().tolist() == [
        ["artwork_not_made", "3", "order 1002, print P5, slot 3: frame x.jpg is gone"]
    ]
    assert state.after(plan).orders["status"].tolist() == ["in_batch", "in_revision", "in_batch"]
    assert plan.headline.endswith("2 artworks attached, 1 could not be made")
    with pytest.raises(Refused, match=r"order 1002 .* has no artwork \(frame x.jpg is gone\)"):
        plan_revise(state, now=NOW, not_made={3: "frame x.jpg is gone"}, release=["1002"])


def test_with_artwork_the_memory_mate_goes_on():
    state = revised(placed(job(1, products="mate")), artwork={1: ("art.jpg", "ff" * 32)}, release="clean")
    assert state.orders["status"].tolist() == ["in_batch"]
    assert set(state.slots["artwork_path"]) == {"art.jpg"}


def test_another_frame_of_the_same_child_is_taken_and_kept_as_a_choice():
    state = placed(job(2, has_manual_revision=True))
    other = frames_of(state, 1)[1]
    state = revised(state, replace={1: other})
    assert state.slots[["frame_id", "filled_by"]].iloc[0].tolist() == [other, "person"]
    assert state.choices[["kind", "target", "value"]].to_numpy().tolist() == [["frame", "1", str(other)]]


def test_a_frame_of_another_child_is_refused_whoever_asks():
    state = placed(job(2, has_manual_revision=True))
    with pytest.raises(Refused, match="slot 1: the frame is not in the gallery of this order's child"):
        plan_revise(state, now=NOW, replace={1: frames_of(state, 2)[0]})


def test_another_frame_takes_the_artwork_off():
    state = revised(placed(job(1, products="mate")), artwork={1: ("art.jpg", "ff")})
    state = revised(state, replace={1: frames_of(state, 1)[1]})
    assert state.slots["artwork_path"].isna().all()


def test_artwork_goes_only_onto_memory_mates():
    with pytest.raises(UsageError, match="slot 1 is not a hole of a memory mate"):
        plan_revise(placed(job(1)), now=NOW, artwork={1: ("a", "b")})


def test_an_order_that_is_not_in_revision_cannot_be_released():
    with pytest.raises(UsageError, match="not in manual revision of maple-grove-2026: 1001"):
        plan_revise(placed(job(1)), now=NOW, release=["1001"])


def test_direct_orders_leave_revision_for_a_batch_of_their_own():
    state = placed(with_orders(job(1, has_manual_revision=True), [("2000", [1])], shipping="direct"))
    assert revised(state, release="clean").batches["kind"].tolist() == ["school", "direct"]


def test_the_queue_shows_what_each_slot_lacks():
    assert in_revision(placed(job(1, products="mate")))["lacks"].tolist() == ["artwork", "artwork"]


def test_releasing_twice_changes_nothing():
    state = revised(placed(job(2, has_manual_revision=True)), release="clean")
    assert plan_revise(state, now=NOW, release="clean").is_empty


def test_an_order_in_production_is_not_revised():
    state = populated(job(1))
    state = state.replace(orders=state.orders.assign(status="released"))
    with pytest.raises(Refused, match="make a reprint"):
        plan_revise(state, now=NOW, replace={1: 2})


def two_mates_of_one_package():
    """An order whose package holds the same memory mate twice: slots 1 and 2, 3 and 4."""
    state = job(1, products="mate")
    return placed(state.replace(slots=pd.concat([state.slots, state.slots.assign(slot_id=[3, 4])])))


def test_the_same_memory_mate_twice_in_a_package_is_two_prints():
    state = revised(two_mates_of_one_package(), artwork={1: ("one.jpg", "ff")})
    assert state.slots["artwork_path"].fillna("").tolist() == ["one.jpg", "one.jpg", "", ""]
    assert in_revision(state)["lacks"].tolist() == ["", "", "artwork", "artwork"]


def test_another_frame_takes_only_the_artwork_off_that_shows_it():
    state = revised(two_mates_of_one_package(), artwork={1: ("one.jpg", "ff"), 4: ("two.jpg", "ff")})
    state = revised(state, replace={3: frames_of(state, 1)[1]})
    assert state.slots["artwork_path"].fillna("").tolist() == ["one.jpg", "one.jpg", "", ""]


def test_artwork_for_an_order_that_is_gone_is_refused():
    state = revised(placed(job(1, products="mate")), artwork={1: ("art.jpg", "ff")}, release="clean")
    with pytest.raises(Refused, match="has been sent to production"):
        plan_revise(released(state), now=NOW, artwork={1: ("other.jpg", "ff")})
