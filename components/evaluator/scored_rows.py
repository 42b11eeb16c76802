"""The scores of single rows: ``scores.parquet`` beside the metrics that TFMA reads.

Whoever scores the same rows again, as a server would, compares row by row with what was measured.
Of a long split the rows with the smallest digests are kept, for a comparison needs no more rows
than it can look at.

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

from components.examples.row_digest import Digests, choose_rows

FILE_NAME = "scores.parquet"

_ROW, _DIGEST, _LABEL = "row", "digest", "label"
_CANDIDATE, _CHAMPION = "candidate", "champion"
_TYPES = {_ROW: pa.int64(), _DIGEST: pa.uint64()}


@dataclasses.dataclass(frozen=True)
class ScoredRows:
    """Labels and scores of rows, in the order of the rows.

    Attributes:
        rows: Numbers of the rows in their split, from 0, as ``RowGroup.first_row`` counts them;
            int64 [rows], strictly ascending.
        digests: Of the rows' cells, see ``row_digest``, [rows].
        labels: 0 or 1, float64 [rows].
        candidate: The candidate's probabilities of label 1, float64 [rows].
        champion: The champion's, float64 [rows]; None where it was not measured.
    """

    rows: npt.NDArray[np.int64]
    digests: Digests
    labels: npt.NDArray[np.float64]
    candidate: npt.NDArray[np.float64]
    champion: npt.NDArray[np.float64] | None = None

    def select(self, places: npt.NDArray[np.int64]) -> ScoredRows:
        """Take the rows at some places, in the order given."""
        return ScoredRows(
            self.rows[places],
            self.digests[places],
            self.labels[places],
            self.candidate[places],
            None if self.champion is None else self.champion[places],
        )


def join_scored_rows(parts: Sequence[ScoredRows], max_rows: int) -> ScoredRows:
    """Join parts of the same split, and keep a sample of their rows.

    The sample follows from the rows' digests: joining parts of which each was joined before gives
    the same rows as joining all at once, and neither their order nor their files matter.

    Args:
        parts: Of the same models, in any order; at least one.
        max_rows: Most rows to keep, >= 1.

    Returns:
        The kept rows, in their order.
    """
    champions = [part.champion for part in parts if part.champion is not None]
    joined = ScoredRows(
        rows=np.concatenate([part.rows for part in parts]),
        digests=np.concatenate([part.digests for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        candidate=np.concatenate([part.candidate for part in parts]),
        champion=np.concatenate(champions) if champions else None,
    )
    in_order = joined.select(np.argsort(joined.rows))
    return in_order.select(choose_rows(in_order.digests, max_rows))


def write_scored_rows(directory: Path, scored: ScoredRows) -> None:
    """Write ``scores.parquet``.

    Args:
        directory: Folder of the ``ModelEvaluation`` artifact; it must be there.
    """
    columns = {
        _ROW: scored.rows,
        _DIGEST: scored.digests,
        _LABEL: scored.labels,
        _CANDIDATE: scored.candidate,
    }
    if scored.champion is not None:
        columns[_CHAMPION] = scored.champion
    table = pa.table(
        {name: pa.array(column, _TYPES.get(name, pa.float64())) for name, column in columns.items()}
    )
    pq.write_table(table, directory / FILE_NAME, compression="zstd")


def read_scored_rows(directory: Path) -> ScoredRows:
    """Read ``scores.parquet``.

    Args:
        directory: Folder of a ``ModelEvaluation`` artifact.

    Returns:
        What was written there; the rows' numbers as digests where it was written before there were
        any.

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
    digests = table[_DIGEST if _DIGEST in table.column_names else _ROW].to_numpy()
    return ScoredRows(
        rows=table[_ROW].to_numpy(),
        digests=digests.astype(np.uint64),
        labels=table[_LABEL].to_numpy(),
        candidate=table[_CANDIDATE].to_numpy(),
        champion=champion,
    )
