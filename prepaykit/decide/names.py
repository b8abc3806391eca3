"""Names: the names list becomes the people and classes of the job, each with an access code.

Problem: schools send their list twice, in another order, with children moved and corrected, after cards were printed and
parents were told their codes. Rule: a person of the list is the one with the same access code, else the same student id,
else the same first and last name in the same class. But a code that somebody has seen (printed, photographed, ordered under)
stays with its child: a row whose id or name is that of another child is that other child. A printed code never changes, nobody
is ever taken off, a permission or value that the new file leaves empty stays as it was.

Worked case: the second file lacks one child and has two new ones: two subjects and two codes are added, the missing child
is reported as `subject_missing` and stays.

Known limits: a child without code and id who changed class is a new subject, and the former one is reported as missing.
Two children with the same name and class and no ids are told apart by their order in the file.
Source: domain.md 6.1, 6.2, 19 (A13, A25, A26).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from prepaykit.decide.populate import refill_some, was_populated
from prepaykit.rules.codes import issue_codes, normal_code
from prepaykit.rules.names_update import (
    missing_people,
    one_row_a_child,
    orders_of_missing,
    pairs_found,
    perhaps_same,
    refuse_student_ids,
    said_same,
)
from prepaykit.rules.standing import restated
from prepaykit.tables.catalog import empty, typed
from prepaykit.tables.findings import found, together
from prepaykit.tables.plan import Change, Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prepaykit.tables.state import JobState

PERMISSIONS = ["photograph", "sell", "yearbook", "directory", "group_ok"]
_TEXTS = [
    "access_code",
    "first_name",
    "last_name",
    "group",
    "teacher",
    "grade",
    "student_id",
    "kind",
    "email",
    "phone",
    "school",
    "extra",
]
_OF_PICTURES = ["group_id", "photograph", "sell"]
_ALSO_TOLD = {"moved": "moved to another class", "missing": "missing in the file", "waiting": "rows wait"}
_KEPT = ["first_name", "last_name", "teacher", "grade", "student_id", "email", "phone", "extra"]


def plan_names(
    state: JobState,
    names: pd.DataFrame,
    *,
    seed: int,
    findings: pd.DataFrame | None = None,
    blanks: int = 0,
    now: pd.Timestamp | None = None,
    same: Mapping[str, str] | None = None,
) -> Plan:
    """Take in a names list: new people and classes get codes, known people are updated, nobody is taken off.

    `names`: one row is a person, as `read_names` gives them; only first_name and last_name are needed. `blanks`: how many
    blank cards the job should have in all. `seed`: for the new codes. `findings`: what the reader found.
    New people are `expected` on picture day, `absent` if its frames were read already, `opted_out` if they must not be
    photographed. Findings: code_of_other_job, code_doubled, code_is_student_id, code_kept, row_doubled, namesakes,
    subject_missing, missing_has_orders, perhaps_same_child, student_id_doubled, no_group. Without any row, what was found in the last list still stands. A row whose code belongs to
    another job is refused; a code that stands twice stays with its first row, the other row gets a code of its own.
    A row that may be a child who is missing in the file waits; `same` (row number → the child's code, or `new`) is what a person says of it.
    Once populated, orders of children who changed class or permission are retried. Source: domain.md 6.1, 19 (A13).

    >>> from prepaykit.tables.state import JobState
    >>> state = JobState.new(name="maple-grove-2026", school="Maple Grove")
    >>> names = pd.DataFrame({"first_name": ["Ada", "Bo"], "last_name": ["Lee", "Ng"], "group": ["3A", "3A"]})
    >>> plan_names(state, names, seed=1, blanks=1)
    names maple-grove-2026: 2 people in 1 class, 1 blank card; 3 new, 0 changed, 4 codes issued
      groups: 1 new
      subjects: 3 new
    """
    rows, spoken = _allowed(state, _complete(names))
    rows, groups, groups_new = _with_groups(state, rows)
    rows["subject_id"] = _known(state, rows)
    rows["subject_id"], said_new = said_same(state, rows, same or {})
    pairs = perhaps_same(state, rows)
    pairs = pairs[~pairs["row"].isin(said_new)]
    rows = rows[~rows["row"].isin(pairs["row"])].reset_index(drop=True)
    rows, taken_already = _without_taken_codes(state, rows)
    subjects, changed, kept = _updated(state, rows)
    fresh = rows[rows["subject_id"].isna()]
    new = _new_people(
        state, fresh, blanks - int((subjects["source"] == "blank_card").sum() + (fresh["kind"] == "blank").sum())
    )
    taken = [
        *state.other_codes["access_code"],
        *state.groups["access_code"],
        *subjects["access_code"],
        *new["access_code"].dropna(),
    ]
    lacking = new["access_code"].isna().to_numpy()
    codes = issue_codes(int(groups_new.sum() + lacking.sum()), taken, seed=seed)
    groups.loc[groups_new, "access_code"] = codes[: groups_new.sum()]
    new.loc[lacking, "access_code"] = codes[groups_new.sum() :]
    subjects = pd.concat([subjects, new]) if len(new) else subjects
    # Whom a waiting row may be is told with that row, and not as missing as well.
    lost = missing_people(state, rows) if len(names) else state.subjects.head(0)
    lost = lost[~lost["access_code"].isin(pairs["access_code"])]
    own = [
        *spoken,
        taken_already,
        kept,
        pairs_found(pairs),
        orders_of_missing(state, lost),
        *_about_people(subjects, lost),
    ]
    tables = {"groups": groups, "subjects": typed("subjects", subjects)}
    also = restated(state, **tables)
    tables, more = _retried(state, tables)
    result = _counts(subjects, groups, len(new), changed, len(codes))
    result |= {"moved": _moved(state, subjects), "missing": len(lost), "waiting": pairs["row"].nunique()}
    headline = (
        f"{result['people']} people in {result['classes']} {'class' if result['classes'] == 1 else 'classes'}, "
        f"{result['blank_cards']} blank card{'' if result['blank_cards'] == 1 else 's'}; "
        f"{len(new)} new, {changed} changed, {len(codes)} codes issued"
        + "".join(f", {result[key]} {words}" for key, words in _ALSO_TOLD.items() if result[key])
    )
    return Plan.between(state, "names", tables, headline=headline, result=result,
                        findings=_findings(state, names, findings, own), also_findings={**also, **more})  # fmt: skip


def _retried(
    state: JobState, tables: dict[str, pd.DataFrame]
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """The tables with the slots of children who changed class or permission filled anew, and what populate says then."""
    before = state.subjects.set_index("subject_id")[_OF_PICTURES]
    after = tables["subjects"].set_index("subject_id")[_OF_PICTURES].loc[before.index]
    differs = ~((before == after).fillna(False) | (before.isna() & after.isna())).all(axis=1)
    if not differs.any() or not was_populated(state):
        return tables, {}
    orders = state.slots.loc[state.slots["subject_id"].isin(differs.index[differs]), "order_id"]
    filled = refill_some(state, state.replace(**tables), orders)
    return {**tables, "slots": filled.slots}, {"populate": filled.findings}


def _moved(state: JobState, subjects: pd.DataFrame) -> int:
    """How many known people are in another class now."""
    now = subjects.set_index("subject_id")["group_id"].reindex(state.subjects["subject_id"]).astype("Int64")
    return int(
        (
            (now.to_numpy() != state.subjects["group_id"].to_numpy()) & state.subjects["group_id"].notna().to_numpy()
        ).sum()
    )


# --- rows of the file --------------------------------------------------------------------------------------------------


def _complete(names: pd.DataFrame) -> pd.DataFrame:
    """The columns of a names list, in the order of the file; those that were not brought are missing."""
    rows = pd.DataFrame(index=names.index)
    for column in _TEXTS:
        rows[column] = (
            names[column].astype("str") if column in names else pd.Series(None, index=names.index, dtype="str")
        )
    for column in PERMISSIONS:
        rows[column] = (
            names[column].astype("boolean") if column in names else pd.Series(pd.NA, index=names.index, dtype="boolean")
        )
    rows["row"] = names["row"].astype("int64") if "row" in names else np.arange(2, len(names) + 2)
    rows["kind"] = rows["kind"].fillna("student")
    rows["access_code"] = rows["access_code"].map(normal_code, na_action="ignore").astype("str")
    return rows.sort_values("row", kind="stable").reset_index(drop=True)


def _allowed(state: JobState, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Leave out rows with a code of another job and rows that stand twice; a doubled code stays with its first row."""
    other = state.other_codes.drop_duplicates("access_code").set_index("access_code")["job"]
    foreign = rows["access_code"].isin(other.index) & rows["access_code"].notna()
    spoken = [
        _rows_found("code_of_other_job", rows[foreign],
                    [f"row {r}: code {c} belongs to job {other[c]}" for r, c in rows.loc[foreign, ["row", "access_code"]].to_numpy()])
    ]  # fmt: skip
    rows = rows[~foreign]
    identity = ["access_code", "first_name", "last_name", "group", "teacher", "grade", "student_id"]
    twice = (
        rows.duplicated(identity)
        & (rows["access_code"].notna() | rows["student_id"].notna())
        & (rows["kind"] != "blank")
    )
    spoken.append(
        _rows_found("row_doubled", rows[twice], [f"row {r} stands twice; one is used" for r in rows.loc[twice, "row"]])
    )
    rows, ids = refuse_student_ids(state, rows[~twice].reset_index(drop=True))
    rows, again = one_row_a_child(rows)
    spoken += [ids, again]
    doubled = rows["access_code"].notna() & (
        rows.duplicated("access_code") | rows["access_code"].isin(state.groups["access_code"])
    )
    details = [
        f"row {r}: code {c} is taken already; this row gets its own"
        for r, c in rows.loc[doubled, ["row", "access_code"]].to_numpy()
    ]
    spoken.append(_rows_found("code_doubled", rows[doubled], details))
    rows.loc[doubled, "access_code"] = None
    return rows, spoken


def _rows_found(code: str, rows: pd.DataFrame, details: list[str]) -> pd.DataFrame:
    return found("names", code, "names list", [f"row {r}" for r in rows["row"]], details)


# --- classes -----------------------------------------------------------------------------------------------------------


def _with_groups(state: JobState, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Rows with their `group_id`, all groups (a new one lacks its code), and which of them are new.

    A class is (group, teacher), else (teacher, grade): two teachers Smith and kindergarten AM and PM stay apart. A row
    that names the class but no teacher belongs to the only class of that name.
    """
    rows = rows.copy()
    label, teacher = _labels(rows), rows["teacher"]
    named = label.notna()
    pairs = pd.concat([state.groups[["name", "teacher"]], pd.DataFrame({"name": label, "teacher": teacher})[named]])
    pairs = pairs.dropna().drop_duplicates()
    only = pairs.drop_duplicates("name", keep=False).set_index("name")["teacher"]
    teacher = teacher.where(teacher.notna(), label.map(only))
    key = label.str.cat(teacher.fillna(""), sep="\n").where(named)
    known = state.groups["name"].str.cat(state.groups["teacher"].fillna(""), sep="\n")
    added = pd.Index(key.dropna().unique()).difference(pd.Index(known), sort=False)
    first = key[named].drop_duplicates()
    first = first[first.isin(added)]
    grades = rows["grade"].groupby(key).agg(lambda g: g.dropna().unique()[0] if g.dropna().nunique() == 1 else None)
    new = pd.DataFrame({
        "group_id": np.arange(state.next_id("groups"), state.next_id("groups") + len(first)),
        "name": label[first.index].to_numpy(),
        "teacher": teacher[first.index].to_numpy(),
        "grade": grades.reindex(first).to_numpy(),
        "version": 1,
    })  # fmt: skip
    groups = pd.concat([state.groups, new], ignore_index=True) if len(new) else state.groups.copy()
    ids = pd.Series(groups["group_id"].to_numpy(), index=pd.Index([*known, *first], dtype="str"))
    rows["group_id"] = key.map(ids).astype("Int64")
    return rows, groups, np.arange(len(groups)) >= len(state.groups)


def _labels(rows: pd.DataFrame) -> pd.Series:
    """The name of each row's class; with several schools in one list, the school stands in front."""
    by_teacher = rows["teacher"].str.cat(" (" + rows["grade"] + ")", na_rep="").where(rows["teacher"].notna())
    label = rows["group"].where(rows["group"].notna(), by_teacher)
    if rows["school"].nunique() > 1:
        label = (rows["school"] + " ").fillna("").str.cat(label)
    return label.astype("str")


# --- people ------------------------------------------------------------------------------------------------------------


def _known(state: JobState, rows: pd.DataFrame) -> pd.Series:
    """The subject of each row, by code, else student id, else name and class; no subject twice; missing if it is new."""
    result = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    here = rows.assign(class_id=rows["group_id"].astype("Int64"))
    here["access_code"] = here["access_code"].mask(_of_another(state, rows))
    there = state.subjects.assign(class_id=state.subjects["group_id"])
    steps = (["access_code"], ["student_id"], ["first_name", "last_name", "class_id"])
    for number, columns in enumerate(steps):
        mine = here[result.isna()]
        theirs = there[~there["subject_id"].isin(result.dropna())]
        # Missing never meets missing: pandas would join a child without a code to another without one.
        some = columns[:2]  # a child with one name only is a child all the same
        mine, theirs = mine.dropna(subset=some, how="all"), theirs.dropna(subset=some, how="all")
        key_here, key_there = _key(mine, columns), _key(theirs, columns)
        if number == 1:
            key_here, key_there = key_here.drop_duplicates(keep=False), key_there.drop_duplicates(keep=False)
        else:
            # Namesakes in one class are paired in their order, so that the same list always means the same people.
            key_here = key_here + "\n" + key_here.groupby(key_here).cumcount().astype("str")
            key_there = key_there + "\n" + key_there.groupby(key_there).cumcount().astype("str")
        ids = pd.Series(
            theirs["subject_id"].reindex(key_there.index).to_numpy(), index=key_there.to_numpy(), dtype="Int64"
        )
        result = result.where(result.notna(), key_here.map(ids).reindex(rows.index).astype("Int64"))
    blank = (rows["kind"] == "blank") & result.isna() & rows["access_code"].isna()
    free = there.loc[
        (there["kind"] == "blank") & ~there["subject_id"].isin(result.dropna()), "subject_id"
    ].sort_values()
    some = rows.index[blank][: len(free)]
    result[some] = free.to_numpy()[: len(some)]
    return result


def _of_another(state: JobState, rows: pd.DataFrame) -> pd.Series:
    """True for a row with the code of one child, which somebody has seen, and the id, or name and class, of another child.

    So too for a row with a new name if the child of its code stands on another row. That is how a list with exchanged codes looks: whoever followed the code would put a name under another child's pictures.
    """
    there = state.subjects.assign(class_id=state.subjects["group_id"])
    here = rows.assign(class_id=rows["group_id"].astype("Int64"))
    by_code = rows["access_code"].map(there[_is_seen(state)].set_index("access_code")["subject_id"])
    person = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    for columns in (["student_id"], ["first_name", "last_name", "class_id"]):
        mine, theirs = here[person.isna()].dropna(subset=columns[:2]), there.dropna(subset=columns[:2])
        keys, known = _key(mine, columns), _key(theirs, columns).drop_duplicates(keep=False)
        ids = pd.Series(theirs["subject_id"].reindex(known.index).to_numpy(), index=known.to_numpy(), dtype="Int64")
        person = person.where(person.notna(), keys.map(ids).reindex(rows.index).astype("Int64"))
    by_code = by_code.astype("Int64")
    return (by_code != person).fillna(by_code.isin(person.dropna())).astype("bool")


def _is_seen(state: JobState) -> np.ndarray:
    """Whose code somebody has seen: its card was printed, or frames or an order stand under it."""
    codes = [state.galleries["access_code"], state.galleries["read_code"], state.order_subjects["access_code"].dropna()]
    ordered = state.subjects["subject_id"].isin(state.order_subjects["subject_id"].dropna())
    is_seen = state.subjects["card_printed_at"].notna() | ordered | state.subjects["access_code"].isin(pd.concat(codes))
    return is_seen.to_numpy()


def _without_taken_codes(state: JobState, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A new person never takes the code of a known one: the row gets a code of its own."""
    taken = rows["subject_id"].isna() & rows["access_code"].isin(state.subjects["access_code"])
    details = [
        f"row {r}: code {c} is another child's; this row gets its own"
        for r, c in rows.loc[taken, ["row", "access_code"]].to_numpy()
    ]
    return rows.assign(access_code=rows["access_code"].mask(taken)), _rows_found("code_doubled", rows[taken], details)


def _key(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    key = frame[columns[0]].astype("str").fillna("")
    for column in columns[1:]:
        key = key + "\n" + frame[column].astype("str").fillna("")
    return key


def _updated(state: JobState, rows: pd.DataFrame) -> tuple[pd.DataFrame, int, pd.DataFrame]:
    """The known subjects with what the list says of them now; how many changed; findings about codes that stay."""
    subjects = state.subjects.copy()
    brought = rows[rows["subject_id"].notna()]
    at = pd.Index(subjects["subject_id"]).get_indexer(brought["subject_id"].astype("int64"))
    for column in [*_KEPT, "group_id", *PERMISSIONS]:
        says = brought[column].notna().to_numpy()
        values = subjects[column].array.copy()
        values[at[says]] = brought.loc[says, column].astype(subjects[column].dtype).array
        subjects[column] = values
    named = brought["first_name"].notna().to_numpy() | brought["last_name"].notna().to_numpy()
    kinds = subjects["kind"].array.copy()
    kinds[at[named]] = brought.loc[named, "kind"].where(brought.loc[named, "kind"] != "blank", "student").array
    subjects["kind"] = kinds
    waiting = subjects["attendance"].isin(["expected", "absent", "opted_out"])
    later = "absent" if len(state.frames) else "expected"
    attendance = (
        subjects["attendance"]
        .where(subjects["attendance"] != "opted_out", later)
        .where(subjects["photograph"], "opted_out")
    )
    touched = np.zeros(len(subjects), dtype=bool)
    touched[at] = True
    subjects["attendance"] = subjects["attendance"].where(~(waiting & touched), attendance)
    subjects, kept = _codes_of_known(state, subjects, brought, at)
    return subjects, len(Change.between("subjects", state.subjects, subjects)), kept


def _codes_of_known(
    state: JobState, subjects: pd.DataFrame, brought: pd.DataFrame, at: np.ndarray
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Another code in the file is taken over only while nobody has seen the present one: no card, no frame, no order."""
    old = subjects["access_code"].to_numpy()[at]
    other = brought["access_code"].notna().to_numpy() & (brought["access_code"].to_numpy() != old)
    fixed = _is_seen(state)[at] | brought["access_code"].isin(subjects["access_code"]).to_numpy()
    stay, move = other & fixed, other & ~fixed
    values = subjects["access_code"].array.copy()
    values[at[move]] = brought.loc[move, "access_code"].array
    details = [f"row {r}: the file has code {n}, the job has {o}, which stays"
               for r, n, o in zip(brought.loc[stay, "row"], brought.loc[stay, "access_code"], old[stay], strict=True)]  # fmt: skip
    return subjects.assign(access_code=values), _rows_found("code_kept", brought[stay], details)


def _new_people(state: JobState, fresh: pd.DataFrame, blanks: int) -> pd.DataFrame:
    """Subjects for the rows nobody is known for, and for so many further blank cards; some lack their code yet."""
    new = fresh[[*_KEPT, "access_code", "group_id", "kind", *PERMISSIONS]].copy()
    new["source"] = np.where(new["kind"] == "blank", "blank_card", "names_list")
    if blanks > 0:
        new = pd.concat([new, pd.DataFrame({"kind": ["blank"] * blanks, "source": "blank_card"})], ignore_index=True)
    new["group_id"] = new["group_id"].astype("Int64")
    for column in PERMISSIONS:
        new[column] = new[column].astype("boolean").fillna(True).astype(bool)
    new["attendance"] = np.where(new["photograph"], "absent" if len(state.frames) else "expected", "opted_out")
    new["subject_id"] = np.arange(state.next_id("subjects"), state.next_id("subjects") + len(new))
    for column in [*_KEPT, "access_code"]:
        new[column] = new[column].astype("str")
    return new.assign(version=1).reset_index(drop=True)


# --- findings and counts -----------------------------------------------------------------------------------------------


def _about_people(subjects: pd.DataFrame, lost: pd.DataFrame) -> list[pd.DataFrame]:
    people = typed("subjects", subjects)
    people = people[people["kind"] != "blank"]
    full = people["first_name"].fillna("").str.casefold() + "\n" + people["last_name"].fillna("").str.casefold()
    full = full + "\n" + people["group_id"].astype("str").fillna("")
    alike = people[full.duplicated(keep=False)]
    alike = alike[alike["student_id"].isna().groupby(full).transform("any")]
    lone = people[people["group_id"].isna() & (people["kind"] == "student")]
    return [
        found("names", "subject_missing", "subjects", lost["subject_id"],
              [f"the person with code {c} is not in the new file" for c in lost["access_code"]]),
        found("names", "namesakes", "subjects", alike["subject_id"],
              [f"code {c} has a namesake in the same class, and no student id tells them apart" for c in alike["access_code"]]),
        found("names", "no_group", "subjects", lone["subject_id"], [f"code {c} has neither class nor teacher" for c in lone["access_code"]]),
    ]  # fmt: skip


def _findings(state: JobState, names: pd.DataFrame, read: pd.DataFrame | None, own: list[pd.DataFrame]) -> pd.DataFrame:
    """All that is to be said now. If no list was brought, only blank cards were added: the last list's findings stand."""
    if not len(names) and (read is None or not len(read)):
        return state.findings[state.findings["verb"] == "names"]
    return together(empty("findings") if read is None else read, *own)


def _counts(subjects: pd.DataFrame, groups: pd.DataFrame, new: int, changed: int, codes: int) -> dict[str, int]:
    blank = int((subjects["kind"] == "blank").sum())
    return {
        "people": len(subjects) - blank,
        "classes": len(groups),
        "blank_cards": blank,
        "new": new,
        "changed": changed,
        "codes": codes,
    }
