"""Digests of rows, and what is decided by them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from components.examples.parquet_examples import ParquetWriter
from components.examples.row_digest import choose_rows, digest_rows, order_rows, sample_rows

_RANDOM = np.random.default_rng(4)
ROWS = 1000
_MISSING = np.arange(ROWS) % 7 == 0
BATCH = pa.RecordBatch.from_pydict(
    {
        "fare": pa.array(_RANDOM.normal(size=ROWS).astype(np.float32), mask=_MISSING),
        "hour": pa.array(_RANDOM.integers(0, 24, ROWS)),
        "company": pa.array(
            [b"company %d" % number for number in _RANDOM.integers(0, 9, ROWS)], pa.large_binary()
        ),
    }
)


def test_a_digest_is_the_same_wherever_the_row_stands() -> None:
    """Neither the order of rows, nor the batch, nor the order of columns changes it."""
    digests = digest_rows(BATCH)
    places = _RANDOM.permutation(ROWS)
    turned = pa.RecordBatch.from_arrays(BATCH.columns[::-1], names=BATCH.schema.names[::-1])

    assert (digest_rows(BATCH.take(pa.array(places))) == digests[places]).all()
    assert (digest_rows(BATCH.slice(300, 5)) == digests[300:305]).all()
    assert (digest_rows(turned) == digests).all()


def test_digests_are_equal_where_rows_are() -> None:
    """There are as many digests as different rows, of which some occur twice here."""
    rows = {tuple(row.values()) for row in BATCH.to_pylist()}

    assert np.unique(digest_rows(BATCH)).size == len(rows) < ROWS


@pytest.mark.parametrize(
    "other",
    [
        {"a": 1, "b": 3, "text": b"x"},
        {"a": 2, "b": 1, "text": b"x"},
        {"a": None, "b": 2, "text": b"x"},
        {"a": 1, "b": 2, "text": b"y"},
        {"a": 1, "b": 2, "text": b""},
        {"a": 1, "b": 2, "text": None},
    ],
    ids=str,
)
def test_every_cell_counts(other: dict[str, int | bytes | None]) -> None:
    """A row with another value, one in another column, or none has another digest."""
    rows: list[dict[str, int | bytes | None]] = [{"a": 1, "b": 2, "text": b"x"}, other]
    columns = {
        "a": pa.array([row["a"] for row in rows], pa.int64()),
        "b": pa.array([row["b"] for row in rows], pa.int64()),
        "text": pa.array([row["text"] for row in rows], pa.large_binary()),
    }

    first, second = digest_rows(pa.RecordBatch.from_pydict(columns))

    assert first != second


def test_a_missing_number_is_not_zero() -> None:
    """A row without a value differs from one of 0, and from one of an empty text."""
    numbers = pa.RecordBatch.from_pydict({"a": pa.array([0, None], pa.int64())})
    texts = pa.RecordBatch.from_pydict({"a": pa.array([b"", None], pa.large_binary())})

    for batch in (numbers, texts):
        zero, missing = digest_rows(batch)
        assert zero != missing


def test_a_column_without_values_counts_as_none() -> None:
    """Rows of a file that lacks a column are those of one where it is empty."""
    wider = pa.RecordBatch.from_arrays(
        [*BATCH.columns, pa.nulls(ROWS, pa.large_binary())], names=[*BATCH.schema.names, "tolls"]
    )

    assert (digest_rows(wider) == digest_rows(BATCH)).all()


def test_no_rows_are_no_error() -> None:
    """An empty batch has no digests, no order and no sample."""
    digests = digest_rows(BATCH.slice(0, 0))

    assert digests.size == order_rows(digests).size == choose_rows(digests, 3).size == 0


@pytest.mark.parametrize("distinct", [1, 7, ROWS])
def test_the_order_follows_from_the_cells(distinct: int) -> None:
    """Permuted rows, of which many may be equal, come in the same order again, each once."""
    digests = digest_rows(BATCH)[np.arange(ROWS) % distinct]
    places = _RANDOM.permutation(ROWS)

    order = order_rows(digests)

    assert np.sort(order).tolist() == list(range(ROWS))
    assert (digests[places][order_rows(digests[places])] == digests[order]).all()


def test_copies_are_spread_as_different_rows_are() -> None:
    """Of rows of ten kinds, dealt in turn along the order, each group has its share by chance."""
    kinds = np.arange(20_000) % 10
    groups = np.empty(kinds.size, np.int64)
    groups[order_rows(digest_rows(BATCH)[kinds])] = np.arange(kinds.size) % 20

    table = np.bincount(groups * 10 + kinds, minlength=200).reshape(20, 10)

    # Neither alike by chance alone, nor more alike than chance would have it.
    assert 0.001 < stats.chi2_contingency(table).pvalue < 0.999


@pytest.mark.parametrize("max_rows", [0, 1, 400, ROWS, 2 * ROWS])
def test_the_smallest_digests_are_chosen(max_rows: int) -> None:
    """No more rows than wanted are chosen, in order, and none left out has a smaller digest."""
    digests = digest_rows(BATCH)

    chosen = choose_rows(digests, max_rows)

    assert chosen.tolist() == sorted(np.argsort(digests)[:max_rows].tolist())


@pytest.mark.parametrize("max_rows", [1, 400, ROWS, 2 * ROWS])
def test_a_split_is_sampled_the_same_in_any_files(tmp_path: Path, max_rows: int) -> None:
    """The same rows are chosen where they stand in other files, all where there are no more."""
    schema = pa.schema([("fare", pa.float32()), ("hour", pa.int64()), ("company", pa.binary())])
    paths = [str(tmp_path / f"{number}.parquet") for number in range(2)]
    for path, part in zip(paths, (BATCH.slice(0, 300), BATCH.slice(300)), strict=True):
        writer = ParquetWriter(path, schema)
        writer.write(part)
        writer.close()
    digests = digest_rows(BATCH)
    turned = np.concatenate([digests[300:], digests[:300]])

    chosen, chosen_turned = sample_rows(paths, max_rows), sample_rows(paths[::-1], max_rows)

    assert chosen.tolist() == choose_rows(digests, max_rows).tolist()
    assert np.sort(turned[chosen_turned]).tolist() == np.sort(digests[chosen]).tolist()
