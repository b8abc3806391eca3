"""CSV for other people's programs: every text cell is safe to open in a spreadsheet, and the same rows give the same bytes.

>>> guarded("=HYPERLINK(…)"), guarded("AB12-CD34"), guarded(None), guarded(-5)
("'=HYPERLINK(…)", 'AB12-CD34', '', '-5')
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

# What a spreadsheet may run: = + - @ and their full-width forms, a tab or a line end in front. Blanks and characters without
# width before them do not help; nor do apostrophes that were there already, else the guard could not be taken off again.
_BLANK = r"[ \u00a0\u00ad\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]"
_RUNS = rf"(?:{_BLANK}*[=+\-@＝＋－＠]|{_BLANK}*[\t\r\n])"
RUNS = re.compile(f"'*{_RUNS}")
_GUARDED = re.compile(f"''*{_RUNS}")


def guard(text: str) -> str:
    """The text with an apostrophe in front if a spreadsheet might run it; otherwise the text itself.

    >>> guard("\\u200b=1") == "'\\u200b=1", guard("＝1"), guard("+1 555 0100"), guard("a=1"), guard("'t Hooft")
    (True, "'＝1", "'+1 555 0100", 'a=1', "'t Hooft")
    """
    return "'" + text if RUNS.match(text) else text


def unguard(text: str) -> str:
    """The text that was guarded; any other text is given back as it is.

    >>> unguard("'+1 555 0100"), unguard("'t Hooft"), unguard(guard("'=1"))
    ('+1 555 0100', "'t Hooft", "'=1")
    """
    return text[1:] if _GUARDED.match(text) else text


def guarded(value: object) -> str:
    """The cell as text. A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay."""
    if value is None:
        return ""
    return guard(value) if isinstance(value, str) else str(value)


def csv_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, object]], *, encoding: str = "utf-8") -> bytes:
    """A whole CSV file: the heading and one line a row, missing values as empty cells."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([guarded(row.get(c)) for c in columns] for row in rows)
    return text.getvalue().encode(encoding)
