"""The frames of a drawn job as a reader gives them, without any picture: quick enough to try the sequence on thousands of frames.

The reader of this module reads every card that was drawn to be readable, sees those that were drawn damaged without reading them, and
says of each file what a camera would have written. What it cannot see, it does not know: who is in a picture stays in `truth`.
"""

from __future__ import annotations

import pandas as pd

from prepaykit.demo.shoot import CAMERAS

POSTER = "https://example.com/poster"


def frames_as_read(tables: dict[str, pd.DataFrame], *, root: str | None = None) -> pd.DataFrame:
    """The read table of a drawn job (`prepaykit.demo.tables.draw_tables`): of all folders, or of one (`photos`, `retake`)."""
    shots = tables["shots"]
    shots = shots[shots["kind"] != "thumbs"]
    shots = (shots if root is None else shots[shots["root"] == root]).reset_index(drop=True)
    is_card = shots["kind"].isin(["card", "group_card"])
    is_broken = is_card & (shots["damage"] != "")
    texts = shots["codes"].str.join("\n").where(is_card & ~is_broken)
    texts = texts.mask(shots["damage"] == "poster", POSTER)
    bad = shots["kind"].isin(["zero_bytes", "text"])
    return pd.DataFrame({
        "root": shots["root"], "path": shots["path"], "sha256": (shots["root"] + shots["path"]).where(shots["kind"] != "zero_bytes"),
        "size_bytes": 1000, "width": pd.Series(1800, shots.index, dtype="Int64").mask(bad), "height": pd.Series(1200, shots.index, dtype="Int64").mask(bad),
        "camera": [_camera(n, r, p) for n, r, p in zip(shots["camera"], shots["root"], shots["path"], strict=True)],
        "sequence": 0, "shot_at": pd.to_datetime(shots["shot_at"]).astype("datetime64[us]"), "texts": texts.astype("str"),
        "is_broken_card": is_broken, "problem": pd.Series("not a JPEG", shots.index, dtype="str").where(bad), "row": range(1, len(shots) + 1),
    })  # fmt: skip


def _camera(number: int, root: str, path: str) -> str:
    body = CAMERAS[number]
    return f"{body.model} #{body.serial}" if body.serial else f"{body.model} in {root}/{path.split('/')[0]} DSC_"
