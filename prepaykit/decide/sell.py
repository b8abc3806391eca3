"""Sell: switch the job from Prepay to Selling, after a preflight, and queue the campaign's messages.

What may be changed: the job's status, and `messages` with one effect for the mail program. Parents who missed prepay can still
buy. Rule. Nothing is switched while a setting that selling needs is missing or no gallery is open; orders still waiting are
pointed out, not refused. Messages go once: to parents who bought, and to those who may; children whose pictures must not be
sold are left out, and so is an address that is not one plain address: a mail program would send it to somebody else, or stop. Source: the user's document, IV; domain.md 3.2, 4 (rows 16–18).
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from prepaykit.errors import Refused
from prepaykit.tables.catalog import empty, typed
from prepaykit.tables.findings import found, together
from prepaykit.tables.plan import Plan, effect, no_effects
from prepaykit.tables.state import JobState
from prepaykit.tables.status import LIVE

NEEDED = ("archive_date", "selling_price_list", "selling_shipping")
SHOWS_ANOTHER = ("card_skipped", "cards_after_frames")
LONGEST_ADDRESS = 254
_PART = r"""[^\s@,;:<>()\[\]"\\.\x00-\x1f\x7f\u00ad\u200b-\u200f\u2060\ufeff]+"""  # nothing that separates, quotes or cannot be seen
_PLAIN = re.compile(rf"{_PART}(?:\.{_PART})*@{_PART}(?:\.{_PART})+")


def plan_sell(state: JobState) -> Plan:
    """Plan to set the job to Selling and queue one message an address; refused while a preflight error stands.

    Already selling: an empty plan. Finding codes: sell_setting_missing, sell_no_photos, sell_orders_waiting,
    sell_doubts_open, sell_no_campaign, address_unusable (key: the order's number, or the access code). Result: `status`, `messages`.
    """
    if state.job["status"] == "selling":
        return Plan.between(
            state,
            "sell",
            {},
            findings=preflight(state),
            headline="the job is selling already",
            result={"status": "selling"},
        )
    findings = preflight(state)
    errors = findings[findings["severity"] == "error"]
    if len(errors):
        what = "; ".join(errors["detail"] + " → " + errors["next_move"])
        raise Refused(f"sell {state.name} refused by its preflight: {what}")
    messages = _messages(state)
    effects = no_effects()
    if len(messages):
        rows = messages[["audience", "address", "access_codes"]].to_dict("records")
        campaign = str(state.job["campaign"])
        effects = effect(
            f"{state.name}/sell/{campaign}", "mail_merge", {"job": state.name, "campaign": campaign, "rows": rows}
        )
    tables = {"jobs": state.jobs.assign(status="selling"), "messages": pd.concat([state.messages, messages])}
    headline = f"Prepay → Selling, {len(messages)} messages queued"
    return Plan.between(state, "sell", tables, findings=findings, effects=effects, headline=headline,
                        result={"status": "selling", "messages": len(messages)})  # fmt: skip


def preflight(state: JobState) -> pd.DataFrame:
    """What stands between the job and selling: findings, errors first to be settled."""
    missing = [name for name in NEEDED if not state.job[name]]
    parts = [
        found("sell", "sell_setting_missing", "jobs", missing, [f"{state.name} has no {name}" for name in missing])
    ]
    if not state.galleries["is_active"].any():
        parts.append(found("sell", "sell_no_photos", "jobs", [state.name], f"{state.name}: no gallery is open"))
    waiting = state.orders["status"].isin(LIVE)
    if waiting.any():
        parts.append(
            found(
                "sell",
                "sell_orders_waiting",
                "jobs",
                [state.name],
                f"{state.name}: {int(waiting.sum())} prepaid orders",
            )
        )
    doubts = state.findings[(state.findings["verb"] == "photos") & state.findings["code"].isin(SHOWS_ANOTHER)]
    if len(doubts):
        detail = f"{state.name}: {len(doubts)} places where a gallery may hold another child's frames"
        parts.append(found("sell", "sell_doubts_open", "jobs", [state.name], detail))
    if not state.job["campaign"]:
        parts.append(found("sell", "sell_no_campaign", "jobs", [state.name], f"{state.name} has no campaign"))
    return together(*parts, _unusable(_addressed(state)))


def is_plain_address(text: str) -> bool:
    """True for one e-mail address and nothing else: no second one, no name around it, no white space.

    >>> [is_plain_address(a) for a in ("anna@example.org", "anna@example.org, ben@example.org", "Anna <anna@example.org>", "anna")]
    [True, False, False, False]
    """
    return len(text) <= LONGEST_ADDRESS and _PLAIN.fullmatch(text) is not None


def _messages(state: JobState) -> pd.DataFrame:
    """One message an address: buyers first, then those on the names list who may still buy, with all their codes."""
    rows = _addressed(state)
    rows = rows[rows["is_plain"]]
    if not len(rows):
        return empty("messages")
    grouped = rows.sort_values(["address", "access_code"]).groupby("address", sort=True)
    messages = pd.DataFrame({
        "access_codes": grouped["access_code"].agg(lambda codes: " ".join(dict.fromkeys(codes))),
        "audience": grouped["audience"].min(),
    }).reset_index()  # fmt: skip
    first = state.next_id("messages")
    return typed(
        "messages",
        messages.assign(
            message_id=np.arange(first, first + len(messages)), campaign=state.job["campaign"], status="queued"
        ),
    )


def _addressed(state: JobState) -> pd.DataFrame:
    """One row an address and open gallery, if the job has a campaign: `address`, `access_code`, `audience`, `is_plain`, and where
    the address stands (`about`, `key`).
    """
    open_codes = state.subjects[
        state.subjects["sell"] & state.subjects["photograph"]
        & state.subjects["subject_id"].isin(state.galleries.loc[state.galleries["is_active"], "subject_id"].dropna())
    ]  # fmt: skip
    bought = state.order_subjects.merge(
        state.orders[["order_id", "order_no", "buyer_email", "status"]], on="order_id", validate="m:1"
    )
    bought = bought[(bought["status"] != "cancelled") & bought["buyer_email"].notna() & bought["subject_id"].notna()]
    buyers = bought[["buyer_email", "order_no", "subject_id"]].astype({"subject_id": "int64"})
    buyers = buyers.rename(columns={"buyer_email": "address", "order_no": "key"})
    listed = open_codes.loc[open_codes["email"].notna(), ["email", "access_code", "subject_id"]]
    listed = listed.rename(columns={"email": "address", "access_code": "key"})
    rows = pd.concat([
        buyers.assign(audience="buyer", about="orders"),
        listed.assign(audience="potential_buyer", about="subjects"),
    ])  # fmt: skip
    rows = rows.assign(address=rows["address"].str.strip().str.casefold())
    rows = rows[(rows["address"] != "") & bool(state.job["campaign"])]
    rows = rows.merge(open_codes[["subject_id", "access_code"]], on="subject_id", validate="m:1")
    return rows.assign(is_plain=rows["address"].map(is_plain_address).astype("bool"))


def _unusable(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows[~rows["is_plain"]]
    parts = []
    for about, what in (("orders", "order"), ("subjects", "code")):
        keys = rows.loc[rows["about"] == about, "key"]
        details = f"{what} " + keys + ": its e-mail address is not one plain address; no message is queued for it"
        parts.append(found("sell", "address_unusable", about, keys, details))
    return together(*parts)
