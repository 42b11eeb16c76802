"""Measure the models slice by slice: metrics, the candidate's change, and how sure they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from components.metrics.binary_metrics import Array, ScoreHistogram
from components.metrics.evaluation import Evaluation, Metric, ModelMeasures, Slice
from components.metrics.jackknife import METRIC_CONFIDENCE, estimate_intervals, sample_metrics
from components.metrics.metric_names import EXAMPLE_COUNT, SCORE_METRICS
from components.metrics.score_curves import bin_by_score, count_by_threshold
from components.metrics.sliced_scores import SlicedScores, SliceKey

_METRICS = (EXAMPLE_COUNT, *SCORE_METRICS)

Measures = dict[str, Metric]
"""Metrics by the names of ``metric_names``, the row count among them."""


@dataclasses.dataclass(frozen=True)
class MeasuredSlice:
    """What was measured on one slice.

    Attributes:
        rows: Each model's scores, one summary each.
        measures: Each model's metrics; a row count has no interval, for it is counted.
        change: Candidate minus champion; empty without a champion.
        has_intervals: False also where all rows are in one group, which leaves nothing to leave
            out.
    """

    key: SliceKey
    rows: Sequence[ScoreHistogram]
    measures: Sequence[Measures]
    change: Measures
    has_intervals: bool


def measure_slices(scores: SlicedScores, has_intervals: bool) -> list[MeasuredSlice]:
    """Measure every slice; all rows first, then by column and value: numbers before texts."""
    return [
        measure_slice(key, scores.create_histograms(key), has_intervals)
        for key in sorted(scores.list_slices(), key=_rank)
    ]


def measure_slice(
    key: SliceKey, models: Sequence[ScoreHistogram], has_intervals: bool
) -> MeasuredSlice:
    """Measure the models, the candidate first, on one slice's rows, leading dimension [groups]."""
    rows = [model.merge_groups() for model in models]
    values = [whole.stack_metrics(_METRICS) for whole in rows]
    samples = [sample_metrics(model, _METRICS) for model in models] if has_intervals else []
    if samples and not samples[0][_METRICS.index(EXAMPLE_COUNT)].all():
        samples = []
    measures = [_name(value, samples[i] if samples else None) for i, value in enumerate(values)]
    for measured in measures:
        measured[EXAMPLE_COUNT] = Metric(value=measured[EXAMPLE_COUNT].value)
    change: Measures = {}
    if len(models) > 1:
        change = _name(values[0] - values[1], samples[0] - samples[1] if samples else None)
    return MeasuredSlice(key, rows, measures, change, bool(samples))


def create_evaluation(slices: Sequence[MeasuredSlice], has_curves: bool) -> Evaluation:
    """Create the record of what was measured, with the curves of all rows if they are wanted.

    Raises:
        ValueError: If there are no slices, for there were no rows.
    """
    if not slices:
        raise ValueError("no rows were evaluated; is the evaluated split empty?")
    models = [
        ModelMeasures(
            slices=tuple(_create_slice(part.key, part.measures[number]) for part in slices),
            thresholds=count_by_threshold(rows) if has_curves else (),
            calibration=bin_by_score(rows) if has_curves else (),
        )
        for number, rows in enumerate(slices[0].rows)
    ]
    return Evaluation(candidate=models[0], champion=models[1] if len(models) > 1 else None)


def _create_slice(key: SliceKey, measures: Measures) -> Slice:
    column, value = key[0] if key else (None, None)
    return Slice(
        column=column,
        column_value=None if value is None else str(value),
        examples=int(measures[EXAMPLE_COUNT].value or 0),
        metrics={name: measures[name] for name in SCORE_METRICS},
    )


def _name(values: Array, samples: Array | None) -> Measures:
    """Name metrics and, as TFMA does, lay their intervals around the samples' means."""
    if samples is None:
        return {name: Metric(value=value) for name, value in zip(_METRICS, values, strict=True)}
    intervals = estimate_intervals(samples.mean(axis=1), samples, METRIC_CONFIDENCE)
    return {
        name: Metric(value=value, lower=lower, upper=upper)
        for name, value, lower, upper in zip(
            _METRICS, values, intervals.lower, intervals.upper, strict=True
        )
    }


def _rank(key: SliceKey) -> tuple[str, float, str]:
    column, value = key[0] if key else ("", "")
    text = str(value)
    return column, float(text) if text.lstrip("-").isdecimal() else float("inf"), text
