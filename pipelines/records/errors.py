"""Wrong usage, which the command line answers with exit code 2; plain Python."""

from __future__ import annotations


class UsageError(Exception):
    """What was asked for does not exist, and a retry won't help; the message says what does."""


class ConfigError(UsageError):
    """The configuration can't be used; the message names key, value and what was expected."""
