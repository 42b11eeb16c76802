"""Gather the scores of all models by slice and jackknife group, one batch of rows at a time.

A batch is counted by sorting, and a slice's counts wait until there are as many as were merged
before, so each row costs a few sorted numbers whatever the number of rows, and memory follows the
number of distinct (slice, group, score, label), eight bytes each, not of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from components.metrics.binary_metrics import (
    MAX_BUCKET,
    Array,
    Integers,
    ScoreHistogram,
    ScoreTotals,
    check_labels,
    prepare_rows,
)
from components.metrics.slice_columns import SliceColumn, SliceValue

SliceKey = tuple[()] | tuple[tuple[str, SliceValue]]
"""Column, or fairness attribute, and value, as TFMA has it; empty for all rows."""

ALL_ROWS: SliceKey = ()

_LABELS = 2
_BUCKETS = 2 * MAX_BUCKET + 1
_CELL = _BUCKETS * _LABELS
_MIN_PENDING = 1 << 14
_CODEC = "zstd"


class _Counts:
    """Counts by number, sparse, of one slice.

    Numbers are ascending; further ones wait beside them, so that the many are sorted rarely.
    """

    def __init__(self) -> None:
        self._keys = np.zeros(0, np.int32)
        self._counts = np.zeros(0, np.int32)
        self._pending: list[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]] = []
        self._pending_size = 0

    def add(self, keys: npt.NDArray[np.int32], counts: npt.NDArray[np.int32]) -> None:
        self._pending.append((keys, counts))
        self._pending_size += keys.size
        if self._pending_size > max(_MIN_PENDING, self._keys.size):
            self.list()

    def list(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """List distinct numbers, ascending, and their counts."""
        if self._pending:
            parts = [(self._keys, self._counts), *self._pending]
            self._pending, self._pending_size = [], 0
            keys = np.concatenate([part[0] for part in parts])
            counts = np.concatenate([part[1] for part in parts])
            order = np.argsort(keys, kind="stable")
            keys, counts = keys[order], counts[order]
            starts = np.flatnonzero(np.diff(keys, prepend=-1))
            self._keys, self._counts = keys[starts], np.add.reduceat(counts, starts, dtype=np.int32)
        return self._keys, self._counts

    def __getstate__(self) -> tuple[int, bytes]:
        """Pack for another worker: steps between numbers, and most counts, are small."""
        keys, counts = self.list()
        steps = np.diff(keys, prepend=np.int32(0))
        packed = pa.compress(np.stack([steps, counts]), codec=_CODEC, asbytes=True)
        return keys.size, packed

    def __setstate__(self, state: tuple[int, bytes]) -> None:
        size, packed = state
        unpacked = pa.decompress(packed, 2 * size * 4, codec=_CODEC)
        steps, counts = np.frombuffer(unpacked, np.int32).reshape(2, size)
        self._keys = np.cumsum(steps, dtype=np.int32)
        self._counts = counts.copy()
        self._pending, self._pending_size = [], 0


class SlicedScores:
    """Histograms of each model's scores by slice and group, that can be added to and merged."""

    def __init__(self, models: int, groups: int, threshold: float) -> None:
        """Start without rows.

        Args:
            models: Number of models that score each row.
            groups: Number of jackknife groups; 1 where there are to be no intervals.
        """
        self._groups = groups
        self._threshold = threshold
        self._places: dict[SliceKey, int] = {}
        self._counts: list[list[_Counts]] = [[] for _ in range(models)]
        self._sums = [np.zeros((0, len(ScoreTotals._fields))) for _ in range(models)]

    def add(
        self,
        labels: Array,
        probabilities: Sequence[Array],
        groups: Integers,
        columns: Mapping[str, SliceColumn],
    ) -> None:
        """Add rows, at least one, [rows]; probabilities are those of each model.

        Raises:
            ValueError: If a label is neither 0 nor 1.
        """
        check_labels(labels)
        cells, rows = self._list_cells(labels.size, groups, columns)
        self._grow()
        is_positive = labels.astype(np.int64)
        for number, scores in enumerate(probabilities):
            buckets, terms = prepare_rows(labels, scores, self._threshold)
            # One number for what a row is counted as: its cell, bucket and label.
            places = (buckets + MAX_BUCKET) * _LABELS + is_positive
            self._add_counts(number, *np.unique(cells * _CELL + places[rows], return_counts=True))
            sums = self._sums[number]
            for term, values in enumerate(terms):
                sums[:, term] += np.bincount(cells, values[rows], sums.shape[0])

    def merge(self, other: SlicedScores) -> None:
        """Add all rows of another, of as many models and groups; the other keeps its own."""
        moved = [self._place(key) for key in other._places]
        self._grow()
        for number, slices in enumerate(other._counts):
            for place, counts in zip(moved, slices, strict=True):
                self._counts[number][place].add(*counts.list())
        cells = (np.array(moved)[:, np.newaxis] * self._groups + np.arange(self._groups)).ravel()
        for ours, theirs in zip(self._sums, other._sums, strict=True):
            ours[cells] += theirs

    def list_slices(self) -> list[SliceKey]:
        """List the slices, the overall one first; none without rows."""
        return list(self._places)

    def create_histograms(self, key: SliceKey) -> list[ScoreHistogram]:
        """Create each model's histogram of one of ``list_slices``, leading dimension [groups]."""
        models = range(len(self._sums))
        return [self._create_histogram(self._places[key], model) for model in models]

    def _create_histogram(self, place: int, model: int) -> ScoreHistogram:
        keys, counts = self._counts[model][place].list()
        groups, rest = np.divmod(keys, _CELL)
        buckets, places = np.unique(rest // _LABELS, return_inverse=True)
        rows = np.zeros((_LABELS, self._groups, buckets.size))
        rows[rest % _LABELS, groups, places] = counts
        sums = self._sums[model][place * self._groups : (place + 1) * self._groups]
        return ScoreHistogram(
            self._threshold, buckets - MAX_BUCKET, rows[0], rows[1], ScoreTotals(*sums.T)
        )

    def _list_cells(
        self, rows: int, groups: Integers, columns: Mapping[str, SliceColumn]
    ) -> tuple[Integers, Integers]:
        """List in which cells, of a slice and a group, rows are: cell and row, [memberships]."""
        cells, members = [self._place(ALL_ROWS) * self._groups + groups], [np.arange(rows)]
        for name, column in columns.items():
            places = np.array([self._place(((name, value),)) for value in column.values], np.int64)
            present = np.flatnonzero(column.codes >= 0)
            cells.append(places[column.codes[present]] * self._groups + groups[present])
            members.append(present)
        return np.concatenate(cells), np.concatenate(members)

    def _add_counts(self, model: int, keys: Integers, counts: Integers) -> None:
        """Share out counts among the slices; keys are ascending, of all slices."""
        size = self._groups * _CELL
        slices = np.arange(len(self._places))
        ends = np.searchsorted(keys, (slices + 1) * size)
        for place, first, last in zip(slices, [0, *ends[:-1]], ends, strict=True):
            if first < last:
                part = slice(first, last)
                self._counts[model][place].add(
                    (keys[part] - place * size).astype(np.int32), counts[part].astype(np.int32)
                )

    def _place(self, key: SliceKey) -> int:
        return self._places.setdefault(key, len(self._places))

    def _grow(self) -> None:
        missing = len(self._places) * self._groups - self._sums[0].shape[0]
        if missing > 0:
            self._sums = [np.pad(sums, ((0, missing), (0, 0))) for sums in self._sums]
        for slices in self._counts:
            slices.extend(_Counts() for _ in range(len(self._places) - len(slices)))
