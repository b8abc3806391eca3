"""Faces of the demo's people, and a whole person: the same in every picture, with another smile and another tilt of the head."""

from __future__ import annotations

import random
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from prepaykit.demo.brushes import Colour, Layer, Piece, Points, smooth, tinted
from prepaykit.demo.clothes import body
from prepaykit.demo.hair import hair_behind, hair_on
from prepaykit.demo.looks import FACE_Y, HEAD_BOX, MIDDLE, RAISED, Look

# The points of a line stay side by side.
# fmt: off


@lru_cache(maxsize=64)
def head(look: Look, width: int) -> Piece:
    """Ears, face and hair, without the features that move."""
    layer = Layer(width, look.skin, HEAD_BOX)
    x, y, a, b = MIDDLE, FACE_Y, 126 * look.wide, 160 * look.long
    if look.style != "scarf":
        for side in (-1, 1):
            layer.oval(x + side * (a + 5), y + 12, 21, 36, look.skin)
            layer.oval(x + side * (a + 6), y + 14, 10, 22, tinted(look.skin, 0.78))
    layer.poly(outline(look), look.skin)
    rosy = tuple(int(c * f) for c, f in zip(look.skin, (1.0, 0.78, 0.76), strict=True))
    layer.soft(x + a * 0.95, y + 20, 90, 220, tinted(look.skin, 0.66), 0.62)
    layer.soft(x - a * 1.08, y + 30, 70, 210, tinted(look.skin, 0.72), 0.5)
    layer.soft(x, y + b + 6, 130, 62, tinted(look.skin, 0.7), 0.5)
    layer.soft(x - 26, y - 62, 120, 90, tinted(look.skin, 1.5), 0.42)
    for side in (-1, 1):
        layer.soft(x + side * 66, y + 58, 54, 44, rosy, 0.6)
        layer.soft(x + side * 51, y + 2, 52, 36, tinted(look.skin, 0.8), 0.45)
    if look.freckles:
        chance = random.Random(repr(look))
        for _ in range(34):
            layer.oval(x + chance.gauss(0, 50), y + 44 + chance.gauss(0, 13), 2.2, 2.0, tinted(look.skin, 0.76), 190)
    base, corner = layer.done()
    base.alpha_composite(hair_on(look, width, a, b)[0])
    return base, corner


def outline(look: Look) -> Points:
    """The line of the face: round above, narrower towards the chin."""
    a, b = 126 * look.wide, 160 * look.long
    t = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    ys = np.sin(t)
    narrow = np.where(ys > 0, 1 - look.jaw * np.abs(ys) ** 2.2, 1.0)
    return [(float(px), float(py)) for px, py in zip(MIDDLE + a * np.cos(t) * narrow, FACE_Y + b * ys, strict=True)]


def features(look: Look, width: int, *, smile: float, glance: float) -> Piece:
    """Eyes, brows, nose and mouth. `smile` from 0 (closed lips) to 1 (a laugh), `glance` where the eyes look, -1 to 1.

    Only the piece of glass with the face comes back, and where its corner belongs.
    """
    layer = Layer(width, look.skin, (150, 270, 450, 500))
    x, y = MIDDLE, FACE_Y
    line = tinted(look.hair if sum(look.hair) < 330 else (110, 78, 52), 0.7)
    for side in (-1, 1):
        _eye(layer, look, x + side * 51 * look.eye_gap, y + 2, side, glance, smile, line)
    dark = tinted(look.skin, 0.64)
    n = look.nose
    layer.line(smooth([(x + 9, y + 18), (x + 13, y + 40), (x + 17 * n, y + 54)], closed=False), 3, tinted(look.skin, 0.82), 170)
    layer.line(smooth([(x - 20 * n, y + 56), (x - 10, y + 66), (x, y + 63), (x + 10, y + 66), (x + 20 * n, y + 56)], closed=False), 3.6, dark)
    layer.oval(x - 8, y + 44, 7, 5, tinted(look.skin, 1.4), 110)
    _mouth(layer, look, x, y + 100 * (0.5 + 0.5 * look.long), smile)
    if look.glasses:
        rim = tinted(look.second, 0.55)
        for side in (-1, 1):
            ex = x + side * 51 * look.eye_gap
            frame = [layer.at(ex - 41, y - 28), layer.at(ex + 41, y + 36)]
            layer.pen.rounded_rectangle(frame, radius=24 * layer.k, outline=(*rim, 255), width=max(1, round(5 * layer.k)))
            layer.line([(ex + side * 41, y - 4), (x + side * 130 * look.wide, y - 10)], 5, rim)
        layer.line(smooth([(x - 11, y - 2), (x, y - 8), (x + 11, y - 2)], closed=False), 5, rim)
    return layer.done()


def _eye(layer: Layer, look: Look, x: float, y: float, side: int, glance: float, smile: float, line: Colour) -> None:
    ry = (15.0 if look.adult else 16.5) - 3.5 * smile
    white = smooth([(x - 27, y + 3), (x - 12, y - ry), (x + 12, y - ry), (x + 27, y + 3), (x + 11, y + ry * 0.86), (x - 11, y + ry * 0.86)])
    layer.poly(white, (250, 248, 245))
    ix = x + 5 * glance
    (left, upper), (right, lower) = layer.at(x - 34, y - 24), layer.at(x + 34, y + 24)
    box = (int(left), int(upper), int(right), int(lower))
    patch = layer.image.crop(box)
    cut, pen = Image.new("L", patch.size, 0), ImageDraw.Draw(patch)

    def here(px: float, py: float) -> tuple[float, float]:
        qx, qy = layer.at(px, py)
        return qx - box[0], qy - box[1]

    def dot(cx: float, cy: float, r: float, colour: Colour) -> None:
        pen.ellipse([here(cx - r, cy - r), here(cx + r, cy + r)], fill=(*colour, 255))

    ImageDraw.Draw(cut).polygon([here(*p) for p in white], fill=255)
    dot(ix, y - 1, 15, tinted(look.eyes, 0.6))
    dot(ix, y - 1, 13, look.eyes)
    dot(ix, y + 3, 9, tinted(look.eyes, 1.22))
    dot(ix, y - 1, 7, (16, 12, 12))
    dot(ix - 5, y - 6, 3.8, (255, 255, 255))
    layer.image.paste(patch, box, cut)
    lash = 5.2 if look.style in ("long", "fringe", "bob", "ponytail", "buns", "braids", "scarf") else 3.8
    layer.line(smooth([(x - 29, y + 4), (x - 13, y - ry - 1), (x + 12, y - ry - 1), (x + 29, y + 4)], closed=False), lash, line)
    layer.line(smooth([(x - 20, y + ry * 0.72), (x, y + ry + 1), (x + 20, y + ry * 0.72)], closed=False), 1.8, tinted(look.skin, 0.7))
    brow = look.brow
    layer.poly(
        smooth([(x - side * 29, y - 37), (x + side * 2, y - 45 - 2 * smile), (x + side * 33, y - 32), (x + side * 2, y - 45 - 2 * smile + 8 * brow), (x - side * 28, y - 37 + 7 * brow)]),
        line,
        225,
    )


def _mouth(layer: Layer, look: Look, x: float, y: float, smile: float) -> None:
    half, lip = ((38 + 9 * smile) * look.mouth, tuple(int(c * f) for c, f in zip(look.skin, (0.82, 0.56, 0.54), strict=True)))
    lift = 9 + 7 * smile
    upper = [(x - half, y - lift), (x - half * 0.5, y - 1), (x, y + 2), (x + half * 0.5, y - 1), (x + half, y - lift)]
    if smile > 0.35:
        depth = 10 + 17 * smile
        lower = [(x + half * 0.6, y + depth * 0.72), (x, y + depth), (x - half * 0.6, y + depth * 0.72)]
        layer.poly(smooth([(p, q - 3) for p, q in upper] + [(p, q + 5) for p, q in lower]), lip)
        inside = smooth(upper + lower)
        layer.poly(inside, (112, 42, 44))
        teeth = [(x - half * 0.86, y - lift * 0.62), (x - half * 0.5, y + 1), (x, y + 4), (x + half * 0.5, y + 1), (x + half * 0.86, y - lift * 0.62),
                 (x + half * 0.52, y + depth * 0.5), (x, y + depth * 0.62), (x - half * 0.52, y + depth * 0.5)]  # fmt: skip
        layer.poly(smooth(teeth), (252, 250, 244))
        if look.gap_tooth:
            layer.poly([(x + 6, y + 4), (x + 10, y + 4), (x + 9, y + depth * 0.54), (x + 7, y + depth * 0.55)], (176, 120, 112))
    else:
        layer.poly(smooth([*upper, (x + half * 0.5, y + 9), (x, y + 13), (x - half * 0.5, y + 9)]), lip)
        layer.line(smooth(upper, closed=False), 3.2, tinted(lip, 0.62))
    for side in (-1, 1):
        layer.line(smooth([(x + side * (half + 2), y - lift - 5), (x + side * (half + 6), y - lift + 1), (x + side * (half + 3), y - lift + 7)], closed=False), 2.6, tinted(look.skin, 0.7))


def person(look: Look, width: int, pose: random.Random) -> Image.Image:
    """A whole person on clear glass, `width` wide and one and a half times as high."""
    smile, glance, tilt = pose.uniform(0.15, 1.0), pose.uniform(-0.4, 0.4), pose.uniform(-4.5, 4.5)
    sheet = Image.new("RGBA", (width, width * 3 // 2), (*look.top, 0))
    behind = hair_behind(look, width)
    if behind is not None:
        sheet.alpha_composite(*behind)
    clothes, (_, upper) = body(look, width)
    sheet.alpha_composite(clothes, (0, upper - round(width * RAISED)))
    face, (left, upper) = head(look, width)
    moving, (x, y) = features(look, width, smile=smile, glance=glance)
    face = face.copy()
    face.alpha_composite(moving, (x - left, y - upper))
    neck = (width / 2 - left, width * 0.85 - upper)
    sheet.alpha_composite(face.rotate(tilt, Image.Resampling.BILINEAR, center=neck), (left, upper))
    return sheet
