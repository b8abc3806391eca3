"""Short forms and variants of given names: Bill is William, Lupe is Guadalupe, Kaitlyn is Catelyn.

Rule: two names belong together if the table says that one is a form of the other, or both are forms of the same name.
`nicknames.csv` has one row a pair: name, short_form, source; so each pair can be questioned. Pairs marked "nicknames 1.0.1"
are from that package (Apache-2.0, see `NOTICE.txt`), all others are our own. What a person has taught a job (`learnt`) is
added for that job alone, as rows of the same form: nothing is learnt that cannot be read.

Known limits: the table knows English and Spanish best. Cut-off forms (Jen, Alejandr) need no row: see `forms.clipped`.
Source: matching.md 2 (nickname tables), 5 (write 2).
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import numpy as np
import pandas as pd

COLUMNS = ["name", "short_form", "source"]


@lru_cache(maxsize=1)
def known_nicknames() -> pd.DataFrame:
    """The shipped table: one row is a pair of name and short form, with its source.

    >>> table = known_nicknames()
    >>> table[(table["name"] == "guadalupe") & (table["short_form"] == "lupita")]["source"].tolist()
    ['own: Spanish short forms']
    """
    return _shipped("nicknames.csv")


@lru_cache(maxsize=1)
def known_frequencies() -> dict[str, dict[str, float]]:
    """How many of a million bear a common first name or surname: {"first": {name: per million}, "last": …}.

    >>> known_frequencies()["last"]["smith"] > known_frequencies()["last"]["bloom"]
    True
    """
    table = _shipped("frequencies.csv")
    return {
        part: dict(zip(rows["name"], rows["per_million"].astype(float), strict=True))
        for part, rows in table.groupby("part")
    }


def forms_of(names: list[str], learnt: pd.DataFrame | None = None) -> pd.DataFrame:
    """Each name with the names that it may be a form of, itself included: columns `at` (place in `names`) and `key`.

    Two names belong together if they share a key. `learnt`: further rows of name and short_form.

    >>> keys = forms_of(["bill", "william", "will"])
    >>> set(keys[keys["at"] == 0]["key"]) & set(keys[keys["at"] == 1]["key"]) >= {"william", "bill"}
    True
    """
    beside = _beside()
    more: dict[str, list[str]] = {}
    if learnt is not None and len(learnt):
        for name, short in zip(learnt["name"], learnt["short_form"], strict=True):
            more.setdefault(name, []).append(short)
            more.setdefault(short, []).append(name)
    keys = [list(dict.fromkeys([n, *beside.get(n, ()), *more.get(n, ())])) for n in names]
    at = np.repeat(np.arange(len(names)), [len(k) for k in keys]) if names else np.empty(0, dtype=np.int64)
    return pd.DataFrame({"at": at, "key": pd.Series([k for each in keys for k in each], dtype="object")})


@lru_cache(maxsize=1)
def _beside() -> dict[str, list[str]]:
    """For each name of the shipped table the names that stand beside it in a row."""
    table, result = known_nicknames(), {}
    for name, short in zip(table["name"].tolist(), table["short_form"].tolist(), strict=True):
        result.setdefault(name, []).append(short)
        result.setdefault(short, []).append(name)
    return result


def _shipped(name: str) -> pd.DataFrame:
    text = files("prepaykit.rules.matching").joinpath(name).read_text(encoding="utf-8")
    head, *rows = (line.split(",") for line in text.splitlines())
    return pd.DataFrame(rows, columns=head)
