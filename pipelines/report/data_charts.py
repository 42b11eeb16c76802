"""Draw a column's values, its splits and the previous data over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipelines.report.charts import Chart, Series, Swatch, create_chart, printable
from pipelines.report.data_report import DataReport, Dataset, FeatureReport, OverlayBin
from pipelines.report.drawing import Spec
from pipelines.report.numerals import format_share

_MOST_BINS = 12
"""Most bins in a chart; those with fewest rows are summed up in one."""
_WIDTH = 160
_ROW_HEIGHT = 17
_LABEL_PIXELS = 112
_SPLIT_SHAPES: tuple[tuple[Swatch, str], ...] = (
    ("tick", "--series-2"),
    ("circle", "--series-2"),
)
_VEGA_SHAPES: Mapping[Swatch, str] = {
    "tick": "M0,-1L0,1",
    "circle": "circle",
    "diamond": "diamond",
}


def draw_distribution(feature: FeatureReport, data: DataReport) -> Chart | None:
    """Draw a column's shares by bin: a bar for the first split, a point for each other dataset.

    Args:
        feature: The column.
        data: The data that it is of.

    Returns:
        The chart; None where there is nothing to draw.
    """
    present = {name for one in feature.overlay for name in one.shares}
    datasets = [dataset for dataset in data.datasets if dataset.name in present]
    if not datasets:
        return None
    bins = _shorten(feature.overlay, datasets[0].name)
    series = _assign_series(datasets)
    return create_chart(
        _create_spec(bins, series),
        printable(feature.name),
        _summarize(feature, bins, datasets),
        (feature.unit or "Value", *(one.name for one in series)),
        tuple(
            (one.label, *(format_share(one.shares.get(entry.name)) for entry in series))
            for one in bins
        ),
        series,
    )


def _assign_series(datasets: Sequence[Dataset]) -> tuple[Series, ...]:
    """Give the first split the bars, the others points, the previous data a diamond."""
    shapes = iter(_SPLIT_SHAPES)
    series = []
    for index, dataset in enumerate(datasets):
        if index == 0:
            series.append(Series(dataset.name, "--series-1-soft", "bar"))
        elif dataset.is_previous:
            series.append(Series(dataset.name, "--series-3", "diamond"))
        else:
            swatch, color = next(shapes, _SPLIT_SHAPES[-1])
            series.append(Series(dataset.name, color, swatch))
    return tuple(series)


def _shorten(bins: Sequence[OverlayBin], first: str) -> tuple[OverlayBin, ...]:
    """Sum up the bins with fewest rows, where there are too many to tell apart."""
    cleaned = [one.model_copy(update={"label": printable(one.label)}) for one in bins]
    if len(cleaned) <= _MOST_BINS:
        return tuple(cleaned)
    ranked = sorted(cleaned, key=lambda one: one.shares.get(first, 0.0), reverse=True)
    kept = {one.label for one in ranked[: _MOST_BINS - 1]}
    rest = [one for one in cleaned if one.label not in kept]
    names = dict.fromkeys(name for one in rest for name in one.shares)
    summed = OverlayBin(
        label=f"{len(rest)} others",
        low=None,
        high=None,
        shares={name: sum(one.shares.get(name, 0.0) for one in rest) for name in names},
    )
    return (*(one for one in cleaned if one.label in kept), summed)


def _summarize(
    feature: FeatureReport, bins: Sequence[OverlayBin], datasets: Sequence[Dataset]
) -> str:
    first = datasets[0].name
    largest = max(bins, key=lambda one: one.shares.get(first, 0.0))
    text = f"Most often {largest.label}, in {format_share(largest.shares.get(first))} of {first}"
    others = [dataset.name for dataset in datasets[1:]]
    if not others:
        return f"{text}."
    gap, one, other = max(
        (abs(one.shares.get(other, 0.0) - one.shares.get(first, 0.0)), one.label, other)
        for one in bins
        for other in others
    )
    return f"{text}; the widest gap is {100 * gap:.1f} points, {other} at {one}."


def _create_spec(bins: Sequence[OverlayBin], series: Sequence[Series]) -> Spec:
    order = [one.label for one in bins]
    y = {
        "field": "bin",
        "type": "ordinal",
        "sort": order,
        "title": None,
        "axis": {
            "domain": False,
            "ticks": False,
            "labelColor": "var(--ink)",
            "labelLimit": _LABEL_PIXELS,
            "minExtent": _LABEL_PIXELS,
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
        layers.append(
            {"data": {"values": values}, "mark": _create_mark(entry), "encoding": {"x": x, "y": y}}
        )
    return {"width": _WIDTH, "height": {"step": _ROW_HEIGHT}, "layer": layers}


def _create_mark(entry: Series) -> Spec:
    color = f"var({entry.color})"
    if entry.swatch == "bar":
        return {"type": "bar", "color": color, "height": 11, "cornerRadiusEnd": 2}
    shape = _VEGA_SHAPES[entry.swatch]
    is_tick = entry.swatch == "tick"
    return {
        "type": "point",
        "shape": shape,
        "size": 150 if is_tick else 30,
        "stroke": color,
        "strokeWidth": 2.5 if is_tick else 1.5,
        "filled": False,
        "opacity": 1,
    }
