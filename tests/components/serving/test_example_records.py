"""Serialized examples of chosen rows, against TensorFlow's own messages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from components.examples import parquet_examples
from components.examples.parquet_examples import ParquetWriter
from components.serving.example_records import (
    open_records,
    read_rows,
    write_records,
)

SCHEMA = pa.schema([("number", pa.int64()), ("city", pa.binary())])
FILES = ((0, 25), (25, 26), (26, 60))
"""First row and end of each file; rows are numbered through."""


def get_city(row: int) -> bytes | None:
    """Give a row's city; every fourth has none."""
    return None if row % 4 == 0 else b"Oslo" if row % 4 == 1 else b"Rome"


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Sixty rows in three files of row groups of ten."""
    monkeypatch.setattr(parquet_examples, "ROW_GROUP_ROWS", 10)
    paths = []
    for number, (first, end) in enumerate(FILES):
        paths.append(str(tmp_path / f"{number}.parquet"))
        writer = ParquetWriter(paths[-1], SCHEMA)
        numbers = list(range(first, end))
        writer.write(
            pa.record_batch(
                [
                    pa.array(numbers, pa.int64()),
                    pa.array([get_city(row) for row in numbers], pa.binary()),
                ],
                schema=SCHEMA,
            )
        )
        writer.close()
    return paths


@pytest.mark.parametrize("rows", [range(60), range(0, 60, 7), [24, 25, 26], [59], [3], []], ids=str)
def test_chosen_rows_are_read_in_order(paths: list[str], rows: range | list[int]) -> None:
    """Rows are found through files and row groups; groups without one are passed over."""
    batches = list(read_rows(paths, np.array(rows, np.int64)))

    found = [number for batch in batches for number in batch.column("number").to_pylist()]
    assert found == list(rows)
    assert all(0 < batch.num_rows <= 10 for batch in batches)


def test_records_are_tensorflows_examples(paths: list[str], tmp_path: Path) -> None:
    """Each record parses to its row."""
    rows = np.arange(0, 60, 3)

    write_records(paths, rows, tmp_path / "records.arrow")

    records = open_records(tmp_path / "records.arrow")
    for row, record in zip(rows, records.to_pylist(), strict=True):
        features = tf.train.Example.FromString(record).features.feature
        city = get_city(row)
        assert list(features["number"].int64_list.value) == [row]
        assert list(features["city"].bytes_list.value) == ([] if city is None else [city])


def test_a_row_that_is_not_there_is_an_error(paths: list[str]) -> None:
    """Rows of other examples are told, with how many there are."""
    with pytest.raises(ValueError, match="row 60 of a split of 60 rows"):
        list(read_rows(paths, np.array([0, 60])))
