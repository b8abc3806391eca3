"""Normal forms: how names, teachers, grades and schools are written before they are compared.

Problem: `GARCÍA-LÓPEZ`, `Garcia Lopez`, `De la Cruz`, `O'Brien`, `Mrs. Hewitt`, `Rm 12`, `3rd grade` and `Lincoln Elementary`
are written in many ways that mean the same. Rule: what only differs in capitals, accents, signs, titles, suffixes or the
wording of a form is the same; what a parent may have put into the wrong field is tried in both, at a price.

Worked case: first name empty, last name `Lopez, Sofía Jr.` is read as first `sofia`, last `lopez`.
Known limits: names in scripts without case are compared as they are; nothing is transliterated.
Source: matching.md 3, 5 (write 1); domain.md 7.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

PARTICLES = frozenset(
    [
        "de",
        "del",
        "dela",
        "della",
        "da",
        "das",
        "do",
        "dos",
        "di",
        "du",
        "la",
        "las",
        "le",
        "los",
        "van",
        "von",
        "der",
        "den",
        "ter",
        "ten",
        "el",
        "al",
        "bin",
        "ben",
        "ibn",
        "abu",
        "st",
        "saint",
        "mac",
        "mc",
        "o",
        "d",
        "san",
        "santa",
    ]
)
SUFFIXES = frozenset(["jr", "sr", "ii", "iii", "iv", "v", "junior", "senior"])
TITLES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "dr",
        "prof",
        "sr",
        "sra",
        "srta",
        "senor",
        "senora",
        "senorita",
        "coach",
        "teacher",
        "teachers",
        "maestra",
        "maestro",
    ]
)
_UNLIKE = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d"})
_SIGNS = re.compile(r"['’`´ʼ]")
_BREAKS = re.compile(r"[^\w,]+|_")
_GRADES = {"kindergarten": "k", "kinder": "k", "kg": "k", "tk": "pk", "prek": "pk", "preschool": "pk", "pre": "pk", "first": "1", "second": "2",
           "third": "3", "fourth": "4", "fifth": "5", "sixth": "6", "seventh": "7", "eighth": "8", "ninth": "9", "tenth": "10", "eleventh": "11",
           "twelfth": "12", "freshman": "9", "sophomore": "10", "junior": "11", "senior": "12"}  # fmt: skip
_SCHOOL_WORDS = frozenset(
    [
        "elementary",
        "elem",
        "school",
        "es",
        "middle",
        "ms",
        "high",
        "hs",
        "jr",
        "junior",
        "senior",
        "primary",
        "academy",
        "the",
        "of",
        "sch",
        "el",
        "charter",
        "public",
    ]
)
_SCHOOL_LEVELS = {
    "elementary": {"elementary", "elem", "es", "el", "primary"},
    "middle": {"middle", "ms", "jr", "junior"},
    "high": {"high", "hs", "senior"},
}

Name = tuple[tuple[str, ...], tuple[str, ...]]


@lru_cache(maxsize=40_000)
def folded_name(text: str) -> str:
    """A name without capitals, accents and signs; hyphens and points become blanks, commas stay.

    >>> folded_name("GARCÍA-LÓPEZ"), folded_name("O’Brien"), folded_name("Lopez, Sofía")
    ('garcia lopez', 'obrien', 'lopez , sofia')
    """
    plain = text.casefold()
    if not plain.isascii():
        plain = "".join(
            c for c in unicodedata.normalize("NFKD", plain.translate(_UNLIKE)) if not unicodedata.combining(c)
        )
    return " ".join(_BREAKS.sub(" ", _SIGNS.sub("", plain)).replace(",", " , ").split())


def first_parts(text: str) -> tuple[str, ...]:
    """The parts of a first name; a middle initial at its end is left out.

    >>> first_parts("María José"), first_parts("Kim J."), first_parts("J.")
    (('maria', 'jose'), ('kim',), ('j',))
    """
    parts = [p for p in folded_name(text).replace(",", " ").split() if p not in TITLES or len(p) > 4]
    long = [p for p in parts if len(p) > 1]
    return tuple(long or parts[:1])


def last_parts(text: str) -> tuple[str, ...]:
    """The parts of a surname: particles go with what they stand before, suffixes are left out.

    >>> last_parts("De La Cruz"), last_parts("Mc Donald Jr."), last_parts("García-López"), last_parts("Le")
    (('delacruz',), ('mcdonald',), ('garcia', 'lopez'), ('le',))
    """
    parts = folded_name(text).replace(",", " ").split()
    while len(parts) > 1 and parts[-1] in SUFFIXES:
        parts.pop()
    joined: list[str] = []
    before = ""
    for part in parts:
        before += part
        if part not in PARTICLES:
            joined.append(before)
            before = ""
    return tuple([*joined, before] if before else joined)


def readings(first: str, last: str, parent: str = "") -> list[tuple[Name, str]]:
    """Every way to read the two name fields of an order, with the name of the way: the first is as written.

    A surname that is one part of the parent's may be that of the parent. A full name in one field is split at each blank, or is two
    first names; a comma says which is the surname; the fields may be swapped.

    >>> readings("", "Lopez, Sofía")
    [((('sofia',), ('lopez',)), 'one_field')]
    >>> [way for _, way in readings("Sofia", "Lopez")], readings("Sofia", "Lopez", "Ana Lopez Ruiz")[-1]
    (['as_written', 'swapped'], ((('sofia',), ('lopez', 'ruiz')), 'parents_surname'))
    """
    first, last = folded_name(first), folded_name(last)
    one = last if not first else first if not last else ""
    if "," in one:
        surname, _, given = (p.strip() for p in one.partition(","))
        if surname and given and given not in SUFFIXES:
            return [((first_parts(given), last_parts(surname)), "one_field")]
        one = one.replace(",", " ")
    words = one.split()
    if len(words) > 1:
        found = [
            ((first_parts(" ".join(words[:k])), last_parts(" ".join(words[k:]))), "one_field")
            for k in range(1, len(words))
        ]
        found.append(((first_parts(words[-1]), last_parts(" ".join(words[:-1]))), "one_field_swapped"))
        return [*found, ((first_parts(one), ()), "no_surname")] if first else found
    straight = (first_parts(first), last_parts(last))
    if not first and not last:
        return [(straight, "as_written")]
    found = [(straight, "as_written"), ((first_parts(last), last_parts(first)), "swapped")]
    theirs = parents_surname(parent) if first and last else ()
    if theirs and theirs != straight[1] and set(theirs) & set(straight[1]):
        found.append(((straight[0], theirs), "parents_surname"))
    return found


@lru_cache(maxsize=40_000)
def parents_surname(text: str) -> tuple[str, ...]:
    """The parts of the surname in the name of a parent; empty if there is but one word.

    >>> parents_surname("Ana Ruiz"), parents_surname("Ruiz Lopez, Ana"), parents_surname("Mr. & Mrs. Ruiz"), parents_surname("Ana")
    (('ruiz',), ('ruiz', 'lopez'), ('ruiz',), ())
    """
    plain = folded_name(text)
    if "," in plain:
        return last_parts(plain.partition(",")[0])
    words = plain.split()
    named = [w for w in words if w not in TITLES and w != "and"]
    return last_parts(" ".join(named if len(named) < len(words) and len(named) < 2 else named[1:]))


def teacher_words(text: str) -> tuple[str, ...]:
    """The words that name a teacher or a room: the surname first, titles left out.

    >>> teacher_words("Mrs. Hewitt"), teacher_words("Hewitt, Anna"), teacher_words("Anna Hewitt"), teacher_words("Rm 12")
    (('hewitt',), ('hewitt', 'anna'), ('hewitt', 'anna'), ('12',))
    """
    plain = folded_name(text)
    if "," in plain:
        head, _, tail = plain.partition(",")
        words = [*head.split(), *tail.split()]
        words = [w for w in words if w not in TITLES]
    else:
        words = [w for w in plain.split() if w not in TITLES and w not in ("rm", "room", "class", "homeroom", "grade")]
        words = [*words[-1:], *words[:-1]]
    return tuple(words[:3])


def grade_form(text: str) -> str:
    """A grade in one way.

    >>> [grade_form(t) for t in ("3rd", "Grade 3", "03", "K", "Kindergarten", "3rd grade", "Pre-K")]
    ['3', '3', '3', 'k', 'k', '3', 'pk']
    """
    plain = folded_name(text).replace(",", " ")
    number = re.search(r"\d+", plain)
    if number:
        return number.group().lstrip("0") or "k"
    words = [w for w in plain.split() if w not in ("grade", "gr", "year", "yr")]
    if "pre" in words or "prek" in words or "pk" in words:
        return "pk"
    return _GRADES.get(words[0], words[0]) if words else ""


def grade_rank(form: str) -> int:
    """A grade as a number, so that the one before and after can be seen; -99 if it is none.

    >>> grade_rank("k"), grade_rank("3"), grade_rank("pk"), grade_rank("x")
    (0, 3, -1, -99)
    """
    return {"k": 0, "pk": -1}.get(form, int(form) if form.isdigit() and len(form) < 3 else -99)


def school_form(text: str) -> str:
    """A school without the words that all schools bear.

    >>> school_form("Lincoln Elementary School"), school_form("LINCOLN Elem."), school_form("Middle School")
    ('lincoln', 'lincoln', 'middle school')
    """
    words = folded_name(text).replace(",", " ").split()
    kept = [w for w in words if w not in _SCHOOL_WORDS]
    return " ".join(kept or words)


def school_level(text: str) -> str:
    """Which of the schools of one name is meant: elementary, middle or high; empty if that is not said.

    >>> school_level("LINCOLN Elem."), school_level("Lincoln Jr. High"), school_level("Lincoln")
    ('elementary', 'middle', '')
    """
    words = set(folded_name(text).replace(",", " ").replace(".", " ").split())
    for level, signs in _SCHOOL_LEVELS.items():
        if words & signs:
            return level
    return ""


def mail_form(text: str) -> str:
    """An e-mail address as it is compared."""
    return text.strip().casefold()


def phone_form(text: str) -> str:
    """The last ten digits of a phone number; empty if there are fewer than seven.

    >>> phone_form("+1 (555) 010-2030"), phone_form("n/a")
    ('5550102030', '')
    """
    digits = re.sub(r"\D", "", text)[-10:]
    return digits if len(digits) >= 7 else ""


# What is written for one sound, what an eye takes for another letter, and what an ear spells in another way.
_BY_EAR = (("ph", "f"), ("gh", ""), ("ck", "k"), ("sch", "x"), ("sh", "x"), ("ch", "x"), ("th", "t"), ("wh", "w"), ("kn", "n"), ("wr", "r"),
           ("ce", "se"), ("ci", "si"), ("cy", "si"), ("ge", "je"), ("gi", "ji"), ("c", "k"), ("q", "k"), ("x", "ks"), ("z", "s"), ("v", "f"))  # fmt: skip
_BY_EYE = (("m", "rn"), ("d", "cl"), ("w", "vv"), ("l", "i"), ("v", "u"), ("c", "e"))
_BY_SPELLING = (("ie", "y"), ("ei", "y"), ("ey", "y"), ("ay", "ai"), ("ee", "i"), ("ea", "i"), ("ph", "f"), ("ck", "k"), ("sch", "sh"), ("ch", "sh"),
                ("th", "t"), ("ah", "a"), ("x", "ks"), ("z", "s"), ("c", "k"), ("q", "k"))  # fmt: skip
_HEADS, _VOWELS = re.compile(r"(?m)^[aeiouyhw]"), re.compile(r"[aeiouyhw]+")
_PET = re.compile(r"(?m)(?<=[^\n]{3})(?:ie|ey|y|i)$")
_PET_DOUBLE = re.compile(r"(?m)(?<=[^\n]{2})([^\n])\1$")


def _changed(texts: list[str], change: Callable[[str], str]) -> list[str]:
    """A change made to all texts in one go, each on a line of its own."""
    return change("\n".join(texts)).split("\n") if texts else []


def _exchanged(text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for one, other in pairs:
        text = text.replace(one, other)
    return text


def _single(text: str) -> str:
    """Without doubled letters."""
    for letter in set(text) - {"\n"}:
        while letter + letter in text:
            text = text.replace(letter + letter, letter)
    return text


def by_ear(texts: list[str]) -> list[str]:
    """A rough key of how each name sounds: names that are written by ear in two ways have the same.

    >>> by_ear(["kaitlyn", "catelin", "steven", "stephen", "anna", "ava"])
    ['ktln', 'ktln', 'stfn', 'stfn', 'an', 'af']
    """
    return _changed(
        texts, lambda t: _single(_VOWELS.sub("", _HEADS.sub("A", _exchanged(t, _BY_EAR)))).replace("A", "a")
    )


def by_eye(texts: list[str]) -> list[str]:
    """Names as a hurried eye takes them: letters that look alike in handwriting are the same.

    >>> by_eye(["camila", "carnila"]), by_eye(["nadia"]) == by_eye(["naclia"])
    (['earniia', 'earniia'], True)
    """
    return _changed(texts, lambda t: _exchanged(t, _BY_EYE))


def by_spelling(texts: list[str]) -> list[str]:
    """Names as one who only heard them may write them; other than `by_ear`, the vowels stay.

    >>> by_spelling(["hawley", "hawlie"]), by_spelling(["christy", "kristie"])
    (['hawly', 'hawly'], ['shristy', 'kristy'])
    """
    return _changed(texts, lambda t: _single(_exchanged(t, _BY_SPELLING)))


def clipped(texts: list[str]) -> list[str]:
    """The stem of each pet form: without -y, -ie, -i and a doubled consonant before it.

    >>> clipped(["jenny", "charlie", "sam", "gabi"])
    ['jen', 'charl', 'sam', 'gab']
    """
    return _changed(texts, lambda t: _PET_DOUBLE.sub(r"\1", _PET.sub("", t)))
