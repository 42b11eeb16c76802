"""Draw a column's values: its splits and the previous data over each other, or two runs.

Numbers are drawn along their scale: the first dataset as an area, each other as a line of steps.
Categories are drawn one below the other: the first dataset as bars, each other as points.
"""

from __future__ import annotations

import collections
import itertools
import math
import statistics
from collections.abc import Iterator, Sequence
from typing import Literal

from components.statistics_gen.distances import Bin
from pipelines.report.charts.chart import (
    Chart,
    Series,
    Swatch,
    create_layer,
    create_line,
    encode_number,
    printable,
)
from pipelines.report.charts.drawing import Spec
from pipelines.report.charts.numerals import format_share
from pipelines.report.model.data_report import DataReport, Dataset, FeatureReport, OverlayBin
from pipelines.report.model.run_comparison import ColumnChange

Kind = Literal["numbers", "categories"]

_MAX_CATEGORIES = 12
"""Of more categories, those with fewest rows are drawn as one."""
_MIN_INTERVALS = 4
"""Numbers in fewer intervals than these are drawn like categories."""
_NUMBERS_SIZE = {"width": 226, "height": 112}
_CATEGORIES_SIZE = {"width": 126, "height": {"step": 17}}
_LABEL_PIXELS = 132
_LARGE = 1e5
"""Limits from here on are written without decimals."""

# How the datasets after the first are drawn: as lines over numbers, as points beside categories.
_OTHERS: dict[Kind, tuple[Swatch, ...]] = {
    "numbers": ("line", "dotted"),
    "categories": ("tick", "circle"),
}
_PREVIOUS: dict[Kind, Swatch] = {"numbers": "dashed", "categories": "diamond"}
_SHAPES: dict[Swatch, str] = {"tick": "M0,-1L0,1", "circle": "circle", "diamond": "diamond"}

SHIFT_SERIES = (
    Series("first run", "--series-1-soft", "bar"),
    Series("second run", "--series-2", "tick"),
)
"""How two runs are told apart."""


def draw_distribution(feature: FeatureReport, data: DataReport) -> Chart | None:
    """Draw a column's shares by bin, all datasets over each other; None where it has no bins."""
    present = {name for one in feature.overlay for name in one.shares}
    datasets = [dataset for dataset in data.datasets if dataset.name in present]
    if not datasets:
        return None
    bins = _label(feature.overlay)
    intervals = [one for one in bins if one.low is not None or one.high is not None]
    limits = [limit for one in intervals for limit in (one.low, one.high) if limit is not None]
    if len(intervals) < _MIN_INTERVALS or not all(map(math.isfinite, limits)):
        series = assign_series(datasets, "categories")
        return _draw_categories(feature.name, _summarize(bins, series), bins, series)
    series = assign_series(datasets, "numbers")
    spec = _create_numbers_spec(intervals, series)
    return _create_chart(spec, feature.name, _summarize(bins, series), bins, series)


def draw_shift(column: ColumnChange) -> Chart:
    """Draw a column's shares by bin in two runs.

    Raises:
        ValueError: If the column could not be compared.
    """
    if column.distance is None:
        raise ValueError(f"column {column.feature!r}: can't be drawn, it has no distance")
    grown = column.distance.grown_bin
    summary = (
        f"{_format_label(grown)} has grown most, from {format_share(grown.reference_share)} to "
        f"{format_share(grown.observed_share)}."
    )
    before, after = (series.name for series in SHIFT_SERIES)
    bins = [
        OverlayBin(
            label=one.label,
            low=one.low,
            high=one.high,
            shares={before: one.reference_share, after: one.observed_share},
        )
        for one in column.distance.bins
    ]
    # Cut at the first run's quantiles, the bins are too unequal to be drawn along a scale.
    return _draw_categories(column.feature, summary, _label(bins), SHIFT_SERIES)


def assign_series(datasets: Sequence[Dataset], kind: Kind) -> tuple[Series, ...]:
    """Choose how each dataset is drawn; the others are compared with the first."""
    first, *rest = datasets
    others = itertools.cycle(_OTHERS[kind])
    return (
        Series(first.name, "--series-1-soft", "bar"),
        *(
            Series(dataset.name, "--series-3", _PREVIOUS[kind])
            if dataset.is_previous
            else Series(dataset.name, "--series-2", next(others))
            for dataset in rest
        ),
    )


def _draw_categories(
    name: str, summary: str, bins: Sequence[OverlayBin], series: tuple[Series, ...]
) -> Chart:
    bins = _combine_rare(bins, series[0].name)
    return _create_chart(_create_categories_spec(bins, series), name, summary, bins, series)


def _create_chart(
    spec: Spec, name: str, summary: str, bins: Sequence[OverlayBin], series: tuple[Series, ...]
) -> Chart:
    rows = (
        (one.label, *(format_share(one.shares.get(entry.name)) for entry in series)) for one in bins
    )
    columns = ("Value", *(entry.name for entry in series))
    return Chart(spec, printable(name), summary, columns, tuple(rows), series)


def _label(bins: Sequence[OverlayBin]) -> list[OverlayBin]:
    """Give every bin a label of its own that fits beside its bar."""
    seen: collections.Counter[str] = collections.Counter()
    labeled = []
    for one in bins:
        label = _format_label(one)
        seen[label] += 1
        shown = label if seen[label] == 1 else f"{label} ({seen[label]})"
        labeled.append(one.model_copy(update={"label": shown}))
    return labeled


def _format_label(one: OverlayBin | Bin) -> str:
    low, high = (
        "" if limit is None else f"{limit:.0f}" if abs(limit) >= _LARGE else f"{limit:.6g}"
        for limit in (one.low, one.high)
    )
    if low and high:
        return f"{low} to {high}"
    return f"up to {high}" if high else f"above {low}" if low else printable(one.label)


def _summarize(bins: Sequence[OverlayBin], series: Sequence[Series]) -> str:
    first, *others = (entry.name for entry in series)
    largest = max(bins, key=lambda one: one.shares.get(first, 0.0))
    text = f"Most often {largest.label}, in {format_share(largest.shares.get(first))} of {first}"
    gaps = [
        (abs(one.shares[other] - one.shares[first]), one.label, other)
        for one in bins
        for other in others
        if other in one.shares and first in one.shares
    ]
    if not gaps:
        return f"{text}."
    gap, label, other = max(gaps)
    return f"{text}; the widest gap is {100 * gap:.1f} points, {other} at {label}."


def _combine_rare(bins: Sequence[OverlayBin], first: str) -> list[OverlayBin]:
    """Combine the bins with fewest rows, where there are too many to tell apart."""
    if len(bins) <= _MAX_CATEGORIES:
        return list(bins)
    ranked = sorted(bins, key=lambda one: one.shares.get(first, 0.0), reverse=True)
    kept, rest = ranked[: _MAX_CATEGORIES - 1], ranked[_MAX_CATEGORIES - 1 :]
    names = dict.fromkeys(name for one in rest for name in one.shares)
    shares = {name: sum(one.shares.get(name, 0.0) for one in rest) for name in names}
    others = OverlayBin(label=f"{len(rest)} others", shares=shares)
    return [*(one for one in bins if one in kept), others]


def _create_numbers_spec(intervals: Sequence[OverlayBin], series: Sequence[Series]) -> Spec:
    limits = list(_close_ends(intervals))
    start, end = limits[0][0], limits[-1][1]
    scale = {"domain": [start, end], "nice": False}
    axis = {"tickCount": 4, "grid": False, "format": "~s", "labelFlush": True}
    x = encode_number("x", None, scale, domain=True, ticks=True, **axis)
    y = {**encode_number("share", format="~%", tickCount=3), "stack": None}
    layers = []
    for entry in series:
        # The corners of the steps: where each interval starts, and where the last one ends.
        shares = [round(one.shares.get(entry.name, 0.0), 5) for one in intervals]
        corners = [*zip((low for low, _ in limits), shares, strict=True), (end, shares[-1])]
        values = [{"x": edge, "share": share} for edge, share in corners]
        mark = (
            {"type": "area", "interpolate": "step-after", "color": f"var({entry.color})"}
            if entry.swatch == "bar"
            else create_line(entry, interpolate="step-after", strokeWidth=1.5)
        )
        layers.append(create_layer(values, mark, x=x, y=y))
    return {**_NUMBERS_SIZE, "layer": layers}


def _close_ends(intervals: Sequence[OverlayBin]) -> Iterator[tuple[float, float]]:
    """Give the limits of each interval; one that is open at an end is as wide as the median."""
    widths = [
        one.high - one.low for one in intervals if one.low is not None and one.high is not None
    ]
    width = statistics.median(widths) if widths else 1.0
    for one in intervals:
        low = one.low if one.low is not None else (one.high or 0.0) - width
        yield low, one.high if one.high is not None else low + width


def _create_categories_spec(bins: Sequence[OverlayBin], series: Sequence[Series]) -> Spec:
    labels = {
        "domain": False,
        "ticks": False,
        "labelColor": "var(--ink)",
        "labelLimit": _LABEL_PIXELS,
        "labelPadding": 8,
        "minExtent": _LABEL_PIXELS + 8,
    }
    order = [one.label for one in bins]
    y = {"field": "bin", "type": "ordinal", "sort": order, "title": None, "axis": labels}
    x = encode_number("share", format="~%", tickCount=3)
    layers = []
    for entry in series:
        values = [
            {"bin": one.label, "share": round(one.shares[entry.name], 5)}
            for one in bins
            if entry.name in one.shares
        ]
        layers.append(create_layer(values, _create_category_mark(entry), x=x, y=y))
    return {**_CATEGORIES_SIZE, "layer": layers}


def _create_category_mark(entry: Series) -> Spec:
    color = f"var({entry.color})"
    if entry.swatch == "bar":
        return {"type": "bar", "color": color, "height": 11, "cornerRadiusEnd": 2}
    is_tick = entry.swatch == "tick"
    return {
        "type": "point",
        "shape": _SHAPES[entry.swatch],
        "size": 150 if is_tick else 30,
        "stroke": color,
        "strokeWidth": 2.5 if is_tick else 1.5,
        "filled": False,
        "opacity": 1,
    }
