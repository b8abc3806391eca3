"""A job with waiting envelopes, and its panel of paper orders, without a browser."""

import shutil
from functools import partial

import pytest

from prepaykit import Studio
from prepaykit.panels.opening import open_panel
from tests.panels.jobs import studio_with, write_files


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    folder = write_files(tmp_path_factory.mktemp("panels") / "job", certain=3, waiting=4)
    studio_with(folder).close()
    return folder


@pytest.fixture
def folder(made_once, tmp_path):
    return shutil.copytree(made_once, tmp_path / "job")


@pytest.fixture
def job(folder):
    with Studio.open(folder / "studio.db", actor="ana") as studio:
        yield studio.job()


@pytest.fixture
def panel(job, folder):
    return paper_panel(job, folder)


def paper_panel(job, folder, **given):
    """The panel as a notebook opens it: with the drafts of people."""
    return open_panel(job, "paper", partial(job.paper, folder / "paper_orders.csv"), **{"takes_drafts": True, **given})
