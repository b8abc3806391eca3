"""One item of an order is cancelled: it leaves, the others go on, its money is owed back once; and the steps of a cancellation in order."""

import json
from contextlib import suppress

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prepaykit.decide.batch import plan_batch
from prepaykit.decide.cancel import plan_cancel, plan_cancel_item
from prepaykit.decide.orders import plan_orders
from prepaykit.decide.paper import plan_paper
from prepaykit.decide.place import plan_place
from prepaykit.decide.populate import plan_populate
from prepaykit.decide.prices import plan_prices
from prepaykit.decide.refund import plan_refund
from prepaykit.errors import Refused, UsageError
from prepaykit.report.job_tables import batches
from prepaykit.report.money_tables import by_day, paper_cash, shipped_not_paid
from prepaykit.rules.balance import balance
from prepaykit.rules.cancel_steps import cancel_steps
from prepaykit.rules.cash_up import price_check
from prepaykit.rules.items import item_names
from prepaykit.rules.search import find, worklist
from tests.invariants.jobs_at_random import jobs
from tests.jobs import NOW, job, placed, populated, released, with_orders
from tests.tables_as_text import table

PRICES = pd.DataFrame({
    "code": ["P57", "GP", "MM", "A"], "name": ["5x7", "Class picture", "Memory mate", "Deluxe"], "kind": ["product"] * 3 + ["package"],
    "image_kind": ["individual", "group", "memory_mate", None], "size": ["5x7", "8x10", "8x10", None], "price_cents": [1000, 1500, 2200, 2400],
    "items": [None, None, None, "P57-1;GP-1"],
})  # fmt: skip


def school(text, *, children=3, absent=(), **settings):
    """A job with these online orders: order_no, access_code, packages, paid_cents."""
    state = job(children, absent=absent, **settings)
    state = state.replace(**{t: state.tables[t].iloc[:0] for t in ("orders", "order_subjects", "lines", "slots", "payments", "postings", "collections")})
    state = state.after(plan_prices(state, PRICES))
    return state.after(plan_orders(state, table(text), now=NOW))


def without(state, number, item, why="absent"):
    return state.after(plan_cancel_item(state, number, item, now=NOW, why=why))


def sent(state, number=1):
    """What the lab gets: the prints and the lines bought."""
    payload = json.loads(plan_batch(state, now=NOW, number=number).effects["payload"].iloc[0])
    return sorted(p["product_code"] for p in payload["prints"]), sorted(line["code"] for line in payload["lines"])


def money(state, order_id=1):
    rows = state.postings[state.postings["order_id"] == order_id]
    sums = rows.groupby("account")["amount_cents"].sum()
    return sums[sums != 0].to_dict()


BOTH = """
    order_no  access_code  packages    paid_cents
    1001      AAAA-0001    P57-1;GP-1  2500
"""


def test_the_item_stays_in_the_order_with_when_and_why_and_the_order_is_still_found():
    state = without(school(BOTH), "1001", "P57", why="never photographed")
    rows = state.lines[["code", "cancelled_at", "cancel_reason"]].astype("object").where(state.lines[["code", "cancelled_at", "cancel_reason"]].notna(), None)
    assert rows.to_numpy().tolist() == [["P57", NOW, "never photographed"], ["GP", None, None]]
    assert state.slots["is_dropped"].tolist() == [True, False]
    assert find(state, "1001")["status"].tolist() == ["open"]


def test_a_child_never_photographed_still_gets_the_class_picture():
    state = placed(school(BOTH, absent=(1,)))
    assert state.orders["status"].tolist() == ["open"]
    state = without(state, "1001", "P57")
    assert state.findings[state.findings["verb"] == "populate"].empty
    state = state.after(plan_place(state, now=NOW))
    assert state.orders["status"].tolist() == ["in_batch"]
    assert "part_dropped" not in set(state.findings["code"])
    assert sent(state) == (["GP"], ["GP"])
    assert money(released(state)) == {"shipped": 1500, "to_refund": 1000}
    assert released(state).refunds["amount_cents"].tolist() == [1000]


def test_a_package_is_cancelled_with_all_its_pictures():
    state = without(school(BOTH.replace("P57-1;GP-1  2500", "A-1;GP-1    3900")), "1001", "A")
    assert state.slots[["hole", "is_dropped"]].to_numpy().tolist() == [["individual", True], ["group", True], ["group", False]]
    assert state.refunds["amount_cents"].tolist() == [2400]


@pytest.mark.parametrize(("paid", "goes_back", "total"), [(2500, 1000, 2500), (2000, 500, 2000), (1500, 0, 1500), (700, 0, 1500), (0, 0, 1500), (3000, 1000, 2500)])
def test_what_goes_back_is_what_was_paid_beyond_what_is_due_for_the_rest(paid, goes_back, total):
    state = school(BOTH.replace("2500", "0"))
    assert state.orders["total_cents"].tolist() == [2500]
    state = _with_paid(state, paid)
    after = without(state, "1001", "P57")
    assert (after.refunds["amount_cents"].sum(), after.orders["total_cents"].iloc[0]) == (goes_back, total)
    assert balance(after).set_index("equation").loc[["money", "receipts"], "holds"].all()


def _with_paid(state, cents):
    """The first order with so much paid; its total as it is."""
    rows = pd.DataFrame({"payment_id": [1], "order_id": [1], "amount_cents": [cents], "method": ["card"]})
    book = pd.DataFrame({"posting_id": [1], "order_id": [1], "account": ["held"], "amount_cents": [cents], "reason": ["orders"]})
    return state.replace(payments=rows, postings=book, orders=state.orders.assign(paid_cents=cents)) if cents else state


def test_a_coupon_is_shared_by_the_items():
    state = without(school(BOTH.replace("2500", "2000")), "1001", "P57")
    assert state.refunds["amount_cents"].tolist() == [800]


def test_an_order_short_of_the_item_only_is_no_longer_unpaid_in_part():
    state = job(1)
    state = state.replace(**{t: state.tables[t].iloc[:0] for t in ("orders", "order_subjects", "lines", "slots", "payments", "postings")})
    state = state.after(plan_prices(state, PRICES))
    envelope = table("""
        envelope_no  access_code  packages    received_cents
        E-1          AAAA-0001    P57-1;GP-1  1500
    """)
    state = state.after(plan_paper(state, envelope, now=NOW))
    assert "underpaid" in set(state.findings["code"])
    state = without(state, "E-1", "P57")
    assert "underpaid" not in set(state.findings["code"])
    assert placed(state).orders["status"].tolist() == ["in_batch"]
    assert price_check(state)[["due_cents", "off_cents"]].to_numpy().tolist() == [[1500, 0]]


def test_an_item_of_a_child_that_nobody_found_does_not_hold_the_others():
    state = school("""
        order_no  access_code  packages  paid_cents
        1001      AAAA-0001    P57-1     2000
        1001      ZZZZ-0009    P57-1     2000
    """)
    assert "order_unmatched" in set(state.findings["code"])
    state = without(state, "1001", "P57@ZZZZ-0009")
    assert "order_unmatched" not in set(state.findings["code"])
    assert placed(state).orders["status"].tolist() == ["in_batch"]


def test_the_items_of_an_order_are_named_as_short_as_it_is_clear():
    state = school("""
        order_no  access_code  packages          paid_cents
        1001      AAAA-0001    P57-1;P57-2;MM-1  5200
        1001      AAAA-0002    P57-1;GP-1        5200
    """)
    assert item_names(state, 1).tolist() == ["P57@AAAA-0001#1", "P57@AAAA-0001#2", "MM", "P57@AAAA-0002", "GP"]


@pytest.mark.parametrize(("item", "line"), [("gp", 5), ("P57@aaaa-0002", 4), ("P57@2", 4), ("P57@AAAA-0001#2", 2), ("MM@1", 3)])
def test_an_item_is_meant_by_any_name_that_is_clear(item, line):
    state = school("""
        order_no  access_code  packages          paid_cents
        1001      AAAA-0001    P57-1;P57-2;MM-1  5200
        1001      AAAA-0002    P57-1;GP-1        5200
    """)
    after = without(state, "1001", item)
    assert after.lines.loc[after.lines["cancelled_at"].notna(), "line_id"].tolist() == [line]


@pytest.mark.parametrize(("item", "error", "words"), [
    ("P57", UsageError, "may be P57@AAAA-0001, P57@AAAA-0002: say which"),
    ("X", UsageError, "has no item X; it has P57@AAAA-0001, P57@AAAA-0002"),
])  # fmt: skip
def test_an_item_that_is_not_there_or_not_clear_is_refused_with_the_names(item, error, words):
    state = school("""
        order_no  access_code  packages  paid_cents
        1001      AAAA-0001    P57-1     2000
        1001      AAAA-0002    P57-1     2000
    """)
    with pytest.raises(error, match=words):
        plan_cancel_item(state, "1001", item, now=NOW, why="absent")


def test_an_item_is_cancelled_once():
    with pytest.raises(Refused, match="item P57 of order 1001 was cancelled already"):
        without(without(school(BOTH), "1001", "P57"), "1001", "P57")


def test_the_last_item_is_not_cancelled_but_the_order():
    with pytest.raises(Refused, match="item GP is the last one of order 1001: cancel the order"):
        without(without(school(BOTH), "1001", "P57"), "1001", "GP")


def test_an_item_in_production_is_not_cancelled():
    with pytest.raises(Refused, match="order 1001 was sent to production"):
        without(released(placed(school(BOTH))), "1001", "P57")


def test_an_item_of_a_cancelled_order_is_not_cancelled():
    state = school(BOTH)
    with pytest.raises(Refused, match="order 1001 is cancelled as a whole already"):
        without(state.after(plan_cancel(state, ["1001"], now=NOW, why="left")), "1001", "P57")


def test_an_item_needs_a_reason():
    with pytest.raises(UsageError, match="say why"):
        without(school(BOTH), "1001", "P57", why=" ")


def test_an_item_left_behind_with_its_child_is_not_owed_back_a_second_time():
    state = with_orders(job(3, absent=(2,), sibling_policy="ship_partial"), [("2001", [1, 2, 3])])
    state = placed(state)
    assert state.refunds["amount_cents"].tolist() == [1500]
    with pytest.raises(Refused, match="left out already with its child's prints"):
        without(state, "2001", "A@AAAA-0002")


def test_a_child_left_behind_after_an_item_was_cancelled_takes_only_its_own_part():
    state = with_orders(job(3, absent=(2,), sibling_policy="ship_partial"), [("2001", [1, 2, 3])])
    state = placed(without(state, "2001", "A@AAAA-0003"))
    assert state.refunds[["amount_cents", "reason"]].to_numpy().tolist() == [
        [1500, "cancel item A: absent"], [1500, "place: shipped without a missing child's prints"]]  # fmt: skip
    assert state.findings.loc[state.findings["code"] == "part_dropped", "key"].tolist() == ["2001"]
    assert money(released(state), 4) == {"shipped": 1500, "to_refund": 3000}


def test_a_child_split_off_takes_its_cancelled_item_along_and_no_money_of_it():
    state = school("""
        order_no  access_code  packages    paid_cents
        1001      AAAA-0001    P57-1       3500
        1001      AAAA-0002    P57-1;GP-1  3500
    """, absent=(2,), sibling_policy="split")  # fmt: skip
    state = without(state, "1001", "GP")
    state = placed(state)
    child = state.order_subjects.set_index("order_subject_id")["order_id"]
    assert (state.lines["order_subject_id"].map(child) == state.lines["order_id"]).all()
    assert state.orders[["order_no", "status", "paid_cents"]].to_numpy().tolist() == [["1001", "in_batch", 2500], ["1001/2", "held", 1000]]
    assert balance(state)["holds"].all()


def test_the_whole_order_cancelled_later_owes_the_rest_only():
    state = without(school(BOTH), "1001", "P57")
    state = state.after(plan_cancel(state, ["1001"], now=NOW, why="left"))
    assert state.refunds["amount_cents"].tolist() == [1000, 1500]
    assert money(state) == {"to_refund": 2500}


def test_a_memory_mate_that_was_cancelled_keeps_no_order_in_revision():
    state = without(school(BOTH.replace("P57-1;GP-1  2500", "MM-1;GP-1   3700")), "1001", "MM")
    assert placed(state).orders["status"].tolist() == ["in_batch"]


def test_the_mark_survives_an_order_string_that_is_corrected_afterwards():
    flawed = BOTH.replace("P57-1;GP-1  2500", "P57-1;GP-1;QQ-1  4000")
    state = school(flawed)
    assert "package_unknown" in set(state.findings["code"])
    state = without(state, "1001", "P57")
    back = state.refunds["amount_cents"].tolist()
    mended = state.after(plan_orders(state, table(flawed.replace("QQ-1", "MM-1")), now=NOW))
    assert mended.lines[["code", "cancelled_at"]].assign(gone=lambda t: t["cancelled_at"].notna())[["code", "gone"]].to_numpy().tolist() == [
        ["P57", True], ["GP", False], ["MM", False]]  # fmt: skip
    assert mended.slots.groupby("line_id")["is_dropped"].all().tolist().count(True) == 1
    assert mended.refunds["amount_cents"].tolist() == back
    assert plan_orders(mended, table(flawed.replace("QQ-1", "MM-1")), now=NOW).is_empty


def test_the_same_file_again_does_not_bring_the_item_back():
    state = without(school(BOTH), "1001", "P57")
    assert plan_orders(state, table(BOTH), now=NOW).is_empty


def test_tables_of_the_report_count_what_is_still_wanted():
    state = released(placed(without(school(BOTH), "1001", "P57")))
    assert batches(state)[["prints", "due_cents"]].to_numpy().tolist() == [[1, 1500]]
    assert shipped_not_paid(state).empty and paper_cash(state).empty
    dated = state.replace(orders=state.orders.assign(placed_at=NOW))
    assert by_day(dated)["ordered_cents"].tolist() == [1500]


def test_the_refund_of_a_cancelled_item_may_go_out_and_one_of_no_cancelled_item_not():
    state = without(school(BOTH), "1001", "P57")
    said = plan_refund(state, seen={}, now=NOW, gateway="person", hand_to="Anna")
    assert (said.findings.empty, said.result["to_refund_cents"]) == (True, 1000)
    kept = state.replace(lines=state.lines.assign(cancelled_at=pd.NaT, cancel_reason=None))
    refused = plan_refund(kept, seen={}, now=NOW, gateway="person", hand_to="Anna").findings
    assert refused["code"].tolist() == ["refund_not_cancelled"]
    assert worklist(state)[["step", "order_no", "amount_cents"]].to_numpy().tolist() == [["refund", "1001", 1000]]


# --- steps -------------------------------------------------------------------------------------------------------------


def fee(state, status="charged", **more):
    row = {"service_fee_id": [1], "order_id": [1], "amount_cents": [105], "status": [status], **{k: [v] for k, v in more.items()}}
    return state.replace(service_fees=pd.DataFrame(row))


def test_the_steps_are_in_order_with_what_each_costs():
    rows = cancel_steps(fee(placed(school(BOTH))), ["1001"])
    assert rows[["step", "amount_cents"]].to_numpy().tolist() == [["1 claim the service fee", 105], ["2 refund", 2500], ["3 delete", 0]]
    assert rows["what"].iloc[0].endswith("not asked for yet")
    assert rows["what"].iloc[1] == "Stripe (api); the processing fee it keeps is not known here"
    assert rows["what"].iloc[2] == "leaves batch 1: 2 prints (2 slots)"
    assert rows["command"].tolist() == ["prepaykit fees", "prepaykit refund 1001 --confirm 25.00 --apply", 'prepaykit cancel 1001 --why "…" --apply']


def test_the_plan_carries_its_steps():
    state = fee(school(BOTH))
    for plan in (plan_cancel(state, ["1001"], now=NOW, why="left"), plan_cancel_item(state, "1001", "P57", now=NOW, why="absent")):
        assert [row["step"][0] for row in plan.result["steps"]] == ["1", "2", "3"]
        json.dumps(plan.result)


def test_a_fee_that_no_file_states_is_not_computed():
    rows = cancel_steps(school(BOTH), ["1001"])
    assert rows["amount_cents"].isna().tolist() == [True, False, False]
    assert rows["what"].iloc[0] == "no service fee stands in the files: look at the invoice"


def test_a_fee_asked_for_says_of_whom():
    assert cancel_steps(fee(school(BOTH), "requested", requested_of="ticket 4711"), ["1001"])["what"].iloc[0].endswith("asked for of ticket 4711")


def test_an_envelope_is_refunded_by_hand():
    state = school(BOTH)
    state = state.replace(orders=state.orders.assign(origin="paper"))
    assert cancel_steps(state, ["1001"])["command"].iloc[1] == "prepaykit refund 1001 --gateway person --hand-to NAME --confirm 25.00 --apply"


def test_after_an_item_the_steps_say_what_is_left_to_do():
    rows = cancel_steps(without(fee(school(BOTH)), "1001", "P57"), ["1001"], item="P57")
    assert rows["amount_cents"].tolist() == [105, 1000, 0]
    assert rows["command"].tolist() == ["", "prepaykit refund 1001 --confirm 10.00 --apply", ""]


# --- whatever is cancelled ---------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(jobs(), st.data())
def test_after_any_item_of_any_order_the_books_hold_and_nothing_goes_back_twice(state, data):
    state = state.after(plan_populate(state))
    for _ in range(data.draw(st.integers(1, 3))):
        if len(state.lines):
            line = state.lines.iloc[data.draw(st.integers(0, len(state.lines) - 1))]
            number = state.orders.set_index("order_id").loc[line["order_id"], "order_no"]
            with suppress(Refused):
                state = without(state, number, item_names(state, int(line["order_id"]))[line["line_id"]])
            books_hold(state)
        if data.draw(st.booleans()):
            state = state.after(plan_place(state, now=NOW))
            books_hold(state)
    state = state.after(plan_place(state, now=NOW))
    assert plan_place(state, now=NOW).is_empty
    for number in state.batches["batch_id"]:
        if (state.orders["batch_id"] == number).any() and (state.batches.set_index("batch_id").loc[number, "status"] == "open"):
            state = released(state, int(number))
    books_hold(state)


def books_hold(state):
    book = state.postings.groupby("account")["amount_cents"].sum()
    assert state.payments["amount_cents"].sum() == sum(book.get(a, 0) for a in ("shipped", "held", "to_refund", "refunded"))
    assert (state.postings.groupby(["order_id", "account"])["amount_cents"].sum() >= 0).all()
    owed = state.postings[state.postings["account"] == "to_refund"].groupby("order_id")["amount_cents"].sum()
    asked = state.refunds.groupby("order_id")["amount_cents"].sum()
    assert owed[owed != 0].to_dict() == asked.to_dict(), "the refund list and the money book say the same"
    paid = state.orders.set_index("order_id")["paid_cents"]
    assert (asked <= paid.reindex(asked.index)).all(), "more goes back than was paid"
    items = state.refunds[state.refunds["reason"].str.startswith("cancel item")]
    assert len(items) <= state.lines["cancelled_at"].notna().sum(), "an item goes back once"


def test_populated_orders_are_complete_without_the_item():
    state = without(populated(school(BOTH, absent=(1,))), "1001", "P57")
    assert plan_populate(state).result["empty"] == 0


def test_the_refund_step_says_the_processing_fee_that_the_account_book_has():
    state = job(2)
    said = [cancel_steps(state, ["1001"], kept_cents=kept).set_index("step").loc["2 refund", "what"] for kept in ({}, {1: 74})]
    assert said == ["Stripe (api); the processing fee it keeps is not known here", "Stripe (api); it keeps the processing fee of the payment, $0.74"]
