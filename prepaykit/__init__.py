"""prepaykit: fulfil prepay orders in school photography, and never lose one.

`Studio` opens a store and gives its jobs; a job's verbs make plans, and only `apply` changes anything. The other functions do
the same work on bare tables, without any store: DataFrames in, DataFrames out. Names are loaded when they are first used, so
that `prepaykit.rules` can be had without a store, a notebook or a camera card reader.
"""

from importlib import import_module

_HOMES = {
    "errors": [
        "IllegalMove",
        "NeighbourFailed",
        "Overtaken",
        "PrepaykitError",
        "Refused",
        "StalePlan",
        "Unbalanced",
        "UsageError",
    ],
    "intake.frames": ["read_cards"],
    "rules.balance": ["balance"],
    "rules.batching": ["pack"],
    "rules.codes": ["issue_codes"],
    "rules.matching": ["match_orders"],
    "rules.pricing": ["parse_items"],
    "rules.sequence": ["sequence_frames"],
    "rules.slots": ["fill_slots"],
    "studio": ["Job", "Studio"],
    "tables.plan": ["Plan"],
    "tables.state": ["JobState"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module prepaykit has no name {name}")
    return getattr(import_module(f"prepaykit.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__
