"""The scores of single rows, written and read."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from components.evaluator.scored_rows import (
    ScoredRows,
    join_scored_rows,
    read_scored_rows,
    write_scored_rows,
)
from components.metrics.slice_columns import SliceColumn

ALONE = ScoredRows(
    np.array([0, 3, 6]),
    np.array([7, 2**64 - 1, 0], np.uint64),
    np.array([0.0, 1.0, 1.0]),
    np.array([0.25, math.nan, 1.5]),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Rows, labels, scores and slices come back exactly, NaN and broken scores too."""
    champion = np.array([0.1, 0.2, 0.3])
    slices = {"city": SliceColumn(["Oslo", "Rome"], np.array([1, -1, 0]))}
    scored = dataclasses.replace(ALONE, champion=champion, slices=slices)
    write_scored_rows(tmp_path, scored)

    read = read_scored_rows(tmp_path)

    assert read.champion is not None
    np.testing.assert_array_equal(read.rows, scored.rows)
    np.testing.assert_array_equal(read.digests, scored.digests)
    np.testing.assert_array_equal(read.labels, scored.labels)
    np.testing.assert_array_equal(read.candidate, scored.candidate)
    np.testing.assert_array_equal(read.champion, champion)
    assert read.slices["city"].list_texts().to_pylist() == ["Rome", None, "Oslo"]


def test_a_lone_candidate_has_no_champion(tmp_path: Path) -> None:
    """Without a champion the file has no column of it."""
    write_scored_rows(tmp_path, ALONE)

    assert read_scored_rows(tmp_path).champion is None
    assert pq.read_schema(tmp_path / "scores.parquet").names == [
        "row",
        "digest",
        "label",
        "candidate",
    ]


def test_scores_from_before_there_were_digests_are_read(tmp_path: Path) -> None:
    """Their rows' numbers stand in for digests, so that rows still have an order and groups."""
    write_scored_rows(tmp_path, ALONE)
    path = tmp_path / "scores.parquet"
    pq.write_table(pq.read_table(path).drop(["digest"]), path)

    read = read_scored_rows(tmp_path)

    assert read.digests.dtype == np.uint64
    assert read.digests.tolist() == ALONE.rows.tolist()


def test_missing_scores_are_an_error(tmp_path: Path) -> None:
    """A folder without scores is refused by name, with the remedy."""
    with pytest.raises(FileNotFoundError, match=f"{tmp_path}.*run the Evaluator again"):
        read_scored_rows(tmp_path)


@pytest.mark.parametrize("max_rows", [1, 6, 19, 20, 100])
def test_rows_are_thinned_the_same_in_any_batches(max_rows: int) -> None:
    """The rows of the smallest digests are kept, however batches were joined, and in order."""
    digests = np.random.default_rng(3).integers(0, 2**64, 20, np.uint64)
    whole = ScoredRows(np.arange(20), digests, np.arange(20) % 2.0, np.arange(20) / 20)
    slices = {"third": SliceColumn([0, 1, 2], np.arange(20) % 3)}
    whole = dataclasses.replace(whole, champion=np.arange(20) / 40, slices=slices)
    parts = [whole.select(np.arange(*ends)) for ends in ((8, 20), (0, 1), (7, 8), (1, 7))]

    first = join_scored_rows(parts[:2], max_rows)
    joined = join_scored_rows([first, *parts[2:]], max_rows)

    expected = whole.select(np.sort(np.argsort(digests)[:max_rows]))
    for name in ("rows", "digests", "labels", "candidate", "champion"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(expected, name))
    assert joined.slices["third"].list_texts() == expected.slices["third"].list_texts()
