"""batch: released once, when due or by hand, with everything frozen; refused when a print is not what it must be."""

import json

import pandas as pd
import pytest

from prepaykit.decide.batch import batch_prints, batch_summary, plan_batch
from prepaykit.decide.cancel import plan_cancel
from prepaykit.decide.place import plan_place
from prepaykit.decide.populate import plan_populate
from prepaykit.decide.revise import plan_revise
from prepaykit.errors import Refused, Unbalanced, UsageError
from prepaykit.rules import money_book
from prepaykit.rules.balance import balance
from prepaykit.tables.findings import found, together
from tests.jobs import NOW, code, job, placed, released, with_orders

LAST_SECOND = pd.Timestamp("2026-10-16 23:59:59", tz="America/New_York").tz_convert("UTC")


def automatic():
    return placed(job(2, batch_processing="automatic", batch_deadline="2026-10-16"))


def test_a_batch_released_by_hand_freezes_its_prints():
    plan = plan_batch(placed(job(2)), now=NOW, number=1)
    payload = json.loads(plan.effects["payload"].iloc[0])
    assert plan.effects["key"].tolist() == ["maple-grove-2026/batch/1"]
    assert [(p["print_no"], p["order_no"], p["access_code"], p["path"]) for p in payload["prints"]] == [
        (1, "1001", code(1), "A/IMG_0002.JPG"), (2, "1002", code(2), "A/IMG_0005.JPG")]  # fmt: skip
    assert [line["name"] for line in payload["lines"]] == ["Package A", "Package A"]


def test_the_money_of_the_orders_is_shipped():
    state = released(placed(job(2, absent=(2,))))
    book = state.postings.groupby("account")["amount_cents"].sum()
    assert (book["shipped"], book["held"]) == (1500, 1500)
    assert balance(state)["holds"].all()


def test_a_batch_goes_once():
    with pytest.raises(Refused, match=r"was released on 2026-10-01 15:00 UTC\. A batch goes once"):
        plan_batch(released(placed(job(1))), now=NOW, number=1)


def test_until_the_last_second_of_the_deadline_nothing_goes():
    assert plan_batch(automatic(), now=LAST_SECOND).is_empty


def test_after_the_last_second_the_automatic_batch_goes():
    state = automatic()
    state = state.after(plan_batch(state, now=LAST_SECOND + pd.Timedelta(seconds=1)))
    assert state.batches[["batch_id", "status"]].to_numpy().tolist() == [[1, "released"]]
    assert plan_batch(state, now=LAST_SECOND + pd.Timedelta(days=1)).is_empty


def test_a_manual_batch_does_not_go_by_itself():
    state = placed(job(1, batch_deadline="2026-10-16"))
    assert plan_batch(state, now=LAST_SECOND + pd.Timedelta(days=9)).is_empty


def test_the_next_batch_has_a_deadline_only_if_one_is_given():
    state = automatic()
    without = state.after(plan_batch(state, now=LAST_SECOND + pd.Timedelta(seconds=1)))
    given = state.after(plan_batch(state, now=LAST_SECOND + pd.Timedelta(seconds=1), next_deadline="2026-11-20"))
    later = LAST_SECOND + pd.Timedelta(days=2)
    deadlines = []
    for after in (without, given):
        more = with_orders(after, [("2000", [1])])
        more = more.replace(collections=more.collections.assign(status="open"))
        more = more.after(plan_populate(more))
        deadlines.append(more.after(plan_place(more, now=later)).batches["deadline_at"].iloc[-1])
    assert pd.isna(deadlines[0])
    assert str(deadlines[1]) == "2026-11-21 04:59:59+00:00"


def test_direct_orders_go_one_by_one_as_soon_as_anybody_looks():
    plan = plan_batch(placed(with_orders(job(1), [("2000", [1]), ("2001", [1])], shipping="direct")), now=NOW)
    assert plan.effects["key"].tolist() == ["maple-grove-2026/batch/2", "maple-grove-2026/batch/3"]


def test_a_job_that_does_not_balance_releases_nothing():
    state = placed(job(2))
    lost = state.replace(orders=state.orders.assign(batch_id=[1, None]))
    with pytest.raises(
        Unbalanced, match=r"2 orders ≠ 1 placed .* off by 1, too few on the right.*Orders: an order is in no place"
    ):
        plan_batch(lost, now=NOW, number=1)


def test_another_childs_picture_is_never_sent():
    state = placed(job(2))
    swapped = state.replace(slots=state.slots.assign(frame_id=state.slots["frame_id"].iloc[::-1].to_numpy()))
    with pytest.raises(Refused, match="2 prints of 2 orders have no picture of their own child"):
        plan_batch(swapped, now=NOW, number=1)


def test_pictures_of_a_child_opted_out_since_are_not_sent():
    state = placed(job(2))
    with pytest.raises(Refused, match="1 prints of 1 orders"):
        plan_batch(state.replace(subjects=state.subjects.assign(sell=[True, False])), now=NOW, number=1)


def test_an_empty_batch_is_refused():
    state = placed(job(1))
    empty = state.replace(orders=state.orders.assign(status="cancelled", batch_id=None))
    with pytest.raises(Refused, match="has no orders"):
        plan_batch(empty, now=NOW, number=1)


def test_a_batch_that_is_not_there_is_a_wrong_call():
    with pytest.raises(UsageError, match="batch 7: maple-grove-2026 has batches 1"):
        plan_batch(placed(job(1)), now=NOW, number=7)


def test_money_paid_beyond_the_price_goes_onto_the_refund_list():
    state = job(1)
    state = placed(state.replace(orders=state.orders.assign(paid_cents=2000), payments=state.payments.assign(amount_cents=2000),
                                 postings=state.postings.assign(amount_cents=2000)))  # fmt: skip
    state = released(state)
    assert state.refunds["amount_cents"].tolist() == [500]
    assert balance(state)["holds"].all()


@pytest.mark.parametrize("account", ["to_refund", "refunded"])
def test_what_was_given_back_before_the_batch_is_not_taken_for_the_surplus_of_it(account):
    """Two children of $15, one dropped, $35 paid: $15 ship, $20 go back, whether the first $15 are still owed or gone already."""
    state = with_orders(job(2, absent=(2,), sibling_policy="ship_partial"), [("2000", [1, 2])])
    paid = state.orders["order_no"] == "2000"
    order = int(state.orders.loc[paid, "order_id"].iloc[0])
    state = state.replace(orders=state.orders.assign(paid_cents=state.orders["paid_cents"].mask(paid, 3500)),
                          payments=state.payments.assign(amount_cents=state.payments["amount_cents"].mask(state.payments["order_id"] == order, 3500)),
                          postings=state.postings.assign(amount_cents=state.postings["amount_cents"].mask(state.postings["order_id"] == order, 3500)))  # fmt: skip
    state = placed(state)
    gone = money_book.on_account(state.postings, "to_refund")[order]
    state = state.replace(postings=money_book.post(state.postings, [order], [gone], taken_from="to_refund", to=account, reason="refund"))
    state = released(state)
    assert (gone, money_book.on_account(state.postings, "shipped")[order], state.refunds["amount_cents"].sum()) == (1500, 1500, 2000)


def test_a_child_without_a_class_is_printed_once_though_another_has_none_either():
    """Missing class keys must not meet each other."""
    state = placed(job(3).replace(subjects=job(3).subjects.assign(group_id=None)))
    prints = batch_prints(state, [1])
    assert (len(prints), prints["group_name"].isna().all()) == (3, True)


def test_the_summary_counts_by_class():
    rows = batch_summary(placed(job(3)), 1)
    assert rows[["teacher", "group", "orders", "prints", "copies"]].to_numpy().tolist() == [["Adams", "3A", 3, 3, 3]]


def test_a_memory_mate_is_one_print_of_its_artwork():
    state = placed(job(1, products="mate"))
    state = state.after(plan_revise(state, now=NOW, artwork={1: ("art.jpg", "ff")}, release="clean"))
    prints = batch_prints(state, [1])
    assert prints[["root", "path", "sha256"]].to_numpy().tolist() == [["artwork", "art.jpg", "ff"]]


def test_a_batch_whose_orders_were_all_cancelled_does_not_go_by_itself():
    state = automatic()
    state = state.after(plan_cancel(state, ["1001", "1002"], now=NOW, why="test"))
    assert plan_batch(state, now=LAST_SECOND + pd.Timedelta(days=9)).is_empty


def test_an_order_on_which_an_error_came_to_stand_stops_the_batch_until_place_pulls_it_back():
    state = placed(job(2))
    error = found("orders", "code_of_another_child", "order_subjects", [1], "test")
    state = state.replace(findings=together(state.findings, error))
    with pytest.raises(Refused, match="an error stands on 1 orders: 1001"):
        plan_batch(state, now=NOW, number=1)
    state = state.after(plan_place(state, now=NOW))
    assert (
        json.loads(plan_batch(state, now=NOW, number=1).effects["payload"].iloc[0])["prints"][0]["order_no"] == "1002"
    )


def test_a_slot_for_another_child_than_its_order_is_never_sent():
    """The picture is the slot's child's own, but the order is for somebody else."""
    state = placed(job(2))
    state = state.replace(order_subjects=state.order_subjects.assign(subject_id=[2, 1]))
    with pytest.raises(Refused, match="2 prints of 2 orders have no picture of their own child"):
        plan_batch(state, now=NOW, number=1)


def test_a_picture_in_a_gallery_that_is_not_open_is_never_sent():
    state = placed(job(2))
    with pytest.raises(Refused, match="1 prints of 1 orders"):
        plan_batch(
            state.replace(galleries=state.galleries.assign(is_active=state.galleries["subject_id"] == 2)),
            now=NOW,
            number=1,
        )


def test_what_a_dropped_child_ordered_beside_its_prints_is_not_on_the_packing_list():
    state = with_orders(job(2, absent=(2,), sibling_policy="ship_partial"), [("2000", [1, 2])])
    touch_up = state.lines[state.lines["order_subject_id"] == 4].assign(line_id=99, code="RT", total_cents=0)
    state = placed(state.replace(lines=pd.concat([state.lines, touch_up])))
    payload = json.loads(plan_batch(state, now=NOW, number=1).effects["payload"].iloc[0])
    assert [(line["order_no"], line["access_code"], line["code"]) for line in payload["lines"]] == [
        ("1001", code(1), "A"),
        ("2000", code(1), "A"),
    ]


def test_digital_pictures_are_no_prints_and_follow_them():
    state = placed(with_orders(with_orders(job(1), [("2001", [1])], "digital"), [("2002", [1])]))
    plan = plan_batch(state, now=NOW, number=1)
    prints = json.loads(plan.effects["payload"].iloc[0])["prints"]
    assert [(p["print_no"], p["order_no"], p["delivery"]) for p in prints] == [
        (1, "1001", "print"), (2, "2002", "print"), (3, "2001", "digital")]  # fmt: skip
    assert prints[2]["path"] == prints[0]["path"]
    assert (plan.result["prints"], plan.result["digital"]) == (2, 1)
    assert "3 orders, 2 prints, 1 digital picture, $45.00" in plan.headline
    assert batch_summary(state, 1)[["prints", "copies", "digital"]].to_numpy().tolist() == [[2, 2, 1]]


def test_a_digital_picture_must_be_the_childs_own_too():
    state = placed(job(2, products="digital"))
    state = state.replace(slots=state.slots.assign(frame_id=[2, 2]))
    with pytest.raises(Refused, match="no picture of their own child"):
        plan_batch(state, now=NOW, number=1)


def test_the_next_deadline_is_a_date():
    with pytest.raises(UsageError, match="batch_deadline is a date such as 2026-10-16, not 'soon'"):
        plan_batch(automatic(), now=NOW, next_deadline="soon")


def test_a_next_deadline_that_has_passed_is_not_taken():
    state, second = placed(job(2)), pd.Timedelta(seconds=1)
    plan = plan_batch(state, now=LAST_SECOND - second, next_deadline="2026-10-16")
    assert plan.changes["jobs"].after["batch_deadline"].tolist() == ["2026-10-16"]
    with pytest.raises(UsageError, match="the next deadline 2026-10-16 has passed already"):
        plan_batch(state, now=LAST_SECOND, next_deadline="2026-10-16")


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ([2], "batch 2 to production"),
        ([2, 3], "batches 2, 3 to production"),
        (list(range(2, 32)), "batches 2–31 to production"),
        ([2, 4, 5, 6, 9], "batches 2, 4–6, 9 to production"),
    ],
)
def test_many_batches_are_told_as_ranges(numbers, shown):
    state = placed(with_orders(job(1), [(f"2{n:03d}", [1]) for n in range(31)], shipping="direct"))  # batches 2 to 32
    kind = state.batches["kind"].where(state.batches["batch_id"].isin(numbers), "school")
    due = state.replace(batches=state.batches.assign(kind=kind))
    assert plan_batch(due, now=NOW).headline.startswith(f"{shown}: {len(numbers)} orders")
