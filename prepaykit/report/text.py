"""Tables, plans, balances and findings as plain text for a terminal: aligned, understandable without colour.

Nothing here decides anything. Cells are shown on one line: line ends and control characters (a names list may hold a
terminal's escape codes) come out as `·`, so that no cell can move the cursor or hide another.

>>> print(show_table(pd.DataFrame({"order_no": ["1001", "1002"], "paid_cents": [1500, 20]}), title="orders"))
orders
order_no  paid_cents
1001            1500
1002              20
"""

from __future__ import annotations

import unicodedata

import pandas as pd

from prepaykit.money import show_cents
from prepaykit.rules.balance import ADVICE
from prepaykit.tables.findings import REGISTER
from prepaykit.tables.plan import Plan

SEVERITIES = ("error", "warn", "note")
MOST_KEYS = 5
WIDEST = 60


def show_plan(plan: Plan) -> str:
    """What would happen: the headline, rows by table, what would be sent, and the findings with the next move."""
    lines = [f"{plan.verb} {plan.job}: {plan.headline or ('nothing to do' if plan.is_empty else 'changes')}"]
    for name, counts in plan.counts().items():
        words = ", ".join(f"{n} {word}" for n, word in zip(counts, ("new", "changed", "deleted"), strict=True) if n)
        lines.append(f"  {name}: {words}")
    for kind, n in plan.effects["kind"].value_counts().sort_index().items():
        lines.append(f"  would send: {n} {kind}")
    lines += ["", show_findings(plan.findings)] if len(plan.findings) else []
    return "\n".join(map(one_line, "\n".join(lines).split("\n")))


def show_table(frame: pd.DataFrame, *, rows: int = 20, title: str = "") -> str:
    """The first rows of a table, aligned: text to the left, numbers to the right; the last line says how many more there are.

    >>> print(show_table(pd.DataFrame({"code": ["A", "B", None]}), rows=1))
    code
    A
    … 2 more rows
    """
    shown = frame.head(rows)
    right = [pd.api.types.is_numeric_dtype(t) and not pd.api.types.is_bool_dtype(t) for t in frame.dtypes]
    cells = [[_cell(value) for value in shown.iloc[:, i]] for i in range(frame.shape[1])]
    heads = [one_line(str(c)) for c in frame.columns]
    widths = [max(map(_width, [head, *column])) for head, column in zip(heads, cells, strict=True)]
    body = [_line(row, widths, right) for row in ([heads, *zip(*cells, strict=True)] if heads else [])]
    lines = [one_line(title)] * bool(title) + body
    if not len(frame):
        lines.append("(no rows)")
    if len(frame) > rows:
        more = len(frame) - rows
        lines.append(f"… {more:,} more row{'s' * (more > 1)}")
    return "\n".join(lines)


def show_steps(rows: pd.DataFrame, currency: str) -> str:
    """The steps of a cancellation (as `cancel_steps` gives them), order by order: what, its amount, and under it the command, never cut off.

    >>> print(show_steps(pd.DataFrame([["1001", "2 refund", "by hand", 1500, "prepaykit refund 1001"]],
    ...                               columns=["order_no", "step", "what", "amount_cents", "command"]), "USD"))
    To be done, in this order
    1001  2 refund, $15.00: by hand
          prepaykit refund 1001
    """
    lines = ["To be done, in this order"]
    for number, step, what, cents, command in rows[["order_no", "step", "what", "amount_cents", "command"]].itertuples(index=False):
        amount = "" if pd.isna(cents) or not cents else f", {show_cents(int(cents), currency)}"
        lines.append(one_line(f"{number}  {step}{amount}: {what}"))
        lines += [f"{' ' * (_width(number) + 2)}{one_line(command)}"] * bool(command)
    return "\n".join(lines) if len(rows) else ""


def show_balance(rows: pd.DataFrame) -> str:
    """Each equation as a sentence, with ✓ holds or ✗ OFF in front, then what to do about those that are off."""
    lines = [
        f"{'✓ holds' if holds else '✗ OFF  '}  {sentence}"
        for holds, sentence in zip(rows["holds"], rows["sentence"], strict=True)
    ]
    off = rows.loc[~rows["holds"], "equation"]
    if not len(off):
        return "\n".join([*lines, "The job balances."])
    advice = [ADVICE[name] for name in off if name in ADVICE]
    wrong = f"The job does NOT balance: {', '.join(off)}. place and batch refuse until it does."
    return "\n".join([*lines, wrong, *advice])


def show_findings(findings: pd.DataFrame) -> str:
    """One paragraph a code, errors first: how many, what it means, what to do next, and the first keys.

    >>> show_findings(pd.DataFrame(columns=["code", "severity", "key", "next_move"]))
    'No findings.'
    """
    if not len(findings):
        return "No findings."
    counts = findings["severity"].value_counts()
    head = "Findings: " + ", ".join(f"{counts[s]:,} {s}" for s in SEVERITIES if s in counts)
    parts = [head]
    for row in findings_by_code(findings).itertuples():
        parts.append(f"  {row.severity}  {row.count:,} × {row.code}: {row.meaning}\n"
                     f"         {_about(row.about)}: {row.keys}\n"
                     f"         next: {row.next_move}")  # fmt: skip
    return "\n".join(one_line(line) for part in parts for line in part.split("\n"))


class WholeText(pd.DataFrame):
    """A table whose texts a notebook shows to their ends: pandas would cut the command that a next move names. What is taken from it is a plain one."""

    def _repr_html_(self) -> str | None:
        with pd.option_context("display.max_colwidth", None):
            return super()._repr_html_()


def findings_by_code(findings: pd.DataFrame) -> pd.DataFrame:
    """One row a code: `severity`, `code`, `count`, `meaning` and `next_move` from the register, `about`, first `keys`.

    Errors first, then the most frequent. The next move is the first row's if there is one row, else the register's with KEY.
    """
    columns = ["severity", "code", "count", "meaning", "about", "keys", "next_move"]
    parts = []
    for code, rows in findings.groupby("code", sort=True):
        kind, keys = REGISTER[str(code)], list(rows["key"].drop_duplicates())
        more = f" and {len(keys) - MOST_KEYS:,} more" if len(keys) > MOST_KEYS else ""
        general = kind.next_move.replace("{key}", "KEY").replace("{hint}", "KEY")
        move = rows["next_move"].iloc[0] if len(rows) == 1 else general
        about = ", ".join(sorted(set(rows["about"]))) if "about" in rows else ""
        shown = ", ".join(keys[:MOST_KEYS]) + more
        parts.append([kind.severity, code, len(rows), kind.meaning, about, shown, move])
    table = pd.DataFrame(parts, columns=columns)
    place = table["severity"].map({s: i for i, s in enumerate(SEVERITIES)})
    return WholeText(table.assign(_s=place, _n=-table["count"]).sort_values(["_s", "_n", "code"], ignore_index=True)[columns])


def one_line(text: str) -> str:
    """The text without line ends and control characters: each comes out as `·`.

    >>> one_line("a\\x1b[2Jb\\n")
    'a·[2Jb·'
    """
    return "".join("·" if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in _TURNS else c for c in text)


_TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # they would make a line read backwards


def _about(tables: str) -> str:
    return tables or "keys"


def _cell(value: object) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d %H:%M") + (" UTC" if value.tz is not None else "")
    text = one_line(str(value))
    return text if _width(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _width(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two, combining marks none."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.category(c) in ("Mn", "Me", "Cf") for c in text)


def _line(cells: list[str], widths: list[int], right: list[bool]) -> str:
    padded = [
        " " * (width - _width(cell)) + cell if to_right else cell + " " * (width - _width(cell))
        for cell, width, to_right in zip(cells, widths, right, strict=True)
    ]
    return "  ".join(padded).rstrip()
