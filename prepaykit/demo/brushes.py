"""Brushes of the demo's painter: soft lines, tints, and sheets of glass that are painted large and made smaller.

Painting at twice the size and making it smaller smooths every edge. Measures are in units of a portrait 600 wide and 900 high.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Points = list[tuple[float, float]]
Piece = tuple[Image.Image, tuple[int, int]]


def smooth(points: Points, *, closed: bool = True, steps: int = 10) -> Points:
    """A soft line through all points (Catmull-Rom)."""
    p = np.array(points, dtype=float)
    p = np.vstack([p[-1], p, p[:2]]) if closed else np.vstack([p[0], p, p[-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return [tuple(q) for q in np.vstack(parts)]


def tinted(colour: Colour, factor: float) -> Colour:
    """A colour made darker (below 1) or lighter (above 1)."""
    if factor <= 1:
        return tuple(int(c * factor) for c in colour)
    return tuple(int(c + (255 - c) * (factor - 1)) for c in colour)


class Layer:
    """A sheet of glass to paint on, in units of 600 x 900; `done` gives it at the working width.

    `box` (left, upper, right, lower, in units) makes it a smaller piece; `corner` is where that belongs.
    """

    def __init__(
        self, width: int, colour: Colour = (0, 0, 0), box: tuple[float, float, float, float] = (0, 0, 600, 900)
    ) -> None:
        self.k = 2 * width / 600
        self.corner = (int(box[0] * width / 600), int(box[1] * width / 600))
        size = (2 * int((box[2] - box[0]) * width / 600), 2 * int((box[3] - box[1]) * width / 600))
        # Clear glass of the right colour: black glass would leave dark seams where shapes end.
        self.image = Image.new("RGBA", size, (*colour, 0))
        self.pen = ImageDraw.Draw(self.image)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Units to pixels of this piece."""
        return x * self.k - 2 * self.corner[0], y * self.k - 2 * self.corner[1]

    def poly(self, points: Points, colour: Colour, alpha: int = 255) -> None:
        self.pen.polygon([self.at(*p) for p in points], fill=(*colour, alpha))

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour, alpha: int = 255) -> None:
        self.pen.ellipse([self.at(x - rx, y - ry), self.at(x + rx, y + ry)], fill=(*colour, alpha))

    def line(self, points: Points, width: float, colour: Colour, alpha: int = 255) -> None:
        self.pen.line(
            [self.at(*p) for p in points], fill=(*colour, alpha), width=max(1, round(width * self.k)), joint="curve"
        )

    def soft(self, x: float, y: float, rx: float, ry: float, colour: Colour, strength: float) -> None:
        """Tint what is already painted, strongest in the middle of an oval, fading to its edge."""
        (left, upper), (right, lower) = self.at(x - rx, y - ry), self.at(x + rx, y + ry)
        whole = (int(left), int(upper), int(right), int(lower))
        box = (max(0, whole[0]), max(0, whole[1]), min(self.image.width, whole[2]), min(self.image.height, whole[3]))
        if box[2] <= box[0] or box[3] <= box[1]:
            return
        fade = _fade().resize((whole[2] - whole[0], whole[3] - whole[1]), Image.Resampling.NEAREST)
        fade = fade.crop((box[0] - whole[0], box[1] - whole[1], box[2] - whole[0], box[3] - whole[1]))
        area = self.image.crop(box)
        tint = Image.new("RGBA", area.size, (*colour, 255))
        tint.putalpha(area.getchannel("A"))
        area.paste(tint, None, fade.point([int(v * strength) for v in range(256)]))
        self.image.paste(area, box)

    def done(self) -> Piece:
        """The piece at the working width, and where its corner belongs."""
        return self.image.reduce(2), self.corner


@lru_cache(maxsize=1)
def _fade() -> Image.Image:
    y, x = np.mgrid[-1:1:400j, -1:1:400j]
    r = np.clip(1 - np.hypot(x, y), 0, 1)
    return Image.fromarray((255 * r * r * (3 - 2 * r)).astype(np.uint8))
