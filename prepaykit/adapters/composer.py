"""Memory mates: the group picture and the child's own picture on one 8x10 sheet.

The template is an upright 8x10 at 300 dpi. The group's 7x5 stands above the child's 3.5x5, both at 92 % so that there is a
white border between and around them (5 + 5 in would fill all of 10 in, and labs trim); a caption stands beside the child.
Pictures are turned upright as the camera meant it, cropped and never stretched, and brought to sRGB. The same pictures give
the same bytes, so that a reprint can be compared.
"""

from __future__ import annotations

import io
from importlib import resources

from PIL import Image, ImageCms, ImageDraw, ImageFont, ImageOps

from prepaykit.adapters.pictures import opened_jpeg
from prepaykit.errors import UsageError
from prepaykit.tables.crop import WHOLE, parse_crop, pixel_box

DPI = 300
SHEET = (2400, 3000)
GROUP_HOLE = (234, 80, 1932, 1380)  # left, top, width, height in pixels: 7x5 in at 92 %
OWN_HOLE = (717, 1540, 966, 1380)  # 3.5x5 in at 92 %; alone it stands in the middle
OWN_HOLE_BESIDE_CAPTION = (234, 1540, 966, 1380)
CAPTION_BOX = (1260, 1540, 906, 1380)
HEADS_AT = 0.42
"""Where heads are, from the top: what is cropped away comes off around this height."""


def compose_memory_mate(
    individual: bytes,
    group: bytes,
    *,
    size: str = "8x10",
    caption: str = "",
    individual_crop: str | None = None,
    group_crop: str | None = None,
) -> bytes:
    """Put the group picture and the child's picture on one sheet, ready for the lab, as JPEG.

    `individual` and `group` are pictures as shot. `size` is 8x10, the only template so far. `caption`, such as the school and
    the year, stands beside the child. `individual_crop` and `group_crop` (`x,y,w,h`, see `prepaykit.rules.crops`) say which part of a picture is shown;
    without them what does not fit is cut off. Comes back as JPEG, 2400 x 3000 pixels, 300 dpi, sRGB, without metadata. Raises
    NeighbourFailed when a picture cannot be read. Does not judge whether a picture is large enough for the print.
    """
    if size != "8x10":
        raise UsageError(f"memory mates are made as 8x10; got {size!r}")
    sheet = Image.new("RGB", SHEET, "white")
    _paste(sheet, group, GROUP_HOLE, "group", group_crop)
    _paste(sheet, individual, OWN_HOLE_BESIDE_CAPTION if caption.strip() else OWN_HOLE, "individual", individual_crop)
    if caption.strip():
        _write(sheet, caption.strip(), CAPTION_BOX)
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=95, subsampling=0, dpi=(DPI, DPI), icc_profile=srgb_profile())
    return out.getvalue()


def srgb_profile() -> bytes:
    """An sRGB profile without the moment of its making, which would make equal pictures differ."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)
    return bytes(profile)


def _paste(sheet: Image.Image, content: bytes, hole: tuple[int, int, int, int], which: str, crop: str | None) -> None:
    left, top, width, height = hole
    part = WHOLE if crop is None else parse_crop(crop)
    with opened_jpeg(content, f"the {which} picture of the memory mate") as picture:
        # Decode no finer than needed; the part that is shown must be as fine as the whole would be.
        finer = 2 / min(part.w, part.h)
        picture.draft("RGB", (int(width * finer), int(height * finer)))
        upright = ImageOps.exif_transpose(picture)
        shown = upright if crop is None else upright.crop(pixel_box(part, *upright.size))
        fitted = ImageOps.fit(_plain(shown), (width, height), Image.Resampling.LANCZOS, centering=(0.5, HEADS_AT))
        sheet.paste(_to_srgb(fitted, picture.info.get("icc_profile")), (left, top))


def _plain(picture: Image.Image) -> Image.Image:
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Cameras set to Adobe RGB would print dull otherwise. After the resize: it is eight times less work."""
    if not profile:
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != "RGB":
            return picture
        return ImageCms.profileToProfile(
            picture, source, ImageCms.createProfile("sRGB"), renderingIntent=ImageCms.Intent.PERCEPTUAL
        )
    except (ImageCms.PyCMSError, OSError):
        return picture  # a broken profile says nothing: taken for sRGB, like a missing one


def _write(sheet: Image.Image, caption: str, box: tuple[int, int, int, int]) -> None:
    left, top, width, height = box
    draw = ImageDraw.Draw(sheet)
    for size in range(110, 29, -8):
        font = _font(size)
        text = "\n".join(_wrapped(line, font, width) for line in caption.splitlines())
        x0, y0, x1, y1 = draw.multiline_textbbox((0, 0), text, font=font, spacing=size // 3, align="center")
        if x1 - x0 <= width and y1 - y0 <= height:
            break
    at = (left + (width - (x1 - x0)) / 2 - x0, top + (height - (y1 - y0)) / 2 - y0)
    draw.multiline_text(at, text, fill="black", font=font, spacing=size // 3, align="center")


def _wrapped(line: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    lines = [""]
    for word in line.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(part for part in lines if part)


def _font(size: int) -> ImageFont.FreeTypeFont:
    content = (resources.files("prepaykit.report") / "fonts" / "DejaVuSansCondensed-Bold.ttf").read_bytes()
    return ImageFont.truetype(io.BytesIO(content), size)
