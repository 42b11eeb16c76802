"""The TensorFlow Transform graph of a feature table: one code path for training and serving."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import tensorflow as tf
import tensorflow_transform as tft

from components.transform.transformed_features import (
    MISSING_CATEGORY,
    OUT_OF_VOCABULARY_BUCKETS,
)
from schemas.feature_table import (
    ColumnLabel,
    FeatureTable,
    IntegerRange,
    Label,
    Numeric,
    ShareLabel,
    Steps,
    Vocabulary,
    load_feature_table,
)

Column: TypeAlias = tf.Tensor | tf.SparseTensor
"""A raw column: dense with shape [batch] or [batch, 1], or sparse with at most one value a row."""


# AutoGraph would rewrite TFT's source, which takes seconds and changes nothing.
@tf.autograph.experimental.do_not_convert
def preprocessing_fn(
    inputs: Mapping[str, Column], custom_config: Mapping[str, str]
) -> dict[str, tf.Tensor]:
    """Transform a batch: the hook that TFX's Transform imports.

    Args:
        inputs: Raw columns by name.
        custom_config: ``task`` names the feature table.

    Returns:
        Transformed features and the label by name, dense, shape [batch].
    """
    return transform_batch(inputs, load_feature_table(custom_config["task"]))


def transform_batch(inputs: Mapping[str, Column], table: FeatureTable) -> dict[str, tf.Tensor]:
    """Apply the table's transformations.

    Args:
        inputs: Raw columns by name; columns that the table does not list are left alone.
        table: The task's feature table.

    Returns:
        What ``list_transformed_features`` lists, and the label, dense, shape [batch].
    """
    outputs: dict[str, tf.Tensor] = {}
    for feature in table.inputs:
        column = _as_sparse(inputs[feature.name])
        for transformation in feature.transformations:
            if isinstance(transformation, Numeric):
                outputs.update(_scale_and_bucket(feature.name, column, transformation))
            elif isinstance(transformation, Vocabulary):
                name = f"{feature.name}_index"
                outputs[name] = _look_up(column, transformation, feature.name)
            elif isinstance(transformation, IntegerRange):
                outputs[f"{feature.name}_index"] = index_range(column, transformation)
            elif isinstance(transformation, Steps):
                step, fraction = cut_into_steps(column, transformation)
                outputs[f"{feature.name}_step"] = step
                outputs[f"{feature.name}_step_fraction"] = fraction
            else:
                raise TypeError(f"{feature.name!r}: unknown transformation {transformation!r}")
    outputs[table.label.name] = compute_label(inputs, table.label)
    return outputs


def index_range(column: Column, transformation: IntegerRange) -> tf.Tensor:
    """Turn an integer of known range into an index.

    Args:
        column: Integers.
        transformation: The range.

    Returns:
        int64, shape [batch]: ``value - low``; the last index for missing and outside values.
    """
    low, high = transformation.low, transformation.high
    values = _densify(_as_sparse(column), low - 1)
    inside = (values >= low) & (values <= high)
    return tf.where(inside, values - low, transformation.index_count - 1)


def cut_into_steps(column: Column, transformation: Steps) -> tuple[tf.Tensor, tf.Tensor]:
    """Turn an amount into the step that it is on, and how far into it.

    Args:
        column: Amounts as floats.
        transformation: Unit, height of a step, and last step.

    Returns:
        Step, int64, shape [batch]: 0 for negative amounts, the last index for missing ones; and
        fraction of the step's height, float32 from 0 to below 1, shape [batch]: 0 for missing ones.
    """
    sparse = _as_sparse(column)
    units = _in_units(sparse.values, transformation.unit)
    steps = tf.clip_by_value(units // transformation.units_a_step, 0, transformation.last_step)
    rest = tf.math.floormod(units, transformation.units_a_step)
    fractions = tf.cast(rest / transformation.units_a_step, tf.float32)
    return (
        _densify(sparse.with_values(steps), transformation.index_count - 1),
        _densify(sparse.with_values(fractions), 0.0),
    )


def compute_label(inputs: Mapping[str, Column], label: Label) -> tf.Tensor:
    """Compute the label.

    Args:
        inputs: Raw columns by name, the label's among them.
        label: How it is made.

    Returns:
        int64 of 0 and 1, shape [batch].
    """
    if isinstance(label, ColumnLabel):
        return tf.cast(_densify(_as_sparse(inputs[label.column]), 0), tf.int64)
    if isinstance(label, ShareLabel):
        part = _in_units(_densify(_as_sparse(inputs[label.part]), 0.0), label.unit)
        whole = _in_units(_densify(_as_sparse(inputs[label.whole]), 0.0), label.unit)
        return tf.cast(part * 100 > whole * label.share_percent, tf.int64)
    raise TypeError(f"unknown label {label!r}")


def _scale_and_bucket(
    name: str, column: tf.SparseTensor, transformation: Numeric
) -> dict[str, tf.Tensor]:
    values = column.with_values(tf.cast(column.values, tf.float32))
    scaled = values
    if transformation.log:
        scaled = values.with_values(tf.math.log1p(tf.maximum(values.values, 0.0)))
    outputs = {f"{name}_scaled": _densify(tft.scale_to_z_score(scaled), 0.0)}
    if transformation.buckets:
        # Of the values as they are: a logarithm may differ in its last bit with a row's place in
        # the batch, and a value on a boundary would then change its bucket.
        buckets = tft.bucketize(values, transformation.buckets)
        outputs[f"{name}_bucket"] = _densify(buckets, transformation.buckets)
    return outputs


def _look_up(column: tf.SparseTensor, transformation: Vocabulary, name: str) -> tf.Tensor:
    text = column.values if column.dtype == tf.string else tf.strings.as_string(column.values)
    categories = _densify(column.with_values(text), MISSING_CATEGORY)
    return tft.compute_and_apply_vocabulary(
        categories,
        top_k=transformation.max_size,
        frequency_threshold=transformation.min_count,
        num_oov_buckets=OUT_OF_VOCABULARY_BUCKETS,
        vocab_filename=name,
    )


def _in_units(amounts: tf.Tensor, unit: float) -> tf.Tensor:
    """Round amounts to whole units (int64); the exact way to compare cents stored as floats."""
    return tf.cast(tf.round(tf.cast(amounts, tf.float64) / unit), tf.int64)


def _as_sparse(column: Column) -> tf.SparseTensor:
    if isinstance(column, tf.SparseTensor):
        return column
    values = tf.reshape(column, [-1])
    rows = tf.shape(values, out_type=tf.int64)[0]
    # Every row has a value: tf.sparse.from_dense would take a zero for a missing one.
    indices = tf.stack([tf.range(rows), tf.zeros([rows], tf.int64)], axis=1)
    return tf.SparseTensor(indices, values, tf.stack([rows, 1]))


def _densify(column: tf.SparseTensor, missing: float | int | str) -> tf.Tensor:
    """Fill missing rows of a sparse column; gives shape [batch]."""
    one_a_row = tf.SparseTensor(column.indices, column.values, tf.stack([column.dense_shape[0], 1]))
    default = tf.cast(missing, column.dtype) if column.dtype != tf.string else missing
    return tf.squeeze(tf.sparse.to_dense(one_a_row, default_value=default), axis=1)
