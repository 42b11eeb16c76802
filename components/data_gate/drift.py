"""Compare splits with each other and with the previous accepted data, within the schema's limits.

This module is plain Python.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal

from components.data_gate.findings import Comparison
from components.statistics_gen.column_limits import DataLimits
from components.statistics_gen.distances import (
    Categories,
    Distance,
    Quantiles,
    measure_categories,
    measure_numbers,
)
from components.statistics_gen.feature_statistics import FeatureSummary, SplitSummary


@dataclasses.dataclass(frozen=True)
class NotCompared:
    """A column with a limit that could not be compared.

    Attributes:
        split: Split that was to be compared.
        reference: What it was to be compared with, in words.
        is_reference_at_fault: Whether it is the reference that lacks the column.
        reason: Why, in a few words.
    """

    feature: str
    split: str
    reference: str
    is_reference_at_fault: bool
    reason: str


@dataclasses.dataclass(frozen=True)
class _Pair:
    """A split and what it is compared with."""

    basis: Literal["drift", "skew"]
    split: str
    current: SplitSummary
    reference: SplitSummary
    reference_name: str


def compare_spans(
    current: SplitSummary, previous: SplitSummary, limits: DataLimits, split: str, reference: str
) -> tuple[Comparison | NotCompared, ...]:
    """Compare a split with the same split of the previous accepted data.

    Args:
        limits: What the schema allows; the drift limits are used.
        reference: How a message names what it is compared with.

    Returns:
        One comparison per column with a limit, in the schema's order.
    """
    pair = _Pair("drift", split, current, previous, reference)
    return tuple(
        _compare(pair, column.name, column.drift_limit)
        for column in limits.columns.values()
        if column.drift_limit is not None
    )


def compare_splits(
    splits: Mapping[str, SplitSummary], limits: DataLimits, training_split: str
) -> tuple[Comparison | NotCompared, ...]:
    """Compare every other split with the training split.

    Args:
        limits: What the schema allows; the skew limits are used.
        training_split: The reference.

    Returns:
        One comparison per split and column with a limit.
    """
    reference, name = splits[training_split], f"split {training_split!r}"
    return tuple(
        _compare(_Pair("skew", split, summary, reference, name), column.name, column.skew_limit)
        for split, summary in splits.items()
        if split != training_split
        for column in limits.columns.values()
        if column.skew_limit is not None
    )


def measure(reference: FeatureSummary, observed: FeatureSummary) -> Distance | None:
    """Measure how far a column is from another; both have at least one row.

    Returns:
        The distance; None if they are not both numbers or both categories.
    """
    before, now = reference.distribution, observed.distribution
    if isinstance(before, Categories) and isinstance(now, Categories):
        return measure_categories(before, now)
    if isinstance(before, Quantiles) and isinstance(now, Quantiles):
        return measure_numbers(before, now)
    return None


def _compare(pair: _Pair, feature: str, limit: float) -> Comparison | NotCompared:
    before, now = pair.reference.features.get(feature), pair.current.features.get(feature)
    reason, is_reference_at_fault = "one holds numbers and the other does not", False
    if before is None or not before.rows:
        reason, is_reference_at_fault = f"{pair.reference_name} has no such column", True
    elif now is None or not now.rows:
        reason = f"split {pair.split!r} has no such column"
    elif distance := measure(before, now):
        return Comparison(
            feature=feature,
            basis=pair.basis,
            split=pair.split,
            reference=pair.reference_name,
            limit=limit,
            is_exceeded=distance.exceeds(limit),
            distance=distance,
        )
    return NotCompared(feature, pair.split, pair.reference_name, is_reference_at_fault, reason)
