"""Pictures for tests, drawn: a frame of noise, with a QR card on it if wanted, and the EXIF of a camera."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import segno
from PIL import ExifTags, Image


def jpeg(code: str | None = None, *, size: tuple[int, int] = (900, 600), shot: str | None = None, subsec: str | None = None,
         make: str = "Canon", model: str = "Canon EOS R6", serial: str | None = "012", seed: int = 0, spoil: bool = False) -> bytes:  # fmt: skip
    """The bytes of a JPEG. `spoil` damages the data of the QR but leaves its three corners."""
    noise = np.random.default_rng(seed).integers(90, 120, size=(size[1], size[0], 3), dtype=np.uint8)
    picture = Image.fromarray(noise)
    if code is not None:
        matrix = np.array(
            [list(row) for row in segno.make_qr(code, error="q", boost_error=False).matrix], dtype=np.uint8
        )
        if spoil:
            matrix[9:, 9:] ^= np.random.default_rng(5).integers(0, 2, size=matrix[9:, 9:].shape, dtype=np.uint8)
        card = Image.fromarray(np.pad(255 * (1 - matrix), 4, constant_values=255)).resize(
            (300, 300), Image.Resampling.NEAREST
        )
        picture.paste(card.convert("RGB"), (300, 150))
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = make, model
    detail = exif.get_ifd(ExifTags.IFD.Exif)
    for tag, value in (
        (ExifTags.Base.DateTimeOriginal, shot),
        (ExifTags.Base.SubsecTimeOriginal, subsec),
        (ExifTags.Base.BodySerialNumber, serial),
    ):
        if value is not None:
            detail[tag] = value
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85, exif=exif)
    return out.getvalue()


def card_and_frames(folder: Path, *codes: str, first: int = 1, frames: int = 2, day: str = "2026:09:01") -> None:
    """For each code: its card, then so many frames, ten seconds apart."""
    folder.mkdir(parents=True, exist_ok=True)
    shots = [c for code in codes for c in (code, *[None] * frames)]
    for i, code in enumerate(shots):
        at = f"{day} 08:{i // 6:02d}:{i % 6 * 10:02d}"
        (folder / f"IMG_{first + i:04d}.JPG").write_bytes(jpeg(code, shot=at, seed=first + i))


def bomb() -> bytes:
    """A small file whose header claims 60,000 × 60,000 pixels."""
    sound = jpeg(size=(64, 64))
    at = sound.index(b"\xff\xc0") + 5
    return sound[:at] + (60_000).to_bytes(2, "big") * 2 + sound[at + 4 :]
