"""What fails for a reason that a person can mend; plain Python, which imports nothing."""

from __future__ import annotations


class OperationError(Exception):
    """Something can't be done as asked; the message names the reason and the remedy."""
