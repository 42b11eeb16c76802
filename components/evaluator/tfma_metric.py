"""Plug ``ScoreHistogram`` into TFMA as one metric that gives them all, and the plots.

The plots are TFMA's own protos under TFMA's own names, so that its viewers and ``load_eval_result``
take them for those of its ``ConfusionMatrixPlot`` and ``CalibrationPlot``. Those pass over the rows
once more each; and here they are made once a slice, when the intervals are done, instead of once
more for each of the jackknife's samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import apache_beam as beam
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics.calibration_plot import CALIBRATION_PLOT_NAME
from tensorflow_model_analysis.metrics.confusion_matrix_plot import CONFUSION_MATRIX_PLOT_NAME
from tensorflow_model_analysis.metrics.metric_types import CIDerivedMetricComputation
from tensorflow_model_analysis.proto import metrics_for_slice_pb2

from components.evaluator.digest import CalibrationBin, ThresholdCounts
from components.evaluator.metric_names import SCORE_METRICS, ScoreMetric
from components.evaluator.score_curves import bin_by_score, count_by_threshold
from components.evaluator.score_histogram import ScoreHistogram

# TFMA drops what starts with an underscore from what it writes, once all else is derived from it.
_HISTOGRAM_NAME = "_score_histogram"


class BinaryClassifierMetrics(tfma.metrics.Metric):
    """All metrics of a binary classifier, in one pass over the rows of each slice."""

    def __init__(
        self,
        threshold: float = 0.5,
        plots: bool = True,
        code_version: str = "",
        name: str = "binary_classifier_metrics",
    ) -> None:
        """Take the settings; TFMA reads them from the metric's JSON config.

        Args:
            threshold: A row counts as positive where its probability is above it.
            plots: Whether to write the plots too.
            code_version: Version of this code; it makes TFX's cache notice a change.
            name: Name of the metric as a whole, which TFMA asks for; results have their own.
        """
        del code_version
        super().__init__(
            tfma.metrics.merge_per_key_computations(_create_computations),
            name=name,
            threshold=threshold,
            plots=plots,
        )


def _create_computations(
    threshold: float,
    plots: bool,
    name: str,
    eval_config: tfma.EvalConfig,
    model_name: str = "",
    output_name: str = "",
) -> list[tfma.metrics.MetricComputation | CIDerivedMetricComputation]:
    """Create the computation of one model's metrics; TFMA calls it by the arguments' names."""
    del name
    keys = {
        metric: tfma.metrics.MetricKey(
            name=metric, model_name=model_name, output_name=output_name, example_weighted=False
        )
        for metric in SCORE_METRICS
    }
    histogram_key = tfma.metrics.MetricKey(
        name=_HISTOGRAM_NAME,
        model_name=model_name,
        output_name=output_name,
        example_weighted=False,
    )
    combiner = _Combiner(keys, histogram_key if plots else None, threshold, eval_config)
    metrics = tfma.metrics.MetricComputation(
        keys=[*keys.values(), *([histogram_key] if plots else [])],
        preprocessors=None,
        combiner=combiner,
    )
    return [metrics, _derive_plots(histogram_key)] if plots else [metrics]


def _derive_plots(histogram_key: tfma.metrics.MetricKey) -> CIDerivedMetricComputation:
    """Create the computation of one model's plots; it runs once a slice, after the intervals."""
    curves_key, calibration_key = (
        tfma.metrics.PlotKey(
            name=name,
            model_name=histogram_key.model_name,
            output_name=histogram_key.output_name,
            example_weighted=False,
        )
        for name in (CONFUSION_MATRIX_PLOT_NAME, CALIBRATION_PLOT_NAME)
    )

    def derive(metrics: Mapping[tfma.metrics.MetricKey, Any]) -> dict[Any, Any]:
        histogram = metrics.get(histogram_key)
        if histogram is None:
            return {}
        return {
            curves_key: _write_curves(count_by_threshold(histogram)),
            calibration_key: _write_calibration(bin_by_score(histogram)),
        }

    return CIDerivedMetricComputation(keys=[curves_key, calibration_key], result=derive)


def _write_curves(
    counts: Iterable[ThresholdCounts],
) -> metrics_for_slice_pb2.ConfusionMatrixAtThresholds:
    written = metrics_for_slice_pb2.ConfusionMatrixAtThresholds()
    for count in counts:
        written.matrices.add(
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
    return written


def _write_calibration(
    bins: Iterable[CalibrationBin],
) -> metrics_for_slice_pb2.CalibrationHistogramBuckets:
    written = metrics_for_slice_pb2.CalibrationHistogramBuckets()
    for one in bins:
        written.buckets.add(
            lower_threshold_inclusive=one.low,
            upper_threshold_exclusive=one.high,
            num_weighted_examples={"value": one.rows},
            total_weighted_label={"value": one.mean_label * one.rows},
            total_weighted_refined_prediction={"value": one.mean_prediction * one.rows},
        )
    return written


def _number(value: float | None) -> float:
    return math.nan if value is None else value


class _Combiner(beam.CombineFn):
    """Gather one model's scores on one slice."""

    def __init__(
        self,
        keys: dict[ScoreMetric, tfma.metrics.MetricKey],
        histogram_key: tfma.metrics.MetricKey | None,
        threshold: float,
        eval_config: tfma.EvalConfig,
    ) -> None:
        self._keys = keys
        self._histogram_key = histogram_key
        self._threshold = threshold
        self._eval_config = eval_config

    def create_accumulator(self) -> ScoreHistogram:
        return ScoreHistogram(threshold=self._threshold)

    def add_input(
        self, accumulator: ScoreHistogram, element: tfma.metrics.StandardMetricInputs
    ) -> ScoreHistogram:
        key = self._keys[SCORE_METRICS[0]]
        for label, probability, _ in tfma.metrics.to_label_prediction_example_weight(
            element,
            eval_config=self._eval_config,
            model_name=key.model_name,
            output_name=key.output_name,
        ):
            accumulator.add(label.item(), probability.item())
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[ScoreHistogram]) -> ScoreHistogram:
        merged = self.create_accumulator()
        for accumulator in accumulators:
            merged.merge(accumulator)
        return merged

    def extract_output(
        self, accumulator: ScoreHistogram
    ) -> dict[tfma.metrics.MetricKey, float | ScoreHistogram]:
        metrics = accumulator.compute_metrics()
        values: dict[tfma.metrics.MetricKey, float | ScoreHistogram] = {
            key: metrics[metric] for metric, key in self._keys.items()
        }
        if self._histogram_key is not None:
            values[self._histogram_key] = accumulator
        return values
