"""People of a job as panels show them: by code, with name, class and first frame; and found by what somebody types."""

from __future__ import annotations

import pandas as pd

from prepaykit.rules.matching.forms import folded_name
from prepaykit.tables.state import JobState

SUGGESTED = 9


class People:
    """Everybody on the names list, blank cards too."""

    def __init__(self, state: JobState) -> None:
        subjects, groups = state.subjects, state.groups.set_index("group_id")["name"]
        names = subjects["first_name"].fillna("") + " " + subjects["last_name"].fillna("")
        teacher = subjects["teacher"].fillna("")
        group = subjects["group_id"].map(groups).astype("str").fillna("no class")
        beside = pd.Series(
            [" · " + t if t and t not in g else "" for t, g in zip(teacher, group, strict=True)],
            subjects.index,
            dtype="str",
        )
        own = state.galleries[state.galleries["subject_id"].notna() & ~state.galleries["is_hidden"]].sort_values(
            "position"
        )
        self.first_frame = own.drop_duplicates("subject_id").set_index("subject_id")["frame_id"]
        self.table = pd.DataFrame({
            "value": subjects["access_code"], "title": names.str.strip().replace("", "blank card"), "note": group + beside,
            "frame": subjects["subject_id"].map(self.first_frame).astype("Int64"),
            "has_order": subjects["subject_id"].isin(state.order_subjects["subject_id"].dropna()),
        }).dropna(subset="value").set_index("value", drop=False)  # fmt: skip
        self.codes = set(self.table["value"])
        self._text = " " + _folded(self.table["title"] + " " + self.table["note"] + " " + self.table["value"])

    def shown(self, code: str) -> dict[str, object]:
        """One person as a candidate: `value`, `title`, `frames` and `facts` about the list; an unknown code is shown as it is."""
        if code not in self.codes:
            return {"value": code, "title": "not on the list", "frames": []}
        row = self.table.loc[code]
        frame = [] if pd.isna(row["frame"]) else [{"frame": int(row["frame"]), "caption": "first frame", "tone": ""}]
        ordered = " · has an order" if row["has_order"] else ""
        return {"value": code, "title": f"{row['title']} · {row['note']}{ordered}", "frames": frame}

    def suggest(self, text: str) -> list[dict[str, str]]:
        """Whom a typed text may mean: each of its words begins a word of name, class, teacher or code; in the order of the list."""
        words = [w for w in folded_name(text).split() if w]
        hit = pd.Series(bool(words), self._text.index)
        for word in words:
            hit &= self._text.str.contains(" " + word, regex=False)
        return self.table.loc[hit.to_numpy(), ["value", "title", "note"]].head(SUGGESTED).to_dict("records")


def _folded(texts: pd.Series) -> pd.Series:
    return pd.Series([folded_name(t) for t in texts], index=texts.index, dtype="str")
