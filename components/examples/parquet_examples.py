"""Write and read examples as Parquet, TFX's ``FORMAT_PARQUET``; Arrow alone.

A column holds one list per row, of one value, or of none where the value is missing: the form that
TFX's own ``ParquetTFXIO``, and with it TFDV and TFT, reads and decodes a ``tf.Example`` to. Work on
columns wants flat ones, with a null for a missing value; ``nest`` and ``flatten`` convert.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

FILE_FORMAT = "FILE_FORMAT_PARQUET"
"""The format's name in the custom property ``file_format`` of an ``Examples`` artifact."""

SUFFIX = ".parquet"
ROW_GROUP_ROWS = 1 << 16
"""Rows worked on at a time: enough to make a batch's fixed cost small, a few megabytes in all."""


@dataclasses.dataclass(frozen=True)
class RowGroup:
    """A part of a file, at least one row, that is read at once, as an element of Beam.

    Attributes:
        index: Number of the row group in the file, from 0.
        first_row: Number of its first row in the split, counted through all files in order.
    """

    path: str
    index: int
    first_row: int
    rows: int


class ParquetWriter:
    """Writes flat batches to one file, in row groups of even size."""

    def __init__(self, path: str, schema: pa.Schema) -> None:
        """Open a file in an existing folder, for flat ``int64``, ``float32`` or ``binary``."""
        self._nested = nest_schema(schema)
        self._writer = pq.ParquetWriter(path, self._nested, compression="zstd", compression_level=1)
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows of the schema's columns."""
        self._waiting.append(nest(batch))
        self._waiting_rows += batch.num_rows
        if self._waiting_rows >= ROW_GROUP_ROWS:
            self._flush(self._waiting_rows - self._waiting_rows % ROW_GROUP_ROWS)

    def close(self) -> None:
        """Write what is left and the footer; a file without rows has its columns too."""
        if self._waiting_rows:
            self._flush(self._waiting_rows)
        self._writer.close()

    def _flush(self, rows: int) -> None:
        waiting = pa.Table.from_batches(self._waiting, self._nested)
        self._writer.write_table(waiting.slice(0, rows), ROW_GROUP_ROWS)
        self._waiting = waiting.slice(rows).to_batches()
        self._waiting_rows -= rows


def list_files(directory: Path) -> list[str]:
    """List the files in a split's folder, sorted.

    Raises:
        FileNotFoundError: If there are none.
    """
    paths = sorted(str(path) for path in directory.iterdir() if path.name.endswith(SUFFIX))
    if not paths:
        raise FileNotFoundError(f"{directory}: no {SUFFIX} files of examples")
    return paths


def list_row_groups(paths: Sequence[str]) -> list[RowGroup]:
    """List the row groups that have rows, of a split's files in order; reads no row.

    Raises:
        OSError: If a file can't be read.
        pyarrow.ArrowInvalid: If it is not Parquet.
    """
    groups = []
    first_row = 0
    for path in paths:
        metadata = pq.read_metadata(path)
        for index in range(metadata.num_row_groups):
            rows = metadata.row_group(index).num_rows
            if rows:
                groups.append(RowGroup(path, index, first_row, rows))
            first_row += rows
    return groups


def count_rows(paths: Sequence[str]) -> int:
    """Count the rows of files; reads none."""
    return sum(group.rows for group in list_row_groups(paths))


def read_row_group(group: RowGroup, columns: Sequence[str] | None = None) -> pa.RecordBatch:
    """Read a row group as TFX does, as lists: some columns in this order, or all.

    Raises:
        KeyError: If there is no such column.
    """
    with pq.ParquetFile(group.path) as file:
        names = file.schema_arrow.names
        missing = [name for name in columns or () if name not in names]
        if missing:
            raise KeyError(f"{group.path}: no column {missing[0]!r}, only {', '.join(names)}")
        wanted = list(names if columns is None else columns)
        table = file.read_row_group(group.index, columns=wanted, use_threads=False)
    return to_record_batch(table.select(wanted))


def read_flat_batches(
    paths: Sequence[str], columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Read a split's files in order as flat columns, one batch per row group."""
    for group in list_row_groups(paths):
        yield flatten(read_row_group(group, columns))


def to_record_batch(table: pa.Table) -> pa.RecordBatch:
    """Join a table's chunks to one batch, which may have no rows."""
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def nest_schema(schema: pa.Schema) -> pa.Schema:
    """Describe the columns that flat ones are kept as."""
    return pa.schema([pa.field(field.name, pa.large_list(_widen(field.type))) for field in schema])


def nest(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Turn flat columns of numbers or ``binary`` into ``large_list``, a null into an empty list."""
    return pa.RecordBatch.from_arrays(
        [_nest_column(column) for column in batch.columns], schema=nest_schema(batch.schema)
    )


def flatten(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Turn lists of at most one value into flat columns, an empty one into a null.

    Raises:
        ValueError: If a list has several values.
    """
    columns = [
        _flatten_column(name, column)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _widen(dtype: pa.DataType) -> pa.DataType:
    return pa.large_binary() if dtype == pa.binary() else dtype


def _nest_column(column: pa.Array) -> pa.LargeListArray:
    present = column.is_valid().to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(present, dtype=np.int64)])
    values = column.drop_null().cast(_widen(column.type))
    return pa.LargeListArray.from_arrays(pa.array(offsets), values)


def _flatten_column(name: str, column: pa.Array) -> pa.Array:
    values = column.flatten()
    if len(values) == len(column) and not column.null_count:
        counts_are_one = pc.all(pc.equal(pc.list_value_length(column), 1)).as_py()
        if counts_are_one is not False:
            return values
    counts = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    if counts.max(initial=0) > 1:
        raise ValueError(f"column {name!r}: a row has {counts.max()} values, expected at most one")
    places = np.cumsum(counts) - 1
    return values.take(pa.array(places, mask=counts == 0))
