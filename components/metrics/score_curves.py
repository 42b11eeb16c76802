"""The curves of a binary classifier, out of the summary of its scores; plain Python and NumPy.

Confusion matrices by threshold give the ROC and the precision-recall curve; bins of the scores the
calibration plot. A row's score is known to a bucket of log-odds, 0.00025 of a probability at most,
which only moves rows between thresholds that close to each other.
"""

from __future__ import annotations

import bisect

import numpy as np

from components.metrics.binary_metrics import Array, ScoreHistogram
from components.metrics.evaluation import CalibrationBin, ThresholdCounts

CALIBRATION_BINS = 20
"""Bins of equal width in probability."""

_EVEN_THRESHOLDS = 101
_QUANTILE_THRESHOLDS = 100
_CLOSEST = 1e-3
_DECIMALS = 6


def count_by_threshold(histogram: ScoreHistogram) -> tuple[ThresholdCounts, ...]:
    """Count the confusion matrix at many thresholds, lowest first.

    They are every hundredth from 0 to 1, the chosen one, and quantiles of the scores, so that the
    curves have points where the rows are. There are none without rows, or where a score is not a
    probability.
    """
    negatives, positives = histogram.negatives, histogram.positives
    if not negatives.size or histogram.totals.broken:
        return ()
    probabilities = histogram.list_probabilities()
    thresholds = _choose_thresholds(histogram.threshold, probabilities, negatives + positives)
    # Buckets are in order, so those above a threshold are all from one place on.
    places = np.searchsorted(probabilities, thresholds, side="right")
    negatives_below = np.concatenate([[0.0], np.cumsum(negatives)])
    positives_below = np.concatenate([[0.0], np.cumsum(positives)])
    negatives_above = negatives_below[-1] - negatives_below[places]
    positives_above = positives_below[-1] - positives_below[places]
    chosen = thresholds == histogram.threshold
    # Of the chosen threshold the rows were counted themselves.
    negatives_above[chosen] = histogram.totals.predicted_negatives
    positives_above[chosen] = histogram.totals.predicted_positives
    counts = {
        "true_positives": positives_above,
        "false_positives": negatives_above,
        "true_negatives": negatives_below[-1] - negatives_above,
        "false_negatives": positives_below[-1] - positives_above,
    }
    return tuple(
        ThresholdCounts(
            threshold=threshold, **{name: round(count[i]) for name, count in counts.items()}
        )
        for i, threshold in enumerate(thresholds)
    )


def bin_by_score(
    histogram: ScoreHistogram, bins: int = CALIBRATION_BINS
) -> tuple[CalibrationBin, ...]:
    """Put rows in bins of equal width in probability; none where a score is not a probability."""
    negatives, positives = histogram.negatives, histogram.positives
    if histogram.totals.broken:
        return ()
    probabilities = histogram.list_probabilities()
    places = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    rows = np.bincount(places, negatives + positives, bins)
    labels = np.bincount(places, positives, bins)
    sums = np.bincount(places, (negatives + positives) * probabilities, bins)
    return tuple(
        CalibrationBin(
            low=place / bins,
            high=(place + 1) / bins,
            rows=round(rows[place]),
            mean_prediction=float(sums[place] / rows[place]),
            mean_label=float(labels[place] / rows[place]),
        )
        for place in np.flatnonzero(rows).tolist()
    )


def _choose_thresholds(chosen: float, probabilities: Array, rows: Array) -> Array:
    """Choose thresholds, none of them so close to another that buckets could not tell them apart.

    They are ascending, with 0, 1 and the chosen one among them.
    """
    wanted = [0.0, chosen, 1.0, *np.linspace(0, 1, _EVEN_THRESHOLDS).round(2).tolist()]
    shares = np.cumsum(rows) / rows.sum()
    at = np.searchsorted(shares, np.linspace(0, 1, _QUANTILE_THRESHOLDS, endpoint=False))
    wanted += probabilities[at].round(_DECIMALS).tolist()
    kept: list[float] = []
    for threshold in wanted:
        place = bisect.bisect(kept, threshold)
        if all(abs(threshold - other) >= _CLOSEST for other in kept[max(place - 1, 0) : place + 1]):
            kept.insert(place, threshold)
    return np.array(kept, dtype=np.float64)
