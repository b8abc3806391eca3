"""Does a photographer show the card before the child's frames, or after them?

Problem. Nearly everybody photographs the card first. One does it after the child; then every child of that camera would get the
frames of the next one.

Rule. The setting `cards_after` says it: `all`, `none`, or the cameras whose cards come after, parted by semicolons. While it is not
set, the sequence is read as card first and looked at: a camera whose series begins with frames, ends with a card and pauses
longer after its cards than before them has the other habit. One of the two ends is enough if the pauses say it clearly. It is told as
an error (`cards_after_frames`): the frames of that camera stay where they are, and no order with one of them goes on, until the setting is made.
The setting holds for every day of a camera, and another day may have another photographer: a series that it turns round though its cards
come first is told as well (`cards_before_frames`), and waits as well.

Worked case. `. . A . . B . . C`, four seconds before each card and twenty after: cards come after the frames. Source: photos.md 4.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

FEWEST_CARDS = 4
A_LITTLE, CLEARLY = 1.15, 1.5


def cards_after_of(setting: str | None, cameras: pd.Series) -> frozenset[str]:
    """The cameras of which the setting says that their cards come after the frames.

    >>> sorted(cards_after_of("R6 #2; R6 #3", pd.Series(["R6 #1", "R6 #2"]))), sorted(cards_after_of("all", pd.Series(["R6 #1"])))
    (['R6 #2'], ['R6 #1'])
    """
    text = (setting or "").strip()
    if text.casefold() in ("", "none"):
        return frozenset()
    if text.casefold() == "all":
        return frozenset(cameras)
    named = {name.strip().casefold() for name in text.split(";")}
    return frozenset(c for c in cameras.unique() if c.casefold() in named)


def habit_known_of(setting: str | None, cameras: pd.Series) -> frozenset[str]:
    """The cameras whose habit the setting states: all of them by `all` or `none`, else those it names. A misspelt name settles nothing.

    >>> sorted(habit_known_of("none", pd.Series(["R6 #1"]))), sorted(habit_known_of("R6 #7", pd.Series(["R6 #1"])))
    (['R6 #1'], [])
    """
    if (setting or "").strip().casefold() == "none":
        return frozenset(cameras)
    return cards_after_of(setting, cameras)


def other_habit(walk: pd.DataFrame) -> pd.DataFrame:
    """Series whose cards seem to stand on the other side than they are walked: `row` (of the first card), `camera`, `shoot_no`, `cards`.

    `walk`: frames in walking order, as `prepaykit.rules.walk.walk_frames` gives them.
    """
    sound = walk[~walk["is_aside"]]
    card = sound["is_card"]
    pause = sound["shot_at"].diff().abs().dt.total_seconds()  # backwards where the setting turns a camera round
    same = (sound["camera"] == sound["camera"].shift()) & (sound["shoot_no"] == sound["shoot_no"].shift())
    after_frame, before_frame = card & same & ~card.shift(fill_value=True), ~card & same & card.shift(fill_value=False)
    rows = pd.DataFrame({
        "camera": sound["camera"], "shoot_no": sound["shoot_no"], "row": sound.index.to_series().where(card),
        "card": card, "to_card": pause.where(after_frame), "from_card": pause.where(before_frame),
    })  # fmt: skip
    told = rows.groupby(["camera", "shoot_no"]).agg(
        row=("row", "min"), cards=("card", "sum"), starts_with_card=("card", "first"), ends_with_card=("card", "last"),
        to_card=("to_card", "median"), from_card=("from_card", "median"),
    ).reset_index()  # fmt: skip
    ratio = told["from_card"] / told["to_card"].clip(lower=0.5)
    starts, ends = ~told["starts_with_card"].astype("bool"), told["ends_with_card"].astype("bool")
    both = starts & ends & (ratio.isna() | (ratio > A_LITTLE))
    one = (starts | ends) & (ratio > CLEARLY)
    is_other = (told["cards"] >= FEWEST_CARDS) & np.asarray(both | one, dtype=bool)
    return told.loc[is_other, ["row", "camera", "shoot_no", "cards"]].astype({"row": "int64", "cards": "int64"})
