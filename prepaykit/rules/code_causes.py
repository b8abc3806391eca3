"""Code causes: why populate could not fill the slots of an order, and which correction would put it right.

Problem. "No frames under the code" has a dozen causes: the code was typed wrong, it is another job's, the card was printed anew, a
brother's card was held up, the card was blank or could not be read, the child was absent. Looking each up in three tables is what
analysts spend their days on. Rule. Everything that the tables can say is said: one cause an order and child, in words of `CAUSES`; the
likeliest corrections, up to five, ranked, each with its evidence and how sure it is (sure, likely, possible); and which frames to look at.

Nothing is applied by being proposed. Equal candidates share a rank. A gallery that is a listed child's own is never proposed for another
child. A code never overrules a name: a child whose first name contradicts the order is never more than possible.

Measured on jobs drawn with their truth (`python -m tests.benchmarks.code_causes --quick`): 96 orders and children of six demo jobs: cause
right for 87, said to be unclear for 8; where frames or a child exist, the right proposal is among the five in 72 of 72; 19 sure
proposals and 48 likely ones, none wrong. In six rough jobs (classes shot in an order by chance, four times as many mistakes) 342 of 447
are said to be unclear, 1 cause is wrong, the right proposal is among the five in 288 of 362; 45 sure and 51 likely ones, none wrong.
Known limits: says nothing about a slot that holds a picture; a child who was shot out of order behind a skipped card may be missed.
Source: the user's document, part II step 2; domain.md 3.3, 5, 8, 15; matching.md 5.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prepaykit.rules.code_repair import codes_near, of_former_list, slips
from prepaykit.rules.codes import compact, is_own_form
from prepaykit.rules.group_causes import group_causes
from prepaykit.rules.order_codes import code_candidates
from prepaykit.rules.sessions import sessions_of, strays_of
from prepaykit.rules.slots import fill_slots
from prepaykit.rules.stray_claims import LIKELY, POSSIBLE, SURE, stray_claims, waiting_children
from prepaykit.rules.weighing import refs_of
from prepaykit.tables.state import JobState

CAUSES = {
    "typed_wrong": "the order's code is a slip away from a code of the list",
    "code_of_other_job": "the order's code belongs to another job",
    "former_code": "the order's code is of a former list (last year's, or before the list was made anew)",
    "class_code": "the order carries the code of a class",
    "no_code": "the order carries no code",
    "unknown_code": "the order's code is like none of the list",
    "near_card": "the frames stand under a code one slip beside the child's: a card written by hand or misprinted",
    "unlisted_card": "the frames stand under a code that is not on the list: the card was printed anew, or from another list",
    "other_jobs_card": "the frames stand under a card of another job",
    "siblings_card": "the frames stand in a second session under another child's card, often a brother's or sister's",
    "blank_card": "the frames stand under a blank card",
    "unread_card": "the frames stand after a card that could not be read",
    "skipped_card": "the frames stand in the session of the child before: the card was skipped",
    "before_first_card": "the frames stand before the first card of a camera",
    "card_alone": "the card was photographed, and nobody after it",
    "unclear": "one of several sessions nearby may be the child's, or the child was absent",
    "absent": "no sign of the child on picture day: absent, or the card was never photographed",
    "class_absent": "nobody of the class was photographed",
    "no_class": "the child is in no class: there can be no class picture",
    "group_card_unread": "the class picture stands after a card that could not be read, or under a code that is not on the list",
    "no_group_picture": "no picture of the class was taken, or its card was never photographed",
    "all_hidden": "all frames of the child are hidden",
    "not_active": "the gallery is closed: the names list has changed since the frames were read",
    "not_for_sale": "pictures of the child must not be sold",
    "list_made_anew": "many cards carry codes that are not on the list: it was made anew after they were printed",
}
SHOWN = 5
MANY, MANY_SHARE = 3, 0.05
COLUMNS = [
    "key",
    "order_no",
    "order_subject_id",
    "access_code",
    "slots",
    "finding",
    "cause",
    "rank",
    "sure",
    "verb",
    "from",
    "to",
    "evidence",
    "look",
]
_CAUSE_OF = {"unlisted": "unlisted_card", "blank": "blank_card", "unread": "unread_card", "nobody": "before_first_card",
             "second": "siblings_card", "long": "skipped_card"}  # fmt: skip


def code_causes(state: JobState) -> pd.DataFrame:
    """Say of every order that populate cannot fill why, and what would put it right.

    One row is a proposal, or an order and child without one; orders in the order of their numbers. Columns: `key` (names the proposal, such as
    `tag:118=AB12-CD34`; missing without one), `order_no`, `order_subject_id`, `access_code` (the child's, else the order's), `slots` (how many are empty), `finding` (populate's
    code), `cause` (of `CAUSES`, the same in all rows of an order and child), `rank` (1 is the best; equals share one), `sure`
    (sure, likely, possible), `verb` (relabel, tag, bind, order_code, show), `from`, `to`, `evidence`, `look` (frames, space-separated). A row
    without order with the cause list_made_anew says once how many cards carry codes of another list.

    Uses what populate would leave empty now, whether or not it has run. Changes nothing.

    >>> len(code_causes(JobState.new(name="maple-grove-2026", school="Maple Grove")))
    0
    """
    empty = _unfilled(state)
    sessions = sessions_of(state)
    strays = strays_of(sessions, state)
    parts = [
        _of_children(state, empty[empty["finding"] == "no_gallery_for_code"], sessions, strays),
        _of_orders(state, empty[empty["finding"] == "code_unknown"], sessions),
        group_causes(state, empty[empty["finding"] == "no_group_photo"], sessions),
        _of_closed(state, empty[empty["finding"].isin(["gallery_empty", "gallery_not_activated", "opted_out"])]),
    ]
    rows = pd.concat([p.reindex(columns=COLUMNS) for p in parts if len(p)] or [pd.DataFrame(columns=COLUMNS)])
    rows = rows.sort_values(["order_no", "order_subject_id", "finding", "rank"], kind="stable")
    anew = _made_anew(state, strays)
    rows = pd.concat([anew, rows]) if len(anew) else rows
    types = {"order_subject_id": "Int64", "slots": "Int64", "rank": "Int64"}
    return rows.reset_index(drop=True).astype({c: types.get(c, "str") for c in COLUMNS})


# --- what stays empty --------------------------------------------------------------------------------------------------


def _unfilled(state: JobState) -> pd.DataFrame:
    """One row an order, child and reason: `slots` stay empty for that reason."""
    filled = fill_slots(state.slots, state.orders, state.subjects, state.galleries, state.group_frames, state.frames,
                        retake_policy=str(state.job["retake_policy"]))  # fmt: skip
    columns = ["order_no", "order_subject_id", "order_id", "subject_id", "access_code", "finding", "slots"]
    if not len(filled.findings):
        return pd.DataFrame(columns=columns)
    slots = filled.findings[["key", "code"]].assign(slot_id=filled.findings["key"].astype("int64"))
    slots = slots.merge(state.slots[["slot_id", "line_id", "order_id", "subject_id"]], on="slot_id", validate="1:1")
    slots["order_subject_id"] = slots["line_id"].map(state.lines.set_index("line_id")["order_subject_id"])
    who = ["order_id", "order_subject_id", "code"]
    rows = (
        slots.groupby(who, sort=True).agg(slots=("slot_id", "size"), subject_id=("subject_id", "first")).reset_index()
    )
    rows["order_no"] = rows["order_id"].map(state.orders.set_index("order_id")["order_no"])
    listed = rows["subject_id"].map(state.subjects.set_index("subject_id")["access_code"]).astype("str")
    typed = (
        rows["order_subject_id"].map(state.order_subjects.set_index("order_subject_id")["access_code"]).astype("str")
    )
    return rows.assign(access_code=listed.fillna(typed)).rename(columns={"code": "finding"})[columns]


# --- children without frames -------------------------------------------------------------------------------------------


def _of_children(state: JobState, empty: pd.DataFrame, sessions: pd.DataFrame, strays: pd.DataFrame) -> pd.DataFrame:
    if not len(empty):
        return pd.DataFrame(columns=COLUMNS)
    claims = stray_claims(state, sessions, strays)
    cause = _child_causes(state, empty["subject_id"].unique(), claims, strays, sessions)
    rows = empty.assign(cause=empty["subject_id"].map(cause))
    best = claims[claims["rank"] <= SHOWN]
    best = best[best.groupby("subject_id").cumcount() < SHOWN]
    if not len(best):
        return _without_proposal(state, rows)
    told = best.assign(**_proposals(state, best))
    told = told[told["verb"].notna()]
    merged = rows.merge(
        told[["subject_id", "key", "rank", "sure", "verb", "from", "to", "evidence", "look"]],
        on="subject_id",
        how="left",
        validate="m:m",
    )
    bare = merged["key"].isna()
    return pd.concat([merged[~bare], _without_proposal(state, merged[bare])])


def _child_causes(
    state: JobState, children: np.ndarray, claims: pd.DataFrame, strays: pd.DataFrame, sessions: pd.DataFrame
) -> dict[int, str]:
    """What became of each child: the best session's cause if it is likely at least; else absent, in one of its forms."""
    result = dict.fromkeys(children, "absent")
    people = state.subjects.set_index("subject_id")
    classes = people.loc[children, "group_id"]
    shot = sessions[(sessions["kind"] == "listed") & (sessions["frames"] > 0)] if len(sessions) else sessions
    seen = set(shot["group_id"].dropna()) if len(shot) else set()
    result |= {c: "class_absent" for c, g in classes.items() if len(sessions) and pd.notna(g) and g not in seen}
    if len(sessions):
        alone = sessions.groupby("subject_id")["frames"].sum()
        result |= dict.fromkeys(set(alone.index[alone == 0]) & set(children), "card_alone")
    best = claims[(claims["rank"] == 1) & claims["subject_id"].isin(children)] if len(claims) else claims
    if not len(best):
        return result
    best = best.assign(cause=_kind_causes(state, best))
    open_ = best[~best["off_place"] & ((best["kind"] != "blank") | best["amid"])]
    result |= {c: "unclear" for c in open_["subject_id"] if result[c] == "absent"}
    firm = best[best["sure"].isin([SURE, LIKELY]) | _all_were_there(best, claims, strays, state)]
    firm = firm.groupby("subject_id")["cause"].agg(["first", "nunique"])
    return result | dict(firm.loc[firm["nunique"] == 1, "first"])


def _kind_causes(state: JobState, claims: pd.DataFrame) -> np.ndarray:
    elsewhere = claims["read_code"].isin(state.other_codes["access_code"]) & (claims["kind"] == "unlisted")
    return np.select([elsewhere, claims["near"]], ["other_jobs_card", "near_card"], claims["kind"].map(_CAUSE_OF))


def _all_were_there(best: pd.DataFrame, claims: pd.DataFrame, strays: pd.DataFrame, state: JobState) -> pd.Series:
    """As many unread or unlisted cards in the class as children without frames: all were there, though who is who is open."""
    mine = claims[claims["kind"].isin(["unread", "unlisted"]) & (claims["amid"] | claims["beside"])]
    cards = mine.groupby("class_of")["stray"].nunique()
    children = waiting_children(state)["group_id"].value_counts()
    enough = best["class_of"].map(cards).fillna(0).astype("int64") >= best["class_of"].map(children).fillna(1).astype(
        "int64"
    )
    return enough & best["kind"].isin(["unread", "unlisted"]) & ~best["may_be_group"].astype("bool")


def _proposals(state: JobState, claims: pd.DataFrame) -> dict[str, pd.Series]:
    """The correction that each claim comes to, its key, its evidence and where to look."""
    once = claims["uses"].fillna(1) <= 1
    verb = np.select(
        [(claims["kind"] == "unlisted") & once, (claims["kind"] == "blank") & once, claims["kind"].notna()],
        ["relabel", "bind", "tag"],
        None,
    )
    origin = claims["read_code"].where(np.isin(verb, ["relabel", "bind"]), claims["from_frame"].astype("str"))
    key = pd.Series(verb, claims.index) + ":" + origin + "=" + claims["access_code"]
    return {"key": key, "verb": pd.Series(verb, claims.index), "from": origin, "to": claims["access_code"],
            "evidence": _evidence(state, claims), "look": _look(state, claims)}  # fmt: skip


def _evidence(state: JobState, claims: pd.DataFrame) -> pd.Series:
    code = state.subjects.set_index("subject_id")["access_code"]
    group = state.groups.set_index("group_id")["name"]
    jobs = dict(zip(state.other_codes["access_code"], state.other_codes["job"], strict=True))
    return pd.Series([_words(row, code, group, jobs) for row in claims.itertuples()], index=claims.index, dtype="str")


def _words(row: object, code: pd.Series, group: pd.Series, jobs: dict[str, str]) -> str:
    """The evidence of one claim as a sentence; codes and frames, never names."""
    what = {
        "unlisted": f"card {row.read_code}, not on the list"
        + (f" (a code of job {jobs[row.read_code]})" if row.read_code in jobs else ""),
        "blank": f"blank card {row.read_code}",
        "unread": "a card that could not be read",
        "nobody": "no card before",
        "second": f"a second session under {row.read_code}",
        "long": f"the later part of a long session under {row.read_code}"
        + ("" if row.is_clear else " (border only counted)"),
    }[row.kind]
    at = "" if pd.isna(row.at) else f" at {row.at:%H:%M:%S}"
    said = [f"{what}: {row.frames} frame{'s' * (row.frames != 1)} from frame {row.from_frame}{at}"]
    if row.ordered:
        said.append("the child's own order carries this code")
    if row.near:
        said.append(f"{slips(row.read_code, row.access_code)} from the child's code, and from no other")
    name = group.get(row.class_of, "the class")
    around = [code.get(v) for v in (row.before, row.after) if pd.notna(v)]
    between = f" ({' and '.join(around)})" if around else ""
    if row.amid:
        said.append(f"shot between children of {name}{between}")
    elif row.beside:
        said.append(f"shot at the edge of {name}{between}")
    if row.place:
        said.append("just where the child stands in the order of the class")
    elif row.gap:
        said.append("where the child may stand in the order of the class, as others may")
    elif row.off_place:
        said.append("not where the child stands in the order of the class")
    if row.only_child:
        said.append("nobody else of the class is without frames")
    return "; ".join(said)


def _look(state: JobState, claims: pd.DataFrame) -> pd.Series:
    """Frames to look at: the card or border, the first frame after it, and the class picture."""
    group = state.group_frames.sort_values("position").drop_duplicates("group_id").set_index("group_id")["frame_id"]
    parts = pd.DataFrame(
        {"a": claims["from_frame"], "b": claims["first_frame"], "c": claims["class_of"].map(group)}
    ).astype("Int64")
    return pd.Series([" ".join(dict.fromkeys(str(int(v)) for v in row if pd.notna(v))) for row in parts.itertuples(index=False)],
                     index=claims.index, dtype="str")  # fmt: skip


def _without_proposal(state: JobState, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that have nothing to propose say what is known of the child all the same."""
    people = state.subjects.set_index("subject_id")
    group = state.groups.set_index("group_id")["name"]
    has = state.subjects["subject_id"].isin(state.galleries["subject_id"].dropna())
    shot, of = (
        t.groupby(state.subjects["group_id"]).sum() for t in (has.astype(int), pd.Series(1, state.subjects.index))
    )
    words = []
    for subject in rows["subject_id"]:
        g = people["group_id"].get(subject)
        words.append("no frames under the child's code, and no session nearby that is nobody's" if pd.isna(g)
                     else f"no frames under the child's code; {shot[g]} of {of[g]} of {group[g]} were photographed")  # fmt: skip
    return rows.assign(evidence=words)


# --- orders without a child --------------------------------------------------------------------------------------------


def _of_orders(state: JobState, empty: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
    if not len(empty):
        return pd.DataFrame(columns=COLUMNS)
    children = state.order_subjects[state.order_subjects["order_subject_id"].isin(empty["order_subject_id"])]
    near = code_candidates(state, children, sessions)
    cause = dict(zip(children["order_subject_id"], _order_causes(state, children["access_code"]), strict=True))
    rows = empty.assign(cause=empty["order_subject_id"].map(cause))
    near = near[near["rank"] <= SHOWN]
    merged = rows.merge(
        near[near.groupby("order_subject_id").cumcount() < SHOWN], on="order_subject_id", how="left", validate="1:m"
    )
    # An envelope and an online order may bear one number: the key must name one child only.
    number = merged["order_subject_id"].map(refs_of(state)).astype("str")
    key = "order_code:" + number + "=" + merged["to"]
    evidence = merged["evidence"].fillna("nobody of the list comes near the name")
    jobs = dict(zip(state.other_codes["access_code"].map(compact), state.other_codes["job"], strict=True))
    forms = [compact(c) if isinstance(c, str) else "" for c in merged["access_code"]]
    named = pd.Series(
        [f"the code is one of job {jobs[f]}; " if f in jobs else "" for f in forms], merged.index, dtype="str"
    )
    return merged.assign(key=key, verb=pd.Series("order_code", merged.index).where(key.notna()), **{"from": number.where(key.notna())},
                         evidence=named + evidence)  # fmt: skip


def _order_causes(state: JobState, codes: pd.Series) -> np.ndarray:
    typed = codes.dropna()
    form = codes.map(compact, na_action="ignore").astype("str")
    listed = pd.concat([state.subjects["access_code"], state.groups["access_code"]])
    near = codes_near(typed.unique(), listed)
    close = codes.isin(near.loc[near["folded"] <= 1, "code"])
    two = codes.isin(near["code"])
    known = set(state.other_codes["access_code"].map(compact))
    former = pd.Series(False, codes.index)
    former[typed.index] = of_former_list(typed, listed)
    whole = np.array([isinstance(c, str) and is_own_form(c) for c in codes], dtype=bool)
    tests = [
        codes.isna(),
        form.isin(known),
        form.isin(state.groups["access_code"].map(compact)),
        whole,
        close,
        two & ~former,
        former,
        two,
    ]
    words = [
        "no_code",
        "code_of_other_job",
        "class_code",
        "former_code",
        "typed_wrong",
        "typed_wrong",
        "former_code",
        "typed_wrong",
    ]
    return np.select(tests, words, "unknown_code").astype(object)


# --- closed galleries --------------------------------------------------------------------------------------------------


def _of_closed(state: JobState, empty: pd.DataFrame) -> pd.DataFrame:
    """Galleries that are there but not open: hidden frames can be shown again."""
    if not len(empty):
        return pd.DataFrame(columns=COLUMNS)
    cause = empty["finding"].map(
        {"gallery_empty": "all_hidden", "gallery_not_activated": "not_active", "opted_out": "not_for_sale"}
    )
    words = {"all_hidden": "every frame of the child is hidden", "not_active": "bring the frames in again: the gallery then opens",
             "not_for_sale": "the names list says that the child's pictures must not be taken or sold"}  # fmt: skip
    hidden = state.galleries[state.galleries["is_hidden"] & state.galleries["subject_id"].notna()].sort_values(
        "position"
    )
    first = hidden.drop_duplicates("subject_id").set_index("subject_id")["frame_id"]
    frame = empty["subject_id"].map(first).astype("Int64").astype("str").where(cause == "all_hidden")
    return empty.assign(cause=cause, evidence=cause.map(words), look=frame, key="show:" + frame, rank=pd.array([1] * len(empty), "Int64"),
                        sure=POSSIBLE, verb="show", to="shown", **{"from": frame}).assign(
        **{c: (lambda t, c=c: t[c].where(frame.notna())) for c in ("rank", "sure", "verb", "to")})  # fmt: skip


# --- the list made anew ------------------------------------------------------------------------------------------------


def _made_anew(state: JobState, strays: pd.DataFrame) -> pd.DataFrame:
    """One row if many cards, or many orders, carry codes of another list."""
    listed = pd.concat([state.subjects["access_code"], state.groups["access_code"]])
    waiting = state.order_subjects[state.order_subjects["subject_id"].isna()]["access_code"].dropna()
    cards = (
        strays.loc[strays["kind"] == "unlisted", "read_code"].dropna().drop_duplicates()
        if len(strays)
        else waiting.head(0)
    )
    cards, orders = (
        c[of_former_list(c, listed) & ~c.isin(state.other_codes["access_code"])] if len(c) else c
        for c in (cards, waiting)
    )
    n, of, m = len(cards), max(len(listed), 1), len(orders)
    if max(n, m) < max(MANY, MANY_SHARE * of):
        return pd.DataFrame(columns=COLUMNS)
    words = f"{n} cards and {m} orders carry codes of the form of this list that are not on it: the list was made anew after they were given out"
    return pd.DataFrame([{"cause": "list_made_anew", "slots": n, "evidence": words}]).reindex(columns=COLUMNS)
