"""What the feature table's transformations need to know of the training rows, in one pass.

The results are those of TFT's analyzers on the same rows:

- *vocabularies* (``tft.compute_and_apply_vocabulary``): the same values in the same order,
  descending by count and then by bytes. A value that is empty or has a line break is left out, as
  a vocabulary is a text file of a value a line, and a column without any gets a dummy.
- *moments* (``tft.scale_to_z_score``): mean and deviation of the population. TFT sums 32-bit floats
  a batch, here they are summed as doubles, so they agree to about 1e-6 of the deviation; and where
  all values are the same the deviation is 0 here, while TFT may take its rounding error for one.
- *boundaries* (``tft.bucketize``): TFT's own sketch, with its settings. They are the same as long
  as the rows come in the same batches; else a boundary's rank may be off by ``epsilon`` of the
  rows, as it may be with TFT.

Arrow, numpy and tfx_bsl's sketch alone.
"""

from __future__ import annotations

import collections
import dataclasses
import json
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tfx_bsl import sketches

from schemas.feature_table import MISSING_CATEGORY, FeatureTable, Numeric, Vocabulary

EMPTY_VOCABULARY = b"49d0cd50-04bb-48c0-bc6f-5b575dce351a"
"""The one value of a vocabulary without any, in TFT's words: a table of no value can't be made."""

_SKETCH_ERROR = 0.01
_SKETCH_MAX_ROWS = 1 << 32


@dataclasses.dataclass(frozen=True)
class Moments:
    """Mean and deviation of a column's present values; 0 and 0 if there are none.

    Attributes:
        deviation: Square root of their variance (of the population), >= 0.
    """

    mean: float
    deviation: float


@dataclasses.dataclass(frozen=True)
class Analysis:
    """What was learned, by column.

    Attributes:
        moments: Of each ``Numeric``: of the values, or of log(1 + x) where it says so.
        boundaries: Of each ``Numeric`` with buckets: ascending, one fewer than buckets.
        vocabularies: Of each ``Vocabulary``: UTF-8, most frequent first, at least one.
    """

    moments: Mapping[str, Moments]
    boundaries: Mapping[str, tuple[float, ...]]
    vocabularies: Mapping[str, tuple[bytes, ...]]


class Accumulator:
    """Gathers batches of rows; accumulators of parts are merged to that of the whole."""

    def __init__(self, table: FeatureTable) -> None:
        """Start without rows.

        Args:
            table: Says which columns are needed, and what of them.
        """
        self._numbers = {
            feature.name: _Numbers(transformation)
            for feature in table.inputs
            for transformation in feature.transformations
            if isinstance(transformation, Numeric)
        }
        self._categories = {
            feature.name: _Categories(transformation)
            for feature in table.inputs
            for transformation in feature.transformations
            if isinstance(transformation, Vocabulary)
        }

    def add_batch(self, batch: pa.RecordBatch) -> None:
        """Add rows.

        Args:
            batch: Flat columns, nulls for missing values; at least those that
                ``list_analyzed_columns`` gives.

        Raises:
            KeyError: If a column is missing.
        """
        for name, numbers in self._numbers.items():
            numbers.add(batch.column(name))
        for name, categories in self._categories.items():
            categories.add(batch.column(name))

    def merge(self, other: Accumulator) -> None:
        """Take in the rows of another accumulator of the same table; leave that one alone then."""
        for name, numbers in self._numbers.items():
            numbers.merge(other._numbers[name])
        for name, categories in self._categories.items():
            categories.merge(other._categories[name])

    def extract(self) -> Analysis:
        """Give what the rows so far tell."""
        return Analysis(
            moments={name: numbers.moments for name, numbers in self._numbers.items()},
            boundaries={
                name: numbers.find_boundaries()
                for name, numbers in self._numbers.items()
                if numbers.has_buckets
            },
            vocabularies={name: each.rank() for name, each in self._categories.items()},
        )


def list_analyzed_columns(table: FeatureTable) -> tuple[str, ...]:
    """List the columns that an accumulator reads, in the table's order."""
    return tuple(
        feature.name
        for feature in table.inputs
        if any(isinstance(each, Numeric | Vocabulary) for each in feature.transformations)
    )


def dump_analysis(analysis: Analysis) -> str:
    """Write an analysis as JSON; no number loses a bit."""
    return json.dumps(
        {
            "moments": {name: dataclasses.asdict(each) for name, each in analysis.moments.items()},
            "boundaries": dict(analysis.boundaries),
            "vocabularies": {
                name: [value.decode(errors="surrogateescape") for value in values]
                for name, values in analysis.vocabularies.items()
            },
        }
    )


def load_analysis(text: str) -> Analysis:
    """Read what ``dump_analysis`` wrote."""
    fields = json.loads(text)
    return Analysis(
        moments={name: Moments(**each) for name, each in fields["moments"].items()},
        boundaries={name: tuple(each) for name, each in fields["boundaries"].items()},
        vocabularies={
            name: tuple(value.encode(errors="surrogateescape") for value in values)
            for name, values in fields["vocabularies"].items()
        },
    )


class _Numbers:
    """Count, mean, squared distances from it, and a sketch of the quantiles, of one column."""

    def __init__(self, transformation: Numeric) -> None:
        self._log = transformation.log
        self._buckets = transformation.buckets
        self._count = 0
        self._mean = 0.0
        self._squares = 0.0
        self._sketch = None
        if self._buckets:
            error = min(1 / self._buckets, _SKETCH_ERROR)
            self._sketch = sketches.QuantilesSketch(error, _SKETCH_MAX_ROWS, 1)

    @property
    def has_buckets(self) -> bool:
        return self._buckets > 0

    @property
    def moments(self) -> Moments:
        variance = self._squares / self._count if self._count else 0.0
        return Moments(self._mean, math.sqrt(variance))

    def add(self, column: pa.Array) -> None:
        values = column.drop_null().to_numpy(zero_copy_only=False).astype(np.float32)
        if not len(values):
            return
        if self._sketch is not None:
            self._sketch.AddValues(pa.array(values))
        scaled = values.astype(np.float64)
        if self._log:
            scaled = np.log1p(np.maximum(scaled, 0.0))
        # From a value of theirs: where all are the same, the deviation is 0 and no rounding error.
        mean = float(scaled[0] + (scaled - scaled[0]).mean())
        self._combine(len(scaled), mean, float(np.square(scaled - mean).sum()))

    def merge(self, other: _Numbers) -> None:
        if self._sketch is not None:
            self._sketch.Merge(other._sketch)
        self._combine(other._count, other._mean, other._squares)

    def find_boundaries(self) -> tuple[float, ...]:
        assert self._sketch is not None
        (quantiles,) = self._sketch.GetQuantiles(self._buckets).to_pylist() or ([],)
        if not quantiles:
            return (0.0,) * (self._buckets - 1)
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
    """How often each value of one column occurs; grows with the number of different values."""

    def __init__(self, transformation: Vocabulary) -> None:
        self._transformation = transformation
        self._counts: collections.Counter[bytes] = collections.Counter()

    def add(self, column: pa.Array) -> None:
        counted = pc.value_counts(column)
        values, counts = counted.field("values"), counted.field("counts").to_pylist()
        for value, count in zip(_write_as_text(values), counts, strict=True):
            self._counts[value] += count

    def merge(self, other: _Categories) -> None:
        self._counts.update(other._counts)

    def rank(self) -> tuple[bytes, ...]:
        ranked = sorted(
            (
                (count, value)
                for value, count in self._counts.items()
                if count >= self._transformation.min_count and _is_a_line(value)
            ),
            reverse=True,
        )
        values = tuple(value for _, value in ranked[: self._transformation.max_size])
        return values or (EMPTY_VOCABULARY,)


def _write_as_text(values: pa.Array) -> Sequence[bytes]:
    """Write values as ``tf.strings.as_string`` does, and a null as the category of its own."""
    missing = MISSING_CATEGORY.encode()
    written = values.to_pylist()
    if pa.types.is_floating(values.type):
        return [missing if value is None else f"{value:f}".encode() for value in written]
    if pa.types.is_integer(values.type):
        return [missing if value is None else str(value).encode() for value in written]
    return [missing if value is None else value for value in written]


def _is_a_line(value: bytes) -> bool:
    return bool(value) and b"\n" not in value and b"\r" not in value
