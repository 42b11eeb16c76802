"""Encode Arrow record batches as serialized ``tf.Example`` records, column by column.

The bytes are those of ``Example.SerializeToString(deterministic=True)``: features sorted by name,
a missing value as an empty list of its kind. Each distinct value of a column is encoded once; the
rest is Arrow taking and joining bytes.

Wire format: https://protobuf.dev/programming-guides/encoding; messages:
tensorflow/core/example/{example,feature}.proto.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_EXAMPLE_FEATURES = b"\x0a"
_FEATURES_ENTRY = b"\x0a"
_ENTRY_KEY = b"\x0a"
_ENTRY_VALUE = b"\x12"
_LIST_VALUE = b"\x0a"
_BYTES_LIST, _FLOAT_LIST, _INT64_LIST = b"\x0a", b"\x12", b"\x1a"


def encode_examples(batch: pa.RecordBatch) -> npt.NDArray[np.object_]:
    """Encode rows of ``float32``, ``int64`` or (large) ``binary``, nulls for missing; [rows].

    Raises:
        TypeError: If a column is of another type.
    """
    columns = sorted(
        zip(batch.schema.names, batch.columns, strict=True), key=lambda column: column[0].encode()
    )
    entries = [_encode_column(name, column) for name, column in columns]
    features = pc.binary_join_element_wise(*entries, b"")
    examples = pc.binary_join_element_wise(_encode_lengths(features), features, b"")
    return np.asarray(examples.to_numpy(zero_copy_only=False))


def encode_varint(number: int) -> bytes:
    """Encode an integer as a base-128 varint; a negative one as its 64-bit two's complement."""
    rest = number & 0xFFFFFFFFFFFFFFFF
    encoded = bytearray()
    while rest > 0x7F:
        encoded.append(rest & 0x7F | 0x80)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded)


def _encode_column(name: str, column: pa.Array) -> pa.BinaryArray:
    """Encode a column as entries of ``Features.feature``, one per row."""
    tag, values, encode_value = _plan_encoding(column)

    @functools.cache
    def encode_head(value_bytes: int) -> bytes:
        """Encode what precedes a value, the same for all values of the same length."""
        entry = _encode_entry(name, tag + _delimit(_LIST_VALUE + _delimit(bytes(value_bytes))))
        return entry[: len(entry) - value_bytes]

    dictionary = values.dictionary_encode()
    encoded = map(encode_value, dictionary.dictionary.to_pylist())
    entries = [encode_head(len(value)) + value for value in encoded]
    indices = dictionary.indices.fill_null(len(entries))
    entries.append(_encode_entry(name, tag + _delimit(b"")))
    return pa.array(entries, pa.binary()).take(indices)


def _plan_encoding(column: pa.Array) -> tuple[bytes, pa.Array, Callable[..., bytes]]:
    """Give the tag of a column's kind, its values, and how to encode one of them.

    Floats are taken by their bits, so that -0.0 and 0.0 stay two values.
    """
    if column.type == pa.float32():
        return _FLOAT_LIST, column.view(pa.int32()), struct.Struct("<i").pack
    if column.type == pa.int64():
        return _INT64_LIST, column, encode_varint
    if column.type in (pa.binary(), pa.large_binary()):
        return _BYTES_LIST, column, bytes
    raise TypeError(f"cannot encode a column of {column.type}; give float32, int64 or binary")


def _encode_entry(name: str, feature: bytes) -> bytes:
    key = _ENTRY_KEY + _delimit(name.encode())
    return _FEATURES_ENTRY + _delimit(key + _ENTRY_VALUE + _delimit(feature))


def _encode_lengths(features: pa.BinaryArray) -> pa.BinaryArray:
    """Encode what precedes each ``Features`` message in its ``Example``."""
    lengths = pc.binary_length(features).dictionary_encode()
    prefixes = [_EXAMPLE_FEATURES + encode_varint(n) for n in lengths.dictionary.to_pylist()]
    return pa.array(prefixes, pa.binary()).take(lengths.indices)


def _delimit(payload: bytes) -> bytes:
    return encode_varint(len(payload)) + payload
