"""A lab that picks up folders: one sealed folder a batch, with pictures, order file and packing lists.

    <key>/bagit.txt bag-info.txt manifest-sha256.txt tagmanifest-sha256.txt     a bag (RFC 8493)
    <key>/data/order.csv order.json                one row a print, in packing order, with its file
    <key>/data/digital.csv                         one row a digital picture, with its file; not there if there is none
    <key>/data/manifest.json                       one entry a picture: file, checksum, checksum as shot, prints, how it was cropped
    <key>/data/images/<teacher-class>/…            each distinct picture once a class
    <key>/data/digital/<teacher-class>/…           those that go to parents as files, and are not printed
    <key>/data/packing/…                           packing lists to print

A picture that a person cropped is in the folder as it was cropped; nothing is left for the lab to cut (`crop` of the manifest is for the record).

The folder is made aside, forced onto the disk and renamed in one go, so the lab never sees half of it. Sent again under the
same key, the folder that stands there is checked, file by file, and left alone. The same payload gives the same bytes.

The lab should copy the folder, not move it, until `prepaykit send` has reported it as sent.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from prepaykit.adapters.csv_cells import csv_bytes
from prepaykit.adapters.durable import alone_in, disk_errors, file_name, sync_folder, write_durably
from prepaykit.adapters.lab import bag
from prepaykit.adapters.lab.jpeg import without_metadata
from prepaykit.adapters.lab.layout import DIGITAL_COLUMNS, ORDER_COLUMNS, Picture, is_digital, lay_out
from prepaykit.adapters.lab.packing import packing_files
from prepaykit.errors import NeighbourFailed

OpenBytes = Callable[[str, str], bytes]
HEAD = ("job", "batch", "kind", "school", "ship_to")


def write_package(payload: dict, key: str, *, out_dir: str | Path, open_bytes: OpenBytes) -> str:
    """Write the lab's folder of a released batch, once; a second time it only checks that it stands as written.

    `payload` is what the release froze; `open_bytes(root, path)` gives a picture's bytes. Every picture is checked against the
    SHA-256 of the release and written upright without the camera's metadata. Returns the receipt. Raises NeighbourFailed,
    leaving nothing behind, when a picture is gone or has changed, when the disk is full, or when a folder of that name with
    other contents stands there.
    """
    out, name = Path(out_dir), file_name(key)
    with disk_errors(f"package {name} could not be written"), alone_in(out):
        for stale in out.glob(".tmp-*"):  # nobody else writes here now, so these are of killed runs
            shutil.rmtree(stale) if stale.is_dir() else stale.unlink()
        final = out / name
        if final.exists():
            _check_same(final, payload, key)
        else:
            _build(out / f".tmp-{name}", payload, key, open_bytes)
            (out / f".tmp-{name}").rename(final)
            sync_folder(out)
        return _receipt(final, payload)


def payload_digest(payload: dict) -> str:
    """SHA-256 of what was promised, whatever the order of its keys."""
    text = json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read_checked(one: Picture | dict, open_bytes: OpenBytes) -> bytes:
    """A picture's bytes, if they are still those that were released."""
    root, path, digest = (
        (one.root, one.path, one.sha256) if isinstance(one, Picture) else (one["root"], one["path"], one["sha256"])
    )
    content = open_bytes(root, path)
    if hashlib.sha256(content).hexdigest() != digest:
        raise NeighbourFailed(
            f"frame {path} has changed since it was released; put the file back as it was and send again"
        )
    return content


def _build(folder: Path, payload: dict, key: str, open_bytes: OpenBytes) -> None:
    try:
        data, prints = folder / "data", payload["prints"]
        pictures = lay_out(prints, with_names=payload.get("file_names") == "name")
        entries, file_of = [], {}
        for picture in pictures:
            content = without_metadata(read_checked(picture, open_bytes), picture.path, crop=picture.crop)
            write_durably(data / picture.file, content)
            digest = hashlib.sha256(content).hexdigest()
            entries.append(
                {
                    "file": picture.file,
                    "sha256": digest,
                    "sha256_as_shot": picture.sha256,
                    "print_nos": list(picture.print_nos),
                    **({"crop": picture.crop} if picture.crop else {}),
                }
            )
            file_of |= dict.fromkeys(picture.print_nos, (picture.file, digest))
        rows = [_order_row(one, *file_of[one["print_no"]]) for one in prints if not is_digital(one)]
        files = [_digital_row(one, *file_of[one["print_no"]]) for one in prints if is_digital(one)]
        head = {c: payload.get(c) for c in HEAD}
        write_durably(data / "order.csv", csv_bytes(ORDER_COLUMNS, rows))
        if files:
            write_durably(data / "digital.csv", csv_bytes(DIGITAL_COLUMNS, files))
        lines = payload.get("lines") or []
        write_durably(data / "order.json", _json({**head, "lines": lines, "prints": rows, "digital": files}))
        write_durably(data / "manifest.json", _json({**head, "images": entries}))
        for path, content in packing_files(payload).items():
            write_durably(data / path, content)
        info = {"External-Identifier": key, "Payload-Promised-SHA256": payload_digest(payload)}
        if payload.get("released_on"):
            info["Bagging-Date"] = str(payload["released_on"])
        bag.seal(folder, info)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _order_row(one: dict, file: str, digest: str) -> dict:
    # Where the file lay on the studio's machine is nobody's business at the lab.
    return {**{c: one.get(c) for c in ORDER_COLUMNS}, "file": file, "file_sha256": digest}


def _digital_row(one: dict, file: str, digest: str) -> dict:
    row = _order_row(one, file, digest)
    return {"picture_no": row.pop("print_no"), **row}


def _check_same(final: Path, payload: dict, key: str) -> None:
    info = bag.read_info(final)
    if (info.get("External-Identifier"), info.get("Payload-Promised-SHA256")) != (key, payload_digest(payload)):
        raise NeighbourFailed(
            f"package {final.name} stands in the lab's folder with other contents; ask the lab, then move it away"
        )
    bag.check(final)


def _receipt(final: Path, payload: dict) -> str:
    images = sum(path.startswith("data/images/") for path in bag.read_manifest(final))
    return f"{final.name} {counted(payload)}, {images} images, sha256:{bag.sha256_of(final / bag.MANIFEST)}"


def counted(payload: dict) -> str:
    """How many pictures a package holds, for receipts: `44 prints, 3 digital pictures`."""
    digital = sum(is_digital(one) for one in payload["prints"])
    return f"{len(payload['prints']) - digital} prints" + (
        f", {digital} digital picture{'' if digital == 1 else 's'}" if digital else ""
    )


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
