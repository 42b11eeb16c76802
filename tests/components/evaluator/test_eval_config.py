"""The Evaluator's config, and what the Evaluator makes of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow_model_analysis as tfma

from components.evaluator.eval_config import (
    BinaryClassifierMetrics,
    MeasurementPlan,
    create_eval_config,
    read_measurement_plan,
)
from components.evaluator.settings import EvaluatorSettings
from components.metrics.binary_metrics import summarize_rows
from components.metrics.metric_names import SCORE_METRICS
from schemas.chicago_taxi.features import FEATURES
from tests.tiny_evaluation import MEASURED, evaluate, export_model, get_label, get_probability

WEIGHT = 0.1


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> dict[Any, dict[str, float]]:
    """What TFMA reads back of one tiny model: metrics by slice key."""
    directory = tmp_path_factory.mktemp("evaluated")
    model = export_model(directory / "model", WEIGHT)
    settings = EvaluatorSettings(confidence_intervals="none", plots=True)
    evaluation = evaluate(directory, model, None, settings)
    result = tfma.load_eval_result(evaluation.uri)
    assert len(result.plots) == len(result.slicing_metrics)
    return {
        key: {name: value["doubleValue"] for name, value in metrics[""][""].items()}
        for key, metrics in result.slicing_metrics
    }


def test_it_slices_by_the_table_and_judges_nothing() -> None:
    """Slices come from the feature table; no threshold is set."""
    config = create_eval_config(FEATURES, EvaluatorSettings())

    sliced = [list(spec.feature_keys) for spec in config.slicing_specs]
    attributes = [attribute.name for attribute in FEATURES.fairness_attributes]
    assert sliced == [[], *([name] for name in (*FEATURES.slice_columns, *attributes))]
    [spec] = config.metrics_specs
    assert not spec.thresholds
    assert not any(metric.HasField("threshold") for metric in spec.metrics)


def test_intervals_are_switched_by_settings() -> None:
    """The settings name the method; ``none`` switches intervals off."""
    switched = create_eval_config(FEATURES, EvaluatorSettings(confidence_intervals="jackknife"))
    plain = create_eval_config(FEATURES, EvaluatorSettings(confidence_intervals="none"))

    chosen = switched.options.confidence_intervals.method
    assert chosen == tfma.ConfidenceIntervalOptions.JACKKNIFE
    assert read_measurement_plan(switched).has_intervals
    assert not read_measurement_plan(plain).has_intervals


def test_the_config_says_all_that_is_measured() -> None:
    """What the settings and the table say is read back from the config."""
    settings = EvaluatorSettings(threshold=0.3, plots=False, max_scored_rows=7)

    plan = read_measurement_plan(create_eval_config(FEATURES, settings))

    assert plan == MeasurementPlan(
        model_names=("candidate", "baseline"),
        label=FEATURES.label.name,
        slice_columns=(
            *FEATURES.slice_columns,
            *(attribute.name for attribute in FEATURES.fairness_attributes),
        ),
        has_intervals=True,
        metrics=BinaryClassifierMetrics(threshold=0.3, plots=False, max_scored_rows=7),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda config: config.slicing_specs.add(feature_keys=["a", "b"]), "crosses slices"),
        (lambda config: config.slicing_specs.add(feature_values={"a": "b"}), "crosses slices"),
        (lambda config: config.cross_slicing_specs.add(), "crosses slices"),
        (lambda config: config.metrics_specs[0].metrics.add(class_name="AUC"), "asks for .*'AUC'"),
        (lambda config: config.metrics_specs[0].thresholds["auc"].SetInParent(), "judges nothing"),
    ],
    ids=["two columns", "a value", "against another", "another metric", "a threshold"],
)
def test_what_is_not_measured_is_refused(
    change: Callable[[tfma.EvalConfig], object], message: str
) -> None:
    """A config that asks for more is an error, never measured in part."""
    config = create_eval_config(FEATURES, EvaluatorSettings())
    change(config)

    with pytest.raises(ValueError, match=message):
        read_measurement_plan(config)


def test_evaluator_writes_every_metric_by_its_name(
    slices: dict[Any, dict[str, float]],
) -> None:
    """Plain TFMA shows each documented metric, under its documented name."""
    assert set(slices[()]) == {"example_count", *SCORE_METRICS}


def test_evaluator_measures_what_the_formulas_say(slices: dict[Any, dict[str, float]]) -> None:
    """Row count, log loss and means agree with a plain sum over the rows."""
    rows = range(len(MEASURED))
    losses = [
        -math.log(p if get_label(row) else 1 - p)
        for row, p in ((row, get_probability(row, WEIGHT)) for row in rows)
    ]

    overall = slices[()]

    assert overall["example_count"] == len(MEASURED)
    assert overall["mean_label"] == pytest.approx(sum(map(get_label, rows)) / len(MEASURED))
    assert overall["log_loss"] == pytest.approx(sum(losses) / len(MEASURED), rel=1e-6)


def test_evaluator_slices_on_raw_values(slices: dict[Any, dict[str, float]]) -> None:
    """Slice keys are the raw column's values, and a column's slices make up all rows."""
    assert slices[(("city", "Rome"),)]["example_count"] == 15
    hours = [slices[(("hour", hour),)]["example_count"] for hour in range(3)]
    assert sum(hours) == len(MEASURED)


def test_evaluator_slices_on_groups(slices: dict[Any, dict[str, float]]) -> None:
    """The groups that the model's signature gives are slices like a column's values."""
    assert slices[(("coast", "north"),)]["example_count"] == 45
    assert slices[(("coast", "south"),)] == slices[(("city", "Rome"),)]


def test_a_slice_with_one_label_has_no_auc(slices: dict[Any, dict[str, float]]) -> None:
    """Rome has no generous row, so there is nothing to rank: NaN, neither 0 nor 1."""
    assert math.isnan(float(slices[(("city", "Rome"),)]["auc"]))


def test_error_rates_are_those_of_tfma() -> None:
    """Our rates, made in one pass, are what TFMA's own fairness metrics give, NaN included."""
    rows = pd.DataFrame(
        {
            "label": [get_label(row) for row in range(len(MEASURED))],
            "score": [get_probability(row, WEIGHT) for row in range(len(MEASURED))],
            "city": [str(row["city"]) for row in MEASURED],
        }
    )
    config = tfma.EvalConfig(
        model_specs=[tfma.ModelSpec(label_key="label", prediction_key="score")],
        slicing_specs=[tfma.SlicingSpec(), tfma.SlicingSpec(feature_keys=["city"])],
        metrics_specs=[
            tfma.MetricsSpec(
                metrics=[
                    tfma.MetricConfig(class_name=name, config='{"thresholds": [0.5]}')
                    for name in ("FPR", "FNR")
                ]
            )
        ],
    )

    measured = dict(tfma.analyze_raw_data(rows, config).slicing_metrics)

    assert len(measured) == 3
    for key, metrics in measured.items():
        chosen = rows if not key else rows[rows["city"] == key[0][1]]
        ours = summarize_rows(
            chosen["label"].to_numpy(np.float64), chosen["score"].to_numpy()
        ).compute_metrics()
        for name, theirs in (("false_positive_rate", "fpr"), ("false_negative_rate", "fnr")):
            value = metrics[""][""][theirs]["doubleValue"]
            assert ours[name] == pytest.approx(float(value), nan_ok=True)
