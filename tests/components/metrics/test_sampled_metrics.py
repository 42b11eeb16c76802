"""Metrics without a group, against their definition on weighted rows."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from components.metrics import jackknife
from components.metrics.binary_metrics import (
    LOG_ODDS_STEP,
    PROBABILITY_MARGIN,
    Array,
    Integers,
    compute_auc,
    compute_average_precision,
    summarize_rows,
)
from components.metrics.jackknife import sample_metrics
from components.metrics.metric_names import SCORE_METRICS, ScoreMetric

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


def measure_without_groups(
    metric: ScoreMetric, labels: Array, probabilities: Array, threshold: float, groups: Integers
) -> tuple[float, Array]:
    """Measure all rows, and all but each group of them."""
    histogram = summarize_rows(labels, probabilities, threshold, groups)
    value = histogram.merge_groups().compute_metrics([metric])[metric]
    return float(value), sample_metrics(histogram, [metric])[0]


def weigh(numerators: Array, denominators: Array, weights: Array) -> float:
    """Divide weighted sums."""
    below = float(weights @ denominators)
    return float(weights @ numerators) / below if below else math.nan


@pytest.mark.parametrize("metric", GROUPED_METRICS)
def test_all_rows_give_what_the_definition_gives(metric: ScoreMetric) -> None:
    """Every metric that is judged by groups has its definition's value on all rows."""
    histogram = summarize_rows(LABELS, PROBABILITIES, THRESHOLD)

    value = float(histogram.compute_metrics()[metric])

    expected = measure_weighted(metric, LABELS, PROBABILITIES, np.ones(LABELS.size))
    assert value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", GROUPED_METRICS)
@pytest.mark.parametrize("rows", [7, 200, 5000])
def test_a_group_left_out_weighs_nothing(
    metric: ScoreMetric, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a group the value is the weighted definition's with that group's weights at zero."""
    monkeypatch.setattr(jackknife, "_CHUNK_CELLS", 2000)
    random = np.random.default_rng(rows)
    # Rounded, so that many scores tie.
    probabilities = np.round(random.beta(0.5, 1.5, rows), 3)
    labels = (random.random(rows) < probabilities).astype(np.float64)
    labels[0] = 1
    groups = random.permutation(rows) % min(rows, 40)

    value, left_out = measure_without_groups(metric, labels, probabilities, THRESHOLD, groups)

    weighted = [
        measure_weighted(metric, labels, probabilities, (groups != group).astype(float))
        for group in range(min(rows, 40))
    ]
    assert left_out.tolist() == pytest.approx(weighted, abs=1e-9, rel=1e-9, nan_ok=True)
    everything = measure_weighted(metric, labels, probabilities, np.ones(rows))
    assert value == pytest.approx(everything, abs=1e-9, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("metric", ["auc", "calibration", "recall", "false_negative_rate"])
def test_what_has_no_meaning_is_not_a_number(metric: ScoreMetric) -> None:
    """Without a row of label 1 such a metric is NaN, and no warning."""
    labels, probabilities = np.zeros(3), np.array([0.1, 0.2, 0.9])

    value, left_out = measure_without_groups(metric, labels, probabilities, 0.5, np.arange(3))

    assert math.isnan(value)
    assert np.isnan(left_out).all()


@pytest.mark.parametrize("metric", ["auc", "auc_precision_recall", "log_loss"])
def test_a_score_that_is_not_a_number_leaves_none(metric: ScoreMetric) -> None:
    """One NaN among the scores makes a metric of the scores NaN."""
    histogram = summarize_rows(np.array([0.0, 1.0, 1.0]), np.array([0.1, np.nan, 0.9]))

    assert math.isnan(histogram.compute_metrics([metric])[metric])
