"""The slice that each row falls in, by column; Arrow and NumPy alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from components.metrics.binary_metrics import Integers

SliceValue = str | int | float


@dataclasses.dataclass(frozen=True)
class SliceColumn:
    """The slices of rows by one column, or fairness attribute.

    Attributes:
        codes: Index into the values by row, -1 for a row without a value, [rows].
    """

    values: Sequence[SliceValue]
    codes: Integers

    def select(self, rows: Integers) -> SliceColumn:
        """Keep the rows of these numbers, in their order."""
        return SliceColumn(self.values, self.codes[rows])

    def find_rows(self, text: str) -> Integers:
        """List the rows whose value, as text, is this one, ascending; [found rows]."""
        codes = [code for code, value in enumerate(self.values) if str(value) == text]
        return np.flatnonzero(np.isin(self.codes, codes))

    def list_texts(self) -> pa.Array:
        """List the rows' values as texts, null for a row without a value; [rows]."""
        texts = np.array([*map(str, self.values), None], np.object_)
        return pa.array(texts[self.codes], pa.string())


def join_slices(parts: Sequence[SliceColumn]) -> SliceColumn:
    """Join the rows of parts, each of which numbers the same column's values in its own way."""
    codes_by_value: dict[SliceValue, int] = {}
    codes = []
    for part in parts:
        found = [codes_by_value.setdefault(value, len(codes_by_value)) for value in part.values]
        # The code -1, of a row without a value, picks the last.
        codes.append(np.array([*found, -1], np.int64)[part.codes])
    return SliceColumn(list(codes_by_value), np.concatenate(codes))


def find_slices(name: str, column: pa.Array) -> SliceColumn:
    """Find each row's slice, as TFMA does: the value itself, text for bytes; none where missing.

    Raises:
        ValueError: If bytes are not UTF-8.
    """
    encoded = column.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    return SliceColumn([_to_key(name, value) for value in encoded.dictionary.to_pylist()], codes)


def _to_key(name: str, value: bytes | SliceValue) -> SliceValue:
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"column {name!r}: {value!r} is not UTF-8, so it can't name a slice; mend the data or "
            "take the column out of slice_columns"
        ) from error
