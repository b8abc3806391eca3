"""Plan: what would happen. Rows that would change, effects that would be sent, findings; and nothing has happened yet.

A decision works out how tables should look and says `Plan.between(state, "populate", {"slots": slots}, findings=…)`; the
plan keeps only the difference. It prints, previews, is applied once by a store (or in memory by `JobState.after`), is
written into the journal with who and why, and can be undone. A plan without changes and effects is empty: applying it
does nothing, which is what the second run of every verb must come to.

>>> from prepaykit.tables.state import JobState
>>> state = JobState.new(name="maple-grove-2026", school="Maple Grove")
>>> new = pd.DataFrame({"group_id": [1], "name": ["3A"], "access_code": ["AAAA-AAAA"]})
>>> plan = Plan.between(state, "names", {"groups": new}, headline="1 group added")
>>> plan
names maple-grove-2026: 1 group added
  groups: 1 new
>>> Plan.between(state.after(plan), "names", {"groups": new}).is_empty
True
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from prepaykit.errors import IllegalMove, StalePlan
from prepaykit.tables.catalog import METADATA, columns_of, empty, key_of, typed
from prepaykit.tables.state import JobState
from prepaykit.tables.status import MACHINES

EFFECT_COLUMNS = ["key", "kind", "payload"]


def no_effects() -> pd.DataFrame:
    """A table of effects without rows: `key` (once for ever), `kind` (which adapter), `payload` (JSON text)."""
    return pd.DataFrame({c: pd.Series(dtype="str") for c in EFFECT_COLUMNS})


def effect(key: str, kind: str, payload: object) -> pd.DataFrame:
    """One effect. `key` is derived from the row it belongs to, so that it can never be sent twice."""
    text = json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return pd.DataFrame([[key, kind, text]], columns=EFFECT_COLUMNS).astype("str")


@dataclass(frozen=True)
class Change:
    """The difference of one table: `inserts`, `deletes`, and `before`/`after` of changed rows (same keys, same order)."""

    table: str
    inserts: pd.DataFrame
    before: pd.DataFrame
    after: pd.DataFrame
    deletes: pd.DataFrame

    @classmethod
    def between(cls, name: str, old: pd.DataFrame, new: pd.DataFrame) -> Change:
        """Compare two versions of a table by key. `version` is the store's: what `new` says of it does not count."""
        if new is old:
            nothing = old.iloc[:0]
            return cls(name, nothing, nothing, nothing, nothing)
        new = typed(name, new)
        key, values = list(key_of(name)), [c for c in columns_of(name) if c != "version"]
        where = _positions(old[key], new[key])
        known = where >= 0
        before, after = old.take(where[known]).reset_index(drop=True), new[known].reset_index(drop=True)
        differs = np.zeros(len(before), dtype=bool)
        for column in values:
            differs |= _unequal(before[column], after[column])
        gone = np.ones(len(old), dtype=bool)
        gone[where[known]] = False
        before = before[differs].reset_index(drop=True)
        after = after[differs].reset_index(drop=True).assign(version=before["version"] + 1)
        return cls(name, new[~known].reset_index(drop=True).assign(version=1), before, after, old[gone].reset_index(drop=True))

    def __len__(self) -> int:
        return len(self.inserts) + len(self.after) + len(self.deletes)

    def on(self, old: pd.DataFrame) -> pd.DataFrame:
        """The table once this is applied: changed rows in their places, new ones at the end."""
        key = list(key_of(self.table))
        where = _positions(old[key], self.after[key])
        result = old.copy()
        if len(self.after):
            for column in result.columns:
                values = result[column].array.copy()
                values[where] = self.after[column].array
                result[column] = values
        if len(self.deletes):
            result = result[_positions(self.deletes[key], result[key]) < 0]
        return typed(self.table, pd.concat([result, self.inserts]) if len(self.inserts) else result)

    def fields(self) -> pd.DataFrame:
        """Every changed field: table, key, column, before, after. A new or deleted row is one line, column `(row)`."""
        key, parts = list(key_of(self.table)), []
        for column in [c for c in columns_of(self.table) if c != "version"]:
            differs = _unequal(self.before[column], self.after[column])
            if differs.any():
                parts.append(
                    pd.DataFrame({
                        "key": _key_text(self.after.loc[differs, key]),
                        "column": column,
                        "before": _as_text(self.before.loc[differs, column]),
                        "after": _as_text(self.after.loc[differs, column]),
                    })
                )
        for rows, before, after in ((self.inserts, None, "new"), (self.deletes, "deleted", None)):
            if len(rows):
                parts.append(pd.DataFrame({"key": _key_text(rows[key]), "column": "(row)", "before": before, "after": after}))
        columns = ["table", "key", "column", "before", "after"]
        if not parts:
            return pd.DataFrame(columns=columns)
        return pd.concat(parts, ignore_index=True).assign(table=self.table)[columns]


@dataclass(frozen=True)
class Plan:
    """What one verb would do to one job, made from the job as it was at operation `basis`."""

    job: str
    verb: str
    basis: int
    changes: Mapping[str, Change]
    findings: pd.DataFrame
    effects: pd.DataFrame = field(default_factory=no_effects)
    headline: str = ""
    result: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def between(
        cls,
        state: JobState,
        verb: str,
        tables: Mapping[str, pd.DataFrame],
        *,
        findings: pd.DataFrame | None = None,
        effects: pd.DataFrame | None = None,
        headline: str = "",
        result: Mapping[str, object] | None = None,
        also_findings: Mapping[str, pd.DataFrame] | None = None,
    ) -> Plan:
        """The plan that turns `state` into one with these `tables` (those not named stay as they are).

        `findings` are all that this verb finds now: they replace what it found before. `also_findings` does the same for
        other verbs whose findings this one settles (verb → table). `result` holds counts and named figures for the
        headline, the notebook and the run's `result.json`. Raises IllegalMove when a status would go where its machine
        does not allow, and when rows of an append-only table would change.
        """
        findings = empty("findings") if findings is None else findings
        new_findings = {verb: findings, **(also_findings or {})}
        others = state.findings[~state.findings["verb"].isin(list(new_findings))]
        wanted = {**tables, "findings": pd.concat([p for p in (others, *new_findings.values()) if len(p)] or [others])}
        changes = {name: Change.between(name, state.tables[name], table) for name, table in wanted.items()}
        changes = {name: change for name, change in changes.items() if len(change)}
        for change in changes.values():
            _check_moves(change)
        return cls(state.name, verb, state.head, changes, typed("findings", findings),
                   no_effects() if effects is None else effects, headline, dict(result or {}))  # fmt: skip

    @property
    def is_empty(self) -> bool:
        """Nothing would change and nothing would be sent."""
        return not self.changes and not len(self.effects)

    def check_basis(self, state: JobState) -> None:
        """Raise StalePlan if the job has moved on since the plan was made, or is another job."""
        if state.name != self.job:
            raise StalePlan(f"the plan is for job {self.job}, not for {state.name}")
        if state.head != self.basis and not self.is_empty:
            raise StalePlan(
                f"{self.verb} {self.job}: the plan was made at operation {self.basis}, the job is at {state.head}. "
                "Somebody changed the job since. Nothing was applied: make the plan again and look at it."
            )

    def counts(self) -> dict[str, tuple[int, int, int]]:
        """Table → (new, changed, deleted) rows, findings left out."""
        return {n: (len(c.inserts), len(c.after), len(c.deletes)) for n, c in self.changes.items() if n != "findings"}

    def preview(self) -> pd.DataFrame:
        """Every field that would change: table, key, column, before, after; new and deleted rows as one line each."""
        parts = [c.fields() for n, c in self.changes.items() if n != "findings"]
        return pd.concat(parts, ignore_index=True) if parts else Change.between("groups", empty("groups"), empty("groups")).fields()

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> list[str]:
        lines = [f"{self.verb} {self.job}: {self.headline or ('nothing to do' if self.is_empty else 'changes')}"]
        for name, (new, changed, deleted) in self.counts().items():
            parts = [f"{n} {word}" for n, word in ((new, "new"), (changed, "changed"), (deleted, "deleted")) if n]
            lines.append(f"  {name}: {', '.join(parts)}")
        for kind, n in self.effects["kind"].value_counts().items():
            lines.append(f"  would send: {n} {kind}")
        for (severity, code), n in self.findings.groupby(["severity", "code"]).size().items():
            lines.append(f"  {severity}: {n} {code}")
        return lines

    def _repr_html_(self) -> str:
        head, *rest = (html.escape(line.strip()) for line in self._lines())
        items = "".join(f"<li>{line}</li>" for line in rest)
        # Two amounts in dollars would be read as a formula between them by the notebook's mathematics.
        return f'<div class="tex2jax_ignore mathjax_ignore"><p><strong>{head}</strong></p>{f"<ul>{items}</ul>" if items else ""}{self._findings_html()}</div>'

    def _findings_html(self, most: int = 200) -> str:
        """The findings, folded, as a table; everything in it was typed by somebody, so everything is escaped."""
        if not len(self.findings):
            return ""
        columns = ["severity", "code", "about", "key", "detail", "next_move"]
        shown = self.findings[columns].head(most).astype("str").fillna("")
        heads = "".join(f"<th>{c.replace('_', ' ')}</th>" for c in columns)
        body = "".join(f"<tr>{''.join(f'<td>{html.escape(v)}</td>' for v in row)}</tr>" for row in shown.itertuples(index=False))
        more = f"<p>… {len(self.findings) - most} more</p>" if len(self.findings) > most else ""
        many = "" if len(self.findings) == 1 else "s"
        return f"<details><summary>{len(self.findings)} finding{many}</summary><table><tr>{heads}</tr>{body}</table>{more}</details>"


# --- comparing ---------------------------------------------------------------------------------------------------------


def _positions(keys: pd.DataFrame, wanted: pd.DataFrame) -> np.ndarray:
    """Where each wanted key stands in `keys`; -1 where it does not. Keys are never missing and never double."""
    if keys.shape[1] == 1:
        return pd.Index(keys.iloc[:, 0]).get_indexer(pd.Index(wanted.iloc[:, 0]))
    if not len(keys) or not len(wanted):
        return np.full(len(wanted), -1)
    return pd.MultiIndex.from_frame(keys).get_indexer(pd.MultiIndex.from_frame(wanted))


def _unequal(before: pd.Series, after: pd.Series) -> np.ndarray:
    missing = before.isna().to_numpy() & after.isna().to_numpy()
    same = (before == after).fillna(False).to_numpy(dtype=bool)
    return ~(same | missing)


def _key_text(keys: pd.DataFrame) -> pd.Series:
    text = keys.iloc[:, 0].astype("str")
    for column in keys.columns[1:]:
        text = text + " / " + keys[column].astype("str")
    return text


def _as_text(values: pd.Series) -> pd.Series:
    return values.astype("str").where(values.notna(), None)


def _check_moves(change: Change) -> None:
    name = change.table
    if METADATA.tables[name].info["append_only"] and (len(change.after) or len(change.deletes)):
        raise IllegalMove(f"table {name} is append-only: write a counter-entry instead")
    machine = MACHINES.get(name)
    if machine is None or not len(change.after):
        return
    moves = pd.DataFrame({"before": change.before["status"], "after": change.after["status"]}).drop_duplicates()
    for before, after in moves.itertuples(index=False):
        if not machine.allows(before, after):
            rows = (change.before["status"] == before) & (change.after["status"] == after)
            keys = ", ".join(_key_text(change.after.loc[rows, list(key_of(name))]).head(5))
            raise IllegalMove(f"{name} {keys}: status cannot go from {before} to {after}; allowed: "
                              f"{', '.join(machine.moves.get(before, ())) or 'nothing, it is final'}")  # fmt: skip
