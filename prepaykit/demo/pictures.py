"""From shots to JPEG files: portraits, class pictures, children who hold up their cards, and the files that go wrong.

A picture is composed small, made large, gets its card (which must stay sharp), sensor noise and real EXIF, and is turned as the
camera would store it. The same shot gives the same bytes on the same machine.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import segno
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from prepaykit.demo.brushes import tinted
from prepaykit.demo.faces import person
from prepaykit.demo.looks import SKINS, look_of
from prepaykit.demo.shoot import CAMERAS, Shot

WIDE, HIGH = 1200, 1800
WORK = 480  # a scene is painted this wide, then enlarged
DARKEST, LIGHTEST = 10, 245  # noise is added without a look at overflow, so it needs room
BACKDROPS = (
    (104, 128, 150),
    (132, 126, 118),
    (112, 134, 118),
    (86, 98, 128),
    (140, 112, 110),
    (100, 132, 136),
    (126, 116, 142),
    (150, 138, 112),
)
TALL = ("curls", "buns", "spikes")
FONT = Path(__file__).parents[1] / "report" / "fonts" / "DejaVuSansCondensed.ttf"


@dataclass(frozen=True)
class Sitter:
    """What the painter needs to know of a person."""

    key: str
    family: str
    name: str
    adult: bool


@dataclass(frozen=True)
class Job:
    """Files of one sitting, to be drawn by one worker: the same people are then painted once."""

    folder: str
    seed: int
    shots: tuple[Shot, ...]
    sitters: dict[str, Sitter]
    group_names: dict[str, str]


def draw_files(job: Job) -> int:
    """Draw the files of one sitting; returns how many."""
    for shot in job.shots:
        path = Path(job.folder) / shot.root / shot.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file_of(shot, job))
    return len(job.shots)


def file_of(shot: Shot, job: Job) -> bytes:
    """The bytes of one file."""
    if shot.kind == "zero_bytes":
        return b""
    if shot.kind == "text":
        return b"Card reader note: copy this folder again if the numbers do not add up.\n"
    if shot.kind == "thumbs":
        return bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
    return _jpeg(picture_of(shot, job), shot)


def picture_of(shot: Shot, job: Job) -> Image.Image:
    """The picture as a person sees it, upright, before noise."""
    chance = random.Random(f"pose {job.seed} {shot.number}")
    if shot.kind == "group":
        return _group(shot, job)
    picture = _portrait(shot, job, chance)
    if shot.damage == "poster":
        poster = _qr("https://example.org/spirit-week", "M", 210)
        picture.paste(poster, (60, 150))
    if shot.kind in ("card", "group_card"):
        names = [job.sitters[k].name for k in shot.keys] or [f"Class {job.group_names.get(shot.class_key, '')}"]
        tones = [look_of(job.seed, k, job.sitters[k].family).skin for k in shot.keys] or [
            SKINS[chance.randrange(len(SKINS))]
        ]
        for i, code in enumerate(shot.codes):
            _hold_up(picture, code, names[i], tones[i], chance, place=(i, len(shot.codes)), damage=shot.damage)
    return picture


# --- people in front of a backdrop -------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def backdrop(seed: int, key: str, wide: int, high: int) -> Image.Image:
    """A painted canvas, lit in the middle, the same for a class all day."""
    rng = np.random.default_rng([seed, *key.encode()])
    colour = np.array(BACKDROPS[int(rng.integers(len(BACKDROPS)))], dtype=float)
    mottle = np.zeros((high, wide))
    for cells, strength in ((5, 9.0), (14, 6.0), (40, 3.0)):
        coarse = Image.fromarray(rng.normal(0, strength, (cells * high // wide + 2, cells)).astype(np.float32))
        mottle += np.asarray(coarse.resize((wide, high), Image.Resampling.BICUBIC))
    y, x = np.mgrid[0 : 1 : high * 1j, 0 : 1 : wide * 1j]
    light = 1.16 - 0.62 * np.clip(np.hypot((x - 0.46) * 1.05, (y - 0.42) * 0.95), 0, 1) ** 1.5
    return Image.fromarray(np.clip((colour + mottle[..., None]) * light[..., None], 0, 255).astype(np.uint8))


def _portrait(shot: Shot, job: Job, chance: random.Random) -> Image.Image:
    scene = backdrop(job.seed, shot.class_key or "staff", WORK, WORK * 3 // 2).copy()
    wide = int(WORK * (1.13 if len(shot.keys) == 1 else 0.8))
    for i, key in enumerate(shot.keys):
        sitter = job.sitters[key]
        look = look_of(job.seed, key, sitter.family, adult=sitter.adult)
        figure = person(look, wide, chance)
        aside = 0 if len(shot.keys) == 1 else (-0.24 if i == 0 else 0.24)
        head_room = 0.32 if len(shot.keys) > 1 else -0.03 if look.style in TALL else -0.09
        left = int(WORK * (0.5 + aside + chance.uniform(-0.02, 0.02)) - wide / 2)
        upper = int(WORK * (head_room + chance.uniform(-0.017, 0.017)))
        scene.paste(figure, (left, upper), figure)
    return _lit(scene, chance.uniform(0.97, 1.04)).resize((WIDE, HIGH), Image.Resampling.BILINEAR)


def _lit(picture: Image.Image, brightness: float) -> Image.Image:
    lut = [int(min(max(v * brightness, DARKEST), LIGHTEST)) for v in range(256)]
    return picture.point(lut * 3)


def softened(image: Image.Image, radius: float) -> Image.Image:
    """The same picture, a little out of focus."""
    return image.filter(ImageFilter.GaussianBlur(radius))


def _group(shot: Shot, job: Job) -> Image.Image:
    """A class in rows, the teacher behind them."""
    wide, high, count = 900, 600, max(1, len(shot.keys))
    scene = backdrop(job.seed, shot.class_key + " group", wide, high).copy()
    rows = 2 if count <= 10 else 3
    per_row = -(-count // rows)
    size = min(200, int(1.42 * (wide - 60) / (per_row + 0.5)))
    chance = random.Random(f"group {job.seed} {shot.number}")
    for teacher in [k for k in job.sitters if job.sitters[k].adult and k not in shot.keys][:1]:
        _stand(scene, job, teacher, int(size * 1.12), 0.5 * wide, high - size * (1.28 + 0.58 * rows), chance)
    # High hair stands behind, so that it hides nobody's face.
    looks = {k: look_of(job.seed, k, job.sitters[k].family) for k in shot.keys}
    for i, key in enumerate(sorted(shot.keys, key=lambda k: looks[k].style not in TALL)):
        row, at = divmod(i, per_row)
        here = min(per_row, count - row * per_row)
        step = (wide - 60) / (per_row + 0.5)
        x = wide / 2 + (at - (here - 1) / 2) * step + (step * 0.25 if row % 2 else -step * 0.25)
        _stand(scene, job, key, size, x, high - size * (1.2 + 0.58 * (rows - 1 - row)), chance)
    return _lit(scene, 1.0).resize((HIGH, WIDE), Image.Resampling.BILINEAR)


def _stand(scene: Image.Image, job: Job, key: str, size: int, x: float, y: float, chance: random.Random) -> None:
    sitter = job.sitters[key]
    figure = person(look_of(job.seed, key, sitter.family, adult=sitter.adult), size, chance)
    at = (int(x - size / 2 + chance.uniform(-4, 4)), int(y + chance.uniform(-5, 5)))
    # Whoever stands behind is painted down to the hem: the last line of the clothes goes on.
    hem = figure.crop((0, figure.height - 1, size, figure.height)).resize((size, size))
    scene.paste(hem, (at[0], at[1] + figure.height), hem)
    scene.paste(figure, at, figure)


# --- the card ----------------------------------------------------------------------------------------------------------


def _qr(text: str, error: str, size: int) -> Image.Image:
    """A QR symbol with its quiet zone, `size` pixels wide."""
    code = segno.make(text, error=error, micro=False, boost_error=False)
    modules = np.array([[24 if dark else 244 for dark in row] for row in code.matrix_iter(border=4)], dtype=np.uint8)
    return Image.fromarray(modules).resize((size, size), Image.Resampling.NEAREST).convert("RGB")


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.truetype(FONT, size) if FONT.is_file() else ImageFont.load_default(size)


def card_of(code: str, name: str) -> Image.Image:
    """A printed card, flat: the symbol, the code, the name."""
    card = Image.new("RGB", (800, 500), (244, 244, 244))
    card.paste(_qr(code, "Q", 464), (6, 18))
    pen = ImageDraw.Draw(card)
    pen.text((470, 130), code, font=_font(54), fill=(24, 24, 28))
    pen.line([(472, 205), (770, 205)], fill=(170, 170, 168), width=3)
    for i, word in enumerate(_lines(name)):
        pen.text((472, 228 + i * 52), word, font=_font(40), fill=(40, 40, 46))
    pen.text((472, 420), "Picture day", font=_font(28), fill=(130, 130, 134))
    pen.rectangle([0, 0, 799, 499], outline=(214, 212, 206), width=3)
    return card


def _lines(name: str) -> list[str]:
    shown = "".join(c if c.isprintable() and ord(c) < 0x2000 else "’" if c == "’" else "" for c in name)
    words = shown.split(" ", 1)
    return [w.strip()[:14] for w in words if w.strip()][:3]


def _hold_up(
    picture: Image.Image,
    code: str,
    name: str,
    skin: tuple[int, int, int],
    chance: random.Random,
    *,
    place: tuple[int, int],
    damage: str,
) -> None:
    """Put a card into a pair of hands: at an angle, a little out of flat, lit by the same lamp."""
    i, of = place
    wide = WIDE * (chance.uniform(0.46, 0.58) if of == 1 else 0.4)
    high = wide * 0.625
    x = WIDE * ((0.5 if of == 1 else 0.27 + 0.46 * i) + chance.uniform(-0.02, 0.02))
    y = HIGH * (0.77 if of == 1 else 0.8) + chance.uniform(-20, 20)
    card = _damaged(card_of(code, name), damage, skin, chance).convert("RGBA")
    turn = np.deg2rad(chance.uniform(-9, 9))
    corners = []
    for cx, cy in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        px, py = cx * wide / 2 * chance.uniform(0.965, 1.0), cy * high / 2 * chance.uniform(0.95, 1.0)
        corners.append((x + px * np.cos(turn) - py * np.sin(turn), y + px * np.sin(turn) + py * np.cos(turn)))
    left, upper = int(min(p[0] for p in corners)) - 12, int(min(p[1] for p in corners)) - 12
    right, lower = int(max(p[0] for p in corners)) + 12, int(max(p[1] for p in corners)) + 12
    local = [(px - left, py - upper) for px, py in corners]
    tilted = card.transform(
        (right - left, lower - upper),
        Image.Transform.PERSPECTIVE,
        _perspective(local, card.size),
        Image.Resampling.BILINEAR,
    )
    mask = tilted.getchannel("A")
    tilted = _lit(tilted.convert("RGB"), chance.uniform(0.88, 1.0))
    tilted = tilted.filter(ImageFilter.BoxBlur(chance.uniform(0.3, 0.8)))
    _fingers(picture, corners, skin, behind=True)
    shadow = softened(mask.reduce(8).point([int(v * 0.35) for v in range(256)]), 1).resize(
        mask.size, Image.Resampling.BILINEAR
    )
    picture.paste((20, 18, 18), (left + 8, upper + 12), shadow)
    picture.paste(tilted, (left, upper), mask)
    _fingers(picture, corners, skin, behind=False)


def _perspective(corners: list[tuple[float, float]], size: tuple[int, int]) -> list[float]:
    """Coefficients that take the corners of the picture back to those of the flat card."""
    rows, right = [], []
    for (x, y), (u, v) in zip(corners, ((0, 0), (size[0], 0), size, (0, size[1])), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.linalg.solve(np.array(rows, dtype=float), np.array(right, dtype=float)).tolist()


def _fingers(
    picture: Image.Image, corners: list[tuple[float, float]], skin: tuple[int, int, int], *, behind: bool
) -> None:
    """Hands that hold the card at its sides: fingers behind it, thumbs before it."""
    sides = ((corners[3], corners[0], -1), (corners[2], corners[1], 1))
    for low, top, side in sides:
        x, y = low[0] * 0.72 + top[0] * 0.28, low[1] * 0.72 + top[1] * 0.28
        box = (int(x) - 84, int(y) - 48, int(x) + 84, int(y) + 128)
        patch = picture.crop(box).resize((336, 352), Image.Resampling.NEAREST)
        pen = ImageDraw.Draw(patch)

        def blob(cx: float, cy: float, rx: float, ry: float, tone: float, pen: ImageDraw.ImageDraw = pen) -> None:
            at = (168 + 2 * cx, 96 + 2 * cy)
            pen.ellipse([at[0] - 2 * rx, at[1] - 2 * ry, at[0] + 2 * rx, at[1] + 2 * ry], fill=tinted(skin, tone))

        if behind:
            blob(side * 36, 58, 40, 62, 0.8)
            for i in range(4):
                blob(side * (18 - 2 * i), -26 + 26 * i, 27, 15, 0.84 + 0.03 * i)
        else:
            blob(side * 20, 34, 27, 24, 0.88)
            blob(side * 2 - side * 9, 16, 29, 16, 0.96)
            blob(-side * 24, 14, 10, 9, 1.3)
        picture.paste(patch.reduce(2), box)


def _damaged(card: Image.Image, damage: str, skin: tuple[int, int, int], chance: random.Random) -> Image.Image:
    """Make the symbol unreadable, yet so that it is still seen as one: its corner marks stay."""
    if not damage:
        return card
    pen = ImageDraw.Draw(card)
    if damage == "finger":
        for dx, tone in ((0, 0.9), (10, 1.0)):
            pen.ellipse([226 + dx, 196 + dx, 440, 540], fill=tinted(skin, tone))
        pen.ellipse([296, 214, 384, 290], fill=tinted(skin, 1.35))
    elif damage == "torn":
        pen.polygon(
            [(200, 500), (226, 420), (212, 356), (262, 300), (300, 318), (420, 196), (800, 150), (800, 500)],
            fill=(92, 92, 96),
        )
    elif damage == "glare":
        glare = Image.new("L", card.size, 0)
        ImageDraw.Draw(glare).ellipse([200, 214 + chance.randrange(10), 440, 430], fill=255)
        card.paste((255, 255, 255), (0, 0), softened(glare, 16))
        card.paste((255, 255, 255), (0, 0), softened(glare, 8))
    return card


# --- the camera --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _noise(sheet: int, wide: int, high: int) -> Image.Image:
    rng = np.random.default_rng([20260915, sheet])
    grain = np.clip(rng.normal(0, 1.4, (high, wide)), -9, 9).astype(np.int8).view(np.uint8)
    return Image.fromarray(grain).convert("RGB")


def _jpeg(picture: Image.Image, shot: Shot) -> bytes:
    turned = CAMERAS[shot.camera].turns_pixels or shot.kind == "group"
    if not turned:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    picture = ImageChops.add_modulo(picture, _noise(shot.number % 2, *picture.size))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90, exif=_exif(shot, 1 if turned else 6), dpi=(300, 300))
    return out.getvalue()


def _exif(shot: Shot, orientation: int) -> Image.Exif:
    camera, exif = CAMERAS[shot.camera], Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = camera.make, camera.model, orientation
    details = exif.get_ifd(0x8769)
    if shot.shot_at is not None:
        stamp = shot.shot_at.strftime("%Y:%m:%d %H:%M:%S")
        exif[0x0132] = details[0x9003] = details[0x9004] = stamp
        details[0x9291] = f"{shot.shot_at.microsecond // 10_000:02d}"
    if camera.serial:
        details[0xA431] = camera.serial
    return exif
