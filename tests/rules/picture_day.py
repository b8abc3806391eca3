"""A picture day as text: one line a frame, so that a test reads like the day went."""

from __future__ import annotations

import pandas as pd

from prepaykit.rules.sequence import CARD_NOT_READ
from prepaykit.tables.catalog import typed
from prepaykit.tables.state import JobState


def job(
    *codes: str, blanks: tuple[str, ...] = (), group: str | None = "G001", opted_out: tuple[str, ...] = ()
) -> JobState:
    """A job with one class whose children have these codes, in the order of the class list."""
    people = [(c, "student") for c in codes] + [(c, "blank") for c in blanks]
    subjects = pd.DataFrame({
        "subject_id": range(1, len(people) + 1),
        "access_code": [c for c, _ in people],
        "first_name": [None if k == "blank" else f"First{i:02d}" for i, (_, k) in enumerate(people)],
        "last_name": [None if k == "blank" else f"Last{i:02d}" for i, (_, k) in enumerate(people)],
        "group_id": [None if k == "blank" else 1 for _, k in people],
        "kind": [k for _, k in people],
        "photograph": [c not in opted_out for c, _ in people],
        "sell": True, "yearbook": True, "directory": True, "group_ok": True,
        "attendance": "expected",
        "source": ["blank_card" if k == "blank" else "names_list" for _, k in people],
    })  # fmt: skip
    groups = pd.DataFrame({"group_id": [1], "name": ["3A"], "access_code": [group or "G001"]})
    return JobState.new(name="maple-grove-2026", school="Maple Grove").replace(subjects=subjects, groups=groups)


def day(
    text: str, *, camera: str = "R6 #1", root: str = "day", start: str = "2026-09-01 08:00", first: int = 1
) -> pd.DataFrame:
    """Frames as the reader gives them. Each word is a frame, ten seconds apart: `.` a person, `?` a card that cannot be read,
    `x` a file set aside, anything else the codes on a card, joined by `+`."""
    words = text.split()
    n = len(words)
    sound = [w not in (".", "?", "x") for w in words]
    return pd.DataFrame({
        "root": root,
        "path": [f"IMG_{first + i:04d}.JPG" for i in range(n)],
        "sha256": pd.Series([f"{root}-{camera}-{first + i}" for i in range(n)], dtype="str"),
        "size_bytes": 1000,
        "width": pd.Series([6000] * n, dtype="Int64"),
        "height": pd.Series([4000] * n, dtype="Int64"),
        "camera": camera,
        "sequence": range(1, n + 1),
        "shot_at": pd.to_datetime([pd.Timestamp(start) + pd.Timedelta(seconds=10 * i) for i in range(n)]).as_unit("us"),
        "texts": pd.Series([w.replace("+", "\n") if s else None for w, s in zip(words, sound, strict=True)], dtype="str"),
        "is_broken_card": [w == "?" for w in words],
        "problem": pd.Series(["damaged JPEG" if w == "x" else None for w in words], dtype="str"),
        "row": range(1, n + 1),
    })  # fmt: skip


def as_frames(read: pd.DataFrame, *, shoot_no: int = 1) -> pd.DataFrame:
    """The same as a `frames` table of the catalog."""
    return typed("frames", pd.DataFrame({
        "frame_id": range(1, len(read) + 1),
        **{c: read[c] for c in ("root", "path", "sha256", "size_bytes", "width", "height", "camera", "sequence", "shot_at")},
        "shoot_no": shoot_no,
        "codes": read["texts"].str.replace("\n", " "),
        "role": "unassigned",
        "problem": read["problem"].mask(read["is_broken_card"], CARD_NOT_READ),
    }))  # fmt: skip


def galleries(state_or_result: object) -> dict[str, list[int]]:
    """Filed code → frames in their order."""
    table = state_or_result.galleries.sort_values(["access_code", "position"])
    return {code: rows.tolist() for code, rows in table.groupby("access_code")["frame_id"]}


def findings_of(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Each finding as (code, key)."""
    return sorted(zip(table["code"], table["key"], strict=True))
