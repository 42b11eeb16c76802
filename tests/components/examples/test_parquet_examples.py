from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.examples.parquet_examples import (
    ROW_GROUP_ROWS,
    ParquetWriter,
    RowGroup,
    count_rows,
    flatten,
    list_files,
    list_row_groups,
    nest,
    read_flat_batches,
    read_row_group,
)

FLAT = pa.RecordBatch.from_pydict(
    {
        "fare": pa.array([1.5, None, 3.0], pa.float32()),
        "hour": pa.array([None, None, 7], pa.int64()),
        "company": pa.array([b"A", b"", None], pa.binary()),
    }
)


def write(path: Path, *batches: pa.RecordBatch) -> str:
    """Write batches to a file; gives its path."""
    writer = ParquetWriter(str(path), batches[0].schema)
    for batch in batches:
        writer.write(batch)
    writer.close()
    return str(path)


def number_rows(first: int, count: int) -> pa.RecordBatch:
    """Rows that hold their own numbers."""
    return pa.RecordBatch.from_pydict({"row": pa.array(range(first, first + count), pa.int64())})


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    """Values, missing ones among them, survive a file; text is bytes."""
    path = write(tmp_path / "a.parquet", FLAT, FLAT.slice(1, 1))
    [batch] = read_flat_batches([path])
    assert batch.to_pydict() == {
        "fare": [1.5, None, 3.0, None],
        "hour": [None, None, 7, None],
        "company": [b"A", b"", None, b""],
    }


def test_columns_are_lists_in_the_file(tmp_path: Path) -> None:
    """A reader of TFX's finds a list a row: of one value, or of none where it is missing."""
    table = pq.read_table(write(tmp_path / "a.parquet", FLAT))
    assert table.to_pydict() == {
        "fare": [[1.5], [], [3.0]],
        "hour": [[], [], [7]],
        "company": [[b"A"], [b""], []],
    }
    assert table.schema.field("company").type == pa.large_list(pa.large_binary())


def test_row_groups_are_of_even_size_whatever_the_batches(tmp_path: Path) -> None:
    """Small and large batches end in the same row groups, in order, and none is lost."""
    small = [number_rows(first, 9_000) for first in range(0, 90_000, 9_000)]
    large = [number_rows(0, 90_000)]
    paths = [write(tmp_path / f"{len(each)}.parquet", *each) for each in (small, large)]
    for path in paths:
        assert [group.rows for group in list_row_groups([path])] == [
            ROW_GROUP_ROWS,
            90_000 - ROW_GROUP_ROWS,
        ]
        rows = [row for batch in read_flat_batches([path]) for row in batch["row"].to_pylist()]
        assert rows == list(range(90_000))


def test_row_groups_are_counted_through_all_files(tmp_path: Path) -> None:
    """A row group knows where it stands in its split; files without rows have none."""
    paths = [
        write(tmp_path / "0.parquet", number_rows(0, 3)),
        write(tmp_path / "1.parquet", number_rows(0, 0)),
        write(tmp_path / "2.parquet", number_rows(3, 2)),
    ]
    assert list_files(tmp_path) == paths
    assert list_row_groups(paths) == [RowGroup(paths[0], 0, 0, 3), RowGroup(paths[2], 0, 3, 2)]
    assert count_rows(paths) == 5


def test_only_wanted_columns_are_read(tmp_path: Path) -> None:
    """Columns come in the order asked for; one that is not there is named."""
    [group] = list_row_groups([write(tmp_path / "a.parquet", FLAT)])
    assert read_row_group(group, ["hour", "fare"]).schema.names == ["hour", "fare"]
    with pytest.raises(KeyError, match="no column 'tips', only fare, hour, company"):
        read_row_group(group, ["tips"])


def test_flatten_refuses_several_values_in_a_row() -> None:
    """A row with two values has no flat form; the column is named."""
    lists = pa.RecordBatch.from_pydict({"tips": pa.array([[1, 2], []], pa.large_list(pa.int64()))})
    with pytest.raises(ValueError, match="'tips': a row has 2 values"):
        flatten(lists)


def test_a_null_list_is_a_missing_value() -> None:
    """What TFX reads as null counts as missing, like an empty list."""
    lists = pa.RecordBatch.from_pydict(
        {"tips": pa.array([None, [], [3]], pa.large_list(pa.int64()))}
    )
    assert flatten(lists).to_pydict() == {"tips": [None, None, 3]}


def test_a_slice_is_nested_alone() -> None:
    """Rows outside a slice do not come along."""
    assert flatten(nest(FLAT.slice(1))).to_pydict() == FLAT.slice(1).to_pydict()


def test_folder_without_examples_is_an_error(tmp_path: Path) -> None:
    """A split without files is named."""
    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        list_files(tmp_path)
