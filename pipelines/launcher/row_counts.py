"""Count the rows of what a node wrote, to show that none is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import tensorflow_data_validation as tfdv

from components.evaluator.evaluation import count_evaluated_rows
from components.examples.artifact import CSV_ROWS_KEY, ROW_COUNTS_PROPERTY
from components.examples.parquet_examples import count_rows as count_example_rows
from components.examples.parquet_examples import list_files
from pipelines.metadata.run_store import StoredArtifact


def count_rows(stored: StoredArtifact) -> dict[str, int]:
    """Count an artifact's rows.

    Args:
        stored: Any artifact, with its files in place.

    Returns:
        Rows by split (``overall`` for an evaluation, ``csv`` for those that CsvExampleGen read);
        empty for an artifact without rows.
    """
    if stored.type == "Examples":
        stated = json.loads(stored.text(ROW_COUNTS_PROPERTY) or "{}")
        read = {CSV_ROWS_KEY: int(stated[CSV_ROWS_KEY])} if CSV_ROWS_KEY in stated else {}
        return read | {
            split: count_example_rows(list_files(path)) for split, path in _list_splits(stored)
        }
    if stored.type == "ExampleStatistics":
        return {split: _count_described(path) for split, path in _list_splits(stored)}
    if stored.type == "ModelEvaluation":
        return {"overall": count_evaluated_rows(stored.path)}
    return {}


def _list_splits(stored: StoredArtifact) -> Iterable[tuple[str, Path]]:
    for split in stored.split_names:
        yield split, stored.path / f"Split-{split}"


def _count_described(directory: Path) -> int:
    statistics = tfdv.load_stats_binary(str(directory / "FeatureStats.pb"))
    return int(statistics.datasets[0].num_examples)
