"""Apply the gates to an evaluation.

It fails closed: a metric that is missing or not a number, a column without slices, a champion
that can't be compared with, each refuses the model.

This module is plain Python.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Sequence

import pydantic

from components.model_validator.gates import Gate, Rule
from components.model_validator.metrics import Evaluation, SliceMetrics

ROUNDING_MARGIN = 1e-9
"""A value this close to its limit meets it: 0.95 - 0.01 is not quite 0.94 in binary."""


class Outcome(str, enum.Enum):
    """What came out of a gate on a slice."""

    PASSED = "passed"
    FAILED = "failed"
    TOO_SMALL = "too small"
    """The slice has too few rows to judge; shown, never counted as passed."""
    UNDEFINED = "undefined"
    """The slice's labels leave the metric without meaning, for any model; not counted as passed."""
    NO_BASELINE = "no baseline"
    """There is no champion to compare with, so the gate does not apply."""


class GateResult(pydantic.BaseModel):
    """What came out of one limit of one gate on one slice.

    Attributes:
        name: The gate's name.
        kind: The gate's kind.
        rule: Which of the gate's limits it is.
        metric: Metric judged.
        slice: ``overall``, or ``column=value``.
        value: The candidate's value; None where it is missing or not a number.
        limit: The limit as configured.
        baseline: The champion's value; None where it is missing or not a number.
        examples: Rows in the slice.
        outcome: What came out.
        reason: Why, in one line.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

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

    @property
    def is_refusal(self) -> bool:
        """Whether this alone refuses the model."""
        return self.outcome is Outcome.FAILED


@dataclasses.dataclass(frozen=True)
class _Case:
    """One limit of one gate, to be applied to one slice; values are None where not a number."""

    gate: Gate
    rule: Rule
    limit: float
    part: SliceMetrics
    value: float | None
    baseline: float | None
    has_champion: bool


def judge(evaluation: Evaluation, gates: Sequence[Gate]) -> tuple[GateResult, ...]:
    """Judge a candidate.

    Args:
        evaluation: Metrics of the candidate and of the champion.
        gates: What it must meet.

    Returns:
        One result a gate, slice and limit, in that order; at least one a gate.

    Raises:
        ValueError: If there are no gates: a model must not be blessed unjudged.
    """
    if not gates:
        raise ValueError("no gates: at least one is needed, or any model would be blessed")
    return tuple(
        _judge_case(_create_case(evaluation, gate, rule, limit, part))
        for gate in gates
        for part in _select_slices(evaluation, gate)
        for rule, limit in gate.limits
    )


def is_blessed(results: Sequence[GateResult]) -> bool:
    """Say whether a candidate is blessed: something was passed, and nothing failed."""
    has_passed = any(result.outcome is Outcome.PASSED for result in results)
    return has_passed and not any(result.is_refusal for result in results)


def _select_slices(evaluation: Evaluation, gate: Gate) -> Iterator[SliceMetrics]:
    """Give a gate's slices, and an empty one for each column that has none."""
    if not gate.slice_columns:
        yield evaluation.overall
    for column in gate.slice_columns:
        yield from evaluation.find_slices(column) or (SliceMetrics(column, "*", 0, {}),)


def _create_case(
    evaluation: Evaluation, gate: Gate, rule: Rule, limit: float, part: SliceMetrics
) -> _Case:
    champion = evaluation.find_baseline(part.name)
    return _Case(
        gate=gate,
        rule=rule,
        limit=limit,
        part=part,
        value=part.find_value(gate.metric),
        baseline=champion.find_value(gate.metric) if champion else None,
        has_champion=evaluation.baseline is not None,
    )


def _judge_case(case: _Case) -> GateResult:
    outcome, reason = _find_obstacle(case) or _compare(case)
    return GateResult(
        name=case.gate.name,
        kind=case.gate.kind,
        rule=case.rule,
        metric=case.gate.metric,
        slice=case.part.name,
        value=case.value,
        limit=case.limit,
        baseline=case.baseline,
        examples=case.part.examples,
        outcome=outcome,
        reason=reason,
    )


def _find_obstacle(case: _Case) -> tuple[Outcome, str] | None:
    """Say why the rows at hand can't be judged, or None where they can."""
    part, metric, smallest = case.part, case.gate.metric, case.gate.min_examples
    is_overall = part.column is None
    if not part.examples:
        return Outcome.FAILED, f"no evaluated row falls in a slice by {part.column}"
    if not is_overall and part.examples < smallest:
        return Outcome.TOO_SMALL, f"{part.examples} rows, and it takes {smallest} to judge a slice"
    if part.is_undefined(metric):
        outcome = Outcome.FAILED if is_overall else Outcome.UNDEFINED
        return outcome, f"{metric} means nothing on rows that all have the same label"
    return None


def _compare(case: _Case) -> tuple[Outcome, str]:
    metric, value, limit = case.gate.metric, case.value, case.limit
    if value is None:
        return Outcome.FAILED, f"{metric} is missing or not a number"
    if case.rule == "min":
        return _decide(limit - value, f"{metric} {value:.4g} against at least {limit:g}")
    if case.rule == "max":
        return _decide(value - limit, f"{metric} {value:.4g} against at most {limit:g}")
    if not case.has_champion:
        return Outcome.NO_BASELINE, "no champion to compare with"
    if case.baseline is None:
        return Outcome.FAILED, f"the champion's {metric} is missing or not a number"
    change = value - case.baseline
    fall, word = (-change, "drop") if case.rule == "max_drop" else (change, "rise")
    reason = (
        f"{metric} {value:.4g}, {change:+.4g} from the champion's {case.baseline:.4g}, "
        f"against a {word} of at most {limit:g}"
    )
    return _decide(fall - limit, reason)


def _decide(excess: float, reason: str) -> tuple[Outcome, str]:
    """Pass unless the limit is exceeded by more than rounding."""
    return (Outcome.PASSED if excess <= ROUNDING_MARGIN else Outcome.FAILED), reason
