"""How often `code_causes` is right, held against jobs drawn with their truth: `python -m tests.benchmarks.code_causes [--quick]`.

Two kinds of jobs. **plain**: the demo's picture day as it is drawn (classes shot in the order of their list). **rough**: every class shot in
an order of its own by chance, four times as many mistakes, and more kinds of them: cards one slip beside the child's code, a
brother's or sister's card held up, cards of another job, children who just are not there; and a tenth of the orders with a damaged, foreign, former
or missing code and a misspelt name. The rough ones are made here, not in the package, and nothing in the package is fitted to them.

A proposal is right if every frame that the child would then have shows that child (it is really applied, in memory), or, for an order, if
its code is the meant child's. A cause is right if it is the mistake that was dealt.
"""

from __future__ import annotations

import random
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import pandas as pd

from prepaykit.demo import mishaps
from prepaykit.demo.tables import Invented
from prepaykit.rules.code_causes import code_causes
from prepaykit.rules.codes import ALPHABET, issue_codes
from prepaykit.rules.walk import members_of, roster_of, walk_frames
from prepaykit.tables.catalog import typed
from prepaykit.tables.state import JobState
from tests.demo_in_memory import Demo, demo_in_memory

TRUE_CAUSE = {"skipped_card": "skipped_card", "absent": "absent", "absent_returns": "absent", "unread_card": "unread_card",
              "lost_card": "blank_card", "regenerated_card": "unlisted_card", "near_card": "near_card", "siblings_card": "siblings_card",
              "other_jobs_card": "other_jobs_card"}  # fmt: skip
FOREIGN = pd.DataFrame({"access_code": issue_codes(60, [], seed=424_242), "job": "oak-hill-2026"}).astype("str")


@dataclass
class Score:
    """Counts over one job or several."""

    children: int = 0
    causes: int = 0
    unclear: int = 0
    firsts: int = 0
    firsts_right: int = 0
    fillable: int = 0
    among_five: int = 0
    sure: int = 0
    sure_wrong: int = 0
    likely: int = 0
    likely_wrong: int = 0
    seconds: float = 0.0
    misses: list = field(default_factory=list)

    def __iadd__(self, other: Score) -> Score:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self

    def line(self, label: str) -> str:
        return (
            f"{label:<14} {self.children:>5} orders and children; cause right {_share(self.causes, self.children)}, said to be unclear {self.unclear}; "
            f"one first proposal {self.firsts:>4}, right {_share(self.firsts_right, self.firsts)}; of {self.fillable} that frames or a child exist for, "
            f"right one among five {_share(self.among_five, self.fillable)}; sure {self.sure}, wrong {self.sure_wrong}; likely {self.likely}, "
            f"wrong {self.likely_wrong}; {self.seconds:.2f} s CPU"
        )


def _share(n: int, of: int) -> str:
    return f"{n}/{of} ({n / of:.1%})" if of else "0/0"


def measure(size: str, seed: int, *, rough: bool = False) -> Score:
    """Draw a job, ask for its causes, and hold them against the truth."""
    with _more_mishaps(4 if rough else 1):
        demo = demo_in_memory(
            size, seed, change=_Rough(seed) if rough else None, other_codes=FOREIGN if rough else None
        )
    state, dealt = _with_bad_orders(demo, seed) if rough else (demo.state, {})
    started = time.process_time()
    rows = code_causes(state)
    score = Score(seconds=time.process_time() - started)
    true = _true_causes(demo)
    code_of = {p.access_code: p for p in demo.invented.school.everybody if p.access_code}
    for (number, child), mine in rows[rows["order_no"].notna()].groupby(["order_no", "order_subject_id"]):
        mine = mine[mine["finding"].isin(["no_gallery_for_code", "code_unknown"])]
        if not len(mine):
            continue
        row = mine.iloc[0]
        wanted, meant = dealt.get(int(child), (None, None))
        if wanted is None:
            wanted, meant = (
                true.get(code_of[row["access_code"]].key if row["access_code"] in code_of else "", "unknown_code"),
                row["access_code"],
            )
        _count(score, mine, wanted, meant, state, demo, number)
    return score


def _count(score: Score, mine: pd.DataFrame, wanted: str, meant: str, state: JobState, demo: Demo, number: str) -> None:
    score.children += 1
    score.causes += mine["cause"].iloc[0] == wanted
    score.unclear += mine["cause"].iloc[0] == "unclear"
    proposals = mine[mine["key"].notna()]
    alone = (proposals["rank"] == 1).sum() == 1
    right = [_is_right(row, meant, state, demo, applied=alone and row.rank == 1) for row in proposals.itertuples()]
    exists = wanted != "absent"
    score.fillable += exists
    score.among_five += exists and any(right)
    first = [(r, s) for r, s, k in zip(right, proposals["sure"], proposals["rank"], strict=True) if k == 1]
    score.firsts += len(first) == 1
    score.firsts_right += len(first) == 1 and first[0][0]
    for is_right, sure in first:
        score.sure += sure == "sure"
        score.sure_wrong += sure == "sure" and not is_right
        score.likely += sure == "likely"
        score.likely_wrong += sure == "likely" and not is_right
    if mine["cause"].iloc[0] != wanted or any(s == "sure" and not r for r, s in first):
        score.misses.append(
            (
                number,
                wanted,
                mine["cause"].iloc[0],
                list(proposals["key"].head(2)),
                right[:2],
                list(proposals["sure"].head(2)),
            )
        )


def _is_right(row: object, meant: str, state: JobState, demo: Demo, *, applied: bool) -> bool:
    """A single first proposal is really applied; of the others the first frame is looked at."""
    if row.verb == "order_code":
        return row.to == meant
    if not applied:
        return demo.owner[int([*row.look.split(), ""][: 2 if row.cause != "skipped_card" else 1][-1])] == [row.to]
    decided = pd.DataFrame(
        [[row.verb, row.key.split(":", 1)[1].split("=")[0], row.to]], columns=["kind", "target", "value"]
    )
    choices = typed("choices", pd.concat([state.choices, decided]) if len(state.choices) else decided)
    walk = walk_frames(state.frames, choices)
    members = members_of(walk, roster_of(state.subjects, state.groups, choices))
    frames = members.loc[members["access_code"] == row.to, "frame_id"]
    return len(frames) > 0 and all(row.to in demo.owner[int(f)] for f in frames)


def _true_causes(demo: Demo) -> dict[str, str]:
    return {p.key: TRUE_CAUSE[n] for p in demo.invented.school.everybody for n in sorted(p.notes) if n in TRUE_CAUSE}


# --- rough jobs --------------------------------------------------------------------------------------------------------


@contextmanager
def _more_mishaps(times: int):
    kept = dict(mishaps.RATES)
    mishaps.RATES.update({n: (r * times, k * times) for n, (r, k) in kept.items()})
    try:
        yield
    finally:
        mishaps.RATES.update(kept)


class _Rough:
    """Deals more mistakes into the shots of a day, and shoots every class in an order by chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(f"rough {seed}")

    def __call__(self, invented: Invented, shots: pd.DataFrame) -> pd.DataFrame:
        shots = self._deal(invented, shots)
        parts = [self._mixed(part) for _, part in shots.groupby(["root", "camera"], sort=False)]
        return pd.concat(parts, ignore_index=True)

    def _deal(self, invented: Invented, shots: pd.DataFrame) -> pd.DataFrame:
        people = invented.school.children
        free = [p for p in people if not p.notes]
        self.chance.shuffle(free)
        many = max(2, len(people) // 60)
        codes = shots["codes"].copy()
        card_of = {k[0]: i for i, k in shots.loc[shots["kind"] == "card", "keys"].items() if len(k) == 1}
        foreign = iter(FOREIGN["access_code"])
        for person in free[:many]:
            person.notes.add("near_card")
            codes[card_of[person.key]] = (_slip(person.access_code, self.chance),)
        for person in free[many : 2 * many]:
            person.notes.add("other_jobs_card")
            codes[card_of[person.key]] = (next(foreign),)
        for younger in [p for p in people if p.notes == {"family", "sibling"}][::2][:many]:
            elder = next(p for p in people if p.family == younger.family and p is not younger)
            if younger.key in card_of and not elder.notes & set(TRUE_CAUSE):
                younger.notes.add("siblings_card")
                codes[card_of[younger.key]] = (elder.access_code,)
        gone = {p.key for p in free[2 * many : 3 * many]}
        for person in free[2 * many : 3 * many]:
            person.notes.add("absent")
        keep = [not (len(k) == 1 and k[0] in gone) for k in shots["keys"]]
        lone = [
            not (len(k) > 1 and kind in ("portrait", "card"))
            for k, kind in zip(shots["keys"], shots["kind"], strict=True)
        ]
        return shots.assign(codes=codes)[pd.Series(keep, shots.index) & pd.Series(lone, shots.index)]

    def _mixed(self, part: pd.DataFrame) -> pd.DataFrame:
        """The same frames, the children of each class in another order; times as a camera would have had them."""
        who = part["keys"].map(lambda k: k[0] if len(k) == 1 else "")
        person = part["kind"].isin(["card", "portrait"]) & (who != "")
        block = ((who != who.shift()) | (person != person.shift())).cumsum()
        room = part["class_key"].where(person, "-")
        stretch = ((room != room.shift()) | ~person).cumsum()
        order: list[int] = []
        for _, rows in part.groupby(stretch, sort=False):
            blocks = [list(b.index) for _, b in rows.groupby(block[rows.index], sort=False)]
            if person[rows.index].all() and room[rows.index[0]] != "":
                self.chance.shuffle(blocks)
            order += [i for b in blocks for i in b]
        mixed = part.loc[order].reset_index(drop=True)
        changed = mixed["keys"] != mixed["keys"].shift()
        pauses = [self.chance.uniform(4.2, 7.8) + (self.chance.uniform(4, 13) if c else 0) for c in changed]
        start = part["shot_at"].dropna().iloc[0]
        times = start + pd.to_timedelta(pd.Series(pauses).cumsum(), unit="s")
        return mixed.assign(
            path=part["path"].to_numpy(),
            number=part["number"].to_numpy(),
            shot_at=times.where(mixed["shot_at"].notna()),
        )


def _slip(code: str, chance: random.Random) -> str:
    place = chance.choice([0, 1, 2, 3, 5, 6, 7, 8])
    return code[:place] + chance.choice([c for c in ALPHABET if c != code[place]]) + code[place + 1 :]


def _with_bad_orders(demo: Demo, seed: int) -> tuple[JobState, dict[int, tuple[str, str]]]:
    """A tenth of the orders with a code that leads nowhere and a misspelt name; what was dealt: child of an order → (cause, code meant)."""
    chance, state = random.Random(f"bad orders {seed}"), demo.state
    rows = state.order_subjects.copy()
    code = state.subjects.set_index("subject_id")["access_code"]
    former = iter(issue_codes(500, [*state.subjects["access_code"], *FOREIGN["access_code"]], seed=77))
    dealt: dict[int, tuple[str, str]] = {}
    taken = [i for i in rows.index[rows["subject_id"].notna()] if chance.random() < 0.1]
    for n, i in enumerate(taken):
        meant = code[int(rows.at[i, "subject_id"])]
        cause = ("typed_wrong", "typed_wrong", "code_of_other_job", "former_code", "no_code")[n % 5]
        text = {"typed_wrong": lambda m=meant: _slip(m, chance), "code_of_other_job": lambda: FOREIGN["access_code"].iloc[-1 - len(dealt) % 30],
                "former_code": lambda: next(former), "no_code": lambda: None}[cause]()  # fmt: skip
        rows.at[i, "access_code"] = text
        rows.at[i, "typed_first"] = _misspelt(str(rows.at[i, "typed_first"]), chance)
        rows.at[i, "typed_student_id"] = None
        dealt[int(rows.at[i, "order_subject_id"])] = (cause, meant)
    lost = rows["order_subject_id"].isin(list(dealt))
    rows["subject_id"] = rows["subject_id"].mask(lost)
    rows["matched_by"] = rows["matched_by"].mask(lost)
    lines = state.lines.loc[state.lines["order_subject_id"].isin(list(dealt)), "line_id"]
    slots = state.slots.assign(subject_id=state.slots["subject_id"].mask(state.slots["line_id"].isin(lines)))
    slots["frame_id"] = slots["frame_id"].mask(slots["subject_id"].isna())
    return state.replace(order_subjects=rows, slots=slots), dealt


def _misspelt(name: str, chance: random.Random) -> str:
    if len(name) < 4 or chance.random() < 0.5:
        return name
    i = chance.randrange(1, len(name) - 1)
    return name[:i] + name[i + 1] + name[i] + name[i + 2 :]


def main(arguments: list[str]) -> None:
    sizes = {"small": 4, "medium": 2} if "--quick" in arguments else {"small": 20, "medium": 10, "large": 2}
    for rough in (False, True):
        if "--rough" in arguments and not rough:
            continue
        for size, seeds in sizes.items():
            total = Score()
            for seed in range(1, seeds + 1):
                total += measure(size, seed, rough=rough)
            print(total.line(f"{'rough' if rough else 'plain'} {size} × {seeds}"), flush=True)
            if "--misses" in arguments:
                for miss in total.misses:
                    print("   ", miss)


if __name__ == "__main__":
    main(sys.argv[1:])
