"""How a command ended, as the shell sees it; plain Python."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """The exit codes of the command line."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    DATA_REFUSED = 3
    MODEL_REFUSED = 4
