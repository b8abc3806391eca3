"""Access codes: issued so that one slip of a finger never lands on another child.

Problem: a code is read out, typed and handwritten. With serial numbers one wrong digit in eleven is another child's code.
Rule: six random symbols from an alphabet without look-alikes, and two check symbols of a Reed-Solomon code over GF(23),
printed XXXX-XXXX; any two such codes differ in at least three places, so one or two wrong symbols, a swap of neighbours
and a swap around one symbol are always seen without any list. A new code is only issued when it is at least four edits
(typing, leaving out, adding a symbol, swapping neighbours) away from every code of the season, so that after one slip the
true code is the only one within reach.

Worked case: `normal_code(" wrw6a9qe ")` is `WRW6-A9QE`, because its check holds; a code from elsewhere stays as it is written.
Known limits: a check symbol is no secret, anybody can work it out; codes from elsewhere are not checked, only kept.

Source: matching.md 5; domain.md 6.2.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import combinations

import numpy as np

from prepaykit.errors import Refused, UsageError

ALPHABET = "34679ACDEFHJKMNPQRTVWXY"
LEAST_EDITS = 4

_FIELD = len(ALPHABET)
_DATA, _SYMBOLS = 6, 8
# 5 generates all 22 non-zero elements of GF(23), so its first eight powers are distinct: that makes the distance three.
_WEIGHTS = np.array([pow(5, i, _FIELD) for i in range(_SYMBOLS)])
_DIGIT = {symbol: i for i, symbol in enumerate(ALPHABET)}
_ELSEWHERE = _FIELD
_SHARED = _SYMBOLS - (LEAST_EDITS - 1)


def issue_codes(count: int, taken: Iterable[str], *, seed: int) -> list[str]:
    """Give new access codes, each at least four edits from every code of the season and from each other.

    `taken`: all codes in use in any job, own or from elsewhere. The same `seed` and `taken` give the same codes.
    Raises Refused when the register is so full that no free code is found. Source: matching.md 5.

    >>> issue_codes(2, ["ACDE-FHTX"], seed=7)
    ['WRW6-A9QE', 'A7KF-MJN6']
    """
    if count < 0 or seed < 0:
        raise UsageError(f"count and seed are 0 or more; got count={count}, seed={seed}")
    register = sorted({compact(code) for code in taken})
    random = np.random.default_rng([seed, len(register)])
    chosen, rounds = np.empty((0, _SYMBOLS), dtype=np.int64), 0
    others = _Near([_digits(code) for code in register])
    while len(chosen) < count:
        drawn = _with_check(random.integers(0, _FIELD, size=(int((count - len(chosen)) * 1.5) + 16, _DATA)))
        free = drawn[~others.touches(drawn)]
        free = free[~_Near(chosen).touches(free)]
        chosen = np.concatenate([chosen, _apart(free)])
        rounds += 1
        if rounds > 200:
            raise Refused(
                f"no free access code found: {len(register)} codes are in the season's register. Archive old seasons first."
            )
    letters = np.array(list(ALPHABET))[chosen[:count]]
    return [f"{''.join(row[:4])}-{''.join(row[4:])}" for row in letters]


def is_own_form(code: str) -> bool:
    """True if the text is one of our codes: eight symbols of the alphabet whose check holds, hyphen and case aside.

    >>> is_own_form("wrw6a9qe"), is_own_form("WRW6-A9EQ"), is_own_form("104233")
    (True, False, False)
    """
    text = compact(code)
    if len(text) != _SYMBOLS or any(symbol not in _DIGIT for symbol in text):
        return False
    digits = np.array([_DIGIT[symbol] for symbol in text])
    return int(digits.sum()) % _FIELD == 0 and int(digits @ _WEIGHTS) % _FIELD == 0


def normal_code(text: str) -> str:
    """Write a code the one way it is stored: ours upper case with its hyphen, one from elsewhere as it is, trimmed.

    >>> normal_code(" wrw6a9qe "), normal_code("001234 "), normal_code("1e5")
    ('WRW6-A9QE', '001234', '1e5')
    """
    kept = "".join(c for c in str(text) if unicodedata.category(c) not in ("Cf", "Cc")).strip()
    if not is_own_form(kept):
        return kept
    symbols = compact(kept)
    return f"{symbols[:4]}-{symbols[4:]}"


def nearest_codes(code: str, codes: Iterable[str], *, most_edits: int = 2) -> list[str]:
    """List the codes that somebody may have meant, the nearest first; those equally near in alphabetical order.

    An edit is one symbol typed wrong, left out or added, or two neighbours swapped; case and hyphens do not count.

    >>> nearest_codes("WRW6-A9EQ", ["A7KF-MJN6", "WRW6-A9QE"])
    ['WRW6-A9QE']
    """
    wanted = compact(code)
    by_length: dict[int, list[str]] = {}
    for other in sorted(set(codes)):
        size = len(compact(other))
        if abs(size - len(wanted)) <= most_edits:
            by_length.setdefault(size, []).append(other)
    near: list[tuple[int, str]] = []
    for size, others in by_length.items():
        there = np.array([[ord(c) for c in compact(o)] for o in others], dtype=np.int64).reshape(len(others), size)
        here = np.broadcast_to(np.array([ord(c) for c in wanted], dtype=np.int64), (len(others), len(wanted)))
        near += [(int(n), o) for n, o in zip(_edits(here, there), others, strict=True) if n <= most_edits]
    return [other for _, other in sorted(near)]


def compact(code: str) -> str:
    """A code as it is compared: upper case, without blanks, hyphens and invisible signs."""
    return "".join(
        c for c in str(code).upper() if not (c == "-" or c.isspace() or unicodedata.category(c) in ("Cf", "Cc"))
    )


# --- inside ------------------------------------------------------------------------------------------------------------


def _with_check(data: np.ndarray) -> np.ndarray:
    """Append the two symbols that make both check sums zero."""
    plain = data.sum(axis=1)
    weighted = data @ _WEIGHTS[:_DATA]
    sixth, seventh = int(_WEIGHTS[_DATA]), int(_WEIGHTS[_DATA + 1])
    last = (sixth * plain - weighted) * pow(seventh - sixth, -1, _FIELD) % _FIELD
    return np.column_stack([data, (-plain - last) % _FIELD, last])


def _digits(text: str) -> np.ndarray:
    return np.array([_DIGIT.get(symbol, _ELSEWHERE) for symbol in text], dtype=np.int64)


def _keys(digits: np.ndarray) -> np.ndarray:
    """Every choice of `_SHARED` symbols in their order, as one number; -1 where a symbol is not of the alphabet."""
    powers = _FIELD ** np.arange(_SHARED)
    places = np.array(list(combinations(range(digits.shape[1]), _SHARED)))
    picked = digits[:, places]
    return np.where((picked == _ELSEWHERE).any(axis=2), -1, picked @ powers)


def _edits(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Edits between the rows of two tables of symbols: substitution, insertion, deletion, swap of neighbours."""
    pairs, size = here.shape
    before: list[np.ndarray] = []
    row = [np.full(pairs, j) for j in range(there.shape[1] + 1)]
    for i in range(1, size + 1):
        last, before, row = before, row, [np.full(pairs, i)]
        for j in range(1, there.shape[1] + 1):
            same = here[:, i - 1] == there[:, j - 1]
            least = np.minimum(before[j - 1] + ~same, np.minimum(before[j], row[j - 1]) + 1)
            if i > 1 and j > 1:
                swapped = (here[:, i - 1] == there[:, j - 2]) & (here[:, i - 2] == there[:, j - 1])
                least = np.where(swapped, np.minimum(least, last[j - 2] + 1), least)
            row.append(least)
    return row[-1]


class _Near:
    """An index of codes that finds those fewer than four edits from a new one, without comparing all with all.

    Each edit costs both codes at most one symbol, so two codes three edits apart share five symbols in their order.
    """

    def __init__(self, codes: Iterable[np.ndarray]):
        by_length: dict[int, list[np.ndarray]] = {}
        for digits in codes:
            if abs(len(digits) - _SYMBOLS) < LEAST_EDITS:
                by_length.setdefault(len(digits), []).append(digits)
        self._parts = []
        for rows in by_length.values():
            digits = np.array(rows)
            keys = _keys(digits)
            owners = np.repeat(np.arange(len(digits)), keys.shape[1])
            order = np.argsort(keys.ravel(), kind="stable")
            self._parts.append((digits, keys.ravel()[order], owners[order]))

    def touches(self, new: np.ndarray) -> np.ndarray:
        """For each new code: is any indexed code nearer than four edits?"""
        touched = np.zeros(len(new), dtype=bool)
        for digits, keys, owners in self._parts:
            mine, theirs = _meetings(_keys(new), keys, owners)
            touched[mine[_edits(new[mine], digits[theirs]) < LEAST_EDITS]] = True
        return touched


def _meetings(new: np.ndarray, keys: np.ndarray, owners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs (row of `new`, owner) that share a key, each once."""
    flat = new.ravel()
    low, high = np.searchsorted(keys, flat, "left"), np.searchsorted(keys, flat, "right")
    counts = high - low
    rows = np.repeat(np.repeat(np.arange(len(new)), new.shape[1]), counts)
    starts = np.repeat(low - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) if len(flat) else low
    found = owners[np.arange(int(counts.sum())) + starts]
    width = int(owners.max()) + 1 if len(owners) else 1
    pairs = np.unique(rows * width + found)
    return pairs // width, pairs % width


def _apart(codes: np.ndarray) -> np.ndarray:
    """The codes without those that are too near to an earlier one."""
    if not len(codes):
        return codes
    keys = _keys(codes)
    order = np.argsort(keys.ravel(), kind="stable")
    owners = np.repeat(np.arange(len(codes)), keys.shape[1])
    first, second = _meetings(keys, keys.ravel()[order], owners[order])
    earlier = first < second
    first, second = first[earlier], second[earlier]
    near = _edits(codes[first], codes[second]) < LEAST_EDITS
    kept = np.ones(len(codes), dtype=bool)
    by_second = np.lexsort((first[near], second[near]))
    for a, b in zip(first[near][by_second], second[near][by_second], strict=True):
        # Whether `a` stays is settled by now: all its own meetings with earlier codes come before this one.
        kept[b] &= not kept[a]
    return codes[kept]
