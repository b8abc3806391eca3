"""Matching orders with the names list.

`match_exactly` is certain and never guesses; `match_orders` weighs what is only alike, decides what is certain, and ranks the rest
with its reasons; `match_in_full` gives candidates and evidence beside the decisions; `explain` shows why, as bars in bits.
All but the first are loaded when they are first used, so that a job that needs no weighing starts at once.
"""

from importlib import import_module

from prepaykit.rules.matching.exact import match_exactly

_HOME_OF = {
    "Matched": "in_full",
    "match_in_full": "in_full",
    "match_orders": "in_full",
    "explain": "explaining",
    "decoy_report": "decoys",
}

__all__ = ["Matched", "decoy_report", "explain", "match_exactly", "match_in_full", "match_orders"]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module prepaykit.rules.matching has no name {name}")
    return getattr(import_module(f"prepaykit.rules.matching.{_HOME_OF[name]}"), name)
