"""Plug ``ScoreHistogram`` into TFMA as one metric that gives them all."""

from __future__ import annotations

from collections.abc import Iterable

import apache_beam as beam
import tensorflow_model_analysis as tfma

from components.evaluator.metric_names import SCORE_METRICS, ScoreMetric
from components.evaluator.score_histogram import ScoreHistogram


class BinaryClassifierMetrics(tfma.metrics.Metric):
    """All metrics of a binary classifier, in one pass over the rows of each slice."""

    def __init__(
        self,
        threshold: float = 0.5,
        code_version: str = "",
        name: str = "binary_classifier_metrics",
    ) -> None:
        """Take the settings; TFMA reads them from the metric's JSON config.

        Args:
            threshold: A row counts as positive where its probability is above it.
            code_version: Version of this code; it makes TFX's cache notice a change.
            name: Name of the metric as a whole, which TFMA asks for; results have their own.
        """
        del code_version
        super().__init__(
            tfma.metrics.merge_per_key_computations(_create_computations),
            name=name,
            threshold=threshold,
        )


def _create_computations(
    threshold: float,
    name: str,
    eval_config: tfma.EvalConfig,
    model_name: str = "",
    output_name: str = "",
) -> list[tfma.metrics.MetricComputation]:
    """Create the computation of one model's metrics; TFMA calls it by the arguments' names."""
    del name
    keys = {
        metric: tfma.metrics.MetricKey(
            name=metric, model_name=model_name, output_name=output_name, example_weighted=False
        )
        for metric in SCORE_METRICS
    }
    combiner = _Combiner(keys, threshold, eval_config)
    return [
        tfma.metrics.MetricComputation(
            keys=list(keys.values()), preprocessors=None, combiner=combiner
        )
    ]


class _Combiner(beam.CombineFn):
    """Gather one model's scores on one slice."""

    def __init__(
        self,
        keys: dict[ScoreMetric, tfma.metrics.MetricKey],
        threshold: float,
        eval_config: tfma.EvalConfig,
    ) -> None:
        self._keys = keys
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

    def extract_output(self, accumulator: ScoreHistogram) -> dict[tfma.metrics.MetricKey, float]:
        metrics = accumulator.compute_metrics()
        return {key: metrics[metric] for metric, key in self._keys.items()}
