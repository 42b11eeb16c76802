"""Export what was measured as TFMA's own protos, under its names, so that TFMA reads it.

``tfma.load_eval_result``, ``load_metrics`` and ``load_plots`` take the files for those of TFMA's
own writers, and its viewers the plots for those of ``ConfusionMatrixPlot`` and ``CalibrationPlot``.
TFMA's writers are Beam transforms of a dozen stages that look up Student's t for each number; here
it is a loop over the slices. Nothing of ours reads these files.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_model_analysis as tfma
from google.protobuf import json_format
from google.protobuf.message import Message
from scipy.special import stdtrit
from tensorflow_model_analysis.proto import (
    config_pb2,
    metrics_for_slice_pb2,
    validation_result_pb2,
)

from components.evaluator.eval_config import MeasurementPlan
from components.examples.parquet_examples import FILE_FORMAT
from components.metrics.evaluation import CalibrationBin, Metric, ThresholdCounts
from components.metrics.jackknife import METRIC_CONFIDENCE, METRIC_GROUPS
from components.metrics.measurement import MeasuredSlice, Measures
from components.metrics.metric_names import EXAMPLE_COUNT
from components.metrics.score_curves import bin_by_score, count_by_threshold

_METRICS_FILE = "metrics-00000-of-00001.tfrecord"
_PLOTS_FILE = "plots-00000-of-00001.tfrecord"
_VALIDATIONS_FILE = "validations.tfrecord"
_CONFIG_FILE = "eval_config.json"
_ERROR = "__ERROR__"


def export_slices(directory: Path, slices: Sequence[MeasuredSlice], plan: MeasurementPlan) -> None:
    """Write the metrics and plots of all slices into the artifact's folder."""
    plotted = slices if plan.metrics.plots else ()
    _write_records(directory / _METRICS_FILE, [_create_metrics(part, plan) for part in slices])
    _write_records(directory / _PLOTS_FILE, [_create_plots(part, plan) for part in plotted])
    # No thresholds: nothing is validated here, as the record tells.
    unjudged = validation_result_pb2.ValidationResult(missing_thresholds=True)
    _write_records(directory / _VALIDATIONS_FILE, [unjudged])


def export_config(
    directory: Path,
    config: tfma.EvalConfig,
    data_location: str,
    model_locations: Mapping[str, str],
) -> None:
    """Write the config that the metrics are of, with the folders of the split and the models."""
    run = config_pb2.EvalRun(
        eval_config=config,
        version=tfma.__version__,
        data_location=data_location,
        file_format=FILE_FORMAT,
        model_locations=model_locations,
    )
    (directory / _CONFIG_FILE).write_text(json_format.MessageToJson(run) + "\n", encoding="utf-8")


def _create_metrics(
    part: MeasuredSlice, plan: MeasurementPlan
) -> metrics_for_slice_pb2.MetricsForSlice:
    slice_key = tfma.slicer.serialize_slice_key(part.key)
    record = metrics_for_slice_pb2.MetricsForSlice(slice_key=slice_key)
    models = [(name, False) for name in plan.model_names]
    change = (plan.model_names[0], True)
    for (model, is_diff), measures in zip(
        [*models, change], [*part.measures, part.change], strict=True
    ):
        _add_measures(record, measures, model, is_diff, part.has_intervals)
    if plan.has_intervals and not part.has_intervals:
        message = f"no intervals: all rows are in one of the {METRIC_GROUPS} jackknife groups"
        record.metric_keys_and_values.add(
            key={"name": _ERROR}, value={"bytes_value": message.encode()}
        )
    return record


def _add_measures(
    record: metrics_for_slice_pb2.MetricsForSlice,
    measures: Measures,
    model_name: str,
    is_diff: bool,
    has_intervals: bool,
) -> None:
    for name, metric in measures.items():
        # A row count is counted; TFMA gives its change an interval all the same.
        is_certain = name == EXAMPLE_COUNT and not is_diff
        record.metric_keys_and_values.add(
            key={
                "name": name,
                "model_name": model_name,
                "is_diff": is_diff,
                "example_weighted": {"value": False},
            },
            value={"double_value": {"value": _number(metric.value)}},
            confidence_interval=(
                _create_interval(metric) if has_intervals and not is_certain else None
            ),
        )


def _create_interval(metric: Metric) -> metrics_for_slice_pb2.ConfidenceInterval:
    lower, upper = _number(metric.lower), _number(metric.upper)
    quantile = float(stdtrit(METRIC_GROUPS - 1, (1 + METRIC_CONFIDENCE) / 2))
    return metrics_for_slice_pb2.ConfidenceInterval(
        lower_bound={"double_value": {"value": lower}},
        upper_bound={"double_value": {"value": upper}},
        standard_error={"double_value": {"value": (upper - lower) / 2 / quantile}},
        degrees_of_freedom={"value": METRIC_GROUPS - 1},
    )


def _create_plots(
    part: MeasuredSlice, plan: MeasurementPlan
) -> metrics_for_slice_pb2.PlotsForSlice:
    return metrics_for_slice_pb2.PlotsForSlice(
        slice_key=tfma.slicer.serialize_slice_key(part.key),
        plot_keys_and_values=[
            {
                "key": {"model_name": name, "example_weighted": {"value": False}},
                "value": {
                    "confusion_matrix_at_thresholds": _create_curves(count_by_threshold(rows)),
                    "calibration_histogram_buckets": _create_calibration(bin_by_score(rows)),
                },
            }
            for name, rows in zip(plan.model_names, part.rows, strict=True)
        ],
    )


def _create_curves(counts: Iterable[ThresholdCounts]) -> dict[str, Any]:
    shares = ("precision", "recall", "false_positive_rate", "accuracy")
    return {
        "matrices": [
            {**count.model_dump(), **{name: _number(getattr(count, name)) for name in shares}}
            for count in counts
        ]
    }


def _create_calibration(bins: Iterable[CalibrationBin]) -> dict[str, Any]:
    return {
        "buckets": [
            {
                "lower_threshold_inclusive": one.low,
                "upper_threshold_exclusive": one.high,
                "num_weighted_examples": {"value": one.rows},
                "total_weighted_label": {"value": one.mean_label * one.rows},
                "total_weighted_refined_prediction": {"value": one.mean_prediction * one.rows},
            }
            for one in bins
        ]
    }


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _write_records(path: Path, records: Iterable[Message]) -> None:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record.SerializeToString())
