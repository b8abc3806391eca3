"""Two camera bodies that were taken for one are told apart by their file numbers.

Problem. Most bodies write no serial number. Two of one model, whose files are copied into one folder, look like one camera; by time
their frames then go in and out between each other, and a card of one opens a session for the frames of the other.

Rule. Within a camera without a serial number, frames in the order of time must count up. Where the numbers go back and forth
between two far series (`JUMP` numbers apart), at least `BACK_AND_FORTH` times in each direction, they are two bodies: the
series are parted at the widest gap between their numbers, and the camera of the second is called `… (body 2)`. A counter
that is reset or rolls over jumps once, and stays one body. Told as finding `cameras_mixed`, for a person to confirm.

Worked case. 0101, 3301, 0102, 3302, 0103, 3303 by time: two bodies, 01xx and 33xx, each in its own order.
Source: photos.md 4 (never interleave bodies; one folder mixes two number series).
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from prepaykit.rules.capture_order import numbers_of

JUMP, BACK_AND_FORTH = 200, 2
_SUFFIX = re.compile(r" \(body \d+\)$")


def bodies_apart(frames: pd.DataFrame) -> pd.Series:
    """The camera of each frame, with two bodies that were read as one told apart. Uses `camera`, `shoot_no`, `shot_at`, `path`, `root`.

    >>> shot = pd.DataFrame({"camera": "R6 in day", "root": "day", "shoot_no": 1,
    ...                      "path": [f"IMG_{n}.JPG" for n in ("0101", "3301", "0102", "3302", "0103", "3303")],
    ...                      "shot_at": pd.date_range("2026-09-01 08:00", periods=6, freq="20s")})
    >>> bodies_apart(shot).tolist()[:3]
    ['R6 in day', 'R6 in day (body 2)', 'R6 in day']
    """
    camera = frames["camera"].str.replace(_SUFFIX, "", regex=True)
    asked = frames["shot_at"].notna() & ~camera.str.contains("#", regex=False)
    if not asked.any():
        return camera
    number = numbers_of(frames.assign(camera=camera))
    rows = pd.DataFrame({"camera": camera, "shoot": frames["shoot_no"], "at": frames["shot_at"], "number": number})[
        asked & number.notna()
    ]
    rows = rows.sort_values(["camera", "shoot", "at", "number"])
    step = rows["number"].groupby([rows["camera"], rows["shoot"]]).diff()
    jumps = pd.DataFrame({"camera": rows["camera"], "up": step > JUMP, "down": step < -JUMP}).groupby("camera").sum()
    mixed = jumps.index[(jumps["up"] >= BACK_AND_FORTH) & (jumps["down"] >= BACK_AND_FORTH)]
    result = camera.copy()
    for name in mixed:  # hardly ever more than one
        mine = rows.loc[rows["camera"] == name, "number"].sort_values()
        gap = mine.diff().to_numpy()[1:]
        cut = mine.iloc[int(np.argmax(gap)) + 1]
        if gap.max() > JUMP:
            second = mine.index[mine >= cut]
            result.loc[second] = f"{name} (body 2)"
    return result
