"""What the command line says in one line instead of a traceback; plain Python."""

from __future__ import annotations


class OperationError(Exception):
    """Something can't be done as asked; one line says why and what would help."""


class UsageError(Exception):
    """What was asked for is not there, and trying again won't help; one line says what is there."""


class ConfigError(UsageError):
    """The configuration can't be used; one line names the key, the value and what was expected."""
