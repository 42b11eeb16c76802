"""Tiny models of the tiny task, measured by TFX's own Evaluator."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import tensorflow as tf
import tf_keras
from tfx.components.evaluator.executor import Executor
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples, Model, ModelEvaluation
from tfx.utils import json_utils, proto_utils

from components.evaluator.eval_config import create_eval_config
from components.evaluator.settings import EvaluatorSettings
from tests.tiny_task import TABLE, create_row, serialize

SLICED_TABLE = dataclasses.replace(TABLE, slice_columns=("city", "hour"))

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
        directory: Folder of the artifact.
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
        columns = tf.io.parse_example(examples, {"tip": amount})
        return {"generous": tf.cast(columns["tip"] > 0, tf.int64)}

    model.save(
        str(directory / "Format-Serving"),
        save_format="tf",
        signatures={"serving_default": serve, "transform_features": transform},
    )
    artifact = Model()
    artifact.uri = str(directory)
    return artifact


def evaluate(
    directory: Path, candidate: Model, baseline: Model | None, settings: EvaluatorSettings
) -> ModelEvaluation:
    """Run TFX's Evaluator on the measured rows.

    Args:
        directory: Folder to write to.
        candidate: The model to measure.
        baseline: The model to measure beside it, if any.
        settings: How to measure.

    Returns:
        What the Evaluator wrote.
    """
    evaluation = ModelEvaluation()
    evaluation.uri = str(directory / "evaluation")
    inputs = {"examples": [_write_examples(directory / "examples")], "model": [candidate]}
    if baseline:
        inputs["baseline_model"] = [baseline]
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=["--runner=FnApiRunner"], tmp_dir=str(directory / "temp"), unique_id="1"
    )
    Executor(context).Do(
        inputs,
        {"evaluation": [evaluation]},
        {
            "eval_config": proto_utils.proto_to_json(create_eval_config(SLICED_TABLE, settings)),
            "example_splits": json_utils.dumps([settings.split]),
        },
    )
    return evaluation


def _write_examples(directory: Path) -> Examples:
    examples = Examples()
    examples.uri = str(directory)
    examples.split_names = artifact_utils.encode_split_names(["test"])
    split = directory / "Split-test"
    split.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(split / "data_tfrecord.gz"), "GZIP") as writer:
        for row in MEASURED:
            writer.write(serialize(row))
    return examples
