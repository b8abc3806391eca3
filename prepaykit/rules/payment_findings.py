"""What the account book says of a job's orders: paid, not paid, paid twice, given back, kept, disputed; one finding each.

Problem. An order can be paid twice, refunded by somebody in Stripe's pages, disputed, or cancelled with its money kept, and no file of orders says so. Rule. Each order's payments,
as they were matched (`prepaykit.rules.payment_matching`), are held against what the order says; whole cents, per order as the parent bought it.
An order without a payment is said only if the book covers its day: before the first payment and after the last nothing is known.

Source: refunds.md section 4 (states).
"""

from __future__ import annotations

import pandas as pd

from prepaykit.rules.payment_matching import Matched, OrdersToPay
from prepaykit.tables.findings import found, together
from prepaykit.tables.state import JobState

STANDING = ["order_id", "order_no", "status", "expected_cents", "paid_cents", "refunded_cents", "foreign_cents", "charges", "last_charge", "is_disputed", "has_other_currency", "placed_at"]
LIVE_FEES = ("charged", "to_claim")


def standing_of_payments(state: JobState, wanted: OrdersToPay, matched: Matched) -> pd.DataFrame:
    """One row an order of this job that was paid by card, or that a payment is of: STANDING.

    `paid_cents` is what came in for it, `refunded_cents` what went back of that, `foreign_cents` of it what no wish of the job did.
    """
    shares = matched.shares[matched.shares["job"] == state.name]
    shares = shares.merge(_given_back(state, matched), on=["charge_id", "order_id"], how="left", validate="1:1").fillna({"refunded_cents": 0, "foreign_cents": 0})
    shares = shares.assign(is_disputed=shares["charge_id"].isin(matched.disputed), has_other_currency=shares["currency"] != str(state.job["currency"])).sort_values(["at", "charge_id"])
    paid = shares.groupby("order_id").agg(
        paid_cents=("share_cents", "sum"), refunded_cents=("refunded_cents", "sum"), foreign_cents=("foreign_cents", "sum"), charges=("charge_id", "size"),
        last_charge=("charge_id", "last"), is_disputed=("is_disputed", "any"), has_other_currency=("has_other_currency", "any"),
    )  # fmt: skip
    orders = wanted.orders[wanted.orders["job"] == state.name]
    rows = orders.merge(paid, on="order_id", how="left", validate="1:1")
    rows = rows[(rows["expected_cents"] > 0) | rows["charges"].notna()]
    whole = {c: rows[c].fillna(0).astype("int64") for c in ("paid_cents", "refunded_cents", "foreign_cents", "charges")}
    return rows.assign(**whole, **{c: rows[c].eq(True) for c in ("is_disputed", "has_other_currency")})[STANDING].reset_index(drop=True)


def is_covered(moments: pd.Series, matched: Matched) -> pd.Series:
    """Is something said of these moments: do they lie between the first payment of the account book and the last?"""
    return moments.between(matched.first_at, matched.last_at)


def payment_findings(state: JobState, wanted: OrdersToPay, matched: Matched) -> pd.DataFrame:
    """Findings about the orders of this job; the hint is the payment. Codes: payment_missing, payment_differs, payment_twice, payment_not_booked,
    payment_refunded, payment_kept, payment_fee_kept, payment_disputed, payment_currency, payment_guess.

    >>> from prepaykit.rules.payment_matching import match_payments, orders_to_pay
    >>> from prepaykit.tables.account import entries
    >>> state = JobState.new(name="maple-grove-2026", school="Maple Grove")
    >>> len(payment_findings(state, orders_to_pay([state]), match_payments(entries(pd.DataFrame()), orders_to_pay([state]))))
    0
    """
    rows = standing_of_payments(state, wanted, matched)
    covered = is_covered(rows["placed_at"], matched)
    gone, same = rows["status"] == "cancelled", ~rows["has_other_currency"]
    over = rows["paid_cents"] - rows["expected_cents"]
    twice = same & (rows["charges"] > 1) & (over > 0)
    left = rows["paid_cents"] - rows["refunded_cents"]
    fees = state.service_fees[state.service_fees["status"].isin(LIVE_FEES)]
    kept_fee = rows["order_id"].isin(fees["order_id"]) & (rows["refunded_cents"] > 0) & (left <= 0)
    cases = (
        ("payment_missing", covered & (rows["charges"] == 0) & ~gone, rows["expected_cents"].astype("str") + " cents were paid by card, and are not in the account book"),
        ("payment_twice", twice & (rows["foreign_cents"] < over), rows["paid_cents"].astype("str") + " cents came in by " + rows["charges"].astype("str") + " payments, "
         + rows["expected_cents"].astype("str") + " are of the order"),
        ("payment_not_booked", same & (rows["paid_cents"] > 0) & (rows["expected_cents"] == 0) & ~twice, rows["paid_cents"].astype("str") + " cents came in that the order does not count"),
        ("payment_differs", same & (rows["charges"] > 0) & (over != 0) & ~twice & (rows["expected_cents"] > 0), rows["paid_cents"].astype("str") + " cents came in, the order says "
         + rows["expected_cents"].astype("str")),
        ("payment_refunded", ~gone & (rows["foreign_cents"] > 0) & ~(twice & (rows["foreign_cents"] == over)), rows["foreign_cents"].astype("str") + " cents were given back by somebody else"),
        ("payment_kept", gone & same & (rows["charges"] > 0) & (left > 0) & ~rows["is_disputed"], left.astype("str") + " cents were not given back"),
        ("payment_fee_kept", kept_fee, "the whole payment was given back, its service fee was not"),
        ("payment_disputed", rows["is_disputed"], "payment " + rows["last_charge"].astype("str") + " is disputed"),
        ("payment_currency", rows["has_other_currency"], "payment " + rows["last_charge"].astype("str") + " is in another currency"),
    )  # fmt: skip
    parts = [_said(code, rows[which], words if isinstance(words, str) else words[which]) for code, which, words in cases]
    guesses = matched.strays[matched.strays["job"] == state.name]
    detail = "order " + guesses["order_no"] + ": payment " + guesses["charge_id"] + " has its amount, its day and no other payer"
    parts.append(found("payments", "payment_guess", "orders", guesses["order_no"], detail, hints=guesses["charge_id"], suggestion=guesses["charge_id"]))
    return together(*parts)


def stray_findings(matched: Matched) -> pd.DataFrame:
    """Findings about payments of nobody: payment_of_nobody, payment_two_ways. They are of the account, of no job."""
    strays = matched.strays[matched.strays["job"].isna()]
    two = strays["why"] != "no order names it"
    detail = "payment " + strays["charge_id"] + ": " + strays["why"]
    return together(found("payments", "payment_of_nobody", "account", strays.loc[~two, "charge_id"], detail[~two]),
                    found("payments", "payment_two_ways", "account", strays.loc[two, "charge_id"], detail[two]))  # fmt: skip


def _given_back(state: JobState, matched: Matched) -> pd.DataFrame:
    """What went back of each payment's part: `charge_id`, `order_id`, `refunded_cents`, `foreign_cents`."""
    rows = matched.given_back[matched.given_back["job"] == state.name]
    rows = rows.assign(refunded_cents=rows["share_cents"], foreign_cents=rows["share_cents"].where(rows["is_foreign"], 0))
    return rows.groupby(["charge_id", "order_id"], as_index=False)[["refunded_cents", "foreign_cents"]].sum()


def _said(code: str, rows: pd.DataFrame, words: str | pd.Series) -> pd.DataFrame:
    return found("payments", code, "orders", rows["order_no"], "order " + rows["order_no"] + ": " + words, hints=rows["last_charge"].astype("str"))
