"""The bar of long work: in a terminal on stderr, in a notebook as HTML; gone when the work is done, absent when there was hardly any."""

import io

import nbformat
import pytest
from nbclient import NotebookClient
from rich.console import Console

from prepaykit.progress import _drawn, progress
from prepaykit.warm_kernel import QUIET


def test_a_terminal_shows_how_much_how_fast_and_how_long():
    written = io.StringIO()
    with progress("reading", console=Console(file=written, force_terminal=True, width=120)) as told:
        told(30, 120)
    assert "30/120" in written.getvalue()
    assert "frames/s" in written.getvalue()


def test_a_bar_in_a_notebook_is_named_and_its_words_are_escaped():
    shown = _drawn("reading <b>", "frames", 1500, 3000, 60.0)
    assert '<progress value="1500" max="3000" aria-label="reading &lt;b&gt;"' in shown["text/html"]
    assert "1,500 of 3,000 frames, 25.0 frames/s, 1:00 left" in shown["text/html"]
    assert "<b>" not in shown["text/html"]
    assert _drawn("reading", "frames", 0, 0, 1.0)["text/plain"] == "reading: 0 of 0 frames"


WORK = """import time
from prepaykit.progress import progress
with progress("reading") as told:
    for n in range({n}):
        time.sleep(0.05)
        told(n + 1, {n})
print("done")"""
FAILS = "with progress('reading') as told:\n    time.sleep(0.4)\n    told(1, 2)\n    raise OSError"


@pytest.mark.slow
def test_a_notebook_keeps_nothing_of_the_bar():
    cells = [WORK.format(n=20), WORK.format(n=2), FAILS]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    seen = []
    client = NotebookClient(book, allow_errors=True, kernel_name="python3", extra_arguments=QUIET)
    process = client.process_message
    client.process_message = lambda msg, cell, index: seen.append(msg) or process(msg, cell, index)
    client.execute()
    drawn = [
        m["content"]["data"]["text/plain"] for m in seen if m["msg_type"] in ("display_data", "update_display_data")
    ]
    assert any(text.startswith("reading: ") and text.endswith(" left") for text in drawn)
    long, short, failed = ([o for o in cell.outputs if o.output_type == "display_data"] for cell in book.cells)
    assert [o.data["text/html"] for o in long] == [""]
    assert short == []
    assert [o.data["text/html"] for o in failed] == [""]
