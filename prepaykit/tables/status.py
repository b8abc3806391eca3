"""The status machines: which status may follow which, stated once.

The Plan refuses a move that is not listed here, the database takes the allowed values from here, and the README's
tables are drawn from here. `open` of an order means: in an order collection that has not been placed yet; `held` means:
in a collection split off because a picture (or money) was missing.

>>> MACHINES["orders"].allows("open", "in_batch"), MACHINES["orders"].allows("released", "cancelled")
(True, False)

Source: domain.md 3.2 (job), 3.4 (order), 3.5 (collection, batch).
"""

from __future__ import annotations

from dataclasses import dataclass

# Where an order can be, in four words that every layer shares.
WAITING = ("open", "held")  # in an order collection
ON_ITS_WAY = ("in_revision", "in_batch")  # placed, not yet sent to production
LIVE = WAITING + ON_ITS_WAY  # may still change
SETTLED = ("released", "cancelled")  # final


@dataclass(frozen=True)
class Machine:
    """One table's status column: `first` is where a new row starts, `moves` lists what may follow each status."""

    first: str
    moves: dict[str, tuple[str, ...]]

    @property
    def values(self) -> tuple[str, ...]:
        """All statuses, in the order of a usual life."""
        return tuple(self.moves)

    def allows(self, before: str, after: str) -> bool:
        """True if a row may go from `before` to `after`; staying is always allowed."""
        return before == after or after in self.moves.get(before, ())


MACHINES: dict[str, Machine] = {
    "jobs": Machine(
        "planning",
        {
            "planning": ("prepay", "selling"),
            "prepay": ("planning", "selling"),
            "selling": ("planning", "archived"),
            "archived": ("selling",),
        },
    ),
    "orders": Machine(
        "open",
        {
            "open": ("held", "in_revision", "in_batch", "cancelled"),
            "held": ("in_revision", "in_batch", "cancelled"),
            "in_revision": ("in_batch", "held", "cancelled"),
            "in_batch": ("released", "held", "in_revision", "cancelled"),
            "released": (),
            "cancelled": (),
        },
    ),
    "collections": Machine("open", {"open": ("placed",), "placed": ()}),
    "batches": Machine("open", {"open": ("released",), "released": ()}),
    "revisions": Machine("waiting", {"waiting": ("released", "withdrawn"), "released": (), "withdrawn": ()}),
    "refunds": Machine(
        "planned",
        {
            "planned": ("confirmed", "sending", "withdrawn"),
            "confirmed": ("sending", "succeeded", "pending", "failed", "review", "blocked", "withdrawn"),
            "sending": ("confirmed", "succeeded", "pending", "unknown", "failed", "review", "blocked"),
            "unknown": ("sending", "succeeded", "pending", "failed", "review", "blocked"),
            "pending": ("succeeded", "failed", "review"),
            "review": ("confirmed", "sending", "succeeded", "withdrawn"),
            "blocked": ("confirmed", "sending", "succeeded", "withdrawn"),
            "succeeded": ("failed",),
            "failed": (),
            "withdrawn": (),
        },
    ),
    "service_fees": Machine(
        "charged",
        {
            "charged": ("to_claim",),
            "to_claim": ("requested", "credited"),
            "requested": ("credited", "refused"),
            "credited": (),
            "refused": ("requested",),
        },
    ),
    "messages": Machine("queued", {"queued": ("sent", "withdrawn"), "sent": (), "withdrawn": ()}),
}
