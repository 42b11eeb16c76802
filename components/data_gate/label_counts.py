"""Count rows and labels in the examples themselves, by the code that Transform labels with."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from components.data_gate.findings import LabelCount
from components.transform.preprocessing import compute_label
from schemas.feature_table import ColumnLabel, DType, FeatureTable

_BATCH_ROWS = 8192
_TYPES = {DType.FLOAT: tf.float32, DType.INT: tf.int64, DType.BYTES: tf.string}


def count_labels(directory: Path, split: str, table: FeatureTable) -> LabelCount:
    """Read a split of an ``Examples`` artifact.

    Args:
        directory: The artifact's folder, of gzipped TFRecords.
        split: Name of the split.
        table: How the label is made.

    Returns:
        Its rows, and those with label 1.

    Raises:
        tf.errors.OpError: If a file is missing or broken.
    """
    files = sorted(str(path) for path in (directory / f"Split-{split}").iterdir())
    records = tf.data.TFRecordDataset(files, compression_type="GZIP").batch(_BATCH_ROWS)
    rows = positives = 0
    for batch in records:
        labels = compute_label(tf.io.parse_example(batch, _create_spec(table)), table.label)
        rows += int(tf.size(labels))
        positives += int(tf.reduce_sum(labels))
    return LabelCount(split=split, rows=rows, positives=positives)


def _create_spec(table: FeatureTable) -> dict[str, tf.io.VarLenFeature]:
    label = table.label
    names = [label.column] if isinstance(label, ColumnLabel) else [label.part, label.whole]
    return {name: tf.io.VarLenFeature(_TYPES[table.feature(name).dtype]) for name in names}
