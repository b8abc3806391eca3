"""The job report: right numbers, nothing that runs or loads, no names unless asked for."""

import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from prepaykit.decide.batch import plan_batch
from prepaykit.decide.cancel import plan_cancel
from prepaykit.report.job_report import report_of
from prepaykit.report.job_tables import job_tables
from prepaykit.report.money_tables import shipped_not_paid
from prepaykit.rules import money_book
from prepaykit.tables.findings import found
from tests.jobs import NOW, job, placed, populated, released, with_orders

EVIL = "<img src=x onerror=alert(1)>"
LATER = NOW + pd.Timedelta(days=9)


class Tags(HTMLParser):
    """Every tag and attribute of a page, and whether each opened tag was closed."""

    VOID = ("meta", "br", "img", "link", "hr", "input")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing"


def words(text: str) -> str:
    """What a reader sees, blanks folded."""
    body = re.sub(r"<(style|title|svg).*?</\1>", "", text, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def whole_way():
    state = placed(job(10, absent=(3,), batch_deadline="2026-10-16", picture_day="2026-09-20"))
    state = state.after(plan_cancel(state, ["1005"], now=NOW, why="moved away"))
    return released(state)


def history(why: str = "first list") -> pd.DataFrame:
    rows = {"op_no": [1, 2], "at_utc": [NOW, NOW], "actor": "anna", "verb": ["names", "undo"], "why": [why, ""], "changes": 2,
            "undone_by": pd.array([2, None], dtype="Int64"), "undo_of": pd.array([None, 1], dtype="Int64"),
            "headline": ["10 new", "took back operation 1"], "op_id": ["a", "b"]}  # fmt: skip
    return pd.DataFrame(rows)


# --- what it says ------------------------------------------------------------------------------------------------------


def test_the_report_says_where_every_order_is():
    told = words(report_of(whole_way(), now=LATER))
    assert "8 of 10 orders sent to production." in told
    assert "1 order held." in told
    assert "sent to production batch 1 8 8 $120.00 $120.00" in told
    assert "held collection 2 1 1 $15.00 $15.00" in told


def test_the_report_shows_the_balance_in_large_type_with_a_word_beside_the_sign():
    told = words(report_of(whole_way(), now=LATER))
    assert "Everything balances: nothing is lost." in told
    assert "10 orders = 8 placed + 1 held + 0 in revision + 1 cancelled ✓ holds" in told
    assert "OFF" not in told


def test_a_balance_that_is_off_stands_in_red_at_the_top_with_the_way_out():
    state = whole_way()
    text = report_of(state.replace(postings=state.postings.iloc[:-1]), now=LATER)
    told = words(text)
    assert "The job does not balance: money. Nothing can be placed or released until it does." in told
    assert "Off by $15.00, too few on the right. Money: a payment was not posted" in told
    assert '<div class="stamp off">✗ OFF</div>' in text
    assert "Everything balances" not in told


def test_a_held_order_is_listed_with_its_reason_and_amount():
    told = words(report_of(whole_way(), now=LATER))
    assert "1003 AAAA-0003 3A a picture is missing; no frames under the code $15.00" in told


def test_the_open_money_steps_are_listed():
    assert "refund 1005 $15.00 planned cancel: moved away" in words(report_of(whole_way(), now=LATER))


def test_the_history_says_who_when_what_why_and_what_was_taken_back():
    told = words(report_of(whole_way(), history(), now=LATER))
    assert "1 2026-10-01 11:00 anna names 10 new (taken back by 2) first list" in told


def test_an_empty_job_has_a_report_too():
    told = words(report_of(job(0), now=LATER))
    assert "No orders yet." in told and "No findings" in told and "No order is held." in told


def test_before_picture_day_the_report_says_that_and_does_not_cry_wolf():
    state = job(3)
    young = state.replace(
        frames=state.frames.head(0), galleries=state.galleries.head(0), group_frames=state.group_frames.head(0)
    )
    told = words(report_of(young, now=LATER))
    assert "Picture day has not come in yet" in told and "does not balance" not in told
    assert "3 names ≠ 0 photographed" in told and "✗ OFF" in told


# --- what it must never do ---------------------------------------------------------------------------------------------


def test_whatever_stands_in_the_tables_is_shown_as_text():
    state = whole_way()
    state = state.replace(
        jobs=state.jobs.assign(school=EVIL),
        subjects=state.subjects.assign(first_name=EVIL, teacher=EVIL),
        groups=state.groups.assign(name=EVIL, teacher=EVIL),
        orders=state.orders.assign(buyer_name=EVIL, order_no=state.orders["order_no"] + EVIL),
        findings=pd.concat([state.findings, found("photos", "unread_card", "frames", [EVIL], EVIL, suggestion=EVIL)]),
    )
    text = report_of(state, history(EVIL), now=LATER, names=True)
    page = Tags(text)
    assert "img" not in page.tags and not page.open
    assert not [name for name in page.attributes if name.startswith("on")]
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_the_page_loads_nothing_and_runs_nothing():
    text = report_of(whole_way(), history(), now=LATER)
    assert not re.search(r"https?:|//[a-z]|url\(|@import|src=", text)
    page = Tags(text)
    assert not {"script", "link", "iframe", "img", "object", "form"} & set(page.tags)
    assert "default-src 'none'" in text


def test_children_and_parents_are_not_named_unless_asked_for():
    state = placed(job(10, absent=(3,)))
    without, named = report_of(state, now=LATER), report_of(state, now=LATER, names=True)
    for word in ("First3", "Last3", "Parent 1003", "example.org"):
        assert word not in without
    assert "First3 Last3" in named and "Parent 1003" in named and "example.org" not in named


def test_the_same_job_at_the_same_moment_gives_the_same_report():
    state = whole_way()
    shuffled = state.replace(
        orders=state.orders.iloc[::-1], slots=state.slots.iloc[::-1], subjects=state.subjects.iloc[::-1]
    )
    assert report_of(state, history(), now=LATER) == report_of(state, history(), now=LATER)
    assert report_of(shuffled, history(), now=LATER) == report_of(state, history(), now=LATER)


def test_every_bar_has_words_for_those_who_cannot_see_it():
    text = report_of(whole_way(), now=LATER)
    bars = re.findall(r"<svg.*?</svg>", text, flags=re.S)
    assert bars and all('role="img"' in b and 'aria-label="' in b and "<title>" in b for b in bars)
    assert "Where the orders are: held 1, sent to production 8, cancelled 1" in text


# --- the tables --------------------------------------------------------------------------------------------------------


def test_prints_and_money_of_a_batch_are_those_that_its_release_counts():
    for products in ("individual", "group", "digital"):
        state = placed(job(6, absent=(2,), products=products))
        plan = plan_batch(state, now=NOW, number=1)
        row = job_tables(state, now=NOW)["batches"].iloc[0]
        assert (row["orders"], row["prints"], row["digital"], row["due_cents"]) == tuple(
            plan.result[k] for k in ("orders", "prints", "digital", "amount_cents")
        )


def test_a_digital_picture_is_no_print_in_the_report():
    text = report_of(placed(job(3, products="digital")), now=NOW)
    assert '<td class="n">0 + 3 digital</td>' in text


def test_a_memory_mate_is_one_print():
    state = populated(job(3, products="mate"))
    assert job_tables(state, now=NOW)["orders"]["prints"].tolist() == [3]


def test_money_held_is_listed_by_age_and_adds_up():
    state = placed(job(4, absent=(1,)))
    days = pd.Series([NOW - pd.Timedelta(days=d) for d in (3, 7, 8)] + [None])
    state = state.replace(orders=state.orders.assign(placed_at=days))
    ages = job_tables(state, now=NOW)["held_money_by_age"].set_index("age")
    assert ages["orders"].to_dict() == {"up to 7 days": 2, "8 to 30 days": 1, "date not known": 1}
    assert ages["amount_cents"].sum() == 6000


def test_money_in_envelopes_without_a_match_is_among_what_is_held():
    state = placed(job(2))
    rows = {
        "order_id": pd.array([None], dtype="Int64"),
        "account": "held",
        "amount_cents": 900,
        "reason": "paper",
        "posting_id": 99,
    }
    state = state.replace(postings=pd.concat([state.postings, pd.DataFrame(rows)]))
    tables = job_tables(state, now=NOW)
    assert tables["held_money_by_age"].values.tolist()[-1] == ["in envelopes without a match", 0, 900]
    assert (
        tables["held_money_by_age"]["amount_cents"].sum()
        == tables["money"].set_index("account")["amount_cents"]["held"]
    )


def test_shipped_but_not_paid_is_found():
    assert shipped_not_paid(paid_too_little()).values.tolist() == [["1001", 1500, 1000, 500]]


def test_a_refund_that_failed_and_the_one_that_stands_for_it_hide_no_debt():
    state = paid_too_little()
    order = int(state.orders.loc[state.orders["order_no"] == "1001", "order_id"].iloc[0])
    rows = {"refund_id": [1, 2], "order_id": order, "amount_cents": 300, "status": ["failed", "planned"], "reason": "complaint", "replaces_id": [None, 1]}
    book = money_book.post(state.postings, [order], [300], taken_from="shipped", to="to_refund", reason="complaint")
    state = state.replace(refunds=pd.DataFrame(rows), postings=book)
    assert shipped_not_paid(state).values.tolist() == [["1001", 1200, 700, 500]]


def paid_too_little():
    """Order 1001 of $15 went out, and $10 were in its envelope."""
    state = whole_way()
    order = state.orders.loc[state.orders["order_no"] == "1001", "order_id"].iloc[0]
    book, mine = state.postings, state.postings["order_id"] == order
    return state.replace(postings=book.assign(amount_cents=book["amount_cents"].mask(mine, book["amount_cents"] // 3 * 2)))


def test_an_order_not_placed_yet_is_no_held_order_unless_something_is_in_its_way():
    state = populated(with_orders(job(2, absent=(2,)), [("3001", [1])]))
    assert job_tables(state, now=NOW)["held"]["order_no"].tolist() == ["1002"]


def test_each_class_counts_its_people_and_orders():
    row = job_tables(whole_way(), now=NOW)["classes"].iloc[0]
    assert row[
        ["people", "photographed", "absent", "opted_out", "orders", "placed", "waiting", "in_revision"]
    ].tolist() == [10, 9, 1, 0, 10, 8, 1, 0]


@pytest.mark.parametrize("state, told", [("sent", "sent: bag-of-batch-1"), ("waiting", "waiting")])
def test_a_batch_says_what_became_of_its_lab_package(state, told):
    outbox = pd.DataFrame(
        [
            {
                "key": "maple-grove-2026/batch/1",
                "kind": "lab_package",
                "state": state,
                "receipt": "bag-of-batch-1" if state == "sent" else None,
                "error": None,
            }
        ]
    )
    assert job_tables(whole_way(), now=NOW, outbox=outbox)["batches"]["lab"].tolist() == [told]
