"""A campaign's addresses as one CSV file for a mail program, once per key. Nothing is mailed from here.

>>> import tempfile
>>> folder = tempfile.TemporaryDirectory()
>>> payload = {"campaign": "proofing", "rows": [{"audience": "buyer", "address": "a@example.org", "access_codes": "AB12-CD34"}]}
>>> write_merge_file(payload, "maple/sell/proofing", out_dir=folder.name).split(" sha256:")[0]
'maple-sell-proofing.csv 1 addresses'
>>> folder.cleanup()
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from prepaykit.adapters.csv_cells import csv_bytes
from prepaykit.adapters.durable import alone_in, disk_errors, file_name, sync_folder, write_durably
from prepaykit.errors import NeighbourFailed

COLUMNS = ["campaign", "audience", "address", "access_codes"]


def write_merge_file(payload: dict, key: str, *, out_dir: str | Path) -> str:
    """Write the campaign's file; a second time with the same key it is left alone. Returns the receipt.

    One row is a message to one address: campaign, audience, address, access_codes (space-separated). UTF-8 with a byte order
    mark, which mail programs and spreadsheets recognise. Raises NeighbourFailed when a file of that name with other contents
    stands there, or the disk does not do it.
    """
    rows = [{"campaign": payload["campaign"], "audience": payload.get("audience"), **row} for row in payload["rows"]]
    rows = [{**row, "access_codes": _spaced(row["access_codes"])} for row in rows]
    content = csv_bytes(COLUMNS, rows, encoding="utf-8-sig")
    folder, name = Path(out_dir), f"{file_name(key)}.csv"
    with disk_errors(f"the mail file {name} could not be written"), alone_in(folder):
        if (folder / name).exists():
            if (folder / name).read_bytes() != content:
                raise NeighbourFailed(
                    f"{name} stands in the mail folder with other contents; move it away and send again"
                )
        else:
            write_durably(folder / f".tmp-{name}", content)
            (folder / f".tmp-{name}").replace(folder / name)
            sync_folder(folder)
    return f"{name} {len(rows)} addresses sha256:{hashlib.sha256(content).hexdigest()[:16]}"


def _spaced(codes: str | list[str]) -> str:
    return codes if isinstance(codes, str) else " ".join(codes)
