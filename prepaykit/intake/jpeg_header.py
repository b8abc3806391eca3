"""What a JPEG says of itself before any pixel: size, kind of coding, EXIF, previews; and what a file is that is none.

Problem. A file called `.jpg` may be anything, and a header of a few bytes may claim 65,535 × 65,535 pixels, thousands of passes over them, or
EXIF that points outside. No decoder is given a file before these are known. The walk over the segments reads lengths and never pixels.

Source: ITU T.81 (markers), CIPA DC-007 (MPF); photos.md 5.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

# more segments than any camera writes; a file of nothing but segments is one to keep away from the decoder
MOST_SEGMENTS = 4_000
MOST_PASSES = 100  # over all pixels, in a progressive file; encoders make about ten

END = b"\xff\xd9"
_START = b"\xff\xd8"
_SIZES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_PROGRESSIVE, _ARITHMETIC, _LOSSLESS = (
    {0xC2, 0xC6, 0xCA, 0xCE},
    {0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF},
    {0xC3, 0xC7, 0xCB, 0xCF},
)
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}

# what the first bytes of a file say it is
_KINDS = (
    (b"\x89PNG", "a PNG"), (b"GIF8", "a GIF"), (b"II*\0", "a TIFF or raw file"), (b"MM\0*", "a TIFF or raw file"), (b"BM", "a BMP"),
    (b"8BPS", "a Photoshop file"), (b"%PDF", "a PDF"), (b"%!PS", "an EPS"), (b"PK\x03\x04", "a zip"), (b"FUJIFILM", "a raw file"),
    (b"\0\0\0\x0cjP", "a JPEG 2000"), (b"\xff\x0a", "a JPEG XL"), (b"\0\0\0\x0cJXL", "a JPEG XL"), (b"<", "HTML or XML"),
    *((b"P%d" % n, "a PNM") for n in range(1, 8)),
)  # fmt: skip
_BRANDS = {b"heic": "a HEIC", b"heix": "a HEIC", b"mif1": "a HEIC", b"avif": "an AVIF", b"crx ": "a raw file"}


class NotAPicture(Exception):
    """The file is no JPEG that a camera writes; the text says why."""


@dataclass(frozen=True)
class Header:
    """Of the first picture of a file. `exif`: the bytes of its EXIF, `mpf`: where its index of further pictures begins and those bytes."""

    width: int
    height: int
    exif: bytes | None
    mpf: tuple[int, bytes] | None
    scan_at: int


def header_of(content: bytes) -> Header:
    """Read the header of a JPEG; raises NotAPicture with the reason for anything that is none, or none of a camera.

    >>> header_of(b"GIF89a")
    Traceback (most recent call last):
    ...
    prepaykit.intake.jpeg_header.NotAPicture: not a JPEG but a GIF
    """
    if not content.startswith(_START):
        raise NotAPicture(f"not a JPEG{_kind(content)}")
    exif = mpf = size = None
    at = 2
    for _ in range(MOST_SEGMENTS):
        marker, at = _marker(content, at)
        if marker in _WITHOUT_LENGTH:
            continue
        if marker == 0xD9 or at + 2 > len(content):
            raise NotAPicture("a JPEG without a picture")
        (length,) = struct.unpack_from(">H", content, at)
        if length < 2:
            raise NotAPicture("a JPEG with a broken header")
        body = at + 2
        if marker == 0xE1 and exif is None and content[body : body + 6] == b"Exif\0\0":
            exif = content[body : at + length]
        elif marker == 0xE2 and mpf is None and content[body : body + 4] == b"MPF\0":
            mpf = (body + 4, content[body + 4 : at + length])
        elif marker in _SIZES:
            size = _size(content[body : at + length], marker)
        elif marker == 0xDA:
            if size is None:
                raise NotAPicture("a JPEG without a size")
            if size[2] and content.count(b"\xff\xda") > MOST_PASSES:
                raise NotAPicture(f"a JPEG of more than {MOST_PASSES} passes")
            return Header(size[0], size[1], exif, mpf, at + length)
        at += length
    raise NotAPicture(f"a JPEG of more than {MOST_SEGMENTS} segments")


def _marker(content: bytes, at: int) -> tuple[int, int]:
    """The next marker and where its body begins; stray bytes before it are skipped, as decoders do."""
    at = content.find(b"\xff", at, at + 2**16)
    while 0 <= at < len(content) - 1 and content[at + 1] in (0xFF, 0x00):
        at = at + 1 if content[at + 1] == 0xFF else content.find(b"\xff", at + 2, at + 2**16)
    if at < 0 or at >= len(content) - 1:
        raise NotAPicture("a JPEG cut off in its header")
    return content[at + 1], at + 2


def _size(body: bytes, marker: int) -> tuple[int, int, bool]:
    if len(body) < 6:
        raise NotAPicture("a JPEG with a broken header")
    bits, height, width, channels = struct.unpack_from(">BHHB", body)
    if marker in _LOSSLESS or marker in _ARITHMETIC:
        raise NotAPicture("a JPEG of a coding that no camera writes (lossless or arithmetic)")
    if bits != 8:
        raise NotAPicture(f"a JPEG of {bits} bits; prints are made of 8")
    if channels == 4:
        raise NotAPicture("a JPEG in print colours (CMYK); a camera writes RGB")
    if not width or not height or channels not in (1, 3):
        raise NotAPicture("a JPEG without pixels")
    return width, height, marker in _PROGRESSIVE


def _kind(content: bytes) -> str:
    """What the bytes are instead, as the end of a sentence."""
    if not content.strip(b"\0"):
        return ": nothing but zeros"
    if content[4:8] == b"ftyp":
        return f" but {_BRANDS.get(content[8:12], 'a video')}"
    if content[:4] == b"RIFF":
        return " but a WebP" if content[8:12] == b"WEBP" else " but a RIFF file"
    return next((f" but {name}" for start, name in _KINDS if content.lstrip()[:12].startswith(start)), "")


# --- further pictures in the file --------------------------------------------------------------------------------------


def previews_of(content: bytes, header: Header, *, least_edge: int = 1000) -> list[bytes]:
    """The further JPEGs that the file's own index (MPF) lists, the largest first, of at least that many pixels along the long edge.

    A broken index lists nothing. Whether they show the same picture is not asked here.
    """
    found = []
    for start, length in _indexed(header.mpf, len(content)):
        part = content[start : start + length]
        try:
            inner = header_of(part)
        except NotAPicture:
            continue
        if least_edge <= max(inner.width, inner.height) < max(header.width, header.height):
            found.append((inner.width * inner.height, part))
    return [part for _, part in sorted(found, key=lambda f: -f[0])]


def _indexed(mpf: tuple[int, bytes] | None, size: int) -> list[tuple[int, int]]:
    """Start and length of each further picture that lies wholly within the file."""
    if mpf is None:
        return []
    base, index = mpf
    try:
        order = {b"II": "<", b"MM": ">"}[index[:2]]
        (at,) = struct.unpack_from(f"{order}I", index, 4)
        (count,) = struct.unpack_from(f"{order}H", index, at)
        fields = [struct.unpack_from(f"{order}HHII", index, at + 2 + 12 * i) for i in range(min(count, 20))]
        start, length = next((value, number) for tag, _, number, value in fields if tag == 0xB002)
        entries = [struct.unpack_from(f"{order}III", index, start + 16 * i) for i in range(min(length // 16, 20))]
    except (struct.error, KeyError, StopIteration):
        return []
    places = [(base + offset, length) for _, length, offset in entries if offset]
    return [(start, length) for start, length in places if start + length <= size]
