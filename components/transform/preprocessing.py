"""The TensorFlow Transform graph of a feature table: one code path for training and serving.

The training rows are analyzed before the graph is made (see ``analysis``), so that there is no
analyzer of TFT's in it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.transform.analysis import Analysis, Moments
from components.transform.tft_internals import sanitized_vocab_filename
from components.transform.transformed_features import OUT_OF_VOCABULARY_BUCKETS, list_outputs
from schemas.feature_table import (
    MISSING_CATEGORY,
    ColumnLabel,
    FeatureTable,
    IntegerRange,
    Label,
    Numeric,
    ShareLabel,
    Steps,
    Transformation,
    Vocabulary,
    load_feature_table,
)

Column: TypeAlias = tf.Tensor | tf.SparseTensor
"""A raw column: dense of shape [batch] or [batch, 1], or sparse with at most one value per row."""

PARAMETERS_KEY = "parameters"
"""Where the hook finds ``TransformParameters`` in its ``custom_config``; our executor adds them."""


@dataclasses.dataclass(frozen=True)
class TransformParameters:
    """What the graph is made from, beside the feature table: the training rows' analysis.

    Attributes:
        vocabulary_files: One text file per vocabulary, by column; they become the graph's assets,
            under the same names.
    """

    analysis: Analysis
    vocabulary_files: Mapping[str, str]


# AutoGraph would rewrite TFT's source, which takes seconds and changes nothing.
@tf.autograph.experimental.do_not_convert
def preprocessing_fn(
    inputs: Mapping[str, Column], custom_config: Mapping[str, Any]
) -> dict[str, tf.Tensor]:
    """Transform a batch: the hook that Transform imports. ``task`` names the feature table."""
    table = load_feature_table(custom_config["task"])
    return transform_batch(inputs, table, custom_config[PARAMETERS_KEY])


def write_vocabularies(analysis: Analysis, directory: Path) -> TransformParameters:
    """Write the vocabularies to files, one value per line, which the graph's export copies."""
    directory.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, values in analysis.vocabularies.items():
        # TFT looks for an asset of this name when it is asked for the vocabulary of the column.
        path = directory / sanitized_vocab_filename(filename=name)
        path.write_bytes(b"".join(value + b"\n" for value in values))
        files[name] = str(path)
    return TransformParameters(analysis, files)


def transform_batch(
    inputs: Mapping[str, Column], table: FeatureTable, parameters: TransformParameters
) -> dict[str, tf.Tensor]:
    """Apply the table's transformations to raw columns; others are left alone.

    Returns:
        What ``list_transformed_features`` lists, and the label, dense, shape [batch].
    """
    outputs: dict[str, tf.Tensor] = {}
    for feature in table.inputs:
        column = as_sparse(inputs[feature.name])
        for transformation in feature.transformations:
            names = [output.name for output in list_outputs(feature, transformation)]
            tensors = _apply(feature.name, column, transformation, parameters)
            outputs.update(zip(names, tensors, strict=True))
    outputs[table.label.name] = compute_label(inputs, table.label)
    return outputs


def compute_label(inputs: Mapping[str, Column], label: Label) -> tf.Tensor:
    """Compute the label from raw columns; gives int64 of 0 and 1, shape [batch]."""
    if isinstance(label, ColumnLabel):
        return tf.cast(densify(as_sparse(inputs[label.column]), 0), tf.int64)
    if isinstance(label, ShareLabel):
        part = _in_units(densify(as_sparse(inputs[label.part]), 0.0), label.unit)
        whole = _in_units(densify(as_sparse(inputs[label.whole]), 0.0), label.unit)
        return tf.cast(part * 100 > whole * label.share_percent, tf.int64)
    raise TypeError(f"unknown label {label!r}")


def _apply(
    name: str,
    column: tf.SparseTensor,
    transformation: Transformation,
    parameters: TransformParameters,
) -> tuple[tf.Tensor, ...]:
    if isinstance(transformation, Numeric):
        return _scale_and_bucket(name, column, transformation, parameters.analysis)
    if isinstance(transformation, Vocabulary):
        return (_look_up(column, parameters.vocabulary_files[name]),)
    if isinstance(transformation, IntegerRange):
        return (_index_range(column, transformation),)
    return _cut_into_steps(column, transformation)


def _scale_and_bucket(
    name: str, column: tf.SparseTensor, transformation: Numeric, analysis: Analysis
) -> tuple[tf.Tensor, ...]:
    values = column.with_values(tf.cast(column.values, tf.float32))
    scaled = values.values
    if transformation.log:
        scaled = tf.math.log1p(tf.maximum(scaled, 0.0))
    distances = values.with_values(_standardize(scaled, analysis.moments[name]))
    if not transformation.buckets:
        return (densify(distances, 0.0),)
    # Of the values as they are: a logarithm may differ in its last bit with a row's place in the
    # batch, and a value on a boundary would then change its bucket.
    boundaries = tf.constant([analysis.boundaries[name]], tf.float32)
    buckets = tft.apply_buckets(values, boundaries)
    return densify(distances, 0.0), densify(buckets, transformation.buckets)


def _standardize(values: tf.Tensor, moments: Moments) -> tf.Tensor:
    """Give distances from the mean in deviations, or in units if all values were the same."""
    deviation = np.float32(moments.deviation)
    return (values - np.float32(moments.mean)) / (deviation or np.float32(1))


def _index_range(column: tf.SparseTensor, transformation: IntegerRange) -> tf.Tensor:
    """Turn integers into ``value - low``, or the last index where missing or outside; [batch]."""
    low, high = transformation.low, transformation.high
    values = densify(column, low - 1)
    inside = (values >= low) & (values <= high)
    return tf.where(inside, values - low, transformation.index_count - 1)


def _cut_into_steps(column: tf.SparseTensor, transformation: Steps) -> tuple[tf.Tensor, ...]:
    """Turn amounts, as floats, into the steps that they are on, and how far into them.

    Steps are int64, [batch]: 0 for negative amounts, the last index for missing ones. Fractions of
    a step's height are float32, [batch], from 0 to below 1: 0 for missing ones.
    """
    units = _in_units(column.values, transformation.unit)
    steps = tf.clip_by_value(units // transformation.units_per_step, 0, transformation.last_step)
    rest = tf.math.floormod(units, transformation.units_per_step)
    fractions = tf.cast(rest / transformation.units_per_step, tf.float32)
    return (
        densify(column.with_values(steps), transformation.index_count - 1),
        densify(column.with_values(fractions), 0.0),
    )


def _look_up(column: tf.SparseTensor, vocabulary_file: str) -> tf.Tensor:
    text = column.values if column.dtype == tf.string else tf.strings.as_string(column.values)
    categories = densify(column.with_values(text), MISSING_CATEGORY)
    return tft.apply_vocabulary(
        categories, vocabulary_file, num_oov_buckets=OUT_OF_VOCABULARY_BUCKETS
    )


def _in_units(amounts: tf.Tensor, unit: float) -> tf.Tensor:
    """Round amounts to whole units (int64); the exact way to compare cents stored as floats."""
    return tf.cast(tf.round(tf.cast(amounts, tf.float64) / unit), tf.int64)


def as_sparse(column: Column) -> tf.SparseTensor:
    """Give a column, dense or sparse, as a sparse one, [batch, 1]; a dense one lacks no value."""
    if isinstance(column, tf.SparseTensor):
        return column
    values = tf.reshape(column, [-1])
    rows = tf.shape(values, out_type=tf.int64)[0]
    # Not tf.sparse.from_dense, which would take a zero for a missing value.
    indices = tf.stack([tf.range(rows), tf.zeros([rows], tf.int64)], axis=1)
    return tf.SparseTensor(indices, values, tf.stack([rows, 1]))


def densify(column: tf.SparseTensor, missing: float | int | str) -> tf.Tensor:
    """Fill missing rows of a sparse column; gives shape [batch]."""
    shape = tf.stack([column.dense_shape[0], 1])
    default = tf.cast(missing, column.dtype) if column.dtype != tf.string else missing
    single = tf.SparseTensor(column.indices, column.values, shape)
    return tf.squeeze(tf.sparse.to_dense(single, default_value=default), axis=1)
