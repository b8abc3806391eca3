"""Reconciliation: every cent of the account book is some job's or nobody's, and every sum is made in two ways.

Problem. Payments, refunds, disputes and fees are lines of one balance; jobs are made of orders. Whether the two agree is what finance asks, per job and for the season. Rule. A line
belongs to the payment that it is about, a payment to its orders; a line about several orders is split by what each paid, gross and fee for themselves, to the cent. What no order
names is a row without a job. So the rows of all jobs add up to the account, exactly, and `equations` says so.

Worked case: a payment of 60.00 with a fee of 2.04 for orders of two jobs, 40.00 and 20.00, is 40.00 less 1.36 and 20.00 less 0.68.
Known limits: sales tax is not in the files, so it is in no table. Source: refunds.md section 4; domain.md 9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from prepaykit.rules.payment_findings import is_covered, standing_of_payments
from prepaykit.rules.payment_matching import Matched, OrdersToPay, is_by_hand, match_payments, orders_to_pay
from prepaykit.rules.payouts import PAYOUT, payouts, roll_forward
from prepaykit.rules.splitting import split_cents
from prepaykit.tables.account import entries, of_kind
from prepaykit.tables.state import JobState

REFUND_LINES = ("refund", "refund_failure", "partial_capture_reversal")
DISPUTE_LINES = ("dispute", "dispute_reversal")
SENT = ("sending", "pending", "succeeded", "unknown")
JOB_COLUMNS = ["job", "currency", "orders", "cancelled", "ordered_cents", "paid_by_card_cents", "paid_by_hand_cents", "refunds_cents", "disputes_cents", "other_cents", "fees_cents", "net_cents",
               "paid_out_cents", "in_balance_cents", "service_fee_cents", "shipped_cents", "held_cents", "to_refund_cents", "refunded_cents"]  # fmt: skip
EQUATION_COLUMNS = ["job", "currency", "what", "left_cents", "right_cents", "difference_cents"]


@dataclass(frozen=True)
class Season:
    """Jobs and the account book, matched: what every table of the reconciliation is made from."""

    states: Sequence[JobState]
    book: pd.DataFrame
    wanted: OrdersToPay
    matched: Matched

    @classmethod
    def of(cls, states: Sequence[JobState], book: pd.DataFrame) -> Season:
        """The season of these jobs; at least one.

        >>> from prepaykit.tables.account import entries
        >>> len(Season.of([JobState.new(name="maple-grove-2026", school="Maple Grove")], entries(pd.DataFrame())).matched.shares)
        0
        """
        wanted = orders_to_pay(states)
        return cls(states, book, wanted, match_payments(book, wanted))


def line_parts(season: Season) -> pd.DataFrame:
    """Each line of the balance but payouts, one row an order it is about: `id`, `job`, `order_id`, `charge_id`, `at`, `currency`, `category`, `payout_id`, `amount_cents`, `fee_cents`, `net_cents`.

    A line about nothing known has no job. The parts of a line add up to it.
    """
    lines = of_kind(season.book, "line")
    lines = lines[(lines["category"] != PAYOUT).to_numpy()]
    charge = _charge_of(season.book, lines)
    refunds = season.matched.refunds.rename(columns={"refund": "about", "share_cents": "weight"})
    paid = season.matched.shares.assign(weight=season.matched.shares["share_cents"].clip(lower=0), about=season.matched.shares["charge_id"])
    keep = ["about", "job", "order_id", "weight"]
    about = lines["source_id"].where(lines["source_id"].isin(refunds["about"]), charge)
    rows = lines.assign(about=about, charge_id=charge).merge(pd.concat([refunds[keep], paid[keep]]), on="about", how="left", validate="m:m")
    weight = rows["weight"].fillna(1).astype("int64")
    parts = {c: split_cents(rows[c].fillna(0), weight, rows["id"]) for c in ("amount_cents", "fee_cents")}
    rows = rows.assign(**parts, net_cents=parts["amount_cents"] - parts["fee_cents"], order_id=rows["order_id"].astype("Int64"))
    return rows[["id", "job", "order_id", "charge_id", "at", "currency", "category", "payout_id", "amount_cents", "fee_cents", "net_cents"]]


def by_job(season: Season, parts: pd.DataFrame) -> pd.DataFrame:
    """One row a job and currency, one without a job for what no order names.

    `orders`, `cancelled`, `ordered_cents`; of the account book `paid_by_card_cents`, `refunds_cents`, `disputes_cents`, `other_cents`, `fees_cents`, `net_cents` and of that `paid_out_cents` and
    `in_balance_cents`; `paid_by_hand_cents` (envelopes); `service_fee_cents` (as read, not claimed back); of the money book `shipped_cents`, `held_cents`, `to_refund_cents`, `refunded_cents`.
    """
    jobs = pd.DataFrame([_own_figures(state) for state in season.states])
    shares = pd.concat([season.matched.shares[["job", "currency", "share_cents"]], _strays(season)]).fillna({"job": ""})
    card = shares.groupby(["job", "currency"])["share_cents"].sum().rename("paid_by_card_cents")
    category = parts["category"].fillna("")
    settled = payouts(season.book)
    is_out = parts["payout_id"].isin(settled.loc[settled["is_itemised"], "payout_id"])
    kinds = {"refunds_cents": category.isin(REFUND_LINES), "disputes_cents": category.isin(DISPUTE_LINES), "other_cents": ~category.isin((*REFUND_LINES, *DISPUTE_LINES, "charge"))}
    sums = {name: parts["amount_cents"].where(mine, 0) for name, mine in kinds.items()}
    sums |= {"fees_cents": -parts["fee_cents"], "net_cents": parts["net_cents"], "paid_out_cents": parts["net_cents"].where(is_out, 0), "in_balance_cents": parts["net_cents"].where(~is_out, 0)}
    of_lines = pd.DataFrame(sums).groupby([parts["job"].fillna(""), parts["currency"]]).sum()
    rows = jobs.set_index(["job", "currency"]).join([card, of_lines], how="outer").fillna(0).astype("int64")
    rows = rows.reset_index()
    return rows.assign(job=rows["job"].mask(rows["job"] == ""))[JOB_COLUMNS]


def equations(season: Season, parts: pd.DataFrame, *, timezone: str = "UTC") -> pd.DataFrame:
    """What must be equal, each way made for itself: `job` (missing: the account), `currency`, `what`, `left_cents`, `right_cents`, `difference_cents`.

    Without an account book only the money book of each job is held against its payments.
    """
    rows = [row for state in season.states for row in _of_job(season, state)]
    table = pd.DataFrame(rows, columns=EQUATION_COLUMNS[:-1])
    if len(season.book):
        table = pd.concat([table, *_of_account(season, parts, timezone)], ignore_index=True)
    cents = {c: table[c].astype("int64") for c in ("left_cents", "right_cents")}
    return table.assign(**cents, difference_cents=cents["left_cents"] - cents["right_cents"], job=table["job"].astype("str"))[EQUATION_COLUMNS]


def processing_fees(season: Season, job: str) -> dict[int, int]:
    """Order of this job (key, as the parent bought it) → cents that Stripe took of its payments, as the lines say; orders without a line are not in it."""
    parts = line_parts(season)
    mine = parts[(parts["job"] == job) & (parts["category"] == "charge")]
    return {int(order): int(cents) for order, cents in mine.groupby("order_id")["fee_cents"].sum().items()}


def book_of_job(book: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """An account book of one job: its parts of the lines, and the payouts that they are in, without the sums that are paid for others too."""
    lines = parts[["id", "at", "currency", "category", "payout_id", "amount_cents", "fee_cents", "net_cents"]].assign(kind="line")
    lines = lines.assign(id=lines["id"] + "/" + parts["order_id"].astype("str").fillna(""))
    paid = payouts(book)
    paid = paid[paid["payout_id"].isin(parts["payout_id"]) & paid["is_itemised"]]
    told = pd.DataFrame({"kind": PAYOUT, "id": paid["payout_id"], "at": paid["at"], "settles_at": paid["arrives_at"], "currency": paid["currency"], "status": paid["status"], "category": paid["way"]})
    return entries(pd.concat([lines, told], ignore_index=True))


# --- inside ------------------------------------------------------------------------------------------------------------


def _charge_of(book: pd.DataFrame, lines: pd.DataFrame) -> pd.Series:
    """The payment that each line is about."""
    charges = of_kind(book, "charge")["id"]
    others = book[book["kind"].isin(["refund", "dispute"]).to_numpy()].set_index("id")["charge_id"]
    source = lines["source_id"]
    return source.where(source.isin(charges), source.map(others)).fillna(lines["charge_id"]).astype("str")


def _strays(season: Season) -> pd.DataFrame:
    strays = season.matched.strays
    return pd.DataFrame({"job": "", "currency": strays["currency"], "share_cents": strays["amount_cents"]})


def _own_figures(state: JobState) -> dict[str, object]:
    """What the job itself says, without any account book."""
    orders, pays = state.orders, state.payments
    account = state.postings.groupby("account")["amount_cents"].sum()
    by_hand = is_by_hand(pays)
    fees = state.service_fees[state.service_fees["status"] != "credited"]
    gone = orders["status"] == "cancelled"
    return {"job": state.name, "currency": str(state.job["currency"]), "orders": len(orders), "cancelled": int(gone.sum()), "ordered_cents": int(orders.loc[~gone, "total_cents"].sum()),
            "paid_by_hand_cents": int(pays.loc[by_hand, "amount_cents"].sum()), "service_fee_cents": int(fees["amount_cents"].sum()),
            **{f"{name}_cents": int(account.get(name, 0)) for name in ("shipped", "held", "to_refund", "refunded")}}  # fmt: skip


def _of_job(season: Season, state: JobState) -> list[list[object]]:
    name, currency, book = state.name, str(state.job["currency"]), season.book
    rows = [[name, currency, "payments of the job = shipped, held, to refund, refunded", state.payments["amount_cents"].sum(), state.postings["amount_cents"].sum()]]
    if not len(book):
        return rows
    standing = standing_of_payments(state, season.wanted, season.matched)
    seen = is_covered(standing["placed_at"], season.matched) | (standing["charges"] > 0)
    kept = standing["paid_cents"].sum() - standing["foreign_cents"].sum()
    rows.append([name, currency, "paid by card, as the orders say = as the account book says, less what others gave back", standing.loc[seen, "expected_cents"].sum(), kept])
    mine = state.refunds[state.refunds["status"].isin(SENT) & state.refunds["request_id"].notna() & (state.refunds["sent_at"] <= book["at"].max())]
    mine = mine[(mine["gateway"] == "api") | mine["refund_id_stripe"].notna()]
    back = season.matched.given_back
    back = back[(back["job"] == name) & ~back["is_foreign"]]
    return [*rows, [name, currency, "refunds that the job made = those in the account book", mine["amount_cents"].sum(), back["share_cents"].sum()]]


def _of_account(season: Season, parts: pd.DataFrame, timezone: str) -> list[pd.DataFrame]:
    book = season.book
    charges, lines = of_kind(book, "charge"), of_kind(book, "line")
    lines = lines[(lines["category"] != PAYOUT).to_numpy()]
    shares = pd.concat([season.matched.shares[["currency", "share_cents"]], _strays(season)])
    told = charges[charges["id"].isin(lines["source_id"])]
    gross = lines[(lines["category"] == "charge").to_numpy() & lines["currency"].eq(lines["source_id"].map(charges.set_index("id")["currency"])).to_numpy()]
    told = told[told["id"].isin(gross["source_id"])]
    rows = payouts(book)
    whole = rows[rows["difference_cents"].notna()]
    months = roll_forward(book, timezone=timezone)
    pairs = [
        ("payments in the account book = those of all jobs and of nobody", charges, "amount_cents", shares, "share_cents"),
        ("payments = the lines about them", told, "amount_cents", gross, "amount_cents"),
        ("net of all lines = net of all jobs and of nobody", lines, "net_cents", parts, "net_cents"),
        ("automatic payouts = their lines", whole, "amount_cents", whole, "lines_cents"),
    ]  # fmt: skip
    tables = [_equation(what, *(side.groupby("currency")[cents].sum() for side, cents in ((left, lc), (right, rc)))) for what, left, lc, right, rc in pairs]
    ends = pd.DataFrame({"currency": months["currency"], "what": "end of " + months["month"] + " = the lines that no payout settled", "left_cents": months["end_cents"], "right_cents": months["counted_cents"]})
    off = whole[whole["difference_cents"] != 0]
    single = pd.DataFrame({"currency": off["currency"], "what": "payout " + off["payout_id"] + " = its lines", "left_cents": off["amount_cents"], "right_cents": off["lines_cents"]})
    return [table.assign(job=None) for table in (*tables, single, ends)]


def _equation(what: str, left: pd.Series, right: pd.Series) -> pd.DataFrame:
    both = pd.concat([left.rename("left_cents"), right.rename("right_cents")], axis=1).fillna(0).astype(np.int64)
    return both.rename_axis("currency").reset_index().assign(what=what)
