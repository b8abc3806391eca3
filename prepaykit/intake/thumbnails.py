"""Small pictures of the frames, kept beside the studio so that nothing large is decoded to look at a job."""

from __future__ import annotations

import os
from pathlib import Path

EDGE = 512


def thumbnail_path(folder: str | os.PathLike[str], sha256: str) -> Path:
    """Where the thumbnail of a file with these bytes is kept below the folder `thumbs` of a studio: at most 512 pixels an edge.

    >>> thumbnail_path("studio/thumbs", "ab12cd").as_posix()
    'studio/thumbs/ab/ab12cd.jpg'
    """
    return Path(folder) / sha256[:2] / f"{sha256}.jpg"
