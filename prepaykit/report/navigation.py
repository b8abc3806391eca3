"""The navigation bar: where a job stands, one link a step, as HTML that a notebook shows under `this_job`.

No script and nothing from the net: inline SVG and styles. Colours are JupyterLab's and Voilà's own variables (light and dark), with fallbacks. A
step's state is a shape and a word as well as a colour; the notebook at hand is marked for eyes and for screen readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

import pandas as pd
from markupsafe import Markup

from prepaykit.rules.steps import steps
from prepaykit.tables.state import JobState

SHAPES = {
    "done": '<path d="M3 8.5 6.5 12 13 4.5"/>',
    "waits": '<path d="M8 3v6M8 12.6v.4"/>',
    "next": '<path d="M3 8h9M8.5 4 12.5 8l-4 4"/>',
    "not yet": '<circle cx="8" cy="8" r="4.5"/>',
}
STYLE = Markup("""<style>
.prepaykit-week{font:13px/1.4 var(--jp-ui-font-family,system-ui,sans-serif);color:var(--jp-ui-font-color1,#1b1f24);max-width:70rem}
nav.prepaykit-week ol.steps{display:flex;flex-wrap:wrap;gap:.3em;list-style:none;margin:.5em 0;padding:0}
nav.prepaykit-week ol.steps li{margin:0;padding:0}
nav.prepaykit-week a.step{display:inline-flex;align-items:center;gap:.35em;padding:.25em .6em;border:1px solid var(--jp-border-color1,#8c959f);
 border-radius:1em;color:inherit;text-decoration:none;background:var(--jp-layout-color1,transparent)}
nav.prepaykit-week a.step:hover{background:var(--jp-layout-color2,#8881);text-decoration:underline}
nav.prepaykit-week a.step:focus-visible{outline:3px solid var(--jp-brand-color1,#1976d2);outline-offset:1px}
nav.prepaykit-week a.step[aria-current]{font-weight:700;border-width:2px;border-color:currentColor}
.prepaykit-week svg{width:1.1em;height:1.1em;flex:none;fill:none;stroke:currentColor;stroke-width:2.2;stroke-linecap:round;stroke-linejoin:round}
.prepaykit-week .done svg{color:var(--jp-success-color1,#1b7f5a)} .prepaykit-week .waits svg{color:var(--jp-warn-color1,#b35900)}
.prepaykit-week .next svg{color:var(--jp-brand-color1,#1976d2)} .prepaykit-week .not-yet svg{opacity:.6}
.prepaykit-week .count{background:var(--jp-layout-color3,#8884);border-radius:1em;padding:0 .45em;font-variant-numeric:tabular-nums}
nav.prepaykit-week p{margin:.2em 0}
.prepaykit-week .unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
</style>""")


def notebook_at_hand(environment: Mapping[str, str]) -> str:
    """The name of the notebook that this kernel belongs to, as JupyterLab or Voilà tell it to the kernel; empty if nobody did.

    >>> notebook_at_hand({"JPY_SESSION_NAME": "notebooks/30_populate.ipynb"}), notebook_at_hand({})
    ('30_populate', '')
    """
    told = environment.get("JPY_SESSION_NAME") or environment.get("SCRIPT_NAME") or ""
    path = PurePosixPath(told)
    return path.stem if path.suffix == ".ipynb" else ""


def navigation(state: JobState, title: str, *, here: str = "") -> Markup:
    """The bar: the title, a link to each step with its state and what waits, and the next step in words. `here` is the notebook at hand.

    >>> state = JobState.new(name="maple-grove-2026", school="Maple Grove")
    >>> bar = navigation(state, "job maple-grove-2026", here="12_prices")
    >>> 'href="10_names_list.ipynb"' in bar, bar.count("aria-current")
    (True, 2)
    """
    rows = steps(state)
    links = Markup("").join(_link(row, here) for row in rows.itertuples(index=False))
    return Markup(
        '<nav class="prepaykit-week tex2jax_ignore mathjax_ignore" aria-label="Steps of the job">{}<p><strong>{}</strong></p><ol class="steps">{}</ol>{}</nav>'
    ).format(STYLE, title, links, _next(rows))


def _link(row: object, here: str) -> Markup:
    count = Markup('<span class="count" aria-hidden="true">{}</span>').format(f"{row.waits:,}") if row.waits else ""
    return Markup(
        '<li class="{state}"><a class="step" href="{notebook}.ipynb" title="{said}"{current}>{shape}{number} {verb}{count}<span class="unseen">: {words}</span></a></li>'
    ).format(
        state=row.state.replace(" ", "-"), notebook=row.notebook, said=row.said, shape=_shape(row.state), verb=row.verb, count=count,
        number=row.notebook.partition("_")[0], words=_words(row),
        current=Markup(' aria-current="page"') if row.notebook == here else "",
    )  # fmt: skip


def _words(row: object) -> str:
    waits = f", {row.waits:,} to decide" if row.waits else ""
    return f"{row.state}{waits}, {row.said}"


def _next(rows: pd.DataFrame) -> Markup:
    """The next step in words, and what waits elsewhere."""
    first = rows[rows["state"] == "next"]
    waiting = rows[(rows["waits"] > 0) & (rows["state"] != "next")]
    parts = [
        Markup('<p class="next">Next: <a class="step" href="{}.ipynb">{}{}</a> {}</p>').format(
            row.notebook, _shape("next"), row.notebook.replace("_", " "), row.said
        )
        for row in first.itertuples(index=False)
    ]
    if len(waiting):
        said = "; ".join(f"{row.verb}: {row.said}" for row in waiting.itertuples(index=False))
        parts.append(Markup("<p>Waiting for a person: {}</p>").format(said))
    return Markup("").join(parts) or Markup("<p>Nothing is left to do.</p>")


def _shape(state: str) -> Markup:
    return Markup('<svg viewBox="0 0 16 16" aria-hidden="true">{}</svg>').format(Markup(SHAPES[state]))
