"""How many requests a reading of Stripe's account takes. Run it: `python -m tests.benchmarks.stripe_account`.

Against the stand-in as a process: days of so many payments, 2 % of them refunded, one a day disputed, a payout each day. Printed are requests, entries and seconds (the
stand-in holds each answer against Stripe's contract, which is most of the time) of the whole account, and of one day more. Bar: 20 requests per 1,000 payments of the day;
each payout that arrived is itemised beside that, a hundred lines a request.
"""

from __future__ import annotations

import argparse
import time

import pandas as pd

from prepaykit.adapters.stripe.account import Told, read_account
from prepaykit.adapters.stripe.client import open_client
from prepaykit.tables.account import entries, merged
from tests.stand_in.process import KEY, Running, stand_in


def main() -> None:
    """Measure and print."""
    chosen = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    chosen.add_argument("--payments", type=int, default=1000, help="a day")
    chosen.add_argument("--days", type=int, default=4, help="that were read before")
    said = chosen.parse_args()
    with stand_in() as running:
        running.say("season", payments=said.payments * said.days, days=said.days, refunds=said.payments * said.days // 50, disputes=said.days)
        whole = measured("the whole account", running, entries(pd.DataFrame()))
        running.say("season", payments=said.payments, days=1, first=1_000_001, refunds=said.payments // 50, disputes=1, seed=3)
        measured("one day more", running, merged([whole.entries])[0])


def measured(what: str, running: Running, book: pd.DataFrame) -> Told:
    """Read, and say what it took."""
    start = time.perf_counter()
    told = read_account(open_client(KEY, base=running.base), book, is_live=False)
    took = time.perf_counter() - start
    proper = told.requests - told.requests_of_payouts
    print(f"{what}: {proper} requests, and {told.requests_of_payouts} to itemise payouts; {len(told.entries):,} entries; {took:.1f} s")
    return told


if __name__ == "__main__":
    main()
