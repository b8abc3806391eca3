"""One file, whatever it is, to one row: identity, size, camera, time, QR texts, damage, look, and its thumbnail.

Rule. The bytes are read once and their SHA-256 is the file's identity; limits come before the header, the header before pixels. Then one decode,
in strict mode, at half scale for pictures above 16 megapixels, serves all: QR reading, the check for damage, thumbnail, fingerprint.
Only where a card is suspected and stays unread is there a second decode, of all pixels.

A file that is cut off, or none of a camera's, is set aside with the reason. One that is damaged inside (`is_damaged`) stays, for it may be the
only picture, or a card; its finding asks a person. The larger previews that some cameras put into the file are read only where a card is
suspected or the picture is damaged, and only if they show the same picture: the check for damage needs the scan in any case, and it costs
nearly all of the time, so a preview could save little and would see small cards less well.

Everything here can be sent to another process. The file is opened for reading only. Source: photos.md 2, 3, 5.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import simplejpeg
from PIL import Image

from prepaykit.errors import NeighbourFailed, Refused
from prepaykit.intake.cameras import camera_and_time, camera_of, on_one_line
from prepaykit.intake.damage import step_row
from prepaykit.intake.jpeg_header import END, Header, NotAPicture, header_of, previews_of
from prepaykit.intake.qr import BROKEN, Symbols, look, read_symbols
from prepaykit.intake.sources import Limits, opened_here
from prepaykit.intake.thumbnails import EDGE, look_hash, small_upright, thumbnail_path, write_thumbnail
from prepaykit.tables.source_names import TOO_LARGE

# above this many pixels half the scale shows a card as well, above the second a quarter; a small picture is looked at as it is
FULL_UP_TO, HALF_UP_TO = 16_000_000, 64_000_000
MOST_PIXELS_A_BYTE = 256  # even an empty picture has a byte for so many pixels
SAME_PICTURE = 0.9  # correlation of a preview with the picture itself

_LONGEST_TEXT = 300
_kept = threading.local()  # each thread decodes into the same memory again and again


@dataclass(frozen=True)
class Row:
    """One file, as far as it could be read. `finding`: the code of what is wrong with it; `trailing`: bytes after the picture."""

    root: str
    path: str
    size_bytes: int
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    camera: str = ""
    shot_at: pd.Timestamp | None = None
    texts: str | None = None
    is_broken_card: bool = False
    card_suspicion: str | None = None
    look_hash: str | None = None
    problem: str | None = None
    finding: str | None = None
    damage: str | None = None
    trailing: int = 0


@dataclass(frozen=True)
class Task:
    """What to read, and how. `former`: what is known of the file if its bytes are the same. `thumbs`: folder of thumbnails.
    `every_rung`: the slow pass."""

    root: str
    path: str
    size_bytes: int
    limits: Limits
    former: tuple[Row, ...] = ()
    thumbs: str | None = None
    every_rung: bool = False


@dataclass(frozen=True)
class Pixels:
    """A decoded picture as stored. `complaint`: what the strict decoder said of it."""

    grey: np.ndarray
    colour: np.ndarray | None
    scale: int
    complaint: str | None


def read_one(task: Task) -> Row:
    """Read one file; nothing that is in a file raises."""
    row = blank(task)
    if task.size_bytes == 0:
        return at_fault(row, "the file is empty")
    if task.size_bytes > task.limits.most_bytes:
        return at_fault(
            row, f"{task.size_bytes // 2**20} MB, more than {task.limits.most_bytes // 2**20} MB", "frame_too_large"
        )
    try:
        content = opened_here(task.root).read(task.path, most_bytes=task.limits.most_bytes)
    except (NeighbourFailed, Refused):
        return at_fault(row, "cannot be read from its folder or zip")
    row = replace(row, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    try:
        known = next((f for f in task.former if _is_still_good(f, row, task)), None)
        if known is not None:
            return _moved(known, row, content)
        return _read(row, content, task)
    except NotAPicture as error:
        return at_fault(row, str(error))
    except MemoryError:
        return at_fault(row, "needs more memory than there is", "frame_too_large")
    except Exception as error:  # whatever a decoder says about a hostile file, the other files go on
        return at_fault(row, f"cannot be decoded: {type(error).__name__}")


def blank(task: Task) -> Row:
    """The row of a file of which nothing is known yet."""
    return Row(task.root, task.path, task.size_bytes, camera=camera_of("", "", "", task.root, task.path))


def at_fault(row: Row, problem: str, code: str = "frame_unreadable") -> Row:
    """The row with why its file is set aside."""
    return replace(row, problem=f"{TOO_LARGE}: {problem}" if code == "frame_too_large" else problem, finding=code)


# --- what is known -----------------------------------------------------------------------------------------------------


def _is_still_good(former: Row, row: Row, task: Task) -> bool:
    """The same bytes, read without a problem, and nothing more is wanted of them now."""
    if (
        (former.size_bytes, former.sha256) != (row.size_bytes, row.sha256)
        or former.problem is not None
        or task.every_rung
    ):
        return False
    return task.thumbs is None or former.sha256 is None or thumbnail_path(task.thumbs, former.sha256).exists()


def _moved(former: Row, row: Row, content: bytes) -> Row:
    """What is known of these bytes, for the place where they lie now: a camera without a serial number is named by its folder."""
    if (former.root, former.path) == (row.root, row.path):
        return former
    camera, _, _ = camera_and_time(header_of(content).exif, row.root, row.path)
    return replace(former, root=row.root, path=row.path, camera=camera)


# --- one sound file ----------------------------------------------------------------------------------------------------


def _read(row: Row, content: bytes, task: Task) -> Row:
    header = header_of(content)
    camera, shot_at, orientation = camera_and_time(header.exif, row.root, row.path)
    row = replace(
        row,
        width=header.width,
        height=header.height,
        camera=camera,
        shot_at=shot_at,
        trailing=_trailing(content, header),
    )
    if header.width * header.height > task.limits.most_pixels:
        most = task.limits.most_pixels // 10**6
        return at_fault(row, f"{header.width * header.height // 10**6} megapixels, more than {most}", "frame_too_large")
    pixels = decoded(content, header, scale=scale_for(header), colour=task.thumbs is not None)
    damage = _damage(pixels)
    if damage and "Premature end of JPEG" in damage:
        return at_fault(row, "the file is cut off")
    if damage and (len(content) - header.scan_at) * MOST_PIXELS_A_BYTE < header.width * header.height:
        return at_fault(row, "its header claims a picture that is not there")
    high, wide = pixels.grey.shape
    every = (
        2 if max(high, wide) >= 4 * EDGE and high >= EDGE else 1
    )  # half the rows are enough to be made so much smaller
    small = small_upright(_picture(pixels, every=every), orientation, every=every)
    if task.thumbs is not None:
        write_thumbnail(task.thumbs, row.sha256, small)
    # last: a second decode uses the same memory
    symbols = _symbols(pixels, content, header, every_rung=task.every_rung, is_damaged=damage is not None)
    return replace(
        row,
        texts="\n".join(filter(None, (on_one_line(t)[:_LONGEST_TEXT] for t in symbols.texts))) or None,
        is_broken_card=symbols.is_broken,
        card_suspicion=symbols.suspicion,
        look_hash=look_hash(small),
        damage=damage,
        finding="frame_damaged" if damage else None,
    )


def scale_for(header: Header) -> int:
    """How many times smaller the one decode is made."""
    pixels = header.width * header.height
    return 1 if pixels <= FULL_UP_TO else 2 if pixels <= HALF_UP_TO else 4


def decoded(content: bytes, header: Header, *, scale: int, colour: bool) -> Pixels:
    """Decode once, strictly. What the decoder complains of is kept and the picture is had all the same, as far as it goes.

    The arrays lie in memory that the next call of this thread uses again. Raises NotAPicture when there is no picture at all.
    """
    mode, channels = ("RGBX", 4) if colour else ("GRAY", 1)
    high, wide = -(-header.height // scale), -(-header.width // scale)
    place = _memory(high * wide * channels)
    asked = {
        "colorspace": mode,
        "min_height": header.height // scale,
        "min_width": header.width // scale,
        "buffer": place,
    }
    complaint = None
    try:
        shown = simplejpeg.decode_jpeg(content, **asked)
    except ValueError as error:
        complaint = on_one_line(str(error))[:100]
        place[:] = 0  # nothing of the frame before may show
        try:
            shown = simplejpeg.decode_jpeg(content, strict=False, **asked)
        except ValueError:
            raise NotAPicture(f"cannot be decoded: {complaint}") from None
    if not colour:
        return Pixels(shown[:, :, 0], None, scale, complaint)
    return Pixels(np.asarray(_seen_as("RGBX", shown).convert("L")), shown, scale, complaint)


def _memory(size: int) -> np.ndarray:
    if getattr(_kept, "place", None) is None or len(_kept.place) < size:
        place = np.empty(size, dtype=np.uint8)
        if size > 40 * 2**20:  # a giant: not worth keeping
            return place
        _kept.place = place
    return _kept.place[:size]


def _picture(pixels: Pixels, *, every: int = 1) -> Image.Image:
    """The pixels as a picture, in colour if they are; of its rows only every so manyth. Nothing is copied."""
    shown, mode = (pixels.grey, "L") if pixels.colour is None else (pixels.colour, "RGBX")
    return _seen_as(mode, shown, every=every)


def _seen_as(mode: str, shown: np.ndarray, *, every: int = 1) -> Image.Image:
    line = shown.shape[1] * len(mode) * every  # bytes: as many a pixel as the mode has letters
    return Image.frombuffer(
        mode, (shown.shape[1], shown.shape[0] // every), np.ascontiguousarray(shown), "raw", mode, line, 1
    )


def _damage(pixels: Pixels) -> str | None:
    """What is wrong inside the picture, in words; None if it is sound."""
    if pixels.complaint is not None:
        return f"damaged inside ({pixels.complaint})"
    row = step_row(_seen_as("L", pixels.grey), 8 // pixels.scale, pixels.colour)
    return None if row is None else f"damaged inside (from row {row * pixels.scale} on the light or colour is another)"


def _trailing(content: bytes, header: Header) -> int:
    """Bytes after the end of the picture that its own index of further pictures does not account for."""
    if content.endswith(END) or header.mpf is not None:
        return 0
    end = content.find(END, header.scan_at)
    return len(content.rstrip(b"\0")) - end - 2 if end >= 0 and end + 2 < len(content.rstrip(b"\0")) else 0


# --- cards -------------------------------------------------------------------------------------------------------------


def _symbols(pixels: Pixels, content: bytes, header: Header, *, every_rung: bool, is_damaged: bool) -> Symbols:
    symbols = read_symbols(pixels.grey, every_rung=every_rung)
    if symbols.texts or not (symbols.is_broken or symbols.suspicion or every_rung or is_damaged):
        return symbols
    for preview in previews_of(content, header)[:2]:
        texts = _texts_of_preview(preview, pixels.grey)
        if texts:
            return Symbols(texts, False)
    if pixels.scale > 1 and (
        symbols.is_broken or symbols.suspicion == BROKEN or every_rung
    ):  # rare: worth a second decode, of all pixels
        whole = read_symbols(decoded(content, header, scale=1, colour=False).grey.copy(), every_rung=every_rung)
        if whole.texts:
            return whole
        symbols = replace(
            symbols, is_broken=symbols.is_broken or whole.is_broken, suspicion=symbols.suspicion or whole.suspicion
        )
    return symbols


def _texts_of_preview(preview: bytes, grey: np.ndarray) -> tuple[str, ...]:
    """The codes in a preview, if it is a smaller version of this very picture."""
    try:
        shown = simplejpeg.decode_jpeg(preview, colorspace="GRAY", strict=False)[:, :, 0]
    except ValueError:
        return ()
    if abs(shown.shape[1] / shown.shape[0] / (grey.shape[1] / grey.shape[0]) - 1) > 0.02:
        return ()
    one, other = (np.asarray(Image.fromarray(np.ascontiguousarray(p)).resize((32, 32), Image.Resampling.BOX), dtype=float).ravel() for p in (shown, grey))  # fmt: skip
    if one.std() < 1 or other.std() < 1 or np.corrcoef(one, other)[0, 1] < SAME_PICTURE:
        return ()
    return look(np.ascontiguousarray(shown)).texts
