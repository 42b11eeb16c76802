"""Tiny models of the tiny task, measured by the Evaluator."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import tensorflow as tf
import tensorflow_model_analysis as tfma
import tf_keras
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples, Model, ModelEvaluation
from tfx.utils import json_utils, proto_utils

from components.evaluator.eval_config import create_eval_config
from components.evaluator.executor import Executor
from components.evaluator.settings import EvaluatorSettings
from components.examples.parquet_examples import SUFFIX, ParquetWriter
from components.trainer.fairness_groups import assign_groups
from pipelines.compiler.worker_sources import add_worker_sources
from schemas.feature_table import DType, FairnessAttribute, Group
from tests.tiny_task import TABLE, Row, create_row

_ARROW_TYPES = {DType.FLOAT: pa.float32(), DType.INT: pa.int64(), DType.BYTES: pa.binary()}

COAST = FairnessAttribute("coast", "city", (Group("north", values=("Oslo",)),), others="south")
SLICED_TABLE = dataclasses.replace(
    TABLE, slice_columns=("city", "hour"), fairness_attributes=(COAST,)
)

MEASURED = [
    create_row(
        price=float(1 + 7 * index % 20),
        city=b"Oslo" if index % 4 else b"Rome",
        hour=index % 3,
        tip=9.0 if index % 4 and index % 5 < 2 else 0.0,
    )
    for index in range(60)
]
"""Sixty rows; fifteen are Rome's, and none of those is generous."""


def get_label(row_index: int) -> int:
    """Give a measured row's label."""
    return int(float(MEASURED[row_index]["tip"]) > 0)


def get_probability(row_index: int, weight: float) -> float:
    """Give a tiny model's answer for a measured row."""
    return 1 / (1 + math.exp(-(weight * float(MEASURED[row_index]["price"]) - 1)))


def export_model(directory: Path, weight: float) -> Model:
    """Export the least model that meets the contract of ``create_eval_config``.

    Args:
        weight: Of the price; the model is ``sigmoid(weight * price - 1)``.

    Returns:
        An artifact as the Trainer gives it.
    """
    price = tf_keras.Input((1,), name="price")
    layer = tf_keras.layers.Dense(
        1,
        activation="sigmoid",
        kernel_initializer=tf_keras.initializers.Constant(weight),
        bias_initializer=tf_keras.initializers.Constant(-1.0),
    )
    model = tf_keras.Model(price, layer(price))
    examples = tf.TensorSpec([None], tf.string, name="examples")
    amount = tf.io.FixedLenFeature([], tf.float32)

    @tf.function(input_signature=[examples], autograph=False)
    def serve(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        columns = tf.io.parse_example(examples, {"price": amount})
        return {"probability": model(columns["price"][:, tf.newaxis])}

    @tf.function(input_signature=[examples], autograph=False)
    def transform(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        city = tf.io.VarLenFeature(tf.string)
        columns = tf.io.parse_example(examples, {"tip": amount, "price": amount, "city": city})
        return {
            "generous": tf.cast(columns["tip"] > 0, tf.int64),
            "price_scaled": columns["price"] / 20,
            "coast": assign_groups(columns["city"], COAST),
        }

    model.save(
        str(directory / "Format-Serving"),
        save_format="tf",
        signatures={"serving_default": serve, "transform_features": transform},
    )
    artifact = Model()
    artifact.uri = str(directory)
    return artifact


def export_plain_model(directory: Path, price_type: tf.DType = tf.float32, **renamed: str) -> Model:
    """Export a model without Keras that may not fit the measured rows.

    Args:
        price_type: Type of the price that it asks for; the rows have float32.
        renamed: Names of its own for ``probability``, ``generous`` or ``transform_features``.

    Returns:
        An artifact as the Trainer gives it.
    """
    examples = tf.TensorSpec([None], tf.string, name="examples")

    @tf.function(input_signature=[examples], autograph=False)
    def serve(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = {"price": tf.io.FixedLenFeature([], price_type)}
        price = tf.io.parse_example(examples, spec)["price"]
        return {renamed.get("probability", "probability"): tf.cast(price, tf.float32) / 100}

    @tf.function(input_signature=[examples], autograph=False)
    def transform(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        label = tf.zeros([tf.size(examples)], tf.int64)
        return {renamed.get("generous", "generous"): label}

    signatures = {
        "serving_default": serve,
        renamed.get("transform_features", "transform_features"): transform,
    }
    tf.saved_model.save(tf.Module(), str(directory / "Format-Serving"), signatures=signatures)
    artifact = Model()
    artifact.uri = str(directory)
    return artifact


def evaluate(
    directory: Path, candidate: Model, baseline: Model | None, settings: EvaluatorSettings
) -> ModelEvaluation:
    """Run the Evaluator on the measured rows."""
    return run_executor(
        Executor,
        directory,
        write_examples(directory / "examples"),
        candidate,
        baseline,
        create_eval_config(SLICED_TABLE, settings),
    )


def run_executor(
    executor: type[BaseBeamExecutor],
    directory: Path,
    examples: Examples,
    candidate: Model,
    baseline: Model | None,
    config: tfma.EvalConfig,
) -> ModelEvaluation:
    """Run an Evaluator's executor on the split ``test``.

    Args:
        executor: Ours, or TFX's own.
    """
    evaluation = ModelEvaluation()
    evaluation.uri = str(directory / "evaluation")
    inputs = {"examples": [examples], "model": [candidate]}
    if baseline:
        inputs["baseline_model"] = [baseline]
    context = BaseBeamExecutor.Context(
        # Without a set-up file, TFX builds a package of itself each time.
        beam_pipeline_args=add_worker_sources(["--runner=FnApiRunner"]),
        tmp_dir=str(directory / "temp"),
        unique_id="1",
    )
    executor(context).Do(
        inputs,
        {"evaluation": [evaluation]},
        {
            "eval_config": proto_utils.proto_to_json(config),
            "example_splits": json_utils.dumps(["test"]),
        },
    )
    return evaluation


def write_examples(directory: Path) -> Examples:
    """Write the measured rows as the splits ``train`` and ``test``.

    Returns:
        An artifact as CsvExampleGen gives it.
    """
    examples = Examples()
    examples.uri = str(directory)
    splits = ["train", "test"]
    examples.split_names = artifact_utils.encode_split_names(splits)
    for name in splits:
        split = directory / f"Split-{name}"
        split.mkdir(parents=True)
        write_rows(split / f"data{SUFFIX}", MEASURED)
    return examples


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write rows of the tiny task as one file of examples."""
    columns = {
        feature.name: pa.array([row.get(feature.name) for row in rows], _ARROW_TYPES[feature.dtype])
        for feature in TABLE.features
    }
    writer = ParquetWriter(str(path), pa.schema([(n, c.type) for n, c in columns.items()]))
    writer.write(pa.RecordBatch.from_pydict(columns))
    writer.close()
