"""Tables as text, so that a test shows its rows as a person would write them.

>>> table('''
...   frame_id  codes       shot_at
...   1         AB12-CD34   2026-09-01T08:00:00
...   2         -           2026-09-01T08:00:05
... ''').to_dict("list")["codes"]
['AB12-CD34', nan]
"""

from __future__ import annotations

import re

import pandas as pd


def table(text: str) -> pd.DataFrame:
    """Read an aligned text table: columns are two or more blanks apart, `-` is missing, whole numbers become Int64.

    A column whose values all are digits becomes whole numbers unless its name says it is text (`…code`, `…_no`, `…id_text`,
    `grade`, `student_id`); everything else is text.
    """
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    head = re.split(r"\s{2,}", lines[0])
    rows = [re.split(r"\s{2,}", line) for line in lines[1:]]
    wrong = [line for line, row in zip(lines[1:], rows, strict=True) if len(row) != len(head)]
    assert not wrong, f"a row has another number of columns than the heading: {wrong[0]!r}"
    frame = pd.DataFrame(rows, columns=head).replace("-", None)
    for column in frame:
        if column.endswith(("code", "codes", "grade", "student_id", "order_no", "envelope_no")):
            frame[column] = frame[column].astype("str")
        elif frame[column].dropna().str.fullmatch(r"-?\d+").all() and frame[column].notna().any():
            frame[column] = frame[column].astype("Int64")
        elif frame[column].dropna().isin(["True", "False"]).all() and frame[column].notna().any():
            frame[column] = frame[column] == "True"
        else:
            frame[column] = frame[column].astype("str")
    return frame
