"""Cash-up: what the envelopes of a bag should hold, what was keyed, and what was counted by hand.

Problem. Cash does not always match the price of the packages, a check is missing, an envelope is never keyed; found weeks later, nobody knows
whose. Rule. Each envelope is held against its price, and each bag against the count that was made by hand when it was opened:

    envelopes received = keyed + rejected        cash counted = cash keyed        checks counted = checks keyed (number and sum)

The counted figures are records (table `bags`), never worked out; what was not counted is missing and is not compared.

Worked case. Bag 1: 31 envelopes counted, 29 keyed, 1 rejected: one is missing, `bag_differs`. Money of a waiting envelope counts too.
Known limits. One check for two envelopes of a family is one check if both name its number and the same parent. Money that was taken in later than
the envelope was keyed counts as keyed; a count agrees with or without it. Source: domain.md 7 (envelope count control, cash-up sheet), 9.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from prepaykit.rules.capture_order import natural_rank
from prepaykit.rules.matching.exact import bare, folded
from prepaykit.rules.money_book import due_now
from prepaykit.rules.order_entry import purchases
from prepaykit.rules.pricing import price_lines
from prepaykit.tables.catalog import typed
from prepaykit.tables.findings import found, together
from prepaykit.tables.state import JobState
from prepaykit.tables.status import LIVE

_CHECK = re.compile(r"\b(?:check|checks|cheque|cheques|chk|chq|ck)\b|money order", re.IGNORECASE)
_CASH = re.compile(r"\b(?:cash|coin|coins|bills?|notes?|bar)\b", re.IGNORECASE)
COUNTED = {  # column of `bags` → what was keyed, in a row of `cash_up`
    "envelopes": "envelopes",
    "cash_cents": "cash_cents",
    "checks": "checks",
    "check_cents": "check_cents",
}
CASH_UP = ["bag", "envelopes", "rejected", "envelopes_counted", "envelopes_off", "due_cents", "price_off_cents", "received_cents", "cash_cents",
           "cash_counted_cents", "cash_off_cents", "checks", "checks_counted", "checks_off", "check_cents", "check_counted_cents",
           "check_off_cents", "other_cents", "later_cents", "unsettled", "counted_by"]  # fmt: skip


def money_kind(methods: pd.Series, check_nos: pd.Series) -> pd.Series:
    """Is it cash, a check, or something else (`other`: online, a card)? Nothing written is a check if it has a number, else cash.

    >>> money_kind(pd.Series(["Cash", "cheque", None, None, "PayPal"]), pd.Series([None, None, "1187", None, None])).tolist()
    ['cash', 'check', 'check', 'cash', 'other']
    """
    words = methods.astype("str").fillna("")
    none = np.where(check_nos.notna(), "check", "cash")
    kind = np.select([words.str.contains(_CHECK), words.str.contains(_CASH), words.str.strip() == ""],
                     ["check", "cash", none], default="other")  # fmt: skip
    return pd.Series(kind, index=methods.index, dtype="str")


def price_check(state: JobState) -> pd.DataFrame:
    """Each envelope against its price: `bag`, `envelope_no`, `packages`, `due_cents`, `received_cents`, `off_cents`, `kind`, `check_no`, `stands`.

    `off_cents` is received − due, and − what is owed back for items left out: less than nothing is too little. What is due of an envelope that is no order yet is its order
    string at the newest price list; missing where the string cannot be taken whole, and while two typists differ. `kind`: cash, check, other. `stands`:
    ordered, cancelled, waits for a match, or waits to be settled. Whole cents. Sorted by bag and number.

    >>> price_check(JobState.new(name="maple-grove-2026", school="Maple Grove")).shape
    (0, 9)
    """
    table = state.envelopes
    orders = state.orders[state.orders["origin"] == "paper"]
    family = (
        state.orders["order_id"].map(purchases(state.orders)).astype("int64")
        if len(state.orders)
        else pd.Series(dtype="int64")
    )
    gone = (state.orders["status"] == "cancelled").to_numpy()
    now = pd.Series(np.where(gone, state.orders["total_cents"], due_now(state.orders, state.postings)), index=state.orders.index)
    due = table["order_id"].map(now.groupby(family).sum()).astype("Int64")
    back = table["order_id"].map((state.orders["total_cents"] - now).groupby(family).sum()).astype("Int64").fillna(0)
    due = due.fillna(_priced(state, table[table["order_id"].isna()]).reindex(table.index))
    status = table["order_id"].map(orders.set_index("order_id")["status"]).astype("str")
    due = due.mask(table["differs"].notna())
    stands = np.select([table["differs"].notna(), status == "cancelled", table["order_id"].notna()],
                       ["waits to be settled", "cancelled", "ordered"], default="waits for a match")  # fmt: skip
    rows = table[["bag", "envelope_no", "packages"]].assign(
        due_cents=due,
        received_cents=table["received_cents"],
        off_cents=table["received_cents"] - due - back,
        kind=money_kind(table["payment_method"], table["check_no"]),
        check_no=table["check_no"],
        stands=pd.Series(stands, index=table.index, dtype="str"),
    )
    place = pd.DataFrame(
        {
            "none": rows["bag"].isna(),
            "bag": natural_rank(rows["bag"].fillna("")),
            "no": natural_rank(rows["envelope_no"]),
        }
    )
    return rows.iloc[place.sort_values(["none", "bag", "no"]).index].reset_index(drop=True)


def cash_up(state: JobState) -> pd.DataFrame:
    """One row a bag (the last one, without a name, for envelopes of no bag): what was keyed, what was counted, what is off.

    Columns: bag; envelopes (keyed), rejected, envelopes_counted, envelopes_off; due_cents and price_off_cents (received − due) of the envelopes
    whose price is known, received_cents (keyed, of all kinds); and for cash_cents,
    checks (their number) and check_cents: keyed, …counted…, …off…. `off` is counted − keyed (envelopes: − rejected too); missing where nothing
    was counted. other_cents: paid otherwise. later_cents: of the keyed money, what was taken in after the envelope. unsettled:
    envelopes on which two typists differ. Whole cents.

    >>> cash_up(JobState.new(name="maple-grove-2026", school="Maple Grove")).shape
    (0, 21)
    """
    checked = price_check(state).assign(bag=lambda t: t["bag"].fillna(""))
    keyed = _keyed_by_bag(state, checked)
    bags = state.bags.set_index("bag")
    known = pd.Series(sorted({*keyed.index, *bags.index} - {""}), dtype="str")
    names = [*known.iloc[natural_rank(known).argsort()], *[""] * ("" in keyed.index)]
    rows = keyed.reindex(names).fillna(0).astype("int64")
    counted = bags.reindex(names)
    rows["rejected"] = counted["rejected"].fillna(0).astype("int64")
    for column, mine in COUNTED.items():
        stem, unit = (column.removesuffix("_cents"), "_cents") if column.endswith("_cents") else (column, "")
        rows[f"{stem}_counted{unit}"] = counted[column].astype("Int64")
        taken = rows[mine] + (rows["rejected"] if column == "envelopes" else 0)
        rows[f"{stem}_off{unit}"] = counted[column].astype("Int64") - taken
    rows["counted_by"] = counted["counted_by"].astype("str")
    rows = rows.rename_axis("bag").reset_index()
    rows["bag"] = rows["bag"].astype("str").where(rows["bag"] != "")
    return rows[CASH_UP]


def with_counts(work: JobState, bags: pd.DataFrame) -> JobState:
    """The job with these counts of bags; a bag counted again follows the new count where that says something.

    `bags`: columns of `bags`.
    """
    if not len(bags):
        return work
    new = typed("bags", bags.drop_duplicates("bag", keep="last")).set_index("bag").drop(columns="version")
    old = work.bags.set_index("bag").drop(columns="version")
    both = new.combine_first(old)[old.columns].loc[[*old.index, *new.index.difference(old.index, sort=False)]]
    return work.replace(bags=typed("bags", both.reset_index()))


def follow_file(work: JobState, rows: pd.DataFrame) -> JobState:
    """Bag, payee, method and number of the check follow the file, for orders too that have not left: nothing of the order hangs on them.

    Only where the file says something else. The payment of the envelope is put right with it.
    """
    live = work.orders.loc[work.orders["status"].isin(LIVE), "order_id"]
    table = work.envelopes.copy()
    file = rows[rows["differs"].isna()].set_index("envelope_no")
    mine = table["envelope_no"].isin(file.index) & (table["order_id"].isna() | table["order_id"].isin(live))
    if not mine.any():
        return work
    file = file.reindex(table["envelope_no"]).set_axis(table.index)
    for column in ("bag", "payee", "check_no"):
        other = file[column].notna() & (folded(file[column]) != folded(table[column]))
        table[column] = table[column].mask(mine & other, file[column]).astype("str")
    kinds = money_kind(file["payment_method"], file["check_no"]), money_kind(table["payment_method"], table["check_no"])
    other = file["payment_method"].notna() & ((kinds[0] != kinds[1]) | (kinds[0] == "other"))
    table["payment_method"] = table["payment_method"].mask(mine & other, file["payment_method"]).astype("str")
    payments, by_id = work.payments.copy(), table[mine].set_index("envelope_id")
    first = payments["payment_id"].isin(
        payments.dropna(subset=["envelope_id"]).groupby("envelope_id")["payment_id"].min()
    )
    first &= payments["envelope_id"].isin(by_id.index)
    for column, source in (("method", "payment_method"), ("reference", "check_no")):
        said = payments["envelope_id"].map(by_id[source])
        payments[column] = payments[column].mask(first & said.notna(), said).astype("str")
    return work.replace(envelopes=table, payments=payments)


def to_another_payee(payees: pd.Series, wanted: object) -> pd.Series:
    """Is the check made out to somebody else than `wanted`? Never where no payee was keyed, or the job does not say whom to pay.

    >>> to_another_payee(pd.Series(["Bright Pictures", "The PTO", None]), "bright pictures").tolist()
    [False, True, False]
    """
    mine, keyed = bare(pd.Series([wanted], dtype="str"))[0], bare(payees)
    if not isinstance(mine, str):
        return pd.Series(False, index=payees.index)
    return keyed.notna() & (keyed != mine)


def check_marks(state: JobState, checked: pd.DataFrame) -> pd.Series:
    """One mark a check, for the rows of `price_check`; missing for what is no check or holds no money.

    One check may pay for the envelopes of two children of a family: its number (without zeros before it) and the same payer make one mark.

    >>> state = JobState.new(name="maple-grove-2026", school="Maple Grove")
    >>> len(check_marks(state, price_check(state)))
    0
    """
    payers = state.envelopes.assign(payer=_payer(state.envelopes)).set_index("envelope_no")["payer"]
    mark = checked["check_no"].str.lstrip("0") + " / " + checked["envelope_no"].map(payers)
    is_check = (checked["kind"] == "check") & (checked["received_cents"] > 0)
    return mark.fillna("envelope " + checked["envelope_no"]).where(is_check)


def taken_later(state: JobState) -> pd.Series:
    """Cents that were booked after the first money of an envelope, by `envelope_id`; only those that have some.

    >>> len(taken_later(JobState.new(name="maple-grove-2026", school="Maple Grove")))
    0
    """
    payments = state.payments.dropna(subset=["envelope_id"])
    after = payments[payments["payment_id"] != payments.groupby("envelope_id")["payment_id"].transform("min")]
    return after.groupby("envelope_id")["amount_cents"].sum()


# --- findings ----------------------------------------------------------------------------------------------------------


def cash_findings(work: JobState) -> pd.DataFrame:
    """What does not add up: bag_differs, bag_uncounted (about bags); check_number_missing, check_doubled, check_other_payee (about envelopes).

    Checks are looked at while their orders have not left. Numbers of envelopes, bags and checks, never names.
    """
    rows = cash_up(work).dropna(subset=["bag"])
    later = _later(work)
    words = [_bag_words(row, later) for row in rows.to_dict("records")]
    off = pd.Series([bool(w) for w in words], index=rows.index, dtype="bool")
    counted = (
        rows[["envelopes_counted", "cash_counted_cents", "checks_counted", "check_counted_cents"]].notna().any(axis=1)
    )
    missing = rows[~counted] if counted.any() else rows.head(0)
    return together(
        found("paper", "bag_differs", "bags", rows.loc[off, "bag"], [f"bag {b}: {w}" for b, w in zip(rows["bag"], words, strict=True) if w]),
        found("paper", "bag_uncounted", "bags", missing["bag"], [f"bag {b}: envelopes of it were keyed, but it was not counted" for b in missing["bag"]]),
        *_check_findings(work),
    )  # fmt: skip


def _bag_words(row: dict[str, object], later: pd.DataFrame) -> str:
    """What is off about one bag, or nothing; a count that was made before the rest was collected is right as well."""
    came = {kind: int(later.get(kind, pd.Series(dtype="int64")).get(row["bag"], 0)) for kind in ("cash", "check")}
    parts = []
    if pd.notna(row["envelopes_off"]) and row["envelopes_off"]:
        rejected = f" + {row['rejected']} rejected" if row["rejected"] else ""
        parts.append(f"{row['envelopes_counted']} envelopes counted, {row['envelopes']} keyed{rejected}")
    for kind, what in (("cash", "cash"), ("check", "checks")):
        off = row[f"{kind}_off_cents"]
        if pd.notna(off) and off not in (0, -came[kind]):
            part = f" (of it {came[kind]} taken in later)" if came[kind] else ""
            parts.append(f"{what}: {row[f'{kind}_counted_cents']} cents counted, {row[f'{kind}_cents']} keyed{part}")
    if pd.notna(row["checks_off"]) and row["checks_off"]:
        parts.append(f"{row['checks_counted']} checks counted, {row['checks']} keyed")
    return "; ".join(parts)


def _check_findings(work: JobState) -> list[pd.DataFrame]:
    live = work.orders.loc[work.orders["status"].isin(LIVE), "order_id"]
    table = work.envelopes[work.envelopes["order_id"].isna() | work.envelopes["order_id"].isin(live)]
    table = table[(money_kind(table["payment_method"], table["check_no"]) == "check") & (table["received_cents"] > 0)]
    bare_ones = table.loc[table["check_no"].isna(), "envelope_no"]
    numbered = table.dropna(subset=["check_no"]).assign(payer=lambda t: _payer(t))
    number = numbered["check_no"].str.lstrip("0")
    twice = numbered[number.map(numbered["payer"].groupby(number).nunique()) > 1]
    others = number[twice.index].map(numbered["envelope_no"].groupby(number).agg(", ".join))
    wrong = table.loc[to_another_payee(table["payee"], work.job["check_payee"]), "envelope_no"]
    return [
        found("paper", "check_number_missing", "envelopes", bare_ones, [f"envelope {n}: a check without a number" for n in bare_ones]),
        found("paper", "check_doubled", "envelopes", twice["envelope_no"],
              [f"check {c} stands on envelopes {o} of different payers" for c, o in zip(twice["check_no"], others, strict=True)]),
        found("paper", "check_other_payee", "envelopes", wrong, [f"envelope {n}: the check is made out to somebody else" for n in wrong]),
    ]  # fmt: skip


# --- inside ------------------------------------------------------------------------------------------------------------


def _priced(state: JobState, waiting: pd.DataFrame) -> pd.Series:
    """Cents of each order string at the newest edition; missing where it cannot be taken whole."""
    tables = [state.products, state.packages]
    edition = max((int(t["edition"].max()) for t in tables if len(t)), default=0)
    ids = np.arange(len(waiting))
    wanted = pd.DataFrame({"order_id": ids, "order_subject_id": ids, "subject_id": pd.NA, "packages": waiting["packages"].to_numpy(),
                           "ref": waiting["envelope_no"].to_numpy()})  # fmt: skip
    priced = price_lines(wanted, *(t[t["edition"] == edition] for t in tables), verb="paper")
    sums = priced.lines.groupby("order_id")["total_cents"].sum().reindex(ids).astype("Int64").set_axis(waiting.index)
    return sums.mask(waiting["envelope_no"].isin(priced.findings["key"]))


def _payer(envelopes: pd.DataFrame) -> pd.Series:
    """Who paid, as far as it was keyed: the parent's name, else address, else telephone, else the child's last name."""
    payer = pd.Series(None, index=envelopes.index, dtype="str")
    for column in ("parent_name", "parent_email", "parent_phone", "typed_last"):
        payer = payer.fillna(bare(envelopes[column]))
    return payer.fillna("envelope " + envelopes["envelope_no"])


def _keyed_by_bag(state: JobState, checked: pd.DataFrame) -> pd.DataFrame:
    checks = check_marks(state, checked)
    by = checked["bag"]
    part = {
        kind: checked["received_cents"].where(checked["kind"] == kind, 0).groupby(by).sum()
        for kind in ("cash", "check", "other")
    }
    rows = pd.DataFrame({
        "envelopes": checked.groupby("bag").size(),
        "due_cents": checked["due_cents"].fillna(0).astype("int64").groupby(by).sum(),
        "price_off_cents": checked["off_cents"].fillna(0).astype("int64").groupby(by).sum(),
        "received_cents": checked["received_cents"].groupby(by).sum(),
        "cash_cents": part["cash"], "checks": checks.groupby(by).nunique(), "check_cents": part["check"], "other_cents": part["other"],
        "unsettled": (checked["stands"] == "waits to be settled").groupby(by).sum(),
    })  # fmt: skip
    return rows.assign(later_cents=_later(state).sum(axis=1).reindex(rows.index).fillna(0).astype("int64"))


def _later(state: JobState) -> pd.DataFrame:
    """Cents that were taken in after the envelope itself, by bag and kind of the envelope."""
    own = state.envelopes.assign(
        kind=money_kind(state.envelopes["payment_method"], state.envelopes["check_no"]),
        bag=state.envelopes["bag"].fillna(""),
        later_cents=state.envelopes["envelope_id"].map(taken_later(state)),
    ).dropna(subset=["later_cents"])
    rows = own.astype({"later_cents": "int64"})
    return (
        rows.pivot_table(index="bag", columns="kind", values="later_cents", aggfunc="sum", fill_value=0)
        if len(rows)
        else pd.DataFrame()
    )
