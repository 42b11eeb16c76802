"""Apply the gates to an evaluation and to what else was found out.

It fails closed: a metric that is missing or not a number, a column without slices, a model that
can't be served, each refuses the candidate.

This module is plain Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from components.metrics.evaluation import OVERALL, Change, Evaluation, Slice
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
from components.serving.model_replay import ModelReplay

_Answer = tuple[Outcome, str]


def judge(
    evaluation: Evaluation, gates: Sequence[Gate], evidence: Evidence | None = None
) -> tuple[GateResult, ...]:
    """Judge a candidate.

    Args:
        evidence: What else was found out, for gates that are not on the metrics alone.

    Returns:
        One result per gate, slice and limit, in that order; at least one per gate.

    Raises:
        ValueError: If there are no gates: a model must not be blessed unjudged.
    """
    if not gates:
        raise ValueError("no gates: at least one is needed, or any model would be blessed")
    found = evidence or Evidence()
    return tuple(result for gate in gates for result in _judge_gate(evaluation, gate, found))


def is_blessed(results: Sequence[GateResult]) -> bool:
    """Tell whether a candidate is blessed: something was passed, and nothing refuses it."""
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
                yield _judge_slice(evaluation, gate, rule, limit, part, evidence)


def _create_result(
    gate: Gate, rule: Rule, limit: float, answer: _Answer, **facts: Any
) -> GateResult:
    """Create a gate's result; ``facts`` are its other fields."""
    outcome, reason = answer
    return GateResult(
        name=gate.name,
        kind=gate.kind,
        rule=rule,
        limit=limit,
        outcome=outcome,
        reason=reason,
        refuses_if_inconclusive=getattr(gate, "inconclusive", "pass") == "refuse",
        **facts,
    )


def _select_slices(evaluation: Evaluation, gate: ValueGate | ChangeGate) -> Iterator[Slice]:
    """Give a gate's slices, and an empty one for each column that has none."""
    if not gate.slice_columns:
        yield evaluation.overall
    for column in gate.slice_columns:
        nothing = Slice(column=column, column_value="*", examples=0, metrics={})
        yield from evaluation.find_slices(column) or (nothing,)


def _judge_slice(
    evaluation: Evaluation,
    gate: ValueGate | ChangeGate,
    rule: Rule,
    limit: float,
    part: Slice,
    evidence: Evidence,
) -> GateResult:
    champion = evaluation.find_champion(part.name)
    value = part.find_value(gate.metric)
    baseline = champion.find_value(gate.metric) if champion else None
    change, compared_with = None, None
    answer = _find_obstacle(gate, part)
    if isinstance(gate, ChangeGate):
        change = evidence.changes.get((gate.metric, part.name))
        compared_with = "champion" if evaluation.champion else None
        answer = answer or _judge_change(evaluation, gate, rule, limit, part, evidence)
    return _create_result(
        gate,
        rule,
        limit,
        answer or _judge_value(gate.metric, value, rule, limit),
        metric=gate.metric,
        slice=part.name,
        value=value,
        baseline=baseline,
        examples=part.examples,
        lower=change.lower if change else None,
        upper=change.upper if change else None,
        compared_with=compared_with,
    )


def _find_obstacle(gate: ValueGate | ChangeGate, part: Slice) -> _Answer | None:
    """Explain why the rows at hand can't be judged; None where they can."""
    if not part.examples:
        return Outcome.FAILED, f"no evaluated row falls in a slice by {part.column}"
    is_overall = part.column is None
    if not is_overall and part.examples < gate.min_examples:
        return Outcome.TOO_SMALL, (
            f"{part.examples} rows, and it takes {gate.min_examples} to judge a slice"
        )
    if part.is_undefined(gate.metric):
        outcome = Outcome.FAILED if is_overall else Outcome.UNDEFINED
        return outcome, f"{gate.metric} has no meaning on rows with these labels"
    return None


def _judge_value(metric: str, value: float | None, rule: Rule, limit: float) -> _Answer:
    if value is None:
        return Outcome.FAILED, f"{metric} is missing or not a number"
    if rule == "min":
        return decide(limit - value), f"{metric} {value:.4g} against at least {limit:g}"
    return decide(value - limit), f"{metric} {value:.4g} against at most {limit:g}"


def _judge_change(
    evaluation: Evaluation,
    gate: ChangeGate,
    rule: Rule,
    limit: float,
    part: Slice,
    evidence: Evidence,
) -> _Answer:
    metric, value = gate.metric, part.find_value(gate.metric)
    champion = evaluation.find_champion(part.name)
    baseline = champion.find_value(metric) if champion else None
    kept = evidence.thinned_slices.get(part.name)
    if value is None:
        return Outcome.FAILED, f"{metric} is missing or not a number"
    if evaluation.champion is None:
        return Outcome.NO_BASELINE, _explain_no_champion(evidence)
    if baseline is None:
        return Outcome.FAILED, f"the champion's {metric} is missing or not a number"
    if part.column is not None and kept is not None and kept < gate.min_examples:
        return Outcome.TOO_SMALL, (
            f"{kept} of {part.examples} rows had their scores kept, and it takes "
            f"{gate.min_examples} to judge a slice"
        )
    if (metric, part.name) not in evidence.changes:
        return Outcome.FAILED, "no interval of the change: no scores of the slice's rows were kept"
    change = evidence.changes[metric, part.name]
    return _judge_interval(gate, rule, limit, (value, baseline), change, evidence)


def _judge_interval(
    gate: ChangeGate,
    rule: Rule,
    limit: float,
    values: tuple[float, float],
    change: Change | None,
    evidence: Evidence,
) -> _Answer:
    """Judge a change; ``values`` are the candidate's and the champion's."""
    if change is None:
        return Outcome.INCONCLUSIVE, f"the change of {gate.metric} has no interval on these rows"
    falls = rule == "max_drop"
    least, greatest = (-change.upper, -change.lower) if falls else (change.lower, change.upper)
    return decide_by_interval(least - limit, greatest - limit), (
        f"{gate.metric} {values[0]:.4g}, {_describe(change, evidence)} from the champion's "
        f"{values[1]:.4g}, against a {'drop' if falls else 'rise'} of at most {limit:g}"
    )


def _describe(change: Change, evidence: Evidence) -> str:
    return (
        f"{change.value:+.4g} ({change.lower:+.4g} to {change.upper:+.4g} at "
        f"{evidence.confidence:.0%})"
    )


def _judge_serving(
    evaluation: Evaluation, gate: ServingGate, rule: Rule, limit: float, evidence: Evidence
) -> GateResult:
    candidate, champion = evidence.candidate, evidence.champion
    value = candidate.find_value(gate.metric) if candidate else None
    baseline = champion.find_value(gate.metric) if champion else None
    if value is None:
        outcome, reason = Outcome.FAILED, _explain_no_measure(gate, candidate)
    elif rule == "max":
        outcome, reason = _judge_value(gate.metric, value, rule, limit)
    elif baseline is not None:
        outcome = decide(value - limit * baseline)
        reason = (
            f"{gate.metric} {value:.4g} against at most {limit:g} times the champion's "
            f"{baseline:.4g}"
        )
    elif champion is not None:
        # The Evaluator could measure it, so it is a fault that it can't be served.
        outcome, reason = Outcome.FAILED, f"the champion can't be compared: {champion.problem}"
    else:
        outcome, reason = Outcome.NO_BASELINE, _explain_no_champion(evidence)
    return _create_result(
        gate,
        rule,
        limit,
        (outcome, reason),
        metric=gate.metric,
        slice=OVERALL,
        value=value,
        baseline=baseline,
        examples=evaluation.overall.examples,
        compared_with="champion" if baseline is not None else None,
    )


def _explain_no_measure(gate: ServingGate, candidate: ModelReplay | None) -> str:
    if candidate is None:
        return "no rows were replayed"
    if candidate.problem:
        return f"the candidate can't be served: {candidate.problem}"
    return f"no {gate.metric}: {candidate.difference_at}"


def _explain_no_champion(evidence: Evidence) -> str:
    reason = evidence.incompatible_champion
    return f"the champion can't be compared: {reason}" if reason else "no champion"


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
    return _create_result(
        gate,
        "max_gap",
        gate.max_gap,
        (outcome, reason),
        metric=gate.metric,
        slice=gate.attribute,
        value=gap.value if gap else None,
        baseline=None,
        examples=sum(group.examples for group in groups),
        groups=(gap.highest, gap.lowest) if gap else None,
    )


def _judge_against_trivial(
    evaluation: Evaluation, gate: TrivialGate, evidence: Evidence
) -> Iterator[GateResult]:
    def create(answer: _Answer, **compared: Any) -> GateResult:
        return _create_result(
            gate,
            "min_gain",
            gate.min_gain,
            answer,
            metric="log_loss",
            slice=OVERALL,
            value=evaluation.overall.find_value("log_loss"),
            examples=evaluation.overall.examples,
            **compared,
        )

    if not evidence.trivial:
        reason = "there were no rows to fit or to measure the trivial models on"
        yield create((Outcome.FAILED, reason), baseline=None)
    for model in evidence.trivial:
        if model.name not in gate.models:
            continue
        change = Change(value=model.change, lower=model.lower, upper=model.upper)
        outcome = decide_by_interval(change.lower + gate.min_gain, change.upper + gate.min_gain)
        reason = (
            f"log_loss {_describe(change, evidence)} from {model.name}'s {model.log_loss:.4g}, "
            f"against at least {gate.min_gain:g} below"
        )
        yield create(
            (outcome, reason),
            baseline=model.log_loss,
            lower=model.lower,
            upper=model.upper,
            compared_with=model.name,
        )
