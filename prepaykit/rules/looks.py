"""How far two pictures are apart: the bits in which their look (a 64-bit difference hash of the thumbnail) differs.

A look is 16 hexadecimal digits, made when a frame is read. 0 is the same picture, also saved anew or made smaller; frames of one child before one
backdrop are often near to each other, so nearness says something only beside time and camera. Source: photos.md 3 (perceptual hash).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

BITS = 64


def look_bits(looks: pd.Series) -> np.ndarray:
    """The looks as unsigned 64-bit numbers; a missing or malformed one is 0 (see `has_look`)."""
    codes, texts = pd.factorize(looks)
    numbers = np.array([int(t, 16) if _is_look(t) else 0 for t in texts] + [0], dtype=np.uint64)
    return numbers[codes]


def has_look(looks: pd.Series) -> np.ndarray:
    """True where a picture has a look."""
    codes, texts = pd.factorize(looks)
    return np.array([_is_look(t) for t in texts] + [False])[codes]


def look_distance(one: pd.Series, other: pd.Series) -> np.ndarray:
    """Bits that differ between the looks of two columns, row by row in their order; missing where either has none.

    >>> look_distance(pd.Series(["00000000000000ff", None]), pd.Series(["0000000000000000", "0000000000000000"])).tolist()
    [8.0, nan]
    """
    apart = np.bitwise_count(look_bits(one) ^ look_bits(other)).astype("float64")
    return np.where(has_look(one) & has_look(other), apart, np.nan)


def _is_look(text: object) -> bool:
    return isinstance(text, str) and len(text) == 16 and all(c in "0123456789abcdef" for c in text)
