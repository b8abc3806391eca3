"""A lab in memory, for tests and rehearsals: the same promises as the real one, no disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from prepaykit.adapters.lab.folder import OpenBytes, counted, payload_digest, read_checked
from prepaykit.errors import NeighbourFailed


@dataclass
class MemoryLab:
    """Keeps what it was sent: `packages` is key → payload."""

    open_bytes: OpenBytes
    packages: dict[str, dict] = field(default_factory=dict)

    def __call__(self, payload: dict, key: str) -> str:
        """Take a package, once a key. Returns the receipt."""
        known = self.packages.get(key)
        if known is not None and payload_digest(known) != payload_digest(payload):
            raise NeighbourFailed(f"package {key} is here with other contents; ask the lab")
        if known is None:
            for one in payload["prints"]:
                read_checked(one, self.open_bytes)
            self.packages[key] = payload
        return f"{key} {counted(payload)}, sha256:{hashlib.sha256(payload_digest(payload).encode()).hexdigest()}"
