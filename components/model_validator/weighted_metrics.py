"""The metrics of ``metric_names`` on weighted rows, for many sets of weights at once.

A resample of a bootstrap is a count by row, and leaving rows out is a weight of zero, so one
function serves both. Unit weights give the values that ``ScoreHistogram`` gives.

This module is plain Python and NumPy.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from components.evaluator.metric_names import ScoreMetric
from components.evaluator.score_histogram import (
    CALIBRATION_BINS,
    LOG_ODDS_STEP,
    PROBABILITY_MARGIN,
)

Array = npt.NDArray[np.float64]
WeightedMetric = Callable[[Array], Array]
"""From weights, shape [sets, rows], to values, shape [sets]; NaN where a metric has no meaning."""


def prepare_metric(
    metric: ScoreMetric, labels: Array, probabilities: Array, threshold: float
) -> WeightedMetric:
    """Prepare a metric of one model's scores.

    Args:
        metric: Its name.
        labels: 0 or 1, shape [rows].
        probabilities: 0 to 1, shape [rows].
        threshold: A row counts as positive where its probability is above it.

    Returns:
        A function of weights. The bins of the calibration error are those of the unweighted rows.
    """
    if metric == "auc":
        return _prepare_ranking(labels, probabilities, _compute_aucs)
    if metric == "auc_precision_recall":
        return _prepare_ranking(labels, probabilities, _compute_average_precisions)
    if metric == "expected_calibration_error":
        return _prepare_calibration_error(labels, probabilities)
    numerator, denominator = _list_ratio_terms(metric, labels, probabilities, threshold)

    def compute_ratios(weights: Array) -> Array:
        return _divide(weights @ numerator, weights @ denominator)

    return compute_ratios


def compute_metric(
    metric: ScoreMetric, labels: Array, probabilities: Array, threshold: float
) -> float:
    """Compute a metric of rows that all weigh the same; arguments as of ``prepare_metric``."""
    measure = prepare_metric(metric, labels, probabilities, threshold)
    return float(measure(np.ones((1, labels.size)))[0])


def compute_row_losses(labels: Array, probabilities: Array) -> Array:
    """Compute each row's log loss, in nats, as ``ScoreHistogram`` does; shape [rows]."""
    inside = np.clip(probabilities, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
    return -np.log(np.where(labels == 1, inside, 1 - inside))


def _list_ratio_terms(
    metric: ScoreMetric, labels: Array, probabilities: Array, threshold: float
) -> tuple[Array, Array]:
    """Give the row terms whose weighted sums a metric is the ratio of."""
    ones, negatives = np.ones_like(labels), 1 - labels
    predicted = (probabilities > threshold).astype(np.float64)
    terms: dict[ScoreMetric, tuple[Array, Array]] = {
        "log_loss": (compute_row_losses(labels, probabilities), ones),
        "calibration": (probabilities, labels),
        "mean_label": (labels, ones),
        "mean_prediction": (probabilities, ones),
        "binary_accuracy": ((predicted == labels).astype(np.float64), ones),
        "precision": (predicted * labels, predicted),
        "recall": (predicted * labels, labels),
        "false_positive_rate": (predicted * negatives, negatives),
        "false_negative_rate": ((1 - predicted) * labels, labels),
    }
    return terms[metric]


def _prepare_ranking(
    labels: Array, probabilities: Array, compute: Callable[[Array, Array], Array]
) -> WeightedMetric:
    """Sort the rows by score once; rows of one bucket of log-odds tie, as in the Evaluator."""
    buckets = _find_buckets(probabilities)
    order = np.argsort(-buckets, kind="stable")
    starts = np.flatnonzero(np.diff(buckets[order], prepend=np.inf))
    is_positive = labels[order]

    def compute_values(weights: Array) -> Array:
        ordered = weights[:, order]
        positives = np.add.reduceat(ordered * is_positive, starts, axis=1)
        return compute(np.add.reduceat(ordered, starts, axis=1) - positives, positives)

    return compute_values


def _compute_aucs(negatives: Array, positives: Array) -> Array:
    """Do as ``compute_auc`` for each row of [sets, scores], highest score first."""
    positives_above = np.cumsum(positives, axis=1) - positives
    wins = np.sum(negatives * (positives_above + positives / 2), axis=1)
    return _divide(wins, negatives.sum(axis=1) * positives.sum(axis=1))


def _compute_average_precisions(negatives: Array, positives: Array) -> Array:
    """Do as ``compute_average_precision`` for each row of [sets, scores], highest score first."""
    positives_from = np.cumsum(positives, axis=1)
    rows_from = positives_from + np.cumsum(negatives, axis=1)
    precisions = positives_from / np.maximum(rows_from, 1e-12)
    return _divide(np.sum(positives * precisions, axis=1), positives.sum(axis=1))


def _prepare_calibration_error(labels: Array, probabilities: Array) -> WeightedMetric:
    """Cut the rows into the bins of ``compute_calibration_error``."""
    highest_first = -_find_buckets(probabilities)
    _, inverse, counts = np.unique(highest_first, return_inverse=True, return_counts=True)
    middles = (np.cumsum(counts) - counts / 2) / len(labels)
    bins = (middles * CALIBRATION_BINS).astype(np.int64)[inverse]
    excesses = np.zeros((len(labels), CALIBRATION_BINS))
    excesses[np.arange(len(labels)), bins] = labels - probabilities

    def compute_values(weights: Array) -> Array:
        return _divide(np.abs(weights @ excesses).sum(axis=1), weights.sum(axis=1))

    return compute_values


def _find_buckets(probabilities: Array) -> Array:
    inside = np.clip(probabilities, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
    return np.round(np.log(inside / (1 - inside)) / LOG_ODDS_STEP)


def _divide(numerators: Array, denominators: Array) -> Array:
    """Divide, giving NaN for a denominator of zero."""
    undefined = np.full_like(numerators, np.nan)
    return np.divide(numerators, denominators, out=undefined, where=denominators != 0)
