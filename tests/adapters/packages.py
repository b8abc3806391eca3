"""A small released batch and the pictures it prints, for trying labs on."""

import hashlib
import io

from PIL import Image

from prepaykit.errors import NeighbourFailed

KEY = "maple-grove-2026/batch/1"


def jpeg(colour, size=(60, 90), *, orientation=1, note=b"", icc=None):
    """A picture as a camera writes it: with EXIF (and GPS) and a comment."""
    picture, out = Image.new("RGB", size, colour), io.BytesIO()
    picture.paste("black", (0, 0, size[0], 10))  # marks the top
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SECRETCAM"
    exif.get_ifd(0x8825)[1] = "N"
    picture.save(out, "JPEG", exif=exif, comment=note or b"SECRETNOTE", icc_profile=icc, quality=90)
    return out.getvalue()


class Card:
    """Pictures in memory, as a photographer's card would hold them."""

    def __init__(self):
        self.files = {"a.jpg": jpeg("red"), "b.jpg": jpeg("blue"), "class.jpg": jpeg("green")}

    def open_bytes(self, root, path):
        if path not in self.files:
            raise NeighbourFailed(f"{path} is gone")
        return self.files[path]

    def sha256(self, path):
        return hashlib.sha256(self.files[path]).hexdigest()


def released(card, **changes):
    """Two children of one class and one without a class, in packing order."""
    adams = {"group": "4B", "teacher": "Ms. Ádams", "grade": "4"}
    zoe = {"order_no": "104", "access_code": "AB12-CD34", "first_name": "Zoë", "last_name": "Łuk", **adams}
    bob = {"order_no": "105", "access_code": "EF56-GH78", "first_name": "=Bob", "last_name": "<b>Ray</b>", **adams}
    staff = {
        "order_no": "106",
        "access_code": "JK90-LM12",
        "first_name": "Pat",
        "last_name": "Dee",
        "group": None,
        "teacher": None,
        "grade": None,
    }
    prints = [
        _print(1, zoe, "a.jpg", "8x10", 1),
        _print(2, zoe, "a.jpg", "5x7", 2),
        _print(3, zoe, "class.jpg", "8x10", 1),
        _print(4, bob, "class.jpg", "8x10", 1),
        _print(5, staff, "b.jpg", "5x7", 1),
    ]
    lines = [
        {
            "order_no": "104",
            "access_code": "AB12-CD34",
            "code": "A",
            "name": "Package A",
            "options": "MP",
            "quantity": 1,
        },
        {"order_no": "107", "access_code": "NP34-QR56", "code": "D", "name": "Digital", "options": None, "quantity": 1},
    ]
    payload = {"job": "maple-grove-2026", "school": "Maple Grove", "batch": 1, "kind": "school", "ship_to": "1 Elm Street",
               "file_names": "code", "lines": lines, "prints": [{**p, "sha256": card.sha256(p["path"])} for p in prints]}  # fmt: skip
    return {**payload, **changes}


def _print(number, child, path, size, quantity):
    return {"print_no": number, **child, "product_code": size, "product_name": f"Print {size}", "size": size, "quantity": quantity,
            "root": "card", "path": path}  # fmt: skip
