"""What a person sees of an error in a notebook, in a real kernel: what, and what to do; a traceback only if asked, or if the mistake is ours."""

import nbformat
import pytest
from nbclient import NotebookClient

from prepaykit import errors
from prepaykit.errors import PrepaykitError
from prepaykit.warm_kernel import QUIET

pytestmark = pytest.mark.slow

REFUSED = """from prepaykit import Refused
def inner():
    raise Refused("batch 1 was released. A batch goes once.")
inner()"""
CELLS = [REFUSED, "%env PREPAYKIT_TRACEBACK=1", "%tb", REFUSED, "%env PREPAYKIT_TRACEBACK=", REFUSED, "1 / 0"]


@pytest.fixture(scope="module")
def shown():
    """What each of CELLS showed: its errors (as the kernel told them) and its texts."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    NotebookClient(book, allow_errors=True, kernel_name="python3", extra_arguments=QUIET).execute()
    return [cell.outputs for cell in book.cells]


def test_a_refusal_is_shown_as_what_and_what_to_do_without_a_traceback(shown):
    (told,) = shown[0]
    assert (told.ename, told.evalue) == ("Refused", "batch 1 was released. A batch goes once.")
    assert told.traceback == [
        "Refused: batch 1 was released. A batch goes once.",
        "What to do: nothing was changed; do what the message says first, then run this cell again.",
        "To see the traceback: %env PREPAYKIT_TRACEBACK=1, then %tb",
    ]


def test_whoever_asks_sees_the_traceback_of_the_last_error_and_of_the_next(shown):
    for (told,) in (shown[2], shown[3]):
        assert "in inner" in "\n".join(told.traceback)
    (told,) = shown[5]
    assert "in inner" not in "\n".join(told.traceback)


def test_a_mistake_of_ours_keeps_its_traceback(shown):
    (told,) = shown[6]
    assert told.ename == "ZeroDivisionError"
    assert "most recent call last" in "\n".join(told.traceback)


def test_every_class_of_error_says_what_to_do():
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, PrepaykitError)]
    assert len(classes) > 6
    for cls in classes:
        what, to_do, how = cls("the rule, and the way out")._render_traceback_()
        assert what == f"{cls.__name__}: the rule, and the way out"
        assert to_do.startswith("What to do: ")
        assert "%tb" in how
