"""Slices of rows, against a look at every row."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from components.serving.slice_columns import code_values


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
    slices = code_values("column", column)

    assert slices.values.tolist() == texts
    assert slices.find_rows(texts[0]).tolist() == [0, 3]
    assert slices.find_rows(texts[1]).tolist() == [2]
    assert slices.find_rows("Bonn").size == 0
    assert slices.codes[1] == -1


def test_bytes_must_be_text() -> None:
    """What is no UTF-8 names no slice here as it names none in the Evaluator."""
    with pytest.raises(ValueError, match=r"column 'city': b'\\xff' is not UTF-8"):
        code_values("city", pa.array([b"\xff"], pa.binary()))


def test_a_column_without_values_has_no_slices() -> None:
    """Where every row lacks a value, no text is found."""
    slices = code_values("column", pa.array([None, None], pa.int64()))

    assert slices.values.size == 0
    assert slices.codes.tolist() == [-1, -1]
