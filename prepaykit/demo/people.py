"""The school of the demo: classes, children, families and staff, all invented.

The given names and surnames are ordinary words of many languages put together by chance; nobody in these lists is a real
child. Some rows are there because such rows break programs: leading zeros and `1E5` as student ids, a surname `Null`,
another `NA`, a right-to-left name, an emoji, a formula, a tag, a comma inside a name, two teachers Smith, a morning and an
afternoon kindergarten, namesakes and twins.

>>> school = draw_school(children=24, classes=4, staff=3, seed=1)
>>> len(school.children), [c.name for c in school.classes]
(24, ['Kindergarten AM', 'Kindergarten PM', '1A', '2A'])
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field


def _names(text: str) -> tuple[str, ...]:
    """Names between bars; line ends do not count."""
    return tuple(name.strip() for name in text.split("|") if name.strip())


GIVEN = _names("""
    Ada|Adrian|Aisha|Alejandro|Amara|Amelia|Anaïs|André|Anika|Anya|Aria|Asher|Astrid|Aurelia|Bao|Beatriz|Ben|
    Bianca|Björn|Caleb|Camila|Carter|Chiara|Chloé|Connor|Dalia|Daniel|Daria|Dev|Diego|Dmitri|Eleni|Eli|Elif|
    Emeka|Emil|Esperanza|Ethan|Fatima|Felix|Finn|Freya|Gabriel|Gia|Grace|Hana|Harper|Hiro|Hugo|Ibrahim|Imani|
    Ines|Ingrid|Isaac|Isla|Ivan|Jada|Jamal|Jaxon|Jin|Joaquín|José|Jun|Kai|Kaia|Keiko|Kofi|Kwame|Laila|Lars|
    Leila|Leo|Lina|Logan|Lucía|Luna|Mads|Mai|Malik|Maren|Mateo|Maya|Mei|Mia|Micah|Mila|Mohammed|Naomi|Nia|Nico|
    Noah|Noor|Octavia|Olive|Omar|Oskar|Owen|Paloma|Petra|Priya|Quinn|Rafael|Ravi|Renée|Rhea|Rohan|Rosa|Ruby|
    Sadie|Samir|Saoirse|Sasha|Selma|Seung|Shira|Simone|Sofía|Soren|Stella|Tai|Talia|Tariq|Tess|Theo|Thiago|Uma|
    Valentina|Vera|Viktor|Violet|Wesley|Willa|Xiomara|Yara|Yuki|Yusuf|Zadie|Zara|Zoë
""")

SURNAMES = _names("""
    Abbott|Abebe|Adeyemi|Aguilar|Ahmed|Alvarado|Andersson|Baker|Banerjee|Barros|Bauer|Becker|Bell|Bianchi|
    Bishop|Blanc|Boateng|Brooks|Cardoso|Carver|Castillo|Chang|Chavez|Chen|Cohen|Cooper|Cruz|Dahl|D’Angelo|Das|
    De La Cruz|Delgado|Desai|Diaz|Dimitrov|Dubois|Eriksen|Espinoza|Farrow|Ferreira|Fischer|Fleming|Flores|
    Fofana|Foster|Fujita|Gallo|Garcia|García-López|Gebre|Goldberg|Gonzalez|Grant|Greene|Gupta|Haddad|Hale|
    Hansen|Hassan|Hayes|Hernández|Hoang|Holm|Hughes|Ibarra|Iyer|Jackson|Jansen|Jensen|Johnson|Kaminski|Kang|
    Kapoor|Katz|Keller|Khan|Kim|King|Klein|Kovács|Kowalczyk|Kruger|Lang|Larsen|Laurent|Lee|Leung|Lindqvist|
    Lopez|Lowe|MacLeod|Mahoney|Marsh|Martin|McAllister|Mehta|Mendoza|Meyer|Miller|Mitchell|Moreau|Morgan|Müller|
    Muñoz|Murray|Nakamura|Nash|Nguyen|Nielsen|Novak|Núñez|O'Brien|O'Connell|Obi|Okafor|Olsen|Ortiz|Osei|Owens|
    Park|Patel|Pereira|Perez|Petrov|Pham|Pope|Powell|Quintero|Rahman|Ramos|Reed|Reyes|Rinaldi|Rivera|Robinson|
    Rossi|Ruiz|Sanders|Santos|Sato|Schmidt|Schneider|Shah|Silva|Singh|Sinclair|Soto|Stein|Suzuki|Takahashi|
    Taylor|Thomas|Torres|Tran|Turner|Van der Berg|Vargas|Vega|Walker|Wang|Weber|Webster|White|Whitlock-Reyes|
    Wong|Wright|Yamada|Yilmaz|Young|Zamora|Zhang|Zimmermann
""")

TEACHERS = _names("""
    Alvarez|Birch|Smith|Chandra|Donovan|Ellery|Smith|Farouk|Gallagher|Hollis|Iverson|Jefferies|Kessler|Lavoie|
    Montague|Nakata|Oduya|Pemberton|Quigley|Rasmussen|Sandoval|Tillman|Underhill|Vasquez|Whitaker|Yeo|Zeller|
    Ashdown|Bramble|Calloway
""")

# What breaks programs: (first, last). They are dealt one after the other over the classes.
DIFFICULT = (
    ("Jamie", "Null"),
    ("Min", "NA"),
    ("ליאור", "ברקת"),
    ("Sunny 🌻", "Lindqvist"),
    ('=HYPERLINK("http://example.com","Kim")', "Osei"),
    ("<img src=x onerror=alert(1)>", "Farrow"),
    ("Theo", "Marsh, Jr."),
    ("Siobhán", "O'Brien-Núñez"),
)


@dataclass(frozen=True)
class Class:
    """A class of the school; `key` is ours alone."""

    key: str
    name: str
    teacher: str
    grade: str


@dataclass
class Person:
    """Somebody on picture day. `key` is ours alone; `access_code` comes once codes are issued, and stays empty for a late child."""

    key: str
    first: str
    last: str
    class_key: str
    student_id: str
    family: str
    kind: str = "student"
    on_list: bool = True
    photograph: bool = True
    sell: bool = True
    group_ok: bool = True
    yearbook: bool = True
    directory: bool = True
    access_code: str = ""
    blank_code: str = ""
    shot_code: str = ""
    notes: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """First and last name, as on the card."""
        return f"{self.first} {self.last}"


@dataclass
class School:
    """Everybody of the demo, in the order of the names list."""

    classes: list[Class]
    children: list[Person]
    staff: list[Person]
    late: list[Person]

    def class_of(self, person: Person) -> Class:
        """The class of a person."""
        return next(c for c in self.classes if c.key == person.class_key)

    @property
    def everybody(self) -> list[Person]:
        """Children, staff, and children who were not on the list."""
        return [*self.children, *self.staff, *self.late]


def draw_school(*, children: int, classes: int, staff: int, seed: int, late: int = 0) -> School:
    """Invent a school of this size. The same seed gives the same school."""
    chance = random.Random(f"school {seed}")
    rooms = _classes(classes)
    people = _children(children, rooms, chance)
    _families(people, chance)
    _namesakes(people, rooms)
    for person, (first, last) in zip(people[4 :: max(1, children // 9)], DIFFICULT, strict=False):
        person.first, person.last = first, last
        person.notes.add("difficult_name")
    people[min(9, children - 1)].student_id = "1E5"
    rest = [_newcomer(i, rooms, chance) for i in range(late)]
    return School(rooms, people, _staff(staff, rooms, chance), rest)


def _classes(count: int) -> list[Class]:
    rooms = [("Kindergarten AM", "Alvarez", "K"), ("Kindergarten PM", "Alvarez", "K")]
    teachers = TEACHERS[1:]
    grades = 5 if count <= 48 else 8
    per_grade = max(1, -(-(count - 2) // grades))
    for i in range(count - 2):
        grade, letter = (i // per_grade + 1, i % per_grade) if count > 10 else (min(i + 1, 5), int(i >= 5))
        surname = teachers[i % len(teachers)]
        rooms.append((f"{grade}{chr(65 + letter)}", surname, str(grade)))
    return [Class(f"G{i + 1:03d}", *room) for i, room in enumerate(rooms[:count])]


def _children(count: int, rooms: list[Class], chance: random.Random) -> list[Person]:
    ids = chance.sample(range(1_000, 60_000), count)
    people, taken = [], set()
    for i in range(count):
        room = rooms[i * len(rooms) // count]
        while True:
            first, last = chance.choice(GIVEN), chance.choice(SURNAMES)
            if (first, last) not in taken:
                break
        taken.add((first, last))
        people.append(Person(f"C{i + 1:04d}", first, last, room.key, f"{ids[i]:06d}", f"F{i + 1:04d}"))
    return people


def _families(people: list[Person], chance: random.Random) -> None:
    """Four in a hundred children have a brother or sister in another class; and there are twins."""
    count = len(people)
    firsts = [p for p in people[: count // 2] if "family" not in p.notes]
    pairs = max(2, round(count * 0.02))
    for elder in chance.sample(firsts[::3], pairs):
        younger = people[people.index(elder) + count // 2]
        younger.last, younger.family = elder.last, elder.family
        elder.notes |= {"family", "sibling"}
        younger.notes |= {"family", "sibling"}
    for first in [p for p in people[1::40] if not p.notes][: max(1, count // 200)]:
        twin = people[people.index(first) + 1]
        if twin.notes or twin.class_key != first.class_key:
            continue
        twin.last, twin.family = first.last, first.family
        first.notes |= {"family", "twin"}
        twin.notes |= {"family", "twin"}


def _namesakes(people: list[Person], rooms: list[Class]) -> None:
    """One pair of one name in two classes, one pair in one class; only their student ids and codes tell them apart."""
    free = [p for p in people if not p.notes]
    apart = next((p for p in free[len(free) // 2 :] if p.class_key != free[0].class_key), None)
    together = [p for p in free if p.class_key == rooms[-1].key][:2]
    if apart is not None:
        apart.first, apart.last = free[0].first, free[0].last
        apart.notes.add("namesake")
        free[0].notes.add("namesake")
    if len(together) == 2 and apart not in together:
        together[1].first, together[1].last = together[0].first, together[0].last
        for person in together:
            person.notes |= {"namesake", "namesake_in_class"}


def _staff(count: int, rooms: list[Class], chance: random.Random) -> list[Person]:
    surnames = [r.teacher for r in rooms if r.name != "Kindergarten PM"]
    while len(surnames) < count:
        surnames.append(chance.choice(SURNAMES))
    return [
        Person(f"T{i + 1:03d}", chance.choice(GIVEN), last, "", f"T-{i + 1:02d}", f"FT{i + 1:03d}", kind="staff")
        for i, last in enumerate(surnames[:count])
    ]


def _newcomer(number: int, rooms: list[Class], chance: random.Random) -> Person:
    room = rooms[(number * 3 + 2) % len(rooms)]
    return Person(f"N{number + 1:03d}", chance.choice(GIVEN), chance.choice(SURNAMES), room.key, "", f"FN{number + 1:03d}",
                  on_list=False, notes={"late"})  # fmt: skip
