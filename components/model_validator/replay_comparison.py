"""Compare a serving replay with what the Evaluator measured.

The Evaluator keeps metrics, not each row's prediction: a million of those a run, in every slice,
would be no metrics file any more. So the replay's mean prediction and log loss are compared with
the Evaluator's, on all rows and on every slice that it cut, and the largest difference counts.
Both are smooth in the predictions, unlike the AUC or the accuracy, where a rounding error can move
a row across a tie or the threshold; the mean is linear in them and the log loss convex, so
differences that cancel in one do not in the other. The slices overlap and go down to single rows:
a row that alone is off by ``d`` shows as ``d / n`` in the smallest of its slices, of ``n`` rows.

This module is plain Python and NumPy.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from components.evaluator.metric_names import ScoreMetric
from components.evaluator.slice_metrics import SliceMetrics
from components.model_validator.serving_replay import Array, SliceColumn
from components.model_validator.weighted_metrics import compute_row_losses

_COMPARED: tuple[ScoreMetric, ...] = ("mean_prediction", "log_loss")


@dataclasses.dataclass(frozen=True)
class Difference:
    """The largest difference between a replay and an evaluation.

    Attributes:
        value: Its size, >= 0; None where the two can't be compared.
        where: Metric and slice, or why they can't be compared.
    """

    value: float | None
    where: str


def find_largest_difference(
    parts: Sequence[SliceMetrics],
    labels: Array,
    probabilities: Array,
    slices: Mapping[str, SliceColumn],
) -> Difference:
    """Compare one model's replay with its evaluation.

    Args:
        parts: What the Evaluator measured of the model.
        labels: 0 or 1, shape [rows].
        probabilities: The replay's, shape [rows].
        slices: The slices of the replayed rows.

    Returns:
        The largest difference; none where a slice has other rows, or no number.
    """
    values = {
        "mean_prediction": probabilities,
        "log_loss": compute_row_losses(labels, probabilities),
    }
    largest = Difference(0.0, "no difference")
    for part in parts:
        rows = find_slice_rows(part, slices, len(labels))
        if int(rows.sum()) != part.examples:
            return Difference(
                None,
                f"{part.name}: the Evaluator measured {part.examples} rows, the replay has "
                f"{int(rows.sum())}",
            )
        for metric in _COMPARED:
            measured = part.find_value(metric)
            replayed = float(np.mean(values[metric][rows]))
            if measured is None or not math.isfinite(replayed):
                return Difference(None, f"{metric} of {part.name} is not a number")
            if abs(measured - replayed) > (largest.value or 0.0):
                largest = Difference(abs(measured - replayed), f"{metric} of {part.name}")
    return largest


def find_slice_rows(
    part: SliceMetrics, slices: Mapping[str, SliceColumn], rows: int
) -> npt.NDArray[np.bool_]:
    """Mark the replayed rows that a slice is of.

    Args:
        part: The slice.
        slices: The slices of the replayed rows.
        rows: Number of replayed rows.

    Returns:
        Shape [rows]; none where the replay has no such column.
    """
    if part.column is None:
        return np.ones(rows, np.bool_)
    if part.column not in slices:
        return np.zeros(rows, np.bool_)
    return slices[part.column].find_rows(part.column_value or "")
