"""The slice that each row falls in, by column, named by the value's text; Arrow and NumPy alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from components.metrics.slice_columns import find_slices


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


def code_values(name: str, column: pa.Array) -> SliceColumn:
    """Number a column's distinct values, as texts as TFMA writes them.

    Args:
        column: A flat column of numbers or bytes, null for a row without a value.

    Raises:
        ValueError: If bytes are not UTF-8.
    """
    found = find_slices(name, column)
    return SliceColumn(np.array([str(value) for value in found.values], np.str_), found.codes)
