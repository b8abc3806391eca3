"""Runs are strict: parameters are checked and typed before, the outcome is known after."""

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from prepaykit.errors import UsageError
from prepaykit.runs import checked, find_notebook, named_parameters, run_many, run_notebook
from prepaykit.warm_kernel import WarmKernel

KNOWN = {"code": "", "apply": False, "number": 0, "share": 0.5}


def book(path, *sources, parameters='code = ""\napply = False'):
    first = new_code_cell(parameters)
    first.metadata["tags"] = ["parameters"]
    cells = [first, *(new_code_cell(s) for s in sources)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), path)
    return path


# --- before ------------------------------------------------------------------------------------------------------------------


def test_codes_stay_text():
    assert checked({"code": "001234"}, KNOWN) == {"code": "001234"}
    assert checked({"code": "1E5"}, KNOWN) == {"code": "1E5"}


def test_a_value_has_the_type_of_the_default():
    given = {"apply": "yes", "number": "-3", "share": "0.25"}
    assert checked(given, KNOWN) == {"apply": True, "number": -3, "share": 0.25}


@pytest.mark.parametrize(
    "given",
    [
        {"code": 1234},
        {"apply": "maybe"},
        {"apply": 1},
        {"number": "1E5"},
        {"number": True},
        {"number": 2.0},
        {"share": "half"},
    ],
)
def test_a_value_of_another_type_is_refused(given):
    with pytest.raises(UsageError, match=f"parameter {next(iter(given))} is "):
        checked(given, KNOWN)


def test_a_misspelt_parameter_is_refused_with_the_near_one():
    with pytest.raises(UsageError, match="no parameter aply; did you mean apply\\?"):
        checked({"aply": True}, KNOWN)


@pytest.mark.parametrize(
    "value", ["sk_live_51Hx", "rk_test_9", "whsec_abc", "postgresql://anna:hush@db/studio", "password=hush"]
)
def test_what_looks_like_a_secret_is_refused_and_not_repeated(value):
    with pytest.raises(UsageError, match="looks like a secret") as refused:
        checked({"code": value}, KNOWN)
    assert value not in str(refused.value)


def test_a_notebook_is_found_by_verb_name_and_path(tmp_path):
    path = find_notebook("populate")
    assert path == find_notebook("30_populate") == find_notebook(path)
    with pytest.raises(UsageError, match="no notebook popluate; did you mean populate"):
        find_notebook("popluate")


def test_a_notebook_without_a_parameters_cell_is_refused(tmp_path):
    path = tmp_path / "plain.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1")]), path)
    with pytest.raises(UsageError, match="0 cells tagged"):
        named_parameters(path)


def test_parameters_are_assignments_and_nothing_else(tmp_path):
    with pytest.raises(UsageError, match="plain assignments only"):
        named_parameters(book(tmp_path / "n.ipynb", parameters="import os"))


# --- after -------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def warm():
    with WarmKernel() as kernel:
        yield kernel


class TestOutcome:
    pytestmark = pytest.mark.slow

    def test_a_code_arrives_in_the_cell_as_text(self, tmp_path, warm):
        path = book(tmp_path / "n.ipynb", "assert code == '001234', code", "apply")
        result = run_notebook(path, {"code": "001234"}, tmp_path / "out", warm=warm)
        assert (result.status, result.exit_code) == ("succeeded", 0)
        assert result.started < result.ended

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            ("UsageError", 2),
            ("Refused", 3),
            ("Unbalanced", 3),
            ("StalePlan", 3),
            ("NeighbourFailed", 4),
            ("KeyError", 70),
        ],
    )
    def test_the_exit_code_is_that_of_the_exception_inside(self, tmp_path, warm, error, code):
        path = book(tmp_path / "n.ipynb", f"from prepaykit.errors import *\nraise {error}('order 17')")
        result = run_notebook(path, {}, tmp_path / "out", warm=warm)
        assert (result.status, result.exit_code) == ("failed", code)
        assert ("order 17" in result.error) == (
            code != 70
        )  # a foreign error may quote a name: it stays in the notebook
        assert json.loads((tmp_path / "out" / "n.result.json").read_text())["exit_code"] == code

    def test_a_killed_kernel_is_a_failed_run_and_the_next_run_works(self, tmp_path, warm):
        path = book(tmp_path / "dies.ipynb", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
        result = run_notebook(path, {}, tmp_path / "out", warm=warm)
        assert (result.status, result.exit_code) == ("failed", 70)
        well = run_notebook(book(tmp_path / "well.ipynb", "1"), {}, tmp_path / "out", warm=warm)
        assert well.status == "succeeded"

    def test_a_warm_kernel_forgets_what_the_last_notebook_left(self, tmp_path, warm):
        left = book(tmp_path / "left.ipynb", "left_behind = 1")
        asks = book(tmp_path / "asks.ipynb", "'left_behind' in globals()")
        assert run_notebook(left, {}, tmp_path / "out", warm=warm).status == "succeeded"
        result = run_notebook(asks, {}, tmp_path / "out", warm=warm)
        outputs = json.loads(result.path.read_text())["cells"][-1]["outputs"]
        assert outputs[0]["data"]["text/plain"] in ("False", ["False"])
        assert outputs[0]["execution_count"] == 2

    def test_relative_paths_begin_where_the_run_says(self, tmp_path, warm):
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            path = book(
                tmp_path / "n.ipynb", f"from pathlib import Path\nassert Path.cwd().name == '{name}', Path.cwd()"
            )
            assert run_notebook(path, {}, tmp_path / "out", warm=warm, cwd=tmp_path / name).status == "succeeded"

    def test_many_runs_go_on_after_one_that_fails_and_keep_their_order(self, tmp_path):
        good, bad = book(tmp_path / "good.ipynb", "code"), book(tmp_path / "bad.ipynb", "1 / 0")
        wanted = [
            (good, {"code": "1"}, tmp_path / "a"),
            (bad, {}, tmp_path / "b"),
            (good, {"code": "3"}, tmp_path / "c"),
        ]
        assert [r.status for r in run_many(wanted)] == ["succeeded", "failed", "succeeded"]
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
            (only,) = run_many(wanted[:1], executor=executor)
        assert (only.status, only.path) == ("succeeded", tmp_path / "a" / "good.ipynb")

    def test_a_wrong_parameter_of_the_last_run_stops_all_before_the_first(self, tmp_path):
        good = book(tmp_path / "good.ipynb", "code")
        with pytest.raises(UsageError, match="did you mean code"):
            run_many([(good, {}, tmp_path / "a"), (good, {"cod": "1"}, tmp_path / "b")])
        assert not (tmp_path / "a").exists()
