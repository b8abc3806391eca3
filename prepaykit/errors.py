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
"""

from __future__ import annotations


class PrepaykitError(Exception):
    """Base of all errors that a person is meant to read. `exit_code` is what the command line ends with."""

    exit_code = 1


class UsageError(PrepaykitError):
    """The call makes no sense as it stands: says what was got and what would be right."""

    exit_code = 2


class Refused(PrepaykitError):
    """An unsafe request. Nothing was changed."""

    exit_code = 3


class Unbalanced(Refused):
    """The balance does not hold. The message says which equation is off, and by how much."""


class StalePlan(Refused):
    """The job has changed since the plan was made. Make the plan anew and look at it again."""


class Overtaken(Refused):
    """Somebody else decided about the same row meanwhile. Their decision stands until you have seen it."""


class IllegalMove(Refused):
    """A status cannot go from here to there (see `prepaykit.tables.status`)."""


class NeighbourFailed(PrepaykitError):
    """A neighbour (lab, mail, Stripe, disk) did not do its part. What was promised to it stays in the outbox."""

    exit_code = 4
