"""Turn a feature table and settings into the ``tfma.EvalConfig`` that TFX's Evaluator takes.

The model that the Trainer exports must meet this contract; both signatures stand in the
SavedModel's ``signatures`` (TFMA finds a plain attribute only where it is a Keras layer):

``serving_default``
    ``examples`` (string, [batch], serialized ``tf.Example``) to a dict with ``probability``
    (float, [batch] or [batch, 1]), the probability of label 1. Other outputs are ignored.
``transform_features``
    ``examples`` as above, but of training examples, to a dict with the label, under
    ``table.label.name`` (0 or 1, any number type, [batch] or [batch, 1]), and each row's group
    under the name of each fairness attribute (string, [batch], see ``fairness_groups``). Nothing
    else is named like a slice column: TFMA slices on what it finds here before it looks at the
    raw example.

The input must not be named like a column, or TFMA feeds it that column.
"""

from __future__ import annotations

import json

import tensorflow_model_analysis as tfma

from components.evaluator.settings import ConfidenceIntervals, EvaluatorSettings
from components.evaluator.tfma_metric import BinaryClassifierMetrics
from schemas.feature_table import FeatureTable

CANDIDATE = tfma.CANDIDATE_KEY
BASELINE = tfma.BASELINE_KEY
SERVING_SIGNATURE = "serving_default"
LABEL_SIGNATURE = "transform_features"
PROBABILITY_OUTPUT = "probability"

_METHODS: dict[ConfidenceIntervals, int] = {
    "jackknife": tfma.ConfidenceIntervalOptions.JACKKNIFE,
    "poisson_bootstrap": tfma.ConfidenceIntervalOptions.POISSON_BOOTSTRAP,
}


def create_eval_config(
    table: FeatureTable, settings: EvaluatorSettings, code_version: str = ""
) -> tfma.EvalConfig:
    """Create the config; it holds no threshold, for the gates judge.

    Without a baseline TFX drops that model spec, and the candidate's name with it.

    Args:
        table: Gives the label, the columns to slice by and the fairness attributes.
        settings: What to measure.
        code_version: Version of this folder's code; it makes TFX's cache notice a change.

    Returns:
        A config for one candidate and at most one baseline, overall, by slice column, and by
        group of each fairness attribute.
    """
    attributes = (attribute.name for attribute in table.fairness_attributes)
    return tfma.EvalConfig(
        model_specs=[
            _create_model_spec(table, CANDIDATE, is_baseline=False),
            _create_model_spec(table, BASELINE, is_baseline=True),
        ],
        slicing_specs=[
            tfma.SlicingSpec(),
            *(
                tfma.SlicingSpec(feature_keys=[column])
                for column in (*table.slice_columns, *attributes)
            ),
        ],
        metrics_specs=[tfma.MetricsSpec(metrics=_create_metrics(settings, code_version))],
        options=_create_options(settings),
    )


def _create_model_spec(table: FeatureTable, name: str, *, is_baseline: bool) -> tfma.ModelSpec:
    """Create one model's spec.

    The generic type loads the plain SavedModel, as a server does; without it TFMA loads the model
    a second time, through Keras, only to see whether it can.
    """
    return tfma.ModelSpec(
        name=name,
        model_type=tfma.TF_GENERIC,
        is_baseline=is_baseline,
        signature_name=SERVING_SIGNATURE,
        preprocessing_function_names=[LABEL_SIGNATURE],
        label_key=table.label.name,
        prediction_key=PROBABILITY_OUTPUT,
    )


def _create_metrics(settings: EvaluatorSettings, code_version: str) -> list[tfma.MetricConfig]:
    metric_settings = {
        "threshold": settings.threshold,
        "plots": settings.plots,
        "code_version": code_version,
    }
    return [
        tfma.MetricConfig(class_name="ExampleCount"),
        tfma.MetricConfig(
            class_name=BinaryClassifierMetrics.__name__,
            module=BinaryClassifierMetrics.__module__,
            config=json.dumps(metric_settings, sort_keys=True),
        ),
    ]


def _create_options(settings: EvaluatorSettings) -> tfma.Options:
    options = tfma.Options()
    options.include_default_metrics.value = False
    if settings.confidence_intervals != "none":
        options.compute_confidence_intervals.value = True
        options.confidence_intervals.method = _METHODS[settings.confidence_intervals]
    return options
