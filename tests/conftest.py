"""What several folders of tests share: a drawn job, and a demo that has run to its end. Both are made once, and never changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

STUDIO_VARIABLES = ("PREPAYKIT_STUDIO", "PREPAYKIT_JOB", "PREPAYKIT_ACTOR")


@pytest.fixture(autouse=True, scope="session")
def _no_studio_of_the_person_who_tests():
    """The environment of whoever runs the tests must not decide which studio they work on."""
    with pytest.MonkeyPatch.context() as patch:
        for name in STUDIO_VARIABLES:
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def drawn_job(tmp_path_factory) -> Path:
    """A tiny drawn job: job.toml, the four files, photos/, retake/, truth/. Look, do not touch."""
    from prepaykit.demo.draw import draw_job

    return draw_job(tmp_path_factory.mktemp("drawn") / "job", size="tiny", seed=1)


@pytest.fixture(scope="session")
def finished_demo(drawn_job, tmp_path_factory) -> Path:
    """The folder of a tiny demo that went through every verb. Its pictures are those of `drawn_job`. Look, do not touch."""
    from rich.console import Console

    from prepaykit.demo import run

    folder = tmp_path_factory.mktemp("demo") / "job"
    with pytest.MonkeyPatch.context() as patch, Path(os.devnull).open("w") as nowhere:
        patch.setattr(run, "draw_job", lambda to, **_: shutil.copytree(drawn_job, to))
        run.run_demo(folder, size="tiny", seed=1, console=Console(file=nowhere))
    return folder
