"""Settings of a job: policies, deadlines, addresses. A plan like any other, so a change is previewed, journaled and undone.

What may be changed: columns of `jobs` other than its name and status (the status is `sell`'s business, but a job in planning
may be opened for prepay here). A change of `cards_after` turns cameras round: what follows from it (frames, galleries, slots) changes with
it, for between the setting and a later command no order may go on with the picture of another child. Source: domain.md 3.2.
"""

from __future__ import annotations

from prepaykit.decide.codes import plan_codes
from prepaykit.errors import UsageError
from prepaykit.tables.plan import Plan
from prepaykit.tables.settings import read_settings
from prepaykit.tables.state import JobState

FOLLOW = ("frames", "galleries", "group_frames", "subjects", "slots")


def plan_settings(state: JobState, settings: dict[str, object]) -> Plan:
    """Plan to change these settings. Raises UsageError for a setting or a value that a job cannot have.

    >>> plan_settings(JobState.new(name="maple-grove-2026", school="Maple Grove"), {"has_manual_revision": "yes"}).headline
    'has_manual_revision False → True'
    """
    values = read_settings(settings)
    if "status" in values and (state.job["status"], values["status"]) not in [
        ("planning", "prepay"),
        ("prepay", "planning"),
    ]:
        raise UsageError("settings: status goes planning ↔ prepay here; to selling with: prepaykit sell")
    jobs = state.jobs.assign(**values)
    changed = [n for n in values if state.job[n] != values[n]]
    headline = ", ".join(f"{n} {state.job[n]} → {values[n]}" for n in changed) or "nothing to do"
    tables, also = {"jobs": jobs}, {}
    if "cards_after" in changed and len(state.frames):
        turned = state.replace(jobs=jobs)
        follows = plan_codes(turned)
        headline += f"; {follows.result['frames_moved']} frames filed anew"
        turned = turned.after(follows)
        tables |= {name: turned.tables[name] for name in FOLLOW}
        also = {verb: turned.findings[turned.findings["verb"] == verb] for verb in ("photos", "populate")}
    return Plan.between(state, "settings", tables, also_findings=also, headline=headline, result={"changed": changed})
