"""A tiny task of four columns and six rows, transformed for real, for the tests of components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import schema_utils

from components.transform.analysis import Accumulator
from components.transform.preprocessing import transform_batch, write_vocabularies
from components.transform.transform_graph import write_graph, write_raw_metadata
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
ARROW_TYPES = {DType.FLOAT: pa.float32(), DType.INT: pa.int64(), DType.BYTES: pa.binary()}

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


ANALYZED: list[Row] = [
    create_row(price=1.0),
    create_row(price=2.0),
    create_row(price=3.0, city=b"Oslo"),
    create_row(price=4.0, city=b"Oslo"),
    create_row(price=5.25, city=b"Oslo", hour=23),
    {"hour": 0, "tip": 0.0, "city": b"Bonn"},
]


def write_transform_output(directory: Path) -> tft.TFTransformOutput:
    """Analyze the six rows."""
    accumulator = Accumulator(TABLE)
    accumulator.add_batch(create_batch(ANALYZED))
    parameters = write_vocabularies(accumulator.extract(), directory / "vocabularies")
    schema = create_schema(TABLE)

    @tf.autograph.experimental.do_not_convert
    def preprocessing_fn(inputs: Mapping[str, tf.SparseTensor]) -> dict[str, tf.Tensor]:
        return transform_batch(inputs, TABLE, parameters)

    write_graph(preprocessing_fn, schema, directory / "output")
    write_raw_metadata(schema, directory / "output")
    return tft.TFTransformOutput(str(directory / "output"))


def create_schema(table: FeatureTable) -> schema_pb2.Schema:
    """Create a schema of the table's columns, each with at most one value per row."""
    return schema_utils.schema_from_feature_spec(
        {
            feature.name: tf.io.VarLenFeature(TENSOR_TYPES[feature.dtype])
            for feature in table.features
        }
    )


def create_batch(rows: Sequence[Row], table: FeatureTable = TABLE) -> pa.RecordBatch:
    """Put rows into flat columns, with a null for what a row does not have."""
    return pa.RecordBatch.from_arrays(
        [
            pa.array([row.get(feature.name) for row in rows], ARROW_TYPES[feature.dtype])
            for feature in table.features
        ],
        names=list(table.names),
    )


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
