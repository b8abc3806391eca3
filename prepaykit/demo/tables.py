"""The tables of a demo job, without any picture: quick enough for tests and benchmarks.

Everything that is drawn comes from here: files are written from these tables and pictures are painted from their `shots`.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import pandas as pd

from prepaykit.decide.names import plan_names
from prepaykit.demo.mishaps import deal_mishaps, late_children
from prepaykit.demo.people import Person, School, draw_school
from prepaykit.demo.shoot import Day, plan_shoot
from prepaykit.demo.shop import Shop, keep_shop, parent_of, price_table
from prepaykit.errors import UsageError
from prepaykit.intake.names_list import read_names
from prepaykit.rules.codes import issue_codes
from prepaykit.tables.state import JobState


@dataclass(frozen=True)
class Size:
    """How much to invent. `extra_frames`: the share of children with a third frame."""

    children: int
    classes: int
    staff: int
    online: int
    paper: int
    cameras: int
    days: int
    extra_frames: float


SIZES = {
    "tiny": Size(24, 3, 2, 15, 5, 2, 1, 0.0),
    "small": Size(120, 8, 7, 48, 12, 2, 1, 0.0),
    "medium": Size(600, 24, 24, 300, 80, 2, 1, 0.15),
    "large": Size(2400, 96, 90, 1050, 250, 4, 2, 0.5),
}
NOW = pd.Timestamp("2026-08-17T14:00:00Z")

JOB = {
    "name": "plainview-fall-2026",
    "school": "Plainview Elementary",
    "timezone": "America/Chicago",
    "currency": "USD",
    "picture_day": "2026-09-15",
    "batch_deadline": "2026-09-29",
    "batch_processing": "manual",
    "has_manual_revision": False,
    "sibling_policy": "hold_whole",
    "underpaid_policy": "hold",
    "retake_policy": "latest",
    "lab_file_names": "code",
    "ship_to": "Plainview Elementary, Front Office, 400 Prairie St, Plainview, MN 55964",
    "archive_date": "2026-12-06",
    "selling_price_list": "Fall proofing",
    "selling_shipping": "Flat rate, home",
    "campaign": "Standard proofing",
}

NAME_COLUMNS = ["first_name", "last_name", "group", "teacher", "grade", "student_id", "kind", "email", "phone", "photograph", "sell",
                "yearbook", "directory", "group_ok", "bus_route"]  # fmt: skip


@dataclass(frozen=True)
class Invented:
    """Everything about one demo job: its people, its shop, its shoot."""

    seed: int
    size: Size
    blanks: int
    school: School
    names: pd.DataFrame
    shop: Shop
    day: Day

    def tables(self) -> dict[str, pd.DataFrame]:
        """The same as tables; see `draw_tables`."""
        return {
            "job": pd.DataFrame([JOB]),
            "names": self.names,
            "prices": price_table(),
            "orders": self.shop.orders,
            "paper_orders": self.shop.paper_orders,
            "shots": pd.DataFrame([vars(shot) for shot in self.day.shots]),
            "truth_frames": _true_frames(self.school, self.day),
            "truth_orders": self.shop.truth,
            "faults": pd.DataFrame(
                _all_faults(self.school, self.day, self.shop), columns=["fault", "where", "key"], dtype="str"
            ),
        }


def draw_tables(size: str = "small", seed: int = 1) -> dict[str, pd.DataFrame]:
    """Invent a job without drawing a picture.

    Tables as their files have them (text): `names`, `prices`, `orders`, `paper_orders`, and one row of settings, `job`. Then what
    only the inventor knows: `shots` (one row is a file of the shoot: root, path, kind, who is in it, codes on the cards in it, camera, time),
    `truth_frames`, `truth_orders` and `faults` as in the folder `truth/` of `draw_job`.
    """
    return invent(size, seed).tables()


def invent(size: str, seed: int) -> Invented:
    """Invent a job. The same size and seed give the same job."""
    if size not in SIZES:
        raise UsageError(f"size may be {', '.join(SIZES)}; got {size!r}")
    wanted = SIZES[size]
    school = draw_school(children=wanted.children, classes=wanted.classes, staff=wanted.staff, seed=seed,
                         late=late_children(wanted.children))  # fmt: skip
    deal_mishaps(school, seed=seed)
    names, blanks = _names_table(school), 8 * ceil(wanted.children * 0.1 / 8)
    group_codes = _issue(school, names, blanks, seed)
    shop = keep_shop(school, online=wanted.online, paper=wanted.paper, seed=seed)
    day = plan_shoot(
        school, group_codes, cameras=wanted.cameras, days=wanted.days, extra_frames=wanted.extra_frames, seed=seed
    )
    return Invented(seed, wanted, blanks, school, names, shop, day)


def write_tables(invented: Invented, folder: Path) -> None:
    """Write job.toml, the four files that people bring, and the folder `truth/`."""
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    settings = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in JOB.items()]
    demo = ["", "[demo]", f"seed = {invented.seed}", f"blanks = {invented.blanks}"]
    (folder / "job.toml").write_text("\n".join([*settings, *demo, ""]), encoding="utf-8")
    tables = invented.tables()
    for name in ("names", "prices", "orders", "paper_orders"):
        write_csv(tables[name], folder / f"{name}.csv")
    write_csv(tables["truth_frames"], folder / "truth" / "frames.csv")
    write_csv(tables["truth_orders"], folder / "truth" / "orders.csv")
    write_csv(tables["faults"], folder / "truth" / "faults.csv")


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as a spreadsheet program would: UTF-8, commas, quotes where needed, empty for missing."""
    table.to_csv(path, index=False, na_rep="", quoting=csv.QUOTE_MINIMAL, lineterminator="\n", encoding="utf-8")


def _names_table(school: School) -> pd.DataFrame:
    rows = []
    for person in [*school.children, *school.staff]:
        room = None if person.kind == "staff" else school.class_of(person)
        parent = parent_of(person)
        yes = {
            k: "yes" if getattr(person, k) else "no"
            for k in ("photograph", "sell", "yearbook", "directory", "group_ok")
        }
        rows.append({
            "first_name": person.first, "last_name": person.last, "group": room.name if room else "Staff",
            "teacher": room.teacher if room else None, "grade": room.grade if room else None, "student_id": person.student_id,
            "kind": person.kind, "email": parent[1] if room else f"staff{person.key.lower()}@example.com",
            "phone": parent[2] if room else None, **yes, "bus_route": f"R{int(person.family[-1]) + 1}" if room else None,
        })  # fmt: skip
    return pd.DataFrame(rows, columns=NAME_COLUMNS, dtype="str")


def _issue(school: School, names: pd.DataFrame, blanks: int, seed: int) -> dict[str, str]:
    """Learn the codes that the names verb will issue with this seed: it is asked, in memory. Returns class key → group code."""
    with tempfile.TemporaryDirectory() as folder:
        write_csv(names, Path(folder) / "names.csv")
        read = read_names(Path(folder) / "names.csv")
    state = JobState.new(**JOB)
    state = state.after(plan_names(state, read.table, seed=seed, findings=read.findings, blanks=blanks, now=NOW))
    subjects = state.subjects
    by_id = dict(zip(subjects["student_id"], subjects["access_code"], strict=True))
    for person in [*school.children, *school.staff]:
        person.access_code = person.shot_code = by_id[person.student_id]
    _give_other_cards(school, iter(subjects.loc[subjects["kind"] == "blank", "access_code"]),
                      {*subjects["access_code"], *state.groups["access_code"]}, seed)  # fmt: skip
    by_group = dict(zip(state.groups["name"], state.groups["access_code"], strict=True))
    return {room.key: by_group[room.name] for room in school.classes}


def _give_other_cards(school: School, blanks: Iterable[str], taken: set[str], seed: int) -> None:
    """Blank cards for late children and lost cards; a card printed anew, under a code that nobody listed, for a few."""
    pile = iter(blanks)
    for person in school.everybody:
        if person.notes & {"late", "lost_card"}:
            person.shot_code = person.blank_code = next(pile)
    anew = [p for p in school.children if "regenerated_card" in p.notes]
    for person, code in zip(anew, issue_codes(len(anew), taken, seed=seed + 1_000_003), strict=True):
        person.shot_code = code


def _true_frames(school: School, day: Day) -> pd.DataFrame:
    """One row is a file: who is truly in it. `access_codes` are those of the names list; empty for a child who is not on it."""
    people = {p.key: p for p in school.everybody}
    rooms = {c.key: c.name for c in school.classes}
    rows = [
        (f"{s.root}/{s.path}", s.kind, " ".join(s.keys), " ".join(filter(None, (people[k].access_code for k in s.keys))),
         " ".join(s.codes), "unreadable" if s.kind == "card" and s.damage else "", rooms.get(s.class_key, ""))
        for s in day.shots
    ]  # fmt: skip
    columns = ["path", "kind", "keys", "access_codes", "card_codes", "damage", "group"]
    return pd.DataFrame(rows, columns=columns, dtype="str")


def _all_faults(school: School, day: Day, shop: Shop) -> list[tuple[str, str, str]]:
    notes = ("difficult_name", "sibling", "twin", "namesake", "namesake_in_class")
    people = [(note, "names.csv", p.key) for p in _listed(school) for note in notes if note in p.notes]
    ids = [("student_id_looks_like_a_number", "names.csv", p.key) for p in _listed(school) if p.student_id == "1E5"]
    return sorted([*people, *ids, *day.faults, *shop.faults])


def _listed(school: School) -> list[Person]:
    return [*school.children, *school.staff]
