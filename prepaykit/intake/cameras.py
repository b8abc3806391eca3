"""Which camera shot a frame, and when, from its EXIF.

A camera is make, model and serial number. Most bodies do not write the serial: then the source folder and the letters of
the file name stand in, so that two bodies of one model are not taken for one. The time is the camera's own, without a zone; it is
compared only within a body. Damaged or absurd EXIF says nothing about the picture: it gives no camera and no time.
Source: photos.md 4.
"""

from __future__ import annotations

import os
import re
import threading
import warnings
from pathlib import Path, PurePosixPath

import pandas as pd
from PIL import ExifTags, Image

_DCF_NAME = re.compile(r"^([A-Z0-9_]{4})\d{4}$")
_DCF_FOLDER = re.compile(r"^(\d{3}[A-Z0-9_]{5}|DCIM)$", re.IGNORECASE)
_WARNINGS = threading.Lock()  # the filters of warnings are shared by all threads


def camera_and_time(exif: bytes | None, root: str, path: str) -> tuple[str, pd.Timestamp | None, int]:
    """The camera (or what must be taken for one), the time of the shot if it is told, and the orientation (1 to 8).

    >>> camera_and_time(None, "/shoot/day 1", "DCIM/100CANON/IMG_0001.JPG")
    ('unknown camera in shoot/day 1 IMG_', None, 1)
    """
    tags: dict[int, object] = {}
    detail: dict[int, object] = {}
    if exif is not None:
        with _WARNINGS, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd EXIF; we take what can be had
            try:
                read = Image.Exif()
                read.load(exif)
                tags, detail = dict(read), dict(read.get_ifd(ExifTags.IFD.Exif))
            except Exception:
                tags, detail = {}, {}
    base = ExifTags.Base
    camera = camera_of(_plain(tags.get(base.Make)), _plain(tags.get(base.Model)), _plain(detail.get(base.BodySerialNumber)), root, path)  # fmt: skip
    moment = shot_at(_plain(detail.get(base.DateTimeOriginal)), _plain(detail.get(base.SubsecTimeOriginal)))
    turned = tags.get(base.Orientation)
    return camera, moment, turned if isinstance(turned, int) and 1 <= turned <= 8 else 1


def shot_at(text: str, sub_seconds: str = "") -> pd.Timestamp | None:
    """The camera's own time, or None. Sub-seconds are a decimal fraction: '5' is half a second, '05' a twentieth.

    >>> shot_at("2026:09:01 08:15:00", "05")
    Timestamp('2026-09-01 08:15:00.050000')
    """
    match = re.fullmatch(r"(\d{4})[:\-/](\d\d)[:\-/](\d\d)[ T](\d\d):(\d\d):(\d\d).*", text)
    if not match:
        return None
    digits = re.match(r"\d*", sub_seconds).group()[:6]
    try:
        return pd.Timestamp(*map(int, match.groups()), int(digits.ljust(6, "0") or 0)).as_unit("us")
    except ValueError:
        return None


def camera_of(make: str, model: str, serial: str, root: str, path: str) -> str:
    """One text for one camera body, or for what we must take for one."""
    body = model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()
    if body and serial:
        return f"{body} #{serial}"
    folders = [*Path(root).parts[-2:], *PurePosixPath(path).parts[:-1]]
    place = "/".join(p for p in folders if p not in ("/", os.sep) and not _DCF_FOLDER.match(p)) or "."
    name = _DCF_NAME.match(PurePosixPath(path).stem)
    letters = name.group(1).rstrip("0123456789") if name else ""
    return f"{body or 'unknown camera'} in {place}{' ' + letters if letters else ''}"


def on_one_line(text: str) -> str:
    """The text without control characters: a stranger's EXIF or QR code may hold anything, and no database takes a NUL."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _plain(value: object) -> str:
    """An EXIF text without padding, control characters or excess length: it is shown to people."""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return on_one_line("" if value is None else str(value)[:1000])[:60]
