"""What a person types: decisions as short texts, the same in an option of a command and in a parameter of a notebook.

>>> pairs("118=AB12-CD34 119=AB12-CD34"), words("104001, 104002")
({'118': 'AB12-CD34', '119': 'AB12-CD34'}, ['104001', '104002'])
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from prepaykit.errors import UsageError


def words(text: str | Iterable[str]) -> list[str]:
    """The words of a text, or of several texts: spaces, commas and semicolons part them. Codes stay text."""
    texts = [text] if isinstance(text, str) else text
    return [word for one in texts for word in re.split(r"[\s,;]+", one) if word]


def pairs(text: str | Iterable[str], *, what: str = "the value") -> dict[str, str]:
    """`KEY=VALUE` words as a dictionary. Raises UsageError, naming `what`, for a word without `=` and for a key given twice.

    A list (the option of a command, given several times) is one pair an item, so that its values may hold spaces.

    >>> pairs(["ship_to=1 School Lane"])
    {'ship_to': '1 School Lane'}
    """
    result: dict[str, str] = {}
    for word in words(text) if isinstance(text, str) else text:
        key, sign, value = (part.strip() for part in word.partition("="))
        if not sign or not key:
            raise UsageError(f"{what}: write KEY=VALUE, not {word!r}")
        if result.get(key, value) != value:
            raise UsageError(f"{what}: {key} is given twice, with different values")
        result[key] = value
    return result


def release_choice(text: str | Iterable[str]) -> str | list[str]:
    """Orders to release: their numbers, or the word `clean` for all that have what they need.

    >>> release_choice("clean"), release_choice("104001 104007"), release_choice("")
    ('clean', ['104001', '104007'], [])
    """
    named = words(text)
    if "clean" in named and len(named) > 1:
        raise UsageError("release: either `clean`, or order numbers, not both")
    return "clean" if named == ["clean"] else named


def by_number(decided: dict[str, str], *, what: str) -> dict[int, str]:
    """The same pairs with whole numbers as keys (slots). Raises UsageError, naming `what`, for a key that is none.

    >>> by_number({"17": "finished/17.jpg"}, what="artwork")
    {17: 'finished/17.jpg'}
    """
    return {_number(key, what): value for key, value in decided.items()}


def numbers(decided: dict[str, str], *, what: str) -> dict[int, int]:
    """The same pairs with whole numbers on both sides (slot → frame).

    >>> numbers({"17": "230"}, what="replace")
    {17: 230}
    """
    return {key: _number(value, what) for key, value in by_number(decided, what=what).items()}


def crops(text: str) -> dict[int, str]:
    """Crops of slots: spaces and semicolons part them, for the commas are their own.

    >>> crops("17=0,0.05,1,0.9 18=none")
    {17: '0,0.05,1,0.9', 18: 'none'}
    """
    return by_number(pairs(re.split(r"[\s;]+", text.strip()) if text.strip() else [], what="crop"), what="crop")


def of_blank_cards(text: str) -> dict[str, dict[str, str]]:
    """What is said of blank cards: whose card it was (`bind`: a code), or the name of a child who is not on the list (`name`).

    >>> of_blank_cards("JK78-LM90=AB12-CD34 JK78-LM91=Ada|Lee|3A")
    {'bind': {'JK78-LM90': 'AB12-CD34'}, 'name': {'JK78-LM91': 'Ada|Lee|3A'}}
    """
    said = pairs(text, what="bind")
    return {
        "bind": {card: value for card, value in said.items() if "|" not in value},
        "name": {card: value for card, value in said.items() if "|" in value},
    }


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise UsageError(f"{what}: {text!r} is not a number such as 118")
    return int(text)
