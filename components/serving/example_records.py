"""Serialized examples of chosen rows, in a file that every serving replay maps into memory.

The rows are encoded once, here, while the processes still import TensorFlow. Arrow and NumPy alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from components.examples.example_encoding import encode_examples
from components.examples.parquet_examples import flatten, list_row_groups, read_row_group

_RECORD = "example"
_SCHEMA = pa.schema([pa.field(_RECORD, pa.binary())])


def read_rows(paths: Sequence[str], rows: npt.NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
    """Read chosen rows of a split, by ascending numbers, as flat columns, one row group at a time.

    Raises:
        ValueError: If the split has no such row.
    """
    groups = list_row_groups(paths)
    total = sum(group.rows for group in groups)
    if rows.size and rows[-1] >= total:
        raise ValueError(
            f"row {rows[-1]} of a split of {total} rows; the evaluation is of other examples"
        )
    for group in groups:
        first, end = np.searchsorted(rows, [group.first_row, group.first_row + group.rows])
        if first == end:
            continue
        batch = read_row_group(group)
        if end - first < group.rows:
            batch = batch.take(pa.array(rows[first:end] - group.first_row))
        yield flatten(batch)


def write_records(paths: Sequence[str], rows: npt.NDArray[np.int64], records_file: Path) -> None:
    """Encode chosen rows, as of ``read_rows``, as ``tf.Example`` records in a file, in order."""
    with pa.OSFile(str(records_file), "wb") as sink, pa.ipc.new_file(sink, _SCHEMA) as writer:
        for batch in read_rows(paths, rows):
            records = pa.array(encode_examples(batch), pa.binary())
            writer.write_batch(pa.RecordBatch.from_arrays([records], schema=_SCHEMA))


def open_records(records_file: Path) -> pa.ChunkedArray:
    """Map what ``write_records`` wrote into memory, [rows]; pages not looked at take none."""
    with pa.memory_map(str(records_file)) as source:
        return pa.ipc.open_file(source).read_all().column(_RECORD)
