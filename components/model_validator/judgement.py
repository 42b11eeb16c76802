"""Apply the gates to an evaluation and to what else was found out; plain Python.

It fails closed: a metric that is missing or not a number, a column without slices, a model that
can't be served, each refuses the candidate.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from components.metrics.evaluation import OVERALL, Change, Evaluation, Slice
from components.model_validator.evidence import Evidence
from components.model_validator.fairness import find_widest_gap
from components.model_validator.gate_result import GateResult, Outcome, decide, decide_by_interval
from components.model_validator.gates import (
    ChangeGate,
    FairnessGate,
    Gate,
    Rule,
    ServingGate,
    TrivialGate,
    ValueGate,
)

_Answer = tuple[Outcome, str]
_Facts = dict[str, Any]
"""Fields of a result by name."""


def judge(
    evaluation: Evaluation, gates: Sequence[Gate], evidence: Evidence | None = None
) -> tuple[GateResult, ...]:
    """Judge a candidate.

    Returns:
        One result per gate, slice and limit, in that order; at least one per gate.

    Raises:
        ValueError: If there are no gates: a model must not be blessed unjudged.
    """
    if not gates:
        raise ValueError("no gates: at least one is needed, or any model would be blessed")
    judgement = _Judgement(evaluation, evidence or Evidence())
    return tuple(result for gate in gates for result in judgement.judge(gate))


def is_blessed(results: Sequence[GateResult]) -> bool:
    """Tell whether a candidate is blessed: something was passed, and nothing refuses it."""
    has_passed = any(result.outcome is Outcome.PASSED for result in results)
    return has_passed and not any(result.is_refusal for result in results)


@dataclasses.dataclass(frozen=True)
class _Judgement:
    evaluation: Evaluation
    evidence: Evidence

    def judge(self, gate: Gate) -> Iterator[GateResult]:
        # What a result has unless a judgement says otherwise: one of log loss, on all rows.
        usual = {
            "metric": getattr(gate, "metric", "log_loss"),
            "slice": OVERALL,
            "examples": self.evaluation.overall.examples,
            "baseline": None,
            "refuses_if_inconclusive": getattr(gate, "inconclusive", "pass") == "refuse",
        }
        for rule, limit, (outcome, reason), facts in self._apply(gate):
            named = {"name": gate.name, "kind": gate.kind, "rule": rule, "limit": limit}
            yield GateResult(**{**usual, **named, "outcome": outcome, "reason": reason, **facts})

    def _apply(self, gate: Gate) -> Iterator[tuple[Rule, float, _Answer, _Facts]]:
        if isinstance(gate, ValueGate | ChangeGate):
            for part in self.evaluation.select_slices(gate.slice_columns):
                for rule, limit in gate.limits:
                    yield rule, limit, *self._judge_slice(gate, rule, limit, part)
            return
        for rule, limit in gate.limits:
            if isinstance(gate, ServingGate):
                yield rule, limit, *self._judge_serving(gate, rule, limit)
            elif isinstance(gate, FairnessGate):
                yield rule, limit, *self._judge_fairness(gate, limit)
            else:
                for answer, facts in self._judge_against_trivial(gate, limit):
                    yield rule, limit, answer, facts

    def _judge_slice(
        self, gate: ValueGate | ChangeGate, rule: Rule, limit: float, part: Slice
    ) -> tuple[_Answer, _Facts]:
        champion = self.evaluation.find_champion(part.name)
        value = part.find_value(gate.metric)
        baseline = champion.find_value(gate.metric) if champion else None
        facts: _Facts = {"slice": part.name, "examples": part.examples}
        facts |= {"value": value, "baseline": baseline}
        obstacle = _find_obstacle(gate, part)
        if isinstance(gate, ValueGate):
            return obstacle or _judge_value(gate.metric, value, rule, limit), facts
        if change := self.evidence.changes.get((gate.metric, part.name)):
            facts |= {"lower": change.lower, "upper": change.upper}
        if self.evaluation.champion is not None:
            facts["compared_with"] = "champion"
        return obstacle or self._judge_change(gate, rule, limit, part, value, baseline), facts

    def _judge_change(
        self,
        gate: ChangeGate,
        rule: Rule,
        limit: float,
        part: Slice,
        value: float | None,
        baseline: float | None,
    ) -> _Answer:
        if value is None:
            return Outcome.FAILED, f"{gate.metric} is missing or not a number"
        if self.evaluation.champion is None:
            return Outcome.NO_BASELINE, self._explain_no_champion()
        if baseline is None:
            return Outcome.FAILED, f"the champion's {gate.metric} is missing or not a number"
        obstacle = self._find_no_change(gate, part)
        change = self.evidence.changes.get((gate.metric, part.name))
        if obstacle is not None or change is None:
            no_interval = f"the change of {gate.metric} has no interval on these rows"
            return obstacle or (Outcome.INCONCLUSIVE, no_interval)
        falls = rule == "max_drop"
        least, greatest = (-change.upper, -change.lower) if falls else (change.lower, change.upper)
        reason = (
            f"{gate.metric} {value:.4g}, {self._describe(change)} from the champion's "
            f"{baseline:.4g}, against a {'drop' if falls else 'rise'} of at most {limit:g}"
        )
        return decide_by_interval(least - limit, greatest - limit), reason

    def _find_no_change(self, gate: ChangeGate, part: Slice) -> _Answer | None:
        """Explain why a change was not estimated, or on too few rows; None where it was."""
        kept = self.evidence.thinned_slices.get(part.name)
        if part.column is not None and kept is not None and kept < gate.min_examples:
            return Outcome.TOO_SMALL, (
                f"{kept} of {part.examples} rows had their scores kept, and it takes "
                f"{gate.min_examples} to judge a slice"
            )
        if (gate.metric, part.name) in self.evidence.changes:
            return None
        return Outcome.FAILED, "no interval of the change: no scores of the slice's rows were kept"

    def _describe(self, change: Change) -> str:
        return (
            f"{change.value:+.4g} ({change.lower:+.4g} to {change.upper:+.4g} at "
            f"{self.evidence.confidence:.0%})"
        )

    def _judge_serving(self, gate: ServingGate, rule: Rule, limit: float) -> tuple[_Answer, _Facts]:
        candidate, champion = self.evidence.candidate, self.evidence.champion
        value = getattr(candidate, gate.metric, None)
        baseline = getattr(champion, gate.metric, None)
        if value is None:
            outcome, reason = Outcome.FAILED, self._explain_no_measure(gate)
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
            outcome, reason = Outcome.NO_BASELINE, self._explain_no_champion()
        compared_with = None if baseline is None else "champion"
        facts = {"value": value, "baseline": baseline, "compared_with": compared_with}
        return (outcome, reason), facts

    def _explain_no_measure(self, gate: ServingGate) -> str:
        candidate = self.evidence.candidate
        if candidate is None:
            return "no rows were replayed"
        if candidate.problem:
            return f"the candidate can't be served: {candidate.problem}"
        return f"no {gate.metric}: {candidate.difference_at}"

    def _explain_no_champion(self) -> str:
        reason = self.evidence.incompatible_champion
        return f"the champion can't be compared: {reason}" if reason else "no champion"

    def _judge_fairness(self, gate: FairnessGate, limit: float) -> tuple[_Answer, _Facts]:
        groups = self.evaluation.find_slices(gate.attribute)
        gap = find_widest_gap(groups, gate.metric, gate.min_examples)
        if not groups:
            outcome, reason = Outcome.FAILED, f"no evaluated row has a group by {gate.attribute}"
        elif gap is None:
            outcome = Outcome.TOO_SMALL
            reason = f"fewer than two groups have {gate.min_examples} rows to take {gate.metric} of"
        else:
            outcome = decide(gap.value - limit)
            reason = (
                f"{gate.metric} {gap.highest_value:.4g} of {gap.highest} and "
                f"{gap.lowest_value:.4g} of {gap.lowest}, a gap of {gap.value:.4g} against at most "
                f"{limit:g}"
            )
        return (outcome, reason), {
            "slice": gate.attribute,
            "value": gap.value if gap else None,
            "examples": sum(group.examples for group in groups),
            "groups": (gap.highest, gap.lowest) if gap else None,
        }

    def _judge_against_trivial(
        self, gate: TrivialGate, limit: float
    ) -> Iterator[tuple[_Answer, _Facts]]:
        value = self.evaluation.overall.find_value("log_loss")
        if not self.evidence.trivial:
            reason = "there were no rows to fit or to measure the trivial models on"
            yield (Outcome.FAILED, reason), {"value": value}
        for model in self.evidence.trivial:
            if model.name not in gate.models:
                continue
            change = Change(value=model.change, lower=model.lower, upper=model.upper)
            reason = (
                f"log_loss {self._describe(change)} from {model.name}'s {model.log_loss:.4g}, "
                f"against at least {limit:g} below"
            )
            outcome = decide_by_interval(change.lower + limit, change.upper + limit)
            yield (
                (outcome, reason),
                {
                    "value": value,
                    "baseline": model.log_loss,
                    "compared_with": model.name,
                    "lower": change.lower,
                    "upper": change.upper,
                },
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
