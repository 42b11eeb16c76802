"""The metrics of ``metric_names`` on all rows, and on all but each group of them.

What a group adds to a metric is summed once, so leaving out each of two hundred groups costs about
as much as measuring all rows once. The values on all rows are those that ``ScoreHistogram`` gives.

This module is plain Python and NumPy.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from components.metrics.metric_names import ScoreMetric
from components.metrics.score_histogram import (
    LOG_ODDS_STEP,
    PROBABILITY_MARGIN,
    compute_average_precision,
)

Array = npt.NDArray[np.float64]
_Integers = npt.NDArray[np.int64]

_CHUNK_CELLS = 2_000_000


def sum_by_index(indices: _Integers, values: Array, count: int) -> Array:
    """Sum values by index.

    Args:
        indices: 0 to ``count - 1``, shape [values].
        values: Shape [values].
        count: Number of sums.

    Returns:
        Shape [count].
    """
    return np.asarray(np.bincount(indices, values, count), np.float64)


@dataclasses.dataclass(frozen=True)
class Groups:
    """Rows dealt into groups.

    Attributes:
        of_row: The group of each row, from 0, shape [rows].
    """

    of_row: _Integers
    count: int

    def sum(self, values: Array) -> Array:
        """Sum values, shape [rows], by group; shape [groups]."""
        return sum_by_index(self.of_row, values, self.count)


def measure_without_groups(
    metric: ScoreMetric, labels: Array, probabilities: Array, threshold: float, groups: Groups
) -> tuple[float, Array]:
    """Measure one model's scores on all rows, and with one group of rows left out at a time.

    Args:
        metric: The metric; all but the calibration error, which few rows bias upwards, so that
            leaving some out tells nothing.
        labels: 0 or 1, shape [rows].
        probabilities: 0 to 1, shape [rows].
        threshold: A row counts as positive where its probability is above it.

    Returns:
        The value on all rows, and the values without each group, shape [groups]; NaN where it has
        no meaning.

    Raises:
        ValueError: If the metric is the calibration error.
    """
    if metric == "expected_calibration_error":
        raise ValueError(f"{metric} is biased where rows are few, so it is not judged by groups")
    if metric == "auc":
        return _measure_auc(labels, probabilities, groups)
    if metric == "auc_precision_recall":
        return _measure_average_precision(labels, probabilities, groups)
    numerators, denominators = _list_ratio_terms(metric, labels, probabilities, threshold)
    above, below = groups.sum(numerators), groups.sum(denominators)
    totals = _divide(above.sum(keepdims=True), below.sum(keepdims=True))
    return float(totals[0]), _divide(above.sum() - above, below.sum() - below)


def compute_metric(
    metric: ScoreMetric, labels: Array, probabilities: Array, threshold: float
) -> float:
    """Compute a metric of all rows; arguments as of ``measure_without_groups``."""
    one_group = Groups(np.zeros(labels.size, np.int64), 1)
    return measure_without_groups(metric, labels, probabilities, threshold, one_group)[0]


def compute_row_losses(labels: Array, probabilities: Array) -> Array:
    """Compute each row's log loss, in nats, as ``ScoreHistogram`` does; shape [rows]."""
    inside = np.clip(probabilities, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
    return -np.log(np.where(labels == 1, inside, 1 - inside))


def _list_ratio_terms(
    metric: ScoreMetric, labels: Array, probabilities: Array, threshold: float
) -> tuple[Array, Array]:
    """Give the row terms whose sums a metric is the ratio of."""
    ones = np.ones_like(labels)
    if metric == "log_loss":
        return compute_row_losses(labels, probabilities), ones
    negatives = 1 - labels
    predicted = (probabilities > threshold).astype(np.float64)
    terms: dict[ScoreMetric, tuple[Array, Array]] = {
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


def _measure_auc(labels: Array, probabilities: Array, groups: Groups) -> tuple[float, Array]:
    """Take from the pairs that all rows win those that a group takes part in.

    A group's rows are in the pairs that they win against all rows; those within the group are
    counted twice there, and so are taken back once. Counts of wins and their halves are exact.
    """
    if not np.isfinite(probabilities).all():
        return float("nan"), np.full(groups.count, np.nan)
    ranks = _rank_scores(probabilities)
    scores = int(ranks.max()) + 1
    positives = sum_by_index(ranks, labels, scores)
    negatives = sum_by_index(ranks, 1 - labels, scores)
    winners = np.cumsum(positives) - positives / 2
    losers = negatives.sum() - np.cumsum(negatives) + negatives / 2
    wins = negatives @ winners
    involved = groups.sum(np.where(labels == 1, losers[ranks], winners[ranks]))
    left_wins = wins - (involved - _count_wins_within(labels, ranks, groups))
    positive_count, group_positives = labels.sum(), groups.sum(labels)
    negative_count, group_negatives = labels.size - positive_count, groups.sum(1 - labels)
    pairs = np.array([positive_count * negative_count])
    left_pairs = (positive_count - group_positives) * (negative_count - group_negatives)
    return float(_divide(np.array([wins]), pairs)[0]), _divide(left_wins, left_pairs)


def _count_wins_within(labels: Array, ranks: _Integers, groups: Groups) -> Array:
    """Count the pairs of each group's own rows that the one of label 1 wins; shape [groups]."""
    keys = groups.of_row * (ranks.max() + 1) + ranks
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    positives = np.add.reduceat(labels[order], starts)
    rows = np.diff(starts, append=labels.size)
    group_of_run = groups.of_row[order][starts]
    in_group = sum_by_index(group_of_run, positives, groups.count)
    in_groups_before = np.cumsum(in_group) - in_group
    winners = np.cumsum(positives) - positives / 2 - in_groups_before[group_of_run]
    return sum_by_index(group_of_run, (rows - positives) * winners, groups.count)


def _measure_average_precision(
    labels: Array, probabilities: Array, groups: Groups
) -> tuple[float, Array]:
    """Take each group's rows from the counts by score, in chunks of bounded memory."""
    if not np.isfinite(probabilities).all():
        return float("nan"), np.full(groups.count, np.nan)
    ranks = _rank_scores(probabilities)
    scores = int(ranks.max()) + 1
    totals = [sum_by_index(ranks, values, scores) for values in (1 - labels, labels)]
    size = max(1, _CHUNK_CELLS // scores)
    parts = []
    for first in range(0, groups.count, size):
        count = min(size, groups.count - first)
        inside = (groups.of_row >= first) & (groups.of_row < first + count)
        cells = (groups.of_row[inside] - first) * scores + ranks[inside]
        negatives, positives = (
            total - sum_by_index(cells, values[inside], count * scores).reshape(count, scores)
            for total, values in zip(totals, (1 - labels, labels), strict=True)
        )
        parts.append(compute_average_precision(negatives, positives))
    return float(compute_average_precision(*totals)), np.concatenate(parts)


def _rank_scores(probabilities: Array) -> _Integers:
    """Rank rows by score, 0 the highest; rows of one bucket of log-odds tie, as in the Evaluator.

    Args:
        probabilities: Finite, shape [rows], at least one.

    Returns:
        Ranks without gaps, shape [rows].
    """
    inside = np.clip(probabilities, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
    buckets = np.round(np.log(inside / (1 - inside)) / LOG_ODDS_STEP).astype(np.int64)
    places = buckets.max() - buckets
    return (np.cumsum(np.bincount(places) > 0) - 1)[places]


def _divide(numerators: Array, denominators: Array) -> Array:
    """Divide, giving NaN for a denominator of zero."""
    undefined = np.full_like(numerators, np.nan)
    return np.divide(numerators, denominators, out=undefined, where=denominators != 0)
