"""Cut a column of several datasets into the same bins, to draw them over each other.

This module is plain Python and NumPy.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping

import numpy as np

from components.statistics_gen.distances import (
    MISSING_LABEL,
    REST_LABEL,
    Categories,
    Quantiles,
    compute_shares,
    cut_at_quantiles,
    describe_interval,
)
from pipelines.report.model.data_report import OverlayBin

MAX_BINS = 20
"""Bins of numbers, or values of categories, beside those of the rest."""

_MAX_WHOLE_NUMBERS = 40
_PERCENTILES = 100


def overlay(
    columns: Mapping[str, Categories | Quantiles], is_whole: bool = False
) -> tuple[OverlayBin, ...]:
    """Cut a column into bins that all datasets share.

    Args:
        columns: The column in each dataset by the dataset's name, all of numbers or all of
            categories; those without rows, or of the other kind than the first, are left out.

    Returns:
        The bins: numbers in order, or values by their largest share; then all other values and the
        missing ones, where there are some. Numbers beyond the 1st and the 99th percentile of all
        datasets fall into the open bins at both ends; few whole numbers get a bin each.
    """
    filled = {name: column for name, column in columns.items() if column.rows}
    categories = {name: column for name, column in filled.items() if isinstance(column, Categories)}
    numbers = {name: column for name, column in filled.items() if isinstance(column, Quantiles)}
    if not filled:
        return ()
    if next(iter(filled)) in categories:
        return _overlay_categories(categories)
    return _overlay_numbers(numbers, is_whole)


def _overlay_categories(columns: Mapping[str, Categories]) -> tuple[OverlayBin, ...]:
    shares = {
        name: {value: count / column.rows for value, count in column.counts.items()}
        for name, column in columns.items()
    }
    largest: dict[str, float] = {}
    for of_one in shares.values():
        for value, share in of_one.items():
            largest[value] = max(share, largest.get(value, 0.0))
    shown = sorted(largest, key=lambda value: (-largest[value], value))[:MAX_BINS]
    bins = [
        OverlayBin(
            label=value, shares={name: of_one.get(value, 0.0) for name, of_one in shares.items()}
        )
        for value in shown
    ]
    missing = {name: column.missing / column.rows for name, column in columns.items()}
    rest = {
        name: max(1 - missing[name] - math.fsum(one.shares[name] for one in bins), 0.0)
        for name in columns
    }
    # What is left of 1 is rounding where every value is shown.
    has_rest = len(shown) < len(largest) or any(column.rest for column in columns.values())
    ends = ({REST_LABEL: rest} if has_rest else {}) | {MISSING_LABEL: missing}
    return (*bins, *_list_ends(ends))


def _overlay_numbers(columns: Mapping[str, Quantiles], is_whole: bool) -> tuple[OverlayBin, ...]:
    whole = _list_whole_numbers(columns.values()) if is_whole else []
    cuts = whole[:-1] if whole else _cut_evenly(columns.values())
    shares = {name: compute_shares(column, cuts) for name, column in columns.items()}
    limits: list[float | None] = [None, *cuts, None]
    bins = [
        OverlayBin(
            label=f"{whole[place]:.0f}" if whole else describe_interval(low, high),
            low=low,
            high=high,
            shares={name: float(of_one[place]) for name, of_one in shares.items()},
        )
        for place, (low, high) in enumerate(itertools.pairwise(limits))
    ]
    missing = {name: float(of_one[-1]) for name, of_one in shares.items()}
    return (*bins, *_list_ends({MISSING_LABEL: missing}))


def _list_ends(shares: Mapping[str, dict[str, float]]) -> list[OverlayBin]:
    """Give a bin to each label that some dataset has rows of."""
    return [
        OverlayBin(label=label, shares=part) for label, part in shares.items() if any(part.values())
    ]


def _list_whole_numbers(columns: Collection[Quantiles]) -> list[float]:
    """List every whole number from the smallest to the largest; none where they are many."""
    ends = [end for column in columns for end in (*column.lows, *column.highs)]
    if not ends or max(ends) - min(ends) >= _MAX_WHOLE_NUMBERS:
        return []
    return [float(number) for number in range(math.ceil(min(ends)), math.floor(max(ends)) + 1)]


def _cut_evenly(columns: Collection[Quantiles]) -> list[float]:
    """Choose limits of equally wide bins between the outermost percentiles of all datasets."""
    percentiles = [cut for column in columns for cut in cut_at_quantiles(column, _PERCENTILES)]
    if not percentiles:
        return []
    evenly, step = np.linspace(min(percentiles), max(percentiles), MAX_BINS - 1, retstep=True)
    # Two digits of a bin's width read well, and keep bins of large numbers apart.
    decimals = 1 - math.floor(math.log10(step)) if step > 0 else 0
    return sorted({round(float(cut), decimals) for cut in evenly})
