"""The encoder writes the bytes that TensorFlow writes."""

from __future__ import annotations

import pyarrow as pa
import pytest
import tensorflow as tf

from components.examples.example_encoding import encode_examples, encode_varint

FLOATS = [0.0, -0.0, 1.5, -3.25e-40, 3.4e38, None]
INTEGERS = [0, 1, 127, 128, -1, None]
TEXTS = [b"", b"a", b"\xc3\xa9" * 70, b"a\0b", b"x" * 20_000, None]


def encode_with_tensorflow(row: dict[str, object]) -> bytes:
    """Encode a row as TensorFlow does."""
    features = {
        "b_float": tf.train.Feature(float_list=tf.train.FloatList(value=listed(row["b_float"]))),
        "ünt": tf.train.Feature(int64_list=tf.train.Int64List(value=listed(row["ünt"]))),
        "a_text": tf.train.Feature(bytes_list=tf.train.BytesList(value=listed(row["a_text"]))),
    }
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return bytes(example.SerializeToString(deterministic=True))


def listed(value: object) -> list[object]:
    """Put a value in a list, and nothing for a missing one."""
    return [] if value is None else [value]


def test_bytes_equal_those_of_tensorflow() -> None:
    """Each kind, each edge value and each missing value gives TensorFlow's deterministic bytes."""
    batch = pa.record_batch(
        [
            pa.array(INTEGERS, pa.int64()),
            pa.array(FLOATS, pa.float32()),
            pa.array(TEXTS, pa.binary()),
        ],
        names=["ünt", "b_float", "a_text"],
    )

    assert list(encode_examples(batch)) == [
        encode_with_tensorflow(row) for row in batch.to_pylist()
    ]


def test_a_batch_without_rows_gives_no_records() -> None:
    """Nothing in, nothing out."""
    batch = pa.record_batch([pa.array([], pa.int64())], names=["x"])

    assert list(encode_examples(batch)) == []


def test_other_types_are_refused() -> None:
    """A column of a type that no CSV column has is an error of the caller."""
    with pytest.raises(TypeError, match="double"):
        encode_examples(pa.record_batch([pa.array([1.0])], names=["x"]))


@pytest.mark.parametrize(
    ("number", "encoded"),
    [
        (0, b"\x00"),
        (150, b"\x96\x01"),
        (2**63 - 1, b"\xff" * 8 + b"\x7f"),
        (-1, b"\xff" * 9 + b"\x01"),
    ],
)
def test_varints_follow_the_wire_format(number: int, encoded: bytes) -> None:
    """Seven bits a byte, lowest first; a negative number takes ten bytes."""
    assert encode_varint(number) == encoded
