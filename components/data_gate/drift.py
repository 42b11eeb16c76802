"""Compare splits with each other and with the previous accepted data, by the schema's limits."""

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
    """A column with a limit that could not be compared; reference and reason are in words."""

    feature: str
    split: str
    reference: str
    is_reference_at_fault: bool
    reason: str


def compare_spans(
    current: SplitSummary, previous: SplitSummary, limits: DataLimits, split: str, reference: str
) -> tuple[Comparison | NotCompared, ...]:
    """Compare a split with that of the previous accepted data, by columns with a drift limit."""
    return tuple(
        _compare("drift", split, current, previous, reference, column.name, column.drift_limit)
        for column in limits.columns.values()
        if column.drift_limit is not None
    )


def compare_splits(
    splits: Mapping[str, SplitSummary], limits: DataLimits, training_split: str
) -> tuple[Comparison | NotCompared, ...]:
    """Compare every other split with the training split, column by column with a skew limit."""
    training, name = splits[training_split], f"split {training_split!r}"
    return tuple(
        _compare("skew", split, summary, training, name, column.name, column.skew_limit)
        for split, summary in splits.items()
        if split != training_split
        for column in limits.columns.values()
        if column.skew_limit is not None
    )


def measure(reference: FeatureSummary, observed: FeatureSummary) -> Distance | None:
    """Measure how far a column is from another; None if they are not both numbers or categories."""
    before, now = reference.distribution, observed.distribution
    if isinstance(before, Categories) and isinstance(now, Categories):
        return measure_categories(before, now)
    if isinstance(before, Quantiles) and isinstance(now, Quantiles):
        return measure_numbers(before, now)
    return None


def _compare(
    basis: Literal["drift", "skew"],
    split: str,
    current: SplitSummary,
    reference: SplitSummary,
    reference_name: str,
    feature: str,
    limit: float,
) -> Comparison | NotCompared:
    before, now = reference.features.get(feature), current.features.get(feature)
    reason, is_reference_at_fault = "one holds numbers and the other does not", False
    if before is None or not before.rows:
        reason, is_reference_at_fault = f"{reference_name} has no such column", True
    elif now is None or not now.rows:
        reason = f"split {split!r} has no such column"
    elif distance := measure(before, now):
        return Comparison(
            feature=feature,
            basis=basis,
            split=split,
            reference=reference_name,
            limit=limit,
            is_exceeded=distance.exceeds(limit),
            distance=distance,
        )
    return NotCompared(feature, split, reference_name, is_reference_at_fault, reason)
