"""Rows and labels, counted in the examples."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from components.data_gate.label_counts import count_labels
from components.examples.parquet_examples import ParquetWriter
from schemas.feature_table import ColumnLabel, DType, Feature, FeatureTable, Role, ShareLabel

FEATURES = (
    Feature("paid", DType.FLOAT, "USD", "", Role.LABEL_SOURCE),
    Feature("tip", DType.FLOAT, "USD", "", Role.LABEL_SOURCE),
    Feature("late", DType.INT, "", "", Role.LABEL_SOURCE),
)
SHARE = ShareLabel("generous", part="tip", whole="paid", share_percent=20, unit=0.01)
COLUMN = ColumnLabel("is_late", column="late")


def write(directory: Path, rows: list[tuple[float | None, float | None, int | None]]) -> None:
    """Write examples as CsvExampleGen does."""
    (directory / "Split-train").mkdir()
    types = {"paid": pa.float32(), "tip": pa.float32(), "late": pa.int64()}
    batch = pa.RecordBatch.from_arrays(
        [pa.array([row[place] for row in rows], kind) for place, kind in enumerate(types.values())],
        names=list(types),
    )
    writer = ParquetWriter(str(directory / "Split-train" / "data.parquet"), batch.schema)
    writer.write(batch)
    writer.close()


@pytest.mark.parametrize(("label", "positives"), [(SHARE, 1), (COLUMN, 2)])
def test_labels_are_counted_either_way(
    tmp_path: Path, label: ShareLabel | ColumnLabel, positives: int
) -> None:
    """In whole cents: 1.61 is not more than 20 % of 8.05."""
    write(tmp_path, [(8.05, 1.61, 1), (8.05, 1.62, 0), (5.0, 0.0, 1)])

    count = count_labels(tmp_path, "train", FeatureTable("tiny", FEATURES, label))

    assert (count.rows, count.positives, count.is_constant) == (3, positives, False)


def test_an_empty_split_has_no_label(tmp_path: Path) -> None:
    """Neither rows nor a constant label."""
    write(tmp_path, [])

    count = count_labels(tmp_path, "train", FeatureTable("tiny", FEATURES, SHARE))

    assert (count.rows, count.is_constant) == (0, False)


def test_a_missing_amount_counts_as_nothing(tmp_path: Path) -> None:
    """A row without a tip is not generous; one without a fare is, with any tip at all."""
    write(tmp_path, [(8.0, None, None), (None, 1.0, None), (None, None, None)])

    count = count_labels(tmp_path, "train", FeatureTable("tiny", FEATURES, SHARE))

    assert (count.rows, count.positives) == (3, 1)
