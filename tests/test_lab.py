"""The lab: copies of the notebooks that are the operator's own, and a JupyterLab that this machine alone can reach."""

import json
from pathlib import Path

from prepaykit.lab import FIRST, ONLY_HERE, SETTINGS, copy_notebooks, lab_command, lab_environment
from prepaykit.runs import notebooks_folder


def test_every_notebook_is_copied_once(tmp_path):
    copied, kept = copy_notebooks(tmp_path / "notebooks")
    assert copied == [p.name for p in sorted(notebooks_folder().glob("*.ipynb"))]
    assert kept == []
    assert copy_notebooks(tmp_path / "notebooks") == ([], [])


def test_a_copy_that_somebody_worked_in_is_never_written_over(tmp_path):
    copy_notebooks(tmp_path)
    mine = tmp_path / FIRST
    mine.write_text(mine.read_text(encoding="utf-8").replace("Start here", "My start"), encoding="utf-8")
    assert copy_notebooks(tmp_path) == ([], [FIRST])
    assert "My start" in mine.read_text(encoding="utf-8")


def test_a_copy_that_nobody_touched_follows_a_newer_prepaykit(tmp_path):
    copy_notebooks(tmp_path)
    old = "an older edition"
    (tmp_path / FIRST).write_text(old, encoding="utf-8")
    memory = json.loads((tmp_path / ".copied.json").read_text())
    from prepaykit.lab import _digest

    (tmp_path / ".copied.json").write_text(json.dumps({**memory, FIRST: _digest(old.encode())}))
    assert copy_notebooks(tmp_path) == ([FIRST], [])


def test_jupyterlab_listens_on_this_machine_only_and_asks_nothing(tmp_path):
    words = lab_command(tmp_path, browser=False)
    assert "--ServerApp.ip=127.0.0.1" in words
    assert f"--LabApp.app_settings_dir={SETTINGS}" in words
    asked = json.loads((SETTINGS / "overrides.json").read_text())["@jupyterlab/apputils-extension:notification"]
    assert asked == {"fetchNews": "false", "checkForUpdates": False}
    assert f"--LabApp.default_url=/lab/tree/{FIRST}" in words
    assert "--ServerApp.open_browser=False" in words


def test_a_named_port_is_taken_or_the_start_fails_and_pages_load_nothing_from_elsewhere(tmp_path):
    words = lab_command(tmp_path, port=8890)
    assert "--ServerApp.port=8890" in words
    assert "--ServerApp.port_retries=0" in words
    assert not any("ServerApp.port" in word for word in lab_command(tmp_path))
    assert any("Content-Security-Policy" in word and ONLY_HERE in word for word in words)


def test_the_app_starts_on_the_same_notebook_through_voila(tmp_path):
    assert f"--ServerApp.default_url=/voila/render/{FIRST}" in lab_command(tmp_path, app=True)


def test_the_kernels_are_told_the_studio_and_the_launcher_finds_its_tile():
    told = lab_environment("studio.db", job="fall")
    assert (told["PREPAYKIT_STUDIO"], told["PREPAYKIT_JOB"]) == ("studio.db", "fall")
    assert "PREPAYKIT_JOB" not in lab_environment("studio.db")
    tile = (Path(told["JUPYTER_APP_LAUNCHER_PATH"]) / "jp_app_launcher_prepaykit.yaml").read_text()
    assert FIRST in tile
