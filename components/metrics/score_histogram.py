"""Every metric of a binary classifier from one bounded summary of its scores.

Why not TFMA's own metrics (0.47.1)? Its ``BinaryCrossEntropy`` counts the first accumulator twice
at each merge and gives NaN where a probability reaches 0 or 1; its ``AUC`` says 0.0, not NaN, for
a slice with one label only; and each metric walks over the rows by itself.

This module is plain Python and NumPy.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt

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


@dataclasses.dataclass(frozen=True)
class RowScores:
    """What a histogram takes of each row.

    Attributes:
        buckets: Its bucket of log-odds, int64 [rows].
        sums: What is summed up, float64 [terms, rows], the terms as in ``ScoreTotals``.
    """

    buckets: npt.NDArray[np.int64]
    sums: Array


@dataclasses.dataclass(frozen=True)
class ScoreTotals:
    """Sums over rows, exact where a bucket would round; shape [...] each, as of the histogram.

    Attributes:
        predicted_negatives: Rows with label 0 whose probability is above the threshold.
        predicted_positives: Rows with label 1 whose probability is above the threshold.
        broken: Rows whose probability is none: NaN or outside 0 to 1.
        probability_sum: Sum of the probabilities, those of broken rows taken as 0.5.
        log_loss_sum: Sum of the rows' log losses, in nats.
    """

    predicted_negatives: Array
    predicted_positives: Array
    broken: Array
    probability_sum: Array
    log_loss_sum: Array


SUMMED_TERMS = len(dataclasses.fields(ScoreTotals))


def check_labels(labels: Array) -> None:
    """Check that labels are those of a binary classifier.

    Args:
        labels: Labels, [rows].

    Raises:
        ValueError: If one is neither 0 nor 1.
    """
    wrong = labels[(labels != 0) & (labels != 1)]
    if wrong.size:
        raise ValueError(f"a label of a binary classifier must be 0 or 1, not {wrong[0]:g}")


def prepare_rows(labels: Array, probabilities: Array, threshold: float) -> RowScores:
    """Prepare rows for histograms; done once, for any number of slices that they are in.

    Args:
        labels: 0 or 1, [rows].
        probabilities: Predicted probability of label 1, [rows]. One outside 0 to 1, or NaN, makes
            every metric of the prediction NaN: a broken model must not look like a fair one.
        threshold: A row counts as positive where its probability is above it.
    """
    is_broken = ~((probabilities >= 0) & (probabilities <= 1))
    whole = np.where(is_broken, 0.5, probabilities)
    inside = np.clip(whole, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
    buckets = np.rint(np.log(inside / (1 - inside)) / LOG_ODDS_STEP).astype(np.int64)
    is_predicted = whole > threshold
    is_positive = labels == 1
    return RowScores(
        buckets,
        np.stack(
            [
                is_predicted & ~is_positive,
                is_predicted & is_positive,
                is_broken,
                whole,
                -np.log(np.where(is_positive, inside, 1 - inside)),
            ]
        ).astype(np.float64),
    )


@dataclasses.dataclass(frozen=True)
class ScoreHistogram:
    """Rows by label and score; or several such summaries of the same buckets, side by side.

    Shapes are [..., buckets] and [...]; without a leading dimension it is one summary.

    Attributes:
        threshold: A row counts as positive where its probability is above it.
        buckets: Numbers of the buckets, strictly ascending, int64 [buckets].
        negatives: Rows with label 0 by bucket, [..., buckets].
        positives: Rows with label 1 by bucket, [..., buckets].
        totals: Sums over the rows, [...].
    """

    threshold: float
    buckets: npt.NDArray[np.int64]
    negatives: Array
    positives: Array
    totals: ScoreTotals

    def list_probabilities(self) -> Array:
        """List the buckets' middles as probabilities, lowest first, [buckets].

        They stand for the rows' scores and are off by 0.000125 at most.
        """
        return 1 / (1 + np.exp(-self.buckets * LOG_ODDS_STEP))

    def compute_metrics(self) -> dict[str, Array]:
        """Compute the metrics of ``metric_names``, all but the row count.

        Returns:
            Values by name, [...]; NaN where a metric is not defined for these rows.
        """
        totals = self.totals
        probabilities = self.list_probabilities()[::-1]
        negatives, positives = self.negatives[..., ::-1], self.positives[..., ::-1]
        positive_count, negative_count = positives.sum(axis=-1), negatives.sum(axis=-1)
        count = positive_count + negative_count
        predicted_count = totals.predicted_positives + totals.predicted_negatives
        missed_count = positive_count - totals.predicted_positives
        right_count = totals.predicted_positives + negative_count - totals.predicted_negatives
        metrics = {
            "auc": compute_auc(negatives, positives),
            "auc_precision_recall": compute_average_precision(negatives, positives),
            "log_loss": _divide(totals.log_loss_sum, count),
            "calibration": _divide(totals.probability_sum, positive_count),
            "mean_prediction": _divide(totals.probability_sum, count),
            "binary_accuracy": _divide(right_count, count),
            "precision": _divide(totals.predicted_positives, predicted_count),
            "recall": _divide(totals.predicted_positives, positive_count),
            "false_positive_rate": _divide(totals.predicted_negatives, negative_count),
            "false_negative_rate": _divide(missed_count, positive_count),
            "expected_calibration_error": compute_calibration_error(
                negatives, positives, probabilities
            ),
        }
        is_broken = totals.broken > 0
        metrics = {
            name: np.where(is_broken, math.nan, value)[()] for name, value in metrics.items()
        }
        return {**metrics, "mean_label": _divide(positive_count, count)}


def summarise_rows(labels: Array, probabilities: Array, threshold: float = 0.5) -> ScoreHistogram:
    """Summarise rows of one slice.

    Args:
        labels: 0 or 1, [rows].
        probabilities: As ``prepare_rows`` takes them, [rows].
        threshold: A row counts as positive where its probability is above it.

    Returns:
        One summary, without a leading dimension.

    Raises:
        ValueError: If a label is neither 0 nor 1.
    """
    check_labels(labels)
    rows = prepare_rows(labels, probabilities, threshold)
    buckets, places = np.unique(rows.buckets, return_inverse=True)
    return ScoreHistogram(
        threshold,
        buckets,
        np.bincount(places, labels == 0, buckets.size).astype(np.float64),
        np.bincount(places, labels == 1, buckets.size).astype(np.float64),
        ScoreTotals(*rows.sums.sum(axis=1)),
    )


def compute_auc(negatives: Array, positives: Array) -> Array:
    """Compute the area under the ROC curve.

    It is the chance that a row of label 1 scores above a row of label 0, ties counting half
    (Hanley and McNeil, Radiology 143, 1982).

    Args:
        negatives: Rows of label 0 by score, highest first, [..., buckets].
        positives: Rows of label 1 by the same scores, [..., buckets].

    Returns:
        0 to 1, [...]; NaN without a row of each label.
    """
    positives_above = np.cumsum(positives, axis=-1) - positives
    wins = np.sum(negatives * (positives_above + positives / 2), axis=-1)
    return _divide(wins, negatives.sum(axis=-1) * positives.sum(axis=-1))


def compute_average_precision(negatives: Array, positives: Array) -> Array:
    """Compute the area under the precision-recall curve, as a sum of steps.

    It is the mean over the rows of label 1 of the precision at their score, without
    interpolation, which would be too rosy (Davis and Goadrich, ICML 2006).

    Args:
        negatives: Rows of label 0 by score, highest first, [..., buckets].
        positives: Rows of label 1 by the same scores, [..., buckets].

    Returns:
        0 to 1, [...]; NaN without a row of label 1.
    """
    positives_from = np.cumsum(positives, axis=-1)
    # Before the first row both are zero, and its label 1 weighs nothing.
    rows_from = np.maximum(positives_from + np.cumsum(negatives, axis=-1), 1)
    precisions = positives_from / rows_from
    return _divide(np.sum(positives * precisions, axis=-1), positives.sum(axis=-1))


def compute_calibration_error(
    negatives: Array, positives: Array, probabilities: Array, bins: int = CALIBRATION_BINS
) -> Array:
    """Compute the expected calibration error in bins of equally many rows.

    It is ``sum over bins of (rows in the bin / rows) * abs(mean label - mean probability)``
    (Naeini, Cooper and Hauskrecht, AAAI 2015). Bins hold equally many rows, not equal ranges of
    probability, for the estimate is less biased then (Roelofs et al., AISTATS 2022). Rows of one
    score share a bin, that of their middle row, so bins are only about equal where scores tie.

    Args:
        negatives: Rows of label 0 by score, in order of the score, [..., buckets].
        positives: Rows of label 1 by the same scores, [..., buckets].
        probabilities: The scores as probabilities, [buckets].
        bins: Number of bins, at most.

    Returns:
        0 to 1, [...], 0 is calibrated; NaN without rows.
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


def _divide(numerator: Array, denominator: Array) -> Array:
    """Divide; NaN where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, math.nan)[()]
