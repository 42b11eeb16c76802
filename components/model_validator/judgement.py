"""Apply the gates to an evaluation and to what else was found out.

It fails closed: a metric that is missing or not a number, a column without slices, a model that
can't be served, each refuses the candidate.

This module is plain Python.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from components.metrics.paired_change import Change
from components.metrics.slice_metrics import OVERALL, Evaluation, SliceMetrics
from components.model_validator.evidence import Evidence
from components.model_validator.fairness import find_widest_gap
from components.model_validator.gate_result import GateResult, Outcome
from components.model_validator.gates import (
    ChangeGate,
    FairnessGate,
    Gate,
    Rule,
    ServingGate,
    TrivialGate,
    ValueGate,
)
from components.model_validator.limits import decide, decide_by_interval


@dataclasses.dataclass(frozen=True)
class _Case:
    """One limit of one gate on a metric, on one slice; values are None where not a number."""

    gate: ValueGate | ChangeGate
    rule: Rule
    limit: float
    part: SliceMetrics
    value: float | None
    baseline: float | None
    has_champion: bool
    evidence: Evidence

    @property
    def change(self) -> Change | None:
        """The change's interval, None where there is none."""
        return self.evidence.changes.get((self.gate.metric, self.part.name))


def judge(
    evaluation: Evaluation, gates: Sequence[Gate], evidence: Evidence | None = None
) -> tuple[GateResult, ...]:
    """Judge a candidate.

    Args:
        evidence: What else was found out, for gates that are not on the metrics alone.

    Returns:
        One result a gate, slice and limit, in that order; at least one a gate.

    Raises:
        ValueError: If there are no gates: a model must not be blessed unjudged.
    """
    if not gates:
        raise ValueError("no gates: at least one is needed, or any model would be blessed")
    found = evidence or Evidence()
    return tuple(result for gate in gates for result in _judge_gate(evaluation, gate, found))


def is_blessed(results: Sequence[GateResult]) -> bool:
    """Say whether a candidate is blessed: something was passed, and nothing refuses it."""
    has_passed = any(result.outcome is Outcome.PASSED for result in results)
    return has_passed and not any(result.is_refusal for result in results)


def _judge_gate(evaluation: Evaluation, gate: Gate, evidence: Evidence) -> Iterator[GateResult]:
    if isinstance(gate, ServingGate):
        for rule, limit in gate.limits:
            yield _judge_serving(evaluation, gate, rule, limit, evidence)
    elif isinstance(gate, FairnessGate):
        yield _judge_fairness(evaluation, gate)
    elif isinstance(gate, TrivialGate):
        yield from _judge_against_trivial(evaluation, gate, evidence)
    else:
        for part in _select_slices(evaluation, gate):
            for rule, limit in gate.limits:
                yield _judge_case(_create_case(evaluation, gate, rule, limit, part, evidence))


def _select_slices(evaluation: Evaluation, gate: ValueGate | ChangeGate) -> Iterator[SliceMetrics]:
    """Give a gate's slices, and an empty one for each column that has none."""
    if not gate.slice_columns:
        yield evaluation.overall
    for column in gate.slice_columns:
        yield from evaluation.find_slices(column) or (SliceMetrics(column, "*", 0, {}),)


def _create_case(
    evaluation: Evaluation,
    gate: ValueGate | ChangeGate,
    rule: Rule,
    limit: float,
    part: SliceMetrics,
    evidence: Evidence,
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
        evidence=evidence,
    )


def _judge_case(case: _Case) -> GateResult:
    outcome, reason = _find_obstacle(case) or _compare(case)
    is_change = isinstance(case.gate, ChangeGate)
    change = case.change if is_change else None
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
        lower=change.lower if change else None,
        upper=change.upper if change else None,
        compared_with="champion" if is_change and case.has_champion else None,
        refuses_if_inconclusive=(
            isinstance(case.gate, ChangeGate) and case.gate.inconclusive == "refuse"
        ),
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
        return outcome, f"{metric} has no meaning on rows with these labels"
    return None


def _compare(case: _Case) -> tuple[Outcome, str]:
    metric, value, limit = case.gate.metric, case.value, case.limit
    if value is None:
        return Outcome.FAILED, f"{metric} is missing or not a number"
    if case.rule == "min":
        return decide(limit - value), f"{metric} {value:.4g} against at least {limit:g}"
    if case.rule == "max":
        return decide(value - limit), f"{metric} {value:.4g} against at most {limit:g}"
    if not case.has_champion:
        return Outcome.NO_BASELINE, _explain_no_champion(case.evidence)
    if case.baseline is None:
        return Outcome.FAILED, f"the champion's {metric} is missing or not a number"
    return _compare_with_champion(case, value, case.baseline)


def _compare_with_champion(case: _Case, value: float, baseline: float) -> tuple[Outcome, str]:
    metric, change, smallest = case.gate.metric, case.change, case.gate.min_examples
    replayed = case.evidence.thinned_slices.get(case.part.name)
    if case.part.column is not None and replayed is not None and replayed < smallest:
        return Outcome.TOO_SMALL, (
            f"{replayed} of {case.part.examples} rows were replayed, and it takes {smallest} to "
            "judge a slice"
        )
    key = (metric, case.part.name)
    if key not in case.evidence.changes:
        return Outcome.FAILED, f"no interval of the change: {case.evidence.replay_problem}"
    if change is None:
        return Outcome.INCONCLUSIVE, f"the change of {metric} has no interval on these rows"
    falls = case.rule == "max_drop"
    least, greatest = (-change.upper, -change.lower) if falls else (change.lower, change.upper)
    reason = (
        f"{metric} {value:.4g}, {_describe(change, case.evidence)} from the champion's "
        f"{baseline:.4g}, against a {'drop' if falls else 'rise'} of at most {case.limit:g}"
    )
    return decide_by_interval(least - case.limit, greatest - case.limit), reason


def _describe(change: Change, evidence: Evidence) -> str:
    return (
        f"{change.value:+.4g} ({change.lower:+.4g} to {change.upper:+.4g} at "
        f"{evidence.confidence:.0%})"
    )


def _judge_serving(
    evaluation: Evaluation, gate: ServingGate, rule: Rule, limit: float, evidence: Evidence
) -> GateResult:
    value = evidence.candidate.find_value(gate.metric) if evidence.candidate else None
    baseline = evidence.champion.find_value(gate.metric) if evidence.champion else None
    if value is None:
        outcome, reason = Outcome.FAILED, _explain_no_measure(gate, evidence)
    elif rule == "max":
        outcome = decide(value - limit)
        reason = f"{gate.metric} {value:.4g} against at most {limit:g}"
    elif baseline is None:
        outcome, reason = Outcome.NO_BASELINE, _explain_no_champion(evidence)
    else:
        outcome = decide(value - limit * baseline)
        reason = (
            f"{gate.metric} {value:.4g} against at most {limit:g} times the champion's "
            f"{baseline:.4g}"
        )
    return GateResult(
        name=gate.name,
        kind=gate.kind,
        rule=rule,
        metric=gate.metric,
        slice=OVERALL,
        value=value,
        limit=limit,
        baseline=baseline,
        examples=evaluation.overall.examples,
        outcome=outcome,
        reason=reason,
        compared_with="champion" if baseline is not None else None,
    )


def _explain_no_measure(gate: ServingGate, evidence: Evidence) -> str:
    if evidence.candidate is None or evidence.candidate.problem:
        return evidence.replay_problem
    return f"no {gate.metric}: {evidence.candidate.difference_at}"


def _explain_no_champion(evidence: Evidence) -> str:
    misfit = evidence.champion_misfit or (evidence.champion and evidence.champion.problem)
    return f"the champion can't be compared: {misfit}" if misfit else "no champion"


def _judge_fairness(evaluation: Evaluation, gate: FairnessGate) -> GateResult:
    groups = evaluation.find_slices(gate.attribute)
    gap = find_widest_gap(groups, gate.metric, gate.min_examples)
    if not groups:
        outcome, reason = Outcome.FAILED, f"no evaluated row has a group by {gate.attribute}"
    elif gap is None:
        outcome = Outcome.TOO_SMALL
        reason = f"fewer than two groups have {gate.min_examples} rows to take {gate.metric} of"
    else:
        outcome = decide(gap.value - gate.max_gap)
        reason = (
            f"{gate.metric} {gap.highest_value:.4g} of {gap.highest} and {gap.lowest_value:.4g} "
            f"of {gap.lowest}, a gap of {gap.value:.4g} against at most {gate.max_gap:g}"
        )
    return GateResult(
        name=gate.name,
        kind=gate.kind,
        rule="max_gap",
        metric=gate.metric,
        slice=gate.attribute,
        value=gap.value if gap else None,
        limit=gate.max_gap,
        baseline=None,
        examples=sum(group.examples for group in groups),
        outcome=outcome,
        reason=reason,
        groups=(gap.highest, gap.lowest) if gap else None,
    )


def _judge_against_trivial(
    evaluation: Evaluation, gate: TrivialGate, evidence: Evidence
) -> Iterator[GateResult]:
    if not evidence.trivial:
        yield _create_trivial_result(evaluation, gate, Outcome.FAILED, _explain_none(evidence))
    for model in evidence.trivial:
        if model.name not in gate.models:
            continue
        change = Change(model.change, model.lower, model.upper)
        outcome = decide_by_interval(change.lower + gate.min_gain, change.upper + gate.min_gain)
        reason = (
            f"log_loss {_describe(change, evidence)} from {model.name}'s {model.log_loss:.4g}, "
            f"against at least {gate.min_gain:g} below"
        )
        result = _create_trivial_result(evaluation, gate, outcome, reason)
        yield result.model_copy(
            update={
                "baseline": model.log_loss,
                "lower": model.lower,
                "upper": model.upper,
                "compared_with": model.name,
            }
        )


def _explain_none(evidence: Evidence) -> str:
    if evidence.candidate is None or evidence.candidate.problem:
        return evidence.replay_problem
    return "there were no rows to fit or to measure the trivial models on"


def _create_trivial_result(
    evaluation: Evaluation, gate: TrivialGate, outcome: Outcome, reason: str
) -> GateResult:
    return GateResult(
        name=gate.name,
        kind=gate.kind,
        rule="min_gain",
        metric="log_loss",
        slice=OVERALL,
        value=evaluation.overall.find_value("log_loss"),
        limit=gate.min_gain,
        baseline=None,
        examples=evaluation.overall.examples,
        outcome=outcome,
        reason=reason,
        refuses_if_inconclusive=gate.inconclusive == "refuse",
    )
