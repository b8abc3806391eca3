"""Filling: which pictures a plan puts into which prints, as blocks to look at before it is applied."""

from __future__ import annotations

import pandas as pd

from prepaykit.panels.work import Block, frames, text
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState

SHOWN = 18


def filling_blocks(state: JobState, plan: Plan) -> list[Block]:
    """The frames that come into slots by this plan, with order and print; and how many slots lose theirs."""
    if "slots" not in plan.changes:
        return []
    change = plan.changes["slots"]
    now, before = change.after, change.before["frame_id"].fillna(0).to_numpy()
    differs = now["frame_id"].fillna(0).to_numpy() != before
    gain, lost = (
        now[differs & now["frame_id"].notna().to_numpy()],
        int((differs & now["frame_id"].isna().to_numpy()).sum()),
    )
    numbers = gain["order_id"].map(state.orders.set_index("order_id")["order_no"])
    where = numbers.astype("str") + " · " + gain["product_code"]
    each = pd.DataFrame({"frame": gain["frame_id"], "where": where}).drop_duplicates()
    rows = [(int(r.frame), r.where, "") for r in each.head(SHOWN).itertuples()]
    blocks = [frames(f"{len(gain)} prints get a picture", rows)] if rows else []
    if len(each) > SHOWN:
        blocks.append(text(f"… and {len(each) - SHOWN} more."))
    return [*blocks, *([text(f"{lost} prints lose their picture.", "warn")] if lost else [])]
