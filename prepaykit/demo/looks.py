"""How an invented person looks: a few numbers drawn by chance from a seed, kept for all their pictures. Nobody is portrayed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from prepaykit.demo.brushes import Colour

SKINS = ((252, 224, 200), (245, 208, 178), (238, 192, 156), (224, 172, 132), (206, 150, 108), (182, 124, 84), (154, 100, 66),
         (124, 78, 52), (98, 62, 42))  # fmt: skip
DARK_HAIR = ((32, 24, 22), (44, 32, 26), (58, 40, 30), (24, 22, 26))
FAIR_HAIR = (
    *DARK_HAIR[1:3],
    (92, 60, 36),
    (120, 78, 44),
    (164, 116, 66),
    (206, 164, 100),
    (226, 194, 138),
    (158, 74, 38),
)
EYES = ((84, 54, 32), (66, 44, 30), (104, 72, 40), (94, 110, 72), (84, 122, 150), (110, 132, 140))
CLOTHES = ((196, 62, 58), (42, 88, 150), (240, 240, 236), (52, 120, 92), (242, 188, 66), (124, 76, 140), (30, 42, 72), (232, 132, 108),
           (96, 160, 190), (236, 170, 190), (88, 96, 108), (150, 188, 120))  # fmt: skip
HAIR_STYLES = (
    "crop",
    "parted",
    "swept",
    "curls",
    "spikes",
    "long",
    "fringe",
    "bob",
    "ponytail",
    "buns",
    "braids",
    "scarf",
)
TOPS = ("tee", "tee", "polo", "shirt", "hoodie", "stripes", "round_collar")

# Where things are on the sheet, in units of 600 x 900.
MIDDLE, FACE_Y = 300.0, 345.0
HEAD_BOX = (90.0, 100.0, 510.0, 720.0)
RAISED = 0.06  # the body stands this share of the width higher than it is painted


@dataclass(frozen=True)
class Look:
    """How somebody looks: drawn once, kept for all their pictures."""

    skin: Colour
    hair: Colour
    eyes: Colour
    top: Colour
    second: Colour
    style: str
    wears: str
    wide: float
    long: float
    jaw: float
    eye_gap: float
    brow: float
    nose: float
    mouth: float
    glasses: bool
    freckles: bool
    gap_tooth: bool
    adult: bool


def look_of(seed: int, key: str, family: str, *, adult: bool = False) -> Look:
    """The look of a person; a family shares its skin and, mostly, its hair colour."""
    kin, own = random.Random(f"kin {seed} {family}"), random.Random(f"look {seed} {key}")
    tone = kin.randrange(len(SKINS))
    hair = kin.choice(FAIR_HAIR if tone < 4 else DARK_HAIR)
    top = own.choice(CLOTHES)
    if adult and own.random() < 0.3:
        hair = (150, 146, 144)
    return Look(
        skin=SKINS[tone],
        hair=hair,
        eyes=own.choice(EYES if tone < 4 else EYES[:3]),
        top=top,
        second=own.choice([c for c in CLOTHES if c != top]),
        style=own.choices(HAIR_STYLES, weights=[10, 10, 9, 9 if tone < 5 else 16, 6, 12, 9, 9, 9, 5, 7, 4])[0],
        wears=own.choice(TOPS),
        wide=own.uniform(0.94, 1.06) * (0.97 if adult else 1.0),
        long=own.uniform(0.96, 1.04) * (1.06 if adult else 1.0),
        jaw=own.uniform(0.16, 0.3),
        eye_gap=own.uniform(0.95, 1.07),
        brow=own.uniform(0.7, 1.25),
        nose=own.uniform(0.85, 1.2),
        mouth=own.uniform(0.88, 1.12),
        glasses=own.random() < (0.3 if adult else 0.14),
        freckles=tone < 3 and own.random() < 0.25,
        gap_tooth=not adult and own.random() < 0.2,
        adult=adult,
    )
