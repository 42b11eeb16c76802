"""What comes out of a gate, and when it passes; plain Python."""

from __future__ import annotations

import enum

import pydantic

from components.model_validator.gates import Rule
from components.record import Record


class Outcome(str, enum.Enum):
    """What came out of a gate on a slice."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    """The limit lies within the interval; the gate says whether that refuses. Not passed."""
    TOO_SMALL = "too small"
    """The slice has too few rows to judge; shown, never counted as passed."""
    UNDEFINED = "undefined"
    """The slice's labels leave the metric without meaning, for any model; not counted as passed."""
    NO_BASELINE = "no baseline"
    """There is no champion to compare with, so the gate does not apply."""

    @property
    def words(self) -> str:
        """The outcome as people read it."""
        return "no champion" if self is Outcome.NO_BASELINE else self.value


ROUNDING_MARGIN = 1e-9
"""A value this close to its limit meets it: 0.95 - 0.01 is not quite 0.94 in binary."""


def decide(excess: float) -> Outcome:
    """Pass unless a value is on the wrong side of its limit by more than rounding."""
    return Outcome.PASSED if excess <= ROUNDING_MARGIN else Outcome.FAILED


def decide_by_interval(least_excess: float, greatest_excess: float) -> Outcome:
    """Pass where all of an interval meets the limit, fail where none of it does."""
    if decide(greatest_excess) is Outcome.PASSED:
        return Outcome.PASSED
    return Outcome.FAILED if decide(least_excess) is Outcome.FAILED else Outcome.INCONCLUSIVE


class GateResult(Record):
    """What came out of one limit of one gate on one slice.

    Attributes:
        slice: ``overall``, ``column=value``, or the name of a fairness attribute.
        value: The candidate's value, or the gap between its groups; None where it is missing or
            not a number.
        baseline: Value that it is compared with; None where there is none or it is not a number.
        lower: Lower end of the interval of ``value - baseline``; None where none was needed.
        compared_with: Whose value ``baseline`` is: ``champion``, or a trivial model's name.
        groups: The two groups that a fairness gap lies between, the higher value first.
    """

    name: str
    kind: str
    rule: Rule
    metric: str
    slice: str
    value: float | None
    limit: float
    baseline: float | None
    examples: int
    outcome: Outcome
    reason: str
    lower: float | None = None
    upper: float | None = None
    compared_with: str | None = None
    groups: tuple[str, str] | None = None
    refuses_if_inconclusive: bool = False

    @pydantic.computed_field  # type: ignore[prop-decorator]  # mypy knows no such property
    @property
    def passed(self) -> bool:
        """Whether the value meets the limit; false also where the gate could not be applied."""
        return self.outcome is Outcome.PASSED

    @property
    def is_refusal(self) -> bool:
        """Whether this alone refuses the model."""
        return self.outcome is Outcome.FAILED or (
            self.outcome is Outcome.INCONCLUSIVE and self.refuses_if_inconclusive
        )
