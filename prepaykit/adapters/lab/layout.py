"""Where each print's picture goes in a lab package, and what the order file says of it.

Each distinct picture is stored once per class folder, under the first print that uses it, and every print names its file: a
group picture that thirty children ordered is one file, not thirty. Files carry print number and access code; a picture that
several children use (a class) carries `group` instead. A picture that a person cropped lies there as it was cropped, a file of its own
for each crop; the order file does not repeat the crop, or a lab would cut twice. With the child's name only if the job says so. A digital picture is no
print: it lies in a folder of its own and stands in a list of its own, so that nobody prints it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from prepaykit.tables.device_names import is_device_name

ORDER_COLUMNS = ["print_no", "order_no", "access_code", "first_name", "last_name", "group", "teacher", "grade", "product_code",
                 "product_name", "size", "quantity", "file", "file_sha256"]  # fmt: skip
DIGITAL_COLUMNS = ["picture_no", *ORDER_COLUMNS[1:]]
NO_CLASS = "no-class"
_LETTERS = str.maketrans({
    "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ß": "ss", "æ": "ae",
    "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ı": "i", "ħ": "h", "Ħ": "H", "ŋ": "n", "Ŋ": "N", "ŧ": "t", "Ŧ": "T", "’": "", "'": "",
})  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """A file of the package: where it lies, where it came from, and which prints use it."""

    file: str
    root: str
    path: str
    sha256: str
    print_nos: tuple[int, ...]
    crop: str | None = None


def ascii_name(*parts: str | None) -> str:
    """Names as a plain file name.

    >>> ascii_name("Zoë", "Łukasiewicz-O'Brien"), ascii_name("../..", None), ascii_name("李")
    ('Zoe-Lukasiewicz-OBrien', '', '')
    """
    text = unicodedata.normalize("NFKD", " ".join(p for p in parts if p).translate(_LETTERS))
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in text if not unicodedata.combining(c))
    return "-".join(part for part in kept.split("-") if part)[:60].strip("-")


def is_digital(one: dict) -> bool:
    """True for a picture that goes to the parents as a file, and is not printed."""
    return one.get("delivery") == "digital"


def class_folders(prints: Iterable[dict]) -> dict[tuple[str | None, str | None], str]:
    """(teacher, class) → folder, in packing order. Two that would share a name get a number: the same bag for nobody else."""
    folders: dict[tuple[str | None, str | None], str] = {}
    taken: set[str] = set()
    for one in prints:
        who = class_of(one)
        if who in folders:
            continue
        base = ascii_name(*who) or NO_CLASS
        name = base = f"class-{base}" if is_device_name(base) else base
        number = 2
        while name.casefold() in taken:
            name, number = f"{base}-{number}", number + 1
        taken.add(name.casefold())
        folders[who] = name
    return folders


def class_of(one: dict) -> tuple[str | None, str | None]:
    """(teacher, class) of a print."""
    return one.get("teacher") or None, one.get("group") or None


def lay_out(prints: list[dict], *, with_names: bool) -> list[Picture]:
    """The pictures of a package, each once per class folder, in packing order: those to print, then the digital ones."""
    prints = sorted(prints, key=is_digital)
    folders = class_folders(prints)
    users: dict[tuple[str, str, str | None], list[dict]] = {}
    for one in prints:
        folder = f"{'digital' if is_digital(one) else 'images'}/{folders[class_of(one)]}"
        users.setdefault((folder, one["sha256"], one.get("crop")), []).append(one)
    return [
        Picture(
            f"{folder}/{_file_stem(mine, with_names=with_names)}.jpg",
            mine[0]["root"],
            mine[0]["path"],
            digest,
            tuple(one["print_no"] for one in mine),
            crop,
        )
        for (folder, digest, crop), mine in users.items()
    ]


def _file_stem(mine: list[dict], *, with_names: bool) -> str:
    first, number = mine[0], f"{mine[0]['print_no']:05d}"
    if len({one["access_code"] for one in mine}) > 1:
        return f"{number}_group"
    parts = [ascii_name(first.get("last_name"), first.get("first_name"))] if with_names else []
    return "_".join(p for p in (number, *parts, ascii_name(first["access_code"])) if p)
