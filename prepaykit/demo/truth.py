"""What really happened on the demo's picture day, for the two who may know it: the demo's analyst, who looks at the pictures, and
the check at the end, which counts pictures of another child.

The toolkit never sees this. A suggestion of the toolkit is a place to look; in a real job a person compares faces and reads the name
on the card. The demo has no face to compare, so its analyst looks into `truth/` instead, and takes a suggestion only if it is right.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from prepaykit.tables.state import JobState


def looked_at(state: JobState, folder: Path) -> dict[str, dict[str, str]]:
    """Corrections that a look at the pictures confirms: `tag` (frame → code), `relabel` (read code → code), `bind` (blank → code).

    Suggested cards (unread or skipped) and galleries whose children really are the suggested ones, and blank cards with the name of a child of the list.
    """
    frames, findings = _with_truth(state, folder), state.findings
    number = frames["frame_id"].astype("str")
    # an unread card is a picture of the card; where a card was skipped there is only the face
    shows = dict(
        zip(
            number,
            frames["card_codes"].where(frames["card_codes"].fillna("") != "", frames["access_codes"]),
            strict=True,
        )
    )
    unread = findings[findings["code"].isin(["unread_card", "card_skipped"]) & findings["suggestion"].notna()]
    right = unread["suggestion"] == unread["key"].map(shows)
    owner = _owner_of_code(state, frames)
    unlisted = findings[(findings["code"] == "code_not_listed") & findings["suggestion"].notna()]
    same = unlisted["suggestion"] == unlisted["key"].map(owner)
    blanks = findings.loc[findings["code"] == "blank_card_used", "key"]
    named = blanks.map(owner)
    listed = state.subjects.loc[state.subjects["kind"] != "blank", "access_code"]
    return {
        "tag": dict(zip(unread.loc[right, "key"], unread.loc[right, "suggestion"], strict=True)),
        "relabel": dict(zip(unlisted.loc[same, "key"], unlisted.loc[same, "suggestion"], strict=True)),
        "bind": dict(zip(blanks[named.isin(listed)], named[named.isin(listed)], strict=True)),
    }


def wrong_pictures(state: JobState, folder: Path) -> pd.DataFrame:
    """Individual pictures in slots that do not show a child of that order: `order_no`, `path`, `shows`, `ordered_for`. Must be empty."""
    orders = pd.read_csv(folder / "truth" / "orders.csv", dtype="str").set_index("order_no")["keys"]
    slots = state.slots[
        state.slots["hole"].isin(["individual", "mate_individual", "digital"]) & state.slots["frame_id"].notna()
    ]
    rows = slots.merge(state.orders[["order_id", "order_no"]], on="order_id", validate="m:1")
    rows = rows.merge(_with_truth(state, folder)[["frame_id", "path", "keys"]], on="frame_id", validate="m:1")
    rows["ordered_for"] = rows["order_no"].str.split("/").str[0].map(orders)
    meant = [
        bool(set(str(a).split()) & set(str(b).split())) for a, b in zip(rows["keys"], rows["ordered_for"], strict=True)
    ]
    return rows.loc[[not m for m in meant], ["order_no", "path", "keys", "ordered_for"]].rename(
        columns={"keys": "shows"}
    )


def _with_truth(state: JobState, folder: Path) -> pd.DataFrame:
    """The job's frames with `keys` (who is in it), `access_codes` (theirs) and `card_codes` (on the card shown)."""
    truth = pd.read_csv(folder / "truth" / "frames.csv", dtype="str").rename(columns={"path": "drawn"})
    root = state.frames["root"].str.replace("\\", "/").str.rsplit("/", n=1).str[-1]
    return state.frames.assign(drawn=root + "/" + state.frames["path"]).merge(
        truth.drop(columns="kind"), on="drawn", how="left", validate="1:1"
    )


def _owner_of_code(state: JobState, frames: pd.DataFrame) -> pd.Series:
    """Read code → the access code of the one child whom all its frames show; codes over several children are left out."""
    rows = state.galleries.merge(frames[["frame_id", "access_codes"]], on="frame_id", validate="m:1")
    grouped = rows.groupby("read_code")["access_codes"]
    return grouped.first()[grouped.nunique() == 1]
