"""Names update: what a corrected names list means: who is the same child, who is two rows, who may be meant by a new name.

Problem: schools send their list again with spellings corrected, classes changed, codes and ids made anew. A child taken for a new one gets
a second code, and the order under the first one stays without a picture; two children taken for one would share a picture.
Rule: what is certain (code, id, name and class) is `decide.names`' own. Here is the rest, and all of it is only **proposed**: a row that
nobody is known for, and a child of the job who is missing in the file (or has a blank card only), whose names are nearly alike, are named as a pair, and the
row waits until a person says which: the same child, or a new one. Two rows of one id or code are one child if their names agree,
else two, and both are told.

Worked case: `Zoe Martin` of 3A is missing, row 12 has `Zoey Martin` of 3A: row 12 waits; `--same 12=CODE` corrects her name, `--same 12=new`
takes row 12 as a new child. Known limits: a new first name together with a new surname is nobody's. Source: domain.md 6.1, 6.2; matching.md 5.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from prepaykit.errors import Refused, UsageError
from prepaykit.rules.codes import compact
from prepaykit.tables.findings import found, together
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState
from prepaykit.tables.status import LIVE

NEW = "new"
MOST_TOLD = 3
SHOWN = ("first_name", "last_name", "group_id", "teacher", "grade", "student_id", "kind", "email", "phone", "photograph", "sell",
         "yearbook", "directory", "group_ok", "access_code")  # fmt: skip
_FIRST_GOOD = ("exact", "nickname", "slip", "short_slip", "sound", "part", "clipped")
_LAST_GOOD = ("exact", "part", "slip", "short_slip", "sound", "part_slip")


# --- student ids as codes ----------------------------------------------------------------------------------------------


def refuse_student_ids(state: JobState, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of a names list without access codes that are student ids: next year's list would take the codes over, and this job lose them.

    The rows stay and get codes of their own. A code that is in the job already stays there. With the job's setting
    `student_ids_as_codes` the ids are taken, and the finding only says so. Finding: code_is_student_id.
    """
    ids = pd.concat([rows["student_id"], state.subjects["student_id"]]).dropna().map(_plain_id)
    is_id = rows["access_code"].map(_plain_id, na_action="ignore").isin(set(ids) - {""}) & rows["access_code"].notna()
    is_id &= ~rows["access_code"].isin(state.subjects["access_code"])
    if not is_id.any():
        return rows, together()
    allowed = bool(state.job["student_ids_as_codes"])
    words = (
        "they are taken, as the setting student_ids_as_codes says"
        if allowed
        else "they are not taken: codes are issued instead"
    )
    spoken = found("names", "code_is_student_id", "names", ["access_code"],
                   f"{int(is_id.sum())} rows have a student id as access code; {words}")  # fmt: skip
    return (rows if allowed else rows.assign(access_code=rows["access_code"].mask(is_id))), spoken


def _plain_id(text: str) -> str:
    """An id as it is compared: without leading zeros, which spreadsheets lose."""
    return compact(text).lstrip("0")


# --- two rows for one child --------------------------------------------------------------------------------------------


def one_row_a_child(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows without those that speak of a child of an earlier row: the same id (in one school) or code, and names that agree.

    Rows with one id and different names are two children, and both are told. Findings: row_doubled, student_id_doubled.
    """
    spoken = []
    for column, with_school in (("student_id", True), ("access_code", False)):
        key = rows[column] + ("\n" + rows["school"].fillna("") if with_school else "")
        first = rows.groupby(key)["row"].transform("min")
        again = rows[first.notna() & (first != rows["row"]) & (rows["kind"] != "blank")]
        if not len(again):
            continue
        earlier = rows.set_index("row").loc[first[again.index].astype("int64")]
        agree = _names_agree(again, earlier)
        same, other = again[agree], again[~agree]
        spoken.append(found("names", "row_doubled", "names list", [f"row {r}" for r in same["row"]],
                            [f"row {r} has the {column.replace('_', ' ')} and nearly the name of row {int(f)}; row {int(f)} is used"
                             for r, f in zip(same["row"], first[same.index], strict=True)]))  # fmt: skip
        if column == "student_id":
            spoken.append(found("names", "student_id_doubled", "names list", [f"row {r}" for r in other["row"]],
                                [f"rows {int(f)} and {r} have one student id and different names; both are taken"
                                 for r, f in zip(other["row"], first[other.index], strict=True)]))  # fmt: skip
        rows = rows.drop(same.index)
    return rows.reset_index(drop=True), together(*spoken)


def _names_agree(one: pd.DataFrame, two: pd.DataFrame) -> np.ndarray:
    first, last = _levels(one, two)
    return np.isin(np.diagonal(first), _FIRST_GOOD) & np.isin(np.diagonal(last), _LAST_GOOD)


def _levels(one: pd.DataFrame, two: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """How the first and the last names of each row of `one` agree with those of each row of `two`: two tables of words."""
    from prepaykit.rules.matching import forms, levels

    result = []
    for column, form, compare, words in (
        ("first_name", forms.first_parts, levels.compare_firsts, levels.FIRST),
        ("last_name", forms.last_parts, levels.compare_lasts, levels.LAST),
    ):
        here, there = ([form(t) if isinstance(t, str) else () for t in side[column]] for side in (one, two))
        (left, at_left), (right, at_right) = (_numbered(side) for side in (here, there))
        pairs = compare(left, right)
        result.append(np.array(words, dtype=object)[pairs.of(at_left[:, None], at_right[None, :])])
    return result[0], result[1]


def _numbered(values: list[tuple[str, ...]]) -> tuple[list[tuple[str, ...]], np.ndarray]:
    distinct = sorted(set(values))
    place = {v: i for i, v in enumerate(distinct)}
    return distinct, np.array([place[v] for v in values], dtype=np.int64)


# --- perhaps the same child --------------------------------------------------------------------------------------------


def missing_people(state: JobState, rows: pd.DataFrame) -> pd.DataFrame:
    """People of the job's names list whom no row of the file is known for."""
    gone = (state.subjects["source"] == "names_list") & ~state.subjects["subject_id"].isin(rows["subject_id"].dropna())
    return state.subjects[gone]


def _not_met(state: JobState, rows: pd.DataFrame) -> pd.DataFrame:
    """Missing people, and children whom a blank card was given to: the school may have put them on its list meanwhile."""
    by_card = (state.subjects["source"] == "blank_card") & (state.subjects["kind"] != "blank")
    by_card &= ~state.subjects["subject_id"].isin(rows["subject_id"].dropna())
    return pd.concat([missing_people(state, rows), state.subjects[by_card]])


def perhaps_same(state: JobState, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that nobody is known for, each with the missing children it may be: `row`, `access_code`, `words`.

    `rows`: as `decide.names` has them, with `subject_id` (missing if nobody is known) and `group_id`. A pair needs one of: both names
    nearly alike (or exchanged) in the same class; the same first name in the same class, if it is the only such pair (a new surname);
    both names exactly, in another class; the parents' e-mail or phone, and nearly the first name. Different ids speak against it,
    unless both names are exact.
    """
    new, gone = rows[rows["subject_id"].isna() & (rows["kind"] != "blank")], _not_met(state, rows)
    if not len(new) or not len(gone):
        return pd.DataFrame({"row": [], "access_code": [], "words": []})
    first, last = _levels(new, gone)
    crossed = new.rename(columns={"first_name": "last_name", "last_name": "first_name"})
    first_x, last_x = _levels(crossed, gone)
    class_new, class_gone = (
        t["group_id"].astype("Int64").to_numpy(dtype="float64", na_value=np.nan) for t in (new, gone)
    )
    in_class = class_new[:, None] == class_gone[None, :]
    address = _same(new["email"], gone["email"]) | _same(new["phone"], gone["phone"])
    apart = (
        ~_same(new["student_id"], gone["student_id"])
        & new["student_id"].notna().to_numpy()[:, None]
        & gone["student_id"].notna().to_numpy()[None, :]
    )
    good_first, exact = np.isin(first, _FIRST_GOOD), (first == "exact") & (last == "exact")
    alike = in_class & good_first & np.isin(last, _LAST_GOOD)
    swapped = in_class & (first_x == "exact") & (last_x == "exact")
    surname = in_class & np.isin(first, ["exact", "nickname"]) & ~np.isin(last, _LAST_GOOD)
    surname &= (surname.sum(axis=0) == 1)[None, :] & (surname.sum(axis=1) == 1)[:, None]
    pair = (alike | swapped | surname | (address & good_first)) & ~apart | exact
    one, two = np.nonzero(pair)
    said = [
        _in_words(first[i, j], last[i, j], in_class[i, j], address[i, j], swapped[i, j])
        for i, j in zip(one, two, strict=True)
    ]
    return pd.DataFrame(
        {"row": new["row"].to_numpy()[one], "access_code": gone["access_code"].to_numpy()[two], "words": said}
    )


def _same(one: pd.Series, two: pd.Series) -> np.ndarray:
    """True where two values are there and equal, capitals aside; missing is never equal to missing."""
    here, there = (s.astype("str").str.casefold().to_numpy(dtype=object) for s in (one, two))
    return (here[:, None] == there[None, :]) & one.notna().to_numpy()[:, None] & two.notna().to_numpy()[None, :]


def _in_words(first: str, last: str, in_class: bool, address: bool, swapped: bool) -> str:
    from prepaykit.rules.matching.levels import WORDS

    if swapped:
        return "first name and surname exchanged, the same class"
    words = [f"first name {WORDS[first]}", f"surname {WORDS[last]}", "the same class" if in_class else "another class"]
    return ", ".join([*words, "the parents' address agrees"] if address else words)


def pairs_found(pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs as findings, one a row of the file. Finding: perhaps_same_child."""
    if not len(pairs):
        return together()
    pairs = pairs.sort_values(["row", "access_code"])
    told = pairs[pairs.groupby("row").cumcount() < MOST_TOLD]
    words = (told["access_code"] + " (" + told["words"] + ")").groupby(told["row"]).agg(" or ".join)
    codes = told.groupby("row")["access_code"].agg(["first", "size"])
    details = [f"row {r} may be {w}, who is missing in this file; it waits" for r, w in words.items()]
    hints = [f"{r}={c}" if n == 1 else f"{r}=CODE" for r, (c, n) in zip(codes.index, codes.to_numpy(), strict=True)]
    only = codes["first"].where(codes["size"] == 1)
    return found(
        "names",
        "perhaps_same_child",
        "names list",
        [f"row {r}" for r in words.index],
        details,
        suggestion=only.tolist(),
        hints=hints,
    )


def said_same(state: JobState, rows: pd.DataFrame, same: Mapping[str, str]) -> tuple[pd.Series, set[int]]:
    """What a person said of rows: the subject of each row so named (missing elsewhere), and the rows said to be new children.

    Raises UsageError for a row or code that is not there, Refused for a row that is certainly another child, or two rows for one child.
    """
    chosen, new = rows["subject_id"].copy(), set()
    number = {str(r): i for i, r in zip(rows.index, rows["row"], strict=True)}
    code = {
        compact(c): int(s)
        for c, s in state.subjects.loc[state.subjects["kind"] != "blank", ["access_code", "subject_id"]].to_numpy()
    }
    for row, value in same.items():
        if row not in number:
            raise UsageError(
                f"same: there is no row {row} to decide in this file; rows are numbered as in the spreadsheet, from 2"
            )
        if value.strip().casefold() == NEW:
            new.add(int(row))
            continue
        subject = code.get(compact(value))
        if subject is None:
            raise UsageError(
                f"same: {value} is no code of a child of {state.name}; write ROW=CODE, or ROW=new for a new child"
            )
        known = rows["subject_id"].get(number[row])
        if pd.notna(known) and int(known) != subject:
            raise Refused(
                f"row {row} is another child of the list already, by code, id or name and class; it cannot be {value} as well"
            )
        taken = rows.loc[(chosen == subject).fillna(False) & (rows["row"].astype("str") != row), "row"]
        if len(taken):
            raise Refused(f"row {row} cannot be {value}: row {taken.iloc[0]} is that child")
        chosen[number[row]] = subject
    return chosen, new


# --- children who left -------------------------------------------------------------------------------------------------


def orders_of_missing(state: JobState, missing: pd.DataFrame) -> pd.DataFrame:
    """Paid orders, not yet in production, of children who are missing in the file. They stay. Finding: missing_has_orders."""
    children = state.order_subjects[state.order_subjects["subject_id"].isin(missing["subject_id"])]
    orders = state.orders[
        state.orders["order_id"].isin(children["order_id"])
        & state.orders["status"].isin(LIVE)
        & (state.orders["paid_cents"] > 0)
    ]
    code = (
        children[["order_id", "subject_id"]]
        .merge(missing[["subject_id", "access_code"]], on="subject_id", validate="m:1")
        .groupby("order_id")["access_code"]
        .agg(" ".join)
    )
    details = [
        f"order {n} is for the person with code {code[i]}, who is not in the new file"
        for n, i in zip(orders["order_no"], orders["order_id"], strict=True)
    ]
    return found("names", "missing_has_orders", "orders", orders["order_no"], details)


# --- the preview -------------------------------------------------------------------------------------------------------


def names_changes(state: JobState, plan: Plan) -> pd.DataFrame:
    """What a names list would change, for looking before it is applied: `what`, `who` (code or row), `field`, `before`, `after`.

    `what`: waits (a row that may be a missing child), moved (another class), changed, missing, new; in this order. It shows names: it
    is for the screen of whoever brings the list, never for a log.
    """
    parts = [_waiting_rows(plan), _fields(state, plan), _missing_rows(state, plan), _new_rows(state, plan)]
    rows = [p for p in parts if len(p)]
    columns = ["what", "who", "field", "before", "after"]
    return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)


def _classes(state: JobState, plan: Plan) -> dict[int, str]:
    groups = plan.changes["groups"].on(state.groups) if "groups" in plan.changes else state.groups
    return dict(zip(groups["group_id"], groups["name"], strict=True))


def _waiting_rows(plan: Plan) -> pd.DataFrame:
    rows = plan.findings[plan.findings["code"] == "perhaps_same_child"]
    return pd.DataFrame(
        {
            "what": "waits",
            "who": rows["key"],
            "field": "perhaps the same child",
            "before": rows["suggestion"],
            "after": rows["detail"],
        }
    )


def _fields(state: JobState, plan: Plan) -> pd.DataFrame:
    if "subjects" not in plan.changes:
        return pd.DataFrame()
    change, classes = plan.changes["subjects"], _classes(state, plan)
    parts = []
    for column in SHOWN:
        before, after = change.before[column], change.after[column]
        differs = ~((before == after).fillna(False).astype("bool") | (before.isna() & after.isna()))
        if not differs.any():
            continue
        is_class = column == "group_id"
        texts = [s[differs].map(classes) if is_class else s[differs] for s in (before, after)]
        parts.append(pd.DataFrame({"what": "moved" if is_class else "changed", "who": change.before.loc[differs, "access_code"],
                                   "field": "class" if is_class else column, "before": texts[0].astype("str"), "after": texts[1].astype("str")}))  # fmt: skip
    if not parts:
        return pd.DataFrame()
    return pd.concat(parts).sort_values(
        ["what", "who"],
        key=lambda s: s.map({"moved": 0, "changed": 1}).fillna(s) if s.name == "what" else s,
        kind="stable",
    )


def _missing_rows(state: JobState, plan: Plan) -> pd.DataFrame:
    keys = plan.findings.loc[plan.findings["code"] == "subject_missing", "key"].astype("int64")
    rows = state.subjects[state.subjects["subject_id"].isin(keys)]
    return pd.DataFrame(
        {
            "what": "missing",
            "who": rows["access_code"],
            "field": "stays",
            "before": _names(rows, _classes(state, plan)),
            "after": None,
        }
    )


def _new_rows(state: JobState, plan: Plan) -> pd.DataFrame:
    if "subjects" not in plan.changes:
        return pd.DataFrame()
    rows = plan.changes["subjects"].inserts
    rows = rows[rows["kind"] != "blank"]
    return pd.DataFrame(
        {
            "what": "new",
            "who": rows["access_code"],
            "field": "person",
            "before": None,
            "after": _names(rows, _classes(state, plan)),
        }
    )


def _names(rows: pd.DataFrame, classes: dict[int, str]) -> pd.Series:
    return (
        (rows["first_name"].fillna("") + " " + rows["last_name"].fillna("")).str.strip()
        + ", "
        + rows["group_id"].map(classes).astype("str").fillna("no class")
    )
