"""What the command line says in one line instead of a traceback; plain Python."""

from __future__ import annotations


class OperationError(Exception):
    """Something can't be done as asked; one line says why and what would help."""
