"""In which order the frames of a camera were shot.

Problem. A card belongs to the frames shot after it with the same camera. File names start again at 0001, bursts share a
second, clocks are set wrong, and cards of two cameras are copied into one folder.

Rule. A sequence never crosses a camera body or a shoot. Within it frames go by the camera's time with sub-seconds, and within one
instant by the file number, 9999 before 0001. Frames without a time go by folder and file number, else by natural file name.
Where the time falls while the file number rises (a clock was reset), and it does so only once or twice, the file numbers are
believed; where it happens all over, the files were renamed and the times are. Either way the place is reported. A camera
fills one of its own folders (100CANON, 101CANON) after the other: if their times overlap, the clock was set back as well.

Worked case. IMG_9999 and IMG_0001 within one second: 9999 first. IMG_0010 at 10:00, IMG_0011 at 9:00, IMG_0012 at 9:01: the
clock was set back an hour, the order stays 10, 11, 12.

Does not compare the clocks of two cameras. Source: photos.md 4 (pitfalls).
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

COUNTER = 10_000
MOST_MISSING = 99  # a larger gap is another series of numbers
TOLERATED = pd.Timedelta(seconds=2)

_DIGITS = re.compile(r"\d+")
_NUMBER = r"^(?P<prefix>.*?)(?P<number>\d{3,8})(?!.*\d{3})(?P<suffix>[^/]*)$"


def capture_order(frames: pd.DataFrame) -> pd.DataFrame:
    """Number the frames of each camera in the order they were shot.

    One row of `frames` is a file as shot (uses `camera`, `shoot_no` if there, `shot_at`, `root`, `path`). Gives a table with the
    same index: `sequence` (from 1 within camera and shoot), `is_clock_jump` (the time falls here against the file number) and `missing`
    (how many file numbers of its folder are missing just before it, whichever camera they were of).
    The order of the rows makes no difference.

    >>> shot = pd.DataFrame({"camera": "R6", "root": "day", "path": ["IMG_0001.JPG", "IMG_9999.JPG"],
    ...                      "shot_at": pd.to_datetime(["2026-09-01 08:00:00"] * 2)})
    >>> capture_order(shot)["sequence"].tolist()
    [2, 1]
    """
    if not len(frames):
        columns = {"sequence": "int64", "is_clock_jump": "bool", "missing": "int64"}
        return pd.DataFrame({c: pd.Series(dtype=d) for c, d in columns.items()}, index=frames.index)
    keys = _sort_keys(frames)
    by_number = keys.sort_values(["camera", "shoot", "folder", "prefix", "number", "name"], kind="stable")
    runs = by_number.groupby(["camera", "shoot", "folder", "prefix"], sort=False)
    first = runs.cumcount().eq(0)
    falls = by_number["shot_at"].diff().lt(-TOLERATED) & by_number["number"].ge(0)
    by_number["is_jump"] = falls & (~first | _next_folder(by_number))
    keys["is_jump"] = by_number["is_jump"].reindex(keys.index)

    series = [keys["camera"], keys["shoot"]]
    jumps = keys["is_jump"].groupby(series).transform("sum").to_numpy()
    size = keys["is_jump"].groupby(series).transform("size").to_numpy()
    untimed = keys["shot_at"].isna().groupby(series).transform("any").to_numpy()
    by_name = untimed | ((jumps > 0) & (jumps <= 2 + size // 100))
    moment = keys["shot_at"].astype("int64").where(~by_name, 0)
    folder = keys["folder"].where(by_name, 0)
    prefix = keys["prefix"].where(by_name, 0)
    tie = keys["number"].where(by_name, _number_in_tie(keys, moment))
    order = np.lexsort([keys["name"], tie, prefix, folder, moment, keys["shoot"], keys["camera"]])
    sorted_series = keys[["camera", "shoot"]].iloc[order]
    sequence = pd.Series(sorted_series.groupby(["camera", "shoot"]).cumcount().to_numpy() + 1, index=order).sort_index()
    columns = {"sequence": sequence.astype("int64"), "is_clock_jump": keys["is_jump"], "missing": _missing_before(keys)}
    return pd.DataFrame({name: values.to_numpy() for name, values in columns.items()}, index=frames.index)


def numbers_of(frames: pd.DataFrame) -> pd.Series:
    """The file number of each frame (missing without one), carried on where a counter rolled over within a folder.

    Numbers say something only within one camera, shoot and folder. Uses the columns of `capture_order`.
    """
    if not len(frames):
        return pd.Series(dtype="float64", index=frames.index)
    return pd.Series(_known(_sort_keys(frames)["number"]).to_numpy(), index=frames.index)


def rolled_over(frames: pd.DataFrame) -> pd.Series:
    """True where by the order of shooting a counter has begun again (9999, then 0001): names alone would sort these frames wrong.

    One row of `frames` as in `capture_order`, with its `sequence`.
    """
    rows = frames[["camera", "shoot_no", "sequence", "path"]].sort_values(["camera", "shoot_no", "sequence"])
    stem = rows["path"].str.extract(r"(\d{4})(?!.*\d{3})[^/]*$")[0]
    number = pd.to_numeric(stem, errors="coerce")
    same = (rows["camera"] == rows["camera"].shift()) & (rows["shoot_no"] == rows["shoot_no"].shift())
    fell = (number.diff() < -COUNTER / 2) & same
    return fell.reindex(frames.index)


def natural_rank(texts: pd.Series) -> np.ndarray:
    """Rank of each text in natural order (DSC_9 before DSC_10); equal texts share one."""
    codes, distinct = pd.factorize(texts)
    padded = [_DIGITS.sub(lambda d: d.group().lstrip("0").zfill(20), t.casefold()) + "\0" + t for t in distinct]
    rank = np.empty(len(distinct), dtype=np.int64)
    rank[np.argsort(np.array(padded, dtype=object), kind="stable")] = np.arange(len(distinct))
    return rank[codes]


def _known(number: pd.Series) -> pd.Series:
    return number.astype("float64").where(number >= 0)


def _missing_before(keys: pd.DataFrame) -> pd.Series:
    rows = keys[keys["number"] >= 0].sort_values(["folder", "prefix", "number"])
    gap = rows["number"].groupby([rows["folder"], rows["prefix"]]).diff() - 1
    return gap.where(gap.between(1, MOST_MISSING), 0).reindex(keys.index, fill_value=0).astype("int64")


def _next_folder(by_number: pd.DataFrame) -> pd.Series:
    """True at the first frame of a folder that the same camera filled next: 100CANON, then 101CANON, beside each other."""
    same = (by_number["camera"] == by_number["camera"].shift()) & (by_number["shoot"] == by_number["shoot"].shift())
    beside = by_number["folder_home"].eq(by_number["folder_home"].shift()) & by_number["folder_no"].notna()
    return same & beside & by_number["folder_no"].gt(by_number["folder_no"].shift())


# --- keys --------------------------------------------------------------------------------------------------------------


def _sort_keys(frames: pd.DataFrame) -> pd.DataFrame:
    """Everything a frame is sorted by, as numbers; row i of the result is row i of `frames`."""
    path = frames["path"].reset_index(drop=True)
    folder, _, name = zip(*(p.rpartition("/") for p in path), strict=True)
    stem = pd.Series([n.rpartition(".")[0] or n for n in name], dtype="str")
    parts = stem.str.extract(_NUMBER)
    root = frames["root"].reset_index(drop=True) if "root" in frames else pd.Series("", index=path.index)
    keys = pd.DataFrame({
        "camera": pd.factorize(frames["camera"], sort=True)[0],
        "shoot": frames["shoot_no"].to_numpy(dtype="int64") if "shoot_no" in frames else 1,
        "folder": natural_rank(root + "/" + pd.Series(folder, dtype="str")),
        "prefix": natural_rank(parts["prefix"].fillna("")),
        "name": natural_rank(root + "/" + path),
        "number": pd.to_numeric(parts["number"]).fillna(-1).astype("int64"),
        "shot_at": frames["shot_at"].to_numpy(),
    })  # fmt: skip
    place = pd.Series(root + "/" + pd.Series(folder, dtype="str"))
    dcf = place.str.extract(r"^(?P<home>.*?)/?(?P<no>\d{3})[A-Za-z0-9_]{5}/?$")
    keys["folder_home"], keys["folder_no"] = pd.factorize(dcf["home"])[0], pd.to_numeric(dcf["no"])
    is_counter = (parts["number"].str.len() == 4).to_numpy(dtype=bool, na_value=False)
    keys["number"] = _unwrapped(keys, is_counter)
    return keys


def _unwrapped(keys: pd.DataFrame, is_counter: np.ndarray) -> pd.Series:
    """File numbers with 9999 → 0001 carried on: only where a folder holds both ends and nothing in the middle."""
    part = keys[is_counter].sort_values(["camera", "shoot", "folder", "prefix", "number"])
    run = [part["camera"], part["shoot"], part["folder"], part["prefix"]]
    gap = part["number"].groupby(run).diff().fillna(0)
    widest = gap.groupby(run).transform("max")
    after_gap = gap.eq(widest).groupby(run).cummax()  # true from the widest gap on: the older numbers
    wraps = widest.gt(COUNTER / 2) & ~after_gap
    number = keys["number"].copy()
    has_zero = part["number"].eq(0).groupby(run).transform("any")  # most cameras go from 9999 to 0001
    number.loc[part.index] = part["number"] + np.where(wraps, COUNTER - 1 + has_zero, 0)
    return number


def _number_in_tie(keys: pd.DataFrame, moment: pd.Series) -> pd.Series:
    """The file number among frames of one instant; a counter that rolled over within it is carried on."""
    instant = [keys["camera"], keys["shoot"], moment]
    highest = keys["number"].groupby(instant).transform("max")
    rolled = (highest - keys["number"]).gt(COUNTER / 2) & keys["number"].ge(0) & highest.lt(COUNTER)
    return keys["number"] + np.where(rolled, COUNTER, 0)
