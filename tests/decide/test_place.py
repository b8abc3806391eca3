"""place: what is ready goes on, what is not waits in a new collection; nothing is lost."""

import pandas as pd
import pytest

from prepaykit.decide.batch import plan_batch
from prepaykit.decide.cancel import plan_cancel
from prepaykit.decide.place import plan_place
from prepaykit.decide.revise import plan_revise
from prepaykit.errors import Unbalanced, UsageError
from prepaykit.rules.balance import balance, require_balance
from prepaykit.rules.money_book import post
from prepaykit.tables.findings import found, together
from tests.jobs import NOW, code, job, placed, populated, with_frames, with_orders
from tests.tables_as_text import table


def where(state):
    return state.orders[["order_no", "status", "collection_id", "batch_id"]]


def with_error(state, code_, key, about="orders"):
    return state.replace(findings=together(state.findings, found("orders", code_, about, [key], "test")))


def test_orders_without_frames_move_to_a_new_collection():
    state = placed(job(3, absent=(2,)))
    expected = table("""
        order_no  status    collection_id  batch_id
        1001      in_batch  -              1
        1002      held      2              -
        1003      in_batch  -              1
    """)
    assert where(state).equals(expected)
    assert state.collections[["collection_id", "status", "parent_id", "reason"]].astype("object").fillna("").to_numpy().tolist() == [
        [1, "placed", "", "prepay"], [2, "open", 1, "orders without pictures"]]  # fmt: skip


def test_nothing_is_split_off_when_no_order_is_ready():
    state = placed(job(2, absent=(1, 2)))
    assert (state.orders["status"].tolist(), len(state.collections)) == (["open", "open"], 1)


def test_with_manual_revision_orders_wait_for_a_person():
    state = placed(job(2, has_manual_revision=True))
    assert state.orders["status"].tolist() == ["in_revision", "in_revision"]
    assert state.revisions["reason"].tolist() == ["manual_revision", "manual_revision"]


def test_memory_mates_wait_for_artwork_even_without_manual_revision():
    state = placed(with_orders(job(1), [("2000", [1])], "mate"))
    assert state.orders["status"].tolist() == ["in_batch", "in_revision"]
    assert state.revisions["reason"].tolist() == ["memory_mate"]


def test_direct_orders_get_a_batch_of_their_own():
    state = placed(with_orders(job(1), [("2000", [1]), ("2001", [1])], shipping="direct"))
    assert state.orders["batch_id"].tolist() == [1, 2, 3]
    assert state.batches["kind"].tolist() == ["school", "direct", "direct"]
    assert state.batches["ship_to"].tolist() == ["1 School Lane", "9 Home St", "9 Home St"]


def test_later_orders_join_the_open_batch():
    state = placed(job(2, absent=(2,)))
    state = placed(with_frames(state, {code(2): 1}, shoot_no=2).replace(
        subjects=state.subjects.assign(attendance="photographed")))  # fmt: skip
    assert state.orders["batch_id"].tolist() == [1, 1]
    assert state.collections["status"].tolist() == ["placed", "placed"]


def test_the_open_batch_takes_the_deadline_of_the_job():
    state = placed(job(1, batch_deadline="2026-10-16", timezone="America/Chicago"))
    assert str(state.batches["deadline_at"].iloc[0]) == "2026-10-17 04:59:59+00:00"


def test_a_deadline_that_has_passed_is_not_taken_again():
    assert placed(job(1, batch_deadline="2026-09-01")).batches["deadline_at"].isna().all()


def test_an_order_with_an_unsettled_error_is_held():
    state = placed(with_error(job(2), "package_unknown", "1002"))
    assert state.orders["status"].tolist() == ["in_batch", "held"]
    assert state.findings.loc[state.findings["verb"] == "place", "code"].tolist() == ["held_finding"]


def test_an_error_on_one_child_of_the_order_holds_the_order():
    assert placed(with_error(job(2), "order_unmatched", "1", "order_subjects")).orders["status"].tolist() == [
        "held",
        "in_batch",
    ]


def test_an_underpaid_order_is_held_by_policy():
    state = placed(with_error(job(2), "underpaid", "1001"))
    assert state.orders["status"].tolist() == ["held", "in_batch"]
    assert state.findings.loc[state.findings["verb"] == "place", "code"].tolist() == ["held_unpaid"]


def test_an_underpaid_order_ships_when_the_job_says_so():
    assert placed(with_error(job(2, underpaid_policy="ship"), "underpaid", "1001")).orders["status"].tolist() == [
        "in_batch",
        "in_batch",
    ]


def test_an_order_that_a_person_accepts_goes_on_and_the_choice_is_kept():
    state = placed(with_error(job(2), "underpaid", "1001"), accept=["1001"])
    assert state.orders["status"].tolist() == ["in_batch", "in_batch"]
    assert state.choices[["kind", "target"]].to_numpy().tolist() == [["accept", "1001"]]


def test_accepting_an_order_that_is_not_there_is_a_wrong_call():
    with pytest.raises(UsageError, match="has no order 9999"):
        placed(job(1), accept=["9999"])


def test_an_order_that_lost_its_picture_is_pulled_back():
    """A gallery was relabelled after its order was placed: the wrong picture must not stay on its way."""
    state = placed(job(2))
    state = placed(state.replace(galleries=state.galleries.assign(subject_id=2, access_code=code(2)),
                                 subjects=state.subjects.assign(attendance=["absent", "photographed"])))  # fmt: skip
    assert state.orders[["status", "batch_id"]].astype("object").fillna("").to_numpy().tolist() == [
        ["held", ""],
        ["in_batch", 1],
    ]
    assert state.slots["frame_id"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("policy", "orders", "held"),
    [
        ("hold_whole", [["2000", "open", 3000]], 3000),  # the only order of its collection: nothing to split off
        ("split", [["2000", "in_batch", 1500], ["2000/2", "held", 1500]], 3000),
        ("ship_partial", [["2000", "in_batch", 3000]], 1500),
    ],
)
def test_siblings_of_whom_one_was_absent_follow_the_policy(policy, orders, held):
    state = job(2, absent=(2,), sibling_policy=policy)
    state = placed(with_orders(state.replace(**{t: state.tables[t].iloc[:0] for t in
                   ("orders", "order_subjects", "lines", "slots", "payments", "postings")}), [("2000", [1, 2])]))  # fmt: skip
    assert state.orders[["order_no", "status", "total_cents"]].to_numpy().tolist() == orders
    assert state.postings.loc[state.postings["account"] == "held", "amount_cents"].sum() == held
    assert state.postings["amount_cents"].sum() == 3000, "the money as a whole is unchanged"
    assert balance(state)["holds"].all()
    assert plan_place(state, now=NOW).is_empty


def test_what_ship_partial_leaves_out_is_owed_back():
    state = placed(with_orders(job(2, absent=(2,), sibling_policy="ship_partial"), [("2000", [1, 2])]))
    assert state.refunds[["order_id", "amount_cents", "status"]].to_numpy().tolist() == [[3, 1500, "planned"]]
    assert state.slots.loc[state.slots["order_id"] == 3, "is_dropped"].tolist() == [False, True]


def test_a_job_before_picture_day_cannot_be_placed():
    state = populated(job(2))
    state = state.replace(subjects=state.subjects.assign(attendance="expected"), galleries=state.galleries.iloc[:0])
    with pytest.raises(Unbalanced, match=r"2 names ≠ 0 photographed \+ 0 absent \+ 0 opted out: off by 2"):
        plan_place(state, now=NOW)


def test_a_cancelled_order_is_left_alone():
    state = populated(job(2))
    state = state.after(plan_cancel(state, ["1001"], now=NOW, why="moved away"))
    assert placed(state).orders["status"].tolist() == ["cancelled", "in_batch"]


def only(state, *orders, products="individual"):
    """The job with these orders instead of its own."""
    tables = ("orders", "order_subjects", "lines", "slots", "payments", "postings")
    return with_orders(state.replace(**{t: state.tables[t].iloc[:0] for t in tables}), list(orders), products)


def paid(state, cents):
    """The job's only order paid with so much, coupon and tax reckoned with by the shop."""
    return state.replace(orders=state.orders.assign(total_cents=cents, paid_cents=cents), payments=state.payments.assign(amount_cents=cents),
                         postings=state.postings.assign(amount_cents=cents))  # fmt: skip


def test_accepting_a_debt_does_not_silence_what_is_found_later():
    state = placed(with_error(job(2), "underpaid", "1001"), accept=["1001"])
    assert state.choices["value"].tolist() == ["underpaid"]
    state = with_error(state, "code_of_another_child", "1", about="order_subjects")
    state = state.after(plan_place(state, now=NOW))
    assert state.orders["status"].tolist() == ["held", "in_batch"], "pulled back though it was in the batch"
    state = state.after(plan_place(state, now=NOW, accept=["1001"]))
    assert state.choices["value"].tolist() == ["code_of_another_child/1 underpaid"]
    assert state.orders["status"].tolist() == ["in_batch", "in_batch"]


def test_what_is_accepted_on_one_child_is_not_accepted_on_its_sibling():
    state = only(job(2), ("2000", [1, 2]))
    state = with_error(state, "name_contradicts_code", "1", about="order_subjects")
    state = placed(state, accept=["2000"])
    state = with_error(state, "name_contradicts_code", "2", about="order_subjects")
    assert placed(state).orders["status"].tolist() == ["held"]


def test_an_order_without_errors_has_nothing_to_accept():
    assert not len(placed(job(1), accept=["1001"]).choices)


def test_an_envelope_does_not_hold_the_online_order_of_the_same_number():
    state = job(2).replace(orders=job(2).orders.assign(order_no="1001", origin=["online", "paper"]))
    state = populated(state.replace(findings=found("paper", "underpaid", "orders", ["1001"], "test")))
    state = state.after(plan_place(state, now=NOW))
    assert state.orders["status"].tolist() == ["in_batch", "held"]
    with pytest.raises(UsageError, match="say which, by online:1001, paper:1001"):
        plan_place(state, now=NOW, accept=["1001"])
    state = state.after(plan_place(state, now=NOW, accept=["paper:1001"]))
    assert state.orders["status"].tolist() == ["in_batch", "in_batch"]


def test_a_memory_mate_that_lost_its_artwork_in_the_batch_goes_back_to_revision():
    """The child changed class: the artwork showed the former class. The batch refuses it, so somebody must be able to mend it."""
    state = placed(job(2, products="mate"))
    state = state.after(plan_revise(state, now=NOW, artwork={1: ("a.jpg", "ff"), 3: ("b.jpg", "ff")}, release="clean"))
    state = with_frames(state, {}, group_frames=1)
    state = state.replace(group_frames=state.group_frames.iloc[1:])
    state = populated(state.replace(frames=state.frames[state.frames["frame_id"] != 7]))
    state = state.after(plan_place(state, now=NOW))
    assert (
        state.orders[["status", "batch_id"]].astype("object").fillna("").to_numpy().tolist()
        == [["in_revision", ""]] * 2
    )
    assert plan_place(state, now=NOW).is_empty and balance(state)["holds"].all()


@pytest.mark.parametrize(("cents", "share"), [(1000, 500), (3300, 1650), (3000, 1500)])
def test_a_split_shares_a_coupon_and_the_tax(cents, share):
    state = placed(paid(only(job(2, absent=(2,), sibling_policy="split"), ("2000", [1, 2])), cents))
    assert state.orders[["total_cents", "paid_cents"]].to_numpy().tolist() == [[cents - share] * 2, [share] * 2]
    assert state.postings.groupby("order_id")["amount_cents"].sum().tolist() == [cents - share, share]
    state = state.after(plan_cancel(state, ["2000/2"], now=NOW, why="never came"))
    assert state.refunds["amount_cents"].tolist() == [share]


def test_what_ship_partial_owes_back_is_a_share_of_what_was_paid():
    state = placed(paid(only(job(2, absent=(2,), sibling_policy="ship_partial"), ("2000", [1, 2])), 1000))
    assert state.refunds["amount_cents"].tolist() == [500]


def test_a_dropped_child_does_not_carry_its_sibling_off():
    """The second child loses its pictures too: the order must wait, not go without a single print."""
    state = placed(only(job(2, absent=(2,), sibling_policy="ship_partial"), ("2000", [1, 2])))
    gone = state.replace(galleries=state.galleries.iloc[:0], subjects=state.subjects.assign(attendance="absent"),
                         frames=state.frames.assign(role=state.frames["role"].replace("individual", "unassigned")))  # fmt: skip
    state = placed(placed(gone))
    assert state.orders["status"].tolist() == ["held"]
    assert state.refunds["amount_cents"].tolist() == [1500]
    assert state.slots["is_dropped"].tolist() == [False, True]


@pytest.mark.parametrize("policy", ["split", "ship_partial"])
def test_an_order_on_its_way_that_loses_one_childs_pictures_follows_the_policy_at_once(policy):
    state = placed(only(job(2, sibling_policy=policy), ("2000", [1, 2])))
    lost = state.galleries["subject_id"] == 2
    state = placed(state.replace(galleries=state.galleries[~lost], subjects=state.subjects.assign(attendance=["photographed", "absent"]),
                                 frames=state.frames.assign(role=state.frames["role"].mask(state.frames["frame_id"].isin(state.galleries.loc[lost, "frame_id"]), "unassigned"))))  # fmt: skip
    assert state.orders["status"].tolist() == (["in_batch", "held"] if policy == "split" else ["in_batch"])
    assert plan_place(state, now=NOW).is_empty


def test_an_order_that_an_undo_put_into_a_batch_gone_meanwhile_is_placed_again():
    before = placed(job(2))
    state = before.after(plan_cancel(before, ["1001"], now=NOW, why="test"))
    state = state.after(plan_batch(state, now=NOW, number=1))
    back = state.orders.set_index("order_id").assign(
        status=["in_batch", "released"], batch_id=1, cancelled_at=pd.NaT, cancel_reason=None
    )
    book = post(state.postings, [1], [1500], taken_from="to_refund", to="held", reason="undo")
    state = state.replace(orders=back.reset_index(), postings=book, refunds=state.refunds.iloc[:0])
    with pytest.raises(Unbalanced, match=r"2 orders ≠ 1 placed .*place brings it back"):
        require_balance(state, "batch")
    state = state.after(plan_place(state, now=NOW))
    assert state.orders[["status", "batch_id"]].to_numpy().tolist() == [["in_batch", 2], ["released", 1]]
    assert plan_place(state, now=NOW).is_empty and balance(state)["holds"].all()


def test_an_order_that_an_undo_put_into_a_closed_collection_waits_in_a_new_one():
    before = placed(job(2, absent=(1,)))
    state = before.after(plan_cancel(before, ["1001"], now=NOW, why="test"))
    state = placed(state)
    book = post(state.postings, [1], [1500], taken_from="to_refund", to="held", reason="undo")
    state = state.replace(orders=before.orders, postings=book, refunds=state.refunds.iloc[:0])
    assert state.collections["status"].tolist() == ["placed", "placed"]
    state = placed(state)
    assert state.orders[["status", "collection_id"]].astype("object").fillna("").to_numpy().tolist() == [
        ["held", 3],
        ["in_batch", ""],
    ]
    assert plan_place(state, now=NOW).is_empty and balance(state)["holds"].all()


def test_what_was_paid_beyond_the_price_is_given_back_once_when_a_child_is_dropped():
    state = paid(only(job(2, absent=(2,), sibling_policy="ship_partial"), ("2000", [1, 2])), 4000)
    state = placed(state.replace(orders=state.orders.assign(total_cents=3000)))
    state = state.after(plan_batch(state, now=NOW, number=1))
    assert state.refunds["amount_cents"].tolist() == [1500, 1000]
    assert state.postings.groupby("account")["amount_cents"].sum().to_dict() == {
        "held": 0,
        "shipped": 1500,
        "to_refund": 2500,
    }


def test_an_order_pulled_back_from_revision_leaves_it():
    state = placed(job(1, has_manual_revision=True))
    gone = state.replace(galleries=state.galleries.iloc[:0], subjects=state.subjects.assign(attendance="absent"),
                         frames=state.frames.assign(role=state.frames["role"].replace("individual", "unassigned")))  # fmt: skip
    state = placed(gone)
    assert (state.orders["status"].tolist(), state.revisions["status"].tolist()) == (["held"], ["withdrawn"])


def test_what_was_accepted_on_an_order_is_accepted_on_its_parts():
    state = only(job(2, absent=(2,), sibling_policy="split"), ("2000", [1, 2]))
    state = placed(with_error(state, "name_contradicts_code", "2", about="order_subjects"), accept=["2000"])
    assert state.orders["status"].tolist() == ["in_batch", "held"]
    state = state.replace(subjects=state.subjects.assign(attendance="photographed"))
    assert placed(with_frames(state, {code(2): 1}, shoot_no=2)).orders["status"].tolist() == ["in_batch", "in_batch"]
