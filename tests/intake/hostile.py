"""Files that a reader of pictures must survive, made here: each with the words its row must say."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

from tests.intake.drawn import bomb, jpeg


def saved(kind: str, **how: object) -> bytes:
    """A small picture in another format."""
    out = io.BytesIO()
    mode = str(how.pop("mode", "RGB"))
    Image.new(mode, (64, 48), how.pop("fill", 90)).save(out, kind, **how)
    return out.getvalue()


def with_segments(*segments: tuple[int, bytes], code: str | None = "ABCD-1234") -> bytes:
    """A sound JPEG with further segments after its start."""
    sound = jpeg(code)
    extra = b"".join(b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body for marker, body in segments)
    return sound[:2] + extra + sound[2:]


def with_size(width: int, height: int) -> bytes:
    sound = jpeg(size=(64, 64))
    at = sound.index(b"\xff\xc0") + 5
    return sound[:at] + struct.pack(">HH", height, width) + sound[at + 4 :]


def twelve_bits() -> bytes:
    sound = jpeg(size=(64, 64))
    at = sound.index(b"\xff\xc0") + 4
    return sound[:at] + b"\x0c" + sound[at + 1 :]


def many_passes() -> bytes:
    """A progressive file that begins its picture anew hundreds of times."""
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "grey").save(out, "JPEG", progressive=True)
    content = out.getvalue()
    at = content.rindex(b"\xff\xda")
    return content[:at] + content[at:-2] * 300 + content[-2:]


def animated(kind: str) -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (40, 40), c) for c in ("red", "blue", "green")]
    frames[0].save(out, kind, save_all=True, append_images=frames[1:])
    return out.getvalue()


def noise(size: int) -> bytes:
    return np.random.default_rng(3).bytes(size)


# what the file is called: its bytes, and what its row must say
SET_ASIDE: dict[str, tuple[bytes, str]] = {
    "empty.jpg": (b"", "the file is empty"),
    "text.jpg": (b"this is not a picture\n" * 50, "not a JPEG"),
    "html.jpg": (b"<html>404</html>" * 9, "HTML"),
    "zeros.jpg": (bytes(4096), "nothing but zeros"),
    "noise.jpg": (noise(5000), "not a JPEG"),
    "start_only.jpg": (b"\xff\xd8", "cut off in its header"),
    "start_noise.jpg": (b"\xff\xd8\xff\xe1\x40\x00" + noise(5000), "JPEG"),
    "cut_header.jpg": (jpeg("ABCD-1234")[:300], "JPEG"),
    "cut_scan.jpg": (jpeg("ABCD-1234")[:9000], "cut off"),
    "png.jpg": (saved("PNG"), "but a PNG"),
    "png16.jpg": (saved("PNG", mode="I;16", fill=0), "but a PNG"),
    "tiff.jpg": (saved("TIFF"), "but a TIFF"),
    "heic.jpg": (b"\0\0\0\x18ftypheic" + bytes(64), "but a HEIC"),
    "ppm.jpg": (saved("PPM"), "but a PNM"),
    "bmp.jpg": (saved("BMP"), "but a BMP"),
    "webp.jpg": (b"RIFF\x10\0\0\0WEBPVP8 ", "but a WebP"),
    "animated.jpg": (animated("GIF"), "but a GIF"),
    "zip.jpg": (b"PK\x03\x04" + bytes(40), "but a zip"),
    "cmyk.jpg": (saved("JPEG", mode="CMYK", fill=(9, 9, 9, 9)), "CMYK"),
    "twelve_bits.jpg": (twelve_bits(), "12 bits"),
    "bomb.jpg": (bomb(), "too large: 3600 megapixels"),
    "wide.jpg": (with_size(65_500, 2_000), "too large: 131 megapixels"),
    "no_pixels.jpg": (with_size(64, 0), "without pixels"),
    "lies_of_size.jpg": (with_size(9_000, 9_000), "claims a picture that is not there"),
    "passes.jpg": (many_passes(), "more than 100 passes"),
    "segments.jpg": (b"\xff\xd8" + b"\xff\xe9\0\x02" * 5000 + jpeg()[2:], "more than 4000 segments"),
    "length_zero.jpg": (b"\xff\xd8\xff\xe1\0\0" + jpeg()[2:], "broken header"),
}

# odd, but pictures all the same: the card on them is read
STAYS: dict[str, bytes] = {
    "exif_noise.jpg": with_segments((0xE1, b"Exif\0\0" + noise(3000))),
    "exif_loop.jpg": with_segments((0xE1, b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 0x8769, 4, 1, 8) + struct.pack("<I", 8))),
    "exif_huge_count.jpg": with_segments((0xE1, b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHII", 60_000, 0x010F, 2, 2**31, 26))),
    "exif_two.jpg": with_segments((0xE1, b"Exif\0\0short"), (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>")),
    "mpf_noise.jpg": with_segments((0xE2, b"MPF\0" + noise(60))),
    "mpf_outside.jpg": with_segments((0xE2, b"MPF\0II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 0xB002, 7, 32, 26) + struct.pack("<IIIHH", 0, 2**31, 2**31, 0, 0) * 2)),
    "three_hundred_segments.jpg": with_segments(*[(0xE9, b"x" * 100)] * 300),
    "zip_behind.jpg": jpeg("ABCD-1234") + b"PK\x03\x04" * 500,
    "zeros_behind.jpg": jpeg("ABCD-1234") + bytes(4096),
    "fill_bytes.jpg": b"\xff\xd8" + b"\xff" * 64 + jpeg("ABCD-1234")[2:],
}  # fmt: skip
