"""The same picture twice: byte for byte, or saved anew.

Problem. A card is copied twice, a folder of corrected or smaller copies lies beside the originals, a zip repeats a folder. Frames of a child
in one burst look alike by nature, and nobody wants to hear of that.

Rule. Same bytes: told for each frame but the first. Saved anew: pictures that look the same (`look_hash` at most `NEAR` bits apart) in
spite of other bytes, and that are the same moment: the same time to the sub-second, or the same file number and shape of name in
another folder within `SAME_MOMENT`. Frames of one camera folder, shot one after the other, are a burst and never told. One
finding for each pair of folders, with how many pictures; both are kept.

Worked case. `CARD_A/DSC_0042.JPG` and `edited/DSC_0042-2.jpg`, both shot at 9:14:07.25, 2 bits apart: one finding for the folder `edited`.
Source: photos.md 4 (edited or re-exported files).
"""

from __future__ import annotations

import pandas as pd

from prepaykit.rules.looks import has_look, look_distance
from prepaykit.tables.findings import found

NEAR = 6
SAME_MOMENT = pd.Timedelta(seconds=1)


def same_bytes(frames: pd.DataFrame) -> pd.DataFrame:
    """Frames with the bytes of an earlier one, as findings (`frame_doubled`), one a frame."""
    rows = frames[frames["sha256"].notna()].sort_values("frame_id")
    first = rows.groupby("sha256")["frame_id"].transform("min")
    rows = rows.assign(first=first)[first != rows["frame_id"]]
    detail = _label(rows) + " has the same bytes as frame " + rows["first"].astype("str")
    return found("photos", "frame_doubled", "frames", rows["frame_id"], detail)


def saved_anew(frames: pd.DataFrame) -> pd.DataFrame:
    """Pictures that stand in two folders with other bytes, as findings (`frame_resaved`): one for each pair of folders."""
    if "look_hash" not in frames or not has_look(frames["look_hash"]).any():
        return found("photos", "frame_resaved", "frames", [], [])
    rows = frames[has_look(frames["look_hash"]) & frames["sha256"].notna()].sort_values("frame_id")
    rows = rows[["frame_id", "root", "path", "sha256", "shot_at", "look_hash"]]
    rows["folder"] = (rows["root"] + "/" + rows["path"]).str.replace(r"/[^/]*$", "", regex=True)
    rows["number"] = rows["path"].str.extract(r"(\d{3,8})(?!.*\d{3})[^/]*$")[0]
    pairs = pd.concat(
        [_pairs(rows.dropna(subset="shot_at"), "shot_at"), _pairs(rows.dropna(subset="number"), "number")]
    )
    pairs = pairs.drop_duplicates(["frame_id", "frame_id_2"])
    apart = (pairs["shot_at"] - pairs["shot_at_2"]).abs()
    pairs = pairs[apart.isna() | (apart <= SAME_MOMENT)]
    near = look_distance(pairs["look_hash"], pairs["look_hash_2"]) <= NEAR
    pairs = pairs[near & (pairs["sha256"] != pairs["sha256_2"]).to_numpy()].sort_values(["frame_id_2", "frame_id"])
    pairs = pairs.drop_duplicates("frame_id_2")
    n = pairs.groupby(["folder", "folder_2"])["frame_id"].transform("size")
    first = ~pairs.duplicated(["folder", "folder_2"])
    detail = ("frame " + pairs["frame_id_2"].astype("str") + " shows what frame " + pairs["frame_id"].astype("str")
              + " shows, saved anew; so do " + n.astype("str") + " pictures of its folder")  # fmt: skip
    return found("photos", "frame_resaved", "frames", pairs.loc[first, "frame_id_2"], detail[first])


def _pairs(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Each frame with the next one of other folders that has the same value; a value that many share is no sign of anything."""
    rows = rows.sort_values([by, "folder", "frame_id"])
    rows = rows[rows.groupby(by)["frame_id"].transform("size") <= 8]
    parts = []
    for step in (1, 2, 3):
        other = rows.groupby(by)[["frame_id", "folder", "sha256", "shot_at", "look_hash"]].shift(-step).add_suffix("_2")
        parts.append(pd.concat([rows, other], axis=1)[other["frame_id_2"].notna()])
    pairs = pd.concat(parts)
    pairs = pairs[pairs["folder"] != pairs["folder_2"]].astype({"frame_id_2": "int64"})
    turned = pairs["frame_id"] > pairs["frame_id_2"]
    swapped = pairs[turned].rename(
        columns={c: c[:-2] if c.endswith("_2") else f"{c}_2" for c in pairs if c != "number"}
    )
    return pd.concat([pairs[~turned], swapped])


def _label(rows: pd.DataFrame) -> pd.Series:
    return "frame " + rows["frame_id"].astype("str") + " (" + rows["path"].str.replace(r"^.*/", "", regex=True) + ")"
