"""Jobs for panels, made of files as people bring them: envelopes of which some are certain and some wait, and a child with a hostile name."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from prepaykit import Studio

HOSTILE = "<img src=x onerror=window.hurt=1>"
FIRST = (
    "Ada",
    "Ben",
    "Cleo",
    "Dan",
    "Edith",
    "Finn",
    "Gwen",
    "Hugo",
    "Ines",
    "Jon",
    "Kira",
    "Leo",
    "Mona",
    "Nils",
    "Olga",
    "Paul",
    "Rosa",
    "Sam",
    "Tina",
    "Udo",
)
LAST = (
    "Abel",
    "Brook",
    "Cole",
    "Dorn",
    "Esser",
    "Frost",
    "Gale",
    "Hart",
    "Irving",
    "Jost",
    "Kemp",
    "Lund",
    "Moor",
    "Nash",
    "Oster",
    "Pohl",
)
SYLLABLES = ("ba", "cho", "dre", "fil", "gum", "hax", "jor", "kep", "lin", "mug", "nas", "pod", "que", "rix", "stu", "tav", "vel", "wim", "yor", "zub")
TEACHERS = ("Adams", "Baker", "Clark", "Davis")


def write_files(folder: Path, *, certain: int, waiting: int) -> Path:
    """job.toml, names.csv, prices.csv and paper_orders.csv: `certain` envelopes by name and class, `waiting` ones for one of two namesakes.

    Each waiting envelope N (`W001`, …) fits two children of one name in one class, codes `WN-A` and `WN-B`; the first listed is a candidate as good as
    the second. The last child of the list has a hostile name, and so has the last waiting envelope.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "job.toml").write_text(
        'name = "panels-2026"\nschool = "Maple Grove"\nhas_manual_revision = true\nship_to = "1 School Lane"\n'
    )
    certain_children = [
        (f"C{i:03d}-A", FIRST[i % 20], LAST[(i // 20) % 16] + "ton" * (i >= 320), TEACHERS[i % 4])
        for i in range(certain)
    ]
    doubles = [
        (f"W{i:03d}-{x}", FIRST[(7 * i) % 20] + "a", _surname(i), TEACHERS[i % 4])
        for i in range(1, waiting + 1)
        for x in "AB"
    ]
    doubles[-2:] = [(code, HOSTILE, "O'Neil", teacher) for code, _, _, teacher in doubles[-2:]]
    listed = pd.DataFrame([*certain_children, *doubles], columns=["access_code", "first_name", "last_name", "teacher"])
    listed.assign(group="Class " + listed["teacher"]).to_csv(folder / "names.csv", index=False)
    (folder / "prices.csv").write_text(
        "code,name,kind,image_kind,size,price,items\nP5,5x7,product,individual,5x7,10.00,\nA,Package A,package,,,15.00,P5-1\n"
    )
    asked = [(f"C{i:03d}", *child[1:]) for i, child in enumerate(certain_children)] + [
        (f"W{i:03d}", *doubles[2 * i - 2][1:]) for i in range(1, waiting + 1)
    ]
    envelopes = pd.DataFrame(asked, columns=["envelope_no", "student_first", "student_last", "teacher"])
    envelopes.assign(packages="A-1", amount_received="15.00", payment_method="cash").to_csv(
        folder / "paper_orders.csv", index=False
    )
    return folder


def surnames(folder: Path) -> set[str]:
    """Every surname of the list."""
    return set(pd.read_csv(folder / "names.csv", dtype="str")["last_name"])


def _surname(i: int) -> str:
    """A made-up surname that is like no other: thousands of them, or matching would weigh everybody against everybody."""
    return "".join(SYLLABLES[(i * 37 // 20**place) % 20] for place in range(4)).capitalize()


def studio_with(folder: Path, *, actor: str = "ana") -> Studio:
    """The studio of these files, with names and prices brought in; the envelopes are not yet."""
    studio = Studio.open(folder / "studio.db", actor=actor)
    job = studio.new(folder)
    job.apply(job.names(folder / "names.csv", seed=1))
    job.apply(job.prices(folder / "prices.csv"))
    return studio
