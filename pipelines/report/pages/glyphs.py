"""Small drawings inside tables, in user units of their SVG: intervals and histograms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeGuard

from components.metrics.evaluation import MetricComparison

_INTERVAL_WIDTH = 144
_INTERVAL_MARGIN = 6
_SHAPE_HEIGHT = 22

Domain = tuple[float, float]
"""The smallest and the largest number of a scale."""


class IntervalGlyph(NamedTuple):
    """Where the parts of an interval are drawn.

    Attributes:
        value: Middle of the dot.
        low: Left end of the band.
        width: Width of the band; 0 where there is no interval.
        baseline: The champion's line; None where there is none.
    """

    value: float
    low: float
    width: float
    baseline: float | None


def find_domain(metrics: Sequence[MetricComparison | None]) -> Domain:
    """Find a scale that holds metrics, their intervals and the champion's; without any, 0 to 1."""
    numbers = [
        number
        for metric in metrics
        if metric is not None
        for number in (metric.value, metric.lower, metric.upper, metric.baseline)
        if _is_number(number)
    ]
    return (min(numbers), max(numbers)) if numbers else (0.0, 1.0)


def place_interval(
    metric: MetricComparison | None, domain: Domain | None = None
) -> IntervalGlyph | None:
    """Place a metric, its interval and the champion's value; None where it has no value.

    Args:
        domain: The scale; None for one that holds this metric alone.
    """
    if metric is None or not _is_number(metric.value):
        return None
    domain = domain or find_domain([metric])
    low = high = value = _place(metric.value, domain)
    if _is_number(metric.lower) and _is_number(metric.upper):
        low, high = _place(metric.lower, domain), _place(metric.upper, domain)
    baseline = _place(metric.baseline, domain) if _is_number(metric.baseline) else None
    return IntervalGlyph(value, low, round(high - low, 1), baseline)


def scale_heights(rows: Sequence[float]) -> list[float]:
    """Scale the rows of buckets to heights, logarithmically: a single row can still be seen."""
    logarithms = [math.log1p(count) for count in rows]
    highest = max(logarithms, default=0.0) or 1.0
    return [round(_SHAPE_HEIGHT * height / highest, 1) for height in logarithms]


def _is_number(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _place(number: float, domain: Domain) -> float:
    low, high = domain
    share = (number - low) / (high - low) if high > low else 0.5
    inner = _INTERVAL_WIDTH - 2 * _INTERVAL_MARGIN
    return round(_INTERVAL_MARGIN + inner * min(max(share, 0.0), 1.0), 1)
