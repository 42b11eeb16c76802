"""Measure the models on one slice: metrics, the candidate's change, and how sure they are.

This module is plain Python and NumPy.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from components.metrics.jackknife import (
    Interval,
    estimate_intervals,
    leave_one_out,
    merge_groups,
)
from components.metrics.metric_names import EXAMPLE_COUNT, SCORE_METRICS
from components.metrics.score_histogram import Array, ScoreHistogram

_METRICS = (EXAMPLE_COUNT, *SCORE_METRICS)


@dataclasses.dataclass(frozen=True)
class Measure:
    """One metric of one model, or its change, on one slice.

    Attributes:
        value: Its value; NaN where it is not a number.
        interval: Its 95 % interval; None where there is none.
    """

    value: float
    interval: Interval | None = None


Measures = dict[str, Measure]
"""Measures by the names of ``metric_names``, the row count among them."""


def measure_slice(
    models: Sequence[ScoreHistogram], has_intervals: bool
) -> tuple[list[Measures], Measures]:
    """Measure the models on one slice.

    Args:
        models: Histograms of each model's scores on the same rows, leading dimension [groups]; the
            candidate, and the champion if there is one.
        has_intervals: Whether to estimate intervals. A slice whose rows are all in one group has
            none.

    Returns:
        The measures of each model; and the change, candidate minus champion, empty without one.
        The row count of a model has no interval, for it is counted.
    """
    values = [_list_values(merge_groups(model)) for model in models]
    samples = [_list_values(leave_one_out(model)) for model in models] if has_intervals else []
    if samples and not samples[0][0].all():
        samples = []
    measures = [
        _name(values[number], samples[number] if samples else None) for number in range(len(models))
    ]
    for measured in measures:
        measured[EXAMPLE_COUNT] = Measure(measured[EXAMPLE_COUNT].value)
    if len(models) == 1:
        return measures, {}
    change = _name(values[0] - values[1], samples[0] - samples[1] if samples else None)
    return measures, change


def _list_values(histogram: ScoreHistogram) -> Array:
    """List the metrics, in the order of their names, [metrics, ...]."""
    metrics = histogram.compute_metrics()
    metrics[EXAMPLE_COUNT] = histogram.negatives.sum(axis=-1) + histogram.positives.sum(axis=-1)
    return np.stack([metrics[name] for name in _METRICS])


def _name(values: Array, samples: Array | None) -> Measures:
    if samples is None:
        return dict(zip(_METRICS, map(Measure, values.tolist()), strict=True))
    intervals = estimate_intervals(values, samples)
    return dict(zip(_METRICS, map(Measure, values.tolist(), intervals), strict=True))
