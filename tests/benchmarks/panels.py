"""How soon a panel is there, in a real Chromium. Run it: `python -m tests.benchmarks.panels`.

It makes a job with 500 and with 5,000 waiting envelopes, opens the notebook of paper orders in a real JupyterLab, and prints, each the median of a few passes:

- first paint: from the moment the panel is shown (the work is made) to the first rows on the screen. Must: under 1 s with 500 rows, under 2 s with 5,000.
- the cell: the same with all that Python does before (weighing every envelope against the list).
- a key: from `ArrowDown` to the next frame drawn; and from a decision to the kernel's word that it is kept.
- scrolling: the longest time between two frames while 5,000 rows fly by.

Times differ from machine to machine; the bars are the issue's, for a machine that has nothing else to do.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from prepaykit.lab import copy_notebooks, lab_command
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.driving import open_notebook, run_cell, start_cell, write_cell
from tests.browser.lab_server import free_port, new_lab, serving
from tests.panels.jobs import studio_with, write_files

WATCH = """() => { window.painted = null; const begin = performance.now(); const look = () => {
  const row = document.querySelector('.pk[data-ready=yes] .pk-row');
  if (row) requestAnimationFrame(() => { window.painted = performance.now() - begin; }); else requestAnimationFrame(look); }; look(); }"""
SCROLL = """() => new Promise(done => { const body = document.querySelector('.pk-body'); let last = performance.now(), worst = 0, n = 0;
  const step = () => { const now = performance.now(); worst = Math.max(worst, now - last); last = now; body.scrollTop += 900;
    if (++n < 120) requestAnimationFrame(step); else done(worst); }; requestAnimationFrame(step); })"""
KEY = """() => new Promise(done => { const grid = document.querySelector('.pk-grid'); grid.focus(); const begin = performance.now();
  grid.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowDown', bubbles: true})); requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin))); })"""
KEPT = """() => new Promise(done => { const grid = document.querySelector('.pk-grid'), root = document.querySelector('.pk'); grid.focus(); const begin = performance.now();
  grid.dispatchEvent(new KeyboardEvent('keydown', {key: 'l', bubbles: true}));
  const look = () => root.dataset.unkept === '0' ? done(performance.now() - begin) : setTimeout(look, 2); setTimeout(look, 2); })"""


def measure(page: Page, passes: int) -> dict[str, float]:
    """Milliseconds of each figure, the median of so many passes."""
    found: dict[str, list[float]] = {"first paint": [], "cell": [], "key": [], "kept": [], "scroll": []}
    for cell in ("parameters", "open", "ask"):
        run_cell(page, cell)
    write_cell(page, "plan", "panel")  # the same work once more: what is shown is made already
    for _ in range(passes):
        for cell, name in (("panel", "cell"), ("plan", "first paint")):
            page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
            page.evaluate(WATCH)
            start_cell(page, cell)
            page.wait_for_function("() => window.painted !== null", timeout=120_000)
            found[name].append(page.evaluate("() => window.painted"))
            page.wait_for_function("() => window.ranOne === true", timeout=120_000)
        found["key"].append(page.evaluate(KEY))
        found["kept"].append(page.evaluate(KEPT))
        found["scroll"].append(page.evaluate(SCROLL))
    return {name: statistics.median(values) for name, values in found.items()}


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--rows", type=int, action="append", help="so many rows; may be given again (500 and 5,000)")
    ask.add_argument("--passes", type=int, default=3)
    asked = ask.parse_args()
    print("\n# A panel of paper orders in Chromium: milliseconds, median of", asked.passes)
    print(f"{'rows':>6} {'first paint':>12} {'the cell':>10} {'a key':>8} {'kept':>8} {'worst frame, scrolling':>24}")
    for rows in asked.rows or [500, 5000]:
        with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
            folder = write_files(Path(made) / "job", certain=20, waiting=rows)
            studio_with(folder).close()
            copy_notebooks(folder / "notebooks")
            port = free_port()
            lab = new_lab(folder, folder / "notebooks", Path(made) / "server.log", port)
            command = [*lab_command(folder / "notebooks", browser=False, port=port), "--LabApp.expose_app_in_browser=True"]
            with serving(command, port=port, ready="/api/status", lab=lab, own=Path(made)):
                page = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, "--no-sandbox"]).new_page()
                page.goto(f"{lab.url}/lab?token={lab.token}")
                page.wait_for_function("() => window.jupyterapp", timeout=90_000)
                open_notebook(page, "60_paper_orders")
                ms = measure(page, asked.passes)
        print(f"{rows:>6} {ms['first paint']:>12.0f} {ms['cell']:>10.0f} {ms['key']:>8.1f} {ms['kept']:>8.1f} {ms['scroll']:>24.1f}")


if __name__ == "__main__":
    main()
