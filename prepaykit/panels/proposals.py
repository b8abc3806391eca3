"""Proposals as presses: what one says in words, and the choice it comes to, the same that `prepaykit codes --take KEY` keeps.

A proposal is named by the key of `code_causes`: verb, from what, to which code (`tag:118=AB12-CD34`). Frames and children of orders are named in
the choice so that they hold in a job made anew. Source: rules/taken_proposals.py, rules/slot_names.py.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from prepaykit.rules.choosing import NO_CARD

KIND_OF_VERB = {"tag": "tag", "relabel": "relabel", "bind": "bind", "order_code": "order_code", "show": "hide"}
TO_A_CHILD = ("tag", "relabel", "bind")


class Proposal(NamedTuple):
    """A correction: `verb` (relabel, tag, bind, order_code, show), from what, to which code."""

    verb: str
    origin: str
    to: str


def read_proposal(key: str) -> Proposal | None:
    """The proposal of that key; None for a text that is none.

    >>> read_proposal("tag:118=AB12-CD34")
    Proposal(verb='tag', origin='118', to='AB12-CD34')
    >>> read_proposal("AB12-CD34") is None
    True
    """
    verb, _, rest = key.partition(":")
    origin, _, to = rest.rpartition("=") if verb != "show" else (rest, "", "shown")
    return Proposal(verb, origin, to) if verb in KIND_OF_VERB and origin else None


def words_of(proposal: Proposal) -> str:
    """A correction in a few words; without `to`, the child is the one at hand.

    >>> words_of(Proposal("relabel", "AB12-CD35", "AB12-CD34"))
    'card AB12-CD35 → AB12-CD34'
    >>> words_of(Proposal("tag", "118", ""))
    'frames from 118'
    """
    verb, origin, to = proposal
    if verb in ("order_code", "show"):
        return f"for {to}" if verb == "order_code" else f"show frame {origin} again"
    if not to:
        return {"tag": f"frames from {origin}", "relabel": f"card {origin}", "bind": f"blank card {origin}"}[verb]
    return {
        "tag": f"frames from {origin} → {to}",
        "relabel": f"card {origin} → {to}",
        "bind": f"blank card {origin} → {to}",
    }[verb]


def choice_of(proposal: Proposal, ref: str, marked: pd.Series) -> tuple[str, str, str]:
    """Kind, target and value of the choice. `ref`: the child of the order as it was bought; `marked`: frames as choices name them."""
    verb, origin, to = proposal
    target = {"order_code": ref, "tag": marked.get(origin, origin), "show": marked.get(origin, origin)}.get(
        verb, origin
    )
    return KIND_OF_VERB[verb], target, "shown" if verb == "show" else to or NO_CARD


def contradiction(one: tuple[str, str, str], other: tuple[str, str, str]) -> str:
    """What two choices both speak of, if they cannot both be right; else nothing.

    >>> contradiction(("tag", "118", "X-1"), ("tag", "118", "X-2"))
    'the same frames'
    >>> contradiction(("tag", "118", "X-1"), ("relabel", "X-9", "X-1"))
    'the same child'
    >>> contradiction(("order_code", "104001", "X-1"), ("order_code", "104001", "X-2"))
    'the same order'
    """
    if one[0] == "order_code" and one != other and one[:2] == other[:2]:
        return "the same order"
    if one == other or one[0] not in TO_A_CHILD or other[0] not in TO_A_CHILD:
        return ""
    if one[:2] == other[:2]:
        return "the same frames"
    return "the same child" if one[2] == other[2] else ""
