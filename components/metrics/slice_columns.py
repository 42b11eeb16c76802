"""Find the slices of rows in their columns; Arrow alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from components.metrics.sliced_scores import SliceColumn


def find_slices(name: str, column: pa.Array) -> SliceColumn:
    """Find each row's slice, as TFMA does: the value itself, text for bytes; none where missing.

    Args:
        column: Flat, integers, floats, bytes or texts; null for a missing value.

    Returns:
        The distinct values, and which of them each row has.

    Raises:
        ValueError: If bytes are not UTF-8.
    """
    encoded = column.dictionary_encode()
    values = encoded.dictionary.to_pylist()
    codes = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    return SliceColumn([_to_key(name, value) for value in values], codes)


def _to_key(name: str, value: bytes | str | int | float) -> str | int | float:
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"column {name!r}: {value!r} is not UTF-8, so it can't name a slice; mend the data or "
            "take the column out of slice_columns"
        ) from error
