"""CSV for other people's programs: every text cell is safe to open in a spreadsheet, and the same rows give the same bytes.

>>> guarded("=HYPERLINK(…)"), guarded("AB12-CD34"), guarded(None), guarded(-5)
("'=HYPERLINK(…)", 'AB12-CD34', '', '-5')
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

STARTS_A_FORMULA = "=+-@\t\r\n＝＋－＠"
_UNSEEN = " \u00a0\u200b\u200c\u200d\u2060\ufeff"


def guarded(value: object) -> str:
    """The cell as text. A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay."""
    if value is None:
        return ""
    text = str(value)
    if not isinstance(value, str):
        return text
    # Spreadsheets skip blanks that nobody sees before they look for the sign.
    shown = text.lstrip(_UNSEEN)
    return f"'{text}" if shown[:1] and shown[0] in STARTS_A_FORMULA else text


def csv_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, object]], *, encoding: str = "utf-8") -> bytes:
    """A whole CSV file: the heading and one line a row, missing values as empty cells."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([guarded(row.get(c)) for c in columns] for row in rows)
    return text.getvalue().encode(encoding)
