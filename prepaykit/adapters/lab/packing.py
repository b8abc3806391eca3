"""Packing lists: one page a class, one box to tick an envelope, in the order of the prints.

`packing/all.html` is everything in one go, each class on a new page; every class also has its own file, to be sent along in
its box. A digital picture is bought but in no envelope. Orders without any print (digital only) stand at the end, so that nobody
looks for their envelope.
"""

from __future__ import annotations

from itertools import groupby

from jinja2 import Environment, StrictUndefined

from prepaykit.adapters.csv_cells import csv_bytes
from prepaykit.adapters.lab.layout import class_folders, class_of, is_digital

PACKING_COLUMNS = ["teacher", "group", "last_name", "first_name", "access_code", "order_no", "print_no", "quantity", "size",
                   "product_code", "product_name", "bought"]  # fmt: skip

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Packing list {{ job }} batch {{ batch }}</title>
<style>
@page { size: letter; margin: 14mm }
body { font: 11pt/1.35 system-ui, sans-serif; margin: 1rem; color: #000; background: #fff }
section + section { break-before: page; margin-top: 2rem }
h1 { font-size: 15pt; margin: 0 } p { margin: .2rem 0 }
table { border-collapse: collapse; width: 100%; margin-top: .6rem }
thead { display: table-header-group } tr { break-inside: avoid }
th, td { border: 1px solid #555; padding: .25rem .4rem; text-align: left; vertical-align: top }
.box { display: inline-block; width: 1em; height: 1em; border: 1.5px solid #000 }
ul { margin: 0; padding-left: 1.1em } .bought { font-size: 9pt }
</style></head><body>
{%- for c in classes %}
<section>
<h1>{{ c.title }}</h1>
<p>{{ school }} · {{ job }} · batch {{ batch }} · {{ c.envelopes | length }} envelopes, {{ c.copies }} prints</p>
{%- if ship_to %}
<p>Ship to: {{ ship_to }}</p>
{%- endif %}
<table>
<thead><tr><th scope="col">Packed</th><th scope="col">Name</th><th scope="col">Access code</th><th scope="col">Order</th><th scope="col">In the envelope</th></tr></thead>
<tbody>
{%- for e in c.envelopes %}
<tr><td><span class="box" role="img" aria-label="to tick"></span></td><td>{{ e.name }}</td><td>{{ e.access_code }}</td><td>{{ e.order_no }}</td>
<td><ul>{% for p in e.prints %}<li>{{ p.quantity }} × {{ p.product_name }}{% if p.size %} ({{ p.size }}){% endif %}</li>{% endfor %}</ul>
{%- if e.bought %}<span class="bought">Bought: {{ e.bought }}</span>{% endif %}</td></tr>
{%- endfor %}
</tbody></table>
</section>
{%- endfor %}
{%- if unprinted %}
<section>
<h1>Orders without prints</h1>
<p>Nothing to pack: {% for e in unprinted %}{{ e.order_no }} / {{ e.access_code or "no code" }} ({{ e.bought }}){{ "; " if not loop.last }}{% endfor %}</p>
</section>
{%- endif %}
</body></html>
"""
_TEMPLATE = Environment(autoescape=True, undefined=StrictUndefined).from_string(_PAGE)


def packing_files(payload: dict) -> dict[str, bytes]:
    """File name → bytes of all packing lists of a package."""
    prints, bought = [p for p in payload["prints"] if not is_digital(p)], _bought(payload.get("lines") or [])
    folders, classes = class_folders(prints), _classes(prints, bought)
    head = {c: payload.get(c) for c in ("school", "job", "batch", "ship_to")}
    packed = {(one["order_no"], one["access_code"]) for one in prints}
    unprinted = [
        {"order_no": o, "access_code": c, "bought": text} for (o, c), text in bought.items() if (o, c) not in packed
    ]
    files = {"packing/all.html": _TEMPLATE.render(**head, classes=list(classes.values()), unprinted=unprinted).encode()}
    for who, folder in folders.items():
        files[f"packing/class_{folder}.html"] = _TEMPLATE.render(**head, classes=[classes[who]], unprinted=[]).encode()
    rows = [{**one, "bought": bought.get((one["order_no"], one["access_code"]), "")} for one in prints]
    return {**files, "packing/packing.csv": csv_bytes(PACKING_COLUMNS, rows)}


def _classes(prints: list[dict], bought: dict[tuple, str]) -> dict[tuple, dict]:
    classes: dict[tuple, dict] = {}
    for (*who, order_no, access_code), mine in groupby(
        prints, lambda p: (*class_of(p), p["order_no"], p["access_code"])
    ):
        mine = list(mine)
        teacher, group = who
        one = classes.setdefault(
            tuple(who),
            {"title": " · ".join(t for t in (teacher, group) if t) or "Without a class", "envelopes": [], "copies": 0},
        )
        one["copies"] += sum(p["quantity"] for p in mine)
        name = " ".join(n for n in (mine[0].get("first_name"), mine[0].get("last_name")) if n)
        one["envelopes"].append({
            "name": name, "access_code": access_code, "order_no": order_no, "prints": mine,
            "bought": bought.get((order_no, access_code), ""),
        })  # fmt: skip
    return classes


def _bought(lines: list[dict]) -> dict[tuple, str]:
    """(order_no, access_code) → what the parent bought, as the price list calls it."""
    texts: dict[tuple, list[str]] = {}
    for line in lines:
        options = f" ({line['options']})" if line.get("options") else ""
        text = f"{line['quantity']} × {line.get('name') or line['code']}{options}"
        texts.setdefault((line["order_no"], line.get("access_code")), []).append(text)
    return {who: ", ".join(parts) for who, parts in texts.items()}
