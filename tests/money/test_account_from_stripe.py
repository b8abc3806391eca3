"""Payments in from Stripe's API, against the stand-in as a process: all of it once, then what changed, with the same book in the end and few requests."""

import os
import random
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
import stripe
from typer.testing import CliRunner

from prepaykit.account import account_book, keep_read
from prepaykit.adapters.stripe.account import read_account
from prepaykit.adapters.stripe.client import open_client
from prepaykit.adapters.stripe.objects import entries_of
from prepaykit.adapters.stripe.pages import WAITS_S
from prepaykit.cli import app
from prepaykit.errors import NeighbourFailed, Refused
from prepaykit.tables.account import email_hash, entries, merged, of_kind
from tests.money.payments import sold
from tests.money.refunding import studio_with
from tests.stand_in.process import KEY, stand_in

HOUR, DAY = 3600, 24 * 3600
LIVE = "rk_live_51StandIn"
NOTHING = entries(pd.DataFrame())


@pytest.fixture(scope="module")
def process():
    with stand_in() as started:
        yield started


@pytest.fixture
def side(process):
    process.say("reset")
    process.say("mixed_events", is_so=False)
    return process


def read(side, book=NOTHING, **how):
    """Read what the book lacks, without waiting."""
    return read_account(open_client(KEY, base=side.base), book, **{"is_live": False, "pause": lambda _: None, **how})


def booked(*parts):
    return merged(parts)[0]


def things(book):
    """The book without how far it was read."""
    return book[(book["kind"] != "cursor").to_numpy()].reset_index(drop=True)


def asked(side):
    return dict(side.say("state")["asked"])


def column(book, kind, name):
    return of_kind(book, kind).set_index("id")[name].dropna().to_dict()


# --- promises ----------------------------------------------------------------------------------------------------------


def test_a_whole_reading_has_everything_that_the_account_has(side):
    side.say("season", payments=450, days=6, refunds=12, disputes=4)
    told = side.say("account")
    has, book = told["account"], booked(read(side).entries)
    assert column(book, "line", "net_cents") == {x["id"]: x["net"] for x in has["balance_transactions"]}
    assert column(book, "line", "fee_cents") == {x["id"]: x["fee"] for x in has["balance_transactions"]}
    assert column(book, "line", "category") == {x["id"]: x["reporting_category"] for x in has["balance_transactions"]}
    assert column(book, "charge", "amount_cents") == {c["id"]: c["amount_captured"] for c in has["charges"]}
    assert column(book, "charge", "order_key") == {c["id"]: c["metadata"]["order_key"] for c in has["charges"]}
    assert column(book, "charge", "email_hash") == {c["id"]: email_hash(c["billing_details"]["email"]) for c in has["charges"]}
    assert column(book, "refund", "status") == {r["id"]: r["status"] for r in has["refunds"]}
    assert column(book, "refund", "source_id") == {r["id"]: r["metadata"]["prepaykit_request"] for r in has["refunds"]}
    assert column(book, "dispute", "charge_id") == {d["id"]: d["charge"] for d in has["disputes"]}
    assert column(book, "payout", "amount_cents") == {p["id"]: p["amount"] for p in has["payouts"]}
    assert set(book["currency"].dropna()) == {"USD"}
    assert not book["text"].notna().any()


def test_the_lines_of_a_payout_get_its_id_and_their_net_is_its_amount(side):
    side.say("season", payments=420, days=7, refunds=9, disputes=2)
    told = side.say("account")
    book = booked(read(side).entries)
    arrived = {p["id"]: p["amount"] for p in told["account"]["payouts"] if p["status"] == "paid"}
    lines = of_kind(book, "line")
    lines = lines[lines["payout_id"].isin(arrived)]
    assert len(arrived) > 3
    assert lines.set_index("id")["payout_id"].to_dict() == {line: payout for line, payout in told["paid_out"].items() if payout in arrived}
    assert lines[lines["category"] != "payout"].groupby("payout_id")["net_cents"].sum().to_dict() == arrived


class Season:
    """An account in which anything may happen next; the same seed is the same season."""

    def __init__(self, side, seed):
        self.side, self.chance, self.count = side, random.Random(seed), 0

    def step(self):
        has = self.side.say("account")["account"]
        can = ["charge", "charge", "move", "move"]
        can += ["refund"] * any(c["amount_refunded"] == 0 and not c["disputed"] for c in has["charges"]) + ["settle"] * bool(has["refunds"]) + ["dispute"] * bool(has["charges"])
        can += ["dispute_moved"] * any(d["status"] in ("needs_response", "under_review") for d in has["disputes"])
        is_away = bool(has["payouts"]) and has["payouts"][-1]["status"] == "in_transit"
        can += ["payout_moved"] * (2 * is_away) + ["pay_out"] * (not is_away and bool(has["charges"]))
        getattr(self, self.chance.choice(can))(has)

    def charge(self, _):
        self.count += 1
        key = {self.chance.choice(["order_key", "intent_key", "description"]): f"KEY-{self.count}"}
        self.side.say("charge", id=f"ch_{self.count}", amount=self.chance.choice([1500, 4200]), **key)

    def move(self, _):
        self.side.say("move", seconds=self.chance.choice([60, HOUR, 20 * HOUR, 3 * DAY]))

    def refund(self, has):
        free = [c["id"] for c in has["charges"] if c["amount_refunded"] == 0 and not c["disputed"]]
        self.side.say("refund", charge=self.chance.choice(free), amount=500, pending=self.chance.random() < 0.5)

    def settle(self, has):
        refund = self.chance.choice(has["refunds"])
        status = {"pending": self.chance.choice(["succeeded", "failed"]), "succeeded": "failed"}.get(refund["status"])
        if status:
            self.side.say("settle", status=status, refund=refund["id"])

    def dispute(self, has):
        free = [c["id"] for c in has["charges"] if not c["disputed"]]
        if free:
            self.side.say("dispute", charge=self.chance.choice(free), status="needs_response")

    def dispute_moved(self, has):
        open_ = [d for d in has["disputes"] if d["status"] in ("needs_response", "under_review")]
        self.side.say("dispute_moved", id=open_[0]["id"], status=self.chance.choice(["under_review", "won", "lost"]))

    def pay_out(self, _):
        self.side.say("pay_out", automatic=self.chance.random() < 0.8)

    def payout_moved(self, has):
        self.side.say("payout_moved", status=self.chance.choice(["paid", "paid", "failed"]))


@pytest.mark.parametrize("seed", range(10))
def test_reading_what_changed_time_and_again_gives_the_book_of_one_whole_reading(side, seed):
    season, parts = Season(side, seed), []
    side.say("mixed_events", is_so=seed % 2 == 0)
    for _ in range(8):
        for _ in range(season.chance.randrange(12)):
            season.step()
        parts.append(read(side, booked(*parts)).entries)
    whole = things(booked(read(side).entries))
    pd.testing.assert_frame_equal(things(booked(*parts)), whole)
    season.chance.shuffle(parts)
    pd.testing.assert_frame_equal(things(booked(*parts, parts[0])), whole)
    assert len(whole) > 20


def test_a_day_of_1000_payments_is_read_with_20_requests_and_its_payout_with_one_for_100_lines(side):
    side.say("season", payments=3000, days=3, refunds=60, disputes=3)
    before = booked(read(side).entries)
    at_start = asked(side)
    side.say("season", payments=1000, days=1, first=5001, refunds=20, disputes=2, seed=2)
    told = read(side, before)
    took = {n: count - at_start.get(n, 0) for n, count in asked(side).items()}
    assert told.requests == sum(took.values())
    assert told.requests - told.requests_of_payouts <= 20, took
    after = booked(before, told.entries)
    paid_out = of_kind(after, "line")["payout_id"].notna().sum() - of_kind(before, "line")["payout_id"].notna().sum()
    assert paid_out > 1000
    assert told.requests_of_payouts <= 1 + paid_out // 100
    pd.testing.assert_frame_equal(things(after), things(booked(read(side).entries)))


def test_a_reading_when_nothing_happened_takes_three_requests(side):
    side.say("season", payments=30, days=3)
    side.say("payout_moved", status="paid")
    side.say("move", seconds=2 * DAY)
    book = booked(read(side).entries)
    side.say("move", seconds=2 * DAY)
    assert read(side, book).requests == 3


# --- special cases ---------------------------------------------------------------------------------------------------


def refund_later(side):
    side.say("charge", id="ch_1", amount=1500, order_key="KEY-1")
    side.say("refund", charge="ch_1", amount=500)
    refund = side.say("state")["refunds"][0]["id"]
    book = booked(read(side).entries)
    assert of_kind(book, "refund")["status"].tolist() == ["succeeded"]
    return book, refund


def test_a_refund_that_fails_weeks_later_is_seen(side):
    book, refund = refund_later(side)
    for _ in range(3):
        side.say("move", seconds=20 * DAY)
        book = booked(book, read(side, book).entries)
    side.say("settle", status="failed", refund=refund)
    side.say("move", seconds=5 * DAY)
    book = booked(book, read(side, book).entries)
    assert of_kind(book, "refund")[["status", "category"]].to_numpy().tolist() == [["failed", "expired_or_canceled_card"]]
    assert sorted(of_kind(book, "line")["category"]) == ["charge", "refund", "refund_failure"]


def test_after_a_long_pause_lists_are_read_and_not_the_events_that_stripe_forgot(side):
    book, _ = refund_later(side)
    side.say("dispute", charge="ch_1", status="needs_response")
    side.say("move", seconds=35 * DAY)
    start = asked(side)
    told = read(side, book)
    took = {n: c - start.get(n, 0) for n, c in asked(side).items()}
    assert (took["refunds"], took["disputes"], took["payouts"], took["balance_transactions"]) == (1, 1, 1, 1)
    pd.testing.assert_frame_equal(things(booked(book, told.entries)), things(booked(read(side).entries)))


def test_a_refund_that_only_its_charge_tells_of_is_found(side):
    side.say("charge", id="ch_1", amount=1500, order_key="KEY-1")
    book = booked(read(side).entries)
    side.say("move", seconds=DAY)
    side.say("refund", charge="ch_1", amount=500, pending=True)
    side.say("forget_events", types=["refund.created"])
    assert of_kind(read(side, book).entries, "refund")["status"].tolist() == ["pending"]


def test_a_refund_on_its_way_is_followed_without_any_event(side):
    side.say("charge", id="ch_1", amount=1500, order_key="KEY-1")
    side.say("refund", charge="ch_1", amount=500, pending=True)
    book = booked(read(side).entries)
    side.say("move", seconds=20 * DAY)
    side.say("settle", status="failed")
    side.say("forget_events", types=["refund.failed", "refund.updated"])
    assert of_kind(booked(book, read(side, book).entries), "refund")["status"].tolist() == ["failed"]


def test_what_is_not_finished_is_asked_about_even_without_an_event(side):
    side.say("charge", id="ch_1", amount=1500, order_key="KEY-1")
    side.say("move", seconds=3 * DAY)
    open_ = pd.DataFrame({"kind": ["dispute"], "id": ["dp_1"], "status": ["open"], "charge_id": ["ch_1"], "amount_cents": [1500], "currency": ["USD"], "at": [pd.Timestamp("2026-09-21", tz="UTC")]})
    book = booked(read(side).entries, entries(open_))
    side.say("dispute", charge="ch_1", status="needs_response")
    side.say("dispute_moved", id="dp_1", status="lost")
    side.say("move", seconds=20 * DAY)
    later = book.assign(at=book["at"].mask(book["kind"] == "cursor", read(side).up_to))
    assert of_kind(booked(book, read(side, later).entries), "dispute")["status"].tolist() == ["lost"]


def test_an_order_key_of_the_intent_is_asked_for_only_when_the_charge_has_none(side):
    side.say("charge", id="ch_1", amount=1500, order_key="KEY-1")
    assert (read(side).entries["kind"].tolist().count("charge"), asked(side).get("payment_intents")) == (1, None)
    side.say("charge", id="ch_2", amount=1500, intent_key="KEY-2")
    side.say("charge", id="ch_3", amount=1500)
    book = booked(read(side).entries)
    assert column(book, "charge", "order_key") == {"ch_1": "KEY-1", "ch_2": "KEY-2"}
    side.say("move", seconds=2 * HOUR)
    book = booked(book, read(side, book).entries)
    count = asked(side)["payment_intents"]
    side.say("move", seconds=2 * HOUR)
    read(side, book)
    assert asked(side)["payment_intents"] == count, "one without a key anywhere is not asked about for ever"


def test_a_checkout_session_leads_to_its_payment_only_if_an_order_names_it(side):
    for n in range(4):
        side.say("charge", id=f"ch_{n}", amount=1500, order_key=f"KEY-{n}", session_id=f"cs_test_{n}")
    book = booked(read(side).entries)
    assert (book["session_id"].notna().any(), "checkout/sessions" in asked(side)) == (False, False)
    later = read(side, book, sessions={"cs_test_2", "cs_test_9"})
    book = booked(book, later.entries)
    assert column(book, "charge", "session_id") == {"ch_2": "cs_test_2"}
    book = booked(book, read(side, book, sessions={"cs_test_1", "cs_test_2"}).entries)
    assert column(book, "charge", "session_id") == {"ch_1": "cs_test_1", "ch_2": "cs_test_2"}
    count = asked(side)["checkout/sessions"]
    read(side, book, sessions={"cs_test_2"})
    assert asked(side)["checkout/sessions"] == count


def test_reading_since_a_day_reads_anew_and_leaves_no_gap(side):
    side.say("season", payments=60, days=6)
    late = pd.Timestamp(side.say("state")["now"] - 2 * DAY, unit="s", tz="UTC")
    first = booked(read(side, since=late).entries)
    assert of_kind(first, "charge")["at"].min() >= late - pd.Timedelta(days=4)
    side.say("season", payments=60, days=6, first=101)
    now = pd.Timestamp(side.say("state")["now"], unit="s", tz="UTC")
    book = booked(first, read(side, first, since=now).entries)
    assert {f"ch_{n}" for n in range(101, 161)} <= set(of_kind(book, "charge")["id"])


def test_names_are_not_taken_and_addresses_only_as_their_hash(side):
    side.say("charge", id="ch_1", amount=1500, email="ann@example.org", description="Pictures of Ann Example, KEY-0001, ann@example.org")
    told = read(side).entries
    text = told.to_csv()
    assert told["text"].dropna().tolist() == ["KEY-0001,"]
    assert "ann" not in text.lower()
    assert of_kind(told, "charge")["email_hash"].tolist() == [email_hash("ann@example.org")]


def test_amounts_are_of_the_currency_and_never_become_floats(side):
    side.say("charge", id="ch_1", amount=4200, currency="jpy")
    told = of_kind(read(side).entries, "charge")
    assert told[["amount_cents", "currency"]].to_numpy().tolist() == [[4200, "JPY"]]
    assert str(told["amount_cents"].dtype) == "Int64"


def test_what_was_not_paid_is_no_charge():
    charge = {"object": "charge", "id": "ch_1", "created": 0, "currency": "usd", "amount": 1500, "amount_captured": 0, "paid": True}
    assert entries_of([charge]).empty


# --- faults ------------------------------------------------------------------------------------------------------------


def test_a_busy_stripe_is_waited_for_and_the_walk_goes_on(side):
    side.say("season", payments=250, days=1)
    expected = things(booked(read(side).entries))
    side.say("read_faults", faults=["none", "429", "none", "429", "429", "none", "none", "500", "lost", "none", "none"])
    waited = []
    told = read(side, pause=waited.append)
    pd.testing.assert_frame_equal(things(booked(told.entries)), expected)
    assert waited == [0.5, 0.5, 1, 0.5, 1]


def test_a_stripe_that_stays_busy_is_a_neighbour_that_failed(side):
    side.say("charge", id="ch_1", amount=1500)
    side.say("read_faults", faults=["none", *["429"] * 20])
    with pytest.raises(NeighbourFailed, match=r"could not be asked \(rate_limit\)") as failed:
        read(side)
    assert KEY not in str(failed.value)
    assert len(WAITS_S) < 20
    side.say("read_faults", faults=[])


def test_live_and_test_money_are_never_mixed(side):
    side.say("charge", id="ch_1", amount=1500)
    book = booked(read(side).entries)
    client = open_client(LIVE, live=True, base=side.base)
    with pytest.raises(Refused, match="what was read with a test key; a live key is not mixed"):
        read_account(client, book, is_live=True)
    side.say("dispute", charge="ch_1", status="needs_response")
    with pytest.raises(Refused, match="answered a live key with test objects"):
        read_account(client, NOTHING, is_live=True)
    side.say("reset", is_live=True)
    side.say("charge", id="ch_1", amount=1500)
    cursor = of_kind(read_account(client, NOTHING, is_live=True).entries, "cursor")
    assert cursor[["id", "category"]].to_numpy().tolist() == [["stripe-live", "live"]]


# --- the studio and the command line -----------------------------------------------------------------------------------


@pytest.fixture
def home(side, tmp_path, monkeypatch):
    """A studio with two paid orders, whose payments are in the account."""
    studio_with(tmp_path / "studio.db", sold(references=False)).close()
    for n in (1001, 1002):
        side.say("charge", id=f"ch_{n}", amount=1500, **{"order_key" if n == 1001 else "intent_key": f"KEY-{n}"})
    monkeypatch.setenv("PREPAYKIT_STRIPE_KEY", KEY)
    monkeypatch.setenv("PREPAYKIT_STRIPE_BASE", side.base)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, ["payments", *arguments])


def test_from_the_account_to_the_orders_with_one_command(side, home):
    shown = run("--stripe")
    assert "2 payments of 2 orders, $30.00" in shown.output
    assert not (home / "payments").exists(), "a look keeps nothing"
    done = run("--stripe", "--apply")
    (kept,) = (home / "payments").glob("stripe-*.csv")
    assert kept.name in done.output
    assert (done.exit_code, KEY in shown.output + done.output + kept.read_text()) == (0, False)
    book, findings = account_book(home)
    assert (len(findings), sorted(of_kind(book, "charge")["order_key"])) == (0, ["KEY-1001", "KEY-1002"])
    assert "2 payments of 2 orders, $30.00" in run().output
    side.say("charge", id="ch_9", amount=1500, order_key="KEY-1002")
    side.say("move", seconds=HOUR)
    assert "payment_twice" in run("--stripe", "--apply").output
    assert len(list((home / "payments").glob("stripe-*.csv"))) == 2


def test_a_live_key_is_refused_without_live_and_options_of_stripe_need_it(home, monkeypatch):
    assert run("--live").exit_code == 2
    assert run("--stripe", "--since", "yesterdayish").exit_code == 2
    monkeypatch.setenv("PREPAYKIT_STRIPE_KEY", LIVE)
    refused = run("--stripe")
    assert (refused.exit_code, LIVE in refused.output) == (3, False)
    monkeypatch.delenv("PREPAYKIT_STRIPE_KEY")
    assert "set PREPAYKIT_STRIPE_KEY" in run("--stripe").output


def test_a_file_that_was_kept_says_exactly_what_was_read(side, tmp_path):
    side.say("charge", id="ch_1", amount=1500, order_key="=KEY-1", email="ann@example.org")
    side.say("refund", charge="ch_1", amount=500)
    told = read(side).entries
    path = keep_read(tmp_path, told)
    assert "'=KEY-1" in path.read_text()
    pd.testing.assert_frame_equal(account_book(tmp_path)[0], booked(told))


def test_a_reader_that_was_killed_leaves_no_file_and_the_next_one_reads_it_all(side, home):
    side.say("season", payments=1500, days=3, first=5001)
    start = sum(asked(side).values())
    command = [sys.executable, "-c", "from prepaykit.cli import main; main()", "payments", "--stripe", "--apply"]
    with subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as reader:
        while sum(asked(side).values()) < start + 6:
            assert reader.poll() is None
            time.sleep(0.01)
        reader.send_signal(signal.SIGKILL)
    assert not (home / "payments").exists()
    run("--stripe", "--apply")
    assert len(of_kind(account_book(home)[0], "charge")) == 1502


def test_a_disk_that_gives_up_leaves_no_half_file(side, tmp_path, monkeypatch):
    side.say("charge", id="ch_1", amount=1500)
    told = read(side).entries
    monkeypatch.setattr("prepaykit.report.export.write_durably", lambda path, content: path.write_bytes(content[:50]) and (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(NeighbourFailed, match="No space left"):
        keep_read(tmp_path, told)
    assert list((tmp_path / "payments").iterdir()) == []


def test_the_key_is_in_no_word_of_the_reader(side):
    client = open_client(KEY, base=side.base)
    from prepaykit.adapters.stripe.pages import Pages

    assert KEY not in repr(Pages(client, is_live=False))
    assert stripe.enable_telemetry is False


def test_of_two_refunds_of_a_charge_none_is_missed(side):
    side.say("charge", id="ch_1", amount=1500, order_key="KEY-1")
    side.say("refund", charge="ch_1", amount=500, pending=True)
    first = booked(read(side).entries)
    side.say("move", seconds=DAY)
    side.say("refund", charge="ch_1", amount=300, pending=True)
    side.say("forget_events", types=["refund.created"])
    assert sorted(of_kind(booked(first, read(side, first).entries), "refund")["amount_cents"]) == [300, 500]
