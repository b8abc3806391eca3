"""A kernel that is kept warm: one for many notebooks, so that a night of reports does not start pandas a hundred times.

Between two notebooks every variable is forgotten and cells count from 1 again; modules stay loaded. A notebook that changes a
module, or the process's environment, is therefore seen by the next one: for such, use a fresh kernel, which is the default of
`run_notebook` and the reference that a test compares with.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jupyter_core.utils import run_sync
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.log import logger

ENGINE = "prepaykit-warm"
QUIET = ["--IPKernelApp.log_level=ERROR"]  # else each start warns that loopback is not encrypted
FORGET = "import os as _os; _os.chdir({cwd!r}); _os.environ.update({env!r}); get_ipython().reset(new_session=True)"


class WarmKernel:
    """One kernel for several runs: `with WarmKernel() as warm: run_notebook(…, warm=warm)`. Not for two threads at once."""

    def __init__(self) -> None:
        self.manager: Any = None
        self.client: Any = None

    def __enter__(self) -> WarmKernel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def lend(self, notebook_client: PapermillNotebookClient) -> None:
        """Give a notebook's client the kernel, emptied; the first time there is none, and it starts one."""
        if self.manager is None or not run_sync(self.manager.is_alive)():
            self.close()
            return
        notebook_client.km, notebook_client.kc, notebook_client.owns_km = self.manager, self.client, False
        env = {k: v for k, v in os.environ.items() if k.startswith("PREPAYKIT_")}
        forget = FORGET.format(cwd=str(Path.cwd()), env=env)
        reply = run_sync(self.client.execute_interactive)(
            forget, silent=True, store_history=False, allow_stdin=False, timeout=60
        )
        assert reply["content"]["status"] == "ok", reply["content"]

    def keep(self, notebook_client: PapermillNotebookClient) -> None:
        """Take the kernel back."""
        self.manager, self.client = notebook_client.km, notebook_client.kc

    def close(self) -> None:
        """Stop the kernel, if one was started."""
        if self.client is not None:
            self.client.stop_channels()
        if self.manager is not None:
            run_sync(self.manager.shutdown_kernel)(now=True)
            run_sync(self.manager.cleanup_resources)()
        self.manager = self.client = None


class WarmEngine(NBClientEngine):
    """Papermill's own engine, with a kernel that was there before and stays."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, *, warm: WarmKernel, log_output: bool = False,
                                 start_timeout: int = 60, execution_timeout: int | None = None, **_: Any) -> Any:  # fmt: skip
        """Execute the cells in the kernel that is lent; whatever happens, it goes back."""
        client = PapermillNotebookClient(nb_man, kernel_name=kernel_name, timeout=execution_timeout, startup_timeout=start_timeout,
                                         extra_arguments=QUIET, log=logger, log_output=log_output)  # fmt: skip
        warm.lend(client)
        try:
            return client.execute(cleanup_kc=False)
        finally:
            warm.keep(client)


papermill_engines.register(ENGINE, WarmEngine)
