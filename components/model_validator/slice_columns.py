"""The slice that each row falls in, by column.

This module is Arrow and NumPy alone.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pyarrow as pa


@dataclasses.dataclass(frozen=True)
class SliceColumn:
    """The slice of each row by one column.

    Attributes:
        values: The column's values as text, shape [values].
        codes: Index into them by row, -1 for a row without a value, shape [rows].
    """

    values: npt.NDArray[np.str_]
    codes: npt.NDArray[np.int64]

    def find_rows(self, value: str) -> npt.NDArray[np.int64]:
        """List the rows with a value, in order; shape [found rows]."""
        return np.flatnonzero(np.isin(self.codes, np.flatnonzero(self.values == value)))


def code_values(column: pa.Array) -> SliceColumn:
    """Number a column's distinct values, as texts as TFMA writes them.

    Args:
        column: A flat column of numbers or bytes, null for a row without a value.

    Returns:
        The slice of each row.
    """
    encoded = column.dictionary_encode()
    texts = [
        value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
        for value in encoded.dictionary.to_pylist()
    ]
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return SliceColumn(np.array(texts, dtype=np.str_), codes.astype(np.int64))
