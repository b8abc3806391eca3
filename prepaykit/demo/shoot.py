"""Picture day of the demo: which camera shot what, when, under which file name. No pixels here.

Each class is photographed by one camera: the class card and two class pictures, then child after child, card first. The cameras
number their files themselves: the first one comes over 9999 in the middle of the day, the second one's clock is set back between
two classes. A retake day five weeks later uses the same cards.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from prepaykit.demo.people import Class, Person, School

# What the cameras show: their own clocks know no zone.
PICTURE_DAY = datetime.fromisoformat("2026-09-15T08:15")
RETAKE_DAY = datetime.fromisoformat("2026-10-20T08:30")


@dataclass(frozen=True)
class Camera:
    """A camera body. A missing serial number is what most bodies write."""

    card: str
    make: str
    model: str
    serial: str | None
    suffix: str
    first_number: int
    turns_pixels: bool


CAMERAS = (
    Camera("CARD_A", "Lumio", "Lumio L7", "7001234", "LUMIO", 9880, False),
    Camera("CARD_B", "Kestrel", "Kestrel K2", None, "KSTRL", 1, True),
    Camera("CARD_C", "Lumio", "Lumio L7", "7004411", "LUMIO", 1204, False),
    Camera("CARD_D", "Kestrel", "Kestrel K2 Pro", "K2-00871", "KSTRL", 33, True),
)


@dataclass(frozen=True)
class Shot:
    """A file to draw. `keys` are who is in the picture, `codes` what the cards in it say, `damage` what makes a card unreadable."""

    root: str
    path: str
    kind: str  # card, portrait, group_card, group, test, zero_bytes, text, thumbs
    keys: tuple[str, ...]
    codes: tuple[str, ...]
    class_key: str
    camera: int
    shot_at: datetime | None
    number: int
    damage: str = ""
    take: int = 0


@dataclass
class Day:
    """All files of picture day and retake day, and the mistakes that have a place in them."""

    shots: list[Shot] = field(default_factory=list)
    faults: list[tuple[str, str, str]] = field(default_factory=list)


class _Body:
    """A camera at work: its clock and its file counter."""

    def __init__(self, camera: int, day: Day, start: datetime, root: str, chance: random.Random, number: int) -> None:
        self.camera, self.day, self.clock, self.root, self.chance = camera, day, start, root, chance
        self.number, self.folder = number - 1, 100

    def shoot(
        self, kind: str, people: list[Person], codes: list[str], room: Class | None, *, damage: str = "", take: int = 0
    ) -> Shot:
        body = CAMERAS[self.camera]
        if self.number == 9999:
            self.number, self.folder = 0, self.folder + 1
            self.day.faults.append(
                ("counter_rolled_over", f"{self.root}/{body.card}/DCIM/{self.folder}{body.suffix}", "")
            )
        self.number += 1
        self.clock += timedelta(milliseconds=self.chance.randrange(4200, 7800))
        path = f"{body.card}/DCIM/{self.folder}{body.suffix}/DSC_{self.number:04d}.JPG"
        is_file = kind in ("zero_bytes", "text")
        shot = Shot(self.root, path, kind, tuple(p.key for p in people), tuple(codes), room.key if room else "", self.camera,
                    None if is_file else self.clock, len(self.day.shots), damage, take)  # fmt: skip
        self.day.shots.append(shot)
        return shot

    def pause(self, seconds: int) -> None:
        self.clock += timedelta(seconds=seconds)

    def fault(self, name: str, shot: Shot, person: Person | None = None) -> None:
        self.day.faults.append((name, f"{shot.root}/{shot.path}", person.key if person else ""))


def plan_shoot(
    school: School, group_codes: dict[str, str], *, cameras: int, days: int, extra_frames: float, seed: int
) -> Day:
    """Work out every file of the shoot. Needs the codes that stand on the cards (`shot_code` of the people, `group_codes` by class)."""
    chance = random.Random(f"shoot {seed}")
    day = Day()
    bodies = [
        _Body(i, day, PICTURE_DAY + timedelta(minutes=3 * i), "photos", chance, CAMERAS[i].first_number)
        for i in range(cameras)
    ]
    shares = [
        school.classes[i * len(school.classes) // cameras : (i + 1) * len(school.classes) // cameras]
        for i in range(cameras)
    ]
    for body, rooms in zip(bodies, shares, strict=True):
        _before_first_card(body)
        for i, room in enumerate(rooms):
            if days > 1 and i == len(rooms) // 2:
                body.clock = PICTURE_DAY + timedelta(days=1, minutes=3 * body.camera)
            if body.camera == 1 and i == max(1, len(rooms) // 3):
                body.clock -= timedelta(hours=1)
                day.faults.append(("clock_set_back", f"photos/{CAMERAS[1].card} after DSC_{body.number:04d}.JPG", ""))
            _class(body, school, room, group_codes[room.key], extra_frames)
    _staff(bodies[0], school, extra_frames)
    _retakes(school, day, chance, cameras)
    day.shots.append(
        Shot("photos", f"{CAMERAS[0].card}/DCIM/100LUMIO/Thumbs.db", "thumbs", (), (), "", 0, None, len(day.shots))
    )
    day.faults.append(("thumbs_db", f"photos/{CAMERAS[0].card}/DCIM/100LUMIO/Thumbs.db", ""))
    return day


def _before_first_card(body: _Body) -> None:
    for take in range(2 if body.camera == 0 else 0):
        body.fault("frame_before_first_card", body.shoot("test", [], [], None, take=take))


def _class(body: _Body, school: School, room: Class, code: str, extra: float) -> None:
    body.pause(90)
    members = [p for p in [*school.children, *school.late] if p.class_key == room.key]
    body.shoot("group_card", [], [code], room)
    there = [p for p in members if p.group_ok and not p.notes & {"absent", "absent_returns"}]
    for take in range(2):
        body.pause(4)
        body.shoot("group", there, [], room, take=take)
    for i, person in enumerate(members):
        _child(body, person, room, extra)
        if room is school.classes[0] and i == 3:
            body.fault("zero_bytes", body.shoot("zero_bytes", [], [], room))
        if room is school.classes[0] and i == 6:
            body.fault("text_file_called_jpg", body.shoot("text", [], [], room))
    for younger in [p for p in members if "sibling" in p.notes and p.key > _elder(school, p).key][:1]:
        _together(body, school, _elder(school, younger), younger, room)


def _elder(school: School, person: Person) -> Person:
    return next(p for p in school.children if p.family == person.family)


def _child(body: _Body, person: Person, room: Class | None, extra: float) -> None:
    notes = person.notes
    if "must_not_photograph" in notes:
        body.day.faults.append(("must_not_photograph", "", person.key))
        return
    if notes & {"absent", "absent_returns"}:
        body.day.faults.append(("absent_returns" if "absent_returns" in notes else "absent", "", person.key))
        return
    body.pause(body.chance.randrange(4, 14))
    if "skipped_card" not in notes:
        damage = ""
        if "unread_card" in notes:
            damage = ("glare", "finger", "torn")[len([f for f in body.day.faults if f[0] == "unread_card"]) % 3]
        card = body.shoot("card", [person], [person.shot_code], room, damage=damage)
        for note in sorted(notes & {"unread_card", "regenerated_card", "lost_card", "late", "must_not_sell"}):
            body.fault("late_child" if note == "late" else note, card, person)
    # A skipped card shows by the child before it having far more frames than the others.
    frames = 3 if "skipped_card" in notes else 2 + (body.chance.random() < extra)
    for take in range(frames):
        shot = body.shoot(
            "portrait", [person], [], room, damage="poster" if "foreign_qr" in notes and take == 0 else "", take=take
        )
        for note in sorted(notes & {"skipped_card", "foreign_qr"}):
            if take == 0:
                body.fault(note, shot, person)


def _together(body: _Body, school: School, elder: Person, younger: Person, room: Class) -> None:
    """Brother and sister in one picture, both cards in one picture before it."""
    body.pause(20)
    people = [elder, younger]
    body.fault("two_cards_in_one_picture", body.shoot("card", people, [p.shot_code for p in people], room), elder)
    body.shoot("portrait", people, [], room)


def _staff(body: _Body, school: School, extra: float) -> None:
    body.pause(600)
    for person in school.staff:
        _child(body, person, None, extra)


def _retakes(school: School, day: Day, chance: random.Random, cameras: int) -> None:
    """Five weeks later, under the same cards, with the first camera."""
    used = [s for s in day.shots if s.camera == 0]
    body = _Body(0, day, RETAKE_DAY, "retake", chance, int(used[-1].path[-8:-4]) + 18)
    body.folder = int(used[-1].path.split("/")[2][:3])
    for person in school.children:
        note = next(iter(person.notes & {"absent_returns", "retake"}), "")
        if not note:
            continue
        body.pause(12)
        room = school.class_of(person)
        card = body.shoot("card", [person], [person.shot_code], room)
        if note == "retake":
            body.fault("retake", card, person)
        for take in range(2):
            body.shoot("portrait", [person], [], room, take=10 + take)
