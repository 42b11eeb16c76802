"""Write into a ``tfma.EvalConfig`` what is measured, and read it there.

The config is what TFX's Evaluator takes and what TFMA shows beside the metrics; our executor
follows it.

The model that the Trainer exports must have the signatures of ``components.serving.signatures``:
``serving_default`` with the probability, ``transform_features`` with the label under
``table.label.name``. Nothing else of the latter is named like a slice column: slices are cut by
what is found there before the raw columns.
"""

from __future__ import annotations

import dataclasses

import tensorflow_model_analysis as tfma

from components.evaluator.settings import EvaluatorSettings
from components.record import Record
from components.serving.signatures import PROBABILITY, SERVING, TRANSFORM
from schemas.feature_table import FeatureTable

_EXAMPLE_COUNT = "ExampleCount"


class BinaryClassifierMetrics(Record):
    """The config of the one metric that stands for all of ``metric_names``, and for the plots.

    Its fields are those of ``EvaluatorSettings``.
    """

    threshold: float
    plots: bool
    max_scored_rows: int


@dataclasses.dataclass(frozen=True)
class MeasurementPlan:
    """What a config asks for.

    Attributes:
        model_names: Names of the models in TFMA's keys, the candidate's first; a lone model's is
            empty.
        label: Output of ``transform_features`` that has the label.
        slice_columns: Columns, and fairness attributes, that slices are cut by.
    """

    model_names: tuple[str, ...]
    label: str
    slice_columns: tuple[str, ...]
    has_intervals: bool
    metrics: BinaryClassifierMetrics


def create_eval_config(table: FeatureTable, settings: EvaluatorSettings) -> tfma.EvalConfig:
    """Create the config: one candidate and at most one baseline, overall and by slice.

    It holds no threshold, for the gates judge. Slices are those of the table's slice columns and
    fairness attributes. Without a baseline TFX drops that model spec, and the candidate's name with
    it.
    """
    sliced = [*table.slice_columns, *(each.name for each in table.fairness_attributes)]
    metrics = BinaryClassifierMetrics.model_validate(settings.model_dump())
    options = tfma.Options()
    options.include_default_metrics.value = False
    if settings.confidence_intervals == "jackknife":
        options.compute_confidence_intervals.value = True
        options.confidence_intervals.method = tfma.ConfidenceIntervalOptions.JACKKNIFE
    return tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(
                name=name,
                model_type=tfma.TF_GENERIC,  # a plain SavedModel, as a server loads it
                is_baseline=name == tfma.BASELINE_KEY,
                signature_name=SERVING,
                preprocessing_function_names=[TRANSFORM],
                label_key=table.label.name,
                prediction_key=PROBABILITY,
            )
            for name in (tfma.CANDIDATE_KEY, tfma.BASELINE_KEY)
        ],
        slicing_specs=[
            tfma.SlicingSpec(),
            *(tfma.SlicingSpec(feature_keys=[column]) for column in sliced),
        ],
        metrics_specs=[
            tfma.MetricsSpec(
                metrics=[
                    tfma.MetricConfig(class_name=_EXAMPLE_COUNT),
                    tfma.MetricConfig(
                        class_name=BinaryClassifierMetrics.__name__,
                        module=BinaryClassifierMetrics.__module__,
                        config=metrics.model_dump_json(),
                    ),
                ]
            )
        ],
        options=options,
    )


def read_measurement_plan(config: tfma.EvalConfig) -> MeasurementPlan:
    """Read what is measured, from a config with TFMA's defaults for the models that there are.

    Raises:
        ValueError: If it asks for what our executor does not measure.
    """
    candidate, *baselines = sorted(config.model_specs, key=lambda spec: bool(spec.is_baseline))
    metrics = [metric for spec in config.metrics_specs for metric in spec.metrics]
    names = [metric.class_name for metric in metrics]
    if names != [_EXAMPLE_COUNT, BinaryClassifierMetrics.__name__]:
        raise ValueError(
            f"eval_config asks for {names}; this Evaluator measures what "
            "components/evaluator/eval_config.py creates and nothing else"
        )
    if any(spec.thresholds for spec in config.metrics_specs) or any(
        metric.HasField("threshold") for metric in metrics
    ):
        raise ValueError("eval_config has thresholds; this Evaluator judges nothing, gates do")
    crossed = [
        spec for spec in config.slicing_specs if len(spec.feature_keys) > 1 or spec.feature_values
    ]
    if crossed or config.cross_slicing_specs:
        raise ValueError("eval_config crosses slices; this Evaluator cuts each by one column alone")
    return MeasurementPlan(
        model_names=(candidate.name, *(spec.name for spec in baselines)),
        label=candidate.label_key,
        slice_columns=tuple(key for spec in config.slicing_specs for key in spec.feature_keys),
        has_intervals=config.options.compute_confidence_intervals.value,
        metrics=BinaryClassifierMetrics.model_validate_json(metrics[1].config),
    )
