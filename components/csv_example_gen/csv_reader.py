"""Read a CSV file as typed Arrow record batches: fast, strict, and in bounded memory.

A good file is read once, by pyarrow. Only when that fails, or when counting the bytes raises a
doubt, does a slower pass (``csv_diagnosis``) find the bad lines and explain them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from components.csv_example_gen.csv_diagnosis import FLOAT32_MAX, find_problems
from components.csv_example_gen.csv_header import read_header
from components.csv_example_gen.csv_source import READ_ERRORS, count_bytes, create_problem
from components.problem import DataRefusedError, Problem
from schemas.feature_table import DType, FeatureTable

BLOCK_BYTES = 1 << 24
"""Text parsed at a time: it bounds memory, and the length of a row."""


def read_record_batches(
    path: str, table: FeatureTable, block_bytes: int = BLOCK_BYTES
) -> Iterator[pa.RecordBatch]:
    """Read a CSV file in batches, in the order of its rows.

    An empty cell is null, in every column; a blank line is skipped; nothing else means missing.

    Args:
        path: Path of a ``.csv`` or ``.csv.gz`` file: UTF-8, comma-separated, with a header.
        table: Columns that it must have, and their types.

    Yields:
        Batches of at least one row with the file's columns, in its order: ``float32`` for FLOAT
        (rounded from the nearest double), ``int64`` for INT, ``binary`` (UTF-8) for BYTES and for
        a column that the table does not know.

    Raises:
        DataRefusedError: If the file cannot be read, has no row, or breaks a rule of
            ``csv_header`` or ``csv_diagnosis``. Batches yielded before are of no use then.
    """
    header = read_header(path, table)
    dtypes = {feature.name: feature.dtype for feature in table.features}
    rows = 0
    try:
        with _open_reader(path, header, block_bytes) as reader:
            for batch in filter(len, reader):
                rows += batch.num_rows
                columns = [
                    _convert_column(column, dtypes.get(name, DType.BYTES))
                    for name, column in zip(batch.schema.names, batch.columns, strict=True)
                ]
                yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
        problems = _look_twice(path, table, rows)
    except (pa.ArrowException, *READ_ERRORS) as error:
        raise DataRefusedError(_explain(path, table, error)) from error
    if problems:
        raise DataRefusedError(problems)


def _open_reader(
    path: str, header: Sequence[str], block_bytes: int
) -> arrow_csv.CSVStreamingReader:
    """Open the parser on Arrow's own file, decompressed by suffix.

    A Python file would be read ahead in Arrow's threads, which then need the interpreter at a
    time when it may be shutting down.
    """
    return arrow_csv.open_csv(
        path,
        read_options=arrow_csv.ReadOptions(block_size=block_bytes),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            column_types={name: pa.string() for name in header},
            null_values=[""],
            strings_can_be_null=True,
            check_utf8=True,
        ),
    )


def _convert_column(column: pa.StringArray, dtype: DType) -> pa.Array:
    if dtype is DType.BYTES:
        return column.cast(pa.binary())
    if dtype is DType.INT:
        # Two passes: ignoring the case takes three times as long as both.
        if any(pc.any(pc.match_substring(column, sign)).as_py() for sign in "xX"):
            raise pa.ArrowInvalid("hexadecimal number")
        return _cast_trimmed(column, pa.int64())
    doubles = _cast_trimmed(column, pa.float64())
    if not pc.all(pc.less_equal(pc.abs(doubles), FLOAT32_MAX), min_count=0).as_py():
        raise pa.ArrowInvalid("number not finite, or out of the range of float32")
    return doubles.cast(pa.float32(), safe=False)


def _cast_trimmed(column: pa.StringArray, dtype: pa.DataType) -> pa.Array:
    try:
        return column.cast(dtype)
    except pa.ArrowInvalid:
        return pc.utf8_trim_whitespace(column).cast(dtype)


def _explain(path: str, table: FeatureTable, error: Exception) -> tuple[Problem, ...]:
    """Find the lines behind an error; should there be none, pass on what the parser said."""
    reason = " ".join(str(error).split())[:200]
    text = f"the CSV parser refuses it ({reason}); check the file for rows longer than "
    return find_problems(path, table) or (
        create_problem(path, "unparsable file", f"{text}{BLOCK_BYTES:,} bytes", value=reason),
    )


def _look_twice(path: str, table: FeatureTable, rows: int) -> tuple[Problem, ...]:
    """Find what the parser lets slip: no rows, NUL bytes, and quotes that swallow lines."""
    nuls, quotes, lines = count_bytes(path)
    if nuls or not rows:
        return find_problems(path, table)
    if quotes and (quotes % 2 or lines != rows + 1):
        return find_problems(path, table, check_cells=False)
    return ()
