"""The review grid: a panel in the browser. One widget for all panels; it carries messages and decides nothing.

Widget state is coalesced and overtaken by clicks, so nothing travels as state: each press is a message of its own, in order, and is
answered when it is kept. The plan is asked for and applied down the same channel, behind the presses. Rows travel as messages too, so that no
child's name is saved with the notebook. The script is plain JavaScript without a build step, in `js/`; nothing is loaded from a net.

Messages from the browser (`kind`): ready, press, details, frames, suggest, preview, apply, news, refresh. Answers: rows, kept, refused,
details, frames, suggestions, preview, applied, news, said.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import anywidget
import pandas as pd

from prepaykit.errors import PrepaykitError, UsageError
from prepaykit.panels.panel import Panel
from prepaykit.tables.plan import Plan

FOLDER = Path(__file__).parent / "js"
PARTS = ("store", "blocks", "crop", "table", "strip", "page", "panel")


def script() -> str:
    """The script of the grid: its parts in one module."""
    return "\n".join((FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in PARTS)


class ReviewGrid(anywidget.AnyWidget):
    """A panel as a widget."""

    _esm = script()
    _css = (FOLDER / "panel.css").read_text(encoding="utf-8")

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self.panel = panel
        self._plan: Plan | None = None
        self._plan_id = ""
        self.on_msg(self._heard)

    def __repr__(self) -> str:
        return repr(self.panel)

    # --- the channel ---------------------------------------------------------------------------------------------------------

    def _heard(self, _widget: object, message: dict, _buffers: list) -> None:
        answers: dict[str, Callable[[dict], None]] = {
            "ready": self._ready, "press": self._press, "details": self._details, "frames": self._frames, "suggest": self._suggest,
            "preview": self._preview, "apply": self._apply, "news": self._news, "refresh": self._refresh,
        }  # fmt: skip
        try:
            answers[message["kind"]](message)
        except PrepaykitError as error:
            self.send({"kind": "said", "tone": "bad", "text": str(error), "of": message["kind"]})
        except Exception as error:
            self.send({"kind": "said", "tone": "bad", "of": message["kind"],
                       "text": f"A mistake of prepaykit ({type(error).__name__}). What was kept is kept; run the cell again."})  # fmt: skip
            raise

    def _ready(self, _message: dict) -> None:
        work, panel = self.panel.work, self.panel
        names = [c.name for c in work.columns]
        extra = [c for c in ("tone", "also", "is_ready", *(a.needs for a in work.actions)) if c in work.rows]
        rows = work.rows[list(dict.fromkeys(["key", *names, *extra]))]
        self.send({
            "kind": "rows", "title": work.title, "job": panel.job.name, "nothing": work.nothing, "layout": dict(work.layout),
            "scope": panel.scope,
            "columns": [{"name": c.name, "title": c.title, "kind": c.kind, "width": c.width} for c in work.columns],
            "actions": [{"name": a.name, "key": a.key, "label": a.label, "needs": a.needs, "goes_on": a.goes_on, "many": a.many, "every": a.every}
                        for a in work.actions],
            "rows": {c: _plain(rows[c]) for c in rows}, "decisions": self._decisions(), "head": work.head,
            "suggests": work.suggest is not None,
        })  # fmt: skip

    def _decisions(self, after: int = 0) -> list[dict]:
        drafts = self.panel.drafts
        drafts = drafts[drafts["draft_no"] > after]
        last = drafts.drop_duplicates("row_key", keep="last")
        return [self._decision(r) for r in last.itertuples()]

    def _decision(self, row: object) -> dict:
        said = "" if row.action == "undo" else self.panel.work.said(row.action, row.value)
        return {"no": int(row.draft_no), "row": row.row_key, "of": self._of(row.row_key), "action": row.action, "value": row.value,
                "said": said, "who": row.who, "window": row.session}  # fmt: skip

    def _of(self, key: str) -> str:
        """The row of which this is a part; empty for a row."""
        return self.panel.work.parts.get(key, "")

    def _press(self, message: dict) -> None:
        what = {k: message[k] for k in ("id", "row", "action", "value")} | {"of": self._of(message["row"])}
        try:
            number = self.panel.press(what["row"], what["action"], what["value"], seen=int(message["seen"]), draft_id=what["id"],
                                      session=message["window"])  # fmt: skip
        except PrepaykitError as error:
            self.send({"kind": "refused", **what, "text": str(error), "decisions": self._decisions()})
            return
        said = "" if what["action"] == "undo" else self.panel.work.said(what["action"], what["value"])
        self.send(
            {
                "kind": "kept",
                **what,
                "no": number,
                "said": said,
                "who": self.panel.job.studio.actor,
                "window": message["window"],
            }
        )

    def _news(self, message: dict) -> None:
        head = self.panel.job.studio.store.head(self.panel.job.name)
        self.send(
            {
                "kind": "news",
                "decisions": self._decisions(int(message["after"])),
                "head": head,
                "moved": head != self.panel.work.head,
            }
        )

    # --- looking -------------------------------------------------------------------------------------------------------------

    def _details(self, message: dict) -> None:
        row = str(message["row"])
        self.send({"kind": "details", "row": row, "blocks": self.panel.work.details(row)})

    def _frames(self, message: dict) -> None:
        is_large = bool(message.get("large"))
        found = self.panel.pictures([int(f) for f in message["frames"]], is_large=is_large)
        self.send(
            {"kind": "frames", "asked": message["frames"], "large": is_large, "frames": list(found)},
            buffers=list(found.values()),
        )

    def _suggest(self, message: dict) -> None:
        items = self.panel.work.suggest(str(message["text"])) if self.panel.work.suggest else []
        self.send({"kind": "suggestions", "no": message["no"], "items": items[:9]})

    # --- doing ---------------------------------------------------------------------------------------------------------------

    def _preview(self, message: dict) -> None:
        self._plan = plan = self.panel.plan()
        counts = plan.findings.groupby(["severity", "code"]).size().reset_index(name="n")
        stuck = self.panel.unusable(plan)
        self._plan_id = uuid.uuid4().hex
        self.send({"kind": "preview", "no": message["no"], "id": self._plan_id, "headline": plan.headline, "is_empty": plan.is_empty,
                   "findings": [[r.severity, r.code, int(r.n)] for r in counts.itertuples()], "unusable": stuck.to_numpy().tolist(),
                   "blocks": self.panel.work.planned(plan)})  # fmt: skip

    def _apply(self, message: dict) -> None:
        plan, self._plan = self._plan, None
        if plan is None or message["plan"] != self._plan_id:
            raise UsageError("look at the plan first (key p), then apply it")
        try:
            done = self.panel.apply(plan, why=str(message["why"]))
        except PrepaykitError:
            self._refresh(message)
            raise
        self.send({"kind": "applied", "text": f"operation {done.op_no} {plan.verb}: {plan.headline or 'done'}", "op_no": done.op_no})
        self._ready(message)

    def _refresh(self, message: dict) -> None:
        self.panel.refresh()
        self._ready(message)


def _plain(column: pd.Series) -> list:
    """A column as JSON takes it: missing is null."""
    return column.astype(object).where(column.notna(), None).tolist()
