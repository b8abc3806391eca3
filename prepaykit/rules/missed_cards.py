"""Where a card is probably missing: the frames of two children under one code.

Problem. A card that was not photographed, was deleted, or lies in a frame where no code was seen leaves no trace: the next child's
frames stand in the gallery of the child before. No single sign proves it. A child may have twice the usual frames, a child may be
absent, a pause may be a shoelace.

Rule. The signs are weighed together (Bayes): for every place within a session, how much likelier is what is seen if a new child
begins there than if the same child goes on? All of it is learned from the job itself:

    frames     how many frames a session of this shoot has; two usual sessions or one long one
    time       the pause at the place, between those within a session and those from one child to the next, of this camera
    list       a child of the class without frames; where the class came in the order of its list: a child just here
    numbers    file numbers missing at the place, if they are not missing everywhere; a file that is set aside is missing too
    faint      something like a card was seen in the frame (`card_suspicion`), if that is not seen everywhere
    look       how far the two pictures are apart (`look_hash`), between one child's pictures and two children's

The sum, with the rate of missed cards (learned too, from `RATE`), is the chance that a card is missing; from `LIKELY` on it is
reported, at the best place. A session may hold several missed cards: the parts are looked at again. What a person said counts more: a
frame tagged with nothing goes on (no card is missing before it), one tagged with codes begins a session anyway.

Worked case. Sessions of two or three frames 5 s apart, 15 s between children. A has five frames, 16 s between the second and the
third, and B of the same class, next on the list, has none: chance 0.99, "from frame 118 on it is probably B".

Never moves a frame. Known limits: two children who both sit for half the usual frames, without a pause, while somebody else is absent.
Source: photos.md 4; domain.md 5, 19 (A9).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from prepaykit.rules.class_order import ClassOrder
from prepaykit.rules.looks import look_distance

LIKELY, POSSIBLE = 0.5, 0.02
RATE, RATE_WEIGHT = 0.005, 200  # missed cards a session before anything is seen; worth so many sessions
ENOUGH = 20  # sessions (or pauses) from which on the job speaks for itself
ROUNDS, PARTS = 4, 3
MOST = 4.0  # no single sign may weigh more (natural logarithm of the ratio)
UNUSUAL = 0.05  # one session in twenty has another length than the job taught so far
LONGEST = 40  # frames; longer sessions count as this long
NAMES = {"frames": "the number of frames", "time": "a pause", "list": "the class list", "numbers": "missing or unreadable files", "faint": "something like a card", "look": "another look"}  # fmt: skip


@dataclass(frozen=True)
class Missed:
    """`places`: one row a frame at which a card is probably missing: `row` of the walk, `run`, `before` (frames of the session up to
    there), `chance`, `because`. `sessions` (index run): `chance` that a card is missing anywhere in it. `is_sure`: enough
    sessions were there to learn from."""

    places: pd.DataFrame
    sessions: pd.DataFrame
    is_sure: bool


def missed_cards(walk: pd.DataFrame, runs: pd.DataFrame, orders: dict[int, ClassOrder], settled: set[int]) -> Missed:
    """Weigh every place within every session.

    `walk`: frames in walking order (`prepaykit.rules.walk`), with the file numbers `missing` before each. `runs` (index: row of the walk): one row a session that has a card, with
    `n` frames, `code`, `next_code` (of the card after it on that camera, or missing), `is_group`. `orders`: shoot → order of the
    classes. `settled`: frames of which a person said that nobody new begins there.
    """
    places = _places(walk, runs)
    if not len(places):
        return Missed(_told(places, []), runs.assign(chance=0.0)[["chance"]], False)
    fixed = {
        "time": _time_sign(places, walk),
        "list": _list_sign(places, runs, orders),
        "numbers": _number_sign(places),
        "faint": _faint_sign(places, walk),
        "look": _look_sign(places, walk),
    }
    is_open = ~places["frame_id"].isin(settled).to_numpy()
    lengths = _Lengths(runs)
    rate = RATE
    for _ in range(
        ROUNDS if len(runs) >= ENOUGH else 1
    ):  # sessions that are probably two teach nothing about the length of one
        odds = _odds(places, lengths, fixed, rate, is_open)
        total = pd.Series(odds).groupby(places["part"].to_numpy()).sum()
        chance = (total / (1 + total)).reindex(runs.index, fill_value=0.0)
        lengths = _Lengths(runs, 1 - chance.to_numpy())
        rate = (RATE * RATE_WEIGHT + chance.sum()) / (RATE_WEIGHT + len(runs))
    found = []
    for _ in range(PARTS):
        best = _best_of(places, _odds(places, lengths, fixed, rate, is_open))
        best = best[best["chance"] >= LIKELY]
        if not len(best):
            break
        found.append(best.assign(because=_because(best.index, places, lengths, fixed)))
        places = _split(places, best)
        is_open = is_open & ~places.index.isin(best.index)
    return Missed(_told(places, found), chance.to_frame("chance"), len(runs) >= ENOUGH)


def _told(places: pd.DataFrame, found: list[pd.DataFrame]) -> pd.DataFrame:
    rows = pd.concat(found) if found else places.iloc[:0].assign(chance=0.0, because="")
    rows = rows.rename(columns={"at": "before"})[["row", "run", "before", "chance", "because"]].sort_values(
        "row", ignore_index=True
    )
    return rows.astype({"row": "int64", "run": "int64", "before": "int64", "because": "str"})


# --- places ------------------------------------------------------------------------------------------------------------


def _places(walk: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """One row a frame behind a card: `row` of the walk, `run`, `part` (the run), `at` (its place from 0), `n` of the session, what
    the frame before it in the walk was, and the pause since then."""
    sound = walk[~walk["is_aside"]]
    shown = sound["follows"] & sound["run"].isin(runs.index)
    aside = walk["is_aside"].cumsum()[sound.index].diff().fillna(0).to_numpy()  # nobody can see whether they show a card
    pause = sound["shot_at"].diff().abs().dt.total_seconds()
    rows = pd.DataFrame({
        "row": sound.index, "frame_id": sound["frame_id"].to_numpy(), "run": sound["run"].to_numpy(), "camera": sound["camera"].to_numpy(),
        "pause": pause.to_numpy(), "missing": sound["missing"].to_numpy() + aside, "row_before": sound.index.to_series().shift().to_numpy(),
    })[shown.to_numpy()].reset_index(drop=True)  # fmt: skip
    rows["part"] = rows["run"]
    rows["at"] = rows.groupby("run").cumcount()
    rows["n"] = rows.groupby("run")["run"].transform("size")
    rows["is_group"] = runs["is_group"].reindex(rows["run"]).to_numpy(dtype=bool)
    rows["shoot_no"] = runs["shoot_no"].reindex(rows["run"]).to_numpy()
    rows["length_before"], rows["length_after"] = rows["at"], rows["n"] - rows["at"]
    return rows


def _split(places: pd.DataFrame, best: pd.DataFrame) -> pd.DataFrame:
    """The parts in which something was found, each as two parts."""
    start = best.set_index("part")["at"].reindex(places["part"]).to_numpy()
    cut = ~np.isnan(start)
    second = cut & (places["at"].to_numpy() >= np.nan_to_num(start))
    new = places["part"].where(
        ~second, places["part"] + 0.5 / (1 + places["at"].where(second, 0).groupby(places["part"]).transform("max"))
    )
    places = places.assign(part=new)
    group = places.groupby("part")["at"]
    return places.assign(
        length_before=places["at"] - group.transform("min"), length_after=group.transform("max") + 1 - places["at"],
        n=group.transform("size"), is_group=places["is_group"] & ~second,
    )  # fmt: skip


# --- signs: each is the logarithm of how much likelier it is that a new child begins -----------------------------------------


class _Lengths:
    """How many frames a session has, learned from the sessions of each shoot (weighted), with a broad guess for few of them."""

    def __init__(self, runs: pd.DataFrame, weight: np.ndarray | None = None) -> None:
        weight = np.ones(len(runs)) if weight is None else weight
        self._shares: dict[tuple[int, bool], np.ndarray] = {}
        n = np.minimum(runs["n"].to_numpy(), LONGEST)
        for (shoot, is_group), at in runs.groupby(["shoot_no", "is_group"]).indices.items():
            counts = np.bincount(n[at], weights=weight[at], minlength=LONGEST + 1)
            sizes = n[at][n[at] > 0]
            usual = np.median(sizes) if len(sizes) else 2.0
            guess = np.exp(-0.5 * ((np.log(np.arange(1, LONGEST + 1)) - np.log(usual)) / 0.38) ** 2) + 1e-4
            guess = np.concatenate([[0.01], 0.99 * guess / guess.sum()])
            seen = (counts + 4 * guess) / (counts.sum() + 4)
            self._shares[int(shoot), bool(is_group)] = (1 - UNUSUAL) * seen + UNUSUAL * guess

    def log_share(self, places: pd.DataFrame, length: str, *, of_children: bool = False) -> np.ndarray:
        """The logarithm of the share of sessions with so many frames."""
        out = np.empty(len(places))
        n = np.minimum(places[length].to_numpy(), LONGEST)
        for (shoot, is_group), at in places.groupby(["shoot_no", "is_group"]).indices.items():
            key = (int(shoot), bool(is_group) and not of_children)
            table = self._shares.get(key) if key in self._shares else self._shares[int(shoot), bool(is_group)]
            out[at] = np.log(table[n[at]])
        return out

    def sign(self, places: pd.DataFrame) -> np.ndarray:
        two = self.log_share(places, "length_before") + self.log_share(places, "length_after", of_children=True)
        return two - self.log_share(places, "n")


def _time_sign(places: pd.DataFrame, walk: pd.DataFrame) -> np.ndarray:
    """A pause as from one child to the next, or as between the pictures of one child; learned by camera."""
    sound = walk[~walk["is_aside"]]
    aside = walk["is_aside"].cumsum()[sound.index].diff().fillna(0).to_numpy()  # nobody can see whether they show a card
    pause = sound["shot_at"].diff().abs().dt.total_seconds()
    begins = (sound["event"] > 0) & sound["follows"].shift(fill_value=False) & (sound["run"].shift() >= 0)
    begins &= (sound["camera"] == sound["camera"].shift()) & (sound["shoot_no"] == sound["shoot_no"].shift())
    log_pause = np.log(places["pause"].clip(lower=0.2).to_numpy())
    changes = pd.DataFrame({"camera": sound["camera"], "log": np.log(pause.clip(lower=0.2))})[begins & pause.notna()]
    other = _spread(changes["log"], changes["camera"], places["camera"])
    kind = np.where(places["is_group"], 2, np.where(places["at"] == 0, 1, 0))
    own = _spread(pd.Series(log_pause), pd.Series(kind).astype("str") + places["camera"], pd.Series(kind).astype("str") + places["camera"],
                  pd.Series(kind).astype("str"))  # fmt: skip
    sign = _log_t(log_pause, *other) - _log_t(log_pause, *own)
    # a pause shorter than usual from child to child is never a sign for a new child, one longer never a sign against
    sign = np.where(log_pause < own[0], np.minimum(sign, 0), sign)
    return np.nan_to_num(np.clip(sign, -MOST, MOST))


def _spread(
    values: pd.Series, pool: pd.Series, asked: pd.Series, wider: pd.Series | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Centre and spread of the values of each asked pool, by median and median deviation; of all values where a pool has few."""
    table = pd.DataFrame({"value": values.to_numpy(), "pool": pool.to_numpy()}).dropna()
    told = table.groupby("pool")["value"].agg(["median", "size"])
    away = (table["value"] - table["pool"].map(told["median"])).abs()
    told["spread"] = 1.4826 * away.groupby(table["pool"]).median()
    told = told[told["size"] >= ENOUGH]
    if wider is None:
        few = (table["value"].median(), 1.4826 * (table["value"] - table["value"].median()).abs().median())
        few = few if len(table) >= ENOUGH else (np.nan, np.nan)
    else:
        few = _spread(values, wider, wider)
    centre = asked.map(told["median"]).to_numpy(dtype="float64")
    spread = asked.map(told["spread"]).to_numpy(dtype="float64")
    return np.where(np.isnan(centre), few[0], centre), np.maximum(np.where(np.isnan(spread), few[1], spread), 0.3)


def _log_t(x: np.ndarray, centre: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """The density of a bell with heavy tails (Student's, 4 degrees of freedom), as a logarithm without its constant."""
    return -np.log(spread) - 2.5 * np.log1p(((x - centre) / spread) ** 2 / 4)


def _list_sign(places: pd.DataFrame, runs: pd.DataFrame, orders: dict[int, ClassOrder]) -> np.ndarray:
    """A missed card leaves a child of the class without frames; nobody without frames speaks against it."""
    sign = pd.Series(0.0, index=runs.index)
    for shoot, order in orders.items():
        here = runs[runs["shoot_no"] == shoot]
        told = order.waiting_between(here["code"], here["next_code"])
        absent = max(order.children["is_waiting"].mean() if len(order.children) else 0.0, 0.01)
        nobody = (1 - absent) ** told["of"].to_numpy()
        some = np.where(told["waiting"] > 0, 0.95 / np.maximum(1 - nobody, 0.02), 0.05 / np.maximum(nobody, 0.05))
        share = told["waiting"].to_numpy() / np.maximum(told["of"].to_numpy(), 1)
        just_here = np.where(told["between"] > 0, 0.8 / np.clip(share, 0.02, 0.8), 0.2 / np.clip(1 - share, 0.2, 1))
        ratio = np.where(told["is_ordered"] & (told["waiting"] > 0), just_here, some)
        sign[here.index] = np.where(told["of"] > 0, np.log(ratio), 0.0)
    return np.clip(sign.reindex(places["run"]).to_numpy(), -MOST, MOST)


def _number_sign(places: pd.DataFrame) -> np.ndarray:
    """File numbers missing here: worth much where hardly any are missing, nothing where the day was weeded out."""
    gap = places["missing"].to_numpy() > 0
    usual = (gap.sum() + 1) / (len(gap) + 20)
    if_missed = max(usual, 0.15)
    return np.where(gap, np.clip(np.log(if_missed / usual), 0, MOST), np.log((1 - if_missed) / (1 - usual)))


def _faint_sign(places: pd.DataFrame, walk: pd.DataFrame) -> np.ndarray:
    """Something like a card in this very frame: worth much where it is rarely seen. Nothing seen says nothing: a finger hides a card."""
    if "card_suspicion" not in walk:
        return np.zeros(len(places))
    seen = walk["card_suspicion"].notna().reindex(places["row"]).to_numpy(dtype=bool)
    usual = (seen.sum() + 1) / (len(seen) + 20)
    return np.where(seen, np.clip(np.log(0.3 / usual), 0, MOST), 0.0)


def _look_sign(places: pd.DataFrame, walk: pd.DataFrame) -> np.ndarray:
    """How far this picture is from the one before, against pictures of one child and of two. Nothing where pictures were not looked at."""
    if "look_hash" not in walk or walk["look_hash"].notna().sum() < ENOUGH:
        return np.zeros(len(places))
    looks = walk["look_hash"].reset_index(drop=True)
    inside = (places["at"] > 0).to_numpy()
    before = places["row_before"].fillna(0).astype("int64").to_numpy()
    near = look_distance(looks.iloc[places["row"]], looks.iloc[before])
    first = places.loc[places["at"] == 0]
    last = places.groupby("run")["row"].max().reindex(first["run"])
    apart = look_distance(looks.iloc[first["row"].to_numpy()[1:]], looks.iloc[last.to_numpy()[:-1]])
    near[~inside] = np.nan
    same, other = near[~np.isnan(near)], apart[~np.isnan(apart)]
    if len(same) < ENOUGH or len(other) < ENOUGH:
        return np.zeros(len(places))
    centre = [np.median(same), np.median(other)]
    spread = [max(2.0, 1.4826 * np.median(np.abs(d - c))) for d, c in zip((same, other), centre, strict=True)]
    if centre[1] <= centre[0]:
        return np.zeros(len(places))
    sign = _log_t(near, centre[1], spread[1]) - _log_t(near, centre[0], spread[0])
    return np.nan_to_num(np.clip(sign, -MOST / 2, MOST / 2))


# --- the sum -----------------------------------------------------------------------------------------------------------


def _odds(
    places: pd.DataFrame, lengths: _Lengths, fixed: dict[str, np.ndarray], rate: float, is_open: np.ndarray
) -> np.ndarray:
    total = np.log(rate / (1 - rate)) + lengths.sign(places) + sum(fixed.values())
    return np.where(is_open, np.exp(np.clip(total, -30, 30)), 0.0)


def _best_of(places: pd.DataFrame, odds: np.ndarray) -> pd.DataFrame:
    """The best place of each part, with the chance that a card is missing anywhere in the part."""
    rows = places.assign(odds=odds)
    total = rows.groupby("part")["odds"].transform("sum")
    best = (
        rows[rows["odds"] > 0]
        .sort_values(["part", "odds", "at"], ascending=[True, False, True])
        .drop_duplicates("part")
    )
    return best.assign(chance=(total / (1 + total))[best.index])


def _because(index: pd.Index, places: pd.DataFrame, lengths: _Lengths, fixed: dict[str, np.ndarray]) -> list[str]:
    """The signs that speak for it, strongest first, in words."""
    signs = {"frames": lengths.sign(places), **fixed}
    table = pd.DataFrame({NAMES[name]: value for name, value in signs.items()}, index=places.index).loc[index]
    return [
        ", ".join(row[row > 0.4].sort_values(ascending=False).index) or "all of it together"
        for _, row in table.iterrows()
    ]
