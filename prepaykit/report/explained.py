"""Why an order goes to a child, for the eye: best child and runner-up side by side, as a page that needs no script and no net.

Everything shown comes from the dict of `rules.matching.explaining.explain`: the sentence, the two texts with the letters that differ,
the waterfall of bits, and the same bits as a table for whoever cannot see the drawing. Colours are chosen to be read on light and on
dark ground, and nothing is said by colour alone. Whatever a file held is escaped: a child may be called `<img src=x>`.

It shows names of children: for the screen of whoever decides, never for findings, logs or reports.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from html import escape

from prepaykit.report.text import one_line, show_table
from prepaykit.rules.matching.explaining import as_table, called, share

STYLE = """
.why{--line:rgba(128,128,128,.35);--faint:rgba(128,128,128,.12);--up:#3a9e76;--down:#d4694f;--all:#7b8794;--mark:rgba(224,160,30,.38);
 font:14px/1.45 system-ui,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif;color:inherit;max-width:1000px;margin:.4em 0 1.2em}
.why *{box-sizing:border-box}.why h4{font-size:15px;margin:0 0 6px;font-weight:600}
.why .verdict{border-left:4px solid var(--all);padding:2px 0 2px 12px;margin:0 0 12px}.why .verdict.auto{border-color:var(--up)}
.why .verdict.review{border-color:#c98a16}.why .verdict b{display:inline-block;border:1px solid currentColor;border-radius:99px;padding:0 9px;
 margin-right:6px;font-size:12px}.why .stop{margin:6px 0 0;font-weight:600}
.why .pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,410px),1fr));gap:14px}
.why figure{border:1px solid var(--line);border-radius:10px;padding:12px 14px;margin:0;min-width:0}
.why table{border-collapse:collapse;width:100%;margin:0;font-size:13px;color:inherit;background:none}
.why th,.why td{text-align:left;padding:3px 6px;border:0;border-bottom:1px solid var(--line);background:none;vertical-align:top;
 overflow-wrap:anywhere;white-space:normal}.why thead th{font-weight:400;opacity:.75}.why tbody th{font-weight:400;opacity:.85;white-space:nowrap}
.why td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.why tr:last-child>*{border-bottom:0}
.why mark{background:var(--mark);color:inherit;text-decoration:underline;text-underline-offset:2px;border-radius:2px;padding:0 1px}
.why svg{display:block;width:100%;height:auto;margin-top:10px}.why svg text{fill:currentColor;font:11px system-ui,"Liberation Sans",Arial,sans-serif}
.why .key{font-family:ui-monospace,"DejaVu Sans Mono",monospace}.why .soft{opacity:.75}.why details{margin-top:8px}.why summary{cursor:pointer;opacity:.8}
.why .shares{list-style:none;display:flex;flex-wrap:wrap;gap:2px 18px;padding:0;margin:8px 0 0;font-size:13px}.why .shares li{margin:0}
.why .patch{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:6px}
""".strip()
_SHARE_COLOURS = ("#3a9e76", "#4f86c6", "#8a8f98", "#c98a16")
_WIDTH, _LEFT, _RIGHT, _ROW = 470, 150, 46, 20


class Explained:
    """An order's explanation, ready to be shown: in a notebook as a drawing, in a terminal as sentences and tables."""

    def __init__(self, told: Iterable[dict]) -> None:
        self.told = list(told)

    @property
    def sentence(self) -> str:
        """The verdict on each child of the order, in a sentence."""
        return "\n".join(_line(t) for t in self.told)

    def __repr__(self) -> str:
        parts = []
        for t in self.told:
            bits = as_table(t).map(_signed).rename_axis("bits").reset_index()
            parts += [one_line(_line(t)), show_table(bits)] if t["candidates"] else [one_line(_line(t))]
        return "\n\n".join(parts) or "Nobody waits for a child."

    def _repr_html_(self) -> str:
        if not self.told:
            return f"<p>{escape(repr(self))}</p>"
        return f'<style>{STYLE}</style><div class="tex2jax_ignore mathjax_ignore">{"".join(as_html(t) for t in self.told)}</div>'

    def page(self) -> str:
        """The same as a page of its own."""
        policy = "default-src 'none'; style-src 'unsafe-inline'"
        head = (
            f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="Content-Security-Policy" content="{policy}">'
            "<title>Why this child</title><style>:root{color-scheme:light dark}body{margin:24px auto;padding:0 18px;max-width:1040px}</style>"
        )
        return f'<!doctype html><html lang="en"><head>{head}</head><body><h1 style="font:600 20px system-ui,sans-serif">Why this child</h1>{self._repr_html_()}</body></html>'


def as_html(told: dict) -> str:
    """One child of an order as a piece of HTML with an SVG waterfall for each candidate; needs no script and no net."""
    figures = "".join(_figure(c, told) for c in told["candidates"])
    stop = f'<p class="stop">Stopped: {escape(told["veto"])}.</p>' if told["veto"] else ""
    head = f"<h4>{escape(told['title'])}</h4>" if told.get("title") else ""
    return (
        f'<section class="why">{head}<div class="verdict {escape(told["decision"])}"><p style="margin:0"><b>{escape(told["decision"])}</b>{escape(told["sentence"])}</p>{stop}{_stands(told)}</div>'
        f'<div class="pair">{figures}</div>{_shares(told)}</section>'
    )


# --- parts -------------------------------------------------------------------------------------------------------------


def _line(told: dict) -> str:
    head = f"{told['title']}: " if told.get("title") else ""
    return f"{head}{told['decision']}. {told['sentence']}{' ' + told['stands'] if told.get('stands') else ''}"


def _stands(told: dict) -> str:
    return f'<p class="soft" style="margin:4px 0 0">{escape(told["stands"])}</p>' if told.get("stands") else ""


def _figure(candidate: dict, told: dict) -> str:
    place = "Best" if candidate["rank"] == 1 else "Next"
    rows = "".join(
        f"<tr><th>{escape(f['field'])}</th><td{_cell(f)}>{_marked(f['typed_marks'])}</td><td{_cell(f)}>{_marked(f['marks'])}</td><td>{escape(f['level'])}</td></tr>"
        for f in candidate["fields"]
        if f["typed"] or f["listed"]
    )
    read = (
        f'<p class="soft" style="margin:6px 0 0">Read as: {escape(candidate["how_read"])}.</p>'
        if candidate["how_read"]
        else ""
    )
    more = (
        f'<p class="soft" style="margin:6px 0 0">Also: {escape(", ".join(candidate["others"]))}.</p>'
        if candidate["others"]
        else ""
    )
    return (
        f'<figure><h4>{place}: <span class="key">{escape(called(candidate))}</span> · {share(candidate["probability"])}</h4>'
        f"<table><thead><tr><th></th><th>typed</th><th>on the list</th><th>how they agree</th></tr></thead><tbody>{rows}</tbody></table>{read}{more}"
        f"{_waterfall(candidate, told)}<details><summary>The bits as a table</summary>{_bits(candidate)}</details></figure>"
    )


def _cell(field: dict) -> str:
    return ' class="key" style="white-space:nowrap"' if field["field"] == "code" else ""


def _marked(pieces: list[tuple[str, bool]]) -> str:
    return "".join(f"<mark>{escape(text)}</mark>" if differs else escape(text) for text, differs in pieces)


def _bits(candidate: dict) -> str:
    bars = [*candidate["bars"], {"called": "total", "bits": candidate["bits"], "detail": ""}]
    rows = "".join(
        f'<tr><th>{escape(b["called"])}</th><td class="n">{b["bits"]:+.2f}</td><td>{escape(b["detail"])}</td></tr>'
        for b in bars
    )
    return f'<table><thead><tr><th></th><th style="text-align:right">bits</th><th></th></tr></thead><tbody>{rows}</tbody></table>'


def _scale(told: dict) -> tuple[float, float]:
    """One scale for all candidates, so that their bars can be compared."""
    ends = [0.0, told["off_bits"], told["needed_bits"]]
    for candidate in told["candidates"]:
        ends += _ends(candidate)
    return max(min(ends), -60.0) - 0.6, min(max(ends), 60.0) + 0.6


def _ends(candidate: dict) -> list[float]:
    total, ends = 0.0, []
    for bar in candidate["bars"]:
        total += bar["bits"]
        ends.append(total)
    return ends


def _waterfall(candidate: dict, told: dict) -> str:
    """Bars from left to right, each where the one before ended; dashed lines: `not on the list`, and where it would be certain."""
    low, high = _scale(told)

    def at(bits: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (min(max(bits, low), high) - low) / (high - low)

    ends = _ends(candidate)
    rows = [
        (b["called"], start, end, b["bits"], b["detail"])
        for b, start, end in zip(candidate["bars"], [0.0, *ends], ends, strict=False)
    ]
    rows.append(("total", 0.0, candidate["bits"], candidate["bits"], ""))
    height = len(rows) * _ROW + 34
    drawn = [_bar(i, row, at) for i, row in enumerate(rows)]
    steps = "".join(
        f'<line x1="{at(end):.1f}" x2="{at(end):.1f}" y1="{i * _ROW + 17}" y2="{(i + 1) * _ROW + 3}" stroke="currentColor" stroke-opacity=".35"/>'
        for i, end in enumerate(ends[:-1])
    )
    lines = _mark_line(at(0.0), height - 30, "", "")
    lines += _mark_line(at(told["off_bits"]), height - 30, "not on the list", "4 3", y_text=height - 18)
    if candidate["rank"] == 1:
        lines += _mark_line(at(told["needed_bits"]), height - 30, "certain from here", "1 3", y_text=height - 5)
    name = (
        "w"
        + hashlib.sha256(json.dumps([told["order_id"], candidate["rank"], ends], default=str).encode()).hexdigest()[:10]
    )
    said = "; ".join(f"{b['called']} {_signed(b['bits'])}" for b in candidate["bars"])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="{name}t {name}d">'
        f'<title id="{name}t">Bits for and against {escape(called(candidate))}</title>'
        f'<desc id="{name}d">{escape(said)}; total {candidate["bits"]:+.1f} bits. Not on the list: {told["off_bits"]:+.1f} bits.</desc>'
        f"{lines}{steps}{''.join(drawn)}</svg>"
    )


def _bar(i: int, row: tuple, at) -> str:
    name, start, end, bits, detail = row
    colour = "var(--all,#7b8794)" if name == "total" else "var(--up,#3a9e76)" if bits >= 0 else "var(--down,#d4694f)"
    left, width = min(at(start), at(end)), max(abs(at(end) - at(start)), 1.0)
    weight = ' font-weight="600"' if name == "total" else ""
    tip = f"<title>{escape(f'{name} {bits:+.2f} bits{chr(58) + chr(32) + detail if detail else str()}')}</title>"
    return (
        f'<g>{tip}<text x="{_LEFT - 8}" y="{i * _ROW + 14}" text-anchor="end"{weight}>{escape(name)}</text>'
        f'<rect x="{left:.1f}" y="{i * _ROW + 3}" width="{width:.1f}" height="14" rx="2" fill="{colour}" data-bits="{bits:.6f}"/>'
        f'<text x="{left + width + 4:.1f}" y="{i * _ROW + 14}"{weight}>{_signed(bits)}</text></g>'
    )


def _mark_line(x: float, height: float, words: str, dashes: str, *, y_text: float = 0.0) -> str:
    line = f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{y_text - 9 if words else height}" stroke="currentColor" stroke-opacity="{0.7 if words else 0.3}"'
    line += f' stroke-dasharray="{dashes}"/>' if dashes else "/>"
    anchor = "end" if x > _WIDTH * 0.6 else "start" if x < _LEFT + 40 else "middle"
    return line + (
        f'<text x="{x:.1f}" y="{y_text}" text-anchor="{anchor}" opacity=".85">{escape(words)}</text>' if words else ""
    )


def _shares(told: dict) -> str:
    """How the whole is shared: best, next, everybody else, nobody of the list."""
    shares = [(called(c), c["probability"]) for c in told["candidates"]]
    shares += [("everybody else", told["others"]), ("not on the list", told["nobody"])]
    colours = [*_SHARE_COLOURS[: len(told["candidates"])], *_SHARE_COLOURS[2:]]
    x, drawn = 0.0, []
    for (_, part), colour in zip(shares, colours, strict=True):
        drawn.append(f'<rect x="{x:.3f}" y="0" width="{max(1000 * part, 0.0):.3f}" height="14" fill="{colour}"/>')
        x += 1000 * part
    items = "".join(
        f'<li><span class="patch" style="background:{colour}"></span>{escape(name)} {share(part)}</li>'
        for (name, part), colour in zip(shares, colours, strict=True)
    )
    bar = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 14" preserveAspectRatio="none" style="height:14px" aria-hidden="true">{"".join(drawn)}</svg>'
    return f'{bar}<ul class="shares" aria-label="How likely each is">{items}</ul>'


def _signed(bits: float) -> str:
    """Bits with their sign; what rounds to nothing has none.

    >>> _signed(4.23), _signed(-0.01)
    ('+4.2', '0.0')
    """
    return f"{bits:+.1f}" if abs(bits) >= 0.05 else "0.0"
