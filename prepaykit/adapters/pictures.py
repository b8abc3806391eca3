"""Opening a picture for the lab: JPEG only, not too large, and whatever a decoder says of a damaged one is one sentence."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from prepaykit.errors import NeighbourFailed, PrepaykitError

MOST_PIXELS = 120_000_000
"""As many as picture day takes in: a larger picture lies there by mistake, or to do harm, and is never unpacked."""


@contextmanager
def opened_jpeg(content: bytes, name: str) -> Iterator[Image.Image]:
    """The picture while it is open. Raises NeighbourFailed, naming it by `name`, when it is too large, damaged or no JPEG.

    >>> with opened_jpeg(b"GIF89a", "A/IMG_0001.JPG"):
    ...     pass
    Traceback (most recent call last):
    prepaykit.errors.NeighbourFailed: A/IMG_0001.JPG is not a sound JPEG
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd EXIF and of size; the limit here is ours
            with Image.open(io.BytesIO(content), formats=["JPEG"]) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise NeighbourFailed(_too_large(name))
                yield picture
    except PrepaykitError:
        raise
    except (Image.DecompressionBombError, MemoryError):
        raise NeighbourFailed(_too_large(name)) from None
    except Exception:  # whatever a decoder says about a hostile file
        raise NeighbourFailed(f"{name} is not a sound JPEG") from None


def _too_large(name: str) -> str:
    return f"{name} is too large a picture: more than {MOST_PIXELS // 10**6} megapixels, or than there is memory for"
