"""Read what the Evaluator wrote.

As TFX's own, it writes one ``metrics`` file for both models. A metric's key holds the model's name,
``candidate`` or ``baseline``; with no baseline the only model's name is empty. Beside them is the
candidate's change (candidate minus baseline) under the candidate's name, marked ``is_diff``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tensorflow_model_analysis as tfma

from components.metrics.digest import (
    CalibrationBin,
    EvaluationDigest,
    MeasuredMetric,
    MeasuredSlice,
    ModelMeasures,
    ThresholdCounts,
)
from components.metrics.metric_names import EXAMPLE_COUNT, SCORE_METRICS
from components.metrics.slice_metrics import Evaluation, MetricValue, SliceMetrics

_ONLY_MODEL = ""


def load_evaluation(directory: Path) -> Evaluation:
    """Load an evaluation.

    Args:
        directory: Folder of a ``ModelEvaluation`` artifact.

    Returns:
        Both models' metrics; slices in order of column and value, the overall one first.

    Raises:
        ValueError: If there are no metrics of a candidate on all rows.
    """
    records = list(_load_records(directory))
    candidate = _read_model(records, (tfma.CANDIDATE_KEY, _ONLY_MODEL))
    baseline = _read_model(records, (tfma.BASELINE_KEY,))
    if not candidate or candidate[0].column is not None:
        raise ValueError(
            f"{directory}: no metrics of a candidate on all rows; was the evaluated split empty?"
        )
    return Evaluation(candidate=candidate, baseline=baseline or None)


def count_evaluated_rows(directory: Path) -> int:
    """Count the rows that an evaluation is of.

    Args:
        directory: Folder of a ``ModelEvaluation`` artifact.

    Returns:
        Rows of the overall slice.

    Raises:
        ValueError: If there are no metrics of a candidate on all rows.
    """
    return load_evaluation(directory).overall.examples


def load_digest(directory: Path) -> EvaluationDigest:
    """Load all that a report needs of an evaluation.

    Args:
        directory: Folder of a ``ModelEvaluation`` artifact.

    Returns:
        Both models' metrics by slice, and their curves on all rows.

    Raises:
        ValueError: If there are no metrics of a candidate on all rows.
    """
    evaluation = load_evaluation(directory)
    plots = _find_overall_plots(directory)
    return EvaluationDigest(
        candidate=_digest_model(evaluation.candidate, plots, (tfma.CANDIDATE_KEY, _ONLY_MODEL)),
        champion=(
            _digest_model(evaluation.baseline, plots, (tfma.BASELINE_KEY,))
            if evaluation.baseline
            else None
        ),
    )


def _find_overall_plots(directory: Path) -> dict[str, Any]:
    """Find the plots on all rows by model; none where the settings ask for none."""
    return {
        entry.key.model_name: entry.value
        for record in tfma.load_plots(str(directory))
        if not record.HasField("cross_slice_key") and not record.slice_key.single_slice_keys
        for entry in record.plot_keys_and_values
    }


def _digest_model(
    parts: Iterable[SliceMetrics], plots: Mapping[str, Any], names: tuple[str, ...]
) -> ModelMeasures:
    plot = next((plots[name] for name in names if name in plots), None)
    matrices = plot.confusion_matrix_at_thresholds.matrices if plot else ()
    buckets = plot.calibration_histogram_buckets.buckets if plot else ()
    return ModelMeasures(
        slices=tuple(_digest_slice(part) for part in parts),
        thresholds=tuple(
            ThresholdCounts(
                threshold=matrix.threshold,
                true_positives=round(matrix.true_positives),
                false_positives=round(matrix.false_positives),
                true_negatives=round(matrix.true_negatives),
                false_negatives=round(matrix.false_negatives),
            )
            for matrix in matrices
        ),
        calibration=tuple(_digest_bucket(bucket) for bucket in buckets),
    )


def _digest_bucket(bucket: Any) -> CalibrationBin:
    rows = bucket.num_weighted_examples.value
    return CalibrationBin(
        low=bucket.lower_threshold_inclusive,
        high=bucket.upper_threshold_exclusive,
        rows=round(rows),
        mean_prediction=bucket.total_weighted_refined_prediction.value / rows,
        mean_label=bucket.total_weighted_label.value / rows,
    )


def _digest_slice(part: SliceMetrics) -> MeasuredSlice:
    return MeasuredSlice(
        column=part.column,
        column_value=part.column_value,
        examples=part.examples,
        metrics={
            name: MeasuredMetric(
                value=metric.value if math.isfinite(metric.value) else None,
                lower=metric.lower,
                upper=metric.upper,
            )
            for name, metric in part.metrics.items()
        },
    )


def _load_records(directory: Path) -> Iterator[tfma.proto.metrics_for_slice_pb2.MetricsForSlice]:
    """Load the records of all slices but those crossed with another, which have two keys."""
    for record in tfma.load_metrics(str(directory)):
        if not record.HasField("cross_slice_key"):
            yield record


def _read_model(
    records: Iterable[tfma.proto.metrics_for_slice_pb2.MetricsForSlice], names: tuple[str, ...]
) -> tuple[SliceMetrics, ...]:
    slices = []
    for record in records:
        values = {
            entry.key.name: entry
            for entry in record.metric_keys_and_values
            if entry.key.model_name in names and not entry.key.is_diff
        }
        if EXAMPLE_COUNT in values:
            slices.append(_read_slice(record.slice_key, values))
    return tuple(sorted(slices, key=_sort_key))


def _read_slice(
    slice_key: tfma.proto.metrics_for_slice_pb2.SliceKey,
    values: dict[str, tfma.proto.metrics_for_slice_pb2.MetricKeyAndValue],
) -> SliceMetrics:
    parts = slice_key.single_slice_keys
    return SliceMetrics(
        column=",".join(part.column for part in parts) or None,
        column_value=",".join(_read_column_value(part) for part in parts) or None,
        examples=int(values[EXAMPLE_COUNT].value.double_value.value),
        metrics={name: _read_value(values[name]) for name in SCORE_METRICS if name in values},
    )


def _read_column_value(part: tfma.proto.metrics_for_slice_pb2.SingleSliceKey) -> str:
    kind = part.WhichOneof("kind")
    value = getattr(part, kind)
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)


def _read_value(entry: tfma.proto.metrics_for_slice_pb2.MetricKeyAndValue) -> MetricValue:
    """Read a value and its interval; an interval without a number at both ends is none."""
    interval = entry.confidence_interval
    lower, upper = interval.lower_bound.double_value.value, interval.upper_bound.double_value.value
    has_interval = entry.HasField("confidence_interval") and lower <= upper
    return MetricValue(
        value=entry.value.double_value.value,
        lower=lower if has_interval else None,
        upper=upper if has_interval else None,
    )


def _sort_key(part: SliceMetrics) -> tuple[str, float, str]:
    """Sort by column, then by value: numbers by size, before texts by letter."""
    value = part.column_value or ""
    number = float(value) if value.lstrip("-").isdecimal() else float("inf")
    return part.column or "", number, value
