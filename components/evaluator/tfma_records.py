"""Write what was measured as TFMA does, so that TFMA reads it: its own protos, under its names.

``tfma.load_eval_result``, ``load_metrics`` and ``load_plots`` take the files for those of TFMA's
own writers, and its viewers the plots for those of ``ConfusionMatrixPlot`` and ``CalibrationPlot``.
TFMA's writers are Beam transforms of a dozen stages that look up Student's t for each number; here
it is a loop over the slices.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import tensorflow as tf
import tensorflow_model_analysis as tfma
from google.protobuf import json_format
from google.protobuf.message import Message
from tensorflow_model_analysis.proto import (
    config_pb2,
    metrics_for_slice_pb2,
    validation_result_pb2,
)

from components.evaluator.eval_config import MeasurementPlan
from components.examples.parquet_examples import FILE_FORMAT
from components.metrics.digest import CalibrationBin, ThresholdCounts
from components.metrics.jackknife import GROUPS, merge_groups
from components.metrics.score_curves import bin_by_score, count_by_threshold
from components.metrics.score_histogram import ScoreHistogram
from components.metrics.slice_measures import Measure, Measures, measure_slice
from components.metrics.sliced_scores import SlicedScores, SliceKey

_METRICS_FILE = "metrics-00000-of-00001.tfrecord"
_PLOTS_FILE = "plots-00000-of-00001.tfrecord"
_VALIDATIONS_FILE = "validations.tfrecord"
_CONFIG_FILE = "eval_config.json"
_ERROR = "__ERROR__"


def write_measures(directory: Path, scores: SlicedScores, plan: MeasurementPlan) -> None:
    """Write the metrics and plots of all slices.

    Args:
        directory: Folder of the ``ModelEvaluation`` artifact; it must be there.
    """
    metrics, plots = [], []
    for key in scores.list_slices():
        models = [scores.create_histogram(key, number) for number in range(len(plan.model_names))]
        metrics.append(_create_metrics(key, models, plan))
        if plan.metrics.plots:
            plots.append(_create_plots(key, models, plan))
    _write_records(directory / _METRICS_FILE, metrics)
    _write_records(directory / _PLOTS_FILE, plots)
    # No thresholds: nothing is validated here, and the record says so.
    unjudged = validation_result_pb2.ValidationResult(missing_thresholds=True)
    _write_records(directory / _VALIDATIONS_FILE, [unjudged])


def write_eval_config(
    directory: Path,
    config: tfma.EvalConfig,
    data_location: str,
    model_locations: Mapping[str, str],
) -> None:
    """Write the config that the metrics are of.

    Args:
        directory: Folder of the ``ModelEvaluation`` artifact; it must be there.
        data_location: Folder of the evaluated split.
        model_locations: Folders of the models by their names in the config.
    """
    run = config_pb2.EvalRun(
        eval_config=config,
        version=tfma.__version__,
        data_location=data_location,
        file_format=FILE_FORMAT,
        model_locations=model_locations,
    )
    (directory / _CONFIG_FILE).write_text(json_format.MessageToJson(run) + "\n", encoding="utf-8")


def _create_metrics(
    key: SliceKey, models: list[ScoreHistogram], plan: MeasurementPlan
) -> metrics_for_slice_pb2.MetricsForSlice:
    record = metrics_for_slice_pb2.MetricsForSlice(slice_key=tfma.slicer.serialize_slice_key(key))
    measured, change = measure_slice(models, plan.has_intervals)
    for name, measures in zip(plan.model_names, measured, strict=True):
        _add_measures(record, measures, name, is_diff=False)
    _add_measures(record, change, plan.model_names[0], is_diff=True)
    if plan.has_intervals and all(one.interval is None for one in measured[0].values()):
        message = f"no intervals: all rows are in one of the {GROUPS} jackknife groups"
        record.metric_keys_and_values.add(
            key={"name": _ERROR}, value={"bytes_value": message.encode()}
        )
    return record


def _add_measures(
    record: metrics_for_slice_pb2.MetricsForSlice,
    measures: Measures,
    model_name: str,
    *,
    is_diff: bool,
) -> None:
    for name, measure in measures.items():
        record.metric_keys_and_values.add(
            key={
                "name": name,
                "model_name": model_name,
                "is_diff": is_diff,
                "example_weighted": {"value": False},
            },
            value={"double_value": {"value": measure.value}},
            confidence_interval=_create_interval(measure),
        )


def _create_interval(measure: Measure) -> metrics_for_slice_pb2.ConfidenceInterval | None:
    interval = measure.interval
    if interval is None:
        return None
    return metrics_for_slice_pb2.ConfidenceInterval(
        lower_bound={"double_value": {"value": interval.lower}},
        upper_bound={"double_value": {"value": interval.upper}},
        standard_error={"double_value": {"value": interval.standard_error}},
        degrees_of_freedom={"value": GROUPS - 1},
    )


def _create_plots(
    key: SliceKey, models: list[ScoreHistogram], plan: MeasurementPlan
) -> metrics_for_slice_pb2.PlotsForSlice:
    record = metrics_for_slice_pb2.PlotsForSlice(slice_key=tfma.slicer.serialize_slice_key(key))
    for name, model in zip(plan.model_names, models, strict=True):
        rows = merge_groups(model)
        record.plot_keys_and_values.add(
            key={"model_name": name, "example_weighted": {"value": False}},
            value={
                "confusion_matrix_at_thresholds": _create_curves(count_by_threshold(rows)),
                "calibration_histogram_buckets": _create_calibration(bin_by_score(rows)),
            },
        )
    return record


def _create_curves(
    counts: Iterable[ThresholdCounts],
) -> metrics_for_slice_pb2.ConfusionMatrixAtThresholds:
    created = metrics_for_slice_pb2.ConfusionMatrixAtThresholds()
    for count in counts:
        created.matrices.add(
            threshold=count.threshold,
            true_positives=count.true_positives,
            false_positives=count.false_positives,
            true_negatives=count.true_negatives,
            false_negatives=count.false_negatives,
            precision=_number(count.precision),
            recall=_number(count.recall),
            false_positive_rate=_number(count.false_positive_rate),
            accuracy=_number(count.accuracy),
        )
    return created


def _create_calibration(
    bins: Iterable[CalibrationBin],
) -> metrics_for_slice_pb2.CalibrationHistogramBuckets:
    created = metrics_for_slice_pb2.CalibrationHistogramBuckets()
    for one in bins:
        created.buckets.add(
            lower_threshold_inclusive=one.low,
            upper_threshold_exclusive=one.high,
            num_weighted_examples={"value": one.rows},
            total_weighted_label={"value": one.mean_label * one.rows},
            total_weighted_refined_prediction={"value": one.mean_prediction * one.rows},
        )
    return created


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _write_records(path: Path, records: Iterable[Message]) -> None:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record.SerializeToString())
