"""A tiny task of four columns and six rows, transformed for real, for the tests of components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from components.transform.preprocessing import transform_batch
from schemas.feature_table import (
    DType,
    Feature,
    FeatureTable,
    IntegerRange,
    Numeric,
    Role,
    ShareLabel,
    Steps,
    Vocabulary,
)

TENSOR_TYPES = {DType.FLOAT: tf.float32, DType.INT: tf.int64, DType.BYTES: tf.string}

TABLE = FeatureTable(
    task="tiny",
    label=ShareLabel("generous", part="tip", whole="price", share_percent=20, unit=0.01),
    features=(
        Feature(
            "price",
            DType.FLOAT,
            "USD",
            "",
            Role.INPUT,
            (Numeric(2, log=True), Steps(0.01, 500, last_step=3)),
        ),
        Feature("city", DType.BYTES, "", "", Role.INPUT, (Vocabulary(max_size=2, min_count=2),)),
        Feature("hour", DType.INT, "h", "", Role.INPUT, (IntegerRange(0, 23),)),
        Feature("tip", DType.FLOAT, "USD", "", Role.LABEL_SOURCE),
    ),
)

Row = Mapping[str, float | int | bytes]


def create_row(**values: float | int | bytes) -> Row:
    """Create a row: 10.00 in Rome at 5 o'clock without a tip, but for what is given."""
    return {"price": 10.0, "city": b"Rome", "hour": 5, "tip": 0.0, **values}


ANALYZED = [
    create_row(price=1.0),
    create_row(price=2.0),
    create_row(price=3.0, city=b"Oslo"),
    create_row(price=4.0, city=b"Oslo"),
    create_row(price=5.25, city=b"Oslo", hour=23),
    {"hour": 0, "tip": 0.0, "city": b"Bonn"},
]


def write_transform_output(directory: Path) -> tft.TFTransformOutput:
    """Analyze the six rows.

    Args:
        directory: Folder to write to.

    Returns:
        What Transform learned.
    """
    metadata = dataset_metadata.DatasetMetadata(
        schema_utils.schema_from_feature_spec(
            {
                feature.name: tf.io.VarLenFeature(TENSOR_TYPES[feature.dtype])
                for feature in TABLE.features
            }
        )
    )
    rows = [{name: [row[name]] if name in row else [] for name in TABLE.names} for row in ANALYZED]
    with tft_beam.Context(temp_dir=str(directory / "temp")):
        _, function = (rows, metadata) | tft_beam.AnalyzeAndTransformDataset(
            lambda inputs: transform_batch(inputs, TABLE)
        )
        function | tft_beam.WriteTransformFn(str(directory / "output"))
    raw_directory = directory / "output" / tft.TFTransformOutput.RAW_METADATA_DIR
    metadata_io.write_metadata(metadata, str(raw_directory))
    return tft.TFTransformOutput(str(directory / "output"))


def create_columns(rows: Sequence[Row]) -> dict[str, tf.SparseTensor]:
    """Put rows into sparse columns; a column that no row has is left out."""
    return {
        feature.name: _to_sparse(
            [row.get(feature.name) for row in rows], TENSOR_TYPES[feature.dtype]
        )
        for feature in TABLE.features
        if any(feature.name in row for row in rows)
    }


def serialize(row: Row) -> bytes:
    """Put a row into a serialized ``tf.Example``; what it does not have is absent."""
    features = {}
    for name, value in row.items():
        if isinstance(value, bytes):
            features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        elif isinstance(value, float):
            features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
        else:
            features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return bytes(example.SerializeToString())


def _to_sparse(values: Sequence[float | int | bytes | None], dtype: tf.DType) -> tf.SparseTensor:
    present = [(row, value) for row, value in enumerate(values) if value is not None]
    return tf.SparseTensor(
        tf.constant([[row, 0] for row, _ in present], tf.int64, shape=[len(present), 2]),
        tf.constant([value for _, value in present], dtype),
        [len(values), 1],
    )
