"""Notice a picture that is damaged inside, though it can be opened.

Problem. A copy goes wrong: 64 KiB of zeros, a sector of another file. The picture opens without complaint and the damage is
found on the print. The decoder's own warnings (simplejpeg's strict mode) tell most cases, but not all: a foreign piece of
JPEG data that holds as many blocks as the piece it replaces leaves no trace in the form. One sector in three is so.

Rule. Brightness is stored as differences from block to block, so after a foreign piece everything to the end of the picture is
lighter, darker or of another colour by the same amount. Between the rows of two rows of blocks there is then a step: to the right
of the place in one, to the left of it in the next (or all along one), and everywhere the same, in colour too. Real edges lie
askew or are soft, lie inside blocks, and are not the same all along.

Worked case. From row 1,592 on all pixels are 16 levels darker. The steps between rows of blocks are -0.1, 0.0, 0.1 levels, and there
-16.0 in 23 of 25 parts of the width: damaged.

Known limits: a step of less than two levels passes, and cannot be seen either; one flipped bit often changes nothing that can be
noticed: only a checksum taken with the copy tells. Nothing is repaired here. Source: photos.md 5.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

PARTS, SAMPLES = 25, 5  # of the width; of the colour in each part
LEAST_STEP = 1.6  # levels of 255
SAME, MOSTLY = 1.3, 0.7  # parts within 1.3 levels (or a sixth) of the step, and how many of them must be
GRAINS = 2.5  # a step must be so many times what the grain of the picture makes of it
LOWEST, HIGHEST = 6, 249  # beyond these a step is cut off


def step_row(grey: Image.Image, block: int, colour: np.ndarray | None = None) -> int | None:
    """The row from which all pixels are lighter, darker or of another colour by one amount; None for a sound picture.

    `grey`: the picture as stored (not turned upright). `block`: rows of pixels in a row of blocks: 8, or 4 at half scale.
    `colour`: the same as height × width × (red, green, blue, …) of uint8; without it a step that is one of colour alone passes.

    >>> even = np.full((64, 400), 90, dtype=np.uint8)
    >>> broken = even.copy()
    >>> broken[24:] += 12
    >>> step_row(Image.fromarray(even), 8), step_row(Image.fromarray(broken), 8)
    (None, 24)
    """
    if grey.width < PARTS * SAMPLES or grey.height < 3 * block:
        return None
    levels = np.asarray(grey.reduce((grey.width // PARTS, 1)), dtype=np.float32)[:, :PARTS, None]
    falls = np.diff(levels, axis=0)
    at = np.arange(block - 1, len(falls) - 1, block)
    steps = falls[at] - (falls[at - 1] + falls[at + 1]) / 2  # beyond the slope of the picture: rows × parts × channels
    if colour is not None:
        steps = np.concatenate(
            [steps, _tint(colour[block::block][: len(at)]) - _tint(colour[block - 1 :: block][: len(at)])], axis=2
        )
    cut_off = (levels[at + 1, :, :1] < LOWEST) | (levels[at + 1, :, :1] > HIGHEST)
    grain = np.median(np.abs(steps[::4]), axis=(0, 1))
    least, same = np.maximum(LEAST_STEP, GRAINS * grain), np.maximum(SAME, 3.2 * grain)
    middling = np.abs(np.sort(steps, axis=1)[:, PARTS // 2])  # the median of the parts
    for k in np.flatnonzero((middling >= least * 0.7).any(1)):
        for upper in {max(int(k) - 1, 0), min(int(k), len(steps) - 2)}:
            if len(steps) > 1 and _is_one_step(steps[upper : upper + 2], cut_off[upper : upper + 2], least, same):
                return int((k + 1) * block)
    return None


def _tint(rows: np.ndarray) -> np.ndarray:
    """How red and how blue each part of these rows is, beyond green."""
    some = max(1, rows.shape[1] // PARTS // SAMPLES)
    sparse = rows[:, : PARTS * SAMPLES * some : some, :3].astype(np.int16)
    levels = sum(sparse[:, i::SAMPLES] for i in range(SAMPLES))  # rows × parts × colours
    return (levels[..., ::2] - levels[..., 1:2]).astype(np.float32) / SAMPLES


def _is_one_step(steps: np.ndarray, cut_off: np.ndarray, least: np.ndarray, same: np.ndarray) -> bool:
    """True if one step runs along the upper row from some part on, and along the lower row up to that part."""
    for begins in range(PARTS):
        right, left = slice(begins + 1, None), slice(0, max(begins - 1, 0))
        along = np.concatenate([steps[0, right], steps[1, left]])
        if len(along) < PARTS - 3:
            continue
        step = np.median(along, axis=0)
        alike = np.abs(along - step) <= np.maximum(same, np.abs(step) / 6)
        alike[:, 0] |= np.concatenate([cut_off[0, right], cut_off[1, left]])[:, 0] & (
            along[:, 0] * step[0] > least[0] ** 2
        )
        if ((np.abs(step) >= least) & (alike.mean(0) >= MOSTLY)).any():
            return True
    return False
