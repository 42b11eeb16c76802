"""Count the rows that a node wrote, and check that none is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import tensorflow_data_validation as tfdv

from components.data_gate.reconcile import ALL_ROWS, StepCount, reconcile
from components.examples.artifact import CSV_ROWS_KEY, ROW_COUNTS_PROPERTY
from components.examples.parquet_examples import count_rows as count_example_rows
from components.examples.parquet_examples import list_files
from components.metrics.evaluation import OVERALL, read_evaluation
from components.problem import Problem
from pipelines.metadata.run_store import StoredArtifact
from pipelines.records.node_result import Rows


def count_rows(stored: StoredArtifact) -> dict[str, int]:
    """Count the rows of an artifact of one of ``COUNTED_TYPES``, with its files in place.

    Returns:
        Rows by split (``overall`` for an evaluation, ``csv`` for those that CsvExampleGen read).
    """
    return _COUNTERS[stored.type](stored)


def check_rows(node_id: str, rows: Rows, evaluated_splits: Sequence[str]) -> tuple[Problem, ...]:
    """Compare the rows that a node read and wrote; without rows on either side it is not checked.

    Returns:
        One problem per difference, with both numbers; empty if all agree.
    """
    read = {split: count for split, count in rows.read.items() if split != CSV_ROWS_KEY}
    written = {split: count for split, count in rows.written.items() if split != CSV_ROWS_KEY}
    if CSV_ROWS_KEY in rows.written:
        read = {ALL_ROWS: rows.written[CSV_ROWS_KEY]}
    if not read or not written:
        return ()
    before = StepCount("what it was given", read)
    after = StepCount(node_id, written, is_partial=True)
    if OVERALL in written:
        before = StepCount("what it was given", {split: read[split] for split in evaluated_splits})
        after = StepCount(node_id, {ALL_ROWS: written[OVERALL]})
    return tuple(
        Problem(rule="rows do not agree", message=mismatch.message)
        for mismatch in reconcile(before, after)
    )


def _count_examples(stored: StoredArtifact) -> dict[str, int]:
    stated = json.loads(stored.text(ROW_COUNTS_PROPERTY) or "{}")
    read = {CSV_ROWS_KEY: int(stated[CSV_ROWS_KEY])} if CSV_ROWS_KEY in stated else {}
    return read | _count_splits(stored, lambda path: count_example_rows(list_files(path)))


def _count_statistics(stored: StoredArtifact) -> dict[str, int]:
    def count(directory: Path) -> int:
        statistics = tfdv.load_stats_binary(str(directory / "FeatureStats.pb"))
        return int(statistics.datasets[0].num_examples)

    return _count_splits(stored, count)


def _count_splits(stored: StoredArtifact, count: Callable[[Path], int]) -> dict[str, int]:
    return {split: count(stored.path / f"Split-{split}") for split in stored.split_names}


_COUNTERS: dict[str, Callable[[StoredArtifact], dict[str, int]]] = {
    "Examples": _count_examples,
    "ExampleStatistics": _count_statistics,
    "ModelEvaluation": lambda stored: {OVERALL: read_evaluation(stored.path).overall.examples},
}
COUNTED_TYPES = tuple(_COUNTERS)
"""Types of artifacts that have rows, which are counted once they are written."""
