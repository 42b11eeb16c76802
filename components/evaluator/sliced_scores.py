"""Gather the scores of all models by slice and jackknife group, a batch of rows at a time.

A batch is counted by sorting, and counts wait until there are as many as were merged before, so
each row costs a few sorted numbers whatever the number of rows, and memory follows the number of
distinct (slice, group, score, label), not of rows.

This module is plain Python and NumPy.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from components.evaluator.score_histogram import (
    MAX_BUCKET,
    SUMMED_TERMS,
    Array,
    ScoreHistogram,
    ScoreTotals,
    check_labels,
    prepare_rows,
)

SliceValue = str | int | float
SliceKey = tuple[()] | tuple[tuple[str, SliceValue]]
"""Column, or fairness attribute, and value, as TFMA has it; empty for all rows."""

OVERALL: SliceKey = ()

_LABELS = 2
_BUCKETS = 2 * MAX_BUCKET + 1
_FEWEST_PENDING = 1 << 20


@dataclasses.dataclass(frozen=True)
class SliceColumn:
    """The slices of rows by one column.

    Attributes:
        values: The column's values; each occurs.
        codes: Index into them by row, -1 for a row without a value, int64 [rows].
    """

    values: Sequence[SliceValue]
    codes: npt.NDArray[np.int64]


class _Counts:
    """Counts by number, sparse.

    ``keys`` are ascending where nothing is pending; others wait beside them unsorted, so that the
    many are sorted rarely.
    """

    def __init__(self) -> None:
        self._keys = np.zeros(0, np.int64)
        self._counts = np.zeros(0, np.int64)
        self._pending: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []
        self._pending_size = 0

    def add(self, keys: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> None:
        self._pending.append((keys, counts))
        self._pending_size += keys.size
        if self._pending_size > max(_FEWEST_PENDING, self._keys.size):
            self.list()

    def list(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """List distinct keys, ascending, and their counts."""
        if self._pending:
            parts = [(self._keys, self._counts), *self._pending]
            self._pending, self._pending_size = [], 0
            keys = np.concatenate([part[0] for part in parts])
            counts = np.concatenate([part[1] for part in parts])
            del parts
            order = np.argsort(keys, kind="stable")
            keys, counts = keys[order], counts[order]
            starts = np.flatnonzero(np.diff(keys, prepend=-1))
            self._keys, self._counts = keys[starts], np.add.reduceat(counts, starts)
        return self._keys, self._counts


class SlicedScores:
    """Histograms of each model's scores by slice and group, that can be added to and merged."""

    def __init__(self, models: int, groups: int, threshold: float) -> None:
        """Start without rows.

        Args:
            models: Number of models that score each row.
            groups: Number of jackknife groups; 1 where there are to be no intervals.
            threshold: A row counts as positive where its probability is above it.
        """
        self._groups = groups
        self._threshold = threshold
        self._places: dict[SliceKey, int] = {}
        self._counts = [_Counts() for _ in range(models)]
        self._sums = [np.zeros((0, SUMMED_TERMS)) for _ in range(models)]

    def add(
        self,
        labels: Array,
        probabilities: Sequence[Array],
        groups: npt.NDArray[np.int64],
        columns: Mapping[str, SliceColumn],
    ) -> None:
        """Add rows.

        Args:
            labels: 0 or 1, [rows], at least one.
            probabilities: Predicted probability of label 1, [rows] for each model, as
                ``prepare_rows`` takes it.
            groups: Jackknife group, [rows].
            columns: Slices by column.

        Raises:
            ValueError: If a label is neither 0 nor 1.
        """
        check_labels(labels)
        cells, rows = self._list_cells(labels.size, groups, columns)
        self._grow()
        is_positive = labels.astype(np.int64)
        for number, scores in enumerate(probabilities):
            prepared = prepare_rows(labels, scores, self._threshold)
            # One number says what a row is counted as: its cell, bucket and label.
            places = (prepared.buckets + MAX_BUCKET) * _LABELS + is_positive
            self._counts[number].add(
                *np.unique(cells * (_BUCKETS * _LABELS) + places[rows], return_counts=True)
            )
            sums = self._sums[number]
            for term, values in enumerate(prepared.sums):
                sums[:, term] += np.bincount(cells, values[rows], sums.shape[0])

    def merge(self, other: SlicedScores) -> None:
        """Add all of another's rows; the other keeps its own.

        Args:
            other: One of as many models and groups, and the same threshold.
        """
        moved = np.array([self._place(key) for key in other._places], np.int64)
        self._grow()
        for number, (keys, counts) in enumerate(one.list() for one in other._counts):
            slices, rest = np.divmod(keys, self._groups * _BUCKETS * _LABELS)
            self._counts[number].add(
                moved[slices] * (self._groups * _BUCKETS * _LABELS) + rest, counts
            )
            cells = (moved[:, np.newaxis] * self._groups + np.arange(self._groups)).ravel()
            self._sums[number][cells] += other._sums[number]

    def list_slices(self) -> list[SliceKey]:
        """List the slices, the overall one first; none without rows."""
        return list(self._places)

    def create_histogram(self, key: SliceKey, model: int) -> ScoreHistogram:
        """Create the histograms of one model on one slice.

        Args:
            key: One of ``list_slices``.
            model: Number of the model.

        Returns:
            One summary a group, leading dimension [groups].
        """
        place = self._places[key]
        keys, counts = self._counts[model].list()
        size = self._groups * _BUCKETS * _LABELS
        first, last = np.searchsorted(keys, [place * size, (place + 1) * size])
        groups, rest = np.divmod(keys[first:last] - place * size, _BUCKETS * _LABELS)
        buckets, places = np.unique(rest // _LABELS, return_inverse=True)
        rows = np.zeros((_LABELS, self._groups, buckets.size))
        rows[rest % _LABELS, groups, places] = counts[first:last]
        sums = self._sums[model][place * self._groups : (place + 1) * self._groups]
        return ScoreHistogram(
            self._threshold, buckets - MAX_BUCKET, rows[0], rows[1], ScoreTotals(*sums.T)
        )

    def _list_cells(
        self, rows: int, groups: npt.NDArray[np.int64], columns: Mapping[str, SliceColumn]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """List in which cells, of a slice and a group, rows are: cell and row, [memberships]."""
        cells, members = [self._place(OVERALL) * self._groups + groups], [np.arange(rows)]
        for name, column in columns.items():
            places = np.array([self._place(((name, value),)) for value in column.values], np.int64)
            present = np.flatnonzero(column.codes >= 0)
            cells.append(places[column.codes[present]] * self._groups + groups[present])
            members.append(present)
        return np.concatenate(cells), np.concatenate(members)

    def _place(self, key: SliceKey) -> int:
        return self._places.setdefault(key, len(self._places))

    def _grow(self) -> None:
        missing = len(self._places) * self._groups - self._sums[0].shape[0]
        if missing > 0:
            self._sums = [np.pad(sums, ((0, missing), (0, 0))) for sums in self._sums]
