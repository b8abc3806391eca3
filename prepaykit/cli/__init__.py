"""The command line: one thin command per verb. Data goes to stdout, talk to stderr; nothing changes without `--apply`.

Exit codes: 0 done, 1 findings (error or warn) remain, 2 usage, 3 refused, 4 a neighbour failed, 70 a mistake of prepaykit itself.
The commands are registered by importing their modules; each loads pandas and the store only when it runs, so `--help` is quick.
"""

from prepaykit.cli import start, verbs, desk, looks, tools  # noqa: F401, I001 - they register their commands, in the order of --help
from prepaykit.cli.shell import Listed, app, listed_commands, main

__all__ = ["Listed", "app", "listed_commands", "main"]
