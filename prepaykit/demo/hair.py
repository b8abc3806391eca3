"""Hair of the demo's people: twelve styles, a scarf among them; what falls behind the shoulders and what lies on the head."""

from __future__ import annotations

import random
from functools import lru_cache

import numpy as np
from PIL import ImageDraw

from prepaykit.demo.brushes import Layer, Piece, Points, smooth, tinted
from prepaykit.demo.looks import FACE_Y, HEAD_BOX, MIDDLE, Look

# The points of a line stay side by side.
# fmt: off


@lru_cache(maxsize=64)
def hair_behind(look: Look, width: int) -> Piece | None:
    """Hair that falls behind the shoulders; None when there is none."""
    x, y, colour = MIDDLE, FACE_Y, tinted(look.hair, 0.74)
    layer = Layer(width, colour, (60, 90, 540, 740))
    if look.style in ("long", "fringe"):
        layer.poly(smooth([(x - 120, 200), (x - 176, 340), (x - 178, 520), (x - 160, 680), (x, 700), (x + 160, 680), (x + 178, 520), (x + 176, 340), (x + 120, 200)]), colour)
    elif look.style == "bob":
        layer.poly(smooth([(x - 120, 200), (x - 172, 340), (x - 166, 500), (x - 96, 540), (x + 96, 540), (x + 166, 500), (x + 172, 340), (x + 120, 200)]), colour)
    elif look.style == "ponytail":
        layer.poly(smooth([(x + 70, 200), (x + 190, 220), (x + 214, 400), (x + 196, 580), (x + 150, 480), (x + 110, 300)]), colour)
    elif look.style == "buns":
        for side in (-1, 1):
            layer.oval(x + side * 112, 176, 56, 54, colour)
            layer.soft(x + side * 112 - 14, 162, 44, 40, tinted(look.hair, 1.3), 0.5)
    elif look.style == "curls":
        chance = random.Random(repr(look))
        for i in range(46):
            angle = np.pi * (0.92 + 1.16 * i / 45)
            r = 150 + chance.uniform(-6, 22)
            layer.oval(x + r * np.cos(angle) * 1.06, y - 44 + r * np.sin(angle) * 1.12, 38, 38, tinted(look.hair, chance.uniform(0.75, 1.06)))
    elif look.style == "scarf":
        layer.poly(
            smooth([(x - 110, 260), (x - 128, 420), (x - 122, 560), (x - 150, 640), (x, 700), (x + 150, 640), (x + 122, 560), (x + 128, 420), (x + 110, 260)]), tinted(look.second, 0.7)
        )
    else:
        return None
    return layer.done()


def hair_on(look: Look, width: int, a: float, b: float) -> Piece:
    """Hair that lies on a head `a` wide and `b` high from its middle."""
    layer = Layer(width, look.second if look.style == "scarf" else look.hair, HEAD_BOX)
    x, top, style = MIDDLE, FACE_Y - b, look.style
    if style == "scarf":
        return _scarf(layer, look, a, b)
    lift = {"curls": 46, "spikes": 34, "swept": 44, "crop": 20}.get(style, 28)
    side_end = {"crop": FACE_Y - 20, "spikes": FACE_Y - 16, "swept": FACE_Y - 10, "parted": FACE_Y - 4, "curls": FACE_Y - 18, "ponytail": FACE_Y - 16,
                "buns": FACE_Y - 16, "braids": FACE_Y + 6}.get(style, FACE_Y + 60)  # fmt: skip
    outer = [(x - a - 10, side_end), (x - a - 18, FACE_Y - 66), (x - a * 0.82, top + 12 - lift * 0.4), (x - a * 0.36, top - lift * 0.92), (x, top - lift),
             (x + a * 0.36, top - lift * 0.92), (x + a * 0.82, top + 12 - lift * 0.4), (x + a + 18, FACE_Y - 66), (x + a + 10, side_end)]  # fmt: skip
    layer.poly(smooth(outer + _hairline(style, x, a, top, side_end)), look.hair)
    chance = random.Random(repr(look))
    if style == "spikes":
        for i in range(7):
            at = x - a * 0.72 + i * a * 0.24
            high = top - 26 - 22 * np.sin(0.5 + i * 0.36) - chance.uniform(0, 12)
            layer.poly(smooth([(at - 34, top + 44), (at - 8, high + 16), (at + 14, high), (at + 20, high + 22), (at + 34, top + 44)]), look.hair)
    if style == "curls":
        for _ in range(60):
            angle = np.pi * chance.uniform(1.04, 1.96)
            layer.oval(x + (a - 2) * np.cos(angle), FACE_Y - 66 + (b - 30) * np.sin(angle), 24, 24, tinted(look.hair, chance.uniform(0.85, 1.12)))
    if style == "braids":
        for side in (-1, 1):
            for i in range(8):
                layer.oval(x + side * (a + 22 + i * 3.2), FACE_Y + 20 + i * 40, 25, 29, tinted(look.hair, 1.0 if i % 2 else 0.84))
            layer.oval(x + side * (a + 46), FACE_Y + 332, 17, 13, look.second)
    _strands(layer, look, chance, outer, top)
    if style in ("bob", "long") and look.second != look.hair and chance.random() < 0.4:
        layer.line(smooth([(x - a - 12, FACE_Y - 70), (x - a * 0.5, top + 2), (x, top - 12), (x + a * 0.5, top + 2), (x + a + 12, FACE_Y - 70)], closed=False), 15, look.second)
    if style == "fringe" and chance.random() < 0.5:
        bow_x, bow_y = x + a * 0.7, top + 4
        for side in (-1, 1):
            layer.poly(smooth([(bow_x, bow_y), (bow_x + side * 44, bow_y - 24), (bow_x + side * 44, bow_y + 24)]), look.second)
        layer.oval(bow_x, bow_y, 10, 11, tinted(look.second, 0.8))
    return layer.done()


def _hairline(style: str, x: float, a: float, top: float, side_end: float) -> Points:
    """From the right side back to the left, over the forehead."""
    right, left = (x + a - 8, side_end), (x - a + 8, side_end)
    lines = {
        "parted": [(x + a * 0.86, FACE_Y - 62), (x + a * 0.5, top + 62), (x - a * 0.34, top + 34), (x - a * 0.7, top + 70), (x - a * 0.88, FACE_Y - 56)],
        "swept": [(x + a * 0.88, FACE_Y - 60), (x + a * 0.62, top + 46), (x, top + 34), (x - a * 0.6, top + 56), (x - a * 0.88, FACE_Y - 60)],
        "fringe": [(x + a * 0.94, FACE_Y - 30), (x + a * 0.84, FACE_Y - 50), (x + a * 0.4, FACE_Y - 60), (x, FACE_Y - 64), (x - a * 0.4, FACE_Y - 60), (x - a * 0.84, FACE_Y - 50),
                   (x - a * 0.94, FACE_Y - 30)],
        "long": [(x + a * 0.96, FACE_Y - 20), (x + a * 0.7, top + 78), (x + a * 0.16, top + 22), (x - a * 0.05, top + 26), (x - a * 0.62, top + 82), (x - a * 0.96, FACE_Y - 20)],
        "bob": [(x + a * 0.96, FACE_Y - 20), (x + a * 0.62, top + 70), (x - a * 0.3, top + 30), (x - a * 0.72, top + 76), (x - a * 0.96, FACE_Y - 20)],
        "curls": [(x + a * 0.9, FACE_Y - 64), (x + a * 0.55, top + 58), (x, top + 48), (x - a * 0.55, top + 58), (x - a * 0.9, FACE_Y - 64)],
    }  # fmt: skip
    usual = [(x + a * 0.88, FACE_Y - 64), (x + a * 0.6, top + 54), (x, top + 40), (x - a * 0.6, top + 54), (x - a * 0.88, FACE_Y - 64)]
    return [right, *lines.get(style, usual), left]


def _strands(layer: Layer, look: Look, chance: random.Random, outer: Points, top: float) -> None:
    """Light on the hair, and a few lines that follow the head."""
    if look.style == "curls":
        return
    cut = layer.image.getchannel("A")
    middle = MIDDLE + (-40 if look.style in ("parted", "bob") else 0)
    for _ in range(26):
        end = outer[chance.randrange(len(outer))]
        tone = tinted(look.hair, chance.choice([0.72, 0.84, 1.04, 1.09]))
        start = (middle + chance.uniform(-16, 16), top - 16 + chance.uniform(-6, 10))
        bend = ((start[0] + end[0]) / 2 + (end[0] - MIDDLE) * 0.2, (start[1] + end[1]) / 2 - 34 + chance.uniform(-14, 14))
        layer.line(smooth([start, bend, (end[0], end[1] + chance.uniform(-10, 50))], closed=False, steps=6), chance.uniform(1.2, 3), tone, 150)
    layer.image.putalpha(cut)
    layer.pen = ImageDraw.Draw(layer.image)
    layer.soft(MIDDLE - 52, top + 8, 96, 44, tinted(look.hair, 1.32), 0.55)


def _scarf(layer: Layer, look: Look, a: float, b: float) -> Piece:
    x, top, colour = MIDDLE, FACE_Y - b, look.second
    layer.poly(smooth([(x - a - 26, FACE_Y + 10), (x - a * 0.86, top + 2), (x, top - 30), (x + a * 0.86, top + 2), (x + a + 26, FACE_Y + 10), (x + a + 8, FACE_Y + 120), (x + 60, FACE_Y + b + 70),
                       (x, FACE_Y + b + 96), (x - 60, FACE_Y + b + 70), (x - a - 8, FACE_Y + 120)]), colour)  # fmt: skip
    layer.soft(x - 60, top + 10, 110, 60, tinted(colour, 1.4), 0.5)
    layer.line(smooth([(x - a - 10, FACE_Y + 90), (x - 60, FACE_Y + b + 40), (x + 30, FACE_Y + b + 66)], closed=False), 4, tinted(colour, 0.75))
    layer.line(smooth([(x - a * 0.94, FACE_Y - 60), (x - a * 0.5, top + 30), (x, top + 18), (x + a * 0.5, top + 30), (x + a * 0.94, FACE_Y - 60)], closed=False), 5, tinted(colour, 0.78))
    opening = smooth([(x - a * 0.86, FACE_Y - 40), (x - a * 0.5, top + 58), (x, top + 46), (x + a * 0.5, top + 58), (x + a * 0.86, FACE_Y - 40), (x + a * 0.8, FACE_Y + 66),
                      (x + a * 0.42, FACE_Y + b * 0.86), (x, FACE_Y + b * 1.0), (x - a * 0.42, FACE_Y + b * 0.86), (x - a * 0.8, FACE_Y + 66)])  # fmt: skip
    layer.pen.polygon([layer.at(*p) for p in opening], fill=(*colour, 0))
    return layer.done()
