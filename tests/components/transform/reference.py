"""The feature table's transformations by TFT's own analyzers: what ours must come to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata

from components.transform.transformed_features import OUT_OF_VOCABULARY_BUCKETS
from schemas.feature_table import MISSING_CATEGORY, FeatureTable, Numeric, Vocabulary
from tests.tiny_task import create_schema


def transform_by_tft(
    batch: pa.RecordBatch, table: FeatureTable, directory: Path
) -> tft.TFTransformOutput:
    """Analyze rows with TFT."""

    @tf.autograph.experimental.do_not_convert
    def preprocessing_fn(inputs: Mapping[str, tf.SparseTensor]) -> dict[str, tf.Tensor]:
        return _transform(inputs, table)

    rows = [
        {name: [] if value is None else [value] for name, value in row.items()}
        for row in batch.to_pylist()
    ]
    metadata = dataset_metadata.DatasetMetadata(create_schema(table))
    with tft_beam.Context(temp_dir=str(directory / "scratch"), desired_batch_size=len(rows)):
        function = (rows, metadata) | tft_beam.AnalyzeDataset(preprocessing_fn)
        function | tft_beam.WriteTransformFn(str(directory))
    return tft.TFTransformOutput(str(directory))


def _transform(inputs: Mapping[str, tf.SparseTensor], table: FeatureTable) -> dict[str, tf.Tensor]:
    outputs = {}
    for feature in table.inputs:
        column = inputs[feature.name]
        for transformation in feature.transformations:
            if isinstance(transformation, Numeric):
                outputs.update(_scale_and_bucket(feature.name, column, transformation))
            elif isinstance(transformation, Vocabulary):
                outputs[f"{feature.name}_index"] = _look_up(feature.name, column, transformation)
    return outputs


def _scale_and_bucket(
    name: str, column: tf.SparseTensor, transformation: Numeric
) -> dict[str, tf.Tensor]:
    values = column.with_values(tf.cast(column.values, tf.float32))
    scaled = values
    if transformation.log:
        scaled = values.with_values(tf.math.log1p(tf.maximum(values.values, 0.0)))
    outputs = {f"{name}_scaled": _densify(tft.scale_to_z_score(scaled), 0.0)}
    if transformation.buckets:
        buckets = tft.bucketize(values, transformation.buckets)
        missing = tf.constant(transformation.buckets, tf.int64)
        outputs[f"{name}_bucket"] = _densify(buckets, missing)
    return outputs


def _look_up(name: str, column: tf.SparseTensor, transformation: Vocabulary) -> tf.Tensor:
    text = column.values if column.dtype == tf.string else tf.strings.as_string(column.values)
    return tft.compute_and_apply_vocabulary(
        _densify(column.with_values(text), MISSING_CATEGORY),
        top_k=transformation.max_size,
        frequency_threshold=transformation.min_count,
        num_oov_buckets=OUT_OF_VOCABULARY_BUCKETS,
        vocab_filename=name,
    )


def _densify(column: tf.SparseTensor, missing: float | str | tf.Tensor) -> tf.Tensor:
    shape = tf.stack([column.dense_shape[0], 1])
    one_a_row = tf.SparseTensor(column.indices, column.values, shape)
    return tf.squeeze(tf.sparse.to_dense(one_a_row, default_value=missing), axis=1)
