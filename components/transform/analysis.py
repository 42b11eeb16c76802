"""What the feature table's transformations take from the training rows, in one pass.

The results are those of TFT's analyzers on the same rows:

- *vocabularies* (``tft.compute_and_apply_vocabulary``): the same values in the same order,
  descending by count and then by bytes. A value that is empty or has a line break is left out, as
  a vocabulary is a text file of one value per line, and a column without any gets a dummy.
- *moments* (``tft.scale_to_z_score``): mean and deviation of the population. TFT sums each batch in
  32-bit floats, here they are summed as doubles, so they agree to about 1e-6 of the deviation; and
  where all values are the same the deviation is 0 here, while TFT may take its rounding error for
  one.
- *boundaries* (``tft.bucketize``): TFT's own sketch, with its settings. They are the same as long
  as the rows come in the same batches; else a boundary's rank may be off by ``epsilon`` of the
  rows, as it may be with TFT.
"""

from __future__ import annotations

import collections
import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tfx_bsl import sketches

from components.frozen_model import FrozenModel
from schemas.feature_table import MISSING_CATEGORY, FeatureTable, Numeric, Vocabulary

EMPTY_VOCABULARY = b"49d0cd50-04bb-48c0-bc6f-5b575dce351a"
"""The one value of an empty vocabulary, as in TFT: a table needs at least one."""

_SKETCH_ERROR = 0.01
_SKETCH_MAX_ROWS = 1 << 32


@dataclasses.dataclass(frozen=True)
class Moments:
    """Mean and deviation (of the population) of a column's values; 0 and 0 if there are none."""

    mean: float
    deviation: float


class Analysis(
    FrozenModel, ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="constants"
):
    """What was learned, by column; in JSON no number loses a bit.

    Attributes:
        moments: Of each ``Numeric``: of the values, or of log(1 + x) where it says so.
        boundaries: Of each ``Numeric`` with buckets: ascending, one fewer than buckets.
        vocabularies: Of each ``Vocabulary``: UTF-8, most frequent first, at least one.
    """

    moments: dict[str, Moments]
    boundaries: dict[str, tuple[float, ...]]
    vocabularies: dict[str, tuple[bytes, ...]]


class Accumulator:
    """Gathers batches of rows; accumulators of parts are merged to that of the whole."""

    def __init__(self, table: FeatureTable) -> None:
        """Start without rows; the table says which columns are needed, and what of them."""
        self._columns: list[tuple[str, _Numbers | _Categories]] = [
            (feature.name, _Numbers(each) if isinstance(each, Numeric) else _Categories(each))
            for feature in table.inputs
            for each in feature.transformations
            if isinstance(each, Numeric | Vocabulary)
        ]

    def add_batch(self, batch: pa.RecordBatch) -> None:
        """Add rows as flat columns, at least those that ``list_analyzed_columns`` gives.

        Raises:
            KeyError: If a column is missing.
        """
        for name, column in self._columns:
            column.add(batch.column(name))

    def merge(self, other: Accumulator) -> None:
        """Add the rows of another accumulator of the same table."""
        for (_, column), (_, others) in zip(self._columns, other._columns, strict=True):
            column.merge(others)

    def extract(self) -> Analysis:
        """Summarize the rows added so far."""
        numbers = {name: each for name, each in self._columns if isinstance(each, _Numbers)}
        return Analysis(
            moments={name: each.compute_moments() for name, each in numbers.items()},
            boundaries={
                name: each.find_boundaries() for name, each in numbers.items() if each.buckets
            },
            vocabularies={
                name: each.rank() for name, each in self._columns if isinstance(each, _Categories)
            },
        )


def list_analyzed_columns(table: FeatureTable) -> tuple[str, ...]:
    """List the columns that an accumulator reads, in the table's order."""
    return tuple(
        feature.name
        for feature in table.inputs
        if any(isinstance(each, Numeric | Vocabulary) for each in feature.transformations)
    )


class _Numbers:
    """Count, mean, squared distances from it, and a sketch of the quantiles, of one column."""

    def __init__(self, transformation: Numeric) -> None:
        self.buckets = transformation.buckets
        self._log = transformation.log
        self._count = 0
        self._mean = 0.0
        self._squares = 0.0
        self._sketch = None
        if self.buckets:
            error = min(1 / self.buckets, _SKETCH_ERROR)
            self._sketch = sketches.QuantilesSketch(error, _SKETCH_MAX_ROWS, 1)

    def add(self, column: pa.Array) -> None:
        values = column.drop_null().to_numpy(zero_copy_only=False).astype(np.float32)
        if not len(values):
            return
        if self._sketch is not None:
            self._sketch.AddValues(pa.array(values))
        scaled = values.astype(np.float64)
        if self._log:
            scaled = np.log1p(np.maximum(scaled, 0.0))
        # Relative to one of them: where all are the same, the deviation is 0, not a rounding error.
        mean = float(scaled[0] + (scaled - scaled[0]).mean())
        self._combine(len(scaled), mean, float(np.square(scaled - mean).sum()))

    def merge(self, other: Any) -> None:
        if self._sketch is not None:
            self._sketch.Merge(other._sketch)
        self._combine(other._count, other._mean, other._squares)

    def compute_moments(self) -> Moments:
        return Moments(self._mean, math.sqrt(self._squares / max(self._count, 1)))

    def find_boundaries(self) -> tuple[float, ...]:
        assert self._sketch is not None
        (quantiles,) = self._sketch.GetQuantiles(self.buckets).to_pylist() or ([],)
        if not quantiles:
            return (0.0,) * (self.buckets - 1)
        return tuple(np.asarray(quantiles[1:-1], np.float32).astype(np.float64).tolist())

    def _combine(self, count: int, mean: float, squares: float) -> None:
        """Add the moments of other rows: Chan, Golub and LeVeque, 1979, formula 1.5b."""
        total = self._count + count
        if not total:
            return
        delta = mean - self._mean
        self._mean += delta * count / total
        self._squares += squares + delta * delta * self._count * count / total
        self._count = total


class _Categories:
    """How often each value of one column occurs; grows with the number of distinct values."""

    def __init__(self, transformation: Vocabulary) -> None:
        self._transformation = transformation
        self._counts: collections.Counter[bytes] = collections.Counter()

    def add(self, column: pa.Array) -> None:
        counted = pc.value_counts(column)
        values, counts = counted.field("values"), counted.field("counts").to_pylist()
        for value, count in zip(_write_as_text(values), counts, strict=True):
            self._counts[value] += count

    def merge(self, other: Any) -> None:
        self._counts.update(other._counts)

    def rank(self) -> tuple[bytes, ...]:
        min_count, max_size = self._transformation.min_count, self._transformation.max_size
        ranked = sorted(((count, value) for value, count in self._counts.items()), reverse=True)
        kept = [value for count, value in ranked if count >= min_count and _is_line(value)]
        return tuple(kept[:max_size]) or (EMPTY_VOCABULARY,)


def _write_as_text(values: pa.Array) -> Sequence[bytes]:
    """Write values as ``tf.strings.as_string`` does, and a null as the category of its own."""
    form = "{:f}" if pa.types.is_floating(values.type) else "{}"
    return [
        value
        if isinstance(value, bytes)
        else (MISSING_CATEGORY if value is None else form.format(value)).encode()
        for value in values.to_pylist()
    ]


def _is_line(value: bytes) -> bool:
    return bool(value) and b"\n" not in value and b"\r" not in value
