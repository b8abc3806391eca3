"""The verbs of a job that are about money: payments, cancel, refund, evidence, fees; mixed into `Job`. Each gives a Plan and changes nothing."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from prepaykit.account import account_book
from prepaykit.decide.cancel import plan_cancel, plan_cancel_item
from prepaykit.decide.fees import fee_queue, plan_fees
from prepaykit.decide.payments import plan_payments
from prepaykit.decide.refund import plan_evidence, plan_refund
from prepaykit.errors import UsageError
from prepaykit.intake.payment_reports import ORDER_KEY
from prepaykit.refunding import look_at
from prepaykit.report.fee_request import fee_request
from prepaykit.rules.cancel_steps import cancel_steps
from prepaykit.rules.payment_matching import orders_to_pay
from prepaykit.rules.reconciling import Season, processing_fees
from prepaykit.rules.search import worklist
from prepaykit.tables.findings import together
from prepaykit.tables.gateway import Gateway
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState

if TYPE_CHECKING:
    from prepaykit.adapters.stripe.account import Told
    from prepaykit.job import Choices, PathLike
    from prepaykit.studio import Studio


class MoneyVerbs:
    """What a job can do about money."""

    studio: Studio
    name: str
    state: JobState

    def cancel(self, order_nos: str | Iterable[str], *, item: str = "", why: str) -> Plan:
        """Plan to delete orders from the collection, or to leave one `item` out of one order; refund and fee stay on the worklist.

        `item`: the line as it was ordered: `P57`, with options `P57,LUSTRE`, of siblings `P57@KA01` (the child's access code).
        """
        numbers = _numbers(order_nos)
        if not item.strip():
            return plan_cancel(self.state, numbers, now=self.studio.clock(), why=why, kept_cents=self._kept_cents())
        if len(numbers) != 1:
            raise UsageError(f"cancel: an item is of one order, and {len(numbers)} are named")
        return plan_cancel_item(self.state, numbers[0], item, now=self.studio.clock(), why=why, kept_cents=self._kept_cents())

    def cancel_steps(self, order_nos: str | Iterable[str], *, item: str = "") -> pd.DataFrame:
        """What cancelling comes to, in order: the service fee, the refund, the deletion; with what each costs and its command. Changes nothing."""
        return cancel_steps(self.state, _numbers(order_nos), item=item, kept_cents=self._kept_cents())

    def _kept_cents(self) -> dict[int, int]:
        """What Stripe took of each order's payment, if the account book has it."""
        book, _ = account_book(self.studio.home, currency=str(self.state.job["currency"]))
        return processing_fees(Season.of([self.state], book), self.name) if len(book) else {}

    def refund(self, order_nos: str | Iterable[str] = (), *, gateway: str = "api", hand_to: str = "", confirm: str = "",
               parts: Mapping[str, object] | None = None, accept: Collection[str] = (), choices: Choices | None = None, live: bool = False,
               through: Gateway | None = None, why: str = "") -> Plan:  # fmt: skip
        """Plan to give back what is owed for these orders, or for all; it changes something only when `confirm` is the very sum that goes back.

        Looks at the charges in Stripe, and sends nothing. `gateway`: `api`, or `person` with `hand_to`. `parts`: order number → amount. `choices`: refunds
        chosen one by one, each with the amount typed beside it. `live`: a live key may be used. `through`: another way to Stripe than the studio's own key.
        """
        asked = through if through is not None else self.studio.stripe_gateway(live=live)
        brought, findings = self.read_choices(choices, "refund")
        return plan_refund(self.state, _numbers(order_nos), seen=look_at(self.studio, self.name, asked), now=self.studio.clock(), gateway=gateway,
                           hand_to=hand_to, confirm=confirm, parts=parts, accept=accept, choices=brought, findings=findings)  # fmt: skip

    def read_stripe(self, *, live: bool = False, since: object = None, order_key: str = ORDER_KEY) -> Told:
        """Read from Stripe what is not kept yet: `entries`, `requests`, `up_to`. Nothing changes: plan with `payments(read=…)`, keep with `prepaykit.account.keep_read`.

        `live`: a live key may be used. `since`: a day, to read anew from then on. Checkout Sessions are asked about only if orders of the job name them (`cs_…`).
        """
        references = self.state.payments["reference"].dropna()
        named = set(references[references.str.startswith("cs_")])
        try:
            start = None if since is None else pd.Timestamp(since)  # type: ignore[arg-type]
        except ValueError:
            raise UsageError(f"payments: {since} is no day; write it as 2026-09-01") from None
        start = start.tz_localize("UTC") if start is not None and start.tzinfo is None else start
        return self.studio.read_stripe(live=live, since=start, order_key=order_key, sessions=named)

    def payments(self, reports: PathLike | Iterable[PathLike] = (), *, read: Told | None = None, of: Mapping[str, str] | None = None, book: Iterable[str] = (),
                 choices: Choices | None = None, order_key: str = ORDER_KEY, timezone: str = "UTC", why: str = "") -> Plan:  # fmt: skip
        """Plan what reports of payments mean for this job: those kept in the studio's folder `payments/`, these, and what was `read` from Stripe just now.

        `of`: payment → order of this job. `book`: payments to be counted. `order_key`: the metadata field with the order's key. `timezone`: of times
        in a report that name none. Keep the reports with `prepaykit.account.keep_reports`.
        """
        studio = self.studio
        files = [reports] if isinstance(reports, str | os.PathLike) else list(reports)
        entries, said = account_book(studio.home, files, read=None if read is None else read.entries, order_key=order_key, timezone=timezone, currency=str(self.state.job["currency"]))
        brought, replayed = self.read_choices(choices, "payments")
        wanted = orders_to_pay(studio.store.read(str(name)) for name in studio.jobs()["name"])
        return plan_payments(self.state, entries, wanted, of=of, book_charges=list(book), now=studio.clock(), who=studio.actor, why=why, choices=brought, findings=together(*(f for f in (said, replayed) if f is not None)))

    def refund_evidence(self, evidence: Mapping[str, str]) -> Plan:
        """Plan to close refunds that a person made: refund number → what proves it, such as `re_…`, a receipt, a check number."""
        ids = {int(k): v for k, v in evidence.items()}
        return plan_evidence(self.state, ids, now=self.studio.clock(), stripe_ids={k: v for k, v in ids.items() if v.startswith("re_")})

    def refunds(self) -> pd.DataFrame:
        """Every refund of the job with its order: `refund_id`, `order_no`, `amount_cents`, `status`, `reason`, `evidence`."""
        state = self.state
        numbers = state.orders.set_index("order_id")["order_no"]
        table = state.refunds.assign(order_no=state.refunds["order_id"].map(numbers).astype("str"))
        return table[["refund_id", "order_no", "amount_cents", "status", "gateway", "reason", "evidence"]]

    def fees(self, order_nos: str | Iterable[str] = (), *, becomes: str = "requested", said: str) -> Plan:
        """Plan to write down what became of service fees: requested (`said`: of whom), credited or refused (`said`: what proves it)."""
        return plan_fees(self.state, _numbers(order_nos), becomes=becomes, said=said, now=self.studio.clock())

    def fee_queue(self) -> pd.DataFrame:
        """Service fees to claim back, and those asked for and not answered."""
        return fee_queue(self.state)

    def fee_request(self) -> str:
        """The text of a request for all service fees that are to be claimed back; empty if there are none."""
        state = self.state
        return fee_request(fee_queue(state), job=state.name, school=str(state.job["school"]), currency=str(state.job["currency"]))

    def worklist(self) -> pd.DataFrame:
        """Refunds and service fees still to be dealt with."""
        return worklist(self.state)


def _numbers(order_nos: str | Iterable[str]) -> list[str]:
    return [order_nos] if isinstance(order_nos, str) else [str(n) for n in order_nos]
