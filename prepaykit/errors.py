"""The exception tree; each class knows its exit code.

    PrepaykitError            base, never raised itself
    ├── UsageError      2     the call makes no sense: a wrong parameter, a file that is not there
    ├── Refused         3     an unsafe request; the message names the rule and the way out
    │   ├── Unbalanced        the books do not balance
    │   ├── StalePlan         somebody changed the job since the plan was made
    │   ├── Overtaken         somebody decided about this row in another window
    │   └── IllegalMove       a status cannot go from here to there
    └── NeighbourFailed 4     a lab, a mail server, Stripe or a disk did not do its part

Data at fault is never an exception: it is a row of findings, and the run goes on.
Messages carry keys (order numbers, codes, file and row), never a child's or a parent's name.

In a notebook such an error is shown as what happened and what to do, without a traceback: it is for the person at the desk. Errors of any other
class are mistakes of ours and keep theirs.

>>> print(*Refused("batch 1 was released. A batch goes once.")._render_traceback_(), sep="\\n")
Refused: batch 1 was released. A batch goes once.
What to do: nothing was changed; do what the message says first, then run this cell again.
To see the traceback: %env PREPAYKIT_TRACEBACK=1, then %tb
"""

from __future__ import annotations

import os
import traceback

TRACEBACK = "PREPAYKIT_TRACEBACK"  # set to anything: tracebacks in notebooks


class PrepaykitError(Exception):
    """Base of all errors that a person is meant to read. `exit_code` is what the command line ends with, `way_out` what to do in a notebook."""

    exit_code = 1
    way_out = "do what the message says, then run this cell again."

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of the error, line by line."""
        if os.environ.get(TRACEBACK):
            return "".join(traceback.format_exception(self)).splitlines()
        return [
            f"{type(self).__name__}: {self}",
            f"What to do: {self.way_out}",
            f"To see the traceback: %env {TRACEBACK}=1, then %tb",
        ]


class UsageError(PrepaykitError):
    """The call makes no sense as it stands: says what was got and what would be right."""

    exit_code = 2
    way_out = (
        "put right what the message names (often a parameter in the second cell), then run the notebook from there."
    )


class Refused(PrepaykitError):
    """An unsafe request. Nothing was changed."""

    exit_code = 3
    way_out = "nothing was changed; do what the message says first, then run this cell again."


class Unbalanced(Refused):
    """The balance does not hold. The message says which equation is off, and by how much."""


class StalePlan(Refused):
    """The job has changed since the plan was made. Make the plan anew and look at it again."""

    way_out = "nothing was changed; run the notebook again from the plan, and look at it once more."


class Overtaken(Refused):
    """Somebody else decided about the same row meanwhile. Their decision stands until you have seen it."""

    way_out = "your decision was not kept; look at theirs, then decide again."


class IllegalMove(Refused):
    """A status cannot go from here to there (see `prepaykit.tables.status`)."""


class NeighbourFailed(PrepaykitError):
    """A neighbour (lab, mail, Stripe, disk) did not do its part. What was promised to it stays in the outbox."""

    exit_code = 4
    way_out = "see that the neighbour can be reached again; what waits for it is then sent by: prepaykit send"
