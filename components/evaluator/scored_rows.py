"""The scores of single rows: ``scores.parquet`` beside the metrics.

Changes between candidate and champion are estimated from them, and the serving replay is compared
with them row by row. Of a long split the rows with the smallest digests are kept. Neither
TensorFlow nor TFMA is imported.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.examples.row_digest import Digests, choose_rows
from components.metrics.binary_metrics import Array, Integers
from components.metrics.slice_columns import SliceColumn, find_slices, join_slices

FILE_NAME = "scores.parquet"

_COLUMNS = {"row": "rows", "digest": "digests", "label": "labels", "candidate": "candidate"}
"""Attribute of ``ScoredRows`` by column of the file."""
_CHAMPION = "champion"
_SLICE = "slice:"
"""Before the name of a slice column; its values are texts, as in the metrics."""


@dataclasses.dataclass(frozen=True)
class ScoredRows:
    """Labels and scores of rows, in the order of the rows.

    Attributes:
        rows: Numbers of the rows in their split, from 0, as ``RowGroup.first_row`` counts them;
            [rows], strictly ascending.
        digests: Of the rows' cells, see ``row_digest``, [rows].
        labels: 0 or 1, [rows].
        candidate: The candidate's probabilities of label 1, [rows].
        champion: The champion's, [rows]; None where it was not measured.
        slices: The rows' slices by column, or fairness attribute.
    """

    rows: Integers
    digests: Digests
    labels: Array
    candidate: Array
    champion: Array | None = None
    slices: Mapping[str, SliceColumn] = dataclasses.field(default_factory=dict)

    def select(self, places: Integers) -> ScoredRows:
        """Take the rows at some places, in the order given."""
        return ScoredRows(
            self.rows[places],
            self.digests[places],
            self.labels[places],
            self.candidate[places],
            None if self.champion is None else self.champion[places],
            {name: column.select(places) for name, column in self.slices.items()},
        )


def join_scored_rows(parts: Sequence[ScoredRows], max_rows: int) -> ScoredRows:
    """Join parts of the same split, and keep a sample of their rows.

    The sample follows from the rows' digests: joining parts of which each was joined before gives
    the same rows as joining all at once, and neither their order nor their files matter.

    Args:
        parts: Of the same models and slice columns, in any order; at least one.
        max_rows: Rows to keep at most, >= 1.
    """
    champions = [part.champion for part in parts if part.champion is not None]
    joined = ScoredRows(
        rows=np.concatenate([part.rows for part in parts]),
        digests=np.concatenate([part.digests for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        candidate=np.concatenate([part.candidate for part in parts]),
        champion=np.concatenate(champions) if champions else None,
        slices={
            name: join_slices([part.slices[name] for part in parts]) for name in parts[0].slices
        },
    )
    in_order = joined.select(np.argsort(joined.rows))
    return in_order.select(choose_rows(in_order.digests, max_rows))


def write_scored_rows(directory: Path, scored: ScoredRows) -> None:
    """Write ``scores.parquet`` into the folder of a ``ModelEvaluation`` artifact."""
    columns = {name: pa.array(getattr(scored, field)) for name, field in _COLUMNS.items()}
    if scored.champion is not None:
        columns[_CHAMPION] = pa.array(scored.champion)
    slices = {f"{_SLICE}{name}": column.list_texts() for name, column in scored.slices.items()}
    pq.write_table(pa.table({**columns, **slices}), directory / FILE_NAME, compression="zstd")


def read_scored_rows(directory: Path) -> ScoredRows:
    """Read ``scores.parquet`` from the folder of a ``ModelEvaluation`` artifact.

    Where it was written before there were digests, the rows' numbers stand for them; before there
    were slices, it has none.

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
    names = table.column_names
    return ScoredRows(
        rows=table["row"].to_numpy(),
        digests=table["digest" if "digest" in names else "row"].to_numpy().astype(np.uint64),
        labels=table["label"].to_numpy(),
        candidate=table["candidate"].to_numpy(),
        champion=table[_CHAMPION].to_numpy() if _CHAMPION in names else None,
        slices={
            name.removeprefix(_SLICE): find_slices(name, table[name].combine_chunks())
            for name in names
            if name.startswith(_SLICE)
        },
    )
