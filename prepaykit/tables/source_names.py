"""How a folder or zip of pictures, and a file in it, are named to people: enough to find them, and not the whole way through the disk."""

from __future__ import annotations

import re

TOO_LARGE = "too large"
"""How the `problem` of a frame begins that is beyond the limits; any other problem says that the file is no sound picture."""


def source_name(root: str) -> str:
    """The folder or zip with the one it lies in: every camera card holds a DCIM.

    >>> source_name("/pictures/card-a/DCIM"), source_name("/pictures"), source_name("C:\\\\shoots\\\\retake.zip")
    ('card-a/DCIM', 'pictures', 'shoots/retake.zip')
    """
    return "/".join([part for part in re.split(r"[/\\]+", root) if part][-2:])


def file_name(root: str, path: str) -> str:
    """A file as people find it: its source, and its place in that.

    >>> file_name("/pictures/card-a/DCIM", "100CANON/IMG_0001.JPG")
    'card-a/DCIM/100CANON/IMG_0001.JPG'
    """
    return f"{source_name(root)}/{path}"


def is_about(key: str, source: str) -> bool:
    """True if a finding's key is about this source or something in it. A folder that was unpacked stands for its zip too.

    >>> is_about("card-a/DCIM, .db", "card-a/DCIM"), is_about("day/retake.zip", "day/retake"), is_about("day/retake-2, .db", "day/retake")
    (True, True, False)
    """
    return any(key == name or key.startswith((f"{name}, ", f"{name}/")) for name in (source, f"{source}.zip"))
