"""Shoulders and clothes of the demo's people."""

from __future__ import annotations

from functools import lru_cache

from PIL import ImageChops, ImageDraw

from prepaykit.demo.brushes import Layer, Piece, smooth, tinted
from prepaykit.demo.looks import MIDDLE, Look

# The points of a line stay side by side.
# fmt: off


@lru_cache(maxsize=64)
def body(look: Look, width: int) -> Piece:
    """Shoulders, clothes and neck."""
    layer = Layer(width, look.top, (0, 430, 600, 980))
    broad = 1.08 if look.adult else 0.98
    half = 232 * broad
    x = MIDDLE
    shoulders = smooth([(x - 62, 560), (x - half * 0.62, 604), (x - half * 0.93, 660), (x - half * 1.1, 790), (x - half * 1.14, 960),
                        (x + half * 1.14, 960), (x + half * 1.1, 790), (x + half * 0.93, 660), (x + half * 0.62, 604), (x + 62, 560)])  # fmt: skip
    skin_shade = tinted(look.skin, 0.86)
    if look.wears == "hoodie":
        layer.poly(smooth([(x - 150, 640), (x - 130, 560), (x - 60, 520), (x + 60, 520), (x + 130, 560), (x + 150, 640)]), tinted(look.top, 0.72))
    layer.poly(shoulders, look.top)
    if look.wears == "stripes":
        _stripes(layer, look)
    neck = 60 if look.adult else 52
    layer.poly(smooth([(x - neck, 450), (x - neck, 540), (x - neck - 26, 590), (x, 640), (x + neck + 26, 590), (x + neck, 540), (x + neck, 450)]), look.skin)
    layer.soft(x, 500, 95, 80, tinted(look.skin, 0.55), 0.75)
    layer.soft(x, 640, 120, 46, skin_shade, 0.4)
    _collar(layer, look, neck)
    layer.soft(x - 300, 830, 210, 330, (0, 0, 0), 0.34)
    layer.soft(x + 300, 830, 210, 330, (0, 0, 0), 0.42)
    layer.soft(x - 110, 690, 180, 150, (255, 255, 255), 0.2)
    for fold in (-150, -128, 132, 156):
        layer.line(smooth([(x + fold, 960), (x + fold * 0.98, 860), (x + fold * 0.9, 790)], closed=False), 5, tinted(look.top, 0.88), 255)
    return layer.done()


def _stripes(layer: Layer, look: Look) -> None:
    cut = layer.image.getchannel("A")
    for y in range(640, 960, 64):
        layer.poly(smooth([(20, y + 26), (160, y), (300, y + 14), (440, y), (580, y + 26), (580, y + 54), (440, y + 28), (300, y + 42), (160, y + 28), (20, y + 54)]), look.second)
    layer.image.putalpha(ImageChops.darker(cut, layer.image.getchannel("A")))
    layer.pen = ImageDraw.Draw(layer.image)


def _collar(layer: Layer, look: Look, neck: float) -> None:
    x, dark, light = MIDDLE, tinted(look.top, 0.8), tinted(look.top, 1.25)
    if look.wears in ("polo", "shirt"):
        colour = light if look.wears == "polo" else tinted(look.top, 1.45)
        for side in (-1, 1):
            layer.poly([(x + side * (neck + 4), 548), (x + side * (neck + 44), 592), (x + side * 62, 690), (x + side * 2, 632), (x + side * (neck - 12), 590)], colour)
            layer.line([(x + side * (neck + 44), 592), (x + side * 62, 690), (x + side * 2, 632)], 2.5, dark)
        layer.line([(x, 634), (x, 900)], 3, dark)
        for y in (690, 760, 830):
            layer.oval(x + 9, y, 5.5, 5.5, tinted(look.top, 1.6))
    elif look.wears == "round_collar":
        for side in (-1, 1):
            layer.poly(
                smooth([(x + side * (neck + 6), 556), (x + side * (neck + 52), 600), (x + side * 74, 664), (x + side * 20, 668), (x + side * 2, 634), (x + side * 40, 608)]), (248, 246, 240)
            )
    elif look.wears == "hoodie":
        for side in (-1, 1):
            layer.poly(
                smooth([(x + side * (neck + 6), 536), (x + side * (neck + 72), 572), (x + side * (neck + 56), 640), (x + side * 10, 676), (x + side * 4, 640), (x + side * 56, 596)]), dark
            )
            layer.line([(x + side * 34, 660), (x + side * 38, 760)], 5, (240, 238, 232))
    else:
        ring = [(x - neck - 22, 580), (x - neck + 8, 622), (x, 648), (x + neck - 8, 622), (x + neck + 22, 580)]
        layer.line(smooth(ring, closed=False), 13, light if look.wears == "tee" else dark)
