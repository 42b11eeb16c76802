"""Batches from Parquet files: every row once per pass, in an order that the seed decides."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from components.examples.parquet_examples import ROW_GROUP_ROWS, ParquetWriter
from components.trainer import dataset
from components.trainer.dataset import read_examples

COLUMNS = {"size": tf.float32, "colour": tf.int64}
FILE_ROWS = (70, 1, 0, 29)


def _write(path: Path, numbers: range) -> str:
    """Write rows of a number: its last digit is the colour, its parity the label."""
    values = np.array(numbers, np.int64)
    batch = pa.RecordBatch.from_pydict(
        {"size": values.astype(np.float32), "colour": values % 10, "label": values % 2}
    )
    writer = ParquetWriter(str(path), batch.schema)
    writer.write(batch)
    writer.close()
    return str(path)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A hundred rows in four files, one of them empty."""
    directory = tmp_path_factory.mktemp("examples")
    starts = [0, *itertools.accumulate(FILE_ROWS)]
    return [
        _write(directory / f"{place}.parquet", range(start, start + rows))
        for place, (start, rows) in enumerate(zip(starts, FILE_ROWS, strict=False))
    ]


def _read_sizes(files: list[str], batches: int, seed: int | None) -> list[list[float]]:
    read = read_examples(files, COLUMNS, "label", 40, shuffle_seed=seed)
    return [features["size"].numpy().tolist() for features, _ in read.take(batches)]


def _join(batches: list[list[float]]) -> list[float]:
    return list(itertools.chain.from_iterable(batches))


def test_reads_every_row_in_order(files: list[str]) -> None:
    """Unshuffled, batches are cut across files, and the last one is smaller."""
    assert _read_sizes(files, 9, None) == [
        list(range(40)),
        list(range(40, 80)),
        list(range(80, 100)),
    ]


def test_keeps_a_row_together(files: list[str]) -> None:
    """Shuffled, each row still has its own features and label."""
    for features, label in read_examples(files, COLUMNS, "label", 40, shuffle_seed=1).take(3):
        sizes = features["size"].numpy().astype(np.int64)
        assert features["colour"].numpy().tolist() == (sizes % 10).tolist()
        assert label.numpy().tolist() == (sizes % 2)[:, np.newaxis].tolist()


def test_shuffles_each_pass_anew(files: list[str]) -> None:
    """Every pass has all rows, in an order of its own, and in whole batches but the last."""
    batches = _read_sizes(files, 6, seed=3)
    first, second = _join(batches[:3]), _join(batches[3:])

    assert [len(batch) for batch in batches] == [40, 40, 20] * 2
    assert sorted(first) == sorted(second) == list(range(100))
    assert first != second


def test_gives_the_order_of_the_seed(files: list[str]) -> None:
    """One seed is one order, two seeds are two."""
    assert _read_sizes(files, 6, seed=3) == _read_sizes(files, 6, seed=3)
    assert _read_sizes(files, 6, seed=3) != _read_sizes(files, 6, seed=4)


def test_permutes_a_small_split_as_a_whole(files: list[str]) -> None:
    """Rows of the last file may come before those of the first."""
    first_batch = _read_sizes(files, 1, seed=5)[0]

    assert min(first_batch) < 70 <= max(first_batch)


def test_holds_no_more_than_a_pool(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A split larger than a pool is read pool by pool, every row once."""
    monkeypatch.setattr(dataset, "POOL_ROWS", 30)

    batches = _read_sizes(files, 3, seed=3)

    assert sorted(_join(batches)) == list(range(100))
    assert [len(batch) for batch in batches] == [40, 40, 20]


def test_reads_several_row_groups_of_a_file(tmp_path: Path) -> None:
    """A file of more rows than a row group has is read whole."""
    rows = ROW_GROUP_ROWS + 10
    file = _write(tmp_path / "large.parquet", range(rows))

    batches = _read_sizes([file], 1 + rows // 40, seed=1)

    assert sorted(_join(batches)) == list(range(rows))


def test_refuses_a_split_without_rows(files: list[str]) -> None:
    """No files or no rows is an error, not an empty training."""
    with pytest.raises(ValueError, match="no transformed examples"):
        read_examples([], COLUMNS, "label", 8)
    with pytest.raises(ValueError, match="no transformed examples"):
        read_examples([files[2]], COLUMNS, "label", 8)
