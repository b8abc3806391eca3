"""Ten thousand pictures in which there is no card of ours: nothing may be read in them as one, and hardly any may raise an alarm.

Twelve kinds in turn, all drawn but the photographs (crops of those in scikit-image's wheel, where that is installed; portraits of the
demo stand in): what a photographer's frames show, and what looks like a symbol without being one.
"""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import segno
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from prepaykit.demo.faces import person
from prepaykit.demo.looks import look_of
from prepaykit.demo.pictures import FONT, backdrop

SIZE = (960, 640)


def picture_without_card(number: int) -> tuple[str, np.ndarray]:
    """Kind and grey pixels of one picture; the same number gives the same picture."""
    kind = list(KINDS)[number % len(KINDS)]
    chance = random.Random(f"without {number}")
    grey = KINDS[kind](chance).convert("L")
    if chance.random() < 0.5:
        grey = grey.rotate(chance.uniform(-30, 30), Image.Resampling.BILINEAR, fillcolor=chance.randrange(256))
    if chance.random() < 0.4:
        grey = grey.filter(ImageFilter.GaussianBlur(chance.uniform(0.4, 2)))
    grain = np.random.default_rng(number).normal(0, chance.uniform(0.5, 5), (SIZE[1], SIZE[0]))
    return kind, np.clip(np.asarray(grey.resize(SIZE)) + grain, 0, 255).astype(np.uint8)


def has_foreign_code(kind: str) -> bool:
    """True where a symbol is in the picture, only not one of ours."""
    return kind == "foreign QR codes"


# --- the kinds ---------------------------------------------------------------------------------------------------------


def _sheet(chance: random.Random) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("L", SIZE, chance.randrange(120, 256))
    return picture, ImageDraw.Draw(picture)


def _box(chance: random.Random, least: int = 20, most: int = 300) -> tuple[int, int, int, int]:
    w, h = chance.randrange(least, most), chance.randrange(least, most)
    x, y = chance.randrange(-w // 2, SIZE[0]), chance.randrange(-h // 2, SIZE[1])
    return x, y, x + w, y + h


def _portrait(chance: random.Random) -> Image.Image:
    scene = _canvas(chance.randrange(12)).copy()
    figure = _figure(chance.randrange(60)).copy()
    scene.paste(figure, (chance.randrange(0, 500), chance.randrange(-60, 200)), figure)
    return scene


@lru_cache(maxsize=12)
def _canvas(seed: int) -> Image.Image:
    return backdrop(seed, "wall", *SIZE)


@lru_cache(maxsize=60)
def _figure(seed: int) -> Image.Image:
    return person(look_of(seed, f"child {seed}", f"family {seed % 7}"), 420, random.Random(seed))


@lru_cache(maxsize=1)
def photographs() -> list[Image.Image]:
    """The photographs of scikit-image's wheel (public domain or free licences); none where it is not installed."""
    spec = importlib.util.find_spec("skimage")
    folder = Path(spec.origin).parent / "data" if spec and spec.origin else Path("nowhere")
    names = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "rocket.jpg", "brick.png", "grass.png", "gravel.png", "coins.png", "page.png",
             "text.png", "motorcycle_left.png", "hubble_deep_field.jpg", "retina.jpg", "ihc.png", "clock_motion.png")  # fmt: skip
    return [Image.open(folder / n).convert("L") for n in names if (folder / n).is_file()]


def _photograph(chance: random.Random) -> Image.Image:
    if not photographs():
        return _portrait(chance)
    photo = chance.choice(photographs())
    w = chance.randrange(min(120, photo.width // 2), photo.width)
    h = min(photo.height, w * 2 // 3)
    x, y = chance.randrange(photo.width - w + 1), chance.randrange(photo.height - h + 1)
    return photo.crop((x, y, x + w, y + h)).resize(SIZE, Image.Resampling.BICUBIC)


def _checkers(chance: random.Random) -> Image.Image:
    cell = chance.randrange(3, 90)
    y, x = np.mgrid[: SIZE[1], : SIZE[0]] // cell
    low = chance.randrange(0, 100)
    return Image.fromarray(np.where((x + y) % 2, low, low + chance.randrange(30, 150)).astype(np.uint8))


def _stripes(chance: random.Random) -> Image.Image:
    widths = np.cumsum([chance.randrange(2, 60) for _ in range(300)])
    line = np.searchsorted(widths, np.arange(1200)) % 2 * chance.randrange(60, 200) + 30
    return Image.fromarray(np.broadcast_to(line[: SIZE[0]].astype(np.uint8), SIZE[::-1]).copy())


def _text(chance: random.Random) -> Image.Image:
    picture, pen = _sheet(chance)
    size = chance.randrange(10, 90)
    font = ImageFont.truetype(FONT, size)
    for y in range(0, SIZE[1], round(size * 1.3)):
        pen.text((chance.randrange(-40, 40), y), "".join(chance.choice("abcdefghABCDEOQ08B□■▣◘ .:#") for _ in range(120)), font=font, fill=chance.randrange(90))  # fmt: skip
    return picture


def _circles(chance: random.Random) -> Image.Image:
    picture, pen = _sheet(chance)
    for _ in range(chance.randrange(2, 25)):
        x, y, r = chance.randrange(SIZE[0]), chance.randrange(SIZE[1]), chance.randrange(8, 120)
        shades = [chance.randrange(0, 100), chance.randrange(150, 256)]
        for i, part in enumerate(sorted((chance.uniform(0.2, 1) for _ in range(chance.randrange(1, 5))), reverse=True)):
            pen.ellipse([x - r * part, y - r * part, x + r * part, y + r * part], fill=shades[i % 2])
    return picture


def _rectangles(chance: random.Random) -> Image.Image:
    """Windows, tiles and frames within frames, of any proportions."""
    picture, pen = _sheet(chance)
    for _ in range(chance.randrange(5, 60)):
        x0, y0, x1, y1 = _box(chance)
        shade = chance.randrange(256)
        for _ in range(chance.randrange(1, 4)):
            pen.rectangle([x0, y0, x1, y1], fill=shade)
            dx, dy = (x1 - x0) * chance.uniform(0.05, 0.4), (y1 - y0) * chance.uniform(0.05, 0.4)
            x0, y0, x1, y1, shade = x0 + dx, y0 + dy, x1 - dx, y1 - dy, 255 - shade
            if x1 <= x0 or y1 <= y0:
                break
    return picture


def _speckle(chance: random.Random) -> Image.Image:
    cell = chance.randrange(2, 24)
    rng = np.random.default_rng(chance.randrange(10**9))
    blocks = rng.integers(0, 2, (SIZE[1] // cell + 1, SIZE[0] // cell + 1)) * chance.randrange(80, 200) + 30
    return Image.fromarray(np.kron(blocks, np.ones((cell, cell))).astype(np.uint8)[: SIZE[1], : SIZE[0]])


def _gradient(chance: random.Random) -> Image.Image:
    y, x = np.mgrid[0 : 1 : SIZE[1] * 1j, 0 : 1 : SIZE[0] * 1j]
    wave = 120 + 100 * np.sin(chance.uniform(1, 60) * x + chance.uniform(1, 60) * y * chance.uniform(-1, 1))
    return Image.fromarray(wave.astype(np.uint8))


def _plaid(chance: random.Random) -> Image.Image:
    """Clothes: crossing bands."""
    bands = [np.cumsum([chance.randrange(3, 40) for _ in range(300)]) for _ in range(2)]
    x, y = (np.searchsorted(b, np.arange(1200)) % chance.randrange(2, 5) * chance.randrange(20, 50) for b in bands)
    return Image.fromarray((60 + x[None, : SIZE[0]] + y[: SIZE[1], None]).astype(np.uint8))


def _bars(chance: random.Random) -> Image.Image:
    """Symbols of other kinds: bar codes, Data Matrix, Aztec, PDF417."""
    kind = chance.choice(
        [
            zxingcpp.BarcodeFormat.Code128,
            zxingcpp.BarcodeFormat.DataMatrix,
            zxingcpp.BarcodeFormat.Aztec,
            zxingcpp.BarcodeFormat.PDF417,
        ]
    )
    symbol = zxingcpp.create_barcode(f"LOT {chance.randrange(10**6)}", kind)
    drawn = Image.fromarray(np.array(zxingcpp.write_barcode_to_image(symbol, scale=4)))
    picture = _portrait(chance).convert("L")
    wide = chance.randrange(120, 400)
    picture.paste(
        drawn.convert("L").resize((wide, round(wide * drawn.height / drawn.width))),
        (chance.randrange(600), chance.randrange(300)),
    )
    return picture


def _foreign(chance: random.Random) -> Image.Image:
    """A poster or a shirt with somebody's QR code."""
    text = chance.choice([f"https://example.org/{chance.randrange(10**6)}", f"WIFI:S:gym{chance.randrange(99)};;", f"{chance.randrange(10**8):08d}",
                          "".join(chance.choice("ABCDEFGHJK0123456789") for _ in range(8))])  # fmt: skip
    matrix = np.array([list(r) for r in segno.make_qr(text).matrix_iter(border=4)], dtype=np.uint8)
    wide = chance.randrange(90, 420)
    picture = _portrait(chance).convert("L")
    picture.paste(
        Image.fromarray(255 - 230 * matrix).resize((wide, wide), Image.Resampling.NEAREST),
        (chance.randrange(SIZE[0] - wide), chance.randrange(SIZE[1] - wide)),
    )
    return picture


KINDS: dict[str, Callable[[random.Random], Image.Image]] = {
    "portraits": _portrait, "photographs": _photograph, "checkerboards": _checkers, "stripes": _stripes, "text": _text, "circles": _circles,
    "rectangles": _rectangles, "speckle": _speckle, "gradients": _gradient, "plaid": _plaid, "other symbols": _bars, "foreign QR codes": _foreign,
}  # fmt: skip
