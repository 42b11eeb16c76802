"""Slices by a column's values."""

from __future__ import annotations

import pyarrow as pa
import pytest

from components.metrics.slice_columns import find_slices


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (
            pa.array([b"Oslo", None, b"", "R\u00f6ros".encode()], pa.large_binary()),
            ["Oslo", None, "", "R\u00f6ros"],
        ),
        (pa.array([3, None, -1, 3], pa.int64()), [3, None, -1, 3]),
        (pa.array([0.5, None, 1.5, 0.5], pa.float32()), [0.5, None, 1.5, 0.5]),
    ],
    ids=["bytes", "integers", "floats"],
)
def test_a_row_is_in_the_slice_of_its_value(
    column: pa.Array, values: list[str | int | float | None]
) -> None:
    """Bytes become text; a missing value is in no slice, an empty one in its own."""
    found = find_slices("column", column)

    assert [found.values[code] if code >= 0 else None for code in found.codes] == values


def test_bytes_must_be_text() -> None:
    """What is no UTF-8 can't name a slice; the error says which column and value."""
    with pytest.raises(ValueError, match=r"column 'city': b'\\xff' is not UTF-8"):
        find_slices("city", pa.array([b"\xff"], pa.large_binary()))
