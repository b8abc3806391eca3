"""Camera frames for benchmarks, drawn: 24 megapixels, quality 95, 4:2:2, grain as a sensor makes it, EXIF of two bodies; cards in
eleven sizes and eleven conditions; pictures without any card. Portraits and backdrops are those of the demo; nobody is real.

A card's size is the width of its QR symbol over the width of the frame (6,000 pixels). What the frames cost to decode comes
from their grain, so that is set to give files of 5 to 8 MB as cameras write them.
"""

from __future__ import annotations

import io
import random
from functools import lru_cache

import numpy as np
import segno
from PIL import ExifTags, Image, ImageDraw, ImageFilter

from prepaykit.demo.faces import person
from prepaykit.demo.looks import SKINS, look_of
from prepaykit.demo.pictures import backdrop
from prepaykit.rules.codes import issue_codes

WIDE, HIGH = 6000, 4000
SIZES = (3, 4, 5, 6.5, 8, 10, 15, 22, 33, 45, 60)
CONDITIONS = ("clean", "tilt", "bent", "blur", "motion", "shade", "glare", "finger", "low light", "noise", "combined")
BODIES = (("Canon", "Canon EOS R6", "012021001234"), ("NIKON CORPORATION", "NIKON Z 6_2", "7210456"))
GRAIN = 2.6


# --- scenes ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=6)
def scene(seed: int) -> Image.Image:
    """A person before a backdrop, 6,000 × 4,000, without grain."""
    chance = random.Random(f"scene {seed}")
    small = backdrop(seed % 7, f"class {seed % 5}", 1200, 800).copy()
    figure = person(look_of(seed, f"child {seed}", f"family {seed % 9}"), 760, chance)
    small.paste(figure, (220 + chance.randrange(-120, 120), chance.randrange(-60, 20)), figure)
    return small.resize((WIDE, HIGH), Image.Resampling.BICUBIC)


@lru_cache(maxsize=1)
def _grain_sheet() -> np.ndarray:
    """Grain as it is after demosaicing: soft, mostly in the light, less in the colours. Its spread is 1."""
    rng = np.random.default_rng(24)
    light = Image.fromarray(rng.normal(0, 100, (2400, 2400)).astype(np.float32)).resize(
        (1800, 1800), Image.Resampling.BILINEAR
    )
    colour = Image.fromarray(rng.normal(0, 100, (900, 2700)).astype(np.float32)).resize(
        (1800, 5400), Image.Resampling.BICUBIC
    )
    soft, colours = np.asarray(light), np.asarray(colour).reshape(3, 1800, 1800)
    return soft[..., None] / soft.std() + 0.5 * np.moveaxis(colours / colours.std(), 0, -1)


def grained(picture: Image.Image, seed: int, strength: float = GRAIN) -> Image.Image:
    """The picture with sensor grain of that strength (levels of 255): each square of it from another place of the sheet."""
    if not strength:
        return picture
    rng = np.random.default_rng([7, seed])
    sheet = np.round(_grain_sheet() * strength).astype(np.int8)
    pixels = np.array(picture).astype(np.int16)
    for top in range(0, pixels.shape[0], 500):
        for left in range(0, pixels.shape[1], 500):
            part = pixels[top : top + 500, left : left + 500]
            y, x = rng.integers(0, 1300, 2)
            part += sheet[y : y + part.shape[0], x : x + part.shape[1]]
    return Image.fromarray(np.clip(pixels, 0, 255, out=pixels).astype(np.uint8))


def camera_jpeg(
    picture: Image.Image, number: int, *, seed: int = 0, strength: float = GRAIN, quality: int = 95
) -> bytes:
    """The file a camera would write: grain, quality 95, 4:2:2, EXIF of one of two bodies."""
    make, model, serial = BODIES[number % 2]
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model], exif[ExifTags.Base.Orientation] = make, model, 1
    detail = exif.get_ifd(ExifTags.IFD.Exif)
    detail[ExifTags.Base.DateTimeOriginal] = (
        f"2026:09:15 {8 + number // 360:02d}:{number // 6 % 60:02d}:{number % 6 * 10:02d}"
    )
    detail[ExifTags.Base.BodySerialNumber] = serial
    out = io.BytesIO()
    grained(picture, seed + number, strength).save(out, "JPEG", quality=quality, subsampling="4:2:2", exif=exif)
    return out.getvalue()


def plain_frame(number: int) -> bytes:
    """A frame without a card."""
    return camera_jpeg(scene(number % 6), number)


# --- cards -------------------------------------------------------------------------------------------------------------


def code_of(number: int) -> str:
    """The access code on card `number`."""
    return _codes()[number % 200]


@lru_cache(maxsize=1)
def _codes() -> list[str]:
    return issue_codes(200, (), seed=24)


def card_frame(size: float, condition: str, number: int) -> bytes:
    """A frame with a card whose symbol is `size` percent of the frame wide, seen under one condition."""
    return camera_jpeg(*_card_picture(size, condition, number))


def _card_picture(size: float, condition: str, number: int) -> tuple[Image.Image, int]:
    chance = random.Random(f"card {size} {condition} {number}")
    picture = scene(number % 6).copy()
    conditions = ("tilt", "blur", "shade") if condition == "combined" else (condition,)
    much = 0.5 if condition == "combined" else 1.0  # half of each
    symbol = round(WIDE * size / 100)
    card = printed(code_of(number), symbol)
    for what in conditions:
        card = _SEEN.get(what, lambda c, *_: c)(card, symbol, chance, much)
    left = round((WIDE - card.width) * chance.uniform(0.3, 0.7))
    upper = round((HIGH - card.height) * (chance.uniform(0.35, 0.8) if card.height < HIGH else 0.5))
    picture.paste(card.convert("RGB"), (left, upper), card.getchannel("A"))
    for what in conditions:  # what happens to the whole frame
        if what == "low light":
            picture = picture.point([round(4 + v * 0.16) for v in range(256)] * 3)
    if "noise" in conditions:
        picture = grained(picture, number + 77, 12.0)
    return picture, number


def printed(code: str, symbol: int) -> Image.Image:
    """A card with one QR symbol `symbol` pixels wide and a line of text, flat, on clear glass."""
    matrix = np.array([list(row) for row in segno.make_qr(code, error="q", boost_error=False).matrix], dtype=np.uint8)
    module = symbol / len(matrix)
    quiet = round(4 * module)
    qr = Image.fromarray(np.where(matrix, 34, 232).astype(np.uint8)).resize((symbol, symbol), Image.Resampling.NEAREST)
    card = Image.new("RGB", (symbol + 2 * quiet, symbol + 2 * quiet + round(3 * module)), (232, 232, 228))
    card.paste(qr.convert("RGB"), (quiet, quiet))
    pen = ImageDraw.Draw(card)
    pen.text(
        (quiet, quiet + symbol + round(2 * module)), code, font_size=max(8, round(2.6 * module)), fill=(40, 40, 44)
    )
    turned = card.convert("RGBA")
    return turned.rotate((ord(code[0]) % 9) - 4, Image.Resampling.BICUBIC, expand=True)


def _tilt(card: Image.Image, symbol: int, chance: random.Random, much: float = 1.0) -> Image.Image:
    """Held askew: turned by up to 25 degrees and tipped away by up to 40."""
    turned = card.rotate(chance.uniform(-25, 25) * much, Image.Resampling.BICUBIC, expand=True)
    w, h = turned.size
    narrow, short = chance.uniform(0.08, 0.2) * much, 1 - chance.uniform(0.05, 0.25) * much
    quad = (-w * narrow, 0, 0, h / short, w, h / short, w * (1 + narrow), 0)
    return turned.transform((w, round(h * short)), Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)


def _bent(card: Image.Image, symbol: int, chance: random.Random, much: float = 1.0) -> Image.Image:
    """Round a cylinder of 60 to 100 degrees, its sides in shade."""
    half = np.deg2rad(chance.uniform(60, 100) / 2)
    w = card.width
    out_w = round(w * np.sin(half) / half)
    at = np.arcsin((np.arange(out_w) + 0.5 - out_w / 2) / (w / 2 / half)) * (w / 2 / half) + w / 2
    pixels = np.asarray(card)[:, np.clip(np.round(at).astype(int), 0, w - 1)].copy()
    shade = np.cos((at / w - 0.5) * 2 * half)[None, :, None] ** 0.7
    pixels[..., :3] = (pixels[..., :3] * shade).astype(np.uint8)
    return Image.fromarray(pixels)


def _blur(card: Image.Image, symbol: int, chance: random.Random, much: float = 1.0) -> Image.Image:
    """Out of focus by half to nine tenths of a module."""
    return card.filter(ImageFilter.GaussianBlur(min(symbol / 21 * chance.uniform(0.35, 0.6) * much, 30)))


def _motion(card: Image.Image, symbol: int, chance: random.Random, much: float = 1.0) -> Image.Image:
    """Moved along by one to one and a half modules while the shutter was open."""
    way, pixels = symbol / 21 * chance.uniform(0.7, 1.2), np.asarray(card).astype(np.float32)
    steps = max(2, min(round(way), 24))
    shifts = [np.roll(pixels, round(i * way / steps), 1) for i in range(steps)]
    return Image.fromarray((sum(shifts) / steps).astype(np.uint8))


def _shade(card: Image.Image, symbol: int, chance: random.Random, much: float = 1.0) -> Image.Image:
    """A hard shadow across: one part has a quarter to two fifths of the light."""
    mask = Image.new("L", card.size, 0)
    edge = card.width * chance.uniform(0.35, 0.65)
    ImageDraw.Draw(mask).polygon([(0, 0), (edge * 1.2, 0), (edge * 0.8, card.height), (0, card.height)], fill=255)
    light = 1 - chance.uniform(0.6, 0.75) * much
    dark = card.point([round(v * light) for v in range(256)] * 3 + list(range(256)))
    return Image.composite(dark, card, mask.filter(ImageFilter.GaussianBlur(symbol / 60)))


def _glare(card: Image.Image, symbol: int, chance: random.Random, much: float = 1.0) -> Image.Image:
    """A lamp mirrored in laminate: a bright spot over a quarter of the symbol or more."""
    x, y = card.width * chance.uniform(0.25, 0.75), card.height * chance.uniform(0.25, 0.75)
    r = symbol * chance.uniform(0.14, 0.3)
    small = max(1, symbol // 300)
    mask = Image.new("L", (card.width // small + 1, card.height // small + 1), 0)
    ImageDraw.Draw(mask).ellipse([(x - r) / small, (y - r) / small, (x + r) / small, (y + r) / small], fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(r / small / 4)).resize(card.size, Image.Resampling.BILINEAR)
    white = Image.merge("RGBA", (*[Image.new("L", card.size, 252)] * 3, card.getchannel("A")))
    return Image.composite(white, card, mask)


def _finger(card: Image.Image, symbol: int, chance: random.Random, much: float = 1.0) -> Image.Image:
    """A thumb over the symbol, from one side."""
    card = card.copy()
    pen = ImageDraw.Draw(card)
    side = chance.choice((0.0, 1.0))
    x, y = card.width * abs(side - chance.uniform(0.12, 0.3)), card.height * chance.uniform(0.2, 0.85)
    wide = symbol * chance.uniform(0.1, 0.17)
    pen.rounded_rectangle(
        [min(x, card.width * side), y - wide, max(x, card.width * side), y + wide], wide, fill=(*SKINS[2], 255)
    )
    return card


_SEEN = {
    "tilt": _tilt,
    "bent": _bent,
    "blur": _blur,
    "motion": _motion,
    "shade": _shade,
    "glare": _glare,
    "finger": _finger,
}
