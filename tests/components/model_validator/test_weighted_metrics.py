"""Metrics under weights, against the Evaluator's histogram of the rows they stand for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from components.evaluator.metric_names import SCORE_METRICS, ScoreMetric
from components.evaluator.score_histogram import summarise_rows
from components.model_validator.weighted_metrics import Array, compute_metric, prepare_metric

_RANDOM = np.random.default_rng(3)
PROBABILITIES = np.round(_RANDOM.random(200), 2)
LABELS = (_RANDOM.random(200) < PROBABILITIES).astype(np.float64)
COUNTS = _RANDOM.integers(0, 4, (5, 200)).astype(np.float64)


def measure(metric: ScoreMetric, counts: Array) -> float:
    """Measure rows, each as often as it is counted, by a histogram."""
    times = counts.astype(np.int64)
    histogram = summarise_rows(LABELS.repeat(times), PROBABILITIES.repeat(times), 0.4)
    return float(histogram.compute_metrics()[metric])


@pytest.mark.parametrize("metric", SCORE_METRICS)
def test_unit_weights_give_what_the_evaluator_gives(metric: ScoreMetric) -> None:
    """Every metric has the Evaluator's value where each row counts once."""
    value = compute_metric(metric, LABELS, PROBABILITIES, 0.4)

    assert value == pytest.approx(measure(metric, np.ones(200)), abs=2e-4)


@pytest.mark.parametrize(
    "metric", [metric for metric in SCORE_METRICS if metric != "expected_calibration_error"]
)
def test_a_weight_is_a_count(metric: ScoreMetric) -> None:
    """A row of weight 3 counts as three rows, one of weight 0 as none, for each set of weights."""
    values = prepare_metric(metric, LABELS, PROBABILITIES, 0.4)(COUNTS)

    assert values == pytest.approx([measure(metric, counts) for counts in COUNTS])


@pytest.mark.parametrize("metric", ["auc", "calibration", "recall", "false_negative_rate"])
def test_what_has_no_meaning_is_not_a_number(metric: ScoreMetric) -> None:
    """Without a row of label 1 such a metric is NaN, and no warning."""
    assert math.isnan(compute_metric(metric, np.zeros(3), np.array([0.1, 0.2, 0.9]), 0.5))
