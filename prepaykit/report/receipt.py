"""Receipt: what a notebook did, at its end: for the person who reads it, and for the run that started it.

The page shows a sentence; beside it, in the same output, goes the same as data (media type `RECEIPT`), from which
`prepaykit.runs` takes a run's counts and exit code. Nothing has to be parsed out of text.
"""

from __future__ import annotations

import html
import json
from dataclasses import dataclass

from prepaykit.tables.plan import Plan

RECEIPT = "application/vnd.prepaykit.receipt+json"


@dataclass(frozen=True)
class Shown:
    """A receipt, ready to be shown."""

    data: dict[str, object]

    @property
    def sentence(self) -> str:
        """What happened, in a line."""
        what = f"{self.data['verb']} {self.data['job']}: {self.data['headline'] or 'nothing to do'}"
        if self.data["operation"] is not None:
            return f"{what}. Done as operation {self.data['operation']}."
        return f"{what}. Nothing was changed" + (
            ": there was nothing to do." if self.data["is_empty"] else ": this was a dry run."
        )

    def __repr__(self) -> str:
        return self.sentence

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        colour = "#1a7f37" if self.data["operation"] is not None else "#57606a"
        page = f'<p class="tex2jax_ignore mathjax_ignore" style="border-left: 4px solid {colour}; padding-left: 0.7em"><strong>{html.escape(self.sentence)}</strong></p>'
        return {"text/plain": self.sentence, "text/html": page, RECEIPT: self.data}


def receipt(plan: Plan, done: object = None) -> Shown:
    """Say what became of a plan. `done` is what `job.apply` gave back; anything else (a dry run's text) means: not applied.

    The data: verb, job, headline, operation (number, or None), is_empty, result (the plan's figures), findings (severity → count).

    >>> from prepaykit.tables.state import JobState
    >>> receipt(Plan.between(JobState.new(name="maple-grove-2026", school="Maple Grove"), "populate", {}))
    populate maple-grove-2026: nothing to do. Nothing was changed: there was nothing to do.
    """
    findings = plan.findings["severity"].value_counts()
    data = {
        "verb": plan.verb,
        "job": plan.job,
        "headline": plan.headline,
        "operation": getattr(done, "op_no", None),
        "is_empty": plan.is_empty,
        "result": json.loads(json.dumps(dict(plan.result), default=_plain)),
        "findings": {str(severity): int(n) for severity, n in findings.items()},
    }
    return Shown(data)


def _plain(value: object) -> object:
    return value.item() if hasattr(value, "item") else list(value)
