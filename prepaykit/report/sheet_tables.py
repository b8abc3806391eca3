"""What stands on the contact sheets, as two tables: blocks (a child, a group picture, a doubt) and the tiles in each.

No picture is touched here. Sheets come in this order: `Doubts` (a strip of the frames as shot around each place where a person should look),
`Unassigned`, then the albums of `prepaykit.rules.albums`. In a block the frames stand in their order, each session behind its
card, so that the name on the card and the face can be compared. Names are left out unless asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from prepaykit.rules.albums import albums
from prepaykit.rules.card_habit import cards_after_of
from prepaykit.rules.doubts import DAMAGED, DOUBTS, HABITS, frames_in_doubt
from prepaykit.rules.walk import CARD, NOBODY, UNREAD, chosen, walk_frames
from prepaykit.tables.state import JobState

DOUBT_SHEET, UNASSIGNED_SHEET = "Doubts", "Unassigned"
STRIPS = (*DOUBTS, DAMAGED, "cards_of_strangers", "frames_before_first_card", "cameras_mixed", "camera_clock", "card_without_frames",
          "code_not_listed", "opted_out_photographed", "card_seen_again")  # fmt: skip
BEFORE, AFTER = 4, 7
BLOCK_COLUMNS = ["sheet", "block", "title", "code", "flags", "text", "is_worth_a_look"]
TILE_COLUMNS = ["sheet", "block", "frame_id", "kind", "marks", "begins"]


@dataclass(frozen=True)
class SheetTables:
    """`blocks`: one row a block in order (`sheet`, `block` from 0 within the sheet, `title`, `code`, `flags`, `text`, `is_worth_a_look`). `tiles`: one
    row a picture in order (`sheet`, `block`, `frame_id`, `kind`: card, frame, group, unread, aside; `marks`: space-separated words of
    favourite, hidden, doubt, several, here; `begins`: a session begins here). `subtitles`: sheet → teachers."""

    blocks: pd.DataFrame
    tiles: pd.DataFrame
    subtitles: dict[str, str]


def sheet_tables(state: JobState, *, names: bool = False) -> SheetTables:
    """The blocks and tiles of every contact sheet of a job.

    >>> sheet_tables(JobState.new(name="maple-grove-2026", school="Maple Grove")).blocks.shape
    (0, 7)
    """
    after = cards_after_of(state.job["cards_after"], state.frames["camera"])
    walk = walk_frames(state.frames, state.choices, cards_after=after)
    shelf = albums(state)
    # a class of the same name is no sheet of doubts: its pictures would stand beside the wrong codes
    shelf["album"] = shelf["album"].replace({name: f"{name} (class)" for name in (DOUBT_SHEET, UNASSIGNED_SHEET)})
    marks = _Marks(state, walk, shelf)
    parts = [
        _strips(state, walk, marks),
        _unassigned(state, walk, marks),
        _album_sheets(state, walk, shelf, marks, names),
    ]
    blocks = pd.concat([p[0] for p in parts])[BLOCK_COLUMNS].reset_index(drop=True)
    tiles = pd.concat([p[1] for p in parts])[TILE_COLUMNS].reset_index(drop=True)
    types = {"block": "int64", "frame_id": "int64", "begins": "bool", "kind": "str", "marks": "str", "sheet": "str"}
    teachers = shelf[shelf["teacher"].notna() & ~shelf["kind"].isin(["siblings", "unlisted", "blank"])]
    subtitles = teachers.groupby("album")["teacher"].agg(lambda t: ", ".join(dict.fromkeys(t))).to_dict()
    return SheetTables(blocks.astype({"block": "int64"}), tiles.astype(types), subtitles)


class _Marks:
    """What is said of a frame in a word or two."""

    def __init__(self, state: JobState, walk: pd.DataFrame, shelf: pd.DataFrame) -> None:
        self.doubted = _doubted(state, walk)
        self.hidden = set(state.galleries.loc[state.galleries["is_hidden"], "frame_id"])
        several = state.galleries["frame_id"].duplicated(keep=False)
        self.several = set(state.galleries.loc[several, "frame_id"])
        self.favourites = set(shelf.loc[shelf["chosen_by"] == "person", "default_frame_id"].dropna())

    def of(self, frame_id: pd.Series, *, here: pd.Series | None = None) -> pd.Series:
        words = [
            ("favourite", self.favourites),
            ("hidden", self.hidden),
            ("doubt", self.doubted),
            ("several", self.several),
        ]
        out = pd.Series("", index=frame_id.index, dtype="str")
        for word, frames in words:
            out = out + np.where(frame_id.isin(frames), f"{word} ", "")
        if here is not None:
            out = out + np.where(here, "here ", "")
        return out.str.strip()


def _doubted(state: JobState, walk: pd.DataFrame) -> set[int]:
    """Frames that seem to be another child's: from the place of a missing card to the end of its session, and a whole series whose
    cards come after the frames. What is held back goes further (`prepaykit.rules.doubts`): there the place itself is not trusted."""
    found = state.findings[
        (state.findings["verb"] == "photos") & state.findings["key"].isin(walk["frame_id"].astype("str"))
    ]
    skipped = walk["frame_id"].astype("str").isin(found.loc[found["code"] == "card_skipped", "key"]) & walk["follows"]
    since = skipped.groupby(walk["run"]).cumsum() > 0
    habit = found[found["code"].isin(HABITS)]
    return {*walk.loc[since & walk["follows"], "frame_id"], *frames_in_doubt(walk, habit)["frame_id"]}


# --- the albums --------------------------------------------------------------------------------------------------------


def _album_sheets(
    state: JobState, walk: pd.DataFrame, shelf: pd.DataFrame, marks: _Marks, names: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    blocks = shelf.rename(columns={"album": "sheet"}).assign(
        block=shelf["place"] - 1, code=shelf["access_code"], text=""
    )
    blocks["title"] = _titles(state, shelf) if names else shelf["access_code"]
    blocks["title"] = blocks["title"].mask(shelf["kind"] == "group", "Group pictures")
    tiles = _tiles_of_codes(state, walk)
    tiles = tiles.merge(blocks[["sheet", "block", "code"]].drop_duplicates("code"), on="code", validate="m:1")
    tiles = tiles.sort_values(["sheet", "block", "at"])
    tiles["marks"] = marks.of(tiles["frame_id"])
    doubted = tiles.loc[tiles["marks"].str.contains("doubt"), "code"].unique()
    seen = tiles["code"].unique()
    is_child = blocks["kind"].isin(["student", "staff"])
    may = dict(zip(state.subjects["access_code"], state.subjects["photograph"], strict=True))
    opted_out = ~blocks["code"].map(may).fillna(True).astype("bool")
    flags = [
        np.where(blocks["code"].isin(doubted), "doubt · ", ""),
        np.where(opted_out, "not to be photographed · ", ""),
        np.where(
            is_child & (blocks["frames"] == 0) & ~opted_out,
            np.where(blocks["code"].isin(seen), "card, no frames · ", "no frames · "),
            "",
        ),
        np.where(is_child & (blocks["shared"] > 0), "with siblings · ", ""),
        np.where(blocks["hidden"] > 0, blocks["hidden"].astype("str") + " hidden · ", ""),
        np.where(blocks["kind"] == "unlisted", "not on the list · ", ""),
    ]
    blocks["flags"] = sum(
        (pd.Series(f, index=blocks.index, dtype="str") for f in flags[1:]),
        pd.Series(flags[0], blocks.index, dtype="str"),
    ).str.removesuffix(" · ")
    blocks["is_worth_a_look"] = (
        blocks["code"].isin(doubted) | (blocks["kind"] == "unlisted") | (opted_out & (blocks["frames"] > 0))
    )
    return blocks, tiles


def _titles(state: JobState, shelf: pd.DataFrame) -> pd.Series:
    people = state.subjects.set_index("access_code")
    name = (people["first_name"].fillna("") + " " + people["last_name"].fillna("")).str.strip()
    named = shelf["access_code"].map(name)
    return named.where(named.notna() & (named != ""), shelf["access_code"])


def _tiles_of_codes(state: JobState, walk: pd.DataFrame) -> pd.DataFrame:
    """Every frame of a code, and before each session its card: `code`, `frame_id`, `kind`, `at` (order within the code), `begins`."""
    group_code = dict(zip(state.groups["group_id"], state.groups["access_code"], strict=True))
    own = (
        state.galleries[["frame_id", "access_code", "position"]]
        .rename(columns={"access_code": "code"})
        .assign(kind="frame")
    )
    shared = state.galleries[state.galleries["frame_id"].duplicated(keep=False)].sort_values("access_code")
    together = shared.groupby("frame_id")["access_code"].agg(" ".join).rename("code").reset_index()
    together = together.assign(kind="frame", position=together["frame_id"])
    group = state.group_frames[["frame_id", "position"]].assign(
        code=state.group_frames["group_id"].map(group_code), kind="group"
    )
    rows = pd.concat([own, together, group]).merge(walk[["frame_id", "run", "moved_to"]], on="frame_id", validate="m:1")
    rows = rows.astype({"code": "str"}).sort_values(["code", "position"], ignore_index=True)
    rows["at"] = rows.groupby("code").cumcount() * 2 + 1
    first = (rows["code"] != rows["code"].shift()) | (rows["run"] != rows["run"].shift())
    frame_of, is_card = walk["frame_id"].to_numpy(), walk["is_card"].to_numpy()
    run = rows["run"].to_numpy(dtype="int64")
    has_card = first & is_card[run] & rows["moved_to"].isna()  # the card before a moved frame is another child's
    cards = rows[has_card].assign(
        frame_id=frame_of[run[has_card.to_numpy()]], kind="card", at=rows.loc[has_card, "at"] - 1, begins=True
    )
    rows = rows.assign(begins=first & ~has_card)
    alone = _cards_alone(state, walk, set(rows["code"]))
    return pd.concat([rows, cards, alone])[["code", "frame_id", "kind", "at", "begins"]]


def _cards_alone(state: JobState, walk: pd.DataFrame, with_frames: set[str]) -> pd.DataFrame:
    """The cards of those after whose card nobody was photographed."""
    cards = walk.loc[walk["is_card"] & (walk["event"] == CARD), ["frame_id", "run_codes"]]
    rows = cards.assign(code=cards["run_codes"].str.split()).explode("code")
    filed = {**chosen(state.choices, "bind"), **chosen(state.choices, "relabel")}
    rows["code"] = rows["code"].replace(filed).astype("str")
    rows = rows[~rows["code"].isin(with_frames)].drop_duplicates(["code", "frame_id"])
    return rows.assign(kind="card", begins=True, at=rows.groupby("code").cumcount())


# --- strips and frames of nobody -----------------------------------------------------------------------------------------


def _strips(state: JobState, walk: pd.DataFrame, marks: _Marks) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One block a doubt: the frames as shot around it."""
    found = state.findings[(state.findings["verb"] == "photos") & state.findings["code"].isin(STRIPS)].reset_index(
        drop=True
    )
    as_shot = walk.sort_values(["camera", "shoot_no", "sequence"], ignore_index=True)
    at = pd.Series(as_shot.index, index=as_shot["frame_id"].astype("str"))
    gallery = _first_frames(state, walk)
    key = found["key"].where(found["about"] == "frames", found["key"].map(gallery))
    row = key.map(at)
    found, row = found[row.notna()], row.dropna().astype("int64")
    rank = found["severity"].map({"error": 0, "warn": 1, "note": 2})
    order = np.lexsort([row.to_numpy(), found["code"].map(STRIPS.index).to_numpy(), rank.to_numpy()])
    found, row = found.iloc[order].reset_index(drop=True), row.iloc[order].to_numpy()
    blocks = found.assign(
        sheet=DOUBT_SHEET, block=np.arange(len(found)), title=found["code"].str.replace("_", " "), flags=found["severity"],
        text=found["detail"] + ". Next: " + found["next_move"], is_worth_a_look=found["severity"] == "error",
        code=found["suggestion"].where(found["suggestion"].notna(), ""),
    )  # fmt: skip
    step = np.arange(-BEFORE, AFTER + 1)
    rows, block = (row[:, None] + step).ravel(), np.repeat(np.arange(len(row)), len(step))
    inside = (rows >= 0) & (rows < len(as_shot))
    rows, block, centre = rows[inside], block[inside], np.repeat(row, len(step))[inside]
    series = as_shot.groupby(["camera", "shoot_no"]).ngroup().to_numpy()
    same = series[rows] == series[centre]
    rows, block, centre = rows[same], block[same], centre[same]
    tiles = _as_tiles(as_shot.iloc[rows], marks, here=pd.Series(rows == centre))
    return blocks, tiles.assign(sheet=DOUBT_SHEET, block=block)


def _first_frames(state: JobState, walk: pd.DataFrame) -> dict[str, str]:
    """Code → the frame to look at for it: its card, else its first frame."""
    own = state.galleries.sort_values("position").drop_duplicates("access_code")
    frames = dict(zip(own["access_code"], own["frame_id"].astype("str"), strict=True))
    cards = walk.loc[walk["event"] == CARD, ["frame_id", "run_codes"]]
    cards = cards.assign(code=cards["run_codes"].str.split()).explode("code").drop_duplicates("code")
    return {**frames, **dict(zip(cards["code"], cards["frame_id"].astype("str"), strict=True))}


def _unassigned(state: JobState, walk: pd.DataFrame, marks: _Marks) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One block a run of frames that belong to nobody, with the unread card before them; then what was set aside."""
    role = state.frames.set_index("frame_id")["role"].reindex(walk["frame_id"]).to_numpy()
    aside = role == "set_aside"
    nobody = (role == "unassigned") | (walk["event"] == UNREAD)
    rows = walk[nobody | aside].assign(aside=aside[nobody | aside])
    rows["group"] = rows["run"].where(~rows["aside"], len(walk))
    rows = rows.sort_values(["group", "camera", "shoot_no", "sequence"])
    rows["block"] = rows.groupby("group").ngroup()
    first = rows.drop_duplicates("group")
    start = walk.loc[first["run"], ["event", "frame_id", "camera"]].reset_index(drop=True)
    words = np.select(
        [first["aside"].to_numpy(), start["event"] == UNREAD, start["event"] == NOBODY],
        ["set aside", "after the unread card " + start["frame_id"].astype("str"), "before the first card of " + start["camera"]], "nobody's",
    )  # fmt: skip
    n = rows["event"].ne(UNREAD).groupby(rows["block"]).sum().astype("str").to_numpy()
    blocks = pd.DataFrame({"block": first["block"].to_numpy(), "title": words}).assign(
        sheet=UNASSIGNED_SHEET, code="", flags=pd.Series(n, dtype="str") + " frames", text="", is_worth_a_look=True)  # fmt: skip
    return blocks, _as_tiles(rows, marks).assign(sheet=UNASSIGNED_SHEET, block=rows["block"].to_numpy())


def _as_tiles(rows: pd.DataFrame, marks: _Marks, *, here: pd.Series | None = None) -> pd.DataFrame:
    rows = rows.reset_index(drop=True)
    kind = np.select([rows["is_aside"], rows["event"] == UNREAD, rows["is_card"]], ["aside", "unread", "card"], "frame")
    return pd.DataFrame({
        "frame_id": rows["frame_id"], "kind": kind, "begins": (rows["event"] >= 0).to_numpy(), "marks": marks.of(rows["frame_id"], here=here),
    })  # fmt: skip
