"""Errors that the command line prints in one line instead of a traceback; plain Python."""

from __future__ import annotations


class OperationError(Exception):
    """Something can't be done as asked; the message names the reason and the remedy."""


class UsageError(Exception):
    """What was asked for does not exist, and a retry won't help; the message says what does."""


class ConfigError(UsageError):
    """The configuration can't be used; the message names key, value and what was expected."""
