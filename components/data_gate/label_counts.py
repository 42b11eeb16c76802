"""Count rows and labels in the examples themselves, by the code that Transform labels with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import tensorflow as tf

from components.data_gate.findings import LabelCount
from components.examples.parquet_examples import list_files, read_flat_batches
from components.transform.preprocessing import compute_label
from schemas.feature_table import FeatureTable


def count_labels(directory: Path, split: str, table: FeatureTable) -> LabelCount:
    """Count the rows and labels in a split of an ``Examples`` artifact.

    Raises:
        FileNotFoundError: If the split has no files.
        OSError: If a file is broken.
        KeyError: If a column that the label is made of is not there.
    """
    rows = positives = 0
    for batch in read_flat_batches(list_files(directory / f"Split-{split}"), table.label.columns):
        columns = {
            name: _to_sparse(column)
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        }
        rows += batch.num_rows
        positives += int(tf.reduce_sum(compute_label(columns, table.label)))
    return LabelCount(split=split, rows=rows, positives=positives)


def _to_sparse(column: pa.Array) -> tf.SparseTensor:
    """Turn a flat column of numbers into one without entries where values are missing."""
    rows = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    indices = np.stack([rows, np.zeros_like(rows)], axis=1)
    return tf.SparseTensor(indices, column.drop_null().to_numpy(), [len(column), 1])
