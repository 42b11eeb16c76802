"""Hold values and intervals against limits.

This module is plain Python.
"""

from __future__ import annotations

from components.model_validator.gate_result import Outcome

ROUNDING_MARGIN = 1e-9
"""A value this close to its limit meets it: 0.95 - 0.01 is not quite 0.94 in binary."""


def decide(excess: float) -> Outcome:
    """Pass unless a limit is exceeded by more than rounding.

    Args:
        excess: By how much a value is on the wrong side of its limit; negative on the right side.

    Returns:
        Passed or failed.
    """
    return Outcome.PASSED if excess <= ROUNDING_MARGIN else Outcome.FAILED


def decide_by_interval(least_excess: float, greatest_excess: float) -> Outcome:
    """Pass where all of an interval meets the limit, fail where none of it does.

    Args:
        least_excess: The excess at the interval's good end.
        greatest_excess: The excess at its bad end.

    Returns:
        Passed, failed or inconclusive.
    """
    if decide(greatest_excess) is Outcome.PASSED:
        return Outcome.PASSED
    return Outcome.FAILED if decide(least_excess) is Outcome.FAILED else Outcome.INCONCLUSIVE
