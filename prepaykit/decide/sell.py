"""Sell: switch the job from Prepay to Selling, after a preflight, and queue the campaign's messages.

What may be changed: the job's status, and `messages` with one effect for the mail program. Parents who missed prepay can still
buy. Rule. Nothing is switched while a setting that selling needs is missing or no gallery is open; orders still waiting are
pointed out, not refused. Messages go once: to parents who bought, and to those who may; children whose pictures must not be
sold are left out. Source: the user's document, IV; domain.md 3.2, 4 (rows 16–18).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.errors import Refused
from prepaykit.tables.catalog import empty, typed
from prepaykit.tables.findings import found, together
from prepaykit.tables.plan import Plan, effect, no_effects
from prepaykit.tables.state import JobState

NEEDED = ("archive_date", "selling_price_list", "selling_shipping")


def plan_sell(state: JobState) -> Plan:
    """Plan to set the job to Selling and queue one message an address; refused while a preflight error stands.

    Already selling: an empty plan. Finding codes: sell_setting_missing, sell_no_photos, sell_orders_waiting,
    sell_no_campaign. Result: `status`, `messages`.
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
    waiting = state.orders["status"].isin(["open", "held", "in_revision", "in_batch"])
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
    if not state.job["campaign"]:
        parts.append(found("sell", "sell_no_campaign", "jobs", [state.name], f"{state.name} has no campaign"))
    return together(*parts)


def _messages(state: JobState) -> pd.DataFrame:
    """One message an address: buyers first, then those on the names list who may still buy, with all their codes."""
    if not state.job["campaign"]:
        return empty("messages")
    open_codes = state.subjects[
        state.subjects["sell"] & state.subjects["photograph"]
        & state.subjects["subject_id"].isin(state.galleries.loc[state.galleries["is_active"], "subject_id"].dropna())
    ]  # fmt: skip
    bought = state.order_subjects.merge(
        state.orders[["order_id", "buyer_email", "status"]], on="order_id", validate="m:1"
    )
    bought = bought[(bought["status"] != "cancelled") & bought["buyer_email"].notna() & bought["subject_id"].notna()]
    buyers = bought[["buyer_email", "subject_id"]].rename(columns={"buyer_email": "address"}).assign(audience="buyer")
    listed = open_codes[open_codes["email"].notna()]
    listed = listed[["email", "subject_id"]].rename(columns={"email": "address"}).assign(audience="potential_buyer")
    rows = pd.concat([buyers.astype({"subject_id": "int64"}), listed])
    rows = rows.assign(address=rows["address"].str.strip().str.casefold()).merge(
        open_codes[["subject_id", "access_code"]], on="subject_id", validate="m:1"
    )
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
