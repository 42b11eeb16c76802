"""The gates, applied to made metrics."""

from __future__ import annotations

import math

import pytest

from components.metrics.evaluation import Change, Evaluation, Metric, ModelMeasures, Slice
from components.metrics.metric_names import ScoreMetric
from components.model_validator.evidence import Evidence, TrivialModel
from components.model_validator.gate_result import GateResult, Outcome
from components.model_validator.gates import (
    ChangeGate,
    FairnessGate,
    Gate,
    Inconclusive,
    ServingGate,
    TrivialGate,
    ValueGate,
)
from components.model_validator.judgement import is_blessed, judge
from components.serving.model_replay import ModelReplay


def measure(column: str | None = None, value: str | None = None, **metrics: float) -> Slice:
    """Make a slice of 1000 rows with the metrics given; ``examples`` sets another number."""
    examples = int(metrics.pop("examples", 1000))
    values = {"mean_label": 0.2, **metrics}
    return Slice(
        column=column,
        column_value=value,
        examples=examples,
        metrics={name: Metric(value=number) for name, number in values.items()},
    )


def evaluate(*candidate: Slice, baseline: tuple[Slice, ...] | None = None) -> Evaluation:
    """Make an evaluation."""
    return Evaluation(
        candidate=ModelMeasures(slices=candidate),
        champion=ModelMeasures(slices=baseline) if baseline else None,
    )


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


def judge_one(evaluation: Evaluation, gate: Gate, evidence: Evidence | None = None) -> GateResult:
    """Judge by one gate that gives one result."""
    (result,) = judge(evaluation, [gate], evidence)
    return result


def find_change(
    metric: ScoreMetric, lower: float, upper: float, place: str = "overall"
) -> Evidence:
    """Make the evidence of one change, with the interval given."""
    change = Change(value=(lower + upper) / 2, lower=lower, upper=upper)
    return Evidence(candidate=SERVED, champion=SERVED, changes={(metric, place): change})


SERVED = ModelReplay(
    rows=1000,
    load_seconds=1.0,
    latency_p50_ms=2.0,
    latency_p99_ms=5.0,
    size_mb=10.0,
    prediction_difference=1e-8,
    difference_at="log_loss of overall",
)
COMPARED = (measure(auc=0.95, log_loss=0.2),)


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
    ("lower", "upper", "outcome"),
    [
        (-0.01, 0.02, Outcome.PASSED),
        (0.95 - 0.96, 0.0, Outcome.PASSED),
        (-0.011, 0.02, Outcome.INCONCLUSIVE),
        (-0.03, -0.01, Outcome.INCONCLUSIVE),
        (-0.03, -0.011, Outcome.FAILED),
    ],
)
def test_a_drop_is_judged_on_its_interval(lower: float, upper: float, outcome: Outcome) -> None:
    """All of the interval within the limit passes, none of it fails, else it is inconclusive."""
    gate = ChangeGate(kind="change", name="drop", metric="auc", max_drop=0.01)
    evaluation = evaluate(measure(auc=0.94), baseline=COMPARED)

    result = judge_one(evaluation, gate, find_change("auc", lower, upper))

    assert result.outcome is outcome
    assert (result.baseline, result.lower, result.upper) == (0.95, lower, upper)
    assert result.compared_with == "champion"


@pytest.mark.parametrize(
    ("lower", "upper", "outcome"),
    [
        (-0.02, 0.01, Outcome.PASSED),
        (-0.02, 0.011, Outcome.INCONCLUSIVE),
        (0.011, 0.03, Outcome.FAILED),
    ],
)
def test_a_rise_is_judged_on_its_interval(lower: float, upper: float, outcome: Outcome) -> None:
    """A rise counts in the other direction."""
    gate = ChangeGate(kind="change", name="rise", metric="log_loss", max_rise=0.01)
    evaluation = evaluate(measure(log_loss=0.21), baseline=COMPARED)

    assert judge_one(evaluation, gate, find_change("log_loss", lower, upper)).outcome is outcome


@pytest.mark.parametrize(("inconclusive", "refused"), [("refuse", True), ("pass", False)])
def test_the_gate_says_what_inconclusive_means(inconclusive: Inconclusive, refused: bool) -> None:
    """It refuses the model or not, and is never counted as passed."""
    gate = ChangeGate(
        kind="change", name="drop", metric="auc", max_drop=0.01, inconclusive=inconclusive
    )
    evaluation = evaluate(measure(auc=0.94), baseline=COMPARED)
    evidence = find_change("auc", -0.02, 0.0)

    results = judge(evaluation, [at_least(0.9), gate], evidence)

    assert results[1].outcome is Outcome.INCONCLUSIVE
    assert results[1].is_refusal is refused
    assert is_blessed(results) is not refused
    assert not is_blessed(results[1:])


def test_a_change_without_an_interval_is_inconclusive() -> None:
    """Rows that give no interval, such as a single one of label 1, decide nothing."""
    gate = ChangeGate(kind="change", name="drop", metric="auc", max_drop=0.01)
    evidence = Evidence(candidate=SERVED, champion=SERVED, changes={("auc", "overall"): None})

    result = judge_one(evaluate(measure(auc=0.94), baseline=COMPARED), gate, evidence)

    assert result.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    "evidence", [Evidence(), Evidence(candidate=ModelReplay(problem="broken"))]
)
def test_a_change_that_was_not_estimated_fails(evidence: Evidence) -> None:
    """A champion is there and nothing is known of the change: the candidate is refused."""
    gate = ChangeGate(kind="change", name="drop", metric="auc", max_drop=0.01)

    result = judge_one(evaluate(measure(auc=0.99), baseline=COMPARED), gate, evidence)

    assert result.outcome is Outcome.FAILED
    assert "no scores of the slice's rows were kept" in result.reason


def test_without_a_champion_a_change_is_not_judged() -> None:
    """The first model is judged on absolute gates only, and the result says so."""
    gate = ChangeGate(kind="change", name="drop", metric="auc", max_drop=0.01)

    results = judge(evaluate(measure(auc=0.95)), [at_least(0.9), gate])

    assert [result.outcome for result in results] == [Outcome.PASSED, Outcome.NO_BASELINE]
    assert is_blessed(results)


def test_a_champion_that_no_longer_fits_is_said_so() -> None:
    """A champion that could not be measured is no comparison, and the reason is given."""
    gate = ChangeGate(kind="change", name="drop", metric="auc", max_drop=0.01)

    result = judge_one(
        evaluate(measure(auc=0.95)), gate, Evidence(incompatible_champion="no such column")
    )

    assert result.outcome is Outcome.NO_BASELINE
    assert result.reason == "the champion can't be compared: no such column"


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


@pytest.mark.parametrize(("kept", "outcome"), [(99, Outcome.TOO_SMALL), (100, Outcome.PASSED)])
def test_a_slice_of_which_few_scores_were_kept_is_not_judged(kept: int, outcome: Outcome) -> None:
    """Where a sample's scores were kept, those rows count, not all that were measured."""
    part, change = measure("city", "Oslo", log_loss=0.3), Change(value=0.0, lower=-0.01, upper=0.01)
    evaluation = evaluate(measure(), part, baseline=(measure(), part))
    gate = ChangeGate(
        kind="change", name="change", metric="log_loss", max_rise=0.1, slice_columns=("city",)
    )
    evidence = Evidence(
        changes={("log_loss", "city=Oslo"): change}, thinned_slices={"city=Oslo": kept}
    )

    result = judge_one(evaluation, gate, evidence)

    assert result.outcome is outcome
    if outcome is Outcome.TOO_SMALL:
        assert result.reason.startswith("99 of 1000 rows had their scores kept")


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


@pytest.mark.parametrize(
    ("limits", "outcome"),
    [
        ({"max": 2.0}, Outcome.PASSED),
        ({"max": 1.9}, Outcome.FAILED),
        ({"max_ratio": 2.0}, Outcome.PASSED),
        ({"max_ratio": 1.9}, Outcome.FAILED),
    ],
)
def test_serving_is_held_against_limits_and_the_champion(
    limits: dict[str, float], outcome: Outcome
) -> None:
    """The limit itself passes, in its unit or as a multiple of the champion's value."""
    gate = ServingGate(kind="serving", name="latency", metric="latency_p50_ms", **limits)
    champion = SERVED.model_copy(update={"latency_p50_ms": 1.0})
    evidence = Evidence(candidate=SERVED, champion=champion)

    result = judge_one(evaluate(measure(), baseline=COMPARED), gate, evidence)

    assert result.outcome is outcome
    assert (result.value, result.baseline) == (2.0, 1.0)


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (None, "no rows were replayed"),
        (ModelReplay(problem="no such signature"), "no such signature"),
        (SERVED.model_copy(update={"prediction_difference": None}), "log_loss of overall"),
    ],
)
def test_a_model_that_was_not_served_fails(candidate: ModelReplay | None, reason: str) -> None:
    """What was not measured is not passed, and the reason is given."""
    gate = ServingGate(kind="serving", name="same", metric="prediction_difference", max=1.0)

    result = judge_one(evaluate(measure()), gate, Evidence(candidate=candidate))

    assert result.outcome is Outcome.FAILED
    assert reason in result.reason


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (Evidence(candidate=SERVED), "no champion"),
        (Evidence(candidate=SERVED, incompatible_champion="too old"), "compared: too old"),
    ],
)
def test_without_a_champions_measure_a_ratio_is_not_judged(evidence: Evidence, reason: str) -> None:
    """A multiple of nothing is no limit; the result says why."""
    gate = ServingGate(kind="serving", name="size", metric="size_mb", max_ratio=2.0)

    result = judge_one(evaluate(measure()), gate, evidence)

    assert result.outcome is Outcome.NO_BASELINE
    assert reason in result.reason


def test_a_champion_that_can_not_be_served_fails_a_ratio() -> None:
    """The Evaluator could measure it, so that is a fault, and no reason to skip the gate."""
    gate = ServingGate(kind="serving", name="size", metric="size_mb", max_ratio=2.0)
    evidence = Evidence(candidate=SERVED, champion=ModelReplay(problem="broken"))

    result = judge_one(evaluate(measure()), gate, evidence)

    assert result.outcome is Outcome.FAILED
    assert "compared: broken" in result.reason


def measure_group(group: str, rate: float, examples: int = 1000) -> Slice:
    """Measure a group's false-positive rate."""
    return measure("side", group, false_positive_rate=rate, examples=examples)


@pytest.mark.parametrize(("max_gap", "outcome"), [(0.2, Outcome.PASSED), (0.19, Outcome.FAILED)])
def test_the_worst_pair_of_groups_decides(max_gap: float, outcome: Outcome) -> None:
    """The widest gap is held against the limit, and its two groups are named."""
    gate = FairnessGate(
        kind="fairness",
        name="fair",
        attribute="side",
        metric="false_positive_rate",
        max_gap=max_gap,
    )
    groups = [measure_group("a", 0.1), measure_group("b", 0.3), measure_group("c", 0.9, 100)]

    result = judge_one(evaluate(measure(), *groups), gate)

    assert result.outcome is outcome
    assert result.groups == ("b", "a")
    assert result.value == pytest.approx(0.2)
    assert (result.slice, result.rule, result.examples) == ("side", "max_gap", 2100)


@pytest.mark.parametrize(
    ("groups", "outcome"),
    [((), Outcome.FAILED), ((measure_group("a", 0.1),), Outcome.TOO_SMALL)],
)
def test_groups_that_can_not_be_compared_are_not_passed(
    groups: tuple[Slice, ...], outcome: Outcome
) -> None:
    """No groups at all is a fault of the set-up; one that is large enough is no pair."""
    gate = FairnessGate(
        kind="fairness", name="fair", attribute="side", metric="false_positive_rate", max_gap=0.1
    )

    assert judge_one(evaluate(measure(), *groups), gate).outcome is outcome


@pytest.mark.parametrize(
    ("lower", "upper", "outcome"),
    [
        (-0.2, -0.01, Outcome.PASSED),
        (-0.2, 0.0, Outcome.INCONCLUSIVE),
        (-0.009, 0.1, Outcome.FAILED),
    ],
)
def test_trivial_models_must_be_beaten(lower: float, upper: float, outcome: Outcome) -> None:
    """Each trivial model is a result of its own, judged on the interval of the difference."""
    gate = TrivialGate(kind="beats_trivial", name="useful", min_gain=0.01)
    base_rate = TrivialModel(
        name="base_rate", log_loss=0.5, auc=0.5, change=-0.3, lower=-0.4, upper=-0.2
    )
    linear = TrivialModel(
        name="logistic_regression", log_loss=0.21, auc=0.9, change=-0.01, lower=lower, upper=upper
    )
    evidence = Evidence(candidate=SERVED, trivial=(base_rate, linear))

    first, second = judge(evaluate(measure(log_loss=0.2)), [gate], evidence)

    assert first.outcome is Outcome.PASSED
    assert second.outcome is outcome
    assert second.is_refusal is (outcome is not Outcome.PASSED)
    assert (second.compared_with, second.value, second.baseline) == (
        "logistic_regression",
        0.2,
        0.21,
    )


def test_a_gate_may_ask_for_one_trivial_model() -> None:
    """A trivial model that the gate does not name is not judged."""
    gate = TrivialGate(kind="beats_trivial", name="useful", models=("base_rate",))
    base_rate = TrivialModel(
        name="base_rate", log_loss=0.5, auc=0.5, change=-0.3, lower=-0.4, upper=-0.2
    )
    better = base_rate.model_copy(update={"name": "logistic_regression", "lower": 0.1})
    evidence = Evidence(candidate=SERVED, trivial=(base_rate, better))

    result = judge_one(evaluate(measure(log_loss=0.2)), gate, evidence)

    assert (result.compared_with, result.outcome) == ("base_rate", Outcome.PASSED)


@pytest.mark.parametrize("candidate", [None, SERVED, ModelReplay(problem="broken")])
def test_without_trivial_models_the_candidate_fails(candidate: ModelReplay | None) -> None:
    """Trivial models that could not be fitted are not beaten."""
    gate = TrivialGate(kind="beats_trivial", name="useful")

    result = judge_one(evaluate(measure(log_loss=0.2)), gate, Evidence(candidate=candidate))

    assert result.outcome is Outcome.FAILED


def test_no_gates_are_an_error() -> None:
    """An empty list must not bless every model."""
    with pytest.raises(ValueError, match="no gates"):
        judge(evaluate(measure(auc=0.95)), [])


def test_an_evaluation_starts_with_the_overall_slice() -> None:
    """Metrics without the overall slice are no evaluation."""
    with pytest.raises(ValueError, match="overall"):
        evaluate(measure("city", "Oslo"))
