"""The gates, applied to made metrics."""

from __future__ import annotations

import math

import pytest

from components.model_validator.gates import ChangeGate, Gate, ValueGate
from components.model_validator.judgement import GateResult, Outcome, is_blessed, judge
from components.model_validator.metrics import Evaluation, MetricValue, SliceMetrics


def measure(column: str | None = None, value: str | None = None, **metrics: float) -> SliceMetrics:
    """Make a slice of 1000 rows with the metrics given; ``examples`` sets another number."""
    examples = int(metrics.pop("examples", 1000))
    values = {"mean_label": 0.2, **metrics}
    return SliceMetrics(
        column, value, examples, {name: MetricValue(number) for name, number in values.items()}
    )


def evaluate(
    *candidate: SliceMetrics, baseline: tuple[SliceMetrics, ...] | None = None
) -> Evaluation:
    """Make an evaluation."""
    return Evaluation(candidate, baseline)


def at_least(limit: float, *slice_columns: str, min_examples: int = 100) -> ValueGate:
    """Make a floor of the AUC."""
    return ValueGate(
        kind="value",
        name="floor",
        metric="auc",
        min=limit,
        slice_columns=slice_columns,
        min_examples=min_examples,
    )


def judge_one(evaluation: Evaluation, gate: Gate) -> GateResult:
    """Judge by one gate that gives one result."""
    (result,) = judge(evaluation, [gate])
    return result


@pytest.mark.parametrize(
    ("auc", "outcome"),
    [
        (0.91, Outcome.PASSED),
        (0.9, Outcome.PASSED),
        (0.8999, Outcome.FAILED),
        (math.nan, Outcome.FAILED),
        (math.inf, Outcome.FAILED),
    ],
)
def test_a_floor_holds_to_the_limit_and_fails_closed(auc: float, outcome: Outcome) -> None:
    """The limit itself passes; below it, or not a number, fails."""
    assert judge_one(evaluate(measure(auc=auc)), at_least(0.9)).outcome is outcome


@pytest.mark.parametrize(("value", "outcome"), [(1.1, Outcome.PASSED), (1.11, Outcome.FAILED)])
def test_a_ceiling_holds_to_the_limit(value: float, outcome: Outcome) -> None:
    """The limit itself passes; above it fails."""
    gate = ValueGate(kind="value", name="ceiling", metric="calibration", max=1.1)

    assert judge_one(evaluate(measure(calibration=value)), gate).outcome is outcome


def test_two_limits_give_two_results() -> None:
    """A band is judged at both ends, and each end has its own line."""
    gate = ValueGate(kind="value", name="band", metric="calibration", min=0.9, max=1.1)

    results = judge(evaluate(measure(calibration=1.2)), [gate])

    assert [(result.rule, result.outcome) for result in results] == [
        ("min", Outcome.PASSED),
        ("max", Outcome.FAILED),
    ]


def test_a_missing_metric_fails() -> None:
    """A metric that the Evaluator did not write is not passed."""
    result = judge_one(evaluate(measure()), at_least(0.9))

    assert result.outcome is Outcome.FAILED
    assert result.value is None
    assert "missing" in result.reason


@pytest.mark.parametrize(
    ("auc", "outcome"),
    [(0.94, Outcome.PASSED), (0.97, Outcome.PASSED), (0.9399, Outcome.FAILED)],
)
def test_a_drop_is_held_against_the_champion(auc: float, outcome: Outcome) -> None:
    """A drop of exactly the limit passes, though 0.95 - 0.94 is more than 0.01 in binary."""
    gate = ChangeGate(kind="change", name="drop", metric="auc", max_drop=0.01)
    evaluation = evaluate(measure(auc=auc), baseline=(measure(auc=0.95),))

    result = judge_one(evaluation, gate)

    assert result.outcome is outcome
    assert result.baseline == 0.95


@pytest.mark.parametrize(("log_loss", "outcome"), [(0.21, Outcome.PASSED), (0.22, Outcome.FAILED)])
def test_a_rise_is_held_against_the_champion(log_loss: float, outcome: Outcome) -> None:
    """A rise of more than the limit fails."""
    gate = ChangeGate(kind="change", name="rise", metric="log_loss", max_rise=0.01)
    evaluation = evaluate(measure(log_loss=log_loss), baseline=(measure(log_loss=0.2),))

    assert judge_one(evaluation, gate).outcome is outcome


def test_without_a_champion_a_change_is_not_judged() -> None:
    """The first model is judged on absolute gates only, and the result says so."""
    gate = ChangeGate(kind="change", name="drop", metric="auc", max_drop=0.01)

    results = judge(evaluate(measure(auc=0.95)), [at_least(0.9), gate])

    assert [result.outcome for result in results] == [Outcome.PASSED, Outcome.NO_BASELINE]
    assert is_blessed(results)


def test_a_change_from_a_champion_without_the_metric_fails() -> None:
    """A champion that can't be compared with is no reason to let the candidate through."""
    gate = ChangeGate(kind="change", name="drop", metric="auc", max_drop=0.01)
    evaluation = evaluate(measure(auc=0.95), baseline=(measure(auc=math.nan),))

    result = judge_one(evaluation, gate)

    assert result.outcome is Outcome.FAILED
    assert "champion" in result.reason


def test_every_slice_by_a_column_is_judged() -> None:
    """One bad slice fails the gate; the others are shown as they are."""
    evaluation = evaluate(
        measure(auc=0.95),
        measure("city", "Oslo", auc=0.95),
        measure("city", "Rome", auc=0.5),
        measure("hour", "3", auc=0.1),
    )

    results = judge(evaluation, [at_least(0.9, "city")])

    assert [(result.slice, result.outcome) for result in results] == [
        ("city=Oslo", Outcome.PASSED),
        ("city=Rome", Outcome.FAILED),
    ]
    assert not is_blessed(results)


@pytest.mark.parametrize(("examples", "outcome"), [(99, Outcome.TOO_SMALL), (100, Outcome.FAILED)])
def test_a_small_slice_is_shown_but_not_judged(examples: int, outcome: Outcome) -> None:
    """Below the smallest size a slice neither passes nor fails."""
    evaluation = evaluate(measure(auc=0.95), measure("city", "Oslo", auc=0.5, examples=examples))
    gate = at_least(0.9, "city", min_examples=100)

    assert judge_one(evaluation, gate).outcome is outcome


def test_all_rows_together_are_judged_at_any_number() -> None:
    """The smallest slice size does not excuse the overall slice."""
    evaluation = evaluate(measure(auc=0.5, examples=3))

    assert judge_one(evaluation, at_least(0.9)).outcome is Outcome.FAILED


def test_a_column_without_slices_fails() -> None:
    """A misspelt or empty column must not pass for want of slices."""
    result = judge_one(evaluate(measure(auc=0.95)), at_least(0.9, "city"))

    assert result.outcome is Outcome.FAILED
    assert result.slice == "city=*"


def test_a_metric_without_meaning_on_a_slice_is_shown_but_not_judged() -> None:
    """Where all labels are the same no model has an AUC; that is not this model's fault."""
    slice_of_one_label = measure("city", "Rome", auc=math.nan, mean_label=0.0)
    evaluation = evaluate(measure(auc=0.95), slice_of_one_label)

    result = judge_one(evaluation, at_least(0.9, "city"))

    assert result.outcome is Outcome.UNDEFINED
    assert not is_blessed([result])


def test_a_metric_without_meaning_on_all_rows_fails() -> None:
    """An evaluation of one label only can't bless a model."""
    evaluation = evaluate(measure(auc=math.nan, mean_label=1.0))

    assert judge_one(evaluation, at_least(0.9)).outcome is Outcome.FAILED


def test_nothing_passed_is_not_blessed() -> None:
    """A model that no gate could judge is refused."""
    evaluation = evaluate(measure(auc=0.95), measure("city", "Oslo", auc=0.95, examples=3))

    assert not is_blessed(judge(evaluation, [at_least(0.9, "city")]))


def test_no_gates_are_an_error() -> None:
    """An empty list must not bless every model."""
    with pytest.raises(ValueError, match="no gates"):
        judge(evaluate(measure(auc=0.95)), [])


def test_an_evaluation_starts_with_the_overall_slice() -> None:
    """Metrics without the overall slice are no evaluation."""
    with pytest.raises(ValueError, match="overall"):
        evaluate(measure("city", "Oslo"))
