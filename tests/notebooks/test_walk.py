"""The notebooks, executed in real kernels: by papermill, by nbval, twice, warm and fresh."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from prepaykit import Studio
from prepaykit.runs import run_notebook
from prepaykit.warm_kernel import WarmKernel

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def warm():
    with WarmKernel() as kernel:
        yield kernel


@pytest.fixture
def studio(drawn_job, tmp_path, monkeypatch):
    """A new job beside its drawn files, and the environment pointing to it."""
    folder = tmp_path / "job"
    shutil.copytree(drawn_job, folder)
    monkeypatch.setenv("PREPAYKIT_STUDIO", str(folder / "studio.db"))
    monkeypatch.setenv("PREPAYKIT_ACTOR", "tester")
    with Studio.open(folder / "studio.db") as opened:
        opened.new(folder)
        yield opened


STEPS = [
    ("names", {"seed": 1, "blanks": 8}),
    ("prices", {}),
    ("orders", {}),
    ("paper", {}),
    ("cards", {}),
    ("photos", {}),
    ("populate", {}),
    ("codes", {}),
    ("place", {}),
    ("revise", {"render": True, "release": "clean"}),
    ("batch", {"send": True}),
    ("sell", {"send": True}),
]


def test_each_notebook_run_twice_changes_nothing_the_second_time(studio, warm, tmp_path):
    job = studio.job()
    for verb, parameters in STEPS:
        given = {**parameters, "apply": True, "why": "first pass"}
        first = run_notebook(verb, given, tmp_path / "first", warm=warm)
        assert first.status == "succeeded", (verb, first.error)
        head = job.state.head
        second = run_notebook(verb, given, tmp_path / "second", warm=warm)
        assert (verb, second.status, job.state.head) == (verb, "succeeded", head)
        assert second.exit_code == first.exit_code or verb in ("populate", "paper", "orders")
    assert set(job.history()["actor"]) == {"tester"}
    assert (studio.home / "cards.pdf").read_bytes().startswith(b"%PDF")


def test_a_batch_released_by_number_is_refused_the_second_time(finished_demo, warm, tmp_path, monkeypatch):
    monkeypatch.setenv("PREPAYKIT_STUDIO", str(finished_demo / "studio.db"))
    result = run_notebook("batch", {"number": 1, "apply": True}, tmp_path, warm=warm)
    assert (result.status, result.exit_code) == ("failed", 3)
    assert "A batch goes once" in result.error
    assert json.loads((tmp_path / "50_batch.result.json").read_text())["exit_code"] == 3


def test_a_warm_kernel_writes_what_a_fresh_one_writes(finished_demo, warm, tmp_path, monkeypatch):
    monkeypatch.setenv("PREPAYKIT_STUDIO", str(finished_demo / "studio.db"))
    run_notebook("place", {}, tmp_path / "before", warm=warm)  # so that the warm kernel has something to forget
    results = [
        run_notebook("populate", {}, tmp_path / name, warm=kernel) for name, kernel in (("warm", warm), ("fresh", None))
    ]
    books = [json.loads(r.path.read_text(encoding="utf-8"))["cells"] for r in results]
    shown = [[(c["source"], c.get("outputs"), c.get("execution_count")) for c in book] for book in books]
    assert shown[0] == shown[1]
    assert results[0].counts == results[1].counts
    assert results[0].exit_code == results[1].exit_code == 1


def test_nbval_executes_every_notebook(finished_demo):
    from prepaykit.runs import notebooks_folder

    env = {**os.environ, "PREPAYKIT_STUDIO": str(finished_demo / "studio.db"), "PREPAYKIT_ACTOR": "nbval"}
    command = [sys.executable, "-m", "pytest", "--nbval-lax", str(notebooks_folder()), "-q", "-p", "no:randomly", "-p", "no:cacheprovider",
               "-o", "filterwarnings=default", "-o", "addopts="]  # fmt: skip
    done = subprocess.run(command, env=env, cwd=finished_demo, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
    with Studio.open(finished_demo / "studio.db") as studio:
        assert "nbval" not in set(studio.job().history()["actor"])
