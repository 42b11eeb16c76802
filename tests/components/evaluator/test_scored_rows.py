"""The scores of single rows, written and read."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from components.evaluator.scored_rows import (
    ScoredRows,
    choose_row_step,
    join_scored_rows,
    read_scored_rows,
    thin_rows,
    write_scored_rows,
)

ALONE = ScoredRows(np.array([0, 3, 6]), np.array([0.0, 1.0, 1.0]), np.array([0.25, math.nan, 1.5]))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Rows, labels and both models' scores come back exactly, NaN and broken ones too."""
    champion = np.array([0.1, 0.2, 0.3])
    scored = ScoredRows(ALONE.rows, ALONE.labels, ALONE.candidate, champion)
    write_scored_rows(tmp_path, scored)

    read = read_scored_rows(tmp_path)

    assert read.champion is not None
    np.testing.assert_array_equal(read.rows, scored.rows)
    np.testing.assert_array_equal(read.labels, scored.labels)
    np.testing.assert_array_equal(read.candidate, scored.candidate)
    np.testing.assert_array_equal(read.champion, champion)


def test_a_lone_candidate_has_no_champion(tmp_path: Path) -> None:
    """Without a champion the file has no column of it."""
    write_scored_rows(tmp_path, ALONE)

    assert read_scored_rows(tmp_path).champion is None
    assert pq.read_schema(tmp_path / "scores.parquet").names == ["row", "label", "candidate"]


@pytest.mark.parametrize(("rows", "step"), [(0, 1), (1, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_the_step_keeps_no_more_rows_than_allowed(rows: int, step: int) -> None:
    """Every k-th row is kept, k the least that keeps at most ten."""
    assert choose_row_step(rows, 10) == step
    assert len(range(0, rows, step)) <= 10


def test_missing_scores_are_an_error(tmp_path: Path) -> None:
    """A folder without scores is refused by name, with the remedy."""
    with pytest.raises(FileNotFoundError, match=f"{tmp_path}.*run the Evaluator again"):
        read_scored_rows(tmp_path)


def test_rows_are_thinned_the_same_in_any_batches() -> None:
    """Every third row of the split is kept, wherever batches start, and comes in its order."""
    labels = np.arange(20) % 2.0
    scores = [np.arange(20) / 20, np.arange(20) / 40]
    parts = [
        thin_rows(first, labels[first:last], [each[first:last] for each in scores], 3)
        for first, last in ((8, 20), (0, 1), (7, 8), (1, 7))
    ]

    joined = join_scored_rows(parts)

    assert joined.champion is not None
    assert joined.rows.tolist() == [0, 3, 6, 9, 12, 15, 18]
    assert joined.labels.tolist() == labels[::3].tolist()
    assert joined.candidate.tolist() == scores[0][::3].tolist()
    assert joined.champion.tolist() == scores[1][::3].tolist()
