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

    @classmethod
    def of(cls, end: enum.Enum) -> ExitCode:
        """Get the code with the name of a node's state or a run's verdict; done without one."""
        return cls.__members__.get(end.name, cls.DONE)
