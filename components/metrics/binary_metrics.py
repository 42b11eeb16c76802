"""Every metric of a binary classifier from one bounded summary of its scores.

Why not TFMA's own metrics (0.47.1)? Its ``BinaryCrossEntropy`` counts the first accumulator twice
at each merge and gives NaN where a probability reaches 0 or 1; its ``AUC`` says 0.0, not NaN, for
a slice with one label only; and each metric walks over the rows by itself.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from components.metrics.metric_names import EXAMPLE_COUNT, SCORE_METRICS

PROBABILITY_MARGIN = 1e-7
"""Probabilities are kept this far from 0 and 1, as Keras does, so that log loss stays finite."""
LOG_ODDS_STEP = 0.001
"""Width of a bucket in log-odds; scores in one bucket count as tied.

Even steps in log-odds tell rare events apart (0.0001 from 0.0002), where even steps in
probability would not; the margin bounds the number of buckets to about 32,000.
"""
MAX_BUCKET = math.ceil(math.log(1 / PROBABILITY_MARGIN) / LOG_ODDS_STEP)
"""Buckets are numbered from ``-MAX_BUCKET`` to ``MAX_BUCKET``, 0 is a probability of one half."""

CALIBRATION_BINS = 15
"""Bins of the expected calibration error."""

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class ScoreTotals(NamedTuple):
    """Sums over rows, exact where a bucket would round; shape [...] each, as of the histogram.

    Attributes:
        predicted_negatives: Rows with label 0 whose probability is above the threshold.
        predicted_positives: Likewise with label 1.
        broken: Rows whose probability is none: NaN or outside 0 to 1.
        probability_sum: Sum of the probabilities, those of broken rows taken as 0.5.
        log_loss_sum: Sum of the rows' log losses, in nats.
    """

    predicted_negatives: Array
    predicted_positives: Array
    broken: Array
    probability_sum: Array
    log_loss_sum: Array


def check_labels(labels: Array) -> None:
    """Check that labels, [rows], are those of a binary classifier.

    Raises:
        ValueError: If one is neither 0 nor 1.
    """
    wrong = labels[(labels != 0) & (labels != 1)]
    if wrong.size:
        raise ValueError(f"a label of a binary classifier must be 0 or 1, not {wrong[0]:g}")


def compute_row_losses(labels: Array, probabilities: Array) -> Array:
    """Compute each row's log loss, in nats; labels are 0 or 1, all shapes are [rows]."""
    inside = np.clip(probabilities, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
    return -np.log(np.where(labels == 1, inside, 1 - inside))


def prepare_rows(
    labels: Array, probabilities: Array, threshold: float
) -> tuple[Integers, ScoreTotals]:
    """Prepare rows for histograms; done once, for any number of slices that they are in.

    Args:
        labels: 0 or 1, [rows].
        probabilities: Predicted probability of label 1, [rows]. One outside 0 to 1, or NaN, makes
            every metric of the prediction NaN: a broken model must not look like a fair one.
        threshold: A row counts as positive where its probability is above it.

    Returns:
        Each row's bucket of log-odds, [rows]; and what it adds to the sums, [rows] each.
    """
    is_broken = ~((probabilities >= 0) & (probabilities <= 1))
    whole = np.where(is_broken, 0.5, probabilities)
    inside = np.clip(whole, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
    buckets = np.rint(np.log(inside / (1 - inside)) / LOG_ODDS_STEP).astype(np.int64)
    is_predicted, is_positive = whole > threshold, labels == 1
    terms = ScoreTotals(
        predicted_negatives=(is_predicted & ~is_positive).astype(np.float64),
        predicted_positives=(is_predicted & is_positive).astype(np.float64),
        broken=is_broken.astype(np.float64),
        probability_sum=whole,
        log_loss_sum=compute_row_losses(labels, whole),
    )
    return buckets, terms


@dataclasses.dataclass(frozen=True)
class ScoreHistogram:
    """Rows by label and score; or several such summaries of the same buckets, side by side.

    Counts are [..., buckets], totals [...]; without a leading dimension it is one summary, with one
    it is a summary per group of rows.

    Attributes:
        threshold: A row counts as positive where its probability is above it.
        buckets: Numbers of the buckets, strictly ascending, [buckets].
    """

    threshold: float
    buckets: Integers
    negatives: Array
    positives: Array
    totals: ScoreTotals

    def merge_groups(self) -> ScoreHistogram:
        """Sum up the groups: one summary, of all rows."""
        return self._change(lambda counts: counts.sum(axis=0))

    def leave_out(self, groups: slice = slice(None)) -> ScoreHistogram:
        """Summarize all rows but those of one group, for each of some groups; [some groups]."""
        return self._change(lambda counts: counts.sum(axis=0) - counts[groups])

    def _change(self, change: Callable[[Array], Array]) -> ScoreHistogram:
        totals = ScoreTotals(*map(change, self.totals))
        return ScoreHistogram(
            self.threshold, self.buckets, change(self.negatives), change(self.positives), totals
        )

    def list_probabilities(self) -> Array:
        """List the buckets' middles as probabilities, lowest first, [buckets].

        They stand for the rows' scores and are off by 0.000125 at most.
        """
        return 1 / (1 + np.exp(-self.buckets * LOG_ODDS_STEP))

    def compute_metrics(self, names: Sequence[str] = SCORE_METRICS) -> dict[str, Array]:
        """Compute metrics by name, [...]; NaN where one is not defined for these rows."""
        totals = self.totals
        negatives, positives = self.negatives.sum(axis=-1), self.positives.sum(axis=-1)
        rows = negatives + positives
        false_alarms, hits = totals.predicted_negatives, totals.predicted_positives
        ratios = {
            "log_loss": (totals.log_loss_sum, rows),
            "calibration": (totals.probability_sum, positives),
            "mean_label": (positives, rows),
            "mean_prediction": (totals.probability_sum, rows),
            "binary_accuracy": (hits + negatives - false_alarms, rows),
            "precision": (hits, hits + false_alarms),
            "recall": (hits, positives),
            "false_positive_rate": (false_alarms, negatives),
            "false_negative_rate": (positives - hits, positives),
        }
        highest_first = self.negatives[..., ::-1], self.positives[..., ::-1]
        metrics: dict[str, Array] = {}
        for name in names:
            if name == EXAMPLE_COUNT:
                metrics[name] = rows
                continue
            if name == "auc":
                value = compute_auc(*highest_first)
            elif name == "auc_precision_recall":
                value = compute_average_precision(*highest_first)
            elif name == "expected_calibration_error":
                value = compute_calibration_error(*highest_first, self.list_probabilities()[::-1])
            else:
                value = _divide(*ratios[name])
            is_broken = (totals.broken > 0) & (name != "mean_label")
            metrics[name] = np.where(is_broken, math.nan, value)[()]
        return metrics

    def stack_metrics(self, names: Sequence[str]) -> Array:
        """Compute metrics as one array, in the order of their names, [metrics, ...]."""
        return np.stack(list(self.compute_metrics(names).values()))


def summarize_rows(
    labels: Array, probabilities: Array, threshold: float = 0.5, groups: Integers | None = None
) -> ScoreHistogram:
    """Summarize rows of one slice: one summary, or one per group by the rows' group numbers.

    Labels and probabilities are as ``prepare_rows`` takes them, [rows].

    Raises:
        ValueError: If a label is neither 0 nor 1.
    """
    check_labels(labels)
    row_buckets, terms = prepare_rows(labels, probabilities, threshold)
    of_row = np.zeros(labels.size, np.int64) if groups is None else groups
    count = int(of_row.max(initial=0)) + 1
    buckets, places = np.unique(row_buckets, return_inverse=True)
    cells = of_row * buckets.size + places
    negatives, positives = (
        _sum(cells, labels == label, count * buckets.size).reshape(count, buckets.size)
        for label in (0, 1)
    )
    totals = ScoreTotals(*(_sum(of_row, term, count) for term in terms))
    histogram = ScoreHistogram(threshold, buckets, negatives, positives, totals)
    return histogram.merge_groups() if groups is None else histogram


def compute_auc(negatives: Array, positives: Array) -> Array:
    """Compute the area under the ROC curve, 0 to 1, [...]; NaN without a row of each label.

    It is the chance that a row of label 1 scores above a row of label 0, ties counting half
    (Hanley and McNeil, Radiology 143, 1982). Both arguments are rows by score, highest first,
    [..., buckets].
    """
    positives_above = np.cumsum(positives, axis=-1) - positives
    wins = np.sum(negatives * (positives_above + positives / 2), axis=-1)
    return _divide(wins, negatives.sum(axis=-1) * positives.sum(axis=-1))


def compute_average_precision(negatives: Array, positives: Array) -> Array:
    """Compute the area under the precision-recall curve, as a sum of steps.

    It is the mean over the rows of label 1 of the precision at their score, without
    interpolation, which would be too rosy (Davis and Goadrich, ICML 2006).

    Both arguments are those of ``compute_auc``; gives 0 to 1, [...], NaN without a row of label 1.
    """
    positives_from = np.cumsum(positives, axis=-1)
    # Before the first row both are zero, and its label 1 weighs nothing.
    rows_from = np.maximum(positives_from + np.cumsum(negatives, axis=-1), 1)
    precisions = positives_from / rows_from
    return _divide(np.sum(positives * precisions, axis=-1), positives.sum(axis=-1))


def compute_calibration_error(
    negatives: Array, positives: Array, probabilities: Array, bins: int = CALIBRATION_BINS
) -> Array:
    """Compute the expected calibration error, [...], in bins of equally many rows.

    It is ``sum over bins of (rows in the bin / rows) * abs(mean label - mean probability)``
    (Naeini, Cooper and Hauskrecht, AAAI 2015). Bins hold equally many rows, not equal ranges of
    probability, for the estimate is less biased then (Roelofs et al., AISTATS 2022). Rows of one
    score share a bin, that of their middle row, so bins are only about equal where scores tie.

    Args:
        negatives: Rows of label 0 by score, in order of the score, [..., buckets].
        positives: Rows of label 1 by the same scores, [..., buckets].
        probabilities: The scores as probabilities, [buckets].

    Returns:
        0 to 1, 0 is calibrated; NaN without rows.
    """
    rows = negatives + positives
    totals = rows.sum(axis=-1)
    middles = (np.cumsum(rows, axis=-1) - rows / 2) / np.maximum(totals, 1)[..., np.newaxis]
    # A bucket without rows behind all rows has its middle at 1.
    places = np.minimum((middles * bins).astype(np.int64), bins - 1)
    samples = np.arange(totals.size).reshape(*totals.shape, 1)
    excesses = np.bincount(
        (places + samples * bins).ravel(),
        (positives - rows * probabilities).ravel(),
        totals.size * bins,
    )
    return _divide(np.abs(excesses).reshape(*totals.shape, bins).sum(axis=-1), totals)


def _sum(indices: Integers, values: npt.NDArray[Any], count: int) -> Array:
    return np.asarray(np.bincount(indices, values, count), np.float64)


def _divide(numerator: Array, denominator: Array) -> Array:
    """Divide; NaN where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, math.nan)[()]
