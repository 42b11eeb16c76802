"""Count the rows of what a node wrote, to show that none is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf
import tensorflow_data_validation as tfdv

from components.evaluator.evaluation import count_evaluated_rows
from pipelines.metadata_store import StoredArtifact

ROW_COUNTS_PROPERTY = "row_counts"


def count_rows(stored: StoredArtifact) -> dict[str, int]:
    """Count an artifact's rows.

    Args:
        stored: Any artifact, with its files in place.

    Returns:
        Rows by split (``overall`` for an evaluation); empty for an artifact without rows.
    """
    if stored.type == "Examples":
        stated = stored.text(ROW_COUNTS_PROPERTY)
        if stated:
            return {split: int(rows) for split, rows in json.loads(stated).items()}
        return {split: _count_records(path) for split, path in _list_splits(stored)}
    if stored.type == "ExampleStatistics":
        return {split: _count_described(path) for split, path in _list_splits(stored)}
    if stored.type == "ModelEvaluation":
        return {"overall": count_evaluated_rows(stored.path)}
    return {}


def _list_splits(stored: StoredArtifact) -> Iterable[tuple[str, Path]]:
    for split in stored.split_names:
        yield split, stored.path / f"Split-{split}"


def _count_records(directory: Path) -> int:
    files = sorted(str(path) for path in directory.iterdir())
    batches = tf.data.TFRecordDataset(files, compression_type="GZIP").batch(1024)
    counts = batches.map(lambda batch: tf.size(batch, tf.int64))
    return int(counts.reduce(tf.constant(0, tf.int64), tf.add))


def _count_described(directory: Path) -> int:
    statistics = tfdv.load_stats_binary(str(directory / "FeatureStats.pb"))
    return int(statistics.datasets[0].num_examples)
