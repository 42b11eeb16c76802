"""Rows and labels, counted in the examples."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf

from components.data_gate.label_counts import count_labels
from schemas.feature_table import ColumnLabel, DType, Feature, FeatureTable, Role, ShareLabel

FEATURES = (
    Feature("paid", DType.FLOAT, "USD", "", Role.LABEL_SOURCE),
    Feature("tip", DType.FLOAT, "USD", "", Role.LABEL_SOURCE),
    Feature("late", DType.INT, "", "", Role.LABEL_SOURCE),
)
SHARE = ShareLabel("generous", part="tip", whole="paid", share_percent=20, unit=0.01)
COLUMN = ColumnLabel("is_late", column="late")


def write(directory: Path, rows: list[tuple[float, float, int]]) -> None:
    """Write examples as CsvExampleGen does."""
    (directory / "Split-train").mkdir()
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    path = str(directory / "Split-train" / "data.gz")
    with tf.io.TFRecordWriter(path, options) as writer:
        for paid, tip, late in rows:
            example = tf.train.Example()
            example.features.feature["paid"].float_list.value.append(paid)
            example.features.feature["tip"].float_list.value.append(tip)
            example.features.feature["late"].int64_list.value.append(late)
            writer.write(example.SerializeToString())


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
