"""What left the balance for the bank, and whether the balance adds up: payouts held against their lines, and the roll-forward of each month.

Problem. Stripe pays out in sums that no order knows. A line that is missing from a report, or a payout that was cut, shows in no list of orders. Rule. An automatic payout is the sum
of its lines, to the cent. A month begins with what was left, adds what came in by category, takes off fees and payouts, and ends with what is left; the end is counted a second time
from the lines that no payout has settled. Two ways to one figure: a difference that is not 0 means that a line or a payout is not here.

Worked case: September brings 100.00 gross with 3.00 fees, and an automatic payout of 60.00 whose lines make 60.00. Ends with 37.00; the lines without a payout make 37.00: difference 0.
Known limits: manual and instant payouts cannot be itemised; they are taken off as they are, and so is an automatic one none of whose lines are here (`is_itemised` is no).
The balance before the first line counts as 0: bring a report of what was unsettled then, its lines belong to the months before. Source: refunds.md section 4.
"""

from __future__ import annotations

import pandas as pd

from prepaykit.tables.account import of_kind
from prepaykit.tables.findings import found, together

PAYOUT = "payout"
PAYOUT_COLUMNS = ["payout_id", "at", "arrives_at", "currency", "way", "status", "amount_cents", "is_itemised", "lines", "lines_cents", "difference_cents"]


def payouts(book: pd.DataFrame) -> pd.DataFrame:
    """One row a payout: PAYOUT_COLUMNS. `difference_cents` is the payout less its lines; missing where it has none, or where its amount is told nowhere.

    `way`: automatic or manual. `at`: when it left the balance.

    >>> from prepaykit.tables.account import entries
    >>> payouts(entries(pd.DataFrame({"kind": ["payout"], "id": ["po_1"], "amount_cents": [6000]})))[["payout_id", "is_itemised"]].to_numpy().tolist()
    [['po_1', False]]
    """
    lines, moves = _lines(book)
    told = of_kind(book, PAYOUT).set_index("id")
    moved = moves.dropna(subset="source_id").groupby("source_id").agg(at=("at", "min"), gone=("amount_cents", "sum"), currency=("currency", "first"))
    settled = lines.dropna(subset="payout_id").groupby("payout_id").agg(lines=("id", "size"), lines_cents=("net_cents", "sum"), currency=("currency", "first"), last=("at", "max"))
    rows = pd.DataFrame(index=pd.Index(sorted({*told.index, *moved.index, *settled.index}), name="payout_id", dtype="str"))
    at = {name: frame.reindex(rows.index) for name, frame in (("told", told), ("moved", moved), ("settled", settled))}
    counts = at["settled"][["lines", "lines_cents"]].astype("Int64").fillna(0)
    rows = rows.assign(
        at=at["moved"]["at"].fillna(at["told"]["at"]).fillna(at["told"]["settles_at"]).fillna(at["settled"]["last"]),
        arrives_at=at["told"]["settles_at"], currency=at["told"]["currency"].fillna(at["moved"]["currency"]).fillna(at["settled"]["currency"]),
        way=at["told"]["category"].where(at["told"]["category"].notna() | (counts["lines"] == 0), "automatic"), status=at["told"]["status"],
        amount_cents=at["told"]["amount_cents"].fillna(-at["moved"]["gone"].astype("Int64")), lines=counts["lines"].astype("int64"), lines_cents=counts["lines_cents"].astype("int64"),
        is_itemised=(counts["lines"] > 0).astype(bool),
    )  # fmt: skip
    rows["difference_cents"] = (rows["amount_cents"] - rows["lines_cents"]).mask(~rows["is_itemised"])
    return rows.reset_index()[PAYOUT_COLUMNS].sort_values(["at", "payout_id"], ignore_index=True)


def roll_forward(book: pd.DataFrame, *, timezone: str = "UTC") -> pd.DataFrame:
    """One row a currency and month: `month`, `currency`, `start_cents`, one column a category of Stripe's (`charge_cents`, …), `fees_cents`, `payouts_cents`, `end_cents`, `counted_cents`, `difference_cents`.

    Start + categories + fees + payouts = end; fees and payouts are below 0. `timezone`: where a month begins. Empty if the book has no lines.

    >>> from prepaykit.tables.account import entries
    >>> line = {"kind": "line", "id": "txn_1", "at": "2026-09-02", "currency": "USD", "category": "charge", "amount_cents": 10000, "fee_cents": 300, "net_cents": 9700}
    >>> roll_forward(entries(pd.DataFrame([line])))[["month", "end_cents", "counted_cents", "difference_cents"]].to_numpy().tolist()
    [['2026-09', 9700, 9700, 0]]
    """
    lines, moves = _lines(book)
    paid = payouts(book)
    month = lambda at: at.dt.tz_convert(timezone).dt.strftime("%Y-%m")  # noqa: E731
    lines, moves = lines.assign(month=month(lines["at"])), moves.assign(month=month(moves["at"]))
    silent = paid[~paid["payout_id"].isin(moves["source_id"])]
    gone = pd.concat([moves[["currency", "month", "amount_cents"]],
                      pd.DataFrame({"currency": silent["currency"], "month": month(silent["at"]), "amount_cents": -silent["amount_cents"].fillna(silent["lines_cents"])})])  # fmt: skip
    columns = {f"{category}_cents": rows.assign(cents=rows["amount_cents"]) for category, rows in lines.groupby(lines["category"].fillna("other"))}
    columns["fees_cents"] = pd.concat([lines, moves]).assign(cents=lambda t: -t["fee_cents"].fillna(0))
    columns["payouts_cents"] = gone.assign(cents=gone["amount_cents"])
    columns["left_cents"] = _left(lines, moves, paid.assign(month=month(paid["at"])))
    sums = {name: rows.groupby(["currency", "month"])["cents"].sum() for name, rows in columns.items()}
    table = pd.DataFrame(sums).fillna(0).astype("int64").sort_index()
    activity = table.drop(columns="left_cents").sum(axis=1)
    end = activity.groupby(level="currency").cumsum()
    counted = table["left_cents"].groupby(level="currency").cumsum()
    table = table.drop(columns="left_cents").assign(end_cents=end, counted_cents=counted, difference_cents=end - counted)
    table.insert(0, "start_cents", end - activity)
    return table.reset_index()[["month", "currency", *table.columns]]


def payout_findings(book: pd.DataFrame, *, timezone: str = "UTC") -> pd.DataFrame:
    """Findings about the account: payout_differs, payout_not_itemised, balance_differs."""
    rows, months = payouts(book), roll_forward(book, timezone=timezone)
    off = rows[rows["difference_cents"].fillna(0) != 0]
    bare = rows[(rows["way"] == "automatic") & (rows["status"] == "paid") & ~rows["is_itemised"]] if len(of_kind(book, "line")) else rows.head(0)
    wrong = months[months["difference_cents"] != 0]
    key = wrong["month"] + " " + wrong["currency"]
    return together(
        found("payments", "payout_differs", "account", off["payout_id"], "payout " + off["payout_id"] + ": " + off["amount_cents"].astype("str") + " cents were paid out, its lines make "
              + off["lines_cents"].astype("str")),
        found("payments", "payout_not_itemised", "account", bare["payout_id"], "payout " + bare["payout_id"] + ": none of its lines are here"),
        found("payments", "balance_differs", "account", key, key + ": the month ends " + wrong["difference_cents"].astype("str") + " cents off what its lines make"),
    )  # fmt: skip


def _lines(book: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The movements of the balance, and apart from them the payouts among them."""
    lines = of_kind(book, "line")
    is_payout = (lines["category"] == PAYOUT).to_numpy()
    # A payout that came back is no part of itself; it may be one of the next.
    own = (lines["category"] == "payout_reversal") & (lines["source_id"] == lines["payout_id"])
    return lines.assign(payout_id=lines["payout_id"].mask(own))[~is_payout], lines[is_payout]


def _left(lines: pd.DataFrame, moves: pd.DataFrame, paid: pd.DataFrame) -> pd.DataFrame:
    """What each month adds to the money that no payout has settled: its lines, less the lines settled in it, less what was paid out without lines."""
    itemised = paid[paid["is_itemised"]].set_index("payout_id")["month"]
    settled = lines[lines["payout_id"].isin(itemised.index)]
    settled = settled.assign(month=settled["payout_id"].map(itemised))
    other = paid[~paid["is_itemised"]]
    fees = moves.assign(cents=-moves["fee_cents"].fillna(0))
    keep = ["currency", "month", "cents"]
    return pd.concat([lines.assign(cents=lines["net_cents"])[keep], settled.assign(cents=-settled["net_cents"])[keep], fees[keep],
                      other.assign(cents=-other["amount_cents"].fillna(0))[keep]])  # fmt: skip
