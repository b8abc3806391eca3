"""Deposit: what of the money in paper envelopes goes to the bank, and what does not, and why.

Problem. A slip is written by hand from a pile of envelopes; a check to the school is among them and comes back weeks later with a fee, an
envelope that two typists read differently is deposited with the wrong sum, and what was left behind is forgotten. Rule. Only what is keyed and in
a bag is deposited (all that is keyed, in a job without bags): cash in one sum, every check by itself. Everything else that came in cash or by check stands apart with its reason:

    cash + checks + left out = received in cash and by check

Left out is, in this order, an envelope that waits to be settled between two typists, one of no bag (in a job that names bags), a check made out to another payee than the
job's (`check_payee`), and a check of which another part is left out: a check is deposited whole or not at all.

Worked case. Check 42 of a family pays E-2 and E-4, $70. On E-4 two typists differ: neither part is deposited, E-2 says `one check with E-4`.
Known limits. What went to the bank before is not kept: name the bags of this time. A bag that holds more than was keyed is said, and the
slip stays with what was keyed. Money of rejected envelopes was never keyed: they are only counted. A check of a cancelled order is noted, and
deposited unless you take it out. Source: domain.md 7 (checks made out to the school and the PTO; cash-up sheet per bag), 9.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from prepaykit.errors import UsageError
from prepaykit.rules.cash_up import cash_up, check_marks, price_check, taken_later, to_another_payee
from prepaykit.tables.state import JobState

UNSETTLED = "to be settled between two typists"
NO_BAG = "in no bag"
OTHER_PAYEE = "made out to another payee"
ONE_CHECK = "one check with {}, not deposited now"
CHECKS = ["check_no", "envelope_no", "bag", "amount_cents", "later_cents", "note"]
LEFT_OUT = ["envelope_no", "bag", "kind", "check_no", "amount_cents", "reason"]
BAGS = ["bag", "envelopes", "rejected", "envelopes_counted", "envelopes_off", "unsettled", "cash_cents", "cash_counted_cents", "cash_off_cents",
        "checks", "checks_counted", "checks_off", "check_cents", "check_counted_cents", "check_off_cents", "later_cents", "deposit_cents"]  # fmt: skip


@dataclass(frozen=True)
class Deposit:
    """What goes to the bank: `cash_cents`, `checks` (one row a check); what does not: `left_out` (one row an envelope), `other_cents` (card,
    online); `received_cents` of cash and checks together; `bags` (one row a bag): counted, keyed, off, deposited. Columns: see `deposit`.
    """

    checks: pd.DataFrame
    left_out: pd.DataFrame
    bags: pd.DataFrame
    cash_cents: int
    other_cents: int
    received_cents: int

    @property
    def check_cents(self) -> int:
        """Sum of the checks that are deposited."""
        return int(self.checks["amount_cents"].sum())

    @property
    def total_cents(self) -> int:
        """What the slip says: cash and checks."""
        return self.cash_cents + self.check_cents

    @property
    def left_out_cents(self) -> int:
        """Cash and checks that are not deposited."""
        return int(self.left_out["amount_cents"].sum())

    @property
    def is_clean(self) -> bool:
        """Is nothing left out, rejected or noted on a check, and no bag other than it was counted?"""
        off = self.bags[["envelopes_off", "cash_off_cents", "checks_off", "check_off_cents"]].fillna(0) != 0
        odd = len(self.left_out) or self.checks["note"].notna().any() or self.checks["later_cents"].any()
        return not (odd or off.any(axis=None) or self.bags["rejected"].any())


def deposit(state: JobState, bags: Iterable[str] = ()) -> Deposit:
    """Say what goes to the bank: cash in one sum, every check by itself, and apart from them what does not go, with the reason.

    Reads `envelopes`, `bags` and `payments` of the job, the status of its orders, and its setting `check_payee`. `bags`: only these (none named:
    all); envelopes of no bag are listed in any case, and deposited only in a job that names no bags at all. Gives:

    * `checks`, one row a check: check_no, envelope_no (two of a family on one check: `E-2, E-4`), bag, amount_cents, later_cents (of it booked after
      the envelope was keyed: look at the check), note (`no number`, `number of two payers`, `order cancelled`; missing: nothing).
    * `left_out`, one row an envelope: envelope_no, bag, kind (cash, check), check_no, amount_cents, reason.
    * `bags`, one row a bag: keyed, counted and off as in `cash_up`, unsettled, rejected, and deposit_cents.

    Whole cents in the currency of the job; numbers of envelopes, bags and checks, never names. Raises UsageError for a bag that is not there.

    >>> slip = deposit(JobState.new(name="maple-grove-2026", school="Maple Grove"))
    >>> slip.total_cents, slip.received_cents, slip.is_clean
    (0, 0, True)
    """
    counted = cash_up(state)
    wanted = _wanted_bags(counted["bag"].dropna(), bags)
    rows = _with_reasons(state, wanted)
    rows = rows[rows["is_wanted"]]
    is_money = rows["kind"].isin(["cash", "check"])
    goes = rows[is_money & rows["reason"].isna()]
    stays = rows[is_money & rows["reason"].notna() & ((rows["received_cents"] > 0) | (rows["reason"] == UNSETTLED))]
    slip = Deposit(
        checks=_checks(goes.dropna(subset=["mark"])),
        left_out=stays.rename(columns={"received_cents": "amount_cents"})[LEFT_OUT].reset_index(drop=True),
        bags=_bags(counted[counted["bag"].isin(wanted)] if wanted else counted, goes),
        cash_cents=int(goes.loc[goes["kind"] == "cash", "received_cents"].sum()),
        other_cents=int(rows.loc[~is_money, "received_cents"].sum()),
        received_cents=int(rows.loc[is_money, "received_cents"].sum()),
    )
    assert slip.total_cents + slip.left_out_cents == slip.received_cents, "the deposit lost or made money"
    return slip


# --- inside ------------------------------------------------------------------------------------------------------------


def _wanted_bags(known: pd.Series, bags: Iterable[str]) -> list[str]:
    asked = list(dict.fromkeys(str(b).strip() for b in bags))
    missing = [b for b in asked if b not in set(known)]
    if missing:
        there = f"the bags are {', '.join(known)}" if len(known) else "the job has none yet"
        raise UsageError(f"there is no bag {', '.join(missing)}: {there}")
    return asked or known.tolist()


def _with_reasons(state: JobState, wanted: list[str]) -> pd.DataFrame:
    """The rows of `price_check` with `mark` (one a check), `later_cents`, `is_wanted`, and `reason`: why it is not deposited."""
    rows = price_check(state)
    keyed = state.envelopes.set_index("envelope_no")
    ids = rows["envelope_no"].map(keyed["envelope_id"])
    mark = check_marks(state, rows)
    other = to_another_payee(rows["envelope_no"].map(keyed["payee"]).astype("str"), state.job["check_payee"])
    reason = pd.Series(None, index=rows.index, dtype="str")
    for here, why in ((mark.notna() & other, OTHER_PAYEE), (rows["bag"].isna() & bool(wanted), NO_BAG), (rows["stands"] == "waits to be settled", UNSETTLED)):
        reason = reason.mask(here, why)  # fmt: skip
    is_wanted = rows["bag"].isna() | rows["bag"].isin(wanted)
    return rows.assign(
        mark=mark,
        is_wanted=is_wanted,
        later_cents=ids.map(taken_later(state)).fillna(0).astype("int64"),
        reason=_whole_checks(rows["envelope_no"], mark, reason, is_wanted),
    )


def _whole_checks(numbers: pd.Series, mark: pd.Series, reason: pd.Series, is_wanted: pd.Series) -> pd.Series:
    """The reasons, and one more for each part of a check of which another part stays behind."""
    stays = mark.notna() & (reason.notna() | ~is_wanted)
    first = numbers[stays].groupby(mark[stays]).first()
    partner = mark.map(first)
    return reason.mask(reason.isna() & partner.notna() & is_wanted, partner.map(ONE_CHECK.format, na_action="ignore"))


def _checks(parts: pd.DataFrame) -> pd.DataFrame:
    by = parts.assign(is_cancelled=parts["stands"] == "cancelled").groupby("mark", sort=False)
    together = lambda values: ", ".join(dict.fromkeys(values.dropna())) or None  # noqa: E731
    rows = by.agg(check_no=("check_no", "first"), envelope_no=("envelope_no", together), bag=("bag", together),
                  amount_cents=("received_cents", "sum"), later_cents=("later_cents", "sum"), is_cancelled=("is_cancelled", "any"))  # fmt: skip
    number = rows["check_no"].astype("str").str.lstrip("0")
    note = pd.Series(None, index=rows.index, dtype="str").mask(rows["is_cancelled"], "order cancelled")
    note = note.mask(number.duplicated(keep=False) & number.notna(), "number of two payers").mask(number.isna(), "no number")
    words = {"check_no": "str", "envelope_no": "str", "bag": "str", "amount_cents": "int64", "later_cents": "int64", "note": "str"}
    return rows.assign(note=note)[CHECKS].astype(words).reset_index(drop=True)


def _bags(counted: pd.DataFrame, goes: pd.DataFrame) -> pd.DataFrame:
    sums = goes.groupby(goes["bag"].fillna(""))["received_cents"].sum()
    return counted.assign(deposit_cents=counted["bag"].fillna("").map(sums).fillna(0).astype("int64"))[BAGS].reset_index(drop=True)
