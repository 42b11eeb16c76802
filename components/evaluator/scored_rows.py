"""The scores of single rows: ``scores.parquet`` beside the metrics that TFMA reads.

Whoever scores the same rows again, as a server would, compares row by row with what was measured.
A long split is thinned evenly, for a comparison needs no more rows than it can look at.

This module imports neither TensorFlow nor TFMA.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

FILE_NAME = "scores.parquet"

_ROW, _LABEL, _CANDIDATE, _CHAMPION = "row", "label", "candidate", "champion"


@dataclasses.dataclass(frozen=True)
class ScoredRows:
    """Labels and scores of rows, in the order of the rows.

    Attributes:
        rows: Numbers of the rows in their split, from 0, as ``RowGroup.first_row`` counts them;
            int64 [rows], strictly ascending.
        labels: 0 or 1, float64 [rows].
        candidate: The candidate's probabilities of label 1, float64 [rows].
        champion: The champion's, float64 [rows]; None where it was not measured.
    """

    rows: npt.NDArray[np.int64]
    labels: npt.NDArray[np.float64]
    candidate: npt.NDArray[np.float64]
    champion: npt.NDArray[np.float64] | None = None


def choose_row_step(rows: int, max_scored_rows: int) -> int:
    """Choose k, so that every k-th row of a split are at most so many.

    Args:
        rows: Rows of the split, >= 0.
        max_scored_rows: Rows that may be kept, >= 1.

    Returns:
        k, >= 1; the kept rows are those whose number it divides.
    """
    return max(1, -(-rows // max_scored_rows))


def thin_rows(
    first_row: int,
    labels: npt.NDArray[np.float64],
    probabilities: Sequence[npt.NDArray[np.float64]],
    step: int,
) -> ScoredRows:
    """Take every k-th row of a batch.

    Args:
        first_row: Number of the batch's first row in the split.
        labels: Of all rows of the batch, [rows].
        probabilities: The candidate's, and the champion's if there is one, [rows] each.
        step: k, >= 1.

    Returns:
        The rows whose number in the split k divides.
    """
    start = -first_row % step
    candidate, *champion = (scores[start::step] for scores in probabilities)
    return ScoredRows(
        rows=np.arange(first_row + start, first_row + labels.size, step, dtype=np.int64),
        labels=labels[start::step],
        candidate=candidate,
        champion=champion[0] if champion else None,
    )


def join_scored_rows(parts: Sequence[ScoredRows]) -> ScoredRows:
    """Join parts of the same split.

    Args:
        parts: Of the same models, in any order; at least one.

    Returns:
        All rows, in their order.
    """
    ordered = sorted((part for part in parts if part.rows.size), key=lambda part: int(part.rows[0]))
    champions = [part.champion for part in ordered if part.champion is not None]
    return ScoredRows(
        rows=np.concatenate([part.rows for part in ordered]),
        labels=np.concatenate([part.labels for part in ordered]),
        candidate=np.concatenate([part.candidate for part in ordered]),
        champion=np.concatenate(champions) if champions else None,
    )


def write_scored_rows(directory: Path, scored: ScoredRows) -> None:
    """Write ``scores.parquet``.

    Args:
        directory: Folder of the ``ModelEvaluation`` artifact; it must be there.
        scored: What to write.
    """
    columns = {_ROW: scored.rows, _LABEL: scored.labels, _CANDIDATE: scored.candidate}
    if scored.champion is not None:
        columns[_CHAMPION] = scored.champion
    types = {name: pa.int64() if name == _ROW else pa.float64() for name in columns}
    table = pa.table({name: pa.array(columns[name], types[name]) for name in columns})
    pq.write_table(table, directory / FILE_NAME, compression="zstd")


def read_scored_rows(directory: Path) -> ScoredRows:
    """Read ``scores.parquet``.

    Args:
        directory: Folder of a ``ModelEvaluation`` artifact.

    Returns:
        What was written there.

    Raises:
        FileNotFoundError: If there is none: another Evaluator than ours wrote the artifact.
    """
    path = directory / FILE_NAME
    if not path.is_file():
        raise FileNotFoundError(
            f"{directory}: no {FILE_NAME}; it was not written by this pipeline's Evaluator, so "
            "run the Evaluator again"
        )
    table = pq.read_table(path)
    champion = table[_CHAMPION].to_numpy() if _CHAMPION in table.column_names else None
    return ScoredRows(
        rows=table[_ROW].to_numpy(),
        labels=table[_LABEL].to_numpy(),
        candidate=table[_CANDIDATE].to_numpy(),
        champion=champion,
    )
