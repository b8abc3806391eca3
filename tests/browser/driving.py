"""What a person does in JupyterLab, as functions of a page: open a notebook, run it, run one cell, restart the kernel.

The commands are JupyterLab's own (the server is started with its application exposed to the page), so no test depends on where a
button is. Each comes back when it is done and the kernel is idle. A cell is named by its id (`plan`, `look`, …) or its number.
"""

from __future__ import annotations

from playwright.sync_api import Locator, Page

PANEL = "window.jupyterapp.shell.currentWidget"
PATIENCE = 90_000  # milliseconds; the machine may be busy


def _done(page: Page, does: str, argument: object = None) -> object:
    """What the page's function gives once it is done. Playwright itself would wait for ever, for a dialog that nobody answers."""
    return page.evaluate(
        f"""argument => Promise.race([({does})(argument), new Promise((_, fail) =>
            setTimeout(() => fail(new Error('not done: ' + document.querySelector('.jp-Dialog')?.textContent)), {PATIENCE}))])""",
        argument,
    )


def open_notebook(page: Page, name: str) -> None:
    """Open a notebook (`20_photos`) as the only one, its kernel started and idle. What was not saved in another is lost."""
    _done(
        page,
        """async name => {
            const app = window.jupyterapp;
            await app.restored;
            for (const open of [...app.shell.widgets('main')]) open.dispose();
            const panel = await app.commands.execute('docmanager:open', {path: name + '.ipynb', factory: 'Notebook'});
            await panel.context.ready;
            await panel.sessionContext.ready;
        }""",
        name.removesuffix(".ipynb"),
    )
    page.wait_for_function(f"() => {PANEL}?.content?.model?.cells.length > 0", timeout=PATIENCE)
    wait_for_idle(page)


def wait_for_idle(page: Page) -> None:
    """Wait until the kernel has nothing to do."""
    page.wait_for_function(
        f"() => {PANEL}?.sessionContext?.session?.kernel?.status === 'idle' && !document.querySelector('.jp-Notebook .jp-mod-busy')",
        timeout=PATIENCE,
    )


def run_all(page: Page) -> None:
    """Run every cell, from the top; stops where one fails, as JupyterLab does."""
    wait_for_idle(page)
    _done(page, "() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    wait_for_idle(page)


def run_cell(page: Page, cell: str | int) -> None:
    """Run one cell."""
    start_cell(page, cell)
    page.wait_for_function("() => window.ranOne === true", timeout=PATIENCE)
    wait_for_idle(page)


def start_cell(page: Page, cell: str | int) -> None:
    """Start one cell and come back at once, to watch it work."""
    wait_for_idle(page)
    page.evaluate(
        f"""number => {{
            window.ranOne = false;
            {PANEL}.content.deselectAll();
            {PANEL}.content.activeCellIndex = number;
            window.jupyterapp.commands.execute('notebook:run-cell').then(() => {{ window.ranOne = true; }});
        }}""",
        number_of(page, cell),
    )


def write_cell(page: Page, cell: str | int, source: str) -> None:
    """Replace what stands in a cell, as if typed."""
    page.evaluate(
        f"([number, source]) => {PANEL}.content.widgets[number].model.sharedModel.setSource(source)",
        [number_of(page, cell), source],
    )


def restart_kernel(page: Page) -> None:
    """Restart the kernel; the outputs stay where they are."""
    _done(page, f"() => {PANEL}.sessionContext.restartKernel()")
    wait_for_idle(page)


def save(page: Page) -> None:
    """Save the notebook."""
    _done(page, "() => window.jupyterapp.commands.execute('docmanager:save')")


def number_of(page: Page, cell: str | int) -> int:
    """The number of a cell in its notebook, counted from 0, text cells included."""
    if isinstance(cell, int):
        return cell
    number = page.evaluate(f"id => {PANEL}.content.widgets.findIndex(w => w.model.id === id)", cell)
    assert number >= 0, f"no cell {cell}"
    return number


def outputs(page: Page, cell: str | int) -> Locator:
    """The outputs of a cell, as they are on the screen."""
    return page.locator(".jp-Notebook:visible .jp-Cell").nth(number_of(page, cell)).locator(".jp-OutputArea-output")


def said(page: Page, cell: str | int) -> str:
    """The text of a cell's outputs, whether it is scrolled into sight or not."""
    return "\n".join(outputs(page, cell).all_text_contents()).strip()


def errors(page: Page) -> list[str]:
    """The class names of errors that cells ended with."""
    return page.evaluate(
        f"""() => {PANEL}.content.widgets.flatMap(w => w.model.type !== 'code' ? [] :
            w.model.outputs.toJSON().filter(o => o.output_type === 'error').map(o => o.ename))"""
    )
