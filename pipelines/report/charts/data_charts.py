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
from pipelines.report.charts.chart import Chart, Series, Swatch, create_chart, printable
from pipelines.report.charts.drawing import Spec
from pipelines.report.charts.numerals import format_share
from pipelines.report.model.data_report import DataReport, Dataset, FeatureReport, OverlayBin
from pipelines.report.model.run_comparison import ColumnChange

Kind = Literal["numbers", "categories"]

_MOST_CATEGORIES = 12
"""Most categories in a chart; those with fewest rows are summed up in one."""
_FEWEST_INTERVALS = 4
"""Numbers in fewer intervals than these are drawn like categories."""
_NUMBERS_SIZE = (226, 112)
_CATEGORIES_WIDTH = 126
_ROW_HEIGHT = 17
_LABEL_PIXELS = 132
_LARGE = 1e5
"""Limits from here on are written without decimals."""

# How the datasets after the first are drawn: as lines over numbers, as points beside categories.
_FIRST_COLOR = "--series-1-soft"
_OTHER_COLOR = "--series-2"
_PREVIOUS_COLOR = "--series-3"
_LINES: tuple[Swatch, ...] = ("line", "dotted")
_POINTS: tuple[Swatch, ...] = ("tick", "circle")
_PREVIOUS: dict[Kind, Swatch] = {"numbers": "dashed", "categories": "diamond"}
_DASHES: dict[Swatch, tuple[float, float]] = {
    "line": (1, 0),
    "dotted": (1, 2.5),
    "dashed": (5, 3),
}
_SHAPES: dict[Swatch, str] = {"tick": "M0,-1L0,1", "circle": "circle", "diamond": "diamond"}


SHIFT_SERIES = (
    Series("first run", "--series-1-soft", "bar"),
    Series("second run", "--series-2", "tick"),
)
"""How two runs are told apart."""


def draw_distribution(feature: FeatureReport, data: DataReport) -> Chart | None:
    """Draw a column's shares by bin, all datasets over each other.

    Returns:
        The chart; None where there is nothing to draw.
    """
    present = {name for one in feature.overlay for name in one.shares}
    datasets = [dataset for dataset in data.datasets if dataset.name in present]
    if not datasets:
        return None
    kind = _find_kind(feature.overlay)
    series = assign_series(datasets, kind)
    return _create_chart(
        feature.name, _summarize(feature.overlay, series), feature.overlay, series, kind
    )


def draw_shift(column: ColumnChange) -> Chart:
    """Draw a column's shares by bin in two runs.

    Args:
        column: The column; its distance must be there.

    Raises:
        ValueError: If the column could not be compared.
    """
    if column.distance is None:
        raise ValueError(f"column {column.feature!r}: can't be drawn, it has no distance")
    grown = column.distance.grown_bin
    # Cut at the first run's quantiles, the bins are too unequal to be drawn along a scale.
    return _create_chart(
        column.feature,
        f"{_write_label(_overlay(grown))} has grown most, from "
        f"{format_share(grown.reference_share)} to {format_share(grown.observed_share)}.",
        [_overlay(one) for one in column.distance.bins],
        SHIFT_SERIES,
        "categories",
    )


def assign_series(datasets: Sequence[Dataset], kind: Kind) -> tuple[Series, ...]:
    """Say how each dataset is drawn.

    Args:
        datasets: The datasets, the one that others are compared with first.
    """
    first, *rest = datasets
    others = itertools.cycle(_LINES if kind == "numbers" else _POINTS)
    return (
        Series(first.name, _FIRST_COLOR, "bar"),
        *(
            Series(dataset.name, _PREVIOUS_COLOR, _PREVIOUS[kind])
            if dataset.is_previous
            else Series(dataset.name, _OTHER_COLOR, next(others))
            for dataset in rest
        ),
    )


def _find_kind(bins: Sequence[OverlayBin]) -> Kind:
    intervals = _list_intervals(bins)
    limits = (limit for one in intervals for limit in (one.low, one.high) if limit is not None)
    can_be_scaled = len(intervals) >= _FEWEST_INTERVALS and all(map(math.isfinite, limits))
    return "numbers" if can_be_scaled else "categories"


def _list_intervals(bins: Sequence[OverlayBin]) -> list[OverlayBin]:
    return [one for one in bins if one.low is not None or one.high is not None]


def _overlay(one: Bin) -> OverlayBin:
    before, after = (entry.name for entry in SHIFT_SERIES)
    shares = {before: one.reference_share, after: one.observed_share}
    return OverlayBin(label=one.label, low=one.low, high=one.high, shares=shares)


def _create_chart(
    name: str, summary: str, bins: Sequence[OverlayBin], series: tuple[Series, ...], kind: Kind
) -> Chart:
    cleaned = _label(bins)
    if kind == "numbers":
        spec = _create_numbers_spec(_list_intervals(cleaned), series)
    else:
        cleaned = _sum_up_rare(cleaned, series[0].name)
        spec = _create_categories_spec(cleaned, series)
    return create_chart(
        spec,
        printable(name),
        summary,
        ("Value", *(entry.name for entry in series)),
        tuple(
            (one.label, *(format_share(one.shares.get(entry.name)) for entry in series))
            for one in cleaned
        ),
        series,
    )


def _label(bins: Sequence[OverlayBin]) -> list[OverlayBin]:
    """Give every bin a label of its own that fits beside its bar."""
    seen: collections.Counter[str] = collections.Counter()
    labelled = []
    for one in bins:
        label = _write_label(one)
        seen[label] += 1
        shown = label if seen[label] == 1 else f"{label} ({seen[label]})"
        labelled.append(one.model_copy(update={"label": shown}))
    return labelled


def _write_label(one: OverlayBin) -> str:
    if one.low is None and one.high is None:
        return printable(one.label)
    if one.low is None:
        return f"up to {_write_limit(one.high)}"
    if one.high is None:
        return f"above {_write_limit(one.low)}"
    return f"{_write_limit(one.low)} to {_write_limit(one.high)}"


def _write_limit(limit: float | None) -> str:
    assert limit is not None
    return f"{limit:.0f}" if abs(limit) >= _LARGE else f"{limit:.6g}"


def _summarize(bins: Sequence[OverlayBin], series: Sequence[Series]) -> str:
    first, others = series[0].name, [entry.name for entry in series[1:]]
    largest = max(bins, key=lambda one: one.shares.get(first, 0.0))
    share = format_share(largest.shares.get(first))
    text = f"Most often {_write_label(largest)}, in {share} of {first}"
    gaps = [
        (abs(one.shares[other] - one.shares[first]), _write_label(one), other)
        for one in bins
        for other in others
        if other in one.shares and first in one.shares
    ]
    if not gaps:
        return f"{text}."
    gap, label, other = max(gaps)
    return f"{text}; the widest gap is {100 * gap:.1f} points, {other} at {label}."


def _sum_up_rare(bins: Sequence[OverlayBin], first: str) -> list[OverlayBin]:
    """Sum up the bins with fewest rows, where there are too many to tell apart."""
    if len(bins) <= _MOST_CATEGORIES:
        return list(bins)
    ranked = sorted(bins, key=lambda one: one.shares.get(first, 0.0), reverse=True)
    kept, rest = ranked[: _MOST_CATEGORIES - 1], ranked[_MOST_CATEGORIES - 1 :]
    names = dict.fromkeys(name for one in rest for name in one.shares)
    shares = {name: sum(one.shares.get(name, 0.0) for one in rest) for name in names}
    summed = OverlayBin(label=f"{len(rest)} others", low=None, high=None, shares=shares)
    return [*(one for one in bins if one in kept), summed]


def _create_numbers_spec(intervals: Sequence[OverlayBin], series: Sequence[Series]) -> Spec:
    edges = list(_close_ends(intervals))
    scale = {"domain": [edges[0][0], edges[-1][1]], "nice": False}
    x = {
        "field": "x",
        "type": "quantitative",
        "title": None,
        "scale": scale,
        "axis": {"tickCount": 4, "grid": False, "format": "~s", "labelFlush": True},
    }
    y = {
        "field": "share",
        "type": "quantitative",
        "title": None,
        "stack": None,
        "axis": {"format": "~%", "tickCount": 3, "domain": False, "ticks": False},
    }
    layers = [
        {
            "data": {"values": _list_steps(intervals, edges, entry.name)},
            "mark": _create_step_mark(entry),
            "encoding": {"x": x, "y": y},
        }
        for entry in series
    ]
    width, height = _NUMBERS_SIZE
    return {"width": width, "height": height, "layer": layers}


def _close_ends(intervals: Sequence[OverlayBin]) -> Iterator[tuple[float, float]]:
    """Give the limits of each interval; one that is open at an end is as wide as the median."""
    widths = [
        one.high - one.low for one in intervals if one.low is not None and one.high is not None
    ]
    width = statistics.median(widths) if widths else 1.0
    for one in intervals:
        low = one.low if one.low is not None else (one.high or 0.0) - width
        yield low, one.high if one.high is not None else low + width


def _list_steps(
    intervals: Sequence[OverlayBin], edges: Sequence[tuple[float, float]], name: str
) -> list[Spec]:
    """Give the corners of a line of steps: each interval's start, and the end of the last."""
    points = [
        {"x": low, "share": round(one.shares.get(name, 0.0), 5)}
        for one, (low, _) in zip(intervals, edges, strict=True)
    ]
    return [*points, {"x": edges[-1][1], "share": points[-1]["share"]}]


def _create_step_mark(entry: Series) -> Spec:
    color = f"var({entry.color})"
    if entry.swatch == "bar":
        return {"type": "area", "interpolate": "step-after", "color": color}
    return {
        "type": "line",
        "interpolate": "step-after",
        "color": color,
        "strokeWidth": 1.5,
        "strokeDash": list(_DASHES[entry.swatch]),
    }


def _create_categories_spec(bins: Sequence[OverlayBin], series: Sequence[Series]) -> Spec:
    y = {
        "field": "bin",
        "type": "ordinal",
        "sort": [one.label for one in bins],
        "title": None,
        "axis": {
            "domain": False,
            "ticks": False,
            "labelColor": "var(--ink)",
            "labelLimit": _LABEL_PIXELS,
            "labelPadding": 8,
            "minExtent": _LABEL_PIXELS + 8,
        },
    }
    x = {
        "field": "share",
        "type": "quantitative",
        "title": None,
        "axis": {"format": "~%", "tickCount": 3, "domain": False, "ticks": False},
    }
    layers = []
    for entry in series:
        values = [
            {"bin": one.label, "share": round(one.shares[entry.name], 5)}
            for one in bins
            if entry.name in one.shares
        ]
        mark = _create_point_mark(entry)
        layers.append({"data": {"values": values}, "mark": mark, "encoding": {"x": x, "y": y}})
    return {"width": _CATEGORIES_WIDTH, "height": {"step": _ROW_HEIGHT}, "layer": layers}


def _create_point_mark(entry: Series) -> Spec:
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
