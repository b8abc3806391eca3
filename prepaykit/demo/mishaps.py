"""The mistakes of the demo: who is absent, whose card is unread, which order has a wrong code. Dealt once, before anything is drawn.

Each mistake is a note on a person. Nobody has two mistakes, so a test can say which finding each one must lead to; the child
photographed before a skipped card has none, because that child's gallery is where the strange frames go.
Rates follow Source: domain.md 13; at least one of each on any size.
"""

from __future__ import annotations

import random

from prepaykit.demo.people import Person, School

# note: (share of all children, at least)
RATES = {
    "skipped_card": (0.005, 1),
    "absent_returns": (0.0075, 1),
    "absent": (0.0075, 1),
    "retake": (0.015, 2),
    "unread_card": (0.02, 2),
    "lost_card": (0.015, 2),
    "regenerated_card": (0.002, 1),
    "must_not_photograph": (0.005, 1),
    "must_not_sell": (0.005, 1),
    "foreign_qr": (0.002, 1),
    "wrong_code_in_order": (0.005, 1),
    "ordered_twice": (0.005, 1),
    "misspelt_on_paper": (0.0025, 1),
    "underpaid": (0.0015, 1),
    "overpaid": (0.0015, 1),
    "amount_differs": (0.0015, 1),
}
LATE_RATE = 0.015

WITHOUT_FRAMES = {"skipped_card", "absent", "absent_returns", "unread_card", "lost_card"}

# Whoever bears one of these has an order, or the mistake would show nowhere.
ORDERED = {*RATES, "before_skipped", "difficult_name", "sibling", "twin", "namesake"} - {"must_not_photograph"}
ON_PAPER = {"misspelt_on_paper", "underpaid", "overpaid"}


def late_children(children: int) -> int:
    """How many children come who are not on the names list."""
    return max(2, round(children * LATE_RATE))


def deal_mishaps(school: School, *, seed: int) -> None:
    """Write the mistakes onto the people of a school."""
    chance = random.Random(f"mishaps {seed}")
    count = len(school.children)
    for note, (rate, least) in RATES.items():
        for _ in range(max(least, round(rate * count))):
            free = [i for i, p in enumerate(school.children) if not p.notes]
            if note == "skipped_card":
                free = [i for i in free if _can_be_skipped(school.children, i)]
            if note == "regenerated_card":
                free = _in_a_class_without_others_missing(school.children, free) or free
            if not free:
                break
            person_at = chance.choice(free)
            _befall(school.children, person_at, note)
    for person in school.late:
        person.notes.add("blank_card")


def _in_a_class_without_others_missing(children: list[Person], free: list[int]) -> list[int]:
    """Where nobody else lacks frames, the gallery under the new code can only be this child's, and the toolkit can say so."""
    short = {p.class_key for p in children if p.notes & WITHOUT_FRAMES}
    return [i for i in free if children[i].class_key not in short]


def _can_be_skipped(children: list[Person], i: int) -> bool:
    return i > 0 and not children[i - 1].notes and children[i - 1].class_key == children[i].class_key


def _befall(children: list[Person], i: int, note: str) -> None:
    person = children[i]
    person.notes.add(note)
    if note == "skipped_card":
        children[i - 1].notes.add("before_skipped")
    if note == "must_not_photograph":
        person.photograph = person.sell = person.group_ok = person.yearbook = person.directory = False
    if note == "must_not_sell":
        person.sell = person.directory = False
