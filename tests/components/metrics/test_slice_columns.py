"""Slices by a column's values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from components.metrics.slice_columns import find_slices, join_slices


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


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pa.array([b"Oslo", None, b"Rome", b"Oslo"], pa.large_binary()), ["Oslo", "Rome"]),
        (pa.array([12, None, -1, 12], pa.int64()), ["12", "-1"]),
        (pa.array([0.5, None, 2.0, 0.5], pa.float32()), ["0.5", "2.0"]),
    ],
    ids=["bytes", "int", "float"],
)
def test_rows_are_found_by_the_value_as_text(column: Any, texts: list[str]) -> None:
    """A value's rows are found in order; a row without a value is in no slice."""
    slices = find_slices("column", column)

    assert [str(value) for value in slices.values] == texts
    assert slices.find_rows(texts[0]).tolist() == [0, 3]
    assert slices.find_rows(texts[1]).tolist() == [2]
    assert slices.find_rows("Bonn").size == 0
    assert slices.codes[1] == -1


def test_a_column_without_values_has_no_slices() -> None:
    """Where every row lacks a value, no text is found."""
    slices = find_slices("column", pa.array([None, None], pa.int64()))

    assert not slices.values
    assert slices.codes.tolist() == [-1, -1]


def test_parts_are_joined_by_their_values() -> None:
    """Rows of parts that number values in their own way keep their values, and their order."""
    cities: list[list[str | None]] = [["Oslo", None], ["Rome", "Oslo"], [None]]
    parts = [find_slices("city", pa.array(part, pa.string())) for part in cities]

    joined = join_slices(parts)

    assert joined.list_texts().to_pylist() == ["Oslo", None, "Rome", "Oslo", None]
    assert joined.select(np.array([3, 1])).list_texts().to_pylist() == ["Oslo", None]
