"""Double entry: two people key the same envelopes; what they agree on goes in, what differs waits until it is settled.

Problem. A slip of one typist becomes a wrong print or a wrong sum, and nobody sees it. Rule. Envelopes are compared by number, field by field, by
what they mean: capitals, blanks, the order of items and `38` for `38.00` are no difference, and neither is the note. Of an envelope that differs,
only what both keyed is recorded, and of two amounts the smaller one: money is never booked that may not be there. No order is made of it until
both files agree or a person says who is right. That word counts for exactly these two rows: keyed differently again, it is asked again.

Worked case. E-12 is keyed as A with $42 and as B with $38: recorded with $38 and without packages, `keyed_differently`. With
`settle={"E-12": "first"}` the row of the first typist is taken: an order for A, and the other $4 are booked. An envelope that only one of them
keyed is recorded without money, `keyed_once`: its number may be a slip, and its money then in the book already under the right one.

Known limits. One file alone does not settle a difference. An order that was made before the second file came stays as it is; it is not placed
until the difference is settled. Source: domain.md 7 (double-entry mode).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from prepaykit.errors import Refused, UsageError
from prepaykit.money import show_cents
from prepaykit.rules.cash_up import money_kind
from prepaykit.rules.choosing import brought_choices, kept_choices
from prepaykit.rules.codes import normal_code
from prepaykit.rules.pricing import DASHES, counted_items
from prepaykit.tables.findings import found, together
from prepaykit.tables.state import JobState

WORDS = ("first", "second", "none")
WHOLE = "envelope"  # the field of an envelope that only one of them keyed
DIFFERENCES = ["envelope_no", "field", "first", "second"]
_ONLY = "keyed by the {} only"
_SIGNS = str.maketrans({**dict.fromkeys(DASHES, "-"), **dict.fromkeys("’‘ʼ`´", "'")})


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).translate(_SIGNS).casefold()).strip()


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit()) or _folded(text)


def _items(text: str) -> str:
    """What an order string asks for, however it is written: the same item twice is one with both quantities."""
    counted: dict[object, int] = {}
    for item in counted_items(text):
        if isinstance(item, str):
            return _folded(item)
        code, options, quantity = item
        key = (code, tuple(sorted(options)))
        counted[key] = counted.get(key, 0) + quantity
    return repr(sorted(counted.items()))


_FIELDS: dict[
    str, tuple[str, Callable[[str], str]]
] = {  # column of an envelope → heading in the file, and what it means
    "bag": ("bag", _folded),
    "typed_first": ("student_first", _folded),
    "typed_last": ("student_last", _folded),
    "typed_grade": ("grade", _folded),
    "typed_teacher": ("teacher", _folded),
    "typed_student_id": ("student_id", _folded),
    "typed_code": ("access_code", lambda text: _folded(normal_code(text))),
    "packages": ("packages", _items),
    "received_cents": ("amount_received", str),
    "payment_method": ("payment_method", _folded),
    "check_no": ("check_no", _folded),
    "payee": ("payee", _folded),
    "parent_name": ("parent_name", _folded),
    "parent_email": ("parent_email", _folded),
    "parent_phone": ("parent_phone", _digits),
}


@dataclass(frozen=True)
class Entered:
    """`rows` to take in (column `differs` says which of them wait), `marks` (envelope → what differs, or missing) for those that are
    there, `gone` (numbers that are on no envelope), `choices` as they are from now on."""

    rows: pd.DataFrame
    marks: pd.Series
    gone: list[str]
    choices: pd.DataFrame


def compare_entries(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Every field in which two typists differ: `envelope_no`, `field` (heading of the file), `first`, `second` (as keyed).

    `first`, `second`: one row is an envelope, columns of `envelopes`. An envelope that only one keyed is one row, field
    `envelope`. The table shows names: it is for the screen and the file of the person who settles it, not for findings.

    >>> one = pd.DataFrame({"envelope_no": ["E-1"], "packages": ["A-1;B"], "received_cents": [3800], "typed_first": ["Ada"]})
    >>> two = pd.DataFrame({"envelope_no": ["e-1"], "packages": ["b-1; a"], "received_cents": [4200], "typed_first": ["ADA "]})
    >>> compare_entries(one, two).values.tolist()
    [['E-1', 'amount_received', '38.00', '42.00']]
    """
    one, two = _keyed(first), _keyed(aligned(second, first))
    both, parts = one.index.intersection(two.index), []
    meant = _meant(one.loc[both]), _meant(two.loc[both])
    for place, (column, (heading, _)) in enumerate(_FIELDS.items()):
        differs = (meant[0][column] != meant[1][column]).to_numpy()
        shown = [_shown(table.loc[both[differs], column], column).to_numpy() for table in (one, two)]
        parts.append(
            pd.DataFrame(
                {"envelope_no": both[differs], "field": heading, "first": shown[0], "second": shown[1], "place": place}
            )
        )
    for at, (mine, other) in enumerate(((one, two), (two, one))):
        only = mine.index.difference(other.index)
        words = [None, None]
        words[at] = "keyed"
        parts.append(
            pd.DataFrame({"envelope_no": only, "field": WHOLE, "first": words[0], "second": words[1], "place": -1})
        )
    table = pd.concat([p for p in parts if len(p)] or parts[:1])
    order = {number: at for at, number in enumerate(dict.fromkeys([*one.index, *two.index]))}
    table = table.assign(at=table["envelope_no"].map(order)).sort_values(["at", "place"], kind="stable")
    return table[DIFFERENCES].astype("str").reset_index(drop=True)


def aligned(second: pd.DataFrame, first: pd.DataFrame) -> pd.DataFrame:
    """The second table with its envelope numbers written as in the first where they are the same but for capitals, blanks and dashes.

    `e-12` for `E-12` would be another envelope, and its money counted twice.
    """
    key = lambda numbers: numbers.map(lambda n: _folded(str(n)).replace(" ", ""))  # noqa: E731
    mine = pd.Series(first["envelope_no"].to_numpy(), index=key(first["envelope_no"]), dtype="str")
    mine = mine[~mine.index.duplicated(keep=False)]
    theirs = key(second["envelope_no"])
    clear = ~theirs.duplicated(keep=False) & ~second["envelope_no"].isin(first["envelope_no"])
    return second.assign(
        envelope_no=theirs.map(mine).astype("str").where(clear).fillna(second["envelope_no"]).astype("str")
    )


def entered(
    state: JobState,
    first: pd.DataFrame,
    second: pd.DataFrame | None,
    settle: Mapping[str, str],
    *,
    said_by: Mapping[str, object] | None = None,
    taken_off: Iterable[str] = (),
) -> Entered:
    """What of the keyed envelopes is taken in, given the words of people (`settle`: envelope → first, second or none).

    `first`, `second`: one row is an envelope, all columns of `envelopes` that are keyed. Without `second` all rows go in but those of
    envelopes that wait because two typists differ: of them only those settled as `first`. `none` takes off a number that is on no
    envelope. `said_by`: who, why, decided_at of these words. `taken_off`: envelopes that a file of choices takes off (`settled_before`).
    Raises UsageError for a word or an envelope that is not there, Refused for an envelope with money or an order.
    """
    settle = {str(n).strip(): str(w).strip().lower() for n, w in settle.items()}
    first = aligned(first, state.envelopes)
    second = None if second is None else aligned(aligned(second, state.envelopes), first)
    _require_sensible(state, first, second, settle)
    waiting = state.envelopes.set_index("envelope_no")["differs"].dropna()
    table = compare_entries(first, second if second is not None else first)
    fields = table.groupby("envelope_no", sort=False)["field"].agg(list)
    marks = _marks_of_files(first, second, fields) if second is not None else _marks_of_one(first, waiting)
    prints = _prints(first, second, list(marks.dropna().index))
    said = _words_said(state, settle, prints)
    gone = [*(n for n, word in settle.items() if word == "none"), *taken_off]
    # A number that was taken off and has come back, because both keyed it after all, is an envelope like any other.
    back = set(state.envelopes["envelope_no"]) - set(gone)
    off = {n for n, word in said.items() if word == "none"} - _keyed_by_both(first, second) - back
    rows = _settled_rows(first, second, marks, said, fields)
    # One file alone says nothing about an envelope that two typists differ on.
    silent = set(marks.dropna().index) if second is None else set()
    silent -= {n for n, word in said.items() if word == "first"}
    rows = rows[~rows["envelope_no"].isin(silent | off)]
    marks = marks.mask(marks.index.isin([n for n, w in said.items() if w != "none"]), None)[
        lambda m: ~m.index.isin(silent)
    ]
    ordered = state.envelopes.loc[state.envelopes["order_id"].notna(), "envelope_no"]
    rows = rows.assign(differs=rows["envelope_no"].map(marks).astype("str"))
    # An order that is there is not made anew of half a row.
    rows = rows[rows["differs"].isna() | ~rows["envelope_no"].isin(ordered)]
    return Entered(rows.reset_index(drop=True), marks, gone, _with_words(state, settle, said, prints, said_by or {}))


def settled_before(
    state: JobState, brought: pd.DataFrame | None, first: pd.DataFrame, second: pd.DataFrame | None
) -> tuple[JobState, list[str], pd.DataFrame]:
    """The job with the words that a file of choices brings about envelopes keyed twice; the numbers that it takes off; and findings.

    A word for one typist counts only for the very rows it was said of, as its mark tells; `none` not for an envelope that holds money, is an
    order, or was keyed by both.
    """
    words = None if brought is None else brought[brought["kind"] == "settle"]
    if words is None or not len(words):
        return state, [], together()
    keyed, there = _keyed_by_both(first, second), state.envelopes.set_index("envelope_no")["order_id"]
    paid = state.envelopes["envelope_id"].isin(state.payments["envelope_id"].dropna())
    holds = set(state.envelopes.loc[paid, "envelope_no"]) | set(there.index[there.notna()])

    def resolved(_kind: str, number: str, value: str) -> tuple[str, str]:
        word, *mark = value.lower().split()
        if word not in WORDS or len(mark) != (word != "none"):
            raise UsageError(
                f"settle {number}: the value is none, or first or second and the mark of the rows, as prepaykit choices writes it"
            )
        if word == "none" and number in keyed:
            raise UsageError(f"settle {number}: both typists keyed it: say first or second")
        if word == "none" and number in holds:
            raise Refused(f"settle {number}: it holds money or is an order already. Cancel its order instead.")
        return number, " ".join([word, *mark])

    taken, findings = brought_choices(state, words, "paper", resolved)
    off = taken.loc[(taken["value"] == "none") & taken["target"].isin(there.index), "target"]
    return state.replace(choices=kept_choices(state.choices, taken)), list(off), findings


def marked(work: JobState, entry: Entered) -> JobState:
    """The job with what differs written on its envelopes, and without the numbers that are on no envelope."""
    table = work.envelopes
    here = table["envelope_no"].isin(entry.marks.index)
    if here.any():
        table = table.copy()
        table.loc[here, "differs"] = table.loc[here, "envelope_no"].map(entry.marks).to_numpy()
    gone = table["envelope_no"].isin(entry.gone)
    return work.replace(envelopes=table[~gone] if gone.any() else table, choices=entry.choices)


def entry_findings(work: JobState) -> pd.DataFrame:
    """Envelopes that wait because of what was keyed twice: keyed_differently, keyed_once; about the order if it is one already.

    Says numbers and the names of fields, never what stands in them.
    """
    rows, parts = work.envelopes[work.envelopes["differs"].notna()], []
    once = rows["differs"].str.startswith("keyed by")
    for code, mine in (("keyed_differently", rows[~once]), ("keyed_once", rows[once])):
        for about, part in (("envelopes", mine[mine["order_id"].isna()]), ("orders", mine[mine["order_id"].notna()])):
            words = part["differs"] if code == "keyed_once" else part["differs"].str.replace(" ", ", ") + " differ"
            details = [f"envelope {n}: {w}" for n, w in zip(part["envelope_no"], words, strict=True)]
            right = part["envelope_no"] + part["differs"].str.contains("second only").map(
                {True: "=second", False: "=first"}
            )
            parts.append(found("paper", code, about, part["envelope_no"], details, hints=right))
    return together(*parts)


# --- what rows mean ----------------------------------------------------------------------------------------------------


def _keyed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.reindex(columns=["envelope_no", *_FIELDS]).drop_duplicates("envelope_no").set_index("envelope_no")


def _meant(keyed: pd.DataFrame) -> pd.DataFrame:
    """Each field in one form, so that only a difference in meaning is one; nothing is an empty text."""
    method = money_kind(keyed["payment_method"], keyed["check_no"])
    columns = {}
    for column, (_, meaning) in _FIELDS.items():
        values = keyed[column]
        if column == "payment_method":
            values = values.mask(method != "other", method)
        elif column == "received_cents":
            values = values.astype("Int64").fillna(0)
        columns[column] = values.astype("str").map(meaning, na_action="ignore").astype("object").fillna("")
    return pd.DataFrame(columns, index=keyed.index)


def _shown(values: pd.Series, column: str) -> pd.Series:
    if column != "received_cents":
        return values.astype("str")
    return values.astype("Int64").fillna(0).map(lambda cents: show_cents(int(cents), "").strip()).astype("str")


def _prints(first: pd.DataFrame, second: pd.DataFrame | None, numbers: list[str]) -> dict[str, str]:
    """A short mark of what was keyed for each of these envelopes: it changes when one of the two rows does."""
    meant = [_meant(_keyed(t)) for t in (first, second) if t is not None]
    return {
        n: hashlib.sha256(repr([m.loc[n].tolist() if n in m.index else None for m in meant]).encode()).hexdigest()[:12]
        for n in numbers
    }


# --- what is settled ---------------------------------------------------------------------------------------------------


def _marks_of_files(first: pd.DataFrame, second: pd.DataFrame, fields: pd.Series) -> pd.Series:
    """Envelope → what differs, missing where both agree; for every envelope of the two files."""
    numbers = dict.fromkeys([*first["envelope_no"], *second["envelope_no"]])
    keyed = set(first["envelope_no"])
    words = {
        n: _ONLY.format("first" if n in keyed else "second") if f == [WHOLE] else " ".join(f) for n, f in fields.items()
    }
    return pd.Series([words.get(n) for n in numbers], index=list(numbers), dtype="str")


def _marks_of_one(first: pd.DataFrame, waiting: pd.Series) -> pd.Series:
    return first["envelope_no"].map(waiting).set_axis(first["envelope_no"]).astype("str")


def _keyed_by_both(first: pd.DataFrame, second: pd.DataFrame | None) -> set[str]:
    return set() if second is None else set(first["envelope_no"]) & set(second["envelope_no"])


def _words_said(state: JobState, settle: Mapping[str, str], prints: Mapping[str, str]) -> dict[str, str]:
    """Envelope → who is right: as said now, or said before about just these rows."""
    rows = state.choices[state.choices["kind"] == "settle"]
    before = {n: v.split() for n, v in zip(rows["target"], rows["value"], strict=True)}
    still = {n: v[0] for n, v in before.items() if v[0] == "none" or v[1:] == [prints.get(n)]}
    return still | {n: w for n, w in settle.items() if w == "none" or n in prints}


def _settled_rows(
    first: pd.DataFrame, second: pd.DataFrame | None, marks: pd.Series, said: Mapping[str, str], fields: pd.Series
) -> pd.DataFrame:
    """The rows as they are recorded: agreed ones, those of the typist who is right, and what is certain of the others."""
    if second is None:
        return first
    of_second = [n for n in second["envelope_no"] if said.get(n) == "second" or n not in set(first["envelope_no"])]
    mine, theirs = first[~first["envelope_no"].isin(of_second)], second[second["envelope_no"].isin(of_second)]
    notes = second.set_index("envelope_no")["note"]
    mine = mine.assign(note=mine["note"].astype("str").fillna(mine["envelope_no"].map(notes).astype("str")))
    rows = pd.concat([mine, theirs], ignore_index=True)
    waits = rows["envelope_no"].map(marks).notna() & ~rows["envelope_no"].isin(
        [n for n, w in said.items() if w != "none"]
    )
    columns = {heading: column for column, (heading, _) in _FIELDS.items()}
    for heading, column in columns.items():
        if column != "received_cents":
            unsure = {n for n, f in fields.items() if heading in f}
            rows[column] = rows[column].mask(waits & rows["envelope_no"].isin(unsure), None)
    seen = [rows["envelope_no"].map(t.set_index("envelope_no")["received_cents"]).fillna(0) for t in (first, second)]
    smaller = pd.concat(seen, axis=1).min(axis=1).astype("int64")
    return rows.assign(received_cents=rows["received_cents"].where(~waits, smaller).astype("int64"))


def _with_words(
    state: JobState,
    settle: Mapping[str, str],
    said: Mapping[str, str],
    prints: Mapping[str, str],
    by: Mapping[str, object],
) -> pd.DataFrame:
    new = {n: "none" if w == "none" else f"{w} {prints[n]}" for n, w in said.items() if n in settle}
    if not new:
        return state.choices
    rows = pd.DataFrame({"kind": "settle", "target": list(new), "value": list(new.values())}).assign(**by)
    return kept_choices(state.choices, rows)


def _require_sensible(
    state: JobState, first: pd.DataFrame, second: pd.DataFrame | None, settle: Mapping[str, str]
) -> None:
    odd = sorted(set(settle.values()) - set(WORDS))
    if odd:
        raise UsageError(f"settle: an envelope is settled as {', '.join(WORDS)}; got {odd[0]!r}")
    there = state.envelopes.set_index("envelope_no")
    files = {"first": set(first["envelope_no"]), "second": set() if second is None else set(second["envelope_no"])}
    for number, word in settle.items():
        if word != "none":
            if number not in files[word]:
                raise UsageError(
                    f"settle: the {word} file has no envelope {number}: bring the file with the row that is right"
                )
        elif number in _keyed_by_both(first, second):
            raise UsageError(f"settle: both typists keyed envelope {number}: say first or second")
        elif number in there.index:
            row = there.loc[number]
            if pd.notna(row["order_id"]) or row["envelope_id"] in set(state.payments["envelope_id"].dropna()):
                raise Refused(
                    f"envelope {number} holds money or is an order already: it is not taken off. Cancel its order instead."
                )
        elif number not in files["first"] | files["second"] and number not in _settled_as_none(state):
            raise UsageError(f"settle: there is no envelope {number}")


def _settled_as_none(state: JobState) -> set[str]:
    rows = state.choices[(state.choices["kind"] == "settle") & (state.choices["value"] == "none")]
    return set(rows["target"])
