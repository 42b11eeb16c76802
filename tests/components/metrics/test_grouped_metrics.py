"""Metrics without a group, against their definition on weighted rows and against the Evaluator."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from components.metrics import grouped_metrics
from components.metrics.grouped_metrics import (
    Array,
    Groups,
    compute_metric,
    measure_without_groups,
)
from components.metrics.metric_names import SCORE_METRICS, ScoreMetric
from components.metrics.score_histogram import (
    LOG_ODDS_STEP,
    PROBABILITY_MARGIN,
    compute_auc,
    compute_average_precision,
    summarise_rows,
)

GROUPED_METRICS = [metric for metric in SCORE_METRICS if metric != "expected_calibration_error"]
THRESHOLD = 0.4
_RANDOM = np.random.default_rng(3)
PROBABILITIES = np.round(_RANDOM.random(200), 2)
LABELS = (_RANDOM.random(200) < PROBABILITIES).astype(np.float64)


def measure_weighted(
    metric: ScoreMetric, labels: Array, probabilities: Array, weights: Array
) -> float:
    """Measure rows by the metric's definition, each row counting as much as it weighs."""
    inside = np.clip(probabilities, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
    if metric in ("auc", "auc_precision_recall"):
        scores = -np.round(np.log(inside / (1 - inside)) / LOG_ODDS_STEP)
        highest_first = np.unique(scores[weights > 0])
        same = scores == highest_first[:, np.newaxis]
        negatives, positives = same @ (weights * (1 - labels)), same @ (weights * labels)
        compute = compute_auc if metric == "auc" else compute_average_precision
        return float(compute(negatives, positives))
    predicted = (probabilities > THRESHOLD).astype(np.float64)
    losses = -np.log(np.where(labels == 1, inside, 1 - inside))
    means: dict[ScoreMetric, Callable[[], float]] = {
        "log_loss": lambda: weigh(losses, np.ones_like(labels), weights),
        "calibration": lambda: weigh(probabilities, labels, weights),
        "mean_label": lambda: weigh(labels, np.ones_like(labels), weights),
        "mean_prediction": lambda: weigh(probabilities, np.ones_like(labels), weights),
        "binary_accuracy": lambda: weigh(predicted == labels, np.ones_like(labels), weights),
        "precision": lambda: weigh(predicted * labels, predicted, weights),
        "recall": lambda: weigh(predicted * labels, labels, weights),
        "false_positive_rate": lambda: weigh(predicted * (1 - labels), 1 - labels, weights),
        "false_negative_rate": lambda: weigh((1 - predicted) * labels, labels, weights),
    }
    return means[metric]()


def weigh(numerators: Array, denominators: Array, weights: Array) -> float:
    """Divide weighted sums."""
    below = float(weights @ denominators)
    return float(weights @ numerators) / below if below else math.nan


@pytest.mark.parametrize("metric", SCORE_METRICS)
def test_all_rows_give_what_the_evaluator_gives(metric: ScoreMetric) -> None:
    """Every metric that is judged by groups has the Evaluator's value on all rows."""
    if metric == "expected_calibration_error":
        with pytest.raises(ValueError, match="biased where rows are few"):
            compute_metric(metric, LABELS, PROBABILITIES, THRESHOLD)
        return
    histogram = summarise_rows(LABELS, PROBABILITIES, THRESHOLD)

    value = compute_metric(metric, LABELS, PROBABILITIES, THRESHOLD)

    assert value == pytest.approx(float(histogram.compute_metrics()[metric]), abs=1e-12)


@pytest.mark.parametrize("metric", GROUPED_METRICS)
@pytest.mark.parametrize("rows", [7, 200, 5000])
def test_a_group_left_out_weighs_nothing(
    metric: ScoreMetric, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a group the value is the weighted definition's with that group's weights at zero."""
    monkeypatch.setattr(grouped_metrics, "_CHUNK_CELLS", 2000)
    random = np.random.default_rng(rows)
    # Rounded, so that many scores tie.
    probabilities = np.round(random.beta(0.5, 1.5, rows), 3)
    labels = (random.random(rows) < probabilities).astype(np.float64)
    labels[0] = 1
    groups = Groups(random.permutation(rows) % min(rows, 40), min(rows, 40))

    value, left_out = measure_without_groups(metric, labels, probabilities, THRESHOLD, groups)

    weighted = [
        measure_weighted(metric, labels, probabilities, (groups.of_row != group).astype(float))
        for group in range(groups.count)
    ]
    assert left_out.tolist() == pytest.approx(weighted, abs=1e-9, rel=1e-9, nan_ok=True)
    everything = measure_weighted(metric, labels, probabilities, np.ones(rows))
    assert value == pytest.approx(everything, abs=1e-9, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("metric", ["auc", "calibration", "recall", "false_negative_rate"])
def test_what_has_no_meaning_is_not_a_number(metric: ScoreMetric) -> None:
    """Without a row of label 1 such a metric is NaN, and no warning."""
    labels, probabilities = np.zeros(3), np.array([0.1, 0.2, 0.9])

    value, left_out = measure_without_groups(
        metric, labels, probabilities, 0.5, Groups(np.arange(3), 3)
    )

    assert math.isnan(value)
    assert np.isnan(left_out).all()


@pytest.mark.parametrize("metric", ["auc", "auc_precision_recall", "log_loss"])
def test_a_score_that_is_not_a_number_leaves_none(metric: ScoreMetric) -> None:
    """One NaN among the scores makes a metric of the scores NaN."""
    value = compute_metric(metric, np.array([0.0, 1.0, 1.0]), np.array([0.1, np.nan, 0.9]), 0.5)

    assert math.isnan(value)
